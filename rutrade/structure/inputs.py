"""Tables of part 1 on products of HS at six digits, from the data package."""

from dataclasses import dataclass

import pandas as pd

from rutrade import data
from rutrade.structure.value_added import WorldTable, national_content, world_table


@dataclass(frozen=True)
class Products:
    """What `structure.upgrading` is asked with.

    classes: product of HS 2017 x group, Lall's class, the OECD's class; order: the classes of each classification;
    names: short names of the larger products; flows: both flows by product, years in columns, mn USD current, by whose
    declarations; world: exports of Russia, China and all countries by chapter and class; complexity: mean product
    complexity by flow and year, a check.
    """

    classes: pd.DataFrame
    order: pd.DataFrame
    names: pd.DataFrame
    flows: pd.DataFrame
    world: pd.DataFrame
    complexity: pd.DataFrame


def products() -> Products:
    """Classes, names and flows of products, Russia's and China's exports to the world, the check by complexity."""
    names = ("hs6_classes", "technology_classes", "product_names", "hs6_flows", "exports_to_world", "complexity_check")
    return Products(*(data.load(name) for name in names))


def estimate_of_chinas_exports() -> pd.DataFrame:
    """China's exports to Russia by group 2011-2016: an estimate (status), for a hatched picture and no index."""
    return data.load("chn_to_rus_estimate")


@dataclass(frozen=True)
class World:
    """The inter-country table of 2022 for `structure.value_added`, with names of its goods industries and regions."""

    table: WorldTable
    goods: pd.Series
    regions: pd.Series


def world() -> World:
    """OECD's inter-country table of 2022: 11 regions, 28 industries, mn USD at basic prices."""
    flows, sectors, regions = (data.load(f"world_{name}") for name in ("flows", "sectors", "regions"))
    table = world_table(flows[flows["item"] == "trade"], flows[flows["item"] == "input"])
    return World(table, sectors[sectors["goods"]].set_index("sector")["name"], regions.set_index("region")["name"])


def national_2016() -> pd.DataFrame:
    """What a unit of each product of Russia's table of 2016 consists of, with names; see `national_content`."""
    names = data.load("sectors").set_index("sector")["name"]
    return national_content(data.load("national_io_2016")).rename(index=names)
