"""Stored results: tables that take too long to be made anew each time, each with the manifest of how it was made.

`data/sweeps/NAME.csv` holds the table, `NAME.json` the manifest. `keep` writes both; `read` refuses them when a table
or a module they were made from, their definition, or the file itself is another than the manifest says. Fingerprints
of code leave out comments and docstrings, so that neither makes anything stale.
"""

import ast
import hashlib
import io
import json
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import pandas as pd

from rutrade import InputError, __version__, data, files

GONE = "gone"


def tables(names: Iterable[str]) -> dict[str, str]:
    """Fingerprint of each named table: its recorded hash and its columns' types and units."""
    found, known = {}, set(data.names())
    for name in sorted(names):
        if name not in known:
            found[name] = GONE
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
        found[name] = _code(path.read_text(encoding="utf-8")) if path else GONE
    return found


def loaded() -> list[str]:
    """Names of the modules of the package that this process has imported."""
    return sorted(name for name in sys.modules if name.split(".")[0] == "rutrade")


def differences(
    recorded: Mapping[str, Mapping[str, str]], now: Mapping[str, Mapping[str, str]] | None = None
) -> list[str]:
    """What differs from the recorded fingerprints, as kind and name, such as "table 'macro'".

    `now`: today's fingerprints by kind; those of the recorded tables and modules when it is not given.
    """
    if now is None:
        now = {"table": tables(recorded.get("table", ())), "module": modules(recorded.get("module", ()))}
    found = []
    for kind, values in now.items():
        before = recorded.get(kind, {})
        names = [name for name in {**before, **values} if before.get(name) != values.get(name)]
        found += [f"{kind} '{name}'" for name in names]
    return found


def place(name: str) -> Path:
    """The stored table; the manifest stands beside it as JSON."""
    return data.home() / "sweeps" / f"{name}.csv"


def keep(name: str, table: pd.DataFrame, definition: str, models: Iterable[str], seconds: float) -> dict:
    """Store the table with its manifest, which is returned.

    definition: fingerprint of what was computed; models: beginnings of the names of modules that decide the results.
    Raises InputError when the place cannot be written.
    """
    text = table.to_csv(index=False, float_format="%.12g", lineterminator="\n")
    own = [m for m in loaded() if m.startswith(tuple(models))]
    manifest = {
        "version": __version__,
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "seconds": round(seconds, 1),
        "runs": len(table),
        "sha256": files.digest([text]),
        "definition": definition,
        "made_from": {"table": tables(data.used()), "module": modules(own)},
    }
    files.write(place(name), text)
    files.write(place(name).with_suffix(".json"), json.dumps(manifest, indent=1) + "\n")
    return manifest


def read(name: str, definition: str) -> pd.DataFrame:
    """The stored table. Raises InputError when it is missing, was changed, or was made from other inputs."""
    again = "renew them with `rutrade renew sweeps`"
    try:
        manifest = json.loads(place(name).with_suffix(".json").read_text(encoding="utf-8"))
        text = place(name).read_text(encoding="utf-8")
    except (OSError, json.JSONDecodeError):
        raise InputError(f"the stored runs of '{name}' ({place(name)}) cannot be read: {again}") from None
    found = differences(manifest["made_from"])
    if manifest["definition"] != definition:
        found.insert(0, "the definition of the runs")
    if files.digest([text]) != manifest["sha256"]:
        found.insert(0, f"the file {place(name).name} itself")
    if found:
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        raise InputError(f"the stored runs of '{name}' no longer fit, {found[0]}{more} changed: {again}")
    data.mark_used(set(manifest["made_from"]["table"]))  # who shows the result shows what it was made from
    return pd.read_csv(io.StringIO(text))


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
