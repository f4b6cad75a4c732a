"""The replication table: each claim, our figure, and the verdict its criterion leads to."""

import html as html_text
from typing import TYPE_CHECKING, Any

from rutrade import InputError, data, files, scenarios
from rutrade.publish.names import TITLES
from rutrade.publish.tables import scroll_box

if TYPE_CHECKING:
    import pandas as pd

ROBUST = {True: "robust: other bases say the same", False: "not robust: another base says otherwise"}


def claims(values: dict[str, dict[str, object]]) -> "pd.DataFrame":
    """The replication table: each claim with our figure, the criterion and the status it leads to.

    Status: reproduced when the criterion holds; partly when it holds with the wider tolerance; else not; 'not
    testable' when there is no figure to hold it against, or no criterion that could fail. A verdict is robust when
    the figures on other defensible bases (column `variants`) lead to the same one. Raises InputError when no page
    records the value a claim names, or records no number.
    """
    import pandas as pd

    table = data.load("claims")
    ours: list[float | None] = []
    status: list[str] = []
    robust: list[str] = []
    for claim in table.itertuples():
        figure = None if pd.isna(claim.value_name) else _recorded(values, claim, claim.value_name)
        ours.append(figure)
        if figure is None or pd.isna(claim.relation):
            status.append("not testable")
            robust.append("")
            continue
        criterion = claim.relation, claim.threshold, claim.tolerance, claim.wide_tolerance
        verdict = judge(figure, *criterion)
        names = [] if pd.isna(claim.variants) else [name.strip() for name in claim.variants.split(";")]
        others = {judge(_recorded(values, claim, name), *criterion) for name in names}
        status.append(verdict)
        robust.append("" if not others else ROBUST[others == {verdict}])
    return table.assign(ours=ours, verdict=status, robust=robust)


def _recorded(values: dict[str, dict[str, object]], claim: Any, name: str) -> float:
    """A value that a page recorded. Raises InputError when no page records it, or it is no number."""
    figure = values.get(claim.scenario, {}).get(name)
    if figure is None:
        raise InputError(f"claim '{claim.claim}': no page of scenario '{claim.scenario}' records '{name}'")
    if not isinstance(figure, int | float):
        raise InputError(f"claim '{claim.claim}': the page's '{name}' is {figure!r}, not a number")
    return figure


def judge(figure: float, relation: str, threshold: float, tolerance: float, wide: float) -> str:
    """Status of a claim: relation is 'at least', 'at most' or 'about'; tolerances in the figure's unit."""
    shortfall = {"at least": threshold - figure, "at most": figure - threshold, "about": abs(figure - threshold)}[
        relation
    ]
    return "reproduced" if shortfall <= tolerance else "partly" if shortfall <= wide else "not reproduced"


def _claims_page(table: "pd.DataFrame") -> str:
    """The replication page: the verdicts at a glance, then one table for each work, each row with its verdict first."""
    import pandas as pd

    from rutrade.publish.front import SIGNS, chip, verdicts

    intro = (files.root() / "book" / "claims_intro.md").read_text(encoding="utf-8")
    order = list(SIGNS)
    counts = pd.crosstab(table["work"], table["verdict"]).reindex(table["work"].unique()).reindex(columns=order)
    counts.loc["All works"] = counts.sum()
    heads = " | ".join(f"{sign} {verdict}" for verdict, sign in SIGNS.items())
    lines = [intro, f"```{{raw}} html\n{verdicts(table, '')}\n```\n", scroll_box("Verdicts by work")]
    lines += [f"| work | {heads} |", "|---|" + "--:|" * len(order)]
    lines += [f"| {work} | {' | '.join(f'{n:.0f}' for n in row)} |" for work, row in counts.fillna(0).T.items()]
    lines.append('\n</div>\n\n<div class="claims-filter"></div>')
    for work, claims_of_work in table.groupby("work", sort=False):
        box = scroll_box(f"Claims of {html_text.escape(str(work))}").replace(
            "table-scroll", "table-scroll claims-table"
        )
        lines += [
            f"\n## {work}\n",
            box,
            "| verdict | claim | criterion | our figure | shown in |",
            "|---|---|---|---|---|",
        ]
        for c in claims_of_work.itertuples():
            number = "–" if pd.isna(c.ours) else f"{rounded(c.ours)} {c.unit}"
            number += f"; {c.robust}" if c.robust else ""
            criterion = "none" if pd.isna(c.relation) else f"{c.relation} {c.threshold:g} {c.unit}"
            text = c.text if pd.isna(c.note) else f"{c.text} *{c.note}*"
            mark = f'<span id="claim-{c.claim}"></span>{chip(c.verdict)}'
            lines.append(f"| {mark} | {text} | {criterion} | {number} | {_shown(c.page, c.scenario)} |")
        lines.append("\n</div>")
    return "\n".join(lines) + "\n"


def _shown(page: object, scenario: str) -> str:
    """A link to the chapter that shows a claim's figure, by its number."""
    import pandas as pd

    if pd.isna(page):
        return ""
    chapter = f"Chapter {int(str(page).split('_')[0])}"
    if scenario != scenarios.BASE:
        chapter += f", {TITLES.get(scenario, scenario).lower()}"
    return f"[{chapter}]({scenario}/{page}.ipynb)"


def rounded(value: float) -> str:
    """A figure as it is meant: whole from a hundred on and where it is whole, one digit from one on, else two that
    count.
    """
    if value == int(value) or abs(value) >= 100:
        text = f"{value:,.0f}"
    else:
        text = f"{value:.1f}" if abs(value) >= 1 else f"{value:.2g}"
    return text.replace("-", "\u2212")
