"""The compendium's frame: what is promised at the top level."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import version
from itertools import chain
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, settings

import rutrade
from rutrade import files

ROOT = files.root()
HEAVY = (
    "IPython", "comtradeapicall", "distributed", "frictionless", "highspy", "linopy", "matplotlib", "papermill",
    "pyfixest", "scipy", "statsmodels", "xarray",
)  # fmt: skip


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
    ranges = chain(project["dependencies"], *project["optional-dependencies"].values())
    wanted = {re.match(r"[A-Za-z0-9_-]+", r)[0].lower().replace("_", "-") for r in ranges}
    pinned = {re.match(r"[a-z0-9_.-]+", line)[0] for line in lines}
    assert wanted <= pinned, f"not locked: {sorted(wanted - pinned)}"


def test_importing_any_module_loads_no_heavy_library():
    code = f"""
import importlib, pkgutil, sys, rutrade
modules = ["rutrade", *(m.name for m in pkgutil.walk_packages(rutrade.__path__, "rutrade."))]
assert len(modules) > 40, modules
seen = set()
for name in modules:
    importlib.import_module(name)
    for library in sorted({set(HEAVY)!r} & set(sys.modules) - seen):
        print(name, "loads", library)
    seen |= set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == []


def _lint_imports(folder):
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    environment = os.environ | {"PYTHONPATH": str(folder)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def package_copy(tmp_path_factory):
    """A copy of package and configuration in which imports may be spoiled."""
    folder = tmp_path_factory.mktemp("package")
    shutil.copytree(ROOT / "rutrade", folder / "rutrade", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    unchanged = _lint_imports(folder)
    assert unchanged.returncode == 0, unchanged.stdout[-3000:]
    return folder


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("project/finance.py", "from rutrade.economy import regional"),
        ("economy/stage.py", "from rutrade import trade"),
        ("trade/projection.py", "from rutrade import chain"),
        ("structure/indices.py", "from rutrade.publish import tables"),
        ("project/ledger.py", "from rutrade import data"),
        ("files.py", "from rutrade import draws"),
        ("data/tables.py", "from rutrade import scenarios"),
        ("chain/scenario.py", "from rutrade import sweep"),
        ("nowhere.py", ""),  # a module that no layer names
    ],
)
def test_a_wrong_import_breaks_a_contract(package_copy, module, line):
    path = package_copy / "rutrade" / module
    before = path.read_text(encoding="utf-8") if path.exists() else None
    path.write_text(f"{before or ''}\n{line}\n", encoding="utf-8")
    try:
        spoiled = _lint_imports(package_copy)
    finally:
        path.unlink() if before is None else path.write_text(before, encoding="utf-8")
    assert spoiled.returncode == 1
    assert "BROKEN" in spoiled.stdout or "nowhere" in spoiled.stdout, spoiled.stdout[-3000:]


def test_the_version_is_the_same_wherever_it_stands():
    released = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    changes = re.findall(r"^## (\S+)(?: - (\S+)| \((.+)\))$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)
    dated = [(number, date) for number, date, _ in changes if date]
    assert rutrade.__version__ == released == citation["version"]
    assert dated[0] == (released, str(citation["date-released"]))
    assert [state for _, date, state in changes if not date] in ([], ["in preparation"])


def test_versions_in_the_changelog_fall_from_top_to_bottom():
    found = re.findall(r"^## (\d+)\.(\d+)\.(\d+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)
    numbers = [tuple(map(int, parts)) for parts in found]
    assert numbers == sorted(set(numbers), reverse=True) and numbers


def test_hooks_before_a_commit_need_no_network():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert {r["repo"] for r in hooks} == {"local"}
    assert {h["language"] for r in hooks for h in r["hooks"]} == {"system"}
    assert {"ruff", "ruff-format", "lint-imports", "mypy", "data"} <= {h["id"] for r in hooks for h in r["hooks"]}


def test_what_ci_publishes_is_what_it_tested():
    jobs = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))["jobs"]
    steps = [step.get("run", step.get("uses", "")) for step in jobs["test"]["steps"]]
    tested, stored = steps.index(".ci/run"), [i for i, s in enumerate(steps) if s.startswith("actions/upload-pages")]
    assert len(stored) == 1 and stored[0] > tested
    assert not any("make" in s for s in steps[tested + 1 :])
    for job in ("publish", "release"):
        assert jobs[job]["needs"] == "test"
        assert not any("make" in step.get("run", "") for step in jobs[job]["steps"])


def test_hypothesis_sets_no_deadline_and_does_not_watch_the_clock():
    assert settings.default.deadline is None
    assert HealthCheck.too_slow in settings.default.suppress_health_check


def test_ci_draws_the_same_examples_in_every_run():
    assert settings.get_profile("ci").derandomize
    assert "export CI=true" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_no_machine_path_or_index_address_in_tracked_files():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    pattern = re.compile("/" + r"(work|farm|root|home/\w+)/|(extra-)?index-" + "url")
    guilty = []
    for name in listed:
        path = ROOT / name
        texts = {".py", ".md", ".yml", ".yaml", ".toml", ".txt", ".json", ".cff", ".ipynb", ".csv", ".css", ""}
        if path.is_file() and path.suffix in texts and pattern.search(path.read_text(encoding="utf-8")):
            guilty.append(name)
    assert not guilty
