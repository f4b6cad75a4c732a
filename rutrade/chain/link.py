"""The economy (model 2) and the world (model 3) in one equilibrium, equations (4.2)-(4.5).

(4.2) The world takes the log cost of Russia's industries at the border as given, x over its own.
(4.3) The economy takes from the world, by sector and partner, the volume q that is asked for at the price p: its export
      curves stand there, with the elasticity of the world's own response; and the price of imports.
(4.4) x is the mean over exports of log (supply dual + rail + wedge) over the dual of foreign exchange, less the same
      without shocks. Passes x <- c(x) until none moves by the tolerance; the curves carry the slope, so few are needed.
(4.5) Imports from China are the economy's imports times the world's change of China's share.

Everything is a ratio (hat) over both models without shocks: the economy is at its stage's last year, the world at its
baseline of the nearest year. In extraction the world owns the price: the economy sells up to q at the price p, and what
it earns above cost is rent. The price of scarce rail is found with the costs: what the world asks for at this price
just goes over it, and it adds to the cost of trade. Where a region's exports stop being worth their way at that price,
freight would fall in a leap: the limit decides how much of them goes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from rutrade import InputError, trade, unknown
from rutrade.chain.sectors import Concordance
from rutrade.economy import PARTNERS, EconomyModel, EconomySolution, ProjectColumn
from rutrade.economy.curves import FIRST, Curves, order
from rutrade.economy.warm import Start
from rutrade.trade import equilibrium
from rutrade.trade.hats import Targets
from rutrade.trade.shocks import Shocks, named

HOME, CHINA = "RUS", "CHN"
TOLERANCE = 1e-4  # of a log cost, (4.4)
PASSES = 15  # at most, and twice as many where the best is not yet within `ACCEPTED`
LARGEST = 0.5  # of a log cost in one pass
MINED = 5.0  # elasticity of demand for products of extraction by which the price of rail is stepped, not a result
ACCEPTED = 1e-3  # gap of the best pass that is still returned, not settled, when a step of a curve stops the passes
ROOM = 1e-4  # of a limit, by which freight without it may be over it: more than centres are moved apart
RAIL = -2  # place of the price of rail among the unknowns
APART = 1e-5  # of a centre: what keeps the cells of the curves from standing on their nodes all at once
WEDGES = ("constant", "ad_valorem")


@dataclass(frozen=True)
class Shock:
    """What is changed in both models at once; hats (1: as without).

    `productivity`: of Russia by world sector or group, more output from the same inputs; `trade_cost`: by (exporter,
    importer, sector or group), as in the world model; `oil_price`: of crude over world value added; `rail_capacity`:
    Mt a year; `projects`: columns of model 1 in the economy.
    """

    productivity: Mapping[str, float] = field(default_factory=dict)
    trade_cost: Mapping[tuple[str, ...], float] = field(default_factory=dict)
    oil_price: float | None = None
    rail_capacity: float | None = None
    projects: tuple[ProjectColumn, ...] = ()


@dataclass(frozen=True, eq=False)
class Border:
    """(4.3) What the world asks of Russia and offers it, hats by economy sector i and partner k.

    `volume` (i, k) of exports asked for at the `price` (i, k) at Russia's border; `import_price`, `china_share`
    and China's own delivered price `china_price` (i) of Russia's imports.
    """

    volume: np.ndarray
    price: np.ndarray
    import_price: np.ndarray
    china_share: np.ndarray
    china_price: np.ndarray


@dataclass(frozen=True, eq=False)
class Costs:
    """(4.4) What a pass hands to the world, logs over both models without shocks: the unknowns of the link.

    `gate` (j): cost of Russia's industries at the border, without rail; `rail`: what scarce rail adds to the product it
    weighs on most, over its price; `exchange`: dual of foreign exchange, which scales ad valorem wedges.
    """

    gate: np.ndarray
    rail: float
    exchange: float

    @property
    def vector(self) -> np.ndarray:
        """All unknowns in one vector."""
        return np.r_[self.gate, self.rail, self.exchange]

    @classmethod
    def of(cls, vector: np.ndarray) -> "Costs":
        """The costs that a vector holds."""
        return cls(vector[:-2], float(vector[-2]), float(vector[-1]))

    @classmethod
    def none(cls, sectors: int) -> "Costs":
        """Costs as without shocks."""
        return cls(np.zeros(sectors), 0.0, 0.0)


# costs, log rise of trade cost by rail (i, k), shock, a world nearby -> border and world
Demand = Callable[[Costs, np.ndarray, Shock, trade.WorldSolution | None], tuple[Border, trade.WorldSolution | None]]


@dataclass(frozen=True, eq=False)
class Link:
    """Both models without shocks and what joins them; `solve` finds both with a shock.

    `model`: the economy with the curves of (4.3) around `without`, its solution; `base`: the world without shocks;
    `demand`: who answers the economy's costs, the world (`of_world`) or, `alone`, fixed curves (`of_curves`), whose
    first answer is the last; `owned` (i): sectors whose price at the border is the economy's, not the world's;
    `wedges`: 'constant' per unit, or 'ad_valorem'. `curves`: those of (4.3) without shocks; `rail_limit`: Mt a year,
    and `rail_before` its price without shocks, which `model` charges in place of the limit.
    """

    model: EconomyModel
    without: EconomySolution
    base: trade.Benchmark
    sectors: Concordance
    demand: Demand
    owned: np.ndarray
    curves: Curves
    rail_limit: float
    rail_before: float = 0.0
    wedges: str = "constant"
    alone: bool = False

    @property
    def exported(self) -> np.ndarray:
        """Exports without shocks by economy sector and partner (i, k), bn RUB."""
        return np.asarray(self.without.exports).sum(1)

    def productivity(self, shock: Shock) -> np.ndarray:
        """T (r, i) of the economy: hats of world sectors, weighted by Russia's output."""
        b = self.base
        hats = named(b, productivity={(HOME, name): hat for name, hat in shock.productivity.items()}).productivity
        by_sector = np.exp(self.sectors.to_economy(np.log(hats[b.region(HOME)]), b.output[b.region(HOME)]))
        return np.broadcast_to(by_sector, (len(self.model.stage.regions), len(by_sector)))

    def program(
        self, border: Border, costs: Costs, shock: Shock, start: Start | None = None
    ) -> tuple[EconomySolution, Start | None]:
        """The economy at the world's demand, (4.3), and where it ended, from which a next pass starts.

        Raises InputError when it has no solution.
        """
        c = self.curves
        wedge, at_import = c.export_wedge, c.import_wedge
        if self.wedges == "ad_valorem":
            scale = np.exp(costs.exchange)
            wedge = wedge * scale * border.price[:, None, :]
            at_import = at_import * scale * border.import_price[:, None]
        if not self.alone:  # the price of rail is charged, and the world pays it
            wedge = wedge + self.rail_price(costs) * self.model.stage.rail_tonnes
        moved = replace(
            c, centre=c.centre * border.volume[:, None, :], price=c.price * border.price, export_wedge=wedge,
            import_wedge=at_import,
        )  # fmt: skip
        made = self.productivity(shock) if shock.productivity else self.model.stage.productivity
        limit = self._limit(shock)
        bounded = self.alone or costs.rail > 0
        model = self.model.recast(moved, border.import_price, made, limit if bounded else None, start)
        solution = model.solve(shock.projects)
        if solution.rail_used > limit * (1 + ROOM):
            # More than its price holds back: the limit itself says what stays behind, and what it is worth.
            model = self.model.recast(moved, border.import_price, made, limit, model.ended)
            solution = model.solve(shock.projects)
        return solution, model.ended

    def costs(self, solution: EconomySolution, given: Costs, shock: Shock) -> Costs:
        """(4.4) Costs at the border over those without shocks, by world sector; the price of rail by its limit.

        The price rises by what the limit is still worth beside it; it falls with the room that is left, by the slope of
        demand, and is never negative.
        """
        (now, exchange), (before, was) = (self._levels(s) for s in (solution, self.without))
        gate = self.sectors.to_world(now - before, self.exported.sum(1))
        rail = 0.0
        if not self.alone:
            room = min(solution.rail_used - self._limit(shock), 0.0) / self._carried
            rail = max(given.rail + solution.rail_price * self._weight + room, -self.rail_before * self._weight)
        return Costs(np.where(self._given, gate, 0.0), rail, exchange - was)

    def _limit(self, shock: Shock) -> float:
        """What the Eastern railways carry with the shock, Mt a year."""
        return self.rail_limit if shock.rail_capacity is None else shock.rail_capacity

    def rail_price(self, costs: Costs) -> float:
        """Price of rail, bn RUB of consumption per Mt."""
        return self.rail_before + costs.rail / self._weight

    def rail_cost(self, costs: Costs) -> np.ndarray:
        """Log rise of the price at the border by rail, by economy sector and partner (i, k)."""
        return np.log1p(costs.rail / self._weight * self._tonnes / self._unit)

    @property
    def _unit(self) -> float:
        """Consumption that a unit of exports without shocks is worth."""
        return self.without.balance_price * self.model.stage.export_price

    @property
    def _tonnes(self) -> np.ndarray:
        """Mt over the Eastern range per bn RUB of exports (i, k)."""
        return _mean(self.model.stage.rail_tonnes, self.curves.centre, (1,))

    @property
    def _weight(self) -> float:
        """Rise of the heaviest product's price per unit of the price of rail."""
        return max(float(self._tonnes.max()), 1e-9) / self._unit

    @property
    def _carried(self) -> float:
        """Mt by which freight falls per unit of `Costs.rail`, about: by the elasticity of demand."""
        falls = np.where(np.isfinite(self.curves.elasticity), self.curves.elasticity, MINED)
        return max(float((self._tonnes**2 * self.exported * falls).sum() / self._unit / self._weight), 1e-9)

    @property
    def _goods(self) -> np.ndarray:
        return self.base.sectors["goods"].to_numpy(bool)

    @property
    def _given(self) -> np.ndarray:
        """World sectors whose price at Russia's border the economy gives: goods without a specific factor."""
        return self._goods & (self.base.resource_share == 0)

    def _levels(self, solution: EconomySolution) -> tuple[np.ndarray, float]:
        """Log cost at the border without rail over foreign exchange (i), log dual of foreign exchange."""
        st, c = solution.stage, self.curves
        supply = solution.prices.to_numpy()[..., None] + np.zeros(len(PARTNERS))
        exchange = solution.balance_price * st.export_price
        kept = 1 - c.export_wedge / self._unit
        cost = supply + c.export_wedge if self.wedges == "constant" else supply / kept
        if (bad := (cost <= 0) & (c.centre > 0) & self.owned[:, None, None]).any():
            i, r, _ = np.argwhere(bad)[0]
            raise InputError(f"cost of sector {st.sectors[i]} in {st.regions[r]} at the border is {cost[bad][0]:.3g}")
        logs = _mean(np.log(np.maximum(cost, 1e-9)), c.centre, (1, 2))
        return logs - np.log(exchange), float(np.log(exchange))

    def solve(
        self, shock: Shock | None = None, start: "Costs | Linked | None" = None, tolerance: float = TOLERANCE,
        passes: int = PASSES,
    ) -> "Linked":  # fmt: skip
        """Both models with the shock: passes until no cost moves by `tolerance`, (4.4).

        `start`: costs to begin with, or a solution of this link with another shock, whose economy is begun with too;
        `passes`: at most, and twice as many where the best is not yet within `ACCEPTED`. When a pass does not halve the
        largest gap, steps are Broyden's from minus one; the price of rail has its own (`_rail`). A curve is made of
        segments: when passes stop at a step of its price but within `ACCEPTED`, the best is returned, and `settled` is
        False. Raises InputError for a shock without a solution, when the passes do not settle, naming the sector, and
        for a start of another link.
        """
        shock = shock or Shock()
        if isinstance(start, Linked) and start.link is not self:
            raise InputError("the start is a solution of another link: its economy is another one; give its costs")
        first, ended = (start.costs, start.ended) if isinstance(start, Linked) else (start, None)
        y, world = (first or Costs.none(len(self.base.sectors))).vector, None
        inverse, method, last = -np.eye(len(y)), "undamped", None
        rows: list[dict] = []
        best: Linked | None = None
        sector, size = "", np.inf  # of the last pass
        for number in range(2 * passes + 1):
            costs = Costs.of(y)
            border, world = self.demand(costs, self.rail_cost(costs), shock, world)
            solution, ended = self.program(border, costs, shock, ended)
            gap = self.costs(solution, costs, shock).vector - y
            if self.wedges == "constant":
                gap[-1] = 0.0
            sector, size = self._worst(gap)
            rows.append({"pass": number, "sector": sector, "largest_gap": size, "method": method})
            if best is None or size < best.gap:
                best = Linked(self, shock, costs, border, world, solution, size, number, ended=ended)
            close = number >= passes and best.gap < ACCEPTED
            if size < tolerance or close or (self.alone and self.wedges == "constant"):
                break
            if last is not None:
                step, change = y - last[0], gap - last[1]
                if np.abs(np.delete(gap, RAIL)).max() > max(np.abs(np.delete(last[1], RAIL)).max() / 2, tolerance):
                    method = "Broyden"
                if method == "Broyden":
                    moved = inverse @ change
                    inverse = inverse + np.outer(step - moved, step @ inverse) / (step @ moved)
            move = -inverse @ gap
            move[RAIL] = _rail(y[RAIL], gap[RAIL], last and (last[0][RAIL], last[1][RAIL])) - y[RAIL]
            last = (y, gap)
            y = y + move * min(1.0, LARGEST / max(np.abs(move).max(), 1e-300))
        assert best is not None
        found = replace(best, passes=pd.DataFrame(rows))
        if best.gap >= max(tolerance, ACCEPTED) and not self.alone:
            raise InputError(
                f"the link of the economy and the world does not settle: after {number} passes {sector} still moves by"
                f" {100 * size:.2g} %"
            )
        return found

    def _worst(self, gap: np.ndarray) -> tuple[str, float]:
        names = self.base.sectors["name"].astype(str).to_list()
        names = [*(f"cost of {n}" for n in names), "price of rail", "foreign exchange"]
        return names[int(np.abs(gap).argmax())], float(np.abs(gap).max())


@dataclass(frozen=True, eq=False)
class Linked:
    """Both models with a shock: `costs` and `border` are what they handed each other, `passes` how they settled, `gap`
    the largest difference that is left after pass `number`.

    `world` is None when fixed curves answered instead of the world; `ended`: where the economy's
    solve ended, to begin another.
    """

    link: Link
    shock: Shock
    costs: Costs
    border: Border
    world: trade.WorldSolution | None
    economy: EconomySolution
    gap: float
    number: int = 0
    passes: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    ended: Start | None = field(default=None, repr=False)

    @property
    def settled(self) -> bool:
        """Whether no cost moved by more than (4.4) allows; else this is the best pass, within `ACCEPTED`."""
        return self.gap < TOLERANCE or self.link.alone

    @property
    def exports(self) -> np.ndarray:
        """Hat of the value of Russia's exports by economy sector and partner (i, k), at prices at the border."""
        now, before = (_worth(s) for s in (self.economy, self.link.without))
        return np.divide(now, before, out=np.ones_like(now), where=before > 0)

    @property
    def volumes(self) -> np.ndarray:
        """Hat of the volume of Russia's exports by economy sector and partner (i, k)."""
        before, now = self.link.exported, np.asarray(self.economy.exports).sum(1)
        return np.divide(now, before, out=np.ones_like(now), where=before > 0)

    @property
    def imports(self) -> np.ndarray:
        """Hat of the volume of Russia's imports by economy sector (i)."""
        now, before = (np.asarray(s.imports).sum((1, 2)) for s in (self.economy, self.link.without))
        return np.divide(now, before, out=np.ones_like(now), where=before > 0)

    def flow(self, exporter: str, importer: str, constant: bool = False) -> np.ndarray:
        """Value by world sector (j) of a flow between Russia and China with the shock, bn USD.

        Exports: what the economy sells at the border's prices. Imports from China: the economy's import volume, at the
        world's import prices, times its change of China's share (4.5). `constant`: at prices without the shock. Raises
        InputError for another flow.
        """
        b, s = self.link.base, self.link.sectors
        if (exporter, importer) not in ((HOME, CHINA), (CHINA, HOME)):
            raise unknown("flow", f"{exporter} to {importer}", (f"{HOME} to {CHINA}", f"{CHINA} to {HOME}"))
        before = b.trade[b.region(importer), :, b.region(exporter)]
        if exporter == HOME:
            china = PARTNERS.index(CHINA)
            hats = (self.volumes if constant else self.exports)[:, china]
            weights = self.link.exported[:, china]
            if self.world is not None:  # within a sector of the economy the world's sectors differ
                asked = self.border.volume[:, china] * (1.0 if constant else self.border.price[:, china])
                hats = np.divide(hats, asked, out=np.ones_like(hats), where=asked > 0)
                before = self.world.trade[b.region(importer), :, b.region(exporter)]
                if constant:  # the price at the border is that of the industry and of the railway
                    rail = s.to_world(self.link.rail_cost(self.costs)[:, china], np.zeros(len(hats)))
                    before = (
                        before / self.world.state.gate[b.region(HOME)] / np.where(self.link._goods, np.exp(rail), 1)
                    )
        else:
            hats = self.imports * self.border.import_price * self.border.china_share
            hats = hats / self.border.china_price if constant else hats
            weights = np.asarray(self.link.without.imports).sum((1, 2))
        return before * s.to_world(hats, weights)

    def _repr_html_(self) -> str:
        return self.passes.to_html(index=False)


def _rail(price: float, gap: float, last: tuple[float, float] | None) -> float:
    """The price of rail to try next; `last`: price and gap of the pass before.

    By its gap; where that passes over a price whose gap has the other sign, where a line crosses zero between the two.
    Freight falls in leaps, where the exports of a region stop being worth their way: no slope holds on both sides.
    """
    if last is None or last[1] * gap >= 0 or min(last[0], price) < price + gap < max(last[0], price):
        return price + gap
    return last[0] + (price - last[0]) * last[1] / (last[1] - gap)


def of_world(base: trade.Benchmark, sectors: Concordance) -> Demand:
    """Demand by the world's equilibrium at Russia's costs, (4.2)-(4.3), over the world without shocks."""
    home, china = base.region(HOME), base.region(CHINA)
    goods = base.sectors["goods"].to_numpy(bool)
    given = goods & (base.resource_share == 0)
    sold = _partners(base.trade[:, :, home], home, china)

    def demand(
        costs: Costs, rail: np.ndarray, shock: Shock, near: trade.WorldSolution | None
    ) -> tuple[Border, trade.WorldSolution]:
        shocks = world_shocks(base, shock)
        by_rail = np.where(goods[:, None], np.exp(sectors.to_world(rail, np.zeros(rail.shape))), 1.0)  # (j, k)
        cost = shocks.trade_cost.copy()
        abroad = np.arange(len(base.regions)) != home
        cost[abroad, :, home] *= by_rail[:, 1]
        cost[china, :, home] *= by_rail[:, 0] / by_rail[:, 1]
        fob = np.full_like(base.output, np.nan)
        fob[home, given] = np.exp(costs.gate[given])
        own = shocks.productivity.copy()
        own[home, given] = 1.0  # the economy's costs hold its productivity
        shocks = replace(shocks, trade_cost=cost, fob=fob, productivity=own)
        world = equilibrium.solve_shocks(base, shocks, near, Targets(oil_price=shock.oil_price))
        gate = world.state.gate[home]
        price = gate[:, None] * by_rail
        volume = _ratio(_partners(world.trade[:, :, home], home, china), sold) / price
        bought, import_price, share, own_price = _imports(base, world, home, china)
        hats = (sectors.to_economy(volume, sold), np.exp(sectors.to_economy(np.log(price), sold)))
        border = Border(
            *(np.where(_linked(goods, sectors)[:, None], h, 1.0) for h in hats),
            *(np.where(_linked(goods, sectors), sectors.to_economy(h, w), 1.0) for h, w in (
                (import_price, bought), (share, base.trade[home, :, china]), (own_price, base.trade[home, :, china])
            )),
        )  # fmt: skip
        return border, world

    return demand


def of_curves(base: trade.Benchmark, sectors: Concordance, elasticity: np.ndarray) -> Demand:
    """Demand by fixed curves: what the economy alone knows of a shock. `elasticity` (i, k) of its curves.

    Trade cost moves demand along the curve and the price of imports by its part in them; the price of crude is that of
    the sectors that hold it; nothing else in the world answers.
    """
    home, china = base.region(HOME), base.region(CHINA)
    goods = base.sectors["goods"].to_numpy(bool)
    sold = base.trade[:, :, home].copy()
    sold[home] = 0

    def demand(costs: Costs, rail: np.ndarray, shock: Shock, near: trade.WorldSolution | None) -> tuple[Border, None]:
        tau = named(base, trade_cost=shock.trade_cost or None).trade_cost
        by_world = _spread(sectors, elasticity)  # (j, k)
        eta = np.stack([by_world[:, 0 if n == china else 1] for n in range(len(base.regions))])  # (n, j)
        shifted = _partners(sold * tau[:, :, home] ** -eta, home, china)
        shift = _ratio(shifted, _partners(sold, home, china))
        gate = np.exp(np.where(goods, costs.gate, 0.0))
        oil = base.sectors["oil"].to_numpy(bool)
        gate = np.where(oil, shock.oil_price or 1.0, gate)
        price = np.stack([gate, gate], 1)
        follows = np.where(oil[:, None], 1.0, price)  # the price of crude moves with demand, not along the curve
        volume = shift * follows**-by_world
        imported = base.trade[home].copy()
        imported[:, home] = 0
        paid = _ratio((imported * tau[home]).sum(1), imported.sum(1))
        weights = _partners(sold, home, china)
        linked = _linked(goods, sectors)
        border = Border(
            np.where(linked[:, None], sectors.to_economy(volume, weights), 1.0),
            np.where(linked[:, None], np.exp(sectors.to_economy(np.log(price), weights)), 1.0),
            np.where(linked, sectors.to_economy(paid, imported.sum(1)), 1.0),
            np.ones(len(sectors.economy)),
            np.where(linked, sectors.to_economy(tau[home, :, china], base.trade[home, :, china]), 1.0),
        )
        return border, None

    return demand


def _worth(solution: EconomySolution) -> np.ndarray:
    """Value of exports by economy sector and partner (i, k) at the prices of the curves."""
    c = solution.stage.curves
    assert c is not None
    sold = np.asarray(solution.exports)
    filled = np.divide(sold, c.centre, out=np.zeros_like(sold), where=c.centre > 0)
    return (c.price[:, None] * c.centre * filled ** (1 - 1 / c.elasticity[:, None])).sum(1)


def world_shocks(base: trade.Benchmark, shock: Shock) -> Shocks:
    """The shock as the world alone sees it. Raises InputError for an unknown name or a hat that is not positive."""
    own = {(HOME, name): hat for name, hat in shock.productivity.items()}
    return named(base, productivity=own or None, trade_cost=dict(shock.trade_cost) or None)


def response(base: trade.Benchmark, sectors: Concordance) -> np.ndarray:
    """Elasticity of the world's demand for Russia's goods to their own price (i, k), positive; nan where none is given.

    By differences of the equilibrium at the benchmark with the prices of all Russia's industries given.
    """
    table = equilibrium.jacobian(base_solution(base), HOME)
    table = table[table["cost_sector"] == table["sector"]]
    own = table.pivot(index="sector", columns="importer", values="volume").reindex(list(base.sector_codes))
    own = own.reindex(columns=list(base.region_codes)).fillna(0.0).to_numpy().T  # (n, j)
    home, china = base.region(HOME), base.region(CHINA)
    sold = base.trade[:, :, home].copy()
    sold[home] = 0
    by_partner = _ratio(_partners(sold * -own, home, china), _partners(sold, home, china))
    given = base.sectors["goods"].to_numpy(bool) & (base.resource_share == 0)
    weights = _partners(sold, home, china) * given[:, None]
    return np.where((sectors.pairs & given[:, None]).any(0)[:, None], sectors.to_economy(by_partner, weights), np.nan)


def base_solution(base: trade.Benchmark) -> trade.WorldSolution:
    """The world without shocks as a solution."""
    return equilibrium.solve_shocks(base, Shocks.none(base))


def linked_curves(curves: Curves, elasticity: np.ndarray, extraction: np.ndarray) -> Curves:
    """The economy's curves with the world's elasticities (i, k); nan keeps the economy's own.

    In extraction (i) the price is the world's: a cell sells up to its centre at a fixed price, the wedge is rent. A
    cell whose wedge is negative would not sell at all: it stays at its centre. Centres move by `APART` in a fixed
    order: where all cells stand on a node at once, their costs lie between two slopes, and the last digits of the data,
    and with them the processor, would choose.
    """
    eta = np.where(np.isfinite(elasticity), elasticity, curves.elasticity)
    eta = np.where(extraction[:, None], np.inf, eta)
    cells = extraction[:, None, None] & np.ones(curves.centre.shape, bool)
    return replace(
        curves,
        centre=curves.centre * (1 + APART * (order(cells.shape) / FIRST - 0.5)),
        elasticity=eta,
        export_wedge=np.where(cells, np.minimum(curves.export_wedge, 0.0), curves.export_wedge),
        held=cells & (curves.export_wedge < 0),
    )


def extraction(base: trade.Benchmark, sectors: Concordance) -> np.ndarray:
    """Economy sectors (i) most of whose exports come from sectors with a specific factor."""
    home, china = base.region(HOME), base.region(CHINA)
    sold = _partners(base.trade[:, :, home], home, china).sum(1)
    return sectors.to_economy((base.resource_share > 0).astype(float), sold) > 0.5


def world_link(model: EconomyModel, base: trade.Benchmark, sectors: Concordance, wedges: str = "constant") -> Link:
    """The economy linked with the world's equilibrium; `base`: the world's baseline as a benchmark (`rebased`).

    Raises InputError for a stage with bands and for unknown wedges.
    """
    mined = extraction(base, sectors)
    curves = linked_curves(_curves_of(model), response(base, sectors), mined)
    _check(wedges)
    limited = model.recast(curves)
    price, limit = limited.solve().rail_price, model.stage.rail_capacity
    charged = replace(curves, export_wedge=curves.export_wedge + price * model.stage.rail_tonnes)
    free = limited.recast(charged, rail_capacity=np.inf)
    return Link(free, free.solve(), base, sectors, of_world(base, sectors), ~mined, curves, limit, price, wedges)


def curve_link(model: EconomyModel, base: trade.Benchmark, sectors: Concordance, wedges: str = "constant") -> Link:
    """The economy alone, with its own curves; the world only says where a shock enters. Raises as `world_link`."""
    curves = _curves_of(model)
    demand = of_curves(base, sectors, curves.elasticity)
    every = np.ones(len(sectors.economy), bool)
    _check(wedges)
    limit = model.stage.rail_capacity
    return Link(model, model.solve(), base, sectors, demand, every, curves, limit, wedges=wedges, alone=True)


def _check(wedges: str) -> None:
    if wedges not in WEDGES:
        raise unknown("wedges", wedges, WEDGES)


def _curves_of(model: EconomyModel) -> Curves:
    if model.stage.curves is None:
        raise InputError("the link needs a stage with export curves: option 'trade' must be 'curves'")
    return model.stage.curves


def _linked(goods: np.ndarray, sectors: Concordance) -> np.ndarray:
    """Economy sectors (i) that hold goods of the world model; services stay as they are."""
    return (sectors.pairs & goods[:, None]).any(0)


def _spread(sectors: Concordance, values: np.ndarray) -> np.ndarray:
    """Values by economy sector (i, k) at each world sector (j, k): plain means of its counterparts."""
    return sectors.to_world(values, np.zeros(values.shape))


def _partners(by_importer: np.ndarray, home: int, china: int) -> np.ndarray:
    """(n, j) to (j, k): China, and all others but Russia itself."""
    rest = by_importer.sum(0) - by_importer[home] - by_importer[china]
    return np.stack([by_importer[china], rest], 1)


def _imports(
    base: trade.Benchmark, world: trade.WorldSolution, home: int, china: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Russia's imports without shocks (j), bn USD; hats of their price, of China's share and of China's price (j)."""
    before, now = base.trade[home].copy(), world.trade[home].copy()  # (j, i)
    before[:, home] = now[:, home] = 0
    total = before.sum(1)
    shares = before / np.where(total > 0, total, 1)[:, None]
    delivered = world.shocks.trade_cost[home] * world.state.gate.T
    mean = (shares * delivered ** -base.theta[:, None]).sum(1)
    price = np.where(total > 0, np.where(total > 0, mean, 1) ** (-1 / base.theta), 1.0)
    share = _ratio(_ratio(now[:, china], now.sum(1)), _ratio(before[:, china], total))
    return total, price, share, delivered[:, china]


def _ratio(new: np.ndarray, old: np.ndarray) -> np.ndarray:
    """New over old, 1 where there was nothing."""
    return np.divide(new, old, out=np.ones_like(new), where=old > 0)


def _mean(values: np.ndarray, weights: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """Weighted means over axes; 0 where there is no weight."""
    total = weights.sum(axes)
    return np.divide((values * weights).sum(axes), total, out=np.zeros_like(total), where=total > 0)
