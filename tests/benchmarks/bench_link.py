"""A linked scenario against the two models alone, and a sweep that keeps bases and Jacobian against linking cold."""

import time

import numpy as np
import pytest

from rutrade import chain, economy, trade
from rutrade.chain import link as linking
from rutrade.chain import three
from rutrade.scenarios import Scenario
from rutrade.trade import equilibrium
from rutrade.trade.hats import Targets

SHOCKS = 12


@pytest.fixture(scope="module")
def link():
    return chain.prepare(Scenario(sectors="full")).link


def cpu(call):
    start = time.process_time()
    found = call()
    return time.process_time() - start, found


def alone(link, economy_alone, shock):
    """Both models once, each by itself."""
    economy_alone.solve(shock)
    targets = Targets(oil_price=shock.oil_price)
    equilibrium.solve_shocks(link.base, linking.world_shocks(link.base, shock), targets=targets)


def test_a_linked_scenario_takes_at_most_four_times_the_two_models_and_five_seconds(link, compare):
    by_itself = linking.curve_link(chain.setting.economy_model("full"), link.base, link.sectors)
    both, each = 0.0, 0.0
    for title, shock in three.standard(link.base).items():
        one, linked = cpu(lambda shock=shock: link.solve(shock))
        two, _ = cpu(lambda shock=shock: alone(link, by_itself, shock))
        compare.note(f"{title}: linked {one:.2f} s, both alone {two:.2f} s, passes {linked.passes['pass'].iloc[-1]}")
        assert one <= 5.0, title
        both, each = both + one, each + two
    compare.figures("linked scenarios / both models alone, once each", both, each, 4.0, "s CPU")


def test_a_sweep_links_faster_than_linking_cold(link, compare):
    cuts = np.linspace(0.90, 0.99, SHOCKS)

    def shock(cut):
        return linking.Shock(trade_cost={("RUS", "CHN", "goods"): cut, ("CHN", "RUS", "goods"): cut})

    warm, _ = cpu(lambda: [link.solve(shock(cut)) for cut in cuts])
    tables, state, options = link.model.tables, link.model.base, link.model.options

    def cold():
        """The stage from the tables, the world from its paths, the link, one scenario; the history is given."""
        paths = economy.inputs.paths()
        model = economy.EconomyModel(
            tables, chain.HORIZON, paths, state, kappa=economy.calibrate_capital(tables, paths), options=options
        )
        anew = linking.world_link(model, trade.baseline(chain.HORIZON).rebased(), link.sectors)
        return anew.solve(shock(cuts[0]))

    once, _ = cpu(cold)
    compare.figures("a scenario of a sweep / one linked cold", warm / SHOCKS, once, 1 / 3, "s CPU")
