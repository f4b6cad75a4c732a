"""Model 3: gravity estimates and the bilateral projection of Russia-China trade, equations (3.1)-(3.7).

Flows are "RUS_to_CHN" and "CHN_to_RUS"; groups are the 16 WITS groups of HS chapters ("27", "84-85", ...).
Values are bn USD, at current prices or at the prices of the base year; prices are indices (Brent: USD/barrel).
All models here are pure functions; only `inputs`, `history` and `gravity_inputs` read the data package.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from rutrade import InputError, unknown

FLOWS = ("RUS_to_CHN", "CHN_to_RUS")
GROUPS = ("01-05", "06-15", "16-24", "25-26", "27", "28-38", "39-40", "41-43", "44-49", "50-63", "64-67", "68-71",
          "72-83", "84-85", "86-89", "90-99")  # fmt: skip
CHEMICALS, ENGINEERING = ("28-38", "39-40"), ("84-85", "86-89")  # engineering also takes chapter 90 out of 90-99
COMMODITIES = ("brent", "metals", "food", "manufactures")
METHODS = ("model", "no change", "last share", "trend")
QUANTILES = {"q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95}


# ---------------------------------------------------------------------------------------------------- gravity
@dataclass(frozen=True)
class GravityEstimates:
    """Result of `gravity`. All tables are long, one row per sector and specification (and term).

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
    """Long panel for `gravity` from the square matrices of `gravity_sectors` and the pairs of `gravity_pairs`.

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


def gravity_inputs() -> pd.DataFrame:
    """The sectoral panel of the data package: 40 countries, 16 goods sectors, five years, domestic supply included."""
    from rutrade import datasets

    return gravity_panel(datasets.load("gravity_sectors"), datasets.load("gravity_pairs"))


def gravity(panel: pd.DataFrame, specifications=("no_pair", "pair")) -> GravityEstimates:
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

    def refuse(bad: pd.Series, problem: str):
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


def _ppml(formula: str, data: pd.DataFrame, cluster: str):
    import pyfixest

    # k_fixef "full": errors do not hang on the order in which nested effects are met. Tolerances: totals add up, and
    # the hash seed, which orders the effects inside pyfixest, moves no printed digit.
    options = {"ssc": pyfixest.ssc(k_fixef="full"), "iwls_tol": 1e-10, "iwls_maxiter": 100, "fixef_tol": 1e-10}
    checks = {"separation_check": ["fe", "ir"], "copy_data": False}
    return pyfixest.fepois(formula, data, vcov={"CRV1": cluster}, **options, **checks)


def _tidy(fit) -> pd.DataFrame:
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


# ------------------------------------------------------------------------------------------------- projection
@dataclass(frozen=True)
class TradeBase:
    """The base year: value (bn USD, current) and share of China (fraction), both group x flow; chapter_90 is the
    share of HS 90 in group 90-99 by flow; series names the reporter of the values."""

    year: int
    value: pd.DataFrame
    share: pd.DataFrame
    chapter_90: pd.Series
    series: str = ""

    def __post_init__(self):
        for flow in FLOWS:
            if flow not in self.value or self.value[flow].isna().any():
                raise InputError(f"base year {self.year}: no data by group for {flow}; a year with both is needed")
        for table, name, limit in ((self.value, "value", np.inf), (self.share, "share of China", 1)):
            if strange := [g for g in table.index if g not in GROUPS]:
                raise unknown("group", strange[0], GROUPS)
            if not ((table > 0) & (table < limit)).all(axis=None):
                group, flow = (~((table > 0) & (table < limit))).stack().idxmax()
                raise InputError(f"base year {self.year}: {name} of group {group}, {flow}, is {table.loc[group, flow]};"
                                 f" must be {'positive' if limit > 1 else 'between 0 and 1'}")  # fmt: skip


@dataclass(frozen=True)
class Paths:
    """Exogenous paths by year: activity (buyer's real GDP, any unit, by flow) and prices (by commodity)."""

    activity: pd.DataFrame
    prices: pd.DataFrame
    scenario: str = "mid"

    def __post_init__(self):
        for table, name in ((self.activity, "activity"), (self.prices, "prices")):
            years = list(table.index)
            if gap := sorted(set(range(min(years), max(years) + 1)) - set(years)):
                raise InputError(f"path '{name}' misses the year {gap[0]}; every year of a path is needed")
            if not (table > 0).all(axis=None):
                raise InputError(f"path '{name}' has a value that is missing, zero or negative; must be positive")


@dataclass(frozen=True)
class Projection:
    """Result of `TradeModel.project`.

    table: flow, group, year, value_bn_usd (current), value_bn_usd_base_prices, share_china (fraction), capped, and
    with draws the quantiles q05 ... q95 of the current value. point: years x flows x groups, central values in bn USD,
    current; sample: the same for each draw, draws first; price: years x flows x groups, index with the base year = 1.
    """

    base: TradeBase
    years: tuple[int, ...]
    table: pd.DataFrame
    point: np.ndarray = field(repr=False)
    sample: np.ndarray = field(repr=False)
    price: np.ndarray = field(repr=False)

    def values(self, prices: str = "current") -> tuple[np.ndarray, np.ndarray]:
        """Central values and draws, bn USD at "current" prices or at those of the base year ("base").

        Raises InputError for other prices.
        """
        if prices not in ("current", "base"):
            raise unknown("prices", prices, ("current", "base"))
        index = 1.0 if prices == "current" else self.price
        return self.point / index, self.sample / index

    def totals(self, prices: str = "current") -> pd.DataFrame:
        """Totals by flow and year and their sum ("turnover"), bn USD, with quantiles when there are draws."""
        flows = [v.sum(-1) for v in self.values(prices)]
        return self._frame([np.concatenate([v, v.sum(-1, keepdims=True)], -1) for v in flows], "value_bn_usd")

    def reaches(self, total_bn_usd: float, year: int = 2030) -> float:
        """Part of the draws whose turnover of `year` is at least `total_bn_usd` (current prices).

        Raises InputError without draws or for a year outside the projection.
        """
        if year not in self.years or not len(self.sample):
            raise InputError(f"the part that reaches {total_bn_usd} needs draws and the year {year} in the projection")
        return float((self.sample[:, self.years.index(year)].sum((1, 2)) >= total_bn_usd).mean())

    def _frame(self, series, name: str) -> pd.DataFrame:
        """Long table of a central and a sampled array, (draws x) years x flows (and their sum)."""
        point, draws = series
        parts = [pd.DataFrame({"flow": flow, "year": self.years, name: point[:, i]}).assign(**_quantiles(draws[..., i]))
                 for i, flow in enumerate([*FLOWS, "turnover"][: point.shape[-1]])]  # fmt: skip
        return pd.concat(parts, ignore_index=True)


@dataclass(frozen=True)
class TradeModel:
    """Projection of the bilateral trade by group, (3.3)-(3.7).

    base: TradeBase. elasticities: long table (flow, group, parameter eps | phi | theta, driver, low, central, high).
    paths: Paths. errors: None or a table by `horizon` with <flow>_total and <flow>_group, standard deviations of the
    log forecast error (3.7). levers: table of trade-cost levers (lever, groups, low, central, high).
    """

    base: TradeBase
    elasticities: pd.DataFrame
    paths: Paths
    errors: pd.DataFrame | None = None
    levers: pd.DataFrame | None = None

    def project(
        self,
        supply: pd.DataFrame | None = None,
        demand: pd.DataFrame | None = None,
        years=None,
        levers: Mapping[str, float | str] | None = None,
        redirection: Mapping[str, float] | float | None = None,
        headroom: float = 1.0,
        draws: int = 0,
        seed: int = 0,
    ) -> Projection:
        """Project both flows by group.

        (3.3) potential at base prices: D = V0 exp(eps dlnY + (phi - 1) dlnP + dln sigma); value = D exp(dlnP + u)
        (3.4) logit sigma(t) = logit sigma(0) + delta(t), delta = theta * -ln(1 - cut), or the way to a set share
        (3.5) exports with supply: min(V0 * supply * sigma/sigma0, (1 + headroom) D); imports with demand: mirror
        (3.7) u: normal with a standard deviation by horizon, one common shock per flow and own shocks of the groups

        supply: Russia's export supply to the world by group, year x group, index with the base year = 1, constant
        prices; missing groups follow the potential. demand: Russia's import demand, likewise. levers: lever -> "low",
        "central", "high" or the cut of the delivered price in the group where it is largest. redirection: share of
        China in Russia's exports in the last year, by group (a number: engineering and chemicals). Levers and
        redirection grow in a straight line from the base to the last year. Draws vary eps, phi, theta and u. Raises
        InputError for unknown years, groups, levers or shares out of range, and for negative headroom or draws.
        """
        base = self.base
        years = range(base.year, int(self.paths.prices.index.max()) + 1) if years is None else years
        years = np.asarray(years, int)
        for year in years:
            if year < base.year or year not in self.paths.prices.index or year not in self.paths.activity.index:
                raise unknown("projection year", year, [y for y in self.paths.prices.index if y >= base.year])
        if headroom < 0 or draws < 0:
            raise InputError(f"headroom is {headroom} and draws is {draws}; neither may be negative")
        rng = np.random.default_rng(seed)
        value = base.value.reindex(index=GROUPS, columns=list(FLOWS)).to_numpy().T
        share = base.share.reindex(index=GROUPS, columns=list(FLOWS)).to_numpy().T
        eps, phi, theta = (self._draw(p, draws, rng) for p in ("eps", "phi", "theta"))  # 1 + draws, 1, flow, group
        activity = np.log(self.paths.activity.loc[years] / self.paths.activity.loc[base.year])[list(FLOWS)].to_numpy()
        price = self._price(years)
        phase = ((years - base.year) / max(years.max() - base.year, 1))[:, None, None]
        delta = theta * -np.log1p(-self._cuts(levers)) * phase + self._redirect(redirection, share) * phase
        dln_share = delta - np.log1p(share * np.expm1(delta))  # exactly 0 when nothing changes
        potential = value * np.exp(eps * activity[:, :, None] + (phi - 1) * np.log(price) + dln_share)
        delivered, capped = potential.copy(), np.zeros(potential.shape[1:], bool)
        for table, flow, name in ((supply, 0, "supply"), (demand, 1, "demand")):
            if table is not None:
                index, held = self._index(table, years, name)
                bound = value[flow] * index * np.exp(dln_share[:, :, flow])
                cap = (1 + headroom) * potential[:, :, flow] if name == "supply" else np.inf
                delivered[:, :, flow] = np.where(held, np.minimum(bound, cap), potential[:, :, flow])
                capped[:, flow] = (held & (bound > cap))[0]
        point, sample = delivered[0] * price, self._shocked(delivered[1:] * price, years, rng)
        columns = {"value_bn_usd": point, "value_bn_usd_base_prices": delivered[0],
                   "share_china": share * np.exp(dln_share[0]), "capped": capped} | _quantiles(sample)  # fmt: skip
        labels = pd.MultiIndex.from_product([FLOWS, GROUPS, years.tolist()], names=["flow", "group", "year"])
        rows = {k: v.transpose(1, 2, 0).ravel() for k, v in columns.items()}
        return Projection(base, tuple(years.tolist()), pd.DataFrame(rows, labels).reset_index(), point, sample, price)

    def _long(self, parameter: str) -> pd.DataFrame:
        rows = self.elasticities[self.elasticities["parameter"] == parameter].set_index(["flow", "group"])
        wanted = pd.MultiIndex.from_product([FLOWS, GROUPS])
        if missing := wanted.difference(rows.index).tolist():
            raise InputError(f"elasticities: no row for {parameter}, {missing[0][0]}, group {missing[0][1]}; give all")
        return rows.loc[wanted]

    def _draw(self, parameter: str, draws: int, rng) -> np.ndarray:
        """Central value, then triangular draws on [low, high]; one draw serves all groups of a flow (cautious)."""
        rows = self._long(parameter)
        low, mode, high = (rows[c].to_numpy(float).reshape(len(FLOWS), -1) for c in ("low", "central", "high"))
        if not ((low <= mode) & (mode <= high)).all():
            raise InputError(f"elasticities: {parameter} must satisfy low <= central <= high in every row")
        u = rng.random((draws, 1, len(FLOWS), 1))
        rise, fall, span = mode - low, high - mode, np.where(high > low, high - low, 1)
        drawn = np.where(u < rise / span, low + np.sqrt(u * span * rise), high - np.sqrt((1 - u) * span * fall))
        return np.concatenate([np.broadcast_to(mode, (1, 1, *mode.shape)), drawn])

    def _price(self, years) -> np.ndarray:
        prices = self.paths.prices
        driver = self._long("phi")["driver"]
        if strange := sorted(set(driver) - set(prices.columns)):
            raise unknown("price", strange[0], prices.columns)
        relative = (prices.loc[years] / prices.loc[self.base.year])[driver.to_list()]
        return relative.to_numpy().reshape(len(years), len(FLOWS), len(GROUPS))

    def _cuts(self, levers) -> np.ndarray:
        """Cut of the delivered price by group: 1 - prod(1 - cut of each lever)."""
        remaining = np.ones(len(GROUPS))
        table = self.levers if self.levers is not None else pd.DataFrame({"lever": []})
        for lever, size in (levers or {}).items():
            rows = table[table["lever"] == lever]
            if rows.empty:
                raise unknown("lever", lever, sorted(set(table["lever"])))
            if isinstance(size, str) and size not in ("low", "central", "high"):
                raise unknown(f"size of lever '{lever}'", size, ("low", "central", "high"))
            if not isinstance(size, str) and not 0 <= size < 1:
                raise InputError(f"lever '{lever}' is {size}; a cut of the delivered price must be in [0, 1)")
            cut = rows[size] if isinstance(size, str) else rows["central"] / rows["central"].max() * size
            by_group = {g: c for groups, c in zip(rows["groups"], cut, strict=True) for g in groups.split("; ")}
            remaining *= 1 - np.array([by_group.get(g, 0.0) for g in GROUPS])
        return 1 - remaining

    def _redirect(self, redirection, share) -> np.ndarray:
        """Way of the logit of China's share to its target, flow x group."""
        shift = np.zeros((len(FLOWS), len(GROUPS)))
        if redirection is not None and not isinstance(redirection, Mapping):
            redirection = dict.fromkeys(CHEMICALS + ENGINEERING, redirection)
        for group, target in (redirection or {}).items():
            if group not in GROUPS:
                raise unknown("group", group, GROUPS)
            if not 0 < target < 1:
                raise InputError(f"redirection of group {group} is {target}; a share must lie between 0 and 1")
            g = GROUPS.index(group)
            shift[0, g] = _logit(target) - _logit(share[0, g])
        return shift

    def _index(self, table: pd.DataFrame, years, name: str):
        if strange := [g for g in table.columns if g not in GROUPS]:
            raise unknown(f"group of {name}", strange[0], GROUPS)
        if missing := [y for y in years if y not in table.index]:
            raise InputError(f"{name} misses the year {missing[0]}; give an index for every projected year")
        index = table.loc[years].reindex(columns=GROUPS)
        if not (index.isna() | (index >= 0)).all(axis=None):
            raise InputError(f"{name} has a negative index; must be zero or positive")
        return index.fillna(0).to_numpy(), np.array([g in table.columns for g in GROUPS])

    def _shocked(self, sample: np.ndarray, years, rng) -> np.ndarray:
        """(3.7) One common shock moves a flow's total, own shocks of the groups move its structure only."""
        if self.errors is None or not len(sample):
            return sample
        horizon = years - self.base.year
        if horizon.max() > (end := self.errors.index.max()):
            raise InputError(f"forecast errors end at horizon {end}; the path asks for {horizon.max()} years")
        deviation = self.errors.reindex(range(end + 1), fill_value=0).loc[horizon]
        total, group = (deviation[[f"{f}_{k}" for f in FLOWS]].to_numpy()[None, :, :, None] for k in ("total", "group"))
        common = rng.standard_normal((len(sample), 1, len(FLOWS), 1))
        moved = sample * np.exp(group * rng.standard_normal((len(sample), 1, len(FLOWS), len(GROUPS))))
        return moved * (sample.sum(-1) / moved.sum(-1))[..., None] * np.exp(total * common)


def _quantiles(draws: np.ndarray) -> dict[str, np.ndarray]:
    return dict(zip(QUANTILES, np.quantile(draws, list(QUANTILES.values()), axis=0), strict=True)) if len(draws) else {}


def _logit(p):
    return np.log(p) - np.log1p(-p)


def engineering_chemicals_share(projection: Projection, prices: str = "current") -> pd.DataFrame:
    """Share of engineering and chemical goods (HS 28-40 and 84-90) by flow and year, fraction; quantiles with draws.

    prices: "current", or "base" for the prices of the base year (current prices move the share with oil alone).
    """
    return projection._frame(share_draws(projection, prices), "share")


def share_draws(projection: Projection, prices: str = "current") -> tuple[np.ndarray, np.ndarray]:
    """The same share as arrays: central (years, flows) and draws (draws, years, flows), fraction."""
    weight = np.zeros((len(FLOWS), len(GROUPS)))
    weight[:, [GROUPS.index(g) for g in CHEMICALS + ENGINEERING]] = 1
    weight[:, GROUPS.index("90-99")] = projection.base.chapter_90.reindex(FLOWS)
    central, draws = ((v * weight).sum(-1) / v.sum(-1) for v in projection.values(prices))
    return central, draws


def china_share_of(model: TradeModel, groups) -> float:
    """China's share in Russia's exports of these groups together in the base year, fraction."""
    value, share = model.base.value[FLOWS[0]][list(groups)], model.base.share[FLOWS[0]][list(groups)]
    return float(value.sum() / (value / share).sum())


def targets(projection: Projection, total_bn_usd: float, year: int = 2030) -> pd.DataFrame:
    """What a turnover target asks of each flow and group, current bn USD and growth per year from the base (%).

    required: the projection scaled as a whole; alone: this group carries the whole gap (growth as well). Raises
    InputError for a year outside the projection and for a total that is not positive.
    """
    if year not in projection.years or year <= projection.base.year:
        raise unknown("target year", year, [y for y in projection.years if y > projection.base.year])
    if not total_bn_usd > 0:
        raise InputError(f"turnover target is {total_bn_usd} bn USD; must be positive")
    first = projection.base.value.rename_axis(index="group", columns="flow").unstack()
    first = first.rename("base_bn_usd").reset_index()
    rows = projection.table[projection.table["year"] == year].merge(first, on=["flow", "group"])
    gap = total_bn_usd - rows["value_bn_usd"].sum()
    levels = {
        "projected": rows["value_bn_usd"],
        "required": rows["value_bn_usd"] * total_bn_usd / rows["value_bn_usd"].sum(),
        "alone": (rows["value_bn_usd"] + gap).where(rows["value_bn_usd"] + gap > 0),
    }
    result = rows[["flow", "group", "base_bn_usd"]].copy()
    for name, level in levels.items():
        result[f"{name}_bn_usd"] = level
        growth = (level / rows["base_bn_usd"]) ** (1 / (year - projection.base.year)) - 1
        result[f"{name}_growth_pct"] = 100 * growth
    return result


def lever_effects(model: TradeModel, size: str = "central") -> pd.DataFrame:
    """Effect of each lever alone and of all together in the last year, beside no lever.

    Returns lever x (exports_bn_usd, imports_bn_usd: change at base-year prices; engineering_chemicals_pp: change of
    their share in Russia's exports to China at base-year prices, percentage points).
    """
    names = [] if model.levers is None else sorted(set(model.levers["lever"]))
    rows = {}
    for name, levers in {
        "none": {},
        **{n: {n: size} for n in names},
        "all together": dict.fromkeys(names, size),
    }.items():
        projection = model.project(levers=levers)
        share = engineering_chemicals_share(projection, "base").set_index(["flow", "year"])["share"]
        flows = projection.values("base")[0][-1].sum(-1)
        rows[name] = [*flows, 100 * share[FLOWS[0], projection.years[-1]]]
    names = ["exports_bn_usd", "imports_bn_usd", "engineering_chemicals_pp"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=names).rename_axis("lever")
    return (table - table.loc["none"]).drop(index="none")


def redirection_needed(model: TradeModel, points: float, year: int = 2030) -> float:
    """China's share in Russia's engineering and chemical exports (every group alike) that lifts their share in exports
    to China by `points` percentage points over the path without it, in `year` at current prices; nan if none does.
    """
    from scipy.optimize import brentq

    years = range(model.base.year, year + 1)

    def share(target: float | None) -> float:
        table = engineering_chemicals_share(model.project(years=years, redirection=target)).set_index(["flow", "year"])
        return 100 * table["share"][FLOWS[0], year]

    wanted = share(None) + points
    if not share(1e-4) < wanted < share(0.999):
        return float("nan")
    return float(brentq(lambda target: share(target) - wanted, 1e-4, 0.999, xtol=1e-8))


def valuation(
    values: pd.DataFrame, mapping: pd.DataFrame, flow: str = "RUS_to_CHN", rub_per_usd: float = 67.05
) -> pd.DataFrame:
    """(3.6) Sectors at basic prices to commodity groups at customs prices: X_g = sum_i share_ig margin_i x_i / rate.

    values: sector x anything (years, scenarios), bn RUB at 2016 basic prices, goods sectors only. mapping: flow,
    sector, group, share (sums to 1 by sector), margin (purchasers' over basic value). rub_per_usd: mean rate of 2016.
    Returns group x the same columns, bn USD at 2016 customs prices. Raises InputError for an unknown flow or sector and
    for shares that do not sum to 1.
    """
    if flow not in FLOWS:
        raise unknown("flow", flow, FLOWS)
    part = mapping[mapping["flow"] == flow]
    total = part.groupby("sector")["share"].sum()
    if (off := (total - 1).abs()).max() > 1e-4:
        raise InputError(f"shares of sector {off.idxmax()} in {flow} sum to {total[off.idxmax()]:g}; must sum to 1")
    if strange := [s for s in values.index if s not in total.index]:
        raise unknown("sector", strange[0], total.index)
    weight = part.assign(w=part["share"] * part["margin"]).pivot(index="group", columns="sector", values="w").fillna(0)
    return (weight[list(values.index)] @ values).reindex(GROUPS, fill_value=0.0) / rub_per_usd


# --------------------------------------------------------------------------------------------------- backtest
def backtest(
    history: pd.DataFrame, elasticities: pd.DataFrame, paths: Paths, world: pd.DataFrame, origin: int, years
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


def _structure(values, flow: str, origin: int) -> pd.Series:
    """Values by group in the latest structure known at the origin, else the first one."""
    groups = values.xs(flow, level="flow").drop(index="TOTAL", level="group", errors="ignore")
    known = [y for y in groups if groups[y].notna().any()]
    weight = groups[max([y for y in known if y <= origin], default=min(known))].dropna()
    return weight.loc[weight.index.get_level_values("series")[0]]  # one reporter, never a mixture


def rolling_errors(history, elasticities, paths: Paths, world, last: int = 2023) -> pd.DataFrame:
    """`backtest` from every origin to every later year up to `last` (hold-out years stay outside).

    Raises InputError when the history misses a year.
    """
    years = [y for y in sorted(history["year"].unique()) if y <= last]
    if gap := sorted(set(range(min(years), max(years) + 1)) - set(years)):
        raise InputError(f"history misses the year {gap[0]}; rolling errors need every year")
    parts = [backtest(history, elasticities, paths, world, o, [y for y in years if y > o]) for o in years[:-1]]
    return pd.concat(parts, ignore_index=True)


def error_table(errors: pd.DataFrame, by=("flow", "method")) -> pd.DataFrame:
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


# --------------------------------------------------------------------------------------- builders: data to inputs
@dataclass(frozen=True)
class Inputs:
    """Everything `TradeModel` needs, from the data package: TradeModel(**vars(inputs()))."""

    base: TradeBase
    elasticities: pd.DataFrame
    paths: Paths
    errors: pd.DataFrame | None
    levers: pd.DataFrame


def china_shares(world: pd.DataFrame, total: pd.DataFrame, value: pd.Series, year: int, method: str = "held"):
    """Share of China in Russia's exports by group in `year` (fraction), from the last year with a world structure.

    world: group x (world_musd, china_musd) of the reference year; total: year x (world, china) of one source; value:
    bilateral exports by group in `year`, bn USD. "held": the world structure is held and scaled to the world total;
    "moved": the reference shares move by the change of the logit of the total share. Miscellaneous goods (90-99) hold
    confidential trade in the world figures and take the total share. Raises InputError for another method.
    """
    if method not in ("held", "moved"):
        raise unknown("method of shares", method, ("held", "moved"))
    reference, overall = world.attrs["year"], total["china"] / total["world"]
    if method == "held":
        share = value * 1e3 / (world["world_musd"] * total["world"][year] / total["world"][reference])
    else:
        shift = _logit(overall[year]) - _logit(overall[reference])
        share = 1 / (1 + np.exp(-_logit(world["china_musd"] / world["world_musd"]) - shift))
    share = share.clip(upper=0.95).reindex(GROUPS)
    share["90-99"] = overall[year]
    return share


def inputs(base_year: int = 2023, prices: str = "mid", elasticity_set: str = "central", shares: str = "held") -> Inputs:
    """Inputs from the data package: base values from BACI, China's shares, paths, elasticities, errors, levers.

    prices: low | mid | high; elasticity_set: low | central | high value as centre; shares: see `china_shares`.
    China's share in Russia's imports is known in total only and is used for every group (assumption). Raises InputError
    for a base year, price path or elasticity set that is not there.
    """
    from rutrade import datasets

    structure = datasets.load("trade_structure")
    structure = structure[(structure["reporter"] == "BACI") & structure["group"].isin(GROUPS)]
    structure = structure.assign(flow=structure["exporter"] + "_to_" + structure["importer"])
    rows = structure[structure["year"] == base_year]
    if rows.empty:
        raise unknown("base year (with both directions by group)", base_year, sorted(set(structure["year"])))
    value = rows.pivot(index="group", columns="flow", values="value_musd").reindex(GROUPS)[list(FLOWS)] / 1e3
    partners = datasets.load("partners")
    partners = partners[(partners["reporter"] == "RUS") & partners["partner"].isin(["WLD", "CHN"])]
    totals = partners.pivot(index=["flow", "year"], columns="partner", values="value_musd")
    totals = totals.rename(columns={"WLD": "world", "CHN": "china"})
    world = datasets.load("world_exports")
    world = world[world["year"] == world["year"].max()].set_index("group").astype({"year": int})
    world.attrs["year"] = int(world["year"].iloc[0])
    imports = totals.loc["import"]
    share = pd.DataFrame({
        "RUS_to_CHN": china_shares(world, totals.loc["export"], value["RUS_to_CHN"], base_year, shares),
        "CHN_to_RUS": float(imports["china"][base_year] / imports["world"][base_year]),
    })  # fmt: skip
    chapters = datasets.load("trade_chapters")
    chapters = chapters[(chapters["reporter"] == "BACI") & (chapters["year"] == base_year) & (chapters["item"] == "90")]
    instruments = chapters.set_index(chapters["exporter"] + "_to_" + chapters["importer"])["value_musd"] / 1e3
    past = history()
    if elasticity_set not in ("low", "central", "high"):
        raise unknown("elasticity set", elasticity_set, ("low", "central", "high"))
    elasticities = past["elasticities"].assign(central=past["elasticities"][elasticity_set])
    base = TradeBase(base_year, value, share, instruments / value.loc["90-99"], "BACI")
    path = past["paths"] if prices == past["paths"].scenario else paths(prices)
    return Inputs(base, elasticities, path, interval_errors(rolling_errors(**past)), datasets.load("trade_levers"))


def paths(prices: str = "mid") -> Paths:
    """Observed prices to 2024 and the path `prices` after that; real GDP of the buyer from the IMF's outlook.

    Raises InputError for an unknown price path.
    """
    from rutrade import datasets

    table = datasets.load("price_paths")
    if prices not in (allowed := [s for s in table["scenario"].unique() if s != "observed"]):
        raise unknown("price path", prices, allowed)
    table = table[table["scenario"].isin(["observed", prices])].astype({"year": int})
    macro = datasets.load("macro").astype({"year": int})
    gdp = macro[macro["indicator"] == "gdp_constant_bn_lcu"].pivot(index="year", columns="area", values="value")
    activity = gdp[["CHN", "RUS"]].set_axis(list(FLOWS), axis=1)
    return Paths(activity, table.pivot(index="year", columns="commodity", values="value"), prices)


def history(last: int = 2023) -> dict:
    """Arguments of `backtest` and `rolling_errors` from the data package (values up to `last`).

    Series never chain reporters: "RUS" (Russian declarations 2013-2021, HS 64-99 as one group), "BACI" (2017-2023),
    "CHN" (Chinese customs, totals only); each has its own "TOTAL".
    """
    from rutrade import datasets

    table = datasets.load("trade_structure").dropna(subset=["value_musd"])
    table = table[table["group"].isin([*GROUPS, "64-99"]) & table["reporter"].isin(["BACI", "RUS"])]
    table = table[~((table["reporter"] == "BACI") & (table["group"] == "64-99"))]
    table = table.assign(flow=table["exporter"] + "_to_" + table["importer"], value_bn_usd=table["value_musd"] / 1e3)
    groups = table.rename(columns={"reporter": "series"})[["series", "flow", "group", "year", "value_bn_usd"]]
    sums = groups.groupby(["series", "flow", "year"], as_index=False)["value_bn_usd"].sum().assign(group="TOTAL")
    totals = datasets.load("trade_totals")
    totals = totals[(totals["reporter"] == "CHN") & totals["preferred"] & totals["flow"].isin(FLOWS)]
    totals = totals.assign(series="CHN", group="TOTAL")[list(groups.columns)]
    result = pd.concat([groups, sums, totals], ignore_index=True).astype({"year": int})
    partners = datasets.load("partners").astype({"year": int})
    buyers = partners[(partners["partner"] == "WLD") & (partners["flow"] == "import")]
    world = buyers.pivot(index="year", columns="reporter", values="value_musd")[["CHN", "RUS"]] / 1e3
    return {
        "history": result[result["year"] <= last],
        "elasticities": datasets.load("trade_elasticities"),
        "paths": paths(),
        "world": world.set_axis(list(FLOWS), axis=1),
    }
