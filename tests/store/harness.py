"""What the tests of the store share: stores to try, processes that race, and how a test says what it found.

A test is a function with a title that names what it proves. It gets a `Bench`: a folder of its own, the statements
under test, and connections. `check` is how it fails; any other exception fails it, too, but does not count as
having seen a broken variant (variants.py).
"""

import contextlib
import hashlib
import importlib.util
import json
import multiprocessing
import os
import pathlib
import select
import shutil
import signal
import sqlite3
import tempfile
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXTENSION = os.path.abspath(os.environ.get("JWT_EXT") or ROOT / "jwt_ext")
ALL = bool(os.environ.get("JWT_TEST_ALL"))
PROCESSES = 16
NOW = 1_700_000_000
OPTIONS = '{"profile":"at+jwt","iss":"app","aud":"app","leeway":0}'  # as jwt_policy has them by default

TESTS = []


class Failed(AssertionError):
    """A check that did not hold."""


class Skipped(Exception):
    """This cannot run here."""


def check(holds, what, *details):
    if not holds:
        raise Failed(what + "".join(f"\n        {detail!r}" for detail in details))


def equal(got, expected, what):
    check(got == expected, what, got, expected)


def test(title, point=None, journals=("wal",), alone=(True,)):
    """Registers a test: once for each journal mode, and for statements on their own or in a transaction."""

    def register(function):
        for journal in journals:
            for autocommit in alone:
                words = [title]
                if len(journals) > 1:
                    words.append(f"({journal})")
                if len(alone) > 1:
                    words.append("(autocommit)" if autocommit else "(in a transaction)")
                TESTS.append(Test(" ".join(words), function, point, journal, autocommit))
        return function

    return register


class Test:
    def __init__(self, title, function, point, journal, autocommit):
        self.title, self.function, self.point = title, function, point
        self.journal, self.autocommit = journal, autocommit

    def run(self, sql):
        """None where it holds; else what failed, and whether a check said so."""
        with tempfile.TemporaryDirectory(prefix="jwt_store_") as folder:
            bench = Bench(pathlib.Path(folder), sql, self.journal, self.autocommit)
            try:
                self.function(bench)
            except Failed as failure:
                return str(failure), True
            except Skipped:
                raise
            except Exception:
                return traceback.format_exc(), False
            finally:
                bench.close()
        return None


def load_loader(sql):
    """The Python loader of a copy of sql/."""
    path = pathlib.Path(sql) / "loaders" / "token_store.py"
    name = "token_store_" + hashlib.sha1(str(path).encode()).hexdigest()[:8]
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Bench:
    def __init__(self, folder, sql, journal, autocommit):
        self.folder, self.sql, self.journal, self.autocommit = folder, pathlib.Path(sql), journal, autocommit
        self.path = str(folder / "app.db")
        self.loader = load_loader(sql)
        self.open = []

    def close(self):
        for db in self.open:
            with contextlib.suppress(sqlite3.Error):
                db.close()
        self.open.clear()

    def connect(self, path=None, timeout=30.0):
        """A connection for one process; rows are tuples."""
        db = sqlite3.connect(
            path or self.path, timeout=timeout, isolation_level=None, check_same_thread=False
        )
        db.execute(f"PRAGMA journal_mode = {self.journal}")
        # Processes die here, not machines: test "the loader's connection" sees to FULL.
        db.execute("PRAGMA synchronous = OFF")
        db.enable_load_extension(True)
        db.load_extension(EXTENSION)
        self.open.append(db)
        return db

    def attach(self, path=None, timeout=30.0, **defaults):
        """The store that is in the file already, over a connection of its own."""
        db = self.connect(path, timeout)
        kind = AloneStore if self.autocommit else TogetherStore
        return kind(self, db, **defaults)

    def store(self, **policy):
        """A new store with its two keys, and a policy to taste."""
        store = self.attach()
        store.install()
        for use in ("access", "refresh"):
            store.create_key(use, now=NOW - 1000)
        if policy:
            self.policy(store, "", **policy)
        return store

    @staticmethod
    def policy(store, client, **policy):
        store.db.execute("INSERT OR IGNORE INTO jwt_policy (client) VALUES (?)", (client,))
        for name, value in policy.items():
            store.db.execute(f"UPDATE jwt_policy SET {name} = ? WHERE client = ?", (value, client))

    def race(self, work, count=PROCESSES, **arguments):
        """Runs work(bench, index, ready, **arguments) in `count` processes; ready() waits for all. Their answers."""
        self.close()
        context = multiprocessing.get_context("fork")
        barrier = context.Barrier(count)
        pipes = []
        for index in range(count):
            receiver, sender = context.Pipe(duplex=False)
            child = os.fork()
            if child == 0:
                self.child(work, index, barrier, sender, arguments)
            sender.close()
            pipes.append((child, receiver))
        answers = []
        for child, receiver in pipes:
            try:
                answers.append(receiver.recv())
            except EOFError:
                answers.append(Crash("the process ended without an answer"))
            os.waitpid(child, 0)
        for answer in answers:
            check(not isinstance(answer, Crash), "a process raised", str(answer))
        return answers

    def child(self, work, index, barrier, sender, arguments):
        def ready():
            barrier.wait(60)

        try:
            sender.send(work(self, index, ready, **arguments))
        except BaseException:
            barrier.abort()
            sender.send(Crash(traceback.format_exc()))
        finally:
            os._exit(0)

    def until_killed(self, work, seconds, **arguments):
        """Runs work(bench, say, **arguments) in a process, kills it with SIGKILL after so long: what it had said."""
        self.close()
        context = multiprocessing.get_context("fork")
        receiver, sender = context.Pipe(duplex=False)
        child = os.fork()
        if child == 0:
            try:
                work(self, sender.send, **arguments)
            except BaseException:
                sender.send(Crash(traceback.format_exc()))
            os._exit(0)
        sender.close()
        said = []
        # The clock starts with the first word: starting up is not what is to be interrupted.
        if receiver.poll(60):
            said.append(receiver.recv())
        previous = signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            while True:
                said.append(receiver.recv())
        except EOFError:
            pass
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, previous)
            os.waitpid(child, 0)
        check(not any(isinstance(word, Crash) for word in said), "the process raised", *said[-1:])
        return said


    def all_killed(self, work, seconds, count=PROCESSES):
        """Runs work(bench, index, say) in `count` processes, kills each with SIGKILL when it has worked for seconds():
        what each had said."""
        self.close()
        children = []
        for index in range(count):
            reading, writing = os.pipe()
            child = os.fork()
            if child == 0:
                try:
                    with os.fdopen(writing, "wb", buffering=0) as pipe:
                        work(self, index, lambda word: pipe.write(json.dumps(word).encode() + b"\n"))
                except BaseException:
                    traceback.print_exc()
                os._exit(1)
            os.close(writing)
            children.append((child, reading, []))
        alive = {child for child, _, _ in children}
        try:
            for _, reading, said in children:
                said.append(os.read(reading, 1))  # it has begun to work
            end = {child: time.monotonic() + seconds() for child in alive}
            listening = {reading: said for _, reading, said in children}
            while listening:
                for reading in select.select(list(listening), [], [], 0.01)[0]:
                    text = os.read(reading, 1 << 16)
                    listening[reading].append(text)
                    if not text:
                        os.close(reading)
                        del listening[reading]
                for child in [child for child in alive if end[child] < time.monotonic()]:
                    os.kill(child, signal.SIGKILL)
                    alive.remove(child)
                    check(os.waitpid(child, 0)[1] == signal.SIGKILL, "a process ended before it was killed")
        finally:
            for child in alive:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
        # A line that was cut off was not said.
        return [[json.loads(line) for line in b"".join(said).split(b"\n")[:-1]] for _, _, said in children]


class Crash(str):
    """What a process raised."""


class StoreUnderTest:
    """The loader's store, with what tests ask for often."""

    def __init__(self, bench, db, **defaults):
        self.bench, self.db = bench, db
        self.plain = bench.loader.TokenStore(db, folder=bench.sql, **defaults)

    def __getattr__(self, name):
        return getattr(self.plain, name)

    def session(self, sid):
        cursor = self.db.execute("SELECT * FROM jwt_session WHERE sid = ?", (sid,))
        row = cursor.fetchone()
        return row and dict(zip([column[0] for column in cursor.description], row))

    def value(self, sql, *parameters):
        row = self.db.execute(sql, parameters).fetchone()
        return row and row[0]

    def status(self, token, **more):
        return self.authenticate(token, **more)["status"]

    def payload(self, token):
        return self.value("SELECT jwt_payload(?)", token)

    def outcome(self, token, client=None, **more):
        row = self.refresh(token, client, **more)
        return row and row["outcome"]


class TogetherStore(StoreUnderTest):
    """Statements run in BEGIN IMMEDIATE ... COMMIT, as the loader does."""


class AloneStore(StoreUnderTest):
    """Statements run in autocommit."""

    def __init__(self, bench, db, **defaults):
        super().__init__(bench, db, **defaults)
        self.together = self.plain.transaction
        self.plain.run = self.run_alone

    def run_alone(self, name, *positional, **named):
        statement = self.plain.statement(name)
        cursor = self.db.execute(statement.text, statement.bind(self.plain.defaults, positional, named))
        names = [column[0] for column in cursor.description or ()]
        rows = [dict(zip(names, row)) for row in cursor.fetchall()]
        return rows if statement.many else rows[0] if rows else None


def copy_sql(target):
    shutil.copytree(ROOT / "sql", target, ignore=shutil.ignore_patterns("__pycache__"))
    return pathlib.Path(target)
