"""Simulation, tornado and switching values of the appraisal."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from rutrade import InputError
from rutrade.draws import importance, triangular
from rutrade.project.evaluation import _RATES, PERSPECTIVES, evaluate
from rutrade.project.finance import irr
from rutrade.project.ledger import _BUDGETS, FINANCING_ITEMS, PARTICIPANTS, _entries, _scales
from rutrade.project.objects import Project, _limits
from rutrade.project.valuation import shadow_price_paths

BLOCK = 4096  # draws per block of the simulation; fixed, so that results do not depend on chunks or workers


@dataclass(frozen=True)
class Simulation:
    """Monte Carlo result: `parameters` (draws x parameters, own units) and `npv` (draws x views, bn RUB 2016)."""

    parameters: pd.DataFrame
    npv: pd.DataFrame
    seed: int

    def summary(self) -> pd.DataFrame:
        """Mean, standard deviation, 5, 50 and 95 % quantiles (bn RUB 2016) and P(NPV > 0) by view."""
        table = self.npv.agg(["mean", "std"]).T
        table[["p5", "median", "p95"]] = self.npv.quantile([0.05, 0.5, 0.95]).T.to_numpy()
        table["probability_positive"] = (self.npv > 0).mean()
        return table.rename_axis("view")

    def importance(self, view: str = "public") -> pd.Series:
        """Squared rank correlation of each parameter with the NPV of a view, scaled to sum to 1."""
        return importance(self.parameters, self.npv[view])


class _Flows(NamedTuple):
    """Base flows (columns, years) of one discount rate, the scale of each column, views x columns (0 or 1), views."""

    base: np.ndarray
    scales: list[str]
    select: np.ndarray
    views: list[str]


class _Kernel:
    """Base flows of a project by delay, arranged so that many parameter sets are valued by matrix products."""

    def __init__(self, project: Project, shadow_prices: Mapping | pd.DataFrame | None, spillover: bool):
        self.project, self.spillover = project, spillover
        self.delays: dict[int, dict[str, _Flows]] = {}
        self.prices = shadow_price_paths(shadow_prices, project.horizon)

    def flows(self, delay: int) -> dict[str, _Flows]:
        """Base flows for a delay in whole years, by discount rate."""
        if delay not in self.delays:
            base: dict[tuple[str, str], np.ndarray] = {}
            entries = [_entries(o, self.project, delay, self.prices, self.spillover) for o in self.project.objects]
            for e in (entry for ledger in entries for entry in ledger):
                for who, sign in ((e.payee, 1.0), (e.payer, -1.0)):
                    views = [who, *(b for b, name in _BUDGETS.items() if name == who)] if who else []
                    if who == "operator":
                        views += ["own_capital"] if e.item in FINANCING_ITEMS else ["own_capital", "commercial"]
                    for view in views:
                        base[view, e.scale] = base.get((view, e.scale), 0.0) + sign * e.flow
            groups = {}
            for rate in ("public", "budget", "commercial"):
                keys = [k for k, f in base.items() if _RATES[k[0]] == rate and np.any(f)]
                views = [v for v in (*PARTICIPANTS, *PERSPECTIVES) if any(k[0] == v for k in keys)]
                select = np.array([[float(k[0] == v) for k in keys] for v in views])
                groups[rate] = _Flows(np.array([base[k] for k in keys]), [k[1] for k in keys], select, views)
            self.delays[delay] = groups
        return self.delays[delay]

    def npv(self, values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """NPV by view for arrays of parameter values, all of one length."""
        scales, delay = _scales(values), values["delay_years"]
        result = {v: np.zeros(len(delay)) for v in (*PARTICIPANTS, *PERSPECTIVES)}
        weights = {}
        for rate in ("public", "budget", "commercial"):
            w = np.ones((len(self.project.years), len(delay)))
            factor = 1 / (1 + values[f"discount_rate_{rate}"])
            for t in range(1, len(w)):
                np.multiply(w[t - 1], factor, out=w[t])
            weights[rate] = w
        for years in np.unique(delay):
            rows = np.flatnonzero(delay == years)
            for rate, (base, names, select, views) in self.flows(int(years)).items():
                if not views:
                    continue
                scaled = (base @ weights[rate][:, rows]) * np.array([scales[s][rows] for s in names])
                for view, total in zip(views, select @ scaled, strict=True):
                    result[view][rows] = total
        result["public"] = sum((result[v] for v in PARTICIPANTS), np.zeros(len(delay)))  # (1.2)
        result["consolidated"] = result["federal"] + result["regional"]
        return result


def npv_at(
    project: Project,
    *,
    shadow_prices: Mapping[str, float] | pd.DataFrame | None = None,
    spillover: bool = True,
    **values: Any,
) -> pd.DataFrame:
    """NPV (bn RUB 2016) of every participant (public rate) and perspective for arrays of parameter values.

    Each of `values` is a number or an array (cases,); the result has one row per case. Delays are rounded to years.
    """
    arrays = np.broadcast_arrays(*(np.atleast_1d(np.asarray(x, float)) for x in project.values(**values).values()))
    filled = dict(zip(project.values(), arrays, strict=True))
    filled["delay_years"] = np.rint(filled["delay_years"])
    return pd.DataFrame(_Kernel(project, shadow_prices, spillover).npv(filled))


def _draw(project: Project, seed: int, block: int) -> dict[str, np.ndarray]:
    """One block of triangular draws of all parameters; the block's number is part of the seed."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(block,)))
    values = {}
    for name, p in project.parameters.items():
        # one stream per block in the order of the parameters: a constant consumes its draws too
        values[name] = triangular(rng.random(BLOCK), p.low, p.central, p.high)
    values["delay_years"] = np.rint(values["delay_years"])
    return values


def simulate(
    project: Project,
    draws: int = 100_000,
    seed: int = 0,
    *,
    chunk: int = 16 * BLOCK,
    workers: int = 1,
    shadow_prices: Mapping[str, float] | pd.DataFrame | None = None,
    spillover: bool = True,
) -> Simulation:
    """Monte Carlo over the triangular distributions of all parameters.

    Same seed, same bytes, for any `chunk` (draws given to a worker at once) and number of `workers` (threads); the
    first draws do not depend on how many follow. Raises InputError for draws, chunk or workers < 1.
    """
    for name, value in (("draws", draws), ("chunk", chunk), ("workers", workers)):
        if value < 1:
            raise InputError(f"{name} = {value} is not allowed: at least 1")
    views, names = (*PARTICIPANTS, *PERSPECTIVES), list(project.parameters)
    parameters, values = np.empty((len(names), draws)), np.empty((len(views), draws))
    kernel = _Kernel(project, shadow_prices, spillover)

    def run(blocks: range) -> None:
        for block in blocks:
            drawn = _draw(project, seed, block)
            result = kernel.npv(drawn)
            here = slice(block * BLOCK, min((block + 1) * BLOCK, draws))
            size = here.stop - here.start
            for row, name in enumerate(names):
                parameters[row, here] = drawn[name][:size]
            for row, name in enumerate(views):
                values[row, here] = result[name][:size]

    blocks, per_chunk = -(-draws // BLOCK), max(1, chunk // BLOCK)
    tasks = [range(i, min(i + per_chunk, blocks)) for i in range(0, blocks, per_chunk)]
    if workers == 1:
        for task in tasks:
            run(task)
    else:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(run, tasks))
    drawn, found = (  # pandas would copy both arrays
        pd.DataFrame(a.T, columns=list(c), copy=False) for a, c in ((parameters, names), (values, views))
    )
    return Simulation(drawn, found, seed)


def tornado(project: Project, view: str = "public", **options: Any) -> pd.DataFrame:
    """NPV of a view (bn RUB 2016) with one parameter at its low and high value, the others central; widest first."""
    rows = {}
    for name, p in project.parameters.items():
        changed = np.array([p.low, p.high])
        low, high = npv_at(project, **options | {name: changed})[view]
        rows[name] = {"low": p.low, "high": p.high, "npv_low": low, "npv_high": high, "swing": abs(high - low)}
    return pd.DataFrame.from_dict(rows, orient="index").sort_values("swing", ascending=False).rename_axis("parameter")


def switching_values(project: Project, view: str = "public", **options: Any) -> pd.DataFrame:
    """Value of each parameter that puts the NPV of a view at zero, the others held at their (given) values.

    All parameters but rates and delay enter linearly, so the value is exact; of rates the view's IRR counts. Status:
    within_range | outside_range (of low to high) | not_admissible (such as a negative cost) | none | no_effect.
    `distance` is the change needed over that from central to the end of the range on its side: 1 is the edge of what
    the sources support.
    """
    rows = {}
    for name, p in project.parameters.items():
        now = float(options.get(name, p.central))
        switch, status = np.nan, "none" if name == "delay_years" else "no_effect"
        if name.startswith("discount_rate"):
            if name == f"discount_rate_{_RATES[view]}":
                centre = {k: v for k, v in options.items() if k != name}
                root = irr(evaluate(project, **centre).flow(view).to_numpy())
                switch, status = root.rate, "none" if np.isnan(root.rate) else ""
        elif name != "delay_years":
            other = 0.0 if now else 0.5
            a, b = npv_at(project, **options | {name: np.array([now, other])})[view]
            slope = (b - a) / (other - now)
            if abs(slope) > 1e-12 * max(1.0, abs(a)):
                switch, status = now - a / slope, ""
                if not _limits(name)[0] <= switch <= _limits(name)[1]:
                    status = "not_admissible"
        if status == "":
            status = "within_range" if p.low <= switch <= p.high else "outside_range"
        edge = (p.high if switch > now else p.low) - now
        distance = (switch - now) / edge if edge and np.isfinite(switch) else np.nan
        rows[name] = {"central": now, "low": p.low, "high": p.high, "switching_value": switch,
                      "status": status, "distance": distance, "unit": p.unit}  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("parameter")
