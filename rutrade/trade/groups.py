"""Flows, commodity groups and quantiles that model 3 speaks of."""

FLOWS = ("RUS_to_CHN", "CHN_to_RUS")

GROUPS = ("01-05", "06-15", "16-24", "25-26", "27", "28-38", "39-40", "41-43", "44-49", "50-63", "64-67", "68-71",
          "72-83", "84-85", "86-89", "90-99")  # fmt: skip

CHEMICALS, ENGINEERING = ("28-38", "39-40"), ("84-85", "86-89")  # engineering also takes chapter 90 out of 90-99

QUANTILES = {"q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95}
