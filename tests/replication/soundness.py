"""What a restored copy must be: see workload.py for how a copy tells how far it goes."""

import random
import shutil
import sqlite3

from harness import EXTENSION, NOW, check, equal
from workload import LOADER, SECONDS_A_STEP, Model, bare, sid, subject

SAMPLE = 8  # sessions of each kind whose tokens are tried


def check_copy(workload, path, acknowledged, work_on=True):
    """Fails where the file `path` is not a sound store that has all that was acknowledged. How far each writer is."""
    with_rows = check_with_extension(workload, path, acknowledged)
    check_without_extension(path, with_rows)
    if work_on:
        check_as_primary(workload, path)
    return with_rows["ledger"]


def opened(path, mode="ro"):
    db = sqlite3.connect(f"file:{path}?mode={mode}", uri=True, isolation_level=None, timeout=30)
    db.enable_load_extension(True)
    db.load_extension(EXTENSION)
    return db


def check_integrity(db, where):
    try:
        equal(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)], f"integrity_check {where}")
    except sqlite3.DatabaseError as error:
        check(False, f"integrity_check {where}", str(error))


def check_with_extension(workload, path, acknowledged):
    db = opened(path)
    try:
        check_integrity(db, "with the extension")
        ledger = dict(db.execute("SELECT writer, n FROM ledger"))
        for writer, told in enumerate(acknowledged):
            check(ledger[writer] >= told, "what was acknowledged before the copy is in it", writer, told, ledger)
        models = [Model(writer, ledger[writer]) for writer in range(workload.count)]
        for model in models:
            check_sessions(db, model)
        check_events(db, models)
        check_rules(db, workload, models)
        for model in models:
            check_tokens(db, workload, model)
        return {
            "ledger": ledger,
            "session": db.execute("SELECT count(*), sum(gen) FROM jwt_session").fetchone(),
            "rules": db.execute("SELECT count(*) FROM jwt_revoked").fetchone()[0],
        }
    except sqlite3.DatabaseError as error:
        check(False, "the copy can be read", str(error))
    finally:
        db.close()


def check_sessions(db, model):
    expected = sorted(
        (sid(model.writer, number), gen, stands == "session_ended")
        for number, (gen, stands) in model.sessions.items())
    rows = db.execute(
        "SELECT sid, gen, revoked_at IS NOT NULL FROM jwt_session WHERE sid GLOB ? ORDER BY sid",
        (f"w{model.writer}s*",)).fetchall()
    equal([(name, gen, bool(ended)) for name, gen, ended in rows], expected, f"sessions of writer {model.writer}")


def check_events(db, models):
    """Events are numbered in the order of commits: a hole is a lost commit."""
    count, first, last = db.execute(
        "SELECT count(*), min(id), max(id) FROM jwt_event").fetchone()
    equal((first, last), (1, count), "events without a hole")
    logged = db.execute("SELECT count(*) FROM jwt_event WHERE kind IN ('login', 'revoked')").fetchone()[0]
    equal(logged, sum(model.events for model in models), "an event for each login and each end")


def check_rules(db, workload, models):
    rules = sorted(db.execute("SELECT sub, jti IS NOT NULL FROM jwt_revoked"), key=repr)
    expected = [(subject(model.writer, number), 0) for model in models for number in model.numbers("suspend")]
    expected += [(None, 1) for model in models for number in model.numbers("revoke_token")]
    equal(rules, sorted(expected, key=repr), "rules")


def check_tokens(db, workload, model):
    """By all three ways of asking, a token stands as its session does."""
    store = LOADER.TokenStore(db)
    told = workload.told(model.writer, model.operations)
    chance = random.Random(model.operations)
    key = db.execute("SELECT jwk FROM jwt_key WHERE use = 'access'").fetchone()[0]
    statuses = {"ok": "ok", "session_ended": "session_ended", "revoke_token": "revoked", "suspend": "revoked"}
    for how, status in statuses.items():
        numbers = model.numbers(how)
        for number in chance.sample(numbers, min(SAMPLE, len(numbers))):
            access = told[model.tokens[number][-1]][0]
            now = NOW + SECONDS_A_STEP * model.operations
            answer = store.authenticate(access, now=now)["status"]
            equal(answer, status, f"authenticate: {sid(model.writer, number)}, {how}")
            revoked = "revoked" if status == "revoked" else "ok"
            answer = db.execute(
                "SELECT jwt_status(?1, ?2, json_object('now', ?3, 'revoked_by', 'jwt_revoked')), "
                "EXISTS (SELECT 1 FROM jwt_revoked WHERE token = ?1)", (access, key, now)).fetchone()
            equal(answer, (revoked, revoked == "revoked"), f"revoked_by and token =: {sid(model.writer, number)}")


def check_without_extension(path, with_rows):
    db = bare(f"file:{path}?mode=ro", uri=True)
    try:
        check_integrity(db, "without the extension")
        equal(db.execute("SELECT count(*), sum(gen) FROM jwt_session").fetchone(), with_rows["session"],
              "jwt_session without the extension")
        equal(db.execute("SELECT count(*) FROM jwt_revoked_rules").fetchone()[0], with_rows["rules"],
              "the rules' shadow table without the extension")
        db.execute("SELECT * FROM jwt_audit LIMIT 1").fetchone()
        try:
            db.execute("SELECT * FROM jwt_revoked")
            check(False, "the virtual table needs the extension")
        except sqlite3.OperationalError as error:
            check("no such module" in str(error), "what is missing is the module", str(error))
    finally:
        db.close()


def check_as_primary(workload, path):
    """The copy is written to: of all refresh tokens of a session one is alive, and later ones harm nothing."""
    trial = path + ".trial"
    for suffix in ("", "-wal"):
        try:
            shutil.copyfile(path + suffix, trial + suffix)
        except FileNotFoundError:
            pass
    db = opened(trial, "rw")
    try:
        store = LOADER.TokenStore(db)
        ledger = dict(db.execute("SELECT writer, n FROM ledger"))
        for writer, operations in ledger.items():
            model = Model(writer, operations)
            told = workload.told(writer, operations)
            later = Model(writer, len(told))
            live = model.numbers("ok")
            for number in random.Random(operations).sample(live, min(SAMPLE, len(live))):
                check_generations(store, model, later, told, number)
            for how in ("session_ended", "suspend"):
                for number in model.numbers(how)[:SAMPLE]:
                    token = told[model.tokens[number][-1]][1]
                    equal(present(store, token, operations), None, f"refresh: {sid(writer, number)}, {how}")
        check_integrity(db, "after work on it")
    finally:
        db.close()


def check_generations(store, model, later, told, number):
    current = model.sessions[number][0]
    for gen, step in enumerate(later.tokens[number]):
        outcome = present(store, told[step][1], later.operations)
        wanted = "rotated" if gen == current else "reuse" if gen < current else None
        equal(outcome, wanted, f"{sid(model.writer, number)} has generation {current}; presented: {gen}")


def present(store, token, step):
    """The outcome of a refresh, taken back."""
    store.db.execute("BEGIN IMMEDIATE")
    try:
        row = store.refresh(token, now=NOW + SECONDS_A_STEP * (step + 10))
        return row and row["outcome"]
    finally:
        store.db.execute("ROLLBACK")
