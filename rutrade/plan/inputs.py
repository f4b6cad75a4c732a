"""Inputs of the plan: blocks, limits and instruments from the data package, prices from model 2's solved years."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from rutrade import InputError, data, economy, project
from rutrade.economy import regional
from rutrade.plan.blocks import Block, blocks
from rutrade.project import Project
from rutrade.project.valuation import FOREIGN_EXCHANGE, LABOUR

NODES = (2026, 2028, 2030, 2033, 2036)  # years solved for prices, each from the last observed state
HISTORY = (2016, 2019, 2023)
REGION = "NSK"  # Novosibirsk oblast, the ninth region
ENDS = (2026, 2040)  # first years a plan may look forward from


@dataclass(frozen=True, eq=False)
class Economy:
    """Model 2 of the second round for the solved years, and its solutions without any plan."""

    models: Mapping[int, economy.EconomyModel]
    without: Mapping[int, economy.EconomySolution]

    @property
    def duals(self) -> pd.DataFrame:
        """Shadow over market prices without any plan (solved year, row)."""
        return duals(self.without)

    def value_added(self) -> dict[str, float]:
        """Value added per rouble of output in the region, by sector."""
        st = self.models[2030].stage
        return _every(dict(zip(st.sectors, st.value_added[st.regions.index(REGION)], strict=True)))

    def own_supply(self) -> dict[str, float]:
        """Share of the domestic products that the region uses which it delivers itself, by product."""
        st = self.models[2030].stage
        r = st.regions.index(REGION)
        return _every(dict(zip(st.sectors, st.delivery_share[:, r, r], strict=True)))


def duals(solutions: Mapping[int, economy.EconomySolution]) -> pd.DataFrame:
    """Shadow over market prices in the region (solved year, row): goods, labour over pay, foreign exchange.

    Foreign exchange is the price of the balance times the price of imports, so that it values a unit of imports.
    """
    rows = {
        year: {
            **_every(s.use_prices[REGION].to_dict()),
            LABOUR: s.labour_price[REGION],
            FOREIGN_EXCHANGE: s.balance_price * s.stage.import_price,
        }
        for year, s in solutions.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("year")


def economy_of(sectors: str = "full") -> Economy:
    """Model 2 in the solved years, kept for further plans. Raises InputError for a variant there is not."""
    return _economy(data.fingerprint(), sectors)


@lru_cache(maxsize=2)
def _economy(fingerprint: str, sectors: str) -> Economy:
    tables = regional.build(economy.inputs.regional(split=True), variant=sectors)
    paths, options = economy.inputs.paths(), economy.Options()
    kappa = economy.calibrate_capital(tables, paths)
    history = economy.path(tables, paths, HISTORY, kappa=kappa, options=options)
    last = history[HISTORY[-1]].state
    models = {year: economy.EconomyModel(tables, year, paths, last, kappa=kappa, options=options) for year in NODES}
    return Economy(models, {year: m.solve() for year, m in models.items()})


def _every(by_sector: Mapping[str, float]) -> dict[str, float]:
    """Figures by sector of the model for every sector of the projects: of a merged one, those of the whole."""
    whole = data.load("sectors").set_index("sector")["sector12"]
    found = {code: by_sector.get(code, by_sector.get(merged, 0.0)) for code, merged in whole.items()}
    return {code: float(value) for code, value in found.items()}


def programme(own: Iterable[str | Path] = (), since: int = 2026, **values: Any) -> tuple[Project, tuple[Block, ...]]:
    """The whole programme with one's own objects, and its blocks.

    `values`: as in `project.from_data`. Raises InputError for an own object that starts before `since`, and as
    `project.from_data`.
    """
    paths, given = list(own), project.inputs.tables()
    there = set(given["project_objects"]["object"])
    given = project.inputs.with_own(given, paths)
    whole = project.from_data("programme", given, **values)
    for o in whole.objects:
        if o.name not in there and o.start_year < since:
            raise InputError(
                f"own object '{o.name}': start_year = {o.start_year} is not allowed: {since} or later, the first year "
                "of the plan"
            )
    return whole, blocks(whole, data.load("plan_blocks"))


def limits() -> pd.DataFrame:
    """Table `plan_limits` by limit."""
    return data.load("plan_limits").set_index("limit")


def instruments() -> pd.DataFrame:
    """Table `instrument_costs` by instrument."""
    return data.load("instrument_costs").set_index("instrument")
