"""Sweeps: same table for any workers, interruption, shard or executor; failures are rows; bad grids are refused."""

import importlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest
from click.testing import CliRunner

from rutrade import InputError, cli, sweep
from rutrade.files import root

ROOT = root()
GRID = {"multiplier": [3.7, 6.0], "logistics": [0.0, 0.01], "draws": [0], "sectors": ["12"]}


@pytest.fixture(scope="module")
def one_worker(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep") / "one"
    return sweep.sweep(sweep.grid(GRID), folder, jobs=1, progress=False), folder


def files(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir()}


def test_two_workers_give_the_same_bytes_as_one(one_worker, tmp_path):
    table = sweep.sweep(sweep.grid(GRID), tmp_path / "two", jobs=2, progress=False)
    assert table.equals(one_worker[0])
    assert files(tmp_path / "two") == files(one_worker[1])


def test_shards_together_give_the_whole_table(one_worker, tmp_path):
    for i in (2, 1, 3):
        table = sweep.sweep(sweep.grid(GRID), tmp_path / "s", jobs=1, shard=(i, 3), progress=False)
    assert table.equals(one_worker[0])


def test_a_killed_sweep_goes_on_and_the_table_is_the_same(one_worker, tmp_path):
    grid = tmp_path / "grid.yaml"
    grid.write_text(json.dumps(GRID))
    command = [sys.executable, "-m", "rutrade.cli", "sweep", str(grid), "-o", str(tmp_path / "k"), "-j", "1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 120
    while len(list((tmp_path / "k").glob("[0-9a-f]*.json"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    done = len(list((tmp_path / "k").glob("[0-9a-f]*.json")))
    assert done >= 1
    subprocess.run(command, check=True, capture_output=True)
    assert pd.read_parquet(tmp_path / "k" / "table.parquet").equals(one_worker[0])
    assert (tmp_path / "k" / "table.parquet").read_bytes() == (one_worker[1] / "table.parquet").read_bytes()


def test_dask_gives_the_same_table_also_when_a_worker_dies(one_worker, tmp_path):
    from distributed import LocalCluster

    with LocalCluster(2, threads_per_worker=1, processes=True, dashboard_address=None, memory_limit=0) as cluster:
        victim = next(iter(cluster.workers.values()))
        original = sweep.files.write

        def kill_after_first(path, content):
            original(path, content)
            if path.suffix == ".json" and path.name != "grid.json" and not kill_after_first.done:
                kill_after_first.done = True
                os.kill(victim.pid, signal.SIGKILL)

        kill_after_first.done = False
        sweep.files.write = kill_after_first
        try:
            table = sweep.sweep(
                sweep.grid(GRID), tmp_path / "d", executor="dask", address=cluster.scheduler_address, progress=False
            )
        finally:
            sweep.files.write = original
        assert kill_after_first.done
    assert table.equals(one_worker[0])


@pytest.mark.slow
def test_a_scenario_without_a_solution_is_a_row_that_names_constraint_and_region(prepared):
    points = sweep.grid({"multiplier": [3.7, 2000.0], "draws": [0], "sectors": ["12"]})
    table = sweep.sweep(points, None, jobs=1, progress=False)
    assert list(table["failure"] == "") == [True, False]
    assert re.search(
        r"stage 2030 has no solution: \w+, (sector \w+, )?region NSK is short by", table["failure"].iloc[1]
    )
    assert pd.isna(table["share_constant"].iloc[1])


@pytest.fixture
def linear(monkeypatch):
    """The chain replaced by a function whose indices are known."""
    low, _, high = sweep.DISTRIBUTIONS["oil_price"]
    monkeypatch.setattr(
        sweep, "evaluate", lambda p: {**p, "turnover_bn_usd": 8 * (p["oil_price"] - low) / (high - low), "share": 1.0,
                                      "failure": ""}
    )  # fmt: skip
    monkeypatch.setattr(sweep.sweep, "__defaults__", (*sweep.sweep.__defaults__[:-1], sweep.evaluate))


def test_the_command_runs_morris_design_in_parts_and_writes_its_indices_once_all_are_there(linear, tmp_path):
    call = ["sweep", "--design", "morris", "--trajectories", "4", "-o", str(tmp_path / "m"), "-j", "1"]
    half = CliRunner().invoke(cli.main, [*call, "--shard", "1/2"])
    assert half.exit_code == 0 and "40 of 80 scenarios" in half.output
    assert not (tmp_path / "m" / "effects.csv").exists()
    whole = CliRunner().invoke(cli.main, call)
    assert whole.exit_code == 0 and "80 of 80 scenarios" in whole.output and "effects.csv" in whole.output
    found = pd.read_csv(tmp_path / "m" / "effects.csv")
    assert set(found["figure"]) == {"turnover_bn_usd"}, "a figure that never moves, or that is none, has no indices"
    assert found["parameter"].iloc[0] == "oil_price" and len(found) == len(sweep.DISTRIBUTIONS)
    assert found["mu_star"].tolist() == pytest.approx([8.0] + [0.0] * (len(found) - 1), abs=1e-9)
    assert set(pd.read_parquet(tmp_path / "m" / "table.parquet")["draws"]) == {0}


def test_a_design_of_ten_trajectories_is_run_when_none_are_named(linear, tmp_path):
    result = CliRunner().invoke(cli.main, ["sweep", "--design", "morris", "-o", str(tmp_path / "m"), "--shard", "1/9",
                                           "-j", "1"])  # fmt: skip
    assert f"of {10 * (len(sweep.DISTRIBUTIONS) + 1)} scenarios" in result.output


def test_resume_with_another_grid_or_other_data_is_refused(one_worker, monkeypatch):
    other = sweep.grid(GRID | {"multiplier": [3.7]})
    with pytest.raises(InputError, match="holds results of another grid"):
        sweep.sweep(other, one_worker[1], jobs=1, progress=False)
    monkeypatch.setattr(sweep, "state", lambda: "other")
    with pytest.raises(InputError, match="holds results of other data or another version"):
        sweep.sweep(sweep.grid(GRID), one_worker[1], jobs=1, progress=False)


def test_a_full_disk_keeps_what_is_done(one_worker, tmp_path, monkeypatch):
    from pathlib import Path

    real = Path.write_bytes

    def full(self, content):
        if self.name.endswith(".part") and "grid" not in self.name:
            raise OSError(28, "No space left on device")
        return real(self, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(InputError, match=r"cannot be written \(No space left on device\); what stood there is kept"):
        sweep.sweep(sweep.grid(GRID), tmp_path / "f", jobs=1, progress=False)
    assert [p.name for p in (tmp_path / "f").iterdir()] == ["grid.json"]


@pytest.mark.parametrize(
    "axes, message",
    [
        ({}, "the grid is empty"),
        ({"multiplier": []}, "the grid is empty: parameter 'multiplier' has no values"),
        ({"multiplyer": [1.0]}, "unknown parameter of 08_projections_2030 'multiplyer': did you mean 'multiplier'"),
        ({"multiplier": ["1e-3"]}, "it is text, not a number"),
        ({"redirection": [1.5]}, "'redirection' = 1.5 is not allowed: a number from 0 to 0.95"),
    ],
)
def test_bad_grids_are_refused_in_one_sentence(axes, message):
    with pytest.raises(InputError, match=message):
        sweep.grid(axes)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["none.yaml", "-o", "x"], "grid file none.yaml does not exist"),
        (["-o", "x"], "give one of a grid file, --draws and --design"),
        (["--draws", "2", "--design", "morris", "-o", "x"], "give one of a grid file, --draws and --design"),
        (["grid.yaml", "--design", "morris", "-o", "x"], "give one of a grid file, --draws and --design"),
        (["--design", "sobol", "-o", "x"], "unknown design 'sobol': allowed: morris"),
        (["--design", "moris", "-o", "x"], "unknown design 'moris': did you mean 'morris'"),
        (["--design", "morris", "--trajectories", "3", "-o", "x"], "trajectories = 3 is not allowed: at least 4"),
        (["--draws", "2", "--trajectories", "5", "-o", "x"], "--trajectories belongs to --design morris"),
        (["--draws", "0", "-o", "x"], "draws = 0 is not allowed"),
        (["--draws", "2", "-o", "x", "--shard", "3/2"], "shard = 3/2 is not allowed"),
        (["--draws", "2", "-o", "x", "--shard", "a"], "shard = a is not allowed"),
        (["--draws", "2", "-o", "x", "--executor", "slurm"], "unknown executor 'slurm'"),
        (["--draws", "2", "-o", "x", "--executor", "dask"], "needs --address"),
        pytest.param(
            ["--draws", "2", "-o", "x", "--executor", "dask", "--address", "tcp://127.0.0.1:9"],
            "no scheduler answers",
            marks=pytest.mark.slow,  # ten seconds of waiting
        ),
    ],
)
def test_bad_calls_are_one_sentence_and_exit_code_2(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli.main, ["sweep", *arguments])
    assert result.exit_code == 2, result.output
    assert message in result.stderr and "Traceback" not in result.stderr
    assert not (tmp_path / "x").exists(), "a refused sweep claims its folder"


@pytest.mark.slow
def test_a_scheduler_without_workers_is_told_from_none_and_claims_no_folder(tmp_path, monkeypatch):
    from distributed import Client, LocalCluster

    def impatient(self, number, timeout):
        assert number == 1 and timeout == 10
        raise TimeoutError

    monkeypatch.setattr(Client, "wait_for_workers", impatient)
    refused = pytest.raises(InputError, match="the scheduler at tcp.* has no worker: start one with `dask worker tcp")
    with LocalCluster(0, dashboard_address=None) as cluster, refused:
        sweep.sweep(sweep.grid(GRID), tmp_path / "x", executor="dask", address=cluster.scheduler_address)
    assert not (tmp_path / "x").exists()


def cheap(point):
    """A row without a run, which reads a table no scenario reads and imports a module no scenario needs."""
    from rutrade import data

    data.load("comparators")
    importlib.import_module("rutrade.data.comtrade")
    return {"twice": 2 * point["multiplier"], "process": os.getpid()}


@pytest.mark.slow
def test_what_the_workers_read_and_import_is_known_in_the_parent(tmp_path):
    code = (
        "import sys; from rutrade import data, sweep; from test_sweep import cheap\n"
        "table = sweep.sweep([{'multiplier': 1.0}, {'multiplier': 3.0}], None, 2, progress=False, row=cheap)\n"
        "import os; assert os.getpid() not in set(table['process'])\n"
        "assert list(table['twice']) == [2.0, 6.0]\n"
        "print('comparators' in data.used(), 'rutrade.data.comtrade' in sys.modules, sweep.presets_read())\n"
        "sweep.presets(); print(sweep.presets_read())"
    )
    known = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | known, capture_output=True, text=True)
    assert done.stdout.split() == ["True", "True", "False", "True"], done.stderr


def test_a_key_depends_on_the_point_the_data_and_what_computes_and_on_nothing_else(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "rutrade", tmp_path / "rutrade")
    monkeypatch.setattr(sweep, "__file__", str(tmp_path / "rutrade" / "sweep.py"))
    point = {"multiplier": 3.7}
    before = sweep.key(point)
    assert before == sweep.key({}) == sweep.key(point, sweep.state()), "defaults are the same point"
    assert before != sweep.key({"multiplier": 3.8}) and before != sweep.key(point, "another state")
    for name in ("publish/figures.py", "publish/build.py", "cli.py", "sweep.py"):
        (tmp_path / "rutrade" / name).write_text("changed = 1")
        assert sweep.key(point) == before, name
    for name in ("chain/scenario.py", "draws.py", "data/tables.py", "scenarios/notebooks.py", "structure/indices.py",
                 "project/ledger.py", "economy/model.py", "trade/projection.py"):  # fmt: skip
        path = tmp_path / "rutrade" / name
        text = path.read_text()
        path.write_text(text + "\n")
        assert sweep.key(point) != before, name
        path.write_text(text)
    assert sweep.key(point) == before
    monkeypatch.setattr(sweep.data, "fingerprint", lambda: "other data")
    assert sweep.key(point) != before


def test_an_axis_that_stands_twice_in_a_grid_is_refused(tmp_path):
    path = tmp_path / "grid.yaml"
    path.write_text("multiplier: [1.0]\nmultiplier: [2.0]\n")
    with pytest.raises(InputError, match="^grid grid.yaml gives 'multiplier' twice"):
        sweep.read_grid(path)


def test_importance_names_the_drawn_parameter_that_decides():
    table = pd.DataFrame(sweep.monte_carlo(200, 5))
    shares = sweep.importance(table.assign(shift=table["redirection"] ** 3, unrelated=1.0), "shift")
    assert shares.index[0] == "redirection" and shares.iloc[0] > 0.7 and shares.sum() == pytest.approx(1)
    assert set(shares.index) == set(sweep.DISTRIBUTIONS)


def test_every_range_is_within_the_parameters_limits_and_holds_its_central_value():
    for name, (low, central, high) in sweep.DISTRIBUTIONS.items():
        assert low <= central <= high and low < high, name
        sweep.grid({name: [low, central, high]})


def test_csv_grids_run_row_by_row(tmp_path):
    path = tmp_path / "grid.csv"
    path.write_text("multiplier,redirection\n3.7,0.1\n6,\n")
    assert sweep.read_grid(path) == [{"multiplier": 3.7, "redirection": 0.1}, {"multiplier": 6.0}]


def test_monte_carlo_is_the_same_for_the_same_seed_and_inside_its_ranges():
    a, b = sweep.monte_carlo(50, 3), sweep.monte_carlo(50, 3)
    assert a == b != sweep.monte_carlo(50, 4)
    for name, (low, _, high) in sweep.DISTRIBUTIONS.items():
        assert all(low <= point[name] <= high for point in a), name


def test_every_preset_that_changes_the_chain_is_in_the_comparison():
    names = sweep.presets()
    assert {"inertial", "ri", "ri_policy", "paper", "target_400"} <= set(names)
    assert "since_2017" not in names
