-- use_once: a token of others counts once: a client assertion (RFC 7523), say.
--
-- For a token that the application has verified.
--
-- Parameters
--   :iss           TEXT     its issuer
--   :jti           TEXT     its name
--   :exp           INTEGER  when it ends, seconds since 1970
--   :now           INTEGER  seconds since 1970; NULL is the clock
-- Result: one row the first time; no row ever after
--   jti            TEXT     its name
-- Transaction: writes.
INSERT INTO main.jwt_once (iss, jti, expires_at, at)
VALUES (:iss, :jti, CAST(:exp AS INTEGER), CAST(COALESCE(:now, strftime('%s', 'now')) AS INTEGER))
ON CONFLICT DO NOTHING
RETURNING jti;
