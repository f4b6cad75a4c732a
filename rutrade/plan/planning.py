"""A plan: the program and model 2 in turn until the prices settle (5.5), and what the plan rests on."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rutrade import InputError, economy, project, unknown
from rutrade.plan import inputs
from rutrade.plan.blocks import Block, part, started, stopped, together
from rutrade.plan.choices import Choices, Measures, choices, valued
from rutrade.plan.program import Limits, Prices, Selection, best, front, statement
from rutrade.plan.program import prices as _prices
from rutrade.plan.switching import switching
from rutrade.project import Project, ProjectObject
from rutrade.project.valuation import LABOUR

SETTLED = 1e-3  # largest change of a shadow price at which the rounds stop
ROUNDS = 8  # at most
PRICES = ("model", "model_wage", "market")
APPRAISAL = ("paper_value_mn_rub_2016", "multiplier", "discount_rate_public", "high_tech_factor", "cost_overrun",
             "opex_factor", "shadow_wage_factor")  # fmt: skip


@dataclass(frozen=True, eq=False)
class Plan:
    """A solved plan; money in bn RUB 2016, present values in the first year of the plan.

    `best`, `runner_up`: starts and scales; `choices`: what they were chosen from, at the settled prices; `duals`:
    these prices (solved year, row), None at market prices; `rounds`: how they settled; `prices`: of budget and staff;
    `whole`: the programme with its parameters `values`.
    """

    since: int
    budget: float
    staff: float
    whole: Project = field(repr=False)
    choices: Choices = field(repr=False)
    limits: Limits = field(repr=False)
    best: Selection = field(repr=False)
    runner_up: Selection | None = field(repr=False)
    prices: Prices = field(repr=False)
    duals: pd.DataFrame | None = field(repr=False)
    rounds: pd.DataFrame = field(repr=False)
    values: Mapping[str, Any] = field(repr=False)
    keep: tuple[str, ...] = ()

    @property
    def value(self) -> float:
        """Public NPV above leaving everything out, bn RUB 2016 (5.3)."""
        return self.best.value

    @property
    def npv(self) -> float:
        """Public NPV of the whole, with the mothballing of what is left out, bn RUB 2016."""
        return self.best.value + float(self.choices.stopped.sum())

    def summary(self) -> pd.DataFrame:
        """By block: start (empty: left out), scale, capital still to be spent, public money over the plan, value."""
        c, rows = self.choices, []
        for i, b in enumerate(c.blocks):
            starts = np.flatnonzero(self.best.y[i] > 0.5)
            j = int(starts[0]) if len(starts) else None
            ahead = sum(v for y, v in b.item.capital_goods_bn_rub_2016.items() if y >= self.since)
            best_start = float(np.where(c.allowed[i], c.value[i], -np.inf).max())
            rows.append({
                "block": b.name, "name": b.title, "start": np.nan if j is None else c.starts[j],
                "scale": 0.0 if j is None else float(self.best.q[i, j]), "capital ahead": ahead,
                "money": 0.0 if j is None else float(self.best.q[i, j] * c.money[i, j].sum()),
                "value": float((self.best.q[i] * c.value[i]).sum()), "value at best start": best_start,
                "left out": float(c.stopped[i]), "assumption": b.assumed,
            })  # fmt: skip
        return pd.DataFrame(rows).set_index("block")

    def money(self) -> pd.DataFrame:
        """Public money by year (rows) and block that is in (columns), bn RUB 2016."""
        c = self.choices
        inside = [i for i in range(len(c.blocks)) if self.best.q[i].any()]
        columns = {c.blocks[i].title: np.tensordot(self.best.q[i], c.money[i], 1) for i in inside}
        return pd.DataFrame(columns, index=pd.Index(c.years, name="year"))

    def people(self) -> pd.Series:
        """Staff by year, persons."""
        return pd.Series(self.best.total(self.choices.staff), pd.Index(self.choices.years, name="year"), name="staff")

    def project(self) -> Project:
        """The plan as one project of model 1: what is in, from its start, and what is left out, mothballed.

        A block at a part of its scale is that part in operation and the rest mothballed.
        """
        return as_project(self.whole, self.choices, self.best, self.since)

    def front(self, measure: str, steps: int = 8) -> pd.DataFrame:
        """(5.4) Value against exports or product, see `program.front`. Raises InputError for an unknown measure."""
        return front(self.choices, self.limits, measure, steps)

    def switching(self) -> pd.DataFrame:
        """What each block would need to be worth being in, at the settled prices and each case's best start.

        Rows: blocks, and chains of blocks that need each other; columns: value now (bn RUB 2016) and the factor on the
        value of a paper, on the multiplier, and on cost ahead (capital and running) at which it is 0; NaN: no factor
        above 0 makes it 0. Others' limits are left out: under a budget a block may also give way to another.
        """
        return switching(self)

    def plot(self, ax: Any = None) -> Any:
        """Bars from start to 2041 by block with public money a year below and the budget's line; returns the axes."""
        from rutrade.plan.chart import gantt

        return gantt(self, ax)

    def _repr_html_(self) -> str:
        return self.summary().to_html(float_format="{:.2f}".format)


def solve(
    from_year: int = 2026, budget: float | None = None, staff: float | None = None, *, own: Iterable[str | Path] = (),
    prices: str = "model", sectors: str = "full", last_start: int | None = None, keep: Iterable[str] = (),
    measures: Measures | None = None, blocks: Iterable[Block] | None = None,
    world: "inputs.Economy | None" = None, last_year: int = 2060, mothballing_share: float | None = None,
    export_share: float | None = None, china_share: float = 0.2, **values: Any,
) -> Plan:  # fmt: skip
    """The plan that is worth most to the public, seen from `from_year`, (5.1)-(5.5).

    `budget` (bn RUB 2016 a year) and `staff` (persons; None: as in table `plan_limits`); `own`: YAML files of further
    objects; `prices`: 'model' (shadow prices of model 2 for goods, labour and foreign exchange), 'model_wage' (labour
    at the shadow wage factor of pay instead) or 'market'; `keep`: blocks that must go on from their first start;
    `blocks`: others than the data's; `world`: model 2 in its solved years; `mothballing_share`: cost of a block that
    is not run over its running cost; `export_share`, `china_share`: of the commercialised output, and China's part of
    that; `values`: parameters of the appraisal, such as multiplier.
    Prices that do not settle in eight rounds are left as they are; `rounds` says so. Raises InputError for a value
    that is not allowed, a budget below what is to be kept, and an own object that starts before the plan.
    """
    asked = check(
        from_year, budget, staff, own=own, prices=prices, last_start=last_start, keep=keep, blocks=blocks,
        last_year=last_year, mothballing_share=mothballing_share, **values,
    )  # fmt: skip
    money, people, whole, chosen, last, kept = asked
    market = world or (inputs.economy_of(sectors) if prices != "market" else None)
    starts = tuple(range(from_year, last + 1))
    judged = measures or measured(market, export_share)
    table = market.duals if market is not None and prices != "market" else None
    c = choices(whole, chosen, starts, from_year, _seen(table, prices), judged, **values)
    limits = Limits.of(c, money, people)

    def at_prices(duals: pd.DataFrame) -> Choices:
        worth, left = valued(whole, chosen, starts, from_year, _seen(duals, prices), **values)
        return c.at(worth[..., 0], left[..., 0])

    def answer(now: Choices, selection: Selection) -> pd.DataFrame:
        assert market is not None
        plan = as_project(whole, now, selection, from_year)
        return inputs.duals(answered(market, plan, judged, china_share, values))

    c, selection, table, rounds = _settled(c, limits, kept, table, at_prices, answer)
    at = _prices(c, limits, selection)
    assert at is not None  # the selection itself is a solution with these starts
    second = best(c, limits, keep=kept, other_than=[selection])
    seen = _seen(table, prices)
    return Plan(from_year, money, people, whole, c, limits, selection, second, at, seen, rounds, values, kept)


def check(
    from_year: int = 2026, budget: float | None = None, staff: float | None = None, *, own: Iterable[str | Path] = (),
    prices: str = "model", last_start: int | None = None, keep: Iterable[str] = (),
    blocks: Iterable[Block] | None = None, last_year: int = 2060, mothballing_share: float | None = None, **values: Any,
) -> tuple[float, float, Project, tuple[Block, ...], int, tuple[str, ...]]:  # fmt: skip
    """What `solve` is asked, before minutes of solving: budget, staff, programme, blocks, last start, blocks kept.

    Raises InputError for a value that is not allowed, an unknown block and an own object that starts before the plan.
    """
    if not inputs.ENDS[0] <= from_year <= inputs.ENDS[1]:
        raise InputError(f"from_year = {from_year} is not allowed: from {inputs.ENDS[0]} to {inputs.ENDS[1]}")
    if prices not in PRICES:
        raise unknown("prices", prices, PRICES)
    given = inputs.limits()["value"]
    last = int(given["last_start"]) if last_start is None else last_start
    if last < from_year:
        raise InputError(f"last_start = {last} is not allowed: {from_year} or later, the first year of the plan")
    money, people = (float(given[n]) if v is None else v for n, v in (("budget", budget), ("staff", staff)))
    Limits.allowed(money, people)
    whole, found = inputs.programme(own, from_year, last_year=last_year, **_items(mothballing_share))
    whole.values(**values)
    chosen, kept = tuple(found if blocks is None else blocks), tuple(keep)
    names = [b.name for b in chosen]
    for name in kept:
        if name not in names:
            raise unknown("block", name, names)
    return money, people, whole, chosen, last, kept


def _settled(
    c: Choices,
    limits: Limits,
    keep: tuple[str, ...],
    table: pd.DataFrame | None,
    at_prices: Callable[[pd.DataFrame], Choices],
    answer: Callable[[Choices, Selection], pd.DataFrame],
) -> tuple[Choices, Selection, pd.DataFrame | None, pd.DataFrame]:
    """(5.5) The best plan at the prices, the prices with that plan, until none moves by more than `SETTLED`."""
    rounds: list[dict[str, Any]] = []
    stated = statement(c, limits)
    while True:
        selection = best(c, limits, keep=keep, stated=stated)
        if selection is None:
            raise _below_running(c, limits, keep)
        rounds.append({"round": len(rounds) + 1, "value": selection.value, "blocks": len(selection.chosen(c))})
        if table is None:
            break
        new = answer(c, selection)
        gap = (new - table).abs()
        largest = {"change": float(gap.max().max()), "row": str(gap.max().idxmax()), "year": gap.max(axis=1).idxmax()}
        rounds[-1] |= largest
        if largest["change"] < SETTLED or len(rounds) == ROUNDS:
            break
        table, c = new, at_prices(new)
    return c, selection, table, pd.DataFrame(rounds)


def measured(market: "inputs.Economy | None", export_share: float | None = None) -> Measures:
    """Years and shares of table `plan_limits`; value added from model 2, without which product is pay alone."""
    given = inputs.limits()["value"]
    years = (int(given["target_from"]), int(given["target_to"]))
    share = float(given["export_share"]) if export_share is None else export_share
    if market is None:
        return Measures(*years, share)
    return Measures(*years, share, market.value_added(), market.own_supply())


def today(c: Choices) -> Selection:
    """Today's programme: every block at its first start and full scale, whatever it costs."""
    y = np.zeros(c.value.shape)
    for i in range(len(c.blocks)):
        y[i, np.flatnonzero(c.allowed[i])[0]] = 1.0
    q = y * np.array([[b.largest] for b in c.blocks])
    return Selection(y, q, float((q * c.value).sum()))


def answered(
    market: "inputs.Economy", plan: Project, measures: Measures, china_share: float, values: Mapping[str, Any]
) -> dict[int, economy.EconomySolution]:
    """Model 2 in its solved years with the plan's purchases, staff and commercialised output (5.5)."""
    if not plan.objects:
        return dict(market.without)
    found, solutions = project.evaluate(plan, **values), {}
    for year, model in market.models.items():
        if year not in plan.years:
            solutions[year] = market.without[year]
            continue
        column = economy.project_column(
            model.tables, found.technological_column(year), "plan", inputs.REGION, year, "output",
            export_share=measures.export_share, china_share=china_share, effect_source="assumption",
        )  # fmt: skip
        solutions[year] = model.solve([column])
    return solutions


def _items(mothballing_share: float | None) -> dict[str, float]:
    return {} if mothballing_share is None else {"mothballing_share": mothballing_share}


def _seen(table: pd.DataFrame | None, prices: str) -> pd.DataFrame | None:
    """The shadow prices that values use: all, or without labour's."""
    return table.drop(columns=LABOUR) if table is not None and prices == "model_wage" else table


def as_project(whole: Project, c: Choices, selection: Selection, since: int) -> Project:
    """A selection as one project: what is in, from its start, and what is left out, mothballed."""
    objects: list[ProjectObject] = []
    for i, b in enumerate(c.blocks):
        scale = float(selection.q[i].sum())
        if scale > 0:
            start = c.starts[int(np.argmax(selection.q[i]))]
            objects += [part(o, scale, scale) for o in started(b, start, since)]
        if scale < 1 - 1e-12:
            objects += [replace(part(o, 1 - scale, 1 - scale), name=f"{o.name} left out") for o in stopped(b, since)]
    return together(whole, objects, since)


def _below_running(c: Choices, limits: Limits, keep: tuple[str, ...]) -> InputError:
    """Which limit is too tight for the blocks that go on."""
    for name, per, limit, unit in (("budget", c.money, limits.budget, "bn RUB"),
                                   ("staff", c.staff, limits.staff, "persons")):  # fmt: skip
        running = sum(per[i, np.flatnonzero(c.allowed[i])[0]] for i in map(c.place, keep))
        short = np.flatnonzero(running > limit + 1e-9)
        if len(short):
            t = int(short[np.argmax((running - limit)[short])])
            return InputError(
                f"{name} = {limit[t]:g} is not allowed: in {c.years[t]} what is already running takes "
                f"{running[t]:.3g} {unit} ({', '.join(keep)})"
            )
    return InputError(f"no plan keeps {', '.join(keep)}: one of them needs a block that cannot start in time")
