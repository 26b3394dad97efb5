-- create_key: make a key, or announce one that is kept outside.
--
-- The first key of a use signs at once; a later one is a standby until rotate_keys. Create it some time
-- before, so that everybody who fetches the key set has it when it begins to sign.
-- Without :jwk a new private key is stored in the database: whoever has a copy of the file can then issue
-- tokens. Better: make it with jwk_generate, keep it where secrets are kept, give it as :jwk here, and as
-- :signing_key or :refresh_key to the other statements. Then only its public half is stored, and nothing of a secret.
--
-- Parameters
--   :use           TEXT     'access' or 'refresh'
--   :alg           TEXT     NULL: ES256 for access tokens, HS256 for refresh tokens
--   :jwk           TEXT     private JWK with kid and alg, kept outside; NULL: generate one and store it
--   :now           INTEGER  seconds since 1970; NULL is the clock
-- Result: one row
--   kid            TEXT     its name
--   alg            TEXT     its algorithm
--   state          TEXT     'active' or 'standby'
-- Transaction: writes.
INSERT INTO main.jwt_key (kid, use, alg, jwk, state, created_at, activated_at)
WITH
fresh AS (
    SELECT COALESCE(:jwk, jwk_generate(COALESCE(:alg, CASE :use WHEN 'refresh' THEN 'HS256' ELSE 'ES256' END))) AS jwk,
        CAST(COALESCE(:now, strftime('%s', 'now')) AS INTEGER) AS now,
        EXISTS (SELECT 1 FROM main.jwt_key WHERE use = :use AND state = 'active') AS later
    LIMIT 1 OFFSET 0)  -- with an OFFSET SQLite computes the row, and so the key, once
SELECT json_extract(jwk, '$.kid'), :use, json_extract(jwk, '$.alg'),
    CASE WHEN :jwk IS NULL THEN jwk WHEN json_extract(jwk, '$.kty') <> 'oct' THEN jwk_public(jwk) END,
    CASE later WHEN 1 THEN 'standby' ELSE 'active' END, now, CASE later WHEN 0 THEN now END
FROM fresh
RETURNING kid, alg, state;
