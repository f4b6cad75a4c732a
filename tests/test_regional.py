"""Regional tables: biproportional fits, national balances, and what each step may not move."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rutrade import InputError, economy
from rutrade.economy import Leontief, gravity_ras, ras, regional
from rutrade.economy.regional import FINAL, REGIONS

BLAIR_Z, BLAIR_F = np.array([[150, 500], [200, 100.0]]), np.array([350, 1700.0])


@pytest.fixture(scope="module")
def data():
    return economy.inputs.regional()


@pytest.fixture(scope="module", params=["full", "12"])
def tables(request, data):
    return regional.build(data, request.param)


@pytest.fixture(scope="module")
def full(data):
    return regional.build(data)


# --- RAS ---------------------------------------------------------------------------------------------------------

POSITIVE = hnp.arrays(float, (4, 5), elements=st.floats(0.1, 100))


def test_ras_reproduces_the_textbook_example_of_iterative_fitting():
    seed = np.array([[40, 30, 20, 10], [35, 50, 100, 75], [30, 80, 70, 120], [20, 30, 40, 50.0]])
    fit = ras(seed, [150, 300, 400, 150], [200, 300, 400, 100])
    np.testing.assert_allclose(fit[0], [64.56, 46.23, 35.38, 3.83], atol=0.006)


def test_ras_agrees_with_ipfn():
    from ipfn import ipfn

    rng = np.random.default_rng(7)
    seed, target = rng.uniform(0.1, 9, (12, 12)), rng.uniform(0.1, 9, (12, 12))
    rows, columns = target.sum(1), target.sum(0)
    oracle = ipfn.ipfn(seed.copy(), [rows, columns], [[0], [1]], convergence_rate=1e-13, max_iteration=5000).iteration()
    np.testing.assert_allclose(ras(seed, rows, columns, 1e-13), oracle, rtol=1e-9)


@given(POSITIVE, POSITIVE)
@settings(max_examples=50, deadline=None)
def test_ras_meets_both_margins_and_keeps_cross_product_ratios(seed, target):
    fit = ras(seed, target.sum(1), target.sum(0))
    np.testing.assert_allclose(fit.sum(1), target.sum(1), rtol=1e-7)
    np.testing.assert_allclose(fit.sum(0), target.sum(0), rtol=1e-7)
    ratio = [m[0, 0] * m[1, 1] / (m[0, 1] * m[1, 0]) for m in (seed, fit)]
    assert ratio[1] == pytest.approx(ratio[0], rel=1e-8)  # a biproportional fit cannot change it


@given(POSITIVE)
@settings(max_examples=30, deadline=None)
def test_ras_returns_a_table_that_fits_unchanged(table):
    assert np.array_equal(ras(table, table.sum(1), table.sum(0)), table)


def test_ras_keeps_zeros_and_stacked_tables_apart():
    rng = np.random.default_rng(1)
    seed = rng.uniform(1, 2, (6, 5, 5))
    seed[:, 0, 1] = seed[:, 3, 2] = 0
    target = rng.uniform(1, 2, (6, 5, 5)) * (seed > 0)
    fit = ras(seed, target.sum(-1), target.sum(-2))
    assert (fit[seed == 0] == 0).all()
    for k in range(6):
        np.testing.assert_allclose(fit[k], ras(seed[k], target[k].sum(-1), target[k].sum(-2)), rtol=1e-7)


@pytest.mark.parametrize(
    ("matrix", "rows", "columns", "message"),
    [
        (np.ones((2, 2)), [1, 1], [1, 2], "rows sum to 2 and columns to 3"),
        (np.array([[1, -1], [1, 1.0]]), [1, 1], [1, 1], "matrix holds -1"),
        (np.array([[0, 0], [1, 1.0]]), [1, 1], [1, 1], r"row \(0,\) has total 1 but only zeros"),
        (np.ones((2, 2)), [1, 1, 1], [1, 2], "does not fit"),
        (np.array([[1, 0], [1, 1.0]]), [3, 1], [1, 3], "zeros may leave no such table"),
        (np.array([[1, np.nan], [1, 1.0]]), [1, 1], [1, 1], "finite"),
    ],
)
def test_ras_refuses_what_has_no_fit(matrix, rows, columns, message):
    with pytest.raises(InputError, match=message):
        ras(matrix, rows, columns, max_iterations=500)


def test_gravity_reaches_the_wanted_self_supply_or_stops_at_the_bound():
    rng = np.random.default_rng(3)
    prior, supply = rng.uniform(1, 5, (3, 3)), rng.uniform(50, 60, (4, 3))
    use = supply[:, ::-1].copy()
    y, _ = gravity_ras(prior, supply, use, [0.5, 0.6, 0.7])
    np.testing.assert_allclose(np.einsum("irr->r", y) / use.sum(0), [0.5, 0.6, 0.7], atol=1e-3)
    _, bounded = gravity_ras(prior, supply, use, [0.98, 0.98, 0.98], bounds=(0.5, 2.0))
    assert bounded.max() == 2.0 and bounded.min() >= 0.5


# --- Leontief ----------------------------------------------------------------------------------------------------


def test_leontief_reproduces_miller_and_blair():
    x = BLAIR_Z.sum(1) + BLAIR_F
    model = Leontief.of(BLAIR_Z / x)
    np.testing.assert_allclose(model.output(np.eye(2)), [[1.25412541, 0.330033], [0.2640264, 1.12211221]], rtol=1e-6)
    np.testing.assert_allclose(model.output([600, 1500]), [1247.52, 1841.58], rtol=1e-5)


def test_a_changed_column_equals_the_refactored_table(full):
    a = full.use_domestic.sum(0) / full.output.sum(0)
    model, column, demand = Leontief.of(a), a[:, 5] * 1.3, np.linspace(1, 9, len(a))
    changed = a.copy()
    changed[:, 5] = column
    np.testing.assert_allclose(model.changed_column(5, column, demand), Leontief.of(changed).output(demand), rtol=1e-12)


def test_a_column_that_needs_more_than_it_makes_is_refused():
    with pytest.raises(InputError, match="column 1 of A sums to 1.2; must be below 1"):
        Leontief.of([[0.1, 0.6], [0.1, 0.6]])


# --- the tables --------------------------------------------------------------------------------------------------


def test_every_row_and_column_balances_and_regions_sum_to_the_country(tables):
    check = tables.check()
    assert (check["largest_error"] <= 1e-6).all(), check
    assert check.set_index("identity").loc["negative flows and exports (bn RUB)", "largest_error"] == 0


def test_national_totals_are_those_of_the_official_table(data):
    nat = data.national
    # gross value added and net product taxes make the gross domestic product of the national accounts, bn RUB
    assert nat.value_added.sum().sum() + nat.taxes.sum() == pytest.approx(85_616, abs=1)
    both = nat.domestic["exports"] + nat.imported["exports"]  # 2.1 bn of imported farm products leave again
    assert both.sum() == pytest.approx(19_600.8, abs=0.1)
    assert nat.value_added["RND"].sum() == pytest.approx(1_036, abs=1)
    research = nat.domestic.loc["RND", "fixed_investment"] + nat.imported.loc["RND", "fixed_investment"]
    assert research == pytest.approx(1_812, abs=1)
    assert nat.imported.sum().sum() == pytest.approx(16_294.5, abs=0.1)


def test_export_margins_lead_from_basic_to_customs_prices(data):
    v = data.valuation
    assert v["trade_margin_bn_rub_2016"].sum() == pytest.approx(1_738.6, abs=0.1)
    assert v["transport_margin_bn_rub_2016"].sum() == pytest.approx(423.9, abs=0.1)
    assert v["taxes_bn_rub_2016"].sum() == pytest.approx(2_212.6, abs=0.1)
    goods = data.sectors.index[data.sectors["goods"]]
    built = v.loc[goods].drop(columns="purchasers_bn_rub_2016").sum(axis=1)
    np.testing.assert_allclose(built, v.loc[goods, "purchasers_bn_rub_2016"], atol=1e-2)
    exported = data.national.domestic["exports"] + data.national.imported["exports"]
    np.testing.assert_allclose(v["basic_bn_rub_2016"], exported, atol=1e-2)


def test_output_solves_x_equals_ax_plus_y_region_by_region(tables):
    for r in range(len(tables.regions)):
        x = tables.output[r]
        made = x > 1e-6
        a = np.where(made, tables.use_domestic[r] / np.where(made, x, 1), 0)
        outflow = tables.flows[:, r, :].sum(1) - tables.flows[:, :, r].sum(1)  # net deliveries to other regions
        demand = tables.final_domestic[r].sum(1) + tables.exports[r] + outflow
        np.testing.assert_allclose(Leontief.of(a).output(demand), x, rtol=1e-8, atol=1e-8)


def test_the_steps_say_how_far_they_moved(full):
    moved = full.adjustments
    own = moved[moved["step"] == "self-supply of goods"].set_index("item")
    np.testing.assert_allclose(own["reached"], full.self_supply()[own.index], atol=1e-9)
    # shares of own goods observed in 2016, by district
    observed = {"CFD": 0.53, "NWFD": 0.50, "SFD": 0.48, "NCFD": 0.31, "VFD": 0.69, "UFD": 0.62, "SibFD": 0.69}
    for region, share in observed.items():
        assert own.loc[region, "wanted"] == pytest.approx(share, abs=0.006)
        assert own.loc[region, "reached"] == pytest.approx(share, abs=0.01)
    assert set(moved["step"]) >= {"mining_prior to regional output", "agriculture_prior to regional output"}


def test_the_12_sector_variant_is_the_aggregated_data(data, full):
    small, groups = regional.build(data, "12"), data.sectors["sector12"]
    assert len(small.sectors) == 12
    for a, b in ((small.output, full.output), (small.employment, full.employment)):
        b = pd.DataFrame(b, full.regions, full.sectors).T.groupby(groups).sum().loc[list(small.sectors)].T
        np.testing.assert_allclose(a, b, rtol=1e-12)
    nat = data.national.aggregate(groups)
    expected = data.national.domestic.loc[groups == "MAN", list(groups.index[groups == "MAN"])].to_numpy().sum()
    assert nat.domestic.at["MAN", "MAN"] == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(small.final_domestic.sum((0, 1)), nat.domestic[list(FINAL)].sum(), rtol=1e-9)


def test_the_order_of_regions_does_not_matter(data, full):
    order = REGIONS[::-1]
    turned = regional.build(data, regions=order)
    back = [order.index(r) for r in REGIONS]
    np.testing.assert_allclose(turned.output[back], full.output, rtol=1e-9)
    np.testing.assert_allclose(turned.flows[:, back][:, :, back], full.flows, atol=1e-6)


def test_the_firms_seed_keeps_both_margins(data, full):
    firms = regional.build(data, manufacturing="firms")
    made = (data.sectors["section"] == "C").to_numpy()
    np.testing.assert_allclose(firms.output[:, made].sum(1), full.output[:, made].sum(1), rtol=1e-6)
    np.testing.assert_allclose(firms.output.sum(0), full.output.sum(0), rtol=1e-9)
    assert np.abs(firms.output - full.output).max() > 10  # it is a sensitivity: it must move something


def test_labelled_arrays_carry_their_names(full):
    flows = full.labelled("flows")
    assert flows.dims == ("product", "origin", "region")
    assert float(flows.sel(product="COA", origin="SibFD").sum()) > 0
    with pytest.raises(InputError, match="unknown regional table 'flow': did you mean 'flows'"):
        full.labelled("flow")


# --- bad input ---------------------------------------------------------------------------------------------------


def spoiled(data, **parts):
    return replace(data, national=replace(data.national, **parts))


def test_a_table_that_does_not_balance_is_refused(data):
    domestic = data.national.domestic.copy()
    domestic.loc["COA", "FOO"] += 1
    with pytest.raises(InputError, match=r"national table: row COA sums to \d+\.\d+, output is \d+"):
        regional.build(spoiled(data, domestic=domestic))


def test_a_sector_without_output_is_refused(data):
    output = data.national.output.copy()
    output["FSH"] = 0
    with pytest.raises(InputError, match=r"sector FSH has output 0(\.0)?; must be above 0"):
        regional.build(spoiled(data, output=output))


def test_a_column_sum_of_one_is_refused(data):
    added = data.national.value_added.copy()
    taxes = data.national.taxes.copy()
    taxes["MAC"] += added["MAC"].sum()
    added["MAC"] = 0
    with pytest.raises(InputError, match="inputs of MAC are 1.0000 of its output; must be below 1"):
        regional.build(spoiled(data, taxes=taxes, value_added=added))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"variant": "13"}, "unknown variant '13'"),
        ({"manufacturing": "firm"}, "unknown manufacturing 'firm': did you mean 'firms'"),
        ({"regions": ("CFD", "Crimea")}, "unknown region 'Crimea'"),
        ({"regions": ("CFD", "NWFD")}, "must be all of"),
    ],
)
def test_unknown_names_are_refused(data, arguments, message):
    with pytest.raises(InputError, match=message):
        regional.build(data, **arguments)
