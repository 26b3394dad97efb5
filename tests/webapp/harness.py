"""What the tests of the application share: the application as a process, clients of it, and how a test fails."""
import base64
import collections
import concurrent.futures
import contextlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
APPLICATION = ROOT / "examples" / "webapp"
EXTENSION = os.path.abspath(os.environ.get("JWT_EXT") or ROOT / "jwt_ext")
PASSWORD = "correct horse battery"


class Skipped(Exception):
    """This cannot run here."""


def check(holds, what, *details):
    if not holds:
        raise AssertionError(what + "".join(f"\n        {detail!r}" for detail in details))


def equal(got, expected, what):
    check(got == expected, what, got, expected)


def wait_for(what, ask, seconds=90):
    """Asks until the answer is true, and answers it. The time is for machines that have much else to do."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = ask()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"in {seconds} s it did not come: {what}")


class Tests:
    """A list of tests; each is a function with a title, that gets what the list was made with."""

    def __init__(self):
        self.tests = []

    def __call__(self, title):
        def register(function):
            self.tests.append((title, function))
            return function
        return register

    def run(self, words, *benches):
        """Runs all whose title contains one of the words, on as many threads as there are benches; answers the counts."""
        waiting = [test for test in self.tests if not words or any(word in test[0] for word in words)][::-1]
        counts = collections.Counter()

        def work(bench):
            while waiting:
                verdict, said = judge(*waiting.pop(), bench)
                counts[verdict] += 1
                print(said, flush=True)

        with concurrent.futures.ThreadPoolExecutor(len(benches)) as pool:
            for future in [pool.submit(work, bench) for bench in benches]:
                future.result()
        return counts


def judge(title, function, bench):
    try:
        function(bench)
        return "passed", f"ok {title}"
    except Skipped as why:
        return "skipped", f"skipped: {title}: {why}"
    except Exception as error:  # whatever it is, this test has failed and the next one runs
        lines = [f"FAILED {title}", f"  {type(error).__name__}: {error}"]
        lines += [f"  {os.path.basename(at.filename)}:{at.lineno} {at.line}" for at in traceback.extract_tb(error.__traceback__)]
        return "failed", "\n    ".join(lines)


# ---------------------------------------------------------------- the application

def environment():
    made = dict(os.environ, PYTHONDONTWRITEBYTECODE="1")
    if made.get("JWT_PRELOAD"):
        # Python itself leaks at exit; what the extension leaks is for suites that own their process.
        made["LD_PRELOAD"] = made["JWT_PRELOAD"]
        made["ASAN_OPTIONS"] = made.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
    return made


def command(program, *words):
    return [sys.executable, str(APPLICATION / program), "--extension", EXTENSION, *map(str, words)]


class Application:
    """A server with a new folder, or with one of an earlier server."""

    def __init__(self, *words, folder=None, port=0):
        self.made = None if folder else tempfile.mkdtemp(prefix="jwt-webapp-")
        self.folder = pathlib.Path(folder or self.made)
        self.words, self.port = words, port
        self.log_path = self.folder / "log.txt"
        self.start()

    def start(self):
        self.log = open(self.log_path, "ab")
        self.process = subprocess.Popen(
            command("server.py", "--data", self.folder / "data", "--port", self.port, *self.words),
            stdout=subprocess.PIPE, stderr=self.log, env=environment())
        line = self.process.stdout.readline().decode()
        if not line.startswith("listening on http://127.0.0.1:"):
            raise AssertionError(f"the application did not start: {line} {self.log_path.read_text()}")
        self.port = int(line.split("/")[2].split(":")[1])
        self.origin = f"http://127.0.0.1:{self.port}"

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(90)
        self.process.stdout.close()
        self.log.close()

    def close(self):
        self.stop()
        if self.made:
            shutil.rmtree(self.made)

    def manage(self, *words):
        return subprocess.run(command("manage.py", "--data", self.folder / "data", *words), env=environment(),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, timeout=60)

    def sql(self, statement, *values):
        """On a connection without the extension: what anybody sees who has the file."""
        with contextlib.closing(sqlite3.connect(self.folder / "data" / "webapp.db", timeout=10)) as db, db:
            return db.execute(statement, values).fetchall()

    @contextlib.contextmanager
    def policy(self, **columns):
        before = self.sql(f"SELECT {', '.join(columns)} FROM jwt_policy WHERE client = ''")[0]
        change = f"UPDATE jwt_policy SET {', '.join(f'{column} = ?' for column in columns)} WHERE client = ''"
        self.sql(change, *columns.values())
        try:
            yield
        finally:
            self.sql(change, *before)


# ---------------------------------------------------------------- a client that is no browser

class Reply:
    def __init__(self, response):
        self.status, self.headers = response.status, response.headers
        self.content = response.read()
        self.body = json.loads(self.content) if self.headers.get_content_type() == "application/json" else None
        self.error = self.body.get("error") if isinstance(self.body, dict) else None
        self.cookie_header = self.headers.get("Set-Cookie")


class Client:
    """One device: its access token, its cookie. Keeps what it gets, as the page and a browser do."""

    def __init__(self, application, user_agent="test"):
        self.application, self.user_agent = application, user_agent
        self.access = self.cookie = None

    def request(self, method, path, body=None, headers=(), token=None, cookie=None, content=None):
        fields = {"User-Agent": self.user_agent, "Origin": self.application.origin}
        if method == "POST":
            fields["Content-Type"] = "application/json"
            content = json.dumps({} if body is None else body).encode() if content is None else content
        if token:
            fields["Authorization"] = f"Bearer {token}"
        if cookie:
            fields["Cookie"] = f"refresh_token={cookie}"
        fields.update(headers)
        connection = http.client.HTTPConnection("127.0.0.1", self.application.port, timeout=60)
        try:
            connection.request(method, path, content, {name: value for name, value in fields.items() if value is not None})
            return Reply(connection.getresponse())
        finally:
            connection.close()

    def take(self, reply):
        if reply.body and reply.body.get("access_token"):
            self.access = reply.body["access_token"]
        if reply.cookie_header:
            self.cookie = reply.cookie_header.split(";")[0].split("=", 1)[1]
        return reply

    def sign_up(self, name, password=PASSWORD):
        return self.take(self.request("POST", "/api/signup", {"name": name, "password": password}))

    def log_in(self, name, password=PASSWORD):
        return self.take(self.request("POST", "/api/login", {"name": name, "password": password}))

    def refresh(self):
        return self.take(self.request("POST", "/auth/refresh", cookie=self.cookie))

    def get(self, path):
        return self.request("GET", path, token=self.access)

    def post(self, path, body=None):
        return self.take(self.request("POST", path, body, token=self.access))


def claims(token):
    """What a token says; nothing is verified."""
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def header(token):
    return claims("." + token)


def base64url(value):
    return base64.urlsafe_b64encode(value if isinstance(value, bytes) else json.dumps(value).encode()).decode().rstrip("=")


def tamper(token, **changed):
    """The same token with other claims under the old signature."""
    head, _, signature = token.split(".")
    return ".".join([head, base64url(dict(claims(token), **changed)), signature])
