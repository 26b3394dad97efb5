/*
** What the statements of the token store cost, against what they replace: a session table that is
** asked for a random id with every request, and the same statements without their cryptography.
**
** All of it on files in WAL mode, one statement a call, as an application has it: bind, fetch the
** row, reset. Connections are as the loaders make them, with the page cache that SQLite has by
** itself. Two stores are measured, of a thousand sessions and of a million; sessions are asked for
** in random order. Each access token is seen once by a connection, and for the third time where a case says "again".
**
** Time is processor time of this thread, in turns within each round, and what counts is the ratio.
** Nothing here waits for the disk (synchronous NORMAL): that is the same for whatever commits, and
** would only make the ratios look better.
**
**     BENCH_ROUNDS=15           rounds of each case
**     BENCH_SESSIONS=1000000    sessions of the large store
**     BENCH_ONLY=refresh        only the cases whose name contains this
**     BENCH_SQL=sql             the folder of the statements
**     BENCH_DATABASE=path       two files that begin with this are made, and removed
**     BENCH_ROWS_OUT=file       append the lines of the report there, as JSON, one object a line
**     BENCH_LOOP=name           run that case alone for ten seconds, for a profiler
*/
#include "store.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_ROUNDS = 101, PIECES = 10, REFRESHES_OF_ONE = 5000 };

/* What is called. */
enum { LOOK_UP, STATELESS, AUTHENTICATE, REFRESH };

/* How: on which store, with which key, with or without cryptography, for the first time or again. */
typedef struct {
    int call;
    int size;
    int algorithm;
    bool bare, again;
} store_call;

typedef struct {
    const char *name, *against;
    store_call ours, limit;
    double target; /* of the ratio; 0: none */
    int calls;     /* a round */
} store_case;

static const store_case cases[] = {
    { "authenticate_stateless, 1 M sessions", "session look-up", { STATELESS, MANY, .bare = false },
        { LOOK_UP, MANY, .bare = false }, 1.0, CALLS },
    { "authenticate_stateless, 1 K sessions", "session look-up", { STATELESS, FEW, .bare = false },
        { LOOK_UP, FEW, .bare = false }, 1.0, CALLS },
    { "authenticate, 1 M sessions", "session look-up", { AUTHENTICATE, MANY, .bare = false },
        { LOOK_UP, MANY, .bare = false }, 3.0, CALLS },
    { "authenticate, 1 K sessions", "session look-up", { AUTHENTICATE, FEW, .bare = false },
        { LOOK_UP, FEW, .bare = false }, 3.0, CALLS },
    { "authenticate ES256, first time", "session look-up",
        { AUTHENTICATE, MANY, ES256, false, false }, { LOOK_UP, MANY, .bare = false }, 0,
        CALLS / 4 },
    { "authenticate ES256, again", "session look-up", { AUTHENTICATE, MANY, ES256, false, true },
        { LOOK_UP, MANY, .bare = false }, 0, CALLS / 4 },
    { "authenticate_stateless, cryptography", "without it", { STATELESS, MANY, .bare = false },
        { STATELESS, MANY, .bare = true }, 0, CALLS },
    { "authenticate, cryptography", "without it", { AUTHENTICATE, MANY, .bare = false },
        { AUTHENTICATE, MANY, .bare = true }, 0, CALLS },
    { "refresh, cryptography", "without it", { REFRESH, MANY, .bare = false },
        { REFRESH, MANY, .bare = true }, 0, CALLS / 10 },
    { "authenticate, 1 M sessions", "1 K sessions", { AUTHENTICATE, MANY, .bare = false },
        { AUTHENTICATE, FEW, .bare = false }, 1.5, CALLS },
    { "refresh, 1 M sessions", "1 K sessions", { REFRESH, MANY, .bare = false },
        { REFRESH, FEW, .bare = false }, 1.5, CALLS / 10 },
};

static int rounds = 15;
static store_fixture fixture;

static long number_of(const char *name, long otherwise)
{
    const char *text = getenv(name);
    return text != NULL && *text != '\0' ? strtol(text, NULL, 10) : otherwise;
}

/* ---- one side of a case, within a round ---- */

typedef struct {
    store_call what;
    sqlite3 *database;
    sqlite3_stmt *statement;
    int token, answer; /* a parameter's number, a column's number */
    double ns;
} side_run;

static side_run side_start(store_call what)
{
    static const char *const names[] = { NULL, "authenticate_stateless", "authenticate",
        "refresh" };
    side_run side = { .what = what, .database = store_open(fixture.paths[what.size]) };
    if (what.bare) store_without_cryptography(side.database, &fixture);
    if (what.call == LOOK_UP) {
        side.statement = statement_prepare(side.database,
            "SELECT sub, client, scope, data FROM web_session WHERE id = :token AND expires_at > :now");
        sqlite3_bind_int64(side.statement, 2, (sqlite3_int64)time(NULL));
    } else {
        char *sql = store_statement(names[what.call]);
        side.statement = statement_prepare(side.database, sql);
        free(sql);
    }
    side.token = sqlite3_bind_parameter_index(side.statement, ":token");
    if (what.call == STATELESS)
        store_bind_stateless(side.statement, &fixture, what.size, what.algorithm);
    return side;
}

/* One call: its row is fetched, and the statement is run to its end. Ends the program unless it is a good one. */
static void side_call(side_run *side, int which)
{
    static const char *const good[] = { NULL, "ok", "ok", "rotated" };
    store_call what = side->what;
    if (what.call == REFRESH && what.bare) which += REFRESHED_BARE;
    const char *token = what.call == LOOK_UP ? fixture.sids[what.size][which]
                        : what.call == REFRESH
                            ? fixture.refresh_tokens[what.size][which]
                            : fixture.access_tokens[what.size][what.algorithm][which];
    sqlite3_bind_text(side->statement, side->token, token, -1, SQLITE_STATIC);
    if (sqlite3_step(side->statement) != SQLITE_ROW) {
        bench_fail("no row: %s", sqlite3_errmsg(side->database));
    }
    for (int column = 0; column < sqlite3_column_count(side->statement); column++) {
        const char *text = (const char *)sqlite3_column_text(side->statement, column);
        if (column == 0 && good[what.call] != NULL && strcmp(text, good[what.call]) != 0) {
            bench_fail("%s instead of %s", text, good[what.call]);
        }
        if (what.call == REFRESH && column == REFRESH_COLUMN) {
            store_keep(&fixture, what.size, which, text);
        }
    }
    if (sqlite3_step(side->statement) != SQLITE_DONE) {
        bench_fail("a second row, or: %s", sqlite3_errmsg(side->database));
    }
    sqlite3_reset(side->statement);
}

/* Rows before the measured ones: the statement, the keys and the upper pages are known then. With
** "again" it is the measured tokens themselves, twice: a connection keeps a signature from the
** second time on. */
static void side_warm(side_run *side, int calls)
{
    bool refresh = side->what.call == REFRESH;
    int first = side->what.again ? 0 : refresh ? calls : CALLS;
    int count = side->what.again ? calls : refresh ? WARM / 10 : WARM;
    for (int times = side->what.again ? 2 : 1; times > 0; times--) {
        for (int i = 0; i < count; i++) side_call(side, first + i);
    }
}

static void side_piece(side_run *side, int first, int count)
{
    double start = clock_ns();
    for (int i = 0; i < count; i++) side_call(side, first + i);
    side->ns += clock_ns() - start;
}

static void side_end(side_run *side)
{
    sqlite3_finalize(side->statement);
    sqlite3_close(side->database);
}

/* ---- a case ---- */

typedef struct {
    double ours, limit, ratio;
} round_result;

static round_result case_round(const store_case *what, bool ours_first)
{
    side_run sides[2] = { side_start(what->ours), side_start(what->limit) };
    int piece = what->calls / PIECES;
    for (int i = 0; i < 2; i++) side_warm(&sides[i], what->calls);
    for (int i = 0; i < PIECES; i++) {
        side_run *first = &sides[ours_first ? 0 : 1], *second = &sides[ours_first ? 1 : 0];
        side_piece(first, i * piece, piece);
        side_piece(second, i * piece, piece);
    }
    round_result result = { sides[0].ns / (piece * PIECES), sides[1].ns / (piece * PIECES), 0 };
    result.ratio = result.ours / result.limit;
    for (int i = 0; i < 2; i++) side_end(&sides[i]);
    return result;
}

static void write_row(const bench_result *result)
{
    const char *path = getenv("BENCH_ROWS_OUT");
    FILE *file;
    if (path == NULL || *path == '\0') return;
    file = fopen(path, "a");
    if (file == NULL) bench_fail("cannot write %s", path);
    report_append_row(file, result);
    if (fclose(file) != 0) bench_fail("cannot write %s", path);
}

/* Prints a line; returns whether its target was missed. */
static int case_report(const bench_result *result)
{
    bool missed = result->target > 0 && result->ratio.median > result->target;
    printf("%-38s %-16s %9.0f %9.0f %7.2f (%.2f to %.2f)", result->name, result->against,
        result->limit_ns, result->ours_ns, result->ratio.median, result->ratio.low,
        result->ratio.high);
    if (result->target > 0) printf("  target %.1f %s", result->target, missed ? "MISSED" : "met");
    printf("  %.0f/s\n", 1e9 / result->ours_ns);
    fflush(stdout);
    write_row(result);
    return missed;
}

static int case_run(const store_case *what)
{
    double ours[MOST_ROUNDS], limits[MOST_ROUNDS], ratios[MOST_ROUNDS];
    bench_result result = { .group = "token store (files in WAL, one statement a call)",
        .against = what->against,
        .target_kind = what->target > 0 ? TARGET_RATIO : TARGET_NONE,
        .target = what->target,
        .rows = what->calls,
        .rounds = rounds };
    for (int round = 0; round < rounds; round++) {
        round_result got = case_round(what, round % 2 == 0);
        ours[round] = got.ours;
        limits[round] = got.limit;
        ratios[round] = got.ratio;
    }
    snprintf(result.name, sizeof result.name, "%s", what->name);
    result.ours_ns = spread_of(ours, rounds).median;
    result.limit_ns = spread_of(limits, rounds).median;
    result.ratio = spread_of(ratios, rounds);
    return case_report(&result);
}

/* One session, refreshed again and again, is one row, and its file does not grow. */
static void refresh_one(void)
{
    side_run side = side_start((store_call){ REFRESH, FEW, .bare = false });
    sqlite3_stmt *count =
        statement_prepare(side.database, "SELECT count(*) + (SELECT count(*) FROM jwt_event) "
                                         "+ (SELECT count(*) FROM jwt_key) FROM jwt_session");
    sqlite3_stmt *pages = statement_prepare(side.database, "PRAGMA page_count");
    sqlite3_int64 rows = statement_value(count), size = statement_value(pages);
    for (int i = 0; i < REFRESHES_OF_ONE; i++) side_call(&side, 0);
    if (statement_value(count) != rows || statement_value(pages) > size + 1) {
        bench_fail("%d refreshes left %lld rows and %lld pages", REFRESHES_OF_ONE,
            statement_value(count) - rows, statement_value(pages) - size);
    }
    printf("%d refreshes of one session leave one row, and the file as large as it was\n",
        REFRESHES_OF_ONE);
    sqlite3_finalize(count);
    sqlite3_finalize(pages);
    side_end(&side);
}

/* Ours of the first case of this name, for a profiler. */
static void loop(const char *name, double seconds)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (strcmp(cases[i].name, name) != 0) continue;
        double end = clock_ns() + seconds * 1e9;
        while (clock_ns() < end) {
            side_run side = side_start(cases[i].ours);
            side_warm(&side, cases[i].calls);
            side_piece(&side, 0, cases[i].calls);
            side_end(&side);
        }
        return;
    }
    bench_fail("there is no case %s", name);
}

int main(void)
{
    const char *alone = getenv("BENCH_LOOP"), *path = getenv("BENCH_DATABASE");
    const char *only = getenv("BENCH_ONLY");
    int missed = 0;
    rounds = (int)number_of("BENCH_ROUNDS", rounds);
    if (rounds < 1 || rounds > MOST_ROUNDS) bench_fail("BENCH_ROUNDS: 1 to %d", MOST_ROUNDS);
    pin_to_one_cpu();
    store_make(
        &fixture, path != NULL ? path : "store-bench.db", number_of("BENCH_SESSIONS", 1000000));
    if (alone != NULL) {
        loop(alone, 10);
    } else {
        printf("%-38s %-16s %9s %9s %7s\n", "token store (WAL, one statement a call)", "against",
            "ns", "ours ns", "ratio");
        refresh_one();
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            if (only == NULL || strstr(cases[i].name, only) != NULL) missed += case_run(&cases[i]);
        }
        printf("%d of the targets missed\n", missed);
    }
    store_remove(&fixture);
    return 0;
}
