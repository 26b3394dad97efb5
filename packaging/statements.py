"""What the headers of sql/*.sql say: the statements' parameters and results, for the types of the packages."""

import pathlib
import re

HELPERS = ("token_store", "row_security", "demo", "inspect")


class Statement:
    def __init__(self, path):
        text = path.read_text(encoding="utf-8")
        self.name = path.stem
        self.summary = re.match(r"-- \w+: (.*)", text)[1].rstrip(".")
        self.parameters = re.findall(r"^--   :(\w+) +(TEXT|INTEGER|REAL)", text, re.MULTILINE)
        result = re.search(r"^-- Result: (one row|rows|none)(.*\n(?:--   .*\n)*)", text, re.MULTILINE)
        self.result = result[1]
        self.columns = re.findall(r"^--   (\w+) +(TEXT|INTEGER)", result[2], re.MULTILINE)


def statements(folder="sql"):
    paths = sorted(pathlib.Path(folder).glob("*.sql"))
    return [Statement(path) for path in paths if path.stem not in HELPERS]


PYTHON = {"TEXT": "str", "INTEGER": "int", "REAL": "float"}
TYPESCRIPT = {"TEXT": "string", "INTEGER": "number", "REAL": "number"}


def row_name(statement):
    return statement.name.title().replace("_", "") + "Row"


def python_stubs():
    """Classes of the rows, and the methods of TokenStore."""
    rows, methods = [], []
    for statement in statements():
        if statement.columns:
            rows.append(f"class {row_name(statement)}(TypedDict):\n")
            rows += [f"    {name}: {PYTHON[kind]} | None\n" for name, kind in statement.columns]
            rows.append("\n")
        answer = {"one row": f"{row_name(statement)} | None", "rows": f"list[{row_name(statement)}]", "none": "None"}
        given = "".join(f", {name}: {PYTHON[kind]} | None = ..." for name, kind in statement.parameters)
        methods.append(f"    def {statement.name}(self{given}) -> {answer[statement.result]}:\n")
        methods.append(f'        """{statement.summary[0].upper()}{statement.summary[1:]}."""\n')
    return "".join(rows), "".join(methods)


def typescript_types():
    """Interfaces of the rows, and the methods of a TokenStore."""
    rows, methods = [], []
    for statement in statements():
        if statement.columns:
            rows.append(f"export interface {row_name(statement)} {{\n")
            rows += [f"    {name}: {TYPESCRIPT[kind]} | null;\n" for name, kind in statement.columns]
            rows.append("}\n\n")
        answer = {"one row": f"{row_name(statement)} | undefined", "rows": f"{row_name(statement)}[]", "none": "void"}
        types = {name: f"{TYPESCRIPT[kind]} | null" for name, kind in statement.parameters}
        named = "; ".join(f"{name}?: {kind}" for name, kind in types.items())
        options = f"{{ {named} }}"
        # Parameters by place, and in the end an object of others by name, which may come at any place.
        methods.append(f"    /** {statement.summary[0].upper()}{statement.summary[1:]}. */\n")
        for count in range(min(len(types), 4) + 1):
            given = "".join(f"{name}: {kind}, " for name, kind in list(types.items())[:count])
            methods.append(f"    {statement.name}({given}named?: {options}): {answer[statement.result]};\n")
    return "".join(rows), "".join(methods)
