"""The economy and the world linked both ways: identities, what the two hand each other, passes that settle."""

import functools
import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from rutrade import InputError, chain, data, economy, trade
from rutrade.chain import link as linking
from rutrade.chain import three
from rutrade.chain.link import CHINA, HOME, Costs, Shock
from rutrade.economy import regional
from rutrade.trade import equilibrium
from rutrade.trade.shocks import Shocks, named

CHEAPER_TRADE = Shock(trade_cost={(HOME, CHINA, "goods"): 0.95, (CHINA, HOME, "goods"): 0.95})
PRODUCTIVITY = Shock(productivity={"engineering": 1.1, "chemicals": 1.1})


@pytest.fixture(scope="module")
def world():
    return trade.baseline(2030).rebased()


@pytest.fixture(scope="module")
def stated():
    """Model 2 of the second round for 2030 on 12 sectors, to be stated with other settings."""
    tables = regional.build(economy.inputs.regional(), variant="12")
    paths, options = economy.inputs.paths(), economy.Options()
    kappa = economy.calibrate_capital(tables, paths)
    history = economy.path(tables, paths, (2016, 2019, 2023), kappa=kappa, options=options)
    return functools.partial(
        economy.EconomyModel, tables, 2030, paths, history[2023].state, kappa=kappa, options=options
    )


@pytest.fixture(scope="module")
def solutions(stated):
    return stated()


@pytest.fixture(scope="module")
def pairs(solutions, world):
    merged = data.load("sectors").set_index("sector")["sector12"]
    table = data.load("world_economy_sectors")
    return chain.sectors.concordance(table, world.sector_codes, solutions.stage.sectors, merged)


@pytest.fixture(scope="module")
def link(solutions, world, pairs):
    return linking.world_link(solutions, world, pairs)


@pytest.fixture(scope="module")
def linked(link):
    return {name: link.solve(shock) for name, shock in (("trade", CHEAPER_TRADE), ("productivity", PRODUCTIVITY))}


# --- nothing, the reverse, the order -------------------------------------------------------------------------------


def test_without_a_shock_the_linked_models_are_the_models_themselves(link, solutions):
    same = link.solve()
    assert list(same.passes["pass"]) == [0]
    assert np.allclose(same.exports, 1, rtol=1e-8) and np.allclose(same.imports, 1, rtol=1e-8)
    assert same.economy.consumption == pytest.approx(link.without.consumption, rel=1e-12)
    # centres that are moved apart move the country by less than they are moved themselves
    assert same.economy.consumption == pytest.approx(solutions.reference.consumption, rel=linking.APART / 100)
    assert np.allclose(same.world.trade, link.base.trade, rtol=1e-10)
    assert all(abs(v) < 1e-6 for v in three.figures_of_economy(same).values())


@pytest.mark.parametrize("begun", ["costs", "solution"])
@pytest.mark.parametrize("name", ["trade", "productivity"])
def test_a_shock_taken_back_from_where_it_led_returns_to_the_start(link, linked, name, begun):
    back = link.solve(Shock(), start=linked[name].costs if begun == "costs" else linked[name])
    assert np.abs(back.costs.vector).max() < 2 * linking.TOLERANCE
    assert back.economy.consumption == pytest.approx(link.without.consumption, rel=5e-6)
    assert np.allclose(back.exports[link.exported > 0], 1, atol=1e-3)


@pytest.mark.parametrize("name", ["trade", "productivity"])
def test_a_solve_that_starts_from_its_own_solution_needs_no_further_pass(link, linked, name):
    shock = {"trade": CHEAPER_TRADE, "productivity": PRODUCTIVITY}[name]
    again = link.solve(shock, start=linked[name])
    assert len(linked[name].passes) > 1 == len(again.passes) and again.settled
    assert np.array_equal(again.costs.vector, linked[name].costs.vector)


def test_a_solution_of_another_link_is_no_start(link, linked):
    with pytest.raises(InputError, match="the start is a solution of another link"):
        replace(link, wedges="ad_valorem").solve(start=linked["trade"])


def test_a_pass_starts_where_the_pass_before_ended(link, monkeypatch):
    begun, ended, recast = [], [], economy.EconomyModel.recast

    def recorded(self, curves, prices, made, limit, start):
        begun.append(start)
        found = recast(self, curves, prices, made, limit, start)
        solve = found.solve
        found.solve = lambda *args: (solve(*args), ended.append(found.ended))[0]
        return found

    monkeypatch.setattr(economy.EconomyModel, "recast", recorded)
    found = link.solve(PRODUCTIVITY)
    assert len(begun) == len(found.passes) > 1 and begun[0] is None
    assert all(start is last and last is not None for start, last in zip(begun[1:], ended, strict=False))
    assert found.ended in ended


def test_what_else_was_solved_in_between_moves_no_digit(link, linked):
    """Neither the economy of the link, nor its other links, nor the start that is handed in keep a trace of it."""
    first = link.solve(CHEAPER_TRADE, start=linked["productivity"])
    link.model.solve(changes={"external_balance": link.model.stage.external_balance * 1.05})
    link.model.recast(productivity=1.05).solve()
    link.model.solve()
    again = link.solve(CHEAPER_TRADE, start=linked["productivity"])
    assert np.array_equal(again.costs.vector, first.costs.vector)
    assert again.economy.consumption == first.economy.consumption


def test_no_two_cells_of_the_curves_stand_on_their_node_at_once(solutions):
    """Else their costs lie between two slopes, and the last digits of the data choose."""
    curves = solutions.stage.curves
    none = np.zeros(len(curves.elasticity), bool)
    moved = linking.linked_curves(curves, curves.elasticity, none).centre
    there = curves.centre > 0
    factors = moved[there] / curves.centre[there] - 1
    assert len(np.unique(factors.round(14))) == there.sum() > 100
    assert linking.APART / 4 < np.abs(factors).max() <= linking.APART / 2 * (1 + 1e-9)
    assert abs(factors.mean()) < linking.APART / 20


def test_the_start_changes_no_more_than_the_tolerance_allows(link, linked, world):
    start = Costs(np.random.default_rng(3).uniform(-0.03, 0.03, len(world.sectors)), 0.0, 0.0)
    other = link.solve(CHEAPER_TRADE, start=start)
    assert np.abs(other.costs.vector - linked["trade"].costs.vector).max() < 2 * linking.TOLERANCE
    assert other.economy.consumption == pytest.approx(linked["trade"].economy.consumption, rel=2e-4)


def test_the_order_of_shocks_changes_nothing(link, linked):
    link.solve(PRODUCTIVITY)
    again = link.solve(CHEAPER_TRADE)
    assert np.array_equal(again.costs.vector, linked["trade"].costs.vector)
    assert again.economy.consumption == linked["trade"].economy.consumption


def test_the_last_digits_of_the_data_choose_no_cost(link, linked):
    """Centres that differ in the thirteenth digit; of all sectors `make test-portable` asks the same."""
    order = np.random.default_rng(5).uniform(-1, 1, link.curves.centre.shape)
    curves = replace(link.curves, centre=link.curves.centre * (1 + 1e-13 * order))
    model = link.model.recast(replace(link.model.stage.curves, centre=curves.centre))
    twin = replace(link, model=model, without=model.solve(), curves=curves)
    other = twin.solve(PRODUCTIVITY)
    assert np.abs(other.costs.vector - linked["productivity"].costs.vector).max() < 1e-7
    assert np.allclose(other.exports, linked["productivity"].exports, rtol=1e-7)


# --- what the two hand each other ----------------------------------------------------------------------------------


def test_the_worlds_own_costs_imposed_on_it_reproduce_its_solution(world, pairs):
    own = equilibrium.solve_shocks(world, linking.world_shocks(world, PRODUCTIVITY))
    costs = Costs(np.log(own.state.gate[world.region(HOME)]), 0.0, 0.0)
    _, imposed = linking.of_world(world, pairs)(costs, np.zeros((len(pairs.economy), 2)), PRODUCTIVITY, None)
    assert np.abs(imposed.trade - own.trade).max() / own.trade.max() < 1e-12
    assert np.abs(imposed.state.price / own.state.price - 1).max() < 1e-12


def test_at_the_end_the_economy_sells_what_the_world_asks_at_the_price_it_pays(link, linked):
    for found in linked.values():
        curves = found.economy.stage.curves
        asked, sold = curves.centre.sum(1), np.asarray(found.economy.exports).sum(1)
        steepest = np.nanmax(np.where(np.isfinite(link.curves.elasticity), link.curves.elasticity, 0))
        goods = [link.sectors.economy.index(s) for s in ("AGF", "MAN")]  # services are not linked, extraction has a cap
        assert np.abs(np.log(sold[goods] / asked[goods])).max() < 2 * steepest * linking.TOLERANCE
        paid = np.exp(link.sectors.to_economy(found.costs.gate, link.base.output[link.base.region(HOME)]))
        single = link.sectors.pairs.sum(0) == 1
        owned = link.owned & single & link._given[link.sectors.pairs.argmax(0)]
        assert np.allclose(found.border.price[owned, 1], paid[owned], rtol=1e-12)


def test_the_border_holds_volumes_at_the_gate_and_prices_of_imports_by_hand(link, world, pairs):
    costs = Costs(np.full(len(world.sectors), -0.02), 0.0, 0.0)
    border, solved = linking.of_world(world, pairs)(costs, np.zeros((12, 2)), CHEAPER_TRADE, None)
    home, china, i = world.region(HOME), world.region(CHINA), pairs.economy.index("AGF")
    places = [world.sector_codes.index(code) for code in ("A01", "A02", "A03")]
    asked = sold = paid = bought = 0.0
    for j in places:
        gate = np.exp(-0.02)
        assert solved.state.gate[home, j] == pytest.approx(gate, rel=1e-12)
        sold += world.trade[china, j, home]
        asked += solved.trade[china, j, home] / gate
        others = [n for n in range(len(world.regions)) if n != home]
        total = sum(world.trade[home, j, n] for n in others)
        cost = {n: solved.state.gate[n, j] * (0.95 if n == china else 1.0) for n in others}
        theta = world.theta[j]
        mean = sum(world.trade[home, j, n] / total * cost[n] ** -theta for n in others)
        paid, bought = paid + total * mean ** (-1 / theta), bought + total
    assert border.volume[i, 0] == pytest.approx(asked / sold, rel=1e-9)
    assert border.price[i] == pytest.approx([np.exp(-0.02)] * 2, rel=1e-12)
    assert border.import_price[i] == pytest.approx(paid / bought, rel=1e-9)
    assert border.import_price[i] < 1
    assert border.volume[pairs.economy.index("TRD")] == pytest.approx([1.0, 1.0])


def test_the_elasticities_are_those_of_the_equilibrium(world, pairs):
    eta = linking.response(world, pairs)
    home, china = world.region(HOME), world.region(CHINA)
    given = world.sectors["goods"].to_numpy(bool) & (world.resource_share == 0)
    step, place = 1e-4, world.sector_codes.index("C19")
    fob = np.full_like(world.output, np.nan)
    fob[home, given] = 1.0
    volumes = []
    for sign in (1, -1):
        fob[home, place] = np.exp(sign * step)
        solved = equilibrium.solve_shocks(world, replace(Shocks.none(world), fob=fob.copy()))
        volumes.append(np.log(solved.trade[china, place, home] / fob[home, place]))
    by_hand = -(volumes[0] - volumes[1]) / (2 * step)
    sold = world.trade[china, :, home]
    table = equilibrium.jacobian(linking.base_solution(world), HOME)
    row = table[(table["cost_sector"] == "C19") & (table["sector"] == "C19") & (table["importer"] == CHINA)]
    assert -row["volume"].item() == pytest.approx(by_hand, rel=1e-5)
    own = table[table["cost_sector"] == table["sector"]]
    own = own[own["importer"] == CHINA].set_index("sector")["volume"]
    members = [
        code for code, pair in zip(world.sector_codes, pairs.pairs[:, pairs.economy.index("MAN")], strict=True) if pair
    ]
    weights = np.array([sold[world.sector_codes.index(code)] for code in members])
    mean = -(own[members].to_numpy() * weights).sum() / weights.sum()
    assert eta[pairs.economy.index("MAN"), 0] == pytest.approx(mean, rel=1e-12)


def test_the_linked_economy_is_optimal_outside_the_solver(linked):
    for found in linked.values():
        assert economy.optimality(found.economy).to_numpy().max() <= 1e-7


def test_imports_from_china_are_the_economys_volume_at_the_worlds_prices_and_share(link, linked):
    found, b = linked["trade"], link.base
    flow = found.flow(CHINA, HOME)
    home, china, i = b.region(HOME), b.region(CHINA), link.sectors.economy.index("AGF")
    now, before = (np.asarray(s.imports).sum((1, 2))[i] for s in (found.economy, link.without))
    hat = now / before * found.border.import_price[i] * found.border.china_share[i]
    for code in ("A01", "A02", "A03"):
        place = b.sector_codes.index(code)
        assert flow[place] == pytest.approx(b.trade[home, place, china] * hat)
    shares = [w[home, :3, china].sum() / np.delete(w[home, :3], home, 1).sum() for w in (found.world.trade, b.trade)]
    assert found.border.china_share[i] == pytest.approx(shares[0] / shares[1], rel=0.02)


def test_extraction_sells_up_to_what_is_asked_at_the_worlds_price(link, linked):
    mined = ~link.owned
    assert [s for s, m in zip(link.sectors.economy, mined, strict=True) if m] == ["FUE", "ORE"]
    assert not np.isfinite(link.curves.elasticity[mined]).any() and np.isfinite(link.curves.elasticity[~mined]).all()
    assert (link.curves.export_wedge[mined] <= 0).all()
    for found in linked.values():
        sold, cap = np.asarray(found.economy.exports)[mined], found.economy.stage.curves.centre[mined]
        assert (sold <= cap * (1 + 1e-9)).all()
        held = link.curves.held[mined]
        assert np.allclose(sold[held], cap[held])


def test_scarce_rail_has_the_price_at_which_what_the_world_asks_for_just_goes_over_it(link):
    used = link.without.rail_used
    assert link.without.rail_price == 0
    tight = link.solve(Shock(rail_capacity=0.9 * used))
    assert tight.settled and link.rail_price(tight.costs) > 0
    assert tight.economy.rail_used == pytest.approx(0.9 * used, rel=0.005)
    assert tight.economy.rail_price * link._weight < linking.TOLERANCE
    dearer = link.rail_cost(tight.costs)[:, 0]
    bulk, light = (link.sectors.economy.index(s) for s in ("FUE", "UTL"))
    assert dearer[bulk] > 0.001 > dearer[light] == 0
    home, china, coal = link.base.region(HOME), link.base.region(CHINA), link.base.sector_codes.index("B05")
    assert tight.world.trade[china, coal, home] < link.base.trade[china, coal, home]
    wide = link.solve(Shock(rail_capacity=2 * used))
    assert link.rail_price(wide.costs) == 0 and np.allclose(wide.exports, 1, rtol=1e-8)


def test_a_shorter_railway_costs_more_and_carries_what_it_can(link):
    limits = link.without.rail_used * np.array([0.95, 0.9, 0.85, 0.8, 0.75])
    found = [link.solve(Shock(rail_capacity=limit)) for limit in limits]
    for limit, tight in zip(limits, found, strict=True):
        assert tight.economy.rail_used <= limit * (1 + 1e-9)
        assert tight.economy.rail_used == pytest.approx(limit, abs=linking.ACCEPTED * link._carried)
        assert tight.economy.rail_price * link._weight < linking.ACCEPTED, "worth that the world does not pay"
    assert (np.diff([link.rail_price(tight.costs) for tight in found]) > 0).all()


def test_where_freight_falls_in_a_leap_the_limit_decides_how_much_goes_at_that_price(link):
    def freight(costs):
        border, _ = link.demand(costs, link.rail_cost(costs), Shock(), None)
        solution, _ = link.program(border, costs, Shock(rail_capacity=1e6))
        return solution.rail_used

    nothing = np.zeros(len(link.base.sectors))
    carried = np.array([freight(Costs(nothing, rail, 0.0)) for rail in np.linspace(0, 0.3, 31)])
    falls = -np.diff(carried)
    leap = falls.argmax()
    assert falls[leap] > 5 * np.median(falls), "no leap, nothing to test"
    limit = carried[leap : leap + 2].mean()
    found = link.solve(Shock(rail_capacity=limit))
    assert found.economy.rail_used == pytest.approx(limit, rel=1e-3)
    lower, higher = (replace(found.costs, rail=found.costs.rail + step) for step in (-0.01, 0.01))
    assert freight(higher) < limit < freight(lower)


def test_a_link_whose_railway_is_scarce_without_shocks_stays_as_it_is_and_its_price_goes_with_more_room(
    stated, solutions, world, pairs
):
    limit = 0.95 * solutions.solve().rail_used
    scarce = linking.world_link(stated(rail_capacity=limit), world, pairs)
    assert scarce.rail_before > 0
    same = scarce.solve()
    assert list(same.passes["pass"]) == [0] and np.allclose(same.exports, 1, rtol=1e-8)
    assert same.economy.consumption == pytest.approx(scarce.without.consumption, rel=1e-12)
    wide = scarce.solve(Shock(rail_capacity=2 * limit))
    assert scarce.rail_price(wide.costs) == 0 and wide.economy.rail_used > limit
    assert np.asarray(wide.economy.exports).sum() > np.asarray(scarce.without.exports).sum()


def test_the_next_price_of_rail_stays_where_the_last_two_say_it_lies():
    assert linking._rail(0.10, 0.02, None) == pytest.approx(0.12)
    assert linking._rail(0.12, 0.01, (0.10, 0.02)) == pytest.approx(0.13), "both too low: on by the gap"
    assert linking._rail(0.15, -0.004, (0.14, 0.01)) == pytest.approx(0.146), "between the two: by the gap"
    assert linking._rail(0.15, -0.06, (0.14, 0.01)) == pytest.approx(0.14 + 0.01 / 7), "beyond: where a line crosses"
    assert linking._rail(0.14, 0.03, (0.15, -0.06)) == pytest.approx(0.14 + 0.01 / 3)


# --- passes --------------------------------------------------------------------------------------------------------


class Cobweb(linking.Link):
    """A link whose answer is a linear map of the costs: where it settles is known."""

    def program(self, border, costs, shock, start=None):
        return costs, start

    def costs(self, solution, given, shock):
        n = len(self.base.sectors)
        move = np.zeros(n + 2)
        move[:n] = self.spread[0] @ (solution.vector[:n] - self.spread[1]) + self.spread[1]
        return Costs.of(move)


def cobweb(link, slope, kind=Cobweb):
    n = len(link.base.sectors)
    rng = np.random.default_rng(5)
    made = kind(
        link.model,
        link.without,
        link.base,
        link.sectors,
        lambda *_: (None, None),
        link.owned,
        link.curves,
        link.rail_limit,
    )
    object.__setattr__(
        made, "spread", (slope * np.eye(n) + 0.05 * rng.standard_normal((n, n)) / n, 0.02 * rng.random(n))
    )
    return made


def test_broydens_steps_settle_where_undamped_passes_swing_out(link):
    swinging = cobweb(link, -1.4)
    found = swinging.solve()
    assert found.passes["method"].iloc[-1] == "Broyden"
    assert np.abs(found.costs.gate - swinging.spread[1]).max() < linking.TOLERANCE


def test_a_gentle_map_needs_no_broyden_and_its_passes_fall_by_the_slope(link):
    found = cobweb(link, 0.2).solve()
    assert set(found.passes["method"]) == {"undamped"}
    sizes = found.passes["largest_gap"].to_numpy()
    assert np.allclose(sizes[1:] / sizes[:-1], 0.2, atol=0.02)


class Drifting(Cobweb):
    """A link whose cost of pharmaceuticals never meets itself: `left` says by how much it moves in a pass."""

    def costs(self, solution, given, shock):
        vector = super().costs(solution, given, shock).vector
        place = self.base.sector_codes.index("C21")
        vector[place] = solution.gate[place] + next(self.left)
        return Costs.of(vector)


def drifting(link, left):
    made = cobweb(link, 0.0, Drifting)
    object.__setattr__(made, "left", iter(left))
    return made


def test_a_link_that_does_not_settle_names_the_sector(link):
    with pytest.raises(InputError, match="does not settle: after 30 passes cost of Pharmaceuticals still moves by 1 %"):
        drifting(link, itertools.repeat(0.01)).solve()


def test_passes_go_on_while_none_is_close_and_stop_where_one_is(link):
    late = drifting(link, [0.01] * 20 + [0.0] * 9).solve()
    assert late.gap < linking.ACCEPTED and late.number == 20 == len(late.passes) - 1 > linking.PASSES
    near = drifting(link, itertools.repeat(linking.ACCEPTED / 2)).solve()
    assert not near.settled and len(near.passes) == linking.PASSES + 1
    assert near.gap == pytest.approx(linking.ACCEPTED / 2)


# --- the economy's program moved in place --------------------------------------------------------------------------


def test_the_program_moved_in_place_is_the_program_stated_anew(link, solutions):
    st = solutions.stage
    rng = np.random.default_rng(8)
    curves = replace(
        link.curves, centre=link.curves.centre * rng.uniform(0.8, 1.2, (len(st.sectors), 1, 2)),
        price=rng.uniform(0.9, 1.1, (len(st.sectors), 2)), import_wedge=link.curves.import_wedge * 1.1,
    )  # fmt: skip
    made, prices = rng.uniform(1, 1.2, (len(st.regions), len(st.sectors))), rng.uniform(0.9, 1.1, len(st.sectors))
    moved = solutions.recast(curves, prices, made)
    anew = moved.stated_anew()
    for name in ("row_lower", "row_upper", "lower", "upper", "cost"):
        assert np.allclose(getattr(moved._data, name), getattr(anew._data, name), rtol=1e-12, atol=1e-12), name
    assert abs(moved._data.a - anew._data.a).max() < 1e-12


def test_more_output_from_the_same_inputs_is_value_added(solutions):
    st = solutions.stage
    made = np.full((len(st.regions), len(st.sectors)), 1.1)
    found = solutions.solve(changes={"productivity": made})
    activity = found.output.to_numpy() / 1.1
    assert np.allclose(found.gva, st.value_added * activity + 0.1 * activity)
    assert found.consumption > 1.05 * solutions.solve().consumption


# --- columns -------------------------------------------------------------------------------------------------------


def test_the_three_columns_are_each_models_own(link, solutions, world, pairs, linked):
    alone = linking.curve_link(solutions, world, pairs)
    table = three.compare(link, alone, {"cheaper": CHEAPER_TRADE}).set_index("figure")
    own = trade.equilibrium.solve(world, trade_cost=CHEAPER_TRADE.trade_cost)
    goods = world.sectors_of("goods")
    home, china = world.region(HOME), world.region(CHINA)
    change = own.trade[china, goods, home].sum() / world.trade[china, goods, home].sum() - 1
    assert table.loc["Russia's exports to China, %", "world alone"] == pytest.approx(100 * change, rel=1e-9)
    linked_exports = linked["trade"].flow(HOME, CHINA)[goods].sum() / world.trade[china, goods, home].sum() - 1
    assert table.loc["Russia's exports to China, %", "linked"] == pytest.approx(100 * linked_exports, rel=1e-9)
    assert (
        table.loc["Russia's imports from China, %", "economy alone"]
        < 5
        < table.loc["Russia's imports from China, %", "linked"]
    )


def test_fixed_curves_answer_a_trade_cost_with_their_own_elasticity(solutions, world, pairs):
    alone = linking.curve_link(solutions, world, pairs)
    border, _ = alone.demand(Costs.none(len(world.sectors)), np.zeros((12, 2)), CHEAPER_TRADE, None)
    i = pairs.economy.index("MAN")
    assert border.volume[i, 0] == pytest.approx(0.95 ** -alone.curves.elasticity[i, 0], rel=1e-9)
    assert border.volume[i, 1] == pytest.approx(1.0)
    assert border.price[i, 0] == 1.0


def test_ad_valorem_wedges_pass_more_of_a_cost_on_than_constant_ones(link, solutions, world, pairs, linked):
    share = linking.world_link(solutions, world, pairs, "ad_valorem")
    same = share.solve()
    assert same.economy.consumption == pytest.approx(link.without.consumption, rel=1e-9)
    assert list(same.passes["pass"]) == [0]
    more = share.solve(PRODUCTIVITY)
    place = world.sector_codes.index("C28")
    assert more.costs.gate[place] < linked["productivity"].costs.gate[place] < 0


# --- bad input -----------------------------------------------------------------------------------------------------


def test_bad_input_is_refused_in_one_sentence(link, solutions, world, pairs):
    with pytest.raises(InputError, match="unknown sector or group 'chemical'"):
        link.solve(Shock(productivity={"chemical": 1.1}))
    with pytest.raises(InputError, match="a hat must be positive"):
        link.solve(Shock(trade_cost={(HOME, CHINA): 0.0}))
    with pytest.raises(InputError, match="unknown wedges 'flat'"):
        linking.world_link(solutions, world, pairs, "flat")
    with pytest.raises(InputError, match="option 'trade' must be 'curves'"):
        linking.world_link(solutions.banded, world, pairs)


def test_a_pair_of_unknown_sectors_and_a_sector_without_a_pair_are_refused():
    table = pd.DataFrame({"world_sector": ["C20", "C21"], "economy_sector": ["CHE", "PHA"]})
    merged = pd.Series({"CHE": "MAN", "PHA": "MAN"})
    found = chain.sectors.concordance(table, ["C20", "C21"], ["MAN"], merged)
    assert found.pairs.tolist() == [[True], [True]]
    with pytest.raises(InputError, match="pairs 'C21' with 'PHA'"):
        chain.sectors.concordance(table, ["C20"], ["MAN"], merged)
    with pytest.raises(InputError, match="no pair for sector 'C22'"):
        chain.sectors.concordance(table, ["C20", "C21", "C22"], ["MAN"], merged)


def test_means_over_pairs_weigh_by_trade_and_are_plain_without_it():
    pairs = chain.Concordance(("a", "b", "c"), ("x", "y"), np.array([[1, 0], [1, 0], [0, 1]], bool))
    assert np.allclose(pairs.to_economy(np.array([1.0, 4.0, 9.0]), np.array([1.0, 2.0, 0.0])), [3.0, 9.0])
    assert np.allclose(pairs.to_economy(np.array([1.0, 4.0, 9.0]), np.zeros(3)), [2.5, 9.0])
    assert np.allclose(pairs.to_world(np.array([2.0, 5.0]), np.ones(2)), [2.0, 2.0, 5.0])
    both = np.array([[1.0, 2.0], [4.0, 8.0], [9.0, 9.0]])
    assert np.allclose(pairs.to_economy(both, np.array([1.0, 2.0, 1.0])), [[3.0, 6.0], [9.0, 9.0]])


def test_every_sector_of_both_models_has_a_counterpart_and_goods_meet_goods(world):
    table, sectors = data.load("world_economy_sectors"), data.load("sectors").set_index("sector")
    assert set(table["economy_sector"]) == set(sectors.index)
    assert set(table["world_sector"]) == set(world.sector_codes)
    goods = table["world_sector"] != "SERV"
    assert sectors.loc[table.loc[goods, "economy_sector"], "goods"].all()
    assert named(world).given.sum() == 0
