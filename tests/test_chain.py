"""A scenario on the linked models: identities, causes that add up, assumptions by hand, own objects, bad input."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from rutrade import InputError, chain, data, economy, project, scenarios, trade
from rutrade.chain import causes, link, scenario
from rutrade.chain import setting as settings
from rutrade.scenarios import Scenario

SMALL = {"sectors": "12", "draws": 0}
NOTHING = {"research_infrastructure": False}
# every cause but the railway
EVERY = {
    "customs": 0.005, "standards": 0.005, "payments": 0.005, "logistics": 0.01, "sanctions": 0.1, "oil_price": 0.9,
    "productivity": 0.05, "export_support": 0.3, "redirection": 0.4,
}  # fmt: skip
SUMS = {
    "turnover_effect_bn_usd": "turnover_bn_usd", "shift_constant_pp": "share_pp",
    "consumption_all_bn_rub": "consumption_bn_rub",
}  # fmt: skip


def of(values):
    return Scenario.check(**SMALL | values)


def levels(table, column="value_bn_usd"):
    """A column of trade in 2030 by flow and group."""
    return table[table["year"] == chain.HORIZON].set_index(["flow", "group"])[column]


def hats(result, column="value_bn_usd"):
    return levels(result.tables["trade"], column) / levels(result.tables["trade_reference"], column)


# --- nothing, the reverse, the order -------------------------------------------------------------------------------


def test_without_a_cause_the_levels_are_the_bare_projections(run, prepared):
    result = run(**NOTHING)
    assert result.tables["causes"].empty
    bare = trade.forecast.project(prepared.start, prepared.procedure).table
    for name in ("trade", "trade_reference"):
        for column in ("value_bn_usd", "value_bn_usd_base_prices"):
            assert np.array_equal(result.tables[name][column], bare[column]), (name, column)
    moved = [n for n in result.figures if "effect" in n or "shift" in n or n.startswith("npv") or "_all_" in n]
    moved += [n for n in result.figures if n.startswith("turnover_") and n.split("_")[1] in ("policy", "project")]
    assert len(moved) > 12 and all(result.figures[n] == 0 for n in moved)
    assert result.figures["share_constant"] == result.figures["share_reference_constant"]
    assert result.figures["consumption_all_bn_rub"] == 0


def test_linked_ratios_without_a_shock_are_one_at_both_prices(prepared):
    for constant in (False, True):
        ratios = chain.group_ratios(prepared.link.solve(), prepared.reference, prepared.composition, constant)
        assert len(ratios) == 32 and np.allclose(ratios, 1, atol=1e-9)


def test_a_shock_and_its_reverse_leave_no_effect_beyond_the_tolerance_of_the_link(run, prepared):
    undone = chain.Shock(productivity=dict.fromkeys(causes.CLASSES, 1 / 1.1))
    result = chain.run(of(NOTHING | {"productivity": 0.1}), prepared, shock=undone)
    there, back = result.tables["causes"]["consumption_bn_rub"]
    assert there > 1000 and back == pytest.approx(-there, rel=2e-3)
    assert np.allclose(hats(result), 1, atol=2 * 7 * link.TOLERANCE)  # elasticities reach 7
    assert not np.allclose(hats(run(**NOTHING, productivity=0.1)), 1, atol=0.01)


def test_results_do_not_depend_on_what_was_solved_before(prepared):
    first = chain.run(of({"customs": 0.01, "multiplier": 5.0, "draws": 50}), prepared)
    chain.run(of({"rail_capacity": 180.0, "multiplier": 100.0}), prepared)
    chain.run(of({"oil_price": 0.7, "productivity": 0.1}), prepared)
    assert chain.run(of({"customs": 0.01, "multiplier": 5.0, "draws": 50}), prepared).equals(first)


def test_where_the_solver_starts_moves_ratios_by_no_more_than_the_links_tolerance(prepared):
    shock = chain.Shock(trade_cost=causes.sanctions(prepared.link.base, 0.1))
    cold = prepared.link.solve(shock)
    far = prepared.link.solve(chain.Shock(oil_price=0.7))
    warm = [prepared.link.solve(shock, start=start) for start in (far.costs, far)]
    a, *others = (chain.group_ratios(x, prepared.reference, prepared.composition) for x in (cold, *warm))
    assert not np.allclose(a, 1, atol=0.01)
    assert all(np.allclose(a, b, rtol=2 * 7 * link.TOLERANCE) for b in others)


# --- causes --------------------------------------------------------------------------------------------------------


def test_effects_by_cause_add_up_to_the_scenarios_effect(run):
    result = run(**EVERY)
    table, figures = result.tables["causes"], result.figures
    assert list(table["kind"]) == ["surroundings"] * 2 + ["policy"] * 2 + ["project"] + ["assumption"] * 2
    assert table["cause"].is_unique and table["settled"].all()
    for figure, column in SUMS.items():
        assert table[column].sum() == pytest.approx(figures[figure], rel=1e-9), figure
    assert np.allclose(table["exports_bn_usd"] + table["imports_bn_usd"], table["turnover_bn_usd"], atol=1e-9)
    for kind, rows in table.groupby("kind"):
        assert rows["share_pp"].sum() == pytest.approx(figures[f"shift_{kind}_pp"], rel=1e-12)
        assert rows["turnover_bn_usd"].sum() == pytest.approx(figures[f"turnover_{kind}_bn_usd"], rel=1e-12)
    change = result.figures["exports_bn_usd"] - levels(result.tables["trade_reference"])["RUS_to_CHN"].sum()
    assert table["exports_bn_usd"].sum() == pytest.approx(change, rel=1e-9)


def test_the_projects_effect_is_measured_against_all_other_causes(run):
    result = run(**EVERY)
    row = result.tables["causes"].set_index("cause").loc[causes.PROJECT]
    assert row["consumption_bn_rub"] == pytest.approx(result.figures["consumption_effect_bn_rub"], rel=1e-6)
    assert row["product_bn_rub"] == pytest.approx(result.figures["gva_effect_region_bn_rub"], rel=1e-6)
    without = run(**EVERY, **NOTHING)
    assert list(without.tables["causes"]["cause"]) == [c for c in result.tables["causes"]["cause"] if c != row.name]
    columns = ["turnover_bn_usd", "share_pp", "consumption_bn_rub"]
    rows = result.tables["causes"].query("kind in ('surroundings', 'policy')")
    same = without.tables["causes"].query("kind in ('surroundings', 'policy')")
    assert np.allclose(rows[columns], same[columns], rtol=1e-12)
    grp = result.tables["grp"].set_index("region")["without"]
    assert np.allclose(grp, without.tables["grp"].set_index("region")["with"], rtol=1e-12)


def test_causes_joined_give_the_totals_of_causes_apart(run):
    one, two = run(**EVERY), run(apart=False, **EVERY)
    assert list(two.tables["causes"]["cause"])[:2] == ["All but the project", causes.PROJECT]
    assert one.figures["consumption_all_bn_rub"] == pytest.approx(two.figures["consumption_all_bn_rub"], rel=1e-3)
    for name in ("turnover_bn_usd", "share_constant", "share", "similarity", "npv_public_chain", "rail_used_mt"):
        assert two.figures[name] == pytest.approx(one.figures[name], rel=2e-4), name


@pytest.mark.parametrize("values", [NOTHING, {}, NOTHING | {"customs": 0.01}, {"customs": 0.01}])
def test_joining_changes_nothing_where_there_is_nothing_to_join(prepared, values):
    s = of(values)
    parts = (economy.ProjectColumn("column", "NSK", chain.HORIZON),) if s.research_infrastructure else ()
    found = causes.causes(s, prepared, parts)
    assert causes.joined(found) == found and len(found) == s.research_infrastructure + (s.customs > 0)


def test_every_cause_holds_those_before_it_and_stands_in_its_order(prepared):
    own = chain.Shock(oil_price=0.5)
    part = economy.ProjectColumn("column", "NSK", chain.HORIZON)
    s = of(EVERY | {"rail_capacity": 158.0})
    found = causes.causes(s, prepared, (part,), own)
    assert [c.kind for c in found] == ["surroundings"] * 3 + ["policy"] * 3 + ["project"]
    rail, oil, sanctions, easier, made, other, last = (c.shock for c in found)
    assert all(shock.rail_capacity == 158.0 for shock in (rail, oil, sanctions, easier, made, other, last))
    assert (rail.oil_price, oil.oil_price, made.oil_price) == (None, 0.9, 0.9)
    assert other.oil_price == last.oil_price == pytest.approx(0.45)
    assert not oil.trade_cost and set(sanctions.trade_cost.values()) == {1.1}
    assert len(easier.trade_cost) > len(sanctions.trade_cost) and not easier.productivity
    assert made.productivity == {"engineering": 1.05, "chemicals": 1.05}
    assert not other.projects and last.projects == (part,)


def test_shocks_added_multiply_where_they_meet_and_the_later_railway_holds():
    one = chain.Shock(productivity={"a": 1.1, "b": 2.0}, trade_cost={("x", "y"): 0.5}, rail_capacity=100.0)
    both = causes.added(one, chain.Shock(productivity={"a": 1.1}, oil_price=0.5))
    assert both.productivity == {"a": pytest.approx(1.21), "b": 2.0}
    assert (both.trade_cost, both.oil_price, both.rail_capacity) == ({("x", "y"): 0.5}, 0.5, 100.0)
    again = causes.added(both, chain.Shock(oil_price=0.5, rail_capacity=200.0))
    assert (again.oil_price, again.rail_capacity) == (0.25, 200.0)


def test_sanctions_raise_cost_both_ways_between_russia_and_those_who_impose_them_only(prepared):
    base = prepared.link.base
    members = set(base.regions.index[base.regions["sanctions"].astype(bool)])
    found = causes.sanctions(base, 0.2)
    assert members and "CHN" not in members
    assert {pair[:2] for pair in found} == {p for r in members for p in (("RUS", r), (r, "RUS"))}
    assert set(found.values()) == {1.2} and {pair[2] for pair in found} == {"goods"}
    assert causes.sanctions(base, 0.0) == {}


def test_the_levers_of_a_scenario_are_a_shock_of_ones_own_of_the_same_size(run, prepared):
    cost = causes.levers(prepared, of({"logistics": 0.02}))
    assert cost and all(0.9 < hat < 1 for hat in cost.values())
    assert {pair[:2] for pair in cost} == {("RUS", "CHN"), ("CHN", "RUS")}
    own = chain.run(of(NOTHING), prepared, shock=chain.Shock(trade_cost=cost))
    lever = run(**NOTHING, logistics=0.02)
    assert list(own.tables["causes"]["cause"]) == ["A shock of one's own"]
    assert own.tables["trade"].equals(lever.tables["trade"])
    assert dict(own.figures) == dict(lever.figures)


# --- ratios: values and volumes ------------------------------------------------------------------------------------


def test_cheaper_oil_lowers_the_value_of_fuels_by_more_than_their_volume(run):
    result = run(**NOTHING, oil_price=0.7)
    value, volume = hats(result), hats(result, "value_bn_usd_base_prices")
    fuels = ("RUS_to_CHN", "27")
    assert value[fuels] < volume[fuels] < 1
    assert 0.68 < value[fuels] / volume[fuels] < 0.85  # crude is most of the group, and fell by 30 %
    rest = [key for key in value.index if key[0] == "RUS_to_CHN" and key[1] not in ("27", "25-26")]
    assert np.allclose((value / volume)[rest], (value / volume)[rest].mean(), atol=0.01), "others' prices move as one"


def test_flows_at_constant_prices_leave_out_the_prices_at_the_border(prepared):
    linked = prepared.link.solve(chain.Shock(oil_price=0.7))
    base, sectors = prepared.link.base, prepared.link.sectors
    now, volume, before = (x.flow("CHN", "RUS", constant) for x, constant in
                           ((linked, False), (linked, True), (prepared.reference, False)))  # fmt: skip
    goods = base.sectors["goods"].to_numpy(bool) & (before > 0) & (sectors.pairs.sum(1) == 1)
    single = [(j, int(sectors.pairs[j].argmax())) for j in np.flatnonzero(goods)]
    assert len(single) > 10
    for j, i in single:
        assert now[j] / volume[j] == pytest.approx(linked.border.china_price[i], rel=1e-9)
    sold = linked.flow("RUS", "CHN") / linked.flow("RUS", "CHN", constant=True)
    crude = base.sectors["oil"].to_numpy(bool).argmax()
    assert 0.6 < sold[crude] < 0.8
    assert linked.world.state.gate[base.region("RUS"), crude] == pytest.approx(sold[crude], rel=0.05)


def test_ratios_of_groups_weigh_the_hats_of_sectors_by_customs_values(prepared):
    linked = prepared.link.solve(chain.Shock(productivity={"chemicals": 1.1}))
    ratios = chain.group_ratios(linked, prepared.reference, prepared.composition)
    rows = prepared.composition
    rows = rows[(rows["flow"] == "RUS_to_CHN") & (rows["group"] == "28-38") & (rows["year"] == rows["year"].max())]
    new, old = linked.flow("RUS", "CHN"), prepared.reference.flow("RUS", "CHN")
    known = {s: n / o for s, n, o in zip(prepared.link.base.sector_codes, new, old, strict=True) if o > 0}
    pairs = [(v, known[s]) for s, v in zip(rows["sector"], rows["value_musd"], strict=True) if s in known]
    assert len(pairs) > 1
    assert ratios["RUS_to_CHN", "28-38"] == pytest.approx(sum(v * h for v, h in pairs) / sum(v for v, _ in pairs))


def test_effects_grow_evenly_in_logs_from_nothing_in_the_base_year_to_the_whole_in_the_last(run):
    ratios = pd.Series([1.0, 1.21, 0.25], ["a", "b", "c"])
    table = chain.phased(ratios, 2025, 2027)
    assert table.columns.tolist() == [2025, 2026, 2027]
    assert np.allclose(table, [[1, 1, 1], [1, 1.1, 1.21], [1, 0.5, 0.25]])
    assert chain.phased(ratios, 2025).columns.tolist() == list(range(2025, chain.HORIZON + 1))
    result = run(**NOTHING, customs=0.01)
    ours, base = (result.tables[n].set_index(["flow", "group", "year"])["value_bn_usd"] for n in
                  ("trade", "trade_reference"))  # fmt: skip
    hat = (ours / base).loc["RUS_to_CHN", "27"]
    assert hat[2025] == 1 and hat[2030] > 1.001
    assert hat[2028] == pytest.approx(hat[2030] ** 0.6)


# --- assumptions ---------------------------------------------------------------------------------------------------


def test_support_adds_its_share_to_engineering_and_chemical_exports_to_china_and_to_nothing_else(run):
    hat = hats(run(export_support=0.3)) / hats(run())
    supported = [("RUS_to_CHN", g) for g in chain.ENGINEERING_CHEMICALS]
    assert np.allclose(hat[supported], 1.3, rtol=1e-12)
    assert np.allclose(hat.drop(supported), 1, rtol=1e-12)
    causes_ = run(export_support=0.3).tables["causes"]
    assert causes_["cause"].iloc[-1] == "Export support (assumption)" and causes_["kind"].iloc[-1] == "assumption"
    assert np.allclose(hats(run(export_support=0.3), "value_bn_usd_base_prices")[supported] /
                       hats(run(), "value_bn_usd_base_prices")[supported], 1.3)  # fmt: skip


@pytest.mark.parametrize("support", [0.0, 0.5])
def test_redirection_lifts_chinas_share_to_what_is_asked_and_never_lowers_it(run, prepared, support):
    asked = 0.2
    plain, moved = (hats(run(**NOTHING, customs=0.01, export_support=support, redirection=x)) for x in (0.0, asked))
    share = prepared.start.share["RUS_to_CHN"]
    lifted = []
    for group in chain.ENGINEERING_CHEMICALS:
        to_china = share[group] * plain["RUS_to_CHN", group]  # in exports to all of one, before
        now = to_china / (1 - share[group] + to_china)
        by_hand = max(asked / now, 1.0)
        lifted.append(by_hand > 1)
        assert moved["RUS_to_CHN", group] / plain["RUS_to_CHN", group] == pytest.approx(by_hand, rel=1e-9), group
        assert now * by_hand >= asked - 1e-12
    assert any(lifted)
    rest = [k for k in plain.index if k[0] != "RUS_to_CHN" or k[1] not in chain.ENGINEERING_CHEMICALS]
    assert np.allclose(plain[rest], moved[rest], rtol=1e-12)


def test_redirection_below_every_share_that_is_there_does_nothing(run):
    least = run(**NOTHING, redirection=0.01)
    assert list(least.tables["causes"]["cause"]) == ["Redirection (assumption)"]
    assert np.allclose(hats(least), 1, rtol=1e-12)


# --- the railway ---------------------------------------------------------------------------------------------------


def test_a_programme_under_a_tight_railway_is_measured_against_the_same_railway(run):
    tight, usual = run(rail_capacity=170.0), run(**scenarios.select(Scenario, scenarios.load("ri")))
    table = tight.tables["causes"].set_index("cause")
    assert list(table.index) == ["The Eastern railways", causes.PROJECT]
    assert list(table["kind"]) == ["surroundings", "project"]
    assert table.loc["The Eastern railways", "turnover_bn_usd"] < -0.5
    built = table.loc[causes.PROJECT, "consumption_bn_rub"]
    assert tight.figures["consumption_effect_bn_rub"] == pytest.approx(built, rel=1e-6)
    without = tight.tables["consumption"]["without"].sum()
    moved = without - usual.tables["consumption"]["without"].sum()  # the limit holds without the programme too
    assert moved < -1 and moved == pytest.approx(table.loc["The Eastern railways", "consumption_bn_rub"], rel=1e-6)
    assert tight.figures["rail_price"] > 0 == usual.figures["rail_price"]
    assert tight.figures["rail_used_mt"] == pytest.approx(170, rel=0.005)
    assert abs(tight.figures["turnover_project_bn_usd"]) < abs(tight.figures["turnover_surroundings_bn_usd"])


def test_a_railway_longer_than_what_is_carried_changes_nothing(run):
    wide, usual = (run(**scenarios.select(Scenario, scenarios.load(name))) for name in ("rail_expanded", "ri"))
    assert usual.figures["rail_price"] == 0 and usual.figures["rail_used_mt"] < 210
    assert wide.figures["turnover_bn_usd"] == pytest.approx(usual.figures["turnover_bn_usd"], rel=1e-9)
    assert wide.figures["turnover_surroundings_bn_usd"] == pytest.approx(0, abs=1e-6)
    assert "The Eastern railways" not in set(usual.tables["causes"]["cause"])


# --- the project ---------------------------------------------------------------------------------------------------


def test_direct_and_indirect_add_up_to_the_total(run):
    effect = run().tables["effect_gva"]
    assert np.allclose(effect["direct"] + effect["indirect"], effect["total"], atol=1e-9)
    assert effect["total"].sum() == pytest.approx(run().figures["gva_effect_bn_rub"])
    place = effect[effect["region"] == "NSK"]["total"].sum()
    assert place == pytest.approx(run().figures["gva_effect_region_bn_rub"])


def test_capital_cost_only_costs(run):
    base, dear = (run(cost_overrun=x).figures for x in (0.0, 0.5))
    assert dear["npv_public_market"] < base["npv_public_market"]
    assert dear["consumption_effect_bn_rub"] < base["consumption_effect_bn_rub"]


def test_public_value_is_sales_and_gains_at_the_duals_of_the_nearest_solved_year_and_no_spillover(prepared):
    evaluation = project.evaluate(project.from_data("programme", prepared.project_tables))
    found, s = chain.prices.prices(), Scenario(export_propensity=0.25, china_share=0.2, productivity_effect=0.01)
    table = chain.public_value(evaluation, s, found)
    nodes, sectors = np.array(found.duals.index), data.load("sectors")
    renewed = sectors.loc[sectors["renewed"], "sector"]
    shape, objects = evaluation.shape("productivity"), evaluation.project.objects
    capital = pd.Series({o.name: sum(o.capital_goods_bn_rub_2016.values()) for o in objects})
    gains = (shape * capital).sum(axis=1) / capital.sum()
    assert 0 < gains[2027] < gains[2030] <= 1, "the gain grows with the objects that are in use"
    for year in (2030, 2031, 2045):
        node = nodes[np.abs(nodes - year).argmin()]
        sold = evaluation.technological_column(year)["commercialised_output"]
        parts = (("home", 0.75), ("china", 0.05), ("others", 0.2))
        worth = sum(v * part * found.worth[node, i, use] for i, v in sold.items() for use, part in parts)
        gain = sum(found.worth[node, i, "productivity"] for i in renewed)
        assert sold.sum() > 0 and gain > 0
        assert table["added"][year] == pytest.approx(worth + 0.01 * gains[year] * gain), year
    priced = project.evaluate(evaluation.project, shadow_prices=found.duals, spillover=False)
    assert np.allclose(table["at_prices"], priced.flow("public"))
    assert np.allclose(table["total"], table["at_prices"] + table["added"])
    result = chain.run(of({}), prepared)
    years = result.tables["value_by_year"]
    npv = sum(v / 1.05 ** (y - 2019) for y, v in zip(years["year"], years["total"], strict=True))
    assert result.figures["npv_public_chain"] == pytest.approx(npv)


def test_purchases_and_staff_of_the_column_are_the_ledgers(prepared):
    evaluation = project.evaluate(project.from_data("programme", prepared.project_tables))
    tables = prepared.link.model.tables
    built, sold = chain.columns(tables, evaluation, Scenario())
    flows = evaluation.technological_column(chain.HORIZON).groupby("flow").sum()
    assert sum(built.capital.values()) == pytest.approx(flows["capital_goods"])
    assert sum(built.current.values()) == pytest.approx(flows["current_inputs"])
    assert sum(sold.output.values()) == pytest.approx(flows["commercialised_output"])
    assert not any(built.output.values()) and not any(sold.capital.values())
    free = chain.columns(tables, evaluation, Scenario(crowding_out=0.0))[0]
    objects = evaluation.project.objects
    drawn = sum(v for o in objects for y, v in o.capital_goods_bn_rub_2016.items() if 2023 < y <= chain.HORIZON)
    assert free.investment_fund == 0
    assert built.investment_fund == pytest.approx(drawn) and drawn > 0
    dear = chain.columns(tables, evaluation, Scenario(cost_overrun=0.5))[0]
    assert dear.investment_fund == pytest.approx(1.5 * drawn)


def test_a_project_of_ones_own_takes_the_scenarios_place(run, prepared):
    own = project.from_data("skif", prepared.project_tables)
    result = chain.run(of({}), prepared, project=own)
    named = run(project="skif")
    assert dict(result.figures) == pytest.approx(dict(named.figures), rel=1e-9)
    assert result.figures["npv_public_market"] != pytest.approx(run().figures["npv_public_market"], rel=0.1)


def test_a_project_that_ends_before_or_begins_after_the_horizon_is_refused(prepared):
    own = project.from_data("skif", prepared.project_tables)
    late = replace(own, seen_from=2031)
    with pytest.raises(
        InputError, match=r"^the project runs from 2031 to 2050: the chain looks at 2030, which must lie"
    ):
        chain.run(of({}), prepared, project=late)
    assert chain.projects.build(of({}), prepared, replace(own, seen_from=2030)).years[0] == 2030


def test_tables_without_a_place_for_the_project_are_refused(prepared):
    tables = prepared.link.model.tables
    assert chain.projects.region(tables) == "NSK"
    with pytest.raises(InputError, match="the regional tables hold neither NSK nor SibFD"):
        chain.projects.region(type("Tables", (), {"regions": ("CFD",)}))


# --- own paths and shocks ------------------------------------------------------------------------------------------


def without_year(paths, variable, year):
    frame = paths.frame
    return economy.Paths(frame[~((frame["variable"] == variable) & (frame["year"] == year))])


def test_a_path_of_ones_own_that_misses_a_year_is_refused_in_one_sentence():
    with pytest.raises(InputError, match=r"^path 'investment' misses the year 2030; it has \[.*2023.*\]$"):
        chain.run(of({}), paths=without_year(economy.inputs.paths(), "investment", 2030))


def test_paths_of_ones_own_move_the_economy(run):
    paths = economy.inputs.paths()
    same, more = (chain.run(of({}), paths=x) for x in (paths, paths.scaled("labour", 1.05, [chain.HORIZON])))
    other = run()
    assert dict(same.figures) == dict(other.figures)
    assert all(table.equals(other.tables[name]) for name, table in same.tables.items())
    assert same.manifest["beside the scenario"] == "paths", "a result says what the scenario does not"
    assert more.tables["grp"]["without"].sum() > 1.005 * same.tables["grp"]["without"].sum()


def test_paths_beside_what_is_prepared_are_refused_and_not_forgotten(prepared):
    with pytest.raises(InputError, match="paths and prepared are given"):
        chain.run(of({}), prepared, paths=economy.inputs.paths())


@pytest.mark.parametrize(
    "shock, message",
    [
        (chain.Shock(productivity={"chemical": 1.1}), "unknown sector or group 'chemical'"),
        (chain.Shock(trade_cost={("RUS", "CHI", "goods"): 1.1}), "unknown region 'CHI'"),
        (chain.Shock(trade_cost={("RUS", "CHN", "goods"): -1.0}), "a hat must be positive"),
    ],
)
def test_a_shock_that_names_nothing_known_is_refused(prepared, shock, message):
    with pytest.raises(InputError, match=message):
        chain.run(of(NOTHING), prepared, shock=shock)


# --- results -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawn(prepared):
    return chain.run(Scenario.check(sectors="12", draws=200, customs=0.01, turnover_target=300.0), prepared)


def test_the_folder_round_trips(drawn, tmp_path):
    again = chain.load(drawn.write(tmp_path / "result"))
    assert again.equals(drawn) and again.figures == dict(drawn.figures)
    assert not list(tmp_path.glob(".*"))
    assert again.write(tmp_path / "result") == tmp_path / "result", "what stood there is replaced"


def test_results_that_differ_anywhere_are_not_equal(drawn, tmp_path):
    name = next(iter(drawn.tables))
    others = [
        replace(drawn, figures=dict(drawn.figures) | {"share": 0.0}),
        replace(drawn, scenario=Scenario()),
        replace(drawn, manifest={"version": "0"}),
        replace(drawn, tables=dict(drawn.tables) | {name: drawn.tables[name].iloc[:-1]}),
        replace(drawn, tables={k: v for k, v in drawn.tables.items() if k != name}),
    ]
    assert drawn.equals(replace(drawn)) and not any(drawn.equals(x) for x in others)


def test_a_folder_without_a_result_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no result of the chain"):
        chain.load(tmp_path)


def test_a_result_shows_its_figures_with_units_and_both_flows(drawn):
    import matplotlib

    matplotlib.use("Agg")
    shown = drawn._repr_html_()
    table = drawn.summary().set_index("figure")
    assert table.loc["Turnover", "2030"] == drawn.figures["turnover_bn_usd"]
    assert table.loc["Turnover", "unit"] == "bn USD, current" and "Turnover" in shown
    assert set(chain.FIGURES) <= set(drawn.figures), "a figure has a name and no value"
    axes = drawn.plot()
    ours, base = axes.get_lines()[:2]
    assert len(axes.get_lines()) == 4 and axes.get_ylabel() == "bn USD, current"
    assert ours.get_ydata()[-1] == drawn.figures["exports_bn_usd"] > base.get_ydata()[-1]
    assert [t.get_text() for t in axes.get_legend().get_texts()] == list(chain.FLOW_NAMES.values())
    assert drawn.plot(axes) is axes and len(axes.get_lines()) == 8


def test_tables_of_the_book_are_the_results_figures(drawn):
    fans = chain.fan_tables(drawn)
    assert fans["Russia to China"].loc[2030, "value_bn_usd"] == drawn.figures["exports_bn_usd"]
    assert fans["China to Russia"].loc[2030, "value_bn_usd"] == drawn.figures["imports_bn_usd"]
    share = chain.share_table(drawn)
    assert share.loc[2030, "share"] == drawn.figures["share_constant"]
    assert share.loc[2030, "without"] == drawn.figures["share_reference_constant"]
    assert share.loc[2030, "q05"] == drawn.figures["share_constant_q05"] < drawn.figures["share_constant_q95"]
    table = drawn.tables["trade"].set_index(["year", "flow", "group"]).sort_index()
    assert (table["q05"] <= table["q50"]).all() and (table["q50"] <= table["q95"]).all()
    assert (table.loc[2030, "q05"] < table.loc[2030, "value_bn_usd"]).all()
    assert (table.loc[2030, "value_bn_usd"] < table.loc[2030, "q95"]).all()
    groups = chain.group_table(drawn)
    assert list(groups) == ["2025", "2030 without", "2030", "5 %", "95 %"]
    assert groups.loc["RUS_to_CHN", "2030"].sum() == pytest.approx(drawn.figures["exports_bn_usd"])
    assert (groups["5 %"] < groups["95 %"]).all()
    assert drawn.figures["share"] == pytest.approx(by_hand_share(groups["2030"]["RUS_to_CHN"]))


def by_hand_share(values):
    """Percent of engineering and chemicals: the groups, and the part of the last group that chapter 90 makes."""
    part = trade.inputs.projection_base(2025, 2023).chapter_90["RUS_to_CHN"]
    return 100 * (values[list(chain.ENGINEERING_CHEMICALS)].sum() + part * values["90-99"]) / values.sum()


def test_intervals_hold_the_central_value_and_the_chance_of_error_counts_from_the_threshold(drawn, prepared):
    f = drawn.figures
    assert f["turnover_q05"] < f["turnover_bn_usd"] < f["turnover_q95"]
    low, high = (
        chain.run(Scenario.check(sectors="12", draws=200, threshold_pp=x, **NOTHING), prepared).figures["rise_by_error"]
        for x in (0.1, 20.0)
    )
    assert 0 <= high < low < 1
    assert f["notable"] == 0
    assert "turnover_q05" not in chain.run(of(NOTHING), prepared).figures


def test_shifts_are_differences_of_the_shares_and_sums_that_stand_beside_them(drawn):
    f = drawn.figures
    assert f["share"] != f["share_reference"] and f["share_constant"] != f["share_reference_constant"]
    assert f["shift_pp"] == pytest.approx(f["share"] - f["share_reference"], rel=1e-12)
    assert f["shift_constant_pp"] == pytest.approx(f["share_constant"] - f["share_reference_constant"], rel=1e-12)
    change = f["turnover_bn_usd"] - f["turnover_reference_bn_usd"]
    assert f["turnover_effect_bn_usd"] == pytest.approx(change, rel=1e-12) and change != 0
    assert f["turnover_bn_usd"] == pytest.approx(f["exports_bn_usd"] + f["imports_bn_usd"], rel=1e-12)
    sold = drawn.tables["exports_sector"]
    assert f["exports_china_effect_bn_rub"] == pytest.approx(sold["CHN_with"].sum() - sold["CHN_without"].sum())


def test_the_rise_by_error_is_how_often_a_forecast_without_the_scenario_leaves_the_share_of_today(drawn, prepared):
    bare = trade.forecast.project(prepared.start, prepared.procedure, errors=prepared.errors, draws=200, seed=1)
    sample = 100 * trade.share_draws(bare, "base")[1][:, -1, 0]
    rise = sample - drawn.figures["share_base_year"]
    for threshold in (5.0, 1.0):
        found = drawn.figures if threshold == 5.0 else chain.run(
            Scenario.check(sectors="12", draws=200, threshold_pp=threshold, **NOTHING), prepared
        ).figures  # fmt: skip
        assert found["rise_by_error"] == pytest.approx((rise >= threshold).mean(), abs=1e-12)
    assert 0 < (rise >= 1.0).mean() < 1


def test_a_target_is_shared_out_only_where_one_is_wanted(drawn, run):
    assert "targets" in drawn.tables and "targets" not in run().tables


def test_the_resolution_of_the_link_is_its_tolerance_times_the_elasticity_of_its_curves(run, prepared):
    base, curves = prepared.link.base, prepared.link.curves
    sold, total, weight = base.trade[base.region("CHN"), :, base.region("RUS")], 0.0, 0.0
    for j in np.flatnonzero(base.sectors["group"].isin(causes.CLASSES)):
        met = np.flatnonzero(prepared.link.sectors.pairs[j])
        total += sold[j] * curves.elasticity[met, 0].mean()
        weight += sold[j]
    by_hand = link.TOLERANCE * total / weight
    assert np.isfinite(by_hand) and by_hand > 0
    figures = run(**NOTHING).figures
    assert figures["resolution_pp"] == pytest.approx(figures["share_reference_constant"] * by_hand)
    unsettled = scenario.resolution(prepared, gap=5 * link.TOLERANCE)
    assert unsettled == pytest.approx(5 * by_hand), "a pass that did not settle tells less apart"


def test_a_shift_as_large_as_the_threshold_is_notable(run):
    large = run(redirection=0.4)
    assert large.figures["shift_constant_pp"] > 5 and large.figures["notable"] == 1
    strict = run(redirection=0.4, threshold_pp=50.0)
    assert strict.figures["notable"] == 0


def test_similarity_to_advanced_exporters_is_the_overlap_of_shares(run, prepared):
    groups = pd.Series(1.0, prepared.start.value.index)
    rows = settings.weights(prepared.composition)
    rows = rows[rows["flow"] == "RUS_to_CHN"]
    kind = prepared.link.base.sectors["group"]
    value = {k: 0.0 for k in prepared.advanced.index}
    for _, row in rows.iterrows():
        whole = rows.loc[rows["group"] == row["group"], "value_musd"].sum()
        if whole > 0 and row["sector"] in kind.index:
            value[kind[row["sector"]]] = value.get(kind[row["sector"]], 0.0) + row["value_musd"] / whole
    ours = pd.Series(value) / sum(value.values())
    overlap = sum(min(ours[k], prepared.advanced.get(k, 0.0)) for k in ours.index)
    assert settings.similarity(groups, prepared) == pytest.approx(overlap, rel=1e-9)
    assert run(redirection=0.4).figures["similarity"] > run().figures["similarity"] + 0.02


def test_the_result_holds_parameters_with_sources_and_data_hash(run):
    result = run()
    assert result.manifest["data"] == data.fingerprint()
    assert set(result.tables["parameters"]["parameter"]) == set(Scenario.model_fields)
    assert (result.tables["parameters"]["source"].str.len() > 0).all()


def test_twelve_sectors_run_by_the_same_code(run):
    assert len(run().tables["exports_sector"]) == 12
    assert run().figures["share_base_year"] == pytest.approx(3.83, abs=0.01)


@pytest.mark.slow
def test_the_stored_errors_are_the_backtests(prepared):
    trials = trade.inputs.trials(trade.inputs.procedure())
    found = {name: trade.accuracy.backtest(**trials[name]) for name in ("totals", "groups")}
    pd.testing.assert_frame_equal(
        settings.errors(), trade.accuracy.deviations(found["totals"], found["groups"]), rtol=1e-9, check_names=False
    )


@pytest.mark.parametrize(
    "share, p, total, expected", [(0, 50, 100, 100), (3.84, 5, 147, 0.05 * 147 / (1 - 0.0384 - 0.05))]
)
def test_break_even_is_the_export_that_lifts_the_share(share, p, total, expected):
    extra = chain.break_even(share, p, total)
    assert extra == pytest.approx(expected)
    assert 100 * (share / 100 * total + extra) / (total + extra) == pytest.approx(share + p)


def test_break_even_beyond_the_whole_is_refused():
    with pytest.raises(InputError, match="together below 100"):
        chain.break_even(60, 50, 100)


def test_crossing_interpolates_and_says_never():
    line = pd.Series([0.0, 2.0, 6.0], index=[0.1, 0.2, 0.3])
    assert chain.crossing(line, 4.0) == pytest.approx(0.25)
    assert np.isnan(chain.crossing(line, 7.0))
