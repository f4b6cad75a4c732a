"""Executions of notebooks: which notebook under which scenario, when a page is stale, and how it is run."""

import hashlib
import html as html_text
import json
import os
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

from rutrade import InputError, RunError, __version__, data, files, scenarios, unknown

# Results must not depend on these; fixing them in runs makes a difference visible as a fault of ours.
_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}


_CSV_LINK = re.compile(r'download="(?P<name>[a-z0-9-]+)\.csv" href="data:text/csv;charset=utf-8,(?P<data>[^"]*)"')


@dataclass(frozen=True)
class Run:
    """One execution: notebook, scenario, overrides of parameters; and where the executed page goes."""

    notebook: str
    scenario: str
    overrides: tuple[tuple[str, object], ...]
    target: Path


def results() -> Path:
    """Where executed pages go."""
    return files.root() / "book" / "results"


def notebooks() -> list[str]:
    """Names of the notebooks, in order."""
    return sorted(p.stem for p in (files.root() / "notebooks").glob("*.ipynb"))


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

    toc = yaml.safe_load((files.root() / "_toc.yml").read_text(encoding="utf-8"))
    entries = re.findall(r"'file': 'book/results/([\w-]+)/([\w-]+)(?:\.ipynb)?'", repr(toc))
    return [prepare(name, scenario, folder=results() / scenario) for scenario, name in entries]


def key(run: Run) -> str:
    """Freshness key: changes when the notebook's cells, the parameters, package, data or lock change."""
    import nbformat

    cells = nbformat.read(_stored(run.notebook), as_version=4).cells
    digest = hashlib.sha256(json.dumps([[c.cell_type, c.source] for c in cells]).encode())
    digest.update(json.dumps(run.overrides, default=str).encode())
    for path in sorted((files.root() / "rutrade").glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    for preset in scenarios.names():
        digest.update(json.dumps(scenarios.load(preset), sort_keys=True).encode())
    digest.update(data.fingerprint().encode() + (files.root() / "requirements.txt").read_bytes())
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
            "data": data.fingerprint()[:16],
            "lock": hashlib.sha256((files.root() / "requirements.txt").read_bytes()).hexdigest()[:16],
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


def renew(name: str) -> Path:
    """Execute a stored notebook at its defaults and store its outputs as the reference, without run-dependent parts.

    Raises InputError for an unknown notebook.
    """
    import jupytext
    import nbformat
    from nbclient import NotebookClient

    os.environ.update(_ENVIRONMENT)
    texts = sorted((files.root() / "notebooks").glob("[0-9]*.md"))
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


def _stored(name: str) -> Path:
    return files.root() / "notebooks" / f"{name}.ipynb"


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
                files.write(folder / "tables" / name, unquote(match["data"]))
                rest = text[match.end() :]
                if listed:
                    # From every figure of the book to its cell, tables and sources.
                    check = f'<a class="check" aria-label="Check {match["name"]}" href="../figures.html#{{}}">Check</a>'
                    rest = rest.replace("</a>", "</a> " + check.format(anchor(scenario, name)), 1)
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


def anchor(scenario: str, csv: str) -> str:
    """Where a figure or table stands in the index."""
    return f"{scenario}-{Path(csv).stem}"
