"""How coefficients answer relative prices and income: constant value shares (2.2'), linear expenditure (2.2'')."""

import numpy as np


def price_path(inputs: np.ndarray, primary: np.ndarray, productivity: np.ndarray) -> np.ndarray:
    """Prices p (i) of the Leontief price dual, p_j = sum_i a_ij p_i + v_j / q_j, relative to those of the base year.

    `inputs` a (i, j) of the country; `primary` v (j): what is left of a unit's price, 1 - sum_i a_ij; `productivity`
    q (j), index of the base year. A sector whose productivity rises faster than others' becomes cheaper.
    """
    return np.linalg.solve(np.eye(len(primary)) - inputs.T, primary / productivity)


def constant_value_shares(inputs: np.ndarray, prices: np.ndarray, theta: float) -> np.ndarray:
    """(2.2') a_ij <- a_ij (p_j / p_i)^theta, each column scaled to its old sum; `inputs` (s, i, j), `prices` (i)."""
    moved = inputs * (prices[None, :] / prices[:, None]) ** theta
    total, old = moved.sum(1, keepdims=True), inputs.sum(1, keepdims=True)
    return moved * np.divide(old, total, out=np.zeros_like(old), where=total > 0)


def cheaper_consumed_more(shares: np.ndarray, prices: np.ndarray, theta: float) -> np.ndarray:
    """(2.2') c_i <- c_i p_i^-theta, each region's total kept; `shares` c (s, i), `prices` (i)."""
    moved = shares * prices**-theta
    return moved * (shares.sum(1, keepdims=True) / moved.sum(1, keepdims=True))


def linear_expenditure(shares: np.ndarray, consumption: float, elasticity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(2.2'') gamma (s, i) and beta (s, i) of demand gamma + beta z: beta = eta w normalised by region.

    `shares` w (s, i) of consumption z0 in the base year, `elasticity` eta (i) of income. gamma = w z0 - beta z0, so
    that demand at z0 is w z0 and sums to z at any z; the income elasticity at z0 is beta / w.
    """
    beta = elasticity * shares
    beta = beta * (shares.sum(1, keepdims=True) / beta.sum(1, keepdims=True))
    return consumption * (shares - beta), beta
