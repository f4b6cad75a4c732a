"""The data of the explorer page: runs of the chain on few nodes, between which the page interpolates.

Without feedback the models separate, so small tables are enough. For commodity group g in 2030, at base-year prices,

    exports(g) = (supply(g; multiplier, propensity, rail) + support * supply_without(g; rail)) * access(g; levers)

where access is the change of China's share by facilitation and redirection, and prices follow the path of oil. Imports
are a level by price path times access by facilitation. This holds while supply stays below its cap, (3.5). Every
entry comes from whole runs of the chain; `check` compares the combination with further runs at random points.
"""

import hashlib
import inspect
import itertools
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from rutrade import RunError, chain, files, scenarios, sweep, trade
from rutrade import data as tables
from rutrade.publish import style
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
    rng, states = np.random.default_rng(seed), []
    for _ in range(count):
        state = {"research_infrastructure": bool(rng.random() < 0.9)}
        for name in ("multiplier", "export_propensity", "facilitation", "export_support"):
            state[name] = float(rng.uniform(NODES[name][0], NODES[name][-1]))
        state["redirection"] = float(rng.uniform(0.01, 0.5)) if rng.random() < 0.7 else 0.0
        states.append(state | {n: NODES[n][rng.integers(len(NODES[n]))] for n in ("rail_capacity", "brent")})
    return states


def build(folder: Path, jobs: int = 2) -> dict:
    """The page's data, from the runs in `folder` and those still missing; files of other data or code are removed.

    Raises RunError when the tables do not reproduce a point of the check to 1 % of the figure's range.
    """
    states = {name: _product(*axes) for name, axes in TABLES.items()}
    states["without"] = [state | {"research_infrastructure": False} for state in states["without"]]
    states |= {"check": random_states(CHECKED, SEED), "interval": [START | {"research_infrastructure": False}]}
    points = [overrides(s) | {"draws": DRAWS if n == "interval" else 0} for n, group in states.items() for s in group]
    stamp = hashlib.sha256("".join([*map(sweep.key, points), inspect.getsource(row)]).encode()).hexdigest()[:16]
    for old in folder.glob("*/"):
        if old.name != stamp:
            shutil.rmtree(old)
    table = sweep.sweep(points, folder / stamp, jobs, row=row)
    rows = iter(range(len(table)))
    runs = {name: table.iloc[list(itertools.islice(rows, len(group)))] for name, group in states.items()}
    prices, interval, both = runs["prices"], runs["interval"].iloc[0], SUPPLY + IMPORTS
    base = runs["access"].iloc[0]
    support = pd.Series(0.0, list(trade.GROUPS))
    support[list(chain.ENGINEERING_CHEMICALS)] = 1.0
    chapter_90 = trade.inputs.projection(2023, "mid", "central").base.chapter_90["RUS_to_CHN"]
    values = {
        "economy": runs["economy"][ECONOMY + SUPPLY],
        "without": runs["without"][ECONOMY + SUPPLY],
        "access": runs["access"][both] / base[both].astype(float),
        "prices": pd.concat([prices[EXPORTS] / prices[SUPPLY].to_numpy(), prices[IMPORTS + REFERENCE]], axis=1),
    }
    data = {name: _nest(table, *TABLES[name]) for name, table in values.items()} | {
        "nodes": NODES, "start": START, "cuts": cuts(), "figures": FIGURES, "groups": list(trade.GROUPS),
        "names": [style.GROUPS[g] for g in trade.GROUPS], "colours": [style.COLOURS[g] for g in trade.GROUPS],
        "support": support.tolist(), "weight": (support + chapter_90 * (support.index == "90-99")).tolist(),
        "share_base_year": float(base["share_base_year"]), "presets": presets(), "checked": CHECKED,
        "interval": {n: [float(interval[f"{m}_{q}"]) for q in ("q05", "q95")]
                     for n, m in (("share_constant", "share_constant"), ("turnover_bn_usd", "turnover"))},
    }  # fmt: skip
    return data | {"errors": check(data, states["check"], runs["check"])}


def presets() -> dict[str, dict]:
    """States of the page that are presets of the chain; presets that change other parameters are left out."""
    found, high = {}, cuts()
    for name, values in sweep.presets().items():
        levers = {round(values.get(lever, 0.0) / cut, 6) for lever, cut in high.items()}
        state = START | {k: v for k, v in values.items() if k not in high} | {"facilitation": min(levers)}
        inside = all(NODES[k][0] <= state[k] <= NODES[k][-1] for k in NODES if k != "brent" and k in state)
        if len(levers) == 1 and set(state) == set(START) and inside and name != scenarios.BASE:
            found[name] = state
    return found


def at(data: Mapping, table: str, state: Mapping) -> np.ndarray:
    """A table of the page at a state: multilinear between nodes."""
    values = np.asarray(data[table]["values"])
    for name in data[table]["axes"]:
        nodes, x = data["nodes"][name], state[name]
        if isinstance(x, str):
            values = values[nodes.index(x)]
            continue
        i = int(np.clip(np.searchsorted(nodes, x, "right") - 1, 0, len(nodes) - 2))
        f = (x - nodes[i]) / (nodes[i + 1] - nodes[i])
        values = values[i] * (1 - f) + values[i + 1] * f
    return values


def evaluate(data: Mapping, state: Mapping) -> dict[str, float]:
    """Figures and groups at a state as the page computes them; names as in `row`."""
    without, n = at(data, "without", state), len(ECONOMY)
    own = at(data, "economy", state) if state["research_infrastructure"] else without
    supply = own[n:] + state["export_support"] * np.asarray(data["support"]) * without[n:]  # (3.5), 2030
    (sold, bought), prices, groups = np.split(at(data, "access", state), 2), at(data, "prices", state), len(supply)
    supply = supply * sold
    exports, imports, base = supply * prices[:groups], prices[groups:-2] * bought, prices[-2:]
    constant, current = (100 * np.dot(data["weight"], v) / v.sum() for v in (supply, exports))
    figures = [constant, constant - base[0], current, current - base[1], exports.sum() + imports.sum(), exports.sum(),
               imports.sum(), *own[:n]]  # fmt: skip
    return dict(zip([*FIGURES, *SUPPLY, *EXPORTS, *IMPORTS], [*figures, *supply, *exports, *imports], strict=True))


def check(data: Mapping, states: list[dict], runs: pd.DataFrame) -> dict[str, list[float]]:
    """Largest difference to the runs by figure: absolute, and in percent of the figure's range over these runs.

    Raises RunError when a figure misses by more than 1 % of its range.
    """
    ours, errors = pd.DataFrame([evaluate(data, state) for state in states], index=runs.index), {}
    for label, names in ({f: [f] for f in FIGURES} | {"exports": EXPORTS, "imports": IMPORTS}).items():
        largest = (ours[names] - runs[names]).abs().max()
        percent = 100 * largest / (runs[names].max() - runs[names].min())
        errors[label] = [float(largest.max()), float(percent.max())]
        if not percent.max() <= 1:
            raise RunError(f"explorer: the grid misses '{label}' by {percent.max():.2f} % of its range; add nodes")
    return errors


def write(folder: Path, jobs: int = 2) -> Path:
    """Write `data.js` (a script, so that the page works from a file) into `folder`; returns its path."""
    text, path = json.dumps(build(folder, jobs), separators=(",", ":")), folder / "data.js"
    files.write(path, f"window.RUTRADE_EXPLORER={text};\n")
    return path


def _product(*names: str) -> list[dict]:
    return [START | dict(zip(names, x, strict=True)) for x in itertools.product(*(NODES[n] for n in names))]


def _nest(table: pd.DataFrame, *names: str) -> dict:
    """A table of runs in the order of `_product` as nested lists, one level an axis; eight digits."""
    shape = [len(NODES[n]) for n in names]
    values = [float(f"{x:.8g}") for x in table.to_numpy(float).ravel()]
    return {"axes": list(names), "values": np.reshape(values, (*shape, -1)).tolist()}
