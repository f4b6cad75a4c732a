"""The world in equilibrium: exact hat algebra, equations (3.8)-(3.13), solved from a benchmark.

Unknown are the prices of labour (one a region) and of the specific factors of extraction (one a region and sector). For
given factor prices `hats.System` finds prices, shares, spending and output; a solution leaves no factor market with
excess demand. Steps are Broyden's, from the derivative at the benchmark.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from rutrade import InputError, unknown
from rutrade.trade import shocks as named_shocks
from rutrade.trade.hats import Linear, State, System, Targets, inverse_jacobian
from rutrade.trade.shocks import Named, Shocks
from rutrade.trade.world import Benchmark, elasticities

TOLERANCE = 1e-12  # largest excess demand of a factor market, as a share of its supply, at which a solution stops
ENOUGH = 1e-10  # largest that is accepted when rounding allows no less
LARGEST_STEP = 0.7  # of a log price in one step


@dataclass(frozen=True, eq=False)
class WorldSolution:
    """An equilibrium beside its benchmark. Tables give values in bn USD and hats (new over benchmark).

    nominal: world nominal GDP over the benchmark's, by which values are scaled (1 unless the world's growth is part of
    the shock): the solution itself keeps world value added. residuals: excess demand by factor market.
    """

    benchmark: Benchmark
    shocks: Shocks
    state: State = field(repr=False)
    unknowns: np.ndarray = field(repr=False)
    inverse: np.ndarray | None = field(default=None, repr=False)
    evaluations: int = 0
    method: str = "Broyden"
    nominal: float = 1.0

    @cached_property
    def trade(self) -> np.ndarray:
        """Flows, bn USD, importer x sector x exporter."""
        return self.state.trade * self.nominal

    @cached_property
    def flows(self) -> pd.DataFrame:
        """importer, sector, exporter; value_bn_usd, benchmark_bn_usd, hat."""
        table = self.benchmark.flows().rename(columns={"value_bn_usd": "benchmark_bn_usd"})
        table.insert(3, "value_bn_usd", self.trade.ravel())
        return table.assign(hat=_ratio(table["value_bn_usd"], table["benchmark_bn_usd"]))

    @cached_property
    def prices(self) -> pd.DataFrame:
        """region, sector; price (of use), cost (of making), gate_price, as hats in units of world value added."""
        s = self.state
        return self._by_sector(price=s.price, cost=s.cost, gate_price=s.gate)

    @cached_property
    def output(self) -> pd.DataFrame:
        """region, sector; output and value added in bn USD, volume of output as a hat."""
        s, b = self.state, self.benchmark
        volume = _ratio(s.output, b.output) / s.gate
        return self._by_sector(
            output_bn_usd=s.output * self.nominal, value_added_bn_usd=s.value_added * self.nominal, volume_hat=volume
        )

    @cached_property
    def wages(self) -> pd.Series:
        """Price of labour by region, hat, in units of world value added."""
        return pd.Series(self.state.wage, self.benchmark.region_codes, name="wage")

    @cached_property
    def resource_prices(self) -> pd.DataFrame:
        """Price of the specific factors by region and sector of extraction, hats."""
        table = self._by_sector(resource_price=self.state.resource)
        return table[(self.benchmark.resource_income > 0).ravel()].reset_index(drop=True)

    @cached_property
    def welfare(self) -> pd.Series:
        """Real final demand by region, hat: (I'/I) over the price of final demand."""
        b, s = self.benchmark, self.state
        return pd.Series(s.income / b.final.sum(1) / s.consumer_price, b.region_codes, name="welfare")

    @cached_property
    def gdp_volume(self) -> pd.Series:
        """Volume of GDP by region, hat: value added at the benchmark's prices, (3.14)."""
        b, s = self.benchmark, self.state
        return pd.Series((s.value_added / s.factor).sum(1) / b.value_added.sum(1), b.region_codes, name="gdp_volume")

    @cached_property
    def residuals(self) -> pd.Series:
        """Excess demand by factor market, as a share of supply."""
        names = _markets(self.benchmark)
        return pd.Series(self.state.residual[: len(names)], names, name="excess_demand")

    def flow(self, exporter: str, importer: str, sector: str = "goods") -> float:
        """Value of one flow, bn USD; sector: code, group, or "goods". Raises InputError for an unknown name."""
        b = self.benchmark
        return float(self.trade[b.region(importer), b.sectors_of(sector), b.region(exporter)].sum())

    def share(self, of: str, partner: str, flow: str = "export", sector: str = "goods") -> float:
        """Share of `partner` in what region `of` exports or imports of a sector or group (domestic supply left out).

        Raises InputError for an unknown name.
        """
        if flow not in ("export", "import"):
            raise unknown("flow", flow, ("export", "import"))
        b, i = self.benchmark, self.benchmark.region(of)
        mask = b.sectors_of(sector)
        values = (self.trade[:, mask, i] if flow == "export" else self.trade[i, mask].T).sum(1)
        values[i] = 0
        return float(values[b.region(partner)] / values.sum())

    def summary(self, one: str = "RUS", other: str = "CHN") -> pd.DataFrame:
        """What a shock does to trade between two regions and to welfare: figure, unit, benchmark, new, change_pct."""
        base = replace(self, state=_at_benchmark(self.benchmark), nominal=1.0)
        rows = []

        def add(figure: str, unit: str, old: float, new: float) -> None:
            rows.append((figure, unit, old, new, 100 * (new / old - 1)))

        for exporter, importer in ((one, other), (other, one)):
            for sector in self.groups():
                old, new = (s.flow(exporter, importer, sector) for s in (base, self))
                add(f"{exporter} to {importer}, {sector}", "bn USD", old, new)
        for flow in ("export", "import"):
            old, new = (100 * s.share(one, other, flow) for s in (base, self))
            add(f"{other} in the {flow}s of {one}, goods", "%", old, new)
        for region in (one, other):
            add(f"real final demand of {region}", "hat", 1.0, float(self.welfare[region]))
        rest = ~self.welfare.index.isin([one, other])
        weight = self.benchmark.final.sum(1)[rest]
        add("real final demand of all others", "hat", 1.0, float(self.welfare[rest] @ weight / weight.sum()))
        return pd.DataFrame(rows, columns=["figure", "unit", "benchmark", "new", "change_pct"])

    def rebased(self) -> Benchmark:
        """This equilibrium as the benchmark of further shocks; values keep the scale of `nominal`."""
        s = self.state
        inputs = s.input_share * s.output[:, None, :] * self.nominal
        return replace(self.benchmark, trade=self.trade, inputs=inputs)

    def groups(self) -> list[str]:
        """ "goods" and the groups of goods, in the order of the sectors."""
        table = self.benchmark.sectors
        return ["goods", *dict.fromkeys(table.loc[table["goods"].astype(bool), "group"])]

    def _by_sector(self, **columns: np.ndarray) -> pd.DataFrame:
        b = self.benchmark
        index = pd.MultiIndex.from_product([b.region_codes, b.sector_codes], names=["region", "sector"])
        return pd.DataFrame({name: array.ravel() for name, array in columns.items()}, index).reset_index()


def _ratio(new: np.ndarray, old: np.ndarray) -> np.ndarray:
    """New over old; 1 where there was nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.asarray(old) > 0, np.asarray(new) / np.asarray(old), 1.0)


def _at_benchmark(b: Benchmark) -> State:
    system = System(b, Shocks.none(b))
    return system.at(np.zeros(system.unknowns))


def _markets(b: Benchmark, targets: Targets | None = None) -> list[str]:
    """Names of the factor markets, then of the targets, in the order of the residual."""
    extraction = np.argwhere(b.resource_income > 0)
    names = b.regions["name"].astype(str).to_list(), b.sectors["name"].astype(str).to_list()
    markets = [f"labour in {name}" for name in names[0]]
    markets += [f"specific factor of '{names[1][j]}' in {names[0][n]}" for n, j in extraction]
    if targets is not None and targets.gdp is not None:
        markets += [f"target of GDP in {name}" for name in names[0]]
    return markets + (["target of the oil price"] if targets is not None and targets.oil_price is not None else [])


def solve(
    benchmark: Benchmark,
    productivity: Named = None,
    trade_cost: Named = None,
    labour: Named = None,
    resources: Named = None,
    balance: Named = None,
    demand: Named = None,
    theta: Mapping[str, float] | np.ndarray | None = None,
    fob: Named = None,
    gdp: Named = None,
    oil_price: float | None = None,
    start: WorldSolution | None = None,
) -> WorldSolution:
    """The equilibrium after shocks, (3.8)-(3.13); each shock is an array or a mapping of names, see `shocks.named`.

    productivity T, trade_cost tau, labour L, resources R, demand b, fob (prices of an exporter's sectors given from
    outside) are hats; balance D' is bn USD at the benchmark's world value added. theta: elasticities in place of the
    benchmark's, by sector (array, or mapping sector -> value for those that differ). Targets: gdp (region -> hat of its
    volume, all others 1; labour adjusts, (3.14)) and oil_price (hat, over world value added; demand for oil adjusts,
    (3.15)). start: a solution close by, whose factor prices are the first guess.

    Raises InputError for a shock that is not allowed or has no solution; the message names the market that does not
    clear.
    """
    if theta is not None:
        benchmark = with_theta(benchmark, theta)
    shocks = named_shocks.named(benchmark, productivity, trade_cost, labour, resources, balance, demand, fob)
    if oil_price is not None and not oil_price > 0:
        raise InputError(f"oil_price is {oil_price}; a hat must be positive")
    volume = None if gdp is None else named_shocks.named(benchmark, labour=gdp).labour
    return solve_shocks(benchmark, shocks, start, Targets(volume, oil_price))


def with_theta(benchmark: Benchmark, theta: Mapping[str, float] | pd.Series | np.ndarray) -> Benchmark:
    """The benchmark with other trade elasticities. Raises InputError for an unknown sector or theta <= 0."""
    if isinstance(theta, (Mapping, pd.Series)):
        for sector in theta.keys():
            if sector not in benchmark.sectors.index:
                raise unknown("sector", sector, benchmark.sector_codes)
        current = dict(zip(benchmark.sector_codes, benchmark.theta, strict=True))
        theta = elasticities({**current, **dict(theta)}, benchmark.sector_codes)
    return replace(benchmark, theta=np.asarray(theta, float))


def solve_shocks(
    benchmark: Benchmark, shocks: Shocks, start: WorldSolution | None = None, targets: Targets | None = None
) -> WorldSolution:
    """The equilibrium for shocks given as arrays, and for targets of GDP and the price of oil, (3.14)-(3.15).

    Raises InputError when no prices solve it, naming the market that does not clear.
    """
    system = System(benchmark, shocks, targets)
    first = np.zeros(system.unknowns) if start is None else start.unknowns
    near = None if start is None else start.state
    inverse = None if start is None else start.inverse
    if len(first) != system.unknowns:
        raise InputError(f"start has {len(first)} unknowns; this system has {system.unknowns}")
    u, state, count, inverse = _broyden(system, first, near, inverse)
    if _worst(state) <= ENOUGH:
        return WorldSolution(benchmark, shocks, state, u, inverse, count)
    u, other, more = _anderson(system, first, near)
    if _worst(other) <= ENOUGH:
        return WorldSolution(benchmark, shocks, other, u, None, count + more, "Anderson")
    raise InputError(_no_solution(system, min(state, other, key=_worst)))


def _worst(state: State | None) -> float:
    """Largest gap of a state; infinite where there is none."""
    return np.inf if state is None else float(np.abs(state.residual).max())


def _no_solution(system: System, state: State | None) -> str:
    b = system.b
    if state is None:
        income = b.value_added.sum(1) + system.shocks.balance
        region = b.regions["name"].iloc[int(np.argmin(income))]
        return f"the shock has no solution: {region} has no income left for final demand"
    worst = int(np.argmax(np.abs(state.residual)))
    names = _markets(b, system.targets)
    excess = state.residual[worst]
    return (
        f"the shock has no solution that was found: {names[worst]} does not clear"
        f" ({'excess demand' if excess > 0 else 'excess supply'} of {100 * abs(excess):.3g} % of supply)"
    )


def _evaluate(system: System, u: np.ndarray, near: State | None) -> State | None:
    """The state, or None where the equations have no sense (no income, prices out of bounds)."""
    with np.errstate(all="ignore"):
        try:
            state = system.at(u, near)
        except np.linalg.LinAlgError:
            return None
    sound = np.isfinite(state.residual).all() and (state.income > 0).all() and (state.output >= 0).all()
    return state if sound else None


def _broyden(
    system: System, u: np.ndarray, near: State | None, inverse: np.ndarray | None, limit: int = 60
) -> tuple[np.ndarray, State | None, int, np.ndarray]:
    """Broyden's method from the Jacobian at the benchmark, or of a start; steps that make things worse are halved."""
    if inverse is None:
        inverse = inverse_jacobian(system.b, system.shocks.given, system.targets)
    inverse = inverse.copy()
    state, count = _evaluate(system, u, near), 1
    while state is not None and count < limit:
        residual = state.residual
        size = _worst(state)
        if size <= TOLERANCE:
            break
        step = -inverse @ residual
        step *= LARGEST_STEP / max(LARGEST_STEP, np.abs(step).max())
        for _ in range(6):
            new = _evaluate(system, u + step, state)
            count += 1
            if _worst(new) < 3 * size:
                break
            step = step / 2
        if new is None:
            break
        if size <= ENOUGH and _worst(new) >= size:  # rounding: no step helps any more
            break
        change = new.residual - residual
        moved = inverse @ change
        slope = step @ moved
        if abs(slope) > 1e-14 * (step @ step):
            inverse += np.outer(step - moved, step @ inverse) / slope
        u, state = u + step, new
    return u, state, count, inverse


def _anderson(
    system: System, u: np.ndarray, near: State | None, limit: int = 400, depth: int = 8, damping: float = 0.3
) -> tuple[np.ndarray, State | None, int]:
    """Anderson's acceleration of raising each factor's price with its excess demand."""
    state, count = _evaluate(system, u, near), 1
    points: list[np.ndarray] = []
    gaps: list[np.ndarray] = []
    while state is not None and count < limit and _worst(state) > TOLERANCE:
        gap = damping * np.clip(state.residual, -2, 2)
        points, gaps = [*points[-depth:], u], [*gaps[-depth:], gap]
        step = gap
        if len(points) > 1:
            rise = np.array([gap - g for g in gaps[:-1]]).T
            weight = np.linalg.lstsq(rise, gap, rcond=1e-10)[0]
            step = gap - np.array([u + gap - p - g for p, g in zip(points[:-1], gaps[:-1], strict=True)]).T @ weight
        step *= LARGEST_STEP / max(LARGEST_STEP, np.abs(step).max())
        new = _evaluate(system, u + step, state)
        count += 1
        if _worst(new) > 10 * _worst(state):
            points, gaps, step = [], [], gap / 4
            new = _evaluate(system, u + step, state)
            count += 1
            if new is None:
                break
        u, state = u + step, new
    return u, state, count


def jacobian(
    solution: WorldSolution, region: str = "RUS", sectors: Iterable[str] | None = None, given: bool = True
) -> pd.DataFrame:
    """First-order response of a region's exports to the cost of its sectors, in equilibrium.

    sectors: codes whose cost moves (default: all goods without a specific factor). given: the prices of all these
    sectors are given from outside, as in (4.2), and one of them moves; otherwise each is moved on top of what the
    equilibrium makes of it. Long table: cost_sector, sector, importer, value (elasticity of the value exported),
    volume (value less the change of the sector's price at the gate). Raises InputError for an unknown name.
    """
    b = solution.rebased()
    i = b.region(region)
    if sectors is None:
        mask = b.sectors_of("goods") & (b.resource_share == 0)
        sectors = [code for code, chosen in zip(b.sector_codes, mask, strict=True) if chosen]
    sectors = list(sectors)
    places = []
    for code in sectors:
        if code not in b.sectors.index:
            raise unknown("sector", code, b.sector_codes)
        places.append(b.sector_codes.index(code))
    n, j = b.output.shape
    fixed = np.zeros((n, j), bool)
    fixed[i, places] = given
    linear, m = Linear(b, fixed), len(places)
    direct = np.zeros((n, j, m))
    direct[i, places, range(m)] = 1.0
    still = linear.change(np.zeros((n, m)), np.zeros((n, j, m)), gate=direct)
    steps = -inverse_jacobian(b, fixed, Targets()) @ still.residual
    change = linear.change(**linear.unknowns(steps), gate=direct)
    value, gate = change.trade[:, :, i], change.gate[i]
    index = pd.MultiIndex.from_product(
        [b.region_codes, b.sector_codes, sectors], names=["importer", "sector", "cost_sector"]
    )
    table = pd.DataFrame({"value": value.ravel(), "volume": (value - gate[None]).ravel()}, index).reset_index()
    table = table[table["importer"] != region]
    return table[["cost_sector", "sector", "importer", "value", "volume"]].reset_index(drop=True)
