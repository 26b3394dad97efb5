/*
** The traps of a question that many things can cut short: commits between its probes, transactions
** that are rolled back, files that change under a name, statements that are prepared again.
**
** Each of these was fallen into by a prototype; `variants/` has the product without its fix, and
** tests/revocation/run shows that the test of the same name then fails.
*/
#include "harness.h"

#include <stdio.h>
#include <string.h>

enum { MANY = 300 }; /* questions after which the filter of a small table has been built */

/* ---- what the tests share ---- */

static sqlite3 *new_file(const char *name, const char *journal)
{
    sqlite3 *database = open_database(scratch(name));
    run(database,
        "PRAGMA journal_mode = %s; PRAGMA synchronous = OFF; "
        "CREATE VIRTUAL TABLE revoked USING jwt_revocation",
        journal);
    return database;
}

/* Asks about the token so often, in one statement that reads the file, that all is kept that can be. */
static const char *ask_many(sqlite3 *database, const char *token, const char *table)
{
    return ask(database,
        "WITH RECURSIVE n(n) AS (SELECT count(*) * 0 FROM %w.sqlite_schema UNION ALL SELECT n + 1 "
        "FROM n WHERE n < %d) SELECT group_concat(DISTINCT jwt_status(%Q, " SECRET
        ", '{\"now\":1000,\"revoked_by\":\"%w\"}')) FROM n",
        strchr(table, '.') != NULL ? "aux" : "main", MANY, token, table);
}

static unsigned data_version(sqlite3 *database, const char *schema)
{
    unsigned version = 0;
    sqlite3_file_control(database, schema, SQLITE_FCNTL_DATA_VERSION, &version);
    return version;
}

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

static sqlite3_stmt *prepare(sqlite3 *database, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK) {
        give_up("%s in: %s", sqlite3_errmsg(database), sql);
    }
    return statement;
}

/* A statement that gives a verdict a row without reading any file in between. */
static sqlite3_stmt *prepare_verdicts(sqlite3 *database, const char *token, const char *table)
{
    char *sql = sqlite3_mprintf("WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n) "
                                "SELECT jwt_status(%Q, " SECRET
                                ", '{\"now\":1000,\"revoked_by\":\"%w\"}') FROM n",
        token, table);
    sqlite3_stmt *statement = prepare(database, sql);
    sqlite3_free(sql);
    return statement;
}

/* The verdict of its next row, or "error". */
static const char *next_verdict(sqlite3_stmt *statement)
{
    if (sqlite3_step(statement) != SQLITE_ROW) return "error";
    return (const char *)sqlite3_column_text(statement, 0);
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

/* ---- names and files ---- */

/* Two files made by the same statements, one of which revokes. */
static void make_twins(const char **fine, const char **revoking)
{
    *fine = scratch("twin1.db");
    *revoking = scratch("twin2.db");
    for (int i = 0; i < 2; i++) {
        sqlite3 *database = open_database(i == 0 ? *fine : *revoking);
        run(database,
            "PRAGMA journal_mode = WAL; CREATE TABLE t(a); INSERT INTO t VALUES(1), (2); "
            "CREATE VIRTUAL TABLE revoked USING jwt_revocation; "
            "INSERT INTO revoked(jti) VALUES('a'), ('%s')",
            i == 0 ? "b" : "j1");
        close_database(database);
    }
}

/* Opens a read transaction on aux that lasts until the statement is finalized. */
static sqlite3_stmt *start_reading(sqlite3 *database)
{
    sqlite3_stmt *statement = prepare(database, "SELECT a FROM aux.t");
    if (sqlite3_step(statement) != SQLITE_ROW) give_up("no row in aux.t");
    return statement;
}

static void another_file_of_the_name(void)
{
    const char *fine, *revoking;
    make_twins(&fine, &revoking);
    sqlite3 *database = open_database(":memory:");
    const char *token = token_of(database, "{\"jti\":\"j1\"}");
    run(database, "ATTACH %Q AS aux", fine);
    sqlite3_stmt *reader = start_reading(database);
    check_text(ask_many(database, token, "aux.revoked"), "ok", "the first file");
    unsigned version = data_version(database, "aux");
    sqlite3_finalize(reader);
    /* Prepared and idle: it keeps SQLite from disconnecting the first table. */
    sqlite3_stmt *idle = prepare(database, "SELECT 1 FROM aux.revoked WHERE token = 'x'");
    sqlite3_step(idle);
    sqlite3_reset(idle);
    run(database, "DETACH aux; ATTACH %Q AS aux", revoking);
    reader = start_reading(database);
    check(data_version(database, "aux") == version,
        "the two files have data versions %u and %u: nothing is shown", version,
        data_version(database, "aux"));
    check_text(status_of(database, token, "aux.revoked"), "revoked", "the second file");
    check_text(answer_of(database, token, "aux.revoked"), "revoked", "by the table");
    sqlite3_finalize(reader);
    sqlite3_finalize(idle);
    close_database(database);
}

static void another_file_within_a_statement(void)
{
    const char *fine, *revoking;
    make_twins(&fine, &revoking);
    sqlite3 *database = open_database(":memory:");
    const char *token = token_of(database, "{\"jti\":\"j1\"}");
    run(database, "ATTACH %Q AS aux", fine);
    sqlite3_stmt *idle = prepare(database, "SELECT 1 FROM aux.revoked WHERE token = 'x'");
    sqlite3_step(idle);
    sqlite3_reset(idle);
    sqlite3_stmt *verdicts = prepare_verdicts(database, token, "aux.revoked");
    sqlite3_stmt *reader = start_reading(database);
    for (int i = 0; i < MANY; i++) check_text(next_verdict(verdicts), "ok", "the first file");
    unsigned version = data_version(database, "aux");
    sqlite3_finalize(reader);
    run(database, "DETACH aux; ATTACH %Q AS aux", revoking);
    reader = start_reading(database);
    check(data_version(database, "aux") == version, "the data versions differ: nothing is shown");
    check_text(next_verdict(verdicts), "revoked", "the second file, in the same statement");
    sqlite3_finalize(reader);
    sqlite3_finalize(verdicts);
    sqlite3_finalize(idle);
    close_database(database);
}

/* The older of two tables of one name goes: the younger one stays known. */
static void older_table_of_the_name_goes(void)
{
    const char *fine, *revoking;
    make_twins(&fine, &revoking);
    sqlite3 *database = open_database(":memory:");
    const char *token = token_of(database, "{\"jti\":\"j1\"}");
    run(database, "ATTACH %Q AS aux", fine);
    sqlite3_stmt *idle = prepare(database, "SELECT 1 FROM aux.revoked WHERE token = 'x'");
    sqlite3_step(idle);
    sqlite3_reset(idle);
    run(database, "DETACH aux; ATTACH %Q AS aux", revoking);
    check_text(status_of(database, token, "aux.revoked"), "revoked", "both are there");
    sqlite3_finalize(idle);
    check_text(status_of(database, token, "aux.revoked"), "revoked", "the older one is gone");
    check_text(ask_many(database, token, "aux.revoked"), "revoked", "and asked often");
    close_database(database);
}

/* ---- schema changes of others, while a statement runs ---- */

static void prepared_again_while_asking(void)
{
    sqlite3 *asker = new_file("ddl.db", "WAL");
    sqlite3 *writer = open_database(sqlite3_db_filename(asker, "main"));
    const char *token = token_of(asker, "{\"jti\":\"j1\"}");
    run(writer, "INSERT INTO revoked(jti) VALUES('a'), ('b')");
    sqlite3_stmt *verdicts = prepare_verdicts(asker, token, "revoked");
    for (int i = 0; i < 40; i++) {
        run(writer, "CREATE TABLE filler%d(a)", i);
        if (i == 20) run(writer, "INSERT INTO revoked(jti) VALUES('j1')");
        check_text(next_verdict(verdicts), i < 20 ? "ok" : "revoked", "after a CREATE TABLE");
    }
    sqlite3_finalize(verdicts);
    close_database(writer);
    close_database(asker);
}

static void table_replaced_while_asking(void)
{
    sqlite3 *asker = new_file("replaced.db", "WAL");
    sqlite3 *writer = open_database(sqlite3_db_filename(asker, "main"));
    const char *token = token_of(asker, "{\"jti\":\"j1\"}");
    run(writer, "INSERT INTO revoked(jti) VALUES('j1')");
    sqlite3_stmt *verdicts = prepare_verdicts(asker, token, "revoked");
    check_text(next_verdict(verdicts), "revoked", "at first");
    /* Tables of the same names and shape, but without rules. */
    run(writer, "BEGIN; CREATE TABLE shape AS SELECT sql FROM sqlite_schema WHERE name = "
                "'revoked_rules'; DROP TABLE revoked; CREATE TABLE revoked(token)");
    char *sql = sqlite3_mprintf("%s", ask(writer, "SELECT sql FROM shape"));
    run(writer, "%s; COMMIT", sql);
    sqlite3_free(sql);
    check_text(next_verdict(verdicts), "error", "a table that only has the name");
    sqlite3_finalize(verdicts);
    check(strstr(status_of(asker, token, "revoked"), "is no revocation table") != NULL,
        "the next statement: %s", status_of(asker, token, "revoked"));
    close_database(writer);
    close_database(asker);
}

static void dropped_while_asking(void)
{
    sqlite3 *database = new_file("dropped.db", "WAL");
    const char *token = token_of(database, "{\"jti\":\"j1\"}");
    sqlite3_stmt *verdicts = prepare_verdicts(database, token, "revoked");
    check_text(next_verdict(verdicts), "ok", "at first");
    run(database, "DROP TABLE revoked; CREATE VIRTUAL TABLE revoked USING jwt_revocation; "
                  "INSERT INTO revoked(jti) VALUES('j1')");
    check_text(next_verdict(verdicts), "revoked", "the new table of the name");
    run(database, "DROP TABLE revoked");
    check_text(next_verdict(verdicts), "error", "no table of the name");
    sqlite3_finalize(verdicts);
    close_database(database);
}

/* A token that fails earlier raises all the same when the name has lost its table. */
static void renamed_while_asking(void)
{
    sqlite3 *database = new_file("renamed.db", "WAL");
    sqlite3_stmt *verdicts = prepare_verdicts(database, "malformed", "revoked");
    check_text(next_verdict(verdicts), "malformed", "at first");
    run(database, "DROP TABLE revoked");
    check_text(next_verdict(verdicts), "error", "no table of the name");
    sqlite3_finalize(verdicts);
    close_database(database);
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
        { "own rows in a transaction", own_rows_in_a_transaction },
        { "own rows in a statement", own_rows_in_a_statement },
        { "ROLLBACK after a lift", rollback_after_a_lift },
        { "a commit elsewhere", foreign_commit },
        { "a commit elsewhere between two rows", foreign_commit_between_rows },
        { "the snapshot of a reader", snapshot_of_a_reader },
        { "uncommitted rows of others", uncommitted_of_others },
        { "another file of the same name", another_file_of_the_name },
        { "another file within a statement", another_file_within_a_statement },
        { "the older table of a name goes", older_table_of_the_name_goes },
        { "prepared again while asking", prepared_again_while_asking },
        { "replaced while asking", table_replaced_while_asking },
        { "dropped while asking", dropped_while_asking },
        { "dropped, and a token that fails before", renamed_while_asking },
        { "close works", close_works },
        { "statements outlive tables", statements_outlive_tables },
        { "statements can be looked at", statements_can_be_looked_at },
    };
    return harness_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
