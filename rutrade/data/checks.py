"""Whole checks of the data package: `verify` reads every cell, `seal` records tables changed on purpose.

Cells, keys, types and limits are checked by frictionless against the table schemas of `data/datapackage.json`. Two
rules are ours: every key in a column `source` stands in `sources.csv`, and a number is finite.
"""

import hashlib
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from rutrade import InputError, files
from rutrade.data.tables import Table, content_of, describe, descriptor, home, load, names, table_of

_KINDS = {"integer": "an integer", "number": "a number", "boolean": "true or false", "string": "text"}


def verify() -> pd.DataFrame:
    """Check every table: one row each with rows, sha256 (first 12 digits) and the problem or 'ok'.

    Every table is tried; what is wrong with one (hash, columns, a cell, a key, a source) stands in its row.
    """
    rows = []
    for name in names():
        table = describe(name)
        try:
            load(name)
            count, problem = check(table), "ok"
        except InputError as error:
            count, problem = 0, str(error)
        rows.append({"table": name, "rows": count, "sha256": table.sha256[:12], "result": problem})
    return pd.DataFrame(rows)


def seal(folder: Path | None = None) -> list[str]:
    """Record the hashes of tables (of `folder`, else the data folder) that were changed on purpose; their names.

    Raises InputError, before anything is written, when a changed table does not fit its schema, or when sources.csv
    changed and a table names a source that it no longer has.
    """
    folder = folder or home()
    content = descriptor(folder)
    tables = {resource["name"]: (table_of(resource, folder), resource) for resource in content["resources"]}
    digests = {name: hashlib.sha256(content_of(table)).hexdigest() for name, (table, _) in tables.items()}
    changed = [name for name, (table, _) in tables.items() if digests[name] != table.sha256]
    for name in tables if "sources" in changed else changed:
        check(tables[name][0])
    for name in changed:
        table, resource = tables[name]
        resource["hash"] = f"sha256:{digests[name]}"
        resource["bytes"] = table.path.stat().st_size
    if changed:
        files.write(folder / "datapackage.json", json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return changed


def check(table: Table) -> int:
    """Hold every cell of a table's file against its schema; the number of rows.

    Raises InputError for the first fault, naming table, row (as in the file, the header is row 1), column, value and
    what is allowed.
    """
    import frictionless

    fields = [f | ({"trueValues": ["true"], "falseValues": ["false"]} if f["type"] == "boolean" else {})
              for f in table.fields]  # fmt: skip
    schema = {"fields": fields, "missingValues": [""], "primaryKey": list(table.key)}
    resource = frictionless.Resource.from_descriptor(
        {"name": table.name, "path": table.path.name, "format": "csv", "encoding": "utf-8", "schema": schema},
        basepath=str(table.path.parent),
    )
    report = resource.validate(frictionless.Checklist(checks=[_own_rules(table)]), limit_errors=1)
    if report.valid:
        return report.tasks[0].stats["rows"]
    task = report.tasks[0]
    raise InputError(_sentence(table, (task.errors or report.errors)[0]))


def _own_rules(table: Table) -> Any:
    """The two rules that a table schema cannot say, as a check of frictionless."""
    from frictionless import Check, errors

    columns = [f["name"] for f in table.fields]
    numbers = [f["name"] for f in table.fields if f["type"] == "number"]
    sourced = "source" in columns
    known = _source_keys(table.path.parent) if sourced else set()

    class OwnRules(Check):
        """Sources resolve, numbers are finite."""

        type = "rutrade"
        Errors: ClassVar = [errors.CellError]

        def validate_row(self, row: Any) -> Iterator[Any]:
            if sourced and row["source"] is not None and not set(row["source"].split("; ")) <= known:
                yield errors.CellError.from_row(row, note="is not in sources.csv", field_name="source")
            for name in numbers:
                if row[name] is not None and not math.isfinite(row[name]):
                    yield errors.CellError.from_row(row, note="is not allowed (must be a number)", field_name=name)

    return OwnRules()


def _source_keys(folder: Path) -> set[str]:
    path = folder / "sources.csv"
    if not path.is_file():
        raise InputError(f"table 'sources': file {path} is missing")
    return set(pd.read_csv(path, dtype=str)["source"])


def _sentence(table: Table, error: Any) -> str:
    """A fault that frictionless found, in our words."""
    row, name, found = (getattr(error, part, None) for part in ("row_number", "field_name", "cell"))
    where = f"table '{table.name}'" + (f", row {row}" if row else "")
    if error.type in ("incorrect-label", "missing-label", "extra-label", "duplicate-label", "blank-label"):
        return f"{where}: columns are {', '.join(error.labels)}; the schema has {', '.join(_columns(table))}"
    if error.type == "primary-key":
        values = ", ".join(f"{k}={v}" for k, v in zip(_columns(table), error.cells, strict=True) if k in table.key)
        return f"{where}: key repeats ({values})"
    field = {f["name"]: f for f in table.fields}.get(name)
    if field is None or error.type not in ("type-error", "constraint-error", "cell-error"):
        return f"{where}: {error.note or error.message}"
    where += f", column '{name}': '{found or ''}'"
    if error.type == "cell-error":
        return f"{where} {error.note}"
    return f"{where} is not allowed ({_allowed(field, error)})"


def _allowed(field: dict, error: Any) -> str:
    """What a cell may be: its type, or the limit that it passed."""
    if error.type == "type-error":
        return f"must be {_KINDS[field['type']]}"
    limits = field.get("constraints", {})
    broken = next(name for name in limits if f'constraint "{name}"' in error.note)
    if broken == "required":
        return "a value is required"
    allowed = limits[broken]
    return f"one of {', '.join(map(str, allowed))}" if broken == "enum" else f"{broken} {allowed}"


def _columns(table: Table) -> list[str]:
    return [f["name"] for f in table.fields]
