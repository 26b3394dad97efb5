-- sessions: the devices on which somebody is logged in.
--
-- Parameters
--   :sub           TEXT     whose sessions
--   :sid           TEXT     the session that asks, to mark it; NULL: none
--   :now           INTEGER  seconds since 1970; NULL is the clock
-- Result: rows, the one used last first
--   sid            TEXT     the session, as logout takes it
--   client         TEXT     the client
--   scope          TEXT     what it grants
--   ip             TEXT     as given at login
--   user_agent     TEXT     as given at login
--   created_at     INTEGER  when it began, seconds since 1970
--   used_at        INTEGER  when it was refreshed last
--   idle_exp       INTEGER  when it ends unless it is refreshed
--   abs_exp        INTEGER  when it ends in any case
--   current        INTEGER  1 for :sid, else 0
-- Transaction: reads.
SELECT sid, client, scope, ip, user_agent, created_at, used_at, idle_exp, abs_exp, sid IS :sid AS current
FROM main.jwt_session
WHERE sub = :sub AND revoked_at IS NULL
    AND idle_exp > CAST(COALESCE(:now, strftime('%s', 'now')) AS INTEGER)
ORDER BY used_at DESC, created_at DESC, sid;
