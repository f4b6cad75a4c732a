"""What each block would need to be worth being in: factors on paper value, multiplier and cost at which value is 0."""

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from rutrade.plan.choices import Choices, valued

if TYPE_CHECKING:
    from rutrade.plan.planning import Plan

SWITCHES = {"paper value": "paper_value_mn_rub_2016", "multiplier": "multiplier", "cost": "cost"}


def switching(plan: "Plan") -> pd.DataFrame:
    """See `Plan.switching`: values are linear in each of the three, so that two factors give the line."""
    c, base = plan.choices, plan.whole.values(**plan.values)
    at: dict[str, np.ndarray] = {}
    for label, name in SWITCHES.items():
        doubled = np.array([1.0, 2.0])
        if name == "cost":
            moved = {
                "opex_factor": base["opex_factor"] * doubled,
                "cost_overrun": (1 + base["cost_overrun"]) * doubled - 1,
            }
        else:
            moved = {name: base[name] * doubled}
        at[label] = valued(plan.whole, c.blocks, c.starts, plan.since, plan.duals, **(dict(plan.values) | moved))[0]
    rows = {}
    for chain in _chains(c):
        combinations = [
            places for places in product(range(len(c.starts)), repeat=len(chain))
            if all(c.allowed[i, j] for i, j in zip(chain, places, strict=True)) and list(places) == sorted(places)
        ]  # fmt: skip
        if not combinations:
            continue
        pairs = [(np.array(chain), np.array(places)) for places in combinations]
        now = max(float(c.value[p].sum()) for p in pairs)
        name = " + ".join(c.blocks[i].title for i in chain)
        rows[name] = {"value": now} | {label: _factor([table[p].sum(0) for p in pairs]) for label, table in at.items()}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("block")


def _factor(lines: list[np.ndarray]) -> float:
    """The factor nearest 1 at which the best of lines with values at factors 1 and 2 is 0; NaN: none above 0."""
    found = []
    for one, two in lines:
        slope = two - one
        if abs(slope) > 1e-12 and 1 - one / slope > 0:
            found.append((1 - one / slope, slope))
    if not found:
        return np.nan
    # rising lines: the first that reaches 0; falling ones: the last that leaves it
    return min(f for f, _ in found) if found[0][1] > 0 else max(f for f, _ in found)


def _chains(c: Choices) -> list[list[int]]:
    """Each block alone, and with those that it needs, in order of their start."""
    found = []
    for i, b in enumerate(c.blocks):
        found.append([i])
        chain, needs = [i], b.needs
        while needs is not None:
            chain.insert(0, c.place(needs))
            needs = c.blocks[chain[0]].needs
        if len(chain) > 1:
            found.append(chain)
    return found
