"""Parts of the chain by hand: figures of a shock in three columns, what sales and gains are worth by year."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from rutrade import chain, data, economy, stored
from rutrade.chain import projects, three
from rutrade.chain.link import CHINA, HOME, Shock
from rutrade.scenarios import Scenario

SECTORS = pd.DataFrame(
    {"group": ["energy", "engineering", "chemicals", "services"], "goods": [True, True, True, False]}
)
REGIONS = pd.DataFrame({"sanctions": [False, False, True, True]}, index=[HOME, CHINA, "DEU", "USA"])


def trade_of(exports, imports):
    """Flows (importer, sector, exporter) of which only those between Russia and China matter."""
    flows = np.full((4, 4, 4), 777.0)
    flows[1, :, 0], flows[0, :, 1] = exports, imports
    return flows


BASE = SimpleNamespace(
    regions=REGIONS, sectors=SECTORS, region=list(REGIONS.index).index,
    trade=trade_of([60.0, 30, 10, 5], [0.0, 50, 30, 9]),
)  # fmt: skip
# goods sold 100 -> 126, of them engineering and chemicals 40 -> 63; bought 80 -> 60; services count nowhere
AFTER = [63.0, 45, 18, 50], [0.0, 40, 20, 99]
BY_HAND = {
    "Russia's exports to China, %": 26.0, "of them engineering and chemicals, %": 57.5,
    "share of engineering and chemicals, percentage points": 10.0, "Russia's imports from China, %": -25.0,
}  # fmt: skip


def linked_to(exports, imports, consumption, passes):
    """What a link gives, as far as the three columns look at it."""
    flows = {(HOME, CHINA): np.array(exports), (CHINA, HOME): np.array(imports)}
    return SimpleNamespace(
        link=SimpleNamespace(base=BASE, without=SimpleNamespace(consumption=200.0)), flow=lambda *pair: flows[pair],
        economy=SimpleNamespace(consumption=consumption), passes=pd.DataFrame({"pass": passes}),
    )  # fmt: skip


def test_the_three_columns_are_changes_of_goods_in_percent_and_of_the_share_in_points():
    both, alone = linked_to(*AFTER, 203.0, [0, 1, 2]), linked_to([60.0, 30, 10, 5], [0.0, 50, 30, 9], 198.0, [0])
    links = [SimpleNamespace(base=BASE, solve=lambda shock, x=x: x) for x in (both, alone)]
    table = three.compare(*links, {"railway": Shock(rail_capacity=100.0)})
    assert set(table["shock"]) == {"railway"} and (table["passes"] == 2).all()
    table = table.set_index("figure")
    assert table["linked"].to_dict() == pytest.approx(BY_HAND | {"Russia's consumption, %": 1.5})
    expected = dict.fromkeys(BY_HAND, 0.0) | {"Russia's consumption, %": -1.0}
    assert table["economy alone"].to_dict() == pytest.approx(expected)
    assert (table["world alone"] == 0).all(), "the world sees no railway"


def test_the_worlds_own_column_is_its_trade_and_welfare():
    world = SimpleNamespace(trade=trade_of(*AFTER), welfare=pd.Series({HOME: 0.97, CHINA: 1.5}))
    found = three.figures_of_world(BASE, world)
    assert {three.FIGURES[k]: v for k, v in found.items()} == pytest.approx(BY_HAND | {"Russia's consumption, %": -3.0})


def test_the_shocks_of_every_table_are_of_the_size_their_titles_say():
    shocks = three.standard(BASE)
    assert len(shocks) == 4
    made, cheaper, barred, oil = shocks.values()
    titles = list(shocks)
    assert "+10 %" in titles[0] and set(made.productivity.values()) == {1.1}
    assert set(made.productivity) == {"engineering", "chemicals"}
    assert "-5 %" in titles[1] and set(cheaper.trade_cost.values()) == {0.95}
    assert {pair[:2] for pair in cheaper.trade_cost} == {(HOME, CHINA), (CHINA, HOME)}
    assert "+20 %" in titles[2] and set(barred.trade_cost.values()) == {1.2}
    assert {pair[:2] for pair in barred.trade_cost} == {(HOME, "DEU"), ("DEU", HOME), (HOME, "USA"), ("USA", HOME)}
    assert "-30 %" in titles[3] and oil.oil_price == 0.7
    column = SimpleNamespace(name="column")
    assert three.standard(BASE, (column,))["The programme"].projects == (column,)


def test_means_over_pairs_do_not_depend_on_the_unit_of_the_weights():
    pairs = chain.Concordance(("a", "b", "c"), ("x", "y"), np.array([[1, 0], [1, 0], [0, 1]], bool))
    values, weights = np.array([1.0, 4.0, 9.0]), np.array([1.0, 2.0, 0.0])
    for unit in (1e-6, 1e-2, 1e6):
        assert pairs.to_economy(values, unit * weights) == pytest.approx([3.0, 9.0])


# --- a project at the economy's prices ---


def appraised(shape, capital, sold, base_year=2026):
    """An appraisal as far as its value at the economy's prices looks at it."""
    objects = [SimpleNamespace(name=name, capital_goods_bn_rub_2016=spent) for name, spent in capital.items()]
    horizon = np.arange(2024, 2030)
    column = pd.Series(sold, dtype=float)
    column.index = pd.MultiIndex.from_tuples([("commercialised_output", s) for s in sold], names=["flow", "sector"])
    return SimpleNamespace(
        project=SimpleNamespace(objects=objects, horizon=horizon, base_year=base_year),
        shape=lambda effect: shape if effect == "productivity" else None, technological_column=lambda year: column,
    )  # fmt: skip


SHAPE = pd.DataFrame({"lab": [0.0, 0.5, 1.0, 1.0], "hall": [0.0, 0.0, 0.0, 0.4]}, index=[2026, 2027, 2028, 2029])


def test_the_gain_of_a_programme_is_that_of_its_objects_weighted_with_their_capital():
    evaluation = appraised(SHAPE, {"hall": {2024: 1.0, 2025: 0.5}, "lab": {2024: 4.5}}, {"MAC": 1.0})
    assert projects.gained(evaluation).to_dict() == pytest.approx({2026: 0, 2027: 0.375, 2028: 0.75, 2029: 0.85})
    nothing = projects.gained(appraised(SHAPE[[]], {}, {"MAC": 1.0}))
    assert nothing.index.tolist() == SHAPE.index.tolist() and (nothing == 0).all()


def test_sales_are_worth_what_home_china_and_others_pay_and_gains_what_they_add_from_the_base_year_on():
    rows = {}
    for node, dear in ((2026, 1.0), (2029, 2.0)):
        uses = (("home", 0.5), ("china", 0.8), ("others", 0.7))
        rows |= {(node, "MAC", use): dear * worth for use, worth in uses}
        rows |= {(node, sector, "productivity"): dear * 10.0 for sector in ("MAC", "CHE", "OTR")}
    duals = pd.DataFrame({"MAC": [1.0, 1.0]}, index=[2026, 2029])
    found = chain.prices.Prices(duals, pd.Series(rows))
    evaluation = appraised(SHAPE, {"lab": {2024: 3.0}, "hall": {2024: 3.0}}, {"MAC": 2.0})
    s = Scenario(export_propensity=0.4, china_share=0.25, productivity_effect=0.01)
    sales = 2.0 * (0.6 * 0.5 + 0.1 * 0.8 + 0.3 * 0.7)
    gain = 3 * 0.01 * 10.0
    expected = {2026: sales, 2027: sales + 0.25 * gain, 2028: 2 * (sales + 0.5 * gain), 2029: 2 * (sales + 0.7 * gain)}
    assert chain.prices.added(evaluation, s, found).to_dict() == pytest.approx(expected)


def test_stored_prices_are_of_every_solved_year_and_sector_and_gains_of_renewed_sectors_only():
    found = chain.prices.prices()
    table = data.load("sectors")
    sectors, renewed = set(table["sector"]), table.loc[table["renewed"], "sector"]
    assert tuple(found.duals.index) == economy.NODES[1:]
    assert set(found.duals) == sectors | {"labour", "foreign_exchange"}
    worth = found.worth.unstack("kind")
    assert set(worth) == {"home", "china", "others", "productivity"}
    assert set(worth.index) == {(year, sector) for year in found.duals.index for sector in sectors}
    gains = worth["productivity"].dropna()
    assert set(gains.index.get_level_values("row")) == set(renewed)
    assert worth.drop(columns="productivity").notna().all().all() and (gains > 0).all()


def test_who_reads_a_stored_result_is_made_from_the_tables_it_was_made_from(monkeypatch):
    monkeypatch.setattr(data.tables, "_used", set())
    chain.prices.prices()
    assert {"national_io_2016", "interregional_2016", "regional_keys"} <= set(data.used())


@pytest.mark.slow
def test_the_stored_prices_are_those_of_the_economy_today():
    found, path = chain.prices.prices(), economy.inputs.solved()
    duals = path.duals("NSK")
    pd.testing.assert_frame_equal(found.duals, duals, check_like=True, check_names=False, rtol=1e-5)
    unit = economy.ProjectColumn("one unit", "NSK", 2026, effect_source="assumption")
    cases = {
        ("MAC", "china"): {"output": {"MAC": 1.0}, "export_share": 1.0, "china_share": 1.0},
        ("CHE", "home"): {"output": {"CHE": 1.0}},
        ("ELE", "productivity"): {"productivity": {"ELE": 1.0}},
    }
    for (sector, use), values in cases.items():
        column = dataclasses.replace(unit, **values)
        value = path.value(lambda year, own=column: own, list(duals.index))["value"]
        assert value.to_dict() == pytest.approx({y: found.worth[y, sector, use] for y in duals.index}, rel=1e-5)
    gains = found.worth.xs("productivity", level="kind")
    every = dataclasses.replace(unit, productivity=dict.fromkeys(gains.index.unique("row"), 0.01))
    value = path.value(lambda year: every, list(duals.index))["value"]
    assert value.to_dict() == pytest.approx((0.01 * gains.groupby("year").sum()).to_dict(), rel=1e-5)


def test_prices_are_kept_and_read_by_year_as_duals_and_as_the_worth_of_one_unit_by_use(monkeypatch):
    """A path of two years on which a unit sold is worth what its export shares say, a gain ten times as much."""
    asked = []

    def value(column, years):
        found = {}
        for year in years:
            c = column(year)
            asked.append(c)
            size = sum(c.output.values()) * (1 + c.export_share + 2 * c.china_share) + 10 * sum(c.productivity.values())
            found[year] = (year - 2000) * size
        return pd.DataFrame({"value": found})

    duals = pd.DataFrame({"MAC": [1.5, 1.6], "TRD": [0.9, 0.8], "labour": [1.1, 1.2]}, index=[2026, 2030])
    path = SimpleNamespace(
        tables=SimpleNamespace(
            sectors=("MAC", "TRD"), regions=("CFD", "NSK"),
            data=SimpleNamespace(sectors=pd.DataFrame({"renewed": [True, False]}, ["MAC", "TRD"])),
        ), value=value,
        duals=lambda region: duals if region == "NSK" else None,
    )  # fmt: skip
    kept = []
    monkeypatch.setattr(economy.inputs, "solved", lambda: path)
    monkeypatch.setattr(stored, "keep", lambda name, table, *rest: kept.append((name, table)) or {})
    chain.prices.renew_prices()
    ((name, table),) = kept
    assert name == "prices" and list(table) == ["year", "row", "kind", "value"]
    assert {c.region for c in asked} == {"NSK"}
    cells = table.set_index(["kind", "year", "row"])["value"].to_dict()
    expected = {("dual", year, row): duals.at[year, row] for year in duals.index for row in duals}
    for year in duals.index:
        for sector in ("MAC", "TRD"):
            for use, worth in (("home", 1), ("china", 4), ("others", 2)):
                expected[use, year, sector] = (year - 2000) * worth
        expected["productivity", year, "MAC"] = (year - 2000) * 10
    assert cells == pytest.approx(expected)
    monkeypatch.setattr(stored, "read", lambda name, definition: table)
    found = chain.prices.prices()
    pd.testing.assert_frame_equal(found.duals, duals, check_like=True, check_names=False)
    assert found.worth[2030, "TRD", "china"] == 120 and found.worth[2026, "MAC", "productivity"] == 260
    assert len(found.worth) == 2 * (2 * 3 + 1)


def test_each_cause_starts_from_the_solution_of_the_one_before_it():
    begun = []

    def solve(shock, start):
        begun.append((shock, start))
        return f"after {shock}"

    setting = SimpleNamespace(reference="nothing", link=SimpleNamespace(solve=solve))
    steps = [SimpleNamespace(shock=name) for name in ("oil", "sanctions", "project")]
    assert chain.causes.solve(steps, setting) == ["nothing", "after oil", "after sanctions", "after project"]
    assert begun == [("oil", "nothing"), ("sanctions", "after oil"), ("project", "after sanctions")]
