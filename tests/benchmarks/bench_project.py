"""The project model against its peers: a bare matrix product, a pyxirr loop, and drawing the random numbers."""

import subprocess
import sys

import numpy as np
import pytest
import pyxirr

from rutrade import project

PATHS, YEARS = 100_000, 32


@pytest.fixture(scope="module")
def flows():
    """Project-like paths: a cost, noisy returns (many change sign again), one in ten with a closing cost."""
    rng = np.random.default_rng(0)
    paths = rng.normal(10, 4, (PATHS, YEARS))
    paths[:, 0] = -100
    paths[: PATHS // 10, -1] = -30
    return paths


def test_npv_costs_at_most_3_matrix_products(compare, flows):
    weights = 1.05 ** -np.arange(YEARS)
    compare(
        "NPV of 100,000 x 32 / bare matrix product",
        lambda: project.npv(flows, 0.05),
        lambda: flows @ weights,
        3,
        lambda mine, theirs: np.testing.assert_allclose(mine, theirs, rtol=1e-10),
        repeats=21,
        versions=("numpy",),
    )


def test_irr_with_status_is_no_slower_than_a_pyxirr_loop(compare, flows):
    some = range(0, PATHS, 997)
    single = [project.irr(flows[i]) for i in some]

    def check(mine, theirs):
        rate, status, roots = mine
        np.testing.assert_allclose(rate[some], [s.rate for s in single], rtol=1e-9, atol=1e-10)
        assert [(s.status, s.n_roots) for s in single] == [(status[i], roots[i]) for i in some]
        unique = np.flatnonzero(status == "unique")
        np.testing.assert_allclose(rate[unique], np.array(theirs)[unique], rtol=1e-7)

    compare(
        "IRR, status and roots of 100,000 x 32 / pyxirr loop",
        lambda: project.irr_paths(flows),
        lambda: [pyxirr.irr(f) for f in flows],
        1,
        check,
        versions=("numpy", "pyxirr"),
    )


@pytest.mark.parametrize("name", ["skif", "programme"])
def test_simulation_costs_at_most_10_times_its_random_numbers(compare, name):
    p = project.from_data(name)

    def draw():  # standard normals, as many as there are parameters
        rng = np.random.default_rng(0)
        return [rng.standard_normal(PATHS) for _ in p.parameters]

    def check(mine, theirs):
        evaluation = project.evaluate(p, **mine.parameters.loc[99].to_dict())
        assert mine.npv.public[99] == pytest.approx(evaluation.efficiency.npv_bn_rub_2016["public"], abs=1e-9)

    compare(
        f"simulation of {name}, 100,000 draws / drawing",
        lambda: project.simulate(p, PATHS, 0),
        draw,
        10,
        check,
        versions=("numpy",),
    )


# Linux hands the largest memory of the parent on to a child's `ru_maxrss`: it says how big pytest was when it forked.
# The peak of the child's own address space is VmHWM.
PEAK = """
import pathlib, re, resource, sys
status = pathlib.Path("/proc/self/status")
if status.exists():
    print(int(re.search(r"VmHWM:\\s*(\\d+) kB", status.read_text())[1]) / 1024)
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024))
"""


def test_a_simulation_stays_below_250_mb(compare):
    work = f"from rutrade import project; s = project.simulate(project.from_data('programme'), {PATHS}, 0)"
    done = subprocess.run([sys.executable, "-c", work + PEAK], capture_output=True, text=True, check=True)
    peak = float(done.stdout)
    assert peak > 50  # numpy and pandas alone need more
    compare.figures("peak memory of 100,000 draws, interpreter included / 250", peak, 250, 1, "MiB")
