/*
** target_sql.c - SQL text over the functions and tables, in databases of
** UTF-8 and of UTF-16.
**
** The first byte chooses the database. Then, ended by PART_END each: three
** expressions for token, key and options, which every verifying function is
** asked with as they stand; and a script that may do what it likes.
*/
#include "fuzz.h"

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SQL_MAX 4096

static sqlite3 *databases[3];
static unsigned steps_left;

static const char setup[] =
    "CREATE TABLE k(n TEXT PRIMARY KEY, j);"
    "INSERT INTO k VALUES('s', '0123456789abcdef0123456789abcdef'),"
    " ('b', x'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'),"
    " ('e', '{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\","
    "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}'),"
    " ('j', '{\"keys\":[{\"kty\":\"oct\",\"kid\":\"a\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr8\"}]}');"
    "CREATE TABLE t(i INTEGER PRIMARY KEY, x);"
    "INSERT INTO t(x) VALUES(jwt_sign('{\"jti\":\"1\",\"sub\":\"u\",\"aud\":[\"a\"],\"exp\":1700000600}',"
    " '0123456789abcdef0123456789abcdef')), (jwt_sign('{\"a\":{\"b\":[1,2.5,\"\xc3\xa9\"]}}',"
    " (SELECT j FROM k WHERE n = 'e'))), (jws_sign(x'00ff', (SELECT j FROM k WHERE n = 'b'))), (NULL), ('a.b.c'),"
    " (x'00'), (jwt_sign('{}', '0123456789abcdef0123456789abcdef', '{\"kid\":\"a\"}'));"
    "CREATE TABLE o(x);"
    "INSERT INTO o VALUES('{}'), ('HS256'), (NULL), ('{\"revoked_by\":\"r\"}'), ('{\"aud\":\"a\",\"now\":1700000000}');"
    "CREATE VIRTUAL TABLE r USING jwt_revocation;"
    "INSERT INTO r(jti) VALUES('1');"
    "CREATE VIEW v AS SELECT i, jwt_claim(x, 'sub') AS s, jwt_payload(x) AS p FROM t;"
    "CREATE INDEX ti ON t(jwt_claim(x, 'jti'));";

/* What would make an input slow, reach beyond it, or change what the same text means. */
static int authorize(void *context, int action, const char *first, const char *second,
    const char *schema, const char *trigger)
{
    static const char *const functions[] = { "jwk_generate", "random", "randomblob", "jwt_random",
        "load_extension", "fts3_tokenizer", "zeroblob" };
    (void)context;
    (void)first;
    (void)schema;
    (void)trigger;
    if (action == SQLITE_ATTACH || action == SQLITE_DETACH || action == SQLITE_PRAGMA)
        return SQLITE_DENY;
    if (action == SQLITE_CREATE_VTABLE && sqlite3_stricmp(second, "jwt_revocation") != 0)
        return SQLITE_DENY;
    for (size_t i = 0; action == SQLITE_FUNCTION && i < sizeof functions / sizeof *functions; i++) {
        if (sqlite3_stricmp(second, functions[i]) == 0) return SQLITE_DENY;
    }
    return SQLITE_OK;
}

static int count_steps(void *context)
{
    (void)context;
    return steps_left == 0 || --steps_left == 0;
}

static void open_one(size_t index)
{
    static const char *const encodings[] = { "UTF-8", "UTF-16le", "UTF-16be" };
    char pragma[64];
    sqlite3 *db = databases[index] = fuzz_database();
    snprintf(pragma, sizeof pragma, "PRAGMA encoding = '%s'", encodings[index]);
    fuzz_execute(db, pragma);
    fuzz_execute(db, setup);
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 200000);
    sqlite3_limit(db, SQLITE_LIMIT_EXPR_DEPTH, 60);
    sqlite3_limit(db, SQLITE_LIMIT_COMPOUND_SELECT, 8);
    sqlite3_limit(db, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50);
    sqlite3_limit(db, SQLITE_LIMIT_VDBE_OP, 25000);
    sqlite3_set_authorizer(db, authorize, NULL);
    sqlite3_progress_handler(db, 1000, count_steps, NULL);
}

static void start(void)
{
    for (size_t i = 0; i < 3; i++) open_one(i);
}

/* ---- the same question, asked by all */

/* Text of a column, or "". */
static const char *column(sqlite3_stmt *statement, int index)
{
    const unsigned char *text = sqlite3_column_text(statement, index);
    return text == NULL ? "" : (const char *)text;
}

/*
** The expressions stand in the text, so that whatever SQLite makes of them
** (constants, affinities, encodings, subtypes) reaches the functions. Each of
** the six columns is the answer of one function.
*/
static void check_agreement(sqlite3 *db, const struct part *parts)
{
    char sql[SQL_MAX + 512];
    sqlite3_stmt *statement = NULL;
    char arguments[1024];
    if (parts[0].size + parts[1].size + parts[2].size > 600 || parts[0].size == 0 ||
        parts[1].size == 0)
        return;
    snprintf(arguments, sizeof arguments, "(%.*s),(%.*s)%s%.*s%s", (int)parts[0].size,
        (const char *)parts[0].bytes, (int)parts[1].size, (const char *)parts[1].bytes,
        parts[2].size > 0 ? ",(" : "", (int)parts[2].size, (const char *)parts[2].bytes,
        parts[2].size > 0 ? ")" : "");
    snprintf(sql, sizeof sql,
        "SELECT jwt_status(%s), jwt_verify(%s), jwt_claims(%s), jwt_explain(%s) ->> '$.status'",
        arguments, arguments, arguments, arguments);
    const char *rest = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, &rest) != SQLITE_OK || *rest != '\0' ||
        sqlite3_column_count(statement) != 4) { /* the parts were no expressions */
        sqlite3_finalize(statement);
        return;
    }
    steps_left = 50;
    while (sqlite3_step(statement) == SQLITE_ROW) {
        char status[32];
        snprintf(status, sizeof status, "%s", column(statement, 0));
        bool good = strcmp(status, "ok") == 0;
        MUST(sqlite3_column_type(statement, 1) == SQLITE_INTEGER, "jwt_verify is no integer: %s",
            sql);
        MUST((sqlite3_column_int(statement, 1) == 1) == good, "%s beside jwt_verify: %s", status,
            sql);
        MUST((sqlite3_column_type(statement, 2) != SQLITE_NULL) == good, "%s beside jwt_claims: %s",
            status, sql);
        MUST(strcmp(column(statement, 3), status) == 0, "%s, explained as %s: %s", status,
            column(statement, 3), sql);
    }
    sqlite3_finalize(statement);
    MUST(ERR_peek_error() == 0, "an entry in OpenSSL's queue after %s", sql);
}

/* ---- a script */

static void run_script(sqlite3 *db, const struct part *script)
{
    char sql[SQL_MAX];
    snprintf(sql, sizeof sql, "%.*s", (int)script->size, (const char *)script->bytes);
    steps_left = 200;
    for (const char *at = sql; *at != '\0' && steps_left > 0;) {
        sqlite3_stmt *statement = NULL;
        const char *rest = at;
        int rc = sqlite3_prepare_v2(db, at, -1, &statement, &rest);
        for (int rows = 0; rc == SQLITE_OK && statement != NULL && rows < 50; rows++) {
            if (sqlite3_step(statement) != SQLITE_ROW) break;
            for (int i = 0; i < sqlite3_column_count(statement); i++)
                sqlite3_column_blob(statement, i);
        }
        sqlite3_finalize(statement);
        MUST(ERR_peek_error() == 0, "an entry in OpenSSL's queue after %s", at);
        if (rest == at) break;
        at = rest;
    }
}

/* What verifies and what does not is as it was, whatever a script did. */
static void check_after(sqlite3 *db)
{
    static const char *const good =
        "SELECT jwt_status(jwt_sign('{\"sub\":\"u\"}', '0123456789abcdef0123456789abcdef'),"
        " '0123456789abcdef0123456789abcdef')";
    static const char *const forged =
        "SELECT jwt_status(jwt_sign('{\"sub\":\"u\"}', '0123456789abcdef0123456789abcdef'),"
        " 'fedcba9876543210fedcba9876543210')";
    steps_left = 1000;
    struct answer answer = ASK(db, good);
    MUST(answer_is(&answer, "ok"), "a good token is %s %s", answer.bytes, answer.message);
    answer_release(&answer);
    answer = ASK(db, forged);
    MUST(answer_is(&answer, "bad_signature"), "a forged token is %s %s", answer.bytes,
        answer.message);
    answer_release(&answer);
}

static sqlite3_int64 schema_version(sqlite3 *db)
{
    sqlite3_int64 version = -1;
    sqlite3_stmt *statement = NULL;
    sqlite3_set_authorizer(db, NULL, NULL);
    if (sqlite3_prepare_v2(db, "SELECT schema_version FROM pragma_schema_version", -1, &statement,
            NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        version = sqlite3_column_int64(statement, 0);
    }
    sqlite3_finalize(statement);
    sqlite3_set_authorizer(db, authorize, NULL);
    return version;
}

static void run(const uint8_t *input, size_t size)
{
    struct part parts[4];
    if (size < 1 || size >= SQL_MAX) return;
    size_t index = input[0] % 3;
    sqlite3 *db = databases[index];
    fuzz_parts(input + 1, size - 1, parts, 4);
    check_agreement(db, parts);
    if (parts[3].size > 0) {
        sqlite3_int64 changes = sqlite3_total_changes(db);
        steps_left = 1000;
        sqlite3_int64 version = schema_version(db);
        run_script(db, &parts[3]);
        check_after(db);
        if (!sqlite3_get_autocommit(db)) sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
        if (changes != sqlite3_total_changes(db) || version != schema_version(db)) {
            fuzz_close(db);
            open_one(index);
        }
    }
}

/* ---- texts of SQL rather than of bytes */

static uint64_t state;

static size_t below(size_t bound)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (size_t)((state * UINT64_C(2685821657736338717) >> 33) % bound);
}

struct sql_text {
    char bytes[512];
    size_t size;
};

static void add(struct sql_text *text, const char *more)
{
    size_t length = strlen(more);
    if (text->size + length >= sizeof text->bytes) return;
    memcpy(text->bytes + text->size, more, length + 1);
    text->size += length;
}

static const char *const leaves[] = { "NULL", "1", "-1", "1.5", "x'00ff'", "''", "'a.b.c'", "'{}'",
    "'HS256'", "'$.a.b[1]'", "'sub'", "'$'", "(SELECT x FROM t WHERE i=1)",
    "(SELECT x FROM t WHERE i=2)", "(SELECT x FROM t WHERE i=3)", "(SELECT x FROM t WHERE i=7)",
    "(SELECT j FROM k WHERE n='s')", "(SELECT j FROM k WHERE n='b')",
    "(SELECT j FROM k WHERE n='e')", "(SELECT j FROM k WHERE n='j')", "'{\"aud\":\"a\"}'",
    "'{\"revoked_by\":\"r\"}'", "'{\"now\":1700000000,\"leeway\":5}'", "9223372036854775807",
    "'0123456789abcdef0123456789abcdef'", "char(0)", "char(55357)", "'{\"sub\":\"x\"}'",
    "'public'" };

/* How many arguments, and how it is called. */
static const struct {
    const char *name;
    unsigned arguments;
} calls[] = { { "jwt_sign", 2 }, { "jwt_sign", 3 }, { "jws_sign", 2 }, { "jws_sign", 3 },
    { "jwt_verify", 2 }, { "jwt_verify", 3 }, { "jwt_status", 3 }, { "jwt_claims", 3 },
    { "jwt_claim", 2 }, { "jwt_claim", 3 }, { "jwt_claim", 4 }, { "jws_verify", 3 },
    { "jws_status", 2 }, { "jwt_explain", 3 }, { "jwt_payload", 1 }, { "jwt_header", 1 },
    { "jwt_bearer", 1 }, { "jwt_scope", 2 }, { "jwk_public", 1 }, { "jwks", 1 },
    { "jwk_from_pem", 1 }, { "jwk_to_pem", 2 }, { "jwk_thumbprint", 2 }, { "jwk_problem", 2 },
    { "json", 1 }, { "json_object", 2 }, { "CAST", 9 }, { "substr", 3 }, { "hex", 1 },
    { "printf", 2 }, { "coalesce", 2 }, { "iif", 3 }, { "json_array", 1 }, { "jwt_debug", 0 },
    { "replace", 3 }, { "jwt_version", 0 } };

static void add_expression(struct sql_text *text, unsigned depth)
{
    if (depth == 0 || below(3) == 0) {
        add(text, leaves[below(sizeof leaves / sizeof *leaves)]);
        return;
    }
    size_t which = below(sizeof calls / sizeof *calls);
    if (calls[which].arguments == 9) {
        add(text, "CAST(");
        add_expression(text, depth - 1);
        add(text, below(2) == 0 ? " AS BLOB)" : " AS TEXT)");
        return;
    }
    add(text, calls[which].name);
    add(text, "(");
    for (unsigned i = 0; i < calls[which].arguments; i++) {
        if (i > 0) add(text, ",");
        add_expression(text, depth - 1);
    }
    add(text, ")");
}

static void add_statement(struct sql_text *text)
{
    static const char *const starts[] = { "SELECT ", "SELECT * FROM jwt_decode(",
        "SELECT * FROM jwt_each(", "SELECT * FROM jwt_lint(", "SELECT * FROM jwk_each(",
        "SELECT * FROM r WHERE token=", "SELECT * FROM r WHERE claims=",
        "SELECT * FROM r WHERE jti=", "DELETE FROM r WHERE jti=", "UPDATE r SET expires_at=",
        "UPDATE t SET x=", "INSERT INTO r(token) VALUES(", "INSERT INTO r(sub) VALUES(",
        "INSERT INTO r_rules(jti,kind,revoked_at) VALUES(",
        "SELECT count(*) FROM t, jwt_decode(t.x," };
    static const char *const whole[] = { "BEGIN;", "ROLLBACK;", "SAVEPOINT s;", "ROLLBACK TO s;",
        "COMMIT;", "SELECT * FROM v;", "SELECT jwks(j) FROM k;", "DROP TABLE r;",
        "ALTER TABLE r RENAME TO r2;",
        "CREATE VIRTUAL TABLE r2 USING jwt_revocation(require='jti');",
        "SELECT * FROM jwt_algorithms;",
        "CREATE TRIGGER g AFTER UPDATE ON t BEGIN DELETE FROM r; END;",
        "SELECT rule,token FROM r;" };
    if (below(3) == 0) {
        add(text, whole[below(sizeof whole / sizeof *whole)]);
        return;
    }
    size_t which = below(sizeof starts / sizeof *starts);
    add(text, starts[which]);
    add_expression(text, 3);
    if (strchr(starts[which], '(') != NULL) {
        for (size_t i = which < 5 || which == 14 ? below(3) : 0; i > 0; i--) {
            add(text, ",");
            add_expression(text, 2);
        }
        if (strncmp(starts[which], "INSERT INTO r_rules", 19) == 0) add(text, ",1,1");
        add(text, ")");
    }
    add(text, ";");
}

/* A part replaced by a fresh text, or a text put into the script; else plain damage. */
static size_t mutate(uint8_t *input, size_t size, size_t room, unsigned seed)
{
    struct part parts[4];
    struct sql_text text = { .size = 0 };
    state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    size_t which = below(8);
    if (which > 4 || size == 0) return LLVMFuzzerMutate(input, size, room);
    fuzz_parts(input + 1, size - 1, parts, 4);
    if (which < 3)
        add_expression(&text, 3);
    else
        add_statement(&text);
    if (which > 3) which = 3;
    uint8_t made[SQL_MAX];
    size_t at = 0;
    made[at++] = input[0];
    for (size_t i = 0; i < 4; i++) {
        bool keeps = i != which || (i == 3 && below(2) == 0);
        if (at + (keeps ? parts[i].size : 0) + text.size + 2 > sizeof made)
            return LLVMFuzzerMutate(input, size, room);
        if (keeps) {
            memcpy(made + at, parts[i].bytes, parts[i].size);
            at += parts[i].size;
        }
        if (i == which) {
            memcpy(made + at, text.bytes, text.size);
            at += text.size;
        }
        if (i < 3) made[at++] = PART_END;
    }
    if (at > room) return LLVMFuzzerMutate(input, size, room);
    memcpy(input, made, at);
    return at;
}

const struct fuzz_target sql_target = { "sql", start, run, mutate };
