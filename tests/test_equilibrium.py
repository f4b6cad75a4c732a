"""Model 3: the world in equilibrium, exact hat algebra (rutrade.trade.hats, equilibrium, shocks)."""

import dataclasses
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import worlds
from hypothesis import given, settings
from hypothesis import strategies as st

from rutrade import InputError, trade
from rutrade.trade import equilibrium, hats, shocks, world
from rutrade.trade.equilibrium import solve

MANY = {
    "trade_cost": {("R0", "R1"): 0.8, ("R2", "R0", "S1"): 1.4},
    "productivity": {("R1", "S2"): 1.2, "R2": 0.9},
    "resources": {("R0", "S0"): 0.7},
    "labour": {"R2": 1.3},
    "demand": {"S1": 1.2, ("S2", "final"): 0.7, ("S0", "S3"): 1.1},
}


@pytest.fixture(scope="module")
def real():
    return trade.inputs.world()


@pytest.fixture(scope="module")
def cheaper(real):
    """Trade cost between Russia and China down by 5 %, both ways."""
    return solve(real, trade_cost={("RUS", "CHN"): 0.95, ("CHN", "RUS"): 0.95})


def one_sector(flows: np.ndarray, theta: float, inputs: float = 0.0, **options) -> world.Benchmark:
    """A world of one good: flows importer x exporter; a share of its cost may be the good itself."""
    regions, sectors = worlds.tables(len(flows), 1, extraction=0)
    sectors["goods"] = True
    output = flows.sum(0)
    return world.Benchmark(
        flows[:, None, :], (inputs * output)[:, None, None], regions.set_index("region"), sectors.set_index("sector"),
        np.array([theta]), **options,
    )  # fmt: skip


# ------------------------------------------------------------------------------------------ the equations themselves
@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10_000), extraction=st.integers(0, 2), cut=st.floats(0.6, 1.6), push=st.floats(0.7, 1.4))
def test_every_equation_holds_at_a_solution_of_any_world(seed, extraction, cut, push):
    b = worlds.small(seed, extraction=extraction)
    found = solve(b, trade_cost={("R0", "R1"): cut}, productivity={("R1", "S2"): push}, labour={"R2": push})
    gaps = worlds.gaps(found)
    assert max(gaps.values()) < 1e-9, gaps


@pytest.mark.parametrize("substitution", [(0.2, 0.5), (0.7, 1.6), (2.0, 0.3)])
def test_every_equation_holds_after_many_shocks_at_once(substitution):
    b = dataclasses.replace(
        worlds.small(1, extraction=2), input_substitution=substitution[0], final_substitution=substitution[1]
    )
    gaps = worlds.gaps(solve(b, **MANY, balance={"R0": 0.2, "R1": -0.5}))
    assert max(gaps.values()) < 1e-9, gaps


def test_every_equation_holds_on_the_real_world(cheaper):
    gaps = worlds.gaps(cheaper)
    assert max(gaps.values()) < 1e-9, gaps


def test_equations_of_growth_and_oil_hold_with_the_targets_met():
    b = worlds.small(2)
    found = solve(b, gdp={"R1": 1.2, "R0": 0.95}, oil_price=0.8)
    assert max(worlds.gaps(found).values()) < 1e-9
    volume = (found.state.value_added / found.state.factor).sum(1) / b.value_added.sum(1)
    assert volume == pytest.approx([0.95, 1.2, 1.0], abs=1e-10)
    assert found.gdp_volume.to_numpy() == pytest.approx([0.95, 1.2, 1.0], abs=1e-10)
    crude = np.exp((np.log(found.state.gate[:, 0]) * b.output[:, 0]).sum() / b.output[:, 0].sum())
    assert crude == pytest.approx(0.8, abs=1e-10)
    assert found.state.oil_demand < 1 and found.state.labour[1] > 1


def test_a_given_price_is_kept_and_the_productivity_behind_it_follows():
    b = worlds.small(2)
    found = solve(b, fob={("R0", "S2"): 1.1}, trade_cost={("R1", "R0"): 0.9})
    assert max(worlds.gaps(found).values()) < 1e-9
    assert found.state.gate[0, 2] == 1.1 and found.state.cost[0, 2] != pytest.approx(1.1, abs=1e-3)
    implied = found.state.cost / found.state.gate
    again = solve(b, productivity=np.where(found.shocks.given, implied, 1.0), trade_cost={("R1", "R0"): 0.9})
    assert again.trade == pytest.approx(found.trade, rel=1e-10)


def test_the_gate_prices_of_a_solution_given_back_reproduce_it(real, cheaper):
    i = real.region("RUS")
    fob = np.full(real.output.shape, np.nan)
    chosen = real.sectors_of("goods") & (real.resource_share == 0)
    fob[i, chosen] = cheaper.state.gate[i, chosen]
    again = solve(real, trade_cost={("RUS", "CHN"): 0.95, ("CHN", "RUS"): 0.95}, fob=fob)
    assert chosen.sum() == 23
    assert np.abs(again.trade / np.where(cheaper.trade > 0, cheaper.trade, 1) - 1)[cheaper.trade > 0].max() < 1e-11


def test_all_hats_one_return_the_benchmark(real):
    found = solve(real)
    assert np.abs(found.trade - real.trade).max() < 1e-10
    assert found.state.final == pytest.approx(real.final, abs=1e-9)
    assert np.abs(found.residuals).max() < 1e-12 and found.evaluations == 1
    for hat in (found.wages, found.welfare, found.prices["price"], found.output["volume_hat"], found.gdp_volume):
        assert np.asarray(hat) == pytest.approx(1, abs=1e-12)
    ones = np.ones_like(real.trade)
    again = solve(real, productivity=np.ones_like(real.output), trade_cost=ones, labour=np.ones(11), theta=real.theta)
    assert np.abs(again.trade - real.trade).max() < 1e-10


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 10_000), cut=st.floats(0.6, 1.6), push=st.floats(0.7, 1.4))
def test_a_shock_and_its_reverse_return_the_benchmark(seed, cut, push):
    b = worlds.small(seed)
    there = solve(b, trade_cost={("R0", "R1"): cut}, productivity={("R1", "S2"): push}, resources={("R0", "S0"): push})
    base = there.rebased()
    back = solve(base, trade_cost={("R0", "R1"): 1 / cut}, productivity={("R1", "S2"): 1 / push},
                 resources={("R0", "S0"): 1 / push})  # fmt: skip
    assert np.abs(back.trade / b.trade - 1).max() < 1e-9
    assert np.abs(back.rebased().inputs / b.inputs - 1).max() < 1e-9


def test_a_shock_and_its_reverse_return_the_real_benchmark(real, cheaper):
    base = cheaper.rebased()
    back = solve(base, trade_cost={("RUS", "CHN"): 1 / 0.95, ("CHN", "RUS"): 1 / 0.95})
    some = real.trade > 1e-6
    assert np.abs(back.trade / np.where(some, real.trade, 1) - 1)[some].max() < 1e-9


def test_two_shocks_in_turn_give_what_both_give_at_once():
    b = worlds.small(11)
    first = solve(b, trade_cost={("R0", "R1"): 0.8})
    second = solve(first.rebased(), labour={"R1": 1.2}, demand={("S1", "final"): 1.0})
    both = solve(b, trade_cost={("R0", "R1"): 0.8}, labour={"R1": 1.2})
    assert second.trade == pytest.approx(both.trade, rel=1e-10)
    assert (second.wages * first.wages).to_numpy() == pytest.approx(both.wages.to_numpy(), rel=1e-10)


# -------------------------------------------------------------------------------------------------- laws of economics
@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 10_000), factor=st.floats(0.5, 2))
def test_more_of_every_factor_everywhere_moves_no_share(seed, factor):
    b = worlds.small(seed)
    grown = solve(b, labour={r: factor for r in b.region_codes}, resources={r: factor for r in b.region_codes})
    assert grown.trade == pytest.approx(b.trade, rel=1e-9)
    assert grown.welfare.to_numpy() == pytest.approx(factor, rel=1e-9)
    assert grown.wages.to_numpy() == pytest.approx(1 / factor, rel=1e-9)


def test_twice_the_labour_of_all_regions_moves_no_share_without_extraction():
    b = worlds.small(12, extraction=0)
    grown = solve(b, labour={r: 2.0 for r in b.region_codes})
    assert grown.trade == pytest.approx(b.trade, rel=1e-10) and grown.welfare.to_numpy() == pytest.approx(2, rel=1e-10)


def test_walras_excess_demand_sums_to_zero_at_any_factor_prices():
    b = worlds.small(13)
    system = hats.System(b, shocks.Shocks.none(b))
    rng = np.random.default_rng(0)
    for _ in range(5):
        x = system.at(rng.normal(0, 0.2, system.unknowns))
        supply = np.concatenate([x.wage * b.labour_income, (x.resource * b.resource_income)[b.resource_income > 0]])
        world_income = supply.sum() / b.value_added.sum() - 1
        assert supply @ (x.residual - world_income) == pytest.approx(0, abs=1e-10 * supply.sum())


def test_world_value_added_is_the_numeraire(cheaper, real):
    assert cheaper.state.value_added.sum() == pytest.approx(real.value_added.sum(), rel=1e-11)


@pytest.mark.parametrize("theta, loss", [(10.0, 0.7), (5.0, 1.4)])
def test_gains_from_trade_of_one_sector_are_those_of_the_own_share(theta, loss):
    """Arkolakis, Costinot and Rodriguez-Clare (2012): W = 1 - lambda^(1/theta), lambda = .93."""
    b = one_sector(np.array([[93.0, 7.0], [7.0, 93.0]]), theta)
    closed = solve(b, trade_cost={("R0", "R1"): 1e3, ("R1", "R0"): 1e3})
    assert 1 - closed.welfare["R0"] == pytest.approx(1 - 0.93 ** (1 / theta), abs=1e-9)
    assert 100 * (1 - closed.welfare["R0"]) == pytest.approx(loss, abs=0.05)


def test_gains_from_trade_grow_with_inputs_as_in_the_formula_with_roundabout_production():
    """With Cobb-Douglas inputs of share g, W = 1 - lambda^(1 / (theta (1 - g)))."""
    b = one_sector(np.array([[90.0, 10.0], [10.0, 90.0]]), 4.0, inputs=0.4, input_substitution=1.0)
    closed = solve(b, trade_cost={("R0", "R1"): 1e3, ("R1", "R0"): 1e3})
    assert closed.welfare["R1"] == pytest.approx(0.9 ** (1 / (4 * 0.6)), abs=1e-9)


def test_cobb_douglas_is_the_limit_of_the_ces_on_both_sides():
    b = worlds.small(14)
    for name in ("input_substitution", "final_substitution"):
        exact, near = (
            solve(dataclasses.replace(b, **{name: s}), trade_cost={("R0", "R1"): 0.7}) for s in (1.0, 1.0 + 1e-7)
        )
        assert exact.trade == pytest.approx(near.trade, rel=1e-6)
        assert exact.welfare.to_numpy() == pytest.approx(near.welfare.to_numpy(), rel=1e-6)


def test_at_a_very_large_elasticity_a_price_is_that_of_the_cheapest_supplier():
    b = dataclasses.replace(worlds.small(15, extraction=0), theta=np.full(4, 3000.0))
    system = hats.System(b, shocks.named(b, trade_cost={("R0", "R1"): 0.98}))
    x = system.at(np.zeros(system.unknowns))
    delivered = system.shocks.trade_cost * x.gate.T[None]
    assert x.price == pytest.approx(delivered.min(2), rel=2e-3) and (x.price[1] < 0.99).all()


def ten_regions(real) -> world.Benchmark:
    """All sectors as one good without inputs; the European Union joins all others."""
    flows = real.trade.sum(1)
    groups = np.zeros((10, 11))
    keep = [r for r in real.region_codes if r != "EU27"]
    for i, region in enumerate(real.region_codes):
        groups[keep.index("OTH" if region == "EU27" else region), i] = 1
    return one_sector(groups @ flows @ groups.T, 5.0)


def test_one_sector_world_with_fixed_deficits_gives_the_published_vector(real):
    b = ten_regions(real)
    found = solve(b, trade_cost={("R0", "R1"): 0.95, ("R1", "R0"): 0.95})
    change = 100 * (found.trade / b.trade - 1)[:, 0]
    assert change[1, 0] == pytest.approx(27.7752, abs=1e-4)
    assert change[0, 1] == pytest.approx(30.1357, abs=1e-4)


def test_one_sector_world_with_spending_in_proportion_to_income_gives_the_published_vector(real):
    b = ten_regions(real)
    balance, spent, made = b.balance, b.use[:, 0], b.output[:, 0]
    for _ in range(40):
        found = solve(b, trade_cost={("R0", "R1"): 0.95, ("R1", "R0"): 0.95}, balance=balance)
        hat = found.wages.to_numpy()
        balance = spent * hat * (made @ hat) / (spent @ hat) - made * hat
    change = 100 * (found.trade / b.trade - 1)[:, 0]
    assert change[1, 0] == pytest.approx(27.8306, rel=1e-4)
    assert change[0, 1] == pytest.approx(30.0578, rel=1e-4)


def test_a_cut_of_trade_cost_raises_trade_between_russia_and_china_by_a_fifth(cheaper, real):
    base = solve(real)
    assert cheaper.flow("RUS", "CHN") / base.flow("RUS", "CHN") == pytest.approx(1.21, abs=0.01)
    assert cheaper.flow("CHN", "RUS") / base.flow("CHN", "RUS") == pytest.approx(1.19, abs=0.01)
    assert cheaper.welfare["RUS"] > cheaper.welfare["CHN"] > 1


def test_the_textbook_fixed_point_finds_the_same_world():
    b = worlds.small(16)
    cost = np.ones_like(b.trade)
    cost[1, :, 0] = 0.7
    flows, worst = worlds.fixed_point(b, cost)
    assert worst < 1e-9
    assert solve(b, trade_cost=cost).trade == pytest.approx(flows, rel=1e-8)


# -------------------------------------------------------------------------------------------- order, division, threads
def test_order_of_regions_and_sectors_changes_nothing():
    b = worlds.small(17, regions=4, sectors=5)
    n, j = np.random.default_rng(1).permutation(4), np.random.default_rng(2).permutation(5)
    mixed = world.Benchmark(
        b.trade[np.ix_(n, j, n)], b.inputs[np.ix_(n, j, j)], b.regions.iloc[n], b.sectors.iloc[j], b.theta[j]
    )
    shock = {"trade_cost": {("R3", "R1", "g1"): 0.8}, "productivity": {("R2", "S4"): 1.3}, "balance": {"R0": 0.0}}
    one, other = solve(b, **shock), solve(mixed, **shock)
    assert other.trade == pytest.approx(one.trade[np.ix_(n, j, n)], rel=1e-9)
    keys = ["importer", "sector", "exporter"]
    both = one.flows.merge(other.flows, on=keys, suffixes=("", "_mixed"))
    assert len(both) == 80 and both["hat"].to_numpy() == pytest.approx(both["hat_mixed"].to_numpy(), rel=1e-9)


def split(b: world.Benchmark, region: int, share: float, tilt: float = 0.0) -> world.Benchmark:
    """The world with one region divided in two: alike, or one with more and the other with fewer inputs where final
    demand leaves room.
    """
    order = [*range(len(b.regions)), region]
    trade_ = b.trade[np.ix_(order, range(len(b.sectors)), order)].copy()
    inputs = b.inputs[order].copy()
    room = (b.final[region] > 0.3 * b.use[region])[:, None]
    for where, part, sign in ((region, share, 1), (len(order) - 1, 1 - share, -1)):
        trade_[where] *= part
        trade_[:, :, where] *= part
        inputs[where] *= part + sign * tilt * room
    names = b.regions.iloc[order].copy()
    names.index = [*b.regions.index, f"{b.regions.index[region]}2"]
    return dataclasses.replace(b, trade=trade_, inputs=inputs, regions=names)


def test_a_region_divided_into_two_alike_leaves_the_world_as_it_was(real):
    shock = {"trade_cost": {("RUS", "CHN"): 0.95, ("CHN", "RUS"): 0.95}}
    twelve = split(real, real.region("OTH"), 0.4)
    assert len(twelve.region_codes) == 12
    one, other = solve(real, **shock), solve(twelve, **shock)
    for pair in (("RUS", "CHN"), ("CHN", "RUS"), ("RUS", "EU27")):
        assert other.flow(*pair) == pytest.approx(one.flow(*pair), rel=1e-9)
    assert other.flow("OTH", "RUS") + other.flow("OTH2", "RUS") == pytest.approx(one.flow("OTH", "RUS"), rel=1e-9)


def test_twelve_regions_somewhat_unlike_stay_close_to_eleven(real):
    shock = {"trade_cost": {("RUS", "CHN"): 0.95, ("CHN", "RUS"): 0.95}}
    twelve = split(real, real.region("USA"), 0.5, tilt=0.05)
    one, other = solve(real, **shock), solve(twelve, **shock)
    assert other.flow("RUS", "CHN") == pytest.approx(one.flow("RUS", "CHN"), rel=1e-3)
    assert other.flow("RUS", "CHN") != one.flow("RUS", "CHN")


@pytest.mark.slow
def test_hash_seed_changes_no_byte():
    code = (
        "import hashlib; from rutrade import trade;"
        " s = trade.solve(trade_cost={('RUS', 'CHN'): .9}, productivity={('RUS', 'C20'): 1.1});"
        " print(hashlib.sha256(s.trade.tobytes()).hexdigest())"
    )
    said = {
        subprocess.run([sys.executable, "-c", code], env=os.environ | {"PYTHONHASHSEED": seed}, text=True,
                       capture_output=True, check=True).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(said) == 1 and len(said.pop()) == 65


def test_a_start_close_by_leads_to_the_same_world_in_fewer_steps(real, cheaper):
    shock = {"trade_cost": {("RUS", "CHN"): 0.94, ("CHN", "RUS"): 0.94}}
    cold, warm = solve(real, **shock), solve(real, **shock, start=cheaper)
    assert warm.trade == pytest.approx(cold.trade, rel=1e-9, abs=1e-12) and warm.evaluations < cold.evaluations
    with pytest.raises(InputError, match="start has 55 unknowns; this system has 56"):
        solve(real, oil_price=0.9, start=cheaper)


def test_theta_of_one_sector_moves_that_sector(real, cheaper):
    stiff = solve(real, trade_cost={("RUS", "CHN"): 0.95, ("CHN", "RUS"): 0.95}, theta={"C20": 1.0})
    assert stiff.flow("RUS", "CHN", "C20") < cheaper.flow("RUS", "CHN", "C20")
    assert stiff.flow("RUS", "CHN", "C28") == pytest.approx(cheaper.flow("RUS", "CHN", "C28"), rel=0.01)
    assert real.theta[real.sector_codes.index("C20")] == 3.983
    series = pd.Series({"C20": 1.0})
    assert equilibrium.with_theta(real, series).theta.tolist() == stiff.benchmark.theta.tolist()


def test_anderson_s_iteration_finds_the_same_world_when_broyden_fails(real, cheaper, monkeypatch):
    monkeypatch.setattr(equilibrium, "_broyden", lambda system, u, near, inverse: (u, None, 1, inverse))
    slow = solve(real, trade_cost={("RUS", "CHN"): 0.95, ("CHN", "RUS"): 0.95})
    assert slow.method == "Anderson" and cheaper.method == "Broyden"
    assert slow.trade == pytest.approx(cheaper.trade, rel=1e-8, abs=1e-10)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_both_methods_need_few_evaluations_and_meet_in_one_point(seed):
    b = worlds.small(seed)
    cut = shocks.named(b, trade_cost={("R0", "R1"): 0.7, ("R1", "R0"): 0.7})
    system = hats.System(b, cut)
    found, state, count = equilibrium._anderson(system, np.zeros(system.unknowns), None)
    solution = equilibrium.solve_shocks(b, cut)
    assert found == pytest.approx(solution.unknowns, abs=1e-10)
    assert np.abs(state.residual).max() < 1e-12
    assert count <= 16 and solution.evaluations <= 16, "plain iteration takes hundreds"
    nothing = np.zeros(system.unknowns)
    assert [equilibrium._broyden(system, nothing, None, None, limit)[2] for limit in (1, 2, 5)] == [1, 2, 5]
    assert [equilibrium._anderson(system, nothing, None, limit)[2] for limit in (1, 2, 5)] == [1, 2, 5]


def apart(factor: float) -> dict:
    """Trade cost of one region with the two others."""
    return {pair: factor for other in ("R1", "R2") for pair in (("R0", other), (other, "R0"))}


def test_large_shocks_are_solved_too():
    b = worlds.small(18)
    for shock in (
        {"trade_cost": {("R0", "R1"): 0.05, ("R1", "R0"): 0.05}},
        {"trade_cost": apart(5.0), "balance": np.zeros(3)},
        {"labour": {"R0": 20.0}},
        {"productivity": {("R1", "S2"): 10.0}},
        {"resources": {("R0", "S0"): 0.05}},
    ):
        assert max(worlds.gaps(solve(b, **shock)).values()) < 1e-8


# ------------------------------------------------------------------------------------------------------------ Jacobian
@pytest.mark.parametrize("fixed", [False, True])
@pytest.mark.parametrize("targets", [None, hats.Targets(np.ones(3), 1.0), hats.Targets(oil_price=1.0)])
def test_the_jacobian_of_the_residual_equals_finite_differences(fixed, targets):
    b = worlds.small(19, extraction=2)
    s = shocks.named(b, fob={("R0", "g1"): 1.0, ("R1", "S2"): 1.0} if fixed else None)
    system = hats.System(b, s, targets)
    numeric = np.array([
        (system.at(step).residual - system.at(-step).residual) / 2e-5 for step in 1e-5 * np.eye(system.unknowns)
    ]).T  # fmt: skip
    analytic = np.linalg.inv(hats.inverse_jacobian(b, s.given, system.targets))
    assert analytic == pytest.approx(numeric, abs=1e-7)


@pytest.mark.parametrize("given_prices", [True, False])
def test_responses_of_exports_to_costs_equal_finite_differences(cheaper, given_prices):
    chosen = ["C20", "C28", "A01"]
    table = equilibrium.jacobian(cheaper, "RUS", chosen, given=given_prices)
    assert len(table) == 10 * 28 * 3 and set(table["importer"]) == set(cheaper.benchmark.region_codes) - {"RUS"}
    base = cheaper.rebased()
    i, step = base.region("RUS"), 1e-5
    for code in chosen:
        ends = []
        for sign in (1, -1):
            hat = np.exp(sign * step)
            if given_prices:
                fob = {("RUS", other): hat if other == code else 1.0 for other in chosen}
                ends.append(solve(base, fob=fob))
            else:
                ends.append(solve(base, productivity={("RUS", code): 1 / hat}))
        for sector in ("C20", "C28", "B06", "SERV"):
            j = base.sector_codes.index(sector)
            value = [np.log(e.trade[:, j, i]) for e in ends]
            gate = [np.log(e.state.gate[i, j]) for e in ends]
            rows = table[(table["cost_sector"] == code) & (table["sector"] == sector)].set_index("importer")
            rows = rows.reindex([r for r in base.region_codes if r != "RUS"])
            others = np.arange(11) != i
            wanted = ((value[0] - value[1]) / (2 * step))[others]
            assert rows["value"].to_numpy() == pytest.approx(wanted, abs=2e-5)
            moved = (gate[0] - gate[1]) / (2 * step)
            assert rows["volume"].to_numpy() == pytest.approx(wanted - moved, abs=2e-5)


def test_by_default_the_costs_of_23_industries_are_given(cheaper):
    table = equilibrium.jacobian(cheaper)
    assert table["cost_sector"].nunique() == 23 and not set(table["cost_sector"]) & {"B05", "B06", "B07", "B08", "SERV"}
    own = table[(table["cost_sector"] == table["sector"]) & (table["importer"] == "CHN")].set_index("sector")["volume"]
    theta = pd.Series(cheaper.benchmark.theta, cheaper.benchmark.sector_codes)
    assert (own < -3).all() and (own > -(1 + theta[own.index]) - 1e-9).all()  # -(1 + theta) overstates it
    with pytest.raises(InputError, match="unknown sector 'C2': did you mean 'C2"):
        equilibrium.jacobian(cheaper, sectors=["C2"])


# ------------------------------------------------------------------------------------------------------------- results
def test_tables_of_a_solution_say_what_the_arrays_say(cheaper, real):
    flows = cheaper.flows.set_index(["importer", "sector", "exporter"])
    n, j, i = real.region("CHN"), real.sector_codes.index("C20"), real.region("RUS")
    row = flows.loc["CHN", "C20", "RUS"]
    assert row["value_bn_usd"] == cheaper.trade[n, j, i] and row["benchmark_bn_usd"] == real.trade[n, j, i]
    assert row["hat"] == pytest.approx(cheaper.trade[n, j, i] / real.trade[n, j, i])
    assert cheaper.flow("RUS", "CHN", "C20") == pytest.approx(row["value_bn_usd"])
    assert cheaper.flow("RUS", "CHN") == pytest.approx(cheaper.trade[n, :27, i].sum())
    prices = cheaper.prices.set_index(["region", "sector"])
    assert prices.loc[("CHN", "C20"), "price"] == cheaper.state.price[n, j]
    assert prices.loc[("CHN", "C20"), "cost"] == cheaper.state.cost[n, j] == prices.loc[("CHN", "C20"), "gate_price"]
    output = cheaper.output.set_index(["region", "sector"]).loc[("RUS", "C20")]
    assert output["output_bn_usd"] == pytest.approx(cheaper.trade[:, j, i].sum())
    assert output["volume_hat"] == pytest.approx(output["output_bn_usd"] / real.output[i, j] / cheaper.state.gate[i, j])
    assert output["value_added_bn_usd"] == cheaper.state.value_added[i, j]
    assert cheaper.wages["RUS"] == cheaper.state.wage[i]
    rents = cheaper.resource_prices
    assert len(rents) == 44 and set(rents["sector"]) == {"B05", "B06", "B07", "B08"}
    oil = rents[(rents["region"] == "RUS") & (rents["sector"] == "B06")]["resource_price"].iloc[0]
    assert oil == cheaper.state.resource[i, real.sector_codes.index("B06")]
    spent = cheaper.state.income / real.final.sum(1) / cheaper.state.consumer_price
    assert cheaper.welfare.to_numpy() == pytest.approx(spent)
    assert len(cheaper.residuals) == 55 and np.abs(cheaper.residuals).max() < 1e-10
    assert cheaper.residuals.index[0] == "labour in Russia"
    assert "specific factor of 'Crude oil and natural gas' in China" in cheaper.residuals.index


def test_shares_leave_domestic_supply_out(cheaper, real):
    i, n = real.region("RUS"), real.region("CHN")
    goods = cheaper.trade[:, :27]
    exports = goods[:, :, i].sum(1)
    imports = goods[i].sum(0)
    assert cheaper.share("RUS", "CHN") == pytest.approx(exports[n] / (exports.sum() - exports[i]))
    assert cheaper.share("RUS", "CHN", "import") == pytest.approx(imports[n] / (imports.sum() - imports[i]))
    assert sum(cheaper.share("RUS", r, "export", "C20") for r in real.region_codes) == pytest.approx(1)
    with pytest.raises(InputError, match="unknown flow 'exports'"):
        cheaper.share("RUS", "CHN", "exports")


def test_the_summary_of_three_lines_tells_flows_shares_and_welfare():
    s = trade.solve(trade_cost={("RUS", "CHN"): 0.95})
    table = s.summary().set_index("figure")
    goods = table.loc["RUS to CHN, goods"]
    assert goods["benchmark"] == pytest.approx(77.712, abs=1e-3) and goods["new"] == pytest.approx(s.flow("RUS", "CHN"))
    assert goods["change_pct"] == pytest.approx(100 * (goods["new"] / goods["benchmark"] - 1))
    assert table.loc["CHN in the exports of RUS, goods", "new"] == pytest.approx(100 * s.share("RUS", "CHN"))
    assert table.loc["CHN in the imports of RUS, goods", "new"] == pytest.approx(100 * s.share("RUS", "CHN", "import"))
    assert table.loc["real final demand of RUS", "new"] == s.welfare["RUS"]
    rest = [r for r in s.welfare.index if r not in ("RUS", "CHN")]
    weight = pd.Series(s.benchmark.final.sum(1), s.welfare.index)[rest]
    assert table.loc["real final demand of all others", "new"] == pytest.approx(
        (s.welfare[rest] * weight).sum() / weight.sum()
    )
    assert "RUS to CHN, engineering" in table.index and "RUS to CHN, services" not in table.index
    turned = s.summary("CHN", "RUS").set_index("figure")
    assert turned.loc["RUS in the imports of CHN, goods", "unit"] == "%"
    assert turned.loc["RUS in the imports of CHN, goods", "change_pct"] > 10


def test_values_are_scaled_to_nominal_world_gdp_and_hats_are_not(cheaper):
    doubled = dataclasses.replace(cheaper, nominal=2.0)
    assert doubled.flow("RUS", "CHN") == pytest.approx(2 * cheaper.flow("RUS", "CHN"))
    assert doubled.share("RUS", "CHN") == cheaper.share("RUS", "CHN")
    assert doubled.output["output_bn_usd"].sum() == pytest.approx(2 * cheaper.output["output_bn_usd"].sum())
    assert doubled.output["value_added_bn_usd"].sum() == pytest.approx(2 * cheaper.output["value_added_bn_usd"].sum())
    assert doubled.welfare.equals(cheaper.welfare)
    assert doubled.rebased().trade == pytest.approx(2 * cheaper.trade)
    assert doubled.rebased().inputs == pytest.approx(2 * cheaper.rebased().inputs)
    assert np.allclose(doubled.rebased().final, 2 * cheaper.state.final, rtol=1e-9)


# ------------------------------------------------------------------------------------------------------ names of shocks
def test_names_and_arrays_make_the_same_shocks():
    b = worlds.small(20)
    s = shocks.named(b, **MANY)
    assert s.trade_cost[1, :, 0].tolist() == [0.8] * 4 and s.trade_cost[0, 1, 2] == 1.4  # importer, sector, exporter
    assert (s.trade_cost != 1).sum() == 5
    assert (
        s.productivity[1, 2] == 1.2
        and s.productivity[2].tolist() == [0.9] * 4
        and s.productivity[0].tolist() == [1] * 4
    )
    assert s.resources[0].tolist() == [0.7, 1, 1, 1] and s.labour.tolist() == [1, 1, 1.3]
    assert s.demand[1].tolist() == [1.2] * 5 and s.demand[2].tolist() == [1, 1, 1, 1, 0.7] and s.demand[0, 3] == 1.1
    assert s.balance is b.balance and not s.given.any()
    again = shocks.named(b, trade_cost=s.trade_cost, productivity=s.productivity, demand=s.demand, balance=b.balance)
    assert (again.trade_cost == s.trade_cost).all() and (again.demand == s.demand).all()
    twice = shocks.named(b, productivity={"R0": 1.1, ("R0", "S1"): 1.2})
    assert twice.productivity[0] == pytest.approx([1.1, 1.32, 1.1, 1.1])
    assert shocks.named(b, fob={("R1", "S2"): 1.3}).fob[1, 2] == 1.3
    assert shocks.named(b, trade_cost={("R0", "R1", "g0"): 0.9}).trade_cost[1, :, 0].tolist() == [0.9, 0.9, 1, 1]
    assert shocks.named(b, trade_cost={("R0",): 1.0}).trade_cost.min() == 1.0


def test_a_named_balance_is_absorbed_by_the_others_in_proportion_to_value_added():
    b = worlds.small(21)
    found = shocks.named(b, balance={"R0": 1.0}).balance
    assert found[0] == 1.0 and found.sum() == pytest.approx(0, abs=1e-12)
    moved, size = found[1:] - b.balance[1:], b.value_added.sum(1)[1:]
    assert moved == pytest.approx(-(1.0 - b.balance[0]) * size / size.sum())
    richer = solve(b, balance={"R0": b.balance[0] + 1.0})
    assert richer.state.income.sum() == pytest.approx(b.final.sum(), rel=1e-9) and richer.welfare["R0"] > 1


def test_a_shift_of_demand_moves_shares_and_no_cost_at_benchmark_prices():
    b = worlds.small(22)
    system = hats.System(b, shocks.named(b, demand={"S1": 1.2}))
    x = system.at(np.zeros(system.unknowns))
    assert x.cost == pytest.approx(1) and x.price == pytest.approx(1) and x.consumer_price == pytest.approx(1)
    assert x.input_share[:, 1] == pytest.approx(1.2 * b.input_share[:, 1])
    assert x.value_added_share == pytest.approx(b.value_added_share - 0.2 * b.input_share[:, 1])


@pytest.mark.parametrize(
    "shock, message",
    [
        ({"trade_cost": {("RUS", "CHN"): 0.0}}, "trade_cost of RUS CHN is 0.0; a hat must be positive"),
        ({"trade_cost": {("RUS", "CHN"): -1.0}}, "trade_cost of RUS CHN is -1.0"),
        ({"trade_cost": {("RUS", "RUS"): 0.9}}, "trade_cost of A01 within RUS is 0.9; only cost between regions"),
        ({"trade_cost": {("RUS", "CHI"): 0.9}}, "unknown region 'CHI': did you mean 'CHN'"),
        ({"trade_cost": {("RUS", "CHN", "C20", "x"): 0.9}}, "has 4 parts; at most 3 are allowed"),
        ({"productivity": {("RUS", "C2O"): 1.1}}, "unknown sector or group 'C2O': did you mean 'C29'"),
        ({"productivity": {("RUS", "C20"): float("nan")}}, "productivity of RUS C20 is nan"),
        ({"productivity": np.ones(3)}, r"productivity has the shape \(3,\); must be \(11, 28\)"),
        ({"trade_cost": -np.ones((11, 28, 11))}, "trade_cost is -1.0; a hat must be positive"),
        ({"labour": {"RUS": np.inf}}, "labour of RUS is inf"),
        ({"labour": np.full(11, np.nan)}, "labour is nan"),
        ({"demand": {("B06", "finals"): 1.1}}, "unknown sector or group 'finals'"),
        ({"demand": {("C19", "C19"): 50.0}}, "demand: inputs of C19 in [A-Z0-9]+ would take .* of its cost"),
        ({"balance": np.ones(11)}, "balance sums to 11 bn USD over all regions; must sum to zero"),
        ({"balance": np.ones(3)}, r"balance has the shape \(3,\); must be \(11,\)"),
        ({"balance": {"RUS": float("nan")}}, "balance sums to nan"),
        ({"theta": {"C20": 0.0}}, "theta of sector C20 is 0.0; must be positive"),
        ({"theta": {"C2O": 4.0}}, "unknown sector 'C2O': did you mean 'C29'"),
        ({"theta": np.ones(3)}, r"'theta' of the benchmark has the shape \(3,\)"),
        ({"oil_price": 0.0}, "oil_price is 0.0; a hat must be positive"),
        ({"gdp": {"RUS": -1.0}}, "labour of RUS is -1.0; a hat must be positive"),
        ({"fob": {("RUS", "C20"): 0.0}}, "fob of RUS C20 is 0.0"),
    ],
)  # fmt: skip
def test_a_shock_that_is_not_allowed_is_refused_in_one_sentence(real, shock, message):
    with pytest.raises(InputError, match=message):
        solve(real, **shock)


def test_a_shock_without_solution_names_the_market_that_does_not_clear(real):
    with pytest.raises(InputError, match="no solution: Russia has no income left for final demand"):
        solve(real, balance={"RUS": -1e4})
    b = worlds.small(18)
    assert b.balance[0] < 0  # a surplus that a closed region cannot deliver
    with pytest.raises(InputError, match=r"no solution that was found: .* in R[0-2] does not clear \(excess (de|su)"):
        solve(b, trade_cost=apart(50.0))
    with pytest.raises(InputError, match="no solution that was found: target of the oil price does not clear"):
        solve(b, oil_price=1e-6)


def test_markets_and_targets_stand_in_the_order_of_the_residual_by_name():
    b = worlds.small(1)
    b = dataclasses.replace(b, regions=b.regions.assign(name=["Oz", "Ur", "Ys"]))
    targets = hats.Targets(gdp=np.ones(3), oil_price=1.0)
    names = equilibrium._markets(b, targets)
    assert names == [
        "labour in Oz", "labour in Ur", "labour in Ys", "specific factor of 'S0' in Oz",
        "specific factor of 'S0' in Ur", "specific factor of 'S0' in Ys", "target of GDP in Oz", "target of GDP in Ur",
        "target of GDP in Ys", "target of the oil price",
    ]  # fmt: skip
    assert len(names) == hats.System(b, shocks.Shocks.none(b), targets).unknowns
    assert equilibrium._markets(b) == names[:6]
    assert equilibrium._markets(b, hats.Targets(oil_price=1.0)) == [*names[:6], names[-1]]
    assert equilibrium._markets(b, hats.Targets(gdp=np.ones(3))) == names[:9]
