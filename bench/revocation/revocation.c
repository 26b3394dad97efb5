/*
** What a question to a revocation table costs, against EXISTS on a plain indexed table.
**
** In one scan over distinct tokens, of which 1% are revoked, each way of asking is added to the same
** statement, and what it adds to a row is compared with what the plain EXISTS adds. All ways take
** turns within a round, so that what counts is their ratio and not the machine.
**
**     BENCH_ROUNDS=9          rounds
**     BENCH_RULES=1000000     rules of the table that the targets are about
**     BENCH_GROWTH=10000000   the largest table of the second part
*/
#include "../program/bench.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SCAN_TOKENS = 60000, WARM_TOKENS = 400000, STATEMENTS = 20000, MOST_ROUNDS = 101 };

/* The ways of asking; the first is the scan without a question. */
enum way { WAY_NONE, WAY_EXISTS, WAY_OPTION, WAY_TOKEN, WAY_CLAIMS, WAY_COUNT };

static const char *const way_names[WAY_COUNT] = { "no question", "EXISTS on a plain table",
    "revoked_by", "WHERE token =", "WHERE claims =" };

/* A row counts where nothing revokes it; `%s` is the rows' condition. */
static const char *const way_texts[WAY_COUNT] = {
    "SELECT sum(jwt_verify(token, ?1, ?2)) FROM tokens AS t WHERE id <= ?3",
    "SELECT sum(jwt_verify(token, ?1, ?2) AND NOT EXISTS "
    "(SELECT 1 FROM plain WHERE jti = t.jti)) FROM tokens AS t WHERE id <= ?3",
    "SELECT sum(jwt_verify(token, ?1, ?2)) FROM tokens AS t WHERE id <= ?3",
    "SELECT sum(jwt_verify(token, ?1, ?2) AND NOT EXISTS "
    "(SELECT 1 FROM revoked WHERE token = t.token)) FROM tokens AS t WHERE id <= ?3",
    "SELECT sum(jwt_verify(token, ?1, ?2) AND NOT EXISTS "
    "(SELECT 1 FROM revoked WHERE claims = t.claims)) FROM tokens AS t WHERE id <= ?3",
};

static const char key[] = "0123456789abcdef0123456789abcdef";
static const char plain_options[] = "{\"now\":1800000000}";
static const char asking_options[] = "{\"now\":1800000000,\"revoked_by\":\"revoked\"}";

static int rounds = 9;
static int missed;

static void run(sqlite3 *database, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(database, sql, NULL, NULL, &message) != SQLITE_OK) {
        bench_fail("%s\n  in: %s", message, sql);
    }
}

static long number_of(const char *name, long otherwise)
{
    const char *text = getenv(name);
    return text != NULL && *text != '\0' ? strtol(text, NULL, 10) : otherwise;
}

/* ---- the database ---- */

static void remove_database(const char *path)
{
    static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char name[512];
        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        unlink(name);
    }
}

static sqlite3 *open_for_writing(const char *path)
{
    sqlite3 *database = NULL;
    const char *extension = getenv("JWT_EXT");
    char *message = NULL;
    if (sqlite3_open(path, &database) != SQLITE_OK) bench_fail("cannot open %s", path);
    sqlite3_enable_load_extension(database, 1);
    if (sqlite3_load_extension(
            database, extension != NULL ? extension : "./jwt_ext", NULL, &message) != SQLITE_OK) {
        bench_fail("cannot load the extension: %s", message);
    }
    return database;
}

/* Tokens, and as many rules as asked for; every hundredth token is revoked. */
static sqlite3 *make_database(const char *path, long rules, int tokens)
{
    sqlite3 *database;
    char sql[1024];
    remove_database(path);
    database = open_for_writing(path);
    run(database,
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000;"
        "CREATE TABLE tokens(id INTEGER PRIMARY KEY, jti TEXT, token TEXT, claims TEXT);"
        "CREATE TABLE plain(jti TEXT PRIMARY KEY) WITHOUT ROWID;"
        "CREATE TABLE tick(at);"
        "CREATE VIRTUAL TABLE revoked USING jwt_revocation(prune=0); BEGIN");
    snprintf(sql, sizeof sql,
        "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d), "
        "c(i, jti, claims) AS (SELECT i, jti, json_object('iss', 'https://id.example.com', "
        "'sub', printf('user-%%08d', i), 'aud', 'https://api.example.com', 'exp', 1800086400, "
        "'iat', 1799999000, 'nbf', 1799999000, 'jti', jti, 'role', 'editor', "
        "'scope', 'orders:read orders:write report:read') FROM "
        "(SELECT i, lower(hex(randomblob(11))) AS jti FROM n LIMIT -1 OFFSET 0)) "
        "INSERT INTO tokens SELECT i, jti, jwt_sign(claims, '%s'), claims FROM c",
        tokens, key);
    run(database, sql);
    snprintf(sql, sizeof sql,
        "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %ld) "
        "INSERT INTO plain SELECT lower(hex(randomblob(11))) AS j FROM n ORDER BY j",
        rules);
    run(database, sql);
    run(database, "INSERT OR IGNORE INTO plain SELECT jti FROM tokens WHERE id % 100 = 0;"
                  "INSERT INTO revoked(jti) SELECT jti FROM plain ORDER BY jti; COMMIT;"
                  "PRAGMA wal_checkpoint(TRUNCATE)");
    return database;
}

/* ---- scans ---- */

static sqlite3_stmt *way_statement(sqlite3 *database, enum way way)
{
    sqlite3_stmt *statement = statement_prepare(database, way_texts[way]);
    sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
    sqlite3_bind_text(
        statement, 2, way == WAY_OPTION ? asking_options : plain_options, -1, SQLITE_STATIC);
    return statement;
}

/* ns a row of one scan; ends the program where the number of good tokens is wrong. */
static double scan(sqlite3_stmt *statement, enum way way, int tokens)
{
    double start = clock_ns();
    sqlite3_int64 good;
    sqlite3_bind_int(statement, 3, tokens);
    good = statement_value(statement);
    double spent = clock_ns() - start;
    if (good != tokens - (way == WAY_NONE ? 0 : tokens / 100)) {
        bench_fail("%s: %lld of %d tokens are good", way_names[way], (long long)good, tokens);
    }
    return spent / tokens;
}

struct measure {
    double added[WAY_COUNT][MOST_ROUNDS]; /* ns a row, minus the scan without a question */
    double ratio[WAY_COUNT][MOST_ROUNDS]; /* to EXISTS */
};

/* A commit makes whatever a connection keeps of the rules worthless. */
static void disturb(sqlite3 *writer)
{
    run(writer, "INSERT INTO tick VALUES(1)");
}

/* Every way in turn; with `writer` each scan starts with nothing kept, so that it probes. */
static void measure_scans(sqlite3 *reader, sqlite3 *writer, int tokens, struct measure *measure)
{
    sqlite3_stmt *statements[WAY_COUNT];
    for (enum way way = 0; way < WAY_COUNT; way++) statements[way] = way_statement(reader, way);
    for (int round = -1; round < rounds; round++) {
        double spent[WAY_COUNT];
        for (enum way way = 0; way < WAY_COUNT; way++) {
            if (writer != NULL) disturb(writer);
            spent[way] = scan(statements[way], way, tokens);
        }
        if (round < 0) continue; /* the first warms the caches */
        for (enum way way = 0; way < WAY_COUNT; way++) {
            measure->added[way][round] = spent[way] - spent[WAY_NONE];
            measure->ratio[way][round] =
                (spent[way] - spent[WAY_NONE]) / (spent[WAY_EXISTS] - spent[WAY_NONE]);
        }
    }
    for (enum way way = 0; way < WAY_COUNT; way++) sqlite3_finalize(statements[way]);
}

/* Asks so often at one version that the filter is worth building, and is built. */
static void warm_filter(sqlite3 *reader, int tokens, long rules)
{
    sqlite3_stmt *statement = way_statement(reader, WAY_OPTION);
    for (long asked = 0; asked <= rules / 2 + tokens; asked += tokens) {
        scan(statement, WAY_OPTION, tokens);
    }
    sqlite3_finalize(statement);
}

static void print_line(const char *name, double *ns, double *ratios, double target)
{
    bench_spread added = spread_of(ns, rounds);
    bench_spread ratio = spread_of(ratios, rounds);
    printf("  %-44s %8.0f ns %7.2f  (%.2f to %.2f)", name, added.median, ratio.median, ratio.low,
        ratio.high);
    if (target > 0) {
        printf("  target %.2f: %s", target, ratio.median <= target ? "met" : "MISSED");
        if (ratio.median > target) missed++;
    }
    putchar('\n');
}

static void report_scans(struct measure *measure, const char *how, const double *targets)
{
    for (enum way way = WAY_OPTION; way < WAY_COUNT; way++) {
        char name[64];
        snprintf(name, sizeof name, "%s, %s", way_names[way], how);
        print_line(name, measure->added[way], measure->ratio[way], targets[way]);
    }
}

/* ---- one statement a question ---- */

static const char *const statement_texts[] = {
    "SELECT EXISTS (SELECT 1 FROM plain WHERE jti = ?1)",
    "SELECT EXISTS (SELECT 1 FROM revoked WHERE token = ?1)",
    "SELECT EXISTS (SELECT 1 FROM revoked WHERE claims = ?1)",
    "SELECT jwt_verify(?1, ?2, ?3)",
    "SELECT jwt_verify(?1, ?2, ?3)",
};

static const char *const statement_names[] = { "EXISTS on a plain table",
    "WHERE token =", "WHERE claims =", "jwt_verify without revoked_by",
    "jwt_verify with revoked_by" };

enum { STATEMENT_COUNT = 5 };

/* ns for one statement, its own transaction each time. */
static double repeat(sqlite3 *reader, int which, sqlite3_stmt *rows)
{
    static const int columns[STATEMENT_COUNT] = { 1, 2, 3, 2, 2 };
    sqlite3_stmt *statement = statement_prepare(reader, statement_texts[which]);
    char **values = malloc(STATEMENTS * sizeof *values);
    double start, spent;
    if (which >= 3) {
        sqlite3_bind_text(statement, 2, key, -1, SQLITE_STATIC);
        sqlite3_bind_text(
            statement, 3, which == 4 ? asking_options : plain_options, -1, SQLITE_STATIC);
    }
    if (values == NULL) bench_fail("out of memory");
    for (int i = 0; i < STATEMENTS; i++) {
        sqlite3_step(rows);
        values[i] = strdup((const char *)sqlite3_column_text(rows, columns[which]));
    }
    sqlite3_reset(rows);
    start = clock_ns();
    for (int i = 0; i < STATEMENTS; i++) {
        sqlite3_bind_text(statement, 1, values[i], -1, SQLITE_STATIC);
        statement_value(statement);
    }
    spent = clock_ns() - start;
    for (int i = 0; i < STATEMENTS; i++) free(values[i]);
    free(values);
    sqlite3_finalize(statement);
    return spent / STATEMENTS;
}

static void measure_statements(sqlite3 *reader, sqlite3 *writer)
{
    static const double targets[STATEMENT_COUNT] = { 0, 1.2, 0, 0, 0 };
    double ns[STATEMENT_COUNT][MOST_ROUNDS], ratios[STATEMENT_COUNT][MOST_ROUNDS];
    sqlite3_stmt *rows = statement_prepare(reader, "SELECT id, jti, token, claims FROM tokens");
    puts("one statement a question, each its own transaction (WAL)");
    for (int round = 0; round < rounds; round++) {
        for (int which = 0; which < STATEMENT_COUNT; which++) {
            disturb(writer);
            ns[which][round] = repeat(reader, which, rows);
            ratios[which][round] = ns[which][round] / ns[0][round];
        }
    }
    for (int which = 0; which < STATEMENT_COUNT; which++) {
        print_line(statement_names[which], ns[which], ratios[which], targets[which]);
    }
    sqlite3_finalize(rows);
}

/* ---- parts ---- */

static void measure_targets(const char *path, long rules)
{
    static const double exact_targets[WAY_COUNT] = { [WAY_OPTION] = 2.0 };
    static const double filter_targets[WAY_COUNT] = { [WAY_OPTION] = 0.15, [WAY_TOKEN] = 0.8 };
    static struct measure measure;
    sqlite3 *writer = make_database(path, rules, WARM_TOKENS);
    sqlite3 *reader = connection_open(path);
    printf("%ld rules, 1%% hits: what a question adds to a row, and its ratio to EXISTS\n", rules);
    measure_scans(reader, writer, SCAN_TOKENS, &measure);
    print_line(way_names[WAY_EXISTS], measure.added[WAY_EXISTS], measure.ratio[WAY_EXISTS], 0);
    report_scans(&measure, "by probing", exact_targets);
    bench_memory before = memory_now();
    warm_filter(reader, WARM_TOKENS, rules);
    bench_memory after = memory_now();
    measure_scans(reader, NULL, SCAN_TOKENS, &measure);
    print_line(way_names[WAY_EXISTS], measure.added[WAY_EXISTS], measure.ratio[WAY_EXISTS], 0);
    report_scans(&measure, "with the filter", filter_targets);
    printf("  memory: +%ld KiB with the filter (and pages that the scans read)\n",
        after.resident_kib - before.resident_kib);
    measure_statements(reader, writer);
    sqlite3_close(reader);
    sqlite3_close(writer);
}

static void measure_growth(const char *path, long largest)
{
    static struct measure measure;
    puts("growth: ns that a question adds to a row");
    printf("  %10s %12s %12s %12s\n", "rules", "EXISTS", "probing", "filter");
    for (long rules = 1000; rules <= largest; rules *= 10) {
        sqlite3 *writer = make_database(path, rules, WARM_TOKENS);
        sqlite3 *reader = connection_open(path);
        double exists, probing;
        measure_scans(reader, writer, SCAN_TOKENS / 4, &measure);
        exists = spread_of(measure.added[WAY_EXISTS], rounds).median;
        probing = spread_of(measure.added[WAY_OPTION], rounds).median;
        warm_filter(reader, WARM_TOKENS, rules);
        measure_scans(reader, NULL, SCAN_TOKENS / 4, &measure);
        printf("  %10ld %12.0f %12.0f %12.0f\n", rules, exists, probing,
            spread_of(measure.added[WAY_OPTION], rounds).median);
        fflush(stdout);
        sqlite3_close(reader);
        sqlite3_close(writer);
    }
}

int main(void)
{
    const char *path = getenv("BENCH_DATABASE");
    long rules = number_of("BENCH_RULES", 1000000);
    long growth = number_of("BENCH_GROWTH", 1000000);
    if (path == NULL) path = "revocation-bench.db";
    rounds = (int)number_of("BENCH_ROUNDS", 9);
    if (rounds < 1 || rounds > MOST_ROUNDS) bench_fail("BENCH_ROUNDS: 1 to %d", MOST_ROUNDS);
    pin_to_one_cpu();
    measure_targets(path, rules);
    measure_growth(path, growth);
    remove_database(path);
    printf("%d of the targets missed\n", missed);
    return 0;
}
