/*
** count TOKENS: runs each main call a number of times N, then twice N times, and tells callgrind at each
** end to write what it counted under the name "<call>|N". The difference between the two is N calls and
** nothing else. Outside valgrind it does the same and nobody counts.
**
** Everything that a call looks at is the same in every run: keys, tokens, times.
*/
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_include)
#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#endif
#endif
#ifndef CALLGRIND_ZERO_STATS
#define CALLGRIND_START_INSTRUMENTATION ((void)0)
#define CALLGRIND_STOP_INSTRUMENTATION ((void)0)
#define CALLGRIND_ZERO_STATS ((void)0)
#define CALLGRIND_DUMP_STATS_AT(name) ((void)(name))
#endif

/* Rows of the HMAC calls; of the public-key calls, whose tokens are in the tree. */
enum { WARM = 100, CALLS = 200, WARM_KEYS = 3, CALLS_KEYS = 3 };
/* So many rules, and so many questions before, that the table's filter is built by then. */
enum { RULES = 200, WARM_RULES = 600 };

#define PAYLOAD                                                                                   \
    "json_object('iss', 'https://id.example.com', 'sub', printf('user-%08d', i), 'aud', "         \
    "'https://api.example.com', 'exp', 1800086400, 'iat', 1799999940, 'nbf', 1799999940, 'jti', " \
    "printf('%022d', i), 'role', 'editor', 'scope', "                                             \
    "'orders:read orders:write reports:read reports:write profile')"

/* `expression` over the rows of `source`, to be true for each; the key is ?1, its options ?2. */
typedef struct {
    const char *name, *algorithm, *expression, *more_options;
    bool one_token; /* all rows have the same token */
} measured_call;

static const measured_call calls[] = {
    { "HS256 verify", "HS256", "jwt_verify(token, ?1, ?2)", "", false },
    { "RS256 verify", "RS256", "jwt_verify(token, ?1, ?2)", "", false },
    { "ES256 verify", "ES256", "jwt_verify(token, ?1, ?2)", "", false },
    { "EdDSA verify", "EdDSA", "jwt_verify(token, ?1, ?2)", "", false },
    { "HS256 verify again", "HS256", "jwt_verify(token, ?1, ?2)", "", true },
    { "ES256 verify again", "ES256", "jwt_verify(token, ?1, ?2)", "", true },
    { "HS256 sign", "HS256", "jwt_sign(payload, ?1) IS NOT NULL", "", false },
    { "claim", "HS256", "jwt_claim(token, 'role') = 'editor'", "", false },
    { "claim with key", "HS256", "jwt_claim(token, 'role', ?1, ?2) = 'editor'", "", false },
    { "HS256 verify with revoked_by", "HS256", "jwt_verify(token, ?1, ?2)",
        ",\"revoked_by\":\"revoked\"", false },
    { "a row alone", "HS256", "token IS NOT NULL", "", false },
};

static const char secret[] = "0123456789abcdef0123456789abcdef";

static void fail(sqlite3 *database, const char *what)
{
    fprintf(stderr, "count: %s: %s\n", what, sqlite3_errmsg(database));
    exit(1);
}

static void run(sqlite3 *database, const char *sql)
{
    if (sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK) fail(database, sql);
}

static sqlite3_stmt *prepare(sqlite3 *database, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK) fail(database, sql);
    return statement;
}

static char *file_text(const char *path)
{
    static char text[65536];
    FILE *file = fopen(path, "r");
    size_t length = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (!file || length == 0 || fclose(file) != 0) exit(1);
    text[length] = '\0';
    return text;
}

/* A database in memory with the call's tokens and payloads, and some rules that revoke none. */
static sqlite3 *make(const measured_call *call, const char *tokens, int rows)
{
    const char *extension = getenv("JWT_EXT");
    sqlite3 *database = NULL;
    char *sql, *message = NULL;
    if (sqlite3_open(":memory:", &database) != SQLITE_OK) exit(1);
    sqlite3_enable_load_extension(database, 1);
    if (sqlite3_load_extension(database, extension, "sqlite3_jwtext_init", &message) != SQLITE_OK) {
        fprintf(stderr, "count: %s\n", message);
        exit(1);
    }
    run(database, "CREATE TABLE key(key TEXT); CREATE TABLE row(payload TEXT, token TEXT)");
    if (strcmp(call->algorithm, "HS256") == 0) {
        sql = sqlite3_mprintf(
            "INSERT INTO key VALUES(%Q); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
            "SELECT i + 1 FROM n WHERE i < %d), p(i, payload) AS (SELECT i, %s FROM n)"
            " INSERT INTO row SELECT payload, jwt_sign(payload, %Q) FROM p",
            secret, rows, PAYLOAD, secret);
    } else {
        sql = sqlite3_mprintf(
            "CREATE TABLE given AS SELECT value AS v FROM json_each(%Q) WHERE value ->> 'alg' = %Q;"
            "INSERT INTO key SELECT v -> 'key' FROM given;"
            "INSERT INTO row SELECT NULL, t.value FROM given, json_each(v -> 'tokens') AS t",
            tokens, call->algorithm);
    }
    run(database, sql);
    sqlite3_free(sql);
    if (call->one_token) {
        run(database, "UPDATE row SET token = (SELECT token FROM row WHERE rowid = 1)");
        sql = sqlite3_mprintf(
            "INSERT INTO row SELECT r.payload, r.token FROM row AS r, "
            "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
            " SELECT i FROM n) WHERE r.rowid = 1",
            rows);
        run(database, sql);
        sqlite3_free(sql);
    }
    if (*call->more_options) {
        sql = sqlite3_mprintf(
            "CREATE VIRTUAL TABLE revoked USING jwt_revocation(prune=0);"
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
            " INSERT INTO revoked(jti) SELECT printf('other-%%08d', i) FROM n",
            RULES);
        run(database, sql);
        sqlite3_free(sql);
    }
    return database;
}

/* The statement over `rows` rows from `first`; each must come out true. */
static void pass(sqlite3_stmt *statement, int first, int rows)
{
    sqlite3_bind_int(statement, 3, first);
    sqlite3_bind_int(statement, 4, first + rows - 1);
    if (sqlite3_step(statement) != SQLITE_ROW || sqlite3_column_int(statement, 0) != rows) {
        fail(sqlite3_db_handle(statement), sqlite3_sql(statement));
    }
    sqlite3_reset(statement);
}

static void count(const measured_call *call, const char *tokens)
{
    bool few = strcmp(call->algorithm, "HS256") != 0 && !call->one_token;
    int warm = few ? WARM_KEYS : *call->more_options ? WARM_RULES : WARM;
    int times = few ? CALLS_KEYS : CALLS;
    sqlite3 *database = make(call, tokens, warm + 3 * times);
    char *sql =
        sqlite3_mprintf("SELECT sum(%s) FROM row WHERE rowid BETWEEN ?3 AND ?4", call->expression);
    char *options = sqlite3_mprintf(
        "{\"iss\":\"https://id.example.com\",\"aud\":\"https://api.example.com\",\"now\":1800000000%s}",
        call->more_options);
    sqlite3_stmt *statement = prepare(database, sql),
                 *key = prepare(database, "SELECT key FROM key");
    char name[128];

    if (sqlite3_step(key) != SQLITE_ROW) fail(database, "no key");
    if (strstr(sql, "?1")) {
        sqlite3_bind_text(
            statement, 1, (const char *)sqlite3_column_text(key, 0), -1, SQLITE_TRANSIENT);
    }
    if (strstr(sql, "?2")) sqlite3_bind_text(statement, 2, options, -1, SQLITE_STATIC);
    CALLGRIND_START_INSTRUMENTATION;
    pass(statement, 1, warm);
    CALLGRIND_ZERO_STATS;
    pass(statement, warm + 1, times);
    snprintf(name, sizeof name, "%s|%d", call->name, times);
    CALLGRIND_DUMP_STATS_AT(name);
    pass(statement, warm + times + 1, 2 * times);
    snprintf(name, sizeof name, "%s|%d", call->name, 2 * times);
    CALLGRIND_DUMP_STATS_AT(name);
    CALLGRIND_STOP_INSTRUMENTATION;
    sqlite3_finalize(statement);
    sqlite3_finalize(key);
    sqlite3_close(database);
    sqlite3_free(sql);
    sqlite3_free(options);
}

int main(int argument_count, char **arguments)
{
    const char *tokens = argument_count == 2 ? file_text(arguments[1]) : NULL;
    if (!tokens) return 2;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) count(&calls[i], tokens);
    puts(sqlite3_libversion());
    return 0;
}
