"""Model 1: published NPV and IRR vectors, ledger identities, simulation, switching values, bad input."""

from dataclasses import replace

import numpy as np
import numpy_financial as npf
import pandas as pd
import pytest
import pyxirr
from hypothesis import given, settings
from hypothesis import strategies as st

from rutrade import InputError, data, project
from rutrade.project import IRR, Financing, Parameter, ProjectObject, evaluate, irr, irr_paths, irr_roots, npv

SKIF = project.from_data("skif")
PROGRAMME = project.from_data("programme")
RULES = SKIF.tax_rules

# numpy-financial's own vectors: flow, rate closest to zero, number of roots
VECTORS = [
    ([-150000, 15000, 25000, 35000, 45000, 60000], 0.0524, 1),
    ([-100, 0, 0, 74], -0.0955, 1),
    ([-100, 39, 59, 55, 20], 0.28095, 1),
    ([-100, 100, 0, -7], -0.0833, 2),
    ([-5, 10.5, 1, -8, 1], 0.0886, 3),
    ([-1000, 2300, -1320], 0.10, 2),
]


def point(p: project.Project) -> project.Project:
    """The project with all distributions collapsed to their central values."""
    return replace(p, parameters={n: Parameter(q.central, q.central, q.central) for n, q in p.parameters.items()})


@pytest.mark.parametrize(("flow", "rate", "roots"), VECTORS)
def test_irr_of_published_vectors(flow, rate, roots):
    result = irr(flow)
    assert result.rate == pytest.approx(rate, abs=5e-5)
    assert result.n_roots == roots
    assert result.status == ("unique" if roots == 1 else "multiple")


def test_all_three_roots_of_the_published_vector_are_reported():
    assert irr_roots([-5, 10.5, 1, -8, 1]) == pytest.approx([-0.8702, 0.0886, 0.7096], abs=5e-5)
    assert irr_roots([-1000, 2300, -1320]) == pytest.approx([0.10, 0.20], abs=1e-12)


@pytest.mark.parametrize(
    ("flow", "status"),
    [([1, 2, 3], "no_sign_change"), ([10, 1, 2, -3, 4], "none"), ([0, 0, 0], "all_zero"), ([-1], "no_sign_change")],
)
def test_flow_without_root_is_an_answer(flow, status):
    result = irr(flow)
    assert (np.isnan(result.rate), result.status, result.n_roots) == (True, status, 0)
    rates, statuses, counts = irr_paths([flow])
    assert (np.isnan(rates[0]), statuses[0], counts[0]) == (True, status, 0)


def test_double_root_counts_once():
    for flow, rate in (([-1, 2, -1], 0.0), ([-100, 220, -121], 0.1)):
        for result in (irr(flow), IRR(*(x[0].item() for x in irr_paths([flow])))):
            assert result == (pytest.approx(rate, abs=1e-6), "unique", 1)


@pytest.mark.parametrize(
    ("rates", "chosen"),
    [
        ((-0.9998, 1.004), 1.004),  # |r| would choose the loss of all money
        ((-0.5, 1.0), 1.0),  # equally far from zero in log(1 + r): the higher
        ((-0.3, 0.5), -0.3),
        ((-0.4, 0.5), 0.5),
        ((0.1, 0.2), 0.1),
        ((-0.9, -0.2, 3.0), -0.2),
        ((-0.7, 2.0, 9.0), 2.0),
    ],
)
def test_of_several_roots_the_one_nearest_zero_in_logarithms_is_returned(rates, chosen):
    flow = np.poly([1 + r for r in rates])
    assert irr_roots(flow) == pytest.approx(rates, rel=1e-9)
    assert irr(flow) == (pytest.approx(chosen, rel=1e-9), "multiple", len(rates))
    rate, status, count = irr_paths([flow, -flow])
    assert rate == pytest.approx([chosen, chosen], rel=1e-9)
    assert (set(status), set(count)) == ({"multiple"}, {len(rates)})


def test_npv_of_the_published_vector():
    assert npv([-15000, 1500, 2500, 3500, 4500, 6000], 0.05) == pytest.approx(122.894854950942692, abs=1e-9)


@pytest.mark.parametrize(("flow", "rate", "roots"), VECTORS)
def test_npv_and_irr_agree_with_both_oracles_where_those_agree(flow, rate, roots):
    a, b = pyxirr.irr(flow), npf.irr(flow)
    if a is not None and abs(a - b) < 1e-6 and roots == 1:
        assert irr(flow).rate == pytest.approx(a, abs=1e-8)
    for d in (-0.2, 0.0, 0.07):
        assert npv(flow, d) == pytest.approx(pyxirr.npv(d, flow), rel=1e-12, abs=1e-9)
        assert npv(flow, d) == pytest.approx(npf.npv(d, flow), rel=1e-12, abs=1e-9)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.floats(-100, 100).map(lambda x: round(x, 2)), min_size=2, max_size=32))
def test_npv_is_zero_at_every_root(flow):
    for rate in irr_roots(flow):
        size = npv(np.abs(flow), rate)
        assert abs(npv(flow, rate)) <= 1e-7 * size


@pytest.mark.parametrize("seed", range(4))
def test_paths_agree_with_single_flows(seed):
    rng = np.random.default_rng(seed)
    n = 400
    flows = [
        rng.normal(10, 5, (n, 32)),
        rng.normal(0, 1, (n, 12)),
        rng.normal(0, 1, (n, 32)),
        rng.normal(3, 2, (n, 18)),
    ]
    flows = flows[seed]
    if seed != 1:
        flows[:, 0] = -60
    flows[:5] = 0.0
    flows[5:9] = 1.0
    rates, statuses, counts = irr_paths(flows)
    single = [irr(f) for f in flows]
    wrong = [i for i, s in enumerate(single) if (s.status, s.n_roots) != (statuses[i], counts[i])]
    assert wrong == []
    np.testing.assert_allclose(rates, [s.rate for s in single], rtol=1e-9, atol=1e-9)


def test_npv_of_paths_with_their_own_rates():
    rng = np.random.default_rng(1)
    flows, rates = rng.normal(size=(50, 9)), rng.uniform(-0.5, 1, 50)
    np.testing.assert_allclose(npv(flows, rates), [npv(f, r) for f, r in zip(flows, rates, strict=True)], atol=1e-12)


def test_discounted_payback_by_hand():
    # -100, then 60 a year at 20 %: 50, 41.67, 34.7; 8.33 of the third instalment is needed
    assert project.discounted_payback([-100, 60, 60, 60], 0.2) == pytest.approx(
        2 + (100 - 50 - 60 / 1.44) / (60 / 1.728)
    )
    assert np.isnan(project.discounted_payback([-100, 10, 10], 0.1))
    assert project.discounted_payback([5, 1], 0.1) == 0.0
    both = project.discounted_payback([[-100, 60, 60, 60], [0, -50, 200, 0]], 0.0)
    np.testing.assert_allclose(both, [1 + 40 / 60, 1.25])


# ---- the ledger


def test_skif_cost_at_2016_prices():
    gross = sum(v * (1.22 if y >= 2026 else 1.2) for y, v in SKIF.objects[0].capital_goods_bn_rub_2016.items())
    assert gross == pytest.approx(27.7, abs=0.1)


def test_every_transfer_has_two_parties_and_every_resource_one_owner():
    ledger = evaluate(PROGRAMME).ledger
    transfer, resource = ledger[ledger.kind == "transfer"], ledger[ledger.kind == "resource"]
    assert set(transfer.payer) | set(transfer.payee) | set(resource.payee) <= set(project.PARTICIPANTS)
    assert (transfer.payer != transfer.payee).all()
    assert (transfer.bn_rub_2016 > 0).all()
    assert (resource.payer == "").all()


def test_npv_is_additive_over_participants_and_objects():
    whole = evaluate(PROGRAMME)
    assert whole.participants.sum() == pytest.approx(whole.efficiency.npv_bn_rub_2016["public"], abs=1e-9)
    parts = [evaluate(project.from_data(o.name)) for o in PROGRAMME.objects]
    for view in (*project.PERSPECTIVES, *project.PARTICIPANTS):
        total = sum(float(npv(p.flow(view).to_numpy(), 0.05)) for p in parts)
        assert total == pytest.approx(float(npv(whole.flow(view).to_numpy(), 0.05)), abs=1e-9), view


share = st.floats(0, 1)
positive = st.floats(0, 50)
financing = st.builds(
    lambda a, b, c, g, r, grace, more: Financing(a, b * (1 - a), c * (1 - a - b * (1 - a)), g, r, grace, grace + more),
    share, share, share, share, st.floats(0, 0.2), st.integers(0, 4), st.integers(1, 6),
)  # fmt: skip
thing = st.builds(
    ProjectObject,
    name=st.just("thing"),
    capital_goods_bn_rub_2016=st.dictionaries(st.integers(2019, 2026), positive, min_size=1),
    start_year=st.integers(2019, 2030),
    life_years=st.integers(1, 40),
    ramp=st.lists(share, max_size=3).map(tuple),
    current_goods_bn_rub_2016=positive,
    staff=st.floats(0, 5000),
    pay_mn_rub_2016=st.floats(0, 3),
    use_units=st.floats(0, 1000),
    paid_share=share,
    price_mn_rub_2016=positive,
    publications=st.floats(0, 5000),
    trainees=st.floats(0, 500),
    power_gwh=st.floats(0, 500),
    import_share_capital=share,
    high_tech_share=share,
    high_tech_per_year_bn_rub_2016=positive,
    residual_share=share,
    decommissioning_share=share,
    financing=financing,
    mix=st.just({"capital": {"CON": 0.4, "ELE": 0.6}, "current": {"UTL": 0.5, "CHE": 0.5}}),
)
changes = st.fixed_dictionaries(
    {
        "cost_overrun": st.floats(-0.5, 2),
        "delay_years": st.integers(0, 5),
        "opex_factor": st.floats(0, 4),
        "revenue_factor": st.floats(0, 4),
        "consumer_surplus_share": st.floats(0, 2),
        "multiplier": st.floats(0, 30),
        "opportunity_share": share,
        "paper_value_mn_rub_2016": st.floats(0, 10),
        "shadow_wage_factor": st.floats(0, 1.5),
        "discount_rate_public": st.floats(0, 0.3),
    }
)
prices = st.none() | st.fixed_dictionaries(
    {"ELE": st.floats(0.5, 2), "UTL": st.floats(0.5, 2), "RND": st.floats(0.5, 2)}
)


@settings(max_examples=80, deadline=None)
@given(thing, changes, prices)
def test_transfers_cancel_for_any_object_and_parameters(item, values, shadow):
    """Participants' NPVs at one rate sum to the NPV of the resource flows; both routes to an NPV agree."""
    p = replace(SKIF, objects=(item,))
    e = evaluate(p, shadow_prices=shadow, **values)
    size = max(1.0, e.ledger.bn_rub_2016.abs().sum())
    assert abs(e.participants.sum() - e.efficiency.npv_bn_rub_2016["public"]) <= 1e-9 + 1e-14 * size
    fast = project.npv_at(p, shadow_prices=shadow, **values).iloc[0]
    slow = e.efficiency.npv_bn_rub_2016.astype(float)
    assert (fast[list(slow.index)] - slow).abs().max() <= 1e-9 + 1e-14 * size


@settings(max_examples=40, deadline=None)
@given(thing, financing, st.floats(0, 0.5))
def test_no_tax_grant_or_loan_changes_the_public_npv(item, other, rate):
    before = evaluate(replace(SKIF, objects=(item,)))
    rules = tuple((t, b, y, rate) for t, b, y, _ in RULES)
    after = evaluate(replace(SKIF, objects=(replace(item, financing=other),), tax_rules=rules))
    a, b = before.flow("public"), after.flow("public")
    np.testing.assert_allclose(a, b, rtol=0, atol=1e-9)


def test_lenders_npv_at_their_own_rate_is_zero_and_loans_are_repaid():
    item = replace(
        SKIF.objects[0], financing=Financing(0.3, 0.1, 0.4, loan_rate=0.07, loan_grace_years=2, loan_term_years=9)
    )
    e = evaluate(replace(SKIF, objects=(item,)))
    assert float(npv(e.flow("lenders").to_numpy(), 0.07)) == pytest.approx(0, abs=1e-9)
    total = e.ledger.groupby("item").bn_rub_2016.sum()
    assert total["loan"] == pytest.approx(total["loan_repayment"], rel=1e-12)
    assert e.flow("lenders").to_numpy().max() > 0


def test_a_year_of_delay_only_discounts_benefits_and_operation():
    p = project.from_data("skif", last_year=2055)
    early, late = evaluate(p), evaluate(p, delay_years=1)

    def value(e, item):
        d = e.ledger[(e.ledger["item"] == item) & (e.ledger.kind == "resource")]
        return (d.bn_rub_2016 * 1.05 ** -(d.year - 2019)).sum()

    for item in ("users_benefit", "knowledge", "human_capital", "ecology", "current_goods", "labour", "residual_value"):
        assert value(late, item) == pytest.approx(value(early, item) / 1.05, rel=1e-12), item
    assert value(late, "capital_goods") == pytest.approx(value(early, "capital_goods"), rel=1e-12)


def test_public_npv_by_hand():
    item = ProjectObject(
        "lab", {2019: 10.0},
        start_year=2020, life_years=2, current_goods_bn_rub_2016=1.0, staff=1000, pay_mn_rub_2016=1.0,
        use_units=100, paid_share=0.5, price_mn_rub_2016=20, publications=100, trainees=10, power_gwh=4,
        high_tech_share=0.5, import_share_capital=0.2,
    )  # fmt: skip
    p = replace(SKIF, objects=(item,), last_year=2021)
    given_values = dict(
        multiplier=3, value_added_share=0.4, opportunity_share=0.5, consumer_surplus_share=0.5, shadow_wage_factor=0.9,
        paper_value_mn_rub_2016=2, trainee_value_mn_rub_2016=1, external_cost_rub_per_kwh=0.5, discount_rate_public=0.1,
    )  # fmt: skip
    yearly = 100 * 0.5 * 20 / 1000 * 1.5 - 1 - 0.9 + 0.2 + 0.01 - 0.002
    induced = 10 * 0.5 * 0.8 * 3 * 0.4 * 0.5  # two years after the purchase
    expected = -10 + yearly / 1.1 + (yearly + induced) / 1.21
    assert evaluate(p, **given_values).efficiency.npv_bn_rub_2016["public"] == pytest.approx(expected, abs=1e-12)


def test_price_effect_is_the_gap_of_prices_times_net_output():
    e = evaluate(SKIF, shadow_prices=pd.Series({"ELE": 1.5, "RND": 1.2}))
    plain = evaluate(SKIF)
    year = 2030
    column, o = plain.technological_column(year), SKIF.objects[0]
    gap = 0.2 * (column["rnd_output", "RND"] - column["current_inputs", "RND"]) - 0.5 * column["current_inputs", "ELE"]
    assert o.mix["capital"]["ELE"] > 0
    assert e.flow("public")[year] - plain.flow("public")[year] == pytest.approx(gap, abs=1e-12)


def test_spillover_is_left_out_when_the_economy_model_counts_it():
    with_it, without = evaluate(SKIF), evaluate(SKIF, spillover=False)
    assert (with_it.ledger["item"] == "spillover").any()
    assert not without.ledger["item"].isin(["spillover", "profit_tax_spillover"]).any()


def test_neither_overrun_nor_opex_pays_for_itself():
    for change in ({"cost_overrun": 0.5}, {"opex_factor": 2.0}):
        e, base = evaluate(SKIF, **change), evaluate(SKIF)
        gains = ("spillover", "knowledge", "users_benefit", "human_capital", "residual_value")
        for item in gains:
            a, b = (x.ledger[x.ledger["item"] == item].bn_rub_2016.sum() for x in (e, base))
            assert a == pytest.approx(b, rel=1e-12), (change, item)


@pytest.mark.parametrize("year", [2023, 2026, 2030])
def test_technological_column_adds_up_to_the_ledger(year):
    e = evaluate(PROGRAMME, cost_overrun=0.2, opex_factor=1.3, multiplier=4.0)
    column = e.technological_column(year).groupby("flow").sum()
    d = e.ledger[e.ledger.year == year]
    paid = d[d.kind == "transfer"].groupby("item").bn_rub_2016.sum()
    assert column["capital_goods"] == pytest.approx(paid.get("capital_goods", 0.0), abs=1e-9)
    assert column["current_inputs"] == pytest.approx(paid.get("current_goods", 0.0), abs=1e-9)
    assert column["labour"] == pytest.approx(paid.get("pay", 0.0), abs=1e-9)
    assert column["rnd_output"] == pytest.approx(paid.get("revenue", 0.0) + paid.get("operating_grant", 0.0), abs=1e-9)
    gain = e.values["value_added_share"] * (1 - e.values["opportunity_share"])
    spill = d[d["item"] == "spillover"].bn_rub_2016.sum()
    assert column["commercialised_output"] * gain == pytest.approx(spill, abs=1e-9)
    assert column["imported"] < column["capital_goods"] + column["current_inputs"]


def test_feasibility_accumulates_the_operators_flow_with_own_capital():
    e = evaluate(PROGRAMME)
    table = e.feasibility
    own = table.own_capital_bn_rub_2016.sum()
    assert table.balance_bn_rub_2016.iloc[-1] == pytest.approx(e.flow("operator").sum() + own, abs=1e-9)
    bad = table.index[table.balance_bn_rub_2016 < -1e-9]
    assert e.first_infeasible_year == (bad[0] if len(bad) else None)


# ---- one small object by hand: 2019-2026, built 2020-2021, used 2021-2024 (half in the first year)

LAB = ProjectObject(
    "lab", {2020: 12.0, 2021: 6.0},
    start_year=2021, life_years=4, ramp=(0.5,), current_goods_bn_rub_2016=1.0, staff=500, pay_mn_rub_2016=0.8,
    use_units=200, paid_share=0.5, price_mn_rub_2016=10.0, publications=100, trainees=20, power_gwh=30,
    import_share_capital=0.2, import_share_current=0.1, high_tech_share=0.25, high_tech_per_year_bn_rub_2016=0.3,
    residual_share=0.1, decommissioning_share=0.05,
    financing=Financing(0.5, 0.1, 0.3, 0.4, loan_rate=0.1, loan_grace_years=1, loan_term_years=3),
    mix={"capital": {"CON": 0.4, "ELE": 0.6}, "current": {"UTL": 0.7, "CHE": 0.3}, "high_tech": {"ELE": 1.0},
         "commercialised": {"MAC": 1.0}},
)  # fmt: skip
LAB_RULES = (
    ("vat", "federal", 2010, 0.9), ("vat", "federal", 2020, 0.2), ("social", "federal", 2010, 0.3),
    ("income", "regional", 2010, 0.13), ("property", "regional", 2010, 0.02), ("profit", "federal", 2010, 0.03),
    ("profit", "regional", 2010, 0.2), ("profit", "regional", 2024, 0.1),
)  # fmt: skip
LAB_PROJECT = replace(
    SKIF, objects=(LAB,), tax_rules=LAB_RULES, last_year=2026, spillover_lag_years=2, paid_margin=0.25
)
LAB_VALUES = {
    "cost_overrun": 0.5, "opex_factor": 2.0, "revenue_factor": 3.0, "consumer_surplus_share": 0.4, "multiplier": 5.0,
    "high_tech_factor": 1.2, "value_added_share": 0.5, "opportunity_share": 0.6, "publications_factor": 1.5,
    "paper_value_mn_rub_2016": 2.0, "trainee_value_mn_rub_2016": 4.0, "external_cost_rub_per_kwh": 0.5,
    "shadow_wage_factor": 0.9, "discount_rate_public": 0.05, "discount_rate_budget": 0.07,
    "discount_rate_commercial": 0.12,
}  # fmt: skip
BUILT, USED = {2020: 12.0, 2021: 6.0}, {2021: 0.5, 2022: 1.0, 2023: 1.0, 2024: 1.0}
# bought .25 * .8 of the capital goods and .3 a year of use; two years later times 5 * 1.2 * .5 * .4 = 1.2
INDUCED = {2022: 2.4 * 1.2, 2023: 1.35 * 1.2, 2024: 0.3 * 1.2, 2025: 0.3 * 1.2, 2026: 0.3 * 1.2}


def times(series: dict, factor: float) -> dict:
    return {year: value * factor for year, value in series.items()}


PROFIT = {2021: 0.2, 2022: 0.2, 2023: 0.2, 2024: 0.1, 2025: 0.1, 2026: 0.1}
LAB_LEDGER = {
    ("capital_goods", "operator", "suppliers_workers"): times(BUILT, 1.5),
    ("capital_goods", "", "suppliers_workers"): times(BUILT, -1.5),
    ("vat_capital", "operator", "federal_budget"): times(BUILT, 1.5 * 0.2),
    ("federal_grant", "federal_budget", "operator"): times(BUILT, 1.5 * 1.2 * 0.5),
    ("regional_grant", "regional_budget", "operator"): times(BUILT, 1.5 * 1.2 * 0.1),
    ("loan", "lenders", "operator"): times(BUILT, 1.5 * 1.2 * 0.3),
    # draws of 4.32 and 2.16, each repaid in two parts in the second and third year after it
    ("loan_repayment", "operator", "lenders"): times({2022: 2.16, 2023: 3.24, 2024: 1.08}, 1.5),
    ("interest", "operator", "lenders"): times({2021: 4.32, 2022: 6.48, 2023: 4.32, 2024: 1.08}, 1.5 * 0.1),
    ("current_goods", "operator", "suppliers_workers"): times(USED, 2.0),
    ("current_goods", "", "suppliers_workers"): times(USED, -2.0),
    ("vat_current", "operator", "federal_budget"): times(USED, 2.0 * 0.2),
    ("pay", "operator", "suppliers_workers"): times(USED, 2.0 * 0.4),
    ("labour", "", "suppliers_workers"): times(USED, -2.0 * 0.4 * 0.9),
    ("social", "operator", "federal_budget"): times(USED, 2.0 * 0.4 * 0.3),
    ("income_tax", "suppliers_workers", "regional_budget"): times(USED, 2.0 * 0.4 * 0.13),
    ("operating_grant", "federal_budget", "operator"): times(USED, 2.0 * 0.4 * (1.2 + 0.4 * 1.3)),
    # 18 bn of capital goods lose a quarter a year; buildings are .4 of them
    ("property_tax", "operator", "regional_budget"): times({2021: 18.0, 2022: 13.5, 2023: 9.0, 2024: 4.5}, 0.4 * 0.02),
    ("revenue", "users", "operator"): times(USED, 3.0),
    ("users_benefit", "", "users"): times(USED, 3.0 * 1.4),
    ("profit_tax", "operator", "federal_budget"): times(USED, 3.0 * 0.25 * 0.03),
    ("profit_tax", "operator", "regional_budget"): {y: 3.0 * 0.25 * u * PROFIT[y] for y, u in USED.items()},
    ("profit_tax_users", "users", "federal_budget"): times(USED, 3.0 * 0.4 * 0.03),
    ("profit_tax_users", "users", "regional_budget"): {y: 3.0 * 0.4 * u * PROFIT[y] for y, u in USED.items()},
    ("spillover", "", "non_participants"): INDUCED,
    ("profit_tax_spillover", "non_participants", "federal_budget"): times(INDUCED, 0.03),
    ("profit_tax_spillover", "non_participants", "regional_budget"): {y: v * PROFIT[y] for y, v in INDUCED.items()},
    ("knowledge", "", "households"): times(USED, 0.1 * 1.5 * 2.0),
    ("human_capital", "", "households"): times(USED, 0.02 * 4.0),
    ("ecology", "", "households"): times(USED, -0.03 * 0.5),
    ("residual_value", "", "operator"): {2024: 1.8},
    ("decommissioning", "operator", "suppliers_workers"): {2024: 0.9},
    ("decommissioning", "", "suppliers_workers"): {2024: -0.9},
}


def test_every_row_of_the_ledger_by_hand():
    d = evaluate(LAB_PROJECT, **LAB_VALUES).ledger
    assert set(d.kind[d.payer == ""]) == {"resource"}
    found = d.groupby(["item", "payer", "payee", "year"]).bn_rub_2016.sum().to_dict()
    assert found == pytest.approx({(*key, year): v for key, row in LAB_LEDGER.items() for year, v in row.items()})


def lab_flow(*owners: str, without: tuple[str, ...] = (), resources: bool = False) -> np.ndarray:
    """Net flow of the hand-made ledger of 2019-2026."""
    flow = np.zeros(8)
    for (item, payer, payee), row in LAB_LEDGER.items():
        for year, value in row.items():
            if resources:
                flow[year - 2019] += value * (payer == "")
            elif item not in without:
                flow[year - 2019] += value * ((payee in owners) - (payer in owners))
    return flow


@pytest.mark.parametrize(
    ("view", "rate", "owners", "outlay"),
    [
        ("commercial", 0.12, ("operator",), {"capital_goods": 1, "vat_capital": 1}),
        ("own_capital", 0.12, ("operator",),
         {"capital_goods": 1, "vat_capital": 1, "federal_grant": -1, "regional_grant": -1, "loan": -1}),
        ("federal", 0.07, ("federal_budget",), {"federal_grant": 1}),
        ("regional", 0.07, ("regional_budget",), {"regional_grant": 1}),
        ("consolidated", 0.07, ("federal_budget", "regional_budget"), {"federal_grant": 1, "regional_grant": 1}),
        ("public", 0.05, (), {"capital_goods": 1}),
    ],
)  # fmt: skip
def test_every_indicator_by_hand(view, rate, owners, outlay):
    without = project.FINANCING_ITEMS if view == "commercial" else ()
    flow = lab_flow(*owners, without=without, resources=view == "public")
    e = evaluate(LAB_PROJECT, **LAB_VALUES)
    np.testing.assert_allclose(e.flow(view), flow, atol=1e-12)
    weight = (1 + rate) ** -np.arange(8.0)
    invested, benefits, costs = 0.0, 0.0, 0.0
    for (item, payer, payee), row in LAB_LEDGER.items():
        for year, value in row.items():
            if payer:
                invested += outlay.get(item, 0) * value * weight[year - 2019]
            signed = value * (payer == "") if view == "public" else value * ((payee in owners) - (payer in owners))
            signed *= (item not in without) * weight[year - 2019]
            benefits, costs = benefits + max(signed, 0), costs - min(signed, 0)
    row = e.efficiency.loc[view]
    assert row.discount_rate == rate
    assert row.npv_bn_rub_2016 == pytest.approx(flow @ weight, abs=1e-12)
    assert row.profitability_index == pytest.approx(1 + flow @ weight / invested, rel=1e-12)
    assert row.benefit_cost == pytest.approx(benefits / costs, rel=1e-12)
    assert (row.irr, row.irr_status, row.irr_roots) == pytest.approx(irr(flow), nan_ok=True)
    np.testing.assert_equal(row.discounted_payback_years, float(project.discounted_payback(flow, rate)))


def test_participants_of_the_object_by_hand():
    e = evaluate(LAB_PROJECT, **LAB_VALUES)
    for name in project.PARTICIPANTS:
        flow = lab_flow(name)
        np.testing.assert_allclose(e.cash_flow()[name], flow, atol=1e-12, err_msg=name)
        assert e.participants[name] == pytest.approx(flow @ 1.05 ** -np.arange(8.0), abs=1e-12)
        assert e.discount_rate(name) == 0.05


def test_operators_balance_by_hand():
    table = evaluate(LAB_PROJECT, **LAB_VALUES).feasibility
    own = np.array([0, 12.0, 6.0, 0, 0, 0, 0, 0]) * 1.5 * 1.2 * 0.1
    np.testing.assert_allclose(table.own_capital_bn_rub_2016, own, atol=1e-12)
    balance = np.cumsum(lab_flow("operator") + own)
    np.testing.assert_allclose(table.balance_bn_rub_2016, balance, atol=1e-12)
    assert list(table.feasible) == list(balance >= -1e-9)


def test_a_rich_operator_is_feasible_in_every_year():
    rich = replace(LAB, financing=Financing(1.0, operating_grant_share=1.0))
    e = evaluate(replace(LAB_PROJECT, objects=(rich,)), revenue_factor=100.0)
    assert e.first_infeasible_year is None
    poor = replace(LAB, financing=Financing(1.0, operating_grant_share=0.0))
    assert evaluate(replace(LAB_PROJECT, objects=(poor,)), revenue_factor=0.0).first_infeasible_year == 2021


def test_technological_column_by_hand():
    e = evaluate(LAB_PROJECT, **LAB_VALUES)
    column = e.technological_column(2021)
    expected = {
        ("capital_goods", "CON"): 6 * 1.5 * 0.4, ("capital_goods", "ELE"): 6 * 1.5 * 0.6,
        ("current_inputs", "UTL"): 0.5 * 2 * 0.7, ("current_inputs", "CHE"): 0.5 * 2 * 0.3,
        ("imported", "CON"): 6 * 1.5 * 0.2 * 0.4, ("imported", "ELE"): 6 * 1.5 * 0.2 * 0.6,
        ("imported", "UTL"): 0.5 * 2 * 0.1 * 0.7, ("imported", "CHE"): 0.5 * 2 * 0.1 * 0.3,
        ("labour", "RND"): 0.5 * 0.4 * 2,
        ("rnd_output", "RND"): 0.5 * 3.0 + 0.5 * 2 * 0.4 * 1.72,
        ("high_tech_procurement", "ELE"): (6 * 0.25 * 0.8 + 0.3 * 0.5) * 1.2, ("commercialised_output", "MAC"): 0.0,
    }  # fmt: skip
    assert column.to_dict() == pytest.approx(expected, abs=1e-12)
    # two years after the first purchases, and in the very first year of the horizon
    assert e.technological_column(2022)["commercialised_output", "MAC"] == pytest.approx(2.4 * 5 * 1.2, rel=1e-12)
    assert e.technological_column(2019).abs().sum() == 0
    assert e.technological_column(2026)["commercialised_output", "MAC"] == pytest.approx(0.3 * 5 * 1.2, rel=1e-12)


def test_an_object_that_outlives_the_horizon_keeps_its_unused_life_and_is_not_taken_down():
    lasting = replace(LAB, life_years=8)  # used 2021 to 2028: two of eight years are left
    d = evaluate(replace(LAB_PROJECT, objects=(lasting,))).ledger
    left = d[d["item"] == "residual_value"]
    assert list(left.year) == [2026]
    assert left.bn_rub_2016.item() == pytest.approx(18 * (0.1 + 0.9 * 2 / 8), rel=1e-12)
    assert not (d["item"] == "decommissioning").any()
    exact = replace(LAB, life_years=6)  # ends with the horizon
    d = evaluate(replace(LAB_PROJECT, objects=(exact,))).ledger
    assert d[d["item"] == "residual_value"].bn_rub_2016.item() == pytest.approx(1.8, rel=1e-12)
    assert d[d["item"] == "decommissioning"].bn_rub_2016.abs().tolist() == pytest.approx([0.9, 0.9])


def test_an_object_delayed_beyond_the_horizon_keeps_its_whole_value_and_is_never_used():
    d = evaluate(LAB_PROJECT, delay_years=6).ledger
    assert not d["item"].isin(["users_benefit", "pay", "current_goods", "property_tax"]).any()
    assert d[d["item"] == "residual_value"].bn_rub_2016.item() == pytest.approx(18.0, rel=1e-12)


def test_a_delay_moves_use_and_keeps_spending():
    d = evaluate(LAB_PROJECT, delay_years=1).ledger.groupby(["item", "year"]).bn_rub_2016.sum()
    assert d["revenue"].to_dict() == pytest.approx({2022: 0.5, 2023: 1.0, 2024: 1.0, 2025: 1.0})
    assert list(d["vat_capital"].index) == [2020, 2021]


def test_price_effects_by_hand():
    prices = {"ELE": 1.5, "CHE": 0.8, "RND": 1.25}
    d = evaluate(LAB_PROJECT, shadow_prices=prices, **LAB_VALUES).ledger
    d = d[d["item"] == "price_effect"]
    assert set(d.payee) == {"non_participants"}
    expected = times(BUILT, -1.5 * 0.6 * 0.5)
    for year, use in USED.items():
        grant = use * 2.0 * 0.4 * 1.72
        expected[year] = expected.get(year, 0.0) + use * 2.0 * 0.3 * 0.2 + 0.25 * (use * 3.0 + grant)
    assert d.groupby("year").bn_rub_2016.sum().to_dict() == pytest.approx(expected, rel=1e-12)


def test_tax_rates_change_in_their_year_and_hold_to_the_horizon():
    assert LAB_PROJECT.tax_rate("profit", "regional").tolist() == [0.2] * 5 + [0.1] * 3
    assert LAB_PROJECT.tax_rate("vat", "federal").tolist() == [0.9] + [0.2] * 7
    assert LAB_PROJECT.years.tolist() == list(range(2019, 2027))


def test_a_loan_of_many_draws_is_repaid_in_equal_parts_after_its_grace():
    owed = Financing(0.0, 0.0, 1.0, loan_rate=0.05, loan_grace_years=0, loan_term_years=2)
    e = evaluate(replace(LAB_PROJECT, objects=(replace(LAB, financing=owed),)))
    d = e.ledger.groupby(["item", "year"]).bn_rub_2016.sum()
    assert d["loan_repayment"].to_dict() == pytest.approx({2021: 7.2, 2022: 10.8, 2023: 3.6})
    assert d["interest"].to_dict() == pytest.approx({2021: 0.72, 2022: 0.05 * 14.4, 2023: 0.05 * 3.6})


# ---- what the sourced facts say


def test_documented_order_holds_but_not_the_sign():
    """Economic efficiency is above financial efficiency through private non-participants; both are negative here."""
    e = evaluate(SKIF)
    at_one_rate = {v: float(npv(e.flow(v).to_numpy(), 0.05)) for v in ("commercial", "public")}
    assert at_one_rate["public"] > at_one_rate["commercial"]
    assert e.participants["non_participants"] > 0
    assert e.efficiency.npv_bn_rub_2016["public"] < 0
    assert e.efficiency.irr_status["commercial"] in ("no_sign_change", "none")


def test_favourable_corner_of_the_sources_turns_skif_positive():
    factor = 0.30 / SKIF.objects[0].high_tech_share
    high = SKIF.parameters["paper_value_mn_rub_2016"].high
    e = evaluate(SKIF, multiplier=5.0, high_tech_factor=factor, paper_value_mn_rub_2016=high)
    assert e.efficiency.npv_bn_rub_2016["public"] > 0


# ---- switching values, tornado, simulation


@pytest.mark.parametrize("p", [SKIF, PROGRAMME], ids=["skif", "programme"])
def test_switching_value_puts_the_npv_at_zero(p):
    table = project.switching_values(p)
    usable = table[table.status.isin(["within_range", "outside_range"])]
    assert len(usable) > 5
    for name, row in usable.iterrows():
        value = evaluate(p, **{name: row.switching_value}).efficiency.npv_bn_rub_2016["public"]
        assert abs(value) < 1e-6, name
    assert (table.loc[["cost_overrun"], "status"] != "no_effect").all()
    assert table.status["discount_rate_budget"] == "no_effect"


def test_switching_rate_is_the_irr():
    options = {"paper_value_mn_rub_2016": 9.0}
    row = project.switching_values(SKIF, **options).loc["discount_rate_public"]
    assert row.switching_value == irr(evaluate(SKIF, **options).flow("public").to_numpy()).rate
    value = evaluate(SKIF, discount_rate_public=row.switching_value, **options).efficiency.npv_bn_rub_2016["public"]
    assert abs(value) < 1e-6


def test_tornado_holds_the_npv_at_both_ends_of_each_range():
    table = project.tornado(SKIF)
    assert table.swing.is_monotonic_decreasing
    for name in ("multiplier", "delay_years", "discount_rate_public"):
        low, high = (
            evaluate(SKIF, **{name: getattr(SKIF.parameters[name], side)}).efficiency.npv_bn_rub_2016["public"]
            for side in ("low", "high")
        )
        assert (table.npv_low[name], table.npv_high[name]) == pytest.approx((low, high), abs=1e-9)


def test_degenerate_simulation_is_the_point_estimate():
    s = project.simulate(point(PROGRAMME), draws=5000, seed=3)
    e = evaluate(PROGRAMME)
    for view in project.PERSPECTIVES:
        assert s.npv[view].mean() == pytest.approx(e.efficiency.npv_bn_rub_2016[view], abs=1e-9)
        assert s.npv[view].std() == pytest.approx(0, abs=1e-9)


def test_same_seed_same_bytes_for_any_chunk_and_workers():
    whole = project.simulate(PROGRAMME, draws=20_001, seed=7)
    for options in ({"chunk": 1}, {"chunk": 4097, "workers": 2}, {"chunk": 10**6, "workers": 3}):
        other = project.simulate(PROGRAMME, draws=20_001, seed=7, **options)
        assert other.npv.to_numpy().tobytes() == whole.npv.to_numpy().tobytes(), options
        assert other.parameters.to_numpy().tobytes() == whole.parameters.to_numpy().tobytes(), options
    fewer = project.simulate(PROGRAMME, draws=5000, seed=7)
    pd.testing.assert_frame_equal(fewer.npv, whole.npv.iloc[:5000], check_exact=True)
    assert not project.simulate(PROGRAMME, draws=5000, seed=8).npv.equals(fewer.npv)


def test_simulation_draws_the_stated_distributions():
    s = project.simulate(SKIF, draws=40_000, seed=1)
    for name, p in SKIF.parameters.items():
        drawn = s.parameters[name]
        assert drawn.between(p.low, p.high).all(), name
        if name != "delay_years":
            deviation = drawn.std() / np.sqrt(len(drawn))
            assert abs(drawn.mean() - (p.low + p.central + p.high) / 3) < 5 * deviation, name
            quarter = p.low + np.sqrt(0.25 * (p.high - p.low) * (p.central - p.low))
            if quarter < p.central:
                assert (drawn < quarter).mean() == pytest.approx(0.25, abs=0.012), name


def test_simulated_npvs_are_those_of_the_evaluation():
    s = project.simulate(PROGRAMME, draws=50, seed=5)
    for i in range(0, 50, 7):
        e = evaluate(PROGRAMME, **s.parameters.loc[i].to_dict())
        expected = e.efficiency.npv_bn_rub_2016.astype(float)
        np.testing.assert_allclose(s.npv.loc[i, expected.index], expected, atol=1e-9)
        np.testing.assert_allclose(s.npv.loc[i, e.participants.index], e.participants, atol=1e-9)


def test_simulation_summary_counts_positive_draws():
    s = project.simulate(SKIF, draws=3000, seed=2)
    table = s.summary()
    assert table.probability_positive["public"] == (s.npv.public > 0).mean()
    assert s.importance().sum() == pytest.approx(1)
    assert table.p5["public"] < table["median"]["public"] < table.p95["public"]


# ---- data


def test_capital_cost_of_skif_is_its_last_published_vintage():
    t = project.inputs.tables()["project_objects"].query("object == 'skif' and item == 'capex'")
    facts = data.load("project_facts").set_index("fact")["value"]
    assert t["value"].sum() == pytest.approx(facts["skif_cost_5"])


def test_rest_of_the_programme_is_what_the_named_objects_leave():
    t = project.inputs.tables()["project_objects"].query("item == 'capex'").groupby("object")["value"].sum()
    facts = data.load("project_facts").set_index("fact")["value"]
    named = t.drop(["skif", "rest"]).sum() + facts["skif_cost_2"]
    assert t["rest"] == pytest.approx(facts["programme_research"] - named)


def test_deflators_of_both_sources_agree_within_two_per_cent():
    t = data.load("deflators").pivot(index="year", columns="deflator", values="index_2016")
    both = t.loc[2012:2022]
    assert t.loc[2016].tolist() == pytest.approx([1, 1, 1], abs=1e-9)
    assert (both.weo_gdp / both.rosstat_gdp - 1).abs().max() < 0.02


# ---- bad input

OBJECT = SKIF.objects[0]
BAD = {
    "horizon shorter than construction": (lambda: replace(SKIF, last_year=2023), "last_year = 2023"),
    "horizon begins too late": (lambda: replace(SKIF, first_year=2022), "first_year = 2022"),
    "negative capex": (lambda: replace(OBJECT, capital_goods_bn_rub_2016={2020: -1.0}), "2016 in 2020 = -1"),
    "no capex": (lambda: replace(OBJECT, capital_goods_bn_rub_2016={}), "capital_goods_bn_rub_2016 is empty"),
    "share above one": (lambda: replace(OBJECT, high_tech_share=1.2), "high_tech_share = 1.2"),
    "share below zero": (lambda: replace(OBJECT, import_share_capital=-0.1), "import_share_capital = -0.1"),
    "share not a number": (lambda: replace(OBJECT, paid_share=np.nan), "paid_share = nan"),
    "grants above one": (lambda: Financing(0.8, 0.3), "sum to 1.1"),
    "grant share": (lambda: Financing(1.4), "federal_grant_share = 1.4"),
    "mix": (lambda: replace(OBJECT, mix={"capital": {"CON": 0.5}}), "mix 'capital' sum to 0.5"),
    "no start": (lambda: replace(OBJECT, start_year=None), "start_year is missing"),
    "tax year": (lambda: replace(SKIF, first_year=2003).tax_rate("vat", "federal"), "'vat' (federal) for 2003"),
    "tax unknown": (lambda: SKIF.tax_rate("excise", "federal"), "'excise'"),
    "loan too long": (
        lambda: replace(SKIF, objects=(replace(OBJECT, financing=Financing(0.5, 0, 0.5, loan_term_years=30)),)),
        "loan_term_years = 30",
    ),
    "rate": (lambda: npv([1.0, 2.0], -1.0), "discount rate = -1"),
    "rate of evaluation": (lambda: evaluate(SKIF, discount_rate_public=-1.0), "discount_rate_public"),
    "nan in npv": (lambda: npv([1.0, np.nan], 0.1), "(1,)"),
    "nan in irr": (lambda: irr([1.0, np.nan]), "(1,)"),
    "nan in paths": (lambda: irr_paths([[1.0, -1.0], [np.nan, 2.0]]), "(1, 0)"),
    "nan in payback": (lambda: project.discounted_payback([np.nan, 1.0], 0.1), "(0,)"),
    "draws": (lambda: project.simulate(SKIF, draws=0), "draws = 0"),
    "workers": (lambda: project.simulate(SKIF, draws=10, workers=0), "workers = 0"),
    "unknown parameter": (lambda: evaluate(SKIF, multiplyer=3), "did you mean 'multiplier'"),
    "negative multiplier": (lambda: evaluate(SKIF, multiplier=-3.0), "'multiplier' = -3"),
    "half a year of delay": (lambda: evaluate(SKIF, delay_years=0.5), "delay_years"),
    "unknown project": (lambda: project.from_data("skiff"), "did you mean 'skif'"),
    "unknown override": (lambda: project.from_data("skif", opex_shares=0.1), "did you mean 'opex_share'"),
    "opex below pay": (lambda: project.from_data("skif", opex_share=0.001), "opex_share = 0.001"),
    "unknown deflator": (lambda: project.from_data("skif", deflator="cpi"), "deflator 'cpi'"),
    "range falls": (
        lambda: replace(SKIF, parameters=dict(SKIF.parameters) | {"multiplier": Parameter(3, 4, 5)}),
        "parameter 'multiplier'",
    ),
    "year of column": (lambda: evaluate(SKIF).technological_column(2060), "year = 2060"),
    "nan in shadow prices": (lambda: evaluate(SKIF, shadow_prices={"ELE": np.nan}), "sector 'ELE'"),
    "perspective": (lambda: evaluate(SKIF).flow("publik"), "did you mean 'public'"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_in_one_sentence(case):
    call, words = BAD[case]
    with pytest.raises(InputError) as error:
        call()
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_object_without_start_in_the_table_is_named():
    tables = project.inputs.tables()
    t = tables["project_objects"]
    tables["project_objects"] = t[~((t.object == "campus") & (t["item"] == "start_year"))]
    with pytest.raises(InputError, match="'campus' has no start_year"):
        project.from_data("programme", tables)
