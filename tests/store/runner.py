"""Runs the tests that were registered with the harness; tests/replication uses it, too."""

import time

import harness


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
