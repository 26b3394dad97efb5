"""The exchange directory as the Python peers read and write it (see ../README.md)."""

import json
import pathlib


def read(directory, name):
    return json.loads((pathlib.Path(directory) / name).read_text(encoding="utf-8"))


def write(directory, name, document):
    text = json.dumps(document, ensure_ascii=False, indent=1)
    (pathlib.Path(directory) / name).write_text(text, encoding="utf-8")


def payload(directory, number, jti):
    """The text of the payload for case `number`: templates take turns, `jti` tells cases apart."""
    text = (pathlib.Path(directory) / "payloads.jsonl").read_text(encoding="utf-8")
    lines = text.rstrip("\n").split("\n")
    return lines[number % len(lines)].replace("@JTI@", jti)


def answer(case, judge):
    """One verdict: `judge(case)` returns its members; what it raises is a refusal."""
    verdict = {"id": case["id"], "ok": False}
    try:
        verdict.update(judge(case))
        verdict["ok"] = True
    except Exception as error:  # any refusal of any library is an answer here
        verdict["error"] = f"{type(error).__name__}: {error}"
    return verdict


def accepted(tokens, verify):
    """The positions of the tampered tokens that `verify` let through: must be none."""
    through = []
    for position, token in enumerate(tokens):
        try:
            verify(token)
            through.append(position)
        except Exception:
            pass
    return through


def main(arguments, produce, check):
    mode, directory = arguments[1:]
    if mode == "produce":
        write(directory, "produced.json", produce(directory))
    elif mode == "check":
        cases = read(directory, "offered.json")["cases"]
        write(directory, "verdicts.json", {"cases": [answer(case, check) for case in cases]})
    else:
        raise SystemExit(f"unknown mode {mode!r}")
