"""Parameters of the notebooks and scenarios: type, unit, range and source of each, checked before anything runs.

`parameters` says what a parameter is, `notebooks` declares them (one class per notebook, shared fields once),
`presets` reads the YAML files of overrides by section in `notebooks/scenarios/`, `generated` writes the notebooks'
parameter cells and the JSON schema of presets from the classes.

They are imported when one of their names is first used: pydantic, which they stand on, takes a quarter of the time of
numpy and pandas.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rutrade.scenarios.generated import cell, schema, schema_text, write_all, write_cell
    from rutrade.scenarios.notebooks import (
        PARAMETERS,
        BilateralTrade,
        Comparison,
        Economy,
        Planning,
        ProjectAppraisal,
        Projections,
        RegionalTables,
        Scenario,
        Siberia,
        TradeStructure,
        Uncertainty,
        Upgrading,
        fields,
        of_notebook,
    )
    from rutrade.scenarios.parameters import SECTIONS, Parameters, parameter
    from rutrade.scenarios.presets import BASE, difference, folder, load, meaning, names, parse, select, title

__all__ = [
    "BASE", "PARAMETERS", "SECTIONS", "BilateralTrade", "Comparison", "Economy", "Parameters", "Planning",
    "ProjectAppraisal", "Projections", "RegionalTables", "Scenario", "Siberia", "TradeStructure", "Uncertainty",
    "Upgrading", "cell", "difference", "fields", "folder", "load", "meaning", "names", "of_notebook", "parameter",
    "parse", "schema", "schema_text", "select", "title", "write_all", "write_cell",
]  # fmt: skip


_PARTS = ("parameters", "notebooks", "presets", "generated")


def __getattr__(name: str) -> Any:
    if name in _PARTS:
        return import_module(f"rutrade.scenarios.{name}")
    if name not in __all__:
        raise AttributeError(f"module 'rutrade.scenarios' has no attribute '{name}'")
    for part in _PARTS:
        found = vars(import_module(f"rutrade.scenarios.{part}"))
        for public in __all__:
            if public in found:
                globals().setdefault(public, found[public])
    return globals()[name]


def __dir__() -> list[str]:
    return sorted(__all__)
