"""JSON Web Tokens inside SQLite: the extension jwt_ext, and its token store.

    import sqlite3, sqlite_jwt

    db = sqlite3.connect("app.db")
    sqlite_jwt.load(db)
    db.execute("SELECT jwt_claim(?, 'sub', ?)", (token, key))

    store = sqlite_jwt.TokenStore(sqlite_jwt.connect("app.db"), signing_key=..., refresh_key=...)
    store.install()
    pair = store.login("user-1")
"""

import pathlib

from .sql.loaders import token_store as _token_store
from .sql.loaders.token_store import TokenStore

__all__ = ["TokenStore", "connect", "load", "loadable_path", "__version__"]
__version__ = "@version@"

_HERE = pathlib.Path(__file__).resolve().parent


def loadable_path():
    """The file of the extension, as SQLite wants it: without its suffix."""
    return str(_HERE / "jwt_ext")


def load(connection, *, verify_only=False):
    """Loads the extension into a connection of sqlite3, apsw or pysqlite3, and forbids loading again.

    With verify_only it has nothing that signs, makes keys or shows private ones.
    """
    if not hasattr(connection, "enable_load_extension"):
        raise RuntimeError(
            "this Python's sqlite3 was built without enable_load_extension: use apsw, or another Python"
        )
    connection.enable_load_extension(True)
    try:
        if verify_only:
            # By SQL: the method takes an entry point from Python 3.12 on only.
            connection.execute("SELECT load_extension(?, 'sqlite3_jwtverify_init')", (loadable_path(),)).fetchall()
        else:
            connection.load_extension(loadable_path())
    finally:
        connection.enable_load_extension(False)


def connect(path):
    """A connection of sqlite3 as the token store wants it, with the extension."""
    return _token_store.connect(path, loadable_path())
