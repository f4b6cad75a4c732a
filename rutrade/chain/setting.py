"""What scenarios share: the linked models without shocks, the one projection and its errors, tables of model 1."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import pandas as pd

from rutrade import data, economy, files, project, stored, structure, trade
from rutrade.chain.link import CHINA, HOME, Link, Linked, world_link
from rutrade.chain.results import HORIZON
from rutrade.chain.sectors import concordance
from rutrade.economy import regional

HISTORY = (2016, 2019, 2023)
BASE_YEAR, STRUCTURE = 2025, 2023  # totals by Chinese customs and structure by BACI, the last that are known
PAIRS = {"RUS_to_CHN": (HOME, CHINA), "CHN_to_RUS": (CHINA, HOME)}
ADVANCED = ("DEU", "JPN", "KOR", "USA")
COMPARED = (2019, 2022)  # years of the structure that Russia's exports are compared with
_MODELS = ("rutrade.trade", "rutrade.data")


@dataclass(frozen=True, eq=False)
class Setting:
    """What scenarios share.

    `link`, `reference`: both models and their solution without shocks; `start`, `procedure`: the one projection;
    `composition`: customs value by flow, group and world sector (W of (3.16)); `levers`: data table `trade_levers`;
    `errors`: standard deviations of the projection's log errors by horizon, from its own backtest; `advanced`: shares
    by class of goods of what advanced exporters sell to China; `project_tables`: the tables of model 1; `choices`: what
    all this was made for, by parameter of a scenario.
    """

    link: Link
    reference: Linked
    start: trade.TradeBase
    procedure: trade.forecast.Procedure
    composition: pd.DataFrame
    levers: pd.DataFrame
    errors: pd.DataFrame | None
    advanced: pd.Series
    project_tables: Mapping[str, pd.DataFrame]
    choices: Mapping[str, str]


def setting(
    sectors: str = "full",
    wedges: str = "constant",
    brent: str = "mid",
    elasticity_set: str = "central",
    paths: economy.Paths | None = None,
) -> Setting:
    """The setting of the data package, kept for further scenarios.

    `sectors`: full or 12; `wedges`: constant or ad_valorem; `brent`, `elasticity_set`: as in `trade.inputs` (they reach
    the world and the projection, not the economy's paths); `paths`: exogenous paths of the economy in place of the
    package's. Raises InputError for another choice, and for paths that miss a year.
    """
    return _setting(data.fingerprint(), sectors, wedges, brent, elasticity_set, paths)


@lru_cache(maxsize=2)
def _setting(
    fingerprint: str, sectors: str, wedges: str, brent: str, elasticity_set: str, paths: economy.Paths | None
) -> Setting:
    model = _model(fingerprint, sectors, paths)
    base = trade.baseline(HORIZON, brent=brent).rebased()
    merged = data.load("sectors").set_index("sector")["sector12"]
    pairs = concordance(data.load("world_economy_sectors"), base.sector_codes, model.stage.sectors, merged)
    link = world_link(model, base, pairs, wedges)
    return Setting(
        link, link.solve(), trade.inputs.projection_base(BASE_YEAR, STRUCTURE),
        trade.inputs.procedure(brent, elasticity_set), data.load("world_groups"), data.load("trade_levers"),
        errors(), _advanced(base.sectors), project.inputs.tables(),
        {"sectors": sectors, "wedges": wedges, "brent": brent, "elasticity_set": elasticity_set},
    )  # fmt: skip


def economy_model(sectors: str = "full") -> economy.EconomyModel:
    """Model 2 of a setting, as it is before it is linked: nine regions, the program for 2030."""
    return _model(data.fingerprint(), sectors, None)


@lru_cache(maxsize=2)
def _model(fingerprint: str, sectors: str, own: economy.Paths | None) -> economy.EconomyModel:
    """Model 2 on nine regions: its program for 2030, after the stages to 2023."""
    tables = regional.build(economy.inputs.regional(split=True), variant=sectors)
    return economy.last_model(tables, own or economy.inputs.paths(), (*HISTORY, HORIZON))


def _advanced(sectors: pd.DataFrame) -> pd.Series:
    """Shares by class of goods of what Germany, Japan, Korea and the USA together sold to China, mean of years."""
    panel = trade.inputs.panel()
    flows = sum(panel.flow(exporter, CHINA) for exporter in ADVANCED)
    years = [y for y in flows.columns if COMPARED[0] <= y <= COMPARED[1]]
    value = flows[years].mean(axis=1)
    goods = sectors["goods"].astype(bool)
    return structure.shares(value[goods.index[goods]].groupby(sectors["group"][goods]).sum())


def similarity(groups: pd.Series, p: Setting) -> float:
    """Finger-Kreinin similarity (0.4) of Russia's exports to China by group to what advanced exporters sell there.

    Both by class of the world's industries; groups go to industries by the customs composition of the last year.
    """
    rows = weights(p.composition)
    rows = rows[rows["flow"] == "RUS_to_CHN"]
    part = rows["value_musd"] / rows.groupby("group")["value_musd"].transform("sum")
    kind = rows["sector"].map(p.link.base.sectors["group"])
    ours = structure.shares((part * rows["group"].map(groups)).groupby(kind).sum())
    return structure.finger_kreinin(ours.reindex(p.advanced.index, fill_value=0.0), p.advanced)


def weights(composition: pd.DataFrame) -> pd.DataFrame:
    """Customs values by flow, group and world sector of the last year; W of (3.16) up to its scale."""
    return composition[(composition["sector"] != "unallocated") & (composition["year"] == composition["year"].max())]


def errors() -> pd.DataFrame:
    """Standard deviations of the published projection's log errors by horizon, from its backtest; stored.

    Raises InputError when the stored ones no longer fit the models.
    """
    return stored.read("errors", _definition()).set_index("horizon")


def renew_errors() -> dict:
    """Backtest the published procedure (customs totals and groups) and store its errors; returns the manifest."""
    clock = time.perf_counter()
    trials = trade.inputs.trials(trade.inputs.procedure())
    found = {name: trade.accuracy.backtest(**trials[name]) for name in ("totals", "groups")}
    table = trade.accuracy.deviations(found["totals"], found["groups"]).reset_index()
    return stored.keep("errors", table, _definition(), _MODELS, time.perf_counter() - clock)


def _definition() -> str:
    return files.digest(["totals groups"])
