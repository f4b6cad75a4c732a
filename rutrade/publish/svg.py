"""From a matplotlib figure to SVG for a page: text as text, colours as the page's variables, a tooltip for each mark.

A chart is drawn twice, for a desk and for a phone; the page shows the one that fits. A drawing stands on its own, too:
each variable carries its light value.
"""

import html as html_text
import io
import re
import textwrap
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from rutrade.publish.style import ALIASES, NARROW, PALETTE, POINTS, SOFT, WIDE, light

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SVG = "http://www.w3.org/2000/svg"
_LINK = "{http://www.w3.org/1999/xlink}href"
_NAMES = {values[0]: name for name, values in PALETTE.items()} | ALIASES
_LEAST = 12.0  # of type, in units
_HIT = 9.0  # radius of the circle around a point that shows its tooltip
# Words that a phone has no room for.
_SHORT = {
    "Vehicles, aircraft, ships": "Vehicles", "Machinery, electrical": "Machinery", "Textiles, clothing": "Textiles",
    "Instruments, other": "Instruments", "Stone, glass, gems": "Stone, gems", "Vegetable products": "Vegetables",
    "Animal products": "Animals", "Metals to machinery, not split": "Not split", "All other groups": "Others",
    "Machinery, equipment, vehicles": "Machinery, vehicles", "Food and agricultural goods": "Food",
}  # fmt: skip


def draw(fig: "Figure", name: str, alt: str, title: str) -> tuple[str, str]:
    """The wide and the narrow drawing of a chart, as SVG without a width of its own.

    name: beginning of all ids in it; alt: what a reader who cannot see it needs; title: its label.
    """
    _dress(fig)
    height = fig.get_size_inches()[1]
    drawings = []
    for kind, units in (("wide", WIDE), ("narrow", max(NARROW, getattr(fig, "least_units", NARROW)))):
        fig.set_layout_engine("constrained")
        fig.set_size_inches(units / POINTS, height)
        if kind == "narrow":
            _shorten(fig)
            fig.set_size_inches(units / POINTS, max(height, _needed(fig) / POINTS))
        _thin(fig)
        drawings.append(_one(fig, f"{name}-{kind}", kind, alt, title))
    return drawings[0], drawings[1]


def _one(fig: "Figure", name: str, kind: str, alt: str, title: str) -> str:
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    FigureCanvasSVG(fig)
    fig.draw_without_rendering()
    fig.set_layout_engine("none")  # what is measured now is what is drawn
    anchors = _anchors(fig)
    tips = list(_tips(fig)) if kind == "wide" else []  # a finger does not hover
    buffer = io.StringIO()
    fig.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    return _clean(buffer.getvalue(), name, kind, alt, title, anchors, tips)


def _dress(fig: "Figure") -> None:
    """What all charts share: type that can be read, ink that can be seen, gridlines along the values only."""
    from matplotlib.colors import to_hex
    from matplotlib.text import Text

    for ax in fig.axes:
        # A short line of ticks would repeat the gridlines.
        ax.tick_params(length=0)
        if categories(ax):
            ax.grid(axis="y", visible=False)
        else:
            ax.grid(axis="x", visible=False)
        for spine in ("left", "right", "top"):
            ax.spines[spine].set_visible(False)
        _lift(ax)
    for text in fig.findobj(Text):
        if text.get_text():
            text.set_fontsize(min(max(_LEAST, text.get_fontsize()), 14))
            if to_hex(text.get_color()) in SOFT | {code for code, name in ALIASES.items() if light(name) in SOFT}:
                text.set_color(light("muted"))


def _lift(ax: "Axes") -> None:
    """The name of a vertical axis stands level above it: read without turning one's head, and no room is lost."""
    label, title = ax.get_ylabel(), ax.get_title(loc="left")
    if label and ax.axison and ax.get_label() != "<colorbar>":
        ax.set_ylabel("")
        ax.set_title(
            f"{title}, {label}" if title else label, loc="left", fontsize=13, pad=22 if _marks_above(ax) else 8,
            fontweight="bold" if title else "normal", color=light("text" if title else "muted"),
        )  # fmt: skip


def _marks_above(ax: "Axes") -> bool:
    """Whether something is written above the axes, where its title would stand."""
    return any(t.get_position()[1] > 1 and t.get_transform() != ax.transData for t in ax.texts)


def categories(ax: "Axes") -> bool:
    """Whether the vertical axis names things instead of measuring them."""
    labels = [t.get_text() for t in ax.get_yticklabels() if t.get_text()]
    return bool(labels) and not all(re.fullmatch(r"[\d.,\u2212%\s-]+", label) for label in labels)


def _shorten(fig: "Figure") -> None:
    """Break or shorten what a phone has no room for."""
    from matplotlib.text import Text

    for ax in fig.axes:
        if ax.axison and categories(ax):
            places, labels = ax.get_yticks(), [t.get_text() for t in ax.get_yticklabels()]
            ax.set_yticks(places, ["\n".join(textwrap.wrap(_SHORT.get(x, x), 17)) for x in labels])
        if ax.axison:
            ax.set_xlabel(textwrap.fill(ax.get_xlabel(), 44))
            words = textwrap.fill(ax.get_title(loc="left"), 46)
            ax.set_title(words, loc="left", pad=38 if _marks_above(ax) else 8)
    for text in fig.findobj(Text):
        words = text.get_text()
        if words in _SHORT:
            text.set_text(_SHORT[words])
        elif (width := getattr(text, "wraps", 0)) and len(words) > width + 2:
            text.set_text(textwrap.fill(words, width))


def _needed(fig: "Figure") -> float:
    """Units of height that the names of things on vertical axes take, now that they are broken into lines."""
    taken = 0.0
    for ax in fig.axes:
        labels = [t.get_text() for t in ax.get_yticklabels()] if ax.axison and categories(ax) else []
        taken += len(labels) * (15 * max((label.count("\n") + 1 for label in labels), default=0) + 5)
    return taken + 50 * len(fig.axes)


def _thin(fig: "Figure") -> None:
    """Of labels below an axis that would touch, every second, third, ... is left out, counted from the last."""
    fig.draw_without_rendering()
    for ax in fig.axes:
        labels = [t for t in ax.get_xticklabels() if t.get_text() and not t.get_rotation()]
        boxes = [t.get_window_extent() for t in labels]
        if len(boxes) < 3 or not ax.axison:
            continue
        apart = min(b.x0 - a.x0 for a, b in pairwise(boxes))
        widest = max(b.width for b in boxes) + 6
        step = 1 if apart <= 0 else -(-int(widest) // max(int(apart), 1))
        if step > 1:
            for place, label in enumerate(reversed(labels)):
                if place % step:
                    label.set_visible(False)


def _anchors(fig: "Figure") -> dict[str, tuple[str, float]]:
    """Where texts of several lines are held: matplotlib places their lines by its own font, which the page has not."""
    from matplotlib.text import Text

    found: dict[str, tuple[str, float]] = {}
    for number, text in enumerate(fig.findobj(Text)):
        if "\n" in text.get_text() and text.get_visible() and not text.get_rotation():
            box = text.get_window_extent()
            kind = text.get_horizontalalignment()
            place = {"left": box.x0, "right": box.x1}.get(kind, (box.x0 + box.x1) / 2)
            anchor = {"left": "start", "right": "end"}.get(kind, "middle")
            text.set_gid(f"lines-{number}")
            found[f"lines-{number}"] = (anchor, place)
    return found


def _tips(fig: "Figure") -> Iterator[tuple[str, tuple[float, ...]]]:
    """Each mark that has a value: what its tooltip says, and its circle (x, y) or rectangle (x, y, width, height)."""
    from matplotlib.container import BarContainer
    from matplotlib.lines import Line2D

    tall = fig.get_size_inches()[1] * POINTS
    for ax in fig.axes:
        for bars in (c for c in ax.containers if isinstance(c, BarContainer)):
            yield from _bar_tips(ax, bars, tall)
        for line in (x for x in ax.lines if isinstance(x, Line2D)):
            yield from _line_tips(ax, line, tall)


def _bar_tips(ax: "Axes", bars: Any, tall: float) -> Iterator[tuple[str, tuple[float, ...]]]:
    across = bars.orientation == "horizontal"
    axis = ax.yaxis if across else ax.xaxis
    ticks = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=False)
    labels = {round(float(place), 6): text.get_text().replace("\n", " ") for place, text in ticks}
    series = "" if str(bars.get_label()).startswith("_") else f"{bars.get_label()}, "
    for bar in bars:
        middle = bar.get_y() + bar.get_height() / 2 if across else bar.get_x() + bar.get_width() / 2
        value = bar.get_width() if across else bar.get_height()
        name = labels.get(round(float(middle), 6), "")
        if name and value == value and value:
            box = bar.get_window_extent()
            place = (box.x0, tall - box.y1, max(box.width, 4.0), max(box.height, 4.0))
            yield f"{series}{name}: {_value(value)}", place


def _line_tips(ax: "Axes", line: Any, tall: float) -> Iterator[tuple[str, tuple[float, ...]]]:
    import numpy as np

    if line.get_transform() != ax.transData or getattr(line, "silent", False):
        return
    points = np.asarray(line.get_xydata(), float)  # names on an axis as their places
    points = points[np.isfinite(points).all(axis=1)]
    if not 1 <= len(points) <= 40 or (len(points) > 1 and (points == points[0]).all(axis=0).any()):
        return
    label = str(line.get_label())
    series = "" if label.startswith("_") else f"{label}, "
    down = categories(ax)
    names = dict(zip(np.round(ax.get_yticks(), 6), (t.get_text() for t in ax.get_yticklabels()), strict=False))
    for (x, y), (px, py) in zip(points, ax.transData.transform(points), strict=True):
        words = f"{names.get(round(y, 6), '')}: {_value(x)}" if down else f"{x:g}: {_value(y)}"
        yield f"{series}{words}".replace("\n", " "), (px, tall - py)


def _value(value: float) -> str:
    size = abs(value)
    digits = 0 if size >= 1000 else 1 if size >= 10 else 2 if size >= 0.1 else 4
    text = f"{value:,.{digits}f}".replace("-", "\u2212")
    return text if any(digit in text for digit in "123456789") else "0"


def _clean(
    text: str,
    name: str,
    kind: str,
    alt: str,
    title: str,
    anchors: dict[str, tuple[str, float]],
    tips: list[tuple[str, tuple[float, ...]]],
) -> str:
    """What matplotlib wrote as a part of a page."""
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", "http://www.w3.org/1999/xlink")
    root = ElementTree.fromstring(re.sub(r"<!DOCTYPE[^>]*>", "", text))
    for child in list(root):
        needed = any(child.find(f"{{{_SVG}}}{part}") is not None for part in ("clipPath", "pattern"))
        if child.tag in (f"{{{_SVG}}}metadata", f"{{{_SVG}}}defs") and not needed:
            root.remove(child)
    for group in root.iter(f"{{{_SVG}}}g"):
        if (held := anchors.get(group.get("id", ""))) is not None:
            _hold(group, *held)
    used = set(re.findall(r"url\(#([^)]+)\)", text)) | set(re.findall(r'href="#([^"]+)"', text))
    for tag in root.iter():
        _attributes(tag, name, used)
    _unwrap(root)
    body = "".join(ElementTree.tostring(child, encoding="unicode") for child in root)
    body = body.replace(f' xmlns="{_SVG}"', "").replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "")
    body = re.sub(r"\s*\n\s*", "", body).replace("xlink:href", "href")
    for told, place in tips:
        keys = ("cx", "cy") if len(place) == 2 else ("x", "y", "width", "height")
        shape = "circle" if len(place) == 2 else "rect"
        where = " ".join(f'{key}="{value:.1f}"' for key, value in zip(keys, place, strict=True))
        where += f' r="{_HIT:g}"' if shape == "circle" else ""
        body += f'<{shape} class="tip" {where} fill="transparent"><title>{html_text.escape(told)}</title></{shape}>'
    box = " ".join(f"{float(x):g}" for x in root.attrib["viewBox"].split())
    width = float(root.attrib["viewBox"].split()[2])
    about = f' style="min-width:{width:g}px"' if kind == "narrow" and width > NARROW else ""
    label = html_text.escape(title)
    return (
        f'<svg xmlns="{_SVG}" class="{kind}" viewBox="{box}" role="img" aria-label="{label}"'
        f' aria-describedby="{name}-desc"{about}>'
        f'<desc id="{name}-desc">{html_text.escape(alt, quote=False)}</desc>{body}</svg>'
    )


def _hold(group: ElementTree.Element, anchor: str, place: float) -> None:
    """Hold each line of a text at its anchor."""
    for line in group.iter(f"{{{_SVG}}}text"):
        line.set("style", f"{line.get('style', '')}; text-anchor: {anchor}")
        moved = re.search(r"translate\(([-\d.]+) ([-\d.]+)\)", line.get("transform", ""))
        if moved:
            line.set("transform", f"translate({place:.1f} {moved[2]})")
        elif line.get("x"):
            line.set("x", f"{place:.1f}")


def _attributes(tag: ElementTree.Element, name: str, used: set[str]) -> None:
    """Ids that are used, with the drawing's name before them; colours by name; places to a tenth of a unit."""
    if (own := tag.attrib.pop("id", None)) in used:
        tag.set("id", f"{name}-{own}")
    if tag.get("fill", "").startswith("#"):  # the ground of a hatched bar
        tag.set("style", f"fill: {tag.attrib.pop('fill')}; {tag.get('style', '')}")
    if "style" in tag.attrib:
        style = re.sub(r"#[0-9a-f]{6}\b", lambda m: variable(m[0]), tag.attrib["style"])
        style = re.sub(r"\bfont: (?:(\d+|bold) )?([\d.]+)px [^;]*", r"font-weight: \1; font-size: \2px", style)
        style = re.sub(r"font-family: [^;]*;? ?|font-weight: ;? ?", "", style)
        tag.set("style", re.sub(r"\s*([;:,])\s*", r"\1", style).strip(";"))
    for key in ("clip-path", _LINK, "style"):
        if key in tag.attrib:
            tag.set(key, re.sub(r"#(?=[a-z]\w{10}\b)", f"#{name}-", tag.attrib[key]))
    turned = tag.get("transform", "")
    if re.fullmatch(r"rotate\(-?0(?:\.0)? [^)]*\)", turned):
        del tag.attrib["transform"]
    for key in ("d", "x", "y", "transform", "width", "height", "points"):
        if key in tag.attrib:
            tag.set(key, re.sub(r"-?\d+\.\d+", lambda m: f"{float(m[0]):.1f}".removesuffix(".0"), tag.attrib[key]))


def _unwrap(root: ElementTree.Element) -> None:
    """Groups without any attribute, of one child or none, hold nothing together."""
    for parent in list(root.iter()):
        for child in list(parent):
            while child.tag == f"{{{_SVG}}}g" and not child.attrib and len(child) <= 1:
                place = list(parent).index(child)
                parent.remove(child)
                if not len(child):
                    break
                inner = child[0]
                parent.insert(place, inner)
                child = inner


def variable(colour: str) -> str:
    """A colour of a drawing as the page's variable, its light value beside it; one that has no name stays."""
    name = _NAMES.get(colour.lower())
    return f"var(--rt-{name},{light(name)})" if name else colour
