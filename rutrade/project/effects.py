"""When the effects of an object happen: each has its own start, ramp and life, equation (1.8)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rutrade import InputError, unknown

if TYPE_CHECKING:
    from rutrade.project.objects import Project

EFFECTS = ("users", "spillover", "knowledge", "human_capital", "ecology", "price_effects", "productivity")


def within(owner: str, name: str, value: float, low: float, high: float = np.inf) -> None:
    """Refuse text, NaN and numbers outside low to high. Raises InputError."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise InputError(f"{owner}: {name} = {value!r} is not allowed: a number is required")
    if not low <= value <= high:
        allowed = f"at least {low:g}" if high == np.inf else f"from {low:g} to {high:g}"
        raise InputError(f"{owner}: {name} = {value} is not allowed: {allowed}")


@dataclass(frozen=True)
class Timing:
    """When one effect of an object happens (1.8), relative to what causes it (use, procurement, purchases).

    `lag_years`: years from cause to effect. `start_year`: calendar year before which there is none (None: when the
    first cause, so lagged, appears); a delay of the object moves it. `ramp`: share of full size in the first years
    of the effect. `life_years`: years it lasts from its first one (None: as long as its cause).
    """

    start_year: int | None = None
    lag_years: int = 0
    ramp: tuple[float, ...] = ()
    life_years: int | None = None

    def __post_init__(self) -> None:
        within("effect", "lag_years", self.lag_years, 0)
        for share in self.ramp:
            within("effect", "ramp", share, 0, 1)
        if self.life_years is not None:
            within("effect", "life_years", self.life_years, 1)
        if self.start_year is not None:
            within("effect", "start_year", self.start_year, 1900)


# Where an object says nothing: what suppliers learn shows two years after the purchase (assumption), the rest at once.
USUAL = dict.fromkeys(EFFECTS, Timing()) | {"spillover": Timing(lag_years=2)}


def timings(given: Mapping[str, Timing]) -> dict[str, Timing]:
    """The timing of every effect, the usual one where none is given. Raises InputError for an unknown effect."""
    for name in given:
        if name not in EFFECTS:
            raise unknown("effect", name, EFFECTS)
    return USUAL | dict(given)


def timed(cause: np.ndarray, timing: Timing, project: "Project", delay: int) -> np.ndarray:
    """The effect by year of a cause by year of the project's horizon, (years,), in the cause's unit.

    (1.8) e(t) = c(t - l) r(t - s), where r is 0 before the effect's start s and from s + life, the ramp's share in its
    first years and 1 after them; s is `start_year` moved by the delay, or the first year of c(t - l). What was caused
    before the year the appraisal looks forward from is left out: it comes whatever is decided.
    """

    def lagged(flow: np.ndarray) -> np.ndarray:
        return np.concatenate([np.zeros(timing.lag_years), flow])[: len(flow)]

    years, whole = project.horizon, lagged(cause)
    if not whole.any():
        return whole
    start = years[np.flatnonzero(whole)[0]] if timing.start_year is None else timing.start_year + delay
    age = years - start
    share = np.where(age >= 0, 1.0, 0.0)
    for i, part in enumerate(timing.ramp):
        share[age == i] = part
    if timing.life_years is not None:
        share[age >= timing.life_years] = 0.0
    return lagged(cause * (years >= project.base_year)) * share
