"""The equations of the world model, (3.8)-(3.13), in hats (new over benchmark), and their derivative at the benchmark.

Index order: trade [importer n, sector j, exporter i], inputs [region n, input k, user j], the rest [region n, sector j].
Values are bn USD; world value added is the numeraire and stays what it is in the benchmark.
"""

from dataclasses import dataclass

import numpy as np

from rutrade import InputError
from rutrade.trade.shocks import Shocks
from rutrade.trade.world import Benchmark

PRICE_TOLERANCE = 2e-14  # largest gap of a log price in (3.9)-(3.10)


@dataclass(frozen=True, eq=False)
class State:
    """Every variable at one point of the factor prices; hats, except for levels in bn USD where it says so."""

    wage: np.ndarray  # w_n
    resource: np.ndarray  # r_nj
    factor: np.ndarray  # v_nj
    cost: np.ndarray  # c_nj
    gate: np.ndarray  # c_ij / T_ij, or as given
    price: np.ndarray  # P_nj
    consumer_price: np.ndarray  # n
    import_share: np.ndarray  # pi'_jni, as n x j x i
    input_share: np.ndarray  # gamma'_nkj
    value_added_share: np.ndarray  # gamma^v'_nj
    final: np.ndarray  # alpha'_nk I'_n, bn USD
    income: np.ndarray  # I'_n, bn USD
    use: np.ndarray  # X'_nk, bn USD
    output: np.ndarray  # Y'_ij, bn USD
    residual: np.ndarray  # excess demand of labour (n), then of specific factors (n x j), as shares of supply
    log_price: np.ndarray

    @property
    def trade(self) -> np.ndarray:
        """Flows, bn USD, importer x sector x exporter."""
        return self.import_share * self.use[:, :, None]

    @property
    def value_added(self) -> np.ndarray:
        """Value added, bn USD."""
        return self.value_added_share * self.output


class System:
    """The equations for one benchmark and one set of shocks; `at(u)` evaluates them.

    u: log hats of wages (n), then of the specific factors (n x j with a positive income, in `unknowns`).
    """

    def __init__(self, b: Benchmark, shocks: Shocks):
        self.b, self.shocks = b, shocks
        self.active = b.resource_income > 0
        self.unknowns = len(b.regions) + int(self.active.sum())
        s, sectors = shocks, len(b.sectors)
        self.inputs = b.input_share * s.demand[None, :, :sectors]
        self.primary = 1 - self.inputs.sum(1)
        self.wanted = b.final_share * s.demand[None, :, sectors]
        self.wanted = self.wanted / self.wanted.sum(1, keepdims=True)
        if ((self.primary <= 0) & (b.value_added_share > 0)).any():
            n, j = np.argwhere((self.primary <= 0) & (b.value_added_share > 0))[0]
            raise InputError(
                f"demand: inputs of {b.sector_codes[j]} in {b.region_codes[n]} would take"
                f" {self.inputs[n, :, j].sum():.3g} of its cost; must stay below 1"
            )
        theta = b.theta
        # sector first: pi tau^-theta as one matrix product by sector
        self.open = (b.import_share * s.trade_cost ** -theta[None, :, None]).transpose(1, 0, 2).copy()
        self.world = b.value_added.sum()
        self.prepared = prepared(b, s.given)

    def _blend(self, weights, price, primary, factor, substitution):
        """log of the CES mean of input prices and the factor price, (3.9)."""
        k = 1 - substitution
        if abs(k) < 1e-9:
            return np.matmul(price[:, None, :], weights)[:, 0] + primary * factor
        mean = np.matmul(np.exp(k * price)[:, None, :], weights)[:, 0] + primary * np.exp(k * factor)
        return np.log(mean) / k

    def _prices(self, factor: np.ndarray, start: np.ndarray):
        """log P, log c and log gate prices that solve (3.9) and (3.10) at the factor prices, and pi' sector first."""
        b, s = self.b, self.shocks
        log_t, fob, given = np.log(s.productivity), np.log(s.fob), s.given
        price, last = start, np.inf
        for _ in range(1000):
            cost = self._blend(self.inputs, price, self.primary, factor, b.input_substitution)
            gate = np.where(given, fob, cost - log_t)
            weight = np.exp(-b.theta * gate).T[:, None, :] * self.open
            total = weight.sum(2)
            new = -np.log(total).T / b.theta
            gap = new - price
            size = np.abs(gap).max()
            if not size > PRICE_TOLERANCE * (1 + np.abs(price).max()):
                return new, cost, gate, weight / total[:, :, None]
            # Newton with the benchmark's derivative; far from the benchmark the plain iteration, which contracts
            if size < 0.7 * last:
                price = price + self.prepared.price_step(gap)
            else:
                price = new
            last = size
        return new, cost, gate, weight / total[:, :, None]

    def split(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """log wages and log resource prices (region x sector) of the unknowns."""
        n = len(self.b.regions)
        resource = np.zeros_like(self.b.output)
        resource[self.active] = u[n:]
        return u[:n], resource

    def at(self, u: np.ndarray, start: np.ndarray | None = None) -> State:
        """Evaluate all equations at the unknowns; `start`: log prices to start (3.9)-(3.10) from."""
        b, s = self.b, self.shocks
        log_w, log_r = self.split(u)
        rho = b.resource_share
        factor = (1 - rho) * log_w[:, None] + rho * log_r  # (3.8)
        log_p, cost, gate, share = self._prices(factor, np.zeros_like(b.output) if start is None else start)
        k, f = 1 - b.input_substitution, 1 - b.final_substitution
        inputs = self.inputs * np.exp(k * (log_p[:, :, None] - cost[:, None, :]))  # gamma' of (3.9)
        primary = self.primary * np.exp(k * (factor - cost))
        basket = self.wanted * np.exp(f * log_p)
        consumer = np.log(basket.sum(1)) / f if abs(f) > 1e-9 else (self.wanted * log_p).sum(1)
        labour = np.exp(log_w) * s.labour * b.labour_income
        rent = np.exp(log_r) * s.resources * b.resource_income
        income = labour + rent.sum(1) + s.balance  # (3.13)
        final = basket / basket.sum(1, keepdims=True) * income[:, None]
        use = np.linalg.solve(_chain(share, inputs).T, final.ravel()).reshape(final.shape)  # (3.12)
        output = np.einsum("jni,nj->ij", share, use)
        made = primary * output
        numeraire = (labour.sum() + rent.sum()) / self.world - 1
        excess = [(made @ (1 - rho)) / labour - 1, ((rho * made)[self.active] / rent[self.active]) - 1]
        return State(
            np.exp(log_w), np.exp(log_r), np.exp(factor), np.exp(cost), np.exp(gate), np.exp(log_p), np.exp(consumer),
            share.transpose(1, 0, 2), inputs, primary, final, income, use, output,
            np.concatenate(excess) + numeraire, log_p,
        )  # fmt: skip


def _chain(share: np.ndarray, inputs: np.ndarray, free: np.ndarray | None = None) -> np.ndarray:
    """I - M with M_(nj)(ik) = pi_jni gamma_ikj (share sector first); `free` masks exporters whose cost counts."""
    j, n, _ = share.shape
    weight = share if free is None else share * free.T[:, None, :]
    matrix = -np.einsum("jni,ikj->njik", weight, inputs).reshape(n * j, n * j)
    matrix[np.diag_indices(n * j)] += 1
    return matrix


@dataclass(frozen=True, eq=False)
class Prepared:
    """What solutions from one benchmark share: the factorised price system, and the Jacobian of the residual."""

    lu: tuple
    jacobian: np.ndarray
    inverse: np.ndarray

    def price_step(self, gap: np.ndarray) -> np.ndarray:
        """Newton step of log prices for a gap of (3.10)."""
        from scipy.linalg import lu_solve

        return lu_solve(self.lu, gap.ravel(), check_finite=False).reshape(gap.shape)


def prepared(b: Benchmark, given: np.ndarray) -> Prepared:
    """Factorisations at the benchmark, made once for each set of given prices."""
    from scipy.linalg import lu_factor

    key = given.tobytes()
    if key not in b.prepared:
        share = b.import_share.transpose(1, 0, 2)
        lu = lu_factor(_chain(share, b.input_share, ~given), check_finite=False)
        jacobian = Linear(b, given, lu).residual_jacobian()
        b.prepared[key] = Prepared(lu, jacobian, np.linalg.inv(jacobian))
    return b.prepared[key]


@dataclass(frozen=True, eq=False)
class Change:
    """First-order changes for m directions: logs of hats, except levels (bn USD) of use, output, value added."""

    gate: np.ndarray  # n x j x m
    price: np.ndarray  # n x j x m
    trade: np.ndarray  # importer x sector x exporter x m, relative
    output: np.ndarray  # n x j x m, bn USD
    residual: np.ndarray  # unknowns x m


class Linear:
    """(3.8)-(3.13) to first order at the benchmark, many directions at once."""

    def __init__(self, b: Benchmark, given: np.ndarray, lu: tuple | None = None):
        from scipy.linalg import lu_factor

        self.b, self.free = b, ~given
        self.share = b.import_share.transpose(1, 0, 2)
        self.lu = lu or lu_factor(_chain(self.share, b.input_share, self.free), check_finite=False)
        self.lu_use = self.lu if self.free.all() else lu_factor(_chain(self.share, b.input_share), check_finite=False)
        self.active = b.resource_income > 0

    def change(self, wage, resource, gate=None, trade_cost=None) -> Change:
        """Changes for log changes of wages (n x m), resource prices (n x j x m), gate prices beyond cost (n x j x m)
        and trade cost (importer x sector x exporter x m)."""
        from scipy.linalg import lu_solve

        b, rho = self.b, self.b.resource_share
        n, j, m = resource.shape
        factor = (1 - rho)[None, :, None] * wage[:, None, :] + rho[None, :, None] * resource
        primary = b.value_added_share[:, :, None]
        own = self.free[:, :, None] * primary * factor + (0 if gate is None else gate)
        direct = np.einsum("jni,ijm->njm", self.share, own)
        if trade_cost is not None:
            direct = direct + np.einsum("jni,njim->njm", self.share, trade_cost)
        price = lu_solve(self.lu, direct.reshape(n * j, m), check_finite=False).reshape(n, j, m)
        cost = np.einsum("nkj,nkm->njm", b.input_share, price) + primary * factor
        at_gate = self.free[:, :, None] * cost + (0 if gate is None else gate)
        # shares: trade cost and gate against the mean price, (3.11)
        relative = at_gate.transpose(1, 0, 2)[None] - price[:, :, None, :]
        if trade_cost is not None:
            relative = relative + trade_cost
        share = -b.theta[None, :, None, None] * relative
        k, f = 1 - b.input_substitution, 1 - b.final_substitution
        basket = f * (price - np.einsum("nk,nkm->nm", b.final_share, price)[:, None, :])
        labour, rent = b.labour_income, b.resource_income
        income = labour[:, None] * wage + np.einsum("nj,njm->nm", rent, resource)
        final = b.final[:, :, None] * basket + b.final_share[:, :, None] * income[:, None, :]
        shifted = np.einsum("nji,njim->ijm", b.trade, share)  # output moved by shares
        inner = np.einsum("nkj,nkm->nkm", b.inputs, k * price) - np.einsum("nkj,njm->nkm", b.inputs, k * cost)
        inner = inner + np.einsum("nkj,njm->nkm", b.input_share, shifted)
        use = lu_solve(self.lu_use, (final + inner).reshape(n * j, m), trans=1, check_finite=False).reshape(n, j, m)
        output = np.einsum("jni,njm->ijm", self.share, use) + shifted
        made = primary * output + b.value_added[:, :, None] * k * (factor - cost)
        world = (np.einsum("n,nm->m", labour, wage) + np.einsum("nj,njm->m", rent, resource)) / b.value_added.sum()
        hired = np.einsum("njm,j->nm", made, 1 - rho) / labour[:, None] - wage
        mined = (rho[None, :, None] * made)[self.active] / rent[self.active][:, None] - resource[self.active]
        safe = np.where(b.use > 0, b.use, 1)[:, :, None, None]
        return Change(at_gate, price, share + use[:, :, None, :] / safe, output, np.concatenate([hired, mined]) + world)

    def unknowns(self, steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Changes of wages and resource prices (n x m, n x j x m) of columns of the unknowns."""
        n = len(self.b.regions)
        resource = np.zeros((*self.b.output.shape, steps.shape[1]))
        resource[self.active] = steps[n:]
        return steps[:n], resource

    def residual_jacobian(self) -> np.ndarray:
        """Derivative of the residual by the unknowns, at the benchmark."""
        size = len(self.b.regions) + int(self.active.sum())
        return self.change(*self.unknowns(np.eye(size))).residual
