"""Model 3: gravity estimates, projection, backtest and valuation (rutrade.trade)."""

import io
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rutrade import InputError, data, trade
from rutrade.trade import FLOWS, GROUPS, Paths, TradeBase, TradeModel

TRUE = {"ln_distance": -0.8, "contiguity": 0.4, "language": 0.3, "fta": 0.5, "border": -1.5}


def simulated(panels=1, countries=14, years=(2000, 2005), seed=0, noise=0.3):
    """Gravity panels with known coefficients: value has mean exp(effects + beta'z) and a variance in proportion to it.

    Each unordered pair shares a factor over both directions and all years, so errors must be clustered.
    """
    rng = np.random.default_rng(seed)
    names = [f"C{i:02d}" for i in range(countries)]
    place = rng.uniform(0, 5000, (countries, 2))
    distance = np.linalg.norm(place[:, None] - place[None], axis=-1) + 150.0
    symmetric = {k: np.triu(rng.random((countries, countries)) < p, 1) for k, p in
                 (("contiguity", 0.15), ("language", 0.2), ("fta0", 0.25), ("fta1", 0.3))}  # fmt: skip
    symmetric = {k: (v | v.T).astype(int) for k, v in symmetric.items()}
    rows = []
    for panel in range(panels):
        for t, year in enumerate(years):
            fta = np.maximum(symmetric["fta0"], symmetric["fta1"] if t else 0)
            border = 1 - np.eye(countries)
            index = (TRUE["ln_distance"] * np.log(distance) + TRUE["contiguity"] * symmetric["contiguity"]
                     + TRUE["language"] * symmetric["language"] + TRUE["fta"] * fta
                     + TRUE["border"] * border)  # fmt: skip
            index += rng.normal(8, 0.7, (countries, 1)) + rng.normal(0, 0.7, (1, countries))
            mean, spread = np.exp(index), noise * np.exp(2)  # spread: variance over mean, the same for all flows
            if t == 0:
                shape = np.triu(mean + mean.T) / spread + 1e-9
                common = np.triu(rng.gamma(shape) / shape)
                common = common + np.triu(common, 1).T
            value = common * rng.gamma(mean / spread, spread)
            rows.append(pd.DataFrame({
                "year": year, "exporter": np.repeat(names, countries), "importer": names * countries,
                "sector": f"s{panel:03d}", "value": value.ravel(), "distance_km": distance.ravel(),
                "contiguity": symmetric["contiguity"].ravel(), "language": symmetric["language"].ravel(),
                "fta": fta.ravel(),
            }))  # fmt: skip
    return pd.concat(rows, ignore_index=True)


@pytest.fixture(scope="module")
def panel():
    return simulated()


@pytest.fixture(scope="module")
def estimates(panel):
    return trade.gravity.estimate(panel)


@pytest.fixture(scope="module")
def real():
    """Four sectors of the real panel, estimated once for the slow tests that look at them."""
    table = trade.inputs.gravity()
    return trade.gravity.estimate(table[table["sector"].isin(["chemicals", "leather", "machinery", "petroleum"])])


@pytest.fixture(scope="module")
def inputs():
    return trade.inputs.projection()


@pytest.fixture(scope="module")
def model(inputs):
    return TradeModel(**vars(inputs))


@pytest.fixture(scope="module")
def past():
    return trade.inputs.history()


@pytest.fixture(scope="module")
def rolling(past):
    return trade.rolling_errors(**past)


def flat(model, **changes):
    """The model with paths that stand still, so that only what a test moves can move."""
    paths = model.paths
    still = Paths(paths.activity * 0 + 1, paths.prices * 0 + 1)
    return replace(model, paths=still, errors=None, **changes)


def last(projection, column="value_bn_usd"):
    table = projection.table[projection.table["year"] == projection.years[-1]]
    return table.pivot(index="group", columns="flow", values=column).loc[list(GROUPS), list(FLOWS)]


# ------------------------------------------------------------------------------------------------------ gravity
@pytest.mark.slow
def test_fitted_totals_equal_actual_totals_for_every_fixed_effect_on_the_real_panel(real):
    assert set(real.adding_up["effect"]) == {"exporter_year", "importer_year", "direction"}
    assert real.adding_up["largest_relative_gap"].max() < 1e-6
    assert real.accuracy() >= 1_000_000


def test_pair_specification_recovers_the_agreement_from_pairs_that_change():
    found = trade.gravity.estimate(simulated(countries=30, seed=5, noise=0.05), specifications=["pair"]).coefficients
    row = found.set_index("term").loc["fta"]
    assert abs(row["coefficient"] - TRUE["fta"]) < 3 * row["standard_error"] and row["standard_error"] < 0.2


def test_unit_of_trade_and_order_of_rows_leave_the_estimates_alone(panel, estimates):
    one = estimates.coefficients
    other = trade.gravity.estimate(
        panel.assign(value=panel["value"] * 1e-6).sample(frac=1, random_state=2)
    ).coefficients
    pd.testing.assert_frame_equal(one, other, rtol=1e-8, atol=1e-10)


@pytest.mark.slow
def test_estimates_and_errors_are_the_same_under_any_hash_seed():
    code = ("import sys; sys.path.insert(0, 'tests'); from test_trade import simulated; from rutrade import trade;"
            "t = trade.gravity.estimate(simulated(countries=8)).coefficients;"
            "print(t[['coefficient', 'standard_error']].to_csv(float_format='%.17g'))")  # fmt: skip
    root = trade.__file__.removesuffix("/rutrade/trade/__init__.py")
    run = [subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True,
                          env={**os.environ, "PYTHONPATH": root, "PYTHONHASHSEED": seed}).stdout
           for seed in ("0", "4711")]  # fmt: skip
    one, other = (pd.read_csv(io.StringIO(text), index_col=0) for text in run)
    assert len(one) == 7  # five terms, and the agreement and one border year with pair effects
    pd.testing.assert_frame_equal(one, other, rtol=1e-8)


def bare(panel, formula):
    """The same estimation as a user of pyfixest writes it, with text as effects and clusters."""
    import pyfixest

    names = panel.assign(
        border=(panel["exporter"] != panel["importer"]).astype(int), ln_distance=np.log(panel["distance_km"]),
        direction=panel["exporter"] + panel["importer"], exporter_year=panel["exporter"] + panel["year"].astype(str),
        importer_year=panel["importer"] + panel["year"].astype(str),
        pair=[min(i, j) + max(i, j) for i, j in zip(panel["exporter"], panel["importer"], strict=True)],
    )  # fmt: skip
    names["border_2005"] = names["border"] * (names["year"] == 2005)
    options = {"ssc": pyfixest.ssc(k_fixef="full"), "iwls_tol": 1e-10, "fixef_tol": 1e-10}
    return pyfixest.fepois(formula, names, vcov={"CRV1": "pair"}, **options)


@pytest.mark.filterwarnings("ignore")  # of pyfixest about itself
def test_estimates_errors_and_intervals_are_those_of_bare_pyfixest(panel):
    ours = trade.gravity.estimate(panel.sample(frac=1, random_state=1)).coefficients.set_index("specification")
    for specification, formula in {
        "no_pair": "value ~ ln_distance + contiguity + language + fta + border | exporter_year + importer_year",
        "pair": "value ~ fta + border_2005 | exporter_year + importer_year + direction",
    }.items():
        fit, found = bare(panel, formula), ours.loc[specification].set_index("term")
        assert list(found.index) == list(fit.coef().index)
        for column, theirs in {"coefficient": fit.coef(), "standard_error": fit.se(), "p_value": fit.pvalue(),
                               "ci_low": fit.confint()["2.5%"], "ci_high": fit.confint()["97.5%"]}.items():  # fmt: skip
            assert found[column].to_numpy() == pytest.approx(theirs.to_numpy(), rel=1e-6, abs=1e-12)


def test_the_summary_holds_both_effects_of_the_agreement_and_their_errors(estimates):
    by = estimates.coefficients.set_index(["specification", "term"])
    row = estimates.summary().loc["s000"]
    for column, specification in (("fta", "no_pair"), ("fta_pair", "pair")):
        assert row[column] == by.loc[(specification, "fta"), "coefficient"]
        assert row[f"{column}_error"] == by.loc[(specification, "fta"), "standard_error"]
    for term in ("ln_distance", "contiguity", "language", "border"):
        assert row[term] == by.loc[("no_pair", term), "coefficient"]


def test_without_domestic_rows_no_border_is_estimated(panel):
    abroad = panel[panel["exporter"] != panel["importer"]]
    terms = trade.gravity.estimate(abroad).coefficients.groupby("specification")["term"].agg(list)
    assert terms["pair"] == ["fta"] and terms["no_pair"] == ["ln_distance", "contiguity", "language", "fta"]


def test_a_panel_of_one_classification_and_short_distances_is_accepted(panel):
    one = panel.assign(classification="HS2012", distance_km=panel["distance_km"] / 1e4)
    found = trade.gravity.estimate(one, specifications=["no_pair"])
    assert found.observations.loc[0, ["rows", "used", "separated", "dropped"]].tolist() == [392, 392, 0, ""]
    plain = trade.gravity.estimate(panel, specifications=["no_pair"]).coefficients
    assert found.coefficients["coefficient"].to_numpy() == pytest.approx(plain["coefficient"].to_numpy(), rel=1e-6)


def test_an_exporter_without_trade_in_a_year_is_left_out_and_the_others_still_add_up(panel):
    silent = panel.assign(value=panel["value"].mask((panel["exporter"] == "C00") & (panel["year"] == 2000), 0.0))
    found = trade.gravity.estimate(silent, specifications=["no_pair"])
    assert found.observations.loc[0, ["zeros", "separated"]].tolist() == [14, 14]
    assert found.adding_up["largest_relative_gap"].max() < 1e-6


def test_accuracy_is_the_power_of_ten_of_the_worst_gap():
    gaps = pd.DataFrame({"largest_relative_gap": [3e-9, 3e-7]})
    assert trade.GravityEstimates(None, gaps, None).accuracy() == 1_000_000


def test_the_panel_of_the_two_tables_holds_both_directions_with_the_pairs_own_values():
    sectors = pd.DataFrame({"year": [2000, 2005] * 2, "sector": "s", "exporter": ["A", "A", "B", "B"],
                            "A": [1.0, 2, 3, 4], "B": [5.0, 6, 7, 8]})  # fmt: skip
    pairs = pd.DataFrame({"country_a": ["A", "A", "B"], "country_b": ["A", "B", "B"], "distance_km": [10.0, 900, 20],
                          "contiguity": [0, 1, 0], "language": [1, 0, 1], "fta_2000": [0, 0, 0],
                          "fta_2005": [0, 1, 0]})  # fmt: skip
    panel = trade.gravity_panel(sectors, pairs).set_index(["year", "exporter", "importer"]).sort_index()
    assert panel["value"].to_dict() == {
        (2000, "A", "A"): 1, (2000, "A", "B"): 5, (2000, "B", "A"): 3, (2000, "B", "B"): 7,
        (2005, "A", "A"): 2, (2005, "A", "B"): 6, (2005, "B", "A"): 4, (2005, "B", "B"): 8,
    }  # fmt: skip
    assert panel["fta"].to_list() == [0, 0, 0, 0, 0, 1, 1, 0]
    assert panel["distance_km"].to_list() == [10, 900, 900, 20] * 2
    assert panel["contiguity"].to_list() == [0, 1, 1, 0] * 2 and panel["language"].to_list() == [1, 0, 0, 1] * 2


def test_collinear_and_separated_regressors_are_named(panel):
    twin = trade.gravity.estimate(panel.assign(language=panel["contiguity"]), specifications=["no_pair"]).observations
    dropped = twin["dropped"].iloc[0]
    assert [f"{name} (collinear)" in dropped for name in ("language", "contiguity")].count(True) == 1, (
        "one of the twins"
    )
    never = panel.copy()
    lonely = (never["exporter"] == "C00") & (never["importer"] == "C01")
    never["language"] = lonely.astype(int)
    never.loc[lonely, "value"] = 0.0
    row = trade.gravity.estimate(never, specifications=["no_pair"]).observations.iloc[0]
    assert "language (separated)" in row["dropped"] and row["separated"] == row["rows"] - row["used"] > 0


def test_negative_trade_is_clipped_and_counted_and_zeros_stay(panel):
    bad = panel.copy()
    bad.loc[[3, 7], "value"] = -5.0
    bad.loc[11, "value"] = 0.0
    found = trade.gravity.estimate(bad, specifications=["no_pair"])
    assert found.observations.iloc[0][["zeros", "clipped"]].tolist() == [3, 2]
    zero = bad.assign(value=bad["value"].clip(lower=0))
    same = trade.gravity.estimate(zero, specifications=["no_pair"]).coefficients
    pd.testing.assert_frame_equal(found.coefficients, same)


def test_an_agreement_flag_on_domestic_rows_changes_nothing(panel, estimates):
    home = panel["exporter"] == panel["importer"]
    flagged = panel.assign(fta=panel["fta"].where(~home, 1))
    pd.testing.assert_frame_equal(estimates.coefficients, trade.gravity.estimate(flagged).coefficients)


@pytest.mark.slow
def test_the_agreement_effect_hangs_on_the_specification_in_the_real_panel(real):
    effect = real.summary().loc[["chemicals", "machinery"]]
    assert (effect["fta"] > effect["fta_pair"] + 0.3).all()
    assert effect.loc["chemicals", "fta_pair"] < 0 < effect.loc["chemicals", "fta"]
    assert (effect["ln_distance"] < 0).all() and (effect["border"] < 0).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: pd.concat([p, p.iloc[[5]]]), "key repeats"),
        (lambda p: p.assign(value=p["value"].where(p.index != 4)), "empty value"),
        (lambda p: p.drop(columns="fta"), "column 'fta' is missing"),
        (lambda p: p.assign(distance_km=0.0), "distance must be positive"),
        (lambda p: p.assign(value=-1.0), "all trade of a sector is zero or negative"),
        (lambda p: p.assign(classification=np.where(p.index % 2, "HS2012", "HS2017")), "classifications are mixed"),
        (lambda p: pd.concat([p, p[p["year"] == 2000].assign(sector="short")]), "sector 'short' has no rows for 2005"),
    ],
)
def test_a_faulty_panel_is_refused_with_one_sentence(panel, change, message):
    with pytest.raises(InputError, match=message):
        trade.gravity.estimate(change(panel))


def test_an_unknown_specification_is_refused(panel):
    with pytest.raises(InputError, match="unknown specification 'pairs': did you mean 'pair'"):
        trade.gravity.estimate(panel, specifications=["pairs"])


def russia_panel(breaks, years=range(2016, 2025), partners=60, seed=1):
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame([(y, i) for i in range(partners) for y in years], columns=["year", "i"])
    gdp = np.exp(3 + rows["i"] % 5 + 0.02 * (rows["year"] - 2016) * (rows["i"] % 4))
    rows = rows.assign(flow="export", partner=rows["i"].astype(str), gdp_bn_usd=gdp)
    rows["unfriendly"] = (rows["i"] % 3 == 0).astype(int)
    index = 4 + rows["i"] % 7 / 2 + 0.8 * np.log(gdp) + rows["unfriendly"] * rows["year"].map(breaks).fillna(0)
    return rows.assign(value_musd=np.exp(index + rng.normal(0, 0.02, len(rows))))


def test_the_break_of_2022_is_recovered_year_by_year_and_flat_pre_trends_pass():
    effects, tests = trade.break_2022(russia_panel({2022: -0.5, 2023: -1.8, 2024: -2.3}))
    found = effects.set_index("year")["coefficient"]
    assert found[[2022, 2023, 2024]].to_numpy() == pytest.approx([-0.5, -1.8, -2.3], abs=0.05)
    assert found[range(2016, 2021)].abs().max() < 0.05 and found[2021] == 0
    assert tests["p_value"].iloc[0] > 0.01


@pytest.mark.filterwarnings("ignore")  # of pyfixest about itself
def test_the_pre_trend_is_the_joint_wald_test_of_pyfixest_with_the_clusters_as_freedom():
    import pyfixest
    from scipy.stats import f

    rows = russia_panel({2022: -0.5}, partners=12)
    rows.loc[[0, 30], "gdp_bn_usd"] = np.nan
    effects, tests = trade.break_2022(rows)
    used = rows.dropna().assign(ln_gdp=lambda d: np.log(d["gdp_bn_usd"]))
    years = [y for y in range(2016, 2025) if y != 2021]
    for year in years:
        used[f"y{year}"] = used["unfriendly"] * (used["year"] == year)
    formula = f"value_musd ~ ln_gdp + {' + '.join(f'y{y}' for y in years)} | partner + year"
    fit = pyfixest.fepois(formula, used, vcov={"CRV1": "partner"}, ssc=pyfixest.ssc(k_fixef="full"), iwls_tol=1e-10,
                          fixef_tol=1e-10)  # fmt: skip
    early = [f"y{y}" for y in years if y < 2021]
    b, v = fit.coef()[early].to_numpy(), fit._vcov[np.ix_(*[[fit._coefnames.index(n) for n in early]] * 2)]
    statistic = b @ np.linalg.inv(v) @ b / 5
    row = tests.iloc[0]
    assert row[["degrees_of_freedom", "rows_left_out"]].tolist() == [5, 2]
    assert row["statistic"] == pytest.approx(statistic, rel=1e-5)
    assert row["p_value"] == pytest.approx(f.sf(statistic, 5, 11), rel=1e-5)
    found = effects.set_index("year")
    assert list(found.index) == list(range(2016, 2025))
    assert found.loc[years, "standard_error"].to_numpy() == pytest.approx(fit.se()[[f"y{y}" for y in years]].to_numpy(),
                                                                          rel=1e-5)  # fmt: skip


def test_a_pre_trend_is_detected():
    _, tests = trade.break_2022(russia_panel({y: 0.2 * (y - 2021) for y in range(2016, 2025)}))
    assert tests["p_value"].iloc[0] < 0.001


def test_the_real_break_grows_from_2022_to_2024_in_both_flows():
    effects, tests = trade.break_2022(data.load("gravity_russia"))
    for _, rows in effects.groupby("flow"):
        late = rows.set_index("year")["coefficient"]
        assert 0 > late[2022] > late[2023] > late[2024]
    assert set(tests["flow"]) == {"export", "import"} and (tests["rows_left_out"] > 0).all()


def test_the_break_refuses_repeated_keys_and_a_reference_year_outside():
    data = russia_panel({})
    with pytest.raises(InputError, match="occur twice"):
        trade.break_2022(pd.concat([data, data.iloc[[0]]]))
    with pytest.raises(InputError, match="unknown reference year '2015'"):
        trade.break_2022(data, 2015)


# --------------------------------------------------------------------------------------------------- projection
def test_unchanged_inputs_return_the_base_year_exactly(model):
    projection = flat(model).project(draws=5, levers={"customs": 0.0})
    for year in projection.years:
        table = projection.table[projection.table["year"] == year].pivot(index="group", columns="flow")
        for column in ("value_bn_usd", "value_bn_usd_base_prices", "q05", "q95"):
            assert (table[column].loc[list(GROUPS), list(FLOWS)].to_numpy() == model.base.value.to_numpy()).all()


def test_supply_of_one_returns_the_base_year_exactly_too(model):
    one = pd.DataFrame(1.0, index=model.paths.prices.index, columns=list(GROUPS))
    assert (last(flat(model).project(supply=one, demand=one)).to_numpy() == model.base.value.to_numpy()).all()


def test_the_equation_of_potential_is_the_one_on_the_page(model):
    projection = model.project(years=[2023, 2030])
    gdp = model.paths.activity.loc[2030] / model.paths.activity.loc[2023]
    brent = model.paths.prices.loc[2030, "brent"] / model.paths.prices.loc[2023, "brent"]
    fuels = model.base.value.loc["27", "RUS_to_CHN"] * gdp["RUS_to_CHN"] ** 1.0 * brent**0.9
    assert last(projection).loc["27", "RUS_to_CHN"] == pytest.approx(fuels, rel=1e-12)
    assert last(projection, "value_bn_usd_base_prices").loc["27", "RUS_to_CHN"] == pytest.approx(fuels / brent)


def test_a_lever_of_zero_is_no_lever_and_a_low_one_neither(model):
    plain = model.project().table
    for none in ({"customs": 0}, {"payments": 0.0, "logistics": "low"}, {}):
        pd.testing.assert_frame_equal(plain, model.project(levers=none).table, check_exact=True)


@settings(max_examples=15, deadline=None)
@given(cuts=st.lists(st.floats(0, 0.5), min_size=2, max_size=2, unique=True))
def test_trade_and_share_rise_with_a_cut_of_the_own_cost(model, cuts):
    small, large = (model.project(levers={"payments": c}, years=[2023, 2030]) for c in sorted(cuts))
    assert (last(large) >= last(small)).all(axis=None)
    assert (last(large, "share_china") >= last(small, "share_china")).all(axis=None)
    assert (last(large, "share_china") < 1).all(axis=None)


def test_levers_compound_and_reach_only_their_groups(model):
    table = pd.DataFrame({"lever": ["a", "b"], "groups": ["84-85", "84-85; 27"], "low": 0.0, "central": [0.1, 0.2],
                          "high": [0.2, 0.3]})  # fmt: skip
    both = flat(model, levers=table).project(levers={"a": "central", "b": 0.2})
    theta, sigma = 5.0, model.base.share.loc["84-85", "RUS_to_CHN"]
    odds = sigma / (1 - sigma) * (0.9 * 0.8) ** -theta
    assert last(both, "share_china").loc["84-85", "RUS_to_CHN"] == pytest.approx(odds / (1 + odds))
    untouched = [g for g in GROUPS if g not in ("84-85", "27")]
    assert (last(both).loc[untouched] == model.base.value.loc[untouched]).all(axis=None)


def test_redirection_reaches_its_share_in_the_last_year_and_in_a_straight_line_of_the_logit(model):
    projection = model.project(redirection=0.32)
    shares = projection.table[(projection.table["group"] == "84-85") & (projection.table["flow"] == FLOWS[0])]
    path = shares.set_index("year")["share_china"]
    assert path[2030] == pytest.approx(0.32) and path.is_monotonic_increasing
    logit = np.log(path / (1 - path))
    assert np.diff(logit) == pytest.approx(np.diff(logit)[0] * np.ones(7))
    others = model.project().table
    still = others["group"].isin(["27", "72-83"])
    pd.testing.assert_frame_equal(others[still], projection.table[still])


def test_exports_follow_supply_until_the_cap_on_demand_binds(model):
    still = flat(model)
    supply = pd.DataFrame({"84-85": np.linspace(1, 4, len(model.paths.prices))}, index=model.paths.prices.index)
    supply.loc[2023:] = np.linspace(1, 4, 8)[:, None]
    projection = still.project(supply=supply, headroom=1.0)
    rows = projection.table[(projection.table["group"] == "84-85") & (projection.table["flow"] == FLOWS[0])]
    expected = model.base.value.loc["84-85", FLOWS[0]] * np.minimum(np.linspace(1, 4, 8), 2)
    assert rows["value_bn_usd"].to_numpy() == pytest.approx(expected)
    assert rows["capped"].to_list() == (np.linspace(1, 4, 8) > 2).tolist()
    assert (last(projection).loc["27"] == model.base.value.loc["27"]).all()


def test_imports_from_china_mirror_demand(model):
    demand = pd.DataFrame({"84-85": 1.5}, index=model.paths.prices.index)
    projection = flat(model).project(demand=demand)
    assert last(projection).loc["84-85", FLOWS[1]] == pytest.approx(1.5 * model.base.value.loc["84-85", FLOWS[1]])
    assert last(projection).loc["84-85", FLOWS[0]] == model.base.value.loc["84-85", FLOWS[0]]


def test_intervals_widen_with_the_horizon_and_hold_the_central_path(model):
    totals = model.project(draws=3000, seed=1).totals().set_index(["flow", "year"])
    for flow in FLOWS:
        rows = totals.loc[flow]
        width = np.log(rows["q95"] / rows["q05"])
        assert width.is_monotonic_increasing and width[2023] == 0
        assert rows["q50"].to_numpy() == pytest.approx(rows["value_bn_usd"].to_numpy(), rel=0.06)


def test_the_part_of_draws_that_reaches_a_target_falls_with_the_target(model):
    projection = model.project(draws=400)
    parts = [projection.reaches(t) for t in (0, 200, 300, 400, 1e6)]
    assert parts == sorted(parts, reverse=True) and parts[0] == 1 and parts[-1] == 0
    median = projection.totals().set_index(["flow", "year"]).loc[("turnover", 2030), "q50"]
    assert projection.reaches(median) == pytest.approx(0.5, abs=0.01)
    with pytest.raises(InputError, match="needs draws"):
        model.project().reaches(300)


def test_without_errors_only_parameters_spread_and_one_year_ahead_is_tighter_than_history(model):
    narrow = replace(model, errors=None).project(draws=500).totals().set_index(["flow", "year"])
    wide = model.project(draws=500).totals().set_index(["flow", "year"])
    for flow in FLOWS:
        assert np.log(narrow.loc[(flow, 2030), "q95"] / narrow.loc[(flow, 2030), "q05"]) > 0
        gap = [np.log(t.loc[(flow, 2030), "q95"] / t.loc[(flow, 2030), "q05"]) for t in (narrow, wide)]
        assert gap[1] > 2 * gap[0]


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(model):
    one, two, other = (model.project(draws=50, seed=s).sample.tobytes() for s in (7, 7, 8))
    assert one == two != other


def test_draws_do_not_move_the_central_path(model):
    pd.testing.assert_frame_equal(
        model.project().table, model.project(draws=20).table.drop(columns=list(trade.QUANTILES)), check_exact=True
    )


def test_current_prices_move_the_engineering_share_with_oil_and_base_prices_hardly(inputs):
    shares = {}
    for path in ("low", "high"):
        projection = TradeModel(**{**vars(inputs), "paths": trade.inputs.paths(path)}).project()
        for prices in ("current", "base"):
            table = trade.engineering_chemicals_share(projection, prices)
            shares[path, prices] = table[(table["flow"] == FLOWS[0]) & (table["year"] == 2030)]["share"].item()
    assert shares["low", "current"] > 1.7 * shares["high", "current"]
    assert abs(np.log(shares["low", "base"] / shares["high", "base"])) < 0.15


def test_engineering_and_chemicals_count_chapter_90_and_agree_with_the_chapters(model):
    found = trade.engineering_chemicals_share(model.project(years=[2023]))
    chapters = data.load("trade_chapters")
    chapters = chapters[(chapters["reporter"] == "BACI") & (chapters["level"] == "chapter")]
    chapters = chapters[chapters["year"] == 2023]
    chapters = chapters.astype({"item": int}).assign(flow=chapters["exporter"] + "_to_" + chapters["importer"])
    for flow, rows in chapters.groupby("flow"):
        part = rows[rows["item"].between(28, 40) | rows["item"].between(84, 90)]["value_musd"].sum()
        share = found.set_index("flow").loc[flow, "share"]
        assert share == pytest.approx(part / rows["value_musd"].sum(), abs=2e-5)


def test_targets_are_met_by_the_required_values_and_by_each_group_alone(model):
    projection = model.project()
    for total in (300.0, 400.0):
        rows = trade.targets(projection, total)
        assert rows["required_bn_usd"].sum() == pytest.approx(total)
        rest = rows["projected_bn_usd"].sum() - rows["projected_bn_usd"]
        assert (rest + rows["alone_bn_usd"]).to_numpy() == pytest.approx(np.full(len(rows), total))
        back = rows["base_bn_usd"] * (1 + rows["required_growth_pct"] / 100) ** 7
        assert back.to_numpy() == pytest.approx(rows["required_bn_usd"].to_numpy())


@settings(max_examples=10, deadline=None)
@given(factor=st.floats(0.01, 100))
def test_multiplying_all_potentials_changes_no_share(model, factor):
    base = model.base
    larger = TradeModel(**{**vars(model), "base": replace(base, value=base.value * factor)})
    one, other = model.project(years=[2023, 2030]), larger.project(years=[2023, 2030])
    assert last(one, "share_china").equals(last(other, "share_china"))
    shares = [trade.engineering_chemicals_share(p)["share"].to_numpy() for p in (one, other)]
    assert shares[0] == pytest.approx(shares[1])
    structure = [p.point / p.point.sum(-1, keepdims=True) for p in (one, other)]
    assert structure[0] == pytest.approx(structure[1]) and structure[0].sum(-1) == pytest.approx(np.ones((2, 2)))


def test_the_redirection_needed_lifts_the_share_by_exactly_the_points_asked_for(model):
    start = trade.engineering_chemicals_share(model.project()).set_index(["flow", "year"])["share"]
    targets = [trade.redirection_needed(model, p) for p in (1, 5)]
    assert 0 < targets[0] < targets[1] < 1
    end = trade.engineering_chemicals_share(model.project(redirection=targets[1])).set_index(["flow", "year"])["share"]
    assert 100 * (end - start)[FLOWS[0], 2030] == pytest.approx(5, abs=1e-5)
    assert np.isnan(trade.redirection_needed(model, 90))


def test_lever_effects_are_zero_at_low_and_grow_with_the_size(model):
    low, central, high = (trade.lever_effects(model, s) for s in ("low", "central", "high"))
    assert (low == 0).all(axis=None) and list(low.index)[-1] == "all together"
    flows = ["exports_bn_usd", "imports_bn_usd"]
    assert (central[flows] > 0).all(axis=None) and (high[flows] > central[flows]).all(axis=None)
    single = central.drop(index="all together")[flows].sum()
    assert (abs(central.loc["all together", flows] / single - 1) < 0.1).all()


def test_the_path_starts_in_the_base_year_alone_too(model):
    assert (last(model.project(years=[2023], levers={"customs": 0.2})) == model.base.value).all(axis=None)


def test_levers_and_redirection_are_half_way_in_the_middle_of_the_path(model):
    still = flat(model).project(years=[2023, 2025, 2027], levers={"payments": 0.2})
    share = still.table[(still.table["group"] == "84-85") & (still.table["flow"] == FLOWS[0])]["share_china"]
    moved = np.log(share / (1 - share)).to_numpy()
    assert moved[1] - moved[0] == pytest.approx((moved[2] - moved[0]) / 2) and moved[2] > moved[0]


def test_a_number_for_a_lever_is_its_largest_cut_and_the_other_groups_follow_in_proportion(model):
    table = pd.DataFrame({"lever": "a", "groups": ["84-85", "27"], "low": 0.0, "central": [0.2, 0.1], "high": 0.4})
    model = flat(model, levers=table)
    number = model.project(levers={"a": 0.3})
    odds = model.base.share[FLOWS[0]] / (1 - model.base.share[FLOWS[0]])
    rows = model.elasticities[(model.elasticities["parameter"] == "theta") & (model.elasticities["flow"] == FLOWS[0])]
    theta = rows.set_index("group")["central"]
    for group, cut in (("84-85", 0.3), ("27", 0.15)):
        new = odds[group] * (1 - cut) ** -theta[group]
        assert last(number, "share_china").loc[group, FLOWS[0]] == pytest.approx(new / (1 + new))


def test_redirection_by_group_moves_that_group_only_and_a_number_all_engineering_and_chemicals(model):
    one = last(flat(model).project(redirection={"28-38": 0.5}), "share_china")
    assert one.loc["28-38", FLOWS[0]] == pytest.approx(0.5)
    rest = one.drop(index="28-38")
    assert (rest == model.base.share.loc[rest.index]).all(axis=None)
    every = last(flat(model).project(redirection=0.5), "share_china")[FLOWS[0]]
    assert every[every.round(12) == 0.5].index.tolist() == ["28-38", "39-40", "84-85", "86-89"]


def test_supply_at_the_cap_is_not_capped_and_the_default_headroom_is_the_potential_again(model):
    still = flat(model)
    supply = pd.DataFrame({"27": 2.0, "84-85": 2.5, "28-38": 0.0}, index=model.paths.prices.index)
    table = still.project(supply=supply).table
    table = table[(table["flow"] == FLOWS[0]) & (table["year"] == 2030)].set_index("group")
    ratio = table["value_bn_usd"] / model.base.value[FLOWS[0]]
    assert ratio[["27", "84-85", "28-38", "01-05"]].tolist() == pytest.approx([2, 2, 0, 1])
    assert table.index[table["capped"]].tolist() == ["84-85"]
    assert not still.project(demand=supply * 9).table["capped"].any(), "imports have no cap"
    tight = last(still.project(supply=supply, headroom=0))[FLOWS[0]] / model.base.value[FLOWS[0]]
    assert tight[["27", "84-85"]].tolist() == pytest.approx([1, 1]), "without headroom demand is the limit"


def test_supply_and_potential_move_with_prices_at_current_prices_only(model):
    supply = pd.DataFrame({"27": 0.5}, index=model.paths.prices.index)
    found, brent = model.project(supply=supply), model.paths.prices["brent"]
    start = model.base.value.loc["27", FLOWS[0]]
    assert last(found, "value_bn_usd_base_prices").loc["27", FLOWS[0]] == pytest.approx(start / 2)
    assert last(found).loc["27", FLOWS[0]] == pytest.approx(start / 2 * brent[2030] / brent[2023])
    central, _ = found.values("base")
    assert central[-1, 0, GROUPS.index("27")] == pytest.approx(start / 2)


def test_supply_goes_to_china_in_proportion_to_its_share(model):
    supply = pd.DataFrame({"84-85": 1.5}, index=model.paths.prices.index)
    start, sigma = (t.loc["84-85", FLOWS[0]] for t in (model.base.value, model.base.share))
    found = last(flat(model).project(supply=supply, redirection={"84-85": 1.2 * sigma}))
    assert found.loc["84-85", FLOWS[0]] == pytest.approx(start * 1.5 * 1.2)
    demand = last(flat(model).project(demand=supply, levers={"payments": 0.2}))
    share = last(flat(model).project(levers={"payments": 0.2}), "share_china") / model.base.share
    expected = model.base.value.loc["84-85", FLOWS[1]] * 1.5 * share.loc["84-85", FLOWS[1]]
    assert demand.loc["84-85", FLOWS[1]] == pytest.approx(expected)


def test_totals_are_sums_over_groups_and_turnover_the_sum_of_both_flows(model):
    projection = model.project(draws=30)
    for prices, column in (("current", "value_bn_usd"), ("base", "value_bn_usd_base_prices")):
        totals = projection.totals(prices).pivot(index="year", columns="flow", values="value_bn_usd")
        by_hand = projection.table.groupby(["year", "flow"])[column].sum().unstack()
        assert totals[list(FLOWS)].to_numpy() == pytest.approx(by_hand[list(FLOWS)].to_numpy())
        assert totals["turnover"].to_numpy() == pytest.approx(by_hand.sum(axis=1).to_numpy())
    assert projection.totals().index.is_unique
    row = projection.totals().set_index(["flow", "year"]).loc[("turnover", 2030)]
    sums = projection.sample[:, -1].sum((1, 2))
    assert row[list(trade.QUANTILES)].tolist() == pytest.approx(np.quantile(sums, [0.05, 0.25, 0.5, 0.75, 0.95]))
    assert projection.reaches(sums.max()) == pytest.approx(1 / 30), "a target that is just met counts as reached"


def certain(model, **spread):
    """Elasticities without spread, except the parameters named."""
    table = model.elasticities
    fixed = ~table["parameter"].isin(spread.get("free", ()))
    return replace(model, elasticities=table.assign(low=table["low"].mask(fixed, table["central"]),
                                                    high=table["high"].mask(fixed, table["central"])))  # fmt: skip


def test_draws_of_the_elasticity_of_demand_are_triangular_and_shared_by_the_groups_of_a_flow(model):
    model = replace(certain(model, free=["eps"]), errors=None)
    projection = model.project(draws=4000, years=[2023, 2030])
    rows = model.elasticities[model.elasticities["parameter"] == "eps"].set_index(["flow", "group"])
    activity = np.log(model.paths.activity.loc[2030] / model.paths.activity.loc[2023])
    drawn = {}
    for f, flow in enumerate(FLOWS):
        for g in ("27", "84-85"):
            low, mode, high = rows.loc[(flow, g), ["low", "central", "high"]]
            ratio = projection.sample[:, -1, f, GROUPS.index(g)] / projection.point[-1, f, GROUPS.index(g)]
            eps = drawn[flow, g] = mode + np.log(ratio) / activity[flow]
            assert low - 1e-9 <= eps.min() < eps.max() <= high + 1e-9
            assert eps.mean() == pytest.approx((low + mode + high) / 3, abs=0.01 * (high - low))
        assert np.array_equal(*(np.argsort(drawn[flow, g]) for g in ("27", "84-85")))
    assert abs(np.corrcoef(drawn[FLOWS[0], "27"], drawn[FLOWS[1], "27"])[0, 1]) < 0.06


def test_one_shock_a_flow_moves_its_total_and_shocks_of_the_groups_move_its_structure_only(model):
    model = certain(model)
    projection = model.project(draws=4000, years=[2023, 2024, 2030])
    deviation = model.errors.loc[[1, 7]]
    assert np.array_equal(projection.sample[:, 0], np.broadcast_to(projection.point[0], projection.sample[:, 0].shape))
    common = {}
    for f, flow in enumerate(FLOWS):
        total = np.log(projection.sample[:, 1:, f].sum(-1) / projection.point[1:, f].sum(-1))
        shock = total / deviation[f"{flow}_total"].to_numpy()
        assert shock[:, 0] == pytest.approx(shock[:, 1]), "one shock along the whole path"
        assert shock[:, 0].mean() == pytest.approx(0, abs=0.05) and shock[:, 0].std() == pytest.approx(1, abs=0.04)
        groups = np.log(projection.sample[:, 1:, f] / projection.point[1:, f])
        apart = (groups[..., 3] - groups[..., 8]) / deviation[f"{flow}_group"].to_numpy()
        assert apart[:, 0] == pytest.approx(apart[:, 1]) and apart[:, 0].std() == pytest.approx(2**0.5, abs=0.06)
        assert abs(np.corrcoef(apart[:, 0], shock[:, 0])[0, 1]) < 0.06
        common[flow] = shock[:, 0]
    assert abs(np.corrcoef(*common.values())[0, 1]) < 0.06


def test_without_being_asked_a_projection_has_no_draws_and_their_seed_is_zero(model):
    assert model.project().sample.shape[0] == 0 and "q50" not in model.project().table
    assert np.array_equal(model.project(draws=3).sample, model.project(draws=3, seed=0).sample)


def test_chinas_share_in_several_groups_is_weighted_by_russias_exports_of_them(model):
    base, groups = model.base, ["28-38", "84-85"]
    world = base.value[FLOWS[0]] / base.share[FLOWS[0]]
    expected = base.value.loc[groups, FLOWS[0]].sum() / world[groups].sum()
    assert trade.china_share_of(model, groups) == pytest.approx(expected)


def test_a_target_that_others_pass_alone_has_no_value_for_a_single_group(model):
    rows = trade.targets(model.project(), 60.0).set_index(["flow", "group"])
    assert rows["alone_bn_usd"].notna().sum() == 0 and rows["required_bn_usd"].sum() == pytest.approx(60)
    with pytest.raises(InputError, match="unknown target year '2023'"):
        trade.targets(model.project(), 300, 2023)
    assert trade.targets(model.project(), 1e-6)["required_bn_usd"].sum() == pytest.approx(1e-6)


def test_lever_effects_are_the_changes_of_a_projection_with_the_lever_at_base_prices(model):
    table = trade.lever_effects(model, "high")
    plain, levered = model.project(), model.project(levers={"payments": "high"})
    change = levered.values("base")[0][-1].sum(-1) - plain.values("base")[0][-1].sum(-1)
    assert table.loc["payments", ["exports_bn_usd", "imports_bn_usd"]].tolist() == pytest.approx(change)
    points = [100 * trade.share_draws(p, "base")[0][-1, 0] for p in (plain, levered)]
    assert table.loc["payments", "engineering_chemicals_pp"] == pytest.approx(points[1] - points[0])
    assert trade.lever_effects(replace(model, levers=None)).loc["all together"].tolist() == [0, 0, 0]


def test_redirection_needed_in_an_earlier_year_is_met_in_that_year(model):
    target = trade.redirection_needed(model, 3.0, 2027)
    shares = [trade.share_draws(model.project(years=range(2023, 2028), redirection=r))[0][-1, 0]
              for r in (None, target)]  # fmt: skip
    assert 100 * (shares[1] - shares[0]) == pytest.approx(3, abs=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"levers": {"custom": 0.1}}, "unknown lever 'custom': did you mean 'customs'"),
        ({"levers": {"customs": 1.2}}, r"lever 'customs' is 1.2; a cut of the delivered price must be in \[0, 1\)"),
        ({"levers": {"customs": -0.1}}, "lever 'customs' is -0.1"),
        ({"levers": {"customs": "huge"}}, "unknown size of lever 'customs' 'huge'"),
        ({"redirection": {"84": 0.3}}, "unknown group '84': did you mean '84-85'"),
        ({"redirection": 1.0}, "a share must lie between 0 and 1"),
        ({"redirection": 0.0}, "a share must lie between 0 and 1"),
        ({"levers": {"customs": 1.0}}, "lever 'customs' is 1.0"),
        ({"years": [2022, 2023]}, "unknown projection year '2022'"),
        ({"years": [2023, 2041]}, "unknown projection year '2041'"),
        ({"headroom": -0.5}, "headroom is -0.5"),
        ({"draws": -1}, "draws is -1"),
        ({"supply": pd.DataFrame({"84-86": [1.0]}, index=[2023])}, "unknown group of supply '84-86'"),
        ({"supply": pd.DataFrame({"84-85": [1.0]}, index=[2023])}, "supply misses the year 2024"),
        ({"demand": pd.DataFrame({"27": -1.0}, index=range(2023, 2031))}, "demand has a negative index"),
    ],
)
def test_a_faulty_projection_is_refused_with_one_sentence(model, arguments, message):
    with pytest.raises(InputError, match=message):
        model.project(**arguments)


def test_a_base_year_without_both_directions_or_with_impossible_values_is_refused(inputs):
    base = inputs.base
    with pytest.raises(InputError, match="unknown base year .* '2014'.*2017"):
        trade.inputs.projection(base_year=2014)
    with pytest.raises(InputError, match="no data by group for CHN_to_RUS"):
        TradeBase(2016, base.value[["RUS_to_CHN"]], base.share, base.chapter_90)
    with pytest.raises(InputError, match="value of group 27, RUS_to_CHN, is -1"):
        TradeBase(2023, base.value.mask(base.value.index.to_series() == "27", -1.0), base.share, base.chapter_90)
    with pytest.raises(InputError, match="share of China of group 84-85.*between 0 and 1"):
        TradeBase(2023, base.value, base.share.mask(base.share.index.to_series() == "84-85", 1.2), base.chapter_90)
    for share in (0.0, 1.0):
        with pytest.raises(InputError, match="share of China of group 84-85"):
            TradeBase(
                2023, base.value, base.share.mask(base.share.index.to_series() == "84-85", share), base.chapter_90
            )
    assert TradeBase(2023, base.value * 0.01, base.share, base.chapter_90).value.to_numpy().min() < 1
    with pytest.raises(InputError, match="unknown group '84'"):
        TradeBase(2023, base.value.rename(index={"84-85": "84"}), base.share, base.chapter_90)


def test_paths_and_elasticities_with_holes_are_refused(model):
    with pytest.raises(InputError, match="path 'prices' misses the year 2026"):
        Paths(model.paths.activity, model.paths.prices.drop(index=2026))
    with pytest.raises(InputError, match="path 'activity' has a value that is missing, zero or negative"):
        Paths(model.paths.activity * 0, model.paths.prices)
    table = model.elasticities
    hole = table[~((table["group"] == "27") & (table["parameter"] == "eps"))]
    with pytest.raises(InputError, match="no row for eps, .*, group 27"):
        replace(model, elasticities=hole).project()
    with pytest.raises(InputError, match="low <= central <= high"):
        replace(model, elasticities=table.assign(low=9.0)).project()
    with pytest.raises(InputError, match="forecast errors end at horizon 3"):
        replace(model, errors=model.errors.loc[:3]).project(draws=2)
    for wrong, match in ((lambda: trade.inputs.paths("middle"), "price path 'middle'"),
                         (lambda: trade.inputs.projection(elasticity_set="mid"), "elasticity set 'mid'"),
                         (lambda: trade.inputs.projection(shares="kept"), "method of shares 'kept'"),
                         (lambda: model.project().totals("constant"), "prices 'constant'"),
                         (lambda: trade.targets(model.project(), 300, 2035), "target year '2035'"),
                         (lambda: trade.targets(model.project(), -300), "turnover target is -300")):  # fmt: skip
        with pytest.raises(InputError, match=match):
            wrong()


def test_the_errors_of_the_intervals_are_computed_once_and_a_caller_cannot_change_those_of_the_next(monkeypatch):
    trade.inputs._errors.cache_clear()
    computed = []
    monkeypatch.setattr(
        trade.inputs, "rolling_errors", lambda **past: computed.append(1) or trade.rolling_errors(**past)
    )
    first = trade.inputs.projection(shares="held").errors
    kept = first.copy()
    first.loc[:] = 0.0
    pd.testing.assert_frame_equal(trade.inputs.projection(shares="moved", prices="low").errors, kept)
    trade.inputs.projection_base(2025, 2023)
    assert computed == [1]


# -------------------------------------------------------------------------------------------- valuation, shares
def test_valuation_keeps_the_customs_value_of_the_sectors_and_is_linear():
    mapping = data.load("sector_group")
    sectors = mapping[mapping["flow"] == FLOWS[0]].groupby("sector")["margin"].first()
    values = pd.DataFrame({"a": np.arange(1.0, len(sectors) + 1), "b": 2.0}, index=sectors.index)
    found = trade.valuation(values, mapping, rub_per_usd=67.05)
    assert found.sum().to_numpy() == pytest.approx(values.mul(sectors, axis=0).sum().to_numpy() / 67.05)
    twice = trade.valuation(2 * values, mapping)
    assert twice.to_numpy() == pytest.approx(2 * found.to_numpy())
    oil = trade.valuation(pd.DataFrame({"x": [100.0]}, index=["OIL"]), mapping)
    assert oil["x"].idxmax() == "27" and (oil["x"] > 0).sum() == 1


def test_valuation_refuses_shares_that_do_not_sum_to_one_and_unknown_sectors():
    mapping = data.load("sector_group")
    wrong = mapping.assign(share=mapping["share"].where(mapping["sector"] != "CHE", 0.9))
    one = pd.DataFrame({"x": [1.0]}, index=["MAC"])
    with pytest.raises(InputError, match="shares of sector CHE in RUS_to_CHN sum to 1.8; must sum to 1"):
        trade.valuation(one, wrong)
    nearly = mapping.assign(share=mapping["share"].where(mapping["sector"] != "MAC", mapping["share"] * 1.000095))
    assert trade.valuation(one, nearly).sum().item() > 0
    with pytest.raises(InputError, match="shares of sector MAC"):
        trade.valuation(one, nearly.assign(share=mapping["share"] * 1.000105).query("sector == 'MAC'"))
    with pytest.raises(InputError, match="unknown sector 'TRD'"):
        trade.valuation(one.rename(index={"MAC": "TRD"}), mapping)
    with pytest.raises(InputError, match="unknown flow 'CHN'"):
        trade.valuation(one, mapping, "CHN")


def test_valuation_splits_a_sector_and_takes_the_mean_rate_of_2016():
    rows = [("RUS_to_CHN", "MAC", "84-85", 0.75, 1.2), ("RUS_to_CHN", "MAC", "86-89", 0.25, 1.1),
            ("RUS_to_CHN", "CHE", "28-38", 1.0, 1.5), ("CHN_to_RUS", "MAC", "84-85", 1.0, 9.0)]  # fmt: skip
    mapping = pd.DataFrame(rows, columns=["flow", "sector", "group", "share", "margin"])
    found = trade.valuation(pd.DataFrame({"x": [100.0, 10.0]}, index=["MAC", "CHE"]), mapping)["x"] * 67.05
    assert found[["84-85", "86-89", "28-38"]].tolist() == pytest.approx([90, 27.5, 15])
    assert found.drop(["84-85", "86-89", "28-38"]).eq(0).all() and list(found.index) == list(GROUPS)


def test_held_shares_are_capped_and_miscellaneous_goods_take_the_share_of_the_total():
    world = pd.DataFrame({"world_musd": 1000.0, "china_musd": 100.0}, index=list(GROUPS))
    world.attrs["year"] = 2019
    total = pd.DataFrame({"world": [400.0, 500.0], "china": [100.0, 200.0]}, index=[2019, 2023])
    value = pd.Series(0.5, index=list(GROUPS))
    value["27"] = 50.0
    share = trade.china_shares(world, total, value, 2023, "held")
    assert share[["01-05", "27", "90-99"]].tolist() == pytest.approx([0.5 / 1.25, 0.95, 0.4])
    moved = trade.china_shares(world, total, value, 2023, "moved")
    odds = (0.1 / 0.9) * (0.4 / 0.6) / (0.25 / 0.75)
    assert moved[["01-05", "27", "90-99"]].tolist() == pytest.approx([odds / (1 + odds)] * 2 + [0.4])


def test_held_shares_imply_the_world_total_and_moved_ones_the_logit_of_the_total():
    held, moved = (trade.inputs.projection(shares=s).base for s in ("held", "moved"))
    world = data.load("world_exports")
    world = world[world["year"] == 2019].set_index("group").loc[list(GROUPS[:-1])]
    implied = held.value["RUS_to_CHN"] / held.share["RUS_to_CHN"]
    ratio = implied[list(GROUPS[:-1])] / world["world_musd"]
    assert ratio.to_numpy() == pytest.approx(np.full(15, ratio.iloc[0]))
    start = world["china_musd"] / world["world_musd"]
    end = moved.share["RUS_to_CHN"][list(GROUPS[:-1])]
    shift = np.log(end / (1 - end)) - np.log(start / (1 - start))
    assert shift.to_numpy() == pytest.approx(np.full(15, shift.iloc[0])) and shift.iloc[0] > 0


def test_observed_shares_are_exports_to_china_over_exports_to_the_world_of_one_source(inputs):
    observed = trade.inputs.projection(shares="observed").base
    assert observed.value.equals(inputs.base.value) and observed.share["CHN_to_RUS"].equals(
        inputs.base.share["CHN_to_RUS"]
    )
    exports, concordance = data.load("exports_to_world"), data.load("concordance")
    oil = exports[(exports["year"] == 2023) & (exports["chapter"] == "27")]["russia_musd"].sum()
    assert observed.share.loc["27", FLOWS[0]] == pytest.approx(1000 * observed.value.loc["27", FLOWS[0]] / oil)
    chapters = concordance[concordance["group"] == "84-85"]["chapter"]
    machines = exports[(exports["year"] == 2023) & exports["chapter"].isin(chapters)]["russia_musd"].sum()
    assert observed.share.loc["84-85", FLOWS[0]] == pytest.approx(
        1000 * observed.value.loc["84-85", FLOWS[0]] / machines
    )
    one = pd.Series(1.0, index=list(GROUPS))
    assert (trade.observed_shares(one, 4 * one) == 0.25).all()
    with pytest.raises(InputError, match="exports of group 27 is 2; both figures must be there"):
        trade.observed_shares(one.where(one.index != "27", 8.0), 4 * one)
    with pytest.raises(InputError, match="exports of group 90-99 is nan"):
        trade.observed_shares(one, 4 * one.drop("90-99"))


# ----------------------------------------------------------------------------------------------------- backtest
def small_history():
    """Two series of two groups; the structure of CHN_to_RUS is known from 2018 only."""
    rows = [("A", f, g, y, v * (1 + 0.1 * (y - 2015))) for f in FLOWS for g, v in (("27", 3.0), ("84-85", 1.0))
            for y in range(2015, 2021) if f == FLOWS[0] or y >= 2018]  # fmt: skip
    rows += [("B", FLOWS[0], "27", y, 500.0) for y in range(2015, 2021)]
    table = pd.DataFrame(rows, columns=["series", "flow", "group", "year", "value_bn_usd"])
    totals = table[table["series"] == "A"].groupby(["series", "flow", "year"], as_index=False)["value_bn_usd"].sum()
    china = pd.DataFrame([("C", f, y, 50.0) for f in FLOWS for y in range(2015, 2021)],
                         columns=["series", "flow", "year", "value_bn_usd"])  # fmt: skip
    return pd.concat([table, pd.concat([totals, china]).assign(group="TOTAL")], ignore_index=True)


def small_arguments():
    elasticities = pd.DataFrame([(f, g, p, "brent", v) for f in FLOWS for g, e in (("27", 1.0), ("84-85", 2.0))
                                 for p, v in (("eps", e), ("phi", 0.5), ("theta", 4.0))],
                                columns=["flow", "group", "parameter", "driver", "central"])  # fmt: skip
    years = range(2015, 2021)
    activity = pd.DataFrame({f: [1.1 ** (y - 2015) for y in years] for f in FLOWS}, index=years)
    prices = pd.DataFrame({"brent": [1.21 ** (y - 2015) for y in years]}, index=years)
    world = pd.DataFrame({FLOWS[0]: [100.0, 100, 100, 100, 150, 200], FLOWS[1]: 7.0}, index=years)
    return {"history": small_history(), "elasticities": elasticities, "paths": Paths(activity, prices), "world": world}


def test_every_method_of_forecast_is_the_one_described():
    errors = trade.forecast_errors(**small_arguments(), origin=2018, years=[2019, 2020])
    rows = errors.set_index(["series", "flow", "group", "year", "method"])["forecast_bn_usd"]
    key = ("A", FLOWS[0], "27", 2020)
    value = 3 * 1.3
    assert rows[(*key, "model")] == pytest.approx(value * 1.1**2 * 1.21 ** (0.5 * 2))
    assert rows[(*key, "no change")] == pytest.approx(value)
    assert rows[(*key, "last share")] == pytest.approx(value * 200 / 100)
    past = 3 * np.array([1.0, 1.1, 1.2, 1.3])
    slope, level = np.polyfit(range(-3, 1), np.log(past), 1)
    assert rows[(*key, "trend")] == pytest.approx(np.exp(level + 2 * slope))
    assert set(errors["horizon"]) == {1, 2} and (errors["horizon"] == errors["year"] - 2018).all()
    assert errors["log_error"].to_numpy() == pytest.approx(
        np.log(errors["forecast_bn_usd"] / errors["actual_bn_usd"]).to_numpy(), nan_ok=True
    )
    assert len(errors) == 4 * 2 * 9 and errors.index.is_unique, "nine series and groups, two years, four methods"


def test_a_total_without_groups_of_its_own_takes_the_latest_structure_known_at_the_origin():
    arguments = small_arguments()
    history = arguments["history"]
    later = (history["flow"] == FLOWS[1]) & (history["year"] > 2018) & (history["group"] == "27")
    history.loc[later, "value_bn_usd"] *= 9
    growth = {g: 1.1 ** (e * 2) * 1.21**1 for g, e in (("27", 1), ("84-85", 2))}
    expected = 50 * (0.75 * growth["27"] + 0.25 * growth["84-85"])
    for flow in FLOWS:
        # CHN_to_RUS has no structure in 2016: the first one that is known stands in.
        errors = trade.forecast_errors(**arguments, origin=2016, years=[2018])
        rows = errors[(errors["series"] == "C") & (errors["method"] == "model")].set_index("flow")
        assert rows.loc[flow, "forecast_bn_usd"] == pytest.approx(expected)
    moved = arguments["history"]
    one = (moved["series"] == "A") & (moved["flow"] == FLOWS[0]) & (moved["year"] == 2016)
    moved.loc[one & (moved["group"] == "27"), "value_bn_usd"] = 1.0
    moved.loc[one & (moved["group"] == "84-85"), "value_bn_usd"] = 3.0
    errors = trade.forecast_errors(**arguments, origin=2016, years=[2018])
    rows = errors[(errors["series"] == "C") & (errors["method"] == "model")].set_index("flow")
    other = 50 * (0.25 * growth["27"] + 0.75 * growth["84-85"])
    assert rows.loc[FLOWS[0], "forecast_bn_usd"] == pytest.approx(other)


def test_a_total_takes_the_structure_of_one_reporter_the_first_and_never_a_mixture():
    arguments = small_arguments()
    history = arguments["history"]
    first = history["series"].replace({"B": "0"})  # knows oil alone
    errors = trade.forecast_errors(**{**arguments, "history": history.assign(series=first)}, origin=2018, years=[2020])
    rows = errors[(errors["series"] == "C") & (errors["method"] == "model")].set_index("flow")
    assert rows.loc[FLOWS[0], "forecast_bn_usd"] == pytest.approx(50 * 1.1**2 * 1.21)


def test_a_trend_needs_three_years_and_skips_missing_ones():
    arguments = small_arguments()
    errors = trade.forecast_errors(**arguments, origin=2016, years=[2018])
    assert errors[errors["method"] == "trend"]["forecast_bn_usd"].isna().all(), "two years give no trend"
    later = trade.forecast_errors(**arguments, origin=2017, years=[2018])
    assert later[(later["method"] == "trend") & (later["flow"] == FLOWS[0])]["forecast_bn_usd"].notna().all()
    history = arguments["history"]
    hole = (history["group"] == "27") & (history["year"] == 2016) & (history["series"] == "A")
    gap = trade.forecast_errors(**{**arguments, "history": history[~hole]}, origin=2018, years=[2020])
    gap = gap[(gap["method"] == "trend") & (gap["series"] == "A") & (gap["group"] == "27")].set_index("flow")
    slope, level = np.polyfit([-3, -1, 0], np.log(3 * np.array([1.0, 1.2, 1.3])), 1)
    assert gap.loc[FLOWS[0], "forecast_bn_usd"] == pytest.approx(np.exp(level + 2 * slope))


def test_rolling_errors_pair_every_origin_with_every_later_year_to_2023():
    errors = trade.rolling_errors(**small_arguments())
    pairs = errors[["origin", "year"]].drop_duplicates()
    assert sorted(map(tuple, pairs.to_numpy())) == [(o, y) for o in range(2015, 2020) for y in range(o + 1, 2021)]
    assert errors.index.is_unique
    early = trade.rolling_errors(**small_arguments(), last=2018)
    assert early["year"].max() == 2018
    with_holdout = trade.inputs.history(2025)
    assert trade.rolling_errors(**with_holdout)["year"].max() == 2023


def test_error_table_is_the_root_mean_square_the_mean_and_the_number():
    errors = pd.DataFrame({"flow": "a", "method": ["m", "m", "n"], "log_error": [3.0, -4.0, np.nan]})
    row = trade.error_table(errors).iloc[0]
    assert row["rms"] == pytest.approx(12.5**0.5) and row["mean"] == -0.5 and row["errors"] == 2
    assert len(trade.error_table(errors)) == 1


def test_interval_errors_of_a_worked_example():
    rows = [("s", f, g, 2015, 2015 + h, h, m, v, 1.0, e) for f in FLOWS for m in ("model", "trend")
            for g, h, v, e in (("TOTAL", 1, 4.0, 0.1), ("TOTAL", 2, 4.0, 0.05), ("27", 1, 2.0, 0.4),
                               ("84-85", 1, 1.0, -0.2), ("27", 2, 1.0, 0.05))]  # fmt: skip
    columns = ["series", "flow", "group", "origin", "year", "horizon", "method", "forecast_bn_usd", "actual_bn_usd",
               "log_error"]  # fmt: skip
    errors = pd.DataFrame(rows, columns=columns)
    errors["log_error"] = errors["log_error"].where(errors["method"] == "model", 9.0)
    table = trade.interval_errors(errors)
    assert table.index.tolist() == list(range(1, 16)) and table.index.name == "horizon"
    group = ((3 * 0.3**2 + 2 * 0.3**2) / 5) ** 0.5
    for flow in FLOWS:
        assert table[f"{flow}_total"].to_numpy() == pytest.approx(np.full(15, 0.1)), "it never falls"
        assert table[f"{flow}_group"].to_numpy() == pytest.approx(np.full(15, group))
    other = errors.copy()
    other.loc[(other["group"] == "84-85"), "log_error"] = 0.6
    uneven = ((3 * 0.3**2 + 2 * 0.5**2) / 5) ** 0.5
    assert trade.interval_errors(other, horizon=3).loc[1, "RUS_to_CHN_group"] == pytest.approx(uneven)
    assert len(trade.interval_errors(other, horizon=3)) == 3


def test_values_after_the_origin_never_enter_a_forecast(past):
    changed = past["history"].copy()
    later = changed["year"] > 2019
    changed["value_bn_usd"] = changed["value_bn_usd"].where(~later, changed["value_bn_usd"] * 3)
    one = trade.forecast_errors(**past, origin=2019, years=[2021, 2023])
    other = trade.forecast_errors(**{**past, "history": changed}, origin=2019, years=[2021, 2023])
    same = ["series", "flow", "group", "year", "method", "forecast_bn_usd"]
    pd.testing.assert_frame_equal(one[same], other[same])
    assert (other["log_error"] - one["log_error"] + np.log(3)).abs().max() < 1e-12


def test_naive_methods_are_exact_where_they_must_be(past):
    steady = past["history"].copy()
    start = steady.groupby(["series", "flow", "group"])["value_bn_usd"].transform("first")
    trend = steady.assign(value_bn_usd=start * 1.07 ** (steady["year"] - 2013))
    errors = trade.forecast_errors(**{**past, "history": trend}, origin=2019, years=[2023]).set_index("method")[
        "log_error"
    ]
    assert errors["trend"].abs().max() < 1e-9
    assert errors["no change"].to_numpy() == pytest.approx(-4 * np.log(1.07))
    still = past["history"].assign(value_bn_usd=start)
    constant = past["paths"].activity * 0 + 1, past["paths"].prices * 0 + 1
    errors = trade.forecast_errors(still, past["elasticities"], Paths(*constant), past["world"], 2019, [2022])
    assert errors[errors["method"].isin(["model", "no change", "trend"])]["log_error"].abs().max() < 1e-12


def test_the_model_forecast_of_the_backtest_is_the_projection(model, past):
    errors = trade.forecast_errors(**past, origin=2019, years=[2023])
    model_2019 = TradeModel(**{**vars(trade.inputs.projection(base_year=2019)), "errors": None})
    projected = last(model_2019.project(years=[2019, 2023]))
    rows = errors[(errors["series"] == "BACI") & (errors["method"] == "model") & (errors["group"] != "TOTAL")]
    forecast = rows.pivot(index="group", columns="flow", values="forecast_bn_usd").loc[list(GROUPS), list(FLOWS)]
    assert forecast.to_numpy() == pytest.approx(projected.to_numpy())


def test_a_total_is_forecast_as_the_sum_of_its_groups(past):
    errors = trade.forecast_errors(**past, origin=2019, years=[2023])
    baci = errors[(errors["series"] == "BACI") & (errors["method"] == "model")]
    for _, rows in baci.groupby("flow"):
        total = rows[rows["group"] == "TOTAL"]["forecast_bn_usd"].item()
        assert rows[rows["group"] != "TOTAL"]["forecast_bn_usd"].sum() == pytest.approx(total)


def test_holdout_years_stay_out_of_history_and_of_the_intervals(past, rolling):
    assert past["history"]["year"].max() == 2023 and rolling["year"].max() == 2023
    assert trade.inputs.history(2025)["history"]["year"].max() == 2025


def test_reporters_are_never_chained(past):
    spans = past["history"].groupby(["series", "flow"])["year"].agg(["min", "max"])
    assert spans.loc[("RUS", "RUS_to_CHN")].tolist() == [2013, 2021]
    assert spans.loc[("BACI", "RUS_to_CHN")].tolist() == [2017, 2023]
    groups = past["history"][past["history"]["series"] == "RUS"]["group"].unique()
    assert "64-99" in groups and "84-85" not in groups


def test_interval_errors_never_fall_with_the_horizon_and_match_the_rolling_errors(rolling):
    table = trade.interval_errors(rolling)
    assert (table.diff().iloc[1:] >= 0).all(axis=None) and (table > 0).all(axis=None)
    first = rolling[(rolling["method"] == "model") & (rolling["horizon"] == 1) & (rolling["group"] == "TOTAL")]
    first = first[first["flow"] == "RUS_to_CHN"]["log_error"]
    assert table.loc[1, "RUS_to_CHN_total"] == pytest.approx(np.sqrt((first**2).mean()))
    with pytest.raises(InputError, match="no rolling errors for CHN_to_RUS"):
        trade.interval_errors(rolling[rolling["flow"] == "RUS_to_CHN"])


def test_demand_and_price_beat_the_naive_forecasts_for_russias_exports_in_total(rolling):
    total = rolling[(rolling["group"] == "TOTAL") & (rolling["flow"] == "RUS_to_CHN") & (rolling["series"] == "CHN")]
    rms = trade.error_table(total, ["method"]).set_index("method")["rms"]
    assert rms["model"] == rms.min()


def test_a_backtest_refuses_wrong_years_and_a_gap(past):
    with pytest.raises(InputError, match="unknown origin '2009'"):
        trade.forecast_errors(**past, origin=2009, years=[2015])
    with pytest.raises(InputError, match="year 2018 cannot be forecast from 2019"):
        trade.forecast_errors(**past, origin=2019, years=[2018])
    hole = past["history"][past["history"]["year"] != 2018]
    with pytest.raises(InputError, match="history misses the year 2018"):
        trade.rolling_errors(**{**past, "history": hole})


# --------------------------------------------------------------------------------------------------------- data
def test_levers_start_at_nothing_are_ordered_and_name_known_groups():
    table = data.load("trade_levers")
    assert (table["low"] == 0).all() and (table["low"] <= table["central"]).all()
    assert (table["central"] < table["high"]).all() and (table["high"] < 1).all()
    for lever, rows in table.groupby("lever"):
        groups = [g for cell in rows["groups"] for g in cell.split("; ")]
        assert sorted(groups) == sorted(GROUPS), f"lever {lever} must name every group once"


def test_price_paths_are_ordered_complete_and_leave_2025_observed_brent_alone():
    paths = {p: trade.inputs.paths(p).prices for p in ("low", "mid", "high")}
    late = range(2026, 2031)
    assert (paths["low"].loc[late] <= paths["mid"].loc[late]).all(axis=None)
    assert (paths["mid"].loc[late] <= paths["high"].loc[late]).all(axis=None)
    assert paths["low"].loc[2030, "brent"] == 40 and paths["high"].loc[2030, "brent"] == 100
    assert len({p.loc[2025, "brent"] for p in paths.values()}) == 1


def test_the_sectoral_panel_is_a_full_square_with_symmetric_pairs():
    panel = trade.inputs.gravity()
    assert len(panel) == 5 * 40 * 40 * 16 and panel.notna().all(axis=None)
    cells = data.load("gravity_sectors").drop(columns=["year", "sector", "exporter"]).select_dtypes("number")
    assert np.array_equal(np.sort(panel["value"]), np.sort(cells.to_numpy(), axis=None))
    assert (panel["value"] < 0).sum() == 50, "negative cells of the source stay, to be counted by the estimation"
    swapped = panel.rename(columns={"exporter": "importer", "importer": "exporter"})
    both = panel.merge(swapped, on=["year", "exporter", "importer", "sector"])
    assert (both["fta_x"] == both["fta_y"]).all() and (both["distance_km_x"] == both["distance_km_y"]).all()


def test_every_sector_of_the_valuation_table_splits_completely():
    table = data.load("sector_group")
    sums = table.groupby(["flow", "sector"])["share"].sum()
    assert sums.to_numpy() == pytest.approx(np.ones(len(sums)), abs=1e-9)
    assert set(table["group"]) <= set(GROUPS) and (table["margin"] >= 1).all()


# --------------------------------------------------------------------------------------------- simulation (slow)
@pytest.mark.slow
def test_intervals_of_200_simulated_panels_cover_the_true_effects_90_to_98_percent_of_the_time():
    found = trade.gravity.estimate(simulated(panels=200, countries=24, seed=3), specifications=["no_pair"]).coefficients
    inside = (found["ci_low"] <= found["term"].map(TRUE)) & (found["term"].map(TRUE) <= found["ci_high"])
    assert len(found) == 200 * len(TRUE)
    coverage = inside.groupby(found["term"]).mean()
    assert coverage.between(0.90, 0.98).all(), coverage
    means = found.groupby("term")["coefficient"].mean()
    assert means.to_dict() == pytest.approx(TRUE, abs=0.06)
