-- create_key: announce a key that the application keeps. The first one of a use signs at once, a later one is a
-- standby until rotate_keys.
--
-- Refresh tokens are verified by the nodes, so their keys have a public half: Ed25519 or RS256. (ES256 would not give
-- the same refresh token twice.)
--
-- Parameters
--   :use           TEXT     'access' or 'refresh'
--   :kid           TEXT     its name
--   :alg           TEXT     its algorithm
--   :jwk           TEXT     its public JWK
--   :now           INTEGER  seconds since 1970
-- Result: none
-- Transaction: writes.
INSERT INTO main.jwt_key (kid, use, alg, jwk, state, created_at, activated_at)
SELECT :kid, :use, :alg, :jwk, CASE later WHEN 1 THEN 'standby' ELSE 'active' END, :now, CASE later WHEN 0 THEN :now END
FROM (SELECT EXISTS (SELECT 1 FROM main.jwt_key WHERE use = :use AND state = 'active') AS later);
