"""What the chapters on the chain say and show: sentences and tables computed from results, with names in words."""

from collections.abc import Mapping

import pandas as pd

from rutrade import chain, data
from rutrade.publish import figures, style, tables

KINDS = {"surroundings": "surroundings", "policy": "policy", "project": "project", "assumption": "assumption"}


def points(value: float) -> str:
    """A change in percentage points: three digits below a tenth, else one; with a sign."""
    return f"{value:+.3f}" if abs(value) < 0.1 else f"{value:+.1f}"


def tell(value: float, resolution: float) -> str:
    """A change of the share in words: with its size, or that it is smaller than what the linked models tell apart."""
    if abs(value) < resolution:
        return f"by less than {resolution:.2g} points, which is as fine as the linked models tell"
    return f"by {points(value)} points"


def stacked(parts: Mapping[str, pd.DataFrame], name: str) -> pd.DataFrame:
    """Tables by name one below the other, the name as the first level of the index."""
    return pd.concat(parts, names=[name])


def causes(table: pd.DataFrame) -> pd.DataFrame:
    """The causes of a scenario with columns in words."""
    names = {
        "exports_bn_usd": "exports, bn USD", "imports_bn_usd": "imports, bn USD", "turnover_bn_usd": "turnover, bn USD",
        "share_pp": "share, points", "consumption_bn_rub": "consumption, bn RUB",
    }  # fmt: skip
    shown = table.set_index("cause")[["kind", *names]].rename(columns=names).rename_axis("cause")
    if len(shown) > 1:
        total = shown.select_dtypes("number").sum()
        shown.loc["All together"] = pd.Series({"kind": "", **total})
    return shown


def groups(result: chain.ChainResult) -> pd.DataFrame:
    """Both flows by group in words."""
    table = chain.group_table(result)
    return table.rename(style.GROUPS, level="group").rename(chain.FLOW_NAMES, level="flow")


def in_short(result: chain.ChainResult) -> str:
    """The answer of a projection in three sentences."""
    f = result.figures
    moved = f["turnover_effect_bn_usd"]
    change = (
        "as without the scenario" if abs(moved) < 0.05 else f"{moved:+.1f} bn against the path without the scenario"
    )
    if not len(result.tables["causes"]):
        change = "with nothing changed"
    notable = "" if f["notable"] else "not "
    return (
        f"**In short.** Turnover in 2030 is **{f['turnover_bn_usd']:.0f} bn USD** ({f['turnover_q05']:.0f} to"
        f" {f['turnover_q95']:.0f} in 90 % of the draws), {change}. The share of engineering and chemical goods in"
        f" Russia's exports to China goes from {f['share_base_year']:.1f} to {f['share_constant']:.1f} % at prices of"
        f" 2025; the scenario moves it **{tell(f['shift_constant_pp'], f['resolution_pp'])}**: {notable}a notable shift"
        f" by the criterion of {result.scenario.threshold_pp:g} points. "
        + (
            f"The project moves the share {tell(f['shift_project_pp'], f['resolution_pp'])}, and its public net present"
            f" value at the economy's prices is {f['npv_public_chain']:.0f} bn RUB of 2016."
            if result.scenario.research_infrastructure
            else "No project is built in this scenario."
        )
    )


def about_causes(result: chain.ChainResult) -> str:
    """What the table of causes says, and how far the link settled."""
    table, f = result.tables["causes"], result.figures
    largest = table.loc[table["turnover_bn_usd"].abs().idxmax()]
    text = (
        "Each row is both models solved again, at the railway, prices and trade costs of the rows above; the passes"
        f" between them left no cost more than {100 * f['largest_gap']:.2f} % apart."
    )
    if len(table) > 1:
        text = f"{largest['cause']} moves turnover most: {largest['turnover_bn_usd']:+.1f} bn USD. {text}"
    if (table["kind"] == "assumption").any():
        text += (
            f" **Rows marked assumption are no result of the models**: they add {f['shift_assumption_pp']:+.1f} points"
            " by"
            " what is put in."
        )
    return text


def about_share(result: chain.ChainResult) -> str:
    """The share with its interval, at both prices, and the likeness to advanced exporters."""
    f, s = result.figures, result.scenario
    return (
        f"At prices of 2025 the share in 2030 is **{f['share_constant']:.2f} %** (90 % of draws:"
        f" {f['share_constant_q05']:.1f} to {f['share_constant_q95']:.1f} %), against"
        f" {f['share_reference_constant']:.2f} %"
        f" without the scenario; at current prices it is {f['share']:.2f} %: the difference is the path of prices and"
        " no"
        f" change of structure. The errors of past forecasts alone lift the share by {s.threshold_pp:g} points in"
        f" {f['rise_by_error']:.0%} of the draws. Similarity to what Germany, Japan, Korea and the USA sold to China in"
        f" 2019-2022 is {f['similarity']:.2f} (0: nothing alike, 1: the same)."
    )


def show_project(result: chain.ChainResult, source: str) -> None:
    """What the project does to the economy, by region and in money."""
    f, t = result.figures, result.tables
    tables.say("**What the project does to the economy**")
    names = dict(data.load("regions").set_index("region")["name"])
    parts = ["direct", "indirect", "total"]
    effect = t["effect_gva"].groupby("region", sort=False)[parts].sum().rename(index=names)
    fig, ax = style.axes(height=3.8)
    ax.barh(effect.index[::-1], effect["direct"][::-1], color=style.ACCENT, label="direct")
    ax.barh(effect.index[::-1], effect["indirect"][::-1], color=style.COLOURS["39-40"], label="indirect", height=0.5)
    ax.axvline(0, color="#444444", linewidth=0.8)
    ax.set(xlabel="value added in 2030, bn RUB of 2016")
    ax.legend()
    figures.publish(
        fig, "effect-region",
        f"The project changes value added by {f['gva_effect_bn_rub']:+.1f} bn RUB in 2030, "
        f"{f['gva_effect_region_bn_rub']:+.1f} of it in its own region",
        effect, "Bars of direct and indirect effects on value added by region: direct ones in the project's region and "
        "at its suppliers, indirect ones are what other uses lose or gain", source,
    )  # fmt: skip
    tables.say(
        "Direct is the value added in what the project buys and sells. Indirect is the rest: labour and capital drawn"
        " from"
        " other uses or set free. What is scarce is used in full, so a project that hires takes workers from elsewhere;"
        " that is why the sum can be negative where a multiplier would show a gain. Household consumption changes by"
        f" **{f['consumption_effect_bn_rub']:+.1f} bn RUB** in 2030 ({f['consumption_direct_bn_rub']:+.1f} at the"
        " prices"
        f" without the project); exports to China by {f['exports_china_effect_bn_rub']:+.2f} bn RUB."
    )
    money = pd.Series(
        {
            "Commercial, at market prices": f["npv_commercial"],
            "Public, at market prices with labour at nine tenths of pay, with the spillover rule": f[
                "npv_public_market"
            ],
            "Public, at the economy's prices, without the rule": f["npv_public_chain"],
        },
        name="bn RUB of 2016",
    )
    tables.table(
        money.rename_axis("net present value").to_frame(), "value",
        "Net present value of the project: the rule for suppliers' gains, or what the economy finds in its place",
        source, "{:+,.1f}",
    )  # fmt: skip
    tables.say(
        "The economy's prices are those of the economy in which nothing else changes, year by year to 2036: the"
        " railway,"
        " oil and trade costs of a scenario do not move the project's value."
    )


def show_targets(result: chain.ChainResult, source: str) -> None:
    """What the turnover target asks of each group."""
    wanted = result.scenario.turnover_target
    tables.say(f"**What {wanted:.0f} bn USD would ask**")
    names = {
        "base_bn_usd": "base year", "projected_bn_usd": "projected", "required_bn_usd": "required",
        "required_growth_pct": "required, % a year", "alone_bn_usd": "alone",
    }  # fmt: skip
    table = result.tables["targets"].set_index(["flow", "group"])[list(names)].rename(columns=names)
    tables.table(
        table.rename(style.GROUPS, level="group").rename(chain.FLOW_NAMES, level="flow"), "targets",
        f"A turnover of {wanted:.0f} bn USD in 2030, bn USD at current prices; alone: one group carries the whole gap",
        source, "{:,.1f}",
    )  # fmt: skip
