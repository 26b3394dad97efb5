/*
** The option revoked_by names a table, and names change what they mean: other files are attached,
** tables are renamed, dropped and made anew, here or elsewhere, committed or not, while statements run
** and between them. `variants/` as in test_traps.c.
*/
#include "harness.h"

#include <stdio.h>
#include <string.h>

static unsigned data_version(sqlite3 *database, const char *schema)
{
    unsigned version = 0;
    sqlite3_file_control(database, schema, SQLITE_FCNTL_DATA_VERSION, &version);
    return version;
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

/* ---- a table is known by its name from one statement to the next ---- */

static const char not_there[] = "is no revocation table";

static void check_not_there(sqlite3 *database, const char *token, const char *table)
{
    const char *got = status_of(database, token, table);
    check(got != NULL && strstr(got, not_there) != NULL, "%s: %s", table, got);
    got = status_of(database, "malformed", table);
    check(got != NULL && strstr(got, not_there) != NULL, "%s, malformed: %s", table, got);
}

/* Prepared and idle: it keeps SQLite from disconnecting the table. */
static sqlite3_stmt *hold(sqlite3 *database, const char *table)
{
    char *sql = sqlite3_mprintf("SELECT 1 FROM %s WHERE token = 'x'", table);
    sqlite3_stmt *idle = prepare(database, sql);
    sqlite3_free(sql);
    sqlite3_step(idle);
    sqlite3_reset(idle);
    return idle;
}

static void known_and_renamed(void)
{
    sqlite3 *database = new_file("known.db", "WAL");
    const char *token = token_of(database, "{\"jti\":\"j1\"}");
    run(database, "INSERT INTO revoked(jti) VALUES('j1')");
    check_text(status_of(database, token, "revoked"), "revoked", "at first");
    sqlite3_stmt *idle = hold(database, "revoked");
    run(database, "ALTER TABLE revoked RENAME TO other");
    check_not_there(database, token, "revoked");
    check_text(status_of(database, token, "other"), "revoked", "by its new name");
    run(database, "BEGIN; ALTER TABLE other RENAME TO revoked");
    check_text(status_of(database, token, "revoked"), "revoked", "renamed in a transaction");
    check_not_there(database, token, "other");
    run(database, "ROLLBACK");
    check_not_there(database, token, "revoked");
    check_text(status_of(database, token, "other"), "revoked", "rolled back");
    sqlite3_finalize(idle);
    close_database(database);
}

/* Another table in its place, made elsewhere or here, committed or not: `held` by an idle statement or not. */
static void known_and_replaced(void)
{
    for (int how = 0; how < 8; how++) {
        bool elsewhere = how & 1, held = how & 2, reading = how & 4;
        sqlite3 *asker = new_file("known.db", "WAL");
        sqlite3 *writer = elsewhere ? open_database(sqlite3_db_filename(asker, "main")) : asker;
        const char *token = token_of(asker, "{\"jti\":\"j1\"}");
        run(asker, "CREATE TABLE t(a); INSERT INTO revoked(jti) VALUES('a')");
        check_text(ask_many(asker, token, "revoked"), "ok", "at first");
        sqlite3_stmt *idle = held ? hold(asker, "revoked") : NULL;
        run(writer,
            "DROP TABLE revoked; CREATE VIRTUAL TABLE revoked USING "
            "jwt_revocation(require='sub', leeway=5); INSERT INTO revoked(jti) VALUES('b')");
        if (reading) run(asker, "BEGIN; SELECT count(*) FROM t");
        check_text(status_of(asker, token, "revoked"), "revocation_unknown", "what it requires");
        check_text(ask_many(asker, token, "revoked"), "revocation_unknown", "asked often");
        const char *got = ask(asker, "SELECT jwt_status('x', " SECRET ", "
                                     "'{\"leeway\":6,\"revoked_by\":\"revoked\"}')");
        check(strstr(got, "leeway: 6 seconds are more than the 5") != NULL, "its leeway: %s", got);
        if (reading) run(asker, "COMMIT");
        run(writer, "DROP TABLE revoked; CREATE TABLE revoked(token)");
        if (reading) run(asker, "BEGIN; SELECT count(*) FROM t");
        check_not_there(asker, token, "revoked");
        if (reading) run(asker, "COMMIT");
        run(writer, "DROP TABLE revoked");
        got = status_of(asker, "malformed", "revoked");
        check(strstr(got, not_there) != NULL, "dropped, %d: %s", how, got);
        sqlite3_finalize(idle);
        if (elsewhere) close_database(writer);
        close_database(asker);
    }
}

static void known_and_rolled_back(void)
{
    sqlite3 *database = new_file("known.db", "WAL");
    const char *token = token_of(database, "{\"jti\":\"j1\"}");
    run(database, "INSERT INTO revoked(jti) VALUES('j1')");
    run(database, "BEGIN; CREATE VIRTUAL TABLE fresh USING jwt_revocation");
    check_text(status_of(database, token, "fresh"), "ok", "in the transaction that makes it");
    sqlite3_stmt *idle = hold(database, "fresh");
    run(database, "ROLLBACK");
    check_not_there(database, token, "fresh");
    sqlite3_finalize(idle);
    check_text(status_of(database, token, "revoked"), "revoked", "another table");
    run(database, "BEGIN; SAVEPOINT s; DROP TABLE revoked; CREATE TABLE revoked(token)");
    check_not_there(database, token, "revoked");
    run(database, "ROLLBACK TO s");
    check_text(status_of(database, token, "revoked"), "revoked", "after ROLLBACK TO");
    run(database, "COMMIT");
    close_database(database);
}

/* A statement that has found the table and asked nothing yet, when another file gets its name. */
static void known_and_never_asked(void)
{
    const char *fine, *revoking;
    make_twins(&fine, &revoking);
    sqlite3 *database = open_database(":memory:");
    const char *token = token_of(database, "{\"jti\":\"a\"}");
    run(database, "ATTACH %Q AS aux", fine);
    char *sql = sqlite3_mprintf(
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n) SELECT jwt_status(iif(n < "
        "3, 'malformed', %Q), " SECRET ", '{\"revoked_by\":\"aux.revoked\"}') FROM n",
        token);
    sqlite3_stmt *verdicts = prepare(database, sql);
    sqlite3_free(sql);
    sqlite3_stmt *idle = hold(database, "aux.revoked");
    check_text(next_verdict(verdicts), "malformed", "at first");
    check_text(next_verdict(verdicts), "malformed", "again");
    run(database, "DETACH aux; ATTACH %Q AS aux", revoking);
    run(database, "DROP TABLE aux.revoked; CREATE VIRTUAL TABLE aux.revoked USING "
                  "jwt_revocation(require='sub')");
    check_text(next_verdict(verdicts), "revocation_unknown", "by the other file's table");
    sqlite3_finalize(verdicts);
    sqlite3_finalize(idle);
    close_database(database);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        { "another file of the same name", another_file_of_the_name },
        { "another file within a statement", another_file_within_a_statement },
        { "the older table of a name goes", older_table_of_the_name_goes },
        { "prepared again while asking", prepared_again_while_asking },
        { "replaced while asking", table_replaced_while_asking },
        { "dropped while asking", dropped_while_asking },
        { "dropped, and a token that fails before", renamed_while_asking },
        { "known, and renamed", known_and_renamed },
        { "known, and replaced", known_and_replaced },
        { "known, and rolled back", known_and_rolled_back },
        { "known, and never asked", known_and_never_asked },
    };
    return harness_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
