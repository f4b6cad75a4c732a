"""Charts, and how notebooks publish them: each with its finding as title, alt text, source and data."""

import html as html_text
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from rutrade import InputError
from rutrade.publish import svg
from rutrade.publish.style import CHINA, COLOURS, GROUPS, MUTED, RUSSIA, axes, light
from rutrade.publish.tables import FIGURE, csv, mend, part, say, source_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def mark_breaks(ax: "Axes", years: dict[float, str]) -> None:
    """Dashed vertical lines where the source of the figures changes, labelled."""
    low, high = ax.get_xlim()
    for year, label in years.items():
        if low <= year <= high:
            ax.axvline(year, color=light("axis"), linestyle="--", linewidth=1)
            place = ax.get_xaxis_transform()
            text = ax.text(
                year, 1.01, label, transform=place, fontsize=12, va="bottom", ha="center", color=light("muted")
            )
            vars(text)["wraps"] = 9  # signs a line on a phone


def mark_gap(ax: "Axes", table: pd.DataFrame) -> None:
    """Say 'no figures' over the bars of years without any value."""
    empty = [i for i, year in enumerate(table.index) if table.loc[year].isna().all()]
    if empty:
        ax.text((empty[0] + empty[-1]) / 2, 50, "no figures\nfound", ha="center", va="center", color=MUTED, fontsize=9)


def stacked(ax: "Axes", table: pd.DataFrame, top: int = 6, label_min: float = 2.5) -> None:
    """Stacked bars, years by groups: the `top` largest groups apart, the rest as one, labelled at the last bar."""
    keep = table.mean().sort_values(ascending=False).index[:top]
    data = table[keep].fillna(0).assign(other=table.drop(columns=keep).sum(axis=1))
    bottom, ends = pd.Series(0.0, index=data.index), []
    positions = range(len(data))
    for group in data:
        colour = COLOURS.get(group, light("other"))
        name = "All other groups" if group == "other" else GROUPS.get(group, group)
        ax.bar(positions, data[group], bottom=bottom, width=0.82, color=colour, edgecolor="white", label=name)
        last = data[group].iloc[-1]
        if last >= label_min * data.iloc[-1].sum() / 100:
            ends.append((bottom.iloc[-1] + last / 2, name, colour))
        bottom = bottom + data[group]
    ax.set_xticks(list(positions), [str(i) for i in data.index])
    ax.set_xlim(-0.6, len(data) - 0.4)
    top_value = bottom.max()
    places = spread([end[0] for end in ends], 0.07 * top_value, 0, top_value)
    for (_, name, colour), place in zip(ends, places, strict=True):
        _label(ax, name, (len(data) - 0.5, place), colour)
    ax.grid(axis="x", visible=False)


def hatch(ax: "Axes", positions: Sequence[int], label: str = "estimate") -> None:
    """Hatch the stacked bars at these positions: what stands there is an estimate, and says so above them."""
    from matplotlib.patches import Rectangle

    for bar in ax.patches:
        if isinstance(bar, Rectangle) and round(bar.get_x() + bar.get_width() / 2) in positions:
            bar.set(hatch="//", alpha=0.55)
    if len(positions) and label:
        middle, place = (min(positions) + max(positions)) / 2, ax.get_xaxis_transform()
        ax.text(middle, 1.01, label, transform=place, fontsize=8, va="bottom", ha="center", color="#444444")


def spread(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Places moved apart until neighbours are `gap` from each other, as little as possible, in the given order."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    moved = [places[i] for i in order]
    for i in range(1, len(moved)):
        moved[i] = max(moved[i], moved[i - 1] + gap)
    if moved and moved[-1] > high:
        moved[-1] = max(high, low)
        for i in range(len(moved) - 2, -1, -1):
            moved[i] = min(moved[i], moved[i + 1] - gap)
    found = [0.0] * len(places)
    for i, place in zip(order, moved, strict=True):
        found[i] = place
    return found


def _label(ax: "Axes", name: str, point: tuple[float, float], colour: str, weight: str = "bold") -> None:
    """A name to the right of a point, outside of the axes, which make room for it."""
    text = ax.annotate(
        name, point, xytext=(8, 0), textcoords="offset points", color=colour, va="center", fontsize=12.5,
        fontweight=weight, annotation_clip=False,
    )  # fmt: skip
    vars(text)["wraps"] = 16  # signs a line on a phone


def lines(
    ax: "Axes",
    table: pd.DataFrame,
    colours: Mapping[str, str],
    names: Mapping[str, str] | None = None,
    room: float = 0.3,
) -> None:
    """One line per column over the index, each labelled at its last point in its own colour instead of a legend."""
    ends = []
    for column in table:
        line = table[column].dropna()
        name, colour = (names or {}).get(column, column), colours.get(column, MUTED)
        if line.empty:
            continue
        ax.plot(line.index, line, color=colour, marker="o", markersize=4, label=name)
        ends.append((line.iloc[-1], name, colour, line.index[-1]))
    low, high = ax.get_ylim()
    # Labels keep their distance where lines end close together.
    places = spread([end[0] for end in ends], 0.085 * (high - min(low, 0)), low, high)
    for (_, name, colour, x), place in zip(ends, places, strict=True):
        _label(ax, str(name), (x, place), colour)
    span = table.index.max() - table.index.min()
    ax.set_xlim(table.index.min() - 0.02 * span - 0.1, table.index.max() + 0.02 * span + 0.1)
    ax.set_xticks([year for year in table.index if (table.index.max() - year) % (2 if span > 6 else 1) == 0])
    ax.grid(axis="x", visible=False)


def hbars(ax: "Axes", values: pd.Series, colour: str | list[str] = RUSSIA, form: str = "{:,.1f}") -> None:
    """Horizontal bars, the largest on top, each with its value."""
    ordered = values[::-1]
    ax.barh([str(i) for i in ordered.index], ordered, color=colour[::-1] if isinstance(colour, list) else colour)
    for position, value in enumerate(ordered):
        ax.annotate(
            mend(form.format(value).strip()), (max(value, 0), position), xytext=(7, 0), textcoords="offset points",
            va="center", ha="left",
        )  # fmt: skip
    ax.margins(x=0.02, y=0.02)
    ax.grid(visible=False)
    ax.set_xticks([])


def bars(
    values: pd.Series,
    name: str,
    title: Callable[[pd.Series], str],
    xlabel: str,
    alt: str,
    source: str,
    colour: str | list[str] | Callable[[pd.Series], list[str]] = RUSSIA,
    form: str = "{:.1f}",
    **axis: Any,
) -> None:
    """Publish one chart of horizontal bars; `title` is made from the values, which may be empty: then it is said."""
    if values.empty:
        say(f"*No figure `{name}`: the chosen parameters leave no fact for it.*")
        return
    fig, ax = axes(height=1.3 + 0.32 * len(values))
    hbars(ax, values, colour(values) if callable(colour) else colour, form)
    ax.set(xlabel=xlabel, **axis)
    publish(fig, name, title(values), values.to_frame(xlabel).rename_axis("name"), alt, source)


def slope(ax: "Axes", table: pd.DataFrame, colours: Mapping[str, str]) -> None:
    """Two columns as the ends of one line a row, labelled with name and values at both ends."""
    start, end = table.columns
    reach = float(table.to_numpy().max() - table.to_numpy().min())
    low, high = float(table.to_numpy().min()), float(table.to_numpy().max())
    before = spread(list(table[start]), 0.11 * reach, low, high)
    after = spread(list(table[end]), 0.11 * reach, low, high)
    for (name, row), left, right in zip(table.iterrows(), before, after, strict=True):
        ax.plot([0, 1], row, color=colours[name], marker="o", label=name)
        ax.text(-0.03, left, f"{row[start]:.0f}", ha="right", va="center", color=colours[name])
        _label(ax, f"{row[end]:.0f}  {name}", (1, right), colours[name])
    ax.set_xticks([0, 1], [start, end])
    ax.set_xlim(-0.12, 1.02)
    ax.set_yticks([])
    ax.grid(visible=False)


def fan(ax: "Axes", table: pd.DataFrame, colour: str, top: float = 0.0) -> None:
    """Central path (first column) with its bands q05-q95 and q25-q75, over years as index.

    top: least upper end of the vertical axis, so that charts of several runs stand on one scale; 0: as the values ask.
    """
    ax.fill_between(table.index, table["q05"], table["q95"], color=colour, alpha=0.25, linewidth=0)
    ax.fill_between(table.index, table["q25"], table["q75"], color=colour, alpha=0.35, linewidth=0)
    ax.plot(table.index, table.iloc[:, 0], color=colour, label="centre")
    last = table.iloc[-1]
    highest = table[["q05", "q95"]].to_numpy().max()
    if top:
        ax.set_ylim(0, max(top, 1.03 * highest))
    lowest = min(0.0, table[["q05", "q95"]].to_numpy().min())
    span = max(top, highest) - lowest
    words = (f"{last['q95']:,.0f}: 5 % above", f"{last.iloc[0]:,.0f} centre", f"{last['q05']:,.0f}: 5 % below")
    if highest - lowest < 20:
        words = (f"{last['q95']:.1f}: 5 % above", f"{last.iloc[0]:.1f} centre", f"{last['q05']:.1f}: 5 % below")
    places = spread([last["q95"], last.iloc[0], last["q05"]], 0.12 * span, 0, float(last["q95"]))
    for word, place, weight in zip(words, places, ("normal", "bold", "normal"), strict=True):
        _label(ax, word, (table.index[-1], place), colour if weight == "bold" else light("muted"), weight)
    ax.set_xlim(right=table.index[-1] + 0.1)
    ax.grid(axis="x", visible=False)


def fans(
    tables: dict[str, pd.DataFrame], colours: Sequence[str], columns: int = 1, seen: pd.DataFrame | None = None,
    top: float = 0.0,
) -> "Figure":  # fmt: skip
    """A figure of fan charts, one a table, its title above each; `seen` holds observed values by the same titles.

    top: as in `fan`.
    """
    rows = -(-len(tables) // columns)
    fig, boxes = axes(rows, columns, height=0.6 + (2.3 if columns == 1 else 2.0) * rows, sharex=True, squeeze=False)
    for ax, (title, table), colour in zip(boxes.T.ravel(), tables.items(), colours, strict=True):
        fan(ax, table, colour, top)
        if seen is not None:
            ax.plot(seen.index, seen[title], color=light("text"), marker="o", markersize=4, label="observed")
        ax.set_title(title)
        ax.set(ylim=(0, None), ylabel="bn USD")
        ax.xaxis.get_major_locator().set_params(integer=True)
    return fig


def points(ax: "Axes", table: pd.DataFrame, colours: Mapping[str, str], horizontal: bool = True) -> None:
    """Points with 95 % intervals: rows of `table` (any index, coefficient, ci_low, ci_high, series), series apart."""
    order = list(dict.fromkeys(table.index))[:: -1 if horizontal else 1]
    for number, (series, rows) in enumerate(table.groupby("series", sort=False)):
        place = [order.index(i) + 0.16 * (1 - 2 * number) for i in rows.index]
        error = [rows["coefficient"] - rows["ci_low"], rows["ci_high"] - rows["coefficient"]]
        style: dict[str, Any] = {"fmt": "o", "markersize": 4, "elinewidth": 1.2}
        style |= {"color": colours[series], "label": series}
        if horizontal:
            ax.errorbar(rows["coefficient"], place, xerr=error, **style)
        else:
            ax.errorbar(place, rows["coefficient"], yerr=error, **style)
    (ax.axvline if horizontal else ax.axhline)(0, color=light("axis"), linewidth=1)
    (ax.set_yticks if horizontal else ax.set_xticks)(range(len(order)), [str(i) for i in order])


def contour(
    ax: "Axes", surface: pd.DataFrame, level: float, mark: dict[str, tuple[float, float]], log: bool = False
) -> None:
    """Filled contours of a surface (rows: y, columns: x); the line of `level`; marked points; hatched: no solution."""
    import numpy as np

    x, y = surface.columns.to_numpy(float), surface.index.to_numpy(float)
    values = np.ma.masked_invalid(surface.to_numpy(float))
    steps = nice_steps(min(0.0, float(values.min())), float(values.max()), level)
    shades = shades_of(len(steps) - 1)
    ax.patch.set(hatch="///", edgecolor=light("axis"), visible=True)
    filled = ax.contourf(x, y, values, levels=steps, colors=shades)
    bar = ax.figure.colorbar(filled, ax=ax, label="shift, percentage points", format="%g", ticks=steps)
    bar.ax.tick_params(length=0)
    if values.min() < level < values.max():
        line = ax.contour(x, y, values, levels=[level], colors=CHINA, linewidths=2.4)
        ax.clabel(line, fmt=f"+{level:g} points", fontsize=12)
    for name, (px, py) in mark.items():
        ax.plot(px, py, "o", color="white", markeredgecolor=light("text"), markersize=8, label=name)
        near = px > x.mean() and not log
        ax.annotate(name, (px, py), xytext=(-9 if near else 9, 9), textcoords="offset points",
                    ha="right" if near else "left", fontsize=12.5, fontweight="bold",
                    color=light("ink-pale"))  # fmt: skip
    if log:
        ax.set_xscale("log")
        ticks = [t for t in (1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 300, 500) if x.min() <= t <= x.max()]
        ax.set_xticks(ticks, [f"{t:g}" for t in ticks])
        ax.minorticks_off()
    ax.grid(visible=False)
    ax.set(xlabel=surface.columns.name, ylabel=surface.index.name)


def nice_steps(low: float, high: float, level: float, most: int = 6) -> list[float]:
    """Steps of a scale that a person would choose: 1, 2, 2.5 or 5 times a power of ten.

    `level` is among them where that takes no more than `most` steps.
    """
    import math

    size = 10.0 ** math.floor(math.log10(max((high - low) / most, 1e-12)))
    widths = [factor * size * power for power in (1, 10) for factor in (1, 2, 2.5, 5)]

    def ends(width: float) -> tuple[int, int]:
        return math.floor(low / width + 1e-9), math.ceil(high / width - 1e-9)

    short = [width for width in widths if ends(width)[1] - ends(width)[0] <= most]
    on = [width for width in short if abs(level / width - round(level / width)) < 1e-9]
    width = (on or short)[0]
    start, end = ends(width)
    return [round(width * i, 10) for i in range(start, end + 1)]


def shades_of(count: int) -> list[str]:
    """So many shades of one colour, from little to much."""
    return [light(f"seq{round(5 * i / max(count - 1, 1))}") for i in range(count)]


def _ink(shade: str) -> str:
    """The ink that is read on a shade."""
    deep = {light(n): light("ink-deep") for n in ("seq4", "seq5", "less3", "more3")}
    middling = {light(n): light("ink-middle") for n in ("seq3", "less2")}
    return (deep | middling).get(shade, light("ink-pale"))


def heat(ax: "Axes", data: pd.DataFrame, form: str = "{:.1f}", centre: float | None = None, rotate: int = 0) -> None:
    """A table as coloured cells with values; `centre`: the value that stays white; `rotate`: column names, degrees."""
    import matplotlib as mpl

    values = pd.DataFrame(data.to_numpy(float))
    low, high = float(values.min().min()), float(values.max().max())
    if centre is None:
        shades, reach = shades_of(6), high - low
    else:
        shades = [light(n) for n in ("less3", "less2", "less1", "middle", "more1", "more2", "more3")]
        low, reach = centre - max(high - centre, centre - low), 2 * max(high - centre, centre - low)
    for (row, column), value in values.stack().items():
        step = min(int((value - low) / reach * len(shades)), len(shades) - 1) if reach > 0 else 0
        ax.add_patch(mpl.patches.Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=shades[step], edgecolor="white"))
        words = mend(form.format(value))
        words = re.sub(r"^[-+\u2212](?=0(?:\.0*)?$)", "", words)
        ax.text(column, row, words, ha="center", va="center", fontsize=12, color=_ink(shades[step]))
    turned: dict[str, Any] = {"rotation": rotate, "ha": "right", "rotation_mode": "anchor"} if rotate else {}
    ax.set_xticks(range(data.shape[1]), [str(c) for c in data.columns], **turned)
    ax.set_yticks(range(data.shape[0]), [str(i) for i in data.index])
    ax.set(xlim=(-0.5, data.shape[1] - 0.5), ylim=(data.shape[0] - 0.5, -0.5))
    ax.grid(visible=False)
    for spine in ax.spines.values():
        spine.set_visible(False)
    # A phone scrolls a chart of many columns rather than print numbers over each other.
    longest = max(len(form.format(v)) for v in values.to_numpy().ravel())
    vars(ax.figure)["least_units"] = 130 + data.shape[1] * (12 + 7 * longest)


def tile_map(ax: "Axes", values: pd.Series, regions: pd.DataFrame, form: str = "{:,.0f}") -> None:
    """Regions as tiles, shaded by value: a map without a geometry.

    `regions` (index as `values`): name, tile_x to the east, tile_y to the north, as in table 'regions'.
    """
    import matplotlib as mpl

    shades = shades_of(6)
    low, high = values.min(), values.max()
    tiles = regions.loc[values.index, ["tile_x", "tile_y"]].astype(float)
    for region, x, y in tiles.itertuples():
        depth = (values[region] - low) / (high - low) if high > low else 0.5
        shade = shades[min(int(6 * depth), 5)]
        ax.add_patch(mpl.patches.Rectangle((x, y), 0.94, 0.94, color=shade))
        lines = [*_tile_name(regions.at[region, "name"]).split("\n"), form.format(values[region])]
        for number, line in enumerate(lines):
            # One text a line: lines of one text would lose their middle.
            place = y + 0.47 + 0.2 * ((len(lines) - 1) / 2 - number)
            weight = "bold" if number == len(lines) - 1 else "normal"
            ax.text(x + 0.47, place, line, ha="center", va="center", color=_ink(shade), fontweight=weight)
    (left, low_y), (right, high_y) = tiles.min(), tiles.max()
    ax.set(xlim=(left - 0.1, right + 1.05), ylim=(low_y - 0.1, high_y + 1.05), aspect="equal")
    ax.axis("off")


def _tile_name(name: str) -> str:
    """A name in two lines of about the same length."""
    words = name.split()
    half = min(range(1, len(words) + 1), key=lambda k: max(len(" ".join(words[:k])), len(" ".join(words[k:]))))
    return "\n".join(filter(None, (" ".join(words[:half]), " ".join(words[half:]))))


def flows(
    ax: "Axes", left: pd.DataFrame, right: pd.DataFrame, colours: Mapping[str, str], least: float = 0.015
) -> None:
    """Flow diagram in three columns: `left` (sources x groups) and `right` (groups x partners), one unit.

    Bands are as high as their value and keep the group's colour; a name is written where it has room.
    """
    import numpy as np

    total = left.to_numpy().sum()
    gap, t = 0.012 * total, np.linspace(0, 1, 40)
    ease = t**2 * (3 - 2 * t)

    def stack(sizes: pd.Series) -> dict[str, float]:
        tops = (sizes.cumsum() + gap * np.arange(len(sizes))).to_dict()
        return {name: tops[name] - sizes[name] for name in sizes.index}

    columns = (left.sum(axis=1), right.sum(axis=1), right.sum(axis=0))
    starts = [stack(c) for c in columns]
    for x, (flow, out, into) in enumerate(((left, starts[0], starts[1]), (right, starts[1], starts[2]))):
        used_out, used_in = dict(out), dict(into)
        for source in flow.index:
            for target in flow.columns:
                value = flow.loc[source, target]
                lower = used_out[source] + (used_in[target] - used_out[source]) * ease
                group = target if x == 0 else source
                ax.fill_between(
                    x + 0.06 + 0.88 * t, lower, lower + value, color=colours.get(group, MUTED), alpha=0.55, lw=0
                )
                used_out[source] += value
                used_in[target] += value
    for x, (sizes, start) in enumerate(zip(columns, starts, strict=True)):
        for name, size in sizes.items():
            colour = colours.get(name, light("axis"))
            ax.fill_between([x - 0.06, x + 0.06], start[name], start[name] + size, color=colour, lw=0)
            if size >= least * total:
                place = {0: (x - 0.09, "right"), 1: (x + 0.09, "left"), 2: (x + 0.09, "left")}[x]
                ax.text(place[0], start[name] + size / 2, name, ha=place[1], va="center")
    ax.set(xlim=(-0.62, 2.75), ylim=(total + 12 * gap, 0))
    ax.axis("off")


def publish(fig: "Figure", name: str, title: str, data: pd.DataFrame, alt: str, source: str) -> None:
    """Show a figure with its finding as title, alt text, source line; hand its data on as CSV.

    name: file name of the CSV (lower case, digits, hyphens); title: the finding; alt: what a reader who cannot
    see the figure needs; source: sources and reporters in words. Raises InputError for another name and for an empty
    text.
    """
    import matplotlib.pyplot as plt
    from IPython.display import HTML, display

    for label, text in (("title", title), ("alt", alt), ("source", source)):
        if not text.strip():
            raise InputError(f"figure '{name}' has no {label}")
    what = _what(fig)
    numbers = csv(data, name, what)
    title, alt = mend(title), mend(alt)
    wide, narrow = svg.draw(fig, f"rt-{name}", alt, title)
    plt.close(fig)
    display(HTML(f'<p class="rt-title"><strong>{html_text.escape(title, quote=False)}</strong></p>{part(name)}'))
    about = {"name": name, "title": title, "what": what, "alt": alt, "source": source, "narrow": narrow}
    told = {"image/svg+xml": {"alt": f"{title}. {alt}", "title": title}, "text/csv": {"name": name}}
    display({"image/svg+xml": wide, "text/csv": numbers, FIGURE: about}, raw=True, metadata=told)
    display(HTML(source_line(source, name) + part(name)))


def _what(fig: "Figure") -> str:
    """What a chart of one axis measures: it stands under the title, and no more beside the axis."""
    (ax, *others) = fig.axes
    if others or not ax.axison:
        return ""
    across = svg.categories(ax)
    if across and ax.get_ylabel():
        return ""
    label = ax.get_xlabel() if across else ax.get_ylabel()
    if not across and ax.get_xlabel():
        return ""
    (ax.set_xlabel if across else ax.set_ylabel)("")
    return label
