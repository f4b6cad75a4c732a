"""The recipes of CONTRIBUTING, each tried on a copy, with the text as it stands there."""

import os
import re
import subprocess
import sys

import nbformat
import pytest

from rutrade import files

ROOT = files.root()
BLOCK = re.compile(r"^(```|~~~~)(\w+) (\S+)\n(.*?)^\1$", re.M | re.S)


def recipe(title: str) -> tuple[int, dict[str, str]]:
    """The number of files that a recipe promises, and what it puts into each."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    promised, body = re.search(rf"^### {title}: (\d) files?\n(.*?)(?=^##|\Z)", text, re.M | re.S).groups()
    return int(promised), {path: block for _, _, path, block in BLOCK.findall(body)}


def put(folder, path: str, block: str, after: str) -> None:
    """Insert a block below a line that stands once in a file."""
    text = (folder / path).read_text(encoding="utf-8")
    assert text.count(after) == 1, f"{after!r} stands {text.count(after)} times in {path}"
    (folder / path).write_text(text.replace(after, after + block), encoding="utf-8")


@pytest.fixture
def here(compendium_copy):
    """The copy's folder, and a function that runs Python or the command line in it and gives what was printed."""
    folder, nbval = compendium_copy
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "RUTRADE"))}

    def run(*arguments: str, fails: bool = False) -> str:
        command = [sys.executable, *(["-c"] if len(arguments) == 1 else ["-m", "rutrade.cli"]), *arguments]
        done = subprocess.run(
            command, cwd=folder, env=environment | {"PYTHONPATH": str(folder)}, capture_output=True, text=True
        )
        assert (done.returncode != 0) == fails, done.stdout[-2000:] + done.stderr[-3000:]
        return done.stdout + done.stderr

    return folder, run, nbval


def recorded(folder, name: str) -> set[str]:
    """Names of the values that a stored notebook records."""
    notebook = nbformat.read(folder / "notebooks" / f"{name}.ipynb", as_version=4)
    outputs = [o for c in notebook.cells for o in c.get("outputs", [])]
    return {o.metadata["scrapbook"]["name"] for o in outputs if "scrapbook" in o.get("metadata", {})}


@pytest.mark.parametrize("title", ["A preset", "A parameter", "A notebook", "An indicator", "A research object"])
def test_a_recipe_touches_as_many_files_as_it_promises(title):
    promised, blocks = recipe(title)
    assert len(blocks) == promised
    if title != "A preset":  # it would be a preset of ours
        assert all((ROOT / path).exists() or "12_partners" in path for path in blocks)


def test_a_preset_is_one_file(here):
    folder, run, _ = here
    for path, block in recipe("A preset")[1].items():
        (folder / path).write_text(block, encoding="utf-8")
    listed = run("from rutrade.cli import main; main(['scenarios'])")
    assert re.search(r"^late +.*[Ss]tart-up two years later, with oil at the low price", listed, re.M)
    titled = run("from rutrade import scenarios; print(scenarios.title('late'), '|', scenarios.meaning('late'))")
    assert titled == "The programme late | start-up two years later, with oil at the low price.\n"
    shown = run("scenarios", "show", "late")
    assert re.search(r"delay_years +2 +reader or preset", shown) and re.search(r"brent +low", shown)


def test_a_parameter_is_two_files(here):
    folder, run, nbval = here
    _, blocks = recipe("A parameter")
    after = {
        "rutrade/scenarios/notebooks.py": '    notebook: ClassVar[str] = "03_siberia"\n',
        "notebooks/03_siberia.md": 'table = data.load("siberia")\n',
    }
    for path, block in blocks.items():
        put(folder, path, block, after[path])
    run("renew", "03")
    assert "since: int = 2010  # first year of the facts shown, year" in (
        folder / "notebooks" / "03_siberia.md"
    ).read_text(encoding="utf-8")
    assert nbval("03_siberia.ipynb").returncode == 0
    assert "since" in run("run", "03", "-p", "since", "2030", "-o", "out", fails=True)


def test_a_notebook_is_two_files(here):
    folder, run, nbval = here
    _, blocks = recipe("A notebook")
    path = folder / "rutrade/scenarios/notebooks.py"
    text = path.read_text(encoding="utf-8")
    above, below = text.split("_CLASSES: ", 1)
    joined = below.replace("    TradeStructure,", "    Partners, TradeStructure,", 1)
    assert joined != below
    path.write_text(above + blocks["rutrade/scenarios/notebooks.py"] + "\n\n_CLASSES: " + joined, encoding="utf-8")
    (folder / "notebooks/12_partners.md").write_text(blocks["notebooks/12_partners.md"], encoding="utf-8")
    run("renew", "12")
    assert "last_year: int = 2023  # year shown, year" in (folder / "notebooks/12_partners.md").read_text("utf-8")
    assert recorded(folder, "12_partners") == {"rows"}
    assert nbval("12_partners.ipynb").returncode == 0
    assert "last_year" in run("run", "12", "-p", "last_year", "1900", "-o", "out", fails=True)


def test_an_indicator_is_three_files(here):
    folder, run, _ = here
    _, blocks = recipe("An indicator")
    path = folder / "rutrade/structure/indices.py"
    path.write_text(path.read_text("utf-8") + "\n\n" + blocks["rutrade/structure/indices.py"], encoding="utf-8")
    put(folder, "notebooks/01_trade_structure.md", blocks["notebooks/01_trade_structure.md"],
        "engineering = st.engineering_share(chapters_m)\n")  # fmt: skip
    test = blocks["tests/test_structure.py"]
    name = re.search(r"def (\w+)", test)[1]
    head = "import numpy as np, pandas as pd, pytest\nfrom rutrade import structure as st\n"
    run(f"{head}{test}\n{name}()")
    run("renew", "01")
    assert "entropy_last" in recorded(folder, "01_trade_structure")


def test_a_research_object_is_one_file(here):
    folder, run, _ = here
    path = folder / "data/project_objects.csv"
    table = path.read_text(encoding="utf-8")
    path.write_text(table.rstrip("\n") + "\n" + recipe("A research object")[1]["data/project_objects.csv"], "utf-8")
    assert "project_objects" in run("data", "verify", fails=True)  # changed, not sealed
    run("data", "seal")
    run("data", "verify")
    printed = run(
        "from rutrade import project\n"
        "alone, whole = project.from_data('observatory'), project.from_data('programme')\n"
        "flow = project.evaluate(alone).flow('commercial')\n"
        "print([o.name for o in whole.objects][-1], flow.loc[2024] < 0 < len(flow))"
    )
    assert printed.split() == ["observatory", "True"]
