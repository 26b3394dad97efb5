"""Accounts: names, passwords, roles. Nothing here knows of tokens."""
import base64
import hashlib
import hmac
import os
import threading
import time
import unicodedata

SHORTEST_PASSWORD = 10
SCOPES = {"user": "account", "admin": "account accounts:admin"}     # what a session of each role may do

# RFC 7914 with N = 2^15, r = 8, p = 3: one of the settings of OWASP's Password Storage Cheat Sheet; 32 MiB a hash.
# They stand in each hash, so that they can be raised later.
COST = (15, 8, 3)
MEMORY = 64 << 20
HASHING = threading.BoundedSemaphore(2)     # more at once would only share the cores, and fill the memory


class Busy(Exception):
    """More password checks than this machine can do now."""


def scrypt(password, salt, cost):
    # One text, one password: keyboards write the same letters in several ways (NIST SP 800-63B section 5.1.1.2).
    secret = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
    log_n, r, p = cost
    if not HASHING.acquire(timeout=10):
        raise Busy
    try:
        return hashlib.scrypt(secret, salt=salt, n=1 << log_n, r=r, p=p, maxmem=MEMORY, dklen=32)
    finally:
        HASHING.release()


def hash_password(password):
    salt = os.urandom(16)
    fields = [*map(str, COST), *(base64.b64encode(part).decode() for part in (salt, scrypt(password, salt, COST)))]
    return "$".join(["scrypt", *fields])


def matches(password, hashed):
    _, log_n, r, p, salt, key = hashed.split("$")
    found = scrypt(password, base64.b64decode(salt), (int(log_n), int(r), int(p)))
    return hmac.compare_digest(found, base64.b64decode(key))


NOBODY = "$".join(["scrypt", *map(str, COST), *(base64.b64encode(bytes(size)).decode() for size in (16, 32))])


class Accounts:
    def __init__(self, db):
        self.db = db

    def select(self, column, value):
        row = self.db.execute(
            f"SELECT id, name, password, role FROM account WHERE {column} = ?", (value,)).fetchone()
        return dict(zip(("id", "name", "password", "role"), row)) if row else None

    def by_id(self, account_id):
        return self.select("id", account_id)

    def by_name(self, name):
        return self.select("name", name)

    def create(self, name, password):
        """The new account, or None where the name is taken."""
        added = self.db.execute(
            "INSERT INTO account (name, password) VALUES (?, ?) ON CONFLICT (name) DO NOTHING",
            (name, hash_password(password))).rowcount
        return self.by_name(name) if added else None

    def check(self, name, password):
        """The account, or None. A name that is not there takes as long as a wrong password."""
        account = self.by_name(name)
        good = matches(password, account["password"] if account else NOBODY)
        return account if account and good else None


class Throttle:
    """Holds up whoever guesses: after some attempts without success, one now and then. In memory, bounded."""

    def __init__(self, free=5, pause=30, room=10000):
        self.free, self.pause, self.room = free, pause, room
        self.attempts, self.lock = {}, threading.Lock()

    def admit(self, who):
        """0, and the attempt is counted; or the seconds until the next one may be made. Counted before the password is
        checked, for checking takes long: whoever sends many guesses at once gets no more of them."""
        with self.lock:
            count, last = self.attempts.pop(who, (0, 0))
            wait = max(0, round(last + self.pause - time.monotonic() + 0.5)) if count >= self.free else 0
            self.attempts[who] = (count, last) if wait else (count + 1, time.monotonic())
            if len(self.attempts) > self.room:
                del self.attempts[next(iter(self.attempts))]
            return wait

    def passed(self, who):
        with self.lock:
            self.attempts.pop(who, None)
