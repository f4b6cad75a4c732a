"""What a chapter says of itself: how long it takes to read, how to cite it, in which language it is."""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from rutrade import __version__, files

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_CHAPTER = re.compile(r"book/results/(base/.+|projections)")
WORDS, FIGURE_SECONDS = 220, 20  # words a minute of prose, seconds for a figure or table
_NO_PROSE = (
    "pre, code, table, figure, details, svg, script, style, .math, .tip-text, .headerlink, .rt-about, .swipe, p.source"
)


def seconds(article: "Tag") -> tuple[float, int]:
    """How long a page takes and how many figures and tables it shows, of its tabs the one that is open."""
    from copy import copy

    article = copy(article)
    for tabs in article.select(".sd-tab-set"):
        # A tab is an input, its label and its content.
        for box in tabs.find_all("input", recursive=False):
            content = box.find_next_sibling(class_="sd-tab-content")
            if content and not box.has_attr("checked"):
                content.decompose()
    shown = len(article.select("figure.rt-figure, .table-scroll:not(details *, figure *)"))
    for tag in article.select(_NO_PROSE):
        tag.decompose()
    words = len(re.findall(r"\w[\w'’-]*", article.get_text(" ")))
    return 60 * words / WORDS + FIGURE_SECONDS * shown, shown


@lru_cache
def _book() -> tuple[str, str, str]:
    """Title, author and year of the book."""
    import yaml

    about = yaml.safe_load((files.root() / "_config.yml").read_text(encoding="utf-8"))
    return about["title"], about["author"], str(about["copyright"])


def describe(soup: "BeautifulSoup", page: str) -> None:
    """Put the reading time under a chapter's title and a citation at its end; a second call changes nothing.

    page: its name from the book's root, without suffix. A page that says in which language it is has its article marked
    with it.
    """
    article = soup.select_one("article.bd-article")
    if article is None:
        return
    if mark := article.select_one("[data-lang]"):
        article["lang"] = str(mark["data-lang"])
    if not _CHAPTER.fullmatch(page) or article.select_one(".rt-about"):
        return
    head = article.find("h1")
    if head is None:
        return
    time, shown = seconds(article)
    minutes = max(round(time / 60), 1)
    about = soup.new_tag("p", attrs={"class": "rt-about"})
    unit = "minute" if minutes == 1 else "minutes"
    about.append(f"About {minutes} {unit} to read, {shown} figures and tables. ")
    link = soup.new_tag("a", href="#cite-page")
    link.string = "Cite this page"
    about.append(link)
    head.insert_after(about)
    title, author, year = _book()
    box = soup.new_tag("details", attrs={"class": "cite-page", "id": "cite-page", "open": ""})
    summary = soup.new_tag("summary")
    summary.string = "Cite this page"
    text, book = soup.new_tag("p"), soup.new_tag("em")
    book.string = title
    own = "".join(part for part in head.find_all(string=True) if not part.find_parent(class_="headerlink")).strip()
    text.append(f"{author} ({year}). {own}. In ")
    text.append(book)
    text.append(f" (version {__version__}).")
    box.extend([summary, text])
    article.append(box)
