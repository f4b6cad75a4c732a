"""Projection of bilateral trade by group, equations (3.3)-(3.7)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from rutrade import InputError, unknown
from rutrade.draws import triangular
from rutrade.trade.groups import CHEMICALS, ENGINEERING, FLOWS, GROUPS, QUANTILES
from rutrade.trade.shares import logit


@dataclass(frozen=True)
class TradeBase:
    """The base year: value (bn USD, current) and share of China (fraction), both group x flow; chapter_90 is the
    share of HS 90 in group 90-99 by flow; series names the reporter of the values.
    """

    year: int
    value: pd.DataFrame
    share: pd.DataFrame
    chapter_90: pd.Series
    series: str = ""

    def __post_init__(self) -> None:
        for flow in FLOWS:
            if flow not in self.value or self.value[flow].isna().any():
                raise InputError(f"base year {self.year}: no data by group for {flow}; a year with both is needed")
        for table, name, limit in ((self.value, "value", np.inf), (self.share, "share of China", 1)):
            if strange := [g for g in table.index if g not in GROUPS]:
                raise unknown("group", strange[0], GROUPS)
            if not ((table > 0) & (table < limit)).all(axis=None):
                group, flow = (~((table > 0) & (table < limit))).stack().idxmax()
                raise InputError(f"base year {self.year}: {name} of group {group}, {flow}, is {table.loc[group, flow]};"
                                 f" must be {'positive' if limit > 1 else 'between 0 and 1'}")  # fmt: skip


@dataclass(frozen=True)
class Paths:
    """Exogenous paths by year: activity (buyer's real GDP, any unit, by flow) and prices (by commodity).

    Raises InputError when a year is missing in between or a value is not positive.
    """

    activity: pd.DataFrame
    prices: pd.DataFrame
    scenario: str = "mid"

    def __post_init__(self) -> None:
        for table, name in ((self.activity, "activity"), (self.prices, "prices")):
            years = list(table.index)
            if gap := sorted(set(range(min(years), max(years) + 1)) - set(years)):
                raise InputError(f"path '{name}' misses the year {gap[0]}; every year of a path is needed")
            if not (table > 0).all(axis=None):
                raise InputError(f"path '{name}' has a value that is missing, zero or negative; must be positive")


@dataclass(frozen=True)
class Projection:
    """Result of `TradeModel.project`.

    table: flow, group, year, value_bn_usd (current), value_bn_usd_base_prices, share_china (fraction), capped, and
    with draws the quantiles q05 ... q95 of the current value. point: years x flows x groups, central values in bn USD,
    current; sample: the same for each draw, draws first; price: years x flows x groups, index with the base year = 1.
    """

    base: TradeBase
    years: tuple[int, ...]
    table: pd.DataFrame
    point: np.ndarray = field(repr=False)
    sample: np.ndarray = field(repr=False)
    price: np.ndarray = field(repr=False)

    def values(self, prices: str = "current") -> tuple[np.ndarray, np.ndarray]:
        """Central values and draws, bn USD at "current" prices or at those of the base year ("base").

        Raises InputError for other prices.
        """
        if prices not in ("current", "base"):
            raise unknown("prices", prices, ("current", "base"))
        index = 1.0 if prices == "current" else self.price
        return self.point / index, self.sample / index

    def totals(self, prices: str = "current") -> pd.DataFrame:
        """Totals by flow and year and their sum ("turnover"), bn USD, with quantiles when there are draws."""
        flows = [v.sum(-1) for v in self.values(prices)]
        return self._frame([np.concatenate([v, v.sum(-1, keepdims=True)], -1) for v in flows], "value_bn_usd")

    def reaches(self, total_bn_usd: float, year: int = 2030) -> float:
        """Part of the draws whose turnover of `year` is at least `total_bn_usd` (current prices).

        Raises InputError without draws or for a year outside the projection.
        """
        if year not in self.years or not len(self.sample):
            raise InputError(f"the part that reaches {total_bn_usd} needs draws and the year {year} in the projection")
        return float((self.sample[:, self.years.index(year)].sum((1, 2)) >= total_bn_usd).mean())

    def _frame(self, series: Sequence[np.ndarray], name: str) -> pd.DataFrame:
        """Long table of a central and a sampled array, (draws x) years x flows (and their sum)."""
        point, draws = series
        parts = [pd.DataFrame({"flow": flow, "year": self.years, name: point[:, i]}).assign(**_quantiles(draws[..., i]))
                 for i, flow in enumerate([*FLOWS, "turnover"][: point.shape[-1]])]  # fmt: skip
        return pd.concat(parts, ignore_index=True)


@dataclass(frozen=True)
class TradeModel:
    """Projection of the bilateral trade by group, (3.3)-(3.7).

    base: TradeBase. elasticities: long table (flow, group, parameter eps | phi | theta, driver, low, central, high).
    paths: Paths. errors: None or a table by `horizon` with <flow>_total and <flow>_group, standard deviations of the
    log forecast error (3.7). levers: table of trade-cost levers (lever, groups, low, central, high).
    """

    base: TradeBase
    elasticities: pd.DataFrame
    paths: Paths
    errors: pd.DataFrame | None = None
    levers: pd.DataFrame | None = None

    def project(
        self,
        supply: pd.DataFrame | None = None,
        demand: pd.DataFrame | None = None,
        years: Iterable[int] | None = None,
        levers: Mapping[str, float | str] | None = None,
        redirection: Mapping[str, float] | float | None = None,
        headroom: float = 1.0,
        draws: int = 0,
        seed: int = 0,
    ) -> Projection:
        """Project both flows by group.

        (3.3) potential at base prices: D = V0 exp(eps dlnY + (phi - 1) dlnP + dln sigma); value = D exp(dlnP + u)
        (3.4) logit sigma(t) = logit sigma(0) + delta(t), delta = theta * -ln(1 - cut), or the way to a set share
        (3.5) exports with supply: min(V0 * supply * sigma/sigma0, (1 + headroom) D); imports with demand: mirror
        (3.7) u: normal with a standard deviation by horizon, one common shock per flow and own shocks of the groups

        supply: Russia's export supply to the world by group, year x group, index with the base year = 1, constant
        prices; missing groups follow the potential. demand: Russia's import demand, likewise. levers: lever -> "low",
        "central", "high" or the cut of the delivered price in the group where it is largest. redirection: share of
        China in Russia's exports in the last year, by group (a number: engineering and chemicals). Levers and
        redirection grow in a straight line from the base to the last year. Draws vary eps, phi, theta and u. Raises
        InputError for unknown years, groups, levers or shares out of range, and for negative headroom or draws.
        """
        base = self.base
        asked = range(base.year, int(self.paths.prices.index.max()) + 1) if years is None else years
        years = np.asarray(list(asked), int)
        for year in years:
            if year < base.year or year not in self.paths.prices.index or year not in self.paths.activity.index:
                raise unknown("projection year", year, [y for y in self.paths.prices.index if y >= base.year])
        if headroom < 0 or draws < 0:
            raise InputError(f"headroom is {headroom} and draws is {draws}; neither may be negative")
        rng = np.random.default_rng(seed)
        value = base.value.reindex(index=GROUPS, columns=list(FLOWS)).to_numpy().T
        share = base.share.reindex(index=GROUPS, columns=list(FLOWS)).to_numpy().T
        eps, phi, theta = (self._draw(p, draws, rng) for p in ("eps", "phi", "theta"))  # 1 + draws, 1, flow, group
        activity = np.log(self.paths.activity.loc[years] / self.paths.activity.loc[base.year])[list(FLOWS)].to_numpy()
        price = self._price(years)
        phase = ((years - base.year) / max(years.max() - base.year, 1))[:, None, None]
        delta = theta * -np.log1p(-self._cuts(levers)) * phase + self._redirect(redirection, share) * phase
        dln_share = delta - np.log1p(share * np.expm1(delta))  # exactly 0 when nothing changes
        potential = value * np.exp(eps * activity[:, :, None] + (phi - 1) * np.log(price) + dln_share)
        delivered, capped = potential.copy(), np.zeros(potential.shape[1:], bool)
        for table, flow, name in ((supply, 0, "supply"), (demand, 1, "demand")):
            if table is not None:
                index, held = self._index(table, years, name)
                bound = value[flow] * index * np.exp(dln_share[:, :, flow])
                cap = (1 + headroom) * potential[:, :, flow] if name == "supply" else np.inf
                delivered[:, :, flow] = np.where(held, np.minimum(bound, cap), potential[:, :, flow])
                capped[:, flow] = (held & (bound > cap))[0]
        point, sample = delivered[0] * price, self._shocked(delivered[1:] * price, years, rng)
        columns = {"value_bn_usd": point, "value_bn_usd_base_prices": delivered[0],
                   "share_china": share * np.exp(dln_share[0]), "capped": capped} | _quantiles(sample)  # fmt: skip
        labels = pd.MultiIndex.from_product([FLOWS, GROUPS, years.tolist()], names=["flow", "group", "year"])
        rows = {k: v.transpose(1, 2, 0).ravel() for k, v in columns.items()}
        return Projection(base, tuple(years.tolist()), pd.DataFrame(rows, labels).reset_index(), point, sample, price)

    def _long(self, parameter: str) -> pd.DataFrame:
        """Rows of a parameter by flow and group, in their order."""
        rows = self.elasticities[self.elasticities["parameter"] == parameter]
        place = {key: i for i, key in enumerate(zip(rows["flow"], rows["group"], strict=True))}
        wanted = [(flow, group) for flow in FLOWS for group in GROUPS]
        if missing := sorted(set(wanted) - set(place)):
            raise InputError(f"elasticities: no row for {parameter}, {missing[0][0]}, group {missing[0][1]}; give all")
        return rows.iloc[[place[key] for key in wanted]]

    def _draw(self, parameter: str, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Central value, then triangular draws on [low, high]; one draw serves all groups of a flow (cautious)."""
        rows = self._long(parameter)
        low, mode, high = (rows[c].to_numpy(float).reshape(len(FLOWS), -1) for c in ("low", "central", "high"))
        if not ((low <= mode) & (mode <= high)).all():
            raise InputError(f"elasticities: {parameter} must satisfy low <= central <= high in every row")
        drawn = triangular(rng.random((draws, 1, len(FLOWS), 1)), low, mode, high)
        return np.concatenate([np.broadcast_to(mode, (1, 1, *mode.shape)), drawn])

    def _price(self, years: np.ndarray) -> np.ndarray:
        prices = self.paths.prices
        driver = self._long("phi")["driver"]
        if strange := sorted(set(driver) - set(prices.columns)):
            raise unknown("price", strange[0], prices.columns)
        relative = (prices.loc[years] / prices.loc[self.base.year])[driver.to_list()]
        return relative.to_numpy().reshape(len(years), len(FLOWS), len(GROUPS))

    def _cuts(self, levers: Mapping[str, float | str] | None) -> np.ndarray:
        """Cut of the delivered price by group: 1 - prod(1 - cut of each lever)."""
        remaining = np.ones(len(GROUPS))
        table = self.levers if self.levers is not None else pd.DataFrame({"lever": []})
        for lever, size in (levers or {}).items():
            rows = table[table["lever"] == lever]
            if rows.empty:
                raise unknown("lever", lever, sorted(set(table["lever"])))
            if isinstance(size, str) and size not in ("low", "central", "high"):
                raise unknown(f"size of lever '{lever}'", size, ("low", "central", "high"))
            if not isinstance(size, str) and not 0 <= size < 1:
                raise InputError(f"lever '{lever}' is {size}; a cut of the delivered price must be in [0, 1)")
            cut = rows[size] if isinstance(size, str) else rows["central"] / rows["central"].max() * size
            by_group = {g: c for groups, c in zip(rows["groups"], cut, strict=True) for g in groups.split("; ")}
            remaining *= 1 - np.array([by_group.get(g, 0.0) for g in GROUPS])
        return 1 - remaining

    def _redirect(self, redirection: Mapping[str, float] | float | None, share: np.ndarray) -> np.ndarray:
        """Way of the logit of China's share to its target, flow x group."""
        shift = np.zeros((len(FLOWS), len(GROUPS)))
        if redirection is not None and not isinstance(redirection, Mapping):
            redirection = dict.fromkeys(CHEMICALS + ENGINEERING, redirection)
        for group, target in (redirection or {}).items():
            if group not in GROUPS:
                raise unknown("group", group, GROUPS)
            if not 0 < target < 1:
                raise InputError(f"redirection of group {group} is {target}; a share must lie between 0 and 1")
            g = GROUPS.index(group)
            shift[0, g] = logit(target) - logit(share[0, g])
        return shift

    def _index(self, table: pd.DataFrame, years: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
        """An index of supply or demand, year x group, and which groups it holds."""
        if strange := [g for g in table.columns if g not in GROUPS]:
            raise unknown(f"group of {name}", strange[0], GROUPS)
        if missing := [y for y in years if y not in table.index]:
            raise InputError(f"{name} misses the year {missing[0]}; give an index for every projected year")
        index = table.loc[years].reindex(columns=GROUPS)
        if not (index.isna() | (index >= 0)).all(axis=None):
            raise InputError(f"{name} has a negative index; must be zero or positive")
        return index.fillna(0).to_numpy(), np.array([g in table.columns for g in GROUPS])

    def _shocked(self, sample: np.ndarray, years: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(3.7) One common shock moves a flow's total, own shocks of the groups move its structure only."""
        if self.errors is None or not len(sample):
            return sample
        horizon = years - self.base.year
        if horizon.max() > (end := self.errors.index.max()):
            raise InputError(f"forecast errors end at horizon {end}; the path asks for {horizon.max()} years")
        deviation = self.errors.reindex(range(end + 1), fill_value=0).loc[horizon]
        total, group = (deviation[[f"{f}_{k}" for f in FLOWS]].to_numpy()[None, :, :, None] for k in ("total", "group"))
        common = rng.standard_normal((len(sample), 1, len(FLOWS), 1))
        moved = sample * np.exp(group * rng.standard_normal((len(sample), 1, len(FLOWS), len(GROUPS))))
        return moved * (sample.sum(-1) / moved.sum(-1))[..., None] * np.exp(total * common)


def _quantiles(draws: np.ndarray) -> dict[str, np.ndarray]:
    return dict(zip(QUANTILES, np.quantile(draws, list(QUANTILES.values()), axis=0), strict=True)) if len(draws) else {}


def engineering_chemicals_share(projection: Projection, prices: str = "current") -> pd.DataFrame:
    """Share of engineering and chemical goods (HS 28-40 and 84-90) by flow and year, fraction; quantiles with draws.

    prices: "current", or "base" for the prices of the base year (current prices move the share with oil alone).
    """
    return projection._frame(share_draws(projection, prices), "share")


def share_draws(projection: Projection, prices: str = "current") -> tuple[np.ndarray, np.ndarray]:
    """The same share as arrays: central (years, flows) and draws (draws, years, flows), fraction."""
    weight = np.zeros((len(FLOWS), len(GROUPS)))
    weight[:, [GROUPS.index(g) for g in CHEMICALS + ENGINEERING]] = 1
    weight[:, GROUPS.index("90-99")] = projection.base.chapter_90.reindex(FLOWS)
    central, draws = ((v * weight).sum(-1) / v.sum(-1) for v in projection.values(prices))
    return central, draws


def china_share_of(model: TradeModel, groups: Iterable[str]) -> float:
    """China's share in Russia's exports of these groups together in the base year, fraction."""
    value, share = model.base.value[FLOWS[0]][list(groups)], model.base.share[FLOWS[0]][list(groups)]
    return float(value.sum() / (value / share).sum())


def targets(projection: Projection, total_bn_usd: float, year: int = 2030) -> pd.DataFrame:
    """What a turnover target asks of each flow and group, current bn USD and growth per year from the base (%).

    required: the projection scaled as a whole; alone: this group carries the whole gap (growth as well). Raises
    InputError for a year outside the projection and for a total that is not positive.
    """
    if year not in projection.years or year <= projection.base.year:
        raise unknown("target year", year, [y for y in projection.years if y > projection.base.year])
    if not total_bn_usd > 0:
        raise InputError(f"turnover target is {total_bn_usd} bn USD; must be positive")
    first = projection.base.value.rename_axis(index="group", columns="flow").unstack()
    first = first.rename("base_bn_usd").reset_index()
    rows = projection.table[projection.table["year"] == year].merge(first, on=["flow", "group"])
    gap = total_bn_usd - rows["value_bn_usd"].sum()
    levels = {
        "projected": rows["value_bn_usd"],
        "required": rows["value_bn_usd"] * total_bn_usd / rows["value_bn_usd"].sum(),
        "alone": (rows["value_bn_usd"] + gap).where(rows["value_bn_usd"] + gap > 0),
    }
    result = rows[["flow", "group", "base_bn_usd"]].copy()
    for name, level in levels.items():
        result[f"{name}_bn_usd"] = level
        growth = (level / rows["base_bn_usd"]) ** (1 / (year - projection.base.year)) - 1
        result[f"{name}_growth_pct"] = 100 * growth
    return result


def lever_effects(model: TradeModel, size: str = "central") -> pd.DataFrame:
    """Effect of each lever alone and of all together in the last year, beside no lever.

    Returns lever x (exports_bn_usd, imports_bn_usd: change at base-year prices; engineering_chemicals_pp: change of
    their share in Russia's exports to China at base-year prices, percentage points).
    """
    names = [] if model.levers is None else sorted(set(model.levers["lever"]))
    rows = {}
    for name, levers in {
        "none": {},
        **{n: {n: size} for n in names},
        "all together": dict.fromkeys(names, size),
    }.items():
        projection = model.project(levers=levers)
        share = engineering_chemicals_share(projection, "base").set_index(["flow", "year"])["share"]
        flows = projection.values("base")[0][-1].sum(-1)
        rows[name] = [*flows, 100 * share[FLOWS[0], projection.years[-1]]]
    names = ["exports_bn_usd", "imports_bn_usd", "engineering_chemicals_pp"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=names).rename_axis("lever")
    return (table - table.loc["none"]).drop(index="none")


def redirection_needed(model: TradeModel, points: float, year: int = 2030) -> float:
    """China's share in Russia's engineering and chemical exports (every group alike) that lifts their share in exports
    to China by `points` percentage points over the path without it, in `year` at current prices; nan if none does.
    """
    from scipy.optimize import brentq

    years = range(model.base.year, year + 1)

    def share(target: float | None) -> float:
        table = engineering_chemicals_share(model.project(years=years, redirection=target)).set_index(["flow", "year"])
        return 100 * table["share"][FLOWS[0], year]

    wanted = share(None) + points
    if not share(1e-4) < wanted < share(0.999):
        return float("nan")
    return float(brentq(lambda target: share(target) - wanted, 1e-4, 0.999, xtol=1e-8))


def valuation(
    values: pd.DataFrame, mapping: pd.DataFrame, flow: str = "RUS_to_CHN", rub_per_usd: float = 67.05
) -> pd.DataFrame:
    """(3.6) Sectors at basic prices to commodity groups at customs prices: X_g = sum_i share_ig margin_i x_i / rate.

    values: sector x anything (years, scenarios), bn RUB at 2016 basic prices, goods sectors only. mapping: flow,
    sector, group, share (sums to 1 by sector), margin (purchasers' over basic value). rub_per_usd: mean rate of 2016.
    Returns group x the same columns, bn USD at 2016 customs prices. Raises InputError for an unknown flow or sector and
    for shares that do not sum to 1.
    """
    if flow not in FLOWS:
        raise unknown("flow", flow, FLOWS)
    part = mapping[mapping["flow"] == flow]
    total = part.groupby("sector")["share"].sum()
    if (off := (total - 1).abs()).max() > 1e-4:
        raise InputError(f"shares of sector {off.idxmax()} in {flow} sum to {total[off.idxmax()]:g}; must sum to 1")
    if strange := [s for s in values.index if s not in total.index]:
        raise unknown("sector", strange[0], total.index)
    weight = part.assign(w=part["share"] * part["margin"]).pivot(index="group", columns="sector", values="w").fillna(0)
    return (weight[list(values.index)] @ values).reindex(GROUPS, fill_value=0.0) / rub_per_usd
