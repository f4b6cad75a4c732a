"""A shift of structure, judged by points and relative to its base, without the breaks of reporters: (0.13), (0.19).

Engineering and chemicals are the paper's "highly processed" goods. Chemicals are given with and without fertilisers,
which are processed raw materials. Shares are in percent of a flow's value.
"""

import pandas as pd

from rutrade import InputError
from rutrade.structure.indices import shares
from rutrade.structure.tables import chapter_share, chapters, chemicals_share, engineering_share, good
from rutrade.structure.upgrading import by_class, class_order, like_for_like, product_panel

ENGINEERING = "Engineering"
CHEMICALS = {True: "Chemicals", False: "Chemicals without fertilisers"}
BOTH = {True: "Engineering and chemicals", False: "Engineering and chemicals without fertilisers"}
MEDIUM_HIGH = "Medium and high technology"


def processed_goods(by_chapter: pd.DataFrame, engineering: bool = True) -> pd.DataFrame:
    """Shares (percent) of engineering (HS 84-90) and chemicals (HS 28-40), with and without fertilisers, by year.

    engineering: False for declarations that keep HS 64-99 in one residual. Raises InputError when it is asked of such.
    """
    if engineering and not {"84", "85", "87"} <= set(by_chapter):
        raise InputError(
            "engineering goods (HS 84-90) are not told apart in these declarations; ask for chemicals only"
        )
    chemicals = {name: 100 * chemicals_share(by_chapter, with_) for with_, name in CHEMICALS.items()}
    if not engineering:
        return pd.DataFrame(chemicals)
    machines = 100 * engineering_share(by_chapter)
    together = {BOTH[with_]: machines + chemicals[name] for with_, name in CHEMICALS.items()}
    return pd.DataFrame({ENGINEERING: machines} | chemicals | together)


def relative(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame of `like_for_like` with its change relative to the start, in percent (0.19); missing from zero."""
    base = frame["start"].where(frame["start"] != 0)
    return frame.assign(relative=100 * frame["change"] / base, relative_like=100 * frame["like_for_like"] / base)


def technology_levels(
    panel: pd.DataFrame, classes: pd.DataFrame, order: pd.DataFrame, classification: str = "lall"
) -> pd.DataFrame:
    """Shares (percent) of a product panel by level of technology, primary to high, from classes at HS6.

    Raises InputError as `upgrading.by_class`.
    """
    found = 100 * shares(by_class(panel, classes, classification, class_order(order, classification)))
    rows = order[order["classification"] == classification].sort_values("position")
    level = rows.set_index("class")["level"]
    return found.T.groupby(found.columns.map(level), sort=False).sum().T.rename_axis(columns="level")


def medium_and_high(
    panel: pd.DataFrame, classes: pd.DataFrame, order: pd.DataFrame, classification: str = "lall"
) -> pd.Series:
    """Share (percent) of medium and high technology after Lall, of medium-high and high after the OECD, by year.

    Raises InputError as `upgrading.by_class`.
    """
    levels = technology_levels(panel, classes, order, classification)
    return levels[[n for n in ("medium", "medium-high", "high") if n in levels]].sum(axis=1)


def shifts(
    goods: pd.DataFrame,
    flows: pd.DataFrame,
    classes: pd.DataFrame,
    order: pd.DataFrame,
    start: int = 2013,
    end: int = 2023,
    last_of_both: int = 2021,
) -> pd.DataFrame:
    """How far processed goods and technology moved in Russia's exports to China, breaks taken out: (0.13), (0.19).

    Chemicals run over both breaks (Russia's declarations, both countries', China's), engineering and technology from
    the first year in which Russia's residual is split, over the second break. Columns: since, start, end, change,
    breaks, like_for_like (points), relative and relative_like (percent of the start). Rows: engineering, chemicals,
    both, medium and high technology. Raises InputError when a reporter or year is not there.
    """
    own, baci, china = (chapters(goods, "RUS", "CHN", r) for r in ("RUS", "BACI", "CHN"))
    if own.empty or baci.empty or china.empty:
        raise InputError("no figures by chapter of Russia's exports to China from one of RUS, BACI, CHN")
    parts = [baci.loc[:last_of_both].fillna(0.0), pd.concat([china, baci.loc[last_of_both + 1 :]]).fillna(0.0)]
    chemicals = [processed_goods(part, engineering=False) for part in (own.fillna(0.0), *parts)]
    engineering = [processed_goods(part).drop(columns=CHEMICALS.values()) for part in parts]
    technology = [
        medium_and_high(product_panel(flows, "RUS_to_CHN", r), classes, order).to_frame(MEDIUM_HIGH)
        for r in ("both", "China")
    ]
    since = max(start, int(parts[0].index.min()))
    found = [like_for_like(chemicals, start, end).assign(since=start)]
    found += [like_for_like(series, since, end).assign(since=since) for series in (engineering, technology)]
    table = relative(pd.concat(found))
    return table.loc[[ENGINEERING, *CHEMICALS.values(), *BOTH.values(), MEDIUM_HIGH]]


def without_engines(goods: pd.DataFrame, start: int, end: int) -> tuple[float, float]:
    """Engineering in Russia's exports to China without aircraft engines (HS 8411), percent, in two years of BACI."""
    panel = chapters(goods, "RUS", "CHN", "BACI").fillna(0.0)
    engines = good(goods, "8411", "RUS", "CHN")["value_bn_usd"].reindex(panel.index).fillna(0.0)
    total = panel.sum(axis=1)
    share = 100 * (chapter_share(panel, 84, 90) * total - engines) / (total - engines)
    return float(share[start]), float(share[end])
