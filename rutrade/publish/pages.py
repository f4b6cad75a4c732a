"""Generated pages: data and sources, index of figures and tables, values for prose."""

import html as html_text
import json
import re

from rutrade import data, files, scenarios
from rutrade.publish.claims import _claims_page, claims
from rutrade.publish.runs import _stored, anchor, published, results
from rutrade.publish.tables import scroll_box


def gather() -> dict[str, dict[str, object]]:
    """Recorded values of all published pages by scenario; written to `book/results/values.json`."""
    import ast

    import nbformat

    values: dict[str, dict[str, object]] = {}
    for run in published():
        for cell in nbformat.read(run.target, as_version=4).cells:
            for output in cell.get("outputs", ()):
                name = output.get("metadata", {}).get("scrapbook", {}).get("name")
                if name:
                    text = output["data"]["application/papermill.record/text/plain"]
                    values.setdefault(run.scenario, {})[name] = ast.literal_eval(text)
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
        "title": data.sources().loc[fuel["source"], "title"],
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


def _tables_read(source: str) -> list[str]:
    """Tables of `data/` that a notebook's code reads, itself or through the package, by following names."""
    import ast

    known, bodies = set(data.names()), {}
    for path in (files.root() / "rutrade").glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            targets = [node] if hasattr(node, "name") else getattr(node, "targets", ())
            for target in targets:
                bodies[path.stem, getattr(target, "name", getattr(target, "id", ""))] = node
    aliases = dict(re.findall(r"(\w+) as (\w+)", source))
    aliases = {alias: module for module, alias in aliases.items()}
    found, seen, queue = set(), set(), [(None, ast.parse(source))]
    while queue:
        module, body = queue.pop()
        for node in ast.walk(body):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                name = (aliases.get(node.value.id, node.value.id), node.attr)
            elif isinstance(node, ast.Name):
                name = (module, node.id)
            else:
                continue
            if name in bodies and name not in seen and name[0] not in ("datasets", "book", "cli"):
                seen.add(name)
                queue.append((name[0], bodies[name]))
        loads = any(isinstance(node, ast.Attribute) and node.attr == "load" for node in ast.walk(body))
        if loads or isinstance(body, ast.Assign):
            found |= {n.value for n in ast.walk(body) if isinstance(n, ast.Constant) and n.value in known}
    return [name for name in data.names() if name in found]


def _figures_page() -> str:
    """The index a referee needs: each published figure and table with its CSV, cell, code and tables."""
    import nbformat

    lines = [
        "# Index of figures and tables\n",
        "Every figure and table of the chapters with its numbers and the cell that makes it. Cells are counted from 1"
        " in the notebook of the source; the code finds its inputs in cells above it. How to go on from here to the row"
        " of a table and its source: [how to check a number](../check-a-number.md).\n",
    ]
    read = {}
    for run in published():
        stored = nbformat.read(_stored(run.notebook), as_version=4).cells
        code = "\n".join(cell.source for cell in stored if cell.cell_type == "code")
        page = f"[{run.notebook}]({run.scenario}/{run.notebook}.ipynb)"
        if run.notebook not in read:
            read[run.notebook] = _tables_read(code)
        links = (f'<a href="data.html#table-{name}"><code>{name}</code></a>' for name in read[run.notebook])
        tables = ", ".join(links)
        lines += [f"## {run.notebook} ({run.scenario})\n", f"Page {page}. Tables it reads: {tables or 'none'}.\n"]
        numbers = {cell.get("id"): number for number, cell in enumerate(stored, 1)}
        for cell in nbformat.read(run.target, as_version=4).cells:
            alt = ""
            for output in cell.get("outputs", ()):
                alt = output.get("metadata", {}).get("image/png", {}).get("alt", alt)
                text = output.get("data", {}).get("text/html", "")
                for name in re.findall(r'class="csv" download="([^"]+)"', text):
                    caption = re.search(r"<caption>(.*?)</caption>", text)
                    title = html_text.unescape(caption[1]) if caption else alt.split(". ")[0]
                    lines += [
                        f'<span id="{anchor(run.scenario, name)}"></span>\n',
                        f'**{title}.** <a href="{run.scenario}/tables/{name}">{name}</a>\n',
                        f"````{{dropdown}} Cell {numbers.get(cell.get('id'), '?')} of notebooks/{run.notebook}.ipynb",
                        f"```python\n{cell.source}\n```\n````\n",
                    ]
    return "\n".join(lines) + "\n"
