"""From notebooks to the published book: execute, gather, build, check."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

from rutrade import InputError, RunError, files
from rutrade.publish import pdf
from rutrade.publish.check import check
from rutrade.publish.pages import write_pages
from rutrade.publish.runs import execute_all, results


def build(force: bool = False, jobs: int = 2, print_pdf: bool | None = None) -> Path:
    """Execute, gather, build the HTML with warnings as errors, print the PDF, check it; returns the first page.

    The new book is built aside and replaces the old one only when all checks pass. pdf: True demands the PDF, False
    leaves it out, None makes it when Chromium is there. Raises RunError with the warnings or problems found, and
    InputError when the PDF is demanded without Chromium.
    """
    import yaml

    from rutrade.publish import explorer

    program = None if print_pdf is False else pdf.chromium()
    if print_pdf and program is None:
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
    aside, final = files.root() / "_build" / "next", files.root() / "_build" / "html"
    shutil.rmtree(aside, ignore_errors=True)
    log = files.root() / "_build" / "build.log"
    log.parent.mkdir(exist_ok=True)
    # Always a clean build: a second build of a broken book would pass, its warnings already spent.
    command = [
        str(Path(sys.executable).with_name("jupyter-book")),
        "build",
        str(files.root()),
        "--path-output",
        str(aside),
    ]
    command += ["-n", "-W", "--keep-going", "--all"]
    with log.open("w", encoding="utf-8") as stream:
        code = subprocess.run(command, stdout=stream, stderr=subprocess.STDOUT, cwd=files.root()).returncode
    if code:
        lines = [x for x in log.read_text(encoding="utf-8").splitlines() if "WARNING" in x or "ERROR" in x]
        raise RunError("the book did not build:\n" + "\n".join(lines[:20]) + f"\nthe whole log is {log}")
    step("book")
    if program:
        toc = yaml.safe_load((files.root() / "_toc.yml").read_text(encoding="utf-8"))
        pdf.write(aside / "_build" / "html", list(pdf.reading_order(toc)), program)
        step("PDF")
    elif print_pdf is None:
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
