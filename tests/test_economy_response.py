"""Model 2, second round: each equation alone, the calibration, duals of every family, and what answers prices."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from rutrade import InputError, economy
from rutrade.economy import FIRST_ROUND, Bands, EconomyModel, Options, ProjectColumn, regional, solver
from rutrade.economy.curves import EXPORT_NODES, IMPORT_NODES, Curves, earned
from rutrade.economy.regional import VALUE_ADDED
from rutrade.economy.stage import StageInputs, State, base_state, stage_of
from rutrade.economy.substitution import TECHNIQUES, constant_value_shares, linear_expenditure, price_path, techniques

NODES = (2016, 2019, 2023, 2026, 2030)


@pytest.fixture(scope="module")
def paths():
    return economy.inputs.paths()


@pytest.fixture(scope="module")
def tables():
    return regional.build(economy.inputs.regional(split=True), "12")


@pytest.fixture(scope="module")
def kappa(tables, paths):
    return economy.calibrate_capital(tables, paths)


@pytest.fixture(scope="module")
def models(tables, paths, kappa):
    """The calibrated stages, each from the state of the one before."""
    found, base, model = {}, base_state(tables), None
    for year in NODES:
        bands = Bands(0, 0, 0) if year == 2016 else None
        model = EconomyModel(tables, year, paths, base, bands, kappa, start=model, options=Options())
        base = model.solve().state
        found[year] = model
    return found


@pytest.fixture(scope="module")
def last(models):
    return models[NODES[-1]]


def stage(tables, paths, year=2030, **changes):
    return stage_of(tables, year, paths, base_state(tables), Bands(), 1.8, options=FIRST_ROUND.but(**changes))


# --- the calibration ---


@pytest.mark.slow
def test_the_base_year_comes_back_with_curves_too(tables, models):
    solution = models[2016].solve()
    consumption = (tables.final_domestic + tables.final_import)[:, :, 0].sum()
    assert solution.consumption == pytest.approx(consumption, rel=1e-6)
    np.testing.assert_allclose(solution.output, tables.output, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(solution.imports.sum("partner"), tables.imports.T, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(solution.exports.sum("partner"), tables.exports.T, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("year", NODES)
def test_without_a_shock_a_stage_returns_its_reference(models, year):
    """Positive mathematical programming: quantities and prices of the solution with bands come back (Howitt 1995)."""
    solution, reference = models[year].solve(), models[year].reference
    assert solution.consumption == pytest.approx(reference.consumption, rel=1e-8)
    for name in ("exports", "imports"):
        np.testing.assert_allclose(getattr(solution, name), getattr(reference, name), rtol=1e-6, atol=1e-4)
    assert (economy.optimality(solution).to_numpy() <= 1e-7).all()


def test_at_the_reference_no_use_pays_for_the_wedge_of_its_imports(models):
    model = models[2023]
    solution, wedge = model.solve(), model.stage.curves
    paid = (wedge.export_wedge * wedge.centre).sum()
    assert solution.consumption - solution.objective == pytest.approx(paid, rel=1e-6)


@pytest.mark.slow
def test_the_full_variant_returns_its_reference(paths):
    tables = regional.build(economy.inputs.regional())
    model = EconomyModel(tables, 2019, paths, options=Options())
    solution = model.solve()
    assert solution.consumption == pytest.approx(model.reference.consumption, rel=1e-8)
    assert float(abs(solution.exports - model.reference.exports).sum()) < 1e-2


# --- the curves ---


def curves(elasticity=4.0, share=0.3, sigma=2.5, centre=10.0):
    one = np.ones((1, 1))
    return Curves(
        np.full((1, 1, 1), centre), one, elasticity * one, share * one, np.array([sigma]), np.zeros((1, 1, 1)), 0 * one
    )


def test_an_export_curve_earns_its_revenue_at_the_nodes():
    """Price a^(-1/eta) times volume a is a^(1 - 1/eta); F integrates the price and is 1 at the centre."""
    curve, eta, centre = curves(), 4.0, 10.0
    width, slope, start = curve.segments
    filled = np.cumsum(width[0, 0, 0])
    counted = start[0, 0] * centre + np.cumsum(width[0, 0, 0] * slope[0, 0])
    np.testing.assert_allclose(filled, centre * EXPORT_NODES[1:])
    np.testing.assert_allclose(counted, centre * earned(EXPORT_NODES[1:], eta), rtol=1e-12)
    assert earned(np.array(1.0), np.array(eta)) == 1.0
    centred = int(np.searchsorted(EXPORT_NODES, 1))  # the segment that begins at the centre
    assert (np.diff(slope[0, 0]) < 0).all() and slope[0, 0, centred - 1] > 1 > slope[0, 0, centred]
    for a in EXPORT_NODES[1:]:
        exports = np.full((1, 1, 1), centre * a)
        revenue = centre * a ** (1 - 1 / eta)
        assert curve.surplus(exports) == pytest.approx(centre * earned(a, np.array(eta)) - revenue, abs=1e-9)
    numeric = np.gradient(earned(np.linspace(0.9, 1.1, 201), np.array(eta)), 0.001)[100]
    assert numeric == pytest.approx(1, rel=1e-5)  # marginal value at the centre is the price and not marginal revenue


def test_a_price_taker_sells_to_its_cap_at_one_price():
    width, slope, start = curves(elasticity=np.inf).segments
    assert width.sum() == pytest.approx(10.0) and (slope == 1).all() and start == 0
    assert curves(elasticity=np.inf).surplus(np.full((1, 1, 1), 7.0)) == pytest.approx(0, abs=1e-12)


def test_the_isoquant_is_a_ces_function_with_equal_prices_at_its_centre():
    mu, sigma = 0.3, 2.5
    domestic, imported = (v[0, 0] for v in curves().isoquant)
    rho = (sigma - 1) / sigma
    unit = (1 - mu) * (domestic / (1 - mu)) ** rho + mu * (imported / mu) ** rho
    np.testing.assert_allclose(unit, 1, rtol=1e-12)
    centre = list(IMPORT_NODES).index(1)
    assert domestic[centre] == pytest.approx(0.7) and imported[centre] == pytest.approx(0.3)
    cost = domestic + imported
    assert cost.argmin() == centre
    # relative price p moves the cheapest proportion to about p^-sigma
    cheap = (domestic + 1.25 ** (-1 / sigma) * imported).argmin()
    assert IMPORT_NODES[cheap] == 1.25


def test_exports_answer_productivity_where_bands_hold_them(tables, paths, kappa, last):
    sectors = ("MAN",)
    base = last.base
    banded = EconomyModel(tables, last.stage.year, paths, base, None, kappa, options=Options(trade="bands"))
    gains = (0.05, 0.1, 0.3)
    held, answers = ([economy.response(model, sectors, gain) for gain in gains] for model in (banded, last))
    st = banded.stage
    room = 2 * st.bands.exports * st.export_centre[st.sectors.index("MAN")].sum()
    assert max(map(abs, held)) <= room + 1e-6  # from one end of the band to the other, whatever the gain
    assert 10 < answers[0] < answers[1] < answers[2] and answers[2] > 1.5 * held[2]


def test_a_gain_of_nothing_changes_nothing_and_an_unknown_sector_is_refused(last):
    assert last.gained({"MAN": 0.0}).solve().consumption == pytest.approx(last.solve().consumption, rel=1e-8)
    st = last.gained({"MAN": 0.25}).stage
    j = st.sectors.index("MAN")
    np.testing.assert_allclose(st.labour_coefficient[:, j] * 1.25, last.stage.labour_coefficient[:, j])
    np.testing.assert_allclose(st.retained[:, j], 1.25 * last.stage.retained[:, j])
    np.testing.assert_allclose(st.capital_coefficient[:, j] * 1.25, last.stage.capital_coefficient[:, j])
    with pytest.raises(InputError, match="unknown sector of a gain 'XXX'"):
        last.gained({"XXX": 0.1})


def test_true_revenue_pays_for_imports_after_a_shock(last):
    """S is shifted by what valuing exports at price counts too much: what is left is the balance at true revenue."""
    labour = pd.Series(last.stage.labour, last.stage.regions) * 0.93
    solution, st = last.solve(changes={"labour": labour}), last.stage
    exports, imports = np.asarray(solution.exports), float(solution.imports.sum())
    a = exports / np.where(st.curves.centre > 0, st.curves.centre, 1)
    revenue = (st.curves.centre * a ** (1 - 1 / st.curves.elasticity[:, None])).sum()
    assert np.abs(a[st.curves.centre > 0] - 1).max() > 0.01  # the shock moves along the curves
    assert st.export_price * revenue - st.import_price * imports == pytest.approx(st.external_balance, abs=1e-2)


def test_a_ceiling_on_exports_to_china_binds_on_curves(last):
    cap = pd.Series({"MAN": 0.8})
    free, capped = last.solve(), last.solve(changes={"china_exports": cap})
    sold = [s.exports.sel(partner="CHN", product="MAN").sum() for s in (free, capped)]
    assert float(sold[1]) == pytest.approx(0.8 * float(sold[0]), rel=1e-6)
    assert float(capped.exports.sel(partner="CHN", product="FUE").sum()) > 0


def demand(**cells):
    index = pd.MultiIndex.from_tuples([tuple(c.split("_")) for c in cells], names=["sector", "partner"])
    return pd.DataFrame(list(cells.values()), index, columns=["quantity", "price", "elasticity"])


def test_curves_moved_by_nothing_change_nothing(last):
    same = last.recentred(demand(MAN_CHN=(1.0, 1.0, float(last.stage.curves.elasticity[3, 0]))))
    assert same.solve().consumption == pytest.approx(last.solve().consumption, rel=1e-8)


def test_more_foreign_demand_sells_more_and_a_price_taker_stops_at_its_cap(last):
    free = last.solve().exports.sum("region")
    more = last.recentred(demand(MAN_CHN=(1.2, 1.0, 4.0))).solve().exports.sum("region")
    assert float(more.sel(product="MAN", partner="CHN")) > 1.1 * float(free.sel(product="MAN", partner="CHN"))
    capped = last.recentred(demand(FUE_CHN=(0.7, 1.3, np.inf))).solve().exports.sum("region")
    assert float(capped.sel(product="FUE", partner="CHN")) == pytest.approx(
        0.7 * float(free.sel(product="FUE", partner="CHN")), rel=1e-6
    )
    assert last.solve().exports.sum("region").equals(free)  # the model itself stays as calibrated


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ({"XXX_CHN": (1.0, 1.0, 4.0)}, "unknown sector of export demand 'XXX'"),
        ({"MAN_USA": (1.0, 1.0, 4.0)}, "unknown partner of export demand 'USA'"),
        ({"MAN_CHN": (1.0, 1.0, 1.0)}, "elasticity of export demand 1 is not allowed"),
    ],
)
def test_demand_that_cannot_be_is_refused(last, cell, message):
    with pytest.raises(InputError, match=message):
        last.recentred(demand(**cell))


# --- coefficients that answer prices and income ---


def test_without_substitution_coefficients_are_those_of_2016(tables, paths):
    st = stage(tables, paths)
    made = np.where(tables.output > 0, tables.output, 1)
    use = (tables.use_domestic + tables.use_import) / made[:, None, :]
    np.testing.assert_allclose(st.inputs, use, rtol=1e-12)
    np.testing.assert_array_equal(stage(tables, paths, value_shares=0.0).inputs, st.inputs)


def test_constant_value_shares_keep_values_and_column_sums():
    rng = np.random.default_rng(5)
    a, p = rng.uniform(0.01, 0.2, (2, 4, 4)), np.array([0.8, 1.0, 1.3, 0.9])
    moved = constant_value_shares(a, p, 1.0)
    np.testing.assert_allclose(moved.sum(1), a.sum(1), rtol=1e-12)
    ratio = moved * p[:, None] / p / a  # the value share over that of the base: one number a column
    np.testing.assert_allclose(ratio, np.repeat(ratio[:, :1], 4, 1), rtol=1e-12)
    np.testing.assert_array_equal(constant_value_shares(a, p, 0.0), a)


def test_coefficients_moved_by_prices_are_those_of_the_countrys_price_dual(tables, paths):
    """The prices that the coefficients tell solve p = A'p + v/q of the national table, up to their level."""
    moved, plain = (stage(tables, paths, 2030, value_shares=theta).inputs[0] for theta in (1.0, 0.0))
    j = int((plain > 0).all(0).argmax())  # a sector that buys of all
    assert (plain[:, j] > 0).all()
    p = plain[:, j] / moved[:, j]  # a falls where the price rises
    names = list(tables.sectors)
    nat = tables.national
    a = (nat.domestic + nat.imported).loc[names, names].to_numpy() / nat.output[names].to_numpy()
    q = StageInputs(tables, paths, 2030, Bands(), FIRST_ROUND).productivity()
    level = (p - a.T @ p) * q / (1 - a.sum(0))
    np.testing.assert_allclose(level / level[0], 1, rtol=1e-6)
    assert p.max() / p.min() > 1.05


def test_prices_fall_where_productivity_rises():
    a = np.array([[0.1, 0.2], [0.3, 0.1]])
    v = 1 - a.sum(0)
    np.testing.assert_allclose(price_path(a, v, np.ones(2)), 1, rtol=1e-12)
    p = price_path(a, v, np.array([1.0, 2.0]))
    np.testing.assert_allclose(p, a.T @ p + v / [1, 2], rtol=1e-12)
    assert p[1] < p[0] < 1


def test_linear_expenditure_adds_up_and_has_its_elasticities(tables, paths):
    rng = np.random.default_rng(6)
    w, eta, z0 = rng.uniform(0.1, 1, (3, 5)), rng.uniform(0.5, 1.5, 5), 70.0
    w /= w.sum()
    gamma, beta = linear_expenditure(w, z0, eta)
    for z in (50.0, 70.0, 100.0):
        demand = gamma + beta * z
        np.testing.assert_allclose(demand.sum(1), w.sum(1) * z, rtol=1e-12)  # each region spends what it has
    np.testing.assert_allclose(gamma + beta * z0, w * z0, rtol=1e-12)
    elasticity = beta / w
    np.testing.assert_allclose(elasticity / elasticity[:, :1], np.tile(eta / eta[0], (3, 1)), rtol=1e-12)
    np.testing.assert_allclose((elasticity * w).sum(1) / w.sum(1), 1, rtol=1e-12)  # Engel aggregation
    st = stage(tables, paths, engel=True)
    assert st.fixed_consumption.sum(1) == pytest.approx(np.zeros(len(st.regions)), abs=1e-9)
    assert st.consumption_mix.sum() == pytest.approx(1)


def test_pay_weighted_labour_is_the_compensation_of_the_tables(tables, paths):
    pay = stage(tables, paths, 2016, labour="pay")
    assert (pay.labour_coefficient * tables.output).sum() == pytest.approx(tables.value_added[:, 0].sum(), rel=1e-9)
    heads = stage(tables, paths, 2016)
    assert heads.labour.sum() == pytest.approx(tables.employment.sum(), rel=1e-9)
    # a thousand researchers are as much labour as they earn
    nat = tables.data.national
    assert pay.staff_pay == pytest.approx(nat.value_added.at["compensation", "RND"] / tables.data.employment["RND"])
    assert heads.staff_pay == 1


# --- the external balance, investment, rail ---


def test_the_balance_in_currency_knows_no_prices(tables, paths):
    dear = paths.scaled("export_price", 1.2).scaled("import_price", 0.9)
    for year in (2019, 2023, 2030):
        s = [stage(tables, p, year, balance="currency").external_balance for p in (paths, dear)]
        assert s[0] == s[1]
    at_path = [stage(tables, p, 2023, balance="path").external_balance for p in (paths, dear)]
    assert at_path[1] > at_path[0] + 1000
    # in the base year the path is the tables, at prices of 1
    of_tables = tables.exports.sum() - tables.imports.sum()
    assert stage(tables, paths, 2016, balance="path").external_balance == pytest.approx(of_tables, rel=1e-6)
    # the current account of the IMF: 1.911 % of GDP in 2016, 2.398 % in 2023
    base = tables.exports.sum() - tables.imports.sum()
    by_hand = base + 85_616 * (0.02398 * paths.at("gdp", 2023) - 0.01911)
    assert stage(tables, paths, 2023, balance="currency").external_balance == pytest.approx(by_hand, abs=1.0)
    assert by_hand == pytest.approx(3993, rel=2e-3)


def test_terminal_investment_is_what_growth_needs(tables, paths):
    growth = (paths.at("gdp", 2019)) ** (1 / 3) - 1
    st = stage(tables, paths, 2026, investment="terminal", terminal_growth=growth)
    base = (tables.final_domestic + tables.final_import)[:, :, 2].sum(1)
    np.testing.assert_allclose((st.terminal * tables.output).sum(1), base, rtol=1e-9)  # at g0 the base's own rate
    slower = stage(tables, paths, 2026, investment="terminal", terminal_growth=0.0)
    np.testing.assert_allclose(slower.terminal, st.terminal * 0.03 / (growth + 0.03), rtol=1e-9)
    assert stage(tables, paths, 2023, investment="terminal").terminal is None  # history has its observed investment


def test_the_terminal_row_binds_or_has_no_price(models):
    for year in (2026, 2030):
        solution, model = models[year].solve(), models[year]
        row = model.rows["terminal"]
        slack = (solution.program.a @ solution.program.x)[row] - solution.program.row_lower[row]
        price = solution.program.dual[row]
        assert (price >= -1e-9).all() and np.abs(price * slack).max() < 1e-5
        assert (price > 1e-6).any()


def test_crowding_out_changes_consumption(last):
    """Where the floor of investment binds, capital on top of it costs more than capital inside it."""
    price = last.solve().program.dual[last.rows["terminal"]]
    region = last.stage.regions[price.argmax()]

    def consumption(inside, fund=0.0, size=1.0):
        capital = {"MAN": 2.0 * size, "CON": size}
        column = ProjectColumn(
            "RI", region, last.stage.year, capital=capital, capital_inside=inside, investment_fund=fund
        )
        return last.solve([column]).consumption

    on_top, inside = consumption(0.0), consumption(1.0)
    assert inside - on_top > 0.1
    assert consumption(0.5) == pytest.approx((on_top + inside) / 2, rel=1e-5)
    assert consumption(1.0, fund=50.0) == inside  # the fund of (2.6) is not charged twice


# --- capital by region and stage (2.6'), technique (2.6''), investment of the forecast (2.9') ---


def second(tables, paths, start, year, **changes):
    """A stage whose base is uniform growth by the forecast, as the scale of capital assumes it."""
    plain = StageInputs(tables, paths, start, Bands(), FIRST_ROUND)
    grown = tables.output * paths.at("gdp", start)
    state = State(start, grown, base_state(tables).investment if start == 2016 else plain.investment()[1])
    kappa = economy.calibrate_capital(tables, paths)
    return stage_of(tables, year, paths, state, Bands(), kappa, options=Options(trade="bands", **changes))


@pytest.mark.parametrize(("start", "year"), [(2016, 2019), (2019, 2023), (2023, 2026), (2028, 2030)])
def test_in_each_stage_growth_and_investment_of_its_years_fit(tables, paths, start, year):
    """Uniform growth by GDP asks for the whole fund that investment along its path builds up."""
    st = second(tables, paths, start, year)
    path = StageInputs(tables, paths, year, Bands(), FIRST_ROUND).investment()[1]
    needed = st.capital_coefficient.sum(0) / len(st.regions)
    wanted = np.maximum(tables.output * paths.at("gdp", year) - st.retained, 0)
    national = (st.capital_coefficient * wanted).sum()
    assert needed.shape == (len(st.sectors),)
    fund = st.fund(path).sum()
    # the calibration is on the country's coefficients; by region they are scaled to the same capital in 2016
    same = (st.capital_coefficient * tables.output).sum() / (
        second(tables, paths, start, year, capital="sectors").capital_coefficient * tables.output
    ).sum()
    assert national == pytest.approx(fund, rel=0.01)
    assert same == pytest.approx(
        economy.calibrate_capital(tables, paths, (start, year)) / economy.calibrate_capital(tables, paths), rel=1e-12
    )


def test_a_regions_capital_is_in_proportion_to_its_investment(tables, paths):
    st = second(tables, paths, 2016, 2019)
    capital = (st.capital_coefficient * tables.output).sum(1)
    np.testing.assert_allclose(capital / capital.sum(), st.investment_base / st.investment_base.sum(), rtol=1e-12)


def test_the_forecasts_growth_asks_for_the_forecasts_investment(tables, paths):
    """At the output of uniform growth; a region whose labour outgrows the country's asks for more, others for less."""
    st = second(tables, paths, 2028, 2030)
    given = StageInputs(tables, paths, 2030, Bands(), Options(), 2028)
    asked = (st.terminal * tables.output * paths.at("gdp", 2030)).sum(1)
    forecast = paths.at("gdp", 2030) / paths.at("gdp", 2029) - 1
    more = given.outgrown() / (forecast + 0.03)
    total = st.investment_base.sum() * paths.at("investment", 2030) / paths.at("investment", 2028)
    assert (asked / (1 + more)).sum() == pytest.approx(total, rel=1e-9)
    assert more.min() < 0 < more.max()
    labour = paths.at("labour", 2030, "region") / paths.at("labour", 2028, "region")
    assert list(np.argsort(more)) == list(np.argsort(labour[list(st.regions)].to_numpy()))
    # twice the wanted growth, and none at all
    twice = second(tables, paths, 2028, 2030, terminal_growth=2 * forecast).terminal
    ratio = (2 * forecast + given.outgrown() + 0.03) / (forecast + given.outgrown() + 0.03)
    np.testing.assert_allclose(twice, st.terminal * ratio[:, None], rtol=1e-12)
    shrinking = second(tables, paths, 2028, 2030, terminal_growth=-0.0299).terminal
    assert (shrinking >= 0).all() and (shrinking == 0).any()


def test_techniques_lie_on_an_isoquant_that_pay_and_the_charge_touch():
    """CES with elasticity sigma: at the path's proportion a unit of labour saved costs what the two are paid."""
    share, sigma = np.array([0.2, 0.6]), 0.5
    capital, labour = techniques(share, sigma)
    np.testing.assert_allclose(capital / labour, np.broadcast_to(TECHNIQUES, (2, len(TECHNIQUES))), rtol=1e-12)
    eta = (sigma - 1) / sigma
    s = share[:, None]
    np.testing.assert_allclose((s * labour**eta + (1 - s) * capital**eta) ** (1 / eta), 1, rtol=1e-12)
    # every technique costs more than the path's at the path's prices, and each is cheapest at some price
    assert (s * labour + (1 - s) * capital > 1).all()
    assert (np.diff(capital) > 0).all() and (np.diff(labour) < 0).all()


def test_the_share_of_labour_is_pay_over_pay_and_the_charge_on_capital(tables, paths):
    st = second(tables, paths, 2016, 2019, capital_charge=0.2)
    pay = tables.value_added[:, VALUE_ADDED.index("compensation")] / np.maximum(tables.output, 1e-9)
    share = pay / (pay + 0.2 * st.capital_coefficient)
    made = tables.output > 1
    capital, labour = techniques(share[made], 0.5)
    np.testing.assert_allclose(st.techniques[0][made], capital, rtol=1e-9)
    np.testing.assert_allclose(st.techniques[1][made], labour, rtol=1e-9)


def test_labour_and_capital_have_prices_in_every_region(models):
    for year in NODES[2:]:
        solution = models[year].solve()
        assert (solution.labour_price > 0.05).all() and (solution.capital_price > 0.001).all(), year


def test_investment_and_consumption_do_not_collapse_after_the_observed_years(models):
    found = {year: models[year].solve() for year in NODES[2:]}
    investment = pd.Series({y: s.investment.sum() for y, s in found.items()})
    assert (investment / investment.iloc[0] > 0.93).all() and investment.iloc[-1] > investment.iloc[0]
    assert pd.Series({y: s.consumption for y, s in found.items()}).is_monotonic_increasing


# --- the solved path: prices and values by year ---


@pytest.fixture(scope="module")
def run(tables, paths, kappa, models):
    solutions = {year: model.solve() for year, model in models.items()}
    return economy.SolvedPath(tables, paths, Options(), models, solutions)


def gained(year):
    return ProjectColumn("gain", "NSK", year, productivity={"MAN": 1e-4}, effect_source="assumption")


def test_a_small_column_is_worth_its_coefficients_times_the_duals(run):
    value = run.value(gained, [2030]).loc[2030]
    assert value["value"] == pytest.approx(value.drop(["solved_year", "value"]).sum(), rel=1e-12)
    # what valuing exports at price counts too much is held: a dual is the derivative of the program as it stands
    model, column = run.models[2030], gained(2030)
    model.solve()
    program = model._changed([column], [model.column(column)], {}, False)
    program.row_lower[model.rows["external_balance"]] += model._start.shift
    model._solver = solver.loaded(program)
    moved = model._run(program, model._start.basis)
    assert value["value"] > 0
    gain = -float(program.cost @ moved.x) - run.solutions[2030].objective
    assert gain == pytest.approx(value["value"], rel=0.02)


def test_years_take_the_prices_of_one_solved_year_and_never_a_mean(run):
    table = run.value(gained, [2017, 2021, 2024, 2025, 2028, 2029, 2050])
    assert table["solved_year"].tolist() == [2019, 2019, 2023, 2026, 2026, 2030, 2030]
    assert table.at[2050, "value"] == table.at[2029, "value"] and table.at[2024, "value"] != table.at[2025, "value"]


def test_duals_by_year_are_those_of_the_solutions(run):
    duals = run.duals("NSK")
    assert list(duals.index) == list(NODES[1:])
    for year, s in run.solutions.items():
        if year > 2016:
            assert duals.at[year, "labour"] == s.labour_price["NSK"]
            assert duals.at[year, "foreign_exchange"] == s.balance_price * s.stage.import_price
            assert duals.at[year, "MAN"] == s.use_prices.at["MAN", "NSK"]
    with pytest.raises(InputError, match="unknown region 'XX'"):
        run.duals("XX")
    with pytest.raises(InputError, match="needs option 'labour' = 'pay'"):
        replace(run, options=FIRST_ROUND).duals("NSK")
    with pytest.raises(InputError, match="no stage after 2016 is solved"):
        replace(run, solutions={2016: run.solutions[2016]}).nearest(2030)


def test_the_solved_path_of_the_data_is_kept_and_scales_what_it_is_told():
    options = FIRST_ROUND
    first = economy.inputs.solved((2016, 2019), "12", options)
    assert economy.inputs.solved([2016, 2019], "12", options) is first
    assert "NSK" in first.tables.regions and len(first.tables.sectors) == 12
    assert economy.inputs.solved((2016, 2019), "12", options, split=False).tables.regions[6] == "SibFD"
    scaled = economy.inputs.solved((2016, 2019), "12", options, scaled={"labour": 0.9})
    assert scaled.paths.at("labour", 2019, "region").equals(first.paths.at("labour", 2019, "region"))
    np.testing.assert_allclose(
        scaled.paths.at("labour", 2030, "region"), 0.9 * first.paths.at("labour", 2030, "region")
    )


def test_rail_weighs_the_same_in_both_variants(tables, paths):
    full = regional.build(economy.inputs.regional(split=True))
    for options in ({}, {"china": "customs"}):
        coarse, fine = (stage(t, paths, **options) for t in (tables, full))
        used = [(s.rail_tonnes * s.export_centre).sum(1) for s in (coarse, fine)]
        assert used[0].sum() == pytest.approx(used[1].sum(), rel=5e-3)
        assert (coarse.rail_tonnes[0] > 0).any()
    assert stage(tables, paths, rail="plan").rail_capacity == 210 and stage(tables, paths).rail_capacity == 158


def test_chinas_shares_by_product_are_those_of_customs(paths):
    tables = regional.build(economy.inputs.regional())
    st, shifted = (stage(tables, paths, 2023, china=c) for c in ("customs", "shift"))

    def sold(stage, sector):
        cell = stage.export_centre[stage.sectors.index(sector)].sum(0)
        return cell[0] / cell.sum()

    # BACI 2023: China takes 11.7 of 40.1 bn USD of gas, 0.5 of 3.9 bn of machinery
    assert sold(st, "GAS") == pytest.approx(0.292, abs=0.002) and sold(shifted, "GAS") < 0.01
    assert sold(st, "MAC") == pytest.approx(0.127, abs=0.002)


# --- duals ---


FAMILIES = (
    "use", "supply", "sourcing", "composition", "isoquant", "delivery_band", "labour", "capital", "fund", "retained",
    "external_balance", "rail", "terminal", "technique",
)  # fmt: skip


@pytest.fixture(scope="module")
def tight(tables, paths, kappa, last):
    """A stage whose railway is scarce, so that every family has a price."""
    model = EconomyModel(tables, 2030, paths, last.base, None, kappa, rail_capacity=150.0, options=Options())
    model.solve()
    return model


@pytest.mark.parametrize("family", FAMILIES)
def test_a_dual_is_a_finite_difference(tight, family):
    """Of the objective, z less the wedges, for the row of each family with the largest price."""
    program, where = tight._data, np.ravel(tight.rows[family])
    base = tight._run(program, tight._start.basis)
    # a step whose change of the objective stands well above what the solver leaves in its last digits
    row, step = where[np.abs(base.dual[where]).argmax()], 1e-2
    price = base.dual[row]
    assert abs(price) > 1e-6
    slopes = []
    for d in (-step, step):
        low, high = program.row_lower.copy(), program.row_upper.copy()
        low[row], high[row] = low[row] + d, high[row] + d
        tight._solver.changeRowBounds(int(row), low[row], high[row])
        try:
            moved = tight._run(replace(program, row_lower=low, row_upper=high), tight._start.basis)
        finally:
            tight._solver.changeRowBounds(int(row), program.row_lower[row], program.row_upper[row])
        slopes.append(float(program.cost @ moved.x - program.cost @ base.x) / d)
    assert min(slopes) - 1e-6 <= price <= max(slopes) + 1e-6  # the optimum is convex in the right side


def test_every_family_of_rows_is_tested(tight):
    assert set(FAMILIES) == set(tight.rows)


# --- order, options, bad input ---


def test_a_result_does_not_depend_on_what_was_solved_before(tables, paths, kappa, last):
    labour = {"labour": pd.Series(last.stage.labour, last.stage.regions) * 0.97}
    column = ProjectColumn(
        "RI", "NSK", 2030, capital={"CON": 5.0}, productivity={"MAN": 0.02}, effect_source="assumption"
    )
    fresh = EconomyModel(tables, 2030, paths, last.base, None, kappa, options=Options())
    fresh.solve()
    first = fresh.solve([column], labour)
    fresh.solve(changes={"external_balance": last.stage.external_balance * 1.1})
    fresh.solve([replace(column, productivity={"MAN": 0.2})])
    again = fresh.solve([column], labour)
    assert again.consumption == first.consumption
    pd.testing.assert_frame_equal(again.gva, first.gva, check_exact=True)


def test_each_option_changes_the_result_of_a_stage_alone(tables, paths):
    plain = stage(tables, paths)
    fields = {
        "value_shares": (1.0, "inputs"), "engel": (True, "consumption_mix"), "labour": ("pay", "labour_coefficient"),
        "balance": ("currency", "external_balance"), "investment": ("terminal", "investment_path"),
        "capital": ("investment", "capital_coefficient"), "technique": (0.5, "techniques"),
        "china": ("customs", "export_centre"), "rail": ("plan", "rail_capacity"), "trade": ("curves", "delivery_share"),
    }  # fmt: skip
    for option, (value, field) in fields.items():
        changed = stage(tables, paths, **{option: value})
        if getattr(plain, field) is None:
            assert getattr(changed, field) is not None, option
        else:
            assert not np.array_equal(getattr(changed, field), getattr(plain, field)), option
    others = {"terminal_growth", "depreciation", "observed_to", "capital_charge"}
    assert set(fields) | others == set(vars(plain_options()))


def plain_options():
    return FIRST_ROUND


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"trade": "curve"}, "unknown option 'trade' 'curve': did you mean 'curves'"),
        ({"value_shares": 1.5}, "option 'value_shares' is 1.5; allowed is 0 to 1"),
        ({"technique": 1.0}, "option 'technique' is 1.0; allowed is 0 to below 10, and not 1"),
        ({"technique": -0.1}, "option 'technique' is -0.1"),
        ({"capital_charge": 0.0}, "option 'capital_charge' is 0.0; allowed is above 0 and below 1"),
        ({"capital_charge": 1.0}, "option 'capital_charge' is 1.0; allowed is above 0 and below 1"),
        ({"capital": "region"}, "unknown option 'capital' 'region'"),
        ({"depreciation": 0.0}, "option 'depreciation' is 0.0; allowed is above 0"),
        ({"terminal_growth": -0.03}, "option 'terminal_growth' is -0.03; allowed is above -0.03"),
    ],
)
def test_options_that_make_no_sense_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        Options(**changes)


def test_an_elasticity_the_curve_cannot_have_is_refused():
    with pytest.raises(InputError, match="elasticity of export demand 0.9 is not allowed: it must exceed 1"):
        curves(elasticity=0.9)
    with pytest.raises(InputError, match="substitution of imports must be above 0 and other than 1"):
        curves(sigma=1.0)


def test_a_stage_before_the_tables_is_refused(tables, paths):
    with pytest.raises(InputError, match="stage year 2013 is before 2016, the year of the tables"):
        EconomyModel(tables, 2013, paths, kappa=1.8)


def test_the_reciprocal_problem_says_that_it_needs_bands(last):
    with pytest.raises(InputError, match="reciprocal problem is stated with bands"):
        last.solve(changes={"consumption": 1.0}, reciprocal=True)


@pytest.mark.slow
def test_the_ladder_ends_at_the_full_model(tables, paths):
    from rutrade import data

    steps = (("first", {}), ("labour", {"labour": "pay"}))
    table = economy.ladder(tables, paths, data.load("gva_path"), (2016, 2019), ("MAN",), steps)
    assert list(table.index) == ["first", "labour"]
    changes = {name: value for _, change in economy.LADDER for name, value in change.items()}
    assert FIRST_ROUND.but(**changes) == Options()
    alone = economy.path(tables, paths, (2016, 2019), options=FIRST_ROUND.but(labour="pay"))[2019]
    row = table.loc["labour"]
    by_hand = {
        "consumption": alone.consumption, "gva": alone.grp.sum(), "investment": alone.investment.sum(),
        "exports": float(alone.exports.sum()), "exports_china": float(alone.exports.sel(partner="CHN").sum()),
        "imports": float(alone.imports.sum()),
    }  # fmt: skip
    assert row[list(by_hand)].to_dict() == pytest.approx(by_hand, rel=1e-9)
    solutions = {2016: SimpleNamespace(gva=pd.DataFrame(tables.gva, tables.regions, tables.sectors)), 2019: alone}
    found = economy.errors(economy.backtest(tables, solutions, data.load("gva_path")))["model"]
    assert row["error, activity 2019"] == pytest.approx(100 * found[2019, "activity"], rel=1e-4)
    assert row["error, district 2019"] == pytest.approx(100 * found[2019, "district"], rel=1e-4)
    yielding = EconomyModel(tables, 2019, paths, options=FIRST_ROUND.but(labour="pay"))
    gain = yielding.gained({"MAN": 0.1}).solve().exports - yielding.solve().exports
    assert row["response"] == pytest.approx(float(gain.sel(product="MAN").sum()), rel=1e-6)


# --- one price, one solution: nothing hangs on the last digits ---


def test_at_the_centre_the_prices_are_those_of_the_calibration(run, models):
    for year in NODES[1:]:
        found, reference = run.solutions[year], models[year].reference.tied
        for family in ("supply", "use", "labour", "external_balance", "capital"):
            ours = found.program.prices[models[year].rows[family]]
            assert np.array_equal(ours, reference.prices[models[year].reference.rows[family]]), (year, family)
        assert (economy.optimality(found).to_numpy() <= EconomyModel.TOLERANCE).all(), year


def test_a_shocked_stage_has_prices_of_its_own(last, run):
    moved = last.solve(changes={"labour": pd.Series(last.stage.labour, last.stage.regions) * 0.98})
    assert (moved.labour_price > run.solutions[NODES[-1]].labour_price).any()
    assert (economy.optimality(moved).to_numpy() <= EconomyModel.TOLERANCE).all()


def test_the_last_digits_of_the_data_choose_neither_imports_nor_prices(tables, paths, kappa, models):
    year = NODES[-1]
    twin = EconomyModel(tables, year, paths, models[year].base, None, kappa * (1 + 1e-13), options=Options())
    ours, theirs = models[year].solve(), twin.solve()
    assert ours.consumption == pytest.approx(theirs.consumption, rel=1e-10)
    np.testing.assert_allclose(ours.stage.curves.import_share, theirs.stage.curves.import_share, atol=1e-6)
    np.testing.assert_allclose(ours.prices, theirs.prices, rtol=1e-7)
    assert ours.balance_price == pytest.approx(theirs.balance_price, rel=1e-9)
