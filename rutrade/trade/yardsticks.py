"""Naive forecasts beside the published procedure, and the trials in which all of them are held against what came.

Every method is a growth: (origin, year) -> factor by (flow, item), nan where it has none.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np
import pandas as pd

from rutrade.trade.accuracy import Growth
from rutrade.trade.forecast import PARTS, Procedure, weighted
from rutrade.trade.groups import FLOWS
from rutrade.trade.panel import WorldPanel

SIDES = {"RUS_to_CHN": "export", "CHN_to_RUS": "import"}  # Russia's trade of that flow


def constant(values: pd.DataFrame, ratio: Callable[[int, int], float | Mapping[str, float]]) -> Growth:
    """A growth that is the same for all items of a flow: ratio(origin, year), one number or flow -> number."""
    items = pd.MultiIndex.from_frame(values[["flow", "item"]].drop_duplicates())

    def growth(origin: int, year: int) -> pd.Series:
        factor = ratio(origin, year)
        flows = items.get_level_values("flow")
        return pd.Series(flows.map(factor) if isinstance(factor, Mapping) else factor, items, dtype=float)

    return growth


def trend(values: pd.DataFrame) -> Growth:
    """The log-linear trend of each item through all years (3 at least) up to the origin, from the origin's value."""
    table = np.log(values.pivot(index=["flow", "item"], columns="year", values="value_bn_usd").where(lambda v: v > 0))

    def growth(origin: int, year: int) -> pd.Series:
        past = table.loc[:, :origin]
        known = past.notna()
        x = known * (past.columns.to_numpy(float) - origin)
        away = (x.sub(x.sum(axis=1) / known.sum(axis=1), axis=0)).where(known)
        slope = (away * past).sum(axis=1) / (away**2).sum(axis=1)
        return np.exp(slope.where(known.sum(axis=1) >= 3) * (year - origin))

    return growth


def importer_growth(panel: WorldPanel, by_sector: bool = False) -> Growth:
    """Growth of the buyer's goods imports from all, in total or ("last share") of each sector: (flow, sector)."""
    goods = [s for s in panel.sectors if s != "SERV"]
    bought = {}
    for flow in FLOWS:
        importer = panel.regions.index(flow.split("_to_")[1])
        chosen = panel.values[[panel.sectors.index(s) for s in goods]][:, :, :, importer]
        bought[flow] = chosen.sum(2) - chosen[:, :, importer]  # sector x year

    def growth(origin: int, year: int) -> pd.Series:
        index = pd.MultiIndex.from_product([FLOWS, goods], names=["flow", "sector"])
        if origin not in panel.years or year not in panel.years:
            return pd.Series(np.nan, index)
        o, y = panel.years.index(origin), panel.years.index(year)
        parts = [b[:, y] / b[:, o] if by_sector else np.full(len(goods), b[:, y].sum() / b[:, o].sum())
                 for b in bought.values()]  # fmt: skip
        return pd.Series(np.concatenate(parts), index)

    return growth


def reallocation(
    sold: Callable[[int], pd.DataFrame], uniform: Callable[[int, int], float], first: int = 2022
) -> Growth:
    """Pro-rata reallocation: what Russia no longer trades with unfriendly states goes to the others, by their shares.

    growth = (T(o) u - U(y)) / (T(o) - U(o)): trade with all grows uniformly (u), trade with unfriendly states U is
    what was observed, the rest is shared as in the origin. sold: year -> table (flow, item) x (total, unfriendly).
    Nothing before `first`, nor where observed trade with unfriendly states leaves nothing, nor after a break.
    """

    def growth(origin: int, year: int) -> pd.Series:
        old = sold(origin)
        if year < first or origin >= first:
            return pd.Series(np.nan, old.index)
        left = old["total"] * uniform(origin, year) - sold(year)["unfriendly"].reindex(old.index)
        factor = left / (old["total"] - old["unfriendly"])
        return factor.where(factor > 0)

    return growth


def procedure_growth(growth: Callable[[int, int], pd.DataFrame]) -> dict[str, Growth]:
    """The procedure and its two parts as methods; each pair of years is computed once."""
    growth = lru_cache(maxsize=None)(growth)
    return {part: lambda origin, year, part=part: growth(origin, year)[part] for part in PARTS}


def with_old_structure(groups: pd.DataFrame, growth: Growth, age: int = 2, moved: bool = False) -> Growth:
    """(3.19) as it is published: the origin's total with the structure of `age` years before.

    moved: the old structure is first moved to the origin by the same growth, then scaled to the total. Since forecasts
    start from the origin's own values here, the factor holds the ratio of the two structures too.
    """
    table = groups.pivot(index=["flow", "item"], columns="year", values="value_bn_usd")
    share = table / table.groupby("flow").transform("sum")

    def old(origin: int, year: int) -> pd.Series:
        factor = growth(origin, year).rename_axis(["flow", "item"])
        if origin - age not in share:
            return factor * np.nan
        start = share[origin - age]
        if moved:
            start = start * growth(origin - age, origin).rename_axis(["flow", "item"])
            start = start / start.groupby("flow").transform("sum")
        return factor * start / share[origin]

    return old


def in_total(growth: Growth, published: Procedure) -> Growth:
    """A method by group for the flow's total (item "all goods"): its mean by the structure known at the origin."""

    def total(origin: int, year: int) -> pd.Series:
        structure = published.structure(origin).groupby(["flow", "group"]).sum()
        factor = growth(origin, year).rename_axis(["flow", "group"])
        means = weighted(structure, factor, ["flow", "group"], ["flow"])
        return pd.concat({"all goods": means}, names=["item"]).swaplevel()

    return total


def customs_methods(
    published: Procedure,
    groups: pd.DataFrame,
    world: Callable[[int, int], float],
    buyers: pd.DataFrame,
    partners: pd.DataFrame,
    panel: WorldPanel,
) -> dict[str, Growth]:
    """All methods for customs groups. groups: flow, item, year, value_bn_usd. world: growth of nominal world GDP.

    buyers: year x flow, the buyer's imports from the world. partners: year, flow (export | import), value_musd,
    unfriendly (0 | 1), Russia's trade by partner. "last share" ends with the panel.
    """
    sector_imports, pairs = (
        importer_growth(panel, by_sector=True),
        list(groups[["flow", "item"]].drop_duplicates().itertuples(index=False, name=None)),
    )

    def last_share(origin: int, year: int) -> pd.Series:
        structure = published.structure(origin)
        return weighted(structure, sector_imports(origin, year), ["flow", "sector"], ["flow", "group"])

    rows = partners.assign(unfriendly=partners["value_musd"] * partners["unfriendly"])
    sums = rows.groupby(["year", "flow"])[["value_musd", "unfriendly"]].sum().set_axis(["total", "unfriendly"], axis=1)

    def sold(year: int) -> pd.DataFrame:
        index = pd.MultiIndex.from_tuples(pairs, names=["flow", "item"])
        side = [(year, SIDES[flow]) for flow, _ in pairs]
        return sums.reindex(side).set_axis(index)

    known = buyers.reindex(range(min(buyers.index), 2031))
    methods = procedure_growth(published.growth)
    return {
        "combination": methods["combination"],
        "old structure": with_old_structure(groups, methods["combination"]),
        "moved structure": with_old_structure(groups, methods["combination"], moved=True),
        "rule": methods["rule"],
        "equilibrium": methods["equilibrium"],
        "no change": constant(groups, lambda origin, year: 1.0),
        "uniform growth": constant(groups, world),
        "importer growth": constant(groups, lambda origin, year: dict(known.loc[year] / known.loc[origin])),
        "last share": last_share,
        "reallocation": reallocation(sold, world),
        "trend": trend(groups),
    }


def total_methods(
    published: Procedure, totals: pd.DataFrame, by_group: Mapping[str, Growth], world: Callable[[int, int], float]
) -> dict[str, Growth]:
    """Methods for the flows' totals (item "all goods"); by_group: methods of `customs_methods` to take the mean of."""
    whole = {name: in_total(by_group[name], published) for name in (*PARTS, "importer growth", "reallocation")}
    return whole | {
        "no change": constant(totals, lambda origin, year: 1.0),
        "uniform growth": constant(totals, world),
        "trend": trend(totals),
    }


def sector_methods(
    published: Procedure, values: pd.DataFrame, world: Callable[[int, int], float], panel: WorldPanel
) -> dict[str, Growth]:
    """All methods for goods sectors of the world panel. values: flow, item (sector), year, value_bn_usd."""
    unfriendly = panel.unfriendly[list(panel.regions)].to_numpy(bool)
    russia = panel.regions.index("RUS")

    def sold(year: int) -> pd.DataFrame:
        now, sides = panel.values[:, panel.years.index(year)], {}
        for flow, trade in (("RUS_to_CHN", now[:, russia, :]), ("CHN_to_RUS", now[:, :, russia])):
            columns = {"total": trade.sum(1) - trade[:, russia], "unfriendly": trade[:, unfriendly].sum(1)}
            sides[flow] = pd.DataFrame(columns, list(panel.sectors))
        return pd.concat(sides)

    return procedure_growth(published.sector_growth) | {
        "no change": constant(values, lambda origin, year: 1.0),
        "uniform growth": constant(values, world),
        "importer growth": importer_growth(panel),
        "last share": importer_growth(panel, by_sector=True),
        "reallocation": reallocation(sold, world),
        "trend": trend(values),
    }


def sector_values(panel: WorldPanel, sectors) -> pd.DataFrame:
    """Both flows of the panel by sector: flow, item, year, value_bn_usd."""
    parts = {flow: panel.flow(*flow.split("_to_")).loc[list(sectors)].stack() / 1e3 for flow in FLOWS}
    return pd.concat(parts, names=["flow", "item", "year"]).rename("value_bn_usd").reset_index()
