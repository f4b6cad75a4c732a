"""The three models linked.

sectors (which sectors of two models hold the same goods) -> link (4.2)-(4.5): the economy and the world in one
equilibrium -> three (a shock seen by the world alone, by the economy alone, by both); setting (what scenarios share),
projects (model 1 to model 2), prices (4.7), causes (what moves a scenario, (4.6)) -> scenario (one through all models).
"""

from rutrade.chain import causes, link, prices, projects, scenario, sectors, setting, three
from rutrade.chain.causes import ENGINEERING_CHEMICALS, Cause, group_ratios, phased, sanctions
from rutrade.chain.link import Border, Link, Linked, Shock
from rutrade.chain.prices import Prices, public_value
from rutrade.chain.projects import BUILT, SOLD, columns
from rutrade.chain.results import (
    FIGURES,
    FLOW_NAMES,
    HORIZON,
    ChainResult,
    break_even,
    crossing,
    fan_tables,
    group_table,
    load,
    share_table,
)
from rutrade.chain.scenario import Outcome, prepare, run
from rutrade.chain.sectors import Concordance
from rutrade.chain.setting import Setting

__all__ = [
    "BUILT", "ENGINEERING_CHEMICALS", "FIGURES", "FLOW_NAMES", "HORIZON", "SOLD", "Border", "Cause", "ChainResult",
    "Concordance", "Link", "Linked", "Outcome", "Prices", "Setting", "Shock", "break_even", "causes", "columns",
    "crossing", "fan_tables", "group_ratios", "group_table", "link", "load", "phased", "prepare", "prices", "projects",
    "public_value", "run", "sanctions", "scenario", "sectors", "setting", "share_table", "three",
]  # fmt: skip
