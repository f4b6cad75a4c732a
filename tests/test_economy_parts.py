"""Parts of model 2 by hand: growth in the backtest, supply and use beside the model, the direct effect, bounds."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from rutrade import InputError, data, economy, scenarios
from rutrade.economy import Bands, EconomyModel, regional
from rutrade.economy.recursion import NODES
from rutrade.economy.stage import base_state, stage_of

PLACES = ["north", "south"]


@pytest.fixture(scope="module")
def paths():
    return economy.inputs.paths()


@pytest.fixture(scope="module")
def tables():
    return regional.build(economy.inputs.regional(), "12")


# --- the backtest ---

SECTORS = pd.DataFrame({"section": ["M+N", "M72", "B", "B"]}, index=["BUS", "RND", "COA", "OIL"])
TABLES = SimpleNamespace(
    sectors=tuple(SECTORS.index), data=SimpleNamespace(sectors=SECTORS),
    districts=pd.Series(["N", "S", "S"], index=["north", "south", "far south"]),
)  # fmt: skip


def grown(year, factors):
    """Value added by region and sector: 10, 20, 30, 40 in each region, times a factor by region."""
    gva = pd.DataFrame([[10.0, 20, 30, 40]] * 3, TABLES.districts.index, SECTORS.index)
    return SimpleNamespace(year=year, gva=gva.mul(factors, axis=0))


def observed(first=2013, last=2019):
    """Value added and chain index: sections M, N, B and research (M 72) grow 10, 20, 5 and 50 % a year."""
    rows = []
    for region, activity, size, index in (
        ("national", "M", 60.0, 110.0), ("national", "N", 40.0, 120.0), ("national", "M 72", 20.0, 150.0),
        ("national", "B", 70.0, 105.0), ("N", "total", 1.0, 101.0), ("S", "total", 1.0, 99.0),
    ):  # fmt: skip
        rows += [(region, activity, year, size, index) for year in range(first, last + 1)]
    return pd.DataFrame(rows, columns=["region", "activity", "year", "gva_bn_rub", "volume_index_pct"])


def test_observed_growth_of_services_leaves_research_out_which_stands_apart():
    solutions = {2016: grown(2016, [1, 1, 1]), 2019: grown(2019, [1.2, 1.0, 0.8])}
    table = economy.backtest(TABLES, solutions, observed()).set_index(["kind", "name"])
    assert table.loc[("activity", "M72"), "observed"] == pytest.approx(1.5**3)
    assert table.loc[("activity", "B"), "observed"] == pytest.approx(1.05**3)
    services = (60 * 1.1**3 + 40 * 1.2**3 - 20 * 1.5**3) / (60 + 40 - 20)
    assert table.loc[("activity", "M+N"), "observed"] == pytest.approx(services)
    assert table.loc[("activity", "M+N"), "trend"] == pytest.approx(services)  # the same three years before
    assert table.loc[("district", "N"), "observed"] == pytest.approx(1.01**3)


def test_growth_of_the_model_is_by_district_and_activity_and_its_total_is_the_uniform_forecast():
    solutions = {2016: grown(2016, [1, 1, 1]), 2018: grown(2018, [1.2, 1.0, 0.8]), 2025: grown(2025, [9, 9, 9])}
    table = economy.backtest(TABLES, solutions, observed())
    assert set(table["year"]) == {2018}, "neither the base year nor what is not observed yet"
    table = table.set_index(["kind", "name"])
    assert table.loc[("district", "N"), ["model", "weight"]].tolist() == pytest.approx([1.2, 1 / 3])
    assert table.loc[("district", "S"), ["model", "weight"]].tolist() == pytest.approx([0.9, 2 / 3])
    assert table.loc[("activity", "B"), ["model", "weight"]].tolist() == pytest.approx([1.0, 0.7])
    assert (table["no_change"] == 1).all() and np.allclose(table["uniform"], 1.0)
    assert table.loc[("activity", "B"), "trend"] == pytest.approx(1.05**2)
    assert table.loc[("activity", "B"), "observed"] == pytest.approx(1.05**2)


def test_the_circular_forecast_knows_productivity_by_activity_and_labour_by_district_and_the_total(tables, paths):
    base = pd.DataFrame(tables.gva, tables.regions, tables.sectors)
    solutions = {2016: SimpleNamespace(gva=base), 2019: SimpleNamespace(gva=1.07 * base)}
    table = economy.backtest(tables, solutions, data.load("gva_path"), paths)
    assert np.allclose(table["uniform"], 1.07) and np.allclose(table["model"], 1.07)
    for kind, part in table.groupby("kind"):
        assert (part["weight"] * part["circular"]).sum() == pytest.approx(1.07, rel=1e-9), kind
    found = table.set_index(["kind", "name"])["circular"]
    labour = paths.at("labour", 2019, "region") / paths.at("labour", 2016, "region")
    ratio = found["district"] / labour[found["district"].index]
    assert np.allclose(ratio, ratio.iloc[0]) and found["district"].nunique() > 5
    productivity = paths.at("productivity", 2019, "sector") / paths.at("productivity", 2016, "sector")
    construction, trade_ = (found["activity", section] for section in ("F", "G"))  # each one sector
    assert construction / trade_ == pytest.approx(productivity["CON"] / productivity["TRD"], rel=1e-9)


def test_errors_are_weighted_roots_of_mean_squares_of_logarithms():
    table = pd.DataFrame({
        "year": 2019, "kind": "district", "weight": [0.3, 0.1], "observed": [1.0, 1.0],
        "model": np.exp([0.1, 0.3]), "uniform": np.exp([0.2, 0.2]), "trend": 1.0, "no_change": np.exp([0.0, 0.4]),
    })  # fmt: skip
    found = economy.errors(table).loc[(2019, "district")]
    expected = {"model": np.sqrt(0.03), "uniform": 0.2, "trend": 0.0, "no_change": 0.2}
    assert found.to_dict() == pytest.approx(expected)


def test_supply_and_use_of_2019_join_mining_and_transport_and_tell_percent():
    names = ["COA", "GAS", "RAI", "TRP", "MAC"]
    tables = SimpleNamespace(sectors=tuple(names), data=SimpleNamespace(sectors=pd.DataFrame(index=names)))

    def cube(values, **dims):
        shape = [len(names), *map(len, dims.values())]
        values = np.broadcast_to(np.reshape(values, (-1, *[1] * len(dims))), shape) / np.prod(shape[1:])
        return xr.DataArray(values, [("product", names), *dims.items()])

    abroad = {"region": PLACES, "partner": ["CHN", "ROW"]}
    solution = SimpleNamespace(
        exports=cube([30.0, 50, 5, 5, 10], **abroad), imports=cube([0.0, 4, 1, 5, 90], **abroad),
        deliveries=cube([8.0, 8, 10, 20, 30], origin=PLACES, region=PLACES),
    )  # fmt: skip
    seen = pd.DataFrame(
        [("B", "domestic", "use", 30.0), ("B", "domestic", "exports", 60.0), ("B", "import", "use", 10.0),
         ("TRANSPORT", "domestic", "use", 45.0), ("TRANSPORT", "domestic", "exports", 20.0),
         ("TRANSPORT", "import", "use", 15.0), ("MAC", "domestic", "use", 25.0), ("MAC", "domestic", "exports", 20.0),
         ("MAC", "import", "use", 50.0), ("MAC", "import", "investment", 25.0)],
        columns=["product", "part", "item", "value_bn_rub"],
    )  # fmt: skip
    table = economy.compare_use(tables, solution, seen)
    assert sorted(table.index) == ["B", "MAC", "TRANSPORT"]
    by_hand = {
        "export_share_model": {"B": 80, "MAC": 10, "TRANSPORT": 10},
        "import_share_model": {"B": 4, "MAC": 90, "TRANSPORT": 6},
        "import_ratio_model": {"B": 20, "MAC": 75, "TRANSPORT": 100 * 6 / 36},
        "export_share_observed": {"B": 60, "MAC": 20, "TRANSPORT": 20},
        "import_share_observed": {"B": 10, "MAC": 75, "TRANSPORT": 15},
        "import_ratio_observed": {"B": 25, "MAC": 75, "TRANSPORT": 25},
    }
    assert set(table) == set(by_hand)
    for column, values in by_hand.items():
        assert table[column].to_dict() == pytest.approx(values), column
    merged = SimpleNamespace(sectors=("MAN",), data=tables.data)
    with pytest.raises(InputError, match="needs the full variant; these tables have 1 sectors"):
        economy.compare_use(merged, solution, seen)


def test_the_summary_sums_what_each_region_makes_uses_and_sells():
    cells = [("product", ["A", "B"]), ("region", PLACES), ("partner", ["CHN", "ROW"])]
    gva = pd.DataFrame([[1.0, 2.0], [3.0, 4.0]], PLACES, ["A", "B"])
    solution = SimpleNamespace(
        grp=economy.EconomySolution.grp.fget(SimpleNamespace(gva=gva)),
        consumption_by_region=pd.Series([5.0, 6.0], PLACES), investment=pd.Series([7.0, 8.0], PLACES),
        exports=xr.DataArray(np.arange(8.0).reshape(2, 2, 2), cells), imports=xr.DataArray(np.ones((2, 2, 2)), cells),
        labour_price=pd.Series([0.5, 0.6], PLACES), capital_price=pd.Series([0.1, 0.2], PLACES),
    )  # fmt: skip
    table = economy.EconomySolution.summary(solution)
    assert table.iloc[:, :5].to_numpy().tolist() == [[3, 5, 7, 10, 4], [7, 6, 8, 18, 4], [10, 11, 15, 28, 8]]
    assert (
        table["labour_price_bn_rub_per_thousand"].tolist()[:2] == [0.5, 0.6] and table.isna().loc["Russia"].sum() == 2
    )
    priced = SimpleNamespace(
        program=SimpleNamespace(prices=np.array([0.0, -2.0, 3.0, 0.0, 9.0])),
        rows={"labour": np.array([0, 1]), "rail": np.array(2), "capital": np.array([3]), "use": np.array([4])},
    )  # fmt: skip
    binding = economy.EconomySolution.binding.fget(priced)
    assert binding.to_numpy().tolist() == [["labour", 1, 2, 2.0], ["rail", 1, 1, 3.0], ["capital", 0, 1, 0.0]]


# --- the effect of a project ---


def test_direct_value_added_is_made_where_the_regions_suppliers_are():
    """Ten of A bought in the south, 8 of it from there and 1 from the north (1 abroad), half its price value added."""
    column = economy.Column({"use": np.array([[0, -10.0], [0, 0]])}, np.array([0.0, 4.0]), None, np.array([10.0, 0.0]))
    project = SimpleNamespace(name="lab", region="south", value_added=3.0)
    share = np.zeros((2, 2, 2))
    share[0, :, 1] = 0.1, 0.8
    stage = SimpleNamespace(
        regions=tuple(PLACES), sectors=("A", "RND"), value_added=np.array([[0.6, 0.5], [0.5, 0.25]]),
        delivery_share=share,
    )  # fmt: skip
    gva = pd.DataFrame([[5.0, 5.0], [5.0, 5.0]], PLACES, ["A", "RND"])
    rows = {"use": np.array([[0, 1], [2, 3]])}
    plain = {"year": 2030, "stage": stage, "rows": rows, "program": SimpleNamespace(prices=np.array([1, 0.9, 2, 3]))}
    without = SimpleNamespace(**plain, gva=gva, consumption=100.0)
    with_ = SimpleNamespace(
        **plain, gva=gva + 1.0, consumption=97.0, projects=(project,), columns=(column,),
        intensity=pd.Series({"lab": 0.5}),
    )  # fmt: skip
    found = economy.effect(with_, without)
    # of the output of 4 a quarter is value added of RND in the south, beside the project's own
    direct = 0.5 * np.array([[0.6 * 1.0, 0.0], [0.5 * 8.0, 0.25 * 4 + 3.0]])
    np.testing.assert_allclose(found.direct, direct)
    np.testing.assert_allclose(found.total, 1.0)
    np.testing.assert_allclose(found.indirect, 1.0 - direct)
    assert found.consumption.to_dict() == pytest.approx({"total": -3.0, "direct": -4.5, "indirect": 1.5})
    assert found.priced.values.tolist() == [["lab", "use", -4.5]]
    with pytest.raises(InputError, match="the stages end in 2031 and 2030"):
        economy.effect(SimpleNamespace(**plain | {"year": 2031}), without)


def test_a_column_enters_each_family_of_rows_with_what_it_asks_and_gives(tables, paths):
    model = EconomyModel(tables, 2019, paths)
    st, r = model.stage, tables.regions.index("SibFD")
    made, built, served, bought, research, power = (
        tables.sectors.index(name) for name in ("MAN", "CON", "BSV", "TRD", "RND", "UTL")
    )
    column = model.column(economy.ProjectColumn(
        "RI", "SibFD", 2019, capital={"MAN": 12, "CON": 6}, current={"UTL": 1, "TRD": 2}, labour_thousand=3, rnd=5,
        productivity={"MAN": 0.05}, capacity={"CON": 2}, output={"BSV": 4}, export_share=0.25, china_share=0.4,
        investment_fund=7, effect_source="assumption",
    ))  # fmt: skip
    beta = np.zeros(12)
    beta[[made, built, served]] = 0.05 * tables.output[r, made], 2, 4
    np.testing.assert_allclose(column.beta, beta, rtol=1e-12)
    paid = np.zeros(12)
    paid[[made, built, power, bought, research]] = 12, 6, 1, 2, 5
    paid += sum(st.inputs[r, :, j] * beta[j] for j in (made, built, served))  # materials of what it yields
    here, rows = np.eye(8)[r], column.rows
    hired = 3 + 2 * st.labour_coefficient[r, built] + 4 * st.labour_coefficient[r, served]
    china, others = 0.25 * 0.4 * beta, 0.25 * 0.6 * beta
    tonnes = (st.rail_tonnes[:, r, 0] * china + st.rail_tonnes[:, r, 1] * others).sum()
    by_hand = {
        "use": -np.outer(paid, here), "supply": np.outer(0.75 * beta, here), "labour": hired * here,
        "capital": (7 + 4 * st.capital_coefficient[r, served]) * here, "rail": tonnes,
        "external_balance": st.export_price * 0.25 * beta.sum(),
    }  # fmt: skip
    assert tonnes > 0 and set(rows) == {*by_hand, "delivery_band"}
    for name, value in by_hand.items():
        np.testing.assert_allclose(rows[name], value, rtol=1e-12, atol=1e-12, err_msg=name)
    sent = -rows["delivery_band"]
    assert not np.delete(sent, r, axis=1).any()
    np.testing.assert_allclose(sent[:, r].sum(1), 0.75 * beta, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(sent[made, r] / sent[made, r].sum(), tables.flows[made, r] / tables.flows[made, r].sum())
    np.testing.assert_allclose(column.exports, np.stack([china, others], 1), rtol=1e-12, atol=1e-12)


# --- bounds of the program with bands ---


def test_below_the_band_exports_fall_by_what_a_railway_in_steps_of_ten_cannot_carry(tables, paths):
    st = stage_of(tables, 2023, paths, base_state(tables), Bands(), 1.8)
    used = (st.rail_tonnes * st.export_centre).sum()
    assert used > 100
    by_rail = st.rail_tonnes > 0
    for capacity, carried in ((75.5, 75), (84.0, 75), (96.0, 95), (104.9, 95), (1000.0, used)):
        least = st.export_centre - replace(st, rail_capacity=capacity).export_room
        assert (st.rail_tonnes * least).sum() == pytest.approx(0.95 * carried, rel=1e-9), capacity
        np.testing.assert_allclose(least[~by_rail], 0.95 * st.export_centre[~by_rail], rtol=1e-12)


def test_a_ceiling_on_exports_to_china_lies_inside_the_band_or_below_it(tables, paths):
    model = EconomyModel(tables, 2019, paths)
    i, centre = tables.sectors.index("MAN"), model.stage.export_centre[:, :, 0]
    free = model.solve().exports.sel(partner="CHN")
    assert float(free.sel(product="MAN").max()) > 0
    for factor in (1.02, 0.8):
        sold = model.solve(changes={"china_exports": pd.Series({"MAN": factor})}).exports  # others have no ceiling
        china = sold.sel(partner="CHN").to_numpy()
        assert (china[i] <= factor * centre[i] + 1e-9).all()
        assert china[i].sum() == pytest.approx(min(factor * centre[i].sum(), float(free[i].sum())), rel=1e-6)
        others = np.delete(china, i, 0) / np.maximum(np.delete(centre, i, 0), 1e-300)
        held = np.delete(centre, i, 0) > 0
        assert others[held].max() <= 1.05 + 1e-9 and others[held].min() > 0
        rest = sold.sel(product="MAN", partner="ROW").to_numpy() / model.stage.export_centre[i, :, 1]
        assert rest.max() <= 1.05 + 1e-9


def test_a_stage_of_one_year_builds_capacity_and_the_base_year_builds_none(tables, paths):
    for year, room in ((2016, 0.0), (2017, np.inf)):
        model = EconomyModel(tables, year, paths, bands=Bands(0, 0, 0) if year == 2016 else None)
        upper = model._data.upper[model.columns["x1"]]
        produced = model.stage.value_added > 0
        assert (upper[produced] == room).all() and (upper[~produced] == 0).all()


# --- defaults ---


def test_the_chapters_defaults_are_the_models_own():
    shown = scenarios.Economy()
    assert tuple(map(int, shown.nodes.split())) == NODES
    assert Bands() == Bands(shown.band_deliveries, shown.band_imports, shown.band_exports)


def test_capital_earns_the_publics_rate_of_discount_and_what_wears_out():
    rate = data.load("benefit_parameters").set_index("parameter")["central"]["discount_rate_public"]
    options = economy.Options()
    assert options.capital_charge == pytest.approx(rate + options.depreciation, rel=1e-12)
