"""What a page or a stored sweep was made from: fingerprints of tables, modules, presets and lock; what changed since.

A page's manifest holds one mapping `kind: {name: fingerprint}`, where the kinds are those of `KINDS`. The page is stale
when `changed` finds a difference, so that a new preset or a comment re-executes nothing.
"""

import ast
import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from functools import lru_cache

from rutrade import InputError, data, files

KINDS = ("notebook", "parameters", "table", "module", "presets", "lock")
_GONE = "gone"


def tables(names: Iterable[str]) -> dict[str, str]:
    """Fingerprint of each named table: its recorded hash and its columns' types and units."""
    found, known = {}, set(data.names())
    for name in sorted(names):
        if name not in known:
            found[name] = _GONE
            continue
        table = data.describe(name)
        columns = [[f["name"], f["type"], f.get("unit", "")] for f in table.fields]
        found[name] = files.digest([table.sha256, json.dumps(columns)])[:16]
    return found


def modules(names: Iterable[str]) -> dict[str, str]:
    """Fingerprint of the code of each named module (`rutrade.trade.gravity`), without comments and docstrings."""
    found = {}
    for name in sorted(names):
        plain = files.root().joinpath(*name.split("."))
        path = next((p for p in (plain.with_suffix(".py"), plain / "__init__.py") if p.is_file()), None)
        found[name] = _code(path.read_text(encoding="utf-8")) if path else _GONE
    return found


def lock() -> dict[str, str]:
    """Fingerprint of `requirements.txt`."""
    return {"requirements.txt": files.digest([files.root() / "requirements.txt"])[:16]}


def presets() -> dict[str, str]:
    """Fingerprint of each preset that changes the chain, for pages that show all of them."""
    from rutrade import scenarios, sweep

    return {name: files.digest([json.dumps(values, sort_keys=True), scenarios.meaning(name)])[:16]
            for name, values in sweep.presets().items()}  # fmt: skip


def changed(recorded: Mapping[str, Mapping[str, str]]) -> list[str]:
    """What differs now from the recorded tables, modules, presets and lock; each as its kind and name, such as
    "table 'macro'".
    """
    now = {
        "table": tables(recorded.get("table", ())),
        "module": modules(recorded.get("module", ())),
        "presets": presets() if recorded.get("presets") else {},
        "lock": lock() if recorded.get("lock") else {},
    }
    found = []
    for kind, values in now.items():
        before = recorded.get(kind, {})
        names = [name for name in {**before, **values} if before.get(name) != values.get(name)]
        found += [f"{kind} '{name}'" for name in names]
    return found


def loaded() -> list[str]:
    """Names of the modules of the package that this process has imported."""
    return sorted(name for name in sys.modules if name.split(".")[0] == "rutrade")


def report(names: Iterable[str]) -> None:
    """Show, as JSON for the program that executes a notebook, what the notebook used: modules (given), tables and
    whether it read all presets.
    """
    from IPython.display import display

    sweep = sys.modules.get("rutrade.sweep")
    content = {
        "module": list(names),
        "table": sorted(data.used()),
        "presets": bool(sweep and sweep.presets_read()),
    }
    display({"application/json": content}, raw=True)


# The last cell of an executed copy. The modules are listed before the report imports its own.
REPORT = """import sys
loaded = sorted(name for name in sys.modules if name.split(".")[0] == "rutrade")
from rutrade.publish import provenance
provenance.report(loaded)"""


@lru_cache(maxsize=512)
def _code(text: str) -> str:
    """sha256 (first 16) of a module's syntax tree without docstrings. Raises InputError for text that is no Python."""
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise InputError(f"a module of the package is no Python: line {error.lineno}, {error.msg}") from None
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()[:16]
