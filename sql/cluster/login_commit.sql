-- login_commit: begins the session that login_prepare worked out.
--
-- Parameters: the columns of login_prepare's row, by their names; and
--   :idp_iss       TEXT     issuer of the ID token that this login came from; NULL: none. With its :idp_sub and :idp_sid
--   :ip            TEXT     for the list of devices
--   :user_agent    TEXT     for the list of devices
-- Result: none. One row is written where the login counts; no row where jwt_revoked refuses
-- Transaction: writes. The tokens count when it is acknowledged.
INSERT INTO main.jwt_session (
    sid, sub, client, iss, aud, scope, claims, salt, created_at, rotated_at, used_at, access_exp,
    refresh_exp, idle_exp, abs_exp, access_kid, refresh_kid, cnf_jkt, idp_iss, idp_sub, idp_sid, ip, user_agent)
SELECT :sid, :sub, :client, :iss, :aud, :scope, :claims, :salt, :now, :now, :now, :access_exp,
    :refresh_exp, :idle_exp, :abs_exp, :access_kid, :refresh_kid, :jkt, :idp_iss, :idp_sub, :idp_sid, :ip, :user_agent
WHERE NOT EXISTS (
    SELECT 1 FROM main.jwt_revoked
    WHERE header_kid = :access_kid AND claims = json_object('iss', :iss, 'sub', :sub,
        'aud', :aud, 'client_id', :client, 'sid', :sid, 'iat', :now));
