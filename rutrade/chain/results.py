"""Result of a scenario: figures, tables, what they were made from; on disk and as tables of the book."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rutrade import InputError, trade
from rutrade.scenarios import Scenario

HORIZON = 2030
FLOW_NAMES = {"RUS_to_CHN": "Russia to China", "CHN_to_RUS": "China to Russia"}
FIGURES = {  # name -> what it is, unit; 2030 unless said
    "turnover_bn_usd": ("Turnover", "bn USD, current"),
    "turnover_effect_bn_usd": ("Turnover, change by the scenario", "bn USD, current"),
    "exports_bn_usd": ("Exports to China", "bn USD, current"),
    "imports_bn_usd": ("Imports from China", "bn USD, current"),
    "share_base_year": ("Engineering and chemicals in exports, 2025", "%"),
    "share_constant": ("Engineering and chemicals in exports", "%, prices of 2025"),
    "share": ("Engineering and chemicals in exports", "%, current prices"),
    "shift_constant_pp": ("Their share, change by the scenario", "percentage points, prices of 2025"),
    "shift_project_pp": ("of it by the project", "percentage points, prices of 2025"),
    "resolution_pp": ("what the linked models tell apart", "percentage points"),
    "similarity": ("Similarity to advanced exporters", "0 to 1"),
    "gva_effect_bn_rub": ("Value added, change by the project", "bn RUB of 2016"),
    "gva_effect_region_bn_rub": ("of it in the project's region", "bn RUB of 2016"),
    "consumption_effect_bn_rub": ("Consumption, change by the project", "bn RUB of 2016"),
    "exports_china_effect_bn_rub": ("Exports to China, change by the project", "bn RUB of 2016"),
    "npv_public_market": ("Public NPV at market prices", "bn RUB of 2016"),
    "npv_public_chain": ("Public NPV at the economy's prices", "bn RUB of 2016"),
    "npv_commercial": ("Commercial NPV", "bn RUB of 2016"),
    "rail_used_mt": ("Freight of the Eastern railways", "Mt"),
    "rail_price": ("Price of the Eastern railways", "bn RUB of 2016 per Mt"),
}


@dataclass(frozen=True)
class ChainResult:
    """Result of one scenario: key figures, tables of all three models, and what they were made from.

    `figures` are the numbers a comparison of scenarios shows; `tables` (by name, see `write`) hold the rest;
    `manifest` names version and data. Two results are equal when all three are.
    """

    scenario: Scenario
    figures: Mapping[str, float]
    tables: Mapping[str, pd.DataFrame] = field(repr=False)
    manifest: Mapping[str, str]

    def summary(self) -> pd.DataFrame:
        """Key figures with names and units; unknown ones of other versions are left out."""
        rows = [(*FIGURES[name], value) for name, value in self.figures.items() if name in FIGURES]
        return pd.DataFrame(rows, columns=["figure", "unit", "2030"])

    def _repr_html_(self) -> str:
        return self.summary().to_html(index=False, float_format="{:,.4g}".format)

    def plot(self, ax: Any = None) -> Any:
        """Both flows by year, without (dashed) and with the scenario, bn USD; returns the axes."""
        import matplotlib.pyplot as plt

        ax = ax or plt.subplots()[1]
        for flow, name in FLOW_NAMES.items():
            ours, base = (_by_year(self.tables[t], flow) for t in ("trade_totals", "trade_totals_reference"))
            line = ax.plot(ours.index, ours["value_bn_usd"], label=name)[0]
            ax.plot(base.index, base["value_bn_usd"], "--", color=line.get_color())
        ax.set_ylabel("bn USD, current")
        ax.legend()
        return ax

    def write(self, folder: str | Path) -> Path:
        """Write one folder: a Parquet file per table and `manifest.json`; aside first, then moved."""
        import shutil

        folder = Path(folder)
        aside = folder.with_name(f".{folder.name}.part")
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        for name, table in self.tables.items():
            table.to_parquet(aside / f"{name}.parquet")
        content = {
            "scenario": self.scenario.model_dump(),
            "figures": dict(self.figures),
            "tables": list(self.tables),
            "manifest": dict(self.manifest),
        }
        (aside / "manifest.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        aside.rename(folder)
        return folder

    def equals(self, other: "ChainResult") -> bool:
        """Whether scenario, figures, tables and manifest are the same."""
        same = self.scenario == other.scenario and dict(self.manifest) == dict(other.manifest)
        figures = pd.Series(self.figures).equals(pd.Series(other.figures))
        tables = list(self.tables) == list(other.tables)
        return same and figures and tables and all(t.equals(other.tables[n]) for n, t in self.tables.items())


def load(folder: str | Path) -> ChainResult:
    """Read a result that `ChainResult.write` wrote. Raises InputError when the folder holds none."""
    folder = Path(folder)
    try:
        content = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        tables = {name: pd.read_parquet(folder / f"{name}.parquet") for name in content["tables"]}
    except (OSError, KeyError, json.JSONDecodeError) as error:
        raise InputError(f"folder {folder} holds no result of the chain ({error})") from None
    return ChainResult(Scenario.check(**content["scenario"]), content["figures"], tables, content["manifest"])


def break_even(share_pp: float, threshold_pp: float, total_bn_usd: float) -> float:
    """Extra exports that raise a share of s0 by p: dX = p T / (1 - s0 - p) (4.8), bn USD.

    share_pp: s0 and threshold_pp: p in percent; total_bn_usd: T, exports without the extra. Raises InputError when
    share and threshold reach 100 percent.
    """
    s0, p = share_pp / 100, threshold_pp / 100
    if not 0 <= s0 < 1 or not 0 < p < 1 - s0:
        raise InputError(f"share {share_pp} % and threshold {threshold_pp} pp are not allowed: together below 100")
    return p * total_bn_usd / (1 - s0 - p)


def crossing(line: pd.Series, level: float) -> float:
    """Where a rising line (index: parameter, values: figure) crosses a level, by linear interpolation; NaN if never."""
    line = line.dropna()
    if not line.min() <= level <= line.max():
        return float("nan")
    return float(np.interp(level, line.to_numpy(), line.index.to_numpy(float)))


def fan_tables(result: ChainResult) -> dict[str, pd.DataFrame]:
    """Both flows by year (index): value of the scenario, quantiles, value without it; bn USD current."""
    tables = {}
    for flow, name in FLOW_NAMES.items():
        ours, base = (_by_year(result.tables[t], flow) for t in ("trade_totals", "trade_totals_reference"))
        tables[name] = _with_draws(ours)[["value_bn_usd", *trade.QUANTILES]].assign(without=base["value_bn_usd"])
    return tables


def _with_draws(table: pd.DataFrame) -> pd.DataFrame:
    """The table, which must have quantiles. Raises InputError for a scenario without draws."""
    if "q05" not in table:
        raise InputError("the scenario has no draws, so that there are no intervals: parameter 'draws' must be above 0")
    return table


def _by_year(table: pd.DataFrame, flow: str) -> pd.DataFrame:
    return table[table["flow"] == flow].set_index("year")


def share_table(result: ChainResult) -> pd.DataFrame:
    """Engineering + chemicals share (percent, prices of 2025) by year: value, quantiles, value without the scenario."""
    ours, base = (
        _by_year(table[table["prices"] == "base"], "RUS_to_CHN")
        for table in (result.tables["share"], result.tables["share_reference"])
    )
    return _with_draws(ours)[["share", *trade.QUANTILES]].assign(without=base["share"])


def group_table(result: ChainResult) -> pd.DataFrame:
    """Both flows by group: base year, 2030 without and with the scenario, its 90 % interval; bn USD current."""
    keys = ["flow", "group"]
    table = result.tables["trade"]
    first = int(table["year"].min())
    now = table[table["year"] == first].set_index(keys)["value_bn_usd"]
    last, base = (t[t["year"] == HORIZON].set_index(keys) for t in (table, result.tables["trade_reference"]))
    names = {str(first): now, "2030 without": base["value_bn_usd"], "2030": last["value_bn_usd"]}
    last = _with_draws(last)
    names |= {"5 %": last["q05"], "95 %": last["q95"]}
    return pd.DataFrame(names)
