"""How notebooks publish tables, parameters, sentences and recorded values."""

import html as html_text
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, SupportsFloat

import pandas as pd

from rutrade import InputError
from rutrade.publish import names

if TYPE_CHECKING:
    from rutrade.scenarios import Parameters

COLUMNS, ROWS = 7, 12  # in sight; the rest is folded
# What is folded, by whether rows and columns are.
_ALL = {
    (True, False): "Show all {rows} rows",
    (False, True): "Show all {columns} columns",
    (True, True): "Show all {rows} rows and {columns} columns",
}
_NUMERIC = re.compile(r"[<>]?[+\u2212-]?[<>]?[\d,. ]*\d(?:[ \u00a0]?(?:%|x|points?))?\*?|–|")
_UNIT = re.compile(r"\b((?:bn|mn|thousand) (?:USD|RUB|persons)|Mt(?: a year)?|percent|% of [a-z' ]+)\b([^:;,()]*)")


def table(data: pd.DataFrame, name: str, caption: str, source: str, formats: dict | str = "{:,.1f}") -> None:
    """Show a table with caption (which year's prices, which reporter) and source line; the same figures as CSV.

    Codes are replaced by their names, numbers stand right; what is more than seven columns or twelve rows is folded.
    name: file name of the CSV (lower case, digits, hyphens); formats: of all numbers, or by column. Raises InputError
    for another name.
    """
    from IPython.display import display

    box = box_of(data, caption, formats)
    shown = {"text/html": box + source_line(source, name), "text/csv": csv(data, name, unit_of(caption))}
    display(shown, raw=True, metadata={"text/csv": {"name": name}})


def box_of(data: pd.DataFrame, caption: str, formats: dict | str = "{:,.1f}", say: Callable[[str], str] = str) -> str:
    """The table as HTML in a box that scrolls sideways, with a switch for what is folded.

    say: the switch's own words in the page's language.
    """
    heads, columns = _cells(data, formats)
    rows = list(zip(*columns, strict=True)) if columns else []
    # The last column often holds what the others lead to, so it stays in sight.
    hidden = set(range(COLUMNS - 1, len(heads) - 1)) if len(heads) > COLUMNS else set()
    right = [_is_number(column) for column in columns]
    first = data.index.nlevels if _has_index(data) else 1
    right[:1] = [False] * len(right[:1])  # what a row is about stands at its left end, also a year

    def row(cells: Sequence[str], tag: str, scope: str = "") -> str:
        found = []
        for i, cell in enumerate(cells):
            kind = " ".join(filter(None, ("n" if right[i] else "", "more" if i in hidden else "")))
            head = tag == "th" or (i < first and not right[i])
            about = f' class="{kind}"' if kind else ""
            about += f' scope="{scope or "row"}"' if head and cell else ""
            mark = ("th" if cell else "td") if head else "td"
            found.append(f"<{mark}{about}>{html_text.escape(cell, quote=False)}</{mark}>")
        return "".join(found)

    body = "".join(f"<tr{' class=more' if i >= ROWS else ''}>{row(cells, 'td')}</tr>" for i, cells in enumerate(rows))
    label = html_text.escape(caption.split(":")[0])
    said = html_text.escape(names.sentence(mend(caption)), quote=False)
    text = (
        f'<table class="published"><caption><span class="stays">{said}</span></caption>'
        f"<thead><tr>{row(heads, 'th', 'col')}</tr></thead><tbody>{body}</tbody></table>"
    )
    if not hidden and len(rows) <= ROWS:
        return scroll_box(label, text)
    return _folded(label, text, len(heads), len(rows), say)


def _folded(label: str, text: str, columns: int, rows: int, say: Callable[[str], str]) -> str:
    """A box whose surplus rows and columns a switch below it shows. A browser without `:has` shows all."""
    told = _ALL[rows > ROWS, columns > COLUMNS]
    summary = say(told).format(rows=rows, columns=columns)
    switch = f'<details class="rest"><summary>{summary}</summary></details>'
    return f'<div class="folding">{scroll_box(label, text)}{switch}</div>'


def _cells(data: pd.DataFrame, formats: dict | str) -> tuple[list[str], list[list[str]]]:
    """Headings and columns of a table as texts: index first, codes named, numbers in their formats."""
    chosen = formats if isinstance(formats, dict) else {}
    common = formats if isinstance(formats, str) else "{:,.1f}"
    flat = data.reset_index() if _has_index(data) else data
    levels = data.index.nlevels if _has_index(data) else 0
    columns: list[list[str]] = []
    for place, label in enumerate(flat.columns):
        values = flat.iloc[:, place]
        if pd.api.types.is_bool_dtype(values):
            columns.append(["yes" if value else "no" for value in values])
        elif not pd.api.types.is_numeric_dtype(values):
            columns.append([mend(text) for text in names.column(values.astype(object).where(values.notna(), "–"))])
        elif place < levels or str(label).lower() == "year":
            columns.append(["–" if pd.isna(value) else f"{value:g}" for value in values])
        elif isinstance(formats, dict) and label not in chosen:
            columns.append([_plain_number(value) for value in values])
        else:
            columns.append([number(value, chosen.get(label, common)) for value in values])
    return names.headings(flat.columns), columns


def number(value: float, form: str) -> str:
    """A number in a format, with a true minus; a small one that would read as zero is '<0.1' at the format's digits."""
    if pd.isna(value):
        return "–"
    text = form.format(value)
    if not re.search(r"[1-9]", text) and re.search(r"\d", text):
        if abs(value) < 1e-9:
            return re.sub(r"[-+]", "", text)
        least = re.sub(r"0(?=\D*$)", "1", re.sub(r"[-+]", "", text))
        return f"<{least}" if value > 0 else f">\u2212{least}"
    return re.sub(r"^-", "\u2212", text)


def mend(text: str) -> str:
    """A text that its maker formatted: no negative zero, a true minus before a number, no code for what is missing."""
    text = re.sub(r"<NA>|\bnan\b|\bNone\b", "–", text)
    text = re.sub(r"(?<=\d)%(?![\w])", "\u00a0%", text).replace(" %", "\u00a0%")
    text = re.sub(r"(?<![\w.])\.(?=\d)", "0.", text)
    text = re.sub(r"(?<![\w.])[-\u2212](0(?:\.0+)?)(?![\d.])", r"\1", text)
    return re.sub(r"(?<![\w.)\]-])-(?=\d)", "\u2212", text)


def _plain_number(value: float) -> str:
    return "–" if pd.isna(value) else mend(f"{value:,.6g}")


def _is_number(column: Sequence[str]) -> bool:
    filled = [cell for cell in column if cell not in ("", "–")]
    return bool(filled) and all(_NUMERIC.fullmatch(cell) for cell in filled)


def parameters(values: "Parameters") -> None:
    """Show the table of a notebook's parameters (meaning, value, unit, allowed range, source, name to set it by)."""
    from IPython.display import HTML, display

    shown = values.table().reset_index()
    named = shown.columns[0]
    order = [c for c in ("meaning", "value", "unit", "range", "source") if c in shown]
    order += [c for c in shown if c not in (*order, named)]
    rows = ""
    for _, row in shown.iterrows():
        cells = [f"<td>{names.coded(html_text.escape(mend(str(row[c])), quote=False))}</td>" for c in order]
        rows += f"<tr>{''.join(cells)}<td><code>{row[named]}</code></td></tr>"
    heads = "".join(f'<th scope="col">{c}</th>' for c in (*order, "set it as"))
    text = f'<table class="published"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    display(
        HTML(
            '<details class="parameters"><summary>Parameters of this page</summary>'
            f"{scroll_box('Parameters', text)}</details>"
        )
    )


def say(text: str) -> None:
    """Show a sentence of Markdown whose numbers were put in by the caller's results."""
    from IPython.display import Markdown, display

    display(Markdown(names.sentence(mend(text))))


def record(**values: object) -> None:
    """Record named values for other pages (prose, claims) in the executed notebook."""
    from myst_nb import glue

    for name, value in values.items():
        glue(name, float(value) if isinstance(value, SupportsFloat) else value, display=False)


def _has_index(data: pd.DataFrame) -> bool:
    return data.index.name is not None or data.index.nlevels > 1


def unit_of(caption: str) -> str:
    """The unit that a caption gives for all numbers of its table, empty when it gives none or several."""
    found = {"".join(match).strip() for match in _UNIT.findall(caption)}
    return found.pop() if len(found) == 1 else ""


def csv(data: pd.DataFrame, name: str, unit: str = "") -> str:
    """A figure's or table's data as CSV with names for codes, twelve digits: enough to be compared at 1e-9 relative.

    unit: stands in the head of each column of numbers that names none. Raises InputError when the name is not one of
    lower-case letters, digits and hyphens.
    """
    if not re.fullmatch(r"[a-z0-9-]+", name):
        raise InputError(f"name '{name}' of a figure or table is not allowed: lower-case letters, digits and hyphens")
    flat = data.reset_index() if _has_index(data) else data.copy()
    heads = names.headings(flat.columns)
    levels = data.index.nlevels if _has_index(data) else 0
    columns: list[Any] = []
    for place in range(flat.shape[1]):
        values = flat.iloc[:, place]
        if pd.api.types.is_bool_dtype(values) or pd.api.types.is_numeric_dtype(values):
            columns.append(values)
            if place >= levels and unit and not _has_unit(heads[place]) and heads[place] != "year":
                heads[place] = f"{heads[place]}, {unit}"
        else:
            shown = pd.Series(names.column(values.astype(object).where(values.notna(), "")), index=values.index)
            columns.append(shown)
    named = pd.concat(columns, axis=1) if columns else flat
    named.columns = pd.Index(heads)
    return named.to_csv(index=False, float_format="%.12g", lineterminator="\n")


def _has_unit(head: str) -> bool:
    return bool(
        re.search(r"%|\b(bn|mn|Mt|USD|RUB|points?|share|ratio|years?|persons|index)\b|, (count|in its own unit)$", head)
    )


def source_line(source: str, name: str) -> str:
    """The line below a figure or table, with the place where its page links the CSV."""
    return f'<p class="source">Source: {names.sentence(source)}. {csv_place(name)}</p>'


FIGURE = "application/vnd.rutrade.figure+json"  # what a page makes a figure of, beside its drawing


def part(name: str) -> str:
    """Mark of an output that a page leaves out, because the figure of that name says it."""
    return f"<!-- part of {name} -->"


def csv_place(name: str) -> str:
    """Mark in a notebook's output that a page of the book replaces by links; not seen in a bare notebook."""
    return f"<!-- csv {name} -->"


def scroll_box(label: str, content: str | None = None) -> str:
    """A box in which a wide table scrolls, also by keyboard, and says so; without content it is only opened."""
    box = f'<div class="table-scroll" role="region" tabindex="0" aria-label="{label}">'
    return f"{box}\n" if content is None else f"{box}{content}</div>"
