"""The explorer: its data are small and true to the chain, the page computes what Python does, and it can be used."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from rutrade import InputError, RunError, chain, files
from rutrade.economy import history
from rutrade.publish import explorer, ladder, runs
from rutrade.publish import explorer_grid as grid
from rutrade.scenarios import Scenario

SHARE = "Engineering and chemicals, prices of 2023, % of exports"
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Explorer</title></head>
<body><div id="lever-explorer"></div><script src="data.js"></script><script src="explorer.js"></script></body></html>"""


@pytest.fixture(scope="module")
def definition():
    """The fingerprint of all runs, made once and with the table of levers read once: else it takes seconds a test."""
    levers = grid.cuts()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grid, "cuts", lambda: levers)
        return grid._fingerprint()


@pytest.fixture(scope="module", autouse=True)
def made_once(definition):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grid, "_fingerprint", lambda: definition)
        yield


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    """The data file, from the stored runs."""
    return explorer.write(tmp_path_factory.mktemp("data"), explorer.data())


@pytest.fixture(scope="module")
def data(script):
    return json.loads(re.fullmatch(r"window\.RUTRADE_EXPLORER=(.*);\n", script.read_text(encoding="utf-8"))[1])


@pytest.fixture(scope="module")
def page(browser, script, tmp_path_factory):
    """The explorer opened from a file, without a server."""
    folder = tmp_path_factory.mktemp("explorer")
    (folder / "index.html").write_text(PAGE, encoding="utf-8")
    for path in (script, files.root() / "book/_static/explorer.js"):
        shutil.copy(path, folder)
    tab = browser.new_page(viewport={"width": 400, "height": 900})
    tab.problems, tab.address = [], (folder / "index.html").as_uri()
    tab.on("pageerror", lambda error: tab.problems.append(str(error)))
    tab.on("console", lambda message: tab.problems.append(message.text) if message.type == "error" else None)
    tab.on("requestfailed", lambda request: tab.problems.append(request.url))
    yield tab
    tab.close()


@pytest.fixture
def fresh(page):
    """The explorer at its start; an error of the page fails the test that caused it."""
    page.problems.clear()
    page.goto("about:blank")
    page.goto(page.address)
    yield page
    assert page.problems == []


def figure(page, label: str) -> float:
    row = page.locator("#ex-figures tr", has=page.get_by_role("rowheader", name=label, exact=True))
    cell = row.first.locator("td").first
    return float(cell.inner_text().replace("\N{MINUS SIGN}", "-").replace(",", ""))


def test_the_data_are_small(script):
    assert script.stat().st_size < 1_500_000


def test_the_stored_runs_are_small_and_as_many_as_their_points():
    assert grid.place().stat().st_size < 1_500_000
    assert len(grid.stored()) == sum(len(group) for group in grid.states().values())


@pytest.mark.slow
def test_the_stored_runs_are_those_of_the_chain():
    table, points = grid.stored(), grid.points()
    for number in np.random.default_rng(11).choice(len(points) - 1, 5, replace=False):
        truth, stored = grid.row(points[number]), table.loc[number]
        for name in grid.COLUMNS:
            if name in truth:
                # a solver that stops within 1e-7 of feasible leaves no more digits on another processor
                assert stored[name] == pytest.approx(truth[name], rel=1e-6, abs=1e-6), (name, points[number])


def test_the_interval_is_stored_too():
    interval = grid.stored().query("part == 'interval'").iloc[0]
    for low, high in grid.INTERVALS.values():
        assert 0 < interval[low] < interval[high]


@pytest.mark.parametrize(
    "change, named",
    [
        (lambda m: m["made_from"]["module"].update({"rutrade.trade.projection": "0"}), "module 'rutrade.trade.projec"),
        (lambda m: m["made_from"]["module"].update({"rutrade.trade.closed": "0"}), "module 'rutrade.trade.closed'"),
        (lambda m: m["made_from"]["table"].update({"macro": "0"}), "table 'macro'"),
        (lambda m: m.update(definition="0"), "the definition of the runs"),
        (lambda m: m.update(sha256="0"), r"the file explorer\.csv itself"),
    ],
)
def test_stored_runs_of_other_models_data_or_points_are_refused_in_one_sentence(data_copy, change, named):
    path = grid.place().with_suffix(".json")
    manifest = json.loads(path.read_text(encoding="utf-8"))
    change(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(
        InputError, match=rf"stored runs of 'explorer' no longer fit, {named}.* changed: renew them with"
    ) as error:
        explorer.data()
    assert "\n" not in str(error.value)


def test_missing_stored_runs_are_named(data_copy):
    grid.place().unlink()
    with pytest.raises(InputError, match=r"stored runs .* cannot be read: renew them with `rutrade renew sweeps`"):
        explorer.data()


@pytest.mark.slow
def test_renewed_runs_are_accepted_and_depend_on_the_models_and_their_tables(data_copy, monkeypatch):
    few = {"prices": [grid.START, grid.START | {"brent": "high"}]}
    monkeypatch.setattr(grid, "states", lambda: few)
    made = grid.renew(1)
    assert made["runs"] == 2 and made["made_from"]["table"].keys() >= {"trade_structure", "national_io_2016"}
    modules = made["made_from"]["module"]
    assert {"rutrade.chain", "rutrade.trade.projection", "rutrade.economy.program"} <= modules.keys()
    assert not any("publish" in name or "cli" in name for name in modules)
    table = grid.stored()
    assert table["brent"].tolist() == ["mid", "high"]
    assert table["exports_bn_usd"].is_monotonic_increasing


@pytest.mark.slow
def test_the_stored_ladder_is_that_of_the_economy_today():
    table = ladder.read()
    assert list(table.index) == [name for name, _ in history.LADDER]
    again = ladder.compute(history.LADDER[:2])
    pd.testing.assert_frame_equal(table.loc[again.index], again, rtol=1e-6, check_names=False)


def test_every_figure_is_within_one_percent_of_its_range_at_200_random_points(data):
    assert data["checked"] == 200
    assert set(data["errors"]) == {*explorer.FIGURES, "exports", "imports"}
    for name, (_, percent) in data["errors"].items():
        assert 0 <= percent <= 1, name


@pytest.mark.slow
def test_points_nobody_computed_before_are_within_one_percent_of_the_range_too(data):
    states = grid.random_states(12, seed=2030)
    ranges = {name: 100 * size / percent for name, (size, percent) in data["errors"].items() if percent}
    for state in states:
        truth = chain.run(Scenario.check(**grid.overrides(state), draws=0)).figures
        for name, value in explorer.evaluate(data, state).items():
            if name in ranges:
                assert abs(value - truth[name]) <= 0.01 * ranges[name], (name, state)


def test_a_grid_that_misses_the_chain_stops_the_build(data):
    states = grid.random_states(3, seed=1)
    rows = pd.DataFrame([explorer.evaluate(data, state) for state in states])
    assert max(percent for _, percent in explorer.check(data, states, rows).values()) == 0
    rows.loc[1, "share_constant"] += 0.05 * np.ptp(rows["share_constant"])
    with pytest.raises(RunError, match="'share_constant'"):
        explorer.check(data, states, rows)


def test_presets_stand_on_the_page_where_a_state_reaches_them(data):
    assert {"inertial", "ri", "ri_policy"} <= set(data["presets"])
    assert "paper" not in data["presets"]
    assert explorer.evaluate(data, data["presets"]["inertial"])["shift_constant_pp"] == pytest.approx(0, abs=1e-6)


@pytest.mark.slow
def test_a_preset_of_the_page_gives_what_the_chain_gives(data):
    state = data["presets"]["ri_policy"]
    truth = chain.run(Scenario.check(**grid.overrides(state), draws=0)).figures
    assert explorer.evaluate(data, state)["shift_constant_pp"] == pytest.approx(truth["shift_constant_pp"], rel=1e-3)


def test_the_page_computes_what_python_computes(fresh, data):
    for state in grid.random_states(200, seed=3):
        got = fresh.evaluate("(state) => window.rutradeExplorer.evaluate(state)", state)
        want = explorer.evaluate(data, state)
        assert got["figures"] == pytest.approx({name: want[name] for name in explorer.FIGURES}, rel=1e-9, abs=1e-9)
        for kind in ("supply", "exports", "imports"):
            values = [want[f"{kind} {group}"] for group in data["groups"]]
            assert got[kind] == pytest.approx(values, rel=1e-9, abs=1e-12)


def test_the_command_runs_the_same_point(fresh):
    for state in grid.random_states(40, seed=4):
        words = fresh.evaluate("(state) => window.rutradeExplorer.command(state)", state).split(" -p ")
        given = {name: yaml.safe_load(value) for name, value in (pair.split() for pair in words[1:])}
        job = runs.prepare(words[0].removeprefix("rutrade run "), overrides=given, folder=Path("x"))
        meant = Scenario.check(**grid.overrides(state)).model_dump()
        assert Scenario.check(**dict(job.overrides)).model_dump() == pytest.approx(meant)


def test_the_keyboard_moves_a_lever_and_the_figures_follow(fresh):
    before = figure(fresh, SHARE)
    lever = fresh.get_by_label("Least share of China in Russia's engineering and chemical exports")
    lever.focus()
    for _ in range(3):
        fresh.keyboard.press("PageUp")
    assert lever.input_value() != "0"
    assert figure(fresh, SHARE) != before
    assert "-p redirection" in fresh.locator("#ex-command").inner_text()
    assert "redirection=" in fresh.url
    fresh.get_by_label("Price of oil (Brent)").select_option("high")
    assert figure(fresh, "the same against inertial, points") != 0


def test_a_permalink_restores_the_point(fresh, data):
    fresh.get_by_label("Start from a scenario").select_option("ri_policy")
    fresh.get_by_label("Eastern railways in 2030").select_option("165")
    fresh.get_by_label("The research infrastructure").select_option("false")
    link, shown = fresh.locator("#ex-link").get_attribute("href"), fresh.locator("#ex-figures").inner_text()
    fresh.goto("about:blank")
    fresh.goto(fresh.address + link)
    assert fresh.locator("#ex-figures").inner_text() == shown
    assert fresh.get_by_label("Eastern railways in 2030").input_value() == "165"
    assert fresh.get_by_label("Multiplier of high-tech procurement").is_disabled()


@pytest.mark.parametrize(
    "link",
    ["#multiplier=99&brent=cheap&rail_capacity=141", "#multiplier=&no=1&redirection=NaN", "#%", "#view=constructor"],
)
def test_a_broken_permalink_shows_a_possible_point(fresh, link):
    fresh.goto("about:blank")
    fresh.goto(fresh.address + link)
    assert 2 <= float(fresh.get_by_label("Multiplier of high-tech procurement").input_value()) <= 8
    assert figure(fresh, "Turnover, current prices, bn USD") > 0
    assert re.fullmatch(r"rutrade run 08( -p multiplier 8)?", fresh.locator("#ex-command").inner_text())


def test_a_screen_reader_is_told_names_values_and_results(fresh):
    for control in fresh.locator("#lever-explorer input, #lever-explorer select").all():
        assert control.evaluate("(node) => node.labels.length") == 1
    slider = fresh.get_by_label("Trade facilitation: four levers together")
    assert slider.get_attribute("aria-valuetext") == "none"
    status = fresh.locator("#ex-summary")
    assert (status.get_attribute("role"), status.get_attribute("aria-live")) == ("status", "polite")
    assert fresh.locator("[aria-live=polite]").count() == 1
    fresh.wait_for_function("document.querySelector('#ex-summary').textContent.includes('turnover')")
    told = status.inner_text()
    slider.fill("1")
    fresh.wait_for_function("(told) => document.querySelector('#ex-summary').innerText !== told", arg=told)
    assert all(image.get_attribute("aria-label") for image in fresh.locator("#lever-explorer svg").all())


def test_nothing_pushes_a_narrow_page_sideways(fresh):
    edges = "[...document.querySelectorAll('#lever-explorer svg *')].map((x) => x.getBoundingClientRect().right)"
    assert max(fresh.evaluate(edges)) <= 400
