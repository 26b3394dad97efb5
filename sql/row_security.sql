-- row_security: each caller sees and changes their own rows, by the claims of a verified token.
--
-- A recipe. The first half is of use as it stands: the connection's caller as a view. The second half shows how to
-- put an application's table behind it; replace `note` by tables of yours. All of it is TEMP, one copy a connection:
-- a view in the file could be changed by whoever writes the file, and would need trusted_schema.
--
-- For each request the application says who asks, and at its end that nobody does:
--     INSERT OR REPLACE INTO temp.jwt_request (only, token) VALUES (1, :token);
--     DELETE FROM temp.jwt_request;
-- From then on the views hold what this token opens: verified anew by each statement, its session alive, not
-- revoked. A forged, ended or missing token opens nothing; there is no default.
-- This guards against a forgotten WHERE in the application's own SQL. Other people's SQL can name `note` itself,
-- and an authorizer that allows `note` to the view by its name lets a common table expression of that name in, too:
-- run such SQL on a copy of the view's rows, in a database of its own.

-- ---------------------------------------------------------------- the caller

CREATE TEMP TABLE IF NOT EXISTS jwt_request (
    only  INTEGER PRIMARY KEY CHECK (only = 1),
    token TEXT,
    now   INTEGER                   -- seconds since 1970; NULL is the clock
) STRICT;

-- One row (sub, sid, client, scope, exp, claims), or none. What it asks is what statement authenticate asks.
CREATE TEMP VIEW IF NOT EXISTS jwt_caller AS
WITH
policy AS MATERIALIZED (
    SELECT request.token, CAST(COALESCE(request.now, strftime('%s', 'now')) AS INTEGER) AS now, iss, aud, leeway
    FROM temp.jwt_request AS request, main.jwt_policy WHERE client = ''),
verified AS MATERIALIZED (
    SELECT policy.now, token.kid, token.sub, token.exp, token.payload, json_extract(token.payload, '$.sid') AS sid
    FROM policy, jwt_decode(
        policy.token,
        (SELECT known.jwk FROM main.jwt_key AS known
         WHERE known.kid = json_extract(jwt_header(policy.token), '$.kid') AND known.use = 'access'
             AND known.state <> 'revoked' AND COALESCE(known.drop_at > policy.now, 1)),
        json_object('profile', 'at+jwt', 'iss', policy.iss, 'aud', policy.aud, 'leeway', policy.leeway,
            'now', policy.now)) AS token
    WHERE token.status = 'ok')
SELECT verified.sub, verified.sid, json_extract(payload, '$.client_id') AS client,
    json_extract(payload, '$.scope') AS scope, verified.exp, payload AS claims
FROM verified JOIN main.jwt_session AS session ON session.sid = verified.sid
WHERE session.revoked_at IS NULL AND session.idle_exp > verified.now
    AND NOT EXISTS (
        SELECT 1 FROM main.jwt_revoked WHERE claims = verified.payload AND header_kid = verified.kid);

-- ---------------------------------------------------------------- an example: note(id, owner, body)

-- Reading needs a scope.
CREATE TEMP VIEW IF NOT EXISTS my_note AS
SELECT note.id, note.owner, note.body
FROM jwt_caller AS caller JOIN main.note AS note ON note.owner = caller.sub
WHERE jwt_scope(caller.scope, 'notes:read');

-- A role is a scope: whoever was granted notes:admin sees everybody's.
CREATE TEMP VIEW IF NOT EXISTS every_note AS
SELECT note.id, note.owner, note.body
FROM jwt_caller AS caller JOIN main.note AS note
WHERE jwt_scope(caller.scope, 'notes:admin');

-- Writing does, too. A row belongs to who made it, whatever the statement says.
-- Where your table has UNIQUE columns, ask for each before writing, as the lines about `slug` do: the conflict clause of
-- the caller's statement (INSERT OR REPLACE INTO my_note) counts in here as well, and would delete somebody else's row.
CREATE TEMP TRIGGER IF NOT EXISTS my_note_insert INSTEAD OF INSERT ON my_note
BEGIN
    SELECT RAISE(ABORT, 'my_note: the caller may not write notes')
    WHERE NOT EXISTS (SELECT 1 FROM jwt_caller WHERE jwt_scope(scope, 'notes:write'));
    -- SELECT RAISE(ABORT, 'my_note: slug is taken') WHERE EXISTS (SELECT 1 FROM main.note WHERE slug = NEW.slug);
    INSERT INTO note (owner, body) SELECT sub, NEW.body FROM jwt_caller;
END;

-- UPDATE and DELETE find their rows through the view, so these are the caller's.
CREATE TEMP TRIGGER IF NOT EXISTS my_note_update INSTEAD OF UPDATE ON my_note
BEGIN
    SELECT RAISE(ABORT, 'my_note: the caller may not write notes')
    WHERE NOT EXISTS (SELECT 1 FROM jwt_caller WHERE jwt_scope(scope, 'notes:write'));
    -- SELECT RAISE(ABORT, 'my_note: slug is taken')
    -- WHERE EXISTS (SELECT 1 FROM main.note WHERE slug = NEW.slug AND id <> OLD.id);
    UPDATE note SET body = NEW.body WHERE id = OLD.id;
END;

CREATE TEMP TRIGGER IF NOT EXISTS my_note_delete INSTEAD OF DELETE ON my_note
BEGIN
    SELECT RAISE(ABORT, 'my_note: the caller may not write notes')
    WHERE NOT EXISTS (SELECT 1 FROM jwt_caller WHERE jwt_scope(scope, 'notes:write'));
    DELETE FROM note WHERE id = OLD.id;
END;
