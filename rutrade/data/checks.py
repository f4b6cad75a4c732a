"""Whole checks of the data package: `verify` reads every cell, `seal` records tables changed on purpose."""

import hashlib
import json
from pathlib import Path

import pandas as pd

from rutrade import InputError, files
from rutrade.data.tables import _DTYPES, Table, _content, _table, describe, descriptor, home, load, names


def verify() -> pd.DataFrame:
    """Check every table: one row each with rows, sha256 (first 12 digits) and the problem or 'ok'."""
    rows = []
    for name in names():
        try:
            load(name)
            frame, problem = _parse(describe(name)), "ok"
        except InputError as error:
            frame, problem = (), str(error)
        rows.append({"table": name, "rows": len(frame), "sha256": describe(name).sha256[:12], "result": problem})
    return pd.DataFrame(rows)


def seal(folder: Path | None = None) -> list[str]:
    """Record the hashes of tables (of `folder`, else the data folder) that were changed on purpose; their names.

    Every changed table is checked against its schema first; nothing is written when one does not fit.
    """
    content, changed = descriptor(folder), []
    for resource in content["resources"]:
        table = _table(resource, folder or home())
        digest = hashlib.sha256(_content(table)).hexdigest()
        if digest != table.sha256:
            _parse(table)
            resource["hash"] = f"sha256:{digest}"
            resource["bytes"] = table.path.stat().st_size
            changed.append(table.name)
    if changed:
        files.write((folder or home()) / "datapackage.json", json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return changed


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
        known = set(pd.read_csv(table.path.parent / "sources.csv", dtype=str)["source"])
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
