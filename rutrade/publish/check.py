"""Checks of a built book."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

_REMOTE_URL = re.compile(r"url\(['\"]?((?:https?:)?//[^)'\"]*)")


def check(folder: Path) -> list[str]:
    """Problems of a built book: remote resources, images without alt text, weight, dead links, doubtful headings."""
    from bs4 import BeautifulSoup

    soups = {p: BeautifulSoup(p.read_text(encoding="utf-8"), "html.parser") for p in pages(folder)}
    ids = {p: {t["id"] for t in soup.find_all(id=True)} for p, soup in soups.items()}
    problems, headings = [], {}
    for path, soup in soups.items():
        page = path.relative_to(folder)
        for tag in soup.find_all(["script", "img", "iframe", "source", "video", "audio", "link"]):
            address = tag.get("src") or (tag.get("href") if tag.name == "link" else None) or ""
            canonical = tag.name == "link" and {"canonical", "next", "prev"} & set(tag.get("rel", ()))
            if re.match(r"(https?:)?//", address) and not canonical:
                problems.append(f"{page}: remote {tag.name} {address}")
        if (size := weight(path, soup)) > PAGE_LIMIT:
            problems.append(f"{page}: {size / 1e6:.1f} MB load at once, {PAGE_LIMIT / 1e6:.1f} MB are allowed")
        for style in soup.find_all("style"):
            problems += [f"{page}: remote style {address}" for address in _REMOTE_URL.findall(style.text)]
        silent = [image.get("src") for image in soup.find_all("img") if not image.get("alt")]
        problems += [f"{page}: image without alt text: {source}" for source in silent]
        for link in soup.find_all("a", href=True):
            parts = urlsplit(link["href"])
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target = target / "index.html"
            if not target.exists():
                problems.append(f"{page}: dead link {link['href']}")
            elif parts.fragment and target in ids and unquote(parts.fragment) not in ids[target]:
                problems.append(f"{page}: dead anchor {link['href']}")
        generated = page.name in ("search.html", "genindex.html", "py-modindex.html")
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


PAGE_LIMIT = 1_500_000  # bytes of a page with all that is not loaded lazily


def pages(folder: Path) -> list[Path]:
    """The pages of a built book, without the theme's own templates."""
    return [p for p in sorted(folder.rglob("*.html")) if "_static" not in p.relative_to(folder).parts]


def weight(path: Path, soup) -> int:
    """Bytes of a page with its images, without those that load lazily."""
    size = path.stat().st_size
    for image in soup.find_all("img"):
        file = path.parent / unquote(urlsplit(image.get("src", "")).path)
        if image.get("loading") != "lazy" and file.is_file():
            size += file.stat().st_size
    return size
