"""The plan, (5.1)-(5.6): against enumeration, by its limits, prices by finite difference, the ledger, bad input."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from rutrade import InputError, plan, project
from rutrade.plan import planning
from rutrade.plan.blocks import Block, started, stopped
from rutrade.plan.choices import Measures, valued
from rutrade.project import ProjectObject

STARTS = (2026, 2027, 2028)
DUALS = pd.DataFrame(
    {"CON": [0.9, 1.1], "MAC": [0.8, 1.2], "RND": [1.1, 1.0], "labour": [0.7, 1.6], "foreign_exchange": [1.2, 0.9]},
    pd.Index([2026, 2033], name="year"),
)


def block(name, title="", needs=None, smallest=1.0, **item):
    """A small object, planned for 2026 with what it costs before it in 2024-25."""
    given = {"capital_goods_bn_rub_2016": {2026: 1.0, 2027: 1.0}, "start_year": 2026, "life_years": 10, "staff": 100.0,
             "pay_mn_rub_2016": 0.7, "publications": 150.0, "high_tech_share": 0.2,
             "mix": {"capital": {"CON": 0.5, "MAC": 0.5}, "commercialised": {"MAC": 1.0}}}  # fmt: skip
    return Block(name, title or name, ProjectObject(name, **given | item), smallest, 1.0, needs)


@pytest.fixture(scope="module")
def whole():
    return project.from_data("programme", last_year=2060)


@pytest.fixture(scope="module")
def three():
    """Three blocks of which one pays, one does not, and one needs the first and can be built in part."""
    return (
        block("good", publications=500.0, use_units=10.0),
        block("bad", publications=5.0, staff=300.0, high_tech_per_year_bn_rub_2016=0.2),
        block("later", needs="good", smallest=0.1, publications=400.0, start_year=2027,
              capital_goods_bn_rub_2016={2026: 2.0, 2027: 1.0}),
    )  # fmt: skip


def made(whole, blocks, starts=STARTS, **values):
    return plan.choices.choices(whole, blocks, starts, 2026, DUALS, Measures(export_share=0.25), **values)


@pytest.fixture(scope="module")
def small(whole, three):
    return made(whole, three)


@pytest.fixture(scope="module")
def market():
    """The plan of the data at market prices, which needs no model of the economy."""
    return plan.solve(prices="market")


def limits(c, budget=np.inf, staff=np.inf):
    return plan.Limits.of(c, budget, staff)


def enumerated(c, limit):
    """The best of all combinations of starts; the one scale that is free is the largest that the limits leave."""
    best = 0.0
    options = [[None, *np.flatnonzero(row)] for row in c.allowed]
    for places in itertools.product(*options):
        if places[2] is not None and (places[0] is None or places[0] > places[2]):
            continue
        fixed = [(i, j) for i, j in enumerate(places[:2]) if j is not None]
        used = {n: sum((per[i, j] for i, j in fixed), np.zeros(len(c.years))) for n, per in
                (("budget", c.money), ("staff", c.staff))}  # fmt: skip
        room = {"budget": limit.budget - used["budget"], "staff": limit.staff - used["staff"]}
        if any((r < -1e-9).any() for r in room.values()):
            continue
        value = sum(c.value[i, j] for i, j in fixed)
        if places[2] is not None:
            per = {"budget": c.money[2, places[2]], "staff": c.staff[2, places[2]]}
            scale = min([1.0, *(float((room[n][per[n] > 0] / per[n][per[n] > 0]).min()) for n in room)])
            if scale < c.blocks[2].smallest - 1e-12:
                continue
            gain = c.value[2, places[2]]
            value += gain * (scale if gain > 0 else c.blocks[2].smallest)
        best = max(best, value)
    return best


@pytest.mark.parametrize("budget", [np.inf, 2.0, 1.4, 0.9, 0.5, 0.0])
@pytest.mark.parametrize("staff", [np.inf, 150.0])
def test_the_program_finds_what_trying_all_combinations_finds(small, budget, staff):
    found = plan.best(small, limits(small, budget, staff))
    assert found.value == pytest.approx(enumerated(small, limits(small, budget, staff)), abs=1e-7)
    assert (found.total(small.money) <= budget + 1e-7).all() and (found.total(small.staff) <= staff + 1e-4).all()


def test_without_limits_every_block_with_a_positive_value_is_in_and_no_other(small):
    inside = set(plan.best(small, limits(small)).chosen(small))
    worth = {b.name for b, row, may in zip(small.blocks, small.value, small.allowed, strict=True) if row[may].max() > 0}
    assert inside == worth and inside == {"good", "later"}


def test_of_the_data_every_free_block_with_a_positive_value_is_in_and_no_other():
    found = plan.solve(prices="market", budget=1e6, staff=1e6)
    c = found.choices
    free = [i for i, b in enumerate(c.blocks) if b.needs is None and b.name not in {x.needs for x in c.blocks}]
    for i in free:
        assert bool(found.best.y[i].any()) == (np.where(c.allowed[i], c.value[i], -1.0).max() > 0)


def test_a_budget_of_nothing_buys_nothing(small):
    assert not plan.best(small, limits(small, 0.0)).q.any()


def test_a_tighter_budget_never_raises_the_value(small):
    values = [plan.best(small, limits(small, budget)).value for budget in np.linspace(0, 3, 13)]
    assert (np.diff(values) >= -1e-9).all() and values[-1] > values[0]


def test_a_block_in_two_halves_is_worth_as_much_as_the_whole(whole, three):
    one = made(whole, three[:1])
    halves = [replace(three[0].scaled(0.5), name=n) for n in ("half", "other half")]
    two = made(whole, halves)
    assert plan.best(two, limits(two)).value == pytest.approx(plan.best(one, limits(one)).value, rel=1e-9)
    # with money for one half at a time, one half is built after the other where the whole cannot be
    budget = float(one.money[0, one.allowed[0]].max(1).min()) * 0.6
    assert not plan.best(one, limits(one, budget)).q.any()
    assert plan.best(two, limits(two, budget)).chosen(two) in (
        {"half": 2026, "other half": 2028}, {"half": 2028, "other half": 2026}
    )  # fmt: skip


def test_a_later_stage_never_starts_before_what_it_needs(whole, three):
    blocks = (block("good", publications=0.0, staff=400.0), three[1], three[2])
    c = made(whole, blocks)
    assert "later" not in plan.best(c, limits(c)).chosen(c)  # what it needs costs more than both bring
    late = replace(c, allowed=c.allowed & ~np.array([[True, False, False], [False] * 3, [False] * 3]))
    late = late.at(np.array([[0, 0, 5.0], [0, 0, 0], [9, 8, 7.0]]), c.stopped)
    assert plan.best(late, limits(late)).chosen(late) == {"good": 2028, "later": 2028}


def test_prices_of_budget_and_staff_are_finite_differences(small):
    for name, budget, staff, unit in (("budget", 2.0, np.inf, 1.0), ("staff", np.inf, 150.0, 1000.0)):
        limit = limits(small, budget, staff)
        chosen = plan.best(small, limit)
        at = plan.prices(small, limit, chosen)
        priced = at.table.index[at.table[name] > 0]
        assert len(priced)
        step = 1e-4
        for years in (priced, small.years) if name == "budget" else (small.years,):
            moved = getattr(limit, name).copy()
            moved[np.isin(small.years, years)] += step * unit
            more = plan.prices(small, replace(limit, **{name: moved}), chosen)
            assert (more.value - at.value) / step == pytest.approx(at.table[name].sum(), rel=1e-4)


def test_a_front_falls_and_its_prices_are_finite_differences(whole, three):
    blocks = (three[0], replace(three[1], smallest=0.1), three[2])
    c = made(whole, blocks)
    limit = limits(c, 3.0)
    table = plan.front(c, limit, "exports", 6)
    assert (table["value"].diff().dropna() <= 1e-9).all() and (table["reached"] >= table["floor"] - 1e-6).all()
    gave = -(table["value"].diff() / table["floor"].diff()).dropna()
    assert table["price"].dropna().to_numpy() == pytest.approx(gave.to_numpy()) and (gave > 0).all()
    for floor, marginal in zip(table["floor"][1:-1], table["marginal"][1:-1], strict=True):
        chosen = plan.best(c, limit, {"exports": floor})
        at, more = (plan.prices(c, limit, chosen, {"exports": floor + step}) for step in (0.0, 1e-6))
        assert (at.value - more.value) / 1e-6 == pytest.approx(marginal, rel=1e-3) and marginal > 0


def test_the_runner_up_is_another_set_of_blocks_and_worth_no_more(market):
    c = market.choices
    assert set(market.runner_up.chosen(c)) != set(market.best.chosen(c))
    assert market.runner_up.value <= market.best.value + 1e-9


def test_two_runs_give_the_same_bytes(small):
    first, second = (plan.best(small, limits(small, 1.2)) for _ in range(2))
    assert first.q.tobytes() == second.q.tobytes() and first.value == second.value


@pytest.mark.parametrize("values", [{}, {"multiplier": 6.0, "paper_value_mn_rub_2016": 4.12}])
def test_the_value_of_a_plan_is_that_of_the_ledger_of_the_same_plan(whole, three, values):
    blocks = (*three, block("begun", capital_goods_bn_rub_2016={2024: 1.0, 2025: 0.5, 2026: 0.5}, mothballing_share=0.3,
                            import_share_capital=0.2, publications=300.0))  # fmt: skip
    c = made(whole, blocks, **values)
    chosen = plan.best(c, limits(c, 1.5))
    assert chosen.q.any() and not chosen.q.all(axis=1).all()
    ledger = project.evaluate(planning.as_project(whole, c, chosen, 2026), shadow_prices=DUALS, **values)
    npv = project.npv(ledger.flow("public").to_numpy(), ledger.discount_rate("public"))
    assert chosen.value + c.stopped.sum() == pytest.approx(float(npv), rel=1e-9)


def test_a_plan_of_the_data_has_the_ledgers_value_and_money(market):
    ledger = project.evaluate(market.project())
    npv = project.npv(ledger.flow("public").to_numpy(), ledger.discount_rate("public"))
    assert market.npv == pytest.approx(float(npv), rel=1e-9)
    paid = ledger.ledger[ledger.ledger["item"].isin(plan.choices.GRANTS)]
    inside = paid[~paid["object"].str.contains("left out")].groupby("year")["bn_rub_2016"].sum()
    assert market.money().sum(axis=1)[inside.index].to_numpy() == pytest.approx(inside.to_numpy(), rel=1e-9)


def test_sunk_cost_stays_and_waiting_is_paid_for(whole):
    half = block("begun", capital_goods_bn_rub_2016={2024: 1.0, 2026: 1.0}, mothballing_share=0.3)
    now, later = started(half, 2026, 2026), started(half, 2028, 2026)
    assert len(now) == 1 and now[0] == half.item
    moved, waiting = later
    assert moved.capital_goods_bn_rub_2016 == {2024: 1.0, 2028: 1.0} and moved.start_year == 2028
    assert waiting.life_years == 2 and waiting.mothballing_share == pytest.approx(0.15)
    assert stopped(half, 2026)[0].mothballing_share == pytest.approx(0.15)
    assert not stopped(block("new"), 2026)
    # two years of waiting cost what they cost
    worth, left = valued(whole, [half], (2026, 2028), 2026, None)
    assert left[0, 0] < 0 and worth.shape == (1, 2, 1)
    free = replace(half, item=replace(half.item, mothballing_share=0.0))
    cheap = valued(whole, [free], (2028,), 2026, None)
    pay = half.item.staff * half.item.pay_mn_rub_2016 / 1000 * 0.15 * 0.9 * (1 + 1 / 1.05)
    assert (cheap[0] + cheap[1] - worth[:, 1:] - left[:, None])[0, 0, 0] == pytest.approx(pay)


def test_the_stages_of_skif_sum_to_the_object(market):
    whole = market.whole.objects[0]
    parts = [b.item for b in market.choices.blocks if b.name.startswith("skif")]
    assert len(parts) == 2
    for name in ("capital", "staff", "publications", "use_units", "current_goods_bn_rub_2016"):
        assert sum(getattr(p, name) for p in parts) == pytest.approx(getattr(whole, name), rel=1e-5)


def test_where_stopping_is_free_the_campus_alone_is_chosen():
    """The trial's reference: at market prices, without mothballing, to 2050."""
    found = plan.solve(prices="market", mothballing_share=0.0, last_year=2050)
    assert list(found.best.chosen(found.choices)) == ["campus"]
    assert found.value == pytest.approx(2.0, abs=0.3)


@pytest.mark.parametrize("label, name", [("paper value", "paper_value_mn_rub_2016"), ("multiplier", "multiplier")])
def test_a_block_is_in_above_its_switching_value_and_out_below(market, label, name):
    factor = market.switching().at["Genetic technologies", label]
    base = market.whole.values()[name]
    for side, inside in ((1.01, True), (0.99, False)):
        c = made_market(market, **{name: base * factor * side})
        found = plan.best(c, plan.Limits.of(c))
        assert ("genetic_technologies" in found.chosen(c)) == inside


def test_both_stages_of_skif_are_in_above_the_factor_of_both(market):
    table = market.switching()
    both = next(name for name in table.index if name.count("SKIF") == 2)
    for side, inside in ((1.01, True), (0.99, False)):
        factor = table.at[both, "cost"] / side
        c = made_market(market, opex_factor=factor, cost_overrun=factor - 1)
        assert ("skif_2" in plan.best(c, plan.Limits.of(c)).chosen(c)) == inside


def made_market(market, **values):
    c = market.choices
    worth, left = valued(market.whole, c.blocks, c.starts, market.since, None, **values)
    return c.at(worth[..., 0], left[..., 0])


def test_the_summary_names_every_block_and_sums_to_the_value(market):
    table = market.summary()
    assert table["value"].sum() == pytest.approx(market.value)
    assert set(table.index[table["start"].notna()]) == set(market.best.chosen(market.choices))
    assert table.at["rest_1", "assumption"] and not table.at["campus", "assumption"]


def test_prices_that_move_with_the_plan_are_found_again():
    """(5.5) Rounds: the price of the second round is that of the first round's plan, and the last two agree."""
    c = plan.choices.Choices(
        (block("a"),), (2026,), np.arange(2026, 2029), np.array([[1.0]]), np.zeros(1), np.ones((1, 1, 3)),
        np.ones((1, 1, 3)), np.ones((1, 1, 3)), np.ones((1, 1)), np.ones((1, 1)), np.ones((1, 1), bool),
    )  # fmt: skip
    table = pd.DataFrame({"labour": [1.0]}, index=[2030])
    asked = []

    def answer(now, selection):
        asked.append(float(now.value[0, 0]))
        return pd.DataFrame({"labour": [1.0 + 0.5 * selection.q.sum()]}, index=[2030])

    found, selection, last, rounds = planning._settled(
        c, plan.Limits.of(c), (), table, lambda duals: c.at(np.array([[2.0 - duals.iat[0, 0]]]), c.stopped), answer
    )
    assert list(rounds["change"]) == pytest.approx([0.5, 0.0]) and asked == [1.0, 0.5]
    assert last.iat[0, 0] == 1.5 and found.value[0, 0] == 0.5 and selection.value == 0.5


@pytest.mark.slow
def test_rounds_with_the_economy_settle_at_prices_that_hold_the_plan():
    world = plan.inputs.economy_of("12")
    found = plan.solve(world=world, sectors="12", paper_value_mn_rub_2016=4.12)
    assert found.rounds["change"].iloc[-1] < planning.SETTLED and found.rounds["change"].iloc[0] > 0
    again = plan.inputs.duals(planning.answered(world, found.project(), planning.measured(world), 0.2, found.values))
    assert (again - found.duals).abs().max().max() < planning.SETTLED
    ledger = project.evaluate(found.project(), shadow_prices=found.duals, **found.values)
    npv = project.npv(ledger.flow("public").to_numpy(), ledger.discount_rate("public"))
    assert found.npv == pytest.approx(float(npv), rel=1e-9)


@pytest.mark.parametrize("bad, message", [
    ({"budget": -1}, "budget = -1 is not allowed: at least 0"),
    ({"budget": 0.01, "keep": ("campus",)}, "budget = 0.01 is not allowed: in 20"),
    ({"from_year": 2025}, "from_year = 2025 is not allowed: from 2026"),
    ({"last_start": 2025}, "last_start = 2025 is not allowed"),
    ({"prices": "shadow"}, "unknown prices 'shadow'"),
    ({"keep": ("tower",)}, "unknown block 'tower'"),
    ({"multiplier": "many"}, "parameter 'multiplier'"),
    ({"own": ("nowhere.yaml",)}, "nowhere.yaml cannot be read"),
])  # fmt: skip
def test_what_is_not_allowed_is_refused_in_a_sentence(bad, message):
    with pytest.raises(InputError) as error:
        plan.solve(**{"prices": "market"} | bad)
    assert message in str(error.value) and "\n" not in str(error.value)


def test_a_negative_scale_is_refused():
    with pytest.raises(InputError, match=r"smallest scale = -0\.5 is not allowed"):
        block("x", smallest=-0.5)
    with pytest.raises(InputError, match=r"scale = -1 is not allowed"):
        block("x").scaled(-1)


def test_a_target_of_a_single_year_is_refused():
    with pytest.raises(InputError, match="mean over at least five years"):
        Measures(2033, 2033)


OWN = """name: {name}
source: assumption
price_year: 2026
capital_cost_bn_rub: {capital}
start_year: {start}
life_years: 20
opex_share: 0.09
staff: 20
pay_mn_rub_2016: 0.68
publications: 900
mix: {{capital: {{CON: 0.3, MAC: 0.7}}}}
"""


def own(folder, name="cryo_lab", capital="{2027: 1.5, 2028: 2.5}", start=2029):
    path = folder / f"{name}.yaml"
    path.write_text(OWN.format(name=name, capital=capital, start=start), encoding="utf-8")
    return path


def test_an_own_object_is_planned_beside_the_others(tmp_path):
    found = plan.solve(prices="market", own=[own(tmp_path)])
    assert found.best.chosen(found.choices)["cryo_lab"] >= 2029


@pytest.mark.parametrize("bad, message", [
    ({"capital": "{2022: 1.0}", "start": 2025}, "start_year = 2025 is not allowed: 2026 or later"),
    ({"capital": "{2027: 0.0}"}, "an object without cost"),
])  # fmt: skip
def test_an_own_object_that_cannot_be_planned_is_refused(tmp_path, bad, message):
    with pytest.raises(InputError, match=message):
        plan.solve(prices="market", own=[own(tmp_path, **bad)])


@pytest.fixture(scope="module")
def drawn(market):
    return plan.simulate(market, 24, 3, jobs=1)


@pytest.mark.slow
def test_draws_do_not_depend_on_workers_nor_on_an_interruption(market, drawn, tmp_path):
    two = plan.simulate(market, 24, 3, tmp_path, jobs=2)
    pd.testing.assert_frame_equal(two, drawn)
    (tmp_path / "draws-0001-4.csv").unlink()
    before = (tmp_path / "draws-0000-20.csv").stat().st_mtime_ns
    again = plan.simulate(market, 24, 3, tmp_path, jobs=1)
    pd.testing.assert_frame_equal(again, drawn)
    assert (tmp_path / "draws-0000-20.csv").stat().st_mtime_ns == before
    with pytest.raises(InputError, match="holds draws of another plan"):
        plan.simulate(market, 24, 4, tmp_path, jobs=1)
    with pytest.raises(InputError, match="draws = 0 is not allowed"):
        plan.simulate(market, 0)


def test_a_draw_is_the_plan_at_its_parameters(market, drawn):
    row = drawn.iloc[7]
    values = {name: float(row[name]) for name in drawn if name in market.whole.parameters}
    assert "delay_years" not in values and len(values) > 8
    alone = plan.solve(prices="market", **values)
    assert row["value"] == pytest.approx(alone.value, rel=1e-9, abs=1e-9)
    starts = {name.removeprefix("start "): int(row[name]) for name in drawn if name.startswith("start ") and row[name]}
    assert starts == alone.best.chosen(alone.choices)
    assert (
        row["today"] == pytest.approx(plan.today(alone.choices).value) and row["regret"] == row["value"] - row["today"]
    )
    assert plan.often(drawn)["campus"] == (drawn["start campus"] > 0).mean()


# The inverse question (5.6)


@pytest.fixture(scope="module")
def levers():
    table = pd.DataFrame(
        {"name": ["A", "B", "C", "D"], "largest": [0.1, 2.0, 1.0, 1.0], "largest_unit": "", "status": "assumption",
         "direction": ["both", "both", "both", "exogenous"], "cost_basis": ["paid", "fixed", "plan", "exogenous"],
         "cost": [1.0, 10.0, 0.0, 0.0], "cost_low": 0.5, "cost_high": 2.0},
        index=["a", "b", "c", "d"],
    )  # fmt: skip
    responses = pd.DataFrame(
        {"exports": [100.0, 2.0, 5.0, 0.1, -10.0], "wanted": [4.0, 2.0, 0.5, 0.05, 0.5],
         "turnover": [200.0, 3.0, 20.0, 0.1, -20.0]},
        index=["without", "a", "b", "c", "d"],
    )  # fmt: skip
    return plan.Instruments(table, responses, plan.instruments.costs(table, responses, 40.0, 3.0), ("c",))


def test_costs_follow_their_basis(levers):
    assert levers.costs.to_dict() == pytest.approx({"a": 0.1 * (4 + 2) * 40, "b": 10.0, "c": 3.0, "d": 0.0})


@pytest.mark.parametrize("text", ["share+0.3", "share+1.5", "turnover=205", "turnover=222"])
def test_the_cheapest_mix_is_that_of_a_fine_grid_and_reaches_the_target(levers, text):
    target = plan.Target.read(text)
    found = levers.least(target)
    assert found.reached >= target.value - 1e-9
    a, b, c = np.meshgrid(np.linspace(0, 1, 101), np.linspace(0, 1, 101), (0, 1), indexing="ij")
    reached = {
        "share": 100 * ((4 + 2 * a + 0.5 * b + 0.05 * c) / (100 + 2 * a + 5 * b + 0.1 * c) - 0.04),
        "turnover": 200 + 3 * a + 20 * b + 0.1 * c,
    }[target.kind]
    for place in ((0, 0, 0), (37, 80, 1), (100, 5, 0), (100, 100, 1)):
        sizes = {"a": a[place], "b": b[place], "c": c[place]}
        assert levers.reached(sizes, target.kind) == pytest.approx(reached[place])
    cost = a * levers.costs["a"] + b * levers.costs["b"] + c * levers.costs["c"]
    best = cost[reached >= target.value - 1e-9].min()
    assert found.cost <= best + 1e-9 and found.cost >= best - 0.35  # a step of the grid


def test_the_cost_of_a_target_rises_with_it_and_its_slope_is_the_marginal_cost(levers):
    curve = levers.curve("share", 8)
    assert (curve["cost"].diff().dropna() > 0).all()
    low, high = (levers.least(plan.Target("share", v)) for v in (0.5, 0.5001))
    assert (high.cost - low.cost) / 1e-4 == pytest.approx(low.marginal, rel=0.02)


def test_a_target_out_of_reach_says_the_most_that_can_be_reached(levers):
    most = levers.most("share")
    assert levers.reached({"a": 1, "b": 1, "c": 1, "d": 0}, "share") == pytest.approx(most)
    assert levers.least(plan.Target("share", most - 1e-6)).cost > 0
    with pytest.raises(
        InputError, match=rf"out of reach: the most that all instruments reach together is {most:.3g} po"
    ):
        levers.least(plan.Target("share", most + 1e-6))
    assert levers.most("turnover") == pytest.approx(223.1)


def test_what_is_chosen_and_not_bought_counts_only_where_it_is_given(levers):
    assert levers.most("share", {"d": 1.0}) > levers.most("share")
    free = levers.least(plan.Target("share", 0.3), {"d": 1.0})
    assert free.sizes["d"] == 1.0 and free.cost < levers.least(plan.Target("share", 0.3)).cost
    assert levers.least(plan.Target("share", 0.3)).sizes["d"] == 0
    assert levers.least(plan.Target("share", 0.3), without=["a"]).sizes["a"] == 0


@pytest.mark.parametrize("text", ["share1", "share+x", "turnover+3", "turnover=-5", "share+0", "growth=3"])
def test_a_target_that_is_none_is_refused(text):
    with pytest.raises(InputError, match="is not allowed"):
        plan.Target.read(text)


@pytest.mark.parametrize("given, message", [({"e": 1.0}, "unknown instrument 'e'"), ({"a": 2.0}, "from 0 to 1")])
def test_an_unknown_instrument_or_size_is_refused(levers, given, message):
    with pytest.raises(InputError, match=message):
        levers.least(plan.Target("share", 0.1), given)


def test_the_stored_instruments_hold_every_row_of_the_table():
    from rutrade.publish import plan_runs

    found = plan_runs.instruments()
    assert set(found.names) == set(plan.inputs.instruments().index)
    assert (found.costs[found.table["direction"] != "exogenous"] > 0).all()


def test_a_folder_holds_tables_with_units_and_what_made_them(market, levers, tmp_path):
    import json

    from rutrade import files

    written = plan.save(market, tmp_path, levers.least(plan.Target("share", 0.3)))
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert set(manifest["files"]) == {p.name for p in written} - {"manifest.json"}
    for name, digest in manifest["files"].items():
        assert files.digest([(tmp_path / name).read_text()]) == digest
    years = pd.read_csv(tmp_path / "years.csv").set_index("year")
    assert years["public_money_bn_rub_2016"].to_numpy() == pytest.approx(
        market.money().sum(axis=1).to_numpy(), rel=1e-9
    )
    assert "out" in plan.text(market) and "assumption" in plan.text(market)


@pytest.mark.slow
def test_the_command_prints_the_plan_and_refuses_in_one_sentence(tmp_path):
    from click.testing import CliRunner

    from rutrade.cli import main

    done = CliRunner().invoke(
        main, ["plan", "--prices", "market", "--own", str(own(tmp_path)), "-o", str(tmp_path / "out")]
    )
    assert done.exit_code == 0 and "Campus of the university" in done.output and "Cryo lab" in done.output
    assert (tmp_path / "out" / "blocks.csv").exists()
    for arguments, message in (
        (["--target", "share+50"], "out of reach"),
        (["--prices", "market", "--keep", "campus", "--budget", "0.01"], "what is already running"),
        (["--prices", "market", "--from", "2020"], "from_year = 2020"),
        (["--scenario", "nowhere"], "unknown preset"),
        (["--keep", "nosuch"], "unknown block 'nosuch'"),  # at the model's prices, before it is solved
        (["--budget", "-3"], "budget = -3"),
        (["--staff", "nan"], "staff = nan"),
        (["--own", "missing.yaml"], "missing.yaml cannot be read"),
    ):
        bad = CliRunner().invoke(main, ["plan", *arguments])
        assert bad.exit_code == 2 and message in bad.output and bad.output.count("\n") == 1


# Blocks of a table, draws' money, chart and text


def row_of(**given):
    """A row of table `plan_blocks`; what is not given is empty."""
    empty = dict.fromkeys(("planned_start", "build_years", "ramp", "needs"), np.nan)
    whole = {"name": "Part", "object": "lab", "capital_share": 1.0, "use_share": 1.0, "smallest_scale": 1.0,
             "status": "derived"}  # fmt: skip
    return empty | whole | given


def test_blocks_of_a_table_take_their_shares_of_the_object_and_their_own_years(whole):
    lab = replace(
        block("lab").item, capital_goods_bn_rub_2016={2024: 2.0, 2025: 6.0}, use_units=40.0, trainees=8.0,
        power_gwh=20.0, current_goods_bn_rub_2016=0.4, high_tech_per_year_bn_rub_2016=0.2, ramp=(0.9,),
        effects={"knowledge": project.Timing(start_year=2027), "users": project.Timing(lag_years=1)},
    )  # fmt: skip
    table = pd.DataFrame([
        row_of(block="one", capital_share=0.75, use_share=0.25),
        row_of(block="two", capital_share=0.25, use_share=0.75, planned_start=2029, build_years=2, ramp="0.5;0.8",
               smallest_scale=0.2, needs="one", status="assumption"),
    ])  # fmt: skip
    own = replace(whole, objects=(lab, replace(lab, name="wind_tunnel")))
    one, two, third = plan.blocks.blocks(own, table)
    assert (one.name, one.needs, one.assumed, one.smallest) == ("one", None, False, 1.0)
    assert (two.name, two.needs, two.assumed, two.smallest, two.largest) == ("two", "one", True, 0.2, 1.0)
    assert (third.name, third.title, third.item) == ("wind_tunnel", "Wind tunnel", own.objects[1])
    assert one.item.capital_goods_bn_rub_2016 == {2024: 1.5, 2025: 4.5} and one.item.ramp == (0.9,)
    assert one.item.start_year == 2026 and one.item.effects == lab.effects
    for name, of_use in (("staff", False), ("power_gwh", False), ("current_goods_bn_rub_2016", False),
                         ("high_tech_per_year_bn_rub_2016", False), ("use_units", True), ("publications", True),
                         ("trainees", True)):  # fmt: skip
        parts = (0.25, 0.75) if of_use else (0.75, 0.25)
        found = [getattr(b.item, name) for b in (one, two)]
        assert found == pytest.approx([share * getattr(lab, name) for share in parts]) and found[0] > 0, name
    # the second is built evenly in the two years before its start, and its effects start as much later
    assert two.item.capital_goods_bn_rub_2016 == {2027: 1.0, 2028: 1.0}
    assert (two.item.start_year, two.item.ramp) == (2029, (0.5, 0.8))
    assert two.item.effects["knowledge"].start_year == 2030 and two.item.effects["users"] == lab.effects["users"]
    for changed, message in (
        ({"object": "tower"}, "unknown object of block 'two' in table 'plan_blocks' 'tower'"),
        ({"use_share": 0.5}, "use_share of object 'lab' sums to 0.75, 1 is required"),
        ({"needs": "three"}, "unknown need of block 'two' 'three'"),
    ):
        with pytest.raises(InputError, match=message):
            plan.blocks.blocks(own, pd.DataFrame([dict(table.iloc[0]), dict(table.iloc[1]) | changed]))


def test_money_of_a_draw_is_that_of_a_plan_made_with_its_overrun_and_running_cost(whole, three, small):
    base = whole.values()
    moved = {"cost_overrun": 0.4, "opex_factor": 1.5}
    drawn, made_so = plan.draws._costing(small, base, moved), made(whole, three, **moved)
    np.testing.assert_allclose(drawn.money, made_so.money, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(drawn.running, made_so.running, rtol=1e-9, atol=1e-12)
    assert np.abs(drawn.money - small.money).max() > 0.1 and small.running.any()


def test_the_chart_shows_building_and_running_of_what_is_in_and_money_under_its_budget(market):
    import matplotlib

    matplotlib.use("Agg")
    upper, lower = market.plot()
    names = [label.get_text() for label in upper.get_yticklabels()]
    table = market.summary()
    inside = table[table["start"].notna()]
    assert names == list(inside["name"]), "a whole block has no share behind its name"
    bars = {"building": {}, "running": {}}
    for bar in upper.containers:
        (patch,) = bar.patches
        row = round(patch.get_y() + patch.get_height() / 2)
        bars[bar.get_label()][names[row]] = (patch.get_x(), patch.get_x() + patch.get_width())
    for row in inside.itertuples():
        item = market.choices.blocks[market.choices.place(row.Index)].item
        assert bars["running"][row.name] == (row.start, min(row.start + item.life_years, 2042))
        spent = market.money()[row.name]
        first = spent.index[spent > 1e-9][0]
        assert bars["building"].get(row.name, (first, first)) == (first, row.start if first < row.start else first)
    assert bars["building"], "a block that is built after the plan begins"
    low, high = sorted(upper.get_ylim())
    assert low < -0.3 and high == max(len(inside), 3) - 0.5
    money = market.money().sum(axis=1).loc[:2041]
    assert [p.get_height() for p in lower.containers[0].patches] == pytest.approx(money.tolist())
    assert [line.get_ydata()[0] for line in lower.get_lines() if len(set(line.get_ydata())) == 1] == [market.budget]
    scaled = replace(market, best=replace(market.best, q=market.best.q * 0.5))
    assert [label.get_text() for label in scaled.plot()[0].get_yticklabels()] == [f"{n} (50%)" for n in names]


def test_the_text_tells_start_money_and_value_of_what_is_in_and_what_the_rest_would_need(market, levers):
    lines = plan.text(market, levers.least(plan.Target("share", 0.3))).splitlines()
    table, switching = market.summary(), market.switching()
    said = {row.name: next(line for line in lines if line.strip().startswith(row.name)) for row in table.itertuples()}
    for row in table.itertuples():
        line, needs = said[row.name], market.choices.blocks[market.choices.place(row.Index)].needs
        inside = row.start == row.start
        assert (f" {row.start:.0f} " if inside else " out ") in line
        assert (" *" in line) == row.assumption
        value = row.value if inside else table.at[row.Index, "value at best start"]
        assert f"{value:7.1f}" in line and f"{row.money:7.1f}" in line
        if inside:
            assert "times as much" not in line
            continue
        chain = [n for n in switching.index if n.split(" + ")[-1] == row.name]
        factor = switching.at[chain[-1] if needs else row.name, "paper value"]
        assert f"{factor:.2f} times as much" in line
        assert ("with what it needs" in line) == (needs is not None)
    assert any(line.startswith("target 0.3 percentage points of share") for line in lines)
    assert any("neither budget nor staff binds" in line for line in lines) == (not market.prices.table.to_numpy().any())


def test_roubles_of_2016_for_a_dollar_are_the_rate_of_2025_over_the_price_level():
    """The outlook of October 2025: 83.76 roubles a dollar in 2025, prices at 2.093 times those of 2016."""
    assert plan.inputs.roubles() == pytest.approx(83.76 / 2.093, rel=1e-3)


def test_the_programmes_cost_is_the_mean_of_its_grants_over_the_years():
    found = project.evaluate(project.from_data("programme", seen_from=2026))
    flows = found.ledger[found.ledger["item"].isin(("federal_grant", "regional_grant", "operating_grant"))]
    by_year = flows.groupby("year")["bn_rub_2016"].sum()
    assert plan.inputs.programme_cost() == pytest.approx(by_year.reindex(range(2026, 2042), fill_value=0).mean())
    assert plan.inputs.programme_cost(2026, 2026) == pytest.approx(by_year[2026])


def test_an_instrument_at_half_its_size_is_half_of_what_the_table_says():
    from types import SimpleNamespace

    regions = pd.DataFrame({"sanctions": [False, False, True]}, index=["RUS", "CHN", "DEU"])
    linked = SimpleNamespace(link=SimpleNamespace(rail_limit=210.0, base=SimpleNamespace(regions=regions)))
    sizes = {"railway": 0.5, "export_support": 0.5, "sanction_relief": 0.5}
    largest = plan.inputs.instruments()["largest"]
    found = plan.inputs.shock(linked, sizes)
    assert found.rail_capacity == 210 + largest["railway"] / 2
    support = 1 - largest["export_support"] / 2
    assert {k: v for k, v in found.trade_cost.items() if k[:2] == ("RUS", "CHN")} == {
        ("RUS", "CHN", "engineering"): support, ("RUS", "CHN", "chemicals"): support
    }  # fmt: skip
    relief = {k: v for k, v in found.trade_cost.items() if "DEU" in k}
    assert relief == {k: pytest.approx(1 / 1.1) for k in (("RUS", "DEU", "goods"), ("DEU", "RUS", "goods"))}
    nothing = plan.inputs.shock(linked, dict.fromkeys(sizes, 0.0))
    assert not nothing.trade_cost and nothing.rail_capacity == 210 and not nothing.projects
    with pytest.raises(InputError, match="unknown instrument 'rail': did you mean"):
        plan.inputs.shock(linked, {"rail": 1.0})


def test_what_the_region_adds_and_supplies_itself_is_by_sector_of_the_projects_and_merged_ones_share_it():
    from types import SimpleNamespace

    share = np.zeros((2, 2, 2))
    share[:, 1, 1], share[:, 0, 1] = (0.25, 0.75), 0.1
    stage = SimpleNamespace(
        sectors=("MAN", "CON"), regions=("CFD", "NSK"), value_added=np.array([[0.9, 0.9], [0.3, 0.4]]),
        delivery_share=share,
    )  # fmt: skip
    world = plan.inputs.Economy({2030: SimpleNamespace(stage=stage)}, {})
    added, own_part = world.value_added(), world.own_supply()
    assert (added["MAC"], added["CHE"], added["CON"]) == (0.3, 0.3, 0.4)
    assert (own_part["MAC"], own_part["CHE"], own_part["CON"]) == (0.25, 0.25, 0.75)
    assert added["TRD"] == own_part["TRD"] == 0.0  # not in these tables


def test_the_economy_answers_a_plan_in_its_years_only_and_is_its_own_without_one(whole, three, small):
    from types import SimpleNamespace

    asked = {}
    pay = pd.DataFrame({"RND": [50.0]}, index=["compensation"])
    tables = SimpleNamespace(data=SimpleNamespace(national=SimpleNamespace(value_added=pay), employment={"RND": 100.0}))

    def model(year):
        return SimpleNamespace(tables=tables, solve=lambda columns: asked.setdefault(year, columns) and f"with {year}")

    world = SimpleNamespace(models={y: model(y) for y in (2023, 2026, 2030)}, without={2023: "2023", 2026: "2026",
                                                                                      2030: "2030"})  # fmt: skip
    chosen = planning.as_project(whole, small, plan.best(small, limits(small)), 2026)
    found = planning.answered(world, chosen, Measures(export_share=0.3), 0.2, {})
    assert found == {2023: "2023", 2026: "with 2026", 2030: "with 2030"}, "2023 lies before the plan"
    ((column,),) = (asked[2030],)
    flows = project.evaluate(chosen).technological_column(2030)
    assert sum(column.output.values()) == pytest.approx(flows["commercialised_output"].sum()) and column.output
    assert column.labour_thousand == pytest.approx(flows["labour"].sum() / 0.5)
    assert (column.year, column.region, column.export_share, column.china_share) == (2030, "NSK", 0.3, 0.2)
    nothing = replace(chosen, objects=())
    assert planning.answered(world, nothing, Measures(export_share=0.3), 0.2, {}) == world.without


def test_exports_and_product_of_a_block_are_means_of_what_its_column_sells_pays_and_buys_at_home(whole):
    """Of the turnover it induces a part goes abroad; product is pay, and value added in turnover and own purchases."""
    lab = block("lab", start_year=2028, life_years=8, capital_goods_bn_rub_2016={2026: 2.0, 2033: 1.0},
                high_tech_per_year_bn_rub_2016=0.4, import_share_capital=0.4, import_share_current=0.25,
                current_goods_bn_rub_2016=0.3, use_units=5.0, paid_share=0.5, price_mn_rub_2016=20.0,
                mix={"capital": {"CON": 0.25, "MAC": 0.75}, "current": {"UTL": 1.0},
                     "commercialised": {"MAC": 1.0}})  # fmt: skip
    added, own_part = {"CON": 0.6, "MAC": 0.3, "UTL": 0.5}, {"CON": 0.9, "MAC": 0.1, "UTL": 0.8}
    measures = Measures(2032, 2037, 0.2, added, own_part)
    values = {"multiplier": 4.0, "opex_factor": 1.5, "cost_overrun": 0.2}
    c = plan.choices.choices(whole, [lab], (2028,), 2026, None, measures, **values)
    evaluation = project.evaluate(plan.blocks.together(whole, [lab.item], 2026), **values)
    sold, product, home = [], [], {"capital_goods": 0.6, "current_inputs": 0.75}
    for year in range(2032, 2038):
        flows = evaluation.technological_column(year)
        sold.append(flows["commercialised_output", "MAC"])
        bought = sum(home[kind] * amount * added[sector] * own_part[sector]
                     for (kind, sector), amount in flows.items() if kind in home)  # fmt: skip
        product.append(flows["labour"].sum() + added["MAC"] * sold[-1] + bought)
    assert len(set(np.round(sold, 9))) > 1, "the years differ"
    assert c.exports[0, 0] == pytest.approx(0.2 * np.mean(sold)) and c.exports[0, 0] > 0
    assert c.product[0, 0] == pytest.approx(np.mean(product))
    running = [t for t, year in enumerate(c.years) if 2028 <= year < 2036]
    assert c.staff[0, 0, running] == pytest.approx(100.0)  # heads, whatever running costs
    assert not c.staff[0, 0, [t for t in range(len(c.years)) if t not in running]].any()


def test_a_plan_in_a_shell_is_short_and_draws_print_nothing_unless_a_bar_is_asked_for(market, capfd):
    assert len(repr(market)) < 200
    plan.simulate(market, 1, 3, jobs=1)
    assert capfd.readouterr() == ("", "")
    plan.simulate(market, 1, 3, jobs=1, progress=True)
    assert "draws" in capfd.readouterr().err


def test_what_is_not_chosen_is_zero_without_a_sign(small):
    for budget in (np.inf, 2.0, 1.4, 0.9, 0.5, 0.0):
        found = plan.best(small, limits(small, budget))
        assert not np.signbit(found.y).any() and not np.signbit(found.q).any()


def test_rounds_value_blocks_at_the_prices_that_the_economy_answers_with_until_they_hold():
    """(5.5) on an economy of which only labour's price moves: it is 0.9, and 0.5 once anything is built."""
    from types import SimpleNamespace

    merged = ("AGF", "FUE", "ORE", "MAN", "UTL", "CON", "TRD", "TRP", "BSV", "RND", "PUB", "OSV")
    pay = pd.DataFrame({"RND": [50.0]}, index=["compensation"])
    tables = SimpleNamespace(data=SimpleNamespace(national=SimpleNamespace(value_added=pay), employment={"RND": 100.0}))
    stage = SimpleNamespace(sectors=merged, regions=("NSK",), value_added=np.full((1, 12), 0.5),
                            delivery_share=np.full((12, 1, 1), 0.5))  # fmt: skip

    def solved(labour):
        return SimpleNamespace(
            use_prices=pd.DataFrame({"NSK": dict.fromkeys(merged, 1.0)}), labour_price=pd.Series({"NSK": labour}),
            balance_price=1.0, stage=SimpleNamespace(import_price=1.0),
        )  # fmt: skip

    model = SimpleNamespace(tables=tables, stage=stage, solve=lambda columns: solved(0.5))
    world = plan.inputs.Economy({2030: model}, {2030: solved(0.9)})
    found = plan.solve(world=world, sectors="12")
    assert found.best.chosen(found.choices) and list(found.rounds["change"]) == pytest.approx([0.4, 0.0], abs=1e-12)
    assert set(found.rounds["row"].iloc[:1]) == {"labour"} and found.duals.at[2030, "labour"] == 0.5
    ledger = project.evaluate(found.project(), shadow_prices=found.duals)
    npv = project.npv(ledger.flow("public").to_numpy(), ledger.discount_rate("public"))
    assert found.npv == pytest.approx(float(npv), rel=1e-9)
    assert found.rounds["value"].iloc[1] > found.rounds["value"].iloc[0], "cheaper labour is worth something"
