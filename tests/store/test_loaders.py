"""The loaders: what they promise to an application."""

import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys

from harness import EXTENSION, NOW, ROOT, Failed, Skipped, check, equal, test

HERE = pathlib.Path(__file__).parent


@test("Python: parameters by place and by name, rows as dicts, mistakes are TypeErrors")
def python_calls(bench):
    store = bench.store().plain
    pair = store.login("alice", "web", scope="a", now=NOW)
    equal(store.refresh(pair["refresh_token"], "web", now=NOW + 1)["outcome"], "rotated", "by place")
    equal(store.sessions(sub="alice", now=NOW + 1)[0]["sid"], pair["sid"], "by name, rows")
    equal((store.refresh("junk"), store.prune(now=NOW)), (None, None), "no row, no result")
    for wrong in (
        lambda: store.login("alice", tokne="x"),
        lambda: store.logout("a", "b", "c", "d", 5, "too many"),
    ):
        try:
            wrong()
        except TypeError as error:
            check("parameters are" in str(error), "the message says which there are", str(error))
        else:
            raise Failed("a parameter that is not there was taken")
    for name in ("no_such_statement", "_private", "../login"):
        check(not hasattr(store, name), f"{name} is no method")


@test("Python: a connection in the module's own transaction mode is left as it was found")
def python_modes(bench):
    bench.store()
    db = sqlite3.connect(bench.path)  # isolation_level '': begins transactions of its own
    bench.open.append(db)
    db.enable_load_extension(True)
    db.load_extension(EXTENSION)
    store = bench.loader.TokenStore(db, folder=bench.sql)
    pair = store.login("alice", now=NOW)
    check(not db.in_transaction, "a login is committed when it answers")
    equal(bench.attach().status(pair["access_token"], now=NOW), "ok", "another connection sees it")
    db.execute("CREATE TABLE mine (x)")
    db.execute("INSERT INTO mine VALUES (1)")
    check(db.in_transaction, "the application is in a transaction")
    store.logout(pair["sid"], "alice", now=NOW)
    check(db.in_transaction, "which is the application's to end")
    db.rollback()
    equal(store.authenticate(pair["access_token"], now=NOW)["status"], "ok", "with what was in it")
    with store.transaction():
        db.execute("INSERT INTO mine VALUES (2)")
        second = store.refresh(pair["refresh_token"], now=NOW)
    equal((second["outcome"], db.in_transaction), ("rotated", False), "the loader's transaction")
    try:
        with store.transaction():
            store.logout(pair["sid"], "alice", now=NOW)
            raise KeyError("the application's own")
    except KeyError:
        pass
    equal(store.authenticate(second["access_token"], now=NOW)["status"], "ok", "rolled back where it raises")


@test("Python: installs within a transaction of the application, and rolls back with it")
def python_install(bench):
    db = bench.connect()
    store = bench.loader.TokenStore(db, folder=bench.sql)
    db.execute("BEGIN IMMEDIATE")
    db.execute("CREATE TABLE mine (x)")
    store.install()
    check(db.in_transaction, "it is still open")
    db.execute("ROLLBACK")
    equal(store.version(), None, "nothing is left")
    store.install()
    equal(store.version(), 1, "installed")


@test("Python: the name of an attached database is a word, and nothing else gets into SQL")
def python_schema(bench):
    db = bench.connect()
    for name in ('x"', "a.b", "", "a b", "1a", "x;--"):
        try:
            bench.loader.TokenStore(db, schema=name)
        except ValueError:
            continue
        raise Failed(f"{name!r} was taken")


def node_programs():
    """(title, command, environment) of each Node at hand that has an SQLite."""
    modules = os.environ.get("JWT_NODE_MODULES") or str(
        ROOT / os.environ.get("BUILD", "build/release") / "store" / "node_modules"
    )
    candidates = [shutil.which("node"), str(pathlib.Path(modules) / "node" / "bin" / "node")]
    for program in candidates:
        if not program or not pathlib.Path(program).exists():
            continue
        for driver in ("node:sqlite", "better-sqlite3"):
            command = [program, "--no-warnings", str(HERE / "loader.mjs"), driver]
            probe = subprocess.run([*command, "probe", modules], capture_output=True, text=True, timeout=60)
            if probe.returncode == 0:
                yield f"{driver} of {pathlib.Path(program).name} {probe.stdout.strip()}", command, modules


@test("Python: one that cannot load extensions says so, and where a way round is")
def python_without(bench):
    class Connection:
        def execute(self, *_):
            return self

    loader, made = bench.loader, sqlite3.connect
    loader.sqlite3.connect = lambda *_, **__: Connection()
    try:
        loader.connect(bench.path, EXTENSION)
    except RuntimeError as error:
        check("docs/hosts.md" in str(error), "the message has the way round", str(error))
    else:
        raise Failed("it connected")
    finally:
        loader.sqlite3.connect = made


@test("Node: the same statements, by node:sqlite and better-sqlite3")
def node(bench):
    if os.environ.get("JWT_PRELOAD"):
        raise Skipped("an instrumented build in Node")
    programs = list(node_programs())
    if not programs:
        raise Skipped("no node with node:sqlite (22.13 or later), and no better-sqlite3")
    for number, (title, command, modules) in enumerate(programs):
        database = str(bench.folder / f"{number}.db")
        loader = str(bench.sql / "loaders" / "token_store.mjs")
        ran = subprocess.run(
            [*command, "run", modules, loader, database, EXTENSION],
            capture_output=True,
            text=True,
            timeout=120,
        )
        equal((ran.returncode, ran.stderr), (0, ""), title)
        check(ran.stdout.endswith("all as expected\n"), title, ran.stdout)
        # What Node wrote, Python reads.
        store = bench.attach(database)
        equal([row["outcome"] for row in [store.session(ran.stdout.split()[0])]], ["replayed"], title)
    print("    with " + ", ".join(title for title, _, _ in programs), file=sys.stderr)
