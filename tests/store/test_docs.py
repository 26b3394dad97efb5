"""docs/token-store.md: its Python is run, and prints what stands below it. (Its SQL is for tests/docs.)"""

import contextlib
import io
import os
import re
import sys

from harness import EXTENSION, ROOT, check, equal, test


@test("the Python of docs/token-store.md prints what it says")
def python_blocks(bench):
    text = (ROOT / "docs" / "token-store.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    check(len(blocks) >= 4, "blocks", len(blocks))
    names, printed, expected = {}, io.StringIO(), []
    before = os.getcwd(), list(sys.path)
    sys.path.insert(0, str(bench.sql / "loaders"))
    os.chdir(bench.folder)
    try:
        for block in blocks:
            expected += re.findall(r"^# -> (.*)$", block, re.MULTILINE)
            with contextlib.redirect_stdout(printed):
                exec(block.replace('"./jwt_ext"', repr(EXTENSION)), names)
    finally:
        os.chdir(before[0])
        sys.path[:] = before[1]
        bench.open += [value for name, value in names.items() if name.startswith("db")]
    equal(printed.getvalue().splitlines(), expected, "what it prints")


@test("docs/token-store.md lists each statement")
def listed(bench):
    text = (ROOT / "docs" / "token-store.md").read_text(encoding="utf-8")
    table = text[text.index("## The statements") : text.index("## Policy")]
    named = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE))))
    files = {path.stem for path in bench.sql.glob("*.sql")} - {"token_store", "demo", "inspect"}
    equal(named, files, "statements")


@test("the columns of jwt_policy in docs/token-store.md are those of the table")
def policy_columns(bench):
    text = (ROOT / "docs" / "token-store.md").read_text(encoding="utf-8")
    table = text[text.index("## Policy") : text.index("## Keys")]
    named = re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE)))
    columns = [row[1] for row in bench.store().db.execute("PRAGMA table_info(jwt_policy)")]
    equal(sorted([*named, "client", "iss", "aud"]), sorted(columns), "columns")
