"""What the theme leaves undone in every built page: less weight, better access."""

import re
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from rutrade.publish import glossary, languages, light, reading, search
from rutrade.publish.check import attribute, pages

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

# One icon of the theme's icon script: name, size, aliases, code point, outline.
_ICON = re.compile(
    r'(?:"(?P<quoted>[a-z0-9-]+)"|(?<=[{,])(?P<bare>[a-z0-9]+))'
    r':\[\d+,\d+,\[[^\]]*\],"[0-9a-f]+",(?:"[^"]*"|\[[^\]]*\])\],?'
)

_USED = re.compile(r"\bfa-([a-z0-9-]+)")

_LONG = 25  # signs of TeX that may be wider than a phone


def polish(folder: Path, jobs: int = 1) -> None:
    """Mend the pages of a built book in place, in `jobs` processes; a second call changes nothing.

    Images load lazily at their known size and open alone; plain tables get a scroll region that the keyboard reaches
    and header cells with a scope; the sidebar is a landmark; scripts that would load from elsewhere go; the icon script
    keeps the icons in use; the theme's style sheet no longer imports a second one. Terms and citations are explained,
    chapters say how long they take and how to cite them, and the search finds words in three languages. Scripts and
    rules of style that nothing uses go.
    """
    first, *others = pages(folder)
    texts = {first: _page(folder, first)}  # alone, as it settles the order of style sheets
    if jobs > 1 and len(others) > jobs:
        with ProcessPoolExecutor(jobs, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)) as pool:
            texts |= zip(others, pool.map(partial(_page, folder), others), strict=True)
    else:
        texts |= {path: _page(folder, path) for path in others}
    icons = {icon for text in texts.values() for icon in _USED.findall(text)}
    static = folder / "_static"
    for script in (static / "scripts").glob("*.js"):
        if script.name != "fontawesome.js":
            icons |= set(_USED.findall(script.read_text(encoding="utf-8")))
    script = static / "scripts" / "fontawesome.js"
    if script.exists():
        text = script.read_text(encoding="utf-8")
        script.write_text(
            _ICON.sub(lambda m: m[0] if (m["quoted"] or m["bare"]) in icons else "", text), encoding="utf-8"
        )
    sheet, basic = static / "styles" / "theme.css", static / "basic.css"
    if sheet.exists() and basic.exists():
        # A browser that looks ahead asks for the imported sheet at a wrong address.
        text = sheet.read_text(encoding="utf-8")
        base = basic.read_text(encoding="utf-8").replace("url(", "url(../")
        sheet.write_text(text.replace('@import "../basic.css";', base), encoding="utf-8")
    for source in (static / "scripts").glob("*.map"):
        source.unlink()
    light.sheets(folder, light.words(texts, folder))
    search.improve(folder)


def _page(folder: Path, path: Path) -> str:
    """Mend one page of a book in place; returns its text."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    name = glossary.name_of(path, folder)
    _redirect(soup)
    _scripts(soup)
    light.scripts(soup, name, folder)
    light.one_sheet(soup, path, folder)
    _tables(soup)
    _landmarks(soup)
    glossary.explain(soup, name)
    reading.describe(soup, name)
    for image in soup.select("article img"):
        image["loading"], image["decoding"] = "lazy", "async"
        size = _png_size(path.parent / unquote(urlsplit(attribute(image, "src")).path))
        if size:
            image["width"], image["height"] = map(str, size)
        if size and image.parent and image.parent.name != "a":
            # A chart drawn for a desk is small on a phone: a tap opens it alone, to be enlarged.
            about = {"href": attribute(image, "src"), "title": "Open the figure alone", "class": "enlarge"}
            image.wrap(soup.new_tag("a", attrs=about))
    text = re.sub(r"^\s*(<!DOCTYPE html>)\s+", r"\1\n", str(soup))
    path.write_text(text, encoding="utf-8")
    return text


def _redirect(soup: "BeautifulSoup") -> None:
    """A page that only leads to another is a whole page too, with a link for readers whom it does not lead on."""
    from bs4 import BeautifulSoup

    refresh = soup.find("meta", attrs={"http-equiv": re.compile("^refresh$", re.I)})
    if refresh and not soup.find("html"):
        target = attribute(refresh, "content").split("url=")[1]
        text = f'<html lang="en"><head><meta charset="utf-8">{refresh}<title>The book</title>'
        text += '<link rel="icon" href="_static/favicon.svg"></head>'
        text += f'<body><main><h1>The book</h1><a href="{target}">Go to the first page</a></main></body></html>'
        soup.clear()
        soup.extend(list(BeautifulSoup(f"<!DOCTYPE html>{text}", "html.parser").contents))


def _scripts(soup: "BeautifulSoup") -> None:
    seen: set[str] = set()
    for script in soup.find_all("script"):
        text = attribute(script, "src") or script.text
        # Thebe starts kernels on a public service; the book has none. The theme also repeats some scripts.
        if "thebe" in text.lower() or ("src" not in script.attrs and text.strip() and text in seen):
            script.decompose()
        seen.add(text)
    for link in soup.find_all("link", href=re.compile("sphinx-thebe")):
        link.decompose()
    for extra in soup.find_all("meta", attrs={"name": "viewport"})[1:]:
        extra.decompose()


def _tables(soup: "BeautifulSoup") -> None:
    for box in soup.select("article .pst-scrollable-table-container"):
        box.unwrap()  # the theme's own box has no role and no name
    for number, table in enumerate(soup.select("article table"), 1):
        for row in table.select("thead tr"):
            for cell in row.find_all("th"):
                cell["scope"] = "col"
                if not cell.get_text(strip=True):
                    cell.name = "td"
                    del cell["scope"]
        if table.find_parent(class_="table-scroll") or table.find_parent(class_="manifest"):
            continue
        heading = table.find_previous(re.compile("^h[1-6]$"))
        name = heading.get_text(" ", strip=True).rstrip("# ") if heading else "Table"
        box = soup.new_tag("div", attrs={"class": "table-scroll", "role": "region", "tabindex": "0"})
        box["aria-label"] = f"Table {number}: {name}"
        table.wrap(box)
    for caption in soup.select("article caption"):
        if not caption.find(class_="stays"):
            # The caption stays in sight while its table scrolls.
            text = soup.new_tag("span", attrs={"class": "stays"})
            text.extend(list(caption.contents))
            caption.append(text)
    for formula in soup.select("article .math"):
        if formula.name == "div" or (len(formula.text) > _LONG and not formula.find_parent("table")):
            formula["tabindex"] = "0"
    say = partial(languages.say, language=languages.of_page(soup))
    for number, box in enumerate(soup.select("article .table-scroll"), 1):
        _swipe(soup, box, say)
        # Regions of one page need different names.
        start = say("Table {number}: ").format(number=number)
        numbered = re.escape(say("Table {number}: ")).replace(re.escape("{number}"), r"\d+")
        box["aria-label"] = re.sub(rf"^({numbered})?", start, attribute(box, "aria-label"), count=1)


def _swipe(soup: "BeautifulSoup", box: "Tag", say: Callable[[str], str]) -> None:
    """Say above a table that is wider than a phone that it can be moved; wider screens show its shadow alone."""
    before = box.find_previous_sibling()
    said = before is not None and "swipe" in attribute(before, "class").split()
    columns = max(
        (len(row.find_all(["th", "td"], class_=lambda c: c != "more")) for row in box.find_all("tr")), default=0
    )
    # Claims stand as cards on a phone, and their counts fit it.
    fits = "claims-table" in attribute(box, "class").split() or attribute(box, "aria-label").endswith(
        "Verdicts by work"
    )
    if not said and columns > 3 and not fits:
        line = soup.new_tag("p", attrs={"class": "swipe", "aria-hidden": "true"})
        line.string = say("Swipe sideways →")
        box.insert_before(line)


def _landmarks(soup: "BeautifulSoup") -> None:
    sidebar = soup.find(id="pst-primary-sidebar")
    if sidebar:
        sidebar["role"], sidebar["aria-label"] = "complementary", "Book"
    for summary in soup.find_all("summary"):
        if not summary.get_text(strip=True):
            summary["aria-label"] = "Pages of this part"  # the theme's arrow beside a page with others below it
    for box in soup.find_all("details", class_="hide"):
        _name(box)
    back = soup.find(id="pst-back-to-top")
    if back and back.parent and back.parent.name != "nav":
        back.wrap(soup.new_tag("nav", attrs={"aria-label": "Back to top"}))
    for signature in soup.find_all("dt", class_="sig"):
        for tag in signature.find_all(["dl", "dd"]):
            tag.name, tag["class"] = "div", "sig-lines"  # lines of a signature are no list of definitions
    for tag in soup.find_all(class_=["citation-list", "citation"]):
        # Deprecated roles, and a list whose children are no items: plain paragraphs read better.
        del tag["role"]


def _name(box: "Tag") -> None:
    """A folded part says what it holds by the finding of its first figure or table."""
    title = box.select_one(".rt-title, caption .stays")
    if title is None or box.summary is None:
        return
    told = title.get_text(" ", strip=True)
    for line, word in (("collapsed", "More"), ("expanded", "Less")):
        if text := box.summary.select_one(f".{line}"):
            text.string = f"{word}: {told}"
    box.summary["aria-label"] = f"More: {told}"


def _png_size(path: Path) -> tuple[int, int] | None:
    try:
        head = path.read_bytes()[:24]
    except OSError:
        return None
    return (int.from_bytes(head[16:20]), int.from_bytes(head[20:24])) if head[1:4] == b"PNG" else None
