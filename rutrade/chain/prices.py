"""The economy's prices by year, and what a project's sales and gains are worth at them, (4.7); stored.

Duals are those of solved years and of the project's region; a year takes the ones of its nearest solved year, never a
mean. Values are linear in what is sold, so that one unit a sector is priced once: sold at home, to China, to others.

(4.7) NPV = sum_t (CF_public(t) + V(t)) / (1 + d)^(t - t0), V(t) = sum_i s_i(t) lambda_i(n(t)) + sum_i g_i(t) mu_i(n(t))
      s: commercialised output of sector i, lambda: what a unit of it adds to consumption; g: gain of productivity, mu:
      what a gain of one adds
"""

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from rutrade import economy, files, project, stored
from rutrade.chain.projects import gained, region, renewed
from rutrade.project.valuation import nearest_node
from rutrade.scenarios import Scenario

_MODELS = ("rutrade.data", "rutrade.economy", "rutrade.chain.prices")
DUALS, GAIN = "dual", "productivity"
SOLD = {"home": (0.0, 0.0), "china": (1.0, 1.0), "others": (1.0, 0.0)}  # share exported, China's share of it


@dataclass(frozen=True, eq=False)
class Prices:
    """`duals` (solved year, row): sectors, labour, foreign_exchange over market prices; `worth` (solved year, sector,
    use): bn RUB of consumption for one bn RUB sold at home, to China or to others, and for a gain of productivity of 1.
    """

    duals: pd.DataFrame
    worth: pd.Series


def prices() -> Prices:
    """The stored prices. Raises InputError when they no longer fit the models."""
    table = stored.read("prices", _definition())
    duals = table[table["kind"] == DUALS].pivot(index="year", columns="row", values="value")
    rest = table[table["kind"] != DUALS].set_index(["year", "row", "kind"])["value"]
    return Prices(duals.rename_axis(columns=None), rest)


def renew_prices() -> dict:
    """Solve the economy in all its years, price one unit of everything, and store it; returns the manifest."""
    clock = time.perf_counter()
    path = economy.inputs.solved()
    tables, place = path.tables, region(path.tables)
    duals = path.duals(place)
    long = duals.rename_axis("year").melt(ignore_index=False, var_name="row").reset_index().assign(kind=DUALS)
    years = list(duals.index)
    unit = economy.ProjectColumn("one unit", place, years[0], effect_source="assumption")
    rows = []
    for sector in tables.sectors:
        columns = {
            use: replace(unit, output={sector: 1.0}, export_share=share, china_share=china)
            for use, (share, china) in SOLD.items()
        }
        if sector in renewed(tables):
            columns[GAIN] = replace(unit, productivity={sector: 1.0})
        for use, column in columns.items():
            value = path.value({y: column for y in years}.__getitem__, years)["value"]
            rows += [(year, sector, use, worth) for year, worth in value.items()]
    worth = pd.DataFrame(rows, columns=["year", "row", "kind", "value"])
    table = pd.concat([long[list(worth)], worth], ignore_index=True)
    return stored.keep("prices", table, _definition(), _MODELS, time.perf_counter() - clock)


def added(evaluation: project.Evaluation, s: Scenario, found: Prices) -> pd.Series:
    """V(t) of (4.7) by year: what sales and the assumed gain of productivity add to consumption, bn RUB of 2016."""
    own = evaluation.project
    years = np.array([y for y in own.horizon if y >= own.base_year])
    nodes = nearest_node(found.duals.index.to_numpy(), years)
    use = {"home": 1 - s.export_propensity, "china": s.export_propensity * s.china_share}
    use["others"] = 1 - sum(use.values())
    gain, worth = gained(evaluation).reindex(years, fill_value=0.0), found.worth.xs(GAIN, level=2)
    values = {}
    for year, node in zip(years, nodes, strict=True):
        flows = evaluation.technological_column(int(year))
        sold = flows.get("commercialised_output", pd.Series(dtype=float))
        value = sum(
            amount * share * found.worth[node, sector, name]
            for sector, amount in sold.items()
            for name, share in use.items()
        )
        value += s.productivity_effect * gain[year] * worth[node].sum()
        values[int(year)] = float(value)
    return pd.Series(values, name="added").rename_axis("year")


def public_value(evaluation: project.Evaluation, s: Scenario, found: Prices, **values: Any) -> pd.DataFrame:
    """Public flow at the economy's prices and V(t) by year, (4.7): at_prices, added, total; bn RUB of 2016.

    `values`: parameters of model 1, as in `project.evaluate`. The spillover rule (1.5) is left out: V(t) is in its
    place.
    """
    at_prices = project.evaluate(evaluation.project, shadow_prices=found.duals, spillover=False, **values)
    table = pd.DataFrame({"at_prices": at_prices.flow("public"), "added": added(evaluation, s, found)}).fillna(0.0)
    return table.assign(total=table.sum(axis=1)).rename_axis("year")


def _definition() -> str:
    return files.digest(["duals, worth of sales and gains"])
