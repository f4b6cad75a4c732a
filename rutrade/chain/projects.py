"""From model 1 to model 2: a project's technological columns, and what it is worth at the economy's prices."""

from typing import Any

import pandas as pd

from rutrade import InputError, economy, project
from rutrade.chain.results import HORIZON
from rutrade.chain.setting import HISTORY, Setting
from rutrade.economy import regional
from rutrade.scenarios import Scenario

PLACES = ("NSK", "SibFD")  # region of the project: Novosibirsk, or its district where the tables do not split it
BUILT, SOLD = "construction and operation", "commercialised output"
APPRAISED = ("cost_overrun", "delay_years", "opex_factor", "multiplier", "high_tech_factor", "discount_rate_public")


def region(tables: regional.RegionalTables) -> str:
    """The region of the project in these tables. Raises InputError when they hold neither."""
    found = [place for place in PLACES if place in tables.regions]
    if not found:
        raise InputError(f"the regional tables hold neither {' nor '.join(PLACES)}: the project has no place there")
    return found[0]


def renewed(tables: regional.RegionalTables) -> tuple[str, ...]:
    """Sectors that the assumed gain of productivity reaches, as table 'sectors' has them."""
    reached = tables.data.sectors["renewed"]
    return tuple(reached.index[reached])


def appraisal(s: Scenario) -> dict[str, Any]:
    """The scenario's parameters of model 1."""
    return {name: getattr(s, name) for name in APPRAISED}


def build(s: Scenario, p: Setting, own: project.Project | None = None) -> project.Project:
    """The scenario's project, or `own` in its place. Raises InputError for one outside the models' years."""
    if own is None:
        return project.from_data(s.project, p.project_tables, **appraisal(s))
    if not own.years[0] <= HORIZON <= own.years[-1]:
        raise InputError(
            f"the project runs from {own.years[0]} to {own.years[-1]}: the chain looks at {HORIZON}, which must lie"
            " between"
        )
    return own


def gained(evaluation: project.Evaluation) -> pd.Series:
    """Part of the assumed gain of productivity that is there by year: of each object, weighted with its capital."""
    shape = evaluation.shape("productivity")
    capital = pd.Series({o.name: float(sum(o.capital_goods_bn_rub_2016.values())) for o in evaluation.project.objects})
    total = capital.sum()
    return shape @ capital[shape.columns] / total if total > 0 else 0.0 * shape.sum(axis=1)


def columns(
    tables: regional.RegionalTables, evaluation: project.Evaluation, s: Scenario
) -> tuple[economy.ProjectColumn, economy.ProjectColumn]:
    """The technological column of the project in 2030, in two parts, so that costs and benefits can be told apart.

    Construction and operation are purchases, staff, and capital drawn from the region's investment; commercialised
    output is sold with its inputs, labour and capital, and a rise of productivity may be assumed beside it.
    """
    flows, place = evaluation.technological_column(HORIZON), region(tables)
    of_sales = flows.index.get_level_values("flow") == "commercialised_output"
    objects = evaluation.project.objects
    drawn = sum(v for o in objects for y, v in o.capital_goods_bn_rub_2016.items() if HISTORY[-1] < y <= HORIZON)
    built = economy.project_column(
        tables, flows[~of_sales], BUILT, place, HORIZON, investment_fund=s.crowding_out * drawn * (1 + s.cost_overrun),
        capital_inside=s.crowding_out,
    )  # fmt: skip
    sold = economy.project_column(
        tables, flows[of_sales], SOLD, place, HORIZON, "output",
        productivity=_renewed(tables, s.productivity_effect, evaluation),
        effect_source="assumption", export_share=s.export_propensity, china_share=s.china_share,
    )  # fmt: skip
    return built, sold


def _renewed(tables: regional.RegionalTables, effect: float, evaluation: project.Evaluation) -> dict[str, float]:
    """The assumed gain of productivity in 2030 by sector. Raises InputError where sectors are merged."""
    if not effect:
        return {}
    sectors = renewed(tables)
    if any(sector not in tables.sectors for sector in sectors):
        raise InputError(
            f"parameter 'productivity_effect' = {effect} needs sectors = 'full': merged manufacturing cannot be told"
            " apart"
        )
    return dict.fromkeys(sectors, effect * float(gained(evaluation).get(HORIZON, 0.0)))
