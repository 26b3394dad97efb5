/*
** Disk full, I/O errors and locked files under the revocation table and the token store, at each place where
** they can come. A change is then whole or not there at all, what is revoked is never called fine, the file is
** sound, and when the fault is over the same statement works.
*/
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "operations.h"
#include "tests/revocation/harness.h"
#include "vfs.h"

#define NOW 1000
#define STATUS "jwt_status(token, " SECRET ", '{\"now\":1000,\"revoked_by\":\"revoked\"}')"

/* What is tried: one statement, and the answer to a question before and after it. */
static const struct change {
    const char *name;
    const char *sql; /* or a file of sql/ */
    const char *state;
    const char *before, *after;
} changes[] = {
    { "revoke", "INSERT INTO revoked(token, reason) SELECT token, 'logout' FROM mine",
        "SELECT " STATUS " FROM mine", "ok", "revoked" },
    { "lift", "DELETE FROM revoked WHERE jti = 'j1'", "SELECT " STATUS " FROM theirs", "revoked",
        "ok" },
    { "change", "UPDATE revoked SET reason = 'changed'",
        "SELECT group_concat(DISTINCT reason) FROM revoked", "logout", "changed" },
    { "rename", "ALTER TABLE other RENAME TO another",
        "SELECT group_concat(name) FROM (SELECT name FROM sqlite_schema WHERE name GLOB '*other_rules' "
        "ORDER BY name)",
        "other_rules", "another_rules" },
    { "drop", "DROP TABLE other", "SELECT count(*) FROM sqlite_schema WHERE name GLOB 'other*'",
        "3", "0" },
    { "ask by option", "SELECT " STATUS " FROM theirs", "SELECT " STATUS " FROM theirs", "revoked",
        "revoked" },
    { "ask the table",
        "SELECT CASE WHEN NOT EXISTS (SELECT 1 FROM revoked WHERE token = theirs.token) THEN 'ok' ELSE "
        "'revoked' END FROM theirs",
        "SELECT " STATUS " FROM theirs", "revoked", "revoked" },
    { "log in", "sql/login.sql", "SELECT count(*) FROM jwt_session", "1", "2" },
    { "refresh", "sql/refresh.sql", "SELECT gen FROM jwt_session", "0", "1" },
    { "log out", "sql/logout.sql",
        "SELECT count(revoked_at) || (SELECT count(*) FROM jwt_event WHERE kind = "
        "'revoked') FROM jwt_session",
        "00", "11" },
    { "create a key", "sql/create_key.sql", "SELECT count(*) FROM jwt_key", "2", "3" },
};

enum { CHANGES = sizeof changes / sizeof *changes };

static const struct fault_kind {
    const char *name;
    int operations, code;
} fault_kinds[] = {
    { "the disk is full", VFS_WRITE, SQLITE_FULL },
    { "an I/O error", VFS_ALL, SQLITE_IOERR },
    { "the file is locked", VFS_LOCK, SQLITE_BUSY },
};

/* ---- statements of the store ---- */

static char *sql_of(const char *sql)
{
    char *text = calloc(1, 65536);
    FILE *file = strncmp(sql, "sql/", 4) == 0 ? fopen(sql, "r") : NULL;
    if (file == NULL) {
        snprintf(text, 65536, "%s", sql);
    } else {
        if (fread(text, 1, 65535, file) == 0) give_up("%s is empty", sql);
        fclose(file);
    }
    return text;
}

static char refresh_token[2000], session[200];

/* Binds what the statements of the store name; the rest stays NULL. */
static void bind_all(sqlite3_stmt *statement)
{
    const struct {
        const char *name, *value;
    } values[] = {
        { ":token", refresh_token },
        { ":sid", session },
        { ":sub", "u1" },
        { ":use", "access" },
    };
    bool is_login = strstr(sqlite3_sql(statement), "INSERT INTO main.jwt_session") != NULL;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        int index = sqlite3_bind_parameter_index(statement, values[i].name);
        if (is_login && strcmp(values[i].name, ":sid") == 0) continue; /* a new one */
        if (index > 0) sqlite3_bind_text(statement, index, values[i].value, -1, SQLITE_STATIC);
    }
    int now = sqlite3_bind_parameter_index(statement, ":now");
    if (now > 0) sqlite3_bind_int(statement, now, NOW);
}

/* Runs one statement to its end; SQLite's code, SQLITE_OK where it went well. `out`: its first column. */
static int run_one(sqlite3 *database, const char *sql, char *out, size_t size)
{
    char *text = sql_of(sql);
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(database, text, -1, &statement, NULL);
    free(text);
    snprintf(out, size, "error: %s", code == SQLITE_OK ? "" : sqlite3_errmsg(database));
    if (code == SQLITE_OK) {
        bind_all(statement);
        code = operation_step(statement, out, size);
    }
    int finalized = sqlite3_finalize(statement);
    return code == SQLITE_DONE ? finalized : code;
}

/* ---- the file that each attempt begins with ---- */

static void make_template(const char *path, const char *journal)
{
    sqlite3 *database = open_database(path);
    char *store = sql_of("sql/token_store.sql"), out[4000];
    run(database, "PRAGMA journal_mode = %s", journal);
    run(database,
        "CREATE VIRTUAL TABLE revoked USING jwt_revocation; CREATE VIRTUAL TABLE other USING "
        "jwt_revocation; INSERT INTO revoked(jti, reason) VALUES('j1', 'logout'); CREATE TABLE mine AS "
        "SELECT jwt_sign('{\"jti\":\"j0\"}', " SECRET ") AS token; CREATE TABLE theirs AS SELECT "
        "jwt_sign('{\"jti\":\"j1\"}', " SECRET ") AS token");
    run(database, "%s", store);
    free(store);
    run_one(database, "sql/create_key.sql", out, sizeof out);
    store = sql_of("sql/create_key.sql");
    sqlite3_stmt *statement = NULL;
    sqlite3_prepare_v2(database, store, -1, &statement, NULL);
    sqlite3_bind_text(
        statement, sqlite3_bind_parameter_index(statement, ":use"), "refresh", -1, SQLITE_STATIC);
    while (sqlite3_step(statement) == SQLITE_ROW) continue;
    sqlite3_finalize(statement);
    free(store);
    store = sql_of("sql/login.sql");
    sqlite3_prepare_v2(database, store, -1, &statement, NULL);
    bind_all(statement);
    if (sqlite3_step(statement) != SQLITE_ROW) give_up("login: %s", sqlite3_errmsg(database));
    for (int i = 0; i < sqlite3_column_count(statement); i++) {
        const char *value = (const char *)sqlite3_column_text(statement, i);
        const char *name = sqlite3_column_name(statement, i);
        if (strcmp(name, "refresh_token") == 0) {
            snprintf(refresh_token, sizeof refresh_token, "%s", value);
        }
        if (strcmp(name, "sid") == 0) snprintf(session, sizeof session, "%s", value);
    }
    sqlite3_step(statement);
    sqlite3_finalize(statement);
    free(store);
    close_database(database);
}

static void copy_file(const char *from, const char *to)
{
    char bytes[65536];
    int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    ssize_t size;
    while ((size = read(in, bytes, sizeof bytes)) > 0) {
        if (write(out, bytes, (size_t)size) != size) give_up("no room for %s", to);
    }
    close(in);
    close(out);
}

/* ---- one attempt ---- */

static bool is_fair_code(int code)
{
    switch (code & 0xff) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_CANTOPEN:
    case SQLITE_PROTOCOL: return true; /* the last: a WAL whose locks cannot be had */
    default: return false;
    }
}

static void expect_sound(sqlite3 *database, const char *where)
{
    char out[400];
    run_one(database, "PRAGMA integrity_check", out, sizeof out);
    check_text(out, "ok", where);
}

/* True where the fault was met. */
static bool attempt(const struct change *change, const struct fault_kind *kind, const char *journal,
    const char *template, long at, bool lasting)
{
    char out[4000], state[400], where[400];
    const char *path = scratch("faulty.db");
    copy_file(template, path);
    sqlite3 *database = open_with(path, SQLITE_OPEN_READWRITE, FAULTY_VFS);
    sqlite3_busy_timeout(database, 0);
    snprintf(where, sizeof where, "%s, %s, %s at %ld%s", change->name, journal, kind->name, at,
        lasting ? " and on" : "");
    vfs_fail(at, kind->operations, kind->code, lasting);
    int code = run_one(database, change->sql, out, sizeof out);
    bool reached = vfs_heal();
    bool is_question = strcmp(change->before, change->after) == 0;
    check(code == SQLITE_OK || is_fair_code(code), "%s: code %d, %s", where, code, out);
    check(!is_question || code != SQLITE_OK || strcmp(out, change->after) == 0, "%s: says %s",
        where, out);
    if (!sqlite3_get_autocommit(database)) run(database, "ROLLBACK");
    run_one(database, change->state, state, sizeof state);
    bool is_before = strcmp(state, change->before) == 0,
         is_after = strcmp(state, change->after) == 0;
    check(code == SQLITE_OK ? is_after : is_before || is_after, "%s: code %d, then %s", where, code,
        state);
    expect_sound(database, where);
    if (!is_after) {
        code = run_one(database, change->sql, out, sizeof out);
        check(code == SQLITE_OK, "%s: again: %s", where, out);
    } else if (strcmp(change->name, "refresh") == 0) {
        /* Whether or not the answer got through: the same token is answered with its successor. */
        run_one(database, change->sql, out, sizeof out);
        check_text(out, "replayed", where);
    }
    close_database(database);
    database = open_database(path);
    run_one(database, change->state, state, sizeof state);
    check_text(state, change->after, where);
    expect_sound(database, where);
    close_database(database);
    return reached;
}

static void sweep(const char *journal)
{
    char template[200];
    snprintf(template, sizeof template, "%s", scratch("template.db"));
    make_template(template, journal);
    for (size_t k = 0; k < sizeof fault_kinds / sizeof *fault_kinds; k++) {
        long met = 0;
        for (size_t c = 0; c < CHANGES; c++) {
            for (int lasting = 0; lasting < 2; lasting++) {
                long at = 1 + (is_long() ? 0 : (long)(c + k) % 3);
                while (attempt(&changes[c], &fault_kinds[k], journal, template, at, lasting != 0)) {
                    at += is_long() ? 1 : 4;
                    met++;
                }
            }
        }
        printf("    %s, %s: %ld times\n", journal, fault_kinds[k].name, met);
        check(met > CHANGES, "%s was hardly met", fault_kinds[k].name);
    }
}

static void with_rollback_journal(void)
{
    sweep("delete");
}

static void with_write_ahead_log(void)
{
    sweep("wal");
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        { "with a rollback journal", with_rollback_journal },
        { "with a write-ahead log", with_write_ahead_log },
    };
    vfs_install();
    return harness_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
