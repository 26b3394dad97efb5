/*
** Many rules: loading, asking and pruning them, in bounded memory. 100 thousand; with JWT_TEST_ALL
** also 10 million. What questions cost at each size is in bench/revocation.
*/
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TOKENS = 20000 };

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Loads, and says how long it took. Half of the rules expire at 1, the others in the far future. */
static void load(sqlite3 *database, long rules)
{
    double start = now();
    run(database,
        "BEGIN; INSERT INTO revoked(jti, iss, expires_at, revoked_at) WITH n(n) AS (SELECT 1 UNION "
        "ALL SELECT n + 1 FROM n WHERE n < %lld) SELECT printf('%%010d', n), 'https://id.example', "
        "iif(n %% 2, 1, 9e10), 0 FROM n; COMMIT",
        (sqlite3_int64)rules);
    printf("    %ld rules loaded in %.1f s\n", rules, now() - start);
}

static void make_tokens(sqlite3 *database, long rules)
{
    /* Every hundredth of them is revoked. */
    run(database,
        "CREATE TABLE tokens(id INTEGER PRIMARY KEY, token); INSERT INTO tokens WITH n(n) AS (SELECT "
        "1 UNION ALL SELECT n + 1 FROM n WHERE n < %d) SELECT n, jwt_sign(json_object('iss', "
        "'https://id.example', 'jti', printf('%%010d', iif(n %% 100, %lld + n, n * %lld / %d))), " SECRET
        ") FROM n",
        TOKENS, (sqlite3_int64)rules, (sqlite3_int64)rules, TOKENS);
}

static void check_questions(sqlite3 *database, const char *what)
{
    double start = now();
    check(
        number(database,
            "SELECT sum(jwt_status(token, " SECRET
            ", '{\"now\":5,\"revoked_by\":\"revoked\"}') = 'revoked') FROM tokens") == TOKENS / 100,
        "%s: revoked_by", what);
    check(number(database,
              "SELECT sum(EXISTS (SELECT 1 FROM revoked WHERE token = t.token) <> (id %% "
              "100 = 0)) FROM tokens AS t") == 0,
        "%s: token =", what);
    printf("    %s: %d questions in %.2f s\n", what, 2 * TOKENS, now() - start);
}

/* What SQLite has allocated beyond its page cache is the filter: two bytes a rule, and little more or less. */
static void check_memory(sqlite3 *database, long rules)
{
    int cache = 0, high = 0;
    sqlite3_db_status(database, SQLITE_DBSTATUS_CACHE_USED, &cache, &high, 0);
    sqlite3_int64 others = sqlite3_memory_used() - cache;
    check(others < 2 * rules + 2000000, "%lld bytes beyond the page cache for %ld rules",
        (long long)others, rules);
    check(others > 2 * rules - rules / 10,
        "%lld bytes beyond the page cache for %ld rules: no filter", (long long)others, rules);
    printf("    %lld KiB beyond the page cache\n", (long long)others / 1024);
}

static void many_rules(long rules)
{
    sqlite3 *database = open_database(scratch("scale.db"));
    run(database,
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536; "
        "CREATE VIRTUAL TABLE revoked USING jwt_revocation(prune=0)");
    load(database, rules);
    make_tokens(database, rules);
    check_questions(database, "by probing");
    /* So many questions at one version that the filter is built. */
    for (long asked = 0; asked < rules / 4 + 2 * TOKENS; asked += 2 * TOKENS) {
        check_questions(database, "again");
    }
    check_memory(database, rules);
    double start = now();
    check(number(database, "SELECT count(*) FROM revoked WHERE expires_at < 5") == rules / 2,
        "expired");
    run(database, "DELETE FROM revoked WHERE expires_at < 5");
    check(number(database, "SELECT changes()") == rules / 2, "removed");
    printf("    %ld rules removed in %.1f s\n", rules / 2, now() - start);
    check(number(database, "SELECT count(*) FROM revoked_rules") == rules - rules / 2,
        "what is left");
    check_text(ask(database, "PRAGMA quick_check(revoked_rules)"), "ok", "quick_check");
    close_database(database);
    scratch("scale.db");
}

static void a_hundred_thousand(void)
{
    many_rules(100000);
}

static void ten_million(void)
{
    if (!is_long()) {
        skip("ten million rules: only with JWT_TEST_ALL");
        return;
    }
    many_rules(10000000);
}

/* Each insert prunes what it may, and costs the same among many expired rules and many others. */
static void pruning_by_inserts(void)
{
    sqlite3 *database = open_database(scratch("prune.db"));
    run(database, "PRAGMA synchronous = OFF; CREATE VIRTUAL TABLE revoked USING "
                  "jwt_revocation(prune=16, leeway=0)");
    run(database,
        "INSERT INTO revoked_rules(kind, jti, expires_at, revoked_at) WITH n(n) AS (SELECT 1 "
        "UNION ALL SELECT n + 1 FROM n WHERE n < 100000) SELECT 1, printf('%%06d', n), "
        "iif(n %% 2, n, 9e10), 0 FROM n");
    double start = now();
    run(database,
        "BEGIN; INSERT INTO revoked(sub) WITH n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM "
        "n WHERE n < 3125) SELECT 's' || n FROM n; COMMIT");
    check(number(database, "SELECT count(*) FROM revoked WHERE expires_at < 1e10") == 0,
        "expired rules are left");
    check(number(database, "SELECT count(*) FROM revoked") == 50000 + 3125, "rules");
    check(now() - start < 30, "pruning took %.0f s", now() - start);
    printf("    50000 rules pruned by 3125 inserts in %.2f s\n", now() - start);
    close_database(database);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        { "a hundred thousand rules", a_hundred_thousand },
        { "ten million rules", ten_million },
        { "pruning by inserts", pruning_by_inserts },
    };
    return harness_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
