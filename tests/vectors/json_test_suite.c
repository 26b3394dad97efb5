/*
** json_test_suite.c - JSONTestSuite: what is JSON, in each place of a token.
**
** Each file's bytes B stand (a) as the payload, (b) as a member's value in it,
** and (c) as a member's value in the header. The tokens are signed with OpenSSL
** alone: a signer of ours that refused B would hide what the verifier does.
*/
#include "cases.h"
#include "report.h"
#include "suites.h"

#define KEY "'0123456789abcdef0123456789abcdef'"
#define LONG "'{\"max_length\":1048576}'"

/* (b) and (c). The 100 KB files need more than the default max_length. */
#define AS_PAYLOAD "hs256('{\"alg\":\"HS256\"}', b, " KEY ")"
#define IN_PAYLOAD "hs256('{\"alg\":\"HS256\"}', bytes('{\"x\":', b, '}'), " KEY ")"
#define IN_HEADER "hs256(bytes('{\"alg\":\"HS256\",\"x\":', b, '}'), '{}', " KEY ")"

/*
** What the suite leaves open, and test_transform which has no labels at all,
** by what stands in the files: sql-surface 9 decides each.
*/
static const char decisions[] =
    "WITH decision(paths, decided, why) AS (VALUES"
    " ('*/i_number_*', 'accept', 'sql-surface 9: RFC 8259 grammar has no limit of range'),"
    " ('*/i_object_key_lone*', 'reject', 'sql-surface 9: no lone surrogate'),"
    " ('*/i_string_*surrogate*', 'reject', 'sql-surface 9: no lone surrogate'),"
    " ('*/i_string_UTF-8_invalid*', 'reject', 'sql-surface 9: UTF-8 valid'),"
    " ('*/i_string_*lone_utf8*', 'reject', 'sql-surface 9: UTF-8 valid'),"
    " ('*/i_string_not_in_unicode*', 'reject', 'sql-surface 9: UTF-8 valid'),"
    " ('*/i_string_*utf*16*', 'reject', 'sql-surface 9: UTF-8 valid'),"
    " ('*/i_structure_500_nested*', 'reject', 'sql-surface 9: depth at most 64'),"
    " ('*/test_transform/number_*', 'accept', 'sql-surface 9: RFC 8259 grammar'),"
    " ('*/test_transform/object_key_nfd_nfc*', 'accept', 'sql-surface 9: names compared exactly'),"
    " ('*/test_transform/object_same_key*', 'reject', 'sql-surface 9: no duplicate member'),"
    " ('*/test_transform/string_*codepoint*', 'reject', 'sql-surface 9: no lone surrogate'),"
    " ('*/test_transform/string_with_escaped_NULL*', 'reject', 'sql-surface 9: no \\u0000')),"
    " file AS (SELECT path, substr(path, instr(path, '/') + 1) AS name, vector_blob(path) AS b"
    "   FROM vector_file WHERE path GLOB 'JSONTestSuite/test_*.json'),"
    " judged AS (SELECT file.*, decided, why, CASE substr(name, instr(name, '/') + 1, 2)"
    "   WHEN 'y_' THEN 'valid' WHEN 'n_' THEN 'invalid' ELSE 'either' END AS label"
    "   FROM file LEFT JOIN decision ON path GLOB paths)";

static unsigned run_cases(struct run *run, const char *select)
{
    char *sql = sqlite3_mprintf("%s %s", decisions, select);
    unsigned count = cases_run(run, sql, NULL);
    sqlite3_free(sql);
    return count;
}

/* (a): only objects are payloads, so of the valid texts just those are accepted. */
static const char as_payload[] =
    "SELECT path, 'as payload', '',"
    "  CASE WHEN is_object THEN label ELSE 'invalid' END,"
    "  CASE WHEN is_object THEN decided END, CASE WHEN is_object THEN why END,"
    "  'jwt', 'bad_payload', " AS_PAYLOAD ", " KEY ", " LONG
    " FROM (SELECT *, name GLOB '*/y_object*' OR name GLOB '*/object_*' AS is_object FROM judged)";

static const char in_payload[] =
    "SELECT path, 'in the payload', '', label, decided, why, 'jwt', 'bad_payload',"
    "  " IN_PAYLOAD ", " KEY ", " LONG " FROM judged";

static const char in_header[] =
    "SELECT path, 'in the header', '', label, decided, why, 'jwt', 'bad_header',"
    "  " IN_HEADER ", " KEY ", " LONG " FROM judged";

/* What was accepted reads as SQLite's own JSON functions read it; what was not, reads as nothing. */
static const char claims[] =
    "SELECT path, name || ': jwt_claim and json_extract agree (' || ifnull(quote(ours), '') || ')',"
    "  CASE WHEN NOT verified THEN ours IS NULL"
    "    WHEN json_type(text, '$.x') IN ('array', 'object')"
    "      THEN json(ours) = json_extract(text, '$.x')"
    "    ELSE ours IS json_extract(text, '$.x') AND typeof(ours) = typeof(json_extract(text, '$.x'))"
    "  END"
    " FROM (SELECT path, name, CAST(bytes('{\"x\":', b, '}') AS TEXT) AS text,"
    "   jwt_verify(token, " KEY ", " LONG ") AS verified,"
    "   jwt_claim(token, 'x', " KEY ", " LONG ") AS ours"
    "   FROM (SELECT path, name, b, " IN_PAYLOAD " AS token FROM judged))";

void suite_json(struct run *run)
{
    unsigned files = run_cases(run, in_payload);
    report_check(run, run->suite, run_cases(run, as_payload) == files, "each file is a payload");
    report_check(run, run->suite, run_cases(run, in_header) == files, "each file is in a header");
    if (run->pretence != HONEST) return;
    char *sql = sqlite3_mprintf("%s %s", decisions, claims);
    report_checks(run, files, sql);
    sqlite3_free(sql);
}
