"""Terms and citations are explained where they first stand, and only in prose."""

import pytest
from bs4 import BeautifulSoup

from rutrade import files
from rutrade.publish import glossary

PAGE = """<article class="bd-article"><h1>The multiplier</h1><p><code>turnover</code> and <a href="x">turnover</a></p>
<p>A <em>shadow
price</em> moves; shadow prices and the Multiplier, not the multiplierless. SKIF buys. Turnover grew.</p>
<ul><li>Turnover again <p>and a backtest</p></li></ul><table><tr><td><p>elasticity</p></td></tr></table>
<p>As in Novikova [<a class="reference internal" href="../references.html#id2" title="Novikova. Title.">2025</a>].</p>
</article>"""


@pytest.fixture
def soup():
    found = BeautifulSoup(PAGE, "html.parser")
    glossary.explain(found, "book/results/base/01_trade")
    return found


def test_every_row_of_the_glossary_is_a_term_of_its_own():
    text = (files.root() / "book" / "glossary.md").read_text(encoding="utf-8")
    terms = glossary.terms()
    assert len(terms) == text.count("\n| **") >= 50
    assert len({term.anchor for term in terms}) == len(terms)
    names = [name for term in terms for name in term.names]
    assert len(set(names)) == len(names) and {"SKIF", "OMMM", "multiplier"} <= set(names)


def test_a_term_is_linked_where_it_first_stands_in_prose(soup):
    found = {" ".join(link.text.split()): link["href"] for link in soup.select("a.term")}
    assert found == {
        f"{word}": f"../../glossary.html#{anchor}"
        for word, anchor in (
            ("shadow price", "term-shadow-price"), ("Multiplier", "term-multiplier"), ("SKIF", "term-synchrotron-skif"),
            ("Turnover", "term-turnover"), ("backtest", "term-backtest"),
        )
    }  # fmt: skip
    assert soup.h1.find("a") is None and soup.code.find("a") is None and soup.td.find("a") is None
    assert soup.find("a", href="x").text == "turnover"


def test_nothing_else_of_the_text_changes(soup):
    for tip in soup.select(".tip-text"):
        tip.decompose()
    assert soup.get_text() == BeautifulSoup(PAGE, "html.parser").get_text()


def test_what_a_link_means_stands_beside_it_under_the_name_it_gives(soup):
    links = soup.select("a[aria-describedby]")
    assert len(links) == 6
    for link in links:
        tip = link.find_next_sibling()
        assert tip["id"] == link["aria-describedby"] and tip["role"] == "tooltip"
    told = soup.find(id="tip-term-multiplier").text
    assert told.startswith("multiplier: turnover that suppliers win")
    cited = soup.select_one("a.reference")
    assert "title" not in cited.attrs and soup.find(id=cited["aria-describedby"]).text == "Novikova. Title."


def test_a_second_call_changes_nothing_and_pages_of_no_prose_keep_their_words(soup):
    once = str(soup)
    glossary.explain(soup, "book/results/base/01_trade")
    assert str(soup) == once
    other = BeautifulSoup(PAGE, "html.parser")
    glossary.explain(other, "book/api/chain")
    assert not other.select("a.term") and other.select("a.reference[aria-describedby]")


def test_rows_of_the_glossary_have_the_names_that_links_lead_to():
    rows = "".join(
        f"<tr><td><strong>{', '.join(t.names[:1])}</strong><br>{t.meaning}</td></tr>" for t in glossary.terms()
    )
    soup = BeautifulSoup(f'<div class="glossary"><table><tbody>{rows}</tbody></table></div>', "html.parser")
    glossary.explain(soup, "book/glossary")
    assert [row.get("id") for row in soup.select("tr")] == [term.anchor for term in glossary.terms()]
