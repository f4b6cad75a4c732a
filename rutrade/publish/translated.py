"""The front page, the verdicts and the chapters in short, in Russian and Chinese.

The prose of `book/languages` takes the values that the English front page takes: one source of numbers.
"""

import html as html_text
import re
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from rutrade import files, scenarios
from rutrade.publish import front, languages
from rutrade.publish.claims import rounded
from rutrade.publish.tables import scroll_box

if TYPE_CHECKING:
    import pandas as pd


def page(language: str, values: Mapping[str, Mapping[str, object]], claims: "pd.DataFrame") -> str:
    """The page in a language as MyST. Raises InputError when a word has no translation.

    values: recorded values by scenario; claims: the replication table of `claims.claims`. A name in the prose that no
    page records raises jinja2's UndefinedError.
    """
    from jinja2 import Environment, StrictUndefined

    def n(value: float, digits: int = 0) -> str:
        return languages.number(value, digits, language)

    environment = Environment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
    environment.filters["n"] = n
    prose = (files.root() / "book" / "languages" / f"{language}.md").read_text(encoding="utf-8")
    parts = front.parts(values, claims, language)
    drawn = {name: f"```{{raw}} html\n{part}\n```" for name, part in parts.items()}
    recorded = dict(values.get(scenarios.BASE, {})) | dict(values)
    text = environment.from_string(prose).render(
        **recorded, **drawn, claims=f"```{{raw}} html\n{table(language, claims)}\n```"
    )
    if language == "ru":
        text = re.sub(r"(?<=\d) (?=%|млрд|трлн)", "\u00a0", text)  # a number and its unit stay on one line
    # The theme's frame is English; what the page itself says is marked as what it is.
    mark = f'<span class="page-language" data-lang="{languages.LANGUAGES[language][0]}"></span>'
    head, rest = text.split("\n", 1)
    return f"{head}\n\n```{{raw}} html\n{mark}\n```\n{rest}"


def table(language: str, claims: "pd.DataFrame") -> str:
    """All claims with verdict, criterion and our figure, by work, as HTML."""
    import pandas as pd

    say = partial(languages.say, language=language)
    heads = "".join(f'<th scope="col">{say(head)}</th>' for head in _HEADS)
    lines = []
    for work, rows in claims.groupby("work", sort=False):
        label = say("Claims of {work}").format(work=say(str(work)))
        box = scroll_box(html_text.escape(label)).replace("table-scroll", "table-scroll claims-table")
        lines.append(f'<p class="rubric" role="heading" aria-level="3">{html_text.escape(say(str(work)))}</p>')
        lines.append(f'{box.strip()}<table class="table"><thead><tr>{heads}</tr></thead><tbody>')
        for c in rows.itertuples():
            unit = say(str(c.unit))
            ours = "–" if pd.isna(c.ours) else f"{rounded(c.ours)} {unit}"
            ours += f"; {say(c.robust)}" if c.robust else ""
            wanted = say("none") if pd.isna(c.relation) else f"{say(c.relation)} {c.threshold:g} {unit}"
            cells = (
                f'<span id="claim-{c.claim}"></span>{front.chip(c.verdict, language)}',
                html_text.escape(say(c.text)), wanted, ours, _shown(c.page, c.scenario, say),
            )  # fmt: skip
            lines.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
        lines.append("</tbody></table></div>")
    return languages.localised("".join(lines), language)


_HEADS = ("verdict", "claim", "criterion", "our figure", "shown in")


def _shown(page: object, scenario: str, say: partial[str]) -> str:
    """A link to the chapter that shows a claim's figure."""
    import pandas as pd

    if pd.isna(page):
        return ""
    title = say("Chapter {chapter}").format(chapter=int(str(page).split("_")[0]))
    return f'<a href="{scenario}/{page}.html">{title}</a>'
