"""The generated pages: what a reader follows from a figure to its table, row and source is there and leads on."""

import hashlib
import json
import re

import nbformat
import pytest

from rutrade import files
from rutrade.publish import finish, names, pages, runs, tables

SVG = '<svg role="img" viewBox="0 0 1 1"></svg>'
TABLES = {
    "sources": "source,title,publisher,year,url,licence,notes\n"
    "office,Yearbook,Office,2020,https://office.example,free,a | b\nfund,Outlook,Fund,,,,\nunused,Other,None,,,,\n",
    "trade_structure": "year,reporter,exporter,importer,group,value_musd,status,source\n"
    "2022,BACI,RUS,CHN,27,10,reported,office\n"
    "2023,BACI,CHN,RUS,27,3,reported,office\n"
    "2023,BACI,RUS,CHN,TOTAL,100,reported,office\n"
    "2023,BACI,RUS,CHN,27,60,mirror,office; fund\n"
    "2023,BACI,RUS,CHN,44-49,20,reported,office\n"
    "2023,RUS,RUS,CHN,27,50,reported,office\n",
    "levels": "level,value\nlow,1\n",
}
NUMBERS = {"value_musd": "mn USD", "value": "1"}  # columns of numbers with their units
HEADS = {"base/01_trade_structure": "1. Title", "base/03_siberia": "3. Title"}
HEADS |= {"late/03_siberia": "3. Title (scenario late)"}
RUNS = ("base/01_trade_structure", "base/03_siberia", "late/03_siberia")


def table_of(name: str) -> dict:
    """A table's entry in the data package, with its hash."""
    columns = TABLES[name].split("\n", 1)[0].split(",")
    kinds = {"year": "integer"} | dict.fromkeys(NUMBERS, "number")
    fields = [{"name": c, "type": kinds.get(c, "string"), "description": f"the {c} of {name}"}
              | ({"unit": NUMBERS[c]} if c in NUMBERS else {}) for c in columns]  # fmt: skip
    digest = hashlib.sha256(TABLES[name].encode()).hexdigest()
    return {"name": name, "path": f"{name}.csv", "title": f"Title of {name}", "description": f"About {name}.",
            "hash": f"sha256:{digest}", "licenses": [{"name": "free"}], "schema": {"fields": fields}}  # fmt: skip


def recorded(name: str, value: object) -> nbformat.NotebookNode:
    """An output as `tables.record` leaves it."""
    return nbformat.v4.new_output(
        "display_data", {"application/papermill.record/text/plain": repr(value)}, metadata={"scrapbook": {"name": name}}
    )


def page(scenario: str, notebook: str, read: list[str], value: float) -> nbformat.NotebookNode:
    """An executed notebook as a page of the book: a figure, a table, two recorded values, and its manifest."""
    title = f"Fuels fall in {scenario}"
    told = {"image/svg+xml": {"alt": f"{title}. Bars.", "title": title}, "text/csv": {"name": "fuels"}}
    about = {"name": "fuels", "title": title, "what": "%", "alt": "Bars.", "source": "Office", "narrow": SVG}
    drawn = {"image/svg+xml": SVG, "text/csv": "year,27\n2023,75\n", tables.FIGURE: about}
    figure = nbformat.v4.new_output("display_data", drawn, metadata=told)
    html = '<table><caption><span class="stays">Fuels &amp; wood: shares</span></caption></table><!-- csv rows -->'
    table = nbformat.v4.new_output(
        "display_data", {"text/html": html, "text/csv": "a\n1\n"}, metadata={"text/csv": {"name": "rows"}}
    )
    cells = stored()
    cells[1].outputs = [figure]
    cells[3].outputs = [table, recorded("share", value), recorded(f"only_{notebook[:2]}", f"text {value}")]
    # papermill puts the parameters between the notebook's own cells
    cells.insert(1, nbformat.v4.new_code_cell("injected = 1", metadata={"tags": ["injected-parameters"]}))
    manifest = dict.fromkeys(("overrides", "version", "data", "lock", "date", "seconds"), "-")
    manifest |= {"notebook": notebook, "scenario": scenario, "made_from": {"table": dict.fromkeys(read, "hash")}}
    folder = runs.results() / scenario
    return finish.finish(nbformat.v4.new_notebook(cells=cells), manifest, folder, listed=True)


def stored() -> list[nbformat.NotebookNode]:
    """Cells of a stored notebook."""
    code = nbformat.v4.new_code_cell
    texts = (("# Title", None), ("draw(fuels)", code), ("Words.", None), ("show(rows)", code))
    cells = [make(text) if make else nbformat.v4.new_markdown_cell(text) for text, make in texts]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number:02d}"
    return cells


@pytest.fixture
def results(tmp_path, monkeypatch):
    """A small compendium: three tables, and three executed pages of two notebooks under two scenarios."""
    monkeypatch.setattr(files, "root", lambda: tmp_path)
    monkeypatch.delenv("RUTRADE_DATA", raising=False)
    (tmp_path / "data").mkdir()
    for name, text in TABLES.items():
        (tmp_path / "data" / f"{name}.csv").write_text(text, encoding="utf-8")
    package = {"resources": [table_of(name) for name in TABLES]}
    (tmp_path / "data" / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    (tmp_path / "data" / "README.md").write_text("# Data\nWhat is here.\n", encoding="utf-8")
    (tmp_path / "notebooks" / "scenarios").mkdir(parents=True)
    (tmp_path / "notebooks" / "scenarios" / "late.yaml").write_text("# Late.\nsiberia:\n  regions: 9\n")
    toc = "root: index\nchapters:\n" + "".join(f"- file: book/results/{run}\n" for run in RUNS)
    (tmp_path / "_toc.yml").write_text(toc, encoding="utf-8")
    for name in ("01_trade_structure", "03_siberia"):
        nbformat.write(nbformat.v4.new_notebook(cells=stored()), tmp_path / "notebooks" / f"{name}.ipynb")
    read = (["trade_structure"], ["levels", "trade_structure"], ["levels"])
    for number, run in enumerate(RUNS):
        scenario, notebook = run.split("/")
        nbformat.write(page(scenario, notebook, read[number], 1.5 + number), runs.results() / f"{run}.ipynb")
    return runs.results()


def sections(text: str, mark: str) -> dict[str, str]:
    """The parts of a page that begin with a heading, by its text."""
    parts = re.split(rf"^{mark} (.+)\n", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_data_pages_show_every_table_once_with_its_columns_units_and_rows(results):
    made = pages._data_pages()
    assert made["data"].startswith("# Data and sources\n\n## Tables by topic\n") and "What is here." in made["data"]
    for name, content in TABLES.items():
        entry, page = table_of(name), made[pages.topic(name)]
        assert "".join(made.values()).count(f'<span id="table-{name}"></span>') == 1
        assert f'href="{pages.topic(name)}.html#table-{name}">Title of {name}</a>' in made["data"]
        part = sections(page, "##")[f"Title of {name}"]
        assert f"`data/{name}.csv`. {names.marked(f'About {name}.')}" in part
        rows = content.count("\n") - 1
        assert f"\n{rows} rows, sha256 `{entry['hash'].removeprefix('sha256:')[:16]}`. free.\n" in part
        for field in entry["schema"]["fields"]:
            line = f"| `{field['name']}` | {names.marked(field['description'])} |"
            line += f" {field.get('unit', '')} | {field['type']} |"
            assert line in part.splitlines()


def test_the_data_pages_name_the_sources_of_a_table_once_each_and_link_them(results):
    made = pages._data_pages()
    shown = {name: sections(made[pages.topic(name)], "##")[f"Title of {name}"] for name in TABLES}
    link = r'href="data-sources.html#source-(\w+)">([^<]+)</a>'
    cited = {name: re.findall(link, part) for name, part in shown.items()}
    assert cited["trade_structure"] == [("fund", "Outlook"), ("office", "Yearbook")]
    assert cited["levels"] == cited["sources"] == []
    text = made["data-sources"]
    assert re.findall(r'id="source-(\w+)"', text) == ["office", "fund", "unused"]
    lines = text.splitlines()
    assert '| <span id="source-office"></span>[Yearbook](https://office.example) | Office | 2020 | free | a / b |' \
           " `office` |" in lines  # fmt: skip
    assert '| <span id="source-fund"></span>Outlook | Fund |  |  |  | `fund` |' in lines


def test_the_index_lists_each_csv_of_each_page_with_its_title_cell_and_code(results):
    text = pages._figures_page()
    shown = sections(text, "##")
    assert list(shown) == list(HEADS.values())
    for run in RUNS:
        scenario, notebook = run.split("/")
        part = shown[HEADS[run]]
        titles = re.findall(r"^\*\*(.+)\*\* <a href=\"(.+)\">(.+)</a>$", part, flags=re.M)
        folder = f"{scenario}/tables/{notebook}"
        assert titles == [
            (f"Fuels fall in {scenario}.", f"{folder}-fuels.csv", "Data (CSV)"),
            ("Fuels & wood: shares.", f"{folder}-rows.csv", "Data (CSV)"),
        ]
        assert all((results / place).is_file() for _, place, _ in titles)
        # counted as in the stored notebook, without the cell that papermill put in
        assert re.findall(r"\{dropdown\} Cell (\S+) of the notebook\n```python\n(.+)\n```", part) == [
            ("2", "draw(fuels)"),
            ("4", "show(rows)"),
        ]


def test_the_index_names_the_tables_of_the_pages_manifest_and_no_other(results):
    shown = sections(pages._figures_page(), "##")
    read = {name: re.findall(r'<a href="data-\w+.html#table-(\w+)">Title of \1</a>', part)
            for name, part in shown.items()}  # fmt: skip
    assert read == {
        "1. Title": ["trade_structure"],
        "3. Title": ["trade_structure", "levels"],  # in the order of the data package
        "3. Title (scenario late)": ["levels"],
    }
    path = results / "late" / "03_siberia.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata["rutrade"]["made_from"]["table"] = {}
    nbformat.write(notebook, path)
    assert "Tables it reads: none." in sections(pages._figures_page(), "##")["3. Title (scenario late)"]


def test_the_link_beside_a_table_leads_to_its_entry_in_the_index(results):
    places = re.findall(r'<span id="(.+?)">', pages._figures_page())
    assert len(places) == len(set(places)) == 6
    for run in RUNS:
        notebook = nbformat.read(results / f"{run}.ipynb", as_version=4)
        html = "".join(o.data.get("text/html", "") for c in notebook.cells for o in c.get("outputs", ()))
        links = re.findall(r'href="\.\./figures\.html#(.+?)">Check', html)
        assert len(links) == 2 and all(link in places and link.startswith(run.replace("/", "-")) for link in links)


def test_recorded_values_are_gathered_by_scenario_and_a_later_page_adds_to_an_earlier_one(results):
    values = pages.gather()
    assert values == {
        "base": {"share": 2.5, "only_01": "text 1.5", "only_03": "text 2.5"},
        "late": {"share": 3.5, "only_03": "text 3.5"},
    }
    assert json.loads((results / "values.json").read_text(encoding="utf-8")) == values


def test_the_worked_example_leads_from_the_drawn_share_to_the_row_and_line_of_its_table(results, tmp_path):
    assert pages.traced() == {}  # its page has not been executed
    path = results / "base" / "tables" / "01_trade_structure-exports-structure.csv"
    path.write_text('year,Fuels,"Wood, paper"\n2022,50,50\n2023,75,25\n', encoding="utf-8")
    found = pages.traced()
    assert found["csv_percent"] == found["row_percent"] == 75  # 60 of 60 + 20; the row TOTAL is no group
    assert (found["value_musd"], found["total_musd"], found["status"]) == (60, 80, "mirror")
    assert found["title"] == "Yearbook; Outlook"
    lines = (tmp_path / "data" / "trade_structure.csv").read_text(encoding="utf-8").splitlines()
    assert lines[found["line"] - 1] == "2023,BACI,RUS,CHN,27,60,mirror,office; fund"


def test_the_images_of_a_page_come_with_the_alt_text_of_their_cell(results):
    assert pages.images() == {f"book/results/{run}": [f"Fuels fall in {run[:4]}. Bars."] for run in RUNS}


def test_a_kept_page_says_in_todays_words_how_it_was_made(results):
    path = results / "late" / "03_siberia.ipynb"
    kept = nbformat.read(path, as_version=4)
    kept.metadata["rutrade"]["overrides"] = {"rail_capacity": 158.0, "research_infrastructure": True}
    kept.cells[-1].source = "<details class='manifest'>old words</details>"
    nbformat.write(kept, path)
    before = (results / "base" / "03_siberia.ipynb").read_bytes()
    pages._renew_manifests()
    said = nbformat.read(path, as_version=4).cells[-1].source
    assert "old words" not in said and "rail capacity: 158.0; research infrastructure: True" in said
    assert "<td>late</td>" in said, "a preset without a title has its own name"
    assert (results / "base" / "03_siberia.ipynb").read_bytes() == before
