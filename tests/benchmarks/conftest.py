"""Benchmarks print ratios of ours to a peer measured in the same run, alternating; the gate is on ratios only."""

import platform
import statistics
import time
from importlib.metadata import version

import pytest

_ROWS = []


@pytest.fixture
def compare(benchmark):
    """`compare(name, ours, peer, limit, check)`: median time of ours over the peer's must not exceed `limit`.

    Both run alternately `repeats` times after a warm-up; `check(our_result, peer_result)` verifies every round.
    pytest-benchmark records ours with the ratio beside it (`--benchmark-json` writes both).
    """

    def run(name, ours, peer, limit, check=lambda mine, theirs: None, repeats=5, versions=()):
        check(ours(), peer())
        seconds = []
        for _ in range(repeats):
            clock = time.perf_counter()
            theirs = peer()
            middle = time.perf_counter()
            mine = ours()
            end = time.perf_counter()
            check(mine, theirs)
            seconds.append((end - middle, middle - clock))
        mine, theirs = (statistics.median(pair[i] for pair in seconds) for i in (0, 1))
        ratio = mine / theirs
        benchmark.extra_info.update(ratio=ratio, limit=limit)
        benchmark.pedantic(ours, rounds=1)
        _ROWS.append((name, mine, theirs, ratio, limit, ", ".join(f"{v} {version(v)}" for v in versions)))
        assert ratio <= limit, f"{name}: {ratio:.3g} times the peer, at most {limit} allowed"
        return ratio

    return run


def pytest_terminal_summary(terminalreporter):
    if not _ROWS:
        return
    import os

    write = terminalreporter.write_line
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    write(f"\nPython {platform.python_version()}, load {load:.1f}, OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS')}")
    write(f"{'benchmark':58} {'ours, s':>10} {'peer, s':>10} {'ratio':>8} {'limit':>7}  versions")
    for name, mine, theirs, ratio, limit, versions in _ROWS:
        write(f"{name:58} {mine:10.4f} {theirs:10.4f} {ratio:8.3f} {limit:7.2f}  {versions}")
