"""Projects from the data tables."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from rutrade import InputError, data, unknown
from rutrade.project.objects import Financing, Parameter, Project, ProjectObject

_TABLES = ("project_objects", "project_sector_mix", "tax_rules", "benefit_parameters", "deflators")


def tables() -> dict[str, pd.DataFrame]:
    """The tables the projects are built from."""
    return {name: data.load(name) for name in _TABLES}


def from_data(
    name: str = "programme",
    given: Mapping[str, pd.DataFrame] | None = None,
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
    given = tables() if given is None else given
    objects, mixes = given["project_objects"], given["project_sector_mix"]
    allowed = list(dict.fromkeys(objects.object))
    if name not in ("programme", *allowed):
        raise unknown("project", name, ("programme", *allowed))
    prices = given["deflators"].query("deflator == @deflator").set_index("year").index_2016
    if prices.empty:
        raise unknown("deflator", deflator, given["deflators"].deflator.unique())
    parameters = {
        r.parameter: Parameter(r.central, r.low, r.high, r.unit, r.source)
        for r in given["benefit_parameters"].itertuples()
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
    rules = tuple((r.tax, r.budget, int(r.year_from), float(r.rate)) for r in given["tax_rules"].itertuples())
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
