/*
** revocation_reading.c - see revocation_reading.h.
*/
#include "revocation_reading.h"

SQLITE_EXTENSION_INIT3

#include "results.h"

static void start(struct reading *reading)
{
    static const struct subject nobody;
    reading->subject = nobody;
    reading->token.header.members = NULL;
    reading->token.payload.members = NULL;
    reading->token.buffer = reading->token.own;
    reading->payload.members = NULL;
}

static enum reading_result unknown(const char **why, const char *text)
{
    *why = text;
    return READING_UNKNOWN;
}

/* The text of an argument that should be TEXT. */
static enum reading_result take_text(sqlite3_value *value, const char **text, size_t *length)
{
    bool no_memory = false;
    *text = argument_text(value, length, &no_memory);
    if (no_memory) return READING_NO_MEMORY;
    return *text == NULL ? READING_UNKNOWN : READING_FINE;
}

static enum reading_result fill(
    struct reading *reading, const struct claims *claims, struct json_value kid, const char **why)
{
    struct detail detail;
    if (claims_check_types(claims, &detail) != STATUS_OK) {
        return unknown(why, "a claim of the token has the wrong type");
    }
    return subject_fill(&reading->subject, claims, kid) ? READING_FINE : READING_NO_MEMORY;
}

enum reading_result reading_token(struct reading *reading, sqlite3_value *token, const char **why)
{
    struct unverified *unverified = &reading->token;
    struct json_value kid;
    const char *text;
    size_t length;
    start(reading);
    switch (take_text(token, &text, &length)) {
    case READING_FINE: break;
    case READING_NO_MEMORY: return READING_NO_MEMORY;
    default: return unknown(why, "the token is NULL or not text");
    }
    switch (unverified_read(unverified, text, length, UNVERIFIED_HEADER | UNVERIFIED_PAYLOAD)) {
    case UNVERIFIED_FINE: break;
    case UNVERIFIED_NO_MEMORY: return READING_NO_MEMORY;
    default: return unknown(why, "the token is malformed");
    }
    if (!unverified->header_fine || !unverified->payload_fine) {
        return unknown(why, "the token is malformed");
    }
    kid = json_object_get(&unverified->header, "kid");
    if (kid.text != NULL && kid.type != JSON_STRING) {
        return unknown(why, "the token is malformed");
    }
    return fill(reading, &unverified->claims, kid, why);
}

enum reading_result reading_claims(
    struct reading *reading, sqlite3_value *claims, sqlite3_value *kid, const char **why)
{
    static const struct json_value no_kid = { NULL, 0, JSON_NULL };
    enum reading_result result;
    enum json_fault fault;
    const char *text;
    size_t length;
    start(reading);
    result = take_text(claims, &text, &length);
    if (result == READING_UNKNOWN) return unknown(why, "the claims are NULL or not text");
    if (result != READING_FINE) return result;
    fault = json_object_read(&reading->payload, text, length, NULL);
    if (fault == JSON_NO_MEMORY) return READING_NO_MEMORY;
    if (fault != JSON_FINE) return unknown(why, "the claims are no JSON object");
    claims_locate(&reading->claims, &reading->payload);
    result = fill(reading, &reading->claims, no_kid, why);
    if (result != READING_FINE || kid == NULL || sqlite3_value_type(kid) == SQLITE_NULL) {
        return result;
    }
    result = take_text(kid, &text, &length);
    if (result == READING_UNKNOWN) return unknown(why, "header_kid is not text");
    if (result == READING_FINE) {
        subject_set(&reading->subject, MATCH_KID, (struct rule_text){ text, length });
    }
    return result;
}

void reading_release(struct reading *reading)
{
    subject_release(&reading->subject);
    unverified_release(&reading->token);
    json_object_release(&reading->payload);
}
