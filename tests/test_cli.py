"""The command line as a new user meets it: help, answers, and wrong input in one sentence with exit code 2."""

import json
import shutil
import subprocess
import sys

import jupytext
import nbformat
import pytest
from click.testing import CliRunner

from rutrade import cli, data, files, scenarios
from rutrade.publish import build, report, runs


def call(*arguments):
    return CliRunner().invoke(cli.main, list(arguments))


@pytest.mark.parametrize(
    "command", [[], ["run"], ["book"], ["renew"], ["scenarios"], ["scenarios", "show"], ["data"], ["sweep"]]
)
def test_every_command_has_help(command):
    result = call(*command, "--help")
    assert result.exit_code == 0 and "Usage" in result.output


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (["run", "99"], "unknown notebook '99'"),
        (["run", "01_trade_structur3"], "did you mean '01_trade_structure'?"),
        (["run", "01", "-p", "first_yaer", "2015"], "did you mean 'first_year'?"),
        (["run", "01", "-p", "first_year", "1999"], "a whole number from 2013 to 2023"),
        (["run", "01", "-p", "first_year", "soon"], "a whole number from 2013 to 2023"),
        (["run", "01", "-s", "nothing"], "unknown preset 'nothing'"),
        (["run", "08", "-p", "draws", "0"], "'draws' = 0 is not allowed: a whole number from 100 to 20000"),
        (["run", "7", "-p", "draws", "0"], "'draws' = 0 is not allowed: a whole number from 100 to 1000000"),
        (["run", "08", "-p", "multiplier", "[1,2"], "parameter 'multiplier' = '[1,2' is not valid YAML"),
        (["run", "08", "-p", "seed", "1", "-p", "seed", "2"], "parameter 'seed' is given twice"),
        (["run", "01", "-s", "nowhere.yaml"], "preset file nowhere.yaml does not exist"),
        (["scenarios", "show", "since_2018"], "did you mean 'since_2017'?"),
        (["data", "show", "macros"], "did you mean 'macro'?"),
    ],
)
def test_wrong_input_is_one_sentence_and_exit_code_2(arguments, sentence):
    result = call(*arguments)
    assert result.exit_code == 2
    assert sentence in result.stderr and result.stderr.count("\n") == 1


def test_reporter_without_data_for_the_year_is_told_before_a_page_is_replaced(tmp_path):
    result = call("run", "01", "-p", "reporter", "RUS", "-o", str(tmp_path))
    assert result.exit_code == 2
    assert "reporter 'RUS' has no figures by group for RUS->CHN in 2022: it covers 2013-2021" in result.stderr
    assert not (tmp_path / "01_trade_structure.ipynb").exists()


def test_an_unwritable_results_folder_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    result = call("run", "01", "-o", str(tmp_path / "file" / "results"))
    assert result.exit_code == 2 and "cannot be written" in result.stderr


def test_lists_name_every_preset_and_every_table():
    assert "since_2017" in call("scenarios").output
    listed = call("data", "list").output
    assert all(name in listed for name in data.names())
    shown = call("data", "show", "trade_totals").output
    assert "value_bn_usd" in shown and "licence" in shown


@pytest.mark.slow
def test_verify_fails_when_a_table_was_changed(data_copy):
    assert call("data", "verify").exit_code == 0
    shutil.copy(data_copy / "macro.csv", data_copy / "siberia.csv")
    result = call("data", "verify")
    assert result.exit_code == 2 and "was changed" in result.output


def test_ctrl_c_is_answered_in_one_sentence(monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(build, "build", stop)
    result = call("book")
    assert result.exit_code == 130 and "nothing half-written" in result.stderr


def page(path, **recorded):
    """An executed page with recorded values, a table, and a figure with its text."""
    keep = "application/papermill.record/text/plain"
    outputs = [
        nbformat.v4.new_output("display_data", {keep: repr(value)}, metadata={"scrapbook": {"name": name}})
        for name, value in recorded.items()
    ]
    dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    figure = nbformat.v4.new_output(
        "display_data", {"image/png": dot}, metadata={"image/png": {"alt": "Fuels & the rest, in 2023"}}
    )
    cells = [
        nbformat.v4.new_markdown_cell("# A page"),
        nbformat.v4.new_code_cell("secret = 1", outputs=outputs),
        nbformat.v4.new_code_cell("draw()", outputs=[figure]),
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), path)


@pytest.fixture
def executed(monkeypatch):
    """`run` without the execution: the jobs it would have run."""
    jobs = []

    def execute(job):
        jobs.append(job)
        page(job.target, share=12.345678, verdict="partly", turnover=1234567.0)
        return {"seconds": 0.1}

    monkeypatch.setattr(runs, "execute", execute)
    return jobs


@pytest.mark.parametrize("number", ["1", "01", "01_trade", "01_trade_structure"])
def test_a_chapter_is_named_by_its_number_with_or_without_zero_or_its_name(executed, tmp_path, number):
    assert call("run", number, "-o", str(tmp_path)).exit_code == 0
    assert executed[0].notebook == "01_trade_structure"


def test_a_run_prints_its_key_figures_with_their_names_and_where_the_page_is(executed, tmp_path):
    lines = call("run", "01", "-o", str(tmp_path)).output.splitlines()
    assert lines[:3] == ["  share     12.3457", "  verdict   partly", "  turnover  1.23457e+06"]
    assert lines[3] == f"{tmp_path / '01_trade_structure.ipynb'} (0.1 s)"
    assert len(lines) == 4 and not (tmp_path / "01_trade_structure.html").exists()


def test_html_is_one_page_without_code_scripts_or_files_beside_it(executed, tmp_path):
    result = call("run", "01", "-o", str(tmp_path), "--html")
    target = tmp_path / "01_trade_structure.html"
    assert result.output.splitlines()[-1] == str(target)
    text = target.read_text(encoding="utf-8")
    assert "A page" in text and "secret" not in text and "draw()" not in text and "<script" not in text
    assert '<img alt="Fuels &amp; the rest, in 2023" src="data:image/png;base64,' in text
    assert 'href="/' not in text and 'src="/' not in text and str(tmp_path) not in text
    assert {p.name for p in tmp_path.iterdir()} == {"01_trade_structure.ipynb", "01_trade_structure.html"}


def test_a_page_without_recorded_values_has_no_key_figures(tmp_path):
    page(tmp_path / "p.ipynb")
    assert report.figures(tmp_path / "p.ipynb") == {}


def test_a_preset_file_of_one_s_own_writes_where_one_is_and_never_into_the_compendium(executed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text("# Mine.\nsiberia: {regions: 5}\n")
    result = call("run", "03", "-s", "mine.yaml")
    assert executed[0].target == tmp_path / "mine" / "03_siberia.ipynb"
    assert str(executed[0].target) in result.output
    call("run", "03", "-s", "mine.yaml", "-o", str(tmp_path / "there"))
    assert executed[1].target == tmp_path / "there" / "03_siberia.ipynb"
    call("run", "03", "-s", "since_2017", "-o", str(tmp_path / "there"))
    assert executed[2].scenario == "since_2017"


def test_a_published_run_goes_into_the_results(executed, monkeypatch, tmp_path):
    monkeypatch.setattr(runs, "results", lambda: tmp_path)
    call("run", "08", "-s", "ri")
    assert executed[0].target == tmp_path / "ri" / "08_projections_2030.ipynb"


def test_a_value_is_read_as_yaml(executed, tmp_path):
    call(
        "run",
        "08",
        "-o",
        str(tmp_path),
        "-p",
        "multiplier",
        "1500",
        "-p",
        "research_infrastructure",
        "false",
        "-p",
        "brent",
        "low",
    )
    assert dict(executed[0].overrides) == {"multiplier": 1500, "research_infrastructure": False, "brent": "low"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "parameter, value, sentence",
    [
        ("region", "5", "unknown parameter of 03_siberia 'region': did you mean 'regions'?"),
        ("regions", "2", "parameter 'regions' = 2 is not allowed: a whole number from 3 to 20"),
    ],
)
def test_the_notebook_itself_refuses_under_plain_papermill_before_any_model_runs(tmp_path, parameter, value, sentence):
    notebook = jupytext.read(files.root() / "notebooks" / "03_siberia.md")
    nbformat.write(notebook, tmp_path / "in.ipynb")
    command = [sys.executable, "-m", "papermill", "in.ipynb", "out.ipynb", "-p", parameter, value]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode != 0 and f"InputError: {sentence}" in done.stderr
    counts = [c.execution_count for c in nbformat.read(tmp_path / "out.ipynb", as_version=4).cells
              if c.cell_type == "code" and c.execution_count]  # fmt: skip
    assert max(counts) == 3, "cells ran after the refusal"  # parameters, injected parameters, check


@pytest.mark.slow
def test_ctrl_c_while_a_notebook_runs_leaves_no_traceback(tmp_path):
    import os
    import signal
    import time

    command = [sys.executable, "-m", "rutrade.cli", "run", "09", "-o", str(tmp_path)]
    # as a reader starts it: a kernel that finds itself under pytest speaks of its unfinished tasks
    plain = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True, env=plain)
    while not list(tmp_path.glob(".09*")):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.2)
    time.sleep(5)  # the kernel is up; the chapter takes much longer
    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate()[1]
    assert process.returncode == 130 and "nothing half-written" in said
    assert "Traceback" not in said and "zmq" not in said.lower()
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_the_schema_is_printed_as_it_is_stored():
    printed = call("scenarios", "schema").output
    assert printed == (scenarios.folder() / "schema.json").read_text(encoding="utf-8")
    assert json.loads(printed)["properties"].keys() == set(scenarios.SECTIONS)


def test_presets_are_shown_and_compared():
    shown = call("scenarios", "show", "rail_limited").output
    assert all(notebook in shown for notebook in scenarios.PARAMETERS) and "158.0" in shown
    compared = call("scenarios", "diff", "rail_limited", "rail_expanded").output
    assert "158.0" in compared and "253.0" in compared


def test_a_preset_that_one_notebook_cannot_use_is_shown_with_the_reason(tmp_path):
    (tmp_path / "mine.yaml").write_text("# Mine.\neconomy: {rail_capacity: 800.0}\n")
    result = call("scenarios", "show", str(tmp_path / "mine.yaml"))
    assert result.exit_code == 0
    assert "08_projections_2030 cannot be run under this preset: parameter 'rail_capacity' = 800.0" in result.output


def test_parameter_cells_and_schema_are_written_only_where_they_differ(tmp_path, monkeypatch):
    shutil.copytree(files.root() / "notebooks", tmp_path / "notebooks", ignore=shutil.ignore_patterns("*.ipynb"))
    monkeypatch.setattr(files, "root", lambda: tmp_path)
    assert call("renew", "--parameters").output == "nothing changed\n"
    (tmp_path / "notebooks" / "scenarios" / "schema.json").unlink()
    text = tmp_path / "notebooks" / "03_siberia.md"
    before = text.read_text(encoding="utf-8")
    text.write_text(before.replace("regions: int = 8", "regions: int = 9"), encoding="utf-8")
    assert call("renew", "--parameters").output == "written: 03_siberia.md, schema.json\n"
    assert text.read_text(encoding="utf-8") == before


def test_renew_takes_numbers_and_all(monkeypatch):
    renewed = []
    monkeypatch.setattr(runs, "renew", renewed.append)
    call("renew", "1", "03_siberia")
    assert renewed == ["01", "03_siberia"]
    renewed.clear()
    call("renew")
    assert renewed == runs.notebooks()


def test_seal_and_update_tell_what_they_did(data_copy, monkeypatch):
    from rutrade.data import comtrade

    assert call("data", "seal").output == "nothing changed\n"
    path = data_copy / "siberia.csv"
    path.write_text(path.read_text().replace("60.7", "60.8", 1))
    assert call("data", "seal").output == "recorded: siberia\n"
    monkeypatch.setattr(comtrade, "update", lambda key: f"asked with {key}")
    assert call("data", "update", "--key", "abc").output == "asked with abc\n"
