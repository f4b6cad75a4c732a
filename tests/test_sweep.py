"""Sweeps: same table for any workers, interruption, shard or executor; failures are rows; bad grids are refused."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest
from click.testing import CliRunner

from rutrade import InputError, cli, sweep

GRID = {"multiplier": [3.7, 6.0], "redirection": [0.0, 0.2, 0.3], "draws": [0], "sectors": ["12"]}


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
        original = sweep._write

        def kill_after_first(path, text):
            original(path, text)
            if path.suffix == ".json" and path.name != "grid.json" and not kill_after_first.done:
                kill_after_first.done = True
                os.kill(victim.pid, signal.SIGKILL)

        kill_after_first.done = False
        sweep._write = kill_after_first
        try:
            table = sweep.sweep(
                sweep.grid(GRID), tmp_path / "d", executor="dask", address=cluster.scheduler_address, progress=False
            )
        finally:
            sweep._write = original
        assert kill_after_first.done
    assert table.equals(one_worker[0])


def test_a_scenario_without_a_solution_is_a_row_that_names_constraint_sector_and_region():
    points = sweep.grid({"multiplier": [3.7, 2000.0], "draws": [0]})
    table = sweep.sweep(points, None, jobs=1, progress=False)
    assert list(table["failure"] == "") == [True, False]
    reason = r"stage 2030 has no solution: \w+, sector \w+, region SibFD is short by"
    assert re.search(reason, table["failure"].iloc[1])
    assert pd.isna(table["share_constant"].iloc[1])


def test_resume_with_another_grid_or_other_data_is_refused(one_worker, monkeypatch):
    other = sweep.grid(GRID | {"multiplier": [3.7]})
    with pytest.raises(InputError, match="holds results of another grid"):
        sweep.sweep(other, one_worker[1], jobs=1, progress=False)
    monkeypatch.setattr(sweep, "_state", lambda: "other")
    with pytest.raises(InputError, match="holds results of other data or another version"):
        sweep.sweep(sweep.grid(GRID), one_worker[1], jobs=1, progress=False)


def test_a_full_disk_keeps_what_is_done(one_worker, tmp_path, monkeypatch):
    from pathlib import Path

    real = Path.write_text

    def full(self, text, **options):
        if self.name.endswith(".part") and "grid" not in self.name:
            raise OSError(28, "No space left on device")
        return real(self, text, **options)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(InputError, match=r"cannot be written \(No space left on device\); what is done so far is kept"):
        sweep.sweep(sweep.grid(GRID), tmp_path / "f", jobs=1, progress=False)
    assert [p.name for p in (tmp_path / "f").iterdir()] == ["grid.json"]


@pytest.mark.parametrize(
    "axes, message",
    [
        ({}, "the grid is empty"),
        ({"multiplier": []}, "the grid is empty: parameter 'multiplier' has no values"),
        ({"multiplyer": [1.0]}, "unknown parameter of 07_projections_2030 'multiplyer': did you mean 'multiplier'"),
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
        (["-o", "x"], "give either a grid file or --draws"),
        (["--draws", "0", "-o", "x"], "draws = 0 is not allowed"),
        (["--draws", "2", "-o", "x", "--shard", "3/2"], "shard = 3/2 is not allowed"),
        (["--draws", "2", "-o", "x", "--shard", "a"], "shard = a is not allowed"),
        (["--draws", "2", "-o", "x", "--executor", "slurm"], "unknown executor 'slurm'"),
        (["--draws", "2", "-o", "x", "--executor", "dask"], "needs --address"),
        (["--draws", "2", "-o", "x", "--executor", "dask", "--address", "tcp://127.0.0.1:9"], "no scheduler answers"),
    ],
)
def test_bad_calls_are_one_sentence_and_exit_code_2(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli.main, ["sweep", *arguments])
    assert result.exit_code == 2, result.output
    assert message in result.stderr and "Traceback" not in result.stderr


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
