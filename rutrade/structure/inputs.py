"""Tables of part 1 on products of HS at six digits, from the data package."""

from dataclasses import dataclass

import pandas as pd

from rutrade import data


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
