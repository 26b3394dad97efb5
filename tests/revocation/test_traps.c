/*
** The traps of a question that many things can cut short: commits between its probes, transactions
** that are rolled back, what others have not committed. (Names that change: test_names.c.)
**
** Each of these was fallen into by a prototype; `variants/` has the product without its fix, and
** tests/revocation/run shows that the test of the same name then fails.
*/
#include "harness.h"

#include <stdio.h>
#include <string.h>

/* ---- what the tests share ---- */

/* How often the probes of a connection ran. */
static int probe_runs(sqlite3 *database)
{
    int runs = 0;
    for (sqlite3_stmt *statement = NULL; (statement = sqlite3_next_stmt(database, statement));) {
        const char *sql = sqlite3_sql(statement);
        if (strstr(sql, "SELECT issued_before FROM") != NULL) {
            runs += sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_RUN, 0);
        }
    }
    return runs;
}

/* ---- one question is one snapshot ---- */

struct interruption {
    sqlite3 *writer;
    int at;
    int seen;
};

/* Runs at each instruction of the asking connection; at one of them the writer moves the rule. */
static int move_rule(void *context)
{
    struct interruption *interruption = context;
    if (++interruption->seen == interruption->at) {
        run(interruption->writer, "BEGIN IMMEDIATE; INSERT INTO revoked(jti) VALUES('j1'); "
                                  "DELETE FROM revoked WHERE sub = 'u1'; COMMIT");
    }
    return 0;
}

static void one_snapshot(void)
{
    sqlite3 *asker = new_file("snapshot.db", "WAL");
    sqlite3 *writer = open_database(sqlite3_db_filename(asker, "main"));
    const char *token = token_of(asker, "{\"jti\":\"j1\",\"sub\":\"u1\"}");
    struct interruption interruption = { writer, 0, 0 };
    sqlite3_stmt *statement = prepare(
        asker, "SELECT jwt_status(?1, " SECRET ", '{\"now\":1000,\"revoked_by\":\"revoked\"}')");
    sqlite3_bind_text(statement, 1, token, -1, SQLITE_TRANSIENT);
    run(writer, "INSERT INTO revoked(jti) VALUES('other')");
    int hidden = 0, moved = 0;
    do {
        run(writer, "BEGIN IMMEDIATE; INSERT INTO revoked(sub) VALUES('u1'); "
                    "DELETE FROM revoked WHERE jti = 'j1'; COMMIT");
        interruption.at++;
        interruption.seen = 0;
        sqlite3_progress_handler(asker, 1, move_rule, &interruption);
        if (strcmp(next_verdict(statement), "revoked") != 0) hidden++;
        sqlite3_progress_handler(asker, 0, NULL, NULL);
        sqlite3_reset(statement);
        moved += interruption.seen >= interruption.at;
    } while (interruption.seen >= interruption.at);
    check(hidden == 0, "%d of %d moments hid both rules", hidden, moved);
    check(moved > 20, "only %d moments were tried", moved);
    sqlite3_finalize(statement);
    close_database(writer);
    close_database(asker);
}

/* ---- what is kept ---- */

static void filter_answers_alone(void)
{
    sqlite3 *database = new_file("alone.db", "WAL");
    const char *good = token_of(database, "{\"jti\":\"good\",\"sub\":\"u\"}");
    const char *bad = token_of(database, "{\"jti\":\"bad\",\"sub\":\"u\"}");
    run(database, "INSERT INTO revoked(jti) VALUES('bad'), ('worse'); "
                  "INSERT INTO revoked(jti, sub) VALUES('x', 'u')");
    check_text(ask_many(database, good, "revoked"), "ok", "before");
    int before = probe_runs(database);
    check(before > 0, "nothing was probed at first");
    check_text(ask_many(database, good, "revoked"), "ok", "with the filter");
    check(probe_runs(database) == before, "%d probes in spite of the filter",
        probe_runs(database) - before);
    check_text(ask_many(database, bad, "revoked"), "revoked", "a hit");
    check(probe_runs(database) >= before + MANY, "a hit is not confirmed by a probe");
    close_database(database);
}

/* That no rule names a token is no answer where the token lacks what rules are asked by. */
static void filter_of_what_lacks(void)
{
    sqlite3 *database = new_file("lacks.db", "WAL");
    run(database, "CREATE VIRTUAL TABLE strict USING jwt_revocation(require='iat,sub');"
                  "INSERT INTO strict(jti) VALUES('x'); INSERT INTO revoked(jti) VALUES('x')");
    const char *good = token_of(database, "{\"jti\":\"good\",\"sub\":\"u\",\"iat\":800}");
    check_text(ask_many(database, good, "strict"), "ok", "at first");
    check_text(ask_many(database, good, "revoked"), "ok", "at first, nothing required");
    static const char *const claims[] = { "{\"jti\":\"good\",\"sub\":\"u\"}",
        "{\"jti\":\"good\",\"iat\":800}", "{\"jti\":\"good\"}", "{}" };
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
        const char *token = token_of(database, claims[i]);
        check_text(ask_many(database, token, "strict"), "revocation_unknown", claims[i]);
        check_text(ask_many(database, token, "revoked"), "ok", claims[i]);
    }
    run(database, "INSERT INTO revoked(kid) VALUES('stolen')");
    for (int i = 0; i < 3; i++) {
        check_text(ask_many(database, good, "revoked"), "revocation_unknown", "without kid");
    }
    close_database(database);
}

/* Whatever SQLite plans by: a statement that it prepares again for each value would never let a filter stand. */
static void prepared_once(void)
{
    sqlite3 *database = new_file("once.db", "WAL");
    const char *token = token_of(database, "{\"jti\":\"j1\",\"sub\":\"u\",\"aud\":\"a\"}");
    run(database,
        "INSERT INTO revoked(jti, expires_at) WITH n(n) AS (SELECT 1 UNION ALL SELECT n + 1 "
        "FROM n WHERE n < 2000) SELECT 'k' || n, 9e10 + n FROM n; INSERT INTO revoked(sub, aud) "
        "VALUES('v', 'a'); INSERT INTO revoked(sub, issued_before) VALUES('w', 5); ANALYZE");
    char *path = sqlite3_mprintf("%s", sqlite3_db_filename(database, "main"));
    close_database(database);
    database = open_database(path);
    sqlite3_free(path);
    int seen = 0;
    for (int round = 0; round < 3; round++) {
        check_text(ask_many(database, token, "revoked"), "ok", "the token");
        check_text(answer_of(database, token, "revoked"), "ok", "the token");
        check(number(database, "SELECT count(*) FROM revoked WHERE sub = 'v' OR jti = 'k%d'",
                  round) == 1 + (round > 0),
            "rules by column");
    }
    for (sqlite3_stmt *statement = NULL; (statement = sqlite3_next_stmt(database, statement));) {
        seen++;
        check(sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_REPREPARE, 0) == 0,
            "prepared again: %s", sqlite3_sql(statement));
    }
    check(seen >= 5, "only %d statements", seen);
    close_database(database);
}

static void filter_is_exact(void)
{
    sqlite3 *database = new_file("exact.db", "WAL");
    run(database,
        "INSERT INTO revoked(jti) WITH n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < "
        "1500) SELECT 'j' || n FROM n WHERE n %% 3 = 0;"
        "INSERT INTO revoked(jti, aud) WITH n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE "
        "n < 1500) SELECT 'j' || n, 'a' || (n %% 5) FROM n WHERE n %% 3 = 1;"
        "INSERT INTO revoked(aud, issued_before) VALUES('a4', 700);"
        "CREATE TABLE tokens AS WITH n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < "
        "3000) SELECT n, jwt_sign(json_object('jti', 'j' || n, 'aud', json_array('b', 'a' || (n "
        "%% 7)), 'iat', n %% 1400), " SECRET ") AS token FROM n");
    const char *wanted = ask(database,
        "SELECT group_concat(n) FROM tokens WHERE (n <= 1500 AND n %% 3 = 0) OR (n <= 1500 AND n "
        "%% 3 = 1 AND n %% 5 = n %% 7) OR (n %% 7 = 4 AND n %% 1400 < 700)");
    for (int round = 0; round < 3; round++) {
        check_text(
            ask(database, "SELECT group_concat(n) FROM tokens WHERE jwt_status(token, " SECRET
                          ", '{\"now\":5000,\"revoked_by\":\"revoked\"}') = 'revoked'"),
            wanted, "revoked_by");
        check_text(ask(database, "SELECT group_concat(n) FROM tokens AS t WHERE EXISTS (SELECT 1 "
                                 "FROM revoked WHERE token = t.token)"),
            wanted, "token =");
    }
    close_database(database);
}

/* Eight kinds, each of which hits one token in ten; two in ten have half of what some rule names. */
static void filter_of_many_kinds(void)
{
    sqlite3 *database = new_file("kinds.db", "WAL");
    run(database,
        "INSERT INTO revoked(jti) VALUES('x'); INSERT INTO revoked(sid) VALUES('x');"
        "INSERT INTO revoked(sub) VALUES('x'); INSERT INTO revoked(client_id) VALUES('x');"
        "INSERT INTO revoked(iss) VALUES('x'); INSERT INTO revoked(jti, sub) VALUES('y', 'y');"
        "INSERT INTO revoked(sub, iss) VALUES('y', 'y');"
        "INSERT INTO revoked(sid, client_id) VALUES('y', 'y');"
        "CREATE TABLE tokens AS WITH n(n, k) AS (SELECT 1, 1 UNION ALL SELECT n + 1, (n + 1) %% "
        "10 FROM n WHERE n < 1000) SELECT n, k, jwt_sign(json_object("
        "'jti', CASE k WHEN 0 THEN 'x' WHEN 5 THEN 'y' WHEN 8 THEN 'y' ELSE 'j' || n END,"
        "'sid', CASE k WHEN 1 THEN 'x' WHEN 7 THEN 'y' ELSE 's' || n END,"
        "'sub', CASE k WHEN 2 THEN 'x' WHEN 5 THEN 'y' WHEN 6 THEN 'y' ELSE 'u' || n END,"
        "'client_id', CASE k WHEN 3 THEN 'x' WHEN 7 THEN 'y' ELSE 'c' || n END,"
        "'iss', CASE k WHEN 4 THEN 'x' WHEN 6 THEN 'y' WHEN 8 THEN 'y' ELSE 'i' || n END), " SECRET
        ") AS token FROM n");
    for (int round = 0; round < 3; round++) {
        check(number(database, "SELECT count(*) FROM tokens WHERE (jwt_status(token, " SECRET
                               ", '{\"revoked_by\":\"revoked\"}') = 'revoked') <> (k < 8)") == 0,
            "revoked_by, round %d", round);
        check(number(database, "SELECT count(*) FROM tokens AS t WHERE EXISTS (SELECT 1 FROM "
                               "revoked WHERE token = t.token) <> (k < 8)") == 0,
            "token =, round %d", round);
    }
    close_database(database);
}

/* A claim is asked for as it reads, not as it is written. */
static void filter_of_what_is_escaped(void)
{
    static const char *const all = "SELECT count(*) FROM tokens WHERE jwt_status(token, " SECRET
                                   ", '{\"now\":1000,\"revoked_by\":\"%s\"}') = '%s'";
    sqlite3 *database = new_file("escaped.db", "WAL");
    run(database,
        "CREATE VIRTUAL TABLE keys USING jwt_revocation; INSERT INTO keys(kid) VALUES('x');"
        "INSERT INTO revoked(jti) VALUES('x'); INSERT INTO revoked(sub, iss) VALUES('x', 'y');"
        "CREATE TABLE tokens(token)");
    static const char *const claims[] = { "{\"jti\":\"\\u0078\"}", "{\"\\u006ati\":\"x\"}",
        "{\"j\\u0074i\":\"\\u0078\"}", "{\"sub\":\"\\u0078\",\"iss\":\"y\"}",
        "{\"sub\":\"x\",\"i\\u0073s\":\"\\u0079\"}" };
    int count = sizeof claims / sizeof *claims;
    for (int i = 0; i < count; i++) {
        run(database,
            "INSERT INTO tokens SELECT jws_sign(%Q, " SECRET ", '{\"kid\":\"x\"}') UNION ALL "
            "SELECT jws_sign('{\"jti\":\"good\"}', " SECRET ", '{\"kid\":\"\\u0078\"}')",
            claims[i]);
    }
    const char *good = token_of(database, "{\"jti\":\"good\"}");
    for (int round = 0; round < 3; round++) {
        check(number(database, all, "revoked", "revoked") == count, "claims, round %d", round);
        check(number(database, all, "revoked", "ok") == count, "no other token, round %d", round);
        check(number(database, all, "keys", "revoked") == 2 * count, "kid, round %d", round);
        check(number(database, "SELECT count(*) FROM tokens AS t WHERE EXISTS (SELECT 1 FROM "
                               "revoked WHERE token = t.token)") == count,
            "token =, round %d", round);
        check_text(ask_many(database, good, "revoked"), "ok", "the filter is built");
        check_text(ask_many(database, good, "keys"), "revocation_unknown", "that of the keys, too");
    }
    close_database(database);
}

/* A claim of any type is no reason to answer "ok". */
static void filter_of_wrong_types(void)
{
    static const char *const claims[] = { "{\"jti\":5}", "{\"jti\":null}", "{\"jti\":[\"x\"]}",
        "{\"sub\":{\"x\":\"x\"}}", "{\"sub\":true,\"iss\":\"x\"}", "{\"iss\":1,\"aud\":7}",
        "{\"aud\":[5]}", "{\"aud\":[\"x\",[\"x\"]]}", "{\"aud\":{\"x\":1}}", "{\"iat\":\"x\"}",
        "{\"iat\":[1],\"jti\":\"x\"}", "{\"j\\u0074i\":5}" };
    sqlite3 *database = new_file("types.db", "WAL");
    run(database,
        "CREATE VIRTUAL TABLE strict USING jwt_revocation(require='aud,iat,jti');"
        "INSERT INTO strict(jti) VALUES('x'); INSERT INTO strict(jti, sub) VALUES('x', 'x');"
        "INSERT INTO revoked(jti) VALUES('x'); INSERT INTO revoked(sub) VALUES('x');"
        "INSERT INTO revoked(iss, aud) VALUES('x', 'x'); INSERT INTO revoked(aud, "
        "issued_before) VALUES('x', 700)");
    const char *good = token_of(
        database, "{\"jti\":\"good\",\"sub\":\"u\",\"iss\":\"i\",\"aud\":\"a\",\"iat\":800}");
    check_text(ask_many(database, good, "revoked"), "ok", "at first");
    check_text(ask_many(database, good, "strict"), "ok", "at first, required claims");
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
        const char *token = ask(database, "SELECT jws_sign(%Q, " SECRET ")", claims[i]);
        check_text(status_of(database, token, "revoked"), "bad_claim", claims[i]);
        check_text(status_of(database, token, "strict"), "bad_claim", claims[i]);
    }
    check_text(status_of(database, token_of(database, "{\"j\\u0074i\":\"\\u0078\"}"), "revoked"),
        "revoked", "escapes");
    close_database(database);
}

static void own_rows_in_a_transaction(void)
{
    sqlite3 *database = new_file("own.db", "WAL");
    const char *token = token_of(database, "{\"jti\":\"j1\",\"sub\":\"u1\"}");
    run(database, "INSERT INTO revoked(jti) VALUES('a'), ('b')");
    check_text(ask_many(database, token, "revoked"), "ok", "at first");
    run(database, "BEGIN");
    check_text(ask_many(database, token, "revoked"), "ok", "in a transaction");
    run(database, "INSERT INTO revoked(jti) VALUES('j1')");
    check_text(status_of(database, token, "revoked"), "revoked", "after an INSERT");
    check_text(answer_of(database, token, "revoked"), "revoked", "by the table");
    run(database, "ROLLBACK");
    check_text(ask_many(database, token, "revoked"), "ok", "after ROLLBACK");
    run(database, "BEGIN; INSERT INTO revoked_rules(kind, sub, revoked_at) VALUES(4, 'u1', 0)");
    check_text(status_of(database, token, "revoked"), "revoked", "written to the shadow table");
    run(database, "SAVEPOINT s; DELETE FROM revoked_rules");
    check_text(status_of(database, token, "revoked"), "ok", "lifted in a savepoint");
    run(database, "ROLLBACK TO s");
    check_text(status_of(database, token, "revoked"), "revoked", "after ROLLBACK TO");
    run(database, "COMMIT");
    check_text(status_of(database, token, "revoked"), "revoked", "after COMMIT");
    close_database(database);
}

static void own_rows_in_a_statement(void)
{
    sqlite3 *database = new_file("returning.db", "WAL");
    const char *token = token_of(database, "{\"jti\":\"j1\"}");
    run(database, "INSERT INTO revoked(jti) VALUES('a'), ('b')");
    check_text(ask_many(database, token, "revoked"), "ok", "at first");
    sqlite3_stmt *statement = prepare(database,
        "INSERT INTO revoked_rules(kind, jti, revoked_at) VALUES(1, 'j0', 0), (1, 'j1', 0), (1, "
        "'j2', 0) RETURNING jwt_status(?1, " SECRET
        ", '{\"now\":1000,\"revoked_by\":\"revoked\"}')");
    sqlite3_bind_text(statement, 1, token, -1, SQLITE_TRANSIENT);
    check_text(next_verdict(statement), "ok", "the row before");
    check_text(next_verdict(statement), "revoked", "the row itself");
    check_text(next_verdict(statement), "revoked", "the row after");
    sqlite3_finalize(statement);
    close_database(database);
}

static void rollback_after_a_lift(void)
{
    sqlite3 *database = new_file("lift.db", "WAL");
    const char *token = token_of(database, "{\"jti\":\"j1\"}");
    run(database, "INSERT INTO revoked(jti) VALUES('j1'), ('a'), ('b')");
    run(database, "BEGIN; DELETE FROM revoked WHERE jti = 'j1'");
    check_text(ask_many(database, token, "revoked"), "ok", "lifted, and asked often");
    run(database, "ROLLBACK");
    check_text(ask_many(database, token, "revoked"), "revoked", "after ROLLBACK");
    run(database, "BEGIN; DELETE FROM revoked");
    check_text(ask_many(database, token, "revoked"), "ok", "all kinds lifted, and asked often");
    run(database, "ROLLBACK");
    check_text(status_of(database, token, "revoked"), "revoked", "after the second ROLLBACK");
    close_database(database);
}

/* In both journal modes, after a commit elsewhere, the next statement knows it. */
static void foreign_commit(void)
{
    static const char *const modes[] = { "WAL", "DELETE" };
    for (size_t i = 0; i < 2; i++) {
        sqlite3 *asker = new_file("foreign.db", modes[i]);
        sqlite3 *writer = open_database(sqlite3_db_filename(asker, "main"));
        const char *token = token_of(asker, "{\"jti\":\"j1\"}");
        run(writer, "INSERT INTO revoked(jti) VALUES('a'), ('b')");
        check_text(ask_many(asker, token, "revoked"), "ok", modes[i]);
        run(writer, "INSERT INTO revoked(jti) VALUES('j1')");
        check_text(status_of(asker, token, "revoked"), "revoked", "revoked elsewhere");
        check_text(ask_many(asker, token, "revoked"), "revoked", "and asked often");
        run(writer, "DELETE FROM revoked_rules");
        check_text(status_of(asker, token, "revoked"), "ok", "lifted elsewhere");
        close_database(writer);
        close_database(asker);
    }
}

/* Between two rows of a statement that reads no file, and so holds no snapshot. */
static void foreign_commit_between_rows(void)
{
    static const char *const modes[] = { "WAL", "DELETE" };
    for (size_t i = 0; i < 2; i++) {
        sqlite3 *asker = new_file("between.db", modes[i]);
        sqlite3 *writer = open_database(sqlite3_db_filename(asker, "main"));
        const char *token = token_of(asker, "{\"jti\":\"j1\"}");
        run(writer, "INSERT INTO revoked(jti) VALUES('a'), ('b')");
        sqlite3_stmt *verdicts = prepare_verdicts(asker, token, "revoked");
        for (int row = 0; row < MANY; row++) check_text(next_verdict(verdicts), "ok", modes[i]);
        run(writer, "INSERT INTO revoked(jti) VALUES('j1')");
        check_text(next_verdict(verdicts), "revoked", "revoked elsewhere");
        run(writer, "DELETE FROM revoked");
        check_text(next_verdict(verdicts), "ok", "lifted elsewhere");
        sqlite3_finalize(verdicts);
        close_database(writer);
        close_database(asker);
    }
}

/* Within a read transaction the snapshot stays what it is, and what is kept with it. */
static void snapshot_of_a_reader(void)
{
    sqlite3 *asker = new_file("reader.db", "WAL");
    sqlite3 *writer = open_database(sqlite3_db_filename(asker, "main"));
    const char *token = token_of(asker, "{\"jti\":\"j1\"}");
    run(writer, "INSERT INTO revoked(jti) VALUES('a')");
    run(asker, "BEGIN");
    check_text(ask_many(asker, token, "revoked"), "ok", "in the reader's transaction");
    run(writer, "INSERT INTO revoked(jti) VALUES('j1')");
    check_text(ask_many(asker, token, "revoked"), "ok", "of which it is a snapshot");
    check_text(answer_of(asker, token, "revoked"), "ok", "for the table as well");
    run(asker, "COMMIT");
    check_text(status_of(asker, token, "revoked"), "revoked", "and then not");
    close_database(writer);
    close_database(asker);
}

/* With shared cache and read_uncommitted, what is seen may be rolled back: none of it is kept. */
static void uncommitted_of_others(void)
{
    const char *path = scratch("shared.db");
    if (sqlite3_compileoption_used("OMIT_SHARED_CACHE")) {
        skip("this SQLite has no shared cache");
        return;
    }
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_SHAREDCACHE;
    sqlite3 *writer = open_with(path, flags, NULL), *asker = open_with(path, flags, NULL);
    run(writer, "CREATE VIRTUAL TABLE revoked USING jwt_revocation; CREATE TABLE t(a); "
                "INSERT INTO t VALUES(1), (2); INSERT INTO revoked(jti) VALUES('j1')");
    run(asker, "PRAGMA read_uncommitted = 1");
    const char *token = token_of(asker, "{\"jti\":\"j1\"}");
    sqlite3_stmt *reader = prepare(asker, "SELECT a FROM t");
    sqlite3_step(reader); /* a read transaction from here on */
    check_text(status_of(asker, token, "revoked"), "revoked", "at first");
    run(writer, "BEGIN; DELETE FROM revoked");
    check_text(ask_many(asker, token, "revoked"), "ok", "the lift that is not committed");
    run(writer, "ROLLBACK");
    check_text(ask_many(asker, token, "revoked"), "revoked", "after it was rolled back");
    sqlite3_finalize(reader);
    close_database(asker);
    close_database(writer);
}

/* ---- life ---- */

static void close_works(void)
{
    for (int how = 0; how < 4; how++) {
        sqlite3 *database = new_file("close.db", "WAL");
        const char *token = token_of(database, "{\"jti\":\"j1\"}");
        run(database, "INSERT INTO revoked(jti) VALUES('a')");
        if (how & 1) ask_many(database, token, "revoked");
        if (how & 2) answer_of(database, token, "revoked");
        run(database, "SELECT count(*) FROM revoked; DELETE FROM revoked WHERE jti = 'a'");
        close_database(database);
    }
}

/* A marked statement that outlives its table, and one that is finalized after a failed DROP. */
static void statements_outlive_tables(void)
{
    sqlite3 *database = open_database(":memory:");
    run(database, "CREATE VIRTUAL TABLE revoked USING jwt_revocation");
    const char *token = token_of(database, "{\"jti\":\"j1\"}");
    sqlite3_stmt *verdicts = prepare_verdicts(database, token, "revoked");
    check_text(next_verdict(verdicts), "ok", "at first");
    run(database, "DROP TABLE revoked");
    sqlite3_finalize(verdicts);
    run(database, "CREATE VIRTUAL TABLE revoked USING jwt_revocation");
    sqlite3_stmt *rows = prepare(database, "SELECT rule FROM revoked WHERE token = 'x'");
    check(sqlite3_step(rows) == SQLITE_ROW, "no row");
    check(try_run(database, "DROP TABLE revoked", NULL) == SQLITE_LOCKED, "dropped while read");
    sqlite3_finalize(rows);
    run(database, "DROP TABLE revoked");
    close_database(database);
}

/* sqlite3_next_stmt() shows hosts every statement of a connection: none may hold freed memory. */
static void statements_can_be_looked_at(void)
{
    sqlite3 *database = new_file("looked.db", "WAL");
    run(database, "INSERT INTO revoked(jti, sub) VALUES('a', 'b')");
    const char *token = token_of(database, "{\"jti\":\"j1\",\"sub\":\"u\\u0031\"}");
    int seen = 0;
    check_text(status_of(database, token, "revoked"), "ok", "the token");
    for (sqlite3_stmt *statement = NULL; (statement = sqlite3_next_stmt(database, statement));) {
        char *text = sqlite3_expanded_sql(statement);
        check(text != NULL && strstr(text, "j1") == NULL, "left in a statement: %s", text);
        sqlite3_free(text);
        seen++;
    }
    check(seen > 0, "no statement was kept");
    close_database(database);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        { "one question is one snapshot", one_snapshot },
        { "the filter answers alone", filter_answers_alone },
        { "the filter is exact", filter_is_exact },
        { "the filter, of many kinds", filter_of_many_kinds },
        { "the filter, of what is escaped", filter_of_what_is_escaped },
        { "the filter, of wrong types", filter_of_wrong_types },
        { "the filter, of what lacks", filter_of_what_lacks },
        { "prepared once", prepared_once },
        { "own rows in a transaction", own_rows_in_a_transaction },
        { "own rows in a statement", own_rows_in_a_statement },
        { "ROLLBACK after a lift", rollback_after_a_lift },
        { "a commit elsewhere", foreign_commit },
        { "a commit elsewhere between two rows", foreign_commit_between_rows },
        { "the snapshot of a reader", snapshot_of_a_reader },
        { "uncommitted rows of others", uncommitted_of_others },
        { "close works", close_works },
        { "statements outlive tables", statements_outlive_tables },
        { "statements can be looked at", statements_can_be_looked_at },
    };
    return harness_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
