#!/usr/bin/env python3
"""A small web application on the token store. README.md says what it shows; `make webapp` starts it."""
import argparse
import http.cookies
import http.server
import json
import os
import signal
import sqlite3
import sys
import time
import traceback
import urllib.parse

import accounts
import api
import storage

PAGE = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/app.js": ("app.js", "text/javascript; charset=utf-8"),
    "/style.css": ("style.css", "text/css; charset=utf-8"),
}
LONGEST_BODY = 16384
COOKIE = "refresh_token"

SECURITY_HEADERS = {
    # Only this origin's own files; no inline script, no frame, no form that a browser would send by itself.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
                               " base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
                               " require-trusted-types-for 'script'; trusted-types 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection of a client: one thread, one connection to the database."""
    protocol_version = "HTTP/1.1"
    timeout = 30            # seconds without a request, after which the thread is free again
    wbufsize = 65536        # one write for header and body
    store = None

    def finish(self):
        try:
            super().finish()
        finally:
            if self.store:
                self.store.db.close()

    def do_GET(self):
        path = urllib.parse.urlsplit(self.path).path
        try:
            self.refuse_other_hosts()
            if self.command != "POST" and path in PAGE:
                name, content_type = PAGE[path]
                self.respond(200, (storage.HERE / "page" / name).read_bytes(), content_type)
            else:
                self.answer(self.ask("GET" if self.command == "HEAD" else self.command, path))
        except api.Refused as refusal:
            self.refuse(refusal.status, refusal.error, refusal.headers)
        except accounts.Busy:
            self.refuse(503, "busy", (("Retry-After", "10"),))
        except sqlite3.OperationalError as error:
            busy = "locked" in str(error)       # somebody else writes: nothing was written, the client may try again
            self.report(error)
            self.refuse(503 if busy else 500, "busy" if busy else "internal", (("Retry-After", "1"),) if busy else ())
        except OSError:
            raise                               # the client has gone
        except Exception as error:  # pylint: disable=broad-except
            self.report(error)
            self.refuse(500, "internal")

    do_HEAD = do_POST = do_GET

    # ------------------------------------------------------------ from a request to an answer

    def ask(self, method, path):
        if (method, path) not in api.ROUTES:
            raise api.Refused(405 if any(path == known for _, known in api.ROUTES) else 404, "no_such_thing")
        function, scope = api.ROUTES[method, path]
        request = api.Request(
            store=self.open_store(), throttle=self.server.throttle, ip=self.client_address[0],
            user_agent=self.headers.get("User-Agent", "")[:200], refresh_token=self.cookie())
        if method == "POST":
            self.refuse_other_origins()
            request.body = self.read_body()
        if scope:
            request.caller = self.authenticate(request.store, scope)
        return function(request)

    def open_store(self):
        if self.store is None:
            self.store = self.server.storage.open()
        self.store.defaults.update(self.server.storage.keys.current())
        return self.store

    def authenticate(self, store, scope):
        token = store.db.execute("SELECT jwt_bearer(?)", (self.headers.get("Authorization"),)).fetchone()[0]
        caller = store.authenticate(token, scope=scope)
        if caller["status"] == "scope_missing":
            raise api.Refused(403, "scope_missing", (("WWW-Authenticate", 'Bearer error="insufficient_scope"'),))
        if caller["status"] != "ok":
            raise api.Refused(401, caller["status"], (("WWW-Authenticate", 'Bearer error="invalid_token"'),))
        return caller

    def refuse_other_hosts(self):
        """Another name for this address is a page of somebody else's that wants in (DNS rebinding)."""
        if self.headers.get("Host") != urllib.parse.urlsplit(self.server.origin).netloc:
            self.close_connection = True
            raise api.Refused(421, f"open {self.server.origin}/")

    def refuse_other_origins(self):
        """Browsers say with each POST which page sends it. SameSite alone would let in other ports of this host."""
        if self.headers.get("Origin") != self.server.origin:
            self.close_connection = True
            raise api.Refused(403, "cross_origin")

    def read_body(self):
        length = self.headers.get("Content-Length", "")
        self.close_connection = True        # unless the body is read whole, what follows is no request
        if "Transfer-Encoding" in self.headers or not (length.isascii() and length.isdigit()):
            raise api.Refused(411, "content_length_wanted")
        if len(length) > 9 or int(length) > LONGEST_BODY:
            raise api.Refused(413, "body_too_long")
        content = self.rfile.read(int(length))
        self.close_connection = self.headers.get("Connection", "").lower() == "close"
        if self.headers.get_content_type() != "application/json":
            raise api.Refused(415, "json_wanted")
        try:
            body = json.loads(content)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            raise api.Refused(400, "json_object_wanted")
        return body

    # ------------------------------------------------------------ the cookie

    def cookie(self):
        try:
            found = http.cookies.SimpleCookie(self.headers.get("Cookie", "")).get(COOKIE)
        except http.cookies.CookieError:
            return None
        return found.value if found else None

    def cookie_header(self, answer):
        left = max(0, answer.refresh_exp - int(time.time())) if answer.refresh_token else 0
        secure = "; Secure" if self.server.origin.startswith("https:") else ""
        return ("Set-Cookie", f"{COOKIE}={answer.refresh_token}; Path={api.REFRESH_PATH}; Max-Age={left};"
                              f" HttpOnly; SameSite=Strict{secure}")

    # ------------------------------------------------------------ sending

    def answer(self, answer):
        headers = list(answer.headers)
        if answer.refresh_token is not None:
            headers.append(self.cookie_header(answer))
        self.respond(answer.status, json.dumps(answer.body).encode(), "application/json", headers)

    def refuse(self, status, error, headers=()):
        self.respond(status, json.dumps({"error": error}).encode(), "application/json", headers)

    def respond(self, status, content, content_type, headers=()):
        self.send_response(status)
        fields = {**SECURITY_HEADERS, "Content-Type": content_type, "Content-Length": str(len(content)), **dict(headers)}
        if self.close_connection:
            fields["Connection"] = "close"
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def send_error(self, code, message=None, explain=None):
        """What http.server itself refuses looks like the rest."""
        self.close_connection = True
        self.refuse(code, "bad_request")

    def version_string(self):
        return "webapp"

    # ------------------------------------------------------------ the log: no header, no body, no query, no address typed in

    def log_request(self, code="-", size="-"):
        path = urllib.parse.urlsplit(getattr(self, "path", "")).path
        known = path in PAGE or any(path == route for _, route in api.ROUTES)
        method = self.command if self.command in ("GET", "HEAD", "POST") else "-"
        self.log_message("%s %s %d", method, path if known else "-", code)

    def log_message(self, format, *values):  # pylint: disable=redefined-builtin
        sys.stderr.write(f"{time.strftime('%H:%M:%S')} {self.client_address[0]} {format % values}\n")

    def report(self, error):
        """Where it happened. What SQLite says holds no value; what Python says might."""
        where = traceback.extract_tb(error.__traceback__)[-1]
        said = str(error) if isinstance(error, sqlite3.Error) else ""
        self.log_message("%s at %s:%d %s", type(error).__name__, os.path.basename(where.filename), where.lineno, said)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port, origin, shared):
        super().__init__(("127.0.0.1", port), Handler)
        self.origin = origin or f"http://127.0.0.1:{self.server_address[1]}"
        self.storage, self.throttle = shared, accounts.Throttle()

    def handle_error(self, request, client_address):
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):      # a client that goes away is no event
            sys.stderr.write(f"{type(error).__name__} in a connection\n")


def read_arguments():
    parser = argparse.ArgumentParser(description="A web application on the token store, on 127.0.0.1.")
    parser.add_argument("--data", default="webapp-data", help="folder of the database and the keys; made if it is not there")
    parser.add_argument("--port", type=int, default=8000, help="0: any that is free")
    parser.add_argument("--origin", help="as browsers see it, where a proxy with TLS stands before it: https://app.example")
    parser.add_argument("--extension", default=os.environ.get("JWT_EXT") or str(storage.ROOT / "jwt_ext"))
    parser.add_argument("--access-ttl", type=int, help="seconds that an access token lasts (600)")
    parser.add_argument("--grace", type=int, help="seconds in which a refresh whose answer was lost may be repeated (30)")
    arguments = parser.parse_args()
    if arguments.origin and not arguments.origin.startswith("https://"):
        parser.error("--origin begins with https://: a cookie that logs in must not travel in the clear")
    return arguments


def main():
    arguments = read_arguments()
    os.umask(0o077)
    extension = os.path.abspath(arguments.extension)
    missing = storage.what_is_missing(extension)
    if missing:
        sys.exit(f"webapp: {missing}")
    try:
        shared = storage.Storage(arguments.data, extension)
        server = Server(arguments.port, arguments.origin, shared)
        shared.prepare(server.origin, access_ttl=arguments.access_ttl, grace=arguments.grace)
    except (OSError, RuntimeError, sqlite3.Error) as error:
        sys.exit(f"webapp: {error}")
    print(f"listening on http://127.0.0.1:{server.server_address[1]}/ (open {server.origin}/; Ctrl-C ends it)", flush=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)      # as Ctrl-C
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
