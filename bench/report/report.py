#!/usr/bin/env python3
"""Makes one table, one JSON document and the charts of what the programs of bench/ measured.

    report.py ROWS [--json FILE] [--svg FILE] [--size-svg FILE] [--fact NAME=VALUE]...

ROWS has one JSON object a line, from every program that ran:

    {"group", "name", "against", "limit_ns", "ours_ns", "ratio": {"median", "low", "high"},
     "target_kind": "ratio" | "ns" | "none", "target", "rows", "rounds"}
                                what a call costs; ratio is ours to the limit, or ours in ns where
                                `against` is null
    {"curve", "series", "x", "ours_ns"}     one point of a chart of cost against size
    {"machine": {...}}, {"memory_kib": {...}}   what is named with the table
"""
import argparse
import json
import sys

import charts
import svg

ROW = {"group", "name", "against", "limit_ns", "ours_ns", "ratio", "target_kind", "target", "rows", "rounds"}
POINT = {"curve", "series", "x", "ours_ns"}


def read(path):
    """Rows, points and facts of a file; a line of another shape ends the program."""
    rows, points, facts = [], [], {}
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            item = json.loads(line)
            if set(item) == ROW:
                rows.append(item)
            elif set(item) == POINT:
                points.append(item)
            elif len(item) == 1 and set(item) <= {"machine", "memory_kib"}:
                facts.update(item)
            else:
                sys.exit(f"{path}:{number}: neither a row nor a point: {line.strip()}")
    # Groups keep the order in which they came first; the rows of one stand together.
    order = {group: place for place, group in reversed(list(enumerate(row["group"] for row in rows)))}
    rows.sort(key=lambda row: order[row["group"]])
    for row in rows:
        row["met"] = met(row)
    return rows, points, facts


def met(row):
    """Whether the target is met; None where there is none."""
    if row["target_kind"] == "none":
        return None
    return (row["ours_ns"] if row["target_kind"] == "ns" else row["ratio"]["median"]) <= row["target"]


def target_words(row):
    """The target as the table shows it."""
    if row["target_kind"] == "none":
        return ""
    return "<= " + (svg.nice_time(row["target"]) if row["target_kind"] == "ns" else f"{row['target']:.2f}")


def cells(row):
    """One row of the table as texts."""
    ratio = row["ratio"]
    if row["against"]:
        figures = [svg.nice_time(row["limit_ns"]), svg.nice_time(row["ours_ns"]), f"{ratio['median']:.3f}",
                   f"{ratio['low']:.3f} to {ratio['high']:.3f}"]
    else:
        figures = ["", svg.nice_time(row["ours_ns"]), "",
                   f"{svg.nice_time(ratio['low'])} to {svg.nice_time(ratio['high'])}"]
    return [row["name"], row["against"] or "", *figures, target_words(row),
            {None: "", True: "met", False: "NOT MET"}[row["met"]]]


HEADINGS = ["what", "against", "limit", "ours", "ratio", "quartiles", "target", ""]
RIGHT = {2, 3, 4}


def table(rows):
    """The table as lines of text."""
    lines = [(row["group"], cells(row)) for row in rows]
    widths = [max(len(line[i]) for line in [HEADINGS] + [line for _, line in lines])
              for i in range(len(HEADINGS))]
    def laid_out(line):
        return "  ".join(text.rjust(width) if i in RIGHT else text.ljust(width)
                         for i, (text, width) in enumerate(zip(line, widths))).rstrip()
    yield "  " + laid_out(HEADINGS)
    last = None
    for group, line in lines:
        if group != last:
            yield group
        yield "  " + laid_out(line)
        last = group


def summary(rows):
    """How many targets are met, and which are not."""
    aims = [row for row in rows if row["met"] is not None]
    missed = [row["name"] for row in aims if not row["met"]]
    return f"{len(aims) - len(missed)} of {len(aims)} targets met" + \
        ("; not met: " + "; ".join(missed) if missed else "")


def growth(points):
    """The charts of cost against size as lines of text: a table for each."""
    for curve in dict.fromkeys(point["curve"] for point in points):
        here = [point for point in points if point["curve"] == curve]
        sizes = sorted({point["x"] for point in here})
        yield f"{curve}: cost by size"
        yield "  " + " " * 44 + "".join(f"{charts.nice_count(x, 'bytes' in curve):>10}" for x in sizes)
        for series in dict.fromkeys(point["series"] for point in here):
            at = {point["x"]: svg.nice_time(point["ours_ns"]) for point in here if point["series"] == series}
            yield f"  {series:44}" + "".join(f"{at.get(x, ''):>10}" for x in sizes)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("rows")
    parser.add_argument("--json")
    parser.add_argument("--svg")
    parser.add_argument("--size-svg")
    parser.add_argument("--fact", action="append", default=[])
    options = parser.parse_args()
    rows, points, facts = read(options.rows)
    machine = facts.setdefault("machine", {})
    machine.update(fact.split("=", 1) for fact in options.fact)

    print("\n".join(f"{name}: {value}" for name, value in machine.items()))
    print("Ours is net of a function that does nothing with the same arguments on the same rows; each row has a\n"
          "token of its own; medians of interleaved rounds, with their quartiles.\n")
    print("\n".join(table(rows)))
    memory = facts.get("memory_kib")
    if memory:
        print("\nmemory over {tokens} distinct HS256 tokens in one query, resident: {before} KiB before,"
              " {after_a_tenth} after a tenth, {end} at the end, at most {peak}".format(**memory))
    if points:
        print()
        print("\n".join(growth(points)))
    print(f"\n{summary(rows)}")

    if options.json:
        with open(options.json, "w", encoding="utf-8") as out:
            out.write(document(rows, points, facts))
    for path, chart in ((options.svg, charts.targets(rows, machine)), (options.size_svg, charts.sizes(points))):
        if path and chart:
            with open(path, "w", encoding="utf-8") as out:
                out.write(chart)


def document(rows, points, facts):
    """The JSON document: an object a line, so that a difference between two runs reads well."""
    def listed(items):
        return "[\n" + ",\n".join("    " + json.dumps(item, ensure_ascii=False) for item in items) + "\n  ]"
    parts = [f'"{name}": {json.dumps(value, ensure_ascii=False)}' for name, value in facts.items()]
    parts += [f'"results": {listed(rows)}', f'"points": {listed(points)}']
    return "{\n  " + ",\n  ".join(parts) + "\n}\n"


if __name__ == "__main__":
    main()
