#!/usr/bin/env python3
"""How many instructions one call takes, counted by callgrind, against what was recorded.

    instructions.py DUMPS RECORD VERSIONS            compare; prints a line a call and a closing line
    instructions.py DUMPS RECORD VERSIONS --record   write the record anew

DUMPS is the folder that callgrind wrote to while count.c ran; VERSIONS is a JSON object of what the figures
hold for. count.c does each call N times and then 2 N times: the difference is N calls and nothing else.
"""
import collections
import glob
import json
import os
import re
import sys

TOLERANCE = 0.02   # memory lies differently from one environment to the next, and copying then takes other ways
ROW = "a row alone"


def self_costs(path):
    """The name of a dump, and the instructions by (object, source file)."""
    name, costs = None, collections.Counter()
    binary = source = None
    skip = False
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.startswith("desc: Trigger: Client Request: "):
                name = line.split(": ", 3)[3].strip()
            elif line.startswith("ob="):
                binary = os.path.basename(line[3:].strip())
            elif line[:3] in ("fl=", "fi=", "fe="):
                source = line[3:].strip()
            elif line.startswith("calls="):
                skip = True     # the next line is what the called function cost
            elif line[:1].isdigit():
                if not skip:
                    costs[binary, source] += int(line.split()[1])
                skip = False
    return name, costs


def component(binary, source):
    """Whose instructions they are: a library's, or in the extension the source file's."""
    found = re.search(r"(?:src/(?:jose|sqlite)/|/|^)([a-z0-9_]+)\.[ch]$", source or "")
    if binary == "portable.so":
        return "jwt_ext", found[1] if found else "other"
    known = re.match(r"(lib(?:crypto|sqlite3|c))[.-]", binary or "")
    return known[1] if known else "other", None


def counted(folder):
    """{call: {"all": n, "by": {component: n}, "files": {file: n}}}, each for one call."""
    dumps = collections.defaultdict(dict)
    for path in glob.glob(os.path.join(folder, "callgrind.*")):
        name, costs = self_costs(path)
        if name and "|" in name:
            call, times = name.rsplit("|", 1)
            dumps[call][int(times)] = costs
    calls = {}
    for call, both in dumps.items():
        once, twice = min(both), max(both)
        by, files = collections.Counter(), collections.Counter()
        for key in set(both[once]) | set(both[twice]):
            part = both[twice][key] - both[once][key]
            owner, file = component(*key)
            by[owner] += part
            if file:
                files[file] += part
        calls[call] = {"all": round(sum(by.values()) / once),
                       "by": {key: round(part / once) for key, part in by.most_common() if round(part / once)},
                       "files": {key: round(part / once) for key, part in files.most_common() if part / once >= 20}}
    return calls


def record_text(versions, calls):
    """A call a line, so that a difference reads well."""
    lines = ",\n".join(f"    {json.dumps(name)}: {json.dumps(calls[name])}" for name in sorted(calls))
    return f'{{\n  "holds_for": {json.dumps(versions)},\n  "tolerance": {TOLERANCE},\n  "calls": {{\n{lines}\n  }}\n}}\n'


def compare(recorded, calls):
    """Prints a line a call; the number of those within the tolerance, and of the others."""
    passed = failed = 0
    for name in sorted(set(recorded) | set(calls)):
        before, now = (side.get(name, {}).get("all") for side in (recorded, calls))
        change = (now - before) / before if before and now else None
        if change is not None and abs(change) <= TOLERANCE:
            passed += 1
            print(f"ok {name}: {now} instructions ({change:+.2%})")
        else:
            failed += 1
            what = "not recorded" if before is None else "not measured" if now is None else f"{change:+.1%}"
            print(f"FAILED: {name}: {now} instructions, recorded {before}: {what}")
            if change is not None:
                for part, size in calls[name]["files"].items():
                    old = recorded[name]["files"].get(part, 0)
                    if abs(size - old) > 20:
                        print(f"    {part}: {old} -> {size}")
    if failed:
        print("  where the change is meant: tests/performance/run --record")
    return passed, failed


def main():
    folder, record, versions = sys.argv[1:4]
    versions, calls = json.loads(versions), counted(folder)
    if not calls:
        sys.exit("callgrind wrote nothing")
    if "--record" in sys.argv:
        with open(record, "w", encoding="utf-8") as out:
            out.write(record_text(versions, calls))
        for name in sorted(calls):
            print(f"{name}: {calls[name]['all']} instructions, {calls[name]['all'] - calls[ROW]['all']} without the row")
        return
    with open(record, encoding="utf-8") as file:
        recorded = json.load(file)
    passed, failed = compare(recorded["calls"], calls)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
