"""A plan as tidy tables with units, and as a folder of them with the manifest of what made it."""

import json
from pathlib import Path

import pandas as pd

from rutrade import __version__, files
from rutrade.plan import inputs
from rutrade.plan.instruments import Policy
from rutrade.plan.planning import Plan

SOURCE = "own calculation by rutrade; budget, staff and most figures of the blocks are assumptions"


def tables(plan: Plan, policy: Policy | None = None) -> dict[str, pd.DataFrame]:
    """What a plan found, tidy: blocks, years, rounds, runner_up, switching, prices, and policy where a target is set.

    Columns carry their unit in the name; money is bn RUB at 2016 prices, present values of the first year.
    """
    blocks = plan.summary().reset_index().rename(columns={
        "capital ahead": "capital_ahead_bn_rub_2016", "money": "public_money_bn_rub_2016", "value": "value_bn_rub_2016",
        "value at best start": "value_at_best_start_bn_rub_2016", "left out": "npv_left_out_bn_rub_2016",
    })  # fmt: skip
    years = plan.prices.table.rename(
        columns={"budget": "price_of_budget", "staff": "price_of_1000_persons_bn_rub_2016"}
    )
    years.insert(0, "public_money_bn_rub_2016", plan.best.total(plan.choices.money))
    years.insert(1, "budget_bn_rub_2016", plan.limits.budget)
    years.insert(2, "staff_persons", plan.people())
    years.insert(3, "staff_limit_persons", plan.limits.staff)
    second = plan.runner_up
    other = {} if second is None else second.chosen(plan.choices)
    runner = pd.DataFrame({"block": list(other), "start": list(other.values())})
    runner["value_of_the_whole_bn_rub_2016"] = None if second is None else second.value
    switching = plan.switching().rename(columns={
        "value": "value_bn_rub_2016", "paper value": "factor_of_paper_value", "multiplier": "factor_of_multiplier",
        "cost": "factor_of_cost",
    })  # fmt: skip
    found = {
        "blocks": blocks, "years": years.reset_index(), "rounds": plan.rounds, "runner_up": runner,
        "switching": switching.reset_index(),
    }  # fmt: skip
    if policy is not None:
        found["policy"] = policy.table.reset_index().rename(columns={"cost": "cost_bn_rub_2016_a_year"})
    return found


def save(plan: Plan, folder: str | Path, policy: Policy | None = None) -> list[Path]:
    """Write the tables as CSV with `manifest.json`; the files. Raises InputError when the folder cannot be written."""
    folder, written, sums = Path(folder), [], {}
    for name, table in tables(plan, policy).items():
        text = table.to_csv(index=False, float_format="%.12g", lineterminator="\n")
        files.write(folder / f"{name}.csv", text)
        written.append(folder / f"{name}.csv")
        sums[f"{name}.csv"] = files.digest([text])
    manifest = {
        "version": __version__, "data": inputs.fingerprint(), "source": SOURCE,
        "plan": {"from": plan.since, "budget_bn_rub_2016": plan.budget, "staff_persons": plan.staff,
                 "keep": list(plan.keep), "parameters": {k: float(v) for k, v in plan.values.items()},
                 "shadow_prices": plan.duals is not None, "value_bn_rub_2016": plan.value, "npv_bn_rub_2016": plan.npv},
        "target": None if policy is None else {
            "kind": policy.target.kind, "value": policy.target.value, "cost_bn_rub_2016_a_year": policy.cost},
        "files": sums,
    }  # fmt: skip
    files.write(folder / "manifest.json", json.dumps(manifest, indent=1) + "\n")
    return [*written, folder / "manifest.json"]


def text(plan: Plan, policy: Policy | None = None) -> str:
    """A plan for the terminal: what is in and when, what the rest would need, prices, and the cost of the target."""
    table, switching, lines = plan.summary(), plan.switching(), []
    limits = f"budget {plan.budget:g} bn RUB 2016 a year and {plan.staff:,.0f} persons (assumptions)"
    lines.append(f"Plan from {plan.since}, {limits}; bn RUB at 2016 prices, present values of {plan.since}")
    lines.append(f"  {'block':38} {'start':>5} {'scale':>6} {'money':>7} {'value':>7}  in if papers were worth")
    for row in table.itertuples():
        inside = row.start == row.start
        needs = plan.choices.blocks[plan.choices.place(row.Index)].needs
        together = row.name if needs is None else next(n for n in switching.index if n.endswith(f" + {row.name}"))
        factor = switching.at[together, "paper value"]
        need = "" if inside or factor != factor else f"{factor:.2f} times as much"
        need += ", with what it needs" if need and needs is not None else ""
        start, scale = (f"{row.start:.0f}", f"{row.scale:.2f}") if inside else ("out", "")
        value = row.value if inside else table.at[row.Index, "value at best start"]
        mark = " *" if row.assumption else ""
        lines.append(f"  {row.name + mark:38} {start:>5} {scale:>6} {row.money:7.1f} {value:7.1f}  {need}")
    lines.append("  * the block itself is an assumption; a block that is out shows the value that it would have")
    lines.append(f"value above leaving everything out {plan.value:.2f}, public NPV with mothballing {plan.npv:.2f}")
    if plan.runner_up is not None:
        names = [plan.choices.blocks[plan.choices.place(n)].title for n in plan.runner_up.chosen(plan.choices)]
        lines.append(f"second best {plan.runner_up.value:.2f}: {'; '.join(names) or 'nothing'}")
    priced = plan.prices.table[(plan.prices.table > 0).any(axis=1)]
    for year, row in priced.iterrows():
        lines.append(f"in {year} a bn RUB more is worth {row['budget']:.2f} bn, 1,000 persons {row['staff']:.2f} bn")
    if priced.empty:
        lines.append("neither budget nor staff binds in any year")
    if "change" in plan.rounds:
        last = plan.rounds.iloc[-1]
        lines.append(f"{last['round']:.0f} rounds with the economy, last change of a shadow price {last['change']:.1g}")
    if policy is not None:
        lines.append(_policy(policy))
    return "\n".join(lines)


def _policy(policy: Policy) -> str:
    t, used = policy.target, policy.table[policy.table["of the largest"] > 1e-6]
    unit = "percentage points of share" if t.kind == "share" else "bn USD of turnover in 2030"
    head = f"target {t.value:g} {unit}: {policy.cost:.1f} bn RUB 2016 a year at least"
    rows = [f"  {r.name:45} {r.size:8.3g} {r.unit}, {r.cost:.1f} bn ({status})" for r, status in
            zip(used.itertuples(), used["status of the cost"], strict=True)]  # fmt: skip
    return "\n".join([head, *rows])
