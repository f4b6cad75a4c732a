"""One scenario through the three linked models.

Levels of trade come from the one projection, changes from the link: linked with over linked without, cause by cause.
Units: bn RUB at 2016 prices for models 1 and 2, bn USD (current, or at prices of 2025) for trade.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from rutrade import InputError, __version__, data, economy, project, trade
from rutrade.chain import causes as steps
from rutrade.chain import prices as valuation
from rutrade.chain import projects
from rutrade.chain.causes import Cause
from rutrade.chain.link import CHINA, HOME, TOLERANCE, Linked, Shock
from rutrade.chain.results import HORIZON, ChainResult
from rutrade.chain.setting import BASE_YEAR, Setting, setting, similarity
from rutrade.chain.three import ENGINEERING_CHEMICALS as CLASSES
from rutrade.scenarios import Scenario


def prepare(scenario: Scenario | None = None) -> Setting:
    """Read the data and solve what does not change between scenarios of the same sectors, wedges and paths."""
    s = scenario or Scenario()
    return setting(s.sectors, s.wedges, s.brent, s.elasticity_set)


def run(
    scenario: Scenario | None = None,
    prepared: Setting | None = None,
    *,
    project: "project.Project | None" = None,
    paths: economy.Paths | None = None,
    shock: Shock | None = None,
    apart: bool = True,
) -> ChainResult:
    """Evaluate one scenario on the linked models (steps 1-7 of the book's page on the chain).

    `prepared`: what scenarios share (`prepare`); `project`: one's own in place of the scenario's; `paths`: exogenous
    paths of the economy in place of the package's; `shock`: changes beside the scenario's; `apart`: one solution for
    each cause, else two, without the project and with it. Raises InputError when a model has no solution or the link
    does not settle, naming the constraint or the sector, for paths or a project that miss a year, for paths beside
    what is prepared with its own, and for a scenario that asks for other choices than were prepared.
    """
    s = scenario or Scenario()
    if prepared is not None and paths is not None:
        raise InputError("paths and prepared are given: what is prepared has its own paths, give one of them")
    p = prepared or setting(s.sectors, s.wedges, s.brent, s.elasticity_set, paths)
    for name, made in p.choices.items():
        if getattr(s, name) != made:
            raise InputError(f"parameter '{name}' = {getattr(s, name)!r} is not what was prepared: {made!r}")
    evaluation = _evaluated(s, p, project)
    parts = projects.columns(p.link.model.tables, evaluation, s) if s.research_infrastructure else ()
    found = steps.causes(s, p, parts, shock)
    found = found if apart else steps.joined(found)
    solved = steps.solve(found, p)
    linked = {
        name: steps.group_ratios(solved[-1], p.reference, p.composition, name == "base")
        for name in ("current", "base")
    }  # fmt: skip
    assumed = steps.assumed(s, p, linked["current"])
    ratios = {name: steps.product([r, *assumed.values()]) for name, r in linked.items()}
    draws = s.draws if p.errors is not None else 0
    projected, reference = (
        trade.forecast.project(p.start, p.procedure, errors=p.errors, effects=e, volumes=v, draws=draws, seed=s.seed)
        for e, v in ((*(steps.phased(ratios[n], p.start.year) for n in ("current", "base")),), (None, None))
    )
    outcome = Outcome(s, p, evaluation, found, solved, linked, assumed, reference, projected)
    tables = outcome_tables(outcome)
    manifest = {"version": __version__, "data": data.fingerprint()}
    beside = [name for name, given in (("project", project), ("paths", paths), ("shock", shock)) if given is not None]
    if beside:
        manifest["beside the scenario"] = ", ".join(beside)
    return ChainResult(s, _figures(outcome, tables), tables, manifest)


@lru_cache(maxsize=1)
def _prices(fingerprint: str) -> valuation.Prices:
    return valuation.prices()


def _evaluated(s: Scenario, p: Setting, own: "project.Project | None") -> project.Evaluation:
    return project.evaluate(projects.build(s, p, own), **projects.appraisal(s))


@dataclass(frozen=True, eq=False)
class Outcome:
    """What the models found for one scenario.

    `causes` and `solved`: the latter begins without any; `linked`: ratios of the last by flow and group, at current and
    base prices; `assumed`: ratios of assumptions by title; `reference`, `projected`: trade without and with all.
    """

    scenario: Scenario
    prepared: Setting
    evaluation: project.Evaluation
    causes: list[Cause]
    solved: list[Linked]
    linked: Mapping[str, pd.Series]
    assumed: Mapping[str, pd.Series]
    reference: trade.Projection
    projected: trade.Projection

    @property
    def with_(self) -> economy.EconomySolution:
        """The economy with all causes."""
        return self.solved[-1].economy

    @property
    def without(self) -> economy.EconomySolution:
        """The economy with all causes but the project, at the same railway, prices and trade costs."""
        built = bool(self.causes) and self.causes[-1].title == steps.PROJECT
        return self.solved[-2 if built else -1].economy

    @property
    def effect(self) -> economy.Effect:
        """What the project does to the economy."""
        return economy.effect(self.with_, self.without)


def _exports(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of Russia's exports to China in 2030, of a table by flow and year."""
    return table[(table["flow"] == "RUS_to_CHN") & (table["year"] == HORIZON)]


def _trade(projection: trade.Projection) -> pd.DataFrame:
    """Trade by flow, group and year, with quantiles of the current value where there are draws."""
    if not len(projection.sample):
        return projection.table
    found = np.quantile(projection.sample, list(trade.QUANTILES.values()), axis=0)  # quantile, year, flow, group
    return projection.table.assign(
        **{name: q.transpose(1, 2, 0).ravel() for name, q in zip(trade.QUANTILES, found, strict=True)}
    )


def _shares(projection: trade.Projection) -> pd.DataFrame:
    """Engineering + chemicals share (percent) by flow, year and prices, with quantiles."""
    parts = {f: trade.engineering_chemicals_share(projection, f) for f in ("current", "base")}
    table = pd.concat(parts, names=["prices", None]).reset_index(level=0).reset_index(drop=True)
    numbers = [c for c in table if c.startswith(("share", "q"))]
    return table.assign(**{c: 100 * table[c] for c in numbers})


def cause_table(o: Outcome) -> pd.DataFrame:
    """What each cause does in 2030, beyond those before it; the sum is the scenario's effect.

    Columns: cause, kind (surroundings, policy, project, assumption), exports, imports, turnover (bn USD current),
    share_pp (engineering and chemicals at prices of 2025, points), consumption and product of the region (bn RUB 2016),
    passes of the link and whether it settled.
    """
    p = o.prepared
    last = o.reference.table[o.reference.table["year"] == HORIZON].set_index(["flow", "group"])
    chapter_90 = o.reference.base.chapter_90["RUS_to_CHN"]

    def levels(current: pd.Series, constant: pd.Series) -> dict[str, float]:
        now = last["value_bn_usd"] * current.reindex(last.index).fillna(1.0)
        base = (last["value_bn_usd_base_prices"] * constant.reindex(last.index).fillna(1.0)).loc["RUS_to_CHN"]
        share = base[list(steps.ENGINEERING_CHEMICALS)].sum() + chapter_90 * base["90-99"]
        flows = now.groupby("flow").sum()
        return {
            "exports_bn_usd": flows["RUS_to_CHN"],
            "imports_bn_usd": flows["CHN_to_RUS"],
            "turnover_bn_usd": flows.sum(),
            "share_pp": 100 * share / base.sum(),
        }

    def economy_of(linked: Linked) -> dict[str, float]:
        place = projects.region(p.link.model.tables)
        return {"consumption_bn_rub": linked.economy.consumption, "product_bn_rub": float(linked.economy.grp[place])}

    none = pd.Series(1.0, last.index)
    before = levels(none, none) | economy_of(o.solved[0])
    rows, ratios = [], (none, none)
    for cause, linked in zip(o.causes, o.solved[1:], strict=True):
        ratios = tuple(
            steps.group_ratios(linked, p.reference, p.composition, constant) for constant in (False, True)
        )  # fmt: skip
        now = levels(*ratios) | economy_of(linked)
        rows.append({"cause": cause.title, "kind": cause.kind, **{k: now[k] - before[k] for k in now},
                     "passes": int(linked.passes["pass"].iloc[-1]), "settled": linked.settled})  # fmt: skip
        before = now
    for title, ratio in o.assumed.items():
        ratios = tuple(steps.product([r, ratio]) for r in ratios)
        now = before | levels(*ratios)
        rows.append({"cause": title, "kind": "assumption", **{k: now[k] - before[k] for k in now}, "passes": 0,
                     "settled": True})  # fmt: skip
        before = now
    kinds = {"cause": str, "kind": str, **dict.fromkeys(before, float), "passes": int, "settled": bool}
    return pd.DataFrame(rows, columns=list(kinds)).astype(kinds)


def outcome_tables(o: Outcome) -> dict[str, pd.DataFrame]:
    """The tables of a result; all with plain columns so that they are stored and read back alike."""
    place, effect = projects.region(o.prepared.link.model.tables), o.effect

    def both(name: str) -> pd.DataFrame:
        return pd.DataFrame({"without": getattr(o.without, name), "with": getattr(o.with_, name)})

    exports = {
        f"{partner}_{label}": sol.exports.sel(partner=partner).sum("region").to_series()
        for partner in economy.PARTNERS for label, sol in (("without", o.without), ("with", o.with_))
    }  # fmt: skip
    gva = {name: getattr(effect, name).stack() for name in ("total", "direct", "indirect")}
    tables = {
        "parameters": o.scenario.table().astype(str).reset_index(),
        "causes": cause_table(o),
        "efficiency": o.evaluation.efficiency.astype({"irr_status": str}).infer_objects().reset_index(),
        "participants": o.evaluation.participants.rename_axis("participant").reset_index(),
        "cash_flow": o.evaluation.cash_flow().reset_index(),
        "grp": both("grp").rename_axis("region").reset_index(),
        "consumption": both("consumption_by_region").rename_axis("region").reset_index(),
        "effect_gva": pd.DataFrame(gva).rename_axis(["region", "sector"]).reset_index(),
        "effect_priced": effect.priced,
        "exports_sector": pd.DataFrame(exports).rename_axis("sector").reset_index(),
        "shadow_prices": o.with_.use_prices[place].rename("price").rename_axis("sector").reset_index(),
        "trade": _trade(o.projected),
        "trade_reference": _trade(o.reference),
        "trade_totals": o.projected.totals(),
        "trade_totals_reference": o.reference.totals(),
        "share": _shares(o.projected),
        "share_reference": _shares(o.reference),
    }
    if o.scenario.research_infrastructure:
        values = projects.appraisal(o.scenario)
        tables["value_by_year"] = valuation.public_value(
            o.evaluation, o.scenario, _prices(data.fingerprint()), **values
        )
        tables["value_by_year"] = tables["value_by_year"].reset_index()
    if o.scenario.turnover_target > 0:
        targets = trade.targets(o.projected, o.scenario.turnover_target)
        tables["targets"] = targets.astype({"flow": str, "group": str})
    return tables


def _figures(o: Outcome, tables: Mapping[str, pd.DataFrame]) -> dict[str, float]:
    """The key figures of a scenario, 2030 unless said; shares in percent, changes of shares in percentage points."""

    def share(table: pd.DataFrame, prices: str, column: str = "share") -> float:
        return float(_exports(table[table["prices"] == prices])[column].iloc[0])

    def total(name: str) -> pd.DataFrame:
        table = tables[name]
        return table[table["year"] == HORIZON].set_index("flow")

    totals, reference, causes = total("trade_totals"), total("trade_totals_reference"), tables["causes"]
    now = tables["share_reference"]
    now = now[(now["prices"] == "base") & (now["flow"] == "RUS_to_CHN") & (now["year"] == BASE_YEAR)]
    by_kind = causes.groupby("kind")[["share_pp", "turnover_bn_usd"]].sum()
    by_kind = by_kind.reindex(["surroundings", "policy", "project", "assumption"], fill_value=0.0)
    delivered = _exports(o.projected.table).set_index("group")["value_bn_usd_base_prices"]
    place, last = projects.region(o.prepared.link.model.tables), o.solved[-1]
    ours = pd.Series(tables["exports_sector"]["CHN_with"] - tables["exports_sector"]["CHN_without"]).sum()
    figures = {
        "turnover_bn_usd": float(totals["value_bn_usd"]["turnover"]),
        "turnover_reference_bn_usd": float(reference["value_bn_usd"]["turnover"]),
        "exports_bn_usd": float(totals["value_bn_usd"]["RUS_to_CHN"]),
        "imports_bn_usd": float(totals["value_bn_usd"]["CHN_to_RUS"]),
        "share_base_year": float(now["share"].iloc[0]),
        "share": share(tables["share"], "current"),
        "share_constant": share(tables["share"], "base"),
        "share_reference": share(tables["share_reference"], "current"),
        "share_reference_constant": share(tables["share_reference"], "base"),
        "similarity": similarity(delivered, o.prepared),
    }
    before = _exports(o.reference.table).set_index("group")["value_bn_usd_base_prices"]
    figures["similarity_change"] = figures["similarity"] - similarity(before, o.prepared)
    figures["turnover_effect_bn_usd"] = figures["turnover_bn_usd"] - figures["turnover_reference_bn_usd"]
    figures["shift_pp"] = figures["share"] - figures["share_reference"]
    figures["shift_constant_pp"] = figures["share_constant"] - figures["share_reference_constant"]
    figures |= {f"shift_{kind}_pp": float(v) for kind, v in by_kind["share_pp"].items()}
    figures |= {f"turnover_{kind}_bn_usd": float(v) for kind, v in by_kind["turnover_bn_usd"].items()}
    figures |= _efficiency(o, tables) | {
        "gva_effect_bn_rub": float(o.effect.total.to_numpy().sum()),
        "gva_effect_region_bn_rub": float(o.effect.total.loc[place].sum()),
        "consumption_effect_bn_rub": float(o.effect.consumption["total"]),
        "consumption_direct_bn_rub": float(o.effect.consumption["direct"]),
        "exports_china_effect_bn_rub": float(ours),
        "consumption_all_bn_rub": float(causes["consumption_bn_rub"].sum()),
        "rail_price": last.link.rail_price(last.costs),
        "rail_used_mt": o.with_.rail_used,
        "largest_gap": max(x.gap for x in o.solved),
    }
    figures["resolution_pp"] = figures["share_reference_constant"] * resolution(o.prepared, figures["largest_gap"])
    figures["notable"] = float(figures["shift_constant_pp"] >= o.scenario.threshold_pp)
    if o.scenario.draws and o.prepared.errors is not None:
        for name in ("q05", "q95"):
            figures[f"share_constant_{name}"] = share(tables["share"], "base", name)
            figures[f"turnover_{name}"] = float(totals[name]["turnover"])
        # how often the errors of past forecasts alone lift the share from today's by as much as would be notable
        central, sample = trade.share_draws(o.reference, "base")
        figures["rise_by_error"] = float((100 * (sample[:, -1, 0] - central[0, 0]) >= o.scenario.threshold_pp).mean())
    return figures


def resolution(p: Setting, gap: float = 0.0) -> float:
    """How finely the link tells exports of engineering and chemicals apart, as a share of them.

    What passes may leave of a cost (or `gap`, where they did not settle) times the elasticity of demand: effects below
    it are not told from zero.
    """
    classes = p.link.base.sectors["group"].isin(CLASSES).to_numpy()
    sold = p.link.base.trade[p.link.base.region(CHINA), :, p.link.base.region(HOME)]
    by_sector = p.link.curves.elasticity[:, economy.PARTNERS.index(CHINA)]
    by_sector = np.where(np.isfinite(by_sector), by_sector, 0.0)  # extraction, which sells at a fixed price
    eta = p.link.sectors.to_world(by_sector, np.zeros(len(by_sector)))
    return float(max(TOLERANCE, gap) * np.average(eta[classes], weights=sold[classes]))


def _efficiency(o: Outcome, tables: Mapping[str, pd.DataFrame]) -> dict[str, float]:
    """Net present values of the project: alone at market prices, and at the economy's prices by year; bn RUB 2016."""
    if not o.scenario.research_infrastructure:
        return dict.fromkeys(("npv_public_market", "npv_public_chain", "npv_commercial"), 0.0)
    market = tables["efficiency"].set_index("perspective")["npv_bn_rub_2016"]
    total = tables["value_by_year"]["total"].to_numpy()
    return {
        "npv_public_market": float(market["public"]),
        "npv_public_chain": float(project.npv(total, o.evaluation.discount_rate("public"))),
        "npv_commercial": float(market["commercial"]),
    }
