"""HiGHS for the programs of model 2: from a basis by simplex, else by interior point, checked outside the solver."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from rutrade.economy.program import Program, residuals

# What is tried from a basis: (edge weights of dual simplex, 1: Devex, 2: steepest edge; iterations at most). Most
# re-solves need 0 to 150 by Devex. After a larger shock steepest edge, whose weights cost ten re-solves to set up,
# needs a third of the iterations. Beyond the limit interior point is sooner there; without presolve simplex may also
# hang on an infeasible program, where a cold solve with presolve proves it in half a second.
Warm = Sequence[tuple[int, int]]
BANDS: Warm = ((1, 500),)
CURVES: Warm = ((1, 150), (2, 2500))
POLISH = 500  # iterations at most to bring a solution below the tolerance
KEPT = 300  # iterations at most where the solver goes on from what it has solved


def loaded(p: Program) -> Any:
    """A silent HiGHS with the program loaded."""
    import highspy

    lp, h = highspy.HighsLp(), highspy.Highs()
    lp.num_row_, lp.num_col_ = p.a.shape
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = p.cost, p.lower, p.upper
    lp.row_lower_, lp.row_upper_, lp.a_matrix_.format_ = p.row_lower, p.row_upper, highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = p.a.indptr, p.a.indices, p.a.data
    # the check outside the solver asks for 1e-7 of the unscaled program
    tight = {"primal_feasibility_tolerance": 1e-9, "dual_feasibility_tolerance": 1e-9}
    for name, value in ({"output_flag": False, "threads": 1} | tight).items():
        h.setOptionValue(name, value)
    h.passModel(lp)
    return h


def optimum(
    h: Any, p: Program, basis: Any, warm: Warm, tolerance: float, kept: bool = False
) -> tuple[Program | None, tuple[str, float] | None]:
    """The solution of the program that `h` holds, from a basis or (None) from nothing; and what stays inexact, if so.

    `kept`: bounds alone have moved since `h` solved it, and simplex goes on from there before anything else is tried.
    A warm start that runs into its limit is begun again, in the end from nothing with presolve; what simplex or
    crossover leaves above the tolerance is polished by simplex from its basis, without scaling. No solution and nothing
    inexact: the program is infeasible.
    """
    import highspy

    off = None
    if kept and _go_on(h) == highspy.HighsModelStatus.kOptimal:
        done = _solved(h, p)
        if max(residuals(done).values()) <= tolerance:
            return done, None
    begin = _fitted(basis, len(p.cost))
    starts = [("simplex", edge, limit, begin) for edge, limit in (warm if begin is not None else ())]
    # simplex from nothing is rarely needed: where crossover ends in an ill-conditioned basis
    starts += [(method, -1, highspy.kHighsIInf, None) for method in ("ipm", "simplex")]
    for method, edge, limit, begin in starts:
        state = _run(h, begin, method, edge, limit)
        if state == highspy.HighsModelStatus.kInfeasible:
            break  # proved; what is short is found by another program
        for again in (True, False):
            if state != highspy.HighsModelStatus.kOptimal:
                break
            done = _solved(h, p)
            off = max(residuals(done).items(), key=lambda item: item[1])
            if off[1] <= tolerance:
                return done, None
            if again:
                state = _run(h, h.getBasis(), "simplex", 1, POLISH, scaled=False)
    return None, off


def _run(h: Any, basis: Any, method: str, edge: int, limit: int, scaled: bool = True) -> Any:
    """Solve from a basis or (None) from nothing, with presolve; returns the state ("refused": that of a basis that is
    none of this program).

    Every option is set each time: one left from the solve before would make results depend on it.
    """
    import highspy

    h.clearSolver()
    options = {
        "solver": method, "run_crossover": "on", "presolve": "on" if basis is None else "off",
        "simplex_dual_edge_weight_strategy": edge, "simplex_iteration_limit": limit,
        "simplex_scale_strategy": 2 if scaled else 0,
    }  # fmt: skip
    for name, value in options.items():
        h.setOptionValue(name, value)
    if basis is not None and h.setBasis(basis) == highspy.HighsStatus.kError:
        return "refused"
    h.run()
    return h.getModelStatus()


def _go_on(h: Any) -> Any:
    """Simplex from where the last solve of `h` ended; returns the state.

    Scaling and weights stay as they are: new ones would cost most of it.
    """
    for name, value in {"solver": "simplex", "presolve": "off", "simplex_iteration_limit": KEPT}.items():
        h.setOptionValue(name, value)
    h.run()
    return h.getModelStatus()


def _solved(h: Any, p: Program) -> Program:
    found = h.getSolution()
    return replace(p, x=np.array(found.col_value), dual=np.array(found.row_dual))


def _fitted(basis: Any, columns: int) -> Any:
    """The basis for a program of so many columns: further ones, of projects, start at their lower bound; None where it
    has more.
    """
    import highspy

    if basis is None or (more := columns - len(basis.col_status)) == 0:
        return basis  # itself: HiGHS would look at a new one whether it is of full rank
    if more < 0:
        return None
    start = highspy.HighsBasis()
    start.col_status = [*basis.col_status, *[highspy.HighsBasisStatus.kLower] * more]
    start.row_status, start.valid = list(basis.row_status), True
    return start
