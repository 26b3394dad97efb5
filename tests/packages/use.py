"""Uses the installed wheel as an application would. Prints what it is."""

import inspect
import sqlite3
import sys

import sqlite_jwt

assert "site-packages" in sqlite_jwt.__file__, sqlite_jwt.__file__
db = sqlite3.connect(":memory:")
sqlite_jwt.load(db)
one = lambda sql, *values: db.execute(sql, values).fetchone()[0]  # noqa: E731
assert one("SELECT jwt_version()") == sqlite_jwt.__version__
assert one("SELECT json_extract(jwt_debug(), '$.linkage')") == "selfcontained"
key = one("SELECT jwk_generate('ES256')")
token = one("SELECT jwt_sign('{\"sub\":\"u1\"}', ?)", key)
assert one("SELECT jwt_claim(?, 'sub', ?)", token, key) == "u1"
try:
    db.execute("SELECT load_extension('x')")
except sqlite3.OperationalError as error:
    assert "not authorized" in str(error), error
else:
    raise AssertionError("loading is still open")

verify = sqlite3.connect(":memory:")
sqlite_jwt.load(verify, verify_only=True)
assert verify.execute("SELECT jwt_verify(?, ?)", (token, key)).fetchone() == (1,)
try:
    verify.execute("SELECT jwk_generate('ES256')")
except sqlite3.OperationalError as error:
    assert "no such function" in str(error), error
else:
    raise AssertionError("it signs")

path = sys.argv[1]
store = sqlite_jwt.TokenStore(sqlite_jwt.connect(path))
store.install()
store.create_key("access")
store.create_key("refresh")
pair = store.login("alice", scope="a")
assert store.authenticate(pair["access_token"])["sub"] == "alice"
second = store.refresh(pair["refresh_token"])
assert second["outcome"] == "rotated"
assert [row["sid"] for row in store.sessions("alice")] == [pair["sid"]]
assert len(store.logout_everywhere("alice")) == 1
assert store.authenticate(second["access_token"])["status"] == "session_ended"

# The types name each statement, and each parameter in its place.
stub = open(sqlite_jwt.__file__ + "i", encoding="utf-8").read()
compile(stub, "__init__.pyi", "exec")
space = {}
exec("from __future__ import annotations\n" + stub.replace("from __future__ import annotations", ""), space)
for path_of in sorted(__import__("pathlib").Path(sqlite_jwt.__file__).parent.glob("sql/*.sql")):
    if path_of.stem in ("token_store", "row_security", "demo", "inspect"):
        continue
    typed = list(inspect.signature(getattr(space["TokenStore"], path_of.stem)).parameters)[1:]
    assert typed == store.statement(path_of.stem).parameters, (path_of, typed)
columns = space["LoginRow"].__annotations__
assert list(columns) == list(pair), (list(columns), list(pair))
print(db.execute("SELECT json_extract(jwt_debug(), '$.openssl')").fetchone()[0])
