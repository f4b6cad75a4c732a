"""The data of the explorer page: surfaces through runs of the linked chain, which the page evaluates.

Every flow and group of 2030 is its level in the one projection times a ratio. The log of the ratio is a sum of terms,
fitted by least squares to whole runs (`explorer_grid`): for oil, sanctions and productivity it is linear between nodes,
for easier trade a polynomial, for the railway and the programme linear. It has no constant: where nothing is changed
the ratio is 1. One surrounding is moved at a time, since several together are no sum. Consumption and
what the programme is worth are such sums themselves. Shares and totals follow from the levels. Support and
redirection are assumptions and no part of the fit: they multiply ratios as `chain.causes.assumed` does. `check`
compares all of it with further runs at random points.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from rutrade import RunError, chain, files, scenarios, trade
from rutrade.publish import style
from rutrade.publish.explorer_grid import (
    ASSUMED,
    BANDS,
    CONSTANT,
    CURRENT,
    EASIER,
    FIGURES,
    KEYS,
    NODES,
    RAIL,
    RANGES,
    START,
    presets,
    stored,
)

CHECKED_LEAST, UNSOLVED = 40, 0.05  # points of the check with a solution; part of all runs without one, at most
ALLOWED = 1.0  # difference to the chain in percent of a figure's range, at most
EXPORTED = slice(0, len(trade.GROUPS))  # exports come first in `KEYS`
# Terms are products of factors (`factors`), by words.
HATS = tuple(f"{name}@{x:g}" for name, nodes in NODES.items() for x in nodes if x != START[name])
EASED = (*EASIER, "easier easier", "easier easier easier")
BUILT = ("built", "contracts", "sales", "sold")
SURFACES = {  # name -> terms, columns of the runs
    "trade": ((*HATS, *EASED, "rail", *BUILT), (*CURRENT, *CONSTANT)),
    "economy": ((*HATS, *EASED, "rail", *BUILT), ("consumption_all_bn_rub",)),
    "programme": (BUILT, ("npv_public_market",)),
    "rail": (("rail", "rail built"), ("rail_price",)),
}  # fmt: skip


def factors(state: Mapping) -> dict[str, float]:
    """What the terms are made of, at a state; all are 0 where nothing is changed.

    Of a lever with nodes the weights of the two nodes beside its value; cuts of the delivered price, over their highest
    value, and all four together; whether the railway binds; the programme, its high-tech contracts, the suppliers'
    sales that follow and what of them is exported.
    """
    cuts = {name: state[name] / high for name, high in EASIER.items()}
    built = float(state["research_infrastructure"])
    sales = built * state["multiplier"] * state["high_tech_factor"]
    hats = {f"{name}@{x:g}": w for name in NODES for x, w in zip(NODES[name], hat(name, state[name]), strict=True)}
    return {
        **hats, **cuts, "easier": sum(cuts.values()) / len(cuts), "rail": float(state["rail_capacity"] == RAIL[0]),
        "built": built, "contracts": built * state["high_tech_factor"], "sales": sales,
        "sold": sales * state["export_propensity"],
    }  # fmt: skip


def hat(name: str, value: float) -> np.ndarray:
    """Weights of a lever's nodes at a value: linear between the two beside it, 0 elsewhere; they sum to 1."""
    nodes = NODES[name]
    return np.array([np.interp(value, nodes, np.arange(len(nodes)) == k) for k in range(len(nodes))])


def values(terms: Sequence[str], state: Mapping) -> np.ndarray:
    """Values of terms at a state."""
    found = factors(state)
    return np.array([np.prod([found[name] for name in term.split()]) for term in terms])


def fit(terms: Sequence[str], states: Sequence[Mapping], targets: np.ndarray) -> np.ndarray:
    """Coefficients (term, target) by least squares. Raises RunError when the runs do not tell all terms apart."""
    design = np.array([values(terms, state) for state in states])
    scale = np.abs(design).max(axis=0)
    found, _, rank, _ = np.linalg.lstsq(design / np.where(scale > 0, scale, 1.0), targets, rcond=1e-9)
    if rank < len(terms):
        raise RunError(f"explorer: {len(states)} runs tell {rank} of {len(terms)} terms apart; add runs")
    return found / scale[:, None]


def data() -> dict:
    """The page's data, from the stored runs.

    Raises InputError when the stored runs were made from other inputs, and RunError when the surfaces do not reproduce
    a point of the check to 1 % of the figure's range, or too many points have no solution.
    """
    table = stored()
    found = solved(table)
    content, runs = surfaces(found), found[found["part"] == "check"]
    errors = check(content, runs[list(START)].to_dict("records"), runs)
    return content | {"errors": errors, "checked": len(runs), "unsolved": len(table) - len(found)}


def solved(table: pd.DataFrame) -> pd.DataFrame:
    """The runs that have a solution.

    Raises RunError, naming the first reason, when more than 5 % have none or less than 40 points of the check are left.
    """
    failed = table["failure"].notna()
    found = table[~failed]
    if failed.mean() > UNSOLVED or (found["part"] == "check").sum() < CHECKED_LEAST:
        reason = table.loc[failed, "failure"].iloc[0] if failed.any() else "too few are drawn"
        raise RunError(f"explorer: {failed.sum()} of {len(table)} points have no solution, the first: {reason}")
    return found


def surfaces(table: pd.DataFrame) -> dict:
    """The page's data but for the check: surfaces, and what they stand on.

    Fitted are the runs of every part but `check` in which nothing is assumed. Raises RunError as `fit`.
    """
    base = table[table["part"] == "interval"].iloc[0]
    runs = table[(table["part"] != "check") & (table[list(ASSUMED)] == 0).all(axis=1)]
    states = runs[list(START)].to_dict("records")
    found = {}
    for name, (terms, columns) in SURFACES.items():
        targets = runs[list(columns)].to_numpy(float)
        if name == "trade":
            targets = np.log(targets / base[list(columns)].to_numpy(float))
        found[name] = {"terms": [t.split() for t in terms], "columns": list(columns),
                       "coefficients": _digits(fit(terms, states, targets).T)}  # fmt: skip
    start = trade.inputs.projection_base(2025, 2023)
    moved = [trade.GROUPS.index(g) for g in chain.ENGINEERING_CHEMICALS]
    weight = np.zeros(len(trade.GROUPS))
    weight[moved] = 1.0
    weight[trade.GROUPS.index("90-99")] = start.chapter_90["RUS_to_CHN"]
    return {
        "surfaces": found, "start": START, "ranges": RANGES | ASSUMED, "rail": RAIL, "easier": EASIER, "nodes": NODES,
        "reference": {"current": base[CURRENT].tolist(), "constant": base[CONSTANT].tolist()},
        "figures": FIGURES, "groups": list(trade.GROUPS), "names": [style.GROUPS[g] for g in trade.GROUPS],
        "colours": [style.COLOURS[g] for g in trade.GROUPS], "weight": weight.tolist(), "moved": moved,
        "china": start.share["RUS_to_CHN"].reindex(chain.ENGINEERING_CHEMICALS).tolist(),
        "share_base_year": float(base["share_base_year"]),
        "bands": {f: [float(base[f"{f}_{q}"] / base[f]) for q in ("q05", "q95")] for f in BANDS},
        "presets": {name: {"title": scenarios.title(name), "meaning": scenarios.meaning(name), "state": state}
                    for name, state in presets().items()},
    }  # fmt: skip


def evaluate(content: Mapping, state: Mapping) -> dict[str, float]:
    """Figures and levels at a state as the page computes them; names as in the stored runs."""
    at = {}
    for name, surface in content["surfaces"].items():
        terms = values([" ".join(t) for t in surface["terms"]], state)
        at[name] = np.asarray(surface["coefficients"]) @ terms
    ratios = np.exp(at["trade"]).reshape(2, -1) * assumed(content, state, np.exp(at["trade"][: len(KEYS)]))
    reference = np.array([content["reference"][prices] for prices in ("current", "constant")])
    levels = reference * ratios

    def share(of: np.ndarray) -> float:
        return float(100 * np.dot(content["weight"], of[EXPORTED]) / of[EXPORTED].sum())

    exports, imports = levels[0][EXPORTED].sum(), levels[0].sum() - levels[0][EXPORTED].sum()
    found = {
        "share_constant": share(levels[1]), "shift_constant_pp": share(levels[1]) - share(reference[1]),
        "share": share(levels[0]), "shift_pp": share(levels[0]) - share(reference[0]),
        "turnover_bn_usd": exports + imports, "exports_bn_usd": exports, "imports_bn_usd": imports,
    }  # fmt: skip
    for name in ("economy", "programme", "rail"):
        found |= dict(zip(content["surfaces"][name]["columns"], at[name].tolist(), strict=True))
    found["rail_price"] = max(found["rail_price"], 0.0)
    return {name: float(found[name]) for name in FIGURES} | dict(
        zip([*CURRENT, *CONSTANT], levels.ravel(), strict=True)
    )


def assumed(content: Mapping, state: Mapping, ratios: np.ndarray) -> np.ndarray:
    """Ratios of support and redirection by `KEYS`, as `chain.causes.assumed`; `ratios`: of the linked models."""
    found, groups = np.ones(len(KEYS)), content["moved"]  # exports of these groups
    found[groups] += state["export_support"]
    if state["redirection"]:
        now, moved = np.asarray(content["china"]), ratios[groups] * found[groups]
        share = now * moved / (1 - now + now * moved)
        found[groups] *= np.maximum(state["redirection"] / share, 1.0)
    return found


def check(content: Mapping, states: Sequence[Mapping], runs: pd.DataFrame) -> dict[str, list[float]]:
    """Largest difference to the runs by figure: absolute, and in percent of the figure's range over these runs.

    Raises RunError when a figure misses by more than 1 % of its range.
    """
    errors = compare(content, states, runs)
    for name, (_, percent) in errors.items():
        if not percent <= ALLOWED:
            raise RunError(f"explorer: the surface misses '{name}' by {percent:.2f} % of its range; add runs or terms")
    return errors


def compare(content: Mapping, states: Sequence[Mapping], runs: pd.DataFrame) -> dict[str, list[float]]:
    """Largest difference to the runs by figure and by level of a group: absolute, and in percent of its range.

    Groups of exports are bars on one axis: theirs is in percent of the range of the group that moves most. Imports by
    group are not shown: between runs they jump by more than the page could hold.
    """
    ours, errors = pd.DataFrame([evaluate(content, state) for state in states], index=runs.index), {}
    flows = {"exports": [c for c in CURRENT + CONSTANT if "RUS_to_CHN" in c]}
    for label, names in ({f: [f] for f in FIGURES} | flows).items():
        largest = float((ours[names] - runs[names]).abs().max().max())
        reach = float((runs[names].max() - runs[names].min()).max())
        errors[label] = [largest, 100 * largest / reach if reach else 0.0 if largest < 1e-9 else np.inf]
    return errors


def write(folder: Path, content: Mapping) -> Path:
    """Write `data.js` (a script, so that the page works from a file) into `folder`; returns its path."""
    path = folder / "data.js"
    files.write(path, f"window.RUTRADE_EXPLORER={json.dumps(content, separators=(',', ':'))};\n")
    return path


def _digits(table: np.ndarray) -> list:
    """Nested lists of nine digits."""
    return [[float(f"{x:.9g}") for x in row] for row in table]
