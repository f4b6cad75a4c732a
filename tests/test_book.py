"""Execution and the built book: pages move only when whole, stale pages run again, the HTML is complete offline."""

import json
import re

import nbformat
import papermill
import pytest

from rutrade import InputError, RunError, files, scenarios
from rutrade.publish import check, claims, runs

ROOT = files.root()


class Probe(scenarios.Parameters):
    """Parameters of the little notebook these tests execute."""

    notebook = "probe"
    number: int = scenarios.parameter(1, "any number", "1", ge=0, le=9)


@pytest.fixture
def little(tmp_path, monkeypatch):
    """A compendium with one little notebook, for failures the real ones do not have."""
    cells = [
        nbformat.v4.new_markdown_cell("# Probe"),
        nbformat.v4.new_code_cell("number: int = 1  # any number", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell(
            "from rutrade import InputError\nif number == 7: raise InputError('seven is not wanted')"
        ),
        nbformat.v4.new_code_cell("print(1 / (number - 8))"),
    ]
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "rutrade").mkdir()
    (tmp_path / "rutrade" / "module.py").write_text("one = 1")
    (tmp_path / "requirements.txt").write_text("lock")
    (tmp_path / "_toc.yml").write_text("root: index\nchapters:\n- file: book/results/base/probe\n")
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), tmp_path / "notebooks" / "probe.ipynb")
    monkeypatch.setattr(book, "root", lambda: tmp_path)
    monkeypatch.setitem(scenarios.PARAMETERS, "probe", Probe)
    return tmp_path


def test_a_page_is_executed_once_and_again_when_notebook_parameters_package_or_lock_change(little):
    run = runs.prepare("probe")
    assert not runs.fresh(run)
    runs.execute(run, progress=False)
    assert runs.fresh(run)
    assert not runs.fresh(runs.prepare("probe", overrides={"number": 2}, folder=run.target.parent))
    for name in ("rutrade/module.py", "requirements.txt"):
        text = (little / name).read_text()
        (little / name).write_text(text + " ")
        assert not runs.fresh(run), name
        (little / name).write_text(text)
        assert runs.fresh(run)
    stored = little / "notebooks" / "probe.ipynb"
    stored.write_text(stored.read_text().replace("# Probe", "# Other"))
    assert not runs.fresh(run)


def test_own_parameters_never_replace_the_published_page(little):
    published = runs.prepare("probe")
    own = runs.prepare("probe", overrides={"number": 3})
    assert own.target != published.target


def test_a_notebook_that_raises_keeps_the_last_good_page_and_names_the_cell(little):
    good = runs.prepare("probe", folder=little / "out")
    runs.execute(good, progress=False)
    before = good.target.read_bytes()
    bad = runs.prepare("probe", overrides={"number": 8}, folder=little / "out")
    with pytest.raises(RunError, match=r"probe \(base\): cell \d+ raised ZeroDivisionError"):
        runs.execute(bad, progress=False)
    assert good.target.read_bytes() == before
    assert (little / "out" / "failed" / "probe.ipynb").exists()
    assert not list((little / "out").glob(".*"))


def test_bad_input_found_inside_a_notebook_is_one_sentence(little):
    run = runs.prepare("probe", overrides={"number": 7}, folder=little / "out")
    with pytest.raises(InputError, match="^probe: seven is not wanted$"):
        runs.execute(run, progress=False)


def test_ctrl_c_leaves_nothing_half_written(little, monkeypatch):
    run = runs.prepare("probe", folder=little / "out")
    runs.execute(run, progress=False)
    before = run.target.read_bytes()

    def interrupted(source, target, **_):
        target.write_text("half")
        raise KeyboardInterrupt

    monkeypatch.setattr(papermill, "execute_notebook", interrupted)
    with pytest.raises(KeyboardInterrupt):
        runs.execute(run, progress=False)
    assert run.target.read_bytes() == before
    assert [p.name for p in (little / "out").iterdir()] == ["probe.ipynb"]


def test_two_executions_differ_only_in_date_and_duration(little):
    pages = []
    for name in ("a", "b"):
        run = runs.prepare("probe", folder=little / name)
        runs.execute(run, progress=False)
        text = re.sub(r"\d{4}-\d\d-\d\d [\d:]+ UTC|duration, s</th><td>[\d.]+", "", run.target.read_text())
        notebook = json.loads(text)
        del notebook["metadata"]["rutrade"]["seconds"]
        for cell in notebook["cells"]:
            cell.pop("id"), cell["metadata"].pop("execution", None), cell["metadata"].pop("papermill", None)
        pages.append(notebook)
    assert pages[0] == pages[1]


# The built book ------------------------------------------------------------------------------------------------------


def test_the_book_builds_and_passes_its_own_checks(html):
    assert check.check(html) == []
    for run in runs.published():
        assert (html / run.target.relative_to(files.root())).with_suffix(".html").is_file()


def test_every_csv_link_leads_to_a_file_with_numbers(html):
    links = 0
    for page in (html / "book" / "results").glob("*/*.html"):
        for link in re.findall(r'class="csv" download="[^"]+" href="([^"]+)"', page.read_text(encoding="utf-8")):
            text = (page.parent / link).read_text(encoding="utf-8")
            assert text.count("\n") >= 2 and re.search(r"\d", text), link
            links += 1
    assert links >= 20


def test_pages_show_no_parameter_cell_and_no_error(html):
    for page in (html / "book" / "results").glob("*/*.html"):
        text = page.read_text(encoding="utf-8")
        assert "injected" not in text and "Traceback" not in text and "first year shown, year" not in text


def test_mathjax_comes_from_the_books_own_files(html):
    page = (html / "book" / "methods" / "structure.html").read_text(encoding="utf-8")
    assert "_static/mathjax.js" in page
    assert (html / "_static" / "mathjax.js").stat().st_size > 1e6


def test_numbers_in_prose_come_from_results(html):
    values = json.loads((ROOT / "book" / "results" / "values.json").read_text())["base"]
    page = (html / "book" / "index.html").read_text(encoding="utf-8")
    assert f"{values['turnover_last']:.0f} bn USD in 2023" in page
    source = (ROOT / "book" / "index.md").read_text(encoding="utf-8")
    findings = source[source.index("{admonition}") : source.index("## Who")]
    assert not re.search(r"\d[\d.,]* ?(%|bn|mn)", re.sub(r"\{\{.*?\}\}", "", findings)), "a typed number"


def test_check_finds_what_it_is_for(tmp_path):
    (tmp_path / "page.html").write_text(
        "<h1>A</h1><h1>B</h1><script src='https://cdn.example/x.js'></script><img src='a.png'>"
        "<a href='gone.html'>x</a><a href='#nowhere'>y</a><style>b{background:url(https://e.org/i.png)}</style>"
    )
    (tmp_path / "other.html").write_text("<h1>A</h1>")
    (tmp_path / "sheet.css").write_text("@import url('//fonts.example/f.css');")
    found = " | ".join(check.check(tmp_path))
    for problem in (
        "remote script",
        "without alt",
        "dead link gone.html",
        "dead anchor #nowhere",
        "remote style",
        "2 headings",
    ):
        assert problem in found
    assert "also stands on" in found and "sheet.css: remote //fonts" in found


# Claims --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "figure, relation, verdict",
    [(10, "at least", "reproduced"), (9.5, "at least", "partly"), (8, "at least", "not reproduced"),
     (10.5, "at most", "partly"), (10.05, "about", "reproduced"), (12, "about", "not reproduced")],
)  # fmt: skip
def test_verdict_follows_from_figure_criterion_and_tolerances(figure, relation, verdict):
    assert claims.judge(figure, relation, threshold=10, tolerance=0.1, wide=1) == verdict


def test_claims_are_judged_by_recorded_values_and_an_unknown_value_is_an_error():
    values = json.loads((ROOT / "book" / "results" / "values.json").read_text())
    table = claims.claims(values).set_index("claim")
    assert table.loc["p1-growth", "verdict"] == "reproduced"
    assert table.loc["p1-imports-structure", "verdict"] == "not reproduced"
    assert table.loc["s-machinery", "verdict"] == "not reproduced"
    assert table.loc["s-siberia-share", "verdict"] == "not testable"
    changed = values | {"base": values["base"] | {"turnover_growth": 1.0}}
    assert claims.claims(changed).set_index("claim").loc["p1-growth", "verdict"] == "not reproduced"
    del changed["base"]["turnover_growth"]
    with pytest.raises(InputError, match="no page of scenario 'base' records 'turnover_growth'"):
        claims.claims(changed)
