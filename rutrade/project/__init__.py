"""Model 1: finance and efficiency of the research infrastructure, equations (1.1)-(1.9).

All money is in bn RUB at 2016 prices, goods net of VAT; flows are annual, the first year is undiscounted. A
double-entry ledger holds transfers (payer and payee) and resource flows (one owner); every table is a sum over it.

objects (what is built) and effects (when they work, 1.8) -> ledger (1.1)-(1.6) -> evaluation (what follows from it)
-> uncertainty and comparison; valuation holds shadow prices by year (1.9), finance NPV and the internal rates of return
(1.7). build makes projects of table rows, inputs reads the data, yaml files of one's own.
"""

from rutrade.project import inputs
from rutrade.project.comparison import at_wages, forward_looking, private_share, private_share_range
from rutrade.project.effects import EFFECTS, Timing
from rutrade.project.evaluation import PERSPECTIVES, Evaluation, evaluate
from rutrade.project.finance import IRR, IRR_STATUS, discounted_payback, irr, irr_paths, irr_roots, npv
from rutrade.project.inputs import from_data
from rutrade.project.ledger import FINANCING_ITEMS, PARTICIPANTS
from rutrade.project.objects import PARAMETERS, Financing, Parameter, Project, ProjectObject
from rutrade.project.uncertainty import BLOCK, Simulation, npv_at, simulate, switching_values, tornado
from rutrade.project.valuation import duals_by_year, nearest_node, value_by_year

__all__ = [
    "BLOCK",
    "EFFECTS",
    "FINANCING_ITEMS",
    "IRR",
    "IRR_STATUS",
    "PARAMETERS",
    "PARTICIPANTS",
    "PERSPECTIVES",
    "Evaluation",
    "Financing",
    "Parameter",
    "Project",
    "ProjectObject",
    "Simulation",
    "Timing",
    "at_wages",
    "discounted_payback",
    "duals_by_year",
    "evaluate",
    "forward_looking",
    "from_data",
    "inputs",
    "irr",
    "irr_paths",
    "irr_roots",
    "nearest_node",
    "npv",
    "npv_at",
    "private_share",
    "private_share_range",
    "simulate",
    "switching_values",
    "tornado",
    "value_by_year",
]
