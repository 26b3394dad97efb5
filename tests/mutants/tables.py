"""The tables of README.md: which mutants show that each attack's test can fail, and what is mutated."""


from mutant import ATTACKS, FOLDER

README = FOLDER / "README.md"
WITHOUT = FOLDER / "without"
START, END = "<!-- made by tests/mutants/run --write -->\n", "<!-- end -->\n"


def killed_by(mutants):
    """From each attack to its mutants."""
    table = {row: [] for row in ATTACKS}
    for mutant in mutants:
        for text in mutant.killers:
            kind, _, row = text.partition(" ")
            if kind == "attack" and row in table:
                table[row].append(mutant.name)
    return table


def arguments():
    """From each attack without a mutant to the reason, as the file `without` has it."""
    lines = WITHOUT.read_text(encoding="utf-8").splitlines() if WITHOUT.exists() else []
    return dict(line.split(": ", 1) for line in lines if line and not line.startswith("#"))


def order(row):
    letter = row.rstrip("0123456789")
    return letter, int(row[len(letter) :])


def made(mutants):
    reasons = arguments()
    lines = ["| attack | mutants that its test kills |", "|---|---|"]
    for row, names in sorted(killed_by(mutants).items(), key=lambda item: order(item[0])):
        shown = ", ".join(f"`{name}`" for name in names) or reasons.get(row, "")
        lines.append(f"| {row} | {shown} |")
    files = {}
    for mutant in mutants:
        for file in {edit[0] for edit in mutant.edits}:
            files[file] = files.get(file, 0) + 1
    lines += ["", f"In all {len(mutants)} mutants, of these files:", "", "| file | mutants |", "|---|---|"]
    lines += [f"| `{file}` | {count} |" for file, count in sorted(files.items())]
    return "\n".join(lines) + "\n"


def with_tables(mutants):
    text = README.read_text(encoding="utf-8")
    start, end = text.index(START) + len(START), text.index(END)
    return text[:start] + made(mutants) + text[end:]


def problems(mutants):
    found = []
    reasons = arguments()
    for row, names in killed_by(mutants).items():
        if not names and row not in reasons:
            found.append(f"attack {row} has neither a mutant nor a reason in {WITHOUT}")
        if names and row in reasons:
            found.append(f"attack {row} has a mutant and a reason in {WITHOUT} why it has none")
    found += [f"{WITHOUT}: there is no attack {row}" for row in reasons if row not in ATTACKS]
    if README.read_text(encoding="utf-8") != with_tables(mutants):
        found.append(f"{README} is not up to date: tests/mutants/run --write")
    return found


def write(mutants):
    README.write_text(with_tables(mutants), encoding="utf-8")
