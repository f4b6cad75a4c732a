"""Small worlds for the tests of the world model, an evaluation of its equations in loops, and a textbook solver."""

import numpy as np
import pandas as pd

from rutrade.trade import world


def tables(regions: int, sectors: int, extraction: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tables of regions and sectors; the first sectors extract, the first of them oil, the next one refines."""
    names = [f"R{n}" for n in range(regions)]
    regions = pd.DataFrame({"region": names, "name": names, "sanctions": [n > 1 for n in range(regions)]})
    codes = [f"S{j}" for j in range(sectors)]
    share = [0.8 - 0.2 * j if j < extraction else 0.0 for j in range(sectors)]
    table = pd.DataFrame(
        {"sector": codes, "name": codes, "group": [f"g{j // 2}" for j in range(sectors)],
         "goods": [j < sectors - 1 for j in range(sectors)], "resource_share": share,
         "oil": [j == 0 for j in range(sectors)], "refining": [j == extraction for j in range(sectors)],
         "theta_family": codes}
    )  # fmt: skip
    return regions, table


def small(seed: int, regions: int = 3, sectors: int = 4, extraction: int = 1, inputs: float = 0.5) -> world.Benchmark:
    """A random balanced world: shares are drawn, spending and output solve for themselves."""
    rng = np.random.default_rng(seed)
    pi = rng.random((sectors, regions, regions)) + 2 * np.eye(regions)
    pi /= pi.sum(2, keepdims=True)
    gamma = rng.random((regions, sectors, sectors))
    gamma *= inputs * rng.uniform(0.5, 1, (regions, 1, sectors)) / gamma.sum(1, keepdims=True)
    final = rng.uniform(1, 10, (regions, sectors))
    matrix = np.einsum("nkj,jmn->nkmj", gamma, pi).reshape(regions * sectors, -1)
    use = np.linalg.solve(np.eye(len(matrix)) - matrix, final.ravel()).reshape(final.shape)
    trade = np.einsum("jni,nj->nji", pi, use)
    output = trade.sum(0).T
    table = tables(regions, sectors, extraction)
    return world.Benchmark(
        trade, gamma * output[:, None, :], table[0].set_index("region"), table[1].set_index("sector"),
        rng.uniform(2, 8, sectors),
    )  # fmt: skip


def gaps(solution) -> dict[str, float]:
    """Largest gap of each equation at a solution, in loops over the published variables; none uses the solver."""
    b, s, x = solution.benchmark, solution.shocks, solution.state
    n, j = b.output.shape
    regions, sectors = range(n), range(j)
    rho, theta = b.resource_share, b.theta
    sigma, eta = b.input_substitution, b.final_substitution
    trade = x.trade
    out = dict.fromkeys(["3.8", "3.9", "gamma", "gate", "3.10", "3.11", "alpha", "use", "output", "3.13", "sums"], 0.0)

    def note(name, left, right):
        out[name] = max(out[name], abs(left - right) / max(abs(right), 1e-9))

    moved = b.sectors["oil"] | b.sectors["refining"]
    for i in regions:
        basket = [b.final[i, k] * s.demand[k, j] * (x.oil_demand if moved.iloc[k] else 1) for k in sectors]
        weight = [f / sum(basket) for f in basket]
        pc = sum(w * x.price[i, k] ** (1 - eta) for k, w in enumerate(weight)) ** (1 / (1 - eta))
        note("alpha", x.consumer_price[i], pc)
        rent = sum(x.resource[i, m] * s.resources[i, m] * b.resource_income[i, m] for m in sectors)
        note("3.13", x.income[i], x.wage[i] * x.labour[i] * b.labour_income[i] + rent + s.balance[i])
        for m in sectors:
            note("3.8", x.factor[i, m], x.wage[i] ** (1 - rho[m]) * x.resource[i, m] ** rho[m])
            free = not b.sectors["refining"].iloc[m]
            gamma = [
                b.inputs[i, k, m] / b.output[i, m] * s.demand[k, m]
                * (x.oil_demand if moved.iloc[k] and free else 1) for k in sectors
            ]  # fmt: skip
            own = 1 - sum(gamma)
            cost = sum(g * x.price[i, k] ** (1 - sigma) for k, g in enumerate(gamma))
            note("3.9", x.cost[i, m] ** (1 - sigma), cost + own * x.factor[i, m] ** (1 - sigma))
            for k in sectors:
                note("gamma", x.input_share[i, k, m], gamma[k] * (x.price[i, k] / x.cost[i, m]) ** (1 - sigma))
            note("gate", x.gate[i, m], s.fob[i, m] if s.given[i, m] else x.cost[i, m] / s.productivity[i, m])
            total = 0.0
            for e in regions:
                pi = b.trade[i, m, e] / b.use[i, m]
                delivered = s.trade_cost[i, m, e] * x.gate[e, m]
                total += pi * delivered ** -theta[m]
                note("3.11", trade[i, m, e] / x.use[i, m], pi * (delivered / x.price[i, m]) ** -theta[m])
            note("3.10", x.price[i, m] ** -theta[m], total)
            spent = weight[m] * (x.price[i, m] / pc) ** (1 - eta) * x.income[i]
            spent += sum(x.input_share[i, m, user] * x.output[i, user] for user in sectors)
            note("use", x.use[i, m], spent)
            note("output", x.output[i, m], sum(trade[e, m, i] for e in regions))
            made = x.output[i, m] - sum(x.input_share[i, k, m] * x.output[i, m] for k in sectors)
            note("sums", x.value_added[i, m], made)
            if rho[m] > 0:
                note("sums", rho[m] * made, x.resource[i, m] * s.resources[i, m] * b.resource_income[i, m])
        hired = sum((1 - rho[m]) * x.value_added[i, m] for m in sectors)
        note("sums", hired, x.wage[i] * x.labour[i] * b.labour_income[i])
    note("sums", x.value_added.sum(), b.value_added.sum())
    return out


def fixed_point(b, trade_cost, tolerance=1e-10, damping=0.2, limit=100_000):
    """A textbook's damped fixed point: prices, then spending, by repetition; wages and rents move with excess demand.

    trade_cost: importer x sector x exporter. Returns flows (bn USD) and the largest excess demand.
    """
    rho, theta = b.resource_share, b.theta
    k, f = 1 - b.input_substitution, 1 - b.final_substitution
    wage, rent = np.ones(len(b.regions)), np.ones_like(b.output)
    price, use = np.ones_like(b.output), b.use.copy()
    mined = b.resource_income > 0
    for _ in range(limit):
        factor = wage[:, None] ** (1 - rho) * rent**rho
        for _ in range(limit):
            cost = (np.einsum("nkj,nk->nj", b.input_share, price**k) + b.value_added_share * factor**k) ** (1 / k)
            weight = b.import_share * (trade_cost * cost.T[None]) ** -theta[None, :, None]
            new = weight.sum(2) ** (-1 / theta)
            gap = np.abs(new / price - 1).max()
            price = new
            if gap < tolerance / 100:
                break
        share = weight / weight.sum(2, keepdims=True)
        inputs = b.input_share * (price[:, :, None] / cost[:, None, :]) ** k
        own = b.value_added_share * (factor / cost) ** k
        basket = b.final_share * price**f
        income = wage * b.labour_income + (rent * b.resource_income).sum(1) + b.balance
        final = basket / basket.sum(1, keepdims=True) * income[:, None]
        for _ in range(limit):
            output = np.einsum("nji,nj->ij", share, use)
            new = final + np.einsum("nkj,nj->nk", inputs, output)
            gap = np.abs(new / use - 1).max()
            use = new
            if gap < tolerance / 100:
                break
        made = own * output
        hired = made @ (1 - rho) / (wage * b.labour_income) - 1
        dug = np.where(mined, rho * made / np.where(mined, rent * b.resource_income, 1) - 1, 0)
        worst = max(np.abs(hired).max(), np.abs(dug).max())
        if worst < tolerance:
            break
        wage, rent = wage * (1 + damping * hired), rent * (1 + damping * dug)
        scale = b.value_added.sum() / ((wage * b.labour_income).sum() + (rent * b.resource_income).sum())
        wage, rent = wage * scale, rent * scale
    return share * use[:, :, None], worst
