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
    `capital`: 'investment' takes the capital of regions from their own investment and the cost of new capacity from
    the growth and investment of each stage (2.6'), 'sectors' one coefficient a sector for all regions and years (2.6).
    `trade`: 'curves' lets exports follow demand curves and imports an isoquant (2.12'), 'bands' keeps both within
    bands around their paths (2.12).
    `china`: 'customs' takes China's shares by product from customs figures, 'shift' moves those of 2016 to the total.
    `rail`: 'plan' follows the plan of the Eastern railways, 'held' keeps the capacity of 2023.
    `technique`: elasticity of substitution between labour and capital in new capacity (2.6''), 0: one technique;
    `capital_charge`: what capital earns a year at market prices, which with pay gives labour's share there (assumption:
    the public rate of discount and depreciation).
    `terminal_growth`: g of (2.9'), a year (None: growth of the last year of the forecast in the paths);
    `depreciation`: delta of (2.9'), a year (assumption). Raises InputError for a value outside its choices.
    """

    value_shares: float = 1.0
    engel: bool = True
    labour: str = "pay"
    balance: str = "currency"
    investment: str = "terminal"
    capital: str = "investment"
    trade: str = "curves"
    china: str = "customs"
    rail: str = "plan"
    technique: float = 0.5
    capital_charge: float = 0.08
    terminal_growth: float | None = None
    depreciation: float = 0.03
    observed_to: int = 2023

    CHOICES: ClassVar[dict[str, tuple[str, ...]]] = {
        "labour": ("pay", "persons"), "balance": ("currency", "path"), "investment": ("terminal", "path"),
        "capital": ("investment", "sectors"), "trade": ("curves", "bands"), "china": ("customs", "shift"),
        "rail": ("plan", "held"),
    }  # fmt: skip

    def __post_init__(self) -> None:
        for name, allowed in self.CHOICES.items():
            if getattr(self, name) not in allowed:
                raise unknown(f"option '{name}'", getattr(self, name), allowed)
        if not 0 <= self.value_shares <= 1:
            raise InputError(f"option 'value_shares' is {self.value_shares}; allowed is 0 to 1")
        if not (0 <= self.technique < 10) or self.technique == 1:
            raise InputError(f"option 'technique' is {self.technique}; allowed is 0 to below 10, and not 1")
        if not 0 < self.capital_charge < 1:
            raise InputError(f"option 'capital_charge' is {self.capital_charge}; allowed is above 0 and below 1")
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
    capital="sectors",
    technique=0.0,
    trade="bands",
    china="shift",
    rail="held",
)
