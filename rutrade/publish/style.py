"""The figures' common style: names and colours of commodity groups, sizes, fonts."""

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


COLOURS = {
    "27": "#332f2c",
    "84-85": "#0072b2",
    "86-89": "#56b4e9",
    "28-38": "#d55e00",
    "39-40": "#e69f00",
    "72-83": "#7f7f7f",
    "44-49": "#8c6d31",
    "25-26": "#b15928",
    "01-05": "#cc79a7",
    "06-15": "#009e73",
    "16-24": "#8fce8a",
    "50-63": "#aa4499",
    "64-67": "#882255",
    "68-71": "#44aa99",
    "41-43": "#c9a66b",
    "90-99": "#6f63bb",
    "64-99": "#9ecae1",
    "other": "#d9d9d9",
    # The eight customs groups and the technological classes, in the colour of their largest commodity group.
    "Food and agricultural goods": "#009e73",
    "Mineral products": "#332f2c",
    "Chemicals and rubber": "#d55e00",
    "Leather and furs": "#c9a66b",
    "Wood, pulp, paper": "#8c6d31",
    "Textiles and footwear": "#aa4499",
    "Metals and precious stones": "#7f7f7f",
    "Machinery, equipment, vehicles": "#0072b2",
    "Other goods": "#6f63bb",
    "primary": "#332f2c",
    "resource-based": "#8c6d31",
    "low": "#aa4499",
    "medium": "#56b4e9",
    "high": "#0072b2",
    "unclassified": "#d9d9d9",
}


SERIES = ("#332f2c", "#7f7f7f", "#d55e00", "#0072b2", "#e69f00", "#8c6d31", "#009e73", "#c4c4c4")


RUSSIA, CHINA, ACCENT, MUTED = "#0072b2", "#d55e00", "#009e73", "#8a8a8a"


WIDTH = 5.8  # inches: the type stays legible when a phone shrinks the figure to its screen


def style() -> None:
    """Apply the common style to matplotlib."""
    import matplotlib as mpl

    mpl.rcParams.update(
        {
            "figure.figsize": (WIDTH, 3.7),
            "figure.dpi": 100,
            "savefig.dpi": 170,
            "figure.constrained_layout.use": True,
            "figure.facecolor": "white",
            "font.size": 10,
            "axes.titlesize": 10.5,
            "axes.titlelocation": "left",
            "axes.titleweight": "bold",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.color": "#e6e6e6",
            "grid.linewidth": 0.7,
            "legend.frameon": False,
            "legend.fontsize": 9,
            "lines.linewidth": 2,
            "svg.hashsalt": "rutrade",
        }
    )


def axes(rows: int = 1, columns: int = 1, height: float = 3.7, **options: Any) -> "tuple[Figure, Any]":
    """A figure and its axes in the common style: one `Axes`, or an array of them, as `plt.subplots` gives them."""
    import matplotlib.pyplot as plt

    style()
    return plt.subplots(rows, columns, figsize=(WIDTH, height), **options)
