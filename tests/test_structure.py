"""Indicators of structure: published vectors, bounds, identities, and the traps of the two reporters."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as some

from rutrade import InputError, data
from rutrade import structure as st

values = some.lists(some.floats(0.01, 1e6), min_size=2, max_size=20).map(pd.Series)


@some.composite
def two_structures(draw):
    size = draw(some.integers(2, 16))
    numbers = some.lists(some.floats(0.01, 1e6), min_size=size, max_size=size)
    return pd.Series(draw(numbers)), pd.Series(draw(numbers))


@given(values)
def test_shares_sum_to_one(v):
    assert st.shares(v).sum() == pytest.approx(1, abs=1e-12)


@given(values)
def test_herfindahl_lies_between_one_over_n_and_one(v):
    s = st.shares(v)
    assert 1 / len(v) - 1e-12 <= st.herfindahl(s) <= 1 + 1e-12
    assert -1e-12 <= st.herfindahl(s, normalised=True) <= 1 + 1e-12


@given(two_structures())
def test_lawrence_and_finger_kreinin_are_bounded_symmetric_and_add_to_one(pair):
    a, b = map(st.shares, pair)
    assert 0 <= st.lawrence(a, b) <= 1 + 1e-12
    assert st.lawrence(a, b) == pytest.approx(st.lawrence(b, a))
    assert st.finger_kreinin(a, a) == pytest.approx(1)
    assert st.lawrence(a, b) + st.finger_kreinin(a, b) == pytest.approx(1)


@given(two_structures())
def test_grubel_lloyd_is_bounded_and_zero_for_one_way_trade(pair):
    x, m = pair
    assert 0 <= st.grubel_lloyd(x, m) <= 1
    assert st.grubel_lloyd(x, x) == pytest.approx(1)
    assert st.grubel_lloyd(x, 0 * m) == 0


@given(two_structures())
def test_grubel_lloyd_rises_when_groups_are_merged(pair):
    x, m = pair
    merged = [pd.Series([v.iloc[0] + v.iloc[1], *v.iloc[2:]]) for v in (x, m)]
    assert st.grubel_lloyd(*merged) >= st.grubel_lloyd(x, m) - 1e-12


@given(two_structures())
def test_balassa_averages_to_one_with_reference_weights_and_its_symmetric_form_is_bounded(pair):
    x, reference = pair
    assert (st.balassa(x, reference) * st.shares(reference)).sum() == pytest.approx(1)
    assert st.symmetric_balassa(x, reference).between(-1, 1).all()


@given(two_structures())
def test_price_and_quantity_add_up_to_value(pair):
    parts = st.price_quantity(*pair)
    assert np.allclose(parts["price"] + parts["quantity"], parts["value"], atol=1e-9)


def test_published_example_of_grubel_lloyd():
    assert st.grubel_lloyd(pd.Series([100.0, 50.0]), pd.Series([50.0, 100.0])) == pytest.approx(2 / 3)


def test_worked_example_of_concentration_and_change():
    half, third = pd.Series([0.5, 0.3, 0.2]), pd.Series([0.2, 0.3, 0.5])
    assert st.herfindahl(half) == pytest.approx(0.38)
    assert st.herfindahl(half, normalised=True) == pytest.approx(0.07)
    assert st.lawrence(half, third) == pytest.approx(0.3)
    assert st.finger_kreinin(half, third) == pytest.approx(0.7)


def test_worked_example_of_comparative_advantage():
    exports, world = pd.Series([60.0, 40.0]), pd.Series([300.0, 700.0])
    assert st.balassa(exports, world).tolist() == pytest.approx([2.0, 4 / 7])
    assert st.symmetric_balassa(exports, world).tolist() == pytest.approx([1 / 3, -3 / 11])


def test_group_without_trade_has_the_share_zero_and_a_panel_is_shared_by_year():
    panel = pd.DataFrame({"a": [1.0, 0.0], "b": [3.0, 5.0]}, index=[2013, 2014])
    assert st.shares(panel).to_dict("list") == {"a": [0.25, 0.0], "b": [0.75, 1.0]}
    assert st.herfindahl(st.shares(panel)).tolist() == pytest.approx([0.625, 1.0])


def test_mean_growth_compounds_to_the_end_value():
    series = pd.Series([100.0, 150.0, 121.0], [2013, 2014, 2015])
    assert st.growth_rate(series, 2013, 2015) == pytest.approx(0.1)


def test_mirror_gap_is_the_importers_excess_over_the_exporter():
    assert st.mirror_gap(pd.Series([80.0]), pd.Series([100.0])).tolist() == pytest.approx([0.25])


def test_price_and_quantity_start_in_the_second_year_and_are_log_points():
    parts = st.price_quantity(pd.Series([10.0, 30.0, 30.0], [1, 2, 3]), pd.Series([5.0, 10.0, 5.0], [1, 2, 3]))
    assert parts.index.tolist() == [2, 3]
    assert parts["price"].tolist() == pytest.approx(np.log([1.5, 2]).tolist())
    assert parts["quantity"].tolist() == pytest.approx(np.log([2, 0.5]).tolist())


def test_class_is_missing_only_where_all_its_groups_are_and_a_group_without_class_keeps_its_name():
    panel = pd.DataFrame({"01": [1.0, np.nan], "02": [2.0, np.nan], "64-99": [np.nan, 7.0], "27": [4.0, 5.0]})
    found = st.aggregate(panel, pd.Series({"01": "food", "02": "food", "27": "fuel"}))
    assert list(found) == ["food", "64-99", "fuel"]
    assert found["food"].iloc[0] == 3 and np.isnan(found["food"].iloc[1]) and found["64-99"].iloc[1] == 7


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: st.shares(pd.Series([1.0, -1.0])), "must not be negative"),
        (lambda: st.shares(pd.Series([0.0, 0.0])), "positive total"),
        (lambda: st.lawrence(pd.Series([1.0], ["a"]), pd.Series([1.0], ["b"])), "different groups or order: a, b"),
        (lambda: st.grubel_lloyd(pd.Series([0.0]), pd.Series([0.0])), "needs positive trade"),
        (lambda: st.price_quantity(pd.Series([1.0], [2020]), pd.Series([0.0], [2020])), "year 2020 is not"),
    ],
)
def test_bad_structures_are_refused_in_one_sentence(call, message):
    with pytest.raises(InputError, match=message):
        call()


# Panels from small tables --------------------------------------------------------------------------------------------


def flow_table(rows, item="group"):
    columns = ["year", "reporter", "exporter", "importer", item, "value_musd", "quantity_kt"]
    return pd.DataFrame([(*row, *[np.nan] * (7 - len(row))) for row in rows], columns=columns)


def test_best_series_takes_the_exporter_to_2016_and_baci_from_2017_in_bn_without_totals():
    rows = [(y, r, "RUS", "CHN", g, v) for y in (2016, 2017) for r, v in (("RUS", 1000.0), ("BACI", 3000.0))
            for g in ("27", "TOTAL")]  # fmt: skip
    panel = st.panel(flow_table(rows), "RUS", "CHN", first=2016, last=2017)
    assert panel.index.tolist() == [2016, 2017] and panel["27"].tolist() == [1.0, 3.0] and list(panel) == ["27"]
    assert st.panel(flow_table(rows), "RUS", "CHN", "RUS", 2017, 2017).loc[2017, "27"] == 1.0


def test_panel_leaves_out_years_that_were_not_asked_for_and_groups_that_are_empty_in_all():
    rows = [(y, "BACI", "RUS", "CHN", g, v) for y in (2017, 2018, 2019) for g, v in (("27", 9.0), ("01", np.nan))]
    panel = st.panel(flow_table(rows), "RUS", "CHN", "BACI", 2018, 2018)
    assert panel.index.tolist() == [2018] and list(panel) == ["27"]


def test_chapters_are_in_bn_by_the_same_rule_of_reporters_and_hold_no_single_goods():
    rows = [(y, r, "RUS", "CHN", i, v) for y in (2016, 2017) for r, v in (("RUS", 1000.0), ("BACI", 3000.0))
            for i in ("27", "2709")]  # fmt: skip
    table = flow_table(rows, "item")
    table["level"] = table["item"].str.len().map({2: "chapter", 4: "good"})
    best = st.chapters(table, "RUS", "CHN")
    assert list(best) == ["27"] and best["27"].tolist() == [1.0, 3.0]
    assert st.chapters(table, "RUS", "CHN", "RUS")["27"].tolist() == [1.0, 1.0]


def test_unit_value_of_a_good_is_usd_per_tonne():
    table = flow_table([(2017, "BACI", "RUS", "CHN", "2709", 20_000.0, 40_000.0)], "item")
    row = st.good(table, "2709", "RUS", "CHN").loc[2017]
    assert row.tolist() == [20.0, 40.0, 500.0]
    with pytest.raises(InputError, match="unknown good '2710'"):
        st.good(table, "2710", "RUS", "CHN")


def test_goods_are_decomposed_from_start_to_end_and_left_out_without_tonnes():
    rows = [(2017, "BACI", "RUS", "CHN", "2709", 20_000.0, 40_000.0),
            (2023, "BACI", "RUS", "CHN", "2709", 60_000.0, 80_000.0),
            (2017, "BACI", "RUS", "CHN", "2711", 20_000.0, 0.0),
            (2023, "BACI", "RUS", "CHN", "2711", 60_000.0, 80_000.0)]  # fmt: skip
    parts = st.decompose_goods(flow_table(rows, "item"), ["2709", "2711"], "RUS", "CHN", 2017, 2023)
    assert parts.index.tolist() == ["2709"]
    assert parts.loc["2709"].tolist() == pytest.approx(np.log([3, 1.5, 2]).tolist())


def test_share_without_a_good_takes_it_out_of_the_group_and_of_the_total():
    panel = pd.DataFrame({"84-85": [30.0, 30.0], "27": [70.0, 70.0]}, index=[2019, 2022])
    found = st.share_without(panel, ["84-85"], pd.Series({2019: 20.0}))
    assert found.tolist() == pytest.approx([10 / 80, 0.3])


def test_splicing_sums_only_the_parts_that_the_residual_stands_for():
    panel = pd.DataFrame({"27": [5.0, 6.0], "64-67": [np.nan, 1.0], "84-85": [np.nan, 2.0], "64-99": [4.0, np.nan]})
    joined = st.spliced(panel)
    assert joined.to_dict("list") == {"27": [5.0, 6.0], "64-99": [4.0, 3.0]}
    whole = panel.drop(columns="64-99")
    assert st.spliced(whole) is whole


def test_indices_of_change_are_taken_against_the_base_year():
    share = pd.DataFrame({"a": [0.5, 0.2], "b": [0.3, 0.3], "c": [0.2, 0.5]}, index=[2013, 2023])
    found = st.change_indices(share, 2013)
    assert found["lawrence"].tolist() == pytest.approx([0, 0.3])
    assert found["finger_kreinin"].tolist() == pytest.approx([1, 0.7])
    assert found["herfindahl"].tolist() == pytest.approx([0.38, 0.38])
    assert found["herfindahl_normalised"].tolist() == pytest.approx([0.07, 0.07])


def test_mirror_table_sets_the_importers_figure_over_the_exporters_in_both_flows():
    total = pd.DataFrame({("RUS", "RUS_to_CHN"): [80.0], ("CHN", "RUS_to_CHN"): [100.0],
                          ("RUS", "CHN_to_RUS"): [45.0], ("CHN", "CHN_to_RUS"): [50.0]}, index=[2020])  # fmt: skip
    row = st.mirror_table(total).loc[2020]
    assert row["Russia to China, gap %"] == pytest.approx(25) and row["China to Russia, gap %"] == pytest.approx(-10)
    assert row["Russia to China, Russia's figure"] == 80 and row["China to Russia, Russia's figure"] == 45
    assert row["Russia to China, China's figure"] == 100 and row["China to Russia, China's figure"] == 50


def test_totals_take_preferred_rows_of_the_years_asked_for_only():
    rows = [(2017, "CHN", "turnover", 84.2, True), (2017, "CHN", "turnover", 87.0, False),
            (2018, "CHN", "turnover", 107.1, True), (2019, "CHN", "turnover", 110.9, True)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["year", "reporter", "flow", "value_bn_usd", "preferred"])
    assert st.totals(table, 2017, 2018)["CHN", "turnover"].to_dict() == {2017: 84.2, 2018: 107.1}


def test_declarations_are_kept_apart_on_the_exporters_chapters_and_keep_their_totals():
    rows = [(2013, "RUS", "27", 5000.0), (2013, "RUS", "64-99", 3000.0), (2021, "RUS", "27", 6000.0),
            (2021, "BACI", "27", 7000.0), (2021, "BACI", "84", 1000.0), (2021, "BACI", "85", 500.0),
            (2022, "BACI", "27", 8000.0), (2022, "BACI", "84", 2000.0), (2019, "CHN", "84", 100.0)]  # fmt: skip
    rows = [(y, r, "RUS", "CHN", i, v) for y, r, i, v in rows]
    table = flow_table(rows, "item").assign(level="chapter")
    own, both, china = st.declarations(table)
    assert own.to_dict("index") == {2013: {"27": 5.0, "other": 3.0}, 2021: {"27": 6.0, "other": 0.0}}
    assert both.to_dict("index") == {2021: {"27": 7.0, "other": 1.5}}
    assert china.to_dict("index") == {2019: {"27": 0.0, "other": 0.1}, 2022: {"27": 8.0, "other": 2.0}}
    with pytest.raises(InputError, match="no figures by chapter for RUS->CHN from reporter 'CHN'"):
        st.declarations(table[table["reporter"] != "CHN"])


def test_engineering_is_chapters_84_to_90_and_chemicals_are_28_to_40():
    names = ["27", "28", "40", "41", "83", "84", "90", "91", "64-99", "30", "31", "32"]
    panel = pd.DataFrame([[2.0**i for i in range(12)]], index=[2020], columns=names)
    assert st.chemicals_share(panel).tolist() == pytest.approx([(6 + 512 + 1024 + 2048) / 4095])
    assert st.chemicals_share(panel, fertilisers=False).tolist() == pytest.approx([(6 + 512 + 2048) / 4095])
    assert st.engineering_share(panel).tolist() == pytest.approx([96 / 4095])
    marked = pd.DataFrame({"chapter": names, "raw_material": [n == "27" for n in names]})
    assert st.raw_share(panel, marked).tolist() == pytest.approx([1 / 4095])


def test_coarser_groups_are_summed_from_chapters_by_their_column_of_the_concordance():
    by_chapter = pd.DataFrame({"27": [1.0], "84": [2.0], "85": [4.0]})
    customs, technology = ["Minerals", "Machinery", "Machinery"], ["primary", "medium", "high"]
    concordance = pd.DataFrame({"chapter": list(by_chapter), "customs_group_name": customs, "technology": technology})
    assert st.regroup(by_chapter, by_chapter, concordance, "8").to_dict("list") == {"Minerals": [1], "Machinery": [6]}
    assert list(st.regroup(by_chapter, by_chapter, concordance, "class")) == ["primary", "medium", "high"]
    assert st.regroup(by_chapter, None, concordance, "16") is by_chapter


def test_intra_industry_trade_is_overlap_over_gross_trade_of_the_total():
    rows = [(2017, "hs6", "TOTAL", 200.0, 20.0), (2017, "hs2", "TOTAL", 200.0, 50.0), (2017, "hs6", "27", 50.0, 50.0)]
    summary = pd.DataFrame(rows, columns=["year", "level", "group", "gross_musd", "overlap_musd"])
    assert st.intra_industry(summary).loc[2017].to_dict() == pytest.approx({"HS6 codes": 0.1, "HS chapters": 0.25})


def test_weights_are_shares_of_turnover_and_missing_when_a_direction_is():
    rows = [("RUS", "CHN", "export", 30.0), ("RUS", "CHN", "import", 20.0), ("RUS", "WLD", "export", 150.0),
            ("RUS", "WLD", "import", 100.0), ("CHN", "RUS", "export", 20.0), ("CHN", "RUS", "import", np.nan),
            ("CHN", "WLD", "export", 900.0), ("CHN", "WLD", "import", 100.0)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["reporter", "partner", "flow", "value_musd"]).assign(year=2020)
    found = st.weights(table).loc[2020]
    assert found["China in Russia's trade"] == pytest.approx(0.2) and np.isnan(found["Russia in China's trade"])
    full = st.weights(table.fillna(30.0)).loc[2020]
    assert full["Russia in China's trade"] == pytest.approx(0.05)


# The figures of record -----------------------------------------------------------------------------------------------

BACI = {
    ("RUS", "CHN"): [42.1, 55.3, 58.9, 51.2, 72.1, 114.1, 129.0],
    ("CHN", "RUS"): [45.9, 50.3, 50.8, 53.0, 69.6, 75.4, 110.0],
}
CHINESE_CUSTOMS = [89.2, 95.3, 67.9, 69.6, 84.2, 107.1, 110.9, 108.3, 146.8, 189.9, 240.0]


@pytest.fixture(scope="module")
def groups():
    return data.load("trade_structure")


@pytest.fixture(scope="module")
def goods():
    return data.load("trade_chapters")


@pytest.mark.parametrize("exporter, importer", BACI)
def test_groups_sum_to_the_published_totals_of_baci(groups, exporter, importer):
    panel = st.panel(groups, exporter, importer, "BACI", 2017, 2023)
    assert panel.sum(axis=1).round(1).tolist() == pytest.approx(BACI[exporter, importer], abs=0.1)


@pytest.mark.parametrize("exporter, importer", BACI)
def test_chapters_and_groups_agree(groups, goods, exporter, importer):
    chapters = st.chapters(goods, exporter, importer, "BACI").sum(axis=1)
    assert np.allclose(chapters, st.panel(groups, exporter, importer, "BACI", 2017, 2023).sum(axis=1), rtol=1e-6)


def test_turnover_by_chinese_customs_is_the_published_series():
    turnover = st.totals(data.load("trade_totals"), 2013, 2023)["CHN", "turnover"]
    assert turnover.tolist() == pytest.approx(CHINESE_CUSTOMS, abs=0.1)


def test_fuels_and_machinery_of_2022_are_the_published_shares(groups, goods):
    fuels = st.shares(st.panel(groups, "RUS", "CHN", "BACI", 2022, 2022))["27"][2022]
    assert 100 * fuels == pytest.approx(74.8, abs=0.05)
    assert 100 * st.engineering_share(st.chapters(goods, "CHN", "RUS", "BACI"))[2022] == pytest.approx(52.5, abs=0.05)


def test_aircraft_engines_stand_in_baci_and_hardly_in_chinas_own_figures(goods):
    assert 1000 * st.good(goods, "8411", "RUS", "CHN")["value_bn_usd"][2019] == pytest.approx(1563, abs=1)
    assert 1000 * st.good(goods, "8411", "RUS", "CHN", "CHN")["value_bn_usd"][2019] == pytest.approx(11.7, abs=0.1)


def test_chemicals_fell_also_like_for_like_across_both_breaks_of_reporter(goods):
    parts = st.declarations(goods)
    assert [p.index.tolist() for p in parts] == [[*range(2013, 2022)], [*range(2017, 2022)], [2019, 2022, 2023]]
    assert parts[0].sum(axis=1)[2021] == pytest.approx(68.68, abs=0.01), "Russia's own total of 2021"
    series = [100 * st.chemicals_share(part, fertilisers=False).to_frame("chemicals") for part in parts]
    found = st.upgrading.like_for_like(series, 2013, 2023).loc["chemicals"]
    gaps = [(b - a)["chemicals"].dropna() for a, b in itertools.pairwise(series)]
    assert [len(g) for g in gaps] == [5, 1]
    assert found["breaks"] == pytest.approx(sum(g.mean() for g in gaps))
    assert found["change"] < 0 and found["like_for_like"] < 0


def test_spliced_panel_keeps_totals_and_leaves_no_gap(groups):
    panel = st.panel(groups, "RUS", "CHN")
    joined = st.spliced(panel)
    assert np.allclose(joined.sum(axis=1), panel.sum(axis=1))
    assert joined.notna().all().all() and joined.shape[1] == 11 and joined.index.tolist() == list(range(2013, 2024))


def test_best_series_never_chains_two_reporters_within_a_year(groups):
    assert st.panel(groups, "RUS", "CHN").loc[2016, "64-99"] > 0
    assert st.panel(groups, "RUS", "CHN").loc[2017:, "64-99"].isna().all()


def test_gap_of_chinas_exports_is_shown_and_not_filled(groups):
    assert st.panel(groups, "CHN", "RUS").loc[2013:2016].isna().all().all()


def test_the_estimate_of_the_gap_is_complete_marked_and_enters_no_panel(groups):
    table = data.load("chn_to_rus_estimate")
    assert set(table["status"]) == {"estimate"}
    shares = st.estimated_panel(table)
    assert shares.index.tolist() == list(range(2011, 2017)) and shares.shape[1] == 16
    assert shares.sum(axis=1).to_numpy() == pytest.approx(np.full(6, 100), abs=0.01)
    assert shares.loc[2016, "84-85"] == table.set_index(["year", "group"]).loc[(2016, "84-85"), "share_pct"]
    assert not groups["status"].eq("estimate").any()
    assert st.panel(groups, "CHN", "RUS").dropna(how="all").index.min() == 2017


def test_reporter_without_figures_for_a_year_is_named_with_what_it_covers(groups):
    with pytest.raises(
        InputError, match="reporter 'BACI' has no figures by group for RUS->CHN in 2013: it covers 2017-2023"
    ):
        st.panel(groups, "RUS", "CHN", "BACI", 2013, 2023)
    with pytest.raises(InputError, match="unknown reporter 'WTO'"):
        st.panel(groups, "RUS", "CHN", "WTO")


def test_regrouping_keeps_the_total_in_every_grouping(groups, goods):
    concordance = data.load("concordance")
    panel, chapters = st.panel(groups, "RUS", "CHN", "BACI", 2017, 2023), st.chapters(goods, "RUS", "CHN", "BACI")
    for grouping in ("16", "8", "class"):
        regrouped = st.regroup(panel, chapters, concordance, grouping)
        assert np.allclose(regrouped.sum(axis=1), panel.sum(axis=1), rtol=1e-6)
    with pytest.raises(InputError, match="unknown grouping '9'"):
        st.regroup(panel, chapters, concordance, "9")


def test_concordance_covers_every_chapter_once_and_groups_contain_their_chapters():
    table = data.load("concordance")
    assert table["chapter"].is_unique and len(table) >= 97
    bounds = table["group"].str.split("-").map(lambda b: (int(b[0]), int(b[-1])))
    assert all(low <= int(c) <= high for c, (low, high) in zip(table["chapter"], bounds, strict=True))


def test_holdout_years_are_marked_and_kept_out_of_the_analysis():
    totals = data.load("trade_totals")
    late = totals[(totals["year"] >= 2024) & totals["value_bn_usd"].notna()]
    assert set(late["status"]) == {"holdout"}
    assert st.totals(totals, 2013, 2023).index.max() == 2023


def test_siberian_facts_keep_inferred_years_marked():
    table = data.load("siberia")
    assert len(table) == 141
    marked = st.facts(table, "exports", "exports share of turnover")
    assert marked["label"].str.endswith("*").all()
    assert st.facts(table, "exports", "exports share of turnover", inferred=False).empty


def test_facts_of_several_years_show_their_span_and_only_the_entity_asked_for():
    table = data.load("siberia")
    rows = st.facts(table, "exports", "share of exports in turnover with China", "Siberia")
    assert set(rows["years"]) == {"2017-2021*"} and rows["label"].tolist() == ["Siberia*", "Siberia*"]
    assert rows["value"].tolist() == [80.5, 82.2]
    one = st.facts(table, "exports", "exports to China", "Khanty-Mansi", inferred=False)
    assert one["years"].tolist() == ["2021"] and one["label"].tolist() == ["Khanty-Mansi Autonomous Area"]
    with pytest.raises(InputError, match="unknown topic 'export'"):
        st.facts(table, "export")


def test_facts_in_millions_become_billions_and_other_units_are_left_out():
    rows = pd.DataFrame({"label": ["a", "b", "c"], "value": [0.5, 700.0, 98.0], "unit": ["bn USD", "mn USD", "%"]})
    assert list(st.in_bn(rows).items()) == [("b", pytest.approx(0.7)), ("a", 0.5)]


def test_sherins_figures_stand_beside_ours_of_the_same_year_and_definition(goods):
    table, totals, partners = data.load("siberia"), data.load("trade_totals"), data.load("partners")
    found = st.compare_with_sherin(table, totals, goods, partners)
    assert found["Sherin"].tolist() == [74.6, 60.7, 86.96, 86.96, 240.11, 19.3, 29.4]
    russia = partners[(partners["reporter"] == "RUS") & (partners["year"] == 2022)]
    share = russia.pivot(index="flow", columns="partner", values="value_musd")
    share = (100 * share["CHN"] / share["WLD"])[["export", "import"]]
    assert found["ours"].tolist() == pytest.approx([74.8, 52.5, 86.94, 84.22, 240.01, *share], abs=0.05)
    assert found["difference"].to_numpy() == pytest.approx((found["ours"] - found["Sherin"]).to_numpy(), abs=0)
