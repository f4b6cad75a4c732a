"""How coefficients answer prices and income: value shares (2.2'), linear expenditure (2.2''), technique (2.6'')."""

import numpy as np

# capital over labour of new capacity, relative to the path's proportion; 1 itself needs no node
TECHNIQUES = np.array([0.4, 0.7, 1.4, 2.5])


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


def techniques(share: np.ndarray, elasticity: float) -> tuple[np.ndarray, np.ndarray]:
    """(2.6'') capital and labour (..., n) of new capacity over the path's, on a CES isoquant through (1, 1).

    `share` (...) is labour's part of the cost of both, `elasticity` sigma of substitution. With eta = (sigma - 1)/sigma
    and capital over labour at n times the path's proportion, labour is b = (s + (1 - s) n^eta)^(-1/eta), capital n b.
    """
    eta, s = (elasticity - 1) / elasticity, share[..., None]
    labour = (s + (1 - s) * TECHNIQUES**eta) ** (-1 / eta)
    return TECHNIQUES * labour, labour
