"""Fixtures shared by the tests."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rutrade import book, datasets

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def data_copy(tmp_path, monkeypatch):
    """A copy of the data folder that the package reads instead of the real one."""
    folder = tmp_path / "data"
    shutil.copytree(datasets.home(), folder)
    monkeypatch.setenv("RUTRADE_DATA", str(folder))
    return folder


@pytest.fixture(scope="session")
def html():
    """The built book; pages that are fresh are not executed again."""
    return book.build().parent


@pytest.fixture
def compendium_copy(tmp_path):
    """A copy of package, data and notebooks, and a function that runs strict nbval in it."""
    for name in ("rutrade", "data", "notebooks", "tests/nbval_sanitize.cfg", "requirements.txt"):
        source, target = ROOT / name, tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)

    def nbval(notebook: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval", "-c", os.devnull]
        command += ["--rootdir", str(tmp_path), "--nbval-sanitize-with", str(tmp_path / "tests/nbval_sanitize.cfg")]
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "RUTRADE"))}
        return subprocess.run(
            [*command, str(tmp_path / "notebooks" / notebook)],
            cwd=tmp_path,
            env=environment | {"PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
        )

    return tmp_path, nbval
