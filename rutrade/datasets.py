"""The only reader of `data/`: typed tables whose hash, schema and sources are checked on every load.

The tables and their units are described in `data/datapackage.json` (Frictionless data package).
A missing figure is an empty value whose `status` is `missing`; nothing is filled in silently.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from rutrade import InputError, unknown

STATUSES = ("reported", "mirror", "reconciled", "derived", "estimate", "assumption", "press", "holdout", "missing")
_DTYPES = {"integer": "Int64", "number": "float64", "string": "string", "boolean": "boolean"}


@dataclass(frozen=True)
class Table:
    """Description of one table: what it holds, in which units, from which sources."""

    name: str
    path: Path
    title: str
    description: str
    fields: tuple[dict, ...]
    key: tuple[str, ...]
    licence: str
    sha256: str

    @property
    def units(self) -> dict[str, str]:
        """Unit by column, where the column has one."""
        return {f["name"]: f["unit"] for f in self.fields if f.get("unit")}


def home() -> Path:
    """The data folder: `RUTRADE_DATA` when set, else `data/` beside the package."""
    return Path(os.environ.get("RUTRADE_DATA") or Path(__file__).resolve().parents[1] / "data")


def package() -> dict:
    """The data package's descriptor as a dictionary."""
    path = home() / "datapackage.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"data package not found: {path} does not exist (RUTRADE_DATA names another folder)") from None
    except json.JSONDecodeError as error:
        raise InputError(f"data package {path} is not valid JSON: line {error.lineno}, {error.msg}") from None


def names() -> list[str]:
    """Names of all tables, in the package's order."""
    return [r["name"] for r in package()["resources"]]


def describe(name: str) -> Table:
    """Title, columns, units, key, licence and hash of a table."""
    resources = {r["name"]: r for r in package()["resources"]}
    if name not in resources:
        raise unknown("table", name, resources)
    r = resources[name]
    return Table(
        name=name,
        path=home() / r["path"],
        title=r["title"],
        description=r.get("description", ""),
        fields=tuple(r["schema"]["fields"]),
        key=tuple(r["schema"].get("primaryKey", ())),
        licence=r["licenses"][0].get("title", r["licenses"][0]["name"]),
        sha256=r["hash"].removeprefix("sha256:"),
    )


def load(name: str) -> pd.DataFrame:
    """A table as a DataFrame with the types of its schema.

    Raises InputError, naming table, row and column, when the file is missing, its hash is not the
    recorded one, a value does not fit its type or constraints, a key repeats, or a source is unknown.
    """
    table = describe(name)
    _check_hash(table)
    return _parse(table)


def sources() -> pd.DataFrame:
    """The sources table, indexed by source key."""
    return load("sources").set_index("source")


def verify() -> pd.DataFrame:
    """Check every table: one row each with rows, sha256 (first 12 digits) and the problem or 'ok'."""
    rows = []
    for name in names():
        try:
            frame, problem = load(name), "ok"
        except InputError as error:
            frame, problem = (), str(error)
        rows.append({"table": name, "rows": len(frame), "sha256": describe(name).sha256[:12], "result": problem})
    return pd.DataFrame(rows)


def seal() -> list[str]:
    """Record the hashes of tables that were changed on purpose; the changed names are returned.

    Every changed table is checked against its schema first; nothing is written when one does not fit.
    """
    descriptor, changed = package(), []
    for resource in descriptor["resources"]:
        table = describe(resource["name"])
        digest = _sha256(table)
        if digest != table.sha256:
            _parse(table)
            resource["hash"] = f"sha256:{digest}"
            resource["bytes"] = table.path.stat().st_size
            changed.append(table.name)
    if changed:
        aside = home() / "datapackage.json.part"
        aside.write_text(json.dumps(descriptor, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        aside.replace(home() / "datapackage.json")
    return changed


def fingerprint() -> str:
    """One sha256 over all recorded table hashes: identifies the state of the data."""
    hashes = "".join(f"{r['name']}{r['hash']}" for r in package()["resources"])
    return hashlib.sha256(hashes.encode()).hexdigest()


def _sha256(table: Table) -> str:
    try:
        return hashlib.sha256(table.path.read_bytes()).hexdigest()
    except FileNotFoundError:
        raise InputError(f"table '{table.name}': file {table.path} is missing") from None


def _check_hash(table: Table) -> None:
    digest = _sha256(table)
    if digest != table.sha256:
        raise InputError(
            f"table '{table.name}': {table.path.name} was changed (sha256 {digest[:12]}, recorded {table.sha256[:12]});"
            " restore the file, or record the change with `rutrade data seal`"
        )


def _parse(table: Table) -> pd.DataFrame:
    """The table's file with typed columns; every cell is held against the schema."""
    text = pd.read_csv(table.path, dtype=str, keep_default_na=False, encoding="utf-8")
    expected = [f["name"] for f in table.fields]
    if list(text.columns) != expected:
        raise InputError(f"table '{table.name}': columns are {list(text.columns)}, the schema has {expected}")
    frame = pd.DataFrame({f["name"]: _column(table, f, text[f["name"]]) for f in table.fields})
    if table.key and frame.duplicated(list(table.key)).any():
        row = int(frame.index[frame.duplicated(list(table.key))][0])
        values = ", ".join(f"{k}={frame.at[row, k]}" for k in table.key)
        raise InputError(f"table '{table.name}', row {row + 2}: key repeats ({values})")
    if "source" in frame and table.name != "sources":
        known = set(pd.read_csv(home() / "sources.csv", dtype=str)["source"])
        bad = ~frame["source"].fillna("").map(lambda s: s == "" or set(s.split("; ")) <= known)
        if bad.any():
            row = int(frame.index[bad][0])
            raise InputError(
                f"table '{table.name}', row {row + 2}, column 'source':"
                f" '{frame.at[row, 'source']}' is not in sources.csv"
            )
    return frame


def _column(table: Table, field: dict, text: pd.Series) -> pd.Series:
    name, kind, constraints = field["name"], field["type"], field.get("constraints", {})

    def refuse(bad: pd.Series, allowed: str):
        if bad.any():
            row = int(bad.index[bad][0])
            raise InputError(
                f"table '{table.name}', row {row + 2}, column '{name}': '{text[row]}' is not allowed ({allowed})"
            )

    empty = text == ""
    if constraints.get("required"):
        refuse(empty, "a value is required")
    if kind in ("integer", "number"):
        values = pd.to_numeric(text.where(~empty), errors="coerce")
        refuse(values.isna() & ~empty, f"must be {'an integer' if kind == 'integer' else 'a number'}")
        if kind == "integer":
            refuse((values % 1 != 0) & ~empty, "must be an integer")
        if "minimum" in constraints:
            refuse(values < constraints["minimum"], f"minimum {constraints['minimum']}")
        if "maximum" in constraints:
            refuse(values > constraints["maximum"], f"maximum {constraints['maximum']}")
    elif kind == "boolean":
        refuse(~text.isin(["true", "false", ""]), "must be true or false")
        values = text.map({"true": True, "false": False, "": None})
    else:
        values = text.where(~empty)
    if "enum" in constraints:
        refuse(~text.isin(constraints["enum"]) & ~empty, f"one of {', '.join(map(str, constraints['enum']))}")
    return values.astype(_DTYPES[kind])
