/*
** golang_jwt.c - the tables of golang-jwt's own tests, and the keys beside them.
*/
#include "cases.h"
#include "report.h"
#include "suites.h"

#define FOLDER "golang-jwt/"
#define EXP "1300819380" /* of the HMAC tokens: in 2011 */

#define CASES                                                                               \
    "WITH one AS (SELECT json_extract(value, '$.name') AS name,"                            \
    "   json_extract(value, '$.token') AS token, json_extract(value, '$.alg') AS alg,"      \
    "   json_extract(value, '$.file') AS file, '" FOLDER                                    \
    "' || json_extract(value, '$.key') AS key,"                                             \
    "   json_type(value, '$.valid') AS valid"                                               \
    "   FROM json_each(vector('" FOLDER "cases.json'), '$.cases')),"                        \
    " ready AS (SELECT *, CASE key WHEN '" FOLDER "test/hmacTestKey' THEN vector_blob(key)" \
    "   ELSE vector(key) END AS verify_key, file = 'hmac_test.go' AS is_hmac FROM one)"

static const char tokens[] = CASES
    "SELECT '" FOLDER "cases.json', name, CASE WHEN is_hmac AND valid = 'true' THEN 'HMAC tokens'"
    "   ELSE name || ' (valid:' || valid || ')' END,"
    "  CASE valid WHEN 'true' THEN 'valid' ELSE 'invalid' END, NULL, NULL, 'jwt', NULL,"
    "  token, verify_key, json_object('alg', alg, 'now', " EXP " - 1)"
    " FROM ready";

/* What the entry on HMAC tokens says of their exp, and of how two of them write it. */
static const char expiry[] =
    CASES "SELECT '" FOLDER "cases.json', name || ' has expired at its exp',"
          "  jwt_status(token, verify_key, json_object('alg', alg, 'now', " EXP ")) = 'expired'"
          " FROM ready WHERE is_hmac AND valid = 'true'"
          " UNION ALL SELECT '" FOLDER "cases.json', name || ' has expired today',"
          "  jwt_status(token, verify_key, json_object('alg', alg)) = 'expired'"
          " FROM ready WHERE is_hmac AND valid = 'true'";

/* One algorithm for one key: without naming it, RSA keys serve RS256 alone. */
static const char unnamed[] = CASES
    "SELECT '" FOLDER "cases.json', alg || ' needs naming for an RSA key without alg',"
    "  jwt_status(token, verify_key) = CASE alg WHEN 'RS256' THEN 'ok' ELSE 'alg_not_allowed' END"
    " FROM ready WHERE key = '" FOLDER "test/sample_key.pub' AND valid = 'true'";

static const char keys[] =
    "SELECT path, 'import', NULL, 'valid',"
    "  CASE WHEN path GLOB '*privateSecure*' THEN 'reject' END,"
    "  'sql-surface 2: an encrypted PEM raises', 'key', NULL, vector_blob(path)"
    " FROM vector_file WHERE path GLOB '" FOLDER "test/*'";

static const char pairs[] =
    "WITH pair(private, public) AS (VALUES"
    "  ('ec256-private.pem', 'ec256-public.pem'), ('ec384-private.pem', 'ec384-public.pem'),"
    "  ('ec512-private.pem', 'ec512-public.pem'), ('ed25519-private.pem', 'ed25519-public.pem'),"
    "  ('sample_key', 'sample_key.pub'))"
    " SELECT '" FOLDER "test/' || private, 'its public part is ' || public,"
    "  jwk_to_pem(vector('" FOLDER "test/' || private), 'public')"
    "   = jwk_to_pem(vector('" FOLDER "test/' || public))"
    "  AND jwk_thumbprint(vector('" FOLDER "test/' || private))"
    "   = jwk_thumbprint(vector('" FOLDER "test/' || public))"
    "  AND jwt_verify(jwt_sign('{}', vector('" FOLDER "test/' || private)),"
    "   vector('" FOLDER "test/' || public))"
    " FROM pair";

void suite_golang(struct run *run)
{
    cases_run(run, tokens, NULL);
    cases_run(run, keys, NULL);
    report_checks(run, 6, expiry);
    report_checks(run, 6, unnamed);
    report_checks(run, 5, pairs);
}
