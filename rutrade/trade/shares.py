"""China's share in Russia's exports by group: its logit, and the shares of the base year."""

from typing import TypeVar

import numpy as np
import pandas as pd

from rutrade import InputError, unknown
from rutrade.trade.groups import GROUPS

# A share, an array or a series of shares: the log odds keep its form.
_Share = TypeVar("_Share", float, np.ndarray, pd.Series)


def logit(p: _Share) -> _Share:
    """Log odds ln(p / (1 - p)) of a share, in which (3.4) moves shares."""
    return np.log(p) - np.log1p(-p)


def china_shares(
    world: pd.DataFrame, total: pd.DataFrame, value: pd.Series, year: int, method: str = "held"
) -> pd.Series:
    """Share of China in Russia's exports by group in `year` (fraction), from the last year with a world structure.

    world: group x (world_musd, china_musd) of the reference year; total: year x (world, china) of one source; value:
    bilateral exports by group in `year`, bn USD. "held": the world structure is held and scaled to the world total;
    "moved": the reference shares move by the change of the logit of the total share. Miscellaneous goods (90-99) hold
    confidential trade in the world figures and take the total share. Raises InputError for another method.
    """
    if method not in ("held", "moved"):
        raise unknown("method of shares", method, ("held", "moved"))
    reference, overall = world.attrs["year"], total["china"] / total["world"]
    if method == "held":
        share = value * 1e3 / (world["world_musd"] * total["world"][year] / total["world"][reference])
    else:
        shift = logit(overall[year]) - logit(overall[reference])
        share = 1 / (1 + np.exp(-logit(world["china_musd"] / world["world_musd"]) - shift))
    share = share.clip(upper=0.95).reindex(GROUPS)
    share["90-99"] = overall[year]
    return share


def observed_shares(value: pd.Series, world: pd.Series) -> pd.Series:
    """China's share in Russia's exports by group where both are known: exports to China over exports to the world.

    value and world: bn USD of one year by group, from one source (else a share may pass 1). Raises InputError when a
    group is missing or its share does not lie between 0 and 1.
    """
    share = (value / world).reindex(GROUPS)
    if not ((share > 0) & (share < 1)).all():
        group = (~((share > 0) & (share < 1))).idxmax()
        raise InputError(f"share of China in Russia's exports of group {group} is {share[group]:.3g}; both figures must"
                         " be there, and exports to China less than those to the world")  # fmt: skip
    return share
