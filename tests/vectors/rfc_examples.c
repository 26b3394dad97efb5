/*
** rfc_examples.c - RFC 7515, 7517, 7520 and 7638 as files of latchset/jose:
** .jwsc compact, .jwsf flattened, .jwsg general; .jwk and .jwkset the keys.
*/
#include "cases.h"
#include "report.h"
#include "suites.h"

#define FOLDER "latchset-jose-rfc/"
#define KEY_OF "substr(path, 1, length(path) - 5) || '.jwk'"

/* The header's `alg`: what the example means to show, so what its reader allows. */
#define ALG(segment) "json_extract(CAST(from_base64url(" segment ") AS TEXT), '$.alg')"

#define FILES                                                               \
    "WITH file AS (SELECT path, vector_line(path) AS text FROM vector_file" \
    "   WHERE path GLOB '" FOLDER "*.jws?')"

/* A.5 is alg none and has no key, so A.1's tries. */
static const char compact[] =
    FILES "SELECT path, 'compact', CASE WHEN path GLOB '*_4.5.*' THEN 'detached'"
          "   WHEN path GLOB '*_A.5.*' THEN 'none' END, 'valid', NULL, NULL, 'jws',"
          "  CASE WHEN path GLOB '*_A.5.*' THEN 'alg_not_allowed' ELSE 'bad_signature' END, text,"
          "  vector(CASE WHEN path GLOB '*_A.5.*' THEN '" FOLDER "rfc7515_A.1.jwk'"
          "   ELSE " KEY_OF " END),"
          "  CASE WHEN path NOT GLOB '*_A.5.*'"
          "   THEN json_object('alg', " ALG(
              "substr(text, 1, instr(text, '.') - 1)") ") END"
                                                       " FROM file WHERE path GLOB '*.jwsc'";

/* The flattened and the general form as they are, and each signature made compact. */
static const char json_forms[] = FILES
    ","
    " entry AS ("
    "   SELECT path, text, '' AS number, text AS one FROM file WHERE path GLOB '*.jwsf'"
    "   UNION ALL SELECT file.path, text, '.' || (s.key + 1), s.value FROM file,"
    "    json_each(text, '$.signatures') s WHERE file.path GLOB '*.jwsg'),"
    " part AS (SELECT path, number, json_extract(one, '$.protected') AS protected,"
    "   json_extract(text, '$.payload') AS payload,"
    "   json_extract(one, '$.signature') AS signature,"
    "   substr(path, 1, length(path) - 5) AS stem FROM entry)"
    "SELECT path, 'as it is', NULL, 'valid', 'reject',"
    "  'sql-surface 12: no JWS JSON serialization', 'jws', 'malformed', text,"
    "  vector('" FOLDER "rfc7520_3.5.jwk'), NULL FROM file WHERE path NOT GLOB '*.jwsc'"
    " UNION ALL SELECT path, 'signature' || number || ' made compact', NULL, 'valid',"
    "  CASE WHEN protected IS NULL THEN 'reject' END,"
    "  'RFC 7515 section 7.1: the header of a compact serialization is the protected one', 'jws',"
    "  CASE WHEN protected IS NULL THEN 'bad_header' END,"
    "  ifnull(protected, '') || '.' || ifnull(payload, '') || '.' || signature,"
    "  vector(CASE WHEN number <> '' AND EXISTS (SELECT 1 FROM vector_file"
    "    WHERE path = stem || number || '.jwk') THEN stem || number ELSE stem END || '.jwk'),"
    "  CASE WHEN payload IS NULL THEN json_object('alg', " ALG(
        "protected") ","
                     "    'payload', vector('" FOLDER "rfc7520_4.5.payl'))"
                     "   WHEN protected IS NOT NULL THEN json_object('alg', " ALG(
                         "protected") ") END"
                                      " FROM part";

/* A.1 to A.3 are claims sets, which expired in 2011, and so are all that carry the same claims. */
static const char claims[] =
    "WITH token AS (SELECT path, vector_line(path) AS text, vector(" KEY_OF ") AS verify_key"
    "   FROM vector_file WHERE path GLOB '" FOLDER "rfc7515_A.[123].jwsc')"
    " SELECT path, 'a second before exp', NULL, 'valid', NULL, NULL, 'jwt', NULL, text,"
    "  verify_key, '{\"now\":1300819379}' FROM token"
    " UNION ALL SELECT path, 'at exp', NULL, 'invalid', NULL, NULL, 'jwt', 'expired', text,"
    "  verify_key, '{\"now\":1300819380}' FROM token"
    " UNION ALL SELECT path, 'today', NULL, 'invalid', NULL, NULL, 'jwt', 'expired', text,"
    "  verify_key, NULL FROM token"
    " UNION ALL SELECT path, 'not even a claims set', NULL, 'invalid', NULL, NULL, 'jwt',"
    "  'bad_payload', vector_line(path), vector(" KEY_OF "), NULL"
    "  FROM vector_file WHERE path = '" FOLDER "rfc7515_A.4.jwsc'";

/* A set of two keys without kid: each token finds its own by its algorithm. */
static const char sets[] =
    "SELECT '" FOLDER "rfc7515_A.6.jwkset', 'A.' || n || ' finds its key', NULL, 'valid',"
    "  NULL, NULL, 'jws', NULL, vector_line('" FOLDER "rfc7515_A.' || n || '.jwsc'),"
    "  vector('" FOLDER "rfc7515_A.6.jwkset'), NULL"
    " FROM (SELECT 2 AS n UNION ALL SELECT 3)"
    " UNION ALL SELECT '" FOLDER "rfc7515_A.6.jwkset', 'A.1 finds none', NULL, 'invalid', NULL,"
    "  NULL, 'jws', 'key_not_found', vector_line('" FOLDER "rfc7515_A.1.jwsc'),"
    "  vector('" FOLDER "rfc7515_A.6.jwkset'), NULL"
    /* RFC 7520 section 4.8: RSA and EC have one kid, so that kid is ambiguous (sql-surface 2). */
    " UNION ALL SELECT '" FOLDER "rfc7520_4.8.jwkset', '4.1 has a kid of two keys', NULL, 'either',"
    "  'reject', 'sql-surface 2: two usable keys of the same kid are key_ambiguous', 'jws',"
    "  'key_ambiguous', vector_line('" FOLDER "rfc7520_4.1.jwsc'),"
    "  vector('" FOLDER "rfc7520_4.8.jwkset'), NULL"
    " UNION ALL SELECT '" FOLDER "rfc7520_4.8.jwkset', '4.4 finds its key by kid', NULL, 'valid',"
    "  NULL, NULL, 'jws', NULL, vector_line('" FOLDER "rfc7520_4.4.jwsc'),"
    "  vector('" FOLDER "rfc7520_4.8.jwkset'), NULL";

static const char keys[] =
    "SELECT path, 'import', NULL, 'valid', CASE WHEN path GLOB '*7520_3.6.*' THEN 'reject' END,"
    "  'sql-surface 2: use other than sig refuses the key', 'key', NULL, vector(path)"
    " FROM vector_file WHERE path GLOB '" FOLDER "*.jwk'";

/* Appendices A.1 to A.3 and B of RFC 7517: which members of the sets can serve, and which cannot. */
static const char members[] =
    "WITH wanted(file, number, usable, kid) AS (VALUES"
    "  ('rfc7517_A.1.jwkset', 0, 0, '1'), ('rfc7517_A.1.jwkset', 1, 1, '2011-04-29'),"
    "  ('rfc7517_A.2.jwkset', 0, 0, '1'), ('rfc7517_A.2.jwkset', 1, 1, '2011-04-29'),"
    "  ('rfc7517_A.3.jwkset', 0, 0, NULL),"
    "  ('rfc7517_A.3.jwkset', 1, 1, 'HMACkeyusedinJWSspecAppendixA.1example'))"
    " SELECT '" FOLDER "' || file, 'key ' || number || ' is ' || CASE usable WHEN 1 THEN 'usable'"
    "   ELSE 'not usable' END || ': ' || ifnull(problem, 'no problem'),"
    "  wanted.kid IS each.kid AND usable = (problem IS NULL)"
    " FROM wanted, (SELECT path, row_number() OVER (PARTITION BY path) - 1 AS n, e.*"
    "   FROM vector_file, jwk_each(vector(path)) e WHERE path GLOB '" FOLDER "rfc7517*.jwkset')"
    "  each WHERE each.path = '" FOLDER "' || file AND each.n = number";

static const char thumbprints[] =
    "SELECT '" FOLDER "rfc7638_3.1.thp', 'jwk_thumbprint gives it',"
    "  jwk_thumbprint(vector('" FOLDER "rfc7638_3.1.jwk')) ="
    "   vector_line('" FOLDER "rfc7638_3.1.thp')"
    " UNION ALL SELECT '" FOLDER
    "rfc7517_A.1.jwkset', 'its RSA key is that of A.2 and of RFC 7638',"
    "  (SELECT count(DISTINCT thumbprint) = 1 AND count(*) = 2 FROM vector_file,"
    "    jwk_each(vector(path)) WHERE path GLOB '" FOLDER "rfc7517_A.[12].jwkset' AND kty = 'RSA'"
    "    AND thumbprint = vector_line('" FOLDER "rfc7638_3.1.thp'))"
    " UNION ALL SELECT path, 'public and private have one thumbprint',"
    "  jwk_thumbprint(vector('" FOLDER
    "rfc7520_' || public || '.jwk')) = jwk_thumbprint(vector(path))"
    " FROM (SELECT '" FOLDER "rfc7520_3.2.jwk' AS path, '3.1' AS public"
    "  UNION ALL SELECT '" FOLDER "rfc7520_3.4.jwk', '3.3')";

void suite_rfc(struct run *run)
{
    cases_run(run, compact, NULL);
    cases_run(run, json_forms, NULL);
    cases_run(run, claims, NULL);
    cases_run(run, sets, NULL);
    cases_run(run, keys, NULL);
    report_checks(run, 6, members);
    report_checks(run, 4, thumbprints);
}
