"""Serves the file of docs/datasette.md and asks what the page asks."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, "tests/webapp")
import test_browser  # noqa: E402 -- the driver of the web application's tests
import webdriver  # noqa: E402

WORK = pathlib.Path(sys.argv[1])
EXTENSION = os.path.abspath(os.environ.get("JWT_EXT", "./jwt_ext"))
PAGE = pathlib.Path("docs/datasette.md").read_text()

counts = {True: 0, False: 0}


def judge(title, holds, seen):
    counts[bool(holds)] += 1
    print(f"ok {title}" if holds else f"FAILED: {title}: {seen}", flush=True)


def blocks(heading):
    """The SQL below a heading of the page: statements with what their comments say that they answer."""
    section = re.split(r"^## ", PAGE, flags=re.MULTILINE)
    text = next(part for part in section if part.startswith(heading))
    for block in re.findall(r"^```sql\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for statement in re.findall(r"(.+?;)\n((?:-- [^\n]*\n)*)", block, re.DOTALL):
            yield statement[0].strip(), [line[3:] for line in statement[1].splitlines()]


def make(path):
    path.unlink(missing_ok=True)
    database = sqlite3.connect(path)
    database.enable_load_extension(True)
    database.load_extension(EXTENSION)
    for statement, _ in blocks("A file to serve"):
        database.execute(re.sub(r"^\.load.*\n", "", statement))
    database.commit()
    database.close()


def command(port, path):
    """The page's own command, with this machine's paths."""
    words = re.search(r"^    (datasette serve .*)$", PAGE, re.MULTILINE).group(1).split()
    words[words.index("tokens.db")] = str(path)
    words[words.index("metadata.json")] = str(WORK / "metadata.json")
    words[words.index("--load-extension") + 1] = words[words.index("--load-extension") + 1].replace("./jwt_ext", EXTENSION)
    words[0] = str(WORK / "python/bin/datasette")
    return words + ["--host", "127.0.0.1", "--port", str(port)]


@contextlib.contextmanager
def served(path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    with open(WORK / "datasette.log", "w") as log:
        process = subprocess.Popen(command(port, path), stdout=log, stderr=log)
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(address + "/-/versions.json").read()
                break
            except OSError:
                if process.poll() is not None:
                    raise SystemExit(pathlib.Path(WORK / "datasette.log").read_text())
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(30)


def rows_of(address, **parameters):
    """What a page answers: rows as the shell prints them; or the error's text."""
    try:
        with urllib.request.urlopen(f"{address}?{urllib.parse.urlencode({'_shape': 'arrays', **parameters})}") as reply:
            rows = json.load(reply)["rows"]
    except urllib.error.HTTPError as error:
        return json.load(error)["error"]
    return ["|".join("" if value is None else str(value) for value in row) for row in rows]


def ask(address, sql):
    return rows_of(address + "/tokens.json", sql=sql)


def over_http(address):
    asked = list(blocks("Asking"))
    judge("the page asks something", len(asked) >= 4, len(asked))
    for statement, said in asked:
        seen = ask(address, statement.rstrip(";"))
        judge(f"over HTTP: {statement.splitlines()[0][:60]}", seen == said, seen)

    token = ask(address, "SELECT token FROM session WHERE id = 2")[0]
    seen = rows_of(address + "/tokens/paste.json", token=token)
    judge("a pasted token is judged", len(seen) == 1 and seen[0].startswith("revoked|") and '"sub":"bob"' in seen[0], seen)

    # Whatever signs, makes keys or shows private ones; each is there with the other entry point.
    everything = sqlite3.connect(":memory:")
    everything.enable_load_extension(True)
    everything.load_extension(EXTENSION)
    for call in ("jwt_sign('{}', 'k')", "jws_sign('x', 'k')", "jwk_generate('ES256')", "jwk_from_pem('x')", "jwk_to_pem('{}')",
                 "jwt_random()"):
        name = call.split("(")[0]
        known = everything.execute("SELECT count(*) FROM pragma_function_list WHERE name = ?", (name,)).fetchone()[0]
        seen = ask(address, "SELECT " + call)
        judge(f"no {name} over the web", known and seen == f"no such function: {name}", (known, seen))
    seen = ask(address, "INSERT INTO revoked (jti) VALUES ('a1')")
    judge("nothing is written over the web", "SELECT" in seen, seen)
    try:
        seen = urllib.request.urlopen(address + "/tokens.db").status
    except urllib.error.HTTPError as error:
        seen = error.code
    judge("the file cannot be taken away", seen == 403, seen)


def in_browser(address):
    with contextlib.closing(webdriver.Driver(shutil.which("chromedriver"))) as driver, \
            contextlib.closing(webdriver.Profile(driver, test_browser.browser(), WORK / "screenshots")) as page:
        page.open(address + "/tokens/verdict")
        page.wait("table.rows-and-columns", "bad_signature")
        text = page.text("table.rows-and-columns")
        judge("browser: the view of verdicts", all(word in text for word in ("ok", "revoked", "expired", "bad_signature")), text)
        page.screenshot("verdict")
        page.open(address + "/tokens/revoked_rules")
        page.wait("table.rows-and-columns", "lost device")
        judge("browser: the rules", True, "")
        page.screenshot("rules")

        token = ask(address, "SELECT token FROM session WHERE id = 1")[0]
        page.open(address + "/tokens/paste")
        page.type("#qp1", token)
        page.click("input[type=submit]")
        page.wait("table.rows-and-columns", "alice")
        text = page.text("table.rows-and-columns")
        judge("browser: a token that is pasted into the field", "ok" in text and '"role":"admin"' in text, text)
        page.screenshot("pasted")

        page.open(f"{address}/tokens?{urllib.parse.urlencode({'sql': 'SELECT jwt_sign(1, 2)'})}")
        page.wait("body", "no such function: jwt_sign")
        judge("browser: nothing signs", True, "")
        page.screenshot("nothing-signs")


def main():
    skipped = 0
    path = WORK / "tokens.db"
    make(path)
    (WORK / "metadata.json").write_text(re.search(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL).group(1))
    with served(path) as address:
        over_http(address)
        missing = test_browser.what_is_missing()
        if missing and os.environ.get("CI"):
            judge("browser: may not be skipped in CI", False, missing)
        elif missing:
            print(f"skipped: browser: {missing}")
            skipped = 1
        else:
            in_browser(address)
    print(f"{counts[True]} passed, {counts[False]} failed, {skipped} skipped")
    return 1 if counts[False] else 0


if __name__ == "__main__":
    sys.exit(main())
