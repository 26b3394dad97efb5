/*
** Random rules and random tokens against a model of their meaning: an array of rules that is walked. The
** option revoked_by, `token = ?` and `claims = ?` must say what it says, in autocommit and in transactions
** that are rolled back, one by one and in scans that build the filter.
*/
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RULES = 40, TOKENS = 60, COLUMNS = 7, AUDIENCES = 3 };
enum { JTI, SID, SUB, CLIENT_ID, AUD, KID, ISS };

static const char *const columns[COLUMNS] = { "jti", "sid", "sub", "client_id", "aud", "kid",
    "iss" };

/* So few values that rules and tokens often meet; each is as good as another as a text. */
static const char *const texts[] = { "a", "b", "A", "a\"b", "\\", "ä", "{\"jti\":\"a\"}" };
enum { TEXTS = sizeof texts / sizeof *texts };

/* Dates: of rules, and what tokens write. Some are refused before revocation is asked. */
static const double cut_offs[] = { -1, 0, 5, 5.5, 1e10 };
static const struct {
    const char *text;
    double value;
    bool is_refused;
} iats[] = {
    { "5", 5, false },
    { "5.25", 5.25, false },
    { "0", 0, false },
    { "4e0", 4, false },
    { "550e-2", 5.5, false },
    { "-2", -2, true },
    { "-0.0", 0, true },
    { "1e300", 1e300, true },
    { "9007199254740993", 9007199254740992.0, true },
};

struct rule {
    bool is_there;
    int values[COLUMNS]; /* index of the text + 1; 0: NULL */
    bool has_cut_off;
    double cut_off;
};

struct token {
    int values[COLUMNS];
    int audiences[AUDIENCES];
    bool has_iat, is_refused;
    double iat;
    char *claims, *text;
};

static struct rule rules[RULES], before[RULES];
static struct token tokens[TOKENS];
static unsigned seed;

static int pick(int count)
{
    seed = seed * 1664525u + 1013904223u;
    return (int)((seed >> 8) % (unsigned)count);
}

/* ---- the model ---- */

static bool has_audience(const struct token *token, int value)
{
    for (int i = 0; i < AUDIENCES; i++) {
        if (token->audiences[i] == value) return true;
    }
    return false;
}

static bool hits(const struct rule *rule, const struct token *token)
{
    if (!rule->is_there) return false;
    for (int column = 0; column < COLUMNS; column++) {
        int value = rule->values[column];
        if (value == 0) continue;
        if (column == AUD ? !has_audience(token, value) : token->values[column] != value) {
            return false;
        }
    }
    return !rule->has_cut_off || !token->has_iat || token->iat < rule->cut_off;
}

static const char *verdict(const struct token *token)
{
    bool names_kid = false;
    for (int i = 0; i < RULES; i++) {
        if (hits(&rules[i], token)) return "revoked";
        names_kid = names_kid || (rules[i].is_there && rules[i].values[KID] != 0);
    }
    return names_kid && token->values[KID] == 0 ? "unknown" : "ok";
}

/* ---- making them ---- */

static void make_token(sqlite3 *database, struct token *token)
{
    char *claims = sqlite3_mprintf("%s", "{}"), *header = sqlite3_mprintf("{\"alg\":\"HS256\"}");
    memset(token, 0, sizeof *token);
    for (int column = 0; column < COLUMNS; column++) {
        if (pick(2)) continue;
        token->values[column] = 1 + pick(TEXTS);
        const char *text = texts[token->values[column] - 1];
        char **target = column == KID ? &header : &claims;
        const char *changed;
        if (column == AUD) {
            for (int i = 0; i < AUDIENCES; i++) token->audiences[i] = 1 + pick(TEXTS);
            changed = ask(database, "SELECT json_set(%Q, '$.aud', json_array(%Q, %Q, %Q))", claims,
                texts[token->audiences[0] - 1], texts[token->audiences[1] - 1],
                texts[token->audiences[2] - 1]);
        } else {
            changed =
                ask(database, "SELECT json_set(%Q, '$.%s', %Q)", *target, columns[column], text);
        }
        sqlite3_free(*target);
        *target = sqlite3_mprintf("%s", changed);
    }
    if (pick(3)) {
        size_t which = (size_t)pick(sizeof iats / sizeof *iats);
        token->has_iat = true;
        token->iat = iats[which].value;
        token->is_refused = iats[which].is_refused;
        char *with = sqlite3_mprintf(
            "{\"iat\":%s%s%s", iats[which].text, strcmp(claims, "{}") == 0 ? "" : ",", claims + 1);
        sqlite3_free(claims);
        claims = with;
    }
    token->text =
        sqlite3_mprintf("%s", ask(database, "SELECT jws_sign(%Q, " SECRET ", %Q)", claims, header));
    token->claims = claims;
    sqlite3_free(header);
}

static bool same_key(const struct rule *one, const struct rule *other)
{
    return one->has_cut_off == other->has_cut_off &&
           memcmp(one->values, other->values, sizeof one->values) == 0;
}

/* The rule at this place, made anew: the table merges it with its like, and so do we. */
static void insert_rule(sqlite3 *database, struct rule *rule)
{
    char *names = sqlite3_mprintf("issued_before"), *values = NULL;
    struct rule made = { .is_there = true };
    int wanted = pick(8) ? 1 + pick(3) : pick(COLUMNS + 1);
    made.has_cut_off = pick(3) == 0 || wanted == 0;
    made.cut_off = cut_offs[pick(sizeof cut_offs / sizeof *cut_offs)];
    values = made.has_cut_off ? sqlite3_mprintf("%!.17g", made.cut_off) : sqlite3_mprintf("NULL");
    for (int i = 0; i < wanted; i++) made.values[pick(COLUMNS)] = 1 + pick(TEXTS);
    for (int column = 0; column < COLUMNS; column++) {
        if (made.values[column] == 0) continue;
        names = sqlite3_mprintf("%z, %s", names, columns[column]);
        values = sqlite3_mprintf("%z, %Q", values, texts[made.values[column] - 1]);
    }
    run(database, "INSERT INTO revoked(%s) VALUES(%s)", names, values);
    sqlite3_free(names);
    sqlite3_free(values);
    for (int i = 0; i < RULES; i++) {
        if (!rules[i].is_there || !same_key(&rules[i], &made)) continue;
        if (made.cut_off > rules[i].cut_off) rules[i].cut_off = made.cut_off;
        return;
    }
    *rule = made;
}

/* Lifts every rule that names this value in this column. */
static void lift(sqlite3 *database)
{
    int column = pick(COLUMNS), value = 1 + pick(TEXTS);
    run(database, "DELETE FROM revoked WHERE %s = %Q", columns[column], texts[value - 1]);
    for (int i = 0; i < RULES; i++) {
        if (rules[i].values[column] == value) rules[i].is_there = false;
    }
}

static void change(sqlite3 *database)
{
    int place = pick(RULES);
    if (pick(3) == 0) lift(database);
    while (place < RULES && rules[place].is_there) place++;
    if (place < RULES) insert_rule(database, &rules[place]);
}

/* ---- asking ---- */

/* What jwt_status says; a token that is refused for its date may be that. */
static void check_status(const struct token *token, const char *status, const char *what)
{
    if (token->is_refused && strcmp(status, "bad_claim") == 0) return;
    if (strcmp(status, "revocation_unknown") == 0) status = "unknown";
    check_text(status, verdict(token), what);
}

static void compare_one(sqlite3 *database, const struct token *token, int round)
{
    const char *wanted = verdict(token);
    const char *status = status_of(database, token->text, "revoked");
    char *kid = token->values[KID] == 0 ? sqlite3_mprintf("NULL")
                                        : sqlite3_mprintf("%Q", texts[token->values[KID] - 1]);
    check_status(token, status, "revoked_by");
    check_text(answer_of(database, token->text, "revoked"), wanted, "token =");
    const char *got = ask(database,
        "SELECT coalesce((SELECT iif(reason LIKE 'unknown:%%', 'unknown', 'revoked') FROM revoked "
        "WHERE claims = %Q AND header_kid = %s LIMIT 1), 'ok')",
        token->claims, kid);
    if (!check_text(got, wanted, "claims =")) printf("    round %d: %s\n", round, token->claims);
    sqlite3_free(kid);
}

/* All tokens in one statement, in all three ways. */
static void compare_all(sqlite3 *database, int round)
{
    sqlite3_stmt *statement = prepare(database,
        "SELECT n, jwt_status(token, " SECRET ", '{\"now\":1000,\"revoked_by\":\"revoked\"}'), "
        "EXISTS (SELECT 1 FROM revoked WHERE token = t.token), "
        "EXISTS (SELECT 1 FROM revoked WHERE claims = t.claims AND header_kid = t.kid) "
        "FROM (VALUES (1), (2), (3)) CROSS JOIN tokens AS t");
    while (sqlite3_step(statement) == SQLITE_ROW) {
        const struct token *token = &tokens[sqlite3_column_int(statement, 0)];
        const char *wanted = verdict(token);
        const char *status = (const char *)sqlite3_column_text(statement, 1);
        bool is_fine = strcmp(wanted, "ok") == 0;
        check_status(token, status, "revoked_by in a scan");
        check(sqlite3_column_int(statement, 2) == !is_fine, "round %d: token = in a scan", round);
        check(sqlite3_column_int(statement, 3) == !is_fine, "round %d: claims = in a scan", round);
    }
    sqlite3_finalize(statement);
}

static void one_run(unsigned number)
{
    sqlite3 *database = new_file("model.db", pick(2) ? "WAL" : "DELETE");
    seed = number;
    memset(rules, 0, sizeof rules);
    run(database, "CREATE TABLE tokens(n INTEGER PRIMARY KEY, token, claims, kid)");
    for (int i = 0; i < TOKENS; i++) {
        make_token(database, &tokens[i]);
        run(database,
            "INSERT INTO tokens VALUES(%d, %Q, %Q, json_extract(jwt_header(%Q), '$.kid'))", i,
            tokens[i].text, tokens[i].claims, tokens[i].text);
    }
    for (int round = 0; round < 12; round++) {
        bool in_transaction = pick(3) == 0;
        memcpy(before, rules, sizeof rules);
        if (in_transaction) run(database, "BEGIN");
        for (int i = pick(6); i >= 0; i--) change(database);
        if (in_transaction) {
            compare_all(database, round);
            if (pick(2)) {
                run(database, "ROLLBACK");
                memcpy(rules, before, sizeof rules);
            } else {
                run(database, "COMMIT");
            }
        }
        for (int i = 0; i < 5; i++) compare_one(database, &tokens[pick(TOKENS)], round);
        for (int i = pick(3); i >= 0; i--) compare_all(database, round);
    }
    check_text(ask(database, "PRAGMA integrity_check"), "ok", "integrity_check");
    for (int i = 0; i < TOKENS; i++) {
        sqlite3_free(tokens[i].claims);
        sqlite3_free(tokens[i].text);
    }
    close_database(database);
}

static void random_rules(void)
{
    int runs = is_long() ? 300 : 12;
    for (int i = 0; i < runs; i++) one_run((unsigned)i * 7919u + 1);
    printf("    %d tables, each asked 12 times or more about %d tokens\n", runs, TOKENS);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = { { "random rules and tokens", random_rules } };
    return harness_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
