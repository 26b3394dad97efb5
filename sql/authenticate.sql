-- authenticate: who sends this access token, and may they still?
--
-- Verifies the token against the store's keys, then asks for its session and for jwt_revoked: a logout
-- counts from the moment when it is committed. One SELECT, one row always, and no claim beside a bad status.
--
-- Parameters
--   :token         TEXT     the access token; jwt_bearer(header) takes it out of an Authorization header
--   :scope         TEXT     words that the token must grant, all of them; NULL: none
--   :jkt           TEXT     thumbprint of the key that the client has proved to have; NULL: none
--   :iss           TEXT     issuer to accept; NULL: that of the default policy
--   :aud           TEXT     audience to accept, the name of this API; NULL: that of the default policy
--   :now           INTEGER  seconds since 1970; NULL is the clock
--   :signing_key   TEXT     JWK or JWKS, for HMAC secrets that are kept outside; NULL: jwt_key has the keys
-- Result: one row
--   status         TEXT     'ok', a status code of jwt_status, 'session_ended' or 'revoked'
--   sub            TEXT     whose token it is; this and what follows is NULL unless status is 'ok'
--   sid            TEXT     the session
--   client         TEXT     the client
--   scope          TEXT     what the token grants
--   exp            INTEGER  when it ends, seconds since 1970
--   claims         TEXT     all of its claims, JSON
-- Transaction: reads.
WITH
policy AS (
    SELECT CAST(COALESCE(:now, strftime('%s', 'now')) AS INTEGER) AS now,
        CASE WHEN COALESCE(:iss, :aud, :scope, :jkt, :now) IS NULL THEN options ELSE
            json_patch(options, json_object('iss', COALESCE(:iss, iss), 'aud', COALESCE(:aud, aud),
                'scope', :scope, 'jkt', :jkt, 'now', :now)) END AS options
    FROM main.jwt_policy WHERE client = ''
    LIMIT 1 OFFSET 0),  -- with an OFFSET SQLite computes the row once, and stores it nowhere
keyed AS (
    SELECT policy.now, policy.options, known.kid,
        CASE WHEN :signing_key IS NULL THEN known.jwk ELSE COALESCE(
            (SELECT given.jwk FROM jwk_each(:signing_key) AS given WHERE given.kid = known.kid), known.jwk) END AS jwk
    FROM policy LEFT JOIN main.jwt_key AS known
        ON known.kid = json_extract(jwt_header(:token), '$.kid') AND known.use = 'access'
            AND known.state <> 'revoked' AND COALESCE(known.drop_at > policy.now, 1)
    LIMIT 1 OFFSET 0),
token AS (
    SELECT now, options, kid, jwk, jwt_claims(:token, jwk, options) AS claims FROM keyed
    LIMIT 1 OFFSET 0),
judged AS (
    SELECT token.claims,
        CASE
            WHEN token.claims IS NULL THEN jwt_status(:token, token.jwk, token.options)
            WHEN session.sid IS NULL THEN 'session_ended'
            WHEN EXISTS (SELECT 1 FROM main.jwt_revoked WHERE claims = token.claims AND header_kid = token.kid)
                THEN 'revoked'
            ELSE 'ok'
        END AS judgment
    FROM token LEFT JOIN main.jwt_session AS session ON session.sid = json_extract(token.claims, '$.sid')
        AND session.revoked_at IS NULL AND session.idle_exp > token.now
    LIMIT 1 OFFSET 0)
SELECT judgment AS status,
    CASE judgment WHEN 'ok' THEN json_extract(claims, '$.sub') END AS sub,
    CASE judgment WHEN 'ok' THEN json_extract(claims, '$.sid') END AS sid,
    CASE judgment WHEN 'ok' THEN json_extract(claims, '$.client_id') END AS client,
    CASE judgment WHEN 'ok' THEN json_extract(claims, '$.scope') END AS scope,
    CASE judgment WHEN 'ok' THEN json_extract(claims, '$.exp') END AS exp,
    CASE judgment WHEN 'ok' THEN claims END AS claims
FROM judged;
