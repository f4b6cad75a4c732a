"""Export demand curves and the isoquant of imports, stated in nodes, and their calibration (2.12')."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rutrade import InputError

# Exports over their centre; the nodes lie close around 1, where the link with the world keeps them: the steps of price
# between segments of 1 % there left a rise of all costs by .2 % without an answer, and a project's effect with them.
EXPORT_NODES = np.array([0, 0.4, 0.65, 0.85, 0.95, 0.985, 0.995, 0.999, 1, 1.001, 1.005, 1.015, 1.05, 1.2, 1.6, 3])
# imports over domestic products, relative to the centre's proportion
IMPORT_NODES = np.array([0.2, 0.4, 0.6, 0.8, 0.92, 0.98, 1, 1.02, 1.08, 1.25, 1.6, 2.4, 5])
FIRST = 1e-6  # consumption per unit: by how much one of two equal cells comes before the other, at most


@dataclass(frozen=True)
class Curves:
    """Curves of one stage around a reference solution, and the wedges that make the reference optimal.

    `centre` e* (i, r, k) bn RUB; `price`: of the centre, relative to the path's export price (i, k); `elasticity` eta
    (i, k), infinite: a fixed price up to the centre; `import_share` mu* (i, s); `substitution` (i); `export_wedge` t_e
    (i, r, k) and `import_wedge` t_m (i, s), consumption per unit; `held` (i, r, k): cells that stay at their centre
    whatever they earn.
    """

    centre: np.ndarray
    price: np.ndarray
    elasticity: np.ndarray
    import_share: np.ndarray
    substitution: np.ndarray
    export_wedge: np.ndarray
    import_wedge: np.ndarray
    held: np.ndarray | bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "held", np.broadcast_to(self.held, self.centre.shape))
        if not (self.elasticity > 1).all():
            raise InputError(
                f"elasticity of export demand {self.elasticity.min():.6g} is not allowed: it must exceed 1"
            )
        if not (self.substitution > 0).all() or (self.substitution == 1).any():
            raise InputError("elasticity of substitution of imports must be above 0 and other than 1")

    @property
    def segments(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Width of the segments (i, r, k, n) bn RUB, foreign exchange per unit on them (i, k, n), and that at 0 (i, k).

        Secants of F(a) = 1 + eta/(eta - 1) (a^(1 - 1/eta) - 1), a = e/e*: they fall, so a program fills them in order.
        """
        value = earned(EXPORT_NODES, self.elasticity[..., None])
        slope = np.diff(value) / np.diff(EXPORT_NODES)
        width = np.diff(EXPORT_NODES) * np.ones((*self.elasticity.shape, 1))
        fixed = ~np.isfinite(self.elasticity)
        width[fixed] = np.where(EXPORT_NODES[1:] <= 1, width[fixed], 0.0)
        return self.centre[..., None] * width[:, None], self.price[..., None] * slope, self.price * value[..., 0]

    def surplus(self, exports: np.ndarray) -> float:
        """F minus the true revenue a^(1 - 1/eta), bn RUB: what valuing exports at price counts too much."""
        width, slope, zero = self.segments
        start = np.cumsum(width, -1) - width
        filled = np.clip(exports[..., None] - start, 0, width)
        counted = (filled * slope[:, None]).sum() + (zero[:, None] * self.centre).sum()
        a = np.divide(exports, self.centre, out=np.ones_like(exports), where=self.centre > 0)
        power = 1 - 1 / self.elasticity
        true = (self.price[:, None] * self.centre * np.maximum(a, 0) ** power[:, None]).sum()
        return float(counted - true)

    @property
    def isoquant(self) -> tuple[np.ndarray, np.ndarray]:
        """Domestic products and imports per unit of use at each node (i, s, n): a CES isoquant through (1 - mu*, mu*).

        With rho = (sigma - 1)/sigma and imports over domestic products at n times the centre's proportion, the
        domestic part is (1 - mu) s and the imported mu n s with s = (1 - mu + mu n^rho)^(-1/rho).
        """
        rho = ((self.substitution - 1) / self.substitution)[:, None, None]
        mu = self.import_share[..., None]
        scale = (1 - mu + mu * IMPORT_NODES**rho) ** (-1 / rho)
        return (1 - mu) * scale, mu * IMPORT_NODES * scale


def calibrate(reference: Any, elasticity: np.ndarray, substitution: np.ndarray) -> Curves:
    """Curves around a solution with bands and the wedges that make it optimal: positive mathematical programming.

    t_e = eps p_e - pi_i^r - rho tau, t_m = chi_i^s - eps p_m with the reference's duals: eps of the balance, pi of
    supply, rho of rail, chi of domestic products in use. t_m falls on the departure from the centre's share, so that
    the price of use, and with it every other dual, stays what it was. Curves of one elasticity would be equally good to
    move along; the wedges' `order` says which comes first. `elasticity` (i, k), `substitution` (i).
    Howitt 1995.
    """
    st, p, rows = reference.stage, reference.tied, reference.rows
    if st.span:
        eps, pi, chi = (p.dual[rows[name]] for name in ("external_balance", "supply", "composition"))
        rail = p.dual[rows["rail"]] if np.isfinite(st.rail_capacity) else 0.0
    else:  # in the base year all is given and duals are not unique: market prices, all 1, are some
        eps, pi, chi, rail = 1.0, np.ones(st.export_centre.shape[:2]), np.ones(st.import_share.shape), 0.0
    use = reference.use
    imports = np.asarray(reference.imports).sum(2)
    return Curves(
        centre=np.asarray(reference.exports),
        price=np.ones_like(elasticity),
        elasticity=elasticity,
        import_share=np.divide(imports, use, out=st.import_share.copy(), where=use > 1e-9),
        substitution=substitution,
        export_wedge=eps * st.export_price - pi[..., None] + rail * st.rail_tonnes + order(st.export_centre.shape),
        import_wedge=chi - eps * st.import_price + order(st.import_share.shape),
    )


def order(shape: tuple[int, ...]) -> np.ndarray:
    """Numbers from 0 to `FIRST` that put cells in an order, the same on every machine: far below any price."""
    return FIRST * (np.arange(1, np.prod(shape) + 1) * 0.6180339887 % 1).reshape(shape)


def earned(a: np.ndarray, elasticity: np.ndarray) -> np.ndarray:
    """F(a), the integral of the demand curve's price a^(-1/eta), normalised to F(1) = 1."""
    finite = np.isfinite(elasticity)
    eta = np.where(finite, elasticity, 2.0)
    return np.where(finite, 1 + eta / (eta - 1) * (a ** (1 - 1 / eta) - 1), a * np.ones_like(eta))
