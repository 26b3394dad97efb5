/* Clock, order statistics, processor, memory, connections. */
#if defined(__linux__)
#define _GNU_SOURCE /* sched_setaffinity */
#include <sched.h>
#endif
#include "bench.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

_Noreturn void bench_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fflush(stdout);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

double clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

int pin_to_one_cpu(void)
{
#if defined(__linux__)
    int cpu = sched_getcpu();
    cpu_set_t set;
    CPU_ZERO(&set);
    if (cpu < 0) return -1;
    CPU_SET((size_t)cpu, &set);
    return sched_setaffinity(0, sizeof set, &set) == 0 ? cpu : -1;
#else
    return -1;
#endif
}

static int double_compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* The value below which `part` of the sorted values lie, between two of them by proportion. */
static double quantile(const double *sorted, int count, double part)
{
    double place = part * (count - 1);
    int below = (int)place;
    int above = below + 1 < count ? below + 1 : below;
    return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
}

bench_spread spread_of(double *values, int count)
{
    qsort(values, (size_t)count, sizeof values[0], double_compare);
    return (bench_spread){ .median = quantile(values, count, 0.5),
        .low = quantile(values, count, 0.25),
        .high = quantile(values, count, 0.75) };
}

bench_memory memory_now(void)
{
    bench_memory memory = { 0, 0 };
    char line[256];
    FILE *status = fopen("/proc/self/status", "r");
    if (!status) return memory;
    while (fgets(line, sizeof line, status)) {
        if (strncmp(line, "VmRSS:", 6) == 0) memory.resident_kib = strtol(line + 6, NULL, 10);
        if (strncmp(line, "VmHWM:", 6) == 0) memory.peak_kib = strtol(line + 6, NULL, 10);
    }
    fclose(status);
    return memory;
}

/* bench_noop(...): fetches every argument as the measured functions must, and returns 1. */
static void noop_call(sqlite3_context *context, int count, sqlite3_value **values)
{
    for (int i = 0; i < count; i++) {
        if (sqlite3_value_type(values[i]) == SQLITE_TEXT) {
            (void)sqlite3_value_text(values[i]);
            (void)sqlite3_value_bytes(values[i]);
        }
    }
    sqlite3_result_int(context, 1);
}

sqlite3 *connection_open(const char *path)
{
    sqlite3 *database = NULL;
    char *message = NULL;
    const char *extension = getenv("JWT_EXT");
    int flags = path ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;

    if (!extension || !*extension) extension = "./jwt_ext";
    if (sqlite3_open_v2(path ? path : ":memory:", &database, flags, NULL) != SQLITE_OK) {
        bench_fail("cannot open %s: %s", path ? path : ":memory:", sqlite3_errmsg(database));
    }
    sqlite3_enable_load_extension(database, 1);
    if (sqlite3_load_extension(database, extension, NULL, &message) != SQLITE_OK) {
        bench_fail("cannot load %s: %s", extension, message ? message : "no message");
    }
    /* Room for every page of the scan, so that no pass reads the file. */
    if (sqlite3_exec(database, "PRAGMA cache_size = -400000", NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_create_function(
            database, "bench_noop", -1, SQLITE_UTF8, NULL, noop_call, NULL, NULL) != SQLITE_OK) {
        bench_fail("cannot set up a connection: %s", sqlite3_errmsg(database));
    }
    return database;
}

sqlite3_stmt *statement_prepare(sqlite3 *database, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK) {
        bench_fail("%s\n  in: %s", sqlite3_errmsg(database), sql);
    }
    return statement;
}

sqlite3_int64 statement_value(sqlite3_stmt *statement)
{
    sqlite3_int64 value;
    if (sqlite3_step(statement) != SQLITE_ROW) {
        bench_fail(
            "%s\n  in: %s", sqlite3_errmsg(sqlite3_db_handle(statement)), sqlite3_sql(statement));
    }
    value = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return value;
}
