-- refresh: exchange a refresh token for a new pair.
--
-- One statement decides and does everything: one signature verified, two made. With d = the session's
-- generation minus the token's:
--   rotated    d = 0                    the next generation begins
--   kept       d = 0, policy rotate 0   the same refresh token again, the session's idle time begins anew
--   replayed   d = 1, within grace      the answer was lost, or another tab asked: the same successor again
--   reuse      any other d > 0          a copy is in other hands: the session ends (by policy, all of the subject)
-- Reuse is an answer, not an error: commit it, or the thief's session lives on.
--
-- Parameters
--   :token         TEXT     the refresh token as the client sent it
--   :client        TEXT     the client that presents it; NULL is ''
--   :jkt           TEXT     thumbprint of the key that the client has proved to have; NULL: none
--   :now           INTEGER  seconds since 1970; NULL is the clock
--   :signing_key   TEXT     private JWK or JWKS for access tokens; NULL: jwt_key has it
--   :refresh_key   TEXT     private JWK or JWKS for refresh tokens; NULL: jwt_key has it
-- Result: one row; no row means invalid_grant, and nothing was written
--   outcome        TEXT     rotated, kept, replayed, reuse
--   sid            TEXT     the session
--   sub            TEXT     whose it is
--   access_token   TEXT     JWT of type at+jwt; NULL for reuse
--   refresh_token  TEXT     JWT of type rt+jwt; NULL for reuse
--   token_type     TEXT     Bearer or DPoP
--   expires_in     INTEGER  seconds that the access token lasts; NULL for reuse
--   refresh_exp    INTEGER  when the refresh token ends, seconds since 1970; NULL for reuse
--   scope          TEXT     what the access token grants
-- Transaction: writes. The tokens count when it is committed. Commit after reuse, too.
WITH
policy AS (
    SELECT CAST(COALESCE(:now, strftime('%s', 'now')) AS INTEGER) AS now, own.access_ttl, own.idle_ttl, own.grace,
        own.grace_max, own.rotate, own.leeway,
        COALESCE(own.iss, common.iss) AS iss, COALESCE(own.aud, common.aud) AS aud
    FROM main.jwt_policy AS own CROSS JOIN main.jwt_policy AS common
    WHERE own.client = COALESCE((SELECT client FROM main.jwt_policy WHERE client = :client), '') AND common.client = ''
    LIMIT 1 OFFSET 0),
token AS (
    SELECT policy.*, known.kid, jwt_claims(
        :token,
        COALESCE((SELECT given.jwk FROM jwk_each(:refresh_key) AS given WHERE given.kid = known.kid), known.jwk),
        json_object('typ', 'rt+jwt', 'require', json('["exp","iat"]'), 'leeway', leeway, 'now', now)) AS claims
    FROM policy CROSS JOIN main.jwt_key AS known
    WHERE known.kid = json_extract(jwt_header(:token), '$.kid') AND known.use = 'refresh'
        AND known.state <> 'revoked' AND COALESCE(known.drop_at > now, 1)
    LIMIT 1 OFFSET 0),  -- with an OFFSET SQLite computes the row, and so verifies the signature, once
found AS (
    SELECT token.*, session.sid, session.gen - json_extract(token.claims, '$.gen') AS behind,
        session.rotated_at, session.grace_used, session.refresh_exp, session.abs_exp
    FROM token CROSS JOIN main.jwt_session AS session
    WHERE session.sid = json_extract(token.claims, '$.sid') AND session.salt = json_extract(token.claims, '$.salt')
        AND session.client = json_extract(token.claims, '$.client') AND session.client = COALESCE(:client, '')
        AND session.cnf_jkt IS :jkt AND session.revoked_at IS NULL AND session.idle_exp > now
        AND NOT EXISTS (
            SELECT 1 FROM main.jwt_revoked
            WHERE header_kid = token.kid AND claims = json_object(
                'iss', session.iss, 'sub', session.sub, 'aud', session.aud, 'client_id', session.client,
                'sid', session.sid, 'iat', session.created_at))),
step AS MATERIALIZED (
    SELECT sid, now, iss, aud, access_ttl, rotate, MIN(now + idle_ttl, abs_exp) AS next_exp,
        CASE
            WHEN behind = 0 AND rotate = 0 AND refresh_exp = abs_exp THEN 'kept'
            WHEN behind = 0 THEN 'rotated'
            WHEN behind = 1 AND now < rotated_at + grace AND grace_used < grace_max THEN 'replayed'
            ELSE 'reuse'
        END AS outcome,
        (SELECT kid FROM main.jwt_key WHERE use = 'access' AND state = 'active') AS next_access_kid,
        (SELECT kid FROM main.jwt_key WHERE use = 'refresh' AND state = 'active') AS next_refresh_kid
    FROM found
    WHERE behind >= 0)
UPDATE main.jwt_session SET
    outcome = step.outcome,
    used_at = step.now,
    gen = gen + (step.outcome = 'rotated'),
    rotated_at = CASE step.outcome WHEN 'rotated' THEN step.now ELSE rotated_at END,
    grace_used = CASE step.outcome WHEN 'rotated' THEN 0 WHEN 'replayed' THEN grace_used + 1 ELSE grace_used END,
    idle_exp = CASE WHEN step.outcome IN ('rotated', 'kept') THEN next_exp ELSE idle_exp END,
    refresh_exp = CASE WHEN step.outcome <> 'rotated' THEN refresh_exp WHEN rotate THEN next_exp ELSE abs_exp END,
    refresh_kid = CASE step.outcome WHEN 'rotated' THEN next_refresh_kid ELSE refresh_kid END,
    access_kid = CASE step.outcome WHEN 'reuse' THEN access_kid ELSE next_access_kid END,
    access_exp = MIN(step.now + access_ttl,
        CASE WHEN step.outcome IN ('rotated', 'kept') THEN next_exp ELSE idle_exp END),
    iss = step.iss,
    aud = step.aud,
    revoked_at = CASE step.outcome WHEN 'reuse' THEN step.now END,
    revoked_why = CASE step.outcome WHEN 'reuse' THEN 'reuse' END,
    revoked_by = CASE step.outcome WHEN 'reuse' THEN 'policy' END
FROM step
WHERE jwt_session.sid = step.sid AND NOT (step.outcome = 'replayed' AND EXISTS (
    SELECT 1 FROM main.jwt_key AS used WHERE used.kid = jwt_session.refresh_kid AND used.state = 'revoked'))
-- typeof() below, for IS NULL in RETURNING is always false in SQLite 3.40 where the first column is NOT NULL.
RETURNING outcome, sid, sub,
    CASE WHEN outcome <> 'reuse' THEN jwt_sign(
        json_patch(COALESCE(claims, '{}'), json_object(
            'iss', iss, 'sub', sub, 'aud', aud, 'client_id', client, 'sid', sid, 'iat', used_at,
            'exp', access_exp, 'jti', jwt_random(), 'scope', scope,
            'cnf', json(CASE typeof(cnf_jkt) WHEN 'text' THEN json_object('jkt', cnf_jkt) END))),
        COALESCE(
            (SELECT given.jwk FROM jwk_each(:signing_key) AS given WHERE given.kid = access_kid),
            (SELECT stored.jwk FROM main.jwt_key AS stored WHERE stored.kid = access_kid)),
        '{"typ":"at+jwt"}') END AS access_token,
    CASE WHEN outcome <> 'reuse' THEN jwt_sign(
        json_object('sid', sid, 'gen', gen, 'salt', salt, 'client', client, 'iat', rotated_at, 'exp', refresh_exp),
        COALESCE(
            (SELECT given.jwk FROM jwk_each(:refresh_key) AS given WHERE given.kid = refresh_kid),
            (SELECT stored.jwk FROM main.jwt_key AS stored WHERE stored.kid = refresh_kid)),
        '{"typ":"rt+jwt"}') END AS refresh_token,
    CASE typeof(cnf_jkt) WHEN 'text' THEN 'DPoP' ELSE 'Bearer' END AS token_type,
    CASE WHEN outcome <> 'reuse' THEN access_exp - used_at END AS expires_in,
    CASE WHEN outcome <> 'reuse' THEN refresh_exp END AS refresh_exp, scope;
