"""The lists of mutants, and the tests that they name. README.md says how a list is written."""

import pathlib
import re

FOLDER = pathlib.Path("tests/mutants")


class Mutant:
    """One way to break the code."""

    def __init__(self, name):
        self.name = name
        self.why = ""
        self.is_sample = False
        self.edits = []  # [file, old text, new text]
        self.killers = []  # kind and rest, as written: "attack 17"
        self.problems = []

    def add_line(self, word, rest):
        if word == "why":
            self.why = rest
        elif word == "sample":
            self.is_sample = True
        elif word == "killed":
            self.killers.append(rest)
        elif word == "in":
            self.edits.append([rest, None, None])
        elif word in "-+" and not self.edits:
            self.problems.append("text before `in`")
        elif word == "-":
            self.add_old(rest)
        elif word == "+":
            self.add_new(rest)
        else:
            self.problems.append(f"what is `{word}`?")

    def add_old(self, text):
        edit = self.edits[-1]
        if edit[2] is not None:  # one more place in the same file
            self.edits.append([edit[0], text, None])
        else:
            edit[1] = text if edit[1] is None else edit[1] + "\n" + text

    def add_new(self, text):
        edit = self.edits[-1]
        edit[2] = text if edit[2] is None else edit[2] + "\n" + text

    def changed_files(self):
        """The text of each file that the mutant changes, by its path. ValueError where it does not fit."""
        texts = {}
        for file, old, new in self.edits:
            if old is None or new is None:
                raise ValueError(f"{file}: an edit needs what is there and what comes in its place")
            if file not in texts:
                texts[file] = pathlib.Path(file).read_text(encoding="utf-8")
            # How lines are broken and indented does not matter, or each new layout would break the lists.
            pattern = r"\s+".join(re.escape(word) for word in old.split())
            places = [match.span() for match in re.finditer(pattern, texts[file])]
            if len(places) != 1:
                raise ValueError(f"{file}: fits {len(places)} times: {old.strip()}")
            start, end = places[0]
            texts[file] = texts[file][:start] + new + texts[file][end:]
        return texts


def read_lists():
    mutants = []
    for path in sorted(FOLDER.glob("*.list")):
        for line in path.read_text(encoding="utf-8").splitlines():
            word, _, rest = line.partition(" ")
            if not line.strip() or word == "#":
                continue
            if word == "mutant":
                mutants.append(Mutant(rest.strip()))
            else:
                mutants[-1].add_line(word, rest)
    return mutants


def read_attacks():
    """From each row of the catalogue to the files that have it: what tests/attacks/run compares with the docs."""
    attacks = {}
    for path in sorted(pathlib.Path("tests/attacks").glob("*.test")):
        for title in re.findall(r"^(?:case|table) (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE):
            files = attacks.setdefault(title.split(" ")[0], [])
            if str(path) not in files:
                files.append(str(path))
    return attacks


ATTACKS = read_attacks()


class Killer:
    """A test that a mutant names, and how it is run against a build in `folder`."""

    def __init__(self, text):
        self.kind, _, self.rest = text.partition(" ")
        self.name, _, self.title = self.rest.partition(": ")

    def problem(self):
        if self.kind == "attack" and self.rest not in ATTACKS:
            return f"there is no attack {self.rest}"
        if self.kind == "sql" and not pathlib.Path(f"tests/sql/{self.name}.test").exists():
            return f"there is no tests/sql/{self.name}.test"
        if self.kind == "unit" and not pathlib.Path(f"tests/unit/{self.name}.c").exists():
            return f"there is no tests/unit/{self.name}.c"
        if self.kind == "revocation" and not pathlib.Path(f"tests/revocation/{self.name}.c").exists():
            return f"there is no tests/revocation/{self.name}.c"
        if self.kind not in ("attack", "sql", "unit", "revocation", "lint"):
            return f"no kind of test: {self.kind}"
        return None

    def commands(self, build, folder):
        """What to run; each ends with a status that is not 0 where the test fails."""
        if self.kind == "attack":
            return [
                [f"{build}/tests/sql/run_sql", "-t", f"{self.rest} ", file] for file in ATTACKS[self.rest]
            ]
        if self.kind == "sql":
            only = ["-t", self.title] if self.title else []
            return [[f"{build}/tests/sql/run_sql", *only, f"tests/sql/{self.name}.test"]]
        if self.kind == "unit":
            return [[f"{folder}/{self.name}"]]
        if self.kind == "revocation":
            return [[f"{build}/tests/revocation/{self.name}", self.title]]
        return [["sh", "tools/lint"]]

    def failed_line(self):
        """What the output has where the test fails, and not some accident before it."""
        if self.kind == "attack":
            return rf"^FAILED tests/attacks/\w+\.test:\d+: {re.escape(self.rest)} "
        if self.kind == "sql":
            return rf"^FAILED tests/sql/{self.name}\.test:\d+: {re.escape(self.title)}"
        if self.kind == "unit":
            return r"^\S+:\d+: failed: "
        if self.kind == "revocation":
            return rf"^FAILED {re.escape(self.title)}$"
        return rf"^failed {re.escape(self.rest)}$"
