"""The stored sweeps of chapters 09 and 11: presets side by side, Morris, the emulator's runs, break-even grids.

Each is a stored table with its manifest (`rutrade.stored`), renewed by `rutrade renew sweeps`.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import pandas as pd

from rutrade import files, scenarios, sensitivity, stored, sweep, unknown
from rutrade.scenarios import Scenario

FIGURES = ("shift_constant_pp", "turnover_bn_usd", "npv_public_chain", "gva_effect_region_bn_rub")
TRAJECTORIES, FITTED, CHECKED, SEED = 6, 44, 16, 11
DRAWS = 500
# Of the modelled parameters those that lead the share, turnover or public NPV by Morris, and the multiplier, which the
# paper's argument rests on; assumptions on trade are left out, as their effect is known without the models.
FEW = ("multiplier", "opex_factor", "cost_overrun", "discount_rate_public", "oil_price", "sanctions")
# Designs of many runs stand on the variant of 12 sectors, a sixth of the time. It has one manufacturing, so that gains
# of engineering's productivity cannot be told in it.
MERGED = {"draws": 0, "sectors": "12"}
VARIED = tuple(n for n in sweep.DISTRIBUTIONS if n not in ("productivity", "productivity_effect"))
ASSUMED = ("export_support", "redirection")
GRIDS: dict[str, dict[str, list]] = {
    "commercialisation": {"multiplier": [3.7, 30.0, 100.0, 300.0], "export_propensity": [0.25, 0.5, 1.0]},
    "productivity": {"productivity": [0.0, 0.1, 0.2, 0.3, 0.4], "research_infrastructure": [False]},
    "easier trade": {"customs": [0.0, 0.05, 0.1, 0.2], "research_infrastructure": [False]},
    "sanctions": {"sanctions": [0.0, 0.1, 0.2, 0.4], "research_infrastructure": [False]},
}
_MODELS = ("rutrade.chain", "rutrade.data", "rutrade.draws", "rutrade.economy", "rutrade.project", "rutrade.structure",
           "rutrade.trade")  # fmt: skip


def points(name: str) -> list[dict]:
    """The scenarios of a stored sweep: presets, morris, surface (the emulator's) or grids."""
    if name == "presets":
        wanted = {_key(p): p for v in sweep.presets().values() for p in [v | {"draws": DRAWS, "seed": 1}]}
        return list(wanted.values())  # presets that say the same are run once
    if name == "morris":
        return sensitivity.morris(TRAJECTORIES, SEED, VARIED, MERGED)
    if name == "surface":
        return [p for n, seed in ((FITTED, SEED), (CHECKED, SEED + 1))
                for p in sensitivity.spread(n, seed, FEW, MERGED)]  # fmt: skip
    return [p | {"draws": 0} for axes in GRIDS.values() for p in sweep.grid(axes)]


def recipes() -> dict[str, Callable[[], dict]]:
    """What makes each stored table, in an order in which none needs a later one."""
    from rutrade.chain import prices, setting
    from rutrade.publish import columns, explorer_grid, ladder, plan_runs

    own = {name: partial(_renew, name, 2) for name in ("presets", "morris", "surface", "grids")}
    first = {
        "errors": setting.renew_errors,
        "prices": prices.renew_prices,
        "ladder": ladder.renew,
        "explorer": explorer_grid.renew,
        "columns": columns.renew,
    }
    return first | own | {"instruments": plan_runs.renew_instruments, "plan": plan_runs.renew_draws}


def renew(names: Sequence[str] | None = None) -> Iterator[tuple[str, dict]]:
    """Make the named stored tables anew (all without names); yields name and manifest of each as it is done.

    Raises InputError for an unknown one.
    """
    known = recipes()
    for name in known if names is None else names:
        if name not in known:
            raise unknown("stored sweep", name, known)
        yield name, known[name]()


def _renew(name: str, jobs: int) -> dict:
    clock = time.perf_counter()
    wanted = points(name)
    row = preset_row if name == "presets" else sweep.evaluate
    stamp = files.digest([sweep.state(), _definition(name)])[:12]
    folder = files.root() / "_build" / "sweeps" / f"{name}-{stamp}"  # where a killed run goes on
    table = sweep.sweep(wanted, folder, jobs, row=row)
    table.insert(0, "scenario", [_key(p) for p in wanted])
    return stored.keep(name, table, _definition(name), _MODELS, time.perf_counter() - clock)


def preset_row(point: Mapping) -> dict:
    """Key figures of a preset, cause by cause."""
    from rutrade import chain

    return {**point, **chain.run(Scenario.check(**point)).figures, "failure": ""}


def read(name: str) -> pd.DataFrame:
    """A stored sweep in the order of its points. Raises InputError when it no longer fits the models."""
    return stored.read(name, _definition(name)).assign(failure=lambda t: t["failure"].astype(object).fillna(""))


def presets(jobs: int = 2) -> pd.DataFrame:
    """Key figures of all presets by name: stored ones, and those of new presets, which are run.

    Raises InputError when the stored ones no longer fit the models.
    """
    table = stored.read("presets", _definition("presets")).drop_duplicates("scenario").set_index("scenario")
    wanted = {name: v | {"draws": DRAWS, "seed": 1} for name, v in sweep.presets().items() if name != scenarios.BASE}
    new = {name: point for name, point in wanted.items() if _key(point) not in table.index}
    rows = {name: table.loc[_key(point)] for name, point in wanted.items() if name not in new}
    if new:
        made = sweep.sweep(list(new.values()), None, jobs, progress=False, row=preset_row)
        rows |= {name: made.iloc[k] for k, name in enumerate(new)}
    figures = [c for c in table if c not in Scenario.model_fields and c != "failure"]
    return pd.DataFrame({name: rows[name][figures] for name in wanted}).T.astype(float).rename_axis("scenario")


def grid(name: str) -> pd.DataFrame:
    """The runs of one break-even grid, see `GRIDS`. Raises InputError when they no longer fit the models."""
    table, first = read("grids"), 0
    for key, axes in GRIDS.items():
        wanted = sweep.grid(axes)
        if key == name:
            rows = table.iloc[first : first + len(wanted)].reset_index(drop=True)
            # a point that two grids share was run once, and its row names the parameters of one of them
            return rows.assign(**{name: [point[name] for point in wanted] for name in axes})
        first += len(wanted)
    raise KeyError(name)


def _key(point: Mapping) -> str:
    values = sorted(Scenario.check(**point).model_dump().items())
    return files.digest([json.dumps(values)])[:16]


def _definition(name: str) -> str:
    """Fingerprint of the scenarios; a new preset leaves the others' as they are."""
    if name == "presets":
        return files.digest([json.dumps([DRAWS, sorted(Scenario.model_fields)])])
    return files.digest([json.dumps([sorted(Scenario.check(**p).model_dump().items()) for p in points(name)])])
