"""Runs the tests of the store, and then sees each broken variant fail."""

import importlib
import os
import pathlib
import sqlite3
import sys

import harness
import variants
from runner import run_tests

for path in sorted(pathlib.Path(__file__).parent.glob("test_*.py")):
    importlib.import_module(path.stem)


def main(words):
    print(
        f"SQLite {sqlite3.sqlite_version}, Python {sys.version.split()[0]}, {harness.EXTENSION}", flush=True
    )
    counts = run_tests(words)
    if not words or any(word in "variant" for word in words):
        for name, failure in variants.run_all():
            counts["passed" if failure is None else "failed"] += 1
            print(
                f"ok variant {name}" if failure is None else f"FAILED: variant {name}\n    {failure}",
                flush=True,
            )
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.stdout.flush()
    status = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(status)
