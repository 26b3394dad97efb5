"""Views that give each caller their own rows, against tokens of every bad kind, and against SQL of others."""

import base64
import hmac
import sqlite3

from harness import EXTENSION, NOW, Failed, check, equal, test

USERS = ("alice", "bob", "root")


def prepared(bench):
    """Three users with two notes each, and the views."""
    store = bench.store()
    store.db.execute("CREATE TABLE note (id INTEGER PRIMARY KEY, owner TEXT NOT NULL, body TEXT)")
    store.db.execute("CREATE INDEX note_owner ON note (owner)")
    for user in USERS:
        store.db.executemany(
            "INSERT INTO note (owner, body) VALUES (?, ?)", [(user, f"{user} {i}") for i in (1, 2)]
        )
    store.db.executescript((bench.sql / "row_security.sql").read_text())
    scopes = {"alice": "notes:read notes:write", "bob": "notes:read", "root": "notes:read notes:admin"}
    return store, {user: store.login(user, scope=scope, now=NOW) for user, scope in scopes.items()}


def public_key_mac(store, head, body):
    """The signature of one who takes the published key for an HMAC secret."""
    secret = store.value("SELECT jwk FROM jwt_jwks").encode()
    mac = hmac.new(secret, f"{head}.{body}".encode(), "sha256").digest()
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def become(store, token, now=NOW + 1):
    store.db.execute(
        "INSERT OR REPLACE INTO temp.jwt_request (only, token, now) VALUES (1, ?, ?)", (token, now)
    )


def bodies(store, view="my_note"):
    return [body for (body,) in store.db.execute(f"SELECT body FROM {view} ORDER BY body")]


@test("each caller sees their own rows, an administrator all of them")
def own_rows(bench):
    store, pairs = prepared(bench)
    equal((bodies(store), bodies(store, "every_note")), ([], []), "nobody")
    for user in USERS:
        become(store, pairs[user]["access_token"])
        equal(bodies(store), [f"{user} 1", f"{user} 2"], f"{user}'s")
        equal(len(bodies(store, "every_note")), 6 if user == "root" else 0, f"all, for {user}")
    store.db.execute("DELETE FROM temp.jwt_request")
    equal(bodies(store), [], "nobody again")


@test("each caller writes their own rows, if their scope allows it")
def own_writes(bench):
    store, pairs = prepared(bench)
    become(store, pairs["alice"]["access_token"])
    store.db.execute("INSERT INTO my_note (owner, body) VALUES ('bob', 'alice 3')")
    store.db.execute("UPDATE my_note SET body = upper(body), owner = 'bob'")
    store.db.execute("DELETE FROM my_note WHERE body = 'ALICE 1'")
    store.db.execute("DELETE FROM my_note WHERE id = (SELECT id FROM note WHERE body = 'bob 1')")
    equal(bodies(store), ["ALICE 2", "ALICE 3"], "hers")
    equal(
        store.value(
            "SELECT group_concat(body) FROM (SELECT body FROM note WHERE owner <> 'alice' ORDER BY id)"
        ),
        "bob 1,bob 2,root 1,root 2",
        "theirs",
    )
    for token in (pairs["bob"]["access_token"], None, "junk"):
        become(store, token)
        for sql in (
            "INSERT INTO my_note (body) VALUES ('x')",
            "UPDATE my_note SET body = 'x'",
            "DELETE FROM my_note",
        ):
            try:
                store.db.execute(sql)
            except sqlite3.IntegrityError as error:
                check("may not write" in str(error), "why", str(error))
            else:
                # Without rows to change nothing is asked.
                check(
                    token != pairs["bob"]["access_token"] and not sql.startswith("INSERT"),
                    f"{sql} was allowed",
                )
    equal(store.value("SELECT count(*) FROM note WHERE body = 'x'"), 0, "nothing was written")


@test("tokens of every bad kind open no row: forged, ended, revoked, of another key, type, issuer, audience")
def bad_tokens(bench):
    store, pairs = prepared(bench)
    good = pairs["root"]["access_token"]
    head, body, signature = good.split(".")

    def signed(claims, key="(SELECT jwk FROM jwt_key WHERE use = 'access')", options='{"typ":"at+jwt"}'):
        return store.value(f"SELECT jwt_sign({claims}, {key}, ?)", store.payload(good), options)

    kid = store.value("SELECT kid FROM jwt_key WHERE use = 'access'")
    none = store.value(
        "SELECT replace(replace(replace('eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0', '+', '-'), '/', '_'), '=', '')"
    )
    ended = store.login("root", scope="notes:admin", now=NOW)
    store.logout(ended["sid"], "root", now=NOW)
    leaked = store.login("root", scope="notes:admin", now=NOW)["access_token"]
    store.revoke_access_token(leaked, now=NOW)
    bad = {
        "another signature": f"{head}.{body}.{'A' * len(signature)}",
        "another payload": f"{head}.{pairs['bob']['access_token'].split('.')[1]}.{signature}",
        "alg none": f"{none}.{body}.",
        "another key of the same kid": signed("?", f"jwk_generate('ES256', json_object('kid', '{kid}'))"),
        "HMAC with the public key": f"{head}.{body}.{public_key_mac(store, head, body)}",
        "the refresh key": signed("?", "(SELECT jwk FROM jwt_key WHERE use = 'refresh')"),
        "a refresh token": pairs["root"]["refresh_token"],
        "type JWT": signed("?", options='{"typ":"JWT"}'),
        "another issuer": signed("json_set(?, '$.iss', 'other')"),
        "another audience": signed("json_set(?, '$.aud', 'other')"),
        "no session": signed("json_set(?, '$.sid', 'none')"),
        "session of nobody": signed("json_remove(?, '$.sid')"),
        "a bound token": signed("json_set(?, '$.cnf', json('{\"jkt\":\"x\"}'))"),
        "expired": signed(f"json_set(?, '$.exp', {NOW})"),
        "a session that was ended": ended["access_token"],
        "a token that was revoked": leaked,
        "a blob": good.encode(),
        "a number": 5,
        "nothing": None,
        "empty": "",
        "with a blank": good + " ",
        "SQL": "' OR 1=1 --",
    }
    for kind, token in bad.items():
        try:
            become(store, token)
        except sqlite3.IntegrityError:
            continue  # STRICT: not even stored
        equal((bodies(store), bodies(store, "every_note")), ([], []), kind)
        equal(store.value("SELECT count(*) FROM jwt_caller"), 0, kind)
    become(store, good)
    equal(len(bodies(store, "every_note")), 6, "and the good one")
    become(store, good, NOW + 600)
    equal(bodies(store), [], "until it ends")


@test("a logout counts at the next statement, and the caller agrees with authenticate")
def logout_counts(bench):
    store, pairs = prepared(bench)
    pair = pairs["alice"]
    become(store, pair["access_token"])
    other = bench.attach()
    check(bodies(store), "before")
    equal(
        dict(
            zip(
                ("sub", "sid", "client", "scope", "exp", "claims"),
                store.db.execute("SELECT * FROM jwt_caller").fetchone(),
            )
        ),
        {
            name: value
            for name, value in store.authenticate(pair["access_token"], now=NOW + 1).items()
            if name != "status"
        },
        "the caller is whom authenticate names",
    )
    other.logout(pair["sid"], "alice", now=NOW + 1)
    equal(bodies(store), [], "after, from another connection")


@test("SQL of others is given a copy of the caller's rows, for an authorizer can be deceived")
def other_peoples_sql(bench):
    store, pairs = prepared(bench)
    become(store, pairs["bob"]["access_token"])

    def by_name(action, first, second, schema, source):
        """What looks as if it allowed `note` to the view only."""
        reads_note = action == sqlite3.SQLITE_READ and first == "note"
        return sqlite3.SQLITE_DENY if reads_note and source != "my_note" else sqlite3.SQLITE_OK

    store.db.set_authorizer(by_name)
    equal(bodies(store), ["bob 1", "bob 2"], "the view")
    try:
        bodies(store, "note")
    except sqlite3.DatabaseError as error:
        check("prohibited" in str(error), "the table", str(error))
    else:
        raise Failed("the table was read")
    deceived = store.db.execute("WITH my_note AS (SELECT * FROM note) SELECT body FROM my_note").fetchall()
    equal(len(deceived), 6, "a common table expression of the view's name: the reason for the copy")
    store.db.set_authorizer(None)

    copy = sqlite3.connect(":memory:")
    copy.execute("CREATE TABLE note (id, owner, body)")
    copy.executemany(
        "INSERT INTO note VALUES (?, ?, ?)", store.db.execute("SELECT id, owner, body FROM my_note")
    )
    equal(copy.execute("SELECT count(*) FROM note").fetchone(), (2,), "what there is to be seen")
    copy.close()


@test("the views work with trusted_schema OFF, and on a connection that may not write the file")
def hardened(bench):
    store, pairs = prepared(bench)
    store.db.execute("PRAGMA trusted_schema = OFF")
    become(store, pairs["alice"]["access_token"])
    equal(bodies(store), ["alice 1", "alice 2"], "trusted_schema OFF")
    become(store, "forged")
    equal(bodies(store), [], "a forged token")
    reader = sqlite3.connect(f"file:{bench.path}?mode=ro", uri=True, isolation_level=None)
    bench.open.append(reader)
    reader.enable_load_extension(True)
    reader.load_extension(EXTENSION)
    reader.executescript((bench.sql / "row_security.sql").read_text())
    for user in ("alice", "bob"):
        reader.execute(
            "INSERT OR REPLACE INTO temp.jwt_request (only, token, now) VALUES (1, ?, ?)",
            (pairs[user]["access_token"], NOW + 1),
        )
        read = [body for (body,) in reader.execute("SELECT body FROM my_note ORDER BY body")]
        equal(read, [f"{user} 1", f"{user} 2"], "read-only")


@test("a TEMP table or view of a table's name shows nobody other people's rows")
def temp_names(bench):
    store, pairs = prepared(bench)
    become(store, pairs["bob"]["access_token"])
    # What stands in the file is read by the file's name, whatever TEMP has.
    for name, columns in (
        ("note", "id INTEGER PRIMARY KEY, owner TEXT, body TEXT"),
        ("jwt_policy", "client, iss, aud, leeway"),
        ("jwt_key", "kid, use, state, drop_at, jwk"),
        ("jwt_session", "sid, sub, revoked_at, idle_exp"),
        ("jwt_revoked", "claims, header_kid"),
    ):
        store.db.execute(f"CREATE TEMP TABLE {name} ({columns})")
        equal(bodies(store), ["bob 1", "bob 2"], f"with a TEMP table {name}")
        equal(bodies(store, "every_note"), [], f"with a TEMP table {name}")
    become(store, pairs["root"]["access_token"])
    store.db.execute("INSERT INTO jwt_session VALUES ('x', 'root', NULL, 9e9)")
    store.logout(pairs["root"]["sid"], "root", now=NOW + 1)
    equal(bodies(store, "every_note"), [], "a TEMP session revives none")


@test("a caller cannot reach other rows by the conflict clause of a statement, or by a row's number")
def conflict_clauses(bench):
    store, pairs = prepared(bench)
    become(store, pairs["alice"]["access_token"])
    store.db.execute("CREATE UNIQUE INDEX note_body ON note (body)")
    store.db.execute("BEGIN")
    store.db.execute("REPLACE INTO my_note (body) VALUES ('bob 1')")
    equal(store.value("SELECT count(*) FROM note WHERE owner = 'bob'"), 1, "why UNIQUE columns are asked for")
    store.db.execute("ROLLBACK")
    # The recipe with its lines for a UNIQUE column.
    recipe = (bench.sql / "row_security.sql").read_text()
    asking = recipe.replace("-- SELECT RAISE", "SELECT RAISE").replace("-- WHERE EXISTS", "WHERE EXISTS")
    asking = asking.replace("slug", "body")
    check(asking.count("body is taken") == 2, "the lines for a UNIQUE column")
    for kind, name in store.db.execute("SELECT type, name FROM sqlite_temp_schema WHERE type = 'trigger'").fetchall():
        store.db.execute(f"DROP {kind} {name}")
    store.db.executescript(asking)
    theirs = store.db.execute("SELECT * FROM note WHERE owner <> 'alice' ORDER BY id").fetchall()
    number = store.value("SELECT id FROM note WHERE owner = 'bob'")
    for recursive in ("OFF", "ON"):
        store.db.execute(f"PRAGMA recursive_triggers = {recursive}")
        for sql in (
            f"INSERT OR REPLACE INTO my_note (id, owner, body) VALUES ({number}, 'alice', 'mine now')",
            f"UPDATE my_note SET id = {number}, body = 'moved'",
            f"UPDATE OR REPLACE my_note SET id = {number}",
            "INSERT OR REPLACE INTO my_note (body) VALUES ('bob 1')",
            "REPLACE INTO my_note (body) VALUES ('bob 1')",
            "UPDATE OR REPLACE my_note SET body = 'bob 2' WHERE body = 'alice 1'",
            "UPDATE OR IGNORE my_note SET owner = 'bob', body = 'bob 1'",
            "INSERT INTO my_note (body) VALUES ('bob 1') ON CONFLICT DO UPDATE SET body = 'x'",
            "DELETE FROM my_note WHERE owner = 'bob' OR 1",
        ):
            store.db.execute("BEGIN")
            try:
                store.db.execute(sql)
            except sqlite3.Error as error:
                check(
                    any(word in str(error) for word in ("UNIQUE", "taken", "UPSERT", "cannot")), sql, str(error)
                )
            equal(
                store.db.execute("SELECT * FROM note WHERE owner <> 'alice' ORDER BY id").fetchall(),
                theirs,
                f"the rows of others after {sql}",
            )
            store.db.execute("ROLLBACK")


@test("with a token that lacks the scope a caller reads and writes nothing, also of their own")
def scopes(bench):
    store, _ = prepared(bench)
    for scope in (None, "", "notes", "notes:readx", "xnotes:read", "NOTES:READ", "notes:write"):
        pair = store.login("alice", scope=scope, now=NOW)
        become(store, pair["access_token"])
        equal((bodies(store), bodies(store, "every_note")), ([], []), f"scope {scope!r}")
        store.db.execute("DELETE FROM my_note")
    equal(store.value("SELECT count(*) FROM note"), 6, "rows")
