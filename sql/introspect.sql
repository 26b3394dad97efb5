-- introspect: what a token is worth at this moment, for those who cannot verify it (RFC 7662).
--
-- Takes access tokens and refresh tokens. Of a token that is not active nothing is said but that (section 2.2).
-- Whoever asks must be authenticated by the application, and compare `aud` with itself.
--
-- Parameters
--   :token         TEXT     the token
--   :now           INTEGER  seconds since 1970; NULL is the clock
--   :signing_key   TEXT     JWK or JWKS, for HMAC secrets that are kept outside; NULL: jwt_key has the keys
--   :refresh_key   TEXT     likewise for refresh tokens
-- Result: one row
--   response       TEXT     the JSON object to answer
-- Transaction: reads.
WITH
moment AS (
    SELECT CAST(COALESCE(:now, strftime('%s', 'now')) AS INTEGER) AS now),
token AS (
    SELECT now, known.use, known.kid, jwt_claims(
        :token,
        COALESCE(
            (SELECT given.jwk
             FROM jwk_each(CASE known.use WHEN 'access' THEN :signing_key ELSE :refresh_key END) AS given
             WHERE given.kid = known.kid),
            known.jwk),
        json_object('typ', CASE known.use WHEN 'access' THEN 'at+jwt' ELSE 'rt+jwt' END,
            'require', json('["exp","iat","sid"]'), 'now', now)) AS claims
    FROM moment, main.jwt_key AS known
    WHERE known.kid = json_extract(jwt_header(:token), '$.kid')
        AND known.state <> 'revoked' AND COALESCE(known.drop_at > now, 1)
    LIMIT 1 OFFSET 0),  -- with an OFFSET SQLite computes the row, and so verifies the signature, once
answer AS (
    SELECT CASE token.use
        WHEN 'access' THEN json_patch('{"active":true}', json_object(
            'scope', json_extract(token.claims, '$.scope'), 'client_id', json_extract(token.claims, '$.client_id'),
            'token_type', CASE WHEN session.cnf_jkt IS NULL THEN 'Bearer' ELSE 'DPoP' END,
            'exp', json_extract(token.claims, '$.exp'), 'iat', json_extract(token.claims, '$.iat'),
            'sub', session.sub, 'aud', json_extract(token.claims, '$.aud'), 'iss', json_extract(token.claims, '$.iss'),
            'jti', json_extract(token.claims, '$.jti'), 'sid', session.sid,
            'cnf', json(json_extract(token.claims, '$.cnf'))))
        ELSE json_patch('{"active":true}', json_object(
            'scope', session.scope, 'client_id', session.client, 'exp', MIN(session.refresh_exp, session.idle_exp),
            'iat', session.rotated_at, 'sub', session.sub, 'iss', session.iss, 'sid', session.sid))
        END AS response
    FROM token CROSS JOIN main.jwt_session AS session
    WHERE session.sid = json_extract(token.claims, '$.sid') AND session.revoked_at IS NULL AND session.idle_exp > now
        AND (token.use = 'access' OR (
            session.salt = json_extract(token.claims, '$.salt') AND session.gen = json_extract(token.claims, '$.gen')))
        AND NOT EXISTS (
            SELECT 1 FROM main.jwt_revoked
            WHERE header_kid = token.kid AND claims = CASE token.use WHEN 'access' THEN token.claims ELSE json_object(
                'iss', session.iss, 'sub', session.sub, 'aud', session.aud, 'client_id', session.client,
                'sid', session.sid, 'iat', session.created_at) END))
SELECT COALESCE((SELECT response FROM answer), '{"active":false}') AS response;
