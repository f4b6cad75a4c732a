"""Regional tables: biproportional fits, national balances, and what each step may not move."""

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rutrade import InputError, chain, economy
from rutrade import data as package_data
from rutrade.data import checks
from rutrade.economy import EconomyModel, Leontief, gravity_ras, ras, regional
from rutrade.economy.balancing import _capped
from rutrade.economy.regional import FINAL

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


def test_ras_is_as_exact_on_a_table_of_small_numbers():
    rng = np.random.default_rng(2)
    seed, target = rng.uniform(1, 2, (3, 3)), 1e-6 * rng.uniform(1, 2, (3, 3))
    fit = ras(seed, target.sum(1), target.sum(0))
    np.testing.assert_allclose(fit.sum(1), target.sum(1), rtol=1e-9)
    np.testing.assert_allclose(fit.sum(0), target.sum(0), rtol=1e-9)


def test_ras_names_the_row_that_cannot_be_filled():
    seed = np.array([[0, 0], [0, 0], [1, 1.0]])
    with pytest.raises(InputError, match=r"row \(1,\) has total 1 but only zeros"):
        ras(seed, [0, 1, 1], [1, 1])
    with pytest.raises(InputError, match=r"column \(1, 0\) has total 1 but only zeros"):
        ras(np.stack([np.ones((2, 2)), [[0, 1.0], [0, 1.0]]]), [[1, 1], [1, 1]], [[1, 1], [1, 1]])
    with pytest.raises(InputError, match=r"row \(1, 0\) has total 1 but only zeros"):
        ras(np.stack([np.ones((2, 2)), [[0, 0], [1.0, 1.0]]]), [[1, 1], [1, 1]], [[1, 1], [1, 1]])


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
    with pytest.raises(InputError, match="column 0 of A sums to 1; must be below 1"):
        Leontief.of([[0.5, 0.1], [0.5, 0.1]])


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
    order = full.regions[::-1]
    turned = regional.build(data, regions=order)
    back = [order.index(r) for r in full.regions]
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


# --- what each step does, recomputed from the keys ------------------------------------------------------------------


def key_share(full, *keys):
    values = full.data.keys.loc[list(full.regions), list(keys)].sum(axis=1).to_numpy()
    return values / values.sum()


def test_output_of_a_section_follows_its_value_added_by_region(full):
    x = pd.DataFrame(full.output, full.regions, full.sectors)
    national = full.data.national.output
    known = {
        "CON": ["gva:F"], "PUB": ["gva:O", "gva:P", "gva:Q"], "MAC": ["gva:C"], "UTL": ["gva:D", "gva:E"],
        "FIN": ["grp"], "RND": ["rnd_staff"],
    }  # fmt: skip
    for sector, keys in known.items():
        np.testing.assert_allclose(x[sector], key_share(full, *keys) * national[sector], rtol=1e-12)
    mining = ["COA", "OIL", "GAS", "OGS", "ORE"]
    wanted = key_share(full, "gva:B") * national[mining].sum()
    np.testing.assert_allclose(x[mining].sum(axis=1), wanted, rtol=1e-5)


def test_location_quotients_are_shares_over_shares(full):
    quotient = full.specialisation()
    x = pd.DataFrame(full.output, full.regions, full.sectors)
    by_hand = (x.at["UFD", "GAS"] / x.loc["UFD"].sum()) / (x["GAS"].sum() / x.to_numpy().sum())
    assert quotient.at["UFD", "GAS"] == pytest.approx(by_hand, rel=1e-12)
    weights = x.sum(axis=1) / x.to_numpy().sum()
    np.testing.assert_allclose(quotient.mul(weights, axis=0).sum(), 1, rtol=1e-12)


def test_self_supply_is_the_diagonal_over_use(full):
    y = full.flows[full.goods]
    for r, region in enumerate(full.regions):
        assert full.self_supply()[region] == pytest.approx(y[:, r, r].sum() / y[:, :, r].sum(), rel=1e-12)


def test_employment_keeps_the_nation_by_activity_and_the_regions_shares(full):
    jobs = pd.DataFrame(full.employment, full.regions, full.sectors)
    national = full.data.employment
    assert jobs.to_numpy().sum() == pytest.approx(national.sum(), rel=1e-12)
    manufacturing = full.data.sectors.index[full.data.sectors["section"] == "C"]
    activities = {
        "C": manufacturing, "G": ["TRD"], "K+M+N": ["FIN", "RND", "BUS"], "P+Q": ["PUB"], "I+S": ["OSV"],
        "H+J": ["RAI", "TRP", "ICT"],
    }  # fmt: skip
    for key, sectors in activities.items():
        wanted = key_share(full, f"employment:{key}") * national[list(sectors)].sum()
        np.testing.assert_allclose(jobs[list(sectors)].sum(axis=1), wanted, rtol=1e-12)
    # within an activity a region's jobs follow its share of each sector's output
    x = pd.DataFrame(full.output, full.regions, full.sectors)
    intensity = jobs[["CHE", "MAC"]].div(x[["CHE", "MAC"]] / x[["CHE", "MAC"]].sum()).div(national[["CHE", "MAC"]])
    np.testing.assert_allclose(intensity["CHE"], intensity["MAC"], rtol=1e-12)


def test_taxes_on_final_demand_follow_who_buys(full):
    n, taxes = len(full.sectors), full.data.national.taxes
    columns = dict(zip(FINAL, full.product_taxes[:, n:].T, strict=True))
    np.testing.assert_allclose(
        columns["household_consumption"], key_share(full, "household_consumption") * taxes["household_consumption"]
    )
    np.testing.assert_allclose(
        columns["fixed_investment"], key_share(full, "investment_2015") * taxes["fixed_investment"]
    )
    public = key_share(full, "gva:O", "gva:P", "gva:Q") * taxes["government_consumption"]
    np.testing.assert_allclose(columns["government_consumption"], public)
    stocks = full.final_domestic[:, :, 3].clip(min=0).sum(1)
    np.testing.assert_allclose(columns["inventories"], stocks / stocks.sum() * taxes["inventories"], atol=1e-12)
    np.testing.assert_allclose(full.product_taxes[:, :n].sum(0), taxes[list(full.sectors)], rtol=1e-9, atol=1e-9)


def test_final_demand_and_stocks_follow_their_keys(full):
    nat = full.data.national
    for part, final, use in ((nat.domestic, full.final_domestic, full.use_domestic),
                             (nat.imported, full.final_import, full.use_import)):  # fmt: skip
        wanted = np.outer(key_share(full, "household_consumption"), part["household_consumption"])
        np.testing.assert_allclose(final[:, :, 0], wanted, rtol=1e-12)
        current = use.sum(2) + final[:, :, :3].sum(2)
        bought = current.sum(0) > 0
        wanted = current / np.where(bought, current.sum(0), 1) * part["inventories"].to_numpy()
        np.testing.assert_allclose(final[:, bought, 3], wanted[:, bought], rtol=1e-9, atol=1e-12)


def test_exports_follow_output_where_pipelines_carry_them_and_reports_elsewhere(full):
    x, e = (pd.DataFrame(v, full.regions, full.sectors) for v in (full.output, full.exports))
    total = full.data.national.domestic["exports"]
    for sector in ("OIL", "GAS", "TRD", "TRP"):
        np.testing.assert_allclose(e[sector], x[sector] / x[sector].sum() * total[sector], rtol=1e-12)
    goods = full.data.sectors.index[full.data.sectors["goods"]].difference(["OIL", "GAS"])
    fitted = [j for j in goods if total[j] > 0]
    # no region sends all it makes abroad, unless the country nearly does
    cap = np.maximum(0.95, 0.5 + 0.5 * total[fitted] / x[fitted].sum())
    assert (e[fitted] <= x[fitted] * cap + 1e-9).all().all()
    moved = full.adjustments.set_index(["step", "item"]).loc["goods exports except oil and gas"]
    np.testing.assert_allclose(
        moved["reached"][list(full.regions)], e[fitted].sum(axis=1) / total[fitted].sum(), rtol=1e-9
    )
    reported = full.data.deliveries.loc[list(full.regions), "EXPORT"]
    np.testing.assert_allclose(moved["wanted"][list(full.regions)], reported / reported.sum(), rtol=1e-12)
    assert moved["wanted"].sum() == pytest.approx(1) and moved["reached"].sum() == pytest.approx(1)
    np.testing.assert_allclose(full.detail_exports, full.exports, rtol=1e-12)


def test_an_export_cap_that_binds_is_met_by_the_others():
    shares = _capped(np.array([8.0, 1.0, 1.0]), 10.0, np.array([5.0, 9.0, 9.0]))
    np.testing.assert_allclose(shares, [5.0, 2.5, 2.5])
    np.testing.assert_allclose(_capped(np.array([1.0, 3.0]), 8.0, np.array([9.0, 9.0])), [2.0, 6.0])
    # what one cap leaves may meet the next
    np.testing.assert_allclose(_capped(np.array([8.0, 3.0, 1.0]), 10.0, np.array([2.0, 5.0, 9.0])), [2.0, 5.0, 3.0])


def test_the_largest_move_of_a_prior_is_reported(full):
    moved = full.adjustments.set_index("step")
    x = pd.DataFrame(full.output, full.regions, full.sectors)
    rows = moved.loc["mining_prior to regional output"].set_index("item")
    for item, row in rows.iterrows():
        sector, region = item.split()
        prior = full.data.keys[f"mining_prior:{sector}"][list(full.regions)]
        gap = (x[sector] / x[sector].sum() - prior / prior.sum()).abs()
        assert gap.idxmax() == region
        assert row["wanted"] == pytest.approx(prior[region] / prior.sum(), rel=1e-9)
        assert row["reached"] == pytest.approx(x.at[region, sector] / x[sector].sum(), rel=1e-9)
    factors = moved.loc["diagonal factor of gravity-RAS"]
    assert (factors["wanted"] == 1).all()
    assert factors["what_is_compared"].str.contains("within (0.02, 50.0)", regex=False).all()


def test_services_are_used_where_they_are_made_before_they_travel(full):
    for k in np.flatnonzero(~full.goods):
        supply, use = (full.output - full.exports)[:, k], full.domestic_use[:, k]
        np.testing.assert_allclose(np.diag(full.flows[k]), np.minimum(supply, use), rtol=1e-9, atol=1e-9)


def test_the_firms_seed_has_half_the_weight(data):
    keys = data.keys
    firms = pd.DataFrame(regional.build(data, manufacturing="firms").output, keys.index, data.sectors.index)
    plain = pd.DataFrame(regional.build(data).output, keys.index, data.sectors.index)
    made = data.sectors.index[data.sectors["section"] == "C"]
    seed = plain[made].copy()
    for j in made:
        if f"firms:{j}" in keys:
            seed[j] = (seed[j] + keys[f"firms:{j}"] / keys[f"firms:{j}"].sum() * plain[j].sum()) / 2
    fit = ras(seed.to_numpy(), plain[made].sum(axis=1).to_numpy(), plain[made].sum().to_numpy())
    np.testing.assert_allclose(firms[made], fit, rtol=1e-6)


def test_rounding_of_the_source_is_tolerated_and_no_more(data):
    for error, allowed in ((5e-7, True), (2e-6, False)):
        output = data.national.output
        domestic = data.national.domestic.copy()
        domestic.loc["COA", "household_consumption"] += error * output["COA"]
        table = replace(data.national, domestic=domestic)
        if allowed:
            table.check()
        else:
            with pytest.raises(InputError, match="row COA"):
                table.check()


def test_results_and_inputs_cannot_be_changed(full):
    for thing, name in ((full, "output"), (full.data, "keys"), (full.data.national, "taxes")):
        with pytest.raises(FrozenInstanceError):
            setattr(thing, name, None)


# --- faults that the checks must show, and steps by hand --------------------------------------------------------------


def test_the_check_measures_each_fault_where_it_is(full):
    def errors(**parts):
        found = replace(full, **parts).check().set_index("identity")["largest_error"]
        return found[found > 1e-6].to_dict()

    def with_more(name, cell, more):
        array = getattr(full, name).copy()
        array[cell] += more
        return {name: array}

    made = full.output > 1e-6
    r, i = (int(k) for k in np.argwhere(~made)[0])  # compared in bn RUB, not as a share of nothing
    supply, use = "supply: output = deliveries + exports", "use: deliveries = domestic use"
    exports = "regions sum to national exports (bn RUB)"
    assert errors(**with_more("exports", (r, i), 0.5)) == pytest.approx({supply: 0.5, exports: 0.5}, abs=1e-6)
    r, i = (int(k) for k in np.unravel_index(full.output.argmax(), full.output.shape))
    x, largest = full.output[r, i], full.domestic_use.max()
    assert errors(**with_more("exports", (r, i), 0.5)) == pytest.approx({supply: 0.5 / x, exports: 0.5}, abs=1e-6)
    assert errors(**with_more("flows", (i, r, r), 3.0)) == pytest.approx({supply: 3 / x, use: 3 / largest}, abs=1e-6)
    cost = "cost: output = inputs + taxes + value added"
    assert errors(**with_more("value_added", (r, 0, i), 2.0)) == pytest.approx({cost: 2 / x}, abs=1e-6)
    assert errors(**with_more("product_taxes", (r, i), 2.0)) == pytest.approx({cost: 2 / x}, abs=1e-6)
    assert errors(**with_more("product_taxes", (r, len(full.sectors)), 2.0)) == {}, "taxes of households are no cost"
    imports = "imports = use of imports"
    assert errors(**with_more("imports", (r, i), -0.3)) == pytest.approx({imports: 0.3}, abs=1e-6)
    domestic, imported = (f"regions sum to the national table, {kind} (bn RUB)" for kind in ("domestic", "imported"))
    assert errors(**with_more("final_domestic", (r, i, 1), 4.0)) == pytest.approx(
        {use: 4 / replace(full, **with_more("final_domestic", (r, i, 1), 4.0)).domestic_use.max(), domestic: 4},
        abs=1e-6,
    )
    assert errors(**with_more("final_import", (r, i, 3), 4.0)) == pytest.approx({imports: 4, imported: 4}, abs=1e-6)
    negative = full.flows.copy()
    negative[i, 0, 1] = -0.2
    assert errors(flows=negative)["negative flows and exports (bn RUB)"] == pytest.approx(0.2)


def test_stocks_of_a_product_that_nobody_buys_follow_output(data):
    """Imported coal as if it were only put on stock; the taxes take its place in the columns."""
    imported, taxes = data.national.imported.copy(), data.national.taxes.copy()
    names = list(data.national.sectors)
    taxes[names] += imported.loc["COA", names]
    imported.loc["COA", names] = 0.0
    imported.loc["COA", list(FINAL)] = [0.0, 0.0, 0.0, 10.0]
    tables = regional.build(replace(data, national=replace(data.national, imported=imported, taxes=taxes)))
    i = names.index("COA")
    mined = tables.output[:, i] / tables.output[:, i].sum()
    np.testing.assert_allclose(tables.final_import[:, i, 3], 10 * mined, rtol=1e-12)


def exported(x, total, target, names=("COA", "CHE"), goods=(True, True)):
    x, total = np.array(x, float), np.array(total, float)
    moved = []
    e = regional._exports(names, x, total, np.array(goods[: len(names)]), np.array(target, float), ("P", "Q"), moved)
    return e, moved


def test_a_region_exports_at_most_95_percent_unless_the_country_exports_more():
    e, moved = exported([[10], [10]], [10], [99, 1], ["COA"])
    np.testing.assert_allclose(e, [[9.5], [0.5]])
    assert [row[1:4] for row in moved] == [("P", pytest.approx(0.99), pytest.approx(0.95)),
                                           ("Q", pytest.approx(0.01), pytest.approx(0.05))]  # fmt: skip
    nearly_all, _ = exported([[10], [10]], [19.8], [99, 1], ["COA"])
    np.testing.assert_allclose(nearly_all, [[9.95], [9.85]], err_msg="half of what is left may stay")


def test_exports_of_goods_meet_the_reported_shares_where_no_cap_binds_and_services_follow_output():
    x = [[10, 30], [30, 10]]
    e, moved = exported(x, [8, 4], [2, 1])
    np.testing.assert_allclose(e.sum(0), [8, 4])
    np.testing.assert_allclose(e.sum(1), [8, 4])
    np.testing.assert_allclose([row[2:4] for row in moved], [[2 / 3] * 2, [1 / 3] * 2])
    ratio = np.array(x)[0] / np.array(x)[1]
    assert e[0, 0] / e[1, 0] / (e[0, 1] / e[1, 1]) == pytest.approx(ratio[0] / ratio[1]), "a biproportional fit"
    np.testing.assert_allclose(exported(x, [8, 4], [2, 1], goods=(False, True))[0], [[2, 8 / 3], [6, 4 / 3]])
    by_output, moved = exported(x, [8, 4], [2, 1], ("OIL", "CHE"))
    np.testing.assert_allclose(by_output[:, 0], [2, 6], err_msg="pipelines are missing in the reports")
    np.testing.assert_allclose(by_output[:, 1], [8 / 3, 4 / 3])


def test_a_surplus_of_services_serves_the_deficits_of_others_in_proportion():
    supply, use = np.array([[5.0], [8.0], [2.0], [6.0]]), np.array([[9.0], [4.0], [3.0], [5.0]])
    goods = np.array([[1.0], [1.0], [1.0], [1.0]])
    y = regional._flows(
        np.hstack([supply, goods]), np.hstack([use, goods]), np.array([False, True]), np.ones((4, 4)), (0.02, 50.0),
        "PQRS", [],
    )  # fmt: skip
    np.testing.assert_allclose(y[0].sum(1), supply[:, 0])
    np.testing.assert_allclose(y[0].sum(0), use[:, 0])
    np.testing.assert_allclose(np.diag(y[0]), [5, 4, 2, 5])
    np.testing.assert_allclose(y[0][1, [0, 2]], [4 * 4 / 5, 4 * 1 / 5])
    np.testing.assert_allclose(y[0][3, [0, 2]], [1 * 4 / 5, 1 * 1 / 5])


def test_gravity_stops_at_the_bounds_it_has_unless_others_are_given():
    prior, margin = np.ones((3, 3)), np.full((2, 3), 30.0)
    _, factors = gravity_ras(prior, margin, margin, [1e-6, 1e-6, 1e-6])
    np.testing.assert_allclose(factors, 0.02)
    _, factors = gravity_ras(prior, margin, margin, [1 - 1e-6] * 3)
    np.testing.assert_allclose(factors, 50.0)
    free, factors = gravity_ras(prior, margin, margin)
    np.testing.assert_allclose(free, 10.0)
    np.testing.assert_allclose(factors, 1.0)


def test_margins_of_ras_may_differ_by_one_in_a_billion_and_no_more():
    np.testing.assert_allclose(ras([[1.0]], [1e9], [1e9 + 1], tol=1e-8), [[1e9]], rtol=1e-8)
    with pytest.raises(InputError, match="they must be equal"):
        ras([[1.0]], [1e9], [1e9 + 2], tol=1e-8)
    with pytest.raises(InputError, match="they must be equal"):
        ras([[1.0]], [1e9 + 2], [1e9], tol=1e-8)


def test_the_national_table_is_aggregated_in_every_part(data):
    groups = data.sectors["sector12"]
    nat, small = data.national, data.national.aggregate(groups)
    small.check()
    assert small.sectors == tuple(dict.fromkeys(groups))
    assert list(small.domestic.columns) == [*small.sectors, *FINAL, "exports"]
    for name in ("imported", "domestic"):
        whole, part = getattr(nat, name), getattr(small, name)
        members = groups.index[groups == "MAN"]
        assert part.at["MAN", "MAN"] == pytest.approx(whole.loc[members, members].to_numpy().sum())
        assert part.at["MAN", "exports"] == pytest.approx(whole.loc[members, "exports"].sum())
    members = groups.index[groups == "MAN"]
    assert small.taxes["MAN"] == pytest.approx(nat.taxes[members].sum())
    assert small.output["MAN"] == pytest.approx(nat.output[members].sum())
    assert small.value_added.at["compensation", "MAN"] == pytest.approx(
        nat.value_added.loc["compensation", members].sum()
    )
    assert small.outside.equals(nat.outside)


def test_goods_of_the_coarse_variant_are_sectors_that_hold_goods(data):
    small = regional.build(data, "12")
    holds = data.sectors.groupby("sector12")["goods"].any()
    assert dict(zip(small.sectors, small.goods, strict=True)) == holds[list(small.sectors)].to_dict()
    assert np.array_equal(small.bulk, small.goods)
    np.testing.assert_allclose(small.detail_exports, regional.build(data).exports, rtol=1e-12)
    assert small.national.sectors == small.sectors


# --- a region split out of its district -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def nine():
    return regional.build(economy.inputs.regional(split=True))


def test_nine_regions_balance_and_sum_to_the_country(nine):
    check = nine.check()
    assert (check["largest_error"] <= 1e-6).all(), check
    assert len(nine.regions) == 9 and nine.names["NSK"] == "Novosibirsk oblast"
    assert nine.districts["NSK"] == nine.districts["SibR"] == "SibFD"


def test_nine_regions_sum_to_the_eight_districts(nine, full):
    """By section to the last digit; products of mining and farming move a little where the oblast has its own mix."""
    wide = pd.DataFrame(nine.output, nine.regions, nine.sectors).groupby(nine.districts).sum()
    eight = pd.DataFrame(full.output, full.regions, full.sectors)
    section = full.data.sectors["section"]
    gap = (wide - eight).T.groupby(section).sum().abs()
    assert gap.to_numpy().max() < 1e-5
    assert (wide - eight).abs().to_numpy().max() < 1e-3 * eight.to_numpy().max()
    keys = nine.data.keys
    np.testing.assert_allclose(keys.loc[["NSK", "SibR"]].sum(), full.data.keys.loc["SibFD"], rtol=1e-9, atol=1e-9)
    od, whole = nine.data.deliveries, full.data.deliveries
    parts = od.loc[["NSK", "SibR"], ["NSK", "SibR"]].to_numpy().sum()
    assert parts == pytest.approx(whole.at["SibFD", "SibFD"], rel=1e-9)
    assert od.loc[["NSK", "SibR"], "CFD"].sum() == pytest.approx(whole.at["SibFD", "CFD"], rel=1e-9)
    assert (od.to_numpy() >= 0).all()


def test_another_region_is_data_only(data_copy):
    """A tenth region: rows in three tables of a copy, sealed, and no line of code."""
    regions = data_copy / "regions.csv"
    regions.write_text(regions.read_text() + "XXX,Test oblast,VFD,false,1,1,rosstat_grp,derived\n"
                       "VolR,Rest of Volga,VFD,true,1,0,rosstat_grp,derived\n")  # fmt: skip
    for name, columns in (("regional_keys", ["value"]), ("interregional_2016", ["value_bn_rub"])):
        path = data_copy / f"{name}.csv"
        table = pd.read_csv(path)
        first = table.columns[0]
        part = table[table[first] == "VFD"].assign(**{first: "XXX"})
        part[columns] *= 0.1
        new = [table, part]
        if name == "interregional_2016":
            to = table[table["destination"] == "VFD"].assign(destination="XXX")
            to[columns] *= 0.1
            own = part[part["destination"] == "VFD"].assign(destination="XXX")
            own[columns] *= 0.1
            new += [to, own]
        pd.concat(new).to_csv(path, index=False)
    checks.seal()
    ten = regional.build(economy.inputs.regional(split=True))
    assert {"XXX", "VolR", "NSK"} <= set(ten.regions) and len(ten.regions) == 10
    assert (ten.check()["largest_error"] <= 1e-6).all()
    share = (
        ten.output[ten.regions.index("XXX")].sum() / ten.output[[ten.regions.index(r) for r in ("XXX", "VolR")]].sum()
    )
    assert share == pytest.approx(0.1, rel=1e-3)


def split(table, column, old, new, amounts, part):
    """A table in which rows of `old` stand a second time under `new`; of `amounts` that one has `part`."""
    own = table[column].eq(old) | table[column].astype(str).str.endswith(f":{old}")
    made, rest = table[own].copy(), table[own].copy()
    made[column] = made[column].str.replace(old, new)
    made[amounts], rest[amounts] = part * made[amounts], (1 - part) * rest[amounts]
    return pd.concat([table[~own], rest, made])


@pytest.fixture
def split_coal(data_copy):
    """The data with three tenths of coal as a sector of its own, sealed: the same country in 37 sectors."""
    columns = {
        "sectors": ("sector",), "world_economy_sectors": ("economy_sector",), "regional_keys": ("key",),
        "national_io_2016": ("row", "column"), "export_valuation_2016": ("sector",), "economy_paths": ("sector",),
    }  # fmt: skip
    for name, where in columns.items():
        path = data_copy / f"{name}.csv"
        table = pd.read_csv(path, dtype=str)
        amounts = [c for c in table if c == "value" or c.endswith("bn_rub_2016")]
        table = table.astype(dict.fromkeys(amounts, float))
        for column in where:
            if name == "economy_paths":  # jobs are an amount there, all else is a ratio
                jobs = table["variable"].eq("employment")
                parts = (split(table[jobs], column, "COA", "COX", amounts, 0.3),
                         split(table[~jobs], column, "COA", "COX", [], 0.3))  # fmt: skip
                table = pd.concat(parts)
            else:
                table = split(table, column, "COA", "COX", amounts, 0.3)
        table.to_csv(path, index=False)
    assert set(checks.seal()) == set(columns)


def joined(array):
    """An array of the tables with the two parts of coal as one."""
    for axis in {"product", "sector", "column"} & set(array.dims):
        names = [str(name).replace("COX", "COA") for name in array[axis].values]
        array = array.assign_coords({axis: names}).groupby(axis).sum()
    return array


@pytest.mark.slow
def test_another_sector_is_data_only(full, request):
    """A 37th sector: rows in six tables of a copy, sealed, and no line of code; all else adds up as before."""
    paths = economy.inputs.paths()
    before, small = EconomyModel(full, 2019, paths).solve(), regional.build(full.data, "12")
    request.getfixturevalue("split_coal")
    more = regional.build(economy.inputs.regional())
    assert len(more.sectors) == 37 and (more.check()["largest_error"] <= 1e-6).all()
    coal, part = (more.output[:, more.sectors.index(name)] for name in ("COA", "COX"))
    np.testing.assert_allclose(part, 3 / 7 * coal, rtol=1e-7)
    for name in vars(more.AXES):
        xr.testing.assert_allclose(joined(more.labelled(name)), joined(full.labelled(name)), rtol=1e-6, atol=1e-6)
    coarse = regional.build(more.data, "12")
    assert coarse.sectors == small.sectors
    np.testing.assert_allclose(coarse.flows, small.flows, rtol=1e-6, atol=1e-6)
    after = EconomyModel(more, 2019, economy.inputs.paths()).solve()
    assert after.consumption == pytest.approx(before.consumption, rel=1e-8)
    assert after.gva.to_numpy().sum() == pytest.approx(before.gva.to_numpy().sum(), rel=1e-6)
    assert after.rail_used == pytest.approx(before.rail_used, rel=1e-6)
    table = package_data.load("world_economy_sectors")
    merged = package_data.load("sectors").set_index("sector")["sector12"]
    pairs = chain.sectors.concordance(table, list(dict.fromkeys(table["world_sector"])), more.sectors, merged).pairs
    assert np.array_equal(pairs[:, more.sectors.index("COX")], pairs[:, more.sectors.index("COA")])


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
        ({"regions": ()}, "must be all of"),
    ],
)
def test_unknown_names_are_refused(data, arguments, message):
    with pytest.raises(InputError, match=message):
        regional.build(data, **arguments)


def test_a_region_without_keys_is_refused(data_copy):
    regions = data_copy / "regions.csv"
    regions.write_text(regions.read_text() + "XXX,Test oblast,,false,9,9,rosstat_grp,derived\n")
    checks.seal()
    with pytest.raises(InputError, match="region 'XXX' of table 'regions' has no row among"):
        economy.inputs.regional()
