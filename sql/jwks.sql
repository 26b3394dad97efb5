-- jwks: the public keys to serve at /.well-known/jwks.json.
--
-- Those that signed what is still valid, the one that signs, and those that will. Let others keep the answer
-- for minutes, not for days, and create a standby at least that long before rotate_keys.
--
-- Parameters
--   :now           INTEGER  seconds since 1970; NULL is the clock
-- Result: one row
--   jwks           TEXT     the JSON Web Key Set. Never a secret, never a private member
-- Transaction: reads.
SELECT jwks(jwk) AS jwks
FROM main.jwt_key
WHERE use = 'access' AND state <> 'revoked'
    AND COALESCE(drop_at > CAST(COALESCE(:now, strftime('%s', 'now')) AS INTEGER), 1);
