"""Generated pages: data and sources, index of figures and tables, values for prose."""

import html as html_text
import json
import re
from typing import TYPE_CHECKING

from rutrade import data, files, scenarios
from rutrade.publish import finish, front, names, report, tabs, translated
from rutrade.publish.claims import _claims_page, claims
from rutrade.publish.finish import alts, anchor, csv_names
from rutrade.publish.runs import Run, cells, published, results
from rutrade.publish.style import GROUPS
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


def _renew_manifests() -> None:
    """Pages kept from an earlier build say how they were made in today's words."""
    import nbformat

    for run in published():
        page = nbformat.read(run.target, as_version=4)
        if finish.say_manifest(page):
            files.write(run.target, nbformat.writes(page))


def write_pages() -> None:
    """Write the generated pages: front pages, verdicts, projections, data, index of figures and tables."""
    _renew_manifests()
    values = gather()
    judged = claims(values)
    pages = _data_pages() | {"figures": _figures_page(), "claims": _claims_page(judged)}
    pages |= {f"front-{name}": f"```{{raw}} html\n{text}\n```\n" for name, text in front.parts(values, judged).items()}
    runs = [run for run in published() if run.notebook.startswith("08_")]
    if runs:
        pages["projections"] = tabs.page(runs)
    pages |= {language: translated.page(language, values, judged) for language in ("ru", "zh")}
    for name, text in pages.items():
        files.write(results() / f"{name}.md", text)


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
    shares = pd.read_csv(path, index_col="year").loc[2023]
    drawn = shares[[column for column in shares.index if column.startswith(GROUPS["27"])]].iloc[0]
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


# Pages of the tables by topic: file, title, beginnings of the tables' names; what fits none goes to the last.
TOPICS = {
    "data-trade": ("Data: trade of Russia and China", ("trade_", "chn_to_rus", "partners", "siberia", "concordance")),
    "data-goods": ("Data: goods, tariffs, elasticities", (
        "hs6_", "product_", "complexity", "technology", "tariffs", "theta", "exports_to_world", "export_valuation",
        "sector_group")),
    "data-world": ("Data: the world economy", ("world_", "gravity_", "panel_", "current_accounts", "macro", "price_")),
    "data-economy": ("Data: Russia's economy and regions", (
        "national_io", "interregional", "regional_", "regions", "sectors", "supply_use", "gva_path", "economy_paths",
        "deflators")),
    "data-project": ("Data: the infrastructure, claims, other tables", ("",)),
}  # fmt: skip


def topic(table: str) -> str:
    """The page that shows a table."""
    return next(page for page, (_, starts) in TOPICS.items() if table.startswith(starts))


def _data_pages() -> dict[str, str]:
    """The pages of tables and sources by file name, from the data package."""
    tables = data.names()
    readme = (files.root() / "data" / "README.md").read_text(encoding="utf-8").split("\n", 1)[1]
    contents = [
        f"- [{title.removeprefix('Data: ').capitalize()}]({page}.md): "
        + ", ".join(f'<a href="{page}.html#table-{name}">{data.describe(name).title}</a>' for name in tables
                    if topic(name) == page)
        for page, (title, _) in TOPICS.items() if any(topic(name) == page for name in tables)
    ]  # fmt: skip
    contents.append("- [All sources](data-sources.md)")
    first = ["# Data and sources\n", "## Tables by topic\n", *contents, "", names.marked(readme)]
    found = {"data": "\n".join(first) + "\n"}
    for page, (title, _) in TOPICS.items():
        shown = [name for name in tables if topic(name) == page]
        text = "\n".join(line for name in shown for line in _table_lines(name))
        found[page] = f"# {title}\n\n{len(shown)} tables. [All tables and sources](data.md).\n\n{text}\n"
    return found | {"data-sources": "\n".join(_source_lines()) + "\n"}


def _table_lines(name: str) -> list[str]:
    """A table of the data package: what it holds, its columns, its sources."""
    table = data.describe(name)
    lines = [
        f'<span id="table-{name}"></span>\n',
        f"## {table.title}\n",
        f"`data/{name}.csv`. {names.marked(table.description)}\n",
        scroll_box(f"Columns of {name}"),
        "| column | meaning | unit | type |",
        "|---|---|---|---|",
    ]
    for field in table.fields:
        lines.append(
            f"| `{field['name']}` | {names.marked(field['description'])} | {field.get('unit', '')} | {field['type']} |"
        )
    lines.append(f"\n</div>\n\n{len(data.load(name)):,} rows, sha256 `{table.sha256[:16]}`. {table.licence}.\n")
    keys = data.load(name).get("source")
    if keys is not None and name != "sources":
        cited = sorted({key for cell in keys.dropna().unique() for key in str(cell).split("; ")})
        titles = data.sources()["title"]
        links = (f'<a href="data-sources.html#source-{key}">{titles.get(key, key)}</a>' for key in cited)
        lines.append("Sources: " + "; ".join(links) + ".\n")
    return lines


def _source_lines() -> list[str]:
    """All sources, one a row."""
    lines = ["# Sources of the data\n", scroll_box("Sources"), "| title | publisher | year | licence | notes | key |",
             "|---|---|---|---|---|---|"]  # fmt: skip
    for row in data.load("sources").astype("string").fillna("").itertuples():
        title = f"[{row.title}]({row.url})" if row.url.startswith("http") else row.title
        anchor_of = f'<span id="source-{row.source}"></span>'
        cells = [anchor_of + title, row.publisher, row.year, row.licence, names.marked(row.notes), f"`{row.source}`"]
        lines.append("| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |")
    return [*lines, "\n</div>"]


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
        links = (
            f'<a href="{topic(name)}.html#table-{name}">{data.describe(name).title}</a>'
            for name in data.names()
            if name in read
        )
        title, tables = _title(run, page), ", ".join(links)
        link = f"[{title}]({run.scenario}/{run.notebook}.ipynb)"
        lines += [f"## {title}\n", f"Page: {link}. Tables it reads: {tables or 'none'}.\n"]
        numbers = {cell.get("id"): number for number, cell in enumerate(stored, 1)}
        for cell in page.cells:
            lines += _entries(run, cell, numbers.get(cell.get("id"), "?"))
    return "\n".join(lines) + "\n"


def _title(run: Run, page: "NotebookNode") -> str:
    """A page's own heading, which names its scenario where it has one."""
    heads = (re.search(r"^# (.+)$", cell.source, re.M) for cell in page.cells if cell.cell_type == "markdown")
    head = next((found[1] for found in heads if found), run.notebook)
    return head


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
                f'**{title}.** <a href="{run.scenario}/tables/{file}">Data (CSV)</a>\n',
                f"````{{dropdown}} Cell {number} of the notebook",
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
