"""Draws from stated ranges, and which of them decide a result."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike


def triangular(u: np.ndarray, low: ArrayLike, central: ArrayLike, high: ArrayLike) -> np.ndarray:
    """Values of triangular distributions at the probabilities `u`, shape as broadcast; units those of the corners.

    x = low + sqrt(u (high - low) (central - low)) below the mode, high - sqrt((1 - u) (high - low) (high - central))
    above it; a range of no width gives its central value.
    """
    low, central, high = (np.asarray(v, float) for v in (low, central, high))
    rise, fall, span = central - low, high - central, high - low
    below = u * span < rise
    value = np.where(below, low + np.sqrt(u * span * rise), high - np.sqrt((1 - u) * span * fall))
    return np.where(span > 0, value, central)


def importance(parameters: pd.DataFrame, figure: pd.Series) -> pd.Series:
    """Which drawn parameters decide a figure: squared rank correlations, scaled to sum to 1, largest first."""
    squared = parameters.rank().corrwith(figure.rank()).pow(2)
    return (squared / squared.sum()).sort_values(ascending=False).rename("share")
