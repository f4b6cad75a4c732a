"""NPV, payback and internal rates of return with all roots (1.7), of one flow and of many paths."""

from typing import NamedTuple

import numpy as np

from rutrade import InputError

IRR_STATUS = ("unique", "multiple", "none", "no_sign_change", "all_zero")
_AS_NEAR = 1e-9  # roots whose log(1 + r) differ in size by less are equally near zero: the higher one counts
# a lowest value of the scan may hide two roots unless the parabola through it stays above this share of it
_DIP = 0.995


def _finite(flows: np.ndarray) -> np.ndarray:
    flows = np.asarray(flows, dtype=float)
    if flows.ndim not in (1, 2) or flows.shape[-1] == 0:
        raise InputError(f"flows have shape {flows.shape}: (years,) or (paths, years) is required")
    if not np.isfinite(flows.sum()):
        where = np.argwhere(~np.isfinite(flows))
        if len(where):
            at = tuple(map(int, where[0]))
            raise InputError(f"flows at position {at} are {flows[at]}, which is not allowed: finite numbers only")
    return flows


def _above_minus_one(rate: np.ndarray) -> None:
    if not np.all(rate > -1):
        raise InputError(f"discount rate = {np.min(rate)} is not allowed: above -1")


def npv(flows: np.ndarray, rate: float | np.ndarray) -> np.ndarray:
    """Net present value in the first year, sum_t CF(t)/(1+d)^t (1.7).

    flows: (years,) or (paths, years); rate: a number, or one per path (paths,). Raises InputError for NaN in flows and
    for rates of -1 and below.
    """
    flows, rate = np.asarray(flows, dtype=float), np.asarray(rate, dtype=float)
    _above_minus_one(rate)
    weights = (1 / (1 + rate))[..., None] ** np.arange(flows.shape[-1])
    value = flows @ weights if weights.ndim == 1 else (flows * weights).sum(axis=-1)
    if not np.all(np.isfinite(value)):
        _finite(flows)
    return value


def discounted_payback(flows: np.ndarray, rate: float | np.ndarray) -> np.ndarray:
    """Years until the discounted flow has paid itself back (1.7) for the first time, interpolated; NaN: never."""
    flows = np.atleast_2d(_finite(flows))
    rate = np.broadcast_to(np.asarray(rate, dtype=float), flows.shape[:1])
    _above_minus_one(rate)
    parts = flows * (1 / (1 + rate))[:, None] ** np.arange(flows.shape[1])
    total = parts.cumsum(axis=1)
    # a flow that owes nothing yet has nothing to pay back: look after the first year with a debt
    owed = np.maximum.accumulate(total < 0, axis=1)
    back = owed & (total >= 0)
    t, rows = back.argmax(axis=1), np.arange(len(flows))
    with np.errstate(divide="ignore", invalid="ignore"):
        years = t - total[rows, t] / parts[rows, t]
    return np.squeeze(np.where(back.any(axis=1), years, np.where(owed.any(axis=1), np.nan, 0.0)))


class IRR(NamedTuple):
    """Internal rate of return: the rate (NaN when there is none), how it was found, and the number of roots."""

    rate: float
    status: str
    n_roots: int


def irr_roots(flow: np.ndarray) -> np.ndarray:
    """All rates above -1 at which the NPV of one flow is zero, ascending; a double root counts once."""
    from scipy.optimize import brentq

    flow = _finite(flow)
    # a term that small moves no root below 10^8, and would overflow the companion matrix
    flow = np.trim_zeros(np.where(np.abs(flow) < 1e-250 * np.abs(flow).max(), 0.0, flow))
    if not (flow > 0).any() or not (flow < 0).any():
        return np.array([])
    scaled, t = flow / np.abs(flow).max(), np.arange(len(flow))

    def value(x: float) -> float:  # NPV at v = exp(x), scaled by its largest term: same sign, no overflow
        return float(scaled @ np.exp(t * x - max(0.0, t[-1] * x)))

    z = np.roots(scaled[::-1])
    x = np.sort(np.log(np.abs(z[(z.real > 0) & (np.abs(z.imag) < 0.1 * np.abs(z))])))
    cuts = np.concatenate([[x[0] - 1], (x[1:] + x[:-1]) / 2, [x[-1] + 1]]) if len(x) else np.array([-1.0, 1.0])
    sign, roots = np.sign([value(c) for c in cuts]), []
    for i in range(len(cuts) - 1):
        if sign[i] * sign[i + 1] < 0:
            roots.append(brentq(value, cuts[i], cuts[i + 1], xtol=1e-15, rtol=1e-14))
        elif len(x) and abs(value(x[i])) <= 1e-13 * float(np.abs(scaled) @ np.exp(t * x[i] - max(0.0, t[-1] * x[i]))):
            roots.append(x[i])  # touches zero
    found = np.array(roots)
    if len(found) > 1:  # a touching root found twice
        found = found[np.concatenate([[True], np.diff(found) > 1e-6])]
    return np.sort(np.expm1(-found))


def irr(flow: np.ndarray) -> IRR:
    """Internal rate of return of one flow (years,), with status and number of roots (1.7).

    Of several roots the one nearest zero in log(1 + r) is returned, of two as near the higher: halving the money in a
    year is as far from zero as doubling it, and -99.98 % is not nearer than 100.4 %. Status: unique | multiple | none
    (signs change, no root) | no_sign_change | all_zero. Raises InputError for NaN.
    """
    flow = _finite(flow)
    if not flow.any():
        return IRR(np.nan, "all_zero", 0)
    if not (flow > 0).any() or not (flow < 0).any():
        return IRR(np.nan, "no_sign_change", 0)
    roots = irr_roots(flow)
    if len(roots) == 0:
        return IRR(np.nan, "none", 0)
    with np.errstate(divide="ignore"):  # a root beside -100 % rounds to it
        away = np.abs(np.log1p(roots))
    nearest = float(roots[away <= away.min() + _AS_NEAR].max())
    return IRR(nearest, "unique" if len(roots) == 1 else "multiple", len(roots))


def irr_paths(flows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`irr` of many paths (paths, years): rates, statuses, numbers of roots, each (paths,).

    The NPV is scanned at 128 rates from -99.7 % to +40,000 % by one matrix product; Newton's method, kept inside its
    cell, finds the root nearest zero in log(1 + r). Where the scan leaves a doubt (a dip towards zero without a change
    of sign, or a sign at the ends that differs from the limit's) the single-flow rule decides.
    """
    flows = np.atleast_2d(_finite(flows))
    n, years = flows.shape
    t = np.arange(years, dtype=float)
    grid = np.sinh(np.linspace(-1, 1, 128) * np.arcsinh(6 * years)) / years  # x = -log(1 + r), dense around zero
    weights = np.exp(np.outer(t, grid) - np.logaddexp(0, (years - 1) * grid))
    edge = np.where(grid[1:] * grid[:-1] < 0, 0.0, np.minimum(np.abs(grid[1:]), np.abs(grid[:-1])))
    order = edge.argsort()  # cells by the x nearest zero in them
    edge = edge[order]
    rate, status, count = np.full(n, np.nan), np.full(n, 3, dtype=np.int8), np.zeros(n, dtype=int)
    for start in range(0, n, 2048):
        block, here = flows[start : start + 2048], slice(start, start + 2048)
        value = block @ weights
        below, size = value < 0, np.abs(value)
        crossing = below[:, 1:] != below[:, :-1]
        found = count[here] = crossing.sum(axis=1)
        i, g = np.nonzero((size[:, 1:-1] <= size[:, :-2]) & (size[:, 1:-1] <= size[:, 2:]))
        left, mid, right = value[i, g], value[i, g + 1], value[i, g + 2]
        with np.errstate(divide="ignore", invalid="ignore"):
            bottom = mid - (right - left) ** 2 / (8 * (left + right - 2 * mid))  # of the parabola through the three
        dips = i[(left * mid > 0) & (mid * right > 0) & (bottom * mid < _DIP * mid**2)]
        up, down = block > 0, block < 0
        both = up.any(axis=1) & down.any(axis=1)
        status[here][~both] = np.where(block[~both].any(axis=1), 3, 4)
        used = up | down
        rows = np.arange(len(block))
        first, last = block[rows, used.argmax(axis=1)], block[rows, years - 1 - used[:, ::-1].argmax(axis=1)]
        doubt = both & (np.isin(rows, dips) | ((first < 0) != below[:, 0]) | ((last < 0) != below[:, -1]))
        sure = both & ~doubt
        status[here][sure] = np.select([found[sure] == 0, found[sure] == 1], [2, 0], 1)
        nearest = crossing[:, order]
        best = np.full(len(block), np.nan)  # x of the root nearest zero so far
        todo = np.flatnonzero(sure & nearest.any(axis=1))
        while len(todo):  # a further cell can only hold a nearer root if it begins nearer zero than the best one
            k = nearest[todo].argmax(axis=1)
            nearest[todo, k] = False
            cell = order[k]
            x = _newton(block[todo].T, grid[cell], grid[cell + 1])
            farther = np.abs(x) - np.abs(best[todo])  # NaN compares false
            keep = (farther > _AS_NEAR) | ((np.abs(farther) <= _AS_NEAR) & (x > best[todo]))
            best[todo] = np.where(keep, best[todo], x)
            todo = todo[found[todo] > 1]
            k = nearest[todo].argmax(axis=1)
            todo = todo[nearest[todo, k] & (edge[k] <= np.abs(best[todo]) + _AS_NEAR)]
        rate[here] = np.expm1(-best)
        for row in np.flatnonzero(doubt):
            rate[start + row], name, count[start + row] = irr(block[row])
            status[start + row] = IRR_STATUS.index(name)
    return rate, np.array(IRR_STATUS)[status], count


def _newton(flows: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Roots x in [low, high] of sum_t c(t) exp(t x) for flows (years, paths), by Newton's method with bisection."""
    flows = np.ascontiguousarray(flows)
    t, terms = np.arange(len(flows), dtype=float), np.empty_like(flows)
    left, right = ((flows * np.exp(np.outer(t, x))).sum(axis=0) for x in (low, high))
    rising, x = left < 0, (low * right - high * left) / (right - left)  # start on the chord
    for _ in range(100):
        power, v = np.ones(len(x)), np.exp(x)
        for i in range(len(flows)):
            np.multiply(flows[i], power, out=terms[i])
            power *= v
        value, slope = terms.sum(axis=0), t @ terms
        over = (value > 0) == rising
        high, low = np.where(over, x, high), np.where(over, low, x)
        with np.errstate(divide="ignore", invalid="ignore"):
            new = x - value / slope
        new = np.where((new >= low) & (new <= high), new, (low + high) / 2)
        settled = np.abs(new - x).max() < 1e-13  # the next step would be its square
        x = new
        if settled:
            break
    return x
