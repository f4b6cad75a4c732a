"""Which sectors of the world model and of the economic model hold the same goods."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rutrade import InputError


@dataclass(frozen=True, eq=False)
class Concordance:
    """Pairs of sectors: `pairs` (j, i), true where world sector j and economy sector i hold the same goods."""

    world: tuple[str, ...]
    economy: tuple[str, ...]
    pairs: np.ndarray

    def to_economy(self, values: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Means by economy sector (i, ...) of values by world sector (j, ...), weighted; plain ones without weights."""
        return _means(self.pairs.T, values, weights)

    def to_world(self, values: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Means by world sector (j, ...) of values by economy sector (i, ...), weighted; plain ones without weights."""
        return _means(self.pairs, values, weights)


def concordance(table: pd.DataFrame, world: Sequence[str], economy: Sequence[str], merged: pd.Series) -> Concordance:
    """Pairs from the data table `world_economy_sectors`.

    `economy`: sectors of the variant in use; `merged`: sector of the aggregated variant by sector (column sector12 of
    the table `sectors`). Raises InputError for a sector of either model that has no counterpart, or that is unknown.
    """
    pairs = np.zeros((len(world), len(economy)), bool)
    for one, other in zip(table["world_sector"], table["economy_sector"], strict=True):
        place = other if other in economy else merged.get(other)
        if one not in world or place not in economy:
            raise InputError(f"table 'world_economy_sectors' pairs '{one}' with '{other}': one of them is no sector")
        pairs[list(world).index(one), list(economy).index(place)] = True
    for names, found in ((world, pairs.any(1)), (economy, pairs.any(0))):
        if not found.all():
            missing = names[int(np.argmin(found))]
            raise InputError(f"table 'world_economy_sectors' has no pair for sector '{missing}'")
    return Concordance(tuple(world), tuple(economy), pairs)


def _means(pairs: np.ndarray, values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Means over the second axis of `pairs` of the first axis of `values`."""
    weights = np.broadcast_to(weights.reshape(weights.shape + (1,) * (values.ndim - weights.ndim)), values.shape)
    total = np.tensordot(pairs, weights, 1)
    weighted = np.tensordot(pairs, weights * values, 1)
    plain = np.tensordot(pairs / pairs.sum(1, keepdims=True), values, 1)
    return np.where(total > 0, weighted / np.where(total > 0, total, 1), plain)
