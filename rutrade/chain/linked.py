"""One scenario on the linked models: levels of trade by the one projection, changes by the link, (4.5)-(4.6).

The linked models' own level of 2030 is not good enough to be published; what they are asked for is a ratio, linked with
over linked without, at the same railway and prices. Units: bn USD (current) for trade, bn RUB at 2016 prices for the
economy.
"""

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import pandas as pd

from rutrade import InputError, data, economy, project, trade
from rutrade.chain import results
from rutrade.chain import scenario as first_round
from rutrade.chain.link import CHINA, HOME, Link, Linked, Shock, world_link
from rutrade.chain.sectors import concordance
from rutrade.economy import regional
from rutrade.scenarios import Scenario

HISTORY, HORIZON = first_round.HISTORY, results.HORIZON
BASE_YEAR = 2025
PAIRS = {"RUS_to_CHN": (HOME, CHINA), "CHN_to_RUS": (CHINA, HOME)}
ASSUMED = ("export_support", "redirection")  # assumptions of the first round's chain, outcomes or absent here


@dataclass(frozen=True, eq=False)
class Setting:
    """What scenarios share: the linked models without shocks, and the one projection.

    `composition`: customs value by flow, group and world sector (W of (3.16)); `levers`: data table `trade_levers`;
    `errors`: standard deviations of the projection's log errors by horizon, or None.
    """

    link: Link
    start: trade.TradeBase
    procedure: trade.forecast.Procedure
    composition: pd.DataFrame
    levers: pd.DataFrame
    errors: pd.DataFrame | None = None


def setting(
    sectors: str = "full", wedges: str = "constant", brent: str = "mid", elasticity_set: str = "central"
) -> Setting:
    """The setting of the data package, kept for further scenarios.

    `sectors`: full or 12; `wedges`: constant or ad_valorem; `brent`, `elasticity_set`: as in `trade.inputs`. Raises
    InputError for another choice.
    """
    return _setting(data.fingerprint(), sectors, wedges, brent, elasticity_set)


@lru_cache(maxsize=2)
def _setting(fingerprint: str, sectors: str, wedges: str, brent: str, elasticity_set: str) -> Setting:
    model = _model(fingerprint, sectors)
    base = trade.baseline(HORIZON, brent=brent).rebased()
    merged = data.load("sectors").set_index("sector")["sector12"]
    pairs = concordance(data.load("world_economy_sectors"), base.sector_codes, model.stage.sectors, merged)
    return Setting(
        world_link(model, base, pairs, wedges), trade.inputs.projection_base(BASE_YEAR),
        trade.inputs.procedure(brent, elasticity_set), data.load("world_groups"), data.load("trade_levers"),
    )  # fmt: skip


@lru_cache(maxsize=2)
def _model(fingerprint: str, sectors: str) -> economy.EconomyModel:
    """Model 2 of the second round to 2023 and its program for 2030."""
    tables = regional.build(economy.inputs.regional(), variant=sectors)
    paths, options = economy.inputs.paths(), economy.Options()
    kappa = economy.calibrate_capital(tables, paths)
    history = economy.path(tables, paths, HISTORY, kappa=kappa, options=options)
    return economy.EconomyModel(tables, HORIZON, paths, history[HISTORY[-1]].state, kappa=kappa, options=options)


@dataclass(frozen=True, eq=False)
class LinkedResult:
    """One scenario on the linked models.

    `figures`: figure, unit, without, with, change; `ratios` (flow, group): linked with over linked without in 2030;
    `trade`: by flow, group and year, bn USD; `without`, `with_`: the projections; `linked`, `reference`: both models.
    """

    scenario: Scenario
    shock: Shock
    figures: pd.DataFrame
    ratios: pd.Series
    without: trade.Projection = field(repr=False)
    with_: trade.Projection = field(repr=False)
    reference: Linked = field(repr=False)
    linked: Linked = field(repr=False)

    @property
    def trade(self) -> pd.DataFrame:
        """Flow, group, year; value without and with the scenario, bn USD at current prices."""
        keys = ["flow", "group", "year"]
        both = (p.table.set_index(keys)["value_bn_usd"] for p in (self.without, self.with_))
        return pd.DataFrame(dict(zip(("without", "with"), both, strict=True))).reset_index()

    def _repr_html_(self) -> str:
        return self.figures.to_html(index=False, float_format="{:.4g}".format)

    def plot(self, ax: Any = None) -> Any:
        """Both flows by year, without (dashed) and with the scenario, bn USD; returns the axes."""
        import matplotlib.pyplot as plt

        ax = ax or plt.subplots()[1]
        totals = self.trade.groupby(["flow", "year"])[["without", "with"]].sum()
        for flow, name in results.FLOW_NAMES.items():
            line = ax.plot(totals.loc[flow].index, totals.loc[flow, "with"], label=name)[0]
            ax.plot(totals.loc[flow].index, totals.loc[flow, "without"], "--", color=line.get_color())
        ax.set_ylabel("bn USD, current")
        ax.legend()
        return ax


def evaluate(
    scenario: Scenario | None = None, shock: Shock | None = None, prepared: Setting | None = None
) -> LinkedResult:
    """A scenario, and a shock on top of it, on the linked models.

    From the scenario: the programme of model 1 (if it is built) and the levers of facilitation; `shock` adds
    productivity, trade cost, the price of oil, the railway, further columns. The shock's railway holds without, too.
    Raises InputError for support or redirection, which these models do not know, and as `Link.solve`.
    """
    s, shock = scenario or Scenario(), shock or Shock()
    for name in ASSUMED:
        if getattr(s, name):
            raise InputError(
                f"parameter '{name}' = {getattr(s, name)} is an assumption that the linked models do not know;"
                " it must be 0 here"
            )
    p = prepared or setting(s.sectors, brent=s.brent, elasticity_set=s.elasticity_set)
    full = replace(
        shock,
        trade_cost=dict(shock.trade_cost) | levers(p, s),
        projects=(*shock.projects, *(programme(p, s) if s.research_infrastructure else ())),
    )
    reference = p.link.solve(Shock(rail_capacity=shock.rail_capacity))
    linked = p.link.solve(full, start=reference.costs)
    ratios = group_ratios(linked, reference, p.composition)
    draws = s.draws if p.errors is not None else 0
    with_, without = (
        trade.forecast.project(p.start, p.procedure, errors=p.errors, effects=e, draws=draws, seed=s.seed)
        for e in (phased(ratios, p.start.year), None)
    )
    return LinkedResult(s, full, _figures(with_, without, linked, reference), ratios, without, with_, reference, linked)


def programme(p: Setting, s: Scenario) -> tuple[economy.ProjectColumn, ...]:
    """The technological columns of the scenario's project in 2030."""
    appraisal = first_round._appraisal(s)
    evaluation = project.evaluate(project.from_data(s.project, project.inputs.tables(), **appraisal), **appraisal)
    return first_round.columns(p.link.model.tables, evaluation, s)


def levers(p: Setting, s: Scenario) -> dict[tuple[str, ...], float]:
    """The scenario's levers of facilitation as trade cost by direction and world sector."""
    sizes = {n: getattr(s, n) for n in ("customs", "standards", "payments", "logistics") if getattr(s, n) > 0}
    if not sizes:
        return {}
    b = p.link.base
    cost = trade.counterfactuals.levers(b, p.levers, p.composition, sizes).trade_cost
    return {
        (one, other, code): float(cost[b.region(other), j, b.region(one)])
        for one, other in PAIRS.values() for j, code in enumerate(b.sector_codes)
        if cost[b.region(other), j, b.region(one)] != 1
    }  # fmt: skip


def group_ratios(linked: Linked, reference: Linked, composition: pd.DataFrame) -> pd.Series:
    """Linked with over linked without by (flow, group): sum_j W_gj hat_j with the customs weights of the last year."""
    rows = composition[(composition["sector"] != "unallocated") & (composition["year"] == composition["year"].max())]
    codes, found = linked.link.base.sector_codes, {}
    for flow, pair in PAIRS.items():
        new, old = (pd.Series(x.flow(*pair), codes) for x in (linked, reference))
        hat = (new / old.where(old > 0)).rename("hat")
        part = rows[rows["flow"] == flow].join(hat, on="sector").dropna(subset=["hat"])
        sums = (part["value_musd"] * part["hat"]).groupby(part["group"]).sum()
        found[flow] = sums / part.groupby("group")["value_musd"].sum()
    return pd.concat(found, names=["flow", "group"]).rename("ratio")


def phased(ratios: pd.Series, first: int, last: int = HORIZON) -> pd.DataFrame:
    """Ratios by year: 1 in `first`, in full in `last`, evenly in logs between (assumption)."""
    years = range(first, last + 1)
    return pd.DataFrame({y: ratios ** ((y - first) / (last - first)) for y in years})


def _figures(with_: trade.Projection, without: trade.Projection, linked: Linked, reference: Linked) -> pd.DataFrame:
    """Figures of 2030, without and with."""
    rows = []

    def add(figure: str, unit: str, old: float, new: float) -> None:
        rows.append((figure, unit, old, new, new - old))

    totals = [p.totals().query("year == @HORIZON").set_index("flow")["value_bn_usd"] for p in (without, with_)]
    for flow, name in {"turnover": "Turnover", **results.FLOW_NAMES}.items():
        add(name, "bn USD, current", *(float(t[flow]) for t in totals))
    for prices, unit in (("base", "%, prices of 2025"), ("current", "%, current prices")):
        shares = [trade.engineering_chemicals_share(p, prices) for p in (without, with_)]
        shares = [t[(t["flow"] == "RUS_to_CHN") & (t["year"] == HORIZON)]["share"].item() for t in shares]
        add("Engineering and chemicals in exports to China", unit, *(100 * float(v) for v in shares))
    solutions = (reference.economy, linked.economy)
    add("Consumption of Russia", "bn RUB of 2016", *(float(x.consumption) for x in solutions))
    add("Gross value added of Russia", "bn RUB of 2016", *(float(x.gva.to_numpy().sum()) for x in solutions))
    add("Product of the Siberian district", "bn RUB of 2016", *(float(x.grp[first_round.REGION]) for x in solutions))
    add("Freight of the Eastern railways", "Mt", *(float(x.rail_used) for x in solutions))
    add("Price of the railways", "bn RUB of 2016 per Mt", *(x.link.rail_price(x.costs) for x in (reference, linked)))
    return pd.DataFrame(rows, columns=["figure", "unit", "without", "with", "change"])
