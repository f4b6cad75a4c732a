"""A shock in three columns: the world alone, the economy alone, both linked; the link turns signs and sizes."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from rutrade import economy, trade
from rutrade.chain.link import CHINA, HOME, Link, Linked, Shock, world_shocks
from rutrade.trade import equilibrium
from rutrade.trade.hats import Targets

ENGINEERING_CHEMICALS = ("engineering", "chemicals")  # groups of the world's sectors
COLUMNS = ("world alone", "economy alone", "linked")
FIGURES = {
    "exports": "Russia's exports to China, %",
    "engineering_chemicals": "of them engineering and chemicals, %",
    "share": "share of engineering and chemicals, percentage points",
    "imports": "Russia's imports from China, %",
    "consumption": "Russia's consumption, %",
}


def standard(base: trade.Benchmark, programme: tuple[economy.ProjectColumn, ...] = ()) -> dict[str, Shock]:
    """The shocks every table shows, by title; the programme where its columns are given.

    Sanctions: regions marked in their table raise trade cost with Russia in both directions.
    """
    sanctioned = list(base.regions.index[base.regions["sanctions"].astype(bool)])
    pairs = [pair for r in sanctioned for pair in ((HOME, r), (r, HOME))]
    shocks = {
        "Productivity of engineering and chemicals +10 %": Shock(
            productivity=dict.fromkeys(ENGINEERING_CHEMICALS, 1.1)
        ),
        "Cost of trade with China -5 %": Shock(trade_cost={(HOME, CHINA, "goods"): 0.95, (CHINA, HOME, "goods"): 0.95}),
        "Sanctions: cost of trade with others +20 %": Shock(trade_cost={(*p, "goods"): 1.2 for p in pairs}),
        "Price of oil -30 %": Shock(oil_price=0.7),
    }
    return shocks | ({"The programme": Shock(projects=programme)} if programme else {})


def world_alone(base: trade.Benchmark, shock: Shock) -> trade.WorldSolution | None:
    """The world with the shock and its own costs in Russia; None for a shock that it does not see."""
    if not (shock.productivity or shock.trade_cost or shock.oil_price):
        return None
    return equilibrium.solve_shocks(base, world_shocks(base, shock), targets=Targets(oil_price=shock.oil_price))


def figures_of_world(base: trade.Benchmark, world: trade.WorldSolution | None) -> dict[str, float]:
    """The figures of `FIGURES` in the world alone; zeros where it does not see the shock."""
    if world is None:
        return dict.fromkeys(FIGURES, 0.0)
    home, china = base.region(HOME), base.region(CHINA)
    figures = _figures(base, world.trade[china, :, home], world.trade[home, :, china])
    return figures | {"consumption": 100 * (float(world.welfare[HOME]) - 1)}


def figures_of_economy(linked: Linked) -> dict[str, float]:
    """The figures of `FIGURES` in the economy, linked or with fixed curves."""
    figures = _figures(linked.link.base, linked.flow(HOME, CHINA), linked.flow(CHINA, HOME))
    return figures | {"consumption": 100 * (linked.economy.consumption / linked.link.without.consumption - 1)}


def _figures(base: trade.Benchmark, exports: np.ndarray, imports: np.ndarray) -> dict[str, float]:
    home, china = base.region(HOME), base.region(CHINA)
    goods = base.sectors["goods"].to_numpy(bool)
    shown = base.sectors["group"].isin(ENGINEERING_CHEMICALS).to_numpy()
    before = base.trade[china, :, home]
    change = {
        "exports": exports[goods].sum() / before[goods].sum(),
        "engineering_chemicals": exports[shown].sum() / before[shown].sum(),
        "imports": imports[goods].sum() / base.trade[home, goods, china].sum(),
    }
    share = exports[shown].sum() / exports[goods].sum() - before[shown].sum() / before[goods].sum()
    return {name: 100 * (float(hat) - 1) for name, hat in change.items()} | {"share": 100 * float(share)}


def compare(link: Link, alone: Link, shocks: Mapping[str, Shock]) -> pd.DataFrame:
    """Three columns for each shock and figure: shock, figure, world alone, economy alone, linked, passes.

    `link`: of `world_link`, `alone`: of `curve_link`. Raises InputError for a shock without a solution or a link that
    does not settle.
    """
    rows = []
    for title, shock in shocks.items():
        both = link.solve(shock)
        found = (
            figures_of_world(link.base, world_alone(link.base, shock)),
            figures_of_economy(alone.solve(shock)),
            figures_of_economy(both),
        )
        passes = int(both.passes["pass"].iloc[-1])
        rows += [(title, label, *(f[name] for f in found), passes) for name, label in FIGURES.items()]
    return pd.DataFrame(rows, columns=["shock", "figure", *COLUMNS, "passes"])
