"""Upgrading: technology classes at HS6, margins, survival, advantage, complexity, and breaks of reporter."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as some

from rutrade import InputError, data
from rutrade import structure as st
from rutrade.structure import upgrading as up

FLOWS = ("RUS_to_CHN", "CHN_to_RUS")


@pytest.fixture(scope="module")
def flows():
    return data.load("hs6_flows")


@pytest.fixture(scope="module")
def classes():
    return data.load("hs6_classes")


@pytest.fixture(scope="module")
def labels():
    return data.load("technology_classes")


@pytest.fixture(scope="module")
def exports():
    return data.load("exports_to_world")


@some.composite
def panels(draw):
    products, years = draw(some.integers(1, 8)), draw(some.integers(2, 6))
    numbers = some.lists(some.one_of(some.just(0.0), some.floats(0.01, 100)), min_size=products, max_size=products)
    rows = [draw(numbers) for _ in range(years)]
    return pd.DataFrame(rows, range(2017, 2017 + years), [f"{i:06d}" for i in range(products)])


# Products and classes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("classification", ["lall", "technology", "group"])
def test_totals_by_class_are_totals_by_group_in_every_year(flows, classes, flow, classification):
    panel = up.product_panel(flows, flow)
    assert panel.index.tolist() == list(range(2017, 2024))
    table = data.load("trade_structure")
    groups = st.panel(table, *flow.split("_to_"), "BACI", 2017, 2023)
    by_class = up.by_class(panel, classes, classification)
    assert by_class.sum(axis=1).to_numpy() == pytest.approx(groups.sum(axis=1).to_numpy(), rel=1e-6)
    if classification == "group":
        assert by_class[list(groups)].to_numpy() == pytest.approx(groups.to_numpy(), rel=1e-5, abs=1e-6)


def test_shares_of_technology_are_those_published_from_the_same_source(flows, classes, labels):
    order = up.class_order(labels, "lall")
    share = {f: 100 * st.shares(up.by_class(up.product_panel(flows, f), classes, "lall", order)) for f in FLOWS}
    assert list(share[FLOWS[0]]) == order
    medium_high = [c for level in ("medium", "high") for c in up.class_order(labels, "lall", level)]
    assert share[FLOWS[0]][medium_high].sum(axis=1)[[2017, 2023]].tolist() == pytest.approx([11.25, 3.32], abs=0.01)
    assert share[FLOWS[1]]["medium, automotive"][[2017, 2023]].tolist() == pytest.approx([3.50, 20.02], abs=0.01)
    high = 100 * st.shares(up.by_class(up.product_panel(flows, FLOWS[1]), classes, "technology"))["high"]
    assert high[[2017, 2023]].tolist() == pytest.approx([24.91, 14.33], abs=0.01)


def test_oil_products_that_the_source_does_not_split_are_classed_as_their_parts(classes):
    of = classes.set_index("hs6")[["lall", "technology"]]
    parts = of[of.index.str.startswith("2710")]
    assert set(parts["lall"]) == {"resource-based, other"} and set(parts["technology"]) == {"medium-low"}
    assert "271000" in parts.index
    assert of.loc["999999"].tolist() == ["HS 999999", "HS 999999"]


def test_unspecified_goods_have_a_column_of_their_own_also_without_trade(flows, classes, labels):
    panel = up.product_panel(flows, FLOWS[0])
    for classification in ("lall", "technology"):
        order = up.class_order(labels, classification)
        by_class = up.by_class(panel, classes, classification, order)
        assert order[-1] == "HS 999999" and (by_class["HS 999999"] == 0).all()
        secret = up.by_class(panel.assign(**{"999999": 1.0}), classes, classification, order)
        assert (secret["HS 999999"] == 1).all()


def test_best_series_follows_both_to_2021_and_china_from_2022(flows):
    best = up.product_panel(flows, FLOWS[0])
    both, china = (up.product_panel(flows, FLOWS[0], r) for r in ("both", "China"))
    assert both.index.tolist() == list(range(2017, 2022)) and china.index.tolist() == [2019, 2022, 2023]
    assert best.sum(axis=1)[2019] == pytest.approx(both.sum(axis=1)[2019])
    assert best.sum(axis=1)[[2022, 2023]].tolist() == pytest.approx(china.sum(axis=1)[[2022, 2023]].tolist())
    assert china.sum(axis=1)[2019] == pytest.approx(61.19, abs=0.005), "China's own total of 2019"
    assert (best > 0).any().all()


def small_flows():
    return pd.DataFrame({"flow": "RUS_to_CHN", "reporters": ["both", "both", "China"], "revision": "HS2017",
                         "hs6": ["270900", "847130", "270900"], "y2020": [2e6, 0.0, np.nan],
                         "y2021": [3e6, 5e5, np.nan], "y2022": [np.nan, np.nan, 4e6]})  # fmt: skip


def test_a_panel_is_in_bn_with_zero_for_what_is_not_traded():
    panel = up.product_panel(small_flows(), "RUS_to_CHN")
    assert panel.to_dict("list") == {"270900": [2.0, 3.0, 4.0], "847130": [0.0, 0.5, 0.0]}
    assert panel.index.tolist() == [2020, 2021, 2022]
    assert list(up.product_panel(small_flows(), "RUS_to_CHN", "China")) == ["270900"]


def test_years_that_both_bodies_report_are_taken_from_both_and_stand_once():
    flows = small_flows().assign(y2021=[3e6, 5e5, 9e6])
    panel = up.product_panel(flows, "RUS_to_CHN")
    assert panel.index.tolist() == [2020, 2021, 2022]
    assert panel["270900"].tolist() == [2.0, 3.0, 4.0]
    assert up.product_panel(flows, "RUS_to_CHN", "China")["270900"].to_dict() == {2021: 9.0, 2022: 4.0}


def test_a_new_classification_is_a_column(classes):
    panel = pd.DataFrame({"010121": [1.0], "270900": [2.0]}, [2020])
    wider = classes.assign(bulky=classes["hs6"].str.startswith("27").map({True: "yes", False: "no"}))
    assert up.by_class(panel, wider, "bulky").to_dict("list") == {"no": [1.0], "yes": [2.0]}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f, c: up.product_panel(f, "CHN"), "unknown flow of the HS6 table 'CHN'"),
        (lambda f, c: up.product_panel(f, "RUS_to_CHN", "Russia"), "unknown reporters of the HS6 table 'Russia'"),
        (lambda f, c: up.product_panel(f.assign(revision=["HS2017", "HS2012", "HS2017"]), "RUS_to_CHN"),
         r"revisions of the HS are mixed \(HS2012, HS2017\)"),
        (lambda f, c: up.by_class(up.product_panel(f, "RUS_to_CHN"), c, "bec"), "unknown classification 'bec'"),
        (lambda f, c: up.by_class(up.product_panel(f, "RUS_to_CHN"), c, "status"), "unknown classification 'status'"),
        (lambda f, c: up.by_class(pd.DataFrame({"000001": [1.0]}), c, "lall"), "product 000001 has no class in HS2017"),
        (lambda f, c: up.by_class(up.product_panel(f, "RUS_to_CHN"), c, "lall", revision="HS2012"),
         "classes are of HS2017, products of HS2012"),
        (lambda f, c: up.by_class(up.product_panel(f, "RUS_to_CHN"), c, "lall", ["primary"]),
         "unknown class of lall 'HS 999999'"),
        (lambda f, c: up.traded(up.product_panel(f, "RUS_to_CHN"), 2016), "unknown year with HS6 figures '2016'"),
        (lambda f, c: up.traded(up.product_panel(f, "RUS_to_CHN"), 2020, -1), "least value is -1"),
        (lambda f, c: up.margins(up.product_panel(f, "RUS_to_CHN"), 2020, 2024), "year with HS6 figures '2024'"),
        (lambda f, c: up.new_products(up.product_panel(f, "RUS_to_CHN"), 2020, 2022), "no year is left .* 2020-2022"),
        (lambda f, c: up.survival(up.product_panel(f, "RUS_to_CHN").drop(index=2021)), "survival needs every year"),
        (lambda f, c: up.survival(up.product_panel(f, "RUS_to_CHN", "China")), "no product appeared after 2022"),
    ],
)  # fmt: skip
def test_bad_products_classes_and_years_are_refused_in_one_sentence(classes, call, message):
    with pytest.raises(InputError, match=message):
        call(small_flows(), classes)


def test_classes_stand_in_the_order_of_their_technology(labels):
    assert up.class_order(labels, "technology")[:2] == ["not manufacturing", "low"]
    assert up.class_order(labels.iloc[::-1], "lall", "medium") == [
        "medium, automotive", "medium, process", "medium, engineering"]  # fmt: skip
    with pytest.raises(InputError, match="unknown classification 'oecd'"):
        up.class_order(labels, "oecd")
    with pytest.raises(InputError, match="unknown level of lall 'top'"):
        up.class_order(labels, "lall", "top")


def test_every_class_of_a_product_is_one_that_is_ordered(classes, labels, exports):
    for classification in ("lall", "technology"):
        order = set(up.class_order(labels, classification))
        assert set(classes[classification]) == order
        assert set(exports[classification]) <= order


# Margins --------------------------------------------------------------------------------------------------------------


def test_margins_of_a_worked_example():
    panel = pd.DataFrame({"kept": [10.0, 16.0], "new": [0.0, 5.0], "lost": [4.0, 0.0], "never": [0.0, 0.0],
                          "small": [0.25, 0.5], "faded": [3.0, 0.5]}, index=[2017, 2023])  # fmt: skip
    found = up.margins(panel, 2017, 2023, least=0.5)
    assert found["products"].to_dict() == {"kept": 1, "new": 1, "lost": 2, "below": 1, "total": 5}
    assert found["change"].to_dict() == {"kept": 6, "new": 5, "lost": -6.5, "below": 0.25, "total": 4.75}
    assert found.loc["lost", ["start", "end"]].tolist() == [7, 0.5]
    assert found.loc["new", "share"] == pytest.approx(5 / 4.75) and found.loc["total", "share"] == 1
    plain = up.margins(panel, 2017, 2023)
    assert plain["products"].to_dict() == {"kept": 3, "new": 1, "lost": 1, "below": 0, "total": 5}


@given(panels(), some.floats(0, 50))
def test_margins_add_up_to_the_change_of_the_total_at_any_threshold(panel, least):
    start, end = panel.index[0], panel.index[-1]
    found = up.margins(panel, start, end, least)
    assert found["change"].drop("total").sum() == pytest.approx(panel.loc[end].sum() - panel.loc[start].sum(), abs=1e-9)
    assert found.loc["total", "start"] == pytest.approx(panel.loc[start].sum())
    assert found.loc["total", "products"] == int((panel.loc[[start, end]] > 0).any().sum())
    back = up.margins(panel, end, start, least)
    assert back.loc["lost", "change"] == pytest.approx(-found.loc["new", "change"], abs=1e-9)


def test_any_value_above_the_threshold_is_trade_and_nothing_is_not():
    panel = pd.DataFrame({"a": [1e-9], "b": [0.0], "c": [0.5], "d": [2.0]}, index=[2020])
    assert up.traded(panel, 2020).tolist() == ["a", "c", "d"]
    assert up.traded(panel, 2020, 0.5).tolist() == ["d"]


def test_new_and_lost_products_were_absent_in_all_other_years_asked_about():
    panel = pd.DataFrame({"a": [0, 0, 3.0, 4.0], "b": [0, 1.0, 0, 9.0], "c": [5.0, 5.0, 0, 0], "d": [2.0, 0, 1.0, 0],
                          "e": [0, 0, 0, 7.0], "f": [6.0, 0, 0, 0]}, index=[2017, 2018, 2019, 2020])  # fmt: skip
    new = up.new_products(panel, since=2019, end=2020, classes=pd.Series({"a": "high", "e": "low"}))
    assert new["value_bn_usd"].to_dict() == {"e": 7, "a": 4} and new["class"].tolist() == ["low", "high"]
    assert up.new_products(panel, since=2018, end=2020)["value_bn_usd"].to_dict() == {"b": 9, "e": 7, "a": 4}
    assert up.new_products(panel, 2019, 2020, least=4.0).index.tolist() == ["b", "e"], "b was below in 2018"
    lost = up.lost_products(panel, start=2017, until=2018)
    assert lost["value_bn_usd"].to_dict() == {"f": 6, "c": 5}, "d came back in 2019"
    with pytest.raises(InputError, match="no year is left"):
        up.lost_products(panel, 2017, 2020)


# Survival -------------------------------------------------------------------------------------------------------------


def test_survival_is_the_published_kaplan_meier_table_of_remission_times():
    # Freireich et al. 1963, 6-MP arm; estimates as in Kalbfleisch & Prentice 2002, The Statistical Analysis of Failure
    # Time Data. A spell starts in year 1 and ends after `weeks`; those of the last year are censored.
    ended = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    running = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    years = 37
    panel = pd.DataFrame(0.0, index=range(years), columns=[f"e{i}" for i in range(len(ended))]
                         + [f"r{i}" for i in range(len(running))])  # fmt: skip
    for i, weeks in enumerate(ended):
        panel.loc[1:weeks, f"e{i}"] = 1.0
    for i, weeks in enumerate(running):
        panel.loc[years - weeks :, f"r{i}"] = 1.0
    found = up.survival(panel)
    expected = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
    assert found["survival"].round(3).to_dict() == expected
    assert found["spells"].tolist() == [21, 17, 15, 12, 11, 7, 6] and found["ended"].tolist() == [3, 1, 1, 1, 1, 1, 1]
    assert found["standard_error"].tolist()[:2] == pytest.approx([0.0764, 0.0869], abs=1e-4)


def test_spells_of_unknown_age_are_left_out_and_a_product_may_have_several():
    panel = pd.DataFrame({"old": [1, 1, 0, 0, 0], "twice": [0, 1, 0, 1, 1], "long": [0, 1, 1, 1, 1],
                          "weak": [0, 0.5, 0.5, 0.5, 0.5]}, index=range(2017, 2022))  # fmt: skip
    found = up.survival(panel, least=0.5)
    assert found.loc[1, ["spells", "ended"]].tolist() == [3, 1] and found.loc[1, "survival"] == pytest.approx(2 / 3)


def test_survival_of_real_products_falls_and_starts_with_every_new_spell(flows):
    panel = up.product_panel(flows, FLOWS[0], "both")
    found = up.survival(panel, least=1e-4)
    assert found["survival"].is_monotonic_decreasing and found["survival"].between(0, 1).all()
    on = panel.to_numpy() > 1e-4
    assert found["spells"].iloc[0] == (~on[:-1] & on[1:]).sum()


# Advantage ------------------------------------------------------------------------------------------------------------


def test_advantage_of_a_worked_example_and_its_symmetric_form():
    table = pd.DataFrame({"year": 2020, "chapter": ["27", "84"], "lall": ["primary", "high, other"],
                          "technology": ["low", "high"], "russia_musd": [60.0, 40.0], "china_musd": [10.0, 90.0],
                          "world_musd": [300.0, 700.0], "codes": [10, 30], "russia_advantages": [5, 1],
                          "china_advantages": [1, 20]})  # fmt: skip
    assert up.advantage(table, "russia").loc[2020].to_dict() == pytest.approx({"primary": 2, "high, other": 4 / 7})
    symmetric = up.advantage(table, "russia", symmetric=True).loc[2020]
    assert symmetric.to_dict() == pytest.approx({"primary": 1 / 3, "high, other": -3 / 11})
    counts = up.advantage_counts(table, "russia").loc[2020]
    assert counts.to_dict() == pytest.approx({"primary": 0.5, "high, other": 1 / 30, "total": 6 / 40})
    assert up.world_panel(table, "world", "chapter").to_dict("list") == {"27": [0.3], "84": [0.7]}
    ordered = up.advantage(table, "china", "technology", ["high", "low", "none"])
    assert list(ordered) == ["high", "low"], "nobody exports the class 'none'"


def test_advantages_weighted_by_the_world_average_to_one_and_the_world_has_none(exports):
    for classification in ("lall", "technology", "chapter"):
        world = st.shares(up.world_panel(exports, "world", classification))
        for country in ("russia", "china"):
            found = up.advantage(exports, country, classification)
            assert (found * world[list(found)]).sum(axis=1).to_numpy() == pytest.approx(np.ones(10))
        assert (up.advantage(exports, "world", classification) == 1).all(axis=None)


def test_exports_to_the_world_are_the_published_totals(exports):
    totals = up.world_panel(exports, "russia", "lall").sum(axis=1)
    published = {2015: 333.6, 2019: 431.5, 2021: 496.6, 2023: 410.8, 2024: 376.7}
    assert totals[list(published)].round(1).to_dict() == pytest.approx(published, abs=0.1)
    both = up.world_panel(exports, "russia", "lall") + up.world_panel(exports, "china", "lall")
    assert (both <= up.world_panel(exports, "world", "lall")).all(axis=None), "no class exceeds the world's"
    for country in ("russia", "china"):
        assert (exports[f"{country}_advantages"] <= exports[f"{country}_codes"]).all()
        assert (exports[f"{country}_codes"] <= exports["codes"]).all()


def test_exports_to_china_by_group_are_part_of_exports_to_the_world(exports):
    chapters = data.load("concordance").set_index("chapter")["group"]
    world = st.aggregate(up.world_panel(exports, "russia", "chapter"), chapters)
    china = st.panel(data.load("trade_structure"), "RUS", "CHN", "BACI", 2017, 2023)
    share = china / world.loc[2017:2023, list(china)]
    assert ((share > 0) & (share < 1)).all(axis=None)


def test_unknown_countries_and_classifications_of_world_exports_are_refused(exports):
    for call, message in (
        (lambda: up.advantage(exports, "india"), "unknown exporter 'india'"),
        (lambda: up.advantage_counts(exports, "india"), "unknown exporter 'india'"),
        (lambda: up.advantage(exports, "russia", "bec"), "unknown classification 'bec'"),
        (lambda: up.world_panel(exports, "russia", "lall", ["primary"]), "unknown class of lall 'high, electronic'"),
    ):
        with pytest.raises(InputError, match=message):
            call()


# Complexity -----------------------------------------------------------------------------------------------------------


def test_complexity_of_a_basket_is_weighted_by_value_over_products_with_an_index():
    values = pd.Series({"270900": 60.0, "847130": 20.0, "999999": 20.0})
    mean, covered = up.basket_complexity(values, pd.Series({"2709": -2.0, "8471": 1.0, "0101": 9.0}))
    assert mean == pytest.approx(-1.25) and covered == pytest.approx(0.8)
    with pytest.raises(InputError, match="none of the products traded has a complexity index"):
        up.basket_complexity(values, pd.Series({"0101": 1.0}))


def test_complexity_confirms_the_classes_and_covers_nearly_all_trade():
    table = data.load("complexity_check").set_index(["flow", "year"]).sort_index()
    assert (table["covered"] > 0.98).all()
    mean = table["mean_pci"].unstack("flow")
    late = mean.loc[2017:2023]
    assert (late["RUS_to_CHN"] < late["RUS_to_world"]).all(), "China gets the simpler part of Russia's exports"
    assert (late["RUS_to_world"] < late["world"]).all() and (late["world"] < late["CHN_to_RUS"]).all()


# Breaks ---------------------------------------------------------------------------------------------------------------


def test_a_break_is_taken_out_of_the_change_and_shown():
    columns = ["a", "b"]
    russia = pd.DataFrame([[10.0, 90.0], [20.0, 80.0], [20.0, 80.0]], [2013, 2017, 2018], columns)
    both = pd.DataFrame([[23.0, 77.0], [25.0, 75.0], [30.0, 70.0]], [2017, 2018, 2019], columns)
    china = pd.DataFrame([[24.0, 76.0], [40.0, 60.0]], [2019, 2023], columns)
    found = up.like_for_like([russia, both, china], 2013, 2023).loc["a"]
    assert found.to_dict() == {"start": 10, "end": 40, "change": 30, "breaks": 4 - 6, "like_for_like": 32}
    one = up.like_for_like([both], 2017, 2019)
    assert (one["breaks"] == 0).all() and one["like_for_like"].tolist() == [7, -7]
    with pytest.raises(InputError, match=r"two reporters share no year \(2013-2018 and 2019-2023\)"):
        up.like_for_like([russia, china], 2013, 2023)
    with pytest.raises(InputError, match="different classes or order: b, c"):
        up.like_for_like([russia, both.rename(columns={"b": "c"})], 2013, 2019)
    with pytest.raises(InputError, match="unknown year of the reporter '2013'"):
        up.like_for_like([both, china], 2013, 2023)


def test_like_for_like_changes_sum_to_zero_and_the_break_explains_the_fall_of_engineering(flows, classes, labels):
    order = up.class_order(labels, "lall")
    series = [100 * st.shares(up.by_class(up.product_panel(flows, FLOWS[0], r), classes, "lall", order))
              for r in ("both", "China")]  # fmt: skip
    found = up.like_for_like(series, 2017, 2023)
    for column in ("change", "breaks", "like_for_like"):
        assert found[column].sum() == pytest.approx(0, abs=1e-9)
    engineering = found.loc["medium, engineering"]
    assert engineering["breaks"] < -2 and engineering["change"] < engineering["like_for_like"]


def test_the_tables_of_products_are_read_together_and_fit_each_other():
    read = st.inputs.products()
    assert set(read.flows["hs6"]) <= set(read.classes["hs6"]) | {"999999"}
    assert set(read.names["hs6"]) <= set(read.classes["hs6"]) | {"999999"}
    assert (st.inputs.estimate_of_chinas_exports()["status"] == "estimate").all()


# Edges ----------------------------------------------------------------------------------------------------------------


def test_change_of_a_total_that_stays_has_no_shares_and_unknown_years_are_refused():
    panel = pd.DataFrame({"a": [1.0, 3.0], "b": [3.0, 1.0]}, [2020, 2021])
    found = up.margins(panel, 2020, 2021)
    assert found["share"].isna().all() and found.loc["total", ["start", "end", "change"]].tolist() == [4, 4, 0]
    with pytest.raises(InputError, match="unknown year with HS6 figures '2019'"):
        up.margins(panel, 2019, 2021)
    with pytest.raises(InputError, match="the panel covers 2020-2021"):
        up.lost_products(panel, 2020, 2021)
    with pytest.raises(InputError, match="the panel covers 2020-2021"):
        up.new_products(panel, 2020, 2021)


def test_a_spell_that_ends_after_each_length_is_counted_at_it():
    years = range(2015, 2021)
    panel = pd.DataFrame({"one": [0, 1, 0, 0, 0, 0], "two": [0, 1, 1, 0, 0, 0], "last": [0, 0, 0, 0, 0, 1],
                          "four": [0, 1, 1, 1, 1, 0]}, index=years)  # fmt: skip
    found = up.survival(panel)
    assert found["spells"].to_dict() == {1: 4, 2: 2, 4: 1} and found["ended"].to_dict() == {1: 1, 2: 1, 4: 1}
    assert found["survival"].to_dict() == pytest.approx({1: 3 / 4, 2: 3 / 8, 4: 0})
    with pytest.raises(InputError, match=r"no product appeared after 2015 above 1.0 bn USD"):
        up.survival(panel, least=1.0)
    with pytest.raises(InputError, match="survival needs every year of 2015-2020"):
        up.survival(panel.drop(index=2018))


def test_an_advantage_is_told_for_classes_that_the_world_trades_in_every_year():
    table = pd.DataFrame({"year": [2020, 2021, 2021], "chapter": ["27", "27", "84"], "lall": list("aab"),
                          "technology": "low", "russia_musd": 1.0, "world_musd": 4.0})  # fmt: skip
    assert list(up.advantage(table, "russia")) == ["a"], "b is not traded in 2020"
    assert up.advantage(table, "russia")["a"].to_dict() == {2020: 1.0, 2021: 1.0}
    assert up.world_panel(table, "russia", "lall", ["b", "a"]).to_dict("list") == {"b": [0, 0.001], "a": [0.001, 0.001]}


def test_a_break_in_several_common_years_counts_with_its_mean_and_the_year_of_each_end_is_checked():
    one = pd.DataFrame({"a": [1.0, 2.0, 3.0]}, [2015, 2016, 2017])
    other = pd.DataFrame({"a": [2.0, 5.0, 7.0]}, [2016, 2017, 2018])
    found = up.like_for_like([one, other], 2015, 2018).loc["a"]
    assert found["breaks"] == 1 and found["like_for_like"] == 5 and found["change"] == 6
    with pytest.raises(InputError, match="unknown year of the reporter '2019'"):
        up.like_for_like([one, other], 2015, 2019)
    with pytest.raises(InputError, match="different classes or order: order"):
        up.like_for_like([one.assign(b=1.0), other.assign(b=1.0)[["b", "a"]]], 2015, 2018)
