"""The checks of a built book find what they are for."""

import pytest

from rutrade import data
from rutrade.publish import check

# Codes that a reader would meet as such; RUB is money, too.
SECTORS = set(data.load("sectors")["sector"]) - {"RUB", "FIN"}  # FIN is Finland, too
REGIONS = set(data.load("regions")["region"])


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


@pytest.mark.parametrize(
    "alt, problem",
    [
        ("../_images/0a1b.png", "alt text names a file"),
        ("The figure of book/results/base/01, large and wide", "alt text names a file"),
        ("Bars of a.svg with thirty signs and more", "alt text names a file"),
        ("Bars that rise.", "alt text of 15 signs, at least 30"),
        ("Bars that fall from left to right, slowly", "is not what the cell gave: 'Bars that rise"),
    ],
)
def test_an_alt_text_is_a_description_and_the_one_that_the_cell_gave(tmp_path, alt, problem):
    given = {"page": ["Bars that rise from left to right, and/or stay"]}
    write = (tmp_path / "page.html").write_text
    write(f"<h1>A</h1><img src='a.png' alt='{given['page'][0]}'>")
    assert check.check(tmp_path, given) == []
    write(f"<h1>A</h1><img src='a.png' alt='{alt}'>")
    assert problem in " | ".join(check.check(tmp_path, given))
    write("<h1>A</h1>")
    assert check.check(tmp_path, given) == ["page.html: 0 images, its cells made 1"]


@pytest.mark.parametrize(
    "text",
    [
        "the rail_capacity",
        "a share of <NA>",
        "it moves by -0.0",
        "by \u22120.00",
        "by \u22120,0 %",
        "by \u22120, then",
        "in AGR",
        "of SibFD",
        "NaN",
    ],
)
def test_a_code_in_the_text_of_a_page_is_found_and_one_in_code_is_not(tmp_path, text):
    (tmp_path / "book").mkdir()
    page = tmp_path / "book" / "page.html"
    text = text.replace("<", "&lt;")
    page.write_text(f"<article class='bd-article'><h1>A</h1><p>{text}</p></article>")
    assert list(check.codes(tmp_path, SECTORS | REGIONS)) == ["book/page.html"]
    page.write_text(
        f"<article class='bd-article'><h1>A</h1><p>bn RUB, \u22120.05 or \u22120,0086</p><code>{text}</code></article>"
    )
    assert check.codes(tmp_path, SECTORS | REGIONS) == {}


def test_no_page_of_the_book_shows_a_code(html):
    assert check.codes(html, SECTORS | REGIONS) == {}
