"""The three models linked.

scenario (one scenario through all three models, first round) | sectors (which sectors of two models hold the same
goods) -> link (4.2)-(4.5): the economy and the world in one equilibrium -> three (a shock seen by the world alone,
by the economy alone, by both) -> linked (a scenario on the linked models, levels by the one projection).
"""

from rutrade.chain import link, linked, scenario, sectors, three
from rutrade.chain.link import Border, Link, Linked, Shock
from rutrade.chain.results import (
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
from rutrade.chain.scenario import (
    BUILT,
    ENGINEERING_CHEMICALS,
    REGION,
    SOLD,
    STEPS,
    Prepared,
    columns,
    prepare,
    public_value,
    run,
)
from rutrade.chain.sectors import Concordance

__all__ = [
    "BUILT", "ENGINEERING_CHEMICALS", "FLOW_NAMES", "HORIZON", "REGION", "SOLD", "STEPS", "Border", "ChainResult",
    "Concordance", "Link", "Linked", "Prepared", "Shock", "break_even", "columns", "crossing", "fan_tables",
    "group_table", "link", "linked", "load", "prepare", "public_value", "run",
    "scenario", "sectors", "share_table", "three",
]  # fmt: skip
