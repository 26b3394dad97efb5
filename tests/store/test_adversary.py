"""What a thief, an unlucky operator and a careless caller might try."""

import json
import random
import sqlite3
import time

from harness import ALL, NOW, PROCESSES, Failed, check, equal, test

BOTH = (True, False)
JOURNALS = ("wal", "delete")


def raises(work, word, what):
    try:
        answer = work()
    except Exception as error:
        check(word in str(error), f"{what}: the error", str(error))
    else:
        raise Failed(f"{what}: it answered", answer)


# ---- callers


@test("a user's id may be a number: it is the text of that number, and a rule for it holds", alone=BOTH)
def numbers_as_subjects(bench):
    store = bench.store()
    pair = store.login(42, now=NOW)
    check(pair, "a login of 42")
    equal(json.loads(store.payload(pair["access_token"]))["sub"], "42", "the claim sub")
    equal(len(store.sessions(42, now=NOW)), 1, "devices")
    store.db.execute("INSERT INTO jwt_revoked (sub, reason) VALUES ('42', 'suspended')")
    equal(store.login(42, now=NOW), None, "a login while the rule is there")
    equal(store.refresh(pair["refresh_token"], now=NOW + 1), None, "a refresh")
    store.db.execute("DELETE FROM jwt_revoked WHERE sub = '42'")
    check(store.login(42, now=NOW), "and when it is lifted")
    equal(store.logout(pair["sid"], 42, now=NOW + 1), {"sid": pair["sid"]}, "logout")
    before = store.value("SELECT count(*) FROM jwt_session")
    for bad in (None, "", b"42"):
        try:
            equal(store.login(bad, now=NOW), None, f"a login of {bad!r}")
        except sqlite3.Error as error:
            check("constraint failed" in str(error) or "BLOB" in str(error), "why", str(error))
    equal(store.value("SELECT count(*) FROM jwt_session"), before, "sessions of nobody")


@test("claims of an application cannot say what the store says, in whatever spelling", alone=BOTH)
def claims_of_the_application(bench):
    store = bench.store()
    for claims in (
        '{"sub":"root"}',
        '{"exp":9e9}',
        '{"sid":{"x":1}}',
        '{"cnf":{"jkt":"x"}}',
        '{"scope":"admin"}',
        '{"s\\u0075b":"root"}',
        '{"role":"a","role":"b"}',
        '{"\\u0073cope":"admin"}',
        "[]",
        '"text"',
        "7",
        "{",
        "",
        "{'sub':'root'}",
    ):
        try:
            answer = store.login("alice", claims=claims, now=NOW)
        except Exception as error:
            check(
                any(word in str(error) for word in ("claims is a", "claims has", "jwt_sign")), claims, str(error)
            )
        else:
            said = json.loads(store.payload(answer["access_token"]))
            raise Failed(f"{claims} was taken", said)
    equal(store.value("SELECT count(*) FROM jwt_session"), 0, "sessions")
    pair = store.login("alice", claims='{"role":"editor"}', now=NOW)
    raises(
        lambda: store.db.execute("UPDATE jwt_session SET claims = ?", ('{"\\u0073cope":"admin"}',)),
        "claims has",
        "a change of the row",
    )
    equal(json.loads(store.payload(pair["access_token"]))["role"], "editor", "what it may say")


@test("a caller that rolls back has handed out nothing: the old token goes on, the new one is refused")
def rolled_back(bench):
    store, other = bench.store(), bench.attach()
    pair = store.login("alice", now=NOW)
    store.db.execute("BEGIN IMMEDIATE")
    lost = store.login("bob", now=NOW)
    newer = store.refresh(pair["refresh_token"], now=NOW + 1)
    equal(other.status(lost["access_token"], now=NOW), "session_ended", "a login that is not committed, elsewhere")
    equal(other.status(newer["access_token"], now=NOW + 1), "ok", "the session of the refresh was there before")
    store.db.execute("ROLLBACK")
    equal(store.status(lost["access_token"], now=NOW), "session_ended", "the login, rolled back")
    equal(store.refresh(lost["refresh_token"], now=NOW + 1), None, "its refresh token")
    equal(store.refresh(newer["refresh_token"], now=NOW + 2), None, "a token of a generation that never was")
    equal(store.outcome(pair["refresh_token"], now=NOW + 2), "rotated", "the old one")


@test("a savepoint that is rolled back takes the end of a session back, RELEASE keeps it")
def savepoints(bench):
    store = bench.store()
    pair = store.login("alice", now=NOW)
    store.db.execute("BEGIN IMMEDIATE")
    for end, expected in (("ROLLBACK TO", "ok"), ("RELEASE", "session_ended")):
        store.db.execute("SAVEPOINT here")
        store.logout(pair["sid"], "alice", now=NOW)
        store.db.execute(f"{end} here")
        equal(store.status(pair["access_token"], now=NOW), expected, end)
    store.db.execute("COMMIT")
    equal(store.status(pair["access_token"], now=NOW), "session_ended", "committed")


@test("a signature that fails under OR FAIL and OR IGNORE leaves the row, too", point=10)
def failing_under_conflict_clauses(bench):
    store = bench.store()
    first = store.login("alice", now=NOW)
    before = store.session(first["sid"])
    store.db.execute("UPDATE jwt_key SET jwk = NULL WHERE use = 'access'")
    text = store.read("refresh")
    for clause in ("", "OR FAIL", "OR IGNORE", "OR ABORT"):
        changed = text.replace("\nUPDATE main.jwt_session", f"\nUPDATE {clause} main.jwt_session")
        check(clause == "" or changed != text, "the statement has another form than this test knows")
        values = dict.fromkeys(store.statement("refresh").parameters, None)
        values.update(token=first["refresh_token"], now=NOW + 1)
        raises(lambda: store.db.execute(changed, values).fetchall(), "jwt_sign", clause)
        equal(store.session(first["sid"]), before, f"the row after {clause or 'a failure'}")


# ---- thieves


@test("a thief who has one refresh token and guesses gets no further than the token", alone=BOTH)
def thief_guesses(bench):
    store = bench.store()
    pair = store.login("alice", "web", now=NOW)
    victim = store.login("bob", "web", now=NOW)
    stolen = pair["refresh_token"]
    second = store.refresh(stolen, "web", now=NOW + 1)
    before = store.session(victim["sid"]), store.session(pair["sid"])
    payload = json.loads(store.payload(stolen))
    for change in (
        {"sid": victim["sid"]},
        {"gen": 1},
        {"gen": 10**6},
        {"gen": -1},
        {"gen": None},
        {"gen": "1"},
        {"gen": 1.5},
        {"exp": NOW + 10**9},
        {"client": ""},
        {"salt": ""},
    ):
        body = json.dumps({**payload, **change}, separators=(",", ":"))
        forged = store.value(
            """SELECT jwt_sign(?, jwk_generate('HS256', json_object('kid', kid)), '{"typ":"rt+jwt"}')
               FROM jwt_key WHERE use = 'refresh'""",
            body,
        )
        for token in (forged, ".".join([stolen.split(".")[0], forged.split(".")[1], stolen.split(".")[2]])):
            equal(store.refresh(token, "web", now=NOW + 2), None, f"{change}")
            equal(store.revoke_token(token, "web", now=NOW + 2), None, f"{change}, handed back")
            equal(store.introspect(token, now=NOW + 2)["response"], '{"active":false}', f"{change}, introspected")
    equal((store.session(victim["sid"]), store.session(pair["sid"])), before, "both sessions")
    equal(store.outcome(second["refresh_token"], "web", now=NOW + 3), "rotated", "the owner goes on")


@test("with the refresh key but without salt and sid nothing can be made of a session", alone=BOTH)
def thief_has_the_key(bench):
    store = bench.store()
    pair = store.login("alice", now=NOW)
    own = store.login("mallory", now=NOW)
    # The thief has a session of their own, and the key.
    mine = json.loads(store.payload(own["refresh_token"]))
    before = store.session(pair["sid"])
    for change in (
        {"sid": pair["sid"]},  # without its salt
        {"sid": pair["sid"], "salt": ""},
        {"sid": pair["sid"], "salt": None},
        {"gen": 0.5},
        {"gen": -1},
        {"gen": []},
        {"gen": None},
    ):
        token = store.value(
            """SELECT jwt_sign(?, jwk, '{"typ":"rt+jwt"}') FROM jwt_key WHERE use = 'refresh'""",
            json.dumps({name: value for name, value in {**mine, **change}.items()}),
        )
        answer = store.refresh(token, now=NOW + 1)
        check(answer is None or answer["sid"] == own["sid"], "another's session", change, answer)
        equal(store.session(pair["sid"]), before, f"the row, {change}")
        check(own["sid"] == mine["sid"], "mine")


@test("revoke_token and logout of a stolen pair end it for the thief as well, whoever is first", alone=BOTH)
def both_hold_it(bench):
    store = bench.store()
    pair = store.login("alice", now=NOW)
    thief = store.refresh(pair["refresh_token"], now=NOW + 1)
    store.revoke_token(pair["refresh_token"], now=NOW + 2)
    equal(store.refresh(thief["refresh_token"], now=NOW + 3), None, "the thief's refresh token")
    equal(store.status(thief["access_token"], now=NOW + 3), "session_ended", "and access token")


# ---- operators


@test("a full disk: nothing is handed out that is not in the file, and nobody gets in by it", journals=JOURNALS)
def full_disk(bench):
    store = bench.store()
    pair = store.login("alice", now=NOW)
    second = store.refresh(pair["refresh_token"], now=NOW + 1)
    store.db.execute("CREATE TABLE filler (x)")
    store.db.execute(f"PRAGMA max_page_count = {store.value('PRAGMA page_count')}")
    # Until no page has room for an event.
    for statement in ("INSERT INTO filler VALUES (zeroblob(100))", "INSERT INTO jwt_event (at, kind) VALUES (1, 'x')"):
        try:
            while True:
                store.db.execute(statement)
        except sqlite3.OperationalError as error:
            check("full" in str(error), "the filling", str(error))
    before = list(store.db.iterdump())
    raises(lambda: store.login("bob" * 1000, now=NOW + 2), "full", "login")
    raises(lambda: store.logout(pair["sid"], "alice", now=NOW + 2), "full", "logout says that it did not happen")
    raises(lambda: store.refresh(pair["refresh_token"], now=NOW + 900), "full", "reuse hands out no token")
    equal(list(store.db.iterdump()), before, "the database")
    check(not store.db.in_transaction, "no transaction is left open")
    store.db.execute("PRAGMA max_page_count = 100000")
    equal(store.outcome(pair["refresh_token"], now=NOW + 900), "reuse", "with room: the reuse is noticed")
    equal(store.refresh(second["refresh_token"], now=NOW + 901), None, "and the session is dead")
    equal(store.value("PRAGMA integrity_check"), "ok", "the file")


@test("a clock that was wrong at login: the session waits or ends, and nothing lives for ever", alone=BOTH)
def wrong_clock(bench):
    store = bench.store()
    future = store.login("alice", now=NOW + 10**8)
    equal(store.status(future["access_token"], now=NOW), "issued_in_future", "from a clock that was ahead")
    equal(store.refresh(future["refresh_token"], now=NOW), None, "its refresh token")
    check(store.logout_everywhere("alice", now=NOW), "it can be ended")
    past = store.login("alice", now=0)
    equal(store.status(past["access_token"], now=NOW), "expired", "from a clock at 1970")
    equal(store.refresh(past["refresh_token"], now=NOW), None, "its refresh token")
    store.prune(now=NOW)
    equal(store.value("SELECT count(*) FROM jwt_session WHERE revoked_at IS NULL"), 0, "live sessions")
    raises(lambda: store.login("alice", now=2**63 - 1), "", "a clock at the end of time")


@test("prune with senseless bounds deletes nothing that lives", alone=BOTH)
def careless_prune(bench):
    store = bench.store()
    pair = store.login("alice", now=NOW)
    for rows, keep in ((1000, -(10**9)), (-1, -(10**9)), (0, 0)):
        store.prune(rows, keep_sessions=keep, now=NOW + 1)
    equal(store.status(pair["access_token"], now=NOW + 1), "ok", "the session")
    equal(store.value("SELECT count(*) FROM jwt_event WHERE kind = 'login'"), 1, "the event of this minute")
    for _ in range(3):
        ended = store.login("alice", now=NOW)
        store.logout(ended["sid"], "alice", now=NOW)
    store.prune(-1, now=NOW + 1)
    equal(store.value("SELECT count(*) FROM jwt_session"), 4, "a negative number of rows is none")


@test("what counts once counts once for as long as the leeway lets it in", alone=BOTH)
def once_within_leeway(bench):
    store = bench.store()
    key = store.value("SELECT jwk_generate('ES256')")
    token = store.value(
        'SELECT jwt_sign(?, ?, \'{"typ":"logout+jwt"}\')',
        json.dumps(
            {
                "iss": "https://idp.example",
                "aud": "us",
                "iat": NOW,
                "exp": NOW + 60,
                "jti": "one",
                "sub": "u1",
                "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
            }
        ),
        key,
    )

    def send(now):
        return store.backchannel_logout(
            token, store.value("SELECT jwks(?)", key), "https://idp.example", "us", 600, now=now
        )

    check(send(NOW + 1), "the first time")
    store.prune(now=NOW + 60 + 599)
    pair = store.login("u1", idp_iss="https://idp.example", idp_sub="u1", now=NOW + 300)
    equal(send(NOW + 60 + 599), None, "the last second in which it is valid")
    equal(store.session(pair["sid"])["revoked_at"], None, "and it ends no later session")


# ---- kill -9 among many


def busy_life(bench, index, say):
    store = bench.attach()
    bench_random = random.Random(index)
    while True:
        try:
            pair = store.login(f"user{index}", now=NOW)
            say(("login", pair["sid"], pair["refresh_token"]))
            for step in range(1, bench_random.randrange(1, 4)):
                pair = store.refresh(pair["refresh_token"], now=NOW + 100 * step)
                say(("refresh", pair["sid"], pair["refresh_token"]))
            store.logout(pair["sid"], f"user{index}", now=NOW + 500)
            say(("logout", pair["sid"], None))
        except sqlite3.OperationalError as error:
            # While the file is mended after a kill, it may be busy beyond any timeout: nothing was written.
            if "locked" not in str(error):
                raise


@test("sixteen processes killed at random moments: what each was told holds", point=14, journals=JOURNALS)
def sixteen_killed(bench):
    bench.store()
    chance = random.Random(16)
    for _ in range(6 if ALL else 2):
        said = bench.all_killed(busy_life, lambda: 0.3 + chance.random() / 2)
        store = bench.attach()
        check(sum(map(len, said)) > PROCESSES, "they had time to say something", list(map(len, said)))
        for words in said:
            # The last word of a session is what its client knows.
            last = {sid: (number, what, token) for number, (what, sid, token) in enumerate(words)}
            for sid, (_, what, token) in last.items():
                row = store.session(sid)
                check(row is not None, "a login that was answered is there", sid)
                if what == "logout":
                    check(row["revoked_at"] is not None, "a logout that was answered holds", sid)
                else:
                    told = json.loads(store.payload(token))["gen"]
                    # The kill may have come between a commit and its answer: one step, never more.
                    check(row["gen"] - told in (0, 1), "a refresh that was answered holds", row["gen"], told)
        equal(store.value("PRAGMA integrity_check"), "ok", "the file")
        pair = store.login("after", now=NOW)
        equal(store.outcome(pair["refresh_token"], now=NOW + 1), "rotated", "and everything goes on")
        bench.close()
