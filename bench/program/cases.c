/* What is measured in SQL: the table of cases, and the verdicts that must be right before. */
#include "cases.h"

#include <string.h>

#define MEASURED " WHERE rowid BETWEEN ?3 AND ?4"
#define VERIFY_QUERY(table) "SELECT sum(@(token, ?1, ?2)) FROM " table MEASURED

#define VERIFY_CASE(NAME, ALGORITHM, TABLE, TARGET)                                              \
    {                                                                                            \
        .group = "verify", .name = NAME " verify", .algorithm = ALGORITHM, .limit = BARE_VERIFY, \
        .ours = { "jwt_verify", VERIFY_QUERY(TABLE), false }, .against = "bare verify",          \
        .target_kind = TARGET_RATIO, .target = TARGET                                            \
    }

#define SIGN_CASE(NAME, ALGORITHM, KIND, TARGET)                                             \
    {                                                                                        \
        .group = "sign", .name = NAME " sign", .algorithm = ALGORITHM, .limit = BARE_SIGN,   \
        .ours = { "jwt_sign", "SELECT count(@(payload, ?1)) FROM payloads" MEASURED, true }, \
        .against = "bare sign", .target_kind = KIND, .target = TARGET                        \
    }

#define AGAIN_CASE(NAME, ALGORITHM, TABLE)                                                 \
    {                                                                                      \
        .group = "the same again", .name = NAME " verify, same token again",               \
        .algorithm = ALGORITHM, .limit = NO_LIMIT,                                         \
        .ours = { "jwt_verify", VERIFY_QUERY("again_" TABLE), false }, .rows = AGAIN_ROWS, \
        .first = 1, .repeat = true, .target_kind = TARGET_NS, .target = 150                \
    }

/* Counts NULL too: an absent claim is an answer. */
#define READ_QUERY(column, path, table) \
    "SELECT sum(@(" column ", " path ") IS NOT 0) FROM " table MEASURED

#define READ_CASE(WHAT, MEMBER, KIND, TARGET)                                                    \
    {                                                                                            \
        .group = "claim", .name = "jwt_claim(token, '" MEMBER "'), " WHAT, .algorithm = HS256,   \
        .limit = OTHER_SQL,                                                                      \
        .ours = { "jwt_claim", READ_QUERY("token", "'" MEMBER "'", "hs256"), false },            \
        .other = { "json_extract", READ_QUERY("payload", "'$." MEMBER "'", "payloads"), false }, \
        .against = "json_extract", .target_kind = KIND, .target = TARGET                         \
    }

#define ONE_KEY "(SELECT jwk FROM keys WHERE kid = 'key-5')"
#define ROW_KEY "(SELECT jwk FROM keys WHERE kid = scan.kid)"
#define KEY_FROM(SUBQUERY) "@(token, " SUBQUERY ", ?2)"
#define KEY_BESIDE(SUBQUERY) "@(token, ?1, ?2) + (" SUBQUERY " IS NULL)"

#define KEY_CASE(NAME, SUMMAND, KIND, TARGET)                                           \
    {                                                                                   \
        .group = "key", .name = NAME, .algorithm = HS256, .limit = OTHER_SQL,           \
        .ours = { "jwt_verify", "SELECT sum(" SUMMAND ") FROM scan" MEASURED, false },  \
        .other = { "jwt_verify", VERIFY_QUERY("scan"), false }, .against = "bound key", \
        .rows = SCAN_ROWS, .divide = 3, .target_kind = KIND, .target = TARGET           \
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
    { .group = "the same again",
        .name = "ES256 verify, 64 tokens in turn",
        .algorithm = ES256,
        .limit = NO_LIMIT,
        .ours = { "jwt_verify", VERIFY_QUERY("es256"), false },
        .rows = 64,
        .repeat = true,
        .target_kind = TARGET_NONE },
    READ_CASE("8th member", "role", TARGET_RATIO, 0.6),
    READ_CASE("1st member", "iss", TARGET_NONE, 0),
    READ_CASE("absent", "nonce", TARGET_NONE, 0),
    { .group = "claim",
        .name = "jwt_claim(token, 'role', key, options)",
        .algorithm = HS256,
        .limit = OTHER_SQL,
        .ours = { "jwt_claim", "SELECT count(@(token, 'role', ?1, ?2)) FROM hs256" MEASURED,
            false },
        .other = { "jwt_verify", VERIFY_QUERY("hs256"), false },
        .against = "jwt_verify",
        .target_kind = TARGET_RATIO,
        .target = 1.15 },
    KEY_CASE("key from a subquery, 200k rows", KEY_FROM(ONE_KEY), TARGET_RATIO, 1.05),
    /* The floors: the key is bound, and SQLite runs the same subquery for nothing. */
    KEY_CASE("bound key, and the subquery beside it", KEY_BESIDE(ONE_KEY), TARGET_NONE, 0),
    KEY_CASE("key from a subquery by the row's kid, 200k", KEY_FROM(ROW_KEY), TARGET_RATIO, 1.05),
    KEY_CASE(
        "bound key, and subquery by the row's kid beside it", KEY_BESIDE(ROW_KEY), TARGET_NONE, 0),
};

#define CASE_COUNT ((int)(sizeof cases / sizeof cases[0]))

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
    case_loop(path, suites, &cases[found], seconds);
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
