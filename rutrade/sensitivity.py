"""Which parameters move the results: Morris' elementary effects, and Sobol's indices on a checked emulator.

Both vary the ranges of `sweep.DISTRIBUTIONS` evenly. Morris runs the linked chain itself, r trajectories of k + 1 runs.
Sobol asks for thousands of runs: it stands on an emulator, a quadratic surface fitted to runs of the chain over the few
parameters that Morris leaves, whose error at further random points is reported beside every index.

(4.9)  mu*_i = mean over trajectories of |Delta_i f|, with Delta_i f the change of f over the whole range of i
(4.10) S_i = Var(E[f | x_i]) / Var(f), ST_i = 1 - Var(E[f | x_~i]) / Var(f)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from rutrade import InputError, files, unknown
from rutrade.sweep import DISTRIBUTIONS

LEVELS = 4  # of Morris' grid


def problem(names: Sequence[str] | None = None) -> dict:
    """What SALib calls the problem: names and bounds of the parameters. Raises InputError for one without a range."""
    names = list(DISTRIBUTIONS if names is None else names)
    for name in names:
        if name not in DISTRIBUTIONS:
            raise unknown("parameter with a range", name, DISTRIBUTIONS)
    return {
        "num_vars": len(names),
        "names": names,
        "bounds": [[DISTRIBUTIONS[n][0], DISTRIBUTIONS[n][2]] for n in names],
    }


def morris(trajectories: int, seed: int, names: Sequence[str] | None = None, fixed: dict | None = None) -> list[dict]:
    """Points of Morris' design: `trajectories` times (parameters + 1) scenarios; same seed, same points.

    Raises InputError for fewer than 4 trajectories.
    """
    from SALib.sample import morris as sample

    if trajectories < 4:
        raise InputError(f"trajectories = {trajectories} is not allowed: at least 4, or the effects have no spread")
    found = problem(names)
    return _points(sample.sample(found, trajectories, LEVELS, seed=seed), found["names"], fixed)


def whole(table: pd.DataFrame, names: Sequence[str] | None = None) -> pd.DataFrame:
    """The rows of those trajectories in which every run has a solution, for `effects`.

    Raises InputError, naming the first reason, when fewer than two are left.
    """
    size = len(problem(names)["names"]) + 1
    found = table["failure"].fillna("") == ""
    block = np.arange(len(table)) // size
    good = found.groupby(block).transform("all")
    if good.sum() < 2 * size:
        reason = table.loc[~found, "failure"].iloc[0]
        raise InputError(f"only {int(good.sum()) // size} trajectories have solutions throughout: {reason}")
    return table[good]


def effects(table: pd.DataFrame, figure: str, seed: int, names: Sequence[str] | None = None) -> pd.DataFrame:
    """Morris' indices of a figure from the rows of the design, largest first, (4.9).

    Returns parameter x (mu_star, mu, sigma, confidence: half of a 95 % interval of mu_star), in the figure's unit over
    the parameter's whole range. Raises InputError for a run without a solution, and for a figure that is not there.
    """
    from SALib.analyze import morris as analyze

    values, found = _values(table, figure), problem(names)
    result = analyze.analyze(
        found, table[found["names"]].to_numpy(float), values, num_levels=LEVELS, seed=seed, print_to_console=False
    )
    columns = {"mu_star": "mu_star", "mu": "mu", "sigma": "sigma", "confidence": "mu_star_conf"}
    rows = pd.DataFrame({k: np.asarray(result[v], float) for k, v in columns.items()}, index=found["names"])
    return rows.rename_axis("parameter").sort_values("mu_star", ascending=False, kind="stable")


def write(table: pd.DataFrame, folder: str | Path, seed: int) -> Path:
    """`effects.csv` in the folder: Morris' indices of every key figure that moves, from the rows of the whole design.

    Raises InputError as `effects`, and when the folder cannot be written.
    """
    from rutrade.chain import FIGURES

    figures = [c for c in table if c in FIGURES and table[c].nunique() != 1]
    if not figures:
        raise InputError("no key figure moves in the runs of the design")
    rows = pd.concat({name: effects(table, name, seed) for name in figures}, names=["figure"])
    path = Path(folder) / "effects.csv"
    files.write(path, rows.to_csv(float_format="%.12g", lineterminator="\n"))
    return path


def spread(count: int, seed: int, names: Sequence[str], fixed: dict | None = None) -> list[dict]:
    """Points of a Latin hypercube over the parameters, for the emulator. Raises InputError for fewer than 4."""
    from scipy.stats import qmc

    if count < 4:
        raise InputError(f"points of the emulator = {count} is not allowed: at least 4")
    found = problem(names)
    low, high = np.array(found["bounds"]).T
    sample = qmc.LatinHypercube(len(found["names"]), rng=np.random.default_rng(seed)).random(count)
    return _points(low + sample * (high - low), found["names"], fixed)


@dataclass(frozen=True, eq=False)
class Emulator:
    """A quadratic surface of a figure over scaled parameters (0 to 1), and its error at points it has not seen.

    `error`: root mean square at the checked points; `share`: that over the standard deviation of the figure there.
    """

    names: tuple[str, ...]
    coefficients: np.ndarray
    error: float
    share: float

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """The figure at points (rows) in the parameters' own units."""
        return _terms(_scaled(points, self.names)) @ self.coefficients


def emulator(fitted: pd.DataFrame, checked: pd.DataFrame, figure: str, names: Sequence[str]) -> Emulator:
    """The surface fitted to the runs `fitted`, with its error at the runs `checked`.

    Raises InputError for fewer runs than the surface has terms, and for runs without a solution.
    """
    names = tuple(names)
    terms = _terms(_scaled(fitted[list(names)].to_numpy(float), names))
    if len(fitted) < terms.shape[1]:
        raise InputError(
            f"the emulator of {len(names)} parameters needs {terms.shape[1]} runs; there are {len(fitted)}"
        )
    coefficients = np.linalg.lstsq(terms, _values(fitted, figure), rcond=None)[0]
    made, true = Emulator(names, coefficients, 0.0, 0.0), _values(checked, figure)
    error = float(np.sqrt(np.mean((made(checked[list(names)].to_numpy(float)) - true) ** 2)))
    deviation = float(true.std())
    return Emulator(names, coefficients, error, error / deviation if deviation > 0 else 0.0)


def sobol(surface: Emulator, seed: int, size: int = 1024) -> pd.DataFrame:
    """Sobol's indices (4.10) on the emulator: parameter x (first, first_confidence, total, total_confidence), 95 %.

    Raises InputError for a size below 4.
    """
    from SALib.analyze import sobol as analyze
    from SALib.sample import sobol as sample

    if size < 4:
        raise InputError(f"size of Sobol's design = {size} is not allowed: at least 4")
    found = problem(surface.names)
    points = sample.sample(found, size, calc_second_order=False, seed=seed)
    result = analyze.analyze(found, surface(points), calc_second_order=False, seed=seed, print_to_console=False)
    columns = {"first": "S1", "first_confidence": "S1_conf", "total": "ST", "total_confidence": "ST_conf"}
    rows = pd.DataFrame({k: result[v] for k, v in columns.items()}, index=list(surface.names))
    return rows.rename_axis("parameter").sort_values("total", ascending=False, kind="stable")


def _points(sample: np.ndarray, names: Sequence[str], fixed: dict | None) -> list[dict]:
    return [{**(fixed or {}), **dict(zip(names, map(float, row), strict=True))} for row in sample]


def _values(table: pd.DataFrame, figure: str) -> np.ndarray:
    if figure not in table:
        raise unknown("figure", figure, [c for c in table if c not in DISTRIBUTIONS])
    failed = table[figure].isna()
    if failed.any():
        reason = table.loc[failed, "failure"].iloc[0] if "failure" in table else "no value"
        raise InputError(f"{int(failed.sum())} of {len(table)} runs have no '{figure}': {reason}")
    return table[figure].to_numpy(float)


def _scaled(points: np.ndarray, names: Sequence[str]) -> np.ndarray:
    low, high = np.array(problem(names)["bounds"]).T
    return (np.asarray(points, float) - low) / (high - low)


def _terms(x: np.ndarray) -> np.ndarray:
    """1, x_i and x_i x_j for i <= j, as columns."""
    i, j = np.triu_indices(x.shape[1])
    return np.column_stack([np.ones(len(x)), x, x[:, i] * x[:, j]])
