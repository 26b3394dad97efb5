"""Opens the database: the extension, the token store, the application's table, the keys."""
import hashlib
import pathlib
import sqlite3
import sys

from keys import USES, KeyFile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "sql" / "loaders"))
import token_store  # noqa: E402 -- its folder had to be named first


def what_is_missing(extension):
    """Why the application cannot run here, as a sentence; None where it can."""
    if not hasattr(sqlite3.Connection, "enable_load_extension"):
        return (f"the sqlite3 module of {sys.executable} was built without loading of extensions; take another Python:"
                " Debian's, Ubuntu's and Fedora's /usr/bin/python3 and Homebrew's python3 can")
    if sqlite3.sqlite_version_info < (3, 37):
        return f"the sqlite3 module of {sys.executable} is SQLite {sqlite3.sqlite_version}; 3.37 or later is needed"
    if not hasattr(hashlib, "scrypt"):
        return f"{sys.executable} has no hashlib.scrypt: its OpenSSL lacks it"
    try:
        db = sqlite3.connect(":memory:")
        db.enable_load_extension(True)
        db.load_extension(extension)
        db.close()
    except sqlite3.OperationalError as error:
        return f"the extension {extension} does not load ({error}); `make` builds it, --extension names another"
    return None


class Storage:
    """What is shared by all connections of this process to the database of one folder."""

    def __init__(self, folder, extension):
        self.folder, self.extension = pathlib.Path(folder), extension
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.keys = KeyFile(self.folder / "keys.json")

    def open(self):
        """A token store on a connection of its own; its `db` is that connection. For one thread."""
        db = token_store.connect(self.folder / "webapp.db", self.extension)
        db.execute("PRAGMA busy_timeout = 3000")        # people do not wait longer; the answer is 503 then
        return token_store.TokenStore(db, **self.keys.current())

    def prepare(self, issuer=None, **policy):
        """Installs what is not there yet, and writes the policy. At each start."""
        store = self.open()
        store.install()
        with store.transaction():
            store.db.execute((HERE / "schema.sql").read_text(encoding="utf-8"))
            for column, value in dict(policy, iss=issuer, aud=issuer and issuer + "/api", max_sessions=20).items():
                if value is not None:
                    store.db.execute(f"UPDATE jwt_policy SET {column} = ? WHERE client = ''", (value,))
            for use in USES:
                self.prepare_key(store, use)
        store.db.close()

    def prepare_key(self, store, use):
        active = store.db.execute("SELECT kid FROM jwt_key WHERE use = ? AND state = 'active'", (use,)).fetchone()
        if active is None:
            self.create_key(store, use)
        elif not self.keys.has(use, active[0]):
            raise RuntimeError(f"{self.keys.path} lacks the {use} key {active[0]} that signs: bring the file back, or"
                               " empty the folder")

    def create_key(self, store, use):
        """A new key: it signs if it is the first of its use, else it is a standby. The file has it first."""
        jwk = store.db.execute("SELECT jwk_generate(?)", (USES[use],)).fetchone()[0]
        self.keys.add(use, jwk)
        return store.create_key(use, jwk=jwk)
