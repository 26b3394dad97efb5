/*
** agree.c - the story and the verdict are one: for a great many mutated tokens
** jwt_explain, jwt_decode, jwt_verify and jwt_claims say what jwt_status says,
** and jwt_explain's list has exactly one check that failed, at the right place.
**
** usage: agree MUTATIONS
*/
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN_MAX 4096

static uint64_t state = 0x9e3779b97f4a7c15;

/* xorshift64*: the same tokens on every run, so that a failure can be had again. */
static uint64_t next_random(void)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * UINT64_C(2685821657736338717);
}

static size_t below(size_t bound)
{
    return (size_t)(next_random() % bound);
}

/* One of many small damages; some keep the token well-formed. */
static size_t mutate(char *token, size_t length)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n";
    size_t at = below(length);
    size_t to = below(length);
    switch (below(6)) {
    case 0: token[at] = letters[below(sizeof letters - 1)]; return length;
    case 1: memmove(token + at, token + at + 1, length - at - 1); return length - 1;
    case 2:
        if (length + 1 >= TOKEN_MAX) return length;
        memmove(token + at + 1, token + at, length - at);
        token[at] = letters[below(sizeof letters - 1)];
        return length + 1;
    case 3: return at + 1;
    case 4: {
        char held = token[at];
        token[at] = token[to];
        token[to] = held;
        return length;
    }
    default: token[at] = (char)(token[at] ^ (1 << below(7))); return length;
    }
}

static sqlite3 *open_database(void)
{
    sqlite3 *db;
    const char *path = getenv("JWT_EXT");
    char *message = NULL;
    if (sqlite3_open(":memory:", &db) != SQLITE_OK) return NULL;
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
    if (sqlite3_load_extension(db, path != NULL ? path : "./jwt_ext", NULL, &message) !=
        SQLITE_OK) {
        fprintf(stderr, "agree: %s\n", message);
        return NULL;
    }
    return db;
}

/* Tokens to start from: valid, expired, of another audience, and with a payload that is no object. */
static const char seeds_sql[] =
    "CREATE TABLE seed AS"
    " WITH k(s, e) AS (SELECT '0123456789abcdef0123456789abcdef', jwk_generate('Ed25519'))"
    " SELECT jwt_sign('{\"iss\":\"i\",\"aud\":[\"a\",\"b\"],\"sub\":\"u\",\"exp\":2000,"
    "\"nbf\":10,\"scope\":\"x y\"}', s) AS token, s AS key FROM k"
    " UNION ALL SELECT jwt_sign('{\"iss\":\"i\",\"aud\":\"a\",\"exp\":500}', s), s FROM k"
    " UNION ALL SELECT jwt_sign('{\"iss\":\"j\",\"aud\":\"z\",\"nbf\":5000}', s), s FROM k"
    " UNION ALL SELECT jws_sign('[1,2]', s), s FROM k"
    " UNION ALL SELECT jws_sign('{\"a\":1,\"a\":2}', s), s FROM k"
    " UNION ALL SELECT jwt_sign('{\"iss\":\"i\",\"aud\":\"a\"}', s, '{\"header\":{\"x\":1}}'), s"
    " FROM k"
    " UNION ALL SELECT jwt_sign('{\"iss\":\"i\",\"aud\":\"a\"}', e), jwk_public(e) FROM k";

/* Every way to ask, in one row: status, then 1 where all agree with it. */
static const char question_sql[] =
    "WITH q(t, k, o) AS (VALUES(?1, ?2, '{\"iss\":\"i\",\"aud\":\"a\",\"now\":1000}')),"
    " a AS MATERIALIZED (SELECT t, k, o, jwt_status(t, k, o) AS s, jwt_explain(t, k, o) AS x"
    " FROM q)"
    " SELECT s,"
    " s = json_extract(x, '$.status')"
    " AND (s = 'ok') = json_extract(x, '$.valid')"
    " AND (s = 'ok') = jwt_verify(t, k, o)"
    " AND (s = 'ok') = (jwt_claims(t, k, o) IS NOT NULL)"
    " AND s = (SELECT status FROM jwt_decode(t, k, o))"
    " AND (s = 'ok') = (SELECT payload IS NOT NULL AND detail IS NULL FROM jwt_decode(t, k, o))"
    " AND (s <> 'ok') = (SELECT count(*) FROM json_each(x, '$.checks')"
    "   WHERE json_extract(value, '$.result') = 'fail')"
    " AND (SELECT group_concat(DISTINCT json_extract(value, '$.result'))"
    "   FROM json_each(x, '$.checks')) IN ('pass', 'pass,fail', 'pass,fail,not reached',"
    "   'fail,not reached')"
    " FROM a";

struct counts {
    long agreed;
    long disagreed;
    long statuses;
    char seen[32][32];
};

static void note_status(struct counts *counts, const char *status)
{
    for (long i = 0; i < counts->statuses; i++) {
        if (strcmp(counts->seen[i], status) == 0) return;
    }
    if (counts->statuses == 32) return;
    snprintf(counts->seen[counts->statuses++], sizeof counts->seen[0], "%s", status);
}

/* Asks about one token; false where an error was raised, which a token never does. */
static int ask(sqlite3_stmt *question, const char *token, size_t length, const char *key,
    struct counts *counts)
{
    int fine;
    sqlite3_bind_text(question, 1, token, (int)length, SQLITE_STATIC);
    sqlite3_bind_text(question, 2, key, -1, SQLITE_STATIC);
    fine = sqlite3_step(question) == SQLITE_ROW;
    if (fine) {
        note_status(counts, (const char *)sqlite3_column_text(question, 0));
        if (sqlite3_column_int(question, 1) == 1) {
            counts->agreed++;
        } else {
            if (counts->disagreed++ < 5) {
                printf("failed: they disagree about %.*s\n", (int)length, token);
            }
        }
    } else {
        counts->disagreed++;
        printf("failed: %s: raised by %.*s\n", sqlite3_errmsg(sqlite3_db_handle(question)),
            (int)length, token);
    }
    sqlite3_reset(question);
    return fine;
}

static long mutate_all(sqlite3 *db, long mutations, struct counts *counts)
{
    sqlite3_stmt *seed = NULL;
    sqlite3_stmt *question = NULL;
    long seeds = 7;
    if (sqlite3_prepare_v2(db, "SELECT token, key FROM seed", -1, &seed, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, question_sql, -1, &question, NULL) != SQLITE_OK) {
        printf("failed: %s\n", sqlite3_errmsg(db));
        return 0;
    }
    while (sqlite3_step(seed) == SQLITE_ROW) {
        const char *original = (const char *)sqlite3_column_text(seed, 0);
        const char *key = (const char *)sqlite3_column_text(seed, 1);
        size_t whole = (size_t)sqlite3_column_bytes(seed, 0);
        ask(question, original, whole, key, counts);
        for (long i = 0; i < mutations / seeds; i++) {
            char token[TOKEN_MAX];
            size_t length = whole;
            memcpy(token, original, whole);
            for (size_t n = 1 + below(3); n > 0 && length > 1; n--) length = mutate(token, length);
            ask(question, token, length, key, counts);
        }
    }
    sqlite3_finalize(seed);
    sqlite3_finalize(question);
    return counts->agreed;
}

int main(int count, char **arguments)
{
    struct counts counts = { 0 };
    long mutations = count > 1 ? atol(arguments[1]) : 70000;
    sqlite3 *db = open_database();
    if (db == NULL || sqlite3_exec(db, seeds_sql, NULL, NULL, NULL) != SQLITE_OK) {
        if (db != NULL) fprintf(stderr, "agree: %s\n", sqlite3_errmsg(db));
        printf("0 passed, 1 failed\n");
        return 1;
    }
    mutate_all(db, mutations, &counts);
    sqlite3_close(db);
    printf("verdicts met:");
    for (long i = 0; i < counts.statuses; i++) printf(" %s", counts.seen[i]);
    printf("\n");
    /* Mutations that never get past the first checks would prove nothing. */
    if (counts.statuses < 7 || counts.agreed < mutations / 2) {
        printf("failed: only %ld verdicts met in %ld tokens\n", counts.statuses, counts.agreed);
        counts.disagreed++;
    }
    printf("%ld passed, %ld failed\n", counts.agreed, counts.disagreed);
    return counts.disagreed != 0;
}
