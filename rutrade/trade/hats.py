"""The equations of the world model, (3.8)-(3.15), in hats (new over benchmark), and their derivative there.

Index order: trade [importer n, sector j, exporter i], inputs [region n, input k, user j], the rest [region n,
sector j].
Values are bn USD; world value added is the numeraire and stays what it is in the benchmark.
"""

from dataclasses import dataclass, field

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
    labour: np.ndarray  # L_n
    oil_demand: float  # shift of the demand for oil, (3.15)
    residual: np.ndarray  # excess demand of labour, of specific factors (shares of supply); log gaps of targets
    log_price: np.ndarray
    lu: tuple = field(repr=False)  # factorised I - M of this state: derivative of (3.9)-(3.10), and (3.12)

    @property
    def trade(self) -> np.ndarray:
        """Flows, bn USD, importer x sector x exporter."""
        return self.import_share * self.use[:, :, None]

    @property
    def value_added(self) -> np.ndarray:
        """Value added, bn USD."""
        return self.value_added_share * self.output


@dataclass(frozen=True, eq=False)
class Targets:
    """What is to come out, and what is moved for it: unknowns beside the factor prices.

    gdp: hats of the volume of GDP by region, met by labour, (3.14). oil_price: hat of the world price of crude in units
    of world value added, met by a shift of the demand for oil and its products, (3.15). None: not a target.
    """

    gdp: np.ndarray | None = None
    oil_price: float | None = None


def oil_users(b: Benchmark) -> np.ndarray:
    """Mask, input x user, of the demand that (3.15) shifts: crude and refined products, of all users but refining.

    What refining takes for a tonne of products stays; on crude alone, most of which goes to refining, the price paths
    to 2030 cannot be reached.
    """
    refining = b.sectors["refining"].to_numpy(bool)
    return (b.sectors["oil"].to_numpy(bool) | refining)[:, None] & np.append(~refining, True)[None, :]


def oil_weights(b: Benchmark) -> np.ndarray:
    """Weights of the world price of crude over gate prices: the benchmark's output, region x sector."""
    weight = b.output * b.sectors["oil"].to_numpy(bool)
    return weight / weight.sum() if weight.sum() > 0 else weight


class System:
    """The equations for one benchmark, one set of shocks and, if any, targets; `at(u)` evaluates them.

    u: log hats of wages (n), of the specific factors (those with an income), then, with targets, of labour (n) and of
    the demand for oil (1); `unknowns` is their number.
    """

    def __init__(self, b: Benchmark, shocks: Shocks, targets: Targets | None = None):
        self.b, self.shocks, self.targets = b, shocks, targets or Targets()
        self.active = b.resource_income > 0
        self.prices = len(b.regions) + int(self.active.sum())
        labour = 0 if self.targets.gdp is None else len(b.regions)
        self.unknowns = self.prices + labour + (self.targets.oil_price is not None)
        theta, s = b.theta, shocks
        self._weights(s.demand)
        if ((self.primary <= 0) & (b.value_added_share > 0)).any():
            n, j = np.argwhere((self.primary <= 0) & (b.value_added_share > 0))[0]
            raise InputError(
                f"demand: inputs of {b.sector_codes[j]} in {b.region_codes[n]} would take"
                f" {self.inputs[n, :, j].sum():.3g} of its cost; must stay below 1"
            )
        # sector first: pi tau^-theta as one matrix product by sector
        self.open = (b.import_share * s.trade_cost ** -theta[None, :, None]).transpose(1, 0, 2).copy()
        self.world = b.value_added.sum()

    def _weights(self, demand: np.ndarray) -> None:
        """B gamma, gamma^v and alpha of (3.9) and (3.12) at a shift of demand (input x user)."""
        b, last = self.b, len(self.b.sectors)
        self.inputs = b.input_share * demand[None, :, :last]
        self.primary = 1 - self.inputs.sum(1)
        self.wanted = b.final_share * demand[None, :, last]
        self.wanted = self.wanted / self.wanted.sum(1, keepdims=True)

    def _unit_cost(self, price: np.ndarray, factor: np.ndarray) -> np.ndarray:
        """Log c_nj from log prices of inputs and factors, (3.9)."""
        k = 1 - self.b.input_substitution
        if abs(k) < 1e-9:  # Cobb-Douglas
            return np.matmul(price[:, None, :], self.inputs)[:, 0] + self.primary * factor
        # shares sum to 1: log1p of the mean of expm1 keeps its digits where k is small
        mean = np.matmul(np.expm1(k * price)[:, None, :], self.inputs)[:, 0] + self.primary * np.expm1(k * factor)
        return np.log1p(mean) / k

    def _prices(self, factor: np.ndarray, near: State | None) -> tuple[np.ndarray, ...]:
        """Log P, log c and log gate prices that solve (3.9) and (3.10) at the factor prices, and pi' sector first.

        Newton's steps with the derivative of the state nearby (where no price is given) or of the benchmark.
        """
        from scipy.linalg import lu_solve

        b, s = self.b, self.shocks
        log_t, fob, given = np.log(s.productivity), np.log(s.fob), s.given
        price, last = np.zeros_like(b.output) if near is None else near.log_price, np.inf
        lu = price_system(b, given) if near is None or given.any() else near.lu
        for _ in range(1000):
            cost = self._unit_cost(price, factor)
            gate = np.where(given, fob, cost - log_t)
            weight = np.exp(-b.theta * gate).T[:, None, :] * self.open
            total = weight.sum(2)
            new = -np.log(total).T / b.theta
            gap = new - price
            size = np.abs(gap).max()
            if not size > PRICE_TOLERANCE * (1 + np.abs(price).max()):
                return new, cost, gate, weight / total[:, :, None]
            # where the derivative does not help, the plain iteration, which contracts
            helps = size < 0.7 * last
            price = price + lu_solve(lu, gap.ravel(), check_finite=False).reshape(gap.shape) if helps else new
            last = size
        return new, cost, gate, weight / total[:, :, None]

    def split(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
        """Log wages, log resource prices (region x sector), log labour and log shift of crude of the unknowns."""
        n, size = len(self.b.regions), self.prices
        resource = np.zeros_like(self.b.output)
        resource[self.active] = u[n:size]
        labour = np.zeros(n) if self.targets.gdp is None else u[size : size + n]
        return u[:n], resource, labour, 0.0 if self.targets.oil_price is None else u[-1]

    def at(self, u: np.ndarray, near: State | None = None) -> State:
        """Evaluate all equations at the unknowns; `near`: a state from which (3.9)-(3.10) starts."""
        from scipy.linalg import lu_factor, lu_solve

        b, s = self.b, self.shocks
        log_w, log_r, log_l, shift = self.split(u)
        rho = b.resource_share
        if self.targets.oil_price is not None:
            self._weights(s.demand * np.exp(shift * oil_users(b)))
        factor = (1 - rho) * log_w[:, None] + rho * log_r  # (3.8)
        log_p, cost, gate, share = self._prices(factor, near)
        k, f = 1 - b.input_substitution, 1 - b.final_substitution
        inputs = self.inputs * np.exp(k * (log_p[:, :, None] - cost[:, None, :]))  # gamma' of (3.9)
        primary = self.primary * np.exp(k * (factor - cost))
        basket = self.wanted * np.exp(f * log_p)
        mean = (self.wanted * np.expm1(f * log_p)).sum(1)
        consumer = np.log1p(mean) / f if abs(f) > 1e-9 else (self.wanted * log_p).sum(1)
        workers = s.labour * np.exp(log_l)
        labour = np.exp(log_w) * workers * b.labour_income
        rent = np.exp(log_r) * s.resources * b.resource_income
        income = labour + rent.sum(1) + s.balance  # (3.13)
        final = basket / basket.sum(1, keepdims=True) * income[:, None]
        lu = lu_factor(_chain(share, inputs), overwrite_a=True, check_finite=False)
        use = lu_solve(lu, final.ravel(), trans=1, check_finite=False).reshape(final.shape)  # (3.12)
        output = np.einsum("jni,nj->ij", share, use)
        made = primary * output
        numeraire = (labour.sum() + rent.sum()) / self.world - 1
        excess = [(made @ (1 - rho)) / labour - 1, ((rho * made)[self.active] / rent[self.active]) - 1]
        excess = [np.concatenate(excess) + numeraire]
        if self.targets.gdp is not None:  # (3.14)
            volume = (made / np.exp(factor)).sum(1) / b.value_added.sum(1)
            excess.append(np.log(volume / self.targets.gdp))
        if self.targets.oil_price is not None:  # (3.15)
            excess.append([(oil_weights(b) * gate).sum() - np.log(self.targets.oil_price)])
        return State(
            np.exp(log_w), np.exp(log_r), np.exp(factor), np.exp(cost), np.exp(gate), np.exp(log_p), np.exp(consumer),
            share.transpose(1, 0, 2), inputs, primary, final, income, use, output,
            workers, np.exp(shift), np.concatenate(excess), log_p, lu,
        )  # fmt: skip


def _chain(share: np.ndarray, inputs: np.ndarray, free: np.ndarray | None = None) -> np.ndarray:
    """I - M with M_(nj)(ik) = pi_jni gamma_ikj (share sector first); `free` masks exporters whose cost counts."""
    j, n, _ = share.shape
    weight = share if free is None else share * free.T[:, None, :]
    matrix = -np.einsum("jni,ikj->njik", weight, inputs).reshape(n * j, n * j)
    matrix[np.diag_indices(n * j)] += 1
    return matrix


def price_system(b: Benchmark, given: np.ndarray) -> tuple:
    """Factorised derivative of (3.9)-(3.10) at the benchmark; made once for each set of given prices."""
    from scipy.linalg import lu_factor

    key = given.tobytes()
    if key not in b.prepared:
        matrix = _chain(b.import_share.transpose(1, 0, 2), b.input_share, ~given)
        b.prepared[key] = lu_factor(matrix, overwrite_a=True, check_finite=False)
    return b.prepared[key]


def inverse_jacobian(b: Benchmark, given: np.ndarray, targets: Targets) -> np.ndarray:
    """Inverse Jacobian of the residual at the benchmark, in the order of `System`; made once, see `price_system`."""
    kinds = targets.gdp is not None, targets.oil_price is not None
    key = given.tobytes(), kinds
    if key not in b.prepared:
        b.prepared[key] = np.linalg.inv(Linear(b, given).residual_jacobian(*kinds))
    return b.prepared[key]


@dataclass(frozen=True, eq=False)
class Change:
    """First-order changes for m directions, of logs."""

    gate: np.ndarray  # n x j x m
    trade: np.ndarray  # importer x sector x exporter x m, relative
    residual: np.ndarray  # factor markets x m
    volume: np.ndarray  # GDP at benchmark prices, n x m
    crude: np.ndarray  # world price of crude, m


class Linear:
    """(3.8)-(3.13) to first order at the benchmark, many directions at once."""

    def __init__(self, b: Benchmark, given: np.ndarray):
        self.b, self.free = b, ~given
        self.share = b.import_share.transpose(1, 0, 2)
        self.lu = price_system(b, given)
        self.lu_use = price_system(b, np.zeros_like(given))
        self.active = b.resource_income > 0

    def change(
        self,
        wage: np.ndarray,
        resource: np.ndarray,
        gate: np.ndarray | None = None,
        trade_cost: np.ndarray | None = None,
        labour: np.ndarray | None = None,
        shift: np.ndarray | None = None,
    ) -> Change:
        """Changes for log changes of wages (n x m), resource prices (n x j x m), gate prices beyond cost (n x j x m),
        trade cost (importer x sector x exporter x m), labour (n x m) and the demand for oil (m).
        """
        from scipy.linalg import lu_solve

        b, rho = self.b, self.b.resource_share
        n, j, m = resource.shape
        gate = np.zeros((n, j, m)) if gate is None else gate
        labour = np.zeros((n, m)) if labour is None else labour
        shift = np.zeros(m) if shift is None else shift
        factor = (1 - rho)[None, :, None] * wage[:, None, :] + rho[None, :, None] * resource  # (3.8)
        primary = b.value_added_share[:, :, None]
        direct = np.einsum("jni,ijm->njm", self.share, self.free[:, :, None] * primary * factor + gate)
        if trade_cost is not None:
            direct = direct + np.einsum("jni,njim->njm", self.share, trade_cost)
        price = lu_solve(self.lu, direct.reshape(n * j, m), check_finite=False).reshape(n, j, m)  # (3.9)-(3.10)
        cost = np.einsum("nkj,nkm->njm", b.input_share, price) + primary * factor
        at_gate = self.free[:, :, None] * cost + gate
        relative = at_gate.transpose(1, 0, 2)[None] - price[:, :, None, :]
        if trade_cost is not None:
            relative = relative + trade_cost
        share = -b.theta[None, :, None, None] * relative  # (3.11)
        rent = b.resource_income
        income = b.labour_income[:, None] * (wage + labour) + np.einsum("nj,njm->nm", rent, resource)  # (3.13)
        use, made = self._quantities(income, shift, factor, price, cost, share)
        safe = np.where(b.use > 0, b.use, 1)[:, :, None, None]
        hired = np.einsum("njm,j->nm", made, 1 - rho) / b.labour_income[:, None] - wage - labour
        mined = (rho[None, :, None] * made)[self.active] / rent[self.active][:, None] - resource[self.active]
        clearing = np.concatenate([hired, mined]) + income.sum(0) / b.value_added.sum()
        volume = (made - b.value_added[:, :, None] * factor).sum(1) / b.value_added.sum(1)[:, None]
        crude = np.einsum("nj,njm->m", oil_weights(b), at_gate)
        return Change(at_gate, share + use[:, :, None, :] / safe, clearing, volume, crude)

    def _quantities(
        self,
        income: np.ndarray,
        shift: np.ndarray,
        factor: np.ndarray,
        price: np.ndarray,
        cost: np.ndarray,
        share: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Changes in bn USD of use and of value added, (3.12)."""
        from scipy.linalg import lu_solve

        b = self.b
        n, j, m = price.shape
        k, f = 1 - b.input_substitution, 1 - b.final_substitution
        moved = oil_users(b)
        basket = f * price + moved[None, :, -1, None] * shift
        basket = basket - np.einsum("nk,nkm->nm", b.final_share, basket)[:, None, :]
        final = b.final[:, :, None] * basket + b.final_share[:, :, None] * income[:, None, :]
        shifted = np.einsum("nji,njim->ijm", b.trade, share)  # output moved by import shares
        crude = b.inputs * moved[None, :, :-1]
        inner = b.inputs.sum(2)[:, :, None] * k * price - np.einsum("nkj,njm->nkm", b.inputs, k * cost)
        inner = inner + crude.sum(2)[:, :, None] * shift + np.einsum("nkj,njm->nkm", b.input_share, shifted)
        use = lu_solve(self.lu_use, (final + inner).reshape(n * j, m), trans=1, check_finite=False).reshape(n, j, m)
        output = np.einsum("jni,njm->ijm", self.share, use) + shifted
        made = b.value_added_share[:, :, None] * output + b.value_added[:, :, None] * k * (factor - cost)
        return use, made - crude.sum(1)[:, :, None] * shift

    def unknowns(self, steps: np.ndarray) -> dict[str, np.ndarray]:
        """Changes of wages and resource prices (n x m, n x j x m) of columns of the unknowns."""
        n = len(self.b.regions)
        resource = np.zeros((*self.b.output.shape, steps.shape[1]))
        resource[self.active] = steps[n : n + self.active.sum()]
        return {"wage": steps[:n], "resource": resource}

    def residual_jacobian(self, gdp: bool = False, oil: bool = False) -> np.ndarray:
        """Derivative of the residual by the unknowns, at the benchmark, in the order of `System`."""
        n = len(self.b.regions)
        prices = n + int(self.active.sum())
        steps = np.eye(prices + n * gdp + oil)
        change = self.change(
            **self.unknowns(steps),
            labour=steps[prices : prices + n] if gdp else None,
            shift=steps[-1] if oil else None,
        )
        return np.vstack([change.residual, *([change.volume] * gdp), *([change.crude[None]] * oil)])
