"""Litestream itself: it replicates while processes write, is killed and goes on, and what it restores is sound.

`litestream sync -wait` answers when all that was committed before has been shipped; so what clients were told
before it is what a restore after it must have.
"""

import contextlib
import os
import pathlib
import signal
import sqlite3
import subprocess
import time

from harness import ALL, NOW, Failed, Skipped, check, test
from replica import Primary, Reader, agree
from soundness import check_copy
from workload import Workload, bare

LITESTREAM = os.environ.get("LITESTREAM", "")
ROUNDS = 12 if ALL else 4


class Litestream:
    """The program, replicating the file `path` into a folder beside it."""

    def __init__(self, path):
        if not os.access(LITESTREAM, os.X_OK):
            raise Skipped("no litestream: make test-all builds it where Go is, or set LITESTREAM")
        self.path = path
        folder = pathlib.Path(path).parent
        self.socket, self.config, self.log = folder / "socket", folder / "litestream.yml", folder / "litestream.log"
        self.config.write_text(f"""
socket: {{enabled: true, path: {self.socket}}}
dbs:
  - path: {path}
    monitor-interval: 20ms
    min-checkpoint-page-count: 50
    replica: {{type: file, path: {folder / 'replicated'}, sync-interval: 20ms}}
""")
        self.process = None
        self.start()

    def start(self):
        with open(self.log, "ab") as log:
            self.process = self.spawn(["replicate", "-config", self.config], log)
        self.sync()

    @staticmethod
    def spawn(arguments, log):
        # Ours may be preloaded with a sanitizer; it is no business of a program in Go.
        surroundings = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
        return subprocess.Popen([LITESTREAM, *map(str, arguments)], stdout=log, stderr=log, env=surroundings)

    def sync(self):
        """All that was committed has been shipped."""
        end = time.monotonic() + 60
        while self.run("sync", "-socket", self.socket, "-wait", self.path, may_fail=True):
            check(time.monotonic() < end and self.process.poll() is None, "litestream answers", self.log.read_text())
            time.sleep(0.05)

    def run(self, *arguments, may_fail=False):
        done = subprocess.run([LITESTREAM, *map(str, arguments)], capture_output=True, text=True, check=False,
                              env={name: value for name, value in os.environ.items() if name != "LD_PRELOAD"})
        check(may_fail or done.returncode == 0, f"litestream {arguments[0]}", done.stdout[-500:], done.stderr[-500:])
        return done.returncode

    def restore(self, target):
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.remove(target + suffix)
        self.run("restore", "-config", self.config, "-o", target, self.path)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def files_of(source):
    """What was shipped of a database."""
    return list((pathlib.Path(source.path).parent / "replicated").rglob("*.ltx"))


def transaction(file):
    """The last one in a file, by its name."""
    return int(file.stem.split("-")[1], 16)


def latest(source):
    return max(map(transaction, files_of(source)))


# Litestream alone checkpoints here: one by a writer while it is away leaves it a WAL whose beginning it has not seen.
@test("Litestream: each restore is a sound store that has what was shipped")
def restores(bench):
    target = str(bench.folder / "copy.db")
    workload = Workload(bench.folder, checkpoints=False)
    with Litestream(workload.path) as litestream, workload:
        for _ in range(ROUNDS):
            workload.wait_for(150)
            told = workload.acknowledged()
            litestream.sync()
            litestream.restore(target)
            check_copy(workload, target, told)
        workload.stop()
        litestream.sync()
        litestream.restore(target)
        ledger = check_copy(workload, target, workload.acknowledged())
        check(list(ledger.values()) == workload.acknowledged(), "to the last one", ledger)


def is_whole(target):
    """Whether SQLite finds nothing wrong with a file."""
    with contextlib.closing(bare(target)) as db:
        try:
            return db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        except sqlite3.DatabaseError:
            return False


# v0.5.18 restores what is no database in some runs, after it was killed while others write: seldom here, in one of two
# where writers checkpoint, too. So docs/scaling.md says to ask integrity_check after a restore.
@test("Litestream, killed and started again: a restore is a sound store, or integrity_check says that it is not")
def killed(bench):
    target = str(bench.folder / "copy.db")
    damaged = 0
    workload = Workload(bench.folder, checkpoints=False)
    with Litestream(workload.path) as litestream, workload:
        for _ in range(ROUNDS):
            workload.wait_for(150)
            litestream.kill()
            workload.wait_for(150)
            litestream.start()
            told = workload.acknowledged()
            litestream.sync()
            litestream.restore(target)
            if is_whole(target):
                check_copy(workload, target, told)
            else:
                damaged += 1
    print(f"   after {ROUNDS} kills {damaged} restores were damaged, and integrity_check said so", flush=True)


@test("noticed: Litestream's last files are lost")
def loses_files(bench):
    target = str(bench.folder / "copy.db")
    workload = Workload(bench.folder)
    with Litestream(workload.path) as litestream:
        with workload:
            workload.wait_for(60)
            litestream.sync()
            kept = latest(workload)
            workload.wait_for(60)
        litestream.sync()
        for file in files_of(workload):
            if transaction(file) > kept:
                file.unlink()
        litestream.restore(target)
        try:
            check_copy(workload, target, workload.acknowledged())
        except Failed:
            return
        raise Failed(f"what came after {kept} was not missed")


@contextlib.contextmanager
def followed(bench):
    """A primary, Litestream, and a replica that `restore -f` keeps up with it."""
    primary = Primary(bench.folder)
    primary.replicator.close()
    path = str(bench.folder / "replica.db")
    with Litestream(primary.path) as litestream:
        with open(litestream.log, "ab") as log:
            follower = litestream.spawn(
                ["restore", "-f", "-follow-interval", "20ms", "-config", litestream.config, "-o", path, primary.path], log)
        try:
            wait_until(lambda: litestream.log.read_text().count("entering follow mode"), "it follows", litestream)
            yield primary, litestream, path
        finally:
            follower.terminate()
            follower.wait()
            primary.db.close()


def wait_until(holds, what, litestream):
    end = time.monotonic() + 30
    while not holds():
        check(time.monotonic() < end, what, litestream.log.read_text()[-2000:])
        time.sleep(0.02)


def applied(path):
    return int(pathlib.Path(path + "-txid").read_text().strip() or "0", 16)


def shipped(primary, litestream, path):
    """Until the follower has applied all: its file beside the replica says up to which transaction."""
    litestream.sync()
    wait_until(lambda: applied(path) >= latest(primary), "applied", litestream)


def write_first_page(primary):
    """A commit that takes new pages writes the first one."""
    primary.db.execute("CREATE TABLE IF NOT EXISTS more (page)")
    primary.db.execute("INSERT INTO more VALUES (zeroblob(20000))")


@test("Litestream, restore -f: connections that are opened anew see each revocation")
def follow_anew(bench):
    with followed(bench) as (primary, litestream, path):
        for step in range(6):
            primary.change(step)
            shipped(primary, litestream, path)
            with Reader(path, "mode=ro") as reader:
                agree(reader.ask(), primary.revoked, f"after batch {step}")


# Two reasons why docs/scaling.md says: open a connection for each request, or seldom keep one for longer.


@test("Litestream, restore -f: a connection from before the first page came stops the replica")
def follow_stopped(bench):
    with followed(bench) as (primary, litestream, path):
        with Reader(path, "mode=ro") as reader:
            agree(reader.ask(), set(), "at first: in WAL mode, and so with a lock for as long as it is open")
            primary.change(0)
            litestream.sync()
            time.sleep(1)
            check(applied(path) < latest(primary), "the follower waits", applied(path), latest(primary))
            agree(reader.ask(), set(), "the open connection")
        shipped(primary, litestream, path)
        with Reader(path, "mode=ro") as reader:
            agree(reader.ask(), primary.revoked, "once it has been closed")


@test("Litestream, restore -f: a connection that stays open misses what does not touch the first page")
def follow_open(bench):
    with followed(bench) as (primary, litestream, path):
        write_first_page(primary)  # the replica is in rollback-journal mode from now on
        shipped(primary, litestream, path)
        with Reader(path, "mode=ro") as reader:
            agree(reader.ask(), set(), "at first")
            primary.db.execute("INSERT INTO revoked (jti, revoked_at) VALUES ('t1', ?)", (NOW,))
            shipped(primary, litestream, path)
            agree(reader.ask_anew(), {1}, "a connection that is opened anew")
            agree(reader.ask(), set(), "the open connection")
            write_first_page(primary)
            shipped(primary, litestream, path)
            agree(reader.ask(), {1}, "the open connection, once Litestream has moved the change counter")
