"""Speed of gravity by raking beside the same bare pyfixest calls."""

import numpy as np
import pandas as pd
import pyfixest
import pytest

from rutrade import trade
from rutrade.trade.panel import break_by_sector

pytestmark = pytest.mark.filterwarnings("ignore")  # of pyfixest, about separated rows and its own options

SHOWN = ["C28"]  # machinery: one sector of the full panel, 31 regions and 12 years


@pytest.fixture(scope="module")
def panel():
    return trade.inputs.panel().select(SHOWN)


def bare(panel) -> pd.DataFrame:
    """What a user of pyfixest writes for (3.17), without clustered errors, which raking does not give either."""
    found = []
    year, i, j = (a.ravel() for a in np.indices(panel.values.shape[1:]))
    russia, china = panel.regions.index("RUS"), panel.regions.index("CHN")
    flags = panel.unfriendly[list(panel.regions)].to_numpy(bool)
    cells = {
        "border": i != j, "exports to unfriendly": (i == russia) & flags[j],
        "imports from unfriendly": (j == russia) & flags[i],
        "exports to China": (i == russia) & (j == china), "imports from China": (i == china) & (j == russia),
    }  # fmt: skip
    for sector, values in zip(panel.sectors, panel.values, strict=True):
        data = pd.DataFrame({"value": values.ravel() / values.mean(), "a": i * 100 + year, "b": j * 100 + year,
                             "g": i * 100 + j})  # fmt: skip
        terms = {}
        for k, (term, mask) in enumerate(cells.items()):
            for t, when in enumerate(panel.years):
                if when != 2021:
                    terms[f"x{k}_{when}"] = (sector, term, when)
                    data[f"x{k}_{when}"] = (mask & (year == t)).astype(float)
        fit = pyfixest.fepois(f"value ~ {' + '.join(terms)} | a + b + g", data, vcov="iid", iwls_tol=1e-10,
                              fixef_tol=1e-10, separation_check=["fe", "ir"])  # fmt: skip
        found += [(*terms[name], value) for name, value in fit.coef().items()]
    return pd.DataFrame(found, columns=["sector", "term", "year", "coefficient"])


def same(mine: pd.DataFrame, theirs: pd.DataFrame):
    both = mine.merge(theirs, on=["sector", "term", "year"], suffixes=("", "_peer"))
    assert len(both) == len(theirs) >= 50
    assert np.allclose(both["coefficient"], both["coefficient_peer"], atol=1e-5)


def test_raking_takes_at_most_a_quarter_of_bare_pyfixest(panel, compare):
    compare("gravity on the world panel by raking / bare pyfixest", lambda: break_by_sector(panel).coefficients,
            lambda: bare(panel), 0.25, same, repeats=3, versions=("pyfixest", "numpy"),
            unit="s CPU")  # fmt: skip
