"""The linear program (2.1)-(2.13) of one stage, and the optimality conditions checked outside the solver."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from rutrade.economy.curves import EXPORT_NODES, IMPORT_NODES
from rutrade.economy.stage import PARTNERS, TANGENTS, Stage
from rutrade.economy.substitution import TECHNIQUES

if TYPE_CHECKING:
    import xarray as xr
    from scipy import sparse

MIXED = 1e-4  # a smaller share of imports, or of domestic products, keeps its proportion: its nodes would coincide


def linear_program(stage: Stage) -> Any:
    """The stage as a linopy model (2.1)-(2.13), without project columns (added beside it, see `EconomyModel`).

    Transport (2.3) has no row of its own: margins stand in the rows of trade, rail and transport.

    Deliveries (and imports, where they have bands) are stated as their distance from the lower end of the band,
    y = (1-b) sigma u + w: one row per cell and not two, and zero bands need no redundant rows. Exports are stated as
    departures from their path, up and down, or as segments of their demand curve.
    """
    import linopy

    st, b, given, m = stage, stage.bands, _labelled(stage), linopy.Model()

    def variable(name: str, upper: Any, *dims: str, lower: Any = 0.0) -> Any:
        return m.add_variables(given(lower, *dims), given(upper, *dims), name=name)

    produced = st.value_added > 0
    x = variable("x", np.where(produced, np.inf, 0), "region", "sector")  # x0 + x1
    x1 = variable("x1", np.where(produced & (st.span > 0), np.inf, 0), "region", "sector")
    z = variable("z", np.inf)
    inv = variable("inv", np.inf, "region", lower=st.investment_path)  # (2.9) as a bound
    u = variable("u", np.inf, "product", "region")

    a = given(st.inputs, "region", "product", "sector")
    mix, spent = given(st.capital_mix, "region", "product"), given(st.consumption_mix, "region", "product")
    fixed = given(st.fixed_use, "region", "product")
    m.add_constraints(u - (a * x).sum("sector") - mix * inv - spent * z == fixed, name="use")  # (2.2a)

    domestic, imported, departure = (_isoquant if st.curves else _import_band)(m, st, given, variable, u)
    exported, earned, priced = (_demand_curves if st.curves else _export_band)(st, given, variable)
    wedges = priced + departure if st.curves else None

    sigma = given(st.delivery_share, "product", "origin", "region")
    w = variable("w", np.where(st.delivery_share == 0, 0, np.inf), "product", "origin", "region")
    delivered = (1 - b.deliveries) * sigma * (domestic if st.nested else u) + w  # y
    m.add_constraints(delivered.sum("origin") == domestic, name="sourcing")  # (2.2a)
    wide = 2 * b.deliveries * sigma * (domestic if st.nested else u)
    m.add_constraints(w - wide <= 0, name="delivery_band")  # (2.12), (2.13)

    made = given(np.transpose(st.productivity), "product", "origin") * x.rename(region="origin", sector="product")
    m.add_constraints(made - delivered.sum("region") - exported.sum("partner") == 0, name="supply")  # (2.2b)
    m.add_constraints(x - x1 <= given(st.retained, "region", "sector"), name="retained")  # (2.5)
    hired = (given(st.labour_coefficient, "region", "sector") * x).sum("sector")
    deeper = None
    if st.span and st.techniques is not None:
        deeper = _technique(m, st, given, variable, x1)
        hired = hired + deeper[1]
    m.add_constraints(hired <= given(st.labour, "region"), name="labour")  # (2.4)
    balance = st.export_price * earned - (given(st.import_price * st.import_prices, "product") * imported).sum()
    m.add_constraints(balance >= st.external_balance, name="external_balance")  # (2.8)
    tonnes = given(st.rail_tonnes, "product", "origin", "partner")
    m.add_constraints((tonnes * exported).sum() <= st.rail_capacity, name="rail")  # (2.10)
    if st.span:
        _capital(m, st, given, variable, x1, inv, deeper)
    if st.terminal is not None:
        needed = (given(st.terminal, "region", "sector") * x).sum("sector")
        m.add_constraints(inv - needed >= 0, name="terminal")  # (2.9')
    m.add_objective(-1 * z if wedges is None else wedges - z)  # (2.1), stated as a minimum
    return m


def _labelled(stage: Stage) -> Callable[..., "xr.DataArray"]:
    """A function that puts labels on an array of the stage (or spreads a number), axes as named."""
    import xarray as xr

    names = dict.fromkeys(("region", "origin"), stage.regions) | dict.fromkeys(("product", "sector"), stage.sectors)
    counts = {"tangent": len(TANGENTS), "segment": len(EXPORT_NODES) - 1, "node": len(IMPORT_NODES)}
    counts["technique"] = len(TECHNIQUES)
    axes = names | {"partner": PARTNERS} | {name: range(n) for name, n in counts.items()}
    axes = {name: pd.Index(values, name=name) for name, values in axes.items()}

    def given(values: np.typing.ArrayLike, *dims: str) -> "xr.DataArray":
        return xr.DataArray(np.broadcast_to(values, [len(axes[d]) for d in dims]), [axes[d] for d in dims])

    return given


def _import_band(
    m: Any, st: Stage, given: Callable[..., Any], variable: Callable[..., Any], u: Any
) -> tuple[Any, Any, Any]:
    """(2.12) imports m within a band around their share of use; domestic products, imports, no wedge."""
    mu, b = given(st.import_share, "product", "region"), st.bands.imports
    v = variable("v", np.where(st.import_share == 0, 0, np.inf), "product", "region")
    m.add_constraints(v - 2 * b * mu * u <= 0, name="import_band")
    imported = (1 - b) * mu * u + v
    if not st.nested:
        return u - imported, imported, None
    d = variable("d", np.inf, "product", "region")
    m.add_constraints(d + imported - u == 0, name="composition")
    return d, imported, None


def _isoquant(
    m: Any, st: Stage, given: Callable[..., Any], variable: Callable[..., Any], u: Any
) -> tuple[Any, Any, Any]:
    """(2.12') use as a mix of the isoquant's nodes; domestic products, imports, wedge on the departure from mu*."""
    assert st.curves is not None
    domestic, imported = (given(v, "product", "region", "node") for v in st.curves.isoquant)
    share = given(st.curves.import_share, "product", "region")
    wedge = given(st.curves.import_wedge, "product", "region")
    mixed = np.abs(st.curves.import_share - 0.5) < 0.5 - MIXED
    open_ = mixed[..., None] | (IMPORT_NODES == 1)
    node = variable("node", np.where(open_, np.inf, 0), "product", "region", "node")
    m.add_constraints(node.sum("node") - u == 0, name="isoquant")
    d = variable("d", np.inf, "product", "region")
    m.add_constraints((domestic * node).sum("node") - d == 0, name="composition")
    return d, (imported * node).sum("node"), (wedge * (imported - share) * node).sum()


def _export_band(st: Stage, given: Callable[..., Any], variable: Callable[..., Any]) -> tuple[Any, Any, Any]:
    """(2.12) exports e around their path, up and down; exports, foreign exchange at the path's price, no wedge."""
    cells = "product", "origin", "partner"
    up = variable("export_up", st.bands.exports * st.export_centre, *cells)
    down = variable("export_down", st.export_room, *cells)
    exported = given(st.export_centre, *cells) + up - down
    return exported, exported.sum(), None


def _demand_curves(st: Stage, given: Callable[..., Any], variable: Callable[..., Any]) -> tuple[Any, Any, Any]:
    """(2.12') exports e as filled segments of their demand curve; exports, foreign exchange F(e), wedge."""
    assert st.curves is not None
    width, slope, start = st.curves.segments
    cells = "product", "origin", "partner"
    filled = variable("segment", width, *cells, "segment", lower=np.asarray(st.curves.held)[..., None] * width)
    exported = filled.sum("segment")
    slope = given(slope, "product", "partner", "segment")
    earned = (slope * filled).sum() + float((start[:, None] * st.curves.centre).sum())
    return exported, earned, (given(st.curves.export_wedge, *cells) * exported).sum()


def _technique(
    m: Any, st: Stage, given: Callable[..., Any], variable: Callable[..., Any], x1: Any
) -> tuple[Any, Any]:  # fmt: skip
    """(2.6'') new capacity by technique: what it needs more than at the path's, capital and labour by region."""
    assert st.techniques is not None
    cells = "region", "sector", "technique"
    capital, labour = (given(values - 1, *cells) for values in st.techniques)
    open_ = (st.value_added > 0) & (st.labour_coefficient > 0)
    chosen = variable("technique", np.where(open_[..., None], np.inf, 0), *cells)
    m.add_constraints(x1 - chosen.sum("technique") >= 0, name="technique")
    of_capital, of_labour = (
        (given(c, "region", "sector") * more * chosen).sum(("sector", "technique"))
        for c, more in ((st.capital_coefficient, capital), (st.labour_coefficient, labour))
    )
    return of_capital, of_labour


def _capital(
    m: Any, st: Stage, given: Callable[..., Any], variable: Callable[..., Any], x1: Any, inv: Any,
    deeper: tuple[Any, Any] | None,
) -> None:  # fmt: skip
    """(2.6) new capacity uses the fund, (2.7) which the tangents to Phi(inv) bound."""
    fund = variable("fund", np.inf, "region")
    # t scales the fund: fixed at 1, and the unknown of the reciprocal problem
    t, reference = variable("capital_scale", 1.0, lower=1.0), given(st.fund(st.reference_investment), "region")
    needed = (given(st.capital_coefficient, "region", "sector") * x1).sum("sector")
    if deeper is not None:
        needed = needed + deeper[0]
    m.add_constraints(needed - fund - reference * t <= -reference, name="capital")  # (2.6)
    slope, intercept = (given(c.T, "region", "tangent") for c in st.cuts)
    m.add_constraints(fund - slope * inv <= intercept, name="fund")  # (2.7)


@dataclass(frozen=True)
class Program:
    """A linear program with its solution: minimise cost x, row_lower <= A x <= row_upper, lower <= x <= upper."""

    a: "sparse.csc_array"  # (rows, columns)
    row_lower: np.ndarray
    row_upper: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    cost: np.ndarray
    x: np.ndarray | None = None
    dual: np.ndarray | None = None

    @property
    def quantities(self) -> np.ndarray:
        """Solution x of a solved program, by column."""
        assert self.x is not None
        return self.x

    @property
    def prices(self) -> np.ndarray:
        """Duals of a solved program, by row."""
        assert self.dual is not None
        return self.dual


def residuals(p: Program) -> dict[str, float]:
    """Scaled residuals of the optimality conditions, from the program's data and no figure of the solver's own."""
    x, dual = p.quantities, p.prices
    activity, reduced = p.a @ x, p.cost - p.a.T @ dual
    primal, signs, slack, bound_value = 0.0, 0.0, 0.0, 0.0
    sides = ((activity, p.row_lower, p.row_upper, dual), (x, p.lower, p.upper, reduced))
    for value, low, high, price in sides:
        scale = 1 + np.abs(value)
        primal = max(primal, (np.maximum(low - value, value - high) / scale).max())
        # a price needs a bound on its side; where there is none the price itself is the residual
        bound = np.where(price > 0, low, high)
        held = np.isfinite(bound) | (price == 0)
        signs = max(signs, np.abs(np.where(held, 0, price)).max())
        bound = np.where(np.isfinite(bound), bound, value)
        slack = max(slack, (np.abs(price * (value - bound)) / scale).max())
        bound_value += float(price @ bound)
    prices, objective = 1 + np.abs(dual).max(), float(p.cost @ x)
    gap = abs(objective - bound_value) / (1 + abs(objective))
    return {"primal": primal, "dual": signs / prices, "complementary_slackness": slack / prices, "gap": gap}
