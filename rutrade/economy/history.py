"""Model 2 held against history: backtest, naive forecasts, supply and use of 2019."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from rutrade import InputError
from rutrade.economy.model import EconomyModel
from rutrade.economy.options import FIRST_ROUND
from rutrade.economy.recursion import path
from rutrade.economy.regional import RegionalTables
from rutrade.economy.solution import EconomySolution
from rutrade.economy.stage import Bands, Paths, StageInputs, calibrate_capital

LADDER: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("first round", {}),
    ("labour weighted by pay (2.4')", {"labour": "pay"}),
    ("constant value shares (2.2')", {"value_shares": 1.0}),
    ("linear expenditure (2.2'')", {"engel": True}),
    ("external balance in currency (2.8')", {"balance": "currency"}),
    ("investment for growth after the stage (2.9')", {"investment": "terminal"}),
    ("capital by region and stage (2.6')", {"capital": "investment"}),
    ("choice of technique in new capacity (2.6'')", {"technique": 0.5}),
    ("China's shares by product from customs", {"china": "customs"}),
    ("plan of the railways (2.10)", {"rail": "plan"}),
    ("demand curves and isoquants (2.12')", {"trade": "curves"}),
)


def ladder(
    tables: RegionalTables, paths: Paths, observed: pd.DataFrame, nodes: Sequence[int] = (2016, 2019, 2023, 2030),
    gained: Sequence[str] = (), steps: Sequence[tuple[str, Mapping[str, Any]]] = LADDER, bands: Bands | None = None,
) -> pd.DataFrame:  # fmt: skip
    """What each change of the second round does: one row per step, each on top of those before.

    Columns: errors of `errors` by kind and year, percent; of the last stage consumption, gva, investment, exports,
    exports_china, imports (bn RUB of 2016); response: exports of the sectors `gained`
    (bn RUB) when they yield 10 % more.
    """
    options, rows, kappa = FIRST_ROUND, {}, calibrate_capital(tables, paths)
    for name, change in steps:
        options = options.but(**change)
        solutions = path(tables, paths, nodes, bands=bands, kappa=kappa, options=options)
        found = 100 * errors(backtest(tables, solutions, observed))["model"]
        last, before = solutions[nodes[-1]], solutions[nodes[-2]].state
        row = {f"error, {kind} {year}": value for (year, kind), value in found.items()}
        row |= {
            "consumption": last.consumption, "gva": last.gva.to_numpy().sum(), "investment": last.investment.sum(),
            "exports": float(last.exports.sum()), "exports_china": float(last.exports.sel(partner="CHN").sum()),
            "imports": float(last.imports.sum()),
        }  # fmt: skip
        if gained:
            model = EconomyModel(tables, last.year, paths, before, bands, kappa, options=options)
            row["response"] = response(model, gained, 0.1)
        rows[name] = row
    return pd.DataFrame(rows).T.rename_axis("change")


def response(model: EconomyModel, sectors: Sequence[str], gain: float) -> float:
    """Change of the sectors' own exports, bn RUB of 2016, when they yield `gain` more in every region.

    All exports together hardly move: the external balance holds, so others sell less.
    """
    answered = model.gained(dict.fromkeys(sectors, gain)).solve()
    return float((answered.exports - model.solve().exports).sel(product=list(sectors)).sum())


def backtest(
    tables: RegionalTables, solutions: Mapping[int, EconomySolution], observed: pd.DataFrame,
    paths: Paths | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Model growth since 2016 beside observed growth and naive forecasts, by district and by activity.

    `observed`: table 'gva_path'. Columns: year, kind (district, activity), name, weight (share in GVA of 2016),
    model, observed, no_change, trend (average growth 2013-2016 goes on), uniform (the model's own total for all):
    volumes as ratios to 2016; with `paths` also circular: the path of productivity (labour of districts) alone, scaled
    to the model's total, which comes from the observed value added itself. The model knows productivity, labour,
    exports and imports of the period: see `errors`.
    """
    index = observed.set_index(["region", "activity", "year"])[["gva_bn_rub", "volume_index_pct"]].sort_index()

    def growth(region: str, activity: str, first: int, last: int) -> float:
        if activity == "M+N":  # the two sections without research, which stands apart
            parts = {"M": 1.0, "N": 1.0, "M 72": -1.0}
        else:
            parts = dict.fromkeys(["M 72"] if activity == "M72" else activity.split("+"), 1.0)
        sums = np.zeros(2)
        for part, sign in parts.items():
            rows = index.loc[(region, part)]
            weight = sign * rows["gva_bn_rub"].get(first, np.nan)
            chain = (rows.loc[first + 1 : last, "volume_index_pct"] / 100).prod()
            sums += weight * np.array([1.0, chain])
        return sums[1] / sums[0]

    section = tables.data.sectors["section"]
    if tables.sectors != tuple(section.index):
        section = section.groupby(tables.data.sectors["sector12"]).agg(lambda s: "+".join(dict.fromkeys(s)))
    base, rows = solutions[min(solutions)].gva, []
    for year, solution in solutions.items():
        if year == min(solutions) or year > observed["year"].max():
            continue
        pairs = {
            "district": tuple(g.sum(axis=1).groupby(tables.districts, sort=False).sum() for g in (solution.gva, base)),
            "activity": tuple(g.T.groupby(section).sum().sum(axis=1) for g in (solution.gva, base)),
        }
        total = solution.gva.to_numpy().sum() / base.to_numpy().sum()
        known = _circular(tables, paths, year, base, section, total) if paths is not None else {}
        for kind, (now, then) in pairs.items():
            for name in then.index:
                where: tuple[str, str] = (name, "total") if kind == "district" else ("national", name)
                trend = growth(*where, 2013, 2016) ** ((year - 2016) / 3)
                seen = growth(*where, 2016, year)
                row = (year, kind, name, then[name] / then.sum(), now[name] / then[name], seen, 1.0, trend, total)
                rows.append((*row, *((known[kind][name],) if known else ())))
    names = ["year", "kind", "name", "weight", "model", "observed", "no_change", "trend", "uniform"]
    return pd.DataFrame(rows, columns=names + ["circular"] * (paths is not None))


def _circular(
    tables: RegionalTables, paths: Paths, year: int, base: pd.DataFrame, section: pd.Series, total: float
) -> dict[str, pd.Series]:
    """Growth by the paths of productivity (activities) and labour (districts) alone, scaled to the model's total."""
    given = StageInputs(tables, paths, year, Bands(), FIRST_ROUND)
    known = {
        "activity": (base.sum() * given.productivity()).groupby(section).sum() / base.sum().groupby(section).sum(),
        "district": pd.Series(given.shift, base.index).groupby(tables.districts, sort=False).mean(),
    }
    weight = {"activity": base.sum().groupby(section).sum()}
    weight["district"] = base.sum(axis=1).groupby(tables.districts, sort=False).sum()
    return {kind: g * total * weight[kind].sum() / (g * weight[kind]).sum() for kind, g in known.items()}


def compare_use(tables: RegionalTables, solution: EconomySolution, observed: pd.DataFrame) -> pd.DataFrame:
    """Structure of the stage to 2019 beside supply and use 2019 (table 'supply_use_2019'), by product, in percent.

    Columns: export_share and import_share (share of the product in all exports, imports), import_ratio (imports over
    domestic use), each `_model` at prices of 2016 and `_observed` at prices of 2019. Full variant only. Raises
    InputError for the 12-sector variant.
    """
    if len(tables.sectors) != len(tables.data.sectors):
        raise InputError(f"compare_use needs the full variant; these tables have {len(tables.sectors)} sectors")
    groups = {"OGS": "B", **dict.fromkeys(("COA", "OIL", "GAS", "ORE"), "B"), "RAI": "TRANSPORT", "TRP": "TRANSPORT"}
    sums = {
        "exports": solution.exports.sum(("region", "partner")).to_series(),
        "imports": solution.imports.sum(("region", "partner")).to_series(),
        "domestic": solution.deliveries.sum(("origin", "region")).to_series(),
    }
    model = pd.DataFrame(sums).groupby(lambda i: groups.get(i, i)).sum()
    wide = observed.pivot_table(index="product", columns=["part", "item"], values="value_bn_rub", aggfunc="sum").fillna(
        0
    )
    seen = pd.DataFrame({"exports": wide["domestic", "exports"], "imports": wide["import"].sum(axis=1)})
    seen["domestic"] = wide["domestic"].sum(axis=1) - seen["exports"]
    out = {}
    for name, t in (("model", model), ("observed", seen.loc[seen.index.intersection(model.index)])):
        out[f"export_share_{name}"] = 100 * t["exports"] / t["exports"].sum()
        out[f"import_share_{name}"] = 100 * t["imports"] / t["imports"].sum()
        out[f"import_ratio_{name}"] = 100 * t["imports"] / (t["imports"] + t["domestic"])
    return pd.DataFrame(out).loc[model.index].sort_index(axis=1)


def errors(table: pd.DataFrame) -> pd.DataFrame:
    """Root mean square log errors of `backtest`, weighted by GVA of 2016: rows (year, kind), columns forecasts.

    `model` and `uniform` share one total, which is nearly given by observed labour and productivity: their difference
    is what the model adds. With `trend` and `no_change` the comparison is with forecasts that know nothing later.
    """
    names = [n for n in ("model", "uniform", "trend", "no_change", "circular") if n in table]
    squares = np.log(table[names].div(table["observed"], axis=0)) ** 2
    weighted = squares.mul(table["weight"], axis=0).groupby([table["year"], table["kind"]]).sum()
    return weighted.div(table.groupby(["year", "kind"])["weight"].sum(), axis=0) ** 0.5
