/*
** Files of all kinds: read-only and immutable ones, in defensive mode and with an untrusted schema,
** without the extension, with damaged and hostile shadow tables; plans; other people's lists.
*/
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char claims[] = "{\"jti\":\"j1\",\"sub\":\"u1\",\"iat\":100}";

/* A file with a token in table t, and rules that hit it if `revoked`. */
static const char *make_file(const char *name, const char *journal, bool revoked)
{
    const char *path = scratch(name);
    sqlite3 *database = open_database(path);
    run(database,
        "PRAGMA journal_mode = %s; CREATE VIRTUAL TABLE revoked USING jwt_revocation; "
        "CREATE TABLE t AS SELECT %Q AS token; INSERT INTO revoked(jti) VALUES('x'); "
        "INSERT INTO revoked(sub, expires_at) VALUES('y', 9e10)",
        journal, token_of(database, claims));
    if (revoked) run(database, "INSERT INTO revoked(sub, issued_before) VALUES('u1', 200)");
    run(database, "PRAGMA wal_checkpoint(TRUNCATE)");
    close_database(database);
    return path;
}

/* Both forms of the question, many times, and a scan. */
static void check_answers(sqlite3 *database, const char *wanted, const char *what)
{
    const char *token = ask(database, "SELECT token FROM t");
    for (int i = 0; i < 3; i++) {
        check_text(status_of(database, token, "revoked"), wanted, what);
        check_text(answer_of(database, token, "revoked"), wanted, what);
    }
    check_text(
        ask(database, "WITH n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 200) SELECT "
                      "group_concat(DISTINCT jwt_status(token, " SECRET
                      ", '{\"now\":1000,\"revoked_by\":\"revoked\"}')) FROM t, n"),
        wanted, what);
}

static void read_only(void)
{
    static const char *const journals[] = { "WAL", "DELETE" };
    for (size_t i = 0; i < 2; i++) {
        for (int revoked = 0; revoked < 2; revoked++) {
            const char *path = make_file("readonly.db", journals[i], revoked);
            const char *wanted = revoked ? "revoked" : "ok";
            sqlite3 *database = open_with(path, SQLITE_OPEN_READONLY, NULL);
            check_answers(database, wanted, journals[i]);
            check(
                try_run(database, "INSERT INTO revoked(jti) VALUES('z')", NULL) == SQLITE_READONLY,
                "an INSERT into a read-only file: %s", sqlite3_errmsg(database));
            check(number(database, "SELECT count(*) FROM revoked") == 2 + revoked, "a scan");
            close_database(database);
            char *uri = sqlite3_mprintf("file:%s?immutable=1", path);
            database = open_with(uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
            check_answers(database, wanted, "immutable");
            close_database(database);
            sqlite3_free(uri);
            database = open_database(path);
            run(database, "PRAGMA query_only = 1");
            check_answers(database, wanted, "query_only");
            check(try_run(database, "DELETE FROM revoked", NULL) == SQLITE_READONLY,
                "a DELETE under query_only");
            close_database(database);
        }
    }
}

/* Everything under SQLITE_DBCONFIG_DEFENSIVE, where nobody but us may write the shadow table. */
static void defensive(void)
{
    sqlite3 *database = open_database(make_file("defensive.db", "WAL", false));
    sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    run(database,
        "CREATE VIRTUAL TABLE other USING jwt_revocation; INSERT INTO other(jti) VALUES('a'), "
        "('b'); INSERT OR REPLACE INTO other(jti) VALUES('a'); UPDATE other SET reason = 'r'; "
        "DELETE FROM other WHERE jti = 'b'; ALTER TABLE other RENAME TO another; "
        "BEGIN; INSERT INTO another(sub) VALUES('s'); ROLLBACK");
    check(number(database, "SELECT count(*) FROM another") == 1, "rules of the other table");
    check_answers(database, "ok", "defensive");
    run(database, "INSERT INTO revoked(jti) VALUES('j1')");
    check_answers(database, "revoked", "defensive");
    static const char *const refused[] = { "DELETE FROM revoked_rules", "DROP TABLE revoked_rules",
        "INSERT INTO revoked_rules(kind, jti, revoked_at) VALUES(1, 'q', 0)" };
    for (size_t i = 0; i < 3; i++) {
        check(
            try_run(database, refused[i], NULL) != SQLITE_OK, "in defensive mode: %s", refused[i]);
    }
    run(database, "DROP TABLE another");
    check_text(ask(database, "PRAGMA integrity_check"), "ok", "integrity_check");
    close_database(database);
}

static void untrusted_schema(void)
{
    sqlite3 *database = open_database(make_file("untrusted.db", "WAL", true));
    run(database, "PRAGMA trusted_schema = 0");
    check_answers(database, "revoked", "trusted_schema = 0");
    run(database, "INSERT INTO revoked(jti) VALUES('more'); CREATE TEMP VIEW good AS SELECT token "
                  "FROM t WHERE NOT EXISTS (SELECT 1 FROM revoked WHERE revoked.token = t.token)");
    check(number(database, "SELECT count(*) FROM good") == 0, "a TEMP view");
    run(database, "CREATE VIEW seen AS SELECT count(*) FROM revoked");
    check(strstr(ask(database, "SELECT * FROM seen"), "unsafe use of virtual table") != NULL,
        "a view of the file: %s", ask(database, "SELECT * FROM seen"));
    run(database, "PRAGMA trusted_schema = 1");
    check(number(database, "SELECT * FROM seen") == 4, "a view, trusted");
    close_database(database);
}

/* Without the extension the file is an ordinary one with an ordinary table. */
static void without_the_extension(void)
{
    const char *path = make_file("without.db", "WAL", true);
    sqlite3 *database = NULL;
    if (sqlite3_open(path, &database) != SQLITE_OK) give_up("cannot open %s", path);
    check_text(ask(database, "PRAGMA integrity_check"), "ok", "integrity_check");
    check(number(database, "SELECT count(*) FROM revoked_rules") == 3, "the shadow table's rows");
    run(database, "VACUUM; ANALYZE; REINDEX; CREATE TABLE mine(a); INSERT INTO mine VALUES(1); "
                  "ALTER TABLE mine RENAME TO yours; INSERT INTO revoked_rules(kind, jti, "
                  "revoked_at) VALUES(1, 'j1', 0)");
    check_text(ask(database, "SELECT * FROM revoked"), "error: no such module: jwt_revocation",
        "reading the virtual table");
    check_text(ask(database, "DROP TABLE revoked"), "error: no such module: jwt_revocation",
        "dropping it");
    run(database, "CREATE VIEW names AS SELECT jti FROM revoked");
    check(strncmp(ask(database, "ALTER TABLE yours RENAME TO ours"), "error", 5) == 0,
        "renaming a table while a view names the virtual one");
    check(sqlite3_close(database) == SQLITE_OK, "close");
    database = open_database(path);
    run(database, "DROP VIEW names");
    check_answers(database, "revoked", "after a visit without the extension");
    run(database, "DELETE FROM revoked WHERE sub = 'u1'");
    check_answers(database, "revoked", "by the rule that was written meanwhile");
    close_database(database);
}

/* ---- hostile and damaged shadow tables ---- */

/* The scalar functions say unknown, the table raises SQLITE_CORRUPT; neither says "fine". */
static void check_damaged(sqlite3 *database, const char *what)
{
    const char *token = ask(database, "SELECT token FROM t");
    check_text(status_of(database, token, "revoked"), "revocation_unknown", what);
    check_text(ask(database, "SELECT group_concat(DISTINCT jwt_status(token, " SECRET
                             ", '{\"now\":1000,\"revoked_by\":\"revoked\"}')) FROM t, "
                             "(VALUES(1), (2), (3))"),
        "revocation_unknown", what);
    const char *got = answer_of(database, token, "revoked");
    check(strncmp(got, "error: revoked: the shadow table revoked_rules", 46) == 0,
        "%s: the table says %s", what, got);
}

/* The same file with another table in the place of the shadow table; its rows are in `kept`. */
static sqlite3 *with_shadow(const char *sql)
{
    const char *path = make_file("hostile.db", "WAL", true);
    sqlite3 *database = open_database(path);
    run(database, "DROP INDEX revoked_rules_expires; ALTER TABLE revoked_rules RENAME TO kept");
    run(database, "%s", sql);
    close_database(database);
    return open_database(path);
}

/* A table of the same columns that believes anything. */
#define LOOSE                                                                                   \
    "CREATE TABLE revoked_rules(kind, jti, sid, sub, client_id, aud, kid, iss, issued_before, " \
    "expires_at, reason, actor, revoked_at); INSERT INTO revoked_rules SELECT * FROM kept; "

static void hostile_shadow_tables(void)
{
    static const char *const damaged[] = {
        "SELECT 1", /* no shadow table at all */
        "CREATE TABLE revoked_rules(a)",
        "CREATE TABLE revoked_rules(kind INTEGER)",
        "CREATE VIEW revoked_rules AS SELECT 1 AS kind",
        "CREATE VIRTUAL TABLE revoked_rules USING jwt_revocation",
        "CREATE VIEW revoked_rules AS SELECT 1 AS kind, '' AS jti, '' AS sid, '' AS sub, '' AS "
        "client_id, '' AS aud, '' AS kid, '' AS iss, NULL AS issued_before FROM revoked WHERE "
        "token = 'x'",
        "CREATE VIEW revoked_rules AS SELECT k.* FROM kept AS k, t WHERE jwt_status(t.token, " SECRET
        ", '{\"now\":1000,\"revoked_by\":\"revoked\"}') = 'ok'",
        LOOSE,
    };
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        sqlite3 *database = with_shadow(damaged[i]);
        check_damaged(database, damaged[i]);
        check(strncmp(ask(database, "SELECT group_concat(rule) FROM revoked"), "error: ", 7) == 0,
            "a scan of: %s", damaged[i]);
        close_database(database);
    }
}

/*
** The same file with a shadow table that says it has the right shape, but was made without its types
** and checks: rows can be anything.
*/
static sqlite3 *with_rows(const char *sql)
{
    const char *path = make_file("rows.db", "WAL", true);
    sqlite3 *database = open_database(path);
    char *shape = sqlite3_mprintf(
        "%s", ask(database, "SELECT sql FROM sqlite_schema WHERE name = 'revoked_rules'"));
    run(database,
        "DROP INDEX revoked_rules_expires; ALTER TABLE revoked_rules RENAME TO kept; CREATE TABLE "
        "revoked_rules(kind, jti, sid, sub, client_id, aud, kid, iss, issued_before, expires_at, "
        "reason, actor, revoked_at, PRIMARY KEY(kind, jti, sid, sub, client_id, aud, kid, iss)) "
        "WITHOUT ROWID; INSERT INTO revoked_rules SELECT * FROM kept");
    run(database, "%s", sql);
    run(database,
        "PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = %Q WHERE name = "
        "'revoked_rules'",
        shape);
    sqlite3_free(shape);
    close_database(database);
    return open_database(path);
}

#define INSERT_ROW \
    "INSERT INTO revoked_rules(kind, jti, sid, sub, client_id, aud, kid, iss, issued_before) VALUES"

static void damaging_rows(void)
{
    static const char *const damaging[] = {
        INSERT_ROW "(0, '', '', '', '', '', '', '', NULL)",
        INSERT_ROW "(-5, '', '', '', '', '', '', '', NULL)",
        INSERT_ROW "(256, '', '', '', '', '', '', '', NULL)",
        INSERT_ROW "(9223372036854775807, '', '', '', '', '', '', '', NULL)",
        INSERT_ROW "(1.5, '', '', '', '', '', '', '', NULL)",
        INSERT_ROW "('x', '', '', '', '', '', '', '', NULL)",
        INSERT_ROW "(x'00', '', '', '', '', '', '', '', NULL)",
        "UPDATE revoked_rules SET issued_before = NULL WHERE sub = 'u1'",
        "UPDATE revoked_rules SET issued_before = 'soon' WHERE sub = 'u1'",
        "UPDATE revoked_rules SET issued_before = x'00' WHERE sub = 'u1'",
        "UPDATE revoked_rules SET kind = 4 WHERE sub = 'u1'",
    };
    for (size_t i = 0; i < sizeof damaging / sizeof *damaging; i++) {
        sqlite3 *database = with_rows(damaging[i]);
        check_damaged(database, damaging[i]);
        check(strncmp(ask(database, "SELECT group_concat(rule) FROM revoked"), "error: ", 7) == 0,
            "a scan of: %s", damaging[i]);
        close_database(database);
    }
}

/* Rows that no question finds and a scan finds damaged: the others still count. */
static void hostile_rows(void)
{
    static const char *const rows[] = {
        "(1, '', '', '', '', '', '', '', NULL)",
        "(1, x'6a31', '', '', '', '', '', '', NULL)",
        "(1, 5, '', '', '', '', '', '', NULL)",
        "(1, 'a', 'b', '', '', '', '', '', NULL)",
        "(3, 'a', '', '', '', '', '', '', NULL)",
        "(223, 'a', 'b', 'c', 'd', 'e', '', '', 5)",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *sql = sqlite3_mprintf(INSERT_ROW "%s", rows[i]);
        sqlite3 *database = with_rows(sql);
        sqlite3_free(sql);
        const char *token = ask(database, "SELECT token FROM t");
        check_text(status_of(database, token, "revoked"), "revoked", rows[i]);
        check_text(answer_of(database, token, "revoked"), "revoked", rows[i]);
        check(strncmp(ask(database, "SELECT group_concat(rule) FROM revoked"),
                  "error: revoked: the", 19) == 0,
            "a scan with %s", rows[i]);
        if (sqlite3_libversion_number() >= 3044000) {
            check(strstr(ask(database, "PRAGMA integrity_check"), "revoked_rules") != NULL,
                "integrity_check does not see %s", rows[i]);
        }
        close_database(database);
    }
}

/* What cannot be written says so, also under OR IGNORE, and DROP always works. */
static void hostile_writes(void)
{
    static const char *const shadows[] = { "SELECT 1", "CREATE TABLE revoked_rules(a)",
        ("CREATE TABLE revoked_rules(kind, jti CHECK(0), sid, sub, client_id, aud, kid, iss, "
         "issued_before, expires_at, reason, actor, revoked_at)"),
        "CREATE VIEW revoked_rules AS SELECT * FROM kept" };
    for (size_t i = 0; i < sizeof shadows / sizeof *shadows; i++) {
        sqlite3 *database = with_shadow(shadows[i]);
        char *message = NULL;
        int rc = try_run(database, "INSERT OR IGNORE INTO revoked(jti) VALUES('j1')", &message);
        check(rc == SQLITE_CORRUPT && message != NULL &&
                  strncmp(message, "revoked: the shadow table revoked_rules", 39) == 0,
            "INSERT with %s: %d %s", shadows[i], rc, message);
        if (i < 3) {
            check(try_run(database, "DROP TABLE revoked", NULL) == SQLITE_OK, "DROP with %s: %s",
                shadows[i], sqlite3_errmsg(database));
        }
        sqlite3_free(message);
        close_database(database);
    }
}

/* Options that are none, written into the schema itself. */
static void hostile_options(void)
{
    const char *path = make_file("options.db", "DELETE", true);
    sqlite3 *database = open_database(path);
    run(database,
        "PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = 'CREATE VIRTUAL TABLE "
        "revoked USING jwt_revocation(leeway=x)' WHERE name = 'revoked'; PRAGMA "
        "schema_version = 99");
    close_database(database);
    database = open_database(path);
    const char *token = ask(database, "SELECT token FROM t");
    check(strncmp(status_of(database, token, "revoked"), "error: ", 7) == 0, "revoked_by");
    check(strstr(answer_of(database, token, "revoked"), "leeway: must be a number") != NULL,
        "the table: %s", answer_of(database, token, "revoked"));
    close_database(database);
}

/* Random bytes all over the file: anything but a crash. */
static void damaged_pages(void)
{
    const char *path = make_file("source.db", "DELETE", true);
    sqlite3 *database = open_database(path);
    char *token = strdup(ask(database, "SELECT token FROM t"));
    run(database, "WITH n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 300) INSERT INTO "
                  "revoked(jti, expires_at) SELECT 'k' || n, n FROM n; VACUUM");
    close_database(database);
    FILE *file = fopen(path, "rb");
    static unsigned char bytes[1 << 20], copy[1 << 20];
    size_t size = file != NULL ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file != NULL) fclose(file);
    int rounds = is_long() ? 3000 : 200, answered = 0;
    unsigned random = 99;
    for (int round = 0; round < rounds; round++) {
        const char *target = scratch("damaged.db");
        memcpy(copy, bytes, size);
        for (int i = 0; i < 8; i++) {
            random = random * 1664525u + 1013904223u;
            copy[100 + (random >> 4) % (size - 100)] ^= (unsigned char)(random >> 24);
        }
        file = fopen(target, "wb");
        if (file == NULL || fwrite(copy, 1, size, file) != size) give_up("cannot write %s", target);
        fclose(file);
        database = open_database(target);
        const char *got = status_of(database, token, "revoked");
        answered += got != NULL && strncmp(got, "error", 5) != 0;
        answer_of(database, token, "revoked");
        ask(database, "SELECT count(rule) FROM revoked");
        ask(database, "SELECT rule FROM revoked WHERE sub = 'u1' AND iss IS NULL");
        try_run(database, "INSERT INTO revoked(jti) VALUES('n')", NULL);
        try_run(database, "DELETE FROM revoked WHERE expires_at < 100", NULL);
        if (sqlite3_close(database) != SQLITE_OK) check(false, "close in round %d", round);
    }
    check(answered > rounds / 4, "only %d of %d files could be asked", answered, rounds);
    free(token);
}

/* ---- plans ---- */

static const char *plan_of(sqlite3 *database, const char *sql)
{
    static char plan[2000];
    sqlite3_stmt *statement = NULL;
    char *explain = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sql);
    plan[0] = '\0';
    if (sqlite3_prepare_v2(database, explain, -1, &statement, NULL) != SQLITE_OK) {
        snprintf(plan, sizeof plan, "error: %s", sqlite3_errmsg(database));
    }
    sqlite3_free(explain);
    while (statement != NULL && sqlite3_step(statement) == SQLITE_ROW) {
        const char *line = (const char *)sqlite3_column_text(statement, 3);
        const char *join = strstr(line, " LEFT-JOIN"); /* said from 3.38 on */
        char *own =
            sqlite3_mprintf("%.*s", join != NULL ? (int)(join - line) : (int)strlen(line), line);
        if (*plan != '\0') strncat(plan, " / ", sizeof plan - strlen(plan) - 1);
        strncat(plan, own, sizeof plan - strlen(plan) - 1);
        sqlite3_free(own);
    }
    sqlite3_finalize(statement);
    return plan;
}

static void plans(void)
{
    static const struct {
        const char *sql, *plan;
    } cases[] = {
        { "SELECT * FROM t WHERE NOT EXISTS (SELECT 1 FROM revoked WHERE token = t.token)",
            "SCAN t / CORRELATED SCALAR SUBQUERY 1 / SCAN revoked VIRTUAL TABLE INDEX 1:token" },
        { "SELECT * FROM t WHERE NOT EXISTS (SELECT 1 FROM revoked WHERE claims = t.token AND "
          "header_kid = t.token)",
            "SCAN t / CORRELATED SCALAR SUBQUERY 1 / SCAN revoked VIRTUAL TABLE INDEX "
            "18:claims, header_kid" },
        { "SELECT * FROM t LEFT JOIN revoked AS r ON r.token = t.token",
            "SCAN t / SCAN r VIRTUAL TABLE INDEX 1:token" },
        { "SELECT * FROM revoked AS r JOIN t ON r.token = t.token",
            "SCAN t / SCAN r VIRTUAL TABLE INDEX 1:token" },
        { "SELECT * FROM revoked WHERE token IS ?1", "SCAN revoked VIRTUAL TABLE INDEX 1:token" },
        { "SELECT * FROM revoked WHERE claims = ?1", "SCAN revoked VIRTUAL TABLE INDEX 2:claims" },
        { "SELECT * FROM revoked WHERE token = ?1 AND jti = ?2 AND expires_at > 5",
            "SCAN revoked VIRTUAL TABLE INDEX 1:token" },
        { "SELECT * FROM revoked WHERE rule = ?1", "SCAN revoked VIRTUAL TABLE INDEX 3:rule" },
        { "SELECT * FROM revoked WHERE jti = ?1", "SCAN revoked VIRTUAL TABLE INDEX 260:jti" },
        { "SELECT * FROM revoked WHERE iss = ?1 AND jti IS NULL AND sub IS ?2",
            "SCAN revoked VIRTUAL TABLE INDEX 17412:sub, iss" },
        { "SELECT * FROM revoked WHERE jti = ?1 AND sub = ?2 AND expires_at < 5",
            "SCAN revoked VIRTUAL TABLE INDEX 1284:jti, sub" },
        { "SELECT * FROM t JOIN revoked AS r ON r.jti = t.token",
            "SCAN t / SCAN r VIRTUAL TABLE INDEX 260:jti" },
        { "DELETE FROM revoked WHERE expires_at < ?1",
            "SCAN revoked VIRTUAL TABLE INDEX 262149:expires_at" },
        { "DELETE FROM revoked WHERE sub = ?1", "SCAN revoked VIRTUAL TABLE INDEX 1028:sub" },
        { "SELECT * FROM revoked WHERE expires_at BETWEEN ?1 AND ?2",
            "SCAN revoked VIRTUAL TABLE INDEX 655365:expires_at" },
        { "SELECT * FROM revoked WHERE expires_at = ?1",
            "SCAN revoked VIRTUAL TABLE INDEX 655365:expires_at" },
        { "SELECT * FROM revoked WHERE jti = ?1 COLLATE NOCASE",
            "SCAN revoked VIRTUAL TABLE INDEX 0:scan" },
        { "SELECT * FROM revoked WHERE reason = ?1", "SCAN revoked VIRTUAL TABLE INDEX 0:scan" },
        { "SELECT * FROM revoked", "SCAN revoked VIRTUAL TABLE INDEX 0:scan" },
    };
    sqlite3 *database = open_database(make_file("plans.db", "WAL", true));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_text(plan_of(database, cases[i].sql), cases[i].plan, cases[i].sql);
    }
    close_database(database);
}

/* How the shadow table's statements find their rows: always by key or index, but for a scan. */
static void plans_on_the_shadow_table(void)
{
    sqlite3 *database = open_database(make_file("shadow_plans.db", "WAL", true));
    int seen = 0;
    run(database, "SELECT * FROM revoked WHERE sub = 'u1'; SELECT * FROM revoked WHERE jti = 'x'; "
                  "DELETE FROM revoked WHERE jti = 'x'; UPDATE revoked SET reason = 'r'; "
                  "INSERT INTO revoked(jti) VALUES('z')");
    answer_of(database, ask(database, "SELECT token FROM t"), "revoked");
    for (sqlite3_stmt *statement = NULL; (statement = sqlite3_next_stmt(database, statement));) {
        const char *sql = sqlite3_sql(statement);
        const char *plan = plan_of(database, sql);
        seen++;
        /* The snapshot's first row is whichever comes first; inserting needs no search. */
        if (strstr(sql, "LIMIT 1)") != NULL && strstr(sql, "WHERE") == NULL) continue;
        if (strncmp(sql, "INSERT", 6) == 0) continue;
        check(strstr(plan, "SEARCH ") != NULL && strstr(plan, "SCAN main") == NULL &&
                  strstr(plan, "SCAN revoked") == NULL && strstr(plan, "(kind=?)") == NULL,
            "%s: %s", sql, plan);
    }
    check(seen >= 6, "only %d statements", seen);
    close_database(database);
}

/* NOT EXISTS over n tokens asks n questions of one probe each. */
static void one_question_a_row(void)
{
    sqlite3 *database = open_database(scratch("count.db"));
    run(database,
        "CREATE VIRTUAL TABLE revoked USING jwt_revocation; INSERT INTO revoked(jti) VALUES('x'); "
        "CREATE TABLE t AS WITH n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 50) "
        "SELECT jwt_sign(json_object('jti', 'j' || n), " SECRET ") AS token FROM n");
    check(number(database, "SELECT count(*) FROM t WHERE NOT EXISTS (SELECT 1 FROM revoked WHERE "
                           "token = t.token)") == 50,
        "not all tokens are good");
    int runs = 0;
    for (sqlite3_stmt *statement = NULL; (statement = sqlite3_next_stmt(database, statement));) {
        if (strstr(sqlite3_sql(statement), "SELECT issued_before") != NULL) {
            runs += sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_RUN, 0);
        }
    }
    check(runs == 50, "%d probes for 50 tokens", runs);
    close_database(database);
}

/* ---- the lists of nginx-auth-jwt ---- */

static char *read_text(const char *folder, const char *name)
{
    static char text[65536];
    char path[600];
    FILE *file;
    size_t size;
    snprintf(path, sizeof path, "%s/nginx-auth-jwt/%s", folder, name);
    file = fopen(path, "rb");
    if (file == NULL) give_up("cannot read %s", path);
    size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == ' ')) size--;
    text[size] = '\0';
    return sqlite3_mprintf("%s", text);
}

/* Feeds one list into a new table; the verdict on test2.jwt, or the error. */
static const char *feed(const char *folder, const char *column, const char *reason,
    const char *list, const char *second_list)
{
    sqlite3 *database = open_database(":memory:");
    const char *lists[] = { list, second_list };
    const char *verdict = NULL;
    run(database, "CREATE VIRTUAL TABLE revoked USING jwt_revocation");
    for (int i = 0; i < 2 && lists[i] != NULL && verdict == NULL; i++) {
        char *text = read_text(folder, lists[i]), *message = NULL;
        char *sql = sqlite3_mprintf(
            "INSERT INTO revoked(%s, reason) SELECT key, json_extract(value, '$.%s') FROM json_each(%Q)",
            column, reason, text);
        if (try_run(database, sql, &message) != SQLITE_OK) {
            verdict = ask(database, "SELECT 'error: ' || %Q", message);
        }
        sqlite3_free(message);
        sqlite3_free(sql);
        sqlite3_free(text);
    }
    if (verdict == NULL) {
        char *token = read_text(folder, "test2.jwt"), *jwks = read_text(folder, "test2.jwks");
        verdict = ask(database,
            "SELECT jwt_status(%Q, %Q, '{\"now\":1700000000,\"allow_weak_key\":true,\"revoked_by\":"
            "\"revoked\"}') || coalesce(': ' || (SELECT group_concat(reason) FROM revoked), '')",
            token, jwks);
        sqlite3_free(token);
        sqlite3_free(jwks);
    }
    close_database(database);
    return verdict;
}

static void nginx_lists(void)
{
    const char *folder = getenv("JWT_VECTORS");
    struct stat status;
    if (folder == NULL) folder = "../shared/vectors";
    if (stat(folder, &status) != 0) {
        skip("no vectors");
        return;
    }
#define KID "revocation_list_kid/"
#define SUB "revocation_list_sub/"
    static const struct {
        const char *column, *reason, *list, *second_list, *wanted;
    } cases[] = {
        { "kid", "revocation_reason", KID "revocation_list_kid.json", NULL, "revoked: unknown" },
        { "kid", "revocation_reason", KID "empty_revocation_list_kid.json", NULL, "ok" },
        { "kid", "revocation_reason", KID "invalid_revocation_list_kid.json", NULL,
            "error: malformed JSON" },
        { "kid", "revocation_reason", KID "invalid_json_revocation_list_kid.json", NULL,
            "error: malformed JSON" },
        { "sub", "locked_reason", SUB "revocation_list_sub.json", NULL, "revoked: unknown" },
        { "sub", "locked_reason", SUB "empty_revocation_list_sub.json", NULL, "ok" },
        { "sub", "locked_reason", SUB "invalid_revocation_list_sub.json", NULL,
            "error: malformed JSON" },
        { "sub", "locked_reason", SUB "invalid_json_revocation_list_sub.json", NULL,
            "error: malformed JSON" },
        { "sub", "locked_reason", SUB "revocation_list_sub_dup_a.json",
            SUB "revocation_list_sub_dup_b.json", "revoked: file_a" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_text(
            feed(folder, cases[i].column, cases[i].reason, cases[i].list, cases[i].second_list),
            cases[i].wanted, cases[i].list);
    }
}

/* ---- replay ---- */

/* Every byte of a shadow table. */
static const char *dump_of(sqlite3 *database, const char *table)
{
    return ask(database,
        "SELECT group_concat(quote(kind) || quote(jti) || quote(sid) || quote(sub) || "
        "quote(client_id) || quote(aud) || quote(kid) || quote(iss) || quote(issued_before) || "
        "quote(expires_at) || quote(reason) || quote(actor) || quote(revoked_at), ';') FROM %s",
        table);
}

/* The same statements at two times leave the same bytes where the table was made for that. */
static void replay_is_byte_identical(void)
{
    const char *digests[2], *others[2];
    for (int i = 0; i < 2; i++) {
        sqlite3 *database = open_database(scratch("replay.db"));
        const char *token = "eyJhbGciOiJIUzI1NiJ9.eyJqdGkiOiJhIiwiZXhwIjo1fQ.AA";
        if (i == 1) sqlite3_sleep(1100);
        run(database,
            "CREATE VIRTUAL TABLE revoked USING jwt_revocation(clock='explicit'); "
            "INSERT INTO revoked(jti, expires_at, revoked_at) VALUES('x', 5, 1), ('y', NULL, 2); "
            "INSERT INTO revoked(token, revoked_at) VALUES(%Q, 3); "
            "INSERT OR REPLACE INTO revoked(jti, expires_at, revoked_at) VALUES('x', 9, 4); "
            "INSERT INTO revoked(sub, issued_before, revoked_at) VALUES('s', 5, 5); "
            "UPDATE revoked SET reason = 'r' WHERE sub = 's'; DELETE FROM revoked WHERE jti = 'y'",
            token);
        check(try_run(database, "INSERT INTO revoked(jti) VALUES('z')", NULL) == SQLITE_ERROR,
            "an INSERT without revoked_at");
        digests[i] = dump_of(database, "revoked_rules");
        run(database, "CREATE VIRTUAL TABLE other USING jwt_revocation; INSERT INTO other(jti) "
                      "VALUES('x')");
        others[i] = dump_of(database, "other_rules");
        close_database(database);
    }
    check_text(digests[1], digests[0], "the second time");
    check(strcmp(others[1], others[0]) != 0, "a table with the clock shows no time: %s", others[0]);
    check(strstr(digests[0], "9.0") != NULL, "the dump is %s", digests[0]);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        { "read-only files", read_only },
        { "defensive mode", defensive },
        { "an untrusted schema", untrusted_schema },
        { "without the extension", without_the_extension },
        { "hostile shadow tables", hostile_shadow_tables },
        { "damaging rows", damaging_rows },
        { "hostile rows", hostile_rows },
        { "hostile writes", hostile_writes },
        { "hostile options", hostile_options },
        { "damaged pages", damaged_pages },
        { "plans", plans },
        { "plans on the shadow table", plans_on_the_shadow_table },
        { "one question a row", one_question_a_row },
        { "lists of nginx-auth-jwt", nginx_lists },
        { "replay is byte-identical", replay_is_byte_identical },
    };
    return harness_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
