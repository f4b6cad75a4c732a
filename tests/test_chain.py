"""The chain: identities between scenarios, one count of the spillover, round trips, and bad input."""

import numpy as np
import pandas as pd
import pytest

from rutrade import InputError, chain, data, economy, project
from rutrade.scenarios import Scenario


@pytest.fixture(scope="module")
def prepared():
    return chain.prepare()


@pytest.fixture(scope="module")
def run(prepared):
    results = {}

    def cached(**values):
        key = tuple(sorted(values.items()))
        if key not in results:
            results[key] = chain.run(Scenario.check(**({"draws": 0} | values)), prepared)
        return results[key]

    return cached


def test_inertial_equals_the_chain_without_a_project(run):
    f = run(research_infrastructure=False).figures
    for name in ("gva_effect_bn_rub", "consumption_effect_bn_rub", "exports_china_effect_bn_rub", "shift_pp"):
        assert f[name] == 0.0
    assert f["share_constant"] == f["share_reference_constant"]


def test_a_project_without_purchases_and_sales_changes_nothing(prepared):
    empty = economy.ProjectColumn(chain.BUILT, chain.REGION, chain.HORIZON)
    with_ = prepared.model.solve([empty])
    assert with_.consumption == pytest.approx(prepared.inertial.consumption, abs=1e-6)
    assert np.abs(with_.gva - prepared.inertial.gva).to_numpy().max() < 1e-4


def test_direct_and_indirect_add_up_to_the_total(run):
    effect = run().tables["effect_gva"]
    assert np.allclose(effect["direct"] + effect["indirect"], effect["total"], atol=1e-9)
    assert effect["total"].sum() == pytest.approx(run().figures["gva_effect_bn_rub"])


def test_the_value_at_base_prices_is_linear_in_the_size_of_the_sales(run):
    def priced(multiplier):
        table = run(multiplier=multiplier).tables["effect_priced"]
        return table[table["project"] == chain.SOLD].set_index("term")["z_bn_rub_2016"]

    assert np.allclose(priced(8.0), 2 * priced(4.0), rtol=1e-9)


def test_capital_cost_enters_linearly_and_only_costs(run):
    base, dear = (run(cost_overrun=x).figures for x in (0.0, 0.5))
    assert dear["npv_public_market"] < base["npv_public_market"]
    assert dear["consumption_effect_bn_rub"] < base["consumption_effect_bn_rub"]


def test_the_spillover_in_both_places_fails_loudly(prepared):
    built = project.from_data("programme", prepared.project_tables)
    both = project.evaluate(built, spillover=True)
    shape = both.ledger[both.ledger["item"] == "spillover"].groupby("year")["bn_rub_2016"].sum()
    with pytest.raises(InputError, match="it must be in one only"):
        chain.public_value(both, 1.0, shape)
    once = project.evaluate(built, spillover=False)
    value, flow = chain.public_value(once, 1.0, shape)
    assert flow[chain.HORIZON] == pytest.approx(once.flow("public")[chain.HORIZON] + 1.0)
    assert value > chain.public_value(once, 0.0, shape)[0]


def test_purchases_and_staff_of_the_column_are_the_ledgers(prepared):
    evaluation = project.evaluate(project.from_data("programme", prepared.project_tables))
    built, sold = chain.columns(prepared.model.tables, evaluation, Scenario())
    flows = evaluation.technological_column(chain.HORIZON).groupby("flow").sum()
    assert sum(built.capital.values()) == pytest.approx(flows["capital_goods"])
    assert sum(built.current.values()) == pytest.approx(flows["current_inputs"])
    assert sum(sold.output.values()) == pytest.approx(flows["commercialised_output"])
    assert not any(built.output.values()) and not any(sold.capital.values())


def test_a_lever_of_zero_is_no_lever_and_redirection_moves_only_the_named_groups(run):
    base, moved = (run(redirection=x).tables["trade"].set_index(["flow", "group", "year"]) for x in (0.0, 0.3))
    same = [g for g in base.index.get_level_values("group").unique() if g not in chain.ENGINEERING_CHEMICALS]
    a, b = (t["value_bn_usd"].loc[(slice(None), same, slice(None))] for t in (base, moved))
    assert np.allclose(a, b)
    assert run(redirection=0.3).figures["share_constant"] > run().figures["share_constant"] + 5


@pytest.mark.slow
def test_export_supply_follows_the_economys_stages_from_an_earlier_base_year_too():
    s = Scenario.check(projection_base=2019)
    p = chain.prepare(s)
    supply = chain.scenario._supply(p.inertial, p.inertial, p, s, own=False)
    first, last, end = (
        chain.scenario._by_group(x.exports.sum(("region", "partner")), p)
        for x in (p.history[2019], p.history[2023], p.inertial)
    )
    assert np.allclose(supply.loc[2019], 1.0)
    assert np.allclose(supply.loc[2023], (last / first).fillna(1.0))
    assert np.allclose(supply.loc[2030], (end / first).fillna(1.0))


def test_feedback_agrees_with_none_when_no_cap_binds(run):
    without, with_ = run(), run(feedback=True)
    assert without.figures["capped_groups"] == 0
    assert with_.tables["feedback"]["converged"].iloc[-1]
    for name, value in without.figures.items():
        assert with_.figures[name] == pytest.approx(value, rel=1e-9, abs=1e-9), name


def test_feedback_lowers_capped_exports_and_says_whether_it_converged(run):
    free, bound = (run(headroom=0.0, export_support=1.0, feedback=x) for x in (False, True))
    assert free.figures["capped_groups"] > 0
    steps = bound.tables["feedback"]
    assert steps["converged"].iloc[-1] and len(steps) < chain.STEPS
    assert bound.figures["exports_china_effect_bn_rub"] < free.figures["exports_china_effect_bn_rub"]
    hasty = run(headroom=0.0, export_support=1.0, feedback=True, feedback_damping=0.05, feedback_tolerance=1e-6)
    assert len(hasty.tables["feedback"]) == chain.STEPS and not hasty.tables["feedback"]["converged"].any()


def test_the_folder_round_trips(run, tmp_path):
    result = run()
    again = chain.load(result.write(tmp_path / "result"))
    assert again.equals(result)
    assert again.figures == dict(result.figures)
    assert not list(tmp_path.glob(".*"))


def test_a_folder_without_a_result_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no result of the chain"):
        chain.load(tmp_path)


def test_results_do_not_depend_on_what_was_solved_before(run, prepared):
    first = chain.run(Scenario.check(draws=50, multiplier=5.0), prepared)
    chain.run(Scenario.check(draws=0, rail_capacity=200.0, multiplier=100.0), prepared)
    chain.run(Scenario.check(draws=0, productivity_effect=0.03), prepared)
    assert chain.run(Scenario.check(draws=50, multiplier=5.0), prepared).equals(first)


def test_a_tighter_railway_costs_and_is_used_to_the_full(run):
    tight, wide = run(rail_capacity=140.0).figures, run(rail_capacity=253.0).figures
    assert tight["rail_used_mt"] == pytest.approx(140, abs=1e-6) and tight["rail_price"] > 0
    assert wide["rail_price"] == 0 and wide["rail_used_mt"] < 253


@pytest.mark.slow
def test_twelve_sectors_run_by_the_same_code():
    result = chain.run(Scenario.check(sectors="12", draws=0))
    assert len(result.tables["exports_sector"]) == 12
    assert result.figures["share_constant"] == pytest.approx(3.8, abs=0.5)


def test_the_result_holds_parameters_with_sources_and_data_hash(run):
    result = run()
    assert result.manifest["data"] == data.fingerprint()
    assert set(result.tables["parameters"]["parameter"]) == set(Scenario.model_fields)
    assert (result.tables["parameters"]["source"].str.len() > 0).all()


@pytest.mark.parametrize(
    "share, p, total, expected", [(0, 50, 100, 100), (3.84, 5, 147, 0.05 * 147 / (1 - 0.0384 - 0.05))]
)
def test_break_even_is_the_export_that_lifts_the_share(share, p, total, expected):
    extra = chain.break_even(share, p, total)
    assert extra == pytest.approx(expected)
    assert 100 * (share / 100 * total + extra) / (total + extra) == pytest.approx(share + p)


def test_break_even_beyond_the_whole_is_refused():
    with pytest.raises(InputError, match="together below 100"):
        chain.break_even(60, 50, 100)


def test_crossing_interpolates_and_says_never():
    line = pd.Series([0.0, 2.0, 6.0], index=[0.1, 0.2, 0.3])
    assert chain.crossing(line, 4.0) == pytest.approx(0.25)
    assert np.isnan(chain.crossing(line, 7.0))
