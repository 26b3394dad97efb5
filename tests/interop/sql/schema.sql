-- The tables of one interop run. Built once, before the first peer.
PRAGMA journal_mode = OFF;

-- What the contract has, by name of the test row: `generate` is what jwk_generate gets; `implied` says
-- that a key without `alg` means this algorithm, so that a verifier need not name it; a text secret
-- for HMAC has 4/3 of `random_bytes` characters.
CREATE TABLE label(
  label TEXT PRIMARY KEY, alg TEXT, generate TEXT, bits INTEGER, implied INTEGER, random_bytes INTEGER);
INSERT INTO label VALUES
  ('HS256', 'HS256', 'HS256', NULL, 1, 24),
  ('HS384', 'HS384', 'HS384', NULL, 0, 36),
  ('HS512', 'HS512', 'HS512', NULL, 0, 48),
  ('RS256', 'RS256', 'RS256', 2048, 1, NULL),
  ('RS384', 'RS384', 'RS384', 2048, 0, NULL),
  ('RS512', 'RS512', 'RS512', 3072, 0, NULL),
  ('PS256', 'PS256', 'PS256', 2048, 0, NULL),
  ('PS384', 'PS384', 'PS384', 2048, 0, NULL),
  ('PS512', 'PS512', 'PS512', 3072, 0, NULL),
  ('ES256', 'ES256', 'ES256', NULL, 1, NULL),
  ('ES384', 'ES384', 'ES384', NULL, 1, NULL),
  ('ES512', 'ES512', 'ES512', NULL, 1, NULL),
  ('ES256K', 'ES256K', 'ES256K', NULL, 1, NULL),
  ('EdDSA', 'EdDSA', 'Ed25519', NULL, 1, NULL),
  ('EdDSA-Ed448', 'EdDSA', 'Ed448', NULL, 1, NULL),
  ('Ed25519', 'Ed25519', 'Ed25519', NULL, 1, NULL),
  ('Ed448', 'Ed448', 'Ed448', NULL, 1, NULL),
  ('ML-DSA-44', 'ML-DSA-44', 'ML-DSA-44', NULL, 1, NULL),
  ('ML-DSA-65', 'ML-DSA-65', 'ML-DSA-65', NULL, 1, NULL),
  ('ML-DSA-87', 'ML-DSA-87', 'ML-DSA-87', NULL, 1, NULL);

-- The extension's keys; `problem` where it cannot do the algorithm here (ML-DSA needs OpenSSL 3.5).
CREATE TABLE ours(label TEXT PRIMARY KEY, jwk TEXT, other TEXT, secret TEXT, problem TEXT);

CREATE TABLE form(form TEXT PRIMARY KEY, is_pem INTEGER, verifies INTEGER, signs INTEGER);
INSERT INTO form VALUES
  ('jwk', 0, 1, 0), ('jwk-private', 0, 0, 1), ('jwks', 0, 1, 0), ('secret', 0, 1, 1),
  ('spki', 1, 1, 0), ('pkcs1-public', 1, 1, 0), ('certificate', 1, 1, 0),
  ('pkcs8', 1, 0, 1), ('pkcs8-v2', 1, 0, 1), ('pkcs1', 1, 0, 1), ('sec1', 1, 0, 1);

-- A token that one side signed, tampered with, and what jwt_status has to say to it.
CREATE TABLE tampering(position INTEGER PRIMARY KEY, tampering TEXT, status TEXT);
INSERT INTO tampering VALUES
  (0, 'other payload', 'bad_signature'), (1, 'changed signature', 'bad_signature'),
  (2, 'cut signature', 'bad_signature'), (3, 'alg none', 'alg_not_allowed'),
  (4, 'other key', 'bad_signature');

CREATE TABLE payload(number INTEGER PRIMARY KEY, text TEXT);

CREATE TABLE peer(peer TEXT PRIMARY KEY, version TEXT, jwks TEXT);
CREATE TABLE lack(peer TEXT, label TEXT, reason TEXT);
CREATE TABLE produced(
  peer TEXT, label TEXT, alg TEXT, kid TEXT, reads TEXT, payload TEXT, token TEXT, thumbprint TEXT,
  PRIMARY KEY (peer, label));
CREATE TABLE their_key(peer TEXT, label TEXT, form TEXT, key TEXT, PRIMARY KEY (peer, label, form));

-- One row a test case; `detail` is 'ok' in the end, or tells what went wrong.
CREATE TABLE trial(
  id INTEGER PRIMARY KEY, peer TEXT, label TEXT, kind TEXT, form TEXT, key TEXT, token TEXT,
  options TEXT, wanted TEXT, found TEXT, offer INTEGER,
  detail TEXT NOT NULL DEFAULT 'no verdict');

-- What the peer is asked to check. `signer`, `spare` and `sign_options`: how the extension signs the
-- token (with the other key: `other_token`); `form` and `key`: what the peer verifies it with;
-- `sign`: the payload that the peer shall sign with that key, where it is a private one.
CREATE TABLE offer(
  id INTEGER PRIMARY KEY, peer TEXT, label TEXT, alg TEXT, form TEXT, key TEXT, signer TEXT,
  signer_form TEXT, spare TEXT, sign_options TEXT, payload TEXT, token TEXT, other_token TEXT,
  refuse TEXT DEFAULT '[]', sign TEXT);
CREATE TABLE verdict(
  id INTEGER PRIMARY KEY, ok INTEGER, payload TEXT, accepted TEXT, thumbprint TEXT, signed TEXT,
  error TEXT);

-- Statements that wait to be run one by one: one that raises must not take others with it.
CREATE TABLE pending(trial INTEGER, statement TEXT);

-- Each token in its three segments.
CREATE VIEW segment AS
  WITH known(token) AS (
         SELECT token FROM produced UNION SELECT token FROM offer WHERE token NOT NULL),
       first(token, dot) AS (SELECT token, instr(token, '.') FROM known),
       second(token, dot, next) AS (SELECT token, dot, instr(substr(token, dot + 1), '.') FROM first)
  SELECT token, substr(token, 1, dot - 1) AS head, substr(token, dot + 1, next - 1) AS body,
         substr(token, dot + next + 1) AS signature FROM second;

-- What an attacker makes of it. The other payload is well formed and would pass every claims check:
-- {"jti":"forged","aud":"https://api.example","exp":4102444800}. The other head is {"alg":"none"}.
-- The cut signature ends after whole bytes, so that its base64url is still well formed.
CREATE VIEW tampered AS
  SELECT token, 0 AS position, head
         || '.eyJqdGkiOiJmb3JnZWQiLCJhdWQiOiJodHRwczovL2FwaS5leGFtcGxlIiwiZXhwIjo0MTAyNDQ0ODAwfQ.'
         || signature AS text FROM segment
  UNION ALL
  SELECT token, 1, head || '.' || body || '.' || substr(signature, 1, length(signature) / 2)
         || iif(substr(signature, length(signature) / 2 + 1, 1) = 'A', 'B', 'A')
         || substr(signature, length(signature) / 2 + 2) FROM segment
  UNION ALL
  SELECT token, 2, head || '.' || body || '.'
         || substr(signature, 1, (length(signature) - 1) / 4 * 4) FROM segment
  UNION ALL
  SELECT token, 3, 'eyJhbGciOiJub25lIn0.' || body || '.' FROM segment;
