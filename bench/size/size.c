/*
** Cost against size: payloads of 100 bytes to 64 KiB, queries over 1 row to a million, key sets of 1 to
** 10,000 keys. Each series must grow no faster than its size: the largest size is held against a smaller
** one, in proportion.
**
**     BENCH_ROUNDS=5              rounds
**     BENCH_SIZE_ROWS=1000000     the longest query
*/
#include "../program/bench.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ROUNDS = 101, MOST_SIZES = 8, WARM = 10, KEY_TOKENS = 4000 };
/* Payload bytes of the rows of one size together. */
enum { PAYLOAD_BYTES = 2000000, MOST_PAYLOADS = 4000 };
enum { LONG_ROWS = 500000 };
static const double allowed = 1.1;
/* The usual policy, open to the longest tokens. */
static const char options[] =
    "{\"iss\":\"https://id.example.com\",\"aud\":\"https://api.example.com\","
    "\"now\":1800000000,\"max_length\":1048576}";

static int rounds = 5;
static const char *path;
static FILE *rows_out;

/* ---- one series */

/* In the query `@` stands for the function. */
typedef struct {
    const char *curve, *series, *query, *function;
    const char *larger, *smaller; /* of the row that holds the largest size against a smaller one */
    int compared;                 /* place of the smaller size */
} series;

typedef struct {
    double ns[MOST_SIZES][MOST_ROUNDS];
    double sizes[MOST_SIZES];
    int count;
} measures;

static sqlite3_stmt *call_prepare(sqlite3 *database, const char *query, const char *function)
{
    const char *mark = strchr(query, '@');
    char *sql = sqlite3_mprintf("%.*s%s%s", (int)(mark - query), query, function, mark + 1);
    sqlite3_stmt *statement = statement_prepare(database, sql);
    sqlite3_free(sql);
    return statement;
}

static void bind_text(sqlite3_stmt *statement, const char *name, const char *text)
{
    int place = sqlite3_bind_parameter_index(statement, name);
    if (place) sqlite3_bind_text(statement, place, text, -1, SQLITE_STATIC);
}

/* ns that the statement needs for the rows from `first` to `last`, each of which must count. */
static double range_ns(sqlite3_stmt *statement, sqlite3_int64 first, sqlite3_int64 last)
{
    double start;
    sqlite3_bind_int64(statement, sqlite3_bind_parameter_index(statement, ":first"), first);
    sqlite3_bind_int64(statement, sqlite3_bind_parameter_index(statement, ":last"), last);
    start = clock_ns();
    if (statement_value(statement) != last - first + 1) {
        bench_fail("a row came out wrong\n  in: %s", sqlite3_sql(statement));
    }
    return clock_ns() - start;
}

/* Net ns of the rows after the first `warm` ones, on the connection given. */
static double net_ns(sqlite3 *database, const series *what, const char *key, sqlite3_int64 first,
    sqlite3_int64 last, int warm)
{
    sqlite3_stmt *call = call_prepare(database, what->query, what->function);
    sqlite3_stmt *noop = call_prepare(database, what->query, "bench_noop");
    double before, spent, after;
    sqlite3_stmt *const both[] = { call, noop };
    for (int i = 0; i < 2; i++) {
        bind_text(both[i], ":key", key);
        bind_text(both[i], ":options", options);
    }
    if (warm) (void)range_ns(call, first, first + warm - 1);
    if (last - first < LONG_ROWS) (void)range_ns(noop, first, last); /* the pages are in memory */
    before = range_ns(noop, first + warm, last);
    spent = range_ns(call, first + warm, last);
    after = last - first < LONG_ROWS ? range_ns(noop, first + warm, last) : before;
    sqlite3_finalize(call);
    sqlite3_finalize(noop);
    return spent - (before + after) / 2;
}

/* Writes the points of a series, and the row that says whether it grows in proportion at most. */
static void series_write(const series *what, measures *measured)
{
    int last = measured->count - 1, from = what->compared;
    double proportion = measured->sizes[last] / measured->sizes[from], ratios[MOST_ROUNDS];
    bench_result row = { .group = "cost against size",
        .against = what->smaller,
        .target_kind = TARGET_RATIO,
        .target = allowed,
        .rounds = rounds };
    for (int i = 0; i < rounds; i++) {
        ratios[i] = measured->ns[last][i] / (measured->ns[from][i] * proportion);
    }
    snprintf(row.name, sizeof row.name, "%s, %s", what->series, what->larger);
    row.ratio = spread_of(ratios, rounds);
    for (int size = 0; size < measured->count; size++) {
        double median = spread_of(measured->ns[size], rounds).median;
        fprintf(rows_out,
            "{\"curve\": \"%s\", \"series\": \"%s\", \"x\": %.0f, \"ours_ns\": %.1f}\n",
            what->curve, what->series, measured->sizes[size], median);
        if (size == from) row.limit_ns = median * proportion;
        if (size == last) row.ours_ns = median;
    }
    report_append_row(rows_out, &row);
    fprintf(stderr, "bench: %s\n", row.name);
}

static void run(sqlite3 *database, char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(database, sql, NULL, NULL, &message) != SQLITE_OK) {
        bench_fail("%s\n  in: %s", message, sql);
    }
    sqlite3_free(sql);
}

static char *text_of(sqlite3 *database, const char *sql)
{
    sqlite3_stmt *statement = statement_prepare(database, sql);
    char *text = NULL;
    if (sqlite3_step(statement) == SQLITE_ROW)
        text = strdup((const char *)sqlite3_column_text(statement, 0));
    if (!text) bench_fail("no text: %s", sql);
    sqlite3_finalize(statement);
    return text;
}

/* A connection in memory that writes the file as `made`. */
static sqlite3 *maker_open(void)
{
    sqlite3 *database = connection_open(NULL);
    remove(path);
    run(database,
        sqlite3_mprintf(
            "ATTACH %Q AS made; PRAGMA made.journal_mode = OFF; PRAGMA made.synchronous = OFF",
            path));
    return database;
}

/* ---- payloads */

#define SHAPE(TABLE, VALUE) \
    "SELECT sum(@(" VALUE ") IS NOT 0) FROM " TABLE " WHERE rowid BETWEEN :first AND :last"
#define AGAINST_4K "4 KiB, in proportion"

static const series payload_series[] = {
    { "payload bytes", "HS256 verify, one long claim", SHAPE("long_claim", "token, :key, :options"),
        "jwt_verify", "64 KiB", AGAINST_4K, 3 },
    { "payload bytes", "HS256 verify, many claims", SHAPE("many_claims", "token, :key, :options"),
        "jwt_verify", "64 KiB", AGAINST_4K, 3 },
    { "payload bytes", "HS256 sign, many claims", SHAPE("many_claims", "payload, :key"), "jwt_sign",
        "64 KiB", AGAINST_4K, 3 },
    { "payload bytes", "jwt_claim, last of many claims", SHAPE("many_claims", "token, 'last'"),
        "jwt_claim", "64 KiB", AGAINST_4K, 3 },
};

static const int payload_sizes[] = { 140, 256, 1024, 4096, 16384, 65536 };
enum { PAYLOAD_SIZES = sizeof payload_sizes / sizeof payload_sizes[0] };

static int payload_rows(int size)
{
    int rows = PAYLOAD_BYTES / size;
    return WARM + (rows > MOST_PAYLOADS ? MOST_PAYLOADS : rows);
}

/* Both tables hold the rows of every size, one size after the other. */
static char *make_payloads(void)
{
    static const char *const tables[] = { "long_claim", "many_claims" };
    /* What fills a payload up to its size: one text, or members of 20 bytes. */
    static const char *const fillings[] = {
        "printf('\"long\":\"%%.*c\",', max(%d - 132, 0), 'x')",
        "(SELECT coalesce(group_concat(printf('\"m%%06d\":\"v%%06d\",', n, abs(random()) %% 1000000), ''), '') FROM "
        "(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c LIMIT max(%d - 122, 0) / 20))",
    };
    sqlite3 *database = maker_open();
    char *key = text_of(database, "SELECT jwk_generate('HS256')");
    for (int table = 0; table < 2; table++) {
        run(database, sqlite3_mprintf(
                          "CREATE TABLE made.%s(payload TEXT, token TEXT); BEGIN", tables[table]));
        for (int size = 0; size < PAYLOAD_SIZES; size++) {
            char *filling = sqlite3_mprintf(fillings[table], payload_sizes[size]);
            run(database,
                sqlite3_mprintf(
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d),"
                    " p(payload) AS MATERIALIZED (SELECT '{\"iss\":\"https://id.example.com\",\"aud\":\"https://api.example.com\","
                    "\"exp\":1800086400,' || %s || '\"jti\":\"' || printf('%%08d', i) || '\",\"last\":\"z\"}' FROM n)"
                    " INSERT INTO made.%s SELECT payload, jwt_sign(payload, %Q) FROM p",
                    payload_rows(payload_sizes[size]), filling, tables[table], key));
            sqlite3_free(filling);
        }
        run(database, sqlite3_mprintf("COMMIT"));
    }
    sqlite3_close(database);
    return key;
}

static void measure_payloads(void)
{
    static measures measured;
    char *key = make_payloads();
    for (size_t i = 0; i < sizeof payload_series / sizeof payload_series[0]; i++) {
        measured.count = PAYLOAD_SIZES;
        for (int round = 0; round < rounds; round++) {
            sqlite3_int64 first = 1;
            for (int size = 0; size < PAYLOAD_SIZES; size++) {
                int count = payload_rows(payload_sizes[size]);
                sqlite3 *database = connection_open(path);
                measured.sizes[size] = payload_sizes[size];
                measured.ns[size][round] =
                    net_ns(database, &payload_series[i], key, first, first + count - 1, WARM) /
                    (count - WARM);
                first += count;
                sqlite3_close(database);
            }
        }
        series_write(&payload_series[i], &measured);
    }
    free(key);
}

/* ---- rows */

static const series row_series = { "rows of one query", "HS256 verify, the whole query",
    "WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last)"
    " SELECT sum(@(bench_token(i), :key, :options)) FROM n",
    "jwt_verify", "longest", "10 k rows, in proportion", 4 };

/* bench_token(row): a token of its own, signed here and now, so that no table has to hold millions. */
static void token_call(sqlite3_context *context, int count, sqlite3_value **values)
{
    char token[1024];
    (void)count;
    int length = (int)fixture_token(
        sqlite3_user_data(context), (unsigned)sqlite3_value_int(values[0]), token, NULL);
    sqlite3_result_text(context, token, length, SQLITE_TRANSIENT);
}

static void measure_rows(long longest)
{
    static measures measured;
    bench_suite suite = { .name = "HS256" };
    fixture_key(&suite);
    for (long rows = 1; rows <= longest; rows *= 10)
        measured.sizes[measured.count++] = (double)rows;
    for (int round = 0; round < rounds; round++) {
        for (int size = 0; size < measured.count; size++) {
            /* The longest queries spread little; one round of each is enough. */
            if (round > 0 && measured.sizes[size] >= 1e6) {
                measured.ns[size][round] = measured.ns[size][0];
                continue;
            }
            sqlite3 *database = connection_open(NULL);
            sqlite3_create_function(
                database, "bench_token", 1, SQLITE_UTF8, &suite, token_call, NULL, NULL);
            measured.ns[size][round] = net_ns(database, &row_series, suite.public_jwk, 1,
                WARM + (sqlite3_int64)measured.sizes[size], WARM);
            sqlite3_close(database);
        }
    }
    series_write(&row_series, &measured);
    fixture_free(&suite);
}

/* ---- keys */

static const series set_series = { "keys of a set", "HS256 verify by kid, set known",
    "SELECT sum(@(token, :key, :options)) FROM token WHERE rowid BETWEEN :first AND :last",
    "jwt_verify", "10 k keys", "100 keys, in proportion", 2 };
static const series first_series = { "keys of a set", "first use of the set on a connection",
    "SELECT sum(@(token, :key, :options)) FROM token WHERE rowid BETWEEN :first AND :last",
    "jwt_verify", "10 k keys", "100 keys, in proportion", 2 };
static const series table_series = { "keys of a set", "HS256 verify, keys from a table in turn",
    "SELECT sum(@(token, (SELECT jwk FROM key WHERE kid = token.kid), :options)) FROM token"
    " WHERE rowid BETWEEN :first AND :last",
    "jwt_verify", "10 k keys", "100 keys, in proportion", 2 };

/* A table of `count` keys, tokens that use them in turn; returns the set. */
static char *make_keys(int count)
{
    sqlite3 *database = maker_open();
    char *set;
    run(database,
        sqlite3_mprintf(
            "CREATE TABLE made.key(kid TEXT PRIMARY KEY, jwk TEXT) WITHOUT ROWID;"
            "CREATE TABLE made.token(kid TEXT, token TEXT);"
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d - 1)"
            " INSERT INTO made.key SELECT 'key-' || i, jwk_generate('HS256', json_object('kid', 'key-' || i)) FROM n;"
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
            " INSERT INTO made.token SELECT kid, jwt_sign(json_object('iss', 'https://id.example.com',"
            " 'aud', 'https://api.example.com', 'exp', 1800086400, 'jti', printf('%%08d', i)), jwk)"
            " FROM n JOIN made.key ON kid = 'key-' || (i * 7919 %% %d)",
            count, KEY_TOKENS, count));
    set =
        text_of(database, "SELECT json_object('keys', json_group_array(json(jwk))) FROM made.key");
    sqlite3_close(database);
    return set;
}

static void measure_keys(void)
{
    static measures known, first, table;
    for (int count = 1; count <= 10000; count *= 10) {
        int size = known.count++;
        char *set = make_keys(count);
        known.sizes[size] = first.sizes[size] = table.sizes[size] = count;
        for (int round = 0; round < rounds; round++) {
            sqlite3 *database = connection_open(path);
            first.ns[size][round] = net_ns(database, &first_series, set, 1, 1, 0);
            known.ns[size][round] =
                net_ns(database, &set_series, set, 2, KEY_TOKENS, WARM) / (KEY_TOKENS - 1 - WARM);
            sqlite3_close(database);
            database = connection_open(path);
            table.ns[size][round] =
                net_ns(database, &table_series, set, 1, KEY_TOKENS, WARM) / (KEY_TOKENS - WARM);
            sqlite3_close(database);
        }
        free(set);
    }
    first.count = table.count = known.count;
    series_write(&set_series, &known);
    series_write(&first_series, &first);
    series_write(&table_series, &table);
}

static long number_of(const char *name, long otherwise)
{
    const char *text = getenv(name);
    return text && *text ? strtol(text, NULL, 10) : otherwise;
}

int main(void)
{
    path = getenv("BENCH_DATABASE");
    if (!path) path = "size-bench.db";
    rounds = (int)number_of("BENCH_ROUNDS", rounds);
    if (rounds < 1 || rounds > MOST_ROUNDS) bench_fail("BENCH_ROUNDS: 1 to %d", MOST_ROUNDS);
    if (rounds > 9) rounds = 9;
    rows_out = fopen(getenv("BENCH_ROWS_OUT") ? getenv("BENCH_ROWS_OUT") : "bench.rows", "a");
    if (!rows_out) bench_fail("cannot write the rows");
    pin_to_one_cpu();
    /* This process is so small that the C library would give what a long payload took back to the system,
     * and fetch it again page by page, with each row. */
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    sqlite3 *anchor = connection_open(NULL); /* so that the extension stays loaded */
    measure_payloads();
    measure_rows(number_of("BENCH_SIZE_ROWS", 1000000));
    measure_keys();
    sqlite3_close(anchor);
    remove(path);
    return fclose(rows_out) == 0 ? 0 : 1;
}
