"""Shocks, the world of later years, and draws (rutrade.trade.counterfactuals, world_draws)."""

import dataclasses
import functools
import os

import numpy as np
import pandas as pd
import pytest
import worlds

from rutrade import InputError, data, trade
from rutrade.draws import triangular
from rutrade.trade import counterfactuals as cf
from rutrade.trade import hats, shocks, world_draws
from rutrade.trade.equilibrium import solve, solve_shocks


@pytest.fixture(scope="module")
def real():
    return trade.inputs.world()


@pytest.fixture(scope="module")
def paths():
    return trade.inputs.world_paths()


@pytest.fixture(scope="module")
def later():
    return trade.baseline(2030)


@pytest.fixture(scope="module")
def base(later):
    return later.rebased()


@pytest.fixture(scope="module")
def theta():
    return data.load("theta")


cut = functools.partial(cf.trade_cost, cuts=0.05)


def high_tech(solution) -> float:
    """Share of engineering and chemicals in Russia's goods for China."""
    parts = [solution.flow("RUS", "CHN", group) for group in ("engineering", "chemicals")]
    return sum(parts) / solution.flow("RUS", "CHN")


# -------------------------------------------------------------------------------------------------------------- shocks
def test_each_function_shocks_what_it_says(real):
    rus, chn = real.region("RUS"), real.region("CHN")
    c20 = real.sector_codes.index("C20")
    made = cf.productivity(real, {"chemicals": 1.1, "C26": 1.2})
    assert made.productivity[rus, c20] == 1.1 and made.productivity[rus, real.sector_codes.index("C26")] == 1.2
    assert (made.productivity != 1).sum() == 4
    both = cf.trade_cost(real, 0.05)
    assert both.trade_cost[chn, c20, rus] == both.trade_cost[rus, c20, chn] == 0.95
    assert (both.trade_cost != 1).sum() == 2 * 27
    one = cf.trade_cost(real, {"C20": 0.1}, both=False)
    assert one.trade_cost[chn, c20, rus] == 0.9 and (one.trade_cost != 1).sum() == 1
    war = cf.sanctions(real, 0.2)
    assert war.trade_cost[real.region("USA"), c20, rus] == war.trade_cost[rus, c20, real.region("KOR")] == 1.2
    assert (war.trade_cost != 1).sum() == 2 * 4 * 27
    assert (cf.sanctions(real, 0.2, by=["IND"], sector="C20").trade_cost != 1).sum() == 2
    oil = cf.oil_supply(real, 1.1, ["USA"])
    assert oil.resources[real.region("USA"), real.sector_codes.index("B06")] == 1.1
    assert (oil.resources != 1).sum() == 1 and (cf.oil_supply(real, 0.9).resources != 1).sum() == 11
    target = cf.growth(real, {"CHN": 1.1})
    assert target.gdp[chn] == 1.1 and (target.gdp == 1).sum() == 10 and target.oil_price is None


def test_several_shocks_multiply_and_balances_add():
    b = worlds.small(30)
    one = shocks.named(b, trade_cost={("R0", "R1"): 0.9}, balance={"R0": 0.0}, labour={"R1": 1.1})
    two = shocks.named(b, trade_cost={("R0", "R1"): 0.8}, balance={"R1": 0.0}, fob={("R0", "S1"): 1.2})
    both = cf.together(b, one, two)
    assert both.trade_cost[1, :, 0] == pytest.approx(0.72) and both.labour.tolist() == [1, 1.1, 1]
    assert both.balance == pytest.approx(one.balance + two.balance - b.balance)
    assert both.fob[0, 1] == 1.2 and both.given.sum() == 1
    with pytest.raises(InputError, match="two shocks give the price of one sector"):
        cf.together(b, two, two)


def test_sanctions_hurt_russia_and_raise_china_s_share(real):
    found = solve_shocks(real, cf.sanctions(real, 0.2))
    before = solve(real)
    assert found.welfare["RUS"] < 1 < found.welfare["CHN"] + 1e-3
    assert found.welfare["RUS"] == found.welfare.min()
    for flow in ("export", "import"):
        assert found.share("RUS", "CHN", flow) > before.share("RUS", "CHN", flow) + 0.02
    assert found.flow("RUS", "CHN") > before.flow("RUS", "CHN") and found.flow("RUS", "EU27") < before.flow(
        "RUS", "EU27"
    )


def test_productivity_lowers_imports_and_raises_exports_of_the_sector(base, later):
    found = solve_shocks(base, cf.productivity(base, {"engineering": 1.1, "chemicals": 1.1}))
    assert 30 < 100 * (found.flow("RUS", "CHN", "engineering") / later.flow("RUS", "CHN", "engineering") - 1) < 60
    assert found.flow("CHN", "RUS") < later.flow("CHN", "RUS") and found.welfare["RUS"] > 1.01
    assert found.flow("RUS", "CHN", "fuels") < later.flow("RUS", "CHN", "fuels")


def test_five_points_more_of_high_technology_need_productivity_or_a_cut_of_trade_cost_as_found(real):
    start = 100 * high_tech(solve(real))

    def points(size: float) -> float:
        shock = cf.productivity(real, {"engineering": size, "chemicals": size})
        return 100 * high_tech(solve_shocks(real, shock)) - start

    size = cf.needed(points, 5.0, (1.0, 1.6))
    assert points(size) == pytest.approx(5, abs=1e-4) and 1.15 < size < 1.3
    assert np.isnan(cf.needed(points, 50.0, (1.0, 1.2)))
    assert cf.needed(lambda x: x, 1.0, (1.0, 2.0)) == 1.0 and cf.needed(lambda x: x, 2.0, (1.0, 2.0)) == 2.0


def test_more_oil_makes_it_cheaper_and_russia_poorer(real):
    found = solve_shocks(real, cf.oil_supply(real, 1.2, [r for r in real.region_codes if r != "RUS"]))
    oil = real.sector_codes.index("B06")
    assert found.state.gate[real.region("RUS"), oil] < 1 and found.welfare["RUS"] < 1 < found.welfare["CHN"]


def test_tariffs_removed_are_the_rates_of_the_table(real):
    table = data.load("tariffs")
    shock = cf.tariffs(real, table, "CHN", "RUS")
    i, n, j = real.region("RUS"), real.region("CHN"), real.sector_codes.index("C20")
    assert shock.trade_cost[n, j, i] == pytest.approx(1 / 1.06738) and (shock.trade_cost != 1).sum() == 27
    half = cf.tariffs(real, table, "RUS", "CHN", removed=0.5, year=2021)
    keys = ["importer", "exporter", "sector", "year"]
    rate = table.set_index(keys)["rate_pct"]["RUS", "CHN", "C29", 2021]
    j = real.sector_codes.index("C29")
    assert half.trade_cost[i, j, n] == pytest.approx((1 + rate / 200) / (1 + rate / 100))
    assert (half.trade_cost[i, :, n] < 1).sum() > 20 and (half.trade_cost[n, :, i] == 1).all()
    with pytest.raises(InputError, match="unknown year of tariffs '2022'"):
        cf.tariffs(real, table, "RUS", "CHN", year=2022)
    with pytest.raises(InputError, match=r"unknown tariff \(importer on exporter\) 'IND on RUS'"):
        cf.tariffs(real, table, "IND", "RUS")
    for share in (-0.1, 1.1):
        with pytest.raises(InputError, match="removed is .*; must be between 0 and 1"):
            cf.tariffs(real, table, "CHN", "RUS", removed=share)


def test_levers_by_group_become_cuts_by_sector_weighted_with_trade(real):
    table, groups = data.load("trade_levers"), data.load("world_groups")
    shock = cf.levers(real, table, groups, {"customs": "central", "standards": "high"})
    i, n = real.region("RUS"), real.region("CHN")
    rows = groups[(groups["flow"] == "CHN_to_RUS") & (groups["year"] == 2023) & (groups["sector"] == "C25")]
    weight = rows.set_index("group")["value_musd"] / rows["value_musd"].sum()
    size = pd.Series(0.0, weight.index)
    for lever, level in (("customs", "central"), ("standards", "high")):
        for _, row in table[table["lever"] == lever].iterrows():
            size[[g for g in row["groups"].split("; ") if g in size]] += row[level]
    assert size.nunique() > 1
    cost = shock.trade_cost[i, real.sector_codes.index("C25"), n]
    assert cost == pytest.approx(1 - (weight * size).sum(), rel=1e-12)
    assert (shock.trade_cost[n, :, i] < 1).sum() > 20
    number = cf.levers(real, table, groups, {"standards": 0.02})
    largest = table[table["lever"] == "standards"]["central"]
    assert 1 - number.trade_cost.min() == pytest.approx(0.02, rel=0.05)
    same = cf.levers(real, table, groups, {"standards": float(largest.max())})
    assert same.trade_cost == pytest.approx(cf.levers(real, table, groups, {"standards": "central"}).trade_cost)
    with pytest.raises(InputError, match="unknown lever 'custom': did you mean 'customs'"):
        cf.levers(real, table, groups, {"custom": "low"})
    with pytest.raises(InputError, match="unknown size of the lever 'customs' 'big'"):
        cf.levers(real, table, groups, {"customs": "big"})


def test_customs_groups_move_with_their_sectors(later, base):
    groups = data.load("world_groups")
    hat = cf.customs_hats(later, groups, "RUS_to_CHN")
    assert len(hat) == 16 and hat.name == "RUS_to_CHN"
    rows = groups[(groups["flow"] == "RUS_to_CHN") & (groups["year"] == 2023) & (groups["group"] == "84-85")]
    rows = rows[rows["sector"] != "unallocated"]
    moves = [later.flow("RUS", "CHN", s) / solve(later.benchmark).flow("RUS", "CHN", s) for s in rows["sector"]]
    assert hat["84-85"] == pytest.approx((rows["value_musd"] * moves).sum() / rows["value_musd"].sum())
    assert cf.customs_hats(solve(base), groups, "CHN_to_RUS").to_numpy() == pytest.approx(1)
    assert not cf.customs_hats(later, groups, "RUS_to_CHN", 2017).equals(hat)
    with pytest.raises(InputError, match="unknown flow 'RUS_CHN'"):
        cf.customs_hats(later, groups, "RUS_CHN")
    with pytest.raises(InputError, match="unknown year of groups by sector '2016'"):
        cf.customs_hats(later, groups, "RUS_to_CHN", 2016)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda b: cf.trade_cost(b, 1.0), "trade_cost of RUS CHN goods is 0.0"),
        (lambda b: cf.trade_cost(b, 0.1, other="CHI"), "unknown region 'CHI'"),
        (lambda b: cf.sanctions(b, -1.0), "trade_cost of RUS USA goods is 0.0"),
        (lambda b: cf.sanctions(b, 0.2, by=["USA", "RUS"]), "sanctions: RUS cannot be among those who impose them"),
        (lambda b: cf.productivity(b, {"C20": 0.0}), "productivity of RUS C20 is 0.0"),
        (lambda b: cf.oil_supply(b, 0.0), "resources of RUS B06 is 0.0"),
        (lambda b: cf.growth(b, {"CHN": 0.0}), "labour of CHN is 0.0"),
    ],
)  # fmt: skip
def test_a_counterfactual_that_is_not_allowed_is_refused(real, call, message):
    with pytest.raises(InputError, match=message):
        call(real)


# --------------------------------------------------------------------------------------------------- a later year
def test_the_volume_of_gdp_follows_the_imf(later, paths):
    wanted = paths.gdp(2030)
    macro = data.load("macro")
    for area in ("RUS", "CHN"):
        known = macro[(macro["area"] == area) & (macro["indicator"] == "gdp_constant_bn_lcu")].set_index("year")[
            "value"
        ]
        assert later.gdp_volume[area] == pytest.approx(known[2030] / known[2022], rel=2e-3)
    assert later.gdp_volume.to_numpy() == pytest.approx(wanted[list(later.gdp_volume.index)].to_numpy(), rel=1e-9)
    assert max(worlds.gaps(later).values()) < 1e-8


def test_crude_follows_brent_over_nominal_world_gdp(later, paths):
    nominal = paths.nominal.sum(axis=1)
    assert paths.scale(2030) == pytest.approx(nominal[2030] / nominal[2022]) and 1.4 < paths.scale(2030) < 1.5
    prices = data.load("price_paths").set_index(["commodity", "scenario", "year"])["value"]
    brent = prices["brent", "mid", 2030]
    assert paths.oil(2030) == pytest.approx(brent / 100.93 / paths.scale(2030))
    b, oil = later.benchmark, later.benchmark.sector_codes.index("B06")
    price = np.exp((b.output[:, oil] * np.log(later.state.gate[:, oil])).sum() / b.output[:, oil].sum())
    assert price == pytest.approx(paths.oil(2030), rel=1e-9)
    assert paths.oil(2030, 50.0) == pytest.approx(50 / 100.93 / paths.scale(2030))
    low = trade.baseline(2030, brent="low")
    assert (
        low.flow("RUS", "CHN", "fuels") < later.flow("RUS", "CHN", "fuels")
        and low.welfare["RUS"] < later.welfare["RUS"]
    )


def test_balances_follow_the_current_accounts_of_2023_to_2025(later, real, paths):
    i, n = real.region("RUS"), real.region("CHN")
    account = paths.current_account["RUS"]
    middle = np.mean([account[y] / paths.scale(y) for y in (2023, 2024, 2025)])
    assert later.shocks.balance[i] == pytest.approx(real.balance[i] - (middle - account[2022]))
    assert -70 < later.shocks.balance[i] < -40 and later.shocks.balance.sum() == pytest.approx(0, abs=1e-9)
    moved = later.shocks.balance - real.balance
    others = [k for k in range(11) if k not in (i, n)]
    share = real.value_added.sum(1)[others]
    assert moved[others] == pytest.approx(-(moved[i] + moved[n]) * share / share.sum())
    kept = trade.baseline(2030, balance_years=None)
    assert (kept.shocks.balance == real.balance).all()
    assert kept.flow("CHN", "RUS") < 0.9 * later.flow("CHN", "RUS")


def test_values_of_a_later_year_are_at_its_world_gdp(later, paths, real):
    assert later.nominal == paths.scale(2030)
    assert later.output["value_added_bn_usd"].sum() == pytest.approx(
        real.value_added.sum() * paths.scale(2030), rel=1e-9
    )
    base = later.rebased()
    assert base.trade == pytest.approx(later.trade) and base.balance == pytest.approx(
        later.shocks.balance * later.nominal
    )
    assert np.abs(solve(base).trade - base.trade).max() < 1e-9


def test_a_counterfactual_on_a_later_year_is_that_year_with_the_shock(later, base):
    on_top = solve_shocks(base, cf.trade_cost(base, 0.05))
    shock = dataclasses.replace(
        later.shocks, trade_cost=cf.trade_cost(later.benchmark, 0.05).trade_cost, labour=later.state.labour
    )
    demand = 1 + (later.state.oil_demand - 1) * hats.oil_users(later.benchmark)
    at_once = solve_shocks(later.benchmark, dataclasses.replace(shock, demand=demand))
    some = base.trade > 1e-6
    assert (on_top.trade[some] / at_once.trade[some]) == pytest.approx(later.nominal, rel=1e-8)


def test_years_outside_the_paths_and_unknown_paths_are_refused(paths, real):
    assert paths.years == list(range(2022, 2031))
    for year in (2021, 2031):
        with pytest.raises(InputError, match=f"unknown year of the world's baseline '{year}'.*allowed: 2022, 2023"):
            trade.baseline(year)
    with pytest.raises(InputError, match="unknown path of Brent 'middle'.*allowed: low, mid, high"):
        trade.baseline(2030, brent="middle")
    short = dataclasses.replace(paths, brent=paths.brent.loc[:2028])
    assert short.years == list(range(2022, 2029))
    still = trade.baseline(2022, balance_years=None)
    assert still.trade == pytest.approx(real.trade, rel=1e-8, abs=1e-9) and still.nominal == 1


def test_paths_of_brent_hold_what_was_observed(paths):
    assert paths.brent.loc[2022].tolist() == [100.93] * 3 and list(paths.brent) == ["low", "mid", "high"]
    assert paths.brent.loc[2030, "low"] == 40 and paths.brent.loc[2030, "high"] == 100
    assert paths.base == 2022 and paths.last_known == 2024


# -------------------------------------------------------------------------------------------------------------- draws
def test_growth_errors_are_those_of_unchanged_growth_centred(paths):
    errors = world_draws.growth_errors(paths, 2)
    growth = np.log1p(paths.volume["RUS"])
    last = paths.last_known
    raw = [growth[y + 1] + growth[y + 2] - growth[y] - growth[y - 1] for y in range(2002, last - 1)]
    column = list(paths.volume.columns).index("RUS")
    assert errors[:, column] == pytest.approx(np.array(raw) - np.mean(raw), abs=1e-12)
    assert errors.shape == (last - 2 - 2002 + 1, 11) and np.abs(errors.mean(0)).max() < 1e-12


@pytest.mark.slow
def test_draws_are_the_same_bytes_on_one_and_two_workers(real, theta, paths):
    shared = {"paths": paths, "year": 2030, "shock": cut, "number": 6, "seed": 5}
    one, two = (cf_draws(real, theta, workers=w, **shared) for w in (1, 2))
    assert one.figures.to_numpy().tobytes() == two.figures.to_numpy().tobytes()
    assert one.parameters.equals(two.parameters) and one.central.equals(two.central)
    again = cf_draws(real, theta, workers=1, **shared | {"seed": 6})
    assert not again.figures.equals(one.figures)


def cf_draws(b, theta, **options):
    return world_draws.draws(b, theta, **options)


class Processes:
    """In place of what draws share: tells in which process a task was done."""

    def solutions(self, task: int) -> int:
        return task

    def figures(self, task: int) -> dict:
        return {"task": task, "process": os.getpid()}


def test_two_workers_are_other_processes_and_rows_keep_the_order_of_the_tasks():
    for number in (1, 3, 130):
        tasks = [(k,) for k in range(number)]
        alone, both = (np.array(world_draws._parallel(Processes(), tasks, workers)) for workers in (1, 2))
        assert alone[:, 0].tolist() == both[:, 0].tolist() == list(range(number))
        assert set(alone[:, 1]) == {os.getpid()} and os.getpid() not in set(both[:, 1])


def test_a_draw_is_the_model_at_its_parameters(real, theta, paths, later):
    found = world_draws.draws(real, theta, paths, 2030, cut, number=3, seed=1)
    row = found.parameters.iloc[2]
    families = real.sectors["theta_family"]
    value = theta.set_index(["sector", "study"])["value"]
    chosen = {s: value[s, row[f"theta, {families[s]}"]] for s in real.sector_codes}
    b = dataclasses.replace(real, theta=np.array([chosen[s] for s in real.sector_codes]))
    error = world_draws.growth_errors(paths, 6)[row["growth origin"]]
    gdp = dict(zip(paths.volume.columns, np.exp(error), strict=True))
    start = cf.baseline(b, paths, 2030, row["brent"], gdp)
    new = solve_shocks(start.rebased(), cut(start.rebased()))
    figures = found.figures.loc[2]
    for one, other in (("RUS", "CHN"), ("CHN", "RUS")):
        for group in ("goods", "engineering"):
            assert figures[f"{one} to {other}, {group}, bn USD"] == pytest.approx(
                start.flow(one, other, group), rel=1e-8
            )
            change = 100 * (new.flow(one, other, group) / start.flow(one, other, group) - 1)
            assert figures[f"{one} to {other}, {group}, change %"] == pytest.approx(change, abs=1e-6)
    points = 100 * (new.share("RUS", "CHN", "import") - start.share("RUS", "CHN", "import"))
    assert figures["CHN in the imports of RUS, points"] == pytest.approx(points, abs=1e-6)
    assert figures["real final demand of RUS, change %"] == pytest.approx(100 * (new.welfare["RUS"] - 1), abs=1e-6)
    assert found.central["RUS to CHN, goods, bn USD"] == pytest.approx(later.flow("RUS", "CHN"), rel=1e-9)
    table = found.intervals().set_index("figure")
    assert table.loc["RUS to CHN, goods, bn USD", "q50"] == found.figures["RUS to CHN, goods, bn USD"].median()
    assert list(table) == ["central", "q05", "q25", "q50", "q75", "q95"]


def test_without_paths_only_theta_is_drawn_and_the_benchmark_stays(real, theta):
    found = world_draws.draws(real, theta, number=2, seed=3, shock=cut)
    assert found.figures["RUS to CHN, goods, bn USD"].to_numpy() == pytest.approx(77.71185, rel=1e-9)
    assert not {"brent", "growth origin"} & set(found.parameters) and len(found.parameters.columns) == 16
    assert found.figures["RUS to CHN, goods, change %"].nunique() == 2
    plain = world_draws.draws(real, theta, number=1)
    assert not [c for c in plain.figures if "change" in c]


def test_draws_cover_all_studies_and_the_path_of_oil(real, theta, paths):
    parameters, thetas, factors = world_draws._parameters(real, theta, paths, 2030, 4000, 0)
    counts = parameters["theta, chemicals"].value_counts(normalize=True)
    assert len(counts) == 8 and counts.between(0.1, 0.15).all()
    low, mid, high = paths.brent.loc[2030]
    assert parameters["brent"].between(low, high).all()
    assert parameters["brent"].median() == pytest.approx(triangular(np.array(0.5), low, mid, high), abs=1)
    assert thetas[:, real.sector_codes.index("C19")].max() == 20
    assert (thetas[:, real.sector_codes.index("C20")] == thetas[:, real.sector_codes.index("C21")]).all()
    assert np.log(factors).mean(0) == pytest.approx(0, abs=0.02) and factors.shape == (4000, 11)
    assert len(set(parameters["growth origin"])) == len(world_draws.growth_errors(paths, 6))


def test_draws_below_one_and_years_outside_are_refused(real, theta, paths):
    with pytest.raises(InputError, match="draws is 0; must be 1 or more"):
        world_draws.draws(real, theta, number=0)
    for year in (None, 2031):
        with pytest.raises(InputError, match="unknown year of the world's baseline"):
            world_draws.draws(real, theta, paths, year, number=1)


def test_trade_by_partner_adds_up_and_cases_side_by_side_are_the_solutions_themselves(real):
    found = solve_shocks(real, cf.trade_cost(real, 0.05))
    partner = cf.by_partner(found, "RUS")
    assert "Russia" not in partner.index and len(partner) == 10
    assert partner.at["China", "exports"] == pytest.approx(found.flow("RUS", "CHN") - solve(real).flow("RUS", "CHN"))
    side = cf.side_by_side(real, {"cut": cf.trade_cost(real, 0.05), "growth": cf.growth(real, {"CHN": 1.1})})
    change = 100 * (found.flow("RUS", "CHN") / solve(real).flow("RUS", "CHN") - 1)
    assert side.at["cut", "Russia to China, %"] == pytest.approx(change, rel=1e-9)
    assert side.at["cut", "engineering and chemicals, pp"] == pytest.approx(
        100 * (high_tech(found) - high_tech(solve(real))), abs=1e-9
    )
    assert side.at["growth", "China's real demand, %"] > 5


def test_size_needed_reaches_the_points_and_is_missing_where_it_cannot(real):
    def more(x):
        return cf.productivity(real, {"engineering": 1 + x, "chemicals": 1 + x})

    size = cf.needed_for(real, 2.0, {"reached": (more, (0, 0.5)), "never": (more, (0, 0.01))})
    after = solve_shocks(real, more(size["reached"]))
    assert 100 * (high_tech(after) - high_tech(solve(real))) == pytest.approx(2.0, abs=1e-4)
    assert np.isnan(size["never"])


def test_a_target_at_an_end_of_the_bracket_is_that_end_and_one_outside_has_no_size():
    same = float
    assert cf.needed(same, 0.0, (0.0, 1.0)) == 0.0 and cf.needed(same, 1.0, (0.0, 1.0)) == 1.0
    assert cf.needed(same, 0.25, (0.0, 1.25)) == pytest.approx(0.25, abs=1e-6), "the end is one above the target"
    assert cf.needed(lambda size: 2 - size, 1.0, (0.0, 3.0)) == pytest.approx(1.0, abs=1e-6)
    assert np.isnan(cf.needed(same, 2.0, (0.0, 1.0))) and np.isnan(cf.needed(same, -1.0, (0.0, 1.0)))


def test_sanctions_are_a_fifth_of_the_price_of_goods_with_those_marked_unless_said_otherwise(real):
    cost = cf.sanctions(real).trade_cost
    russia, goods = real.region("RUS"), real.sectors_of("goods")
    for n, marked in enumerate(real.regions["sanctions"].astype(bool)):
        expected = np.where(goods, 1.2 if marked else 1.0, 1.0)
        assert np.array_equal(cost[n, :, russia], expected) and np.array_equal(cost[russia, :, n], expected)
    assert ((cost != 1).sum((0, 2))[~goods] == 0).all()
    assert cf.tariffs(real, data.load("tariffs"), "CHN", "RUS", removed=0.0).trade_cost == pytest.approx(1)
    assert cf.trade_cost(real, 0.1).trade_cost[russia, goods, real.region("CHN")] == pytest.approx(0.9)
