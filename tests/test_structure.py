"""Indicators of structure: published vectors, bounds, identities, and the traps of the two reporters."""

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
def test_contributions_add_up_and_structure_sums_to_zero(pair):
    panel = pd.DataFrame([pair[0], pair[1]], index=[2013, 2023])
    parts = st.contributions(panel, 2013, 2023)
    assert np.allclose(parts["growth"] + parts["structure"], parts["change"], rtol=1e-9, atol=1e-6)
    assert parts["structure"].sum() == pytest.approx(0, abs=1e-6 * panel.to_numpy().sum())


@given(two_structures())
def test_price_and_quantity_add_up_to_value(pair):
    parts = st.price_quantity(*pair)
    assert np.allclose(parts["price"] + parts["quantity"], parts["value"], atol=1e-9)


def test_published_example_of_grubel_lloyd():
    assert st.grubel_lloyd(pd.Series([100.0, 50.0]), pd.Series([50.0, 100.0])) == pytest.approx(2 / 3)


def test_intensity_is_one_when_trade_follows_weights():
    assert st.intensity(
        flow=10 * 20 / 90, exporter_total=10, importer_total=20, exporter_imports=10, world=100
    ) == pytest.approx(1)


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


def test_spliced_panel_keeps_totals_and_leaves_no_gap(groups):
    panel = st.panel(groups, "RUS", "CHN")
    joined = st.spliced(panel)
    assert np.allclose(joined.sum(axis=1), panel.sum(axis=1))
    assert joined.notna().all().all() and joined.shape[1] == 11


def test_best_series_never_chains_two_reporters_within_a_year(groups):
    assert st.panel(groups, "RUS", "CHN").loc[2016, "64-99"] > 0
    assert st.panel(groups, "RUS", "CHN").loc[2017:, "64-99"].isna().all()


def test_gap_of_chinas_exports_is_shown_and_not_filled(groups):
    assert st.panel(groups, "CHN", "RUS").loc[2013:2016].isna().all().all()


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
