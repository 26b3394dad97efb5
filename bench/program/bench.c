/*
** bench: what the extension costs over plain OpenSSL and plain SQLite.
**
**   bench                      measures everything; bench/report makes a table of it
**   bench loop NAME SECONDS    runs one case alone, for a profiler
**
** Environment: JWT_EXT (the extension, ./jwt_ext), BENCH_ROUNDS (21), BENCH_ONLY (measure the
** cases whose name contains this), BENCH_DATABASE (bench.db, made anew), BENCH_ROWS_OUT (the file
** that takes what was measured, one JSON object a line), BENCH_LOAD_TIME and BENCH_EMPTY (what
** bench/run built for the load times).
**
** Ends with status 1 where a verdict is wrong or memory grows, never because of a time.
*/
#include "bench.h"

#include <stdlib.h>
#include <string.h>

static const char *setting(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value && *value ? value : otherwise;
}

int main(int count, char **arguments)
{
    bench_suite suites[ALGORITHM_COUNT] = {
        [HS256] = { .name = "HS256", .table = "hs256", .verify_rows = 40000, .sign_rows = 40000 },
        [RS256] = { .name = "RS256", .table = "rs256", .verify_rows = 1600, .sign_rows = 60 },
        [ES256] = { .name = "ES256", .table = "es256", .verify_rows = 400, .sign_rows = 1000 },
        [EDDSA] = { .name = "EdDSA", .table = "eddsa", .verify_rows = 300, .sign_rows = 800 }
    };
    const char *database = setting("BENCH_DATABASE", "bench.db");
    const char *only = setting("BENCH_ONLY", NULL);
    const char *loop = count == 4 && strcmp(arguments[1], "loop") == 0 ? arguments[2] : NULL;
    bench_report report = { .rounds = atoi(setting("BENCH_ROUNDS", "21")) };

    if (report.rounds < 1) bench_fail("BENCH_ROUNDS is not a number of rounds");
    report.cpu = pin_to_one_cpu();
    if (count == 1 && !only) memory_run(&report); /* first: while this process is still small */
    for (int i = 0; i < ALGORITHM_COUNT; i++) fixture_key(&suites[i]);
    /* A profile should show the case, not the making of rows that it does not look at. */
    fixture_database(database, suites, !loop || strstr(loop, "200k") ? SCAN_ROWS : 0);
    /* Kept open, so that the extension stays loaded between the connections of the passes. */
    sqlite3 *anchor = connection_open(database);
    if (loop) {
        cases_loop(database, suites, loop, atof(arguments[3]));
    } else if (count == 1) {
        cases_check(database, suites);
        cases_run(database, suites, only, &report);
        if (!only) load_run(&suites[HS256], &report);
        report_append(&report, setting("BENCH_ROWS_OUT", "bench.rows"));
    } else {
        bench_fail("usage: bench | bench loop NAME SECONDS");
    }
    sqlite3_close(anchor);
    remove(database);
    for (int i = 0; i < ALGORITHM_COUNT; i++) fixture_free(&suites[i]);
    free(report.results);
    return 0;
}
