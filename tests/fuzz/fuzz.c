/*
** fuzz.c - see fuzz.h.
*/
#include "fuzz.h"

#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAX 700
#define STATEMENTS_MAX 96

const struct fuzz_target *const fuzz_targets[] = {
    &keys_target,
    &options_target,
    &revocation_target,
    &sql_target,
    &text_target,
    &token_target,
    NULL,
};

const struct fuzz_target *fuzz_target_find(const char *name)
{
    for (size_t i = 0; fuzz_targets[i] != NULL; i++) {
        if (strcmp(fuzz_targets[i]->name, name) == 0) return fuzz_targets[i];
    }
    return NULL;
}

void fuzz_fail(const char *file, int line, const char *condition, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s:%d: does not hold: %s\n    ", file, line, condition);
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    abort();
}

void fuzz_parts(const uint8_t *input, size_t size, struct part *parts, size_t limit)
{
    const uint8_t *end = input + size;
    for (size_t i = 0; i < limit; i++) {
        const uint8_t *stop =
            i + 1 == limit || input == end ? NULL : memchr(input, PART_END, (size_t)(end - input));
        if (stop == NULL) stop = end;
        parts[i].bytes = input;
        parts[i].size = (size_t)(stop - input);
        input = stop == end ? end : stop + 1;
    }
}

/* ---- SQL */

int sqlite3_jwtext_init(sqlite3 *db, char **message, const void *api);

/* The VFS of the system with a clock that stands still: the same input, the same answer. */
static sqlite3_vfs still;

static int still_time(sqlite3_vfs *vfs, sqlite3_int64 *milliseconds)
{
    (void)vfs;
    *milliseconds = (INT64_C(1700000000) + INT64_C(210866760000)) * 1000;
    return SQLITE_OK;
}

sqlite3 *fuzz_database(void)
{
    sqlite3 *db = NULL;
    if (still.zName == NULL) {
        still = *sqlite3_vfs_find(NULL);
        still.zName = "still";
        still.pNext = NULL;
        still.xCurrentTimeInt64 = still_time;
        sqlite3_vfs_register(&still, 0);
        sqlite3_auto_extension((void (*)(void))sqlite3_jwtext_init);
    }
    int rc = sqlite3_open_v2(
        ":memory:", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY, "still");
    MUST(rc == SQLITE_OK, "open: %d", rc);
    return db;
}

/* Statements by connection and the address of their text. */
static struct kept {
    sqlite3 *db;
    const char *sql;
    sqlite3_stmt *statement;
} kept[STATEMENTS_MAX];

static sqlite3_stmt *statement_of(sqlite3 *db, const char *sql, int *code)
{
    size_t free_place = STATEMENTS_MAX;
    for (size_t i = 0; i < STATEMENTS_MAX; i++) {
        if (kept[i].db == db && kept[i].sql == sql) return kept[i].statement;
        if (kept[i].db == NULL && free_place == STATEMENTS_MAX) free_place = i;
    }
    MUST(free_place < STATEMENTS_MAX, "more than %d statements", STATEMENTS_MAX);
    struct kept *place = &kept[free_place];
    *code = sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &place->statement, NULL);
    if (*code != SQLITE_OK) return NULL;
    place->db = db;
    place->sql = sql;
    return place->statement;
}

void fuzz_close(sqlite3 *db)
{
    for (size_t i = 0; i < STATEMENTS_MAX; i++) {
        if (kept[i].db != db) continue;
        sqlite3_finalize(kept[i].statement);
        kept[i].db = NULL; /* the place is free, and those after it are still found */
        kept[i].statement = NULL;
    }
    MUST(sqlite3_close(db) == SQLITE_OK, "something is still open: %s", sqlite3_errmsg(db));
}

struct value value_text(const void *bytes, size_t size)
{
    return (struct value){ SQLITE_TEXT, bytes, size, 0 };
}

struct value value_string(const char *text)
{
    return value_text(text, strlen(text));
}

struct value value_blob(const void *bytes, size_t size)
{
    return (struct value){ SQLITE_BLOB, bytes, size, 0 };
}

struct value value_null(void)
{
    return (struct value){ SQLITE_NULL, NULL, 0, 0 };
}

struct value value_answer(const struct answer *answer)
{
    return (struct value){ answer->type, answer->bytes, answer->size, answer->number };
}

/* A copy with a NUL after it, of just that size: a sanitizer sees who reads beyond it. */
static char *copy(const void *bytes, size_t size)
{
    char *made = malloc(size + 1);
    MUST(made != NULL, "memory");
    if (size > 0) memcpy(made, bytes, size);
    made[size] = '\0';
    return made;
}

static void bind(sqlite3_stmt *statement, int index, const struct value *value)
{
    static const char nothing[1];
    const void *bytes = value->bytes == NULL ? nothing : value->bytes;
    switch (value->type) {
    case SQLITE_TEXT:
        sqlite3_bind_text(statement, index, bytes, (int)value->size, SQLITE_TRANSIENT);
        break;
    case SQLITE_BLOB:
        sqlite3_bind_blob(statement, index, bytes, (int)value->size, SQLITE_TRANSIENT);
        break;
    case SQLITE_INTEGER: sqlite3_bind_int64(statement, index, value->number); break;
    default: sqlite3_bind_null(statement, index);
    }
}

struct answer fuzz_ask(sqlite3 *db, const char *sql, size_t count, const struct value *values)
{
    struct answer answer = { 0 };
    sqlite3_stmt *statement = statement_of(db, sql, &answer.code);
    const void *bytes = NULL;
    if (statement != NULL) {
        for (size_t i = 0; i < count; i++) bind(statement, (int)i + 1, &values[i]);
        answer.code = sqlite3_step(statement);
    }
    answer.type = SQLITE_NULL;
    if (answer.code == SQLITE_ROW) {
        answer.type = sqlite3_column_type(statement, 0);
        answer.number = answer.type == SQLITE_INTEGER ? sqlite3_column_int64(statement, 0) : 0;
        if (answer.type == SQLITE_TEXT || answer.type == SQLITE_BLOB) {
            bytes = answer.type == SQLITE_TEXT ? (const void *)sqlite3_column_text(statement, 0)
                                               : sqlite3_column_blob(statement, 0);
            answer.size = (size_t)sqlite3_column_bytes(statement, 0);
        }
    }
    answer.bytes = copy(bytes, answer.size);
    const char *message = answer_failed(&answer) ? sqlite3_errmsg(db) : "";
    answer.message = copy(message, strlen(message));
    if (statement != NULL) {
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
    }
    MUST(ERR_peek_error() == 0, "an entry in OpenSSL's queue after %s", sql);
    MUST(strlen(answer.message) <= MESSAGE_MAX, "a message of %zu bytes by %s: %s",
        strlen(answer.message), sql, answer.message);
    MUST(answer.code != SQLITE_NOMEM, "out of memory in %s", sql);
    return answer;
}

void answer_release(struct answer *answer)
{
    free(answer->bytes);
    free(answer->message);
}

bool answer_is(const struct answer *answer, const char *text)
{
    return answer->type == SQLITE_TEXT && answer->size == strlen(text) &&
           memcmp(answer->bytes, text, answer->size) == 0;
}

bool answers_equal(const struct answer *left, const struct answer *right)
{
    return left->code == right->code && left->type == right->type &&
           left->number == right->number && left->size == right->size &&
           memcmp(left->bytes, right->bytes, left->size) == 0;
}

void fuzz_execute(sqlite3 *db, const char *sql)
{
    char *message = NULL;
    int rc = sqlite3_exec(db, sql, NULL, NULL, &message);
    MUST(rc == SQLITE_OK, "%s: %s", sql, message);
}

/* ---- one verdict */

/* The codes, so that a status can be handed on without an owner. */
static const char *const codes[] = { "ok", "malformed", "too_large", "bad_header",
    "crit_unsupported", "alg_not_allowed", "key_missing", "key_not_found", "key_ambiguous",
    "key_unusable", "bad_signature", "bad_payload", "missing_claim", "bad_claim", "expired",
    "not_yet_valid", "issued_in_future", "too_old", "iss_mismatch", "aud_mismatch", "sub_mismatch",
    "typ_mismatch", "claim_mismatch", "scope_missing", "cnf_mismatch", "revoked",
    "revocation_unknown" };

static const char *code_of(const struct answer *answer)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (answer_is(answer, codes[i])) return codes[i];
    }
    fuzz_fail(__FILE__, __LINE__, "a known status", "%s", answer->bytes);
}

/* The object alone, where the text is the bytes that were signed: JSON may have white space around it. */
static bool is_value_of(const struct answer *value, const struct answer *text)
{
    static const char blanks[] = " \t\r\n";
    const char *first = text->bytes;
    size_t size = text->size;
    for (; size > 0 && memchr(blanks, *first, 4) != NULL; size--) first++;
    while (size > 0 && memchr(blanks, first[size - 1], 4) != NULL) size--;
    return text->code == value->code && text->type == value->type && size == value->size &&
           memcmp(first, value->bytes, size) == 0;
}

/* One row: valid, and where valid is 0 no column of claims has a value. */
static const char decode_sql[] =
    "SELECT status || '|' || ifnull(valid, 'NULL') || '|' ||"
    " (coalesce(payload, iss, sub, aud, exp, nbf, iat, jti) IS NULL) || '|' ||"
    " (detail IS NULL) || '|' || ifnull(payload, '') FROM jwt_decode(?1, ?2, ?3)";

/* One row: status, valid, how many checks failed, and the order of the results. */
static const char explain_sql[] =
    "WITH story(x) AS MATERIALIZED (SELECT jwt_explain(?1, ?2, ?3))"
    " SELECT (x ->> '$.status') || '|' || (x ->> '$.valid') || '|' ||"
    " (SELECT count(*) FROM json_each(x, '$.checks') WHERE value ->> '$.result' = 'fail') || '|' ||"
    " (SELECT group_concat(DISTINCT value ->> '$.result') FROM json_each(x, '$.checks')) FROM story";

const char *fuzz_verdict(sqlite3 *db, struct value token, struct value key, struct value options)
{
    struct answer status = ASK(db, "SELECT jwt_status(?1, ?2, ?3)", token, key, options);
    struct answer verify = ASK(db, "SELECT jwt_verify(?1, ?2, ?3)", token, key, options);
    struct answer claims = ASK(db, "SELECT jwt_claims(?1, ?2, ?3)", token, key, options);
    struct answer claim = ASK(db, "SELECT jwt_claim(?1, '$', ?2, ?3)", token, key, options);
    struct answer decode = ASK(db, decode_sql, token, key, options);
    struct answer explain = ASK(db, explain_sql, token, key, options);
    struct answer each = ASK(db, "SELECT count(*) FROM jwt_each(?1, ?2, ?3)", token, key, options);
    const char *code = NULL;
    if (answer_failed(&status)) {
        const struct answer *others[] = { &verify, &claims, &claim, &decode, &explain, &each };
        for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
            MUST(others[i]->code == status.code, "%s, but another (%zu) says %s", status.message, i,
                others[i]->code == SQLITE_ROW ? others[i]->bytes : others[i]->message);
        }
    } else {
        code = code_of(&status);
        bool good = strcmp(code, "ok") == 0;
        char wanted[96];
        MUST(verify.type == SQLITE_INTEGER && verify.number == good, "%s, jwt_verify %lld %s", code,
            (long long)verify.number, verify.message);
        MUST(claims.code == SQLITE_ROW && (claims.type == SQLITE_TEXT) == good &&
                 (claims.type == SQLITE_NULL) == !good,
            "%s, jwt_claims %s", code, claims.bytes);
        MUST(is_value_of(&claim, &claims), "%s, jwt_claim %s, jwt_claims %s", code, claim.bytes,
            claims.bytes);
        snprintf(wanted, sizeof wanted, "%s|%d|%d|%d|", code, good, !good, good);
        MUST(decode.type == SQLITE_TEXT && strncmp(decode.bytes, wanted, strlen(wanted)) == 0 &&
                 strcmp(decode.bytes + strlen(wanted), claims.bytes) == 0,
            "%s, jwt_decode %s %s", code, decode.bytes, decode.message);
        snprintf(wanted, sizeof wanted, "%s|%d|%d|", code, good, !good);
        MUST(explain.type == SQLITE_TEXT && strncmp(explain.bytes, wanted, strlen(wanted)) == 0,
            "%s, jwt_explain %s %s", code, explain.bytes, explain.message);
        const char *order = explain.bytes + strlen(wanted);
        MUST(good ? strcmp(order, "pass") == 0
                  : strcmp(order, "pass,fail,not reached") == 0 ||
                        strcmp(order, "fail,not reached") == 0 || strcmp(order, "pass,fail") == 0,
            "%s, jwt_explain's order is %s", code, order);
        MUST(each.type == SQLITE_INTEGER && (good || each.number == 0),
            "%s, jwt_each has %lld rows", code, (long long)each.number);
    }
    answer_release(&status);
    answer_release(&verify);
    answer_release(&claims);
    answer_release(&claim);
    answer_release(&decode);
    answer_release(&explain);
    answer_release(&each);
    return code;
}
