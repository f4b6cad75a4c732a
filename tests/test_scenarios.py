"""Parameters and presets: everything wrong is refused before anything runs; what is generated is in step."""

import json
import re

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from rutrade import InputError, files, scenarios
from rutrade.publish import runs

TEXTS = sorted((files.root() / "notebooks").glob("[0-9]*.md"))
CHAIN = "08_projections_2030"
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


@pytest.fixture
def preset(tmp_path):
    """Writes a preset file and returns its path."""

    def write(text):
        path = tmp_path / "mine.yaml"
        path.write_text(text)
        return path

    return write


# Parameter cells


def test_every_notebook_has_a_parameter_class_and_every_class_a_notebook():
    assert [p.stem for p in TEXTS] == sorted(scenarios.PARAMETERS) == runs.notebooks()
    with pytest.raises(InputError, match="unknown notebook '10': did you mean '01_trade_structure'|allowed: 01_trade"):
        scenarios.of_notebook("10")


@pytest.mark.parametrize("path", TEXTS, ids=lambda p: p.stem)
def test_the_parameter_cell_of_a_notebook_is_the_one_its_class_gives(path):
    text = path.read_text(encoding="utf-8")
    cells = re.findall(r":tags: \[parameters\]\n\n(.*?)\n```", text, re.S)
    assert cells == [scenarios.cell(path.stem)], "run `rutrade renew --parameters`"
    values = {}
    exec(cells[0], values)
    cls = scenarios.of_notebook(path.stem)
    assert {n: values[n] for n in cls.model_fields} == cls().model_dump()
    assert values["__annotations__"].keys() == cls.model_fields.keys()


@pytest.mark.parametrize("path", TEXTS, ids=lambda p: p.stem)
def test_the_first_cell_of_a_notebook_checks_its_variables_before_any_model_runs(path):
    text = path.read_text(encoding="utf-8")
    name = scenarios.of_notebook(path.stem).__name__
    first = re.findall(r"```\{code-cell\}.*?\n\n(.*?)\n```", text, re.S)[1]
    assert f"scenarios.{name}.from_notebook(globals())" in first
    assert not re.search(r"\.(run|load|from_data|build|tables)\(", first.split("from_notebook")[0])


def test_papermill_finds_type_and_meaning_of_every_parameter():
    import nbformat
    from papermill.inspection import _infer_parameters

    lines = scenarios.cell(CHAIN).splitlines()
    assert "multiplier: float = 3.7  # suppliers' turnover per rouble of high-tech procurement, ratio" in lines
    assert 'project: str = "programme"  # the whole programme or SKIF alone (programme | skif)' in lines
    assert "research_infrastructure: bool = True  # whether the programme is built" in lines
    cells = [nbformat.v4.new_code_cell("\n".join(lines), metadata={"tags": ["parameters"]})]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL})
    found = _infer_parameters(notebook)
    assert [p.name for p in found] == list(scenarios.Projections.model_fields)
    assert all(p.inferred_type_name in ("int", "float", "bool", "str") and p.help for p in found)


def test_writing_a_cell_mends_it_and_leaves_the_rest_alone(tmp_path, monkeypatch):
    source = TEXTS[0].read_text(encoding="utf-8")
    path = tmp_path / "notebooks" / TEXTS[0].name
    path.parent.mkdir()
    monkeypatch.setattr(files, "root", lambda: tmp_path)
    path.write_text(source.replace("first_year: int = 2013", "first_year: int = 2014"))
    assert scenarios.write_cell(path.stem) is True
    assert path.read_text(encoding="utf-8") == source
    assert scenarios.write_cell(path.stem) is False
    path.write_text("no cell")
    with pytest.raises(InputError, match=r"notebook 01_trade_structure.md has no cell tagged `parameters`"):
        scenarios.write_cell(path.stem)


# From a notebook's variables


def shell(**more):
    """What `globals()` of a notebook's first cell holds beside its parameters."""
    return {"__name__": "__main__", "_ih": [""], "In": [""], "Out": {}, "get_ipython": lambda: None, "exit": exit,
            "open": open, "json": json, "scenarios": scenarios, "Path": type(files.root())} | more  # fmt: skip


def test_a_notebook_s_variables_become_its_parameters():
    values = scenarios.Siberia().model_dump() | {"regions": 5}
    assert scenarios.Siberia.from_notebook(shell(**values)) == scenarios.Siberia(regions=5)


@pytest.mark.parametrize("value", [5, 5.0, "five", True, [5], {"a": 5}, None])
def test_an_injected_variable_that_is_no_parameter_is_refused(value):
    with pytest.raises(InputError, match="unknown parameter of 03_siberia 'region': did you mean 'regions'"):
        scenarios.Siberia.from_notebook(shell(**scenarios.Siberia().model_dump(), region=value))


def test_a_notebook_s_value_out_of_range_is_refused_in_one_sentence():
    with pytest.raises(InputError, match=r"^parameter 'regions' = 2 is not allowed: a whole number from 3 to 20$"):
        scenarios.Siberia.from_notebook(shell(regions=2, inferred=True))


# Checks


@pytest.mark.parametrize("cls", scenarios.PARAMETERS.values(), ids=scenarios.PARAMETERS)
def test_every_parameter_has_meaning_section_and_source_and_its_default_is_allowed(cls):
    table = cls.check(**cls().model_dump()).table()
    assert list(table.index) == list(cls.model_fields) and table.index.name == "parameter"
    assert list(table.columns) == ["value", "set by", "unit", "allowed", "source", "meaning"]
    assert (table["meaning"].str.len() > 5).all()
    assert (table["source"].str.len() > 0).all()
    assert all(cls.section(name) in scenarios.SECTIONS for name in cls.model_fields)


def test_the_table_tells_what_was_set_and_from_where_it_comes():
    table = scenarios.Scenario.check(multiplier=6.0).table()
    assert table.loc["multiplier"].to_dict() == {
        "value": 6.0, "set by": "reader or preset", "unit": "ratio", "allowed": "a number from 0 to 2000",
        "source": "CERN 3.7-4.2, ESA 2.7, FenRIAM 4-6",
        "meaning": "suppliers' turnover per rouble of high-tech procurement",
    }  # fmt: skip
    assert table.loc["brent", ["value", "set by", "allowed"]].tolist() == ["mid", "default", "one of low, mid, high"]
    assert table.loc["seed", "allowed"] == "a whole number of at least 0"
    assert table.loc["research_infrastructure", "allowed"] == "true or false"
    assert scenarios.Economy().table().loc["nodes", "allowed"] == "text"


def test_a_shared_field_is_declared_once():
    for section, names in scenarios.fields().items():
        for name, classes in names.items():
            described = {(c.model_fields[name].description, json.dumps(c.model_fields[name].json_schema_extra))
                         for c in classes}  # fmt: skip
            assert len(described) == 1, f"{section}.{name}"


# Ranges as they are meant: (class, parameter, lowest, highest); one step beyond is refused, the ends are allowed.
RANGES = [
    ("Planning", "from_year", 2026, 2030), ("Planning", "budget", 0, 500), ("Planning", "staff", 0, 100_000),
    ("Planning", "paper_value", 0, 100), ("Planning", "draws", 100, 20_000),
    ("TradeStructure", "first_year", 2013, 2023), ("TradeStructure", "last_year", 2013, 2023),
    ("TradeStructure", "base_year", 2013, 2023), ("Siberia", "regions", 3, 20), ("Upgrading", "least", 0, 1000),
    ("Upgrading", "rows", 3, 12), ("Upgrading", "threshold_pp", 0.1, 20),
    ("Scenario", "multiplier", 0, 2000), ("Scenario", "high_tech_factor", 0, 20), ("Scenario", "cost_overrun", -0.5, 3),
    ("Scenario", "delay_years", 0, 10), ("Scenario", "opex_factor", 0, 5), ("Scenario", "discount_rate_public", 0, 0.3),
    ("Scenario", "export_propensity", 0, 1), ("Scenario", "china_share", 0, 1),
    ("Scenario", "productivity_effect", 0, 1), ("Scenario", "crowding_out", 0, 1),
    ("Scenario", "rail_capacity", 50, 500), ("Scenario", "oil_price", 0.3, 3), ("Scenario", "sanctions", 0, 1),
    ("Scenario", "productivity", 0, 1),
    ("Scenario", "customs", 0, 0.3), ("Scenario", "standards", 0, 0.3), ("Scenario", "payments", 0, 0.3),
    ("Scenario", "logistics", 0, 0.3), ("Scenario", "redirection", 0, 0.95), ("Scenario", "export_support", 0, 10),
    ("Scenario", "turnover_target", 0, 2000), ("Scenario", "threshold_pp", 0.1, 50),
    ("Scenario", "draws", 0, 20_000), ("Scenario", "seed", 0, None), ("Projections", "draws", 100, 20_000),
    ("Projections", "cost_overrun", -0.5, 3),
    ("ProjectAppraisal", "multiplier", 0, 2000), ("ProjectAppraisal", "cost_overrun", -0.9, 5),
    ("ProjectAppraisal", "delay_years", 0, 15), ("ProjectAppraisal", "opex_share", 0.075, 0.5),
    ("ProjectAppraisal", "discount_rate_public", 0, 0.3), ("ProjectAppraisal", "discount_rate_budget", 0, 0.3),
    ("ProjectAppraisal", "discount_rate_commercial", 0, 0.5), ("ProjectAppraisal", "last_year", 2042, 2100),
    ("ProjectAppraisal", "draws", 100, 1_000_000), ("ProjectAppraisal", "seed", 0, None),
    ("BilateralTrade", "projection_base", 2017, 2023), ("BilateralTrade", "draws", 100, 1_000_000),
    ("BilateralTrade", "cost_cut", 0.001, 0.3), ("BilateralTrade", "sanctions_cost", 0, 1),
    ("BilateralTrade", "wanted_pp", 0.1, 20), ("BilateralTrade", "world_draws", 20, 10_000),
    ("Uncertainty", "scenarios_drawn", 10, 100_000), ("Uncertainty", "threshold_pp", 0.1, 50),
    ("Uncertainty", "draws", 100, 20_000), ("Uncertainty", "jobs", 1, 256), ("Comparison", "draws", 100, 20_000),
    ("Comparison", "jobs", 1, 256), ("Economy", "labour", 0.8, 1.2), ("Economy", "productivity", 0.5, 1.5),
    ("Economy", "rail_capacity", 50, 1000), ("Economy", "project_intensity", 0, 1),
    ("Economy", "project_productivity", 0, 0.5), ("Economy", "band_exports", 0, 0.9),
    ("Economy", "band_deliveries", 0, 0.9), ("Economy", "band_imports", 0, 0.9),
]  # fmt: skip
OTHERS = {"first_year": {"base_year": 2023}, "last_year": {"first_year": 2013, "base_year": 2013}}


@pytest.mark.parametrize("cls, name, low, high", RANGES)
def test_the_ends_of_a_range_are_allowed_and_what_lies_beyond_is_not(cls, name, low, high):
    cls = getattr(scenarios, cls)
    assert cls.limits(name) == {"ge": low} | ({"le": high} if high is not None else {})
    whole = cls.model_fields[name].annotation is int
    for end, sign in ((low, -1), (high, 1)):
        if end is None:
            continue
        beyond = end + sign * (1 if whole else max(abs(end) * 1e-6, 1e-12))
        with pytest.raises(InputError, match=rf"parameter '{name}' = .* is not allowed: a .*number .*{low}"):
            cls.check(**{name: beyond})
        if name not in ("first_year", "last_year", "base_year"):
            assert getattr(cls.check(**{name: end if whole else float(end)}), name) == end


def test_every_number_of_a_notebook_has_limits_that_are_tested():
    tested = {(cls, name) for cls, name, *_ in RANGES}
    shared = {name for _, name in tested}
    for cls in scenarios.PARAMETERS.values():
        for name, field in cls.model_fields.items():
            if field.annotation in (int, float):
                assert name in shared, f"{cls.__name__}.{name}"


@given(
    first=st.integers(2013, 2023), base=st.integers(2013, 2023), last=st.integers(2013, 2023)
)  # all orders of three years
@settings(deadline=None, max_examples=300)
def test_years_are_taken_exactly_when_they_are_in_order(first, base, last):
    def taken():
        try:
            scenarios.TradeStructure.check(first_year=first, base_year=base, last_year=last)
        except InputError:
            return False
        return True

    assert taken() == (first < last and first <= base <= last)


@pytest.mark.parametrize(
    "nodes, message",
    [
        ("2016 2023", None),
        ("2016 2017 2030", None),
        ("2016 2019 2021 2023 2030", None),
        ("2016", "rising years from 2016"),
        ("", "rising years from 2016"),
        ("2017 2030", "rising years from 2016"),
        ("2016 2023 2019", "rising years from 2016"),
        ("2016 2019 2019", "rising years from 2016"),
        ("2016 soon", "rising years from 2016"),
        ("2016 2019 2037", "to 2036, one year from 2017 to 2023"),
        ("2016 2024", "to 2036, one year from 2017 to 2023"),
        ("2016 2030", "to 2036, one year from 2017 to 2023"),
    ],
)
def test_stages_rise_from_2016_to_2036_at_most_with_one_in_the_observed_years(nodes, message):
    if message is None:
        assert scenarios.Economy.check(nodes=nodes).nodes == nodes
    else:
        with pytest.raises(InputError, match=f"parameter 'nodes' = '{nodes}' is not allowed: {message}"):
            scenarios.Economy.check(nodes=nodes)


@pytest.mark.parametrize(
    "values, message",
    [
        ({"first_yaer": 2015}, "unknown parameter of 01_trade_structure 'first_yaer': did you mean 'first_year'"),
        ({"first_year": 2009}, r"parameter 'first_year' = 2009 is not allowed: a whole number from 2013 to 2023$"),
        (
            {"first_year": 2020, "last_year": 2016, "base_year": 2020},
            r"^parameter 'first_year' = 2020 is not allowed: a year before last_year = 2016$",
        ),
        ({"base_year": 2013, "first_year": 2015}, "'base_year' = 2013 is not allowed: a year from 2015 to 2023"),
        ({"first_year": "early"}, "'first_year' = 'early' is not allowed: a whole number"),
        ({"first_year": "1e-3"}, "it is text, not a number"),
        ({"first_year": 2015.5}, r"'first_year' = 2015.5 is not allowed: a whole number from 2013 to 2023$"),
        ({"first_year": True}, r"'first_year' = True is not allowed: a whole number from 2013 to 2023$"),
        ({"reporter": "WTO"}, r"'reporter' = 'WTO' is not allowed: one of best, RUS, CHN, BACI$"),
        ({"grouping": 9}, r"'grouping' = '9' is not allowed: one of 16, 8, class$"),
    ],
)
def test_bad_parameters_are_refused_in_one_sentence(values, message):
    with pytest.raises(InputError, match=message) as caught:
        scenarios.TradeStructure.check(**values)
    assert "\n" not in str(caught.value)


def test_only_numbers_are_told_from_text():
    for cls, values in ((scenarios.Siberia, {"inferred": "yes"}), (scenarios.Scenario, {"brent": "1e-3"})):
        with pytest.raises(InputError, match="is not allowed") as caught:
            cls.check(**values)
        assert "not a number" not in str(caught.value)
    with pytest.raises(InputError, match="it is text, not a number"):
        scenarios.Scenario.check(multiplier="1e-3")


def test_choices_that_look_like_numbers_are_taken_as_names():
    assert scenarios.TradeStructure.check(grouping=8).grouping == "8"
    assert scenarios.Scenario.check(sectors=12).sectors == "12"
    assert scenarios.Economy.check(sectors=12).sectors == "12"


def test_parameters_are_immutable():
    with pytest.raises(Exception, match="frozen"):
        scenarios.TradeStructure().first_year = 2020


# Presets


@pytest.mark.parametrize("name", scenarios.names())
def test_every_preset_is_valid_and_says_what_it_means(name):
    assert isinstance(scenarios.load(name), dict)
    assert len(scenarios.meaning(name)) > 20 and not scenarios.meaning(name).startswith("#")


@pytest.mark.parametrize("name", scenarios.names())
def test_every_preset_has_a_title_in_words_that_is_no_part_of_its_meaning(name):
    title = scenarios.title(name)
    assert title and title != name and "_" not in title and ":" not in title
    assert not scenarios.meaning(name).startswith(title)
    assert len({scenarios.title(n) for n in scenarios.names()}) == len(scenarios.names())


def test_a_preset_without_a_colon_in_its_first_line_is_titled_by_its_name(preset):
    path = preset("# Cheap oil.\ntrade: {brent: low}\n")
    assert (scenarios.title(path), scenarios.meaning(path)) == ("mine", "Cheap oil.")
    path = preset("# Cheap oil: crude at 40 USD: the low path.\n")
    assert (scenarios.title(path), scenarios.meaning(path)) == ("Cheap oil", "crude at 40 USD: the low path.")


@pytest.mark.parametrize("name, parameter, value", [("sanctions", "sanctions", 0.2), ("oil_low", "oil_price", 0.7)])
def test_a_preset_of_surroundings_changes_its_parameter_and_builds_nothing(name, parameter, value):
    changed = scenarios.select(scenarios.Scenario, scenarios.load(name))
    assert changed == {"research_infrastructure": False, parameter: value}


def test_base_comes_first_and_changes_nothing():
    assert scenarios.names()[0] == scenarios.BASE == "base"
    assert scenarios.names()[1:] == sorted(p.stem for p in scenarios.folder().glob("*.yaml"))
    assert scenarios.load("base") == {}


def test_a_preset_without_a_comment_or_any_line_has_no_meaning(preset):
    assert scenarios.meaning(preset("trade: {brent: low}\n# later\n")) == ""
    assert scenarios.meaning(preset("")) == ""
    assert scenarios.meaning(preset("# Cheap oil.\ntrade: {brent: low}\n")) == "Cheap oil."
    assert scenarios.load(preset("")) == {}


def test_a_preset_s_values_reach_the_notebooks_with_their_section_and_no_other(preset):
    sections = scenarios.load(preset("structure: {last_year: 2020}\ntrade: {brent: low}\n"))
    assert sections == {"structure": {"last_year": 2020}, "trade": {"brent": "low"}}
    assert scenarios.select(scenarios.TradeStructure, sections) == {"last_year": 2020}
    assert scenarios.select(scenarios.ProjectAppraisal, sections) == {}, "another notebook's last_year"
    assert scenarios.select(scenarios.Scenario, sections) == {"brent": "low"}
    assert scenarios.select(scenarios.BilateralTrade, sections) == {"brent": "low"}


@pytest.mark.parametrize(
    "text, can, cannot",
    [
        ("project: {cost_overrun: 4.0}", "04_project", CHAIN),
        ("project: {delay_years: 12}", "04_project", CHAIN),
        ("economy: {rail_capacity: 800.0}", "06_economy", CHAIN),
        ("view: {draws: 100000}", "07_trade_model", "11_scenarios"),
    ],
)
def test_a_limit_of_one_notebook_does_not_refuse_the_value_of_another(preset, text, can, cannot):
    path = preset(text)
    values = {n: scenarios.select(scenarios.of_notebook(n), scenarios.load(path)) for n in (can, cannot)}
    scenarios.of_notebook(can).check(**values[can])
    with pytest.raises(InputError, match="is not allowed"):
        scenarios.of_notebook(cannot).check(**values[cannot])
    assert runs.prepare(can, str(path)).overrides


def test_a_multiplier_of_1500_is_a_preset_s_right(preset):
    assert scenarios.load(preset("project: {multiplier: 1500}")) == {"project": {"multiplier": 1500}}


@pytest.mark.parametrize(
    "text, message",
    [
        ("structure: {first_yeer: 2017}", "unknown parameter in section 'structure' of preset mine.yaml 'first_yeer': "
                                          "did you mean 'first_year'"),
        ("tradee: {brent: low}", "unknown section in preset mine.yaml 'tradee': did you mean 'trade'"),
        ("brent: low", "preset mine.yaml: parameter 'brent' stands in no section; write it under `trade:`"),
        ("economy: {brent: low}", "unknown parameter in section 'economy' of preset mine.yaml 'brent'"),
        ("trade: low", "preset mine.yaml: section 'trade' must be lines of `parameter: value`"),
        ("structure: {first_year: 1999}", "parameter 'first_year' = 1999 is not allowed"),
        ("project: {multiplier: 2001}", r"parameter 'multiplier' = 2001 is not allowed: a number from 0 to 2000$"),
        ("view: {draws: -1}", "parameter 'draws' = -1 is not allowed"),
        ("view: {draws: 50}", "parameter 'draws' = 50 is not allowed"),
        ("economy: {nodes: '2030'}", "parameter 'nodes' = '2030' is not allowed: rising years from 2016"),
        ("structure: [", "preset mine.yaml is not valid YAML"),
        ("- 1", "must be sections with lines of `parameter: value`"),
        ("trade: {brent: low, brent: high}", "preset mine.yaml gives 'brent' twice: a parameter has one value"),
        ("trade: {brent: low}\ntrade: {customs: 0.1}", "preset mine.yaml gives 'trade' twice"),
        ("trade:\n  brent: low\n  customs: 0.1\n  brent: low\n", "preset mine.yaml gives 'brent' twice"),
    ],
)  # fmt: skip
def test_bad_presets_are_refused_in_one_sentence(preset, text, message):
    with pytest.raises(InputError, match=message) as caught:
        scenarios.load(preset(text))
    assert "\n" not in str(caught.value)


def test_an_unknown_preset_names_the_closest():
    with pytest.raises(InputError, match="unknown preset 'since_2018': did you mean 'since_2017'"):
        scenarios.load("since_2018")
    with pytest.raises(InputError, match="preset file .*nowhere.yaml does not exist"):
        scenarios.load("nowhere.yaml")
    with pytest.raises(InputError, match="preset file .*nowhere.yml does not exist"):
        scenarios.load("nowhere.yml")


def test_a_preset_may_anchor_and_merge_but_not_hide_a_value():
    assert scenarios.parse("a: &x {one: 1}\nb: *x", "text") == {"a": {"one": 1}, "b": {"one": 1}}
    assert scenarios.parse("3", "text") == 3
    with pytest.raises(InputError, match="^the text is not valid YAML: "):
        scenarios.parse("[1,2", "the text")


def test_the_difference_of_two_presets_stands_by_notebook():
    table = scenarios.difference("inertial", "ri_commercialised")
    assert table.loc[(CHAIN, "research_infrastructure")].tolist() == [False, True]
    assert table.loc[(CHAIN, "multiplier")].tolist() == [3.7, 6.0]
    assert table.loc[("04_project", "multiplier")].tolist() == [3.7, 6.0]
    assert set(table.index.get_level_values("notebook")) == {CHAIN, "04_project", "10_plan"}
    assert len(table) == 6 and list(table.columns) == ["inertial", "ri_commercialised"]
    assert table.index.names == ["notebook", "parameter"]
    assert scenarios.difference("ri", "base").empty


# The schema for editors


def test_the_stored_schema_is_the_one_the_classes_give_and_every_preset_names_it():
    stored = json.loads((scenarios.folder() / "schema.json").read_text(encoding="utf-8"))
    assert stored == scenarios.schema(), "run `rutrade renew --parameters`"
    for path in scenarios.folder().glob("*.yaml"):
        assert path.read_text(encoding="utf-8").splitlines()[1] == "# yaml-language-server: $schema=schema.json"


@pytest.mark.parametrize("name", scenarios.names())
def test_every_preset_fits_the_schema(name):
    import jsonschema

    text = "" if name == scenarios.BASE else (scenarios.folder() / f"{name}.yaml").read_text(encoding="utf-8")
    jsonschema.validate(yaml.safe_load(text) or {}, scenarios.schema())


@pytest.mark.parametrize(
    "content",
    [
        {"tradee": {}},
        {"trade": {"brant": "low"}},
        {"trade": {"brent": "lowest"}},
        {"trade": 1},
        {"view": {"draws": 1_000_001}},
        {"view": {"draws": 1.5}},
        {"project": {"multiplier": -1}},
        {"project": {"research_infrastructure": 1}},
        {"economy": {"nodes": 2016}},
    ],
)
def test_what_a_preset_may_not_hold_the_schema_refuses_too(content):
    import jsonschema

    jsonschema.Draft7Validator.check_schema(scenarios.schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, scenarios.schema())


def test_the_schema_has_meaning_unit_and_the_widest_range():
    sections = scenarios.schema()["properties"]
    assert list(sections) == list(scenarios.SECTIONS)
    assert sections["view"]["properties"]["draws"] == {
        "description": "draws of what is uncertain, count", "type": "integer", "minimum": 100, "maximum": 1_000_000,
    }  # fmt: skip
    assert sections["project"]["properties"]["cost_overrun"] == {
        "description": "capital cost above plan, share", "default": 0.0, "type": "number", "minimum": -0.9,
        "maximum": 5,
    }  # fmt: skip
    assert sections["view"]["properties"]["seed"] == {
        "description": "seed of the draws", "default": 1, "type": "integer", "minimum": 0,
    }  # fmt: skip
    assert sections["economy"]["properties"]["sectors"]["enum"] == ["full", "12", 12]
    assert sections["economy"]["properties"]["nodes"]["type"] == "string"
