"""Sentences and tables of the chapters on the chain, and their stored sweeps: from constructed results."""

import numpy as np
import pandas as pd
import pytest

from rutrade import InputError, chain, scenarios, sensitivity, sweep, trade
from rutrade.chain import three
from rutrade.publish import chapters, columns, sweeps
from rutrade.publish.chapters import uncertainty


def test_a_change_smaller_than_the_models_tell_has_no_sign():
    assert chapters.tell(0.004, 0.02) == chapters.tell(-0.004, 0.02)
    assert "less than 0.02 points" in chapters.tell(0.004, 0.02)
    assert chapters.tell(-0.05, 0.02) == "by -0.050 points"
    assert chapters.points(1.26) == "+1.3"


def test_causes_are_shown_with_their_sum():
    table = pd.DataFrame(
        {
            "cause": ["Sanctions", "The project"], "kind": ["surroundings", "project"], "exports_bn_usd": [2.0, 0.5],
            "imports_bn_usd": [1.0, 0.0], "turnover_bn_usd": [3.0, 0.5], "share_pp": [-0.3, 0.01],
            "consumption_bn_rub": [-100.0, -20.0], "product_bn_rub": [0.0, 0.0], "passes": [2, 1], "settled": True,
        }
    )  # fmt: skip
    shown = chapters.causes(table)
    assert list(shown.index) == ["Sanctions", "The project", "All together"]
    assert shown.loc["All together", "turnover, bn USD"] == 3.5
    assert shown.loc["All together", "consumption, bn RUB"] == -120
    assert list(chapters.causes(table.iloc[:1]).index) == ["Sanctions"]


def grids(productivity):
    """Runs of the break-even grids with a given shift by productivity."""
    line = pd.DataFrame({"productivity": productivity.index, "shift_constant_pp": productivity.to_numpy()})
    flat = {"shift_constant_pp": [0.0, -0.1], "failure": ["", ""]}
    return {
        "productivity": line,
        "easier trade": pd.DataFrame({"customs": [0.0, 0.2], **flat}),
        "sanctions": pd.DataFrame({"sanctions": [0.0, 0.4], **flat}),
        "commercialisation": pd.DataFrame(
            {"multiplier": [3.7, 300.0], "export_propensity": [1.0, 1.0], "shift_project_pp": [0.01, np.nan],
             "turnover_project_bn_usd": [0.0, np.nan], "failure": ["", "balance of research cannot be closed"]}
        ),
        "assumptions": pd.DataFrame(
            {"redirection": [0.2, 0.4], "export_support": [0.0, 0.0], "shift_constant_pp": [2.0, 7.0]}
        ),
    }  # fmt: skip


@pytest.fixture
def start(monkeypatch):
    groups = list(chain.ENGINEERING_CHEMICALS)
    value = pd.DataFrame({"RUS_to_CHN": [1.0] * len(groups)}, groups)
    share = pd.DataFrame({"RUS_to_CHN": [0.1] * len(groups)}, groups)

    class Prepared:
        start = type("Start", (), {"value": value, "share": share})

    monkeypatch.setattr(chain, "prepare", lambda: Prepared)


INERTIAL = {"share_constant": 4.0}


def test_break_even_is_where_the_line_crosses_the_threshold(start):
    needs = chapters.break_even(grids(pd.Series([0.0, 4.0, 8.0], [0.0, 0.2, 0.4])), INERTIAL, 5.0, 150.0)
    assert needs["values"]["break_even_productivity"] == pytest.approx(25)
    assert needs["redirection"] == pytest.approx(32) and needs["now"] == pytest.approx(10)
    assert needs["exports"] == pytest.approx(5 * 150 / (100 - 4 - 5))
    assert needs["table"].loc["Productivity of engineering and chemicals in all Russia", "notable at"] == "+25%"


def test_a_lever_that_never_reaches_the_threshold_says_so(start):
    needs = chapters.break_even(grids(pd.Series([0.0, 1.0], [0.0, 0.4])), INERTIAL, 5.0, 150.0)
    assert "break_even_productivity" not in needs["values"], "what is no number is not recorded for other pages"
    column = needs["table"]["notable at"]
    assert (column.drop("China's share in engineering and chemical exports (assumption)") == "none in the range").all()
    sentence = chapters.uncertainty_in_short(
        {"shift_constant_pp": pd.DataFrame({"mu_star": [1.0, 0.5, 3.0]}, ["sanctions", "oil_price", "redirection"])},
        needs, grids(pd.Series([0.0, 1.0], [0.0, 0.4])), 5.0,
    )  # fmt: skip
    assert "no gain of productivity up to 40% is enough" in sentence
    assert "sanctions and the price of oil" in sentence, "what is put in by assumption leads no list of results"


@pytest.mark.parametrize(
    "values, expected",
    [([0.0, 2.0, 6.0], 0.175), ([0.0, 4.0, 1.0, 6.0], 0.11875), ([6.0, 1.0], np.nan), ([0.0, 1.0], np.nan)],
)
def test_a_line_that_falls_again_is_crossed_where_it_first_rises_over_the_level(values, expected):
    line = pd.Series(values, 0.1 + 0.05 * np.arange(len(values)))
    level = 4.0 if len(values) == 3 else 1.5
    assert uncertainty.crossed(line, level) == pytest.approx(expected, nan_ok=True)


def test_points_without_a_solution_are_counted_with_their_reason():
    told = chapters.about_stopped(grids(pd.Series([0.0, 1.0], [0.0, 0.4]))["commercialisation"])
    assert "1 of 2 points has no solution" in told and "multiplier of 4 and 100% exported" in told


@pytest.mark.parametrize(("trade", "consumption", "duty"), [(-2.0, 18.0, True), (-2.0, -5.0, False), (1.0, 5.0, False)])
def test_a_short_railway_is_called_a_duty_only_where_trade_falls_and_consumption_rises(trade, consumption, duty):
    figures = {"turnover_bn_usd": [268.0, 268.0 + trade], "consumption_all_bn_rub": [-22.0, -22.0 + consumption]}
    told = chapters.about_railway(pd.DataFrame(figures, index=["ri", "rail_limited"]))
    assert f"{trade:+.1f} bn USD" in told and f"{consumption:+.0f} bn RUB" in told
    assert ("duty" in told) is duty


def test_a_scenario_without_a_project_has_no_public_value_rather_than_zero():
    table = pd.DataFrame(1.0, index=["easier", "ri"], columns=list(chapters.comparison.KEY))
    table.loc["easier", "npv_public_chain"] = 0.0
    assert chapters.key_figures(table)["public NPV, bn RUB"].isna().tolist() == [True, False]


def test_every_parameter_that_is_varied_has_a_name_in_words():
    assert set(sweep.DISTRIBUTIONS) <= set(uncertainty.WORDS)
    assert all("_" not in words for words in uncertainty.WORDS.values())
    ranges = chapters.ranges(sweep.DISTRIBUTIONS)
    assert ranges.loc["Price of oil"].tolist() == list(sweep.DISTRIBUTIONS["oil_price"])


def test_shares_of_variance_show_half_an_interval_and_never_fall_below_zero():
    table = pd.DataFrame(
        {
            "first": [0.7, -0.01],
            "first_confidence": [0.05, 0.02],
            "total": [0.8, -0.02],
            "total_confidence": [0.06, 0.01],
        },
        ["sanctions", "multiplier"],
    )
    shown = chapters.sobol_table({"turnover_bn_usd": table})
    assert shown.loc["Sanctions", "turnover"] == "80 ± 6"
    assert shown.loc["Multiplier of suppliers' turnover", "turnover"] == "0 ± 1"


@pytest.mark.slow
def test_assumptions_reach_the_share_they_ask_for_and_support_multiplies():
    found = chapters.assumptions([0.0, 0.4], [0.0, 0.5]).set_index(["redirection", "export_support"])
    shift = found["shift_constant_pp"]
    assert shift[0.0, 0.0] == 0
    assert 0 < shift[0.0, 0.5] < shift[0.4, 0.0]
    assert shift[0.4, 0.5] > shift[0.4, 0.0], "support makes more of these goods, of which China takes the same part"


def test_presets_that_say_the_same_are_run_once_and_all_are_shown():
    points = sweeps.points("presets")
    assert len(points) == len({tuple(sorted(p.items())) for p in points})
    assert len(points) < len(sweep.presets())
    table = sweeps.presets()
    assert list(table.index) == [name for name in sweep.presets() if name != scenarios.BASE]
    assert table.loc["ri"].equals(table.loc["target_300"].rename("ri")), "a target changes no figure of the models"


def test_the_few_parameters_of_the_surface_lead_the_results_by_morris():
    runs = sensitivity.whole(sweeps.read("morris"), sweeps.VARIED)
    for figure in ("turnover_bn_usd", "npv_public_chain"):
        effects = chapters.modelled(sensitivity.effects(runs, figure, 1, sweeps.VARIED))
        assert set(effects.index[:2]) <= set(sweeps.FEW), figure


def test_a_grid_is_read_by_its_name_and_holds_its_own_points():
    for name, axes in sweeps.GRIDS.items():
        rows = sweeps.grid(name)
        points = sweep.grid(axes)
        assert len(rows) == len(points)
        for key in axes:
            assert rows[key].tolist() == [p[key] for p in points]


def test_the_stored_design_of_morris_is_the_one_its_indices_ask_for():
    rows = sweeps.read("morris")
    assert len(rows) == sweeps.TRAJECTORIES * (len(sweeps.VARIED) + 1)
    again = pd.DataFrame(sensitivity.morris(sweeps.TRAJECTORIES, sweeps.SEED, sweeps.VARIED))
    for name in sweeps.VARIED:
        assert np.allclose(rows[name], again[name], rtol=1e-9)


def test_an_unknown_stored_sweep_is_named():
    with pytest.raises(InputError, match="unknown stored sweep 'morriss'"):
        next(sweeps.renew(["morriss"]))


@pytest.mark.slow
def test_stored_runs_are_those_of_the_chain():
    rng = np.random.default_rng(5)
    table, points = sweeps.read("surface"), sweeps.points("surface")
    for number in rng.choice(len(points), 2, replace=False):
        truth = sweep.evaluate(points[number])
        for figure in sweeps.FIGURES:
            assert table.loc[number, figure] == pytest.approx(truth[figure], rel=1e-6, abs=1e-6), (
                figure,
                points[number],
            )


# --- shocks in columns (chapter 11) ----------------------------------------------------------------------------------


def _shock(title, label, world, economy_, linked):
    return {"shock": title, "figure": label, "world alone": world, "economy alone": economy_, "linked": linked,
            "ad valorem": linked, "passes": 1}  # fmt: skip


def test_a_sign_counts_as_turned_only_where_both_figures_are_large_enough_to_be_seen():
    table = pd.DataFrame([
        _shock("Sanctions", "Russia's imports from China, %", 3.0, -2.0, 5.0),
        _shock("The programme", "Russia's exports to China, %", -0.01, -0.2, 0.3),
        _shock("Nothing", "Russia's consumption, %", -1.0, -1.0, 0.01),
    ])  # fmt: skip
    told = chapters.about_columns(table)
    assert "against the world alone in none of the 2 figures" in told
    assert "against the economy alone in 2 of the 2 figures" in told
    assert told.count("sanctions") == 1 and "nothing" not in told


def test_the_stored_columns_hold_what_the_world_alone_says_and_every_standard_shock():
    base = trade.baseline(2030).rebased()
    stored = columns.read().set_index(["shock", "figure"])
    shocks = three.standard(base)
    assert list(stored.index.unique("shock")) == [*shocks, "The programme"]
    for title, shock in shocks.items():
        by_name = three.figures_of_world(base, three.world_alone(base, shock))
        expected = {three.FIGURES[name]: value for name, value in by_name.items()}
        assert stored.loc[title, "world alone"].to_dict() == pytest.approx(expected, rel=1e-8, abs=1e-9), title
    assert (stored.loc["The programme", "world alone"] == 0).all()
    assert stored[["economy alone", "linked"]].notna().all(axis=None)
