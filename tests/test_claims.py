"""Claims: the verdict follows from our figure and the criterion."""

import json

import pytest

from rutrade import InputError, files
from rutrade.publish import claims

ROOT = files.root()


@pytest.mark.parametrize(
    "figure, relation, verdict",
    [(10, "at least", "reproduced"), (9.5, "at least", "partly"), (8, "at least", "not reproduced"),
     (10.5, "at most", "partly"), (10.05, "about", "reproduced"), (12, "about", "not reproduced")],
)  # fmt: skip
def test_verdict_follows_from_figure_criterion_and_tolerances(figure, relation, verdict):
    assert claims.judge(figure, relation, threshold=10, tolerance=0.1, wide=1) == verdict


def test_claims_are_judged_by_recorded_values_and_an_unknown_value_is_an_error(html):
    values = json.loads((ROOT / "book" / "results" / "values.json").read_text())
    table = claims.claims(values).set_index("claim")
    assert table.loc["p1-growth", "verdict"] == "reproduced"
    assert table.loc["p1-imports-structure", "verdict"] == "not reproduced"
    assert table.loc["s-machinery", "verdict"] == "not reproduced"
    assert table.loc["s-siberia-share", "verdict"] == "not testable"
    assert table.loc[["p1-technology", "p1-technology-imports", "p1-processing"], "page"].eq("02_upgrading").all()
    assert table.loc[["p1-technology", "p1-technology-imports"], "verdict"].eq("reproduced").all()
    changed = values | {"base": values["base"] | {"turnover_growth": 1.0}}
    assert claims.claims(changed).set_index("claim").loc["p1-growth", "verdict"] == "not reproduced"
    del changed["base"]["turnover_growth"]
    with pytest.raises(InputError, match="no page of scenario 'base' records 'turnover_growth'"):
        claims.claims(changed)
