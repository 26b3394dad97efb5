"""The private keys, in a file of their own: a copy of the database alone cannot issue a token.

The file is JSON: {"access": [JWK, ...], "refresh": [JWK, ...]}. Which of them signs is said by jwt_key in the database,
which has their names and states, and of the access keys the public halves.
"""
import json
import os
import pathlib
import tempfile

USES = {"access": "ES256", "refresh": "HS256"}      # a refresh token must come out the same each time it is signed


class KeyFile:
    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.seen, self.keys, self.bound = None, {use: [] for use in USES}, {}

    def current(self):
        """The keys as the statements take them. Read anew when the file is another, so that a rotation needs no restart."""
        if not self.path.exists():
            return {}
        status = self.path.stat()
        if status.st_mode & 0o077:
            raise PermissionError(f"others may read {self.path}: chmod 600 it, and make new keys if they did")
        version = (status.st_ino, status.st_mtime_ns)
        if version != self.seen:
            self.keys = json.loads(self.path.read_text(encoding="utf-8"))
            self.bound = {
                "signing_key": json.dumps({"keys": self.keys["access"]}),
                "refresh_key": json.dumps({"keys": self.keys["refresh"]}),
            }
            self.seen = version
        return self.bound

    def has(self, use, kid):
        self.current()
        return any(key["kid"] == kid for key in self.keys[use])

    def add(self, use, jwk):
        """Within a transaction, so that no other process adds one at the same time."""
        self.current()
        self.keys[use].append(json.loads(jwk))
        self.write()

    def drop(self, known):
        """Forgets the keys whose names are not in known: the database has pruned them."""
        self.current()
        self.keys = {use: [key for key in keys if key["kid"] in known] for use, keys in self.keys.items()}
        self.write()

    def write(self):
        # Made with mode 0600, filled, and only then given its name: no moment shows half a file, or a file for all.
        descriptor, name = tempfile.mkstemp(dir=self.path.parent, prefix=".keys-")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(self.keys, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, self.path)
        self.seen = None
