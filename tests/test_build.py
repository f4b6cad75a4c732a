"""The built book: whole, offline, its numbers from results."""

import json
import re

from rutrade import files
from rutrade.publish import check, runs

ROOT = files.root()


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
