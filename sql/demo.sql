-- The story of jwt_ext in one sitting: keys, tokens, requests, forgeries, and tokens of others.
--
--   make demo        or, where the extension is built:  sqlite3 -batch :memory: < sql/demo.sql
--
-- Everything that you see is computed while you watch. The last step compares each outcome with what
-- it should be, and ends with an error (exit status 1) if one is wrong.
-- Written for the sqlite3 shell, 3.37 or later.

.bail on
.load ./jwt_ext
.mode column
.headers on
.nullvalue -

-- What should come out, and what did. Filled on the way, judged at the end.
CREATE TEMP TABLE outcome (what TEXT NOT NULL, expected, got);

.print
.print "jwt_ext: JSON Web Tokens inside SQLite"
.print "======================================"
SELECT jwt_version() AS jwt_ext, sqlite_version() AS sqlite,
       json_extract(jwt_debug(), '$.openssl') AS openssl,
       (SELECT count(*) FROM jwt_algorithms WHERE available) AS algorithms;

.print
.print "1. Keys"
.print "-------"
.print "A key pair for access tokens, a secret for refresh tokens. Anybody may know the first one's public half."
.print

CREATE TABLE key (purpose TEXT PRIMARY KEY, jwk TEXT NOT NULL);
INSERT INTO key VALUES ('access', jwk_generate('ES256')), ('refresh', jwk_generate('HS256'));

SELECT purpose, each.kty, each.alg, each.bits,
       CASE each.private WHEN 1 THEN 'yes' ELSE 'no' END AS secret,
       substr(each.kid, 1, 16) || '...' AS kid
FROM key, jwk_each(key.jwk) AS each;

.print
.print "What an application serves at /.well-known/jwks.json (public members only):"
.print

.mode list
.headers off
SELECT substr(jwks(jwk), 1, 96) || '...' FROM key;

INSERT INTO outcome
SELECT 'the published key set has one key, and no private member', '1 0',
       json_array_length(jwks(jwk), '$.keys') || ' ' ||
       (instr(jwks(jwk), '"d":') + instr(jwks(jwk), '"k":'))
FROM key;

.print
.print "2. A login: one access token for ten minutes, one refresh token for thirty days"
.print "-------------------------------------------------------------------------------"

CREATE TABLE login AS
SELECT jwt_sign(
           json_object('sub', 'alice', 'role', 'editor', 'scope', 'articles:read articles:write'),
           (SELECT jwk FROM key WHERE purpose = 'access'),
           '{"typ":"at+jwt","iss":"https://id.example","aud":"https://api.example",
             "expires_in":600,"iat":true,"jti":true}') AS access_token,
       jwt_sign(
           json_object('sub', 'alice', 'sid', jwt_random()),
           (SELECT jwk FROM key WHERE purpose = 'refresh'),
           '{"typ":"rt+jwt","iss":"https://id.example","aud":"https://id.example",
             "expires_in":2592000,"iat":true,"jti":true}') AS refresh_token;

.print
SELECT 'access  (' || length(access_token) || ' bytes) ' || substr(access_token, 1, 76) || '...' FROM login;
SELECT 'refresh (' || length(refresh_token) || ' bytes) ' || substr(refresh_token, 1, 76) || '...' FROM login;

.mode column
.headers on
.print
.print "Anyone can read a token; that proves nothing. jwt_header and jwt_payload are for looking:"
.print

SELECT member.key AS claim, member.value,
       CASE WHEN member.key IN ('exp', 'iat') THEN datetime(member.value, 'unixepoch') ELSE '' END AS utc
FROM login, json_each(jwt_payload(access_token)) AS member;

.print
.print "3. A request arrives with an Authorization header"
.print "-------------------------------------------------"
.print "The policy says who may have issued the token, for whom, of which kind, and that it must end."
.print

CREATE TABLE policy (options TEXT NOT NULL);
INSERT INTO policy VALUES ('{"iss":"https://id.example","aud":"https://api.example",
                             "typ":"at+jwt","require":["exp","sub"]}');

-- The public key is enough to verify. Temporary views keep working where trusted_schema is off.
CREATE TEMP VIEW verifier AS
SELECT jwk_public(jwk) AS jwk, options FROM key, policy WHERE purpose = 'access';

CREATE TEMP TABLE header AS SELECT 'Bearer ' || access_token AS authorization FROM login;

SELECT jwt_status(jwt_bearer(authorization), jwk, options) AS status,
       jwt_claim(jwt_bearer(authorization), 'sub', jwk, options) AS subject,
       jwt_claim(jwt_bearer(authorization), 'role', jwk, options) AS role,
       jwt_claim(jwt_bearer(authorization), 'exp', jwk, options)
           - CAST(strftime('%s', 'now') AS INTEGER) AS seconds_left
FROM header, verifier;

INSERT INTO outcome
SELECT 'the request of alice', 'ok alice editor',
       jwt_status(jwt_bearer(authorization), jwk, options) || ' ' ||
       jwt_claim(jwt_bearer(authorization), 'sub', jwk, options) || ' ' ||
       jwt_claim(jwt_bearer(authorization), 'role', jwk, options)
FROM header, verifier;

.print
.print "4. Many requests in a table: who is it, and may they?"
.print "-----------------------------------------------------"
.print "Role and scope come from the verified token; a bad one is a row with a status, never an error."
.print

CREATE TABLE request (id INTEGER PRIMARY KEY, wants TEXT, needs TEXT, authorization TEXT);
INSERT INTO request (wants, needs, authorization)
SELECT 'GET /articles', 'articles:read', 'Bearer ' || access_token FROM login
UNION ALL SELECT 'PUT /articles/7', 'articles:write', 'bearer ' || access_token FROM login
UNION ALL SELECT 'DELETE /users/3', 'users:admin', 'Bearer ' || access_token FROM login
UNION ALL SELECT 'GET /articles', 'articles:read', 'Basic YWxpY2U6c2VjcmV0'
UNION ALL SELECT 'GET /articles', 'articles:read', NULL
UNION ALL SELECT 'GET /articles', 'articles:read', 'Bearer ' || refresh_token FROM login;

CREATE TEMP TABLE decision AS
SELECT id, wants, needs,
       jwt_status(jwt_bearer(authorization), jwk, options) AS status,
       jwt_claim(jwt_bearer(authorization), 'sub', jwk, options) AS subject,
       jwt_claim(jwt_bearer(authorization), 'role', jwk, options) AS role,
       jwt_scope(jwt_claim(jwt_bearer(authorization), 'scope', jwk, options), needs) AS granted
FROM request, verifier;

SELECT id, wants, needs, status, subject, role, CASE granted WHEN 1 THEN 'yes' ELSE 'no' END AS allowed
FROM decision ORDER BY id;

INSERT INTO outcome
SELECT 'request ' || decision.id, expected.value, status || ' ' || granted
FROM decision, json_each('["ok 1","ok 1","ok 0","malformed 0","malformed 0","alg_not_allowed 0"]') AS expected
WHERE expected.key = decision.id - 1;

.print
.print "Request 6 shows the refresh token where an access token belongs: another algorithm, another key."
.print
.print "5. What an attacker sends"
.print "-------------------------"

CREATE TEMP TABLE forgery (what TEXT, expected TEXT, token TEXT);

-- The payload says admin now; header and signature are those of the real token.
INSERT INTO forgery
WITH part (header, rest) AS (
    SELECT substr(access_token, 1, instr(access_token, '.')),
           substr(access_token, instr(access_token, '.') + 1)
    FROM login),
evil (text) AS (
    SELECT jws_sign(replace(CAST(jwt_payload(access_token) AS TEXT), 'editor', 'admin'),
                    (SELECT jwk FROM key WHERE purpose = 'refresh'))
    FROM login)
SELECT 'the role in it changed to admin', 'bad_signature',
       header || substr(text, instr(text, '.') + 1,
                        instr(substr(text, instr(text, '.') + 1), '.') - 1)
              || substr(rest, instr(rest, '.'))
FROM part, evil;

-- Issued an hour ago, for ten minutes.
INSERT INTO forgery
SELECT 'used fifty minutes after its end', 'expired',
       jwt_sign('{"sub":"alice","role":"editor"}', jwk,
                json_object('typ', 'at+jwt', 'iss', 'https://id.example',
                            'aud', 'https://api.example', 'expires_in', 600,
                            'now', CAST(strftime('%s', 'now') AS INTEGER) - 3600))
FROM key WHERE purpose = 'access';

-- Genuine, but another service was meant.
INSERT INTO forgery
SELECT 'issued for another service', 'aud_mismatch',
       jwt_sign('{"sub":"alice","role":"admin"}', jwk,
                '{"typ":"at+jwt","iss":"https://id.example","aud":"https://shop.example","expires_in":600}')
FROM key WHERE purpose = 'access';

-- Algorithm confusion. Everyone can have the public key; here an attacker takes the bytes of its PEM
-- as the secret of a HS256 token. (The extension refuses PEM as a secret, so the attacker packs the
-- bytes into a symmetric JWK. base64url is had from the payload segment of a JWS over them.)
CREATE TEMP TABLE attacker AS
WITH pem (text) AS (SELECT jwk_to_pem(jwk, 'public') FROM key WHERE purpose = 'access'),
packed (jws) AS (SELECT jws_sign(text, jwk) FROM pem, key WHERE purpose = 'refresh'),
rest (text) AS (SELECT substr(jws, instr(jws, '.') + 1) FROM packed)
SELECT json_object('kty', 'oct', 'k', substr(text, 1, instr(text, '.') - 1)) AS jwk FROM rest;

INSERT INTO forgery
SELECT 'HS256, with the public PEM as the secret', 'alg_not_allowed',
       jwt_sign('{"sub":"alice","role":"admin"}', jwk,
                '{"typ":"at+jwt","iss":"https://id.example","aud":"https://api.example","expires_in":600}')
FROM attacker;

-- {"alg":"none"}, the oldest of all. Such a token cannot be made here, so this one is spelt out.
INSERT INTO forgery VALUES ('alg none, no signature at all', 'alg_not_allowed',
    'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSIsInJvbGUiOiJhZG1pbiJ9.');

INSERT INTO forgery
SELECT 'signed by another key that bears our kid', 'bad_signature',
       jwt_sign('{"sub":"alice","role":"admin"}',
                jwk_generate('ES256', json_object('kid', json_extract(jwk, '$.kid'))),
                '{"typ":"at+jwt","iss":"https://id.example","aud":"https://api.example","expires_in":600}')
FROM key WHERE purpose = 'access';

.print
SELECT what, jwt_status(token, jwk, options) AS status, jwt_verify(token, jwk, options) AS verified,
       jwt_claim(token, 'role', jwk, options) AS role
FROM forgery, verifier;

INSERT INTO outcome
SELECT what, expected || ' 0 -',
       jwt_status(token, jwk, options) || ' ' || jwt_verify(token, jwk, options) || ' ' ||
       coalesce(jwt_claim(token, 'role', jwk, options), '-')
FROM forgery, verifier;

.print
.print "The HS256 forgery is no strawman: its MAC is right, if one takes the PEM for a secret."
.print "Given the PEM itself as the key, the answer is the same, because PEM is never a secret:"
.print

CREATE TEMP TABLE confusion AS
SELECT jwt_verify(token, attacker.jwk) AS mac_is_right,
       jwt_status(token, jwk_to_pem(key.jwk, 'public')) AS with_the_pem
FROM forgery, attacker, key
WHERE purpose = 'access' AND what LIKE 'HS256%';
SELECT * FROM confusion;
INSERT INTO outcome
SELECT 'the confused token has a right MAC, and PEM is no secret', '1 alg_not_allowed',
       mac_is_right || ' ' || with_the_pem
FROM confusion;

.print
.print "6. Tokens that other software made"
.print "----------------------------------"
.print "Examples printed in the standards. They ended years ago, so each is asked at its own time (now)."

CREATE TABLE foreign_token (
    source TEXT, now INTEGER, options TEXT, wanted TEXT, token TEXT, key TEXT);

-- RFC 7515 appendix A.1: HS256 with a 512-bit secret.
INSERT INTO foreign_token VALUES ('RFC 7515 A.1', 1300819000, '{"iss":"joe"}', 'iss',
    'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9'
    || '.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ'
    || '.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
    '{"kty":"oct",
      "k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}');

-- Appendix A.2: RS256.
INSERT INTO foreign_token VALUES ('RFC 7515 A.2', 1300819000, '{"iss":"joe"}', 'iss',
    'eyJhbGciOiJSUzI1NiJ9'
    || '.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ'
    || '.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5'
    || 'jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb'
    || '1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QO'
    || 'YEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw',
    '{"kty":"RSA","e":"AQAB",
      "n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt'
    || '0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5'
    || 'z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aG'
    || 'hyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}');

-- Appendix A.3: ES256.
INSERT INTO foreign_token VALUES ('RFC 7515 A.3', 1300819000, '{"iss":"joe"}', 'iss',
    'eyJhbGciOiJFUzI1NiJ9'
    || '.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ'
    || '.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q',
    '{"kty":"EC","crv":"P-256",
      "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
      "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}');

-- OpenID Connect Core appendix A.2: an ID token. Its key (appendix A.7) stands in a set with the two
-- of RFC 7517 appendix A.1, one of which is for encryption, and with the one of RFC 8037 appendix A.2.
INSERT INTO foreign_token VALUES ('OpenID Connect Core A.2', 1311281000,
    '{"profile":"id_token","iss":"https://server.example.com","aud":"s6BhdRkqt3","nonce":"n-0S6_WzA2Mj"}',
    'name',
    'eyJraWQiOiIxZTlnZGs3IiwiYWxnIjoiUlMyNTYifQ'
    || '.ewogImlzcyI6ICJodHRwczovL3NlcnZlci5leGFtcGxlLmNvbSIsCiAic3ViIjogIjI0ODI4OTc2MTAwMSIsCiAiYXVk'
    || 'IjogInM2QmhkUmtxdDMiLAogIm5vbmNlIjogIm4tMFM2X1d6QTJNaiIsCiAiZXhwIjogMTMxMTI4MTk3MCwKICJpYXQi'
    || 'OiAxMzExMjgwOTcwLAogIm5hbWUiOiAiSmFuZSBEb2UiLAogImdpdmVuX25hbWUiOiAiSmFuZSIsCiAiZmFtaWx5X25h'
    || 'bWUiOiAiRG9lIiwKICJnZW5kZXIiOiAiZmVtYWxlIiwKICJiaXJ0aGRhdGUiOiAiMDAwMC0xMC0zMSIsCiAiZW1haWwi'
    || 'OiAiamFuZWRvZUBleGFtcGxlLmNvbSIsCiAicGljdHVyZSI6ICJodHRwOi8vZXhhbXBsZS5jb20vamFuZWRvZS9tZS5q'
    || 'cGciCn0'
    || '.NTibBYW_ZoNHGm4ZrWCqYA9oJaxr1AVrJCze6FEcac4t_EOQiJFbD2nVEPkUXPuMshKjjTn7ESLIFUnfHq8UKTGibIC8'
    || 'uqrBgQAcUQFMeWeg-PkLvDTHk43Dn4_aNrxhmWwMNQfkjqx3wd2Fvta9j8yG2Qn790Gwb5psGcmBhqMJUUnFrGpyxQDh'
    || 'FIzzodmPokM7tnUxBNj-JuES_4CE-BvZICH4jKLp0TMu-WQsVst0ss-vY2RPdU1MzL59mq_eKk8Rv9XhxIr3WteA2Zlr'
    || 'gVyT0cwH3hlCnRUsLfHtIEb8k1Y_WaqKUu3DaKPxqRi6u0rN7RO2uZYPzC454xe-mg',
    '{"keys":[
      {"kty":"EC","crv":"P-256","use":"enc","kid":"1",
       "x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
       "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"},
      {"kty":"RSA","alg":"RS256","kid":"2011-04-29","e":"AQAB",
       "n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_B'
    || 'JECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2Q'
    || 'vzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6We'
    || 'Zu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"},
      {"kty":"OKP","crv":"Ed25519","kid":"ed","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
      {"kty":"RSA","kid":"1e9gdk7","e":"AQAB",
       "n":"w7Zdfmece8iaB0kiTY8pCtiBtzbptJmP28nSWwtdjRu0f2GFpajvWE4VhfJAjEsOcwYzay7XGN0b-X84BfC8hmCT'
    || 'Oj2b2eHT7NsZegFPKRUQzJ9wW8ipn_aDJWMGDuB1XyqT1E7DYqjUCEOD1b4FLpy_xPn6oV_TYOfQ9fZdbE5HGxJUzeku'
    || 'GcOKqOQ8M7wfYHhHHLxGpQVgL0apWuP2gDDOdTtpuld4D2LK1MZK99s9gaSjRHE8JDb1Z4IGhEcEyzkxswVdPndUWzfv'
    || 'WBBWXWxtSUvQGBRkuy1BHOa4sP6FKjWEeeF7gm7UMs2Nm2QUgNZw6xvEDGaLk4KASdIxRQ"}]}');

.print
SELECT source, json_extract(jwt_header(token), '$.alg') AS alg,
       jwt_status(token, key) AS today,
       jwt_status(token, key, json_patch(options, json_object('now', now))) AS at_its_time,
       wanted || ' = ' || jwt_claim(token, wanted, key, json_patch(options, json_object('now', now)))
           AS claim
FROM foreign_token;

INSERT INTO outcome
SELECT source, CASE wanted WHEN 'iss' THEN 'expired ok joe' ELSE 'expired ok Jane Doe' END,
       jwt_status(token, key) || ' ' ||
       jwt_status(token, key, json_patch(options, json_object('now', now))) || ' ' ||
       jwt_claim(token, wanted, key, json_patch(options, json_object('now', now)))
FROM foreign_token;

.print
.print "The key set of the ID token: chosen by kid; what cannot be used is passed over, and says why."
.print

SELECT each.kid, each.kty, coalesce(each.alg, '-') AS alg, each.bits, each.problem
FROM foreign_token, jwk_each(key) AS each
WHERE source LIKE 'OpenID%';

INSERT INTO outcome
SELECT 'one of four keys is not for signatures', '1 of 4', count(each.problem) || ' of ' || count(*)
FROM foreign_token, jwk_each(key) AS each
WHERE source LIKE 'OpenID%';

.print
.print "RFC 8037 A.4 signs plain text with Ed25519: a JWS without claims. The private key of A.1 makes"
.print "the very same bytes again:"
.print

CREATE TEMP TABLE plain AS
SELECT 'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc'
       || '.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg' AS jws,
       '{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",'
       || '"x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}' AS jwk;

SELECT jws_status(jws, jwk_public(jwk)) AS status,
       CAST(jws_verify(jws, jwk_public(jwk)) AS TEXT) AS payload,
       jws_sign('Example of Ed25519 signing', jwk) = jws AS same_bytes
FROM plain;

INSERT INTO outcome
SELECT 'RFC 8037 A.4', 'ok Example of Ed25519 signing 1',
       jws_status(jws, jwk_public(jwk)) || ' ' ||
       CAST(jws_verify(jws, jwk_public(jwk)) AS TEXT) || ' ' ||
       (jws_sign('Example of Ed25519 signing', jwk) = jws)
FROM plain;

.print
.print "7. Alice logs out, and what she signed before now is refused at once"
.print "--------------------------------------------------------------------"
.print "A revocation table holds rules; option revoked_by makes every verdict ask it, last of all."
.print

CREATE VIRTUAL TABLE revoked USING jwt_revocation;

CREATE TEMP TABLE logout (step INTEGER PRIMARY KEY, what TEXT, status TEXT);
CREATE TEMP VIEW session_status AS
SELECT jwt_status(jwt_bearer(authorization), jwk, json_set(options, '$.revoked_by', 'revoked')) AS status
FROM header, verifier;

INSERT INTO logout SELECT 1, 'before', status FROM session_status;
-- Only a token that is genuine may revoke: a forged one names nobody.
INSERT INTO revoked(token, reason, actor)
SELECT access_token, 'logout', 'user' FROM login, verifier WHERE jws_verify(access_token, jwk) IS NOT NULL;
INSERT INTO logout SELECT 2, 'after the logout of this token', status FROM session_status;
DELETE FROM revoked;
INSERT INTO logout SELECT 3, 'after the rule was lifted', status FROM session_status;
-- Everywhere: all of her tokens that were issued before a moment from now.
INSERT INTO revoked(sub, issued_before, reason, actor)
VALUES ('alice', CAST(strftime('%s', 'now') AS INTEGER) + 1, 'password changed', 'user');
INSERT INTO logout SELECT 4, 'after the logout everywhere', status FROM session_status;
SELECT what, status FROM logout ORDER BY step;

.print
.print "The same question as a query, and the rules that answer it:"
.print
SELECT sub, reason, actor FROM revoked WHERE token = (SELECT access_token FROM login);

INSERT INTO outcome
SELECT 'logging out', 'ok,revoked,ok,revoked', group_concat(status) FROM (SELECT status FROM logout ORDER BY step);

.print
.print "8. Was all of that right?"
.print "-------------------------"

SELECT what AS wrong, expected, got FROM outcome WHERE got IS NOT expected;
CREATE TEMP TABLE verdict (
    wrong INTEGER CONSTRAINT "every outcome is as expected" CHECK (wrong = 0),
    judged INTEGER CONSTRAINT "every outcome was judged" CHECK (judged = 22));
INSERT INTO verdict SELECT total(got IS NOT expected), count(*) FROM outcome;

.mode list
.headers off
SELECT judged || ' outcomes, all as expected.' FROM verdict;
.print
.print "Next: README.md for the tour, docs/reference.md for every function and option."
