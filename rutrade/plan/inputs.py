"""Inputs of the plan: blocks, limits and instruments from the data package, prices from model 2's solved years."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from rutrade import InputError, chain, data, economy, project, trade, unknown
from rutrade.chain import Shock
from rutrade.plan.blocks import Block, blocks
from rutrade.project import Project
from rutrade.project.valuation import FOREIGN_EXCHANGE, LABOUR
from rutrade.scenarios import Scenario

NODES = tuple(year for year in economy.NODES if year > 2023)  # solved years whose prices a plan looks at
REGION = "NSK"  # Novosibirsk oblast, the ninth region
WANTED = chain.ENGINEERING_CHEMICALS
RELIEF = 0.2  # cost of trade that sanctions are taken to add: relief takes it away (assumption)
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
    path = economy.inputs.solved(sectors=sectors)
    return Economy({year: path.models[year] for year in NODES}, {year: path.solutions[year] for year in NODES})


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


def fingerprint() -> str:
    """Fingerprint of the data."""
    return data.fingerprint()


def limits() -> pd.DataFrame:
    """Table `plan_limits` by limit."""
    return data.load("plan_limits").set_index("limit")


def instruments() -> pd.DataFrame:
    """Table `instrument_costs` by instrument."""
    return data.load("instrument_costs").set_index("instrument")


def responses() -> pd.DataFrame:
    """What each instrument at its largest size changes in 2030 by the linked models, bn USD: see `instruments`.

    The first row is 2030 without any: exports to China and, of them, engineering and chemicals at prices of the base
    year, turnover at current prices. The railway is measured against the plan's capacity.
    """
    linked = chain.prepare()
    none = linked.link.solve(Shock())
    level = _figures_of(linked, None)
    rows = {"without": level}
    for name in instruments().index:
        solved = linked.link.solve(shock(linked, {name: 1.0}), start=none)
        rows[name] = _figures_of(linked, chain.group_ratios(solved, none, linked.composition)) - level
    return pd.DataFrame(rows).T.rename_axis("instrument")


def checked(sizes: Mapping[str, float]) -> pd.Series:
    """What a mix of instruments (shares of their largest sizes) gives on the linked models, bn USD of 2030."""
    linked = chain.prepare()
    none = linked.link.solve(Shock())
    solved = linked.link.solve(shock(linked, sizes), start=none)
    return _figures_of(linked, chain.group_ratios(solved, none, linked.composition))


def shock(linked: Any, sizes: Mapping[str, float]) -> Shock:
    """Instruments at these shares of their largest sizes as one shock. Raises InputError for an unknown one."""
    table, rail = instruments(), None
    cost: dict[tuple[str, ...], float] = {}
    columns: tuple[economy.ProjectColumn, ...] = ()
    for name, size in sizes.items():
        if name not in table.index:
            raise unknown("instrument", name, table.index)
        row, amount = table.loc[name], size * table.at[name, "largest"]
        if row["lever"] == "programme":
            columns = (_column(linked, amount),) if amount else ()
        elif row["lever"] == "rail":
            rail = linked.link.rail_limit + amount
        else:
            for place, hat in _hats(linked, row["lever"], amount).items():
                cost[place] = cost.get(place, 1.0) * hat
    return Shock(trade_cost=cost, rail_capacity=rail, projects=columns)


def _hats(linked: Any, lever: str, amount: float) -> dict[tuple[str, ...], float]:
    """Trade cost by direction and sector of a lever at a size."""
    base = linked.link.base
    if lever == "support":
        return {("RUS", "CHN", group): 1 - amount for group in ("engineering", "chemicals")} if amount else {}
    if lever == "sanctions":
        members = base.regions.index[base.regions["sanctions"].astype(bool)]
        hat = 1 / (1 + RELIEF * amount)
        return {(*pair, "goods"): hat for r in members for pair in (("RUS", r), (r, "RUS"))} if amount else {}
    return chain.causes.levers(linked, Scenario.check(**{lever: amount})) if amount else {}


def _column(linked: Any, size: float) -> economy.ProjectColumn:
    """The programme's column of 2030."""
    found = project.evaluate(project.from_data("programme"))
    regions = linked.link.model.stage.regions
    place = REGION if REGION in regions else "SibFD"
    flows = found.technological_column(chain.HORIZON) * size
    return economy.project_column(
        linked.link.model.tables, flows, "programme", place, chain.HORIZON, "output",
        export_share=float(limits().at["export_share", "value"]), china_share=0.2, effect_source="assumption",
    )  # fmt: skip


def _figures_of(linked: Any, ratios: pd.Series | None) -> pd.Series:
    """Exports to China, engineering and chemicals of them (base prices), turnover (current) of 2030, bn USD."""
    effects = None if ratios is None else chain.phased(ratios, linked.start.year)
    years = [linked.start.year, chain.HORIZON]
    if effects is not None:
        effects = effects[years]
    table = trade.forecast.project(linked.start, linked.procedure, years, effects=effects).table
    table = table[table["year"] == chain.HORIZON]
    sold = table[table["flow"] == "RUS_to_CHN"].set_index("group")["value_bn_usd_base_prices"]
    figures = {
        "exports": sold.sum(), "wanted": sold[list(WANTED)].sum(), "turnover": table["value_bn_usd"].sum(),
    }  # fmt: skip
    return pd.Series(figures).astype(float)


def roubles() -> float:
    """Roubles of 2016 per dollar of the base year 2025: the rate over the price level."""
    macro, levels = data.load("macro"), data.load("deflators")
    rate = (macro["area"] == "RUS") & (macro["indicator"] == "rub_per_usd_weo") & (macro["year"] == 2025)
    level = (levels["deflator"] == "weo_gdp") & (levels["year"] == 2025)
    return float(macro["value"][rate].iloc[0] / levels["index_2016"][level].iloc[0])


def programme_cost(since: int = 2026, last: int = 2041) -> float:
    """Public money for building and running today's programme, bn RUB 2016 a year, mean of `since` to `last`."""
    found = project.evaluate(project.from_data("programme", seen_from=since))
    book = found.ledger[found.ledger["item"].isin(("federal_grant", "regional_grant", "operating_grant"))]
    return float(book[book["year"] <= last]["bn_rub_2016"].sum() / (last - since + 1))


def of_scenario(s: Scenario) -> dict[str, Any]:
    """What a scenario says of the project and its sales, as arguments of `plan.solve`."""
    names = ("multiplier", "high_tech_factor", "cost_overrun", "opex_factor", "discount_rate_public")
    return {name: getattr(s, name) for name in names} | {
        "export_share": s.export_propensity, "china_share": s.china_share, "sectors": s.sectors,
    }  # fmt: skip
