"""Forecasts held against what came: rolling errors beside naive forecasts, and the errors of the intervals."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from rutrade import InputError, unknown
from rutrade.trade.groups import FLOWS
from rutrade.trade.projection import Paths

METHODS = ("model", "no change", "last share", "trend")


def forecast_errors(
    history: pd.DataFrame,
    elasticities: pd.DataFrame,
    paths: Paths,
    world: pd.DataFrame,
    origin: int,
    years: Iterable[int],
) -> pd.DataFrame:
    """Forecasts made with values up to `origin` for later `years`, beside the naive ones, with their log errors.

    model: (3.3) with central elasticities and the *observed* activity and prices, so the error is the model's own;
    no change: the last value; last share: the last share in the buyer's imports from the world times these;
    trend: log-linear through all years of the series up to the origin (3 at least). No value after the origin enters.
    history: series, flow, group (or "TOTAL"), year, value_bn_usd. world: year x flow, buyer's world imports, bn USD.
    Returns series, flow, group, origin, year, horizon, method, forecast_bn_usd, actual_bn_usd, log_error. Raises
    InputError for an origin or year without data.
    """
    table = {p: elasticities[elasticities["parameter"] == p].set_index(["flow", "group"]) for p in ("eps", "phi")}
    eps, phi = table["eps"]["central"], table["phi"].reindex(table["eps"].index)
    values = history.pivot(index=["series", "flow", "group"], columns="year", values="value_bn_usd").sort_index()
    if origin not in values:
        raise unknown("origin", origin, values.columns)
    structure = {flow: _structure(values, flow, origin) for flow in FLOWS}
    lines, (slope, level) = values.index.to_frame(index=False).astype(str), _trend(values.loc[:, :origin])
    found = []
    for year in years:
        if year <= origin or year not in values or year not in paths.activity.index:
            raise InputError(f"year {year} cannot be forecast from {origin}; take a later year of data and paths")
        dln_y = np.log(paths.activity.loc[year] / paths.activity.loc[origin])
        dln_p = np.log(paths.prices.loc[year] / paths.prices.loc[origin])
        growth = np.exp(eps * dln_y[eps.index.get_level_values("flow")].to_numpy()
                        + phi["central"] * dln_p[phi["driver"]].to_numpy()).to_dict()  # fmt: skip
        for flow, weight in structure.items():  # a total grows as its groups, by their weights
            growth[flow, "TOTAL"] = sum(v * growth[flow, g] for g, v in weight.items()) / sum(weight)
        ratio = {f: world[f].get(year, np.nan) / world[f].get(origin, np.nan) for f in FLOWS}
        rows = np.flatnonzero(values[origin].notna() & values[year].notna())
        last, keys = values[origin].to_numpy()[rows], values.index[rows]
        pairs = [(growth[flow, group], ratio[flow]) for _, flow, group in keys]
        factor, world_ratio = np.array(pairs).reshape(-1, 2).T
        trend = np.exp(level + slope * (year - origin))[rows]
        forecasts = np.column_stack([last * factor, last, last * world_ratio, trend])
        found.append((rows, np.full(len(rows), year), forecasts, values[year].to_numpy()[rows]))
    rows, when, forecasts, actual = (np.concatenate(part) for part in zip(*found, strict=True))
    rows, when, actual = (np.repeat(part, len(METHODS)) for part in (rows, when, actual))
    result = lines.loc[rows].assign(
        origin=origin, year=when, horizon=when - origin, method=METHODS * len(forecasts),
        forecast_bn_usd=forecasts.ravel(), actual_bn_usd=actual,
    ).reset_index(drop=True)  # fmt: skip
    return result.assign(log_error=np.log(result["forecast_bn_usd"] / result["actual_bn_usd"]))


def _trend(past: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Slope and level in the last year of the log-linear trend of each row; NaN with less than 3 years."""
    y, years = np.log(past.to_numpy(float)), past.columns.to_numpy(int)
    x = np.where(np.isnan(y), np.nan, years - years[-1])
    n = np.maximum((~np.isnan(y)).sum(1), 1)
    middle, mean = np.nansum(x, 1) / n, np.nansum(y, 1) / n
    away = x - middle[:, None]
    with np.errstate(invalid="ignore"):
        slope = np.where(n >= 3, np.nansum(away * y, 1) / np.nansum(away**2, 1), np.nan)
    return slope, mean - slope * middle


def _structure(values: pd.DataFrame, flow: str, origin: int) -> pd.Series:
    """Values by group in the latest structure known at the origin, else the first one."""
    groups = values.xs(flow, level="flow").drop(index="TOTAL", level="group", errors="ignore")
    known = [y for y in groups if groups[y].notna().any()]
    weight = groups[max([y for y in known if y <= origin], default=min(known))].dropna()
    return weight.loc[weight.index.get_level_values("series")[0]]  # one reporter, never a mixture


def rolling_errors(
    history: pd.DataFrame, elasticities: pd.DataFrame, paths: Paths, world: pd.DataFrame, last: int = 2023
) -> pd.DataFrame:
    """`forecast_errors` from every origin to every later year up to `last` (hold-out years stay outside).

    Raises InputError when the history misses a year.
    """
    years = [y for y in sorted(history["year"].unique()) if y <= last]
    if gap := sorted(set(range(min(years), max(years) + 1)) - set(years)):
        raise InputError(f"history misses the year {gap[0]}; rolling errors need every year")
    parts = [forecast_errors(history, elasticities, paths, world, o, [y for y in years if y > o]) for o in years[:-1]]
    return pd.concat(parts, ignore_index=True)


def error_table(errors: pd.DataFrame, by: Sequence[str] = ("flow", "method")) -> pd.DataFrame:
    """Root mean square, mean and number of log errors by the given columns (plus method as columns when in `by`)."""
    grouped = errors.dropna(subset=["log_error"]).groupby(list(by))["log_error"]
    rms = grouped.agg(lambda e: float(np.sqrt((e**2).mean())))
    return pd.DataFrame({"rms": rms, "mean": grouped.mean(), "errors": grouped.size()}).reset_index()


def interval_errors(errors: pd.DataFrame, horizon: int = 15) -> pd.DataFrame:
    """(3.7) Standard deviations by horizon for `TradeModel.errors` from rolling errors of the method "model".

    <flow>_total: root mean square log error of totals; <flow>_group: of the groups' errors beyond their series' total,
    weighted by value. Neither falls with the horizon, and the last is held where history ends. Raises InputError when a
    flow has no errors.
    """
    model = errors[(errors["method"] == "model")].dropna(subset=["log_error"])
    total, group = model[model["group"] == "TOTAL"], model[model["group"] != "TOTAL"]
    keys = ["series", "flow", "origin", "year"]
    own = group.merge(total[[*keys, "log_error"]], on=keys, suffixes=("", "_total"))
    own["square"] = (own["log_error"] - own["log_error_total"]) ** 2
    result = pd.DataFrame(index=pd.RangeIndex(1, horizon + 1, name="horizon"))
    for flow in FLOWS:
        mean = total[total["flow"] == flow].groupby("horizon")["log_error"].agg(lambda e: (e**2).mean())
        part = own[own["flow"] == flow]
        weight = part["actual_bn_usd"] + part["forecast_bn_usd"]
        weighted = (part["square"] * weight).groupby(part["horizon"]).sum() / weight.groupby(part["horizon"]).sum()
        for name, square in ((f"{flow}_total", mean), (f"{flow}_group", weighted)):
            if square.empty:
                raise InputError(f"no rolling errors for {flow}; the intervals need history in both directions")
            result[name] = np.sqrt(square).reindex(result.index).cummax().ffill()
    return result
