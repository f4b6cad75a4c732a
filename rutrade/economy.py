"""Model 2: the multiregional input-output optimisation model with the technological column (OMMM form).

Units: bn RUB a year at basic prices of 2016; labour in thousand persons; railway freight in Mt a year. Sets: regions
r (supplying), s (using); products i and sectors j; partners k in PARTNERS. Equations (2.1)-(2.13) carry the numbers
of the method page. `inputs()` reads the exogenous paths; everything else is a function of its arguments, but for
the solver that an `EconomyModel` keeps so that changed right-hand sides and project columns are solved in place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from rutrade import InputError, unknown
from rutrade.regional import RegionalTables

PARTNERS = ("CHN", "ROW")
TANGENTS = np.geomspace(0.4, 2.5, 40)  # points of (2.7), times the investment of the base year
SMALL = 1e-6  # bn RUB: smaller base flows are not stated
MAX_IMPORT_SHARE = 0.98


# --- inputs -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Paths:
    """Exogenous paths: `frame` with columns variable, sector, region, year, value (table 'economy_paths')."""

    frame: pd.DataFrame

    def __post_init__(self):
        object.__setattr__(self, "_rows", self.frame.groupby(["variable", "year"]).indices)

    def at(self, variable: str, year: int, by: str | None = None):
        """The value in a year: a number, or a Series by 'sector' or 'region'. A year without a row is refused."""
        if not self.covers(variable, year):
            known = self.frame.loc[self.frame["variable"] == variable, "year"]
            if known.empty:
                raise unknown("path", variable, sorted(self.frame["variable"].unique()))
            raise InputError(f"path '{variable}' misses the year {year}; it has {sorted(map(int, known.unique()))}")
        rows = self.frame.iloc[self._rows[variable, year]]
        return float(rows["value"].iloc[0]) if by is None else rows.set_index(by)["value"]

    def covers(self, variable: str, year: int) -> bool:
        """Whether a path has a value in a year."""
        return (variable, year) in self._rows

    def scaled(self, variable: str, factor: float, years=None) -> "Paths":
        """The same paths with one variable multiplied by a factor (in the given years, or all).

        Raises InputError for an unknown path.
        """
        chosen = self.frame["variable"] == variable
        if not chosen.any():
            raise unknown("path", variable, sorted(self.frame["variable"].unique()))
        if years is not None:
            chosen &= self.frame["year"].isin(years)
        return Paths(self.frame.assign(value=self.frame["value"].where(~chosen, self.frame["value"] * factor)))


def inputs() -> Paths:
    """Read the exogenous paths from `data/`."""
    from rutrade import datasets

    frame = datasets.load("economy_paths")[["variable", "sector", "region", "year", "value"]]
    return Paths(frame.astype({"year": int, "sector": object, "region": object, "variable": object}))


@dataclass(frozen=True)
class Bands:
    """Half-width b of (2.12) around the shares of deliveries and imports in use and around the export path."""

    deliveries: float = 0.2
    imports: float = 0.1
    exports: float = 0.05

    def __post_init__(self):
        for name in ("deliveries", "imports", "exports"):
            if not 0 <= getattr(self, name) < 1:
                raise InputError(f"band of {name} is {getattr(self, name)}; allowed is 0 to below 1")


@dataclass(frozen=True)
class State:
    """Where a stage starts: the year, output (r, j) and investment (r) of its base."""

    year: int
    output: np.ndarray
    investment: np.ndarray


@dataclass(frozen=True)
class ProjectColumn:
    """Technological column of one project object in the last year of a stage, bn RUB of 2016 per unit of intensity.

    `capital`, `current`: purchases by product in the project's region (construction, operation); `rnd`: research
    bought by government there. `labour_thousand`: own staff; `value_added`: what the project itself adds (its pay),
    counted with the sector RND. `investment_fund`: cumulated capital the project draws
    from the region's investment (0: paid on top of it). Effects, each an assumption with its `effect_source`:
    `productivity`: by sector, the share by which the same labour and capacity of the region yield more, materials
    bought in proportion; `capacity`: additional output by sector with its materials and labour; `output`:
    commercialised output with materials, labour and capital. `export_share` of the effects' output goes abroad,
    `china_share` of that to China. `intensity`: bounds of theta.
    """

    name: str
    region: str
    year: int
    capital: Mapping[str, float] = field(default_factory=dict)
    current: Mapping[str, float] = field(default_factory=dict)
    labour_thousand: float = 0.0
    value_added: float = 0.0
    rnd: float = 0.0
    investment_fund: float = 0.0
    productivity: Mapping[str, float] = field(default_factory=dict)
    capacity: Mapping[str, float] = field(default_factory=dict)
    output: Mapping[str, float] = field(default_factory=dict)
    export_share: float = 0.0
    china_share: float = 0.0
    effect_source: str = ""
    intensity: tuple[float, float] = (1.0, 1.0)

    def __post_init__(self):
        for name in ("export_share", "china_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"project '{self.name}': {name} is {getattr(self, name)}; allowed is 0 to 1")
        if not 0 <= self.intensity[0] <= self.intensity[1] <= 1:
            raise InputError(f"project '{self.name}': intensity {self.intensity} must lie in [0, 1], lower bound first")
        effects = [v for name in ("productivity", "capacity", "output") for v in dict(getattr(self, name)).values()]
        if any(effects) and not self.effect_source:
            raise InputError(f"project '{self.name}': an effect needs effect_source (a source or the word assumption)")
        for name in ("capital", "current", "productivity", "capacity", "output"):
            for sector, value in dict(getattr(self, name)).items():
                if not np.isfinite(value) or value < 0:
                    raise InputError(f"project '{self.name}': {name} of {sector} is {value}; must be 0 or more")


def project_column(
    tables: RegionalTables, flows: pd.Series, name: str, region: str, year: int, induced: str = "none", **effects
) -> ProjectColumn:
    """A project's column from its flows by (flow, sector), bn RUB of 2016, as an appraisal of the project states them.

    capital_goods and current_inputs are bought; labour (gross pay, of any sector) becomes staff at the national pay
    in research; commercialised_output enters as `induced` says: 'none', 'capacity' or 'output' of `ProjectColumn`.
    Research that the project delivers has its cost in these flows already and displaces none of the sector's own.
    `effects`: any other field of `ProjectColumn`. Raises InputError for another `induced`.
    """
    if induced not in ("none", "capacity", "output"):
        raise unknown("kind of induced output", induced, ("none", "capacity", "output"))

    def part(flow):
        return dict(flows[flow]) if flow in flows.index.get_level_values(0) else {}

    national = tables.data.national
    pay = national.value_added.at["compensation", "RND"] / tables.data.employment["RND"]  # bn RUB per thousand
    if induced != "none":
        effects[induced] = part("commercialised_output")
    own = sum(part("labour").values())
    return ProjectColumn(
        name, region, year, part("capital_goods"), part("current_inputs"), own / pay, own, **effects
    )  # fmt: skip


# --- one stage's coefficients -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stage:
    """Coefficients of one stage's program, index order in brackets; the statement of the LP reads only these."""

    year: int
    span: int
    regions: tuple[str, ...]
    sectors: tuple[str, ...]
    inputs: np.ndarray  # a (s, i, j): total input coefficients
    capital_mix: np.ndarray  # b (s, i) per unit of investment
    consumption_mix: np.ndarray  # c (s, i) per unit of z, sums to 1: holds the territorial structure (2.11)
    fixed_use: np.ndarray  # g (s, i): government and stocks
    delivery_share: np.ndarray  # sigma (i, r, s)
    import_share: np.ndarray  # mu (i, s)
    china_import_share: np.ndarray  # (i)
    export_centre: np.ndarray  # (i, r, k)
    export_price: float
    import_price: float
    external_balance: float  # S
    labour_coefficient: np.ndarray  # l (r, j), thousand persons per bn RUB
    labour: np.ndarray  # L (r)
    retained: np.ndarray  # upper bound of x0 (r, j)
    capital_coefficient: np.ndarray  # kappa * k (j)
    investment_base: np.ndarray  # inv0 (r)
    investment_path: np.ndarray  # lower bound of inv (r)
    rail_tonnes: np.ndarray  # (i, r, k) Mt per bn RUB of exports that use the Eastern range
    rail_capacity: float  # Mt; infinite: no limit known for the year
    value_added: np.ndarray  # v (r, j) per unit of output
    bands: Bands

    @property
    def export_room(self) -> np.ndarray:
        """How far exports may fall below their path (i, r, k): the band, and below it what a rail limit takes away.

        The room goes in steps of 10 Mt of the limit, so that within a step the limit's price is that of (2.10) alone.
        """
        used = (self.rail_tonnes * self.export_centre).sum()
        limit = 10 * np.round(self.rail_capacity / 10) - 5
        kept = np.where(self.rail_tonnes > 0, min(1.0, limit / max(used, 1e-9)), 1.0)
        return self.export_centre * (1 - (1 - self.bands.exports) * kept)

    @property
    def cuts(self) -> tuple[np.ndarray, np.ndarray]:
        """Slope (p, r) and intercept (p, r) of the tangents to Phi^r(inv) of (2.7)."""
        t = np.arange(1, self.span + 1) / max(self.span, 1)
        powers = TANGENTS[:, None] ** t
        value, slope = powers.sum(1), (t * powers).sum(1) / TANGENTS  # of sum_t q^(t/T), q = inv / inv0
        slope = np.repeat(slope[:, None], len(self.regions), 1)
        return slope, (value - slope[:, 0] * TANGENTS)[:, None] * self.investment_base

    def fund(self, investment: np.ndarray) -> np.ndarray:
        """Phi^r(inv) of (2.7), bn RUB cumulated over the stage (r)."""
        q = investment / self.investment_base
        return self.investment_base * sum(q ** (t / self.span) for t in range(1, self.span + 1))


def _by_sector(tables: RegionalTables, paths: Paths, variable: str, year: int, weights, default=None) -> np.ndarray:
    """A path by sector in the tables' sectors: weighted means where the tables are aggregated."""
    base = tables.data.sectors.index
    values = paths.at(variable, year, "sector").reindex(base)
    if default is not None:
        values = values.fillna(default)
    if values.isna().any():
        raise InputError(f"path '{variable}' misses sector {values.index[values.isna()][0]} in {year}")
    if tables.sectors == tuple(base):
        return values.to_numpy(float)
    w = np.maximum(pd.Series(np.asarray(weights, float), base), 1e-12)
    group = tables.data.sectors["sector12"]
    return ((values * w).groupby(group).sum() / w.groupby(group).sum())[list(tables.sectors)].to_numpy(float)


def base_state(tables: RegionalTables) -> State:
    """The base year 2016: output and investment of the regional tables."""
    return State(2016, tables.output, (tables.final_domestic + tables.final_import)[:, :, 2].sum(1))


def calibrate_capital(tables: RegionalTables, paths: Paths, nodes: tuple[int, int] = (2016, 2019)) -> float:
    """Scale kappa of the capital coefficients: capital for uniform growth by GDP over `nodes` uses the whole fund."""
    stage = _stage(tables, nodes[1], paths, base_state(tables), Bands(), 1.0)
    growth = paths.at("gdp", nodes[1]) / paths.at("gdp", nodes[0])
    needed = (stage.capital_coefficient * np.maximum(growth * tables.output - stage.retained, 0)).sum()
    return float(stage.fund(stage.investment_path).sum() / needed)


def _stage(tables, year, paths, base: State, bands: Bands, kappa: float, capacity: float = 1.0) -> Stage:
    """Coefficients of the stage from `base.year` to `year`."""
    span, nat, n = year - base.year, tables.data.national, len(tables.sectors)
    x, origin = np.maximum(tables.output, 1e-300), 2016
    produced = tables.output > SMALL

    def ratio(variable, by=None):
        return paths.at(variable, year, by) / paths.at(variable, origin, by)

    exports36, imports36 = nat.domestic["exports"], nat.imported.sum(axis=1)
    use = (tables.use_domestic + tables.use_import) / x[:, None, :] * produced[:, None, :]
    final = tables.final_domestic + tables.final_import  # (s, i, category)
    total_use = tables.domestic_use + tables.imports  # (s, i)
    # (2.12) moving centres: import shares follow their path, deliveries share what is left as in the base year
    rho = _by_sector(tables, paths, "import_share", year, imports36)
    mu0 = np.where(tables.imports > SMALL, tables.imports / total_use, 0).T  # (i, s)
    mu = np.minimum(mu0 * rho[:, None], np.where(mu0 > MAX_IMPORT_SHARE, mu0, MAX_IMPORT_SHARE))
    flows = np.where(tables.flows > SMALL, tables.flows, 0)
    received = flows.sum(1)
    sigma = flows / np.where(received > 0, received, 1)[:, None, :]
    mu = np.where(received > 0, mu, 1.0)  # a product without domestic deliveries is imported
    sigma = sigma * (1 - mu)[:, None, :]
    china = _by_sector(tables, paths, "china_export_share", year, exports36)
    centre = tables.exports.T * _by_sector(tables, paths, "exports", year, exports36)[:, None]  # (i, r)
    centre = np.where(centre > SMALL, centre, 0)[:, :, None] * np.stack([china, 1 - china], 1)[:, None, :]
    price_e, price_m = paths.at("export_price", year), paths.at("import_price", year)
    imports = tables.imports.sum() * ratio("import_volume")
    productivity = _by_sector(tables, paths, "productivity", year, tables.data.employment)
    regions = list(tables.regions)
    tonnes = _by_sector(tables, paths, "rail_tonnes", origin, exports36, default=0.0)
    east = paths.at("rail_east_share", origin, "region").reindex(regions)
    rail = tonnes[:, None, None] * np.stack([east.notna().to_numpy(float), east.fillna(0).to_numpy()], 1)
    survival = (1 - paths.at("retirement", origin)) ** span
    coefficient = _by_sector(tables, paths, "capital_output", origin, nat.output)
    # (2.2a) the territorial structure lambda follows labour: held at 2016, the district that loses most workers would
    # bound the whole country's consumption through what must be supplied on the spot
    shift = ratio("labour", "region").reindex(list(tables.regions)).to_numpy()

    def follow(values):  # (s, ...): moved with labour, same national total
        moved = values * shift.reshape(-1, *[1] * (values.ndim - 1))
        return moved * values.sum() / moved.sum()

    spending = follow(final[:, :, 0] / final[:, :, 0].sum())
    investment = final[:, :, 2]
    inv0 = investment.sum(1)
    labour = tables.employment.sum(1) * shift
    return Stage(
        year=year, span=span, regions=tables.regions, sectors=tables.sectors,
        inputs=use,
        capital_mix=investment / inv0[:, None],
        consumption_mix=spending,
        fixed_use=follow(final[:, :, 1]) * ratio("government") + final[:, :, 3] * ratio("gdp"),
        delivery_share=sigma,
        import_share=mu,
        china_import_share=_by_sector(tables, paths, "china_import_share", year, imports36),
        export_centre=centre,
        export_price=price_e, import_price=price_m,
        external_balance=price_e * centre.sum() - price_m * imports,
        labour_coefficient=np.where(produced, tables.employment / x, 0) / productivity,
        labour=labour,
        retained=np.where(produced, base.output, 0) * survival * capacity,
        capital_coefficient=coefficient * kappa,
        investment_base=base.investment,
        investment_path=follow(inv0) * ratio("investment"),
        rail_tonnes=rail,
        rail_capacity=paths.at("rail_capacity", year) if paths.covers("rail_capacity", year) else np.inf,
        value_added=np.where(produced, tables.gva / x, np.zeros((len(regions), n))),
        bands=bands,
    )  # fmt: skip


# --- the linear program ----------------------------------------------------------------------------------------


def state(stage: Stage):
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


@dataclass(frozen=True)
class Column:
    """A project's column: coefficients by constraint family (`rows`), output of its effects `beta` (i), what of it is
    exported (i, k), purchases with the effects' materials (i), bn RUB per unit of intensity."""

    rows: dict
    beta: np.ndarray
    exports: np.ndarray
    purchases: np.ndarray


class EconomyModel:
    """One stage's program, built once and solved for any projects and changed right-hand sides.

    `tables`: regional tables; `year`: the stage's last year; `paths`: exogenous paths; `base`: where the stage starts
    (default: 2016); `bands`; `kappa`: scale of the capital coefficients (default: calibrated on 2016-2019);
    `capacity`: factor on retained capacity; `rail_capacity`: Mt, replaces the path's; `start`: a solved model of the
    stage before, whose basis the first solve starts from. Raises InputError for a year before the base, a path that
    misses the year, or negative bands.
    """

    CHANGES = (
        "labour", "investment_path", "external_balance", "rail_capacity", "fixed_use", "consumption", "china_exports",
    )  # fmt: skip
    TIE = 5e-4  # bn RUB: by how much z may move when exports are drawn to their path
    TOLERANCE = 1e-7
    # what each constraint is counted by, and in which unit
    FAMILIES = {
        "supply": ("sector", "region", "bn RUB"), "labour": ("region", "thousand persons"),
        "capital": ("region", "bn RUB"), "retained": ("region", "sector", "bn RUB"), "external_balance": ("bn RUB",),
        "rail": ("Mt",), "delivery_band": ("sector", "region", "region", "bn RUB"),
    }  # fmt: skip

    def __init__(
        self, tables, year, paths, base=None, bands=None, kappa=None, capacity=1.0, rail_capacity=None, start=None
    ):  # fmt: skip
        from scipy import sparse

        base = base or base_state(tables)
        if year < base.year:
            raise InputError(f"stage year {year} is before its base year {base.year}; nodes must be in order")
        kappa = calibrate_capital(tables, paths) if kappa is None else kappa
        stage = _stage(tables, year, paths, base, bands or Bands(), kappa, capacity)
        if rail_capacity is not None:
            stage = replace(stage, rail_capacity=float(rail_capacity))
        self.tables, self.base, self.stage = tables, base, stage
        m = state(stage)
        given = m.matrices
        low, high = np.where(given.sense == "<", -np.inf, given.b), np.where(given.sense == ">", np.inf, given.b)
        self._data = Program(sparse.csc_array(given.A), low, high, given.lb, given.ub, given.c)
        self._solver, self._basis = _highs(self._data), None
        # position of each labelled variable and row in the solver's arrays
        self.columns = {n: _positions(v.labels, given.vlabels) for n, v in m.variables.items()}
        self.rows = {n: _positions(c.labels, given.clabels) for n, c in m.constraints.items()}
        if start is not None and start._data.a.shape == self._data.a.shape:
            self._basis = start._basis

    def column(self, project: ProjectColumn) -> Column:
        """A project's coefficients, with the numbers of the constraints they enter.

        Raises InputError for an unknown region.
        """
        st = self.stage
        if project.region not in st.regions:
            raise unknown(f"region of project '{project.name}'", project.region, st.regions)
        r, k = st.regions.index(project.region), len(st.regions)
        bought = self._vector(project, "capital") + self._vector(project, "current")
        bought[st.sectors.index("RND")] += project.rnd
        output, hired = self._vector(project, "output"), self._vector(project, "output")
        hired = hired + self._vector(project, "capacity")
        beta = hired + self._vector(project, "productivity")
        bought += st.inputs[r] @ beta
        abroad = (project.export_share * beta)[:, None] * [project.china_share, 1 - project.china_share]
        home = (1 - project.export_share) * beta
        flows = self.tables.flows[:, r, :]  # (2.13) the project's deliveries go where the region's own go
        to = flows / np.maximum(flows.sum(1, keepdims=True), 1e-300) * home[:, None]
        at = np.eye(k)[r]
        rows = {
            "use": -np.outer(bought, at),  # (2.2a) alpha
            "supply": np.outer(home, at),  # (2.2b) beta, its exports outside the band
            "delivery_band": -at[None, :, None] * to[:, None, :],  # (2.13)
            "labour": at * (project.labour_thousand + st.labour_coefficient[r] @ hired),  # (2.4)
            "capital": at * (project.investment_fund + st.capital_coefficient @ output),  # (2.6)
            "external_balance": np.array(st.export_price * abroad.sum()),  # (2.8)
            "rail": np.array((st.rail_tonnes[:, r] * abroad).sum()),  # (2.10)
        }
        return Column({name: c for name, c in rows.items() if name in self.rows}, beta, abroad, bought)

    def _vector(self, project, name) -> np.ndarray:
        """A project's figures by sector of the model; a productivity effect as output, on the stage's base output."""
        st, groups, r = self.stage, self.tables.data.sectors["sector12"], self.stage.regions.index(project.region)
        national, out = self.tables.data.national.output, np.zeros(len(self.stage.sectors))
        for sector, value in dict(getattr(project, name)).items():
            code = sector if sector in st.sectors else groups.get(sector)
            if code not in st.sectors:
                raise unknown(f"sector in {name} of project '{project.name}'", sector, st.sectors)
            i = st.sectors.index(code)
            part = 1.0 if sector == code else national[sector] / national[groups.index[groups == code]].sum()
            out[i] += value * (part * self.base.output[r, i] if name == "productivity" else 1.0)
        return out

    def solve(self, projects: Sequence[ProjectColumn] = (), changes: Mapping | None = None, reciprocal: bool = False):
        """Solve with the given projects and changed right-hand sides; the model itself stays as built.

        `changes`: labour, investment_path (Series by region), external_balance, rail_capacity, consumption (fixes z),
        fixed_use (array (s, i)). `reciprocal`: minimise the scale of the investment fund at the fixed z instead of
        maximising z. Returns a frozen EconomySolution. Raises InputError for an unknown region, sector or change and
        for a program without a solution, naming the constraint, sector and region.
        """
        columns = [self.column(p) for p in projects]
        program = self._changed(projects, columns, changes or {}, reciprocal)
        base, h = len(self._data.cost), self._solver
        rows, cols = np.arange(len(program.row_lower), dtype=np.int32), np.arange(base, dtype=np.int32)
        h.changeRowsBounds(len(rows), rows, program.row_lower, program.row_upper)
        h.changeColsBounds(base, cols, program.lower[:base], program.upper[:base])
        h.changeColsCost(base, cols, program.cost[:base])
        for j in range(base, len(program.cost)):
            part = slice(*program.a.indptr[j : j + 2])
            index, value = program.a.indices[part].astype(np.int32), program.a.data[part]
            h.addCol(program.cost[j], program.lower[j], program.upper[j], len(index), index, value)
        try:
            tied = free = self._run(program, self._basis)
            if not (columns or changes or reciprocal):
                self._basis = h.getBasis()
            if not reciprocal:  # among the optima the one whose exports are nearest their path
                cost, where = program.cost.copy(), np.r_[self.columns["export_up"], self.columns["export_down"]]
                cost[where] = self.TIE / max(program.upper[where].sum(), 1.0)
                h.changeColsCost(base, cols, cost[:base])
                tied = self._run(replace(program, cost=cost), h.getBasis())
        finally:
            if columns:
                h.deleteCols(len(columns), np.arange(base, base + len(columns), dtype=np.int32))
        return _solution(self, tuple(projects), tuple(columns), free, tied)

    def _changed(self, projects, columns, changes, reciprocal) -> Program:
        """The program with changed right-hand sides and the projects' columns appended."""
        from scipy import sparse

        d, st, rows = self._data, self.stage, self.rows
        p = replace(d, **{k: getattr(d, k).copy() for k in ("row_lower", "row_upper", "lower", "upper", "cost")})
        path_value, tonnes = st.export_price * st.export_centre.sum(), (st.rail_tonnes * st.export_centre).sum()
        for name, value in changes.items():
            if name not in self.CHANGES:
                raise unknown("change", name, self.CHANGES)
            if name in ("labour", "investment_path"):
                if sorted(pd.Series(value).index) != sorted(st.regions):
                    raise InputError(f"change '{name}' must name every region once: {', '.join(st.regions)}")
                target, where = (p.row_upper, rows["labour"]) if name == "labour" else (p.lower, self.columns["inv"])
                target[where] = pd.Series(value)[list(st.regions)].to_numpy(float)
            elif name == "external_balance":
                p.row_lower[rows[name]] = float(value) - path_value
            elif name == "rail_capacity":
                p.row_upper[rows["rail"]] = float(value) - tonnes
                p.upper[self.columns["export_down"]] = replace(st, rail_capacity=float(value)).export_room
            elif name == "china_exports":
                # a ceiling by sector as a factor of the path: the room upwards closes, a lower level is forced
                factor = pd.Series(value).reindex(list(st.sectors)).fillna(np.inf).to_numpy()[:, None]
                china = (slice(None), slice(None), PARTNERS.index("CHN"))
                centre = st.export_centre[china]
                up, down = (self.columns[f"export_{d}"][china] for d in ("up", "down"))
                p.upper[up] = np.minimum(p.upper[up], np.maximum((factor - 1) * centre, 0))
                p.lower[down] = np.maximum((1 - np.minimum(factor, 1)) * centre, 0)
                p.upper[down] = np.maximum(p.upper[down], p.lower[down])
            elif name == "fixed_use":
                p.row_lower[rows["use"]] = p.row_upper[rows["use"]] = np.asarray(value, float).T
            else:
                p.lower[self.columns["z"]] = p.upper[self.columns["z"]] = float(value)
        if reciprocal:
            if not st.span or "consumption" not in changes:
                raise InputError("the reciprocal problem needs a stage of at least a year and a fixed consumption")
            t = self.columns["capital_scale"]
            p.cost[:], p.cost[t], p.lower[t], p.upper[t] = 0, 1, -np.inf, np.inf
        if not columns:
            return p
        dense = np.zeros((d.a.shape[0], len(columns)))
        for h, (project, column) in enumerate(zip(projects, columns, strict=True)):
            if project.year != st.year:
                raise InputError(f"project '{project.name}' is for {project.year}, the stage ends in {st.year}")
            for name, values in column.rows.items():
                dense[rows[name], h] = values
        bounds = np.array([q.intensity for q in projects], float)
        return replace(
            p,
            a=sparse.hstack([d.a, sparse.csc_array(dense)], format="csc"),
            lower=np.r_[p.lower, bounds[:, 0]],
            upper=np.r_[p.upper, bounds[:, 1]],
            cost=np.r_[p.cost, np.zeros(len(columns))],
        )

    def _options(self, **options):
        for name, value in options.items():
            self._solver.setOptionValue(name, value)

    def _run(self, p: Program, basis=None) -> Program:
        """Solve what is loaded: simplex from a basis, else interior point with crossover; checked outside the solver.

        The start is the model's own first solution and never the last one, so that a result does not depend on what
        was solved before it.
        """
        import highspy

        for warm in (True, False) if basis is not None else (False,):
            self._solver.clearSolver()
            if warm:
                self._options(solver="simplex", simplex_dual_edge_weight_strategy=1, presolve="off")
                start = highspy.HighsBasis()
                added = [highspy.HighsBasisStatus.kLower] * (len(p.cost) - len(basis.col_status))
                start.col_status, start.row_status = [*basis.col_status, *added], list(basis.row_status)
                start.valid = True
                self._solver.setBasis(start)
            else:
                self._options(solver="ipm", run_crossover="on", presolve="on")
            self._solver.run()
            status, problem = self._solver.getModelStatus(), None
            if status == highspy.HighsModelStatus.kInfeasible:
                break  # proved; what is short is found by another program
            if status != highspy.HighsModelStatus.kOptimal:
                continue
            s = self._solver.getSolution()
            done = replace(p, x=np.array(s.col_value), dual=np.array(s.row_dual))
            problem = max(residuals(done).items(), key=lambda item: item[1])
            if problem[1] <= self.TOLERANCE:
                return done
        if problem:
            raise InputError(
                f"stage {self.stage.year}: {problem[0]} residual {problem[1]:.1e} is above {self.TOLERANCE}"
            )
        raise InputError(f"stage {self.stage.year} has no solution: {self._diagnose(p)}")

    def _diagnose(self, p: Program) -> str:
        """What cannot be met: in the elastic program rows give way at a cost; the largest relative breach is named."""
        import highspy
        from scipy import sparse

        soft = {name: self.rows[name] for name in self.FAMILIES if name in self.rows}
        rows = np.concatenate([np.ravel(where) for where in soft.values()])
        limit = np.where(np.isfinite(p.row_upper), p.row_upper, p.row_lower)[rows]
        k, width, weight = len(rows), p.a.shape[1], 1 / (1 + np.abs(limit))
        give = sparse.csc_array((np.ones(k), (rows, np.arange(k))), (p.a.shape[0], k))
        elastic = Program(
            sparse.hstack([p.a, give, -give], format="csc"), p.row_lower, p.row_upper,
            np.r_[p.lower, np.zeros(2 * k)], np.r_[p.upper, np.full(2 * k, np.inf)],
            np.r_[np.zeros(width), weight, weight],
        )  # fmt: skip
        h = _highs(elastic)
        h.setOptionValue("solver", "ipm")  # simplex may take minutes here, and a vertex is not needed
        h.run()
        if h.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return "the bounds of investment, exports and consumption exclude each other"
        x = np.array(h.getSolution().col_value)[width:]
        short = x[:k] + x[k:]
        row = rows[(short * weight).argmax()]
        name, where = next((n, w) for n, w in soft.items() if (w == row).any())
        *dims, unit = self.FAMILIES[name]
        names = {"region": self.stage.regions, "sector": self.stage.sectors}
        at = "".join(f", {d} {names[d][i]}" for d, i in zip(dims, np.argwhere(where == row)[0], strict=True))
        return f"{name}{at} is short by {short[rows == row][0]:.6g} {unit}"


def _highs(p: Program):
    """A silent HiGHS with the program loaded."""
    import highspy

    lp, h = highspy.HighsLp(), highspy.Highs()
    lp.num_row_, lp.num_col_ = p.a.shape
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = p.cost, p.lower, p.upper
    lp.row_lower_, lp.row_upper_, lp.a_matrix_.format_ = p.row_lower, p.row_upper, highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = p.a.indptr, p.a.indices, p.a.data
    # the check outside the solver asks for 1e-7 of the unscaled program
    tight = {"primal_feasibility_tolerance": 1e-9, "dual_feasibility_tolerance": 1e-9}
    for name, value in ({"output_flag": False, "threads": 1} | tight).items():
        h.setOptionValue(name, value)
    h.passModel(lp)
    return h


def _positions(labels, order) -> np.ndarray:
    """Where each label stands in the solver's order."""
    position = np.full(int(order.max()) + 1, -1)
    position[order] = np.arange(len(order))
    dims = [d for d in ("product", "origin", "region", "sector", "partner", "tangent") if d in labels.dims]
    return position[labels.transpose(*dims).values]


# --- results ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class EconomySolution:
    """Solution of one stage, labelled; bn RUB of 2016 a year unless said.

    output, gva (region, sector), with the projects' effects; grp, investment, consumption_by_region (region);
    consumption: z; deliveries (product, origin, region), not unique where routes tie; exports, imports (product,
    region, partner). In z per unit: prices (product, region) of a unit supplied, use_prices of a unit used (shadow
    over market price, as base prices are 1 and consumption is the numeraire), labour_price (thousand persons),
    capital_price (bn RUB of the fund), balance_price (bn RUB), rail_price (Mt).
    binding: priced constraints by family; partner_balance (partner) at relative prices; intensity (project);
    capital_scale: share of the investment fund used in the reciprocal problem. `program`: the LP without the
    tie-break, whence all prices come; `tied`: with it, whence all quantities come; `rows`: positions of its rows.
    """

    year: int
    output: pd.DataFrame
    gva: pd.DataFrame
    consumption: float
    consumption_by_region: pd.Series
    investment: pd.Series
    deliveries: object
    exports: object
    imports: object
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
        price = {name: np.abs(np.ravel(self.program.dual[w])) for name, w in self.rows.items() if name != "use"}
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


def _solution(model: EconomyModel, projects, columns, free: Program, tied: Program) -> EconomySolution:
    import xarray as xr

    st, b = model.stage, model.stage.bands
    regions, sectors = list(st.regions), list(st.sectors)
    coords = {"product": sectors, "origin": regions, "region": regions, "partner": list(PARTNERS)}
    var = {name: tied.x[where] for name, where in model.columns.items()}
    theta = tied.x[len(model._data.cost) :]
    output, exports = var["x"].copy(), st.export_centre + var["export_up"] - var["export_down"]
    own = np.zeros_like(output)
    for p, c, t in zip(projects, columns, theta, strict=True):
        output[regions.index(p.region)] += t * c.beta
        exports[:, regions.index(p.region)] += t * c.exports
        own[regions.index(p.region), sectors.index("RND")] += t * p.value_added
    deliveries = (1 - b.deliveries) * st.delivery_share * var["u"][:, None, :] + var["w"]
    china = st.china_import_share[:, None, None]
    imports = ((1 - b.imports) * st.import_share * var["u"] + var["v"])[:, :, None] * np.concatenate(
        [china, 1 - china], 2
    )
    balance = st.export_price * exports.sum((0, 1)) - st.import_price * imports.sum((0, 1))

    def price(name, sign=1.0):
        return sign * free.dual[model.rows[name]] if name in model.rows else np.zeros(len(regions))

    def cube(values, *dims):
        return xr.DataArray(values, [(d, coords[d]) for d in dims])

    return EconomySolution(
        year=st.year,
        output=pd.DataFrame(output, regions, sectors),
        gva=pd.DataFrame(st.value_added * output + own, regions, sectors),
        consumption=float(var["z"]),
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


def optimality(solution: EconomySolution) -> pd.DataFrame:
    """Optimality conditions recomputed from the program's data: scaled residuals, all of which must be <= 1e-7.

    Rows: primal, dual, complementary_slackness, gap; columns: the program and its tie-broken version.
    """
    return pd.DataFrame({"program": residuals(solution.program), "tied": residuals(solution.tied)})


def path(
    tables: RegionalTables, paths: Paths, nodes: Sequence[int] = (2016, 2019, 2023, 2030),
    columns: Sequence[ProjectColumn] = (), bands: Bands | None = None, kappa: float | None = None,
    rail_capacity: Mapping[int, float] | None = None,
) -> dict[int, EconomySolution]:  # fmt: skip
    """Solve the stages recursively: each starts from the output and investment of the one before.

    The first node is the base year, solved with zero bands: it returns the regional tables. Centres of deliveries,
    imports and exports and the external balance are exogenous in every stage, so a run with projects has the same
    ones as a run without. `columns`: projects of any node; `rail_capacity`: Mt by year. Raises InputError for nodes
    out of order, a first node other than the tables' year, or a project of no node.
    """
    nodes = tuple(nodes)
    if nodes[:1] != (2016,) or any(b <= a for a, b in zip(nodes, nodes[1:], strict=False)):
        raise InputError(f"nodes {nodes} must start at 2016 and rise")
    for c in columns:
        if c.year not in nodes[1:]:
            raise InputError(f"project '{c.name}' is for {c.year}, which is not a node after 2016 (nodes: {nodes})")
    kappa = calibrate_capital(tables, paths) if kappa is None else kappa
    base, out, model = base_state(tables), {}, None
    for year in nodes:
        width, limit = Bands(0, 0, 0) if year == 2016 else bands, (rail_capacity or {}).get(year)
        model = EconomyModel(tables, year, paths, base, width, kappa, rail_capacity=limit, start=model)
        out[year] = model.solve([c for c in columns if c.year == year])
        base = out[year].state
    return out


@dataclass(frozen=True)
class Effect:
    """Effect of projects: GVA `total` = `direct` + `indirect` (region, sector), bn RUB of 2016 a year; `consumption`:
    change of z, its part at the base's shadow prices (direct) and the rest (indirect); `priced`: direct by term."""

    total: pd.DataFrame
    direct: pd.DataFrame
    indirect: pd.DataFrame
    consumption: pd.Series
    priced: pd.DataFrame


def effect(with_: EconomySolution, without: EconomySolution) -> Effect:
    """Effect of the projects in `with_` against the same stage `without` them.

    Direct GVA is the value added of the projects, in what they buy, at the suppliers' shares of the base, and in the
    output of their effects; indirect GVA is the rest: capacity, labour and capital drawn from or to other uses. Raises
    InputError when the stages end in different years.
    """
    if with_.year != without.year:
        raise InputError(f"effect: the stages end in {with_.year} and {without.year}; they must be the same")
    st, direct, priced = without.stage, np.zeros(without.gva.shape), []
    for p, c in zip(with_.projects, with_.columns, strict=True):
        r, t = st.regions.index(p.region), with_.intensity[p.name]
        direct += st.value_added * (st.delivery_share[:, :, r] * c.purchases[:, None]).T * t
        direct[r] += st.value_added[r] * c.beta * t
        direct[r, st.sectors.index("RND")] += p.value_added * t
        for name, values in c.rows.items():
            # a coefficient a moves z by a times the row's price: minimising -z, z gains dual * a
            worth = float((without.program.dual[without.rows[name]] * values).sum()) * t
            priced.append({"project": p.name, "term": name, "z_bn_rub_2016": worth})
    direct, total = pd.DataFrame(direct, without.gva.index, without.gva.columns), with_.gva - without.gva
    priced = pd.DataFrame(priced, columns=["project", "term", "z_bn_rub_2016"])
    change, value = with_.consumption - without.consumption, priced["z_bn_rub_2016"].sum()
    consumption = pd.Series({"total": change, "direct": value, "indirect": change - value})
    return Effect(total, direct, total - direct, consumption, priced)


# --- backtest ---------------------------------------------------------------------------------------------------


def backtest(tables: RegionalTables, solutions: Mapping[int, EconomySolution], observed: pd.DataFrame) -> pd.DataFrame:
    """Model growth since 2016 beside observed growth and three naive forecasts, by district and by activity.

    `observed`: table 'gva_path'. Columns: year, kind (district, activity), name, weight (share in GVA of 2016),
    model, observed, no_change, trend (average growth 2013-2016 goes on), uniform (the model's own total for all):
    volumes as ratios to 2016. The model knows productivity, labour, exports and imports of the period: see `errors`.
    """
    index = observed.set_index(["region", "activity", "year"])[["gva_bn_rub", "volume_index_pct"]].sort_index()

    def growth(region, activity, first, last):
        if activity == "M+N":  # the two sections without research, which stands apart
            parts = {"M": 1.0, "N": 1.0, "M 72": -1.0}
        else:
            parts = dict.fromkeys(["M 72"] if activity == "M72" else activity.split("+"), 1.0)
        sums = np.zeros(2)
        for part, sign in parts.items():
            rows = index.loc[(region, part)]
            weight = sign * rows["gva_bn_rub"].get(first, np.nan)
            chain = (rows.loc[first + 1 : last, "volume_index_pct"] / 100).prod()
            sums += weight * np.array([1.0, chain])
        return sums[1] / sums[0]

    section = tables.data.sectors["section"]
    if tables.sectors != tuple(section.index):
        section = section.groupby(tables.data.sectors["sector12"]).agg(lambda s: "+".join(dict.fromkeys(s)))
    base, rows = solutions[min(solutions)].gva, []
    for year, solution in solutions.items():
        if year == min(solutions) or year > observed["year"].max():
            continue
        pairs = {
            "district": (solution.gva.sum(axis=1), base.sum(axis=1)),
            "activity": tuple(g.T.groupby(section).sum().sum(axis=1) for g in (solution.gva, base)),
        }
        total = solution.gva.to_numpy().sum() / base.to_numpy().sum()
        for kind, (now, then) in pairs.items():
            for name in then.index:
                where = (name, "total") if kind == "district" else ("national", name)
                trend = growth(*where, 2013, 2016) ** ((year - 2016) / 3)
                seen = growth(*where, 2016, year)
                rows.append(
                    (year, kind, name, then[name] / then.sum(), now[name] / then[name], seen, 1.0, trend, total)
                )
    names = ["year", "kind", "name", "weight", "model", "observed", "no_change", "trend", "uniform"]
    return pd.DataFrame(rows, columns=names)


def compare_use(tables: RegionalTables, solution: EconomySolution, observed: pd.DataFrame) -> pd.DataFrame:
    """Structure of the stage to 2019 beside supply and use 2019 (table 'supply_use_2019'), by product, in percent.

    Columns: export_share and import_share (share of the product in all exports, imports), import_ratio (imports over
    domestic use), each `_model` at prices of 2016 and `_observed` at prices of 2019. Full variant only. Raises
    InputError for the 12-sector variant.
    """
    if len(tables.sectors) != len(tables.data.sectors):
        raise InputError(f"compare_use needs the full variant; these tables have {len(tables.sectors)} sectors")
    groups = {"OGS": "B", **dict.fromkeys(("COA", "OIL", "GAS", "ORE"), "B"), "RAI": "TRANSPORT", "TRP": "TRANSPORT"}
    sums = {
        "exports": solution.exports.sum(("region", "partner")).to_series(),
        "imports": solution.imports.sum(("region", "partner")).to_series(),
        "domestic": solution.deliveries.sum(("origin", "region")).to_series(),
    }
    model = pd.DataFrame(sums).groupby(lambda i: groups.get(i, i)).sum()
    wide = observed.pivot_table(index="product", columns=["part", "item"], values="value_bn_rub", aggfunc="sum").fillna(
        0
    )
    seen = pd.DataFrame({"exports": wide["domestic", "exports"], "imports": wide["import"].sum(axis=1)})
    seen["domestic"] = wide["domestic"].sum(axis=1) - seen["exports"]
    out = {}
    for name, t in (("model", model), ("observed", seen.loc[seen.index.intersection(model.index)])):
        out[f"export_share_{name}"] = 100 * t["exports"] / t["exports"].sum()
        out[f"import_share_{name}"] = 100 * t["imports"] / t["imports"].sum()
        out[f"import_ratio_{name}"] = 100 * t["imports"] / (t["imports"] + t["domestic"])
    return pd.DataFrame(out).loc[model.index].sort_index(axis=1)


def errors(table: pd.DataFrame) -> pd.DataFrame:
    """Root mean square log errors of `backtest`, weighted by GVA of 2016: rows (year, kind), columns forecasts.

    `model` and `uniform` share one total, which is nearly given by observed labour and productivity: their difference
    is what the model adds. With `trend` and `no_change` the comparison is with forecasts that know nothing later.
    """
    names = ["model", "uniform", "trend", "no_change"]
    squares = np.log(table[names].div(table["observed"], axis=0)) ** 2
    weighted = squares.mul(table["weight"], axis=0).groupby([table["year"], table["kind"]]).sum()
    return weighted.div(table.groupby(["year", "kind"])["weight"].sum(), axis=0) ** 0.5
