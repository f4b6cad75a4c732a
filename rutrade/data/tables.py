"""The only reader of `data/`: a table is its file, held to the recorded sha256 and read with the schema's types."""

import hashlib
import io
import json
import os
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from rutrade import InputError, files, unknown

STATUSES = ("reported", "mirror", "reconciled", "derived", "estimate", "assumption", "press", "holdout", "missing")

_DTYPES = {"integer": "Int64", "number": "float64", "string": "string", "boolean": "boolean"}
_used: set[str] = set()


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
    return Path(os.environ.get("RUTRADE_DATA") or files.root() / "data")


def descriptor(folder: Path | None = None) -> dict:
    """The data package's descriptor as a dictionary. Raises InputError when it is not there or no JSON."""
    path = (folder or home()) / "datapackage.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"data package not found: {path} does not exist (RUTRADE_DATA names another folder)") from None
    except json.JSONDecodeError as error:
        raise InputError(f"data package {path} is not valid JSON: line {error.lineno}, {error.msg}") from None


def names() -> list[str]:
    """Names of all tables, in the package's order."""
    return [r["name"] for r in descriptor()["resources"]]


def describe(name: str) -> Table:
    """Title, columns, units, key, licence and hash of a table. Raises InputError for an unknown table."""
    resources = {r["name"]: r for r in descriptor()["resources"]}
    if name not in resources:
        raise unknown("table", name, resources)
    return table_of(resources[name], home())


def load(name: str) -> pd.DataFrame:
    """A table as a DataFrame with the types of its schema; what was read is remembered, see `used`.

    Raises InputError, naming the table, when it is unknown, its file is missing, or its hash is not the recorded one.
    Cells are held against the schema when a table is sealed (`rutrade data seal`, `rutrade data verify`).
    """
    table = describe(name)
    content = content_of(table)
    digest = hashlib.sha256(content).hexdigest()
    if digest != table.sha256:
        raise InputError(
            f"table '{table.name}': {table.path.name} was changed (sha256 {digest[:12]}, recorded {table.sha256[:12]});"
            " restore the file, or record the change with `rutrade data seal`"
        )
    _used.add(name)
    types = {f["name"]: _DTYPES[f["type"]] for f in table.fields}
    truth = {"true_values": ["true"], "false_values": ["false"]}
    return pd.read_csv(io.BytesIO(content), dtype=types, na_values=[""], keep_default_na=False, **truth)


def used() -> set[str]:
    """Names of the tables that this process has read so far."""
    return set(_used)


def mark_used(names: set[str]) -> None:
    """Remember tables that a worker process read for this one."""
    _used.update(names)


def sources() -> pd.DataFrame:
    """The sources table, indexed by source key."""
    return load("sources").set_index("source")


def fingerprint() -> str:
    """One sha256 over all recorded table hashes: identifies the state of the data."""
    hashes = "".join(f"{r['name']}{r['hash']}" for r in descriptor()["resources"])
    return hashlib.sha256(hashes.encode()).hexdigest()


def table_of(resource: dict, folder: Path) -> Table:
    """A resource of the descriptor as a table whose file is in `folder`."""
    licence = resource["licenses"][0]
    return Table(
        name=resource["name"],
        path=folder / resource["path"],
        title=resource["title"],
        description=resource.get("description", ""),
        fields=tuple(resource["schema"]["fields"]),
        key=tuple(resource["schema"].get("primaryKey", ())),
        licence=licence.get("title", licence["name"]),
        sha256=resource["hash"].removeprefix("sha256:"),
    )


def content_of(table: Table) -> bytes:
    """The bytes of a table's file. Raises InputError when it is missing."""
    try:
        return table.path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"table '{table.name}': file {table.path} is missing") from None
