"""Model 1: finance and efficiency of the research infrastructure, equations (1.1)-(1.7).

All money is in bn RUB at 2016 prices, goods net of VAT; flows are annual, the first year is undiscounted.
A double-entry ledger holds transfers (payer and payee) and resource flows (one owner); every table is a sum over it.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from rutrade import InputError, datasets, unknown

PARTICIPANTS = (
    "operator", "federal_budget", "regional_budget", "lenders",
    "users", "suppliers_workers", "non_participants", "households",
)  # fmt: skip
PERSPECTIVES = ("commercial", "own_capital", "federal", "regional", "consolidated", "public")
FINANCING_ITEMS = ("federal_grant", "regional_grant", "operating_grant", "loan", "interest", "loan_repayment")
IRR_STATUS = ("unique", "multiple", "none", "no_sign_change", "all_zero")
BLOCK = 4096  # draws per block of the simulation; fixed, so that results do not depend on chunks or workers
_BUDGETS = {"federal": "federal_budget", "regional": "regional_budget"}
_RATES = {v: "public" for v in PARTICIPANTS} | {"public": "public", "commercial": "commercial"}
_RATES |= {"own_capital": "commercial", "federal": "budget", "regional": "budget", "consolidated": "budget"}
_TABLES = ("project_objects", "project_sector_mix", "tax_rules", "benefit_parameters", "deflators")
PARAMETERS = (
    "cost_overrun", "delay_years", "opex_factor", "revenue_factor", "consumer_surplus_share", "multiplier",
    "high_tech_factor", "value_added_share", "opportunity_share", "publications_factor", "paper_value_mn_rub_2016",
    "trainee_value_mn_rub_2016", "external_cost_rub_per_kwh", "shadow_wage_factor", "discount_rate_public",
    "discount_rate_budget", "discount_rate_commercial",
)  # fmt: skip


def _limits(name: str) -> tuple[float, float]:
    """Admissible values of a parameter of the appraisal: lowest and highest."""
    if name.startswith("discount_rate"):
        return np.nextafter(-1, 0), np.inf
    low = -1.0 if name == "cost_overrun" else 0.0
    return low, 1.0 if name in ("value_added_share", "opportunity_share") else np.inf


def _within(owner: str, name: str, value: float, low: float, high: float = np.inf) -> None:
    if not low <= value <= high:
        allowed = f"at least {low:g}" if high == np.inf else f"from {low:g} to {high:g}"
        raise InputError(f"{owner}: {name} = {value} is not allowed: {allowed}")


@dataclass(frozen=True)
class Parameter:
    """One parameter of the appraisal: mode and corners of its triangular distribution, unit and source."""

    central: float
    low: float
    high: float
    unit: str = ""
    source: str = "assumption"


@dataclass(frozen=True)
class Financing:
    """Who pays for an object: shares of capital cost; what they leave is own or donated capital.

    `operating_grant_share` is the federal share of operating cost. Loans carry a real rate, are repaid in equal parts
    between the end of the grace period and the end of the term, both in years from the draw.
    """

    federal_grant_share: float = 1.0
    regional_grant_share: float = 0.0
    loan_share: float = 0.0
    operating_grant_share: float = 1.0
    loan_rate: float = 0.05
    loan_grace_years: int = 3
    loan_term_years: int = 12

    def __post_init__(self):
        for name in ("federal_grant_share", "regional_grant_share", "loan_share", "operating_grant_share"):
            _within("financing", name, getattr(self, name), 0, 1)
        if self.own_share < -1e-12:
            raise InputError(
                f"financing: grant and loan shares sum to {1 - self.own_share:g}, which is not allowed: at most 1"
            )
        _within("financing", "loan_rate", self.loan_rate, 0)
        _within("financing", "loan_grace_years", self.loan_grace_years, 0, self.loan_term_years - 1)

    @property
    def own_share(self) -> float:
        """Share of capital cost paid from own or donated capital."""
        return 1 - self.federal_grant_share - self.regional_grant_share - self.loan_share


@dataclass(frozen=True)
class ProjectObject:
    """One object of the programme; money per year at full use unless said, bn RUB 2016 net of VAT unless named mn.

    `capital_goods_bn_rub_2016` maps year to spending. `ramp` is the share of full use in the first years from
    `start_year`. Revenue is physical: units x paid share x price. `mix` maps a use (capital, current, high_tech,
    commercialised) to shares by sector of the economy model.
    """

    name: str
    capital_goods_bn_rub_2016: Mapping[int, float]
    start_year: int
    life_years: int
    ramp: tuple[float, ...] = ()
    current_goods_bn_rub_2016: float = 0.0
    staff: float = 0.0
    pay_mn_rub_2016: float = 0.0
    use_units: float = 0.0
    paid_share: float = 0.0
    price_mn_rub_2016: float = 0.0
    publications: float = 0.0
    trainees: float = 0.0
    power_gwh: float = 0.0
    import_share_capital: float = 0.0
    import_share_current: float = 0.0
    high_tech_share: float = 0.0
    high_tech_per_year_bn_rub_2016: float = 0.0
    residual_share: float = 0.0
    decommissioning_share: float = 0.0
    financing: Financing = Financing()
    mix: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def __post_init__(self):
        owner = f"object '{self.name}'"
        if self.start_year is None or pd.isna(self.start_year):
            raise InputError(f"{owner}: start_year is missing: the first year of operation is required")
        if not self.capital_goods_bn_rub_2016:
            raise InputError(f"{owner}: capital_goods_bn_rub_2016 is empty: at least one year is required")
        for year, value in self.capital_goods_bn_rub_2016.items():
            _within(owner, f"capital_goods_bn_rub_2016 in {year}", value, 0)
        for name in (n for n in self.__dataclass_fields__ if n.endswith("_share") or n.startswith("import_share")):
            _within(owner, name, getattr(self, name), 0, 1)
        for share in self.ramp:
            _within(owner, "ramp", share, 0, 1)
        for name in ("current_goods_bn_rub_2016", "staff", "pay_mn_rub_2016", "use_units", "price_mn_rub_2016",
                     "publications", "trainees", "power_gwh", "high_tech_per_year_bn_rub_2016"):  # fmt: skip
            _within(owner, name, getattr(self, name), 0)
        _within(owner, "life_years", self.life_years, 1)
        for use, shares in self.mix.items():
            if abs(sum(shares.values()) - 1) > 1e-9:
                raise InputError(f"{owner}: shares of mix '{use}' sum to {sum(shares.values()):g}, 1 is required")


@dataclass(frozen=True)
class Project:
    """Objects, horizon, tax rules (tax, budget, first year, rate) and parameters of the appraisal."""

    name: str
    objects: tuple[ProjectObject, ...]
    tax_rules: tuple[tuple[str, str, int, float], ...]
    parameters: Mapping[str, Parameter]
    first_year: int = 2019
    last_year: int = 2050
    spillover_lag_years: int = 2
    paid_margin: float = 0.2  # taxable margin of paid services; state-funded work is not taxed (assumption)

    def __post_init__(self):
        if missing := set(PARAMETERS) - set(self.parameters):
            raise InputError(f"project '{self.name}': parameter '{sorted(missing)[0]}' is missing")
        for name, p in self.parameters.items():
            if name not in PARAMETERS:
                raise unknown("parameter", name, PARAMETERS)
            if not p.low <= p.central <= p.high:
                raise InputError(f"parameter '{name}': low {p.low}, central {p.central}, high {p.high} must not fall")
        _within(f"project '{self.name}'", "paid_margin", self.paid_margin, 0, 1)
        for o in self.objects:
            built = max(o.capital_goods_bn_rub_2016)
            if self.last_year < max(built, o.start_year):
                raise InputError(
                    f"project '{self.name}': last_year = {self.last_year} is not allowed: object '{o.name}' is built "
                    f"until {built} and starts in {o.start_year}"
                )
            if self.first_year > min(o.capital_goods_bn_rub_2016):
                raise InputError(
                    f"project '{self.name}': first_year = {self.first_year} is not allowed: object '{o.name}' is built "
                    f"from {min(o.capital_goods_bn_rub_2016)}"
                )
            if o.financing.loan_share > 0 and built + o.financing.loan_term_years > self.last_year:
                raise InputError(
                    f"object '{o.name}': loan_term_years = {o.financing.loan_term_years} is not allowed: "
                    f"the loan of {built} must end by {self.last_year}"
                )

    @property
    def years(self) -> np.ndarray:
        """Calendar years of the horizon."""
        return np.arange(self.first_year, self.last_year + 1)

    def tax_rate(self, tax: str, budget: str) -> np.ndarray:
        """Rate of a tax by year of the horizon (share of its base). Raises InputError when the first year has none."""
        rules = sorted((year, rate) for t, b, year, rate in self.tax_rules if (t, b) == (tax, budget))
        if not rules or rules[0][0] > self.first_year:
            first = f"the first rate is of {rules[0][0]}" if rules else "there is none"
            raise InputError(f"tax_rules: no rate of '{tax}' ({budget}) for {self.first_year}: {first}")
        start, rate = np.array(rules).T
        return rate[np.searchsorted(start, self.years, side="right") - 1]

    def values(self, **changes: float) -> dict[str, float]:
        """Central values of all parameters with `changes`; unknown names and inadmissible values are refused."""
        for name, value in changes.items():
            if name not in self.parameters:
                raise unknown("parameter", name, self.parameters)
            (low, high), value = _limits(name), np.asarray(value, dtype=float)
            if not np.all((value >= low) & (value <= high)):
                allowed = "above -1" if name.startswith("discount") else f"from {low:g} to {high:g}"
                raise InputError(f"parameter '{name}' = {value} is not allowed: {allowed}")
        return {name: p.central for name, p in self.parameters.items()} | changes


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


@dataclass(frozen=True)
class Evaluation:
    """Result of `evaluate`.

    `ledger` has one row per object, item, payer, payee and year: kind (transfer | resource), bn_rub_2016. A resource
    row has no payer and its payee is the owner; a cost has a minus sign.
    """

    project: Project
    values: Mapping[str, float]
    ledger: pd.DataFrame

    def _side(self, view: str) -> pd.Series:
        """+1 where a ledger row is received by the view, -1 where it is paid, else 0."""
        d = self.ledger
        if view == "public":  # resource flows only: transfers cancel (1.2)
            return (d.kind == "resource").astype(float)
        who = {"commercial": ("operator",), "own_capital": ("operator",), "consolidated": tuple(_BUDGETS.values())}
        who |= {b: (name,) for b, name in _BUDGETS.items()} | {name: (name,) for name in PARTICIPANTS}
        if view not in who:
            raise unknown("perspective", view, (*PERSPECTIVES, *PARTICIPANTS))
        side = d.payee.isin(who[view]).astype(float) - d.payer.isin(who[view]).astype(float)
        return side.where(~d["item"].isin(FINANCING_ITEMS), 0.0) if view == "commercial" else side

    def flow(self, view: str) -> pd.Series:
        """Net flow by year of a participant or perspective, bn RUB 2016 (1.1), (1.2)."""
        parts = self.ledger.bn_rub_2016 * self._side(view)
        net, gross = (x.groupby(self.ledger.year).sum() for x in (parts, parts.abs()))
        net = net.where(net.abs() > 1e-13 * gross, 0.0)  # rounding left where transfers balance has no IRR
        return net.reindex(self.project.years, fill_value=0.0).rename(view)

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
        flow, rate, d = self.flow(view).to_numpy(), self.discount_rate(view), self.ledger
        weight = d.bn_rub_2016 * (1 + rate) ** -(d.year - self.project.first_year)
        cost = {"capital_goods": 1, "vat_capital": 1}
        outlay = {"commercial": cost, "public": {"capital_goods": 1}}  # what the profitability index is per rouble of
        outlay |= {b: {f"{b}_grant": 1} for b in _BUDGETS} | {"consolidated": {f"{b}_grant": 1 for b in _BUDGETS}}
        outlay["own_capital"] = cost | {"federal_grant": -1, "regional_grant": -1, "loan": -1}
        invested = (weight * d["item"].map(outlay[view]).astype(float).fillna(0))[d.kind == "transfer"].sum()
        signed = weight * self._side(view)
        benefits, costs = signed.clip(lower=0).sum(), -signed.clip(upper=0).sum()
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
        v, total = self.values, {}
        d = self.ledger[(self.ledger.year == year) & (self.ledger.kind == "transfer")]
        paid = d.groupby(["object", "item"]).bn_rub_2016.sum()
        induced = v["multiplier"] * v["high_tech_factor"]
        for o in self.project.objects:
            p = _physical(o, self.project, int(v["delay_years"]))["high_tech"]
            t = year - self.project.first_year
            lagged = p[t - self.project.spillover_lag_years] if t >= self.project.spillover_lag_years else 0.0
            capital, current = (paid.get((o.name, i), 0.0) for i in ("capital_goods", "current_goods"))
            only_rnd = {"RND": 1.0}
            for flow, amount, mix in (
                ("capital_goods", capital, o.mix.get("capital", {})),
                ("current_inputs", current, o.mix.get("current", {})),
                ("imported", capital * o.import_share_capital, o.mix.get("capital", {})),
                ("imported", current * o.import_share_current, o.mix.get("current", {})),
                ("labour", paid.get((o.name, "pay"), 0.0), only_rnd),
                ("rnd_output", sum(paid.get((o.name, i), 0.0) for i in ("revenue", "operating_grant")), only_rnd),
                ("high_tech_procurement", p[t] * v["high_tech_factor"], o.mix.get("high_tech", {})),
                ("commercialised_output", lagged * induced, o.mix.get("commercialised", {})),
            ):
                for sector, share in mix.items():
                    total[flow, sector] = total.get((flow, sector), 0.0) + amount * share
        index = pd.MultiIndex.from_tuples(total, names=["flow", "sector"])
        return pd.Series(list(total.values()), index=index, name="bn_rub_2016", dtype=float)


def _prices(shadow_prices: Mapping[str, float] | None) -> dict[str, float]:
    """Shadow over market price by sector as a dictionary, checked."""
    prices = {} if shadow_prices is None else dict(shadow_prices)
    for sector, value in prices.items():
        if not np.isfinite(value):
            raise InputError(f"shadow_prices: sector '{sector}' = {value} is not allowed: a finite number")
    return prices


def evaluate(
    project: Project, *, shadow_prices: Mapping[str, float] | None = None, spillover: bool = True, **values: float
) -> Evaluation:
    """The project's ledger and what follows from it, (1.1)-(1.7); bn RUB 2016.

    `shadow_prices` maps sectors to shadow over market price (1.4); `spillover=False` leaves (1.5) out, as it must be
    when the economy model counts it. `values` replace central parameters; a delay is in whole years. Raises InputError
    for a delay that is not whole.
    """
    v = project.values(**values)
    if v["delay_years"] != int(v["delay_years"]):
        raise InputError(f"parameter 'delay_years' = {v['delay_years']} is not allowed: a whole number of years")
    scales, prices, rows = _scales(v), _prices(shadow_prices), []
    for o in project.objects:
        for e in _entries(o, project, int(v["delay_years"]), prices, spillover):
            for t in np.flatnonzero(e.flow):
                amount = float(e.flow[t] * scales[e.scale])
                rows.append((o.name, e.item, e.payer, e.payee, int(project.years[t]), amount))
    kinds = {"object": str, "item": str, "payer": str, "payee": str, "year": int, "bn_rub_2016": float}
    ledger = pd.DataFrame(rows, columns=list(kinds)).astype(kinds)
    ledger.insert(4, "kind", np.where(ledger.payer == "", "resource", "transfer"))
    return Evaluation(project, v, ledger)


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
    roots = np.array(roots)
    if len(roots) > 1:  # a touching root found twice
        roots = roots[np.concatenate([[True], np.diff(roots) > 1e-6])]
    return np.sort(np.expm1(-roots))


def irr(flow: np.ndarray) -> IRR:
    """Internal rate of return of one flow (years,), with status and number of roots (1.7).

    Of several roots the one closest to zero is returned. Status: unique | multiple | none (signs change, no root) |
    no_sign_change | all_zero. Raises InputError for NaN.
    """
    flow = _finite(flow)
    if not flow.any():
        return IRR(np.nan, "all_zero", 0)
    if not (flow > 0).any() or not (flow < 0).any():
        return IRR(np.nan, "no_sign_change", 0)
    roots = irr_roots(flow)
    if len(roots) == 0:
        return IRR(np.nan, "none", 0)
    return IRR(float(roots[np.abs(roots).argmin()]), "unique" if len(roots) == 1 else "multiple", len(roots))


def irr_paths(flows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`irr` of many paths (paths, years): rates, statuses, numbers of roots, each (paths,).

    The NPV is scanned at 128 rates from -99.7 % to +40,000 % by one matrix product; Newton's method, kept inside its
    cell, finds the root. Where the scan leaves a doubt (a dip towards zero without a change of sign, or a sign at the
    ends that differs from the limit's) the single-flow rule decides.
    """
    flows = np.atleast_2d(_finite(flows))
    n, years = flows.shape
    t = np.arange(years, dtype=float)
    grid = np.sinh(np.linspace(-1, 1, 128) * np.arcsinh(6 * years)) / years  # x = -log(1 + r), dense around zero
    weights = np.exp(np.outer(t, grid) - np.logaddexp(0, (years - 1) * grid))
    edge = np.where(grid[1:] * grid[:-1] < 0, 0.0, np.abs(np.expm1(-grid[[range(1, 128), range(127)]])).min(axis=0))
    order = edge.argsort()  # cells by the smallest rate in them
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
        dips = i[(left * mid > 0) & (mid * right > 0) & (bottom * mid < 0.2 * mid**2)]
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
        best = rate[here]
        todo = np.flatnonzero(sure & nearest.any(axis=1))
        while len(todo):  # a further cell can only hold the closest root if it begins closer to zero than the best one
            k = nearest[todo].argmax(axis=1)
            nearest[todo, k] = False
            cell = order[k]
            root = np.expm1(-_newton(block[todo].T, grid[cell], grid[cell + 1]))
            best[todo] = np.where(np.abs(root) >= np.abs(best[todo]), best[todo], root)  # NaN compares false
            todo = todo[found[todo] > 1]
            k = nearest[todo].argmax(axis=1)
            todo = todo[nearest[todo, k] & (edge[k] < np.abs(best[todo]))]
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


@dataclass(frozen=True)
class Simulation:
    """Monte Carlo result: `parameters` (draws x parameters, own units) and `npv` (draws x views, bn RUB 2016)."""

    parameters: pd.DataFrame
    npv: pd.DataFrame
    seed: int

    def summary(self) -> pd.DataFrame:
        """Mean, standard deviation, 5, 50 and 95 % quantiles (bn RUB 2016) and P(NPV > 0) by view."""
        table = self.npv.agg(["mean", "std"]).T
        table[["p5", "median", "p95"]] = self.npv.quantile([0.05, 0.5, 0.95]).T.to_numpy()
        table["probability_positive"] = (self.npv > 0).mean()
        return table.rename_axis("view")

    def importance(self, view: str = "public") -> pd.Series:
        """Squared rank correlation of each parameter with the NPV of a view, scaled to sum to 1."""
        squared = self.parameters.rank().corrwith(self.npv[view].rank()).pow(2)
        return (squared / squared.sum()).sort_values(ascending=False).rename("share")


class _Kernel:
    """Base flows of a project by delay, arranged so that many parameter sets are valued by matrix products."""

    def __init__(self, project: Project, shadow_prices: Mapping | None, spillover: bool):
        self.project, self.prices, self.spillover, self.delays = project, _prices(shadow_prices), spillover, {}

    def flows(self, delay: int) -> dict[str, tuple[np.ndarray, list[str], np.ndarray]]:
        """By discount rate: base flows (columns, years), the scale of each column, and views x columns (0 or 1)."""
        if delay not in self.delays:
            base: dict[tuple[str, str], np.ndarray] = {}
            entries = [_entries(o, self.project, delay, self.prices, self.spillover) for o in self.project.objects]
            for e in (entry for ledger in entries for entry in ledger):
                for who, sign in ((e.payee, 1.0), (e.payer, -1.0)):
                    views = [who, *(b for b, name in _BUDGETS.items() if name == who)] if who else []
                    if who == "operator":
                        views += ["own_capital"] if e.item in FINANCING_ITEMS else ["own_capital", "commercial"]
                    for view in views:
                        base[view, e.scale] = base.get((view, e.scale), 0.0) + sign * e.flow
            groups = {}
            for rate in ("public", "budget", "commercial"):
                keys = [k for k, f in base.items() if _RATES[k[0]] == rate and np.any(f)]
                views = [v for v in (*PARTICIPANTS, *PERSPECTIVES) if any(k[0] == v for k in keys)]
                select = np.array([[float(k[0] == v) for k in keys] for v in views])
                groups[rate] = (np.array([base[k] for k in keys]), [k[1] for k in keys], select, views)
            self.delays[delay] = groups
        return self.delays[delay]

    def npv(self, values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """NPV by view for arrays of parameter values, all of one length."""
        scales, delay = _scales(values), values["delay_years"]
        result = {v: np.zeros(len(delay)) for v in (*PARTICIPANTS, *PERSPECTIVES)}
        weights = {}
        for rate in ("public", "budget", "commercial"):
            w = np.ones((len(self.project.years), len(delay)))
            factor = 1 / (1 + values[f"discount_rate_{rate}"])
            for t in range(1, len(w)):
                np.multiply(w[t - 1], factor, out=w[t])
            weights[rate] = w
        for years in np.unique(delay):
            rows = np.flatnonzero(delay == years)
            for rate, (base, names, select, views) in self.flows(int(years)).items():
                if not views:
                    continue
                scaled = (base @ weights[rate][:, rows]) * np.array([scales[s][rows] for s in names])
                for view, total in zip(views, select @ scaled, strict=True):
                    result[view][rows] = total
        result["public"] = sum(result[v] for v in PARTICIPANTS)  # (1.2)
        result["consolidated"] = result["federal"] + result["regional"]
        return result


def npv_at(
    project: Project, *, shadow_prices: Mapping[str, float] | None = None, spillover: bool = True, **values
) -> pd.DataFrame:
    """NPV (bn RUB 2016) of every participant (public rate) and perspective for arrays of parameter values.

    Each of `values` is a number or an array (cases,); the result has one row per case. Delays are rounded to years.
    """
    filled = np.broadcast_arrays(*(np.atleast_1d(np.asarray(x, float)) for x in project.values(**values).values()))
    filled = dict(zip(project.values(), filled, strict=True))
    filled["delay_years"] = np.rint(filled["delay_years"])
    return pd.DataFrame(_Kernel(project, shadow_prices, spillover).npv(filled))


def _draw(project: Project, seed: int, block: int) -> dict[str, np.ndarray]:
    """One block of triangular draws of all parameters; the block's number is part of the seed."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(block,)))
    values = {}
    for name, p in project.parameters.items():
        # one stream per block in the order of the parameters: a constant consumes its draws too
        u, span = rng.random(BLOCK), p.high - p.low
        if span == 0:
            values[name] = np.full(BLOCK, p.central)
        else:
            below = u * span < p.central - p.low
            values[name] = np.where(
                below,
                p.low + np.sqrt(u * span * (p.central - p.low)),
                p.high - np.sqrt((1 - u) * span * (p.high - p.central)),
            )
    values["delay_years"] = np.rint(values["delay_years"])
    return values


def simulate(
    project: Project,
    draws: int = 100_000,
    seed: int = 0,
    *,
    chunk: int = 16 * BLOCK,
    workers: int = 1,
    shadow_prices: Mapping[str, float] | None = None,
    spillover: bool = True,
) -> Simulation:
    """Monte Carlo over the triangular distributions of all parameters.

    Same seed, same bytes, for any `chunk` (draws given to a worker at once) and number of `workers` (threads); the
    first draws do not depend on how many follow. Raises InputError for draws, chunk or workers < 1.
    """
    for name, value in (("draws", draws), ("chunk", chunk), ("workers", workers)):
        if value < 1:
            raise InputError(f"{name} = {value} is not allowed: at least 1")
    views, names = (*PARTICIPANTS, *PERSPECTIVES), list(project.parameters)
    parameters, values = np.empty((len(names), draws)), np.empty((len(views), draws))
    kernel = _Kernel(project, shadow_prices, spillover)

    def run(blocks: range) -> None:
        for block in blocks:
            drawn = _draw(project, seed, block)
            result = kernel.npv(drawn)
            here = slice(block * BLOCK, min((block + 1) * BLOCK, draws))
            size = here.stop - here.start
            for row, name in enumerate(names):
                parameters[row, here] = drawn[name][:size]
            for row, name in enumerate(views):
                values[row, here] = result[name][:size]

    blocks, per_chunk = -(-draws // BLOCK), max(1, chunk // BLOCK)
    tasks = [range(i, min(i + per_chunk, blocks)) for i in range(0, blocks, per_chunk)]
    if workers == 1:
        for task in tasks:
            run(task)
    else:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(run, tasks))
    return Simulation(pd.DataFrame(parameters.T, columns=names), pd.DataFrame(values.T, columns=list(views)), seed)


def tornado(project: Project, view: str = "public", **options) -> pd.DataFrame:
    """NPV of a view (bn RUB 2016) with one parameter at its low and high value, the others central; widest first."""
    rows = {}
    for name, p in project.parameters.items():
        changed = np.array([p.low, p.high])
        low, high = npv_at(project, **options | {name: changed})[view]
        rows[name] = {"low": p.low, "high": p.high, "npv_low": low, "npv_high": high, "swing": abs(high - low)}
    return pd.DataFrame.from_dict(rows, orient="index").sort_values("swing", ascending=False).rename_axis("parameter")


def switching_values(project: Project, view: str = "public", **options) -> pd.DataFrame:
    """Value of each parameter that puts the NPV of a view at zero, the others held at their (given) values.

    All parameters but rates and delay enter linearly, so the value is exact; of rates the view's IRR counts. Status:
    within_range | outside_range (of low to high) | not_admissible (such as a negative cost) | none | no_effect.
    `distance` is the change needed over that from central to the end of the range on its side: 1 is the edge of what
    the sources support.
    """
    rows = {}
    for name, p in project.parameters.items():
        now = float(options.get(name, p.central))
        switch, status = np.nan, "none" if name == "delay_years" else "no_effect"
        if name.startswith("discount_rate"):
            if name == f"discount_rate_{_RATES[view]}":
                centre = {k: v for k, v in options.items() if k != name}
                root = irr(evaluate(project, **centre).flow(view).to_numpy())
                switch, status = root.rate, "none" if np.isnan(root.rate) else ""
        elif name != "delay_years":
            other = 0.0 if now else 0.5
            a, b = npv_at(project, **options | {name: np.array([now, other])})[view]
            slope = (b - a) / (other - now)
            if abs(slope) > 1e-12 * max(1.0, abs(a)):
                switch, status = now - a / slope, ""
                if not _limits(name)[0] <= switch <= _limits(name)[1]:
                    status = "not_admissible"
        if status == "":
            status = "within_range" if p.low <= switch <= p.high else "outside_range"
        edge = (p.high if switch > now else p.low) - now
        distance = (switch - now) / edge if edge and np.isfinite(switch) else np.nan
        rows[name] = {"central": now, "low": p.low, "high": p.high, "switching_value": switch,
                      "status": status, "distance": distance, "unit": p.unit}  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("parameter")


def inputs() -> dict[str, pd.DataFrame]:
    """The tables the projects are built from."""
    return {name: datasets.load(name) for name in _TABLES}


def from_data(
    name: str = "programme",
    tables: Mapping[str, pd.DataFrame] | None = None,
    *,
    first_year: int = 2019,
    last_year: int = 2050,
    spillover_lag_years: int = 2,
    deflator: str = "weo_gdp",
    **overrides: float,
) -> Project:
    """A project from the data tables: 'programme' (all objects), or one object's name such as 'skif'.

    `overrides` set the central value of a parameter of the appraisal (its range grows to hold it) or an item of every
    object, such as opex_share. Published costs hold VAT and prices of their year; both are taken out here. Raises
    InputError for an unknown project, deflator or override, an object without a required item, spending outside the
    horizon, and operating cost below pay.
    """
    tables = tables or inputs()
    objects, mixes = tables["project_objects"], tables["project_sector_mix"]
    allowed = list(dict.fromkeys(objects.object))
    if name not in ("programme", *allowed):
        raise unknown("project", name, ("programme", *allowed))
    prices = tables["deflators"].query("deflator == @deflator").set_index("year").index_2016
    if prices.empty:
        raise unknown("deflator", deflator, tables["deflators"].deflator.unique())
    parameters = {
        r.parameter: Parameter(r.central, r.low, r.high, r.unit, r.source)
        for r in tables["benefit_parameters"].itertuples()
    }
    changes = {}
    for key, value in overrides.items():
        if key in parameters:
            p = parameters[key]
            parameters[key] = replace(p, central=value, low=min(p.low, value), high=max(p.high, value))
        elif key in set(objects["item"]) - {"capex"}:
            changes[key] = value
        else:
            raise unknown("override", key, (*parameters, *sorted(set(objects["item"]) - {"capex"})))
    rules = tuple((r.tax, r.budget, int(r.year_from), float(r.rate)) for r in tables["tax_rules"].itertuples())
    empty = Project(name, (), rules, parameters, first_year, last_year, spillover_lag_years)
    years = empty.years
    vat, social = (dict(zip(years, empty.tax_rate(t, "federal"), strict=True)) for t in ("vat", "social"))
    built = []
    for key in allowed if name == "programme" else [name]:
        rows = objects[objects.object == key]
        item = rows[rows["item"] != "capex"].set_index("item")["value"].to_dict() | changes
        for required in ("start_year", "life_years", "opex_share"):
            if required not in item:
                raise InputError(f"project_objects: object '{key}' has no {required}")
        capex = rows[rows["item"] == "capex"]
        for r in capex.itertuples():
            if r.year not in vat:
                raise InputError(f"project_objects: capital cost of '{key}' in {r.year} lies outside "
                                 f"{first_year} to {last_year}")  # fmt: skip
        gross = {int(r.year): float(r.value / prices[r.price_year]) for r in capex.itertuples()}
        start = int(item["start_year"])
        pay = item["staff"] * item["pay_mn_rub_2016"] / 1000 * (1 + social.get(start, 0))
        goods = item["opex_share"] * sum(gross.values()) - pay
        if goods < 0:
            raise InputError(f"object '{key}': opex_share = {item['opex_share']} is not allowed: it must cover pay and "
                             f"contributions, at least {pay / sum(gross.values()):.3f}")  # fmt: skip
        mix = mixes[mixes.object.isin((key, "all"))]
        finance = {f: item[f] for f in Financing.__dataclass_fields__ if f in item}
        finance |= {f: int(finance[f]) for f in ("loan_grace_years", "loan_term_years") if f in finance}
        plain = set(ProjectObject.__dataclass_fields__) - {"start_year", "life_years"}
        built.append(
            ProjectObject(
                name=key,
                capital_goods_bn_rub_2016={y: v / (1 + vat[y]) for y, v in gross.items()},
                start_year=start,
                life_years=int(item["life_years"]),
                ramp=tuple(item[k] for k in sorted(k for k in item if k.startswith("ramp_year_"))),
                current_goods_bn_rub_2016=goods / (1 + vat[min(max(start, first_year), last_year)]),
                financing=Financing(**finance),
                mix={use: m.set_index("sector")["share"].to_dict() for use, m in mix.groupby("use")},
                **{k: float(v) for k, v in item.items() if k in plain},
            )
        )
    return replace(empty, objects=tuple(built))
