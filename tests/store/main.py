"""Runs the tests of the store, and then sees each broken variant fail."""

import importlib
import os
import pathlib
import sqlite3
import sys
import time

import harness
import variants

for path in sorted(pathlib.Path(__file__).parent.glob("test_*.py")):
    importlib.import_module(path.stem)


def run_tests(words):
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for test in harness.TESTS:
        if words and not any(word in test.title for word in words):
            continue
        started = time.monotonic()
        try:
            failure = test.run(harness.ROOT / "sql")
        except harness.Skipped as skipped:
            print(f"skipped: {test.title}: {skipped}", flush=True)
            counts["skipped"] += 1
            continue
        seconds = time.monotonic() - started
        if failure is None:
            counts["passed"] += 1
            print(f"ok {test.title} ({seconds:.1f} s)", flush=True)
        else:
            counts["failed"] += 1
            print(f"FAILED: {test.title}\n    {failure[0]}", flush=True)
    return counts


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
