"""The linear program (2.1)-(2.13) of one stage, and the optimality conditions checked outside the solver."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rutrade.economy.stage import PARTNERS, TANGENTS, Stage


def linear_program(stage: Stage):
    """The stage as a linopy model (2.1)-(2.13), without project columns (added beside it, see `EconomyModel`).

    Transport (2.3) has no row of its own: margins stand in the rows of trade, rail and transport.

    Deliveries and imports are stated as their distance from the lower end of the band, y = (1-b) sigma u + w and
    m = (1-b) mu u + v: one row per cell and not two, and zero bands need no redundant rows. Exports are stated as
    departures from their path, up and down.
    """
    import linopy
    import xarray as xr

    axes = {"region": stage.regions, "origin": stage.regions, "product": stage.sectors, "sector": stage.sectors}
    axes = {d: pd.Index(v, name=d) for d, v in (axes | {"partner": PARTNERS, "tangent": range(len(TANGENTS))}).items()}
    m, st, b = linopy.Model(), stage, stage.bands

    def given(values, dims):
        return xr.DataArray(np.broadcast_to(values, [len(axes[d]) for d in dims]), [axes[d] for d in dims])

    def variable(name, upper, *dims, lower=0.0):
        """A new variable; returned are its labels, an array by `dims`."""
        return m.add_variables(given(lower, dims), given(upper, dims), name=name).labels.to_numpy()

    def constrain(name, *terms_sign_right, over=()):
        """Rows over `over`: sum of (coefficient, variable) against the right side; a term's further axes are summed.

        The arrays are lined up by numpy: products and sums of labelled ones take longer than the solver itself.
        """
        *terms, sign, right = terms_sign_right
        shape, parts = tuple(len(axes[d]) for d in over), []
        for term in terms:
            pair = np.broadcast_arrays(*term)
            parts.append([np.broadcast_to(p, shape + p.shape[len(over) :]).reshape(*shape, -1) for p in pair])
        each = zip(("coeffs", "vars"), zip(*parts, strict=True), strict=True)
        data = {key: ((*over, "_term"), np.concatenate(p, -1)) for key, p in each}
        data |= {"sign": sign, "rhs": given(right, over)}
        m.add_constraints(linopy.constraints.Constraint(xr.Dataset(data), m), name=name)

    # arrays by product i, supplying and using region r, s, partner k, as named in `Stage`; sector j
    produced, sigma, mu = st.value_added > 0, st.delivery_share, st.import_share
    x = variable("x", np.where(produced, np.inf, 0), "region", "sector")  # x0 + x1
    x1 = variable("x1", np.where(produced & (st.span > 0), np.inf, 0), "region", "sector")
    z = variable("z", np.inf)
    inv = variable("inv", np.inf, "region", lower=st.investment_path)  # (2.9) as a bound
    u = variable("u", np.inf, "product", "region")
    w = variable("w", np.where(sigma == 0, 0, np.inf), "product", "origin", "region")
    v = variable("v", np.where(mu == 0, 0, np.inf), "product", "region")
    up = variable("export_up", b.exports * st.export_centre, "product", "origin", "partner")  # (2.12) for exports
    down = variable("export_down", st.export_room, "product", "origin", "partner")

    m.add_objective(-1 * m.variables["z"])  # (2.1), stated as a minimum
    needs = (-st.capital_mix.T, inv), (-st.consumption_mix.T, z), (-st.inputs.swapaxes(0, 1), x)
    constrain("use", (1.0, u), *needs, "=", st.fixed_use.T, over=("product", "region"))  # (2.2a)
    band = b.deliveries * sigma.sum(1) + b.imports * mu
    sources = (1.0, v), (1.0, w.swapaxes(1, 2)), (-band, u)
    constrain("sourcing", *sources, "=", 0, over=("product", "region"))  # (2.2a)
    delivered = (-(1 - b.deliveries) * sigma.swapaxes(0, 1), u), (-1.0, w.swapaxes(0, 1))
    abroad = (-1.0, up.swapaxes(0, 1)), (1.0, down.swapaxes(0, 1))
    centre = st.export_centre.sum(2).T
    constrain("supply", (1.0, x), *delivered, *abroad, "=", centre, over=("origin", "product"))  # (2.2b)
    wide = (1.0, w), (-2 * b.deliveries * sigma, u[:, None])
    constrain("delivery_band", *wide, "<=", 0, over=("product", "origin", "region"))  # (2.12), (2.13)
    constrain("import_band", (1.0, v), (-2 * b.imports * mu, u), "<=", 0, over=("product", "region"))  # (2.12)
    constrain("retained", (1.0, x), (-1.0, x1), "<=", st.retained, over=("region", "sector"))  # (2.5)
    constrain("labour", (st.labour_coefficient, x), "<=", st.labour, over=("region",))  # (2.4)
    imports = (-(1 - b.imports) * st.import_price * mu, u), (-st.import_price, v)
    missing = st.external_balance - st.export_price * st.export_centre.sum()
    constrain("external_balance", (st.export_price, up), (-st.export_price, down), *imports, ">=", missing)  # (2.8)
    if st.span:
        fund = variable("fund", np.inf, "region")
        # t scales the fund: fixed at 1, and the unknown of the reciprocal problem
        t, reference = variable("capital_scale", 1.0, lower=1.0), st.fund(st.investment_path)
        funds = (-1.0, fund), (-reference, t)
        constrain("capital", (st.capital_coefficient, x1), *funds, "<=", -reference, over=("region",))  # (2.6)
        slope, intercept = (c.T for c in st.cuts)
        line = (1.0, fund[:, None]), (-slope, inv[:, None])
        constrain("fund", *line, "<=", intercept, over=("region", "tangent"))  # (2.7)
    room = st.rail_capacity - (st.rail_tonnes * st.export_centre).sum()
    constrain("rail", (st.rail_tonnes, up), (-st.rail_tonnes, down), "<=", room)  # (2.10)
    return m


@dataclass(frozen=True)
class Program:
    """A linear program with its solution: minimise cost x, row_lower <= A x <= row_upper, lower <= x <= upper."""

    a: object  # scipy.sparse.csc_array (rows, columns)
    row_lower: np.ndarray
    row_upper: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    cost: np.ndarray
    x: np.ndarray | None = None
    dual: np.ndarray | None = None


def residuals(p: Program) -> dict[str, float]:
    """Scaled residuals of the optimality conditions, from the program's data and no figure of the solver's own."""
    activity, reduced = p.a @ p.x, p.cost - p.a.T @ p.dual
    primal, signs, slack, bound_value = 0.0, 0.0, 0.0, 0.0
    sides = ((activity, p.row_lower, p.row_upper, p.dual), (p.x, p.lower, p.upper, reduced))
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
    prices, objective = 1 + np.abs(p.dual).max(), float(p.cost @ p.x)
    gap = abs(objective - bound_value) / (1 + abs(objective))
    return {"primal": primal, "dual": signs / prices, "complementary_slackness": slack / prices, "gap": gap}
