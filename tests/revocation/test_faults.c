/*
** Memory that runs out, interrupts and locks, at every place where they can come: no verdict is then
** "ok" for a token that is revoked, nothing leaks, and the next question is answered rightly.
*/
#include "harness.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- allocators that fail at a given call ---- */

static long fail_at; /* this many allocations from now; 0: never */
static bool fail_on; /* and all that follow */
static long allocations;

static bool fails_now(void)
{
    allocations++;
    if (fail_at == 0) return false;
    if (--fail_at > 0) return false;
    fail_at = fail_on ? 1 : 0;
    return true;
}

static sqlite3_mem_methods real;

static void *faulty_malloc(int size)
{
    return fails_now() ? NULL : real.xMalloc(size);
}

static void *faulty_realloc(void *memory, int size)
{
    return fails_now() ? NULL : real.xRealloc(memory, size);
}

static void *faulty_crypto_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return fails_now() ? NULL : malloc(size);
}

static void *faulty_crypto_realloc(void *memory, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return fails_now() ? NULL : realloc(memory, size);
}

static void crypto_free(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    free(memory);
}

static void install_allocators(void)
{
    sqlite3_mem_methods faulty;
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real);
    faulty = real;
    faulty.xMalloc = faulty_malloc;
    faulty.xRealloc = faulty_realloc;
    sqlite3_config(SQLITE_CONFIG_MALLOC, &faulty);
    sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0);
    if (!CRYPTO_set_mem_functions(faulty_crypto_malloc, faulty_crypto_realloc, crypto_free)) {
        give_up("OpenSSL has allocated already");
    }
}

/* ---- one statement under every fault ---- */

static sqlite3 *new_database(void)
{
    sqlite3 *database = open_database(":memory:");
    run(database,
        "CREATE VIRTUAL TABLE revoked USING jwt_revocation(require='jti'); "
        "INSERT INTO revoked(jti, aud) VALUES('j1', 'a\"1'), ('j2', NULL); INSERT INTO "
        "revoked(sub, issued_before, expires_at, reason) VALUES('u1', 5, 1, 'x'); CREATE TABLE t AS "
        "SELECT jwt_sign('{\"jti\":\"j1\",\"sub\":\"u\\u0031\",\"aud\":[\"b\",\"a\\\"1\",\"c\","
        "\"d\",\"e\",\"f\"],\"iat\":6}', " SECRET ") AS token");
    return database;
}

/* The first column of the first row, without allocating itself; SQLite's code. */
static int evaluate(sqlite3 *database, const char *sql, char *got, size_t size)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);
    *got = '\0';
    if (rc == SQLITE_OK) rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(statement, 0);
        snprintf(got, size, "%s", text != NULL ? text : "NULL");
    }
    sqlite3_finalize(statement);
    return rc;
}

/*
** Fails each allocation of the statement in turn, alone (`on` false) or with all that follow;
** `wrong` is what must never come out. Without JWT_TEST_ALL many of the later ones are left out.
*/
static void sweep(const char *sql, const char *wrong, bool on)
{
    long failures = 0;
    bool reached = true;
    for (long at = 1; reached; at += is_long() || at < 40 ? 1 : 11) {
        char got[400];
        sqlite3 *database = new_database();
        fail_on = on;
        fail_at = at;
        int rc = evaluate(database, sql, got, sizeof got);
        reached = fail_at == 0 || (on && fail_at == 1);
        fail_at = 0;
        failures += rc == SQLITE_NOMEM;
        check(rc == SQLITE_ROW || rc == SQLITE_DONE || rc == SQLITE_NOMEM, "%s at %ld: %d", sql, at,
            rc);
        check(wrong == NULL || strcmp(got, wrong) != 0, "%s at %ld gives %s", sql, at, got);
        if (strncmp(sql, "SELECT", 6) == 0 || rc == SQLITE_NOMEM) {
            check_text(status_of(database, ask(database, "SELECT token FROM t"), "revoked"),
                "revoked", sql);
        }
        check_text(ask(database, "PRAGMA integrity_check"), "ok", sql);
        close_database(database);
        if (at > 20000) give_up("no end of %s", sql);
    }
    check(failures > 0, "no fault was met by %s", sql);
}

static void memory_runs_out(void)
{
    static const struct {
        const char *sql, *wrong;
    } cases[] = {
        { "SELECT jwt_status(token, " SECRET ", '{\"now\":10,\"revoked_by\":\"revoked\"}') FROM t",
            "ok" },
        { "SELECT jwt_verify(token, " SECRET ", '{\"now\":10,\"revoked_by\":\"revoked\"}') FROM t",
            "1" },
        { "SELECT count(*) FROM t WHERE NOT EXISTS (SELECT 1 FROM revoked WHERE token = t.token)",
            "1" },
        { "SELECT count(*) FROM t WHERE NOT EXISTS (SELECT 1 FROM revoked WHERE claims = "
          "jwt_payload(t.token) AND header_kid = 'k')",
            "1" },
        { "SELECT status FROM t, jwt_decode(t.token, " SECRET
          ", '{\"now\":10,\"revoked_by\":\"revoked\"}')",
            "ok" },
        { "WITH n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 100) SELECT "
          "max(jwt_verify(token, " SECRET ", '{\"now\":10,\"revoked_by\":\"revoked\"}')) FROM t, n",
            "1" },
        { "SELECT group_concat(rule || ifnull(reason, '')) FROM revoked", NULL },
        { "SELECT group_concat(rule) FROM revoked WHERE sub = 'u1' AND jti IS NULL", NULL },
        { "SELECT reason FROM revoked WHERE rule = '{\"sub\":\"u1\",\"issued_before\":true}'",
            NULL },
        { "SELECT rule FROM revoked WHERE expires_at < 5", NULL },
        { "INSERT INTO revoked(token, reason) SELECT token, 'logout' FROM t", NULL },
        { "INSERT INTO revoked(sub, iss, issued_before) VALUES('u2', 'i\\2', 7)", NULL },
        { "UPDATE revoked SET reason = 'changed', expires_at = NULL", NULL },
        { "DELETE FROM revoked WHERE jti IS NOT NULL", NULL },
        { "CREATE VIRTUAL TABLE other USING jwt_revocation(leeway=5, require='jti,iat')", NULL },
        { "ALTER TABLE revoked RENAME TO other", NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sweep(cases[i].sql, cases[i].wrong, false);
        sweep(cases[i].sql, cases[i].wrong, true);
    }
}

/* Memory that was taken is given back, also after faults. */
static void memory_comes_back(void)
{
    sqlite3_close(new_database());
    sqlite3_int64 before = sqlite3_memory_used();
    for (long at = 1; at < 400; at += is_long() ? 1 : 9) {
        sqlite3 *database = new_database();
        fail_at = at;
        ask(database, "SELECT jwt_status(token, " SECRET
                      ", '{\"now\":10,\"revoked_by\":\"revoked\"}') FROM t");
        fail_at = at;
        ask(database, "INSERT INTO revoked(token) SELECT token FROM t");
        fail_at = 0;
        close_database(database);
    }
    check(sqlite3_memory_used() == before, "%lld bytes are lost",
        (long long)(sqlite3_memory_used() - before));
}

/* ---- interrupts ---- */

static int interrupt_in;

static int interrupt_now(void *context)
{
    (void)context;
    return --interrupt_in == 0;
}

static void interrupted(void)
{
    static const char *const statements[] = {
        "SELECT jwt_status(token, " SECRET ", '{\"now\":10,\"revoked_by\":\"revoked\"}') FROM t",
        "SELECT CASE WHEN EXISTS (SELECT 1 FROM revoked WHERE token = t.token) THEN 'revoked' ELSE "
        "'ok' END FROM t",
    };
    for (size_t i = 0; i < 2; i++) {
        int interruptions = 0;
        for (int at = 1;; at++) {
            sqlite3 *database = new_database();
            interrupt_in = at;
            sqlite3_progress_handler(database, 1, interrupt_now, NULL);
            const char *got = ask(database, "%s", statements[i]);
            bool reached = interrupt_in <= 0;
            sqlite3_progress_handler(database, 0, NULL, NULL);
            check(got != NULL && (strcmp(got, "revoked") == 0 || strncmp(got, "error: ", 7) == 0),
                "interrupted at %d: %s", at, got != NULL ? got : "NULL");
            interruptions += got != NULL && strcmp(got, "error: interrupted") == 0;
            check_text(ask(database, "%s", statements[i]), "revoked", "the next time");
            close_database(database);
            if (!reached) break;
        }
        check(interruptions > 10, "only %d interruptions", interruptions);
    }
}

/* ---- locks ---- */

static void locked(void)
{
    const char *path = scratch("locked.db");
    sqlite3 *writer = open_database(path), *asker = open_database(path);
    sqlite3_busy_timeout(asker, 0);
    run(writer, "CREATE VIRTUAL TABLE revoked USING jwt_revocation; "
                "INSERT INTO revoked(jti) VALUES('j1')");
    const char *token =
        token_of(asker, "{\"jti\":\"j1\"}"); /* some SQLites read the schema for that */
    run(writer, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    check_text(status_of(asker, token, "revoked"), "error: database is locked", "revoked_by");
    check_text(answer_of(asker, token, "revoked"), "error: database is locked", "the table");
    char *message = NULL;
    int rc = try_run(asker, "INSERT INTO revoked(jti) VALUES('j2')", &message);
    check(rc == SQLITE_BUSY, "an INSERT: %d %s", rc, message != NULL ? message : "fine");
    sqlite3_free(message);
    run(writer, "COMMIT; PRAGMA locking_mode = NORMAL; SELECT count(*) FROM revoked");
    check_text(status_of(asker, token, "revoked"), "revoked", "afterwards");
    /* Locked in the middle of a statement: the row before was answered. */
    sqlite3_stmt *statement = NULL;
    char *sql = sqlite3_mprintf(
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n) SELECT jwt_status(%Q, " SECRET
        ", '{\"now\":10,\"revoked_by\":\"revoked\"}') FROM n",
        token);
    sqlite3_prepare_v2(asker, sql, -1, &statement, NULL);
    sqlite3_free(sql);
    check(sqlite3_step(statement) == SQLITE_ROW, "the first row");
    run(writer, "BEGIN EXCLUSIVE");
    check(sqlite3_step(statement) == SQLITE_BUSY, "the row while the file is locked: %s",
        sqlite3_errmsg(asker));
    sqlite3_finalize(statement);
    run(writer, "ROLLBACK");
    close_database(asker);
    close_database(writer);
}

/* An authorizer may forbid what the table needs: then there is no verdict. */
static int forbid_shadow(void *context, int action, const char *first, const char *second,
    const char *third, const char *fourth)
{
    (void)context;
    (void)second;
    (void)third;
    (void)fourth;
    return action == SQLITE_READ && strcmp(first, "revoked_rules") == 0 ? SQLITE_DENY : SQLITE_OK;
}

static int forbid_schema(void *context, int action, const char *first, const char *second,
    const char *third, const char *fourth)
{
    (void)context;
    (void)second;
    (void)third;
    (void)fourth;
    return action == SQLITE_PRAGMA || (action == SQLITE_READ && strncmp(first, "sqlite_", 7) == 0)
               ? SQLITE_DENY
               : SQLITE_OK;
}

static void forbidden(void)
{
    sqlite3 *database = new_database();
    char *token = strdup(ask(database, "SELECT token FROM t"));
    sqlite3_set_authorizer(database, forbid_shadow, NULL);
    check(strncmp(status_of(database, token, "revoked"), "error: ", 7) == 0, "the shadow table: %s",
        status_of(database, token, "revoked"));
    sqlite3_set_authorizer(database, forbid_schema, NULL);
    for (int i = 0; i < 5; i++) {
        check_text(status_of(database, token, "revoked"), "revoked", "the schema and pragmas");
        check_text(answer_of(database, token, "revoked"), "revoked", "the schema and pragmas");
    }
    sqlite3_set_authorizer(database, NULL, NULL);
    check_text(status_of(database, token, "revoked"), "revoked", "afterwards");
    free(token);
    close_database(database);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        { "memory runs out", memory_runs_out },
        { "memory comes back", memory_comes_back },
        { "interrupted", interrupted },
        { "locked", locked },
        { "forbidden", forbidden },
    };
    install_allocators();
    return harness_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
