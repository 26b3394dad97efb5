"""A read-only replica: a process that keeps its connection open, and ways of putting new pages under it.

The reader is a process of its own, because POSIX locks are a process's: within one process nobody waits for
anybody, and closing any descriptor of a file lets go of all its locks.
"""

import fcntl
import multiprocessing
import os
import sqlite3
import struct

import copier
from harness import EXTENSION, NOW, check
from workload import bare

KEY = "a secret of thirty-two bytes at least"
TOKENS = 300
RULES = 600  # beside those of the test; asked about TOKENS tokens twice, a connection builds its filter

# Byte ranges that SQLite locks: of the file, and of its -shm. sqlite.org/lockingv3.html, sqlite.org/walformat.html
PENDING, SHARED, SHARED_SIZE = 0x40000000, 0x40000002, 510
WAL_LOCKS, WAL_LOCK_COUNT = 120, 8


class Primary:
    """A file in WAL mode with tokens and a revocation table, its replicator, and what is revoked."""

    def __init__(self, folder):
        self.path = str(folder / "primary.db")
        self.db = bare(self.path)
        self.db.enable_load_extension(True)
        self.db.load_extension(EXTENSION)
        self.db.executescript(f"""
            PRAGMA journal_mode = WAL;
            PRAGMA synchronous = OFF;
            CREATE VIRTUAL TABLE revoked USING jwt_revocation;
            CREATE TABLE token (id INTEGER PRIMARY KEY, token TEXT);
            BEGIN;
            INSERT INTO token WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {TOKENS})
            SELECT n, jwt_sign(json_object('jti', 't' || n, 'sub', 'u' || n, 'iat', {NOW}), '{KEY}') FROM n;
            INSERT INTO revoked (jti) WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {RULES})
            SELECT 'x' || n FROM n;
            COMMIT;""")
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        self.revoked = set()
        self.replicator = copier.Replicator(self.path)
        self.seen = (0, 0)  # segment and offset up to which batch() has handed out

    def change(self, step):
        """One commit: another token is revoked, and every third time one is let go."""
        if step % 3 == 2:
            number = min(self.revoked)
            self.db.execute("DELETE FROM revoked WHERE jti = ?", (f"t{number}",))
            self.revoked.remove(number)
        else:
            number = 7 + 11 * step
            self.db.execute("INSERT INTO revoked (jti, revoked_at) VALUES (?, ?)", (f"t{number}", NOW))
            self.revoked.add(number)

    def batch(self):
        """The pages that were shipped since the last time, each as it is in the end, and the size in pages."""
        begin, behind = self.seen
        number, end = self.replicator.sync()
        pages, size = {}, 0
        for place, segment in enumerate(self.replicator.segments[begin:number + 1], begin):
            stop = end if place == number else len(segment.data)
            for at, page, total, content in segment.pages(stop):
                if place > begin or at >= behind:
                    pages[page], size = content, total or size
        self.seen = (number, end)
        return pages, size

    def close(self):
        self.replicator.close()
        self.db.close()


class Reader:
    """A process with one open connection to the replica."""

    def __init__(self, path, mode):
        self.path, self.mode = path, mode
        context = multiprocessing.get_context("fork")
        self.pipe, other = context.Pipe()
        self.child = os.fork()
        if self.child == 0:
            self.pipe.close()
            try:
                self.serve(other)
            finally:
                os._exit(0)
        other.close()

    @staticmethod
    def open(path, mode):
        db = sqlite3.connect(f"file:{path}?{mode}", uri=True, isolation_level=None, timeout=30)
        db.enable_load_extension(True)
        db.load_extension(EXTENSION)
        if mode == "mode=rw":
            db.execute("PRAGMA query_only = 1")
        return db

    def serve(self, pipe):
        db = self.open(self.path, self.mode)
        while pipe.recv():
            try:
                pipe.send(question(db))
            except sqlite3.Error as error:
                pipe.send(repr(error))

    def ask(self):
        self.pipe.send(True)
        return self.pipe.recv()

    def close(self):
        self.pipe.send(False)
        os.waitpid(self.child, 0)
        self.pipe.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def ask_anew(self):
        """The same by a connection that is opened for this."""
        with Reader(self.path, self.mode) as other:
            return other.ask()


def question(db):
    """What is revoked, by both forms; more than once, so that the last answer is by what the connection keeps."""
    answers = []
    for _ in range(3):
        answers.append({row[0] for row in db.execute(
            f"SELECT id FROM token WHERE jwt_status(token, '{KEY}', '{{\"revoked_by\":\"revoked\"}}') = 'revoked'")})
        answers.append({row[0] for row in db.execute(
            "SELECT id FROM token AS t WHERE EXISTS (SELECT 1 FROM revoked WHERE token = t.token)")})
    return answers


def agree(answers, revoked, what):
    check(all(answer == revoked for answer in answers), what, answers[0], answers[-1], revoked)


# ---- ways of putting pages under a reader

def locked(descriptor, ranges):
    for start, length in ranges:
        fcntl.lockf(descriptor, fcntl.LOCK_EX, length, start)


def unlocked(descriptor, ranges):
    for start, length in reversed(ranges):
        fcntl.lockf(descriptor, fcntl.LOCK_UN, length, start)


def rollback_mode(page):
    """The first page, as a file that is not in WAL mode has it."""
    return page[:18] + b"\1\1" + page[20:]


class Pages:
    """Writes pages into a file in rollback-journal mode under SQLite's exclusive lock, and moves the change counter.

    SQLite's other connections drop what they keep when the counter in the first page has moved. In WAL mode the
    primary does not move it, so the applier has to, in each batch, whether the first page is part of it or not.
    """

    moves_counter = True

    def __init__(self, primary, path):
        self.path = path
        primary.replicator.restore(path, primary.replicator.sync(), as_wal=False)
        primary.batch()
        self.file = open(path, "r+b", buffering=0)
        self.first = rollback_mode(self.file.read(4096))
        self.file.seek(0)
        self.file.write(self.first)
        self.counter = struct.unpack(">I", self.first[24:28])[0]

    def apply(self, primary):
        pages, size = primary.batch()
        had_first = 1 in pages
        if had_first:
            self.first = rollback_mode(pages.pop(1))
        self.counter += self.moves_counter
        counter = struct.pack(">I", self.counter)
        first = self.first[:24] + counter + self.first[28:92] + counter + self.first[96:]
        ranges = [(PENDING, 1), (SHARED, SHARED_SIZE)]
        locked(self.file, ranges)
        for page, content in [(1, first), *pages.items()]:
            os.pwrite(self.file.fileno(), content, (page - 1) * len(content))
        self.file.truncate(size * 4096)
        os.fsync(self.file.fileno())
        unlocked(self.file, ranges)
        return had_first

    def close(self):
        self.file.close()


class PagesAlone(Pages):
    """The same without the counter."""

    moves_counter = False


class WalPages:
    """Writes pages into a file in WAL mode as LiteFS does: under all locks of the WAL-index, which is then void."""

    def __init__(self, primary, path):
        self.path = path
        primary.replicator.restore(path, primary.replicator.sync(), as_wal=False)
        primary.batch()
        self.file = open(path, "r+b", buffering=0)
        with Reader(path, "mode=rw") as reader:  # makes the -wal and the -shm, which a crash leaves there
            reader.ask()
            reader.pipe.send(True)
            os.kill(reader.child, 9)
        for suffix in ("-wal", "-shm"):
            open(path + suffix, "ab").close()

    def apply(self, primary):
        pages, size = primary.batch()
        with open(self.path + "-shm", "r+b", buffering=0) as shm, open(self.path + "-wal", "r+b") as wal:
            ranges = [(WAL_LOCKS, WAL_LOCK_COUNT)]
            locked(shm, ranges)
            for page, content in pages.items():
                os.pwrite(self.file.fileno(), content, (page - 1) * len(content))
            self.file.truncate(size * 4096)
            wal.truncate(0)
            os.pwrite(shm.fileno(), bytes(96), 0)  # both copies of the header: the next reader makes it anew
            unlocked(shm, ranges)
        return 1 in pages

    def close(self):
        self.file.close()


class Backup:
    """sqlite3_backup_step() into the file that is open elsewhere: SQLite takes its own locks."""

    def __init__(self, primary, path):
        self.path = path
        primary.replicator.restore(path, primary.replicator.sync(), as_wal=False)
        primary.batch()
        self.copy, self.target = path + ".shipped", bare(path)
        self.target.execute("PRAGMA journal_mode = WAL")

    def apply(self, primary):
        pages, _ = primary.batch()
        primary.replicator.restore(self.copy, primary.replicator.position(), as_wal=True)
        source = bare(self.copy)
        source.backup(self.target)
        source.close()
        return 1 in pages

    def close(self):
        self.target.close()
