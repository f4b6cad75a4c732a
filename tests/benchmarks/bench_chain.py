"""The chain with what scenarios share against the chain cold, and sweeps and Morris' design against their runs."""

import json
import subprocess
import sys
import time
from collections import Counter

import pandas as pd
import pytest

from rutrade import chain, data, project, sensitivity, sweep, trade
from rutrade.chain import link, setting
from rutrade.economy import EconomyModel, regional
from rutrade.scenarios import Scenario

FEW, MANY = 8, 24
NAMES = ("oil_price", "sanctions", "logistics")  # of the design that is timed
SMALL = {"sectors": "12", "draws": 0}


def cold(point=None):
    """One scenario with nothing kept from before."""
    setting._setting.cache_clear()
    setting._model.cache_clear()
    return chain.run(Scenario.check(**point or SMALL))


def profile(monkeypatch):
    """CPU seconds of one cold chain by part, as a table."""
    parts = {
        "programs solved": (EconomyModel, "_run"), "programs stated": (EconomyModel, "__init__"),
        "regional tables": (regional, "build"), "other data read": (data, "load"), "project": (project, "evaluate"),
        "world's answer to the economy": (link.Link, "solve"), "trade projected": (trade.forecast, "project"),
        "tables and figures": (chain.scenario, "outcome_tables"),
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


def test_a_scenario_with_what_is_shared_against_one_cold(compare, monkeypatch):
    compare.note(f"Where one cold chain spends its time:\n{profile(monkeypatch).to_string()}")

    def check(mine, theirs):
        assert mine.equals(theirs)

    ours = lambda: chain.run(Scenario.check(**SMALL))  # noqa: E731
    compare("a scenario with what is shared / the chain cold", ours, cold, 1 / 3, check, repeats=3, unit="s CPU")


def swept(scenarios):
    """A sweep of random scenarios by two workers in an interpreter of its own: seconds, workers' peak memory, table."""
    code = f"""
import json, resource, sys, time
from joblib.externals.loky import get_reusable_executor
from rutrade import sweep
start = time.perf_counter()
table = sweep.sweep(sweep.monte_carlo({MANY}, 1, {SMALL})[:{scenarios}], None, jobs=2, progress=False)
took = time.perf_counter() - start
get_reusable_executor().shutdown(wait=True)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)
print(json.dumps({{"seconds": took, "peak": peak, "table": table.to_dict("records")}}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    found["table"] = pd.DataFrame(found["table"])
    assert len(found["table"]) == scenarios
    return found


@pytest.fixture(scope="module")
def many():
    return swept(MANY)


def test_memory_of_the_workers_is_flat_in_the_number_of_scenarios(compare, many):
    few = swept(FEW)
    figures = [c for c in few["table"] if c != "failure"]
    pd.testing.assert_frame_equal(few["table"][figures], many["table"][figures].head(FEW))
    compare.figures(f"peak memory of a worker, {MANY} / {FEW} scenarios", many["peak"], few["peak"], 1.1, "MiB")


def test_morris_design_adds_little_to_its_runs(compare):
    points = sensitivity.morris(4, 1, NAMES, SMALL)

    def ours():
        table = sweep.sweep(points, None, jobs=1, progress=False)
        return table, sensitivity.effects(table, "turnover_bn_usd", 1, NAMES)

    def check(mine, theirs):
        pd.testing.assert_frame_equal(mine[0], pd.DataFrame(theirs))
        assert len(mine[1]) == len(NAMES)

    compare("Morris' design / its runs alone", ours, lambda: [sweep.evaluate(point) for point in points], 1.05, check,
            repeats=2, warm_up=False, unit="s CPU", versions=("SALib",))  # fmt: skip
