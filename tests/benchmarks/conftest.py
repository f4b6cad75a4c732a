"""Benchmarks print ratios of ours to a peer measured in the same run, alternating; the gate is on ratios only."""

import os
import platform
import statistics
import time
import tracemalloc
from importlib.metadata import version

import pytest

_ROWS, _NOTES = [], []


def _clocked(clock):
    def measure(call):
        start = clock()
        result = call()
        return result, clock() - start

    return measure


def _memory(call):
    """Peak of what Python and numpy allocate during the call, MiB."""
    tracemalloc.start()
    try:
        return call(), tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


# "s CPU": for work of one thread in this process; what else runs on the machine does not count
MEASURES = {"s": _clocked(time.perf_counter), "s CPU": _clocked(time.process_time), "MiB": _memory}


@pytest.fixture
def compare(benchmark):
    """`compare(name, ours, peer, limit, check)`: median of ours over the peer's must not exceed `limit`.

    Both run alternately `repeats` times after a warm-up; `check(our_result, peer_result)` verifies every round. `unit`
    names what is measured, see MEASURES; `per` divides both by the cases they did (ours, peer). pytest-benchmark
    records a round of ours with the ratio beside it (`--benchmark-json` writes both). `compare.figures(...)` takes two
    numbers measured elsewhere (their ratio is held to the limit), `compare.note(text)` prints below the table.
    """

    def figures(name, mine, theirs, limit, unit="s", versions=()):
        ratio = mine / theirs
        benchmark.extra_info.update(ratio=ratio, limit=limit)
        if benchmark._mode is None:  # nothing timed: the numbers come from elsewhere
            benchmark.pedantic(lambda: None, rounds=1)
        _ROWS.append((name, mine, theirs, unit, ratio, limit, ", ".join(f"{v} {version(v)}" for v in versions)))
        assert ratio <= limit, f"{name}: {ratio:.3g} times the peer, at most {limit} allowed"
        return ratio

    def run(
        name, ours, peer, limit, check=lambda mine, theirs: None, repeats=5, versions=(), unit="s", per=(1, 1),
        warm_up=True,
    ):  # fmt: skip
        measure, found = MEASURES[unit], []
        if warm_up:
            check(ours(), peer())
        for last in (i == repeats - 1 for i in range(repeats)):
            theirs, amount = measure(peer)
            mine, own = measure((lambda: benchmark.pedantic(ours, rounds=1)) if last else ours)
            check(mine, theirs)
            found.append((own / per[0], amount / per[1]))
        return figures(name, *map(statistics.median, zip(*found, strict=True)), limit, unit, versions)

    run.figures, run.note = figures, _NOTES.append
    return run


def pytest_terminal_summary(terminalreporter):
    if not _ROWS:
        return
    write = terminalreporter.write_line
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    write(f"\nPython {platform.python_version()}, load {load:.1f}, OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS')}")
    write(f"{'benchmark':58} {'ours':>10} {'peer':>10} {'unit':5} {'ratio':>8} {'limit':>7}  versions")
    for name, mine, theirs, unit, ratio, limit, versions in _ROWS:
        write(f"{name:58} {mine:10.4f} {theirs:10.4f} {unit:5} {ratio:8.3f} {limit:7.2f}  {versions}")
    for note in _NOTES:
        write(f"\n{note}")
