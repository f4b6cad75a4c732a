"""The plan's rounds against the bare solver: the mixed-integer program as matrices and the economy's re-solves."""

import highspy
import pytest

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


def bare(p):
    """One mixed-integer program in HiGHS, given as arrays, with the same options."""
    lp, h = highspy.HighsLp(), highspy.Highs()
    for name, value in program.EXACT.items():
        h.setOptionValue(name, value)
    lp.num_row_, lp.num_col_ = p.a.shape
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = p.cost, p.lower, p.upper
    lp.row_lower_, lp.row_upper_ = p.row_lower, p.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = p.a.indptr, p.a.indices, p.a.data
    kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
    lp.integrality_ = [kinds[int(whole)] for whole in p.integer]
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

    given = program.statement(c, found.limits).aimed(c)
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
            value = bare(given)
            for year, model in world.models.items():
                model.solve([columns[year]])
        return value

    def check(mine, theirs):
        assert mine[1].value == pytest.approx(theirs, rel=1e-6) and len(mine[3]) == rounds

    compare(f"plan: {rounds} rounds with model 2", ours, peer, 2, check, 3, ("highspy", "linopy"), "s CPU")


def test_programs_at_other_values_against_the_bare_solver(compare, found):
    """A program stated once and solved at twenty values of the choices, as rounds and draws do, against its arrays."""
    c, limits = found.choices, found.limits
    cases = [c.at(c.value * (0.9 + k / 100), c.stopped) for k in range(20)]
    given = [program.statement(case, limits).aimed(case) for case in cases]

    def ours():
        stated = program.statement(c, limits)
        return [plan.best(case, limits, stated=stated).value for case in cases]

    def check(mine, theirs):
        assert mine == pytest.approx(theirs, rel=1e-6)

    compare("plan: twenty programs, stated once", ours, lambda: [bare(p) for p in given], 2, check, 3, ("highspy",),
            "s CPU")  # fmt: skip
