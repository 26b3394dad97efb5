#!/usr/bin/env python3
"""Lays out the two npm packages: `sqlite-jwt`, and the one with the library of this platform.

    packaging/npm/package.py LIBRARY OS CPU LIBC FOLDER            (from the project's root)
"""

import json
import pathlib
import shutil
import sys

sys.path.insert(0, "packaging")
from statements import typescript_types  # noqa: E402

HERE = pathlib.Path("packaging/npm")
VERSION = pathlib.Path("VERSION").read_text().strip()


def common(name, description):
    return {"name": name, "version": VERSION, "description": description, "license": "MIT AND Apache-2.0"}


def write(folder, manifest):
    shutil.copy("LICENSE", folder / "LICENSE")
    shutil.copy("build/packages/LICENSE.third-party", folder / "LICENSE.third-party")
    (folder / "package.json").write_text(json.dumps(manifest, indent=2) + "\n")


def main(library, system, cpu, libc, output):
    name = f"sqlite-jwt-{system}-{cpu}"
    platform, whole = pathlib.Path(output, name), pathlib.Path(output, "sqlite-jwt")
    for folder in (platform, whole):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)

    shutil.copy(library, platform / ("jwt_ext" + pathlib.Path(library).suffix))
    limits = {"os": [system], "cpu": [cpu], **({"libc": [libc]} if system == "linux" else {})}
    write(platform, {**common(name, f"The library of sqlite-jwt for {system}-{cpu}"), **limits})

    rows, methods = typescript_types()
    types = (HERE / "index.d.ts").read_text().replace("@rows@", rows).replace("@methods@", methods)
    (whole / "index.d.ts").write_text(types)
    shutil.copy(HERE / "index.mjs", whole)
    shutil.copy("packaging/README.md", whole / "README.md")
    for path in pathlib.Path("sql").rglob("*"):
        if path.suffix in (".sql", ".mjs"):
            target = whole / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    write(
        whole,
        {
            **common("sqlite-jwt", "JSON Web Tokens inside SQLite: a loadable extension and its token store"),
            "type": "module",
            "exports": {".": {"types": "./index.d.ts", "default": "./index.mjs"}},
            "types": "./index.d.ts",
            "engines": {"node": ">=20"},
            "optionalDependencies": {name: VERSION},
        },
    )


if __name__ == "__main__":
    if len(sys.argv) != 6:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
