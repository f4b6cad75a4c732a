"""What is changed in the world model: arrays of hats, and their making from names."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rutrade import InputError
from rutrade.trade.world import RESIDENTS, Benchmark

Named = Mapping | np.ndarray | None


@dataclass(frozen=True, eq=False)
class Shocks:
    """What is changed, as hats (1: as in the benchmark).

    productivity: T_ij, exporter x sector. trade_cost: tau_nji, importer x sector x exporter. labour: L_n. resources:
    R_nj, specific factors. balance: D'_n in bn USD, sums to zero. demand: b, input x user, the last user is final
    demand; at benchmark prices it moves shares and no cost. fob: price of an exporter's sector at its gate, given
    from outside (NaN: not given); productivity then follows from it.
    """

    productivity: np.ndarray
    trade_cost: np.ndarray
    labour: np.ndarray
    resources: np.ndarray
    balance: np.ndarray
    demand: np.ndarray
    fob: np.ndarray

    @classmethod
    def none(cls, b: Benchmark) -> "Shocks":
        """All hats 1, the benchmark's balance, nothing given."""
        n, j = b.output.shape
        return cls(np.ones((n, j)), np.ones((n, j, n)), np.ones(n), np.ones((n, j)), b.balance, np.ones((j, j + 1)),
                   np.full((n, j), np.nan))  # fmt: skip

    @property
    def given(self) -> np.ndarray:
        """Mask of the sectors whose price is given from outside."""
        return ~np.isnan(self.fob)


def named(
    b: Benchmark,
    productivity: Named = None,
    trade_cost: Named = None,
    labour: Named = None,
    resources: Named = None,
    balance: Named = None,
    demand: Named = None,
    fob: Named = None,
) -> Shocks:
    """Shocks from arrays, or from names: code or (code, code, ...) -> hat; a name left out at the end means all.

    productivity, resources, fob: (region, sector or group). trade_cost: (exporter, importer, sector or group), for
    that direction only. labour: region. demand: (sector or group, user: sector, group or "final"). balance: region ->
    final demand less value added, bn USD (negative: surplus); regions that are not named share the difference in
    proportion to their value added. Several names of one cell multiply. Raises InputError for an unknown name, a hat
    that is not positive, trade cost within a region, a balance that does not sum to zero.
    """
    none = Shocks.none(b)
    n, j = b.output.shape
    users = [*b.sector_codes, RESIDENTS]

    def fill(given: Named, name: str, start: np.ndarray, axes: str) -> np.ndarray:
        if given is None:
            return start
        if not isinstance(given, Mapping):
            array = np.asarray(given, float)
            if array.shape != start.shape:
                raise InputError(f"{name} has the shape {array.shape}; must be {start.shape}")
            _positive(array, name, allow_nan=name == "fob")
            return array
        array = start.copy()
        for key, hat in given.items():
            parts = (key,) if isinstance(key, str) else tuple(key)
            if not 1 <= len(parts) <= len(axes):
                raise InputError(f"{name}: the name {key!r} has {len(parts)} parts; at most {len(axes)} are allowed")
            _positive(np.asarray(hat, float), f"{name} of {' '.join(parts)}")
            places = [_mask(b, part, axis, users) for part, axis in zip(parts, axes, strict=False)]
            places += [np.ones(length, bool) for length in array.shape[len(parts) :]]
            cells = np.ix_(*places)
            array[cells] = np.where(np.isnan(array[cells]), 1.0, array[cells]) * hat
        return array

    cost = fill(trade_cost, "trade_cost", np.ones((n, n, j)), "rrs") if isinstance(trade_cost, Mapping) else None
    cost = fill(trade_cost, "trade_cost", none.trade_cost, "rsr") if cost is None else cost.transpose(1, 2, 0)
    within = cost[np.arange(n), :, np.arange(n)]
    if (within != 1).any():
        region, sector = np.argwhere(within != 1)[0]
        raise InputError(
            f"trade_cost of {b.sector_codes[sector]} within {b.region_codes[region]} is {within[region, sector]};"
            " only cost between regions can be changed"
        )
    return Shocks(
        fill(productivity, "productivity", none.productivity, "rs"), cost, fill(labour, "labour", none.labour, "r"),
        fill(resources, "resources", none.resources, "rs"), _balance(b, balance),
        fill(demand, "demand", none.demand, "su"), fill(fob, "fob", none.fob, "rs"),
    )  # fmt: skip


def _positive(values: np.ndarray, name: str, allow_nan: bool = False) -> None:
    fine = (np.isfinite(values) & (values > 0)) | (np.isnan(values) & allow_nan)
    if not fine.all():
        raise InputError(f"{name} is {values[~fine].flat[0]}; a hat must be positive (1: as in the benchmark)")


def _mask(b: Benchmark, name: str, axis: str, users: list[str]) -> np.ndarray:
    """Mask of a name over an axis: r region, s sector, u user."""
    if axis == "r":
        return np.arange(len(b.regions)) == b.region(name)
    if axis == "s":
        return b.sectors_of(name)
    return np.array([u == name for u in users]) if name == RESIDENTS else np.append(b.sectors_of(name), False)


def _balance(b: Benchmark, balance: Named) -> np.ndarray:
    if balance is None:
        return b.balance
    if isinstance(balance, Mapping):
        named = np.zeros(len(b.regions), bool)
        level = b.balance.copy()
        for region, value in balance.items():
            named[b.region(region)] = True
            level[b.region(region)] = value
        if not named.all():
            weight = np.where(named, 0.0, b.value_added.sum(1))
            level = level - level.sum() * weight / weight.sum()
    else:
        level = np.asarray(balance, float)
        if level.shape != b.balance.shape:
            raise InputError(f"balance has the shape {level.shape}; must be {b.balance.shape}")
    if not np.isfinite(level).all() or abs(level.sum()) > 1e-9 * b.value_added.sum():
        raise InputError(f"balance sums to {level.sum():.6g} bn USD over all regions; must sum to zero")
    return level
