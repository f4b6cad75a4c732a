"""The stored ladder of chapter 06: what each change of the second round does to the backtest and to the result."""

import json
import time

import pandas as pd

from rutrade import data, economy, files, stored
from rutrade.economy import history, regional

NODES = (2016, 2019, 2023, 2030)
_MODELS = ("rutrade.data", "rutrade.economy")


def compute(steps: tuple = history.LADDER) -> pd.DataFrame:
    """The ladder on nine regions and 36 sectors: one row a step, see `economy.ladder`."""
    tables = regional.build(economy.inputs.regional(split=True))
    return economy.ladder(tables, economy.inputs.paths(), data.load("gva_path"), NODES, _gained(), steps)


def renew() -> dict:
    """Compute the ladder and store it with its manifest, which is returned."""
    clock = time.perf_counter()
    table = compute().reset_index()
    return stored.keep("ladder", table, _definition(), _MODELS, time.perf_counter() - clock)


def read() -> pd.DataFrame:
    """The stored ladder by step. Raises InputError when it is missing or no longer fits the models."""
    return stored.read("ladder", _definition()).set_index("change")


def _gained() -> tuple[str, ...]:
    """Engineering, whose answer to productivity is shown."""
    sectors = data.load("sectors").set_index("sector")["engineering"]
    return tuple(sectors.index[sectors])


def _definition() -> str:
    return files.digest([json.dumps([NODES, _gained(), history.LADDER])])
