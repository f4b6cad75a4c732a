"""How notebooks publish tables, parameters, sentences and recorded values."""

import re
from typing import TYPE_CHECKING, SupportsFloat

import pandas as pd

from rutrade import InputError

if TYPE_CHECKING:
    from rutrade.scenarios import Parameters


def table(data: pd.DataFrame, name: str, caption: str, source: str, formats: dict | str = "{:,.1f}") -> None:
    """Show a table with caption (which year's prices, which reporter) and source line; the same figures as CSV.

    name: file name of the CSV (lower case, digits, hyphens). Raises InputError for another name.
    """
    from IPython.display import display

    number = data.select_dtypes("number").columns
    chosen = formats if isinstance(formats, dict) else dict.fromkeys(number, formats)
    shown = data.copy()
    for column, form in chosen.items():
        shown[column] = [("–" if pd.isna(v) else form.format(v)) for v in data[column]]
    text = (shown.reset_index() if _has_index(data) else shown).rename_axis(columns=None)
    html = text.to_html(index=False, border=0, classes="published", na_rep="–", justify="left")
    html = re.sub(r"(<table[^>]*>)", rf"\1<caption>{caption}</caption>", html, count=1).replace(
        "<th>", '<th scope="col">'
    )
    label = caption.split(":")[0]
    box = f'<div class="table-scroll" role="region" tabindex="0" aria-label="{label}">{html}</div>'
    shown = {"text/html": box + source_line(source, name), "text/csv": csv(data, name)}
    display(shown, raw=True, metadata={"text/csv": {"name": name}})


def parameters(values: "Parameters") -> None:
    """Show the table of a notebook's parameters (value, unit, allowed range, source, meaning)."""
    from IPython.display import HTML, display

    html = values.table().reset_index().to_html(index=False, border=0, classes="published", justify="left")
    html = html.replace("<th>", '<th scope="col">')
    display(
        HTML(
            '<details class="parameters"><summary>Parameters of this page</summary>'
            f'<div class="table-scroll" role="region" tabindex="0" aria-label="Parameters">{html}</div></details>'
        )
    )


def say(text: str) -> None:
    """Show a sentence of Markdown whose numbers were put in by the caller's results."""
    from IPython.display import Markdown, display

    display(Markdown(text))


def record(**values: object) -> None:
    """Record named values for other pages (prose, claims) in the executed notebook."""
    from myst_nb import glue

    for name, value in values.items():
        glue(name, float(value) if isinstance(value, SupportsFloat) else value, display=False)


def _has_index(data: pd.DataFrame) -> bool:
    return data.index.name is not None or data.index.nlevels > 1


def csv(data: pd.DataFrame, name: str) -> str:
    """A figure's or table's data as CSV, twelve digits: enough to be compared at 1e-9 relative.

    Raises InputError when the name is not one of lower-case letters, digits and hyphens.
    """
    if not re.fullmatch(r"[a-z0-9-]+", name):
        raise InputError(f"name '{name}' of a figure or table is not allowed: lower-case letters, digits and hyphens")
    return data.to_csv(index=_has_index(data), float_format="%.12g", lineterminator="\n")


def source_line(source: str, name: str) -> str:
    """The line below a figure or table, with the place where its page links the CSV."""
    return f'<p class="source">Source: {source}. {csv_place(name)}</p>'


def csv_place(name: str) -> str:
    """Mark in a notebook's output that a page of the book replaces by links; not seen in a bare notebook."""
    return f"<!-- csv {name} -->"


def scroll_box(label: str) -> str:
    """Opens a box in which a wide table scrolls, also by keyboard; `</div>` closes it."""
    return f'<div class="table-scroll" role="region" tabindex="0" aria-label="{label}">\n'
