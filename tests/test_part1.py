"""Chapters 01-03 as a reader sees them: names and no codes, few figures in sight, estimates marked and kept apart."""

import io
import json
import re

import nbformat
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from rutrade import data, files
from rutrade import structure as st

CHAPTERS = ("01_trade_structure", "02_upgrading", "03_siberia")
# HS with a number, a range of chapters, a product, a country's or flow's key, a column's name.
CODE = re.compile(r"\bHS ?\d|(?<![\d-])\d{2}-\d{2}(?![\d-])|\b\d{6}\b|\b(?:RUS|CHN|WLD|ROW)\b|\b[A-Za-z]+_\w+")


def cells(name):
    return nbformat.read(files.root() / "notebooks" / f"{name}.ipynb", as_version=4).cells


def visible(name):
    """Texts of a chapter that a reader sees: prose, outputs, alternative texts; parameters stand folded and apart."""
    for cell in cells(name):
        if cell.cell_type == "markdown":
            yield re.sub(r"`[^`]*`|\]\(\S+\)", " ", cell.source)
        for output in cell.get("outputs", ()):
            html = BeautifulSoup(output.get("data", {}).get("text/html", ""), "html.parser")
            for folded in html.select("details.parameters"):
                folded.decompose()
            yield re.sub(r"doi:\S+", "", html.get_text(" "))
            yield output.get("data", {}).get("text/markdown", "")
            yield output.get("metadata", {}).get("image/svg+xml", {}).get("alt", "")
            drawing = output.get("data", {}).get("image/svg+xml", "")
            yield " ".join(BeautifulSoup(drawing, "html.parser").stripped_strings)


def numbers(name, csv):
    """The data that a figure or table of a chapter hands on."""
    for cell in cells(name):
        for output in cell.get("outputs", ()):
            if output.get("metadata", {}).get("text/csv", {}).get("name") == csv:
                return pd.read_csv(io.StringIO(output["data"]["text/csv"]))
    raise AssertionError(f"{name} has no figure or table {csv}")


def recorded(name):
    found = {}
    for cell in cells(name):
        for output in cell.get("outputs", ()):
            if "scrapbook" in output.get("metadata", {}):
                found[output.metadata["scrapbook"]["name"]] = float(next(iter(output["data"].values())))
    return found


@pytest.mark.parametrize(
    "text", ["HS 84", "group 84-85 fell", "270900", "RUS to CHN", "the flow RUS_to_CHN", "value_musd"]
)
def test_a_code_is_known_as_one(text):
    assert CODE.search(text)


@pytest.mark.parametrize(
    "text", ["2017-2023", "2022-23", "632,341 cars", "Jan-Nov 2024", "0.0271", "3.2-4.1 %", "2013-2016"]
)
def test_years_and_numbers_are_no_codes(text):
    assert not CODE.search(text)


@pytest.mark.parametrize("name", CHAPTERS)
def test_no_chapter_of_part_1_shows_a_code(name):
    shown = [(found.group(), text[:80]) for text in visible(name) if (found := CODE.search(text))]
    assert not shown


@pytest.mark.parametrize("name", CHAPTERS[:2])
def test_at_most_eight_figures_and_tables_are_in_sight(name):
    places = [
        output["metadata"]["text/csv"]["name"]
        for cell in cells(name) if "hide-output" not in cell.metadata.get("tags", [])
        for output in cell.get("outputs", ()) if "text/csv" in output.get("metadata", {})
    ]  # fmt: skip
    assert 5 <= len(places) <= 8, places


@pytest.mark.parametrize("name", CHAPTERS[:2])
def test_a_table_in_sight_has_at_most_seven_columns_and_twelve_rows(name):
    for cell in cells(name):
        for output in cell.get("outputs", ()) if "hide-output" not in cell.metadata.get("tags", []) else ():
            for table in BeautifulSoup(output.get("data", {}).get("text/html", ""), "html.parser").select("table"):
                if table.caption:
                    assert len(table.select("thead th")) <= 7 and len(table.select("tbody tr")) <= 12, table.caption


def test_the_estimate_is_marked_in_the_picture_of_shares_and_enters_no_index():
    shares = numbers("01_trade_structure", "imports-structure").set_index("year")
    assert (shares.loc[2013:2016, "status"] == "estimate").all() and (shares.loc[2017:, "status"] == "figures").all()
    index = numbers("01_trade_structure", "lawrence").set_index("year").filter(like="China to Russia").iloc[:, 0]
    assert index.loc[2013:2016].isna().all() and index.loc[2017:].notna().all()
    # the same from the figures alone
    panel = st.panel(data.load("trade_structure"), "CHN", "RUS", "BACI", 2017, 2023)
    alone = st.change_indices(st.shares(panel), 2017)["lawrence"]
    assert index.loc[2017:].to_numpy() == pytest.approx(alone.to_numpy())
    assert recorded("01_trade_structure")["lawrence_imports"] == pytest.approx(alone.iloc[-1])


def test_the_estimate_in_values_sums_to_chinas_total_of_the_year():
    values = st.estimated_panel(st.inputs.estimate_of_chinas_exports(), values=True)
    totals = st.totals(data.load("trade_totals"), 2013, 2016)["CHN", "CHN_to_RUS"]
    assert values.index.tolist() == [2013, 2014, 2015, 2016]
    assert values.sum(axis=1).to_numpy() == pytest.approx(totals.to_numpy(), rel=2e-3)


def test_only_bars_of_estimated_years_are_hatched():
    import matplotlib.pyplot as plt

    from rutrade.publish import figures, svg

    fig, ax = plt.subplots()
    figures.stacked(ax, pd.DataFrame({"27": [1.0, 2.0, 3.0], "84-85": [3.0, 2.0, 1.0]}, index=[2015, 2016, 2017]))
    figures.hatch(ax, [0, 1])
    hatched = {round(b.get_x() + b.get_width() / 2): bool(b.get_hatch()) for b in ax.patches}
    assert hatched == {0: True, 1: True, 2: False}
    assert [t.get_text() for t in ax.texts].count("estimate") == 1
    for drawing in svg.draw(fig, "rt-x", "a chart of three bars, two of them hatched", "Bars"):
        patterns = set(re.findall(r'<pattern[^>]* id="([^"]+)"', drawing))
        assert len(patterns) >= 2 and patterns <= set(re.findall(r"url\(#([^)]+)\)", drawing)), "hatching is lost"
        assert not re.search(r'fill="#', drawing), "a colour that the dark page cannot change"
    plt.close(fig)


def test_headings_hold_all_products_and_heal_what_the_source_does_not_split():
    panel = pd.DataFrame({"271000": [0.0, 5.0], "271012": [3.0, 0.0], "271019": [1.0, 0.0], "270900": [2.0, 2.0]},
                         index=[2019, 2023])  # fmt: skip
    whole = st.upgrading.headings(panel)
    assert whole.to_dict("list") == {"2709": [2.0, 2.0], "2710": [4.0, 5.0]}
    assert st.upgrading.margins(panel, 2019, 2023).loc["new", "change"] == 5
    assert st.upgrading.margins(whole, 2019, 2023).loc["new", "change"] == 0


def test_totals_by_class_are_totals_by_chapter_in_every_year_of_the_exports_to_the_world():
    exports = data.load("exports_to_world")
    for country in ("russia", "china", "world"):
        totals = [st.upgrading.world_panel(exports, country, c).sum(axis=1) for c in ("lall", "technology", "chapter")]
        assert totals[0].index.tolist() == list(range(2015, 2025))
        assert totals[0].to_numpy() == pytest.approx(totals[2].to_numpy())
        assert totals[1].to_numpy() == pytest.approx(totals[2].to_numpy())


def test_the_figures_of_claims_on_technology_are_those_of_the_tables():
    told = recorded("02_upgrading")
    by_class = numbers("02_upgrading", "technology-classes").set_index("class")
    assert by_class.sum().to_numpy() == pytest.approx([100.0] * 6)
    above = by_class[by_class.index.str.startswith(("Medium", "High"))].sum()
    assert (
        told["technology_exports"] == pytest.approx(above["Russia to China 2023, %"]) == pytest.approx(3.32, abs=0.01)
    )
    assert told["technology_imports"] == pytest.approx(above["China to Russia 2023, %"])
    shifts = numbers("02_upgrading", "shifts").set_index("in Russia's sales to China")
    assert told["processed_shift"] == pytest.approx(shifts.loc["Engineering and chemicals", "like for like, points"])
    claims = data.load("claims").set_index("claim")
    named = claims.loc[claims["page"] == "02_upgrading", "value_name"]
    assert len(named) >= 3 and set(named) <= set(told)


def test_the_shares_held_and_moved_stand_beside_what_they_lead_to():
    table = numbers("02_upgrading", "redirection").set_index("group")
    needed = table.loc[table.index.str.startswith("China's share needed")].iloc[0]
    told = recorded("02_upgrading")
    assert needed[["2023, %", "2023 if held, %", "2023 if moved, %"]].tolist() == pytest.approx(
        [told["redirection_observed"], told["redirection_held"], told["redirection_moved"]]
    )
    assert told["redirection_held"] < told["redirection_observed"] < told["redirection_moved"]
    assert table.loc["All goods", "2024, %"] > 30 and table.drop(index="All goods")["2024, %"].isna().all()


def test_chapters_stand_in_the_book_in_the_order_of_their_numbers():
    toc = (files.root() / "_toc.yml").read_text(encoding="utf-8")
    order = re.findall(r"results/base/(\d\d)_", toc)
    assert order[:3] == ["01", "02", "03"] and order == sorted(order)


def test_the_map_says_what_its_outlines_do_not():
    cell = next(c for c in cells("03_siberia") if "flow_map" in c.source)
    told = json.dumps(cell.outputs)
    assert "Outlines say nothing on borders" in told and "Natural Earth" in told
