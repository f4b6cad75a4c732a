"""Inputs of model 2 from the data package: the national and regional tables, the exogenous paths."""

from rutrade import InputError, data
from rutrade.economy.regional import FINAL, REGIONS, VALUE_ADDED, Inputs, National
from rutrade.economy.stage import Paths


def regional() -> Inputs:
    """Read the tables from `data/`; rounding residuals of the source go to inventories (rows) and profit (columns).

    Raises InputError when the national table is off by more than rounding.
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
    keys = data.load("regional_keys").pivot(index="region", columns="key", values="value").loc[list(REGIONS)]
    od = data.load("interregional_2016").pivot(index="origin", columns="destination", values="value_bn_rub")
    valuation = data.load("export_valuation_2016").set_index("sector").drop(columns=["source", "status"])
    outside = table[table["part"] == "outside"].set_index(["row", "column"])["value_bn_rub_2016"]
    national = National(domestic, imported, taxes, added, output, outside)
    paths = data.load("economy_paths")
    jobs = paths[paths["variable"] == "employment"].set_index("sector")["value"][n]
    od = od.loc[list(REGIONS)]
    return Inputs(sectors.astype({"goods": bool, "bulk": bool}), national, keys, od, valuation, jobs)


def paths() -> Paths:
    """Read the exogenous paths from `data/`."""
    frame = data.load("economy_paths")[["variable", "sector", "region", "year", "value"]]
    return Paths(frame.astype({"year": int, "sector": object, "region": object, "variable": object}))
