/*
** The floor: what anything must add to the bare operation that verifies a token in SQL. Each row does
** one thing more than the one before, without judging anything; what is left of the extension's own time is
** reading strictly, and the policy.
*/
#include "../program/bench.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_ROUNDS = 101, LONGEST_SIGNATURE = 512 };

/* What the steps add up to; printed, so that no compiler leaves them out. */
static unsigned long seen;

typedef struct {
    bench_suite suite;
    bench_limit *bare;
    char *signatures; /* as tokens have them, one after another */
    size_t signature_length;
    unsigned char values[256]; /* of base64url's characters */
    unsigned char kinds[256];  /* what a byte of JSON may be */
} floor_run;

/* base64url by one table of 256, four characters at a time; the usual loop. */
static size_t decode(
    const floor_run *run, const unsigned char *text, size_t length, unsigned char *out)
{
    size_t size = 0;
    for (size_t i = 0; i + 4 <= length; i += 4) {
        unsigned value = (unsigned)run->values[text[i]] << 18 |
                         (unsigned)run->values[text[i + 1]] << 12 |
                         (unsigned)run->values[text[i + 2]] << 6 | run->values[text[i + 3]];
        out[size++] = (unsigned char)(value >> 16);
        out[size++] = (unsigned char)(value >> 8);
        out[size++] = (unsigned char)value;
    }
    return size;
}

/* Returns the payload's size. */
static size_t decode_all(floor_run *run, int number, unsigned char *payload)
{
    const signed_input *row = &run->suite.rows[number];
    const unsigned char *dot = memchr(row->input, '.', row->input_length);
    const char *signature = run->signatures + (size_t)number * run->signature_length;
    size_t header = (size_t)(dot - row->input);
    seen +=
        decode(run, (const unsigned char *)signature, run->signature_length, payload) + payload[0];
    seen += decode(run, row->input, header, payload) + payload[0];
    return decode(run, dot + 1, row->input_length - header - 1, payload);
}

static void bare_alone(floor_run *run, int row)
{
    seen += limit_verify(run->bare, &run->suite.rows[row]);
}

static void bare_and_decoding(floor_run *run, int row)
{
    unsigned char payload[1024];
    bare_alone(run, row);
    seen += decode_all(run, row, payload) + payload[0];
}

static void bare_decoding_and_touching(floor_run *run, int row)
{
    unsigned char payload[1024];
    unsigned kinds = 0;
    bare_alone(run, row);
    size_t size = decode_all(run, row, payload);
    for (size_t i = 0; i < size; i++)
        kinds = kinds * 2 + run->kinds[payload[i]]; /* one byte after another */
    seen += kinds;
}

static const struct {
    const char *name;
    void (*step)(floor_run *run, int row);
} steps[] = {
    { "the bare operation", bare_alone },
    { "and decoding by a table", bare_and_decoding },
    { "and looking at each byte of the payload once", bare_decoding_and_touching },
};
enum { STEPS = sizeof steps / sizeof steps[0] };

static double step_ns(floor_run *run, int step)
{
    double start = clock_ns();
    for (int row = 0; row < run->suite.row_count; row++) steps[step].step(run, row);
    return (clock_ns() - start) / run->suite.row_count;
}

static void prepare(floor_run *run, int rows)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    bench_suite *suite = &run->suite;
    char token[1024];
    fixture_key(suite);
    suite->rows = calloc((size_t)rows, sizeof suite->rows[0]);
    run->signatures = calloc((size_t)rows, LONGEST_SIGNATURE);
    if (!suite->rows || !run->signatures) bench_fail("out of memory");
    suite->row_count = rows;
    for (int row = 0; row < rows; row++) {
        fixture_token(suite, (unsigned)row + 1, token, &suite->rows[row]);
        run->signature_length = strlen(token) - suite->rows[row].input_length - 1;
        if (run->signature_length > LONGEST_SIGNATURE) bench_fail("a long signature");
        memcpy(run->signatures + (size_t)row * run->signature_length,
            token + suite->rows[row].input_length + 1, run->signature_length);
    }
    run->bare = limit_new(suite);
    for (unsigned i = 0; i < 64; i++) run->values[(unsigned char)alphabet[i]] = (unsigned char)i;
    for (unsigned i = 0; i < 256; i++)
        run->kinds[i] = (unsigned char)(i < 0x20 || i == '"' || i == '\\');
}

static double median_of(const double *values, int count)
{
    double sorted[MOST_ROUNDS];
    memcpy(sorted, values, (size_t)count * sizeof sorted[0]);
    return spread_of(sorted, count).median;
}

static void write_step(FILE *rows, const floor_run *run, const double *ns, const double *alone,
    int rounds, const char *name)
{
    bench_result row = {
        .group = "floor", .against = "bare verify", .rows = run->suite.row_count, .rounds = rounds
    };
    double ratios[MOST_ROUNDS];
    for (int round = 0; round < rounds; round++) ratios[round] = ns[round] / alone[round];
    row.ratio = spread_of(ratios, rounds);
    row.ours_ns = median_of(ns, rounds);
    row.limit_ns = median_of(alone, rounds);
    snprintf(row.name, sizeof row.name, "%s: %s", run->suite.name, name);
    report_append_row(rows, &row);
}

static void measure(FILE *rows_out, const char *algorithm, int rows, int rounds)
{
    static floor_run run;
    double ns[STEPS][MOST_ROUNDS];
    memset(&run, 0, sizeof run);
    run.suite.name = algorithm;
    prepare(&run, rows);
    for (int step = 0; step < STEPS; step++) (void)step_ns(&run, step);
    for (int round = 0; round < rounds; round++) {
        for (int step = 0; step < STEPS; step++) ns[step][round] = step_ns(&run, step);
    }
    for (int step = 0; step < STEPS; step++)
        write_step(rows_out, &run, ns[step], ns[0], rounds, steps[step].name);
    limit_free(run.bare);
    fixture_free(&run.suite);
    free(run.signatures);
}

int main(void)
{
    const char *given = getenv("BENCH_ROUNDS"), *path = getenv("BENCH_ROWS_OUT");
    int rounds = given && atoi(given) > 0 && atoi(given) <= MOST_ROUNDS ? atoi(given) : 21;
    FILE *rows_out = fopen(path ? path : "bench.rows", "a");

    if (!rows_out) bench_fail("cannot write the rows");
    pin_to_one_cpu();
    measure(rows_out, "HS256", 20000, rounds);
    measure(rows_out, "RS256", 2000, rounds);
    printf("%lu\n", seen);
    return fclose(rows_out) == 0 ? 0 : 1;
}
