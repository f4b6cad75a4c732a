"""The plan as a chart: when each block is built and runs, and the public money a year under its budget."""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from rutrade.plan.planning import Plan

LAST = 2041  # last year shown
BUILT, RUNS, MONEY, LINE, ASKED = "#c98f2c", "#1f5fae", "#6b4423", "#b8402a", "#48566b"


def gantt(plan: "Plan", ax: Any = None) -> Any:
    """Bars by block that is in, from the first money to `LAST`; below, money a year, the budget's line, and the money
    that today's programme would ask for.

    `ax`: two axes, upper and lower; they are returned.
    """
    import matplotlib.pyplot as plt

    from rutrade.plan.planning import today

    if ax is None:
        ax = plt.subplots(2, 1, sharex=True, height_ratios=(3, 2), figsize=(7.6, 4.6))[1]
    upper, lower = ax
    c, row, names = plan.choices, 0, []
    for i, b in enumerate(c.blocks):
        if not plan.best.y[i].any():
            continue
        start = c.starts[int(np.argmax(plan.best.y[i]))]
        begun = int(c.years[np.flatnonzero(c.money[i, c.starts.index(start)] > 1e-9)[0]])
        end = min(start + b.item.life_years, LAST + 1)
        if begun < start:
            upper.barh(row, start - begun, left=begun, color=BUILT, height=0.6, label="building")
        upper.barh(row, end - start, left=start, color=RUNS, height=0.6, label="running")
        scale = float(plan.best.q[i].sum())
        names.append(b.title if scale > 1 - 1e-9 else f"{b.title} ({scale:.0%})")
        row += 1
    upper.set_yticks(range(row), names)
    upper.set_ylim(max(row, 3) - 0.5, -0.6)  # a single block is a bar and no wall
    money = plan.best.total(c.money)
    shown = c.years <= LAST
    lower.bar(c.years[shown] + 0.5, money[shown], width=0.9, color=MONEY)
    asked = today(c).total(c.money)
    lower.step(c.years[shown] + 0.5, asked[shown], where="mid", color=ASKED)
    place = (float(c.years[shown][-1]) + 0.5, float(asked[shown][-1]))
    lower.annotate("as planned today", place, xytext=(-4, 5), textcoords="offset points", color=ASKED, ha="right")
    if np.isfinite(plan.budget):
        lower.axhline(plan.budget, color=LINE, linewidth=1.4)
        place = (LAST + 1, plan.budget)
        lower.annotate("budget", place, xytext=(4, 0), textcoords="offset points", color=LINE, va="center")
    lower.set(ylabel="bn RUB 2016", ylim=(0, None))
    lower.set_xlim(plan.since, LAST + 1)
    lower.set_xticks(range(plan.since - plan.since % 5 + 5, LAST + 1, 5))
    return ax
