"""What the chapters on the chain say and show: sentences and tables computed from results, with names in words.

projections (chapter 08) | uncertainty (09) | comparison (11).
"""

from rutrade.publish.chapters.comparison import (
    about_columns,
    about_railway,
    in_columns,
    key_figures,
    meanings,
    scenarios_in_short,
    shift_parts,
)
from rutrade.publish.chapters.projections import (
    about_causes,
    about_share,
    causes,
    groups,
    in_short,
    points,
    show_project,
    show_targets,
    stacked,
    tell,
)
from rutrade.publish.chapters.uncertainty import (
    LOOSE,
    about_morris,
    about_needs,
    about_redirection,
    about_sobol,
    about_stopped,
    assumptions,
    break_even,
    effects_figure,
    effects_table,
    left_out,
    low,
    modelled,
    parameter,
    ranges,
    sobol_table,
    uncertainty_in_short,
)

__all__ = [
    "LOOSE", "about_causes", "about_columns", "about_morris", "about_needs", "about_railway", "about_redirection",
    "about_share", "about_sobol", "about_stopped", "assumptions", "break_even", "causes", "effects_figure",
    "effects_table", "groups", "in_columns", "in_short", "key_figures", "left_out", "low", "meanings", "modelled",
    "parameter", "points", "ranges", "scenarios_in_short", "shift_parts", "show_project", "show_targets",
    "sobol_table", "stacked", "tell", "uncertainty_in_short",
]  # fmt: skip
