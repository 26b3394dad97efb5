/*
** token_functions.c - what issues tokens and what reads them without a key:
**
**   SELECT jwt_sign('{"sub":"u1"}', :key, '{"expires_in":600,"iat":true}');
**   SELECT jwt_bearer('Bearer eyJ...');
**   SELECT jwt_claim(token, 'sub') FROM sessions;  -- UNVERIFIED: trusted rows only
*/
#include "functions.h"

SQLITE_EXTENSION_INIT3

#include "../jose/issue.h"
#include "../jose/scope.h"
#include "../jose/secure.h"
#include "../jose/unverified.h"
#include "results.h"

#include <string.h>

static double read_clock(void *connection)
{
    return connection_clock(connection);
}

/* What both signing functions need; false when the fault was raised. */
static bool signing_arguments(sqlite3_context *context, const char *function, int count,
    sqlite3_value **arguments, enum policy_use use, struct key_set **keys, struct policy **policy)
{
    struct connection *connection = sqlite3_user_data(context);
    struct fault fault = { FAULT_NONE, "" };
    *keys = NULL;
    *policy = NULL;
    if (sqlite3_value_type(arguments[0]) == SQLITE_NULL) {
        fault_set(&fault, "payload: is NULL");
    } else if (sqlite3_value_type(arguments[1]) == SQLITE_NULL) {
        fault_set(&fault, "key: is NULL");
    } else {
        *policy = connection_policy(connection, count > 2 ? arguments[2] : NULL, use, &fault);
        if (*policy != NULL) *keys = connection_key(connection, arguments[1], &fault);
    }
    if (*keys != NULL) return true;
    result_fault(context, function, &fault);
    policy_release(*policy);
    return false;
}

/* jwt_sign(payload, key [, options]) */
static void jwt_sign(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    const struct connection *connection = sqlite3_user_data(context);
    struct issue_clock clock = { read_clock, sqlite3_user_data(context) };
    struct fault fault = { FAULT_NONE, "" };
    struct key_set *keys;
    struct policy *policy;
    struct text out;
    const char *payload;
    size_t length;
    bool no_memory = false;
    if (!signing_arguments(
            context, "jwt_sign", count, arguments, POLICY_SIGN_JWT, &keys, &policy)) {
        return;
    }
    text_start(&out);
    payload = argument_text(arguments[0], &length, &no_memory);
    if (no_memory) {
        fault_memory(&fault);
    } else if (payload == NULL) {
        fault_set(&fault, "payload: must be TEXT: a JSON object");
    } else {
        issue_jwt(&out, payload, length, keys, policy, &clock, connection->issued, &fault);
    }
    if (fault.kind == FAULT_NONE) {
        result_text(context, &out);
    } else {
        result_fault(context, "jwt_sign", &fault);
        text_release(&out);
    }
    key_set_release(keys);
    policy_release(policy);
}

/* jws_sign(payload, key [, options]): any bytes, TEXT or BLOB. */
static void jws_sign(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    const struct connection *connection = sqlite3_user_data(context);
    struct fault fault = { FAULT_NONE, "" };
    struct key_set *keys;
    struct policy *policy;
    struct text out;
    int type = sqlite3_value_type(arguments[0]);
    if (!signing_arguments(
            context, "jws_sign", count, arguments, POLICY_SIGN_JWS, &keys, &policy)) {
        return;
    }
    text_start(&out);
    if (type != SQLITE_TEXT && type != SQLITE_BLOB) {
        fault_set(&fault, "payload: must be TEXT or a BLOB");
    } else {
        /* Text is signed as UTF-8, whatever the database has. An empty BLOB is NULL here. */
        const void *payload = type == SQLITE_TEXT ? (const void *)sqlite3_value_text(arguments[0])
                                                  : sqlite3_value_blob(arguments[0]);
        size_t length = (size_t)sqlite3_value_bytes(arguments[0]);
        if (payload == NULL && type == SQLITE_TEXT) {
            fault_memory(&fault);
        } else {
            issue_jws(&out, payload == NULL ? "" : payload, length, keys, policy,
                connection->issued, &fault);
        }
    }
    if (fault.kind == FAULT_NONE) {
        result_text(context, &out);
    } else {
        result_fault(context, "jws_sign", &fault);
        text_release(&out);
    }
    key_set_release(keys);
    policy_release(policy);
}

/*
** Reads the token in `value` without a verdict. True where it is well-formed;
** else the result is NULL (its default) or the error is set.
*/
static bool read_unverified(
    sqlite3_context *context, sqlite3_value *value, unsigned what, struct unverified *unverified)
{
    size_t length;
    bool no_memory = false;
    const char *text = argument_text(value, &length, &no_memory);
    enum unverified_result result = no_memory ? UNVERIFIED_NO_MEMORY : UNVERIFIED_MALFORMED;
    const struct connection *connection = sqlite3_user_data(context);
    unverified_start(unverified);
    if (text != NULL) {
        result = unverified_read_known(
            unverified, text, length, what | UNVERIFIED_PLAIN, connection->headers);
    }
    if (result == UNVERIFIED_NO_MEMORY) sqlite3_result_error_nomem(context);
    return result == UNVERIFIED_FINE;
}

/* jwt_payload(token): UNVERIFIED. */
static void jwt_payload(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    struct unverified unverified;
    (void)count;
    if (read_unverified(
            context, arguments[0], UNVERIFIED_HEADER | UNVERIFIED_PAYLOAD, &unverified) &&
        unverified.header_fine && unverified.payload_fine) {
        result_json(context, unverified.payload.text, unverified.payload.length);
    }
    unverified_release(&unverified);
}

/* jwt_header(token): UNVERIFIED. */
static void jwt_header(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    struct unverified unverified;
    (void)count;
    if (read_unverified(context, arguments[0], UNVERIFIED_HEADER, &unverified) &&
        unverified.header_fine) {
        result_json(context, unverified.header.text, unverified.header.length);
    }
    unverified_release(&unverified);
}

/* jwt_claim(token, path): UNVERIFIED. */
static void jwt_claim_unverified(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    struct unverified unverified;
    bool fine =
        read_unverified(context, arguments[0], UNVERIFIED_HEADER | UNVERIFIED_PAYLOAD, &unverified);
    (void)count;
    result_claim(context, arguments[1],
        fine && unverified.header_fine && unverified.payload_fine ? &unverified.payload : NULL);
    unverified_release(&unverified);
}

static bool is_letter_or_digit(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9');
}

/* How many bytes of b64token (RFC 6750 section 2.1) `text` begins with. */
static size_t b64token_length(const char *text, size_t length)
{
    size_t at = 0;
    while (at < length && (is_letter_or_digit(text[at]) ||
                              (text[at] != 0 && strchr("-._~+/", text[at]) != NULL))) {
        at++;
    }
    if (at == 0) return 0;
    while (at < length && text[at] == '=') at++;
    return at;
}

/* jwt_bearer(header_value): the token of an Authorization header's value (RFC 6750 section 2.1). */
static void jwt_bearer(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    static const char scheme[] = "bearer";
    size_t length;
    size_t at = sizeof scheme - 1;
    bool no_memory = false;
    const char *text = argument_text(arguments[0], &length, &no_memory);
    (void)count;
    if (no_memory) sqlite3_result_error_nomem(context);
    if (text == NULL || length <= at || sqlite3_strnicmp(text, scheme, (int)at) != 0 ||
        text[at] != ' ') {
        return;
    }
    while (at < length && text[at] == ' ') at++;
    if (at < length && b64token_length(text + at, length - at) == length - at) {
        sqlite3_result_text64(context, text + at, length - at, SQLITE_TRANSIENT, SQLITE_UTF8);
    }
}

/* Whether every word of `wanted` is in `scope`, words or the text of a JSON array. */
static bool scope_text_grants(
    const char *scope, size_t scope_length, const char *wanted, size_t wanted_length)
{
    if (scope_length > 0 && scope[0] == '[' &&
        json_text_check(scope, scope_length, NULL) == JSON_FINE) {
        return scope_grants(json_value_at(scope, scope_length), wanted, wanted_length);
    }
    return scope_words_grant(scope, scope_length, wanted, wanted_length);
}

/* jwt_scope(scope_value, wanted) */
static void jwt_scope(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    size_t scope_length;
    size_t wanted_length;
    bool no_memory = false;
    const char *scope = argument_text(arguments[0], &scope_length, &no_memory);
    const char *wanted = argument_text(arguments[1], &wanted_length, &no_memory);
    (void)count;
    if (no_memory) {
        sqlite3_result_error_nomem(context);
        return;
    }
    sqlite3_result_int(context, scope != NULL && wanted != NULL &&
                                    scope_text_grants(scope, scope_length, wanted, wanted_length));
}

#define RANDOM_BYTES_DEFAULT 16
#define RANDOM_BYTES_MAX 1024

/* jwt_random([bytes]) */
static void jwt_random(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    unsigned char bytes[RANDOM_BYTES_MAX];
    sqlite3_int64 size = RANDOM_BYTES_DEFAULT;
    struct text out;
    if (count > 0) {
        size = sqlite3_value_int64(arguments[0]);
        if (sqlite3_value_type(arguments[0]) != SQLITE_INTEGER || size < 1 ||
            size > RANDOM_BYTES_MAX) {
            sqlite3_result_error(
                context, "jwt_random: bytes: must be an integer from 1 to 1024", -1);
            return;
        }
    }
    if (!secure_random(bytes, (size_t)size)) {
        sqlite3_result_error(context, "jwt_random: OpenSSL's random generator failed", -1);
        return;
    }
    text_start(&out);
    text_add_base64url(&out, bytes, (size_t)size);
    result_text(context, &out);
    secure_wipe(bytes, sizeof bytes);
}

static const struct function_entry entries[] = {
    { "jwt_sign", 2, FLAGS_MINT, true, jwt_sign, NULL, NULL },
    { "jwt_sign", 3, FLAGS_MINT, true, jwt_sign, NULL, NULL },
    { "jws_sign", 2, FLAGS_MINT, true, jws_sign, NULL, NULL },
    { "jws_sign", 3, FLAGS_MINT, true, jws_sign, NULL, NULL },
    { "jwt_random", 0, FLAGS_MINT, true, jwt_random, NULL, NULL },
    { "jwt_random", 1, FLAGS_MINT, true, jwt_random, NULL, NULL },
    { "jwt_payload", 1, FLAGS_PURE | FLAGS_JSON, false, jwt_payload, NULL, NULL },
    { "jwt_header", 1, FLAGS_PURE | FLAGS_JSON, false, jwt_header, NULL, NULL },
    { "jwt_claim", 2, FLAGS_PURE | FLAGS_JSON, false, jwt_claim_unverified, NULL, NULL },
    { "jwt_bearer", 1, FLAGS_PURE, false, jwt_bearer, NULL, NULL },
    { "jwt_scope", 2, FLAGS_PURE, false, jwt_scope, NULL, NULL },
};

const struct function_table token_functions = { entries, sizeof entries / sizeof *entries };
