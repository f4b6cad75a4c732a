"""The reference: every public name is documented, says its equation, unit and errors, and stands in the built book."""

import ast
import csv
import importlib.util
import io
import json
import re
import tokenize
from urllib.parse import unquote

import nbformat
import pytest
from bs4 import BeautifulSoup

from rutrade import data, files, scenarios
from rutrade.publish import names, pages, provenance, runs, sphinx

ROOT = files.root()
PACKAGE = ROOT / "rutrade"
# Every module by its name without `rutrade.`; a package is its __init__.
MODULES = {
    ".".join(p.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): p
    for p in sorted(PACKAGE.rglob("*.py"))
}
MODELS = ("structure", "project", "economy.regional", "economy", "trade", "chain", "plan")
NUMBER = re.compile(r"\(((?:\d|R)\.\d+[ab]?'*)\)(?:-\((?:\d|R)\.(\d+)\))?")


def _public(module: str):
    """Public functions and classes of a module, and public methods and properties of its public classes."""
    for node in ast.parse(MODULES[module].read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name, node
            for member in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(member, ast.FunctionDef) and not member.name.startswith("_"):
                    yield f"{node.name}.{member.name}", member


def _numbers(text: str, known) -> set[str]:
    """Equation numbers in a text, ranges spelled out."""
    found = set()
    for first, last in NUMBER.findall(text):
        model, start = re.fullmatch(r"(\d|R)\.(\d+)[ab]?'*", first).groups()
        for i in range(int(start), int(last) + 1) if last else ():
            found |= {n for n in known if re.fullmatch(rf"{model}\.{i}[ab]?", n)}
        found |= set() if last else {first}
    return found


def _inside(name: str) -> list[str]:
    """A module, and all modules of a package."""
    return [m for m in MODULES if m == name or m.startswith(f"{name}.")]


def _words(module: str) -> str:
    """All docstrings and comments of a module, without its code."""
    text = MODULES[module].read_text(encoding="utf-8")
    nodes = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef | ast.ClassDef | ast.Module)]
    comments = [t.string for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type == tokenize.COMMENT]
    return "\n".join([ast.get_docstring(n) or "" for n in nodes] + comments)


@pytest.fixture(scope="module")
def apidoc():
    """The Sphinx extension of the API pages."""
    spec = importlib.util.spec_from_file_location("apidoc", ROOT / "book" / "api" / "apidoc.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_is_documented(module):
    assert ast.get_docstring(ast.parse(MODULES[module].read_text(encoding="utf-8")))
    short = [name for name, node in _public(module) if len(ast.get_docstring(node) or "") < 20]
    assert not short


@pytest.mark.parametrize("module", [m for m in MODULES if m != "cli"])
def test_a_function_that_refuses_input_says_so(module):
    silent = []
    for name, node in _public(module):
        raised = [n.exc.func for n in ast.walk(node) if isinstance(n, ast.Raise) and isinstance(n.exc, ast.Call)]
        errors = {f.id for f in raised if isinstance(f, ast.Name)} & {"InputError", "RunError", "unknown"}
        text = ast.get_docstring(node) or ""
        if isinstance(node, ast.FunctionDef) and errors and not re.search(r"Raises?|InputError|refused", text):
            silent.append(name)
    assert not silent


@pytest.mark.parametrize("module", MODELS)
def test_a_model_states_its_units(module):
    unit = r"bn RUB|bn USD|[Ff]ractions? of one"
    texts = [ast.get_docstring(ast.parse(MODULES[m].read_text(encoding="utf-8"))) for m in _inside(module)]
    assert any(re.search(unit, text) for text in texts)


def test_the_method_pages_and_the_code_have_the_same_equations(apidoc):
    stated = set(apidoc.equations())
    assert {"0.3", "1.1", "2.2a", "2.6", "2.2''", "2.12'", "3.7", "3.9", "4.2", "R.6"} <= stated
    on_pages = set()
    for model, page in [*apidoc.METHODS.items(), ("3", "world")]:
        text = (apidoc.FOLDER / f"{page}.md").read_text(encoding="utf-8")
        on_pages |= {n for n in _numbers(text, stated) if n.startswith(model)}
    assert on_pages <= stated, "a method page names an equation that no page states"
    in_code = {module: _numbers(_words(module), stated) for module in MODULES}
    homes = {"0": "structure", "1": "project", "2": "economy", "3": "trade", "4": "chain", "5": "plan", "R": "economy"}
    named = {model: set().union(*(in_code[m] for m in _inside(home))) for model, home in homes.items()}
    named["4"] |= in_code["sensitivity"]
    missing = {n for n in stated if n not in named[n[0]]}
    assert not missing, "equations of the method pages that the module does not name"
    assert set().union(*in_code.values()) <= stated, "numbers in the code that no method page states"


def test_a_function_that_a_method_page_names_for_an_equation_cites_it(apidoc):
    homes, pairs = {"structure": "structure", "project": "project", "trade": "trade"}, 0
    for page, module in homes.items():
        functions = ((f"{inner}.{name}", node) for inner in _inside(module) for name, node in _public(inner))
        documented = {name: ast.get_docstring(node) or "" for name, node in functions}
        text = (apidoc.FOLDER / f"{page}.md").read_text(encoding="utf-8")
        for row in re.findall(r"^\|(.+)\|$", text, flags=re.M):
            for name in re.findall(r"`([\w.]+)", row):
                full = [n for n in documented if n.endswith(f".{name}")]
                if full and (number := _numbers(row, apidoc.equations())):
                    cited = set().union(*(_numbers(documented[n], apidoc.equations()) for n in full))
                    assert number & cited, f"{full} implements {number} and does not say so"
                    pairs += 1
    assert pairs >= 20


def test_docstrings_are_rewritten_without_loss(apidoc):
    line = apidoc.prose("L = 0.5 * sum_g |s_g(t)| (0.3) and `Paths.at`, group_ of (1.0)")
    assert line == (
        r"L = 0.5 \* sum\_g \|s\_g(t)\| :doc:`(0.3) </book/methods/structure>` and ``Paths.at``, group\_ of "
        ":doc:`(1.0) </book/methods/project>`"
    )
    assert apidoc.prose("investment by (2.9')") == "investment by :doc:`(2.9') </book/methods/economy>`"
    assert apidoc.cited("(2.2'), (2.2'')", dict.fromkeys(("2.2", "2.2'", "2.2''"), "")) == ["2.2'", "2.2''"]
    assert apidoc.cited("(1.2)-(1.4), (2.2a)", {f"1.{i}": "" for i in range(1, 8)} | {"2.2a": ""}) == [
        "1.2", "1.3", "1.4", "2.2a",
    ]  # fmt: skip
    assert apidoc.markdown("use $x^r$, by {cite:p}`miller2009` the key") == r"use :math:`x^r`\ , by the key"


# The built book ------------------------------------------------------------------------------------------------------


def test_every_public_name_stands_in_the_reference(html):
    ids = set()
    for page in (html / "book" / "api").glob("*.html"):
        ids |= set(re.findall(r'id="(rutrade\.[\w.]+)"', page.read_text(encoding="utf-8")))
    missing = [f"rutrade.{m}.{name}" for m in MODULES if m not in ("cli", "__init__") for name, _ in _public(m)]
    missing += [f"rutrade.{name}" for name, _ in _public("__init__")]
    assert not set(missing) - ids
    commands = {name for name, _ in _public("cli")} - {"main"}
    page = BeautifulSoup((html / "book" / "api" / "book.html").read_text(encoding="utf-8"), "html.parser").get_text()
    for command in commands:
        first, _, second = command.rstrip("_").partition("_")
        assert f"rutrade {first}" in page and (not second or second in page), command


def test_the_reference_shows_equations_typeset(html):
    page = (html / "book" / "api" / "structure.html").read_text(encoding="utf-8")
    assert r"\frac12 \sum_g \lvert s_g(t) - s_g(u)\rvert" in page
    assert 'href="../methods/structure.html"' in page


def test_no_substitution_or_role_is_left_unread(html):
    for page in html.glob("book/**/*.html"):
        soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
        for code in soup.find_all(["pre", "script", "style"]):
            code.decompose()
        text = soup.get_text()
        assert "{{" not in text and ":math:" not in text and ":doc:" not in text, page
        assert not soup.find_all(class_="system-message"), page


def test_every_figure_leads_to_its_cell_tables_and_sources(html):
    index = BeautifulSoup((html / "book" / "results" / "figures.html").read_text(encoding="utf-8"), "html.parser")
    entries, data_ids = {t["id"] for t in index.find_all(id=True)}, set()
    for path in (html / "book" / "results").glob("data*.html"):
        sheet = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        data_ids |= {tag["id"] for tag in sheet.find_all(id=True)}
    links = 0
    for run in runs.published():
        path = (html / run.target.relative_to(ROOT)).with_suffix(".html")
        page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for source in page.select(".rt-views, p.source:not(figure *)"):
            check = source.find("a", class_="check")
            assert check and unquote(check["href"].split("#")[1]) in entries, source
            links += 1
    assert links >= 100
    assert "Cell ?" not in index.get_text()
    assert {f"table-{name}" for name in data.names()} <= data_ids
    assert {f"source-{key}" for key in data.sources().index} <= data_ids


def test_the_tables_a_chapter_read_are_recorded_and_shown(html):
    index = BeautifulSoup((html / "book" / "results" / "figures.html").read_text(encoding="utf-8"), "html.parser")
    read = {run: nbformat.read(run.target, as_version=4).metadata["rutrade"]["made_from"] for run in runs.published()}
    by_name = {run.notebook: made for run, made in read.items() if run.scenario == scenarios.BASE}
    assert "trade_structure" in by_name["01_trade_structure"]["table"]
    assert {"national_io_2016", "project_objects"} <= set(by_name["10_plan"]["table"])
    assert "rutrade.publish.sweeps" in by_name["11_scenarios"]["module"]
    assert "rutrade.chain" not in by_name["01_trade_structure"]["module"]
    for run, made in read.items():
        page = f"{run.scenario}/{run.notebook}.html"
        section = next(link for link in index.select("section a") if link.get("href", "") == page).find_parent(
            "section"
        )
        shown = {link["href"].split("table-")[1] for link in section.select("a[href*='html#table-']")}
        assert made["table"] and shown == set(made["table"]), run


# How to check a number -----------------------------------------------------------------------------------------------


def test_the_worked_example_closes(html):
    check = pages.traced()
    assert check["csv_percent"] == pytest.approx(check["row_percent"], rel=1e-9)
    with (ROOT / "data" / "trade_structure.csv").open(encoding="utf-8", newline="") as stream:
        row = list(csv.reader(stream))[check["line"] - 1]
    assert row[:5] == ["2023", "BACI", "RUS", "CHN", "27"] and float(row[5]) == check["value_musd"]
    page = (html / "book" / "check-a-number.html").read_text(encoding="utf-8")
    assert f"{check['value_musd']:,.2f} mn USD" in page and f"{check['row_percent']:.4f} %" in page


# Manifest ------------------------------------------------------------------------------------------------------------


def test_every_executed_page_says_how_it_was_made(html):
    lock = files.digest([ROOT / "requirements.txt"])[:16]
    for run in runs.published():
        path = (html / run.target.relative_to(ROOT)).with_suffix(".html")
        soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        table = soup.select_one("details.manifest table")
        rows = {r.th.get_text(): r.td.get_text() for r in table.find_all("tr")}
        assert rows["scenario"] == scenarios.title(run.scenario)
        told = [f"{names.plain(name)}: {value}" for name, value in dict(run.overrides).items()]
        assert rows["parameters changed"] == ("; ".join(told) or "none")
        assert re.fullmatch(r"\d+\.\d+\S*", rows["rutrade version"])
        made = nbformat.read(run.target, as_version=4).metadata["rutrade"]["made_from"]
        tables = provenance.tables(made["table"])
        assert rows["data sha256 (first 16)"] == files.digest([json.dumps(tables)])[:16]
        assert rows["lock sha256 (first 16)"] == lock
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", rows["executed"])
        assert float(rows["duration, s"]) > 0


# Three languages -----------------------------------------------------------------------------------------------------


def test_abstracts_tell_five_findings_in_three_languages_without_typed_numbers():
    text = (ROOT / "book" / "abstracts.md").read_text(encoding="utf-8")
    parts = re.findall(r'<div lang="([\w-]+)">(.*?)</div>', text, flags=re.S)
    assert [language for language, _ in parts] == ["en", "ru", "zh-Hans"]
    values = [sorted(set(re.findall(r"format\(([\w.]+)", part))) for _, part in parts]
    assert values[0] == values[1] == values[2], "the three abstracts tell different numbers"
    for language, part in parts:
        assert len(re.findall(r"^\d\. ", part, flags=re.M)) == 5
        assert not re.search(r"\d[\d.,]* ?(%|bn|млрд|亿)", re.sub(r"\{\{.*?\}\}", "", part)), language


def test_the_glossary_has_every_term_in_three_languages():
    rows = re.findall(
        r"^\| \*\*(.+?)\*\*<br>(.+?) \| (.+?) \| (.+?) \|$", (ROOT / "book" / "glossary.md").read_text(), re.M
    )
    assert len(rows) >= 40
    terms = [english for english, *_ in rows]
    assert terms == sorted(terms, key=str.lower) and len(set(terms)) == len(terms)
    for english, _, russian, chinese in rows:
        assert re.search("[а-яё]", russian) or english.startswith("RAS"), english
        assert re.search("[\u4e00-\u9fff]", chinese), english


# Claims --------------------------------------------------------------------------------------------------------------


def test_claims_page_counts_add_up_and_hold_without_the_script(html):
    soup = BeautifulSoup((html / "book" / "results" / "claims.html").read_text(encoding="utf-8"), "html.parser")
    tables = soup.select("article table")
    total = [int(cell.get_text()) for cell in tables[0].select("tbody tr")[-1].find_all("td")[1:]]
    rows = [row for table in tables[1:] for row in table.select("tbody tr")]
    assert sum(total) == len(rows) == len(data.load("claims"))
    assert not soup.select("tr[hidden]") and soup.select_one(".claims-filter").get_text() == ""
    assert set(data.load("claims")["scenario"].dropna()) <= set(scenarios.names())


def test_the_binder_environment_is_the_lock():
    requirements = (ROOT / "binder" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in requirements if not line.startswith("#")] == ["-r ../requirements.txt"]
    minor = re.search(r'requires-python = ">=3\.(\d+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"))[1]
    runtime = re.fullmatch(r"python-3\.(\d+)\n", (ROOT / "binder" / "runtime.txt").read_text(encoding="utf-8"))
    assert int(runtime[1]) >= int(minor)


@pytest.mark.parametrize(
    "origin",
    ["https://github.com/some-one/ru.trade.git", "git@github.com:some-one/ru.trade.git",
     "ssh://git@github.com/some-one/ru.trade", "https://token@github.com/some-one/ru.trade/"],
)  # fmt: skip
def test_launch_buttons_lead_to_the_stored_notebook_of_the_clones_own_origin(origin):
    links = sphinx.launch(origin, "main", "03_siberia")
    assert links == {
        "Binder": "https://mybinder.org/v2/gh/some-one/ru.trade/main?urlpath=lab/tree/notebooks/03_siberia.ipynb",
        "Colab": "https://colab.research.google.com/github/some-one/ru.trade/blob/main/notebooks/03_siberia.ipynb",
    }


@pytest.mark.parametrize(
    "origin", ["", "/srv/git/rutrade.git", "https://gitlab.com/a/b", "https://github.com.evil.org/a/b"]
)
def test_a_clone_from_elsewhere_has_no_launch_buttons(origin):
    assert sphinx.launch(origin, "main", "03_siberia") == {}
