"""From an executed notebook to a page: parameter cells hidden, scenario named, CSV files beside it, manifest shown."""

import html as html_text
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rutrade import files, scenarios
from rutrade.publish.names import TITLES, plain, sentence
from rutrade.publish.tables import FIGURE, ROWS, box_of, csv_place, part

if TYPE_CHECKING:
    import pandas as pd
    from nbformat import NotebookNode

_SHOWN = {
    "title": "scenario",
    "overrides": "parameters changed",
    "version": "rutrade version",
    "data": "data sha256 (first 16)",
    "lock": "lock sha256 (first 16)",
    "date": "executed",
    "seconds": "duration, s",
}


def finish(notebook: "NotebookNode", manifest: dict[str, Any], folder: Path, listed: bool) -> "NotebookNode":
    """The notebook that papermill executed as the page in `folder`; its CSV files go to `folder`/tables.

    listed: whether the index of figures names the page, so that each figure links to its entry.
    """
    import nbformat

    scenario = manifest["scenario"]
    title = TITLES[scenario].lower() if scenario in TITLES else f"scenario {scenario}"
    numbered = re.match(r"\d+", manifest["notebook"])
    chapter, counts = (int(numbered[0]) if numbered else 0), {"Figure": 0, "Table": 0}
    for cell in notebook.cells:
        tags = cell.metadata.setdefault("tags", [])
        if {"parameters", "injected-parameters"} & set(tags) and "remove-cell" not in tags:
            tags.append("remove-cell")
        if cell.cell_type == "markdown" and chapter:
            cell.source = re.sub(r"^# (?!\d+\.)(.+)$", rf"# {chapter}. \1", cell.source, count=1, flags=re.M)
        if cell.cell_type == "markdown" and scenario != scenarios.BASE:
            cell.source = re.sub(r"^# (.+)$", rf"# \1 ({title})", cell.source, count=1, flags=re.M)
        outputs = cell.get("outputs", ())
        for name, text in csv_outputs(cell):
            file = f"{manifest['notebook']}-{name}.csv"
            files.write(folder / "tables" / file, text)
            links = f'<a class="csv" download="{file}" href="tables/{file}">Data (CSV)</a>'
            if listed:
                # From every figure of the book to its cell, tables and sources.
                there = f"../figures.html#{anchor(scenario, file)}"
                links += f' <a class="check" aria-label="Check {name}" href="{there}">Check</a>'
            for output in outputs:
                output_data = output.get("data", {})
                # The page hands no CSV on itself: its builder would warn of a kind it cannot show.
                if "text/csv" in output_data and csv_names(output) == [name]:
                    del output_data["text/csv"]
                    kind = "Figure" if FIGURE in output_data else "Table"
                    counts[kind] += 1
                    number = f"{kind} {chapter}.{counts[kind]}"
                    if kind == "Figure":
                        output_data["text/html"] = figure(output_data, text, links, number)
                        del output_data["image/svg+xml"], output_data[FIGURE]
                    else:
                        start = '<span class="stays">'
                        numbered_text = output_data["text/html"].replace(
                            start, f'{start}<span class="number">{number}.</span> ', 1
                        )
                        output_data["text/html"] = numbered_text.replace(csv_place(name), links)
            said = part(name)
            cell["outputs"] = outputs = [o for o in outputs if said not in o.get("data", {}).get("text/html", "")]
    notebook.cells.append(nbformat.v4.new_markdown_cell(""))
    notebook.metadata.pop("papermill", None)
    notebook.metadata["rutrade"] = manifest
    say_manifest(notebook)
    return notebook


def figure(
    output: dict[str, Any], csv: str, links: str, number: str, level: int = 3, say: Callable[[str], str] = str,
    below: str = "",
) -> str:  # fmt: skip
    """A figure as HTML: its finding, what it shows, the chart at two widths, its numbers as table and file, source.

    say: the frame's own words in the page's language; below: HTML that stands under the chart.
    """
    import io

    import pandas as pd

    about = output[FIGURE]
    data = pd.read_csv(io.StringIO(csv))
    first = data.columns[0]
    more = f" (the first {10 * ROWS} of {len(data):,} rows; the file has all)" if len(data) > 10 * ROWS else ""
    shown = data.head(10 * ROWS).set_index(first)
    numbers = box_of(
        without_noise(shown), say("Numbers of {number}").format(number=number.lower()) + more, formats(shown), say
    )  # fmt: skip
    source = f"{say('Source')}: {sentence(about['source'])}."
    what = f'<p class="rt-what">{html_text.escape(about["what"], quote=False)}</p>' if about["what"] else ""
    # One drawing is shown; the other says nothing to a reader who listens.
    narrow = about["narrow"]
    scrolls = ' tabindex="0"' if "min-width" in narrow else ""
    label = say("Chart of {number}").format(number=number.lower())
    chart = f'<div class="rt-chart" role="group" aria-label="{label}"{scrolls}>'
    return (
        f'<figure class="rt-figure"><p class="rt-title" role="heading" aria-level="{level}">'
        f"{html_text.escape(about['title'], quote=False)}</p>{what}"
        f"{chart}{output['image/svg+xml']}{narrow}</div>{below}"
        f'<div class="rt-views"><details class="rt-data"><summary>{say("Table")}</summary>{numbers}</details>'
        f"<span>{links}</span></div>"
        f'<figcaption class="source"><span class="number">{number}.</span> {source}</figcaption></figure>'
    )


def without_noise(data: "pd.DataFrame") -> "pd.DataFrame":
    """Numbers with 0 for what is no more than the last digits of a sum: below a billionth of a column's largest."""
    numeric = data.select_dtypes("number")
    largest = numeric.abs().max()
    return data.assign(
        **{name: numeric[name].where(numeric[name].abs() >= 1e-9 * largest[name], 0) for name in numeric}
    )


def formats(data: "pd.DataFrame") -> dict[str, str]:
    """How each column of numbers is shown: years as they are, four digits, or whole numbers where these are more."""
    found = {}
    for name, column in data.select_dtypes("number").items():
        values = column.dropna()
        if len(values) and values.between(1900, 2100).all() and (values % 1 == 0).all():
            found[str(name)] = "{:.0f}"
        else:
            found[str(name)] = "{:,.0f}" if values.abs().max() >= 10_000 else "{:,.4g}"
    return found


def csv_outputs(cell: "NotebookNode") -> list[tuple[str, str]]:
    """Name and text of each CSV that a cell hands on."""
    found = []
    for output in cell.get("outputs", ()):
        text = output.get("data", {}).get("text/csv")
        if text is not None:
            found.append((output.metadata["text/csv"]["name"], text))
    return found


def csv_names(output: "NotebookNode") -> list[str]:
    """Name of the CSV that an output handed on, also in a page, where the CSV is a file."""
    about = output.get("metadata", {}).get("text/csv")
    return [about["name"]] if about else []


def alts(notebook: "NotebookNode") -> list[str]:
    """What the cells of a notebook or page say of each figure to a reader who cannot see it, in order."""
    told = (o.get("metadata", {}).get("image/svg+xml") for cell in notebook.cells for o in cell.get("outputs", ()))
    return [about["alt"] for about in told if about]


def anchor(scenario: str, csv: str) -> str:
    """Where a figure or table stands in the index."""
    return f"{scenario}-{Path(csv).stem}"


def say_manifest(page: "NotebookNode") -> bool:
    """Write a page's manifest into its last cell; whether it said something else before."""
    text, last = _manifest(page.metadata["rutrade"]), page.cells[-1]
    changed = bool(last.source != text)
    last.source = text
    return changed


def _manifest(manifest: dict[str, Any]) -> str:
    """How a page was made, in names: a preset by its title, parameters without underscores."""
    about = manifest | {"title": scenarios.title(manifest["scenario"])}
    rows = "".join(
        f"<tr><th scope='row'>{label}</th><td>{html_text.escape(_told(about[name]))}</td></tr>"
        for name, label in _SHOWN.items()
    )
    return f"<details class='manifest'><summary>How this page was made</summary><table>{rows}</table></details>"


def _told(value: object) -> str:
    """What a row of the manifest says."""
    if not isinstance(value, dict):
        return str(value)
    return "; ".join(f"{plain(name)}: {shown}" for name, shown in value.items()) or "none"
