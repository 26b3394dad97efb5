-- token_store: the tables, triggers and views of access and refresh tokens.
--
--   sqlite3 -bail app.db -cmd '.load ./jwt_ext' '.read sql/token_store.sql'
--
-- Installs in one transaction, next to the tables that an application has, and may be run again: what is
-- there stays as it is. It raises on a store of another version; the files of sql/migrations lead from one
-- version to the next. For a store in an attached database replace `main.jwt_` by `name.jwt_` here and in
-- each statement. Inside a transaction of yours leave out the first and the last statement.
--
-- What a token is, who may do what, and what the caller must do stands in docs/token-store.md.
-- All times are seconds since 1970. No trigger reads the clock: each takes its time from the row.

BEGIN IMMEDIATE;

-- ---------------------------------------------------------------- version

CREATE TABLE IF NOT EXISTS main.jwt_store_meta (
    only    INTEGER PRIMARY KEY CHECK (only = 1),
    version INTEGER NOT NULL,
    pruning INTEGER NOT NULL DEFAULT 0 CHECK (pruning IN (0, 1))    -- 1 while jwt_prune deletes
) STRICT;

CREATE TRIGGER IF NOT EXISTS main.jwt_store_meta_version BEFORE INSERT ON jwt_store_meta
WHEN EXISTS (SELECT 1 FROM jwt_store_meta WHERE version <> NEW.version)
BEGIN
    SELECT RAISE(ABORT, 'token_store.sql is of another version than the store in this file');
END;

INSERT OR IGNORE INTO main.jwt_store_meta (only, version) VALUES (1, 1);

-- ---------------------------------------------------------------- policy

-- How long things last, by client. The row '' is for clients that have none of their own.
CREATE TABLE IF NOT EXISTS main.jwt_policy (
    client       TEXT PRIMARY KEY NOT NULL,
    access_ttl   INTEGER NOT NULL DEFAULT 600     CHECK (access_ttl > 0),
    idle_ttl     INTEGER NOT NULL DEFAULT 1209600 CHECK (idle_ttl > 0),     -- a session's end after its last refresh
    abs_ttl      INTEGER NOT NULL DEFAULT 7776000 CHECK (abs_ttl > 0),      -- and after its login, in any case
    grace        INTEGER NOT NULL DEFAULT 30      CHECK (grace >= 0),       -- a lost answer can be had again so long
    grace_max    INTEGER NOT NULL DEFAULT 20      CHECK (grace_max >= 0),   -- and so often
    rotate       INTEGER NOT NULL DEFAULT 1       CHECK (rotate IN (0, 1)),
    on_reuse     TEXT    NOT NULL DEFAULT 'session' CHECK (on_reuse IN ('session', 'subject')),
    max_sessions INTEGER CHECK (max_sessions > 0),                          -- of one subject; NULL: no limit
    leeway       INTEGER NOT NULL DEFAULT 0       CHECK (leeway BETWEEN 0 AND 600),
    iss          TEXT CHECK (iss <> ''),                                    -- NULL: as the row '' has
    aud          TEXT CHECK (aud <> ''),
    options      TEXT GENERATED ALWAYS AS (                                 -- what verifying an access token asks for
        json_object('profile', 'at+jwt', 'iss', iss, 'aud', aud, 'leeway', leeway)) STORED,
    CONSTRAINT "the default policy needs iss and aud" CHECK (
        client <> '' OR (iss IS NOT NULL AND aud IS NOT NULL))
) STRICT, WITHOUT ROWID;

INSERT INTO main.jwt_policy (client, iss, aud) SELECT '', 'app', 'app'
WHERE NOT EXISTS (SELECT 1 FROM main.jwt_policy WHERE client = '');

CREATE TRIGGER IF NOT EXISTS main.jwt_policy_default_stays BEFORE DELETE ON jwt_policy WHEN OLD.client = ''
BEGIN
    SELECT RAISE(ABORT, 'the default policy cannot be deleted');
END;

CREATE TRIGGER IF NOT EXISTS main.jwt_policy_client_stays BEFORE UPDATE OF client ON jwt_policy
WHEN NEW.client <> OLD.client
BEGIN
    SELECT RAISE(ABORT, 'a policy keeps its client: insert another one');
END;

-- ---------------------------------------------------------------- sessions

-- One row a login, for as long as that lives. The refresh token of the current generation is signed anew from (sid,
-- gen, salt, client, rotated_at, refresh_exp) with the key refresh_kid whenever it is wanted, and stored nowhere.
CREATE TABLE IF NOT EXISTS main.jwt_session (
    sid         TEXT PRIMARY KEY NOT NULL CHECK (sid <> ''),
    sub         TEXT    NOT NULL CHECK (sub <> ''),
    client      TEXT    NOT NULL,
    iss         TEXT    NOT NULL,
    aud         TEXT    NOT NULL,
    scope       TEXT,
    claims      TEXT,                                   -- JSON: what access tokens hold beside the store's own claims
    salt        TEXT    NOT NULL,
    gen         INTEGER NOT NULL DEFAULT 0,             -- how often it was rotated
    created_at  INTEGER NOT NULL,
    rotated_at  INTEGER NOT NULL,                       -- when the current generation began
    used_at     INTEGER NOT NULL,                       -- when tokens were handed out last
    access_exp  INTEGER NOT NULL,                       -- of the access token handed out last
    refresh_exp INTEGER NOT NULL,                       -- of the current generation's refresh token
    idle_exp    INTEGER NOT NULL,
    abs_exp     INTEGER NOT NULL,
    grace_used  INTEGER NOT NULL DEFAULT 0,             -- how often the current generation was asked for again
    outcome     TEXT    NOT NULL DEFAULT 'login' CHECK (outcome IN ('login', 'rotated', 'replayed', 'kept', 'reuse')),
    access_kid  TEXT CONSTRAINT "there is no active access key: create_key makes one" CHECK (access_kid IS NOT NULL),
    refresh_kid TEXT CONSTRAINT "there is no active refresh key: create_key makes one" CHECK (refresh_kid IS NOT NULL),
    revoked_at  INTEGER,
    revoked_why TEXT,
    revoked_by  TEXT,                                   -- user, admin, policy or system
    cnf_jkt     TEXT,                                   -- thumbprint of the client's key, for sender-constrained tokens
    idp_iss     TEXT,                                   -- where the login came from, for back-channel logout
    idp_sub     TEXT,
    idp_sid     TEXT,
    ip          TEXT,
    user_agent  TEXT,
    ends_at     INTEGER GENERATED ALWAYS AS (MIN(idle_exp, COALESCE(revoked_at, idle_exp))) VIRTUAL,
    CONSTRAINT "idle_exp is not after abs_exp" CHECK (idle_exp <= abs_exp),
    CONSTRAINT "a revocation has a reason" CHECK (revoked_at IS NULL OR revoked_why IS NOT NULL),
    CONSTRAINT "claims is a JSON object" CHECK (
        claims IS NULL OR CASE WHEN json_valid(claims) THEN json_type(claims) = 'object' ELSE 0 END)
) STRICT, WITHOUT ROWID;

-- Who is alive, in few pages: a row has several times the size. Whose sessions; what pruning takes first; what another
-- issuer's logout means.
CREATE INDEX IF NOT EXISTS main.jwt_session_live ON jwt_session (sid, idle_exp, revoked_at) WHERE revoked_at IS NULL;
CREATE INDEX IF NOT EXISTS main.jwt_session_subject ON jwt_session (sub, client) WHERE revoked_at IS NULL;
CREATE INDEX IF NOT EXISTS main.jwt_session_end ON jwt_session (ends_at);
CREATE INDEX IF NOT EXISTS main.jwt_session_idp_sid ON jwt_session (idp_iss, idp_sid) WHERE idp_iss IS NOT NULL;
CREATE INDEX IF NOT EXISTS main.jwt_session_idp_sub ON jwt_session (idp_iss, idp_sub) WHERE idp_iss IS NOT NULL;

-- ---------------------------------------------------------------- audit

CREATE TABLE IF NOT EXISTS main.jwt_event (
    id     INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    kind   TEXT    NOT NULL,        -- login, revoked, key_created, key_activated, key_retired, key_revoked
    sub    TEXT,
    sid    TEXT,
    client TEXT,
    kid    TEXT,
    actor  TEXT,
    reason TEXT
) STRICT;

CREATE INDEX IF NOT EXISTS main.jwt_event_at ON jwt_event (at);
CREATE INDEX IF NOT EXISTS main.jwt_event_sub ON jwt_event (sub, at);

CREATE TRIGGER IF NOT EXISTS main.jwt_event_stays BEFORE UPDATE ON jwt_event
BEGIN
    SELECT RAISE(ABORT, 'jwt_event is append-only');
END;

-- A row that is there cannot be inserted again either: REPLACE would delete it without a DELETE trigger.
CREATE TRIGGER IF NOT EXISTS main.jwt_event_appends BEFORE INSERT ON jwt_event
WHEN EXISTS (SELECT 1 FROM jwt_event WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'jwt_event is append-only');
END;

CREATE TRIGGER IF NOT EXISTS main.jwt_event_pruned BEFORE DELETE ON jwt_event
WHEN NOT (SELECT pruning FROM jwt_store_meta)
BEGIN
    SELECT RAISE(ABORT, 'jwt_event is append-only: old events go by way of jwt_prune');
END;

-- ---------------------------------------------------------------- what holds for sessions

CREATE TRIGGER IF NOT EXISTS main.jwt_session_begins BEFORE INSERT ON jwt_session
WHEN EXISTS (SELECT 1 FROM jwt_session WHERE sid = NEW.sid)
BEGIN
    SELECT RAISE(ABORT, 'a session begins once: this sid is there');
END;

-- json_each reads names without their escapes: "s\u0075b" is sub.
CREATE TRIGGER IF NOT EXISTS main.jwt_session_claims BEFORE INSERT ON jwt_session WHEN NEW.claims IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'claims has one that the store writes: iss, sub, aud, client_id, sid, iat, exp, jti, scope, cnf')
    FROM json_each(CASE WHEN json_valid(NEW.claims) THEN NEW.claims ELSE '{}' END)
    WHERE key IN ('iss', 'sub', 'aud', 'client_id', 'sid', 'iat', 'exp', 'jti', 'scope', 'cnf');
END;

CREATE TRIGGER IF NOT EXISTS main.jwt_session_claims_change BEFORE UPDATE OF claims ON jwt_session
WHEN NEW.claims IS NOT NULL AND NEW.claims IS NOT OLD.claims
BEGIN
    SELECT RAISE(ABORT, 'claims has one that the store writes: iss, sub, aud, client_id, sid, iat, exp, jti, scope, cnf')
    FROM json_each(CASE WHEN json_valid(NEW.claims) THEN NEW.claims ELSE '{}' END)
    WHERE key IN ('iss', 'sub', 'aud', 'client_id', 'sid', 'iat', 'exp', 'jti', 'scope', 'cnf');
END;

CREATE TRIGGER IF NOT EXISTS main.jwt_session_keeps BEFORE UPDATE OF sid, sub, client, salt, created_at ON jwt_session
WHEN NEW.sid <> OLD.sid OR NEW.sub <> OLD.sub OR NEW.client <> OLD.client OR NEW.salt <> OLD.salt
    OR NEW.created_at <> OLD.created_at
BEGIN
    SELECT RAISE(ABORT, 'a session keeps its sid, sub, client, salt and created_at');
END;

CREATE TRIGGER IF NOT EXISTS main.jwt_session_goes_on BEFORE UPDATE OF gen, revoked_at ON jwt_session
WHEN NEW.gen < OLD.gen OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS NOT OLD.revoked_at)
BEGIN
    SELECT RAISE(ABORT, 'a session''s gen never falls, and a revoked session is never revived');
END;

CREATE TRIGGER IF NOT EXISTS main.jwt_session_login AFTER INSERT ON jwt_session
BEGIN
    INSERT INTO jwt_event (at, kind, sub, sid, client)
    VALUES (NEW.created_at, 'login', NEW.sub, NEW.sid, NEW.client);
END;

-- The oldest sessions make room, the new one never does.
CREATE TRIGGER IF NOT EXISTS main.jwt_session_evict AFTER INSERT ON jwt_session
WHEN (SELECT max_sessions FROM jwt_policy WHERE client IN (NEW.client, '') ORDER BY client DESC LIMIT 1) IS NOT NULL
BEGIN
    UPDATE jwt_session SET revoked_at = NEW.created_at, revoked_why = 'max_sessions', revoked_by = 'policy'
    WHERE sub = NEW.sub AND client = NEW.client AND revoked_at IS NULL AND sid <> NEW.sid AND sid NOT IN (
        SELECT sid FROM jwt_session
        WHERE sub = NEW.sub AND client = NEW.client AND revoked_at IS NULL AND sid <> NEW.sid
            AND idle_exp > NEW.created_at
        ORDER BY created_at DESC, sid
        LIMIT (SELECT max_sessions - 1 FROM jwt_policy WHERE client IN (NEW.client, '') ORDER BY client DESC LIMIT 1));
END;

CREATE TRIGGER IF NOT EXISTS main.jwt_session_revoked AFTER UPDATE OF revoked_at ON jwt_session
WHEN OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL
BEGIN
    INSERT INTO jwt_event (at, kind, sub, sid, client, actor, reason)
    VALUES (NEW.revoked_at, 'revoked', NEW.sub, NEW.sid, NEW.client, NEW.revoked_by, NEW.revoked_why);
END;

-- Policy on_reuse 'subject'. The sessions that it ends have another reason, so that it does not begin again.
CREATE TRIGGER IF NOT EXISTS main.jwt_session_reuse AFTER UPDATE OF revoked_at ON jwt_session
WHEN OLD.revoked_at IS NULL AND NEW.revoked_why = 'reuse' AND
    (SELECT on_reuse FROM jwt_policy WHERE client IN (NEW.client, '') ORDER BY client DESC LIMIT 1) = 'subject'
BEGIN
    UPDATE jwt_session SET revoked_at = NEW.revoked_at, revoked_why = 'reuse elsewhere', revoked_by = 'policy'
    WHERE sub = NEW.sub AND revoked_at IS NULL;
END;

-- ---------------------------------------------------------------- keys

-- standby: published, signs nothing yet. active: signs. retiring: verifies until drop_at. revoked: nothing.
CREATE TABLE IF NOT EXISTS main.jwt_key (
    kid          TEXT PRIMARY KEY NOT NULL CHECK (kid <> ''),
    use          TEXT    NOT NULL CHECK (use IN ('access', 'refresh')),
    alg          TEXT    NOT NULL,
    jwk          TEXT,                      -- the public key, NULL for a secret that is kept outside, or the private key
    state        TEXT    NOT NULL DEFAULT 'standby' CHECK (state IN ('standby', 'active', 'retiring', 'revoked')),
    created_at   INTEGER NOT NULL,
    activated_at INTEGER,
    retired_at   INTEGER,
    drop_at      INTEGER,                   -- it verifies nothing from then on
    CONSTRAINT "the same refresh token comes out twice only with HMAC, EdDSA and RSASSA-PKCS1-v1_5" CHECK (
        use = 'access' OR alg IN ('HS256', 'HS384', 'HS512', 'EdDSA', 'Ed25519', 'Ed448', 'RS256', 'RS384', 'RS512')),
    CONSTRAINT "an active key has activated_at and no drop_at" CHECK (
        state <> 'active' OR (activated_at IS NOT NULL AND drop_at IS NULL)),
    CONSTRAINT "a retiring key has retired_at and drop_at" CHECK (
        state <> 'retiring' OR (retired_at IS NOT NULL AND drop_at IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX IF NOT EXISTS main.jwt_key_active ON jwt_key (use) WHERE state = 'active';

CREATE TRIGGER IF NOT EXISTS main.jwt_key_stays_revoked BEFORE UPDATE ON jwt_key
WHEN OLD.state = 'revoked' AND NEW.state <> 'revoked' OR NEW.kid <> OLD.kid OR NEW.use <> OLD.use
BEGIN
    SELECT RAISE(ABORT, 'a key keeps its kid and use, and a revoked key stays revoked');
END;

CREATE TRIGGER IF NOT EXISTS main.jwt_key_begins BEFORE INSERT ON jwt_key
WHEN EXISTS (SELECT 1 FROM jwt_key WHERE kid = NEW.kid)
BEGIN
    SELECT RAISE(ABORT, 'a key of this kid is there');
END;

-- Before, not after: the unique index allows no moment with two active keys.
CREATE TRIGGER IF NOT EXISTS main.jwt_key_retires BEFORE UPDATE OF state ON jwt_key
WHEN NEW.state = 'active' AND OLD.state <> 'active'
BEGIN
    UPDATE jwt_key SET state = 'retiring', retired_at = NEW.activated_at, drop_at = NEW.activated_at + (
        SELECT MAX(CASE NEW.use WHEN 'access' THEN access_ttl ELSE abs_ttl END) + MAX(leeway) FROM jwt_policy)
    WHERE use = NEW.use AND state = 'active';
END;

-- An emergency leaves no gap where a standby is at hand.
CREATE TRIGGER IF NOT EXISTS main.jwt_key_replaced AFTER UPDATE OF state ON jwt_key
WHEN OLD.state = 'active' AND NEW.state = 'revoked'
BEGIN
    UPDATE jwt_key SET state = 'active', activated_at = NEW.retired_at
    WHERE kid = (SELECT kid FROM jwt_key WHERE use = NEW.use AND state = 'standby' ORDER BY created_at, kid LIMIT 1);
END;

CREATE TRIGGER IF NOT EXISTS main.jwt_key_created AFTER INSERT ON jwt_key
BEGIN
    INSERT INTO jwt_event (at, kind, kid, reason)
    VALUES (NEW.created_at, 'key_created', NEW.kid, NEW.use || ' ' || NEW.alg);
END;

CREATE TRIGGER IF NOT EXISTS main.jwt_key_changed AFTER UPDATE OF state ON jwt_key WHEN NEW.state <> OLD.state
BEGIN
    INSERT INTO jwt_event (at, kind, kid) VALUES (
        CASE NEW.state WHEN 'active' THEN NEW.activated_at ELSE COALESCE(NEW.retired_at, NEW.created_at) END,
        'key_' || CASE NEW.state WHEN 'active' THEN 'activated' WHEN 'retiring' THEN 'retired' ELSE NEW.state END,
        NEW.kid);
END;

-- ---------------------------------------------------------------- what may be used once

-- Tokens of others that count once: logout tokens, client assertions. With idp_sub or idp_sid it is a logout.
CREATE TABLE IF NOT EXISTS main.jwt_once (
    iss        TEXT    NOT NULL,
    jti        TEXT    NOT NULL,
    expires_at INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    idp_sub    TEXT,
    idp_sid    TEXT,
    PRIMARY KEY (iss, jti)
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS main.jwt_once_end ON jwt_once (expires_at);

-- OpenID Connect Back-Channel Logout 1.0 section 2.4: with a sid that one session, else all of the sub.
CREATE TRIGGER IF NOT EXISTS main.jwt_once_sid AFTER INSERT ON jwt_once WHEN NEW.idp_sid IS NOT NULL
BEGIN
    UPDATE jwt_session SET revoked_at = NEW.at, revoked_why = 'backchannel logout', revoked_by = 'system'
    WHERE idp_iss = NEW.iss AND idp_sid = NEW.idp_sid AND revoked_at IS NULL
        AND COALESCE(idp_sub = NEW.idp_sub, 1);
END;

CREATE TRIGGER IF NOT EXISTS main.jwt_once_sub AFTER INSERT ON jwt_once
WHEN NEW.idp_sid IS NULL AND NEW.idp_sub IS NOT NULL
BEGIN
    UPDATE jwt_session SET revoked_at = NEW.at, revoked_why = 'backchannel logout', revoked_by = 'system'
    WHERE idp_iss = NEW.iss AND idp_sub = NEW.idp_sub AND revoked_at IS NULL;
END;

-- ---------------------------------------------------------------- revocation rules

-- docs/revocation.md. No view and no trigger of this file names it: the file stays usable without the extension.
CREATE VIRTUAL TABLE IF NOT EXISTS main.jwt_revoked USING jwt_revocation();

-- ---------------------------------------------------------------- views

CREATE VIEW IF NOT EXISTS main.jwt_sessions_live AS
SELECT sid, sub, client, scope, created_at, used_at, idle_exp, abs_exp, ip, user_agent
FROM jwt_session
WHERE revoked_at IS NULL AND idle_exp > CAST(strftime('%s', 'now') AS INTEGER);

-- Public keys to serve: also those that will sign soon, so that everybody has them by then.
CREATE VIEW IF NOT EXISTS main.jwt_jwks AS
SELECT kid, alg, state, jwk_public(jwk) AS jwk
FROM jwt_key
WHERE use = 'access' AND state <> 'revoked' AND alg NOT LIKE 'HS%'
    AND COALESCE(drop_at > CAST(strftime('%s', 'now') AS INTEGER), 1);

CREATE VIEW IF NOT EXISTS main.jwt_audit AS
SELECT id, datetime(at, 'unixepoch') AS utc, kind, sub, client, actor, reason, sid, kid
FROM jwt_event;

-- The door for deleting what is over. sql/prune.sql is how to use it.
CREATE VIEW IF NOT EXISTS main.jwt_prune AS
SELECT NULL AS now, NULL AS rows, NULL AS keep_sessions, NULL AS keep_events WHERE 0;

CREATE TRIGGER IF NOT EXISTS main.jwt_prune_deletes INSTEAD OF INSERT ON jwt_prune
BEGIN
    UPDATE jwt_store_meta SET pruning = 1;
    DELETE FROM jwt_session WHERE sid IN (
        SELECT sid FROM jwt_session WHERE ends_at <= NEW.now - NEW.keep_sessions ORDER BY ends_at LIMIT NEW.rows);
    DELETE FROM jwt_event WHERE id IN (
        SELECT id FROM jwt_event WHERE at <= NEW.now - NEW.keep_events ORDER BY at LIMIT NEW.rows);
    DELETE FROM jwt_once WHERE (iss, jti) IN (
        SELECT iss, jti FROM jwt_once WHERE expires_at <= NEW.now - 600 ORDER BY expires_at LIMIT NEW.rows);
    DELETE FROM jwt_key WHERE drop_at <= NEW.now AND state <> 'active';
    UPDATE jwt_store_meta SET pruning = 0;
END;

COMMIT;
