"""What is uncertain in the world model: trade elasticities over their studies, growth, and the price of oil."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from rutrade import InputError, unknown
from rutrade.draws import triangular
from rutrade.trade.counterfactuals import WorldPaths, baseline
from rutrade.trade.equilibrium import WorldSolution, solve_shocks, with_theta
from rutrade.trade.shocks import Shocks
from rutrade.trade.world import Benchmark

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def growth_errors(paths: WorldPaths, horizon: int) -> np.ndarray:
    """What a forecast of unchanged growth would have missed: origins x regions, log of the GDP volume after `horizon`.

    Each row is one origin of the past, so that errors of regions keep their connection. Centred on zero. Wider than
    the errors of the IMF's own forecasts are likely to be.
    """
    growth = np.log1p(paths.volume.loc[: paths.last_known])
    before = growth.rolling(horizon).mean()
    after = before.shift(-horizon)
    gap = ((after - before) * horizon).dropna().to_numpy(float)
    return gap - gap.mean(0)


@dataclass(frozen=True, eq=False)
class WorldDraws:
    """Draws: parameters (draw x theta by family, brent, growth origin) and one row of figures a draw.

    figures: draw x figure; `intervals()` gives their quantiles. central: the same figures at central values.
    """

    parameters: pd.DataFrame
    figures: pd.DataFrame
    central: pd.Series

    def intervals(self) -> pd.DataFrame:
        """Figure, central, and the quantiles q05 to q95 over the draws."""
        table = self.figures.quantile(list(QUANTILES)).T
        table.columns = [f"q{100 * q:02.0f}" for q in QUANTILES]
        table.insert(0, "central", self.central)
        return table.rename_axis("figure").reset_index()


def draws(
    b: Benchmark,
    theta: pd.DataFrame,
    paths: WorldPaths | None = None,
    year: int | None = None,
    shock: Callable[[Benchmark], Shocks] | None = None,
    number: int = 1000,
    seed: int = 0,
    workers: int = 1,
) -> WorldDraws:
    """Draws of what is uncertain: theta over its studies, and with `paths` and `year` growth and oil too.

    theta: data table; a draw takes one study for each family of sectors. Growth: errors of one past origin
    (`growth_errors`) for all regions. Brent: triangular between its paths. shock: a counterfactual on top, a function
    of the benchmark it starts from; figures then hold its effects too. Figures: value (bn USD) of both flows between
    Russia and China by group, and with a shock "... change %" of each, China's share and welfare. The same seed gives
    the same bytes on any number of workers; memory does not grow with the states. Raises InputError for draws < 1 or a
    year outside the paths.
    """
    if number < 1:
        raise InputError(f"draws is {number}; must be 1 or more")
    if paths is not None and year not in paths.years:
        raise unknown("year of the world's baseline", year, paths.years)
    parameters, thetas, factors = _parameters(b, theta, paths, year, number, seed)
    brent = parameters["brent"].to_numpy() if "brent" in parameters else np.full(number, np.nan)
    setting = _Setting(b, paths, year, shock)
    middle = setting.solutions(b.theta, np.ones(len(b.regions)), np.nan)
    setting = replace(setting, near=tuple(middle))
    rows = _parallel(setting, [(thetas[k], factors[k], brent[k]) for k in range(number)], workers)
    central = pd.Series(setting.figures(middle))
    figures = pd.DataFrame(np.array(rows), columns=central.index).rename_axis("draw")
    return WorldDraws(parameters, figures, central)


def _parameters(
    b: Benchmark, theta: pd.DataFrame, paths: WorldPaths | None, year: int | None, number: int, seed: int
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Drawn parameters as a table, theta (draw x sector), factors on GDP (draw x region)."""
    rng = np.random.default_rng(seed)
    values = theta.pivot(index="sector", columns="study", values="value").reindex(list(b.sector_codes))
    families = b.sectors["theta_family"].astype(str)
    names = list(dict.fromkeys(sorted(families)))
    columns = sorted(values.columns)
    chosen = rng.integers(len(columns), size=(number, len(names)))
    study = chosen[:, [names.index(f) for f in families]]
    thetas = values[columns].to_numpy(float)[np.arange(len(b.sectors)), study]
    parameters = pd.DataFrame({f"theta, {n}": [columns[c] for c in chosen[:, k]] for k, n in enumerate(names)})
    factors = np.ones((number, len(b.regions)))
    if paths is not None and year is not None:
        low, mid, high = (float(paths.brent.at[year, c]) for c in ("low", "mid", "high"))
        parameters["brent"] = triangular(rng.random(number), low, mid, high)
        errors = growth_errors(paths, max(year - paths.last_known, 1))
        origin = rng.integers(len(errors), size=number)
        parameters["growth origin"] = origin
        order = [list(paths.volume.columns).index(r) for r in b.region_codes]
        factors = np.exp(errors[origin][:, order])
    return parameters, thetas, factors


@dataclass(frozen=True, eq=False)
class _Setting:
    """What all draws share. near: the solutions at central values, from which the others start."""

    b: Benchmark
    paths: WorldPaths | None
    year: int | None
    shock: Callable[[Benchmark], Shocks] | None
    near: tuple[WorldSolution, ...] = ()

    def solutions(self, theta: np.ndarray, factor: np.ndarray, brent: float) -> list[WorldSolution]:
        """The world without and, if there is one, with the shock."""
        b, (first, second) = with_theta(self.b, theta), (*self.near, None, None)[:2]
        if self.paths is None or self.year is None:
            found = [solve_shocks(b, Shocks.none(b), first)]
        else:
            level = "mid" if np.isnan(brent) else float(brent)
            gdp = dict(zip(b.region_codes, factor, strict=True))
            found = [baseline(b, self.paths, self.year, level, gdp, start=first)]
        if self.shock is not None:
            base = found[0].rebased()
            found.append(solve_shocks(base, self.shock(base), second))
        return found

    def figures(self, solutions: list[WorldSolution]) -> dict[str, float]:
        """Figures of one draw."""
        start, *shocked = solutions
        cells = [(one, other, group) for one, other in (("RUS", "CHN"), ("CHN", "RUS")) for group in start.groups()]
        figures = {f"{one} to {other}, {group}, bn USD": start.flow(one, other, group) for one, other, group in cells}
        for new in shocked:
            for one, other, group in cells:
                change = 100 * (new.flow(one, other, group) / start.flow(one, other, group) - 1)
                figures[f"{one} to {other}, {group}, change %"] = change
            for flow in ("export", "import"):
                change = 100 * (new.share("RUS", "CHN", flow) - start.share("RUS", "CHN", flow))
                figures[f"CHN in the {flow}s of RUS, points"] = change
            for region in ("RUS", "CHN"):
                figures[f"real final demand of {region}, change %"] = 100 * (float(new.welfare[region]) - 1)
        return figures


def _batch(setting: _Setting, tasks: list) -> list[np.ndarray]:
    return [np.array([*setting.figures(setting.solutions(*task)).values()]) for task in tasks]


def _parallel(setting: _Setting, tasks: list, workers: int) -> list[np.ndarray]:
    """Rows in the order of the tasks; batches go to processes of one thread each."""
    if workers == 1:
        return _batch(setting, tasks)
    from joblib import Parallel, delayed, parallel_config

    size = max(1, min(50, -(-len(tasks) // (4 * workers))))
    batches = [tasks[k : k + size] for k in range(0, len(tasks), size)]
    with parallel_config(backend="loky", inner_max_num_threads=1):
        rows = Parallel(n_jobs=workers)(delayed(_batch)(setting, batch) for batch in batches)
    return [row for batch in rows for row in batch]
