"""Speed of part 1: value added in trade by LU beside pymrio's full inverse."""

import numpy as np
import pandas as pd
import pytest

from rutrade.structure import value_added as va

pytestmark = pytest.mark.filterwarnings("ignore")  # of pymrio about itself


@pytest.fixture(scope="module")
def table():
    """11 regions x 28 industries, as large as the world table, with the usual share of inputs in output."""
    rng = np.random.default_rng(0)
    names = [[f"R{r:02d}" for r in range(11)], [f"S{s:02d}" for s in range(28)]]
    rows = pd.MultiIndex.from_product(names, names=["region", "sector"])
    flows = rng.gamma(0.1, 1, (len(rows), len(rows)))
    flows *= 0.5 * flows.sum(1).mean() / flows.sum(0)
    final = flows.sum(1)[:, None] * rng.uniform(0.1, 0.2, (len(rows), 11))
    return va.WorldTable(pd.DataFrame(flows, rows, rows), pd.DataFrame(final, rows, names[0]))


def test_content_by_origin_takes_a_fifth_of_pymrio_at_most(table, compare):
    import pymrio

    flows = table.intermediate
    final = table.final.copy()
    final.columns = pd.MultiIndex.from_product([final.columns, ["final"]], names=["region", "category"])
    region = flows.index.get_level_values("region")
    added = pd.DataFrame({r: table.value_added.where(region == r, 0.0) for r in table.regions}).T
    added.columns = flows.columns

    def peer():
        system = pymrio.IOSystem(Z=flows, Y=final)
        system.added = pymrio.Extension("added", F=added)
        system.calc_all()
        return system.added.M.T[table.regions]

    def check(mine, theirs):
        assert np.allclose(mine.to_numpy(), theirs.to_numpy(), rtol=1e-9)

    compare("value added by origin, LU / pymrio", lambda: va.content_by_origin(va.WorldTable(flows, table.final)), peer,
            0.2, check, repeats=15, unit="s CPU", versions=("pymrio", "pandas"))  # fmt: skip
