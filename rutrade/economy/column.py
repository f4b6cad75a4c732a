"""The technological column of a project: what it buys and what it yields in the last year of a stage."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from rutrade import InputError, unknown
from rutrade.economy.regional import RegionalTables


@dataclass(frozen=True)
class ProjectColumn:
    """Technological column of one project object in the last year of a stage, bn RUB of 2016 per unit of intensity.

    `capital`, `current`: purchases by product in the project's region (construction, operation); `rnd`: research
    bought by government there. `labour_thousand`: own staff; `value_added`: what the project itself adds (its pay),
    counted with the sector RND. `investment_fund`: cumulated capital the project draws from the region's
    investment (0: paid on top of it); `capital_inside`: share of its purchases of capital that are part of the region's
    investment by (2.9'), the rest comes on top. Effects, each an assumption with its `effect_source`:
    `productivity`: by sector, the share by which the same labour and capacity of the region yield more, materials
    bought in proportion; `capacity`: additional output by sector with its materials and labour; `output`:
    commercialised output with materials, labour and capital. `export_share` of the effects' output goes abroad,
    `china_share` of that to China. `intensity`: bounds of theta.
    """

    name: str
    region: str
    year: int
    capital: Mapping[str, float] = field(default_factory=dict)
    current: Mapping[str, float] = field(default_factory=dict)
    labour_thousand: float = 0.0
    value_added: float = 0.0
    rnd: float = 0.0
    investment_fund: float = 0.0
    capital_inside: float = 1.0
    productivity: Mapping[str, float] = field(default_factory=dict)
    capacity: Mapping[str, float] = field(default_factory=dict)
    output: Mapping[str, float] = field(default_factory=dict)
    export_share: float = 0.0
    china_share: float = 0.0
    effect_source: str = ""
    intensity: tuple[float, float] = (1.0, 1.0)

    def __post_init__(self) -> None:
        for name in ("export_share", "china_share", "capital_inside"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"project '{self.name}': {name} is {getattr(self, name)}; allowed is 0 to 1")
        if not 0 <= self.intensity[0] <= self.intensity[1] <= 1:
            raise InputError(f"project '{self.name}': intensity {self.intensity} must lie in [0, 1], lower bound first")
        effects = [v for name in ("productivity", "capacity", "output") for v in dict(getattr(self, name)).values()]
        if any(effects) and not self.effect_source:
            raise InputError(f"project '{self.name}': an effect needs effect_source (a source or the word assumption)")
        for name in ("capital", "current", "productivity", "capacity", "output"):
            for sector, value in dict(getattr(self, name)).items():
                if not np.isfinite(value) or value < 0:
                    raise InputError(f"project '{self.name}': {name} of {sector} is {value}; must be 0 or more")


def project_column(
    tables: RegionalTables, flows: pd.Series, name: str, region: str, year: int, induced: str = "none", **effects: Any
) -> ProjectColumn:
    """A project's column from its flows by (flow, sector), bn RUB of 2016, as an appraisal of the project states them.

    capital_goods and current_inputs are bought; labour (gross pay, of any sector) becomes staff at the national pay
    in research; commercialised_output enters as `induced` says: 'none', 'capacity' or 'output' of `ProjectColumn`.
    Research that the project delivers has its cost in these flows already and displaces none of the sector's own.
    `effects`: any other field of `ProjectColumn`. Raises InputError for another `induced`.
    """
    if induced not in ("none", "capacity", "output"):
        raise unknown("kind of induced output", induced, ("none", "capacity", "output"))

    def part(flow: str) -> dict:
        return dict(flows[flow]) if flow in flows.index.get_level_values(0) else {}

    national = tables.data.national
    pay = national.value_added.at["compensation", "RND"] / tables.data.employment["RND"]  # bn RUB per thousand
    if induced != "none":
        effects[induced] = part("commercialised_output")
    own = sum(part("labour").values())
    return ProjectColumn(
        name, region, year, part("capital_goods"), part("current_inputs"), own / pay, own, **effects
    )  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A project's column: coefficients by constraint family (`rows`), output of its effects `beta` (i), what of it is
    exported (i, k), purchases with the effects' materials (i), bn RUB per unit of intensity.
    """

    rows: dict
    beta: np.ndarray
    exports: np.ndarray
    purchases: np.ndarray
