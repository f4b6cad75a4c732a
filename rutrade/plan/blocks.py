"""Blocks: parts of research objects that are started in a year, wait for it, or are left out."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from rutrade import InputError, unknown
from rutrade.project import Project, ProjectObject


@dataclass(frozen=True)
class Block:
    """A part of an object that the plan starts as a whole, or at a scale from `smallest` to `largest`.

    `item`: its capital by year as planned, running cost, staff, use and effects; money in bn RUB 2016. `needs`: name of
    the block that must have started. `assumed`: whether the block itself, not its figures only, is an assumption.
    Raises InputError for a scale below 0 or above 1, or a smallest one above the largest.
    """

    name: str
    title: str
    item: ProjectObject
    smallest: float = 1.0
    largest: float = 1.0
    needs: str | None = None
    assumed: bool = False

    def __post_init__(self) -> None:
        for side in ("smallest", "largest"):
            if not np.isfinite(getattr(self, side)) or getattr(self, side) < 0:
                raise InputError(f"block '{self.name}': {side} scale = {getattr(self, side):g} is not allowed: from 0")
        if not self.smallest <= self.largest <= 1:
            raise InputError(
                f"block '{self.name}': scales from {self.smallest:g} to {self.largest:g} are not allowed: from 0 to 1"
            )

    def scaled(self, factor: float) -> "Block":
        """The block with `factor` of everything. Raises InputError for a factor that is not above 0."""
        if not factor > 0:
            raise InputError(f"block '{self.name}': scale = {factor:g} is not allowed: above 0")
        return replace(self, item=part(self.item, factor, factor))


def part(o: ProjectObject, capital: float, use: float) -> ProjectObject:
    """A part of an object: share of capital, running cost, power and staff; share of use, papers and training."""
    return replace(
        o,
        capital_goods_bn_rub_2016={y: v * capital for y, v in o.capital_goods_bn_rub_2016.items()},
        current_goods_bn_rub_2016=o.current_goods_bn_rub_2016 * capital,
        staff=o.staff * capital,
        power_gwh=o.power_gwh * capital,
        high_tech_per_year_bn_rub_2016=o.high_tech_per_year_bn_rub_2016 * capital,
        use_units=o.use_units * use,
        publications=o.publications * use,
        trainees=o.trainees * use,
    )


def blocks(project: Project, table: pd.DataFrame) -> tuple[Block, ...]:
    """The blocks of a programme: rows of table `plan_blocks`, and each object without a row as one block.

    Raises InputError for a row whose object the programme lacks, for shares of an object that do not sum to 1, and for
    a need that is no block.
    """
    objects, found = {o.name: o for o in project.objects}, []
    for row in table.itertuples():
        if row.object not in objects:
            raise unknown(f"object of block '{row.block}' in table 'plan_blocks'", row.object, objects)
        found.append(_block(row, objects[row.object]))
    for share in ("capital_share", "use_share"):
        total = table.groupby("object")[share].sum()
        for name, value in total[(total - 1).abs() > 1e-5].items():
            raise InputError(f"table 'plan_blocks': {share} of object '{name}' sums to {value:g}, 1 is required")
    there = set(table["object"])
    found += [Block(o.name, _title(o.name), o) for o in project.objects if o.name not in there]
    names = [b.name for b in found]
    for b in found:
        if b.needs is not None and b.needs not in names:
            raise unknown(f"need of block '{b.name}'", b.needs, names)
    return tuple(found)


def _block(row: "pd.Series", o: ProjectObject) -> Block:
    """One row of table `plan_blocks`."""
    item = replace(part(o, row.capital_share, row.use_share), name=row.block)
    if not pd.isna(row.planned_start):
        planned = int(row.planned_start)
        ramp = () if pd.isna(row.ramp) else tuple(float(x) for x in str(row.ramp).split(";"))
        capital = item.capital_goods_bn_rub_2016
        if not pd.isna(row.build_years):
            years = range(planned - int(row.build_years), planned)
            capital = dict.fromkeys(years, item.capital / len(years))
        item = replace(
            item, effects=_moved(item, planned - o.start_year).effects, start_year=planned, ramp=ramp,
            capital_goods_bn_rub_2016=capital,
        )  # fmt: skip
    needs = None if pd.isna(row.needs) else str(row.needs)
    return Block(row.block, row.name, item, float(row.smallest_scale), 1.0, needs, row.status == "assumption")


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def first_start(b: Block, since: int) -> int:
    """The first year in which a block can start: as planned, or the first year of the plan when it runs already."""
    return max(b.item.start_year, since)


def started(b: Block, start: int, since: int) -> tuple[ProjectObject, ...]:
    """The block in operation from `start`, as objects whose flows are summed.

    What the profile spends before `since` stays where it is; the rest moves with the start. A block that runs already
    goes on as it is when `start` is `since`. What is built and waits past its planned start is mothballed until then.
    Raises InputError for a start before the first one.
    """
    o, first = b.item, first_start(b, since)
    if start < first:
        raise InputError(f"block '{b.name}': start = {start} is not allowed: from {first}")
    shift = start - first
    if shift == 0:
        return (o,)
    sunk = _sunk(o, since)
    moved = _moved(o, start - o.start_year)
    capital: dict[int, float] = dict(sunk)
    for year, value in o.capital_goods_bn_rub_2016.items():
        if year >= since:
            capital[year + shift] = capital.get(year + shift, 0.0) + value
    moved = replace(moved, start_year=start, capital_goods_bn_rub_2016=capital)
    waiting = _kept(b, since)
    if waiting is None:
        return (moved,)
    wait = start - o.start_year
    return (
        moved,
        replace(waiting, name=f"{o.name} waiting", life_years=wait, residual_share=0.0, decommissioning_share=0.0),
    )


def stopped(b: Block, since: int) -> tuple[ProjectObject, ...]:
    """The block left out: no more capital; what is built is mothballed to the end of its life."""
    kept = _kept(b, since)
    return () if kept is None else (kept,)


def _sunk(o: ProjectObject, since: int) -> dict[int, float]:
    return {y: v for y, v in o.capital_goods_bn_rub_2016.items() if y < since and v > 0}


def _kept(b: Block, since: int) -> ProjectObject | None:
    """What is built before `since`, not run; half of an object costs half its mothballing. None: nothing is built."""
    o, sunk = b.item, _sunk(b.item, since)
    built = sum(sunk.values()) / o.capital
    if not built > 0:
        return None
    return replace(
        o, capital_goods_bn_rub_2016=sunk, run_until=since - 1, mothballing_share=o.mothballing_share * built
    )


def _moved(o: ProjectObject, years: int) -> ProjectObject:
    """The object with the calendar starts of its effects moved."""
    effects = {
        name: t if t.start_year is None else replace(t, start_year=t.start_year + years)
        for name, t in o.effects.items()
    }
    return replace(o, effects=effects)


def together(project: Project, objects: Iterable[ProjectObject], since: int) -> Project:
    """A project of these objects, seen from `since`, with the taxes and parameters of `project`."""
    return replace(project, objects=tuple(objects), seen_from=since)
