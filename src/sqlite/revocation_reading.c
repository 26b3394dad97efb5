/*
** revocation_reading.c - see revocation_reading.h.
*/
#include "revocation_reading.h"

SQLITE_EXTENSION_INIT3

#include "results.h"

#include <string.h>

static void start(struct reading *reading)
{
    reading->subject.more_audiences = NULL;
    reading->subject.decoded = NULL;
    unverified_start(&reading->token);
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

static enum reading_result check_types(const struct claims *claims, const char **why)
{
    if (subject_types_are_right(claims)) return READING_FINE;
    return unknown(why, "a claim of the token has the wrong type");
}

/* True where the token's header is the one of the memo. */
static bool is_remembered(const struct header_memo *memo, const char *text, size_t length)
{
    return memo->length > 0 && length > memo->length && text[memo->length] == '.' &&
           memcmp(memo->text, text, memo->length) == 0;
}

static void remember(
    struct header_memo *memo, const char *text, size_t length, struct json_value kid)
{
    memo->length = 0;
    if (length > sizeof memo->text || kid.length > sizeof memo->kid) return;
    memcpy(memo->text, text, length);
    if (kid.text != NULL) memcpy(memo->kid, kid.text, kid.length);
    memo->kid_length = kid.length;
    memo->length = length;
}

/* The header's kid, absent or a string. False where the header is malformed. */
static bool read_kid(struct reading *reading, struct header_memo *memo, struct json_value *kid)
{
    const struct unverified *unverified = &reading->token;
    if (!unverified->header_fine) return false;
    *kid = json_object_get(&unverified->header, "kid");
    if (kid->text != NULL && kid->type != JSON_STRING) return false;
    remember(memo, unverified->parts.text, unverified->parts.header_length, *kid);
    return true;
}

enum reading_result reading_token(
    struct reading *reading, struct header_memo *memo, sqlite3_value *token, const char **why)
{
    struct unverified *unverified = &reading->token;
    struct json_value kid = { NULL, 0, JSON_NULL };
    unsigned what = UNVERIFIED_HEADER | UNVERIFIED_PAYLOAD;
    const char *text;
    size_t length;
    start(reading);
    switch (take_text(token, &text, &length)) {
    case READING_FINE: break;
    case READING_NO_MEMORY: return READING_NO_MEMORY;
    default: return unknown(why, "the token is NULL or not text");
    }
    bool known = is_remembered(memo, text, length);
    if (known) what = UNVERIFIED_PAYLOAD;
    switch (unverified_read(unverified, text, length, what)) {
    case UNVERIFIED_FINE: break;
    case UNVERIFIED_NO_MEMORY: return READING_NO_MEMORY;
    default: return unknown(why, "the token is malformed");
    }
    if (known && memo->kid_length > 0) {
        kid = (struct json_value){ memo->kid, memo->kid_length, JSON_STRING };
    }
    if (!unverified->payload_fine || (!known && !read_kid(reading, memo, &kid))) {
        return unknown(why, "the token is malformed");
    }
    subject_start(&reading->subject, &unverified->claims, kid);
    return check_types(&unverified->claims, why);
}

enum reading_result reading_claims(
    struct reading *reading, sqlite3_value *claims, sqlite3_value *kid, const char **why)
{
    struct rule_text header_kid = { NULL, 0 };
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
    result = check_types(&reading->claims, why);
    if (result != READING_FINE) return result;
    if (kid != NULL && sqlite3_value_type(kid) != SQLITE_NULL) {
        result = take_text(kid, &header_kid.bytes, &header_kid.length);
        if (result == READING_UNKNOWN) return unknown(why, "header_kid is not text");
        if (result != READING_FINE) return result;
    }
    subject_start_plain(&reading->subject, &reading->claims, header_kid);
    return READING_FINE;
}

void reading_release(struct reading *reading)
{
    subject_release(&reading->subject);
    unverified_release(&reading->token);
    json_object_release(&reading->payload);
}
