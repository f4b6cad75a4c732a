"""One page of several runs of a chapter: a tab for each scenario, with its plain title and what it assumes."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rutrade import scenarios
from rutrade.publish import names
from rutrade.publish.runs import Run

if TYPE_CHECKING:
    from nbformat import NotebookNode

_LEFT_OUT = ('details class="parameters"', "details class='manifest'")


def page(runs: Sequence[Run]) -> str:
    """The page as MyST: the chapter's own introduction, then its content by scenario.

    Parameter tables and manifests stay on the pages of the single runs, which each tab links.
    """
    import nbformat

    books = {run.scenario: nbformat.read(run.target, as_version=4) for run in runs}
    first = next(iter(books.values()))
    lines = [_head(first), "::::::{tab-set}"]
    chosen = "ri" if "ri" in books else next(iter(books))
    for run in runs:
        title = names.TITLES.get(run.scenario, names.plain(run.scenario).capitalize())
        lines += [
            f":::::{{tab-item}} {title}",
            f":sync: {run.scenario}",
            *([":selected:"] if run.scenario == chosen else []),
        ]
        lines += ["", f"*{scenarios.meaning(run.scenario)}*", "", *_content(books[run.scenario], run.scenario)]
        lines += [f"[This run alone, with its parameters]({run.scenario}/{run.notebook}.ipynb).", "", ":::::"]
    return "\n".join([*lines, "::::::"]) + "\n"


def _head(notebook: "NotebookNode") -> str:
    """Title and introduction of the chapter, without the scenario's name."""
    (text, *_) = (cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    # The pages of single runs bear the chapter's number and the scenario; this page is the chapter.
    return re.sub(r"^(# .*) \([^()]*\)$", r"\1", text, count=1, flags=re.M) + "\n"


def _content(notebook: "NotebookNode", scenario: str) -> list[str]:
    """What a run shows, in order, its headings as titles inside the tab."""
    lines: list[str] = []
    texts = iter([cell for cell in notebook.cells if cell.cell_type == "markdown"])
    head = next(texts)
    for cell in notebook.cells:
        if cell is head or "remove-cell" in cell.metadata.get("tags", ()):
            continue
        if cell.cell_type == "markdown":
            lines += _prose(cell.source)
        for output in cell.get("outputs", ()):
            kinds = output.get("data", {})
            if "text/html" in kinds:
                lines += _html(kinds["text/html"], scenario)
            elif "text/markdown" in kinds:
                lines += _prose(kinds["text/markdown"])
    return lines


def _prose(text: str) -> list[str]:
    if any(mark in text for mark in _LEFT_OUT):
        return []
    return [re.sub(r"^#{2,} (.+)$", r":::{rubric} \1\n:heading-level: 2\n:::", text, flags=re.M), ""]


def _html(text: str, scenario: str) -> list[str]:
    """HTML of a run in another page: its files lie in the run's folder, and its names begin with the scenario's."""
    if any(mark in text for mark in _LEFT_OUT):
        return []
    text = text.replace('href="tables/', f'href="{scenario}/tables/').replace('href="../', 'href="')
    text = re.sub(r'(\bid="|url\(#|href="#|aria-describedby=")(?=rt-)', rf"\1{scenario}-", text)
    return ["```{raw} html", text.replace("\n", " "), "```", ""]
