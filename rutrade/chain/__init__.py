"""The three models linked.

scenario (one scenario through all three models, first round) | sectors (which sectors of two models hold the same
goods) -> link (4.2)-(4.5): the economy and the world in one equilibrium -> three (a shock seen by the world alone,
by the economy alone, by both) -> linked (a scenario on the linked models, levels by the one projection).
"""

from rutrade.chain import link, linked, sectors, three
from rutrade.chain.link import Border, Link, Linked, Shock
from rutrade.chain.scenario import (
    BUILT,
    ENGINEERING_CHEMICALS,
    FLOW_NAMES,
    HORIZON,
    REGION,
    SOLD,
    STEPS,
    ChainResult,
    Prepared,
    break_even,
    columns,
    crossing,
    fan_tables,
    group_table,
    load,
    prepare,
    public_value,
    run,
    share_table,
)
from rutrade.chain.sectors import Concordance

__all__ = [
    "BUILT", "ENGINEERING_CHEMICALS", "FLOW_NAMES", "HORIZON", "REGION", "SOLD", "STEPS", "Border", "ChainResult",
    "Concordance", "Link", "Linked", "Prepared", "Shock", "break_even", "columns", "crossing", "fan_tables",
    "group_table", "link", "linked", "load", "prepare", "public_value", "run", "sectors", "share_table", "three",
]  # fmt: skip
