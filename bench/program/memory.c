/* What is measured on whole processes: memory over a million tokens, time to load. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MEMORY_TOKENS 1000000
#define MEMORY_FORGED 100000
#define MEMORY_TENTH (MEMORY_TOKENS / 10)
#define MEMORY_GROWTH_KIB 8192

/* What the child's bench_token() draws on. */
typedef struct {
    bench_suite suite;
    bench_memory at_tenth;
} token_source;

/* bench_token(row, cut): the row's token without its last `cut` characters, signed here and now, so
** that no table has to hold them. */
static void token_call(sqlite3_context *context, int count, sqlite3_value **values)
{
    token_source *source = sqlite3_user_data(context);
    unsigned row = (unsigned)sqlite3_value_int(values[0]);
    char token[1024];
    int length = (int)fixture_token(&source->suite, row, token, NULL);
    (void)count;
    if (row == MEMORY_TENTH) source->at_tenth = memory_now();
    sqlite3_result_text(context, token, length - sqlite3_value_int(values[1]), SQLITE_TRANSIENT);
}

static sqlite3_int64 verify_many(
    sqlite3 *database, const char *expression, const char *key, int tokens)
{
    char *sql = sqlite3_mprintf("WITH RECURSIVE numbers(row) AS (SELECT 1 UNION ALL SELECT row + 1"
                                " FROM numbers WHERE row < %d) SELECT sum(jwt_verify(%s, ?1, ?2))"
                                " FROM numbers",
        tokens, expression);
    sqlite3_stmt *statement = statement_prepare(database, sql);
    sqlite3_int64 valid;
    sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, BENCH_POLICY, -1, SQLITE_STATIC);
    valid = statement_value(statement);
    sqlite3_finalize(statement);
    sqlite3_free(sql);
    return valid;
}

static void child_run(int output)
{
    token_source source = { .suite = { .name = "HS256" } };
    bench_memory memory[3];
    sqlite3 *database = connection_open(NULL);
    sqlite3_int64 valid;

    fixture_key(&source.suite);
    sqlite3_create_function(
        database, "bench_token", 2, SQLITE_UTF8, &source, token_call, NULL, NULL);
    (void)verify_many(database, "bench_token(row, 0)", source.suite.public_jwk, 100);
    memory[0] = memory_now();
    valid = verify_many(database, "bench_token(row, 0)", source.suite.public_jwk, MEMORY_TOKENS);
    if (valid != MEMORY_TOKENS) bench_fail("memory: %lld tokens were valid", (long long)valid);
    /* The refusing path must hold nothing either: one character too few in the signature. */
    valid = verify_many(database, "bench_token(row, 1)", source.suite.public_jwk, MEMORY_FORGED);
    if (valid != 0) bench_fail("memory: %lld cut tokens were valid", (long long)valid);
    memory[1] = source.at_tenth;
    memory[2] = memory_now();
    if (write(output, memory, sizeof memory) != (ssize_t)sizeof memory) exit(1);
    fixture_free(&source.suite);
    sqlite3_close(database);
}

void memory_run(bench_report *report)
{
    bench_memory memory[3];
    long growth;
    int ends[2], status = 0;
    pid_t child;
    ssize_t got;

    if (pipe(ends) != 0 || (child = fork()) < 0) bench_fail("cannot start a child");
    if (child == 0) {
        child_run(ends[1]);
        _exit(0);
    }
    close(ends[1]);
    got = read(ends[0], memory, sizeof memory);
    close(ends[0]);
    if (waitpid(child, &status, 0) != child || status != 0 || got != (ssize_t)sizeof memory) {
        bench_fail("the memory measurement failed");
    }
    if (memory[0].resident_kib == 0) {
        puts("skipped: memory (no /proc/self/status)");
        return;
    }
    report->memory_before = memory[0];
    report->memory_tenth = memory[1];
    report->memory_end = memory[2];
    report->memory_tokens = MEMORY_TOKENS;
    growth = memory[2].peak_kib - memory[0].resident_kib;
    if (growth > MEMORY_GROWTH_KIB) {
        bench_fail("memory is not flat: %ld KiB more after %d tokens, %d are allowed", growth,
            MEMORY_TOKENS, MEMORY_GROWTH_KIB);
    }
}

/* Runs `load_time extension token key` and reads its two figures: loading, first verification. */
static void load_once(
    const char *program, const char *extension, const char *token, const char *key, double ns[2])
{
    char *command = sqlite3_mprintf("'%s' '%s' '%s' '%s'", program, extension, token, key);
    FILE *output = popen(command, "r");
    if (!output || fscanf(output, "%lf %lf", &ns[0], &ns[1]) != 2 || pclose(output) != 0) {
        bench_fail("failed: %s %s", program, extension);
    }
    sqlite3_free(command);
}

static void load_line(bench_report *report, const char *name, const char *against, double *ours,
    double *limit, double target)
{
    bench_result *result = report_add(report);
    double *more = ours + report->rounds;
    for (int i = 0; i < report->rounds; i++) more[i] = ours[i] - (limit ? limit[i] : 0);
    result->group = "load";
    snprintf(result->name, sizeof result->name, "%s", name);
    result->against = against;
    result->ratio = spread_of(more, report->rounds);
    result->ours_ns = result->ratio.median;
    result->target_kind = target > 0 ? TARGET_NS : TARGET_NONE;
    result->target = target;
    result->rows = 1;
    result->rounds = report->rounds;
}

void load_run(const bench_suite *suite, bench_report *report)
{
    const char *program = getenv("BENCH_LOAD_TIME"), *empty = getenv("BENCH_EMPTY");
    const char *extension = getenv("JWT_EXT");
    size_t rounds = (size_t)report->rounds;
    double *times = calloc(5 * rounds, sizeof *times);
    char token[1024];

    if (!times) bench_fail("out of memory");
    if (!program || !empty) {
        puts("skipped: loading (bench/run builds what it needs)");
        free(times);
        return;
    }
    if (!extension || !*extension) extension = "./jwt_ext";
    fixture_token(suite, 1, token, NULL);
    for (size_t round = 0; round < rounds; round++) {
        double ours[2], none[2];
        load_once(program, extension, token, suite->public_jwk, ours);
        load_once(program, empty, "", "", none);
        times[round] = ours[0];
        times[2 * rounds + round] = none[0];
        times[3 * rounds + round] = ours[1];
    }
    load_line(report, "loading, over an empty extension", NULL, times, times + 2 * rounds, 2e6);
    load_line(report, "first HS256 verification of a process", NULL, times + 3 * rounds, NULL, 0);
    free(times);
}
