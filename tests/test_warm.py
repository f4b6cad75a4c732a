"""Where simplex begins: bases put together for model 2, and that only the way to a solution hangs on them."""

from dataclasses import replace
from types import SimpleNamespace

import highspy
import numpy as np
import pytest
from scipy import sparse

from rutrade import InputError, economy
from rutrade.economy import Options, regional, solver, warm
from rutrade.economy.curves import EXPORT_NODES
from rutrade.economy.program import Program

LETTERS = {"L": highspy.HighsBasisStatus.kLower, "B": highspy.HighsBasisStatus.kBasic,
           "H": highspy.HighsBasisStatus.kUpper}  # fmt: skip


def basis(text):
    return SimpleNamespace(col_status=[LETTERS[c] for c in text], row_status=[LETTERS["L"]])


def read(found):
    names = {int(status): letter for letter, status in LETTERS.items()}
    return "".join(names[int(s)] for s in found.col_status)


def program(reduced, width):
    """One row of ones at price 1: the reduced cost of a column is its cost less one."""
    reduced, width = np.asarray(reduced, float), np.asarray(width, float)
    zero = np.zeros(len(reduced))
    return Program(sparse.csc_array(np.ones((1, len(reduced)))), zero[:1], zero[:1], zero, width, reduced + 1)


@pytest.mark.parametrize(
    ("reduced", "width", "before", "after", "case"),
    [
        ((-3, -2, -0.2, 0.5, 1), (1, 1, 1, 1, 1), "HBLLL", "HHBLL", "the last that pays is nearest to its cost"),
        ((-3, -2, -1, 0.1, 1), (1, 1, 1, 1, 1), "BLLLL", "HHHBL", "the first that does not pay is nearest"),
        ((-3, -2, -1, 0.1, 1), (1, 1, 1, 1, 1), "HLLLL", "HHHLL", "a cell that stood on a node stays without"),
        ((1, 2, 3, 4, 5), (1, 1, 1, 1, 1), "HHHBL", "BLLLL", "nothing pays"),
        ((-5, -4, -3, -2, -1), (1, 1, 1, 1, 1), "BLLLL", "HHHHB", "all pay"),
        ((-3, -2, -1, -9, -9), (1, 1, 1, 0, 0), "BLLLL", "HHBLL", "a fixed price has no room beyond its centre"),
        ((-3, -2, -1, -9, -9), (1, 1, 1, 0, 0), "HHHBL", "HHBLL", "nor is the one beyond it basic any more"),
        ((-3, -2, -1, 1, 2), (0, 0, 0, 0, 0), "HHLLL", "HHLLL", "a cell that is held stays"),
        ((-3, -2, -1, 1, 2), (1, 1, 1, 1, 1), "BBLLL", "BBLLL", "two basic ones are left alone"),
    ],
)
def test_segments_are_filled_up_to_where_they_no_longer_pay(reduced, width, before, after, case):
    no_nodes = np.empty((0, 5), int)
    found = warm.placed(basis(before), program(reduced, width), np.ones(1), np.arange(5)[None], no_nodes)
    assert read(found) == after, case


@pytest.mark.parametrize(
    ("reduced", "before", "after", "case"),
    [
        ((3, 1, 0.2, 0.5, 2), "BLLLL", "LLBLL", "the cheapest mix"),
        ((3, 1, 0.2, 0.5, 2), "BBLLL", "LLBBL", "and the cheaper of its neighbours"),
        ((3, 0.4, 0.2, 0.5, 2), "LLLBB", "LBBLL", "which may lie below"),
        ((0, 1, 2, 3, 4), "LLLBB", "BBLLL", "the lowest node has one neighbour"),
        ((4, 3, 2, 1, 0), "BBLLL", "LLLBB", "so has the highest"),
        ((3, 1, 0.2, 0.5, 2), "LLLLL", "LLLLL", "a product that nobody uses"),
        ((3, 1, 0.2, 0.5, 2), "BBBLL", "BBBLL", "three basic ones are left alone"),
    ],
)
def test_the_cheapest_mix_of_imports_is_begun_with(reduced, before, after, case):
    no_segments = np.empty((0, 5), int)
    found = warm.placed(basis(before), program(reduced, np.ones(5)), np.ones(1), no_segments, np.arange(5)[None])
    assert read(found) == after, case


@pytest.fixture(scope="module")
def stages():
    """The last history node and the horizon on twelve sectors, as the chain solves them and node by node."""
    tables, nodes = regional.build(economy.inputs.regional(split=True), "12"), (2016, 2019, 2023)
    paths = economy.inputs.paths()
    alone = economy.last_model(tables, paths, nodes)
    assert alone.ended is not None  # it is handed out solved, so that all that is recast from it starts alike
    return alone, economy.solved_path(tables, paths, nodes, options=Options())


def test_the_stages_before_the_last_lead_to_the_same_program_with_bands_as_with_curves(stages):
    alone, path = stages
    for name in ("output", "investment"):
        np.testing.assert_allclose(getattr(alone.base, name), getattr(path.models[2023].base, name), rtol=1e-8)
    np.testing.assert_allclose(alone.solve().consumption, path.solutions[2023].consumption, rtol=1e-9)


def iterations(monkeypatch):
    """Iterations of every run of HiGHS from now on: (method, simplex iterations)."""
    seen, run = [], solver._run

    def counted(h, begin, method, *rest, **options):
        state = run(h, begin, method, *rest, **options)
        seen.append((method, h.getInfo().simplex_iteration_count))
        return state

    monkeypatch.setattr(solver, "_run", counted)
    return seen


def test_a_calibrated_program_is_solved_from_the_basis_of_its_reference(stages, monkeypatch):
    _, path = stages
    model = path.models[2023]
    begin = warm.calibrated(model.columns, model.rows, model.banded.columns, model.banded.rows,
                             model.banded.ended.basis)  # fmt: skip
    held = sum(s == highspy.HighsBasisStatus.kBasic for s in (*begin.col_status, *begin.row_status))
    assert held == len(begin.row_status)  # a basis has one column for each row
    status = np.array([int(s) for s in begin.col_status])[model.columns["segment"]]
    low, basic, high = (int(LETTERS[letter]) for letter in "LBH")
    below = np.flatnonzero(EXPORT_NODES == 1)[0]
    assert np.isin(status[..., :below], (basic, high)).all() and (status[..., below:] == low).all()
    assert (status == high).any() and (status[..., : below - 1] == high).all()
    seen, counts = iterations(monkeypatch), {}
    for name, start in (("reference", begin), ("nothing", None)):
        seen.clear()
        found, off = solver.optimum(solver.loaded(model._data), model._data, start, ((1, 10_000),), 1e-7)
        assert off is None
        assert float(found.cost @ found.x) == pytest.approx(path.solutions[2023].objective * -1, rel=1e-8)
        counts[name] = list(seen)
    assert counts["reference"][0][0] == "simplex" and counts["nothing"][0][0] == "ipm"
    assert counts["reference"][0][1] < len(begin.row_status) / 2


def moved(model):
    curves = model.stage.curves
    return model.recast(replace(curves, centre=curves.centre * [1.3, 0.9], price=curves.price * [0.97, 1.02]))


def test_only_the_way_to_a_solution_hangs_on_where_it_begins(stages):
    placed, other = (moved(stages[0]) for _ in range(2))
    assert read(placed._start.basis) != read(stages[0]._start.basis)  # it was moved with the curves
    placed, other._start = placed.solve(), None
    cold = other.solve()
    np.testing.assert_allclose(placed.exports, cold.exports, rtol=1e-7, atol=1e-6)
    np.testing.assert_allclose(placed.use_prices, cold.use_prices, rtol=1e-7)


def test_curves_put_around_their_solution_are_found_sooner_from_the_placed_basis(stages, monkeypatch):
    """What a further pass of the link does: prices hardly move, and every cell stands elsewhere on its curve."""
    model = stages[0].recast(productivity=1.01)
    curves, sold = model.stage.curves, np.asarray(model.solve().exports).sum(1)
    filled = np.divide(sold, curves.centre.sum(1), out=np.ones_like(sold), where=curves.centre.sum(1) > 0)
    around = replace(
        curves, centre=curves.centre * filled[:, None], price=curves.price * filled ** (-1 / curves.elasticity)
    )
    seen, counts = iterations(monkeypatch), {}
    for name, basis in (("placed", model.recast(around)._start.basis), ("as it was", model._start.basis)):
        other = model.recast(around)
        seen.clear()
        solver.optimum(solver.loaded(other._data), other._data, basis, ((1, 10_000),), 1e-7)
        counts[name] = seen[0][1]
    assert counts["placed"] < counts["as it was"] / 2, counts


def test_where_a_model_begins_hangs_on_nothing_that_was_solved_in_between(stages):
    model = stages[0]
    first, begin = moved(model).solve(), model._start
    for changes in ({}, {"external_balance": model.stage.external_balance * 1.02}, {}):
        model.solve(changes=changes)
    assert model._start is begin
    again = moved(model).solve()
    assert np.array_equal(first.tied.x, again.tied.x) and np.array_equal(first.program.dual, again.program.dual)


def test_a_solve_goes_on_from_where_another_ended(stages, monkeypatch):
    model = stages[0].recast(productivity=1.01)
    wanted, seen = model.solve(), iterations(monkeypatch)
    again = stages[0].recast(productivity=1.01, start=model.ended).solve()
    assert seen[0] == ("simplex", 0) and again.consumption == pytest.approx(wanted.consumption, rel=1e-12)
    seen.clear()
    stages[0].recast(productivity=1.01).solve()
    assert seen[0][1] > 0


def test_a_basis_of_another_program_is_passed_over(stages, monkeypatch):
    model, seen = stages[0], iterations(monkeypatch)
    other = highspy.HighsBasis()
    begin = model._start.basis
    other.col_status, other.row_status, other.valid = list(begin.col_status), list(begin.row_status)[:-1], True
    found, off = solver.optimum(solver.loaded(model._data), model._data, other, solver.CURVES, 1e-7)
    assert off is None and found is not None and seen[2][0] == "ipm"
    longer = solver._fitted(begin, len(begin.col_status) + 2)
    assert read(longer) == read(begin) + "LL" and solver._fitted(longer, len(begin.col_status)) is None


def test_a_surplus_that_does_not_settle_is_an_error(stages, monkeypatch):
    monkeypatch.setattr("rutrade.economy.model.ROUNDS", 1)
    with pytest.raises(InputError, match="the balance of payments does not close: after 1 rounds"):
        stages[0].recast(productivity=1.2).solve()


def test_a_last_model_needs_a_year_after_the_base(stages):
    with pytest.raises(InputError, match="must name a year after 2016"):
        economy.last_model(stages[1].tables, stages[1].paths, (2016,))


def test_what_runs_into_the_limit_of_warm_starts_is_solved_from_nothing(stages, monkeypatch):
    model = stages[0]
    wanted = model.solve().consumption
    seen = iterations(monkeypatch)
    other = moved(model).recast(model.stage.curves)
    monkeypatch.setattr(solver, "CURVES", ((1, 0), (2, 0)))
    other._start = moved(model)._start
    assert other.solve().consumption == pytest.approx(wanted, rel=1e-9)
    assert [method for method, _ in seen][:3] == ["simplex", "simplex", "ipm"]
