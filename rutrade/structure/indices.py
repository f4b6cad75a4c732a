"""Indicators of the structure of trade, equations (0.1)-(0.9): pure functions over pandas objects.

A structure is a Series of values or shares by commodity group; a panel is a DataFrame with years in rows and groups in
columns. Shares are fractions of one. Equation numbers are those of the book's page on indicators of structure.
"""

import numpy as np
import pandas as pd

from rutrade import InputError


def shares(values: pd.DataFrame | pd.Series) -> pd.DataFrame | pd.Series:
    """Shares s_g = V_g / sum_g V_g (0.1), by row for a panel. Missing groups stay missing.

    Raises InputError when a value is negative or a total is not positive.
    """
    if (values < 0).to_numpy().any():
        raise InputError("trade values must not be negative to form shares")
    total = values.sum(axis=values.ndim - 1)
    if not np.all(np.asarray(total) > 0):
        raise InputError("shares need a positive total in every year")
    return values / total if values.ndim == 1 else values.div(total, axis=0)


def herfindahl(share: pd.DataFrame | pd.Series, normalised: bool = False) -> pd.Series | float:
    """Herfindahl-Hirschman concentration H = sum_g s_g^2 (0.2), in [1/n, 1].

    Normalised: (H - 1/n) / (1 - 1/n), in [0, 1], n the number of groups. Source: Hirschman 1964.
    """
    h, n = (share**2).sum(axis=share.ndim - 1), share.shape[-1]
    return (h - 1 / n) / (1 - 1 / n) if normalised else h


def lawrence(share: pd.Series, base: pd.Series) -> float:
    """Lawrence index of structural change L = 0.5 * sum_g |s_g(t) - s_g(u)| (0.3), in [0, 1]; 0: unchanged.

    Source: Lawrence 1984, Can America Compete?
    """
    _same_groups(share, base)
    return float(0.5 * (share - base).abs().sum())


def finger_kreinin(share: pd.Series, other: pd.Series) -> float:
    """Finger-Kreinin similarity of two structures FK = sum_g min(s_g, s'_g) (0.4), in [0, 1].

    Between two years of one flow FK = 1 - L identically, so it confirms nothing there; use it between two flows or
    two countries. Source: Finger & Kreinin 1979, Economic Journal 89.
    """
    _same_groups(share, other)
    return float(np.minimum(share, other).sum())


def balassa(exports: pd.Series, reference: pd.Series) -> pd.Series:
    """Revealed comparative advantage RCA_g = s_g / s_g(reference) (0.5); above 1: specialised. Source: Balassa 1965."""
    _same_groups(exports, reference)
    return shares(exports) / shares(reference)


def symmetric_balassa(exports: pd.Series, reference: pd.Series) -> pd.Series:
    """Symmetric RCA (RCA - 1) / (RCA + 1) (0.6), in [-1, 1]. Source: Dalum, Laursen & Villumsen 1998."""
    rca = balassa(exports, reference)
    return (rca - 1) / (rca + 1)


def grubel_lloyd(exports: pd.Series, imports: pd.Series) -> float:
    """Intra-industry trade GL = 1 - sum_g |X_g - M_g| / sum_g (X_g + M_g) (0.7), in [0, 1].

    It depends on the level of detail: state whether groups are HS6 codes, chapters or the 16 groups.
    Source: Grubel & Lloyd 1975. Raises InputError when there is no trade.
    """
    _same_groups(exports, imports)
    gross = (exports + imports).sum()
    if gross <= 0:
        raise InputError("the Grubel-Lloyd index needs positive trade in at least one direction")
    return float(1 - (exports - imports).abs().sum() / gross)


def aggregate(panel: pd.DataFrame, classes: pd.Series) -> pd.DataFrame:
    """Panel by coarser class: columns mapped by `classes` (group -> class) and summed (0.8).

    A column without a class keeps its own name, so an unsplit residual stays visible. A class is missing in a year
    only when all of its groups are.
    """
    names = [classes.get(column, column) for column in panel.columns]
    return panel.T.groupby(names, sort=False).sum(min_count=1).T.rename_axis(panel.columns.name, axis=1)


def price_quantity(value: pd.Series, quantity: pd.Series) -> pd.DataFrame:
    """Log change of value split into unit value and quantity, year by year (0.9).

    ln V(t)/V(t-1) = ln p(t)/p(t-1) + ln q(t)/q(t-1) with p = V/q. Columns: value, price, quantity, in log points.
    Raises InputError when a quantity is not positive.
    """
    if (quantity <= 0).any():
        raise InputError(f"quantity must be positive, year {quantity.index[quantity <= 0][0]} is not")
    price = value / quantity
    return pd.DataFrame({"value": value, "price": price, "quantity": quantity}).apply(np.log).diff().iloc[1:]


def mirror_gap(exporter_report: pd.Series, importer_report: pd.Series) -> pd.Series:
    """Mirror gap: importer's figure over exporter's, minus one; freight and insurance explain a few percent of it."""
    return importer_report / exporter_report - 1


def growth_rate(series: pd.Series, start: int, end: int) -> float:
    """Mean annual growth (V(end)/V(start))^(1/(end-start)) - 1."""
    return float((series[end] / series[start]) ** (1 / (end - start)) - 1)


def _same_groups(a: pd.Series, b: pd.Series) -> None:
    if not a.index.equals(b.index):
        different = sorted(set(a.index.astype(str)) ^ set(b.index.astype(str)))
        raise InputError(f"the two structures have different groups or order: {', '.join(different) or 'order'}")
