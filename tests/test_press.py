"""What is done to built pages: each mend is made, a second call changes nothing, no PDF leaves no dead link."""

import shutil

import pytest
from PIL import Image

from rutrade import InputError, RunError
from rutrade.publish import build, check, pdf, polish

PAGE = """<!DOCTYPE html><html lang="en"><head><title>T — Book</title><meta name="viewport" content="a">
<meta name="viewport" content="b"><script>const THEBE_JS_URL = "https://x"</script><script>var a = 1;</script>
<script>var a = 1;</script><script src="keep.js"></script></head><body><button id="pst-back-to-top">up</button>
<div id="pst-primary-sidebar">x</div><article class="bd-article"><section><h1>Title</h1><h2>Rows</h2>
<table><caption>All rows</caption><thead><tr><th></th><th>b</th></tr></thead>
<tbody><tr><td>r</td><td>2</td></tr></tbody></table>
<div class="math">x</div><i class="fa-solid fa-moon"></i><img src="a.png" alt="a"></section>
<section id="on-paper"><h2>On paper</h2><p>This copy of the book has no PDF: Chromium was missing when it was built.</p>
</section></article></body></html>"""


@pytest.fixture
def folder(tmp_path):
    """A built book of one page with the theme's icon script and sheets."""
    for name in ("_static/scripts", "_static/styles"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "_static/scripts/fontawesome.js").write_text(
        'x={moon:[1,2,[3,"m"],"f1","M1 2z"],"sun-cloud":[1,2,[],"f2","M3z"],sun:[1,2,[],"f2",["M3","M4"]]}'
    )
    (tmp_path / "_static/styles/theme.css").write_text('@import "../basic.css";\nb{}')
    (tmp_path / "_static/basic.css").write_text("a{background:url(file.png)}")
    (tmp_path / "page.html").write_text(PAGE, encoding="utf-8")
    Image.new("RGB", (7, 5)).save(tmp_path / "a.png")
    return tmp_path


def test_every_mend_is_made_once(folder):
    polish.polish(folder)
    text = (folder / "page.html").read_text(encoding="utf-8")
    assert 'loading="lazy"' in text and 'width="7"' in text and 'height="5"' in text
    assert '<a class="enlarge" href="a.png" title="Open the figure alone"><img' in text
    assert '<caption><span class="stays">All rows</span></caption>' in text
    assert "THEBE" not in text and text.count("var a = 1;") == 1 and "keep.js" in text
    assert text.count("viewport") == 1
    assert '<div aria-label="Table 1: Rows" class="table-scroll" role="region" tabindex="0"><table>' in text
    assert '<td></td><th scope="col">b</th>' in text
    assert '<div class="math" tabindex="0">' in text
    assert 'role="complementary"' in text and '<nav aria-label="Back to top"><button' in text
    assert (folder / "_static/scripts/fontawesome.js").read_text() == 'x={moon:[1,2,[3,"m"],"f1","M1 2z"],}'
    sheet = (folder / "_static/styles/theme.css").read_text()
    assert sheet == "a{background:url(../file.png)}\nb{}"
    polish.polish(folder)
    assert (folder / "page.html").read_text(encoding="utf-8") == text
    assert (folder / "_static/styles/theme.css").read_text() == sheet


def test_a_page_that_only_leads_on_becomes_a_whole_page_with_a_link(folder):
    (folder / "index.html").write_text('<meta http-equiv="Refresh" content="0; url=page.html" />\n')
    polish.polish(folder)
    text = (folder / "index.html").read_text()
    assert text.startswith("<!DOCTYPE html>\n<html lang=") and 'url=page.html"' in text
    assert '<a href="page.html">' in text and "favicon" in text
    polish.polish(folder)
    assert (folder / "index.html").read_text() == text


def test_a_heavy_page_is_a_problem_unless_its_images_load_lazily(folder, monkeypatch):
    monkeypatch.setattr(press, "PAGE_LIMIT", 2000)
    (folder / "a.png").write_bytes(bytes(3000))
    assert any("load at once" in problem for problem in check.check(folder))
    polish.polish(folder)
    assert not any("load at once" in problem for problem in check.check(folder))


def test_a_browser_that_fails_is_an_error_and_leaves_no_half_made_file_and_no_dead_link(folder, tmp_path):
    program = shutil.which("false")
    with pytest.raises(RunError, match="Chromium could not print"):
        pdf.write(folder, ["page"], program)
    assert not (folder / "book.pdf").exists() and not (folder / "_joined.html").exists()
    assert "book.pdf" not in (folder / "page.html").read_text(encoding="utf-8")


def test_a_pdf_demanded_without_chromium_is_one_sentence_before_any_work(monkeypatch):
    monkeypatch.setattr(press, "chromium", lambda: None)
    monkeypatch.setattr(book, "execute_all", lambda *_: pytest.fail("work was begun"))
    with pytest.raises(InputError, match="the PDF needs Chromium or Chrome"):
        build.build(pdf=True)


def test_links_inside_the_joined_book_lead_to_chapters_and_files_become_names(folder):
    (folder / "two").mkdir()
    other = '<html><head><title>U — Book</title></head><body><article class="bd-article"><h1 id="u">Two</h1>'
    other += '<details><summary>Cell 1</summary><div class="highlight"><pre>x = <b>1</b></pre></div></details>'
    other += '<a href="../page.html#on-paper">one</a> <a href="../page.html">all</a> <a download="d" href="d.csv">x</a>'
    (folder / "two" / "b.html").write_text(other + "</article></body></html>", encoding="utf-8")
    text = pdf._join(folder, ["page", "two/b"])
    assert 'href="#page"' in text and 'href="#page--on-paper"' in text and 'id="two-b--u"' in text
    assert "Data: two/d.csv" in text and "d.csv</a>" not in text
    assert "no PDF" not in text
    assert "<p>Cell 1</p>" in text and "x = " not in text


def test_reading_order_is_that_of_the_table_of_contents():
    toc = {"root": "book/index", "parts": [{"chapters": [{"file": "b.md"}, {"file": "c/d.ipynb"}]}]}
    assert list(pdf.reading_order(toc)) == ["book/index", "b", "c/d"]
