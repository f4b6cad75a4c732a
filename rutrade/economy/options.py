"""What distinguishes the two rounds of model 2: which equations hold, each with its parameters."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from rutrade import InputError, unknown


@dataclass(frozen=True)
class Options:
    """Equations of model 2 that can be switched, with their parameters; each alone, so that its effect can be shown.

    `value_shares`: theta of (2.2'), 0 keeps the coefficients of 2016, 1 keeps the value shares.
    `engel`: household demand by the linear expenditure system (2.2''), else in the proportions of the base year.
    `labour`: 'pay' weighs labour by pay of the base year (2.4'), 'persons' counts heads (2.4).
    `balance`: 'currency' moves S with the current account (2.8'), 'path' values it at the path's own prices (2.8).
    `investment`: 'terminal' asks what growth after the horizon needs (2.9') in the years after `observed_to`, 'path'
    keeps the observed and projected path as a floor (2.9).
    `trade`: 'curves' lets exports follow demand curves and imports an isoquant (2.12'), 'bands' keeps both within
    bands around their paths (2.12).
    `china`: 'customs' takes China's shares by product from customs figures, 'shift' moves those of 2016 to the total.
    `rail`: 'plan' follows the plan of the Eastern railways, 'held' keeps the capacity of 2023.
    `terminal_growth`: g of (2.9'), a year (None: growth of the last year of the forecast in the paths);
    `depreciation`: delta of (2.9'), a year (assumption). Raises InputError for a value outside its choices.
    """

    value_shares: float = 1.0
    engel: bool = True
    labour: str = "pay"
    balance: str = "currency"
    investment: str = "terminal"
    trade: str = "curves"
    china: str = "customs"
    rail: str = "plan"
    terminal_growth: float | None = None
    depreciation: float = 0.03
    observed_to: int = 2023

    CHOICES: ClassVar[dict[str, tuple[str, ...]]] = {
        "labour": ("pay", "persons"), "balance": ("currency", "path"), "investment": ("terminal", "path"),
        "trade": ("curves", "bands"), "china": ("customs", "shift"), "rail": ("plan", "held"),
    }  # fmt: skip

    def __post_init__(self) -> None:
        for name, allowed in self.CHOICES.items():
            if getattr(self, name) not in allowed:
                raise unknown(f"option '{name}'", getattr(self, name), allowed)
        if not 0 <= self.value_shares <= 1:
            raise InputError(f"option 'value_shares' is {self.value_shares}; allowed is 0 to 1")
        if not 0 < self.depreciation < 1:
            raise InputError(f"option 'depreciation' is {self.depreciation}; allowed is above 0 and below 1")
        if self.terminal_growth is not None and not -self.depreciation < self.terminal_growth < 0.2:
            raise InputError(
                f"option 'terminal_growth' is {self.terminal_growth}; allowed is above {-self.depreciation} (or no "
                "investment is left) and below 0.2"
            )

    def but(self, **changes: Any) -> "Options":
        """The same options with some changed."""
        return replace(self, **changes)


FIRST_ROUND = Options(
    value_shares=0.0,
    engel=False,
    labour="persons",
    balance="path",
    investment="path",
    trade="bands",
    china="shift",
    rail="held",
)
