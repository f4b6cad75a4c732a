"""What is done to the built pages: less weight, better access, and the whole book as one PDF.

`polish` mends what the theme leaves undone in every page; `pdf` joins the chapters and lets Chromium print them.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from rutrade import RunError, __version__

PAGE_LIMIT = 1_500_000  # bytes of a page with all that is not loaded lazily
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# One icon of the theme's icon script: name, size, aliases, code point, outline.
_ICON = re.compile(
    r'(?:"(?P<quoted>[a-z0-9-]+)"|(?<=[{,])(?P<bare>[a-z0-9]+))'
    r':\[\d+,\d+,\[[^\]]*\],"[0-9a-f]+",(?:"[^"]*"|\[[^\]]*\])\],?'
)
_LONG = 25  # signs of TeX that may be wider than a phone
_NO_PDF = "This copy of the book has no PDF: Chromium was missing when it was built."


def pages(folder: Path) -> list[Path]:
    """The pages of a built book, without the theme's own templates."""
    return [p for p in sorted(folder.rglob("*.html")) if "_static" not in p.relative_to(folder).parts]


def polish(folder: Path) -> None:
    """Mend the pages of a built book in place; a second call changes nothing.

    Images load lazily at their known size and open alone; plain tables get a scroll region that the keyboard reaches
    and header cells with a scope; the sidebar is a landmark; scripts that would load from elsewhere go; the icon script
    keeps the icons in use; the theme's style sheet no longer imports a second one.
    """
    from bs4 import BeautifulSoup

    icons: set[str] = set()
    for path in pages(folder):
        soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        _redirect(soup)
        _scripts(soup)
        _tables(soup)
        _landmarks(soup)
        for image in soup.select("article img"):
            image["loading"], image["decoding"] = "lazy", "async"
            size = _png_size(path.parent / unquote(urlsplit(image.get("src", "")).path))
            if size:
                image["width"], image["height"] = size
            if image.parent.name != "a" and size:
                # A chart drawn for a desk is small on a phone: a tap opens it alone, to be enlarged.
                image.wrap(soup.new_tag("a", href=image["src"], title="Open the figure alone", **{"class": "enlarge"}))
        text = re.sub(r"^\s*(<!DOCTYPE html>)\s+", r"\1\n", str(soup))
        icons |= set(re.findall(r"\bfa-([a-z0-9-]+)", text))
        path.write_text(text, encoding="utf-8")
    static = folder / "_static"
    for script in (static / "scripts").glob("*.js"):
        if script.name != "fontawesome.js":
            icons |= set(re.findall(r"\bfa-([a-z0-9-]+)", script.read_text(encoding="utf-8")))
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


def _redirect(soup) -> None:
    """A page that only leads to another is a whole page too, with a link for readers whom it does not lead on."""
    from bs4 import BeautifulSoup

    refresh = soup.find("meta", attrs={"http-equiv": re.compile("^refresh$", re.I)})
    if refresh and not soup.find("html"):
        target = refresh["content"].split("url=")[1]
        text = f'<html lang="en"><head><meta charset="utf-8">{refresh}<title>The book</title>'
        text += '<link rel="icon" href="_static/favicon.svg"></head>'
        text += f'<body><main><h1>The book</h1><a href="{target}">Go to the first page</a></main></body></html>'
        soup.clear()
        soup.extend(list(BeautifulSoup(f"<!DOCTYPE html>{text}", "html.parser").contents))


def _scripts(soup) -> None:
    seen = set()
    for script in soup.find_all("script"):
        text = script.get("src") or script.text
        # Thebe starts kernels on a public service; the book has none. The theme also repeats some scripts.
        if "thebe" in text.lower() or ("src" not in script.attrs and text.strip() and text in seen):
            script.decompose()
        seen.add(text)
    for link in soup.find_all("link", href=re.compile("sphinx-thebe")):
        link.decompose()
    for extra in soup.find_all("meta", attrs={"name": "viewport"})[1:]:
        extra.decompose()


def _tables(soup) -> None:
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
    for number, box in enumerate(soup.select("article .table-scroll"), 1):
        # Regions of one page need different names.
        box["aria-label"] = re.sub(r"^(Table \d+: )?", f"Table {number}: ", box.get("aria-label", ""), count=1)


def _landmarks(soup) -> None:
    sidebar = soup.find(id="pst-primary-sidebar")
    if sidebar:
        sidebar["role"], sidebar["aria-label"] = "complementary", "Book"
    back = soup.find(id="pst-back-to-top")
    if back and back.parent.name != "nav":
        back.wrap(soup.new_tag("nav", attrs={"aria-label": "Back to top"}))
    for tag in soup.select("dt.sig dl, dt.sig dd"):
        tag.name, tag["class"] = "div", "sig-lines"  # lines of a signature are no list of definitions
    for tag in soup.select(".citation-list, .citation"):
        # Deprecated roles, and a list whose children are no items: plain paragraphs read better.
        del tag["role"]


def _png_size(path: Path) -> tuple[int, int] | None:
    try:
        head = path.read_bytes()[:24]
    except OSError:
        return None
    return (int.from_bytes(head[16:20]), int.from_bytes(head[20:24])) if head[1:4] == b"PNG" else None


def weight(path: Path, soup) -> int:
    """Bytes of a page with its images, without those that load lazily."""
    size = path.stat().st_size
    for image in soup.find_all("img"):
        file = path.parent / unquote(urlsplit(image.get("src", "")).path)
        if image.get("loading") != "lazy" and file.is_file():
            size += file.stat().st_size
    return size


# The PDF -------------------------------------------------------------------------------------------------------------


def chromium() -> str | None:
    """Path of Chromium or Chrome, None when there is none."""
    mac = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    return found or (mac if sys.platform == "darwin" and Path(mac).exists() else None)


def pdf(folder: Path, documents: list[str], program: str, seconds: int = 300) -> Path:
    """Print the whole book to `book.pdf` in the folder of a built book, and link it on the front page.

    documents: the pages' names in reading order, without suffix; program: path of Chromium. Raises RunError when
    Chromium fails or takes longer than `seconds`.
    """
    target, joined = folder / "book.pdf", folder / "_joined.html"
    joined.write_text(_join(folder, documents), encoding="utf-8")
    try:
        with tempfile.TemporaryDirectory() as profile:
            command = [program, "--headless", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
            command += ["--no-sandbox"] if sys.platform == "linux" else []  # root in a container has no sandbox
            command += [f"--user-data-dir={profile}", "--no-pdf-header-footer", "--generate-pdf-document-outline"]
            # Virtual time lets the formulas finish before the page is printed.
            command += ["--virtual-time-budget=120000", f"--print-to-pdf={target}", joined.resolve().as_uri()]
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=seconds)
            except subprocess.TimeoutExpired:
                raise RunError(f"Chromium did not print the book within {seconds} s") from None
        if done.returncode or not target.exists():
            raise RunError(f"Chromium could not print the book: {done.stderr.strip()[-300:]}")
    finally:
        joined.unlink(missing_ok=True)
    front = folder / f"{documents[0]}.html"
    link = f'<a href="{"../" * documents[0].count("/")}book.pdf">The whole book as one PDF</a>'
    text = f"{link} ({target.stat().st_size / 1e6:.1f} MB)."
    front.write_text(front.read_text(encoding="utf-8").replace(_NO_PDF, text), encoding="utf-8")
    return target


def _join(folder: Path, documents: list[str]) -> str:
    from bs4 import BeautifulSoup

    names = {(folder / f"{name}.html").resolve(): name.replace("/", "-") for name in documents}
    parts, contents, maths, title = [], [], "", ""
    for path, slug in names.items():
        soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        title = title or soup.title.text.split("—")[-1].strip()
        maths = maths or "".join(str(s) for s in soup.find_all("script") if "MathJax = " in s.text)
        article = soup.select_one("article.bd-article")
        for tag in article.select("a.enlarge"):
            tag.unwrap()
        for tag in article.select("script, style, form, .headerlink, .toctree-wrapper, .copybtn, .prev-next-area"):
            tag.decompose()
        for tag in article.find_all(id=True):
            tag["id"] = f"{slug}--{tag['id']}"
        for box in article.find_all("details"):
            box["open"] = ""
            if box.summary and box.select_one(".highlight"):
                # Code of cells stands in the notebooks; on paper its place is enough.
                box.summary.name = "p"
                box.replace_with(box.find("p").extract())
        for code in article.find_all("pre"):
            code.string = code.get_text()
        for span in article.select("code span, dt.sig span"):
            span.unwrap()  # each coloured word would weigh more than itself
        for image in article.find_all("img"):
            image["src"] = (path.parent / unquote(image["src"])).resolve().relative_to(folder.resolve()).as_posix()
            del image["loading"]
        for link in article.find_all("a", href=True):
            _relink(link, path, slug, names, folder)
        article.name, article["id"], article["class"] = "section", slug, "chapter"
        for note in article.find_all(string=re.compile(_NO_PDF)):
            section = note.find_parent("section")
            section.decompose()
        for table in article.find_all("table"):
            for text in table.find_all(string=re.compile(r"\w_\w")):
                if not text.find_parent(class_="math"):
                    text.replace_with(text.replace("_", "_\u200b"))  # long names may break here
            columns = max((len(row.find_all(["th", "td"])) for row in table.find_all("tr")), default=0)
            table["class"] = [*table.get("class", []), *(["wide"] if columns > 8 else [])]
        heading = article.find("h1")
        contents.append(f'<li><a href="#{slug}">{heading.get_text(" ", strip=True)}</a></li>')
        parts.append(str(article))
    return (
        f'<!DOCTYPE html><html lang="en" data-theme="light"><head><meta charset="utf-8"><title>{title}</title>'
        f'<link rel="stylesheet" href="_static/pygments.css"><link rel="stylesheet" href="_static/print.css">{maths}'
        '<script defer src="_static/mathjax.js"></script></head><body>'
        f'<header class="cover"><h1 class="book">{title}</h1><p>The rutrade developers. Version {__version__}.</p>'
        f"<ol>{''.join(contents)}</ol></header>{''.join(parts)}</body></html>"
    )


def _relink(link, path: Path, slug: str, names: dict[Path, str], folder: Path) -> None:
    """Point a link of one page at its place in the joined book; links to files beside the pages become their names."""
    parts = urlsplit(link["href"])
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
