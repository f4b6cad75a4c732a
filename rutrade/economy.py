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
        index = self.frame.set_index(["variable", "year"])[["sector", "region", "value"]].sort_index()
        object.__setattr__(self, "_index", index)

    def at(self, variable: str, year: int, by: str | None = None):
        """The value in a year: a number, or a Series by 'sector' or 'region'. A year without a row is refused."""
        try:
            rows = self._index.loc[[(variable, year)]]
        except KeyError:
            known = self.frame.loc[self.frame["variable"] == variable, "year"]
            if known.empty:
                raise unknown("path", variable, sorted(self.frame["variable"].unique())) from None
            raise InputError(
                f"path '{variable}' misses the year {year}; it has {sorted(map(int, known.unique()))}"
            ) from None
        return float(rows["value"].iloc[0]) if by is None else rows.set_index(by)["value"]

    def covers(self, variable: str, year: int) -> bool:
        """Whether a path has a value in a year."""
        return (variable, year) in self._index.index

    def scaled(self, variable: str, factor: float, years=None) -> "Paths":
        """The same paths with one variable multiplied by a factor (in the given years, or all)."""
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

    deliveries: float = 0.1
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
    bought by government there. `labour_thousand`: own staff. `investment_fund`: cumulated capital the project draws
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

    def export_room(self, capacity: float | None = None) -> np.ndarray:
        """How far exports may fall below their path (i, r, k): the band, and below it what a rail limit takes away."""
        capacity = self.rail_capacity if capacity is None else capacity
        used = (self.rail_tonnes * self.export_centre).sum()
        kept = np.where(self.rail_tonnes > 0, min(1.0, capacity / used if used > 0 else 1.0), 1.0)
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
    spending = final[:, :, 0] / final[:, :, 0].sum()
    investment = final[:, :, 2]
    inv0 = investment.sum(1)
    labour = tables.employment.sum(1) * ratio("labour", "region").reindex(regions).to_numpy()
    return Stage(
        year=year, span=span, regions=tables.regions, sectors=tables.sectors,
        inputs=use,
        capital_mix=investment / inv0[:, None],
        consumption_mix=spending,
        fixed_use=final[:, :, 1] * ratio("government") + final[:, :, 3] * ratio("gdp"),
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
        investment_path=inv0 * ratio("investment"),
        rail_tonnes=rail,
        rail_capacity=paths.at("rail_capacity", year) if paths.covers("rail_capacity", year) else np.inf,
        value_added=np.where(produced, tables.gva / x, np.zeros((len(regions), n))),
        bands=bands,
    )  # fmt: skip


# --- the linear program ----------------------------------------------------------------------------------------


def state(stage: Stage):
    """The stage as a linopy model, without project columns (they are added beside it, see `EconomyModel`).

    Deliveries and imports are stated as their distance from the lower end of the band, y = (1-b) sigma u + w and
    m = (1-b) mu u + v: one row per cell and not two, and zero bands need no redundant rows. Exports are stated as
    departures from their path, up and down.
    """
    import linopy
    import xarray as xr

    regions, sectors = list(stage.regions), list(stage.sectors)
    axes = {"region": regions, "origin": regions, "product": sectors, "sector": sectors, "partner": list(PARTNERS)}

    def given(values, *dims):
        return xr.DataArray(values, [(d, axes[d]) for d in dims])

    def variable(name, upper, *dims, lower=0.0):
        return m.add_variables(lower, upper, coords=[pd.Index(axes[d], name=d) for d in dims], name=name)

    m = linopy.Model()
    b, produced = stage.bands, stage.value_added > 0
    a = given(stage.inputs, "region", "product", "sector")
    sigma = given(stage.delivery_share, "product", "origin", "region")
    mu = given(stage.import_share, "product", "region")
    x0 = variable("x0", given(stage.retained, "region", "sector"), "region", "sector")  # (2.5) as a bound
    x1 = variable("x1", given(np.where(produced & (stage.span > 0), np.inf, 0), "region", "sector"), "region", "sector")
    z = m.add_variables(0, name="z")
    inv = variable("inv", np.inf, "region", lower=given(stage.investment_path, "region"))  # (2.9) as a bound
    u = variable("u", np.inf, "product", "region")
    w = variable("w", sigma.where(sigma == 0, np.inf), "product", "origin", "region")
    v = variable("v", mu.where(mu == 0, np.inf), "product", "region")
    width = given(b.exports * stage.export_centre, "product", "origin", "partner")
    up = variable("export_up", width, "product", "origin", "partner")  # (2.12) for exports
    room = given(stage.export_room(), "product", "origin", "partner")
    down = variable("export_down", room, "product", "origin", "partner")

    x = x0 + x1
    supply = x.rename({"region": "origin", "sector": "product"})
    exports, centre = up - down, given(stage.export_centre, "product", "origin", "partner")
    band = b.deliveries * sigma.sum("origin") + b.imports * mu
    use = u - (a * x).sum("sector") - given(stage.capital_mix, "region", "product") * inv
    m.add_objective(-1 * z)  # (2.1), stated as a minimum
    m.add_constraints(
        use - given(stage.consumption_mix, "region", "product") * z == given(stage.fixed_use, "region", "product"),
        name="use",
    )  # (2.2a)
    m.add_constraints(w.sum("origin") + v - band * u == 0, name="sourcing")  # (2.2a)
    delivered = ((1 - b.deliveries) * sigma * u).sum("region") + w.sum("region")
    m.add_constraints(supply - delivered - exports.sum("partner") == centre.sum("partner"), name="supply")  # (2.2b)
    m.add_constraints(w - 2 * b.deliveries * sigma * u <= 0, name="delivery_band")  # (2.12), (2.13)
    m.add_constraints(v - 2 * b.imports * mu * u <= 0, name="import_band")  # (2.12)
    l = given(stage.labour_coefficient, "region", "sector")  # noqa: E741 (the equation's letter)
    m.add_constraints((l * x).sum("sector") <= given(stage.labour, "region"), name="labour")  # (2.4)
    imports = (1 - b.imports) * mu * u + v
    balance = stage.export_price * exports.sum() - stage.import_price * imports.sum()
    m.add_constraints(
        balance >= stage.external_balance - stage.export_price * stage.export_centre.sum(), name="external_balance"
    )  # (2.8)
    if stage.span:
        fund = variable("fund", np.inf, "region")
        # t scales the fund: fixed at 1, and the unknown of the reciprocal problem
        t = m.add_variables(1, 1, name="capital_scale")
        reference = given(stage.fund(stage.investment_path), "region")
        capital = (given(stage.capital_coefficient, "sector") * x1).sum("sector")
        m.add_constraints(capital - fund - reference * t <= -reference, name="capital")  # (2.6)
        slope, intercept = (xr.DataArray(c, dims=["tangent", "region"]) for c in stage.cuts)
        cuts = {"tangent": range(len(TANGENTS)), "region": regions}
        m.add_constraints(
            fund - slope.assign_coords(cuts) * inv <= intercept.assign_coords(cuts), name="fund"
        )  # (2.7)
    if np.isfinite(stage.rail_capacity):
        tonnes = given(stage.rail_tonnes, "product", "origin", "partner")
        used = float((stage.rail_tonnes * stage.export_centre).sum())
        m.add_constraints((tonnes * exports).sum() <= stage.rail_capacity - used, name="rail")  # (2.10)
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
    x: np.ndarray
    dual: np.ndarray


def residuals(p: Program) -> dict[str, float]:
    """Scaled residuals of the optimality conditions, from the data alone (no figure of the solver's own)."""
    activity, reduced = p.a @ p.x, p.cost - p.a.T @ p.dual
    out = {}
    gaps, signs, bound_value = [], [], 0.0
    for value, low, high, price in (
        (activity, p.row_lower, p.row_upper, p.dual), (p.x, p.lower, p.upper, reduced)
    ):  # fmt: skip
        scale = 1 + np.abs(value)
        out["primal"] = max(out.get("primal", 0.0), (np.maximum(low - value, value - high) / scale).max(initial=0))
        signs.append(np.where(np.isinf(low), np.maximum(price, 0), 0) + np.where(np.isinf(high), np.maximum(-price, 0), 0))
        bound = np.where(price > 0, np.where(np.isinf(low), value, low), np.where(np.isinf(high), value, high))
        gaps.append(np.abs(price * (value - bound)) / scale)
        bound_value += float(np.where(price != 0, price * bound, 0).sum())
    objective = float(p.cost @ p.x)
    price_scale = 1 + np.abs(p.dual).max(initial=0)
    out["dual"] = float(max(s.max(initial=0) for s in signs) / price_scale)
    out["complementary_slackness"] = float(max(g.max(initial=0) for g in gaps) / price_scale)
    out["gap"] = abs(objective - bound_value) / (1 + abs(objective))
    return out


class EconomyModel:
    """One stage's program, built once and solved for any projects and changed right-hand sides.

    `tables`: regional tables; `year`: the stage's last year; `paths`: exogenous paths; `base`: where the stage starts
    (default: 2016); `bands`; `kappa`: scale of the capital coefficients (default: calibrated on 2016-2019);
    `capacity`: factor on retained capacity; `rail_capacity`: Mt, replaces the path's. Raises InputError for a year
    before the base, a path that misses the year, or negative bands.
    """

    CHANGES = ("labour", "investment_path", "external_balance", "rail_capacity", "fixed_use", "consumption")
    TIE = 1e-6  # weight of the distance of exports from their path: z moves by less than 1e-3 bn

    def __init__(self, tables, year, paths, base=None, bands=None, kappa=None, capacity=1.0, rail_capacity=None):
        base = base or base_state(tables)
        if year < base.year:
            raise InputError(f"stage year {year} is before its base year {base.year}; nodes must be in order")
        kappa = calibrate_capital(tables, paths) if kappa is None else kappa
        stage = _stage(tables, year, paths, base, bands or Bands(), kappa, capacity)
        if rail_capacity is not None:
            stage = replace(stage, rail_capacity=float(rail_capacity))
        self.tables, self.paths, self.base, self.kappa, self.stage = tables, paths, base, kappa, stage
        self._build()

    def _build(self):
        import highspy
        from scipy import sparse

        m = state(self.stage)
        self._solver = m.to_highspy()
        self._options(output_flag=False, threads=1)
        lp = self._solver.getLp()
        kind = sparse.csc_array if lp.a_matrix_.format_ == highspy.MatrixFormat.kColwise else sparse.csr_array
        parts = (lp.a_matrix_.value_, lp.a_matrix_.index_, lp.a_matrix_.start_)
        a = sparse.csc_array(kind(parts, (lp.num_row_, lp.num_col_)))
        self._data = Program(
            a, np.array(lp.row_lower_), np.array(lp.row_upper_), np.array(lp.col_lower_), np.array(lp.col_upper_),
            np.array(lp.col_cost_), np.empty(0), np.empty(0),
        )  # fmt: skip
        # position of each labelled variable and row in the solver's arrays
        self.columns = {n: _positions(v.labels, m.matrices.vlabels) for n, v in m.variables.items()}
        self.rows = {n: _positions(c.labels, m.matrices.clabels) for n, c in m.constraints.items()}
        self._warm = False

    def _options(self, **options):
        for name, value in options.items():
            self._solver.setOptionValue(name, value)

    def column(self, project: ProjectColumn) -> dict[str, np.ndarray]:
        """Coefficients of a project's column by constraint family, in the rows' shapes; and its parts of value added.

        Purchases and inputs of the effects enter (2.2a), output and exports (2.2b), labour (2.4), capital (2.6),
        exports also (2.8) and (2.10); deliveries get the project's own term in the bands (2.13).
        """
        st, r = self.stage, self._region(project.region, f"project '{project.name}'")

        def vector(values, name):
            group, out = self.tables.data.sectors["sector12"], np.zeros(len(st.sectors))
            for sector, value in dict(values).items():
                code = sector if sector in st.sectors else group.get(sector)
                if code not in st.sectors:
                    raise unknown(f"sector in {name} of project '{project.name}'", sector, st.sectors)
                if name == "productivity":  # a share of the sector's output in the base of the stage
                    value = value * self._reference_output(sector, code, r)
                out[st.sectors.index(code)] += value
            return out

        purchases = vector(project.capital, "capital") + vector(project.current, "current")
        purchases[st.sectors.index("RND")] += project.rnd
        productive, capacity = vector(project.productivity, "productivity"), vector(project.capacity, "capacity")
        output = vector(project.output, "output")
        beta = productive + capacity + output
        labour = project.labour_thousand + st.labour_coefficient[r] @ (capacity + output)
        fund = project.investment_fund + st.capital_coefficient @ output
        bought = purchases + st.inputs[r] @ beta
        abroad = beta * project.export_share
        partner = np.array([project.china_share, 1 - project.china_share])
        flows = self.tables.flows[:, r, :]  # the project's deliveries go where the region's own go
        to = flows / np.maximum(flows.sum(1, keepdims=True), 1e-300) * (beta - abroad)[:, None]
        n, k = len(st.sectors), len(st.regions)
        use, supply, delivery = np.zeros((n, k)), np.zeros((n, k)), np.zeros((n, k, k))
        use[:, r], supply[:, r], delivery[:, r, :] = -bought, beta - abroad, -to
        own_labour = np.zeros(k)
        own_labour[r] = labour
        out = {
            "use": use, "supply": supply, "delivery_band": delivery, "labour": own_labour,
            "external_balance": np.array(st.export_price * abroad.sum()),
            "rail": np.array((st.rail_tonnes[:, r] * partner * abroad[:, None]).sum()),
            "capital": np.eye(k)[r] * fund,
            "beta": beta, "exports": abroad[:, None] * partner, "purchases": bought,
        }  # fmt: skip
        return out

    def _reference_output(self, sector, code, r):
        if sector == code:
            return self.base.output[r, self.stage.sectors.index(code)]
        nat = self.tables.data.national.output
        group = self.tables.data.sectors["sector12"]
        share = nat[sector] / nat[group[group == code].index].sum()
        return self.base.output[r, self.stage.sectors.index(code)] * share

    def _region(self, name, what) -> int:
        if name not in self.stage.regions:
            raise unknown(f"region of {what}", name, self.stage.regions)
        return self.stage.regions.index(name)

    def solve(self, projects: Sequence[ProjectColumn] = (), changes: Mapping | None = None, reciprocal: bool = False):
        """Solve with the given projects and changed right-hand sides; the model itself stays as built.

        `changes`: labour (Series by region, thousand persons), investment_path (Series by region), external_balance,
        rail_capacity (numbers), fixed_use (array (s, i)), consumption (fixes z). `reciprocal`: with z fixed, minimise
        the scale of the investment fund instead of maximising z. Returns a frozen EconomySolution. Raises InputError
        for an unknown region, sector or change, and for a program without a solution, naming the constraint.
        """
        program, columns = self._changed(projects, changes or {}, reciprocal)
        base = len(self._data.cost)
        self._load(program, base, columns)
        try:
            free = self._run(program)
            tied = self._run(self._tie(free)) if not reciprocal and self.stage.bands.exports > 0 else free
        finally:
            self._unload(base)
        return _solution(self, tuple(projects), columns, free, tied)

    def _changed(self, projects, changes, reciprocal):
        """The program with project columns appended and changes applied."""
        from scipy import sparse

        for name in changes:
            if name not in self.CHANGES:
                raise unknown("change", name, self.CHANGES)
        for p in projects:
            if p.year != self.stage.year:
                raise InputError(f"project '{p.name}' is for {p.year}, the stage ends in {self.stage.year}")
        d, st = self._data, self.stage
        low, high, lower, upper, cost = (getattr(d, k).copy() for k in ("row_lower", "row_upper", "lower", "upper", "cost"))
        regions = list(st.regions)
        if "labour" in changes:
            high[self.rows["labour"]] = _labelled(changes["labour"], regions, "labour")
        if "investment_path" in changes:
            lower[self.columns["inv"]] = _labelled(changes["investment_path"], regions, "investment_path")
        if "external_balance" in changes:
            low[self.rows["external_balance"]] = (
                float(changes["external_balance"]) - st.export_price * st.export_centre.sum()
            )
        if "rail_capacity" in changes:
            if "rail" not in self.rows:
                raise InputError(f"rail_capacity cannot be changed in {st.year}: the stage was built without a limit")
            used = float((st.rail_tonnes * st.export_centre).sum())
            high[self.rows["rail"]] = float(changes["rail_capacity"]) - used
            upper[self.columns["export_down"]] = st.export_room(float(changes["rail_capacity"]))
        if "fixed_use" in changes:
            low[self.rows["use"]] = high[self.rows["use"]] = np.asarray(changes["fixed_use"], float).T
        if "consumption" in changes:
            lower[self.columns["z"]] = upper[self.columns["z"]] = float(changes["consumption"])
        if reciprocal:
            if not st.span:
                raise InputError("the reciprocal problem needs a stage of at least a year: there is no new capital")
            t = self.columns["capital_scale"]
            cost[:], cost[t], lower[t], upper[t] = 0, 1, -np.inf, np.inf
        columns = [self.column(p) for p in projects]
        if columns:
            dense = np.zeros((d.a.shape[0], len(columns)))
            for h, c in enumerate(columns):
                for name, where in self.rows.items():
                    if name in c:
                        dense[where, h] = c[name]
            a = sparse.hstack([d.a, sparse.csc_array(dense)], format="csc")
            lower = np.r_[lower, [p.intensity[0] for p in projects]]
            upper = np.r_[upper, [p.intensity[1] for p in projects]]
            cost = np.r_[cost, np.zeros(len(projects))]
        else:
            a = d.a
        return Program(a, low, high, lower, upper, cost, np.empty(0), np.empty(0)), columns

    def _load(self, p: Program, base: int, columns):
        h, rows, every = self._solver, np.arange(len(p.row_lower)), np.arange(base)
        h.changeRowsBounds(len(rows), rows.astype(np.int32), p.row_lower, p.row_upper)
        h.changeColsBounds(base, every.astype(np.int32), p.lower[:base], p.upper[:base])
        h.changeColsCost(base, every.astype(np.int32), p.cost[:base])
        for j in range(base, base + len(columns)):
            start, end = p.a.indptr[j], p.a.indptr[j + 1]
            index = p.a.indices[start:end].astype(np.int32)
            h.addCol(p.cost[j], p.lower[j], p.upper[j], end - start, index, p.a.data[start:end])

    def _unload(self, base: int):
        extra = self._solver.getNumCol() - base
        if extra > 0:
            self._solver.deleteCols(extra, np.arange(base, base + extra, dtype=np.int32))

    def _tie(self, free: Program) -> Program:
        """The program with exports drawn to their path: picks one of the many optima, prices are the free one's."""
        cost = free.cost.copy()
        for name in ("export_up", "export_down"):
            cost[self.columns[name]] = self.TIE
        self._solver.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost)
        return replace(free, cost=cost)

    def _run(self, p: Program) -> Program:
        """Solve what is loaded: warm simplex where a basis is kept, interior point with crossover otherwise."""
        import highspy

        for attempt in ("warm", "cold") if self._warm else ("cold",):
            if attempt == "warm":
                self._options(solver="simplex", simplex_dual_edge_weight_strategy=1, presolve="off")
            else:
                self._solver.clearSolver()
                self._options(solver="ipm", run_crossover="on", presolve="on")
            self._solver.run()
            status = self._solver.getModelStatus()
            if status == highspy.HighsModelStatus.kOptimal:
                s = self._solver.getSolution()
                done = replace(p, x=np.array(s.col_value), dual=np.array(s.row_dual))
                if max(residuals(done).values()) <= 1e-7:
                    self._warm = True
                    return done
        self._warm = False
        if status == highspy.HighsModelStatus.kOptimal:
            worst = max(residuals(done), key=residuals(done).get)
            raise InputError(f"stage {self.stage.year}: {worst} residual {residuals(done)[worst]:.1e} is above 1e-7")
        raise InputError(self._diagnose(p))

    def _diagnose(self, p: Program) -> str:
        """One sentence on what cannot be met: the elastic program lets rows give way and shows the largest breach."""
        import highspy
        from scipy import sparse

        soft = [k for k in ("supply", "labour", "capital", "external_balance", "rail", "delivery_band") if k in self.rows]
        rows = np.concatenate([np.atleast_1d(self.rows[k]).ravel() for k in soft])
        n, k = p.a.shape[0], len(rows)
        eye = sparse.csc_array((np.ones(k), (rows, np.arange(k))), (n, k))
        a = sparse.hstack([p.a, eye, -eye], format="csc")
        weight = 1 / (1 + np.abs(np.where(np.isfinite(p.row_upper), p.row_upper, p.row_lower)[rows]))
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = a.shape[1], n
        lp.col_cost_ = np.r_[np.zeros(p.a.shape[1]), weight, weight]
        lp.col_lower_ = np.r_[p.lower, np.zeros(2 * k)]
        lp.col_upper_ = np.r_[p.upper, np.full(2 * k, np.inf)]
        lp.row_lower_, lp.row_upper_ = p.row_lower, p.row_upper
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = a.indptr, a.indices, a.data
        h = highspy.Highs()
        h.setOptionValue("output_flag", False)
        h.passModel(lp)
        h.run()
        if h.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return f"stage {self.stage.year} has no solution: bounds of investment or consumption cannot be met together"
        x = np.array(h.getSolution().col_value)[p.a.shape[1] :]
        breach = (x[:k] + x[k:]) * weight
        row, amount = rows[breach.argmax()], (x[:k] + x[k:])[breach.argmax()]
        unit = {"labour": "thousand persons", "rail": "Mt"}
        for name in soft:
            where = np.atleast_1d(self.rows[name])
            hit = np.argwhere(where == row)
            if len(hit):
                place = self._place(name, hit[0])
                return f"stage {self.stage.year} has no solution: {name}{place} is short by {amount:.6g} {unit.get(name, 'bn RUB')}"
        return f"stage {self.stage.year} has no solution"

    def _place(self, family, at) -> str:
        r, s = self.stage.regions, self.stage.sectors
        if family in ("labour", "capital"):
            return f" in region {r[at[0]]}"
        if family == "supply":
            return f" of sector {s[at[0]]} in region {r[at[1]]}"
        if family == "delivery_band":
            return f" of sector {s[at[0]]} from region {r[at[1]]} to region {r[at[2]]}"
        return ""


def _positions(labels, order) -> np.ndarray:
    """Where each label stands in the solver's order."""
    position = np.full(int(order.max()) + 1, -1)
    position[order] = np.arange(len(order))
    dims = [d for d in ("product", "origin", "region", "sector", "partner", "tangent") if d in labels.dims]
    return position[labels.transpose(*dims).values]


def _labelled(values, labels, what) -> np.ndarray:
    values = pd.Series(values)
    if set(values.index) != set(labels):
        raise InputError(f"change '{what}' must name every region once: {', '.join(labels)}")
    return values[labels].to_numpy(float)


# --- results ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class EconomySolution:
    """Solution of one stage, bn RUB of 2016 a year unless said, labelled.

    output, gva (region, sector): with the projects' effects; grp, investment, consumption_by_region (region);
    consumption: z; deliveries (product, origin, region), exports and imports (product, region, partner);
    prices (product, region): what one unit of supply adds to z; use_prices (product, region): what one unit of use
    costs; labour_price (z per thousand persons), capital_price (z per bn RUB of the fund) by region; balance_price,
    rail_price (z per Mt); binding: constraints at their limits; partner_balance (partner); intensity (project);
    state: where the next stage starts. `program`: the LP as solved, without the tie-break, whence all prices come;
    `tied`: with it, whence all quantities come.
    """

    year: int
    output: pd.DataFrame
    gva: pd.DataFrame
    grp: pd.Series
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
    rail_capacity: float
    capital_scale: float
    partner_balance: pd.Series
    binding: pd.DataFrame
    intensity: pd.Series
    priced: pd.DataFrame
    projects: tuple[ProjectColumn, ...]
    state: State
    program: Program
    tied: Program
    stage: Stage

    def summary(self) -> pd.DataFrame:
        """By region: GRP, consumption, investment, exports, imports, labour and capital prices; and the country."""
        table = pd.DataFrame(
            {
                "grp_bn_rub_2016": self.grp,
                "consumption_bn_rub_2016": self.consumption_by_region,
                "investment_bn_rub_2016": self.investment,
                "exports_bn_rub_2016": self.exports.sum(("product", "partner")).to_series(),
                "imports_bn_rub_2016": self.imports.sum(("product", "partner")).to_series(),
                "labour_price_bn_rub_per_thousand": self.labour_price,
                "capital_price": self.capital_price,
            }
        )
        total = table.iloc[:, :5].sum().rename("Russia")
        return pd.concat([table, total.to_frame().T])


def _solution(model: EconomyModel, projects, columns, free: Program, tied: Program) -> EconomySolution:
    import xarray as xr

    st, x = model.stage, tied.x
    regions, sectors = list(st.regions), list(st.sectors)

    def price(name):
        return free.dual[model.rows[name]] if name in model.rows else np.zeros(len(regions))

    var = {name: x[where] for name, where in model.columns.items()}
    theta = x[len(model._data.cost) :]
    output = var["x0"] + var["x1"]
    own = np.zeros_like(output)
    exports = st.export_centre + var["export_up"] - var["export_down"]
    for p, c, t in zip(projects, columns, theta, strict=True):
        r = regions.index(p.region)
        own[r] += t * c["beta"]
        exports[:, r] += t * c["exports"]
    u, b = var["u"], st.bands
    deliveries = (1 - b.deliveries) * st.delivery_share * u[:, None, :] + var["w"]
    imports = (1 - b.imports) * st.import_share * u + var["v"]
    china = st.china_import_share[:, None, None]
    imports = imports[:, :, None] * np.concatenate([china, 1 - china], 2)
    gva = st.value_added * (output + own)
    z = float(var["z"])

    def cube(values, *dims):
        coords = {"product": sectors, "origin": regions, "region": regions, "partner": list(PARTNERS)}
        return xr.DataArray(values, [(d, coords[d]) for d in dims])

    balance = st.export_price * exports.sum((0, 1)) - st.import_price * imports.sum((0, 1))
    priced = [
        {"project": p.name, "term": name, "z_bn_rub_2016": t * float((free.dual[model.rows[name]] * c[name]).sum())}
        for p, c, t in zip(projects, columns, theta, strict=True)
        for name in model.rows
        if name in c
    ]
    return EconomySolution(
        year=st.year,
        output=pd.DataFrame(output + own, regions, sectors),
        gva=pd.DataFrame(gva, regions, sectors),
        grp=pd.Series(gva.sum(1), regions, name="grp"),
        consumption=z,
        consumption_by_region=pd.Series(z * st.consumption_mix.sum(1), regions),
        investment=pd.Series(var["inv"], regions),
        deliveries=cube(deliveries, "product", "origin", "region"),
        exports=cube(exports, "product", "region", "partner"),
        imports=cube(imports, "product", "region", "partner"),
        prices=pd.DataFrame(price("supply"), sectors, regions),
        use_prices=pd.DataFrame(price("use"), sectors, regions),
        labour_price=pd.Series(-price("labour"), regions),
        capital_price=pd.Series(-price("capital"), regions),
        balance_price=float(price("external_balance")),
        rail_price=float(-price("rail")) if "rail" in model.rows else 0.0,
        rail_used=float((st.rail_tonnes * exports).sum()),
        rail_capacity=st.rail_capacity,
        capital_scale=float(var.get("capital_scale", 1.0)),
        partner_balance=pd.Series(balance, PARTNERS),
        binding=_binding(model, free),
        intensity=pd.Series(theta, [p.name for p in projects], dtype=float),
        priced=pd.DataFrame(priced, columns=["project", "term", "z_bn_rub_2016"]),
        projects=projects,
        state=State(st.year, output + own, var["inv"]),
        program=free,
        tied=tied,
        stage=st,
    )


def _binding(model, p: Program) -> pd.DataFrame:
    """How many constraints of each family hold as equalities with a price, and the largest price (z per unit)."""
    rows = []
    for name in ("labour", "capital", "external_balance", "rail", "delivery_band", "import_band"):
        if name in model.rows:
            where = np.atleast_1d(model.rows[name])
            price = np.abs(p.dual[where])
            rows.append((name, int((price > 1e-9).sum()), price.size, float(price.max(initial=0))))
    return pd.DataFrame(rows, columns=["constraint", "binding", "of", "largest_price"])


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

    The first node is the base year itself, solved with zero bands: it returns the regional tables. Centres of
    deliveries, imports and exports and the external balance are exogenous in every stage, so a run with projects has
    the same ones as a run without. `columns`: projects of any node; `rail_capacity`: Mt by year. Raises InputError
    for nodes out of order, a first node other than the tables' year, or a column of no node.
    """
    nodes = tuple(nodes)
    if nodes[:1] != (2016,) or any(b <= a for a, b in zip(nodes, nodes[1:], strict=False)):
        raise InputError(f"nodes {nodes} must start at 2016 and rise")
    for c in columns:
        if c.year not in nodes[1:]:
            raise InputError(f"project '{c.name}' is for {c.year}, which is not a node after 2016 (nodes: {nodes})")
    kappa = calibrate_capital(tables, paths) if kappa is None else kappa
    base, out = base_state(tables), {}
    for year in nodes:
        used = Bands(0, 0, 0) if year == 2016 else bands
        model = EconomyModel(tables, year, paths, base, used, kappa, rail_capacity=(rail_capacity or {}).get(year))
        out[year] = model.solve([c for c in columns if c.year == year])
        base = out[year].state
    return out


@dataclass(frozen=True)
class Effect:
    """Effect of a project: GVA `total` = `direct` + `indirect` (region, sector), bn RUB of 2016 a year; `consumption`:
    change of z, its part at the base's shadow prices (direct) and the rest (indirect); `priced`: direct by term."""

    total: pd.DataFrame
    direct: pd.DataFrame
    indirect: pd.DataFrame
    consumption: pd.Series
    priced: pd.DataFrame


def effect(with_: EconomySolution, without: EconomySolution, model: EconomyModel) -> Effect:
    """Effect of the projects in `with_` against the same stage `without` them; `model` states their columns.

    Direct GVA is the value added in what the projects buy, at the suppliers' shares of the base, and in the output
    of their effects; indirect GVA is the rest (capacity, labour and capital drawn to or from other uses).
    """
    st = without.stage
    direct = np.zeros(without.gva.shape)
    priced, value = [], 0.0
    for p in with_.projects:
        c, r, t = model.column(p), st.regions.index(p.region), with_.intensity[p.name]
        bought = st.delivery_share[:, :, r] * c["purchases"][:, None] * t  # (i, supplying r)
        direct += st.value_added * bought.T
        direct[r] += st.value_added[r] * c["beta"] * t
        for name, where in model.rows.items():
            if name in c:
                worth = float((without.program.dual[where] * c[name]).sum()) * t
                priced.append({"project": p.name, "term": name, "z_bn_rub_2016": worth})
                value += worth
    direct = pd.DataFrame(direct, without.gva.index, without.gva.columns)
    total = with_.gva - without.gva
    change = with_.consumption - without.consumption
    consumption = pd.Series({"total": change, "direct": value, "indirect": change - value})
    return Effect(total, direct, total - direct, consumption, pd.DataFrame(priced))
