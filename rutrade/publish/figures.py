"""Charts, and how notebooks publish them: each with its finding as title, alt text, source and data."""

import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from rutrade import InputError
from rutrade.publish.style import COLOURS, GROUPS, MUTED, RUSSIA, axes
from rutrade.publish.tables import csv, say, source_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def mark_breaks(ax: "Axes", years: dict[float, str]) -> None:
    """Dashed vertical lines where the source of the figures changes, labelled."""
    low, high = ax.get_xlim()
    for year, label in years.items():
        if low <= year <= high:
            ax.axvline(year, color="#444444", linestyle="--", linewidth=1)
            place = ax.get_xaxis_transform()
            ax.text(year, 1.01, label, transform=place, fontsize=8, va="bottom", ha="center", color="#444444")


def mark_gap(ax: "Axes", table: pd.DataFrame) -> None:
    """Say 'no figures' over the bars of years without any value."""
    empty = [i for i, year in enumerate(table.index) if table.loc[year].isna().all()]
    if empty:
        ax.text((empty[0] + empty[-1]) / 2, 50, "no figures\nfound", ha="center", va="center", color=MUTED, fontsize=9)


def stacked(ax: "Axes", table: pd.DataFrame, top: int = 6, label_min: float = 2.5) -> None:
    """Stacked bars, years by groups: the `top` largest groups apart, the rest as one, labelled at the last bar."""
    keep = table.mean().sort_values(ascending=False).index[:top]
    data = table[keep].fillna(0).assign(other=table.drop(columns=keep).sum(axis=1))
    bottom, taken = pd.Series(0.0, index=data.index), -1.0
    room = 0.052 * data.sum(axis=1).max()
    positions = range(len(data))
    for group in data:
        colour = COLOURS.get(group, "#d9d9d9")
        ax.bar(positions, data[group], bottom=bottom, width=0.82, color=colour, edgecolor="white", linewidth=0.5)
        last = data[group].iloc[-1]
        if last >= label_min * data.iloc[-1].sum() / 100:
            name = "All other groups" if group == "other" else GROUPS.get(group, group)
            ink = "#555555" if group == "other" else colour
            taken = max(bottom.iloc[-1] + last / 2, taken + room)
            ax.text(len(data) - 0.45, taken, name, va="center", fontsize=9, color=ink)
        bottom = bottom + data[group]
    ax.set_xticks(list(positions), [str(i) for i in data.index], rotation=45 if len(data) > 8 else 0)
    ax.set_xlim(-0.6, len(data) + len(data) * 0.42)
    ax.grid(axis="x", visible=False)


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
        ax.plot(line.index, line, color=colours.get(column, MUTED), marker="o", markersize=3.5)
        ends.append([line.iloc[-1], (names or {}).get(column, column), colours.get(column, MUTED), line.index[-1]])
    low, high = ax.get_ylim()
    gap, floor = 0.075 * (high - low), low
    for value, name, colour, x in sorted(ends):
        # Labels keep their distance where lines end close together.
        floor = max(value, floor + gap) if floor > low else value
        ax.annotate(name, (x, floor), xytext=(6, 0), textcoords="offset points", color=colour, va="center", fontsize=9)
    span = table.index.max() - table.index.min()
    ax.set_xlim(table.index.min() - 0.3, table.index.max() + room * span)
    ax.set_xticks([year for year in table.index if (table.index.max() - year) % (2 if span > 6 else 1) == 0])


def hbars(ax: "Axes", values: pd.Series, colour: str | list[str] = RUSSIA, form: str = "{:,.1f}") -> None:
    """Horizontal bars, the largest on top, each with its value."""
    ordered = values[::-1]
    ax.barh([str(i) for i in ordered.index], ordered, color=colour[::-1] if isinstance(colour, list) else colour)
    for position, value in enumerate(ordered):
        ax.text(value, position, " " + form.format(value), va="center", ha="left", fontsize=9)
    ax.margins(x=0.16)
    ax.grid(axis="y", visible=False)


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
    for name, row in table.iterrows():
        ax.plot([0, 1], row, color=colours[name], marker="o")
        ax.text(-0.03, row[start], f"{row[start]:.0f}", ha="right", va="center", color=colours[name], fontsize=9)
        ax.text(1.03, row[end], f"{row[end]:.0f}  {name}", ha="left", va="center", color=colours[name], fontsize=9)
    ax.set_xticks([0, 1], [start, end])
    ax.set_xlim(-0.2, 1.6)
    ax.grid(axis="x", visible=False)


def fan(ax: "Axes", table: pd.DataFrame, colour: str) -> None:
    """Central path (first column) with its bands q05-q95 and q25-q75, over years as index."""
    ax.fill_between(table.index, table["q05"], table["q95"], color=colour, alpha=0.25, linewidth=0)
    ax.fill_between(table.index, table["q25"], table["q75"], color=colour, alpha=0.35, linewidth=0)
    ax.plot(table.index, table.iloc[:, 0], color=colour)


def fans(
    tables: dict[str, pd.DataFrame], colours: Sequence[str], columns: int = 1, seen: pd.DataFrame | None = None
) -> "Figure":
    """A figure of fan charts, one a table, its title above each; `seen` holds observed values by the same titles."""
    rows = -(-len(tables) // columns)
    fig, boxes = axes(rows, columns, height=0.6 + (2.3 if columns == 1 else 2.0) * rows, sharex=True, squeeze=False)
    for ax, (title, table), colour in zip(boxes.T.ravel(), tables.items(), colours, strict=True):
        fan(ax, table, colour)
        if seen is not None:
            ax.plot(seen.index, seen[title], color="#222222", marker="o", markersize=3.5)
        ax.set_title(title, fontsize=9)
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
    (ax.axvline if horizontal else ax.axhline)(0, color="#444444", linewidth=0.8)
    (ax.set_yticks if horizontal else ax.set_xticks)(range(len(order)), [str(i) for i in order])


def contour(
    ax: "Axes", surface: pd.DataFrame, level: float, mark: dict[str, tuple[float, float]], log: bool = False
) -> None:
    """Filled contours of a surface (rows: y, columns: x); the line of `level`; marked points; hatched: no solution."""
    import numpy as np

    x, y = surface.columns.to_numpy(float), surface.index.to_numpy(float)
    values = np.ma.masked_invalid(surface.to_numpy(float))
    steps = np.linspace(min(0, round(values.min(), 1)), max(level * 1.5, values.max()), 9)
    ax.patch.set(hatch="///", edgecolor="#bbbbbb")
    filled = ax.contourf(x, y, values, levels=steps, cmap="cividis_r")
    ax.figure.colorbar(filled, ax=ax, label="shift, percentage points", format="%.2g")
    if values.min() < level < values.max():
        line = ax.contour(x, y, values, levels=[level], colors="#d55e00", linewidths=2)
        ax.clabel(line, fmt=f"+{level:g} points", fontsize=9)
    for name, (px, py) in mark.items():
        ax.plot(px, py, "o", color="white", markeredgecolor="#222222", markersize=7)
        ax.annotate(name, (px, py), xytext=(7, 5), textcoords="offset points", fontsize=9)
    if log:
        ax.set_xscale("log")
    ax.set(xlabel=surface.columns.name, ylabel=surface.index.name)


def heat(ax: "Axes", data: pd.DataFrame, form: str = "{:.1f}", centre: float | None = None, rotate: int = 0) -> None:
    """A table as coloured cells with values; `centre`: the value that stays white; `rotate`: column names, degrees."""
    values = data.to_numpy(float)
    low, high = float(pd.DataFrame(values).min().min()), float(pd.DataFrame(values).max().max())
    if centre is not None:
        reach = max(high - centre, centre - low)
        low, high = centre - reach, centre + reach
    ax.imshow(values, aspect="auto", cmap="Blues" if centre is None else "RdBu_r", vmin=low, vmax=high)
    top = high - 0.25 * (high - low)
    bottom = low + 0.25 * (high - low) if centre is not None else float("-inf")
    for (row, column), value in pd.DataFrame(values).stack().items():
        ink = "white" if value > top or value < bottom else "#222222"
        ax.text(column, row, form.format(value), ha="center", va="center", fontsize=7.5, color=ink)
    turned: dict[str, Any] = {"rotation": rotate, "ha": "right", "rotation_mode": "anchor"} if rotate else {}
    ax.set_xticks(range(data.shape[1]), [str(c) for c in data.columns], fontsize=8.5, **turned)
    ax.set_yticks(range(data.shape[0]), [str(i) for i in data.index], fontsize=8.5)
    ax.grid(visible=False)
    ax.tick_params(length=0)


def tile_map(ax: "Axes", values: pd.Series, regions: pd.DataFrame, form: str = "{:,.0f}") -> None:
    """Regions as tiles, shaded by value: a map without a geometry.

    `regions` (index as `values`): name, tile_x to the east, tile_y to the north, as in table 'regions'.
    """
    import matplotlib as mpl

    shade = mpl.colormaps["cividis_r"]
    low, high = values.min(), values.max()
    tiles = regions.loc[values.index, ["tile_x", "tile_y"]].astype(float)
    for region, x, y in tiles.itertuples():
        depth = (values[region] - low) / (high - low) if high > low else 0.5
        ax.add_patch(mpl.patches.Rectangle((x, y), 0.94, 0.94, color=shade(0.05 + 0.85 * depth)))
        ink = "white" if depth > 0.5 else "#222222"
        name = _tile_name(regions.at[region, "name"])
        ax.text(x + 0.47, y + 0.62, name, ha="center", va="center", color=ink, fontsize=8)
        ax.text(x + 0.47, y + 0.25, form.format(values[region]), ha="center", va="center", color=ink, fontsize=9.5)
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
            colour = colours.get(name, "#444444")
            ax.fill_between([x - 0.06, x + 0.06], start[name], start[name] + size, color=colour, lw=0)
            if size >= least * total:
                place = {0: (x - 0.09, "right"), 1: (x + 0.09, "left"), 2: (x + 0.09, "left")}[x]
                ax.text(place[0], start[name] + size / 2, name, ha=place[1], va="center", fontsize=8.5)
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
    from PIL import Image

    numbers = csv(data, name)
    for label, text in (("title", title), ("alt", alt), ("source", source)):
        if not text.strip():
            raise InputError(f"figure '{name}' has no {label}")
    fig.suptitle(_wrap(title), x=0.01, ha="left", fontsize=11, fontweight="bold")
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", metadata={"Software": None})
    plt.close(fig)
    small = io.BytesIO()
    Image.open(buffer).convert("P", palette=Image.Palette.ADAPTIVE, colors=96).save(small, "png", optimize=True)
    told = {"image/png": {"alt": f"{title}. {alt}"}, "text/csv": {"name": name}}
    display({"image/png": small.getvalue(), "text/csv": numbers}, raw=True, metadata=told)
    display(HTML(source_line(source, name)))


def _wrap(title: str, width: int = 60) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(title, width))
