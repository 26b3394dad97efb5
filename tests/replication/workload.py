"""Processes that use one store, and a journal that says exactly what the store must hold.

What a writer does is decided by its number alone: `plan(writer)` is the endless list of its operations. Each runs
in a transaction with one row of table `ledger`, which counts the writer's operations, so a copy of the file says
itself how far each writer had come in it. Once COMMIT has returned, the writer appends a line to its journal; that
is what a client would have been told. So a copy is right if, and only if, it holds for each writer

  * at least as many operations as its journal had lines before the copy was taken, and
  * exactly the state that the plan has after that many.
"""

import json
import mmap
import os
import pathlib
import random
import signal
import sqlite3
import time

from harness import EXTENSION, NOW, ROOT, load_loader

LOADER = load_loader(ROOT / "sql")
TTL = 4_000_000_000  # nothing ends by time here, also not by the machine's clock: what ends, somebody has ended
AHEAD = 300  # operations of each writer that nobody waits for
SECONDS_A_STEP = 100  # more than the grace, so that an older refresh token is `reuse`


def plan(writer):
    """Operations (what, number of the session), without end."""
    chance = random.Random(writer)
    live, suspended, born = [], [], 0
    while True:
        what = chance.choices(
            ("login", "refresh", "logout", "revoke_token", "suspend", "lift"), (4, 8, 2, 2, 1, 1))[0]
        if what == "login" or not live:
            live.append(born)
            yield "login", born
            born += 1
        elif what == "lift":
            if suspended:
                session = suspended.pop(chance.randrange(len(suspended)))
                live.append(session)
                yield "lift", session
        else:
            place = chance.randrange(len(live))
            session = live[place]
            if what in ("logout", "revoke_token", "suspend"):
                live.pop(place)
            if what == "suspend":
                suspended.append(session)
            yield what, session


class Model:
    """What a store holds of one writer after some of its operations."""

    def __init__(self, writer, operations):
        self.writer, self.operations = writer, operations
        self.sessions = {}  # number: generation, how it stands
        self.tokens = {}  # number: the operations that handed out tokens, one a generation
        self.events = 0
        for step, (what, session) in zip(range(operations), plan(writer)):
            if what == "login":
                self.sessions[session], self.tokens[session] = [0, "ok"], [step]
                self.events += 1
            elif what == "refresh":
                self.sessions[session][0] += 1
                self.tokens[session].append(step)
            elif what == "logout":
                self.sessions[session][1] = "session_ended"
                self.events += 1
            elif what in ("revoke_token", "suspend"):
                self.sessions[session][1] = what
            else:
                self.sessions[session][1] = "ok"

    def numbers(self, how):
        return [number for number, (_, stands) in self.sessions.items() if stands == how]


def sid(writer, session):
    return f"w{writer}s{session}"


def subject(writer, session):
    return f"w{writer}u{session}"


class Writer:
    """One process's store, and what it remembers as its clients would."""

    def __init__(self, path, writer, journal):
        self.store = LOADER.TokenStore(LOADER.connect(path, EXTENSION))
        # Processes die here, not machines; a small WAL, so that it often begins anew.
        self.store.db.execute("PRAGMA synchronous = OFF")
        self.store.db.execute("PRAGMA wal_autocheckpoint = 60")
        self.writer, self.step = writer, 0
        self.plan = plan(writer)
        self.pairs = {}
        self.journal = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def work(self):
        """One operation, and its line in the journal."""
        what, session = next(self.plan)
        with self.store.transaction():
            pair = getattr(self, what)(session, NOW + SECONDS_A_STEP * self.step)
            self.store.db.execute("UPDATE ledger SET n = n + 1 WHERE writer = ?", (self.writer,))
        if what in ("login", "refresh"):
            self.pairs[session] = pair
        tokens = [pair["access_token"], pair["refresh_token"]] if what in ("login", "refresh") else []
        os.write(self.journal, json.dumps(tokens).encode() + b"\n")
        self.step += 1

    def login(self, session, now):
        return self.store.login(subject(self.writer, session), sid=sid(self.writer, session), now=now)

    def refresh(self, session, now):
        pair = self.store.refresh(self.pairs[session]["refresh_token"], now=now)
        assert pair and pair["outcome"] == "rotated", (self.writer, session, pair)
        return pair

    def logout(self, session, now):
        assert self.store.logout(sid(self.writer, session), subject(self.writer, session), now=now)

    def revoke_token(self, session, now):
        assert self.store.revoke_access_token(self.pairs[session]["access_token"], now=now)

    def suspend(self, session, now):
        self.store.db.execute(
            "INSERT INTO jwt_revoked (sub, reason, revoked_at) VALUES (?, 'suspended', ?)",
            (subject(self.writer, session), now))

    def lift(self, session, now):
        self.store.db.execute("DELETE FROM jwt_revoked WHERE sub = ?", (subject(self.writer, session),))


class Workload:
    """A store in `folder`, and processes that write to it until stop().

    They go on while copies are taken, and while these are looked at, but not without end: on a machine that is slow
    at looking, what there is to look at would grow faster than it is looked at. Each stops AHEAD of what was waited
    for, between two operations, and goes on at the next wait_for().
    """

    def __init__(self, folder, writers=3, pause=0.003, checkpoints=True):
        """`checkpoints` False: none by the writers, as a replicator that reads the WAL wants it."""
        self.folder, self.count, self.pause, self.checkpoints = pathlib.Path(folder), writers, pause, checkpoints
        self.path = str(self.folder / "app.db")
        self.children = []
        self.allowed = memoryview(mmap.mmap(-1, 8)).cast("q")  # [0]: operations of each writer; shared with the children
        self.allowed[0] = AHEAD
        store = LOADER.TokenStore(LOADER.connect(self.path, EXTENSION))
        store.install()
        for use in ("access", "refresh"):
            store.create_key(use, now=NOW)
        store.db.execute("UPDATE jwt_policy SET access_ttl = ?, idle_ttl = ?, abs_ttl = ?", (TTL, TTL, TTL))
        store.db.execute("CREATE TABLE ledger (writer INTEGER PRIMARY KEY, n INTEGER NOT NULL)")
        store.db.executemany("INSERT INTO ledger VALUES (?, 0)", ((writer,) for writer in range(writers)))
        store.db.close()
        for writer in range(writers):
            self.journal(writer).touch()

    def journal(self, writer):
        return self.folder / f"journal-{writer}"

    def start(self):
        for writer in range(self.count):
            child = os.fork()
            if child == 0:
                self.child(writer)
            self.children.append(child)
        return self

    def child(self, writer):
        stopped = []
        signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
        status = 1
        try:
            worker = Writer(self.path, writer, self.journal(writer))
            if not self.checkpoints:
                worker.store.db.execute("PRAGMA wal_autocheckpoint = 0")
            while not stopped:
                if worker.step < self.allowed[0]:
                    worker.work()
                time.sleep(self.pause)
            status = 0
        except BaseException as error:
            (self.folder / f"crash-{writer}").write_text(repr(error))
        finally:
            os._exit(status)

    def stop(self):
        for child in self.children:
            os.kill(child, signal.SIGTERM)
        states = [os.waitpid(child, 0)[1] for child in self.children]
        self.children.clear()
        crashes = [path.read_text() for path in sorted(self.folder.glob("crash-*"))]
        assert not any(states) and not crashes, (states, crashes)

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        if kind is None:
            self.stop()
        else:
            for child in self.children:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)

    def acknowledged(self):
        """How many operations each writer has told its clients of."""
        return [self.journal(writer).read_bytes().count(b"\n") for writer in range(self.count)]

    def told(self, writer, operations):
        """The tokens of a writer's first operations, once it has told them (COMMIT comes a moment before)."""
        end = time.monotonic() + 30
        while True:
            lines = self.journal(writer).read_bytes().split(b"\n")[:-1]
            if len(lines) >= operations or time.monotonic() > end:
                return [json.loads(line) for line in lines]
            time.sleep(0.01)

    def wait_for(self, operations):
        """Until the writers have done so many more, together."""
        before = self.acknowledged()
        goal = sum(before) + operations
        self.allowed[0] = max(before) + operations + AHEAD
        end = time.monotonic() + 120
        while sum(self.acknowledged()) < goal:
            assert time.monotonic() < end, "the writers stand still"
            time.sleep(0.01)


def bare(path, **more):
    """A connection without the extension."""
    return sqlite3.connect(path, isolation_level=None, timeout=30, **more)
