"""Broken variants: each patch in variants/ breaks sql/ in a way in which a known server was broken, and names the
tests that must notice. A variant that no test notices, or that no longer applies, fails the suite.

A patch is a unified diff with a few lines in front:

    Point: 4                     which of the 22 points of the design
    Test: a grandparent within   tests whose title begins so; each must fail, by a check and not by an accident
    Why: ...

Hunks are found by their text, not by their line numbers, so that they go on fitting while the file grows.
"""

import os
import pathlib
import pickle
import re
import tempfile

import harness

FOLDER = pathlib.Path(__file__).parent / "variants"


class Variant:
    def __init__(self, path):
        text = path.read_text(encoding="utf-8")
        head, _, self.diff = text.partition("--- a/")
        self.name = path.stem
        self.points = [int(point) for point in re.findall(r"^Point: (\d+)$", head, re.MULTILINE)]
        self.tests = re.findall(r"^Test: (.+)$", head, re.MULTILINE)

    def apply(self, root):
        """Changes the copy of sql/ at `root`; what is wrong with the patch, or None."""
        for part in re.split(r"^--- a/", "--- a/" + self.diff, flags=re.MULTILINE)[1:]:
            name = part.split("\n", 1)[0].split("\t")[0].strip()
            target = root / pathlib.Path(name).relative_to("sql")
            text = target.read_text(encoding="utf-8")
            for hunk in re.split(r"^@@.*\n", part, flags=re.MULTILINE)[1:]:
                lines = [line for line in hunk.splitlines(keepends=True) if line[:1] in " -+"]
                old = "".join(line[1:] for line in lines if line[0] in " -")
                new = "".join(line[1:] for line in lines if line[0] in " +")
                if text.count(old) != 1:
                    return f"a hunk fits {text.count(old)} times into {name}"
                text = text.replace(old, new)
            target.write_text(text, encoding="utf-8")
        return None


def named(prefix):
    return [test for test in harness.TESTS if test.title.startswith(prefix)]


def judge(variant):
    """None where each test that the variant names has noticed it."""
    if not variant.points or not variant.tests:
        return "it names no point or no test"
    with tempfile.TemporaryDirectory(prefix="jwt_variant_") as folder:
        root = harness.copy_sql(pathlib.Path(folder) / "sql")
        problem = variant.apply(root)
        if problem:
            return problem
        for prefix in variant.tests:
            # Of a test that runs in several modes one is enough to see it.
            tests = named(prefix)
            if not tests:
                return f"there is no test {prefix!r}"
            failure = tests[0].run(root)
            if failure is None:
                return f"{tests[0].title!r} did not notice"
            if not failure[1]:
                return f"{tests[0].title!r} ended by an accident:\n{failure[0]}"
    return None


def judge_apart(variant):
    """The same in a process of its own: a variant may leave anything behind."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            answer = judge(variant)
        except BaseException as error:
            answer = repr(error)
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(answer, pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    os.waitpid(child, 0)
    return pickle.loads(data) if data else "the process died"


def run_all():
    """(name, None or what is wrong) of each variant, and of what all of them must reach."""
    seen = {test.point for test in harness.TESTS}
    broken = set()
    for path in sorted(FOLDER.glob("*.patch")):
        variant = Variant(path)
        failure = judge_apart(variant)
        if failure is None:
            broken.update(variant.points)
        yield variant.name, failure
    missing = [point for point in range(1, 23) if point not in seen or point not in broken]
    yield "of each of the 22 points", f"none for {missing}" if missing else None
