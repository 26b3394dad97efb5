"""What each request does. Transport is server.py's; this knows accounts, sessions and tokens."""
import dataclasses
import json
import secrets
import typing

import accounts

REFRESH_PATH = "/auth/refresh"      # the refresh token travels to this path only
ROUTES = {}


class Refused(Exception):
    def __init__(self, status, error, headers=()):
        super().__init__(error)
        self.status, self.error, self.headers = status, error, headers


@dataclasses.dataclass
class Request:
    store: typing.Any                   # a TokenStore, this thread's own
    throttle: accounts.Throttle
    ip: str
    user_agent: str
    refresh_token: typing.Optional[str]     # from the cookie
    body: dict = dataclasses.field(default_factory=dict)
    caller: typing.Optional[dict] = None    # the row of statement authenticate, where the route wants a scope

    @property
    def accounts(self):
        return accounts.Accounts(self.store.db)

    def text(self, name, longest=200):
        value = self.body.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= longest:
            raise Refused(400, f"{name}_wanted")
        return value


@dataclasses.dataclass
class Answer:
    body: dict
    status: int = 200
    refresh_token: typing.Optional[str] = None      # for the cookie; '' deletes it
    refresh_exp: int = 0
    headers: tuple = ()


def route(method, path, scope=None):
    """Registers a function for a request. With a scope, only sessions that have it are let in."""

    def register(function):
        ROUTES[method, path] = (function, scope)
        return function

    return register


# ---------------------------------------------------------------- logging in

def pair_answer(pair):
    """The access token for the page's memory, the refresh token for the cookie that no script can read."""
    body = {"access_token": pair["access_token"], "token_type": pair["token_type"], "expires_in": pair["expires_in"]}
    return Answer(body, refresh_token=pair["refresh_token"], refresh_exp=pair["refresh_exp"])


def begin_session(request, account):
    """Logs an account in whose password was checked. The caller holds a transaction."""
    # The check took long. If password or role changed meanwhile, their sessions were ended: begin none on the old ones.
    if request.accounts.by_id(account["id"]) != account:
        raise Refused(409, "account_changed")
    pair = request.store.login(
        account["id"], scope=accounts.SCOPES[account["role"]], ip=request.ip, user_agent=request.user_agent,
        claims=json.dumps({"role": account["role"], "name": account["name"]}))
    if pair is None:
        raise Refused(403, "account_suspended")
    return pair_answer(pair)


def checked_account(request, name):
    who = (name.casefold(), request.ip)
    password = request.text("password", 1000)
    wait = request.throttle.admit(who)
    if wait:
        raise Refused(429, "too_many_attempts", (("Retry-After", str(wait)),))
    account = request.accounts.check(name, password)
    if account is None:
        raise Refused(401, "wrong_name_or_password")
    request.throttle.passed(who)
    return account


def new_password(request, member):
    password = request.text(member, 1000)
    if len(password) < accounts.SHORTEST_PASSWORD:
        raise Refused(400, "password_too_short")
    return password


@route("POST", "/api/signup")
def sign_up(request):
    name = request.text("name", 64)
    if name != name.strip() or not name.isprintable():
        raise Refused(400, "name_wanted")
    account = request.accounts.create(name, new_password(request, "password"))
    if account is None:
        raise Refused(409, "name_taken")
    with request.store.transaction():
        answer = begin_session(request, account)
    answer.status = 201
    return answer


@route("POST", "/api/login")
def log_in(request):
    account = checked_account(request, request.text("name", 64))
    with request.store.transaction():
        answer = begin_session(request, account)
    if secrets.randbelow(100) == 0:
        request.store.prune()
    return answer


@route("POST", REFRESH_PATH)
def refresh(request):
    if not request.refresh_token:
        raise Refused(401, "not_logged_in")
    pair = request.store.refresh(request.refresh_token)     # committed before anything of it is sent, also after reuse
    if pair is None:
        return Answer({"error": "session_ended"}, 401, refresh_token="")
    if pair["outcome"] == "reuse":
        return Answer({"error": "session_reused"}, 401, refresh_token="")
    return pair_answer(pair)


# ---------------------------------------------------------------- one's own account

@route("GET", "/api/me", scope="account")
def who_am_i(request):
    claims = json.loads(request.caller["claims"])
    return Answer({name: claims[name] for name in ("sub", "name", "role", "scope", "sid")})


@route("GET", "/api/sessions", scope="account")
def list_sessions(request):
    rows = request.store.sessions(request.caller["sub"], sid=request.caller["sid"])
    shown = ("sid", "ip", "user_agent", "created_at", "used_at", "current")
    return Answer({"sessions": [{name: row[name] for name in shown} for row in rows]})


@route("POST", "/api/sessions/end", scope="account")
def end_session(request):
    # The statement asks whose the session is: the sid of somebody else's ends nothing.
    ended = request.store.logout(request.text("sid"), sub=request.caller["sub"])
    if ended is None:
        raise Refused(404, "no_such_session")
    return Answer({"ended": 1}, refresh_token="" if ended["sid"] == request.caller["sid"] else None)


@route("POST", "/api/logout", scope="account")
def log_out(request):
    request.store.logout(request.caller["sid"], sub=request.caller["sub"])
    return Answer({"ended": 1}, refresh_token="")


@route("POST", "/api/logout-everywhere", scope="account")
def log_out_everywhere(request):
    keep = request.body.get("keep_this") is True
    ended = request.store.logout_everywhere(request.caller["sub"], keep_sid=request.caller["sid"] if keep else None)
    return Answer({"ended": len(ended)}, refresh_token=None if keep else "")


@route("POST", "/api/password", scope="account")
def change_password(request):
    """Ends all sessions: whoever knew the old password may have one. This device gets a new session."""
    fresh = new_password(request, "new_password")
    account = checked_account(request, json.loads(request.caller["claims"])["name"])
    if account["id"] != request.caller["sub"]:
        raise Refused(409, "account_changed")
    hashed = accounts.hash_password(fresh)
    with request.store.transaction():
        changed = request.store.db.execute(
            "UPDATE account SET password = ? WHERE id = ? AND password = ?",
            (hashed, account["id"], account["password"])).rowcount
        if not changed:
            raise Refused(409, "account_changed")
        request.store.logout_everywhere(account["id"], reason="password changed")
        return begin_session(request, dict(account, password=hashed))


# ---------------------------------------------------------------- administration

def administrator(request):
    """The scope was asked for by the route, the role is asked for here: a token needs both."""
    if json.loads(request.caller["claims"]).get("role") != "admin":
        raise Refused(403, "role_missing")


@route("GET", "/api/admin/accounts", scope="accounts:admin")
def list_accounts(request):
    administrator(request)
    rows = request.store.db.execute(
        "SELECT id, name, role, created_at, (SELECT count(*) FROM jwt_sessions_live WHERE sub = account.id)"
        " FROM account ORDER BY name LIMIT 200").fetchall()
    events = request.store.db.execute(
        "SELECT utc, kind, (SELECT name FROM account WHERE id = sub), actor, reason"
        " FROM jwt_audit ORDER BY id DESC LIMIT 30").fetchall()
    return Answer({
        "accounts": [dict(zip(("id", "name", "role", "created_at", "sessions"), row)) for row in rows],
        "events": [dict(zip(("at", "kind", "name", "actor", "reason"), row)) for row in events]})


@route("POST", "/api/admin/end", scope="accounts:admin")
def end_account_sessions(request):
    administrator(request)
    ended = request.store.logout_everywhere(request.text("account"), reason="ended by an administrator", actor="admin")
    return Answer({"ended": len(ended)})


# ---------------------------------------------------------------- for other services

@route("GET", "/.well-known/jwks.json")
def key_set(request):
    return Answer(json.loads(request.store.jwks()["jwks"]), headers=(("Cache-Control", "public, max-age=300"),))
