"""The coefficients of one stage of model 2, from the regional tables and the exogenous paths."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rutrade import InputError, unknown
from rutrade.economy.regional import RegionalTables

PARTNERS = ("CHN", "ROW")


TANGENTS = np.geomspace(0.4, 2.5, 40)  # points of (2.7), times the investment of the base year


SMALL = 1e-6  # bn RUB: smaller base flows are not stated


MAX_IMPORT_SHARE = 0.98


@dataclass(frozen=True)
class Paths:
    """Exogenous paths: `frame` with columns variable, sector, region, year, value (table 'economy_paths')."""

    frame: pd.DataFrame

    def __post_init__(self):
        object.__setattr__(self, "_rows", self.frame.groupby(["variable", "year"]).indices)

    def at(self, variable: str, year: int, by: str | None = None):
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

    def scaled(self, variable: str, factor: float, years=None) -> "Paths":
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

    def __post_init__(self):
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
    consumption_mix: np.ndarray  # c (s, i) per unit of z, sums to 1: holds the territorial structure (2.11)
    fixed_use: np.ndarray  # g (s, i): government and stocks
    delivery_share: np.ndarray  # sigma (i, r, s)
    import_share: np.ndarray  # mu (i, s)
    china_import_share: np.ndarray  # (i)
    export_centre: np.ndarray  # (i, r, k)
    export_price: float
    import_price: float
    external_balance: float  # S
    labour_coefficient: np.ndarray  # l (r, j), thousand persons per bn RUB
    labour: np.ndarray  # L (r)
    retained: np.ndarray  # upper bound of x0 (r, j)
    capital_coefficient: np.ndarray  # kappa * k (j)
    investment_base: np.ndarray  # inv0 (r)
    investment_path: np.ndarray  # lower bound of inv (r)
    rail_tonnes: np.ndarray  # (i, r, k) Mt per bn RUB of exports that use the Eastern range
    rail_capacity: float  # Mt; infinite: no limit known for the year
    value_added: np.ndarray  # v (r, j) per unit of output
    bands: Bands

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


def _by_sector(tables: RegionalTables, paths: Paths, variable: str, year: int, weights, default=None) -> np.ndarray:
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


def calibrate_capital(tables: RegionalTables, paths: Paths, nodes: tuple[int, int] = (2016, 2019)) -> float:
    """Scale kappa of the capital coefficients: capital for uniform growth by GDP over `nodes` uses the whole fund."""
    stage = _stage(tables, nodes[1], paths, base_state(tables), Bands(), 1.0)
    growth = paths.at("gdp", nodes[1]) / paths.at("gdp", nodes[0])
    needed = (stage.capital_coefficient * np.maximum(growth * tables.output - stage.retained, 0)).sum()
    return float(stage.fund(stage.investment_path).sum() / needed)


def _stage(tables, year, paths, base: State, bands: Bands, kappa: float, capacity: float = 1.0) -> Stage:
    """Coefficients of the stage from `base.year` to `year`."""
    span, nat, n = year - base.year, tables.data.national, len(tables.sectors)
    x, origin = np.maximum(tables.output, 1e-300), 2016
    produced = tables.output > SMALL

    def ratio(variable, by=None):
        return paths.at(variable, year, by) / paths.at(variable, origin, by)

    exports36, imports36 = nat.domestic["exports"], nat.imported.sum(axis=1)
    use = (tables.use_domestic + tables.use_import) / x[:, None, :] * produced[:, None, :]
    final = tables.final_domestic + tables.final_import  # (s, i, category)
    total_use = tables.domestic_use + tables.imports  # (s, i)
    # (2.12) moving centres: import shares follow their path, deliveries share what is left as in the base year
    rho = _by_sector(tables, paths, "import_share", year, imports36)
    mu0 = np.where(tables.imports > SMALL, tables.imports / total_use, 0).T  # (i, s)
    mu = np.minimum(mu0 * rho[:, None], np.where(mu0 > MAX_IMPORT_SHARE, mu0, MAX_IMPORT_SHARE))
    flows = np.where(tables.flows > SMALL, tables.flows, 0)
    received = flows.sum(1)
    sigma = flows / np.where(received > 0, received, 1)[:, None, :]
    mu = np.where(received > 0, mu, 1.0)  # a product without domestic deliveries is imported
    sigma = sigma * (1 - mu)[:, None, :]
    china = _by_sector(tables, paths, "china_export_share", year, exports36)
    centre = tables.exports.T * _by_sector(tables, paths, "exports", year, exports36)[:, None]  # (i, r)
    centre = np.where(centre > SMALL, centre, 0)[:, :, None] * np.stack([china, 1 - china], 1)[:, None, :]
    price_e, price_m = paths.at("export_price", year), paths.at("import_price", year)
    imports = tables.imports.sum() * ratio("import_volume")
    productivity = _by_sector(tables, paths, "productivity", year, tables.data.employment)
    regions = list(tables.regions)
    tonnes = _by_sector(tables, paths, "rail_tonnes", origin, exports36, default=0.0)
    east = paths.at("rail_east_share", origin, "region").reindex(regions)
    rail = tonnes[:, None, None] * np.stack([east.notna().to_numpy(float), east.fillna(0).to_numpy()], 1)
    survival = (1 - paths.at("retirement", origin)) ** span
    coefficient = _by_sector(tables, paths, "capital_output", origin, nat.output)
    # (2.2a) the territorial structure lambda follows labour: held at 2016, the district that loses most workers would
    # bound the whole country's consumption through what must be supplied on the spot
    shift = ratio("labour", "region").reindex(list(tables.regions)).to_numpy()

    def follow(values):  # (s, ...): moved with labour, same national total
        moved = values * shift.reshape(-1, *[1] * (values.ndim - 1))
        return moved * values.sum() / moved.sum()

    spending = follow(final[:, :, 0] / final[:, :, 0].sum())
    investment = final[:, :, 2]
    inv0 = investment.sum(1)
    labour = tables.employment.sum(1) * shift
    return Stage(
        year=year, span=span, regions=tables.regions, sectors=tables.sectors,
        inputs=use,
        capital_mix=investment / inv0[:, None],
        consumption_mix=spending,
        fixed_use=follow(final[:, :, 1]) * ratio("government") + final[:, :, 3] * ratio("gdp"),
        delivery_share=sigma,
        import_share=mu,
        china_import_share=_by_sector(tables, paths, "china_import_share", year, imports36),
        export_centre=centre,
        export_price=price_e, import_price=price_m,
        external_balance=price_e * centre.sum() - price_m * imports,
        labour_coefficient=np.where(produced, tables.employment / x, 0) / productivity,
        labour=labour,
        retained=np.where(produced, base.output, 0) * survival * capacity,
        capital_coefficient=coefficient * kappa,
        investment_base=base.investment,
        investment_path=follow(inv0) * ratio("investment"),
        rail_tonnes=rail,
        rail_capacity=paths.at("rail_capacity", year) if paths.covers("rail_capacity", year) else np.inf,
        value_added=np.where(produced, tables.gva / x, np.zeros((len(regions), n))),
        bands=bands,
    )  # fmt: skip
