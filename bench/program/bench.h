/*
** What the parts of the benchmark share.
**
** The benchmark holds each call of the extension against the least that it could cost: the bare
** OpenSSL operation over the same bytes, or another SQL expression over the same rows. Both are
** measured in turn in the same run, so that what counts is their ratio and not the machine.
**
** Every function here ends the program with a message (bench_fail) where something goes wrong:
** a benchmark that carries on after a wrong verdict measures nothing.
*/
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <openssl/evp.h>
#include <sqlite3.h>

/* Rows at the start of every token table that only warm things up; measured rows follow them. */
#define WARM_ROWS 64
/* Rows of the tables that hold one token many times. */
#define AGAIN_ROWS 1000
/* Measured rows of the scan that compares a key from a subquery with a bound one. */
#define SCAN_ROWS 200000
#define SECRET_BYTES 32

/* The moment that every policy of the benchmark calls now, seconds since 1970. */
#define BENCH_NOW 1800000000
#define BENCH_POLICY \
    "{\"iss\":\"https://id.example.com\",\"aud\":\"https://api.example.com\",\"now\":1800000000}"

typedef enum { HS256, RS256, ES256, EDDSA, ALGORITHM_COUNT } bench_algorithm;

/* One row as the bare operation takes it. The bytes belong to the suite. */
typedef struct {
    unsigned char *input; /* header.payload, base64url */
    size_t input_length;
    unsigned char *signature; /* as OpenSSL takes it: a DER SEQUENCE for ECDSA */
    size_t signature_length;
} signed_input;

/* One algorithm with its key and its rows. */
typedef struct {
    const char *name;  /* as in the token's header */
    const char *table; /* its token table */
    int verify_rows;   /* measured rows of a pass, so that a pass takes tens of milliseconds */
    int sign_rows;
    EVP_PKEY *key; /* NULL for HMAC */
    unsigned char secret[SECRET_BYTES];
    char *public_jwk; /* for HMAC the same as the private one */
    char *private_jwk;
    signed_input *rows; /* the measured rows, in the table's order */
    int row_count;
} bench_suite;

/* fixture.c: keys, payloads and tokens, made with OpenSSL alone. */

/* Makes key and JWKs of one algorithm. */
void fixture_key(bench_suite *suite);
/* Writes the payload of row `row` (from 1) into `out`, at least 320 bytes; returns its length. */
size_t fixture_payload(char *out, unsigned row);
/* Writes the token of row `row` into `out`, at least 1024 bytes, NUL-terminated; where `kept` is
** not NULL it gets a copy of what the bare operation takes. Returns the token's length. */
size_t fixture_token(const bench_suite *suite, unsigned row, char *out, signed_input *kept);
/* Creates the database file: token tables, payloads, keys, a long table of `scan_rows` tokens. Fills
** suite->rows. */
void fixture_database(const char *path, bench_suite suites[ALGORITHM_COUNT], unsigned scan_rows);
void fixture_free(bench_suite *suite);

/* limit.c: the bare operation, everything that can be reused reused. */
typedef struct bench_limit bench_limit;
bench_limit *limit_new(const bench_suite *suite);
bool limit_verify(bench_limit *limit, const signed_input *row);
bool limit_sign(bench_limit *limit, const signed_input *row);
void limit_free(bench_limit *limit);
/* Writes the HMAC-SHA256 of `input` to `mac`, 32 bytes; for suites of HS256 only. */
void limit_hmac(bench_limit *limit, const unsigned char *input, size_t length, unsigned char *mac);

/* measure.c: clock, order statistics, connections. */
typedef struct {
    double median, low, high; /* low and high: first and third quartile */
} bench_spread;

typedef struct {
    long resident_kib; /* VmRSS */
    long peak_kib;     /* VmHWM */
} bench_memory;

/* Prints "bench: ..." to stderr and ends the program with status 1. */
_Noreturn void bench_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Processor time of this thread, ns: time in which the machine served others does not count. */
double clock_ns(void);
/* Keeps this process on one processor; returns its number, or -1 where that is not possible. */
int pin_to_one_cpu(void);
/* Sorts `values` (count > 0) and returns median and quartiles. */
bench_spread spread_of(double *values, int count);
/* What the kernel says of this process; zeros where there is no /proc. */
bench_memory memory_now(void);
/* Opens `path` (NULL: an empty database in memory), loads the extension named by JWT_EXT
** (./jwt_ext unless set) and registers bench_noop(...), which does nothing but look at its
** arguments and return 1. */
sqlite3 *connection_open(const char *path);
/* Prepares `sql` or ends the program. */
sqlite3_stmt *statement_prepare(sqlite3 *database, const char *sql);
/* Runs a statement of one row and returns its first column as an integer. */
sqlite3_int64 statement_value(sqlite3_stmt *statement);

/* One line of the report. */
typedef enum { TARGET_NONE, TARGET_RATIO, TARGET_NS } bench_target;
typedef struct {
    const char *group; /* rows of one group stand together in the table */
    char name[64];
    const char *against; /* what `limit_ns` is; NULL where there is only an absolute figure */
    double limit_ns, ours_ns;
    bench_spread ratio; /* of ours to the limit; of ours in ns where there is no limit */
    bench_target target_kind;
    double target;
    int rows, rounds;
} bench_result;

typedef struct {
    bench_result *results;
    int count, capacity;
    int rounds, cpu;
    bench_memory memory_before, memory_tenth, memory_end;
    sqlite3_int64 memory_tokens;
} bench_report;

/* A new, zeroed line at the end of the report; valid until the next call. */
bench_result *report_add(bench_report *report);

/* cases.c and rounds.c: what is measured in SQL. */

/* Ends the program unless every verdict on valid, forged, expired and foreign tokens is right. */
void cases_check(const char *path, const bench_suite suites[ALGORITHM_COUNT]);
/* Measures each case whose name contains `only` (NULL: all) and adds its line to the report. */
void cases_run(const char *path, const bench_suite suites[ALGORITHM_COUNT], const char *only,
    bench_report *report);
/* Runs the one case of this name, without its limit, for that many seconds: food for a profiler. */
void cases_loop(
    const char *path, const bench_suite suites[ALGORITHM_COUNT], const char *name, double seconds);

/* memory.c: what is measured on processes. */

/* Verifies a million distinct tokens in one query in a child; fills the report's memory part. Ends
** the program where the child's memory grew by more than 8 MiB. */
void memory_run(bench_report *report);
/* Times loading in fresh processes, this extension and an empty one in turn. */
void load_run(const bench_suite *suite, bench_report *report);

/* report.c: what bench/report makes the table, the JSON and the charts of. */

/* Appends the report's lines, what it was measured with, and its memory to the file, one JSON object
** a line. */
void report_append(const bench_report *report, const char *path);
/* Writes one line as report_append() does: the programs of the other folders use it alone. */
void report_append_row(FILE *file, const bench_result *result);

#endif
