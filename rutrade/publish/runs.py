"""Executions of notebooks: which notebook under which scenario, when a page is stale, and how it is run."""

import gc
import io
import json
import logging
import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rutrade import InputError, RunError, __version__, files, scenarios, unknown
from rutrade.publish import provenance
from rutrade.publish.finish import finish

if TYPE_CHECKING:
    from nbformat import NotebookNode

# Results must not depend on these; fixing them in runs makes a difference visible as a fault of ours.
_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
# A kernel complains that its messages are not encrypted, and after Ctrl-C of closed sockets: no news to a reader.
_KERNEL: dict[str, Any] = {"extra_arguments": ["--log-level=CRITICAL"], "kernel_name": "python3"}
_TIMEOUT = 1800  # seconds a cell may take


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


def cells(name: str) -> "list[NotebookNode]":
    """Cells of a stored notebook."""
    import nbformat

    return nbformat.read(_stored(name), as_version=4).cells


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
        digest = files.digest([json.dumps(overrides, sort_keys=True, default=str)])[:8]
        label = f"{label}-{digest}"
    target = (folder or results() / label) / f"{matches[0]}.ipynb"
    return Run(matches[0], label, tuple(sorted(values.items())), target)


def published() -> list[Run]:
    """The runs that `_toc.yml` names."""
    import yaml

    toc = yaml.safe_load((files.root() / "_toc.yml").read_text(encoding="utf-8"))
    entries = re.findall(r"'file': 'book/results/([\w-]+)/([\w-]+)(?:\.ipynb)?'", repr(toc))
    return [prepare(name, scenario, folder=results() / scenario) for scenario, name in entries]


def fresh(run: Run) -> bool:
    """Whether the executed page exists and nothing it was made from has changed."""
    try:
        made = json.loads(run.target.read_text(encoding="utf-8"))["metadata"]["rutrade"]["made_from"]
        return all(made[kind] == value for kind, value in _own(run).items()) and not provenance.changed(made)
    except (OSError, KeyError, TypeError, AttributeError, json.JSONDecodeError):
        return False


def _own(run: Run) -> dict[str, dict[str, str]]:
    """Fingerprints of what is the run's own: the notebook's cells and the parameters set."""
    stored = cells(run.notebook)
    content = json.dumps([[c.cell_type, c.source, sorted(c.metadata.get("tags", ()))] for c in stored])
    parameters = json.dumps(run.overrides, default=str)
    return {
        "notebook": {run.notebook: files.digest([content])[:16]},
        "parameters": {run.scenario: files.digest([parameters])[:16]},
    }


def execute(run: Run, progress: bool = True) -> dict:
    """Execute one run by papermill, write aside, then move; returns its manifest.

    A notebook that raises leaves the last good page in place; the half-run one is kept under `failed/`. Raises
    InputError when the notebook raised one (its sentence) and RunError naming notebook, cell and error otherwise, or
    saying that the kernel ended.
    """
    import nbformat
    import papermill
    from nbclient.exceptions import CellExecutionError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    os.environ.update(_ENVIRONMENT)
    started, clock = datetime.now(UTC), time.perf_counter()
    folder = run.target.parent
    clear(folder)
    aside = folder / f".{run.notebook}.{os.getpid()}.part.ipynb"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        aside.touch()
    except OSError as error:
        raise InputError(f"results folder {folder} cannot be written: {error.strerror}") from None
    own = _own(run)
    source = nbformat.read(_stored(run.notebook), as_version=4)
    source.cells.append(nbformat.v4.new_code_cell(provenance.REPORT, id="provenance"))
    try:
        with _quiet():
            papermill.execute_notebook(
                source, aside, parameters=dict(run.overrides), progress_bar=progress, start_timeout=120,
                request_save_on_cell_execute=False, **_KERNEL,
            )  # fmt: skip
        notebook = nbformat.read(aside, as_version=4)
        used = notebook.cells.pop().outputs[0].data["application/json"]
        made = own | {
            "table": provenance.tables(used["table"]),
            "module": provenance.modules(used["module"]),
            "presets": provenance.presets() if used["presets"] else {},
            "lock": provenance.lock(),
        }
        manifest = {
            "notebook": run.notebook,
            "scenario": run.scenario,
            "overrides": dict(run.overrides),
            "version": __version__,
            "data": files.digest([json.dumps(made["table"])])[:16],
            "lock": made["lock"]["requirements.txt"],
            "date": started.strftime("%Y-%m-%d %H:%M UTC"),
            "seconds": round(time.perf_counter() - clock, 1),
            "made_from": made,
        }
        listed = any(other.target == run.target for other in published())
        page = finish(notebook, manifest, folder, listed)
        files.write(run.target, nbformat.writes(page))
        (folder / "failed" / run.target.name).unlink(missing_ok=True)
        return manifest
    except CellExecutionError as error:
        # Ctrl-C, which the kernel answers with an error of its own while this process gives up its wait
        if error.ename == "KeyboardInterrupt" or isinstance(error.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        raise
    except DeadKernelError:
        raise RunError(
            f"{run.notebook} ({run.scenario}): its kernel ended without a word, perhaps for want of memory;"
            " the last good page is kept"
        ) from None
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
    from multiprocessing import active_children, get_context

    from tqdm import tqdm

    clear(results())
    runs = published()
    stale = [run for run in runs if force or not fresh(run)]
    seconds = {f"{run.scenario}/{run.notebook}": 0.0 for run in runs}
    failures = []
    # Processes and not threads: the working directory and the kernel's environment are global to a process.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_listen) as pool:
        with _deaf():
            futures = {pool.submit(_execute, run): run for run in stale}
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
            with _deaf():
                # A terminal tells the workers itself; `kill -INT` tells only this process.
                for worker in active_children():
                    if worker.pid is not None:
                        os.kill(worker.pid, signal.SIGINT)
                pool.shutdown(wait=True, cancel_futures=True)
            raise
    if failures:
        raise RunError("; ".join(failures))
    return seconds


class _Worker:
    """State of a worker: whether it was told to stop, and whether a notebook is being executed."""

    stopped = False
    busy = False


def _listen() -> None:
    """Let Ctrl-C end a worker's notebook at most once, so that its kernel is shut down in peace, and start no other."""

    def interrupt(*_: object) -> None:
        first, _Worker.stopped = not _Worker.stopped, True
        if first and _Worker.busy:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)


def _execute(run: Run) -> dict:
    if _Worker.stopped:
        raise KeyboardInterrupt
    _Worker.busy = True
    try:
        return execute(run, progress=False)
    finally:
        _Worker.busy = False


@contextmanager
def _deaf() -> Iterator[None]:
    """Ignore Ctrl-C for a moment; processes started meanwhile ignore it until they say otherwise."""
    try:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    except ValueError:  # only the main thread may choose
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _quiet() -> Iterator[None]:
    """Leave out what asyncio and the notebook client say of a kernel that went under them: here it becomes an error."""
    unfinished = ("Kernel died", "Task was destroyed")

    def wanted(record: logging.LogRecord) -> bool:
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        known = kind in ("ZMQError", "DeadKernelError", "CellExecutionError", "KeyboardInterrupt")
        message = record.getMessage()
        return not (known or message.startswith(unfinished) or "zmqstream" in message)

    loggers = [logging.getLogger(name) for name in ("asyncio", "traitlets", "papermill")]
    for logger in loggers:
        logger.addFilter(wanted)
    try:
        yield
    except BaseException:
        with redirect_stderr(io.StringIO()):  # tasks that are collected unfinished say so, each in many lines
            gc.collect()
        raise  # the filters stay: some complaints come when the process ends and its tasks are collected
    for logger in loggers:
        logger.removeFilter(wanted)


def clear(folder: Path) -> None:
    """Remove what killed runs left half-written in a folder: files `.NAME.PID.part` whose process has ended."""
    for path in folder.rglob(".*.part*"):
        found = re.fullmatch(r"\..+\.(\d+)\.part(\.ipynb)?", path.name)
        if found and not running(int(found[1])):
            path.unlink(missing_ok=True)


def running(pid: int) -> bool:
    """Whether a process of this machine is running."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


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
    client = NotebookClient(notebook, timeout=_TIMEOUT, **_KERNEL)
    # Not client.execute: it takes Ctrl-C for itself and goes on with a kernel that is gone.
    with _quiet(), client.setup_kernel():
        for number, cell in enumerate(notebook.cells):
            client.execute_cell(cell, number)
    notebook.metadata.pop("widgets", None)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata["language_info"] = {"name": "python"}
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:02d}"
        cell.metadata.pop("execution", None)
    target = _stored(name)
    files.write(target, nbformat.writes(notebook) + "\n")
    return target


def _stored(name: str) -> Path:
    return files.root() / "notebooks" / f"{name}.ipynb"
