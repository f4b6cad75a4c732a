"""From notebooks to the published book: execute, gather, build, check."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

from rutrade import InputError, RunError, files
from rutrade.publish import pdf
from rutrade.publish.check import check
from rutrade.publish.pages import images, write_pages
from rutrade.publish.runs import execute_all, results


@contextmanager
def alone() -> Iterator[None]:
    """Hold the lock of builds: two at once would build in the same folder.

    Raises InputError saying who holds it. A killed build's lock is free.
    """
    from filelock import FileLock, Timeout

    folder = files.root() / "_build"
    folder.mkdir(exist_ok=True)
    lock, holder = FileLock(folder / "building.lock"), folder / "building.txt"
    try:
        lock.acquire(timeout=0)
    except Timeout:
        who = holder.read_text(encoding="utf-8") if holder.exists() else "another process"
        raise InputError(f"the book is being built by {who}: wait until it has finished, or stop it") from None
    try:
        files.write(holder, f"process {os.getpid()} since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def build(force: bool = False, jobs: int = 2, print_pdf: bool | None = None) -> Path:
    """Execute, gather, build the HTML with warnings as errors, print the PDF, check it; returns the first page.

    The new book is built aside and replaces the old one only when all checks pass. print_pdf: True demands the PDF,
    False leaves it out, None makes it when Chromium is there. Raises RunError with the warnings or problems found, and
    InputError when the PDF is demanded without Chromium, or another build holds the lock.
    """
    program = None if print_pdf is False else pdf.chromium()
    if print_pdf and program is None:
        raise InputError("the PDF needs Chromium or Chrome, and none is installed: Debian has it as 'chromium'")
    with alone():
        return _build(force, jobs, program, wanted=print_pdf is None)


def _build(force: bool, jobs: int, program: str | None, wanted: bool) -> Path:
    """The build itself; program: path of Chromium for the PDF; wanted: whether to say that it is missing."""
    import yaml

    from rutrade.publish import explorer

    clock, steps = time.perf_counter(), {}

    def step(name: str) -> None:
        nonlocal clock
        steps[name] = time.perf_counter() - clock
        clock = time.perf_counter()

    data = explorer.data()  # refused now rather than after minutes
    step("explorer")
    pages = execute_all(force, jobs)
    step(f"notebooks ({sum(s > 0 for s in pages.values())} of {len(pages)} executed)")
    write_pages()
    explorer.write(results() / "explorer", data)
    step("generated pages")
    aside, final = files.root() / "_build" / "next", files.root() / "_build" / "html"
    _html(aside)
    step("book")
    built = aside / "_build" / "html"
    # Ctrl-C is this process's alone; the other has a few seconds to go.
    deaf = (signal.SIGINT, signal.SIG_IGN)
    with ProcessPoolExecutor(1, get_context("spawn"), signal.signal, deaf) as beside:
        checking = beside.submit(check, built, images())  # while Chromium prints
        if program:
            toc = yaml.safe_load((files.root() / "_toc.yml").read_text(encoding="utf-8"))
            pdf.write(built, list(pdf.reading_order(toc)), program)
        elif wanted:
            print("no PDF: Chromium is not installed (the front page says so)")
        if problems := checking.result():
            raise RunError("the built book fails its checks:\n" + "\n".join(problems[:30]))
    step("PDF and checks" if program else "checks")
    shutil.rmtree(final, ignore_errors=True)
    built.rename(final)
    shutil.rmtree(aside)
    for name, seconds in steps.items():
        print(f"{seconds:8.1f} s  {name}")
    for page, seconds in sorted(pages.items(), key=lambda item: -item[1])[:5]:
        print(f"{seconds:8.1f} s    {page}" if seconds else f"    kept      {page}")
    print(f"the book: {(final / 'index.html').as_uri()}")
    return final / "index.html"


def _html(aside: Path) -> None:
    """Build the HTML into a folder; a warning is an error. Raises RunError with the first of them."""
    shutil.rmtree(aside, ignore_errors=True)
    log = files.root() / "_build" / "build.log"
    # Always a clean build: a second build of a broken book would pass, its warnings already spent.
    command = [Path(sys.executable).with_name("jupyter-book"), "build", files.root(), "--path-output", aside]
    command += ["-n", "-W", "--keep-going", "--all"]
    with log.open("w", encoding="utf-8") as stream:
        code = subprocess.run(
            [str(word) for word in command], stdout=stream, stderr=subprocess.STDOUT, cwd=files.root()
        ).returncode
    if code:
        lines = [x for x in log.read_text(encoding="utf-8").splitlines() if "WARNING" in x or "ERROR" in x]
        raise RunError("the book did not build:\n" + "\n".join(lines[:20]) + f"\nthe whole log is {log}")
