"""The plan over draws of what is uncertain: how often each block is in, and what today's programme forgoes.

Shadow prices are held at those of the plan. Draws come in numbered parts with a seed of their own each, so that
results do not depend on workers or on what was stored before.
"""

import io
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from rutrade import InputError, draws, files
from rutrade.plan.choices import Choices, valued
from rutrade.plan.planning import today
from rutrade.plan.program import Limits, best

if TYPE_CHECKING:
    from rutrade.plan.planning import Plan

PART = 20  # draws of a part; fixed, so that results do not depend on workers
HELD = ("delay_years", "discount_rate_budget", "discount_rate_commercial")  # a start is chosen; the public rate counts


def simulate(
    plan: "Plan", count: int = 200, seed: int = 1, folder: str | Path | None = None, jobs: int = 2,
    progress: bool = False,
) -> pd.DataFrame:  # fmt: skip
    """One row a draw: the parameters, the plan's value and that of today's programme, the regret, the start by block.

    Values are above leaving everything out, bn RUB 2016; regret: the plan's less today's programme; `start BLOCK`: the
    year, 0 where it is out. Parameters are triangular on the ranges of table `benefit_parameters`. `folder`: parts that
    are done are kept there and not done again. Raises InputError for fewer than one draw, and for a folder that holds
    draws of another plan.
    """
    if count < 1:
        raise InputError(f"draws = {count} is not allowed: at least 1")
    from joblib import Parallel, delayed, parallel_config
    from tqdm import tqdm

    parts = [(k, min(PART, count - k * PART)) for k in range(-(-count // PART))]
    place = None if folder is None else Path(folder)
    if place is not None:
        _claim(place, plan, seed)
    wanted = [(k, n) for k, n in parts if place is None or not _file(place, k, n).exists()]
    found: dict[int, pd.DataFrame] = {}
    with parallel_config("loky", n_jobs=jobs, inner_max_num_threads=1):
        tasks = (delayed(_part)(plan, k, n, seed) for k, n in wanted)
        ran: Iterable = Parallel(return_as="generator_unordered")(tasks) if wanted else ()
        bar = tqdm(total=count, initial=count - sum(n for _, n in wanted), desc="draws", disable=not progress)
        with bar:
            for k, table in ran:
                found[k] = table
                if place is not None:
                    files.write(_file(place, k, len(table)), table.to_csv(index=False, float_format="%.17g"))
                bar.update(len(table))
    done = [found[k] if k in found else pd.read_csv(io.StringIO(_file(place, k, n).read_text())) for k, n in parts]
    return pd.concat(done, ignore_index=True)


def often(table: pd.DataFrame) -> pd.Series:
    """Share of the draws in which each block is in, by block."""
    starts = table.filter(regex="^start ")
    return (starts > 0).mean().rename(lambda name: name.removeprefix("start ")).rename("share of draws")


def _part(plan: "Plan", number: int, count: int, seed: int) -> tuple[int, pd.DataFrame]:
    """The draws of one part."""
    c, parameters = plan.choices, plan.whole.parameters
    rng = np.random.default_rng([seed, number])
    names = [n for n, p in parameters.items() if n not in HELD and p.low < p.high]
    random = rng.random((len(names), PART))[:, :count]
    values = {
        n: draws.triangular(u, parameters[n].low, parameters[n].central, parameters[n].high)
        for n, u in zip(names, random, strict=True)
    }
    worth, left = valued(plan.whole, c.blocks, c.starts, plan.since, plan.duals, **(dict(plan.values) | values))
    base, rows = plan.whole.values(**plan.values), []
    limits = Limits.of(c, plan.budget, plan.staff)
    for k in range(count):
        own = {n: float(v[k]) for n, v in values.items()}
        drawn = _costing(c.at(worth[..., k], left[..., k]), base, own)
        chosen = best(drawn, limits, keep=plan.keep)
        value = np.nan if chosen is None else chosen.value
        now = today(drawn).value
        starts = {} if chosen is None else chosen.chosen(drawn)
        rows.append({
            "draw": number * PART + k, **own, "value": value, "today": now, "regret": value - now,
            **{f"start {name}": starts.get(name, 0) for name in c.names},
        })  # fmt: skip
    return number, pd.DataFrame(rows)


def _costing(c: Choices, base: dict, values: dict[str, float]) -> Choices:
    """The choices with public money at the draw's overrun and running cost."""
    from dataclasses import replace

    building = (1 + values.get("cost_overrun", base["cost_overrun"])) / (1 + base["cost_overrun"])
    running = values.get("opex_factor", base["opex_factor"]) / base["opex_factor"]
    money = (c.money - c.running) * building + c.running * running
    return replace(c, money=money, running=c.running * running)


def _file(folder: Path | None, number: int, count: int) -> Path:
    assert folder is not None
    return folder / f"draws-{number:04d}-{count}.csv"


def _claim(folder: Path, plan: "Plan", seed: int) -> None:
    """Mark the folder as this plan's. Raises InputError when it holds draws of another."""
    prices = b"" if plan.duals is None else plan.duals.to_numpy(float).tobytes()
    own = files.digest([str(seed), str(sorted(plan.values.items())), plan.choices.value.tobytes(), prices,
                        plan.limits.budget.tobytes(), plan.limits.staff.tobytes()])  # fmt: skip
    stamp = folder / "plan.txt"
    if not stamp.exists():
        files.write(stamp, own)
    elif stamp.read_text(encoding="utf-8") != own:
        raise InputError(f"folder {folder} holds draws of another plan: choose another folder or delete it")
