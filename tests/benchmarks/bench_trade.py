"""Speed and memory of model 3 beside the same bare pyfixest calls, and of many draws beside one projection."""

import numpy as np
import pandas as pd
import pyfixest
import pytest

from rutrade import trade

pytestmark = pytest.mark.filterwarnings("ignore")  # separated rows, by design


@pytest.fixture(scope="module")
def panel():
    return trade.inputs.gravity()


def bare(panel: pd.DataFrame) -> pd.DataFrame:
    """What a user of pyfixest writes: variables, then one call per sector and specification."""
    data = panel.assign(
        value=panel["value"].clip(lower=0), ln_distance=np.log(panel["distance_km"]),
        border=(panel["exporter"] != panel["importer"]).astype(int),
        direction=panel["exporter"] + panel["importer"],
        exporter_year=panel["exporter"] + panel["year"].astype(str),
        importer_year=panel["importer"] + panel["year"].astype(str),
        pair=np.where(panel["exporter"] < panel["importer"], panel["exporter"] + panel["importer"],
                      panel["importer"] + panel["exporter"]),
    )  # fmt: skip
    years = sorted(data["year"].unique())[1:]
    for year in years:
        data[f"border_{year}"] = data["border"] * (data["year"] == year)
    borders = " + ".join(f"border_{year}" for year in years)
    formulas = (
        "value ~ ln_distance + contiguity + language + fta + border | exporter_year + importer_year",
        f"value ~ fta + {borders} | exporter_year + importer_year + direction",
    )
    options = {"vcov": {"CRV1": "pair"}, "ssc": pyfixest.ssc(k_fixef="full"), "iwls_tol": 1e-10,
               "iwls_maxiter": 100, "fixef_tol": 1e-10, "separation_check": ["fe", "ir"]}  # fmt: skip
    found = []
    for sector, rows in data.groupby("sector"):
        for specification, formula in zip(("no_pair", "pair"), formulas, strict=True):
            fit = pyfixest.fepois(formula, rows, **options)
            found.append((sector, specification, fit.coef()["fta"], fit.se()["fta"]))
    return pd.DataFrame(found, columns=["sector", "specification", "coefficient", "standard_error"])


def ours(panel: pd.DataFrame) -> pd.DataFrame:
    table = trade.gravity.estimate(panel).coefficients
    return table[table["term"] == "fta"][["sector", "specification", "coefficient", "standard_error"]]


def same(one: pd.DataFrame, other: pd.DataFrame):
    keys = ["sector", "specification"]
    pair = one.merge(other, on=keys, suffixes=("", "_peer"))
    assert len(pair) == len(one) == len(other) == 32
    assert np.allclose(pair["coefficient"], pair["coefficient_peer"], rtol=1e-6, atol=1e-8)
    assert np.allclose(pair["standard_error"], pair["standard_error_peer"], rtol=1e-6)


def test_estimation_takes_no_longer_than_bare_pyfixest(panel, compare):
    compare("gravity, 32 estimations / bare pyfixest", lambda: ours(panel), lambda: bare(panel), 1.1, same,
            versions=("pyfixest", "pandas"))  # fmt: skip


def test_estimation_takes_no_more_memory_than_bare_pyfixest(panel, compare):
    compare("memory of gravity / bare pyfixest", lambda: ours(panel), lambda: bare(panel), 1.5, same, repeats=1,
            unit="MiB", versions=("pyfixest",))  # fmt: skip


def test_a_thousand_draws_take_at_most_twenty_projections(compare):
    model = trade.TradeModel(**vars(trade.inputs.projection()))

    def check(many, one):
        assert np.array_equal(one.point, many.point) and many.sample.shape[0] == 1000

    compare("1,000 draws / one projection", lambda: model.project(draws=1000), model.project, 20, check, repeats=15)
