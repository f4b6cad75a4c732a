"""The coefficients of one stage of model 2, from the regional tables and the exogenous paths."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from rutrade import InputError, unknown
from rutrade.economy.curves import Curves
from rutrade.economy.options import FIRST_ROUND, Options
from rutrade.economy.regional import VALUE_ADDED, RegionalTables
from rutrade.economy.substitution import (
    cheaper_consumed_more,
    constant_value_shares,
    linear_expenditure,
    price_path,
    techniques,
)

PARTNERS = ("CHN", "ROW")


TANGENTS = np.geomspace(0.4, 2.5, 40)  # points of (2.7), times the investment of the base year


SMALL = 1e-6  # bn RUB: smaller base flows are not stated


MAX_IMPORT_SHARE = 0.98


BASE, FORECAST = 2016, 2030  # the tables' year, the last year of the forecast behind the paths
CALIBRATED = 2016, 2019  # the years whose growth and investment give the scale of capital


@dataclass(frozen=True, eq=False)  # two are the same only if they are one: a table has no hash
class Paths:
    """Exogenous paths: `frame` with columns variable, sector, region, year, value (table 'economy_paths')."""

    frame: pd.DataFrame
    _rows: Mapping[tuple[str, int], np.ndarray] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_rows", self.frame.groupby(["variable", "year"]).indices)

    def at(self, variable: str, year: int, by: str | None = None) -> Any:
        """The value in a year: a number, or a Series by 'sector' or 'region'. A year without a row is refused."""
        if not self.covers(variable, year):
            known = self.frame.loc[self.frame["variable"] == variable, "year"]
            if known.empty:
                raise unknown("path", variable, sorted(self.frame["variable"].unique()))
            raise InputError(f"path '{variable}' misses the year {year}; it has {sorted(map(int, known.unique()))}")
        rows = self.frame.iloc[self._rows[variable, year]]
        return float(rows["value"].iloc[0]) if by is None else rows.set_index(by)["value"]

    def covers(self, variable: str, year: int) -> bool:
        """Whether a path has a value in a year."""
        return (variable, year) in self._rows

    def scaled(self, variable: str, factor: float, years: Sequence[int] | None = None) -> "Paths":
        """The same paths with one variable multiplied by a factor (in the given years, or all).

        Raises InputError for an unknown path.
        """
        chosen = self.frame["variable"] == variable
        if not chosen.any():
            raise unknown("path", variable, sorted(self.frame["variable"].unique()))
        if years is not None:
            chosen &= self.frame["year"].isin(years)
        return Paths(self.frame.assign(value=self.frame["value"].where(~chosen, self.frame["value"] * factor)))


@dataclass(frozen=True)
class Bands:
    """Half-width b of (2.12) around the shares of deliveries and imports in use and around the export path."""

    deliveries: float = 0.2
    imports: float = 0.1
    exports: float = 0.05

    def __post_init__(self) -> None:
        for name in ("deliveries", "imports", "exports"):
            if not 0 <= getattr(self, name) < 1:
                raise InputError(f"band of {name} is {getattr(self, name)}; allowed is 0 to below 1")


@dataclass(frozen=True)
class State:
    """Where a stage starts: the year, output (r, j) and investment (r) of its base."""

    year: int
    output: np.ndarray
    investment: np.ndarray


@dataclass(frozen=True)
class Stage:
    """Coefficients of one stage's program, index order in brackets; the statement of the LP reads only these."""

    year: int
    span: int
    regions: tuple[str, ...]
    sectors: tuple[str, ...]
    inputs: np.ndarray  # a (s, i, j): total input coefficients
    capital_mix: np.ndarray  # b (s, i) per unit of investment
    consumption_mix: np.ndarray  # c or beta (s, i) per unit of z, sums to 1: holds the territorial structure (2.11)
    fixed_use: np.ndarray  # g (s, i): government, stocks and the fixed part gamma of consumption
    delivery_share: np.ndarray  # sigma (i, r, s), of use, or of domestic deliveries with an isoquant
    import_share: np.ndarray  # mu (i, s)
    china_import_share: np.ndarray  # (i)
    export_centre: np.ndarray  # (i, r, k)
    export_price: float
    import_price: float
    external_balance: float  # S
    labour_coefficient: np.ndarray  # l (r, j), thousand persons, or bn RUB of base pay, per bn RUB
    labour: np.ndarray  # L (r)
    retained: np.ndarray  # upper bound of x0 (r, j)
    capital_coefficient: np.ndarray  # kappa * k (r, j)
    investment_base: np.ndarray  # inv0 (r)
    investment_path: np.ndarray  # lower bound of inv (r)
    rail_tonnes: np.ndarray  # (i, r, k) Mt per bn RUB of exports that use the Eastern range
    rail_capacity: float  # Mt; infinite: no limit known for the year
    value_added: np.ndarray  # v (r, j) per unit of output
    bands: Bands
    nested: bool = False  # deliveries within bands around domestic deliveries, and not around use
    terminal: np.ndarray | None = None  # investment per unit of output that growth after the stage needs (r, j)
    techniques: tuple[np.ndarray, np.ndarray] | None = None  # capital and labour of new capacity over path (r, j, n)
    staff_pay: float = 1.0  # labour, in the unit of its row, of a thousand persons of a project
    fixed_consumption: np.ndarray | None = None  # gamma (s, i), part of fixed_use
    curves: Curves | None = None  # (2.12'); None: bands
    productivity: np.ndarray | float = 1.0  # T (r, j): output per unit of activity x, whose inputs stay
    import_prices: np.ndarray | float = 1.0  # (i), relative to the path's import price

    @property
    def export_room(self) -> np.ndarray:
        """How far exports may fall below their path (i, r, k): the band, and below it what a rail limit takes away.

        The room goes in steps of 10 Mt of the limit, so that within a step the limit's price is that of (2.10) alone.
        """
        used = (self.rail_tonnes * self.export_centre).sum()
        limit = 10 * np.round(self.rail_capacity / 10) - 5
        kept = np.where(self.rail_tonnes > 0, min(1.0, limit / max(used, 1e-9)), 1.0)
        return self.export_centre * (1 - (1 - self.bands.exports) * kept)

    @property
    def reference_investment(self) -> np.ndarray:
        """Investment that scales the reciprocal problem (r): the floor of (2.9), or that of the stage's base."""
        return np.where(self.investment_path > 0, self.investment_path, self.investment_base)

    @property
    def cuts(self) -> tuple[np.ndarray, np.ndarray]:
        """Slope (p, r) and intercept (p, r) of the tangents to Phi^r(inv) of (2.7)."""
        t = np.arange(1, self.span + 1) / max(self.span, 1)
        powers = TANGENTS[:, None] ** t
        value, slope = powers.sum(1), (t * powers).sum(1) / TANGENTS  # of sum_t q^(t/T), q = inv / inv0
        slope = np.repeat(slope[:, None], len(self.regions), 1)
        return slope, (value - slope[:, 0] * TANGENTS)[:, None] * self.investment_base

    def fund(self, investment: np.ndarray) -> np.ndarray:
        """Phi^r(inv) of (2.7), bn RUB cumulated over the stage (r)."""
        q = investment / self.investment_base
        return self.investment_base * sum(q ** (t / self.span) for t in range(1, self.span + 1))


def _by_sector(
    tables: RegionalTables, paths: Paths, variable: str, year: int, weights: np.typing.ArrayLike,
    default: float | None = None,
) -> np.ndarray:  # fmt: skip
    """A path by sector in the tables' sectors: weighted means where the tables are aggregated."""
    base = tables.data.sectors.index
    values = paths.at(variable, year, "sector").reindex(base)
    if default is not None:
        values = values.fillna(default)
    if values.isna().any():
        raise InputError(f"path '{variable}' misses sector {values.index[values.isna()][0]} in {year}")
    if tables.sectors == tuple(base):
        return values.to_numpy(float)
    w = np.maximum(pd.Series(np.asarray(weights, float), base), 1e-12)
    group = tables.data.sectors["sector12"]
    return ((values * w).groupby(group).sum() / w.groupby(group).sum())[list(tables.sectors)].to_numpy(float)


def base_state(tables: RegionalTables) -> State:
    """The base year 2016: output and investment of the regional tables."""
    return State(2016, tables.output, (tables.final_domestic + tables.final_import)[:, :, 2].sum(1))


def calibrate_capital(tables: RegionalTables, paths: Paths, nodes: tuple[int, int] = CALIBRATED) -> float:
    """Scale kappa of the capital coefficients: capital for uniform growth by GDP over `nodes` uses the whole fund."""
    before, after = (paths.at("gdp", year) / paths.at("gdp", BASE) for year in nodes)
    spent = StageInputs(tables, paths, nodes[0], Bands(), FIRST_ROUND).investment()[1]
    start = State(nodes[0], tables.output * before, base_state(tables).investment if nodes[0] == BASE else spent)
    stage = stage_of(tables, nodes[1], paths, start, Bands(), 1.0)
    needed = (stage.capital_coefficient * np.maximum(after * tables.output - stage.retained, 0)).sum()
    return float(stage.fund(stage.investment_path).sum() / needed)


def elasticities(tables: RegionalTables, paths: Paths) -> tuple[np.ndarray, np.ndarray]:
    """Elasticity of export demand (i, k) and of substitution between domestic and imported products (i)."""
    nat = tables.data.national
    demand = _by_sector(tables, paths, "export_elasticity", BASE, nat.domestic["exports"])
    substitution = _by_sector(tables, paths, "import_elasticity", BASE, nat.imported.sum(axis=1))
    return np.repeat(demand[:, None], len(PARTNERS), 1), substitution


def stage_of(
    tables: RegionalTables, year: int, paths: Paths, base: State, bands: Bands, kappa: float, capacity: float = 1.0,
    options: Options = FIRST_ROUND,
) -> Stage:  # fmt: skip
    """Coefficients of the stage from `base.year` to `year`; the reference with bands where trade follows curves."""
    given = StageInputs(tables, paths, year, bands, options, base.year)
    inputs, spending, fixed = given.demand()
    mu, sigma = given.sources()
    centre = given.exports()
    labour = given.labour()
    inv0, investment = given.investment()
    survival = (1 - paths.at("retirement", BASE)) ** (year - base.year)
    capital = given.capital() * kappa
    rail = {"plan": "rail_capacity_plan", "held": "rail_capacity"}[options.rail]
    return Stage(
        year=year, span=year - base.year, regions=tables.regions, sectors=tables.sectors,
        inputs=inputs,
        capital_mix=inv0 / inv0.sum(1)[:, None],
        consumption_mix=spending,
        fixed_use=given.public() + fixed,
        delivery_share=sigma,
        import_share=mu,
        china_import_share=given.china("import", given.imports36),
        export_centre=centre,
        export_price=paths.at("export_price", year), import_price=paths.at("import_price", year),
        external_balance=given.external_balance(centre),
        labour_coefficient=labour / given.x / given.productivity(), labour=labour.sum(1) * given.shift,
        retained=np.where(given.produced, base.output, 0) * survival * capacity,
        capital_coefficient=capital,
        investment_base=base.investment,
        investment_path=investment,
        rail_tonnes=given.rail(),
        rail_capacity=paths.at(rail, year) if paths.covers(rail, year) else np.inf,
        value_added=np.where(given.produced, tables.gva / given.x, 0.0),
        bands=bands,
        nested=options.trade == "curves",
        terminal=given.terminal(capital),
        techniques=given.techniques(capital),
        staff_pay=given.pay_of_staff(),
        fixed_consumption=fixed,
    )  # fmt: skip


@dataclass(frozen=True)
class StageInputs:
    """Tables, paths and options of one stage, and what follows from them for its year."""

    tables: RegionalTables
    paths: Paths
    year: int
    bands: Bands
    options: Options
    start: int = BASE  # where the stage starts

    @property
    def x(self) -> np.ndarray:
        """Output of the base year (r, i), bn RUB; above zero, so that it can divide."""
        return np.maximum(self.tables.output, 1e-300)

    @property
    def produced(self) -> np.ndarray:
        """Whether a region produces a product in the base year (r, i)."""
        return self.tables.output > SMALL

    @property
    def final(self) -> np.ndarray:
        """Final demand for domestic and imported products together (s, i, category), bn RUB."""
        return self.tables.final_domestic + self.tables.final_import  # (s, i, category)

    @property
    def exports36(self) -> pd.Series:
        """National exports by sector of the national table, bn RUB: weights where sectors are merged."""
        return self.tables.data.national.domestic["exports"]

    @property
    def imports36(self) -> pd.Series:
        """National imports by product of the national table, bn RUB: weights where sectors are merged."""
        return self.tables.data.national.imported.sum(axis=1)

    @property
    def shift(self) -> np.ndarray:
        """Labour by region relative to the base year."""
        return self.by_region(self.ratio("labour", "region")).to_numpy()

    def by_region(self, values: pd.Series) -> pd.Series:
        """A path by region; a region without a row of its own follows its district."""
        districts = self.tables.districts
        own = values.reindex(districts.index)
        return own.fillna(values.reindex(districts).set_axis(districts.index))

    @property
    def projected(self) -> bool:
        """Whether the stage ends after the observed years and investment has to be asked for by (2.9')."""
        return self.options.investment == "terminal" and self.year > self.options.observed_to

    def ratio(self, variable: str, by: str | None = None) -> Any:
        """A path in the stage's year over the base year."""
        return self.paths.at(variable, self.year, by) / self.paths.at(variable, BASE, by)

    def sector(
        self, variable: str, weights: np.typing.ArrayLike, year: int | None = None, default: float | None = None
    ) -> np.ndarray:
        """A path by sector of the tables, in the stage's or another year; merged sectors by `weights`."""
        return _by_sector(self.tables, self.paths, variable, year or self.year, weights, default)

    def follow(self, values: np.ndarray) -> np.ndarray:
        """(2.2a) Values by region (s, ...) moved with labour, same national total.

        Held at 2016, the district that loses most workers would bound the whole country's consumption through what
        must be supplied on the spot.
        """
        moved = values * self.shift.reshape(-1, *[1] * (values.ndim - 1))
        return moved * values.sum() / moved.sum()

    def productivity(self) -> np.ndarray:
        """Productivity of labour by sector, weighted by employment, as its path states it."""
        return self.sector("productivity", self.tables.data.employment)

    def demand(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Input coefficients a (s, i, j), consumption c or beta (s, i) per unit of z, and its fixed part (s, i)."""
        t, theta = self.tables, self.options.value_shares
        inputs = (t.use_domestic + t.use_import) / self.x[:, None, :] * self.produced[:, None, :]
        household = self.final[:, :, 0]
        spending = self.follow(household / household.sum())
        if theta:  # (2.2')
            country = (t.use_domestic + t.use_import).sum(0) / t.output.sum(0)
            prices = price_path(country, 1 - country.sum(0), self.productivity())
            inputs = constant_value_shares(inputs, prices, theta)
            spending = cheaper_consumed_more(spending, prices, theta)
        if not self.options.engel:
            return inputs, spending, np.zeros_like(spending)
        weights = self.tables.data.national.domestic["household_consumption"]
        elasticity = self.sector("income_elasticity", weights, BASE)
        fixed, marginal = linear_expenditure(spending, household.sum(), elasticity)  # (2.2'')
        return inputs, marginal, fixed

    def sources(self) -> tuple[np.ndarray, np.ndarray]:
        """(2.12) moving centres: import shares mu (i, s) follow their path, deliveries sigma (i, r, s) the rest."""
        t = self.tables
        rho = self.sector("import_share", self.imports36)
        total_use = t.domestic_use + t.imports  # (s, i)
        mu0 = np.where(t.imports > SMALL, t.imports / total_use, 0).T  # (i, s)
        mu = np.minimum(mu0 * rho[:, None], np.where(mu0 > MAX_IMPORT_SHARE, mu0, MAX_IMPORT_SHARE))
        flows = np.where(t.flows > SMALL, t.flows, 0)
        received = flows.sum(1)
        sigma = flows / np.where(received > 0, received, 1)[:, None, :]
        mu = np.where(received > 0, mu, 1.0)  # a product without domestic deliveries is imported
        return mu, sigma if self.options.trade == "curves" else sigma * (1 - mu)[:, None, :]

    def exports(self) -> np.ndarray:
        """Export path (i, r, k)."""
        china = self.china("export", self.exports36)
        path = self.tables.exports.T * self.sector("exports", self.exports36)[:, None]  # (i, r)
        return np.where(path > SMALL, path, 0)[:, :, None] * np.stack([china, 1 - china], 1)[:, None, :]

    def china(self, flow: str, weights: np.typing.ArrayLike) -> np.ndarray:
        """China's share in exports or imports (i)."""
        suffix = {"customs": "_customs", "shift": ""}[self.options.china]
        return self.sector(f"china_{flow}_share{suffix}", weights)

    def external_balance(self, centre: np.ndarray) -> float:
        """S: (2.8) the path's exports and imports at its prices, or (2.8') the base moved by the current account."""
        t, at = self.tables, self.paths.at
        if self.options.balance == "currency":
            moved = at("current_account", self.year) - at("current_account", BASE)
            return float(t.exports.sum() - t.imports.sum() + moved)
        imports = t.imports.sum() * self.ratio("import_volume")
        return at("export_price", self.year) * centre.sum() - at("import_price", self.year) * imports

    def labour(self) -> np.ndarray:
        """Labour of the base year (r, j): thousand persons, or bn RUB of pay (2.4')."""
        t = self.tables
        amount = t.value_added[:, VALUE_ADDED.index("compensation")] if self.options.labour == "pay" else t.employment
        return np.where(self.produced, amount, 0.0)

    def pay_of_staff(self) -> float:
        """Labour of a thousand persons in research, in the unit of the labour row."""
        if self.options.labour == "persons":
            return 1.0
        nat = self.tables.data.national
        return float(nat.value_added.at["compensation", "RND"] / self.tables.data.employment["RND"])

    def investment(self) -> tuple[np.ndarray, np.ndarray]:
        """Investment of 2016 (s, i) and the floor of (2.9) by region; no floor where (2.9') holds."""
        base = self.final[:, :, 2]
        floor = self.follow(base.sum(1)) * self.ratio("investment")
        return base, np.zeros_like(floor) if self.projected else floor

    def capital(self) -> np.ndarray:
        """Capital per unit of output (r, j) before the scale kappa: that of sectors, or (2.6') by region and stage.

        A region's capital of 2016 is in proportion to its investment of 2016: at one rate of retirement and growth a
        region that invests less per unit of output works with less. In each stage new capacity costs what the
        growth and the investment of its own years say, observed or forecast.
        """
        t, nat = self.tables, self.tables.data.national
        need = np.broadcast_to(self.sector("capital_output", nat.output, BASE), t.output.shape)
        if self.options.capital == "sectors":
            return need
        spent, used = self.final[:, :, 2].sum(1), (need * t.output).sum(1)
        need = need * (spent / used * used.sum() / spent.sum())[:, None]
        if self.start == self.year or (self.start, self.year) == CALIBRATED:
            return need
        return need * (calibrate_capital(t, self.paths, (self.start, self.year)) / calibrate_capital(t, self.paths))

    def terminal(self, capital: np.ndarray) -> np.ndarray | None:
        """(2.9') investment per unit of output (r, j): rho^r kappa k_j (g^r + delta)/(g0 + delta), rho^r = inv0/K0.

        With (2.6') inv0 and K0 are the forecast's investment and capital in the stage's last year and g0 is its growth
        after the forecast; a region's g^r is above g by as much as its labour outgrows the country's. With (2.6) they
        are those of 2016, g0 is the growth of the years kappa is calibrated on, and g is the same for all regions.
        """
        if not self.projected:
            return None
        o, gdp = self.options, self.paths.at
        forecast = gdp("gdp", FORECAST) / gdp("gdp", FORECAST - 1) - 1
        after = forecast if o.terminal_growth is None else o.terminal_growth
        spent, used = self.final[:, :, 2].sum(1), (capital * self.tables.output).sum(1)
        if o.capital == "sectors":
            before = (gdp("gdp", CALIBRATED[1]) / gdp("gdp", BASE)) ** (1 / (CALIBRATED[1] - BASE)) - 1
            ratio = np.full(len(spent), (after + o.depreciation) / (before + o.depreciation))
            return (ratio * spent / used)[:, None] * capital
        rate = spent.sum() * self.ratio("investment") / (used.sum() * self.ratio("gdp"))
        grown = np.maximum(after + self.outgrown() + o.depreciation, 0.0)
        return rate * grown[:, None] / (forecast + o.depreciation) * capital

    def techniques(self, capital: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        """(2.6'') the isoquant of new capacity (r, j, n); pay and the charge on capital give labour's share of cost."""
        if not self.options.technique:
            return None
        pay = self.tables.value_added[:, VALUE_ADDED.index("compensation")] / self.x
        pay = np.where(self.produced, np.maximum(pay, 0), 0.0)
        cost = pay + self.options.capital_charge * capital
        return techniques(np.divide(pay, cost, out=np.zeros_like(cost), where=cost > 0), self.options.technique)

    def outgrown(self) -> np.ndarray:
        """By how much a region's labour outgrows the country's over the stage, a year (r)."""
        first, last = (
            self.labour().sum(1) * self.by_region(self.paths.at("labour", year, "region")).to_numpy()
            for year in (self.start, self.year)
        )
        return (last / first) ** (1 / (self.year - self.start)) - (last.sum() / first.sum()) ** (
            1 / (self.year - self.start)
        )

    def public(self) -> np.ndarray:
        """Use by government and for stocks g (s, i)."""
        final = self.final
        return self.follow(final[:, :, 1]) * self.ratio("government") + final[:, :, 3] * self.ratio("gdp")

    def rail(self) -> np.ndarray:
        """Mt per bn RUB of exports (i, r, k) that use the Eastern range.

        Where sectors are merged, tonnes are those of each region's own products: averaged over the country, the coal
        of Kuzbass would weigh like the oil of the Volga.
        """
        t, fine = self.tables, self.tables.data.sectors
        tonnes = self.paths.at("rail_tonnes", BASE, "sector").reindex(fine.index).fillna(0.0).to_numpy()
        east = self.by_region(self.paths.at("rail_east_share", BASE, "region"))
        east = np.stack([east.notna().to_numpy(float), east.fillna(0).to_numpy()], 1)  # (r, k)
        if t.sectors == tuple(fine.index):
            return tonnes[:, None, None] * east
        group = pd.Index(t.sectors).get_indexer(fine["sector12"])
        merge = (group == np.arange(len(t.sectors))[:, None]).astype(float)  # (i, fine)
        suffix = {"customs": "_customs", "shift": ""}[self.options.china]
        china = self.paths.at(f"china_export_share{suffix}", self.year, "sector").reindex(fine.index).to_numpy()
        growth = self.paths.at("exports", self.year, "sector").reindex(fine.index).to_numpy()
        sold = t.detail_exports * growth  # (r, fine)
        sold = np.stack([sold * china, sold * (1 - china)])  # (k, r, fine)
        weight = sold @ merge.T  # (k, r, i)
        mean = np.divide(sold * tonnes @ merge.T, weight, out=np.zeros_like(weight), where=weight > SMALL)
        return mean.transpose(2, 1, 0) * east
