"""Shifts by points and relative, without breaks; what surrounds the trade: weight, tariffs, settlement, new years."""

import numpy as np
import pandas as pd
import pytest

from rutrade import InputError, data
from rutrade import structure as st
from rutrade.structure import context, shift


def shifts(**tables):
    products = st.inputs.products()
    goods = tables.get("goods", data.load("trade_chapters"))
    return shift.shifts(goods, tables.get("flows", products.flows), products.classes, products.order)


@pytest.fixture(scope="module")
def found():
    return shifts()


def wide(values, years):
    return pd.DataFrame(values, index=pd.Index(years, name="year"))


# Shifts ---------------------------------------------------------------------------------------------------------------


def test_shares_of_processed_goods_are_sums_of_their_chapters():
    by_chapter = wide({"27": [50.0], "30": [5.0], "31": [10.0], "40": [5.0], "84": [8.0], "87": [4.0], "85": [2.0],
                       "90": [6.0], "91": [10.0]}, [2020])  # fmt: skip
    assert shift.processed_goods(by_chapter).loc[2020].to_dict() == {
        "Engineering": 20.0, "Chemicals": 20.0, "Chemicals without fertilisers": 10.0,
        "Engineering and chemicals": 40.0, "Engineering and chemicals without fertilisers": 30.0}  # fmt: skip
    chemicals = shift.processed_goods(by_chapter.drop(columns=["84", "85"]), engineering=False)
    assert list(chemicals) == ["Chemicals", "Chemicals without fertilisers"]


def test_engineering_is_not_asked_of_declarations_that_keep_it_in_a_residual():
    with pytest.raises(InputError, match="engineering goods .* are not told apart"):
        shift.processed_goods(wide({"28": [1.0], "64-99": [9.0]}, [2013]))


def test_a_rise_of_five_points_on_3_8_is_132_percent_and_from_nothing_it_is_missing():
    frame = pd.DataFrame({"start": [3.8, 0.0], "end": [8.8, 1.0], "change": [5.0, 1.0], "breaks": [1.0, 0.0],
                          "like_for_like": [4.0, 1.0]}, index=["a", "b"])  # fmt: skip
    judged = shift.relative(frame)
    assert judged.loc["a", ["relative", "relative_like"]].tolist() == pytest.approx([100 * 5 / 3.8, 100 * 4 / 3.8])
    assert judged.loc["b", ["relative", "relative_like"]].isna().all()


def test_what_moved_is_change_less_the_breaks_of_the_years_two_reporters_share(found):
    assert found["like_for_like"].to_numpy() == pytest.approx((found["change"] - found["breaks"]).to_numpy())
    goods = data.load("trade_chapters")
    share = {r: shift.processed_goods(st.chapters(goods, "RUS", "CHN", r).fillna(0.0)) for r in ("BACI", "CHN")}
    of_2019 = share["CHN"].loc[2019] - share["BACI"].loc[2019]
    engineering = found.loc["Engineering"]
    assert engineering["breaks"] == pytest.approx(of_2019["Engineering"]) and engineering["since"] == 2017
    assert engineering[["start", "end"]].tolist() == pytest.approx([7.44, 0.74], abs=0.01)
    assert found.loc["Chemicals", "since"] == 2013
    rus = shift.processed_goods(st.chapters(goods, "RUS", "CHN", "RUS").fillna(0.0), engineering=False)["Chemicals"]
    first = (share["BACI"]["Chemicals"] - rus).loc[2017:2021].mean()
    assert found.loc["Chemicals", "breaks"] == pytest.approx(first + of_2019["Chemicals"])


def test_fertilisers_are_the_difference_between_the_two_definitions_of_chemicals(found):
    panel = st.chapters(data.load("trade_chapters"), "RUS", "CHN", "BACI").loc[2023]
    fertilisers = 100 * panel["31"] / panel.sum()
    for name in ("Chemicals", "Engineering and chemicals"):
        assert found.loc[name, "end"] - found.loc[f"{name} without fertilisers", "end"] == pytest.approx(fertilisers)
    assert found.loc["Engineering and chemicals", "end"] == pytest.approx(
        found.loc[["Engineering", "Chemicals"], "end"].sum()
    )


def test_technology_by_level_sums_to_all_and_is_that_of_its_classes():
    products = st.inputs.products()
    panel = st.upgrading.product_panel(products.flows, "CHN_to_RUS")
    for classification, upper in (("lall", ["medium", "high"]), ("technology", ["medium-high", "high"])):
        levels = shift.technology_levels(panel, products.classes, products.order, classification)
        assert levels.sum(axis=1).to_numpy() == pytest.approx(np.full(7, 100.0))
        assert levels.columns[0] == "primary" and list(levels)[-3:] == [*upper, "unclassified"], "from low to high"
        both = shift.medium_and_high(panel, products.classes, products.order, classification)
        assert both.to_numpy() == pytest.approx(levels[upper].sum(axis=1).to_numpy())
    assert both[2023] == pytest.approx(70.8, abs=0.1)


def test_engines_are_taken_out_of_part_and_whole():
    goods = data.load("trade_chapters")
    first, last = shift.without_engines(goods, 2017, 2023)
    panel = st.chapters(goods, "RUS", "CHN", "BACI").loc[2017]
    engines = st.good(goods, "8411", "RUS", "CHN").loc[2017, "value_bn_usd"]
    machines = panel[[str(c) for c in range(84, 91)]].sum()
    assert first == pytest.approx(100 * (machines - engines) / (panel.sum() - engines)) and last < 0.8


def test_shifts_need_all_three_bodies_of_declarations():
    goods = data.load("trade_chapters")
    with pytest.raises(InputError, match="no figures by chapter of Russia's exports"):
        shifts(goods=goods[goods["reporter"] != "CHN"])


@pytest.mark.parametrize("table", ["chn_to_rus_estimate", "recent_goods"])
def test_an_estimate_or_a_figure_after_the_last_year_enters_no_index(table):
    # The tables that indices are made of hold neither; and no function of an index reads the two.
    groups = data.load("trade_structure")
    assert not groups["status"].isin(["estimate", "press"]).any() and groups["year"].max() == 2023
    early = groups[(groups["exporter"] == "CHN") & (groups["year"] < 2017) & (groups["group"] != "TOTAL")]
    assert early["value_musd"].isna().all()
    readers = {p.name for p in (data.home().parent / "rutrade").rglob("*.py") if f'"{table}"' in p.read_text("utf-8")}
    assert readers <= {"inputs.py"}


# Context --------------------------------------------------------------------------------------------------------------


def small_trade():
    goods = pd.DataFrame(
        {
            "year": [2022, 2022, 2023, 2023],
            "reporter": "BACI",
            "exporter": "RUS",
            "importer": "CHN",
            "level": "chapter",
            "item": ["27", "84"] * 2,
            "value_musd": [300.0, 10.0, 400.0, 30.0],
        }
    )
    exports = pd.DataFrame({"year": [2022, 2022, 2022, 2023, 2023], "chapter": ["27", "84", "84", "27", "84"],
                            "russia_musd": [600.0, 40.0, 60.0, 500.0, 60.0]})  # fmt: skip
    return goods, exports, pd.Series({"27": "fuels", "84": "machines"})


def test_chinas_part_is_exports_to_china_over_exports_to_the_world():
    share = context.china_in_exports(*small_trade())
    assert share.loc[2022].to_dict() == pytest.approx({"fuels": 50, "machines": 10, "total": 100 * 310 / 700})
    assert share.loc[2023].to_dict() == pytest.approx({"fuels": 80, "machines": 50, "total": 100 * 430 / 560})


def test_two_tables_that_do_not_belong_together_are_refused():
    goods, exports, group_of = small_trade()
    with pytest.raises(InputError, match="fuels passes 100"):
        context.china_in_exports(goods, exports.assign(russia_musd=exports["russia_musd"] / 3), group_of)
    with pytest.raises(InputError, match="chapter 84 has no group"):
        context.china_in_exports(goods, exports, group_of.drop("84"))


def test_the_newest_share_is_chinas_imports_over_russias_exports():
    _, exports, _ = small_trade()
    totals = pd.DataFrame({"year": [2023, 2023], "reporter": "CHN", "flow": "RUS_to_CHN", "preferred": [True, False],
                           "value_bn_usd": [0.28, 9.0]})  # fmt: skip
    assert context.mirror_total(totals, exports, 2023) == pytest.approx(50)
    with pytest.raises(InputError, match="unknown year of Russia's exports '2024'"):
        context.mirror_total(totals, exports, 2024)
    real = context.mirror_total(data.load("trade_totals"), data.load("exports_to_world"), 2024)
    assert real == pytest.approx(100 * 129.881358 / 376.7, rel=2e-3)


def test_a_mean_tariff_weights_rates_with_trade_and_leaves_out_sectors_without_a_rate():
    tariffs = pd.DataFrame({"importer": "RUS", "exporter": "CHN", "sector": ["a", "b", "a"], "year": [2019, 2019, 2023],
                            "rate_pct": [10.0, 2.0, 6.0]})  # fmt: skip
    values = pd.DataFrame(
        {
            "flow": "CHN_to_RUS",
            "year": [2019, 2019, 2019, 2021, 2021],
            "group": "g",
            "sector": ["a", "b", "c", "a", "b"],
            "value_musd": [1.0, 3.0, 50.0, 5.0, 5.0],
        }
    )
    mean = context.mean_tariffs(tariffs, values, {"Russia's": ("RUS", "CHN", "CHN_to_RUS")})
    assert mean["Russia's"].dropna().to_dict() == pytest.approx({2019: 4.0, 2023: 6.0})
    assert mean.index.tolist() == [2019, 2020, 2021, 2022, 2023], "years without rates stay, missing"
    idle = pd.concat([tariffs, tariffs.iloc[:1].assign(sector="not traded", rate_pct=90.0)])
    assert context.mean_tariffs(idle, values, {"x": ("RUS", "CHN", "CHN_to_RUS")})["x"][2019] == pytest.approx(4.0)
    with pytest.raises(InputError, match="unknown pair of tariffs 'CHN on RUS'"):
        context.mean_tariffs(tariffs, values, {"x": ("CHN", "RUS", "CHN_to_RUS")})


def test_a_share_of_settlement_that_nobody_states_is_missing_and_not_zero():
    table = context.settlement_table(data.load("settlement"), data.sources())
    assert table.loc["2014", "national currencies"] == 2 and np.isnan(table.loc["2014", "yuan"])
    assert table.loc["Sep 2023", ["yuan", "rouble", "national currencies"]].tolist() == [70, 20, 90]
    assert table.loc["Dec 2025", ["yuan", "rouble", "national currencies"]].isna().all()
    assert table.index[0] == "2014" and table.index[-1] == "Dec 2025", "in the order of time"


def test_growth_of_the_newest_year_is_missing_where_a_year_is():
    table = context.recent_table(data.load("recent_goods"))
    cars = table.loc[("China to Russia", "Passenger cars", "bn USD")]
    assert cars["2025 on 2024, %"] == pytest.approx(100 * (8.46 / 15.2 - 1)) and np.isnan(cars[2023])
    assert np.isnan(table.loc[("Russia to China", "Crude oil", "mn t"), "2025 on 2024, %"])
