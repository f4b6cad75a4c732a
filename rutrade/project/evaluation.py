"""What follows from the ledger: flows, efficiency, feasibility, technological column."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from rutrade import InputError, unknown
from rutrade.project.effects import EFFECTS, timed, timings
from rutrade.project.finance import discounted_payback, irr, npv
from rutrade.project.ledger import _BUDGETS, FINANCING_ITEMS, PARTICIPANTS, _entries, _physical, _scales
from rutrade.project.objects import Project
from rutrade.project.valuation import FOREIGN_EXCHANGE, LABOUR, shadow_price_paths

PERSPECTIVES = ("commercial", "own_capital", "federal", "regional", "consolidated", "public")


_RATES = {v: "public" for v in PARTICIPANTS} | {"public": "public", "commercial": "commercial"}


_RATES |= {"own_capital": "commercial", "federal": "budget", "regional": "budget", "consolidated": "budget"}


class _Rows(NamedTuple):
    """The ledger as arrays: bn RUB, years from the base year, places of payer and payee (-1: none), item, transfer."""

    amount: np.ndarray
    year: np.ndarray
    payer: np.ndarray
    payee: np.ndarray
    item: np.ndarray
    transfer: np.ndarray


def _among(items: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    found = np.zeros(len(items), dtype=bool)
    for name in names:
        found |= items == name
    return found


@dataclass(frozen=True)
class Evaluation:
    """Result of `evaluate`.

    `ledger` has one row per object, item, payer, payee and year: kind (transfer | resource), bn_rub_2016. A resource
    row has no payer and its payee is the owner; a cost has a minus sign.
    """

    project: Project
    values: Mapping[str, float]
    ledger: pd.DataFrame

    @cached_property
    def _rows(self) -> "_Rows":
        """The ledger's columns as arrays."""
        d, place = self.ledger, {name: i for i, name in enumerate(PARTICIPANTS)}
        payer, payee = (d[c].map(place).fillna(-1).to_numpy(int) for c in ("payer", "payee"))
        item = d["item"].to_numpy(object)
        year = d.year.to_numpy(int) - self.project.base_year
        return _Rows(d.bn_rub_2016.to_numpy(float), year, payer, payee, item, (d.kind == "transfer").to_numpy(bool))

    def _side(self, view: str) -> np.ndarray:
        """+1 where a ledger row is received by the view, -1 where it is paid, else 0."""
        rows = self._rows
        if view == "public":  # resource flows only: transfers cancel (1.2)
            return (~rows.transfer).astype(float)
        who = {"commercial": ("operator",), "own_capital": ("operator",), "consolidated": tuple(_BUDGETS.values())}
        who |= {b: (name,) for b, name in _BUDGETS.items()} | {name: (name,) for name in PARTICIPANTS}
        if view not in who:
            raise unknown("perspective", view, (*PERSPECTIVES, *PARTICIPANTS))
        places = [PARTICIPANTS.index(name) for name in who[view]]
        side = np.isin(rows.payee, places).astype(float) - np.isin(rows.payer, places)
        return np.where(_among(rows.item, FINANCING_ITEMS), 0.0, side) if view == "commercial" else side

    def flow(self, view: str) -> pd.Series:
        """Net flow by year of a participant or perspective, bn RUB 2016 (1.1), (1.2)."""
        rows, years = self._rows, self.project.years
        parts = rows.amount * self._side(view)
        net, gross = (np.bincount(rows.year, weights=x, minlength=len(years)) for x in (parts, np.abs(parts)))
        net[np.abs(net) <= 1e-13 * gross] = 0.0  # rounding left where transfers balance has no IRR
        return pd.Series(net, pd.Index(years, name="year"), name=view)

    def cash_flow(self) -> pd.DataFrame:
        """Net flow by year (rows) of each participant and of the public (columns), bn RUB 2016 (1.1)."""
        return pd.DataFrame({v: self.flow(v) for v in (*PARTICIPANTS, "public")}).rename_axis("year")

    def discount_rate(self, view: str) -> float:
        """Real discount rate of a perspective; participants are discounted at the public rate."""
        return self.values[f"discount_rate_{_RATES[view]}"]

    @property
    def participants(self) -> pd.Series:
        """NPV by participant at the public rate, bn RUB 2016; they sum to the public NPV (1.2)."""
        rate = self.discount_rate("public")
        return pd.Series({v: float(npv(self.flow(v).to_numpy(), rate)) for v in PARTICIPANTS}, name="npv_bn_rub_2016")

    @property
    def efficiency(self) -> pd.DataFrame:
        """NPV (bn RUB 2016), IRR with status and number of roots, PI, discounted payback (years), B/C (1.7)."""
        return pd.DataFrame({v: self._indicators(v) for v in PERSPECTIVES}).T.rename_axis("perspective")

    def _indicators(self, view: str) -> dict:
        flow, rate, rows = self.flow(view).to_numpy(), self.discount_rate(view), self._rows
        present = rows.amount * (1.0 + rate) ** -rows.year
        cost = {"capital_goods": 1, "vat_capital": 1}
        outlay = {"commercial": cost, "public": {"capital_goods": 1}}  # what the profitability index is per rouble of
        outlay |= {b: {f"{b}_grant": 1} for b in _BUDGETS} | {"consolidated": {f"{b}_grant": 1 for b in _BUDGETS}}
        outlay["own_capital"] = cost | {"federal_grant": -1, "regional_grant": -1, "loan": -1}
        invested = sum(
            sign * present[rows.transfer & _among(rows.item, (item,))].sum() for item, sign in outlay[view].items()
        )
        signed = present * self._side(view)
        benefits, costs = signed[signed > 0].sum(), -signed[signed < 0].sum()
        value, root = float(npv(flow, rate)), irr(flow)
        return {
            "discount_rate": rate,
            "npv_bn_rub_2016": value,
            "irr": root.rate,
            "irr_status": root.status,
            "irr_roots": root.n_roots,
            "profitability_index": 1 + value / invested if invested > 1e-9 else np.nan,
            "discounted_payback_years": float(discounted_payback(flow, rate)),
            "benefit_cost": benefits / costs if costs > 1e-9 else np.nan,
        }

    @property
    def feasibility(self) -> pd.DataFrame:
        """Operator's accumulated balance by year with own capital paid in, bn RUB 2016, and whether it is in hand."""
        own = pd.Series(0.0, index=self.project.years)
        for o in self.project.objects:
            d = self.ledger[(self.ledger.object == o.name) & (self.ledger.kind == "transfer")]
            cost = d[d["item"].isin(("capital_goods", "vat_capital"))].groupby("year").bn_rub_2016.sum()
            own = own.add(o.financing.own_share * cost, fill_value=0.0)
        table = pd.DataFrame({"operator_bn_rub_2016": self.flow("operator"), "own_capital_bn_rub_2016": own})
        table["balance_bn_rub_2016"] = table.sum(axis=1).cumsum()
        table["feasible"] = table.balance_bn_rub_2016 >= -1e-9
        return table.rename_axis("year")

    @property
    def first_infeasible_year(self) -> int | None:
        """First year with a negative accumulated balance, or None."""
        bad = self.feasibility.query("not feasible").index
        return int(bad[0]) if len(bad) else None

    def technological_column(self, year: int) -> pd.Series:
        """What the project buys and delivers in `year`, by flow and sector of the economy model, bn RUB 2016.

        Flows: capital_goods, current_inputs (net of VAT, imports in them), imported (part of both), labour (gross pay),
        rnd_output (paid services + operating grant), high_tech_procurement (part of the goods, memo),
        commercialised_output (suppliers' induced turnover). Each sums to the ledger's total of that year. Raises
        InputError for a year outside the horizon.
        """
        if year not in self.project.years:
            first, last = self.project.years[[0, -1]]
            raise InputError(f"year = {year} is not allowed: from {first} to {last}")
        v = self.values
        total: dict[tuple[str, str], float] = {}
        d = self.ledger[(self.ledger.year == year) & (self.ledger.kind == "transfer")]
        paid = d.groupby(["object", "item"]).bn_rub_2016.sum()
        induced = v["multiplier"] * v["high_tech_factor"]
        for o in self.project.objects:
            p = _physical(o, self.project, int(v["delay_years"]))
            t = year - self.project.first_year
            capital, current = (paid.get((o.name, i), 0.0) for i in ("capital_goods", "current_goods"))
            only_rnd = {"RND": 1.0}
            for flow, amount, mix in (
                ("capital_goods", capital, o.mix.get("capital", {})),
                ("current_inputs", current, o.mix.get("current", {})),
                ("imported", capital * o.import_share_capital, o.mix.get("capital", {})),
                ("imported", current * o.import_share_current, o.mix.get("current", {})),
                ("labour", paid.get((o.name, "pay"), 0.0), only_rnd),
                ("rnd_output", sum(paid.get((o.name, i), 0.0) for i in ("revenue", "operating_grant")), only_rnd),
                ("high_tech_procurement", p["high_tech"][t] * v["high_tech_factor"], o.mix.get("high_tech", {})),
                ("commercialised_output", p["induced"][t] * induced, o.mix.get("commercialised", {})),
            ):
                for sector, share in mix.items():
                    total[flow, sector] = total.get((flow, sector), 0.0) + amount * share
        index = pd.MultiIndex.from_tuples(total, names=["flow", "sector"])
        return pd.Series(list(total.values()), index=index, name="bn_rub_2016", dtype=float)

    def shape(self, effect: str) -> pd.DataFrame:
        """Share of its full size that an effect of use has by year (rows) and object (columns), (1.8).

        Nothing before the effect's start; for the effects that the economy counts (productivity) it is the path by
        which their full size is to be multiplied. Raises InputError for an unknown effect and for spillover and price
        effects, which follow purchases.
        """
        if effect in ("spillover", "price_effects") or effect not in EFFECTS:
            raise unknown("effect of use", effect, [e for e in EFFECTS if e not in ("spillover", "price_effects")])
        project, delay = self.project, int(self.values["delay_years"])
        columns = {
            o.name: timed(_physical(o, project, delay)["use"], timings(o.effects)[effect], project, delay)
            for o in project.objects
        }
        return pd.DataFrame(columns, index=pd.Index(project.horizon, name="year")).loc[project.base_year :]

    @property
    def coefficients(self) -> pd.DataFrame:
        """What is booked as delivered (+) and used (-) by year and row, bn RUB 2016 at market prices, for (1.9).

        Rows: sectors (goods bought at home; RND also what users pay for research), labour (gross pay),
        foreign_exchange (the imported part of goods). Surplus, papers, training and emissions have no price there.
        """
        d = self.ledger[self.ledger.kind == "transfer"]
        d = d[d["item"].isin(("capital_goods", "current_goods", "pay", "revenue"))]
        total: dict[tuple[int, str], float] = {}
        objects = {o.name: o for o in self.project.objects}

        def add(year: int, row: str, amount: float) -> None:
            total[year, row] = total.get((year, row), 0.0) + amount

        for r in d.itertuples():
            o = objects[r.object]
            if r.item in ("pay", "revenue"):
                add(r.year, *((LABOUR, -r.bn_rub_2016) if r.item == "pay" else ("RND", r.bn_rub_2016)))
                continue
            use, imported = (
                ("capital", o.import_share_capital)
                if r.item == "capital_goods"
                else ("current", o.import_share_current)
            )
            add(r.year, FOREIGN_EXCHANGE, -imported * r.bn_rub_2016)
            for sector, share in o.mix.get(use, {}).items():
                add(r.year, sector, -(1 - imported) * share * r.bn_rub_2016)
        table = pd.Series(total, dtype=float).unstack(fill_value=0.0) if total else pd.DataFrame()
        return table.reindex(self.project.years, fill_value=0.0).rename_axis("year")


def evaluate(
    project: Project,
    *,
    shadow_prices: Mapping[str, float] | pd.DataFrame | None = None,
    spillover: bool = True,
    **values: Any,
) -> Evaluation:
    """The project's ledger and what follows from it, (1.1)-(1.7); bn RUB 2016.

    `shadow_prices` are shadow over market prices (1.4), by sector for all years or as a table (solved year, row), where
    each year takes its nearest solved one; a row 'labour' replaces the shadow wage factor, a row 'foreign_exchange'
    values the imported part of what is bought. `spillover=False` leaves (1.5) out, as it must be
    when the economy model counts it. `values` replace central parameters; a delay is in whole years. Raises InputError
    for a delay that is not whole.
    """
    v = project.values(**values)
    if v["delay_years"] != int(v["delay_years"]):
        raise InputError(f"parameter 'delay_years' = {v['delay_years']} is not allowed: a whole number of years")
    scales, prices, rows = _scales(v), shadow_price_paths(shadow_prices, project.horizon), []
    for o in project.objects:
        for e in _entries(o, project, int(v["delay_years"]), prices, spillover):
            for t in np.flatnonzero(e.flow):
                amount = float(e.flow[t] * scales[e.scale])
                rows.append((o.name, e.item, e.payer, e.payee, int(project.years[t]), amount))
    kinds = {"object": str, "item": str, "payer": str, "payee": str, "year": int, "bn_rub_2016": float}
    ledger = pd.DataFrame(rows, columns=list(kinds)).astype(kinds)
    ledger.insert(4, "kind", np.where(ledger.payer == "", "resource", "transfer"))
    return Evaluation(project, v, ledger)
