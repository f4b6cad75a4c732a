"""The whole book as one PDF, printed by Chromium."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from rutrade import RunError, __version__, files
from rutrade.publish.check import attribute

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


# What paper does not hold: it moves, it is long and for machines, or it repeats another page.
_ONLINE = re.compile(
    r"book/(explorer|how-to|own-project|check-a-number|api/.*|results/figures|results/data.*"
    r"|results/(?!base/)[\w-]+/.*|results/(ru|zh))"
)


_NO_PDF = "This copy of the book has no PDF: Chromium was missing when it was built."


def chromium() -> str | None:
    """Path of Chromium or Chrome, None when there is none."""
    mac = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    return found or (mac if sys.platform == "darwin" and Path(mac).exists() else None)


def write(folder: Path, documents: list[str], program: str, seconds: int = 300) -> Path:
    """Print the whole book to `book.pdf` in the folder of a built book, and link it on the front page.

    documents: the pages' names in reading order, without suffix; program: path of Chromium. Raises RunError when
    Chromium fails or takes longer than `seconds`, and when a page is none of the book's.
    """
    target, joined = folder / "book.pdf", folder / "_joined.html"
    joined.write_text(_join(folder, [name for name in documents if not _ONLINE.fullmatch(name)]), encoding="utf-8")
    try:
        _print(joined, target, program, seconds)
        pages = _places(target)
        text = joined.read_text(encoding="utf-8")
        # Printed again with the page numbers that the first print found; a line of the contents stays a line.
        numbered = _LINE.sub(lambda m: f"{m[1]}{next(pages, '')}{m[2]}", text)
        if numbered != text:
            joined.write_text(numbered, encoding="utf-8")
            _print(joined, target, program, seconds)
    finally:
        joined.unlink(missing_ok=True)
    front = folder / f"{documents[0]}.html"
    link = f'<a href="{"../" * documents[0].count("/")}book.pdf">The whole book as one PDF</a>'
    text = f"{link} ({target.stat().st_size / 1e6:.1f} MB)."
    files.write(front, front.read_text(encoding="utf-8").replace(_NO_PDF, text))  # whole: it may be read meanwhile
    return target


_LINE = re.compile(r'(<span class="page">)(</span>)')


def _print(source: Path, target: Path, program: str, seconds: int) -> None:
    """Print a page by Chromium. Raises RunError when it fails or takes longer than `seconds`."""
    with tempfile.TemporaryDirectory() as profile:
        command = [program, "--headless", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
        command += ["--no-sandbox"] if sys.platform == "linux" else []  # root in a container has no sandbox
        command += [f"--user-data-dir={profile}", "--no-pdf-header-footer", "--generate-pdf-document-outline"]
        # Virtual time lets the formulas finish before the page is printed.
        command += ["--virtual-time-budget=120000", f"--print-to-pdf={target}", source.resolve().as_uri()]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=seconds)
        except subprocess.TimeoutExpired:
            raise RunError(f"Chromium did not print the book within {seconds} s") from None
    if done.returncode or not target.exists():
        raise RunError(f"Chromium could not print the book: {done.stderr.strip()[-300:]}")


def _places(book: Path) -> Iterator[int]:
    """Numbers of the pages on which the chapters begin, in order; none where pypdf is not installed."""
    try:
        import pypdf
    except ImportError:
        return
    reader = pypdf.PdfReader(book)
    chapters = [item for item in reader.outline if not isinstance(item, list)][1:]  # the first is the cover's title
    for item in chapters:
        page = reader.get_destination_page_number(item)
        yield 0 if page is None else page + 1


def _join(folder: Path, documents: list[str]) -> str:
    from bs4 import BeautifulSoup

    names = {(folder / f"{name}.html").resolve(): name.replace("/", "-") for name in documents}
    parts, contents, maths, title = [], [], "", ""
    parameters: dict[str, str] = {}
    for path, slug in names.items():
        soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        title = title or _one(soup, "title", path).text.split("—")[-1].strip()
        maths = maths or "".join(str(s) for s in soup.find_all("script") if "MathJax = " in s.text)
        article = _one(soup, "article.bd-article", path)
        for tag in article.select("a.enlarge"):
            tag.unwrap()
        _gather(article, parameters)
        for tag in article.select(_SCREEN):
            tag.decompose()
        for tag in article.find_all(id=True):
            tag["id"] = f"{slug}--{tag['id']}"
        _drawings(article, slug)
        for label in article.select("label.sd-tab-label"):
            label.name, label["class"] = "p", "tab"
        for box in article.find_all("details"):
            box["open"] = ""
            if box.summary and box.select_one(".highlight"):
                # Code of cells stands in the notebooks; on paper its place is enough.
                box.summary.name = "p"
                box.replace_with(_one(box, "p", path).extract())
        for code in article.find_all("pre"):
            code.string = code.get_text()
        for span in article.select("code span, dt.sig span"):
            span.unwrap()  # each coloured word would weigh more than itself
        for image in article.find_all("img"):
            image["src"] = (
                (path.parent / unquote(attribute(image, "src"))).resolve().relative_to(folder.resolve()).as_posix()
            )
            del image["loading"]
        for link in article.find_all("a", href=True):
            _relink(link, path, slug, names, folder)
        article.name, article["id"], article["class"] = "section", slug, "chapter"
        for note in article.find_all(string=re.compile(_NO_PDF)):
            if section := note.find_parent("section"):
                section.decompose()
        for table in article.find_all("table"):
            for text in table.find_all(string=re.compile(r"\w_\w")):
                if not text.find_parent(class_="math"):
                    text.replace_with(text.replace("_", "_\u200b"))  # long names may break here
            columns = max((len(row.find_all(["th", "td"])) for row in table.find_all("tr")), default=0)
            table["class"] = f"{attribute(table, 'class')}{' wide' if columns > 8 else ''}".strip()
        heading = _one(article, "h1", path)
        contents.append(f'<li><a href="#{slug}">{heading.get_text(" ", strip=True)}</a><span class="page"></span></li>')
        parts.append(str(article))
    if parameters:
        contents.append('<li><a href="#parameters">Parameters of all chapters</a><span class="page"></span></li>')
        heads = "".join(f"<th>{head}</th>" for head in ("meaning", "value", "unit", "range", "source", "set it as"))
        parts.append(
            '<section class="chapter" id="parameters"><h1>Parameters of all chapters</h1><p>Each stands once, with its '
            f"default.</p><table><thead><tr>{heads}</tr></thead><tbody>{''.join(parameters.values())}</tbody></table>"
            "</section>"
        )
    sheets = "".join(f'<link rel="stylesheet" href="_static/{name}.css">' for name in ("pygments", "colours", "print"))
    return (
        f'<!DOCTYPE html><html lang="en" data-theme="light"><head><meta charset="utf-8"><title>{title}</title>'
        f'{sheets}{maths}<script defer src="_static/mathjax.js"></script></head><body>'
        f'<header class="cover"><h1 class="book">{title}</h1><p>The rutrade developers. Version {__version__}. The '
        "explorer, the columns of the data tables, single runs and the reference of the package are in the book on "
        f"screen.</p><ul>{''.join(contents)}</ul></header>{''.join(parts)}</body></html>"
    )


# Parts of a page that only a screen can use.
_SCREEN = (
    "script, style, form, .headerlink, .toctree-wrapper, .copybtn, .prev-next-area, svg.narrow, svg .tip, .rt-views,"
    " details.rest, tr.more, th.more, td.more, details.parameters, .swipe, .claims-filter, .sd-tab-set > input,"
    " .tip-text, .languages, .rt-about, .cite-page"
)


def _gather(article: "Tag", parameters: dict[str, str]) -> None:
    """Add the rows of a page's parameter table to those of all pages, each once by its name."""
    for row in article.select("details.parameters tbody tr"):
        if row.code is not None:
            parameters.setdefault(row.code.get_text(), str(row))


def _drawings(article: "Tag", slug: str) -> None:
    """References inside drawings follow the ids, which have the page's name before them."""
    for tag in article.select("svg [clip-path], svg [href], svg[aria-describedby], svg [style]"):
        for key in ("clip-path", "href", "style"):
            if tag.get(key):
                tag[key] = re.sub(r"(^#|url\(#)", rf"\1{slug}--", attribute(tag, key))
        if tag.get("aria-describedby"):
            tag["aria-describedby"] = f"{slug}--{attribute(tag, 'aria-describedby')}"


def _one(tag: "BeautifulSoup | Tag", selector: str, path: Path) -> "Tag":
    """The first tag that a CSS selector finds in a page of the book. Raises RunError when there is none."""
    found = tag.select_one(selector)
    if found is None:
        raise RunError(f"the PDF cannot take in {path.name}: the page has no `{selector}`")
    return found


def _relink(link: "Tag", path: Path, slug: str, names: dict[Path, str], folder: Path) -> None:
    """Point a link of one page at its place in the joined book; links to files beside the pages become their names."""
    parts = urlsplit(attribute(link, "href"))
    if parts.scheme or parts.netloc:
        return
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path.resolve()
    if target in names:
        link["href"] = f"#{names[target]}" + (f"--{parts.fragment}" if parts.fragment else "")
        return
    if link.get("download"):
        link.string = f"Data: {target.relative_to(folder.resolve()).as_posix()}"
    link.unwrap()


def reading_order(toc: dict) -> Iterator[str]:
    """Names of the pages in a table of contents (`_toc.yml`), in reading order."""
    for name in re.findall(r"'(?:root|file)': '([^']+)'", repr(toc)):
        yield re.sub(r"\.(ipynb|md)$", "", name)
