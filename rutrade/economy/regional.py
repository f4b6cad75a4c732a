"""Regional input-output tables 2016: federal districts, or districts and regions, that sum to the national table.

`economy.inputs.regional` reads the figures, `build` is a pure function of them. Units: bn RUB at basic prices of 2016.
Sets: products and sectors i, j; regions r (supplying) and s (using). Arrays are indexed in the order their
docstrings name. What is assumed, above all manufacturing branches by region, stands in `ASSUMPTIONS`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from rutrade import InputError, unknown
from rutrade.economy.balancing import _capped, gravity_ras, ras

FINAL = ("household_consumption", "government_consumption", "fixed_investment", "inventories")


VALUE_ADDED = ("compensation", "production_taxes", "capital_consumption", "net_profit")


BY_OUTPUT = ("OIL", "GAS", "FUE")  # the deliveries' EXPORT column misses pipelines: these follow output


ASSUMPTIONS = (
    "technology, the mix of final demand and import shares by cell are national in every region",
    "manufacturing branches: a region's manufacturing total times the national mix of branches",
    "mining and agriculture: an assumed product mix of each region on its value added, fitted to both margins",
    "finance follows gross regional product: its own key holds .5 % of regional against 4.4 % of national value added",
    "rail follows section H; trade follows section G, which sits in Moscow with the head offices",
    "households follow actual consumption, government O-Q value added, investment its regional total of 2015",
    "services are used where they are made; a surplus serves the other regions' deficits in proportion",
)


@dataclass(frozen=True)
class National:
    """National table: `domestic` and `imported` use (i, columns = j + FINAL + exports), `taxes` (columns),
    `value_added` (VALUE_ADDED, j), `output` (j); `outside`: purchases abroad and the like, (item, column).
    """

    domestic: pd.DataFrame
    imported: pd.DataFrame
    taxes: pd.Series
    value_added: pd.DataFrame
    output: pd.Series
    outside: pd.Series

    @property
    def sectors(self) -> tuple[str, ...]:
        """Names of the sectors, in the table's order."""
        return tuple(self.output.index)

    def check(self, tolerance: float = 1e-6) -> None:
        """Raise InputError, naming the sector, unless every row and column balances and every sector produces."""
        n = list(self.sectors)
        for j in n:
            if not self.output[j] > 0:
                raise InputError(f"national table: sector {j} has output {self.output[j]}; must be above 0")
        inputs = (self.domestic + self.imported)[n].sum() + self.taxes[n]
        sides = {"row": self.domestic.sum(axis=1), "column": inputs + self.value_added.sum()}
        for side, total in sides.items():
            error = (total / self.output - 1).abs()
            if not error.max() <= tolerance:
                j = error.fillna(np.inf).idxmax()
                raise InputError(f"national table: {side} {j} sums to {total[j]:.6f}, output is {self.output[j]:.6f}")
        share = inputs / self.output
        if share.max() >= 1:
            j = share.idxmax()
            raise InputError(f"national table: inputs of {j} are {share[j]:.4f} of its output; must be below 1")

    def aggregate(self, groups: pd.Series) -> "National":
        """The table in coarser sectors; `groups` maps sector -> group (order of first appearance)."""
        order = list(dict.fromkeys(groups[list(self.sectors)]))
        columns = {c: groups.get(c, c) for c in self.domestic.columns}
        wanted = order + [c for c in self.domestic.columns if c not in self.sectors]

        def both(t: pd.DataFrame) -> pd.DataFrame:
            return t.groupby(groups).sum().loc[order].T.groupby(columns).sum().loc[wanted].T

        return National(
            both(self.domestic),
            both(self.imported),
            self.taxes.groupby(columns).sum()[wanted],
            self.value_added.T.groupby(groups).sum().loc[order].T,
            self.output.groupby(groups).sum()[order],
            self.outside,
        )


@dataclass(frozen=True)
class Inputs:
    """What `build` needs: `sectors` (index sector: name, sector12, section, goods, bulk), `regions` (index region:
    name, district, tile_x, tile_y), `national`, `keys` (region, key), `deliveries` (origin, destination and EXPORT;
    bn RUB), `valuation` of exports (sector, item), `employment` by sector, thousand persons.
    """

    sectors: pd.DataFrame
    regions: pd.DataFrame
    national: National
    keys: pd.DataFrame
    deliveries: pd.DataFrame
    valuation: pd.DataFrame
    employment: pd.Series


@dataclass(frozen=True)
class RegionalTables:
    """Input-output tables of all regions, bn RUB at basic prices of 2016; arrays by name and index order.

    use_domestic, use_import (s, i, j); final_domestic, final_import (s, i, FINAL); product_taxes (s, j + FINAL);
    value_added (s, VALUE_ADDED, j); output, exports, imports (r, i); flows (i, r, s) of domestic products;
    employment (r, j), thousand persons; detail_exports (r, i) in the sectors of `data`. `data`: what the tables were
    built from; `adjustments`: how far steps moved.
    """

    regions: tuple[str, ...]
    sectors: tuple[str, ...]
    goods: np.ndarray
    bulk: np.ndarray
    use_domestic: np.ndarray
    use_import: np.ndarray
    final_domestic: np.ndarray
    final_import: np.ndarray
    product_taxes: np.ndarray
    value_added: np.ndarray
    output: np.ndarray
    exports: np.ndarray
    imports: np.ndarray
    flows: np.ndarray
    employment: np.ndarray
    detail_exports: np.ndarray
    data: Inputs
    adjustments: pd.DataFrame

    AXES = SimpleNamespace(
        use_domestic="rij", use_import="rij", final_domestic="rif", final_import="rif", product_taxes="rt",
        value_added="rvj", output="ri", employment="rj", exports="ri", imports="ri", flows="iRr",
    )  # fmt: skip

    def labelled(self, name: str) -> Any:
        """An array with its labels, as an xarray.DataArray (R: supplying, r: using region, t: j + FINAL).

        Raises InputError for an unknown array.
        """
        import xarray as xr

        if not hasattr(self.AXES, name):
            raise unknown("regional table", name, vars(self.AXES))
        axes = {
            "r": ("region", self.regions), "R": ("origin", self.regions), "i": ("product", self.sectors),
            "j": ("sector", self.sectors), "f": ("final", FINAL), "v": ("item", VALUE_ADDED),
            "t": ("column", (*self.sectors, *FINAL)),
        }  # fmt: skip
        return xr.DataArray(
            getattr(self, name), [(axes[a][0], list(axes[a][1])) for a in getattr(self.AXES, name)], name=name
        )

    @property
    def names(self) -> dict[str, str]:
        """Name of each region."""
        return self.data.regions["name"][list(self.regions)].to_dict()

    @property
    def districts(self) -> pd.Series:
        """The federal district of each region (index region)."""
        return self.data.regions["district"][list(self.regions)]

    @property
    def domestic_use(self) -> np.ndarray:
        """Use of domestic products (s, i), intermediate and final, without exports."""
        return self.use_domestic.sum(2) + self.final_domestic.sum(2)

    @property
    def gva(self) -> np.ndarray:
        """Gross value added (r, j)."""
        return self.value_added.sum(1)

    @property
    def national(self) -> National:
        """The national table in this variant's sectors."""
        nat = self.data.national
        return nat if nat.sectors == self.sectors else nat.aggregate(self.data.sectors["sector12"])

    def check(self) -> pd.DataFrame:
        """Largest error by identity (relative unless bn RUB is said) and the most negative flow."""
        n, produced = len(self.sectors), self.output > 1e-6  # cells below 1 thousand roubles are compared as they are
        x = np.where(produced, self.output, 1.0)
        inputs = (self.use_domestic + self.use_import).sum(1) + self.product_taxes[:, :n] + self.value_added.sum(1)
        errors = {
            "supply: output = deliveries + exports": (self.flows.sum(2).T + self.exports - self.output) / x,
            "cost: output = inputs + taxes + value added": (inputs - self.output) / x,
            "use: deliveries = domestic use": (self.flows.sum(1).T - self.domestic_use) / self.domestic_use.max(),
            "imports = use of imports": self.use_import.sum(2) + self.final_import.sum(2) - self.imports,
            "negative flows and exports (bn RUB)": np.minimum([self.flows.min(), self.exports.min()], 0),
        }
        nat, names = self.national, list(self.sectors)
        for kind, use, final, table in (
            ("domestic", self.use_domestic, self.final_domestic, nat.domestic),
            ("imported", self.use_import, self.final_import, nat.imported),
        ):
            total = np.concatenate([use.sum(0), final.sum(0)], 1) - table[[*names, *FINAL]]
            errors[f"regions sum to the national table, {kind} (bn RUB)"] = total
        errors["regions sum to national output"] = self.output.sum(0) / nat.output - 1
        errors["regions sum to national exports (bn RUB)"] = self.exports.sum(0) - nat.domestic["exports"]
        largest = [float(np.abs(np.asarray(e)).max()) for e in errors.values()]
        return pd.DataFrame({"identity": list(errors), "largest_error": largest})

    def self_supply(self) -> pd.Series:
        """Share of a region's own products in its use of domestic goods."""
        y = self.flows[self.goods]
        return pd.Series(np.einsum("irr->r", y) / y.sum((0, 1)), self.regions, name="self_supply")

    def specialisation(self) -> pd.DataFrame:
        """Location quotient (r, i): the sector's share in the region's output over its national share."""
        share = self.output / self.output.sum(1, keepdims=True)
        return pd.DataFrame(share / (self.output.sum(0) / self.output.sum()), self.regions, self.sectors)


def build(
    data: Inputs, variant: str = "full", manufacturing: str = "section", regions: tuple[str, ...] | None = None,
    bounds: tuple[float, float] = (0.02, 50.0),
) -> RegionalTables:  # fmt: skip
    """Regional tables from the national table and the regional keys, steps (R.1)-(R.5); bn RUB at basic prices of 2016.

    `variant`: 'full' (36 sectors) or '12' (the same code on the aggregated table). `manufacturing`: 'section'
    (national mix of branches in every region, an assumption) or 'firms' (large firms' revenue as a seed, half
    weight: a sensitivity). `bounds` of the diagonal factors. The regions come out in the order given (default: that
    of `data`); they must be all of them. Raises InputError for a national table that does not balance or an
    unknown name.
    """
    for kind, value, allowed in (
        ("variant", variant, ("full", "12")), ("manufacturing", manufacturing, ("section", "firms"))
    ):  # fmt: skip
        if value not in allowed:
            raise unknown(kind, value, allowed)
    regions = tuple(data.regions.index) if regions is None else tuple(regions)
    for r in regions:
        if r not in data.keys.index:
            raise unknown("region", r, data.keys.index)
    if sorted(regions) != sorted(data.keys.index):
        raise InputError(f"regions {list(regions)} must be all of {list(data.keys.index)}: they sum to the country")
    data.national.check()
    keys, deliveries = data.keys.loc[list(regions)], data.deliveries.loc[list(regions), [*regions, "EXPORT"]]
    moved: list[tuple] = []
    table, nat = data.sectors, data.national
    output = _regional_output(table, nat.output, keys, manufacturing, moved)  # (r, i)
    jobs = _employment(table, data.employment, output / nat.output, keys)
    detail = _exports(
        list(table.index), output.to_numpy(), nat.domestic["exports"].to_numpy(), table["goods"].to_numpy(bool),
        deliveries["EXPORT"].to_numpy(), regions, [],
    )  # fmt: skip
    if variant == "12":
        jobs = jobs.T.groupby(table["sector12"]).sum().loc[list(dict.fromkeys(table["sector12"]))].T
        nat = nat.aggregate(table["sector12"])
        output = output.T.groupby(table["sector12"]).sum().loc[list(nat.sectors)].T
        goods = table.groupby("sector12")["goods"].any()
        table = pd.DataFrame({"goods": goods, "bulk": goods}).loc[list(nat.sectors)]
    names, x, goods = list(nat.sectors), output.to_numpy(), table["goods"].to_numpy(bool)
    shares = pd.DataFrame(
        {
            "household_consumption": keys["household_consumption"],
            "government_consumption": keys[["gva:O", "gva:P", "gva:Q"]].sum(axis=1),
            "fixed_investment": keys["investment_2015"],
        }
    )
    shares = (shares / shares.sum()).to_numpy()  # (s, category)
    use, final = [], []
    for part in (nat.domestic, nat.imported):
        z = part[names].to_numpy() / nat.output.to_numpy() * x[:, None, :]
        f = part[list(FINAL[:3])].to_numpy() * shares[:, None, :]
        current = z.sum(2) + f.sum(2)
        # stocks follow use: so a fall of stocks never exceeds a region's use of the product
        spread = np.divide(current, current.sum(0), out=x / x.sum(0), where=current.sum(0) > 0)
        final.append(np.concatenate([f, (spread * part["inventories"].to_numpy())[:, :, None]], 2))
        use.append(z)
    demand = use[0].sum(2) + final[0].sum(2)
    export_total = nat.domestic["exports"].to_numpy()
    exports = _exports(names, x, export_total, goods, deliveries["EXPORT"].to_numpy(), regions, moved)
    flows = _flows(x - exports, demand, goods, deliveries[list(regions)].to_numpy(), bounds, regions, moved)
    taxes_j = nat.taxes[names].to_numpy() / nat.output.to_numpy() * x
    stocks_share = final[0][:, :, 3].clip(min=0).sum(1)
    tax_shares = np.column_stack([shares, stocks_share / stocks_share.sum()])
    return RegionalTables(
        regions=regions,
        sectors=tuple(names),
        goods=goods,
        bulk=table["bulk"].to_numpy(bool),
        use_domestic=use[0],
        use_import=use[1],
        final_domestic=final[0],
        final_import=final[1],
        product_taxes=np.concatenate([taxes_j, nat.taxes[list(FINAL)].to_numpy() * tax_shares], 1),
        value_added=nat.value_added.to_numpy() / nat.output.to_numpy() * x[:, None, :],
        output=x,
        exports=exports,
        imports=use[1].sum(2) + final[1].sum(2),
        flows=flows,
        employment=jobs.to_numpy(),
        detail_exports=detail,
        data=data,
        adjustments=pd.DataFrame(moved, columns=["step", "item", "wanted", "reached", "what_is_compared"]),
    )


def _regional_output(
    table: pd.DataFrame, output: pd.Series, keys: pd.DataFrame, manufacturing: str, moved: list
) -> pd.DataFrame:
    """Output by region and sector (r, i): section value added as shares, priors fitted where a section is split."""
    section = table["section"].to_numpy()
    x = pd.DataFrame(0.0, keys.index, table.index)
    for name in dict.fromkeys(section):
        if name == "K":
            key = keys["grp"]
        elif name == "M72":
            key = keys["rnd_staff"]
        else:
            key = keys[[f"gva:{s}" for s in name.split("+")]].sum(axis=1)
        members = table.index[section == name]
        x[members] = np.outer(key / key.sum(), output[members])
    for name, prior in (("A", "agriculture_prior"), ("B", "mining_prior"), ("C", "firms")):
        members = list(table.index[section == name])
        rows, columns = x[members].sum(axis=1), output[members]
        if name == "C":
            if manufacturing == "section":
                continue
            seed = x[members].copy()
            for j in members:
                if f"{prior}:{j}" in keys:  # zeros of the firm table are artefacts: half weight keeps the others alive
                    firms = keys[f"{prior}:{j}"]
                    seed[j] = 0.5 * seed[j] + 0.5 * firms / firms.sum() * output[j]
        else:
            seed = keys[[f"{prior}:{j}" for j in members]].set_axis(members, axis=1)
            seed = seed * (columns / seed.sum())
        fitted = ras(seed.to_numpy(), rows.to_numpy(), columns.to_numpy())
        x[members] = fitted * (columns.to_numpy() / fitted.sum(0))  # the national column holds to the last digit
        for j in members:
            wanted, reached = seed[j] / seed[j].sum(), x[j] / x[j].sum()
            r = (reached - wanted).abs().idxmax()
            compared = "region's share of the sector, largest move"
            moved.append((f"{prior} to regional output", f"{j} {r}", wanted[r], reached[r], compared))
    return x


def _employment(table: pd.DataFrame, jobs: pd.Series, shares: pd.DataFrame, keys: pd.DataFrame) -> pd.DataFrame:
    """Employment (r, j): national by sector, spread by output and by each region's employment in the activity."""
    group = {"H": "H+J", "J": "H+J", "K": "K+M+N", "M72": "K+M+N", "M+N": "K+M+N", "O+P+Q": "P+Q", "I+R+S+T": "I+S"}
    activity = table["section"].map(lambda s: group.get(s, s))
    seed = shares * jobs
    for a in activity.unique():
        members = table.index[activity == a]
        known = keys[f"employment:{a}"]
        seed[members] = seed[members].mul(known / known.sum() * jobs[members].sum() / seed[members].sum(axis=1), axis=0)
    return seed


def _exports(
    names: Sequence[str],
    x: np.ndarray,
    total: np.ndarray,
    goods: np.ndarray,
    target: np.ndarray,
    regions: Sequence[str],
    moved: list,
) -> np.ndarray:
    """Exports (r, i): services, oil and gas by output; other goods fitted to the EXPORT shares within 95 % of output.

    Margins earned on exported goods are booked where trade and transport produce, which is at the head offices.
    """
    e = x / x.sum(0) * total
    fitted = [k for k, j in enumerate(names) if goods[k] and j not in BY_OUTPUT and total[k] > 0]
    # where a product is exported nearly whole the cap must leave room for the national total
    cap = x[:, fitted] * np.maximum(0.95, 0.5 + 0.5 * total[fitted] / x.sum(0)[fitted])
    wanted, y = target / target.sum() * total[fitted].sum(), e[:, fitted].copy()
    for _ in range(200):
        y = np.minimum(y * (wanted / y.sum(1))[:, None], cap)
        y = np.column_stack([_capped(y[:, k], t, cap[:, k]) for k, t in enumerate(total[fitted])])
    e[:, fitted] = y
    for r, a, b in zip(regions, wanted / wanted.sum(), y.sum(1) / y.sum(), strict=True):
        moved.append(("goods exports except oil and gas", r, a, b, "region's share: EXPORT column and result"))
    return e


def _flows(
    supply: np.ndarray,
    use: np.ndarray,
    goods: np.ndarray,
    deliveries: np.ndarray,
    bounds: tuple[float, float],
    regions: Sequence[str],
    moved: list,
) -> np.ndarray:
    """Flows (i, r, s): goods by gravity-RAS on the deliveries of 2016; services own first, then surplus to deficit."""
    y = np.zeros((supply.shape[1], *deliveries.shape))
    wanted = np.diag(deliveries) / deliveries.sum(0)
    y[goods], factors = gravity_ras(deliveries, supply.T[goods], use.T[goods], wanted, bounds)
    own = np.einsum("irr->r", y) / use[:, goods].sum(1)
    for r, a, b, f in zip(regions, wanted, own, factors, strict=True):
        moved.append(("self-supply of goods", r, a, b, "share of own goods in use: deliveries and result"))
        moved.append(("diagonal factor of gravity-RAS", r, 1.0, f, f"factor on the prior's diagonal, within {bounds}"))
    for k in np.flatnonzero(~goods):
        own_use = np.minimum(supply[:, k], use[:, k])
        surplus, deficit = supply[:, k] - own_use, use[:, k] - own_use
        y[k] = np.diag(own_use) + np.outer(surplus, deficit) / max(deficit.sum(), 1e-300)
    return y
