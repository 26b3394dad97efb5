/*
** target_revocation.c - hostile rows in the shadow table of a revocation
** table, between rules that were made in the right way; and every question,
** beside a plain query of the shadow table.
**
** An input is a list of steps, each a byte and what it needs: see step().
*/
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECRET "0123456789abcdef0123456789abcdef"
#define COLUMNS 13
#define MATCH_COLUMNS 7

static sqlite3 *db;
static bool is_altered; /* the schema may be another than at the start */
static bool is_wild;    /* there may be text that no claim can have, so no rule's text names it */

struct input {
    const uint8_t *at;
    const uint8_t *end;
};

static unsigned take(struct input *input)
{
    return input->at < input->end ? *input->at++ : 0;
}

/* Few values, so that rules and tokens meet; and some that no claim can have. */
static struct value take_text(struct input *input, bool wild)
{
    static const char *const usual[] = { "a", "b", "c", "\xc3\xa9", "\xf0\x9f\x98\x80", "a b", "\"",
        "A" };
    static const struct value strange[] = { { SQLITE_TEXT, "", 0, 0 },
        { SQLITE_TEXT, "a\0b", 3, 0 }, { SQLITE_TEXT, "\xff\xfe", 2, 0 },
        { SQLITE_TEXT, "\xed\xa0\x80", 3, 0 }, { SQLITE_BLOB, "a", 1, 0 },
        { SQLITE_INTEGER, NULL, 0, 1 }, { SQLITE_NULL, NULL, 0, 0 },
        { SQLITE_INTEGER, NULL, 0, INT64_MIN } };
    unsigned byte = take(input);
    is_wild |= wild && byte >= 200;
    if (wild && byte >= 240) { /* the input's own bytes */
        size_t size = byte - 240;
        if (size > (size_t)(input->end - input->at)) size = (size_t)(input->end - input->at);
        input->at += size;
        return value_text(input->at - size, size);
    }
    if (wild && byte >= 200) return strange[byte & 7];
    return value_string(usual[byte & 7]);
}

static struct value take_number(struct input *input)
{
    static const sqlite3_int64 numbers[] = { 0, 1, 100, 1699999000, 1700000000, 1700000600,
        INT64_MAX, INT64_MIN };
    unsigned byte = take(input);
    if (byte < 32) return value_null();
    return (struct value){ SQLITE_INTEGER, NULL, 0, numbers[byte & 7] };
}

/* ---- writing */

/* A row as it comes; what STRICT refuses is no row. */
static void insert_raw(struct input *input)
{
    struct value row[COLUMNS];
    unsigned kind = take(input);
    row[0] = (struct value){ SQLITE_INTEGER, NULL, 0, kind };
    if (kind == 0)
        row[0].number = (sqlite3_int64)take(input) - 2 + ((sqlite3_int64)take(input) << 30);
    for (size_t i = 0; i < MATCH_COLUMNS; i++) {
        /* As the kind says, unless a byte wants it otherwise. */
        bool is_set = (kind >> i & 1) != 0;
        if (take(input) == 255) is_set = !is_set;
        row[i + 1] = is_set ? take_text(input, true) : value_text("", 0);
    }
    for (size_t i = MATCH_COLUMNS + 1; i < COLUMNS; i++) row[i] = take_number(input);
    if ((kind & 128) == 0 && take(input) != 255) row[8] = value_null();
    if (row[12].type == SQLITE_NULL) row[12].type = SQLITE_INTEGER;
    for (size_t i = 10; i < 12; i++)
        row[i] = take(input) < 128 ? value_null() : take_text(input, true);
    struct answer answer = fuzz_ask(db,
        "INSERT OR REPLACE INTO r_rules VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)",
        COLUMNS, row);
    answer_release(&answer);
}

/* A rule as an application makes it: each column is set where its bit is. */
static void insert_rule(struct input *input)
{
    struct value rule[11];
    unsigned bits = take(input);
    for (size_t i = 0; i < MATCH_COLUMNS; i++) {
        rule[i] = (bits >> i & 1) != 0 ? take_text(input, bits == 255) : value_null();
    }
    rule[7] = take_number(input);
    rule[8] = take_number(input);
    rule[9] = take_text(input, true);
    rule[10] = (struct value){ SQLITE_INTEGER, NULL, 0, 1700000000 };
    const char *sql =
        (bits & 128) != 0
            ? "INSERT OR REPLACE INTO r(jti,sid,sub,client_id,aud,kid,iss,issued_before,"
              "expires_at,reason,revoked_at) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)"
            : "INSERT OR IGNORE INTO r(jti,sid,sub,client_id,aud,kid,iss,issued_before,"
              "expires_at,reason,revoked_at) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)";
    struct answer answer = fuzz_ask(db, sql, 11, rule);
    answer_release(&answer);
}

static void change(struct input *input)
{
    struct value text = take_text(input, true);
    struct value number = take_number(input);
    struct answer answer;
    switch (take(input) % 8) {
    case 0: answer = ASK(db, "DELETE FROM r WHERE jti = ?1", text); break;
    case 1: answer = ASK(db, "DELETE FROM r WHERE rule = ?1", text); break;
    case 2: answer = ASK(db, "UPDATE r SET expires_at = ?1, reason = ?2", number, text); break;
    case 3:
        answer = ASK(db, "UPDATE r SET sub = ?1, issued_before = ?2 WHERE sub = 'a'", text, number);
        break;
    case 4: answer = ASK(db, "UPDATE OR IGNORE r SET jti = ?1 WHERE jti = 'b'", text); break;
    case 5:
        answer = ASK(db, "UPDATE OR REPLACE r_rules SET kind = ?1 WHERE jti = ?2", number, text);
        break;
    case 6:
        answer = ASK(
            db, "UPDATE OR REPLACE r_rules SET issued_before = ?1 WHERE sub <> ?2", number, text);
        break;
    default: answer = ASK(db, "DELETE FROM r_rules WHERE aud <> ?1", text); break;
    }
    answer_release(&answer);
}

/* ---- asking */

/* Whether the shadow table is the one that the module makes, by another way than the module's. */
static bool is_own(void)
{
    struct answer own =
        ASK(db, "SELECT count(*) FROM sqlite_schema AS a, sqlite_schema AS b"
                " WHERE a.name = 'r_rules' AND a.type = 'table' AND b.name = 'pattern_rules'"
                " AND substr(a.sql, instr(a.sql, '(')) = substr(b.sql, instr(b.sql, '('))");
    bool is = own.number == 1;
    answer_release(&own);
    return is;
}

/* Rows that are no rules, counted without the module. */
static const char unsound_sql[] =
    "SELECT count(*) FROM r_rules WHERE kind NOT BETWEEN 1 AND 255"
    " OR (kind & 1 <> 0) <> (jti <> '') OR (kind & 2 <> 0) <> (sid <> '')"
    " OR (kind & 4 <> 0) <> (sub <> '') OR (kind & 8 <> 0) <> (client_id <> '')"
    " OR (kind & 16 <> 0) <> (aud <> '') OR (kind & 32 <> 0) <> (kid <> '')"
    " OR (kind & 64 <> 0) <> (iss <> '') OR (kind & 128 <> 0) <> (issued_before IS NOT NULL)";

/* ?1 the claims, ?2 the kid: a sound row that matches. 2: nothing does, but there is a rule by kid, and no kid. */
static const char expected_sql[] =
    "SELECT CASE WHEN EXISTS(SELECT 1 FROM r_rules WHERE kind BETWEEN 1 AND 255"
    " AND (kind & 1 <> 0) = (jti <> '') AND (kind & 2 <> 0) = (sid <> '')"
    " AND (kind & 4 <> 0) = (sub <> '') AND (kind & 8 <> 0) = (client_id <> '')"
    " AND (kind & 16 <> 0) = (aud <> '') AND (kind & 32 <> 0) = (kid <> '')"
    " AND (kind & 64 <> 0) = (iss <> '') AND (kind & 128 <> 0) = (issued_before IS NOT NULL)"
    " AND (kind & 1 = 0 OR jti = ?1 ->> '$.jti') AND (kind & 2 = 0 OR sid = ?1 ->> '$.sid')"
    " AND (kind & 4 = 0 OR sub = ?1 ->> '$.sub')"
    " AND (kind & 8 = 0 OR client_id = ?1 ->> '$.client_id')"
    " AND (kind & 16 = 0 OR aud IN (SELECT value FROM json_each(?1, '$.aud')))"
    " AND (kind & 32 = 0 OR kid = ?2) AND (kind & 64 = 0 OR iss = ?1 ->> '$.iss')"
    " AND (kind & 128 = 0 OR ifnull(?1 ->> '$.iat' < issued_before, 1))) THEN 1"
    " WHEN ?2 IS NULL AND EXISTS(SELECT 1 FROM r_rules WHERE kind & 32 <> 0) THEN 2 ELSE 0 END";

/* Claims of usual values; each is there where its bit is. */
static struct answer make_claims(struct input *input, struct value *kid)
{
    static const char *const sql =
        "SELECT json_remove(json_object('jti',?1,'sid',?2,'sub',?3,'client_id',?4,'iss',?5,'iat',?6,"
        "'aud',CASE WHEN ?8 THEN json_array(?7,'b') ELSE ?7 END),"
        "CASE WHEN ?1 IS NULL THEN '$.jti' ELSE '$.x' END,"
        "CASE WHEN ?2 IS NULL THEN '$.sid' ELSE '$.x' END,"
        "CASE WHEN ?3 IS NULL THEN '$.sub' ELSE '$.x' END,"
        "CASE WHEN ?4 IS NULL THEN '$.client_id' ELSE '$.x' END,"
        "CASE WHEN ?5 IS NULL THEN '$.iss' ELSE '$.x' END,"
        "CASE WHEN ?6 IS NULL THEN '$.iat' ELSE '$.x' END,"
        "CASE WHEN ?7 IS NULL THEN '$.aud' ELSE '$.x' END)";
    struct value values[8];
    unsigned bits = take(input);
    for (size_t i = 0; i < 5; i++) {
        values[i] = (bits >> i & 1) != 0 ? take_text(input, false) : value_null();
    }
    values[5] = take_number(input);
    if (values[5].number > 1700000000 || values[5].number < 0) values[5].number = 1700000000;
    values[6] = (bits & 32) != 0 ? take_text(input, false) : value_null();
    values[7] = (struct value){ SQLITE_INTEGER, NULL, 0, (bits & 32) != 0 && (bits & 64) != 0 };
    *kid = (bits & 128) != 0 ? take_text(input, false) : value_null();
    return fuzz_ask(db, sql, 8, values);
}

/* What a question of the table itself said: 1 hit, 0 none, 2 unknown, -1 an error. */
static int table_answer(struct answer *answer)
{
    int said = answer_failed(answer)                                                      ? -1
               : answer->code == SQLITE_DONE                                              ? 0
               : answer->type == SQLITE_TEXT && strncmp(answer->bytes, "unknown", 7) == 0 ? 2
                                                                                          : 1;
    answer_release(answer);
    return said;
}

static void question(struct input *input)
{
    struct value kid;
    struct answer claims = make_claims(input, &kid);
    struct answer token = ASK(db,
        "SELECT jwt_sign(?1, '" SECRET
        "', CASE WHEN ?2 IS NULL THEN '{}' ELSE json_object('kid', ?2) END)",
        value_answer(&claims), kid);
    MUST(token.type == SQLITE_TEXT, "%s: %s", claims.bytes, token.message);
    struct answer expected = ASK(db, expected_sql, value_answer(&claims), kid);
    struct answer unsound = ASK(db, unsound_sql);
    const char *status = fuzz_verdict(db, value_answer(&token), value_string(SECRET),
        value_string("{\"revoked_by\":\"r\",\"now\":1700000000}"));
    struct answer by_token =
        ASK(db, "SELECT ifnull(reason, '') FROM r WHERE token = ?1", value_answer(&token));
    struct answer by_claims =
        ASK(db, "SELECT ifnull(reason, '') FROM r WHERE claims = ?1 AND header_kid IS ?2",
            value_answer(&claims), kid);
    int said = status == NULL                              ? -1
               : strcmp(status, "revoked") == 0            ? 1
               : strcmp(status, "revocation_unknown") == 0 ? 2
               : strcmp(status, "ok") == 0                 ? 0
                                                           : 3;
    int said_token = table_answer(&by_token);
    int said_claims = table_answer(&by_claims);
    bool own = is_own();
    MUST(said != 3, "%s for %s", status, claims.bytes);
    if (!own) {
        MUST(said != 0 && said_token != 0 && said_claims != 0,
            "fine, by a table that is not its own: %d %d %d, %s", said, said_token, said_claims,
            claims.bytes);
    } else if (expected.number == 1) { /* a rule that matches is found, whatever lies beside it */
        MUST(said != 0 && said_token != 0 && said_claims != 0,
            "%s is revoked, and said to be fine: %d %d %d", claims.bytes, said, said_token,
            said_claims);
    }
    if (own && unsound.number == 0) {
        MUST(said == (int)expected.number, "%s: %s, expected %lld", claims.bytes, status,
            (long long)expected.number);
        MUST(said == said_token && said == said_claims, "%s: %d, by token %d, by claims %d",
            claims.bytes, said, said_token, said_claims);
    }
    answer_release(&claims);
    answer_release(&token);
    answer_release(&expected);
    answer_release(&unsound);
}

/* Plans of every kind: what they find agrees with the shadow table where that is sound. */
static void look(struct input *input)
{
    struct value text = take_text(input, true);
    struct answer rows = ASK(db, "SELECT count(*) FROM r");
    struct answer some =
        ASK(db, "SELECT group_concat(rule || ifnull(reason, '')) FROM r WHERE sub = ?1", text);
    struct answer dates =
        ASK(db, "SELECT count(*) FROM r WHERE expires_at < ?1", take_number(input));
    struct answer rule = ASK(db, "SELECT count(*) FROM r WHERE rule = ?1", text);
    struct answer each = ASK(
        db, "SELECT count(*) FROM r AS a WHERE (SELECT count(*) FROM r WHERE rule = a.rule) <> 1");
    struct answer raw = ASK(db, "SELECT count(*) FROM r WHERE token = ?1", text);
    struct answer unsound = ASK(db, unsound_sql);
    if (unsound.number == 0 && is_own()) {
        struct answer all = ASK(db, "SELECT count(*) FROM r_rules");
        MUST(rows.number == all.number, "%lld rows in %lld: %s", (long long)rows.number,
            (long long)all.number, rows.message);
        MUST(is_wild || (each.code == SQLITE_ROW && each.number == 0),
            "a rule is not found by its own text: %s", each.message);
        answer_release(&all);
    }
    answer_release(&rows);
    answer_release(&some);
    answer_release(&dates);
    answer_release(&rule);
    answer_release(&each);
    answer_release(&raw);
    answer_release(&unsound);
}

/* Statements without arguments: transactions, and other tables in the shadow table's place. */
static void control(struct input *input)
{
    static const char *const statements[] = { "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT s",
        "ROLLBACK TO s", "RELEASE s", "DELETE FROM r", "DELETE FROM r_rules",
        "ALTER TABLE r RENAME TO q", "ALTER TABLE q RENAME TO r", "ANALYZE", "VACUUM", "REINDEX",
        "ALTER TABLE r_rules ADD COLUMN more TEXT", "DROP INDEX r_rules_expires",
        "CREATE TRIGGER t AFTER INSERT ON r_rules BEGIN SELECT jwt_debug(); END" };
    static const char *const remakes[] = {
        "DROP TABLE r_rules; CREATE TABLE r_rules(kind, jti)",
        "DROP TABLE r_rules; CREATE VIEW r_rules AS SELECT 1 AS kind, 'a' AS jti, '' AS sid, '' AS sub,"
        " '' AS client_id, '' AS aud, '' AS kid, '' AS iss, 1 AS issued_before",
        "DROP TABLE r_rules; CREATE TABLE r_rules(kind, jti, sid, sub, client_id, aud, kid, iss,"
        " issued_before, expires_at, reason, actor, revoked_at)",
        "DROP TABLE r_rules",
    };
    unsigned byte = take(input);
    if (byte >= 250) {
        is_altered = true;
        sqlite3_exec(db, remakes[byte & 3], NULL, NULL, NULL);
    } else if ((byte & 15) < 13 || byte >= 224) { /* what changes the schema costs a new database */
        if ((byte & 15) >= 13) is_altered = true;
        sqlite3_exec(db, statements[byte & 15], NULL, NULL, NULL);
    }
}

static void start(void)
{
    db = fuzz_database();
    is_altered = false;
    fuzz_execute(db,
        "PRAGMA ignore_check_constraints = ON; CREATE VIRTUAL TABLE r USING jwt_revocation;"
        "CREATE VIRTUAL TABLE pattern USING jwt_revocation");
}

static void clean(void)
{
    is_wild = false;
    if (!sqlite3_get_autocommit(db)) sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    if (!is_altered && sqlite3_exec(db, "DELETE FROM r_rules", NULL, NULL, NULL) == SQLITE_OK &&
        sqlite3_exec(db, "SELECT 1 FROM r", NULL, NULL, NULL) == SQLITE_OK) {
        return;
    }
    fuzz_close(db);
    start();
}

static void run(const uint8_t *bytes, size_t size)
{
    struct input input = { bytes, bytes + size };
    if (size > 2048) return;
    while (input.at < input.end) {
        /* A table that has another name now is asked by name all the same: that is an error, never "fine". */
        bool is_there = is_altered ||
                        sqlite3_exec(db, "SELECT 1 FROM r LIMIT 0", NULL, NULL, NULL) == SQLITE_OK;
        unsigned byte = take(&input);
        if (!is_there && byte % 8 != 6) continue;
        switch (byte % 8) {
        case 0:
        case 1: insert_raw(&input); break;
        case 2: insert_rule(&input); break;
        case 3: change(&input); break;
        case 4:
        case 5: question(&input); break;
        case 6: control(&input); break;
        default: look(&input);
        }
    }
    clean();
}

const struct fuzz_target revocation_target = { "revocation", start, run, NULL };
