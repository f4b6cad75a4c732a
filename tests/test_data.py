"""Data: typed, hashed, sourced; a changed or wrong file is refused in one sentence."""

import hashlib
import re

import frictionless
import pytest

from rutrade import InputError, data, files
from rutrade.data import checks


@pytest.mark.slow
def test_every_table_loads_with_its_recorded_hash_schema_and_sources():
    report = checks.verify()
    assert list(report["table"]) == data.names()
    assert (report["result"] == "ok").all(), report[report["result"] != "ok"].to_string()


@pytest.mark.slow
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
    assert checks.seal() == ["trade_totals"]
    assert len(data.load("trade_totals")) > 100


FAULTS = {
    "type": ("trade_structure", "2013,RUS", "twenty,RUS",
             "row 138, column 'year': 'twenty' is not allowed (must be an integer)"),
    "fraction": ("trade_structure", "2013,RUS", "2013.5,RUS",
                 "row 138, column 'year': '2013.5' is not allowed (must be an integer)"),
    "minimum": ("trade_structure", "2013,RUS", "2012,RUS",
                "row 138, column 'year': '2012' is not allowed (minimum 2013)"),
    "maximum": ("trade_structure", "2013,RUS", "2024,RUS",
                "row 138, column 'year': '2024' is not allowed (maximum 2023)"),
    "choice": ("trade_structure", "2013,RUS,RUS", "2013,USA,RUS",
               "row 138, column 'reporter': 'USA' is not allowed (one of RUS, CHN, BACI)"),
    "required": ("trade_structure", "2013,RUS,RUS", "2013,,RUS",
                 "row 138, column 'reporter': '' is not allowed (a value is required)"),
    "number": ("trade_totals", "89.21", "much", "column 'value_bn_usd': 'much' is not allowed (must be a number)"),
    "not finite": ("macro", ",7.191,", ",inf,", "column 'value': 'Infinity' is not allowed (must be a number)"),
    "no number": ("macro", ",7.191,", ",nan,", "column 'value': 'NaN' is not allowed (must be a number)"),
    "truth": ("trade_totals", ",true", ",True", "column 'preferred': 'True' is not allowed (must be true or false)"),
    "source": ("trade_structure", ",wits_rus_chapters", ",nowhere",
               "row 138, column 'source': 'nowhere' is not in sources.csv"),
    "one of two sources": ("trade_structure", ",wits_rus_chapters", ",wits_rus_chapters; nowhere",
                           "row 138, column 'source': 'wits_rus_chapters; nowhere' is not in sources.csv"),
    "header": ("trade_structure", "year,reporter", "jahr,reporter",
               "columns are jahr, reporter, exporter, importer, group"),
    "cell too many": ("trade_structure", "2013,RUS,RUS", "2013,RUS,RUS,RUS", "row 138"),
}  # fmt: skip


@pytest.mark.parametrize("table, old, new, message", FAULTS.values(), ids=FAULTS)
def test_a_wrong_cell_is_refused_with_table_row_and_column_before_anything_is_written(
    data_copy, table, old, new, message
):
    path, descriptor = data_copy / f"{table}.csv", data_copy / "datapackage.json"
    text, before = path.read_text(), descriptor.read_bytes()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    good = data_copy / "siberia.csv"
    good.write_text(good.read_text().replace("60.7", "60.8", 1))
    with pytest.raises(InputError) as caught:
        checks.seal()
    assert str(caught.value).startswith(f"table '{table}'") and message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert descriptor.read_bytes() == before, "a refused seal wrote"


def test_a_repeated_key_is_refused_with_its_row_and_its_values(data_copy):
    path = data_copy / "trade_structure.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines, lines[1]]) + "\n")
    said = rf"table 'trade_structure', row {len(lines) + 1}: key repeats \(year=2017, reporter=BACI, exporter="
    with pytest.raises(InputError, match=said):
        checks.seal()


def test_several_sources_in_one_cell_are_each_looked_up(data_copy):
    path = data_copy / "trade_structure.csv"
    path.write_text(path.read_text().replace(",wits_rus_chapters", ",wits_rus_chapters; imf_weo_2025_10", 1))
    assert checks.seal() == ["trade_structure"]


def test_a_source_that_tables_still_name_cannot_be_sealed_away(data_copy):
    path = data_copy / "sources.csv"
    path.write_text("\n".join(line for line in path.read_text().splitlines() if "imf_weo_2025_10," not in line) + "\n")
    with pytest.raises(InputError, match="'imf_weo_2025_10' is not in sources.csv"):
        checks.seal()


def test_seal_names_what_changed_in_the_folder_it_is_given_and_records_size_and_hash(data_copy, monkeypatch):
    monkeypatch.delenv("RUTRADE_DATA")
    before = data.descriptor()
    path = data_copy / "trade_totals.csv"
    path.write_text(path.read_text().replace("89.21", "98.21"))
    assert checks.seal(data_copy) == ["trade_totals"]
    assert checks.seal(data_copy) == []
    assert data.descriptor() == before, "the real folder was changed"
    after = {r["name"]: r for r in data.descriptor(data_copy)["resources"]}
    old = {r["name"]: r for r in before["resources"]}
    assert [n for n in after if after[n] != old[n]] == ["trade_totals"]
    content = path.read_bytes()
    assert after["trade_totals"]["bytes"] == len(content)
    assert after["trade_totals"]["hash"] == "sha256:" + hashlib.sha256(content).hexdigest()


def test_verify_tries_every_table_and_tells_what_is_wrong_with_each(few_tables):
    (few_tables / "macro.csv").unlink()
    path = few_tables / "trade_totals.csv"
    path.write_text(path.read_text().replace("89.21", "98.21"))
    report = checks.verify().set_index("table")
    assert list(report.index) == data.names()
    wrong = report[report["result"] != "ok"]
    assert set(wrong.index) == {"macro", "trade_totals"} and (wrong["rows"] == 0).all()
    assert "is missing" in wrong.loc["macro", "result"] and "was changed" in wrong.loc["trade_totals", "result"]
    assert report.loc["trade_structure", "rows"] == len(data.load("trade_structure"))
    assert report.loc["trade_structure", "sha256"] == data.describe("trade_structure").sha256[:12]


def test_a_sealed_table_that_does_not_fit_its_schema_is_still_found_by_verify(few_tables):
    path, descriptor = few_tables / "trade_totals.csv", few_tables / "datapackage.json"
    old = hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_text(path.read_text().replace("89.21", "-89.21", 1))
    new = hashlib.sha256(path.read_bytes()).hexdigest()
    descriptor.write_text(descriptor.read_text().replace(old, new))
    result = checks.verify().set_index("table").loc["trade_totals", "result"]
    assert "column 'value_bn_usd': '-89.21' is not allowed (minimum 0)" in result


def test_without_sources_no_table_is_taken_as_sourced(data_copy):
    (data_copy / "sources.csv").unlink()
    results = checks.verify().set_index("table")["result"]
    assert "table 'sources': file" in results["macro"] and "is missing" in results["macro"]


def test_a_missing_file_is_named(data_copy):
    (data_copy / "macro.csv").unlink()
    with pytest.raises(InputError, match=r"table 'macro': file .*macro\.csv is missing"):
        data.load("macro")


def test_a_table_comes_with_the_types_of_its_schema_and_empty_cells_as_missing():
    table = data.load("trade_totals")
    assert [str(t) for t in table.dtypes[["year", "value_bn_usd", "reporter", "preferred"]]] == [
        "Int64", "float64", "string", "boolean",
    ]  # fmt: skip
    assert table["preferred"].isin([True, False]).all() and 0 < table["preferred"].sum() < len(table)
    assert data.load("siberia")["year_from"].isna().any()


def test_text_that_looks_missing_stays_text(data_copy):
    path = data_copy / "macro.csv"
    path.write_text(path.read_text().replace("% on previous year", "NA", 1))
    checks.seal()
    assert data.load("macro")["unit"].eq("NA").sum() == 1


def test_what_was_read_is_remembered_also_for_a_worker(monkeypatch):
    monkeypatch.setattr(data.tables, "_used", set())
    data.load("macro")
    data.describe("siberia")
    assert data.used() == {"macro"}
    data.mark_used({"sectors"})
    assert data.used() == {"macro", "sectors"}
    data.used().add("nothing")
    assert data.used() == {"macro", "sectors"}


def test_a_refused_table_is_not_remembered_as_read(data_copy, monkeypatch):
    monkeypatch.setattr(data.tables, "_used", set())
    (data_copy / "macro.csv").write_text("x\n")
    with pytest.raises(InputError, match="macro.csv was changed"):
        data.load("macro")
    assert data.used() == set()


def test_the_fingerprint_changes_with_any_table_and_with_nothing_else(data_copy):
    before = data.fingerprint()
    assert len(before) == 64 and before == data.fingerprint()
    path = data_copy / "siberia.csv"
    path.write_text(path.read_text() + "")
    assert checks.seal() == [] and data.fingerprint() == before
    path.write_text(path.read_text().replace("60.7", "60.8", 1))
    assert checks.seal() == ["siberia"] and data.fingerprint() != before


def test_a_table_is_described_with_units_key_and_licence():
    table = data.describe("trade_totals")
    assert table.units["value_bn_usd"] == "bn USD, current prices" and "reporter" not in table.units
    assert table.key and set(table.key) <= {f["name"] for f in table.fields}
    assert table.title and table.description and "CC BY 4.0" in table.licence
    assert table.path == data.home() / "trade_totals.csv"


def test_sources_are_indexed_by_their_key():
    table = data.sources()
    assert table.index.is_unique and "title" in table.columns and "imf_weo_2025_10" in table.index


def test_a_descriptor_that_is_no_json_is_named_with_its_line(data_copy):
    (data_copy / "datapackage.json").write_text('{"resources":\n [}')
    with pytest.raises(InputError, match=r"datapackage.json is not valid JSON: line 2, Expecting value"):
        data.names()


def test_every_table_is_read_by_the_package_or_a_notebook():
    texts = [p.read_text() for p in (files.root() / "rutrade").rglob("*.py")]
    texts += [p.read_text() for p in (files.root() / "notebooks").glob("*.md")]
    unread = [n for n in data.names() if not any(f'"{n}"' in text for text in texts)]
    assert not unread


def test_every_path_of_the_economy_is_read():
    texts = "".join(p.read_text() for p in (files.root() / "rutrade").rglob("*.py"))
    variables = data.load("economy_paths")["variable"].unique()
    # names put together, such as f"china_{flow}_share{suffix}"
    composed = re.findall(r'\.(?:at|ratio|sector)\(f"((?:\w|\{\w+\})+)"', texts)
    joined = [re.sub(r"\{\w+\}", r"\\w*", name) for name in composed]
    assert joined
    assert [v for v in variables if f'"{v}' not in texts and not any(re.fullmatch(n, v) for n in joined)] == []


def test_a_missing_data_folder_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("RUTRADE_DATA", str(tmp_path))
    with pytest.raises(InputError, match="data package not found"):
        data.names()


def test_an_unknown_table_names_the_closest():
    with pytest.raises(InputError, match="unknown table 'trade_total': did you mean 'trade_totals'"):
        data.load("trade_total")


# --- one small table --------------------------------------------------------------------------------------------------


def small_table(folder, lines, fields=None, key=("year",)):
    (folder / "small.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    fields = fields or ({"name": "year", "type": "integer"}, {"name": "value", "type": "number"})
    return data.Table("small", folder / "small.csv", "Small", "", fields, key, "CC0", "")


def test_a_table_without_a_column_of_sources_needs_no_list_of_them(tmp_path):
    assert checks.check(small_table(tmp_path, ["year,value", "2020,1.5", "2021,"])) == 2


def test_a_sourced_table_needs_the_list_and_an_empty_source_is_no_name(tmp_path):
    fields = ({"name": "year", "type": "integer"}, {"name": "source", "type": "string"})
    table = small_table(tmp_path, ["year,source", "2020,office", "2021,"], fields)
    with pytest.raises(InputError, match=r"table 'sources': file .*sources\.csv is missing"):
        checks.check(table)
    (tmp_path / "sources.csv").write_text("source,title\noffice,Office\n")
    assert checks.check(table) == 2
    small_table(tmp_path, ["year,source", "2020,office", "2021,fund"], fields)
    with pytest.raises(InputError, match="^table 'small', row 3, column 'source': 'fund' is not in sources.csv$"):
        checks.check(table)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["year,value", "2020,1", "2020,2"], "table 'small', row 3: key repeats (year=2020)"),
        (
            ["year,value", "2020,inf"],
            "table 'small', row 2, column 'value': 'Infinity' is not allowed (must be a number)",
        ),
        (["year,value", "2020,x"], "table 'small', row 2, column 'value': 'x' is not allowed (must be a number)"),
        (["value,year", "1,2020"], "table 'small': columns are value, year; the schema has year, value"),
        (["year", "2020"], "table 'small': columns are year; the schema has year, value"),
        (["year,value,more", "2020,1,2"], "table 'small': columns are year, value, more; the schema has year, value"),
    ],
)
def test_a_fault_of_a_small_table_is_one_sentence(tmp_path, lines, message):
    with pytest.raises(InputError) as caught:
        checks.check(small_table(tmp_path, lines))
    assert str(caught.value) == message


def test_limits_are_named_as_the_schema_has_them(tmp_path):
    def said(value, **limits):
        fields = ({"name": "year", "type": "integer"}, {"name": "value", "type": "number", "constraints": limits})
        try:
            return checks.check(small_table(tmp_path, ["year,value", f"2020,{value}"], fields))
        except InputError as error:
            return str(error).split("is not allowed ")[1]

    assert said(5, minimum=5, maximum=5) == 1
    assert said(4, minimum=5, maximum=6) == "(minimum 5)"
    assert said(7, minimum=5, maximum=6) == "(maximum 6)"
    assert said("", required=True, minimum=5) == "(a value is required)"
    assert said(3, enum=[1, 2]) == "(one of 1, 2)"


def test_the_hash_over_all_tables_is_that_of_their_names_and_hashes():
    resources = data.descriptor()["resources"]
    text = "".join(r["name"] + r["hash"] for r in resources)
    assert data.fingerprint() == hashlib.sha256(text.encode()).hexdigest()
    assert data.describe(resources[0]["name"]).sha256 == resources[0]["hash"].split(":")[1]
