"""The explorer: its data are small and true to the chain, the page computes what Python does, and it can be used."""

import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import yaml

from rutrade import InputError, RunError, chain, files, scenarios, trade
from rutrade.economy import history
from rutrade.publish import explorer, ladder, runs
from rutrade.publish import explorer_grid as grid
from rutrade.scenarios import Scenario

SHARE = "Engineering and chemicals in exports, prices of 2025, %"
TURNOVER = "Turnover, current prices, bn USD"
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Explorer</title></head>
<body><div id="lever-explorer"></div><script src="data.js"></script><script src="explorer.js"></script></body></html>"""


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
    return number(row.first.locator("td").first)


def number(cell) -> float:
    return float(cell.inner_text().replace("\N{MINUS SIGN}", "-").replace(",", ""))


def test_the_data_are_small(script):
    assert script.stat().st_size < 300_000


@pytest.mark.slow
def test_the_stored_runs_are_small_and_are_those_of_the_chain():
    assert grid.place().stat().st_size < 1_500_000
    table, points = grid.stored(), grid.points()
    assert len(table) == len(points) <= 170
    for number in np.random.default_rng(11).choice(len(points) - 1, 3, replace=False):
        truth, stored = grid.row(points[number]), table.loc[number]
        for name in grid.COLUMNS:
            if name in truth and name != "failure":
                # a solver that stops within 1e-7 of feasible leaves no more digits on another processor
                assert stored[name] == pytest.approx(truth[name], rel=1e-6, abs=1e-6), (name, points[number])


def test_the_interval_is_stored_too():
    interval = grid.stored().query("part == 'interval'").iloc[0]
    for name in grid.BANDS:
        assert 0 < interval[f"{name}_q05"] < interval[name] < interval[f"{name}_q95"]


@pytest.mark.parametrize(
    "change, named",
    [
        (lambda m: m["made_from"]["module"].update({"rutrade.trade.forecast": "0"}), "module 'rutrade.trade.forec"),
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
    few = {"axes": [grid.WITHOUT, grid.WITHOUT | {"oil_price": 1.2}]}
    monkeypatch.setattr(grid, "states", lambda: few)
    made = grid.renew(1)
    assert made["runs"] == 2 and made["made_from"]["table"].keys() >= {"trade_levers", "national_io_2016"}
    modules = made["made_from"]["module"]
    assert {"rutrade.chain.link", "rutrade.trade.forecast", "rutrade.economy.program"} <= modules.keys()
    assert not any("publish" in name or "cli" in name for name in modules)
    table = grid.stored()
    assert table["oil_price"].tolist() == [1.0, 1.2]
    assert table["exports_bn_usd"].is_monotonic_increasing


@pytest.mark.slow
def test_the_stored_ladder_is_that_of_the_economy_today():
    table = ladder.read()
    assert list(table.index) == [name for name, _ in history.LADDER]
    again = ladder.compute(history.LADDER[:2])
    pd.testing.assert_frame_equal(table.loc[again.index], again, rtol=1e-6, check_names=False)


def test_every_figure_is_within_one_percent_of_its_range_at_random_points(data):
    assert 40 <= data["checked"] <= len(grid.states()["check"])
    assert set(data["errors"]) == {*explorer.FIGURES, "exports"}
    for name, (_, percent) in data["errors"].items():
        assert 0 <= percent <= 1, name
    assert min(data["errors"]["turnover_bn_usd"]) > 0  # a surface through noise is never exact


def test_no_point_of_the_check_serves_the_fit():
    table = explorer.solved(grid.stored())
    other = table.copy()
    checked = other["part"] == "check"
    other.loc[checked, grid.CURRENT + grid.CONSTANT + grid.FIGURES] *= 1.5
    assert explorer.surfaces(other) == explorer.surfaces(table)
    fitted = table.loc[~checked, list(grid.START)].to_dict("records")
    assert not any(point in fitted for point in table.loc[checked, list(grid.START)].to_dict("records"))


@pytest.mark.slow
def test_points_nobody_computed_before_are_within_one_percent_of_the_range_too(data):
    ranges = {name: 100 * size / percent for name, (size, percent) in data["errors"].items()}
    for state in grid.random_states(3, seed=2030):
        truth = grid.row(state | {"draws": 0})
        for name, value in explorer.evaluate(data, state).items():
            if name in ranges:
                assert abs(value - truth[name]) <= 0.01 * ranges[name], (name, state)


def test_a_surface_that_misses_the_chain_stops_the_build(data):
    states = grid.random_states(3, seed=1)
    rows = pd.DataFrame([explorer.evaluate(data, state) for state in states])
    assert max(percent for _, percent in explorer.check(data, states, rows).values()) == 0
    rows.loc[1, "share_constant"] += 0.05 * np.ptp(rows["share_constant"])
    with pytest.raises(RunError, match="'share_constant'"):
        explorer.check(data, states, rows)


def test_runs_without_a_solution_stop_the_build_when_they_are_many():
    table = grid.stored()
    assert len(explorer.solved(table)) == table["failure"].isna().sum()
    few = table[table["part"] != "check"].assign(failure=None)
    with pytest.raises(RunError, match="0 of .* points have no solution"):
        explorer.solved(few)
    table.loc[: len(table) // 10, "failure"] = "the link does not settle"
    with pytest.raises(RunError, match="the first: the link does not settle"):
        explorer.solved(table)


def test_runs_that_do_not_tell_the_terms_apart_are_refused():
    states = [grid.WITHOUT | {"oil_price": x} for x in (0.7, 0.75, 1.2)]
    with pytest.raises(RunError, match="3 runs tell 1 of 2 terms apart"):
        explorer.fit(("oil_price@0.7", "sanctions@0.1"), states, np.ones((3, 1)))


@pytest.mark.parametrize("name", grid.NODES)
def test_between_two_nodes_a_surface_is_a_line_and_at_a_node_it_is_the_run(name):
    nodes = grid.NODES[name]
    assert grid.START[name] in nodes
    for k, node in enumerate(nodes):
        assert explorer.hat(name, node).tolist() == [float(i == k) for i in range(len(nodes))]
    middle = explorer.hat(name, 0.25 * nodes[2] + 0.75 * nodes[3])
    assert middle == pytest.approx([0, 0, 0.25, 0.75, *[0] * (len(nodes) - 4)])


def test_the_page_moves_one_surrounding_at_a_time():
    states = [*grid.random_states(50, seed=11), *grid.axes(), *(preset for preset in grid.presets().values())]
    assert max(len(grid.surroundings(state)) for state in states) == 1
    assert {name for state in states for name in grid.surroundings(state)} == set(grid.SURROUNDINGS)
    two = grid.START | {"sanctions": 0.1, "customs": 0.01}
    assert grid.surroundings(two) == ["sanctions", "easier"]


def test_terms_are_found_again_from_runs_of_their_sum():
    rng = np.random.default_rng(5)
    terms, states = explorer.SURFACES["trade"][0], [*grid.axes(), *grid.programme()]
    wanted = rng.normal(size=(len(terms), 2))
    targets = np.array([explorer.values(terms, state) for state in states]) @ wanted
    np.testing.assert_allclose(explorer.fit(terms, states, targets), wanted, rtol=1e-6)


def test_where_nothing_is_changed_stand_the_levels_of_the_projection(data):
    found, base = explorer.evaluate(data, grid.WITHOUT), grid.stored().iloc[0]
    for name in ("turnover_bn_usd", "share", "share_constant", *grid.CURRENT, *grid.CONSTANT):
        assert found[name] == pytest.approx(base[name], rel=1e-9)
    for name in ("shift_constant_pp", "consumption_all_bn_rub", "npv_public_market"):
        assert found[name] == pytest.approx(0, abs=1e-9)


def test_support_and_redirection_are_those_of_the_chain(data):
    """The rule of `chain.causes.assumed` on ratios of its own, so that it holds away from the stored runs."""
    rng = np.random.default_rng(3)
    p = SimpleNamespace(start=trade.inputs.projection_base(2025, 2023))
    for state in ({"export_support": 0.3, "redirection": 0.0}, {"export_support": 0.0, "redirection": 0.4},
                  {"export_support": 0.2, "redirection": 0.3}):  # fmt: skip
        index = pd.MultiIndex.from_tuples(grid.KEYS, names=["flow", "group"])
        ratios = pd.Series(rng.uniform(0.5, 2.0, len(grid.KEYS)), index)
        wanted = chain.causes.product(
            [pd.Series(1.0, index), *chain.causes.assumed(Scenario.check(**state), p, ratios).values()]
        )
        got = explorer.assumed(data, grid.START | state, ratios.to_numpy())
        np.testing.assert_allclose(got, wanted.loc[grid.KEYS], rtol=1e-12)
        assert got.max() > 1.1


def test_presets_are_reached_as_the_chain_computes_them(data):
    """They served the fit, so that this is no check of it; but a reader starts there."""
    assert {"inertial", "ri", "ri_policy", "paper", "sanctions", "oil_low", "facilitation", "rail_limited",
            "rail_expanded"} <= set(data["presets"])  # fmt: skip
    runs = grid.stored().query("part == 'presets'")
    ranges = {name: 100 * size / percent for name, (size, percent) in data["errors"].items()}
    for (name, preset), (_, truth) in zip(data["presets"].items(), runs.iterrows(), strict=True):
        assert preset["title"] == scenarios.title(name)
        for figure_, value in explorer.evaluate(data, preset["state"]).items():
            if figure_ in grid.FIGURES:
                assert abs(value - truth[figure_]) <= 0.01 * ranges[figure_], (name, figure_)


def test_the_page_computes_what_python_computes(fresh, data):
    for state in grid.random_states(100, seed=3):
        got = fresh.evaluate("(state) => window.rutradeExplorer.evaluate(state)", state)
        want = explorer.evaluate(data, state)
        assert got["figures"] == pytest.approx({name: want[name] for name in explorer.FIGURES}, rel=1e-9, abs=1e-9)
        for prices, names in (("current", grid.CURRENT), ("constant", grid.CONSTANT)):
            assert got[prices] == pytest.approx([want[name] for name in names], rel=1e-9, abs=1e-12)


def test_the_command_runs_the_same_point(fresh):
    for state in [grid.START, *grid.random_states(40, seed=4)]:
        line = fresh.evaluate("(state) => window.rutradeExplorer.command(state)", state).split()
        assert line[:3] == ["rutrade", "run", "08"] and line[-3:] == ["--html", "-o", "my-point"]
        assert line[3:-3:3] == ["-p"] * (len(line[3:-3]) // 3)
        given = {name: yaml.safe_load(value) for name, value in zip(line[4:-3:3], line[5:-3:3], strict=True)}
        job = runs.prepare("08_projections_2030", overrides=given, folder=Path("x"))
        assert {k: v for k, v in Scenario.check(**dict(job.overrides)).model_dump().items() if k in state} == state


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
    turnover = figure(fresh, TURNOVER)
    fresh.get_by_label("Price of crude oil in 2030").fill("1.3")
    assert figure(fresh, TURNOVER) > turnover + 5


def test_a_surrounding_that_is_moved_sets_the_others_back(fresh):
    fresh.get_by_label("Price of crude oil in 2030").fill("1.3")
    fresh.get_by_label("Further rise of trade cost by sanctions").fill("0.1")
    command = fresh.locator("#ex-command").inner_text()
    assert "-p sanctions 0.1" in command and "oil_price" not in command
    fresh.get_by_label("Eastern railways in 2030").select_option("158")
    assert "sanctions" not in fresh.locator("#ex-command").inner_text()


def test_one_lever_moves_all_kinds_of_easier_trade_and_each_moves_by_itself(fresh):
    fresh.get_by_label("Easier trade: all four kinds together").fill("0.5")
    command = fresh.locator("#ex-command").inner_text()
    for part in ("customs 0.005", "standards 0.005", "payments 0.005", "logistics 0.01"):
        assert f"-p {part}" in command
    assert fresh.get_by_label("Start from a scenario").input_value() == ""
    fresh.get_by_label("The research infrastructure").select_option("false")
    assert fresh.get_by_label("Start from a scenario").input_value() == "facilitation"
    fresh.get_by_text("Each kind by itself").click()
    fresh.get_by_label("Simpler customs").fill("0")
    assert "customs" not in fresh.locator("#ex-command").inner_text()
    assert fresh.locator("#ex-easier-value").inner_text() == "each kind by itself"


def test_a_pinned_point_stands_beside_the_other_and_reset_takes_both_away(fresh):
    start = fresh.locator("#ex-figures").inner_text()
    fresh.get_by_label("Start from a scenario").select_option("sanctions")
    sanctions = figure(fresh, TURNOVER)
    fresh.get_by_role("button", name="Pin this point").click()
    fresh.get_by_label("Start from a scenario").select_option("oil_low")
    row = fresh.locator("#ex-figures tr", has=fresh.get_by_role("rowheader", name=TURNOVER, exact=True))
    assert number(row.locator("td").nth(1)) == sanctions
    assert number(row.locator("td").first) < sanctions
    shown, url = fresh.locator("#ex-figures").inner_text(), fresh.url
    fresh.goto("about:blank")
    fresh.goto(url)
    assert fresh.locator("#ex-figures").inner_text() == shown
    fresh.get_by_role("button", name="Reset").click()
    assert fresh.locator("#ex-figures").inner_text() == start


def test_the_interval_is_that_of_the_chosen_point(fresh, data):
    fresh.get_by_label("Price of crude oil in 2030").fill("1.3")
    row = fresh.locator("#ex-figures tr", has=fresh.get_by_role("rowheader", name=TURNOVER, exact=True))
    low, high = (float(x) for x in row.locator("td").last.inner_text().split(" to "))
    wanted = [ratio * figure(fresh, TURNOVER) for ratio in data["bands"]["turnover_bn_usd"]]
    assert [low, high] == pytest.approx(wanted, abs=0.2)


def test_assumptions_are_called_so_at_their_levers(fresh):
    box = fresh.locator("fieldset", has=fresh.locator("legend", has_text="Assumptions, no results"))
    assert box.locator("input[type=range]").count() == 2
    assert "The models do not say" in box.inner_text()


def test_figures_link_and_command_are_copied(fresh):
    fresh.context.grant_permissions(["clipboard-read", "clipboard-write"])
    fresh.get_by_label("Start from a scenario").select_option("oil_low")
    for label, wanted in (("Copy the command", "-p oil_price 0.7"), ("Copy the link", "#research_infrastructure=false"),
                          ("Copy the figures", "Turnover, current prices, bn USD\t")):  # fmt: skip
        fresh.get_by_role("button", name=label).click()
        fresh.wait_for_function("document.querySelector('#ex-told').textContent.endsWith('copied')")
        assert wanted in fresh.evaluate("navigator.clipboard.readText()")


def test_a_permalink_restores_the_point(fresh, data):
    fresh.get_by_label("Start from a scenario").select_option("ri_policy")
    fresh.get_by_label("Eastern railways in 2030").select_option("253")
    fresh.get_by_label("The research infrastructure").select_option("false")
    link, shown = fresh.locator("#ex-link").get_attribute("href"), fresh.locator("#ex-figures").inner_text()
    fresh.goto("about:blank")
    fresh.goto(fresh.address + link)
    assert fresh.locator("#ex-figures").inner_text() == shown
    assert fresh.get_by_label("Eastern railways in 2030").input_value() == "253"
    assert fresh.get_by_label("Multiplier of high-tech procurement").is_disabled()


@pytest.mark.parametrize(
    "link",
    [
        "#multiplier=99&oil_price=cheap&rail_capacity=141",
        "#multiplier=&no=1&redirection=NaN",
        "#%",
        "#view=constructor",
        "#pin=1&pin.multiplier=x",
    ],
)
def test_a_broken_permalink_shows_a_possible_point(fresh, link):
    fresh.goto("about:blank")
    fresh.goto(fresh.address + link)
    assert 2 <= float(fresh.get_by_label("Multiplier of high-tech procurement").input_value()) <= 8
    assert figure(fresh, TURNOVER) > 0
    assert re.fullmatch(
        r"rutrade run 08( -p multiplier 8)? --html -o my-point", fresh.locator("#ex-command").inner_text()
    )


def test_a_screen_reader_is_told_names_values_and_results(fresh):
    for control in fresh.locator("#lever-explorer input, #lever-explorer select").all():
        assert control.evaluate("(node) => node.labels.length") == 1
    slider = fresh.get_by_label("Easier trade: all four kinds together")
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
