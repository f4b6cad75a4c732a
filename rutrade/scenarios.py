"""Parameters of the notebooks and scenarios: type, unit, range and source of each, checked before anything runs.

One class of parameters per notebook. A preset is a YAML file of overrides in `notebooks/scenarios/`; it may name
any parameter of any notebook and is equally valid for `papermill -f`.
"""

from pathlib import Path
from typing import Any, ClassVar, Literal, Self, get_args

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from rutrade import InputError, unknown

BASE = "base"  # the scenario without overrides


def parameter(default: Any, meaning: str, unit: str = "", source: str = "choice of view", **limits: Any) -> Any:
    """A parameter's field: default, meaning, unit, source (or the word assumption), and limits (ge, le)."""
    return Field(default, description=meaning, json_schema_extra={"unit": unit, "source": source}, **limits)


class Parameters(BaseModel):
    """Checked, immutable parameters of one notebook."""

    # a class's validator is made when it first checks something: importing the package stays quick
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)
    notebook: ClassVar[str] = ""

    @classmethod
    def check(cls, **values: Any) -> Self:
        """The parameters with `values` set; InputError names the parameter, its value and what is allowed."""
        for name in values:
            if name not in cls.model_fields:
                raise unknown(f"parameter of {cls.notebook}", name, cls.model_fields)
        try:
            return cls(**values)
        except ValidationError as error:
            raise InputError(cls._sentence(error.errors()[0])) from None

    @classmethod
    def _sentence(cls, error: dict) -> str:
        if not error["loc"]:
            return error["msg"].removeprefix("Value error, ")
        name = str(error["loc"][0])
        hint = ""
        if isinstance(error["input"], str) and "str" not in str(cls.model_fields[name].annotation):
            hint = "; it is text, not a number (YAML reads 1e-3 as text: write 0.001 or 1.0e-3)"
        return f"parameter '{name}' = {error['input']!r} is not allowed: {cls.allowed(name)}{hint}"

    @classmethod
    def allowed(cls, name: str) -> str:
        """What a parameter may be, in words."""
        field = cls.model_fields[name]
        if choices := get_args(field.annotation):
            return "one of " + ", ".join(map(str, choices))
        kind = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}[field.annotation]
        limits = {k: getattr(m, k) for m in field.metadata for k in ("ge", "le") if hasattr(m, k)}
        if {"ge", "le"} <= set(limits):
            return f"{kind} from {limits['ge']} to {limits['le']}"
        if "ge" in limits:
            return f"{kind} of at least {limits['ge']}"
        return kind

    def table(self) -> pd.DataFrame:
        """Value, origin (default or changed), unit, range, source and meaning of each parameter."""
        rows = {}
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            extra = field.json_schema_extra or {}
            rows[name] = {
                "value": value,
                "set by": "default" if value == field.default else "reader or preset",
                "unit": extra.get("unit", ""),
                "allowed": self.allowed(name),
                "source": extra.get("source", ""),
                "meaning": field.description,
            }
        return pd.DataFrame.from_dict(rows, orient="index", dtype=object).rename_axis("parameter")


class TradeStructure(Parameters):
    """Parameters of notebook 01: the trade structure 2013-2023."""

    notebook: ClassVar[str] = "01_trade_structure"
    first_year: int = parameter(2013, "first year shown", "year", ge=2013, le=2023)
    last_year: int = parameter(2023, "last year shown", "year", ge=2013, le=2023)
    reporter: Literal["best", "RUS", "CHN", "BACI"] = parameter(
        "best", "whose figures for Russia's exports by group: best = Russia to 2016, BACI from 2017"
    )
    grouping: Literal["16", "8", "class"] = parameter("16", "16 groups, 8 customs groups, or technological class")
    base_year: int = parameter(2017, "year the indices of structural change start from", "year", ge=2013, le=2023)

    @field_validator("grouping", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        # 16 and 8 arrive as numbers from YAML and from papermill's command line.
        return str(value) if isinstance(value, int) else value

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.first_year >= self.last_year:
            raise ValueError(
                f"parameter 'first_year' = {self.first_year} is not allowed: a year before last_year = {self.last_year}"
            )
        if not self.first_year <= self.base_year <= self.last_year:
            raise ValueError(
                f"parameter 'base_year' = {self.base_year} is not allowed: "
                f"a year from {self.first_year} to {self.last_year}"
            )
        return self


class Siberia(Parameters):
    """Parameters of notebook 02: the Siberian regions and China."""

    notebook: ClassVar[str] = "02_siberia"
    regions: int = parameter(8, "how many regions the rankings show", "count", ge=3, le=20)
    inferred: bool = parameter(True, "show facts whose year is inferred from the context, marked as such")


class Scenario(Parameters):
    """All parameters of the chain of the three models to 2030."""

    notebook: ClassVar[str] = "07_projections_2030"
    # the research infrastructure (model 1)
    research_infrastructure: bool = parameter(True, "whether the programme is built")
    project: Literal["programme", "skif"] = parameter("programme", "the whole programme or SKIF alone")
    multiplier: float = parameter(
        3.7, "suppliers' turnover per rouble of high-tech procurement", "ratio", "CERN 3.7-4.2, ESA 2.7, FenRIAM 4-6",
        ge=0, le=2000,
    )  # fmt: skip
    high_tech_factor: float = parameter(
        1.0, "high-tech procurement relative to plan", "ratio", "assumption", ge=0, le=20
    )
    cost_overrun: float = parameter(0.0, "capital cost above plan", "share", "assumption", ge=-0.5, le=3)
    delay_years: int = parameter(0, "later start of operation", "years", "assumption", ge=0, le=10)
    opex_factor: float = parameter(1.0, "operating cost relative to plan", "ratio", "assumption", ge=0, le=5)
    discount_rate_public: float = parameter(0.05, "real public discount rate", "per year", "assumption", ge=0, le=0.3)
    # what it does to the economy (model 2)
    export_propensity: float = parameter(
        0.25, "share of the commercialised output that is exported", "share", "assumption", ge=0, le=1
    )
    china_share: float = parameter(0.2, "China's share of these exports", "share", "assumption", ge=0, le=1)
    productivity_effect: float = parameter(
        0.0, "productivity gain of engineering and chemical sectors of the Siberian district", "share", "assumption",
        ge=0, le=1,
    )  # fmt: skip
    crowding_out: float = parameter(
        1.0, "share of the programme's capital taken from the district's other investment", "share", "assumption",
        ge=0, le=1,
    )  # fmt: skip
    sectors: Literal["full", "12"] = parameter("full", "36 sectors, or 12 with manufacturing merged")
    band_deliveries: float = parameter(0.2, "band around shares of deliveries", "share", "assumption", ge=0, le=0.9)
    band_imports: float = parameter(0.1, "band around shares of imports", "share", "assumption", ge=0, le=0.9)
    band_exports: float = parameter(0.05, "band around the export path", "share", "assumption", ge=0, le=0.9)
    rail_capacity: float = parameter(
        158.0, "capacity of the Eastern railways in 2030", "Mt a year", "Sherin 2024 (capacity of 2023)", ge=50, le=500
    )
    # trade (model 3)
    projection_base: int = parameter(2023, "year the projection starts from", "year", "BACI", ge=2017, le=2023)
    brent: Literal["low", "mid", "high"] = parameter("mid", "price path to 2030", "", "WEO 2025 and assumption")
    elasticity_set: Literal["low", "central", "high"] = parameter(
        "central", "set of demand elasticities", "", "assumption"
    )
    customs: float = parameter(
        0.0, "cut of the delivered price by simpler customs", "share", "assumption", ge=0, le=0.3
    )
    standards: float = parameter(0.0, "the same by recognised standards", "share", "assumption", ge=0, le=0.3)
    payments: float = parameter(
        0.0, "the same by settlement in national currencies", "share", "assumption", ge=0, le=0.3
    )
    logistics: float = parameter(0.0, "the same by transport corridors", "share", "assumption", ge=0, le=0.3)
    redirection: float = parameter(
        0.0, "least share of China in Russia's engineering and chemical exports in 2030; 0: as projected", "share",
        "assumption", ge=0, le=0.95,
    )  # fmt: skip
    export_support: float = parameter(
        0.0, "extra supply of engineering and chemical exports in 2030", "share", "assumption", ge=0, le=10
    )
    headroom: float = parameter(
        1.0, "how far supply may exceed the market potential", "share", "assumption", ge=0, le=20
    )
    turnover_target: float = parameter(0.0, "turnover wanted in 2030; 0: none", "bn USD", "press", ge=0, le=2000)
    threshold_pp: float = parameter(5.0, "rise of the share that counts as notable", "pp", "assumption", ge=0.1, le=50)
    # uncertainty and feedback
    draws: int = parameter(500, "draws of forecast error and elasticities", "count", "choice of view", ge=0, le=20000)
    seed: int = parameter(1, "seed of the draws", "", "choice of view", ge=0)
    feedback: bool = parameter(False, "whether demand caps bound exports in the economy")
    feedback_damping: float = parameter(0.5, "damping of the feedback", "share", "choice of method", ge=0.05, le=1)
    feedback_tolerance: float = parameter(
        0.001, "largest change at which the feedback stops", "share", "choice of method", ge=1e-9, le=0.5
    )


class ProjectAppraisal(Parameters):
    """Parameters of notebook 03: efficiency of the research infrastructure."""

    notebook: ClassVar[str] = "03_project"
    subject: Literal[
        "programme", "skif", "genetic_technologies", "medical_virus", "supercomputer", "campus", "rest"
    ] = parameter("programme", "the whole programme or one of its objects")
    multiplier: float = parameter(
        3.7, "turnover per rouble of high-tech contracts", "RUB per RUB", "CERN 3.7; range 2.7-6", ge=0, le=1000
    )
    cost_overrun: float = parameter(0.0, "capital cost above the stated profile", "share", "assumption", ge=-0.9, le=5)
    delay_years: int = parameter(0, "delay of the start beyond the stated year", "years", "assumption", ge=0, le=15)
    opex_share: float = parameter(
        0.10, "operating cost a year over capital cost", "share", "assumption; ALBA .08, MAX IV .21", ge=0.075, le=0.5
    )
    discount_rate_public: float = parameter(
        0.05, "real discount rate of the public and of participants", "per year", "assumption", ge=0, le=0.3
    )
    discount_rate_budget: float = parameter(
        0.05, "real discount rate of the budgets", "per year", "assumption", ge=0, le=0.3
    )
    discount_rate_commercial: float = parameter(
        0.10, "real discount rate of private capital", "per year", "assumption", ge=0, le=0.5
    )
    last_year: int = parameter(2050, "last year of the horizon", "year", ge=2042, le=2100)
    draws: int = parameter(20_000, "draws of the simulation", "count", ge=100, le=1_000_000)
    seed: int = parameter(1, "seed of the simulation", ge=0)


class BilateralTrade(Parameters):
    """Parameters of notebook 06: gravity and the projection of bilateral trade."""

    notebook: ClassVar[str] = "06_trade_model"
    projection_base: int = parameter(2023, "year the projection starts from", "year", ge=2017, le=2023)
    brent: Literal["low", "mid", "high"] = parameter(
        "mid", "price paths to 2030: Brent 40, IMF outlook, or 100 USD", source="IMF; low and high: assumption"
    )
    elasticity_set: Literal["low", "central", "high"] = parameter(
        "central", "elasticities to income, price and trade cost", source="assumption; trade cost: literature"
    )
    world_shares: Literal["held", "moved"] = parameter(
        "held", "China's share by group: world structure of 2019 held, or shares of 2019 moved", source="assumption"
    )
    facilitation: Literal["low", "central", "high"] = parameter(
        "central", "size of the trade-cost levers; low is none", source="assumption; customs: OECD"
    )
    draws: int = parameter(2000, "draws of the intervals", "count", ge=100, le=1_000_000)
    seed: int = parameter(1, "seed of the draws", ge=0)


class Uncertainty(Parameters):
    """Parameters of notebook 08: uncertainty over the chain and break-even."""

    notebook: ClassVar[str] = "08_uncertainty"
    scenarios_drawn: int = parameter(150, "scenarios drawn by Monte Carlo", "count", ge=10, le=100_000)
    threshold_pp: float = parameter(5.0, "rise of the share that counts as notable", "pp", "assumption", ge=0.1, le=50)
    draws: int = parameter(500, "draws of forecast error and elasticities", "count", ge=100, le=20000)
    seed: int = parameter(1, "seed of all draws", ge=0)
    jobs: int = parameter(2, "processes", "count", ge=1, le=256)


class Comparison(Parameters):
    """Parameters of notebook 09: all presets side by side."""

    notebook: ClassVar[str] = "09_scenarios"
    threshold_pp: float = parameter(5.0, "rise of the share that counts as notable", "pp", "assumption", ge=0.1, le=50)
    draws: int = parameter(500, "draws of forecast error and elasticities", "count", ge=100, le=20000)
    seed: int = parameter(1, "seed of all draws", ge=0)
    jobs: int = parameter(2, "processes", "count", ge=1, le=256)


class RegionalTables(Parameters):
    """Parameters of notebook 04: regional input-output tables."""

    notebook: ClassVar[str] = "04_regional_tables"
    sectors: Literal["full", "12"] = parameter("full", "36 sectors, or the 12-sector variant by the same code")
    manufacturing: Literal["section", "firms"] = parameter(
        "section", "branches of manufacturing by district: national mix, or large firms as a seed", source="assumption"
    )

    @field_validator("sectors", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        return str(value) if isinstance(value, int) else value


class Economy(RegionalTables):
    """Parameters of notebook 05: the multiregional optimisation model."""

    notebook: ClassVar[str] = "05_economy"
    nodes: str = parameter("2016 2019 2023 2030", "last years of the stages, from 2016, separated by spaces", "years")
    band_deliveries: float = parameter(
        0.2, "band around the shares of deliveries in use", "share", "assumption", ge=0, le=0.9
    )
    band_imports: float = parameter(
        0.1, "band around the shares of imports in use", "share", "assumption", ge=0, le=0.9
    )
    band_exports: float = parameter(0.05, "band around the path of exports", "share", "assumption", ge=0, le=0.9)
    labour: float = parameter(1.0, "labour after 2023 over its path", "factor", "WEO population", ge=0.8, le=1.2)
    productivity: float = parameter(
        1.0, "productivity after 2023 over its path", "factor", "WEO growth; assumption", ge=0.5, le=1.5
    )
    rail_capacity: float = parameter(
        158.0, "capacity of the Eastern railways in the last stage", "Mt", "Sherin 2024 for 2023", ge=50, le=1000
    )
    project_intensity: float = parameter(
        1.0, "size of the research infrastructure over the programme", "factor", "assumption", ge=0, le=1
    )
    project_productivity: float = parameter(
        0.01, "gain of productivity in Siberia's high-technology branches", "share", "assumption", ge=0, le=0.5
    )

    @model_validator(mode="after")
    def _years(self) -> Self:
        years = self.nodes.split()
        if (
            not all(y.isdigit() for y in years)
            or years[:1] != ["2016"]
            or years != sorted(set(years))
            or len(years) < 2
        ):
            raise ValueError(f"parameter 'nodes' = '{self.nodes}' is not allowed: rising years from 2016, by spaces")
        if int(years[-1]) > 2030 or not any(2016 < int(y) <= 2023 for y in years):
            raise ValueError(f"parameter 'nodes' = '{self.nodes}' is not allowed: to 2030, one year from 2017 to 2023")
        return self


_CLASSES = (
    TradeStructure, Siberia, ProjectAppraisal, RegionalTables, Economy,
    BilateralTrade, Scenario, Uncertainty, Comparison,
)  # fmt: skip
PARAMETERS: dict[str, type[Parameters]] = {cls.notebook: cls for cls in _CLASSES}


def folder() -> Path:
    """Where the presets are."""
    return Path(__file__).resolve().parents[1] / "notebooks" / "scenarios"


def names() -> list[str]:
    """Names of all presets, `base` first."""
    return [BASE, *sorted(p.stem for p in folder().glob("*.yaml") if p.stem != BASE)]


def meaning(name: str) -> str:
    """A preset's first comment line, its meaning."""
    if name == BASE:
        return "All parameters at their defaults."
    lines = _path(name).read_text(encoding="utf-8").splitlines()
    return lines[0].removeprefix("#").strip() if lines and lines[0].startswith("#") else ""


def load(name_or_path: str | Path) -> dict[str, Any]:
    """The overrides of a preset (by name or path to a YAML file), each checked by itself.

    Raises InputError for an unknown preset, a field no notebook has, or a value out of its range.
    """
    import yaml

    if str(name_or_path) == BASE:
        return {}
    path = _path(name_or_path)
    try:
        overrides = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise InputError(f"preset {path.name} is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(overrides, dict):
        raise InputError(f"preset {path.name} must be lines of `parameter: value`")
    known = {field for cls in PARAMETERS.values() for field in cls.model_fields}
    for field in overrides:
        if field not in known:
            raise unknown(f"parameter in preset {path.name}", field, sorted(known))
    for cls in PARAMETERS.values():
        cls.check(**select(cls, overrides))
    return overrides


def difference(first: str, second: str) -> pd.DataFrame:
    """Parameters whose values differ between two presets, by notebook."""
    rows = {}
    overrides = {name: load(name) for name in (first, second)}
    for cls in PARAMETERS.values():
        values = [cls.check(**select(cls, overrides[name])).model_dump() for name in (first, second)]
        rows |= {(cls.notebook, k): (v, values[1][k]) for k, v in values[0].items() if v != values[1][k]}
    index = pd.MultiIndex.from_tuples(rows, names=["notebook", "parameter"]) if rows else None
    return pd.DataFrame(list(rows.values()), index=index, columns=[first, second])


def select(cls: type[Parameters], values: dict[str, Any]) -> dict[str, Any]:
    """Those of `values` that are parameters of the class."""
    return {k: v for k, v in values.items() if k in cls.model_fields}


def of_notebook(notebook: str) -> type[Parameters]:
    """The parameter class of a notebook. Raises InputError for an unknown notebook."""
    if notebook not in PARAMETERS:
        raise unknown("notebook", notebook, PARAMETERS)
    return PARAMETERS[notebook]


def _path(name_or_path: str | Path) -> Path:
    path = Path(name_or_path)
    if path.suffix in (".yaml", ".yml"):
        if not path.is_file():
            raise InputError(f"preset file {path} does not exist")
        return path
    if str(name_or_path) not in names():
        raise unknown("preset", name_or_path, names())
    return folder() / f"{name_or_path}.yaml"
