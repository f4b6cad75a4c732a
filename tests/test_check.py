"""The checks of a built book find what they are for."""

from rutrade.publish import check


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
