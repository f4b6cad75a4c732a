"""The one projection of trade between Russia and China, and the procedure behind it, which the backtest runs.

(3.16) growth of customs group g by the equilibrium: G^eq_g = sum_j W_gj hat_j, W_gj = part of the group's customs
       value that sector j makes (rows sum to 1)
(3.18) growth that is published: ln G_g = (1 - lambda) ln G^rule_g + lambda ln G^eq_g, lambda = 1/2
(3.19) projection: X_g(t) = X(base) s_g G_g(base, t), with the base's total and the last known structure s_g

Growth is a factor on values at current prices in USD. Flows are "RUS_to_CHN" and "CHN_to_RUS"; groups are the 16 WITS
groups, sectors the goods sectors of the world model.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from rutrade import InputError, unknown
from rutrade.trade.groups import FLOWS, GROUPS, QUANTILES
from rutrade.trade.growth import Hats, bilateral, rule_growth
from rutrade.trade.projection import Paths, Projection, TradeBase, TradeModel

PARTS = ("combination", "rule", "equilibrium")


def combine(rule: pd.Series, equilibrium: pd.Series, weight: float = 0.5) -> pd.Series:
    """(3.18) The geometric mean of two growth factors, `weight` on the second.

    Raises InputError for a weight outside [0, 1] and for a factor that is not positive.
    """
    if not 0 <= weight <= 1:
        raise InputError(f"weight of the equilibrium is {weight}; must be between 0 and 1")
    for name, factor in (("rule", rule), ("equilibrium", equilibrium)):
        if (bad := factor <= 0).any():
            raise InputError(f"growth by the {name} of {factor.index[bad][0]} is {factor[bad].iloc[0]}; be positive")
    return np.exp((1 - weight) * np.log(rule) + weight * np.log(equilibrium))


@dataclass(frozen=True, eq=False)
class Procedure:
    """The published procedure: growth of every group and sector from an origin to a later year.

    elasticities, paths: of the rule (3.3). hats: growth of flows by the equilibrium, see `growth.EquilibriumGrowth`.
    composition: year, flow, group, sector, value_musd (data table `world_groups`), W of (3.16) and its transpose.
    weight: of the equilibrium in (3.18).
    """

    elasticities: pd.DataFrame
    paths: Paths
    hats: Hats
    composition: pd.DataFrame
    weight: float = 0.5

    def structure(self, origin: int) -> pd.Series:
        """Customs values by (flow, group, sector) of the last year up to the origin, else of the first one, mn USD."""
        year = max([y for y in self._structures if y <= origin], default=min(self._structures))
        return self._structures[year]

    @cached_property
    def _structures(self) -> dict[int, pd.Series]:
        keys = ["flow", "group", "sector"]
        years = self.composition.groupby(self.composition["year"].astype(int))
        return {int(year): rows.set_index(keys)["value_musd"].astype(float) for year, rows in years}

    def growth(self, origin: int, year: int) -> pd.DataFrame:
        """(flow, group) x (rule, equilibrium, combination, price): growth factors, and that of the driver's price.

        A sector without trade in the benchmark gives no hat: its part of a group counts with the others' mean. Raises
        InputError for a year outside the paths or before the origin.
        """
        rule, hats = self._parts(origin, year)
        by_group = weighted(self.structure(origin), hats, ["flow", "sector"], ["flow", "group"])
        rows = [(flow, group) for flow in FLOWS for group in GROUPS]
        table = pd.DataFrame({"rule": rule["growth"], "equilibrium": by_group, "price": rule["price"]}).reindex(rows)
        table.insert(2, "combination", combine(table["rule"], table["equilibrium"], self.weight))
        return table.rename_axis(["flow", "group"])

    def sector_growth(self, origin: int, year: int) -> pd.DataFrame:
        """(flow, sector) x (rule, equilibrium, combination) for the goods sectors with customs trade in the structure.

        The rule's groups go to sectors by the transpose of W. Raises InputError as `growth`.
        """
        rule, hats = self._parts(origin, year)
        structure = self.structure(origin)
        structure = structure[structure.index.get_level_values("sector") != "SERV"]
        by_sector = weighted(structure, rule["growth"], ["flow", "group"], ["flow", "sector"])
        table = pd.DataFrame({"rule": by_sector, "equilibrium": hats.reindex(by_sector.index)}).dropna()
        table["combination"] = combine(table["rule"], table["equilibrium"], self.weight)
        return table.sort_index(ascending=[False, True])

    def _parts(self, origin: int, year: int) -> tuple[pd.DataFrame, pd.Series]:
        if year < origin:
            raise InputError(f"year {year} lies before the origin {origin}; take a later year")
        return rule_growth(self.elasticities, self.paths, origin, year), bilateral(self.hats(origin, year))


def weighted(structure: pd.Series, growth: pd.Series, on: list[str], to: list[str]) -> pd.Series:
    """Mean growth by `to`, weighted with the structure; parts without growth are left out."""
    keys = structure.index.droplevel([name for name in structure.index.names if name not in on])
    if len(on) > 1:  # by name: levels may stand in another order
        keys, growth = keys.reorder_levels(on), growth.reorder_levels(on)
    factor = growth.reindex(keys).to_numpy(float)
    known = structure[~np.isnan(factor)]
    rows = pd.DataFrame({"moved": known * factor[~np.isnan(factor)], "value": known})
    sums = rows.groupby(level=to).sum()
    return sums["moved"] / sums["value"]


def base(
    totals: pd.Series, structure: TradeBase, year: int, series: str = "", moved: Procedure | None = None
) -> TradeBase:
    """(3.19) The base of the projection: the totals of `year` (flow -> bn USD) with the structure of an earlier base.

    moved: None holds the structure; a procedure moves it to `year` by its own growth first. China's shares and the part
    of chapter 90 stay those of the structure's year. Raises InputError for a total that is missing or not positive.
    """
    if missing := [f for f in FLOWS if f not in totals.index or not totals[f] > 0]:
        raise InputError(f"base {year}: the total of {missing[0]} is {totals.get(missing[0])}; must be positive")
    value = structure.value
    if moved is not None:
        value = value * moved.growth(structure.year, year)["combination"].unstack("flow").reindex_like(value)
    value = value / value.sum() * totals[list(FLOWS)]
    return TradeBase(year, value, structure.share, structure.chapter_90, series or structure.series)


def project(
    start: TradeBase,
    procedure: Procedure,
    years: Sequence[int] | None = None,
    errors: pd.DataFrame | None = None,
    effects: pd.DataFrame | None = None,
    volumes: pd.DataFrame | None = None,
    draws: int = 0,
    seed: int = 0,
    part: str = "combination",
) -> Projection:
    """(3.19) The projection from `start`, at current prices and at those of the base year.

    errors: standard deviations of log errors by horizon (`interval_errors` of the backtest), which alone make the
    draws. effects: ratios with over without of a scenario, (flow, group) x year (1 where there is no row): levels come
    from here, changes from the linked models. volumes: the same at constant prices (as `effects`, when a scenario moves
    no price). part: "combination" (published), "rule" or "equilibrium" (to compare).
    The table has value_bn_usd, value_bn_usd_base_prices and, with draws, quantiles of the former; share_china is not
    projected (nan). Raises InputError for a year before the base or outside the paths, unknown effects or part, and
    negative draws.
    """
    if part not in PARTS:
        raise unknown("part of the projection", part, PARTS)
    if draws < 0:
        raise InputError(f"draws is {draws}; may not be negative")
    years = tuple(range(start.year, max(procedure.paths.prices.index) + 1) if years is None else map(int, years))
    value = start.value.reindex(index=GROUPS, columns=list(FLOWS)).to_numpy().T
    tables = [procedure.growth(start.year, year) for year in years]
    growth, price = (np.stack([_array(table[column]) for table in tables]) for column in (part, "price"))
    moved = _ratios(effects, years)
    point = value * growth * moved
    price = price * moved / (moved if volumes is None else _ratios(volumes, years))
    model = TradeModel(start, procedure.elasticities, procedure.paths, errors)
    sample = np.broadcast_to(point, (draws, *point.shape)).copy()
    sample = model._shocked(sample, np.array(years), np.random.default_rng(seed))
    labels = pd.MultiIndex.from_product([FLOWS, GROUPS, years], names=["flow", "group", "year"])
    columns = {"value_bn_usd": point, "value_bn_usd_base_prices": point / price}
    table = pd.DataFrame({name: array.transpose(1, 2, 0).ravel() for name, array in columns.items()}, labels)
    table = table.assign(share_china=np.nan, capped=False)
    for name, q in QUANTILES.items() if draws else ():
        table[name] = np.quantile(sample, q, axis=0).transpose(1, 2, 0).ravel()
    return Projection(start, years, table.reset_index(), point, sample, price)


def _array(growth: pd.Series) -> np.ndarray:
    """Flows x groups."""
    return growth.to_numpy().reshape(len(FLOWS), len(GROUPS))


def _ratios(effects: pd.DataFrame | None, years: Sequence[int]) -> np.ndarray:
    """Years x flows x groups of ratios, 1 where nothing is given."""
    rows = pd.MultiIndex.from_product([FLOWS, GROUPS], names=["flow", "group"])
    if effects is None:
        return np.ones((len(years), len(FLOWS), len(GROUPS)))
    if strange := [k for k in effects.index if k not in rows]:
        raise unknown("flow and group of the effects", strange[0], rows)
    if missing := [y for y in years if y not in effects.columns]:
        raise InputError(f"effects miss the year {missing[0]}; give a ratio for every projected year")
    table = effects.reindex(rows)[list(years)].fillna(1.0)
    if not (table > 0).all(axis=None):
        raise InputError("effects hold a ratio that is zero or negative; must be positive")
    return table.to_numpy().T.reshape(len(years), len(FLOWS), len(GROUPS))
