"""The book's Sphinx extension: recorded values in prose, launch buttons, CSV files beside the pages."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rutrade import __version__, files, scenarios
from rutrade.publish import polish
from rutrade.publish.pages import traced
from rutrade.publish.runs import results

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config


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


def processes() -> int:
    """How many processes Sphinx is told of: one on each processor, at most four, and one more.

    It counts the one that hands out pages to be written, which has little to do, among them.
    """
    return min(os.cpu_count() or 1, 4) + 1


def setup(app: "Sphinx") -> dict[str, Any]:
    """Sphinx extension: recorded values in prose, launch buttons, CSV files beside the pages, pages polished."""

    def git(*words: str) -> str:
        try:
            return subprocess.run(["git", *words], cwd=files.root(), capture_output=True, text=True).stdout.strip()
        except OSError:
            return ""

    origin, branch = git("config", "--get", "remote.origin.url"), git("rev-parse", "--abbrev-ref", "HEAD")

    def buttons(_app: "Sphinx", page: str, _template: str, context: dict[str, Any], _doctree: object) -> None:
        # The theme's own buttons would lead to the executed page, which is not in the repository.
        if re.fullmatch(r"book/results/[\w-]+/[\w-]+", page):
            links = launch(origin, "main" if branch in ("", "HEAD") else branch, page.rsplit("/", 1)[1])
            found = [
                {"type": "link", "url": url, "text": name, "tooltip": f"Open the notebook on {name}"}
                for name, url in links.items()
            ]
            if found:
                group = {"type": "group", "buttons": found, "icon": "fas fa-rocket", "tooltip": "Run elsewhere"}
                context.setdefault("header_buttons", []).insert(0, group | {"label": "launch-buttons"})

    def values(_app: "Sphinx", config: "Config") -> None:
        path = results() / "values.json"
        recorded = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        config.myst_substitutions = {**recorded.get(scenarios.BASE, {}), **recorded, "version": __version__}
        config.myst_substitutions["check"] = traced()

    def tables(app: "Sphinx", exception: Exception | None) -> None:
        if exception is None:
            for path in results().glob("*/tables/*.csv"):
                target = Path(app.outdir) / "book" / "results" / path.relative_to(results())
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
            if (script := results() / "explorer" / "data.js").exists():
                shutil.copyfile(script, Path(app.outdir) / "_static" / "explorer-data.js")
            if app.builder.name == "html":
                polish.polish(Path(app.outdir), app.parallel - 1)

    def reading(app: "Sphinx", *_: object) -> None:
        # Neither says that pages may be read side by side, and both may: one only sets options and adds transforms
        # before pages are read, and the other numbers the contents after all have been.
        for name in ("sphinx_jupyterbook_latex", "sphinx_multitoc_numbering"):
            if name in app.extensions:
                app.extensions[name].parallel_read_safe = True

    app.parallel = processes()  # jupyter-book has no option for it
    app.connect("config-inited", values)
    app.connect("env-before-read-docs", reading)
    app.connect("html-page-context", buttons, priority=900)
    app.connect("build-finished", tables, priority=900)
    return {"version": __version__, "parallel_read_safe": True, "parallel_write_safe": True}
