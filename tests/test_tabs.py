"""One page of several runs: a tab each, plain titles, references that stay inside their run."""

import re

import nbformat
import pytest

from rutrade.publish import tabs
from rutrade.publish.runs import Run


@pytest.fixture
def page(tmp_path):
    """The page of two runs of a chapter."""
    runs = []
    for scenario in ("inertial", "ri"):
        drawn = f'<svg id="rt-fan-wide"><g clip-path="url(#rt-fan-c)"></g></svg><a href="tables/{scenario}.csv">x</a>'
        drawn += '<a href="../figures.html#y">Check</a>'
        cells = [
            nbformat.v4.new_markdown_cell("# 8. Projections (nothing new)\n\nThree models."),
            nbformat.v4.new_code_cell("x", metadata={"tags": ["remove-cell"]}),
            nbformat.v4.new_markdown_cell("## Trade\n\nProse."),
            nbformat.v4.new_code_cell("y"),
            nbformat.v4.new_markdown_cell("<details class='manifest'>made</details>"),
        ]
        cells[1].outputs = [nbformat.v4.new_output("display_data", {"text/html": "hidden"})]
        cells[3].outputs = [
            nbformat.v4.new_output("display_data", {"text/html": '<details class="parameters">p</details>'}),
            nbformat.v4.new_output("display_data", {"text/html": drawn}),
            nbformat.v4.new_output("display_data", {"text/markdown": f"## Effects\n\nSaid of {scenario}."}),
        ]
        target = tmp_path / f"{scenario}.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=cells), target)
        runs.append(Run("08_projections_2030", scenario, (), target))
    return tabs.page(runs)


def test_each_run_has_a_tab_with_a_plain_title_and_the_programme_is_open(page):
    titles = re.findall(r"^:::::\{tab-item\} (.+)\n:sync: (\w+)\n(:selected:)?", page, re.M)
    assert titles == [("Nothing new", "inertial", ""), ("The programme as planned", "ri", ":selected:")]
    assert page.startswith("# 8. Projections\n\nThree models.") and page.count("Three models.") == 1
    assert [page.count(f"Said of {scenario}.") for scenario in ("inertial", "ri")] == [1, 1]


def test_a_tab_holds_what_its_run_shows_but_no_parameters_no_manifest_and_no_heading_of_the_page(page):
    assert "hidden" not in page and "parameters" not in re.sub(r"with its parameters", "", page)
    assert "manifest" not in page and not re.search(r"^## ", page, re.M)
    assert page.count("{rubric} Trade") == page.count("{rubric} Effects") == 2


def test_ids_and_files_of_two_runs_do_not_meet(page):
    assert re.findall(r'id="([^"]+)"', page) == ["inertial-rt-fan-wide", "ri-rt-fan-wide"]
    assert re.findall(r"url\(#([^)]+)\)", page) == ["inertial-rt-fan-c", "ri-rt-fan-c"]
    assert re.findall(r'href="([^"]+csv)"', page) == ["inertial/tables/inertial.csv", "ri/tables/ri.csv"]
    assert page.count('href="figures.html#y"') == 2
