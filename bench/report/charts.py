"""The charts of `make bench`: how much of each target is used, and cost against size."""
import math

import svg


def nice_count(number, powers_of_two=False):
    """1000 as 1 k, 2000000 as 2 M; of bytes 4096 as 4 Ki."""
    step, mark = (1024, "i") if powers_of_two and number % 1024 == 0 else (1000, "")
    for scale, unit in ((step * step, " M"), (step, " k" if step == 1000 else " K")):
        if number >= scale:
            return f"{number / scale:.3g}{unit}{mark}"
    return f"{number:g}"


# ---- targets

LABEL_END, BAR_START, BAR_WIDTH = 336, 348, 300
SCALE = 1.6       # what the bars' width stands for, as a multiple of the target
ROW = 24


def figures(row):
    """What stands behind a bar."""
    if row["target_kind"] == "ns":
        return f"{svg.nice_time(row['ours_ns'])}, target {svg.nice_time(row['target'])}"
    return (f"{row['ratio']['median']:.2f} × {row['against']}, target {row['target']:g}"
            f"   ({svg.nice_time(row['limit_ns'])} → {svg.nice_time(row['ours_ns'])})")


def targets(rows, machine):
    """A bar for each row that has a target: its part of the target."""
    aims = [row for row in rows if row["met"] is not None]
    if not aims:
        return None
    # A letter is about 6.5 wide in this size.
    width = max(1020, BAR_START + BAR_WIDTH + 32 + 6.5 * max(len(figures(row)) for row in aims))
    chart = svg.Chart(round(width), "What each call costs, as a part of its target", [
        "A bar that ends left of the line meets its target. Distinct tokens, net of the row's own cost, medians; "
        "whiskers are quartiles.",
        ", ".join(machine[name] for name in ("processor", "openssl", "compiler") if name in machine)
        + (f", SQLite {machine['sqlite']}" if "sqlite" in machine else "")])
    top, last = chart.height, None
    for row in aims:
        if row["group"] != last:
            chart.height += 8
            chart.label(20, chart.height + 16, row["group"], "group")
            chart.height += ROW
            last = row["group"]
        target_row(chart, row)
        chart.height += ROW
    at = BAR_START + BAR_WIDTH / SCALE
    chart.line(at, top + 22, at, chart.height + 2, "mark", 1.5)
    for part in (0, 0.5, 1, 1.5):
        chart.label(BAR_START + BAR_WIDTH * part / SCALE, chart.height + 18,
                    "target" if part == 1 else f"{part:g} ×" if part else "0", "middle f-soft")
    chart.height += 32
    return chart.text()


def target_row(chart, row):
    """One row: name, bar with whiskers, figures."""
    def place(value):
        return BAR_START + BAR_WIDTH * min(max(value / row["target"], 0), SCALE) / SCALE
    scale = row["ours_ns"] / row["ratio"]["median"] if row["target_kind"] == "ns" and row["against"] else 1
    value = row["ours_ns"] if row["target_kind"] == "ns" else row["ratio"]["median"]
    y = chart.height
    chart.label(LABEL_END, y + 15, row["name"], "end")
    chart.box(BAR_START, y + 3, BAR_WIDTH, 16, "band", 2)
    chart.box(BAR_START, y + 3, max(place(value) - BAR_START, 1), 16, "good" if row["met"] else "poor", 2)
    if value / row["target"] <= SCALE:
        chart.line(place(row["ratio"]["low"] * scale), y + 11, place(row["ratio"]["high"] * scale), y + 11, "soft", 1)
    else:
        chart.label(BAR_START + BAR_WIDTH - 6, y + 15, f"{value / row['target']:.1f} × ▸", "end", "page")
    chart.label(BAR_START + BAR_WIDTH + 12, y + 15, figures(row))


# ---- cost against size

PANEL_WIDTH, PANEL_HEIGHT, PANEL_LEFT = 360, 250, 70


def sizes(points):
    """One panel a curve, both axes logarithmic, so that a straight diagonal is linear growth."""
    curves = list(dict.fromkeys(point["curve"] for point in points))
    if not curves:
        return None
    chart = svg.Chart(1020, "Cost against size", [
        "Both axes are logarithmic; the dashed diagonals grow in proportion to the size."])
    top = chart.height
    bottoms = [top, top]
    for number, curve in enumerate(curves):
        column = number % 2
        here = [point for point in points if point["curve"] == curve]
        bottoms[column] = panel(chart, curve, here, 20 + column * 500, bottoms[column]) + 24
        if column == 1:
            bottoms = [max(bottoms)] * 2
    chart.height = max(bottoms)
    return chart.text()


def panel(chart, curve, points, left, top):
    """Draws one curve; returns the panel's lower edge."""
    xs, ys = [point["x"] for point in points], [max(point["ours_ns"], 1) for point in points]
    columns, lines = svg.decades(min(xs), max(xs)), svg.decades(min(ys), max(ys))
    x0, y0 = left + PANEL_LEFT, top + 28
    spans = [max(values[-1] - values[0], 1) for values in (columns, lines)]

    def place(x, y):
        return (x0 + PANEL_WIDTH * (math.log10(x) - columns[0]) / spans[0],
                y0 + PANEL_HEIGHT * (1 - (math.log10(max(y, 1)) - lines[0]) / spans[1]))

    chart.label(left, top + 14, curve, "group")
    for power in columns:
        x, _ = place(10 ** power, 1)
        chart.line(x, y0, x, y0 + PANEL_HEIGHT, "line")
        chart.label(x, y0 + PANEL_HEIGHT + 17, nice_count(10 ** power), "middle f-soft")
    for power in lines:
        _, y = place(1, 10 ** power)
        chart.line(x0, y, x0 + PANEL_WIDTH, y, "line")
        chart.label(x0 - 8, y + 4, svg.nice_time(10 ** power), "end f-soft")
        diagonal(chart, place, columns, lines, power)
    bottom = y0 + PANEL_HEIGHT + 26
    for number, series in enumerate(dict.fromkeys(point["series"] for point in points)):
        colour = f"series{number % svg.SERIES_COLOURS}"
        chart.path([place(point["x"], point["ours_ns"]) for point in points if point["series"] == series], colour)
        chart.box(x0, bottom + 3, 14, 4, colour, 2)
        chart.label(x0 + 22, bottom + 10, series)
        bottom += 19
    return bottom


def diagonal(chart, place, columns, lines, power):
    """The part, inside the panel, of linear growth that starts at the left edge with 10^power ns."""
    rise = min(columns[-1] - columns[0], lines[-1] - power)
    if rise > 0:
        chart.line(*place(10 ** columns[0], 10 ** power),
                   *place(10 ** (columns[0] + rise), 10 ** (power + rise)), "line", 1, "4 4")
