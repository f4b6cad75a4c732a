"""Solutions of model 2: labelled results, optimality, the effect of projects."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from rutrade import InputError
from rutrade.economy.column import Column, ProjectColumn
from rutrade.economy.program import Program, residuals
from rutrade.economy.stage import PARTNERS, Stage, State

if TYPE_CHECKING:
    import xarray as xr

    from rutrade.economy.model import EconomyModel


@dataclass(frozen=True)
class EconomySolution:
    """Solution of one stage, labelled; bn RUB of 2016 a year unless said.

    output, gva (region, sector), with the projects' effects; grp, investment, consumption_by_region (region);
    consumption: z; objective: z less the wedges of (2.12'), what the duals value; use (product, region); deliveries
    (product, origin, region), not unique where routes tie; exports, imports (product, region, partner). Per unit, in
    consumption: prices (product, region) of a unit supplied, use_prices of a unit used (shadow over market price, as
    base prices are 1 and consumption is the numeraire), labour_price (thousand persons, or bn RUB of base pay),
    capital_price (bn RUB of the fund), balance_price (bn RUB), rail_price (Mt).
    binding: priced constraints by family; partner_balance (partner) at relative prices; intensity (project);
    capital_scale: share of the investment fund used in the reciprocal problem. `program`: the LP without the
    tie-break, whence all prices come; `tied`: with it, whence all quantities come; `rows`: positions of its rows.
    """

    year: int
    output: pd.DataFrame
    gva: pd.DataFrame
    consumption: float
    objective: float
    use: np.ndarray
    consumption_by_region: pd.Series
    investment: pd.Series
    deliveries: "xr.DataArray"
    exports: "xr.DataArray"
    imports: "xr.DataArray"
    prices: pd.DataFrame
    use_prices: pd.DataFrame
    labour_price: pd.Series
    capital_price: pd.Series
    balance_price: float
    rail_price: float
    rail_used: float
    capital_scale: float
    partner_balance: pd.Series
    intensity: pd.Series
    projects: tuple[ProjectColumn, ...]
    columns: tuple[Column, ...]
    stage: Stage
    program: Program
    tied: Program
    rows: dict

    @property
    def grp(self) -> pd.Series:
        """Gross regional product: value added by region."""
        return self.gva.sum(axis=1).rename("grp")

    @property
    def state(self) -> State:
        """Where the next stage starts."""
        return State(self.year, self.output.to_numpy(), self.investment.to_numpy())

    @property
    def binding(self) -> pd.DataFrame:
        """Constraints that hold with a price, by family, and the largest price (z per unit)."""
        price = {name: np.abs(np.ravel(self.program.prices[w])) for name, w in self.rows.items() if name != "use"}
        rows = [(n, int((p > 1e-9).sum()), p.size, p.max()) for n, p in price.items()]
        return pd.DataFrame(rows, columns=["constraint", "binding", "of", "largest_price"])

    def summary(self) -> pd.DataFrame:
        """By region and for the country: GRP, consumption, investment, exports, imports; labour and capital prices."""
        table = pd.DataFrame(
            {
                "grp_bn_rub_2016": self.grp,
                "consumption_bn_rub_2016": self.consumption_by_region,
                "investment_bn_rub_2016": self.investment,
                "exports_bn_rub_2016": self.exports.sum(("product", "partner")).to_series(),
                "imports_bn_rub_2016": self.imports.sum(("product", "partner")).to_series(),
            }
        )
        table.loc["Russia"] = table.sum()
        return table.assign(labour_price_bn_rub_per_thousand=self.labour_price, capital_price=self.capital_price)


def labelled(
    model: "EconomyModel", projects: tuple[ProjectColumn, ...], columns: tuple[Column, ...], free: Program,
    tied: Program,
) -> EconomySolution:  # fmt: skip
    """The solved program in arrays with names: quantities of `tied`, prices (duals) of `free`; units of the class.

    Effects of the projects `columns` at their intensity theta are added to output, exports and own value added.
    """
    import xarray as xr

    st, b = model.stage, model.stage.bands
    regions, sectors = list(st.regions), list(st.sectors)
    coords = {"product": sectors, "origin": regions, "region": regions, "partner": list(PARTNERS)}
    var = {name: tied.quantities[where] for name, where in model.columns.items()}
    theta = tied.quantities[len(model._data.cost) :]
    output, exports = st.productivity * var["x"], _exports(st, var)
    gained = output - var["x"]  # beyond what the activity's inputs bought
    own = np.zeros_like(output)
    for p, c, t in zip(projects, columns, theta, strict=True):
        output[regions.index(p.region)] += t * c.beta
        exports[:, regions.index(p.region)] += t * c.exports
        own[regions.index(p.region), sectors.index("RND")] += t * p.value_added
    anchor = var["d"] if st.nested else var["u"]
    deliveries = (1 - b.deliveries) * st.delivery_share * anchor[:, None, :] + var["w"]
    china = st.china_import_share[:, None, None]
    imports = _imports(st, var)[:, :, None] * np.concatenate([china, 1 - china], 2)
    paid = st.import_price * np.broadcast_to(st.import_prices, len(sectors))
    balance = st.export_price * exports.sum((0, 1)) - (paid[:, None, None] * imports).sum((0, 1))

    def price(name: str, sign: float = 1.0) -> Any:
        return sign * free.prices[model.rows[name]] if name in model.rows else np.zeros(len(regions))

    def cube(values: np.ndarray, *dims: str) -> "xr.DataArray":
        return xr.DataArray(values, [(d, coords[d]) for d in dims])

    return EconomySolution(
        year=st.year,
        output=pd.DataFrame(output, regions, sectors),
        gva=pd.DataFrame(st.value_added * output + (1 - st.value_added) * gained + own, regions, sectors),
        consumption=float(var["z"]),
        objective=-float(tied.cost @ tied.quantities),
        use=var["u"],
        consumption_by_region=pd.Series(float(var["z"]) * st.consumption_mix.sum(1), regions),
        investment=pd.Series(var["inv"], regions),
        deliveries=cube(deliveries, "product", "origin", "region"),
        exports=cube(exports, "product", "region", "partner"),
        imports=cube(imports, "product", "region", "partner"),
        prices=pd.DataFrame(price("supply"), sectors, regions),
        use_prices=pd.DataFrame(price("use"), sectors, regions),
        labour_price=pd.Series(price("labour", -1.0), regions),
        capital_price=pd.Series(price("capital", -1.0), regions),
        balance_price=float(price("external_balance")),
        rail_price=float(price("rail", -1.0)),
        rail_used=float((st.rail_tonnes * exports).sum()),
        capital_scale=float(var.get("capital_scale", 1.0)),
        partner_balance=pd.Series(balance, PARTNERS),
        intensity=pd.Series(theta, [p.name for p in projects], dtype=float),
        projects=projects,
        columns=columns,
        stage=st,
        program=free,
        tied=tied,
        rows=model.rows,
    )


def _exports(st: Stage, var: dict) -> np.ndarray:
    """Exports of the program (i, r, k)."""
    if st.curves is not None:
        return var["segment"].sum(-1)
    return st.export_centre + var["export_up"] - var["export_down"]


def _imports(st: Stage, var: dict) -> np.ndarray:
    """Imports (i, s)."""
    if st.curves is not None:
        return (st.curves.isoquant[1] * var["node"]).sum(-1)
    return (1 - st.bands.imports) * st.import_share * var["u"] + var["v"]


def optimality(solution: EconomySolution) -> pd.DataFrame:
    """Optimality conditions recomputed from the program's data: scaled residuals, all of which must be <= 1e-7.

    Rows: primal, dual, complementary_slackness, gap; columns: the program and its tie-broken version.
    """
    return pd.DataFrame({"program": residuals(solution.program), "tied": residuals(solution.tied)})


@dataclass(frozen=True)
class Effect:
    """Effect of projects: GVA `total` = `direct` + `indirect` (region, sector), bn RUB of 2016 a year; `consumption`:
    change of z, its part at the base's shadow prices (direct) and the rest (indirect); `priced`: direct by term.
    """

    total: pd.DataFrame
    direct: pd.DataFrame
    indirect: pd.DataFrame
    consumption: pd.Series
    priced: pd.DataFrame


def priced(without: EconomySolution, column: Column) -> dict[str, float]:
    """(2.14) a column at the duals of a solution by family of rows: by how much a unit of it moves the objective.

    A coefficient a moves z by a times the row's price: minimising -z, z gains dual * a.
    """
    prices = without.program.prices
    return {name: float((prices[without.rows[name]] * values).sum()) for name, values in column.rows.items()}


def effect(with_: EconomySolution, without: EconomySolution) -> Effect:
    """Effect of the projects in `with_` against the same stage `without` them.

    Direct GVA is the value added of the projects, in what they buy, at the suppliers' shares of the base, and in the
    output of their effects; indirect GVA is the rest: capacity, labour and capital drawn from or to other uses. Raises
    InputError when the stages end in different years.
    """
    if with_.year != without.year:
        raise InputError(f"effect: the stages end in {with_.year} and {without.year}; they must be the same")
    st, direct, terms = without.stage, np.zeros(without.gva.shape), []
    for p, c in zip(with_.projects, with_.columns, strict=True):
        r, t = st.regions.index(p.region), with_.intensity[p.name]
        direct += st.value_added * (st.delivery_share[:, :, r] * c.purchases[:, None]).T * t
        direct[r] += st.value_added[r] * c.beta * t
        direct[r, st.sectors.index("RND")] += p.value_added * t
        for name, worth in priced(without, c).items():
            terms.append({"project": p.name, "term": name, "z_bn_rub_2016": worth * t})
    direct, total = pd.DataFrame(direct, without.gva.index, without.gva.columns), with_.gva - without.gva
    table = pd.DataFrame(terms, columns=["project", "term", "z_bn_rub_2016"])
    change, value = with_.consumption - without.consumption, table["z_bn_rub_2016"].sum()
    consumption = pd.Series({"total": change, "direct": value, "indirect": change - value})
    return Effect(total, direct, total - direct, consumption, table)
