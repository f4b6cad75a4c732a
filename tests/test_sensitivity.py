"""Morris and Sobol against functions whose indices are known; stored tables that no longer fit; runs made by hand."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from rutrade import InputError, data, files, sensitivity, stored
from rutrade.sweep import DISTRIBUTIONS

NAMES = ("multiplier", "oil_price", "sanctions")
LOW, HIGH = (np.array([DISTRIBUTIONS[n][end] for n in NAMES]) for end in (0, 2))


def unit(table):
    """The parameters of the rows over their ranges, 0 to 1."""
    return (table[list(NAMES)].to_numpy(float) - LOW) / (HIGH - LOW)


def rows(points, function):
    table = pd.DataFrame(points)
    return table.assign(figure=function(*unit(table).T), failure="")


# --- Morris --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 5])
def test_morris_of_a_linear_function_is_its_slopes_over_the_whole_range_without_spread(seed):
    table = rows(sensitivity.morris(6, seed, NAMES), lambda x, y, z: 3 * x - 2 * y + 7)
    found = sensitivity.effects(table, "figure", seed, NAMES)
    assert list(found.index) == ["multiplier", "oil_price", "sanctions"]
    assert np.allclose(found["mu_star"], [3, 2, 0]) and np.allclose(found["mu"], [3, -2, 0])
    assert np.allclose(found["sigma"], 0, atol=1e-9) and np.allclose(found["confidence"], 0, atol=1e-9)


def test_morris_of_an_interaction_is_the_mean_and_spread_of_its_elementary_effects():
    table = rows(sensitivity.morris(8, 2, NAMES), lambda x, y, z: 4 * x * y + z)
    by_hand = {n: [] for n in NAMES}
    x, f = unit(table), table["figure"].to_numpy()
    for start in range(0, len(table), len(NAMES) + 1):
        for a, b in zip(range(start, start + len(NAMES)), range(start + 1, start + len(NAMES) + 1), strict=True):
            (moved,) = np.flatnonzero(np.abs(x[b] - x[a]) > 1e-12)
            by_hand[NAMES[moved]].append((f[b] - f[a]) / (x[b, moved] - x[a, moved]))
    found = sensitivity.effects(table, "figure", 2, NAMES)
    for name, each in by_hand.items():
        assert len(each) == 8
        assert found.loc[name, "mu"] == pytest.approx(np.mean(each))
        assert found.loc[name, "mu_star"] == pytest.approx(np.mean(np.abs(each)))
        assert found.loc[name, "sigma"] == pytest.approx(np.std(each, ddof=1), abs=1e-9)
    assert found.loc["multiplier", "sigma"] > 0.5 and found.loc["multiplier", "confidence"] > 0
    assert found.loc["sanctions", "sigma"] == pytest.approx(0, abs=1e-9)


def test_a_fall_counts_as_much_as_a_rise_in_the_order_of_parameters():
    table = rows(sensitivity.morris(6, 1, NAMES), lambda x, y, z: x - 5 * y + 2 * z)
    assert list(sensitivity.effects(table, "figure", 1, NAMES).index) == ["oil_price", "sanctions", "multiplier"]


def test_morris_design_moves_one_parameter_at_a_time_within_its_range_and_keeps_what_is_fixed():
    points = sensitivity.morris(4, 3, fixed={"sectors": "12", "draws": 0})
    assert len(points) == 4 * (len(DISTRIBUTIONS) + 1)
    assert all(p["sectors"] == "12" and p["draws"] == 0 for p in points)
    table = pd.DataFrame(points)[list(DISTRIBUTIONS)]
    for name, (low, _, high) in DISTRIBUTIONS.items():
        assert table[name].between(low, high).all() and table[name].nunique() > 1, name
    length = len(DISTRIBUTIONS) + 1
    for start in range(0, len(table), length):
        path = table.iloc[start : start + length].to_numpy()
        assert ((np.diff(path, axis=0) != 0).sum(1) == 1).all() and ((np.diff(path, axis=0) != 0).sum(0) == 1).all()
    assert points == sensitivity.morris(4, 3, fixed={"sectors": "12", "draws": 0}) != sensitivity.morris(4, 4)


# --- emulator and Sobol --------------------------------------------------------------------------------------------


def quadratic(x, y, z):
    return 1 + 2 * x - 3 * y + 4 * x * y + 5 * z**2 - y**2 + 0.5 * x * z


def test_the_emulator_is_exact_on_a_quadratic_also_where_it_has_not_been():
    fitted, checked = (rows(sensitivity.spread(n, seed, NAMES), quadratic) for n, seed in ((20, 1), (15, 2)))
    surface = sensitivity.emulator(fitted, checked, "figure", NAMES)
    assert surface.error < 1e-9 and surface.share < 1e-9
    at = np.array([[2.7, 1.0, 0.05], [6.0, 1.5, 0.2]])
    assert surface(at) == pytest.approx(quadratic(*((at - LOW) / (HIGH - LOW)).T))


def test_the_emulators_error_on_a_cubic_is_that_at_points_it_has_not_seen():
    fitted, checked = (rows(sensitivity.spread(n, s, NAMES), lambda x, y, z: 10 * x**3 + y) for n, s in
                       ((30, 1), (40, 2)))  # fmt: skip
    surface = sensitivity.emulator(fitted, checked, "figure", NAMES)
    wrong = surface(checked[list(NAMES)].to_numpy()) - checked["figure"]
    assert surface.error == pytest.approx(np.sqrt((wrong**2).mean())) and surface.error > 0.1
    assert surface.share == pytest.approx(surface.error / checked["figure"].std(ddof=0))
    own = surface(fitted[list(NAMES)].to_numpy()) - fitted["figure"]
    assert surface.error != pytest.approx(np.sqrt((own**2).mean()), rel=1e-3)


def test_an_emulator_of_a_figure_that_never_moves_has_no_error_in_proportion():
    fitted, checked = (rows(sensitivity.spread(12, s, NAMES), lambda x, y, z: 0 * x + 2.0) for s in (1, 2))
    surface = sensitivity.emulator(fitted, checked, "figure", NAMES)
    assert surface.share == 0 and surface.error < 1e-9


def test_sobol_of_an_additive_quadratic_is_its_closed_form_within_the_confidence():
    a, b, c = 3.0, 4.0, 1.0  # f = a x + b y^2 + c z: variances a^2/12, 4 b^2/45, c^2/12
    made = [rows(sensitivity.spread(30, s, NAMES), lambda x, y, z: a * x + b * y**2 + c * z) for s in (1, 2)]
    surface = sensitivity.emulator(*made, "figure", NAMES)
    found = sensitivity.sobol(surface, 1)
    variance = pd.Series([a**2 / 12, 4 * b**2 / 45, c**2 / 12], NAMES)
    share = (variance / variance.sum()).sort_values(ascending=False)
    assert list(found.index) == list(share.index)
    for kind in ("first", "total"):
        assert (np.abs(found[kind] - share) <= found[f"{kind}_confidence"] + 1e-3).all(), kind
        assert (found[f"{kind}_confidence"] < 0.1).all()
    assert found["total"].sum() == pytest.approx(1, abs=0.02)
    assert found.equals(sensitivity.sobol(surface, 1))


def test_an_interaction_is_in_the_total_and_not_in_the_first_index():
    made = [rows(sensitivity.spread(30, s, NAMES), lambda x, y, z: (x - 0.5) * (y - 0.5)) for s in (1, 2)]
    found = sensitivity.sobol(sensitivity.emulator(*made, "figure", NAMES), 1)
    assert np.allclose(found.loc[["multiplier", "oil_price"], "total"], 1, atol=0.05)
    assert np.allclose(found["first"], 0, atol=0.05) and abs(found.loc["sanctions", "total"]) < 0.01


def test_points_of_the_emulator_fill_every_parameters_range_evenly():
    table = pd.DataFrame(sensitivity.spread(10, 4, NAMES, {"draws": 0}))
    for k, name in enumerate(NAMES):
        assert sorted(np.floor(10 * (table[name] - LOW[k]) / (HIGH[k] - LOW[k])).astype(int)) == list(range(10))
    assert (table["draws"] == 0).all()
    assert sensitivity.spread(10, 4, NAMES) == sensitivity.spread(10, 4, NAMES) != sensitivity.spread(10, 5, NAMES)


# --- bad input -----------------------------------------------------------------------------------------------------


def test_fewer_than_four_are_refused_and_four_are_not():
    with pytest.raises(InputError, match="^trajectories = 3 is not allowed: at least 4"):
        sensitivity.morris(3, 1)
    with pytest.raises(InputError, match="^points of the emulator = 3 is not allowed: at least 4$"):
        sensitivity.spread(3, 1, NAMES)
    made = [rows(sensitivity.spread(12, s, NAMES), quadratic) for s in (1, 2)]
    surface = sensitivity.emulator(*made, "figure", NAMES)
    with pytest.raises(InputError, match="^size of Sobol's design = 3 is not allowed: at least 4$"):
        sensitivity.sobol(surface, 1, 3)
    assert len(sensitivity.morris(4, 1, NAMES)) == 16 and len(sensitivity.spread(4, 1, NAMES)) == 4
    assert len(sensitivity.sobol(surface, 1, 4)) == 3


def test_a_run_without_a_solution_is_named_with_its_reason_and_never_left_out():
    table = rows(sensitivity.morris(4, 1, NAMES), lambda x, y, z: x)
    table.loc[3, "figure"], table.loc[3, "failure"] = np.nan, "stage 2030 has no solution: labour"
    sentence = "1 of 16 runs have no 'figure': stage 2030 has no solution: labour"
    with pytest.raises(InputError, match=sentence):
        sensitivity.effects(table, "figure", 1, NAMES)
    with pytest.raises(InputError, match=sentence):
        sensitivity.emulator(table, table, "figure", NAMES)
    with pytest.raises(InputError, match="1 of 16 runs have no 'figure': no value"):
        sensitivity.effects(table.drop(columns="failure"), "figure", 1, NAMES)


def test_only_whole_trajectories_are_kept():
    table = rows(sensitivity.morris(4, 1, NAMES), lambda x, y, z: x)
    table.loc[5, "figure"], table.loc[5, "failure"] = np.nan, "does not settle"
    kept = sensitivity.whole(table, NAMES)
    assert kept.index.tolist() == [*range(4), *range(8, 16)]
    assert sensitivity.effects(kept, "figure", 1, NAMES)["mu_star"].notna().all()
    table.loc[[0, 9], "failure"] = "does not settle"
    with pytest.raises(InputError, match="only 1 trajectories have solutions throughout: does not settle"):
        sensitivity.whole(table, NAMES)


def test_unknown_figures_and_parameters_and_too_few_runs_are_refused():
    table = rows(sensitivity.morris(4, 1, NAMES), lambda x, y, z: x)
    with pytest.raises(InputError, match="unknown figure 'figur': did you mean 'figure'"):
        sensitivity.effects(table, "figur", 1, NAMES)
    with pytest.raises(InputError, match="unknown parameter with a range 'seed'"):
        sensitivity.morris(4, 1, ["seed"])
    few = rows(sensitivity.spread(9, 1, NAMES), quadratic)
    with pytest.raises(InputError, match="the emulator of 3 parameters needs 10 runs; there are 9"):
        sensitivity.emulator(few, few, "figure", NAMES)
    ten = rows(sensitivity.spread(10, 1, NAMES), quadratic)
    assert sensitivity.emulator(ten, ten, "figure", NAMES).error < 1e-9


# --- stored tables -------------------------------------------------------------------------------------------------


@pytest.fixture
def kept(data_copy, tmp_path, monkeypatch):
    """A stored table made from one table and one module of a copy of the package."""
    shutil.copytree(files.root() / "rutrade" / "trade", tmp_path / "rutrade" / "trade")
    monkeypatch.setattr(files, "root", lambda: tmp_path)
    monkeypatch.setattr(data, "used", lambda: {"macro"})
    monkeypatch.setattr(stored, "loaded", lambda: ["rutrade.trade.raking", "rutrade.cli"])
    table = pd.DataFrame({"a": [1, 2], "b": [0.1, 1 / 3]})
    manifest = stored.keep("trial", table, "one", ["rutrade.trade"], 1.26)
    assert (manifest["runs"], manifest["seconds"]) == (2, 1.3)
    assert list(manifest["made_from"]["module"]) == ["rutrade.trade.raking"]
    return table, tmp_path


def test_a_stored_table_comes_back_as_it_was_kept(kept):
    pd.testing.assert_frame_equal(stored.read("trial", "one"), kept[0], rtol=1e-11)


def refused(reason, definition="one"):
    with pytest.raises(InputError, match=rf"'trial' no longer fit, {reason} changed: renew them with `rutrade renew"):
        stored.read("trial", definition)


def test_stored_runs_of_another_definition_are_refused(kept):
    refused("the definition of the runs", "two")


def test_a_stored_table_that_was_edited_is_refused(kept):
    place = stored.place("trial")
    place.write_text(place.read_text().replace("0.1", "0.2"))
    refused("the file trial.csv itself")


def test_stored_runs_are_refused_when_a_module_computes_otherwise_and_not_for_a_comment(kept):
    path = kept[1] / "rutrade" / "trade" / "raking.py"
    text = path.read_text()
    path.write_text("# a remark\n" + text)
    assert len(stored.read("trial", "one")) == 2
    path.write_text(text + "\nMORE = 1\n")
    refused("module 'rutrade.trade.raking'")
    path.unlink()
    refused("module 'rutrade.trade.raking'")


def test_stored_runs_are_refused_when_a_table_they_read_has_another_hash(kept):
    manifest = stored.place("trial").with_suffix(".json")
    content = json.loads(manifest.read_text())
    assert list(content["made_from"]["table"]) == ["macro"]
    content["made_from"]["table"]["macro"] = "another"
    manifest.write_text(json.dumps(content))
    refused("table 'macro'")
    refused("the definition of the runs and 1 more", "two")


def test_stored_runs_that_are_not_there_are_named(kept):
    stored.place("trial").unlink()
    with pytest.raises(InputError, match="the stored runs of 'trial' .* cannot be read: renew them"):
        stored.read("trial", "one")
