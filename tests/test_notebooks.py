"""Notebooks: pairs in step, thin, parameterised, with outputs that a change of 1 % would break."""

import hashlib
import io
import json
import re
import subprocess
import sys

import jupytext
import nbformat
import pandas as pd
import pytest
from nbval_tolerance import WIDEST, of_cell

from rutrade import data, files
from rutrade.publish import runs

ROOT = files.root()

NAMES = runs.notebooks()


def stored(name):
    return nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)


@pytest.mark.parametrize("name", NAMES)
def test_text_and_notebook_of_a_pair_are_in_step(name):
    text = jupytext.read(ROOT / "notebooks" / f"{name}.md")
    ours = [(c.cell_type, c.source, sorted(c.metadata.get("tags", []))) for c in stored(name).cells]
    theirs = [(c.cell_type, c.source, sorted(c.metadata.get("tags", []))) for c in text.cells]
    assert ours == theirs


def test_no_text_without_notebook_and_no_notebook_without_text():
    assert sorted(p.stem for p in (ROOT / "notebooks").glob("[0-9]*.md")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_reference_outputs_are_there_and_free_of_errors_warnings_and_run_dependent_parts(name):
    notebook = stored(name)
    code = [c for c in notebook.cells if c.cell_type == "code"]
    assert sum(bool(c.outputs) for c in code) >= 3
    for cell in code:
        assert "execution" not in cell.metadata
        for output in cell.outputs:
            assert output.output_type not in ("error", "stream"), output.get("text", output.get("evalue"))
    assert "papermill" not in notebook.metadata


@pytest.mark.parametrize("name", NAMES)
def test_notebooks_are_thin(name):
    for cell in stored(name).cells:
        if cell.cell_type == "code" and "parameters" not in cell.metadata.get("tags", []):
            assert not re.search(r"^\s*(class |for .*:$|while )", cell.source, re.M), (
                f"logic in a cell: {cell.source[:120]}"
            )


@pytest.mark.parametrize("name", NAMES)
def test_exactly_one_parameters_cell_with_types_meanings_and_help(name):
    cells = [c for c in stored(name).cells if "parameters" in c.metadata.get("tags", [])]
    assert len(cells) == 1
    for line in cells[0].source.splitlines():
        assert re.fullmatch(r"\w+: (int|float|str|bool|list) = .+  # .{5,}", line), line


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_has_alt_text_and_its_data_as_csv(name):
    figures = 0
    for cell in stored(name).cells:
        outputs = cell.get("outputs", [])
        for image in (o for o in outputs if "image/svg+xml" in o.get("data", {})):
            figures += 1
            assert len(image.metadata["image/svg+xml"]["alt"]) > 60
            assert image.metadata["text/csv"]["name"] and image.data["text/csv"].count("\n") >= 2
    assert figures >= 1


MONEY = re.compile(r"\b(RUB|USD)\b")
NO_MONEY = re.compile(
    r"(staff|persons|rounds|blocks|scale|start|planned start|factor|(low|high) value|price of (labour|foreign exchange)"
    r"|new|lost)\b"
)
CODED = re.compile(r"\bq\d\d\b|\b[mb]n (rub|usd)\b|_")


@pytest.mark.parametrize("name", NAMES)
def test_no_column_of_a_file_is_a_code_or_has_a_unit_that_it_cannot_have(name):
    outputs = [o for cell in stored(name).cells for o in cell.get("outputs", [])]
    files_of = [o["data"]["text/csv"] for o in outputs if "text/csv" in o.get("data", {})]
    assert files_of
    for text in files_of:
        table = pd.read_csv(io.StringIO(text))
        assert not [head for head in table if CODED.search(head)]
        for head, values in table.select_dtypes("number").items():
            years = values.dropna().between(1990, 2100).all() and (values.dropna() % 1 == 0).all() and len(values) > 1
            counted = NO_MONEY.match(head)
            assert not (MONEY.search(head) and (counted or years)), head


@pytest.mark.parametrize("name", NAMES)
def test_no_chapter_has_a_list_of_its_own_of_the_sectors_that_the_gain_reaches(name):
    """The chain and the chapters said two things when one of them missed a sector."""
    table = data.load("sectors")
    renewed = set(table.loc[table["renewed"], "sector"])
    for cell in stored(name).cells:
        for listed in re.findall(r"[(\[]((?:\"[A-Z]{3}\",? ?){4,})[)\]]", cell.source):
            assert not set(re.findall("[A-Z]{3}", listed)) <= renewed, listed


@pytest.mark.slow
def test_nbval_collects_every_code_cell():
    command = [sys.executable, "-m", "pytest", "--nbval", "--collect-only", "-q", str(ROOT / "notebooks")]
    listed = subprocess.run(command, capture_output=True, text=True, cwd=ROOT).stdout
    collected = dict(re.findall(r"(\w+)\.ipynb: (\d+)", listed))
    expected = {name: str(sum(c.cell_type == "code" for c in stored(name).cells)) for name in NAMES}
    assert collected == expected


def test_strict_nbval_passes_unchanged_and_fails_after_a_one_percent_change_in_data(compendium_copy):
    folder, nbval = compendium_copy
    unchanged = nbval("01_trade_structure.ipynb")
    assert unchanged.returncode == 0, unchanged.stdout[-3000:]
    path = folder / "data" / "trade_structure.csv"
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    cell = (
        (table["year"] == "2023")
        & (table["reporter"] == "BACI")
        & (table["exporter"] == "RUS")
        & (table["group"] == "27")
    )
    assert cell.sum() == 1
    table.loc[cell, "value_musd"] = str(1.01 * float(table.loc[cell, "value_musd"].iloc[0]))
    table.to_csv(path, index=False)
    descriptor = folder / "data" / "datapackage.json"
    package = json.loads(descriptor.read_text())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    for resource in package["resources"]:
        if resource["name"] == "trade_structure":
            resource["hash"] = f"sha256:{digest}"
    descriptor.write_text(json.dumps(package))
    changed = nbval("01_trade_structure.ipynb")
    assert changed.returncode == 1 and "failed" in changed.stdout, changed.stdout[-2000:]


def test_strict_nbval_fails_after_a_one_percent_change_of_a_coefficient(compendium_copy):
    folder, nbval = compendium_copy
    path = folder / "rutrade" / "structure" / "indices.py"
    text = path.read_text()
    assert text.count("float(0.5 * (share - base)") == 1
    path.write_text(text.replace("float(0.5 * (share - base)", "float(0.505 * (share - base)"))
    changed = nbval("01_trade_structure.ipynb")
    assert changed.returncode == 1 and "failed" in changed.stdout


def test_strict_nbval_passes_after_a_change_in_the_sixteenth_digit(compendium_copy):
    folder, nbval = compendium_copy
    path = folder / "rutrade" / "structure" / "indices.py"
    text = path.read_text()
    path.write_text(text.replace("float(0.5 * (share - base)", "float(0.5 * (1 + 4e-16) * (share - base)"))
    assert path.read_text() != text
    unchanged = nbval("01_trade_structure.ipynb")
    assert unchanged.returncode == 0, unchanged.stdout[-3000:]


@pytest.mark.parametrize("name", NAMES)
def test_a_wider_tolerance_of_a_cell_has_a_reason_and_hides_no_change_of_one_percent(name):
    for cell in stored(name).cells:
        assert of_cell(cell.metadata).relative <= WIDEST


@pytest.mark.slow
def test_plain_papermill_works_from_any_folder(tmp_path):
    command = [sys.executable, "-m", "papermill", str(ROOT / "notebooks" / "01_trade_structure.ipynb"), "out.ipynb"]
    command += ["-p", "first_year", "2017", "-p", "reporter", "BACI"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    page = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    titles = [
        o.metadata["image/svg+xml"]["alt"]
        for c in page.cells
        for o in c.get("outputs", [])
        if "image/svg+xml" in o.get("data", {})
    ]
    assert "in 6 years" in titles[0]


def test_notebooks_read_only_the_package_data():
    for name in NAMES:
        source = "\n".join(c.source for c in stored(name).cells)
        assert not re.search(r"read_csv|open\(|Path\(", source), name
        for table in re.findall(r'data\.load\("(\w+)"\)', source):
            assert table in data.names()
