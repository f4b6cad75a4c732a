"""The comparer of stored outputs: last digits of another processor pass, anything a reader could see does not."""

import re
from types import SimpleNamespace
from typing import ClassVar

import jupytext
import pytest
from nbval_tolerance import DRAWINGS, WIDEST, Tolerance, differences, of_cell, pytest_itemcollected, tolerant

from rutrade.publish.tables import FIGURE

COMMON = Tolerance()


def same(stored: str, now: str, tolerance: Tolerance = COMMON) -> bool:
    return tolerant(stored, tolerance) == now


@pytest.mark.parametrize(
    ("stored", "now"),
    [
        ("-118.1680130522974", "-118.1680130522975"),
        ("[0.1, 0.30000000000000004]", "[0.1, 0.3]"),
        ("a,b\n1.25,2.5000000000001\n", "a,b\n1.25,2.5\n"),
        ("<td>1.0000000000000002</td>", "<td>1.0</td>"),
        ("1.7763568394002505e-15", "-0.0"),  # around zero
        ("0", "4.4e-16"),
        ("{'npv': 2.0e+03}", "{'npv': 2000.0000000001}"),
        ("falls by \u22125.000000000001 %", "falls by -5.0 %"),
    ],
)
def test_the_last_digits_of_another_processor_are_the_same(stored, now):
    assert same(stored, now) and same(now, stored)


@pytest.mark.parametrize("mime", ["text/plain", "text/html", "text/csv", "text/markdown"])
def test_a_change_at_the_eighth_digit_is_found_in_every_kind_of_text(mime):
    frame = {
        "text/plain": "{}",
        "text/html": "<td class='num'>{}</td>",
        "text/csv": "year,value\n2023,{}\n",
        "text/markdown": "It is **{}** bn.",
    }[mime]
    assert same(frame.format("12.3456789"), frame.format("12.34567890001"))
    assert not same(frame.format("12.3456789"), frame.format("12.3456790"))


def test_numbers_in_a_quoted_link_are_numbers_too():
    link = '<a href="data:text/csv;charset=utf-8,year%2Cvalue%0A2023%2C{}%0A">'
    assert same(link.format("1.5000000000000002"), link.format("1.5"))
    assert not same(link.format("1.501"), link.format("1.5"))


@pytest.mark.parametrize(
    ("stored", "now"),
    [
        ("89.21", "89.22"),  # shown rounded
        ("100.0", "101.0"),
        ("1e-11", "2e-11"),  # small, but not zero
        ("3.0", "-3.0"),
        ("1.5e-05", "1.5e-06"),
        ("12 months", "12 month"),
        ("HS84", "HS85"),
        ("sha 4a1f9", "sha 4a1f8"),
        ("1234567890123", "1234567890124"),  # whole numbers count something, or name it
        ("1.0, 2.0", "1.0"),
        ("1.0", "1.0 2.0"),
        ("nan", "1.0"),
        ("", "0.0"),
        ("2013-2023", "2013-2022"),
        ("1,234.5", "1,235.5"),
        ("1.0  2.0", "1.0 2.0"),
    ],
)
def test_what_a_reader_could_see_differs(stored, now):
    assert not same(stored, now) and not same(now, stored)


@pytest.mark.parametrize("value", [1e-9, 0.013, 1.0, -42.5, 7e6, 3e300])
def test_one_percent_is_always_found_and_half_the_tolerance_never(value):
    assert not same(repr(value), repr(1.01 * value))
    assert same(repr(value), repr(value * (1 + 0.5e-9)))
    if abs(value) > 1e-2:  # below, the absolute tolerance is the wider one
        assert not same(repr(value), repr(value * (1 + 2e-9)))


def test_unequal_is_the_opposite_of_equal_because_nbval_asks_for_it():
    for now in ("1.0000000000000002", "1.1"):
        assert (tolerant("1.0", COMMON) != now) is not (tolerant("1.0", COMMON) == now)


def test_what_is_no_text_is_left_alone():
    size = {"width": 600}
    assert tolerant(size, COMMON) is size


def test_a_message_names_numbers_distance_and_place():
    words = list(differences("NPV -118.2 and IRR 0.0525", "NPV -118.2 and IRR 0.0500", COMMON))
    assert len(words) == 1
    assert "0.0525 became 0.0500" in words[0] and "4.8e-02" in words[0] and "IRR" in words[0]
    assert list(differences("1 2 3", "1 2 ", COMMON)) == ["3 numbers became 2"]


def test_a_cell_may_state_a_wider_tolerance_with_a_reason():
    stated = of_cell({"tolerance": {"relative": 1e-6, "reason": "feasibility tolerance of HiGHS"}})
    assert same("100.0", "100.00001", stated) and not same("100.0", "100.001", stated)
    assert of_cell({}) == COMMON


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ({"relative": 1e-6}, "reason"),
        ({"relative": 1e-6, "reason": "it fails"}, "reason"),
        ({"relative": 0.02, "reason": "a long enough reason"}, f"0 to {WIDEST}"),
        ({"absolute": 0.02, "reason": "a long enough reason"}, f"0 to {WIDEST}"),
        ({"relative": "1e-6", "reason": "a long enough reason"}, "relative is '1e-6'"),
        ({"rel": 1e-6, "reason": "a long enough reason"}, "no field"),
    ],
)
def test_a_tolerance_that_would_hide_a_change_or_has_no_reason_is_refused(stated, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        of_cell({"tolerance": stated})


def test_the_plugin_is_loaded_wherever_pytest_runs(pytestconfig):
    assert pytestconfig.pluginmanager.has_plugin("nbval_tolerance")


def test_items_other_than_notebook_cells_are_left_alone():

    item = SimpleNamespace(name="a test")
    pytest_itemcollected(item)
    assert vars(item) == {"name": "a test"}


def test_a_stated_tolerance_goes_from_the_text_of_a_notebook_into_its_pair():
    stated = "tolerance: {relative: 1.0e-7, absolute: 1.0e-9, reason: feasibility tolerance of HiGHS}"
    text = f"```{{code-cell}} ipython3\n---\ntags: [remove-cell]\n{stated}\n---\nx = 1\n```\n"
    (cell,) = [c for c in jupytext.reads(text, fmt="md:myst").cells if c.cell_type == "code"]
    assert of_cell(cell.metadata) == Tolerance(1e-7, 1e-9, "feasibility tolerance of HiGHS")
    again = jupytext.writes(jupytext.reads(text, fmt="md:myst"), fmt="md:myst")
    assert of_cell(jupytext.reads(again, fmt="md:myst").cells[-1].metadata) == of_cell(cell.metadata)


def test_drawings_are_not_compared_and_the_file_of_their_numbers_is():
    class IPyNbCell:
        """What the plugin touches of nbval's item."""

        cell = SimpleNamespace(metadata={})
        parent = SimpleNamespace(skip_compare=("metadata", "image/png"))
        comparison_traceback: ClassVar[list] = []
        sanitize = staticmethod(str)
        format_output_compare = staticmethod(lambda *_: None)

    items = [IPyNbCell(), IPyNbCell()]
    for item in items:
        pytest_itemcollected(item)
    assert IPyNbCell.parent.skip_compare == ("metadata", "image/png", *DRAWINGS)
    assert "text/csv" not in IPyNbCell.parent.skip_compare and "text/html" not in IPyNbCell.parent.skip_compare
    assert FIGURE in DRAWINGS
