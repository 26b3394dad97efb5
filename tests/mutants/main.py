"""Builds each mutant and sees the tests that it names fail. See tests/mutants/run."""

import concurrent.futures
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import time

import tables
from mutant import FOLDER, Killer, read_lists

BUILD = os.environ.get("BUILD", "build/release")
CC = shlex.split(os.environ.get("CC", "cc"))
FLAGS = shlex.split(
    os.environ.get("LINT_FLAGS")
    or "-std=c11 -DJWT_EXT_VERSION='\"0\"' -DJWT_EXT_LINKAGE='\"shared\"' -I. -Isrc"
)
WORK = pathlib.Path(BUILD) / "mutants"
JOBS = int(os.environ.get("JOBS") or os.cpu_count() or 1)
SECONDS = 300  # for one test; a mutant that runs on and on is no proof


class Survived(Exception):
    """The mutant lives, or could not be tried."""


def run(command, **options):
    return subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
        **options,
    )


def libraries(*names):
    found = run(["pkg-config", "--libs", *names])
    given = found.stdout.split() if found.returncode == 0 else [f"-l{name[3:]}" for name in names]
    return [*given, "-lm"]


def must(command):
    result = run(command)
    if result.returncode != 0:
        raise Survived(f"cannot be built: {result.stdout[-2000:]}")


def compile_changed(mutant, folder):
    """Compiles what the mutant changes; from each source's path to its object."""
    objects = {}
    for file, text in mutant.changed_files().items():
        if not file.endswith(".c"):
            raise Survived(f"{file}: only .c files are compiled anew")
        source = folder / pathlib.Path(file).name
        source.write_text(text, encoding="utf-8")
        objects[file] = str(source.with_suffix(".o"))
        # What the file includes from beside it lies where it always lay.
        command = [*CC, "-O1", "-g", "-w", "-fPIC", "-fvisibility=hidden", *FLAGS]
        must([*command, f"-I{pathlib.Path(file).parent}", "-c", "-o", objects[file], str(source)])
    return objects


def objects_of(pattern, changed):
    sources = [str(path) for path in sorted(pathlib.Path().glob(pattern))]
    return [changed.get(source, f"{BUILD}/{source[:-2]}.o") for source in sources]


def link_extension(folder, changed):
    objects = objects_of("jwt_ext.c", changed) + objects_of("src/*/*.c", changed)
    version = "-Wl,--version-script=jwt_ext.map"
    command = [*CC, "-shared", version, "-Wl,-Bsymbolic", "-o", f"{folder}/jwt_ext.so"]
    must([*command, *objects, *libraries("libcrypto", "libcjson")])


def link_unit(folder, name, changed):
    support = [
        f"{BUILD}/{path.with_suffix('.o')}"
        for path in pathlib.Path("tests/unit").glob("*.c")
        if not re.search(r"^int main", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    objects = [f"{BUILD}/tests/unit/{name}.o", *support, *objects_of("src/jose/*.c", changed)]
    more = ["-ldl", "-lpthread"]
    must([*CC, "-o", f"{folder}/{name}", *objects, *libraries("libcrypto", "libcjson", "sqlite3"), *more])


def copy_for_lint(mutant, folder):
    """The part of the tree that lint's rules about code look at."""
    root = folder / "tree"
    for name in ("src", "tools"):
        shutil.copytree(name, root / name)
    for name in ("jwt_ext.c", "jwt_ext.map"):
        shutil.copy(name, root / name)
    for file, text in mutant.changed_files().items():
        (root / file).write_text(text, encoding="utf-8")
    return root


def outcome(killer, command, folder):
    """How one test ended: failed as it should, passed, or what else."""
    environment = dict(os.environ, JWT_EXT=f"./{folder}/jwt_ext", LINT_TOOLS="no")
    environment["REVOCATION_SCRATCH"] = str(folder)
    cwd = None
    if killer.kind == "lint":
        cwd = folder / "tree"
        environment["BUILD"] = "none"
        environment["GIT_CEILING_DIRECTORIES"] = str(folder.resolve())
    try:
        result = run(command, timeout=SECONDS, env=environment, cwd=cwd)
    except subprocess.TimeoutExpired:
        return "out of time"
    if result.returncode < 0 or re.search(killer.failed_line(), result.stdout, re.MULTILINE):
        return "failed"
    if result.returncode == 0 and re.search(r"^[1-9]\d* passed, 0 failed", result.stdout, re.MULTILINE):
        return "passed"
    return f"ended with {result.returncode}: {result.stdout[-600:]}"


def prepare(mutant, killer, folder, changed):
    if killer.kind == "lint":
        copy_for_lint(mutant, folder)
    elif killer.kind == "unit":
        link_unit(folder, killer.name, changed)
    elif not (folder / "jwt_ext.so").exists():
        link_extension(folder, changed)


def judge(mutant):
    """None where every test that the mutant names fails on it, else what is wrong."""
    folder = WORK / mutant.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        changed = compile_changed(mutant, folder)
        for text in mutant.killers:
            killer = Killer(text)
            prepare(mutant, killer, folder, changed)
            results = [outcome(killer, command, folder) for command in killer.commands(BUILD, folder)]
            if "failed" not in results:
                return f"{text}: {', '.join(results)}"
        return None
    except Survived as reason:
        return str(reason)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def static_problems(mutants):
    """What is wrong with the lists, without building anything."""
    problems = []
    names = [mutant.name for mutant in mutants]
    for mutant in mutants:
        found = list(mutant.problems)
        if names.count(mutant.name) > 1:
            found.append("the name stands twice")
        if not mutant.why or not mutant.edits or not mutant.killers:
            found.append("it needs why, in and killed")
        found += [problem for text in mutant.killers for problem in [Killer(text).problem()] if problem]
        try:
            mutant.changed_files()
        except (OSError, ValueError) as error:
            found.append(str(error))
        problems += [f"mutant {mutant.name}: {problem}" for problem in found]
    return problems + tables.problems(mutants)


def sane(mutants):
    """The tests must pass on the code as it is. What does not, by the test's text."""
    unchanged = WORK / "unchanged"
    shutil.rmtree(unchanged, ignore_errors=True)
    unchanged.mkdir(parents=True)
    link_extension(unchanged, {})
    texts = sorted({text for mutant in mutants for text in mutant.killers})
    killers = [killer for killer in map(Killer, texts) if killer.kind != "lint"]  # a suite of its own
    for name in {killer.name for killer in killers if killer.kind == "unit"}:
        link_unit(unchanged, name, {})

    def wrong(killer):
        results = [outcome(killer, command, unchanged) for command in killer.commands(BUILD, unchanged)]
        if set(results) == {"passed"}:
            return None
        return f"{killer.kind} {killer.rest}: does not pass on the code as it is: {', '.join(results)}"

    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        bad = [problem for problem in pool.map(wrong, killers) if problem]
    shutil.rmtree(unchanged, ignore_errors=True)
    return bad


def chosen(mutants, words):
    words = words or os.environ.get("MUTANTS", "").split()
    if words:
        unknown = set(words) - {mutant.name for mutant in mutants}
        if unknown:
            sys.exit(f"no such mutant: {' '.join(sorted(unknown))}\n0 passed, 1 failed")
        return [mutant for mutant in mutants if mutant.name in words]
    if os.environ.get("JWT_TEST_ALL"):
        return mutants
    return [mutant for mutant in mutants if mutant.is_sample]


def try_all(mutants):
    """From each mutant to what is wrong, as they end."""
    if os.environ.get("INSTRUMENTED"):
        print("skipped: mutants are built beside a plain build")
        return 0, 0, 1
    passed = failed = 0
    for problem in sane(mutants):
        print(f"FAILED: {problem}", flush=True)
        failed += 1
    if failed:
        return passed, failed, 0
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        tasks = {pool.submit(judge, mutant): mutant for mutant in mutants}
        for task in concurrent.futures.as_completed(tasks):
            name, problem = tasks[task].name, task.result()
            passed += problem is None
            failed += problem is not None
            print(f"ok {name} is killed" if problem is None else f"FAILED: {name}: {problem}", flush=True)
    return passed, failed, 0


def who(mutant):
    """Prints every test that fails on a mutant: for those who look for one to name."""
    folder = WORK / f"{mutant.name}-who"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    changed = compile_changed(mutant, folder)
    link_extension(folder, changed)
    for file in sorted(pathlib.Path("tests").glob("*/*.test")):
        command = [f"{BUILD}/tests/sql/run_sql", str(file)]
        result = run(command, env=dict(os.environ, JWT_EXT=f"./{folder}/jwt_ext"))
        for line in re.findall(r"^FAILED (.*)$", result.stdout, re.MULTILINE):
            print(line[:160])
        if result.returncode < 0:
            print(f"{file}: dies")
    for file in sorted(pathlib.Path("tests/unit").glob("test_*.c")):
        link_unit(folder, file.stem, changed)
        killer = Killer(f"unit {file.stem}")
        print(f"{killer.rest}: {outcome(killer, [f'{folder}/{file.stem}'], folder)[:60]}")
    shutil.rmtree(folder, ignore_errors=True)


def main(words):
    mutants = read_lists()
    if words[:1] == ["--who"]:
        for mutant in chosen(mutants, words[1:]):
            who(mutant)
        return 0
    if words == ["--write"]:
        tables.write(mutants)
        return 0
    started = time.monotonic()
    problems = static_problems(mutants)
    for problem in problems:
        print(f"FAILED: {problem}")
    passed, failed, skipped = try_all(chosen(mutants, words))
    print(f"{len(mutants)} mutants in {FOLDER}; this took {time.monotonic() - started:.0f} s")
    print(f"{passed + (not problems)} passed, {failed + len(problems)} failed, {skipped} skipped")
    return 1 if failed or problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
