"""Projects from the data tables, and from files of one's own beside them."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from rutrade import InputError, data
from rutrade.project.build import from_tables
from rutrade.project.objects import Project

_TABLES = ("project_objects", "project_sector_mix", "tax_rules", "benefit_parameters", "deflators", "sectors")


def tables(own: Iterable[str | Path] = ()) -> dict[str, pd.DataFrame]:
    """The tables the projects are built from, with the objects of one's own YAML files as further rows.

    Raises InputError, naming file and field, for what a file may not hold, and for an object there is already.
    """
    return with_own({name: data.load(name) for name in _TABLES}, own)


def with_own(given: Mapping[str, pd.DataFrame], own: Iterable[str | Path]) -> dict[str, pd.DataFrame]:
    """`given` with the objects of YAML files as further rows: the programme then holds them too.

    Raises InputError, naming file and field, for what a file may not hold, and for an object there is already.
    """
    joined = dict(given)
    for path in own:
        from rutrade.project import yaml

        rows, mix = yaml.rows(path)
        key = rows.object.iloc[0]
        if key in set(joined["project_objects"].object) | {"programme"}:
            raise InputError(f"{Path(path).name}: name = '{key}' is not allowed: there is an object of that name")
        for name, added in (("project_objects", rows), ("project_sector_mix", mix)):
            old = joined[name]
            joined[name] = pd.concat([old, added.reindex(columns=old.columns).astype(old.dtypes)], ignore_index=True)
    return joined


def from_data(
    name: str = "programme",
    given: Mapping[str, pd.DataFrame] | None = None,
    *,
    own: Iterable[str | Path] = (),
    first_year: int = 2019,
    last_year: int = 2050,
    seen_from: int | None = None,
    spillover_lag_years: int | None = None,
    deflator: str = "weo_gdp",
    **overrides: float,
) -> Project:
    """A project from the data tables: 'programme' (all objects), or one object's name such as 'skif'.

    `own`: YAML files of further objects, part of the programme then. `seen_from`: the year the appraisal looks forward
    from (None: `first_year`). `overrides` set the central value of a parameter of the appraisal (its range grows to
    hold it) or an item of every object, such as opex_share. Published costs hold VAT and prices of their year; both are
    taken out here. Raises InputError for an unknown project, deflator, override or sector, an object without cost or a
    required item, spending outside the horizon, operation before construction, and operating cost below pay.
    """
    return from_tables(
        name,
        with_own(tables() if given is None else given, own),
        first_year=first_year,
        last_year=last_year,
        seen_from=seen_from,
        spillover_lag_years=spillover_lag_years,
        deflator=deflator,
        **overrides,
    )


def from_yaml(path: str | Path, given: Mapping[str, pd.DataFrame] | None = None, **options: Any) -> Project:
    """The project of one YAML file alone; `given` and `options` as in `from_data`. Raises InputError as there."""
    joined = with_own(tables() if given is None else given, [path])
    return from_tables(joined["project_objects"].object.iloc[-1], joined, **options)
