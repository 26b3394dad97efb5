-- What every peer gets: one key an algorithm, and tokens with payloads of their own, in a database for us
-- and as one JSON document for the others. Times are real: not every peer lets its clock be set.
--   :document   the file of the document
CREATE TABLE setting(issuer TEXT, audience TEXT, rows INTEGER, now INTEGER);
INSERT INTO setting VALUES ('https://id.example.com', 'https://api.example.com', 1000, unixepoch());

CREATE TABLE key(alg TEXT PRIMARY KEY, jwk TEXT, public TEXT, pem TEXT, public_pem TEXT, secret TEXT);
INSERT INTO key(alg, jwk) VALUES ('HS256', jwk_generate('HS256')), ('RS256', jwk_generate('RS256')),
                                 ('ES256', jwk_generate('ES256')), ('EdDSA', jwk_generate('EdDSA'));
UPDATE key SET secret = json_extract(jwk, '$.k'), public = jwk WHERE alg = 'HS256';
UPDATE key SET public = jwk_public(jwk), pem = jwk_to_pem(jwk), public_pem = jwk_to_pem(jwk, 'public') WHERE alg <> 'HS256';

CREATE TABLE payload(payload TEXT NOT NULL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n, setting WHERE i < rows)
INSERT INTO payload
SELECT json_object('iss', issuer, 'sub', printf('user-%08d', i), 'aud', audience, 'exp', now + 86400,
                   'iat', now - 60, 'nbf', now - 60, 'jti', lower(hex(randomblob(11))), 'role', 'editor',
                   'scope', 'orders:read orders:write reports:read reports:write profile')
  FROM n, setting;

CREATE TABLE token(alg TEXT NOT NULL, token TEXT NOT NULL);
INSERT INTO token SELECT alg, jwt_sign(payload, jwk) FROM key, payload ORDER BY key.rowid, payload.rowid;
CREATE INDEX token_alg ON token(alg);
CREATE TABLE again(alg TEXT NOT NULL, token TEXT NOT NULL);
INSERT INTO again SELECT t.alg, t.token FROM key, payload
  JOIN token AS t ON t.rowid = (SELECT max(rowid) FROM token WHERE alg = key.alg) ORDER BY t.alg;

-- What each peer must refuse before it is timed.
CREATE TABLE bad AS
SELECT alg, why, CASE why WHEN 'forged' THEN
         substr(token, 1, length(token) - 9) || iif(substr(token, -9, 1) = 'B', 'C', 'B') || substr(token, -8)
       ELSE jwt_sign(CASE why WHEN 'expired' THEN json_set(payload, '$.exp', now - 7200)
                     WHEN 'iss' THEN json_set(payload, '$.iss', 'https://elsewhere.example.com')
                     ELSE json_set(payload, '$.aud', 'https://elsewhere.example.com') END, jwk) END AS token
  FROM setting, key, (SELECT 'forged' AS why UNION SELECT 'expired' UNION SELECT 'iss' UNION SELECT 'aud')
  JOIN payload ON payload.rowid = 1
  JOIN token USING (alg) GROUP BY alg, why;

SELECT writefile(:document, json_object(
    'issuer', issuer, 'audience', audience,
    'payloads', (SELECT json_group_array(json(payload)) FROM payload),
    'algorithms', (SELECT json_group_object(alg, json_object(
        'secret', secret, 'private_jwk', jwk, 'public_jwk', public, 'private_pem', pem, 'public_pem', public_pem,
        'tokens', (SELECT json_group_array(token) FROM token WHERE token.alg = key.alg),
        'bad', (SELECT json_group_object(why, token) FROM bad WHERE bad.alg = key.alg))) FROM key)))
  FROM setting;
