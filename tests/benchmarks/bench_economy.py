"""The stages against bare HiGHS on the written programs; re-solves against rebuilding."""

import highspy
import pandas as pd
import pytest

from rutrade import InputError, economy
from rutrade.economy import EconomyModel, ProjectColumn, regional


@pytest.fixture(scope="module")
def given():
    tables, paths = regional.build(economy.inputs.regional()), economy.inputs.paths()
    return tables, paths, economy.calibrate_capital(tables, paths)


def bare(file):
    """Interior point with crossover on an .mps file: what the solver alone needs."""
    h = highspy.Highs()
    for name, value in {"output_flag": False, "threads": 1, "solver": "ipm", "run_crossover": "on"}.items():
        h.setOptionValue(name, value)
    h.readModel(str(file))
    h.run()
    assert h.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return -h.getInfo().objective_function_value


def test_build_and_solve_of_all_stages_against_the_bare_solver(compare, given, tmp_path):
    tables, paths, kappa = given
    solutions, base, files = economy.path(tables, paths, kappa=kappa), economy.base_state(tables), {}
    for year, solution in solutions.items():
        width = economy.Bands(0, 0, 0) if year == 2016 else None
        model = EconomyModel(tables, year, paths, base, width, kappa)
        files[year] = tmp_path / f"{year}.mps"
        model._solver.writeModel(str(files[year]))
        base = solution.state

    def check(mine, theirs):
        for year, z in theirs.items():
            assert mine[year].consumption == pytest.approx(z, abs=2e-3)
            assert (economy.optimality(mine[year]).to_numpy() <= 1e-7).all()

    compare(
        "four stages, build and solve / bare HiGHS",
        lambda: economy.path(tables, paths, kappa=kappa),
        lambda: {year: bare(file) for year, file in files.items()},
        2.0,
        check,
        versions=("highspy", "linopy"),
    )


def project(size):
    return ProjectColumn(
        "RI", "SibFD", 2030, capital={"CON": 6 * size, "MAC": 4, "ELE": 8}, current={"BUS": 1}, labour_thousand=3,
        rnd=5, productivity={"ELE": 0.02 * size}, effect_source="assumption",
    )  # fmt: skip


def test_resolves_against_rebuilding(compare, given):
    tables, paths, kappa = given
    base = economy.path(tables, paths, (2016, 2019, 2023), kappa=kappa)[2023].state
    model = EconomyModel(tables, 2030, paths, base, kappa=kappa)
    labour = pd.Series(model.stage.labour, model.stage.regions)
    cases = [([project(1 + k / 4)], {"labour": labour * (1 - k / 1000)}) for k in range(4)]
    model.solve()

    def ours():
        return [model.solve(p, c).consumption for p, c in cases]

    def rebuild():
        return [EconomyModel(tables, 2030, paths, base, kappa=kappa).solve(p, c).consumption for p, c in cases]

    def check(mine, theirs):
        assert mine == pytest.approx(theirs, rel=1e-9)

    compare("re-solve with changed project / rebuild", ours, rebuild, 0.2, check, versions=("highspy",))


def test_an_infeasible_point_against_a_cold_solve_and_its_diagnosis(compare, given):
    tables, paths, kappa = given
    base = economy.path(tables, paths, (2016, 2019, 2023), kappa=kappa)[2023].state
    model = EconomyModel(tables, 2030, paths, base, kappa=kappa)
    model.solve()
    start = model._basis

    def failing(basis):
        model._basis = basis
        with pytest.raises(InputError, match="stage 2030 has no solution") as error:
            model.solve([project(1e4)])
        return str(error.value)

    def check(mine, theirs):
        assert mine == theirs

    compare(
        "infeasible point / cold solve and diagnosis",
        lambda: failing(start),
        lambda: failing(None),
        1.2,
        check,
        versions=("highspy",),
    )
