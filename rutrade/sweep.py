"""Many scenarios: grids and Monte Carlo over `chain.run`, in processes or on a dask cluster, resumable.

Every finished scenario is a small file named by its content key in the results folder; the table is made from these
files, in the grid's order, so that it does not depend on the order of execution, on interruptions, or on the workers.
"""

import importlib
import itertools
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from rutrade import InputError, data, files, scenarios, unknown
from rutrade import draws as sampling
from rutrade.scenarios import Scenario

if TYPE_CHECKING:
    from distributed import Client

# What computes a scenario's row; how scenarios are run and shown changes no result.
_COMPUTES = ("data", "scenarios", "structure", "project", "economy", "trade", "chain", "draws")

# Ranges (low, central, high): sourced where the scenario's schema says so, else assumption. No probability may be read
# from them.
DISTRIBUTIONS = {
    "multiplier": (2.7, 3.7, 6.0),
    "high_tech_factor": (0.5, 1.0, 2.0),
    "cost_overrun": (-0.05, 0.0, 0.5),
    "opex_factor": (0.8, 1.0, 2.0),
    "discount_rate_public": (0.03, 0.05, 0.08),
    "export_propensity": (0.05, 0.25, 0.5),
    "china_share": (0.1, 0.2, 0.5),
    "productivity_effect": (0.0, 0.0, 0.02),
    "crowding_out": (0.0, 1.0, 1.0),
    "rail_capacity": (158.0, 210.0, 253.0),
    "oil_price": (0.7, 1.0, 1.3),
    "sanctions": (0.0, 0.0, 0.2),
    "productivity": (0.0, 0.0, 0.05),
    "customs": (0.0, 0.005, 0.01),
    "standards": (0.0, 0.005, 0.01),
    "payments": (0.0, 0.005, 0.01),
    "logistics": (0.0, 0.01, 0.02),
    "export_support": (0.0, 0.0, 0.3),
    "redirection": (0.0, 0.0, 0.3),
}


def grid(axes: Mapping[str, Iterable]) -> list[dict]:
    """All combinations of the given values by parameter, each checked. Raises InputError when empty or unknown."""
    axes = {name: list(values) if isinstance(values, (list, tuple)) else [values] for name, values in axes.items()}
    if not axes or not all(axes.values()):
        empty = next((name for name, values in axes.items() if not values), "")
        raise InputError(f"the grid is empty{f': parameter {empty!r} has no values' if empty else ''}")
    points = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
    for point in points:
        Scenario.check(**point)
    return points


def read_grid(path: str | Path) -> list[dict]:
    """A grid from YAML (parameter: [values], all combinations) or CSV (one scenario per row).

    Raises InputError for a file that is missing, empty, no YAML, or gives a parameter twice.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"grid file {path} does not exist")
    if path.suffix != ".csv":
        content = scenarios.parse(path.read_text(encoding="utf-8"), f"grid {path.name}")
        if not isinstance(content, dict):
            raise InputError(f"the grid is empty: {path.name} must be lines of `parameter: [values]`")
        return grid(content)
    rows = pd.read_csv(path)
    if rows.empty:
        raise InputError(f"the grid is empty: {path.name} has no rows")
    points = [{k: v for k, v in row.items() if not pd.isna(v)} for row in rows.to_dict("records")]
    for point in points:
        Scenario.check(**point)
    return points


def monte_carlo(draws: int, seed: int, fixed: Mapping | None = None) -> list[dict]:
    """Scenarios drawn from `DISTRIBUTIONS`, other parameters as in `fixed`; same seed, same scenarios.

    The forecast's own error is not among them: `draws` of a scenario shows it, within the scenario. Raises InputError
    for draws < 1.
    """
    if draws < 1:
        raise InputError(f"draws = {draws} is not allowed: at least 1")
    rng = np.random.default_rng(seed)
    drawn = {name: sampling.triangular(rng.random(draws), *limits) for name, limits in DISTRIBUTIONS.items()}
    return [{**(fixed or {}), **{name: float(values[i]) for name, values in drawn.items()}} for i in range(draws)]


def key(point: Mapping, now: str | None = None) -> str:
    """Content key of a scenario: its parameters, the data and the code that computes its row.

    `now`: what `state()` gives, for many keys in a row. Raises InputError for a parameter that is not allowed.
    """
    values = sorted(Scenario.check(**point).model_dump().items())
    return files.digest([now or state(), json.dumps(values)])


def state() -> str:
    """Fingerprint of the data and of the modules that compute results, on which all keys depend."""
    package = Path(__file__).parent
    paths = sorted(p for name in _COMPUTES for p in (package / f"{name}.py", *(package / name).glob("*.py")))
    found = [path for path in paths if path.is_file()]
    return files.digest([data.fingerprint(), *(part for p in found for part in (str(p.relative_to(package)), p))])


def evaluate(point: Mapping) -> dict:
    """Key figures of one scenario as a row; a scenario without a solution is a row with its reason.

    Causes are not told apart: the models are solved without the project and with all.
    """
    from rutrade import chain

    try:
        figures, failure = dict(chain.run(Scenario.check(**point), apart=False).figures), ""
    except InputError as error:
        figures, failure = {}, str(error)
    return {**point, **figures, "failure": failure}


def sweep(
    points: list[dict],
    folder: str | Path | None,
    jobs: int = 2,
    executor: str = "joblib",
    address: str | None = None,
    shard: tuple[int, int] = (1, 1),
    progress: bool = True,
    row: Callable[[Mapping], dict] = evaluate,
) -> pd.DataFrame:
    """Run all scenarios that `folder` does not hold yet and return (and write) the table of all; None: no files.

    executor: 'joblib' (processes of this machine) or 'dask' (an existing scheduler at `address`). `shard` = (i, n)
    runs every n-th scenario from the i-th, for job arrays; the table then holds what is there so far. `row` makes a
    scenario's row (one such function per folder). Raises InputError when the folder belongs to another grid or other
    data, or the scheduler cannot be reached.
    """
    from tqdm import tqdm

    if not points:
        raise InputError("the grid is empty: no scenario to run")
    i, n = shard
    if not 1 <= i <= n:
        raise InputError(f"shard = {i}/{n} is not allowed: i from 1 to n")
    if folder is None:
        from tempfile import TemporaryDirectory

        with TemporaryDirectory() as aside:
            return sweep(points, aside, jobs, executor, address, shard, progress, row)
    folder, now = Path(folder), state()
    keys = [key(point, now) for point in points]
    with _backend(executor, jobs, address) as parallel:
        _claim(folder, keys, now)
        shares = list(zip(keys, points, strict=True))[i - 1 :: n]
        wanted = [(k, p) for k, p in shares if not (folder / f"{k}.json").exists()]
        bar = tqdm(total=len(keys), initial=len(keys) - len(wanted), desc="scenarios", disable=not progress)
        with bar:
            for k, figures, tables, modules in parallel(_task, [(k, p, row) for k, p in wanted]):
                files.write(folder / f"{k}.json", json.dumps(figures))
                data.mark_used(tables)
                for module in modules:  # so that a page knows which code its workers used
                    importlib.import_module(module)
                bar.update()
    return gather(folder, keys)


def gather(folder: str | Path, keys: list[str]) -> pd.DataFrame:
    """The table of the scenarios done so far, in the grid's order; written as `table.parquet`.

    Raises InputError when the folder cannot be written.
    """
    folder = Path(folder)
    rows = [json.loads(path.read_text()) for k in keys if (path := folder / f"{k}.json").exists()]
    table = pd.DataFrame(rows)
    files.write(folder / "table.parquet", table.to_parquet())
    return table


def _claim(folder: Path, keys: list[str], now: str) -> None:
    """Mark the folder as this grid's; another grid or other data in it is refused."""
    stamp, path = files.digest(sorted(keys)), folder / "grid.json"
    if not path.exists():
        files.write(path, json.dumps({"grid": stamp, "state": now, "scenarios": len(keys)}))
        return
    found = json.loads(path.read_text())
    if found["grid"] != stamp:
        what = "other data or another version" if found["state"] != now else "another grid"
        raise InputError(f"folder {folder} holds results of {what}: choose another folder or delete it")


def _task(k: str, point: Mapping, row: Callable) -> tuple[str, dict, set[str], list[str]]:
    """A scenario's key and row, and the tables and modules of the package that this worker has used."""
    figures = row(point)
    return k, figures, data.used(), sorted(name for name in sys.modules if name.startswith("rutrade."))


@contextmanager
def _backend(executor: str, jobs: int, address: str | None) -> Iterator[Callable]:
    """A function that runs tasks and gives their results as they come, in joblib's processes or on dask.

    Each process has one BLAS thread and builds the economy's program once; dask runs the tasks of a lost worker again
    elsewhere. InputError for an unknown executor, and when no scheduler answers.
    """
    from joblib import Parallel, delayed, parallel_config

    def run(function: Callable, tasks: list[tuple]) -> Iterable:
        return Parallel(return_as="generator_unordered")(delayed(function)(*task) for task in tasks) if tasks else ()

    if executor == "joblib":
        with parallel_config("loky", n_jobs=jobs, inner_max_num_threads=1):
            yield run
    elif executor == "dask":
        with _client(address) as client, parallel_config("dask", client=client):
            yield run
    else:
        raise unknown("executor", executor, ("joblib", "dask"))


def _client(address: str | None) -> "Client":
    """A client of the dask scheduler at `address`; InputError when dask is not installed or nobody answers."""
    try:
        from distributed import Client
    except ImportError:
        raise InputError("executor 'dask' needs the extra: pip install 'rutrade[dask]'") from None
    if not address:
        raise InputError("executor 'dask' needs --address of a running scheduler, such as tcp://host:8786")
    try:
        client = Client(address, timeout="10s")
    except (OSError, TimeoutError, ValueError) as error:
        raise InputError(f"no scheduler answers at {address} ({type(error).__name__})") from None
    try:
        client.wait_for_workers(1, timeout=10)
    except TimeoutError:
        client.close()
        raise InputError(f"the scheduler at {address} has no worker: start one with `dask worker {address}`") from None
    return client


def importance(table: pd.DataFrame, figure: str) -> pd.Series:
    """Which drawn parameters decide a figure: squared rank correlations, scaled to sum to 1, largest first."""
    names = [name for name in DISTRIBUTIONS if name in table and table[name].nunique() > 1]
    return sampling.importance(table[names], table[figure])


def surface(table: pd.DataFrame, rows: str, columns: str, figure: str) -> pd.DataFrame:
    """A figure over a grid of two parameters: rows by columns; empty where the scenario has no solution.

    Raises InputError when no scenario has a solution.
    """
    if figure not in table:
        raise InputError(f"no scenario of the grid has a solution: {table['failure'].iloc[0]}")
    return table.pivot(index=rows, columns=columns, values=figure)


def presets() -> dict[str, dict]:
    """Overrides of the chain's parameters by preset; presets that change none of them are left out but for base."""
    global _presets_read
    _presets_read = True
    chosen = {name: scenarios.select(Scenario, scenarios.load(name)) for name in scenarios.names()}
    return {name: values for name, values in chosen.items() if values or name == scenarios.BASE}


_presets_read = False


def presets_read() -> bool:
    """Whether this process has asked for all presets: a page that shows them depends on them."""
    return _presets_read
