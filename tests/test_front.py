"""The front page's pictures say what the tables and the recorded values say."""

import re

import pandas as pd
import pytest

from rutrade import data, structure
from rutrade.publish import front

SHIFTS = {"ri": 0.0047, "facilitation": 0.05, "paper": 8.6}


def test_the_strip_has_a_square_for_each_claim_and_counts_them():
    claims = pd.DataFrame({
        "claim": ["a", "b", "c"], "text": ["Fast.", "Slow & steady.", "Up."],
        "verdict": ["not reproduced", "reproduced", "reproduced"],
    })  # fmt: skip
    text = front.verdicts(claims)
    assert re.findall(r'claims\.html#claim-(\w)"', text) == ["b", "c", "a"]
    assert re.findall(r"</span> (\d+) ([a-z ]+)</a>", text) == [
        ("2", "reproduced"), ("0", "partly"), ("1", "not reproduced"), ("0", "not testable")
    ]  # fmt: skip
    assert 'aria-label="reproduced: Slow &amp; steady."' in text


def test_every_commodity_group_is_in_one_class_of_the_chart():
    grouped = [group for _, groups in front.CLASSES.values() for group in groups]
    known = set(data.load("trade_structure")["group"]) - {"TOTAL"}
    assert len(grouped) == len(set(grouped)) and known <= set(grouped)


def test_the_chart_of_turnover_ends_with_the_last_year_that_is_known_and_names_the_growth():
    text = front.turnover()
    table = data.load("trade_totals")
    china = structure.totals(table, 2013, int(table["year"].max()))["CHN", "turnover"].dropna()
    assert f"Trade rose {china[2023] / china[2013]:.1f}-fold in ten years" in text
    assert f">{china.iloc[-1]:.0f}</text>" in text


def test_shares_of_the_chart_of_structure_are_those_of_the_table():
    text = front.structure_chart()
    sold = structure.panel(data.load("trade_structure"), "RUS", "CHN")
    fuels = 100 * sold["27"] / sold.sum(axis=1)
    assert f"fuels ({fuels[2013]:.0f}\u00a0% then, {fuels[2023]:.0f}\u00a0% now)" in text


@pytest.mark.parametrize("shifts", [SHIFTS, SHIFTS | {"ri": -0.002}, {"ri": 0.4}])
def test_bars_of_the_shifts_are_to_scale_with_the_line_of_a_notable_one(shifts):
    text = front.sizes(shifts)
    wide = text.split('class="narrow"')[0]
    for value in shifts.values():
        words = f"{value:.{3 if abs(value) < 0.1 else 1}f} points".replace("-", "\u2212")
        assert words in wide
    moved = front.told(shifts["ri"], 0.0)
    assert "5 points: notable" in wide and f"moves the structure by {moved}" in text


def test_a_shift_below_what_the_models_tell_has_neither_sign_nor_digits():
    text = front.sizes({"ri": -0.004, "paper": 7.0}, 0.02)
    assert "moves the structure by less than 0.02 points" in text and "0.004 points" not in text


def test_the_key_of_the_map_names_every_number_on_it_with_its_size():
    text = front.map_chart()
    crossings = data.load("rail_crossings")
    crossings = crossings[(crossings["direction"] == "export") & (crossings["first_month"] == "2025-01")]
    tonnes = crossings.set_index("crossing")["mt"]
    everywhere = tonnes.pop("all crossings with China")
    assert f"{tonnes.idxmax()} carries {100 * tonnes.max() / everywhere:.0f}\u00a0% of Russia's rail exports" in text
    rows = re.findall(r"<b>(\d+)</b>\u00a0([^<]+?) ([\d.]+)(?:, |</p>)", text)
    assert [int(number) for number, _, _ in rows] == list(range(1, len(rows) + 1)) and len(rows) == len(tonnes) + 5
    for _, name, size in rows[: len(tonnes)]:
        assert float(size) == round(tonnes[name], 1), name
    sizes = [float(size) for _, _, size in rows[len(tonnes) :]]
    assert sizes == sorted(sizes, reverse=True)
    drawn = {int(number) for number in re.findall(r"<text[^>]*>(\d+)</text>", text.split('class="narrow"')[0])}
    assert drawn == {int(number) for number, _, _ in rows}
