"""From notebooks to the published book: execute, gather, build, check.

Which notebook runs under which scenario is read from `_toc.yml`: an entry `book/results/<scenario>/<notebook>` is one
run. An executed page is kept as long as its key (notebook, parameters, package, data, lock) is unchanged. This module
is also the book's Sphinx extension: it puts recorded values into prose and ships the CSV files beside the pages.
"""

import hashlib
import html as html_text
import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from rutrade import InputError, RunError, __version__, datasets, press, scenarios, unknown

# Results must not depend on these; fixing them in runs makes a difference visible as a fault of ours.
_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
_REMOTE_URL = re.compile(r"url\(['\"]?((?:https?:)?//[^)'\"]*)")
_CSV_LINK = re.compile(r'download="(?P<name>[a-z0-9-]+)\.csv" href="data:text/csv;charset=utf-8,(?P<data>[^"]*)"')


@dataclass(frozen=True)
class Run:
    """One execution: notebook, scenario, overrides of parameters; and where the executed page goes."""

    notebook: str
    scenario: str
    overrides: tuple[tuple[str, object], ...]
    target: Path


def root() -> Path:
    """The compendium's folder."""
    return Path(__file__).resolve().parents[1]


def results() -> Path:
    """Where executed pages go."""
    return root() / "book" / "results"


def notebooks() -> list[str]:
    """Names of the notebooks, in order."""
    return sorted(p.stem for p in (root() / "notebooks").glob("*.ipynb"))


def prepare(
    name: str, scenario: str = scenarios.BASE, overrides: dict | None = None, folder: Path | None = None
) -> Run:
    """Check notebook, preset and parameters, without running anything.

    name: a notebook's name, its number or an unambiguous beginning. Raises InputError for whatever does not exist or
    is out of range.
    """
    matches = [n for n in notebooks() if n == name] or [n for n in notebooks() if n.startswith(name)]
    if len(matches) != 1:
        raise unknown("notebook", name, notebooks())
    cls = scenarios.of_notebook(matches[0])
    values = scenarios.select(cls, scenarios.load(scenario)) | (overrides or {})
    cls.check(**values)
    label = Path(scenario).stem
    if overrides and folder is None:
        # A page with the reader's own parameters never replaces a published one.
        digest = hashlib.sha256(json.dumps(overrides, sort_keys=True, default=str).encode()).hexdigest()[:8]
        label = f"{label}-{digest}"
    target = (folder or results() / label) / f"{matches[0]}.ipynb"
    return Run(matches[0], label, tuple(sorted(values.items())), target)


def published() -> list[Run]:
    """The runs that `_toc.yml` names."""
    import yaml

    toc = yaml.safe_load((root() / "_toc.yml").read_text(encoding="utf-8"))
    files = re.findall(r"'file': 'book/results/([\w-]+)/([\w-]+)(?:\.ipynb)?'", repr(toc))
    return [prepare(name, scenario, folder=results() / scenario) for scenario, name in files]


def key(run: Run) -> str:
    """Freshness key: changes when the notebook's cells, the parameters, package, data or lock change."""
    import nbformat

    cells = nbformat.read(_stored(run.notebook), as_version=4).cells
    digest = hashlib.sha256(json.dumps([[c.cell_type, c.source] for c in cells]).encode())
    digest.update(json.dumps(run.overrides, default=str).encode())
    for path in sorted((root() / "rutrade").glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    for preset in scenarios.names():
        digest.update(json.dumps(scenarios.load(preset), sort_keys=True).encode())
    digest.update(datasets.fingerprint().encode() + (root() / "requirements.txt").read_bytes())
    return digest.hexdigest()


def execute(run: Run, progress: bool = True) -> dict:
    """Execute one run by papermill, write aside, then move; returns its manifest.

    A notebook that raises leaves the last good page in place; the half-run one is kept under `failed/`. Raises
    InputError when the notebook raised one (its sentence) and RunError naming notebook, cell and error otherwise.
    """
    import nbformat
    import papermill
    from papermill.exceptions import PapermillExecutionError

    os.environ.update(_ENVIRONMENT)
    started, clock = datetime.now(UTC), time.perf_counter()
    folder = run.target.parent
    aside = folder / f".{run.notebook}.{os.getpid()}.part.ipynb"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        aside.touch()
    except OSError as error:
        raise InputError(f"results folder {folder} cannot be written: {error.strerror}") from None
    try:
        papermill.execute_notebook(
            _stored(run.notebook), aside, parameters=dict(run.overrides), progress_bar=progress, start_timeout=120
        )
        manifest = {
            "notebook": run.notebook,
            "scenario": run.scenario,
            "overrides": dict(run.overrides),
            "version": __version__,
            "data": datasets.fingerprint()[:16],
            "lock": hashlib.sha256((root() / "requirements.txt").read_bytes()).hexdigest()[:16],
            "date": started.strftime("%Y-%m-%d %H:%M UTC"),
            "seconds": round(time.perf_counter() - clock, 1),
            "key": key(run),
        }
        nbformat.write(_finish(nbformat.read(aside, as_version=4), manifest, folder), aside)
        aside.replace(run.target)
        return manifest
    except PapermillExecutionError as error:
        failed = folder / "failed"
        failed.mkdir(exist_ok=True)
        aside.replace(failed / f"{run.notebook}.ipynb")
        if error.ename == "InputError":
            raise InputError(f"{run.notebook}: {error.evalue}") from None
        raise RunError(
            f"{run.notebook} ({run.scenario}): cell {error.cell_index} raised {error.ename}: {error.evalue};"
            f" the half-run notebook is {failed / run.notebook}.ipynb"
        ) from None
    finally:
        aside.unlink(missing_ok=True)


def execute_all(force: bool = False, jobs: int = 2) -> dict[str, float]:
    """Execute all published runs that are not fresh, in `jobs` processes; seconds by page, 0 when kept.

    Every run is tried; failures are reported together at the end, and earlier pages stay. Raises RunError naming each
    page that failed.
    """
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from multiprocessing import get_context

    from tqdm import tqdm

    runs = published()
    stale = [run for run in runs if force or not fresh(run)]
    seconds = {f"{run.scenario}/{run.notebook}": 0.0 for run in runs}
    failures = []
    # Processes and not threads: the working directory and the kernel's environment are global to a process.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        futures = {pool.submit(execute, run, False): run for run in stale}
        try:
            for future in tqdm(
                as_completed(futures), total=len(futures), desc="notebooks", unit="page", disable=not stale
            ):
                run = futures[future]
                try:
                    seconds[f"{run.scenario}/{run.notebook}"] = future.result()["seconds"]
                except (InputError, RunError) as error:
                    failures.append(str(error))
        except KeyboardInterrupt:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    if failures:
        raise RunError("; ".join(failures))
    return seconds


def fresh(run: Run) -> bool:
    """Whether the executed page exists and its key still holds."""
    try:
        return json.loads(run.target.read_text(encoding="utf-8"))["metadata"]["rutrade"]["key"] == key(run)
    except (OSError, KeyError, json.JSONDecodeError):
        return False


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
    _write(results() / "values.json", json.dumps(values, indent=1))
    return values


def claims(values: dict[str, dict[str, object]]):
    """The replication table: each claim with our figure, the criterion and the status it leads to.

    Status: reproduced when the criterion holds; partly when it holds with the wider tolerance; else not; 'not
    testable' when there is no figure to hold it against. Raises InputError when no page records the value a claim
    names.
    """
    import pandas as pd

    table = datasets.load("claims")
    ours, status = [], []
    for claim in table.itertuples():
        if pd.isna(claim.value_name):
            ours.append(None)
            status.append("not testable")
            continue
        figure = values.get(claim.scenario, {}).get(claim.value_name)
        if figure is None:
            raise InputError(
                f"claim '{claim.claim}': no page of scenario '{claim.scenario}' records '{claim.value_name}'"
            )
        ours.append(figure)
        status.append(judge(figure, claim.relation, claim.threshold, claim.tolerance, claim.wide_tolerance))
    return table.assign(ours=ours, verdict=status)


def judge(figure: float, relation: str, threshold: float, tolerance: float, wide: float) -> str:
    """Status of a claim: relation is 'at least', 'at most' or 'about'; tolerances in the figure's unit."""
    shortfall = {"at least": threshold - figure, "at most": figure - threshold, "about": abs(figure - threshold)}[
        relation
    ]
    return "reproduced" if shortfall <= tolerance else "partly" if shortfall <= wide else "not reproduced"


def write_pages() -> None:
    """Write the generated pages: data, claims, index of figures and tables."""
    values = gather()
    _write(results() / "data.md", _data_page())
    _write(results() / "figures.md", _figures_page())
    _write(results() / "claims.md", _claims_page(claims(values)))


def build(force: bool = False, jobs: int = 2, pdf: bool | None = None) -> Path:
    """Execute, gather, build the HTML with warnings as errors, print the PDF, check it; returns the first page.

    The new book is built aside and replaces the old one only when all checks pass. pdf: True demands the PDF, False
    leaves it out, None makes it when Chromium is there. Raises RunError with the warnings or problems found, and
    InputError when the PDF is demanded without Chromium.
    """
    import yaml

    from rutrade import explorer

    program = None if pdf is False else press.chromium()
    if pdf and program is None:
        raise InputError("the PDF needs Chromium or Chrome, and none is installed: Debian has it as 'chromium'")
    clock, steps = time.perf_counter(), {}

    def step(name: str) -> None:
        nonlocal clock
        steps[name] = time.perf_counter() - clock
        clock = time.perf_counter()

    pages = execute_all(force, jobs)
    step(f"notebooks ({sum(s > 0 for s in pages.values())} of {len(pages)} executed)")
    write_pages()
    step("generated pages")
    explorer.write(results() / "explorer", jobs)
    step("explorer")
    aside, final = root() / "_build" / "next", root() / "_build" / "html"
    shutil.rmtree(aside, ignore_errors=True)
    log = root() / "_build" / "build.log"
    log.parent.mkdir(exist_ok=True)
    # Always a clean build: a second build of a broken book would pass, its warnings already spent.
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", str(root()), "--path-output", str(aside)]
    command += ["-n", "-W", "--keep-going", "--all"]
    with log.open("w", encoding="utf-8") as stream:
        code = subprocess.run(command, stdout=stream, stderr=subprocess.STDOUT, cwd=root()).returncode
    if code:
        lines = [x for x in log.read_text(encoding="utf-8").splitlines() if "WARNING" in x or "ERROR" in x]
        raise RunError("the book did not build:\n" + "\n".join(lines[:20]) + f"\nthe whole log is {log}")
    step("book")
    if program:
        toc = yaml.safe_load((root() / "_toc.yml").read_text(encoding="utf-8"))
        press.pdf(aside / "_build" / "html", list(press.reading_order(toc)), program)
        step("PDF")
    elif pdf is None:
        print("no PDF: Chromium is not installed (the front page says so)")
    problems = check(aside / "_build" / "html")
    if problems:
        raise RunError("the built book fails its checks:\n" + "\n".join(problems[:30]))
    step("checks")
    shutil.rmtree(final, ignore_errors=True)
    (aside / "_build" / "html").rename(final)
    shutil.rmtree(aside)
    for name, seconds in steps.items():
        print(f"{seconds:8.1f} s  {name}")
    for page, seconds in sorted(pages.items(), key=lambda item: -item[1])[:5]:
        print(f"{seconds:8.1f} s    {page}" if seconds else f"    kept      {page}")
    print(f"the book: {(final / 'index.html').as_uri()}")
    return final / "index.html"


def check(folder: Path) -> list[str]:
    """Problems of a built book: remote resources, images without alt text, weight, dead links, doubtful headings."""
    from bs4 import BeautifulSoup

    pages = {p: BeautifulSoup(p.read_text(encoding="utf-8"), "html.parser") for p in press.pages(folder)}
    ids = {p: {t["id"] for t in soup.find_all(id=True)} for p, soup in pages.items()}
    problems, headings = [], {}
    for path, soup in pages.items():
        page = path.relative_to(folder)
        for tag in soup.find_all(["script", "img", "iframe", "source", "video", "audio", "link"]):
            address = tag.get("src") or (tag.get("href") if tag.name == "link" else None) or ""
            canonical = tag.name == "link" and {"canonical", "next", "prev"} & set(tag.get("rel", ()))
            if re.match(r"(https?:)?//", address) and not canonical:
                problems.append(f"{page}: remote {tag.name} {address}")
        if (size := press.weight(path, soup)) > press.PAGE_LIMIT:
            problems.append(f"{page}: {size / 1e6:.1f} MB load at once, {press.PAGE_LIMIT / 1e6:.1f} MB are allowed")
        for style in soup.find_all("style"):
            problems += [f"{page}: remote style {address}" for address in _REMOTE_URL.findall(style.text)]
        silent = [image.get("src") for image in soup.find_all("img") if not image.get("alt")]
        problems += [f"{page}: image without alt text: {source}" for source in silent]
        for link in soup.find_all("a", href=True):
            parts = urlsplit(link["href"])
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target = target / "index.html"
            if not target.exists():
                problems.append(f"{page}: dead link {link['href']}")
            elif parts.fragment and target in ids and unquote(parts.fragment) not in ids[target]:
                problems.append(f"{page}: dead anchor {link['href']}")
        generated = page.name in ("search.html", "genindex.html", "py-modindex.html")
        if generated or soup.find("meta", {"http-equiv": re.compile("refresh", re.I)}):
            continue
        # The theme repeats the title in a part that only shows in print.
        first = [h for h in soup.find_all("h1") if not h.find_parent(id="jb-print-docs-body")]
        titles = [h.get_text(" ", strip=True).rstrip("# ") for h in first]
        if len(titles) != 1:
            problems.append(f"{page}: {len(titles)} headings of the first level")
        for title in titles:
            if title in headings:
                problems.append(f"{page}: heading '{title}' also stands on {headings[title]}")
            headings[title] = page
    for sheet in folder.rglob("*.css"):
        found = _REMOTE_URL.findall(sheet.read_text(encoding="utf-8", errors="ignore"))
        problems += [f"{sheet.relative_to(folder)}: remote {address}" for address in found]
    return problems


def renew(name: str) -> Path:
    """Execute a stored notebook at its defaults and store its outputs as the reference, without run-dependent parts.

    Raises InputError for an unknown notebook.
    """
    import jupytext
    import nbformat
    from nbclient import NotebookClient

    os.environ.update(_ENVIRONMENT)
    texts = sorted((root() / "notebooks").glob("[0-9]*.md"))
    found = [p for p in texts if p.stem.startswith(name)]
    if len(found) != 1:
        raise unknown("notebook", name, [p.stem for p in texts])
    text, name = found[0], found[0].stem
    notebook = jupytext.read(text)
    NotebookClient(notebook, timeout=1800, kernel_name="python3").execute()
    notebook.metadata.pop("widgets", None)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata["language_info"] = {"name": "python"}
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:02d}"
        cell.metadata.pop("execution", None)
    target = _stored(name)
    aside = target.with_suffix(".part")
    nbformat.write(notebook, aside)
    aside.replace(target)
    return target


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
    table = datasets.load("trade_structure")
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
        "title": datasets.sources().loc[fuel["source"], "title"],
    }


def launch(origin: str, branch: str, notebook: str) -> dict[str, str]:
    """Addresses that open a stored notebook on Binder and Colab; none unless the clone's origin is on GitHub."""
    found = re.fullmatch(
        r"(?:https://(?:[^@/]*@)?|ssh://git@|git@)github\.com[/:]([\w.-]+/[\w.-]+?)(?:\.git)?/?", origin
    )
    if not found:
        return {}
    return {
        "Binder": f"https://mybinder.org/v2/gh/{found[1]}/{branch}?urlpath=lab/tree/notebooks/{notebook}.ipynb",
        "Colab": f"https://colab.research.google.com/github/{found[1]}/blob/{branch}/notebooks/{notebook}.ipynb",
    }


def setup(app) -> dict:
    """Sphinx extension: recorded values in prose, launch buttons, CSV files beside the pages, pages polished."""

    def git(*words: str) -> str:
        try:
            return subprocess.run(["git", *words], cwd=root(), capture_output=True, text=True).stdout.strip()
        except OSError:
            return ""

    origin, branch = git("config", "--get", "remote.origin.url"), git("rev-parse", "--abbrev-ref", "HEAD")

    def buttons(_app, page, _template, context, _doctree):
        # The theme's own buttons would lead to the executed page, which is not in the repository.
        if re.fullmatch(r"book/results/[\w-]+/[\w-]+", page):
            links = launch(origin, "main" if branch in ("", "HEAD") else branch, page.rsplit("/", 1)[1])
            group = [
                {"type": "link", "url": url, "text": name, "tooltip": f"Open the notebook on {name}"}
                for name, url in links.items()
            ]
            if group:
                group = {"type": "group", "buttons": group, "icon": "fas fa-rocket", "tooltip": "Run elsewhere"}
                context.setdefault("header_buttons", []).insert(0, group | {"label": "launch-buttons"})

    def values(_app, config):
        path = results() / "values.json"
        recorded = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        config.myst_substitutions = {**recorded.get(scenarios.BASE, {}), **recorded, "version": __version__}
        config.myst_substitutions["check"] = traced()

    def tables(app, exception):
        if exception is None:
            for path in results().glob("*/tables/*.csv"):
                target = Path(app.outdir) / "book" / "results" / path.relative_to(results())
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
            if (script := results() / "explorer" / "data.js").exists():
                shutil.copyfile(script, Path(app.outdir) / "_static" / "explorer-data.js")
            if app.builder.name == "html":
                press.polish(Path(app.outdir))

    app.connect("config-inited", values)
    app.connect("html-page-context", buttons, priority=900)
    app.connect("build-finished", tables, priority=900)
    return {"version": __version__, "parallel_read_safe": True, "parallel_write_safe": True}


def _stored(name: str) -> Path:
    return root() / "notebooks" / f"{name}.ipynb"


def _finish(notebook, manifest: dict, folder: Path):
    """Turn papermill's output into a page: hide parameter cells, name the scenario, put CSV files beside it."""
    import nbformat

    scenario = manifest["scenario"]
    listed = any(run.target == folder / f"{manifest['notebook']}.ipynb" for run in published())
    for cell in notebook.cells:
        tags = cell.metadata.setdefault("tags", [])
        if {"parameters", "injected-parameters"} & set(tags) and "remove-cell" not in tags:
            tags.append("remove-cell")
        if cell.cell_type == "markdown" and scenario != scenarios.BASE:
            cell.source = re.sub(r"^# (.+)$", rf"# \1 (scenario {scenario})", cell.source, count=1, flags=re.M)
        for output in cell.get("outputs", ()):
            text = output.get("data", {}).get("text/html", "")
            if match := _CSV_LINK.search(text):
                name = f"{manifest['notebook']}-{match['name']}.csv"
                _write(folder / "tables" / name, unquote(match["data"]))
                rest = text[match.end() :]
                if listed:
                    # From every figure of the book to its cell, tables and sources.
                    check = f'<a class="check" aria-label="Check {match["name"]}" href="../figures.html#{{}}">Check</a>'
                    rest = rest.replace("</a>", "</a> " + check.format(_anchor(scenario, name)), 1)
                link = f'download="{name}" href="tables/{name}"'
                output["data"]["text/html"] = text[: match.start()] + link + rest
    rows = "".join(
        f"<tr><th scope='row'>{label}</th><td>{html_text.escape(str(manifest[name]))}</td></tr>"
        for name, label in {
            "scenario": "scenario",
            "overrides": "parameters changed",
            "version": "rutrade version",
            "data": "data sha256 (first 16)",
            "lock": "lock sha256 (first 16)",
            "date": "executed",
            "seconds": "duration, s",
        }.items()
    )
    page = f"<details class='manifest'><summary>How this page was made</summary><table>{rows}</table></details>"
    notebook.cells.append(nbformat.v4.new_markdown_cell(page))
    notebook.metadata.pop("papermill", None)
    notebook.metadata["rutrade"] = manifest
    return notebook


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.part")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)


def _data_page() -> str:
    """The page of tables and sources, from the data package."""
    lines = ["# Data and sources\n", (root() / "data" / "README.md").read_text(encoding="utf-8").split("\n", 1)[1]]
    lines.append("\n## Tables and columns\n")
    for name in datasets.names():
        table = datasets.describe(name)
        lines += [
            f'<span id="table-{name}"></span>\n',
            f"### `{name}`\n",
            f"{table.title}. {table.description}\n",
            _scroll(f"Columns of {name}"),
            "| column | type | unit | meaning |",
            "|---|---|---|---|",
        ]
        for field in table.fields:
            lines.append(f"| {field['name']} | {field['type']} | {field.get('unit', '')} | {field['description']} |")
        lines.append(f"\n</div>\n\n{len(datasets.load(name)):,} rows, sha256 `{table.sha256[:16]}`. {table.licence}.\n")
        keys = datasets.load(name).get("source")
        if keys is not None and name != "sources":
            cited = sorted({key for cell in keys.dropna().unique() for key in str(cell).split("; ")})
            lines.append("Sources: " + ", ".join(f'<a href="#source-{key}">{key}</a>' for key in cited) + ".\n")
    lines += [
        "## Sources\n",
        _scroll("Sources"),
        "| key | title | publisher | year | licence | notes |",
        "|---|---|---|---|---|---|",
    ]
    for row in datasets.load("sources").astype("string").fillna("").itertuples():
        title = f"[{row.title}]({row.url})" if row.url.startswith("http") else row.title
        key = f'<span id="source-{row.source}"></span>`{row.source}`'
        cells = [key, title, row.publisher, row.year, row.licence, row.notes]
        lines.append("| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |")
    return "\n".join(lines) + "\n\n</div>\n"


def _scroll(label: str) -> str:
    """Opens a box in which a wide table scrolls, also by keyboard; `</div>` closes it."""
    return f'<div class="table-scroll" role="region" tabindex="0" aria-label="{label}">\n'


def _anchor(scenario: str, csv: str) -> str:
    """Where a figure or table stands in the index."""
    return f"{scenario}-{Path(csv).stem}"


def _tables_read(source: str) -> list[str]:
    """Tables of `data/` that a notebook's code reads, itself or through the package, by following names."""
    import ast

    known, bodies = set(datasets.names()), {}
    for path in (root() / "rutrade").glob("*.py"):
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
    return [name for name in datasets.names() if name in found]


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
                        f'<span id="{_anchor(run.scenario, name)}"></span>\n',
                        f'**{title}.** <a href="{run.scenario}/tables/{name}">{name}</a>\n',
                        f"````{{dropdown}} Cell {numbers.get(cell.get('id'), '?')} of notebooks/{run.notebook}.ipynb",
                        f"```python\n{cell.source}\n```\n````\n",
                    ]
    return "\n".join(lines) + "\n"


def _claims_page(table) -> str:
    """The replication page: one table for each work."""
    import pandas as pd

    intro = (root() / "book" / "claims_intro.md").read_text(encoding="utf-8")
    order = ["reproduced", "partly", "not reproduced", "not testable"]
    counts = pd.crosstab(table["work"], table["verdict"]).reindex(table["work"].unique()).reindex(columns=order)
    counts.loc["all works"] = counts.sum()
    lines = [intro, _scroll("Verdicts by work"), f"| work | {' | '.join(order)} |", "|---|" + "---|" * len(order)]
    lines += [f"| {work} | {' | '.join(f'{n:.0f}' for n in row)} |" for work, row in counts.fillna(0).T.items()]
    lines.append('\n</div>\n\n<div class="claims-filter"></div>')
    for work, claims_of_work in table.groupby("work", sort=False):
        lines += [
            f"\n## {work}\n",
            _scroll(f"Claims of {html_text.escape(work)}"),
            "| claim | criterion | our figure | status | shown on |",
            "|---|---|---|---|---|",
        ]
        for c in claims_of_work.itertuples():
            number = "–" if pd.isna(c.ours) else f"{c.ours:,.{2 if abs(c.ours) >= 0.1 else 4}f} {c.unit}"
            where = "" if c.scenario == scenarios.BASE else f" ({c.scenario})"
            page = "" if pd.isna(c.page) else f"[{c.page}{where}]({c.scenario}/{c.page}.ipynb)"
            criterion = "" if pd.isna(c.relation) else f"{c.relation} {c.threshold:g} {c.unit}"
            text = c.text if pd.isna(c.note) else f"{c.text} *{c.note}*"
            lines.append(f"| {text} | {criterion} | {number} | **{c.verdict}** | {page} |")
        lines.append("\n</div>")
    return "\n".join(lines) + "\n"
