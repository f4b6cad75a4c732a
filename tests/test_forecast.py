"""The one projection and its backtest: constructed vectors, no look ahead, what is published is what is backtested."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from rutrade import InputError, data, trade
from rutrade.trade import accuracy, counterfactuals, forecast, yardsticks
from rutrade.trade.forecast import Procedure, combine, project, weighted
from rutrade.trade.groups import FLOWS, GROUPS
from rutrade.trade.growth import EquilibriumGrowth, bilateral, rule_growth
from rutrade.trade.panel import WorldPanel

YEARS = range(2015, 2026)


def hats(origin, year):
    """Every flow grows 3 % a year, chemicals (C20) from Russia to China 10 %; coal from China has no trade."""
    pairs, sectors = (("RUS", "CHN"), ("CHN", "RUS")), ("A01", "B05", "C20", "SERV")
    rows = [(importer, sector, exporter, 1.1 if sector == "C20" and exporter == "RUS" else 1.03)
            for exporter, importer in pairs for sector in sectors]  # fmt: skip
    table = pd.DataFrame(rows, columns=["importer", "sector", "exporter", "hat"])
    table["hat"] **= year - origin
    table.loc[(table["sector"] == "B05") & (table["exporter"] == "CHN"), "hat"] = np.nan
    return table


def made(**changes):
    """A procedure of constructed parts: GDP grows 2 % (China) and 1 % (Russia) a year, brent 5 %, the rest is flat."""
    rows = [(year, flow, group, sector, value) for year in (2017, 2019) for flow in FLOWS for group in GROUPS
            for sector, value in (("A01", 1.0 if year == 2017 else 3.0), ("C20", 3.0), ("B05", 4.0))]  # fmt: skip
    composition = pd.DataFrame(rows, columns=["year", "flow", "group", "sector", "value_musd"])
    elastic = pd.DataFrame([(f, g, p, "brent" if g == "27" else "food", e) for f in FLOWS for g in GROUPS
                            for p, e in (("eps", 1.5), ("phi", 0.8))],
                           columns=["flow", "group", "parameter", "driver", "central"])  # fmt: skip
    step = np.arange(len(YEARS))
    activity = pd.DataFrame({FLOWS[0]: 1.02**step, FLOWS[1]: 1.01**step}, YEARS)
    paths = trade.Paths(activity, pd.DataFrame({"brent": 50 * 1.05**step, "food": 1.0}, YEARS))
    return replace(Procedure(elastic, paths, hats, composition), **changes)


def start(year=2019):
    value = pd.DataFrame({f: np.arange(1.0, 17) for f in FLOWS}, list(GROUPS))
    return trade.TradeBase(year, value, value * 0 + 0.3, pd.Series(0.5, list(FLOWS)))


def history(growth=1.0, years=range(2015, 2024), items=GROUPS):
    rows = [(flow, item, year, (k + 1.0) * growth ** (year - 2015)) for flow in FLOWS for k, item in enumerate(items)
            for year in years]  # fmt: skip
    return pd.DataFrame(rows, columns=["flow", "item", "year", "value_bn_usd"])


@pytest.fixture(scope="module")
def published():
    return trade.inputs.procedure()


@pytest.fixture(scope="module")
def trial(published):
    return trade.inputs.trials(published)["groups"]


@pytest.fixture(scope="module")
def errors(trial):
    return accuracy.backtest(**trial)


# ------------------------------------------------------------------------------------------------------- growth
def test_the_rule_is_the_equation_on_the_page_and_grows_by_the_driver_of_its_group():
    p = made()
    table = rule_growth(p.elasticities, p.paths, 2017, 2020)
    assert table.loc[("RUS_to_CHN", "27"), "growth"] == pytest.approx(1.02 ** (3 * 1.5) * 1.05 ** (3 * 0.8))
    assert table.loc[("CHN_to_RUS", "84-85"), "growth"] == pytest.approx(1.01 ** (3 * 1.5))
    assert table.loc[("RUS_to_CHN", "27"), "price"] == pytest.approx(1.05**3)
    assert (table.xs("84-85", level="group")["price"] == 1).all()
    with pytest.raises(InputError, match="unknown year of the rule's paths '2030'"):
        rule_growth(p.elasticities, p.paths, 2017, 2030)
    with pytest.raises(InputError, match="unknown year of the rule's paths '2014'"):
        rule_growth(p.elasticities, p.paths, 2014, 2020)


def test_the_rule_of_the_forecast_is_the_projection_of_the_rule(published):
    inputs = trade.inputs.projection()
    model = trade.TradeModel(**vars(inputs)).project(years=[2023, 2028])
    growth = rule_growth(inputs.elasticities, inputs.paths, 2023, 2028)["growth"]
    for k, flow in enumerate(FLOWS):
        expected = model.point[1, k] / model.point[0, k]
        assert growth[flow].reindex(GROUPS).to_numpy() == pytest.approx(expected, rel=1e-12)
    assert published.weight == 0.5


def test_the_equilibrium_does_not_grow_without_time_and_runs_backwards_as_it_runs_forwards():
    model = EquilibriumGrowth(trade.inputs.world(), trade.inputs.world_paths())
    still = model(2025, 2025)["hat"].dropna()
    assert (still == 1).all() and len(still) > 3000
    forth, back = model.world(2023, (2023, 2025)), model.world(2020, (2023, 2025))
    assert back.gdp_volume.to_numpy() == pytest.approx(
        1 / (1 + model.paths.volume.loc[2021:2022, back.benchmark.region_codes]).prod().to_numpy(), rel=1e-9
    )
    hat = bilateral(model(2020, 2023))
    assert len(hat) == 56 and hat["RUS_to_CHN"].between(0.5, 5).all() and hat["CHN_to_RUS"].notna().sum() == 27
    nominal = model.paths.nominal.sum(axis=1)
    assert forth.nominal / back.nominal == pytest.approx(nominal[2023] / nominal[2020])
    assert model._balance_years(2020) == (2018, 2020) and model._balance_years(2011) == (2012, 2014)
    assert model._balance_years(2025) == (2023, 2025)


def test_the_world_of_the_forecast_is_the_published_baseline():
    b, paths = trade.inputs.world(), trade.inputs.world_paths()
    ours = EquilibriumGrowth(b, paths).world(2025, (2023, 2025))
    theirs = counterfactuals.baseline(b, paths, 2025)
    assert ours.trade == pytest.approx(theirs.trade, rel=1e-7, abs=1e-9)


def test_sanctions_after_the_fact_hold_from_their_year_on():
    b, paths = trade.inputs.world(), trade.inputs.world_paths()
    free = EquilibriumGrowth(b, paths)
    bound = EquilibriumGrowth(b, paths, sanctioned=(2023, counterfactuals.sanctions(b, 0.3)))
    before, after = bound(2021, 2022), bound(2021, 2023)
    pd.testing.assert_frame_equal(before, free(2021, 2022))
    both = after.merge(free(2021, 2023), on=["importer", "sector", "exporter"], suffixes=("", "_free"))
    gain = (both["hat"] / both["hat_free"]).groupby([both["exporter"], both["importer"], both["sector"]]).first()
    assert gain["RUS", "CHN", "B06"] > 1.1 and gain["CHN", "RUS", "C28"] > 1.1 and gain["RUS", "EU27", "B06"] < 0.8
    with pytest.raises(InputError, match="unknown year of the world's paths '2040'"):
        free(2025, 2040)


def test_hats_without_one_of_the_flows_are_refused():
    with pytest.raises(InputError, match="unknown flow of the hats 'CHN_to_RUS'"):
        bilateral(hats(2019, 2020).query("importer == 'CHN'"))


# ---------------------------------------------------------------------------------------------------- procedure
def test_the_combination_is_the_geometric_mean_with_its_weight():
    rule, other = pd.Series([2.0, 1.0]), pd.Series([8.0, 1.0])
    assert combine(rule, other).tolist() == pytest.approx([4, 1])
    assert combine(rule, other, 0).tolist() == pytest.approx([2, 1])
    assert combine(rule, other, 1).tolist() == pytest.approx([8, 1])
    assert combine(rule, other, 0.25)[0] == pytest.approx(2 * 4**0.25)
    for weight in (-0.1, 1.1):
        with pytest.raises(InputError, match="weight of the equilibrium is"):
            combine(rule, other, weight)
    with pytest.raises(InputError, match="growth by the equilibrium of 1 is 0.0"):
        combine(rule, pd.Series([1.0, 0.0]))
    with pytest.raises(InputError, match="growth by the rule of 0 is -1.0"):
        combine(pd.Series([-1.0, 1.0]), other)


def test_a_group_grows_with_its_sectors_by_the_customs_weights_and_a_sector_without_trade_counts_with_the_others():
    table = made().growth(2018, 2019)
    assert table.loc[("RUS_to_CHN", "27"), "equilibrium"] == pytest.approx((1.03 + 3 * 1.1 + 4 * 1.03) / 8)
    assert table.loc[("CHN_to_RUS", "27"), "equilibrium"] == pytest.approx(1.03)
    later = made().growth(2019, 2020).loc[("RUS_to_CHN", "27"), "equilibrium"]
    assert later == pytest.approx((3 * 1.03 + 3 * 1.1 + 4 * 1.03) / 10)
    rule = rule_growth(made().elasticities, made().paths, 2018, 2019)["growth"]
    assert table["rule"].to_numpy() == pytest.approx(rule.reindex(table.index).to_numpy())
    assert table["combination"].to_numpy() == pytest.approx(np.sqrt(table["rule"] * table["equilibrium"]).to_numpy())
    assert list(table.index) == [(f, g) for f in FLOWS for g in GROUPS]


def test_sectors_take_the_rule_of_their_groups_and_services_are_left_out():
    p = made()
    odd = p.composition.assign(sector=p.composition["sector"].replace("A01", "SERV"))
    odd.loc[(odd["sector"] == "C20") & ~odd["group"].isin(["27", "84-85"]), "value_musd"] = 0
    odd.loc[(odd["sector"] == "C20") & (odd["group"] == "27"), "value_musd"] = 9.0
    table = replace(p, composition=odd).sector_growth(2018, 2020)
    rule = rule_growth(p.elasticities, p.paths, 2018, 2020)["growth"]["RUS_to_CHN"]
    assert table.loc[("RUS_to_CHN", "C20"), "rule"] == pytest.approx((9 * rule["27"] + 3 * rule["84-85"]) / 12)
    assert table.loc[("RUS_to_CHN", "C20"), "equilibrium"] == pytest.approx(1.1**2)
    assert set(table.index) == {("RUS_to_CHN", "B05"), ("RUS_to_CHN", "C20"), ("CHN_to_RUS", "C20")}


def test_the_structure_is_the_last_one_known_at_the_origin_and_never_a_later_one():
    p = made()
    assert p.structure(2018)["RUS_to_CHN", "27", "A01"] == 1 and p.structure(2019)["RUS_to_CHN", "27", "A01"] == 3
    assert p.structure(2015)["RUS_to_CHN", "27", "A01"] == 1 and p.structure(2024)["RUS_to_CHN", "27", "A01"] == 3
    later = p.composition.assign(value_musd=p.composition["value_musd"].where(p.composition["year"] == 2017, 99.0))
    pd.testing.assert_frame_equal(replace(p, composition=later).growth(2018, 2024), p.growth(2018, 2024))


def test_a_year_before_the_origin_is_refused():
    with pytest.raises(InputError, match="year 2018 lies before the origin 2019"):
        made().growth(2019, 2018)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.floats(0.1, 100), st.floats(0.2, 5)), min_size=1, max_size=6))
def test_mean_growth_lies_between_the_growth_of_its_parts(parts):
    index = pd.MultiIndex.from_tuples([("f", k) for k in range(len(parts))], names=["flow", "item"])
    value, growth = (pd.Series(column, index) for column in zip(*parts, strict=True))
    mean = weighted(value, growth, ["flow", "item"], ["flow"])["f"]
    assert growth.min() * (1 - 1e-12) <= mean <= growth.max() * (1 + 1e-12)


def test_growth_is_matched_by_the_names_of_its_levels_and_not_by_their_order():
    index = pd.MultiIndex.from_tuples([("f", "a", 1), ("f", "b", 1), ("g", "a", 2)], names=["flow", "item", "part"])
    value = pd.Series([1.0, 3.0, 5.0], index)
    growth = pd.Series([2.0, 4.0], pd.MultiIndex.from_tuples([("a", "f"), ("b", "f")], names=["item", "flow"]))
    mean = weighted(value, growth, ["flow", "item"], ["flow"])
    assert mean.to_dict() == {"f": (1 * 2 + 3 * 4) / 4}  # g has no growth
    alone = weighted(value, pd.Series([1.5], pd.Index(["a"], name="item")), ["item"], ["flow"])
    assert alone.to_dict() == {"f": 1.5, "g": 1.5}


# --------------------------------------------------------------------------------------------------- projection
def test_the_base_year_is_returned_and_later_years_are_the_base_times_the_published_growth():
    p, b = made(), start()
    found = project(b, p, years=(2019, 2022))
    assert found.point[0] == pytest.approx(b.value.to_numpy().T) and (found.price[0] == 1).all()
    growth = p.growth(2019, 2022)
    for part in forecast.PARTS:
        one = project(b, p, years=(2019, 2022), part=part).point[1]
        assert one == pytest.approx(b.value.to_numpy().T * growth[part].to_numpy().reshape(2, 16))
    base_prices = found.table.set_index(["flow", "group", "year"])["value_bn_usd_base_prices"]
    assert base_prices["RUS_to_CHN", "27", 2022] == pytest.approx(found.point[1, 0, 4] / 1.05**3)
    assert found.values("base")[0] == pytest.approx(found.point / found.price)
    assert found.years == (2019, 2022) and project(b, p).years == tuple(range(2019, 2026))


def test_what_is_published_is_what_is_backtested(published, errors):
    """The forecast of the backtest is the projection from the same base, group by group."""
    values = data.load("trade_structure")
    values = values[(values["reporter"] == "BACI") & (values["year"] == 2020) & values["group"].isin(GROUPS)]
    value = values.assign(flow=values["exporter"] + "_to_" + values["importer"])
    value = value.pivot(index="group", columns="flow", values="value_musd").reindex(GROUPS)[list(FLOWS)] / 1e3
    b = trade.TradeBase(2020, value, value * 0 + 0.5, pd.Series(0.5, list(FLOWS)))
    table = project(b, published, years=(2023,)).table.set_index(["flow", "group"])["value_bn_usd"]
    rows = errors[(errors["origin"] == 2020) & (errors["year"] == 2023) & (errors["method"] == "combination")]
    rows = rows[rows["item"] != accuracy.TOTAL].set_index(["flow", "item"])["forecast_bn_usd"]
    assert len(rows) == 32 and rows.to_numpy() == pytest.approx(table.reindex(rows.index).to_numpy(), rel=1e-9)


def test_the_base_has_the_totals_of_its_year_and_the_structure_of_the_earlier_one():
    totals, old = pd.Series({"RUS_to_CHN": 272.0, "CHN_to_RUS": 68.0}), start()
    held = forecast.base(totals, old, 2021)
    assert held.value.sum().to_dict() == pytest.approx(totals.to_dict()) and held.year == 2021
    assert held.value["RUS_to_CHN"].to_numpy() == pytest.approx(2 * np.arange(1, 17))
    moved = forecast.base(totals, old, 2021, moved=made())
    expected = old.value["RUS_to_CHN"] * made().growth(2019, 2021)["combination"]["RUS_to_CHN"].reindex(GROUPS)
    assert moved.value["RUS_to_CHN"].to_numpy() == pytest.approx((272 * expected / expected.sum()).to_numpy())
    with pytest.raises(InputError, match=r"total of CHN_to_RUS is None; must be positive"):
        forecast.base(totals.drop("CHN_to_RUS"), old, 2021)
    with pytest.raises(InputError, match=r"total of RUS_to_CHN is -1.0"):
        forecast.base(totals.replace(272.0, -1.0), old, 2021)


def test_effects_of_scenarios_multiply_the_published_levels():
    p, b = made(), start()
    effects = pd.DataFrame({2020: [1.5], 2021: [2.0]}, pd.MultiIndex.from_tuples([("CHN_to_RUS", "84-85")]))
    plain, moved = (project(b, p, years=(2020, 2021), effects=e).point for e in (None, effects))
    ratio = moved / plain
    g = GROUPS.index("84-85")
    assert ratio[:, 1, g].tolist() == pytest.approx([1.5, 2.0])
    ratio[:, 1, g] = 1
    assert ratio == pytest.approx(1)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"part": "mean"}, "unknown part of the projection 'mean'"),
        ({"draws": -1}, "draws is -1"),
        ({"years": (2018,)}, "year 2018 lies before the origin 2019"),
        ({"effects": pd.DataFrame({2020: [1.0]}, [("RUS_to_CHN", "99")])}, "unknown flow and group of the effects"),
        ({"effects": pd.DataFrame({2020: [1.0]}, [("RUS_to_CHN", "27")]), "years": (2021,)}, "miss the year 2021"),
        ({"effects": pd.DataFrame({2020: [0.0]}, [("RUS_to_CHN", "27")]), "years": (2020,)}, "zero or negative"),
    ],
)  # fmt: skip
def test_a_faulty_projection_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        project(start(), made(), **options)


def test_draws_spread_by_the_errors_of_the_procedure_only_and_hang_on_the_seed():
    spread = pd.DataFrame({f"{f}_{k}": [0.1, 0.2] for f in FLOWS for k in ("total", "group")}, index=[1, 2])
    one = project(start(), made(), years=(2020, 2021), errors=spread, draws=4000, seed=1)
    logs = np.log(one.sample.sum(-1) / one.point.sum(-1))
    assert logs.std(0) == pytest.approx(np.array([[0.1, 0.1], [0.2, 0.2]]), rel=0.05)
    again = project(start(), made(), years=(2020, 2021), errors=spread, draws=4000, seed=1)
    assert again.sample.tobytes() == one.sample.tobytes()
    assert project(start(), made(), years=(2020,), draws=3).sample == pytest.approx(
        np.broadcast_to(project(start(), made(), years=(2020,)).point, (3, 1, 2, 16))
    )
    low, high = (one.totals().set_index(["flow", "year"])[q] for q in ("q05", "q95"))
    assert (low < one.totals().set_index(["flow", "year"])["value_bn_usd"]).all() and (high > low).all()


def test_the_projection_to_2030_starts_from_the_customs_totals_and_reconciles_its_parts(published):
    b = trade.inputs.projection_base()
    assert b.value.sum().to_dict() == pytest.approx({"RUS_to_CHN": 124.251688, "CHN_to_RUS": 103.853312})
    total = {part: project(b, published, years=(2030,), part=part).point.sum() for part in forecast.PARTS}
    assert total["rule"] == pytest.approx(265.7, abs=1.5) and total["equilibrium"] == pytest.approx(270, abs=4)
    assert total["rule"] < total["combination"] < total["equilibrium"]
    with pytest.raises(InputError, match="unknown year with totals by Chinese customs '2026'"):
        trade.inputs.projection_base(2026)
    with pytest.raises(InputError, match="unknown elasticity set 'median'"):
        trade.inputs.procedure(elasticity_set="median")


# ----------------------------------------------------------------------------------------------------- backtest
def test_forecasts_weights_and_totals_of_the_backtest_are_the_ones_on_the_page():
    values = pd.DataFrame([("f", "a", 2020, 1.0), ("f", "a", 2021, 2.0), ("f", "b", 2020, 3.0), ("f", "b", 2021, 2.0),
                           ("f", "d", 2020, 5.0), ("f", "d", 2021, 0.0), ("f", "c", 2020, 0.0), ("f", "c", 2021, 5.0)],
                          columns=["flow", "item", "year", "value_bn_usd"])  # fmt: skip
    table = accuracy.backtest(
        values, {"double": accuracy_constant(2.0), "none": accuracy_constant(np.nan)}, [2020], 2021
    )
    rows = table[table["method"] == "double"].set_index("item")
    assert rows["forecast_bn_usd"].to_dict() == {"a": 2.0, "b": 6.0, accuracy.TOTAL: 8.0}
    assert rows["actual_bn_usd"].to_dict() == {"a": 2.0, "b": 2.0, accuracy.TOTAL: 4.0}
    assert rows["weight"].to_dict() == pytest.approx(
        {"a": (1 / 4 + 1 / 2) / 2, "b": (3 / 4 + 1 / 2) / 2, accuracy.TOTAL: 0}
    )
    assert rows["log_error"].to_dict() == pytest.approx({"a": 0, "b": np.log(3), accuracy.TOTAL: np.log(2)})
    assert table[table["method"] == "none"]["log_error"].isna().all() and (table["horizon"] == 1).all()
    loss = accuracy.losses(table).set_index("method")
    assert loss.loc["double", "loss"] == pytest.approx(np.sqrt(0.625) * np.log(3)) and "none" not in loss.index
    assert accuracy.losses(table, total=True).set_index("method").loc["double", "loss"] == pytest.approx(np.log(2))


def accuracy_constant(factor):
    def growth(origin, year):
        return pd.Series(factor, pd.MultiIndex.from_product([["f"], ["a", "b", "c", "d"]], names=["flow", "item"]))

    return growth


def test_a_total_is_missing_where_a_part_is():
    def partly(origin, year):
        return accuracy_constant(1.0)(origin, year).drop([("f", "a")])

    values = history(items=("a", "b")).replace({"flow": {FLOWS[0]: "f"}}).query("flow == 'f'")
    table = accuracy.backtest(values, {"partly": partly}, [2020], 2021).set_index("item")
    assert np.isnan(table.loc[accuracy.TOTAL, "forecast_bn_usd"]) and table.loc["b", "forecast_bn_usd"] == 2.0


def test_no_value_after_the_origin_moves_a_forecast_of_the_procedure_or_of_no_change(trial):
    values, few = trial["values"], {n: trial["methods"][n] for n in ("combination", "no change", "trend")}
    later = values.assign(value_bn_usd=values["value_bn_usd"].where(values["year"] <= 2019, 7.0))
    few["trend"], other = yardsticks.trend(values), {**few, "trend": yardsticks.trend(later)}
    one, two = (accuracy.backtest(v, m, [2019], 2021) for v, m in ((values, few), (later, other)))
    assert one["forecast_bn_usd"].equals(two["forecast_bn_usd"]) and not one["actual_bn_usd"].equals(
        two["actual_bn_usd"]
    )


def test_losses_give_every_pair_the_same_weight_and_skill_compares_common_pairs_only():
    rows = []
    for origin, year, mine, theirs in ((2019, 2020, 0.1, 0.2), (2019, 2021, 0.3, 0.2), (2020, 2021, 0.5, np.nan)):
        for method, error in (("combination", mine), ("naive", theirs)):
            rows += [("f", item, origin, year, year - origin, method, 1.0, 1.0, w, s * error)
                     for item, w, s in (("a", 0.25, 1), ("b", 0.75, -1), (accuracy.TOTAL, 0.0, 2))]  # fmt: skip
    columns = ["flow", "item", "origin", "year", "horizon", "method", "forecast_bn_usd", "actual_bn_usd", "weight",
               "log_error"]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    loss = accuracy.losses(table).set_index("method")
    assert loss.loc["combination", "loss"] == pytest.approx(np.sqrt((0.01 + 0.09 + 0.25) / 3))
    assert loss["pairs"].to_dict() == {"combination": 3, "naive": 2}
    one = accuracy.skill(table).iloc[0]
    assert one["skill"] == pytest.approx(1 - np.sqrt(0.05) / 0.2) and one["pairs"] == 2 and one["skill"] < 0
    by = accuracy.skill(table, by=("flow", "horizon")).set_index("horizon")["skill"]
    assert by[1] == pytest.approx(0.5) and by[2] == pytest.approx(-0.5)
    total = accuracy.skill(table, total=True).iloc[0]
    assert total["loss"] == pytest.approx(2 * np.sqrt(0.05)) and total["loss_against"] == pytest.approx(0.4)
    with pytest.raises(InputError, match="unknown method 'other'"):
        accuracy.skill(table, "other")


def test_backtests_refuse_origins_without_a_later_year():
    for origins, message in (
        ([2023], "unknown origin with a later year '2023'"),
        ([2010], "origin"),
        ([], "no origin"),
    ):
        with pytest.raises(InputError, match=message):
            accuracy.backtest(history(), {}, origins, 2023)


def test_the_real_losses_are_those_of_the_procedure_that_was_tried_out(errors):
    loss = accuracy.losses(errors).pivot(index="method", columns="flow", values="loss")
    expected = {
        "no change": (0.71, 0.56),
        "rule": (0.38, 0.51),
        "equilibrium": (0.43, 0.42),
        "combination": (0.40, 0.46),
    }
    for method, values in expected.items():
        assert loss.loc[method, list(FLOWS)].tolist() == pytest.approx(values, abs=0.01), method
    assert (loss.loc["old structure"] > loss.loc["combination"]).all()
    pairs = accuracy.losses(errors).set_index(["method", "flow"])["pairs"]
    assert pairs["combination", "RUS_to_CHN"] == 20 and pairs["reallocation", "RUS_to_CHN"] == 10
    skill = accuracy.skill(errors).set_index(["flow", "against"])["skill"]
    assert (
        skill["RUS_to_CHN", "no change"] > 0.4 and skill["RUS_to_CHN", "rule"] < 0 and skill["CHN_to_RUS", "rule"] > 0
    )


def test_all_trials_are_there_with_their_origins(published):
    trials = trade.inputs.trials(published)
    assert {k: (min(t["origins"]), max(t["origins"]), t["last"]) for k, t in trials.items()} == {
        "groups": (2017, 2021, 2023), "totals": (2017, 2024, 2025), "sectors": (2011, 2021, 2022)}  # fmt: skip
    table = accuracy.backtest(**{**trials["sectors"], "origins": [2021]})
    whole = accuracy.backtest(**{**trials["totals"], "origins": [2023]})
    assert set(table["method"]) == set(trials["sectors"]["methods"]) and table["item"].nunique() == 27
    one = whole[(whole["item"] == accuracy.TOTAL) & (whole["method"] == "combination") & (whole["year"] == 2025)]
    growth, structure = (
        published.growth(2023, 2025)["combination"],
        published.structure(2023).groupby(["flow", "group"]).sum(),
    )
    for flow, forecast_value in one.set_index("flow")["forecast_bn_usd"].items():
        mean = (structure[flow] * growth[flow]).sum() / structure[flow].sum()
        last = {"RUS_to_CHN": 128.935679, "CHN_to_RUS": 111.077716}[flow]
        assert forecast_value == pytest.approx(last * mean)


# ------------------------------------------------------------------------------------------------ naive forecasts
def test_naive_forecasts_are_exact_where_they_must_be():
    values = history(1.07)
    grown = {"trend": yardsticks.trend(values), "uniform": yardsticks.constant(values, lambda o, y: 1.07 ** (y - o))}
    table = accuracy.backtest(values, grown, [2018, 2020], 2023)
    assert table["log_error"].abs().max() < 1e-12 and table["log_error"].notna().all()
    early = accuracy.backtest(values, grown, [2016], 2017).set_index("method")["log_error"]
    assert early["trend"].isna().all()  # two years are no trend, three are
    assert accuracy.backtest(values, grown, [2017], 2018)["log_error"].abs().max() < 1e-12
    assert yardsticks.trend(values)(2017, 2018).notna().all()
    flows = yardsticks.constant(values, lambda o, y: {FLOWS[0]: 2.0, FLOWS[1]: 3.0})(2018, 2019)
    assert flows[FLOWS[0]].eq(2).all() and flows[FLOWS[1]].eq(3).all()


def test_the_trend_is_least_squares_through_all_known_years_up_to_the_origin():
    values = history(items=("a",))
    values["value_bn_usd"] = [1.0, 2, 3, 2, np.nan, 5, 6, 100, 100] * 2
    slope = np.polyfit([2015, 2016, 2017, 2018, 2020], np.log([1, 2, 3, 2, 5.0]), 1)[0]
    found = yardsticks.trend(values)(2020, 2022)
    assert found[FLOWS[0], "a"] == pytest.approx(np.exp(2 * slope))


def small_panel():
    values = np.arange(1.0, 3 * 2 * 3 * 3 + 1).reshape(3, 2, 3, 3)
    return WorldPanel(("A01", "C20", "SERV"), (2020, 2021), ("CHN", "RUS", "USA"), values,
                      pd.Series({"CHN": False, "RUS": False, "USA": True}))  # fmt: skip


def test_importer_growth_is_that_of_the_buyers_goods_imports_from_all_others():
    p = small_panel()
    imports = p.values[:2, :, 1, 0] + p.values[:2, :, 2, 0]  # China's, by sector and year
    total = yardsticks.importer_growth(p)(2020, 2021)
    assert total["RUS_to_CHN"].to_numpy() == pytest.approx(imports[:, 1].sum() / imports[:, 0].sum())
    by_sector = yardsticks.importer_growth(p, by_sector=True)(2020, 2021)
    assert by_sector["RUS_to_CHN"].to_numpy() == pytest.approx(imports[:, 1] / imports[:, 0])
    russia = p.values[1, :, 0, 1] + p.values[1, :, 2, 1]
    assert by_sector["CHN_to_RUS", "C20"] == pytest.approx(russia[1] / russia[0])
    assert yardsticks.importer_growth(p)(2020, 2022).isna().all() and "SERV" not in total.index.get_level_values(1)


def test_reallocation_shares_what_is_lost_and_knows_nothing_before_the_break():
    index = pd.MultiIndex.from_tuples([("f", "a"), ("f", "b")], names=["flow", "item"])

    def sold(year):
        lost = 40.0 if year < 2022 else 10.0
        return pd.DataFrame({"total": [100.0, 100.0], "unfriendly": [lost, 40.0 if year < 2022 else 130.0]}, index)

    growth = yardsticks.reallocation(sold, lambda o, y: 1.1)
    found = growth(2021, 2022)
    assert found["f", "a"] == pytest.approx((110 - 10) / 60) and np.isnan(found["f", "b"])
    assert growth(2020, 2021).isna().all() and growth(2022, 2023).isna().all()


def test_the_old_structure_starts_from_the_total_of_the_origin_with_shares_of_two_years_before():
    values = history()
    values.loc[(values["item"] == "27") & (values["year"] >= 2019), "value_bn_usd"] = 50.0
    table = values.pivot(index=["flow", "item"], columns="year", values="value_bn_usd")
    p = made()
    plain = yardsticks.procedure_growth(p.growth)["combination"]
    for moved in (False, True):
        factor = yardsticks.with_old_structure(values, plain, moved=moved)(2020, 2022)[FLOWS[0]]
        share = table[2018][FLOWS[0]] * (plain(2018, 2020)[FLOWS[0]] if moved else 1)
        share = share / share.sum()
        expected = table[2020][FLOWS[0]].sum() * share * plain(2020, 2022)[FLOWS[0]]
        assert (table[2020][FLOWS[0]] * factor).to_numpy() == pytest.approx(expected.reindex(factor.index).to_numpy())
    assert yardsticks.with_old_structure(values, plain)(2016, 2018).isna().all()


def test_a_total_grows_as_its_groups_by_the_structure_of_the_origin():
    p = made()
    table = yardsticks.in_total(yardsticks.procedure_growth(p.growth)["rule"], p)(2018, 2020)
    rule = rule_growth(p.elasticities, p.paths, 2018, 2020)["growth"]
    assert table["RUS_to_CHN", "all goods"] == pytest.approx(rule["RUS_to_CHN"].mean())


# ------------------------------------------------------------------------------------------------ tests of errors
def one_step(errors, flow="f", method="m", horizon=1):
    rows = [(flow, item, 2000 + k, 2000 + k + horizon, horizon, method, 1.0, 1.0, w, e) for k, e in enumerate(errors)
            for item, w in (("a", 1.0), (accuracy.TOTAL, 0.0))]  # fmt: skip
    columns = ["flow", "item", "origin", "year", "horizon", "method", "forecast_bn_usd", "actual_bn_usd", "weight",
               "log_error"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def test_equal_accuracy_one_step_ahead_is_the_t_test_of_the_loss_difference():
    rng = np.random.default_rng(4)
    one, other = rng.normal(0, 0.1, 11), rng.normal(0, 0.3, 11)
    table = pd.concat([one_step(one, method="one"), one_step(other, method="other")])
    found = accuracy.equal_accuracy(table, "one", "other").iloc[0]
    test = ttest_1samp(one**2 - other**2, 0)
    assert found["statistic"] == pytest.approx(test.statistic) and found["p_value"] == pytest.approx(test.pvalue)
    back = accuracy.equal_accuracy(table, "other", "one").iloc[0]
    assert back["statistic"] == pytest.approx(-found["statistic"]) and back["loss"] == found["loss_other"]
    assert found["origins"] == 11 and found["loss"] == pytest.approx(np.sqrt((one**2).mean()))


def test_equal_accuracy_further_ahead_allows_for_overlap_and_few_origins():
    one = np.array([0.1, 0.3, 0.2, 0.5, 0.4, 0.1, 0.6, 0.2])
    other = np.array([0.2, 0.2, 0.4, 0.4, 0.7, 0.3, 0.5, 0.4])
    table = pd.concat([one_step(one, method="one", horizon=2), one_step(other, method="other", horizon=2)])
    d = one**2 - other**2
    n, h, away = 8, 2, d - d.mean()
    variance = (away @ away + 2 * away[1:] @ away[:-1]) / n**2
    expected = d.mean() / np.sqrt(variance) * np.sqrt((n + 1 - 2 * h + h * (h - 1) / n) / n)
    found = accuracy.equal_accuracy(table, "one", "other", horizon=2).iloc[0]
    assert found["statistic"] == pytest.approx(expected)
    t, factor = ttest_quantiles(n), np.sqrt((n + 1 - 2 * h + h * (h - 1) / n) / n)
    assert found["detectable"] == pytest.approx(t * np.sqrt(variance) / factor / (other**2).mean())


def ttest_quantiles(n):
    from scipy.stats import t

    return t.ppf(0.975, n - 1) + t.ppf(0.8, n - 1)


def test_with_few_origins_only_large_differences_can_be_told():
    rng = np.random.default_rng(1)
    few, many = (pd.concat([one_step(rng.normal(0, 0.2, n), method=m) for m in ("one", "other")]) for n in (5, 400))
    wide, narrow = (accuracy.equal_accuracy(t, "one", "other").iloc[0]["detectable"] for t in (few, many))
    assert wide > 0.5 > narrow
    with pytest.raises(InputError, match="3 origins; at least 4"):
        accuracy.equal_accuracy(few[few["origin"] < 2003], "one", "other")
    with pytest.raises(InputError, match="unknown method 'third'"):
        accuracy.equal_accuracy(few, "one", "third")


def test_four_origins_are_enough_for_both_tests_and_three_are_not():
    four = pd.concat([one_step(np.array([0.1, 0.3, -0.2, 0.4]) * k, method=m) for k, m in ((1, "one"), (2, "other"))])
    assert accuracy.equal_accuracy(four, "one", "other")["origins"].tolist() == [4]
    assert accuracy.diagnostics(four)["origins"].tolist() == [4, 4]
    three = four[four["origin"] < four["origin"].max()]
    with pytest.raises(InputError, match="3 origins; at least 4"):
        accuracy.equal_accuracy(three, "one", "other")
    with pytest.raises(InputError, match="no method has errors from 4 origins"):
        accuracy.diagnostics(three)


def test_the_p_of_a_bias_is_that_of_a_t_with_one_degree_less_than_origins_and_of_the_totals_alone():
    from scipy.stats import t

    e = np.array([0.2, -0.1, 0.3, 0.25, 0.05])
    table = one_step(e, method="one")
    table.loc[table["item"] != accuracy.TOTAL, "log_error"] += 5
    found = accuracy.diagnostics(table).iloc[0]
    error = np.sqrt(((e - e.mean()) ** 2).mean() / 5)
    assert found["bias"] == pytest.approx(e.mean()) and found["bias_error"] == pytest.approx(error)
    assert found["bias_p"] == pytest.approx(2 * t.sf(e.mean() / error, 4))
    opposite = accuracy.diagnostics(table.assign(log_error=-table["log_error"])).iloc[0]
    assert opposite["bias_p"] == pytest.approx(found["bias_p"])


@pytest.mark.parametrize("level", [0, 1])
def test_an_interval_of_nothing_or_of_all_is_refused(level):
    totals = one_step([0.1, 0.2], FLOWS[0], "combination")
    spread = pd.DataFrame({f"{flow}_total": [1.0] for flow in FLOWS}, index=[1])
    with pytest.raises(InputError, match=f"level of the interval is {level}; must lie between 0 and 1"):
        accuracy.coverage(totals, spread, level=level)


def test_reallocation_may_shrink_trade_with_the_others_too():
    index = pd.MultiIndex.from_tuples([("f", "a")], names=["flow", "item"])
    sold = lambda year: pd.DataFrame({"total": [100.0], "unfriendly": [40.0 if year < 2022 else 50.0]}, index)  # noqa: E731
    assert yardsticks.reallocation(sold, lambda o, y: 0.8)(2021, 2022)["f", "a"] == pytest.approx((80 - 50) / 60)


def test_the_last_share_of_a_group_follows_the_buyers_imports_of_its_sectors(trial, published):
    panel = trade.inputs.panel()
    by_sector = yardsticks.importer_growth(panel, by_sector=True)(2017, 2019)
    found = trial["methods"]["last share"](2017, 2019)
    structure = published.structure(2017)
    for flow, group in (("RUS_to_CHN", "27"), ("CHN_to_RUS", "84-85")):
        parts = structure[flow, group]
        parts = parts[parts.index != "SERV"]
        growth = by_sector[flow].reindex(parts.index)
        assert found[flow, group] == pytest.approx((parts * growth).sum() / parts[growth.notna()].sum())
    assert found["RUS_to_CHN"].nunique() > 10, "one growth for all groups would be that of imports in total"


def test_diagnostics_find_a_bias_a_drift_and_an_autocorrelation():
    rng = np.random.default_rng(7)
    noise = rng.normal(0, 0.05, 40)
    noise -= noise.mean() / 2
    walk = np.cumsum(rng.normal(0, 0.05, 40))
    made_of = {"biased": 0.2 + noise, "fair": noise, "drifting": 0.02 * np.arange(40) - 0.39 + noise, "walk": walk}
    table = pd.concat([one_step(errors, method=name) for name, errors in made_of.items()])
    found = accuracy.diagnostics(table).set_index("method")
    assert found.loc["biased", "bias"] == pytest.approx(0.2 + noise.mean()) and found.loc["biased", "bias_p"] < 1e-6
    assert found.loc["fair", "bias_p"] > 0.05 and found.loc["fair", "ljung_box_p"] > 0.05
    assert found.loc["fair", "bias_error"] == pytest.approx(noise.std() / np.sqrt(40))
    assert found.loc["drifting", "drift_per_year"] == pytest.approx(0.02, abs=0.003)
    assert found.loc["drifting", "drift_p"] < 1e-4 and found.loc["walk", "ljung_box_p"] < 0.01
    away = walk - walk.mean()
    assert found.loc["walk", "autocorrelation"] == pytest.approx(away[1:] @ away[:-1] / (away @ away))
    assert (found["origins"] == 40).all() and (found["horizon"] == 1).all()
    with pytest.raises(InputError, match="no method has errors from 4 origins at horizon 9"):
        accuracy.diagnostics(table, 9)


def test_the_trend_with_hac_errors_is_newey_west_by_hand():
    years, y = np.arange(2011, 2021), np.array([1.0, 1.2, 1.1, 1.5, 1.6, 1.4, 1.9, 2.2, 2.0, 2.4])
    found = accuracy.hac_trend(pd.Series(y, years), lags=2)
    x = np.column_stack([np.ones(10), years - 2011.0])
    beta = np.linalg.lstsq(x, np.log(y), rcond=None)[0]
    score = x * (np.log(y) - x @ beta)[:, None]
    middle = score.T @ score
    for lag, weight in ((1, 2 / 3), (2, 1 / 3)):
        middle += weight * (score[lag:].T @ score[:-lag] + score[:-lag].T @ score[lag:])
    bread = np.linalg.inv(x.T @ x)
    error = np.sqrt((bread @ middle @ bread)[1, 1] * 10 / 8)
    from scipy.stats import t

    assert found["growth_pct"] == pytest.approx(100 * np.expm1(beta[1]))
    assert found["ci_low"] == pytest.approx(100 * np.expm1(beta[1] - t.ppf(0.975, 8) * error))
    assert found["ci_high"] > found["growth_pct"] > found["ci_low"] and found["lags"] == 2
    steady = accuracy.hac_trend(pd.Series(1.05 ** np.arange(12), range(12)))
    assert steady["growth_pct"] == pytest.approx(5) and steady["lags"] == 2
    assert accuracy.hac_trend(pd.Series(y, years), lags=0)["ci_low"] != found["ci_low"]
    for bad in (pd.Series([1.0, 2, 3]), pd.Series([1.0, 2, 3, 0])):
        with pytest.raises(InputError, match="at least 4 are needed, all positive"):
            accuracy.hac_trend(bad)


def test_spreads_of_intervals_are_the_rolling_errors_and_never_fall_with_the_horizon():
    parts = []
    for flow in FLOWS:
        for horizon, size in ((1, 0.2), (2, 0.1), (3, 0.4)):
            table = one_step([size, -size], flow, "combination", horizon)
            table.loc[table["item"] == "a", "log_error"] *= 3
            parts.append(table)
    totals = pd.concat(parts)
    spread = accuracy.deviations(totals, totals.assign(method="old structure"), horizon=5)
    assert spread["RUS_to_CHN_total"].tolist() == pytest.approx([0.2, 0.2, 0.4, 0.4, 0.4])
    assert spread["CHN_to_RUS_group"].tolist() == pytest.approx([0.4, 0.4, 0.8, 0.8, 0.8])
    inside = accuracy.coverage(totals[totals["horizon"] < 3], spread, level=0.5)
    assert (inside["inside"] == 0.5).all() and (inside["forecasts"] == 4).all()
    assert (accuracy.coverage(totals, spread)["inside"] == 1).all()
    with pytest.raises(InputError, match="unknown method 'old structure'"):
        accuracy.deviations(totals, totals)
    with pytest.raises(InputError, match="no errors for the total of CHN_to_RUS"):
        accuracy.deviations(totals[totals["flow"] == FLOWS[0]], totals.assign(method="old structure"))
    for method, level, message in (
        ("other", 0.9, "unknown method"),
        ("combination", 1.0, "level of the interval is 1.0"),
    ):
        with pytest.raises(InputError, match=message):
            accuracy.coverage(totals, spread, method, level)


def test_real_spreads_serve_the_real_projection(published, errors, trial):
    totals = errors.replace({"method": {"old structure": "x"}})
    spread = accuracy.deviations(totals, errors)
    assert (spread.diff().iloc[1:] >= 0).all(axis=None) and (spread > 0.05).all(axis=None) and len(spread) == 15
    table = project(trade.inputs.projection_base(), published, (2026, 2030), spread, draws=200).totals()
    last = table[table["year"] == 2030].set_index("flow")
    assert (last["q05"] < last["value_bn_usd"]).all() and (last["value_bn_usd"] < last["q95"]).all()


def test_customs_values_by_sector_sum_to_the_groups():
    table = data.load("world_groups").groupby(["year", "flow", "group"])["value_musd"].sum()
    groups = data.load("trade_structure")
    groups = groups[(groups["reporter"] == "BACI") & groups["group"].isin(GROUPS)]
    keys = pd.MultiIndex.from_arrays(
        [groups["year"], groups["exporter"] + "_to_" + groups["importer"], groups["group"]]
    )
    assert table.reindex(keys).to_numpy() == pytest.approx(groups["value_musd"].to_numpy(), abs=1e-4)


@pytest.mark.slow
def test_forecasts_are_the_same_bytes_under_any_hash_seed():
    code = (
        "import sys; sys.path.insert(0, 'tests'); from test_forecast import *;"
        "values = history(1.05);"
        "methods = yardsticks.procedure_growth(made().growth) | {'trend': yardsticks.trend(values)};"
        "table = accuracy.backtest(values, methods, range(2017, 2022), 2023);"
        "print(table.to_csv(), accuracy.skill(table).to_csv(), project(start(), made(), draws=5).table.to_csv())"
    )
    root = trade.__file__.removesuffix("/rutrade/trade/__init__.py")
    found = []
    for seed in ("0", "42"):
        environment = {**os.environ, "PYTHONPATH": root, "PYTHONHASHSEED": seed}
        run = subprocess.run([sys.executable, "-c", code], cwd=root, env=environment, capture_output=True, check=True)
        found.append(run.stdout)
    assert found[0] == found[1] and len(found[0]) > 10_000


def test_the_order_of_rows_changes_nothing():
    p, values = made(), history(1.05)
    mixed = replace(p, composition=p.composition.sample(frac=1, random_state=1),
                    elasticities=p.elasticities.sample(frac=1, random_state=2),
                    hats=lambda o, y: hats(o, y).sample(frac=1, random_state=3))  # fmt: skip
    pd.testing.assert_frame_equal(p.growth(2018, 2020), mixed.growth(2018, 2020), rtol=1e-13)
    pd.testing.assert_frame_equal(p.sector_growth(2018, 2020), mixed.sector_growth(2018, 2020), rtol=1e-13)
    methods = {"rule": yardsticks.procedure_growth(p.growth)["rule"]}
    one, two = (accuracy.backtest(v, methods, [2018], 2020) for v in (values, values.sample(frac=1, random_state=4)))
    pd.testing.assert_frame_equal(one, two)
    assert list(dict.fromkeys(one["flow"])) == list(FLOWS)
    assert list(one["item"][:16]) == sorted(GROUPS)
    assert list(p.sector_growth(2018, 2020).index) == [
        (f, s) for f, sectors in zip(FLOWS, (("A01", "B05", "C20"), ("A01", "C20")), strict=True) for s in sectors
    ]


@pytest.mark.slow
def test_fitted_sanctions_give_back_what_was_observed_and_hold_only_after_the_fact():
    from rutrade.trade.growth import FittedSanctions

    free = EquilibriumGrowth(trade.inputs.world(), trade.inputs.world_paths())
    bound = FittedSanctions(free, lambda origin, year: (0.7, 0.4))
    table = bound(2021, 2023)
    marked = free.benchmark.regions.index[free.benchmark.regions["sanctions"]]
    base = free.world(2021, (2019, 2021)).flows.set_index(["importer", "sector", "exporter"])["value_bn_usd"]
    table = table.set_index(["importer", "sector", "exporter"])["hat"].fillna(1) * base
    goods = [s for s in free.benchmark.sector_codes if s != "SERV"]

    def total(trade_of, importers, exporters):
        return sum(trade_of.loc[(i, goods, e)].sum() for i in importers for e in exporters)

    assert total(table, marked, ["RUS"]) / total(base, marked, ["RUS"]) == pytest.approx(0.7, rel=1e-4)
    assert total(table, ["RUS"], marked) / total(base, ["RUS"], marked) == pytest.approx(0.4, rel=1e-4)
    exports, imports = bound.costs(2021, 2023)
    assert exports > 1 and imports > exports
    pd.testing.assert_frame_equal(bound(2020, 2021), free(2020, 2021))
    pd.testing.assert_frame_equal(bound(2022, 2023), free(2022, 2023))
    with pytest.raises(InputError, match="no trade cost gives Russia's trade|has no solution"):
        FittedSanctions(free, lambda origin, year: (1e9, 0.4))(2021, 2023)


def test_the_diversion_trial_fits_sanctions_on_trade_with_others_only(published):
    trials = trade.inputs.diversion_trials(published)
    assert {n: (t["origins"], t["last"]) for n, t in trials.items()} == {
        "groups": ([2021], 2023),
        "totals": ([2021], 2024),
    }
    table = accuracy.backtest(**{**trials["totals"], "last": 2022})
    loss = accuracy.losses(table).set_index(["flow", "method"])["loss"]["RUS_to_CHN"]
    assert loss["equilibrium with sanctions"] < loss["equilibrium"] and loss["with sanctions"] < loss["combination"]
    assert loss["equilibrium with sanctions"] < loss["reallocation"] and loss["no change"] > 0.3


def test_losses_side_by_side_and_forecasts_beside_what_came_are_those_of_the_backtest(errors):
    table = accuracy.side_by_side({"groups": (errors, False), "totals": (errors, True)})
    for name, total in (("groups", False), ("totals", True)):
        for row in accuracy.losses(errors, total=total).itertuples():
            assert table.at[row.method, (name, row.flow)] == row.loss
    shown = accuracy.beside_actual(errors[errors["origin"] == errors["origin"].min()])
    assert shown.index[0] == "what came" and list(shown.columns.unique("flow")) == list(FLOWS)
    rows = errors[(errors["item"] == "TOTAL") & (errors["origin"] == errors["origin"].min())]
    for row in rows.dropna(subset=["forecast_bn_usd"]).itertuples():
        assert shown.at[row.method, (row.flow, row.year)] == row.forecast_bn_usd
        assert shown.at["what came", (row.flow, row.year)] == row.actual_bn_usd
