"""The data of the explorer page: runs of the chain on few nodes, between which the page interpolates.

Without feedback the models separate, so small tables are enough. For commodity group g in 2030, at base-year prices,

    exports(g) = (supply(g; multiplier, propensity, rail) + support * supply_without(g; rail)) * access(g; levers)

where access is the change of China's share by facilitation and redirection, and prices follow the path of oil. Imports
are a level by price path times access by facilitation. This holds while supply stays below its cap, (3.5). Every
entry comes from whole runs of the chain (`explorer_grid`); `check` compares the combination with further runs at
random points.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from rutrade import RunError, chain, files, scenarios, sweep, trade
from rutrade.publish import style
from rutrade.publish.explorer_grid import (
    CHECKED,
    ECONOMY,
    EXPORTS,
    FIGURES,
    IMPORTS,
    INTERVALS,
    NODES,
    REFERENCE,
    START,
    SUPPLY,
    TABLES,
    cuts,
    stored,
)


def data() -> dict:
    """The page's data, from the stored runs.

    Raises InputError when the stored runs were made from other inputs, and RunError when the tables do not reproduce a
    point of the check to 1 % of the figure's range.
    """
    table = stored()
    runs = {part: rows.reset_index(drop=True) for part, rows in table.groupby("part", sort=False)}
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
        "interval": {name: [float(interval[q]) for q in ends] for name, ends in INTERVALS.items()},
    }  # fmt: skip
    return data | {"errors": check(data, runs["check"][list(START)].to_dict("records"), runs["check"])}


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


def write(folder: Path, content: Mapping) -> Path:
    """Write `data.js` (a script, so that the page works from a file) into `folder`; returns its path."""
    path = folder / "data.js"
    files.write(path, f"window.RUTRADE_EXPLORER={json.dumps(content, separators=(',', ':'))};\n")
    return path


def _nest(table: pd.DataFrame, *names: str) -> dict:
    """A table of runs in the order of `_product` as nested lists, one level an axis; eight digits."""
    shape = [len(NODES[n]) for n in names]
    values = [float(f"{x:.8g}") for x in table.to_numpy(float).ravel()]
    return {"axes": list(names), "values": np.reshape(values, (*shape, -1)).tolist()}
