-- rotate_keys: a standby key begins to sign; the key that signed so far only verifies from now on.
--
-- The old key is dropped when the last token that it can have signed has ended: after the longest access_ttl,
-- or for refresh tokens the longest abs_ttl, and the leeway. Nobody is logged out.
--
-- Parameters
--   :use           TEXT     'access' or 'refresh'
--   :kid           TEXT     which standby; NULL: the oldest
--   :now           INTEGER  seconds since 1970; NULL is the clock
-- Result: one row; no row where there is no standby: see create_key
--   kid            TEXT     the key that signs now
-- Transaction: writes.
UPDATE main.jwt_key SET
    state = 'active',
    activated_at = CAST(COALESCE(:now, strftime('%s', 'now')) AS INTEGER)
WHERE use = :use AND state = 'standby' AND kid = COALESCE(:kid, (
    SELECT kid FROM main.jwt_key WHERE use = :use AND state = 'standby' ORDER BY created_at, kid LIMIT 1))
RETURNING kid;
