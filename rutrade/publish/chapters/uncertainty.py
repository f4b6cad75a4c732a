"""Chapter 09: which parameters move the results, and what a notable shift would take."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from rutrade import chain, sensitivity, trade
from rutrade.publish import style
from rutrade.publish.sweeps import ASSUMED
from rutrade.scenarios import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RESULTS = {  # figure -> title, unit
    "shift_constant_pp": ("shift of the share", "percentage points"),
    "turnover_bn_usd": ("turnover", "bn USD"),
    "npv_public_chain": ("public NPV", "bn RUB of 2016"),
    "gva_effect_region_bn_rub": ("effect on the region's value added", "bn RUB of 2016"),
}
SHOWN = 6  # bars a result
LOOSE = 0.3  # part of the variance that a surface may leave, for indices to be shown
WORDS = {
    "multiplier": "Multiplier of suppliers' turnover",
    "high_tech_factor": "High-tech procurement",
    "revenue_factor": "Revenue",
    "publications_factor": "Number of papers",
    "paper_value_mn_rub_2016": "Value of a paper",
    "consumer_surplus_share": "Users' gain above what they pay",
    "opportunity_share": "What suppliers would have earned elsewhere",
    "value_added_share": "Value added in suppliers' turnover",
    "delay_years": "Delay",
    "cost_overrun": "Capital cost above plan",
    "opex_factor": "Operating cost",
    "discount_rate_public": "Discount rate of the public",
    "export_propensity": "Share of output exported",
    "china_share": "China's share of these exports",
    "productivity_effect": "Productivity in the project's region",
    "crowding_out": "Capital taken from other investment",
    "rail_capacity": "Capacity of the Eastern railways",
    "oil_price": "Price of oil",
    "sanctions": "Sanctions",
    "productivity": "Productivity in all Russia",
    "customs": "Easier customs",
    "standards": "Common standards",
    "payments": "Easier payments",
    "logistics": "Better logistics",
    "export_support": "Export support (assumption)",
    "redirection": "Redirection (assumption)",
}
ONE_BY_ONE = {  # grid -> parameter, what it is, how a value is told
    "productivity": ("productivity", "Productivity of engineering and chemicals in all Russia", "+{:.0%}"),
    "easier trade": ("customs", "Cost of all trade with China, the same for all goods", "-{:.0%}"),
    "sanctions": ("sanctions", "Cost of trade with those who impose sanctions", "+{:.0%}"),
}


def parameter(name: str) -> str:
    """A parameter in words."""
    return WORDS.get(name, name.replace("_", " "))


def low(name: str) -> str:
    """A parameter in words inside a sentence."""
    words = parameter(name)
    if name == "oil_price":
        return "the price of oil"
    return words if words.startswith("China") else words[0].lower() + words[1:]


def size(value: float) -> str:
    """The size of an effect in percentage points, without a sign: it may go either way."""
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}" if value < 1 else f"{value:.1f}"


def modelled(effects: pd.DataFrame) -> pd.DataFrame:
    """The effects without those of assumptions that are put in and not found."""
    return effects.drop(index=[name for name in ASSUMED if name in effects.index])


def ranges(limits: Mapping[str, tuple[float, float, float]]) -> pd.DataFrame:
    """Lowest, central and highest value by parameter in words."""
    table = pd.DataFrame(limits, index=["lowest", "central", "highest"]).T
    return table.rename(parameter).rename_axis("parameter")


def effects_figure(effects: Mapping[str, pd.DataFrame]) -> "Figure":
    """Bars of the parameters that move each result most, with half a 95 % interval."""
    fig, axes = style.axes(rows=len(effects), height=2.05 * len(effects))
    for ax, (name, table) in zip(np.ravel(axes), effects.items(), strict=True):
        top = table.head(SHOWN).iloc[::-1]
        colours = [style.MUTED if n in ASSUMED else style.ACCENT for n in top.index]
        ax.barh([parameter(n) for n in top.index], top["mu_star"], xerr=top["confidence"], color=colours,
                error_kw={"ecolor": "#555555", "elinewidth": 1})  # fmt: skip
        title, unit = RESULTS[name]
        ax.set_title(f"{title[0].upper()}{title[1:]}, {unit}", loc="left", fontsize=10)
    return fig


def effects_table(effects: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Mean effect, spread and confidence by result and parameter, in words."""
    table = pd.concat({RESULTS[name][0]: t for name, t in effects.items()}, names=["result"])
    names = {"mu_star": "mean size", "mu": "mean", "sigma": "spread", "confidence": "half a 95 % interval"}
    return table.rename(columns=names).rename(parameter, level="parameter")


def about_morris(effects: Mapping[str, pd.DataFrame], runs: pd.DataFrame, resolution: float) -> str:
    """How the figure of effects is to be read, and what it says on the project."""
    share, value = effects["shift_constant_pp"], effects["npv_public_chain"]
    own = ["multiplier", "high_tech_factor", "export_propensity", "china_share"]
    found = modelled(share)
    wide = found.index[(found["sigma"] > found["mu_star"]) & (found["mu_star"] > resolution)]
    most = max(share.loc[own, "mu_star"].max(), resolution)
    text = (
        f"{len(runs)} runs of the linked models by Morris' design (4.9). A bar is the mean size of the change of the"
        " result when the parameter crosses its whole range, whatever the others are; grey ones are put in and not"
        f" found by the models. What the project itself can vary moves the share on average by at most"
        f" {size(most)} points. Its public value hangs on {low(value.index[0])} and {low(value.index[1])}; it is taken"
        " at the prices of the economy in which nothing else changes, so that oil, sanctions and the railway move it by"
        " construction not at all."
    )
    if len(wide):
        text += f" What {low(wide[0])} does hangs on the others or is not in proportion: its spread exceeds its mean."
    return text


def left_out(runs: int) -> str:
    """That runs without a solution are not in it, or nothing."""
    return f" {runs} runs are left out, because in them or in their trajectory the link did not settle." if runs else ""


def sobol_table(indices: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Total indices by parameter and result, percent with half an interval."""
    order = sorted(next(iter(indices.values())).index)

    def percent(x: pd.DataFrame) -> list[str]:
        pairs = zip(x.loc[order, "total"], x.loc[order, "total_confidence"], strict=True)
        return [f"{100 * max(total, 0):.0f} ± {100 * half:.0f}" for total, half in pairs]

    columns = {RESULTS[name][0]: percent(x) for name, x in indices.items()}
    return pd.DataFrame(columns, index=[parameter(n) for n in order]).rename_axis("parameter")


def about_sobol(emulators: Mapping[str, "sensitivity.Emulator"], indices: Mapping[str, pd.DataFrame]) -> str:
    """What the indices stand on: the emulator and its error at points it has not seen."""
    errors = ", ".join(f"{RESULTS[name][0]} {100 * made.share**2:.0f} %" for name, made in emulators.items())
    lead = "; ".join(f"the {RESULTS[name][0]} follows {low(x.index[0])}" for name, x in indices.items())
    loose = [RESULTS[name][0] for name in emulators if name not in indices]
    kept = f" Of {' and '.join(loose)} it leaves too much for indices to be shown." if loose else ""
    return (
        "The indices (4.10) stand on a quadratic surface fitted to runs of the linked models over six parameters"
        " chosen for what they move or for what the book asks of them, the others at their defaults, not on the models"
        " themselves. What it leaves of the variance at"
        f" further random points: {errors}. Differences between indices that are smaller than this say nothing. In them"
        f" {lead}.{kept}"
    )


def assumptions(redirection: Sequence[float], support: Sequence[float]) -> pd.DataFrame:
    """The shift by assumption alone, without the project: redirection, export_support, shift_constant_pp (points).

    No model is solved: the projection's exports of 2030 at prices of 2025 by group, times the ratios of (4.6).
    """
    p = chain.prepare()
    years = [p.start.year, chain.HORIZON]
    table = trade.forecast.project(p.start, p.procedure, years).table
    rows = table[(table["year"] == chain.HORIZON) & (table["flow"] == "RUS_to_CHN")]
    exports = rows.set_index(["flow", "group"])["value_bn_usd_base_prices"]
    weight = pd.Series(0.0, exports.index.get_level_values("group"))
    weight[list(chain.ENGINEERING_CHEMICALS)] = 1.0
    weight["90-99"] = p.start.chapter_90["RUS_to_CHN"]
    none = pd.Series(1.0, exports.index)

    def share(ratio: pd.Series) -> float:
        value = exports * ratio.reindex(exports.index).fillna(1.0)
        return 100 * float((value * weight.to_numpy()).sum() / value.sum())

    found = []
    for least in redirection:
        for extra in support:
            s = Scenario.check(redirection=least, export_support=extra)
            ratio = chain.causes.product([none, *chain.causes.assumed(s, p, none).values()])
            found.append((least, extra, share(ratio) - share(none)))
    return pd.DataFrame(found, columns=["redirection", "export_support", "shift_constant_pp"])


def break_even(
    grids: Mapping[str, pd.DataFrame], inertial: Mapping[str, float], threshold: float, exports: float
) -> dict:
    """What would make the shift notable, lever by lever, from the grids; percentages.

    `exports`: to China in 2030 with nothing changed, bn USD at prices of 2025. Returns table (shown), values
    (recorded), exports needed and in all (bn USD), redirection and China's share today (%).
    """
    rows, values = [], {}
    for grid, (name, title, form) in ONE_BY_ONE.items():
        line = _line(grids[grid], name)
        found = crossed(line, threshold)
        reached = "none in the range" if np.isnan(found) else form.format(found)
        rows.append((title, f"up to {form.format(line.index[-1])}", reached, line.max()))
        if not np.isnan(found):
            values[f"break_even_{name}"] = 100 * found
    sales = grids["commercialisation"].dropna(subset=["shift_project_pp"])
    sales = sales[sales["export_propensity"] == 1]
    best = sales["shift_project_pp"].max()
    rows.append(("Commercialisation: multiplier, all of it exported, a fifth to China",
                 f"up to {sales['multiplier'].max():.0f}",
                 "none in the range" if best < threshold else "within the range", best))  # fmt: skip
    alone = grids["assumptions"].query("export_support == 0").set_index("redirection")["shift_constant_pp"]
    redirection = crossed(alone, threshold)
    rows.append(("China's share in engineering and chemical exports (assumption)", f"up to {alone.index[-1]:.0%}",
                 "none in the range" if np.isnan(redirection) else f"{redirection:.0%}", alone.max()))  # fmt: skip
    columns = ["what changes", "range tried", "notable at", "shift reached, points"]
    table = pd.DataFrame(rows, columns=columns).set_index("what changes")
    start = chain.prepare().start
    value, share = (x["RUS_to_CHN"][list(chain.ENGINEERING_CHEMICALS)] for x in (start.value, start.share))
    now = 100 * float(value.sum() / (value / share).sum())
    needed = chain.break_even(inertial["share_constant"], threshold, exports)
    values |= {
        "break_even_exports": needed,
        "commercialisation_best": float(best),
        "redirection_now": now,
    }
    if not np.isnan(redirection):
        values["break_even_redirection"] = 100 * redirection
    return {"table": table, "values": values, "exports": needed, "total": exports, "redirection": 100 * redirection,
            "now": now}  # fmt: skip


def crossed(line: pd.Series, level: float) -> float:
    """Where a line first rises over a level, by linear interpolation between neighbours; nan if it never does."""
    line = line.dropna().sort_index()
    for (x0, y0), (x1, y1) in pairwise(line.items()):
        if y0 < level <= y1:
            return float(x0 + (x1 - x0) * (level - y0) / (y1 - y0))
    return float("nan")


def _line(grid: pd.DataFrame, name: str) -> pd.Series:
    """The shift by the parameter's value, runs with a solution."""
    return grid.dropna(subset=["shift_constant_pp"]).set_index(name)["shift_constant_pp"].sort_index()


def uncertainty_in_short(
    effects: Mapping[str, pd.DataFrame], needs: Mapping, grids: Mapping[str, pd.DataFrame], threshold: float
) -> str:
    """The chapter in three sentences."""
    share = modelled(effects["shift_constant_pp"])
    line = _line(grids["productivity"], "productivity")
    found = crossed(line, threshold)
    productivity = (
        f"no gain of productivity up to {line.index[-1]:.0%} is enough by itself" if np.isnan(found)
        else f"productivity of engineering and chemicals in all Russia would have to rise by {found:.0%}"
    )  # fmt: skip
    sales = grids["commercialisation"].dropna(subset=["shift_project_pp"])
    sales = sales[sales["multiplier"] == sales["multiplier"].min()]
    project = sales["shift_project_pp"].abs().max()
    return (
        f"**In short.** Of what the models answer for, {low(share.index[0])} and {low(share.index[1])} move the share"
        f" of 2030 most, by {size(share['mu_star'].iloc[0])} and {size(share['mu_star'].iloc[1])} points over their"
        f" whole ranges. For a shift of {threshold:g} points {productivity}, and without it engineering and chemical"
        f" exports of {needs['exports']:.0f} bn USD a year would have to be added. The infrastructure with its"
        f" published multiplier of {sales['multiplier'].min():g} moves the share by at most {size(project)} points,"
        " whatever part of its output is exported."
    )


def about_needs(
    needs: Mapping, inertial: Mapping[str, float], threshold: float, grids: Mapping[str, pd.DataFrame]
) -> str:
    """The arithmetic of the break-even, and what sanctions redirect."""
    now = inertial["share_constant"] / 100 * needs["total"]
    sanctions = _line(grids["sanctions"], "sanctions").iloc[-1]
    oil = "oil more than machines, so that the share falls" if sanctions < 0 else "machines more than oil"
    return (
        f"To lift a share of {inertial['share_constant']:.1f} % by {threshold:g} points, exports of engineering and"
        f" chemical goods to China must be **{needs['exports']:.1f} bn USD** a year higher in 2030 (4.8), at prices of"
        f" 2025 and with exports of {needs['total']:.0f} bn: {now + needs['exports']:.1f} instead of {now:.1f} bn."
        f" Sanctions redirect trade by themselves, {oil}."
    )


def about_stopped(grid: pd.DataFrame) -> str:
    """What of the grid has no solution, and what the far end of it means."""
    stopped, solved = grid[grid["failure"] != ""], grid[grid["failure"] == ""]
    text = (
        "A fifth of these exports goes to China, an assumption; the published multipliers are 2.7 (ESA), 3.7-4.2 (CERN)"
        " and 4-6 (FenRIAM)."
    )
    if len(solved):
        last = solved.loc[solved["multiplier"].idxmax()]
        text += (
            f" At a multiplier of {last['multiplier']:.0f} and {last['export_propensity']:.0%} exported the project"
            " changes turnover by"
            f" {last['turnover_project_bn_usd']:+.0f} bn USD: it takes labour and capital from what is sold today, and"
            " a"
            " part of the rise of the share is the fall of everything else."
        )
    if len(stopped):
        verb = "has" if len(stopped) == 1 else "have"
        text += f" {len(stopped)} of {len(grid)} points {verb} no solution: *{stopped['failure'].iloc[0]}*."
    return text


def about_redirection(needs: Mapping) -> str:
    """What redirection would mean; it is put in and not found."""
    wanted = (
        "is not reached in the range tried" if np.isnan(needs["redirection"])
        else f"would need {needs['redirection']:.0f} % in every group: goods that exist and now go elsewhere, sent to"
        " China"
    )  # fmt: skip
    return (
        f"China takes {needs['now']:.0f} % of Russia's engineering and chemical exports (2023, by mirror figures). A"
        f" notable shift by redirection alone {wanted}. This is an assumption about direction; what costs of trade and"
        " sanctions redirect in the models stands in the table above."
    )
