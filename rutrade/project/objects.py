"""What is built: objects, financing, tax rules and parameters of the appraisal, checked when they are made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rutrade import InputError, unknown
from rutrade.project.effects import Timing, timings, within

USES = ("capital", "current", "high_tech", "commercialised")  # what a mix of sectors is of
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

    def __post_init__(self) -> None:
        for name in ("federal_grant_share", "regional_grant_share", "loan_share", "operating_grant_share"):
            within("financing", name, getattr(self, name), 0, 1)
        if self.own_share < -1e-12:
            raise InputError(
                f"financing: grant and loan shares sum to {1 - self.own_share:g}, which is not allowed: at most 1"
            )
        within("financing", "loan_rate", self.loan_rate, 0)
        within("financing", "loan_grace_years", self.loan_grace_years, 0, self.loan_term_years - 1)

    @property
    def own_share(self) -> float:
        """Share of capital cost paid from own or donated capital."""
        return 1 - self.federal_grant_share - self.regional_grant_share - self.loan_share


@dataclass(frozen=True)
class ProjectObject:
    """One object of the programme; money per year at full use unless said, bn RUB 2016 net of VAT unless named mn.

    `capital_goods_bn_rub_2016` maps year to spending. `ramp` is the share of full use in the first years from
    `start_year`. Revenue is physical: units x paid share x price. `mix` maps a use (capital, current, high_tech,
    commercialised) to shares by sector of the economy model. `effects` gives an effect its own start, ramp and life.
    In a year of its life in which the object is not run (delayed, or after `run_until`) mothballing costs
    `mothballing_share` of what operation at full use would.
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
    mothballing_share: float = 0.0
    run_until: int | None = None
    financing: Financing = Financing()
    mix: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    effects: Mapping[str, Timing] = field(default_factory=dict)

    def __post_init__(self) -> None:
        owner = f"object '{self.name}'"
        if self.start_year is None or pd.isna(self.start_year):
            raise InputError(f"{owner}: start_year is missing: the first year of operation is required")
        if not self.capital_goods_bn_rub_2016:
            raise InputError(f"{owner}: capital_goods_bn_rub_2016 is empty: at least one year is required")
        for year, value in self.capital_goods_bn_rub_2016.items():
            within(owner, f"capital_goods_bn_rub_2016 in {year}", value, 0)
        if not sum(self.capital_goods_bn_rub_2016.values()) > 0:
            raise InputError(f"{owner}: capital_goods_bn_rub_2016 sums to 0: an object without cost is not appraised")
        begun = min(self.capital_goods_bn_rub_2016)
        if self.start_year < begun:
            raise InputError(
                f"{owner}: start_year = {self.start_year} is not allowed: operation before construction, which begins "
                f"in {begun}"
            )
        for name in (n for n in self.__dataclass_fields__ if n.endswith("_share") or n.startswith("import_share")):
            within(owner, name, getattr(self, name), 0, 1)
        for share in self.ramp:
            within(owner, "ramp", share, 0, 1)
        for name in ("current_goods_bn_rub_2016", "staff", "pay_mn_rub_2016", "use_units", "price_mn_rub_2016",
                     "publications", "trainees", "power_gwh", "high_tech_per_year_bn_rub_2016"):  # fmt: skip
            within(owner, name, getattr(self, name), 0)
        within(owner, "life_years", self.life_years, 1)
        for use, shares in self.mix.items():
            if use not in USES:
                raise unknown(f"use in the mix of {owner}", use, USES)
            for sector, part in shares.items():
                within(owner, f"mix '{use}' of {sector}", part, 0, 1)
            if abs(sum(shares.values()) - 1) > 1e-9:
                raise InputError(f"{owner}: shares of mix '{use}' sum to {sum(shares.values()):g}, 1 is required")
        timings(self.effects)

    @property
    def capital(self) -> float:
        """Capital goods over all years, bn RUB 2016."""
        return sum(self.capital_goods_bn_rub_2016.values())


@dataclass(frozen=True)
class Project:
    """Objects, horizon, tax rules (tax, budget, first year, rate) and parameters of the appraisal.

    `seen_from`: the year the appraisal looks forward from (None: the first year): what was spent and bought before it
    is sunk, with the effects of what was bought. `sectors`: codes a mix may name (empty: any).
    """

    name: str
    objects: tuple[ProjectObject, ...]
    tax_rules: tuple[tuple[str, str, int, float], ...]
    parameters: Mapping[str, Parameter]
    first_year: int = 2019
    last_year: int = 2050
    seen_from: int | None = None
    sectors: tuple[str, ...] = ()
    paid_margin: float = 0.2  # taxable margin of paid services; state-funded work is not taxed (assumption)

    def __post_init__(self) -> None:
        if missing := set(PARAMETERS) - set(self.parameters):
            raise InputError(f"project '{self.name}': parameter '{sorted(missing)[0]}' is missing")
        for name, p in self.parameters.items():
            if name not in PARAMETERS:
                raise unknown("parameter", name, PARAMETERS)
            if not p.low <= p.central <= p.high:
                raise InputError(f"parameter '{name}': low {p.low}, central {p.central}, high {p.high} must not fall")
        within(f"project '{self.name}'", "paid_margin", self.paid_margin, 0, 1)
        if self.seen_from is not None:
            within(f"project '{self.name}'", "seen_from", self.seen_from, self.first_year, self.last_year)
        for o in self.objects:
            for use, shares in o.mix.items():
                for sector in shares:
                    if self.sectors and sector not in self.sectors:
                        raise unknown(f"sector in mix '{use}' of object '{o.name}'", sector, self.sectors)
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

    @classmethod
    def from_yaml(cls, path: str | Path, given: Mapping[str, pd.DataFrame] | None = None, **options: Any) -> "Project":
        """A project of one's own from a YAML file, with the tax rules and parameters of the data tables.

        `given` and `options` as in `project.from_data`; the fields of the file are those of `project.yaml.schema()`.
        Raises InputError, naming file and field, for what is not allowed.
        """
        from rutrade.project.inputs import from_yaml

        return from_yaml(path, given, **options)

    @property
    def horizon(self) -> np.ndarray:
        """Calendar years of the horizon, those before `seen_from` too."""
        return np.arange(self.first_year, self.last_year + 1)

    @property
    def base_year(self) -> int:
        """The year money is discounted to, and the first of the appraisal."""
        return self.first_year if self.seen_from is None else self.seen_from

    @property
    def years(self) -> np.ndarray:
        """Calendar years of the appraisal."""
        return np.arange(self.base_year, self.last_year + 1)

    def tax_rate(self, tax: str, budget: str) -> np.ndarray:
        """Rate of a tax by year of the horizon (share of its base). Raises InputError when the first year has none."""
        rules = sorted((year, rate) for t, b, year, rate in self.tax_rules if (t, b) == (tax, budget))
        if not rules or rules[0][0] > self.first_year:
            first = f"the first rate is of {rules[0][0]}" if rules else "there is none"
            raise InputError(f"tax_rules: no rate of '{tax}' ({budget}) for {self.first_year}: {first}")
        start, rate = np.array(rules).T
        return rate[np.searchsorted(start, self.horizon, side="right") - 1]

    def values(self, **changes: Any) -> dict[str, Any]:
        """Central values of all parameters with `changes`; unknown names and inadmissible values are refused."""
        for name, value in changes.items():
            if name not in self.parameters:
                raise unknown("parameter", name, self.parameters)
            try:
                value = np.asarray(value, dtype=float)
            except (TypeError, ValueError):
                raise InputError(f"parameter '{name}' = {value!r} is not allowed: a number is required") from None
            low, high = _limits(name)
            if not np.all((value >= low) & (value <= high)):
                allowed = "above -1" if name.startswith("discount") else f"from {low:g} to {high:g}"
                raise InputError(f"parameter '{name}' = {value} is not allowed: {allowed}")
        return {name: p.central for name, p in self.parameters.items()} | changes
