/*
** Each allocation of SQLite, OpenSSL, cJSON and our own fails, alone or with all that follow, in each
** operation, with each kind of key. What comes out is the right answer or "out of memory", and nothing else;
** nothing leaks; OpenSSL's error queue is empty; and the same statement is answered rightly right after.
**
** To look at one failure: JWT_TEST_ALL=1 FAULTS_SQL='part of the statement' FAULTS_KEY=ES256 FAULTS_AT=71
** FAULTS_MOST=20: each allocation alone of the statements that are tried with one key, and so many of all others.
*/
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocators.h"
#include "operations.h"
#include "tests/revocation/harness.h"

/* OpenSSL keeps the texts of its last sixteen errors in blocks that stay: they are made now. */
static void fill_error_queue(void)
{
    for (int i = 0; i < 64; i++) ERR_raise_data(ERR_LIB_USER, 1, "%0100d", i);
    ERR_clear_error();
}

/* ---- one statement under one fault ---- */

/*
** WARM: the statement has run before, so that all caches know it. UTF16: the database has this encoding, so that
** every text that a function reads is converted first.
*/
enum readiness { FRESH, WARM, UTF16 };

static const char *const readiness_names[] = { "a new one", "a warm statement", "UTF-16" };

struct attempt {
    const struct operation *operation;
    const struct material *material;
    enum readiness readiness;
    bool lasting;
    const char *expected;
    long at; /* 0: nothing fails */
    /* what came of it */
    bool reached;     /* something failed */
    bool said_memory; /* and was said to have */
    long allocations; /* within the statement */
    char answer[ANSWER_BYTES];
};

static void attempt_failed(const struct attempt *attempt, const char *what, const char *got)
{
    check(false, "%s, %s, allocation %ld of %s, %s, %s: %s: %.300s (expected %.300s)",
        attempt->material->name, attempt->operation->sql, attempt->at,
        readiness_names[attempt->readiness], attempt->lasting ? "and all after" : "alone",
        attempt->operation->name, what, got, attempt->expected != NULL ? attempt->expected : "?");
}

/* Runs the statement while something fails. */
static int run_under_fault(sqlite3 *database, struct attempt *attempt)
{
    const struct operation *operation = attempt->operation;
    sqlite3_stmt *statement = NULL;
    long before;
    int code = SQLITE_OK;
    if (attempt->readiness == WARM) {
        code = operation_prepare(database, operation->sql, attempt->material, NULL, &statement);
        if (code == SQLITE_OK) {
            operation_step(statement, attempt->answer, sizeof attempt->answer);
            sqlite3_reset(statement);
        }
    }
    before = allocators_count();
    allocators_fail(attempt->at, attempt->lasting);
    if (attempt->readiness != WARM) {
        code = operation_prepare(database, operation->sql, attempt->material, NULL, &statement);
    }
    if (code == SQLITE_OK)
        code = operation_step(statement, attempt->answer, sizeof attempt->answer);
    if (code != SQLITE_DONE) {
        snprintf(attempt->answer, sizeof attempt->answer, "error: %s", sqlite3_errmsg(database));
    }
    sqlite3_finalize(statement);
    attempt->reached = allocators_heal();
    attempt->allocations = allocators_count() - before;
    return code;
}

/* The answer that counts, of the statement or of its judge. */
static void judge(sqlite3 *database, struct attempt *attempt)
{
    char result[ANSWER_BYTES];
    if (attempt->operation->judge == NULL) return;
    memcpy(result, attempt->answer, sizeof result);
    operation_run(database, attempt->operation->judge, attempt->material, result, attempt->answer,
        sizeof attempt->answer);
}

/*
** Where the text of an error finds no memory in SQLite itself, the error stays, and SQLite says only that.
*/
static bool lost_its_text(const struct attempt *attempt)
{
    return strncmp(attempt->expected, "error: ", 7) == 0 &&
           strcmp(attempt->answer, "error: SQL logic error") == 0;
}

static void expect_answer(struct attempt *attempt, const char *when)
{
    if (attempt->at > 0 && attempt->reached && lost_its_text(attempt)) return;
    if (attempt->expected != NULL && strcmp(attempt->answer, attempt->expected) != 0) {
        attempt_failed(attempt, when, attempt->answer);
    }
}

/* After the fault: the same is answered rightly, and the database is sound. */
static void expect_recovery(sqlite3 *database, struct attempt *attempt)
{
    char sound[200];
    if (attempt->said_memory || attempt->operation->kind != SINGLE) {
        operation_run(database, attempt->operation->sql, attempt->material, NULL, attempt->answer,
            sizeof attempt->answer);
        judge(database, attempt);
        expect_answer(attempt, "right after");
    }
    operation_run(database, "PRAGMA integrity_check", attempt->material, NULL, sound, sizeof sound);
    if (strcmp(sound, "ok") != 0) attempt_failed(attempt, "the database", sound);
}

static void expect_nothing_lost(
    const struct attempt *attempt, struct outstanding before, struct outstanding after)
{
    char lost[100];
    if (memcmp(&before, &after, sizeof before) == 0) return;
    snprintf(lost, sizeof lost, "SQLite %ld, OpenSSL %ld, cJSON %ld", after.sqlite - before.sqlite,
        after.openssl - before.openssl, after.cjson - before.cjson);
    attempt_failed(attempt, "blocks are lost", lost);
}

/* The second text is SQLite's own, where it finds no memory for a TEMP database. */
static bool says_memory(const char *answer)
{
    return strstr(answer, "out of memory") != NULL ||
           strstr(answer, "unable to open a temporary database file") != NULL;
}

static void try_once(struct attempt *attempt)
{
    struct outstanding before = allocators_outstanding();
    sqlite3 *database = open_database(":memory:");
    if (attempt->readiness == UTF16) run(database, "PRAGMA encoding = 'UTF-16le'");
    if (attempt->operation->before != NULL) run(database, "%s", attempt->operation->before);
    int code = run_under_fault(database, attempt);
    attempt->said_memory = is_no_memory(code);
    if (!attempt->said_memory) {
        if (code == SQLITE_DONE) judge(database, attempt);
        expect_answer(attempt, "under the fault");
    } else if (code == SQLITE_NOMEM && !says_memory(attempt->answer)) {
        attempt_failed(attempt, "the message", attempt->answer);
    }
    if (ERR_peek_error() != 0) attempt_failed(attempt, "OpenSSL's queue", "is not empty");
    ERR_clear_error();
    if (attempt->at > 0) expect_recovery(database, attempt);
    close_database(database);
    /* The first time OpenSSL makes what it keeps. */
    if (attempt->at > 0) expect_nothing_lost(attempt, before, allocators_outstanding());
}

/* ---- the sweep ---- */

struct tally {
    long operations, allocations, tried, said_memory;
};

/* How many of a statement's allocations fail: every one, unless the run is to be short. */
static long most_of(const struct attempt *attempt, long allocations)
{
    const struct operation *operation = attempt->operation;
    const char *asked = getenv("FAULTS_MOST");
    if (operation->kind == COSTLY) return is_long() ? 60 : 2;
    if (is_long()) return allocations;
    if (asked == NULL) return 8;
    return operation->keys == EACH_KEY || attempt->lasting ? atol(asked) : allocations;
}

static void sweep(struct attempt *attempt, size_t salt, struct tally *tally)
{
    static char clean[ANSWER_BYTES];
    attempt->at = 0;
    /* In UTF-16 a BLOB that is cast to TEXT is another text. */
    attempt->expected = attempt->readiness == UTF16 ? NULL : attempt->operation->expected;
    try_once(attempt); /* what OpenSSL makes once stays out of the count */
    memcpy(clean, attempt->answer, sizeof clean);
    attempt->expected = clean;
    try_once(attempt);
    if (attempt->operation->judge != NULL && attempt->readiness != UTF16 &&
        strncmp(clean, "error", 5) == 0) {
        attempt_failed(attempt, "without any fault", clean);
    }
    long allocations = attempt->allocations, most = most_of(attempt, allocations),
         stride = allocations <= most ? 1 : allocations / most;
    tally->operations++;
    tally->allocations += allocations;
    for (long at = 1 + (long)salt % stride; at <= allocations; at += stride) {
        attempt->at = at;
        if (getenv("FAULTS_AT") != NULL && atol(getenv("FAULTS_AT")) != at) continue;
        try_once(attempt);
        tally->tried += attempt->reached;
        tally->said_memory += attempt->said_memory;
    }
}

/* Whoever looks for one fault names a part of what is to be tried in the environment. */
static bool is_asked(const char *variable, const char *text)
{
    const char *asked = getenv(variable);
    return asked == NULL || strstr(text, asked) != NULL;
}

static void sweep_all(enum readiness readiness, bool lasting)
{
    struct tally tally = { 0 };
    for (size_t i = 0; i < operation_count; i++) {
        const struct operation *operation = &operations[i];
        if (readiness == WARM && (operation->kind == SINGLE || operation->kind == COSTLY)) continue;
        if (readiness == UTF16 && operation->keys == EACH_KEY) continue;
        for (size_t j = 0; j < operation_materials(operation); j++) {
            struct attempt attempt = { .operation = operation,
                .material = material_at(j),
                .readiness = readiness,
                .lasting = lasting };
            if (!is_asked("FAULTS_SQL", operation->sql)) continue;
            if (!is_asked("FAULTS_KEY", attempt.material->name)) continue;
            sweep(&attempt, 7 * i + 3 * j, &tally);
        }
    }
    printf(
        "    %ld operations of %ld allocations: %ld were made to fail %s, %ld times the answer was "
        "\"out of memory\", else the right one\n",
        tally.operations, tally.allocations, tally.tried, lasting ? "with all after" : "alone",
        tally.said_memory);
    check(tally.said_memory > tally.tried / 4, "the faults were hardly met");
}

static void one_fails(void)
{
    sweep_all(FRESH, false);
}

static void all_fail(void)
{
    sweep_all(FRESH, true);
}

static void one_fails_in_utf16(void)
{
    sweep_all(UTF16, false);
}

static void one_fails_when_warm(void)
{
    sweep_all(WARM, false);
}

static void all_fail_when_warm(void)
{
    sweep_all(WARM, true);
}

/* ---- the entry points ---- */

static long jwt_names(sqlite3 *database)
{
    char count[100];
    operation_run(database,
        "SELECT (SELECT count(*) FROM pragma_function_list WHERE name GLOB 'jw[tsk]*') + (SELECT count(*) "
        "FROM pragma_module_list WHERE name GLOB 'jw[tk]*')",
        material_at(0), NULL, count, sizeof count);
    return atol(count);
}

/* Loads by an entry point while something fails: all is there afterwards, or nothing. */
static bool load_under_fault(const char *entry_point, long at, bool lasting, long whole)
{
    const char *extension = getenv("JWT_EXT");
    struct outstanding before = allocators_outstanding();
    sqlite3 *database = NULL;
    char *message = NULL;
    sqlite3_open(":memory:", &database);
    sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
    allocators_fail(at, lasting);
    int code = sqlite3_load_extension(
        database, extension != NULL ? extension : "./jwt_ext", entry_point, &message);
    bool reached = allocators_heal();
    long names = jwt_names(database);
    /* Where SQLite finds no room to note the library, all is registered, and the library stays. */
    bool is_fair = code == SQLITE_OK      ? names == whole
                   : code == SQLITE_NOMEM ? names == 0 || names == whole
                                          : names == 0;
    check(is_fair, "%s, allocation %ld %s: code %d, %ld names", entry_point, at,
        lasting ? "and all after" : "alone", code, names);
    if (code != SQLITE_OK && message != NULL && strstr(message, "out of memory") == NULL) {
        check(false, "%s, allocation %ld: %s", entry_point, at, message);
    }
    sqlite3_free(message);
    if (code != SQLITE_OK) {
        code = sqlite3_load_extension(
            database, extension != NULL ? extension : "./jwt_ext", entry_point, NULL);
        check(code == SQLITE_OK && jwt_names(database) == whole, "loading again");
    }
    char answer[ANSWER_BYTES];
    operation_run(
        database, "SELECT jwt_verify(:good, :public)", material_at(0), NULL, answer, sizeof answer);
    check_text(answer, "1", "what was loaded");
    close_database(database);
    struct outstanding after = allocators_outstanding();
    check(memcmp(&before, &after, sizeof before) == 0,
        "%s, allocation %ld: %ld and %ld blocks are lost", entry_point, at,
        after.sqlite - before.sqlite, after.openssl - before.openssl);
    return reached;
}

static void entry_points(void)
{
    static const char *const names[] = { "sqlite3_jwtext_init", "sqlite3_jwtverify_init" };
    for (size_t i = 0; i < 2; i++) {
        sqlite3 *database = NULL;
        sqlite3_open(":memory:", &database);
        sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
        const char *extension = getenv("JWT_EXT");
        sqlite3_load_extension(
            database, extension != NULL ? extension : "./jwt_ext", names[i], NULL);
        long whole = jwt_names(database), at = 1;
        close_database(database);
        while (load_under_fault(names[i], at, false, whole) &&
               load_under_fault(names[i], at, true, whole)) {
            at++;
        }
        printf("    %s: each of %ld allocations was made to fail\n", names[i], at - 1);
        check(whole > 30 && at > 80, "%s: %ld names, %ld allocations", names[i], whole, at);
    }
}

static void table_is_whole(void)
{
    sqlite3 *with = open_database(":memory:"), *without = NULL;
    sqlite3_open(":memory:", &without);
    check_text(
        operations_missing(with, without), NULL, "functions and tables that no operation names");
    close_database(without);
    close_database(with);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        { "the table of operations is whole", table_is_whole },
        { "the entry points", entry_points },
        { "one allocation fails", one_fails },
        { "all fail from one on", all_fail },
        { "one fails, a database of UTF-16", one_fails_in_utf16 },
        { "one fails, caches warm", one_fails_when_warm },
        { "all fail from one on, caches warm", all_fail_when_warm },
    };
    allocators_install();
    sqlite3 *keeps_library = open_database(":memory:");
    if (!allocators_hook_cjson()) puts("skipped: cJSON: the extension has its own inside");
    materials_make();
    fill_error_queue();
    int status = harness_main(argc, argv, tests, sizeof tests / sizeof *tests);
    materials_free();
    close_database(keeps_library);
    return status;
}
