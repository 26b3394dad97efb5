"""Charts as SVG that read well on a light page and on a dark one: the viewer's setting decides."""
import html
import math

# One name a colour; the second column is for a dark page.
COLOURS = {
    "page": ("#ffffff", "#0d1117"),
    "text": ("#1f2328", "#e6edf3"),
    "soft": ("#59636e", "#9198a1"),
    "line": ("#d1d9e0", "#30363d"),
    "band": ("#f6f8fa", "#151b23"),
    "good": ("#1a7f5a", "#3fb68b"),
    "poor": ("#c2541b", "#f0883e"),
    "other": ("#8c959f", "#6e7681"),
    "mark": ("#1f2328", "#e6edf3"),
    "series0": ("#0b69c7", "#58a6ff"),
    "series1": ("#c2541b", "#f0883e"),
    "series2": ("#1a7f5a", "#3fb68b"),
    "series3": ("#8250df", "#bc8cff"),
    "series4": ("#9a6700", "#d29922"),
    "series5": ("#bf3989", "#f778ba"),
}
SERIES_COLOURS = 6


def style():
    """The style sheet: each colour as a fill (.f-name) and as a stroke (.s-name)."""
    def rules(column):
        return "".join(f".f-{name}{{fill:{pair[column]}}}.s-{name}{{stroke:{pair[column]}}}"
                       for name, pair in COLOURS.items())
    return ("<style>text{font-family:system-ui,'Segoe UI','DejaVu Sans',sans-serif;font-size:12px}"
            ".title{font-size:17px;font-weight:600}.group{font-weight:600}.end{text-anchor:end}"
            ".middle{text-anchor:middle}.line{fill:none;stroke-width:2}"
            + rules(0) + "@media(prefers-color-scheme:dark){" + rules(1) + "}</style>")


class Chart:
    """Shapes are added from top to bottom; `text()` gives the document."""

    def __init__(self, width, title, subtitles):
        self.width = width
        self.parts = []
        self.height = 30
        self.label(20, self.height, title, "title")
        for line in subtitles:
            self.height += 20
            self.label(20, self.height, line, "f-soft")
        self.height += 12

    def label(self, x, y, words, kind="", colour=None):
        names = f"{kind} f-{colour}" if colour else kind if "f-" in kind else f"{kind} f-text"
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" class="{names.strip()}">{html.escape(words)}</text>')

    def box(self, x, y, width, height, colour, rounding=0):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
                          f' rx="{rounding}" class="f-{colour}"/>')

    def line(self, x1, y1, x2, y2, colour, width=1, dash=None):
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
                          f' class="s-{colour}" stroke-width="{width}"{dashes}/>')

    def path(self, points, colour):
        self.parts.append('<polyline class="line s-%s" points="%s"/>' % (
            colour, " ".join(f"{x:.1f},{y:.1f}" for x, y in points)))
        for x, y in points:
            self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" class="f-{colour}"/>')

    def text(self):
        return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{self.height:.0f}"'
                f' viewBox="0 0 {self.width} {self.height:.0f}">{style()}'
                f'<rect width="{self.width}" height="{self.height:.0f}" class="f-page"/>\n'
                + "\n".join(self.parts) + "\n</svg>\n")


def nice_time(ns):
    """A time with the unit that reads best."""
    for scale, unit in ((1e9, "s"), (1e6, "ms"), (1e3, "µs")):
        if ns >= scale:
            return f"{ns / scale:.3g} {unit}" if ns / scale < 100 else f"{ns / scale:.0f} {unit}"
    return f"{ns:.0f} ns" if abs(ns) >= 10 else f"{ns:.2g} ns"


def decades(low, high):
    """The powers of ten that enclose the values."""
    return range(math.floor(math.log10(low) + 1e-9), math.ceil(math.log10(high) - 1e-9) + 1)
