-- login_prepare: what a login would write, and what its two tokens say. A read, so nothing of it is in a log.
--
-- The application signs access_claims with the key access_kid, type at+jwt, and refresh_claims with refresh_kid, type
-- rt+jwt; runs login_commit with the row that it got; and hands the tokens out when that is acknowledged.
--
-- Parameters
--   :sub           TEXT     who logged in
--   :client        TEXT     the client; NULL is ''
--   :scope         TEXT     what the tokens grant; NULL: no such claim
--   :claims        TEXT     JSON object of further claims for access tokens; NULL: none
--   :jkt           TEXT     thumbprint of the client's key; NULL: none
--   :sid           TEXT     128 random bits or more, in base64url, made by the application
--   :salt          TEXT     likewise
--   :jti           TEXT     likewise
--   :now           INTEGER  seconds since 1970
-- Result: one row; no row where there is no active key
--   sid, sub, client, iss, aud, scope, claims, salt, now, access_exp, refresh_exp, idle_exp, abs_exp, access_kid,
--   refresh_kid, jkt        parameters of login_commit
--   access_claims  TEXT     payload of the access token, JSON
--   refresh_claims TEXT     payload of the refresh token, JSON
-- Transaction: reads. Level weak: the leader knows the policy and the keys.
WITH
policy AS (
    SELECT :now AS now, COALESCE(:client, '') AS client, own.access_ttl, own.idle_ttl, own.abs_ttl, own.rotate,
        COALESCE(own.iss, common.iss) AS iss, COALESCE(own.aud, common.aud) AS aud,
        (SELECT kid FROM main.jwt_key WHERE use = 'access' AND state = 'active') AS access_kid,
        (SELECT kid FROM main.jwt_key WHERE use = 'refresh' AND state = 'active') AS refresh_kid
    FROM main.jwt_policy AS own CROSS JOIN main.jwt_policy AS common
    WHERE own.client = COALESCE((SELECT client FROM main.jwt_policy WHERE client = :client), '') AND common.client = ''),
session AS (
    SELECT :sid AS sid, :sub AS sub, client, iss, aud, :scope AS scope, :claims AS claims, :salt AS salt, now,
        now + MIN(access_ttl, idle_ttl, abs_ttl) AS access_exp,
        now + CASE rotate WHEN 1 THEN MIN(idle_ttl, abs_ttl) ELSE abs_ttl END AS refresh_exp,
        now + MIN(idle_ttl, abs_ttl) AS idle_exp, now + abs_ttl AS abs_exp, access_kid, refresh_kid, :jkt AS jkt
    FROM policy)
SELECT session.*,
    json_patch(COALESCE(claims, '{}'), json_object(
        'iss', iss, 'sub', sub, 'aud', aud, 'client_id', client, 'sid', sid, 'iat', now, 'exp', access_exp,
        'jti', :jti, 'scope', scope,
        'cnf', json(CASE WHEN jkt IS NOT NULL THEN json_object('jkt', jkt) END))) AS access_claims,
    json_object('sid', sid, 'gen', 0, 'salt', salt, 'client', client, 'iat', now, 'exp', refresh_exp) AS refresh_claims
FROM session
WHERE access_kid IS NOT NULL AND refresh_kid IS NOT NULL;
