"""Data: typed, hashed, sourced; a changed or wrong file is refused in one sentence."""

import frictionless
import pytest

from rutrade import InputError, data


def test_every_table_loads_with_its_recorded_hash_schema_and_sources():
    report = data.verify()
    assert len(report) >= 11
    assert (report["result"] == "ok").all(), report[report["result"] != "ok"].to_string()


def test_frictionless_finds_the_data_package_valid():
    report = frictionless.validate(str(data.home() / "datapackage.json"))
    assert report.valid, report.flatten(["name", "rowNumber", "fieldName", "note"])


@pytest.mark.parametrize("name", data.names())
def test_every_row_has_a_source_and_a_known_status(name):
    table = data.load(name)
    if name == "sources":
        return
    assert {"source", "status"} <= set(table.columns)
    assert set(table["status"].dropna()) <= set(data.STATUSES)
    filled = table["status"] != "missing"
    assert table.loc[filled, "source"].notna().all(), "a figure without a source"


@pytest.mark.parametrize("name", data.names())
def test_every_column_is_described(name):
    assert all(field.get("description") for field in data.describe(name).fields)


def test_missing_figures_are_empty_and_marked_missing():
    table = data.load("trade_structure")
    gap = table[(table["exporter"] == "CHN") & (table["year"] < 2017) & (table["group"] != "TOTAL")]
    assert len(gap) == 4 * 16
    assert gap["value_musd"].isna().all() and (gap["status"] == "missing").all()


def test_a_file_changed_by_hand_is_refused_until_sealed(data_copy):
    path = data_copy / "trade_totals.csv"
    path.write_text(path.read_text().replace("89.21", "98.21"))
    with pytest.raises(InputError, match=r"table 'trade_totals': trade_totals\.csv was changed"):
        data.load("trade_totals")
    assert data.seal() == ["trade_totals"]
    assert len(data.load("trade_totals")) > 100


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("2013,RUS", "twenty,RUS", r"row \d+, column 'year': 'twenty' is not allowed \(must be an integer\)"),
        ("2013,RUS,RUS", "2013,USA,RUS", r"column 'reporter': 'USA' is not allowed"),
        (",wits_rus_chapters", ",nowhere", r"column 'source': 'nowhere' is not in sources.csv"),
    ],
)
def test_a_wrong_cell_is_refused_with_table_row_and_column(data_copy, old, new, message):
    path = data_copy / "trade_structure.csv"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(InputError, match=message):
        data.seal()


def test_a_repeated_key_is_refused(data_copy):
    path = data_copy / "trade_structure.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines, lines[1]]) + "\n")
    with pytest.raises(InputError, match=r"table 'trade_structure', row \d+: key repeats \(year="):
        data.seal()


def test_a_missing_file_is_named(data_copy):
    (data_copy / "macro.csv").unlink()
    with pytest.raises(InputError, match=r"table 'macro': file .*macro\.csv is missing"):
        data.load("macro")


def test_a_missing_data_folder_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("RUTRADE_DATA", str(tmp_path))
    with pytest.raises(InputError, match="data package not found"):
        data.names()


def test_an_unknown_table_names_the_closest():
    with pytest.raises(InputError, match="unknown table 'trade_total': did you mean 'trade_totals'"):
        data.load("trade_total")
