"""One stage's program, built once and solved for any projects and changed right-hand sides."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from rutrade import InputError, unknown
from rutrade.economy import solver, warm
from rutrade.economy.column import Column, ProjectColumn
from rutrade.economy.curves import EXPORT_NODES, IMPORT_NODES, Curves, calibrate, order
from rutrade.economy.options import FIRST_ROUND, Options
from rutrade.economy.program import Program, linear_program, residuals
from rutrade.economy.regional import RegionalTables
from rutrade.economy.solution import EconomySolution, labelled
from rutrade.economy.stage import (
    BASE,
    PARTNERS,
    Bands,
    Paths,
    Stage,
    State,
    base_state,
    calibrate_capital,
    elasticities,
    stage_of,
)

if TYPE_CHECKING:
    import xarray as xr

ROUNDS = 20  # of (2.12') at most; 3 to 7 are needed


class EconomyModel:
    """One stage's program, built once and solved for any projects and changed right-hand sides.

    `tables`: regional tables; `year`: the stage's last year; `paths`: exogenous paths; `base`: where the stage starts
    (default: 2016); `bands`; `kappa`: scale of the capital coefficients (default: calibrated on 2016-2019);
    `capacity`: factor on retained capacity; `rail_capacity`: Mt, replaces the path's; `start`: a model of the same
    stage, from whose basis the first solve starts (that of another stage is no help); `options`: which equations hold.
    With demand curves the stage is solved with bands first (`reference`) and calibrated on that solution.

    Solves start from the model's own first solution without projects or changes, whatever was solved after it. Raises
    InputError for a year before the base, a path that misses the year, or negative bands.
    """

    CHANGES = (
        "labour", "investment_path", "external_balance", "rail_capacity", "fixed_use", "consumption", "china_exports",
        "curves", "import_prices", "productivity",
    )  # fmt: skip
    COEFFICIENTS = ("curves", "import_prices", "productivity")  # changes of the matrix
    TIE = 5e-4  # bn RUB: by how much z may move when exports are drawn to their path
    TOLERANCE = 1e-7
    SURPLUS = 1e-8  # bn RUB: how exactly S is shifted by what valuing exports at price counts too much
    # what each constraint is counted by, and in which unit
    FAMILIES: ClassVar = {
        "supply": ("sector", "region", "bn RUB"), "labour": ("region", "thousand persons"),
        "capital": ("region", "bn RUB"), "retained": ("region", "sector", "bn RUB"), "external_balance": ("bn RUB",),
        "rail": ("Mt",), "delivery_band": ("sector", "region", "region", "bn RUB"), "terminal": ("region", "bn RUB"),
    }  # fmt: skip

    reference: EconomySolution | None
    banded: "Banded"
    base: State
    ended: warm.Start | None  # where the last solve ended, for a solve that is to go on from there
    _start: warm.Start | None  # where solves begin; None: from nothing
    _own: bool  # whether `_start` is this model's own solution
    _solver: Any  # highspy.Highs

    def __init__(
        self, tables: RegionalTables, year: int, paths: Paths, base: State | None = None, bands: Bands | None = None,
        kappa: float | None = None, capacity: float = 1.0, rail_capacity: float | None = None,
        start: "EconomyModel | None" = None, options: Options = FIRST_ROUND,
    ) -> None:  # fmt: skip
        given = tables, year, paths, base, bands, kappa, capacity, rail_capacity
        if options.trade != "curves":
            self._build(self._stage(*given, options), start)
            return
        self.banded = Banded(*given, start=start.banded if start is not None else None, options=options)
        self.tables, self.base, self.options = tables, self.banded.base, options
        self.reference = self.banded.solve()
        elasticity, substitution = elasticities(tables, paths)
        curves = calibrate(self.reference, elasticity, substitution)
        self._build(replace(self.banded.stage, curves=curves), start)
        if self._start is None and self.stage.span:  # in the base year bands have no width: all there is degenerate
            last, b = self.banded.ended, self.banded
            assert last is not None
            self._start = warm.Start(warm.calibrated(self.columns, self.rows, b.columns, b.rows, last.basis))

    def _stage(
        self, tables: RegionalTables, year: int, paths: Paths, base: State | None, bands: Bands | None,
        kappa: float | None, capacity: float, rail_capacity: float | None, options: Options,
    ) -> Stage:  # fmt: skip
        """The stage's coefficients, with its place in the recursion checked."""
        base = base or base_state(tables)
        if year < BASE:
            raise InputError(f"stage year {year} is before {BASE}, the year of the tables")
        if year < base.year:
            raise InputError(f"stage year {year} is before its base year {base.year}; nodes must be in order")
        self.tables, self.base, self.options, self.reference = tables, base, options, None
        kappa = calibrate_capital(tables, paths) if kappa is None else kappa
        stage = stage_of(tables, year, paths, base, bands or Bands(), kappa, capacity, options)
        return stage if rail_capacity is None else replace(stage, rail_capacity=float(rail_capacity))

    def _build(self, stage: Stage, start: "EconomyModel | None" = None) -> None:
        """State the stage's program and load it into the solver."""
        from scipy import sparse

        self.stage, m = stage, linear_program(stage)
        given = m.matrices
        low, high = np.where(given.sense == "<", -np.inf, given.b), np.where(given.sense == ">", np.inf, given.b)
        a = sparse.csc_array(given.A)
        a.data[np.abs(a.data) < 1e-9] = 0  # the solver drops them, so the check outside it must
        a.eliminate_zeros()
        self._data = Program(a, low, high, given.lb, given.ub, given.c)
        self._solver, self._start, self._own, self.ended = solver.loaded(self._data), None, False, None
        # position of each labelled variable and row in the solver's arrays
        self.columns = {n: _positions(v.labels, given.vlabels) for n, v in m.variables.items()}
        self.rows = {n: _positions(c.labels, given.clabels) for n, c in m.constraints.items()}
        if start is not None and start.stage.year == stage.year and start._data.a.shape == self._data.a.shape:
            self._start = start._start and warm.Start(start._start.basis)

    def recentred(self, demand: pd.DataFrame) -> "EconomyModel":
        """The calibrated model with other demand curves, as a world model gives them; its wedges stay.

        `demand` (index: sector, partner): `quantity` and `price`, factors on those of the curve's centre, and
        `elasticity` (infinite: a price taker who sells up to the quantity). Cells that are not named stay. Raises
        InputError for a model with bands, an unknown sector or partner, and an elasticity of 1 or less.
        """
        curves = self.stage.curves
        if curves is None:
            raise InputError("demand curves can be moved only with option 'trade' = 'curves'")
        quantity, price, elasticity = np.ones_like(curves.price), curves.price.copy(), curves.elasticity.copy()
        for (sector, partner), row in demand.iterrows():
            for kind, name, allowed in (("sector", sector, self.stage.sectors), ("partner", partner, PARTNERS)):
                if name not in allowed:
                    raise unknown(f"{kind} of export demand", name, allowed)
            at = self.stage.sectors.index(sector), PARTNERS.index(partner)
            quantity[at], price[at], elasticity[at] = row["quantity"], price[at] * row["price"], row["elasticity"]
        moved = replace(curves, centre=curves.centre * quantity[:, None], price=price, elasticity=elasticity)
        return self.recast(moved)

    def gained(self, gain: Mapping[str, float]) -> "EconomyModel":
        """The model with sectors that yield more: the same labour, capacity and capital make (1 + gain) as much.

        Materials stay in proportion. `gain` (sector): in every region; the calibration stays. Raises InputError for an
        unknown sector.
        """
        st, factor = self.stage, np.ones(len(self.stage.sectors))
        for sector, value in gain.items():
            if sector not in st.sectors:
                raise unknown("sector of a gain", sector, st.sectors)
            factor[st.sectors.index(sector)] += value
        other = copy.copy(self)
        changed = replace(
            st, labour_coefficient=st.labour_coefficient / factor, retained=st.retained * factor,
            capital_coefficient=st.capital_coefficient / factor,
        )  # fmt: skip
        other._build(changed, self)
        return other

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
        # with (2.9') the programme's capital is part of the region's investment, else it is drawn from the fund
        inside = project.capital_inside * sum(project.capital.values()) if st.terminal is not None else 0.0
        drawn = project.investment_fund if st.terminal is None else 0.0
        flows = self.tables.flows[:, r, :]  # (2.13) the project's deliveries go where the region's own go
        to = flows / np.maximum(flows.sum(1, keepdims=True), 1e-300) * home[:, None]
        at = np.eye(k)[r]
        rows = {
            "use": -np.outer(bought, at),  # (2.2a) alpha
            "supply": np.outer(home, at),  # (2.2b) beta, its exports outside the band
            "delivery_band": -at[None, :, None] * to[:, None, :],  # (2.13)
            "labour": at * (project.labour_thousand * st.staff_pay + st.labour_coefficient[r] @ hired),  # (2.4)
            "capital": at * (drawn + st.capital_coefficient[r] @ output),  # (2.6)
            "terminal": at * inside,  # (2.9')
            "external_balance": np.array(st.export_price * abroad.sum()),  # (2.8)
            "rail": np.array((st.rail_tonnes[:, r] * abroad).sum()),  # (2.10)
        }
        return Column({name: c for name, c in rows.items() if name in self.rows}, beta, abroad, bought)

    def _vector(self, project: ProjectColumn, name: str) -> np.ndarray:
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

    def solve(
        self, projects: Sequence[ProjectColumn] = (), changes: Mapping[str, Any] | None = None, reciprocal: bool = False
    ) -> EconomySolution:
        """Solve with the given projects and changed right-hand sides; the model itself stays as built.

        `changes`: labour, investment_path (Series by region), external_balance, rail_capacity, consumption (fixes z),
        fixed_use (array (s, i)), china_exports (Series by sector: a ceiling, as a factor of the export path), curves
        (other `Curves`), import_prices (array (i), relative to the path's), productivity (array (r, j): output per
        unit of activity). `reciprocal`: minimise the scale of the investment fund at the fixed z instead of maximising
        z. Returns a frozen EconomySolution. Raises InputError for an unknown region, sector or change and for a
        program without a solution, naming the constraint, sector and region.
        """
        changes = dict(changes or {})
        if recast := {name: changes.pop(name) for name in self.COEFFICIENTS if name in changes}:
            return self.recast(**recast).solve(projects, changes, reciprocal)
        columns = [self.column(p) for p in projects]
        program, plain = self._changed(projects, columns, changes, reciprocal), not (columns or changes or reciprocal)
        if self.stage.curves is not None:
            # a solver of its own: HiGHS keeps the scaling of the solve before, which would enter the last digits
            self._solver = solver.loaded(program)
            free, begin = self._with_surplus(program)
            tied = free = self._with_calibrated_prices(free) if plain else free
            self.ended = begin
        else:
            free, tied, begin = self._in_place(program, columns, reciprocal)
            self.ended = warm.Start(self._solver.getBasis())
        if plain and not self._own:
            self._start, self._own = begin, True
        return labelled(self, tuple(projects), tuple(columns), free, tied)

    def _in_place(
        self, program: Program, columns: Sequence[Column], reciprocal: bool
    ) -> tuple[Program, Program, warm.Start]:
        """The kept solver with the program's bounds, costs and project columns; the columns are taken out again."""
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
            return self._with_ties(program, reciprocal)
        finally:
            if columns:
                h.deleteCols(len(columns), np.arange(base, base + len(columns), dtype=np.int32))

    def _with_ties(self, program: Program, reciprocal: bool) -> tuple[Program, Program, warm.Start]:
        """The optimum, and among the optima the one whose exports are nearest their path, its imports in a fixed order;
        and where the first of them ended.

        Without an order the last digits of the data, and with them the processor, would choose between equal solutions.
        """
        h, base = self._solver, len(self._data.cost)
        tied = free = self._run(program, self._start and self._start.basis)
        ended = warm.Start(h.getBasis())
        if not reciprocal:
            cost, where = program.cost.copy(), np.r_[self.columns["export_up"], self.columns["export_down"]]
            cost[where] = self.TIE / max(program.upper[where].sum(), 1.0)
            if "v" in self.columns:  # which region imports is open where goods may be delivered: a fixed order decides
                imports = np.ravel(self.columns["v"])
                cost[imports] = order(imports.shape)
            h.changeColsCost(base, np.arange(base, dtype=np.int32), cost[:base])
            tied = self._run(replace(program, cost=cost), ended.basis)
        return free, tied, ended

    def _with_surplus(self, program: Program) -> tuple[Program, warm.Start]:
        """(2.12') the optimum with S raised by what valuing exports at price counts too much, a fixed point by secants;
        and where it ended.

        Raises InputError where the secants do not find it.
        """
        curves, begin = self.stage.curves, self._start or warm.Start(None)
        assert curves is not None
        row, lower, basis = self.rows["external_balance"], program.row_lower.copy(), begin.basis
        shift, last, gap = begin.shift, None, np.inf
        for _ in range(ROUNDS):
            program = replace(program, row_lower=lower.copy())
            program.row_lower[row] += shift
            self._solver.changeRowBounds(int(row), program.row_lower[row], program.row_upper[row])
            done = self._run(program, basis, last is not None)
            gap = self.stage.export_price * curves.surplus(done.quantities[self.columns["segment"]].sum(-1)) - shift
            basis = self._solver.getBasis()
            if abs(gap) < self.SURPLUS:
                return done, warm.Start(basis, done.prices, shift)
            slope = -1.0 if last is None else (gap - last[1]) / (shift - last[0])
            last = shift, gap
            shift -= gap / slope if slope < -0.2 else -gap
        raise InputError(
            f"stage {self.stage.year}: the balance of payments does not close: after {ROUNDS} rounds what exports are"
            f" counted too high still moves by {abs(gap):.2g} bn RUB"
        )

    def _with_calibrated_prices(self, done: Program) -> Program:
        """The solution with the prices of the calibration, where they are among its prices.

        At its centre a curve has a price from each side: between them all are duals of the program, and the last digits
        of the data, and with them the processor, would choose. Those of the solution with bands are among them (2.12').
        """
        assert self.reference is not None
        given, rows, columns = self.reference.tied, self.reference.rows, self.columns
        prices = np.zeros_like(done.prices)
        for name in self.rows.keys() & rows.keys() - {"composition"}:
            prices[self.rows[name]] = given.prices[rows[name]]
        if not np.isfinite(done.row_upper[self.rows["rail"]]):
            prices[self.rows["rail"]] = 0.0
        # what domestic products and a mix of both are worth follows from the columns that hold them
        prices[self.rows["composition"]] = (done.a.T @ prices - done.cost)[columns["d"]]
        centre = columns["node"][..., IMPORT_NODES == 1][..., 0]
        prices[self.rows["isoquant"]] = (done.cost - done.a.T @ prices)[centre]
        found = replace(done, dual=prices)
        return found if max(residuals(found).values()) <= self.TOLERANCE else done

    def recast(
        self, curves: Curves | None = None, import_prices: np.ndarray | None = None,
        productivity: np.ndarray | float | None = None, rail_capacity: float | None = None,
        start: warm.Start | None = None,
    ) -> "EconomyModel":  # fmt: skip
        """A model whose stage has other curves, import prices, productivity or rail capacity: this one's program with
        what they enter moved in place, and where this one starts to start from (`start`: where another solve `ended`).

        Raises InputError for curves of a stage with bands.
        """
        st = self.stage
        if st.curves is None:
            raise InputError(
                "changes of curves, import_prices and productivity need a stage with option trade='curves'"
            )
        new = replace(
            st,
            curves=curves or st.curves,
            import_prices=st.import_prices if import_prices is None else np.asarray(import_prices, float),
            productivity=st.productivity if productivity is None else np.asarray(productivity, float),
            rail_capacity=st.rail_capacity if rail_capacity is None else float(rail_capacity),
        )
        assert new.curves is not None
        d = self._data
        names = ("a", "row_lower", "row_upper", "lower", "upper", "cost")
        p = replace(d, **{name: getattr(d, name).copy() for name in names})
        p.row_upper[self.rows["rail"]] = new.rail_capacity
        self._place_curves(p, new)
        p.a.data[self._supplied] = np.broadcast_to(np.transpose(new.productivity), new.curves.centre.shape[:2])
        other = copy.copy(self)
        other.stage, other._data = new, p
        begin = start or self._start
        if begin is not None and begin.prices is not None:
            cells = self.columns["segment"], self.columns["node"]
            begin = replace(begin, basis=warm.placed(begin.basis, p, begin.prices, *cells))
        other._start, other._own, other.ended = begin, False, None
        return other

    def stated_anew(self) -> "EconomyModel":
        """The same stage stated from its equations: what `recast` moved in place, to check it against."""
        other = copy.copy(self)
        other._build(self.stage, self)
        return other

    def _place_curves(self, p: Program, new: Stage) -> None:
        """The coefficients, bounds and costs of segments and nodes that the curves of a stage give."""
        segments, nodes, row = self.columns["segment"], self.columns["node"], self.rows["external_balance"]
        entry, c, was = self._entries("external_balance"), new.curves, self.stage.curves
        assert c is not None and was is not None
        (width, slope, start), imported = c.segments, c.isoquant[1]
        p.a.data[entry[segments]] = new.export_price * slope[:, None]
        p.lower[segments], p.upper[segments] = np.asarray(c.held)[..., None] * width, width
        p.cost[segments] = c.export_wedge[..., None]
        p.row_lower[row] += new.export_price * (
            (was.segments[2] * was.centre.sum(1)).sum() - (start * c.centre.sum(1)).sum()
        )
        paid = new.import_price * np.broadcast_to(new.import_prices, len(new.sectors))[:, None, None] * imported
        there = entry[nodes] >= 0  # a product without imports has no entry
        p.a.data[entry[nodes][there]] = -paid[there]
        p.cost[nodes] = c.import_wedge[..., None] * (imported - c.import_share[..., None])

    def _entries(self, family: str) -> np.ndarray:
        """Where the entries of one row stand in the data of the program's matrix, by column; -1: no entry."""
        a, row = self._data.a, int(self.rows[family])
        where = np.flatnonzero(a.indices == row)
        out = np.full(a.shape[1], -1)
        out[np.searchsorted(a.indptr, where, side="right") - 1] = where
        return out

    @property
    def _supplied(self) -> np.ndarray:
        """Where the output x of each product and region (i, r) stands in its row of supply."""
        a, rows, columns = self._data.a, self.rows["supply"], self.columns["x"].T
        owner = np.repeat(np.arange(a.shape[1]), np.diff(a.indptr))
        key = owner * a.shape[0] + a.indices
        order = np.argsort(key)
        return order[np.searchsorted(key[order], columns * a.shape[0] + rows)]

    def _changed(
        self, projects: Sequence[ProjectColumn], columns: Sequence[Column], changes: Mapping[str, Any], reciprocal: bool
    ) -> Program:
        """The program with changed right-hand sides and the projects' columns appended."""
        from scipy import sparse

        d, st, rows = self._data, self.stage, self.rows
        p = replace(d, **{k: getattr(d, k).copy() for k in ("row_lower", "row_upper", "lower", "upper", "cost")})
        for name, value in changes.items():
            if name not in self.CHANGES:
                raise unknown("change", name, self.CHANGES)
            if name in ("labour", "investment_path"):
                if sorted(pd.Series(value).index) != sorted(st.regions):
                    raise InputError(f"change '{name}' must name every region once: {', '.join(st.regions)}")
                target, where = (p.row_upper, rows["labour"]) if name == "labour" else (p.lower, self.columns["inv"])
                target[where] = pd.Series(value)[list(st.regions)].to_numpy(float)
            elif name == "external_balance":
                p.row_lower[rows[name]] += float(value) - st.external_balance
            elif name == "rail_capacity":
                banded = st.curves is None
                tonnes = (st.rail_tonnes * st.export_centre).sum() if banded else 0.0
                p.row_upper[rows["rail"]] = float(value) - tonnes
                if banded:
                    p.upper[self.columns["export_down"]] = replace(st, rail_capacity=float(value)).export_room
            elif name == "china_exports":
                self._cap_china(p, pd.Series(value))
            elif name == "fixed_use":
                p.row_lower[rows["use"]] = p.row_upper[rows["use"]] = np.asarray(value, float).T
            else:
                p.lower[self.columns["z"]] = p.upper[self.columns["z"]] = float(value)
        if reciprocal:
            if st.curves is not None:
                raise InputError("the reciprocal problem is stated with bands: option 'trade' must be 'bands'")
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

    def _cap_china(self, p: Program, factor: pd.Series) -> None:
        """A ceiling of exports to China by sector, as a factor of their path (or of the curve's centre)."""
        st = self.stage
        factor = factor.reindex(list(st.sectors)).fillna(np.inf).to_numpy()[:, None]
        china = (slice(None), slice(None), PARTNERS.index("CHN"))
        if st.curves is not None:
            width = st.curves.segments[0][china]
            ceiling = np.minimum(factor, EXPORT_NODES[-1]) * st.curves.centre[china]
            room = ceiling[..., None] - (np.cumsum(width, -1) - width)
            p.upper[self.columns["segment"][china]] = np.clip(room, 0, width)
            return
        # the room upwards closes, a lower level is forced
        centre = st.export_centre[china]
        up, down = (self.columns[f"export_{d}"][china] for d in ("up", "down"))
        room = np.maximum(np.where(centre > 0, factor - 1, 0), 0) * centre  # a sector that is not named has no ceiling
        p.upper[up] = np.minimum(p.upper[up], room)
        p.lower[down] = np.maximum((1 - np.minimum(factor, 1)) * centre, 0)
        p.upper[down] = np.maximum(p.upper[down], p.lower[down])

    def _run(self, p: Program, basis: Any = None, kept: bool = False) -> Program:
        """Solve what is loaded, from a basis or from nothing.

        Raises InputError for a program without a solution, naming what is short, and for one that stays inexact.
        """
        starts = solver.CURVES if self.stage.curves is not None else solver.BANDS
        found, off = solver.optimum(self._solver, p, basis, starts, self.TOLERANCE, kept)
        if found is not None:
            return found
        if off is not None:
            raise InputError(f"stage {self.stage.year}: {off[0]} residual {off[1]:.1e} is above {self.TOLERANCE}")
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
        h = solver.loaded(elastic)
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


class Banded(EconomyModel):
    """The reference of a model with curves: the same stage with bands around its paths."""

    def __init__(
        self, tables: RegionalTables, year: int, paths: Paths, base: State | None = None, bands: Bands | None = None,
        kappa: float | None = None, capacity: float = 1.0, rail_capacity: float | None = None,
        start: EconomyModel | None = None, options: Options = FIRST_ROUND,
    ) -> None:  # fmt: skip
        self._build(self._stage(tables, year, paths, base, bands, kappa, capacity, rail_capacity, options), start)


def _positions(labels: "xr.DataArray", order: np.ndarray) -> np.ndarray:
    """Where each label stands in the solver's order."""
    position = np.full(int(order.max()) + 1, -1)
    position[order] = np.arange(len(order))
    axes = ("product", "origin", "region", "sector", "partner", "tangent", "segment", "node", "technique")
    dims = [d for d in axes if d in labels.dims]
    return position[labels.transpose(*dims).values]
