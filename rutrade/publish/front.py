"""The front page's pictures: verdicts, turnover, structure then and now, and what the programme moves, to scale.

Each is written as HTML that `book/index.md` takes in. Turnover and structure come from the tables of part 1, the shifts
of 2030 from the values that the pages record.
"""

import html as html_text
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from rutrade import data, structure
from rutrade.publish import languages, maps, names, style, svg
from rutrade.publish.finish import figure
from rutrade.publish.tables import FIGURE, csv, mend

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# The nine classes of the structure charts: name, colour, commodity groups.
CLASSES = {
    "Fuels": ("fuels", ("27",)),
    "Minerals, wood": ("minerals", ("25-26", "44-49")),
    "Food": ("food", ("01-05", "06-15", "16-24")),
    "Chemicals": ("chemicals", ("28-38", "39-40")),
    "Metals, stone": ("metals", ("68-71", "72-83")),
    "Machinery": ("machinery", ("84-85",)),
    "Vehicles": ("vehicles", ("86-89",)),
    "Textiles": ("textiles", ("41-43", "50-63", "64-67")),
    "Other, not split": ("other", ("90-99", "64-99")),
}
SHOWN = ("ri", "ri_commercialised", "facilitation", "ri_policy", "paper")  # scenarios of the chart of sizes
NOTABLE = 5.0  # points of the share, the claims' criterion


def parts(values: Mapping[str, Mapping[str, object]], claims: pd.DataFrame, language: str = "en") -> dict[str, str]:
    """The parts of the front page by name, as HTML in a language."""
    page = "results/claims.html" if language == "en" else ""
    found = {
        "languages": languages.switch(language), "verdicts": verdicts(claims, page, language),
        "turnover": turnover(language), "structure": structure_chart(language), "map": map_chart(language),
    }  # fmt: skip
    shifts = {name: float(str(values["base"][f"{name}_shift_constant_pp"]))
              for name in SHOWN if f"{name}_shift_constant_pp" in values.get("base", {})}  # fmt: skip
    if shifts:
        found["shift"] = sizes(shifts, float(str(values["base"].get("ri_resolution_pp", 0.0))), language)
    return found


SIGNS = {"reproduced": "✓", "partly": "◐", "not reproduced": "✕", "not testable": "?"}
_KINDS = {"reproduced": "reproduced", "partly": "partly", "not reproduced": "refuted", "not testable": "untestable"}


def chip(verdict: str, language: str = "en") -> str:
    """A verdict as sign and word, in its colour."""
    word = languages.say(verdict, language)
    return f'<span class="verdict {_KINDS[verdict]}"><span aria-hidden="true">{SIGNS[verdict]}</span> {word}</span>'


def verdicts(claims: pd.DataFrame, page: str = "results/claims.html", language: str = "en") -> str:
    """One linked square a claim, and how many there are of each verdict.

    page: where the claims stand; only the English page can show those of one verdict alone.
    """
    ordered = claims.assign(place=claims["verdict"].map(list(SIGNS).index)).sort_values("place", kind="stable")
    squares, chips = "", ""
    for c in ordered.itertuples():
        kind, word = _KINDS[c.verdict], languages.say(c.verdict, language)
        text = html_text.escape(languages.say(str(c.text), language))
        squares += f'<a class="square {kind}" href="{page}#claim-{c.claim}" title="{text}" aria-label="{word}: {text}">'
        squares += f"{SIGNS[c.verdict]}</a>"
    counts = claims["verdict"].value_counts()
    for v, sign in SIGNS.items():
        text = f'<span aria-hidden="true">{sign}</span> {counts.get(v, 0)} {languages.say(v, language)}'
        where = f' href="{page}?verdict={v.replace(" ", "%20")}"' if language == "en" else ""
        tag = "a" if where else "span"
        chips += f'<li><{tag} class="verdict {_KINDS[v]}"{where}>{text}</{tag}></li>'
    return f'<div class="squares">{squares}</div><ul class="verdicts">{chips}</ul>'


def turnover(language: str = "en") -> str:
    """Ten years of trade by both counts, and the years after that the projections were not fitted to."""
    say, number = _tongue(language)
    table = data.load("trade_totals")
    last = int(table["year"].max())
    totals = structure.totals(table, 2013, last)
    ours, theirs = say("China's count"), say("Russia's count")
    both = pd.DataFrame({ours: totals["CHN", "turnover"], theirs: totals["RUS", "turnover"]})
    both = both.rename_axis(say("year"))
    china = both[ours].dropna()
    fig, ax = style.axes(height=4.0)
    for name, colour in ((ours, style.CHINA), (theirs, style.RUSSIA)):
        line = both[name].dropna()
        known = line[line.index <= 2021] if name == theirs else line
        ax.plot(known.index, known, color=colour, label=name, marker="o", markersize=4)
        if len(known) < len(line):
            guessed = line[line.index >= 2021]
            ax.plot(guessed.index, guessed, color=colour, linestyle=":", label=f"{name}, {say('IMF estimate')}")
    end, first = int(china.index[-1]), int(china.index[0])
    ax.axvspan(2023.5, end + 0.4, color=style.light("surface"), zorder=0)
    ax.text(2023.6, 4, say("held back"), fontsize=12, color=style.light("muted"))
    for year in (first, 2015, 2023, end):
        ax.annotate(f"{china[year]:.0f}", (year, china[year]), xytext=(0, 9), textcoords="offset points", ha="center",
                    color=style.CHINA, fontweight="bold")  # fmt: skip
    for name, colour, place in ((ours, style.CHINA, 1.0), (theirs, style.RUSSIA, 0.86)):
        text = ax.annotate(
            name, (end + 0.4, place * china[end]), xytext=(6, 0), textcoords="offset points", va="center",
            color=colour, fontweight="bold", annotation_clip=False,
        )  # fmt: skip
        vars(text)["wraps"] = 9
    ax.set(ylim=(0, None), xlim=(first - 0.3, end + 0.4), xticks=range(first, end + 1, 2))
    levelled = abs(china[end] / china[2023] - 1) <= 0.1
    title = "Trade rose {multiple}-fold in ten years, then levelled off" if levelled else (
        "Trade rose {multiple}-fold in ten years")  # fmt: skip
    values = {"first": first, "end": end, "multiple": number(china[2023] / china[first], 1)}
    values |= {"low": number(china[first]), "high": number(china[2023]), "last": number(china[end])}
    return _picture(
        fig, "turnover", say(title).format(**values),
        say("Goods in both directions, bn USD at current prices, by two counts"), both,
        say(
            "Two lines from {first} to {end}. China's count goes from {low} to {high} bn USD in 2023 and {last} in"
            " {end}; Russia's lies close to it and is an estimate from 2022 on"
        ).format(**values),
        say("China's customs; Russia's customs to 2021, then estimates by the IMF. The years after 2023 were kept from"
            " the models to test them."), "base/01_trade_structure", 1, language,
    )  # fmt: skip


def _classes(row: pd.Series) -> pd.Series:
    """Shares of the nine classes, in percent."""
    sums = {name: row.reindex(list(groups)).sum() for name, (_, groups) in CLASSES.items()}
    return 100 * pd.Series(sums) / row.sum()


def structure_chart(language: str = "en") -> str:
    """What each country sold, in the first year that is known by group and in 2023."""
    say, number = _tongue(language)
    table = data.load("trade_structure")
    flows = {}
    for title, exporter, importer in (("What Russia sells", "RUS", "CHN"), ("What China sells", "CHN", "RUS")):
        panel = structure.panel(table, exporter, importer).dropna(how="all")
        panel = panel[panel.sum(axis=1) > 0]
        flows[say(title)] = pd.DataFrame({int(y): _classes(panel.loc[y]) for y in (panel.index[0], panel.index[-1])}).T
    fig, boxes = style.axes(2, 1, height=4.7)
    for ax, (title, shares) in zip(boxes, flows.items(), strict=True):
        _bars(ax, shares, say)
        ax.set_title(title, loc="left")
    sold, bought = flows.values()
    (y0, y1), (z0, z1) = sold.index, bought.index
    values = {"y0": y0, "y1": y1, "z0": z0, "z1": z1, "fuels0": number(sold.at[y0, "Fuels"]),
              "fuels1": number(sold.at[y1, "Fuels"]), "cars0": number(bought.at[z0, "Vehicles"]),
              "cars1": number(bought.at[z1, "Vehicles"])}  # fmt: skip
    numbers = pd.concat(flows, names=[say("flow"), say("year")]).rename(columns=say)
    return _picture(
        fig, "structure",
        say("Russia still sells fuels ({fuels0} % then, {fuels1} % now); China now sells vehicles ({cars0} %, {cars1}"
            " %)").format(**values),
        say("Shares of goods, % of each direction's value, in the first year known by group and the last"), numbers,
        say("Four bars of shares. Fuels are {fuels0} % of what Russia sells in {y0} and {fuels1} % in {y1}; vehicles"
            " rise from {cars0} to {cars1} % of what China sells between {z0} and {z1}").format(**values),
        say("Russia's customs (WITS) for 2013, which leaves metals, machinery and vehicles in one residual; the other"
            " bars CEPII BACI."), "base/01_trade_structure", 2, language,
    )  # fmt: skip


def _bars(ax: "Axes", shares: pd.DataFrame, say: Callable[[str], str]) -> None:
    """Two bars of one hundred percent, their parts numbered, and named below the last bar where they have room."""
    places = [1.0, 0.0]
    left, row = pd.Series(0.0, index=shares.index), 0
    for name, (colour, _) in CLASSES.items():
        ax.barh(
            places, shares[name], left=left, height=0.72, color=style.light(colour), edgecolor="white", label=say(name)
        )
        pale = style.light(colour) in style.SOFT
        for place, (year, start) in zip(places, left.items(), strict=True):
            share = shares.loc[year, name]
            if share >= 4.5:
                ax.text(start + share / 2, place, f"{share:.0f}", ha="center", va="center", fontweight="bold",
                        color=style.light("ink-middle" if pale else "ground"))  # fmt: skip
        if shares[name].iloc[-1] >= 6.5 and not name.startswith("Other"):
            # Three rows of names, so that neighbours do not touch.
            late = left.iloc[-1] > 75
            place = left.iloc[-1] + (shares[name].iloc[-1] if late else 0)
            ax.text(place, -0.44 - 0.36 * (row % 3), say(name), ha="right" if late else "left", va="top", fontsize=12)
            row += 1
        left = left + shares[name]
    ax.set_yticks(places, [str(year) for year in shares.index])
    ax.set(xlim=(0, 100), ylim=(-1.5, 1.45), xticks=[])
    ax.grid(visible=False)
    ax.spines["bottom"].set_visible(False)


def sizes(shifts: Mapping[str, float], resolution: float = 0.0, language: str = "en") -> str:
    """What each scenario moves, on one linear scale with the line of a notable shift.

    `resolution`: what the linked models tell apart, points; smaller shifts have no sign and no digits.
    """
    say, _ = _tongue(language)
    table = pd.Series({say(names.TITLES.get(name, names.plain(name))): value for name, value in shifts.items()})
    fig, ax = style.axes(height=3.6)
    words = {name: told(value, resolution, language) for name, value in table.items()}
    _strip(ax, table.where(table.abs() >= resolution, 0.0), words)
    ax.set_xlim(min(0.0, table.min()), max(table.max(), NOTABLE) * 1.02)
    for place in range(len(table)):
        ax.plot([NOTABLE] * 2, [place - 0.24, place + 0.2], color=style.light("text"), linewidth=1.8)
    line = say("{notable} points: notable").format(notable=f"{NOTABLE:g}")
    ax.text(NOTABLE, len(table) - 0.1, line, ha="center", va="bottom", fontweight="bold")
    values = {"moved": words[next(iter(table.index))], "notable": f"{NOTABLE:g}"}
    values["bars"] = "; ".join(f"{name} {text}" for name, text in words.items())
    numbers = table.rename(say("points")).rename_axis(say("scenario")).to_frame()
    return _picture(
        fig, "shift",
        say("The programme moves the structure by {moved} where {notable} would be notable").format(**values),
        say("Shift of the share of engineering and chemical goods in Russia's exports to China in 2030, percentage"
            " points, against the path without anything new"), numbers,
        say("Bars on one linear scale: {bars}; a line at {notable} points").format(**values),
        say("projections of our own models at constant prices; support and redirection in the last two are assumptions."
            " The criterion of five points is ours."), "projections", 4, language,
    )  # fmt: skip


def told(value: float, resolution: float, language: str = "en") -> str:
    """A shift in words: its size, or that it is smaller than what the models tell apart."""
    say, number = _tongue(language)
    if abs(value) < resolution:
        return say("less than {size} points").format(size=number(resolution, 2 if resolution >= 0.01 else 4))
    return say("{size} points").format(size=number(value, 3 if abs(value) < 0.1 else 1))


def _strip(ax: "Axes", table: pd.Series, words: Mapping[str, str]) -> None:
    places = list(range(len(table)))[::-1]
    ax.barh(places, table, height=0.34, color=style.RUSSIA)
    for place, name in zip(places, table.index, strict=True):
        ax.text(0, place + 0.24, f"{name}: {words[name]}", ha="left", va="bottom")
    ax.set(yticks=[], xticks=[], ylim=(-0.4, len(table) - 0.1))
    ax.grid(visible=False)
    ax.spines["bottom"].set_visible(False)
    ax.axvline(0, color=style.light("axis"), linewidth=1)


def map_chart(language: str = "en") -> str:
    """Where the trade crosses the border and which regions of Siberia trade, numbered, with the names below."""
    from matplotlib.text import Text

    say, number = _tongue(language)
    crossings = data.load("rail_crossings")
    crossings = crossings[(crossings["direction"] == "export") & (crossings["first_month"] == "2025-01")]
    tonnes = crossings.set_index("crossing")["mt"]
    everywhere = tonnes.pop("all crossings with China")
    facts = data.load("siberia")
    flows = {f: structure.in_bn(structure.facts(facts, f, f"{f} {way} China", "", True))
             for f, way in (("exports", "to"), ("imports", "from"))}  # fmt: skip
    traded = pd.DataFrame(flows).fillna(0)
    traded.index = traded.index.str.rstrip("*")
    places = data.load("map_places")
    numbered = maps.key(places, tonnes, traded)
    fig = maps.flow_map(data.load("outlines"), places, data.load("map_lines"), numbered)
    for text in set(fig.findobj(Text)):
        if any(letter.isalpha() for letter in text.get_text()):
            text.set_text(say(text.get_text()))
    heads = {"crossing": say("Rail exports, January to July 2025, mn t"),
             "region": say("Trade with China in 2021, known parts, bn USD")}  # fmt: skip
    key = "".join(
        f'<p class="map-key"><b>{head}:</b> '
        + ", ".join(f"<b>{place}</b>\u00a0{say(row['name'])} {number(row['size'], 1)}" for place, row in rows)
        + "</p>"
        for kind, head in heads.items()
        if (rows := list(numbered[numbered["kind"] == kind].iterrows()))
    )
    share = number(100 * tonnes.max() / everywhere)
    table = numbered[["name", "size"]].set_axis([say("name"), say("mn t or bn USD")], axis=1)
    table[say("name")] = table[say("name")].map(say)
    return _picture(
        fig, "map",
        say("{crossing} carries {share} % of Russia's rail exports over the border with China").format(
            crossing=say(tonnes.idxmax()), share=share),
        say("Railways, pipelines, rail crossings and the regions of Siberia that trade most with China; the key is"
            " below"), table.rename_axis(say("on the map")),
        say("A map of Siberia and the Far East with railways, oil and gas pipelines, four numbered rail crossings with"
            " China sized by tonnes and five numbered regions sized by their known trade with China"),
        say("Natural Earth (outlines), GeoNames (places), press reports of Russian Railways, Sherin 2024. Outlines say"
            " nothing on borders."), "base/03_siberia", 3, language, key,
    )  # fmt: skip


def _tongue(language: str) -> tuple[Callable[[str], str], Callable[..., str]]:
    """Texts and numbers in a language."""
    return partial(languages.say, language=language), partial(languages.number, language=language)


def _picture(
    fig: "Figure", name: str, title: str, what: str, table: pd.DataFrame, alt: str, source: str, chapter: str,
    place: int, language: str, below: str = "",
) -> str:  # fmt: skip
    """A chart of the front page with its frame; the front page has no file of numbers of its own.

    chapter: the page below `results` that tells more; place: the figure's number; below: what stands under the chart.
    """
    import warnings

    import matplotlib.pyplot as plt

    say, _ = _tongue(language)
    title, alt = mend(title), mend(alt)
    with warnings.catch_warnings():
        # Texts are drawn by the reader's fonts; matplotlib's own, by which it measures, lacks Chinese.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        wide, narrow = svg.draw(fig, f"front-{name}", alt, title)
    plt.close(fig)
    chapters = {"projections": 8}
    more = say("Chapter {chapter}").format(chapter=chapters.get(chapter) or int(chapter.split("/")[1][:2]))
    up = "results/" if language == "en" else ""
    source = f'{source} <a href="{up}{chapter}.html">{more}</a>'
    about: dict[str, Any] = {"title": title, "what": what, "source": source, "narrow": narrow}
    drawn = {"image/svg+xml": wide, FIGURE: about}
    number = say("Figure {place}").format(place=place)
    html = figure(drawn, csv(table, f"front-{name}"), "", number, level=2, say=say, below=below)
    return languages.localised(html, language)
