"""The whole book as one PDF: no half-made file, no dead link, every link leads somewhere."""

import shutil

import pytest

from rutrade import InputError, RunError
from rutrade.publish import build, pdf


def test_a_browser_that_fails_is_an_error_and_leaves_no_half_made_file_and_no_dead_link(small_book, tmp_path):
    program = shutil.which("false")
    with pytest.raises(RunError, match="Chromium could not print"):
        pdf.write(small_book, ["page"], program)
    assert not (small_book / "book.pdf").exists() and not (small_book / "_joined.html").exists()
    assert "book.pdf" not in (small_book / "page.html").read_text(encoding="utf-8")


def test_a_pdf_demanded_without_chromium_is_one_sentence_before_any_work(monkeypatch):
    monkeypatch.setattr(pdf, "chromium", lambda: None)
    monkeypatch.setattr(build, "execute_all", lambda *_: pytest.fail("work was begun"))
    with pytest.raises(InputError, match="the PDF needs Chromium or Chrome"):
        build.build(print_pdf=True)


def test_links_inside_the_joined_book_lead_to_chapters_and_files_become_names(small_book):
    (small_book / "two").mkdir()
    other = '<html><head><title>U — Book</title></head><body><article class="bd-article"><h1 id="u">Two</h1>'
    other += '<details><summary>Cell 1</summary><div class="highlight"><pre>x = <b>1</b></pre></div></details>'
    other += '<a href="../page.html#on-paper">one</a> <a href="../page.html">all</a> <a download="d" href="d.csv">x</a>'
    (small_book / "two" / "b.html").write_text(other + "</article></body></html>", encoding="utf-8")
    text = pdf._join(small_book, ["page", "two/b"])
    assert 'href="#page"' in text and 'href="#page--on-paper"' in text and 'id="two-b--u"' in text
    assert "Data: two/d.csv" in text and "d.csv</a>" not in text
    assert "no PDF" not in text
    assert "<p>Cell 1</p>" in text and "x = " not in text


def test_paper_holds_what_can_be_read_on_it(small_book):
    (small_book / "two.html").write_text(
        '<html><head><title>U — Book</title></head><body><article class="bd-article"><h1 id="u">Two</h1>'
        '<details class="parameters"><table><tbody><tr><td>rate</td><td><code>rate</code></td></tr></tbody></table>'
        '</details><figure><svg class="wide" viewBox="0 0 9 9"><g clip-path="url(#c)"><clipPath id="c"></clipPath></g>'
        '<circle class="tip"></circle></svg><svg class="narrow"></svg></figure><table><tr class="more"><td>13</td></tr>'
        "</table></article></body></html>",
        encoding="utf-8",
    )
    text = pdf._join(small_book, ["page", "two", "two"])
    assert 'clip-path="url(#two--c)"' in text and 'id="two--c"' in text
    assert "narrow" not in text and 'class="tip"' not in text and ">13<" not in text
    assert text.count("<code>rate</code>") == 1 and 'href="#parameters"' in text
    assert text.count('<span class="page"></span>') == 3  # two pages and the parameters


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("book/index", True),
        ("book/results/base/04_project", True),
        ("book/results/projections", True),
        ("book/results/claims", True),
        ("book/results/data", False),
        ("book/explorer", False),
        ("book/results/data-trade", False),
        ("book/results/ri/08_projections_2030", False),
        ("book/api/chain", False),
    ],
)
def test_pages_for_machines_and_repetitions_are_left_to_the_screen(name, kept):
    assert bool(pdf._ONLINE.fullmatch(name)) is not kept


def test_reading_order_is_that_of_the_table_of_contents():
    toc = {"root": "book/index", "parts": [{"chapters": [{"file": "b.md"}, {"file": "c/d.ipynb"}]}]}
    assert list(pdf.reading_order(toc)) == ["book/index", "b", "c/d"]
