"""Speed and memory of model 3 beside the same bare pyfixest calls, and of many draws beside one projection.

Peer and ours alternate in one process; answers are compared inside the runs; only ratios decide.
Run: pytest tests/benchmarks/bench_trade.py -s
"""

import os
import platform
import time
import tracemalloc
import warnings

import numpy as np
import pandas as pd
import pyfixest
import pytest

from rutrade import trade

REPEATS = 5


def report(name: str, ours: list[float], peer: list[float], limit: float) -> float:
    """Median of the paired ratios, printed with what a reader needs to judge it."""
    ratio = float(np.median(np.array(ours) / np.array(peer)))
    print(f"\n{name}: ours {np.median(ours):.4g}, peer {np.median(peer):.4g}, ratio {ratio:.3f} (limit {limit});"
          f" load {os.getloadavg()[0]:.1f}, threads {os.environ.get('OMP_NUM_THREADS', 'default')},"
          f" pyfixest {pyfixest.__version__}, pandas {pd.__version__}, Python {platform.python_version()}")  # fmt: skip
    return ratio


@pytest.fixture(scope="module")
def panel():
    return trade.gravity_inputs()


def bare(panel: pd.DataFrame) -> pd.DataFrame:
    """What a user of pyfixest writes: variables, then one call per sector and specification."""
    data = panel.assign(
        value=panel["value"].clip(lower=0), ln_distance=np.log(panel["distance_km"]),
        border=(panel["exporter"] != panel["importer"]).astype(int),
        direction=panel["exporter"] + panel["importer"],
        exporter_year=panel["exporter"] + panel["year"].astype(str),
        importer_year=panel["importer"] + panel["year"].astype(str),
        pair=np.where(panel["exporter"] < panel["importer"], panel["exporter"] + panel["importer"],
                      panel["importer"] + panel["exporter"]),
    )  # fmt: skip
    years = sorted(data["year"].unique())[1:]
    for year in years:
        data[f"border_{year}"] = data["border"] * (data["year"] == year)
    borders = " + ".join(f"border_{year}" for year in years)
    formulas = (
        "value ~ ln_distance + contiguity + language + fta + border | exporter_year + importer_year",
        f"value ~ fta + {borders} | exporter_year + importer_year + direction",
    )
    options = {"vcov": {"CRV1": "pair"}, "ssc": pyfixest.ssc(k_fixef="full"), "iwls_tol": 1e-10,
               "iwls_maxiter": 100, "fixef_tol": 1e-8, "separation_check": ["fe", "ir"]}  # fmt: skip
    found = []
    for sector, rows in data.groupby("sector"):
        for specification, formula in zip(("no_pair", "pair"), formulas, strict=True):
            fit = pyfixest.fepois(formula, rows, **options)
            found.append((sector, specification, fit.coef()["fta"], fit.se()["fta"]))
    return pd.DataFrame(found, columns=["sector", "specification", "coefficient", "standard_error"])


def ours(panel: pd.DataFrame) -> pd.DataFrame:
    table = trade.gravity(panel).coefficients
    return table[table["term"] == "fta"][["sector", "specification", "coefficient", "standard_error"]]


def same(one: pd.DataFrame, other: pd.DataFrame):
    keys = ["sector", "specification"]
    pair = one.merge(other, on=keys, suffixes=("", "_peer"))
    assert len(pair) == len(one) == len(other) == 32
    assert np.allclose(pair["coefficient"], pair["coefficient_peer"], rtol=1e-6, atol=1e-8)
    assert np.allclose(pair["standard_error"], pair["standard_error_peer"], rtol=1e-6)


def test_estimation_takes_no_longer_than_bare_pyfixest(panel, benchmark):
    warnings.simplefilter("ignore")
    same(ours(panel), bare(panel))  # also warms both up
    times = {"ours": [], "bare": []}
    for repeat in range(REPEATS):
        for name in ("ours", "bare") if repeat % 2 else ("bare", "ours"):
            start = time.perf_counter()
            {"ours": ours, "bare": bare}[name](panel)
            times[name].append(time.perf_counter() - start)
    benchmark.extra_info["ratio"] = ratio = report("estimation, s", times["ours"], times["bare"], 1.1)
    benchmark.pedantic(ours, args=(panel,), rounds=1)
    assert ratio <= 1.1


def test_estimation_takes_no_more_memory_than_bare_pyfixest(panel):
    warnings.simplefilter("ignore")
    peaks = {"ours": [], "bare": []}
    for _ in range(2):
        for name, call in (("ours", ours), ("bare", bare)):
            tracemalloc.start()
            call(panel)
            peaks[name].append(tracemalloc.get_traced_memory()[1] / 2**20)
            tracemalloc.stop()
    assert report("peak of Python's memory, MiB", peaks["ours"], peaks["bare"], 1.5) <= 1.5


def test_a_thousand_draws_take_at_most_twenty_projections(benchmark):
    model = trade.TradeModel(**vars(trade.inputs()))
    one, many = model.project(), model.project(draws=1000)
    assert np.array_equal(one.point, many.point) and many.sample.shape[0] == 1000
    times = {"one": [], "many": []}
    for _ in range(3 * REPEATS):
        for name, draws in (("one", 0), ("many", 1000)):
            start = time.perf_counter()
            model.project(draws=draws)
            times[name].append(time.perf_counter() - start)
    benchmark.extra_info["ratio"] = ratio = report("1,000 draws over one, s", times["many"], times["one"], 20)
    benchmark.pedantic(model.project, kwargs={"draws": 1000}, rounds=5)
    assert ratio <= 20
