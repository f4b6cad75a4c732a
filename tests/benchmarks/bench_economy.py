"""The stages against bare HiGHS on the written programs; re-solves against rebuilding."""

import time
import tracemalloc
from dataclasses import replace

import highspy
import numpy as np
import pandas as pd
import pytest

from rutrade import InputError, economy
from rutrade.economy import EconomyModel, Options, ProjectColumn, regional


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


ROUNDS = {"first round": (economy.FIRST_ROUND, (2016, 2019, 2023, 2030)), "second round": (Options(), economy.NODES)}


@pytest.mark.parametrize("name", ROUNDS)
def test_build_and_solve_of_all_stages_against_the_bare_solver(compare, given, tmp_path, name):
    """All programs of the path, with curves the references too: stated, solved and checked against solved only."""
    (options, nodes), (tables, paths, kappa) = ROUNDS[name], given
    files, objective, base, model = {}, {}, economy.base_state(tables), None
    for year in nodes:
        width = economy.Bands(0, 0, 0) if year == 2016 else None
        model = EconomyModel(tables, year, paths, base, width, kappa, start=model, options=options)
        for part in (model, *([model.banded] if options.trade == "curves" else [])):
            files[year, type(part).__name__] = file = tmp_path / f"{year}-{type(part).__name__}.mps"
            part._solver.changeColsCost(len(part._data.cost), np.arange(len(part._data.cost)), part._data.cost)
            part._solver.writeModel(str(file))
        solution = model.solve()
        objective[year] = float(solution.program.cost @ solution.program.x)
        base = solution.state

    def check(mine, theirs):
        for year in nodes:
            assert -objective[year] == pytest.approx(theirs[year, "EconomyModel"], rel=1e-6)
            assert (economy.optimality(mine[year]).to_numpy() <= 1e-7).all()

    compare(
        f"{name}: {len(nodes)} stages, build and solve / bare HiGHS",
        lambda: economy.path(tables, paths, nodes, kappa=kappa, options=options),
        lambda: {key: bare(file) for key, file in files.items()},
        1.5,
        check,
        repeats=3,
        versions=("highspy", "linopy"),
        unit="s CPU",
    )


def halved(inputs):
    """Every region in two, 3 to 2, their deliveries too: synthetic, to see how the program grows."""
    share = pd.Series({"a": 0.6, "b": 0.4})
    codes = [(r, k) for r in inputs.regions.index for k in share.index]
    names = [f"{r}-{k}" for r, k in codes]
    weight = np.array([share[k] for _, k in codes])
    old = [r for r, _ in codes]
    deliveries = inputs.deliveries.loc[old, old].to_numpy() * np.outer(weight, weight)
    od = pd.DataFrame(deliveries, names, names)
    od["EXPORT"] = inputs.deliveries.loc[old, "EXPORT"].to_numpy() * weight
    keys = inputs.keys.loc[old].mul(weight, axis=0).set_axis(names)
    return replace(inputs, regions=inputs.regions.loc[old].set_axis(names), keys=keys, deliveries=od)


def test_how_seconds_grow_with_the_program(compare):
    """One stage of the second round from 12 sectors and 8 regions to 36 and 18; memory is the peak Python allocates."""
    paths, rows = economy.inputs.paths(), []
    eight, nine = economy.inputs.regional(), economy.inputs.regional(split=True)
    for variant in ("12", "full"):
        for inputs in (eight, nine, halved(nine)):
            tables = regional.build(inputs, variant)
            start = time.process_time()
            model = EconomyModel(tables, 2019, paths, options=Options())
            model.solve()
            seconds = time.process_time() - start
            tracemalloc.start()
            EconomyModel(tables, 2019, paths, options=Options())
            peak = tracemalloc.get_traced_memory()[1] / 2**20
            tracemalloc.stop()
            rows.append((len(tables.sectors), len(tables.regions), *model._data.a.shape[::-1], seconds, peak))
    table = pd.DataFrame(rows, columns=["sectors", "regions", "variables", "rows", "s CPU", "MiB"])
    exponent = np.polyfit(np.log(table["variables"]), np.log(table["s CPU"]), 1)[0]
    compare.note(f"one stage, second round (18 regions are synthetic):\n{table.round(2).to_string(index=False)}")
    compare.figures("seconds grow with variables to the power of / 1", exponent, 1.0, 1.5, "power")


def project(size):
    return ProjectColumn(
        "RI", "SibFD", 2030, capital={"CON": 6 * size, "MAC": 4, "ELE": 8}, current={"BUS": 1}, labour_thousand=3,
        rnd=5, productivity={"ELE": 0.02 * size}, effect_source="assumption",
    )  # fmt: skip


@pytest.mark.parametrize("name", ROUNDS)
def test_resolves_against_rebuilding(compare, given, name):
    (options, _), (tables, paths, kappa) = ROUNDS[name], given
    base = economy.path(tables, paths, (2016, 2019, 2023), kappa=kappa, options=options)[2023].state

    def build():
        return EconomyModel(tables, 2030, paths, base, kappa=kappa, options=options)

    model = build()
    labour = pd.Series(model.stage.labour, model.stage.regions)
    cases = [([project(1 + k / 4)], {"labour": labour * (1 - k / 1000)}) for k in range(3)]
    model.solve()

    def ours():
        return [model.solve(p, c).consumption for p, c in cases]

    def rebuild():
        return [build().solve(p, c).consumption for p, c in cases]

    def check(mine, theirs):
        assert mine == pytest.approx(theirs, rel=1e-6)

    compare(
        f"{name}: re-solve with changed project / rebuild",
        ours,
        rebuild,
        0.15,
        check,
        repeats=3,
        versions=("highspy",),
        unit="s CPU",
    )


def test_an_infeasible_point_against_a_cold_solve_and_its_diagnosis(compare, given):
    tables, paths, kappa = given
    base = economy.path(tables, paths, (2016, 2019, 2023), kappa=kappa)[2023].state
    model = EconomyModel(tables, 2030, paths, base, kappa=kappa)
    model.solve()
    start = model._start

    def failing(begin):
        model._start = begin
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
        unit="s CPU",
    )
