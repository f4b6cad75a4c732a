"""Parameters of the notebooks and scenarios: type, unit, range and source of each, checked before anything runs.

`parameters` says what a parameter is, `notebooks` declares them (one class per notebook, shared fields once),
`presets` reads the YAML files of overrides by section in `notebooks/scenarios/`, `generated` writes the notebooks'
parameter cells and the JSON schema of presets from the classes.
"""

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
