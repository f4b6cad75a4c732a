"""The plan as a mixed-integer program, (5.1)-(5.4), its prices with the starts fixed, and its fronts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from rutrade import InputError, unknown
from rutrade.plan.choices import MEASURES, Choices

EXACT = {"output_flag": False, "threads": 1, "random_seed": 1, "mip_rel_gap": 0.0, "mip_abs_gap": 1e-9,
         "mip_feasibility_tolerance": 1e-9, "primal_feasibility_tolerance": 1e-9,
         "dual_feasibility_tolerance": 1e-9}  # fmt: skip
SLACK = 1e-7  # relative: by how much rounding may move a limit


@dataclass(frozen=True, eq=False)
class Limits:
    """(5.2) Budget B(t), bn RUB 2016, and staff H(t), persons, by year of the plan; infinite: no limit."""

    budget: np.ndarray
    staff: np.ndarray

    @classmethod
    def of(cls, c: Choices, budget: float = np.inf, staff: float = np.inf) -> "Limits":
        """The same limit in every year. Raises InputError as `allowed`."""
        cls.allowed(budget, staff)
        return cls(np.full(len(c.years), float(budget)), np.full(len(c.years), float(staff)))

    @staticmethod
    def allowed(budget: float, staff: float) -> None:
        """Raises InputError for a limit that is negative or no number."""
        for name, value in (("budget", budget), ("staff", staff)):
            if not value >= 0:
                raise InputError(f"{name} = {value:g} is not allowed: at least 0")


@dataclass(frozen=True, eq=False)
class Selection:
    """Starts y (b, s), scales q (b, s) and the value above leaving everything out, bn RUB 2016."""

    y: np.ndarray
    q: np.ndarray
    value: float

    def chosen(self, c: Choices) -> dict[str, int]:
        """Start by block that is in."""
        return {c.names[i]: c.starts[j] for i, j in zip(*np.nonzero(self.y > 0.5), strict=True)}

    def total(self, per: np.ndarray) -> Any:
        """Sum over blocks and starts of scale times a coefficient (b, s) or (b, s, t)."""
        return np.tensordot(self.q, per, 2)


def best(
    c: Choices, limits: Limits, floors: Mapping[str, float] | None = None, keep: Iterable[str] = (),
    other_than: Sequence[Selection] = (), objective: str = "value", stated: "Statement | None" = None,
) -> Selection | None:  # fmt: skip
    """The best plan: (5.3) max sum NPV_bs q_bs subject to (5.1), (5.2) and the floors of (5.4); None: there is none.

    `floors`: least exports or product; `keep`: blocks that must be in; `other_than`: plans whose set of blocks is
    excluded; `objective`: value, exports or product; `stated`: the `statement` of these choices, limits and floors at
    any values. Raises InputError for an unknown block, measure or objective.
    """
    p = (stated or statement(c, limits, floors or {})).aimed(c, objective)
    for name in keep:
        p.lower[p.columns["y"][c.place(name), _first(c, c.place(name))]] = 1.0
    for plan in other_than:
        p = p.without(plan.y.sum(1) > 0.5)
    solved = _solved(p)
    if solved is None:
        return None
    found = np.round(solved.x[p.columns["y"]]) + 0.0  # no negative zeros
    scale = np.where(found > 0, np.clip(solved.x[p.columns["q"]], 0, None), 0.0)
    return Selection(found, scale, float((scale * c.value).sum()))


@dataclass(frozen=True, eq=False)
class Prices:
    """Value of a bit more of a limit with the starts fixed: of bn RUB of budget and of 1,000 persons by year; of a
    what a unit more of exports or product asked for costs (`floors`). `value`: of the program, bn RUB 2016.
    """

    table: pd.DataFrame
    floors: dict[str, float]
    value: float


def prices(c: Choices, limits: Limits, plan: Selection, floors: Mapping[str, float] | None = None) -> Prices | None:
    """Prices of budget and staff by year: the program with the starts of `plan` fixed, as a linear one.

    Where a limit binds in several years alike, only the sum of their prices is determined: one year may carry it. None:
    there is no solution with these starts.
    """
    p = statement(c, limits, floors or {}, plan.y).aimed(c)
    solved = _solved(p)
    if solved is None:
        return None
    columns = {}
    for name, limit, unit in (("budget", limits.budget, 1.0), ("staff", limits.staff, 1000.0)):
        price, bound = np.zeros(len(limit)), np.isfinite(limit)
        if bound.any():
            price[bound] = -solved.dual[p.rows[name]] * unit
        columns[name] = _rounded(price)
    table = pd.DataFrame(columns, index=pd.Index(c.years, name="year"))
    asked = {name: float(_rounded(solved.dual[p.rows[name]])) for name in floors or {}}
    return Prices(table, asked, -solved.objective)


def front(c: Choices, limits: Limits, measure: str, steps: int = 8) -> pd.DataFrame:
    """(5.4) Value against exports or product: the best plan for each of `steps` floors up to the most there can be.

    Columns: floor, reached, value, price (value given up per unit since the row before), marginal (the price with the
    starts fixed), blocks. Raises InputError for an unknown measure.
    """
    if measure not in MEASURES:
        raise unknown("measure", measure, MEASURES)
    stated = statement(c, limits)
    free, most = best(c, limits, stated=stated), best(c, limits, objective=measure, stated=stated)
    assert free is not None and most is not None  # to leave everything out is always allowed
    per, rows = getattr(c, measure), []
    low, high = float(free.total(per)), float(most.total(per))
    stated = statement(c, limits, {measure: low})
    for floor in np.linspace(low, high, steps + 1) if high > low + 1e-9 else [low]:
        asked = {measure: float(floor) * (1 - SLACK)}
        plan = best(c, limits, asked, stated=stated.asking(asked))
        if plan is None:
            continue
        at = prices(c, limits, plan, asked)
        rows.append({
            "floor": float(floor), "reached": float(plan.total(per)), "value": plan.value,
            "marginal": 0.0 if at is None else at.floors[measure], "blocks": "; ".join(plan.chosen(c)),
        })  # fmt: skip
    table = pd.DataFrame(rows)
    table.insert(3, "price", -table["value"].diff() / table["floor"].diff() + 0.0)
    return table


def _first(c: Choices, i: int) -> int:
    """Place of the first start that a block may have. Raises InputError when it has none."""
    if not c.allowed[i].any():
        raise InputError(f"block '{c.names[i]}' cannot start in {c.starts[0]}-{c.starts[-1]}")
    return int(np.flatnonzero(c.allowed[i])[0])


def _array(values: np.ndarray, c: Choices, *dims: str) -> Any:
    import xarray as xr

    coords = {"block": c.names, "start": list(c.starts), "year": list(map(int, c.years))}
    return xr.DataArray(values, [(d, coords[d]) for d in dims])


@dataclass(frozen=True, eq=False)
class Statement:
    """The program of some choices, limits and floors as arrays: the least c x with A x and x between their bounds.

    `integer`: which columns are whole numbers; `columns`, `rows`: where each labelled variable (b, s) and constraint
    stands. The constraints do not hang on the values of the choices: the rounds of (5.5) state them once.
    """

    a: Any  # sparse, (rows, columns)
    row_lower: np.ndarray
    row_upper: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    cost: np.ndarray
    integer: np.ndarray
    columns: dict[str, np.ndarray]
    rows: dict[str, np.ndarray]

    def aimed(self, c: Choices, objective: str = "value") -> "Statement":
        """(5.3) The program that makes the most of value, exports or product, with bounds of its own.

        Raises InputError for another objective.
        """
        if objective not in ("value", *MEASURES):
            raise unknown("objective", objective, ("value", *MEASURES))
        cost = np.zeros(len(self.cost))
        cost[self.columns["q"]] = -getattr(c, objective)
        return replace(self, cost=cost, lower=self.lower.copy(), upper=self.upper.copy())

    def asking(self, floors: Mapping[str, float]) -> "Statement":
        """The program with its floors of (5.4) at other heights."""
        row_lower = self.row_lower.copy()
        for name, floor in floors.items():
            row_lower[self.rows[name]] = floor
        return replace(self, row_lower=row_lower)

    def without(self, inside: np.ndarray) -> "Statement":
        """The program in which the set of blocks (b) that are in is another than `inside`."""
        from scipy import sparse

        row = np.zeros((1, len(self.cost)))
        row[0, self.columns["y"]] = np.where(inside, -1.0, 1.0)[:, None]
        return replace(
            self, a=sparse.vstack([self.a, sparse.csc_array(row)], format="csc"),
            row_lower=np.append(self.row_lower, 1.0 - inside.sum()), row_upper=np.append(self.row_upper, np.inf),
        )  # fmt: skip


def statement(
    c: Choices, limits: Limits, floors: Mapping[str, float] | None = None, fixed: np.ndarray | None = None
) -> Statement:
    """(5.1), (5.2), (5.4) stated in linopy; with `fixed` starts the program is linear.

    Raises InputError for a floor of an unknown measure.
    """
    from scipy import sparse

    m = _model(c, limits, floors or {}, fixed)
    given = m.matrices

    def places(labels: np.ndarray, order: np.ndarray) -> np.ndarray:
        position = np.full(int(order.max()) + 1, -1)
        position[order] = np.arange(len(order))
        return position[labels]

    return Statement(
        sparse.csc_array(given.A),
        np.where(given.sense == "<", -np.inf, given.b),
        np.where(given.sense == ">", np.inf, given.b),
        given.lb,
        given.ub,
        np.zeros(len(given.lb)),
        given.vtypes != "C",
        {n: places(v.labels.transpose("block", "start").values, given.vlabels) for n, v in m.variables.items()},
        {n: places(r.labels.values, given.clabels) for n, r in m.constraints.items()},
    )


def _model(c: Choices, limits: Limits, floors: Mapping[str, float], fixed: np.ndarray | None) -> Any:
    """The constraints in linopy."""
    import linopy

    m, both = linopy.Model(), ("block", "start")
    low, high = (np.array([[getattr(b, side)] for b in c.blocks]) for side in ("smallest", "largest"))
    if fixed is None:
        q = m.add_variables(0.0, _array(np.where(c.allowed, high, 0.0), c, *both), name="q")
        y = m.add_variables(0, _array(np.where(c.allowed, 1, 0), c, *both), integer=True, name="y")
        m.add_constraints(y.sum("start") <= 1, name="once")  # (5.1)
        m.add_constraints(q - _array(high + 0 * c.value, c, *both) * y <= 0, name="largest")
        m.add_constraints(q - _array(low + 0 * c.value, c, *both) * y >= 0, name="smallest")
        _stages(m, y, c)
    else:
        q = m.add_variables(_array(low * fixed, c, *both), _array(high * fixed, c, *both), name="q")
    for name, limit in (("budget", limits.budget), ("staff", limits.staff)):  # (5.2)
        bound = np.isfinite(limit)
        if bound.any():
            per = _array(c.money if name == "budget" else c.staff, c, *both, "year").isel(year=bound)
            m.add_constraints((q * per).sum(both) <= _array(limit, c, "year").isel(year=bound), name=name)
    for name, floor in floors.items():  # (5.4)
        if name not in MEASURES:
            raise unknown("measure", name, MEASURES)
        m.add_constraints((q * _array(getattr(c, name), c, *both)).sum() >= floor, name=name)
    return m


def _stages(m: Any, y: Any, c: Choices) -> None:
    """(5.1) A later stage starts no earlier than what it needs."""
    pairs = [(i, c.place(b.needs)) for i, b in enumerate(c.blocks) if b.needs is not None]
    if not pairs:
        return
    import xarray as xr

    which = np.zeros((len(pairs), len(c.blocks)))
    for k, (later, earlier) in enumerate(pairs):
        which[k, later], which[k, earlier] = 1.0, -1.0
    upto = np.tri(len(c.starts))  # (until, start): 1 where the start is no later
    both = xr.DataArray(
        which[:, None, :, None] * upto[None, :, None, :],
        [("pair", range(len(pairs))), ("until", list(c.starts)), ("block", c.names), ("start", list(c.starts))],
    )
    m.add_constraints((both * y).sum(("block", "start")) <= 0, name="stages")


@dataclass(frozen=True, eq=False)
class _Solved:
    """Quantities by column, duals by row, and the objective (least)."""

    x: np.ndarray
    dual: np.ndarray
    objective: float


def _solved(p: Statement) -> _Solved | None:
    """The least of the program, found the same way every time; None: no solution. Raises InputError without an end."""
    import highspy

    lp, h = highspy.HighsLp(), highspy.Highs()
    h.setOptionValue("output_flag", False)
    for name, value in EXACT.items():
        h.setOptionValue(name, value)
    lp.num_row_, lp.num_col_ = p.a.shape
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = p.cost, p.lower, p.upper
    lp.row_lower_, lp.row_upper_, lp.a_matrix_.format_ = p.row_lower, p.row_upper, highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = p.a.indptr, p.a.indices, p.a.data
    if p.integer.any():
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[int(whole)] for whole in p.integer]
    h.passModel(lp)
    h.run()
    status = h.getModelStatus()
    if status == highspy.HighsModelStatus.kInfeasible:
        return None
    if status != highspy.HighsModelStatus.kOptimal:
        raise InputError(f"the plan cannot be solved: {h.modelStatusToString(status)}")
    s = h.getSolution()
    return _Solved(np.array(s.col_value), np.array(s.row_dual), float(h.getInfo().objective_function_value))


def _rounded(values: Any) -> Any:
    """What the solver's tolerance leaves of a price that is zero is taken away."""
    return np.where(np.abs(values) < 1e-9, 0.0, values)
