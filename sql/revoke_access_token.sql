-- revoke_access_token: end one access token; its session goes on.
--
-- For a token that has leaked into a log, say. Writes a rule (iss, jti) into jwt_revoked that lasts until the
-- token has ended. A forged token revokes nothing; one that has ended is not worth a rule, and gets one all the same.
--
-- Parameters
--   :token         TEXT     the access token
--   :reason        TEXT     for the audit; NULL is 'token revoked'
--   :actor         TEXT     user, admin, policy or system; NULL is 'user'
--   :now           REAL     seconds since 1970; NULL is the clock
--   :signing_key   TEXT     JWK or JWKS, for HMAC secrets that are kept outside; NULL: jwt_key has the keys
-- Result: one row; no row where the token is not one of ours
--   reason         TEXT     as it was written
-- Transaction: writes.
INSERT INTO main.jwt_revoked (token, reason, actor, revoked_at)
SELECT :token, COALESCE(:reason, 'token revoked'), COALESCE(:actor, 'user'),
    CAST(COALESCE(:now, strftime('%s', 'now')) AS REAL)
FROM main.jwt_key AS known
WHERE known.kid = json_extract(jwt_header(:token), '$.kid') AND known.use = 'access' AND known.state <> 'revoked'
    AND jws_verify(
        :token,
        COALESCE((SELECT given.jwk FROM jwk_each(:signing_key) AS given WHERE given.kid = known.kid), known.jwk))
        IS NOT NULL
RETURNING reason;
