"""Growth of flows between any two years: by the rule of demand and price, and by the equilibrium without shocks."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from rutrade import InputError, unknown
from rutrade.trade.counterfactuals import WorldPaths
from rutrade.trade.equilibrium import WorldSolution, solve_shocks
from rutrade.trade.groups import FLOWS
from rutrade.trade.hats import Targets
from rutrade.trade.projection import Paths
from rutrade.trade.shocks import Shocks, named
from rutrade.trade.world import Benchmark

Hats = Callable[[int, int], pd.DataFrame]  # origin, year -> importer, sector, exporter, hat (new over old, current USD)


def rule_growth(elasticities: pd.DataFrame, paths: Paths, origin: int, year: int) -> pd.DataFrame:
    """(3.3) without levers and supply: growth = (Y / Y0)^eps (P / P0)^phi, from `origin` to `year`.

    elasticities: flow, group, parameter (eps | phi), driver, central. Returns (flow, group) x (growth at current
    prices, price: growth of the driver's price), as factors. Raises InputError for a year outside the paths.
    """
    known = [y for y in paths.activity.index if y in paths.prices.index]
    for when in (origin, year):
        if when not in known:
            raise unknown("year of the rule's paths", when, known)
    table = {p: elasticities[elasticities["parameter"] == p].set_index(["flow", "group"]) for p in ("eps", "phi")}
    eps, phi = table["eps"]["central"], table["phi"].reindex(table["eps"].index)
    activity = np.log(paths.activity.loc[year] / paths.activity.loc[origin])
    price = np.log(paths.prices.loc[year] / paths.prices.loc[origin])[phi["driver"]].to_numpy()
    demand = activity[eps.index.get_level_values("flow")].to_numpy()
    growth = np.exp(eps * demand + phi["central"] * price)
    return pd.DataFrame({"growth": growth, "price": np.exp(price)}, eps.index)


@dataclass(frozen=True, eq=False)
class EquilibriumGrowth:
    """Growth of all flows by the world in equilibrium, (3.14)-(3.15), from any year to any other: call it.

    growth(origin, year): the world of `year` over the world of `origin`, both from the benchmark's technology, with
    volumes of GDP, Brent and world nominal GDP of their years, before the benchmark's year too. Balances are the mean
    of current accounts in the three years to the origin (the first known ones before that): what the projection from
    2025 does with 2023-2025. `sanctioned`: shocks that hold from a year on, for questions after the fact.
    """

    benchmark: Benchmark
    paths: WorldPaths
    brent: str = "mid"
    sanctioned: tuple[int, Shocks] | None = None
    _solved: dict[tuple, WorldSolution] = field(default_factory=dict, repr=False)

    def __call__(self, origin: int, year: int) -> pd.DataFrame:
        """importer, sector, exporter, hat: value of the flow in `year` over `origin`, current USD, nan where none.

        Raises InputError for a year outside the paths.
        """
        b, balance = self.benchmark, self._balance_years(origin)
        old, new = self.world(origin, balance), self.world(year, balance)
        index = pd.MultiIndex.from_product(
            [b.region_codes, b.sector_codes, b.region_codes], names=["importer", "sector", "exporter"]
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            hat = np.where(old.trade > 0, new.trade / old.trade, np.nan)
        return pd.DataFrame({"hat": hat.ravel()}, index).reset_index()

    def world(self, year: int, balance_years: tuple[int, int]) -> WorldSolution:
        """The world of a year. Raises InputError for a year outside the paths."""
        known = sorted(set(self.paths.volume.index) & set(self.paths.brent.index))
        if year not in known:
            raise unknown("year of the world's paths", year, known)
        key = (year, balance_years)
        if key not in self._solved:
            shocks = replace(Shocks.none(self.benchmark), balance=self.paths.balance(self.benchmark, balance_years))
            if self.sanctioned is not None and year >= self.sanctioned[0]:
                shocks = replace(shocks, trade_cost=self.sanctioned[1].trade_cost)
            target = Targets(gdp=self._volume(year), oil_price=self.paths.oil(year, self.brent))
            solution = solve_shocks(self.benchmark, shocks, targets=target)
            self._solved[key] = replace(solution, nominal=self.paths.scale(year))
        return self._solved[key]

    def _volume(self, year: int) -> np.ndarray:
        """Hat of the volume of GDP from the benchmark's year, forwards or back, in the benchmark's order."""
        base = self.paths.base
        steps = (1 + self.paths.volume.loc[min(base, year) + 1 : max(base, year)]).prod()
        hat = steps if year >= base else 1 / steps
        return hat.reindex(list(self.benchmark.region_codes)).to_numpy(float)

    def _balance_years(self, origin: int) -> tuple[int, int]:
        accounts = self.paths.current_account.index
        last = max(min(origin, int(accounts.max())), int(accounts.min()) + 2)
        return last - 2, last


@dataclass(frozen=True, eq=False)
class FittedSanctions:
    """Growth after the fact: trade cost between Russia and the states that sanction it, fitted to Russia's trade with
    them alone; what happens to trade with all others is then the equilibrium's own forecast (diversion).

    free: growth without sanctions. observed: (origin, year) -> growth of Russia's goods (exports, imports) with the
    regions marked `sanctions`, factors at current prices. first: the first year of sanctions.
    """

    free: EquilibriumGrowth
    observed: Callable[[int, int], tuple[float, float]]
    first: int = 2022
    _fitted: dict[tuple, tuple] = field(default_factory=dict, repr=False)

    def __call__(self, origin: int, year: int) -> pd.DataFrame:
        """As `EquilibriumGrowth`; without sanctions before `first` and from an origin that has them already."""
        if year < self.first or origin >= self.first:
            return self.free(origin, year)
        return self._bound(*self.costs(origin, year))(origin, year)

    def costs(self, origin: int, year: int) -> tuple[float, float]:
        """Hats of the trade cost of Russia's exports to and imports from these regions that give what was observed.

        Raises InputError when none does, or when the world has no solution on the way.
        """
        from scipy.optimize import root

        if (origin, year) not in self._fitted:
            wanted = np.log(self.observed(origin, year))
            found = root(lambda x: np.log(self._growth(np.exp(x), origin, year)) - wanted, [0.1, 0.1], tol=1e-7)
            if not found.success or np.abs(found.fun).max() > 1e-5:
                raise InputError(f"no trade cost gives Russia's trade with sanctioning regions from {origin} to {year}")
            self._fitted[origin, year] = tuple(float(v) for v in np.exp(found.x))
        return self._fitted[origin, year]

    def _bound(self, exports: float, imports: float) -> EquilibriumGrowth:
        b = self.free.benchmark
        marked = b.regions.index[b.regions["sanctions"].astype(bool)]
        cost = {("RUS", r, "goods"): exports for r in marked} | {(r, "RUS", "goods"): imports for r in marked}
        before = {k: v for k, v in self.free._solved.items() if k[0] < self.first}
        return replace(self.free, sanctioned=(self.first, named(b, trade_cost=cost)), _solved=before)

    def _growth(self, costs: np.ndarray, origin: int, year: int) -> tuple[float, float]:
        b, balance = self.free.benchmark, self.free._balance_years(origin)
        bound, russia = self._bound(*costs), b.region("RUS")
        marked, goods = b.regions["sanctions"].to_numpy(bool), b.sectors_of("goods")
        trade = [model.world(when, balance).trade[:, goods] for model, when in ((self.free, origin), (bound, year))]
        old, new = ((t[marked, :, russia].sum(), t[russia][:, marked].sum()) for t in trade)
        return new[0] / old[0], new[1] / old[1]


def bilateral(hats: pd.DataFrame) -> pd.Series:
    """The two flows out of a table of hats: (flow, sector) -> hat. Raises InputError when a flow has no row."""
    found = {}
    for flow in FLOWS:
        exporter, importer = flow.split("_to_")
        rows = hats[(hats["exporter"] == exporter) & (hats["importer"] == importer)]
        if rows.empty:
            raise unknown("flow of the hats", flow, sorted({f"{e}_to_{i}" for e, i in
                          zip(hats["exporter"], hats["importer"], strict=True)})[:20])  # fmt: skip
        found[flow] = rows.set_index("sector")["hat"]
    return pd.concat(found, names=["flow", "sector"])
