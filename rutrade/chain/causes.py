"""What moves a scenario: its causes one after the other, (4.6), and what each does to trade.

Surroundings come first (railway, oil, sanctions), then policy (facilitation, productivity, a shock of one's own), then
the project; assumptions that the models do not answer for (support, redirection) come last and are named as such. Each
cause is measured against all that come before it, so that the sum of their effects is the scenario's effect.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from rutrade import economy, trade
from rutrade.chain.link import HOME, Linked, Shock
from rutrade.chain.results import HORIZON
from rutrade.chain.setting import PAIRS, Setting, weights
from rutrade.chain.three import ENGINEERING_CHEMICALS as CLASSES
from rutrade.scenarios import Scenario

ENGINEERING_CHEMICALS = trade.CHEMICALS + trade.ENGINEERING
LEVERS = ("customs", "standards", "payments", "logistics")
PROJECT = "The project"
SUPPORT, REDIRECTION = "Export support (assumption)", "Redirection (assumption)"


@dataclass(frozen=True)
class Cause:
    """One cause of a scenario: `title` in words, `kind` (surroundings, policy, project), and the shock with all causes
    up to this one.
    """

    title: str
    kind: str
    shock: Shock


def causes(
    s: Scenario, p: Setting, parts: tuple[economy.ProjectColumn, ...] = (), own: Shock | None = None
) -> list[Cause]:
    """The causes that the scenario has, in order; `parts`: columns of the project, `own`: a shock of one's own."""
    own = own or Shock()
    steps: list[tuple[str, str, Shock]] = [
        ("The Eastern railways", "surroundings", Shock(rail_capacity=s.rail_capacity)),
        ("The price of oil", "surroundings", Shock(oil_price=s.oil_price if s.oil_price != 1 else None)),
        ("Sanctions", "surroundings", Shock(trade_cost=sanctions(p.link.base, s.sanctions))),
        ("Easier trade", "policy", Shock(trade_cost=levers(p, s))),
        ("Productivity of engineering and chemicals", "policy", Shock(productivity=_productivity(s))),
        ("A shock of one's own", "policy", own),
        (PROJECT, "project", Shock(projects=parts)),
    ]
    if s.rail_capacity == p.link.rail_limit:
        steps = steps[1:]
    found, shock = [], Shock()
    for title, kind, more in steps:
        if more != Shock():
            shock = added(shock, more)
            found.append(Cause(title, kind, shock))
    return found


def joined(found: list[Cause]) -> list[Cause]:
    """All causes but the project in one, where there are several."""
    rest = [c for c in found if c.title != PROJECT]
    if len(rest) < 2:
        return found
    return [Cause("All but the project", "together", rest[-1].shock), *found[len(rest) :]]


def added(shock: Shock, more: Shock) -> Shock:
    """Two shocks in one: hats multiply, the later railway holds, columns stand side by side."""
    oil = [x for x in (shock.oil_price, more.oil_price) if x is not None]
    return replace(
        shock,
        productivity=_product(shock.productivity, more.productivity),
        trade_cost=_product(shock.trade_cost, more.trade_cost),
        oil_price=float(np.prod(oil)) if oil else None,
        rail_capacity=shock.rail_capacity if more.rail_capacity is None else more.rail_capacity,
        projects=(*shock.projects, *more.projects),
    )


def _product(one: Mapping, other: Mapping) -> dict:
    return {key: one.get(key, 1.0) * other.get(key, 1.0) for key in {**one, **other}}


def _productivity(s: Scenario) -> dict[str, float]:
    return dict.fromkeys(CLASSES, 1 + s.productivity) if s.productivity else {}


def sanctions(base: trade.Benchmark, rise: float) -> dict[tuple[str, ...], float]:
    """Trade cost of goods between Russia and the regions that impose sanctions, both ways, raised by `rise`."""
    if not rise:
        return {}
    members = base.regions.index[base.regions["sanctions"].astype(bool)]
    return {(*pair, "goods"): 1 + rise for r in members for pair in ((HOME, r), (r, HOME))}


def levers(p: Setting, s: Scenario) -> dict[tuple[str, ...], float]:
    """The scenario's levers of facilitation as trade cost by direction and world sector."""
    sizes = {n: getattr(s, n) for n in LEVERS if getattr(s, n) > 0}
    if not sizes:
        return {}
    b = p.link.base
    cost = trade.counterfactuals.levers(b, p.levers, p.composition, sizes).trade_cost
    return {
        (one, other, code): float(cost[b.region(other), j, b.region(one)])
        for one, other in PAIRS.values() for j, code in enumerate(b.sector_codes)
        if cost[b.region(other), j, b.region(one)] != 1 and b.sectors["goods"].iloc[j]
    }  # fmt: skip


def solve(steps: list[Cause], p: Setting) -> list[Linked]:
    """Both models without shocks, then with each cause added. Raises InputError as `Link.solve`."""
    found = [p.reference]
    for step in steps:
        found.append(p.link.solve(step.shock, start=found[-1]))
    return found


def group_ratios(linked: Linked, reference: Linked, composition: pd.DataFrame, constant: bool = False) -> pd.Series:
    """Linked with over linked without by (flow, group): sum_j W_gj hat_j with the customs weights of the last year.

    `constant`: of volumes, at prices without the shock.
    """
    rows, codes, found = weights(composition), linked.link.base.sector_codes, {}
    for flow, pair in PAIRS.items():
        new, old = (pd.Series(x.flow(*pair, constant), codes) for x in (linked, reference))
        hat = (new / old.where(old > 0)).rename("hat")
        part = rows[rows["flow"] == flow].join(hat, on="sector").dropna(subset=["hat"])
        sums = (part["value_musd"] * part["hat"]).groupby(part["group"]).sum()
        found[flow] = sums / part.groupby("group")["value_musd"].sum()
    return pd.concat(found, names=["flow", "group"]).rename("ratio")


def assumed(s: Scenario, p: Setting, ratios: pd.Series) -> dict[str, pd.Series]:
    """Ratios of the assumptions by title: support multiplies engineering and chemical exports, redirection lifts
    China's share in them to a least value; `ratios`: of the linked models, which have moved that share already
    (exports to others are taken as they are without the scenario).
    """
    groups = pd.MultiIndex.from_product([["RUS_to_CHN"], ENGINEERING_CHEMICALS], names=["flow", "group"])
    found: dict[str, pd.Series] = {}
    if s.export_support:
        found[SUPPORT] = pd.Series(1 + s.export_support, groups)
    if s.redirection:
        moved = ratios.reindex(groups).fillna(1.0).droplevel("flow")
        if SUPPORT in found:
            moved = moved * (1 + s.export_support)
        now = p.start.share["RUS_to_CHN"].reindex(moved.index)
        share = now * moved / (1 - now + now * moved)
        found[REDIRECTION] = pd.Series(np.maximum(s.redirection / share, 1.0).to_numpy(), groups)
    return found


def phased(ratios: pd.Series, first: int, last: int = HORIZON) -> pd.DataFrame:
    """Ratios by year: 1 in `first`, in full in `last`, evenly in logs between (assumption)."""
    years = range(first, last + 1)
    return pd.DataFrame({y: ratios ** ((y - first) / (last - first)) for y in years})


def product(parts: list[pd.Series]) -> pd.Series:
    """Product of ratios by (flow, group); 1 where one has no row."""
    table = pd.concat(parts, axis=1).fillna(1.0)
    return table.prod(axis=1).rename_axis(["flow", "group"]).rename("ratio")
