-- logout_everywhere: end all sessions of a subject, or all but one.
--
-- For "log out my other devices", a changed password, a locked account. What counts is which sessions there
-- are when this is committed, not when they began: a login of the same second is ended too if it came first,
-- and lives if it came later. To keep a subject from logging in again see jwt_revoked.
--
-- Parameters
--   :sub           TEXT     whose sessions
--   :keep_sid      TEXT     the one that goes on; NULL: none
--   :client        TEXT     only those of this client; NULL: of all
--   :reason        TEXT     for the audit, such as 'password changed'; NULL is 'logout everywhere'
--   :actor         TEXT     user, admin, policy or system; NULL is 'user'
--   :now           INTEGER  seconds since 1970; NULL is the clock
-- Result: rows, one for each session that it ended
--   sid            TEXT     the session
-- Transaction: writes.
UPDATE main.jwt_session SET
    revoked_at = CAST(COALESCE(:now, strftime('%s', 'now')) AS INTEGER),
    revoked_why = COALESCE(:reason, 'logout everywhere'),
    revoked_by = COALESCE(:actor, 'user')
WHERE sub = :sub AND client = COALESCE(:client, client) AND revoked_at IS NULL AND sid IS NOT :keep_sid
RETURNING sid;
