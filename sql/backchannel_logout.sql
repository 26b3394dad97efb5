-- backchannel_logout: another issuer says that somebody has logged out there (OpenID Connect Back-Channel Logout 1.0).
--
-- Verifies the logout token with the issuer's keys, remembers its jti, and ends the sessions that began with that
-- issuer's `sid`, or all of its `sub` where the token names no sid. login has to be told :idp_iss, :idp_sub, :idp_sid.
-- Answer 200 for a row and 400 for none; a token counts once.
--
-- Parameters
--   :token         TEXT     the logout token
--   :idp_keys      TEXT     the issuer's key set
--   :idp_iss       TEXT     the issuer
--   :aud           TEXT     this application's client id there
--   :leeway        INTEGER  seconds by which clocks may differ; NULL: 0
--   :now           INTEGER  seconds since 1970; NULL is the clock
-- Result: one row; no row where the token is not valid, or came before
--   jti            TEXT     the token's name
--   idp_sub        TEXT     who has logged out, in the issuer's words, if said
--   idp_sid        TEXT     of which session there, if said
-- Transaction: writes.
INSERT INTO main.jwt_once (iss, jti, expires_at, at, idp_sub, idp_sid)
WITH
moment AS (
    SELECT CAST(COALESCE(:now, strftime('%s', 'now')) AS INTEGER) AS now),
token AS (
    SELECT now, jwt_claims(:token, :idp_keys, json_patch('{}', json_object(
        'profile', 'logout+jwt', 'iss', :idp_iss, 'aud', :aud, 'leeway', :leeway, 'now', now))) AS claims
    FROM moment
    LIMIT 1 OFFSET 0)  -- with an OFFSET SQLite computes the row once
SELECT json_extract(claims, '$.iss'), json_extract(claims, '$.jti'), CAST(json_extract(claims, '$.exp') AS INTEGER),
    now, json_extract(claims, '$.sub'), json_extract(claims, '$.sid')
FROM token
WHERE claims IS NOT NULL
ON CONFLICT DO NOTHING
RETURNING jti, idp_sub, idp_sid;
