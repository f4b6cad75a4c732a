"""Charts and tables as a page gets them: colours by name, text that can be read, names for codes, true numbers."""

import html
import re
from itertools import pairwise
from xml.etree import ElementTree

import pandas as pd
import pytest

from rutrade import InputError, data
from rutrade.publish import figures, finish, names, style, svg, tables

YEARS = pd.Index([2013, 2014, 2015], name="year")
LINES = pd.DataFrame({"China's count": [1.0, 2.0, 3.0], "Russia's count": [1.1, 2.0, 2.9]}, index=YEARS)


@pytest.fixture
def shown(monkeypatch):
    """What a notebook would show."""
    found = []
    monkeypatch.setattr("IPython.display.display", lambda *things, **about: found.append((things[0], about)))
    return found


def drawn(shown, draw, name="probe", height=3.0):
    """The wide and the narrow drawing of a chart, and what a page makes of them."""
    fig, ax = style.axes(height=height)
    draw(ax)
    figures.publish(fig, name, "Counts rise - both of them", LINES, "Two lines that rise from left to right", "Office")
    ((output, _),) = [item for item in shown if isinstance(item[0], dict)]
    return output["image/svg+xml"], output[tables.FIGURE]["narrow"], output


def chart_of_lines(ax):
    figures.lines(ax, LINES, {"China's count": style.CHINA, "Russia's count": style.RUSSIA})
    ax.set(ylabel="bn USD, current", ylim=(0, None))


CHARTS = {
    "lines": chart_of_lines,
    "bars": lambda ax: figures.hbars(ax, pd.Series([3.0, -1.0], index=["Fuels", "Food"])),
    "stacked": lambda ax: figures.stacked(ax, pd.DataFrame({"27": [5.0, 6.0, 7.0], "44-49": [1, 2, 3]}, index=YEARS)),
    "heat": lambda ax: figures.heat(ax, pd.DataFrame([[1.0, -2.0], [0.0, 3.0]]), "{:+.0f}", centre=0.0),
    "contour": lambda ax: figures.contour(
        ax, pd.DataFrame([[0.0, 1, 2], [2.0, 4, 6], [3.0, 6, 9]], index=[0.0, 0.5, 1.0], columns=[0.0, 1.0, 2.0]),
        5.0, {"here": (1.0, 0.5)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CHARTS)
def test_every_colour_of_a_drawing_has_a_name_and_a_dark_value(shown, name):
    for text in drawn(shown, CHARTS[name])[:2]:
        named = re.findall(r"var\(--rt-([\w-]+),(#[0-9a-f]{6})\)", text)
        assert named and all(style.PALETTE[colour][0] == value for colour, value in named)
        assert not re.search(r"#[0-9a-f]{6}", re.sub(r"var\([^)]*\)", "", text))


@pytest.mark.parametrize("name", CHARTS)
def test_text_stays_text_inside_the_drawing_and_large_enough_for_a_phone(shown, name):
    for text, units in zip(drawn(shown, CHARTS[name])[:2], (760, 360), strict=True):
        root = ElementTree.fromstring(text)
        width = float(root.get("viewBox").split()[2])
        assert root.get("width") is None and width >= units
        words = [tag for tag in root.iter("{http://www.w3.org/2000/svg}text") if (tag.text or "").strip()]
        assert words
        for tag in words:
            size = float(re.search(r"font-size:([\d.]+)px", tag.get("style"))[1])
            assert size * 360 / max(units, 360) >= 5 and size >= 12, tag.text
            x = tag.get("x") or re.search(r"translate\(([-\d.]+)", tag.get("transform"))[1]
            assert -1 <= float(x) <= width + 1, tag.text


def test_ids_of_two_charts_and_of_two_widths_differ_and_every_reference_has_its_target(shown):
    wide, narrow, _ = drawn(shown, chart_of_lines, "one")
    shown.clear()
    other, _, _ = drawn(shown, chart_of_lines, "two")
    ids = [re.findall(r' id="([^"]+)"', text) for text in (wide, narrow, other)]
    assert len(set().union(*ids)) == sum(map(len, ids)) >= 3
    for text, own in zip((wide, narrow, other), ids, strict=True):
        assert set(re.findall(r"url\(#([^)]+)\)", text)) | set(re.findall(r'href="#([^"]+)"', text)) <= set(own)


def test_a_chart_is_drawn_the_same_twice(shown):
    first = drawn(shown, chart_of_lines)[:2]
    shown.clear()
    assert drawn(shown, chart_of_lines)[:2] == first


def test_each_mark_of_the_wide_drawing_tells_its_value(shown):
    wide, narrow, _ = drawn(shown, chart_of_lines)
    told = re.findall(r'<circle class="tip"[^>]*><title>([^<]+)</title>', wide)
    marks = [f"{series}, {year}: {value:.2f}" for series in LINES for year, value in LINES[series].items()]
    assert [html.unescape(words) for words in told] == marks
    assert 'class="tip"' not in narrow
    shown.clear()
    bars = drawn(shown, CHARTS["bars"])[0]
    assert set(re.findall(r"<rect [^>]*><title>([^<]+)", bars)) == {"Fuels: 3.00", "Food: \u22121.00"}


def test_the_unit_stands_under_the_title_once_and_in_the_heads_of_the_file(shown):
    wide, _, output = drawn(shown, chart_of_lines)
    assert output[tables.FIGURE]["what"] == "bn USD, current" and "bn USD" not in wide.split("</desc>")[1]
    assert output["text/csv"].splitlines()[0] == (
        'year,"China\'s count, bn USD, current","Russia\'s count, bn USD, current"'
    )


def test_a_page_shows_the_chart_at_two_widths_with_its_numbers_source_and_number(shown):
    wide, narrow, output = drawn(shown, chart_of_lines)
    text = finish.figure(output, output["text/csv"], '<a href="x.csv">Data (CSV)</a>', "Figure 1.2")
    assert wide in text and narrow in text and "x.csv" in text
    assert (
        ">Counts rise - both of them</p>" in text and '<span class="number">Figure 1.2.</span> Source: Office.' in text
    )
    assert '<td class="n">2.9</td>' in text


def test_a_figure_without_a_text_is_refused():
    fig, _ = style.axes()
    with pytest.raises(InputError, match="figure 'probe' has no alt"):
        figures.publish(fig, "probe", "Title", LINES, " ", "Office")


@pytest.mark.parametrize("places", [[1.0, 1.01, 1.02], [9.9, 9.95, 10.0], [5.0, 1.0, 5.1], [3.0]])
def test_labels_keep_their_distance_and_their_order(places):
    moved = figures.spread(places, 0.5, 0, 10)
    order = sorted(range(len(places)), key=lambda i: places[i])
    found = [moved[i] for i in order]
    assert all(b - a >= 0.5 - 1e-9 for a, b in pairwise(found)) and max(found) <= 10


@pytest.mark.parametrize(
    ("low", "high", "level", "can"),
    [(0, 8.3, 5, True), (0, 0.07, 5, True), (-2.1, 6, 5, True), (0, 40, 5, False), (0, 22, 5, True)],
)
def test_steps_of_a_scale_are_even_and_few_and_one_is_the_level_that_counts_where_it_can_be(low, high, level, can):
    steps = figures.nice_steps(low, max(high, 1.2 * level), level)
    widths = {round(b - a, 9) for a, b in pairwise(steps)}
    assert (level in steps) == can and 3 <= len(steps) <= 7 and len(widths) == 1
    assert steps[0] <= low and steps[-1] >= max(high, 1.2 * level)


def test_light_values_of_the_colours_are_all_different_and_the_sheet_is_written_from_them():
    values = [light for light, _ in style.PALETTE.values()]
    assert len(values) == len(set(values))
    sheet = (data.home().parent / "book" / "_static" / "colours.css").read_text(encoding="utf-8")
    assert sheet == style.variables()
    assert set(svg.ALIASES.values()) <= set(style.PALETTE)


def test_contrast_of_text_is_enough_on_both_grounds():
    def luminance(code):
        parts = [int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    def contrast(one, two):
        low, high = sorted(map(luminance, (one, two)))
        return (high + 0.05) / (low + 0.05)

    for name, (light, dark) in style.PALETTE.items():
        if light not in style.SOFT and not name.startswith(("ink-", "ground", "surface", "seq", "less", "more")):
            assert contrast(light, "#ffffff") >= 4.5 and contrast(dark, "#121212") >= 4.5, name
    pale = ("seq0", "seq1", "seq2", "less1", "middle", "more1", "more2")
    deep = ("seq4", "seq5", "less3", "more3")
    for names_of, ink in ((pale, "ink-pale"), (("seq3", "less2"), "ink-middle"), (deep, "ink-deep")):
        for name in names_of:
            for ground, letters in zip(style.PALETTE[name], style.PALETTE[ink], strict=True):
                assert contrast(ground, letters) >= 4.4, (name, ground, letters)


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (-3.14, "{:,.1f}", "\u22123.1"),
        (0.02, "{:,.1f}", "<0.1"),
        (-0.02, "{:+,.2f}", "\u22120.02"),
        (-0.004, "{:+,.2f}", ">\u22120.01"),
        (0.0, "{:+,.2f}", "0.00"),
        (-1e-14, "{:,.1f}", "0.0"),
        (1234.5, "{:,.0f}", "1,234"),
        (float("nan"), "{:,.1f}", "–"),
        (0.0004, "{:.1%}", "<0.1%"),
    ],
)
def test_a_number_has_a_true_minus_and_is_no_false_zero(value, form, text):
    assert tables.number(value, form) == text


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("it falls by -0.0 to -2.5", "it falls by 0.0 to \u22122.5"),
        ("58% of 2013-2023, HS 84-85", "58\u00a0% of 2013-2023, HS 84-85"),
        ("<NA>", "–"),
        ("a rise of .5 points", "a rise of 0.5 points"),
        ("v1.2.3 and 0.5", "v1.2.3 and 0.5"),
    ],
)
def test_a_sentence_is_mended(text, mended):
    assert tables.mend(text) == mended


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("COA SibFD", "Coal and peat, Siberia"),
        ("AGR", "Agriculture and hunting"),
        ("K", "Finance, insurance"),
        ("no_pair", "no second source"),
        ("medical_virus", "medical virus"),
        ("npv_bn_rub_2016", "NPV, bn RUB of 2016"),
        ("bn RUB of 2016", "bn RUB of 2016"),
        ("A plan for Siberia", "A plan for Siberia"),
    ],
)
def test_codes_become_names_and_other_words_stay(code, name):
    assert names.name(code) == name


def test_a_bare_chapter_is_a_group_only_among_groups():
    assert names.column(["27", "44-49"]) == ["Fuels", "Wood, paper"]
    assert names.column(["27", "31"]) == ["27", "31"]
    assert names.column(["RUB", "AGR", "COA"])[0] == "Rubber and plastics"
    assert names.column(["RUB", "USD"]) == ["RUB", "USD"]


def test_a_large_table_folds_what_is_beyond_seven_columns_and_twelve_rows_and_keeps_the_last_column_in_sight():
    table = pd.DataFrame({f"c{i}": range(20) for i in range(10)}, dtype=float).rename_axis("row")
    text = tables.box_of(table, "A table: bn USD", "{:,.1f}")
    rows = re.findall(r"<tr( class=more)?>(.*?)</tr>", text)
    assert len(rows) == 21 and [bool(more) for more, _ in rows] == [False] * 13 + [True] * 8
    assert [h for h in re.findall(r'<th class="([^"]*)"', rows[0][1])].count("n more") == 4
    assert re.search(r'<th class="n" scope="col">c9</th>$', rows[0][1])
    assert "<summary>Show all 20 rows and 11 columns</summary>" in text
    assert "folding" not in tables.box_of(table.iloc[:12, :6], "Small", "{:,.1f}")


def test_text_stands_left_and_numbers_stand_right_also_numbers_that_came_as_text():
    table = pd.DataFrame(
        {"sector": ["AGR", "COA"], "value": [1.0, -2.0], "share": ["5.0 %", "–"], "note": ["a", "1 b"]}
    )
    text = tables.box_of(table, "A table", "{:,.1f}")
    assert re.findall(r'<th( class="n")? scope="col">(\w+)', text) == [
        ("", "sector"), (' class="n"', "value"), (' class="n"', "share"), ("", "note")
    ]  # fmt: skip
    assert '<td class="n">\u22122.0</td>' in text and "Coal and peat" in text and ">COA<" not in text


@pytest.mark.parametrize(
    ("caption", "unit"),
    [
        ("Trade by group: bn USD at current prices, 2023", "bn USD at current prices"),
        ("Effect: bn RUB of 2016 a year", "bn RUB of 2016 a year"),
        ("Trade in bn USD, the economy in bn RUB", ""),
        ("What each scenario assumes", ""),
    ],
)
def test_the_unit_of_a_table_is_read_from_its_caption_where_it_has_one(caption, unit):
    assert tables.unit_of(caption).split(",")[0] == unit


def test_heads_of_columns_are_named_in_the_table_and_in_the_file():
    table = pd.DataFrame([[60.0, 5.0]], columns=["27", "44-49"], index=pd.Index([2023], name="year"))
    assert tables.csv(table, "probe", "%").splitlines()[0] == 'year,"Fuels, %","Wood, paper, %"'
    assert re.findall(r'scope="col">([^<]+)', tables.box_of(table, "Shares: %")) == ["year", "Fuels", "Wood, paper"]


def test_long_names_make_the_narrow_drawing_taller_instead_of_running_into_each_other(shown):
    names_of = [f"Trans-Baikal Territory, foreign trade {i}" for i in range(12)]
    values = pd.Series(range(1, 13), index=names_of, dtype=float)
    wide, narrow, _ = drawn(shown, lambda ax: figures.hbars(ax, values), height=3.0)
    heights = [float(re.search(r'viewBox="0 0 [\d.]+ ([\d.]+)"', text)[1]) for text in (wide, narrow)]
    assert heights[1] >= 12 * 3 * 15 > heights[0]


@pytest.mark.parametrize(("highest", "end"), [(7.9, 22.0), (40.0, 41.2)])
def test_fans_of_several_runs_stand_on_one_scale_unless_one_needs_more(highest, end):
    table = pd.DataFrame(
        {"value": [3.8, 3.7], "q05": [3.8, 1.8], "q25": [3.8, 2.8], "q75": [3.8, 5.2], "q95": [3.8, highest]},
        index=[2025, 2030],
    )
    _, ax = style.axes()
    figures.fan(ax, table, style.ACCENT, top=22)
    assert ax.get_ylim() == pytest.approx((0, end))
    words = [text for text in ax.texts if ": 5 %" in text.get_text() or "centre" in text.get_text()]
    places = sorted(text.xy[1] if hasattr(text, "xy") else text.get_position()[1] for text in words)
    assert len(places) == 3 and min(b - a for a, b in pairwise(places)) >= 0.1 * end
    if highest < 20:
        assert any(text.get_text().startswith("3.7") for text in words)


def test_numbers_under_a_figure_have_plain_years_no_exponents_and_no_last_digits_of_a_sum():
    data = pd.DataFrame({"year of plan": [2013, 2023], "product": [77080.0, -2.8e-15], "share": [0.123456, 2.0]})
    shown = finish.without_noise(data)
    assert shown["product"].tolist() == [77080.0, 0.0] and shown["share"].tolist() == [0.123456, 2.0]
    forms = finish.formats(data)
    assert [forms[name].format(data[name][0]) for name in data] == ["2013", "77,080", "0.1235"]
    assert finish.formats(pd.DataFrame({"x": [2013.5, 2020.0]}))["x"].format(2013.5) == "2,014"
