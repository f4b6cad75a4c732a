"""The glossary at work: terms explained where they first stand on a page, and its words for the search."""

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rutrade import files

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_ROW = re.compile(
    r'^\| \*\*(?P<term>.+?)\*\*<br>(?P<meaning>.+?) \| <span lang="ru">(?P<ru>.+?)</span>'
    r' \| <span lang="zh-Hans">(?P<zh>.+?)</span> \|$',
    re.M,
)
# Pages of prose; the reference of the package, the columns of tables and the glossary itself explain themselves.
_PROSE = re.compile(r"book/(index|documented|explorer|methods/.+|results/(base/.+|projections|claims|\w+/08_.+))")
# Where no term is explained: what is no prose, what is a link already, and the front page's first sentences.
_ASIDE_TAGS = {"a", "code", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "figure", "table", "summary", "svg"}
_ASIDE_CLASSES = {"math", "admonition-title", "rubric", "tip-text", "lede"}


class Term(NamedTuple):
    """A row of the glossary: how the term is written in three languages, what it means, where it stands."""

    names: tuple[str, ...]
    meaning: str
    ru: str
    zh: str

    @property
    def anchor(self) -> str:
        """The name of its row on the glossary's page."""
        return "term-" + re.sub(r"\W+", "-", self.names[0].lower()).strip("-")


@lru_cache
def terms() -> tuple[Term, ...]:
    """The terms of `book/glossary.md`. Abbreviations in capitals are names of their term, too."""
    found = []
    for row in _ROW.finditer((files.root() / "book" / "glossary.md").read_text(encoding="utf-8")):
        head, *rest = row["term"].split(", ")
        short = [word for word in re.findall(r"\b[A-Z]{3,}\b", row["term"]) if word != head]
        found.append(Term((head, *rest, *short), row["meaning"], row["ru"], row["zh"]))
    return tuple(found)


def explain(soup: "BeautifulSoup", page: str) -> None:
    """Explain each term where it first stands in a page's prose, and each citation: on hover, on focus, on a tap.

    page: its name from the book's root, without suffix. A term becomes a link to the glossary and a citation stays one,
    so that both work without scripts; what they say stands beside them, hidden until asked for.
    """
    if page == "book/glossary":
        _mark_rows(soup)
    article = soup.select_one("article.bd-article")
    if article is None or soup.select_one(".tip-text"):
        return
    for number, link in enumerate(article.select('a.reference.internal[href*="references.html#"][title]')):
        about = str(link["title"])
        del link["title"]
        _tell(soup, link, f"tip-source-{number}", about)
    if _PROSE.fullmatch(page):
        _link_terms(soup, article, "../" * (page.count("/") - 1) + "glossary.html")


def _link_terms(soup: "BeautifulSoup", article: "Tag", glossary: str) -> None:
    known = {name.lower(): term for term in terms() for name in term.names}
    pattern = _pattern(tuple(sorted(known, key=len, reverse=True)))
    seen: set[Term] = set()
    for part in article.select("p, li"):
        for text in list(part.find_all(string=pattern)):
            if text.find_parent(["p", "li"]) is not part or text.find_parent(_is_aside):
                continue
            after, rest = text, str(text)
            while found := next((m for m in pattern.finditer(rest) if known[_plain(m[1])] not in seen), None):
                term = known[_plain(found[1])]
                seen.add(term)
                link = soup.new_tag("a", attrs={"class": "term", "href": f"{glossary}#{term.anchor}"})
                link.string = found[0]
                after.replace_with(rest[: found.start()], link)
                tip = _tell(soup, link, f"tip-{term.anchor}", f"{term.names[0]}: {term.meaning}")
                rest = rest[found.end() :]
                after = soup.new_string(rest)
                tip.insert_after(after)


@lru_cache
def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    """A term as a whole word, in one or in many; names: longest first."""
    words = "|".join(re.escape(name).replace(r"\ ", r"\s+") for name in names)
    return re.compile(rf"(?<![\w-])({words})(?:s|es)?(?![\w-])", re.I)


def _plain(name: str) -> str:
    return " ".join(name.lower().split())


def _is_aside(tag: "Tag") -> bool:
    classes = set(tag.get("class") or ())
    # What the explorer says without scripts is gone as soon as they run.
    return tag.name in _ASIDE_TAGS or bool(classes & _ASIDE_CLASSES) or tag.get("id") == "lever-explorer"


def _tell(soup: "BeautifulSoup", link: "Tag", name: str, about: str) -> "Tag":
    """What a link means, beside it."""
    link["aria-describedby"] = name
    tip = soup.new_tag("span", attrs={"class": "tip-text", "role": "tooltip", "id": name})
    tip.string = about
    link.insert_after(tip)
    return tip


def _mark_rows(soup: "BeautifulSoup") -> None:
    """Give each row of the glossary the name that links lead to."""
    anchors = {term.names[0]: term.anchor for term in terms()}
    for row in soup.select(".glossary tbody tr"):
        head = row.select_one("strong")
        anchor = anchors.get(head.get_text().split(", ")[0]) if head else None
        if anchor:
            row["id"] = anchor


def name_of(path: Path, folder: Path) -> str:
    """A page's name from the book's root, without suffix."""
    return path.relative_to(folder).with_suffix("").as_posix()
