"""Research objects of one's own as YAML files: what they give, what they may not hold."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from rutrade import InputError, project
from rutrade.project import Project, Timing, evaluate, yaml

PAGE = Path(__file__).resolve().parents[1] / "book" / "own-project.md"
GOOD = """\
name: cryo_lab
source: assumption
price_year: 2026
capital_cost_bn_rub: {2027: 1.5, 2028: {value: 2.5, source: tender of 2026, note: signed}}
start_year: 2029
life_years: 20
ramp: [0.4, 0.7]
opex_share: 0.09
staff: {value: 120, source: staff plan of 2026}
pay_mn_rub_2016: 0.68
publications: 80
high_tech_share: 0.3
mothballing_share: 0.1
federal_grant_share: 0.8
loan_grace_years: 2
mix: {capital: {CON: 0.3, MAC: 0.4, ELE: 0.3}}
effects: {knowledge: {lag_years: 1, ramp: [0.5]}, productivity: {start_year: 2031, life_years: 10}}
"""


@pytest.fixture
def own(tmp_path):
    """Write a file, by default the good one with lines replaced."""

    def write(**lines: str) -> Path:
        text = GOOD
        for key, line in lines.items():
            assert re.search(rf"^{key}:.*$", text, re.MULTILINE)
            text = re.sub(rf"^{key}:.*$", line.replace("\\", r"\\"), text, flags=re.MULTILINE)
        path = tmp_path / "cryo.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_file_becomes_an_object_at_2016_prices_with_the_tax_rules_of_the_tables(own):
    p = Project.from_yaml(own())
    (o,) = p.objects
    deflator = project.inputs.tables()["deflators"].query("deflator == 'weo_gdp'").set_index("year").index_2016[2026]
    assert o.capital_goods_bn_rub_2016 == pytest.approx({2027: 1.5 / deflator / 1.22, 2028: 2.5 / deflator / 1.22})
    assert (o.name, o.start_year, o.life_years, o.ramp) == ("cryo_lab", 2029, 20, (0.4, 0.7))
    assert (o.staff, o.pay_mn_rub_2016, o.publications, o.high_tech_share) == (120, 0.68, 80, 0.3)
    # operating cost is a share of capital cost with VAT; pay and contributions of 30 % are part of it
    goods = (0.09 * 4.0 / deflator - 120 * 0.68 / 1000 * 1.3) / 1.22
    assert o.current_goods_bn_rub_2016 == pytest.approx(goods)
    assert (o.financing.federal_grant_share, o.financing.loan_grace_years) == (0.8, 2)
    assert o.mothballing_share == 0.1
    assert o.mix["capital"] == {"CON": 0.3, "MAC": 0.4, "ELE": 0.3}
    assert sum(o.mix["current"].values()) == pytest.approx(1)
    assert o.effects["knowledge"] == Timing(lag_years=1, ramp=(0.5,))
    assert o.effects["productivity"] == Timing(start_year=2031, life_years=10)
    assert o.effects["spillover"] == Timing(lag_years=2)
    assert p.tax_rules == project.from_data("skif").tax_rules
    assert p.parameters["multiplier"] == project.from_data("skif").parameters["multiplier"]


def test_an_own_object_keeps_the_identity_of_participants(own):
    e = evaluate(Project.from_yaml(own(), multiplier=5.0), cost_overrun=0.2)
    assert e.values["multiplier"] == 5.0
    assert e.participants.sum() == pytest.approx(e.efficiency.npv_bn_rub_2016["public"], abs=1e-9)
    assert e.flow("public").loc[:2026].abs().sum() == 0
    assert e.shape("productivity").cryo_lab.loc[:2030].sum() == 0
    assert e.shape("productivity").cryo_lab.loc[2031] == 1.0


def test_an_own_object_joins_the_programme_and_changes_nothing_else_in_it(own):
    plain, joined = project.from_data(), project.from_data(own=[own()])
    assert [o.name for o in joined.objects] == [*(o.name for o in plain.objects), "cryo_lab"]
    assert joined.objects[:-1] == plain.objects
    alone = evaluate(Project.from_yaml(own()))
    gain = evaluate(joined).participants - evaluate(plain).participants
    assert gain.to_dict() == pytest.approx(alone.participants.to_dict(), abs=1e-9)
    tables = project.inputs.tables(own=[own()])
    assert project.from_data("cryo_lab", tables).objects == Project.from_yaml(own()).objects


def test_every_number_of_a_file_has_a_source_or_the_word_assumption(own):
    rows, mix = yaml.rows(own())
    assert (rows.source.str.len() > 0).all()
    cost = rows[rows["item"] == "capex"].set_index("year")
    assert cost.source.to_dict() == {2027: "assumption", 2028: "tender of 2026"}
    assert cost.status.to_dict() == {2027: "assumption", 2028: "reported"}
    assert cost.note[2028] == "signed"
    assert (mix.source == "assumption").all()
    assert set(rows["item"]) >= {
        "knowledge_lag_years",
        "knowledge_ramp_year_1",
        "productivity_start_year",
        "ramp_year_2",
    }
    assert not set(rows["item"]) & {"price_year", "name"}


def test_whole_numbers_of_a_file_are_numbers(own):
    o = Project.from_yaml(own(publications="publications: 80", start_year="start_year: 2030")).objects[0]
    assert (o.publications, o.start_year) == (80.0, 2030)


def test_an_object_that_is_stopped_by_its_file(own):
    p = Project.from_yaml(own(life_years="life_years: 20\nrun_until: 2033"))
    assert evaluate(p).shape("human_capital").cryo_lab.loc[2034:].sum() == 0


def test_schema_names_every_field_and_both_forms_of_a_number():
    schema = yaml.schema()
    assert set(schema["required"]) == {
        "name", "price_year", "capital_cost_bn_rub", "start_year", "life_years", "opex_share", "mix"
    }  # fmt: skip
    assert schema["additionalProperties"] is False
    staff = str(schema["properties"]["staff"])
    assert "number" in staff and "Sourced" in staff
    assert all("description" in field for field in schema["properties"].values())


BAD = {
    "operation before construction": ({"start_year": "start_year: 2026"}, "operation before construction"),
    "unknown sector": ({"mix": "mix: {capital: {CON: 0.3, MCA: 0.7}}"}, "did you mean 'MAC'"),
    "mix that does not sum": ({"mix": "mix: {capital: {CON: 0.3}}"}, "sum to 0.3, 1 is required"),
    "mix without capital": ({"mix": "mix: {current: {CON: 1.0}}"}, "field 'mix' has no 'capital'"),
    "unknown use": ({"mix": "mix: {capital: {CON: 1.0}, capitol: {CON: 1.0}}"}, "did you mean 'capital'"),
    "text for a number": ({"staff": "staff: many"}, "field 'staff' = 'many' is not allowed: a number"),
    "text says so": ({"staff": "staff: many"}, "it is text, not a number"),
    "text in a value": ({"staff": "staff: {value: many}"}, "field 'staff.value' = 'many'"),
    "text for a cost": (
        {"capital_cost_bn_rub": "capital_cost_bn_rub: {2027: a lot}"}, "field 'capital_cost_bn_rub.2027' = 'a lot'"
    ),
    "truth for a number": ({"staff": "staff: true"}, "field 'staff' = True"),
    "text for a year": ({"start_year": "start_year: soon"}, "'soon' is not allowed: a whole number (first year of"),
    "half a year": ({"start_year": "start_year: 2029.5"}, "field 'start_year' = 2029.5"),
    "no cost": ({"capital_cost_bn_rub": ""}, "field 'capital_cost_bn_rub' is missing"),
    "empty cost": ({"capital_cost_bn_rub": "capital_cost_bn_rub: {}"}, "field 'capital_cost_bn_rub' = {}"),
    "cost of nothing": ({"capital_cost_bn_rub": "capital_cost_bn_rub: {2027: 0}"}, "an object without cost"),
    "cost below zero": (
        {"capital_cost_bn_rub": "capital_cost_bn_rub: {2027: 3, 2028: -1}"}, "field 'capital_cost_bn_rub.2028' = -1"
    ),
    "cost outside the horizon": ({"capital_cost_bn_rub": "capital_cost_bn_rub: {2010: 3}"}, "in 2010 lies outside"),
    "price year": ({"price_year": "price_year: 1980"}, "at prices of 1980: allowed are"),
    "unknown field": ({"staff": "stuff: 120"}, "unknown field of cryo.yaml 'stuff': did you mean 'staff'"),
    "unknown field in a number": ({"staff": "staff: {value: 1, sauce: x}"}, "did you mean 'source'"),
    "unknown effect": ({"effects": "effects: {knowlege: {lag_years: 1}}"}, "did you mean 'knowledge'"),
    "unknown field of an effect": ({"effects": "effects: {knowledge: {lag: 1}}"}, "did you mean 'lag_years'"),
    "lag of an effect": ({"effects": "effects: {knowledge: {lag_years: -1}}"}, "'effects.knowledge.lag_years' = -1"),
    "meaning of a lag": ({"effects": "effects: {knowledge: {lag_years: -1}}"}, "(years from cause to effect)"),
    "no source": ({"source": ""}, "field 'capital_cost_bn_rub.2027' = 1.5 has no source"),
    "name": ({"name": "name: Cryo Lab"}, "field 'name' = 'Cryo Lab'"),
    "name taken": ({"name": "name: skif"}, "there is an object of that name"),
    "name of all": ({"name": "name: all"}, "there is an object of that name"),
    "opex below pay": ({"opex_share": "opex_share: 0.001"}, "it must cover pay"),
    "share above one": ({"high_tech_share": "high_tech_share: 1.5"}, "high_tech_share = 1.5"),
    "given twice": ({"staff": "staff: 10\nstaff: 20"}, "field 'staff' is given twice, in line 10"),
    "no YAML": ({"staff": "staff: ["}, "is not valid YAML in line"),
    "ramp": ({"ramp": "ramp: [0.4, much]"}, "field 'ramp.1' = 'much'"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_in_one_sentence_that_names_the_field(own, case):
    lines, words = BAD[case]
    with pytest.raises(InputError) as error:
        Project.from_yaml(own(**lines))
    assert words in str(error.value)
    assert "\n" not in str(error.value)
    assert "pydantic" not in str(error.value)


def test_a_file_that_is_not_there_or_holds_no_fields_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        Project.from_yaml(tmp_path / "none.yaml")
    (tmp_path / "list.yaml").write_text("- 1\n- 2\n")
    with pytest.raises(InputError, match="must hold fields"):
        Project.from_yaml(tmp_path / "list.yaml")


def test_the_example_of_the_page_works_as_it_stands(tmp_path):
    text = PAGE.read_text(encoding="utf-8")
    example = re.search(r"```yaml\n(name: .*?)```", text, re.DOTALL)[1]
    assert len(example.strip().splitlines()) == 15
    path = tmp_path / "cryo_lab.yaml"
    path.write_text(example, encoding="utf-8")
    e = evaluate(Project.from_yaml(path))
    assert e.participants.sum() == pytest.approx(e.efficiency.npv_bn_rub_2016["public"], abs=1e-9)
    assert e.technological_column(2030)["current_inputs"].sum() > 0
    forward = evaluate(replace(e.project, seen_from=2028))
    assert forward.flow("public").index[0] == 2028


@pytest.mark.slow
def test_the_commands_of_the_page_work_as_they_stand(tmp_path, monkeypatch):
    text = PAGE.read_text(encoding="utf-8")
    (tmp_path / "cryo_lab.yaml").write_text(re.search(r"```yaml\n(name: .*?)```", text, re.DOTALL)[1], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    space: dict = {}
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        exec(block, space)
    with_lab, without = space["with_lab"].figures, space["without"].figures
    lab = space["result"].efficiency.npv_bn_rub_2016["public"]
    assert with_lab["npv_public_market"] - without["npv_public_market"] == pytest.approx(lab, abs=1e-9)
    assert with_lab["gva_effect_bn_rub"] != without["gva_effect_bn_rub"]
