/*
** run_vectors.c - the extension against vectors that others published.
**
** Loads the extension as SQLite's users do ($JWT_EXT, else ./jwt_ext), and asks
** it about every case of the files in $JWT_VECTORS, else ../shared/vectors,
** whose README.md says which file goes to which function. The vectors are not
** ours and not in this tree: where they are absent, the program says so.
*/
#include "run.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "corpus.h"
#include "expectations.h"
#include "report.h"
#include "suites.h"

static const struct {
    const char *name;
    void (*run)(struct run *run);
} suites[] = {
    { "wycheproof tokens", suite_wycheproof_tokens },
    { "wycheproof signatures", suite_wycheproof_signatures },
    { "JSONTestSuite", suite_json },
    { "JOSE cookbook", suite_cookbook },
    { "RFC examples", suite_rfc },
    { "golang-jwt", suite_golang },
    { "nginx-auth-jwt", suite_nginx },
    { "PyJWT keys", suite_pyjwt },
    { "ML-DSA for JOSE", suite_ml_dsa },
};

static void print_counts(const struct run *run)
{
    printf("%u passed, %u failed", run->passed, run->failed);
    if (run->skipped > 0) printf(", %u skipped", run->skipped);
    printf("\n");
}

void run_stop(struct run *run, const char *format, ...)
{
    va_list arguments;
    printf("failed: %s: ", run->suite != NULL ? run->suite : "at the start");
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    run->failed++;
    print_counts(run);
    exit(1);
}

sqlite3_stmt *run_prepare(struct run *run, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(run->db, sql, -1, &statement, NULL) != SQLITE_OK) {
        run_stop(run, "%s: %s", sqlite3_errmsg(run->db), sql);
    }
    return statement;
}

bool run_step(struct run *run, sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        run_stop(run, "%s: %s", sqlite3_errmsg(run->db), sqlite3_sql(statement));
    }
    return code == SQLITE_ROW;
}

const char *run_text(sqlite3_stmt *statement, int column)
{
    return (const char *)sqlite3_column_text(statement, column);
}

static void open_database(struct run *run)
{
    const char *extension = getenv("JWT_EXT");
    char *message = NULL;
    if (sqlite3_open(":memory:", &run->db) != SQLITE_OK) run_stop(run, "no database");
    sqlite3_db_config(run->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
    if (sqlite3_load_extension(
            run->db, extension != NULL ? extension : "./jwt_ext", NULL, &message) != SQLITE_OK) {
        run_stop(run, "the extension does not load: %s", message);
    }
}

static void run_suites(struct run *run)
{
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++) {
        run->suite = suites[i].name;
        for (int pretence = HONEST; pretence < PRETENCE_COUNT; pretence++) {
            run->pretence = (enum pretence)pretence;
            suites[i].run(run);
        }
        run->pretence = HONEST;
    }
    run->suite = NULL;
}

int main(void)
{
    struct run run = { 0 };
    const char *folder = getenv("JWT_VECTORS");
    open_database(&run);
    if (!corpus_open(&run, folder != NULL ? folder : "../shared/vectors")) {
        if (folder != NULL) run_stop(&run, "no SHA256SUMS in $JWT_VECTORS (%s)", folder);
        printf("skipped: no vectors\n0 passed, 0 failed, 1 skipped\n");
        sqlite3_close(run.db);
        return 0;
    }
    expectations_load(&run);
    run_suites(&run);
    expectations_check(&run);
    corpus_check(&run);
    report_end(&run);
    corpus_close(&run);
    if (sqlite3_close(run.db) != SQLITE_OK) run_stop(&run, "the connection cannot be closed");
    print_counts(&run);
    return run.failed > 0;
}
