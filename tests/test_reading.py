"""What a chapter says of itself: its time, its citation, its language."""

import pytest
from bs4 import BeautifulSoup

from rutrade import __version__
from rutrade.publish import reading

WORDS = "<p>" + "word " * 440 + "</p>"


def page(body: str) -> BeautifulSoup:
    head = '<h1>7. The model<a class="headerlink" href="#x">#</a></h1>'
    return BeautifulSoup(f'<article class="bd-article"><section>{head}{body}</section></article>', "html.parser")


def minutes(body: str) -> tuple[float, int]:
    time, shown = reading.seconds(page(body).article)
    return time / 60, shown


def test_words_of_prose_and_figures_take_time_and_nothing_else_does():
    aside = "<pre>" + "code " * 999 + "</pre><details><p>" + "more " * 999 + "</p></details>"
    plain, _ = minutes(WORDS)
    assert plain == pytest.approx(2, abs=0.05)
    assert minutes(WORDS + aside)[0] == pytest.approx(plain)
    figure = '<figure class="rt-figure"><p>title</p><div class="table-scroll">x</div></figure>'
    table = '<div class="table-scroll"><table><tr><td>1</td></tr></table></div>'
    time, shown = minutes(WORDS + figure + table)
    assert shown == 2 and time == pytest.approx(plain + 2 * reading.FIGURE_SECONDS / 60)


def test_of_tabs_only_the_open_one_is_read():
    tab = '<input type="radio" {}><label>t</label><div class="sd-tab-content">' + WORDS + "</div>"
    tabs = f'<div class="sd-tab-set">{tab.format("")}{tab.format("checked")}{tab.format("")}</div>'
    assert minutes(tabs)[0] == pytest.approx(minutes(WORDS)[0], abs=0.02)


def test_a_chapter_names_its_time_and_its_citation_once():
    soup = page(WORDS)
    reading.describe(soup, "book/results/base/07_trade_model")
    about = soup.select_one("h1 + .rt-about")
    assert about.get_text() == "About 2 minutes to read, 0 figures and tables. Cite this page"
    box = soup.find(id=about.a["href"].removeprefix("#"))
    assert box.p.get_text() == (
        "The rutrade developers (2026). 7. The model. In Russia-China trade and research infrastructure: a reproduction"
        f" (version {__version__})."
    )
    once = str(soup)
    reading.describe(soup, "book/results/base/07_trade_model")
    assert str(soup) == once


def test_other_pages_say_nothing_and_one_in_another_language_is_marked():
    soup = page(WORDS + '<span data-lang="ru"></span>')
    reading.describe(soup, "book/results/ru")
    assert soup.article["lang"] == "ru" and not soup.select(".rt-about, .cite-page")
