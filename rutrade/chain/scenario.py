"""The chain of the three models: project -> economy without and with it -> trade for both -> back to efficiency.

`prepare` reads the data and solves the history of the economy once; `run` evaluates one scenario. Units: bn RUB at
2016 prices for models 1 and 2, bn USD (current, or at prices of 2023) for trade.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from rutrade import InputError, __version__, data, economy, project, structure, trade
from rutrade.chain.results import HORIZON, ChainResult
from rutrade.economy import regional
from rutrade.scenarios import Scenario

if TYPE_CHECKING:
    import xarray as xr

ADVANCED = ("DEU", "JPN", "KOR", "USA")
REGION = "SibFD"  # federal district of Novosibirsk
HISTORY = (2016, 2019, 2023)
BUILT, SOLD = "construction and operation", "commercialised output"
ENGINEERING_CHEMICALS = trade.CHEMICALS + trade.ENGINEERING
RENEWED = ("MAC", "ELE", "CHE", "PHA", "FAB", "VEH", "OTR")  # sectors of the productivity effect (assumption)
STEPS = 25  # of the feedback, at most


@dataclass(frozen=True)
class Prepared:
    """What scenarios share: the tables of model 1, model 2 solved to 2023 and built for 2030, inputs of model 3."""

    project_tables: Mapping[str, pd.DataFrame]
    history: Mapping[int, economy.EconomySolution]
    model: economy.EconomyModel
    inertial: economy.EconomySolution
    trade_inputs: trade.Inputs
    mapping: pd.DataFrame
    advanced: pd.Series
    classes: pd.Series


def prepare(scenario: Scenario | None = None) -> Prepared:
    """Read the data and solve what does not change between scenarios of the same sectors, bands and trade inputs."""
    s = scenario or Scenario()
    return _prepare(data.fingerprint(), s.sectors, s.band_deliveries, s.band_imports, s.band_exports,
                    s.projection_base, s.brent, s.elasticity_set)  # fmt: skip


@lru_cache(maxsize=4)
def _prepare(
    fingerprint: str, sectors: str, deliveries: float, imports: float, exports: float,
    base_year: int, brent: str, elasticities: str,
) -> Prepared:  # fmt: skip
    history, model, inertial = _economy(fingerprint, sectors, deliveries, imports, exports)
    return Prepared(
        project.inputs.tables(),
        history,
        model,
        inertial,
        trade.inputs.projection(base_year, brent, elasticities),
        _sector_groups(model.tables),
        _advanced_structure(),
        _classes("wits_group"),
    )


@lru_cache(maxsize=2)
def _economy(
    fingerprint: str, sectors: str, deliveries: float, imports: float, exports: float
) -> tuple[dict[int, economy.EconomySolution], economy.EconomyModel, economy.EconomySolution]:
    """Model 2 to 2023 and its program for 2030, kept so that scenarios are solved in place."""
    tables = regional.build(economy.inputs.regional(), variant=sectors)
    paths, bands = economy.inputs.paths(), economy.Bands(deliveries, imports, exports)
    kappa = economy.calibrate_capital(tables, paths)
    history = economy.path(tables, paths, HISTORY, bands=bands, kappa=kappa)
    model = economy.EconomyModel(tables, HORIZON, paths, history[HISTORY[-1]].state, bands, kappa)
    inertial = model.solve()  # also the start of every later solution, so that results do not depend on their order
    return history, model, inertial


def _sector_groups(tables: regional.RegionalTables) -> pd.DataFrame:
    """The map from sectors to commodity groups, weighted by exports of 2016 where sectors are merged."""
    mapping = data.load("sector_group")[["flow", "sector", "group", "share", "margin"]]
    sectors = tables.data.sectors
    if tables.sectors == tuple(sectors.index):
        return mapping
    weight = tables.data.national.domestic["exports"]
    rows = mapping.assign(value=mapping["share"] * mapping["sector"].map(weight))
    rows = rows.assign(customs=rows["value"] * rows["margin"], sector=rows["sector"].map(sectors["sector12"]))
    rows = rows.groupby(["flow", "sector", "group"])[["value", "customs"]].sum()
    total = rows["value"].groupby(["flow", "sector"]).transform("sum")
    return pd.DataFrame(
        {"share": rows["value"] / total, "margin": (rows["customs"] / rows["value"]).fillna(1.0)}
    ).reset_index()


def _advanced_structure() -> pd.Series:
    """Shares by common class of what Germany, Japan, Korea and the USA together sold to China, latest panel year."""
    panel = data.load("gravity_sectors")
    rows = panel[(panel["year"] == panel["year"].max()) & panel["exporter"].isin(ADVANCED)]
    return structure.shares(rows.groupby(rows["sector"].map(_classes("wiod_sector")))["CHN"].sum().astype(float))


def _classes(classification: str) -> pd.Series:
    """Common class of each code of a classification."""
    table = data.load("product_classes")
    return table[table["classification"] == classification].set_index("code")["class"]


def _exports(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of Russia's exports to China in 2030, of a table by flow and year."""
    return table[(table["flow"] == "RUS_to_CHN") & (table["year"] == HORIZON)]


def _similarity(groups: pd.Series, p: Prepared) -> float:
    """Finger-Kreinin similarity (0.4) of exports by group to the advanced exporters' structure, on common classes."""
    ours = structure.shares(groups.groupby(groups.index.map(p.classes)).sum())
    return structure.finger_kreinin(ours, p.advanced.reindex(ours.index))


def columns(
    tables: regional.RegionalTables, evaluation: project.Evaluation, s: Scenario
) -> tuple[economy.ProjectColumn, economy.ProjectColumn]:
    """The technological column of the project in 2030, in two parts, so that costs and benefits can be told apart.

    Construction and operation are purchases, staff, and capital drawn from the district's investment; commercialised
    output is sold with its inputs, labour and capital, and a rise of productivity may be assumed beside it.
    """
    flows = evaluation.technological_column(HORIZON)
    of_sales = flows.index.get_level_values("flow") == "commercialised_output"
    objects = evaluation.project.objects
    drawn = sum(v for o in objects for y, v in o.capital_goods_bn_rub_2016.items() if HISTORY[-1] < y <= HORIZON)
    built = economy.project_column(
        tables, flows[~of_sales], BUILT, REGION, HORIZON, investment_fund=s.crowding_out * drawn * (1 + s.cost_overrun)
    )
    sold = economy.project_column(
        tables, flows[of_sales], SOLD, REGION, HORIZON, "output",
        productivity=dict.fromkeys(RENEWED, s.productivity_effect), effect_source="assumption",
        export_share=s.export_propensity, china_share=s.china_share,
    )  # fmt: skip
    return built, sold


def public_value(evaluation: project.Evaluation, sold_2030: float, shape: pd.Series) -> tuple[float, pd.Series]:
    """Public NPV (4.1) with the economy's effect in place of the stand-alone spillover, bn RUB 2016, and its flow.

    `sold_2030` is what the commercialised output adds to consumption in 2030, at shadow prices; other years follow
    `shape`, the stand-alone spillover by year. Raises InputError when the evaluation holds the spillover too: it would
    be counted twice.
    """
    if (evaluation.ledger["item"] == "spillover").any():
        raise InputError("the spillover is in the project's ledger and in the economy's effect: it must be in one only")
    added = sold_2030 * shape / shape[HORIZON] if shape.get(HORIZON, 0.0) else 0.0 * shape
    flow = evaluation.flow("public").add(added, fill_value=0.0)
    return float(project.npv(flow.to_numpy(), evaluation.discount_rate("public"))), flow


def run(scenario: Scenario | None = None, prepared: Prepared | None = None) -> ChainResult:
    """Evaluate one scenario through all three models (steps 1-8 of the book's page on the chain).

    Raises InputError when a model has no solution, naming the constraint, sector and region.
    """
    s = scenario or Scenario()
    p = prepared or prepare(s)
    changes = {"rail_capacity": s.rail_capacity}
    without = p.model.solve(changes=changes) if s.rail_capacity != p.model.stage.rail_capacity else p.inertial
    built = project.from_data(s.project, p.project_tables, **_appraisal(s))
    evaluation = project.evaluate(built, **_appraisal(s))
    parts = columns(p.model.tables, evaluation, s) if s.research_infrastructure else ()
    with_ = p.model.solve(parts, changes) if parts else without
    base_trade, levers, redirection = trade.TradeModel(**vars(p.trade_inputs)), _levers(s), _redirection(s, p)

    def project_trade(solution: economy.EconomySolution, own: bool) -> trade.Projection:
        return base_trade.project(
            supply=_supply(solution, without if own else p.inertial, p, s, own), levers=levers if own else None,
            redirection=redirection if own else None, headroom=s.headroom, draws=s.draws, seed=s.seed,
        )  # fmt: skip

    reference, projected = project_trade(p.inertial, False), project_trade(with_, True)
    steps = pd.DataFrame({"step": [0], "largest_change": [np.nan], "converged": [True]})
    if s.feedback:
        with_, projected, steps = _feedback(s, p, parts, changes, without, with_, projected, project_trade)
    outcome = _Outcome(s, p, evaluation, without, with_, economy.effect(with_, without), reference, projected)
    tables = _tables(outcome) | {"feedback": steps}
    manifest = {"version": __version__, "data": data.fingerprint()}
    return ChainResult(s, _figures(outcome, tables), tables, manifest)


@dataclass(frozen=True)
class _Outcome:
    """What the three models found for one scenario; `reference` is trade without the scenario's measures."""

    scenario: Scenario
    prepared: Prepared
    evaluation: project.Evaluation
    without: economy.EconomySolution
    with_: economy.EconomySolution
    effect: economy.Effect
    reference: trade.Projection
    projected: trade.Projection


def _appraisal(s: Scenario) -> dict[str, Any]:
    """The scenario's parameters of model 1."""
    names = ("cost_overrun", "delay_years", "opex_factor", "multiplier", "high_tech_factor", "discount_rate_public")
    return {name: getattr(s, name) for name in names}


def _levers(s: Scenario) -> dict[str, float]:
    return {n: getattr(s, n) for n in ("customs", "standards", "payments", "logistics") if getattr(s, n) > 0}


def _redirection(s: Scenario, p: Prepared) -> dict[str, float]:
    """China's share reached in 2030 by engineering and chemical group; a group that sells it more already stays."""
    now = p.trade_inputs.base.share["RUS_to_CHN"]
    return {group: s.redirection for group in ENGINEERING_CHEMICALS if s.redirection > now[group]}


def _supply(
    solution: economy.EconomySolution, without: economy.EconomySolution, p: Prepared, s: Scenario, own: bool
) -> pd.DataFrame:
    """Export supply by year and group as an index of the base year, constant prices (3.5), (3.6).

    The path of the economy without the project grows evenly between its stages' last years. What the project adds to
    exports to China comes on top, valued at the base year's prices and set in relation to the flow it joins; support of
    non-resource exports multiplies engineering and chemical goods.
    """
    base, years = p.trade_inputs.base, range(p.trade_inputs.base.year, HORIZON + 1)
    nodes = {**p.history, HORIZON: without}
    volumes = {y: _by_group(x.exports.sum(("region", "partner")), p) for y, x in nodes.items()}
    logs = np.log(pd.DataFrame(volumes).where(lambda v: v > 0)).T
    path = logs.apply(
        lambda g: pd.Series(np.exp(np.interp(years, g.index, g) - np.interp(base.year, g.index, g)), years)
    )
    path = path.fillna(1.0)
    added = _by_group((solution.exports - without.exports).sum("region").sel(partner="CHN"), p)
    phi = p.trade_inputs.elasticities
    driver = phi[(phi["parameter"] == "phi") & (phi["flow"] == "RUS_to_CHN")].set_index("group")["driver"]
    prices = p.trade_inputs.paths.prices
    added = added * (prices.loc[base.year] / prices.loc[2016])[driver.reindex(added.index)].to_numpy()
    added = added / base.value["RUS_to_CHN"].reindex(added.index)
    support = pd.Series(1.0, added.index)
    if own:
        support[list(ENGINEERING_CHEMICALS)] = 1 + s.export_support
    phase = pd.Series({y: (y - base.year) / (HORIZON - base.year) for y in years})
    rows = {y: path.loc[y] * support**f + added * f for y, f in phase.items()}
    return pd.DataFrame(rows).T.clip(lower=0)


def _by_group(sectors: "xr.DataArray", p: Prepared) -> pd.Series:
    """Exports by sector (bn RUB 2016, basic prices) to commodity groups (bn USD, customs prices 2016)."""
    values = sectors.to_series().to_frame("value")
    known = set(p.mapping["sector"])
    return trade.valuation(values.loc[[i for i in values.index if i in known]], p.mapping)["value"]


def _feedback(
    s: Scenario,
    p: Prepared,
    parts: tuple[economy.ProjectColumn, ...],
    changes: dict[str, Any],
    without: economy.EconomySolution,
    with_: economy.EconomySolution,
    projected: trade.Projection,
    project_trade: Callable[[economy.EconomySolution, bool], trade.Projection],
) -> tuple[economy.EconomySolution, trade.Projection, pd.DataFrame]:
    """Let demand caps bound exports to China in model 2, damped; says when it does not converge (optional step 5).

    The ceiling by sector, as a factor of its export path, moves half-way (by the damping) to the share of the supply
    that the demand of step 4 takes.
    """
    cap, rows = pd.Series(1.0, list(p.model.stage.sectors)), []
    share = (
        p.mapping[p.mapping["flow"] == "RUS_to_CHN"].pivot(index="sector", columns="group", values="share").fillna(0)
    )
    # measured where nothing bounds exports yet: a ceiling must not lower the offer it is measured by
    base, offered = p.trade_inputs.base, _supply(with_, without, p, s, True).loc[HORIZON]
    table = _exports(projected.table).set_index("group")
    bound = base.value["RUS_to_CHN"] * offered * table["share_china"] / base.share["RUS_to_CHN"]
    taken = (table["value_bn_usd_base_prices"] / bound).where(table["capped"], 1.0)
    wanted = (share @ taken.reindex(share.columns).fillna(1.0)).reindex(cap.index).fillna(1.0)
    for step in range(1, STEPS + 1):
        change = float((wanted - cap).abs().max())
        rows.append({"step": step, "largest_change": change, "converged": change < s.feedback_tolerance})
        if change < s.feedback_tolerance:
            break
        cap = cap + s.feedback_damping * (wanted - cap)
        with_ = p.model.solve(parts, changes | {"china_exports": cap})
        projected = project_trade(with_, True)
    return with_, projected, pd.DataFrame(rows)


def _shares(projection: trade.Projection) -> pd.DataFrame:
    """Engineering + chemicals share (percent) by flow, year and prices, with quantiles."""
    parts = {f: trade.engineering_chemicals_share(projection, f) for f in ("current", "base")}
    table = pd.concat(parts, names=["prices", None]).reset_index(level=0).reset_index(drop=True)
    numbers = [c for c in table if c.startswith(("share", "q"))]
    return table.assign(**{c: 100 * table[c] for c in numbers})


def _tables(o: _Outcome) -> dict[str, pd.DataFrame]:
    """The tables of a result; all with plain columns so that they are stored and read back alike."""

    def both(name: str) -> pd.DataFrame:
        return pd.DataFrame({"without": getattr(o.without, name), "with": getattr(o.with_, name)})

    exports = {
        f"{partner}_{label}": sol.exports.sel(partner=partner).sum("region").to_series()
        for partner in economy.PARTNERS for label, sol in (("without", o.without), ("with", o.with_))
    }  # fmt: skip
    tables = {
        "parameters": o.scenario.table().astype(str).reset_index(),
        "efficiency": o.evaluation.efficiency.astype({"irr_status": str}).infer_objects().reset_index(),
        "participants": o.evaluation.participants.rename_axis("participant").reset_index(),
        "cash_flow": o.evaluation.cash_flow().reset_index(),
        "grp": both("grp").rename_axis("region").reset_index(),
        "consumption": both("consumption_by_region").rename_axis("region").reset_index(),
        "effect_gva": _long_effect(o.effect),
        "effect_priced": o.effect.priced,
        "exports_sector": pd.DataFrame(exports).rename_axis("sector").reset_index(),
        "shadow_prices": o.with_.use_prices[REGION].rename("price").rename_axis("sector").reset_index(),
        "trade": o.projected.table,
        "trade_reference": o.reference.table,
        "trade_totals": o.projected.totals(),
        "share": _shares(o.projected),
        "share_reference": _shares(o.reference),
    }
    if o.scenario.turnover_target > 0:
        tables["targets"] = trade.targets(o.projected, o.scenario.turnover_target)
    return tables


def _long_effect(effect: economy.Effect) -> pd.DataFrame:
    parts = {name: getattr(effect, name).stack() for name in ("total", "direct", "indirect")}
    return pd.DataFrame(parts).rename_axis(["region", "sector"]).reset_index()


def _figures(o: _Outcome, tables: Mapping[str, pd.DataFrame]) -> dict[str, float]:
    """The key figures of a scenario, 2030 unless said; shares in percent, changes of shares in percentage points."""

    def share(table: pd.DataFrame, prices: str, column: str = "share") -> float:
        return float(_exports(table[table["prices"] == prices])[column].iloc[0])

    totals = tables["trade_totals"]
    totals = totals[totals["year"] == HORIZON].set_index("flow")
    now = tables["share_reference"]
    now = now[(now["prices"] == "base") & (now["flow"] == "RUS_to_CHN")]
    shadow = o.with_.use_prices[REGION].to_dict()
    priced = o.effect.priced.groupby("project")["z_bn_rub_2016"].sum()
    at_shadow = project.evaluate(o.evaluation.project, shadow_prices=shadow, spillover=False, **_appraisal(o.scenario))
    spillover = o.evaluation.ledger[o.evaluation.ledger["item"] == "spillover"].groupby("year")["bn_rub_2016"].sum()
    market = tables["efficiency"].set_index("perspective")["npv_bn_rub_2016"]
    built = o.scenario.research_infrastructure
    chain_npv = public_value(at_shadow, float(priced.get(SOLD, 0.0)), spillover)[0] if built else 0.0
    delivered = _exports(o.projected.table).set_index("group")
    ours = pd.Series(tables["exports_sector"]["CHN_with"] - tables["exports_sector"]["CHN_without"]).sum()
    figures = {
        "turnover_bn_usd": float(totals["value_bn_usd"]["turnover"]),
        "exports_bn_usd": float(totals["value_bn_usd"]["RUS_to_CHN"]),
        "imports_bn_usd": float(totals["value_bn_usd"]["CHN_to_RUS"]),
        "share_base_year": float(now["share"].iloc[0]),
        "share": share(tables["share"], "current"),
        "share_constant": share(tables["share"], "base"),
        "share_reference": share(tables["share_reference"], "current"),
        "share_reference_constant": share(tables["share_reference"], "base"),
        "similarity": _similarity(delivered["value_bn_usd_base_prices"], o.prepared),
        "npv_public_market": float(market["public"]) if built else 0.0,
        "npv_public_chain": chain_npv,
        "npv_commercial": float(market["commercial"]) if built else 0.0,
        "gva_effect_bn_rub": float(o.effect.total.to_numpy().sum()),
        "gva_effect_region_bn_rub": float(o.effect.total.loc[REGION].sum()),
        "consumption_effect_bn_rub": float(o.effect.consumption["total"]),
        "consumption_direct_bn_rub": float(o.effect.consumption["direct"]),
        "exports_china_effect_bn_rub": float(ours),
        "rail_price": o.with_.rail_price,
        "rail_used_mt": o.with_.rail_used,
        "capped_groups": float(delivered["capped"].sum()),
    }
    figures["shift_pp"] = figures["share"] - figures["share_reference"]
    figures["shift_constant_pp"] = figures["share_constant"] - figures["share_reference_constant"]
    figures["notable"] = float(figures["shift_constant_pp"] >= o.scenario.threshold_pp)
    if o.scenario.draws:
        # draws of the share in 2030 that lie above today's by the threshold: without and with the scenario's measures
        for name, projection in (("probability_by_error", o.reference), ("probability_notable", o.projected)):
            central, sample = trade.share_draws(projection, "base")
            figures[name] = float((100 * (sample[:, -1, 0] - central[0, 0]) >= o.scenario.threshold_pp).mean())
        for name in ("q05", "q95"):
            figures[f"share_constant_{name}"] = share(tables["share"], "base", name)
            figures[f"turnover_{name}"] = float(totals[name]["turnover"])
    return figures
