"""The replication table: each claim, our figure, and the verdict its criterion leads to."""

import html as html_text
from typing import TYPE_CHECKING

from rutrade import InputError, data, files, scenarios
from rutrade.publish.tables import scroll_box

if TYPE_CHECKING:
    import pandas as pd


def claims(values: dict[str, dict[str, object]]) -> "pd.DataFrame":
    """The replication table: each claim with our figure, the criterion and the status it leads to.

    Status: reproduced when the criterion holds; partly when it holds with the wider tolerance; else not; 'not
    testable' when there is no figure to hold it against. Raises InputError when no page records the value a claim
    names, or records no number.
    """
    import pandas as pd

    table = data.load("claims")
    ours: list[float | None] = []
    status: list[str] = []
    for claim in table.itertuples():
        if pd.isna(claim.value_name):
            ours.append(None)
            status.append("not testable")
            continue
        figure = values.get(claim.scenario, {}).get(claim.value_name)
        if figure is None:
            raise InputError(
                f"claim '{claim.claim}': no page of scenario '{claim.scenario}' records '{claim.value_name}'"
            )
        if not isinstance(figure, int | float):
            raise InputError(f"claim '{claim.claim}': the page's '{claim.value_name}' is {figure!r}, not a number")
        ours.append(figure)
        status.append(judge(figure, claim.relation, claim.threshold, claim.tolerance, claim.wide_tolerance))
    return table.assign(ours=ours, verdict=status)


def judge(figure: float, relation: str, threshold: float, tolerance: float, wide: float) -> str:
    """Status of a claim: relation is 'at least', 'at most' or 'about'; tolerances in the figure's unit."""
    shortfall = {"at least": threshold - figure, "at most": figure - threshold, "about": abs(figure - threshold)}[
        relation
    ]
    return "reproduced" if shortfall <= tolerance else "partly" if shortfall <= wide else "not reproduced"


def _claims_page(table: "pd.DataFrame") -> str:
    """The replication page: one table for each work."""
    import pandas as pd

    intro = (files.root() / "book" / "claims_intro.md").read_text(encoding="utf-8")
    order = ["reproduced", "partly", "not reproduced", "not testable"]
    counts = pd.crosstab(table["work"], table["verdict"]).reindex(table["work"].unique()).reindex(columns=order)
    counts.loc["all works"] = counts.sum()
    lines = [intro, scroll_box("Verdicts by work"), f"| work | {' | '.join(order)} |", "|---|" + "---|" * len(order)]
    lines += [f"| {work} | {' | '.join(f'{n:.0f}' for n in row)} |" for work, row in counts.fillna(0).T.items()]
    lines.append('\n</div>\n\n<div class="claims-filter"></div>')
    for work, claims_of_work in table.groupby("work", sort=False):
        lines += [
            f"\n## {work}\n",
            scroll_box(f"Claims of {html_text.escape(work)}"),
            "| claim | criterion | our figure | status | shown on |",
            "|---|---|---|---|---|",
        ]
        for c in claims_of_work.itertuples():
            number = "–" if pd.isna(c.ours) else f"{c.ours:,.{2 if abs(c.ours) >= 0.1 else 4}f} {c.unit}"
            where = "" if c.scenario == scenarios.BASE else f" ({c.scenario})"
            page = "" if pd.isna(c.page) else f"[{c.page}{where}]({c.scenario}/{c.page}.ipynb)"
            criterion = "" if pd.isna(c.relation) else f"{c.relation} {c.threshold:g} {c.unit}"
            text = c.text if pd.isna(c.note) else f"{c.text} *{c.note}*"
            lines.append(f"| {text} | {criterion} | {number} | **{c.verdict}** | {page} |")
        lines.append("\n</div>")
    return "\n".join(lines) + "\n"
