"""What a reader takes away from one run: its key figures, and the executed notebook as a single HTML page."""

import html as html_text
import re
from pathlib import Path

from rutrade import files


def figures(page: Path) -> dict[str, object]:
    """Recorded values of an executed notebook by name, in the order of the page; see `tables.record`."""
    import ast

    import nbformat

    found: dict[str, object] = {}
    for cell in nbformat.read(page, as_version=4).cells:
        for output in cell.get("outputs", ()):
            name = output.get("metadata", {}).get("scrapbook", {}).get("name")
            if name:
                found[name] = ast.literal_eval(output["data"]["application/papermill.record/text/plain"])
    return found


# What a page of the book has from its theme.
_ALONE = """
:root { --rt-page: var(--rt-ground); color-scheme: light dark; }
body { max-width: 48rem; margin: 1.5rem auto; padding: 0 1rem; font: 16px/1.62 system-ui, sans-serif;
  color: var(--rt-text); background: var(--rt-page); overflow-wrap: break-word; }
main { background: none; color: inherit; } a { color: var(--rt-russia); } h1 { line-height: 1.15; }
"""


def html(page: Path) -> Path:
    """Write an executed notebook beside itself as one HTML page without code; its path.

    Figures and styles are in the page, which has no scripts; the CSV files stay beside it. Raises InputError when the
    page cannot be written.
    """
    from tempfile import TemporaryDirectory

    import nbformat
    from docutils.core import publish_string
    from myst_nb.docutils_ import Parser

    outputs = [o for cell in nbformat.read(page, as_version=4).cells for o in cell.get("outputs", ())]
    texts = [about["alt"] for o in outputs for kind, about in o.get("metadata", {}).items()
             if kind in o.get("data", {}) and isinstance(about, dict) and "alt" in about]  # fmt: skip
    with TemporaryDirectory() as aside:
        settings = {
            "output_encoding": "unicode", "report_level": 5, "image_loading": "embed", "math_output": "MathML",
            "nb_execution_mode": "off", "nb_remove_code_source": True, "nb_output_folder": aside,
            "myst_enable_extensions": ["dollarmath", "colon_fence"],
        }  # fmt: skip
        source = page.read_text(encoding="utf-8")
        body = publish_string(source, str(page), parser=Parser(), writer_name="html5", settings_overrides=settings)
    # myst-nb gives each image, as a reader's own cells may make one, the name of a file as its text
    described = iter(texts)
    image = re.compile(r'(?<=<img alt=")[^"]*(?=" src="data:)')
    body = image.sub(lambda found: html_text.escape(next(described, found[0])), body)
    sheets = ("colours.css", "figures.css")
    rules = "".join((files.root() / "book" / "_static" / sheet).read_text(encoding="utf-8") for sheet in sheets)
    body = body.replace("</head>", f"<style>{rules}{_ALONE}</style></head>", 1)
    target = page.with_suffix(".html")
    files.write(target, body)
    return target
