/*
** cookbook.c - the JOSE cookbook: RFC 7520 sections 3 and 4, RFC 7797, RFC 8037.
*/
#include "cases.h"
#include "report.h"
#include "suites.h"

#define FOLDER "ietf-jose-cookbook/"
#define NO_JSON "'sql-surface 12: no JWS JSON serialization'"
#define HAS_COMPACT "json_type(text, '$.output.compact') = 'text'"

/* Every example of a signature; `text` is its file. */
#define EXAMPLES                                                                     \
    "WITH example AS (SELECT path, vector(path) AS text FROM vector_file"            \
    "   WHERE path GLOB '" FOLDER "jws/*' OR path GLOB '" FOLDER "rfc7797/*'"        \
    "   OR path = '" FOLDER "curve25519/jws.json'),"                                 \
    " parts AS (SELECT path, text, json_extract(text, '$.input.key') AS verify_key," \
    "   json_extract(text, '$.input.payload') AS payload,"                           \
    "   json_extract(text, '$.input.alg') AS alg,"                                   \
    "   json_extract(text, '$.output.json_flat.protected') AS protected,"            \
    "   json_extract(text, '$.output.json_flat.signature') AS signature FROM example)"

/* The compact serialization as it is printed. */
static const char compact[] =
    EXAMPLES "SELECT path, 'compact', CASE WHEN path GLOB '*/4_5.*' THEN 'detached'"
             "   WHEN path GLOB '*/rfc7797/*' THEN 'b64=false' END,"
             "  'valid', NULL, NULL, 'jws',"
             "  CASE WHEN path GLOB '*/4_5.*' THEN 'bad_signature'"
             "   WHEN path GLOB '*/rfc7797/*' THEN 'malformed' END,"
             "  json_extract(text, '$.output.compact'), verify_key, json_object('alg', alg)"
             " FROM parts WHERE " HAS_COMPACT;

/* With the payload taken out and supplied: any example can be detached. */
static const char detached[] =
    EXAMPLES "SELECT path, 'with option payload', NULL,"
             "  CASE WHEN path GLOB '*/4.2.*' THEN 'either' ELSE 'valid' END,"
             "  CASE WHEN path GLOB '*/4.2.*' THEN 'reject' ELSE 'accept' END,"
             "  'RFC 7797 section 6: b64 false must be named in crit, and here is not', 'jws',"
             "  'bad_header', protected || '..' || signature, verify_key,"
             "  json_object('alg', alg, 'payload', payload)"
             " FROM parts WHERE protected IS NOT NULL";

/* The JSON serializations, and what a compact one is made of them where the protected header has `alg`. */
static const char flattened[] = EXAMPLES
    "SELECT path, 'flattened', NULL, 'valid', 'reject', " NO_JSON ", 'jws', 'malformed',"
    "  json_extract(text, '$.output.json_flat'), verify_key, json_object('alg', alg)"
    " FROM parts WHERE signature IS NOT NULL"
    " UNION ALL"
    " SELECT path, 'general', NULL, 'valid', 'reject', " NO_JSON ", 'jws', 'malformed',"
    "  json_extract(text, '$.output.json'),"
    "  CASE json_type(verify_key) WHEN 'array' THEN json_extract(verify_key, '$[0]')"
    "   ELSE verify_key END, '{}'"
    " FROM parts"
    " UNION ALL"
    " SELECT parts.path, 'signature ' || s.key || ' made compact', NULL, 'valid',"
    "  CASE WHEN ifnull(json_extract(s.value, '$.protected'), '') = '' THEN 'reject' END,"
    "  'RFC 7515 section 7.1: the header of a compact serialization is the protected one', 'jws',"
    "  'bad_header', ifnull(json_extract(s.value, '$.protected'), '') || '.'"
    "   || json_extract(text, '$.output.json.payload') || '.'"
    "   || json_extract(s.value, '$.signature'),"
    "  CASE json_type(verify_key) WHEN 'array'"
    "   THEN json_extract(verify_key, '$[' || s.key || ']') ELSE verify_key END,"
    "  json_object('algs', CASE json_type(text, '$.input.alg') WHEN 'array' THEN json(alg)"
    "   ELSE json_array(alg) END)"
    " FROM parts, json_each(text, '$.output.json.signatures') s"
    " WHERE json_type(text, '$.output.json.payload') = 'text' AND parts.path NOT GLOB '*/rfc7797/*'";

/* What is reproducible is signed again, to the letter. */
static const char again[] =
    EXAMPLES "SELECT path, 'jws_sign writes ' || path || ' again',"
             "  jws_sign(payload, verify_key, json_object('alg', alg, 'detached',"
             "    json(CASE WHEN path GLOB '*/4_5.*' THEN 'true' ELSE 'false' END)))"
             "   = json_extract(text, '$.output.compact')"
             " FROM parts WHERE json_type(text, '$.reproducible') = 'true' AND " HAS_COMPACT
             "  AND path NOT GLOB '*/rfc7797/*'"
             /* RFC 7797 section 4.2: the payload is not encoded, and detached. */
             " UNION ALL SELECT path, 'jws_sign writes the unencoded ' || path || ' again',"
             "  jws_sign(payload, verify_key, '{\"detached\":true,\"b64\":false}')"
             "   = protected || '..' || signature"
             " FROM parts WHERE path GLOB '*/rfc7797/hmac*'"
             /* A JWT must not have b64 (RFC 7797 section 7). */
             " UNION ALL SELECT path, 'jwt_status refuses b64 false',"
             "  jwt_status(protected || '..' || signature, verify_key) = 'crit_unsupported'"
             " FROM parts WHERE path GLOB '*/rfc7797/hmac*'";

static const char keys[] =
    "SELECT path, 'import', NULL, 'valid', CASE WHEN path GLOB '*/3_6.*' THEN 'reject' END,"
    "  'sql-surface 2: use other than sig refuses the key', 'key', NULL, vector(path)"
    " FROM vector_file WHERE path GLOB '" FOLDER "jwk/*'";

static const char pairs[] =
    "WITH pair(public, private) AS (VALUES"
    "  ('" FOLDER "jwk/3_1.ec_public_key.json', '" FOLDER "jwk/3_2.ec_private_key.json'),"
    "  ('" FOLDER "jwk/3_3.rsa_public_key.json', '" FOLDER "jwk/3_4.rsa_private_key.json'))"
    " SELECT public, 'its thumbprint is the private one''s',"
    "  jwk_thumbprint(vector(public)) = jwk_thumbprint(vector(private)) FROM pair"
    " UNION ALL SELECT public, 'it is the public part of the private key',"
    "  (SELECT group_concat(key || '=' || value, ' ') FROM"
    "    (SELECT key, value FROM json_each(jwk_public(vector(private))) ORDER BY key))"
    "  = (SELECT group_concat(key || '=' || value, ' ') FROM"
    "    (SELECT key, value FROM json_each(vector(public)) ORDER BY key)) FROM pair";

/* An encrypted token is none that could be verified (sql-surface 12). */
static const char encrypted[] =
    "SELECT path, 'compact', NULL, 'invalid', NULL, NULL, 'jws', 'malformed',"
    "  json_extract(vector(path), '$.output.compact'), '0123456789abcdef0123456789abcdef'"
    " FROM vector_file WHERE path = '" FOLDER "curve25519/ecdh-es.json'";

void suite_cookbook(struct run *run)
{
    cases_run(run, compact, NULL);
    cases_run(run, detached, NULL);
    cases_run(run, flattened, NULL);
    cases_run(run, keys, NULL);
    cases_run(run, encrypted, NULL);
    report_checks(run, 6, again);
    report_checks(run, 4, pairs);
}
