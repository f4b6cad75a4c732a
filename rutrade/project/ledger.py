"""The double-entry ledger of an object, equations (1.1)-(1.6) and (1.8)."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from rutrade.project.effects import timed, timings
from rutrade.project.objects import Financing, Project, ProjectObject
from rutrade.project.valuation import FOREIGN_EXCHANGE, LABOUR

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
    """Base flows of an object by year of the horizon.

    capital: capital goods; use: 0 to 1; kept: use with the mothballing of years without it; high_tech: procurement;
    induced: procurement that has its effect in the year; book: value left; residual and decommissioning at the end.
    """
    years, start = project.horizon, o.start_year + delay
    age = years - start
    runs = (age >= 0) & (age < o.life_years) & (years <= (years[-1] if o.run_until is None else o.run_until))
    use = np.where(runs, 1.0, 0.0)
    for i, share in enumerate(o.ramp):
        use[age == i] *= share
    idle = (years >= o.start_year) & (age < o.life_years) & ~runs
    capital = np.array([o.capital_goods_bn_rub_2016.get(int(y), 0.0) for y in years])
    # procurement follows the plan and the use, never overrun or opex: else spending would pay for itself
    high_tech = o.high_tech_share * (1 - o.import_share_capital) * capital + o.high_tech_per_year_bn_rub_2016 * use
    left = np.clip(1 - age / o.life_years, 0, 1) * (age >= 0)
    end, stopped = start + o.life_years - 1, o.run_until is not None
    last = np.zeros(len(years))  # the year in which the object ends, or the horizon does
    last[min(max(end, years[0]), years[-1]) - years[0]] = 1.0
    outlives = end > years[-1]
    # unused life is worth what it cost only where the object is run
    remaining = min((end - int(years[-1])) / o.life_years, 1.0) if outlives and not stopped else 0.0
    return {
        "capital": capital,
        "use": use,
        "kept": use + o.mothballing_share * idle,
        "high_tech": high_tech,
        "induced": timed(high_tech, timings(o.effects)["spillover"], project, delay),
        "book": np.cumsum(capital) * left,
        "residual": last * o.capital * (o.residual_share + (1 - o.residual_share) * remaining),
        "decommissioning": last * o.capital * o.decommissioning_share * (not outlives),
    }


def _loan(draws: np.ndarray, f: Financing) -> tuple[np.ndarray, np.ndarray]:
    """Interest and repayment by year for a series of draws."""
    n, parts = len(draws), f.loan_term_years - f.loan_grace_years
    repayment = np.zeros(n)
    for t in np.flatnonzero(draws):
        repayment[t + f.loan_grace_years + 1 : t + f.loan_term_years + 1] += draws[t] / parts
    owed = np.concatenate([[0.0], np.cumsum(draws - repayment)[:-1]])
    return f.loan_rate * np.maximum(owed, 0), repayment  # what rounding leaves of a repaid loan bears no interest


def _entries(
    o: ProjectObject, project: Project, delay: int, shadow_prices: Mapping[str, np.ndarray], spillover: bool
) -> list[_Entry]:
    """The ledger of one object for unit scales (equations 1.1 to 1.6), by year of the appraisal.

    `delay` in whole years; `shadow_prices` over market prices by sector and year of the horizon.
    """
    p = _physical(o, project, delay)
    entries = [
        *_spending(o, project, p, shadow_prices.get(LABOUR)),
        *_capital_account(o, project, p),
        *_effects(o, project, p, delay, spillover),
        *_price_effects(o, project, p, delay, shadow_prices),
    ]
    sunk = project.base_year - project.first_year
    return [e._replace(flow=e.flow[sunk:]) for e in entries]


def _operating(o: ProjectObject, project: Project, p: Mapping[str, np.ndarray]) -> tuple[np.ndarray, ...]:
    """Current goods, gross pay and what both cost the operator with VAT and contributions, by year."""
    current, pay = o.current_goods_bn_rub_2016 * p["kept"], o.staff * o.pay_mn_rub_2016 / 1000 * p["kept"]
    vat, social = project.tax_rate("vat", "federal"), project.tax_rate("social", "federal")
    return current, pay, current * (1 + vat) + pay * (1 + social)


def _spending(o: ProjectObject, project: Project, p: Mapping[str, np.ndarray], wage: np.ndarray | None) -> list[_Entry]:
    """Goods and labour, bought and used up, with the taxes on them; `wage`: shadow over market pay by year."""
    capital, (current, pay, _) = p["capital"], _operating(o, project, p)
    vat, social = project.tax_rate("vat", "federal"), project.tax_rate("social", "federal")
    labour, scale = (-pay, "labour") if wage is None else (-pay * wage, "operation")
    return [
        _Entry("capital_goods", "operator", "suppliers_workers", "capital", capital),
        _Entry("capital_goods", "", "suppliers_workers", "capital", -capital),
        _Entry("current_goods", "operator", "suppliers_workers", "operation", current),
        _Entry("current_goods", "", "suppliers_workers", "operation", -current),
        _Entry("pay", "operator", "suppliers_workers", "operation", pay),
        _Entry("labour", "", "suppliers_workers", scale, labour),
        _Entry("vat_capital", "operator", "federal_budget", "capital", capital * vat),
        _Entry("vat_current", "operator", "federal_budget", "operation", current * vat),
        _Entry("social", "operator", "federal_budget", "operation", pay * social),
        _Entry("income_tax", "suppliers_workers", "regional_budget", "operation",
               pay * project.tax_rate("income", "regional")),
    ]  # fmt: skip


def _capital_account(o: ProjectObject, project: Project, p: Mapping[str, np.ndarray]) -> list[_Entry]:
    """Grants, loans, property tax and the end of life; all rise with the cost of the capital they are shares of."""
    f, cost = o.financing, p["capital"] * (1 + project.tax_rate("vat", "federal"))
    interest, repayment = _loan(f.loan_share * cost, f)
    buildings = o.mix.get("capital", {}).get("CON", 1.0)  # movable property is exempt
    tax = p["book"] * buildings * project.tax_rate("property", "regional")
    grant = f.operating_grant_share * _operating(o, project, p)[2]
    return [
        _Entry("property_tax", "operator", "regional_budget", "capital", tax),
        _Entry("federal_grant", "federal_budget", "operator", "capital", f.federal_grant_share * cost),
        _Entry("regional_grant", "regional_budget", "operator", "capital", f.regional_grant_share * cost),
        _Entry("operating_grant", "federal_budget", "operator", "operation", grant),
        _Entry("loan", "lenders", "operator", "capital", f.loan_share * cost),
        _Entry("interest", "operator", "lenders", "capital", interest),
        _Entry("loan_repayment", "operator", "lenders", "capital", repayment),
        _Entry("residual_value", "", "operator", "capital", p["residual"]),
        _Entry("decommissioning", "operator", "suppliers_workers", "capital", p["decommissioning"]),
        _Entry("decommissioning", "", "suppliers_workers", "capital", -p["decommissioning"]),
    ]


def _effects(
    o: ProjectObject, project: Project, p: Mapping[str, np.ndarray], delay: int, spillover: bool
) -> list[_Entry]:
    """What users, other firms and households gain, each effect in its own time (1.8), and the tax on it."""

    def at(effect: str, per_year: float) -> np.ndarray:
        return timed(per_year * p["use"], timings(o.effects)[effect], project, delay)

    revenue = at("users", o.use_units * o.paid_share * o.price_mn_rub_2016 / 1000)
    induced = p["induced"] * spillover
    entries = [
        _Entry("revenue", "users", "operator", "revenue", revenue),
        _Entry("users_benefit", "", "users", "benefit", revenue),
        _Entry("spillover", "", "non_participants", "spillover", induced),
        _Entry("knowledge", "", "households", "papers", at("knowledge", o.publications / 1000)),
        _Entry("human_capital", "", "households", "trainees", at("human_capital", o.trainees / 1000)),
        _Entry("ecology", "", "households", "ecology", -at("ecology", o.power_gwh / 1000)),
    ]
    for budget, payee in _BUDGETS.items():
        rate = project.tax_rate("profit", budget)
        entries += [
            _Entry("profit_tax", "operator", payee, "revenue", project.paid_margin * revenue * rate),
            _Entry("profit_tax_users", "users", payee, "surplus", revenue * rate),
            _Entry("profit_tax_spillover", "non_participants", payee, "spillover", induced * rate),
        ]
    return entries


def _price_effects(
    o: ProjectObject, project: Project, p: Mapping[str, np.ndarray], delay: int, prices: Mapping[str, np.ndarray]
) -> list[_Entry]:
    """(1.4): sum_i (pi_i/p_i - 1)(output_it - input_it), inputs at the object's own mix.

    Where foreign exchange has a price, the imported part of the inputs is valued at it and not at the goods' prices.
    Of research only what is sold counts as output: what grants pay for is booked as papers, not as output.
    """
    if not prices:
        return []

    def gap(name: str) -> np.ndarray | float:
        return prices[name] - 1 if name in prices else 0.0

    def goods(use: str, imported: float) -> np.ndarray | float:
        domestic = sum(share * gap(sector) for sector, share in o.mix.get(use, {}).items())
        if FOREIGN_EXCHANGE not in prices:
            return domestic
        return (1 - imported) * domestic + imported * gap(FOREIGN_EXCHANGE)

    current = _operating(o, project, p)[0]
    revenue = o.use_units * o.paid_share * o.price_mn_rub_2016 / 1000 * p["use"]
    revenue = timed(revenue, timings(o.effects)["users"], project, delay)
    flows = {
        "capital": -goods("capital", o.import_share_capital) * p["capital"],
        "operation": -goods("current", o.import_share_current) * current,
        "revenue": gap("RND") * revenue,
    }
    timing = timings(o.effects)["price_effects"]
    return [
        _Entry("price_effect", "", "non_participants", scale, timed(flow, timing, project, delay))
        for scale, flow in flows.items()
    ]
