"""The double-entry ledger of an object, equations (1.1)-(1.6)."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from rutrade.project.objects import Financing, Project, ProjectObject

PARTICIPANTS = (
    "operator", "federal_budget", "regional_budget", "lenders",
    "users", "suppliers_workers", "non_participants", "households",
)  # fmt: skip


FINANCING_ITEMS = ("federal_grant", "regional_grant", "operating_grant", "loan", "interest", "loan_repayment")


_BUDGETS = {"federal": "federal_budget", "regional": "regional_budget"}


class _Entry(NamedTuple):
    """One line of the ledger before scaling: kind is transfer (payer to payee) or resource (owned by payee)."""

    item: str
    payer: str
    payee: str
    scale: str  # key of _scales
    flow: np.ndarray  # (years,), bn RUB 2016


def _scales(v: Mapping) -> dict:
    """What multiplies the base flows, from the parameters; scalars or arrays over draws."""
    gain = v["multiplier"] * v["high_tech_factor"] * v["value_added_share"] * (1 - v["opportunity_share"])
    return {
        "one": np.ones_like(v["cost_overrun"], dtype=float),
        "capital": 1 + v["cost_overrun"],
        "operation": v["opex_factor"],
        "labour": v["opex_factor"] * v["shadow_wage_factor"],  # (1.3)
        "revenue": v["revenue_factor"],
        "benefit": v["revenue_factor"] * (1 + v["consumer_surplus_share"]),  # (1.3)
        "surplus": v["revenue_factor"] * v["consumer_surplus_share"],
        "spillover": gain,  # (1.5)
        "papers": v["publications_factor"] * v["paper_value_mn_rub_2016"],  # (1.6)
        "trainees": v["trainee_value_mn_rub_2016"],  # (1.6)
        "ecology": v["external_cost_rub_per_kwh"],  # (1.6)
    }


def _physical(o: ProjectObject, project: Project, delay: int) -> dict[str, np.ndarray]:
    """Base flows of an object by year: capital goods, use (0 to 1), high-tech procurement, book value, end of life."""
    years = project.years
    age = years - (o.start_year + delay)
    use = np.where((age >= 0) & (age < o.life_years), 1.0, 0.0)
    for i, share in enumerate(o.ramp):
        use[age == i] *= share
    capital = np.array([o.capital_goods_bn_rub_2016.get(int(y), 0.0) for y in years])
    # procurement follows the plan and the use, never overrun or opex: else spending would pay for itself
    high_tech = o.high_tech_share * (1 - o.import_share_capital) * capital + o.high_tech_per_year_bn_rub_2016 * use
    left = np.clip(1 - age / o.life_years, 0, 1) * (age >= 0)
    last = np.zeros(len(years))  # the year in which the object ends, or the horizon does
    last[min(max(o.start_year + delay + o.life_years - 1, years[0]), years[-1]) - years[0]] = 1.0
    remaining = max(o.start_year + delay + o.life_years - 1 - int(years[-1]), 0) / o.life_years
    remaining = min(remaining, 1.0)
    return {
        "capital": capital,
        "use": use,
        "high_tech": high_tech,
        "book": capital.sum() * left,
        "residual": last * capital.sum() * (o.residual_share + (1 - o.residual_share) * remaining),
        "decommissioning": last * capital.sum() * o.decommissioning_share * (remaining == 0),
    }


def _loan(draws: np.ndarray, f: Financing) -> tuple[np.ndarray, np.ndarray]:
    """Interest and repayment by year for a series of draws."""
    n, parts = len(draws), f.loan_term_years - f.loan_grace_years
    repayment = np.zeros(n)
    for t in np.flatnonzero(draws):
        repayment[t + f.loan_grace_years + 1 : t + f.loan_term_years + 1] += draws[t] / parts
    owed = np.concatenate([[0.0], np.cumsum(draws - repayment)[:-1]])
    return f.loan_rate * np.maximum(owed, 0), repayment  # what rounding leaves of a repaid loan bears no interest


def _entries(o: ProjectObject, project: Project, delay: int, shadow_prices: Mapping, spillover: bool) -> list[_Entry]:
    """The ledger of one object for unit scales (equations 1.1 to 1.6); `delay` in whole years."""
    p, f = _physical(o, project, delay), o.financing
    tax = {(t, b): project.tax_rate(t, b) for t, b in {r[:2] for r in project.tax_rules}}
    vat, social = tax["vat", "federal"], tax["social", "federal"]
    capital, current = p["capital"], o.current_goods_bn_rub_2016 * p["use"]
    pay = o.staff * o.pay_mn_rub_2016 / 1000 * p["use"]
    revenue = o.use_units * o.paid_share * o.price_mn_rub_2016 / 1000 * p["use"]
    cost, operating_cost = capital * (1 + vat), current * (1 + vat) + pay * (1 + social)
    lag = project.spillover_lag_years
    induced = np.concatenate([np.zeros(lag), p["high_tech"]])[: len(capital)] * spillover
    interest, repayment = _loan(f.loan_share * cost, f)
    taxed = p["book"] * o.mix.get("capital", {}).get("CON", 1.0)  # buildings: movable property is exempt
    entries = [
        _Entry("capital_goods", "operator", "suppliers_workers", "capital", capital),
        _Entry("capital_goods", "", "suppliers_workers", "capital", -capital),
        _Entry("current_goods", "operator", "suppliers_workers", "operation", current),
        _Entry("current_goods", "", "suppliers_workers", "operation", -current),
        _Entry("pay", "operator", "suppliers_workers", "operation", pay),
        _Entry("labour", "", "suppliers_workers", "labour", -pay),
        _Entry("vat_capital", "operator", "federal_budget", "capital", capital * vat),
        _Entry("vat_current", "operator", "federal_budget", "operation", current * vat),
        _Entry("social", "operator", "federal_budget", "operation", pay * social),
        _Entry("income_tax", "suppliers_workers", "regional_budget", "operation", pay * tax["income", "regional"]),
        _Entry("property_tax", "operator", "regional_budget", "one", taxed * tax["property", "regional"]),
        _Entry("federal_grant", "federal_budget", "operator", "capital", f.federal_grant_share * cost),
        _Entry("regional_grant", "regional_budget", "operator", "capital", f.regional_grant_share * cost),
        _Entry("operating_grant", "federal_budget", "operator", "operation", f.operating_grant_share * operating_cost),
        _Entry("loan", "lenders", "operator", "capital", f.loan_share * cost),
        _Entry("interest", "operator", "lenders", "capital", interest),
        _Entry("loan_repayment", "operator", "lenders", "capital", repayment),
        _Entry("revenue", "users", "operator", "revenue", revenue),
        _Entry("users_benefit", "", "users", "benefit", revenue),
        _Entry("spillover", "", "non_participants", "spillover", induced),
        _Entry("knowledge", "", "households", "papers", o.publications / 1000 * p["use"]),
        _Entry("human_capital", "", "households", "trainees", o.trainees / 1000 * p["use"]),
        _Entry("ecology", "", "households", "ecology", -o.power_gwh / 1000 * p["use"]),
        _Entry("residual_value", "", "operator", "one", p["residual"]),
        _Entry("decommissioning", "operator", "suppliers_workers", "one", p["decommissioning"]),
        _Entry("decommissioning", "", "suppliers_workers", "one", -p["decommissioning"]),
    ]
    for budget, payee in _BUDGETS.items():
        rate = tax["profit", budget]
        entries += [
            _Entry("profit_tax", "operator", payee, "revenue", project.paid_margin * revenue * rate),
            _Entry("profit_tax_users", "users", payee, "surplus", revenue * rate),
            _Entry("profit_tax_spillover", "non_participants", payee, "spillover", induced * rate),
        ]
    if shadow_prices:  # (1.4): sum_i (pi_i/p_i - 1)(output_it - input_it), inputs at the object's own mix

        def gap(use: str) -> float:
            return sum(share * (shadow_prices.get(sector, 1.0) - 1) for sector, share in o.mix.get(use, {}).items())

        output = shadow_prices.get("RND", 1.0) - 1
        for scale, flow in (
            ("capital", -gap("capital") * capital),
            ("operation", -gap("current") * current + output * f.operating_grant_share * operating_cost),
            ("revenue", output * revenue),
        ):
            entries.append(_Entry("price_effect", "", "non_participants", scale, flow))
    return entries
