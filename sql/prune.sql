-- prune: delete what is over, a bounded number of rows of each table.
--
-- Sessions that were ended, or not used in time; old events; used-up logout tokens; keys past their drop_at. Call it
-- now and then, with every hundredth login or from a timer: nothing depends on it but the size of the file.
-- jwt_revoked prunes itself.
--
-- Parameters
--   :rows          INTEGER  at most so many of each table; NULL is 1000
--   :keep_sessions INTEGER  seconds for which a session that is over stays; NULL is 0
--   :keep_events   INTEGER  seconds for which an event stays; NULL is 31536000, a year
--   :now           INTEGER  seconds since 1970; NULL is the clock
-- Result: none
-- Transaction: writes.
INSERT INTO main.jwt_prune (now, rows, keep_sessions, keep_events)
VALUES (CAST(COALESCE(:now, strftime('%s', 'now')) AS INTEGER), MAX(COALESCE(:rows, 1000), 0),
    MAX(COALESCE(:keep_sessions, 0), 0), MAX(COALESCE(:keep_events, 31536000), 0));
