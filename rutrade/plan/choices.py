"""What the plan chooses among: value, money, staff and contributions of every block and start, (5.1)-(5.4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from rutrade import InputError, project, unknown
from rutrade.plan.blocks import Block, first_start, started, stopped, together
from rutrade.project import Project

MEASURES = ("exports", "product")
GRANTS = ("federal_grant", "regional_grant", "operating_grant")


@dataclass(frozen=True)
class Measures:
    """How exports and the region's product are judged, (5.4).

    `first` to `last`: years of the mean; `export_share`: part of the commercialised output that goes abroad;
    `value_added` (sector): value added per rouble of output in the region; `own_supply` (sector): part of what is
    bought that the region delivers. Raises InputError for a mean over fewer than five years: what counts in a single
    year is met by orders placed for it.
    """

    first: int = 2032
    last: int = 2041
    export_share: float = 0.25
    value_added: Mapping[str, float] | None = None
    own_supply: Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        if self.last - self.first < 4:
            raise InputError(
                f"target_years = {self.first}-{self.last} is not allowed: a mean over at least five years, because the "
                "figure of a single year is reached by orders placed two years before it"
            )
        if not 0 <= self.export_share <= 1:
            raise InputError(f"export_share = {self.export_share:g} is not allowed: from 0 to 1")


@dataclass(frozen=True, eq=False)
class Choices:
    """Every block b and start s in numbers; bn RUB 2016.

    `value` (b, s): public NPV above that of leaving the block out, `stopped` (b): NPV of leaving it out; `money`,
    `staff` (b, s, t): public money a year for building and running, persons; `running` (b, s, t): the part of the money
    for running; `exports`, `product` (b, s): means over the years of `Measures`; `allowed` (b, s). Nothing is
    interpolated between starts.
    """

    blocks: tuple[Block, ...]
    starts: tuple[int, ...]
    years: np.ndarray
    value: np.ndarray
    stopped: np.ndarray
    money: np.ndarray
    running: np.ndarray
    staff: np.ndarray
    exports: np.ndarray
    product: np.ndarray
    allowed: np.ndarray

    @property
    def names(self) -> list[str]:
        """Keys of the blocks, in their order."""
        return [b.name for b in self.blocks]

    def place(self, name: str) -> int:
        """Where a block stands. Raises InputError for an unknown one."""
        if name not in self.names:
            raise unknown("block", name, self.names)
        return self.names.index(name)

    def at(self, value: np.ndarray, stopped: np.ndarray) -> "Choices":
        """The same choices at other values."""
        return replace(self, value=value, stopped=stopped)


def choices(
    whole: Project, blocks: Sequence[Block], starts: Sequence[int], since: int, duals: pd.DataFrame | None,
    measures: Measures, **values: Any,
) -> Choices:  # fmt: skip
    """The choices of a plan that looks forward from `since`, at shadow prices `duals` (solved year, row).

    `values`: parameters of the appraisal. Raises InputError when no block can start in `starts`.
    """
    worth, left = valued(whole, blocks, starts, since, duals, **values)
    allowed = np.array([[s >= first_start(b, since) for s in starts] for b in blocks])
    if not allowed.any():
        raise InputError(f"last_start = {max(starts)} is not allowed: no block can start so early")
    years = np.arange(since, whole.last_year + 1)
    shape = (len(blocks), len(starts))
    money, running, staff = (np.zeros((*shape, len(years))) for _ in range(3))
    exports, product = np.zeros(shape), np.zeros(shape)
    for i, j in zip(*np.nonzero(allowed), strict=True):
        flows = _flows(together(whole, started(blocks[i], starts[j], since), since), measures, values)
        money[i, j], running[i, j], staff[i, j] = flows["money"], flows["running"], flows["staff"]
        within = (years >= measures.first) & (years <= measures.last)
        exports[i, j], product[i, j] = flows["exports"][within].mean(), flows["product"][within].mean()
    return Choices(
        tuple(blocks),
        tuple(starts),
        years,
        worth[..., 0],
        left[..., 0],
        money,
        running,
        staff,
        exports,
        product,
        allowed,
    )


def valued(
    whole: Project, blocks: Sequence[Block], starts: Sequence[int], since: int, duals: pd.DataFrame | None,
    **values: Any,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Value (b, s, draw) of every block and start above leaving the block out, and of leaving it out (b, draw).

    `values`: parameters of the appraisal, each a number or an array over draws. Public NPV at the shadow prices
    `duals`; a start that is not allowed has value 0.
    """
    count = max((np.size(v) for v in values.values()), default=1)

    def public(objects: tuple) -> np.ndarray:
        if not objects:
            return np.zeros(count)
        seen = together(whole, objects, since)
        found = project.npv_at(seen, shadow_prices=duals, **values)["public"].to_numpy()
        return np.broadcast_to(found, count)

    left = np.array([public(stopped(b, since)) for b in blocks])
    worth = np.zeros((len(blocks), len(starts), count))
    for i, b in enumerate(blocks):
        for j, start in enumerate(starts):
            if start >= first_start(b, since):
                worth[i, j] = public(started(b, start, since)) - left[i]
    return worth, left


def _flows(seen: Project, measures: Measures, values: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Public money, staff, high-tech exports and the region's product by year of one block and start."""
    v = seen.values(**values)
    # with all turnover counted as gain, the line of the spillover is the commercialised output itself
    found = project.evaluate(seen, **(dict(values) | {"value_added_share": 1.0, "opportunity_share": 0.0}))
    book = found.ledger[found.ledger["kind"] == "transfer"]
    resources = found.ledger[found.ledger["kind"] == "resource"]

    def by_year(rows: pd.DataFrame) -> np.ndarray:
        return rows.groupby("year")["bn_rub_2016"].sum().reindex(seen.years, fill_value=0.0).to_numpy()

    pay = by_year(book[book["item"] == "pay"])
    price = {o.pay_mn_rub_2016 for o in seen.objects if o.staff} or {1.0}
    sold = by_year(resources[resources["item"] == "spillover"])
    product = pay + sold * _share(seen, "commercialised", measures.value_added)
    for item, use, imported in (("capital_goods", "capital", "import_share_capital"),
                                ("current_goods", "current", "import_share_current")):  # fmt: skip
        home = 1 - getattr(seen.objects[0], imported)
        bought = by_year(book[book["item"] == item]) * home
        product = product + bought * _share(seen, use, measures.value_added, measures.own_supply)
    return {
        "money": by_year(book[book["item"].isin(GRANTS)]),
        "running": by_year(book[book["item"] == "operating_grant"]),
        "staff": pay / max(price) * 1000 / v["opex_factor"] if v["opex_factor"] else pay,
        "exports": sold * measures.export_share,
        "product": product,
    }


def _share(seen: Project, use: str, *weights: Mapping[str, float] | None) -> float:
    """Mean over a mix of sectors of the product of the weights; without weights nothing is counted."""
    if any(w is None for w in weights):
        return 0.0
    mix = seen.objects[0].mix.get(use, {})
    return sum(share * float(np.prod([w[s] for w in weights if w is not None])) for s, share in mix.items())
