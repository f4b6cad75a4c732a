"""The benchmark of the world model: tables of the data package and small worlds (rutrade.trade.world)."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import worlds

from rutrade import InputError, data, trade
from rutrade.trade import world

NAMES = ("world_flows", "world_regions", "world_sectors", "theta")


@pytest.fixture(scope="module")
def raw():
    return dict(zip(("flows", "regions", "sectors", "theta"), map(data.load, NAMES), strict=True))


@pytest.fixture(scope="module")
def real():
    return trade.inputs.world()


def long_form(b: world.Benchmark) -> pd.DataFrame:
    """The flows table of a benchmark, every item, mn USD."""
    rows = []
    for n, region in enumerate(b.region_codes):
        for j, sector in enumerate(b.sector_codes):
            rows += [("trade", region, sector, e, b.trade[n, j, i]) for i, e in enumerate(b.region_codes)]
            rows += [("input", region, sector, u, b.inputs[n, j, k]) for k, u in enumerate(b.sector_codes)]
            for item in ("final", "output", "value_added"):
                rows.append((item, region, sector, "ALL", getattr(b, item)[n, j]))
    table = pd.DataFrame(rows, columns=["item", "region", "sector", "counterpart", "value_musd"])
    return table.assign(value_musd=table["value_musd"] * 1e3)


def tables_of(b: world.Benchmark) -> dict:
    return {
        "flows": long_form(b), "regions": b.regions.reset_index(), "sectors": b.sectors.reset_index(),
        "theta": dict(zip(b.sector_codes, b.theta, strict=True)),
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------- the real tables
def test_goods_between_russia_and_china_are_those_of_the_source(real):
    goods = real.sectors_of("goods")
    one, other = real.region("RUS"), real.region("CHN")
    assert real.trade[other, goods, one].sum() == pytest.approx(77.712, abs=1e-3)
    assert real.trade[one, goods, other].sum() == pytest.approx(56.309, abs=1e-3)


def test_russia_s_value_added_and_surplus_are_those_of_the_source_within_a_percent(real):
    n = real.region("RUS")
    assert real.value_added[n].sum() == pytest.approx(2081, rel=0.01)
    assert real.balance[n] == pytest.approx(-242.8, rel=0.01)


def test_world_value_added_is_world_gdp_less_taxes(real):
    assert 94_000 < real.value_added.sum() < 101_700  # bn USD; IMF: nominal GDP 101,700


def test_every_identity_of_the_benchmark_holds_exactly(real):
    size = real.use.max()
    assert np.allclose(real.inputs.sum(2) + real.final, real.use, rtol=0, atol=1e-12 * size)
    assert np.allclose(real.inputs.sum(1) + real.value_added, real.output, rtol=0, atol=1e-12 * size)
    assert real.trade.sum() == pytest.approx(real.output.sum(), rel=1e-14)
    assert abs(real.balance.sum()) < 1e-9
    assert real.labour_income + real.resource_income.sum(1) == pytest.approx(real.value_added.sum(1), rel=1e-13)
    assert np.allclose(real.import_share.sum(2), 1) and np.allclose(real.final_share.sum(1), 1)
    assert np.allclose(real.input_share.sum(1) + real.value_added_share, 1)
    assert (real.final >= 0).all() and (real.value_added >= 0).all() and (real.trade >= 0).all()


def test_balance_is_final_demand_less_value_added_and_imports_less_exports(real):
    own = real.trade[np.arange(11), :, np.arange(11)].sum(1)
    imports, exports = real.trade.sum((1, 2)) - own, real.trade.sum((0, 1)) - own
    assert real.balance == pytest.approx(imports - exports, abs=1e-8)


def test_cells_that_were_cut_are_published_and_have_no_final_demand(raw, real):
    cut = world.clipping(raw["flows"])
    assert list(zip(cut["region"], cut["sector"], strict=True)) == [("OTH", "B05"), ("OTH", "B07")]
    assert cut["cut_bn_usd"].sum() == pytest.approx(20.877, abs=1e-3)
    for region, sector in zip(cut["region"], cut["sector"], strict=True):
        assert real.final[real.region(region), real.sector_codes.index(sector)] == pytest.approx(0, abs=1e-9)
    assert (real.final < 1e-9).sum() == len(cut)


def test_sectors_and_regions_are_the_rows_of_their_tables(raw, real):
    assert real.region_codes == tuple(raw["regions"]["region"]) and len(real.region_codes) == 11
    assert real.sector_codes == tuple(raw["sectors"]["sector"]) and len(real.sector_codes) == 28
    extraction = raw["sectors"].set_index("sector")["resource_share"]
    assert extraction[extraction > 0].to_dict() == {"B05": 0.6, "B06": 0.9, "B07": 0.6, "B08": 0.6}
    assert real.resource_income[:, extraction.to_numpy() == 0].sum() == 0


def test_elasticities_of_substitution_are_those_of_the_method_page(real):
    small = worlds.small(1)
    assert (real.input_substitution, real.final_substitution) == (0.2, 0.5)
    assert (small.input_substitution, small.final_substitution) == (0.2, 0.5)


def test_theta_is_the_median_of_eight_studies_and_families_share_it(raw, real):
    theta = raw["theta"]
    assert theta.groupby("sector")["study"].nunique().eq(8).all()
    middle = theta.groupby("sector")["value"].apply(lambda v: np.median(np.sort(v))).reindex(real.sector_codes)
    assert real.theta == pytest.approx(middle.to_numpy())
    assert theta["value"].max() == 20 and theta["published"].max() == 64.85
    one = theta.merge(raw["sectors"], on="sector").groupby(["theta_family", "study"])["value"].nunique()
    assert (one == 1).all()
    single = world.benchmark(**raw, study="caliendo_parro_2015")
    assert single.theta[real.sector_codes.index("C20")] == 3.13


def test_customs_trade_by_group_and_sector_sums_to_the_published_totals():
    table = data.load("world_groups")
    totals = table.groupby(["flow", "year"])["value_musd"].sum() / 1e3
    assert totals["RUS_to_CHN"].round(1).tolist() == [42.1, 55.3, 58.9, 51.2, 72.1, 114.1, 129.0]
    assert totals["CHN_to_RUS"].round(1).tolist() == [45.9, 50.3, 50.8, 53.0, 69.6, 75.4, 110.0]
    structure = data.load("trade_structure")
    structure = structure[(structure["reporter"] == "BACI") & (structure["group"] != "TOTAL")]
    flow = structure["exporter"] + "_to_" + structure["importer"]
    wanted = structure.set_index([flow.rename("flow"), "year", "group"])["value_musd"]
    found = table.groupby(["flow", "year", "group"])["value_musd"].sum()
    both = pd.concat([wanted, found], axis=1, keys=["wanted", "found"]).dropna()
    assert len(both) > 200 and np.allclose(both["wanted"], both["found"], rtol=1e-3, atol=1)


def test_growth_of_the_regions_covers_the_world_to_2030(raw):
    table = data.load("world_growth")
    assert set(table["region"]) == set(raw["regions"]["region"])
    assert table.groupby("region")["year"].agg(["min", "max"]).drop_duplicates().values.tolist() == [[2001, 2030]]
    world_gdp = table[table["year"] == 2022]["gdp_bn_usd"].sum()
    assert world_gdp == pytest.approx(102_402 - 665, abs=1)  # all economies of the outlook less the ten left out
    macro = data.load("macro")
    for area in ("RUS", "CHN"):
        known = macro[(macro["area"] == area) & (macro["indicator"] == "gdp_constant_bn_lcu")].set_index("year")[
            "value"
        ]
        growth = table[table["region"] == area].set_index("year")["growth_pct"].loc[2023:2030] / 100
        assert (1 + growth).prod() == pytest.approx(known[2030] / known[2022], rel=2e-3)


# -------------------------------------------------------------------------------------------------- making a benchmark
def test_a_benchmark_comes_back_from_its_own_tables():
    b = worlds.small(3)
    again = world.benchmark(**tables_of(b))
    for name in ("trade", "inputs", "final", "output", "value_added", "theta"):
        assert getattr(again, name) == pytest.approx(getattr(b, name), rel=1e-12)
    assert again.flows()["value_bn_usd"].to_numpy() == pytest.approx(b.trade.ravel())
    assert list(again.flows().columns) == ["importer", "sector", "exporter", "value_bn_usd"]
    row = again.flows().iloc[4 * 3 + 1 * 3 + 2]  # importer R1, sector S1, exporter R2
    assert (row["importer"], row["sector"], row["exporter"]) == ("R1", "S1", "R2")
    assert row["value_bn_usd"] == b.trade[1, 1, 2]


def test_another_year_keeps_input_shares_and_lists_what_was_cut():
    b = worlds.small(9)
    same, cut = world.with_trade(b, b.trade)
    assert same.inputs == pytest.approx(b.inputs) and cut.empty
    flows = b.trade.copy()
    flows[1, 2] *= 0.3  # R1 uses less of S2 than its inputs need
    other, cut = world.with_trade(b, flows)
    wanted = b.input_share * flows.sum(0).T[:, None, :]
    gap = wanted[1, 2].sum() - flows[1, 2].sum()
    assert gap > 0 and cut.values.tolist() == [["R1", "S2", pytest.approx(gap)]]
    assert other.final[1, 2] == pytest.approx(0, abs=1e-12)
    rest = [k for k in range(4) if k != 2]
    assert other.inputs[1, rest] == pytest.approx(wanted[1, rest]) and other.inputs[0] == pytest.approx(wanted[0])
    assert other.input_share[0] == pytest.approx(b.input_share[0])
    with pytest.raises(InputError, match="'trade' of R0, S0, R0 is -"):
        world.with_trade(b, -b.trade)
    with pytest.raises(InputError, match=r"'trade' of the benchmark has the shape \(2, 4, 3\)"):
        world.with_trade(b, b.trade[:2])


def test_rounding_of_the_table_is_balanced_away_and_more_is_refused():
    b = worlds.small(4)
    tables = tables_of(b)
    flows = tables["flows"]
    row = flows.index[(flows["item"] == "output") & (flows["region"] == "R1") & (flows["sector"] == "S2")][0]
    for size, fine in ((0.49, True), (-0.49, True), (0.51, False), (-0.51, False)):
        changed = flows.copy()
        changed.loc[row, "value_musd"] += size
        if fine:
            world.benchmark(**tables | {"flows": changed})
        else:
            with pytest.raises(InputError, match="flows do not balance: output of S2 in R1 is .* make it"):
                world.benchmark(**tables | {"flows": changed})


def test_inputs_above_use_by_rounding_only_leave_no_final_demand():
    b = worlds.small(5)
    inputs = b.inputs.copy()
    inputs[1, 2] *= (b.use[1, 2] + 4e-4) / inputs[1, 2].sum()  # 0.4 mn USD too much
    tables = tables_of(b)
    flows = tables["flows"]
    flows = flows[flows["item"] != "value_added"]
    cells = (flows["item"] == "input") & (flows["region"] == "R1") & (flows["sector"] == "S2")
    flows.loc[cells, "value_musd"] = 1e3 * inputs[1, 2]
    flows = flows[~((flows["item"] == "final") & (flows["region"] == "R1") & (flows["sector"] == "S2"))]
    balanced = world.benchmark(**tables | {"flows": flows})
    assert balanced.final[1, 2] == pytest.approx(0, abs=1e-12) and balanced.final[1, 2] >= 0
    assert balanced.inputs[1, 2].sum() == pytest.approx(b.use[1, 2], rel=1e-12)
    flows.loc[cells, "value_musd"] += 1.0
    with pytest.raises(InputError, match="final demand of sector S2 in R1 is -.*inputs may not exceed"):
        world.benchmark(**tables | {"flows": flows})


def test_a_negative_or_missing_flow_is_refused_with_its_cell():
    tables = tables_of(worlds.small(6))
    for item, value in (("trade", -0.001), ("input", -5.0), ("trade", np.nan)):
        flows = tables["flows"].copy()
        rows = flows.index[(flows["item"] == item) & (flows["region"] == "R2") & (flows["sector"] == "S1")]
        flows.loc[rows[1], "value_musd"] = value
        with pytest.raises(InputError, match=rf"flows: {item} of S1 in R2 with [RS]1 is .* must be zero or more"):
            world.benchmark(**tables | {"flows": flows})


@pytest.mark.parametrize(
    "column, name, message",
    [
        ("region", "R9", "unknown region in the trade rows of the flows 'R9'"),
        ("sector", "S9", "unknown sector in the trade rows of the flows 'S9'"),
        ("counterpart", "R9", "unknown region in the trade rows of the flows 'R9'"),
    ],
)
def test_an_unknown_region_or_sector_in_the_flows_is_refused(column, name, message):
    tables = tables_of(worlds.small(6))
    flows = tables["flows"].copy()
    flows.loc[0, column] = name
    with pytest.raises(InputError, match=message):
        world.benchmark(**tables | {"flows": flows})


def test_a_region_or_sector_that_stands_twice_is_refused():
    tables = tables_of(worlds.small(6))
    for table, what, code in (("regions", "region", "R1"), ("sectors", "sector", "S1")):
        twice = pd.concat([tables[table], tables[table].iloc[[1]]])
        with pytest.raises(InputError, match=f"{what} {code} stands twice"):
            world.benchmark(**tables | {table: twice})


def test_theta_that_is_missing_zero_or_of_an_unknown_study_is_refused(raw):
    tables = tables_of(worlds.small(6))
    for value in (0.0, -1.0, np.nan):
        with pytest.raises(InputError, match="theta of sector S2 is .*must be positive"):
            world.benchmark(**tables | {"theta": tables["theta"] | {"S2": value}})
    with pytest.raises(InputError, match="theta of sector S3 is nan"):
        world.benchmark(**tables | {"theta": {k: v for k, v in tables["theta"].items() if k != "S3"}})
    with pytest.raises(InputError, match="unknown study of theta 'caliendo_parro': did you mean 'caliendo_parro_2015'"):
        world.benchmark(**raw, study="caliendo_parro")


def test_arrays_that_make_no_world_are_refused():
    b = worlds.small(7)
    bad = b.trade.copy()
    bad[0, 1, 2] = -1
    with pytest.raises(InputError, match="'trade' of R0, S1, R2 is -1"):
        dataclasses.replace(b, trade=bad)
    bad = b.inputs.copy()
    bad[2, 1, 3] = np.inf
    with pytest.raises(InputError, match="'inputs' of R2, S1, S3 is inf"):
        dataclasses.replace(b, inputs=bad)
    with pytest.raises(InputError, match=r"'trade' of the benchmark has the shape \(2, 4, 3\); must be \(3, 4, 3\)"):
        dataclasses.replace(b, trade=b.trade[:2])
    bad = b.inputs.copy()
    bad[1, :, 2] += 2 * b.value_added[1, 2]
    with pytest.raises(InputError, match="S[0-3] in R1 is -.* bn USD; inputs may not exceed"):
        dataclasses.replace(b, inputs=bad)
    for value in (-2.0, 0.0, np.nan):
        with pytest.raises(InputError, match=f"theta of sector S1 is {value}"):
            dataclasses.replace(b, theta=np.array([4.0, value, 4.0, 4.0]))
    for name in ("input_substitution", "final_substitution"):
        for value in (0.0, -1.0, np.inf):
            with pytest.raises(InputError, match=f"{name} is .*must be positive"):
                dataclasses.replace(b, **{name: value})


def test_names_of_sectors_are_codes_groups_or_goods(real):
    assert real.sectors_of("C20").nonzero()[0].tolist() == [real.sector_codes.index("C20")]
    engineering = [c for c, m in zip(real.sector_codes, real.sectors_of("engineering"), strict=True) if m]
    assert engineering == ["C26", "C27", "C28", "C29", "C301", "C302T309"]
    assert real.sectors_of("goods").sum() == 27 and not real.sectors_of("goods")[real.sector_codes.index("SERV")]
    with pytest.raises(InputError, match="unknown sector or group 'chemical': did you mean 'chemicals'"):
        real.sectors_of("chemical")
    with pytest.raises(InputError, match="unknown region 'RU': did you mean 'RUS'"):
        real.region("RU")


def test_a_sector_that_a_region_neither_makes_nor_uses_has_shares_all_the_same():
    b = worlds.small(8)
    trade_, inputs = b.trade.copy(), b.inputs.copy()
    trade_[:, 1, 0] = 0  # R0 makes no S1
    trade_[0, 1] = 0  # and uses none
    inputs[0, :, 1] = inputs[0, 1] = 0
    empty = dataclasses.replace(b, trade=trade_, inputs=np.minimum(inputs, inputs * 0.2))
    assert empty.import_share[0, 1].tolist() == [1, 0, 0]
    assert empty.input_share[0, :, 1].sum() == 0 and empty.value_added_share[0, 1] == 1
    solution = trade.equilibrium.solve(empty, trade_cost={("R1", "R2"): 0.8})
    assert np.isfinite(solution.trade).all() and solution.trade[:, 1, 0].sum() == 0
    assert solution.flows.loc[solution.flows["benchmark_bn_usd"] == 0, "hat"].eq(1).all()


def test_final_demand_below_zero_by_rounding_is_zero_by_the_size_of_use_and_more_is_refused():
    b = worlds.small(1, inputs=0.2)
    trade, inputs = 1e4 * b.trade, 1e4 * b.inputs
    use = trade[0, 3].sum()
    for excess, fine in ((5e-10, True), (2e-9, False)):
        inputs[0, 3] *= (use + excess * (1 + use)) / inputs[0, 3].sum()
        if fine:
            assert dataclasses.replace(b, trade=trade, inputs=inputs.copy()).final[0, 3] == 0
        else:
            with pytest.raises(InputError, match="final demand of sector S3 in R0 is -"):
                dataclasses.replace(b, trade=trade, inputs=inputs.copy())
