"""RAS against ipfn, a changed column against a new factorisation, the regional build against the chain's LPs."""

import numpy as np
import pytest

from rutrade import economy
from rutrade.economy import regional


@pytest.mark.parametrize(("size", "limit"), [(360, 0.05), (2464, 0.25)])
def test_ras_against_ipfn(compare, size, limit):
    from ipfn import ipfn

    rng = np.random.default_rng(1)
    seed, target = rng.uniform(0.5, 1.5, (2, size, size))
    rows, columns = target.sum(1), target.sum(0)

    def peer():
        return ipfn.ipfn(seed.copy(), [rows, columns], [[0], [1]], convergence_rate=1e-10).iteration()

    def check(mine, theirs):
        assert np.abs(mine.sum(1) - rows).max() <= 1e-10 * rows.max()
        np.testing.assert_allclose(mine, theirs, rtol=1e-6)

    compare(f"RAS {size} / ipfn", lambda: economy.ras(seed, rows, columns), peer, limit, check, versions=("ipfn",))


def test_a_changed_column_against_a_new_factorisation(compare):
    rng = np.random.default_rng(2)
    n = 2464
    a = rng.uniform(0, 0.8 / n, (n, n))
    model, column, demand = economy.Leontief.of(a), a[:, 7] * 1.5, np.ones(n)

    def refactor():
        changed = a.copy()
        changed[:, 7] = column
        return economy.Leontief.of(changed).output(demand)

    def check(mine, theirs):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12)

    def ours():
        return model.changed_column(7, column, demand)

    compare("changed column / LU again, 2464 sectors", ours, refactor, 0.2, check, versions=("scipy",))


def test_the_regional_build_against_the_chain_of_programs(compare):
    data, paths = economy.inputs.regional(), economy.inputs.paths()
    tables = regional.build(data)

    def check(mine, theirs):
        assert (mine.check()["largest_error"] <= 1e-6).all() and set(theirs) == {2016, 2019, 2023, 2030}

    compare(
        "regional build / the chain's programs",
        lambda: regional.build(data),
        lambda: economy.path(tables, paths),
        0.1,
        check,
        versions=("numpy",),
    )
