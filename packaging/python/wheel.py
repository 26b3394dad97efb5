#!/usr/bin/env python3
"""Makes the wheel of the self-contained extension: pure data, for one platform. Python's own library is enough.

    packaging/python/wheel.py LIBRARY PLATFORM_TAG FOLDER            (from the project's root)
"""

import base64
import hashlib
import os
import pathlib
import sys
import time
import zipfile

sys.path.insert(0, "packaging")
from statements import python_stubs  # noqa: E402

HERE = pathlib.Path("packaging/python")
VERSION = pathlib.Path("VERSION").read_text().strip()
# Files of an archive have no time but this, so that the same source makes the same wheel.
MOMENT = time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", 315532800)))[:6]

METADATA = f"""Metadata-Version: 2.4
Name: sqlite-jwt
Version: {VERSION}
Summary: JSON Web Tokens inside SQLite: a loadable extension and its token store
License-Expression: MIT AND Apache-2.0
License-File: LICENSE
License-File: LICENSE.third-party
Requires-Python: >=3.7
Description-Content-Type: text/markdown

"""


def stubs():
    rows, methods = python_stubs()
    text = (HERE / "__init__.pyi").read_text()
    return text.replace("@rows@\n", rows).replace("@methods@\n", methods)


def files(library):
    """Each file of the wheel: its name and its bytes."""
    yield "sqlite_jwt/__init__.py", (HERE / "__init__.py").read_text().replace("@version@", VERSION).encode()
    yield "sqlite_jwt/__init__.pyi", stubs().encode()
    yield "sqlite_jwt/py.typed", b""
    yield "sqlite_jwt/jwt_ext" + pathlib.Path(library).suffix, pathlib.Path(library).read_bytes()
    for path in sorted(pathlib.Path("sql").rglob("*")):
        if path.suffix in (".sql", ".py"):
            yield f"sqlite_jwt/{path.as_posix()}", path.read_bytes()


def main(library, tag, folder):
    info = f"sqlite_jwt-{VERSION}.dist-info"
    contents = dict(files(library))
    contents[f"{info}/METADATA"] = (METADATA + pathlib.Path("packaging/README.md").read_text()).encode()
    contents[f"{info}/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: jwt_ext {VERSION}\nRoot-Is-Purelib: false\nTag: py3-none-{tag}\n"
    ).encode()
    contents[f"{info}/licenses/LICENSE"] = pathlib.Path("LICENSE").read_bytes()
    contents[f"{info}/licenses/LICENSE.third-party"] = pathlib.Path("build/packages/LICENSE.third-party").read_bytes()
    record = []
    for name, data in contents.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        record.append(f"{name},sha256={digest},{len(data)}\n")
    contents[f"{info}/RECORD"] = "".join([*record, f"{info}/RECORD,,\n"]).encode()

    wheel = pathlib.Path(folder, f"sqlite_jwt-{VERSION}-py3-none-{tag}.whl")
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            entry = zipfile.ZipInfo(name, MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o755 if "jwt_ext." in name else 0o644) << 16
            archive.writestr(entry, data)
    print(wheel)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
