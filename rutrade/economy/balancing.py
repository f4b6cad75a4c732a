"""Biproportional adjustment and Leontief systems: the algebra of input-output tables, (R.2)-(R.6)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from rutrade import InputError


def ras(
    matrix: ArrayLike, rows: ArrayLike, columns: ArrayLike, tol: float = 1e-10, max_iterations: int = 10_000
) -> np.ndarray:
    """Biproportional fit diag(a) M diag(b) of a non-negative matrix to row and column totals (R.2).

    `matrix` (..., m, n), `rows` (..., m), `columns` (..., n): leading axes are independent tables. Zeros stay
    zero, a matrix that fits comes back unchanged. Raises InputError for negative or non-finite entries, unequal
    totals (relative 1e-9), a positive total over an empty row or column, and when `tol` (largest error relative
    to the table's largest margin) is not reached. Stone & Brown 1962; Bacharach 1970.
    """
    m, u, v = (np.asarray(a, float) for a in (matrix, rows, columns))
    if m.shape[:-1] != u.shape or m.shape[:-2] + m.shape[-1:] != v.shape:
        raise InputError(f"RAS: matrix {m.shape} does not fit rows {u.shape} and columns {v.shape}")
    for name, a in (("matrix", m), ("rows", u), ("columns", v)):
        if not np.isfinite(a).all() or (a < 0).any():
            raise InputError(f"RAS: {name} holds {a.min()}; only finite values >= 0 are allowed")
    gap = np.abs(u.sum(-1) - v.sum(-1))
    if (gap > 1e-9 * np.maximum(u.sum(-1), 1e-300)).any():
        sums = f"rows sum to {u.sum(-1).max():.10g} and columns to {v.sum(-1).max():.10g}"
        raise InputError(f"RAS: {sums}; they must be equal")
    for name, total, sums in (("row", u, m.sum(-1)), ("column", v, m.sum(-2))):
        if ((total > 0) & (sums == 0)).any():
            where = tuple(int(k) for k in np.argwhere((total > 0) & (sums == 0))[0])
            raise InputError(f"RAS: {name} {where} has total {total[where]:.6g} but only zeros in the matrix")
    scale = np.maximum(u.max(-1, initial=0, keepdims=True), 1e-300)
    if (np.abs(m.sum(-1) - u) <= tol * scale).all() and (np.abs(m.sum(-2) - v) <= tol * scale).all():
        return m.copy()
    b, transposed = np.ones_like(v), np.ascontiguousarray(np.swapaxes(m, -1, -2))
    for _ in range(max_iterations):
        a = _ratio(u, np.matvec(m, b))
        reached = np.matvec(transposed, a)
        if (np.abs(reached * b - v) <= tol * scale).all():
            return a[..., :, None] * m * b[..., None, :]
        b = _ratio(v, reached)
    raise InputError(f"RAS: not within {tol} after {max_iterations} iterations; the zeros may leave no such table")


def gravity_ras(
    prior: np.ndarray,
    supply: ArrayLike,
    use: ArrayLike,
    diagonal: ArrayLike | None = None,
    bounds: tuple[float, float] = (0.02, 50.0),
    tol: float = 1e-11,
) -> tuple[np.ndarray, np.ndarray]:
    """Interregional flows y (i, r, s) from one prior matrix (r, s), with bounded factors on the diagonal (R.5).

    Per product, y fits `supply` (i, r) and `use` (i, s). With `diagonal` (s), the wanted share of own supply in
    the use of all products together, the prior's diagonal is multiplied by one factor per region within `bounds`
    so that the share is met as nearly as the margins allow. Returns (y, factors (s)). Raises InputError as `ras`.
    """
    supply, use, factors = np.asarray(supply, float), np.asarray(use, float), np.ones(len(prior))
    y = np.zeros((len(supply), *prior.shape))
    wanted = None if diagonal is None else np.asarray(diagonal, float)
    for _ in range(1 if wanted is None else 60):
        seed = np.array(prior, float)
        seed[np.diag_indices_from(seed)] *= factors
        y = ras(np.broadcast_to(seed, (len(supply), *seed.shape)), supply, use, tol)
        if wanted is None:
            break
        own = np.einsum("irr->r", y) / use.sum(0)
        step = np.clip(factors * (wanted / (1 - wanted)) / (own / np.maximum(1 - own, 1e-12)), *bounds)
        if np.abs(step / factors - 1).max() < 1e-4:
            break
        factors = step
    return y, factors


def _ratio(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.divide(a, b, out=np.zeros_like(a), where=b > 0)


def _capped(seed: np.ndarray, total: float, cap: np.ndarray) -> np.ndarray:
    """Shares of `total` in proportion to `seed`, none above its cap (sum of caps >= total)."""
    x, open_ = np.zeros_like(seed), np.ones(len(seed), bool)
    for _ in range(len(seed)):
        left = total - x[~open_].sum()
        x[open_] = left * seed[open_] / max(seed[open_].sum(), 1e-300)
        over = open_ & (x > cap)
        if not over.any():
            return x
        x[over], open_ = cap[over], open_ & ~over
    return x


@dataclass(frozen=True)
class Leontief:
    """Factorised I - A of an input-output table: x = A x + f. `a` (i, j) input coefficients, `factors` of LU."""

    a: np.ndarray
    factors: tuple

    @classmethod
    def of(cls, a: ArrayLike) -> "Leontief":
        """Factorise. Raises InputError when a column of A sums to 1 or more (the table could not be productive)."""
        from scipy.linalg import lu_factor

        a = np.asarray(a, float)
        if a.sum(0).max() >= 1:
            raise InputError(f"column {a.sum(0).argmax()} of A sums to {a.sum(0).max():.6g}; must be below 1")
        return cls(a, lu_factor(np.eye(len(a)) - a))

    def output(self, demand: ArrayLike) -> np.ndarray:
        """Output x (i) or (i, k) that meets final demand f."""
        from scipy.linalg import lu_solve

        return lu_solve(self.factors, np.asarray(demand, float))

    def changed_column(self, j: int, column: ArrayLike, demand: ArrayLike) -> np.ndarray:
        """Output when column j of A is replaced, by the Sherman-Morrison formula and no new factorisation (R.6)."""
        y, w = self.output(np.column_stack([demand, np.asarray(column, float) - self.a[:, j]])).T
        return y + w * (y[j] / (1 - w[j]))
