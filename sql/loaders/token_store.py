"""The statements of sql/ as methods: store.refresh(token) runs refresh.sql and answers its row.

    db = token_store.connect("app.db", "/usr/local/lib/sqlite3/jwt_ext")
    store = token_store.TokenStore(db, signing_key=..., refresh_key=...)
    store.install()
    pair = store.login("user-1", scope="articles:read", ip="192.0.2.1")
    pair = store.refresh(pair["refresh_token"])
    caller = store.authenticate(pair["access_token"])

Arguments are the statement's parameters, in the order of its header or by name; one that is left out is NULL.
Keyword arguments of TokenStore are bound wherever a statement has such a parameter. A statement with at most
one row answers a dict or None, the others a list of dicts. Needs Python 3.7 and nothing else.
"""

import contextlib
import functools
import pathlib
import re
import sqlite3

FOLDER = pathlib.Path(__file__).resolve().parent.parent


def connect(path, extension):
    """A connection as the store wants it: docs/token-store.md says why."""
    db = sqlite3.connect(path, timeout=10, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    if not hasattr(db, "enable_load_extension"):
        raise RuntimeError("this Python's sqlite3 was built without loading of extensions: see docs/hosts.md, Python")
    db.enable_load_extension(True)
    db.load_extension(extension)
    db.enable_load_extension(False)
    return db


class Statement:
    """One file, and what its header says of it."""

    def __init__(self, text):
        self.text = text
        self.parameters = re.findall(r"^--   :(\w+)", text, re.MULTILINE)
        self.many = "\n-- Result: rows" in text
        self.writes = "\n-- Transaction: writes" in text

    def bind(self, defaults, positional, named):
        values = dict.fromkeys(self.parameters)
        values.update((name, value) for name, value in defaults.items() if name in values)
        given = dict(zip(self.parameters, positional), **named)
        unknown = [name for name in given if name not in values]
        if unknown or len(positional) > len(self.parameters):
            raise TypeError(f"parameters are {self.parameters}; not known: {unknown or positional}")
        values.update(given)
        return values


class TokenStore:
    def __init__(self, db, schema="main", folder=FOLDER, **defaults):
        if not re.fullmatch(r"[A-Za-z_]\w*", schema):
            raise ValueError("the name of the attached database must be a plain word")
        self.db, self.schema, self.folder, self.defaults = db, schema, pathlib.Path(folder), defaults
        self.statement = functools.lru_cache(None)(lambda name: Statement(self.read(name)))

    def read(self, name):
        text = (self.folder / f"{name}.sql").read_text(encoding="utf-8")
        return text.replace("main.jwt_", f"{self.schema}.jwt_")

    @contextlib.contextmanager
    def transaction(self):
        """BEGIN IMMEDIATE to COMMIT, for several statements; rolled back where one raises."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield self
            self.db.execute("COMMIT")
        except BaseException:
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
            raise

    def run(self, name, *positional, **named):
        statement = self.statement(name)
        values = statement.bind(self.defaults, positional, named)
        # Python would begin a deferred transaction before an INSERT, and leave it open.
        alone = statement.writes and not self.db.in_transaction
        with self.transaction() if alone else contextlib.nullcontext():
            cursor = self.db.execute(statement.text, values)
            names = [column[0] for column in cursor.description or ()]
            rows = [dict(zip(names, row)) for row in cursor.fetchall()]
        return rows if statement.many else rows[0] if rows else None

    def __getattr__(self, name):
        if name.startswith("_") or not (self.folder / f"{name}.sql").is_file():
            raise AttributeError(name)
        return functools.partial(self.run, name)

    def version(self):
        """The version of the store in the file, or None."""
        if not self.db.execute(
            f"SELECT 1 FROM {self.schema}.sqlite_schema WHERE name = 'jwt_store_meta'"
        ).fetchone():
            return None
        return self.db.execute(f"SELECT version FROM {self.schema}.jwt_store_meta").fetchone()[0]

    def install(self):
        """Installs the store, or brings an older one to this version; whole or not at all."""
        newest = int(re.search(r"\(only, version\) VALUES \(1, (\d+)\)", self.read("token_store"))[1])
        with contextlib.nullcontext() if self.db.in_transaction else self.transaction():
            version = self.version()
            if version is None:
                self.script("token_store")
            for step in range(version or newest, newest):
                self.script(f"migrations/{step + 1}")
            if self.version() != newest:
                raise RuntimeError(f"the store in this file has version {self.version()}; this is {newest}")

    def script(self, name):
        """Runs a file's statements in the transaction that is open (executescript would commit it)."""
        part = ""
        for line in self.read(name).splitlines(keepends=True):
            part += line
            if sqlite3.complete_statement(part):
                if part.split("\n")[-2] not in ("BEGIN IMMEDIATE;", "COMMIT;"):
                    self.db.execute(part)
                part = ""
