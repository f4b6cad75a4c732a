"""What is done to built pages: each mend is made, a second call changes nothing."""

import re

import pytest

from rutrade.publish import check, polish


def test_every_mend_is_made_once(small_book):
    polish.polish(small_book)
    text = (small_book / "page.html").read_text(encoding="utf-8")
    assert 'loading="lazy"' in text and 'width="7"' in text and 'height="5"' in text
    assert '<a class="enlarge" href="a.png" title="Open the figure alone"><img' in text
    assert '<caption><span class="stays">All rows</span></caption>' in text
    assert "THEBE" not in text and text.count("var a = 1;") == 1 and "keep.js" in text
    assert text.count("viewport") == 1
    assert '<div aria-label="Table 1: Rows" class="table-scroll" role="region" tabindex="0"><table>' in text
    assert '<td></td><th scope="col">b</th>' in text
    assert '<div class="math" tabindex="0">' in text
    assert 'role="complementary"' in text and '<nav aria-label="Back to top"><button' in text
    assert (small_book / "_static/scripts/fontawesome.js").read_text() == 'x={moon:[1,2,[3,"m"],"f1","M1 2z"],}'
    sheet = (small_book / "_static/styles/theme.css").read_text()
    assert sheet == "a{background:url(../file.png)}", "a rule that says nothing goes"
    polish.polish(small_book)
    assert (small_book / "page.html").read_text(encoding="utf-8") == text
    assert (small_book / "_static/styles/theme.css").read_text() == sheet


def test_a_page_that_only_leads_on_becomes_a_whole_page_with_a_link(small_book):
    (small_book / "index.html").write_text('<meta http-equiv="Refresh" content="0; url=page.html" />\n')
    polish.polish(small_book)
    text = (small_book / "index.html").read_text()
    assert text.startswith("<!DOCTYPE html>\n<html lang=") and 'url=page.html"' in text
    assert '<a href="page.html">' in text and "favicon" in text
    polish.polish(small_book)
    assert (small_book / "index.html").read_text() == text


def test_a_heavy_page_is_a_problem_unless_its_images_load_lazily(small_book, monkeypatch):
    monkeypatch.setattr(check, "PAGE_LIMIT", 2000)
    (small_book / "a.png").write_bytes(bytes(3000))
    assert any("load at once" in problem for problem in check.check(small_book))
    polish.polish(small_book)
    assert not any("load at once" in problem for problem in check.check(small_book))


def test_a_folded_part_is_named_by_what_it_holds(small_book):
    path = small_book / "page.html"
    words = '<p class="collapsed">Show</p><p class="expanded">Hide</p>'
    box = f'<details class="hide"><summary aria-label="Toggle hidden content">{words}</summary>BODY</details>'
    figure = '<figure><p class="rt-title">Fuels &amp; <em>wood</em> fell</p></figure>'
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("</article>", box.replace("BODY", figure) + box + "</article>"), encoding="utf-8")
    polish.polish(small_book)
    named, other = re.findall(r"<details class=\"hide\">(.*?)</summary>", path.read_text(encoding="utf-8"))
    assert 'aria-label="More: Fuels &amp; wood fell"' in named
    assert ">More: Fuels &amp; wood fell<" in named and ">Less: Fuels &amp; wood fell<" in named
    assert ">Show<" in other and ">Hide<" in other


@pytest.mark.parametrize(("code", "swipe", "name"), [("ru", "Листайте", "Таблица 2: "), ("zh-Hans", "滑动", "表2：")])
def test_a_wide_table_of_a_translated_page_is_not_framed_in_english(small_book, code, swipe, name):
    path = small_book / "page.html"
    mark = f'<span class="page-language" data-lang="{code}"></span>'
    wide = f"<table><tr>{'<td>1</td>' * 5}</tr></table>"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("</article>", mark + wide + "</article>"), encoding="utf-8")
    for _ in range(2):
        polish.polish(small_book)
        polished = path.read_text(encoding="utf-8")
        assert swipe in polished and "Swipe" not in polished
        assert polished.count(f'aria-label="{name}') == 1 and 'aria-label="Table' not in polished
