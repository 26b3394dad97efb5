"""How a database in WAL mode is copied page by page while others write: a replicator, and the cruder ways.

The replicator does what Litestream does. A read transaction that is held for good keeps others from beginning the
WAL anew. So the WAL only grows, and its frames up to some commit are the database at that commit. When it has grown
enough, the replicator holds the write lock for a moment, ships the rest, and lets a checkpoint through; then the
next writer begins the WAL anew, once. The file format is described at sqlite.org/fileformat2.html#the_write_ahead_log.
"""

import os
import shutil

import struct

from workload import bare

HEADER, FRAME_HEADER = 32, 24


class Gap(Exception):
    """The WAL began anew more often than was noticed: frames were lost."""


def checksum(order, data, sums):
    first, second = sums
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for even, odd in zip(words[::2], words[1::2]):
        first = (first + even + second) & 0xFFFFFFFF
        second = (second + odd + first) & 0xFFFFFFFF
    return first, second


class WalHeader:
    def __init__(self, data):
        magic, _, self.page_size, _, self.salt1, self.salt2, *sums = struct.unpack(">8I", data)
        self.order = ">" if magic & 1 else "<"
        self.sums = tuple(sums)
        self.is_valid = magic >> 1 == 0x377F0682 >> 1 and checksum(self.order, data[:24], (0, 0)) == self.sums
        self.salts = (self.salt1, self.salt2)


def read_header(path):
    """The WAL's header, or None where there is none, or one that is being written."""
    try:
        with open(path + "-wal", "rb") as file:
            data = file.read(HEADER)
    except FileNotFoundError:
        return None, b""
    header = WalHeader(data) if len(data) == HEADER else None
    return (header if header and header.is_valid else None), data


class Segment:
    """The frames of one life of the WAL, up to a commit."""

    def __init__(self, header, data):
        self.header, self.data = header, bytearray(data)
        self.sums = header.sums
        self.commits = []  # offsets behind the frames that commit

    def grow(self, path):
        """Takes over what has been committed since."""
        size = FRAME_HEADER + self.header.page_size
        sums, taken, pending = self.sums, len(self.data), bytearray()
        with open(path + "-wal", "rb") as file:
            file.seek(taken)
            while True:
                frame = file.read(size)
                if len(frame) < size:
                    break
                page, pages, salt1, salt2, first, second = struct.unpack(">6I", frame[:FRAME_HEADER])
                if (salt1, salt2) != self.header.salts:
                    break
                sums = checksum(self.header.order, frame[:8] + frame[FRAME_HEADER:], sums)
                if sums != (first, second):
                    break
                pending += frame
                if pages:
                    self.data += pending
                    self.sums = sums
                    self.commits.append(len(self.data))
                    pending = bytearray()

    def pages(self, end):
        """(offset, page number, pages of the database if this frame commits, content) up to an offset."""
        size = FRAME_HEADER + self.header.page_size
        for at in range(HEADER, end, size):
            page, pages = struct.unpack(">2I", self.data[at:at + 8])
            yield at, page, pages, bytes(self.data[at + FRAME_HEADER:at + size])


class Replicator:
    """Ships the WAL of `path` as it grows; restore() gives the database at any commit since it began."""

    def __init__(self, path):
        self.path = path
        self.reader, self.writer, self.checkpointer = bare(path), bare(path), bare(path)
        for db in (self.reader, self.writer, self.checkpointer):
            db.execute("PRAGMA wal_autocheckpoint = 0")
        self.segments = []
        self.begin()

    def begin(self):
        """A snapshot: the file and the whole WAL, while nobody writes. A checkpoint may: what it writes is in the WAL."""
        self.writer.execute("BEGIN IMMEDIATE")
        try:
            self.hold()
            with open(self.path, "rb") as file:
                self.snapshot = file.read()
            self.sync()
        finally:
            self.writer.execute("ROLLBACK")

    def hold(self):
        self.reader.execute("BEGIN")
        self.reader.execute("SELECT count(*) FROM sqlite_schema").fetchone()

    def let_go(self):
        self.reader.execute("ROLLBACK")

    def sync(self):
        """Ships what was committed; the position after it."""
        header, data = read_header(self.path)
        if header is not None:
            if not self.segments:
                self.segments.append(Segment(header, data))
            elif self.is_new(header):
                self.segments.append(Segment(header, data))
            self.segments[-1].grow(self.path)
        return self.position()

    def is_new(self, header):
        """Each new beginning adds one to the first salt."""
        known = self.segments[-1].header
        if header.salts == known.salts:
            return False
        if header.salt1 != (known.salt1 + 1) & 0xFFFFFFFF:
            raise Gap(f"salt {known.salt1} was followed by {header.salt1}")
        return True

    def position(self):
        if not self.segments:
            return 0, 0
        return len(self.segments) - 1, len(self.segments[-1].data)

    def positions(self):
        """Every commit that was shipped."""
        return [(number, end) for number, segment in enumerate(self.segments) for end in segment.commits]

    def roll(self):
        """Lets a checkpoint through, without a frame that is not shipped; the position after it."""
        self.writer.execute("BEGIN IMMEDIATE")
        try:
            position = self.sync()
            self.let_go()
            self.checkpointer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            self.hold()
        finally:
            self.writer.execute("ROLLBACK")
        return position

    def close(self):
        for db in (self.reader, self.writer, self.checkpointer):
            db.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def restore(self, target, position, as_wal):
        """Writes the database at a position: all as pages of the file, or the last segment as its WAL."""
        last, end = position
        clear(target)
        with open(target, "wb") as file:
            file.write(self.snapshot)
            for number, segment in enumerate(self.segments[:last + 1]):
                if number < last or not as_wal:
                    self.apply(file, segment, end if number == last else len(segment.data))
        if as_wal and self.segments:
            with open(target + "-wal", "wb") as file:
                file.write(self.segments[last].data[:end])

    @staticmethod
    def apply(file, segment, end):
        for _, page, pages, content in segment.pages(end):
            file.seek((page - 1) * len(content))
            file.write(content)
            if pages:
                file.truncate(pages * len(content))


def clear(target):
    """A WAL that another database left beside the target would be taken for its own."""
    for suffix in ("", "-wal", "-shm"):
        if os.path.exists(target + suffix):
            os.remove(target + suffix)


# ---- the cruder ways: each is called with the path and the target

def copy_files(path, target):
    clear(target)
    shutil.copyfile(path, target)
    if os.path.exists(path + "-wal"):
        shutil.copyfile(path + "-wal", target + "-wal")


def under_a_read_transaction(path, target):
    """First the file, then the WAL, while a read transaction keeps the WAL from beginning anew."""
    db = bare(path)
    db.execute("BEGIN")
    db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    copy_files(path, target)
    db.close()


def under_the_write_lock(path, target):
    db = bare(path)
    db.execute("BEGIN IMMEDIATE")
    copy_files(path, target)
    db.close()


def vacuum_into(path, target):
    clear(target)
    db = bare(path)
    db.execute("VACUUM INTO ?", (target,))
    db.close()


def backup_by_pages(path, target):
    """sqlite3_backup_step() a few pages at a time. A transaction of its own keeps it from beginning anew."""
    clear(target)
    source, copy = bare(path), bare(target)
    source.execute("BEGIN")
    source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    source.backup(copy, pages=3, sleep=0)
    copy.close()
    source.close()


CRUDE = {
    "file and WAL, copied under a read transaction": under_a_read_transaction,
    "file and WAL, copied under the write lock": under_the_write_lock,
    "VACUUM INTO": vacuum_into,
    "the backup API, page by page": backup_by_pages,
}
