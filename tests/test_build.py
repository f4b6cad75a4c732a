"""The built book: whole, offline, its numbers from results."""

import json
import os
import re
import subprocess
import sys

import pytest
from bs4 import BeautifulSoup

from rutrade import InputError, files
from rutrade.publish import build, check, explorer, pages, runs

ROOT = files.root()


def test_the_book_builds_and_passes_its_own_checks(html):
    alts = pages.images()
    assert check.check(html, alts) == []
    assert sum(len(texts) for texts in alts.values()) >= 20
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
    findings = source[source.index("{admonition}") : source.index("## Start here")]
    assert not re.search(r"\d[\d.,]* ?(%|bn|mn)", re.sub(r"\{\{.*?\}\}", "", findings)), "a typed number"


def test_every_image_carries_the_alt_text_of_its_cell_and_no_path(html):
    images = 0
    for run in runs.published():
        page = (html / run.target.relative_to(ROOT)).with_suffix(".html")
        soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
        for image in soup.select("article svg.wide"):
            assert len(image.find("desc").text) >= 30 and ".svg" not in image.find("desc").text
            images += 1
    assert images >= 20


# One build at a time -------------------------------------------------------------------------------------------------


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """A compendium without anything in it."""
    monkeypatch.setattr(files, "root", lambda: tmp_path)
    return tmp_path


def test_a_second_build_says_who_holds_the_first_and_waits_for_nothing(empty, monkeypatch):
    monkeypatch.setattr(build, "_build", lambda *_, **__: pytest.fail("built in the other's folder"))
    with build.alone():
        who = rf"process {os.getpid()} since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d UTC"
        with pytest.raises(InputError, match=rf"^the book is being built by {who}: wait [^\n]+$"):
            build.build(print_pdf=False)
    with build.alone():
        pass


def test_a_killed_build_leaves_the_lock_free(empty):
    code = "import os, sys; from pathlib import Path; from rutrade import files; from rutrade.publish import build\n"
    code += f"files.root = lambda: Path({str(empty)!r})\nwith build.alone(): os.kill(os.getpid(), 9)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == -9
    assert (empty / "_build" / "building.txt").exists()
    with build.alone():
        assert str(os.getpid()) in (empty / "_build" / "building.txt").read_text()


def test_stored_runs_that_do_not_fit_stop_the_build_before_a_notebook_runs(empty, monkeypatch):
    def refuse():
        raise InputError("the explorer's stored runs no longer fit")

    monkeypatch.setattr(explorer, "data", refuse)
    monkeypatch.setattr(build, "execute_all", lambda *_: pytest.fail("work was begun"))
    with pytest.raises(InputError, match="no longer fit"):
        build.build(print_pdf=False)
