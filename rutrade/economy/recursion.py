"""The stages solved one after the other, each from the output and investment of the one before."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from rutrade import InputError
from rutrade.economy.column import ProjectColumn
from rutrade.economy.model import EconomyModel
from rutrade.economy.options import FIRST_ROUND, Options
from rutrade.economy.regional import RegionalTables
from rutrade.economy.solution import EconomySolution
from rutrade.economy.stage import BASE, Bands, Paths, base_state, calibrate_capital

NODES = (2016, 2019, 2023, 2026, 2028, 2030, 2033, 2036)  # last years of the stages; duals are those of these years


def path(
    tables: RegionalTables, paths: Paths, nodes: Sequence[int] = (2016, 2019, 2023, 2030),
    columns: Sequence[ProjectColumn] = (), bands: Bands | None = None, kappa: float | None = None,
    rail_capacity: Mapping[int, float] | None = None, options: Options = FIRST_ROUND,
) -> dict[int, EconomySolution]:  # fmt: skip
    """Solve the stages recursively: each starts from the output and investment of the one before.

    The first node is the base year, solved with zero bands: it returns the regional tables. Centres of deliveries,
    imports and exports and the external balance are exogenous in every stage, so a run with projects has the same
    ones as a run without. `columns`: projects of any node; `rail_capacity`: Mt by year; `options`: which equations
    hold. Raises InputError for nodes out of order, a first node other than the tables' year, or a project of no node.
    """
    nodes = tuple(nodes)
    if nodes[:1] != (2016,) or any(b <= a for a, b in pairwise(nodes)):
        raise InputError(f"nodes {nodes} must start at 2016 and rise")
    for c in columns:
        if c.year not in nodes[1:]:
            raise InputError(f"project '{c.name}' is for {c.year}, which is not a node after 2016 (nodes: {nodes})")
    kappa = calibrate_capital(tables, paths) if kappa is None else kappa
    base, out, model = base_state(tables), {}, None
    for year in nodes:
        width, limit = Bands(0, 0, 0) if year == 2016 else bands, (rail_capacity or {}).get(year)
        model = EconomyModel(tables, year, paths, base, width, kappa, rail_capacity=limit, start=model, options=options)
        out[year] = model.solve([c for c in columns if c.year == year])
        if year > BASE:  # the base year is the tables themselves, free of what a solver leaves
            base = out[year].state
    return out
