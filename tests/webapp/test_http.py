"""The application over HTTP. Each test has accounts of its own."""
import concurrent.futures
import itertools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import harness
from harness import PASSWORD, Client, check, claims, equal, tamper

test = harness.Tests()
NAMES = map("user{}".format, itertools.count())     # one for all threads


def someone(app, **words):
    """A new account and its first device."""
    client = Client(app, **words)
    client.name = next(NAMES)
    equal(client.sign_up(client.name).status, 201, "sign-up")
    return client


def another_device(client, user_agent="other"):
    device = Client(client.application, user_agent)
    equal(device.log_in(client.name).status, 200, "login")
    device.name = client.name
    return device


def alive(client):
    return client.get("/api/me").status == 200


# ---------------------------------------------------------------- logging in

@test("the refresh token comes in a cookie that no script reads, for one path; the access token in the body")
def cookie(app):
    client = Client(app)
    reply = client.sign_up(next(NAMES))
    equal(reply.status, 201, "sign-up")
    fields = reply.cookie_header.split("; ")
    equal(sorted(field.split("=")[0] for field in fields),
          ["HttpOnly", "Max-Age", "Path", "SameSite", "refresh_token"], "attributes")
    check("SameSite=Strict" in fields and "Path=/auth/refresh" in fields, "scope of the cookie", fields)
    equal(sorted(reply.body), ["access_token", "expires_in", "token_type"], "body")
    check(client.cookie not in reply.content.decode(), "the refresh token is in the body")
    equal(harness.header(client.cookie)["typ"], "rt+jwt", "type of the cookie's token")
    equal(harness.header(client.access)["typ"], "at+jwt", "type of the access token")
    equal(client.get("/api/me").body["role"], "user", "role")


@test("behind a proxy with TLS the cookie is Secure; an origin in the clear is no option")
def secure(_):
    app = harness.Application("--origin", "https://app.example")
    try:
        client = Client(app)
        reply = client.request("POST", "/api/signup", {"name": "ann", "password": PASSWORD},
                               headers={"Host": "app.example", "Origin": "https://app.example"})
        equal(reply.status, 201, "sign-up")
        check(reply.cookie_header.endswith("; Secure"), "Secure", reply.cookie_header)
        equal(client.request("GET", "/").status, 421, "by another name")
    finally:
        app.close()
    refused = subprocess.run(harness.command("server.py", "--origin", "http://app.example"), stderr=subprocess.PIPE,
                             env=harness.environment(), timeout=30)
    check(refused.returncode != 0 and b"https://" in refused.stderr, "an origin in the clear", refused.stderr)


@test("sign-up refuses short passwords, taken names in any case, and what is no name")
def sign_up(app):
    client = someone(app)
    for name, password, status, error in [
            (client.name.upper(), PASSWORD, 409, "name_taken"), (next(NAMES), "short pw!", 400, "password_too_short"),
            (" ", PASSWORD, 400, "name_wanted"), ("x" * 65, PASSWORD, 400, "name_wanted"),
            ("a\nb", PASSWORD, 400, "name_wanted"), (7, PASSWORD, 400, "name_wanted"), ("x", None, 400, "password_wanted")]:
        reply = Client(app).sign_up(name, password)
        equal((reply.status, reply.error, reply.cookie_header), (status, error, None), f"{name!r}, {password!r}")


@test("a wrong password and a name that is not there get the same answer, and guessing is slowed down")
def guessing(app):
    client = someone(app)
    wrong = Client(app).log_in(client.name, "wrong password")
    nobody = Client(app).log_in("no such name", "wrong password")
    equal((wrong.status, wrong.body), (nobody.status, nobody.body), "answers")
    equal((wrong.status, wrong.error), (401, "wrong_name_or_password"), "answer")
    for _ in range(4):
        equal(Client(app).log_in("no such name", "wrong password").status, 401, "attempts that are free")
    held = Client(app).log_in("No Such Name", "wrong password")
    equal(held.status, 429, "the sixth attempt")
    check(0 < int(held.headers["Retry-After"]) <= 31, "Retry-After", held.headers["Retry-After"])
    equal(Client(app).log_in(client.name).status, 200, "other accounts are not held up")


@test("guesses that are sent at once are counted before they are checked")
def guessing_at_once(app):
    client = someone(app)
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        replies = list(pool.map(lambda number: Client(app).log_in(client.name, f"wrong password {number}"), range(12)))
    statuses = [reply.status for reply in replies]
    equal((statuses.count(401), statuses.count(429)), (5, 7), "checked and held up")
    equal(Client(app).log_in(client.name).status, 429, "also the owner, from the same address, for half a minute")


@test("a name that is not there costs the same hash as one that is")
def same_work(app):
    program = """
import sys
sys.path.insert(0, sys.argv[1])
import accounts
hashed, real = [], accounts.hashlib.scrypt
def counted(secret, **how):
    hashed.append((how["n"], how["r"], how["p"], how["dklen"]))
    return real(secret, **how)
accounts.hashlib.scrypt = counted
account = {"password": accounts.hash_password("a long password")}
found = accounts.Accounts(None)
for known in (account, None):
    found.by_name = lambda name: known
    assert found.check("name", "a wrong password") is None
assert found.by_name("name") is None and len(set(hashed)) == 1 and len(hashed) == 3, hashed
print("the same")
"""
    ran = subprocess.run([harness.sys.executable, "-c", program, str(harness.APPLICATION)], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, env=harness.environment(), timeout=120, universal_newlines=True)
    equal((ran.stdout, ran.stderr), ("the same\n", ""), "hashes")


@test("passwords are stored as salted scrypt hashes, and the letters count, not how a keyboard writes them")
def passwords(app):
    first, second = someone(app), someone(app)
    hashes = [app.sql("SELECT password FROM account WHERE name = ?", client.name)[0][0] for client in (first, second)]
    check(all(hashed.startswith("scrypt$15$8$3$") for hashed in hashes), "parameters", hashes)
    check(hashes[0] != hashes[1], "no salt")
    name = next(NAMES)
    equal(Client(app).sign_up(name, "caf\u00e9 caf\u00e9 caf\u00e9").status, 201, "sign-up")
    equal(Client(app).log_in(name, "cafe\u0301 cafe\u0301 cafe\u0301").status, 200, "the same letters decomposed")
    equal(Client(app).log_in(name, "cafe cafe cafe").status, 401, "other letters")


# ---------------------------------------------------------------- tokens

@test("a token that was changed, unsigned, of the other kind or missing opens nothing")
def tampered(app):
    client = someone(app)
    head, payload, signature = client.access.split(".")
    bad = {
        "role changed": tamper(client.access, role="admin"),
        "scope changed": tamper(client.access, scope="account accounts:admin"),
        "signature cut": f"{head}.{payload}.{signature[:-4]}",
        "signature of zeros": f"{head}.{payload}.{harness.base64url(bytes(64))}",
        "no algorithm": f"{harness.base64url({'alg': 'none', 'typ': 'at+jwt'})}.{payload}.",
        "HMAC with the public key's name": f"{harness.base64url(dict(harness.header(client.access), alg='HS256'))}.{payload}.{signature}",
        "the refresh token": client.cookie,
        "no token": "x",
    }
    for what, token in bad.items():
        for path in ("/api/me", "/api/admin/accounts"):
            reply = client.request("GET", path, token=token)
            equal(reply.status, 401, f"{what}, {path}")
            check("invalid_token" in reply.headers["WWW-Authenticate"], "WWW-Authenticate", what)
    equal(client.request("GET", "/api/me").status, 401, "no header")
    equal(client.request("GET", f"/api/me?access_token={client.access}").status, 401, "a token in the query")
    check(alive(client), "the session is as it was")


@test("a refresh token that was changed, or is an access token, is refused and writes nothing")
def tampered_cookie(app):
    client = someone(app)
    session = ("SELECT gen, revoked_at, grace_used FROM jwt_session WHERE sid = ?", claims(client.access)["sid"])
    before = app.sql(*session)
    for what, token in {"gen changed": tamper(client.cookie, gen=1), "gen below": tamper(client.cookie, gen=-1),
                        "an access token": client.access, "junk": "x.y.z", "empty": '""'}.items():
        reply = client.request("POST", "/auth/refresh", cookie=token)
        check(reply.status == 401 and "access_token" not in reply.body, what, reply.status, reply.body)
    equal(client.request("POST", "/auth/refresh").error, "not_logged_in", "no cookie")
    equal(app.sql(*session), before, "the session")
    equal(client.refresh().status, 200, "the good one")


@test("an access token ends, and the refresh token gets the next")
def expiry(app):
    with app.policy(access_ttl=1):
        client = someone(app)
        old = client.access
        harness.wait_for("the end of the access token", lambda: client.get("/api/me").error == "expired")
    equal(client.refresh().status, 200, "refresh")
    check(client.access != old and alive(client), "the next access token")
    equal(client.request("GET", "/api/me", token=old).error, "expired", "the old one")


@test("twelve requests with one refresh token at once: one successor, and the session lives")
def at_once(app):
    client = someone(app)
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        replies = list(pool.map(lambda _: client.request("POST", "/auth/refresh", cookie=client.cookie), range(12)))
    equal([reply.status for reply in replies], [200] * 12, "answers")
    equal(len({reply.cookie_header.split(";")[0] for reply in replies}), 1, "successors")
    rows = app.sql("SELECT gen, grace_used, revoked_at FROM jwt_session WHERE sid = ?", claims(client.access)["sid"])
    equal(rows, [(1, 11, None)], "the session")
    client.take(replies[5])
    equal(client.refresh().status, 200, "the next refresh")


@test("a stolen refresh token is noticed when the owner comes, and ends the session for both")
def stolen(app):
    owner = someone(app)
    thief = Client(app)
    thief.cookie = owner.cookie
    equal(thief.refresh().status, 200, "the thief is first")
    with app.policy(grace=0):
        reply = owner.refresh()
    equal((reply.status, reply.error), (401, "session_reused"), "the owner's refresh")
    check("Max-Age=0" in reply.cookie_header, "the cookie is deleted", reply.cookie_header)
    check(not alive(thief) and not alive(owner), "access tokens live on")
    equal(thief.refresh().status, 401, "the thief's refresh token")
    equal(app.sql("SELECT revoked_why, revoked_by FROM jwt_session WHERE sid = ?", claims(owner.access)["sid"]),
          [("reuse", "policy")], "why")


@test("a refresh token two generations old ends the session also within the grace")
def grandparent(app):
    client = someone(app)
    old = client.cookie
    client.refresh()
    client.refresh()
    equal(client.request("POST", "/auth/refresh", cookie=old).error, "session_reused", "answer")
    check(not alive(client), "the session lives on")


# ---------------------------------------------------------------- devices

@test("the list of devices shows one's own, as text, and ends one of them at once")
def devices(app):
    first = someone(app, user_agent="<b>first</b>")
    second, stranger = another_device(first, "second"), someone(app)
    rows = first.get("/api/sessions").body["sessions"]
    equal(sorted((row["user_agent"], row["current"]) for row in rows), [("<b>first</b>", 1), ("second", 0)], "list")
    sid = next(row["sid"] for row in rows if not row["current"])
    equal(stranger.post("/api/sessions/end", {"sid": sid}).status, 404, "a stranger ends it")
    check(alive(second), "it was ended by a stranger")
    equal(first.post("/api/sessions/end", {"sid": sid}).status, 200, "its owner ends it")
    equal(second.get("/api/me").error, "session_ended", "the device's access token")
    equal(second.refresh().error, "session_ended", "the device's refresh token")
    equal(len(first.get("/api/sessions").body["sessions"]), 1, "list")
    check(alive(first) and alive(stranger), "others live")


@test("logging out ends this session, its cookie, and no other")
def logout(app):
    first = someone(app)
    second, cookie_before = another_device(first), first.cookie
    reply = first.post("/api/logout")
    check(reply.status == 200 and "Max-Age=0; HttpOnly" in reply.cookie_header, "cookie", reply.cookie_header)
    check(not alive(first) and alive(second), "who lives")
    equal(first.request("POST", "/auth/refresh", cookie=cookie_before).status, 401, "the cookie, kept by somebody")


@test("logging out everywhere ends all, or all but this one")
def everywhere(app):
    devices = [someone(app)]
    devices += [another_device(devices[0]) for _ in range(2)]
    equal(devices[1].post("/api/logout-everywhere", {"keep_this": True}).body["ended"], 2, "ended")
    equal([alive(device) for device in devices], [False, True, False], "who lives")
    equal(devices[1].refresh().status, 200, "the one that was kept")
    another = another_device(devices[0])
    equal(another.post("/api/logout-everywhere").body["ended"], 2, "ended")
    check(not alive(another) and not alive(devices[1]), "who lives")


@test("a changed password ends all sessions and begins one here")
def password(app):
    first = someone(app)
    second, fresh = another_device(first), "another long password"
    equal(first.post("/api/password", {"password": "wrong password", "new_password": fresh}).status, 401, "wrong old one")
    equal(first.post("/api/password", {"password": PASSWORD, "new_password": "short"}).status, 400, "short new one")
    check(alive(second), "a refused change ends nothing")
    sid = claims(first.access)["sid"]
    equal(first.post("/api/password", {"password": PASSWORD, "new_password": fresh}).status, 200, "change")
    check(alive(first) and claims(first.access)["sid"] != sid, "a new session here")
    check(not alive(second), "the other device")
    equal(app.sql("SELECT DISTINCT reason FROM jwt_event WHERE sid = ? AND kind = 'revoked'", sid),
          [("password changed",)], "why")
    equal((Client(app).log_in(first.name).status, Client(app).log_in(first.name, fresh).status), (401, 200), "logins")


# ---------------------------------------------------------------- administration

@test("administration needs the scope and the role; a role counts from the next login")
def admin(app):
    client, other = someone(app), someone(app)
    refused = client.get("/api/admin/accounts")
    equal((refused.status, refused.error), (403, "scope_missing"), "without the scope")
    check("insufficient_scope" in refused.headers["WWW-Authenticate"], "WWW-Authenticate")
    equal(client.post("/api/admin/end", {"account": "x"}).status, 403, "ending without the scope")

    # A session that has the scope by mistake, and not the role.
    app.sql("UPDATE jwt_session SET scope = 'account accounts:admin' WHERE sid = ?", claims(client.access)["sid"])
    client.refresh()
    equal(client.get("/api/admin/accounts").error, "role_missing", "with the scope alone")

    equal(app.manage("role", client.name, "admin").returncode, 0, "manage.py role")
    check(not alive(client), "the session with the old role lives on")
    client.log_in(client.name)
    found = client.get("/api/admin/accounts")
    equal(found.status, 200, "the list")
    counts = {account["name"]: account["sessions"] for account in found.body["accounts"]}
    equal((counts[client.name], counts[other.name]), (1, 1), "live sessions")
    check(any(event["reason"] == "role changed" and event["actor"] == "admin" for event in found.body["events"]), "audit")
    target = next(account["id"] for account in found.body["accounts"] if account["name"] == other.name)
    equal(client.post("/api/admin/end", {"account": target}).body["ended"], 1, "sessions ended")
    check(not alive(other) and alive(client), "who lives")
    check(app.manage("role", "nobody at all", "admin").returncode != 0, "a role for nobody")


# ---------------------------------------------------------------- what others send

@test("a POST of another page is refused before anything happens, whatever it sends along")
def cross_site(app):
    client = someone(app)
    for origin in (None, "null", "https://evil.example", app.origin + "0", app.origin.replace("127.0.0.1", "localhost")):
        for path in ("/auth/refresh", "/api/login", "/api/signup", "/api/logout"):
            reply = client.request("POST", path, {"name": "x", "password": PASSWORD}, headers={"Origin": origin},
                                   cookie=client.cookie, token=client.access)
            equal((reply.status, reply.error, reply.cookie_header), (403, "cross_origin", None), f"{origin} {path}")
    form = client.request("POST", "/auth/refresh", content=b"a=b", cookie=client.cookie,
                          headers={"Content-Type": "text/plain"})
    equal(form.status, 415, "a form")
    equal(client.request("GET", "/auth/refresh", cookie=client.cookie).status, 405, "GET")
    equal(client.request("GET", "/", headers={"Host": "evil.example"}).status, 421, "another host")
    equal(app.sql("SELECT gen, revoked_at FROM jwt_session WHERE sid = ?", claims(client.access)["sid"]), [(0, None)],
          "the session")


@test("bodies that are too long, chunked, or no JSON object are refused, and nothing after them is read")
def bodies(app):
    client = someone(app)
    for content, status in [(b"x" * 20000, 413), (b"[]", 400), (b"{", 400), (b"\xff", 400), (b"[" * 16000, 400), (b"", 400)]:
        equal(client.request("POST", "/api/login", content=content).status, status, repr(content[:9]))
    smuggled = (f"POST /api/login HTTP/1.1\r\nHost: 127.0.0.1:{app.port}\r\nOrigin: {app.origin}\r\n"
                "{}\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n")
    for field in ("Transfer-Encoding: chunked", "Content-Length: -1", "Content-Length: 1e3",
                  "Content-Length: 5\r\nTransfer-Encoding: chunked"):
        with socket.create_connection(("127.0.0.1", app.port), 10) as connection:
            connection.sendall(smuggled.format(field).encode())
            got = b""
            while True:
                part = connection.recv(65536)
                if not part:
                    break
                got += part
        equal((got.count(b"HTTP/1.1 "), got[9:12]), (1, b"411"), field)


@test("every answer forbids storing, framing and scripts of others, and tells no version")
def headers(app):
    client = someone(app)
    replies = {path: client.request("GET", path) for path in ("/", "/app.js", "/api/me", "/nothing", "/.well-known/jwks.json")}
    replies["method"] = client.request("BREW", "/")
    replies["login"] = client.log_in(client.name)
    for what, reply in replies.items():
        policy = reply.headers["Content-Security-Policy"]
        check("default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy, what, policy)
        equal(reply.headers["X-Content-Type-Options"], "nosniff", what)
        equal(reply.headers["Server"], "webapp", what)
        equal(reply.headers["Cache-Control"], "public, max-age=300" if "jwks" in what else "no-store", what)
    page = replies["/"].content.decode()
    check("<script>" not in page and "style=" not in page and " onclick" not in page, "inline script or style")


# ---------------------------------------------------------------- keys, files, log

@test("the key set is public, and keys are rotated while the application runs without logging anybody out")
def rotation(app):
    client = someone(app)
    keys = client.request("GET", "/.well-known/jwks.json").body["keys"]
    equal([key["kid"] for key in keys], [harness.header(client.access)["kid"]], "the key that signs")
    equal(sorted(keys[0]), ["alg", "crv", "kid", "kty", "use", "x", "y"], "members")
    old_access, old_kids = client.access, [harness.header(token)["kid"] for token in (client.access, client.cookie)]
    for use in ("access", "refresh"):
        made = app.manage("new-key", use)
        check(made.returncode == 0 and "standby" in made.stdout, "new-key", made)
    equal(len(client.request("GET", "/.well-known/jwks.json").body["keys"]), 2, "the standby is published")
    client.refresh()
    equal(harness.header(client.access)["kid"], old_kids[0], "the standby signs nothing")
    for use in ("access", "refresh"):
        equal(app.manage("rotate", use).returncode, 0, "rotate")
    check(app.manage("rotate", "access").returncode != 0, "no standby is left")
    check(alive(client), "the old access token")
    equal(client.refresh().status, 200, "the old refresh token")
    kids = [harness.header(token)["kid"] for token in (client.access, client.cookie)]
    check(not set(kids) & set(old_kids), "new keys sign", kids, old_kids)
    equal(client.refresh().status, 200, "the new refresh token")
    equal(client.request("GET", "/api/me", token=old_access).status, 200, "the old access token")
    equal(app.manage("prune").returncode, 0, "prune")
    check(alive(client), "after pruning")


def read_if_there(path):
    """A file's bytes; none where a connection that closed has just removed its write-ahead log."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


@test("no private key is in the database, and the key file is for its owner alone")
def key_file(app):
    client = someone(app)
    data = app.folder / "data"
    equal((data / "keys.json").stat().st_mode & 0o777, 0o600, "mode of the key file")
    equal(data.stat().st_mode & 0o777, 0o700, "mode of the folder")
    keys = json.loads((data / "keys.json").read_text())
    stored = b"".join(read_if_there(path) for path in data.glob("webapp.db*"))
    for secret in [key.get("d") or key["k"] for use in keys for key in keys[use]] + [PASSWORD, client.cookie, client.access]:
        check(secret.encode() not in stored, "a secret is in the database")
    copy = app.folder / "copy"
    shutil.copytree(data, copy, ignore=shutil.ignore_patterns("*-wal", "*-shm"))
    for change, said in ((lambda: os.chmod(copy / "keys.json", 0o644), "others may read"),
                         (lambda: os.remove(copy / "keys.json"), "lacks the")):
        change()
        started = subprocess.run(harness.command("server.py", "--data", copy, "--port", 0), stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, env=harness.environment(), timeout=30, universal_newlines=True)
        check(started.returncode != 0 and said in started.stderr, said, started)
    shutil.rmtree(copy)


@test("README.md: its commands run, its table has each file, its figures are those of the code")
def readme(_):
    text = (harness.APPLICATION / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^python3 examples/webapp/manage.py --data build/webapp ([^#\n]+)", text, re.MULTILINE)
    check(len(commands) >= 4, "commands", commands)
    app = harness.Application()
    try:
        client = someone(app)
        for words in commands:
            ran = app.manage(*words.replace("NAME", client.name).split())
            equal((ran.returncode, ran.stderr), (0, ""), words)
        equal(client.get("/api/me").error, "session_ended", "the sessions of one whose role has changed")
        equal(client.log_in(client.name).status, 200, "login")
        equal(client.get("/api/admin/accounts").status, 200, "the administrator's page")
        known = {key["kid"] for key in client.request("GET", "/.well-known/jwks.json").body["keys"]}
        check(harness.header(client.access)["kid"] in known and len(known) == 2, "keys after a rotation", known)
    finally:
        app.close()
    table = text[text.index("## What is where"):text.index("## How it works")]
    named = set(re.findall(r"^\| `([^`]+?)/?` \|", table, re.MULTILINE))
    there = {path.name for path in harness.APPLICATION.iterdir()} - {"README.md", "__pycache__"}
    equal(named, there, "files")
    source = (harness.APPLICATION / "accounts.py").read_text(encoding="utf-8")
    log_n, r, p = map(int, re.search(r"^COST = \((\d+), (\d+), (\d+)\)", source, re.MULTILINE).groups())
    check(f"N = 2^{log_n}," in text and f"r = {r}, p = {p} is" in " ".join(text.split()), "scrypt", log_n, r, p)


@test("what is missing is said in a sentence")
def missing(app):
    environment = harness.environment()
    started = subprocess.run(
        harness.command("server.py", "--data", app.folder / "none", "--extension", "/nonexistent/jwt_ext"),
        stderr=subprocess.PIPE, env=environment, timeout=30, universal_newlines=True)
    check(started.returncode == 1 and "`make` builds it" in started.stderr and "Traceback" not in started.stderr,
          "no extension", started)
    # A Python that cannot load extensions, whichever is at hand.
    crippled = ("import sqlite3, sys; C = sqlite3.Connection; sqlite3.Connection = type('Connection', (), {});"
                f"sys.path.insert(0, {str(harness.APPLICATION)!r}); import storage; print(storage.what_is_missing('x'))")
    said = subprocess.run([harness.sys.executable, "-c", crippled], stdout=subprocess.PIPE, env=environment, timeout=30)
    check(b"loading of extensions" in said.stdout, "no loading", said)


@test("sessions outlive kill -9 of the application, and so does a logout")
def kill(_):
    app = harness.Application()
    try:
        client = someone(app)
        other = another_device(client)
        equal(other.post("/api/logout").status, 200, "logout")
        app.stop(signal.SIGKILL)
        app.start()
        check(alive(client) and not alive(other), "who lives")
        equal(client.refresh().status, 200, "refresh")
    finally:
        app.close()


@test("a database that is written by somebody else is answered 503, and the next attempt succeeds")
def busy(app):
    client = someone(app)
    with harness.contextlib.closing(harness.sqlite3.connect(app.folder / "data" / "webapp.db", isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        check(alive(client), "readers do not wait")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            reply = pool.submit(client.request, "POST", "/auth/refresh", cookie=client.cookie).result()
        db.execute("ROLLBACK")
    equal((reply.status, reply.headers["Retry-After"], reply.cookie_header), (503, "1", None), "while it is locked")
    equal(client.refresh().status, 200, "the next attempt")


@test("the log has neither tokens nor passwords nor what people typed")
def log(app):
    client = someone(app)
    client.request("GET", f"/api/me?access_token={client.access}")
    client.request("GET", f"/{client.access}")
    client.request(f"X{client.access}", "/")
    client.request("POST", "/api/login", {"name": "typed into the wrong field", "password": "typed-password"})
    time.sleep(0.2)
    said = app.log_path.read_text()
    check("POST /api/signup 201" in said and "GET - 404" in said, "what it is for", said[-300:])
    for secret in (client.access, client.cookie, client.access.split(".")[1], PASSWORD, "typed", client.name):
        check(secret not in said, "in the log", secret)
    errors = [line for line in said.splitlines() if "Error" in line and "database is locked" not in line]
    equal(errors, [], "errors of the application")
