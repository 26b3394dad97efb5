"""Host: Python's sqlite3, and apsw. What it is given and prints: tests/hosts/README.md.

host.py MODULE DATABASE EXTENSION SCENARIO name=value...
"""

import importlib
import pathlib
import re
import sys

PARAMETER = re.compile(r"'(?:[^']|'')*'|--[^\n]*|:([a-z_]\w*)")
module = importlib.import_module(sys.argv[1])
database, extension, scenario = sys.argv[2:5]
variables = dict(pair.split("=", 1) for pair in sys.argv[5:])
passed = failed = 0


def open_apsw():
    connection = module.Connection(database)
    connection.set_busy_timeout(10000)
    connection.enable_load_extension(True)
    connection.load_extension(extension)
    connection.enable_load_extension(False)
    return connection


def open_sqlite3():
    connection = module.connect(database, timeout=10, isolation_level=None)
    connection.enable_load_extension(True)
    connection.load_extension(extension)
    connection.enable_load_extension(False)
    return connection


def connect():
    connection = open_apsw() if sys.argv[1] == "apsw" else open_sqlite3()
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    return connection


def query(connection, text):
    names = {name for name in PARAMETER.findall(text) if name}
    return connection.execute(text, {name: variables.get(name) for name in names}).fetchall()


def script(connection, text):
    if hasattr(connection, "executescript"):
        connection.executescript(text)
    else:
        connection.execute(text)


def plain(rows):
    return " / ".join("|".join("" if value is None else str(value) for value in row) for row in rows)


def judge(title, found, wanted):
    global passed, failed
    if found == wanted:
        passed += 1
    else:
        failed += 1
        print(f"FAILED: {title}\n    found:  {found}\n    wanted: {wanted}")


def step(connection, action, value, title):
    text = pathlib.Path(title[1:]).read_text(encoding="utf-8") if title.startswith("@") else title
    if value.startswith(":"):
        value = variables[value[1:]]
    try:
        if action == "script":
            script(connection, text)
            return judge(title, "", "")
        rows = query(connection, text)
    except module.Error as error:
        found = f"error: {error}"
        return judge(title, found, found if action == "fails" and value in str(error) else value)
    if action == "keep":
        variables.update(zip(value.split(","), rows[0] if rows else ()))
        judge(title, bool(rows), True)
    elif action == "show":
        print(f"{value}: {plain(rows)}")
    else:
        judge(title, plain(rows), value)


connections = {"a": connect(), "b": connect()}
for line in pathlib.Path(scenario).read_text(encoding="utf-8").splitlines():
    if line and not line.startswith("#"):
        name, *rest = line.split("\t", 3)
        step(connections[name], *rest)
for connection in connections.values():
    connection.close()
print(f"{passed} passed, {failed} failed")
