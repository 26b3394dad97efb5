/*
** The floor: what anything must add to the bare operation that verifies a token in SQL. Each row does
** one thing more than the one before, without judging anything; what is left of the extension's own time is
** reading strictly, and the policy.
*/
#include "../program/bench.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS = 20000, MOST_ROUNDS = 101 };

/* What the steps add up to; printed, so that no compiler leaves them out. */
static unsigned long seen;

typedef struct {
    const bench_suite *suite;
    bench_limit *bare;
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

static void mac_alone(floor_run *run, const signed_input *row)
{
    seen += limit_verify(run->bare, row);
}

static void mac_and_decoding(floor_run *run, const signed_input *row)
{
    unsigned char payload[1024];
    const unsigned char *dot = memchr(row->input, '.', row->input_length);
    size_t header = (size_t)(dot - row->input);
    mac_alone(run, row);
    seen += decode(run, row->input, header, payload) + payload[0];
    seen += decode(run, dot + 1, row->input_length - header - 1, payload) + payload[0];
}

static void mac_decoding_and_touching(floor_run *run, const signed_input *row)
{
    unsigned char payload[1024];
    const unsigned char *dot = memchr(row->input, '.', row->input_length);
    size_t size, header = (size_t)(dot - row->input);
    unsigned kinds = 0;
    mac_alone(run, row);
    seen += decode(run, row->input, header, payload) + payload[0];
    size = decode(run, dot + 1, row->input_length - header - 1, payload);
    for (size_t i = 0; i < size; i++)
        kinds = kinds * 2 + run->kinds[payload[i]]; /* one byte after another */
    seen += kinds;
}

static const struct {
    const char *name;
    void (*step)(floor_run *run, const signed_input *row);
} steps[] = {
    { "the MAC alone", mac_alone },
    { "and decoding by a table", mac_and_decoding },
    { "and looking at each byte of the payload once", mac_decoding_and_touching },
};
enum { STEPS = sizeof steps / sizeof steps[0] };

static double step_ns(floor_run *run, int step)
{
    double start = clock_ns();
    for (int row = 0; row < ROWS; row++) steps[step].step(run, &run->suite->rows[row]);
    return (clock_ns() - start) / ROWS;
}

static void make_rows(bench_suite *suite)
{
    char token[1024];
    fixture_key(suite);
    suite->rows = calloc(ROWS, sizeof suite->rows[0]);
    if (!suite->rows) bench_fail("out of memory");
    suite->row_count = ROWS;
    for (unsigned row = 0; row < ROWS; row++)
        fixture_token(suite, row + 1, token, &suite->rows[row]);
}

static double median_of(const double *values, int count)
{
    double sorted[MOST_ROUNDS];
    memcpy(sorted, values, (size_t)count * sizeof sorted[0]);
    return spread_of(sorted, count).median;
}

static void write_step(
    FILE *rows, const double *ns, const double *alone, int rounds, const char *name)
{
    bench_result row = { .group = "floor", .against = "bare HMAC", .rows = ROWS, .rounds = rounds };
    double ratios[MOST_ROUNDS];
    for (int round = 0; round < rounds; round++) ratios[round] = ns[round] / alone[round];
    row.ratio = spread_of(ratios, rounds);
    row.ours_ns = median_of(ns, rounds);
    row.limit_ns = median_of(alone, rounds);
    snprintf(row.name, sizeof row.name, "HS256: %s", name);
    report_append_row(rows, &row);
}

int main(void)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    bench_suite suite = { .name = "HS256" };
    const char *given = getenv("BENCH_ROUNDS"), *path = getenv("BENCH_ROWS_OUT");
    int rounds = given && atoi(given) > 0 && atoi(given) <= MOST_ROUNDS ? atoi(given) : 21;
    double ns[STEPS][MOST_ROUNDS];
    FILE *rows = fopen(path ? path : "bench.rows", "a");

    if (!rows) bench_fail("cannot write the rows");
    pin_to_one_cpu();
    make_rows(&suite);
    floor_run run = { .suite = &suite, .bare = limit_new(&suite) };
    for (unsigned i = 0; i < 64; i++) run.values[(unsigned char)alphabet[i]] = (unsigned char)i;
    for (unsigned i = 0; i < 256; i++)
        run.kinds[i] = (unsigned char)(i < 0x20 || i == '"' || i == '\\');
    for (int step = 0; step < STEPS; step++) (void)step_ns(&run, step);
    for (int round = 0; round < rounds; round++) {
        for (int step = 0; step < STEPS; step++) ns[step][round] = step_ns(&run, step);
    }
    for (int step = 0; step < STEPS; step++)
        write_step(rows, ns[step], ns[0], rounds, steps[step].name);
    printf("%lu\n", seen);
    limit_free(run.bare);
    fixture_free(&suite);
    return fclose(rows) == 0 ? 0 : 1;
}
