"""The stored runs behind the explorer: which points of the chain, their results, and what these were made from.

`data/sweeps/explorer.csv` holds one row a run, `explorer.json` its manifest. `renew` makes both; `stored` refuses them
when a table, a module of the models, or the points are others than those of the manifest.

The page moves one surrounding (oil, sanctions, productivity, easier trade, the railway) at a time, beside the programme
and the assumptions: what several of them do together is no sum, and is a run of its own.

Parts: `interval` is the chain without programme and policy, with draws; `axes` moves one lever, at the nodes between
which the page interpolates; `programme` is the programme alone; `presets` are the scenarios that the page offers;
`check` is drawn at random and serves no fit.
"""

import inspect
import itertools
import json
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from rutrade import InputError, chain, files, scenarios, sweep, trade
from rutrade import stored as stored_runs
from rutrade.scenarios import Scenario

# Levers and their ranges. With dearer oil and easier trade at once the link of the models does not always settle.
RANGES = {
    "oil_price": (0.7, 1.3), "sanctions": (0.0, 0.2), "productivity": (0.0, 0.1), "customs": (0.0, 0.01),
    "standards": (0.0, 0.01), "payments": (0.0, 0.01), "logistics": (0.0, 0.02), "multiplier": (2.0, 8.0),
    "high_tech_factor": (0.5, 2.0), "export_propensity": (0.0, 0.6),
}  # fmt: skip
RAIL = (158.0, 210.0, 253.0)  # positions: the railway binds at the lowest only
ASSUMED = {"export_support": (0.0, 0.5), "redirection": (0.0, 0.5)}  # computed in the page, as the chain does
PROGRAMME = ("multiplier", "high_tech_factor", "export_propensity")
START = {"research_infrastructure": True, "multiplier": 3.7, "high_tech_factor": 1.0, "export_propensity": 0.25,
         "rail_capacity": 210.0, "oil_price": 1.0, "sanctions": 0.0, "customs": 0.0, "standards": 0.0, "payments": 0.0,
         "logistics": 0.0, "productivity": 0.0, "export_support": 0.0, "redirection": 0.0}  # fmt: skip
WITHOUT = START | {"research_infrastructure": False}
# Nodes of the levers that are interpolated; neutral is the value of `START`.
NODES = {
    "oil_price": (0.7, 0.775, 0.85, 0.8875, 0.925, 0.9625, 1.0, 1.0375, 1.075, 1.15, 1.225, 1.3),
    "sanctions": (0.0, 0.025, 0.05, 0.075, 0.1, 0.125, 0.15, 0.1625, 0.175, 0.2),
    "productivity": (0.0, 0.00625, 0.0125, 0.015625, 0.01875, 0.021875, 0.025, 0.03125, 0.0375, 0.04375, 0.05, 0.05625,
                     0.0625, 0.06875, 0.075, 0.08125, 0.0875, 0.09375, 0.1),
}  # fmt: skip
EASIER = {"customs": 0.01, "standards": 0.01, "payments": 0.01, "logistics": 0.02}  # all kinds, at their highest
CHECKED, SEED, DRAWS = 44, 7, 500
SURROUNDINGS = (*NODES, "easier", "rail_capacity")  # one of them at a time
# What the programme does to consumption, and the region's product, are no figures of the page: they are differences of
# solutions that agree to three or four digits, and jump by a tenth where the economy changes a corner of its program.
FIGURES = ["share_constant", "shift_constant_pp", "share", "shift_pp", "turnover_bn_usd", "exports_bn_usd",
           "imports_bn_usd", "consumption_all_bn_rub", "npv_public_market", "rail_price"]  # fmt: skip
KEYS = list(itertools.product(trade.FLOWS, trade.GROUPS))
CURRENT, CONSTANT = ([f"{prices} {flow} {group}" for flow, group in KEYS] for prices in ("current", "constant"))
BANDS = ("share_constant", "turnover_bn_usd", "exports_bn_usd", "imports_bn_usd")  # figures with an interval
QUANTILES = [f"{name}_{q}" for name in BANDS for q in ("q05", "q95")]
COLUMNS = [*FIGURES, "share_base_year", *QUANTILES, *CURRENT, *CONSTANT, "failure"]
_MODELS = ("rutrade.chain", "rutrade.data", "rutrade.draws", "rutrade.economy", "rutrade.project", "rutrade.structure",
           "rutrade.trade")  # fmt: skip


def row(point: Mapping) -> dict:
    """One run: key figures, and trade by flow and group in 2030, bn USD at current and at constant prices.

    With draws also the quantiles of both flows and of turnover. A point without a solution is a row with its reason.
    """
    try:
        result = chain.run(Scenario.check(**point), apart=False)
    except InputError as error:
        return {**point, "failure": str(error)}
    trade_2030, totals = (
        table[table["year"] == chain.HORIZON].set_index(keys)
        for table, keys in ((result.tables["trade"], ["flow", "group"]), (result.tables["trade_totals"], "flow"))
    )
    found: dict[str, float] = {}
    for names, column in ((CURRENT, "value_bn_usd"), (CONSTANT, "value_bn_usd_base_prices")):
        found |= dict(zip(names, trade_2030.loc[KEYS, column].tolist(), strict=True))
    if point["draws"]:
        for flow, name in {"RUS_to_CHN": "exports", "CHN_to_RUS": "imports", "turnover": "turnover"}.items():
            found |= {f"{name}_bn_usd_{q}": float(totals[q][flow]) for q in ("q05", "q95")}
    return {**point, **result.figures, **found, "failure": ""}


def presets() -> dict[str, dict]:
    """States of the page that are presets of the chain; presets that change other parameters are left out."""
    found: dict[str, dict] = {}
    for name, values in sweep.presets().items():
        if name == scenarios.BASE:  # the same as the programme, which has a title
            continue
        state = START | values
        inside = all(low <= state[k] <= high for k, (low, high) in (RANGES | ASSUMED).items())
        fits = inside and state["rail_capacity"] in RAIL and len(surroundings(state)) < 2
        if set(state) == set(START) and fits and state not in found.values():
            found[name] = state
    return found


def surroundings(state: Mapping) -> list[str]:
    """Which surroundings a state moves; the page shows states that move at most one."""
    moved = [name for name in (*NODES, "rail_capacity") if state[name] != START[name]]
    return moved + (["easier"] if any(state[name] for name in EASIER) else [])


def axes() -> list[dict]:
    """One lever away from nothing changed, at its nodes; easier trade by kind and all kinds together."""
    moves: list[dict] = [{name: x} for name, nodes in NODES.items() for x in nodes if x != START[name]]
    moves += [{name: part * high} for name, high in EASIER.items() for part in (0.5, 1.0)]
    moves += [{name: part * high for name, high in EASIER.items()} for part in (0.25, 0.5, 0.75, 1.0)]
    moves.append({"rail_capacity": RAIL[0]})
    return [WITHOUT | {name: round(x, 6) for name, x in move.items()} for move in moves]


def programme() -> list[dict]:
    """The programme alone, at the ends of its levers."""
    nodes = itertools.product(RANGES["multiplier"], RANGES["export_propensity"])
    found = [START | {"multiplier": m, "export_propensity": x} for m, x in nodes]
    return [*found, START | {"high_tech_factor": 2.0}, START | {"export_propensity": 0.0}]


def random_states(count: int, seed: int) -> list[dict]:
    """States the page can show: one surrounding at a time, every other lever drawn evenly over its range.

    A quarter is without the programme, half with support, half with redirection.
    """
    rng = np.random.default_rng(seed)
    states = []
    for number in range(count):
        state = dict(START)
        for name in PROGRAMME:
            state[name] = round(float(rng.uniform(*RANGES[name])), 6)
        state["research_infrastructure"] = bool(rng.random() >= 0.25)
        one = SURROUNDINGS[number % len(SURROUNDINGS)]
        if one == "easier":
            state |= {name: round(float(rng.uniform(0, high)), 6) for name, high in EASIER.items()}
        elif one == "rail_capacity":
            state[one] = RAIL[rng.integers(len(RAIL))]
        else:
            state[one] = round(float(rng.uniform(*RANGES[one])), 6)
        for name, (low, high) in ASSUMED.items():
            state[name] = round(float(rng.uniform(low, high)), 6) if rng.random() < 0.5 else 0.0
        states.append(state)
    return states


def states() -> dict[str, list[dict]]:
    """States that are run, by part (see above)."""
    return {
        "interval": [WITHOUT], "axes": axes(), "programme": programme(), "presets": list(presets().values()),
        "check": random_states(CHECKED, SEED),
    }  # fmt: skip


def points() -> list[dict]:
    """Parameters of the chain of every run, in the order of `states`."""
    return [s | {"draws": DRAWS if part == "interval" else 0} for part, group in states().items() for s in group]


def place() -> Path:
    """The stored runs; the manifest stands beside them as JSON."""
    return stored_runs.place("explorer")


def renew(jobs: int = 2) -> dict:
    """Run every point and store the results with their manifest, which is returned.

    Raises InputError when the place cannot be written.
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
    table = stored_runs.read("explorer", _fingerprint())
    return table.astype({"failure": object})  # a column of nothing but gaps is read as numbers


def _fingerprint() -> str:
    """One sha256 over every parameter of every point, and over how a run becomes a row."""
    values = [sorted(Scenario.check(**point).model_dump().items()) for point in points()]
    return files.digest([json.dumps(values), inspect.getsource(row)])
