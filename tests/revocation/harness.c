#include "harness.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEPT = 64 };

static int passed, failed, skipped;
static bool test_failed, test_skipped;

_Noreturn void give_up(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("FAILED: ", stdout);
    vprintf(format, arguments);
    putchar('\n');
    va_end(arguments);
    fflush(stdout);
    _exit(3);
}

bool check(bool holds, const char *format, ...)
{
    va_list arguments;
    if (holds) return true;
    test_failed = true;
    va_start(arguments, format);
    fputs("    ", stdout);
    vprintf(format, arguments);
    putchar('\n');
    va_end(arguments);
    return false;
}

bool check_text(const char *got, const char *wanted, const char *what)
{
    bool same = got == NULL || wanted == NULL ? got == wanted : strcmp(got, wanted) == 0;
    return check(same, "%s: expected %s, got %s", what, wanted != NULL ? wanted : "NULL",
        got != NULL ? got : "NULL");
}

void skip(const char *why)
{
    printf("skipped: %s\n", why);
    test_skipped = true;
}

bool is_long(void)
{
    const char *all = getenv("JWT_TEST_ALL");
    return all != NULL && *all != '\0';
}

static bool is_wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], name) == 0) return true;
    }
    return argc < 2;
}

int harness_main(int argc, char **argv, const struct test *tests, size_t count)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < count; i++) {
        if (!is_wanted(tests[i].name, argc, argv)) continue;
        test_failed = test_skipped = false;
        tests[i].run();
        if (test_failed) {
            printf("FAILED %s\n", tests[i].name);
            failed++;
        } else if (test_skipped) {
            skipped++;
        } else {
            printf("ok %s\n", tests[i].name);
            passed++;
        }
    }
    forget();
    if (passed + failed + skipped == 0) give_up("no such test");
    printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
    return failed > 0;
}

/* ---- files ---- */

const char *scratch(const char *name)
{
    static char paths[KEPT][512];
    static int next;
    static const char *const suffixes[] = { "-wal", "-shm", "-journal", "" };
    const char *folder = getenv("REVOCATION_SCRATCH");
    char *path = paths[next++ % KEPT];
    if (folder == NULL) folder = "build/revocation-scratch";
    mkdir("build", 0777);
    mkdir(folder, 0777);
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char companion[600];
        snprintf(companion, sizeof companion, "%s%s", path, suffixes[i]);
        unlink(companion);
    }
    return path;
}

void load_extension(sqlite3 *database)
{
    const char *extension = getenv("JWT_EXT");
    char *message = NULL;
    sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
    if (sqlite3_load_extension(
            database, extension != NULL ? extension : "./jwt_ext", NULL, &message) != SQLITE_OK) {
        give_up("loading the extension: %s", message);
    }
}

sqlite3 *open_with(const char *path, int flags, const char *vfs)
{
    sqlite3 *database = NULL;
    if (sqlite3_open_v2(path, &database, flags, vfs) != SQLITE_OK) {
        give_up("opening %s: %s", path, sqlite3_errmsg(database));
    }
    sqlite3_busy_timeout(database, 20000);
    load_extension(database);
    return database;
}

sqlite3 *open_database(const char *path)
{
    return open_with(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI, NULL);
}

void close_database(sqlite3 *database)
{
    check(sqlite3_close(database) == SQLITE_OK, "sqlite3_close: %s", sqlite3_errmsg(database));
}

/* ---- SQL ---- */

int try_run(sqlite3 *database, const char *sql, char **message)
{
    return sqlite3_exec(database, sql, NULL, NULL, message);
}

void run(sqlite3 *database, const char *format, ...)
{
    va_list arguments;
    char *sql, *message = NULL;
    va_start(arguments, format);
    sql = sqlite3_vmprintf(format, arguments);
    va_end(arguments);
    if (sqlite3_exec(database, sql, NULL, NULL, &message) != SQLITE_OK) {
        give_up("%s\n  in: %.400s", message, sql);
    }
    sqlite3_free(sql);
}

/* Each thread has its own. */
static _Thread_local char *kept[KEPT];
static _Thread_local int kept_next;

void forget(void)
{
    for (int i = 0; i < KEPT; i++) {
        free(kept[i]);
        kept[i] = NULL;
    }
}

static const char *keep(const char *text)
{
    char **slot = &kept[kept_next++ % KEPT];
    free(*slot);
    *slot = text != NULL ? strdup(text) : NULL;
    return *slot;
}

static const char *ask_list(sqlite3 *database, const char *format, va_list arguments)
{
    char *sql = sqlite3_vmprintf(format, arguments);
    sqlite3_stmt *statement = NULL;
    const char *answer = NULL;
    int rc = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW) {
        answer = keep((const char *)sqlite3_column_text(statement, 0));
    } else if (rc != SQLITE_DONE) {
        char *message = sqlite3_mprintf("error: %s", sqlite3_errmsg(database));
        answer = keep(message);
        sqlite3_free(message);
    }
    sqlite3_finalize(statement);
    sqlite3_free(sql);
    return answer;
}

const char *ask(sqlite3 *database, const char *format, ...)
{
    va_list arguments;
    const char *answer;
    va_start(arguments, format);
    answer = ask_list(database, format, arguments);
    va_end(arguments);
    return answer;
}

sqlite3_int64 number(sqlite3 *database, const char *format, ...)
{
    va_list arguments;
    const char *answer;
    va_start(arguments, format);
    answer = ask_list(database, format, arguments);
    va_end(arguments);
    if (answer == NULL || strncmp(answer, "error", 5) == 0) {
        give_up("no number from %s: %s", format, answer != NULL ? answer : "NULL");
    }
    return strtoll(answer, NULL, 10);
}

const char *token_of(sqlite3 *database, const char *claims)
{
    return ask(database, "SELECT jwt_sign(%Q, " SECRET ")", claims);
}

const char *status_of(sqlite3 *database, const char *token, const char *table)
{
    return ask(database,
        "SELECT jwt_status(%Q, " SECRET ", '{\"now\":1000,\"revoked_by\":\"%w\"}')", token, table);
}

const char *answer_of(sqlite3 *database, const char *token, const char *table)
{
    return ask(database,
        "SELECT coalesce((SELECT iif(reason LIKE 'unknown:%%', 'unknown', 'revoked') FROM %s "
        "WHERE token = %Q LIMIT 1), 'ok')",
        table, token);
}

/* ---- questions ---- */

sqlite3 *new_file(const char *name, const char *journal)
{
    sqlite3 *database = open_database(scratch(name));
    run(database,
        "PRAGMA journal_mode = %s; PRAGMA synchronous = OFF; "
        "CREATE VIRTUAL TABLE revoked USING jwt_revocation",
        journal);
    return database;
}

const char *ask_many(sqlite3 *database, const char *token, const char *table)
{
    return ask(database,
        "WITH RECURSIVE n(n) AS (SELECT count(*) * 0 FROM %w.sqlite_schema UNION ALL SELECT n + 1 "
        "FROM n WHERE n < %d) SELECT group_concat(DISTINCT jwt_status(%Q, " SECRET
        ", '{\"now\":1000,\"revoked_by\":\"%w\"}')) FROM n",
        strchr(table, '.') != NULL ? "aux" : "main", MANY, token, table);
}

sqlite3_stmt *prepare(sqlite3 *database, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK) {
        give_up("%s in: %s", sqlite3_errmsg(database), sql);
    }
    return statement;
}

sqlite3_stmt *prepare_verdicts(sqlite3 *database, const char *token, const char *table)
{
    char *sql = sqlite3_mprintf("WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n) "
                                "SELECT jwt_status(%Q, " SECRET
                                ", '{\"now\":1000,\"revoked_by\":\"%w\"}') FROM n",
        token, table);
    sqlite3_stmt *statement = prepare(database, sql);
    sqlite3_free(sql);
    return statement;
}

const char *next_verdict(sqlite3_stmt *statement)
{
    if (sqlite3_step(statement) != SQLITE_ROW) return "error";
    return (const char *)sqlite3_column_text(statement, 0);
}
