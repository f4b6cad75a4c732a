"""Stored results of the plan: it over draws, and what instruments change on the linked models."""

import json
import time

import pandas as pd

from rutrade import files, plan, scenarios, stored

DRAWS, SEED = 200, 1
CHECKED = (0.25, 0.5, 1.0)  # rises of the share, in points, whose mix is run on the linked models
_MODELS = ("rutrade.data", "rutrade.economy", "rutrade.plan", "rutrade.project", "rutrade.draws")
_LINKED = (
    "rutrade.chain",
    "rutrade.data",
    "rutrade.economy",
    "rutrade.plan.inputs",
    "rutrade.project",
    "rutrade.trade",
)


def renew_draws(jobs: int = 2) -> dict:
    """The plan over draws, stored with its manifest, which is returned."""
    clock = time.perf_counter()
    table = plan.simulate(plan.solve(), DRAWS, SEED, jobs=jobs)
    return stored.keep("plan", table, _definition(), _MODELS, time.perf_counter() - clock)


def draws() -> pd.DataFrame:
    """The stored draws. Raises InputError when they are missing or no longer fit the models."""
    return stored.read("plan", _definition())


def drawn(found: plan.Plan, chosen: scenarios.Planning) -> pd.DataFrame:
    """The draws of a page's plan: the stored ones where all its parameters are the defaults, else drawn anew.

    Raises InputError when the stored ones no longer fit the models.
    """
    if chosen == scenarios.Planning():
        return draws()
    return plan.simulate(found, chosen.draws, SEED)


def renew_instruments() -> dict:
    """Responses of the linked models to each instrument, and the mixes of some targets run on them; stored."""
    clock = time.perf_counter()
    found = plan.inputs.responses()
    table = found.reset_index().assign(mix="")
    made = _instruments(found)
    rows = []
    for rise in CHECKED:
        if rise > made.most("share"):
            continue
        policy = made.least(plan.Target("share", rise))
        sizes = {n: v for n, v in policy.sizes.items() if v > 0}
        rows.append({"instrument": f"share+{rise:g}", **plan.inputs.checked(sizes), "mix": json.dumps(sizes)})
    table = pd.concat([table, pd.DataFrame(rows)], ignore_index=True)
    return stored.keep("instruments", table, _definition(), _LINKED, time.perf_counter() - clock)


def instruments(column: str = "cost") -> plan.Instruments:
    """Instruments with the stored responses; `column`: cost, cost_low or cost_high.

    Raises InputError when they are missing or no longer fit the models.
    """
    table = stored.read("instruments", _definition()).set_index("instrument")
    return _instruments(table[table["mix"].isna()][list(plan.instruments.COLUMNS)], column)


def checked() -> pd.DataFrame:
    """Mixes that were run on the linked models: exports, wanted, turnover, mix (sizes as JSON)."""
    table = stored.read("instruments", _definition()).set_index("instrument")
    return table[table["mix"].notna()]


def _instruments(responses: pd.DataFrame, column: str = "cost") -> plan.Instruments:
    table = plan.inputs.instruments()
    cost = plan.instruments.costs(table, responses, plan.inputs.roubles(), plan.inputs.programme_cost(), column)
    return plan.Instruments(table, responses, cost, ("programme",))


def _definition() -> str:
    return files.digest([json.dumps([DRAWS, SEED, CHECKED])])
