"""A map of railways, pipelines, crossings and regions: an equal-area view with numbers on it and names in a key."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from rutrade import InputError, unknown
from rutrade.publish.style import light, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CENTRE = (108.0, 55.0)  # longitude and latitude of the middle, degrees
_RADIUS = 6371.0  # km, of a sphere as large as the Earth
_VIEW = (-2700.0, 3150.0, -1800.0, 2150.0)  # km around the centre: west, east, south, north
LINES: dict[str, tuple[str, dict[str, Any]]] = {
    "railway": ("Railway", {"color": light("muted"), "linewidth": 1.8}),
    "oil pipeline": ("Oil pipeline", {"color": light("fuels"), "linewidth": 1.8, "linestyle": (0, (4, 1.5))}),
    "gas pipeline": ("Gas pipeline", {"color": light("chemicals"), "linewidth": 2.2, "linestyle": (0, (1, 1.2))}),
}
MARKS = {"crossing": ("Crossing: area by mn t", light("china")), "region": ("Region: area by bn USD", light("russia"))}
_LARGEST = 700.0  # area of the largest circle of a kind, square points
_TEXT = 12.0  # points, which are pixels where a phone shows the map 360 px wide
_SIZE = (6.8, 5.2)  # inches
# Where a city's name stands beside its dot: horizontal, vertical offset in points and alignment.
_PLACE = {
    "Khabarovsk": (6, 4, "left"),
    "Yakutsk": (6, 0, "left"),
    "Vladivostok": (7, -6, "left"),
    "Ulaanbaatar": (0, -9, "center"),
}


def equal_area(
    longitude: np.ndarray | pd.Series, latitude: np.ndarray | pd.Series, centre: tuple[float, float] = CENTRE
) -> tuple[np.ndarray, np.ndarray]:
    """Lambert's azimuthal equal-area projection of a sphere, km east and north of the centre.

    x = R k cos(phi) sin(d), y = R k (cos(phi0) sin(phi) - sin(phi0) cos(phi) cos(d)), d the longitude from the centre,
    k = sqrt(2 / (1 + sin(phi0) sin(phi) + cos(phi0) cos(phi) cos(d))). Source: Snyder 1987, Map Projections, p. 185.
    Raises InputError for the point opposite the centre and for a latitude outside -90 to 90.
    """
    phi, away = np.radians(np.asarray(latitude, float)), np.radians(np.asarray(longitude, float) - centre[0])
    if (np.abs(phi) > np.pi / 2 + 1e-12).any():
        raise InputError(f"latitude {np.degrees(phi[np.abs(phi).argmax()]):g} is not allowed; it lies from -90 to 90")
    middle = np.radians(centre[1])
    below = 1 + np.sin(middle) * np.sin(phi) + np.cos(middle) * np.cos(phi) * np.cos(away)
    if (below < 1e-9).any():
        raise InputError("the point opposite the map's centre has no place on it")
    k = _RADIUS * np.sqrt(2 / below)
    north = np.cos(middle) * np.sin(phi) - np.sin(middle) * np.cos(phi) * np.cos(away)
    return k * np.cos(phi) * np.sin(away), k * north


def key(places: pd.DataFrame, crossings: pd.Series, regions: pd.DataFrame) -> pd.DataFrame:
    """What the numbers on the map mean: number x (kind, name, size), crossings first, each kind by size.

    crossings: mn t by crossing; regions: bn USD by region in columns that are summed for the circle. A crossing or
    region without a place raises InputError.
    """
    at = places.set_index("place")
    home = places.dropna(subset=["region"]).set_index("region")["place"]
    known = at.index[at["kind"] == "crossing"]
    for kind, names, allowed in (("crossing", crossings.index, known), ("region", regions.index, home.index)):
        if strange := [n for n in names if n not in allowed]:
            raise unknown(f"{kind} on the map", strange[0], allowed)
    total = regions.sum(axis=1)
    rows = [("crossing", n, n, v) for n, v in crossings.sort_values(ascending=False).items()]
    rows += [("region", n, home[n], v) for n, v in total.sort_values(ascending=False).items()]
    frame = pd.DataFrame(rows, columns=["kind", "name", "place", "size"], index=range(1, len(rows) + 1))
    frame["x"], frame["y"] = equal_area(at.loc[frame["place"], "longitude"], at.loc[frame["place"], "latitude"])
    return frame.rename_axis("number")


def flow_map(outlines: pd.DataFrame, places: pd.DataFrame, lines: pd.DataFrame, numbered: pd.DataFrame) -> "Figure":
    """Outlines, railways, pipelines, cities, and numbered circles of `key` whose area is their size by kind."""
    import matplotlib.pyplot as plt

    style()
    fig, ax = plt.subplots(figsize=_SIZE)
    west, east, south, north = _VIEW
    ax.add_patch(plt.Rectangle((west, south), east - west, north - south, facecolor=light("sea"), zorder=0))
    for (country, _), ring in outlines.groupby(["country", "shape"], sort=False):
        face, edge = light("land" if country == "Russia" else "land-other"), light("outline")
        ax.fill(*equal_area(ring["longitude"], ring["latitude"]), facecolor=face, edgecolor=edge, linewidth=0.7)
    at = places.set_index("place")
    for (_, kind), stops in lines.groupby(["line", "kind"], sort=False):
        course = at.loc[stops.sort_values("position")["place"]]
        drawn: Any = ax.plot(*equal_area(course["longitude"], course["latitude"]), **LINES[kind][1])[0]
        drawn.silent = True  # its points are stops and no values
    _cities(ax, places[places["kind"] == "city"], set(numbered["place"]))
    for kind, rows in numbered.groupby("kind", sort=False):
        area = _LARGEST * rows["size"] / rows["size"].max()
        ax.scatter(rows["x"], rows["y"], s=area, color=MARKS[kind][1], alpha=0.75, linewidth=0, zorder=4)
        for number, row in rows.iterrows():
            _number(ax, number, row, area[number])
    ax.set(xlim=(west, east), ylim=(south, north), aspect="equal")
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    handles: list[Any] = [ax.plot([], [], label=label, **look)[0] for label, look in LINES.values()]
    handles += [ax.scatter([], [], s=70, color=colour, alpha=0.75, label=label) for label, colour in MARKS.values()]
    fig.legend(handles=handles, loc="outside lower center", ncols=2, fontsize=_TEXT + 0.5, columnspacing=1.0)
    return fig


def _cities(ax: "Axes", cities: pd.DataFrame, numbered: set[str]) -> None:
    """Dots and names of the cities; a numbered one has its name in the key."""
    x, y = equal_area(cities["longitude"], cities["latitude"])
    for name, east, north in zip(cities["place"], x, y, strict=True):
        if name not in numbered:
            ax.scatter([east], [north], s=12, color=light("text"), zorder=3)
            right, up, side = _PLACE.get(name, (0, 7, "center"))
            ax.annotate(name, (east, north), xytext=(right, up), textcoords="offset points", ha=side, va="center",
                        fontsize=_TEXT, color=light("text"), zorder=5)  # fmt: skip


def _number(ax: "Axes", number: int, row: pd.Series, area: float) -> None:
    """A number beside its circle: crossings to the west, regions to the north-east."""
    reach = area**0.5 / 2
    right, up = (-reach - 6, 0) if row["kind"] == "crossing" else (0.7 * reach + 5, 0.7 * reach + 4)
    ax.annotate(str(number), (row["x"], row["y"]), xytext=(right, up), textcoords="offset points", ha="center",
                va="center", fontsize=_TEXT, fontweight="bold", color=MARKS[row["kind"]][1], zorder=6)  # fmt: skip
