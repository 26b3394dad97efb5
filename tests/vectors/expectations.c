/*
** expectations.c - see expectations.h.
*/
#include "expectations.h"

#include <string.h>

#include "report.h"

/*
** How prose reads under our contract. `file` and `selector` are the entry's
** words; `paths` (a GLOB; NULL: `file` is one) says which files are meant.
*/
struct reading {
    const char *file;
    const char *selector;
    const char *paths;
    enum expected expected;
    const char *sentence;
};

#define WEAK "sql-surface 2: HMAC secret at least as long as the hash (without allow_weak_key)"
#define EXACT "sql-surface 1.3: the exact signature length is checked"
#define TAGS "groups with tagSize < hash length"
#define KEYS "groups with keySize < hash length"

static const struct reading readings[] = {
    { "wycheproof/json_web_key_test.dev.json", "1", NULL, EXPECT_ACCEPT,
        "sql-surface 2: the key is chosen by kid and has one algorithm; kinds may stand together" },
    { "wycheproof/json_web_key_test.dev.json", "4", NULL, EXPECT_ACCEPT,
        "sql-surface 2: unusable members are passed over, and the second key of this kid is one "
        "(unused bits of its k are set); with them zero the set is key_ambiguous, as is checked" },
    { "wycheproof/json_web_key_test.dev.json", "7", NULL, EXPECT_SKIP,
        "sql-surface 2 asks for no test of ROCA moduli, so there is nothing to hold it against" },
    { "wycheproof/hmac_sha256_test.dev.json", TAGS, NULL, EXPECT_REFUSE, EXACT },
    { "wycheproof/hmac_sha384_test.dev.json", TAGS, NULL, EXPECT_REFUSE, EXACT },
    { "wycheproof/hmac_sha512_test.dev.json", TAGS, NULL, EXPECT_REFUSE, EXACT },
    { "wycheproof/hmac_sha256_test.dev.json", KEYS, NULL, EXPECT_REFUSE, WEAK },
    { "wycheproof/hmac_sha384_test.dev.json", KEYS, NULL, EXPECT_REFUSE, WEAK },
    { "wycheproof/hmac_sha512_test.dev.json", KEYS, NULL, EXPECT_REFUSE, WEAK },
    { "golang-jwt/cases.json", "HMAC tokens", NULL, EXPECT_ACCEPT,
        "asked with option now before their exp, as the entry says" },
    { "nginx-auth-jwt/test1,test2,test3,test10*.jwt", "HS tokens", "nginx-auth-jwt/test*.jwt",
        EXPECT_REFUSE, WEAK },
    { "latchset-jose-rfc/rfc7520_4.5.jwsc + cookbook jws/4_5", "detached",
        "latchset-jose-rfc/rfc7520_4.5.*", EXPECT_REFUSE,
        "sql-surface 4: a detached payload is supplied by option payload of jws_verify" },
    { "latchset-jose-rfc/rfc7520_4.5.jwsc + cookbook jws/4_5", "detached",
        "ietf-jose-cookbook/jws/4_5.*", EXPECT_REFUSE,
        "sql-surface 4: a detached payload is supplied by option payload of jws_verify" },
    { "ietf-jose-cookbook/rfc7797/*", "b64=false", "ietf-jose-cookbook/rfc7797/*", EXPECT_REFUSE,
        "sql-surface 9: a token holds nothing but base64url and two dots; b64 only in jws_*, "
        "detached" },
    { "latchset-jose-rfc/rfc7515_A.5.jwsc", "none", NULL, EXPECT_REFUSE,
        "sql-surface 3: none does not exist" },
    { "JSONTestSuite/test_parsing/y_string_null_escape.json", "", NULL, EXPECT_REFUSE,
        "sql-surface 9: no \\u0000" },
    { "JSONTestSuite/test_parsing/n_structure_null-byte-outside-string.json, "
      "n_multidigit_number_then_00.json",
        "", "JSONTestSuite/test_parsing/n_structure_null-byte-outside-string.json", EXPECT_REFUSE,
        "sql-surface 9: nothing after the object" },
    { "JSONTestSuite/test_parsing/n_structure_null-byte-outside-string.json, "
      "n_multidigit_number_then_00.json",
        "", "JSONTestSuite/test_parsing/n_multidigit_number_then_00.json", EXPECT_REFUSE,
        "sql-surface 9: nothing after the object" },
};

#define READING_COUNT (sizeof readings / sizeof *readings)

static void execute(struct run *run, const char *sql)
{
    if (sqlite3_exec(run->db, sql, NULL, NULL, NULL) != SQLITE_OK) {
        run_stop(run, "%s", sqlite3_errmsg(run->db));
    }
}

static void add(struct run *run, const char *entry, const char *paths, const char *selector,
    enum expected expected, const char *why)
{
    sqlite3_stmt *insert = run_prepare(run, "INSERT INTO temp.expectation VALUES "
                                            "(?1, ?2, ?3, ?4, ?5, 0)");
    sqlite3_bind_text(insert, 1, entry, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(insert, 2, paths, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(insert, 3, selector, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int(insert, 4, (int)expected);
    sqlite3_bind_text(insert, 5, why, -1, SQLITE_TRANSIENT);
    run_step(run, insert);
    sqlite3_finalize(insert);
}

/* Adds all readings of a prose entry; false where there is none. */
static bool add_readings(struct run *run, const char *entry, const char *file, const char *selector)
{
    bool found = false;
    for (size_t i = 0; i < READING_COUNT; i++) {
        const struct reading *reading = &readings[i];
        if (strcmp(reading->file, file) != 0 || strcmp(reading->selector, selector) != 0) continue;
        add(run, entry, reading->paths != NULL ? reading->paths : file, selector, reading->expected,
            reading->sentence);
        found = true;
    }
    return found;
}

/* Adds an entry that says itself what it means; false where it does not. */
static bool add_plain(struct run *run, const char *entry, const char *file, const char *selector,
    const char *expect, const char *why)
{
    enum expected expected = strcmp(expect, "accept") == 0 ? EXPECT_ACCEPT
                             : strncmp(expect, "reject", 6) == 0 &&
                                     (expect[6] == '\0' || strcmp(expect + 6, " all") == 0)
                                 ? EXPECT_REFUSE
                                 : EXPECT_UPSTREAM;
    if (expected == EXPECT_UPSTREAM || *selector == '\0' || strpbrk(file, "*,+") != NULL) {
        return false;
    }
    add(run, entry, file, selector, expected, why);
    return true;
}

void expectations_load(struct run *run)
{
    unsigned count = 0;
    sqlite3_stmt *row;
    execute(run, "CREATE TEMP TABLE expectation(entry, paths, selector, expected, why, met)");
    row = run_prepare(run, "SELECT o.key, json_extract(o.value, '$.file'),"
                           "  coalesce(t.value, json_extract(o.value, '$.case'), ''),"
                           "  json_extract(o.value, '$.expect'), json_extract(o.value, '$.why')"
                           " FROM json_each(vector('expectations.json'), '$.overrides') o"
                           /* tcId is a number, a word, or an array of numbers: a row for each. */
                           " LEFT JOIN json_each(CASE WHEN json_type(o.value, '$.tcId') = 'array'"
                           "   THEN json_extract(o.value, '$.tcId')"
                           "   ELSE json_array(json_extract(o.value, '$.tcId')) END) t");
    for (; run_step(run, row); count++) {
        const char *entry = run_text(row, 0);
        const char *file = run_text(row, 1);
        const char *selector = run_text(row, 2);
        const char *expect = run_text(row, 3);
        const char *why = run_text(row, 4);
        if (file == NULL || expect == NULL) run_stop(run, "expectations.json: entry %s", entry);
        if (add_readings(run, entry, file, selector)) continue;
        if (add_plain(run, entry, file, selector, expect, why)) continue;
        report_check(run, "expectations.json", false,
            "entry %s is one that this program knows how to apply: %s, %s: %s", entry, file,
            selector, expect);
    }
    sqlite3_finalize(row);
    report_check(run, "expectations.json", count > 0, "there are entries");
}

enum expected expectations_find(
    struct run *run, const char *path, const char *id, const char *label, const char **why)
{
    static const char sql[] =
        "UPDATE temp.expectation SET met = 1 WHERE ?1 GLOB paths"
        " AND selector IN (?2, ifnull(?3, ?2), 'all', '') RETURNING expected, why";
    static char reason[512];
    enum expected expected = EXPECT_UPSTREAM;
    sqlite3_stmt *found = run_prepare(run, sql);
    sqlite3_bind_text(found, 1, path, -1, SQLITE_STATIC);
    sqlite3_bind_text(found, 2, id, -1, SQLITE_STATIC);
    sqlite3_bind_text(found, 3, label, -1, SQLITE_STATIC);
    while (run_step(run, found)) {
        if (expected != EXPECT_UPSTREAM && (int)expected != sqlite3_column_int(found, 0)) {
            run_stop(run, "expectations.json contradicts itself about %s, %s", path, id);
        }
        expected = (enum expected)sqlite3_column_int(found, 0);
        sqlite3_snprintf(sizeof reason, reason, "%s", run_text(found, 1));
        *why = reason;
    }
    sqlite3_finalize(found);
    return expected;
}

void expectations_excuse(struct run *run, const char *path)
{
    sqlite3_stmt *excuse =
        run_prepare(run, "UPDATE temp.expectation SET met = 1 WHERE ?1 GLOB paths");
    sqlite3_bind_text(excuse, 1, path, -1, SQLITE_STATIC);
    run_step(run, excuse);
    sqlite3_finalize(excuse);
}

void expectations_check(struct run *run)
{
    sqlite3_stmt *row =
        run_prepare(run, "SELECT entry, paths, selector, met FROM temp.expectation");
    while (run_step(run, row)) {
        report_check(run, "expectations.json", sqlite3_column_int(row, 3) != 0,
            "entry %s meets a case: %s, %s", run_text(row, 0), run_text(row, 1), run_text(row, 2));
    }
    sqlite3_finalize(row);
}
