"""Model 2: the base year, optimality seen from outside the solver, prices, projects, and clear refusals."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from rutrade import InputError, data, economy
from rutrade.economy import Bands, EconomyModel, Paths, ProjectColumn, regional
from rutrade.economy.stage import base_state, stage_of

ZERO = Bands(0, 0, 0)


@pytest.fixture(scope="module")
def inputs():
    return economy.inputs.regional()


@pytest.fixture(scope="module")
def paths():
    return economy.inputs.paths()


@pytest.fixture(scope="module")
def tables(inputs):
    return regional.build(inputs)


@pytest.fixture(scope="module")
def solutions(tables, paths):
    return economy.path(tables, paths)


@pytest.fixture(scope="module")
def kappa(tables, paths):
    return economy.calibrate_capital(tables, paths)


@pytest.fixture(scope="module")
def model(tables, paths, solutions, kappa):
    """The stage to 2030, kept and re-solved by the tests."""
    return EconomyModel(tables, 2030, paths, solutions[2023].state, kappa=kappa)


@pytest.fixture(scope="module")
def base(model):
    return model.solve()


def column(**changes) -> ProjectColumn:
    given = {
        "name": "RI", "region": "SibFD", "year": 2030, "capital": {"CON": 6, "MAC": 4, "ELE": 8},
        "current": {"UTL": 1, "BUS": 0.5, "ELE": 1}, "labour_thousand": 3, "rnd": 5,
        "productivity": {"ELE": 0.05}, "effect_source": "assumption",
    }  # fmt: skip
    return ProjectColumn(**(given | changes))


# --- the base year -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", ["full", "12"])
@pytest.mark.parametrize("capacity", [1.0, 1.2])
def test_zero_bands_reproduce_2016(inputs, paths, variant, capacity):
    tables = regional.build(inputs, variant)
    solution = EconomyModel(tables, 2016, paths, bands=ZERO, capacity=capacity).solve()
    consumption = (tables.final_domestic + tables.final_import)[:, :, 0].sum()
    assert solution.consumption == pytest.approx(consumption, rel=1e-6)
    made = tables.output > 1e-6
    np.testing.assert_allclose(solution.output.to_numpy()[made], tables.output[made], rtol=1e-6)
    imported = tables.imports.T
    np.testing.assert_allclose(solution.imports.sum("partner"), imported, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(solution.deliveries, tables.flows, atol=1e-6)


def test_the_path_starts_at_the_tables(tables, solutions):
    np.testing.assert_allclose(solutions[2016].gva, tables.gva, atol=1e-5)
    assert list(solutions) == [2016, 2019, 2023, 2030]


def test_miller_and_blair_in_the_program():
    """One region, no trade: output for new demand is that of the Leontief inverse."""
    z, f, one = np.array([[150, 500], [200, 100.0]]), np.array([600, 1500.0]), np.ones
    x = np.array([1000, 2000.0])
    stage = economy.Stage(
        year=2016, span=0, regions=("R",), sectors=("A", "B"), inputs=(z / x)[None], capital_mix=one((1, 2)) / 2,
        consumption_mix=np.array([[1.0, 0.0]]), fixed_use=f[None], delivery_share=one((2, 1, 1)),
        import_share=np.zeros((2, 1)), china_import_share=np.zeros(2), export_centre=np.zeros((2, 1, 2)),
        export_price=1.0, import_price=1.0, external_balance=0.0, labour_coefficient=np.array([[1.0, 0.0]]),
        labour=np.array([1247.525]), retained=np.array([[9e3, 9e3]]), capital_coefficient=one(2),
        investment_base=one(1), investment_path=np.zeros(1), rail_tonnes=np.zeros((2, 1, 2)), rail_capacity=np.inf,
        value_added=one((1, 2)), bands=ZERO,
    )  # fmt: skip
    m = economy.linear_program(stage)
    m.solve("highs", io_api="direct", output_flag=False)
    np.testing.assert_allclose(m.solution["x"].values[0], [1247.52, 1841.58], rtol=1e-5)
    assert float(m.solution["z"]) == pytest.approx(0, abs=5e-3)  # labour allows just the demand of the textbook


# --- optimality --------------------------------------------------------------------------------------------------


def test_optimality_holds_outside_the_solver(solutions):
    for year, solution in solutions.items():
        worst = economy.optimality(solution)
        assert (worst.to_numpy() <= 1e-7).all(), (year, worst)


def test_optimality_sees_a_wrong_solution(base):
    for spoil in ({"x": base.program.x * 1.001}, {"dual": base.program.dual * 1.01}):
        assert max(economy.residuals(replace(base.program, **spoil)).values()) > 1e-5


def test_breaking_ties_hardly_moves_consumption(solutions):
    for s in solutions.values():
        assert abs(-s.program.cost @ s.program.x - s.consumption) < 1e-3


def direct_build(stage):
    """The same stage in its textbook form (y, m, e and two-sided bands), without linopy: the optimum of z."""
    import highspy
    from scipy import sparse

    r, n, b = len(stage.regions), len(stage.sectors), stage.bands
    size = {"x0": r * n, "x1": r * n, "y": n * r * r, "m": n * r, "e": n * r * 2, "inv": r, "fund": r, "z": 1}
    start = dict(zip(size, np.cumsum([0, *size.values()]), strict=False))
    at = {k: (start[k] + np.arange(v)) for k, v in size.items()}
    x0, x1 = at["x0"].reshape(r, n), at["x1"].reshape(r, n)
    y, m, e = at["y"].reshape(n, r, r), at["m"].reshape(n, r), at["e"].reshape(n, r, 2)
    low, high = np.zeros(sum(size.values())), np.full(sum(size.values()), np.inf)
    high[x0], high[x1] = stage.retained, np.where((stage.value_added > 0) & (stage.span > 0), np.inf, 0)
    low[at["inv"]] = stage.investment_path
    low[e], high[e] = stage.export_centre - stage.export_room, (1 + b.exports) * stage.export_centre
    rows, lower, upper = [], [], []

    def add(terms, lo, hi):
        rows.append(terms)
        lower.append(lo)
        upper.append(hi)

    for i in range(n):
        for s in range(r):
            terms = [(x[s, j], -stage.inputs[s, i, j]) for x in (x0, x1) for j in range(n)]
            use = [(at["inv"][s], stage.capital_mix[s, i]), (at["z"][0], stage.consumption_mix[s, i])]
            use = [(c, -v) for c, v in terms] + use  # u without its constant
            g = stage.fixed_use[s, i]
            sources = [(y[i, q, s], stage.delivery_share[i, q, s], b.deliveries) for q in range(r)]
            sources.append((m[i, s], stage.import_share[i, s], b.imports))
            add([(c, 1.0) for c, _, _ in sources] + [(c, -v) for c, v in use], g, g)
            for cell, share, width in sources:
                up, down = (1 + width) * share, (1 - width) * share
                add([(cell, 1.0)] + [(c, -up * v) for c, v in use], -np.inf, up * g)
                add([(cell, 1.0)] + [(c, -down * v) for c, v in use], down * g, np.inf)
        for q in range(r):
            terms = [(x0[q, i], 1.0), (x1[q, i], 1.0), (e[i, q, 0], -1.0), (e[i, q, 1], -1.0)]
            add(terms + [(y[i, q, s], -1.0) for s in range(r)], 0, 0)
    slope, intercept = stage.cuts
    for q in range(r):
        labour = [(x[q, j], stage.labour_coefficient[q, j]) for x in (x0, x1) for j in range(n)]
        add(labour, -np.inf, stage.labour[q])
        if stage.span:
            capital = [(x1[q, j], stage.capital_coefficient[q, j]) for j in range(n)]
            add([*capital, (at["fund"][q], -1.0)], -np.inf, 0)
            for p in range(len(slope)):
                add([(at["fund"][q], 1.0), (at["inv"][q], -slope[p, q])], -np.inf, intercept[p, q])
    balance = [(c, stage.export_price) for c in e.ravel()] + [(c, -stage.import_price) for c in m.ravel()]
    add(balance, stage.external_balance, np.inf)
    if np.isfinite(stage.rail_capacity):
        add(list(zip(e.ravel(), stage.rail_tonnes.ravel(), strict=True)), -np.inf, stage.rail_capacity)
    where = [(k, c, v) for k, terms in enumerate(rows) for c, v in terms]
    k, c, v = map(np.array, zip(*where, strict=True))
    a = sparse.csc_array((v, (k, c)), (len(rows), len(low)))
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = a.shape
    lp.col_cost_ = np.where(np.arange(len(low)) == at["z"][0], -1.0, 0.0)
    lp.col_lower_, lp.col_upper_, lp.row_lower_, lp.row_upper_ = low, high, np.array(lower), np.array(upper)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = a.indptr, a.indices, a.data
    h = highspy.Highs()
    h.setOptionValue("output_flag", False)
    h.setOptionValue("solver", "ipm")
    h.passModel(lp)
    h.run()
    assert h.getModelStatus() == highspy.HighsModelStatus.kOptimal
    x = np.array(h.getSolution().col_value)
    return x[at["z"][0]], x[x0] + x[x1]


@pytest.mark.slow
@pytest.mark.parametrize("year", [2019, 2030])
def test_two_builders_agree(inputs, paths, year):
    tables = regional.build(inputs, "12")
    solutions = economy.path(tables, paths)
    z, output = direct_build(solutions[year].stage)
    assert z == pytest.approx(solutions[year].consumption, rel=1e-8)
    assert output.sum() == pytest.approx(solutions[year].output.to_numpy().sum(), rel=1e-3)


@pytest.mark.parametrize(("start", "year"), [(2019, 2023), (2016, 2017)])
def test_tangents_miss_the_fund_by_less_than_a_thousandth(inputs, paths, start, year):
    tables = regional.build(inputs, "12")
    st = stage_of(tables, year, paths, replace(base_state(tables), year=start), Bands(), 1.8)
    slope, intercept = st.cuts
    for factor in np.linspace(0.4, 2.5, 301):
        inv = factor * st.investment_base
        cut = (slope * inv + intercept).min(0)
        assert (cut >= st.fund(inv) * (1 - 1e-12)).all()
        assert (cut / st.fund(inv) - 1).max() < 1e-3
        if factor in (0.4, 2.5):  # the ends of the range are touched
            np.testing.assert_allclose(cut, st.fund(inv), rtol=1e-12)


# --- prices ------------------------------------------------------------------------------------------------------


def slopes(model, change, value, step):
    """Left and right difference quotient of z with respect to a right-hand side."""
    z = [model.solve(changes={change: value + d * step}).consumption for d in (-1, 0, 1)]
    return z[1] - z[0], z[2] - z[1]


def test_the_price_of_labour_is_a_finite_difference(model, base):
    labour = pd.Series(model.stage.labour, model.stage.regions)
    for region in ("CFD", "SibFD", "FEFD"):
        step = 1e-3 * (labour.index == region)
        left, right = slopes(model, "labour", labour, pd.Series(step, labour.index))
        price = base.labour_price[region] * 1e-3
        assert min(left, right) - 1e-7 <= price <= max(left, right) + 1e-7
        assert price == pytest.approx((left + right) / 2, rel=1e-3, abs=1e-7)


def test_the_price_of_the_external_balance_is_a_finite_difference(model, base):
    left, right = slopes(model, "external_balance", model.stage.external_balance, -1e-2)
    assert (left + right) / 2 == pytest.approx(base.balance_price * 1e-2, rel=1e-3)


def test_the_price_of_a_product_is_a_finite_difference(model, base):
    i, s = model.stage.sectors.index("ELE"), model.stage.regions.index("SibFD")
    step = np.zeros_like(model.stage.fixed_use)
    step[s, i] = 1e-2
    left, right = slopes(model, "fixed_use", model.stage.fixed_use, -step)
    assert (left + right) / 2 == pytest.approx(base.use_prices.at["ELE", "SibFD"] * 1e-2, rel=1e-3)


def test_the_rail_limit_costs_what_its_price_says(tables, paths, solutions, kappa):
    model = EconomyModel(tables, 2030, paths, solutions[2023].state, kappa=kappa, rail_capacity=140)
    tight = model.solve()
    assert tight.rail_used == pytest.approx(140, abs=1e-6) and tight.rail_price > 0
    left, right = slopes(model, "rail_capacity", 140.0, 1e-3)
    assert (left + right) / 2 == pytest.approx(tight.rail_price * 1e-3, rel=1e-3)
    wide = model.solve(changes={"rail_capacity": 400.0})
    assert wide.rail_price == 0 and wide.consumption > tight.consumption


def test_the_reciprocal_problem_agrees_where_capital_binds(tables, paths, solutions, kappa):
    model = EconomyModel(tables, 2019, paths, solutions[2016].state, kappa=kappa)
    best = model.solve()
    assert (best.capital_price > 1e-6).any()
    back = model.solve(changes={"consumption": best.consumption}, reciprocal=True)
    assert back.capital_scale == pytest.approx(1, abs=1e-6)
    less = model.solve(changes={"consumption": best.consumption * 0.999}, reciprocal=True)
    assert less.capital_scale < 1 - 1e-6


# --- projects ----------------------------------------------------------------------------------------------------


def test_a_project_of_zero_size_changes_nothing(model, base):
    empty = model.solve([ProjectColumn("empty", "SibFD", 2030)])
    assert empty.consumption == pytest.approx(base.consumption, abs=1e-6)
    assert (empty.gva - base.gva).abs().to_numpy().max() < 1e-5
    idle = model.solve([column(intensity=(0.0, 0.0))])
    assert (idle.gva - base.gva).abs().to_numpy().max() < 1e-5


def test_an_effect_is_direct_plus_indirect_and_close_to_its_price(model, base):
    with_ = model.solve([column()])
    e = economy.effect(with_, base)
    np.testing.assert_allclose(e.total, e.direct + e.indirect, atol=1e-9)
    assert e.consumption["total"] == pytest.approx(e.consumption[["direct", "indirect"]].sum(), abs=1e-9)
    # z is concave in the project: prices of the base are an upper bound of what it brings
    assert e.consumption["total"] <= e.consumption["direct"] + 1e-6
    small = [model.solve([column(intensity=(t, t))]).consumption - base.consumption for t in (1e-3, 2e-3)]
    assert small[1] == pytest.approx(2 * small[0], rel=1e-3)
    assert small[0] == pytest.approx(e.consumption["direct"] * 1e-3, rel=1e-2)


def test_purchases_alone_cost_consumption_and_a_gain_of_productivity_returns_some(model, base):
    bare = model.solve([column(productivity={})]).consumption
    assert bare < base.consumption
    assert model.solve([column()]).consumption > bare


def test_effects_of_the_same_output_differ_by_the_labour_and_capital_they_ask(model, base):
    """Productivity asks materials only, capacity labour too, output capital too: each at its price."""
    r, j, size = model.stage.regions.index("SibFD"), model.stage.sectors.index("ELE"), 0.01
    share = size / model.base.output[r, j]
    effects = {"productivity": {"ELE": share}, "capacity": {"ELE": size}, "output": {"ELE": size}}
    gain = {
        name: model.solve([ProjectColumn("E", "SibFD", 2030, effect_source="assumption", **{name: effect})]).consumption
        - base.consumption
        for name, effect in effects.items()
    }
    labour = base.labour_price["SibFD"] * model.stage.labour_coefficient[r, j] * size
    capital = base.capital_price["SibFD"] * model.stage.capital_coefficient[r, j] * size
    assert gain["productivity"] > 0 and labour > 0
    assert gain["productivity"] - gain["capacity"] == pytest.approx(labour, rel=1e-3, abs=1e-7)
    assert gain["capacity"] - gain["output"] == pytest.approx(capital, rel=1e-3, abs=1e-7)


def test_an_effect_does_not_hang_on_a_shock_of_a_millionth(model, base):
    effect = model.solve([column()]).gva - base.gva
    change = {}
    for size in (1e-7, 1e-6):
        labour = {"labour": pd.Series(model.stage.labour, model.stage.regions) * (1 + size)}
        shocked = model.solve([column()], labour).gva - model.solve(changes=labour).gva
        change[size] = shocked - effect
    largest = effect.abs().to_numpy().max()
    # held against the effects themselves: their sum is a small difference of gains and losses
    assert abs(change[1e-6].to_numpy().sum()) < 1e-4 * effect.abs().to_numpy().sum()
    assert change[1e-6].abs().to_numpy().max() < 0.02 * largest
    # the answer moves in proportion to the shock: no jump from one of many optima to another
    np.testing.assert_allclose(change[1e-6], 10 * change[1e-7], atol=1e-3 * largest)


def test_the_order_of_regions_and_sectors_changes_no_result(inputs, paths, solutions):
    turned = regional.build(inputs, regions=tuple(inputs.regions.index[::-1]))
    other = economy.path(turned, paths)
    c = column()
    for year in (2019, 2030):
        assert other[year].consumption == pytest.approx(solutions[year].consumption, rel=1e-9)
        gap = other[year].gva.loc[list(inputs.regions.index)] - solutions[year].gva
        assert gap.abs().to_numpy().max() < 1e-3
    n = list(inputs.sectors.index[::-1])
    nat = inputs.national
    columns = [*n, *nat.domestic.columns[len(n) :]]
    shuffled = replace(
        inputs, sectors=inputs.sectors.loc[n], employment=inputs.employment[n], valuation=inputs.valuation.loc[n],
        national=replace(
            nat, domestic=nat.domestic.loc[n, columns], imported=nat.imported.loc[n, columns],
            taxes=nat.taxes[columns], value_added=nat.value_added[n], output=nat.output[n],
        ),
    )  # fmt: skip
    sectors = economy.path(regional.build(shuffled), paths, columns=[c])
    straight = economy.path(regional.build(inputs), paths, columns=[c])
    assert sectors[2030].consumption == pytest.approx(straight[2030].consumption, rel=1e-9)
    gap = sectors[2030].gva[list(inputs.sectors.index)] - straight[2030].gva
    assert gap.abs().to_numpy().max() < 1e-3


def test_a_resolve_equals_a_cold_build(tables, paths, solutions, kappa, model):
    labour = pd.Series(model.stage.labour, model.stage.regions) * 0.99
    changes = {"labour": labour, "external_balance": model.stage.external_balance * 1.05, "rail_capacity": 154.0}
    warm = model.solve([column()], changes)
    cold = EconomyModel(tables, 2030, paths, solutions[2023].state, kappa=kappa).solve([column()], changes)
    assert warm.consumption == pytest.approx(cold.consumption, rel=1e-9)
    assert (warm.gva - cold.gva).abs().to_numpy().max() < 1e-3
    assert (economy.optimality(warm).to_numpy() <= 1e-7).all()
    rebuilt = EconomyModel(tables, 2030, paths.scaled("labour", 0.99, [2030]), solutions[2023].state, kappa=kappa)
    assert model.solve(changes={"labour": labour}).consumption == pytest.approx(rebuilt.solve().consumption, rel=1e-9)


def test_several_projects_add_their_columns(model, base):
    two = model.solve([column(), column(name="other", region="CFD")])
    assert list(two.intensity.index) == ["RI", "other"] and (two.intensity == 1).all()
    one = model.solve([column()]).consumption - base.consumption
    other = model.solve([column(name="other", region="CFD")]).consumption - base.consumption
    assert two.consumption - base.consumption == pytest.approx(one + other, rel=0.05)


def test_a_column_in_the_coarse_variant_takes_fine_sectors(inputs, paths):
    tables = regional.build(inputs, "12")
    model = EconomyModel(tables, 2019, paths)
    c = model.column(column(year=2019))
    man, r = tables.sectors.index("MAN"), tables.regions.index("SibFD")
    made, groups = inputs.national.output, inputs.sectors["sector12"]
    share = made["ELE"] / made[groups.index[groups == "MAN"]].sum()
    gain = 0.05 * share * tables.output[r, man]  # five percent of what electronics are of the region's manufacturing
    assert np.flatnonzero(c.beta).tolist() == [man] and c.beta[man] == pytest.approx(gain, rel=1e-12)
    materials = model.stage.inputs[r, man, man] * gain
    assert c.purchases[man] == pytest.approx(4 + 8 + 1 + materials, rel=1e-12)
    assert c.purchases[tables.sectors.index("RND")] == pytest.approx(
        5 + model.stage.inputs[r, :, man][tables.sectors.index("RND")] * gain
    )


# --- history -----------------------------------------------------------------------------------------------------


def test_the_backtest_compares_with_naive_forecasts(tables, solutions):
    table = economy.backtest(tables, solutions, data.load("gva_path"))
    assert set(table["year"]) == {2019, 2023} and table.notna().all().all()
    for _, part in table.groupby(["year", "kind"]):
        assert part["weight"].sum() == pytest.approx(1)
    rms = economy.errors(table)
    seen = table[(table["year"] == 2023) & (table["kind"] == "district")]
    by_hand = np.sqrt((seen["weight"] * np.log(seen["model"] / seen["observed"]) ** 2).sum())
    assert rms.loc[(2023, "district"), "model"] == pytest.approx(by_hand)
    # the claim of the page: the path of the districts is nearer than no change and the trend of 2013-2016
    assert (rms.loc[(2023, "district"), "model"] < rms.loc[(2023, "district"), ["trend", "no_change"]]).all()


def test_summary_adds_up_to_the_country(solutions):
    table = solutions[2023].summary()
    assert table.loc["Russia", "grp_bn_rub_2016"] == pytest.approx(solutions[2023].gva.to_numpy().sum())


def test_partner_balances_sum_to_the_joint_one(solutions):
    for s in solutions.values():
        assert s.partner_balance.sum() >= s.stage.external_balance - 1e-6 * s.exports.sum()


# --- bad input ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ((2016, 2023, 2019), r"nodes \(2016, 2023, 2019\) must start at 2016 and rise"),
        ((2019, 2023), "must start at 2016"),
        ((2016, 2041), r"path '\w+' misses the year 2041; it has \[2016, "),
        ((2013, 2016), "must start at 2016"),
    ],
)
def test_nodes_and_missing_years_are_refused(tables, paths, nodes, message):
    with pytest.raises(InputError, match=message):
        economy.path(tables, paths, nodes)


def test_a_path_without_a_year_names_it(tables, paths):
    gone = Paths(paths.frame[~((paths.frame["variable"] == "exports") & (paths.frame["year"] == 2019))])
    with pytest.raises(InputError, match="path 'exports' misses the year 2019"):
        EconomyModel(tables, 2019, gone, kappa=1.8)
    with pytest.raises(InputError, match="unknown path 'labor': did you mean 'labour'"):
        paths.at("labor", 2019)


def test_bands_below_zero_or_of_the_whole_are_refused():
    with pytest.raises(InputError, match="band of imports is -0.1; allowed is 0 to below 1"):
        Bands(imports=-0.1)
    with pytest.raises(InputError, match="band of exports is 1; allowed is 0 to below 1"):
        Bands(exports=1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"region": "Siberia"}, "unknown region of project 'RI' 'Siberia': .*allowed: CFD"),
        ({"capital": {"XYZ": 1}}, "unknown sector in capital of project 'RI' 'XYZ'"),
        ({"year": 2023}, "project 'RI' is for 2023, the stage ends in 2030"),
    ],
)
def test_a_project_that_does_not_fit_is_refused(model, changes, message):
    with pytest.raises(InputError, match=message):
        model.solve([column(**changes)])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"effect_source": ""}, "an effect needs effect_source"),
        ({"export_share": 1.2}, "export_share is 1.2; allowed is 0 to 1"),
        ({"capital": {"MAC": -1}}, "capital of MAC is -1; must be 0 or more"),
        ({"intensity": (0.5, 0.2)}, r"intensity \(0.5, 0.2\) must lie in \[0, 1\]"),
    ],
)
def test_a_column_that_makes_no_sense_is_refused(changes, message):
    with pytest.raises(InputError, match=message):
        column(**changes)


def test_an_infeasible_stage_names_what_is_short(model):
    labour = pd.Series(model.stage.labour, model.stage.regions)
    labour["FEFD"] *= 0.2
    with pytest.raises(
        InputError, match=r"stage 2030 has no solution: labour, region FEFD is short by [\d.]+ thousand"
    ):
        model.solve(changes={"labour": labour})
    with pytest.raises(InputError, match="no solution: external_balance is short by"):
        model.solve(changes={"external_balance": 1e5})
    assert model.solve().consumption > 0  # the kept model is whole again


def test_unknown_changes_are_refused(model):
    with pytest.raises(InputError, match="unknown change 'labor': did you mean 'labour'"):
        model.solve(changes={"labor": 1})
    with pytest.raises(InputError, match="change 'labour' must name every region once"):
        model.solve(changes={"labour": pd.Series({"CFD": 1.0})})


def test_a_stage_before_its_base_is_refused(tables, paths, solutions):
    with pytest.raises(InputError, match="stage year 2019 is before its base year 2023"):
        EconomyModel(tables, 2019, paths, solutions[2023].state, kappa=1.8)
