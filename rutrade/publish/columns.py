"""The stored table of chapter 11: shocks in the world alone, the economy alone, and both linked, by kind of wedges."""

import time
from typing import Literal

import pandas as pd

from rutrade import files, stored

_MODELS = ("rutrade.chain", "rutrade.data", "rutrade.draws", "rutrade.economy", "rutrade.project", "rutrade.structure",
           "rutrade.trade")  # fmt: skip


def compute(sectors: Literal["full", "12"] = "full") -> pd.DataFrame:
    """Figures of `chain.three` by shock: in each model alone, linked, and linked with ad valorem wedges."""
    from rutrade import chain, economy, project
    from rutrade.chain import link, projects, three
    from rutrade.chain.results import HORIZON
    from rutrade.chain.setting import HISTORY
    from rutrade.scenarios import Scenario

    chosen = Scenario(sectors=sectors, research_infrastructure=True)
    made = chain.prepare(chosen)
    model = economy.inputs.solved((*HISTORY, HORIZON), sectors).models[HORIZON]
    base, pairs = made.link.base, made.link.sectors
    evaluation = project.evaluate(projects.build(chosen, made), **projects.appraisal(chosen))
    shocks = three.standard(base, projects.columns(model.tables, evaluation, chosen))
    alone = link.curve_link(model, base, pairs)
    table = three.compare(made.link, alone, shocks)
    other = link.world_link(model, base, pairs, "ad_valorem")
    table.insert(5, "ad valorem", three.compare(other, alone, shocks)["linked"])
    return table


def renew() -> dict:
    """Compute the table and store it with its manifest, which is returned."""
    clock = time.perf_counter()
    return stored.keep("columns", compute(), _definition(), _MODELS, time.perf_counter() - clock)


def read() -> pd.DataFrame:
    """The stored table by shock and figure. Raises InputError when it is missing or no longer fits the models."""
    return stored.read("columns", _definition())


def _definition() -> str:
    return files.digest(["standard shocks, full variant"])
