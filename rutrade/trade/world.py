"""Benchmark of the world model: one year of trade, inputs and final demand, balanced, in the order of its tables.

Index order everywhere: trade [importer n, sector j, exporter i]; inputs [region n, input k, user j]; the rest
[region n, sector j]. Values are bn USD at the prices of the benchmark year (basic prices). Regions and sectors are the
rows of their tables: adding one changes data and no code.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from rutrade import InputError, unknown

ROUNDING = 0.5  # mn USD: derived rows of the table (sums of rounded cells) may differ by this
RESIDENTS = "final"  # the user that is no sector: final demand


@dataclass(frozen=True, eq=False)
class Benchmark:
    """A balanced world: what every hat (new over benchmark) refers to.

    trade: bn USD, importer x sector x exporter, domestic supply on the diagonal. inputs: bn USD, region x input x user.
    regions, sectors: tables indexed by code (names, flags, groups, resource_share). theta: trade elasticity by sector.
    input_substitution, final_substitution: elasticities of substitution in (3.9) and of alpha in (3.12).
    Final demand, output, value added, income and balance follow from the two arrays, so that every identity holds.
    Raises InputError when flows are negative, inputs exceed what there is, or an elasticity is not positive.
    """

    trade: np.ndarray
    inputs: np.ndarray
    regions: pd.DataFrame
    sectors: pd.DataFrame
    theta: np.ndarray
    input_substitution: float = 0.2
    final_substitution: float = 0.5

    def __post_init__(self) -> None:
        n, j = len(self.regions), len(self.sectors)
        for name, shape in (("trade", (n, j, n)), ("inputs", (n, j, j)), ("theta", (j,))):
            if (found := getattr(self, name)).shape != shape:
                raise InputError(f"'{name}' of the benchmark has the shape {found.shape}; must be {shape}")
        if not (np.isfinite(self.theta) & (self.theta > 0)).all():
            bad = int(np.argmin(np.isfinite(self.theta) & (self.theta > 0)))
            raise InputError(f"theta of sector {self.sector_codes[bad]} is {self.theta[bad]}; must be positive")
        for name in ("input_substitution", "final_substitution"):
            if not 0 < getattr(self, name) < np.inf:
                raise InputError(f"{name} is {getattr(self, name)}; must be positive")
        self._check(self.trade, "trade", self.region_codes)
        self._check(self.inputs, "inputs", self.sector_codes)
        for name, array in (("final demand", self.final), ("value added", self.value_added)):
            if (array < 0).any():
                region, sector = np.argwhere(array < 0)[0]
                raise InputError(
                    f"{name} of sector {self.sector_codes[sector]} in {self.region_codes[region]} is"
                    f" {array[region, sector]:.6g} bn USD; inputs may not exceed what is used or made"
                )

    def _check(self, array: np.ndarray, name: str, last: tuple[str, ...]) -> None:
        if (bad := ~(np.isfinite(array) & (array >= 0))).any():
            where = np.argwhere(bad)[0]
            codes = (self.region_codes[where[0]], self.sector_codes[where[1]], last[where[2]])
            raise InputError(f"'{name}' of {', '.join(codes)} is {array[tuple(where)]}; must be zero or more")

    @cached_property
    def region_codes(self) -> tuple[str, ...]:
        """Regions in the order of the arrays."""
        return tuple(self.regions.index)

    @cached_property
    def sector_codes(self) -> tuple[str, ...]:
        """Sectors in the order of the arrays."""
        return tuple(self.sectors.index)

    @cached_property
    def use(self) -> np.ndarray:
        """X_nj: what a region uses of each sector, inputs and final demand, bn USD."""
        return self.trade.sum(2)

    @cached_property
    def output(self) -> np.ndarray:
        """Y_ij: what a region's sector delivers to all, bn USD."""
        return self.trade.sum(0).T

    @cached_property
    def final(self) -> np.ndarray:
        """F_nk: final demand, bn USD; rounding errors below zero count as zero."""
        final = self.use - self.inputs.sum(2)
        return np.where((final < 0) & (final > -1e-9 * (1 + self.use)), 0.0, final)

    @cached_property
    def value_added(self) -> np.ndarray:
        """Value added of a region's sector, bn USD."""
        return self.output - self.inputs.sum(1)

    @cached_property
    def resource_share(self) -> np.ndarray:
        """rho_j of (3.8): share of the specific factor in value added, by sector."""
        return self.sectors["resource_share"].to_numpy(float)

    @cached_property
    def labour_income(self) -> np.ndarray:
        """VL_n: value added of labour (all that is no specific factor), bn USD by region."""
        return self.value_added @ (1 - self.resource_share)

    @cached_property
    def resource_income(self) -> np.ndarray:
        """VR_nj: value added of the specific factors, bn USD."""
        return self.value_added * self.resource_share

    @cached_property
    def balance(self) -> np.ndarray:
        """D_n: final demand over value added, bn USD by region; a negative D is a surplus of trade. Sums to zero."""
        return self.final.sum(1) - self.value_added.sum(1)

    @cached_property
    def import_share(self) -> np.ndarray:
        """pi_jni: share of exporter i in what n uses of j; where nothing is used, all is domestic."""
        share = self.trade / np.where(self.use > 0, self.use, 1)[:, :, None]
        nothing = (self.use == 0)[:, :, None] & np.eye(len(self.regions), dtype=bool)[:, None, :]
        return np.where(nothing, 1.0, share)

    @cached_property
    def input_share(self) -> np.ndarray:
        """gamma_nkj: share of input k in the cost of j; zero where nothing is made."""
        return self.inputs / np.where(self.output > 0, self.output, 1)[:, None, :]

    @cached_property
    def value_added_share(self) -> np.ndarray:
        """gamma^v_nj: share of value added in the cost of j; 1 where nothing is made."""
        return 1 - self.input_share.sum(1)

    @cached_property
    def final_share(self) -> np.ndarray:
        """alpha_nk: shares of sectors in final demand."""
        return self.final / self.final.sum(1, keepdims=True)

    @cached_property
    def prepared(self) -> dict:
        """Factorisations that every solution from this benchmark shares, filled by `equilibrium`."""
        return {}

    def region(self, code: str) -> int:
        """Position of a region. Raises InputError for a code that is not there."""
        if code not in self.region_codes:
            raise unknown("region", code, self.region_codes)
        return self.region_codes.index(code)

    def sectors_of(self, name: str) -> np.ndarray:
        """Mask over sectors of a code, a group ("chemicals"), or "goods". Raises InputError when there is no such."""
        if name not in self._masks:
            raise unknown("sector or group", name, [*self._masks])
        return self._masks[name]

    @cached_property
    def _masks(self) -> dict[str, np.ndarray]:
        groups = self.sectors["group"].astype(str).to_numpy(object)
        masks = {code: np.array(self.sector_codes, object) == code for code in self.sector_codes}
        masks.setdefault("goods", self.sectors["goods"].to_numpy(bool, copy=True))
        for group in dict.fromkeys(groups):  # a code comes before "goods", and that before a group
            masks.setdefault(group, groups == group)
        for mask in masks.values():
            mask.flags.writeable = False  # one for all who ask
        return masks

    def flows(self) -> pd.DataFrame:
        """Long table: importer, sector, exporter, value_bn_usd."""
        index = pd.MultiIndex.from_product(
            [self.region_codes, self.sector_codes, self.region_codes], names=["importer", "sector", "exporter"]
        )
        return pd.DataFrame({"value_bn_usd": self.trade.ravel()}, index).reset_index()


def benchmark(
    flows: pd.DataFrame,
    regions: pd.DataFrame,
    sectors: pd.DataFrame,
    theta: pd.DataFrame | Mapping[str, float],
    study: str = "median",
    input_substitution: float = 0.2,
    final_substitution: float = 0.5,
) -> Benchmark:
    """The benchmark from its tables, balanced exactly; all hats 1 return it.

    flows: item, region, sector, counterpart, value_musd (data table `world_flows`, mn USD). regions, sectors: tables
    `world_regions`, `world_sectors`; their rows are the order of all arrays. theta: table `theta`, or sector -> value.
    study: the study whose elasticities are used, or "median" over all. Rows that follow from others (final, output,
    value_added) are held against them; clipped cells (see `clipping`) have no final demand. Raises InputError, naming
    the cell, for a table that does not balance, a negative flow, an unknown region, sector or study, theta <= 0.
    """
    for table, what in ((regions, "region"), (sectors, "sector")):
        if table[what].duplicated().any():
            raise InputError(f"{what} {table.loc[table[what].duplicated(), what].iloc[0]} stands twice in its table")
    regions, sectors = regions.set_index("region"), sectors.set_index("sector")
    trade = _array(flows, "trade", regions.index, sectors.index, regions.index)
    inputs = _array(flows, "input", regions.index, sectors.index, sectors.index)
    use, sold = trade.sum(2), trade.sum(0).T
    needed = inputs.sum(2)
    rounding = (needed > use) & (needed <= use + ROUNDING / 1e3)
    for region, sector in zip(*clipping(flows)[["region", "sector"]].to_numpy().T, strict=True):
        rounding[regions.index.get_loc(region), sectors.index.get_loc(sector)] = True
    inputs = inputs * np.where(rounding, use / np.where(needed > 0, needed, 1), 1)[:, :, None]
    stated = {"final": use - needed, "output": sold, "value_added": sold - inputs.sum(1)}
    for item, derived in stated.items():
        _compare(flows, item, derived, regions.index, sectors.index)
    return Benchmark(
        trade, inputs, regions, sectors, elasticities(theta, sectors.index, study), input_substitution,
        final_substitution,
    )  # fmt: skip


def elasticities(
    theta: pd.DataFrame | Mapping[str, float], sectors: Iterable[str], study: str = "median"
) -> np.ndarray:
    """Theta by sector, in the order of `sectors`: of one study or the median over all.

    Raises InputError for an unknown study, a sector without a value, or a value that is not positive.
    """
    sectors = list(sectors)
    if isinstance(theta, pd.DataFrame):
        table = theta.pivot(index="sector", columns="study", values="value")
        if study != "median" and study not in table:
            raise unknown("study of theta", study, ["median", *table.columns])
        theta = table.median(axis=1) if study == "median" else table[study]
    values = pd.Series(theta, dtype=float).reindex(sectors)
    if (bad := ~(values > 0)).any():
        raise InputError(f"theta of sector {values.index[bad][0]} is {values[bad].iloc[0]}; must be positive")
    return values.to_numpy()


def with_trade(b: Benchmark, trade: np.ndarray) -> tuple[Benchmark, pd.DataFrame]:
    """The benchmark of another year from its flows alone: inputs keep the shares of `b`, and what was cut of them.

    trade: bn USD, importer x sector x exporter. Inputs that exceed what a region uses of a sector are cut to it, in
    proportion; the second result lists these cells (region, sector, cut_bn_usd). Raises InputError for flows that are
    negative or of another shape.
    """
    if trade.shape != b.trade.shape:
        raise InputError(f"'trade' of the benchmark has the shape {trade.shape}; must be {b.trade.shape}")
    b._check(trade, "trade", b.region_codes)
    use, output = trade.sum(2), trade.sum(0).T
    inputs = b.input_share * output[:, None, :]
    needed = inputs.sum(2)
    cut = np.maximum(needed - use, 0.0)
    inputs = inputs * np.where(cut > 0, use / np.where(needed > 0, needed, 1), 1)[:, :, None]
    cells = np.argwhere(cut > 0)
    table = pd.DataFrame(
        [(b.region_codes[n], b.sector_codes[j], cut[n, j]) for n, j in cells],
        columns=["region", "sector", "cut_bn_usd"],
    )
    return replace(b, trade=trade, inputs=inputs), table


def clipping(flows: pd.DataFrame) -> pd.DataFrame:
    """Cells where the inputs of the source exceed what is used, and were cut: region, sector, bn USD cut."""
    rows = flows[flows["item"] == "clipped"]
    return rows.assign(cut_bn_usd=rows["value_musd"] / 1e3)[["region", "sector", "cut_bn_usd"]].reset_index(drop=True)


def _array(flows: pd.DataFrame, item: str, *axes: pd.Index) -> np.ndarray:
    """Rows of one item as an array in bn USD; what is not there is zero."""
    rows = flows[flows["item"] == item]
    names = ("region", "sector", "region" if item == "trade" else "sector")
    places = []
    for column, axis, kind in zip(("region", "sector", "counterpart"), axes, names, strict=True):
        place = axis.get_indexer(rows[column])
        if (place < 0).any():
            raise unknown(f"{kind} in the {item} rows of the flows", rows[column].iloc[int(np.argmax(place < 0))], axis)
        places.append(place)
    value = rows["value_musd"].to_numpy(float)
    if (bad := ~(value >= 0)).any():
        row = rows.iloc[int(np.argmax(bad))]
        raise InputError(
            f"flows: {item} of {row['sector']} in {row['region']} with {row['counterpart']} is {row['value_musd']}"
            " mn USD; must be zero or more"
        )
    array = np.zeros([len(axis) for axis in axes])
    np.add.at(array, tuple(places), value / 1e3)
    return array


def _compare(flows: pd.DataFrame, item: str, derived: np.ndarray, regions: pd.Index, sectors: pd.Index) -> None:
    """Hold rows that follow from others against them. Raises InputError where they differ beyond rounding."""
    rows = flows[flows["item"] == item]
    place = (regions.get_indexer(rows["region"]), sectors.get_indexer(rows["sector"]))
    gap = np.abs(rows["value_musd"].to_numpy(float) - 1e3 * derived[place])
    if (bad := ~(gap <= ROUNDING)).any():
        at = int(np.argmax(bad))
        row = rows.iloc[at]
        raise InputError(
            f"flows do not balance: {item} of {row['sector']} in {row['region']} is {row['value_musd']:.3f} mn USD,"
            f" trade and inputs make it {1e3 * derived[place[0][at], place[1][at]]:.3f}"
        )
