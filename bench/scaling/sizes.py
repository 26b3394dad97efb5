#!/usr/bin/env python3
"""What is stored, in bytes: sessions, revocation rules, filters, keys, tokens. Prints one JSON object.

    bench/scaling/sizes.py EXTENSION FOLDER
"""
import json
import os
import pathlib
import sqlite3
import sys

SQL = pathlib.Path(__file__).resolve().parent.parent.parent / "sql"
sys.path.insert(0, str(SQL / "loaders"))
import token_store  # noqa: E402

ROWS = 100000
NOW = 1700000000


def main():
    extension, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    path = folder / "sizes.db"
    for end in ("", "-wal", "-shm"):
        pathlib.Path(f"{path}{end}").unlink(missing_ok=True)
    db = token_store.connect(str(path), extension)
    store = token_store.TokenStore(db)
    store.install()
    store.create_key("access", now=NOW)
    store.create_key("refresh", now=NOW)

    def grown(work):
        """Bytes of the file for each of ROWS rows that `work` makes."""
        db.execute("VACUUM")
        before = db.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").fetchone()[0]
        work()
        after = db.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").fetchone()[0]
        return (after - before) / ROWS

    def rules():
        with store.transaction():
            db.execute("""WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
                INSERT INTO jwt_revoked (jti, expires_at, revoked_at) SELECT jwt_random(), ? + 4000000000, ? FROM n""", (ROWS, NOW, NOW))

    def sessions():
        with store.transaction():
            for i in range(ROWS // 20):
                store.login(f"user{i}", scope="articles:read", now=NOW)

    sizes = {"rule": grown(rules), "session": grown(sessions) * 20, "filter": 2}
    pair = store.login("user-1", scope="articles:read", now=NOW)
    sizes["access_token"] = len(pair["access_token"])
    sizes["refresh_token"] = len(pair["refresh_token"])
    for alg in ("ES256", "EdDSA", "RS256"):
        sizes[f"jwk_{alg}"] = db.execute("SELECT length(jwk_public(jwk_generate(?)))", (alg,)).fetchone()[0]
    print(json.dumps(sizes))
    db.close()
    os.unlink(path)


if __name__ == "__main__":
    main()
