-- refresh_commit: writes what refresh_prepare worked out, if the session is still as it was then.
--
-- Parameters: the columns of refresh_prepare's row, by their names
-- Result: none. One row is written where it counts; no row where the session has moved on, or is over: prepare again
-- Transaction: writes. The tokens count when it is acknowledged.
UPDATE main.jwt_session SET
    outcome = :outcome, used_at = :now, gen = :gen, rotated_at = :rotated_at, grace_used = :grace_used,
    idle_exp = :idle_exp, refresh_exp = :refresh_exp, refresh_kid = :refresh_kid, access_kid = :access_kid,
    access_exp = :access_exp, iss = :iss, aud = :aud,
    revoked_at = CASE :outcome WHEN 'reuse' THEN :now END,
    revoked_why = CASE :outcome WHEN 'reuse' THEN 'reuse' END,
    revoked_by = CASE :outcome WHEN 'reuse' THEN 'policy' END
WHERE sid = :sid AND gen = :seen_gen AND grace_used = :seen_grace AND revoked_at IS NULL AND jwt_session.idle_exp > :now
    AND EXISTS (SELECT 1 FROM main.jwt_key WHERE kid = :refresh_kid AND (state <> 'revoked' OR :outcome = 'reuse'))
    AND NOT EXISTS (
        SELECT 1 FROM main.jwt_revoked
        WHERE header_kid = :refresh_kid AND claims = json_object('iss', jwt_session.iss, 'sub', jwt_session.sub,
            'aud', jwt_session.aud, 'client_id', jwt_session.client, 'sid', jwt_session.sid, 'iat', jwt_session.created_at));
