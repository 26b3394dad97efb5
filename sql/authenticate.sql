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
asked AS (
    SELECT CAST(COALESCE(:now, strftime('%s', 'now')) AS INTEGER) AS now, known.kid,
        CASE WHEN :signing_key IS NULL THEN known.jwk ELSE COALESCE(
            (SELECT given.jwk FROM jwk_each(:signing_key) AS given WHERE given.kid = known.kid), known.jwk) END AS jwk,
        CASE WHEN COALESCE(:iss, :aud, :scope, :jkt, :now) IS NULL THEN policy.options ELSE
            json_patch(policy.options, json_object('iss', COALESCE(:iss, policy.iss),
                'aud', COALESCE(:aud, policy.aud), 'scope', :scope, 'jkt', :jkt, 'now', :now)) END AS options
    FROM main.jwt_policy AS policy LEFT JOIN main.jwt_key AS known
        ON known.kid = json_extract(jwt_header(:token), '$.kid') AND known.use = 'access' AND known.state <> 'revoked'
            AND (known.drop_at IS NULL OR known.drop_at > CAST(COALESCE(:now, strftime('%s', 'now')) AS INTEGER))
    WHERE policy.client = ''),
token AS (
    SELECT now, kid, jwk, options, jwt_claims(:token, jwk, options) AS claims FROM asked
    LIMIT 1 OFFSET 0)  -- with an OFFSET SQLite computes the row, and so verifies the signature, once
-- A session is joined only if it lives and no rule names the token: where there is none, all columns are NULL.
SELECT
    CASE
        WHEN session.sid IS NOT NULL THEN 'ok'
        WHEN token.claims IS NULL THEN
            -- 'ok' by now: its time has come between the two questions.
            COALESCE(NULLIF(jwt_status(:token, token.jwk, token.options), 'ok'), 'issued_in_future')
        WHEN EXISTS (
            SELECT 1 FROM main.jwt_session AS alive WHERE alive.sid = json_extract(token.claims, '$.sid')
                AND alive.revoked_at IS NULL AND alive.idle_exp > token.now)
            THEN 'revoked'
        ELSE 'session_ended'
    END AS status,
    CASE WHEN session.sid IS NOT NULL THEN json_extract(token.claims, '$.sub') END AS sub,
    session.sid AS sid,
    CASE WHEN session.sid IS NOT NULL THEN json_extract(token.claims, '$.client_id') END AS client,
    CASE WHEN session.sid IS NOT NULL THEN json_extract(token.claims, '$.scope') END AS scope,
    CASE WHEN session.sid IS NOT NULL THEN json_extract(token.claims, '$.exp') END AS exp,
    CASE WHEN session.sid IS NOT NULL THEN token.claims END AS claims
FROM token LEFT JOIN main.jwt_session AS session INDEXED BY jwt_session_live
    ON session.sid = json_extract(token.claims, '$.sid') AND session.revoked_at IS NULL AND session.idle_exp > token.now
        AND NOT EXISTS (SELECT 1 FROM main.jwt_revoked WHERE claims = token.claims AND header_kid = token.kid);
