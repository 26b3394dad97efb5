"""Runs the tests of replication. Checks, tests and their benches are those of tests/store."""

import importlib
import os
import pathlib
import sqlite3
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "store")]

import harness  # noqa: E402
from runner import run_tests  # noqa: E402

for path in sorted(HERE.glob("test_*.py")):
    importlib.import_module(path.stem)

print(f"SQLite {sqlite3.sqlite_version}, Python {sys.version.split()[0]}, {harness.EXTENSION}", flush=True)
counts = run_tests(sys.argv[1:])
print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped", flush=True)
os._exit(1 if counts["failed"] else 0)
