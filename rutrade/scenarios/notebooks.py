"""The notebooks' parameters: one class for each, made of fields that are declared once.

A shared field is the same wherever it stands; a notebook may only choose its default and narrow its range.
"""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from rutrade import unknown
from rutrade.scenarios.parameters import SECTIONS, Parameters, as_text, parameter

# Fields that several notebooks share, each declared once.
Multiplier = Annotated[float, parameter(
    "suppliers' turnover per rouble of high-tech procurement", "project", "ratio", "CERN 3.7-4.2, ESA 2.7, FenRIAM 4-6",
    ge=0, le=2000,
)]  # fmt: skip
CostOverrun = Annotated[float, parameter("capital cost above plan", "project", "share", "assumption", ge=-0.9, le=5)]
DelayYears = Annotated[int, parameter("later start of operation", "project", "years", "assumption", ge=0, le=15)]
PublicRate = Annotated[float, parameter(
    "real discount rate of the public", "project", "per year", "assumption", ge=0, le=0.3
)]  # fmt: skip
Sectors = Annotated[Literal["full", "12"], BeforeValidator(as_text), parameter(
    "36 sectors, or 12 with manufacturing merged", "economy"
)]  # fmt: skip
Manufacturing = Annotated[Literal["section", "firms"], parameter(
    "branches of manufacturing by district: national mix, or large firms as a seed", "economy", source="assumption"
)]  # fmt: skip
BandDeliveries = Annotated[float, parameter(
    "band around the shares of deliveries in use", "economy", "share", "assumption", ge=0, le=0.9
)]  # fmt: skip
BandImports = Annotated[float, parameter(
    "band around the shares of imports in use", "economy", "share", "assumption", ge=0, le=0.9
)]  # fmt: skip
BandExports = Annotated[float, parameter(
    "band around the path of exports", "economy", "share", "assumption", ge=0, le=0.9
)]  # fmt: skip
RailCapacity = Annotated[float, parameter(
    "capacity of the Eastern railways in the last stage", "economy", "Mt a year", "plan for 2030: 210; 2023: 158",
    ge=50, le=1000,
)]  # fmt: skip
ProjectionBase = Annotated[int, parameter(
    "year the projection starts from", "trade", "year", "BACI", ge=2017, le=2023
)]  # fmt: skip
Brent = Annotated[Literal["low", "mid", "high"], parameter(
    "price paths to 2030: Brent at 40 USD, as in the IMF outlook, or at 100 USD", "trade",
    source="IMF outlook of October 2025; low and high: assumption",
)]  # fmt: skip
ElasticitySet = Annotated[Literal["low", "central", "high"], parameter(
    "elasticities to income, price and trade cost", "trade", source="assumption; trade cost: literature"
)]  # fmt: skip
Threshold = Annotated[float, parameter(
    "rise of the share that counts as notable", "chain", "percentage points", "assumption", ge=0.1, le=50
)]  # fmt: skip
Draws = Annotated[int, parameter("draws of what is uncertain", "view", "count", ge=0, le=1_000_000)]
Seed = Annotated[int, parameter("seed of the draws", "view", ge=0)]
Jobs = Annotated[int, parameter("processes", "view", "count", ge=1, le=256)]
_Cut = {"section": "trade", "unit": "share", "source": "assumption", "ge": 0, "le": 0.3}
_Year = {"section": "structure", "unit": "year", "ge": 2013, "le": 2023}


class TradeStructure(Parameters):
    """Parameters of notebook 01: the trade structure 2013-2023."""

    notebook: ClassVar[str] = "01_trade_structure"
    first_year: Annotated[int, parameter("first year shown", **_Year)] = 2013
    last_year: Annotated[int, parameter("last year shown", **_Year)] = 2023
    reporter: Annotated[Literal["best", "RUS", "CHN", "BACI"], parameter(
        "whose figures for Russia's exports by group: best = Russia to 2016, BACI from 2017", "structure"
    )] = "best"  # fmt: skip
    grouping: Annotated[Literal["16", "8", "class"], BeforeValidator(as_text), parameter(
        "16 groups, 8 customs groups, or technological class", "structure"
    )] = "16"  # fmt: skip
    base_year: Annotated[int, parameter("year the indices of structural change start from", **_Year)] = 2017

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


class Upgrading(Parameters):
    """Parameters of notebook 02: whether trade upgrades."""

    notebook: ClassVar[str] = "02_upgrading"
    classification: Annotated[Literal["lall", "technology"], parameter(
        "classes of technology: Lall's by product, or the OECD's by industry", "structure",
        source="Lall 2000; OECD 2011",
    )] = "lall"  # fmt: skip
    least: Annotated[float, parameter(
        "value from which a product counts as traded", "structure", "mn USD a year", "assumption", ge=0, le=1000
    )] = 10.0  # fmt: skip
    threshold_pp: Annotated[Threshold, Field(le=20)] = 5.0
    rows: Annotated[int, parameter("products and industries shown", "view", "count", ge=3, le=12)] = 10


class Siberia(Parameters):
    """Parameters of notebook 03: the Siberian regions and China."""

    notebook: ClassVar[str] = "03_siberia"
    regions: Annotated[int, parameter("how many regions the rankings show", "siberia", "count", ge=3, le=20)] = 8
    inferred: Annotated[bool, parameter(
        "show facts whose year is inferred from the context, marked with an asterisk", "siberia"
    )] = True  # fmt: skip


class Scenario(Parameters):
    """All parameters of the chain of the three models to 2030."""

    notebook: ClassVar[str] = "08_projections_2030"
    # the research infrastructure (model 1)
    research_infrastructure: Annotated[bool, parameter("whether the programme is built", "project")] = True
    project: Annotated[Literal["programme", "skif"], parameter("the whole programme or SKIF alone", "project")] = (
        "programme"
    )
    multiplier: Multiplier = 3.7
    high_tech_factor: Annotated[float, parameter(
        "high-tech procurement relative to plan", "project", "ratio", "assumption", ge=0, le=20
    )] = 1.0  # fmt: skip
    cost_overrun: Annotated[CostOverrun, Field(ge=-0.5, le=3)] = 0.0
    delay_years: Annotated[DelayYears, Field(le=10)] = 0
    opex_factor: Annotated[float, parameter(
        "operating cost relative to plan", "project", "ratio", "assumption", ge=0, le=5
    )] = 1.0  # fmt: skip
    discount_rate_public: PublicRate = 0.05
    # what it does to the economy (model 2)
    export_propensity: Annotated[float, parameter(
        "share of the commercialised output that is exported", "economy", "share", "assumption", ge=0, le=1
    )] = 0.25  # fmt: skip
    china_share: Annotated[float, parameter(
        "China's share of these exports", "economy", "share", "assumption", ge=0, le=1
    )] = 0.2  # fmt: skip
    productivity_effect: Annotated[float, parameter(
        "productivity gain of engineering and chemicals in the project's region", "economy", "share",
        "assumption", ge=0, le=1,
    )] = 0.0  # fmt: skip
    crowding_out: Annotated[float, parameter(
        "share of the programme's capital taken from its region's other investment", "economy", "share", "assumption",
        ge=0, le=1,
    )] = 1.0  # fmt: skip
    sectors: Sectors = "full"
    rail_capacity: Annotated[RailCapacity, Field(le=500)] = 210.0
    # trade (model 3)
    brent: Brent = "mid"
    elasticity_set: ElasticitySet = "central"
    oil_price: Annotated[float, parameter(
        "price of crude oil in 2030 over its path", "trade", "ratio", "assumption", ge=0.3, le=3
    )] = 1.0  # fmt: skip
    sanctions: Annotated[float, parameter(
        "further rise of the delivered price of goods between Russia and those who impose sanctions", "trade", "share",
        "assumption", ge=0, le=1,
    )] = 0.0  # fmt: skip
    customs: Annotated[float, parameter("cut of the delivered price by simpler customs", **_Cut)] = 0.0
    standards: Annotated[float, parameter("the same by recognised standards", **_Cut)] = 0.0
    payments: Annotated[float, parameter("the same by settlement in national currencies", **_Cut)] = 0.0
    logistics: Annotated[float, parameter("the same by transport corridors", **_Cut)] = 0.0
    productivity: Annotated[float, parameter(
        "gain of productivity of engineering and chemicals in all Russia", "trade", "share", "assumption", ge=0, le=1
    )] = 0.0  # fmt: skip
    export_support: Annotated[float, parameter(
        "engineering and chemical exports to China in 2030 that support is assumed to add", "trade", "share",
        "assumption, no result of the models", ge=0, le=10,
    )] = 0.0  # fmt: skip
    redirection: Annotated[float, parameter(
        "least share of China in Russia's engineering and chemical exports in 2030; 0: as the models find", "trade",
        "share", "assumption, no result of the models", ge=0, le=0.95,
    )] = 0.0  # fmt: skip
    turnover_target: Annotated[float, parameter(
        "turnover wanted in 2030; 0: none", "trade", "bn USD", "press", ge=0, le=2000
    )] = 0.0  # fmt: skip
    threshold_pp: Threshold = 5.0
    # the link, and what is uncertain
    wedges: Annotated[Literal["constant", "ad_valorem"], parameter(
        "gap between a product's cost and its price abroad: per unit, or in proportion to the price", "chain",
        source="assumption",
    )] = "constant"  # fmt: skip
    draws: Annotated[Draws, Field(le=20_000)] = 500
    seed: Seed = 1


class Projections(Scenario):
    """Parameters of notebook 08: one scenario of the chain with its intervals, which need draws."""

    draws: Annotated[Draws, Field(ge=100, le=20_000)] = 500


class ProjectAppraisal(Parameters):
    """Parameters of notebook 04: efficiency of the research infrastructure."""

    notebook: ClassVar[str] = "04_project"
    subject: Annotated[
        Literal["programme", "skif", "genetic_technologies", "medical_virus", "supercomputer", "campus", "rest"],
        parameter("the whole programme or one of its objects", "project"),
    ] = "programme"
    multiplier: Multiplier = 3.7
    cost_overrun: CostOverrun = 0.0
    delay_years: DelayYears = 0
    opex_share: Annotated[float, parameter(
        "operating cost a year over capital cost", "project", "share", "assumption; ALBA .08, MAX IV .21", ge=0.075,
        le=0.5,
    )] = 0.1  # fmt: skip
    discount_rate_public: PublicRate = 0.05
    discount_rate_budget: Annotated[float, parameter(
        "real discount rate of the budgets", "project", "per year", "assumption", ge=0, le=0.3
    )] = 0.05  # fmt: skip
    discount_rate_commercial: Annotated[float, parameter(
        "real discount rate of private capital", "project", "per year", "assumption", ge=0, le=0.5
    )] = 0.1  # fmt: skip
    last_year: Annotated[int, parameter("last year of the horizon", "project", "year", ge=2042, le=2100)] = 2050
    draws: Annotated[Draws, Field(ge=100)] = 20_000
    seed: Seed = 1


class BilateralTrade(Parameters):
    """Parameters of notebook 07: gravity and the projection of bilateral trade."""

    notebook: ClassVar[str] = "07_trade_model"
    projection_base: ProjectionBase = 2023
    brent: Brent = "mid"
    elasticity_set: ElasticitySet = "central"
    world_shares: Annotated[Literal["held", "moved"], parameter(
        "China's share by group: world structure of 2019 held, or shares of 2019 moved", "trade", source="assumption"
    )] = "held"  # fmt: skip
    facilitation: Annotated[Literal["low", "central", "high"], parameter(
        "size of the trade-cost levers; low is none", "trade", source="assumption; customs: OECD"
    )] = "central"  # fmt: skip
    cost_cut: Annotated[float, parameter(
        "cut of the delivered price of all goods between Russia and China", "trade", "share", "assumption",
        ge=0.001, le=0.3,
    )] = 0.05  # fmt: skip
    sanctions_cost: Annotated[float, parameter(
        "rise of the delivered price of Russia's trade with those who impose sanctions", "trade", "share", "assumption",
        ge=0, le=1,
    )] = 0.2  # fmt: skip
    wanted_pp: Annotated[float, parameter(
        "rise of the share of engineering and chemicals that is asked for", "trade", "percentage points", "assumption",
        ge=0.1, le=20,
    )] = 5.0  # fmt: skip
    draws: Annotated[Draws, Field(ge=100)] = 2000
    world_draws: Annotated[int, parameter(
        "draws of the world's trade elasticities", "view", "count", ge=20, le=10_000
    )] = 100  # fmt: skip
    seed: Seed = 1


class Comparison(Parameters):
    """Parameters of notebook 11: all presets side by side."""

    notebook: ClassVar[str] = "11_scenarios"
    threshold_pp: Threshold = 5.0
    jobs: Jobs = 2


class Uncertainty(Parameters):
    """Parameters of notebook 09: what moves the results, and break-even."""

    notebook: ClassVar[str] = "09_uncertainty"
    threshold_pp: Threshold = 5.0
    draws: Annotated[Draws, Field(ge=100, le=20_000)] = 500
    seed: Seed = 1


class RegionalTables(Parameters):
    """Parameters of notebook 05: regional input-output tables."""

    notebook: ClassVar[str] = "05_regional_tables"
    sectors: Sectors = "full"
    manufacturing: Manufacturing = "section"


class Economy(RegionalTables):
    """Parameters of notebook 06: the multiregional optimisation model."""

    notebook: ClassVar[str] = "06_economy"
    nodes: Annotated[str, parameter(
        "last years of the stages, from 2016, separated by spaces", "economy", "years"
    )] = "2016 2019 2023 2026 2028 2030 2033 2036"  # fmt: skip
    band_deliveries: BandDeliveries = 0.2
    band_imports: BandImports = 0.1
    band_exports: BandExports = 0.05
    labour: Annotated[float, parameter(
        "labour after 2023 over its path", "economy", "factor", "WEO population", ge=0.8, le=1.2
    )] = 1.0  # fmt: skip
    productivity: Annotated[float, parameter(
        "productivity after 2023 over its path", "economy", "factor", "WEO growth; assumption", ge=0.5, le=1.5
    )] = 1.0  # fmt: skip
    rail_capacity: RailCapacity = 210.0
    project_intensity: Annotated[float, parameter(
        "size of the research infrastructure over the programme", "economy", "factor", "assumption", ge=0, le=1
    )] = 1.0  # fmt: skip
    project_productivity: Annotated[float, parameter(
        "gain of productivity in the oblast's high-technology branches", "economy", "share", "assumption", ge=0, le=0.5
    )] = 0.01  # fmt: skip

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
        if int(years[-1]) > 2036 or not any(2016 < int(y) <= 2023 for y in years):
            raise ValueError(f"parameter 'nodes' = '{self.nodes}' is not allowed: to 2036, one year from 2017 to 2023")
        return self


class Planning(Parameters):
    """Parameters of notebook 10: the plan."""

    notebook: ClassVar[str] = "10_plan"
    from_year: Annotated[int, parameter("first year of the plan", "plan", "year", "choice", ge=2026, le=2030)] = 2026
    budget: Annotated[float, parameter(
        "public money for building and running what is chosen", "plan", "bn RUB 2016 a year", "assumption", ge=0, le=500
    )] = 25.0  # fmt: skip
    staff: Annotated[float, parameter(
        "staff of what is chosen", "plan", "persons", "plan of March 2019; that so many can be hired: assumption", ge=0,
        le=100_000,
    )] = 9000.0  # fmt: skip
    target: Annotated[str, parameter(
        "what instruments are to reach in 2030: share+POINTS or turnover=BN_USD", "plan", source="assumption"
    )] = "share+1"  # fmt: skip
    prices: Annotated[Literal["model", "model_wage", "market"], parameter(
        "shadow prices of the economy, the same with labour at nine tenths of pay, or market prices", "plan",
        source="choice",
    )] = "model"  # fmt: skip
    paper_value: Annotated[float, parameter(
        "value of a paper", "project", "mn RUB 2016", "Diamond 2021 at purchasing power", ge=0, le=100
    )] = 2.06  # fmt: skip
    multiplier: Multiplier = 3.7
    discount_rate_public: PublicRate = 0.05
    draws: Annotated[Draws, Field(ge=100, le=20_000)] = 200


_CLASSES: tuple[type[Parameters], ...] = (
    TradeStructure, Upgrading, Siberia, ProjectAppraisal, RegionalTables, Economy,
    BilateralTrade, Projections, Uncertainty, Planning, Comparison,
)  # fmt: skip
PARAMETERS: dict[str, type[Parameters]] = {cls.notebook: cls for cls in _CLASSES}


def of_notebook(notebook: str) -> type[Parameters]:
    """The parameter class of a notebook. Raises InputError for an unknown notebook."""
    if notebook not in PARAMETERS:
        raise unknown("notebook", notebook, PARAMETERS)
    return PARAMETERS[notebook]


def fields() -> dict[str, dict[str, list[type[Parameters]]]]:
    """By section and parameter, the notebooks' classes that have it."""
    found: dict[str, dict[str, list[type[Parameters]]]] = {section: {} for section in SECTIONS}
    for cls in PARAMETERS.values():
        for name in cls.model_fields:
            found[cls.section(name)].setdefault(name, []).append(cls)
    return found
