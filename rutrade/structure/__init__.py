"""Part 1 of the paper: the structure of trade, whether it upgrades, and where its value is added.

indices (0.1)-(0.9) | tables (panels of groups, chapters and goods) | upgrading (HS6: technology, margins, advantage) |
shift (by points and relative, without breaks) | value_added (whose work is in a flow) | context (China's weight,
tariffs, settlement, newest years). Functions take the compiled tables as arguments; only `inputs` reads data.
"""

from rutrade.structure import context, inputs, shift, upgrading, value_added
from rutrade.structure.indices import (
    aggregate,
    balassa,
    finger_kreinin,
    growth_rate,
    grubel_lloyd,
    herfindahl,
    lawrence,
    mirror_gap,
    price_quantity,
    shares,
    symmetric_balassa,
)
from rutrade.structure.tables import (
    change_indices,
    chapter_share,
    chapters,
    chemicals_share,
    compare_with_sherin,
    declarations,
    decompose_goods,
    engineering_share,
    estimated_panel,
    facts,
    good,
    in_bn,
    intra_industry,
    mirror_table,
    panel,
    raw_share,
    regroup,
    share_without,
    spliced,
    totals,
    weights,
)

__all__ = [
    "aggregate", "balassa", "change_indices", "chapter_share", "chapters", "chemicals_share", "compare_with_sherin",
    "context",
    "declarations", "decompose_goods", "engineering_share", "estimated_panel", "facts", "finger_kreinin", "good",
    "growth_rate", "grubel_lloyd", "herfindahl", "in_bn", "inputs",
    "intra_industry", "lawrence", "mirror_gap", "mirror_table",
    "panel", "price_quantity", "raw_share", "regroup", "share_without", "shares", "shift",
    "spliced", "symmetric_balassa",
    "totals", "upgrading", "value_added", "weights",
]  # fmt: skip
