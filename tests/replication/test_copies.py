"""Copies that are taken while processes write, and broken ways of taking them, which must be noticed."""

import pathlib
import random
import shutil
import sqlite3

import copier
from harness import ALL, Failed, check, equal, test
from soundness import check_copy, opened
from workload import LOADER, NOW, SECONDS_A_STEP, Model, Workload, bare

ROUNDS = 20 if ALL else 5
CHANCES = 40  # what depends on what others do at the same moment gets so many
MIDDLE = 4  # commits between two syncs that are restored, too


@test("a WAL shipped frame by frame: each commit is a sound store, restored as pages or as a WAL")
def shipped(bench):
    target = str(bench.folder / "copy.db")
    chance = random.Random(9)
    restored = 0
    with Workload(bench.folder) as workload, copier.Replicator(workload.path) as replicator:
        seen, before = len(replicator.positions()), workload.acknowledged()
        for step in range(ROUNDS + CHANCES):
            # A writer that is reading just then keeps a WAL from beginning anew.
            if step >= ROUNDS and len(replicator.segments) > 1:
                break
            workload.wait_for(60)
            told = workload.acknowledged()
            position = replicator.roll() if step % 2 else replicator.sync()
            between = replicator.positions()[seen:]
            for place in chance.sample(between, min(MIDDLE, len(between))):
                replicator.restore(target, place, as_wal=chance.random() < 0.5)
                check_copy(workload, target, before, work_on=False)
                restored += 1
            for as_wal in (True, False):
                replicator.restore(target, position, as_wal)
                check_copy(workload, target, told)
                restored += 1
            seen, before = len(replicator.positions()), told
        check(len(replicator.segments) > 1, "the WAL began anew on the way", len(replicator.segments))
        check(restored >= 4 * ROUNDS, "copies that were looked at", restored)


def crude(name):
    @test(f"{name}: a sound store")
    def copied(bench):
        target = str(bench.folder / "copy.db")
        with Workload(bench.folder) as workload:
            for _ in range(ROUNDS):
                workload.wait_for(40)
                told = workload.acknowledged()
                copier.CRUDE[name](workload.path, target)
                check_copy(workload, target, told)


for name in copier.CRUDE:
    crude(name)


@test("VACUUM INTO with the extension loaded is the same store")
def vacuum_with_extension(bench):
    with Workload(bench.folder) as workload:
        workload.wait_for(60)
        told, target = workload.acknowledged(), str(bench.folder / "copy.db")
        db = opened(workload.path, "rw")
        db.execute("VACUUM INTO ?", (target,))
        db.close()
        check_copy(workload, target, told)


@test("VACUUM INTO by a connection that is read-only: a sound store, or an error of SQLite and no file")
def vacuum_read_only(bench):
    with Workload(bench.folder) as workload:
        workload.wait_for(60)
        told, target = workload.acknowledged(), str(bench.folder / "copy.db")
        db = bare(f"file:{workload.path}?mode=ro", uri=True)
        try:
            db.execute("VACUUM INTO ?", (target,))
        except sqlite3.OperationalError as error:
            # SQLite 3.40 cannot copy a STORED generated column this way.
            check("columns but" in str(error), "the known error", str(error))
        else:
            check_copy(workload, target, told)
        db.close()


@test("a copy that becomes the primary: what is newer than it is refused, a cut-off ends what it has")
def promoted(bench):
    from soundness import opened
    target = str(bench.folder / "copy.db")
    with Workload(bench.folder) as workload:
        workload.wait_for(100)
        copier.under_a_read_transaction(workload.path, target)
        workload.wait_for(400)
    db = opened(target, "rw")
    store = LOADER.TokenStore(db)
    told = {writer: workload.told(writer, 0) for writer in range(workload.count)}
    now = NOW + SECONDS_A_STEP * max(len(lines) for lines in told.values()) + 1
    ended_later = newer = 0
    for writer, operations in db.execute("SELECT writer, n FROM ledger").fetchall():
        old, new = Model(writer, operations), Model(writer, len(told[writer]))
        for number in old.numbers("ok"):
            if new.sessions[number][0] > old.sessions[number][0]:
                token = told[writer][new.tokens[number][-1]][1]
                equal(store.refresh(token, now=now), None, "a refresh token of after the copy")
                newer += 1
            if new.sessions[number][1] == "session_ended":
                access = told[writer][old.tokens[number][-1]][0]
                equal(store.authenticate(access, now=now)["status"], "ok", "a logout of after the copy is lost")
                ended_later += 1
    check(newer > 0 and ended_later > 0, "there was something to see", newer, ended_later)
    equal(db.execute("SELECT count(*) FROM jwt_session WHERE revoked_why = 'reuse'").fetchone()[0], 0, "killed")
    # docs/token-store.md: what to do at the restore.
    db.execute("INSERT INTO jwt_revoked (issued_before, revoked_at) VALUES (?, ?)", (now, now))
    for writer, operations in db.execute("SELECT writer, n FROM ledger").fetchall():
        old = Model(writer, operations)
        for number in old.numbers("ok"):
            access, refresh = told[writer][old.tokens[number][-1]]
            equal(store.authenticate(access, now=now)["status"], "revoked", "after the cut-off")
            equal(store.refresh(refresh, now=now), None, "after the cut-off")
    fresh = store.login("somebody", now=now + 1)
    equal(store.authenticate(fresh["access_token"], now=now + 2)["status"], "ok", "a login after the cut-off")
    db.close()


# ---- broken ways: the tests above are worth something if they notice each of these

def torn(workload, target):
    """Pages up to a frame in the middle of a transaction: any frame of the last transactions."""
    with copier.Replicator(workload.path) as replicator:
        workload.wait_for(60)
        workload.stop()
        replicator.sync()
        segment = replicator.segments[-1]
        size = copier.FRAME_HEADER + segment.header.page_size
        middle = set(range(segment.commits[-20], len(segment.data), size)) - set(segment.commits)
        check(len(middle) > 20, "frames in the middle of a transaction", len(middle))
        for cut in sorted(middle):
            replicator.restore(target, (len(replicator.segments) - 1, cut), as_wal=False)
            check_copy(workload, target, [0] * workload.count)


def loses_the_tail(workload, target):
    """One commit too few."""
    with copier.Replicator(workload.path) as replicator:
        workload.wait_for(30)
        workload.stop()
        told = workload.acknowledged()
        replicator.sync()
        replicator.restore(target, replicator.positions()[-2], as_wal=True)
        check_copy(workload, target, told)


def file_alone(workload, target):
    """The file without its WAL."""
    with copier.Replicator(workload.path):  # its read transaction keeps what comes in the WAL
        workload.wait_for(30)
        told = workload.acknowledged()
        copier.clear(target)
        shutil.copyfile(workload.path, target)
        check_copy(workload, target, told)


def without_a_lock(workload, target):
    """The file, and some time later the WAL: checkpoints come between, and the WAL begins anew."""
    for _ in range(CHANCES):
        copier.clear(target)
        shutil.copyfile(workload.path, target)
        told = workload.acknowledged()
        salts = set()
        while len(salts) < 4:  # one new beginning would do no harm where a checkpoint has just ended
            workload.wait_for(1)
            header = copier.read_header(workload.path)[0]
            salts.update([header.salt1] if header else [])
        shutil.copyfile(workload.path + "-wal", target + "-wal")
        check_copy(workload, target, told)


def stale_wal(workload, target):
    """A newer file beside the WAL that an older copy left there."""
    with copier.Replicator(workload.path):
        workload.wait_for(30)
        copier.under_a_read_transaction(workload.path, target)
    older = pathlib.Path(target + "-wal").read_bytes()
    workload.wait_for(200)
    told = workload.acknowledged()
    copier.vacuum_into(workload.path, target)
    pathlib.Path(target + "-wal").write_bytes(older)
    with open(target, "r+b") as file:  # as the copy of a file in WAL mode has it
        file.seek(18)
        file.write(b"\2\2")
    check_copy(workload, target, told)


class Forgetful(copier.Replicator):
    """Believes that the WAL it knows goes on, whatever its header says."""

    def is_new(self, header):
        return False


def misses_a_new_wal(workload, target):
    with Forgetful(workload.path) as replicator:
        for _ in range(CHANCES):
            replicator.roll()
            workload.wait_for(60)
            told = workload.acknowledged()
            replicator.restore(target, replicator.sync(), as_wal=False)
            check_copy(workload, target, told)


class Careless(copier.Replicator):
    """Holds no read transaction."""

    def hold(self):
        self.reader.execute("BEGIN")


def holds_nothing(workload, target):
    with Careless(workload.path) as replicator:
        for _ in range(CHANCES):
            workload.wait_for(60)
            try:
                told = workload.acknowledged()
                replicator.restore(target, replicator.sync(), as_wal=False)
            except copier.Gap as gap:
                raise Failed(str(gap)) from gap
            check_copy(workload, target, told, work_on=False)


def answers_too_early(workload, target):
    """A journal that is ahead of the store: clients were told what was not committed."""
    workload.wait_for(30)
    told = workload.acknowledged()
    copier.under_a_read_transaction(workload.path, target)
    check_copy(workload, target, [count + 1000 for count in told])


BROKEN = (torn, loses_the_tail, file_alone, without_a_lock, stale_wal, misses_a_new_wal, holds_nothing,
          answers_too_early)


def broken(way):
    @test(f"noticed: {way.__name__.replace('_', ' ')}")
    def noticed(bench):
        workload = Workload(bench.folder).start()
        try:
            way(workload, str(bench.folder / "copy.db"))
        except Failed as failure:
            print(f"    {str(failure).splitlines()[0]}", flush=True)
            return
        finally:
            if workload.children:
                workload.stop()
        raise Failed(f"{way.__name__} was not noticed")


for way in BROKEN:
    broken(way)
