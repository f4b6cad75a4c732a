"""Value added in trade, equations (0.14)-(0.18): where the value of what is sold was added.

Z_ij are deliveries of industry i to industry j (each industry of each region is one index), F_id deliveries of i to the
final demand of region d, x output. A = Z diag(x)^-1 are input coefficients, v = 1 - sum_i A_i the value added per unit
of output, L = (I - A)^-1. L is never formed: one LU factorisation of I - A serves every question.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from rutrade import InputError, unknown


@dataclass(frozen=True)
class WorldTable:
    """An inter-country input-output table, all values in one unit at basic prices.

    intermediate: Z, rows and columns (region, industry), suppliers in rows. final: F, rows (region, industry), columns
    destinations. Output is what is sold, x = Z 1 + F 1; what an industry does not buy is its value added, so taxes on
    inputs and inputs from outside the table count as its own. Raises InputError when labels differ or repeat, a value
    is missing, or an industry buys more than it sells.
    """

    intermediate: pd.DataFrame
    final: pd.DataFrame

    def __post_init__(self) -> None:
        z, f = self.intermediate, self.final
        if z.index.nlevels != 2 or not z.index.is_unique:
            raise InputError("world table: rows must be labelled by region and industry, each pair once")
        if not z.index.equals(z.columns) or not z.index.equals(f.index):
            raise InputError("world table: rows and columns of the inputs and rows of final demand must be the same")
        if not (np.isfinite(z.to_numpy()).all() and np.isfinite(f.to_numpy()).all()):
            raise InputError("world table: a cell is missing or infinite; every cell needs a number")
        if (self.value_added < -1e-9 * self.output.abs()).any():
            region, industry = self.value_added.idxmin()
            raise InputError(f"world table: industry {industry} of {region} buys more than it sells; value added < 0")

    @cached_property
    def output(self) -> pd.Series:
        """Output x by (region, industry): all deliveries."""
        sold = self.intermediate.to_numpy().sum(axis=1) + self.final.to_numpy().sum(axis=1)
        return pd.Series(sold, self.intermediate.index)

    @cached_property
    def value_added(self) -> pd.Series:
        """Value added v x by (region, industry): output less inputs from all origins."""
        return self.output - self.intermediate.to_numpy().sum(axis=0)

    @cached_property
    def regions(self) -> list[str]:
        """Regions in the order of the table."""
        return list(dict.fromkeys(self.intermediate.index.get_level_values(0)))

    @cached_property
    def coefficients(self) -> np.ndarray:
        """A = Z diag(x)^-1; an industry without output buys nothing."""
        x = self.output.to_numpy()
        return self.intermediate.to_numpy() / np.where(x == 0, 1.0, x)

    @cached_property
    def _factors(self) -> tuple:
        from scipy.linalg import lu_factor

        return lu_factor(np.eye(len(self.output)) - self.coefficients, overwrite_a=True, check_finite=False)

    def solve(self, right: np.ndarray, transposed: bool = False) -> np.ndarray:
        """L @ right, or L' @ right: from final demand to output, or from value added to its content."""
        from scipy.linalg import lu_solve

        return lu_solve(self._factors, right, trans=int(transposed), check_finite=False)


def world_table(trade: pd.DataFrame, inputs: pd.DataFrame) -> WorldTable:
    """The table (0.14) from who supplies whom and who uses what, when origins of inputs are not known by user.

    Z_(i,k)(n,j) = pi_nki input_nkj, F_(i,k)n = pi_nki (use_nk - sum_j input_nkj), with pi_nki = trade_nki / use_nk and
    use_nk = sum_i trade_nki: every user in a region has the region's mix of origins (import proportionality).
    trade: region (importer), sector, counterpart (exporter), value. inputs: region, sector (product), counterpart
    (user sector), value, from all origins. Raises InputError when a region or sector stands in one of them only.
    """
    keys = {c: list(dict.fromkeys(trade[c])) for c in ("region", "sector", "counterpart")}
    for kind, found, allowed in (("exporter", keys["counterpart"], keys["region"]),
                                 ("region of inputs", inputs["region"].unique(), keys["region"]),
                                 ("sector of inputs", inputs["sector"].unique(), keys["sector"]),
                                 ("user sector", inputs["counterpart"].unique(), keys["sector"])):  # fmt: skip
        if strange := [k for k in found if k not in allowed]:
            raise unknown(kind, strange[0], allowed)
    regions, sectors = keys["region"], keys["sector"]
    rows = pd.MultiIndex.from_product([regions, sectors], names=["region", "industry"])

    def wide(table: pd.DataFrame, columns: list[str]) -> np.ndarray:
        cells = table.pivot(index=["region", "sector"], columns="counterpart", values="value_musd")
        return cells.reindex(index=rows, columns=columns).fillna(0.0).to_numpy()

    shape = (len(regions), len(sectors))
    sold, bought = wide(trade, regions).reshape(*shape, -1), wide(inputs, sectors).reshape(*shape, -1)  # nki, nkj
    use = sold.sum(-1)
    share = sold / np.where(use == 0, 1.0, use)[..., None]
    intermediate = np.einsum("nki,nkj->iknj", share, bought).reshape(len(rows), len(rows))
    final = np.einsum("nki,nk->ikn", share, use - bought.sum(-1)).reshape(len(rows), len(regions))
    return WorldTable(pd.DataFrame(intermediate, rows, rows), pd.DataFrame(final, rows, regions))


def content_by_origin(table: WorldTable) -> pd.DataFrame:
    """Value added by origin region in one unit of each industry's output: m_o = (v restricted to o) L (0.15).

    Returns (region, industry) x origin, fractions; every row sums to 1.
    """
    origin = np.equal.outer(table.output.index.get_level_values(0).to_numpy(), np.array(table.regions, object))
    x = table.output.to_numpy()
    v = table.value_added.to_numpy() / np.where(x == 0, 1.0, x)
    found = table.solve(v[:, None] * origin, transposed=True)
    return pd.DataFrame(np.where(x[:, None] == 0, np.nan, found), table.output.index, table.regions)


def gross_flow(table: WorldTable, exporter: str, importer: str) -> pd.Series:
    """Gross exports of the exporter's industries to the importer: inputs and final goods, in the table's unit.

    Raises InputError for an unknown region.
    """
    for region in (exporter, importer):
        if region not in table.regions:
            raise unknown("region of the world table", region, table.regions)
    inputs = table.intermediate.loc[exporter, importer].sum(axis=1)
    return inputs + table.final.loc[exporter, importer]


def flow_content(
    table: WorldTable, exporter: str, importer: str, partner: str | None = None, industries: Iterable[str] | None = None
) -> pd.DataFrame:
    """Value added in a gross flow by industry: domestic, the partner's and other (0.16), e_i m_oi.

    partner: the importer unless named; for the flow from China to Russia "partner" is Russia's value added that comes
    home. industries: those wanted (goods), else all. Columns: flow, domestic, partner, other (the table's unit), and
    their shares in the flow. The last row is the total. Raises InputError for an unknown region or industry.
    """
    flow = gross_flow(table, exporter, importer)
    partner = importer if partner is None else partner
    if partner not in table.regions:
        raise unknown("region of the world table", partner, table.regions)
    wanted = list(flow.index) if industries is None else list(industries)
    if strange := [i for i in wanted if i not in flow.index]:
        raise unknown("industry of the world table", strange[0], flow.index)
    content = content_by_origin(table).loc[exporter].loc[wanted].mul(flow[wanted], axis=0).fillna(0.0)
    frame = pd.DataFrame({"flow": flow[wanted], "domestic": content[exporter], "partner": content[partner]})
    frame["other"] = content.drop(columns=[exporter, partner]).sum(axis=1)
    frame.loc["total"] = frame.sum()
    parts = ["domestic", "partner", "other"]
    return frame.join(frame[parts].div(frame["flow"].where(frame["flow"] != 0), axis=0).add_suffix("_share"))


def dependence(table: WorldTable, user: str, supplier: str) -> pd.DataFrame:
    """How much an industry of `user` hangs on inputs from `supplier`, by industry (0.17).

    direct: share of the supplier in inputs bought; imported: its share in inputs bought abroad; value_added: its value
    added in one unit of output, through all other industries and countries too; foreign: that of all others together.
    Fractions; missing where nothing is bought. Raises InputError for an unknown region.
    """
    for region in (user, supplier):
        if region not in table.regions:
            raise unknown("region of the world table", region, table.regions)
    bought = table.intermediate[user].groupby(level=0, sort=False).sum()
    abroad = bought.drop(index=user).sum()
    content = content_by_origin(table).loc[user]
    return pd.DataFrame(
        {
            "direct": bought.loc[supplier] / bought.sum().where(bought.sum() > 0),
            "imported": bought.loc[supplier] / abroad.where(abroad > 0),
            "value_added": content[supplier],
            "foreign": 1 - content[user],
        }
    )


def value_added_in_demand(table: WorldTable, origin: str, destination: str) -> pd.Series:
    """Value added of the origin's industries absorbed by the destination's final demand: v_o (L F_d) (0.18).

    Summed over origins it is the destination's final demand; over destinations, the origin's value added. In the
    table's unit. Raises InputError for an unknown region.
    """
    if origin not in table.regions:
        raise unknown("region of the world table", origin, table.regions)
    if destination not in table.final:
        raise unknown("destination of the world table", destination, table.final.columns)
    x = table.output.to_numpy()
    made = table.solve(table.final[destination].to_numpy())
    share = table.value_added.to_numpy() / np.where(x == 0, 1.0, x)
    return pd.Series(share * made, table.output.index).loc[origin]


def domestic_content(domestic: np.ndarray, value_added: np.ndarray) -> np.ndarray:
    """Domestic value added in one unit of each product of one country's table: v (I - A_d)^-1 (0.15 for one region).

    domestic: input coefficients of domestic products, A_d. value_added: value added (and net taxes, if they are to
    count as domestic) per unit of output, v. The rest of a unit is imported, directly or through others. Raises
    InputError when a product's inputs and value added exceed its output.
    """
    from scipy.linalg import solve

    domestic, value_added = np.asarray(domestic, float), np.asarray(value_added, float)
    if (domestic.sum(axis=0) + value_added > 1 + 1e-6).any():
        product = int(np.argmax(domestic.sum(axis=0) + value_added))
        raise InputError(f"domestic inputs and value added of product {product} exceed its output; must be at most 1")
    return solve((np.eye(len(domestic)) - domestic).T, value_added)


def national_content(table: pd.DataFrame) -> pd.DataFrame:
    """What a unit of each domestic product consists of by one country's table, `national_io_2016` (0.15).

    Columns: domestic (value added of all domestic industries, v (I - A_d)^-1), imported (a (I - A_d)^-1 with a the
    imported inputs per unit), taxes (on products used, likewise), fractions that sum to 1, and exports (bn RUB 2016,
    basic prices). The last row is the whole of exports, each product by its weight. It is imports of all countries
    together that a national table knows. Raises InputError when a part is missing or the columns do not balance.
    """
    parts = {k: table[table["part"] == k] for k in ("domestic", "import", "taxes", "value_added", "output")}
    if missing := [k for k, part in parts.items() if part.empty]:
        raise InputError(f"national table: part '{missing[0]}' is missing")
    output = parts["output"].set_index("column")["value_bn_rub_2016"]
    products = list(output.index)
    wide = (
        parts["domestic"].pivot(index="row", columns="column", values="value_bn_rub_2016").reindex(products).fillna(0)
    )
    coefficients = (wide.reindex(columns=products, fill_value=0.0) / output).to_numpy()
    inputs = {k: parts[k].groupby("column")["value_bn_rub_2016"].sum().reindex(products, fill_value=0.0) / output
              for k in ("value_added", "import", "taxes")}  # fmt: skip
    gap = abs(coefficients.sum(axis=0) + sum(inputs.values()) - 1)
    if gap.max() > 1e-3:
        raise InputError(f"national table: inputs of {gap.idxmax()} miss its output by {100 * gap.max():.2f} %")
    names = {"domestic": "value_added", "imported": "import", "taxes": "taxes"}
    frame = pd.DataFrame({n: domestic_content(coefficients, inputs[k].to_numpy()) for n, k in names.items()}, products)
    frame["exports"] = wide.get("exports", 0.0)
    weight = frame["exports"] / frame["exports"].sum()
    total = [*(frame[list(names)].mul(weight, axis=0).sum()), frame["exports"].sum()]
    frame.loc["exports"] = total
    return frame
