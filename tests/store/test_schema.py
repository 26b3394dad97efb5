"""Installing, attaching, versions; what the headers of the statements say; what the planner does with them."""

import os
import pathlib
import re
import shutil
import sqlite3
import subprocess

from harness import EXTENSION, NOW, OPTIONS, ROOT, Failed, Skipped, check, copy_sql, equal, test

SCRIPTS = {"token_store", "row_security", "demo", "inspect"}


def statements(bench):
    return sorted(path.stem for path in bench.sql.glob("*.sql") if path.stem not in SCRIPTS)


def dump(db, schema="main"):
    return db.execute(
        f"SELECT type, name, tbl_name, sql FROM {schema}.sqlite_schema ORDER BY 1, 2"
    ).fetchall()


@test("installing twice changes nothing, also as plain SQL, also next to an application's tables")
def install_twice(bench):
    store = bench.attach()
    store.db.execute("CREATE TABLE user (id INTEGER PRIMARY KEY, name TEXT)")
    store.db.execute("INSERT INTO user (name) VALUES ('alice')")
    script = (bench.sql / "token_store.sql").read_text()
    store.db.executescript(script)
    for use in ("access", "refresh"):
        store.create_key(use, now=NOW)
    pair = store.login("alice", now=NOW)
    bench.policy(store, "", iss="https://id.example", grace=7)
    before = dump(store.db), "\n".join(store.db.iterdump())
    store.db.executescript(script)
    store.install()
    equal((dump(store.db), "\n".join(store.db.iterdump())), before, "the database")
    equal(store.outcome(pair["refresh_token"], now=NOW + 1), "rotated", "sessions go on")
    equal(store.value("SELECT name FROM user"), "alice", "the application's table")


@test("all tables are STRICT, and their types hold")
def strict(bench):
    store = bench.store()
    tables = store.db.execute(
        "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table' "
        "AND name LIKE 'jwt%'"
    ).fetchall()
    check(len(tables) >= 6, "tables", tables)
    equal([name for name, is_strict in tables if not is_strict], [], "tables that are not")


@test("an installation that fails leaves nothing, and a second process waits")
def install_fails(bench):
    db = sqlite3.connect(
        bench.path, isolation_level=None
    )  # without the extension: the last table cannot be made
    store = bench.loader.TokenStore(db, folder=bench.sql)
    try:
        store.install()
    except sqlite3.OperationalError as error:
        check("jwt_revocation" in str(error), "why", str(error))
    else:
        raise Failed("it installed without the extension")
    equal((dump(db), db.in_transaction), ([], False), "what is left")
    db.close()


def install_together(bench, index, ready):
    store = bench.attach()
    ready()
    store.install()
    return store.version()


@test("sixteen processes install at once", journals=("wal", "delete"))
def install_race(bench):
    bench.connect()
    equal(set(bench.race(install_together)), {1}, "versions")
    equal(bench.attach().value("PRAGMA integrity_check"), "ok", "the file")


@test("a store of another version is refused, whole")
def other_version(bench):
    store = bench.store()
    store.db.execute("UPDATE jwt_store_meta SET version = 99")
    before = dump(store.db)
    for work in (store.install, lambda: store.db.executescript((bench.sql / "token_store.sql").read_text())):
        try:
            work()
        except Exception as error:
            check("version" in str(error), "why", str(error))
        else:
            raise Failed("it was taken")
        if store.db.in_transaction:
            store.db.execute("ROLLBACK")
        equal(dump(store.db), before, "the schema")


@test("migrations are run in order, once, all or none")
def migrations(bench):
    store = bench.store()
    session = store.login("alice", now=NOW)["sid"]
    folder = copy_sql(bench.folder / "sql")
    script = folder / "token_store.sql"
    script.write_text(
        script.read_text().replace("(only, version) VALUES (1, 1)", "(only, version) VALUES (1, 3)")
    )
    (folder / "migrations").mkdir(exist_ok=True)
    (folder / "migrations" / "2.sql").write_text(
        "BEGIN IMMEDIATE;\nALTER TABLE main.jwt_session ADD COLUMN mood TEXT;\n"
        "UPDATE main.jwt_store_meta SET version = 2;\nCOMMIT;\n"
    )
    third = folder / "migrations" / "3.sql"
    third.write_text(
        "BEGIN IMMEDIATE;\nUPDATE main.jwt_session SET mood = 'calm';\nSELECT nothing_like_it();\nCOMMIT;\n"
    )
    newer = bench.loader.TokenStore(store.db, folder=folder)
    try:
        newer.install()
    except sqlite3.OperationalError as error:
        check("nothing_like_it" in str(error), "why", str(error))
    else:
        raise Failed("a migration that fails was taken")
    equal((newer.version(), "mood" in store.session(session)), (1, False), "nothing of it is left")
    third.write_text(
        third.read_text().replace("SELECT nothing_like_it();", "UPDATE main.jwt_store_meta SET version = 3;")
    )
    newer.install()
    newer.install()
    equal((newer.version(), store.session(session)["mood"]), (3, "calm"), "both were run")
    fresh = bench.loader.TokenStore(bench.connect(str(bench.folder / "fresh.db")), folder=folder)
    fresh.install()
    equal(fresh.version(), 3, "a new store needs none")


@test(
    "a store in an attached database: installed there, used from there, main untouched", alone=(True, False)
)
def attached(bench):
    db = bench.connect(str(bench.folder / "main.db"))
    db.execute("CREATE TABLE user (id)")
    before = dump(db)
    db.execute("ATTACH ? AS auth", (str(bench.folder / "auth.db"),))
    store = bench.attach(str(bench.folder / "main.db"))
    store.db.execute("ATTACH ? AS auth", (str(bench.folder / "auth.db"),))
    store.plain.schema = "auth"
    store.install()
    for use in ("access", "refresh"):
        store.create_key(use, now=NOW)
    pair = store.login("alice", now=NOW)
    second = store.refresh(pair["refresh_token"], now=NOW + 1)
    equal(
        (second["outcome"], store.status(second["access_token"], now=NOW + 2)), ("rotated", "ok"), "it works"
    )
    store.create_key("access", now=NOW)
    store.rotate_keys("access", now=NOW + 2)
    check(store.revoke_access_token(second["access_token"], now=NOW + 2), "rules go there")
    equal(store.status(second["access_token"], now=NOW + 3), "revoked", "and are asked there")
    store.introspect(second["access_token"], now=NOW)
    store.jwks(now=NOW)
    store.prune(now=NOW)
    equal(len(store.sessions("alice", now=NOW)), 1, "devices")
    equal(dump(store.db), before, "the schema of main")
    # The same file as main of another connection: nothing in it remembers the other name.
    alone = bench.attach(str(bench.folder / "auth.db"))
    equal(alone.outcome(second["refresh_token"], now=NOW + 50), "rotated", "opened by itself")
    alone.db.execute("CREATE TEMP TABLE jwt_session (sid, sub, client, revoked_at, idle_exp)")
    equal(
        alone.logout(pair["sid"], "alice", now=NOW + 60), {"sid": pair["sid"]}, "a TEMP table hides nothing"
    )


def replayed_statements(store, keys):
    """What an engine would run on every node: with nothing left to the clock or to chance."""
    for use, key in keys.items():
        store.create_key(use, jwk=key, now=NOW)
    tokens = []
    for number in range(3):
        given = {"sid": f"sid-{number}", "salt": f"salt-{number}", "now": NOW + number}
        tokens.append(store.login("alice", scope="a", **given))
    store.refresh(tokens[0]["refresh_token"], now=NOW + 10)
    store.refresh(tokens[0]["refresh_token"], now=NOW + 20)
    store.refresh(tokens[0]["refresh_token"], now=NOW + 60)
    store.logout("sid-1", "alice", now=NOW + 70)
    store.prune(1, now=NOW + 80)
    return [token["refresh_token"] for token in tokens]


@test("given now, sid, salt and keys, two databases that run the same statements end with the same rows")
def same_everywhere(bench):
    maker = bench.connect(":memory:")
    keys = {
        use: maker.execute("SELECT jwk_generate(?)", (alg,)).fetchone()[0]
        for use, alg in (("access", "ES256"), ("refresh", "HS256"))
    }
    ends = []
    for name in ("one", "two"):
        store = bench.attach(
            str(bench.folder / name), signing_key=keys["access"], refresh_key=keys["refresh"]
        )
        store.install()
        tokens = replayed_statements(store, keys)
        ends.append((tokens, [line for line in store.db.iterdump() if "jwt_" in line]))
    equal(ends[0], ends[1], "tokens and rows")
    check(any("'revoked'" in line for line in ends[0][1]), "something happened")


@test("without the extension the file opens, and the application's tables can be changed and renamed")
def without_extension(bench):
    store = bench.store()
    store.db.execute("CREATE TABLE user (id, name)")
    store.login("alice", now=NOW)
    store.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    bench.close()
    db = sqlite3.connect(bench.path, isolation_level=None)
    equal(db.execute("PRAGMA integrity_check").fetchone()[0], "ok", "integrity_check")
    db.execute("INSERT INTO user VALUES (1, 'x')")
    db.execute("ALTER TABLE user RENAME TO person")
    db.execute("VACUUM")
    equal(db.execute("SELECT count(*) FROM jwt_sessions_live").fetchone()[0], 0, "a view")
    equal(db.execute("SELECT sub FROM jwt_session").fetchone()[0], "alice", "a table")
    db.close()


# ---- headers


@test("each statement's header has its parameters, its result columns, and how it needs to be run")
def headers(bench):
    store = bench.store()
    found = statements(bench)
    check(len(found) >= 17, "statements", found)
    for name in found:
        text = store.read(name)
        body = re.sub(r"^--.*$", "", text, flags=re.MULTILINE)
        check(text.startswith(f"-- {name}: "), f"{name}: what it is for")
        check(text.rstrip().endswith(";") and body.count(";") == 1, f"{name}: one statement")
        declared = re.findall(r"^--   :(\w+) +(TEXT|INTEGER|REAL) +\S", text, re.MULTILINE)
        equal(
            sorted(parameter for parameter, _ in declared),
            sorted(set(re.findall(r":([a-z_]+)", re.sub(r"'[^']*'", "", body)))),
            f"{name}: parameters",
        )
        result = re.search(r"^-- Result: (one row|rows|none)\b.*\n((?:--   \w+ .*\n)*)", text, re.MULTILINE)
        check(result, f"{name}: its result")
        columns = re.findall(r"^--   (\w+) +(?:TEXT|INTEGER|REAL) +\S", result[2], re.MULTILINE)
        values = dict.fromkeys(parameter for parameter, _ in declared)
        values.update({parameter: OPTIONS for parameter in ("options",) if parameter in values})
        cursor = described(store, text, values)
        equal(columns, [column[0] for column in cursor or ()], f"{name}: result columns")
        transaction = re.search(r"^-- Transaction: (reads|writes|none)\b", text, re.MULTILINE)
        check(transaction, f"{name}: its transaction")
        opened = [row[3] for row in store.db.execute("EXPLAIN " + text, values) if row[1] == "Transaction"]
        does = (
            "writes"
            if max(opened, default=0) or "INSERT INTO main.jwt_revoked" in body
            else "reads" if opened else "none"
        )
        equal(transaction[1], does, f"{name}: its transaction")
        lines = [line for line in text.splitlines() if len(line) > 120]
        equal(lines, [], f"{name}: lines that are too long to read")


def described(store, text, values):
    """Result columns: of the statement itself where it can be run with NULLs, else of what it would return."""
    store.db.execute("BEGIN")
    try:
        return store.db.execute(text, values).description
    except sqlite3.Error:
        # Names of columns are known when the statement is prepared; Python shows them only after a step.
        return column_names(store, text)
    finally:
        store.db.execute("ROLLBACK")


def column_names(store, text):
    returning = text.rsplit("\nRETURNING ", 1)[1]
    depth, part, parts = 0, "", []
    for character in returning.rstrip().rstrip(";"):
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append(part)
            part = ""
        else:
            part += character
    return [(re.search(r"(\w+)\s*$", part)[1],) for part in parts + [part]]


@test("login and refresh make the same tokens")
def same_tokens(bench):
    texts = [(bench.sql / f"{name}.sql").read_text() for name in ("login", "refresh")]
    for kind, typ in (("access", "at+jwt"), ("refresh", "rt+jwt")):
        made = []
        for text in texts:
            body = text[text.index("\nRETURNING") :]
            ends = body.index(f"""'{{"typ":"{typ}"}}')""")
            made.append(re.sub(r"\s+", " ", body[body.rindex("jwt_sign(", 0, ends) : ends]))
        equal(made[0], made[1], f"the {kind} token")


# ---- plans


def plan_of(db, sql, values):
    """Which table is reached how: what may matter, in words that all versions of SQLite share."""
    steps = set()
    for row in db.execute("EXPLAIN QUERY PLAN " + sql, values):
        found = re.match(r"(?:SEARCH|SCAN) (?:TABLE )?(?:main\.)?(\w+)(?: AS \w+)?(.*)", row[3])
        if found and re.search(r"USING|VIRTUAL TABLE", found[2]) or found and found[1].startswith("jwt_"):
            how = re.sub(r" COVERING| LEFT-JOIN| INDEX \d+:(?=\S)| INDEX \d+:$", "", found[2])
            steps.add(f"{row[3].split()[0]} {found[1]}{how}")
    return sorted(steps)


@test("each statement uses its indexes, as plans.txt has it", point=17)
def plans(bench):
    store = bench.store()
    lines = []
    for name in statements(bench):
        values = dict.fromkeys(store.statement(name).parameters)
        lines += [f"{name}: {step}" for step in plan_of(store.db, store.read(name), values)]
    for trigger, sql in store.db.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'jwt%' ORDER BY 1"
    ):
        body = re.search(r"\bBEGIN\b(.*)\bEND\b", sql, re.DOTALL)[1]
        body = re.sub(r"\b(NEW|OLD)\.(\w+)", r":\1_\2", body)
        for part in body.split(";")[:-1]:
            if re.match(r"\s*(UPDATE|DELETE)", part):
                values = dict.fromkeys(re.findall(r":(\w+)", part))
                lines += [f"trigger {trigger}: {step}" for step in plan_of(store.db, part, values)]
    lines = sorted(set(lines))
    for line in lines:
        check(
            not re.search(r"SCAN jwt_(session|event|once)\b(?! USING (COVERING )?INDEX)", line),
            "a scan of a table that grows",
            line,
        )
    known = pathlib.Path(__file__).with_name("plans.txt").read_text().splitlines()
    known = [line for line in known if line and not line.startswith("#")]
    equal([line for line in lines if line not in known], [], "steps that plans.txt has not")
    equal([line for line in known if line not in lines], [], "steps that only plans.txt has")


def fill(store, count, ends):
    """So many sessions of as many subjects."""
    store.db.execute(
        "INSERT INTO jwt_session (sid, sub, client, iss, aud, salt, created_at, rotated_at, used_at, access_exp,"
        " refresh_exp, idle_exp, abs_exp, access_kid, refresh_kid)"
        " WITH RECURSIVE generate (value) AS"
        "  (VALUES (1) UNION ALL SELECT value + 1 FROM generate WHERE value < :count)"
        " SELECT hex(randomblob(11)), 'u' || value, '', 'i', 'a', 's', 1, 1, 1, 1, 1, :ends, :ends, 'k', 'k'"
        " FROM generate",
        {"count": count, "ends": ends},
    )


def steps(store, work):
    """How many instructions SQLite's machine runs for it."""
    counted = [0]

    def count():
        counted[0] += 1
        return 0

    store.db.set_progress_handler(count, 1)
    try:
        work()
    finally:
        store.db.set_progress_handler(None, 0)
    return counted[0]


@test("pruning finds the sessions that are over by its index, among many that live", point=17)
def prune_plan(bench):
    store = bench.store()
    fill(store, 20000, NOW + 10**6)
    check(
        steps(store, lambda: store.prune(now=NOW, keep_events=10**10)) < 2000,
        "it looks at sessions that live",
    )


@test("among many sessions each statement takes as many steps as among few")
def steps_among_many(bench):
    store = bench.store()
    pairs = [store.login("alice", now=NOW) for _ in range(4)]

    def measured(pair):
        second = store.refresh(pair["refresh_token"], now=NOW + 1)
        return {
            "refresh": steps(store, lambda: store.refresh(second["refresh_token"], now=NOW + 40)),
            "replay": steps(store, lambda: store.refresh(second["refresh_token"], now=NOW + 41)),
            "authenticate": steps(store, lambda: store.authenticate(second["access_token"], now=NOW + 2)),
            "introspect": steps(store, lambda: store.introspect(second["access_token"], now=NOW + 2)),
            "login": steps(store, lambda: store.login("bob", now=NOW)),
            "logout": steps(store, lambda: store.logout(pair["sid"], "alice", now=NOW + 3)),
            "logout_everywhere": steps(store, lambda: store.logout_everywhere("bob", now=NOW)),
            "prune": steps(store, lambda: store.prune(1, now=NOW, keep_events=10**10)),
        }

    few = [measured(pair) for pair in pairs[:2]][1]
    fill(store, 50000, NOW + 10**6)
    many = measured(pairs[2])
    check(all(many[name] <= few[name] + 5 for name in few), "steps among many, among few", many, few)


@test("the sqlite3 shell installs it, and runs each statement from its file")
def shell(bench):
    program = os.environ.get("SQLITE3") or "sqlite3"
    if not shutil.which(program):
        raise Skipped(f"{program} is not there")
    lines = [
        "CREATE TABLE user (id);",
        f".read {bench.sql}/token_store.sql",
        f".read {bench.sql}/token_store.sql",
        ".parameter init",
        ".parameter set :use \"'access'\"",
        f".read {bench.sql}/create_key.sql",
        ".parameter set :use \"'refresh'\"",
        f".read {bench.sql}/create_key.sql",
        ".parameter set :sub \"'alice'\"",
        f".read {bench.sql}/login.sql",
        "SELECT 'sessions', count(*) FROM jwt_session;",
    ]
    # The shell has the SQLite that it was built with, and refuses to start with another.
    own = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}
    ran = subprocess.run(
        [program, "-batch", "-bail", bench.path, "-cmd", f".load {EXTENSION}"],
        env=own,
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        timeout=60,
    )
    equal((ran.returncode, ran.stderr), (0, ""), "the shell")
    check(ran.stdout.rstrip().endswith("sessions|1"), "what it printed", ran.stdout)
