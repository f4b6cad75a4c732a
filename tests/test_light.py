"""What is left out of a built book: rules and scripts that nothing uses, and nothing else."""

import shutil

import pytest
from bs4 import BeautifulSoup

from rutrade.publish import light

SHEET = """/* a { } */@charset "utf-8";
.used{color:red}.gone{color:blue}a.used .gone,p .used:hover{x:y}
.used:not(.gone){a:b}:is(.gone,.used) b{c:d}.gone\\:x{e:f}h1{content:"}{"}
@media print{.gone{a:b}.used{c:d}}@media (x){.gone{a:b}}@keyframes k{0%{a:b}}@font-face{src:url(a;b)}
[class*=".gone"]{g:h}b{}"""


def test_rules_for_classes_that_nothing_has_go_and_all_others_stay():
    assert light.pruned(SHEET, {"used"}) == (
        '@charset "utf-8";.used{color:red}p .used:hover{x:y}.used:not(.gone){a:b}:is(.gone,.used) b{c:d}'
        '.gone\\:x{e:f}h1{content:"}{"}@media print{.used{c:d}}@keyframes k{0%{a:b}}@font-face{src:url(a;b)}'
        '[class*=".gone"]{g:h}'
    )
    assert light.pruned(light.pruned(SHEET, {"used"}), {"used"}) == light.pruned(SHEET, {"used"})


def test_a_sheet_keeps_all_when_all_is_used():
    kept = light.pruned(SHEET, {"used", "gone"})
    assert (
        ".gone{color:blue}" in kept and "a.used .gone,p .used:hover{x:y}" in kept and "@media (x){.gone{a:b}}" in kept
    )


def test_classes_are_those_of_pages_and_of_scripts(tmp_path):
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static" / "a.js").write_text("e.classList.add('made-by-script')", encoding="utf-8")
    found = light.words({tmp_path / "a.html": '<p class="one two">prose</p>'}, tmp_path)
    assert {"one", "two", "made-by-script"} <= found and "prose" not in found


@pytest.mark.parametrize(("page", "body", "left"), [
    ("book/a", "<p>no formula</p>", ["a.js"]),
    ("book/b", '<div class="math">x</div>', ["a.js", "mathjax"]),
    ("search", "", ["a.js", "mathjax", "searchtools", "searchindex"]),
])  # fmt: skip
def test_a_page_loads_the_scripts_it_needs_and_none_holds_its_text_back(page, body, left, tmp_path):
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static" / "documentation_options.js").write_text("const OPTIONS = {};\n", encoding="utf-8")
    names = ("documentation_options.js", "a.js", "mathjax.js", "_static/searchtools.js?v=1", "searchindex.js")
    text = "".join(f'<script src="{name}"></script>' for name in names)
    soup = BeautifulSoup(f"{text}<script>inline()</script><article>{body}</article>", "html.parser")
    light.scripts(soup, page, tmp_path)
    scripts = soup.find_all("script", src=True)
    assert len(scripts) == len(left) and all(any(part in s["src"] for s in scripts) for part in left)
    late = [script["src"] for script in scripts if script.has_attr("defer")]
    assert late == ([] if page == "search" else [s["src"] for s in scripts])
    inline = soup.find_all("script", src=False)
    assert [script.text for script in inline] == ["const OPTIONS = {};", "inline()"]
    assert not any(script.has_attr("defer") for script in inline)


def test_the_sheets_of_a_page_become_one_in_their_order_with_addresses_that_hold(tmp_path):
    (tmp_path / "_static" / "styles").mkdir(parents=True)
    sheets = {"styles/first.css": "a{b:url(../x.png)}", "second.css": "b{c:url(y.png)}p{q:url(data:z)}"}
    for name, text in sheets.items():
        (tmp_path / "_static" / name).write_text(text, encoding="utf-8")
    texts = {}
    for path in (tmp_path / "index.html", tmp_path / "book" / "deep" / "a.html"):
        up = "../" * len(path.relative_to(tmp_path).parts[1:])
        links = "".join(f'<link rel="stylesheet" href="{up}_static/{name}?v=1">' for name in sheets)
        soup = BeautifulSoup(f'{links}<link rel="stylesheet" href="own.css">', "html.parser")
        light.one_sheet(soup, path, tmp_path)
        texts[path] = [link["href"] for link in soup.find_all("link")]
    light.sheets(tmp_path, set())
    assert list(texts.values()) == [
        ["_static/styles/book.css", "own.css"], ["../../_static/styles/book.css", "own.css"]
    ]  # fmt: skip
    joined = (tmp_path / "_static" / "styles" / "book.css").read_text(encoding="utf-8")
    assert joined == "a{b:url(../x.png)}\nb{c:url(../y.png)}p{q:url(data:z)}"
    assert not (tmp_path / "_static" / "styles" / "order.txt").exists()


def test_a_font_of_icons_keeps_the_signs_that_a_sheet_names_and_print_keeps_its_own_rules(tmp_path):
    from fontTools.ttLib import TTFont
    from matplotlib import get_data_path

    fonts = tmp_path / "_static" / "vendor" / "fonts"
    fonts.mkdir(parents=True)
    for ending in ("ttf", "woff2"):
        shutil.copy(f"{get_data_path()}/fonts/ttf/DejaVuSans.ttf", fonts / f"icons.{ending}")
    sheet = '@font-face{src:url(vendor/fonts/icons.woff2) format("woff2"),url(vendor/fonts/icons.ttf)}'
    sheet += '.used:before{content:"\\f6c5"}.gone:before{content:"\\f6c6"}'
    (tmp_path / "_static" / "a.css").write_text(sheet, encoding="utf-8")
    (tmp_path / "_static" / "print.css").write_text(".cover{a:b}", encoding="utf-8")
    for _ in range(2):
        light.sheets(tmp_path, {"used"})
        assert set(TTFont(fonts / "icons.ttf").getBestCmap()) == {0xF6C5, ord(" ")}
        text = (tmp_path / "_static" / "a.css").read_text(encoding="utf-8")
        assert text == '@font-face{src:url(vendor/fonts/icons.ttf)}.used:before{content:"\\f6c5"}'
    assert not (fonts / "icons.woff2").exists()
    assert (tmp_path / "_static" / "print.css").read_text(encoding="utf-8") == ".cover{a:b}"
