/*
** A case holds an expression of ours against its limit: the bare operation over the same bytes, or
** another SQL expression over the same rows. In its queries `@` stands for the function; with
** bench_noop in that place, the same query tells what SQLite needs for the row and the arguments
** alone, and that is taken off ("net").
*/
#ifndef BENCH_CASES_H
#define BENCH_CASES_H

#include "bench.h"

typedef enum { NO_LIMIT, BARE_VERIFY, BARE_SIGN, OTHER_SQL } limit_kind;

/* ?1 key, ?2 options, ?3 and ?4 first and last rowid. The result must be the number of rows. */
typedef struct {
    const char *function;
    const char *query;
    bool private_key;
} sql_side;

typedef struct {
    const char *group, *name;
    bench_algorithm algorithm;
    limit_kind limit;
    sql_side ours, other;
    const char *against;
    int rows;    /* 0: as many as the suite says */
    int first;   /* first measured row; 0: the one after the warm ones */
    bool repeat; /* the same rows again and again on one connection */
    int divide;  /* one round in so many (0 and 1: each): for long passes */
    bench_target target_kind;
    double target;
} bench_case;

/* Measures one case and adds its line to the report. */
void case_measure(
    const char *path, const bench_suite *suites, const bench_case *what, bench_report *report);
/* Runs the case's own side alone for that many seconds, on new connections again and again. */
void case_loop(const char *path, const bench_suite *suites, const bench_case *what, double seconds);

#endif
