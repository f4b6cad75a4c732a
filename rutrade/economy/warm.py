"""Where simplex begins: a basis put together from another program's, or moved with the curves.

The reference with bands and the program with the curves calibrated on it have one solution: most of a basis carries
over, and each cell of imports or exports has its own counterpart.

A curve whose centre has moved leaves its partly filled segment far from where exports stand now, and simplex would walk
there segment by segment, cell by cell. The prices of the solution before say at once which segments pay and which mix
of imports is cheapest.

Only the start differs: what the solver finds from it is checked as any solution is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rutrade.economy.curves import EXPORT_NODES, IMPORT_NODES
from rutrade.economy.program import Program

Places = Mapping[str, np.ndarray]  # of labelled variables or rows in the solver's arrays


@dataclass(frozen=True, eq=False)
class Start:
    """Where a solve begins: a basis (highspy.HighsBasis), and of the solution it comes from the duals and the shift of
    S. Without duals it comes from another program and is not moved with the curves.
    """

    basis: Any
    prices: np.ndarray | None = None
    shift: float = 0.0


def calibrated(columns: Places, rows: Places, of_columns: Places, of_rows: Places, basis: Any) -> Any:
    """The basis of a program with curves at its reference, from that of the reference with bands (`of_...`, `basis`).

    All segments up to the centre are full; one is basic where exports stood inside their band. Of the import nodes the
    centre is basic, and the one above it where imports stood inside their band.
    """
    low, basic, high = _states()
    was, was_rows = (np.array([int(s) for s in part]) for part in (basis.col_status, basis.row_status))
    new = np.full(1 + max(int(v.max()) for v in columns.values()), low)
    new_rows = np.full(1 + max(int(v.max()) for v in rows.values()), low)
    for name in columns.keys() & of_columns.keys():
        new[columns[name]] = was[of_columns[name]]
    for name in rows.keys() & of_rows.keys():
        new_rows[rows[name]] = was_rows[of_rows[name]]
    centre = int(np.flatnonzero(IMPORT_NODES == 1)[0])
    inside = (was[of_columns["v"]] == basic) & (was_rows[of_rows["import_band"]] == basic)
    new[columns["node"][..., centre]] = basic
    new[columns["node"][..., centre + 1]] = np.where(inside, basic, low)
    below = int(np.flatnonzero(EXPORT_NODES == 1)[0])  # segments below the centre
    inside = (was[of_columns["export_up"]] == basic) | (was[of_columns["export_down"]] == basic)
    new[columns["segment"]] = np.where(np.arange(columns["segment"].shape[-1]) < below, high, low)
    new[columns["segment"][..., below - 1]] = np.where(inside, basic, high)
    return _basis(new, new_rows)


def placed(basis: Any, program: Program, prices: np.ndarray, segment: np.ndarray, node: np.ndarray) -> Any:
    """The basis with the segments (..., n) and nodes (..., n) of the program's curves where `prices` (rows) point to.

    Segments of a cell that earn more than they cost are full, the others empty; the partly filled one, where the cell
    has one, is the one that earns nearest to its cost. As many nodes are mixed as before: the cheapest, and the cheaper
    of its neighbours.
    """
    status = np.array([int(s) for s in basis.col_status])
    reduced = program.cost - program.a.T @ prices
    _place_segments(status, reduced, program.upper > program.lower, segment.reshape(-1, segment.shape[-1]))
    _place_nodes(status, reduced, node.reshape(-1, node.shape[-1]))
    return _basis(status, np.array([int(s) for s in basis.row_status]))


def _place_segments(status: np.ndarray, reduced: np.ndarray, open_: np.ndarray, at: np.ndarray) -> None:
    low, basic, high = _states()
    mixed = (status[at] == basic).sum(1)
    moved = (mixed <= 1) & open_[at].any(1)  # a cell that is held stays
    at, mixed, rank = at[moved], mixed[moved], np.arange(at.shape[1])
    cost, room = reduced[at], open_[at]
    full = (room & (cost < 0)).sum(1)  # they fall along a curve: those that pay come first
    new = np.where(rank < full[:, None], high, low)
    beside = room & ((rank == full[:, None]) | (rank == full[:, None] - 1))
    near = np.where(beside, np.abs(cost), np.inf).argmin(1)
    cell = np.flatnonzero(mixed == 1)
    new[cell, near[cell]] = basic
    closed = np.where(status[at] == basic, low, status[at])  # where a curve has no room now, nothing is basic
    status[at] = np.where(room, new, closed)


def _place_nodes(status: np.ndarray, reduced: np.ndarray, at: np.ndarray) -> None:
    low, basic, _ = _states()
    mixed = (status[at] == basic).sum(1)
    at, mixed = at[(mixed == 1) | (mixed == 2)], mixed[(mixed == 1) | (mixed == 2)]
    cost, cell, rank = reduced[at], np.arange(len(at)), np.arange(at.shape[1])
    best = cost.argmin(1)
    beside = np.where(np.abs(rank - best[:, None]) == 1, cost, np.inf).argmin(1)
    new = np.full(at.shape, low)
    new[cell, best] = basic
    new[cell[mixed == 2], beside[mixed == 2]] = basic
    status[at] = new


def _states() -> tuple[int, int, int]:
    """How HiGHS numbers a variable at its lower bound, in the basis, and at its upper bound."""
    from highspy import HighsBasisStatus as Status

    return int(Status.kLower), int(Status.kBasic), int(Status.kUpper)


def _basis(columns: np.ndarray, rows: np.ndarray) -> Any:
    import highspy

    names = {int(s): s for s in highspy.HighsBasisStatus.__members__.values()}
    found = highspy.HighsBasis()
    found.col_status, found.row_status = [names[s] for s in columns.tolist()], [names[s] for s in rows.tolist()]
    found.valid = True
    return found
