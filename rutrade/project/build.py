"""Projects built from tables of rows: one row an item of an object, costs with VAT at prices of their year."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from rutrade import InputError, unknown
from rutrade.project.effects import EFFECTS, Timing
from rutrade.project.objects import Financing, Parameter, Project, ProjectObject

EVERY = "all"  # rows that hold for every object
_TIMINGS = ("start_year", "lag_years", "life_years")
_FACTORS = {"opex_share": "opex_factor", "publications": "publications_factor"}  # the parameter that scales an item
_REQUIRED = ("start_year", "life_years", "opex_share")


def from_tables(
    name: str,
    given: Mapping[str, pd.DataFrame],
    *,
    first_year: int = 2019,
    last_year: int = 2050,
    seen_from: int | None = None,
    spillover_lag_years: int | None = None,
    deflator: str = "weo_gdp",
    **overrides: float,
) -> Project:
    """The project `name` of the given tables; see `project.from_data`. Raises InputError as said there."""
    objects = given["project_objects"]
    allowed = [key for key in dict.fromkeys(objects.object) if key != EVERY]
    if name not in ("programme", *allowed):
        raise unknown("project", name, ("programme", *allowed))
    prices = given["deflators"].query("deflator == @deflator").set_index("year").index_2016
    if prices.empty:
        raise unknown("deflator", deflator, given["deflators"].deflator.unique())
    parameters, changes = _overridden(given, overrides)
    if spillover_lag_years is not None:
        changes["spillover_lag_years"] = spillover_lag_years
    rules = tuple((r.tax, r.budget, int(r.year_from), float(r.rate)) for r in given["tax_rules"].itertuples())
    sectors = tuple(given["sectors"].sector) if "sectors" in given else ()
    common = _items(objects, EVERY)
    empty = Project(name, (), rules, parameters, first_year, last_year, seen_from, sectors)
    if "paid_margin" in common | changes:
        empty = replace(empty, paid_margin=float((common | changes)["paid_margin"]))
    chosen = allowed if name == "programme" else [name]
    if len(chosen) == 1:
        empty = replace(empty, parameters=parameters | _sourced_ranges(objects, chosen[0], parameters, changes))
    built = [_object(key, given, common, changes, empty, prices) for key in chosen]
    return replace(empty, objects=tuple(built))


def _overridden(
    given: Mapping[str, pd.DataFrame], overrides: Mapping[str, float]
) -> tuple[dict[str, Parameter], dict[str, float]]:
    """Parameters of the appraisal with the overrides among them, and the overrides of objects' items."""
    rows = given["benefit_parameters"].itertuples()
    parameters = {r.parameter: Parameter(r.central, r.low, r.high, r.unit, r.source) for r in rows}
    items, changes = sorted(set(given["project_objects"]["item"]) - {"capex"}), {}
    for key, value in overrides.items():
        if key in parameters:
            p = parameters[key]
            parameters[key] = replace(p, central=value, low=min(p.low, value), high=max(p.high, value))
        elif key in items:
            changes[key] = value
        else:
            raise unknown("override", key, (*parameters, *items))
    return parameters, changes


def _sourced_ranges(
    objects: pd.DataFrame, key: str, parameters: Mapping[str, Parameter], changes: Mapping[str, float]
) -> dict[str, Parameter]:
    """Ranges of a single object's own factors where its rows have one from comparable facilities.

    Of an object alone such a range takes the place of the assumed one, which is of all objects together.
    """
    found = {}
    rows = objects[(objects.object == key) & objects["item"].isin(_FACTORS)].set_index("item")
    for item, r in rows.iterrows():
        name, value = _FACTORS[item], changes.get(item, r["value"])
        if "low" in r and r["low"] < r["high"] and value > 0:
            p = parameters[name]
            low, high = min(r["low"] / value, p.central), max(r["high"] / value, p.central)
            found[name] = replace(p, low=low, high=high, source=r["source"])
    return found


def _items(objects: pd.DataFrame, key: str) -> dict[str, float]:
    rows = objects[(objects.object == key) & (objects["item"] != "capex")]
    return rows.set_index("item")["value"].to_dict()


def _ramp(item: Mapping[str, float], prefix: str) -> tuple[float, ...]:
    """Shares of the first years, in the order of their numbers."""
    steps = [k for k in item if k.startswith(prefix) and k[len(prefix) :].isdigit()]
    return tuple(item[k] for k in sorted(steps, key=lambda k: int(k[len(prefix) :])))


def _effects(item: Mapping[str, float]) -> dict[str, Timing]:
    """Timing of the effects for which the items say something, such as knowledge_lag_years."""
    found = {}
    for effect in EFFECTS:
        said: dict[str, Any] = {
            field: int(item[f"{effect}_{field}"]) for field in _TIMINGS if f"{effect}_{field}" in item
        }
        ramp = _ramp(item, f"{effect}_ramp_year_")
        if said or ramp:
            found[effect] = replace(Timing(ramp=ramp), **said)
    return found


def _object(
    key: str, given: Mapping[str, pd.DataFrame], common: Mapping, changes: Mapping, empty: Project, prices: pd.Series
) -> ProjectObject:
    """One object: costs at 2016 prices net of VAT, operating goods as what opex leaves after pay."""
    rows = given["project_objects"].query("object == @key and item == 'capex'")
    item = {**common, **_items(given["project_objects"], key), **changes}
    for required in _REQUIRED:
        if required not in item:
            raise InputError(f"project_objects: object '{key}' has no {required}")
    if rows.empty:
        raise InputError(f"project_objects: object '{key}' has no cost: at least one year of capex is required")
    years = empty.horizon
    vat, social = (dict(zip(years, empty.tax_rate(t, "federal"), strict=True)) for t in ("vat", "social"))
    for r in rows.itertuples():
        if r.year not in vat:
            raise InputError(f"project_objects: capital cost of '{key}' in {r.year} lies outside "
                             f"{empty.first_year} to {empty.last_year}")  # fmt: skip
        if r.price_year not in prices.index:
            raise InputError(f"project_objects: capital cost of '{key}' is at prices of {r.price_year}: allowed are "
                             f"{prices.index.min()} to {prices.index.max()}")  # fmt: skip
    gross = {int(r.year): float(r.value / prices[r.price_year]) for r in rows.itertuples()}
    start = int(item["start_year"])
    pay = item.get("staff", 0.0) * item.get("pay_mn_rub_2016", 0.0) / 1000 * (1 + social.get(start, 0))
    goods = item["opex_share"] * sum(gross.values()) - pay
    if goods < 0:
        raise InputError(f"object '{key}': opex_share = {item['opex_share']} is not allowed: it must cover pay and "
                         f"contributions, at least {pay / sum(gross.values()):.3f}")  # fmt: skip
    mixes = given["project_sector_mix"]
    own, shared = mixes[mixes.object == key], mixes[mixes.object == EVERY]
    mix = pd.concat([own, shared[~shared.use.isin(own.use)]])
    finance = {f: item[f] for f in Financing.__dataclass_fields__ if f in item}
    finance |= {f: int(finance[f]) for f in ("loan_grace_years", "loan_term_years") if f in finance}
    plain = {f for f, d in ProjectObject.__dataclass_fields__.items() if d.type is float or d.type == "float"}
    return ProjectObject(
        name=key,
        capital_goods_bn_rub_2016={y: v / (1 + vat[y]) for y, v in gross.items()},
        start_year=start,
        life_years=int(item["life_years"]),
        ramp=_ramp(item, "ramp_year_"),
        run_until=int(item["run_until"]) if "run_until" in item else None,
        financing=Financing(**finance),
        mix={use: m.set_index("sector")["share"].to_dict() for use, m in mix.groupby("use")},
        effects=_effects(item),
        **{k: float(v) for k, v in item.items() if k in plain} | {
            "current_goods_bn_rub_2016": goods / (1 + vat[int(np.clip(start, years[0], years[-1]))])
        },
    )  # fmt: skip
