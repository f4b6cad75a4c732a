"""The front page's pictures: verdicts, turnover, structure then and now, and what the programme moves, to scale.

Each is written as HTML that `book/index.md` takes in. Turnover and structure come from the tables of part 1, the shifts
of 2030 from the values that the pages record.
"""

import html as html_text
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from rutrade import data, structure
from rutrade.publish import names, style, svg
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


def parts(values: Mapping[str, Mapping[str, object]], claims: pd.DataFrame) -> dict[str, str]:
    """The parts of the front page by name, as HTML."""
    found = {"verdicts": verdicts(claims), "turnover": turnover(), "structure": structure_chart()}
    shifts = {name: float(str(values["base"][f"{name}_shift_constant_pp"]))
              for name in SHOWN if f"{name}_shift_constant_pp" in values.get("base", {})}  # fmt: skip
    if shifts:
        found["shift"] = sizes(shifts, float(str(values["base"].get("ri_resolution_pp", 0.0))))
    return found


SIGNS = {"reproduced": "✓", "partly": "◐", "not reproduced": "✕", "not testable": "?"}
_KINDS = {"reproduced": "reproduced", "partly": "partly", "not reproduced": "refuted", "not testable": "untestable"}


def chip(verdict: str) -> str:
    """A verdict as sign and word, in its colour."""
    return f'<span class="verdict {_KINDS[verdict]}"><span aria-hidden="true">{SIGNS[verdict]}</span> {verdict}</span>'


def verdicts(claims: pd.DataFrame, page: str = "results/claims.html") -> str:
    """One linked square a claim, and how many there are of each verdict."""
    ordered = claims.assign(place=claims["verdict"].map(list(SIGNS).index)).sort_values("place", kind="stable")
    squares = "".join(
        f'<a class="square {_KINDS[c.verdict]}" href="{page}#claim-{c.claim}" title="{html_text.escape(str(c.text))}"'
        f' aria-label="{c.verdict}: {html_text.escape(str(c.text))}">{SIGNS[c.verdict]}</a>'
        for c in ordered.itertuples()
    )
    counts = claims["verdict"].value_counts()
    chips = "".join(
        f'<li><a class="verdict {_KINDS[v]}" href="{page}?verdict={v.replace(" ", "%20")}">'
        f'<span aria-hidden="true">{sign}</span> {counts.get(v, 0)} {v}</a></li>'
        for v, sign in SIGNS.items()
    )
    return f'<div class="squares">{squares}</div><ul class="verdicts">{chips}</ul>'


def turnover() -> str:
    """Ten years of trade by both counts, and the years after that the projections were not fitted to."""
    table = data.load("trade_totals")
    last = int(table["year"].max())
    totals = structure.totals(table, 2013, last)
    both = pd.DataFrame({"China's count": totals["CHN", "turnover"], "Russia's count": totals["RUS", "turnover"]})
    china = both["China's count"].dropna()
    fig, ax = style.axes(height=4.0)
    for name, colour in (("China's count", style.CHINA), ("Russia's count", style.RUSSIA)):
        line = both[name].dropna()
        known = line[line.index <= 2021] if name.startswith("Russia") else line
        ax.plot(known.index, known, color=colour, label=name, marker="o", markersize=4)
        if len(known) < len(line):
            guessed = line[line.index >= 2021]
            ax.plot(guessed.index, guessed, color=colour, linestyle=":", label=f"{name}, IMF estimate")
    end, first = int(china.index[-1]), int(china.index[0])
    ax.axvspan(2023.5, end + 0.4, color=style.light("surface"), zorder=0)
    ax.text(2023.6, 4, "held back", fontsize=12, color=style.light("muted"))
    for year in (first, 2015, 2023, end):
        ax.annotate(f"{china[year]:.0f}", (year, china[year]), xytext=(0, 9), textcoords="offset points", ha="center",
                    color=style.CHINA, fontweight="bold")  # fmt: skip
    for name, colour, place in (("China's count", style.CHINA, 1.0), ("Russia's count", style.RUSSIA, 0.86)):
        text = ax.annotate(
            name, (end + 0.4, place * china[end]), xytext=(6, 0), textcoords="offset points", va="center",
            color=colour, fontweight="bold", annotation_clip=False,
        )  # fmt: skip
        vars(text)["wraps"] = 9
    ax.set(ylim=(0, None), xlim=(first - 0.3, end + 0.4), xticks=range(first, end + 1, 2))
    multiple = china[2023] / china[first]
    title = f"Trade rose {multiple:.1f}-fold in ten years, then levelled off"
    if abs(china[end] / china[2023] - 1) > 0.1:
        title = f"Trade rose {multiple:.1f}-fold in ten years"
    return _picture(
        fig, "turnover", title, "Goods in both directions, bn USD at current prices, by two counts", both,
        f"Two lines from {first} to {end}. China's count goes from {china[first]:.0f} to {china[2023]:.0f} bn USD in"
        f" 2023 and {china[end]:.0f} in {end}; Russia's lies close to it and is an estimate from 2022 on",
        "China's customs; Russia's customs to 2021, then estimates by the IMF. The years after 2023 were kept from the "
        'models to test them. <a href="results/base/01_trade_structure.html">Chapter 1</a>', 1,
    )  # fmt: skip


def _classes(row: pd.Series) -> pd.Series:
    """Shares of the nine classes, in percent."""
    sums = {name: row.reindex(list(groups)).sum() for name, (_, groups) in CLASSES.items()}
    return 100 * pd.Series(sums) / row.sum()


def structure_chart() -> str:
    """What each country sold, in the first year that is known by group and in 2023."""
    table = data.load("trade_structure")
    flows = {}
    for title, exporter, importer in (("What Russia sells", "RUS", "CHN"), ("What China sells", "CHN", "RUS")):
        panel = structure.panel(table, exporter, importer).dropna(how="all")
        panel = panel[panel.sum(axis=1) > 0]
        flows[title] = pd.DataFrame({int(y): _classes(panel.loc[y]) for y in (panel.index[0], panel.index[-1])}).T
    fig, boxes = style.axes(2, 1, height=4.7)
    for ax, (title, shares) in zip(boxes, flows.items(), strict=True):
        _bars(ax, shares)
        ax.set_title(title, loc="left")
    sold, bought = flows.values()
    fuels, cars = sold["Fuels"], bought["Vehicles"]
    (y0, y1), (z0, z1) = sold.index, bought.index
    numbers = pd.concat(flows, names=["flow", "year"])
    return _picture(
        fig, "structure",
        f"Russia still sells fuels ({fuels[y0]:.0f} % then, {fuels[y1]:.0f} % now); "
        f"China now sells vehicles ({cars[z0]:.0f} %, {cars[z1]:.0f} %)",
        "Shares of goods, % of each direction's value, in the first year known by group and the last", numbers,
        f"Four bars of shares. Fuels are {fuels[y0]:.0f} % of what Russia sells in {y0} and {fuels[y1]:.0f} % in {y1}; "
        f"vehicles rise from {cars[z0]:.0f} to {cars[z1]:.0f} % of what China sells between {z0} and {z1}",
        "Russia's customs (WITS) for 2013, which leaves metals, machinery and vehicles in one residual; the other bars "
        'CEPII BACI. <a href="results/base/01_trade_structure.html">Chapter 1</a>', 2,
    )  # fmt: skip


def _bars(ax: "Axes", shares: pd.DataFrame) -> None:
    """Two bars of one hundred percent, their parts numbered, and named below the last bar where they have room."""
    places = [1.0, 0.0]
    left, row = pd.Series(0.0, index=shares.index), 0
    for name, (colour, _) in CLASSES.items():
        ax.barh(places, shares[name], left=left, height=0.72, color=style.light(colour), edgecolor="white", label=name)
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
            ax.text(place, -0.44 - 0.36 * (row % 3), name, ha="right" if late else "left", va="top", fontsize=12)
            row += 1
        left = left + shares[name]
    ax.set_yticks(places, [str(year) for year in shares.index])
    ax.set(xlim=(0, 100), ylim=(-1.5, 1.45), xticks=[])
    ax.grid(visible=False)
    ax.spines["bottom"].set_visible(False)


def sizes(shifts: Mapping[str, float], resolution: float = 0.0) -> str:
    """What each scenario moves, on one linear scale with the line of a notable shift.

    `resolution`: what the linked models tell apart, points; smaller shifts have no sign and no digits.
    """
    table = pd.Series({names.TITLES.get(name, names.plain(name)): value for name, value in shifts.items()})
    fig, ax = style.axes(height=3.6)
    words = {name: told(value, resolution) for name, value in table.items()}
    _strip(ax, table.where(table.abs() >= resolution, 0.0), words)
    ax.set_xlim(min(0.0, table.min()), max(table.max(), NOTABLE) * 1.02)
    for place in range(len(table)):
        ax.plot([NOTABLE] * 2, [place - 0.24, place + 0.2], color=style.light("text"), linewidth=1.8)
    ax.text(NOTABLE, len(table) - 0.1, f"{NOTABLE:g} points: notable", ha="center", va="bottom", fontweight="bold")
    first = next(iter(table.index))
    numbers = table.rename("points").rename_axis("scenario").to_frame()
    return _picture(
        fig, "shift",
        f"The programme moves the structure by {words[first]} where {NOTABLE:g} would be notable",
        "Shift of the share of engineering and chemical goods in Russia's exports to China in 2030, percentage points, "
        "against the path without anything new", numbers,
        "Bars on one linear scale: " + "; ".join(f"{name} {text}" for name, text in words.items())
        + f"; a line at {NOTABLE:g} points",
        "projections of our own models at constant prices; support and redirection in the last two are assumptions. "
        'The criterion of five points is ours. <a href="results/projections.html">Chapter 8</a>', 3,
    )  # fmt: skip


def told(value: float, resolution: float) -> str:
    """A shift in words: its size, or that it is smaller than what the models tell apart."""
    if abs(value) < resolution:
        return f"less than {resolution:.2f} points"
    return f"{value:.{3 if abs(value) < 0.1 else 1}f} points".replace("-", "\u2212")


def _strip(ax: "Axes", table: pd.Series, words: Mapping[str, str]) -> None:
    places = list(range(len(table)))[::-1]
    ax.barh(places, table, height=0.34, color=style.RUSSIA)
    for place, name in zip(places, table.index, strict=True):
        ax.text(0, place + 0.24, f"{name}: {words[name]}", ha="left", va="bottom")
    ax.set(yticks=[], xticks=[], ylim=(-0.4, len(table) - 0.1))
    ax.grid(visible=False)
    ax.spines["bottom"].set_visible(False)
    ax.axvline(0, color=style.light("axis"), linewidth=1)


def _picture(
    fig: "Figure", name: str, title: str, what: str, table: pd.DataFrame, alt: str, source: str, number: int
) -> str:
    """A chart of the front page with its frame; the front page has no file of numbers of its own."""
    import matplotlib.pyplot as plt

    title, alt = mend(title), mend(alt)
    wide, narrow = svg.draw(fig, f"front-{name}", alt, title)
    plt.close(fig)
    about: dict[str, Any] = {"title": title, "what": what, "source": source, "narrow": narrow}
    drawn = {"image/svg+xml": wide, FIGURE: about}
    return figure(drawn, csv(table, f"front-{name}"), "", f"Figure {number}", level=2)
