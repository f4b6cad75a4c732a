"""What could change in the world: shocks as functions, and the world of a later year.

Each function gives `Shocks`; `together` joins several; `equilibrium.solve_shocks` solves them. All hats are new over
the benchmark; values are bn USD.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from rutrade import InputError, unknown
from rutrade.trade.equilibrium import WorldSolution, solve_shocks
from rutrade.trade.hats import Targets
from rutrade.trade.shocks import Shocks, named
from rutrade.trade.world import Benchmark


def productivity(b: Benchmark, hats: Mapping[str, float], region: str = "RUS") -> Shocks:
    """T of (3.10) in one region by sector or group, hat (1.1: a tenth more output from the same inputs).

    Raises InputError for an unknown name or a hat that is not positive.
    """
    return named(b, productivity={(region, sector): hat for sector, hat in hats.items()})


def trade_cost(
    b: Benchmark, cuts: Mapping[str, float] | float, one: str = "RUS", other: str = "CHN", both: bool = True
) -> Shocks:
    """A cut of tau between two regions, as a share of the delivered price: all goods, or by sector or group.

    both: in both directions, else only for goods from `one` to `other`. Raises InputError for an unknown name or a cut
    of 1 and more.
    """
    cuts = dict(cuts) if isinstance(cuts, Mapping) else {"goods": cuts}
    pairs = [(one, other), (other, one)] if both else [(one, other)]
    return named(b, trade_cost={(*pair, sector): 1 - cut for pair in pairs for sector, cut in cuts.items()})


def tariffs(
    b: Benchmark, table: pd.DataFrame, importer: str, exporter: str, removed: float = 1.0, year: int | None = None
) -> Shocks:
    """Removal of a part of an importer's tariffs on an exporter, by sector, from the data table `tariffs`.

    tau = (1 + (1 - removed) t) / (1 + t) with the rate t of `year` (default: the last with this pair). Revenue is no
    part of (3.13). Sectors without a rate keep their cost. Raises InputError for a pair or year that is not there.
    """
    rows = table[(table["importer"] == importer) & (table["exporter"] == exporter)]
    if rows.empty:
        pairs = sorted({f"{i} on {e}" for i, e in zip(table["importer"], table["exporter"], strict=True)})
        raise unknown("tariff (importer on exporter)", f"{importer} on {exporter}", pairs)
    years = sorted({int(y) for y in rows["year"]})
    if (year := years[-1] if year is None else year) not in years:
        raise unknown("year of tariffs", year, years)
    if not 0 <= removed <= 1:
        raise InputError(f"removed is {removed}; must be between 0 and 1")
    rows = rows[rows["year"] == year].dropna(subset=["rate_pct"])
    rates = dict(zip(rows["sector"], rows["rate_pct"] / 100, strict=True))
    return named(b, trade_cost={(exporter, importer, s): (1 + (1 - removed) * t) / (1 + t) for s, t in rates.items()})


def levers(b: Benchmark, table: pd.DataFrame, groups: pd.DataFrame, sizes: Mapping[str, str | float]) -> Shocks:
    """Trade-cost levers between Russia and China: cuts by commodity group become cuts by sector, by value of trade.

    table: data table `trade_levers` (lever, groups, low, central, high: cut of the delivered price). groups: data table
    `world_groups`, last year. sizes: lever -> "low", "central", "high", or the cut in the groups where it is largest.
    Levers add up within a sector. Raises InputError for an unknown lever or size and a cut of 1 and more.
    """
    known = list(dict.fromkeys(table["lever"]))
    cost: dict[tuple[str, ...], float] = {}
    for lever, size in sizes.items():
        if lever not in known:
            raise unknown("lever", lever, known)
        if isinstance(size, str) and size not in ("low", "central", "high"):
            raise unknown(f"size of the lever '{lever}'", size, ("low", "central", "high"))
    for flow in dict.fromkeys(groups["flow"]):
        weight = _group_values(groups, flow)
        weight = weight / weight.sum()
        cut = pd.Series(0.0, weight.index)
        for lever, size in sizes.items():
            rows = table[table["lever"] == lever]
            level = rows[size] if isinstance(size, str) else float(size) * rows["central"] / rows["central"].max()
            for members, value in zip(rows["groups"], level, strict=True):
                cut[cut.index.isin(members.split("; "))] += value
        exporter, _, importer = flow.split("_")
        by_sector = (weight * cut.to_numpy()[:, None]).sum()
        cost |= {(exporter, importer, sector): 1 - value for sector, value in by_sector.items()}
    return named(b, trade_cost=cost)


def _group_values(groups: pd.DataFrame, flow: str, year: int | None = None) -> pd.DataFrame:
    """Customs values of a flow, group x sector, mn USD; goods without a sector left out; default: the last year."""
    rows = groups[(groups["flow"] == flow) & (groups["sector"] != "unallocated")]
    if rows.empty:
        raise unknown("flow", flow, sorted(set(groups["flow"])))
    years = sorted({int(y) for y in rows["year"]})
    if (year := years[-1] if year is None else year) not in years:
        raise unknown("year of groups by sector", year, years)
    return rows[rows["year"] == year].pivot(index="group", columns="sector", values="value_musd").fillna(0.0)


def customs_hats(solution: WorldSolution, groups: pd.DataFrame, flow: str, year: int | None = None) -> pd.Series:
    """Hat of each commodity group of a flow ("RUS_to_CHN"), (3.16): sum_j W_gj V_j, V the hat of the sector's flow.

    W: share of sector j in the customs value of group g in `year` (data table `world_groups`; default: its last year).
    Raises InputError for an unknown flow or year.
    """
    value = _group_values(groups, flow, year)
    exporter, _, importer = flow.split("_")
    b = solution.benchmark
    n, i = b.region(importer), b.region(exporter)
    places = [b.sector_codes.index(sector) for sector in value.columns]
    old, new = b.trade[n, places, i], solution.trade[n, places, i]
    hat = np.divide(new, old, out=np.ones_like(new), where=old > 0)
    return (value @ hat / value.sum(axis=1)).rename(flow)


def needed(measure: Callable[[float], float], target: float, bracket: tuple[float, float]) -> float:
    """The size of a shock at which `measure` reaches the target; nan when it does not within the bracket.

    measure: what comes out at a size, for instance the share of engineering and chemicals after a cut of trade cost.
    """
    from scipy.optimize import brentq

    low, high = (measure(size) - target for size in bracket)
    if low == 0 or high == 0:
        return bracket[0] if low == 0 else bracket[1]
    if low * high > 0:
        return float("nan")
    return float(brentq(lambda size: measure(size) - target, *bracket, xtol=1e-7))


def by_partner(solution: WorldSolution, region: str) -> pd.DataFrame:
    """Change of a region's trade in goods with each other region, bn USD: partner x (exports, imports), by name.

    Raises InputError for an unknown region.
    """
    b = solution.benchmark
    i, goods = b.region(region), b.sectors_of("goods")
    change = (solution.trade - b.trade)[:, goods].sum(1)
    table = pd.DataFrame({"exports": change[:, i], "imports": change[i]}, pd.Index(b.regions["name"], name="partner"))
    return table[np.arange(len(table)) != i]


def part_of(solution: WorldSolution, exporter: str, importer: str, groups: Iterable[str]) -> float:
    """Share of some groups in the goods of one flow at the solution's prices.

    Raises InputError for an unknown name.
    """
    return sum(solution.flow(exporter, importer, g) for g in groups) / solution.flow(exporter, importer)


def side_by_side(
    b: Benchmark, cases: Mapping[str, Shocks | Targets], groups: Iterable[str] = ("engineering", "chemicals")
) -> pd.DataFrame:
    """What each case changes in trade between Russia and China and in welfare; one row a case.

    Columns: both flows of goods (%), China's share in Russia's exports and the share of `groups` in Russia's exports to
    China (percentage points), real final demand of Russia and China (%). Raises InputError where a case has no
    solution.
    """
    rows, none, groups = {}, Shocks.none(b), tuple(groups)
    start = solve_shocks(b, none)
    for name, case in cases.items():
        found = solve_shocks(b, none, None, case) if isinstance(case, Targets) else solve_shocks(b, case)
        rows[name] = {
            "Russia to China, %": 100 * (found.flow("RUS", "CHN") / start.flow("RUS", "CHN") - 1),
            "China to Russia, %": 100 * (found.flow("CHN", "RUS") / start.flow("CHN", "RUS") - 1),
            "China in Russia's exports, pp": 100 * (found.share("RUS", "CHN") - start.share("RUS", "CHN")),
            "engineering and chemicals, pp": 100 * sum(
                sign * part_of(s, "RUS", "CHN", groups) for sign, s in ((1, found), (-1, start))
            ),
            "Russia's real demand, %": 100 * (float(found.welfare["RUS"]) - 1),
            "China's real demand, %": 100 * (float(found.welfare["CHN"]) - 1),
        }  # fmt: skip
    return pd.DataFrame(rows).T.rename_axis("change")


def needed_for(
    b: Benchmark, points: float, cases: Mapping[str, tuple[Callable[[float], Shocks], tuple[float, float]]]
) -> pd.Series:
    """Size of each case at which engineering and chemicals gain `points` in Russia's exports to China; nan: never.

    cases: name -> (size -> shocks, bracket of sizes). Benchmark prices move with the solution. Raises InputError where
    a size within the bracket has no solution.
    """
    groups = ("engineering", "chemicals")
    start = part_of(solve_shocks(b, Shocks.none(b)), "RUS", "CHN", groups)

    def gained(make: Callable[[float], Shocks]) -> Callable[[float], float]:
        return lambda size: 100 * (part_of(solve_shocks(b, make(size)), "RUS", "CHN", groups) - start)

    return pd.Series(
        {name: needed(gained(make), points, bracket) for name, (make, bracket) in cases.items()}, dtype=float
    )


def sanctions(
    b: Benchmark, increase: float = 0.2, on: str = "RUS", by: Iterable[str] | None = None, sector: str = "goods"
) -> Shocks:
    """A rise of tau between a region and others, both directions, as a share of the delivered price.

    by: regions that impose it (default: those marked `sanctions` in their table). Raises InputError for an unknown
    name or an increase of -1 and less.
    """
    by = list(b.regions.index[b.regions["sanctions"].astype(bool)]) if by is None else list(by)
    if on in by:
        raise InputError(f"sanctions: {on} cannot be among those who impose them")
    pairs = [pair for region in by for pair in ((on, region), (region, on))]
    return named(b, trade_cost={(*pair, sector): 1 + increase for pair in pairs})


def oil_supply(b: Benchmark, hat: float, regions: Iterable[str] | None = None) -> Shocks:
    """The specific factor of oil and gas extraction, R of (3.13), in some regions (default: all).

    Raises InputError for an unknown region or a hat that is not positive.
    """
    oil = [code for code, is_oil in zip(b.sector_codes, b.sectors["oil"].to_numpy(bool), strict=True) if is_oil]
    regions = b.region_codes if regions is None else regions
    return named(b, resources={(region, sector): hat for region in regions for sector in oil})


def growth(b: Benchmark, hats: Mapping[str, float]) -> Targets:
    """The target that the volume of GDP of the named regions is a hat and that of all others 1, (3.14).

    Raises InputError for an unknown region or a hat that is not positive.
    """
    return Targets(gdp=named(b, labour=hats).labour)


def together(b: Benchmark, *parts: Shocks) -> Shocks:
    """Several shocks at once: hats multiply, changes of the balance add up.

    Raises InputError when two of them give the price of one sector.
    """
    sums = {"balance": b.balance + sum(s.balance - b.balance for s in parts)}
    for name in ("productivity", "trade_cost", "labour", "resources", "demand"):
        sums[name] = np.prod([getattr(s, name) for s in parts], axis=0)
    fob = np.full_like(b.output, np.nan)
    for s in parts:
        if (s.given & ~np.isnan(fob)).any():
            raise InputError("two shocks give the price of one sector; only one may")
        fob = np.where(s.given, s.fob, fob)
    return Shocks(fob=fob, **sums)


@dataclass(frozen=True, eq=False)
class WorldPaths:
    """What is known and expected of the world by year.

    volume: growth of the volume of GDP, fraction, year x region. nominal: nominal GDP, bn USD, year x region. brent:
    low, mid, high, USD a barrel, by year. current_account: bn USD, year x region (those known). base: the benchmark's
    year; last_known: last year that is not a projection.
    """

    volume: pd.DataFrame
    nominal: pd.DataFrame
    brent: pd.DataFrame
    current_account: pd.DataFrame
    base: int = 2022
    last_known: int = 2024

    @property
    def years(self) -> list[int]:
        """Years of a baseline: from the base on, with growth and prices."""
        return sorted(int(y) for y in set(self.volume.index) & set(self.brent.index) if y >= self.base)

    def gdp(self, year: int) -> pd.Series:
        """Hat of the volume of GDP by region, from the base to `year`, (3.14)."""
        years = range(self.base + 1, year + 1)
        return (1 + self.volume.loc[list(years)]).prod()

    def scale(self, year: int) -> float:
        """World nominal GDP of `year` over that of the base."""
        total = self.nominal.sum(axis=1)
        return float(total[year] / total[self.base])

    def balance(self, b: Benchmark, years: tuple[int, int]) -> np.ndarray:
        """D' when current accounts are as in the mean of `years`: the benchmark's D less the change of the accounts.

        Accounts are taken at the base's world GDP. Regions without one share what is left by value added.
        """
        deflated = self.current_account.loc[years[0] : years[1]]
        deflated = deflated.div([self.scale(y) for y in deflated.index], axis=0).mean()
        change = deflated - self.current_account.loc[self.base]
        start = dict(zip(b.region_codes, b.balance, strict=True))
        return named(b, balance={r: start[r] - change[r] for r in change.index}).balance

    def oil(self, year: int, level: str | float = "mid") -> float:
        """Hat of Brent over world nominal GDP, from the base to `year`, (3.15); level: column, or USD a barrel."""
        brent = level if isinstance(level, (int, float)) else self.brent.at[year, level]
        return float(brent / self.brent.at[self.base, "mid"] / self.scale(year))


def baseline(
    b: Benchmark,
    paths: WorldPaths,
    year: int,
    brent: str | float = "mid",
    gdp: Mapping[str, float] | None = None,
    balance_years: tuple[int, int] | None = (2023, 2025),
    start: WorldSolution | None = None,
) -> WorldSolution:
    """The world of a later year without any shock: growth (3.14), oil (3.15), balances of `balance_years`.

    brent: "low", "mid", "high" or USD a barrel. gdp: factors on the hats of GDP volume by region. balance_years None
    keeps the benchmark's balance. start: a baseline close by. Values are scaled to the year's world nominal GDP;
    `rebased()` makes the solution a benchmark. Raises InputError for a year outside the paths or an unknown price path.
    """
    if year not in (known := paths.years):
        raise unknown("year of the world's baseline", year, known)
    if isinstance(brent, str) and brent not in paths.brent:
        raise unknown("path of Brent", brent, list(paths.brent))
    factors = named(b, labour=gdp).labour
    target = paths.gdp(year).reindex(list(b.region_codes)).to_numpy(float) * factors
    shocks = Shocks.none(b)
    if balance_years is not None:
        shocks = replace(shocks, balance=paths.balance(b, balance_years))
    oil = paths.oil(year, brent)
    solution = solve_shocks(b, shocks, start, Targets(gdp=target, oil_price=oil))
    return replace(solution, nominal=paths.scale(year))
