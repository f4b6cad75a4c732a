"""Inputs of model 3 from the data package."""

from dataclasses import dataclass, replace
from functools import lru_cache

import pandas as pd

from rutrade import data, unknown
from rutrade.trade import yardsticks
from rutrade.trade.backtest import interval_errors, rolling_errors
from rutrade.trade.counterfactuals import WorldPaths
from rutrade.trade.forecast import Procedure, base
from rutrade.trade.gravity import gravity_panel
from rutrade.trade.groups import FLOWS, GROUPS
from rutrade.trade.growth import EquilibriumGrowth, FittedSanctions
from rutrade.trade.panel import WorldPanel
from rutrade.trade.projection import Paths, TradeBase
from rutrade.trade.shares import china_shares, observed_shares
from rutrade.trade.world import Benchmark, benchmark

SHARES = ("held", "moved", "observed")


def gravity() -> pd.DataFrame:
    """The sectoral panel of the data package: 40 countries, 16 goods sectors, five years, domestic supply included."""
    return gravity_panel(data.load("gravity_sectors"), data.load("gravity_pairs"))


@dataclass(frozen=True)
class Inputs:
    """Everything `TradeModel` needs, from the data package: TradeModel(**vars(inputs.projection()))."""

    base: TradeBase
    elasticities: pd.DataFrame
    paths: Paths
    errors: pd.DataFrame | None
    levers: pd.DataFrame


def projection(
    base_year: int = 2023, prices: str = "mid", elasticity_set: str = "central", shares: str = "held"
) -> Inputs:
    """Inputs from the data package: base values from BACI, China's shares, paths, elasticities, errors, levers.

    prices: low | mid | high; elasticity_set: low | central | high value as centre; shares: held | moved (from 2019, see
    `china_shares`) | observed (BACI of the base year, see `observed_shares`).
    China's share in Russia's imports is known in total only and is used for every group (assumption). Raises InputError
    for a base year, price path or elasticity set that is not there.
    """
    if elasticity_set not in ("low", "central", "high"):
        raise unknown("elasticity set", elasticity_set, ("low", "central", "high"))
    base, elasticities = _trade_base(base_year, shares), data.load("trade_elasticities")
    elasticities = elasticities.assign(central=elasticities[elasticity_set])
    return Inputs(base, elasticities, paths(prices), _errors(data.fingerprint()).copy(), data.load("trade_levers"))


@lru_cache(maxsize=2)
def _errors(fingerprint: str) -> pd.DataFrame:
    """Errors of the intervals (3.7), which hang on the data alone: one computation serves every choice of inputs."""
    return interval_errors(rolling_errors(**history()))


def _trade_base(year: int, shares: str) -> TradeBase:
    """Values by group and China's shares in the base year; raises as `projection`."""
    structure = data.load("trade_structure")
    structure = structure[(structure["reporter"] == "BACI") & structure["group"].isin(GROUPS)]
    structure = structure.assign(flow=structure["exporter"] + "_to_" + structure["importer"])
    rows = structure[structure["year"] == year]
    if rows.empty:
        raise unknown("base year (with both directions by group)", year, sorted(set(structure["year"])))
    value = rows.pivot(index="group", columns="flow", values="value_musd").reindex(GROUPS)[list(FLOWS)] / 1e3
    partners = data.load("partners")
    partners = partners[(partners["reporter"] == "RUS") & partners["partner"].isin(["WLD", "CHN"])]
    totals = partners.pivot(index=["flow", "year"], columns="partner", values="value_musd")
    totals = totals.rename(columns={"WLD": "world", "CHN": "china"})
    imports = totals.loc["import"]
    share = pd.DataFrame({
        "RUS_to_CHN": _export_shares(value["RUS_to_CHN"], totals.loc["export"], year, shares),
        "CHN_to_RUS": float(imports["china"][year] / imports["world"][year]),
    })  # fmt: skip
    chapters = data.load("trade_chapters")
    chapters = chapters[(chapters["reporter"] == "BACI") & (chapters["year"] == year) & (chapters["item"] == "90")]
    instruments = chapters.set_index(chapters["exporter"] + "_to_" + chapters["importer"])["value_musd"] / 1e3
    return TradeBase(year, value, share, instruments / value.loc["90-99"], "BACI")


def _export_shares(value: pd.Series, total: pd.DataFrame, year: int, method: str) -> pd.Series:
    """China's share in Russia's exports by group; the source of the world's part hangs on the method."""
    if method not in SHARES:
        raise unknown("method of shares", method, SHARES)
    if method == "observed":
        exports = data.load("exports_to_world")
        group = exports["chapter"].map(data.load("concordance").set_index("chapter")["group"])
        world = exports[exports["year"] == year].groupby(group)["russia_musd"].sum() / 1e3
        return observed_shares(value, world)
    world = data.load("world_exports")
    world = world[world["year"] == world["year"].max()].set_index("group").astype({"year": int})
    world.attrs["year"] = int(world["year"].iloc[0])
    return china_shares(world, total, value, year, method)


def paths(prices: str = "mid") -> Paths:
    """Observed prices to 2024 and the path `prices` after that; real GDP of the buyer from the IMF's outlook.

    Raises InputError for an unknown price path.
    """
    table = data.load("price_paths")
    if prices not in (allowed := [s for s in table["scenario"].unique() if s != "observed"]):
        raise unknown("price path", prices, allowed)
    table = table[table["scenario"].isin(["observed", prices])].astype({"year": int})
    macro = data.load("macro").astype({"year": int})
    gdp = macro[macro["indicator"] == "gdp_constant_bn_lcu"].pivot(index="year", columns="area", values="value")
    activity = gdp[["CHN", "RUS"]].set_axis(list(FLOWS), axis=1)
    return Paths(activity, table.pivot(index="year", columns="commodity", values="value"), prices)


def history(last: int = 2023) -> dict:
    """Arguments of `forecast_errors` and `rolling_errors` from the data package (values up to `last`).

    Series never chain reporters: "RUS" (Russian declarations 2013-2021, HS 64-99 as one group), "BACI" (2017-2023),
    "CHN" (Chinese customs, totals only); each has its own "TOTAL".
    """
    table = data.load("trade_structure").dropna(subset=["value_musd"])
    table = table[table["group"].isin([*GROUPS, "64-99"]) & table["reporter"].isin(["BACI", "RUS"])]
    table = table[~((table["reporter"] == "BACI") & (table["group"] == "64-99"))]
    table = table.assign(flow=table["exporter"] + "_to_" + table["importer"], value_bn_usd=table["value_musd"] / 1e3)
    groups = table.rename(columns={"reporter": "series"})[["series", "flow", "group", "year", "value_bn_usd"]]
    sums = groups.groupby(["series", "flow", "year"], as_index=False)["value_bn_usd"].sum().assign(group="TOTAL")
    totals = data.load("trade_totals")
    totals = totals[(totals["reporter"] == "CHN") & totals["preferred"] & totals["flow"].isin(FLOWS)]
    totals = totals.assign(series="CHN", group="TOTAL")[list(groups.columns)]
    result = pd.concat([groups, sums, totals], ignore_index=True).astype({"year": int})
    partners = data.load("partners").astype({"year": int})
    buyers = partners[(partners["partner"] == "WLD") & (partners["flow"] == "import")]
    world = buyers.pivot(index="year", columns="reporter", values="value_musd")[["CHN", "RUS"]] / 1e3
    return {
        "history": result[result["year"] <= last],
        "elasticities": data.load("trade_elasticities"),
        "paths": paths(),
        "world": world.set_axis(list(FLOWS), axis=1),
    }


def world(study: str = "median") -> Benchmark:
    """The benchmark of the world model, 2022; study: whose trade elasticities, or "median" (see `elasticities`).

    Raises InputError for an unknown study.
    """
    return _world(data.fingerprint(), study)


@lru_cache(maxsize=4)
def _world(fingerprint: str, study: str) -> Benchmark:
    flows, regions, sectors, theta = map(data.load, ("world_flows", "world_regions", "world_sectors", "theta"))
    return benchmark(flows, regions, sectors, theta, study=study)


def world_paths() -> WorldPaths:
    """Growth, nominal GDP, Brent and current accounts by year, for the world's baseline."""
    growth = data.load("world_growth").astype({"year": int})
    accounts = data.load("current_accounts").astype({"year": int})
    prices = data.load("price_paths").astype({"year": int})
    brent = prices[prices["commodity"] == "brent"].pivot(index="year", columns="scenario", values="value")
    brent = brent.drop(columns="observed").apply(lambda path: path.fillna(brent["observed"]))
    known = growth.loc[growth["status"] != "estimate", "year"].max()
    return WorldPaths(
        volume=growth.pivot(index="year", columns="region", values="growth_pct") / 100,
        nominal=growth.pivot(index="year", columns="region", values="gdp_bn_usd"),
        brent=brent[["low", "mid", "high"]],
        current_account=accounts.pivot(index="year", columns="region", values="current_account_bn_usd"),
        last_known=int(known),
    )


def panel() -> WorldPanel:
    """The world panel 2011-2022: 31 regions, 28 sectors, domestic supply included."""
    return WorldPanel.of(data.load("world_panel"), data.load("panel_regions"))


def procedure(prices: str = "mid", elasticity_set: str = "central") -> Procedure:
    """The published procedure of projection, from the data package.

    prices: path after 2024, low | mid | high; elasticity_set: low | central | high, as centre of the rule. Raises
    InputError for a price path or elasticity set that is not there.
    """
    if elasticity_set not in ("low", "central", "high"):
        raise unknown("elasticity set", elasticity_set, ("low", "central", "high"))
    elasticities = data.load("trade_elasticities")
    elasticities = elasticities.assign(central=elasticities[elasticity_set])
    hats = EquilibriumGrowth(world(), world_paths(), prices)
    return Procedure(elasticities, paths(prices), hats, data.load("world_groups"))


def projection_base(year: int = 2025, structure: int = 2023, moved: Procedure | None = None) -> TradeBase:
    """Base of the one projection: totals of `year` by Chinese customs with the structure (BACI) of an earlier year.

    China's shares by group are those observed in the structure's year. moved: a procedure that moves the structure to
    `year` first, see `forecast.base`. Raises InputError for a year
    without both totals or without structure.
    """
    totals = data.load("trade_totals").astype({"year": int})
    totals = totals[(totals["reporter"] == "CHN") & totals["preferred"] & totals["flow"].isin(FLOWS)]
    wide = totals.pivot(index="year", columns="flow", values="value_bn_usd").dropna()
    if year not in wide.index:
        raise unknown("year with totals by Chinese customs", year, list(wide.index))
    series = f"Chinese customs {year}, structure BACI {structure}"
    return base(wide.loc[year], _trade_base(structure, "observed"), year, series, moved)


def trials(published: Procedure) -> dict[str, dict]:
    """Arguments of `accuracy.backtest` by trial: all that is known of what the published procedure could do.

    groups: customs groups (BACI) from the origins 2017-2021, to 2023. totals: Chinese customs from 2017-2024, to 2025
    (2024 and 2025 were never used in building anything). sectors: goods of the world panel (ICIO) from 2011-2021, to
    2022; mining support has no customs trade and is left out. The buyer's imports in total are China's by Chinese
    customs and Russia's by the IMF to 2024, estimates from 2022.
    """
    past, flows, nominal = history(), panel(), world_paths()
    groups = past["history"]
    groups = groups[(groups["series"] == "BACI") & groups["group"].isin(GROUPS)].rename(columns={"group": "item"})
    totals = data.load("trade_totals").astype({"year": int})
    totals = totals[(totals["reporter"] == "CHN") & totals["preferred"] & totals["flow"].isin(FLOWS)]
    totals = totals[totals["year"] >= 2017].assign(item="all goods")
    codes = set(published.structure(2017).index.get_level_values("sector")) - {"SERV"}
    values = yardsticks.sector_values(flows, [s for s in flows.sectors if s in codes])
    partners = data.load("gravity_russia").astype({"year": int})

    def growth(origin: int, year: int) -> float:
        return nominal.scale(year) / nominal.scale(origin)

    by_group = yardsticks.customs_methods(published, groups, growth, past["world"], partners, flows)
    by_total = yardsticks.total_methods(published, totals, by_group, growth)
    by_sector = yardsticks.sector_methods(published, values, growth, flows)
    return {
        "groups": {"values": groups, "methods": by_group, "origins": range(2017, 2022), "last": 2023},
        "totals": {"values": totals, "methods": by_total, "origins": range(2017, 2025), "last": 2025},
        "sectors": {"values": values, "methods": by_sector, "origins": range(2011, 2022), "last": 2022},
    }


def diversion_trials(published: Procedure) -> dict[str, dict]:
    """Arguments of `accuracy.backtest`, from 2021: whether sanctions foretell the diversion of 2022-2024.

    "with sanctions" and "equilibrium with sanctions": the procedure, and its equilibrium alone, with the trade cost of
    sanctions fitted to Russia's trade with the sanctioning regions of the world model (IMF), never to that with China.
    The other methods are those of `trials`. groups: to 2023; totals: to 2024.
    """
    table, regions = data.load("gravity_russia").astype({"year": int}), data.load("world_regions")
    members = regions.loc[regions["sanctions"], "members"].str.split(" ").explode()
    trade = table[table["partner"].isin(members)].groupby(["flow", "year"])["value_musd"].sum()

    def observed(origin: int, year: int) -> tuple[float, float]:
        exports, imports = (float(trade[side, year] / trade[side, origin]) for side in ("export", "import"))
        return exports, imports

    assert isinstance(published.hats, EquilibriumGrowth)  # as `procedure` makes it
    after = replace(published, hats=FittedSanctions(published.hats, observed))
    found = {}
    for name, last in (("groups", 2023), ("totals", 2024)):
        trial = trials(published)[name]
        growth = yardsticks.procedure_growth(after.growth)
        extra = {"with sanctions": growth["combination"], "equilibrium with sanctions": growth["equilibrium"]}
        if name == "totals":
            extra = {method: yardsticks.in_total(one, after) for method, one in extra.items()}
        found[name] = trial | {"methods": extra | trial["methods"], "origins": [2021], "last": last}
    return found
