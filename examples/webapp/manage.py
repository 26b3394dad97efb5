#!/usr/bin/env python3
"""What is done on the server itself: roles and keys. The application may run meanwhile.

    manage.py [--data FOLDER] role NAME admin|user      the account's sessions end: the role counts from its next login
    manage.py [--data FOLDER] new-key access|refresh    a standby key; other services see an access key from now on
    manage.py [--data FOLDER] rotate access|refresh     the standby signs; what the old key signed stays valid
    manage.py [--data FOLDER] prune                     deletes what is over, in the database and in the key file
"""
import argparse
import os
import sys

import storage


def set_role(shared, store, name, role):
    with store.transaction():
        row = store.db.execute("UPDATE account SET role = ? WHERE name = ? RETURNING id", (role, name)).fetchall()
        if not row:
            sys.exit(f"there is no account {name}")
        ended = store.logout_everywhere(row[0][0], reason="role changed", actor="admin")
    return f"{name} is {role} now; sessions ended: {len(ended)}"


def new_key(shared, store, use):
    with store.transaction():
        key = shared.create_key(store, use)
    return f"key {key['kid']} ({use}, {key['alg']}) is {key['state']}"


def rotate(shared, store, use):
    key = store.rotate_keys(use)
    if key is None:
        sys.exit(f"there is no {use} key on standby: new-key makes one")
    return f"key {key['kid']} signs now"


def prune(shared, store):
    with store.transaction():
        store.prune()
        known = {kid for kid, in store.db.execute("SELECT kid FROM jwt_key")}
        shared.keys.drop(known)
    return "pruned"


COMMANDS = {"role": (set_role, 2), "new-key": (new_key, 1), "rotate": (rotate, 1), "prune": (prune, 0)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="webapp-data")
    parser.add_argument("--extension", default=os.environ.get("JWT_EXT") or str(storage.ROOT / "jwt_ext"))
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("words", nargs="*")
    arguments = parser.parse_args()
    function, count = COMMANDS[arguments.command]
    if len(arguments.words) != count or (arguments.command in ("new-key", "rotate") and arguments.words[0] not in storage.USES):
        parser.error(f"see --help for the words that {arguments.command} takes")
    extension = os.path.abspath(arguments.extension)
    missing = storage.what_is_missing(extension)
    if missing:
        sys.exit(missing)
    os.umask(0o077)
    shared = storage.Storage(arguments.data, extension)
    shared.prepare()
    print(function(shared, shared.open(), *arguments.words))


if __name__ == "__main__":
    main()
