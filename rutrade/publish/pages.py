"""Generated pages: data and sources, index of figures and tables, values for prose."""

import html as html_text
import json
import re
from typing import TYPE_CHECKING

from rutrade import data, files, scenarios
from rutrade.publish import report
from rutrade.publish.claims import _claims_page, claims
from rutrade.publish.finish import alts, anchor, csv_names
from rutrade.publish.runs import Run, cells, published, results
from rutrade.publish.tables import scroll_box

if TYPE_CHECKING:
    from nbformat import NotebookNode


def gather() -> dict[str, dict[str, object]]:
    """Recorded values of all published pages by scenario; written to `book/results/values.json`."""
    values: dict[str, dict[str, object]] = {}
    for run in published():
        values.setdefault(run.scenario, {}).update(report.figures(run.target))
    files.write(results() / "values.json", json.dumps(values, indent=1))
    return values


def write_pages() -> None:
    """Write the generated pages: data, claims, index of figures and tables."""
    values = gather()
    files.write(results() / "data.md", _data_page())
    files.write(results() / "figures.md", _figures_page())
    files.write(results() / "claims.md", _claims_page(claims(values)))


def traced() -> dict[str, object]:
    """The worked example of 'How to check a number': one figure from its CSV back to the row of its table.

    csv_percent: the drawn share, as published; value_musd, total_musd (mn USD, current): the rows it comes from;
    row_percent: their ratio; line: the row's line in the file; source, title, status: what the row says of itself.
    Empty when the page has not been executed.
    """
    import pandas as pd

    path = results() / scenarios.BASE / "tables" / "01_trade_structure-exports-structure.csv"
    if not path.exists():
        return {}
    drawn = pd.read_csv(path, index_col="year").loc[2023, "27"]
    table = data.load("trade_structure")
    rows = table[(table["year"] == 2023) & (table["reporter"] == "BACI")]
    rows = rows[(rows["exporter"] == "RUS") & (rows["importer"] == "CHN")]
    fuel = rows[rows["group"] == "27"].iloc[0]
    total = float(rows.loc[rows["group"] != "TOTAL", "value_musd"].sum())
    return {
        "csv_percent": float(drawn),
        "value_musd": float(fuel["value_musd"]),
        "total_musd": total,
        "row_percent": 100 * float(fuel["value_musd"]) / total,
        "line": int(fuel.name) + 2,
        "source": fuel["source"],
        "status": fuel["status"],
        "title": "; ".join(data.sources().loc[fuel["source"].split("; "), "title"]),
    }


def _data_page() -> str:
    """The page of tables and sources, from the data package."""
    lines = [
        "# Data and sources\n",
        (files.root() / "data" / "README.md").read_text(encoding="utf-8").split("\n", 1)[1],
    ]
    lines.append("\n## Tables and columns\n")
    for name in data.names():
        table = data.describe(name)
        lines += [
            f'<span id="table-{name}"></span>\n',
            f"### `{name}`\n",
            f"{table.title}. {table.description}\n",
            scroll_box(f"Columns of {name}"),
            "| column | type | unit | meaning |",
            "|---|---|---|---|",
        ]
        for field in table.fields:
            lines.append(f"| {field['name']} | {field['type']} | {field.get('unit', '')} | {field['description']} |")
        lines.append(f"\n</div>\n\n{len(data.load(name)):,} rows, sha256 `{table.sha256[:16]}`. {table.licence}.\n")
        keys = data.load(name).get("source")
        if keys is not None and name != "sources":
            cited = sorted({key for cell in keys.dropna().unique() for key in str(cell).split("; ")})
            lines.append("Sources: " + ", ".join(f'<a href="#source-{key}">{key}</a>' for key in cited) + ".\n")
    lines += [
        "## Sources\n",
        scroll_box("Sources"),
        "| key | title | publisher | year | licence | notes |",
        "|---|---|---|---|---|---|",
    ]
    for row in data.load("sources").astype("string").fillna("").itertuples():
        title = f"[{row.title}]({row.url})" if row.url.startswith("http") else row.title
        key = f'<span id="source-{row.source}"></span>`{row.source}`'
        cells = [key, title, row.publisher, row.year, row.licence, row.notes]
        lines.append("| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |")
    return "\n".join(lines) + "\n\n</div>\n"


def _figures_page() -> str:
    """The index a referee needs: each published figure and table with its CSV, cell, code and tables."""
    import nbformat

    lines = [
        "# Index of figures and tables\n",
        "Every figure and table of the chapters with its numbers and the cell that makes it. Cells are counted from 1"
        " in the notebook of the source; the code finds its inputs in cells above it. How to go on from here to the row"
        " of a table and its source: [how to check a number](../check-a-number.md).\n",
    ]
    for run in published():
        stored, page = cells(run.notebook), nbformat.read(run.target, as_version=4)
        read = page.metadata["rutrade"]["made_from"]["table"]
        links = (f'<a href="data.html#table-{name}"><code>{name}</code></a>' for name in data.names() if name in read)
        link, tables = f"[{run.notebook}]({run.scenario}/{run.notebook}.ipynb)", ", ".join(links)
        lines += [f"## {run.notebook} ({run.scenario})\n", f"Page {link}. Tables it reads: {tables or 'none'}.\n"]
        numbers = {cell.get("id"): number for number, cell in enumerate(stored, 1)}
        for cell in page.cells:
            lines += _entries(run, cell, numbers.get(cell.get("id"), "?"))
    return "\n".join(lines) + "\n"


def _entries(run: Run, cell: "NotebookNode", number: int | str) -> list[str]:
    """Entries of a cell's figures and tables: title, CSV, and the code of the cell."""
    lines = []
    for output in cell.get("outputs", ()):
        for name in csv_names(output):
            caption = re.search(r"<caption>(.*?)</caption>", output.data.get("text/html", ""))
            title = output.metadata.get("image/svg+xml", {}).get("title", "")
            if caption and not title:
                words = re.sub(r'<span class="number">.*?</span>|<[^>]*>', "", caption[1])
                title = html_text.unescape(words).strip()
            file = f"{run.notebook}-{name}.csv"
            lines += [
                f'<span id="{anchor(run.scenario, file)}"></span>\n',
                f'**{title}.** <a href="{run.scenario}/tables/{file}">{file}</a>\n',
                f"````{{dropdown}} Cell {number} of notebooks/{run.notebook}.ipynb",
                f"```python\n{cell.source}\n```\n````\n",
            ]
    return lines


def images() -> dict[str, list[str]]:
    """What is told of each figure of every published page, by document name (`book/results/base/01_...`)."""
    import nbformat

    found = {}
    for run in published():
        name = run.target.relative_to(files.root()).with_suffix("").as_posix()
        found[name] = alts(nbformat.read(run.target, as_version=4))
    return found
