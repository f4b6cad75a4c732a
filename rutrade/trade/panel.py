"""Gravity on the world panel 2011-2022: the break of 2022 by sector, and what it says of Russia and China.

(3.17)  E[X_ij,t] = exp(a_i,t + b_j,t + g_ij + border_t [i != j]
                        + d_t [i = RUS, j unfriendly] + e_t [i unfriendly, j = RUS]
                        + f_t [i = RUS, j = CHN] + h_t [i = CHN, j = RUS]), by sector

Coefficients are log points against the reference year. Domestic supply is in, so border_t is the change of trade with
others against supply at home. d and e compare Russia's trade with unfriendly states to its trade with the rest, both
beyond what all exporters and importers did; f and h do the same for China. All regressors are dummies: raking gives
every sector's coefficients, pyfixest gives clustered errors for the few that are shown.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rutrade import InputError, unknown
from rutrade.trade.gravity import _ppml, _tidy
from rutrade.trade.raking import rake

EFFECTS = ("exporter_year", "importer_year", "pair")
TERMS = ("border", "exports to unfriendly", "imports from unfriendly", "exports to China", "imports from China")


@dataclass(frozen=True)
class WorldPanel:
    """Flows by sector, year, exporter and importer, mn USD current, domestic supply on the diagonal.

    values: (sectors, years, regions, regions). unfriendly: region -> on Russia's list. Raises InputError for negative
    or missing flows, for shapes that do not fit the names, and without Russia and China.
    """

    sectors: tuple[str, ...]
    years: tuple[int, ...]
    regions: tuple[str, ...]
    values: np.ndarray
    unfriendly: pd.Series

    def __post_init__(self):
        shape = (len(self.sectors), len(self.years), len(self.regions), len(self.regions))
        if self.values.shape != shape:
            raise InputError(f"world panel: values have shape {self.values.shape}; the names ask for {shape}")
        if not (np.isfinite(self.values) & (self.values >= 0)).all():
            raise InputError("world panel: a flow is missing or negative; clip and count negative ones first")
        for region in ("RUS", "CHN"):
            if region not in self.regions:
                raise unknown("region of the world panel", region, self.regions)
        if missing := [r for r in self.regions if r not in self.unfriendly.index]:
            raise InputError(f"world panel: region '{missing[0]}' has no flag 'unfriendly'; every region needs one")

    @classmethod
    def of(cls, table: pd.DataFrame, regions: pd.DataFrame) -> "WorldPanel":
        """From the tables `world_panel` (a column per sector) and `panel_regions`; order of rows does not matter.

        Raises InputError for a pair and year that is missing or occurs twice.
        """
        sectors = tuple(c for c in table if c not in ("year", "exporter", "importer", "status", "source"))
        years, names = tuple(sorted(set(table["year"].astype(int)))), tuple(sorted(regions["region"]))
        index = pd.MultiIndex.from_product([years, names, names], names=["year", "exporter", "importer"])
        rows = table.astype({"year": int}).set_index(index.names)[list(sectors)]
        if rows.index.duplicated().any() or len(rows.index.symmetric_difference(index)):
            odd = rows.index[rows.index.duplicated()].tolist() or list(rows.index.symmetric_difference(index))
            raise InputError(f"world panel: {odd[0]} is missing, unknown or there twice; every pair needs every year")
        cube = rows.loc[index].to_numpy(float).reshape(len(years), len(names), len(names), len(sectors))
        flags = regions.set_index("region")["unfriendly"].astype(bool)
        return cls(sectors, years, names, np.moveaxis(cube, -1, 0), flags)

    def flow(self, exporter: str, importer: str) -> pd.DataFrame:
        """Sector x year, mn USD. Raises InputError for an unknown region."""
        for region in (exporter, importer):
            if region not in self.regions:
                raise unknown("region of the world panel", region, self.regions)
        i, j = self.regions.index(exporter), self.regions.index(importer)
        return pd.DataFrame(self.values[:, :, i, j], list(self.sectors), list(self.years))

    def select(self, sectors) -> "WorldPanel":
        """The same panel with these sectors; "goods" is the sum of all but services (SERV).

        Raises InputError for an unknown sector.
        """
        parts = []
        for sector in sectors:
            if sector != "goods" and sector not in self.sectors:
                raise unknown("sector of the world panel", sector, [*self.sectors, "goods"])
            goods = [s != "SERV" for s in self.sectors]
            parts.append(self.values[goods].sum(0) if sector == "goods" else self.values[self.sectors.index(sector)])
        return WorldPanel(tuple(sectors), self.years, self.regions, np.stack(parts), self.unfriendly)

    def aggregate(self, groups: pd.Series) -> "WorldPanel":
        """Regions summed to `groups` (region -> new region); a group is unfriendly when all its members are.

        Raises InputError for a region without a group.
        """
        if missing := [r for r in self.regions if r not in groups.index]:
            raise unknown("region with a group", missing[0], groups.index)
        label = groups[list(self.regions)]
        names = tuple(sorted(set(label)))
        member = (label.to_numpy()[:, None] == np.array(names)).astype(float)
        values = np.einsum("stij,ia,jb->stab", self.values, member, member, optimize=True)
        flags = self.unfriendly[list(self.regions)].groupby(label.to_numpy()).all()
        return WorldPanel(self.sectors, self.years, names, values, flags)


@dataclass(frozen=True)
class BreakEstimates:
    """Result of `break_by_sector` and `break_with_errors`.

    coefficients: sector, term, year, coefficient (log points against the reference year; nan where no trade identifies
    it), with errors also standard_error, p_value, ci_low, ci_high. fits: sector, sweeps, gap, zeros (cells), or used,
    separated and zeros. tests (with errors only): see `break_with_errors`.
    """

    reference: int
    coefficients: pd.DataFrame
    fits: pd.DataFrame
    tests: pd.DataFrame | None = None


def _levels(panel: WorldPanel, china: bool = True) -> dict[str, np.ndarray]:
    """Margins of (3.17): year x exporter x importer arrays of levels; a term's level is the year, -1 elsewhere."""
    years, n = len(panel.years), len(panel.regions)
    year, origin, target = np.indices((years, n, n))
    flags = panel.unfriendly[list(panel.regions)].to_numpy(bool)
    russia, other = panel.regions.index("RUS"), panel.regions.index("CHN")
    cells = {
        "border": origin != target,
        "exports to unfriendly": (origin == russia) & flags[target],
        "imports from unfriendly": (target == russia) & flags[origin],
        "exports to China": (origin == russia) & (target == other),
        "imports from China": (origin == other) & (target == russia),
    }
    levels = dict(zip(EFFECTS, (origin * years + year, target * years + year, origin * n + target), strict=True))
    return levels | {term: np.where(cells[term], year, -1) for term in (TERMS if china else TERMS[:3])}


def _reference(panel: WorldPanel, reference: int) -> int:
    if reference not in panel.years:
        raise unknown("reference year", reference, panel.years)
    return panel.years.index(reference)


def break_by_sector(panel: WorldPanel, reference: int = 2021, tolerance: float = 1e-10) -> BreakEstimates:
    """(3.17) by raking, every sector of the panel, without errors.

    Raises InputError for a reference year that is not there and when a sector's totals are not met.
    """
    base, levels = _reference(panel, reference), _levels(panel)
    found, fits = [], []
    for sector, values in zip(panel.sectors, panel.values, strict=True):
        fit = rake(values, levels, tolerance)
        found += [(sector, term, year, value) for term in TERMS
                  for year, value in zip(panel.years, fit.contrast(term, base), strict=True)]  # fmt: skip
        fits.append((sector, fit.sweeps, fit.gap, int((values == 0).sum())))
    return BreakEstimates(
        reference,
        pd.DataFrame(found, columns=["sector", "term", "year", "coefficient"]),
        pd.DataFrame(fits, columns=["sector", "sweeps", "gap", "zeros"]),
    )


def break_with_errors(panel: WorldPanel, reference: int = 2021) -> BreakEstimates:
    """(3.17) by pyfixest, errors clustered by unordered pair, for the sectors of the panel (take a few: `select`).

    A term of one pair (China) has one cluster, so its errors would be meaningless and are left empty: `china_placebo`
    ranks it among other pairs instead. tests, by sector and term with errors: the joint Wald test that all years before
    the reference are zero (statistic, degrees_of_freedom, p_value), the linear trend through them (trend_per_year,
    trend_error), the coefficient of the last year (last, last_error) and what of it goes beyond the trend's
    continuation (beyond_trend, beyond_error). Raises InputError for a reference year that is not there.
    """
    import warnings

    base, levels = _reference(panel, reference), _levels(panel)
    frame = pd.DataFrame({name: level.ravel() for name, level in levels.items() if name in EFFECTS})
    _, origin, target = (a.ravel() for a in np.indices(panel.values.shape[1:]))
    frame["cluster"] = np.minimum(origin, target) * len(panel.regions) + np.maximum(origin, target)
    names = {}
    for k, term in enumerate(TERMS):
        for t, year in enumerate(panel.years):
            if t != base:
                names[f"t{k}_{year}"] = (term, year)
                frame[f"t{k}_{year}"] = (levels[term].ravel() == t).astype(float)
    formula = f"value ~ {' + '.join(names)} | {' + '.join(EFFECTS)}"
    found, tests, fits = [], [], []
    for sector, values in zip(panel.sectors, panel.values, strict=True):
        data = frame.assign(value=values.ravel() / values.mean())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # separated rows are counted in our own table
            fit = _ppml(formula, data, "cluster")
        found.append(_named(fit, names, sector, panel.years, reference))
        tests += [_pretrend(fit, names, sector, term, reference, frame["cluster"].nunique()) for term in TERMS[:3]]
        fits.append((sector, len(fit._data), len(frame) - len(fit._data), int((values == 0).sum())))
    columns = ["sector", "term", "statistic", "degrees_of_freedom", "p_value", "trend_per_year", "trend_error", "last",
               "last_error", "beyond_trend", "beyond_error"]  # fmt: skip
    return BreakEstimates(
        reference,
        pd.concat(found, ignore_index=True),
        pd.DataFrame(fits, columns=["sector", "used", "separated", "zeros"]),
        pd.DataFrame(tests, columns=columns),
    )


def _named(fit, names: dict, sector: str, years, reference: int) -> pd.DataFrame:
    """Coefficients by term and year with the reference year as zero; no errors for terms of one pair."""
    table = _tidy(fit).set_index("term").reindex(list(names))
    table.index = pd.MultiIndex.from_tuples(list(names.values()), names=["term", "year"])
    table = table.reindex(pd.MultiIndex.from_product([TERMS, years], names=["term", "year"])).reset_index()
    table.loc[table["year"] == reference, "coefficient"] = 0.0
    table.loc[table["term"].isin(TERMS[3:]), ["standard_error", "p_value", "ci_low", "ci_high"]] = np.nan
    return table.assign(sector=sector)[["sector", *table.columns]]


def _pretrend(fit, names: dict, sector: str, term: str, reference: int, clusters: int) -> tuple:
    """Joint test, trend and what lies beyond it, from the coefficients of one term and their covariance."""
    from scipy.stats import f as f_distribution

    position = {c: k for k, c in enumerate(fit._coefnames)}
    mine = {year: position[c] for c, (name, year) in names.items() if name == term and c in position}
    early, last = [y for y in mine if y < reference], max(mine)
    coefficient, covariance = fit.coef().to_numpy(), fit._vcov
    rows = [mine[y] for y in early]
    b, v = coefficient[rows], covariance[np.ix_(rows, rows)]
    statistic = float(b @ np.linalg.solve(v, b) / len(b))
    distance = np.array(early) - reference  # a line through zero in the reference year
    slope = np.zeros(len(coefficient))
    slope[rows] = distance / (distance @ distance)
    end = np.zeros(len(coefficient))
    end[mine[last]] = 1.0
    numbers = [statistic, len(b), float(f_distribution.sf(statistic, len(b), clusters - 1))]
    for weight in (slope, end, end - (last - reference) * slope):
        numbers += [float(weight @ coefficient), float(np.sqrt(weight @ covariance @ weight))]
    return (sector, term, *numbers)


def china_placebo(panel: WorldPanel, year: int = 2022, reference: int = 2021, least_musd: float = 100) -> pd.DataFrame:
    """How unusual trade between Russia and China was in `year`, by sector: its rank among all pairs of regions.

    (3.17) without the terms for China; for every pair the change since the reference year of log(actual / fitted).
    Pairs with less than `least_musd` in either year are left out. Returns sector, flow, actual_change (log points),
    fitted_change, excess (their difference), pairs, and placebo_p: part of pairs whose excess is as large in absolute
    value. Raises InputError for years that are not there.
    """
    base, now = _reference(panel, reference), _reference(panel, year)
    levels, found = _levels(panel, china=False), []
    russia, china = panel.regions.index("RUS"), panel.regions.index("CHN")
    foreign = ~np.eye(len(panel.regions), dtype=bool)
    for sector, values in zip(panel.sectors, panel.values, strict=True):
        fitted = rake(values, levels).fitted
        shown = (values[base] >= least_musd) & (values[now] >= least_musd) & foreign
        with np.errstate(divide="ignore", invalid="ignore"):
            actual, model = np.log(values[now] / values[base]), np.log(fitted[now] / fitted[base])
        excess = np.abs(actual - model)[shown]
        for flow, i, j in (("RUS_to_CHN", russia, china), ("CHN_to_RUS", china, russia)):
            own = actual[i, j] - model[i, j]
            p = float((excess >= abs(own)).mean()) if shown[i, j] else np.nan
            found.append((sector, flow, actual[i, j], model[i, j], own, int(shown.sum()), p))
    columns = ["sector", "flow", "actual_change", "fitted_change", "excess", "pairs", "placebo_p"]
    return pd.DataFrame(found, columns=columns)
