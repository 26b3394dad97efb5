-- revoke_key: a key is in other hands. From now on it verifies nothing.
--
-- All tokens that it signed are dead, and if it was the active one, the oldest standby takes its place in the same
-- statement; without a standby nothing can be signed until create_key. The private key is taken out of the row.
-- Services that keep a copy of the key set accept it until they fetch the set again.
--
-- Parameters
--   :kid           TEXT     the key
--   :now           INTEGER  seconds since 1970; NULL is the clock
-- Result: one row; no row where there is no such key, or it has been revoked before
--   kid            TEXT     the key
--   use            TEXT     what it was for
-- Transaction: writes.
UPDATE main.jwt_key SET
    state = 'revoked',
    retired_at = CAST(COALESCE(:now, strftime('%s', 'now')) AS INTEGER),
    drop_at = NULL,
    jwk = CASE WHEN json_extract(jwk, '$.kty') <> 'oct' THEN jwk_public(jwk) END
WHERE kid = :kid AND state <> 'revoked'
RETURNING kid, use;
