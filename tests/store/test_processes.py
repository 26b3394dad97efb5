"""What holds among many processes, in WAL and in rollback-journal mode, and when they are killed."""

import json
import random
import sqlite3
import time

from harness import ALL, NOW, PROCESSES, Failed, check, equal, test

JOURNALS = ("wal", "delete")
ROUNDS = 20 if ALL else 5
BUSY_SNAPSHOT = 517  # SQLITE_BUSY_SNAPSHOT


def generation(store, token):
    return json.loads(store.payload(token))["gen"]


# ---- points 2, 3


def present(bench, index, ready, token, rounds):
    store = bench.attach()
    answers = []
    for step in range(rounds):
        ready()
        answer = store.refresh(token, now=NOW + 100 * step)
        answers.append(
            (answer["outcome"], answer["refresh_token"], generation(store, answer["refresh_token"]))
        )
        token = answer["refresh_token"]
    return answers


def race_of_presenters(bench):
    token = bench.store().login("alice", now=NOW)["refresh_token"]
    return list(zip(*bench.race(present, token=token, rounds=ROUNDS)))


@test(
    "N processes with one token: one rotated, N-1 replayed, one successor",
    point=2,
    journals=JOURNALS,
    alone=(True, False),
)
def one_token(bench):
    for answers in race_of_presenters(bench):
        outcomes = sorted(outcome for outcome, _, _ in answers)
        equal(outcomes, ["replayed"] * (PROCESSES - 1) + ["rotated"], "outcomes")
        equal(len({token for _, token, _ in answers}), 1, "distinct successors")


@test("no generation is rotated twice", point=3, journals=JOURNALS)
def one_rotation(bench):
    rotated = [
        made for answers in race_of_presenters(bench) for outcome, _, made in answers if outcome == "rotated"
    ]
    equal(rotated, list(range(1, ROUNDS + 1)), "generations that were made")


# ---- point 1


def replay(bench, index, ready, tokens):
    store = bench.attach()
    ready()
    return [store.refresh(token, now=NOW + 1000) for token in tokens] if index == 0 else []


@test(
    "after a replay the family is dead for every other process",
    point=1,
    journals=JOURNALS,
    alone=(True, False),
)
def dead_elsewhere(bench):
    store = bench.store()
    pairs = []
    for _ in range(3):
        first = store.login("alice", now=NOW)
        second = store.refresh(first["refresh_token"], now=NOW + 500)
        pairs.append((first, second))
    answers = bench.race(replay, count=2, tokens=[first["refresh_token"] for first, _ in pairs])[0]
    equal([answer["outcome"] for answer in answers], ["reuse"] * 3, "the replays")
    store = bench.attach()
    for _, second in pairs:
        equal(store.refresh(second["refresh_token"], now=NOW + 1001), None, "the newest refresh token")
        equal(store.status(second["access_token"], now=NOW + 1001), "session_ended", "its access token")


# ---- point 8


def refresh_against_logout(bench, index, ready, sids, token_lists):
    store = bench.attach()
    got = []
    for sid, token in zip(sids, token_lists):
        ready()
        if index == 0:
            store.logout(sid, "alice", now=NOW + 5)
        else:
            answer = store.refresh(token, now=NOW + 5)
            got += [answer] if answer else []
    return got


@test("refresh against logout: no survivor", point=8, journals=JOURNALS)
def refresh_or_logout(bench):
    store = bench.store()
    pairs = [store.login("alice", now=NOW) for _ in range(2 * ROUNDS)]
    answers = bench.race(
        refresh_against_logout,
        sids=[pair["sid"] for pair in pairs],
        token_lists=[pair["refresh_token"] for pair in pairs],
    )
    store = bench.attach()
    equal(store.sessions("alice", now=NOW + 5), [], "live sessions")
    for answer in sum(answers, []):
        equal(store.refresh(answer["refresh_token"], now=NOW + 6), None, "a token that a refresh won")
        equal(store.status(answer["access_token"], now=NOW + 6), "session_ended", "and its access token")


# ---- point 9


def login_against_logout(bench, index, ready):
    store = bench.attach()
    ready()
    for _ in range(ROUNDS * 2):
        if index < PROCESSES // 4:
            store.logout_everywhere("alice", now=NOW)
        else:
            store.login("alice", now=NOW)
    return None


@test("login against logout-everywhere: what counts is the order of commits", point=9, journals=JOURNALS)
def login_or_logout(bench):
    bench.store()
    bench.race(login_against_logout)
    store = bench.attach()
    # All of it has the same second; events are numbered in the order of commits.
    survivors = store.db.execute(
        "SELECT login.id, (SELECT max(id) FROM jwt_event WHERE kind = 'revoked') FROM jwt_session AS session "
        "JOIN jwt_event AS login ON login.sid = session.sid AND login.kind = 'login' "
        "WHERE session.revoked_at IS NULL"
    ).fetchall()
    for began, last_ended in survivors:
        check(last_ended is None or began > last_ended, "a login that came first survived", began, last_ended)
    total = store.value("SELECT count(*) FROM jwt_session")
    equal(total, (PROCESSES - PROCESSES // 4) * ROUNDS * 2, "logins")
    equal(
        len(store.logout_everywhere("alice", now=NOW)), len(survivors), "and the rest goes with the next one"
    )


# ---- point 11


@test("BUSY changes nothing and can be tried again", point=11, journals=JOURNALS, alone=(True, False))
def busy(bench):
    store = bench.store()
    pair = store.login("alice", now=NOW)
    before = store.session(pair["sid"])
    writer, hasty = bench.connect(), bench.attach(timeout=0)
    writer.execute("BEGIN IMMEDIATE")
    for name, arguments in (
        ("refresh", (pair["refresh_token"],)),
        ("login", ("bob",)),
        ("logout", (pair["sid"], "alice")),
    ):
        expect_busy(lambda: getattr(hasty, name)(*arguments, now=NOW + 1))
        check(not hasty.db.in_transaction, f"{name} leaves a transaction open")
    writer.execute("ROLLBACK")
    equal(store.session(pair["sid"]), before, "the row")
    equal(hasty.outcome(pair["refresh_token"], now=NOW + 1), "rotated", "once more")


@test(
    "in rollback-journal mode a reader can make COMMIT busy: nothing is handed out then",
    point=11,
    journals=("delete",),
    alone=(True, False),
)
def busy_at_commit(bench):
    store = bench.store()
    pair = store.login("alice", now=NOW)
    before = store.session(pair["sid"])
    hasty = bench.attach(timeout=0)
    reader = store.db.execute("SELECT * FROM jwt_session, (SELECT 1 UNION ALL SELECT 2)")
    reader.fetchone()
    expect_busy(lambda: hasty.refresh(pair["refresh_token"], now=NOW + 1))
    check(not hasty.db.in_transaction, "no transaction is left open")
    reader.close()
    equal(store.session(pair["sid"]), before, "the row")
    equal(hasty.outcome(pair["refresh_token"], now=NOW + 1), "rotated", "once more")


def expect_busy(work):
    try:
        answer = work()
    except sqlite3.OperationalError as error:
        check("locked" in str(error), "it is busy", str(error))
    else:
        raise Failed("it answered: " + repr(answer))


def read_then_write(bench, index, ready, token):
    store = bench.attach()
    ready()
    for _ in range(ROUNDS * 4):
        try:
            with store.transaction():
                store.sessions("alice", now=NOW)
                store.refresh(token, now=NOW + 1)
        except sqlite3.OperationalError as error:
            return f"{getattr(error, 'sqlite_errorcode', '')} {error}"
    return None


@test("reading and then refreshing in the loader's transaction is never BUSY_SNAPSHOT", point=11)
def no_snapshot(bench):
    token = bench.store(grace_max=10**6).login("alice", now=NOW)["refresh_token"]
    equal(set(bench.race(read_then_write, token=token)), {None}, "errors")


@test("a deferred transaction that has read does fail so: the reason for BEGIN IMMEDIATE")
def deferred_fails(bench):
    store, other = bench.store(), bench.attach(timeout=0)
    token = store.login("alice", now=NOW)["refresh_token"]
    other.db.execute("BEGIN")
    other.value("SELECT count(*) FROM jwt_session")
    store.login("bob", now=NOW)
    expect_busy(lambda: other.plain.db.execute("UPDATE jwt_session SET ip = '' WHERE sub = 'alice'"))
    other.db.execute("ROLLBACK")
    equal(other.outcome(token, now=NOW + 1), "rotated", "after ROLLBACK")


# ---- point 14


def work_until_killed(bench, say, mode):
    """Logs in, refreshes, logs out; says what a client would have been told, when it would have been told."""
    bench.autocommit = mode == "autocommit"
    store = bench.attach()
    say(("begun",))
    while True:
        pair = store.login("alice", now=NOW)
        say(("login", pair["sid"], pair["refresh_token"]))
        answer = store.refresh(pair["refresh_token"], now=NOW + 100)
        say(("refresh", pair["sid"], answer["refresh_token"]))
        store.logout(pair["sid"], "alice", now=NOW + 200)
        say(("logout", pair["sid"], None))


def after_the_kill(store, said):
    """What the clients were told holds."""
    sessions = {}
    for what, sid, token in said:
        sessions.setdefault(sid, {})[what] = token
    for sid, told in sessions.items():
        row = store.session(sid)
        check(row is not None, "a login that was answered is there", sid)
        if "logout" in told:
            check(row["revoked_at"] is not None, "a session whose logout was answered is ended", sid)
            equal(store.refresh(told["refresh"], now=NOW + 300), None, "and its token dead")
        elif "refresh" in told:
            check(row["gen"] == 1, "a refresh that was answered is there", sid)


@test("what was answered holds after kill -9", point=14, journals=JOURNALS)
def killed(bench):
    bench.store()
    chance = random.Random(14)
    told = 0
    for step in range(10 if ALL else 4):
        mode = ("autocommit", "transaction")[step % 2]
        said = bench.until_killed(work_until_killed, 0.05 + 0.2 * chance.random(), mode=mode)[1:]
        told += len(said)
        bench.autocommit = True
        store = bench.attach()
        after_the_kill(store, said)
        equal(store.value("PRAGMA integrity_check"), "ok", "the file")
    check(told > 20, "the processes had time to say something", told)


def refresh_until_killed(bench, index, ready, token, seconds):
    store = bench.attach()
    ready()
    end = time.monotonic() + seconds
    last = None
    while time.monotonic() < end:
        answer = store.refresh(token, now=NOW)
        last = answer and answer["outcome"]
    return last


@test("a process killed in the middle of writing stops nobody else", point=14, journals=JOURNALS)
def killed_among_others(bench):
    store = bench.store(grace_max=10**6)
    token = store.login("alice", now=NOW)["refresh_token"]
    bench.until_killed(hold_the_lock, 0.05, token=token)
    equal(
        set(bench.race(refresh_until_killed, token=token, seconds=0.2)) - {"rotated", "replayed"},
        set(),
        "outcomes",
    )
    equal(bench.attach().value("SELECT gen FROM jwt_session"), 1, "generations")


def hold_the_lock(bench, say, token):
    store = bench.attach()
    with store.transaction():
        store.refresh(token, now=NOW)
        say(("written",))
        time.sleep(60)


@test("a session that was ended is ended after the database is opened again", point=14, journals=JOURNALS)
def reopened(bench):
    store = bench.store()
    pair = store.login("alice", now=NOW)
    store.logout(pair["sid"], "alice", now=NOW + 1)
    bench.close()
    store = bench.attach()
    equal(store.refresh(pair["refresh_token"], now=NOW + 2), None, "refresh")
    equal(store.status(pair["access_token"], now=NOW + 2), "session_ended", "authenticate")


@test("the loader's connection waits, keeps a WAL, and syncs each commit", point=14)
def loader_connection(bench):
    from harness import EXTENSION

    db = bench.loader.connect(bench.path, EXTENSION)
    bench.open.append(db)
    values = [
        db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "busy_timeout")
    ]
    equal(values, ["wal", 2, 10000], "journal_mode, synchronous, busy_timeout")
    try:
        db.execute("SELECT load_extension(?)", (EXTENSION,))
    except sqlite3.OperationalError as error:
        check("not authorized" in str(error), "loading is off again", str(error))
    else:
        raise Failed("SQL can load extensions")
