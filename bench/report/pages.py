#!/usr/bin/env python3
"""Keeps the tables of docs/performance.md what the measured figures say.

    pages.py            writes the tables anew, from docs/bench.json, docs/bench-peers.json and
                        tests/performance/instructions.json; `make bench` and its siblings call it
    pages.py --check    changes nothing; ends with 1 where a table is not what the figures say

A table stands between `<!-- figures: NAME -->` and `<!-- end of NAME -->`.
"""
import json
import os
import re
import sys

import peers
import report
import svg

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
PAGE = os.path.join(TOP, "docs", "performance.md")


def load(*path):
    """A JSON document of the tree; None where it is not there yet."""
    try:
        with open(os.path.join(TOP, *path), encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return None


def markdown(headings, rows):
    """A table; columns whose heading begins with '>' stand to the right."""
    yield "| " + " | ".join(heading.lstrip(">") for heading in headings) + " |"
    yield "|" + "|".join("---:" if heading.startswith(">") else "---" for heading in headings) + "|"
    for row in rows:
        yield "| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |"


def versions(facts):
    return ", ".join(f"{name} {value}" for name, value in facts.items() if name != "clock") + "."


def targets(bench):
    """The rows of `make bench` that have a target."""
    rows = []
    for row in bench["results"]:
        if row["met"] is None:
            continue
        name, against, limit, ours, ratio, quartiles, target, verdict = report.cells(row)
        rows.append((f"{row['group']}: {name}", against, limit, ours, ratio, quartiles, target.replace("<=", "≤"),
                     "met" if row["met"] else "**not met**"))
    yield from markdown(["what", "against", ">limit", ">ours", ">ratio", ">quartiles", ">target", ""], rows)
    yield ""
    yield "Measured by `make bench`: " + versions(bench["machine"])


def others(document):
    """Each contest of `make bench-peers`: ours, the quickest peer, and where peers win."""
    contests, about = {}, document["peers"]
    for line in document["results"]:
        contests.setdefault(line["what"], []).append(line)
    def named(entry):
        return f"{peers.NAMES[entry['peer']]} {about[entry['peer']]['version']}"
    rows = [(what, svg.nice_time(entries[0]["ns"]), named(entries[1]), svg.nice_time(entries[1]["ns"]),
             f"{entries[1]['times_ours']:.2f}", f"{named(entries[-1])}: {svg.nice_time(entries[-1]['ns'])}")
            for what, entries in contests.items()]
    yield from markdown(["what", ">ours", "the quickest peer", ">its time", ">times ours", "the slowest"], rows)
    yield ""
    for aim in document["targets"]:
        yield (f"* {aim['what']}: {aim['times_faster']:.1f} times faster than {aim['whom']}"
               f" ({peers.NAMES[aim['peer']]}), net of the row; the target is {aim['target']}:"
               f" {'met' if aim['met'] else '**not met**'}.")
    for what, entries in contests.items():
        for entry in entries[1:]:
            if entry["times_ours"] < 1:
                yield f"* **A peer wins**: {what}: {named(entry)} needs {entry['times_ours']:.2f} of our time."
    for line in document["skipped"]:
        yield f"* Skipped: {line}."
    yield ""
    yield "Measured by `make bench-peers`: " + versions(document["facts"])


def instructions(record):
    """Each counted call, and whose instructions they are."""
    owners = ("jwt_ext", "libcrypto", "libsqlite3", "libc", "other")
    rows = [(name, f"{call['all']:,}", *(f"{call['by'].get(owner, 0):,}" for owner in owners))
            for name, call in record["calls"].items()]
    yield from markdown(["call", ">instructions", ">jwt_ext", ">OpenSSL", ">SQLite", ">C library", ">other"], rows)
    yield ""
    yield f"Within {record['tolerance']:.0%} for: " + versions(record["holds_for"])


def profile(record):
    """Which of our files the instructions of a verification are in."""
    names = ("HS256 verify", "HS256 verify again", "HS256 sign", "claim")
    files = {}
    for name in names:
        for file, size in record["calls"][name]["files"].items():
            files.setdefault(file, {})[name] = size
    ordered = sorted(files.items(), key=lambda item: -item[1].get(names[0], 0))
    yield from markdown(["file", *(">" + name for name in names)],
                        [(f"`{file}`", *(f"{sizes.get(name, 0):,}" for name in names)) for file, sizes in ordered])


def main():
    sources = {"targets": (targets, load("docs", "bench.json")), "peers": (others, load("docs", "bench-peers.json"))}
    record = load("tests", "performance", "instructions.json")
    sources |= {"instructions": (instructions, record), "profile": (profile, record)}
    with open(PAGE, encoding="utf-8") as file:
        before = page = file.read()
    for name, (lines, document) in sources.items():
        if document:
            block = f"<!-- figures: {name} -->\n" + "\n".join(lines(document)) + f"\n<!-- end of {name} -->"
            page, found = re.subn(rf"<!-- figures: {name} -->.*?<!-- end of {name} -->", lambda _: block, page, flags=re.S)
            if found != 1:
                sys.exit(f"docs/performance.md: no place for the table {name}")
    if "--check" in sys.argv:
        sys.exit(0 if page == before else "docs/performance.md: a table is not what the figures say: bench/report/pages.py")
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(page)


if __name__ == "__main__":
    main()
