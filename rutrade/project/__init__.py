"""Model 1: finance and efficiency of the research infrastructure, equations (1.1)-(1.7).

All money is in bn RUB at 2016 prices, goods net of VAT; flows are annual, the first year is undiscounted. A
double-entry ledger holds transfers (payer and payee) and resource flows (one owner); every table is a sum over it.

objects (what is built) -> ledger (1.1)-(1.6) -> evaluation (what follows from it) -> uncertainty; finance holds NPV
and the internal rates of return (1.7), inputs reads the data.
"""

from rutrade.project import inputs
from rutrade.project.evaluation import PERSPECTIVES, Evaluation, evaluate
from rutrade.project.finance import IRR, IRR_STATUS, discounted_payback, irr, irr_paths, irr_roots, npv
from rutrade.project.inputs import from_data
from rutrade.project.ledger import FINANCING_ITEMS, PARTICIPANTS
from rutrade.project.objects import PARAMETERS, Financing, Parameter, Project, ProjectObject
from rutrade.project.uncertainty import BLOCK, Simulation, npv_at, simulate, switching_values, tornado

__all__ = [
    "inputs", "BLOCK", "FINANCING_ITEMS", "Evaluation", "Financing", "IRR", "IRR_STATUS", "PARAMETERS", "PARTICIPANTS",
    "PERSPECTIVES", "Parameter", "Project", "ProjectObject", "Simulation", "discounted_payback", "evaluate",
    "from_data", "irr", "irr_paths", "irr_roots", "npv", "npv_at", "simulate", "switching_values", "tornado",
]  # fmt: skip
