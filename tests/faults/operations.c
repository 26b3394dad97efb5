#include "operations.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/revocation/harness.h"

#define PAYLOAD                                                                              \
    "{\"iss\":\"https://id.example\",\"sub\":\"u1\",\"jti\":\"j1\",\"aud\":[\"b\",\"api\"]," \
    "\"iat\":6,\"exp\":4102444800,\"role\":\"edit\\u006fr\",\"scope\":\"read write\"}"
#define POLICY                                                                                       \
    "'{\"iss\":\"https://id.example\",\"aud\":[\"api\",\"c\"],\"sub\":\"u1\",\"require\":[\"exp\"]," \
    "\"scope\":\"read\",\"leeway\":5}'"
#define REVOKED_BY "'{\"now\":10,\"revoked_by\":\"revoked\"}'"
#define LIFTED_BY "'{\"now\":10,\"revoked_by\":\"lifted\"}'"

/* Two tables: one with rules that hit the token, one with rules that do not. */
#define REVOCATION                                                                             \
    "CREATE VIRTUAL TABLE revoked USING jwt_revocation(require='jti');"                        \
    "CREATE VIRTUAL TABLE lifted USING jwt_revocation;"                                        \
    "INSERT INTO revoked(jti, aud, reason) VALUES('j1', 'api', 'logout'), ('j2', NULL, NULL);" \
    "INSERT INTO revoked(sub, issued_before, expires_at) VALUES('u9', 5, 1);"                  \
    "INSERT INTO lifted(sub, issued_before) VALUES('u1', 5);"                                  \
    "INSERT INTO lifted(jti, aud) VALUES('j1', 'other');"
/* The same, read from the schema again: what asks it next connects it. */
#define CONNECTED REVOCATION "PRAGMA writable_schema = RESET;"

/*
** Texts that are longer than what each reader has of its own: 45 members, of which `payload` has escaped names,
** and a `kid` that does not stand in the header as it is.
*/
#define LONG                                                                                         \
    "CREATE TABLE long AS WITH n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 45), "      \
    "many(many) AS (SELECT group_concat('\"m\\u0065mber' || n || '\":\"' || hex(n + 100000) || "     \
    "'-0123456789-0123456789\"') FROM n) SELECT payload, jwt_sign(payload, " SECRET ", "             \
    "'{\"kid\":\"k\\\"1' || hex(zeroblob(200)) || '\",\"header\":{' || many || '}}') AS token, "     \
    "replace(payload, '\\u0065', 'e') AS plain, "                                                    \
    "jwt_sign(replace(payload, '\\u0065', 'e'), " SECRET                                             \
    ") AS plain_token FROM (SELECT '{' || many || "                                                  \
    "',\"sub\":\"u1\",\"jti\":\"j\\u0031\",\"iss\":\"' || hex(zeroblob(600)) || '\\u0031\",\"aud\":" \
    "[\"b\",\"api\",\"\\u0063\",\"d\",\"e\",\"f\"]}' AS payload, many FROM many);"

#define RULES                                                                                \
    "SELECT group_concat(rule || ifnull(reason, '-') || ifnull(expires_at, '-'), '|') FROM " \
    "(SELECT rule, reason, expires_at FROM revoked ORDER BY rule)"

/* clang-format off */
const struct operation operations[] = {
    /* ---- verdicts ---- */
    { "jwt_verify", 2, EACH_KEY, NULL, "SELECT jwt_verify(:good, :public)", NULL, "1", PLAIN },
    { "jwt_verify", 2, EACH_KEY, NULL, "SELECT jwt_verify(:bad, :public)", NULL, "0", PLAIN },
    { "jwt_verify", 3, ONE_KEY, NULL, "SELECT jwt_verify(:good, :public, " POLICY ")", NULL, "1", PLAIN },
    { "jwt_verify", 3, ONE_KEY, NULL, "SELECT jwt_verify(:good, :public, '{\"aud\":\"shop\"}')", NULL, "0", PLAIN },
    { "jwt_verify", 3, ONE_KEY, NULL, "SELECT jwt_verify(:good, :broken, " POLICY ")", NULL, NULL, PLAIN },
    { "jwt_status", 2, EACH_KEY, NULL, "SELECT jwt_status(:good, :private)", NULL, "ok", PLAIN },
    { "jwt_status", 2, EACH_KEY, NULL, "SELECT jwt_status(:bad, :private)", NULL, "bad_signature", PLAIN },
    { "jwt_status", 2, EACH_KEY, NULL, "SELECT jwt_status(:good, :broken)", NULL, NULL, PLAIN },
    { "jwt_status", 3, ONE_KEY, NULL, "SELECT jwt_status(:good, :public, '{\"now\":4102444800}')", NULL, "expired", PLAIN },
    { "jwt_status", 3, ONE_KEY, NULL, "SELECT jwt_status(:good, :public, '{\"profile\":\"id_token\",\"client_id\":\"c\"}')", NULL, NULL, PLAIN },
    { "jwt_status", 3, ONE_KEY, NULL, "SELECT jwt_status(:good, :public, '{\"clame\":{}}')", NULL, NULL, PLAIN },
    { "jwt_claims", 2, EACH_KEY, NULL, "SELECT json_extract(jwt_claims(:good, :public), '$.sub')", NULL, "u1", PLAIN },
    { "jwt_claims", 2, EACH_KEY, NULL, "SELECT jwt_claims(:bad, :public)", NULL, "NULL", PLAIN },
    { "jwt_claims", 3, ONE_KEY, NULL, "SELECT jwt_claims(:good, :public, " POLICY ")", NULL, NULL, PLAIN },
    { "jwt_claims", 3, ONE_KEY, NULL, "SELECT jwt_claims(:good, :public, '{\"sub\":\"u2\"}')", NULL, "NULL", PLAIN },
    { "jwt_claim", 3, ONE_KEY, NULL, "SELECT jwt_claim(:good, 'role', :public)", NULL, "editor", PLAIN },
    { "jwt_claim", 3, EACH_KEY, NULL, "SELECT jwt_claim(:bad, 'role', :public)", NULL, "NULL", PLAIN },
    { "jwt_claim", 4, ONE_KEY, NULL, "SELECT jwt_claim(:good, '$.aud[1]', :public, " POLICY ")", NULL, "api", PLAIN },
    { "jwt_claim", 4, ONE_KEY, NULL, "SELECT jwt_claim(:good, 'role', :public, '{\"aud\":\"shop\"}')", NULL, "NULL", PLAIN },
    { "jwt_explain", 2, ONE_KEY, NULL, "SELECT jwt_explain(:good, :public)", NULL, NULL, PLAIN },
    { "jwt_explain", 2, ONE_KEY, NULL, "SELECT json_extract(jwt_explain(:bad, :public), '$.status')", NULL, "bad_signature", PLAIN },
    { "jwt_explain", 3, ONE_KEY, NULL, "SELECT jwt_explain(:good, :public, '{\"now\":4102444800}')", NULL, NULL, PLAIN },
    { "jws_verify", 2, ONE_KEY, NULL, "SELECT json_extract(CAST(jws_verify(:good, :public) AS TEXT), '$.role')", NULL, "editor", PLAIN },
    { "jws_verify", 2, EACH_KEY, NULL, "SELECT jws_verify(:bad, :public)", NULL, "NULL", PLAIN },
    { "jws_verify", 3, ONE_KEY, NULL,
        "SELECT CAST(jws_verify(jws_sign('a payload', :private, '{\"detached\":true,\"b64\":false}'), :public, '{\"payload\":\"a payload\"}') AS TEXT)",
        NULL, "a payload", PLAIN },
    { "jws_status", 2, ONE_KEY, NULL, "SELECT jws_status(:bad, :public)", NULL, "bad_signature", PLAIN },
    { "jws_status", 3, ONE_KEY, NULL, "SELECT jws_status(:good, :public, :alg)", NULL, "ok", PLAIN },
    /* ---- issuing: what comes out verifies, with memory enough ---- */
    { "jwt_sign", 2, EACH_KEY, NULL, "SELECT jwt_sign('{\"sub\":\"u1\"}', :private)", "SELECT jwt_verify(:result, :public)", "1", PLAIN },
    { "jwt_sign", 3, ONE_KEY, NULL, "SELECT jwt_sign('{\"sub\":\"u1\"}', :private, '{\"expires_in\":60,\"iat\":true,\"kid\":\"k9\",\"jti\":true}')",
        "SELECT jwt_claim(:result, 'sub')", "u1", PLAIN },
    { "jwt_sign", 3, ONE_KEY, NULL, "SELECT jwt_sign('{\"sub\":\"u1\"}', :broken, '{\"iss\":\"i\"}')", NULL, NULL, PLAIN },
    { "jws_sign", 2, EACH_KEY, NULL, "SELECT jws_sign(x'00ff', :private)", "SELECT hex(jws_verify(:result, :public))", "00FF", PLAIN },
    { "jws_sign", 3, ONE_KEY, NULL, "SELECT jws_sign('hello', :private, '{\"detached\":true}')",
        "SELECT CAST(jws_verify(:result, :public, '{\"payload\":\"hello\"}') AS TEXT)", "hello", PLAIN },
    { "jwt_random", 0, ONE_KEY, NULL, "SELECT length(jwt_random())", NULL, "22", PLAIN },
    { "jwt_random", 1, ONE_KEY, NULL, "SELECT length(jwt_random(1024))", NULL, "1366", PLAIN },
    /* ---- keys ---- */
    { "jwk_generate", 1, EACH_KEY, NULL, "SELECT jwk_generate(:alg)", "SELECT jwk_problem(:result)", "NULL", COSTLY },
    { "jwk_generate", 2, ONE_KEY, NULL, "SELECT jwk_generate('EdDSA', '{\"kid\":\"a\\u0062\"}')", "SELECT kid FROM jwk_each(:result)", "ab", PLAIN },
    { "jwk_problem", 1, EACH_KEY, NULL, "SELECT jwk_problem(:private)", NULL, "NULL", PLAIN },
    { "jwk_problem", 1, EACH_KEY, NULL, "SELECT jwk_problem(:broken)", NULL, NULL, PLAIN },
    { "jwk_problem", 2, EACH_KEY, NULL, "SELECT jwk_problem(:public, :alg)", NULL, "NULL", PLAIN },
    { "jwk_problem", 2, ONE_KEY, NULL, "SELECT jwk_problem(:public, 'ES9000')", NULL, NULL, PLAIN },
    { "jwk_public", 1, EACH_KEY, NULL, "SELECT jwk_public(:private)", NULL, NULL, PLAIN },
    { "jwk_thumbprint", 1, EACH_KEY, NULL, "SELECT jwk_thumbprint(:private)", NULL, NULL, PLAIN },
    { "jwk_thumbprint", 2, ONE_KEY, NULL, "SELECT jwk_thumbprint(:public, 'sha512')", NULL, NULL, PLAIN },
    { "jwk_to_pem", 1, EACH_KEY, NULL, "SELECT jwk_to_pem(:private)", NULL, NULL, PLAIN },
    { "jwk_to_pem", 2, EACH_KEY, NULL, "SELECT jwk_to_pem(:public, 'public')", NULL, NULL, PLAIN },
    { "jwk_from_pem", 1, EACH_KEY, NULL, "SELECT jwk_from_pem(:private)", NULL, NULL, PLAIN },
    { "jwk_from_pem", 2, EACH_KEY, NULL, "SELECT jwk_from_pem(:public, '{\"kid\":\"k2\",\"use\":\"sig\"}')", NULL, NULL, PLAIN },
    { "jwks", 1, EACH_KEY, NULL, "SELECT jwks(key) FROM (SELECT :public AS key UNION ALL SELECT NULL UNION ALL SELECT :private)", NULL, NULL, PLAIN },
    { "jwks", 1, ONE_KEY, NULL, "SELECT jwks(key) FROM (SELECT :public AS key UNION ALL SELECT :broken)", NULL, NULL, PLAIN },
    { "jwk_each", TABLE, EACH_KEY, NULL, "SELECT count(*) || group_concat(ifnull(problem, '-')) FROM jwk_each(:public)", NULL, NULL, PLAIN },
    { "jwk_each", TABLE, ONE_KEY, NULL, "SELECT count(*) || group_concat(problem) FROM jwk_each('{\"keys\":[' || :broken || ',7]}')", NULL, NULL, PLAIN },
    { "jwt_algorithms", TABLE, ONE_KEY, NULL, "SELECT group_concat(alg || available) FROM jwt_algorithms", NULL, NULL, PLAIN },
    /* ---- looking ---- */
    { "jwt_payload", 1, ONE_KEY, NULL, "SELECT json_extract(jwt_payload(:good), '$.role')", NULL, "editor", PLAIN },
    { "jwt_header", 1, ONE_KEY, NULL, "SELECT jwt_header(:good)", NULL, NULL, PLAIN },
    { "jwt_claim", 2, ONE_KEY, NULL, "SELECT jwt_claim(:good, 'role')", NULL, "editor", PLAIN },
    { "jwt_bearer", 1, ONE_KEY, NULL, "SELECT jwt_bearer('Bearer ' || :good) = :good", NULL, "1", PLAIN },
    { "jwt_scope", 2, ONE_KEY, NULL, "SELECT jwt_scope('[\"re\\u0061d\",\"b\"]', 'b read')", NULL, "1", PLAIN },
    { "jwt_scope", 2, ONE_KEY, NULL, "SELECT jwt_scope('read write', 'read admin')", NULL, "0", PLAIN },
    { "jwt_version", 0, ONE_KEY, NULL, "SELECT jwt_version()", NULL, NULL, PLAIN },
    { "jwt_debug", 0, ONE_KEY, NULL, "SELECT json_extract(jwt_debug(), '$.algorithms_missing')", NULL, NULL, PLAIN },
    { "jwt_decode", TABLE, ONE_KEY, NULL, "SELECT sub || ifnull(valid, '-') FROM jwt_decode(:good)", NULL, "u1-", PLAIN },
    { "jwt_decode", TABLE, EACH_KEY, NULL, "SELECT status || ifnull(sub, '-') FROM jwt_decode(:bad, :public)", NULL, "bad_signature-", PLAIN },
    { "jwt_decode", TABLE, ONE_KEY, NULL, "SELECT status || sub || aud || exp || payload FROM jwt_decode(:good, :public, " POLICY ")", NULL, NULL, PLAIN },
    { "jwt_decode", TABLE, ONE_KEY, NULL, "SELECT status || detail FROM jwt_decode(:good, :public, '{\"aud\":\"shop\"}')", NULL, NULL, PLAIN },
    { "jwt_each", TABLE, ONE_KEY, NULL, "SELECT group_concat(key || value || type) FROM jwt_each(:good)", NULL, NULL, PLAIN },
    { "jwt_each", TABLE, ONE_KEY, NULL, "SELECT group_concat(key || value || type) FROM jwt_each(:good, :public, " POLICY ")", NULL, NULL, PLAIN },
    { "jwt_each", TABLE, EACH_KEY, NULL, "SELECT count(*) FROM jwt_each(:bad, :public)", NULL, "0", PLAIN },
    { "jwt_lint", TABLE, EACH_KEY, NULL, "SELECT group_concat(severity || rule || ifnull(detail, '-')) FROM jwt_lint(:good, :public)", NULL, NULL, PLAIN },
    { "jwt_lint", TABLE, ONE_KEY, NULL, "SELECT group_concat(rule) FROM jwt_lint('{\"password\":\"hunter2\",\"exp\":\"x\"}')", NULL, NULL, PLAIN },
    /* ---- long texts: nothing has room of its own for them ---- */
    { "jwt_verify", 2, ONE_KEY, LONG, "SELECT jwt_verify(token, " SECRET ") FROM long", NULL, "1", PLAIN },
    { "jwt_verify", 2, ONE_KEY, LONG, "SELECT jwt_verify(plain_token, " SECRET ") FROM long", NULL, "1", PLAIN },
    { "jwt_verify", 3, ONE_KEY, LONG, "SELECT jwt_verify(token, " SECRET ", json_object('iss', jwt_claim(token, 'iss'), 'aud', json_array('x', 'c'))) FROM long", NULL, "1", PLAIN },
    { "jwt_status", 2, ONE_KEY, LONG, "SELECT jwt_status(token, jwks(json_object('kty', 'oct', 'k', 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY', 'kid', jwt_header(token) ->> 'kid'))) FROM long", NULL, NULL, PLAIN },
    { "jwt_status", 3, ONE_KEY, LONG, "SELECT jwt_status(token, " SECRET ", json_object('iss', 'other')) FROM long", NULL, "iss_mismatch", PLAIN },
    { "jwt_status", 3, ONE_KEY, LONG, "SELECT jwt_status(token, " SECRET ", '{\"required\":1}') FROM long", NULL, NULL, PLAIN },
    { "jwt_claims", 2, ONE_KEY, LONG, "SELECT jwt_claims(token, " SECRET ") = payload FROM long", NULL, "1", PLAIN },
    { "jwt_claim", 3, ONE_KEY, LONG, "SELECT jwt_claim(token, 'member45', " SECRET ") FROM long", NULL, NULL, PLAIN },
    { "jwt_claim", 2, ONE_KEY, LONG, "SELECT length(jwt_claim(token, 'iss')) FROM long", NULL, "1201", PLAIN },
    { "jwt_explain", 3, ONE_KEY, LONG, "SELECT jwt_explain(token, " SECRET ", json_object('iss', hex(zeroblob(700)), 'aud', hex(zeroblob(700)))) FROM long", NULL, NULL, PLAIN },
    { "jwt_payload", 1, ONE_KEY, LONG, "SELECT jwt_payload(token) = payload FROM long", NULL, "1", PLAIN },
    { "jwt_header", 1, ONE_KEY, LONG, "SELECT length(jwt_header(token)) FROM long", NULL, NULL, PLAIN },
    { "jwt_sign", 3, ONE_KEY, LONG, "SELECT jwt_sign(payload, :private, '{\"iss\":1}') FROM long", NULL, NULL, PLAIN },
    { "jwt_sign", 3, ONE_KEY, LONG, "SELECT jwt_sign(payload, " SECRET ", json_object('header', json_remove(jwt_header(token), '$.alg', '$.kid', '$.typ'))) <> token FROM long", NULL, "1", PLAIN },
    { "jwt_sign", 3, ONE_KEY, LONG, "SELECT jwt_sign('{}', " SECRET ", json_object('iss', hex(zeroblob(500)), 'sub', hex(zeroblob(90)), 'jti', json('true'), 'iat', json('true'), 'now', 5))",
        "SELECT jwt_claim(:result, 'iat')", "5", PLAIN },
    { "jwt_sign", 3, ONE_KEY, NULL, "SELECT jwt_sign('{}', " SECRET ", '{\"header\":{\"crit\":[\"exp\"]}}')", NULL, NULL, PLAIN },
    { "jws_sign", 2, ONE_KEY, LONG, "SELECT length(jws_sign(payload, " SECRET ")) FROM long", NULL, NULL, PLAIN },
    { "jws_sign", 3, ONE_KEY, LONG, "SELECT length(jws_sign(payload, " SECRET ", '{\"detached\":true}')) FROM long", NULL, NULL, PLAIN },
    { "jws_sign", 3, ONE_KEY, LONG, "SELECT length(jws_sign(payload, " SECRET ", '{\"detached\":true,\"b64\":false}')) FROM long", NULL, NULL, PLAIN },
    { "jws_verify", 3, ONE_KEY, LONG, "SELECT CAST(jws_verify(jws_sign(plain, " SECRET ", '{\"detached\":true}'), " SECRET ", json_object('payload', plain)) AS TEXT) = plain FROM long", NULL, "1", PLAIN },
    { "jwt_scope", 2, ONE_KEY, LONG, "SELECT jwt_scope(payload ->> 'sub', 'u1') FROM long", NULL, "1", PLAIN },
    { "jwt_decode", TABLE, ONE_KEY, LONG, "SELECT sub || iss || aud || kid || header || signature || length(payload) FROM long, jwt_decode(long.token)", NULL, NULL, PLAIN },
    { "jwt_decode", TABLE, ONE_KEY, LONG, "SELECT status || sub || ifnull(detail, '-') FROM long, jwt_decode(long.token, " SECRET ", '{\"sub\":\"u1\"}')", NULL, "oku1-", PLAIN },
    { "jwt_each", TABLE, ONE_KEY, LONG, "SELECT group_concat(key) || group_concat(value) FROM long, jwt_each(long.token)", NULL, NULL, PLAIN },
    { "jwt_lint", TABLE, ONE_KEY, LONG, "SELECT group_concat(rule || message || reference) FROM long, jwt_lint(long.token, " SECRET ")", NULL, NULL, PLAIN },
    { "jwt_lint", TABLE, ONE_KEY, LONG, "SELECT group_concat(rule || message) FROM long, jwt_lint(long.payload)", NULL, NULL, PLAIN },
    { "jwt_decode", TABLE, ONE_KEY, NULL, "SELECT count(*) FROM jwt_decode", NULL, NULL, PLAIN },
    { "jwt_lint", TABLE, ONE_KEY, NULL, "SELECT group_concat(rule || message) FROM jwt_lint(:good, :broken)", NULL, NULL, PLAIN },
    { "jwk_public", 1, ONE_KEY, NULL, "SELECT jwk_public(json_set(:public, '$.x5c', json_array(hex(zeroblob(900)))))", NULL, NULL, PLAIN },
    { "jwk_public", 1, ONE_KEY, NULL, "SELECT length(jwk_public(jwks(json_set(:public, '$.x5t', hex(zeroblob(900))))))", NULL, NULL, PLAIN },
    { "jwk_public", 1, ONE_KEY, NULL, "SELECT jwk_public('{\"keys\":[{\"kty\":\"oct\",\"k\":\"AQAB\"},' || :broken || ',' || :public || ']}')", NULL, NULL, PLAIN },
    { "jwk_each", TABLE, EACH_KEY, NULL, "SELECT group_concat(ifnull(kid, '-') || ifnull(thumbprint, '-') || ifnull(length(jwk), '-') || ifnull(alg, '-') || ifnull(\"use\", '-')) FROM jwk_each(:private)", NULL, NULL, PLAIN },
    { "jwk_each", TABLE, EACH_KEY, NULL, "SELECT group_concat(problem || ifnull(length(jwk), '-')) FROM jwk_each(:broken)", NULL, NULL, PLAIN },
    { "jwk_from_pem", 2, ONE_KEY, NULL, "SELECT jwk_from_pem(jwk_to_pem(:private), json_object('kid', hex(zeroblob(450)), 'alg', 'ES256'))", NULL, NULL, PLAIN },
    { "jwk_problem", 1, ONE_KEY, NULL, "SELECT jwk_problem('-----BEGIN PRIVATE KEY-----' || char(10) || 'MFECAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhCgSEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=' || char(10) || '-----END PRIVATE KEY-----')", NULL, "NULL", PLAIN },
    { "jwk_to_pem", 2, ONE_KEY, NULL, "SELECT jwk_to_pem(:public, 'public')", NULL, NULL, PLAIN },
    { "jwk_public", 1, ONE_KEY, LONG, "SELECT jwk_public(json_set(plain, '$.keys', json_array(json(:public)))) = jwk_public(json_object('keys', json_array(json(:public)))) FROM long", NULL, "1", PLAIN },
    { "jws_sign", 3, ONE_KEY, LONG, "SELECT length(jws_sign('x', " SECRET ", json_object('header', json_remove(jwt_header(token), '$.alg', '$.kid', '$.typ')))) FROM long", NULL, NULL, PLAIN },
    { "jwk_problem", 1, ONE_KEY, NULL, "SELECT jwk_problem(zeroblob(40))", NULL, "NULL", PLAIN },
    { "jws_sign", 2, ONE_KEY, NULL, "SELECT jws_sign(zeroblob(4000), :private)", "SELECT hex(jws_verify(:result, :public)) = hex(zeroblob(4000))", "1", PLAIN },
    { "jwk_problem", 1, ONE_KEY, NULL, "SELECT jwk_problem('{\"keys\":[' || :broken || ']}')", NULL, NULL, PLAIN },
    /* ---- the revocation table: life ---- */
    { "jwt_revocation", TABLE, ONE_KEY, NULL, "CREATE VIRTUAL TABLE revoked USING jwt_revocation", "SELECT count(*) FROM revoked", "0", SINGLE },
    { "jwt_revocation", TABLE, ONE_KEY, NULL, "CREATE VIRTUAL TABLE temp.\"a b\" USING jwt_revocation(leeway=5, require='jti,iat', clock='explicit')",
        "SELECT count(*) FROM temp.\"a b\"", "0", SINGLE },
    { "jwt_revocation", TABLE, ONE_KEY, CONNECTED, "SELECT count(*) FROM revoked", NULL, "3", PLAIN },
    { "jwt_revocation", TABLE, ONE_KEY, REVOCATION, "ALTER TABLE revoked RENAME TO \"other one\"", "SELECT count(*) FROM \"other one\"", "3", SINGLE },
    { "jwt_revocation", TABLE, ONE_KEY, REVOCATION, "DROP TABLE revoked", "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'revoked%'", "0", SINGLE },
    { "jwt_revocation", TABLE, ONE_KEY, CONNECTED, "DROP TABLE revoked", "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'revoked%'", "0", SINGLE },
    { "jwt_revocation", TABLE, ONE_KEY, CONNECTED, "PRAGMA integrity_check", NULL, "ok", PLAIN },
    /* ---- writes ---- */
    { "jwt_revocation", TABLE, ONE_KEY, CONNECTED, "INSERT INTO revoked(jti, sid, reason) VALUES('j3', 's\"3', 'lost')", RULES, NULL, PLAIN },
    { "jwt_revocation", TABLE, ONE_KEY, REVOCATION, "INSERT OR REPLACE INTO revoked(sub, issued_before, expires_at) VALUES('u9', 7, 4102444800)", RULES, NULL, PLAIN },
    { "jwt_revocation", TABLE, ONE_KEY, REVOCATION, "INSERT INTO revoked(token, reason) SELECT :good, 'logout'", RULES, NULL, PLAIN },
    { "jwt_revocation", TABLE, ONE_KEY, REVOCATION, "UPDATE revoked SET reason = 'changed', expires_at = NULL", RULES, NULL, PLAIN },
    { "jwt_revocation", TABLE, ONE_KEY, REVOCATION, "DELETE FROM revoked WHERE jti IS NOT NULL", RULES, NULL, PLAIN },
    { "jwt_revocation", TABLE, ONE_KEY, REVOCATION, "DELETE FROM revoked", "SELECT count(*) FROM revoked", "0", PLAIN },
    { "jwt_revocation", TABLE, ONE_KEY, REVOCATION "BEGIN; INSERT INTO revoked(jti) VALUES('j3')", "COMMIT", "SELECT count(*) IN (3, 4) FROM revoked", "1", SINGLE },
    { "jwt_revocation", TABLE, ONE_KEY, REVOCATION "BEGIN; INSERT INTO revoked(jti) VALUES('j3')", "ROLLBACK", "SELECT count(*) FROM revoked", "3", SINGLE },
    { "jwt_revocation", TABLE, ONE_KEY, REVOCATION "BEGIN; SAVEPOINT s; INSERT INTO revoked(jti) VALUES('j3')", "ROLLBACK TO s", "SELECT count(*) FROM revoked", "3", PLAIN },
    { "jwt_revocation", TABLE, ONE_KEY, REVOCATION "BEGIN; SAVEPOINT s; INSERT INTO revoked(jti) VALUES('j3')", "RELEASE s", "SELECT count(*) IN (3, 4) FROM revoked", "1", SINGLE },
    { "jwt_revocation", TABLE, ONE_KEY, REVOCATION LONG, "INSERT INTO revoked(token) SELECT token FROM long", "SELECT count(*) FROM revoked", "3", SINGLE },
    { "jwt_revocation", TABLE, ONE_KEY, REVOCATION, "INSERT INTO revoked(iss, sub) VALUES(hex(zeroblob(700)), hex(zeroblob(300)))", "SELECT count(*) FROM revoked", "3", SINGLE },
    { "jwt_revocation", TABLE, ONE_KEY, REVOCATION, "INSERT INTO revoked(jti) VALUES(5)", NULL, NULL, PLAIN },
    { "jwt_revocation", TABLE, ONE_KEY, REVOCATION, "INSERT INTO revoked(token) VALUES('broken')", NULL, NULL, PLAIN },
    { "jwt_revocation", TABLE, ONE_KEY, REVOCATION, "UPDATE revoked SET reason = 'x' WHERE jti = 'j1' AND aud = 'api'", RULES, NULL, PLAIN },
    { "jwt_revocation", TABLE, ONE_KEY, REVOCATION, "UPDATE revoked SET jti = 'j9' WHERE jti = 'j1'", NULL, NULL, PLAIN },
    { "jwt_revocation", TABLE, ONE_KEY, REVOCATION, "DELETE FROM revoked WHERE rule = '{\"jti\":\"j2\"}'", "SELECT count(*) FROM revoked", "2", SINGLE },
    { "jwt_revocation", TABLE, ONE_KEY, "CREATE TABLE x(y); CREATE INDEX revoked_rules_expires ON x(y);", "CREATE VIRTUAL TABLE revoked USING jwt_revocation",
        "SELECT group_concat(name) FROM sqlite_schema WHERE name LIKE 'revoked_rules_expires%'", "revoked_rules_expires,revoked_rules_expires_2", SINGLE },
    { "jwt_revocation", TABLE, ONE_KEY, "CREATE TABLE revoked_rules(y);", "CREATE VIRTUAL TABLE revoked USING jwt_revocation", NULL, NULL, PLAIN },
    { "jwt_revocation", TABLE, ONE_KEY, NULL, "CREATE VIRTUAL TABLE revoked USING jwt_revocation(clock='none')", NULL, NULL, PLAIN },
    /* ---- questions: the token is revoked by one table, and not by the other ---- */
    { "jwt_revocation", TABLE, ONE_KEY, REVOCATION "INSERT INTO lifted(aud) VALUES('ape');", "SELECT count(*) FROM lifted WHERE claims = '{\"aud\":\"\\u0061pe\"}'", NULL, "1", PLAIN },
    { "jwt_revocation", TABLE, ONE_KEY, REVOCATION "INSERT INTO lifted(aud) VALUES('ape');", "SELECT count(*) FROM lifted WHERE claims = '{\"aud\":[\"b\",\"\\u0061pe\"]}'", NULL, "1", PLAIN },
    { "jwt_revocation", TABLE, ONE_KEY, REVOCATION LONG, "SELECT count(*) FROM revoked WHERE token = (SELECT token FROM long)", NULL, "1", PLAIN },
    { "jwt_revocation", TABLE, ONE_KEY, REVOCATION LONG, "SELECT count(*) FROM revoked WHERE claims = (SELECT payload FROM long)", NULL, "1", PLAIN },
    { "jwt_revocation", TABLE, ONE_KEY, REVOCATION LONG, "SELECT count(*) FROM revoked WHERE claims = (SELECT plain FROM long) AND header_kid = 5", NULL, NULL, PLAIN },
    { "jwt_revocation", TABLE, ONE_KEY, REVOCATION LONG, "SELECT length(rule) FROM revoked WHERE iss = hex(zeroblob(900)) UNION ALL SELECT count(*) FROM revoked", NULL, NULL, PLAIN },
    { "jwt_revocation", TABLE, ONE_KEY, REVOCATION "INSERT INTO lifted(iss, sub) VALUES(hex(zeroblob(700)), hex(zeroblob(300)));",
        "SELECT max(length(rule)) FROM lifted", NULL, NULL, PLAIN },
    { "jwt_revocation", TABLE, ONE_KEY, REVOCATION LONG, "SELECT count(*) FROM revoked WHERE rule = (SELECT plain FROM long)", NULL, "0", PLAIN },
    { "jwt_verify", 3, ONE_KEY, REVOCATION, "SELECT jwt_verify(token, :public, " REVOKED_BY ") FROM (SELECT :bad AS token UNION ALL SELECT :bad)", NULL, "0", PLAIN },
    { "jwt_revocation", TABLE, ONE_KEY, REVOCATION, "SELECT reason FROM revoked WHERE token = jwt_sign('{}', " SECRET ")", NULL, NULL, PLAIN },
    { "jwt_revocation", TABLE, ONE_KEY, REVOCATION, "SELECT group_concat(reason) FROM revoked WHERE token = :good", NULL, "logout", PLAIN },
    { "jwt_revocation", TABLE, ONE_KEY, CONNECTED, "SELECT count(*) FROM lifted WHERE token = :good", NULL, "0", PLAIN },
    { "jwt_revocation", TABLE, ONE_KEY, REVOCATION, "SELECT count(*) FROM revoked WHERE token = 'broken'", NULL, "1", PLAIN },
    { "jwt_revocation", TABLE, ONE_KEY, REVOCATION, "SELECT count(*) FROM revoked WHERE claims = jwt_payload(:good) AND header_kid = 'k1'", NULL, "1", PLAIN },
    { "jwt_revocation", TABLE, ONE_KEY, REVOCATION, "SELECT count(*) FROM (SELECT :good AS token) AS t WHERE NOT EXISTS (SELECT 1 FROM revoked WHERE token = t.token)", NULL, "0", PLAIN },
    { "jwt_revocation", TABLE, ONE_KEY, REVOCATION, RULES, NULL, NULL, PLAIN },
    { "jwt_revocation", TABLE, ONE_KEY, REVOCATION, "SELECT count(*) FROM revoked WHERE sub = 'u9' AND expires_at < 5", NULL, "1", PLAIN },
    { "jwt_revocation", TABLE, ONE_KEY, REVOCATION, "SELECT reason FROM revoked WHERE rule = (SELECT rule FROM revoked WHERE jti = 'j1')", NULL, "logout", PLAIN },
    { "jwt_verify", 3, EACH_KEY, REVOCATION, "SELECT jwt_verify(:good, :public, " REVOKED_BY ")", NULL, "0", PLAIN },
    { "jwt_verify", 3, ONE_KEY, CONNECTED, "SELECT jwt_verify(:good, :public, " LIFTED_BY ")", NULL, "1", PLAIN },
    { "jwt_status", 3, ONE_KEY, CONNECTED, "SELECT jwt_status(:good, :public, " REVOKED_BY ")", NULL, "revoked", PLAIN },
    { "jwt_status", 3, ONE_KEY, REVOCATION, "SELECT jwt_status(:good, :public, '{\"revoked_by\":\"none\"}')", NULL, NULL, PLAIN },
    { "jwt_claims", 3, ONE_KEY, REVOCATION, "SELECT jwt_claims(:good, :public, " REVOKED_BY ")", NULL, "NULL", PLAIN },
    { "jwt_claim", 4, ONE_KEY, REVOCATION, "SELECT jwt_claim(:good, 'sub', :public, " REVOKED_BY ")", NULL, "NULL", PLAIN },
    { "jwt_explain", 3, ONE_KEY, REVOCATION, "SELECT json_extract(jwt_explain(:good, :public, " REVOKED_BY "), '$.status')", NULL, "revoked", PLAIN },
    { "jwt_decode", TABLE, ONE_KEY, REVOCATION, "SELECT status || ifnull(sub, '-') FROM jwt_decode(:good, :public, " REVOKED_BY ")", NULL, "revoked-", PLAIN },
    { "jwt_each", TABLE, ONE_KEY, REVOCATION, "SELECT count(*) FROM jwt_each(:good, :public, " REVOKED_BY ")", NULL, "0", PLAIN },
    /* More rows than a cache has room for, all of one verdict. */
    { "jwt_verify", 3, ONE_KEY, REVOCATION,
        "WITH n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 40) SELECT max(jwt_verify(:good, :public, " REVOKED_BY ")) FROM n", NULL, "0", PLAIN },
    /* The question after which reading all rules into a filter is thought worth it. */
    { "jwt_revocation", TABLE, ONE_KEY,
        REVOCATION "WITH n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 64) SELECT count(*) FROM n, lifted WHERE claims = '{\"sub\":\"t' || n || '\",\"iat\":9}'",
        "SELECT count(*) FROM lifted WHERE claims = '{\"sub\":\"t64\",\"iat\":9}'", NULL, "0", PLAIN },
    /* The question before which the subject is read for the filter. */
    { "jwt_revocation", TABLE, ONE_KEY,
        REVOCATION "WITH n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 90) SELECT count(*) FROM n, lifted WHERE claims = '{\"sub\":\"t' || n || '\",\"iat\":9}'",
        "SELECT count(*) FROM lifted WHERE claims = '{\"sub\":\"t\\u0036\",\"iat\":9}'", NULL, "0", PLAIN },
};
/* clang-format on */

const size_t operation_count = sizeof operations / sizeof *operations;

/* ---- materials ---- */

/* How a form of key is made of the JWK that jwk_generate() gave. */
enum form { FORM_JWK, FORM_PEM, FORM_CERTIFICATE, FORM_SET, FORM_SECRET };

static const struct {
    const char *name, *alg;
    enum form form;
} forms[] = {
    { "ES256", "ES256", FORM_JWK }, /* the first is the one of ONE_KEY */
    { "secret", "HS256", FORM_SECRET },
    { "HS256", "HS256", FORM_JWK },
    { "HS512", "HS512", FORM_JWK },
    { "RS256", "RS256", FORM_JWK },
    { "PS384", "PS384", FORM_JWK },
    { "ES512", "ES512", FORM_JWK },
    { "ES256K", "ES256K", FORM_JWK },
    { "Ed25519", "EdDSA", FORM_JWK },
    { "Ed448", "Ed448", FORM_JWK },
    { "ML-DSA-44", "ML-DSA-44", FORM_JWK },
    { "PEM of RSA", "RS256", FORM_PEM },
    { "PEM of EC", "ES256", FORM_PEM },
    { "PEM of Ed25519", "EdDSA", FORM_PEM },
    { "certificate", "ES256", FORM_CERTIFICATE },
    { "JWKS", "ES256", FORM_SET },
};

enum { FORM_COUNT = sizeof forms / sizeof *forms };

static struct material materials[FORM_COUNT];
static size_t material_count;

static char *copy(const char *text)
{
    return text == NULL ? NULL : strdup(text);
}

/* A certificate of the public key, signed by itself. */
static char *certificate_of(const char *private_pem)
{
    BIO *in = BIO_new_mem_buf(private_pem, -1), *out = BIO_new(BIO_s_mem());
    EVP_PKEY *pkey = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
    X509 *certificate = X509_new();
    char *text, *kept;
    X509_set_version(certificate, 2);
    X509_set_pubkey(certificate, pkey);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    if (X509_sign(certificate, pkey, EVP_sha256()) == 0) give_up("no certificate");
    PEM_write_bio_X509(out, certificate);
    long length = BIO_get_mem_data(out, &text);
    kept = calloc(1, (size_t)length + 1);
    memcpy(kept, text, (size_t)length);
    X509_free(certificate);
    EVP_PKEY_free(pkey);
    BIO_free(in);
    BIO_free(out);
    return kept;
}

/* The keys of one form, from a private JWK. */
static void make_keys(sqlite3 *database, struct material *material, enum form form, const char *jwk)
{
    material->private_key = copy(jwk);
    material->public_key = copy(ask(database, "SELECT jwk_public(%Q)", jwk));
    if (form == FORM_JWK) {
        if (strncmp(material->alg, "HS", 2) == 0) {
            free(material->public_key);
            material->public_key = copy(jwk);
        }
        return;
    }
    free(material->private_key);
    free(material->public_key);
    material->private_key = copy(ask(database, "SELECT jwk_to_pem(%Q)", jwk));
    if (form == FORM_PEM) {
        material->public_key = copy(ask(database, "SELECT jwk_to_pem(%Q, 'public')", jwk));
    } else if (form == FORM_CERTIFICATE) {
        material->public_key = certificate_of(material->private_key);
    } else if (form == FORM_SET) {
        free(material->private_key);
        material->private_key = copy(jwk);
        material->public_key = copy(ask(database,
            "SELECT jwks(value) FROM (SELECT jwk_generate('RS256') AS value UNION ALL "
            "SELECT %Q UNION ALL SELECT jwk_generate('EdDSA', '{\"kid\":\"k3\"}'))",
            jwk));
    } else {
        free(material->private_key);
        material->private_key = copy("a secret of thirty-two bytes at least");
        material->public_key = copy(material->private_key);
    }
}

/* A key that is refused: one of a changed number, or cut off. */
static char *broken_of(sqlite3 *database, const char *key)
{
    if (key[0] != '{') return copy("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
    const char *changed = ask(database,
        "SELECT CASE json_extract(%Q, '$.kty') WHEN 'RSA' THEN json_set(%Q, '$.n', 'AQAB') WHEN 'oct' THEN "
        "json_set(%Q, '$.k', 'AQAB') WHEN 'AKP' THEN json_set(%Q, '$.pub', 'AQAB') ELSE json_set(%Q, "
        "'$.x', 'AQAB') END",
        key, key, key, key, key);
    return copy(changed);
}

static void make_tokens(sqlite3 *database, struct material *material)
{
    const char *bad;
    material->good = copy(ask(database, "SELECT jwt_sign(%Q, %Q)", PAYLOAD, material->private_key));
    if (material->good == NULL || strncmp(material->good, "error", 5) == 0) {
        give_up("%s does not sign: %s", material->name, material->good);
    }
    bad = strrchr(material->good, '.') + 1;
    material->bad = copy(material->good);
    material->bad[bad - material->good] = *bad == 'A' ? 'B' : 'A';
}

void materials_make(void)
{
    sqlite3 *database = open_database(":memory:");
    char *rsa = copy(ask(database, "SELECT jwk_generate('RS256', '{\"kid\":\"k1\"}')"));
    for (size_t i = 0; i < FORM_COUNT; i++) {
        struct material *material = &materials[material_count];
        const char *alg = forms[i].alg;
        bool is_rsa = alg[0] == 'R' || alg[0] == 'P';
        const char *jwk = is_rsa
                              ? ask(database, "SELECT json_set(%Q, '$.alg', %Q)", rsa, alg)
                              : ask(database, "SELECT jwk_generate(%Q, '{\"kid\":\"k1\"}')", alg);
        if (jwk == NULL || strncmp(jwk, "error", 5) == 0) {
            printf("skipped: %s: this OpenSSL has none\n", forms[i].name);
            continue;
        }
        *material = (struct material){ .name = forms[i].name, .alg = alg };
        char *kept = copy(jwk);
        make_keys(database, material, forms[i].form, kept);
        free(kept);
        material->broken = broken_of(database, material->public_key);
        make_tokens(database, material);
        material_count++;
    }
    free(rsa);
    close_database(database);
    forget();
}

void materials_free(void)
{
    for (size_t i = 0; i < material_count; i++) {
        free(materials[i].private_key);
        free(materials[i].public_key);
        free(materials[i].good);
        free(materials[i].bad);
        free(materials[i].broken);
    }
    material_count = 0;
}

const struct material *material_at(size_t index)
{
    return index < material_count ? &materials[index] : NULL;
}

size_t operation_materials(const struct operation *operation)
{
    return operation->keys == EACH_KEY ? material_count : 1;
}

/* ---- running ---- */

bool is_no_memory(int code)
{
    return code == SQLITE_NOMEM || code == SQLITE_IOERR_NOMEM;
}

int operation_prepare(sqlite3 *database, const char *sql, const struct material *material,
    const char *result, sqlite3_stmt **statement)
{
    const struct {
        const char *name, *value;
    } values[] = {
        { ":private", material->private_key },
        { ":public", material->public_key },
        { ":good", material->good },
        { ":bad", material->bad },
        { ":broken", material->broken },
        { ":alg", material->alg },
        { ":result", result },
    };
    int code = sqlite3_prepare_v2(database, sql, -1, statement, NULL);
    for (size_t i = 0; code == SQLITE_OK && i < sizeof values / sizeof *values; i++) {
        int index = sqlite3_bind_parameter_index(*statement, values[i].name);
        if (index > 0)
            code = sqlite3_bind_text(*statement, index, values[i].value, -1, SQLITE_STATIC);
    }
    return code;
}

int operation_step(sqlite3_stmt *statement, char *out, size_t size)
{
    bool first = true;
    int code;
    snprintf(out, size, "NULL");
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        if (first) {
            const char *text = (const char *)sqlite3_column_text(statement, 0);
            if (text == NULL && sqlite3_column_type(statement, 0) != SQLITE_NULL)
                code = SQLITE_NOMEM;
            if (text != NULL) snprintf(out, size, "%s", text);
        }
        if (code == SQLITE_NOMEM) break;
        first = false;
    }
    if (code != SQLITE_DONE) {
        snprintf(out, size, "error: %s", sqlite3_errmsg(sqlite3_db_handle(statement)));
    }
    return code;
}

int operation_run(sqlite3 *database, const char *sql, const struct material *material,
    const char *result, char *out, size_t size)
{
    sqlite3_stmt *statement = NULL;
    int code = operation_prepare(database, sql, material, result, &statement);
    if (code == SQLITE_OK) {
        code = operation_step(statement, out, size);
    } else {
        snprintf(out, size, "error: %s", sqlite3_errmsg(database));
    }
    sqlite3_finalize(statement);
    return code;
}

/* ---- whether the table is whole ---- */

static bool has_operation(const char *name, int arguments)
{
    for (size_t i = 0; i < operation_count; i++) {
        if (operations[i].arguments == arguments && strcmp(operations[i].name, name) == 0)
            return true;
    }
    return false;
}

/* The names that only the first of two connections has, looked for in the table. */
static void look_for_missing(
    sqlite3 *with, sqlite3 *without, const char *sql, char *found, size_t size)
{
    sqlite3_stmt *all = NULL, *known = NULL;
    sqlite3_prepare_v2(with, sql, -1, &all, NULL);
    sqlite3_prepare_v2(without, sql, -1, &known, NULL);
    while (sqlite3_step(all) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(all, 0);
        int arguments = sqlite3_column_int(all, 1);
        bool is_stock = false;
        sqlite3_reset(known);
        while (!is_stock && sqlite3_step(known) == SQLITE_ROW) {
            is_stock = strcmp((const char *)sqlite3_column_text(known, 0), name) == 0 &&
                       sqlite3_column_int(known, 1) == arguments;
        }
        /* An eponymous table of pragmas comes and goes by itself. */
        if (is_stock || strncmp(name, "pragma_", 7) == 0 || has_operation(name, arguments))
            continue;
        size_t length = strlen(found);
        snprintf(found + length, size - length, " %s/%d", name, arguments);
    }
    sqlite3_finalize(all);
    sqlite3_finalize(known);
}

const char *operations_missing(sqlite3 *with_extension, sqlite3 *without)
{
    static char found[2000];
    found[0] = '\0';
    look_for_missing(with_extension, without, "SELECT name, narg FROM pragma_function_list", found,
        sizeof found);
    look_for_missing(
        with_extension, without, "SELECT name, -1 FROM pragma_module_list", found, sizeof found);
    return found[0] == '\0' ? NULL : found;
}
