/*
** How one case is measured: in rounds, and within a round in pieces of its rows, ours and the limit
** in turn, so that a machine that slows down meets both alike.
**
** In each round over distinct tokens every expression has a connection of its own and meets each
** token once, so that nothing kept from before (a cache of verified signatures) can make a token
** look cheap. The key is known by then: the first WARM_ROWS rows, which are not measured, have
** been through.
*/
#include "cases.h"

#include <stdlib.h>
#include <string.h>

/* Pieces of a round over distinct rows. */
#define PIECES 8
/* What a timed stretch lasts at least, where rows may be gone through again. */
#define STRETCH_NS 20e6
#define PASSES_MAX 4000

/* One case while it is measured. */
typedef struct {
    const bench_case *what;
    const bench_suite *suite;
    const char *path;
    bench_limit *bare;
    int rows, first; /* measured rows, and the rowid of the first */
    int passes;      /* over each piece; 0: not known yet */
} case_run;

/* One expression within a round. */
typedef struct {
    sqlite3 *database;
    sqlite3_stmt *noop, *call;
    double ns; /* net, summed over the pieces */
} side_run;

static case_run case_start(const char *path, const bench_suite *suites, const bench_case *what)
{
    const bench_suite *suite = &suites[what->algorithm];
    case_run run = { .what = what, .suite = suite, .path = path, .rows = what->rows };
    if (run.rows == 0) run.rows = what->limit == BARE_SIGN ? suite->sign_rows : suite->verify_rows;
    run.first = what->first ? what->first : WARM_ROWS + 1;
    run.passes = what->repeat ? 0 : 1;
    if (what->limit == BARE_VERIFY || what->limit == BARE_SIGN) {
        if (run.rows > suite->row_count) bench_fail("%s: too few rows", what->name);
        run.bare = limit_new(suite);
    }
    return run;
}

static sqlite3_stmt *side_prepare(
    const case_run *run, sqlite3 *database, const sql_side *side, const char *function)
{
    const char *mark = strchr(side->query, '@');
    char *sql =
        sqlite3_mprintf("%.*s%s%s", (int)(mark - side->query), side->query, function, mark + 1);
    sqlite3_stmt *statement = statement_prepare(database, sql);
    const char *key = side->private_key ? run->suite->private_jwk : run->suite->public_jwk;
    sqlite3_free(sql);
    if (sqlite3_bind_parameter_count(statement) != 4) {
        bench_fail("%s: a query without ?4", run->what->name);
    }
    sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, BENCH_POLICY, -1, SQLITE_STATIC);
    return statement;
}

/* Goes `passes` times through `rows` rows from `first`; returns ns a pass. Every row must count. */
static double statement_time(
    const case_run *run, sqlite3_stmt *statement, int first, int rows, int passes)
{
    double start;
    sqlite3_bind_int(statement, 3, first);
    sqlite3_bind_int(statement, 4, first + rows - 1);
    start = clock_ns();
    for (int pass = 0; pass < passes; pass++) {
        sqlite3_int64 counted = statement_value(statement);
        if (counted != rows) {
            bench_fail("%s: %lld rows of %d came out right\n  in: %s", run->what->name,
                (long long)counted, rows, sqlite3_sql(statement));
        }
    }
    return (clock_ns() - start) / passes;
}

/* Opens a connection and lets the warm rows through: pages are read, the key is known. */
static side_run side_open(case_run *run, const sql_side *side)
{
    side_run opened = { .database = connection_open(run->path) };
    opened.noop = side_prepare(run, opened.database, side, "bench_noop");
    opened.call = side_prepare(run, opened.database, side, side->function);
    (void)statement_time(run, opened.noop, run->first, run->rows, 1);
    (void)statement_time(run, opened.call, 1, WARM_ROWS, 1);
    if (run->what->repeat) {
        double pass = statement_time(run, opened.call, run->first, run->rows, 1);
        double passes = STRETCH_NS / (pass + 1);
        if (run->passes == 0) run->passes = passes < PASSES_MAX ? (int)passes + 1 : PASSES_MAX;
    }
    return opened;
}

static void side_piece(const case_run *run, side_run *side, int first, int rows)
{
    double before = statement_time(run, side->noop, first, rows, run->passes);
    double call = statement_time(run, side->call, first, rows, run->passes);
    double after = statement_time(run, side->noop, first, rows, run->passes);
    side->ns += call - (before + after) / 2;
}

static void side_close(side_run *side)
{
    sqlite3_finalize(side->noop);
    sqlite3_finalize(side->call);
    sqlite3_close(side->database);
}

/* The bare operation over the same rows; returns ns. */
static double bare_piece(const case_run *run, int first, int rows)
{
    bool (*operation)(bench_limit *, const signed_input *) =
        run->what->limit == BARE_SIGN ? limit_sign : limit_verify;
    const signed_input *inputs = run->suite->rows + (first - run->first);
    int done = 0;
    double start = clock_ns();
    for (int i = 0; i < rows; i++) done += operation(run->bare, &inputs[i]);
    start = clock_ns() - start;
    if (done != rows) bench_fail("%s: the bare operation failed", run->what->name);
    return start;
}

/* One round: ns a row of ours and of the limit. */
static void round_measure(case_run *run, bool ours_first, double *ours_ns, double *limit_ns)
{
    const bench_case *what = run->what;
    int pieces = what->repeat ? 1 : PIECES;
    double bare = 0;
    side_run ours = side_open(run, &what->ours), other = { .ns = 0 };
    if (what->limit == OTHER_SQL) other = side_open(run, &what->other);
    for (int piece = 0; piece < pieces; piece++) {
        int from = run->rows * piece / pieces, to = run->rows * (piece + 1) / pieces;
        int first = run->first + from, rows = to - from;
        bool ours_now = ours_first == (piece % 2 == 0);
        if (ours_now) side_piece(run, &ours, first, rows);
        if (what->limit == OTHER_SQL) side_piece(run, &other, first, rows);
        if (run->bare) bare += bare_piece(run, first, rows);
        if (!ours_now) side_piece(run, &ours, first, rows);
    }
    *ours_ns = ours.ns / run->rows;
    *limit_ns = (what->limit == OTHER_SQL ? other.ns : bare) / run->rows;
    side_close(&ours);
    if (other.database) side_close(&other);
}

void case_measure(
    const char *path, const bench_suite *suites, const bench_case *what, bench_report *report)
{
    case_run run = case_start(path, suites, what);
    int rounds = report->rounds / (what->divide > 1 ? what->divide : 1);
    double *ours, *limit, *ratio;
    bench_result *result = report_add(report);

    if (rounds < 1) rounds = 1;
    ours = calloc(3 * (size_t)rounds, sizeof *ours);
    if (!ours) bench_fail("out of memory");
    limit = ours + rounds;
    ratio = limit + rounds;
    for (int round = 0; round < rounds; round++) {
        round_measure(&run, round % 2 == 0, &ours[round], &limit[round]);
        ratio[round] = what->limit == NO_LIMIT ? ours[round] : ours[round] / limit[round];
    }
    result->group = what->group;
    snprintf(result->name, sizeof result->name, "%s", what->name);
    result->against = what->against;
    result->ours_ns = spread_of(ours, rounds).median;
    result->limit_ns = spread_of(limit, rounds).median;
    result->ratio = spread_of(ratio, rounds);
    result->target_kind = what->target_kind;
    result->target = what->target;
    result->rows = run.rows;
    result->rounds = rounds;
    free(ours);
    limit_free(run.bare);
}

void case_loop(const char *path, const bench_suite *suites, const bench_case *what, double seconds)
{
    case_run run = case_start(path, suites, what);
    double end = clock_ns() + seconds * 1e9;
    while (clock_ns() < end) {
        sqlite3 *database = connection_open(path);
        sqlite3_stmt *call = side_prepare(&run, database, &what->ours, what->ours.function);
        (void)statement_time(&run, call, run.first, run.rows, what->repeat ? 1000 : 1);
        sqlite3_finalize(call);
        sqlite3_close(database);
    }
    limit_free(run.bare);
}
