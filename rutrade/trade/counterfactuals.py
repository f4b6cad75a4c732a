"""What could change in the world: shocks as functions, the world of a later year, and draws of what is uncertain.

Each function gives `Shocks`; `together` joins several; `equilibrium.solve_shocks` solves them. All hats are new over
the benchmark; values are bn USD.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from rutrade import InputError, unknown
from rutrade.draws import triangular
from rutrade.trade.equilibrium import WorldSolution, solve_shocks, with_theta
from rutrade.trade.hats import Targets
from rutrade.trade.shocks import Shocks, named
from rutrade.trade.world import Benchmark

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


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
    return named(
        b, trade_cost={(exporter, importer, s): (1 + (1 - removed) * t) / (1 + t) for s, t in rates.items()}
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


def oil_price(b: Benchmark, hat: float) -> tuple[Shocks, Targets]:
    """No shock, and the target that the world price of crude is `hat`, over world value added, (3.15)."""
    if not hat > 0:
        raise InputError(f"oil_price is {hat}; a hat must be positive")
    return Shocks.none(b), Targets(oil_price=float(hat))


def growth(b: Benchmark, hats: Mapping[str, float]) -> tuple[Shocks, Targets]:
    """No shock, and the target that the volume of GDP of the named regions is a hat, that of others 1, (3.14).

    Raises InputError for an unknown region or a hat that is not positive.
    """
    target = named(b, labour=hats).labour
    return Shocks.none(b), Targets(gdp=target)


def together(*parts: Shocks) -> Shocks:
    """Several shocks at once: hats multiply, changes of the balance add. Raises InputError for two given prices."""
    first, *rest = parts
    for s in rest:
        if (first.given & s.given).any():
            raise InputError("two shocks give the price of one sector; only one may")
        first = Shocks(
            first.productivity * s.productivity, first.trade_cost * s.trade_cost, first.labour * s.labour,
            first.resources * s.resources, first.balance, first.demand * s.demand,
            np.where(first.given, first.fob, s.fob),
        )  # fmt: skip
    return first


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
) -> WorldSolution:
    """The world of a later year without any shock: growth (3.14), oil (3.15), balances of `balance_years`.

    brent: "low", "mid", "high" or USD a barrel. gdp: factors on the hats of GDP volume by region. balance_years None
    keeps the benchmark's balance. Values are scaled to the year's world nominal GDP; `rebased()` makes the solution a
    benchmark. Raises InputError for a year outside the paths or an unknown price path.
    """
    known = sorted(set(paths.volume.index) & set(paths.brent.index))
    known = [y for y in known if y >= paths.base]
    if year not in known:
        raise unknown("year of the world's baseline", year, known)
    if isinstance(brent, str) and brent not in paths.brent:
        raise unknown("path of Brent", brent, list(paths.brent))
    factors = named(b, labour=gdp).labour
    target = paths.gdp(year).reindex(list(b.region_codes)).to_numpy(float) * factors
    shocks = Shocks.none(b)
    if balance_years is not None:
        shocks = replace(shocks, balance=paths.balance(b, balance_years))
    oil = paths.oil(year, brent)
    solution = solve_shocks(b, shocks, targets=Targets(gdp=target, oil_price=oil))
    return replace(solution, nominal=paths.scale(year))


def growth_errors(paths: WorldPaths, horizon: int) -> np.ndarray:
    """What a forecast of unchanged growth would have missed: origins x regions, log of the GDP volume after `horizon`.

    Each row is one origin of the past, so that errors of regions keep their connection. Centred on zero. Wider than
    the errors of the IMF's own forecasts are likely to be.
    """
    growth = np.log1p(paths.volume.loc[: paths.last_known])
    before = growth.rolling(horizon).mean()
    after = before.shift(-horizon)
    gap = ((after - before) * horizon).dropna().to_numpy(float)
    return gap - gap.mean(0)


@dataclass(frozen=True, eq=False)
class WorldDraws:
    """Draws: parameters (draw x theta by family, brent, growth origin) and one row of figures a draw.

    figures: draw x figure; `intervals()` gives their quantiles. central: the same figures at central values.
    """

    parameters: pd.DataFrame
    figures: pd.DataFrame
    central: pd.Series

    def intervals(self) -> pd.DataFrame:
        """Figure, central, and the quantiles q05 to q95 over the draws."""
        table = self.figures.quantile(list(QUANTILES)).T
        table.columns = [f"q{100 * q:02.0f}" for q in QUANTILES]
        table.insert(0, "central", self.central)
        return table.rename_axis("figure").reset_index()


def draws(
    b: Benchmark,
    theta: pd.DataFrame,
    paths: WorldPaths | None = None,
    year: int | None = None,
    shock: Callable[[Benchmark], Shocks] | None = None,
    number: int = 1000,
    seed: int = 0,
    workers: int = 1,
) -> WorldDraws:
    """Draws of what is uncertain: theta over its studies, and with `paths` and `year` growth and oil too.

    theta: data table; a draw takes one study for each family of sectors. Growth: errors of one past origin
    (`growth_errors`) for all regions. Brent: triangular between its paths. shock: a counterfactual on top, a function
    of the benchmark it starts from; figures then hold its effects too. Figures: value (bn USD) of both flows between
    Russia and China by group, and with a shock "... change %" of each, China's share and welfare. The same seed gives
    the same bytes on any number of workers; memory does not grow with the states. Raises InputError for draws < 1.
    """
    if number < 1:
        raise InputError(f"draws is {number}; must be 1 or more")
    parameters, thetas, factors = _parameters(b, theta, paths, year, number, seed)
    brent = parameters["brent"].to_numpy() if "brent" in parameters else np.full(number, np.nan)
    tasks = [(thetas[k], factors[k], brent[k]) for k in range(number)]
    central = _figures(b, (b.theta, np.ones(len(b.regions)), np.nan), paths, year, shock)
    rows = _parallel(tasks, b, paths, year, shock, workers)
    return WorldDraws(parameters, pd.DataFrame(rows).rename_axis("draw"), pd.Series(central))


def _parameters(b: Benchmark, theta: pd.DataFrame, paths, year, number: int, seed: int):
    """Drawn parameters as a table, theta (draw x sector), factors on GDP (draw x region)."""
    rng = np.random.default_rng(seed)
    values = theta.pivot(index="sector", columns="study", values="value").reindex(list(b.sector_codes))
    families = b.sectors["theta_family"].astype(str)
    names = list(dict.fromkeys(sorted(families)))
    columns = sorted(values.columns)
    chosen = rng.integers(len(columns), size=(number, len(names)))
    study = chosen[:, [names.index(f) for f in families]]
    thetas = values[columns].to_numpy(float)[np.arange(len(b.sectors)), study]
    parameters = pd.DataFrame({f"theta, {n}": [columns[c] for c in chosen[:, k]] for k, n in enumerate(names)})
    factors = np.ones((number, len(b.regions)))
    if paths is not None:
        low, mid, high = (float(paths.brent.at[year, c]) for c in ("low", "mid", "high"))
        parameters["brent"] = triangular(rng.random(number), low, mid, high)
        errors = growth_errors(paths, max(year - paths.last_known, 1))
        origin = rng.integers(len(errors), size=number)
        parameters["growth origin"] = origin
        order = [list(paths.volume.columns).index(r) for r in b.region_codes]
        factors = np.exp(errors[origin][:, order])
    return parameters, thetas, factors


def _figures(b: Benchmark, task, paths, year, shock) -> dict[str, float]:
    """Figures of one draw."""
    theta, factor, brent = task
    b = with_theta(b, theta)
    if paths is None:
        start = solve_shocks(b, Shocks.none(b))
    else:
        level = "mid" if np.isnan(brent) else float(brent)
        start = baseline(b, paths, year, level, dict(zip(b.region_codes, factor, strict=True)))
    figures = {}
    groups = ["goods", *start._groups()]
    pairs = [("RUS", "CHN"), ("CHN", "RUS")]
    for pair in pairs:
        for group in groups:
            figures[f"{pair[0]} to {pair[1]}, {group}, bn USD"] = start.flow(*pair, group)
    if shock is None:
        return figures
    base = start.rebased()
    new = solve_shocks(base, shock(base))
    for pair in pairs:
        for group in groups:
            old = start.flow(*pair, group)
            figures[f"{pair[0]} to {pair[1]}, {group}, change %"] = 100 * (new.flow(*pair, group) / old - 1)
    for flow in ("export", "import"):
        change = 100 * (new.share("RUS", "CHN", flow) - start.share("RUS", "CHN", flow))
        figures[f"CHN in the {flow}s of RUS, points"] = change
    for region in ("RUS", "CHN"):
        figures[f"real final demand of {region}, change %"] = 100 * (float(new.welfare[region]) - 1)
    return figures


def _batch(tasks, b: Benchmark, paths, year, shock) -> list[dict[str, float]]:
    return [_figures(b, task, paths, year, shock) for task in tasks]


def _parallel(tasks, b: Benchmark, paths, year, shock, workers: int) -> list[dict[str, float]]:
    """Rows in the order of the tasks; batches go to processes of one thread each."""
    if workers == 1:
        return _batch(tasks, b, paths, year, shock)
    from joblib import Parallel, delayed, parallel_config

    size = max(1, min(50, -(-len(tasks) // (4 * workers))))
    batches = [tasks[k : k + size] for k in range(0, len(tasks), size)]
    with parallel_config(backend="loky", inner_max_num_threads=1):
        rows = Parallel(n_jobs=workers)(delayed(_batch)(batch, b, paths, year, shock) for batch in batches)
    return [row for batch in rows for row in batch]
