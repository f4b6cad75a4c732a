"""One project seen side by side: at several wages, forward from a year, and who gains over all stated ranges."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from rutrade import InputError
from rutrade.project.evaluation import Evaluation, evaluate
from rutrade.project.finance import npv
from rutrade.project.ledger import PARTICIPANTS
from rutrade.project.objects import Project, ProjectObject
from rutrade.project.uncertainty import npv_at
from rutrade.project.valuation import LABOUR


def at_wages(
    project: Project, duals: pd.DataFrame | None = None, *, factors: Iterable[float] = (1.0, 0.9), **values: Any
) -> pd.DataFrame:
    """Public appraisal by price of labour, side by side: bn RUB 2016, present values at the public rate.

    Rows: labour at each of `factors` times gross pay, goods at market prices; where `duals` (solved year, row) are
    given, labour alone at its dual, and then every row at its dual: goods, labour and foreign exchange of one program.
    Columns: labour, price effect, public NPV and benefit-cost ratio. Raises InputError for duals without 'labour'.
    """
    cases: dict[str, tuple[dict[str, float], pd.DataFrame | None]] = {
        f"labour at {f:g} of pay": ({"shadow_wage_factor": f}, None) for f in factors
    }
    if duals is not None:
        if LABOUR not in duals:
            raise InputError(f"duals: there is no column '{LABOUR}': shadow over market pay by solved year is required")
        cases["labour at its dual"] = ({}, duals[[LABOUR]])
        cases["all at their duals"] = ({}, duals)
    rows = {}
    for name, (changed, prices) in cases.items():
        e = evaluate(project, shadow_prices=prices, **values | changed)
        worth = _present(e)
        public = e.efficiency.loc["public"]
        rows[name] = {
            "labour": worth.get("labour", 0.0),
            "price_effect": worth.get("price_effect", 0.0),
            "npv_public": public.npv_bn_rub_2016,
            "benefit_cost": public.benefit_cost,
        }
    return pd.DataFrame.from_dict(rows, orient="index", dtype=float).rename_axis("prices")


def _present(e: Evaluation) -> pd.Series:
    """Present value of the resource flows by item at the public rate."""
    d = e.ledger[e.ledger.kind == "resource"]
    weight = (1 + e.discount_rate("public")) ** -(d.year - e.project.base_year).astype(float)
    return (d.bn_rub_2016 * weight).groupby(d["item"]).sum()


def forward_looking(project: Project, since: int = 2026, **values: Any) -> pd.DataFrame:
    """Public NPV by object from the first year and forward from `since`, bn RUB 2016, each at its own base year.

    sunk_share: part of capital cost that falls before `since`; npv_from_first_year; npv_forward: spending and effects
    from `since` on; npv_stopped: no more is spent on capital and what is built is not run but mothballed to the end of
    its life; npv_of_going_on: the difference, what the decision in `since` is about. The last row is the sum. Raises
    InputError for a year outside the horizon.
    """

    def public(objects: tuple[ProjectObject, ...], seen_from: int | None) -> float:
        seen = replace(project, objects=objects, seen_from=seen_from)
        e = evaluate(seen, **values)
        return float(npv(e.flow("public").to_numpy(), e.discount_rate("public")))

    rows = {}
    for o in project.objects:
        sunk = {y: v for y, v in o.capital_goods_bn_rub_2016.items() if y < since}
        rest = _stopped(o, sunk, since)
        whole, forward = public((o,), None), public((o,), since)
        stopped = public((rest,), since) if rest else 0.0
        rows[o.name] = {
            "capital": o.capital, "sunk": sum(sunk.values()), "npv_from_first_year": whole, "npv_forward": forward,
            "npv_stopped": stopped, "npv_of_going_on": forward - stopped,
        }  # fmt: skip
    table = pd.DataFrame.from_dict(rows, orient="index", dtype=float).rename_axis("object")
    table.loc[project.name if len(rows) > 1 else "sum"] = table.sum()
    table.insert(0, "sunk_share", table.pop("sunk") / table.pop("capital"))
    return table


def _stopped(o: ProjectObject, sunk: Mapping[int, float], since: int) -> ProjectObject | None:
    """The object as it stands at the beginning of `since`, not run; None where nothing was spent.

    What is half built costs half the mothballing of the whole.
    """
    built = sum(sunk.values()) / o.capital
    if not built > 0:
        return None
    return replace(
        o, capital_goods_bn_rub_2016=sunk, run_until=since - 1, mothballing_share=o.mothballing_share * built
    )


def private_share(values: pd.DataFrame) -> pd.Series:
    """What non-participants take of all participants' gains, from NPVs by participant (columns); NaN without gains."""
    gains = values[list(PARTICIPANTS)].clip(lower=0)
    total = gains.sum(axis=1)
    return (gains["non_participants"] / total.where(total > 0)).rename("private_share")


def private_share_range(project: Project, **options: Any) -> pd.DataFrame:
    """Lowest, central and highest share of private non-participants in the gains over the stated ranges.

    All corners of the parameters' ranges are tried, and from the best of each side every parameter in turn is moved
    over its range until nothing is gained. Rows: low, central, high; columns: share and the parameters there.
    `options`: parameters held at a value, `shadow_prices`, `spillover`.
    """
    fixed = {n for n in options if n in project.parameters}
    names = [n for n, p in project.parameters.items() if p.low < p.high and n not in fixed and _matters(n)]
    ends = [(project.parameters[n].low, project.parameters[n].high) for n in names]
    corners = dict(zip(names, np.array(list(product(*ends))).T, strict=True)) if names else {}
    shares = private_share(npv_at(project, **options | corners))
    central = {n: project.parameters[n].central for n in names}
    rows = {"central": {"private_share": private_share(npv_at(project, **options)).iloc[0], **central}}
    for side, best in (("low", shares.idxmin()), ("high", shares.idxmax())):
        point = {n: float(corners[n][best]) for n in names}
        share, moved = float(shares[best]), True
        while moved:
            moved = False
            for name in names:
                p = project.parameters[name]
                tried = np.unique(np.concatenate([np.linspace(p.low, p.high, 41), [point[name]]]))
                if name == "delay_years":
                    tried = np.unique(np.rint(tried))
                found = private_share(npv_at(project, **options | point | {name: tried}))
                k = found.idxmax() if side == "high" else found.idxmin()
                gain = (found[k] - share) * (1 if side == "high" else -1)
                if gain > 1e-12:
                    share, moved = float(found[k]), True
                    point[name] = float(tried[k])
        rows[side] = {"private_share": share, **point}
    return pd.DataFrame.from_dict(rows, orient="index").loc[["low", "central", "high"]].rename_axis("end")


def _matters(name: str) -> bool:
    """Participants are discounted at the public rate."""
    return name not in ("discount_rate_budget", "discount_rate_commercial")
