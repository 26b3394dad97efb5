"""Read-only replicas verify, notice each batch of pages, and the ways in which they do not."""

import os
import shutil
import sqlite3

from harness import check, equal, test
from replica import Backup, Pages, PagesAlone, Primary, Reader, WalPages, agree, question
from workload import bare

BATCHES = 9
MODES = {"mode=ro": "read-only", "mode=rw": "query_only"}
APPLIERS = {
    Pages: "pages written under SQLite's file locks, with the change counter",
    WalPages: "pages written under the locks of the WAL-index",
    Backup: "pages written by the backup API",
}


def follows(bench, kind, mode):
    """Yields (step, reader, what must be revoked, whether the first page was in the batch)."""
    primary = Primary(bench.folder)
    applier = kind(primary, str(bench.folder / "replica.db"))
    with Reader(applier.path, mode) as reader:
        agree(reader.ask(), primary.revoked, "before anything was revoked")
        for step in range(BATCHES):
            primary.change(step)
            had_first = applier.apply(primary)
            yield step, reader, primary.revoked, had_first
    applier.close()
    primary.close()


def noticing(kind, mode):
    @test(f"a connection that stays open ({MODES[mode]}) notices each batch: {APPLIERS[kind]}")
    def notices(bench):
        without_first = 0
        for step, reader, revoked, had_first in follows(bench, kind, mode):
            without_first += not had_first
            agree(reader.ask(), revoked, f"after batch {step}")
        check(without_first >= BATCHES // 2, "batches without the first page", without_first)


for kind in APPLIERS:
    for mode in MODES:
        noticing(kind, mode)


@test("a read-only replica can be asked, and cannot be written")
def read_only(bench):
    primary = Primary(bench.folder)
    primary.change(0)
    path = str(bench.folder / "replica.db")
    for as_wal in (True, False):
        primary.replicator.restore(path, primary.replicator.sync(), as_wal)
        for mode in (*MODES, *(() if as_wal else ("mode=ro&immutable=1",))):
            db = Reader.open(path, mode)
            agree(question(db), primary.revoked, f"{mode}, WAL: {as_wal}")
            try:
                db.execute("INSERT INTO revoked (jti) VALUES ('t1')")
                check(False, "an INSERT into a replica")
            except sqlite3.OperationalError as error:
                check("readonly" in str(error), "why not", str(error))
            db.close()
    primary.close()


@test("immutable=1 is for a file that nobody changes: it leaves the WAL out, and notices nothing")
def immutable(bench):
    primary = Primary(bench.folder)
    path = str(bench.folder / "replica.db")
    primary.change(0)
    primary.replicator.restore(path, primary.replicator.sync(), as_wal=True)
    db = Reader.open(path, "mode=ro&immutable=1")
    agree(question(db), set(), "what is in the WAL is not seen")
    db.close()
    primary.close()
    for _, reader, revoked, _ in follows(bench_in(bench, "b"), Pages, "mode=ro&immutable=1"):
        agree(reader.ask(), set(), "an open immutable connection")
        agree(reader.ask_anew(), revoked, "one that is opened anew")


def bench_in(bench, name):
    class Folder:
        folder = bench.folder / name

    Folder.folder.mkdir()
    return Folder


# ---- what a replica does not notice. docs/scaling.md says so; where SQLite learns to, these tests say so.


@test("pages whose first one did not change, without the change counter: an open connection does not notice")
def without_counter(bench):
    stale = 0
    for _, reader, revoked, had_first in follows(bench, PagesAlone, "mode=ro"):
        answers = reader.ask()
        stale += answers[-1] != revoked
        agree(reader.ask_anew(), revoked, "a connection that is opened anew")
    check(stale > 0, "the counter matters", stale)


@test("a file that was replaced: an open connection goes on with the old one, a new connection has the new one")
def replaced(bench):
    primary = Primary(bench.folder)
    path = str(bench.folder / "replica.db")
    primary.replicator.restore(path, primary.replicator.sync(), as_wal=False)
    rollback(path)
    with Reader(path, "mode=ro") as reader:
        agree(reader.ask(), set(), "at first")
        primary.change(0)
        primary.replicator.restore(path + ".new", primary.replicator.sync(), as_wal=False)
        rollback(path + ".new")
        os.rename(path + ".new", path)
        agree(reader.ask(), set(), "the open connection")
        agree(reader.ask_anew(), primary.revoked, "a connection that is opened anew")
    primary.close()


def rollback(path):
    db = bare(path)
    equal(db.execute("PRAGMA journal_mode = DELETE").fetchone()[0], "delete", "journal mode")
    db.close()


@test("a replica that was restored beside a WAL of before is refused or wrong: remove -wal and -shm first")
def leftover(bench):
    primary = Primary(bench.folder)
    path, older = str(bench.folder / "replica.db"), str(bench.folder / "older.db")
    for step in range(2):
        primary.change(step)
    primary.replicator.restore(older, primary.replicator.sync(), as_wal=True)
    for step in range(2, 8):
        primary.change(step)
    primary.replicator.restore(path, primary.replicator.sync(), as_wal=False)
    shutil.copyfile(older + "-wal", path + "-wal")
    with Reader(path, "mode=ro") as reader:
        answers = reader.ask()
        check(isinstance(answers, str) or answers[-1] != primary.revoked, "the old WAL was applied", answers)
    primary.replicator.restore(path, primary.replicator.sync(), as_wal=False)
    with Reader(path, "mode=ro") as reader:
        agree(reader.ask(), primary.revoked, "restored after removing them")
    primary.close()
