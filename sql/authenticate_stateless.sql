-- authenticate_stateless: who sends this access token? No table is read.
--
-- For services that have the public keys only, and for requests that need no session: a token is good until
-- it ends, also after a logout. Keep access_ttl short.
--
-- Parameters
--   :token         TEXT     the access token
--   :keys          TEXT     the key set, as statement jwks answers it; kept by the caller and fetched anew now and then
--   :options       TEXT     what to ask for, as column jwt_policy.options has it: profile, iss, aud, leeway
--   :scope         TEXT     words that the token must grant, all of them; NULL: none
--   :jkt           TEXT     thumbprint of the key that the client has proved to have; NULL: none
--   :now           INTEGER  seconds since 1970; NULL is the clock
-- Result: one row
--   status         TEXT     'ok', or a status code of jwt_status
--   sub            TEXT     whose token it is; this and what follows is NULL unless status is 'ok'
--   sid            TEXT     the session
--   client         TEXT     the client
--   scope          TEXT     what the token grants
--   exp            INTEGER  when it ends, seconds since 1970
--   claims         TEXT     all of its claims, JSON
-- Transaction: none. No table is named, so the database file is not even locked.
WITH
policy AS (
    SELECT CASE WHEN COALESCE(:scope, :jkt, :now) IS NULL THEN :options ELSE
        json_patch(:options, json_object('scope', :scope, 'jkt', :jkt, 'now', :now)) END AS options),
token AS (
    SELECT options, jwt_claims(:token, :keys, options) AS claims FROM policy
    LIMIT 1 OFFSET 0)  -- with an OFFSET SQLite computes the row once, and stores it nowhere
SELECT CASE WHEN claims IS NOT NULL THEN 'ok' ELSE
        -- 'ok' by now: its time has come between the two questions.
        COALESCE(NULLIF(jwt_status(:token, :keys, options), 'ok'), 'issued_in_future') END AS status,
    json_extract(claims, '$.sub') AS sub,
    json_extract(claims, '$.sid') AS sid,
    json_extract(claims, '$.client_id') AS client,
    json_extract(claims, '$.scope') AS scope,
    json_extract(claims, '$.exp') AS exp,
    claims
FROM token;
