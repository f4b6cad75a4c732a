"""What surrounds the trade of part 1: China's weight in Russia's exports, tariffs, settlement, the newest years."""

import pandas as pd

from rutrade import InputError, unknown
from rutrade.structure.tables import chapters

UNITS = {"mt": "mn t", "bn m3": "bn m³", "bn USD": "bn USD", "thousand": "thousand"}


def china_in_exports(goods: pd.DataFrame, exports: pd.DataFrame, group_of: pd.Series) -> pd.DataFrame:
    """China's share in Russia's exports to the world by year and group, percent: X_g(China) / X_g(world) (0.20).

    goods: `trade_chapters` (BACI; China's mirror from 2022); exports: `exports_to_world`; group_of: group by chapter.
    Years both tables have; the last column, total, is all goods. Raises InputError when a chapter has no group or a
    share passes 100, which says that the two tables do not belong together.
    """
    bilateral = chapters(goods, "RUS", "CHN", "BACI").fillna(0.0)
    world = exports.pivot_table(index="year", columns="chapter", values="russia_musd", aggfunc="sum") / 1000
    world.index = world.index.astype(int)
    years = bilateral.index.intersection(world.index)
    parts = {}
    for name, panel in (("china", bilateral), ("world", world)):
        groups = panel.columns.map(group_of)
        if groups.isna().any():
            raise InputError(f"chapter {panel.columns[groups.isna()][0]} has no group; every chapter needs one")
        summed = panel.loc[years].T.groupby(groups).sum().T
        parts[name] = summed.assign(total=summed.sum(axis=1))
    share = 100 * parts["china"] / parts["world"]
    if (share > 100).any(axis=None):
        raise InputError(
            f"China's share in Russia's exports of {share.max().idxmax()} passes 100 %; one source for both"
        )
    return share.rename_axis(index="year", columns="group")


def mirror_total(totals: pd.DataFrame, exports: pd.DataFrame, year: int) -> float:
    """China's share in all of Russia's exports in a year without products, percent: China's imports over BACI's world.

    Raises InputError for a year that `exports_to_world` or the preferred totals of China's customs do not have.
    """
    world = exports.groupby("year")["russia_musd"].sum() / 1000
    rows = totals[totals["preferred"] & (totals["reporter"] == "CHN") & (totals["flow"] == "RUS_to_CHN")]
    china = rows.set_index("year")["value_bn_usd"]
    for table in (world, china):
        if year not in table.index:
            raise unknown("year of Russia's exports", year, list(table.index))
    return float(100 * china[year] / world[year])


def mean_tariffs(tariffs: pd.DataFrame, values: pd.DataFrame, pairs: dict[str, tuple[str, str, str]]) -> pd.DataFrame:
    """Mean tariff by pair of importer and exporter and year, percent: sum_s t_s V_s / sum_s V_s over goods (0.21).

    tariffs: importer, exporter (or MFN), sector, year, rate_pct. values: `world_groups`, whose trade of 2017 weights
    the earlier years and of 2023 any later. pairs: name -> (importer, exporter, flow that weights). Sectors without a
    rate are left out of both sums. A year without rates is missing. Raises InputError for an unknown pair.
    """
    weight = values.groupby(["flow", "year", "sector"])["value_musd"].sum()
    years = sorted(tariffs["year"].unique())
    found = {}
    for name, (importer, exporter, flow) in pairs.items():
        rows = tariffs[(tariffs["importer"] == importer) & (tariffs["exporter"] == exporter)]
        if rows.empty:
            raise unknown("pair of tariffs", f"{importer} on {exporter}", sorted(set(tariffs["importer"])))
        known = weight[flow].index.get_level_values("year")
        means = {}
        for year, rate in rows.set_index("sector").groupby("year")["rate_pct"]:
            v = weight[flow, min(max(year, known.min()), known.max())].reindex(rate.index).fillna(0.0)
            means[year] = float((rate * v).sum() / v.sum())
        found[name] = pd.Series(means)
    return pd.DataFrame(found).reindex(range(int(min(years)), int(max(years)) + 1)).rename_axis("year")


def settlement_table(settlement: pd.DataFrame, sources: pd.DataFrame) -> pd.DataFrame:
    """Statements on currencies of settlement: month x (yuan, rouble, national currencies), percent, and who says it.

    In the order of time, "Sep 2024" or a year alone. A share that nobody states stays missing. sources: publisher by
    source key.
    """
    wide = settlement.pivot(index="month", columns="currency", values="share_pct")
    said = settlement.dropna(subset=["source"]).groupby("month")["source"].first().map(sources["publisher"])
    note = settlement[settlement["currency"] == "national currencies"].set_index("month")["note"]
    marked = wide[["yuan", "rouble", "national currencies"]]
    found = marked.assign(note=note.fillna(""), stated_by=said)
    told = [m if len(m) == 4 else pd.Period(m).strftime("%b %Y") for m in found.index]
    return found.set_axis(pd.Index(told, name="month"))


def recent_table(recent: pd.DataFrame) -> pd.DataFrame:
    """Goods known after the last year with products: (flow, good, unit) x years, and the growth of the last year, %.

    Growth is missing where one of the two years is.
    """
    names = {"RUS_to_CHN": "Russia to China", "CHN_to_RUS": "China to Russia"}
    rows = recent.assign(flow=recent["flow"].map(names), unit=recent["unit"].map(UNITS))
    wide = rows.pivot(index=["flow", "good", "unit"], columns="year", values="value")
    wide.columns = [int(c) for c in wide.columns]
    before, last = sorted(wide.columns)[-2:]
    growth = 100 * (wide[last] / wide[before] - 1)
    return wide.assign(**{f"{last} on {before}, %": growth}).sort_index(
        level="flow", ascending=False, sort_remaining=True
    )
