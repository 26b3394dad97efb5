"""Runs both parts, and adds them up."""
import collections
import contextlib
import sys

import harness
import test_browser
import test_http


def main():
    words = sys.argv[1:]
    totals = collections.Counter()

    with contextlib.ExitStack() as stack:
        applications = [stack.enter_context(contextlib.closing(harness.Application())) for _ in range(2)]
        totals += test_http.test.run(words, *applications)

    missing = test_browser.what_is_missing()
    if missing:
        print(f"skipped: browser: {missing}")
        totals["skipped"] += 1
    else:
        with test_browser.Bench() as bench:
            totals += test_browser.test.run(words, bench)

    skipped = f", {totals['skipped']} skipped" if totals["skipped"] else ""
    print(f"{totals['passed']} passed, {totals['failed']} failed{skipped}")
    return 1 if totals["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
