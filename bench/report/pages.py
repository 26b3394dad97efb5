#!/usr/bin/env python3
"""Keeps the tables of docs/performance.md and docs/scaling.md what the measured figures say.

    pages.py            writes the tables anew, from docs/bench.json, docs/bench-peers.json, docs/scaling.json and
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


MILLION = 1_000_000


def fleet(bench):
    """Processor cores for a million requests a second, by algorithm and by what is asked."""
    results = {(row["group"], row["name"]): row for row in bench["results"]}
    rows = []
    for alg in ("HS256", "RS256", "ES256", "EdDSA"):
        first, again = results["verify", f"{alg} verify"], results["the same again", f"{alg} verify, same token again"]
        rows.append((f"a row: `jwt_verify`, {alg}", svg.nice_time(first["ours_ns"]), f"{first['ours_ns'] / 1e9 * MILLION:.2f}",
                     f"{again['ours_ns'] / 1e9 * MILLION:.2f}"))
    store = {row["name"]: row for row in bench["results"] if row["group"].startswith("token store")}
    for name in ("authenticate_stateless, 1 M sessions", "authenticate, 1 M sessions"):
        rows.append((f"a statement: `{name.split(',')[0]}`, HS256, 1 M sessions", svg.nice_time(store[name]["ours_ns"]),
                     f"{store[name]['ours_ns'] / 1e9 * MILLION:.2f}", ""))
    yield from markdown(["what", ">time", ">cores for a million a second, tokens all new", ">the same tokens again and again"], rows)
    yield ""
    yield "From docs/bench.json: " + versions(bench["machine"])


def levels(document):
    """What a read costs at each level on a cluster on one machine, and how far a follower is behind."""
    cluster = document["cluster"]
    rows = [(f"`authenticate` at level {level}, through a follower", svg.nice_time(1e9 * times["median"]), svg.nice_time(1e9 * times["p99"]))
            for level, times in sorted(cluster["authenticate"].items(), key=lambda item: item[1]["median"])]
    rows.append(("a revocation, until it is acknowledged", svg.nice_time(1e9 * cluster["write"]["median"]),
                 svg.nice_time(1e9 * cluster["write"]["p99"])))
    rows.append(("then, until a follower's own copy has it", svg.nice_time(1e9 * cluster["lag"]["median"]),
                 svg.nice_time(1e9 * cluster["lag"]["p99"])))
    yield from markdown(["what", ">median", ">99 of 100 within"], rows)


def sizes(document):
    """Bytes of one, and of as many as a large service has."""
    size = document["sizes"]
    def mib(count):
        return f"{count / 2**20:,.0f} MiB" if count < 2**30 else f"{count / 2**30:,.1f} GiB"
    rows = [("a session's row, with its indexes and events", f"{size['session']:.0f}", mib(size["session"] * 10 * MILLION), "10 million sessions"),
            ("a rule in the revocation table", f"{size['rule']:.0f}", mib(size["rule"] * 10 * MILLION), "10 million rules"),
            ("the filter, each connection, a rule", f"{size['filter']}", mib(size["filter"] * 10 * MILLION), "10 million rules"),
            ("an access token, ES256", f"{size['access_token']}", mib(size["access_token"] * MILLION), "a million requests"),
            ("a public key in a JWKS, ES256", f"{size['jwk_ES256']}", f"{size['jwk_ES256'] * 4 / 1024:.1f} KiB", "two old ones, one active, one standby")]
    yield from markdown(["what", ">bytes", ">together", "of"], rows)


def ways(document):
    """The simulation with its own numbers: 20 nodes, ten requests a second by the thief."""
    said = {"stateless": "nobody asks; tokens of 10 minutes", "polled": "each node fetches rules every 5 s",
            "replica": "each node asks its own copy, as far behind as measured", "leader": "each request asks the leader"}
    rows = [(said[way["way"]], f"{way['accepted']:,.1f}", f"{way['accepted_99']:,}", f"{way['refused_everywhere']:,.2f} s")
            for way in document["ways"]]
    yield from markdown(["way", ">accepted after the revocation, mean", ">99 of 100 at most", ">refused everywhere after"], rows)


def write(name, sources, check):
    """The tables of one page; True where it was what the figures say."""
    path = os.path.join(TOP, "docs", name)
    with open(path, encoding="utf-8") as file:
        before = page = file.read()
    for table, (lines, document) in sources.items():
        if document:
            block = f"<!-- figures: {table} -->\n" + "\n".join(lines(document)) + f"\n<!-- end of {table} -->"
            page, found = re.subn(rf"<!-- figures: {table} -->.*?<!-- end of {table} -->", lambda _: block, page, flags=re.S)
            if found != 1:
                sys.exit(f"docs/{name}: no place for the table {table}")
    if not check:
        with open(path, "w", encoding="utf-8") as file:
            file.write(page)
    return page == before


def main():
    record = load("tests", "performance", "instructions.json")
    bench, scaling = load("docs", "bench.json"), load("docs", "scaling.json")
    pages = {
        "performance.md": {"targets": (targets, bench), "peers": (others, load("docs", "bench-peers.json")),
                           "instructions": (instructions, record), "profile": (profile, record)},
        "scaling.md": {"fleet": (fleet, bench), "levels": (levels, scaling), "sizes": (sizes, scaling), "ways": (ways, scaling)},
    }
    check = "--check" in sys.argv
    for name, sources in pages.items():
        if not write(name, sources, check) and check:
            sys.exit(f"docs/{name}: a table is not what the figures say: bench/report/pages.py")


if __name__ == "__main__":
    main()
