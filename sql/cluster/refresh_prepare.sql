-- refresh_prepare: what refreshing with this token would do and write, and what the tokens say. A read: neither token nor
-- key is in a log.
--
-- outcome is as in sql/refresh.sql: rotated, kept, replayed, reuse. The application signs both payloads (none for reuse),
-- runs refresh_commit with the row that it got, and hands the tokens out when that is acknowledged and has written a row.
-- Where it has written none, somebody else was quicker: prepare again. Where the answer was lost: likewise.
-- Reuse is committed, too: it ends the session.
--
-- Parameters
--   :token         TEXT     the refresh token as the client sent it
--   :client        TEXT     the client that presents it; NULL is ''
--   :jkt           TEXT     thumbprint of the key that the client has proved to have; NULL: none
--   :jti           TEXT     128 random bits or more, in base64url, for the access token
--   :now           INTEGER  seconds since 1970
-- Result: one row; no row means invalid_grant
--   sid, outcome, seen_gen, seen_grace, now, gen, rotated_at, grace_used, idle_exp, refresh_exp, refresh_kid,
--   access_kid, access_exp, iss, aud        parameters of refresh_commit
--   sub            TEXT     whose session it is
--   access_claims  TEXT     payload of the access token, JSON; NULL for reuse
--   refresh_claims TEXT     payload of the refresh token, JSON; NULL for reuse
-- Transaction: reads. Level weak: a node that is behind may not know the session's generation.
WITH
policy AS (
    SELECT :now AS now, own.access_ttl, own.idle_ttl, own.grace, own.grace_max, own.rotate, own.leeway,
        COALESCE(own.iss, common.iss) AS iss, COALESCE(own.aud, common.aud) AS aud
    FROM main.jwt_policy AS own CROSS JOIN main.jwt_policy AS common
    WHERE own.client = COALESCE((SELECT client FROM main.jwt_policy WHERE client = :client), '') AND common.client = ''
    LIMIT 1 OFFSET 0),
token AS (
    SELECT policy.*, known.kid, jwt_claims(:token, known.jwk,
        json_object('typ', 'rt+jwt', 'require', json('["exp","iat"]'), 'leeway', leeway, 'now', now)) AS presented
    FROM policy CROSS JOIN main.jwt_key AS known
    WHERE known.kid = json_extract(jwt_header(:token), '$.kid') AND known.use = 'refresh'
        AND known.state <> 'revoked' AND COALESCE(known.drop_at > now, 1)
    LIMIT 1 OFFSET 0),  -- with an OFFSET SQLite computes the row, and so verifies the signature, once
found AS (
    SELECT token.now, token.iss, token.aud, token.access_ttl, token.rotate, token.grace, token.grace_max,
        session.gen - json_extract(token.presented, '$.gen') AS behind, MIN(token.now + token.idle_ttl, session.abs_exp) AS next_exp,
        session.sid, session.sub, session.client, session.scope, session.claims, session.salt, session.gen AS seen_gen,
        session.grace_used AS seen_grace, session.rotated_at, session.refresh_exp, session.idle_exp, session.abs_exp,
        session.cnf_jkt, session.access_kid, session.refresh_kid,
        (SELECT state FROM main.jwt_key WHERE kid = session.refresh_kid) AS refresh_state,
        (SELECT kid FROM main.jwt_key WHERE use = 'access' AND state = 'active') AS next_access_kid,
        (SELECT kid FROM main.jwt_key WHERE use = 'refresh' AND state = 'active') AS next_refresh_kid
    FROM token CROSS JOIN main.jwt_session AS session
    WHERE session.sid = json_extract(token.presented, '$.sid') AND session.salt = json_extract(token.presented, '$.salt')
        AND session.client = json_extract(token.presented, '$.client') AND session.client = COALESCE(:client, '')
        AND session.cnf_jkt IS :jkt AND session.revoked_at IS NULL AND session.idle_exp > token.now
        AND NOT EXISTS (
            SELECT 1 FROM main.jwt_revoked
            WHERE header_kid = token.kid AND claims = json_object(
                'iss', session.iss, 'sub', session.sub, 'aud', session.aud, 'client_id', session.client,
                'sid', session.sid, 'iat', session.created_at))),
step AS (
    SELECT found.*, CASE
            WHEN behind = 0 AND rotate = 0 AND refresh_exp = abs_exp THEN 'kept'
            WHEN behind = 0 THEN 'rotated'
            WHEN behind = 1 AND now < rotated_at + grace AND seen_grace < grace_max THEN 'replayed'
            ELSE 'reuse'
        END AS outcome
    FROM found
    WHERE behind >= 0),
next AS (
    SELECT sid, outcome, seen_gen, seen_grace, now,
        seen_gen + (outcome = 'rotated') AS gen,
        CASE outcome WHEN 'rotated' THEN now ELSE rotated_at END AS rotated_at,
        CASE outcome WHEN 'rotated' THEN 0 WHEN 'replayed' THEN seen_grace + 1 ELSE seen_grace END AS grace_used,
        CASE WHEN outcome IN ('rotated', 'kept') THEN next_exp ELSE idle_exp END AS idle_exp,
        CASE WHEN outcome <> 'rotated' THEN refresh_exp WHEN rotate THEN next_exp ELSE abs_exp END AS refresh_exp,
        CASE outcome WHEN 'rotated' THEN next_refresh_kid ELSE refresh_kid END AS refresh_kid,
        CASE outcome WHEN 'reuse' THEN access_kid ELSE next_access_kid END AS access_kid,
        MIN(now + access_ttl, CASE WHEN outcome IN ('rotated', 'kept') THEN next_exp ELSE idle_exp END) AS access_exp,
        iss, aud, sub, client, scope, claims, salt, cnf_jkt
    FROM step
    WHERE NOT (outcome = 'replayed' AND refresh_state IS 'revoked'))
SELECT sid, outcome, seen_gen, seen_grace, now, gen, rotated_at, grace_used, idle_exp, refresh_exp, refresh_kid, access_kid,
    access_exp, iss, aud, sub,
    CASE WHEN outcome <> 'reuse' THEN json_patch(COALESCE(claims, '{}'), json_object(
        'iss', iss, 'sub', sub, 'aud', aud, 'client_id', client, 'sid', sid, 'iat', now, 'exp', access_exp,
        'jti', :jti, 'scope', scope,
        'cnf', json(CASE WHEN cnf_jkt IS NOT NULL THEN json_object('jkt', cnf_jkt) END))) END AS access_claims,
    CASE WHEN outcome <> 'reuse' THEN json_object(
        'sid', sid, 'gen', gen, 'salt', salt, 'client', client, 'iat', rotated_at, 'exp', refresh_exp) END AS refresh_claims
FROM next;
