"""Speed of the project model against the peers' floors: ratios of runs that alternate in one process."""

import os
import platform
import resource
import statistics
import subprocess
import sys
import time

import numpy as np
import pytest
import pyxirr

from rutrade import project

PATHS, YEARS, REPEATS = 100_000, 32, 7


def alternate(ours, peer, repeats: int = REPEATS) -> tuple[float, float]:
    """Median seconds of two callables that take turns."""
    ours(), peer()
    seconds: tuple[list, list] = ([], [])
    for _ in range(repeats):
        for call, log in zip((ours, peer), seconds, strict=True):
            start = time.perf_counter()
            call()
            log.append(time.perf_counter() - start)
    return statistics.median(seconds[0]), statistics.median(seconds[1])


def report(what: str, ours: float, peer: float, limit: float) -> None:
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(
        f"\n{what}: {ours / peer:.2f} x (limit {limit:g} x); ours {ours:.4f} s, peer {peer:.4f} s; "
        f"load {load:.1f}, {os.cpu_count()} cores, Python {platform.python_version()}, numpy {np.__version__}"
    )
    assert ours <= limit * peer


@pytest.fixture(scope="module")
def flows():
    """Project-like paths: a cost, noisy returns (many change sign again), one in ten with a closing cost."""
    rng = np.random.default_rng(0)
    paths = rng.normal(10, 4, (PATHS, YEARS))
    paths[:, 0] = -100
    paths[: PATHS // 10, -1] = -30
    return paths


def test_npv_against_the_bare_matrix_product(benchmark, flows):
    weights = 1.05 ** -np.arange(YEARS)
    ours, peer = alternate(lambda: project.npv(flows, 0.05), lambda: flows @ weights, 21)
    np.testing.assert_allclose(project.npv(flows, 0.05), flows @ weights, rtol=1e-10)
    report("NPV", ours, peer, 3)
    benchmark(project.npv, flows, 0.05)


def test_irr_with_status_against_a_pyxirr_loop(benchmark, flows):
    ours, peer = alternate(lambda: project.irr_paths(flows), lambda: [pyxirr.irr(f) for f in flows], 5)
    rate, status, roots = project.irr_paths(flows)
    some = range(0, PATHS, 97)
    single = [project.irr(flows[i]) for i in some]
    np.testing.assert_allclose(rate[::97], [s.rate for s in single], rtol=1e-9, atol=1e-10)
    assert [(s.status, s.n_roots) for s in single] == [(status[i], roots[i]) for i in some]
    unique = np.flatnonzero(status == "unique")[::50]
    np.testing.assert_allclose(rate[unique], [pyxirr.irr(flows[i]) for i in unique], rtol=1e-7)
    report("IRR", ours, peer, 1)
    benchmark(project.irr_paths, flows)


@pytest.mark.parametrize("name", ["skif", "programme"])
def test_simulation_against_drawing_its_random_numbers(benchmark, name):
    p = project.from_data(name)
    count = len(p.parameters)

    def draw():  # the bare draws, without the distributions' shapes
        rng = np.random.default_rng(0)
        return [rng.standard_normal(PATHS) for _ in range(count)]

    ours, peer = alternate(lambda: project.simulate(p, PATHS, 0), draw, 5)
    s = project.simulate(p, PATHS, 0)
    e = project.evaluate(p, **s.parameters.loc[99].to_dict())
    assert s.npv.public[99] == pytest.approx(e.efficiency.npv_bn_rub_2016["public"], abs=1e-9)
    report(f"simulation, {name}", ours, peer, 10)
    benchmark.pedantic(project.simulate, (p, PATHS, 0), rounds=3)


def test_peak_memory_of_a_simulation():
    code = (
        "import resource; from rutrade import project; p = project.from_data('programme');"
        f"project.simulate(p, {PATHS}, 0); print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    megabytes = int(done.stdout) / (1024 if resource.getpagesize() and sys.platform != "darwin" else 1024**2)
    print(f"\npeak memory of {PATHS} draws: {megabytes:.0f} MB with the interpreter (limit 400 MB)")
    assert megabytes < 400
