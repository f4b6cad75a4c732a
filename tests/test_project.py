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
from rutrade.project import (
    IRR,
    Financing,
    Parameter,
    ProjectObject,
    Timing,
    build,
    evaluate,
    irr,
    irr_paths,
    irr_roots,
    npv,
)  # fmt: skip

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


@pytest.mark.parametrize("size", [1e-9, 1e-3, 1.0, 1e12])
def test_roots_do_not_depend_on_the_unit_of_money(size):
    for flow, _, roots in VECTORS:
        found = irr_roots(size * np.array(flow))
        assert found == pytest.approx(irr_roots(flow), rel=1e-9)
        assert len(found) == roots
        assert irr_paths([size * np.array(flow)])[2].tolist() == [roots]


def test_a_term_too_small_to_matter_moves_no_root():
    for size in (1.0, 1e120):
        assert irr_roots(size * np.array([-1.0, 1.1, 1e-270])) == pytest.approx([0.1], rel=1e-12)
        assert irr_roots(size * np.array([-1.0, 1.1, -1e-270])) == pytest.approx([0.1], rel=1e-12)


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


def close_pairs() -> np.ndarray:
    """Flows of 12 years with two roots closer together than two rates of the scan, or one that only touches zero."""
    rng, flows = np.random.default_rng(11), []
    for gap in (0.0, 1e-3, 3e-3, 6e-3, 9e-3, 0.02):
        for centre in rng.uniform(-1.5, 1.5, 60):  # x = log(1 + r)
            other = rng.uniform(0.5, 2.0, 4) * np.exp(1j * rng.uniform(0.6, 2.5, 4))
            roots = [np.exp(centre - gap / 2), np.exp(centre + gap / 2), *other, *other.conj(), -rng.uniform(0.3, 3)]
            flows.append(np.real(np.poly(roots)))
    return np.array(flows)


def test_the_scan_of_paths_misses_no_pair_of_roots_between_two_of_its_rates():
    flows = close_pairs()
    rates, statuses, counts = irr_paths(flows)
    single = [irr(f) for f in flows]
    assert [(s.status, s.n_roots) for s in single] == list(zip(statuses, counts, strict=True))
    np.testing.assert_allclose(rates, [s.rate for s in single], rtol=1e-6, atol=1e-6)
    assert {"unique", "multiple"} <= set(statuses)


def test_ordinary_paths_are_settled_by_the_scan_and_not_one_by_one(monkeypatch):
    """The single-flow rule would give the same rates, a hundred times slower: it may decide few paths only."""
    asked = []
    monkeypatch.setattr(project.finance, "irr", lambda flow: asked.append(1) or irr(flow))
    rng = np.random.default_rng(5)
    for years in (6, 12, 32):
        flows = rng.normal(10, 4, (2000, years))
        flows[:, 0] = -20.0 * rng.uniform(0.5, 4, 2000)
        flows[:200, -1] = -30
        asked.clear()
        _, statuses, _ = irr_paths(flows)
        assert len(asked) <= 20, years
        assert (statuses == "unique").sum() > 1000


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
    assert project.discounted_payback([-100, 50, 50], 0.0) == 2.0  # exactly paid back
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
    capital_goods_bn_rub_2016=st.dictionaries(st.integers(2019, 2026), st.floats(0.01, 50), min_size=1),
    start_year=st.integers(2026, 2032),
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
    mothballing_share=share,
    run_until=st.none() | st.integers(2026, 2040),
    import_share_current=share,
    financing=financing,
    mix=st.just({"capital": {"CON": 0.4, "ELE": 0.6}, "current": {"UTL": 0.5, "CHE": 0.5}}),
    effects=st.dictionaries(
        st.sampled_from(project.EFFECTS),
        st.builds(
            Timing,
            start_year=st.none() | st.integers(2015, 2045),
            lag_years=st.integers(0, 6),
            ramp=st.lists(share, max_size=3).map(tuple),
            life_years=st.none() | st.integers(1, 30),
        ),
        max_size=3,
    ),
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
ratio = st.floats(0.5, 2)
prices = (
    st.none()
    | st.fixed_dictionaries({"ELE": ratio, "UTL": ratio, "RND": ratio})
    | st.lists(st.tuples(ratio, ratio, ratio, ratio), min_size=2, max_size=2).map(
        lambda rows: pd.DataFrame(rows, [2023, 2030], ["ELE", "RND", "labour", "foreign_exchange"])
    )
)


@settings(max_examples=80, deadline=None)
@given(thing, changes, prices, st.none() | st.integers(2019, 2040))
def test_transfers_cancel_for_any_object_and_parameters(item, values, shadow, since):
    """Participants' NPVs at one rate sum to the NPV of the resource flows; both routes to an NPV agree."""
    p = replace(SKIF, objects=(item,), seen_from=since)
    e = evaluate(p, shadow_prices=shadow, **values)
    size = max(1.0, e.ledger.bn_rub_2016.abs().sum())
    assert abs(e.participants.sum() - e.efficiency.npv_bn_rub_2016["public"]) <= 1e-9 + 1e-14 * size
    fast = project.npv_at(p, shadow_prices=shadow, **values).iloc[0]
    slow = e.efficiency.npv_bn_rub_2016.astype(float)
    assert (fast[list(slow.index)] - slow).abs().max() <= 1e-9 + 1e-14 * size


@settings(max_examples=60, deadline=None)
@given(thing, changes)
def test_nothing_falls_before_the_start_of_any_effect(item, values):
    e = evaluate(replace(SKIF, objects=(item,)), **values)
    delay = values["delay_years"]
    items = {"users": "users_benefit", "spillover": "spillover", "knowledge": "knowledge",
             "human_capital": "human_capital", "ecology": "ecology"}  # fmt: skip
    for effect, name in items.items():
        years = e.ledger[e.ledger["item"] == name].year
        if len(years) and effect in item.effects and item.effects[effect].start_year is not None:
            assert years.min() >= item.effects[effect].start_year + delay
        if len(years) and effect != "spillover":
            assert years.min() >= item.start_year + delay


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
    p = project.from_data("skif", last_year=2055, mothballing_share=0.0)
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
    d = plain.ledger[plain.ledger.year == year]
    sold = d[d["item"] == "revenue"].bn_rub_2016.sum()
    assert 0 < sold < column["rnd_output", "RND"]
    gap = 0.2 * (sold - column["current_inputs", "RND"]) - 0.5 * column["current_inputs", "ELE"]
    assert o.mix["capital"]["ELE"] > 0
    assert e.flow("public")[year] - plain.flow("public")[year] == pytest.approx(gap, abs=1e-12)


def test_spillover_is_left_out_when_the_economy_model_counts_it():
    with_it, without = evaluate(SKIF), evaluate(SKIF, spillover=False)
    assert (with_it.ledger["item"] == "spillover").any()
    assert not without.ledger["item"].isin(["spillover", "profit_tax_spillover"]).any()


def test_neither_overrun_nor_opex_pays_for_itself():
    for change in ({"cost_overrun": 0.5}, {"opex_factor": 2.0}):
        e, base = evaluate(SKIF, **change), evaluate(SKIF)
        gains = ("spillover", "knowledge", "users_benefit", "human_capital")
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
LAB_PROJECT = replace(SKIF, objects=(LAB,), tax_rules=LAB_RULES, last_year=2026, paid_margin=0.25)
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
    ("property_tax", "operator", "regional_budget"): times(
        {2021: 18.0, 2022: 13.5, 2023: 9.0, 2024: 4.5}, 1.5 * 0.4 * 0.02
    ),
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
    ("residual_value", "", "operator"): {2024: 1.8 * 1.5},
    ("decommissioning", "operator", "suppliers_workers"): {2024: 0.9 * 1.5},
    ("decommissioning", "", "suppliers_workers"): {2024: -0.9 * 1.5},
}


def test_an_object_of_which_only_the_cost_is_said_costs_only_that():
    bare = ProjectObject("bare", {2020: 5.0}, 2021, 4)
    said = {"name", "capital_goods_bn_rub_2016", "start_year", "life_years", "financing"}
    for name in set(ProjectObject.__dataclass_fields__) - said:
        assert getattr(bare, name) in (0, (), {}, None), name
    assert bare.financing == Financing(1.0, 0.0, 0.0, 1.0, loan_rate=0.05, loan_grace_years=3, loan_term_years=12)
    assert Timing() == Timing(None, 0, (), None)
    d = evaluate(replace(LAB_PROJECT, objects=(bare,))).ledger
    assert set(d["item"]) == {"capital_goods", "vat_capital", "federal_grant", "property_tax"}


def test_every_row_of_the_ledger_by_hand():
    d = evaluate(LAB_PROJECT, **LAB_VALUES).ledger
    assert list(d.columns) == ["object", "item", "payer", "payee", "kind", "year", "bn_rub_2016"]
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
    # one whose grants pay for everything and that nothing taxes has exactly nothing in hand
    free = tuple((t, b, y, 0.0) for t, b, y, _ in LAB_RULES)
    even = replace(LAB, financing=Financing(1.0), residual_share=0.0, decommissioning_share=0.0, paid_share=0.0)
    table = evaluate(replace(LAB_PROJECT, objects=(even,), tax_rules=free)).feasibility
    assert table.balance_bn_rub_2016.abs().max() < 1e-12
    assert table.feasible.all()
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


def test_an_object_may_be_used_from_the_year_its_construction_begins():
    at_once = replace(LAB, capital_goods_bn_rub_2016={2021: 18.0})
    assert at_once.start_year == min(at_once.capital_goods_bn_rub_2016)
    used = by_year(evaluate(replace(LAB_PROJECT, objects=(at_once,))), "pay")
    assert used == pytest.approx({2021: 0.2, 2022: 0.4, 2023: 0.4, 2024: 0.4})


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
        # of the research only what users pay for is booked, not what the grant pays for
        expected[year] = expected.get(year, 0.0) + use * 2.0 * 0.3 * 0.2 + 0.25 * use * 3.0
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


# ---- the second round: effects in their own time, mothballing, prices by year, looking forward


def by_year(e, item: str) -> dict[int, float]:
    d = e.ledger[e.ledger["item"] == item]
    return d[d.payee != "suppliers_workers"].groupby("year").bn_rub_2016.sum().to_dict() if item != "pay" else (
        d.groupby("year").bn_rub_2016.sum().to_dict()
    )  # fmt: skip


def lab_with(**timings: Timing) -> project.Project:
    return replace(LAB_PROJECT, objects=(replace(LAB, effects=timings),))


def test_an_effect_has_its_own_start_ramp_lag_and_life():
    plain = by_year(evaluate(LAB_PROJECT), "knowledge")
    full = plain[2022]
    assert plain == pytest.approx({2021: full / 2, 2022: full, 2023: full, 2024: full})
    cases = {
        Timing(start_year=2023): {2023: 1, 2024: 1},
        Timing(lag_years=2): {2023: 0.5, 2024: 1, 2025: 1, 2026: 1},
        Timing(ramp=(0.2, 0.6)): {2021: 0.1, 2022: 0.6, 2023: 1, 2024: 1},
        Timing(life_years=2): {2021: 0.5, 2022: 1},
        Timing(start_year=2022, lag_years=1, ramp=(0.5, 0.8), life_years=3): {2022: 0.25, 2023: 0.8, 2024: 1},
    }
    for timing, share in cases.items():
        found = by_year(evaluate(lab_with(knowledge=timing)), "knowledge")
        assert found == pytest.approx(times(share, full)), timing


@pytest.mark.parametrize(
    ("effect", "items"),
    [
        ("users", {"revenue", "users_benefit", "profit_tax", "profit_tax_users"}),
        ("spillover", {"spillover", "profit_tax_spillover"}),
        ("knowledge", {"knowledge"}),
        ("human_capital", {"human_capital"}),
        ("ecology", {"ecology"}),
        ("price_effects", {"price_effect"}),
    ],
)
def test_a_later_start_moves_its_own_effect_and_nothing_falls_before_it(effect, items):
    prices = {"ELE": 1.5, "UTL": 1.2}
    before = evaluate(LAB_PROJECT, shadow_prices=prices).ledger
    after = evaluate(lab_with(**{effect: Timing(start_year=2024)}), shadow_prices=prices).ledger
    changed = after["item"].isin(items)
    assert set(after[changed]["item"]) == items
    assert after[changed].year.min() >= 2024
    assert before[before["item"].isin(items)].year.min() < 2024
    keys = ["item", "payer", "payee", "year"]
    rest = [d[~d["item"].isin(items)].set_index(keys).bn_rub_2016 for d in (before, after)]
    pd.testing.assert_series_equal(*rest)


def test_a_delay_moves_the_start_of_an_effect():
    timing = Timing(start_year=2023)
    assert min(by_year(evaluate(lab_with(knowledge=timing), delay_years=1), "knowledge")) == 2024


def test_productivity_has_its_own_path_and_none_before_its_start():
    e = evaluate(lab_with(productivity=Timing(start_year=2023, ramp=(0.25,))))
    assert e.shape("productivity").lab.to_dict() == {
        2019: 0, 2020: 0, 2021: 0, 2022: 0, 2023: 0.25, 2024: 1, 2025: 0, 2026: 0
    }  # fmt: skip
    assert evaluate(LAB_PROJECT).shape("knowledge").lab.tolist() == [0, 0, 0.5, 1, 1, 1, 0, 0]


def test_an_object_that_waits_or_is_stopped_costs_its_mothballing():
    kept = replace(LAB_PROJECT, objects=(replace(LAB, mothballing_share=0.25),))
    late = evaluate(kept, delay_years=2)
    assert by_year(late, "pay") == pytest.approx({2021: 0.1, 2022: 0.1, 2023: 0.2, 2024: 0.4, 2025: 0.4, 2026: 0.4})
    stopped = evaluate(replace(kept, objects=(replace(LAB, mothballing_share=0.25, run_until=2022),)))
    assert by_year(stopped, "pay") == pytest.approx({2021: 0.2, 2022: 0.4, 2023: 0.1, 2024: 0.1})
    assert sorted(by_year(stopped, "knowledge")) == [2021, 2022]
    assert by_year(stopped, "operating_grant")[2023] == pytest.approx(0.25 * 0.4 * 1.72)


def test_an_object_that_is_stopped_has_no_unused_life():
    lasting = replace(LAB, life_years=10, run_until=2023)
    d = evaluate(replace(LAB_PROJECT, objects=(lasting,))).ledger
    assert d[d["item"] == "residual_value"].bn_rub_2016.item() == pytest.approx(1.8)
    assert not (d["item"] == "decommissioning").any()


def test_overrun_raises_property_tax_residual_value_and_decommissioning_in_proportion():
    plain, dear = (evaluate(PROGRAMME, cost_overrun=x).ledger.groupby("item").bn_rub_2016 for x in (0.0, 0.3))
    items = ["property_tax", "residual_value", "interest", "loan", "loan_repayment", "federal_grant", "regional_grant"]
    np.testing.assert_allclose(dear.sum()[items], 1.3 * plain.sum()[items], rtol=1e-12)
    taken_down = [evaluate(SKIF, cost_overrun=x).ledger.query("item == 'decommissioning'") for x in (0.0, 0.3)]
    np.testing.assert_allclose(taken_down[1].bn_rub_2016, 1.3 * taken_down[0].bn_rub_2016, rtol=1e-12)


def test_property_tax_falls_on_what_has_been_spent():
    building = replace(LAB, capital_goods_bn_rub_2016={2020: 12.0, 2023: 6.0})
    d = evaluate(replace(LAB_PROJECT, objects=(building,))).ledger
    tax = d[d["item"] == "property_tax"].groupby("year").bn_rub_2016.sum()
    value = {2021: 12.0, 2022: 9.0, 2023: 18 * 0.5, 2024: 18 * 0.25}
    assert tax.to_dict() == pytest.approx(times(value, 0.4 * 0.02))


DUALS = pd.DataFrame(
    {"ELE": [1.1, 1.4], "CON": [0.9, 1.0], "UTL": [1.0, 1.3], "CHE": [1.0, 0.8], "RND": [1.2, 1.5],
     "labour": [1.3, 2.0], "foreign_exchange": [1.5, 1.1]},
    index=[2020, 2024],
)  # fmt: skip


def test_each_year_takes_the_prices_of_its_nearest_solved_year_and_none_between():
    assert project.nearest_node([2026, 2030, 2028], np.arange(2024, 2033)).tolist() == [
        2026, 2026, 2026, 2026, 2028, 2028, 2030, 2030, 2030
    ]  # fmt: skip
    table = project.duals_by_year(DUALS, np.arange(2019, 2027))
    assert table.ELE.tolist() == [1.1] * 4 + [1.4] * 4  # 2022 is as near to both: the earlier
    assert table.index.name == "year"


def test_value_by_year_is_the_sum_of_duals_times_coefficients():
    a = pd.DataFrame({"ELE": [-1.0, 2.0, 3.0], "labour": [-2.0, 0.0, 1.0]}, index=[2020, 2022, 2026])
    assert project.value_by_year(DUALS, a).to_dict() == pytest.approx({2020: -3.7, 2022: 2.2, 2026: 6.2})
    by_object = pd.concat({"lab": a, "hall": 2 * a}, names=["object", "year"])
    found = project.value_by_year(DUALS, by_object)
    assert found["hall", 2026] == pytest.approx(12.4)
    assert found.groupby("year").sum()[2020] == pytest.approx(-11.1)


def test_value_by_year_is_linear_in_the_duals_of_solved_years_only():
    a = evaluate(LAB_PROJECT, **LAB_VALUES).coefficients
    one = project.value_by_year(DUALS, a)
    assert project.value_by_year(2 * DUALS, a).to_numpy() == pytest.approx(2 * one.to_numpy(), rel=1e-12)
    shifted = DUALS.copy()
    shifted.loc[2024, "labour"] += 1.0
    moved = project.value_by_year(shifted, a) - one
    assert moved[moved != 0].index.min() == 2023
    assert moved.sum() == pytest.approx(a.labour.loc[2023:].sum(), rel=1e-12)


def test_a_project_that_starts_later_moves_its_value_by_year():
    later = replace(LAB_PROJECT, objects=(replace(LAB, start_year=2023),))
    steady = pd.DataFrame(1.3, index=[2020], columns=DUALS.columns)
    early_value, late_value = (
        project.value_by_year(steady, evaluate(p, **LAB_VALUES).coefficients[["labour", "RND"]])
        for p in (LAB_PROJECT, later)
    )
    assert (late_value.loc[:2022] == 0).all()
    np.testing.assert_allclose(late_value.loc[2023:2026], early_value.loc[2021:2024], rtol=1e-12)


def test_public_flow_at_duals_is_the_value_of_the_booked_rows_and_what_has_no_price():
    """The same duals value goods, labour and foreign exchange, and research only where it is sold."""
    for p in (LAB_PROJECT, PROGRAMME):
        duals = pd.DataFrame(1.0, DUALS.index, [*data.load("sectors").sector, "labour", "foreign_exchange"])
        duals[DUALS.columns] = DUALS
        e = evaluate(p, shadow_prices=duals, **LAB_VALUES)
        value = project.value_by_year(duals, e.coefficients)
        d = (
            e.ledger[e.ledger.kind == "resource"]
            .groupby(["item", "year"])
            .bn_rub_2016.sum()
            .unstack("year")
            .fillna(0.0)
        )
        unpriced = d.reindex(["spillover", "knowledge", "human_capital", "ecology", "residual_value"]).sum()
        unpriced += d.loc["decommissioning"] if "decommissioning" in d.index else 0.0
        sold = e.ledger[e.ledger["item"] == "revenue"].groupby("year").bn_rub_2016.sum()
        surplus = (e.values["consumer_surplus_share"] * sold).reindex(p.years, fill_value=0.0)
        expected = value + unpriced.reindex(p.years, fill_value=0.0) + surplus
        np.testing.assert_allclose(e.flow("public"), expected, rtol=0, atol=1e-9)


def test_coefficients_at_market_prices_are_the_public_flow_of_goods_and_labour():
    e = evaluate(PROGRAMME, shadow_wage_factor=1.0)
    d = e.ledger
    goods = d[(d.kind == "resource") & d["item"].isin(["capital_goods", "current_goods", "labour"])]
    revenue = d[d["item"] == "revenue"].groupby("year").bn_rub_2016.sum().reindex(PROGRAMME.years, fill_value=0.0)
    total = goods.groupby("year").bn_rub_2016.sum().reindex(PROGRAMME.years, fill_value=0.0) + revenue
    np.testing.assert_allclose(e.coefficients.sum(axis=1), total, atol=1e-9)
    assert (e.coefficients["foreign_exchange"] <= 0).all()
    assert e.coefficients["foreign_exchange"].sum() < -10


def test_appraisal_stands_side_by_side_at_market_wages_at_nine_tenths_and_at_duals():
    table = project.at_wages(LAB_PROJECT, DUALS, **LAB_VALUES | {"shadow_wage_factor": 0.5})
    assert list(table.index) == [
        "labour at 1 of pay", "labour at 0.9 of pay", "labour at its dual", "all at their duals"
    ]  # fmt: skip
    pay = sum(u * 0.8 * 1.05 ** -(y - 2019) for y, u in USED.items())
    assert table.labour.iloc[:2].tolist() == pytest.approx([-pay, -0.9 * pay])
    dual = sum(u * 0.8 * (1.3 if y <= 2022 else 2.0) * 1.05 ** -(y - 2019) for y, u in USED.items())
    assert table.labour.iloc[2:].tolist() == pytest.approx([-dual, -dual])
    assert table.price_effect.iloc[:3].tolist() == [0, 0, 0]
    assert table.npv_public.iloc[2] - table.npv_public.iloc[0] == pytest.approx(pay - dual)
    whole = evaluate(LAB_PROJECT, shadow_prices=DUALS, **LAB_VALUES).efficiency.loc["public"]
    assert table.npv_public.iloc[3] == pytest.approx(whole.npv_bn_rub_2016)
    assert table.benefit_cost.iloc[3] == pytest.approx(whole.benefit_cost)
    assert len(project.at_wages(LAB_PROJECT)) == 2


def test_seen_from_a_later_year_what_was_spent_and_bought_before_is_sunk():
    e = evaluate(replace(LAB_PROJECT, seen_from=2022), **LAB_VALUES)
    d = e.ledger
    assert d.year.min() == 2022
    assert not d["item"].isin(["capital_goods", "vat_capital", "loan", "federal_grant"]).any()
    # procurement of 2020 and 2021 has its effect whatever is decided; .3 a year of use from 2022 on
    assert by_year(e, "spillover") == pytest.approx({y: 0.3 * 1.2 for y in (2024, 2025, 2026)})
    whole = evaluate(LAB_PROJECT, **LAB_VALUES).ledger
    for item in ("knowledge", "pay", "interest", "loan_repayment", "residual_value", "property_tax"):
        before, after = (x[x["item"] == item].set_index("year").bn_rub_2016 for x in (whole, d))
        pd.testing.assert_series_equal(after, before[before.index >= 2022])
    assert e.flow("public").index.tolist() == list(range(2022, 2027))
    value = e.efficiency.npv_bn_rub_2016["public"]
    assert value == pytest.approx(sum(v * 1.05 ** -(y - 2022) for y, v in e.flow("public").items()))
    fast = project.npv_at(replace(LAB_PROJECT, seen_from=2022), **LAB_VALUES).iloc[0]
    assert fast["public"] == pytest.approx(value, abs=1e-9)
    column = e.technological_column(2022)
    assert column["commercialised_output", "MAC"] == 0
    assert column["high_tech_procurement", "ELE"] == pytest.approx(0.3 * 1.2)
    lagged = lab_with(knowledge=Timing(lag_years=1, ramp=(0.5,)))
    seen = by_year(evaluate(replace(lagged, seen_from=2022)), "knowledge")
    assert sorted(seen) == [2023, 2024, 2025]  # the use of 2021 is sunk, its ramp has passed
    assert seen[2023] == pytest.approx(seen[2025])


def test_going_on_is_worth_the_forward_value_less_that_of_stopping():
    p = replace(LAB_PROJECT, objects=(replace(LAB, mothballing_share=0.25), replace(LAB, name="unborn", start_year=2024,
                capital_goods_bn_rub_2016={2023: 5.0})))  # fmt: skip
    table = project.forward_looking(p, 2022, **LAB_VALUES)
    assert table.sunk_share.tolist() == pytest.approx([1.0, 0.0, 18 / 23])
    lab, unborn = table.loc["lab"], table.loc["unborn"]
    assert lab.npv_from_first_year == pytest.approx(evaluate(replace(p, objects=p.objects[:1]), **LAB_VALUES)
                                                    .efficiency.npv_bn_rub_2016["public"])  # fmt: skip
    discount = {y: 1.05 ** -(y - 2022) for y in range(2022, 2027)}
    # 2022 to 2024 a quarter of operation for goods (2 * 1) and pay (2 * .4 * .9), then what is left and taking down
    stopped = -sum(0.25 * (2.0 + 0.72) * discount[y] for y in (2022, 2023, 2024)) + (2.7 - 1.35) * discount[2024]
    assert lab.npv_stopped == pytest.approx(stopped)
    assert unborn.npv_stopped == 0
    assert lab.npv_of_going_on == pytest.approx(lab.npv_forward - stopped)
    assert table.npv_of_going_on.iloc[-1] == pytest.approx(lab.npv_of_going_on + unborn.npv_of_going_on)


def test_a_half_built_object_costs_its_part_of_the_mothballing():
    p = replace(LAB_PROJECT, objects=(replace(LAB, mothballing_share=0.25, residual_share=0.0,
                decommissioning_share=0.0),))  # fmt: skip
    table = project.forward_looking(p, 2021, **LAB_VALUES)
    assert table.sunk_share["lab"] == pytest.approx(12 / 18)
    expected = -sum(0.25 * 12 / 18 * (2.0 + 0.72) * 1.05 ** -(y - 2021) for y in range(2021, 2025))
    assert table.npv_stopped["lab"] == pytest.approx(expected)


def test_programme_seen_from_2026_has_most_of_its_capital_sunk():
    table = project.forward_looking(PROGRAMME, 2026)
    assert table.sunk_share["programme"] == pytest.approx(0.59, abs=0.01)
    assert (table.npv_forward.drop("campus") < 0).all()
    assert table.npv_forward["campus"] > 0


def test_private_share_of_gains_counts_gains_only():
    table = pd.DataFrame([dict.fromkeys(project.PARTICIPANTS, 0.0)] * 3)
    table.loc[0, ["non_participants", "households", "users", "federal_budget"]] = [1.0, 2.0, 1.0, -50.0]
    table.loc[1, "non_participants"] = -1.0
    table.loc[1, "users"] = 4.0
    shares = project.private_share(table)
    assert shares.iloc[:2].tolist() == [0.25, 0.0]
    assert np.isnan(shares.iloc[2])
    assert project.private_share(table / 1000).iloc[:2].tolist() == pytest.approx([0.25, 0.0])  # in any unit of money


def test_no_draw_leaves_the_range_of_the_private_share():
    table = project.private_share_range(SKIF)
    low, central, high = table.private_share
    assert 0 <= low < central < high <= 1
    drawn = project.private_share(project.simulate(SKIF, 4000, 3).npv)
    assert drawn.between(low, high).all()
    for end in ("low", "high"):
        corner = table.loc[end].drop("private_share").to_dict()
        again = project.private_share(project.npv_at(SKIF, **corner)).iloc[0]
        assert again == pytest.approx(table.private_share[end], abs=1e-12)
        for name, value in corner.items():
            assert SKIF.parameters[name].low <= value <= SKIF.parameters[name].high, name
    assert project.private_share_range(point(SKIF)).private_share.nunique() == 1


def test_the_range_of_the_private_share_reaches_into_the_middle_and_no_parameter_alone_goes_beyond():
    """Of the lab the highest share lies inside the ranges of two parameters that move each other's best value."""
    wide = {"cost_overrun": (-0.9, 0.0, 0.3), "delay_years": (0.0, 0.0, 6.0)}
    alone = point(LAB_PROJECT)
    p = replace(alone, parameters=dict(alone.parameters) | {
        n: Parameter(central, low, high) for n, (low, central, high) in wide.items()
    })  # fmt: skip
    table = project.private_share_range(p)
    assert list(table.index) == ["low", "central", "high"] and set(table) == {"private_share", *wide}
    steps = {"cost_overrun": np.linspace(-0.9, 0.3, 41), "delay_years": np.arange(7.0)}
    for name, (low, _, high) in wide.items():
        assert low < table.at["high", name] < high
        other = {n: table.at["high", n] for n in wide if n != name}
        line = project.private_share(project.npv_at(p, **other, **{name: steps[name]}))
        assert line.max() <= table.at["high", "private_share"] + 1e-12, name
        assert line.max() > max(line.iloc[0], line.iloc[-1]) + 0.001, name
    overrun, delay = (part.ravel() for part in np.meshgrid(*steps.values()))
    found = project.private_share(project.npv_at(p, cost_overrun=overrun, delay_years=delay))
    assert found.min() == pytest.approx(table.at["low", "private_share"], abs=1e-12)
    assert found.max() == pytest.approx(table.at["high", "private_share"], abs=1e-12)


def test_the_channel_has_a_verdict_only_where_the_whole_range_gives_it():
    claim = data.load("claims").set_index("claim").loc["m1-channel"]
    share = 100 * project.private_share_range(PROGRAMME).private_share
    undecided = share["low"] < 50 <= share["high"]
    assert pd.isna(claim["value_name"]) == undecided


def test_single_object_takes_the_ranges_that_comparable_facilities_support():
    t = data.load("project_objects").query("object == 'skif'").set_index("item")
    for item, name in (("opex_share", "opex_factor"), ("publications", "publications_factor")):
        p = SKIF.parameters[name]
        assert (p.low, p.high) == pytest.approx((t.low[item] / t["value"][item], t.high[item] / t["value"][item]))
        assert "assumption" not in p.source
        assumed = data.load("benefit_parameters").set_index("parameter").loc[name]
        of_all = PROGRAMME.parameters[name]
        assert (of_all.low, of_all.high, of_all.source) == (assumed.low, assumed.high, assumed.source)
        assert (of_all.low, of_all.high) != (p.low, p.high)


def test_ranges_of_skif_follow_from_the_comparators():
    c = data.load("comparators")

    def of(facility, indicator, period=None):
        rows = c[(c.facility == facility) & (c.indicator == indicator)]
        return (rows if period is None else rows[rows.period == period])["value"].iloc[-1]

    t = data.load("project_objects").query("object == 'skif'").set_index("item")
    stations = data.load("project_facts").set_index("fact")["value"]["skif_stations"]
    per = "papers per station and year"
    assert of("Diamond", per) == pytest.approx(
        (of("Diamond", "papers to date", "2022/23") - of("Diamond", "papers to date", "2017")) / 5
        / of("Diamond", "beamlines", "2022/23")
    )  # fmt: skip
    assert of("ESRF", per) == pytest.approx(of("ESRF", "papers per year") / of("ESRF", "beamlines", "2010"))
    assert t.low["publications"] == pytest.approx(stations * of("MAX IV", per))
    assert t.high["publications"] == pytest.approx(stations * of("ESRF", per))
    assert t.low["publications"] < stations * of("Diamond", per) < t.high["publications"]
    assert (t.low["staff"], t.high["staff"]) == (of("MAX IV", "staff"), of("Diamond", "staff"))
    share = "operating cost/capital cost"
    assert t.low["opex_share"] == pytest.approx(of("ALBA", share, "2010"))
    assert t.high["opex_share"] == pytest.approx(of("MAX IV", share))
    assert of("Diamond", "staff per station") == pytest.approx(742 / 33)


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
        edge = row.high if row.switching_value > row.central else row.low  # distance 1 is the edge of the range
        assert row.central + row.distance * (edge - row.central) == pytest.approx(row.switching_value), name
        assert (row.distance <= 1) == (row.status == "within_range"), name
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
    "operation before construction": (lambda: replace(OBJECT, start_year=2018), "operation before construction"),
    "object without cost": (lambda: replace(OBJECT, capital_goods_bn_rub_2016={2020: 0.0}), "an object without cost"),
    "text for staff": (lambda: replace(OBJECT, staff="many"), "staff = 'many' is not allowed: a number"),
    "text for a cost": (lambda: replace(OBJECT, capital_goods_bn_rub_2016={2020: "1"}), "2016 in 2020 = '1'"),
    "text for a parameter": (lambda: evaluate(SKIF, multiplier="high"), "'multiplier' = 'high' is not allowed"),
    "unknown sector": (
        lambda: replace(SKIF, objects=(replace(OBJECT, mix={"capital": {"COM": 1.0}}),)),
        "unknown sector in mix 'capital'",
    ),
    "unknown use": (lambda: replace(OBJECT, mix={"capitol": {"CON": 1.0}}), "did you mean 'capital'"),
    "share of a mix": (
        lambda: replace(OBJECT, mix={"capital": {"CON": 1.5, "ELE": -0.5}}), "mix 'capital' of CON = 1.5"
    ),
    "unknown effect": (lambda: replace(OBJECT, effects={"knowlege": Timing()}), "did you mean 'knowledge'"),
    "lag": (lambda: Timing(lag_years=-1), "lag_years = -1"),
    "ramp of an effect": (lambda: Timing(ramp=(1.2,)), "ramp = 1.2"),
    "life of an effect": (lambda: Timing(life_years=0), "life_years = 0"),
    "start of an effect": (lambda: Timing(start_year=20), "start_year = 20"),
    "shape of spillover": (lambda: evaluate(SKIF).shape("spillover"), "unknown effect of use 'spillover'"),
    "shape unknown": (lambda: evaluate(SKIF).shape("knowlege"), "did you mean 'knowledge'"),
    "seen from after the end": (lambda: replace(SKIF, seen_from=2060), "seen_from = 2060"),
    "seen from before the start": (lambda: replace(SKIF, seen_from=2018), "seen_from = 2018"),
    "column before the year seen from": (
        lambda: evaluate(replace(SKIF, seen_from=2026)).technological_column(2025), "year = 2025"
    ),
    "no duals": (lambda: evaluate(SKIF, shadow_prices=DUALS.iloc[:0]), "the table is empty"),
    "duals twice": (lambda: project.duals_by_year(pd.concat([DUALS, DUALS]), [2020]), "2020 appears twice"),
    "nan in duals": (lambda: project.duals_by_year(DUALS * np.nan, [2020]), "'ELE' in 2020 = nan"),
    "row without dual": (
        lambda: project.value_by_year(DUALS, pd.DataFrame({"VEH": [1.0]}, index=[2020])), "row 'VEH'"
    ),
    "duals without labour": (lambda: project.at_wages(SKIF, DUALS[["ELE"]]), "no column 'labour'"),
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
    "no years": (lambda: irr([]), "flows have shape (0,)"),
    "paths without years": (lambda: irr_paths(np.zeros((3, 0))), "flows have shape (3, 0)"),
    "paths of paths": (lambda: irr_paths(np.ones((2, 2, 2))), "flows have shape (2, 2, 2)"),
    "nan in payback": (lambda: project.discounted_payback([np.nan, 1.0], 0.1), "(0,)"),
    "draws": (lambda: project.simulate(SKIF, draws=0), "draws = 0"),
    "workers": (lambda: project.simulate(SKIF, draws=10, workers=0), "workers = 0"),
    "unknown parameter": (lambda: evaluate(SKIF, multiplyer=3), "did you mean 'multiplier'"),
    "negative multiplier": (lambda: evaluate(SKIF, multiplier=-3.0), "'multiplier' = -3"),
    "more value added than output": (lambda: evaluate(SKIF, value_added_share=1.05), "'value_added_share' = 1.05"),
    "more than all displaced": (lambda: evaluate(SKIF, opportunity_share=1.0001), "'opportunity_share' = 1.0001"),
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


def test_a_project_of_tables_has_the_horizon_and_prices_of_the_data_s_own_unless_told_otherwise():
    assert build.from_tables("skif", project.inputs.tables()) == SKIF
    assert (SKIF.first_year, SKIF.last_year, SKIF.seen_from) == (2019, 2050, None)
    later = project.from_data("skif", last_year=2051)
    assert evaluate(later).participants.sum() != evaluate(SKIF).participants.sum()


def test_object_without_cost_in_the_table_is_named():
    tables = project.inputs.tables()
    t = tables["project_objects"]
    tables["project_objects"] = t[~((t.object == "campus") & (t["item"] == "capex"))]
    with pytest.raises(InputError, match="'campus' has no cost"):
        project.from_data("programme", tables)


def test_price_year_without_a_deflator_is_named():
    tables = project.inputs.tables()
    tables["project_objects"].loc[lambda t: t["item"] == "capex", "price_year"] = 1950
    with pytest.raises(InputError, match="'skif' is at prices of 1950: allowed are"):
        project.from_data("skif", tables)
