"""Inputs of model 2 from the data package: the national and regional tables, the exogenous paths."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import pandas as pd

from rutrade import InputError, data
from rutrade.economy import regional as regional_tables
from rutrade.economy.options import Options
from rutrade.economy.recursion import NODES, SolvedPath, solved_path
from rutrade.economy.regional import FINAL, VALUE_ADDED, Inputs, National
from rutrade.economy.stage import Bands, Paths


def solved(
    nodes: Sequence[int] = NODES, sectors: str = "full", options: Options | None = None, *, bands: Bands | None = None,
    manufacturing: str = "section", rail_capacity: Mapping[int, float] | None = None, split: bool = True,
    scaled: Mapping[str, float] | None = None,
) -> SolvedPath:  # fmt: skip
    """The economy of the second round on nine regions, solved along its nodes; kept for the next who asks for it.

    `options`: which equations hold (default: all of the second round); `sectors`, `manufacturing`: as in
    `regional.build`; `rail_capacity`: Mt by year; `split`: with Novosibirsk oblast beside the rest of its district;
    `scaled`: factors on paths in the years after the observed ones.
    Raises InputError as `solved_path`.
    """
    limits, factors = (tuple(sorted((given or {}).items())) for given in (rail_capacity, scaled))
    given = options or Options(), bands or Bands(), sectors, manufacturing, limits, split, factors
    return _solved(data.fingerprint(), tuple(nodes), *given)


@lru_cache(maxsize=4)
def _solved(
    fingerprint: str, nodes: tuple[int, ...], options: Options, bands: Bands, sectors: str, manufacturing: str,
    limits: tuple[tuple[int, float], ...], split: bool, factors: tuple[tuple[str, float], ...],
) -> SolvedPath:  # fmt: skip
    tables, given = regional_tables.build(regional(split), sectors, manufacturing), paths()
    for variable, factor in factors:
        after = [y for y in given.frame["year"].unique() if y > options.observed_to]
        given = given.scaled(variable, factor, after)
    return solved_path(tables, given, nodes, bands=bands, rail_capacity=dict(limits), options=options)


def regional(split: bool = False) -> Inputs:
    """Read the tables from `data/`; rounding residuals of the source go to inventories (rows) and profit (columns).

    `split`: with the regions that table 'regions' splits out of the federal districts, and what is left of them.
    Raises InputError when the national table is off by more than rounding, or a table lacks a region.
    """
    sectors = data.load("sectors").set_index("sector")
    n = list(sectors.index)
    table = data.load("national_io_2016")
    wide = {
        part: t.pivot(index="row", columns="column", values="value_bn_rub_2016").fillna(0.0)
        for part, t in table.groupby("part")
    }
    columns = [*n, *FINAL, "exports"]
    domestic, imported = (wide[p].reindex(index=n, columns=columns, fill_value=0.0) for p in ("domestic", "import"))
    taxes = wide["taxes"].loc["product_taxes"].reindex(columns, fill_value=0.0)
    added = wide["value_added"].reindex(index=VALUE_ADDED, columns=n, fill_value=0.0)
    output = wide["output"].loc["output", n]
    residual = output - domestic.sum(axis=1)
    domestic["inventories"] += residual
    closing = output - (domestic + imported)[n].sum() - taxes[n] - added.sum()
    added.loc["net_profit"] += closing
    for name, gap in (("row", residual), ("column", closing)):
        if gap.abs().max() > 0.1:  # the source rounds to 0.001 per cell; more is an error in the table
            raise InputError(
                f"table 'national_io_2016': {name} {gap.abs().idxmax()} is off by {gap.abs().max():.3f} bn RUB"
            )
    regions = _regions(split)
    keys = data.load("regional_keys").pivot(index="region", columns="key", values="value")
    keys = _parts(keys, data.load("regions"), regions)
    od = data.load("interregional_2016").pivot(index="origin", columns="destination", values="value_bn_rub")
    abroad = _parts(od[["EXPORT"]], data.load("regions"), regions)
    od = _parts(od.drop(columns="EXPORT"), data.load("regions"), regions)
    od = _parts(od.T, data.load("regions"), regions).T.join(abroad)
    valuation = data.load("export_valuation_2016").set_index("sector").drop(columns=["source", "status"])
    outside = table[table["part"] == "outside"].set_index(["row", "column"])["value_bn_rub_2016"]
    national = National(domestic, imported, taxes, added, output, outside)
    paths = data.load("economy_paths")
    jobs = paths[paths["variable"] == "employment"].set_index("sector")["value"][n]
    return Inputs(sectors.astype({"goods": bool, "bulk": bool}), regions, national, keys, od, valuation, jobs)


def _regions(split: bool) -> pd.DataFrame:
    """Regions in the order of the table: name, district (itself, if a district), tile_x, tile_y."""
    table = data.load("regions").set_index("region")
    districts = table["part_of"].isna()
    chosen = ~table.index.isin(table["part_of"].dropna()) if split else districts.to_numpy()
    district = table["part_of"].fillna(pd.Series(table.index, table.index))
    order = district.map({r: k for k, r in enumerate(table.index)})
    table = table.assign(district=district)[chosen].iloc[order[chosen].argsort(kind="stable")]
    return table[["name", "district", "tile_x", "tile_y"]]


def _parts(rows: pd.DataFrame, table: pd.DataFrame, regions: pd.DataFrame) -> pd.DataFrame:
    """Additive rows of the regions; what is left of a district is the district less the regions split out of it."""
    table = table.set_index("region")
    found = {}
    for region in regions.index:
        if not table.at[region, "remainder"]:
            names, signs = [region], [1.0]
        else:
            whole = table.at[region, "part_of"]
            parts = table.index[(table["part_of"] == whole) & ~table["remainder"]]
            names, signs = [whole, *parts], [1.0, *[-1.0] * len(parts)]
        for name in names:
            if name not in rows.index:
                raise InputError(
                    f"region '{name}' of table 'regions' has no row among {', '.join(map(str, rows.index))}"
                )
        found[region] = sum(sign * rows.loc[name] for name, sign in zip(names, signs, strict=True))
    return pd.DataFrame(found).T


def paths() -> Paths:
    """Read the exogenous paths from `data/`."""
    frame = data.load("economy_paths")[["variable", "sector", "region", "year", "value"]]
    return Paths(frame.astype({"year": int, "sector": object, "region": object, "variable": object}))
