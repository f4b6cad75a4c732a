"""Is trade upgrading? Technology of products at HS6, margins of growth, advantage, complexity: (0.10)-(0.13).

A panel holds years in rows and HS6 products in columns, bn USD at current prices; a product that is not traded is
zero. Two bodies of declarations are kept apart: "both" (BACI, reconciled from both countries, 2017-2021) and "China"
(China's customs 2019, and BACI from 2022, which follows them).
"""

import itertools
from collections.abc import Iterable

import numpy as np
import pandas as pd

from rutrade import InputError, unknown
from rutrade.structure.indices import aggregate, balassa, symmetric_balassa

_KEYS = ("hs6", "revision", "status", "source")  # columns of `hs6_classes` that are no classification


def product_panel(flows: pd.DataFrame, flow: str, reporters: str = "best") -> pd.DataFrame:
    """Years by HS6 products of one flow in bn USD, from the table `hs6_flows`; products never traded are left out.

    reporters: "both", "China", or "best" (both to 2021, China from 2022: a break in the source). Raises InputError for
    an unknown flow or reporters, and when revisions of the HS are mixed.
    """
    for column, value, more in (("flow", flow, ()), ("reporters", reporters, ("best",))):
        if value not in (allowed := [*more, *sorted(flows[column].unique())]):
            raise unknown(f"{column} of the HS6 table", value, allowed)
    _one_revision(flows)
    rows = flows[flows["flow"] == flow]
    years = list(flows.filter(regex=r"^y\d{4}$"))
    parts = {}
    for name, part in rows.groupby("reporters"):
        wide = part.set_index("hs6")[years].T / 1e6
        wide.index = wide.index.str.removeprefix("y").astype(int)
        parts[name] = wide.dropna(how="all").fillna(0.0)
    if reporters == "best":
        latest = parts["both"].index.max()
        panel = pd.concat([parts["both"], parts["China"].loc[latest + 1 :]]).fillna(0.0)
    else:
        panel = parts[reporters]
    return panel.loc[:, (panel > 0).any()].sort_index(axis=1).rename_axis(index="year", columns="hs6")


def by_class(
    panel: pd.DataFrame,
    classes: pd.DataFrame,
    classification: str,
    order: Iterable[str] | None = None,
    revision: str = "HS2017",
) -> pd.DataFrame:
    """A product panel by technology class or group (0.8), from the table `hs6_classes`, in the panel's unit.

    classification: a column of `classes`, today lall (Lall 2000), technology (OECD 2011 by ISIC) or group; another one
    is another column. order: the classes in the order wanted, see `class_order`; each gets a column, also when nothing
    is traded; without it they are sorted. HS 999999 (not specified) is a class of its own. Raises InputError for an
    unknown classification, a class that is not in `order`, a product without class, and another revision of the HS.
    """
    names = [c for c in classes if c not in _KEYS]
    if classification not in names:
        raise unknown("classification", classification, names)
    if (found := _one_revision(classes)) != revision:
        raise InputError(f"classes are of {found}, products of {revision}; classify each revision by its own table")
    of = classes.set_index("hs6")[classification]
    if missing := [code for code in panel.columns if code not in of.index]:
        raise InputError(f"product {missing[0]} has no class in {revision}; every product needs one")
    order = sorted(of.unique()) if order is None else list(order)
    if strange := sorted(set(of) - set(order)):
        raise unknown(f"class of {classification}", strange[0], order)
    return aggregate(panel, of).reindex(columns=order, fill_value=0.0).rename_axis(columns=classification)


def headings(panel: pd.DataFrame) -> pd.DataFrame:
    """A product panel by headings (HS4): what edition and source of the codes hardly touch.

    A new edition of the HS (2012, 2017, 2022) splits codes within headings, and BACI does not split oil products: at
    HS6 both make new products out of old ones.
    """
    return panel.T.groupby(panel.columns.str[:4]).sum().T.rename_axis(columns="heading")


def class_order(labels: pd.DataFrame, classification: str, level: str | None = None) -> list[str]:
    """Classes of a classification in their order, from the table `technology_classes`; those of one level if named.

    Raises InputError for an unknown classification or level.
    """
    rows = labels[labels["classification"] == classification].sort_values("position")
    if rows.empty:
        raise unknown("classification", classification, labels["classification"].unique())
    if level is not None and level not in set(rows["level"]):
        raise unknown(f"level of {classification}", level, rows["level"].unique())
    return rows[rows["level"] == level if level else rows["level"].notna()]["class"].tolist()


def _one_revision(table: pd.DataFrame) -> str:
    if len(found := sorted(table["revision"].unique())) != 1:
        raise InputError(f"revisions of the HS are mixed ({', '.join(found)}); a code changes its meaning between them")
    return str(found[0])


def traded(panel: pd.DataFrame, year: int, least: float = 0.0) -> pd.Index:
    """Products of the panel whose value in `year` is above `least` (bn USD). Raises InputError for an unknown year."""
    if year not in panel.index:
        raise unknown("year with HS6 figures", year, panel.index)
    if least < 0:
        raise InputError(f"least value is {least}; must be zero or positive")
    return panel.columns[(panel.loc[year] > least).to_numpy()]


def margins(panel: pd.DataFrame, start: int, end: int, least: float = 0.0) -> pd.DataFrame:
    """Growth by margin: products traded in both years, new and lost ones (0.10).

    V(1) - V(0) = sum_kept (V_h(1) - V_h(0)) + sum_new V_h(1) - sum_lost V_h(0), and what stays below `least` in both
    years. Kept is the intensive margin; new and lost are the extensive one. Rows: kept, new, lost, below, total;
    columns: products, start, end, change (bn USD), share (of the total change). A revision of the HS between the years
    would make new products out of old ones. Raises InputError for a year without figures.
    """
    first, last = traded(panel, start, least), traded(panel, end, least)
    parts = {"kept": first.intersection(last), "new": last.difference(first), "lost": first.difference(last)}
    parts["below"] = panel.columns.difference(first.union(last))
    rows = {k: (len(p), panel.loc[start, p].sum(), panel.loc[end, p].sum()) for k, p in parts.items()}
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=["products", "start", "end"])
    frame.loc["below", "products"] = int((panel.loc[[start, end], parts["below"]] > 0).any().sum())
    frame.loc["total"] = frame.sum()
    frame["change"] = frame["end"] - frame["start"]
    total = frame.loc["total", "change"]
    return frame.assign(share=frame["change"] / (total if total else np.nan)).astype({"products": int})


def new_products(
    panel: pd.DataFrame, since: int, end: int, least: float = 0.0, classes: pd.Series | None = None
) -> pd.DataFrame:
    """Products above `least` in `end` and in no year before `since`, largest first: value (bn USD), class.

    The products N of (0.10) with V_h(1). `since` leaves several years in which a product was absent, so that one
    year's gap makes nothing new. Raises InputError when no earlier year is there, or for a year without figures.
    """
    return _appeared(panel, panel.index[panel.index < since], end, least, classes)


def lost_products(
    panel: pd.DataFrame, start: int, until: int, least: float = 0.0, classes: pd.Series | None = None
) -> pd.DataFrame:
    """Products above `least` in `start` and in no year after `until`, largest first: value in `start`, class.

    The products L of (0.10) with V_h(0). Raises InputError when no later year is there, or for a year without figures.
    """
    return _appeared(panel, panel.index[panel.index > until], start, least, classes)


def _appeared(
    panel: pd.DataFrame, absent: pd.Index, year: int, least: float, classes: pd.Series | None
) -> pd.DataFrame:
    if not len(absent):
        raise InputError(f"no year is left in which a product could be absent; the panel covers {_span(panel)}")
    value = panel.loc[year, traded(panel, year, least)]
    value = value[~(panel.loc[absent, value.index] > least).any()]
    frame = value.sort_values(ascending=False).rename("value_bn_usd").to_frame()
    return frame if classes is None else frame.assign(**{"class": classes.reindex(frame.index)})


def _span(panel: pd.DataFrame) -> str:
    return f"{panel.index.min()}-{panel.index.max()}"


def survival(panel: pd.DataFrame, least: float = 0.0) -> pd.DataFrame:
    """Kaplan-Meier survival of spells of trade, by years since a product appeared (0.11).

    S(k) = prod_{j <= k} (1 - d_j / n_j), d_j spells that ended after j years, n_j those that had lasted so long. Spells
    that were running in the first year of the panel are left out (their age is unknown), those running in the last
    one are censored. Index: years; columns: spells (at risk), ended, survival, standard_error (Greenwood). Source:
    Besedes & Prusa 2006, Journal of International Economics 70. Raises InputError when years are missing in between
    or no product appeared.
    """
    from statsmodels.duration.survfunc import SurvfuncRight

    years = list(panel.index)
    if years != list(range(years[0], years[-1] + 1)):
        raise InputError(f"survival needs every year of {_span(panel)}; a gap would end every spell")
    on = (panel > least).to_numpy().T
    edges = np.diff(np.pad(on, ((0, 0), (1, 1))).astype(int), axis=1)
    start, end = np.argwhere(edges == 1), np.argwhere(edges == -1)  # by product, spells in order
    known = start[:, 1] > 0
    if not known.any():
        raise InputError(f"no product appeared after {years[0]} above {least} bn USD; survival needs new ones")
    length, ended = (end[:, 1] - start[:, 1])[known], (end[:, 1] < len(years))[known]
    found = SurvfuncRight(length, ended.astype(int)).summary().rename_axis("years")
    names = {"num at risk": "spells", "num events": "ended", "Surv prob": "survival", "Surv prob SE": "standard_error"}
    return found.rename(columns=names)[list(names.values())]


def advantage(
    exports: pd.DataFrame,
    country: str,
    classification: str = "lall",
    order: Iterable[str] | None = None,
    symmetric: bool = False,
) -> pd.DataFrame:
    """Balassa's revealed comparative advantage (0.5) of a country by class and year, from `exports_to_world`.

    country: russia or china; the reference is the exports of all countries, so this is advantage in the world. In the
    partner's market it cannot be had: that needs the partner's imports from everyone. symmetric: the form of (0.6), in
    [-1, 1]. order: as in `by_class`. Returns years x classes. Raises InputError for an unknown country or
    classification.
    """
    own, world = (world_panel(exports, name, classification, order) for name in (country, "world"))
    index = symmetric_balassa if symmetric else balassa
    traded = world.columns[(world > 0).all()]
    return pd.DataFrame({y: index(own.loc[y, traded], world.loc[y, traded]) for y in own.index}).T.rename_axis("year")


def advantage_counts(exports: pd.DataFrame, country: str, classification: str = "lall") -> pd.DataFrame:
    """HS6 products in which a country has an advantage above 1, as a share of all traded: years x classes and total.

    The advantages (0.5) were counted product by product when the table was compiled. Raises InputError for an unknown
    country or classification.
    """
    world_panel(exports, country, classification)
    counts = exports.groupby(["year", classification])[[f"{country}_advantages", "codes"]].sum().unstack()
    found = counts[f"{country}_advantages"] / counts["codes"]
    found["total"] = counts[f"{country}_advantages"].sum(axis=1) / counts["codes"].sum(axis=1)
    return found.set_axis(found.index.astype(int)).astype(float)


def world_panel(
    exports: pd.DataFrame, country: str, classification: str, order: Iterable[str] | None = None
) -> pd.DataFrame:
    """Years by classes of a country's exports to the world ("world": of all countries), bn USD, `exports_to_world`.

    Raises InputError for an unknown country or classification.
    """
    countries = [c.removesuffix("_musd") for c in exports if c.endswith("_musd")]
    if country not in countries:
        raise unknown("exporter", country, countries)
    if classification not in (allowed := ("lall", "technology", "chapter")):
        raise unknown("classification", classification, allowed)
    wide = exports.groupby(["year", classification])[f"{country}_musd"].sum().unstack().fillna(0.0) / 1000
    order = sorted(wide) if order is None else list(order)
    if strange := sorted(set(wide) - set(order)):
        raise unknown(f"class of {classification}", strange[0], order)
    return wide.set_axis(wide.index.astype(int)).reindex(columns=order, fill_value=0.0).astype(float)


def basket_complexity(values: pd.Series, complexity: pd.Series) -> tuple[float, float]:
    """Mean complexity of a basket, sum_h V_h PCI_h / sum_h V_h over products with a PCI (0.12), and their share in V.

    values: by HS6 or HS4 code; complexity: product complexity index by HS4 code (standardised over all products, so
    zero is the mean product). A check on the classes: PCI is made from all countries' exports and not from here.
    Raises InputError when no product has a PCI.
    """
    index = complexity.reindex(values.index.str[:4]).set_axis(values.index)
    known = index.notna()
    if not values[known].sum() > 0:
        raise InputError("none of the products traded has a complexity index; codes must begin with a heading of it")
    return float((values * index)[known].sum() / values[known].sum()), float(values[known].sum() / values.sum())


def like_for_like(series: list[pd.DataFrame], start: int, end: int) -> pd.DataFrame:
    """Change of shares across breaks of reporter, with the breaks taken out (0.13).

    ds_c = s_c^B(1) - s_c^A(0); its like-for-like part is ds_c - mean_T [s_c^B(t) - s_c^A(t)], T the years that both A
    and B report; further breaks are taken out the same way. A break of shares is taken as constant over time: it is
    shown beside the change because that is an assumption. series: shares by year and class, in the order in which
    they follow each other. Returns class x (start, end, change, breaks, like_for_like), percentage points when the
    shares are in percent. Raises InputError when classes differ, two series share no year, or a year is missing.
    """
    for one, other in itertools.pairwise(series):
        if list(one.columns) != list(other.columns):
            different = sorted(set(one.columns) ^ set(other.columns))
            raise InputError(f"series have different classes or order: {', '.join(map(str, different)) or 'order'}")
        if one.index.intersection(other.index).empty:
            raise InputError(f"two reporters share no year ({_span(one)} and {_span(other)}); the break is unknown")
    for year, panel in ((start, series[0]), (end, series[-1])):
        if year not in panel.index:
            raise unknown("year of the reporter", year, panel.index)
    breaks = pd.Series(0.0, index=series[0].columns)
    for one, other in itertools.pairwise(series):
        years = one.index.intersection(other.index)
        breaks += (other.loc[years] - one.loc[years]).mean()
    frame = pd.DataFrame({"start": series[0].loc[start], "end": series[-1].loc[end]})
    frame["change"] = frame["end"] - frame["start"]
    return frame.assign(breaks=breaks, like_for_like=frame["change"] - breaks)
