"""The stages solved one after the other, each from the output and investment of the one before."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import pandas as pd

from rutrade import InputError, unknown
from rutrade.economy.column import ProjectColumn
from rutrade.economy.model import Banded, EconomyModel
from rutrade.economy.options import FIRST_ROUND, Options
from rutrade.economy.regional import RegionalTables
from rutrade.economy.solution import EconomySolution, priced
from rutrade.economy.stage import BASE, Bands, Paths, base_state, calibrate_capital

NODES = (2016, 2019, 2023, 2026, 2028, 2030, 2033, 2036)  # last years of the stages; duals are those of these years


@dataclass(frozen=True, eq=False)
class SolvedPath:
    """The economy along its path: by last year of a stage the program (`models`) and its solution (`solutions`).

    `tables`, `paths`, `options`: what the programs were made of.
    """

    tables: RegionalTables
    paths: Paths
    options: Options
    models: dict[int, EconomyModel]
    solutions: dict[int, EconomySolution]

    def nearest(self, year: int) -> int:
        """The solved year after the base year whose prices hold in `year`: the nearest, of two as near the earlier.

        Raises InputError where no stage after the base year was solved.
        """
        solved = [y for y in self.solutions if y > BASE]
        if not solved:
            raise InputError(f"no stage after {BASE} is solved, so there are no prices for {year}")
        return min(solved, key=lambda y: (abs(y - year), y))

    def duals(self, region: str) -> pd.DataFrame:
        """Shadow prices in a region by solved year: sectors (use), labour (per unit of pay) and foreign_exchange.

        In consumption, by which prices of the base year are 1; foreign exchange for a unit of imports at those prices,
        which costs the import price of its year. Raises InputError for an unknown region and for labour
        counted in persons.
        """
        if region not in self.tables.regions:
            raise unknown("region", region, self.tables.regions)
        if self.options.labour != "pay":
            raise InputError("the price of labour per unit of pay needs option 'labour' = 'pay'")
        rows = {
            year: s.use_prices[region].to_dict()
            | {"labour": s.labour_price[region], "foreign_exchange": s.balance_price * s.stage.import_price}
            for year, s in self.solutions.items()
            if year > BASE
        }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("year")

    def value(self, column: Callable[[int], ProjectColumn], years: Sequence[int]) -> pd.DataFrame:
        """V(t) of a technological column by year and term, bn RUB of 2016: coefficients times duals (2.14).

        `column` gives the column of a year. Every year takes program and duals of its nearest solved year, never a
        mean of two. Columns: solved_year, one for each family of rows the column enters, and value, their sum.
        """
        found = {}
        for year in years:
            node = self.nearest(year)
            project = replace(column(year), year=node)
            terms = priced(self.solutions[node], self.models[node].column(project))
            found[year] = {"solved_year": node, **terms, "value": sum(terms.values())}
        return pd.DataFrame.from_dict(found, orient="index").rename_axis("year")


def solved_path(
    tables: RegionalTables, paths: Paths, nodes: Sequence[int] = NODES, columns: Sequence[ProjectColumn] = (),
    bands: Bands | None = None, kappa: float | None = None, rail_capacity: Mapping[int, float] | None = None,
    options: Options | None = None,
) -> SolvedPath:  # fmt: skip
    """Solve the stages recursively: each starts from the output and investment of the one before.

    The first node is the base year, solved with zero bands: it returns the regional tables. Centres of deliveries,
    imports and exports and the external balance are exogenous in every stage, so a run with projects has the same
    ones as a run without. `columns`: projects of any node; `rail_capacity`: Mt by year; `options`: which equations
    hold. Raises InputError for nodes out of order, a first node other than the tables' year, or a project of no node.
    """
    nodes, options = _in_order(nodes), options or Options()
    for c in columns:
        if c.year not in nodes[1:]:
            raise InputError(f"project '{c.name}' is for {c.year}, which is not a node after {BASE} (nodes: {nodes})")
    kappa = calibrate_capital(tables, paths) if kappa is None else kappa
    base, models, out = base_state(tables), {}, {}
    for year in nodes:
        width, limit = Bands(0, 0, 0) if year == BASE else bands, (rail_capacity or {}).get(year)
        model = EconomyModel(tables, year, paths, base, width, kappa, rail_capacity=limit, options=options)
        models[year] = model
        out[year] = model.solve([c for c in columns if c.year == year])
        if year > BASE:  # the base year is the tables themselves, free of what a solver leaves
            base = out[year].state
    return SolvedPath(tables, paths, options, models, out)


def last_model(
    tables: RegionalTables, paths: Paths, nodes: Sequence[int] = NODES, options: Options | None = None
) -> EconomyModel:
    """The program of the last node alone, solved, as in `solved_path`; the stages before it only give its base.

    They are solved with bands: at its centre a program with curves has that solution too (2.12'). Raises InputError as
    `solved_path`, and for fewer than two nodes.
    """
    nodes, options = _in_order(nodes), options or Options()
    if len(nodes) < 2:
        raise InputError(f"nodes {nodes} must name a year after {BASE}")
    kappa, base = calibrate_capital(tables, paths), base_state(tables)
    for year in nodes[1:-1]:
        kind = Banded if options.trade == "curves" else EconomyModel
        base = kind(tables, year, paths, base, kappa=kappa, options=options).solve().state
    model = EconomyModel(tables, nodes[-1], paths, base, kappa=kappa, options=options)
    model.solve()  # so that all that is recast from it starts alike, whoever has solved it before
    return model


def _in_order(nodes: Sequence[int]) -> tuple[int, ...]:
    nodes = tuple(nodes)
    if nodes[:1] != (BASE,) or any(b <= a for a, b in pairwise(nodes)):
        raise InputError(f"nodes {nodes} must start at {BASE} and rise")
    return nodes


def path(
    tables: RegionalTables, paths: Paths, nodes: Sequence[int] = (2016, 2019, 2023, 2030),
    columns: Sequence[ProjectColumn] = (), bands: Bands | None = None, kappa: float | None = None,
    rail_capacity: Mapping[int, float] | None = None, options: Options = FIRST_ROUND,
) -> dict[int, EconomySolution]:  # fmt: skip
    """The solutions of `solved_path` by year. Raises InputError as it does."""
    return solved_path(tables, paths, nodes, columns, bands, kappa, rail_capacity, options).solutions
