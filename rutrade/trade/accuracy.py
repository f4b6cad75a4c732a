"""How good the published procedure was: its backtest from past origins beside naive forecasts, and tests of errors.

A forecast is value(origin) x growth(origin, year); the log error is ln(forecast / actual). A loss is the root of the
mean over pairs (origin, year) of the pair's squared log errors, weighted by the mean of an item's shares in the origin
and in the year. What was observed after the origin enters where a method says so (GDP and prices in the rule and the
equilibrium, imports in "importer growth" and "last share"): the errors are those of the methods, not of their drivers.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from rutrade import InputError, unknown
from rutrade.trade.groups import FLOWS

Growth = Callable[[int, int], pd.Series]  # origin, year -> (flow, item) growth factor; nan: this method has none
TOTAL = "TOTAL"


def backtest(values: pd.DataFrame, methods: Mapping[str, Growth], origins: Iterable[int], last: int) -> pd.DataFrame:
    """Forecasts by every method from each origin to every later year up to `last`, with their errors.

    values: flow, item, year, value_bn_usd. Items without trade in the origin or the year are left out of the pair, for
    all methods; TOTAL is the sum over the others, where a method forecasts all of them. Returns flow, item, origin,
    year, horizon, method, forecast_bn_usd, actual_bn_usd, weight (0 for TOTAL), log_error. Raises InputError for an
    origin without values or without a later year, or when nothing is to be forecast.
    """
    table = values.pivot(index=["flow", "item"], columns="year", values="value_bn_usd")
    table = table.sort_index(ascending=[False, True])
    found = []
    for origin in origins:
        later = [year for year in table if origin < year <= last]
        if origin not in table or not later:
            raise unknown("origin with a later year", origin, [y for y in table if y < last])
        found += [_pair(table, methods, origin, year) for year in later]
    if not found:
        raise InputError("backtest: no origin was given; at least one is needed")
    result = pd.concat(found, ignore_index=True)
    return result.assign(log_error=np.log(result["forecast_bn_usd"] / result["actual_bn_usd"]))


def _pair(table: pd.DataFrame, methods: Mapping[str, Growth], origin: int, year: int) -> pd.DataFrame:
    """Forecasts of one pair by all methods, items first, then the totals of the flows."""
    rows = table[(table[origin] > 0) & (table[year] > 0)]
    start, actual = rows[origin].to_numpy(float), rows[year].to_numpy(float)
    flow, names = pd.factorize(rows.index.get_level_values("flow"))
    totals = [np.bincount(flow, values) for values in (start, actual)]
    weight = (start / totals[0][flow] + actual / totals[1][flow]) / 2
    forecasts = [start * growth(origin, year).reindex(rows.index).to_numpy(float) for growth in methods.values()]
    forecasts = [np.concatenate([f, np.bincount(flow, f)]) for f in forecasts]
    size = len(rows) + len(names)
    columns = {
        "flow": [*names[flow], *names],
        "item": [*rows.index.get_level_values("item"), *[TOTAL] * len(names)],
        "origin": origin, "year": year, "horizon": year - origin, "method": "",
        "forecast_bn_usd": 0.0,
        "actual_bn_usd": np.concatenate([actual, totals[1]]),
        "weight": np.concatenate([weight, np.zeros(len(names))]),
    }  # fmt: skip
    one = pd.DataFrame(columns)
    many = one.loc[np.tile(np.arange(size), len(methods))]
    return many.assign(method=np.repeat(list(methods), size), forecast_bn_usd=np.concatenate(forecasts))


def pair_losses(errors: pd.DataFrame, total: bool = False) -> pd.DataFrame:
    """Mean squared log error of each flow, origin, year and method: over items with their weights, or of TOTAL."""
    rows = errors[(errors["item"] == TOTAL) == total].dropna(subset=["log_error"])
    weight = np.ones(len(rows)) if total else rows["weight"]
    keys = ["flow", "origin", "year", "horizon", "method"]
    sums = rows.assign(weight=weight, square=weight * rows["log_error"] ** 2).groupby(keys)[["square", "weight"]].sum()
    return (sums["square"] / sums["weight"]).rename("square").reset_index()


def losses(errors: pd.DataFrame, by: Sequence[str] = ("flow", "method"), total: bool = False) -> pd.DataFrame:
    """Losses by the given columns of `pair_losses` (also "horizon", "origin", "year"), and the pairs they rest on."""
    grouped = pair_losses(errors, total).groupby(list(by))["square"]
    return pd.DataFrame({"loss": np.sqrt(grouped.mean()), "pairs": grouped.size()}).reset_index()


def side_by_side(trials: Mapping[str, tuple[pd.DataFrame, bool]]) -> pd.DataFrame:
    """Losses of every method in several backtests: method x (trial, flow); nan where a method has no forecast.

    trials: name -> (errors of `backtest`, whether the loss is that of the totals).
    """
    parts = {
        name: losses(errors, total=total).pivot(index="method", columns="flow", values="loss")[list(FLOWS)]
        for name, (errors, total) in trials.items()
    }
    order = list(dict.fromkeys(method for errors, _ in trials.values() for method in errors["method"]))
    return pd.concat(parts, axis=1, names=["trial", "flow"]).reindex(order).rename_axis("method")


def beside_actual(errors: pd.DataFrame) -> pd.DataFrame:
    """Forecasts of the totals by each method, bn USD: what came first, then method x (flow, year)."""
    rows = errors[errors["item"] == TOTAL]
    actual = rows.drop_duplicates(["flow", "year"]).set_index(["flow", "year"])["actual_bn_usd"]
    actual = actual.sort_index().loc[list(FLOWS)]
    table = rows.pivot(index="method", columns=["flow", "year"], values="forecast_bn_usd")
    table = table.reindex(list(dict.fromkeys(rows["method"])))
    return pd.concat([actual.rename("what came").to_frame().T, table])[list(actual.index)].rename_axis("method")


def skill(
    errors: pd.DataFrame, method: str = "combination", by: Sequence[str] = ("flow",), total: bool = False
) -> pd.DataFrame:
    """Skill of `method` against each other one: 1 - its loss over theirs, on the pairs that both forecast.

    Negative where the method loses; every comparison is there. by: further columns, "horizon" for one. Returns them
    with against, loss, loss_against, skill, pairs. Raises InputError for an unknown method.
    """
    table = pair_losses(errors, total)
    if method not in set(table["method"]):
        raise unknown("method", method, sorted(set(table["method"])))
    keys = ["flow", "origin", "year", "horizon"]
    mine = table[table["method"] == method].drop(columns="method")
    others = table[table["method"] != method].rename(columns={"method": "against"})
    both = mine.merge(others, on=keys, suffixes=("", "_against"))
    grouped = both.groupby([*by, "against"], sort=False)[["square", "square_against"]]
    result = np.sqrt(grouped.mean()).set_axis(["loss", "loss_against"], axis=1)
    result["skill"] = 1 - result["loss"] / result["loss_against"]
    result["pairs"] = grouped.size()
    return result.reset_index()


# ------------------------------------------------------------------------------------------------- tests of the errors
def hac_trend(series: pd.Series, lags: int | None = None) -> pd.Series:
    """Log-linear trend of a series by year, OLS with errors robust to autocorrelation (HAC, Newey-West).

    lags: of the errors, default the integer part of 4 (n / 100)^(2/9). Returns growth_pct, ci_low, ci_high (% a year,
    95 %), p_value, r_squared, observations, lags. Raises InputError for less than 4 values, or one not positive.
    """
    import statsmodels.api as sm

    if len(series) < 4 or not (series > 0).all():
        raise InputError(f"trend: {len(series)} values; at least 4 are needed, all positive")
    lags = int(4 * (len(series) / 100) ** (2 / 9)) if lags is None else lags
    design = sm.add_constant(np.asarray(series.index, float) - float(series.index[0]))
    fit = sm.OLS(np.log(series.to_numpy(float)), design).fit()
    fit = fit.get_robustcov_results("HAC", maxlags=lags, use_correction=True, use_t=True)
    low, high = fit.conf_int()[1]
    growth = {name: 100 * float(np.expm1(v)) for name, v in
              (("growth_pct", fit.params[1]), ("ci_low", low), ("ci_high", high))}  # fmt: skip
    rest = {"p_value": float(fit.pvalues[1]), "r_squared": float(fit.rsquared)}
    return pd.Series({**growth, **rest, "observations": len(series), "lags": lags})


def diagnostics(errors: pd.DataFrame, horizon: int = 1) -> pd.DataFrame:
    """Bias and autocorrelation of the totals' log errors at one horizon, by flow and method.

    bias: mean, with HAC errors that allow for overlapping horizons (rectangular, horizon - 1 lags; where these give no
    positive variance, Bartlett's), its t and p (n - 1 degrees of freedom); drift: change of the error a year of origin
    and its p; autocorrelation: first, and the p of Ljung and Box's test at one lag. origins: how many errors: with ten
    and fewer only large faults can show. Methods with less than 4 origins are left out. Raises InputError when all
    are.
    """
    import statsmodels.api as sm
    from statsmodels.stats.diagnostic import acorr_ljungbox
    from statsmodels.tsa.stattools import acf

    rows = errors[(errors["item"] == TOTAL) & (errors["horizon"] == horizon)].dropna(subset=["log_error"])
    found = []
    for (flow, method), part in rows.groupby(["flow", "method"], sort=False):
        e = part.sort_values("origin")["log_error"].to_numpy()
        if len(e) < 4:
            continue
        bias, error, p = _mean_hac(e, horizon)
        drift = sm.OLS(e, sm.add_constant(np.arange(len(e), dtype=float))).fit()
        drift = drift.get_robustcov_results("HAC", maxlags=max(horizon - 1, 1), use_correction=True, use_t=True)
        box = acorr_ljungbox(e, lags=[1])["lb_pvalue"].iloc[0]
        first = acf(e, nlags=1, fft=False)[1]
        found.append((flow, method, horizon, len(e), bias, error, p, drift.params[1], drift.pvalues[1], first, box))
    columns = ["flow", "method", "horizon", "origins", "bias", "bias_error", "bias_p", "drift_per_year", "drift_p",
               "autocorrelation", "ljung_box_p"]  # fmt: skip
    if not found:
        raise InputError(f"diagnostics: no method has errors from 4 origins at horizon {horizon}; take a shorter one")
    return pd.DataFrame(found, columns=columns)


def _mean_hac(values: np.ndarray, horizon: int) -> tuple[float, float, float]:
    """Mean, its error with horizon - 1 autocovariances, and the two-sided p of a t with n - 1 degrees of freedom."""
    import statsmodels.api as sm
    from scipy.stats import t

    fit, one = sm.OLS(values, np.ones(len(values))), {"maxlags": horizon - 1, "use_correction": False}
    variance = float(fit.fit(cov_type="HAC", cov_kwds={**one, "kernel": "uniform"}).cov_params()[0, 0])
    if not variance > 0:  # the rectangular kernel can give none
        variance = float(fit.fit(cov_type="HAC", cov_kwds=one).cov_params()[0, 0])
    mean, error = float(values.mean()), float(np.sqrt(variance))
    return mean, error, float(2 * t.sf(abs(mean) / error, len(values) - 1)) if error > 0 else float("nan")


def equal_accuracy(
    errors: pd.DataFrame, one: str, other: str, horizon: int = 1, total: bool = False, power: float = 0.8
) -> pd.DataFrame:
    """Are two methods equally accurate? Diebold & Mariano (1995), corrected for few origins, by flow.

    d = squared log error of `one` less that of `other`, by origin. statistic = mean d / its HAC error (horizon - 1
    lags), times sqrt((n + 1 - 2h + h (h - 1) / n) / n) of Harvey, Leybourne & Newbold (1997), against t(n - 1).
    detectable: the smallest difference of the two losses, as a part of the other's squared loss, that a test at 5 %
    would find with `power` at this spread: when it is above 1, not even a perfect forecast would be told apart.
    Returns flow, one, other, horizon, origins, loss, loss_other, statistic, p_value, detectable. Raises InputError for
    an unknown method or less than 4 origins that both forecast.
    """
    from scipy.stats import t

    table = pair_losses(errors, total)
    for name in (one, other):
        if name not in set(table["method"]):
            raise unknown("method", name, sorted(set(table["method"])))
    wide = table[table["horizon"] == horizon].pivot(index=["flow", "origin"], columns="method", values="square")
    found = []
    for flow, part in wide.groupby("flow", sort=False):
        part = part.reindex(columns=[one, other]).dropna()
        n, h = len(part), horizon
        if n < 4:
            raise InputError(f"equal accuracy of '{one}' and '{other}', {flow}: {n} origins; at least 4 are needed")
        difference = (part[one] - part[other]).to_numpy()
        mean, error, _ = _mean_hac(difference, h)
        small = np.sqrt(max(n + 1 - 2 * h + h * (h - 1) / n, 0) / n)
        statistic = float(small * mean / error) if error > 0 else np.nan
        p = float(2 * t.sf(abs(statistic), n - 1))
        needed = (t.ppf(0.975, n - 1) + t.ppf(power, n - 1)) * error / small / part[other].mean()
        found.append((flow, one, other, h, n, *np.sqrt(part.mean()), statistic, p, float(needed)))
    columns = ["flow", "one", "other", "horizon", "origins", "loss", "loss_other", "statistic", "p_value", "detectable"]
    return pd.DataFrame(found, columns=columns)


def deviations(
    totals: pd.DataFrame,
    groups: pd.DataFrame,
    method: str = "combination",
    structure: str = "old structure",
    horizon: int = 15,
) -> pd.DataFrame:
    """(3.7) Standard deviations of the procedure's log errors by horizon, for `forecast.project`.

    <flow>_total: root mean square error of `method` for the totals in the backtest `totals`; <flow>_group: of the
    groups' errors beyond their total's, weighted by value, of `structure` in the backtest `groups` (with the structure
    as old as in what is published). Neither falls with the horizon, and the last is held where history ends. Raises
    InputError for an unknown method or a flow without errors.
    """
    for table, name in ((totals, method), (groups, structure)):
        if name not in set(table["method"]):
            raise unknown("method", name, sorted(set(table["method"])))
    keys = ["flow", "origin", "year", "horizon"]
    rows = groups[groups["method"] == structure].dropna(subset=["log_error"])
    whole = rows[rows["item"] == TOTAL][[*keys, "log_error"]]
    own = rows[rows["item"] != TOTAL].merge(whole, on=keys, suffixes=("", "_total"))
    own["square"] = own["weight"] * (own["log_error"] - own["log_error_total"]) ** 2
    sums = own.groupby(["flow", "horizon"])[["square", "weight"]].sum()
    group = sums["square"] / sums["weight"]
    total = pair_losses(totals[totals["method"] == method], total=True).groupby(["flow", "horizon"])["square"].mean()
    result = pd.DataFrame(index=pd.RangeIndex(1, horizon + 1, name="horizon"))
    for flow in FLOWS:
        for name, square in (("total", total), ("group", group)):
            if flow not in square.index.get_level_values("flow"):
                raise InputError(f"no errors for the {name} of {flow}; the intervals need both directions")
            result[f"{flow}_{name}"] = np.sqrt(square[flow]).reindex(result.index).cummax().ffill()
    return result


def coverage(
    errors: pd.DataFrame, spread: pd.DataFrame, method: str = "combination", level: float = 0.9
) -> pd.DataFrame:
    """Part of the totals that fell inside the interval of `level` around the forecast, by flow.

    spread: `deviations` (totals), normal log errors. Meant for years that made no part of the spread. Returns flow,
    inside, forecasts. Raises InputError for an unknown method or a level outside (0, 1).
    """
    from scipy.stats import norm

    if method not in set(errors["method"]):
        raise unknown("method", method, sorted(set(errors["method"])))
    if not 0 < level < 1:
        raise InputError(f"level of the interval is {level}; must lie between 0 and 1")
    rows = errors[(errors["item"] == TOTAL) & (errors["method"] == method)].dropna(subset=["log_error"])
    half = norm.ppf((1 + level) / 2)
    width = [half * spread.at[h, f"{flow}_total"] for h, flow in zip(rows["horizon"], rows["flow"], strict=True)]
    inside = (rows["log_error"].abs() <= np.array(width)).groupby(rows["flow"])
    return pd.DataFrame({"inside": inside.mean(), "forecasts": inside.size()}).reset_index()
