-- login: begin a session, and hand out its first pair of tokens.
--
-- The application has found out who somebody is; this makes a session of it. Policy max_sessions may end
-- older sessions of the same subject and client. A subject, client or session that jwt_revoked names
-- without issued_before is refused.
--
-- Parameters
--   :sub           TEXT     who logged in: the application's own id of the user; a number counts as its text
--   :client        TEXT     the client; NULL is ''
--   :scope         TEXT     what the tokens grant, words separated by spaces; NULL: no such claim
--   :claims        TEXT     JSON object of further claims for access tokens; NULL: none
--   :ip            TEXT     for the list of devices
--   :user_agent    TEXT     for the list of devices
--   :jkt           TEXT     RFC 7638 thumbprint of the client's key, for sender-constrained tokens
--   :idp_iss       TEXT     issuer of the ID token that this login came from
--   :idp_sub       TEXT     its sub
--   :idp_sid       TEXT     its sid
--   :now           INTEGER  seconds since 1970; NULL is the clock
--   :signing_key   TEXT     private JWK or JWKS for access tokens; NULL: jwt_key has it
--   :refresh_key   TEXT     private JWK or JWKS for refresh tokens; NULL: jwt_key has it
--   :sid           TEXT     NULL: random. For engines that run the statement again on every node
--   :salt          TEXT     NULL: random. As :sid
-- Result: one row; no row where jwt_revoked refuses
--   sid            TEXT     the session
--   access_token   TEXT     JWT of type at+jwt (RFC 9068)
--   refresh_token  TEXT     JWT of type rt+jwt
--   token_type     TEXT     Bearer, or DPoP where :jkt was given
--   expires_in     INTEGER  seconds that the access token lasts
--   refresh_exp    INTEGER  when the refresh token ends, seconds since 1970
--   scope          TEXT     as given
-- Transaction: writes. The tokens count when it is committed.
INSERT INTO main.jwt_session (
    sid, sub, client, iss, aud, scope, claims, salt, created_at, rotated_at, used_at, access_exp,
    refresh_exp, idle_exp, abs_exp, access_kid, refresh_kid, cnf_jkt, idp_iss, idp_sub, idp_sid, ip, user_agent)
WITH
policy AS (
    SELECT CAST(COALESCE(:now, strftime('%s', 'now')) AS INTEGER) AS now,
        CASE typeof(:sub) WHEN 'integer' THEN CAST(:sub AS TEXT) ELSE :sub END AS sub,
        COALESCE(:client, '') AS client, COALESCE(:sid, jwt_random()) AS sid,
        own.access_ttl, own.idle_ttl, own.abs_ttl, own.rotate,
        COALESCE(own.iss, common.iss) AS iss, COALESCE(own.aud, common.aud) AS aud,
        (SELECT kid FROM main.jwt_key WHERE use = 'access' AND state = 'active') AS access_kid,
        (SELECT kid FROM main.jwt_key WHERE use = 'refresh' AND state = 'active') AS refresh_kid
    FROM main.jwt_policy AS own CROSS JOIN main.jwt_policy AS common
    WHERE own.client = COALESCE((SELECT client FROM main.jwt_policy WHERE client = :client), '') AND common.client = ''
    LIMIT 1 OFFSET 0)  -- with an OFFSET SQLite computes the row, and so the sid, once
SELECT sid, sub, client, iss, aud, :scope, :claims, COALESCE(:salt, jwt_random()), now, now, now,
    now + MIN(access_ttl, idle_ttl, abs_ttl), now + CASE rotate WHEN 1 THEN MIN(idle_ttl, abs_ttl) ELSE abs_ttl END,
    now + MIN(idle_ttl, abs_ttl), now + abs_ttl,
    access_kid, refresh_kid, :jkt, :idp_iss, :idp_sub, :idp_sid, :ip, :user_agent
FROM policy
WHERE NOT EXISTS (
    SELECT 1 FROM main.jwt_revoked
    WHERE header_kid = policy.access_kid AND claims = json_object('iss', policy.iss, 'sub', policy.sub,
        'aud', policy.aud, 'client_id', policy.client, 'sid', policy.sid, 'iat', policy.now))
-- typeof() below, for IS NULL in RETURNING is always false in SQLite 3.40 where the first column is NOT NULL.
RETURNING sid,
    jwt_sign(
        json_patch(COALESCE(claims, '{}'), json_object(
            'iss', iss, 'sub', sub, 'aud', aud, 'client_id', client, 'sid', sid, 'iat', used_at,
            'exp', access_exp, 'jti', jwt_random(), 'scope', scope,
            'cnf', json(CASE typeof(cnf_jkt) WHEN 'text' THEN json_object('jkt', cnf_jkt) END))),
        COALESCE(
            (SELECT given.jwk FROM jwk_each(:signing_key) AS given WHERE given.kid = access_kid),
            (SELECT stored.jwk FROM main.jwt_key AS stored WHERE stored.kid = access_kid)),
        '{"typ":"at+jwt"}') AS access_token,
    jwt_sign(
        json_object('sid', sid, 'gen', gen, 'salt', salt, 'client', client, 'iat', rotated_at, 'exp', refresh_exp),
        COALESCE(
            (SELECT given.jwk FROM jwk_each(:refresh_key) AS given WHERE given.kid = refresh_kid),
            (SELECT stored.jwk FROM main.jwt_key AS stored WHERE stored.kid = refresh_kid)),
        '{"typ":"rt+jwt"}') AS refresh_token,
    CASE typeof(cnf_jkt) WHEN 'text' THEN 'DPoP' ELSE 'Bearer' END AS token_type,
    access_exp - used_at AS expires_in, refresh_exp, scope;
