"""Speed and memory of the world model beside a textbook's fixed point, and of many draws on one and two workers."""

import functools
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from rutrade import data, trade
from rutrade.trade import counterfactuals, world_draws
from rutrade.trade.equilibrium import solve

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import worlds

CUT = functools.partial(counterfactuals.trade_cost, cuts=0.05)


@pytest.fixture(scope="module")
def real():
    b = trade.inputs.world()
    solve(b)  # what all counterfactuals share is made once
    return b


def shock(b) -> np.ndarray:
    cost = np.ones_like(b.trade)
    rus, chn, goods = b.region("RUS"), b.region("CHN"), b.sectors_of("goods")
    cost[chn, goods, rus] = cost[rus, goods, chn] = 0.95
    return cost


def test_a_counterfactual_takes_a_seventh_of_a_damped_fixed_point_at_the_same_residual(real, compare):
    cost = shock(real)
    # the damping that suits the peer best: less takes longer, more does not converge
    peer = functools.partial(worlds.fixed_point, real, cost, tolerance=1e-10, damping=0.4)

    def same(mine, theirs):
        flows, worst = theirs
        assert worst < 1e-10 and np.abs(mine.state.residual).max() < 1e-10
        some = flows > 1e-6
        assert np.abs(mine.trade[some] / flows[some] - 1).max() < 1e-8

    compare("world, one counterfactual / damped fixed point", lambda: solve(real, trade_cost=cost), peer, 0.15, same,
            repeats=9, unit="s CPU", versions=("numpy", "scipy"))  # fmt: skip


def test_a_large_counterfactual_takes_a_seventh_of_a_damped_fixed_point_too(real, compare):
    cost = np.ones_like(real.trade)
    rus = real.region("RUS")
    for n in range(len(real.regions)):
        if n not in (rus, real.region("CHN")):
            cost[n, :, rus] = cost[rus, :, n] = 1.2
    peer = functools.partial(worlds.fixed_point, real, cost, tolerance=1e-10, damping=0.4)

    def same(mine, theirs):
        flows, worst = theirs
        assert worst < 1e-10 and np.abs(mine.state.residual).max() < 1e-10
        some = flows > 1e-6
        assert np.abs(mine.trade[some] / flows[some] - 1).max() < 1e-8

    compare("world, sanctions by all / damped fixed point", lambda: solve(real, trade_cost=cost), peer, 0.15, same,
            repeats=9, unit="s CPU", versions=("numpy", "scipy"))  # fmt: skip


def test_two_workers_draw_nearly_twice_as_fast_as_one(real, compare):
    theta, paths = data.load("theta"), trade.inputs.world_paths()
    draw = functools.partial(world_draws.draws, real, theta, paths, 2030, CUT, seed=1)
    draw(number=8, workers=2)  # start the processes
    seconds, figures = {}, {}
    for workers in (1, 2):
        start = time.perf_counter()
        figures[workers] = draw(number=1000, workers=workers).figures
        seconds[workers] = time.perf_counter() - start
    assert figures[1].to_numpy().tobytes() == figures[2].to_numpy().tobytes()
    compare.figures("1,000 draws: two workers / one", seconds[2], seconds[1], 1 / 1.8, versions=("joblib",))


def test_memory_does_not_grow_with_the_number_of_draws(real, compare):
    theta, paths = data.load("theta"), trade.inputs.world_paths()
    draw = functools.partial(world_draws.draws, real, theta, paths, 2030, CUT, seed=1)
    draw(number=2)
    peaks = []
    for number in (5, 40):
        tracemalloc.start()
        draw(number=number)
        peaks.append(tracemalloc.get_traced_memory()[1] / 2**20)
        tracemalloc.stop()
    compare.figures("memory of 40 draws / of 5", peaks[1], peaks[0], 1.1, unit="MiB")


def test_the_three_lines_of_the_readme_answer_within_the_second(compare):
    """From data already read: one solution and its summary beside ten solutions."""
    shock = {"trade_cost": {("RUS", "CHN"): 0.95}}
    compare("solve and summary / ten solutions", lambda: trade.solve(**shock).summary(),
            lambda: [trade.solve(**shock) for _ in range(10)], 1.0, repeats=5, unit="s CPU")  # fmt: skip
