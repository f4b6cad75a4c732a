"""The stored table of chapter 11: shocks in the world alone, the economy alone, and both linked, by kind of wedges."""

import time
from typing import TYPE_CHECKING, Literal

import pandas as pd

from rutrade import InputError, files, stored

if TYPE_CHECKING:
    from rutrade.chain.link import Link, Shock

_MODELS = ("rutrade.chain", "rutrade.data", "rutrade.draws", "rutrade.economy", "rutrade.project", "rutrade.structure",
           "rutrade.trade")  # fmt: skip


def compute(sectors: Literal["full", "12"] = "full") -> pd.DataFrame:
    """Figures of `chain.three` by shock: in each model alone, linked, and linked with ad valorem wedges.

    Where the link with ad valorem wedges does not settle, its figures are missing.
    """
    from rutrade import chain, project
    from rutrade.chain import link, projects, setting, three
    from rutrade.scenarios import Scenario

    chosen = Scenario(sectors=sectors, research_infrastructure=True)
    made = chain.prepare(chosen)
    model = setting.economy_model(sectors)
    base, pairs = made.link.base, made.link.sectors
    evaluation = project.evaluate(projects.build(chosen, made), **projects.appraisal(chosen))
    shocks = three.standard(base, projects.columns(model.tables, evaluation, chosen))
    alone = link.curve_link(model, base, pairs)
    table = three.compare(made.link, alone, shocks)
    other = link.world_link(model, base, pairs, "ad_valorem")
    found = {title: _settled(other, shock) for title, shock in shocks.items()}
    names = {label: name for name, label in three.FIGURES.items()}
    table["ad valorem"] = [found[row.shock].get(names[row.figure]) for row in table.itertuples()]
    return table


def _settled(link: "Link", shock: "Shock") -> dict[str, float]:
    """The figures of `chain.three` of a linked solution; empty where the link does not settle."""
    from rutrade.chain import three

    try:
        return three.figures_of_economy(link.solve(shock))
    except InputError:
        return {}


def renew() -> dict:
    """Compute the table and store it with its manifest, which is returned."""
    clock = time.perf_counter()
    return stored.keep("columns", compute(), _definition(), _MODELS, time.perf_counter() - clock)


def read() -> pd.DataFrame:
    """The stored table by shock and figure. Raises InputError when it is missing or no longer fits the models."""
    return stored.read("columns", _definition())


def _definition() -> str:
    return files.digest(["standard shocks, full variant"])
