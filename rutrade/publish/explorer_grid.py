"""The stored runs behind the explorer: which points of the chain, their results, and what these were made from.

`data/sweeps/explorer.csv` holds one row a run, `explorer.json` its manifest. `renew` makes both; `stored` refuses them
when a table, a module of the models, or the points are others than those of the manifest.
"""

import inspect
import itertools
import json
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from rutrade import chain, files, sweep, trade
from rutrade import data as tables
from rutrade import stored as stored_runs
from rutrade.scenarios import Scenario

# Nodes of each lever. Between rail capacities the economy jumps (plans are cut in steps of 10 Mt), so these are the
# only positions.
NODES = {
    "multiplier": (2.0, 2.7, 3.7, 5.0, 6.5, 8.0),
    "export_propensity": (0.0, 0.1, 0.25, 0.5, 0.6),
    "rail_capacity": (140.0, 150.0, 158.0, 165.0, 253.0),
    "facilitation": (0.0, 0.25, 0.5, 0.75, 1.0),
    # a group joins when redirection passes China's present share in it: 0.011, 0.048, 0.128 and 0.175 are kinks
    "redirection": (0.0, 0.011087, 0.03, 0.047867, 0.09, 0.128252, 0.15, 0.174615, 0.24, 0.3, 0.4, 0.5),
    "brent": ("low", "mid", "high"),
    "export_support": (0.0, 0.5),
}
TABLES = {"economy": ("multiplier", "export_propensity", "rail_capacity"), "without": ("rail_capacity",),
          "access": ("facilitation", "redirection"), "prices": ("brent",)}  # fmt: skip
START = {"research_infrastructure": True, "multiplier": 3.7, "export_propensity": 0.25, "rail_capacity": 158.0,
         "facilitation": 0.0, "redirection": 0.0, "export_support": 0.0, "brent": "mid"}  # fmt: skip
CHECKED, SEED, DRAWS = 200, 7, 500
ECONOMY = ["gva_effect_bn_rub", "consumption_effect_bn_rub", "npv_public_chain", "rail_price"]
FIGURES = ["share_constant", "shift_constant_pp", "share", "shift_pp", "turnover_bn_usd", "exports_bn_usd",
           "imports_bn_usd", *ECONOMY]  # fmt: skip
REFERENCE = ["share_reference_constant", "share_reference"]
SUPPLY, EXPORTS, IMPORTS = ([f"{kind} {group}" for group in trade.GROUPS] for kind in ("supply", "exports", "imports"))
INTERVALS = {"share_constant": ("share_constant_q05", "share_constant_q95"),
             "turnover_bn_usd": ("turnover_q05", "turnover_q95")}  # fmt: skip
COLUMNS = [*FIGURES, *REFERENCE, "share_base_year", *itertools.chain(*INTERVALS.values()), *SUPPLY, *EXPORTS, *IMPORTS]
_MODELS = ("rutrade.chain", "rutrade.data", "rutrade.draws", "rutrade.economy", "rutrade.project", "rutrade.structure",
           "rutrade.trade")  # fmt: skip


def cuts() -> dict[str, float]:
    """Cut of the delivered price by lever at full facilitation: the high values of the data table."""
    return tables.load("trade_levers").groupby("lever")["high"].max().to_dict()


def overrides(state: Mapping) -> dict:
    """Parameters of the chain at a state of the page: facilitation (0 to 1) moves its four levers together."""
    levers = {name: round(state["facilitation"] * cut, 10) for name, cut in cuts().items()}
    return {name: value for name, value in state.items() if name != "facilitation"} | levers


def row(point: Mapping) -> dict:
    """One run: key figures and 2030 by group (supply: exports at base prices; exports, imports: bn USD current)."""
    result = chain.run(Scenario.check(**point))
    table = result.tables["trade"].query("year == @chain.HORIZON").set_index(["flow", "group"])
    sold, bought = table.loc["RUS_to_CHN"], table.loc["CHN_to_RUS"]
    parts = {"supply": sold["value_bn_usd_base_prices"], "exports": sold["value_bn_usd"]}
    parts["imports"] = bought["value_bn_usd"]
    groups = {f"{kind} {group}": v for kind, values in parts.items() for group, v in values.items()}
    return {**point, **result.figures, **groups}


def random_states(count: int, seed: int) -> list[dict]:
    """States the page can show, drawn evenly over every lever; one in ten without the programme, three redirected."""
    rng = np.random.default_rng(seed)
    states: list[dict[str, bool | float | str]] = []
    for _ in range(count):
        state: dict[str, bool | float | str] = {"research_infrastructure": bool(rng.random() < 0.9)}
        for name in ("multiplier", "export_propensity", "facilitation", "export_support"):
            state[name] = round(float(rng.uniform(float(NODES[name][0]), float(NODES[name][-1]))), 6)
        state["redirection"] = round(float(rng.uniform(0.01, 0.5)), 6) if rng.random() < 0.7 else 0.0
        states.append(state | {n: NODES[n][rng.integers(len(NODES[n]))] for n in ("rail_capacity", "brent")})
    return states


def states() -> dict[str, list[dict]]:
    """States that are run, by part: the page's four tables, the points of the check, and the interval's one."""
    parts = {name: _product(*axes) for name, axes in TABLES.items()}
    parts["without"] = [state | {"research_infrastructure": False} for state in parts["without"]]
    return parts | {"check": random_states(CHECKED, SEED), "interval": [START | {"research_infrastructure": False}]}


def points() -> list[dict]:
    """Parameters of the chain of every run, in the order of `states`."""
    return [overrides(s) | {"draws": DRAWS if part == "interval" else 0} for part, group in states().items()
            for s in group]  # fmt: skip


def place() -> Path:
    """The stored runs; the manifest stands beside them as JSON."""
    return stored_runs.place("explorer")


def renew(jobs: int = 2) -> dict:
    """Run every point and store the results with their manifest, which is returned.

    Raises InputError when the place cannot be written, or a point has no solution.
    """
    clock = time.perf_counter()
    results = sweep.sweep(points(), None, jobs, row=row).reindex(columns=COLUMNS)
    parts = pd.DataFrame([{"part": part} | s for part, group in states().items() for s in group])
    runs = pd.concat([parts, results], axis=1)
    return stored_runs.keep("explorer", runs, _fingerprint(), _MODELS, time.perf_counter() - clock)


def stored() -> pd.DataFrame:
    """The stored runs: part, levers, results.

    Raises InputError when they are missing, were changed, or were made from other inputs than today's.
    """
    return stored_runs.read("explorer", _fingerprint())


def _fingerprint() -> str:
    """One sha256 over every parameter of every point, and over how a run becomes a row."""
    values = [sorted(Scenario.check(**point).model_dump().items()) for point in points()]
    return files.digest([json.dumps(values), inspect.getsource(row)])


def _product(*names: str) -> list[dict]:
    return [START | dict(zip(names, x, strict=True)) for x in itertools.product(*(NODES[n] for n in names))]
