#!/usr/bin/env python3
"""Makes the table, the JSON document and the chart of what bench/peers/run measured.

    peers.py RESULTS --json FILE --svg FILE [--fact NAME=VALUE]... [--skipped 'PEER: WHY']...

RESULTS has one JSON object a line: {"peer", "pass", "version", "runtime"} once a peer and pass, then
{"peer", "pass", "operation", "algorithm", "mode", "ns"}; those of jwt_ext have "net_ns" besides, without
what SQLite needs to fetch the row. A ratio is taken within a pass.
"""
import argparse
import json
import statistics
import sys

import svg

OURS = "jwt_ext"
NAMES = {"fast_jwt": "fast-jwt", "jose": "jose", "jsonwebtoken": "jsonwebtoken (Node)", "pyjwt": "PyJWT",
         "golang_jwt": "golang-jwt", "jsonwebtoken_rs": "jsonwebtoken (Rust)", "nimbus": "nimbus-jose-jwt",
         "libjwt": "libjwt", "cjose": "cjose", "postgresql": "PostgreSQL, pgcrypto"}
TITLES = {("verify", ""): "verify {}", ("verify", "again"): "verify {}, the same token again",
          ("sign", ""): "sign {}", ("read", ""): "read a claim without verifying"}
# What the issue of the extension's speed asks for: operation, algorithm, mode, peers, times faster.
AIMS = [("verify", "HS256", "", "the fastest peer", 8), ("verify", "HS256", "again", "fast-jwt's cache hit", 20)]


def read(path):
    """{(operation, algorithm, mode): {peer: {pass: line}}} and {peer: its version and runtime}."""
    contests, about = {}, {}
    with open(path, encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            if "operation" in line:
                contest = contests.setdefault((line["operation"], line["algorithm"], line["mode"]), {})
                contest.setdefault(line["peer"], {})[line["pass"]] = line
            else:
                about[line["peer"]] = {"version": line["version"], "runtime": line["runtime"]}
    return {key: contest for key, contest in contests.items() if len(contest) > 1}, about


def compare(contest):
    """One entry a peer, ours first and then the quickest: its time, and how many times ours it is."""
    entries = []
    for peer, passes in contest.items():
        entry = {"peer": peer, "ns": statistics.median(line["ns"] for line in passes.values())}
        if peer == OURS:
            entry["net_ns"] = statistics.median(line["net_ns"] for line in passes.values())
        else:
            both = [number for number in passes if number in contest[OURS]]
            times = sorted(passes[number]["ns"] / contest[OURS][number]["ns"] for number in both)
            net = [passes[number]["ns"] / contest[OURS][number]["net_ns"] for number in both]
            entry |= {"times_ours": statistics.median(times), "low": times[0], "high": times[-1],
                      "times_ours_net": statistics.median(net)}
        entries.append(entry)
    return sorted(entries, key=lambda entry: (entry["peer"] != OURS, entry["ns"]))


def title(key):
    return TITLES[key[0], key[2]].format(key[1])


def aims(contests):
    """Each target with the peer that it is about and whether it is met (our time net of the row)."""
    for operation, algorithm, mode, whom, times in AIMS:
        entries = contests.get((operation, algorithm, mode))
        if entries:
            peer = entries[1]
            yield {"what": title((operation, algorithm, mode)), "whom": whom, "peer": peer["peer"],
                   "times_faster": peer["times_ours_net"], "target": times, "met": peer["times_ours_net"] >= times}


def wins(contests):
    """Where a peer is quicker than the extension."""
    return [(title(key), entry) for key, entries in contests.items() for entry in entries[1:]
            if entry["times_ours"] < 1]


def say(contests, about, skipped):
    """The table as lines of text."""
    for key, entries in contests.items():
        yield title(key)
        for entry in entries:
            version = about[entry["peer"]]
            times = "" if entry["peer"] == OURS else \
                f"{entry['times_ours']:7.2f} x ours  ({entry['low']:.2f} to {entry['high']:.2f})"
            yield (f"  {NAMES.get(entry['peer'], entry['peer']):22} {version['version']:10}"
                   f" {version['runtime']:18} {svg.nice_time(entry['ns']):>9} {times}").rstrip()
    yield ""
    for aim in aims(contests):
        yield (f"{aim['what']}: {aim['times_faster']:.1f} times faster than {aim['whom']}"
               f" ({NAMES[aim['peer']]}), net of the row; target {aim['target']}: {'met' if aim['met'] else 'NOT MET'}")
    yield "peers that win:" if wins(contests) else "no peer wins"
    for what, entry in wins(contests):
        yield f"  {what}: {NAMES[entry['peer']]} needs {entry['times_ours']:.2f} of our time"
    for line in skipped:
        yield f"skipped: {line}"


# ---- the chart

COLUMN, LABEL, BAR, ROW = 500, 160, 190, 20


def chart(contests, facts):
    """Two columns of panels; in each panel a bar a peer, to one scale, the extension's first."""
    picture = svg.Chart(1020, "The same tokens in other software", [
        "Time of one call, linear and to a scale of its own in each panel; full policy (exp, iss, aud), keys ready, "
        "one pinned processor, medians.",
        "Ours has the whole row in it, the peers' their hot loop. " + facts.get("processor", "")])
    tops = [picture.height, picture.height]
    for key, entries in contests.items():
        column = 0 if key[0] == "verify" else 1
        tops[column] = panel(picture, title(key), entries, 20 + column * COLUMN, tops[column]) + 14
    picture.height = max(tops) + 6
    return picture.text()


def panel(picture, heading, entries, left, top):
    times = sorted(entry["ns"] for entry in entries)
    scale = min(times[-1], 2.5 * statistics.median(times))
    picture.label(left, top + 14, heading, "group")
    y = top + 22
    for entry in entries:
        picture.label(left + LABEL, y + 14, NAMES.get(entry["peer"], entry["peer"]), "end")
        ours = entry["peer"] == OURS
        colour = "good" if ours else "poor" if entry["times_ours"] < 1 else "other"
        picture.box(left + LABEL + 10, y + 3, max(BAR * min(entry["ns"] / scale, 1), 1.5), 14, colour, 2)
        if entry["ns"] > scale * 1.001:
            picture.label(left + LABEL + 10 + BAR - 4, y + 14, "▸", "end", "page")
        times_ours = "" if ours else f"  ({entry['times_ours']:.{1 if entry['times_ours'] >= 2 else 2}f} ×)"
        picture.label(left + LABEL + BAR + 18, y + 14, svg.nice_time(entry["ns"]) + times_ours)
        y += ROW
    return y


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("results")
    parser.add_argument("--json", required=True)
    parser.add_argument("--svg", required=True)
    parser.add_argument("--fact", action="append", default=[])
    parser.add_argument("--skipped", action="append", default=[])
    options = parser.parse_args()
    facts = dict(fact.split("=", 1) for fact in options.fact)
    raw, about = read(options.results)
    contests = {key: compare(contest) for key, contest in sorted(raw.items(), key=place) if OURS in contest}
    if not contests:
        sys.exit("no peer ran")
    print("\n".join(f"{name}: {value}" for name, value in facts.items()))
    print("\n".join(say(contests, about, options.skipped)))
    with open(options.json, "w", encoding="utf-8") as out:
        out.write(document(contests, about, facts, options.skipped))
    with open(options.svg, "w", encoding="utf-8") as out:
        out.write(chart(contests, facts))


def place(item):
    """Verifying, the same again, signing, reading; algorithms in the usual order."""
    operation, algorithm, mode = item[0]
    return (["verify", "sign", "read"].index(operation), mode, ["", "HS256", "RS256", "ES256", "EdDSA"].index(algorithm))


def document(contests, about, facts, skipped):
    """The JSON document, an object a line."""
    lines = [{"what": title(key), **entry} for key, entries in contests.items() for entry in entries]
    listed = ",\n".join("    " + json.dumps(line) for line in lines)
    return (f'{{\n  "facts": {json.dumps(facts)},\n  "peers": {json.dumps(about)},\n  "skipped": {json.dumps(skipped)},\n'
            f'  "targets": {json.dumps(list(aims(contests)))},\n  "results": [\n{listed}\n  ]\n}}\n')


if __name__ == "__main__":
    main()
