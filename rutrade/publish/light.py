"""A built book made light: rules of style that nothing uses, icons of a font, and scripts a page does not need."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rutrade import files
from rutrade.publish.check import attribute

if TYPE_CHECKING:
    from bs4 import BeautifulSoup

_SEARCH = re.compile(r"(searchtools|language_data|searchindex)\.js")
# What inline scripts of the theme count on at once: it goes into the page.
_AT_ONCE = "documentation_options.js"
_SHEET = "styles/book.css"


def scripts(soup: "BeautifulSoup", page: str, folder: Path) -> None:
    """Leave out scripts that a page does not need, and let none of the others hold its text back.

    The index is for the search page alone, and the typesetter of formulas for pages that have some.
    """
    from bs4.element import Script

    for script in soup.find_all("script", src=re.compile(_AT_ONCE)):
        del script["src"]
        script.string = Script((folder / "_static" / _AT_ONCE).read_text(encoding="utf-8").strip())
    if page == "search":
        return
    formulas = soup.select_one("article .math, article mjx-container")
    for script in soup.find_all("script"):
        source = attribute(script, "src")
        if _SEARCH.search(source) or ("mathjax" in source and not formulas):
            script.decompose()
        elif source and not {"defer", "async"} & set(script.attrs):
            script["defer"] = ""


def one_sheet(soup: "BeautifulSoup", path: Path, folder: Path) -> None:
    """Let a page ask for one style sheet instead of a dozen, in their order; `sheets` puts it together."""
    static = (folder / "_static").resolve()
    links = [
        link for link in soup.select('link[rel="stylesheet"]')
        if static in (path.parent / urlsplit(attribute(link, "href")).path).resolve().parents
    ]  # fmt: skip
    names = [(path.parent / urlsplit(attribute(link, "href")).path).resolve() for link in links]
    if len(links) < 2:
        return
    order = folder / "_static" / "styles" / "order.txt"
    listed = "\n".join(name.relative_to(static).as_posix() for name in names)
    if order.exists() and order.read_text(encoding="utf-8") != listed:
        return  # a page with sheets of its own
    files.write(order, listed)
    links[0]["href"] = "../" * len(path.relative_to(folder).parts[1:]) + f"_static/{_SHEET}"
    for link in links[1:]:
        link.decompose()


def rules(text: str) -> Iterator[tuple[str, str]]:
    """A style sheet as pairs of a head and what its braces hold; a statement without braces has none."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    start, depth, opened = 0, 0, 0
    quote = ""
    for place, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote and text[place - 1] != "\\" else quote
        elif sign in "\"'":
            quote = sign
        elif sign == "{":
            depth += 1
            opened = place if depth == 1 else opened
        elif sign == "}":
            depth -= 1
            if depth == 0:
                yield text[start:opened].strip(), text[opened + 1 : place]
                start = place + 1
        elif sign == ";" and depth == 0:
            yield text[start : place + 1].strip(), ""
            start = place + 1


def pruned(text: str, words: set[str]) -> str:
    """A style sheet without the rules whose selectors all ask for a class that is none of `words`.

    What stands in brackets, as in `:not(.a)`, asks for nothing here, and a selector with an escaped sign is kept.
    """
    kept = []
    for head, body in rules(text):
        if head.startswith(("@media", "@supports", "@container", "@layer")) and body:
            inner = pruned(body, words)
            if inner:
                kept.append(f"{head}{{{inner}}}")
        elif head.startswith("@") or not body:
            kept.append(f"{head}{{{body}}}" if body else head if head.endswith(";") else "")
        else:
            held = [part for part in re.split(r",(?![^()]*\))", head) if _asked(part) <= words]
            if held:
                kept.append(f"{','.join(held)}{{{body}}}")
    return "".join(kept)


def _asked(selector: str) -> set[str]:
    """Classes that an element must have, itself or above it, for a selector to find it."""
    if "\\" in selector:
        return set()
    while (shorter := re.sub(r"\([^()]*\)", "", selector)) != selector:
        selector = shorter
    return set(re.findall(r"\.(-?[_a-zA-Z][\w-]*)", re.sub(r"\[[^]]*\]", "", selector)))


def sheets(folder: Path, words: set[str]) -> None:
    """Prune every style sheet of a built book; words: all that its pages and scripts could name as a class.

    The font of icons keeps those that the sheets still name.
    """
    static = folder / "_static"
    names = set()
    for path in static.rglob("*.css"):
        if path.name == "print.css":  # for the joined book, which has classes of its own
            continue
        text = path.read_text(encoding="utf-8")
        shorter = pruned(text, words)
        names |= {chr(int(code, 16)) for code in re.findall(r'"\\(f[0-9a-f]{3})"', shorter)}
        names |= set(re.findall("[\ue000-\uf8ff]", shorter))
        # A subset has no use for the form of the font that needs a library to be written.
        shorter = re.sub(r'url\(([^()]*)\.woff2\) format\("woff2"\),(?=url\(\1\.ttf\))', "", shorter)
        path.write_text(shorter, encoding="utf-8")
    order = static / "styles" / "order.txt"
    if order.exists():
        parts = [_rebased(static / name, static) for name in order.read_text(encoding="utf-8").split("\n")]
        (static / _SHEET).write_text("\n".join(parts), encoding="utf-8")
        order.unlink()
    for font in (static / "vendor").rglob("*.ttf"):
        _subset(font, names)
        font.with_suffix(".woff2").unlink(missing_ok=True)
    for source in (static / "styles").glob("*.map"):
        source.unlink()


def _rebased(path: Path, static: Path) -> str:
    """A style sheet whose addresses hold in the folder of the joined one."""
    text = path.read_text(encoding="utf-8")
    return text if path.parent == (static / _SHEET).parent else re.sub(r"url\((?!['\"]?data:)", "url(../", text)


def _subset(path: Path, signs: set[str]) -> None:
    """Keep of a font what draws the signs; a font that has none of the others is left alone."""
    from fontTools import subset
    from fontTools.ttLib import TTFont

    font = TTFont(path)
    if set(font.getBestCmap() or ()) <= {ord(sign) for sign in signs} | {ord(" ")}:
        return
    cut = subset.Subsetter(subset.Options(notdef_outline=True, drop_tables=["GSUB", "GPOS", "GDEF"]))
    cut.populate(text="".join(sorted(signs)) + " ")
    cut.subset(font)
    font.save(path, reorderTables=None)


def words(pages: dict[Path, str], folder: Path) -> set[str]:
    """All that pages and scripts could name as a class."""
    found: set[str] = set()
    for text in pages.values():
        for names in re.findall(r'\bclass="([^"]*)"', text):
            found |= set(names.split())
    for script in (folder / "_static").rglob("*.js"):
        if script.name not in ("mathjax.js", "explorer-data.js"):
            found |= set(re.findall(r"[\w-]+", script.read_text(encoding="utf-8")))
    return found
