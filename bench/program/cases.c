/*
** What is measured in SQL.
**
** A case holds an expression of ours against its limit: the bare operation over the same bytes, or
** another SQL expression over the same rows. In its queries `@` stands for the function; with
** bench_noop in that place, the same query tells what SQLite needs for the row and the arguments
** alone, and that is taken off ("net").
**
** Each pass over distinct tokens is the first on its connection, so that nothing kept by an
** earlier pass (a cache of verified signatures) can make a token look cheap. The key is known by
** then: the first WARM_ROWS rows, which are not measured, have been through.
*/
#include "bench.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef enum { NO_LIMIT, BARE_VERIFY, BARE_SIGN, OTHER_SQL } limit_kind;

/* ?1 key, ?2 options, ?3 and ?4 first and last rowid. The result must be the number of rows. */
typedef struct {
    const char *function;
    const char *query;
    bool private_key;
} sql_side;

typedef struct {
    const char *name;
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

#define MEASURED " WHERE rowid BETWEEN ?3 AND ?4"
#define VERIFY_QUERY(table) "SELECT sum(@(token, ?1, ?2)) FROM " table MEASURED

#define VERIFY_CASE(NAME, ALGORITHM, TABLE, TARGET)                                     \
    {                                                                                   \
        .name = NAME " verify", .algorithm = ALGORITHM, .limit = BARE_VERIFY,           \
        .ours = { "jwt_verify", VERIFY_QUERY(TABLE), false }, .against = "bare verify", \
        .target_kind = TARGET_RATIO, .target = TARGET                                   \
    }

#define SIGN_CASE(NAME, ALGORITHM, KIND, TARGET)                                             \
    {                                                                                        \
        .name = NAME " sign", .algorithm = ALGORITHM, .limit = BARE_SIGN,                    \
        .ours = { "jwt_sign", "SELECT count(@(payload, ?1)) FROM payloads" MEASURED, true }, \
        .against = "bare sign", .target_kind = KIND, .target = TARGET                        \
    }

#define AGAIN_CASE(NAME, ALGORITHM, TABLE)                                                   \
    {                                                                                        \
        .name = NAME " verify, same token again", .algorithm = ALGORITHM, .limit = NO_LIMIT, \
        .ours = { "jwt_verify", VERIFY_QUERY("again_" TABLE), false }, .rows = AGAIN_ROWS,   \
        .first = 1, .repeat = true, .target_kind = TARGET_NS, .target = 150                  \
    }

/* Counts NULL too: an absent claim is an answer. */
#define READ_QUERY(column, path, table) \
    "SELECT sum(@(" column ", " path ") IS NOT 0) FROM " table MEASURED

#define READ_CASE(WHAT, MEMBER, KIND, TARGET)                                                    \
    {                                                                                            \
        .name = "jwt_claim(token, '" MEMBER "'), " WHAT, .algorithm = HS256, .limit = OTHER_SQL, \
        .ours = { "jwt_claim", READ_QUERY("token", "'" MEMBER "'", "hs256"), false },            \
        .other = { "json_extract", READ_QUERY("payload", "'$." MEMBER "'", "payloads"), false }, \
        .against = "json_extract", .target_kind = KIND, .target = TARGET                         \
    }

static const bench_case cases[] = {
    VERIFY_CASE("HS256", HS256, "hs256", 2.0),
    VERIFY_CASE("RS256", RS256, "rs256", 1.04),
    VERIFY_CASE("ES256", ES256, "es256", 1.03),
    VERIFY_CASE("EdDSA", EDDSA, "eddsa", 1.02),
    SIGN_CASE("HS256", HS256, TARGET_RATIO, 2.0),
    SIGN_CASE("RS256", RS256, TARGET_NONE, 0),
    SIGN_CASE("ES256", ES256, TARGET_NONE, 0),
    SIGN_CASE("EdDSA", EDDSA, TARGET_NONE, 0),
    AGAIN_CASE("HS256", HS256, "hs256"),
    AGAIN_CASE("RS256", RS256, "rs256"),
    AGAIN_CASE("ES256", ES256, "es256"),
    AGAIN_CASE("EdDSA", EDDSA, "eddsa"),
    { .name = "ES256 verify, 64 tokens in turn",
        .algorithm = ES256,
        .limit = NO_LIMIT,
        .ours = { "jwt_verify", VERIFY_QUERY("es256"), false },
        .rows = 64,
        .repeat = true,
        .target_kind = TARGET_NONE },
    READ_CASE("8th member", "role", TARGET_RATIO, 0.6),
    READ_CASE("1st member", "iss", TARGET_NONE, 0),
    READ_CASE("absent", "nonce", TARGET_NONE, 0),
    { .name = "jwt_claim(token, 'role', key, options)",
        .algorithm = HS256,
        .limit = OTHER_SQL,
        .ours = { "jwt_claim", "SELECT count(@(token, 'role', ?1, ?2)) FROM hs256" MEASURED,
            false },
        .other = { "jwt_verify", VERIFY_QUERY("hs256"), false },
        .against = "jwt_verify",
        .target_kind = TARGET_RATIO,
        .target = 1.15 },
    { .name = "key from a subquery, 200k rows",
        .algorithm = HS256,
        .limit = OTHER_SQL,
        .ours = { "jwt_verify",
            "SELECT sum(@(token, (SELECT jwk FROM keys WHERE kid = 'key-5'), ?2))"
            " FROM scan" MEASURED,
            false },
        .other = { "jwt_verify", VERIFY_QUERY("scan"), false },
        .against = "bound key",
        .rows = SCAN_ROWS,
        .divide = 3,
        .target_kind = TARGET_RATIO,
        .target = 1.05 },
    { .name = "key from a subquery by the row's kid, 200k",
        .algorithm = HS256,
        .limit = OTHER_SQL,
        .ours = { "jwt_verify",
            "SELECT sum(@(token, (SELECT jwk FROM keys WHERE kid = scan.kid), ?2))"
            " FROM scan" MEASURED,
            false },
        .other = { "jwt_verify", VERIFY_QUERY("scan"), false },
        .against = "bound key",
        .rows = SCAN_ROWS,
        .divide = 3,
        .target_kind = TARGET_RATIO,
        .target = 1.05 },
};

#define CASE_COUNT ((int)(sizeof cases / sizeof cases[0]))
/* What one timed stretch lasts at least, where rows may be gone through again. */
#define STRETCH_NS 20e6
#define PASSES_MAX 4000

/* One case while it is measured. */
typedef struct {
    const bench_case *what;
    const bench_suite *suite;
    const char *path;
    bench_limit *bare;
    int rows, first, last;
    int passes, noop_passes; /* of a repeated case; 0: not known yet */
} case_run;

static case_run case_start(const char *path, const bench_suite *suites, const bench_case *what)
{
    const bench_suite *suite = &suites[what->algorithm];
    case_run run = { .what = what, .suite = suite, .path = path, .rows = what->rows };
    if (run.rows == 0) run.rows = what->limit == BARE_SIGN ? suite->sign_rows : suite->verify_rows;
    run.first = what->first ? what->first : WARM_ROWS + 1;
    run.last = run.first + run.rows - 1;
    if (what->limit == BARE_VERIFY || what->limit == BARE_SIGN) run.bare = limit_new(suite);
    return run;
}

static sqlite3_stmt *side_prepare(
    const case_run *run, sqlite3 *database, const sql_side *side, const char *function)
{
    const char *mark = strchr(side->query, '@');
    char *sql =
        sqlite3_mprintf("%.*s%s%s", (int)(mark - side->query), side->query, function, mark + 1);
    sqlite3_stmt *statement = statement_prepare(database, sql);
    int parameters = sqlite3_bind_parameter_count(statement);
    const char *key = side->private_key ? run->suite->private_jwk : run->suite->public_jwk;
    sqlite3_free(sql);
    if (parameters != 4) bench_fail("%s: a query without ?4", run->what->name);
    sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, BENCH_POLICY, -1, SQLITE_STATIC);
    sqlite3_bind_int(statement, 3, run->first);
    sqlite3_bind_int(statement, 4, run->last);
    return statement;
}

/* Goes through the rows `passes` times and returns ns per row; each pass must count every row. */
static double side_time(const case_run *run, sqlite3_stmt *statement, int passes)
{
    double start = clock_ns();
    for (int pass = 0; pass < passes; pass++) {
        sqlite3_int64 counted = statement_value(statement);
        if (counted != run->rows) {
            bench_fail("%s: %lld rows of %d came out right\n  in: %s", run->what->name,
                (long long)counted, run->rows, sqlite3_sql(statement));
        }
    }
    return (clock_ns() - start) / ((double)passes * run->rows);
}

static int passes_for(const case_run *run, double row_ns)
{
    double passes = STRETCH_NS / (row_ns * run->rows + 1);
    return passes < 1 ? 1 : passes > PASSES_MAX ? PASSES_MAX : (int)passes;
}

/* Lets the warm rows through the function, so that the key is known and the code is hot. */
static void side_warm(const case_run *run, sqlite3_stmt *statement)
{
    sqlite3_bind_int(statement, 3, 1);
    sqlite3_bind_int(statement, 4, WARM_ROWS);
    (void)statement_value(statement);
    sqlite3_bind_int(statement, 3, run->first);
    sqlite3_bind_int(statement, 4, run->last);
}

/* One expression, once, on a connection of its own: ns per row, net. */
static double side_net(case_run *run, const sql_side *side)
{
    sqlite3 *database = connection_open(run->path);
    sqlite3_stmt *noop = side_prepare(run, database, side, "bench_noop");
    sqlite3_stmt *call = side_prepare(run, database, side, side->function);
    double before, ours, after;

    before = side_time(run, noop, 1); /* reads the pages */
    if (run->noop_passes == 0) run->noop_passes = run->what->repeat ? passes_for(run, before) : 1;
    side_warm(run, call);
    if (run->what->repeat) {
        ours = side_time(run, call, 1);
        if (run->passes == 0) run->passes = passes_for(run, ours);
    }
    before = side_time(run, noop, run->noop_passes);
    ours = side_time(run, call, run->what->repeat ? run->passes : 1);
    after = side_time(run, noop, run->noop_passes);
    sqlite3_finalize(noop);
    sqlite3_finalize(call);
    sqlite3_close(database);
    return ours - (before + after) / 2;
}

/* The bare operation over the rows that SQL goes through: ns per row. */
static double bare_time(const case_run *run)
{
    bool (*operation)(bench_limit *, const signed_input *) =
        run->what->limit == BARE_SIGN ? limit_sign : limit_verify;
    double start;
    int done = 0;
    if (run->rows > run->suite->row_count) bench_fail("%s: too few rows", run->what->name);
    for (int i = 0; i < 8; i++) done += operation(run->bare, &run->suite->rows[i]);
    start = clock_ns();
    for (int i = 0; i < run->rows; i++) done += operation(run->bare, &run->suite->rows[i]);
    start = clock_ns() - start;
    if (done != run->rows + 8) bench_fail("%s: the bare operation failed", run->what->name);
    return start / run->rows;
}

static double limit_net(case_run *run)
{
    if (run->what->limit == NO_LIMIT) return 0;
    return run->what->limit == OTHER_SQL ? side_net(run, &run->what->other) : bare_time(run);
}

static void case_measure(
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
        bool ours_first = round % 2 == 1;
        if (ours_first) ours[round] = side_net(&run, &what->ours);
        limit[round] = limit_net(&run);
        if (!ours_first) ours[round] = side_net(&run, &what->ours);
        ratio[round] = what->limit == NO_LIMIT ? ours[round] : ours[round] / limit[round];
    }
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

void cases_run(const char *path, const bench_suite suites[ALGORITHM_COUNT], const char *only,
    bench_report *report)
{
    for (int i = 0; i < CASE_COUNT; i++) {
        if (!only || strstr(cases[i].name, only)) {
            case_measure(path, suites, &cases[i], report);
            fprintf(stderr, "bench: %s\n", cases[i].name);
        }
    }
}

void cases_loop(
    const char *path, const bench_suite suites[ALGORITHM_COUNT], const char *name, double seconds)
{
    int found = 0;
    while (found < CASE_COUNT && strcmp(cases[found].name, name) != 0) found++;
    if (found == CASE_COUNT) bench_fail("no case is called \"%s\"", name);
    case_run run = case_start(path, suites, &cases[found]);
    double end = clock_ns() + seconds * 1e9;
    while (clock_ns() < end) {
        sqlite3 *database = connection_open(path);
        sqlite3_stmt *call = side_prepare(&run, database, &run.what->ours, run.what->ours.function);
        (void)side_time(&run, call, run.what->repeat ? 1000 : 1);
        sqlite3_finalize(call);
        sqlite3_close(database);
    }
    limit_free(run.bare);
}

/* One verdict that must be right before anything is timed, over the warm rows of a table. */
typedef struct {
    const char *what;
    const char *query; /* ?1 key, ?2 options, ?3 private key */
    const char *options;
    int expected;
} check;

/* Every bit of the last character but one of a signature counts; of the last, not all do. */
#define CHECK_ROWS " FROM %s AS t JOIN payloads ON payloads.rowid = t.rowid WHERE t.rowid <= 64"
#define FORGED                                                                                    \
    "substr(token, 1, length(token) - 2) || CASE substr(token, -2, 1) WHEN 'B' THEN 'C' ELSE 'B'" \
    " END || substr(token, -1)"

static const check checks[] = {
    { "valid tokens", "SELECT sum(jwt_verify(token, ?1, ?2))" CHECK_ROWS, BENCH_POLICY, 64 },
    { "forged tokens", "SELECT sum(jwt_verify(" FORGED ", ?1, ?2))" CHECK_ROWS, BENCH_POLICY, 0 },
    { "expired tokens", "SELECT sum(jwt_verify(token, ?1, ?2))" CHECK_ROWS, "{\"now\":1900000000}",
        0 },
    { "a foreign issuer", "SELECT sum(jwt_verify(token, ?1, ?2))" CHECK_ROWS,
        "{\"iss\":\"https://elsewhere.example.com\",\"now\":1800000000}", 0 },
    { "a foreign audience", "SELECT sum(jwt_verify(token, ?1, ?2))" CHECK_ROWS,
        "{\"aud\":\"https://elsewhere.example.com\",\"now\":1800000000}", 0 },
    { "tokens of ours", "SELECT sum(jwt_verify(jwt_sign(payload, ?3), ?1, ?2))" CHECK_ROWS,
        BENCH_POLICY, 64 },
    { "the payload of tokens of ours",
        "SELECT sum(jwt_payload(jwt_sign(payload, ?3)) = payload)" CHECK_ROWS, NULL, 64 },
    { "a claim unverified",
        "SELECT sum(jwt_claim(token, 'role') IS json_extract(payload, '$.role'))" CHECK_ROWS, NULL,
        64 },
    { "a claim verified",
        "SELECT sum(jwt_claim(token, 'role', ?1, ?2) IS json_extract(payload, '$.role'))" CHECK_ROWS,
        BENCH_POLICY, 64 },
    { "an absent claim", "SELECT sum(jwt_claim(token, 'nonce') IS NULL)" CHECK_ROWS, NULL, 64 },
};

void cases_check(const char *path, const bench_suite suites[ALGORITHM_COUNT])
{
    sqlite3 *database = connection_open(path);
    for (int i = 0; i < ALGORITHM_COUNT; i++) {
        for (size_t j = 0; j < sizeof checks / sizeof checks[0]; j++) {
            char *sql = sqlite3_mprintf(checks[j].query, suites[i].table);
            sqlite3_stmt *statement = statement_prepare(database, sql);
            sqlite3_int64 value;
            sqlite3_bind_text(statement, 1, suites[i].public_jwk, -1, SQLITE_STATIC);
            sqlite3_bind_text(statement, 2, checks[j].options, -1, SQLITE_STATIC);
            sqlite3_bind_text(statement, 3, suites[i].private_jwk, -1, SQLITE_STATIC);
            value = statement_value(statement);
            if (value != checks[j].expected) {
                bench_fail("%s, %s: %lld of 64 where %d is right", suites[i].name, checks[j].what,
                    (long long)value, checks[j].expected);
            }
            sqlite3_finalize(statement);
            sqlite3_free(sql);
        }
    }
    sqlite3_close(database);
}
