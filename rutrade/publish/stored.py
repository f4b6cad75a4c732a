"""Stored sweeps: tables of runs that take too long for a build, each with the manifest of what it was made from.

`data/sweeps/NAME.csv` holds the runs, `NAME.json` the manifest. `keep` writes both; `read` refuses them when a table or
a module they were made from, their definition, or the file itself is another than the manifest says.
"""

import io
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from rutrade import InputError, __version__, data, files
from rutrade.publish import provenance


def place(name: str) -> Path:
    """The stored runs of a sweep; the manifest stands beside them as JSON."""
    return data.home() / "sweeps" / f"{name}.csv"


def keep(name: str, runs: pd.DataFrame, definition: str, models: Iterable[str], seconds: float) -> dict:
    """Store the runs with their manifest, which is returned.

    definition: fingerprint of which runs they are; models: beginnings of the names of modules that decide the results.
    Raises InputError when the place cannot be written.
    """
    text = runs.to_csv(index=False, float_format="%.12g", lineterminator="\n")
    own = [m for m in provenance.loaded() if m.startswith(tuple(models))]
    manifest = {
        "version": __version__,
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "seconds": round(seconds, 1),
        "runs": len(runs),
        "sha256": files.digest([text]),
        "definition": definition,
        "made_from": {"table": provenance.tables(data.used()), "module": provenance.modules(own)},
    }
    files.write(place(name), text)
    files.write(place(name).with_suffix(".json"), json.dumps(manifest, indent=1) + "\n")
    return manifest


def read(name: str, definition: str) -> pd.DataFrame:
    """The stored runs. Raises InputError when they are missing, were changed, or were made from other inputs."""
    again = "renew them with `rutrade renew sweeps`"
    try:
        manifest = json.loads(place(name).with_suffix(".json").read_text(encoding="utf-8"))
        text = place(name).read_text(encoding="utf-8")
    except (OSError, json.JSONDecodeError):
        raise InputError(f"the stored runs of '{name}' ({place(name)}) cannot be read: {again}") from None
    found = provenance.changed(manifest["made_from"])
    if manifest["definition"] != definition:
        found.insert(0, "the definition of the runs")
    if files.digest([text]) != manifest["sha256"]:
        found.insert(0, f"the file {place(name).name} itself")
    if found:
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        raise InputError(f"the stored runs of '{name}' no longer fit, {found[0]}{more} changed: {again}")
    return pd.read_csv(io.StringIO(text))
