"""Model 3: gravity estimates and the bilateral projection of Russia-China trade, equations (3.1)-(3.7).

Flows are "RUS_to_CHN" and "CHN_to_RUS"; groups are the 16 WITS groups of HS chapters ("27", "84-85", ...).
Values are bn USD, at current prices or at the prices of the base year; prices are indices (Brent: USD/barrel).

gravity (evidence) | shares -> projection (3.3)-(3.7) -> backtest (held against what came); inputs reads the data.
raking -> panel: gravity on the world panel (3.17). growth -> forecast: the one projection (3.18)-(3.19) -> accuracy,
yardsticks: its backtest beside naive forecasts.
"""

from rutrade.trade import (
    accuracy,
    counterfactuals,
    equilibrium,
    forecast,
    gravity,
    growth,
    inputs,
    panel,
    raking,
    world,
    world_draws,
    yardsticks,
)
from rutrade.trade.backtest import METHODS, error_table, forecast_errors, interval_errors, rolling_errors
from rutrade.trade.counterfactuals import WorldPaths
from rutrade.trade.equilibrium import WorldSolution
from rutrade.trade.gravity import GravityEstimates, break_2022, gravity_panel
from rutrade.trade.groups import CHEMICALS, ENGINEERING, FLOWS, GROUPS, QUANTILES
from rutrade.trade.inputs import Inputs
from rutrade.trade.projection import (
    Paths,
    Projection,
    TradeBase,
    TradeModel,
    china_share_of,
    engineering_chemicals_share,
    lever_effects,
    redirection_needed,
    share_draws,
    targets,
    valuation,
)
from rutrade.trade.shares import china_shares
from rutrade.trade.world import Benchmark
from rutrade.trade.world_draws import WorldDraws

__all__ = [
    "accuracy", "counterfactuals", "equilibrium", "forecast", "gravity", "growth", "inputs", "panel", "raking",
    "world", "world_draws", "yardsticks",
    "Benchmark", "WorldDraws", "WorldPaths", "WorldSolution", "baseline", "solve",
    "CHEMICALS", "ENGINEERING", "FLOWS", "GROUPS", "METHODS", "QUANTILES", "GravityEstimates", "Inputs",
    "Paths", "Projection", "TradeBase", "TradeModel", "break_2022", "china_share_of", "china_shares",
    "engineering_chemicals_share", "error_table", "forecast_errors", "gravity_panel", "interval_errors",
    "lever_effects", "redirection_needed", "rolling_errors", "share_draws", "targets", "valuation",
]  # fmt: skip


def solve(benchmark: Benchmark | None = None, **shocks) -> WorldSolution:
    """The world in equilibrium after shocks, from the benchmark of the data package: see `equilibrium.solve`.

    `trade.solve(trade_cost={("RUS", "CHN"): 0.95}).summary()` cuts the cost of goods from Russia to China by 5 %.
    """
    return equilibrium.solve(inputs.world() if benchmark is None else benchmark, **shocks)


def baseline(year: int, **options) -> WorldSolution:
    """The world of a later year, from the data package: see `counterfactuals.baseline`."""
    return counterfactuals.baseline(inputs.world(), inputs.world_paths(), year, **options)
