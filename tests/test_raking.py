"""PPML by raking, and gravity on the world panel: identities, recovered effects, pyfixest as the oracle, bad input."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import f as f_distribution

from rutrade import InputError, data, trade
from rutrade.trade import panel as world_panel
from rutrade.trade.panel import TERMS, WorldPanel, break_by_sector, break_with_errors, china_placebo
from rutrade.trade.raking import rake


def square(rows=4, columns=3, years=5):
    """Levels of row-year, column-year and row-column of a small three-way table."""
    year, row, column = np.indices((years, rows, columns))
    return {"row": row * years + year, "column": column * years + year, "pair": row * columns + column}


@pytest.fixture(scope="module")
def real():
    return trade.inputs.panel()


@pytest.fixture(scope="module")
def coarse(real):
    """The real panel on 11 regions and a group of unfriendly others: quick enough for pyfixest."""
    groups = data.load("panel_regions").set_index("region")
    label = groups["world_region"].where(groups["world_region"] != "OTH", groups["unfriendly"].map(str))
    return real.select(["goods", "C28", "B06"]).aggregate(label.astype(str))


# ------------------------------------------------------------------------------------------------------- raking
def test_two_margins_are_fitted_as_the_product_of_their_totals():
    values = np.array([[10.0, 0, 5], [2, 8, 3]])
    row, column = np.indices(values.shape)
    fit = rake(values, {"row": row, "column": column})
    assert fit.fitted == pytest.approx(np.outer(values.sum(1), values.sum(0)) / values.sum(), rel=1e-12)
    assert np.exp(fit.contrast("row", 0)) == pytest.approx([1, 13 / 15])
    assert np.exp(fit.contrast("column", 1)) == pytest.approx([12 / 8, 1, 8 / 8])


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 0.4))
def test_fitted_totals_equal_actual_totals_for_every_level(seed, zeros):
    rng = np.random.default_rng(seed)
    values = rng.gamma(0.7, size=(5, 4, 3)) * (rng.random((5, 4, 3)) >= zeros)
    values += 0.01
    levels = square()
    fit = rake(values, levels)
    for level in levels.values():
        actual, fitted = (np.bincount(level.ravel(), x.ravel()) for x in (values, fit.fitted))
        assert fitted == pytest.approx(actual, rel=1e-9)
    assert fit.gap <= 1e-10


def test_effects_without_noise_are_recovered_exactly():
    rng = np.random.default_rng(3)
    levels = square()
    effects = {name: rng.normal(size=level.max() + 1) for name, level in levels.items()}
    index = sum(effects[name][level] for name, level in levels.items())
    extra = np.where(
        (np.indices(index.shape)[1] == 2) & (np.indices(index.shape)[2] == 1), np.indices(index.shape)[0], -1
    )
    jump = np.array([0.3, 0, -0.2, 0.8, 0.1])
    values = np.exp(index + np.where(extra >= 0, jump[extra], 0))
    fit = rake(values, {**levels, "jump": extra})
    assert fit.fitted == pytest.approx(values, rel=1e-8)
    assert fit.contrast("jump", 1) == pytest.approx(jump - jump[1], abs=1e-7)


def test_mixing_changes_the_number_of_sweeps_and_not_the_result(coarse):
    levels, values = world_panel._levels(coarse), coarse.values[0]
    plain, mixed = rake(values, levels, memory=0), rake(values, levels)
    assert mixed.fitted == pytest.approx(plain.fitted, rel=1e-7, abs=1e-9)
    assert mixed.sweeps < plain.sweeps / 2


def test_order_of_cells_and_names_of_levels_leave_the_fit_alone():
    rng = np.random.default_rng(5)
    values, levels = rng.gamma(1.0, size=(5, 4, 3)), square()
    fit = rake(values, levels)
    order = rng.permutation(values.size)
    moved = rake(values.ravel()[order], {n: level.ravel()[order] for n, level in levels.items()})
    assert moved.fitted == pytest.approx(fit.fitted.ravel()[order], rel=1e-8)
    renamed = rake(values, {n: level.max() - level for n, level in reversed(levels.items())})
    assert renamed.fitted == pytest.approx(fit.fitted, rel=1e-8)


def test_the_unit_scales_the_fit_and_no_contrast():
    rng = np.random.default_rng(6)
    values, levels = rng.gamma(1.0, size=(5, 4, 3)), square()
    one, many = rake(values, levels), rake(values * 1e6, levels)
    assert many.fitted == pytest.approx(one.fitted * 1e6, rel=1e-8)


def test_a_level_without_trade_is_fitted_as_zero_and_its_effect_is_not_identified():
    values = np.ones((3, 3))
    values[1] = 0
    row, column = np.indices(values.shape)
    gap = np.where(row == 0, 2, row)  # level 0 has no cells
    fit = rake(values, {"row": row, "column": column, "gap": gap})
    assert (fit.fitted[1] == 0).all() and (fit.fitted[[0, 2]] > 0).all()
    assert fit.effects["row"][1] == -np.inf and np.isnan(fit.effects["gap"][0])
    assert np.isnan(fit.contrast("row", 0)[1]) and fit.contrast("row", 0)[0] == 0
    assert np.isnan(fit.contrast("row", 1)).all()


@pytest.mark.parametrize(
    "values, margins, options, message",
    [
        ([[1, -1]], {}, {}, "values must be numbers of zero or more"),
        ([[1, np.nan]], {}, {}, "values must be numbers of zero or more"),
        ([[0, 0]], {}, {}, "all values are zero"),
        ([[1, 2]], None, {}, "at least one margin"),
        ([[1, 2]], {"a": [0, 1]}, {}, r"margin 'a' needs a level .* shape \(1, 2\), and has shape \(2,\)"),
        ([[1, 2]], {"a": [[0, -2]]}, {}, "margin 'a' needs a level of -1 or more"),
        ([[1, 2]], {}, {"tolerance": 0}, "tolerance 0"),
        ([[1, 2]], {}, {"sweeps": 0}, "sweeps 0"),
        ([[1, 2]], {}, {"memory": -1}, "memory -1"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(values, margins, options, message):
    values = np.array(values, float)
    levels = {"all": np.zeros(values.shape, int)} if margins == {} else margins or {}
    with pytest.raises(InputError, match=message):
        rake(values, levels, **options)


@pytest.mark.parametrize("seed", range(4))
def test_totals_that_are_not_met_in_time_name_the_margin_that_is_furthest_off(seed):
    values, levels = np.random.default_rng(seed).gamma(0.3, size=(5, 4, 3)), square()
    fitted, gaps = np.ones(values.shape), {}
    for level in levels.values():
        totals = [np.bincount(level.ravel(), x.ravel()) for x in (values, fitted)]
        fitted = fitted * (totals[0] / totals[1])[level]
    for name, level in levels.items():
        totals = [np.bincount(level.ravel(), x.ravel()) for x in (values, fitted)]
        gaps[name] = np.abs(totals[1] / totals[0] - 1).max()
    worst = max(gaps, key=gaps.get)
    with pytest.raises(
        InputError, match=rf"margin '{worst}' are {gaps[worst]:.1e} off after 1 sweeps".replace("+", "[+]")
    ):
        rake(values, levels, sweeps=1)


def test_an_unknown_margin_or_level_of_a_contrast_is_refused():
    fit = rake(np.ones((2, 2)), {"row": np.indices((2, 2))[0]})
    for margin, level in (("column", 0), ("row", 2), ("row", -1)):
        with pytest.raises(InputError, match=f"no level {level} of margin '{margin}'"):
            fit.contrast(margin, level)


# -------------------------------------------------------------------------------------------------------- panel
def simulated(breaks=None, noise=0.0, seed=0, years=range(2011, 2023), spread=1.0):
    """8 regions, one sector: effects of (3.17) with given breaks by term and year, noise in logs."""
    rng = np.random.default_rng(seed)
    regions = ("CHN", "EU", "IND", "JPN", "KAZ", "RUS", "TUR", "USA")
    flags = pd.Series([r in ("EU", "JPN", "USA") for r in regions], regions)
    n, t = len(regions), len(years)
    effects = rng.normal(size=(t, n, 1)) + rng.normal(size=(t, 1, n)) + rng.normal(size=(1, n, n))
    index = 4 + spread * effects + noise * rng.normal(size=effects.shape)
    blank = WorldPanel(("one",), tuple(years), regions, np.ones((1, t, n, n)), flags)
    levels = world_panel._levels(blank)
    for (term, year), size in (breaks or {}).items():
        index = index + size * (levels[term] == blank.years.index(year))
    return replace(blank, values=np.exp(index)[None])


def test_breaks_of_every_term_are_recovered_in_the_year_and_size_they_have():
    breaks = {(term, 2022): -0.5 + 0.2 * k for k, term in enumerate(TERMS)} | {(TERMS[1], 2014): 0.3}
    found = break_by_sector(simulated(breaks)).coefficients.set_index(["term", "year"])["coefficient"]
    expected = pd.Series(0.0, found.index)
    for key, size in breaks.items():
        expected[key] = size
    assert found.to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-7)


def test_raking_and_pyfixest_agree_to_one_part_in_a_hundred_thousand_on_real_sectors(coarse):
    few = coarse.select(["C28", "B06"])
    ours, peer = break_by_sector(few), break_with_errors(few)
    both = ours.coefficients.merge(peer.coefficients, on=["sector", "term", "year"], suffixes=("", "_peer"))
    known = both["coefficient"].notna()
    assert (known == both["coefficient_peer"].notna())[both["year"] != 2021].all() and known.mean() >= 0.9
    assert both["coefficient"][known].to_numpy() == pytest.approx(both["coefficient_peer"][known].to_numpy(), abs=1e-5)
    assert (ours.fits["gap"] <= 1e-10).all() and (ours.fits["zeros"] == peer.fits["zeros"]).all()


def test_errors_are_there_for_terms_of_many_pairs_and_empty_for_those_of_one(coarse):
    table = break_with_errors(coarse.select(["goods"])).coefficients
    shown = table[(table["year"] != 2021) & table["coefficient"].notna()]
    many = shown["term"].isin(TERMS[:3])
    assert (shown.loc[many, "standard_error"] > 0).all() and shown.loc[~many, "standard_error"].isna().all()
    assert (table.loc[table["year"] == 2021, "coefficient"] == 0).all()


def test_flat_pre_trends_pass_and_a_trend_before_the_break_is_found_and_taken_off():
    flat = break_with_errors(simulated({(TERMS[1], 2022): -0.6}, noise=0.05)).tests.set_index("term")
    row = flat.loc[TERMS[1]]
    assert row["degrees_of_freedom"] == 10 and row["last"] == pytest.approx(-0.6, abs=0.15)
    assert abs(row["trend_per_year"]) < 3 * row["trend_error"] + 0.01
    slope = {(TERMS[1], year): 0.1 * (year - 2021) for year in range(2011, 2023)}
    steep = break_with_errors(simulated(slope, noise=0.05)).tests.set_index("term").loc[TERMS[1]]
    assert steep["p_value"] < 0.01 and steep["trend_per_year"] == pytest.approx(0.1, abs=0.03)
    assert steep["last"] == pytest.approx(0.1, abs=0.1)
    assert steep["beyond_trend"] == pytest.approx(steep["last"] - steep["trend_per_year"], abs=1e-9)
    assert abs(steep["beyond_trend"]) < 0.1 and steep["beyond_error"] > 0


@pytest.mark.filterwarnings("ignore")  # of pyfixest about its own options
def test_the_pre_trend_statistic_is_the_joint_wald_test_of_the_early_years():
    import pyfixest

    panel = simulated({(TERMS[2], 2022): 0.4}, noise=0.3, seed=4)
    tests = break_with_errors(panel).tests.set_index("term")
    levels = world_panel._levels(panel)
    frame = pd.DataFrame({name: level.ravel() for name, level in levels.items() if name in world_panel.EFFECTS})
    frame["value"] = panel.values[0].ravel()
    _, i, j = (a.ravel() for a in np.indices(panel.values.shape[1:]))
    frame["cluster"] = np.minimum(i, j) * 100 + np.maximum(i, j)
    names = []
    for k, term in enumerate(TERMS):
        for t, year in enumerate(panel.years):
            if year != 2021:
                frame[f"x{k}_{year}"] = (levels[term].ravel() == t) * 1.0
                names.append(f"x{k}_{year}")
    formula = f"value ~ {' + '.join(names)} | exporter_year + importer_year + pair"
    options = {"ssc": pyfixest.ssc(k_fixef="full"), "iwls_tol": 1e-10, "fixef_tol": 1e-10}
    fit = pyfixest.fepois(formula, frame, vcov={"CRV1": "cluster"}, **options)
    restriction = np.zeros((10, len(fit._coefnames)))
    restriction[range(10), [list(fit._coefnames).index(f"x2_{year}") for year in range(2011, 2021)]] = 1
    chi2 = float(fit.wald_test(R=restriction, distribution="chi2")["statistic"])
    found = tests.loc[TERMS[2]]
    assert found["statistic"] == pytest.approx(chi2 / 10, rel=1e-5)
    assert found["p_value"] == pytest.approx(f_distribution.sf(chi2 / 10, 10, 36 - 1), rel=1e-3, abs=1e-9)


def test_a_pair_that_breaks_alone_stands_out_among_all_pairs_and_a_quiet_one_does_not():
    panel = simulated({("exports to China", 2022): 1.5}, noise=0.05, seed=2, spread=0.0)
    table = china_placebo(panel, least_musd=0).set_index("flow")
    assert table.loc["RUS_to_CHN", "excess"] > 0.2 and table.loc["RUS_to_CHN", "placebo_p"] <= 2 / 56
    assert table.loc["CHN_to_RUS", "placebo_p"] > table.loc["RUS_to_CHN", "placebo_p"]
    assert (table["actual_change"] - table["fitted_change"]).to_numpy() == pytest.approx(table["excess"].to_numpy())
    assert (table["pairs"] == 8 * 7).all()
    few = china_placebo(panel, least_musd=panel.values[0, -1].max() * 0.9)
    assert few["pairs"].max() < 10 and few["placebo_p"].isna().any()


def test_the_panel_holds_the_reference_flows_of_2022(real):
    goods = [s for s in real.sectors if s != "SERV"]
    for pair, value in ((("RUS", "CHN"), 77712), (("CHN", "RUS"), 56309)):
        assert real.flow(*pair).loc[goods, 2022].sum() == pytest.approx(value, rel=1e-3)
        assert real.select(["goods"]).flow(*pair).loc["goods", 2022] == real.flow(*pair).loc[goods, 2022].sum()
    assert len(real.years) == 12 and len(real.sectors) == 28 and len(real.regions) == 31


def test_the_panel_summed_to_the_regions_of_the_world_model_is_its_trade(real):
    label = data.load("panel_regions").set_index("region")["world_region"].astype(str)
    table, world = real.aggregate(label), trade.inputs.world()
    order = [table.regions.index(r) for r in world.region_codes]
    sectors = [table.sectors.index(s) for s in world.sector_codes]
    ours = table.values[sectors, -1][:, order][:, :, order].transpose(2, 0, 1) / 1e3
    assert np.abs(ours - world.trade).max() < 0.5e-3 * label.value_counts().max() ** 2
    assert ours.sum() == pytest.approx(world.trade.sum(), rel=3e-6)  # 26,908 cells rounded to whole millions


def test_groups_of_the_panel_never_mix_unfriendly_states_with_others(real):
    regions = data.load("panel_regions").set_index("region")
    members = regions["members"].str.split(" ").explode()
    flags = data.load("gravity_russia").drop_duplicates("partner").set_index("partner")["unfriendly"]
    known = members[members.isin(flags.index)]
    assert (flags[known].to_numpy() == regions["unfriendly"][known.index].astype(int).to_numpy()).all()
    assert members.is_unique and len(members) == 81
    assert real.unfriendly.equals(regions["unfriendly"].astype(bool))


def test_order_of_rows_does_not_matter_and_holes_or_doubles_are_named():
    table, regions = data.load("world_panel"), data.load("panel_regions")
    few = table["exporter"].isin(["RUS", "CHN", "USA"]) & table["importer"].isin(["RUS", "CHN", "USA"])
    table, regions = table[few], regions[regions["region"].isin(["RUS", "CHN", "USA"])]
    one = WorldPanel.of(table, regions)
    assert (WorldPanel.of(table.sample(frac=1, random_state=1), regions.iloc[::-1]).values == one.values).all()
    assert one.values[one.sectors.index("B06"), 0, one.regions.index("RUS"), one.regions.index("CHN")] == float(
        table[(table["year"] == 2011) & (table["exporter"] == "RUS") & (table["importer"] == "CHN")]["B06"].iloc[0]
    )
    with pytest.raises(InputError, match=r"\(2011, 'CHN', 'CHN'\) is missing, unknown or there twice"):
        WorldPanel.of(table[~((table["year"] == 2011) & (table["exporter"] == "CHN"))], regions)
    with pytest.raises(InputError, match="there twice"):
        WorldPanel.of(pd.concat([table, table.iloc[[5]]]), regions)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"values": np.ones((1, 12, 8, 7))}, r"values have shape \(1, 12, 8, 7\); the names ask for \(1, 12, 8, 8\)"),
        ({"values": -np.ones((1, 12, 8, 8))}, "a flow is missing or negative"),
        ({"values": np.full((1, 12, 8, 8), np.nan)}, "a flow is missing or negative"),
        (
            {"regions": ("AAA", "EU", "IND", "JPN", "KAZ", "RUS", "TUR", "USA")},
            "unknown region of the world panel 'CHN'",
        ),
        ({"unfriendly": pd.Series({"RUS": False})}, "region 'CHN' has no flag 'unfriendly'"),
    ],
)
def test_a_faulty_panel_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        replace(simulated(), **change)


def test_unknown_names_and_years_are_refused():
    panel = simulated()
    with pytest.raises(InputError, match="unknown region of the world panel 'DEU'"):
        panel.flow("DEU", "CHN")
    with pytest.raises(InputError, match="unknown sector of the world panel 'two'"):
        panel.select(["two"])
    with pytest.raises(InputError, match="unknown region with a group 'CHN'"):
        panel.aggregate(pd.Series({"RUS": "RUS"}))
    for call in (break_by_sector, break_with_errors):
        with pytest.raises(InputError, match="unknown reference year '2010'"):
            call(panel, 2010)
    with pytest.raises(InputError, match="unknown reference year '2030'"):
        china_placebo(panel, 2030)


def test_the_real_break_of_2022_hits_exports_to_unfriendly_states_in_nearly_every_sector(real):
    table = break_by_sector(real.select(["goods", "B05", "B06", "C20", "C28"])).coefficients
    last = table[table["year"] == 2022].set_index(["term", "sector"])["coefficient"]
    assert (last["exports to unfriendly"] < -0.3).all()
    assert abs(last["imports from unfriendly", "goods"]) < 0.1  # the source does not show the fall that the IMF does
    assert china_placebo(real.select(["goods"])).set_index("flow").loc["RUS_to_CHN", "placebo_p"] > 0.5


def test_estimates_are_the_same_bytes_under_any_hash_seed():
    code = (
        "import sys; sys.path.insert(0, 'tests'); from test_raking import simulated; from rutrade.trade.panel import *;"
        "p = simulated(noise=.2);"
        "print(break_by_sector(p).coefficients.to_csv(), china_placebo(p, least_musd=0).to_csv())"
    )
    root = trade.__file__.removesuffix("/rutrade/trade/__init__.py")
    found = []
    for seed in ("0", "42"):
        environment = {**os.environ, "PYTHONPATH": root, "PYTHONHASHSEED": seed}
        run = subprocess.run([sys.executable, "-c", code], cwd=root, env=environment, capture_output=True, check=True)
        found.append(run.stdout)
    assert found[0] == found[1] and len(found[0]) > 1000
