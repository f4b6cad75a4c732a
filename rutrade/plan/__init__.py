"""Planning: which research objects, when, at what price, and what a target would cost, equations (5.1)-(5.6).

blocks (parts of objects that start, wait or are left out) -> choices (value, money, staff, exports, product of every
block and start) -> program (the mixed-integer program, prices, fronts) -> planning (rounds with model 2 until the
prices settle) -> draws (the plan over the ranges of what is uncertain); instruments (least cost of a target); inputs
reads the data. Money is in bn RUB at 2016 prices, present values in the first year of the plan.
"""

from rutrade.plan import inputs, instruments
from rutrade.plan.blocks import Block
from rutrade.plan.choices import Choices, Measures
from rutrade.plan.draws import often, simulate
from rutrade.plan.instruments import Instruments, Policy, Target
from rutrade.plan.planning import PRICES, Plan, check, solve, today
from rutrade.plan.program import Limits, Prices, Selection, best, front, prices
from rutrade.plan.tables import save, tables, text

__all__ = [
    "PRICES", "Block", "Choices", "Instruments", "Limits", "Measures", "Plan", "Policy", "Prices", "Selection",
    "Target", "best", "check", "front", "inputs", "instruments", "often", "prices", "save", "simulate",
    "solve", "tables", "text", "today",
]  # fmt: skip
