"""The figures' common style: names of commodity groups, colours with a meaning, sizes, and the style of charts.

A colour is a name with two values, one for light and one for dark pages. Charts are drawn in the light values, each of
which belongs to one name only; `svg` replaces them by the page's variables, so that one drawing serves both grounds.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GROUPS = {
    "01-05": "Animal products",
    "06-15": "Vegetable products",
    "16-24": "Food products",
    "25-26": "Minerals",
    "27": "Fuels",
    "28-38": "Chemicals",
    "39-40": "Plastics, rubber",
    "41-43": "Hides and skins",
    "44-49": "Wood, paper",
    "50-63": "Textiles, clothing",
    "64-67": "Footwear",
    "68-71": "Stone, glass, gems",
    "72-83": "Metals",
    "84-85": "Machinery, electrical",
    "86-89": "Vehicles, aircraft, ships",
    "90-99": "Instruments, other",
    "64-99": "Metals to machinery, not split",
}


# Light and dark value of each colour. No light value may stand twice: it is how a drawing names its colour.
PALETTE = {
    "text": ("#222832", "#ced6dd"),
    "muted": ("#48566b", "#9ca4af"),
    "grid": ("#d8dce2", "#333b47"),
    "axis": ("#8b95a5", "#6d7888"),
    "ground": ("#ffffff", "#121212"),
    "surface": ("#f3f4f5", "#20262f"),
    "china": ("#b8402a", "#f0876f"),
    "china-pale": ("#e6b5aa", "#7a4336"),
    "russia": ("#1f5fae", "#7db1f5"),
    "russia-pale": ("#9ec5e0", "#2f5d94"),
    "accent": ("#0a7d78", "#35b8af"),
    "accent-pale": ("#a6dcca", "#1f6b66"),
    "fuels": ("#6b4423", "#c58a58"),
    "minerals": ("#c98f2c", "#f0c566"),
    "wood": ("#dcb878", "#f7dd9f"),
    "food": ("#4f7a27", "#86b84c"),
    "plants": ("#7d9f5c", "#a9cf7c"),
    "meals": ("#abc196", "#cbe3b0"),
    "chemicals": ("#0a7d77", "#35b8ae"),
    "plastics": ("#5aa9a4", "#86d6cf"),
    "metals": ("#a4adb9", "#c9d2dd"),
    "stone": ("#c3c9d1", "#dfe5ec"),
    "machinery": ("#1f5fad", "#5a9bef"),
    "vehicles": ("#c2306e", "#ef5f9c"),
    "textiles": ("#9a7fd1", "#bda7ee"),
    "footwear": ("#b7a3df", "#d2c3f4"),
    "hides": ("#d0c2ea", "#e3daf8"),
    "other": ("#dadde2", "#7d8794"),
    # Shades of one colour for sizes, from little to much, and of two for more and less than a middle.
    "seq0": ("#eef3f9", "#1d2a3a"),
    "seq1": ("#cfdff0", "#24405f"),
    "seq2": ("#a3c4e6", "#2d5a8c"),
    "seq3": ("#6ea3d6", "#4a89c8"),
    "seq4": ("#3574b5", "#69a3e0"),
    "seq5": ("#1c5694", "#a5cbf5"),
    "less3": ("#b8402b", "#f0876e"),
    "less2": ("#dc8c7b", "#c66f5a"),
    "less1": ("#f3d3cb", "#5c372e"),
    "middle": ("#f3f4f6", "#20262e"),
    "more1": ("#d3e0f0", "#24405e"),
    "more2": ("#86aad6", "#2f5d95"),
    "more3": ("#1f5faf", "#7db1f6"),
    # A map: the sea, the country it is about, the others, their outlines.
    "sea": ("#d3e3ee", "#1b2835"),
    "land": ("#fbfaf6", "#2f353d"),
    "land-other": ("#e9e4da", "#23282e"),
    "outline": ("#b3ac9f", "#58616c"),
    # Ink on a filled ground: pale, middling, deep.
    "ink-pale": ("#222833", "#ced6de"),
    "ink-middle": ("#222834", "#121213"),
    "ink-deep": ("#fffffe", "#121214"),
    "reproduced": ("#1a7a4a", "#5fd092"),
    "partly": ("#8a5a00", "#e8b44c"),
    "refuted": ("#b3261e", "#ff8f85"),
    "untestable": ("#56606e", "#aab3bf"),
}


def light(name: str) -> str:
    """The light value of a colour, which is how a chart is drawn in it."""
    return PALETTE[name][0]


# Colours that are too pale to be text on the page's ground: text in them is written in the muted ink instead.
_PALE = (
    "grid", "axis", "china-pale", "russia-pale", "accent-pale", "minerals", "wood", "plants", "meals", "plastics",
    "metals", "stone", "textiles", "footwear", "hides", "other", "seq0", "seq1", "seq2", "seq3", "less1", "less2",
    "middle", "more1", "more2", "sea", "land", "land-other", "outline",
)  # fmt: skip
SOFT = set(map(light, _PALE))
# Colours that charts name themselves, and the colour of this style that stands for each.
ALIASES = {
    "#000000": "text", "#332f2c": "text", "#444444": "muted", "#555555": "muted", "#7f7f7f": "axis", "#8a8a8a": "axis",
    "#bbbbbb": "axis", "#c4c4c4": "other", "#d9d9d9": "other", "#e6e6e6": "grid", "#cccccc": "grid", "#b0b0b0": "grid",
    "#0072b2": "russia", "#56b4e9": "russia-pale", "#d55e00": "china", "#009e73": "accent", "#e69f00": "minerals",
    "#222222": "text", "#333333": "text", "#666666": "muted", "#808080": "axis",
}  # fmt: skip


_GROUP_COLOURS = {
    "27": "fuels", "84-85": "machinery", "86-89": "vehicles", "28-38": "chemicals", "39-40": "plastics",
    "72-83": "metals", "44-49": "wood", "25-26": "minerals", "01-05": "food", "06-15": "plants", "16-24": "meals",
    "50-63": "textiles", "64-67": "footwear", "68-71": "stone", "41-43": "hides", "90-99": "other", "64-99": "stone",
    "other": "other",
    # The eight customs groups and the technological classes, in the colour of their largest commodity group.
    "Food and agricultural goods": "food", "Mineral products": "fuels", "Chemicals and rubber": "chemicals",
    "Leather and furs": "hides", "Wood, pulp, paper": "wood", "Textiles and footwear": "textiles",
    "Metals and precious stones": "metals", "Machinery, equipment, vehicles": "machinery", "Other goods": "other",
    "primary": "fuels", "resource-based": "minerals", "low": "textiles", "medium": "russia-pale", "high": "machinery",
    "unclassified": "other",
}  # fmt: skip


COLOURS = {key: light(name) for key, name in _GROUP_COLOURS.items()}


SERIES = tuple(map(light, ("fuels", "metals", "chemicals", "machinery", "minerals", "wood", "food", "other")))


RUSSIA, CHINA, ACCENT, MUTED = light("russia"), light("china"), light("accent"), light("axis")


WIDE, NARROW = 760, 360  # units of the two drawings of a chart, which are pixels at full size
POINTS = 72  # units an inch: a point of type is a unit
_TALLER = 1.15  # of the height that a chart asks for: its type is larger than matplotlib's


def variables() -> str:
    """The style sheet of the colours: light on any page, dark where the reader or the reader's system wants it."""

    def rules(number: int) -> str:
        return " ".join(f"--rt-{name}: {values[number]};" for name, values in PALETTE.items())

    return (
        "/* Written from rutrade.publish.style.PALETTE; a test holds them together. */\n"
        f":root {{ {rules(0)} }}\n"
        f'html[data-theme="dark"] {{ {rules(1)} }}\n'
        "@media (prefers-color-scheme: dark) { html:not([data-theme]) { " + rules(1) + " } }\n"
    )


def style() -> None:
    """Apply the common style to matplotlib."""
    import matplotlib as mpl

    mpl.rcParams.update(
        {
            "figure.dpi": POINTS,
            "savefig.dpi": POINTS,
            "figure.constrained_layout.use": True,
            "figure.facecolor": "none",
            "axes.facecolor": "none",
            "axes.edgecolor": light("axis"),
            "axes.labelcolor": light("muted"),
            "axes.labelsize": 13,
            "text.color": light("text"),
            "xtick.color": light("axis"),
            "ytick.color": light("axis"),
            "xtick.labelcolor": light("muted"),
            "ytick.labelcolor": light("muted"),
            "font.size": 13,
            "xtick.labelsize": 12.5,
            "ytick.labelsize": 12.5,
            "axes.titlesize": 13,
            "axes.titlelocation": "left",
            "axes.titleweight": "bold",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.spines.left": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.color": light("grid"),
            "grid.linewidth": 1,
            "legend.frameon": False,
            "legend.fontsize": 12.5,
            "lines.linewidth": 2.2,
            "hatch.color": light("axis"),
            "svg.fonttype": "none",
            "svg.hashsalt": "rutrade",
        }
    )


def axes(rows: int = 1, columns: int = 1, height: float = 3.7, **options: Any) -> "tuple[Figure, Any]":
    """A figure and its axes in the common style: one `Axes`, or an array of them, as `plt.subplots` gives them."""
    import matplotlib.pyplot as plt

    style()
    return plt.subplots(rows, columns, figsize=(WIDE / POINTS, height * _TALLER), **options)
