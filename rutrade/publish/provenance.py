"""What a page was made from: fingerprints of tables, modules, presets and lock; what changed since.

A page's manifest holds one mapping `kind: {name: fingerprint}`, where the kinds are those of `KINDS`. The page is stale
when `changed` finds a difference, so that a new preset or a comment re-executes nothing.
"""

import json
import sys
from collections.abc import Iterable, Mapping

from rutrade import data, files
from rutrade.stored import differences, loaded, modules, tables

__all__ = ["KINDS", "REPORT", "changed", "loaded", "lock", "modules", "presets", "report", "tables"]

KINDS = ("notebook", "parameters", "table", "module", "presets", "lock")


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
    return differences(recorded, now)


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
