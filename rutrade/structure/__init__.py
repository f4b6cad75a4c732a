"""Part 1 of the paper: indicators of the structure of trade, and the panels they are taken from."""

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
    decompose_goods,
    engineering_share,
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
    "decompose_goods", "engineering_share", "facts", "finger_kreinin", "good",
    "growth_rate", "grubel_lloyd", "herfindahl", "in_bn", "intra_industry", "lawrence", "mirror_gap",
    "mirror_table", "panel", "price_quantity", "raw_share", "regroup", "share_without", "shares", "spliced",
    "symmetric_balassa", "totals", "weights",
]  # fmt: skip
