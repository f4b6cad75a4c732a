"""Gravity estimates (3.1) and the break of 2022 (3.2), by PPML."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from rutrade import InputError, unknown

if TYPE_CHECKING:
    from pyfixest.estimation import Fepois


@dataclass(frozen=True)
class GravityEstimates:
    """Result of `estimate`. All tables are long, one row per sector and specification (and term).

    coefficients: sector, specification, term, coefficient, standard_error, p_value, ci_low, ci_high (95 %).
    adding_up: sector, specification, effect, largest relative gap between fitted and actual totals.
    observations: sector, specification, rows, used, zeros, clipped (negative values set to 0), separated, dropped
    (regressors left out, with the reason).
    """

    coefficients: pd.DataFrame
    adding_up: pd.DataFrame
    observations: pd.DataFrame

    def accuracy(self) -> int:
        """Power of ten: fitted totals of every effect equal the actual ones to one part in this number at least."""
        return int(10 ** np.floor(-np.log10(self.adding_up["largest_relative_gap"].max())))

    def summary(self) -> pd.DataFrame:
        """One row per sector: coefficients without pair effects, and the agreement with its errors in both forms."""
        by = self.coefficients.set_index(["specification", "term", "sector"]).sort_index()
        plain, pair = by.loc["no_pair"], by.loc["pair"].loc["fta"]
        table = {t: plain["coefficient"][t] for t in ("ln_distance", "contiguity", "language", "border", "fta")}
        table |= {"fta_error": plain["standard_error"]["fta"], "fta_pair": pair["coefficient"]}
        return pd.DataFrame(table | {"fta_pair_error": pair["standard_error"]})


def gravity_panel(sectors: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Long panel for `estimate` from the square matrices of `gravity_sectors` and the pairs of `gravity_pairs`.

    Returns year, exporter, importer, sector, value (mn USD), distance_km, contiguity, language, fta.
    """
    years = sorted(int(c.removeprefix("fta_")) for c in pairs if c.startswith("fta_"))
    keys = ["country_a", "country_b", "distance_km", "contiguity", "language"]
    one = pairs.melt(keys, [f"fta_{y}" for y in years], "year", "fta")
    one["year"] = one["year"].str.removeprefix("fta_").astype(int)
    other = one[one["country_a"] != one["country_b"]].rename(columns=dict(zip(keys[:2], keys[1::-1], strict=True)))
    both = pd.concat([one, other]).rename(columns={"country_a": "exporter", "country_b": "importer"})
    long = sectors.melt(["year", "sector", "exporter"], sorted(set(both["exporter"])), "importer", "value")
    panel = long.merge(both, on=["year", "exporter", "importer"], how="left", validate="many_to_one")
    return panel.astype({"year": int, "value": float, "contiguity": int, "language": int, "fta": int})


def estimate(panel: pd.DataFrame, specifications: Iterable[str] = ("no_pair", "pair")) -> GravityEstimates:
    """PPML gravity by sector with exporter-year and importer-year effects, errors clustered by unordered pair.

    (3.1)  E[X_ij,t] = exp(a_i,t + b_j,t + beta' (ln distance, contiguity, language, fta, border))
    "no_pair" is (3.1); "pair" replaces the constant pair variables by pair effects and the border by border-year
    dummies, so that the agreement is identified by pairs that change status. `border` is 1 between countries; the
    terms on it need domestic rows. The agreement flag counts on international rows only.

    panel: year, exporter, importer, sector, value, distance_km (km), contiguity, language, fta; further columns of
    numbers are ignored. Zeros stay, negative values are set to zero and counted. Order, unit and hash seed do not
    matter. Raises InputError for repeated keys, missing years or values, mixed classifications, or no trade.
    """
    import warnings

    data = _check_panel(panel)
    sides = data[["exporter", "importer"]]
    data["pair"] = data.groupby([sides.min(axis=1), sides.max(axis=1)]).ngroup()
    for name, keys in {"exporter_year": ["exporter", "year"], "importer_year": ["importer", "year"],
                       "direction": ["exporter", "importer"]}.items():  # fmt: skip
        data[name] = data.groupby(keys).ngroup()
    border_years = [f"border_{y}" for y in sorted(data["year"].unique())[1:]]
    for name in border_years:
        data[name] = data["border"] * (data["year"] == int(name[7:]))
    domestic = data["border"].nunique() > 1
    terms = {
        "no_pair": ["ln_distance", "contiguity", "language", "fta", *(["border"] if domestic else [])],
        "pair": ["fta", *(border_years if domestic else [])],
    }
    effects = {"no_pair": ["exporter_year", "importer_year"], "pair": ["exporter_year", "importer_year", "direction"]}
    coefficients, adding_up, observations = [], [], []
    for sector, rows in data.groupby("sector", sort=True):
        for spec in specifications:
            if spec not in terms:
                raise unknown("specification", spec, terms)
            used = rows[["value", "pair", *terms[spec], *effects[spec]]].reset_index(drop=True)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # separated rows and dropped terms are reported in our own table
                fit = _ppml(f"value ~ {'+'.join(terms[spec])} | {'+'.join(effects[spec])}", used, "pair")
            kept = used.loc[fit._data.index]
            coefficients.append(_tidy(fit).assign(sector=sector, specification=spec))
            gaps = {e: _largest_gap(kept[e], kept["value"], fit._Y_hat_response) for e in effects[spec]}
            adding_up += [(sector, spec, effect, gap) for effect, gap in gaps.items()]
            why = [f"{t} ({'separated' if kept[t].nunique() == 1 < used[t].nunique() else 'collinear'})"
                   for t in fit._collin_vars]  # fmt: skip
            observations.append((sector, spec, len(used), len(kept), int((used["value"] == 0).sum()),
                                 int(rows["clipped"].sum()), len(used) - len(kept), "; ".join(why)))  # fmt: skip
    first = ["sector", "specification"]
    table = pd.concat(coefficients, ignore_index=True)
    return GravityEstimates(
        table[[*first, *table.columns.drop(first)]],
        pd.DataFrame(adding_up, columns=[*first, "effect", "largest_relative_gap"]),
        pd.DataFrame(observations, columns=[*first, "rows", "used", "zeros", "clipped", "separated", "dropped"]),
    )


def _check_panel(panel: pd.DataFrame) -> pd.DataFrame:
    keys = ["year", "exporter", "importer", "sector"]
    columns = [*keys, "value", "distance_km", "contiguity", "language", "fta"]
    if missing := [c for c in columns if c not in panel]:
        raise InputError(f"gravity panel: column '{missing[0]}' is missing; needed: {', '.join(columns)}")
    if "classification" in panel and panel["classification"].nunique() > 1:
        found = ", ".join(map(str, sorted(panel["classification"].unique())))
        raise InputError(f"gravity panel: classifications are mixed ({found}); use one revision")
    data = panel[columns].sort_values(keys, ignore_index=True)

    def refuse(bad: pd.Series, problem: str) -> None:
        if bad.any():
            row = data.loc[bad.idxmax(), columns[:6]]
            raise InputError(f"gravity panel: {problem} ({', '.join(f'{k} {v}' for k, v in row.items())})")

    refuse(data.duplicated(keys), "key repeats, every row must be unique")
    refuse(data.isna().any(axis=1), "empty value, every cell needs a number")
    refuse(data["distance_km"] <= 0, "distance must be positive")
    years = set(data["year"])
    for sector, present in data.groupby("sector")["year"].agg(set).items():
        if gap := sorted(years - present):
            raise InputError(f"gravity panel: sector '{sector}' has no rows for {gap[0]}; every sector needs all years")
    data["clipped"] = data["value"] < 0
    data["value"] = data["value"].clip(lower=0)
    scale = data.groupby("sector")["value"].transform("mean")
    refuse(scale == 0, "all trade of a sector is zero or negative, and nothing can be estimated")
    data["value"] = data["value"] / scale  # the unit drops out
    data["border"] = (data["exporter"] != data["importer"]).astype(int)
    data["fta"] = data["fta"] * data["border"]  # a domestic flag of 1 would turn the agreement into a border effect
    data["ln_distance"] = np.log(data["distance_km"])
    return data


def _ppml(formula: str, data: pd.DataFrame, cluster: str) -> "Fepois":
    import pyfixest

    # k_fixef "full": errors do not hang on the order in which nested effects are met. Tolerances: totals add up, and
    # the hash seed, which orders the effects inside pyfixest, moves no printed digit.
    options = {"ssc": pyfixest.ssc(k_fixef="full"), "iwls_tol": 1e-10, "iwls_maxiter": 100, "fixef_tol": 1e-10}
    checks = {"separation_check": ["fe", "ir"], "copy_data": False}
    return pyfixest.fepois(formula, data, vcov={"CRV1": cluster}, **options, **checks)


def _tidy(fit: "Fepois") -> pd.DataFrame:
    names = {"Coefficient": "term", "Estimate": "coefficient", "Std. Error": "standard_error", "Pr(>|t|)": "p_value",
             "2.5%": "ci_low", "97.5%": "ci_high"}  # fmt: skip
    return fit.tidy().reset_index().rename(columns=names)[list(names.values())]


def _largest_gap(effect: pd.Series, actual: pd.Series, fitted: np.ndarray) -> float:
    codes = effect.to_numpy()
    total, model = np.bincount(codes, actual), np.bincount(codes, fitted)
    return float(np.max(np.abs(model - total)[total > 0] / total[total > 0]))


def break_2022(panel: pd.DataFrame, reference: int = 2021) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(3.2) The break of Russia's trade with unfriendly states by year, relative to other partners and `reference`.

    PPML by flow: value ~ ln GDP + sum_y d_y [unfriendly, y] | partner + year, errors clustered by partner.
    panel: year, flow (export | import), partner, value_musd, gdp_bn_usd, unfriendly; rows without GDP are left out.
    Returns (flow, year, coefficient, standard_error, ci_low, ci_high; log points, the reference year is 0) and the
    joint Wald test of the years before the reference (flow, statistic, degrees_of_freedom, p_value, rows_left_out).
    Raises InputError for repeated keys and for a reference year that is not there.
    """
    import warnings

    from scipy.stats import f as f_distribution

    years = sorted(panel["year"].unique())
    if reference not in years:
        raise unknown("reference year", reference, years)
    if panel.duplicated(["flow", "partner", "year"]).any():
        raise InputError("Russia-centred panel: a flow, partner and year occur twice; keys must be unique")
    effects, tests = [], []
    for flow, rows in panel.groupby("flow", sort=True):
        data = rows.dropna(subset=["gdp_bn_usd", "value_musd"]).sort_values(["partner", "year"], ignore_index=True)
        terms = {f"y{y}": y for y in years if y != reference}
        data = data.assign(value=data["value_musd"] / data["value_musd"].mean(), ln_gdp=np.log(data["gdp_bn_usd"]),
                           **{t: data["unfriendly"].where(data["year"] == y, 0) for t, y in terms.items()})  # fmt: skip
        data = data[["value", "ln_gdp", "partner", "year", *terms]]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fit = _ppml(f"value ~ ln_gdp + {' + '.join(terms)} | partner + year", data, "partner")
        table = _tidy(fit).set_index("term").reindex(list(terms)).assign(flow=flow, year=list(terms.values()))
        zero = pd.DataFrame([{"flow": flow, "year": reference, "coefficient": 0.0}])
        effects.append(pd.concat([table, zero]).sort_values("year"))
        early = [fit._coefnames.index(t) for t, y in terms.items() if y < reference]
        b, v = fit.coef().to_numpy()[early], fit._vcov[np.ix_(early, early)]
        statistic, clusters = float(b @ np.linalg.solve(v, b) / len(b)), data["partner"].nunique()
        p_value = float(f_distribution.sf(statistic, len(b), clusters - 1))
        tests.append((flow, statistic, len(b), p_value, len(rows) - len(data)))
    columns = ["flow", "year", "coefficient", "standard_error", "p_value", "ci_low", "ci_high"]
    names = ["flow", "statistic", "degrees_of_freedom", "p_value", "rows_left_out"]
    return pd.concat(effects, ignore_index=True)[columns], pd.DataFrame(tests, columns=names)
