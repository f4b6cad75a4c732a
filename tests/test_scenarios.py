"""Parameters and presets: everything wrong is refused before anything runs."""

import pytest

from rutrade import InputError, files, scenarios
from rutrade.publish import runs


@pytest.mark.parametrize("name", runs.notebooks())
def test_every_notebook_has_a_parameter_class_with_the_same_names_types_and_defaults(name):
    import papermill

    declared = papermill.inspect_notebook(files.root() / "notebooks" / f"{name}.ipynb")
    fields = scenarios.of_notebook(name).model_fields
    assert set(declared) == set(fields)
    for parameter, found in declared.items():
        assert eval(found["default"]) == fields[parameter].default, parameter
        assert found["inferred_type_name"] != "None", f"{parameter} has no type"
        assert found["help"], f"{parameter} has no meaning beside it"


@pytest.mark.parametrize("cls", scenarios.PARAMETERS.values(), ids=scenarios.PARAMETERS)
def test_every_parameter_has_meaning_and_source(cls):
    table = cls().table()
    assert (table["meaning"].str.len() > 5).all()
    assert (table["source"].str.len() > 0).all()


@pytest.mark.parametrize("name", scenarios.names())
def test_every_preset_is_valid_and_says_what_it_means(name):
    scenarios.load(name)
    assert len(scenarios.meaning(name)) > 20


@pytest.mark.parametrize(
    "values, message",
    [
        ({"first_yaer": 2015}, "unknown parameter of 01_trade_structure 'first_yaer': did you mean 'first_year'"),
        ({"first_year": 2009}, r"parameter 'first_year' = 2009 is not allowed: a whole number from 2013 to 2023"),
        (
            {"first_year": 2020, "last_year": 2016, "base_year": 2020},
            "'first_year' = 2020 is not allowed: a year before",
        ),
        ({"base_year": 2013, "first_year": 2015}, "'base_year' = 2013 is not allowed: a year from 2015 to 2023"),
        ({"first_year": "early"}, "'first_year' = 'early' is not allowed: a whole number"),
        ({"first_year": "1e-3"}, "it is text, not a number"),
        ({"reporter": "WTO"}, "'reporter' = 'WTO' is not allowed: one of best, RUS, CHN, BACI"),
        ({"grouping": 9}, "'grouping' = '9' is not allowed: one of 16, 8, class"),
    ],
)
def test_bad_parameters_are_refused_in_one_sentence(values, message):
    with pytest.raises(InputError, match=message) as caught:
        scenarios.TradeStructure.check(**values)
    assert "\n" not in str(caught.value)


def test_groupings_that_look_like_numbers_are_taken_as_names():
    assert scenarios.TradeStructure.check(grouping=8).grouping == "8"


def test_parameters_are_immutable():
    with pytest.raises(Exception, match="frozen"):
        scenarios.TradeStructure().first_year = 2020


@pytest.mark.parametrize(
    "text, message",
    [
        ("first_yeer: 2017", "unknown parameter in preset bad.yaml 'first_yeer': did you mean 'first_year'"),
        ("first_year: 1999", "'first_year' = 1999 is not allowed"),
        ("first_year: [", "bad.yaml is not valid YAML"),
        ("- 1", "must be lines of `parameter: value`"),
    ],
)
def test_bad_presets_are_refused_in_one_sentence(tmp_path, text, message):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        scenarios.load(path)
    assert "\n" not in str(caught.value)


def test_an_unknown_preset_names_the_closest():
    with pytest.raises(InputError, match="unknown preset 'since_2018': did you mean 'since_2017'"):
        scenarios.load("since_2018")
    with pytest.raises(InputError, match="preset file .*nowhere.yaml does not exist"):
        scenarios.load("nowhere.yaml")
