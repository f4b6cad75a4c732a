"""The compendium's frame: what is promised at the top level."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import version

import pytest

from rutrade import files

ROOT = files.root()


def test_jupyter_book_is_version_1_because_version_2_ignores_our_configuration_and_still_exits_0():
    assert version("jupyter-book").startswith("1.0.")


@pytest.mark.parametrize(
    "name",
    ["book", "notebooks", "rutrade", "data", "_config.yml", "_toc.yml", "requirements.txt", "tests", "CITATION.cff"],
)
def test_top_level_is_as_its_user_fixed_it(name):
    assert (ROOT / name).exists()


def test_readme_names_both_commands_in_its_first_lines():
    head = "\n".join((ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:15])
    assert "make book" in head and "make test" in head


def test_lock_pins_every_range_of_pyproject_exactly_and_names_no_index():
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    lines = [line for line in lock.splitlines() if line.strip()]
    assert all(re.match(r"[a-z0-9_.-]+(\[.*\])?==[^ ]+( ; .+)?$", line) for line in lines), "a line is no exact pin"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    ranges = project["dependencies"] + sum(project["optional-dependencies"].values(), [])
    wanted = {re.match(r"[A-Za-z0-9_-]+", r)[0].lower().replace("_", "-") for r in ranges}
    pinned = {re.match(r"[a-z0-9_.-]+", line)[0] for line in lines}
    assert wanted <= pinned, f"not locked: {sorted(wanted - pinned)}"


def test_importing_the_package_loads_no_heavy_library():
    modules = sorted(p.stem for p in (ROOT / "rutrade").glob("*.py") if p.stem != "__init__")
    heavy = ["matplotlib", "scipy", "statsmodels", "linopy", "pyfixest", "xarray", "papermill", "IPython", "highspy"]
    code = f"import importlib, sys\nfor m in {modules}: importlib.import_module('rutrade.' + m)\n"
    code += f"print([h for h in {heavy} if h in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert loaded == "[]"


def test_models_do_not_import_each_other_and_data_flows_one_way():
    forbidden = {
        "structure": ["project", "regional", "economy", "trade", "chain", "sweep", "book", "cli", "plots"],
        "project": ["regional", "economy", "trade", "chain", "sweep", "book", "cli", "plots"],
        "trade": ["regional", "economy", "project", "chain", "sweep", "book", "cli", "plots"],
        "regional": ["project", "economy", "trade", "chain", "sweep", "book", "cli", "plots"],
        "economy": ["project", "trade", "chain", "sweep", "book", "cli", "plots"],
        "chain": ["sweep", "book", "cli", "plots"],
        "datasets": ["scenarios", "structure", "book", "cli", "plots"],
    }
    for module, others in forbidden.items():
        path = ROOT / "rutrade" / f"{module}.py"
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        for other in others:
            found = re.search(
                rf"^\s*(from rutrade\.{other}\b|from rutrade import .*\b{other}\b|import rutrade\.{other}\b)",
                text,
                re.M,
            )
            assert not found, f"{module} imports {other}"


def test_no_machine_path_or_index_address_in_tracked_files():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    pattern = re.compile("/" + r"(work|farm|root|home/\w+)/|(extra-)?index-" + "url")
    guilty = []
    for name in listed:
        path = ROOT / name
        if (
            path.suffix in {".py", ".md", ".yml", ".yaml", ".toml", ".txt", ".json", ".cff", ".ipynb", ".csv", ".css"}
            and path.exists()
        ):
            if pattern.search(path.read_text(encoding="utf-8")):
                guilty.append(name)
    assert not guilty
