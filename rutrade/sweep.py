"""Many scenarios: grids and Monte Carlo over `chain.run`, in processes or on a dask cluster, resumable.

Every finished scenario is a small file named by its content key in the results folder; the table is made from these
files, in the grid's order, so that it does not depend on the order of execution, on interruptions, or on the workers.
"""

import hashlib
import itertools
import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from rutrade import InputError, __version__, data, scenarios
from rutrade.scenarios import Scenario

# Ranges drawn by Monte Carlo: triangular (low, central, high); sourced where the scenario's schema says so.
DISTRIBUTIONS = {
    "multiplier": (2.7, 3.7, 6.0),
    "high_tech_factor": (0.5, 1.0, 2.0),
    "cost_overrun": (-0.05, 0.0, 0.5),
    "opex_factor": (0.8, 1.0, 2.0),
    "export_propensity": (0.05, 0.25, 0.5),
    "china_share": (0.1, 0.2, 0.5),
    "productivity_effect": (0.0, 0.0, 0.02),
    "redirection": (0.0, 0.0, 0.3),
    "export_support": (0.0, 0.0, 0.3),
    "customs": (0.0, 0.005, 0.01),
    "standards": (0.0, 0.005, 0.01),
    "payments": (0.0, 0.005, 0.01),
    "logistics": (0.0, 0.01, 0.02),
    "rail_capacity": (140.0, 158.0, 253.0),
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

    Raises InputError for a file that is missing, empty or no YAML.
    """
    import yaml

    path = Path(path)
    if not path.is_file():
        raise InputError(f"grid file {path} does not exist")
    if path.suffix != ".csv":
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
        except yaml.YAMLError as error:
            raise InputError(f"grid {path.name} is not valid YAML: {' '.join(str(error).split())}") from None
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
    drawn = {name: rng.triangular(*limits, size=draws) if limits[2] > limits[0] else np.full(draws, limits[1])
             for name, limits in DISTRIBUTIONS.items()}  # fmt: skip
    return [{**(fixed or {}), **{name: float(values[i]) for name, values in drawn.items()}} for i in range(draws)]


def key(point: Mapping) -> str:
    """Content key of a scenario: its parameters, the data and the package's version and source."""
    return hashlib.sha256(
        json.dumps([_state(), sorted(Scenario.check(**point).model_dump().items())]).encode()
    ).hexdigest()


def _state() -> str:
    digest = hashlib.sha256(f"{__version__}{data.fingerprint()}".encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        # how runs are presented does not change their results
        if path.stem not in ("book", "cli", "explorer", "plots", "sweep"):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def evaluate(point: Mapping) -> dict:
    """Key figures of one scenario as a row; a scenario without a solution is a row with its reason."""
    from rutrade import chain

    try:
        figures, failure = dict(chain.run(Scenario.check(**point)).figures), ""
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

    from rutrade import chain  # noqa: F401  (the workers import it: what the caller used is known here too)

    if not points:
        raise InputError("the grid is empty: no scenario to run")
    i, n = shard
    if not 1 <= i <= n:
        raise InputError(f"shard = {i}/{n} is not allowed: i from 1 to n")
    if folder is None:
        from tempfile import TemporaryDirectory

        with TemporaryDirectory() as aside:
            return sweep(points, aside, jobs, executor, address, shard, progress, row)
    folder = Path(folder)
    keys = [key(point) for point in points]
    _claim(folder, keys)
    wanted = [
        (k, p) for k, p in list(zip(keys, points, strict=True))[i - 1 :: n] if not (folder / f"{k}.json").exists()
    ]
    executors = {"joblib": lambda: _on_joblib(wanted, jobs, row), "dask": lambda: _on_dask(wanted, address, row)}
    if executor not in executors:
        from rutrade import unknown

        raise unknown("executor", executor, executors)
    bar = tqdm(total=len(keys), initial=len(keys) - len(wanted), desc="scenarios", disable=not progress)
    with bar:
        for k, result, read in executors[executor]() if wanted else ():
            _write(folder / f"{k}.json", json.dumps(result))
            data.mark_used(read)
            bar.update()
    return gather(folder, keys)


def gather(folder: str | Path, keys: list[str]) -> pd.DataFrame:
    """The table of the scenarios done so far, in the grid's order; written as `table.parquet`.

    Raises InputError when the folder cannot be written.
    """
    folder = Path(folder)
    rows = [json.loads(path.read_text()) for k in keys if (path := folder / f"{k}.json").exists()]
    table = pd.DataFrame(rows)
    aside = folder / f".table.parquet.{os.getpid()}.part"
    try:
        table.to_parquet(aside)
        aside.replace(folder / "table.parquet")
    except OSError as error:
        raise InputError(
            f"folder {folder} cannot hold the table ({error.strerror}); the last good one is kept"
        ) from None
    return table


def _claim(folder: Path, keys: list[str]) -> None:
    """Mark the folder as this grid's; another grid or other data in it is refused."""
    stamp = hashlib.sha256("".join(sorted(keys)).encode()).hexdigest()
    path = folder / "grid.json"
    if path.exists():
        found = json.loads(path.read_text())
        if found["grid"] != stamp:
            what = "other data or another version" if found["state"] != _state() else "another grid"
            raise InputError(f"folder {folder} holds results of {what}: choose another folder or delete it")
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(path, json.dumps({"grid": stamp, "state": _state(), "scenarios": len(keys)}))
    except OSError as error:
        raise InputError(f"folder {folder} cannot be written: {error.strerror}") from None


def _write(path: Path, text: str) -> None:
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        aside.write_text(text, encoding="utf-8")
        aside.replace(path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise InputError(f"{path} cannot be written ({error.strerror}); what is done so far is kept") from None


def _task(k: str, point: Mapping, row: Callable) -> tuple[str, dict, set[str]]:
    """A scenario's key and row, and the tables that this worker has read."""
    return k, row(point), data.used()


def _on_joblib(tasks, jobs: int, row: Callable):
    """Results as they come, from processes with one BLAS thread each; each builds the economy's program once."""
    from joblib import Parallel, delayed, parallel_config

    with parallel_config("loky", inner_max_num_threads=1):
        yield from Parallel(n_jobs=jobs, return_as="generator_unordered")(delayed(_task)(k, p, row) for k, p in tasks)


def _on_dask(tasks, address: str | None, row: Callable):
    """The same on an existing dask.distributed scheduler; a lost worker's tasks run again elsewhere."""
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise InputError("executor 'dask' needs the extra: pip install 'rutrade[dask]'") from None
    if not address:
        raise InputError("executor 'dask' needs --address of a running scheduler, such as tcp://host:8786")
    try:
        client = Client(address, timeout="10s")
    except (OSError, TimeoutError, ValueError) as error:
        raise InputError(f"no scheduler answers at {address} ({type(error).__name__})") from None
    with client:
        futures = [client.submit(_task, k, p, row, key=f"rutrade-{k}", retries=3, pure=True) for k, p in tasks]
        for future in as_completed(futures):
            yield future.result()
            future.release()


def importance(table: pd.DataFrame, figure: str) -> pd.Series:
    """Which drawn parameters decide a figure: squared rank correlations, scaled to sum to 1, largest first."""
    names = [name for name in DISTRIBUTIONS if name in table and table[name].nunique() > 1]
    squared = table[names].rank().corrwith(table[figure].rank()).pow(2)
    return (squared / squared.sum()).sort_values(ascending=False).rename("share")


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
