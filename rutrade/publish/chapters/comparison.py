"""Chapter 11: all presets side by side."""

from collections.abc import Mapping

import pandas as pd

from rutrade import scenarios
from rutrade.publish.chapters.projections import points, tell
from rutrade.publish.chapters.uncertainty import low

PARTS = {
    "shift_surroundings_pp": "surroundings",
    "shift_policy_pp": "policy",
    "shift_project_pp": "project",
    "shift_assumption_pp": "assumption",
    "shift_constant_pp": "all together",
}
KEY = {
    "turnover_bn_usd": "turnover, bn USD",
    "exports_bn_usd": "exports to China, bn USD",
    "imports_bn_usd": "imports from China, bn USD",
    "npv_public_chain": "public NPV, bn RUB",
    "consumption_all_bn_rub": "change of consumption, bn RUB",
    "rail_used_mt": "Eastern railways, Mt",
}

MOVED = ["turnover_bn_usd", "consumption_all_bn_rub"]
_SEEN = 0.05  # percent or points: a smaller figure has no sign to turn


def meanings(presets: Mapping[str, Mapping]) -> pd.DataFrame:
    """What each preset assumes, in words, and the parameters it changes."""
    rows = {
        scenarios.title(name): {
            "meaning": scenarios.meaning(name),
            "changes": "; ".join(f"{low(k)}: {_value(v)}" for k, v in values.items()) or "nothing",
        }
        for name, values in presets.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("scenario")


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def shift_parts(table: pd.DataFrame) -> pd.DataFrame:
    """The shift of the share by kind of cause; what is smaller than the models tell apart is 0."""
    shown = table[list(PARTS)].rename(columns=PARTS)
    return shown.where(shown.abs().ge(table["resolution_pp"], axis=0), 0.0)


def key_figures(table: pd.DataFrame) -> pd.DataFrame:
    """Few key figures in words; without a project there is no public NPV."""
    shown = table[list(KEY)].rename(columns=KEY)
    npv = KEY["npv_public_chain"]
    return shown.assign(**{npv: shown[npv].where(shown[npv] != 0)})


def about_railway(table: pd.DataFrame) -> str:
    """What a short railway does to trade and to consumption, which need not move the same way."""
    trade, consumption = table.loc["rail_limited"][MOVED] - table.loc["ri"][MOVED]
    text = (
        f"With the railway of 2023 the same programme leaves turnover {trade:+.1f} bn USD and consumption"
        f" {consumption:+.0f} bn RUB apart from the planned line."
    )
    if trade < 0 < consumption:
        text += (
            " A short line works like a duty on heavy exports: they are sold dearer, and part of them stays at home"
            " ([method page](../../methods/chain.md))."
        )
    return text


def scenarios_in_short(table: pd.DataFrame, threshold: float) -> str:
    """The chapter in three sentences."""
    shift = table["shift_constant_pp"]
    notable = [scenarios.title(name) for name in table.index[shift >= threshold]]
    found = table["shift_constant_pp"] - table["shift_assumption_pp"]
    best, high, low = found.idxmax(), table["turnover_bn_usd"].idxmax(), table["turnover_bn_usd"].idxmin()
    named = ", ".join(f"\u201c{title}\u201d" for title in notable)
    which = f"{'only ' if len(notable) < 3 else ''}in the scenario{'s' * (len(notable) > 1)} {named}"
    return (
        f"**In short.** A shift of {threshold:g} points comes about {which if notable else 'in no scenario'}."
        f" Without what is put in by assumption the largest shift is {points(found[best])} points"
        f" ({scenarios.title(best)}); the programme alone moves it"
        f" {tell(table.loc['ri', 'shift_project_pp'], table.loc['ri', 'resolution_pp'])}. Turnover in 2030 lies between"
        f" {table['turnover_bn_usd'][low]:.0f} bn USD ({scenarios.title(low)}) and"
        f" {table['turnover_bn_usd'][high]:.0f} bn ({scenarios.title(high)})."
    )


def in_columns(table: pd.DataFrame) -> pd.DataFrame:
    """Shocks in each model alone and linked, one row a shock and figure."""
    names = {"ad valorem": "linked, ad valorem"}
    return table.drop(columns="passes").rename(columns=names).set_index(["shock", "figure"])


def about_columns(table: pd.DataFrame) -> str:
    """How often the link turns the sign of what one model alone says, by a size that a table would show."""
    seen = table[table["linked"].abs() >= _SEEN]
    parts = []
    for alone in ("world alone", "economy alone"):
        turned = seen[(seen[alone] * seen["linked"] < 0) & (seen[alone].abs() >= _SEEN)]
        rows = [
            f"{_told(str(r['figure']))} ({str(r['shock'])[0].lower()}{str(r['shock'])[1:]})"
            for _, r in turned.iterrows()
        ]
        found = (
            f"{len(rows)} of the {len(seen)} figures of {_SEEN:g} or more: {'; '.join(rows)}"
            if rows
            else f"none of the {len(seen)} figures of {_SEEN:g} or more"
        )
        parts.append(f"against the {alone.split()[0]} alone in {found}")
    return f"The link turns the sign {', '.join(parts)}."


def _told(figure: str) -> str:
    """A figure of the columns without its unit, standing by itself."""
    name = figure.rsplit(", ", 1)[0]
    return name.replace("of them engineering and chemicals", "Russia's exports of engineering and chemicals to China")
