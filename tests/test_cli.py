"""The command line as a new user meets it: help, answers, and wrong input in one sentence with exit code 2."""

import shutil

import pytest
from click.testing import CliRunner

from rutrade import cli, data
from rutrade.publish import build


def call(*arguments):
    return CliRunner().invoke(cli.main, list(arguments))


@pytest.mark.parametrize("command", [[], ["run"], ["book"], ["renew"], ["scenarios"], ["scenarios", "show"], ["data"]])
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
