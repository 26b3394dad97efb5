/*
** nginx_auth_jwt.c - tokens and key sets of nginx-auth-jwt's tests.
**
** testN.jwt goes with the key set of its number, and with the sets that hold all
** keys. The secrets of the HS tokens are 12 and 13 bytes long: expectations.json
** has them refused, and option allow_weak_key is what an old deployment has.
*/
#include "cases.h"
#include "report.h"
#include "suites.h"

#define FOLDER "nginx-auth-jwt/"
#define WEAK "'{\"allow_weak_key\":true}'"

#define TOKENS                                                                                   \
    "WITH token AS (SELECT path, vector_line(path) AS text,"                                     \
    "   substr(path, length('" FOLDER "') + 1, length(path) - length('" FOLDER ".jwt')) AS name" \
    "   FROM vector_file WHERE path GLOB '" FOLDER "test[0-9].jwt'"                              \
    "    OR path GLOB '" FOLDER "test10.jwt'),"                                                  \
    " known AS (SELECT *, CAST(substr(name, 5) AS INTEGER) AS number,"                           \
    "   CAST(substr(name, 5) AS INTEGER) IN (1, 2, 3, 10) AS is_hmac FROM token)"

/* Each with the set of its own: test10's is called .jwk. */
static const char own_set[] = TOKENS
    "SELECT path, 'with its own set', CASE WHEN is_hmac THEN 'HS tokens' END, 'valid', NULL, NULL,"
    "  'jwt', 'key_unusable', text, vector('" FOLDER "' || name ||"
    "   CASE number WHEN 10 THEN '.jwk' ELSE '.jwks' END), NULL"
    " FROM known WHERE number > 0"
    " UNION ALL SELECT path, 'with its own set and allow_weak_key', NULL, 'valid', 'accept',"
    "  'sql-surface 2: allow_weak_key admits a shorter secret', 'jwt', NULL, text,"
    "  vector('" FOLDER "' || name || CASE number WHEN 10 THEN '.jwk' ELSE '.jwks' END), " WEAK
    " FROM known WHERE is_hmac";

/* jwks.json holds the keys of all tests, jwks.no_kid.json the same without kid. */
static const char all_keys[] = TOKENS
    "SELECT path, 'with the set of all keys', NULL, CASE number WHEN 0 THEN 'invalid'"
    "   ELSE 'valid' END, CASE number WHEN 0 THEN 'reject' ELSE 'accept' END,"
    "  'sql-surface 2: allow_weak_key admits a shorter secret', 'jwt', 'alg_not_allowed', text,"
    "  vector('" FOLDER "jwks.json'), " WEAK " FROM known"
    " UNION ALL SELECT path, 'with the set of keys without kid', NULL, 'either', 'reject',"
    "  'sql-surface 2: in a set the key is chosen by the kid of the token', 'jwt',"
    "  CASE number WHEN 0 THEN 'alg_not_allowed' ELSE 'key_not_found' END, text,"
    "  vector('" FOLDER "jwks.no_kid.json'), " WEAK " FROM known";

/* keys.json and testN.json hold public keys as PEM, by name. They are no key themselves. */
static const char as_pem[] = TOKENS
    "SELECT path, 'with the PEM of ' || source, NULL, 'valid', NULL, NULL, 'jwt', NULL, text,"
    "  json_extract(vector(source), '$.' || name),"
    "  json_object('alg', json_extract(jwt_header(text), '$.alg'))"
    " FROM (SELECT *, '" FOLDER "keys.json' AS source FROM known"
    "  UNION ALL SELECT *, '" FOLDER "' || name || '.json' FROM known)"
    " WHERE number BETWEEN 4 AND 9"
    " UNION ALL SELECT path, 'with all of keys.json', NULL, 'invalid', NULL, NULL, 'jwt', NULL,"
    "  text, vector('" FOLDER "keys.json'), NULL FROM known WHERE number = 4";

static const char spoilt[] =
    "WITH spoilt(file, keys, status) AS (VALUES"
    "  ('test1.exp.jwt', 'test1.jwks', 'expired'),"
    "  ('test1.sig.jwt', 'test1.jwks', 'bad_signature'),"
    "  ('test1.jwt', 'test1.invalid.jwks', 'bad_signature'),"
    "  ('test1.jwt', 'invalid.jwks', 'key_unusable'),"
    "  ('test1.jwt', 'test2.jwks', 'key_not_found'))"
    " SELECT '" FOLDER "' || file, 'with ' || keys, NULL, 'invalid', 'reject', NULL, 'jwt', status,"
    "  vector_line('" FOLDER "' || file), vector('" FOLDER "' || keys), " WEAK " FROM spoilt"
    " UNION ALL SELECT '" FOLDER "test4.jwt', 'with a line end after it', NULL, 'invalid', NULL,"
    "  NULL, 'jwt', 'malformed', vector_line('" FOLDER "test4.jwt') || char(10),"
    "  vector('" FOLDER "test4.jwks'), NULL";

/* What the tokens say, and what invalid.jwks lacks. */
static const char checks[] =
    "SELECT '" FOLDER "test9.jwt', 'its claims are read',"
    "  jwt_claim(vector_line('" FOLDER "test9.jwt'), 'email', vector('" FOLDER "test9.jwks'))"
    "   = 'test9@example.com'"
    "  AND jwt_claim(vector_line('" FOLDER "test9.jwt'), 'exp', vector('" FOLDER "test9.jwks'))"
    "   = 4133862000"
    " UNION ALL SELECT '" FOLDER "test10.jwt', 'one of its two audiences is enough',"
    "  jwt_verify(vector_line('" FOLDER "test10.jwt'), vector('" FOLDER "test10.jwk'),"
    "   '{\"allow_weak_key\":true,\"aud\":\"test10.audience.test.com\"}')"
    " UNION ALL SELECT '" FOLDER "invalid.jwks', 'none of its three keys is usable',"
    "  (SELECT count(*) = 3 AND count(problem) = 3 FROM jwk_each(vector('" FOLDER
    "invalid.jwks')))";

void suite_nginx(struct run *run)
{
    cases_run(run, own_set, NULL);
    cases_run(run, all_keys, NULL);
    cases_run(run, as_pem, NULL);
    cases_run(run, spoilt, NULL);
    report_checks(run, 3, checks);
}
