/*
** pyjwt_keys.c - the key files of PyJWT's tests: JWK, JWKS, PEM, OpenSSH, X.509.
*/
#include "cases.h"
#include "report.h"
#include "suites.h"

#define FOLDER "pyjwt-keys/"

/* Keys that PyJWT takes, and those that its tests expect it to refuse. */
static const char keys[] =
    "WITH said(paths, upstream, decided, why) AS (VALUES"
    "  ('jwk_*key_*', 'valid', NULL, NULL), ('jwk_*pub*', 'valid', NULL, NULL),"
    "  ('jwk_hmac.json', 'valid', NULL, NULL), ('jwk_empty.json', 'invalid', NULL, NULL),"
    "  ('jwk_rsa_key.json', 'valid', NULL, NULL),"
    "  ('testkey2_rsa.pub.pem', 'valid', NULL, NULL), ('testkey_ec.p*', 'valid', NULL, NULL),"
    "  ('testkey_rsa.priv', 'valid', NULL, NULL), ('testkey_rsa.cer', 'valid', NULL, NULL),"
    "  ('testkey_ed25519', 'valid', NULL, NULL), ('testkey_ed25519*.pem', 'valid', NULL, NULL),"
    "  ('testkey_ec_secp192r1.priv', 'invalid', NULL, NULL),"
    "  ('testkey_pkcs1.pub.pem', 'valid', 'reject', 'sql-surface 2: RSA of 2048 bits at least'),"
    "  ('testkey_rsa.pub', 'valid', 'reject', 'sql-surface 2: ssh- is no form of key'),"
    "  ('testkey_ec_ssh.pub', 'valid', 'reject', 'sql-surface 2: ssh- is no form of key'),"
    "  ('testkey_ed25519.pub', 'valid', 'reject', 'sql-surface 2: ssh- is no form of key')),"
    " file AS (SELECT path, substr(path, length('" FOLDER "') + 1) AS name FROM vector_file"
    "   WHERE path GLOB '" FOLDER "*' AND path NOT GLOB '*LICENSE' AND path NOT GLOB '*keyset*')"
    " SELECT path, 'import', NULL, upstream, decided, why, 'key', NULL, vector(path)"
    " FROM file, said WHERE name GLOB paths GROUP BY path";

/* Private and public of one name: one key, and what one signs the other verifies. */
static const char pairs[] =
    "WITH pair(private, public) AS ("
    "  SELECT path, replace(path, '_key', '_pub') FROM vector_file"
    "   WHERE path GLOB '" FOLDER "jwk_*_key*.json'"
    "  UNION ALL VALUES ('" FOLDER "testkey_ec.priv', '" FOLDER "testkey_ec.pub'),"
    "   ('" FOLDER "testkey_rsa.priv', '" FOLDER "testkey_rsa.cer'))"
    " SELECT private, 'its public part is ' || public,"
    "  jwk_thumbprint(vector(private)) = jwk_thumbprint(vector(public))"
    "  AND jwk_to_pem(vector(private), 'public') = jwk_to_pem(vector(public), 'public')"
    "  AND json_extract(jwk_public(vector(private)), '$.d') IS NULL"
    "  AND jwt_verify(jwt_sign('{}', vector(private)), vector(public))"
    " FROM pair";

/* Member by member: jwk_public() of a private JWK is the public file. */
static const char public_parts[] =
    "SELECT file, 'jwk_public() gives the public file',"
    "  (SELECT group_concat(key || '=' || value, ' ')"
    "    FROM (SELECT key, value FROM json_each(jwk_public(vector(file))) ORDER BY key))"
    "  = (SELECT group_concat(key || '=' || value, ' ')"
    "    FROM (SELECT key, value FROM json_each(vector(replace(file, '_key', '_pub')))"
    "     ORDER BY key))"
    " FROM (SELECT path AS file FROM vector_file WHERE path GLOB '" FOLDER "jwk_*_key*.json')";

/* The same keys in another form: PEM and back, and the SSH file's blob beside the PEM. */
static const char forms[] =
    "SELECT path, 'to PEM and back it is the same key',"
    "  jwk_thumbprint(jwk_from_pem(jwk_to_pem(vector(path)))) = jwk_thumbprint(vector(path))"
    "  AND jwk_thumbprint(jwk_from_pem(jwk_to_pem(vector(path), 'public')))"
    "   = jwk_thumbprint(vector(path))"
    " FROM vector_file WHERE path GLOB '" FOLDER "jwk_*_key*.json'"
    "  OR path GLOB '" FOLDER "testkey_*.priv' AND path NOT GLOB '*secp192*'"
    /* The last 32 bytes of an ssh-ed25519 blob are the key. */
    " UNION ALL SELECT '" FOLDER "testkey_ed25519', 'it is the private key of testkey_ed25519.pub',"
    "  json_extract(jwk_public(vector('" FOLDER "testkey_ed25519')), '$.x') ="
    "   base64url(substr(from_base64url(rtrim(substr(ssh, 13), ' ' || char(10))), -32))"
    " FROM (SELECT substr(vector('" FOLDER "testkey_ed25519.pub'), 1, 80) AS ssh)"
    " UNION ALL SELECT '" FOLDER "testkey_ed25519.pem',"
    "  'it is the private key of testkey_ed25519.pub.pem',"
    "  jwk_thumbprint(vector('" FOLDER "testkey_ed25519.pem'))"
    "   = jwk_thumbprint(vector('" FOLDER "testkey_ed25519.pub.pem'))";

/* A key of an unknown algorithm does not spoil the set. */
static const char sets[] =
    "SELECT '" FOLDER "jwk_keyset_with_unknown_alg.json', 'the known key of the set is usable',"
    "  (SELECT group_concat(ifnull(problem, alg), '; ') ="
    "    'RS256; \"alg\" is not a known signature algorithm' FROM"
    "   jwk_each(vector('" FOLDER "jwk_keyset_with_unknown_alg.json')))"
    " UNION ALL SELECT '" FOLDER "jwk_keyset_only_unknown_alg.json', 'no key of the set is usable',"
    "  (SELECT count(*) = 1 AND count(problem) = 1 FROM"
    "   jwk_each(vector('" FOLDER "jwk_keyset_only_unknown_alg.json')))"
    " UNION ALL SELECT '" FOLDER "jwk_keyset_only_unknown_alg.json', 'so it verifies nothing',"
    "  jwt_status(jwt_sign('{}', vector('" FOLDER "testkey_rsa.priv')),"
    "   vector('" FOLDER "jwk_keyset_only_unknown_alg.json')) = 'key_not_found'";

void suite_pyjwt(struct run *run)
{
    cases_run(run, keys, NULL);
    report_checks(run, 9, pairs);
    report_checks(run, 7, public_parts);
    report_checks(run, 11, forms);
    report_checks(run, 3, sets);
}
