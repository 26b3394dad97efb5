/*
** verify_functions.c - what decides about a token:
**
**   SELECT jwt_verify(:token, :key);
**   SELECT jwt_status(token, :key, '{"iss":"https://id.example","aud":"api"}') FROM inbox;
**   SELECT jwt_claim(jwt_bearer(:authorization), 'sub', :key);
**   SELECT jws_verify(:jws, :key);
*/
#include "functions.h"

SQLITE_EXTENSION_INIT3

#include "../jose/explain.h"
#include "question.h"
#include "results.h"

/* jwt_verify(token, key [, options]): 1 or 0. */
static void jwt_verify(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    struct question question;
    if (question_ask_scalar(&question, context, "jwt_verify", POLICY_VERIFY_JWT, arguments[0],
            arguments[1], count > 2 ? arguments[2] : NULL, 2)) {
        sqlite3_result_int(context, question.verification.status == STATUS_OK);
    }
    question_release(&question);
}

/* The code of a verdict. */
static void status_function(sqlite3_context *context, const char *function, enum policy_use use,
    int count, sqlite3_value **arguments)
{
    struct question question;
    if (question_ask_scalar(&question, context, function, use, arguments[0], arguments[1],
            count > 2 ? arguments[2] : NULL, 2)) {
        sqlite3_result_text(context, status_name(question.verification.status), -1, SQLITE_STATIC);
    }
    question_release(&question);
}

/* jwt_status(token, key [, options]): 'ok' or the code of the first check that failed. */
static void jwt_status(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    status_function(context, "jwt_status", POLICY_VERIFY_JWT, count, arguments);
}

/* jws_status(jws, key [, options]) */
static void jws_status(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    status_function(context, "jws_status", POLICY_VERIFY_JWS, count, arguments);
}

/* jwt_claims(token, key [, options]): the verified payload, the very bytes that were signed. */
static void jwt_claims(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    struct question question;
    if (question_ask_scalar(&question, context, "jwt_claims", POLICY_VERIFY_JWT, arguments[0],
            arguments[1], count > 2 ? arguments[2] : NULL, 2) &&
        question.verification.status == STATUS_OK) {
        result_json(context, (const char *)question.verification.payload_bytes,
            question.verification.payload_length);
    }
    question_release(&question);
}

/* jwt_claim(token, path, key [, options]): one verified claim as a native value. */
static void jwt_claim(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    struct question question;
    if (question_ask_scalar(&question, context, "jwt_claim", POLICY_VERIFY_JWT, arguments[0],
            arguments[2], count > 3 ? arguments[3] : NULL, 3)) {
        result_claim(context, arguments[1],
            question.verification.status == STATUS_OK ? &question.verification.payload : NULL);
    }
    question_release(&question);
}

/* jws_verify(jws, key [, options]): the payload as a BLOB. */
static void jws_verify(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    struct question question;
    if (question_ask_scalar(&question, context, "jws_verify", POLICY_VERIFY_JWS, arguments[0],
            arguments[1], count > 2 ? arguments[2] : NULL, 2) &&
        question.verification.status == STATUS_OK) {
        sqlite3_result_blob64(context, question.verification.payload_bytes,
            question.verification.payload_length, SQLITE_TRANSIENT);
    }
    question_release(&question);
}

/* jwt_explain(token, key [, options]): the whole story as JSON. */
static void jwt_explain(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    struct question question;
    if (question_ask_scalar(&question, context, "jwt_explain", POLICY_VERIFY_JWT, arguments[0],
            arguments[1], count > 2 ? arguments[2] : NULL, 2)) {
        struct text out;
        text_start(&out);
        explain_json(&out, &question.verification);
        result_json_text(context, &out);
    }
    question_release(&question);
}

static const struct function_entry entries[] = {
    { "jwt_verify", 2, FLAGS_PLAIN, false, jwt_verify, NULL, NULL },
    { "jwt_verify", 3, FLAGS_PLAIN, false, jwt_verify, NULL, NULL },
    { "jwt_status", 2, FLAGS_PLAIN, false, jwt_status, NULL, NULL },
    { "jwt_status", 3, FLAGS_PLAIN, false, jwt_status, NULL, NULL },
    { "jwt_claims", 2, FLAGS_PLAIN | FLAGS_JSON, false, jwt_claims, NULL, NULL },
    { "jwt_claims", 3, FLAGS_PLAIN | FLAGS_JSON, false, jwt_claims, NULL, NULL },
    { "jwt_claim", 3, FLAGS_PLAIN | FLAGS_JSON, false, jwt_claim, NULL, NULL },
    { "jwt_claim", 4, FLAGS_PLAIN | FLAGS_JSON, false, jwt_claim, NULL, NULL },
    { "jwt_explain", 2, FLAGS_PLAIN | FLAGS_JSON, false, jwt_explain, NULL, NULL },
    { "jwt_explain", 3, FLAGS_PLAIN | FLAGS_JSON, false, jwt_explain, NULL, NULL },
    { "jws_verify", 2, FLAGS_PLAIN, false, jws_verify, NULL, NULL },
    { "jws_verify", 3, FLAGS_PLAIN, false, jws_verify, NULL, NULL },
    { "jws_status", 2, FLAGS_PLAIN, false, jws_status, NULL, NULL },
    { "jws_status", 3, FLAGS_PLAIN, false, jws_status, NULL, NULL },
};

const struct function_table verify_functions = { entries, sizeof entries / sizeof *entries };
