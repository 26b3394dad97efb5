-- revoke_token: end the session of a token that its client hands back (RFC 7009).
--
-- Takes a refresh token of any generation, or an access token, and ends the session, so that all its tokens
-- are dead (section 2.1 asks for the one direction and allows the other). Answer 200 whatever comes out.
-- To end a single access token and keep its session use revoke_access_token.
--
-- Parameters
--   :token         TEXT     the token
--   :client        TEXT     the client that hands it back; NULL is ''. A token of another client is left alone
--   :reason        TEXT     for the audit; NULL is 'token revoked'
--   :actor         TEXT     user, admin, policy or system; NULL is 'user'
--   :now           INTEGER  seconds since 1970; NULL is the clock
--   :signing_key   TEXT     JWK or JWKS, for HMAC secrets that are kept outside; NULL: jwt_key has the keys
--   :refresh_key   TEXT     likewise for refresh tokens
-- Result: one row; no row where the token is not valid, is another client's, or its session is over
--   sid            TEXT     the session
--   sub            TEXT     whose it was
-- Transaction: writes.
WITH
moment AS (
    SELECT CAST(COALESCE(:now, strftime('%s', 'now')) AS INTEGER) AS now),
token AS (
    SELECT now, known.use, jwt_claims(
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
target AS (
    SELECT session.sid, token.now
    FROM token CROSS JOIN main.jwt_session AS session
    WHERE session.sid = json_extract(token.claims, '$.sid') AND session.revoked_at IS NULL
        AND session.client = COALESCE(:client, '')
        AND (token.use = 'access' OR session.salt = json_extract(token.claims, '$.salt')))
UPDATE main.jwt_session SET
    revoked_at = target.now,
    revoked_why = COALESCE(:reason, 'token revoked'),
    revoked_by = COALESCE(:actor, 'user')
FROM target
WHERE jwt_session.sid = target.sid
RETURNING sid, sub;
