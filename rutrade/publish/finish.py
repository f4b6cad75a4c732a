"""From an executed notebook to a page: parameter cells hidden, scenario named, CSV files beside it, manifest shown."""

import html as html_text
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rutrade import files, scenarios
from rutrade.publish.tables import csv_place

if TYPE_CHECKING:
    from nbformat import NotebookNode

_SHOWN = {
    "scenario": "scenario",
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
    for cell in notebook.cells:
        tags = cell.metadata.setdefault("tags", [])
        if {"parameters", "injected-parameters"} & set(tags) and "remove-cell" not in tags:
            tags.append("remove-cell")
        if cell.cell_type == "markdown" and scenario != scenarios.BASE:
            cell.source = re.sub(r"^# (.+)$", rf"# \1 (scenario {scenario})", cell.source, count=1, flags=re.M)
        outputs = cell.get("outputs", ())
        for name, text in csv_outputs(cell):
            file = f"{manifest['notebook']}-{name}.csv"
            files.write(folder / "tables" / file, text)
            links = f'<a class="csv" download="{file}" href="tables/{file}">Data (CSV)</a>'
            if listed:
                # From every figure of the book to its cell, tables and sources.
                there = f"../figures.html#{anchor(scenario, file)}"
                links += f' <a class="check" aria-label="Check {name}" href="{there}">Check</a>'
            for data in (output.get("data", {}) for output in outputs):
                # The page hands no CSV on itself: its builder would warn of a kind it cannot show.
                if data.get("text/csv") == text:
                    del data["text/csv"]
                if "text/html" in data:
                    data["text/html"] = data["text/html"].replace(csv_place(name), links)
    notebook.cells.append(nbformat.v4.new_markdown_cell(_manifest(manifest)))
    notebook.metadata.pop("papermill", None)
    notebook.metadata["rutrade"] = manifest
    return notebook


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


def alts(notebook: "NotebookNode") -> list[tuple[str, str]]:
    """PNG (base64) and alt text of each image of a notebook, in order; the text is empty where a cell gave none."""
    found = []
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if "image/png" in output.get("data", {}):
                alt = output.metadata.get("image/png", {}).get("alt", "")
                found.append((output.data["image/png"], alt))
    return found


def anchor(scenario: str, csv: str) -> str:
    """Where a figure or table stands in the index."""
    return f"{scenario}-{Path(csv).stem}"


def _manifest(manifest: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><th scope='row'>{label}</th><td>{html_text.escape(str(manifest[name]))}</td></tr>"
        for name, label in _SHOWN.items()
    )
    return f"<details class='manifest'><summary>How this page was made</summary><table>{rows}</table></details>"
