"""PPML whose regressors are all dummies, by alternating scaling of margins (raking).

A Poisson model with log link whose regressors are dummies is fitted when every dummy's fitted total equals its actual
total (the score equations). Scaling the fitted values to one set of totals after the other solves exactly these
equations, without a matrix; the logarithms of the factors are the coefficients. Iterative proportional fitting goes
back to Deming & Stephan (1940); that it solves PPML with fixed effects follows from the score (Gourieroux, Monfort &
Trognon 1984). Anderson's mixing (1965) of the last sweeps keeps slow sectors quick.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rutrade import InputError


@dataclass(frozen=True)
class Raking:
    """Result of `rake`.

    fitted: shape and unit of the values. effects: margin -> log effect by level; -inf where the level's total is zero
    (its cells are fitted as zero, the effect is not identified), nan for a level without cells. Only differences within
    a margin are identified when margins overlap. sweeps: passes over all margins; gap: largest relative gap between
    fitted and actual totals.
    """

    fitted: np.ndarray
    effects: dict[str, np.ndarray]
    sweeps: int
    gap: float

    def contrast(self, margin: str, level: int) -> np.ndarray:
        """Log effects of a margin less that of the reference `level`; nan where either is not identified.

        Raises InputError for a margin or level that is not there.
        """
        if margin not in self.effects or not 0 <= level < len(self.effects[margin]):
            raise InputError(f"raking: no level {level} of margin '{margin}'; margins: {', '.join(self.effects)}")
        effects = np.where(np.isfinite(self.effects[margin]), self.effects[margin], np.nan)
        return effects - effects[level]


def rake(
    values: np.ndarray,
    margins: Mapping[str, np.ndarray],
    tolerance: float = 1e-10,
    sweeps: int = 5000,
    memory: int = 8,
) -> Raking:
    """Fit E[X_c] = exp(sum over margins k of effect_k[level_k(c)]) to non-negative values by raking.

    values: array of any shape; margins: name -> integer array of the same shape with the level of each cell, -1 where
    the margin does not apply. Totals of every level are met to `tolerance` (relative). memory: sweeps that Anderson's
    mixing combines, 0 for plain raking; a mixed step counts only when the likelihood sum(X log m - m) does not fall.

    Raises InputError for missing or negative values, margins of another shape, no trade at all, a tolerance or number
    of sweeps that is not positive, and when the totals are not met in time (the margin with the largest gap is named).
    """
    problem = _Problem.of(values, margins)
    if not tolerance > 0 or sweeps < 1 or memory < 0:
        raise InputError(f"raking: tolerance {tolerance}, sweeps {sweeps} and memory {memory} must be positive")
    effects, gap = np.zeros(problem.size), np.inf
    steps: list[np.ndarray] = []  # x and F(x) of the last sweeps
    images: list[np.ndarray] = []
    for done in range(1, sweeps + 1):  # noqa: B007
        swept, gap, likelihood = problem.sweep(effects)
        if gap <= tolerance:
            break
        steps, images = [*steps, effects][-memory - 1 :], [*images, swept][-memory - 1 :]
        mixed = _mixed(steps, images) if memory and len(steps) > 1 else swept
        if mixed is not swept and not problem.likelihood(mixed) >= likelihood:
            mixed, steps, images = swept, [], []
        effects = mixed
    else:
        name, worst = problem.worst(effects)
        raise InputError(f"raking: totals of margin '{name}' are {worst:.1e} off after {sweeps} sweeps; allow more")
    return Raking(problem.fitted(swept).reshape(np.shape(values)), problem.by_margin(swept), done, gap)


def _mixed(steps: list[np.ndarray], images: list[np.ndarray]) -> np.ndarray:
    """Anderson's step: the combination of the last images whose residual is smallest by least squares."""
    residual = [image - step for step, image in zip(steps, images, strict=True)]
    slopes = np.stack([r - residual[-1] for r in residual[:-1]], axis=1)
    weight, *_ = np.linalg.lstsq(slopes, residual[-1], rcond=1e-12)
    return images[-1] - np.stack([i - images[-1] for i in images[:-1]], axis=1) @ weight


@dataclass(frozen=True)
class _Problem:
    """Values and levels of the cells that can be positive; effects of all margins in one vector."""

    values: np.ndarray
    cells: np.ndarray  # which cells of the original array
    count: int
    names: tuple[str, ...]
    codes: tuple[np.ndarray, ...]
    where: tuple[np.ndarray, ...]  # cells to which a margin applies
    totals: tuple[np.ndarray, ...]
    present: tuple[np.ndarray, ...]  # level has cells at all

    @classmethod
    def of(cls, values: np.ndarray, margins: Mapping[str, np.ndarray]) -> "_Problem":
        values = np.asarray(values, float)
        if not np.isfinite(values).all() or (values < 0).any():
            raise InputError("raking: values must be numbers of zero or more; clip and count negative ones first")
        if not values.any():
            raise InputError("raking: all values are zero, and nothing can be fitted")
        if not margins:
            raise InputError("raking: give at least one margin")
        keep = np.ones(values.size, bool)
        full = {}
        for name, levels in margins.items():
            if np.shape(levels) != values.shape or np.min(levels) < -1:
                raise InputError(f"raking: margin '{name}' needs a level of -1 or more for every value, shape"
                                 f" {values.shape}, and has shape {np.shape(levels)}")  # fmt: skip
            full[name] = np.asarray(levels, int).ravel()
            applies = full[name] >= 0
            total = np.bincount(full[name][applies], values.ravel()[applies])
            keep[applies] &= total[full[name][applies]] > 0
        flat, codes, where, totals, present = values.ravel()[keep], [], [], [], []
        for levels in full.values():
            size, kept = levels.max() + 1, levels[keep]
            inside = np.flatnonzero(kept >= 0)
            codes.append(kept[inside])
            where.append(inside)
            totals.append(np.bincount(kept[inside], flat[inside], size))
            present.append(np.bincount(levels[levels >= 0], minlength=size) > 0)
        cells = np.flatnonzero(keep)
        parts = (tuple(part) for part in (codes, where, totals, present))
        return cls(flat, cells, values.size, tuple(full), *parts)

    @property
    def size(self) -> int:
        return sum(len(total) for total in self.totals)

    def split(self, effects: np.ndarray) -> list[np.ndarray]:
        return np.split(effects, np.cumsum([len(total) for total in self.totals])[:-1])

    def means(self, effects: np.ndarray) -> np.ndarray:
        index = np.zeros(len(self.values))
        for code, where, effect in zip(self.codes, self.where, self.split(effects), strict=True):
            index[where] += effect[code]
        return np.exp(index)

    def likelihood(self, effects: np.ndarray) -> float:
        """sum(X log m) - sum(m), the Poisson likelihood without its constant."""
        linear = sum(t @ e for t, e in zip(self.totals, self.split(effects), strict=True))
        return float(linear - self.means(effects).sum())

    def sweep(self, effects: np.ndarray) -> tuple[np.ndarray, float, float]:
        """Scale to every margin in turn; the new effects, the largest relative gap met, and the likelihood."""
        means, parts, gap = self.means(effects), self.split(effects.copy()), 0.0
        for code, where, total, part in zip(self.codes, self.where, self.totals, parts, strict=True):
            fitted = np.bincount(code, means[where], len(total))
            known = total > 0
            factor = np.ones(len(total))
            factor[known] = total[known] / fitted[known]
            gap = max(gap, float(np.abs(factor[known] - 1).max(initial=0)))
            part += np.log(factor)
            means[where] *= factor[code]
        linear = sum(t @ e for t, e in zip(self.totals, parts, strict=True))
        return np.concatenate(parts), gap, float(linear - means.sum())

    def worst(self, effects: np.ndarray) -> tuple[str, float]:
        means, found = self.means(effects), {}
        for name, code, where, total in zip(self.names, self.codes, self.where, self.totals, strict=True):
            fitted, known = np.bincount(code, means[where], len(total)), total > 0
            found[name] = float(np.abs(fitted[known] / total[known] - 1).max(initial=0))
        name = max(found, key=found.__getitem__)
        return name, found[name]

    def fitted(self, effects: np.ndarray) -> np.ndarray:
        whole = np.zeros(self.count)
        whole[self.cells] = self.means(effects)
        return whole

    def by_margin(self, effects: np.ndarray) -> dict[str, np.ndarray]:
        shown = {}
        for name, total, present, part in zip(self.names, self.totals, self.present, self.split(effects), strict=True):
            shown[name] = np.where(total > 0, part, np.where(present, -np.inf, np.nan))
        return shown
