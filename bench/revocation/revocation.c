/*
** What a question to a revocation table costs, against EXISTS on a plain indexed table.
**
** In one scan over distinct tokens, of which 1% are revoked, each way of asking is added to the same
** statement, and what it adds to a row is compared with what the plain EXISTS adds. All ways take
** turns within a round, each beside a scan without a question, so that what counts is their ratio and
** not the machine. "By probing": a commit has just made worthless whatever the connection keeps but the
** kinds in use; "filter": so many questions were asked at one version that the filter is built.
**
**     BENCH_ROUNDS=21         rounds
**     BENCH_RULES=1000000     rules of the table that the targets are about, a power of ten
**     BENCH_GROWTH=10000000   the largest table; beyond BENCH_RULES it takes some minutes more
**     BENCH_ROWS_OUT=file     where the rows go, for bench/run; without it only the table is printed
*/
#include "../program/bench.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TOKENS = 100000, SCAN_TOKENS = 10000, STATEMENTS = 10000, MOST_ROUNDS = 101 };

/* The ways of asking; the first is the scan without a question. */
enum way { WAY_NONE, WAY_EXISTS, WAY_OPTION, WAY_TOKEN, WAY_CLAIMS, WAY_COUNT };

static const char *const way_names[WAY_COUNT] = { "no question", "EXISTS on a plain table",
    "revoked_by", "WHERE token =", "WHERE claims =" };

static const char against_scan[] = "EXISTS on an indexed table, in the same scan";
static const char against_statement[] = "EXISTS on an indexed table, as a statement";

/* A row counts where nothing revokes it. */
static const char *const way_texts[WAY_COUNT] = {
    "SELECT sum(jwt_verify(token, ?1, ?2)) FROM tokens AS t WHERE id > ?3 AND id <= ?4",
    "SELECT sum(jwt_verify(token, ?1, ?2) AND NOT EXISTS "
    "(SELECT 1 FROM plain WHERE jti = t.jti)) FROM tokens AS t WHERE id > ?3 AND id <= ?4",
    "SELECT sum(jwt_verify(token, ?1, ?2)) FROM tokens AS t WHERE id > ?3 AND id <= ?4",
    "SELECT sum(jwt_verify(token, ?1, ?2) AND NOT EXISTS "
    "(SELECT 1 FROM revoked WHERE token = t.token)) FROM tokens AS t WHERE id > ?3 AND id <= ?4",
    "SELECT sum(jwt_verify(token, ?1, ?2) AND NOT EXISTS "
    "(SELECT 1 FROM revoked WHERE claims = t.claims)) FROM tokens AS t WHERE id > ?3 AND id <= ?4",
};

static const char key[] = "0123456789abcdef0123456789abcdef";
static const char plain_options[] = "{\"now\":1800000000}";
static const char asking_options[] = "{\"now\":1800000000,\"revoked_by\":\"revoked\"}";

static int rounds = 21;
static FILE *rows_out; /* or NULL */

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

/* Tokens, of which every hundredth is revoked; no other rule yet. */
static sqlite3 *make_database(const char *path)
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
        TOKENS, key);
    run(database, sql);
    run(database, "INSERT INTO plain SELECT jti FROM tokens WHERE id % 100 = 0;"
                  "INSERT INTO revoked(jti) SELECT jti FROM plain; COMMIT");
    return database;
}

/* Fills both tables up to that many rules. */
static void fill(sqlite3 *database, long rules)
{
    char sql[400];
    snprintf(sql, sizeof sql,
        "BEGIN; CREATE TEMP TABLE more AS WITH n(i) AS (SELECT count(*) + 1 FROM plain UNION ALL "
        "SELECT i + 1 FROM n WHERE i < %ld) SELECT lower(hex(randomblob(11))) AS jti FROM n WHERE "
        "i <= %ld ORDER BY 1; INSERT OR IGNORE INTO plain SELECT jti FROM more; INSERT INTO "
        "revoked(jti) SELECT jti FROM more; DROP TABLE more; COMMIT",
        rules, rules);
    run(database, sql);
    run(database, "PRAGMA wal_checkpoint(TRUNCATE)");
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

/* ns a row of a scan over `count` tokens after `first`; ends the program where the number of good ones is wrong. */
static double scan(sqlite3_stmt *statement, enum way way, int first, int count)
{
    double start = clock_ns();
    sqlite3_int64 good;
    sqlite3_bind_int(statement, 3, first);
    sqlite3_bind_int(statement, 4, first + count);
    good = statement_value(statement);
    double spent = clock_ns() - start;
    if (good != count - (way == WAY_NONE ? 0 : count / 100)) {
        bench_fail("%s: %lld of %d tokens are good", way_names[way], (long long)good, count);
    }
    return spent / count;
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
static void measure_scans(sqlite3 *reader, sqlite3 *writer, struct measure *measure)
{
    sqlite3_stmt *statements[WAY_COUNT];
    for (enum way way = 0; way < WAY_COUNT; way++) statements[way] = way_statement(reader, way);
    for (int round = 0; round < rounds; round++) {
        int first = round * SCAN_TOKENS % TOKENS;
        /* Its pages come into the caches of both tables before anything is timed. */
        scan(statements[WAY_EXISTS], WAY_EXISTS, first, SCAN_TOKENS);
        scan(statements[WAY_OPTION], WAY_OPTION, first, SCAN_TOKENS);
        for (enum way way = WAY_EXISTS; way < WAY_COUNT; way++) {
            double none = scan(statements[WAY_NONE], WAY_NONE, first, SCAN_TOKENS);
            if (writer != NULL) disturb(writer);
            double with = scan(statements[way], way, first, SCAN_TOKENS);
            none += scan(statements[WAY_NONE], WAY_NONE, first, SCAN_TOKENS);
            measure->added[way][round] = with - none / 2;
            measure->ratio[way][round] =
                measure->added[way][round] / measure->added[WAY_EXISTS][round];
        }
    }
    for (enum way way = 0; way < WAY_COUNT; way++) sqlite3_finalize(statements[way]);
}

/* Asks so often at one version that the filter is worth building, and is built. */
static void warm_filter(sqlite3 *reader, long rules)
{
    sqlite3_stmt *statement = way_statement(reader, WAY_OPTION);
    for (long asked = 0; asked <= rules / 2; asked += TOKENS) {
        scan(statement, WAY_OPTION, 0, TOKENS);
    }
    sqlite3_finalize(statement);
}

/* ---- reporting ---- */

/* One row of the table; `target` 0: none. */
static void report(const char *name, const char *against, double *ns, double *ratios,
    double limit_ns, double target)
{
    bench_result row = { .group = "revocation",
        .against = against,
        .limit_ns = limit_ns,
        .ours_ns = spread_of(ns, rounds).median,
        .ratio = spread_of(ratios, rounds),
        .target_kind = target > 0 ? TARGET_RATIO : TARGET_NONE,
        .target = target,
        .rows = SCAN_TOKENS,
        .rounds = rounds };
    snprintf(row.name, sizeof row.name, "%s", name);
    printf("  %-48s %7.0f ns against %6.0f %6.2f  (%.2f to %.2f)", name, row.ours_ns, limit_ns,
        row.ratio.median, row.ratio.low, row.ratio.high);
    if (target > 0) {
        printf("  target %.2f: %s", target, row.ratio.median <= target ? "met" : "MISSED");
    }
    putchar('\n');
    fflush(stdout);
    if (rows_out != NULL) report_append_row(rows_out, &row);
}

static void report_scans(struct measure *measure, const char *how, const double *targets)
{
    double exists = spread_of(measure->added[WAY_EXISTS], rounds).median;
    for (enum way way = WAY_OPTION; way < WAY_COUNT; way++) {
        char name[64];
        snprintf(name, sizeof name, "%s in a scan, %s", way_names[way], how);
        report(name, against_scan, measure->added[way], measure->ratio[way], exists, targets[way]);
    }
}

/* One point of the chart of cost against size. */
static void report_point(const char *series, long rules, double ns)
{
    printf("  %10ld rules: %-16s %7.0f ns\n", rules, series, ns);
    fflush(stdout);
    if (rows_out == NULL) return;
    fprintf(rows_out,
        "{\"curve\":\"a question to a revocation table, by its rules\",\"series\":\"%s\","
        "\"x\":%ld,\"ours_ns\":%.1f}\n",
        series, rules, ns);
}

/* ---- one statement a question ---- */

enum question { QUESTION_EXISTS, QUESTION_TOKEN, QUESTION_VERIFY, QUESTION_OPTION, QUESTION_COUNT };

static const char *const question_texts[QUESTION_COUNT] = {
    "SELECT EXISTS (SELECT 1 FROM plain WHERE jti = ?1)",
    "SELECT EXISTS (SELECT 1 FROM revoked WHERE token = ?1)",
    "SELECT jwt_verify(?1, ?2, ?3)",
    "SELECT jwt_verify(?1, ?2, ?3)",
};

/* What is asked about: STATEMENTS tokens and their jti, copied. */
static char *values[2][STATEMENTS];

static void read_values(sqlite3 *reader, int first)
{
    sqlite3_stmt *rows = statement_prepare(reader, "SELECT jti, token FROM tokens WHERE id > ?1");
    sqlite3_bind_int(rows, 1, first);
    for (int i = 0; i < STATEMENTS; i++) {
        if (sqlite3_step(rows) != SQLITE_ROW) bench_fail("too few tokens");
        for (int column = 0; column < 2; column++) {
            free(values[column][i]);
            values[column][i] = strdup((const char *)sqlite3_column_text(rows, column));
        }
    }
    sqlite3_finalize(rows);
}

/* ns for one statement, its own transaction each time. */
static double repeat(sqlite3 *reader, enum question question)
{
    sqlite3_stmt *statement = statement_prepare(reader, question_texts[question]);
    char **asked = values[question == QUESTION_EXISTS ? 0 : 1];
    if (question >= QUESTION_VERIFY) {
        sqlite3_bind_text(statement, 2, key, -1, SQLITE_STATIC);
        sqlite3_bind_text(statement, 3,
            question == QUESTION_OPTION ? asking_options : plain_options, -1, SQLITE_STATIC);
    }
    double start = clock_ns();
    for (int i = 0; i < STATEMENTS; i++) {
        sqlite3_bind_text(statement, 1, asked[i], -1, SQLITE_STATIC);
        statement_value(statement);
    }
    double spent = clock_ns() - start;
    sqlite3_finalize(statement);
    return spent / STATEMENTS;
}

/* `target`: of WHERE token =. */
static void measure_statements(
    sqlite3 *reader, sqlite3 *writer, const char *how, double token_target)
{
    static double ns[QUESTION_COUNT][MOST_ROUNDS], ratios[QUESTION_COUNT][MOST_ROUNDS];
    char name[64];
    for (int round = 0; round < rounds; round++) {
        double spent[QUESTION_COUNT];
        read_values(reader, round * STATEMENTS % TOKENS);
        repeat(reader, QUESTION_EXISTS);
        repeat(reader, QUESTION_TOKEN);
        for (enum question question = 0; question < QUESTION_COUNT; question++) {
            if (writer != NULL) disturb(writer);
            spent[question] = repeat(reader, question);
        }
        spent[QUESTION_OPTION] -= spent[QUESTION_VERIFY];
        for (enum question question = 0; question < QUESTION_COUNT; question++) {
            ns[question][round] = spent[question];
            ratios[question][round] = spent[question] / spent[QUESTION_EXISTS];
        }
    }
    double exists = spread_of(ns[QUESTION_EXISTS], rounds).median;
    snprintf(name, sizeof name, "WHERE token = as a statement, %s", how);
    report(
        name, against_statement, ns[QUESTION_TOKEN], ratios[QUESTION_TOKEN], exists, token_target);
    snprintf(name, sizeof name, "revoked_by in a statement, %s", how);
    report(name, against_statement, ns[QUESTION_OPTION], ratios[QUESTION_OPTION], exists, 0);
}

/* ---- parts ---- */

/* The table has its size: the figures that the targets are about, or two points of the chart. */
static void measure_size(sqlite3 *writer, const char *path, long rules, bool has_targets)
{
    static const double probing[WAY_COUNT] = { [WAY_OPTION] = 2.0 };
    static const double filtered[WAY_COUNT] = { [WAY_OPTION] = 0.15, [WAY_TOKEN] = 0.8 };
    static struct measure measure;
    sqlite3 *reader = connection_open(path);
    measure_scans(reader, writer, &measure);
    report_point("EXISTS", rules, spread_of(measure.added[WAY_EXISTS], rounds).median);
    report_point("by probing", rules, spread_of(measure.added[WAY_OPTION], rounds).median);
    if (has_targets) {
        report_scans(&measure, "by probing", probing);
        measure_statements(reader, writer, "by probing", 1.2);
    }
    bench_memory before = memory_now();
    warm_filter(reader, rules);
    bench_memory after = memory_now();
    measure_scans(reader, NULL, &measure);
    report_point("with the filter", rules, spread_of(measure.added[WAY_OPTION], rounds).median);
    if (has_targets) {
        report_scans(&measure, "filter", filtered);
        measure_statements(reader, NULL, "filter", 1.2);
        printf("  memory: +%ld KiB with the filter (and pages that the scans read)\n",
            after.resident_kib - before.resident_kib);
    }
    sqlite3_close(reader);
}

int main(void)
{
    const char *path = getenv("BENCH_DATABASE");
    const char *rows_path = getenv("BENCH_ROWS_OUT");
    long rules = number_of("BENCH_RULES", 1000000);
    long growth = number_of("BENCH_GROWTH", rules);
    if (path == NULL) path = "revocation-bench.db";
    rounds = (int)number_of("BENCH_ROUNDS", 21);
    if (rounds < 1 || rounds > MOST_ROUNDS) bench_fail("BENCH_ROUNDS: 1 to %d", MOST_ROUNDS);
    if (rows_path != NULL) rows_out = fopen(rows_path, "a");
    if (rows_path != NULL && rows_out == NULL) bench_fail("cannot append to %s", rows_path);
    pin_to_one_cpu();
    sqlite3 *writer = make_database(path);
    for (long size = 1000; size <= rules || size <= growth; size *= 10) {
        fill(writer, size);
        measure_size(writer, path, size, size == rules);
    }
    sqlite3_close(writer);
    remove_database(path);
    if (rows_out != NULL) fclose(rows_out);
    return 0;
}
