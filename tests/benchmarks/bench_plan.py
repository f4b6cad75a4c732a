"""The plan's rounds against the bare solver: the mixed-integer program as matrices and the economy's re-solves."""

import highspy
import pytest
from scipy import sparse

from rutrade import economy, plan, project
from rutrade.plan import planning, program
from rutrade.plan.choices import valued

VALUES = {"paper_value_mn_rub_2016": 4.12}


@pytest.fixture(scope="module")
def world():
    return plan.inputs.economy_of("12")


@pytest.fixture(scope="module")
def found(world):
    return plan.solve(world=world, sectors="12", **VALUES)


def bare(matrices):
    """One mixed-integer program in HiGHS, given as matrices, with the same options."""
    lp, h = highspy.HighsLp(), highspy.Highs()
    for name, value in program.EXACT.items():
        h.setOptionValue(name, value)
    a = sparse.csc_array(matrices.A)
    lp.num_row_, lp.num_col_ = a.shape
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = matrices.c, matrices.lb, matrices.ub
    lp.row_lower_ = [b if s != "<" else -highspy.kHighsInf for s, b in zip(matrices.sense, matrices.b, strict=True)]
    lp.row_upper_ = [b if s != ">" else highspy.kHighsInf for s, b in zip(matrices.sense, matrices.b, strict=True)]
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = a.indptr, a.indices, a.data
    kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
    lp.integrality_ = [kinds[int(kind != "C")] for kind in matrices.vtypes]
    h.passModel(lp)
    h.run()
    return -h.getInfo().objective_function_value


def test_rounds_against_bare_programs(compare, world, found):
    c, whole, judged = found.choices, found.whole, planning.measured(world)

    def at_prices(duals):
        worth, left = valued(whole, c.blocks, c.starts, found.since, duals, **VALUES)
        return c.at(worth[..., 0], left[..., 0])

    def answer(now, selection):
        built = planning.as_project(whole, now, selection, found.since)
        return plan.inputs.duals(planning.answered(world, built, judged, 0.2, VALUES))

    start = at_prices(world.duals)

    def ours():
        return planning._settled(start, found.limits, (), world.duals, at_prices, answer)

    matrices = program._model(c, found.limits, {}, "value").matrices
    flows = project.evaluate(found.project(), **VALUES)
    columns = {
        year: economy.project_column(
            model.tables, flows.technological_column(year), "plan", plan.inputs.REGION, year, "output",
            export_share=judged.export_share, china_share=0.2, effect_source="assumption",
        )
        for year, model in world.models.items()
    }  # fmt: skip
    rounds = len(found.rounds)

    def peer():
        for _ in range(rounds):
            value = bare(matrices)
            for year, model in world.models.items():
                model.solve([columns[year]])
        return value

    def check(mine, theirs):
        assert mine[1].value == pytest.approx(theirs, rel=1e-6) and len(mine[3]) == rounds

    compare(f"plan: {rounds} rounds with model 2", ours, peer, 2, check, 3, ("highspy", "linopy"), "s CPU")


def test_a_program_stated_in_linopy_against_its_matrices(compare, found):
    matrices = program._model(found.choices, found.limits, {}, "value").matrices

    def check(mine, theirs):
        assert mine.value == pytest.approx(theirs, rel=1e-6)

    ratio = {"ours": lambda: plan.best(found.choices, found.limits), "peer": lambda: bare(matrices)}
    compare("plan: one program with its statement", ratio["ours"], ratio["peer"], 8, check, 3, ("highspy",), "s CPU")
