"""(5.6) The inverse question: the least public cost of instruments that reach a share or a turnover in 2030.

Responses of exports and imports are those of the linked models, each instrument at its largest size; between nothing
and that they are taken as proportional, and what is found can be checked on the linked models.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from rutrade import InputError, unknown

COLUMNS = ("exports", "wanted", "turnover")  # bn USD of 2030: exports and, of them, the wanted groups; turnover
BASE = "without"  # the row of responses that holds 2030 without any instrument
TARGETS = ("share", "turnover")


@dataclass(frozen=True)
class Target:
    """What is asked for: `kind` share (rise in percentage points) or turnover (bn USD, current prices)."""

    kind: str
    value: float

    def __post_init__(self) -> None:
        if self.kind not in TARGETS:
            raise unknown("target", self.kind, TARGETS)
        if not (np.isfinite(self.value) and self.value > 0):
            raise InputError(f"target {self.kind} = {self.value:g} is not allowed: above 0")

    @classmethod
    def read(cls, text: str) -> "Target":
        """From `share+1` or `turnover=300`. Raises InputError for another form."""
        for kind, sign in (("share", "+"), ("turnover", "=")):
            start, found, number = text.partition(sign)
            if found and start == kind:
                try:
                    return cls(kind, float(number))
                except ValueError as error:
                    if isinstance(error, InputError):
                        raise
        raise InputError(f"target '{text}' is not allowed: share+POINTS, such as share+1, or turnover=BN_USD")


@dataclass(frozen=True, eq=False)
class Policy:
    """The cheapest mix for a target: table by instrument (size, unit, cost a year in bn RUB 2016, status), total cost,
    what is reached, and the price of a bit more of the target.
    """

    target: Target
    table: pd.DataFrame
    cost: float
    reached: float
    marginal: float
    sizes: Mapping[str, float] = field(repr=False)

    def _repr_html_(self) -> str:
        return self.table.to_html(float_format="{:.3g}".format)


@dataclass(frozen=True, eq=False)
class Instruments:
    """Instruments with their responses and costs at the largest size.

    `table`: rows of `instrument_costs`; `responses` (instrument and `without`, columns of COLUMNS): 2030, bn USD, and
    the change by each instrument; `costs`: bn RUB 2016 a year; `whole`: those that are taken as a whole or not at all.
    """

    table: pd.DataFrame
    responses: pd.DataFrame
    costs: pd.Series
    whole: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """Instruments with a response, in the table's order."""
        return [name for name in self.table.index if name in self.responses.index]

    @property
    def share(self) -> float:
        """Share of the wanted groups without any instrument, %."""
        base = self.responses.loc[BASE]
        return 100 * float(base["wanted"] / base["exports"])

    def least(self, target: Target, given: Mapping[str, float] | None = None, without: Iterable[str] = ()) -> Policy:
        """The cheapest mix of sizes 0 to 1 (of the largest) that reaches the target.

        `given`: sizes of what is not bought but chosen, such as sanction_relief; `without`: instruments left out.
        Raises InputError for a target out of reach, which says the most that can be reached, and for an unknown
        instrument or a size outside 0 to 1.
        """
        from scipy.optimize import Bounds, LinearConstraint, milp

        low, high = self._sizes(given, without)
        gain, need = self._row(target)
        if float(np.where(gain > 0, high * gain, low * gain).sum()) < need - 1e-9:
            most = self.most(target.kind, given, without)
            unit = "points of share" if target.kind == "share" else "bn USD of turnover"
            raise InputError(
                f"target {target.kind} = {target.value:g} is out of reach: the most that all instruments reach "
                f"together is {most:.3g} {unit}"
            )
        cost = self.costs[self.names].to_numpy(float)
        kind = np.array([int(n in self.whole) for n in self.names])

        def solved(right: float) -> np.ndarray | None:
            row = LinearConstraint(gain[None, :], right, np.inf)
            options = {"mip_rel_gap": 0.0}
            found = milp(cost, constraints=row, bounds=Bounds(low, high), integrality=kind, options=options)
            return None if found.x is None else np.clip(found.x, low, high)

        sizes = solved(need)
        if sizes is None:  # on the edge of what can be reached
            sizes = np.where(gain > 0, high, low)
        step = 1e-4 * max(abs(need), 1e-6)
        more = solved(need + step)
        marginal = np.nan if more is None else float(cost @ (more - sizes)) / step * self._per(target)
        return self._policy(target, dict(zip(self.names, sizes, strict=True)), marginal)

    def most(self, kind: str, given: Mapping[str, float] | None = None, without: Iterable[str] = ()) -> float:
        """The most that all instruments together reach: rise of the share in points, or turnover in bn USD.

        The share is a ratio of linear terms: at its most, each instrument is at an end by the sign of its gain.
        """
        low, high = self._sizes(given, without)
        if kind == "turnover":
            gain = self.responses.loc[self.names, "turnover"].to_numpy(float)
            return float(self.responses.at[BASE, "turnover"] + np.where(gain > 0, high, low) @ gain)
        least, most = 0.0, 100.0 - self.share
        for _ in range(80):
            middle = (least + most) / 2
            gain, need = self._row(Target("share", middle))
            within = np.where(gain > 0, high, low) @ gain >= need
            least, most = (middle, most) if within else (least, middle)
        return least

    def curve(self, kind: str, points: int = 12, **options: object) -> pd.DataFrame:
        """Cost of a target, bn RUB 2016 a year, from a small one to the most there can be.

        Columns: target, cost, marginal (cost of a point of share or of a bn USD more), instruments.
        """
        most = self.most(kind, **options)  # type: ignore[arg-type]
        start = 0.0 if kind == "share" else float(self.responses.at[BASE, "turnover"])
        rows = []
        for value in np.linspace(start, most, points + 1)[1:]:
            policy = self.least(Target(kind, float(value) * (1 - 1e-9)), **options)  # type: ignore[arg-type]
            used = policy.table[policy.table["size"] > 1e-9]["name"]
            rows.append(
                {"target": value, "cost": policy.cost, "marginal": policy.marginal, "instruments": "; ".join(used)}
            )
        return pd.DataFrame(rows)

    def reached(self, sizes: Mapping[str, float], kind: str) -> float:
        """Rise of the share (points) or turnover (bn USD) by a mix, at proportional responses."""
        rows = self.responses.loc[list(sizes)]
        after = self.responses.loc[BASE] + rows.mul(pd.Series(dict(sizes)), axis=0).sum()
        return (
            float(after["turnover"])
            if kind == "turnover"
            else 100 * float(after["wanted"] / after["exports"]) - self.share
        )

    def _sizes(self, given: Mapping[str, float] | None, without: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
        given, without = dict(given or {}), tuple(without)
        for name in (*given, *without):
            if name not in self.names:
                raise unknown("instrument", name, self.names)
        for name, size in given.items():
            if not 0 <= size <= 1:
                raise InputError(f"size of instrument '{name}' = {size:g} is not allowed: from 0 to 1")
        exogenous = self.table["direction"] == "exogenous"
        high = np.array([given.get(n, 0.0 if exogenous[n] or n in without else 1.0) for n in self.names])
        low = np.array([given.get(n, 0.0) for n in self.names])
        return low, high

    def _row(self, target: Target) -> tuple[np.ndarray, float]:
        """(5.6) The target as a linear condition gain . sizes >= need.

        A share s is reached when sum (e - s f) x >= s X - E, with e, f changes of wanted and of all exports.
        """
        base, change = self.responses.loc[BASE], self.responses.loc[self.names]
        if target.kind == "turnover":
            return change["turnover"].to_numpy(float), float(target.value - base["turnover"])
        s = (self.share + target.value) / 100
        gain = (change["wanted"] - s * change["exports"]).to_numpy(float)
        return gain, float(s * base["exports"] - base["wanted"])

    def _per(self, target: Target) -> float:
        """What the condition's right-hand side rises by per unit of the target."""
        return 1.0 if target.kind == "turnover" else float(self.responses.at[BASE, "exports"]) / 100

    def _policy(self, target: Target, sizes: dict[str, float], marginal: float) -> Policy:
        t = self.table.loc[self.names]
        size = pd.Series(sizes).where(lambda x: x > 1e-9, 0.0)
        shown = pd.DataFrame({
            "name": t["name"], "size": size * t["largest"], "unit": t["largest_unit"], "of the largest": size,
            "cost": size * self.costs[self.names], "status of the cost": t["status"],
        })  # fmt: skip
        return Policy(target, shown, float(shown["cost"].sum()), self.reached(sizes, target.kind), marginal, sizes)


def costs(
    table: pd.DataFrame, responses: pd.DataFrame, roubles: float, programme: float, column: str = "cost"
) -> pd.Series:
    """Cost at the largest size, bn RUB 2016 a year; `column`: cost, cost_low or cost_high.

    What is `paid` costs its rate times the exports that it is paid on, those it finds included; `roubles`: bn RUB 2016
    per bn USD; `programme`: public money of the research programme a year. Raises InputError for another column.
    """
    if column not in ("cost", "cost_low", "cost_high"):
        raise unknown("column of cost", column, ("cost", "cost_low", "cost_high"))
    found = table[column].astype(float).copy()
    for name in table.index[(table["cost_basis"] == "paid") & table.index.isin(responses.index)]:
        supported = responses.at[BASE, "wanted"] + responses.at[name, "wanted"]
        found[name] *= table.at[name, "largest"] * supported * roubles
    found[table["cost_basis"] == "plan"] = programme
    return found
