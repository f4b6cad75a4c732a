"""Checks of a built book."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_REMOTE_URL = re.compile(r"url\(['\"]?((?:https?:)?//[^)'\"]*)")


def check(folder: Path, alts: Mapping[str, Sequence[str]] | None = None) -> list[str]:
    """Problems of a built book: remote resources, bad alt texts, weight, dead links, doubtful headings.

    alts: the alt texts that the cells of a page gave, in order, by the page's name without suffix; an image of the page
    must carry just that text.
    """
    from bs4 import BeautifulSoup

    soups = {p: BeautifulSoup(p.read_text(encoding="utf-8"), "html.parser") for p in pages(folder)}
    ids = {p: {attribute(t, "id") for t in soup.find_all(id=True)} for p, soup in soups.items()}
    problems: list[str] = []
    headings: dict[str, Path] = {}
    for path, soup in soups.items():
        page = path.relative_to(folder)
        for tag in soup.find_all(["script", "img", "iframe", "source", "video", "audio", "link"]):
            address = attribute(tag, "src") or (attribute(tag, "href") if tag.name == "link" else "")
            canonical = tag.name == "link" and {"canonical", "next", "prev"} & set(attribute(tag, "rel").split())
            if re.match(r"(https?:)?//", address) and not canonical:
                problems.append(f"{page}: remote {tag.name} {address}")
        if (size := weight(path, soup)) > PAGE_LIMIT:
            problems.append(f"{page}: {size / 1e6:.1f} MB load at once, {PAGE_LIMIT / 1e6:.1f} MB are allowed")
        for style in soup.find_all("style"):
            problems += [f"{page}: remote style {address}" for address in _REMOTE_URL.findall(style.text)]
        given = None if alts is None else alts.get(page.with_suffix("").as_posix())
        generated = page.name in ("search.html", "genindex.html", "py-modindex.html")
        if not generated:  # the signs that fold Sphinx's index of modules are no figures of the book
            problems += [f"{page}: {problem}" for problem in _alt_problems(soup, given)]
        for link in soup.find_all("a", href=True):
            address = attribute(link, "href")
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target = target / "index.html"
            if not target.exists():
                problems.append(f"{page}: dead link {address}")
            elif parts.fragment and target in ids and unquote(parts.fragment) not in ids[target]:
                problems.append(f"{page}: dead anchor {address}")
        if generated or soup.find("meta", {"http-equiv": re.compile("refresh", re.I)}):
            continue
        # The theme repeats the title in a part that only shows in print.
        first = [h for h in soup.find_all("h1") if not h.find_parent(id="jb-print-docs-body")]
        titles = [h.get_text(" ", strip=True).rstrip("# ") for h in first]
        if len(titles) != 1:
            problems.append(f"{page}: {len(titles)} headings of the first level")
        for title in titles:
            if title in headings:
                problems.append(f"{page}: heading '{title}' also stands on {headings[title]}")
            headings[title] = page
    for sheet in folder.rglob("*.css"):
        found = _REMOTE_URL.findall(sheet.read_text(encoding="utf-8", errors="ignore"))
        problems += [f"{sheet.relative_to(folder)}: remote {address}" for address in found]
    return problems


def _alt_problems(soup: "BeautifulSoup", given: Sequence[str] | None) -> list[str]:
    """What is wrong with what a page tells of its pictures; given: what its cells told, if it has cells.

    A picture is an image, or a drawing with the role of one, whose label and description are read together. Of the two
    drawings of a chart the wide one counts, and the narrow one must say the same.
    """
    problems: list[str] = []
    shown: list[str] = []
    for image in soup.select("img, svg[role=img]"):
        alt, source = _told(image), image.get("src") or attribute(image, "aria-label")
        if not alt:
            problems.append(f"image without alt text: {source}")
        elif _FILE.search(alt):
            problems.append(f"alt text names a file: '{alt[:80]}'")
        elif len(alt) < ALT_LEAST:
            problems.append(f"alt text of {len(alt)} signs, at least {ALT_LEAST} are wanted: '{alt}'")
        if "narrow" in attribute(image, "class").split():
            if shown[-1:] != [alt]:
                problems.append(f"the narrow drawing tells something else: '{alt[:60]}'")
        else:
            shown.append(alt)
    if given is not None:
        wanted = [" ".join(alt.split()) for alt in given]
        if len(shown) != len(wanted):
            problems.append(f"{len(shown)} images, its cells made {len(wanted)}")
        for ours, theirs in zip(shown, wanted, strict=False):
            if ours != theirs:
                problems.append(f"alt text '{ours[:60]}' is not what the cell gave: '{theirs[:60]}'")
    return problems


def _told(image: "Tag") -> str:
    """What a picture tells a reader who listens."""
    if image.name == "img":
        return " ".join(attribute(image, "alt").split())
    description = image.find("desc")
    words = [attribute(image, "aria-label"), description.get_text() if description else ""]
    return " ".join(". ".join(filter(None, words)).split())


def codes(folder: Path, known: Iterable[str]) -> dict[str, list[str]]:
    """What stands in the visible text of a book's pages and is no word for a reader, by page, each once.

    known: codes of sectors, regions and the like. Found as well are names with underscores, `<NA>`, negative zeros and
    the words for a missing value. Text in code, formulas and programs, the reference of the package, the tables'
    columns, and what is made for machines are no prose.
    """
    from bs4 import BeautifulSoup

    bare = "|".join(map(re.escape, sorted(known, key=len, reverse=True))) or "(?!)"
    pattern = re.compile(
        rf"\b\w*[a-z]_[a-z]\w*|<NA>|\bNaN\b|(?<![\w.])[-\u2212]0(?:[.,]0+)?(?![\d.]|,\d)|\b(?:{bare})\b"
    )
    found = {}
    for path in pages(folder):
        page = path.relative_to(folder).as_posix()
        if path.parent == folder or "/api/" in page or "/results/data-" in page:  # pages that are about the columns
            continue
        soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        article = soup.select_one("article.bd-article")
        if article is None:
            continue
        for tag in article.select("code, pre, script, style, .math, details.manifest, desc, [aria-hidden=true]"):
            tag.replace_with(" ")
        hits = sorted(set(pattern.findall(article.get_text(" "))))
        if hits:
            found[page] = hits
    return found


ALT_LEAST = 30  # signs of an alt text


# A path or the name of an image file, which is what the theme falls back on.
_FILE = re.compile(r"\.(png|jpe?g|gif|svg|webp)\b|(^|\s)[\w.-]*/\S*/|[\\]", re.I)


PAGE_LIMIT = 1_500_000  # bytes of a page with all that is not loaded lazily


def pages(folder: Path) -> list[Path]:
    """The pages of a built book, without the theme's own templates and what is made for the PDF."""
    inside = ((p, p.relative_to(folder).parts) for p in sorted(folder.rglob("*.html")))
    return [p for p, parts in inside if not any(part.startswith("_") for part in parts)]


def attribute(tag: "Tag", name: str) -> str:
    """An attribute of a tag as it is written, empty where the tag has none; a list of classes is joined by spaces."""
    value = tag.get(name)
    return value if isinstance(value, str) else " ".join(value or ())


def weight(path: Path, soup: "BeautifulSoup") -> int:
    """Bytes of a page with its images, without those that load lazily."""
    size = path.stat().st_size
    for image in soup.find_all("img"):
        file = path.parent / unquote(urlsplit(attribute(image, "src")).path)
        if image.get("loading") != "lazy" and file.is_file():
            size += file.stat().st_size
    return size
