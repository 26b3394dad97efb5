-- logout: end one session.
--
-- The sid comes from a verified access token, or from a row of statement sessions that its owner chose.
-- The session's access tokens are dead for authenticate at once, its refresh tokens for ever.
--
-- Parameters
--   :sid           TEXT     the session
--   :sub           TEXT     whose it must be, so that nobody ends a session of others
--   :reason        TEXT     for the audit; NULL is 'logout'
--   :actor         TEXT     user, admin, policy or system; NULL is 'user'
--   :now           INTEGER  seconds since 1970; NULL is the clock
-- Result: one row; no row where there is no such session, or it has been ended before
--   sid            TEXT     the session
-- Transaction: writes.
UPDATE main.jwt_session SET
    revoked_at = CAST(COALESCE(:now, strftime('%s', 'now')) AS INTEGER),
    revoked_why = COALESCE(:reason, 'logout'),
    revoked_by = COALESCE(:actor, 'user')
WHERE sid = :sid AND sub = :sub AND revoked_at IS NULL
RETURNING sid;
