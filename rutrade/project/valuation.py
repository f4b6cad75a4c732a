"""Shadow prices by year, and what a project is worth at them (1.9)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from rutrade import InputError

LABOUR, FOREIGN_EXCHANGE = "labour", "foreign_exchange"  # rows beside the sectors


def _checked(duals: pd.DataFrame) -> pd.DataFrame:
    """Duals by solved year, in order. Raises InputError for none, a year twice, or a value that is not finite."""
    if duals.empty:
        raise InputError("duals: the table is empty: at least one solved year is required")
    if duals.index.has_duplicates:
        raise InputError(f"duals: year {duals.index[duals.index.duplicated()][0]} appears twice: one row a solved year")
    bad = ~np.isfinite(duals.to_numpy(float))
    if bad.any():
        i, j = np.argwhere(bad)[0]
        raise InputError(
            f"duals: '{duals.columns[j]}' in {duals.index[i]} = {duals.iat[i, j]} is not allowed: a finite number"
        )
    return duals.sort_index().astype(float)


def nearest_node(nodes: np.ndarray, years: np.ndarray) -> np.ndarray:
    """The solved year whose prices hold in each of `years`: the nearest one, of two as near the earlier.

    Prices are never interpolated: between two programs with other constraints binding there is no price half-way.
    """
    nodes, years = np.sort(np.asarray(nodes)), np.asarray(years)
    return nodes[np.abs(years[:, None] - nodes[None, :]).argmin(axis=1)]


def duals_by_year(duals: pd.DataFrame, years: np.ndarray) -> pd.DataFrame:
    """Duals (solved year, row) as a table (year, row): each year takes those of its nearest solved year.

    Raises InputError for an empty table, a year twice, or a value that is not finite.
    """
    duals = _checked(duals)
    table = duals.loc[nearest_node(duals.index.to_numpy(), np.asarray(years))]
    return table.set_axis(pd.Index(years, name="year"), axis=0)


def value_by_year(duals: pd.DataFrame, coefficients: pd.DataFrame) -> pd.Series:
    """Value of what is delivered and used by year, at the duals of the solved years.

    (1.9) V(t) = sum_h sum_rows lambda_row(n(t)) a_row,h(t), n(t) the nearest solved year. `duals`: (solved year, row),
    `coefficients`: (year, row) or ((object, year), row), deliveries positive and uses negative, in the unit whose price
    the dual is; the result has the coefficients' index. Raises InputError for a row without a dual, and for a year
    twice or a value that is not finite among the duals.
    """
    if missing := [str(row) for row in coefficients.columns if row not in duals.columns]:
        raise InputError(f"duals: row '{missing[0]}' of the coefficients has no dual: {', '.join(map(str, duals))}")
    years = coefficients.index.get_level_values(-1)
    prices = duals_by_year(duals[list(coefficients.columns)], years.to_numpy()).to_numpy()
    value = (coefficients.to_numpy(float) * prices).sum(axis=1)
    return pd.Series(value, coefficients.index, name="value")


def shadow_price_paths(
    shadow_prices: Mapping[str, float] | pd.DataFrame | None, years: np.ndarray
) -> dict[str, np.ndarray]:
    """Shadow over market price by sector (or labour, foreign_exchange) and year.

    A mapping holds one price for all years, a table (solved year, row) the duals of a program. Raises InputError for a
    price that is not a finite number.
    """
    if shadow_prices is None:
        return {}
    if isinstance(shadow_prices, pd.DataFrame):
        duals = _checked(shadow_prices)
        nodes = duals.index.to_numpy()
        paths = duals.to_numpy()[np.searchsorted(nodes, nearest_node(nodes, years))]
        return dict(zip(map(str, duals.columns), paths.T, strict=True))
    for sector, value in dict(shadow_prices).items():
        if not np.isfinite(value):
            raise InputError(f"shadow_prices: sector '{sector}' = {value} is not allowed: a finite number")
    return {sector: np.full(len(years), float(value)) for sector, value in dict(shadow_prices).items()}
