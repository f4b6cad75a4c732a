"""Model 2: the multiregional input-output optimisation model with the technological column (OMMM form).

Units: bn RUB a year at basic prices of 2016; labour in thousand persons; railway freight in Mt a year. Sets: regions
r (supplying), s (using); products i and sectors j; partners k in PARTNERS. Equations (R.1)-(R.6) and (2.1)-(2.13)
carry the numbers of the method pages.

balancing (RAS, Leontief) -> regional (tables that sum to the national one) -> options (which equations hold) ->
substitution (coefficients that answer prices) -> curves (export demand, imports) -> stage (coefficients of one stage)
-> program (the equations) -> solver (HiGHS) and warm (where it begins) -> model (solved in place for projects and
changes) -> solution (results, effects) -> recursion (stage after stage) -> history (backtest); column is a project's
technological column, inputs reads the data.
"""

from rutrade.economy import inputs, regional
from rutrade.economy.balancing import Leontief, gravity_ras, ras
from rutrade.economy.column import Column, ProjectColumn, project_column
from rutrade.economy.history import LADDER, backtest, compare_use, errors, ladder, response
from rutrade.economy.model import EconomyModel
from rutrade.economy.options import FIRST_ROUND, Options
from rutrade.economy.program import Program, linear_program, residuals
from rutrade.economy.recursion import NODES, SolvedPath, last_model, path, solved_path
from rutrade.economy.solution import EconomySolution, Effect, effect, optimality, priced
from rutrade.economy.stage import PARTNERS, Bands, Paths, Stage, State, base_state, calibrate_capital

__all__ = [
    "FIRST_ROUND", "LADDER", "NODES", "PARTNERS", "Bands", "Column", "EconomyModel", "EconomySolution", "Effect",
    "Leontief", "Options", "Paths", "Program", "ProjectColumn", "SolvedPath", "Stage", "State", "backtest",
    "base_state", "calibrate_capital", "compare_use", "effect", "errors", "gravity_ras", "inputs", "ladder",
    "last_model", "linear_program", "optimality", "path", "priced", "project_column", "ras", "regional", "residuals",
    "response", "solved_path",
]  # fmt: skip
