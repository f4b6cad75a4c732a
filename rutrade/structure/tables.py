"""Panels and tables of part 1 from the compiled tables: groups, chapters, goods, mirror gaps, Sherin's facts."""

import pandas as pd

from rutrade import InputError, unknown
from rutrade.structure.indices import aggregate, finger_kreinin, herfindahl, lawrence, mirror_gap, price_quantity


def panel(
    table: pd.DataFrame, exporter: str, importer: str, reporter: str = "best", first: int = 2013, last: int = 2023
) -> pd.DataFrame:
    """Years by groups of one flow, in bn USD current, from the table `trade_structure`; totals are left out.

    reporter: RUS, CHN, BACI, or best (Russia to 2016, BACI from 2017: a break in the source). A missing cell stays
    missing. Raises InputError when the reporter has no row for a year.
    """
    allowed = ("best", *sorted(table["reporter"].dropna().unique()))
    if reporter not in allowed:
        raise unknown("reporter", reporter, allowed)
    flow = table[(table["exporter"] == exporter) & (table["importer"] == importer) & (table["group"] != "TOTAL")]
    if reporter == "best":
        # China's exports by group are missing for 2013-2016: the rows are there, empty, under China as reporter.
        wanted = flow["year"].map(lambda year: "BACI" if year >= 2017 else exporter)
        flow = flow[flow["reporter"] == wanted]
    else:
        flow = flow[flow["reporter"] == reporter]
    wide = flow.pivot(index="year", columns="group", values="value_musd") / 1000
    wide.index = wide.index.astype(int)
    gaps = [year for year in range(first, last + 1) if year not in wide.index]
    if gaps:
        covered = f"{wide.index.min()}-{wide.index.max()}" if len(wide) else "no year"
        raise InputError(
            f"reporter '{reporter}' has no figures by group for {exporter}->{importer} in {gaps[0]}:"
            f" it covers {covered}"
        )
    return wide.loc[first:last].dropna(axis=1, how="all")


def estimated_panel(table: pd.DataFrame, values: bool = False) -> pd.DataFrame:
    """Years by groups of China's exports to Russia 2011-2016, shares in percent, from `chn_to_rus_estimate`.

    values: bn USD current instead, at China's total of the year, from 2013. An estimate for hatched pictures. `panel`
    does not know it: no index of change and no model takes it in.
    """
    wide = table.pivot(index="year", columns="group", values="chinese_total_musd" if values else "share_pct")
    wide = wide.set_axis(wide.index.astype(int))
    return wide.dropna(how="all") / 1000 if values else wide


def chapters(table: pd.DataFrame, exporter: str, importer: str, reporter: str = "best") -> pd.DataFrame:
    """Years by HS chapters of one flow, in bn USD current, from `trade_chapters`; single goods are left out.

    Russia's own figures (2013-2021) hold chapters 64-99 as one residual column.
    """
    flow = table[(table["exporter"] == exporter) & (table["importer"] == importer) & (table["level"] == "chapter")]
    source = flow["year"].map(lambda year: "BACI" if year >= 2017 else exporter) if reporter == "best" else reporter
    wide = flow[flow["reporter"] == source].pivot(index="year", columns="item", values="value_musd") / 1000
    wide.index = wide.index.astype(int)
    return wide


def good(table: pd.DataFrame, item: str, exporter: str, importer: str, reporter: str = "BACI") -> pd.DataFrame:
    """Value (bn USD current), quantity (mn t) and unit value (USD/t) by year of one good of `trade_chapters`.

    Raises InputError for an unknown good.
    """
    rows = table[(table["exporter"] == exporter) & (table["importer"] == importer) & (table["reporter"] == reporter)]
    rows = rows[rows["item"] == item].set_index("year")
    if rows.empty:
        raise unknown("good", item, sorted(table["item"].unique()))
    value, tonnes = rows["value_musd"] / 1000, rows["quantity_kt"] / 1000
    frame = pd.DataFrame({"value_bn_usd": value, "quantity_mn_t": tonnes, "unit_value_usd_t": value / tonnes * 1000})
    frame.index = frame.index.astype(int)
    return frame


def share_without(values: pd.DataFrame, groups: list[str], part: pd.Series) -> pd.Series:
    """Share of `groups` in the total after taking `part` of them out of both: what is left without one good."""
    total, of_groups = values.sum(axis=1), values[groups].sum(axis=1)
    part = part.reindex(values.index).fillna(0)
    return (of_groups - part) / (total - part)


def spliced(values: pd.DataFrame, residual: str = "64-99") -> pd.DataFrame:
    """A panel on the groups all years share: where later years split the residual, their parts are summed into it."""
    if residual not in values:
        return values
    parts = [g for g in values if g != residual and values.loc[values[residual].notna(), g].isna().all()]
    joined = values[residual].fillna(values[parts].sum(axis=1))
    return values.drop(columns=[*parts, residual]).assign(**{residual: joined})


def change_indices(share: pd.DataFrame, base_year: int) -> pd.DataFrame:
    """Year by year: Lawrence index against the base year, similarity to it, concentration (normalised)."""
    base = share.loc[base_year]
    return pd.DataFrame(
        {
            "lawrence": share.apply(lambda s: lawrence(s, base), axis=1),
            "finger_kreinin": share.apply(lambda s: finger_kreinin(s, base), axis=1),
            "herfindahl": herfindahl(share),
            "herfindahl_normalised": herfindahl(share, normalised=True),
        }
    )


def regroup(by_group: pd.DataFrame, by_chapter: pd.DataFrame, concordance: pd.DataFrame, grouping: str) -> pd.DataFrame:
    """One flow's panel in the wanted grouping: the 16 groups, the 8 customs groups, or technological classes.

    The coarser ones are summed from chapters, because a customs group may cut through one of the 16. Raises InputError
    for an unknown grouping.
    """
    if grouping == "16":
        return by_group
    columns = {"8": "customs_group_name", "class": "technology"}
    if grouping not in columns:
        raise unknown("grouping", grouping, ("16", "8", "class"))
    return aggregate(by_chapter, concordance.set_index("chapter")[columns[grouping]])


def totals(table: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    """Preferred totals by year in bn USD current; columns (reporter, flow), from the table `trade_totals`."""
    rows = table[table["preferred"] & table["year"].between(first, last)]
    wide = rows.pivot(index="year", columns=["reporter", "flow"], values="value_bn_usd")
    wide.index = wide.index.astype(int)
    return wide


def mirror_table(total: pd.DataFrame) -> pd.DataFrame:
    """Both reporters' figures of both flows, bn USD current; gap: importer's over exporter's, less one, in %."""
    frame = {}
    for flow, exporter, importer in (("RUS_to_CHN", "RUS", "CHN"), ("CHN_to_RUS", "CHN", "RUS")):
        name = flow.replace("RUS", "Russia").replace("CHN", "China").replace("_", " ")
        frame[f"{name}, Russia's figure"] = total["RUS", flow]
        frame[f"{name}, China's figure"] = total["CHN", flow]
        frame[f"{name}, gap %"] = 100 * mirror_gap(total[exporter, flow], total[importer, flow])
    return pd.DataFrame(frame).rename_axis("year")


def chapter_share(by_chapter: pd.DataFrame, first: int, last: int) -> pd.Series:
    """Share of HS chapters `first` to `last` in each year's total."""
    wanted = [c for c in by_chapter if c.isdigit() and first <= int(c) <= last]
    return by_chapter[wanted].sum(axis=1) / by_chapter.sum(axis=1)


def engineering_share(by_chapter: pd.DataFrame) -> pd.Series:
    """Share of engineering goods, HS 84-90 (machinery, electrical goods, vehicles, instruments)."""
    return chapter_share(by_chapter, 84, 90)


def chemicals_share(by_chapter: pd.DataFrame, fertilisers: bool = True) -> pd.Series:
    """Share of chemical products, HS 28-40 (plastics and rubber included), with or without fertilisers (HS 31).

    Fertilisers are processed raw materials and a quarter to a half of Russia's chemicals sold to China: say which.
    """
    share = chapter_share(by_chapter, 28, 40)
    return share if fertilisers else share - chapter_share(by_chapter, 31, 31)


def raw_share(by_chapter: pd.DataFrame, concordance: pd.DataFrame) -> pd.Series:
    """Share of the chapters that the table `concordance` marks as raw materials."""
    raw = set(concordance.loc[concordance["raw_material"], "chapter"])
    return by_chapter[[c for c in by_chapter if c in raw]].sum(axis=1) / by_chapter.sum(axis=1)


def decompose_goods(
    table: pd.DataFrame, items: list[str], exporter: str, importer: str, start: int, end: int
) -> pd.DataFrame:
    """Log change of value from `start` to `end` split into unit value and quantity (0.9), one row for each good.

    Goods without tonnes in both years are left out.
    """
    rows = {}
    for item in items:
        series = good(table, item, exporter, importer).reindex([start, end])
        if (series["quantity_mn_t"] > 0).all():
            rows[item] = price_quantity(series["value_bn_usd"], series["quantity_mn_t"]).iloc[0]
    return pd.DataFrame(rows).T


def intra_industry(summary: pd.DataFrame) -> pd.DataFrame:
    """Grubel-Lloyd index (0.7) of all goods by year, at HS6 codes and HS chapters, from `hs6_summary`."""
    rows = summary[summary["group"] == "TOTAL"]
    wide = rows.assign(index=rows["overlap_musd"] / rows["gross_musd"]).pivot(
        index="year", columns="level", values="index"
    )
    wide.index = wide.index.astype(int)
    return wide.rename(columns={"hs6": "HS6 codes", "hs2": "HS chapters"})[["HS6 codes", "HS chapters"]]


def weights(partners: pd.DataFrame) -> pd.DataFrame:
    """Each country's share in the other's foreign trade (exports + imports) by year, each by its own reports."""
    rows = partners.groupby(["reporter", "partner", "year"])["value_musd"].agg(["sum", "count"])
    turnover = rows["sum"].where(rows["count"] == 2)
    frame = pd.DataFrame(
        {
            "China in Russia's trade": turnover["RUS", "CHN"] / turnover["RUS", "WLD"],
            "Russia in China's trade": turnover["CHN", "RUS"] / turnover["CHN", "WLD"],
        }
    )
    frame.index = frame.index.astype(int)
    return frame.rename_axis("year")


def facts(table: pd.DataFrame, topic: str, contains: str = "", entity: str = "", inferred: bool = True) -> pd.DataFrame:
    """Facts of the table `siberia` on one topic whose indicator contains a text; `*` marks an inferred year.

    Columns: label (entity, with the mark), indicator, years, value, value_high, unit, qualifier. Raises InputError for
    an unknown topic.
    """
    if topic not in set(table["topic"]):
        raise unknown("topic", topic, sorted(table["topic"].unique()))
    rows = table[(table["topic"] == topic) & table["indicator"].str.contains(contains, regex=False)]
    rows = rows[rows["entity"].str.contains(entity, regex=False)]
    if not inferred:
        rows = rows[rows["year_basis"] != "inferred"]
    mark = (rows["year_basis"] == "inferred").map({True: "*", False: ""}).astype("string")
    first, last = rows["year_from"].astype("string"), rows["year_to"].astype("string")
    years = first.where(first == last, first + "-" + last) + mark
    columns = ["indicator", "value", "value_high", "unit", "qualifier"]
    return rows[columns].assign(label=rows["entity"] + mark, years=years)


def in_bn(rows: pd.DataFrame) -> pd.Series:
    """Values of facts in bn USD by label, largest first; facts in other units are left out."""
    scale = rows["unit"].map({"bn USD": 1.0, "mn USD": 0.001})
    return (rows["value"] * scale).set_axis(rows["label"]).dropna().sort_values(ascending=False)


def compare_with_sherin(
    siberia: pd.DataFrame, total: pd.DataFrame, goods: pd.DataFrame, partners: pd.DataFrame
) -> pd.DataFrame:
    """Sherin's national figures beside ours: the same quantity, year and, as far as known, definition."""

    def his(contains: str, year: int) -> float:
        rows = siberia[siberia["indicator"].str.contains(contains, regex=False) & (siberia["year_from"] == year)]
        return float(rows["value"].iloc[0])

    ours = totals(total, 2013, 2023)
    china = partners[(partners["reporter"] == "RUS") & (partners["year"] == 2022)]
    china = china.pivot(index="partner", columns="flow", values="value_musd")
    share = 100 * china.loc["CHN"] / china.loc["WLD"]
    rows = {
        "fuels in Russia's exports to China 2022, % (BACI)": (
            his("mineral fuel share", 2022),
            100 * chapter_share(chapters(goods, "RUS", "CHN", "BACI"), 27, 27)[2022],
        ),
        "machinery in Russia's imports from China 2022, % (BACI, engineering goods)": (
            his("machinery and equipment share of Russian imports", 2022),
            100 * engineering_share(chapters(goods, "CHN", "RUS", "BACI"))[2022],
        ),
        "turnover 2017, bn USD (Russian customs, IMF)": (his("trade turnover", 2017), ours["RUS", "turnover"][2017]),
        "turnover 2017, bn USD (Chinese customs)": (his("trade turnover", 2017), ours["CHN", "turnover"][2017]),
        "turnover 2023, bn USD (Chinese customs)": (his("trade turnover", 2023), ours["CHN", "turnover"][2023]),
        "China's share of Russia's exports 2022, % (IMF estimate)": (
            his("share of Russian exports", 2022),
            share["export"],
        ),
        "China's share of Russia's imports 2022, % (IMF estimate)": (
            his("share of Russian imports", 2022),
            share["import"],
        ),
    }
    frame = pd.DataFrame(rows, index=["Sherin", "ours"]).T.rename_axis("quantity")
    return frame.assign(difference=frame["ours"] - frame["Sherin"])


def declarations(
    table: pd.DataFrame, exporter: str = "RUS", importer: str = "CHN", last_of_both: int = 2021
) -> list[pd.DataFrame]:
    """Years by chapters of one flow by whose declarations they are, bn USD current, from `trade_chapters`.

    The exporter's own; BACI from both countries, to `last_of_both`; China's own and BACI after it, which follows
    China. All have the same columns: chapters that the exporter gives, and a residual into which the others are
    summed. They follow each other in `upgrading.like_for_like`; never join them to one series. Raises InputError when
    one of the three has no figures.
    """
    own, baci, china = (chapters(table, exporter, importer, r) for r in (exporter, "BACI", "CHN"))
    for name, part in ((exporter, own), ("BACI", baci), ("CHN", china)):
        if part.empty:
            raise InputError(f"no figures by chapter for {exporter}->{importer} from reporter '{name}'")
    parts = [own, baci.loc[:last_of_both], pd.concat([china, baci.loc[last_of_both + 1 :]])]
    given = [c for c in own if c.isdigit()]
    kept = [part.reindex(columns=given).fillna(0.0) for part in parts]
    return [k.assign(other=part.sum(axis=1) - k.sum(axis=1)) for k, part in zip(kept, parts, strict=True)]
