"""The chain against its programs' bare solves, and the sweep against running the chain cold for each scenario."""

import json
import subprocess
import sys
import time
from collections import Counter

import highspy
import linopy  # noqa: F401 (imports are measured elsewhere)
import pandas as pd
import pytest

from rutrade import chain, data, economy, project, sweep, trade
from rutrade.economy import regional
from rutrade.scenarios import Scenario

FEW, MANY = 20, 100


def cold(point=None):
    """One scenario with nothing kept from before."""
    chain.scenario._prepare.cache_clear()
    chain.scenario._economy.cache_clear()
    return chain.run(Scenario.check(**point or {}))


def bare(files):
    """The stages' programs as a user of the solver alone solves them: read, interior point with crossover."""
    found = []
    for file in files:
        h = highspy.Highs()
        for name, value in {"output_flag": False, "threads": 1, "solver": "ipm", "run_crossover": "on"}.items():
            h.setOptionValue(name, value)
        h.readModel(str(file))
        h.run()
        assert h.getModelStatus() == highspy.HighsModelStatus.kOptimal
        found.append(-h.getInfo().objective_function_value)
    return found


def written(folder, monkeypatch):
    """The programs of one chain as .mps files, without their second solves that only break ties among exports."""
    files, consumption, real = [], [], economy.EconomyModel.solve

    def solve(self, projects=(), changes=None, reciprocal=False):
        run, first = self._run, [True]

        def write(program, basis=None):
            if first.pop() if first else False:
                files.append(folder / f"{len(files)}.mps")
                self._solver.writeModel(str(files[-1]))
            return run(program, basis)

        self._run = write
        try:
            solution = real(self, projects, changes, reciprocal)
        finally:
            del self._run
        consumption.append(solution.consumption)
        return solution

    with monkeypatch.context() as m:
        m.setattr(economy.EconomyModel, "solve", solve)
        result = cold()
    return files, consumption, result


def profile(monkeypatch):
    """CPU seconds of one cold chain by part, as a table."""
    parts = {
        "programs solved": (economy.EconomyModel, "_run"), "programs stated": (economy.EconomyModel, "__init__"),
        "regional tables": (regional, "build"), "inputs of trade": (trade, "inputs"),
        "other data read": (data, "load"), "project": (project, "evaluate"),
        "trade projected": (trade.TradeModel, "project"), "tables and figures": (chain, "_tables"),
        "figures": (chain, "_figures"),
    }  # fmt: skip
    spent, open_ = Counter(), []

    def timed(name, real):
        def call(*args, **options):
            open_.append(0.0)
            start = time.process_time()
            try:
                return real(*args, **options)
            finally:
                took = time.process_time() - start
                spent[name] += took - open_.pop()  # what is inside counts once
                if open_:
                    open_[-1] += took

        return call

    with monkeypatch.context() as m:
        for name, (owner, attribute) in parts.items():
            m.setattr(owner, attribute, timed(name, getattr(owner, attribute)))
        start = time.process_time()
        cold()
        total = time.process_time() - start
    table = pd.Series(spent).sort_values(ascending=False)
    table["rest"] = total - table.sum()
    return pd.DataFrame({"s CPU": table, "share": table / total}).round(3)


def test_one_cold_chain_against_its_programs_bare_solves(compare, tmp_path, monkeypatch):
    files, consumption, result = written(tmp_path, monkeypatch)
    assert len(files) == 5  # four stages, the last without and with the project

    def check(mine, theirs):
        assert mine.equals(result)
        assert theirs == pytest.approx(consumption, abs=2e-3)  # ours has its ties broken

    compare.note(f"Where one cold chain spends its time:\n{profile(monkeypatch).to_string()}")
    compare("one cold chain / its five programs, bare HiGHS", cold, lambda: bare(files), 1.5, check,
            unit="s CPU", versions=("highspy", "linopy"))  # fmt: skip


def swept(scenarios):
    """A sweep of random scenarios by two workers in an interpreter of its own: seconds, workers' peak memory, table."""
    code = f"""
import json, resource, sys, time
from joblib.externals.loky import get_reusable_executor
from rutrade import sweep
start = time.perf_counter()
table = sweep.sweep(sweep.monte_carlo({MANY}, 1)[:{scenarios}], None, jobs=2, progress=False)
took = time.perf_counter() - start
get_reusable_executor().shutdown(wait=True)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)
print(json.dumps({{"seconds": took, "peak": peak, "table": table.to_dict("records")}}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    found["table"] = pd.DataFrame(found["table"])
    assert len(found["table"]) == scenarios and (found["table"]["failure"] == "").all()
    return found


@pytest.fixture(scope="module")
def many():
    return swept(MANY)


def test_a_hundred_scenarios_on_two_workers_against_cold_chains(compare, many):
    points = sweep.monte_carlo(MANY, 1)[:3]
    clock = time.perf_counter()
    results = [cold(point) for point in points]
    each = (time.perf_counter() - clock) / len(points)
    for result, (_, row) in zip(results, many["table"].iterrows(), strict=False):
        assert row[list(result.figures)].to_dict() == pytest.approx(dict(result.figures), rel=1e-12)
    compare.figures("a scenario of 100 on two workers / a cold chain", many["seconds"] / MANY, each, 0.2,
                    versions=("joblib",))  # fmt: skip


def test_memory_of_the_workers_is_flat_in_the_number_of_scenarios(compare, many):
    few = swept(FEW)
    figures = [c for c in few["table"] if c != "failure"]
    pd.testing.assert_frame_equal(few["table"][figures], many["table"][figures].head(FEW))
    compare.figures("peak memory of a worker, 100 / 20 scenarios", many["peak"], few["peak"], 1.1, "MiB")


def test_the_sweep_adds_little_to_its_scenarios(compare):
    points = sweep.monte_carlo(10, 1)

    def check(mine, theirs):
        pd.testing.assert_frame_equal(mine, pd.DataFrame(theirs))

    compare("sweep of 10 scenarios / their runs alone", lambda: sweep.sweep(points, None, jobs=1, progress=False),
            lambda: [sweep.evaluate(point) for point in points], 1.05, check, unit="s CPU")  # fmt: skip
