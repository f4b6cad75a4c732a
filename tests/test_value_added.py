"""Value added in trade: the published interregional example, identities, and the refusal of broken tables."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as some

from rutrade import InputError, data, structure
from rutrade.structure import value_added as va

# Miller & Blair 2009, Input-Output Analysis, 2nd ed., section 3.3: two regions, three and two sectors.
LABELS = pd.MultiIndex.from_tuples([("L", "1"), ("L", "2"), ("L", "3"), ("M", "1"), ("M", "2")])
FLOWS = [[150, 500, 50, 25, 75], [200, 100, 400, 200, 100], [300, 500, 50, 60, 40], [75, 100, 60, 200, 250],
         [50, 25, 25, 150, 100]]  # fmt: skip
OUTPUT = np.array([1000, 2000, 1000, 1200, 800])
INVERSE = [[1.423, 0.465, 0.291, 0.192, 0.304], [0.635, 1.424, 0.671, 0.409, 0.456],
           [0.638, 0.537, 1.336, 0.250, 0.311], [0.267, 0.200, 0.197, 1.341, 0.547],
           [0.147, 0.091, 0.093, 0.216, 1.254]]  # fmt: skip


def miller_blair():
    flows = pd.DataFrame(FLOWS, LABELS, LABELS, dtype=float)
    final = OUTPUT - flows.sum(axis=1)
    split = pd.DataFrame({"L": 0.75 * final, "M": 0.25 * final})
    return va.WorldTable(flows, split)


def random_table(seed, regions=3, industries=4):
    rng = np.random.default_rng(seed)
    names = pd.MultiIndex.from_product([[f"R{r}" for r in range(regions)], [f"i{i}" for i in range(industries)]])
    flows = rng.uniform(0, 1, (len(names), len(names))) * (rng.random((len(names), len(names))) < 0.7)
    final = rng.uniform(2, 9, (len(names), regions))
    x = flows.sum(1) + final.sum(1)
    flows *= np.minimum(1, 0.9 * x / np.maximum(flows.sum(0), 1e-9))  # no industry buys more than it sells
    labels = list(dict.fromkeys(names.get_level_values(0)))
    return va.WorldTable(pd.DataFrame(flows, names, names), pd.DataFrame(final, names, labels))


seeds = some.integers(0, 10_000)


def test_the_published_inverse_of_miller_and_blair_is_what_is_solved_with():
    table = miller_blair()
    assert table.output.to_numpy() == pytest.approx(OUTPUT)
    assert table.solve(np.eye(5)) == pytest.approx(np.array(INVERSE), abs=6e-4)
    assert table.solve(np.eye(5), transposed=True) == pytest.approx(np.array(INVERSE).T, abs=6e-4)


def test_value_added_by_origin_is_that_of_the_explicit_inverse_of_the_published_example():
    table = miller_blair()
    v = 1 - np.array(FLOWS).sum(0) / OUTPUT
    expected = np.array([v[:3] @ np.array(INVERSE)[:3], v[3:] @ np.array(INVERSE)[3:]]).T
    assert va.content_by_origin(table)[["L", "M"]].to_numpy() == pytest.approx(expected, abs=1.5e-3)
    share = va.flow_content(table, "L", "M")
    gross = np.array([25 + 75, 200 + 100, 60 + 40]) + 0.25 * (OUTPUT[:3] - np.array(FLOWS)[:3].sum(1))
    assert share["flow"].tolist() == pytest.approx([*gross, gross.sum()])
    assert share["domestic_share"].iloc[:3].tolist() == pytest.approx(expected[:3, 0].tolist(), abs=1.5e-3)
    assert share.loc["total", "domestic"] == pytest.approx((gross * expected[:3, 0]).sum(), rel=1e-3)
    assert (share["other"] == 0).all(), "there is no third region"


@pytest.mark.filterwarnings("ignore")  # of pymrio about itself
def test_value_added_by_origin_is_that_of_pymrio():
    import pymrio

    table = random_table(3)
    flows, final = table.intermediate.copy(), table.final.copy()
    flows.index.names = flows.columns.names = final.index.names = ["region", "sector"]
    final.columns = pd.MultiIndex.from_product([final.columns, ["final"]], names=["region", "category"])
    theirs = pymrio.IOSystem(Z=flows, Y=final)
    own = pd.DataFrame({r: table.value_added.where(flows.index.get_level_values(0) == r, 0.0) for r in table.regions}).T
    theirs.added = pymrio.Extension("added", F=own.set_axis(flows.columns, axis=1))
    theirs.calc_all()
    assert va.content_by_origin(table).to_numpy() == pytest.approx(theirs.added.M.T[table.regions].to_numpy())


@given(seeds)
def test_value_added_of_all_origins_in_a_unit_of_output_is_the_unit(seed):
    table = random_table(seed)
    assert va.content_by_origin(table).sum(axis=1).to_numpy() == pytest.approx(np.ones(12))
    parts = va.flow_content(table, "R0", "R1")
    assert parts[["domestic_share", "partner_share", "other_share"]].sum(axis=1).to_numpy() == pytest.approx(np.ones(5))
    assert parts[["domestic", "partner", "other"]].sum(axis=1).to_numpy() == pytest.approx(parts["flow"].to_numpy())


@given(seeds)
def test_value_added_absorbed_is_the_final_demand_of_the_destination_and_the_product_of_the_origin(seed):
    table = random_table(seed)
    absorbed = pd.DataFrame({d: {o: va.value_added_in_demand(table, o, d).sum() for o in table.regions}
                             for d in table.final})  # fmt: skip
    assert absorbed.sum().to_numpy() == pytest.approx(table.final.sum().to_numpy())
    product = table.value_added.groupby(level=0).sum()
    assert absorbed.sum(axis=1).to_numpy() == pytest.approx(product[table.regions].to_numpy())


@given(seeds)
def test_an_industry_without_foreign_inputs_anywhere_has_only_domestic_value_added(seed):
    table = random_table(seed)
    same = np.equal.outer(*[table.output.index.get_level_values(0)] * 2)
    closed = va.WorldTable(table.intermediate.where(same, 0.0), table.final)
    content = va.content_by_origin(closed)
    own = np.array([content.loc[key, key[0]] for key in content.index])
    assert own == pytest.approx(np.ones(12))
    assert va.dependence(closed, "R0", "R1")[["direct", "value_added"]].abs().max().max() < 1e-12


def test_dependence_counts_direct_inputs_and_those_through_others():
    found = va.dependence(miller_blair(), "M", "L")
    assert found["direct"].tolist() == pytest.approx([285 / 635, 215 / 565])
    assert found["imported"].tolist() == [1, 1], "the only other region"
    assert found["value_added"].tolist() == pytest.approx(found["foreign"].tolist())
    assert (found["value_added"] > found["direct"] * 0.2).all()


def test_an_industry_without_output_has_no_content_and_its_absent_flow_no_share():
    table = miller_blair()
    flows, final = table.intermediate.copy(), table.final + 500.0
    flows.loc[("L", "2")] = flows[("L", "2")] = final.loc[("L", "2")] = 0.0
    empty = va.WorldTable(flows, final)
    assert va.content_by_origin(empty).loc[("L", "2")].isna().all()
    parts = va.flow_content(empty, "L", "M")
    assert parts.loc["2", "flow"] == 0 and np.isnan(parts.loc["2", "domestic_share"])
    assert parts.loc["total", ["domestic", "partner", "other"]].sum() == pytest.approx(parts.loc["total", "flow"])


def test_only_the_industries_asked_for_enter_the_total():
    parts = va.flow_content(miller_blair(), "L", "M", industries=["1", "3"])
    assert parts.index.tolist() == ["1", "3", "total"]
    assert parts.loc["total", "flow"] == pytest.approx(parts.loc[["1", "3"], "flow"].sum())


def test_value_added_that_comes_home_is_the_partners_when_a_third_region_is_named():
    table = random_table(7)
    home, third = va.flow_content(table, "R0", "R1"), va.flow_content(table, "R0", "R1", partner="R2")
    assert home["partner"].to_numpy() == pytest.approx(third["other"].to_numpy())
    assert home["other"].to_numpy() == pytest.approx(third["partner"].to_numpy())


def test_table_from_shares_keeps_trade_inputs_and_final_demand_and_splits_every_user_alike():
    names, rng = ["A", "B"], np.random.default_rng(0)
    trade = pd.DataFrame([(n, k, i, rng.uniform(50, 90)) for n in names for k in ("x", "y") for i in names],
                         columns=["region", "sector", "counterpart", "value_musd"])  # fmt: skip
    inputs = pd.DataFrame([(n, k, j, rng.uniform(5, 20)) for n in names for k in ("x", "y") for j in ("x", "y")],
                          columns=["region", "sector", "counterpart", "value_musd"])  # fmt: skip
    table = va.world_table(trade, inputs)
    use = trade.groupby(["region", "sector"])["value_musd"].sum()
    for n in names:
        for k in ("x", "y"):
            bought = inputs[(inputs["region"] == n) & (inputs["sector"] == k)].set_index("counterpart")["value_musd"]
            for i in names:
                share = trade.set_index(["region", "sector", "counterpart"]).loc[(n, k, i), "value_musd"] / use[n, k]
                cells = table.intermediate.loc[(i, k), n]
                assert cells[["x", "y"]].tolist() == pytest.approx((share * bought[["x", "y"]]).tolist())
                assert table.final.loc[(i, k), n] == pytest.approx(share * (use[n, k] - bought.sum()))
            flow = trade[(trade["region"] == n) & (trade["sector"] == k)].set_index("counterpart")["value_musd"]
            assert va.gross_flow(table, "A", n)[k] == pytest.approx(flow["A"])


def test_missing_rows_of_trade_and_inputs_are_zero():
    trade = pd.DataFrame([("A", "x", "A", 9.0), ("B", "x", "B", 5.0), ("B", "x", "A", 1.0), ("A", "y", "A", 4.0)],
                         columns=["region", "sector", "counterpart", "value_musd"])  # fmt: skip
    inputs = pd.DataFrame([("A", "x", "x", 3.0)], columns=["region", "sector", "counterpart", "value_musd"])
    table = va.world_table(trade, inputs)
    assert table.output.to_dict() == {("A", "x"): 10, ("A", "y"): 4, ("B", "x"): 5, ("B", "y"): 0}
    assert table.intermediate.to_numpy().sum() == 3 and table.value_added["A", "x"] == 7
    buyer = va.world_table(trade[trade["counterpart"] == "A"].assign(region=["A", "B", "A"]), inputs)
    assert buyer.output["B", "x"] == 0, "a region may sell nothing"


def test_domestic_content_of_one_country_is_what_its_domestic_chain_adds():
    domestic = np.array([[0.2, 0.3], [0.1, 0.2]])
    v = np.array([0.5, 0.4])
    found = va.domestic_content(domestic, v)
    assert found == pytest.approx(v @ np.linalg.inv(np.eye(2) - domestic))
    closed = va.domestic_content(domestic, 1 - domestic.sum(0))
    assert closed == pytest.approx([1, 1]), "without imports all of it is domestic"
    with pytest.raises(InputError, match="product 1 exceed its output"):
        va.domestic_content(domestic, np.array([0.5, 0.6]))


@pytest.fixture(scope="module")
def world():
    flows = data.load("world_flows")
    return va.world_table(flows[flows["item"] == "trade"], flows[flows["item"] == "input"])


@pytest.fixture(scope="module")
def goods():
    sectors = data.load("world_sectors")
    return sectors.loc[sectors["goods"], "sector"].tolist()


@pytest.mark.parametrize(
    ("exporter", "importer", "bn_usd", "domestic"), [("RUS", "CHN", 77.7, 0.948), ("CHN", "RUS", 56.3, 0.839)]
)
def test_domestic_share_of_goods_is_near_that_of_the_table_with_origins_by_user(
    world, goods, exporter, importer, bn_usd, domestic
):
    # 94.8 and 83.9 %: from the OECD's cells themselves, which know the origin of inputs by user; here every user has
    # the region's mix of origins, so refining and mining get too many imported inputs.
    total = va.flow_content(world, exporter, importer, industries=goods).loc["total"]
    assert total["flow"] / 1000 == pytest.approx(bn_usd, abs=0.1)
    assert total["domestic_share"] == pytest.approx(domestic, abs=0.006)
    assert total[["domestic_share", "partner_share", "other_share"]].sum() == pytest.approx(1)


def test_world_table_balances_and_its_value_added_is_its_final_demand(world):
    assert world.value_added.sum() == pytest.approx(world.final.to_numpy().sum())
    absorbed = sum(va.value_added_in_demand(world, o, "RUS").sum() for o in world.regions)
    assert absorbed == pytest.approx(world.final["RUS"].sum())


def test_russia_hangs_on_chinese_inputs_most_in_electronics_and_textiles(world, goods):
    found = va.dependence(world, "RUS", "CHN").loc[goods]
    assert set(found["value_added"].nlargest(2).index) == {"C26", "C13T15"}
    assert (found["value_added"] < found["foreign"]).all()


def test_a_unit_of_every_domestic_product_is_value_added_imports_and_taxes():
    found = va.national_content(data.load("national_io_2016"))
    parts = found[["domestic", "imported", "taxes"]]
    assert parts.sum(axis=1).to_numpy() == pytest.approx(np.ones(len(found)), abs=2e-4)
    assert (parts.drop(index="exports") > -1e-9).all(axis=None)
    assert found.loc["VEH", "imported"] > 3 * found.loc["exports", "imported"], "assembly of imported parts"
    assert found["exports"].drop("exports").sum() == pytest.approx(found.loc["exports", "exports"])


def test_national_content_of_a_worked_example_weights_exports():
    rows = [("domestic", "A", "A", 20.0), ("domestic", "B", "A", 10.0), ("domestic", "A", "B", 15.0),
            ("domestic", "B", "B", 10.0), ("domestic", "A", "exports", 65.0), ("domestic", "B", "exports", 30.0),
            ("import", "A", "A", 10.0), ("import", "A", "B", 5.0), ("taxes", "product_taxes", "A", 5.0),
            ("value_added", "pay", "A", 30.0), ("value_added", "profit", "A", 25.0), ("value_added", "pay", "B", 20.0),
            ("output", "output", "A", 100.0), ("output", "output", "B", 50.0)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["part", "row", "column", "value_bn_rub_2016"])
    found = va.national_content(table)
    inverse = np.linalg.inv(np.eye(2) - np.array([[0.2, 0.3], [0.1, 0.2]]))
    assert found["domestic"].tolist()[:2] == pytest.approx(np.array([0.55, 0.4]) @ inverse)
    assert found["imported"].tolist()[:2] == pytest.approx(np.array([0.1, 0.1]) @ inverse)
    assert found["taxes"].tolist()[:2] == pytest.approx(np.array([0.05, 0.0]) @ inverse)
    assert found.loc["exports", "domestic"] == pytest.approx(
        (65 * found.loc["A", "domestic"] + 30 * found.loc["B", "domestic"]) / 95)  # fmt: skip
    with pytest.raises(InputError, match="part 'taxes' is missing"):
        va.national_content(table[table["part"] != "taxes"])
    with pytest.raises(InputError, match="inputs of B miss its output by 40.00 %"):
        va.national_content(table[(table["part"] != "value_added") | (table["column"] != "B")])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda z, f: (z.iloc[:, ::-1], f), "must be the same"),
        (lambda z, f: (z, f.iloc[1:]), "must be the same"),
        (lambda z, f: (z.where(z != 75), f), "a cell is missing"),
        (lambda z, f: (z * 3, f), "industry 2 of L buys more than it sells"),
        (lambda z, f: (z.droplevel(0), f), "labelled by region and industry"),
        (lambda z, f: (pd.concat([z, z.iloc[:1]]), f), "each pair once"),
    ],
)
def test_a_faulty_world_table_is_refused_in_one_sentence(change, message):
    table = miller_blair()
    with pytest.raises(InputError, match=message):
        va.WorldTable(*change(table.intermediate, table.final * 0 + 1))


def test_unknown_regions_and_industries_are_refused():
    table = miller_blair()
    for call, message in (
        (lambda: va.gross_flow(table, "L", "N"), "unknown region of the world table 'N'"),
        (lambda: va.flow_content(table, "L", "M", "N"), "unknown region of the world table 'N'"),
        (lambda: va.flow_content(table, "L", "M", industries=["9"]), "unknown industry of the world table '9'"),
        (lambda: va.dependence(table, "N", "L"), "unknown region of the world table 'N'"),
        (lambda: va.value_added_in_demand(table, "N", "L"), "unknown region of the world table 'N'"),
        (lambda: va.value_added_in_demand(table, "L", "N"), "unknown destination of the world table 'N'"),
    ):
        with pytest.raises(InputError, match=message):
            call()
    rows = pd.DataFrame([("A", "x", "A", 1.0)], columns=["region", "sector", "counterpart", "value_musd"])
    for column, message in (("region", "unknown region of inputs 'Z'"), ("sector", "unknown sector of inputs 'Z'"),
                            ("counterpart", "unknown user sector 'Z'")):  # fmt: skip
        with pytest.raises(InputError, match=message):
            va.world_table(rows, rows.assign(counterpart="x").assign(**{column: "Z"}))
    with pytest.raises(InputError, match="unknown exporter 'Z'"):
        va.world_table(rows.assign(counterpart="Z"), rows.assign(counterpart="x"))


def test_part_one_offers_value_added():
    assert structure.value_added is va


def test_rounding_below_zero_is_tolerated_by_the_size_of_the_industry_and_no_more():
    names = pd.MultiIndex.from_tuples([("L", "1"), ("M", "1")])
    for loss, fine in ((1e-4, True), (2e-3, False)):
        flows = pd.DataFrame([[0.0, 0.0], [1e6 + loss, 0.0]], names, names)
        final = pd.DataFrame({"L": [1e6, 1e6], "M": [0.0, 0.0]}, names)
        if fine:
            assert va.WorldTable(flows, final).value_added["L", "1"] == pytest.approx(-loss, rel=1e-3)
        else:
            with pytest.raises(InputError, match="industry 1 of L buys more than it sells"):
                va.WorldTable(flows, final)


def test_no_share_depends_on_the_unit_of_the_table():
    table = random_table(5)
    small = va.WorldTable(table.intermediate * 1e-4, table.final * 1e-4)
    for call in (va.content_by_origin, lambda t: va.dependence(t, "R0", "R1"),
                 lambda t: va.flow_content(t, "R0", "R1").filter(like="share")):  # fmt: skip
        pd.testing.assert_frame_equal(call(small), call(table), rtol=1e-9)
    one, other = (va.value_added_in_demand(t, "R0", "R2") for t in (small, table))
    assert one.to_numpy() == pytest.approx(1e-4 * other.to_numpy())


def test_dependence_by_hand_where_nothing_is_bought_abroad_or_at_all():
    names = pd.MultiIndex.from_tuples([("A", "x"), ("A", "y"), ("A", "z"), ("B", "x"), ("B", "y"), ("B", "z"),
                                       ("C", "x"), ("C", "y"), ("C", "z")])  # fmt: skip
    flows = pd.DataFrame(0.0, names, names)
    flows.loc[[("A", "x"), ("B", "x"), ("C", "x")], [("A", "x")]] = [[5.0], [3.0], [2.0]]
    flows.loc[("A", "y"), ("A", "y")] = 4.0
    table = va.WorldTable(flows, pd.DataFrame(20.0, names, ["A", "B", "C"]))
    found = va.dependence(table, "A", "B")
    assert found.loc["x", ["direct", "imported"]].tolist() == pytest.approx([0.3, 0.6])
    assert found.loc["y", "direct"] == 0 and np.isnan(found.loc["y", "imported"])
    assert found.loc["z", ["direct", "imported"]].isna().all()
    # output of x in A is 65, of which 3 come from B and 2 from C, which buy nothing; own inputs 5 repeat that
    assert found.loc["x", ["value_added", "foreign"]].tolist() == pytest.approx([3 / 60, 5 / 60])
    assert found.loc["z", ["value_added", "foreign"]].tolist() == pytest.approx([0, 0])


def test_value_added_absorbed_stands_by_industry_of_the_origin():
    names = pd.MultiIndex.from_tuples([("A", "x"), ("A", "y"), ("B", "x"), ("B", "y")])
    flows = pd.DataFrame(0.0, names, names)
    flows.loc[("A", "x"), ("B", "y")] = 6.0
    final = pd.DataFrame({"A": [10.0, 4.0, 0.0, 2.0], "B": [0.0, 1.0, 8.0, 10.0]}, names)
    table = va.WorldTable(flows, final)
    # B sells y for 12, half of it made of A's x: of the 10 that stay in B, 5 are A's
    assert va.value_added_in_demand(table, "A", "B").to_dict() == pytest.approx({"x": 5, "y": 1})
    assert va.value_added_in_demand(table, "A", "A").to_dict() == pytest.approx({"x": 11, "y": 4})
    assert va.value_added_in_demand(table, "B", "A").to_dict() == pytest.approx({"x": 0, "y": 1})
    assert va.gross_flow(table, "A", "B").to_dict() == {"x": 6, "y": 1}
    assert va.gross_flow(table, "B", "A").to_dict() == {"x": 0, "y": 2}


def test_inputs_and_value_added_of_a_product_may_exceed_it_by_a_millionth_and_no_more():
    domestic = np.array([[0.2, 0.1], [0.3, 0.4]])
    full = 1 - domestic.sum(0)
    assert va.domestic_content(domestic, full + np.array([0, 5e-7])) == pytest.approx([1, 1], abs=2e-6)
    for more, product in (([0, 2e-6], 1), ([2e-6, 0], 0)):
        with pytest.raises(InputError, match=f"value added of product {product} exceed its output"):
            va.domestic_content(domestic, full + np.array(more))


def test_a_national_table_may_miss_its_output_by_a_thousandth_and_no_more():
    for added, fine in ((79.95, True), (80.05, True), (79.8, False), (80.2, False)):
        rows = [("domestic", "A", "A", 10.0), ("import", "A", "A", 8.0), ("taxes", "product_taxes", "A", 2.0),
                ("value_added", "pay", "A", added), ("output", "output", "A", 100.0)]  # fmt: skip
        table = pd.DataFrame(rows, columns=["part", "row", "column", "value_bn_rub_2016"])
        if fine:
            table.loc[len(table)] = ["domestic", "A", "exports", 90.0]
            found = va.national_content(table)
            assert found.loc["A", ["imported", "exports"]].tolist() == pytest.approx([8 / 90, 90])
        else:
            with pytest.raises(InputError, match="inputs of A miss its output by 0.20 %"):
                va.national_content(table)
