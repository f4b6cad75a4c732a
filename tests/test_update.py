"""`data update` against a local server that speaks UN Comtrade's response format: good answers, bad ones, none."""

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3
from click.testing import CliRunner

from rutrade import InputError, RunError, cli, data
from rutrade import structure as st
from rutrade.data import checks
from rutrade.data import comtrade as comtrade_client


def totals():
    table = data.load("trade_totals")
    table = table[table["preferred"] & (table["reporter"] == "CHN")]
    return table.set_index(["year", "flow"])["value_bn_usd"]


def answer(year, flow, scale=1.0):
    """Chapters in fixed proportions that sum to the total at hand, in the format of the service."""
    total = totals()[year, "RUS_to_CHN" if flow == "M" else "CHN_to_RUS"] * 1e9 * scale
    weights = {"27": 0.5, "44": 0.1, "84": 0.2, "85": 0.15, "99": 0.05}
    rows = [
        {
            "typeCode": "C", "freqCode": "A", "period": str(year), "reporterCode": 156, "flowCode": flow,
            "partnerCode": 643, "classificationCode": "H4", "cmdCode": code, "netWgt": weight * 1e9,
            "primaryValue": weight * total,
        }
        for code, weight in weights.items()
    ]  # fmt: skip
    return {"elapsedTime": "0.1 secs", "count": len(rows), "data": rows, "error": ""}


@pytest.fixture
def comtrade(monkeypatch):
    """A local server in place of the service; `reply(year, flow)` gives (status, body)."""
    state = {"reply": lambda year, flow: (200, answer(year, flow)), "asked": []}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            query = {k: v[0] for k, v in parse_qs(urlsplit(self.path).query).items()}
            state["asked"].append(query)
            status, body = state["reply"](int(query["period"]), query["flowCode"])
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body if isinstance(body, bytes) else json.dumps(body).encode())

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    real = urllib3.PoolManager.request

    def local(self, method, url, **options):
        return real(
            self, method, url.replace("https://comtradeapi.un.org", f"http://127.0.0.1:{server.server_port}"), **options
        )

    monkeypatch.setattr(urllib3.PoolManager, "request", local)
    yield state
    server.shutdown()


def digest(folder):
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir() if p.is_file()}


@pytest.mark.slow
def test_good_answers_fill_the_gap_and_raise_the_table_version(data_copy, comtrade):
    comtrade_client.update()
    assert len(comtrade["asked"]) == 8
    assert {(q["reportercode"], q["partnerCode"], q["cmdCode"]) for q in comtrade["asked"]} == {("156", "643", "AG2")}
    assert (checks.verify()["result"] == "ok").all()
    groups = data.load("trade_structure")
    filled = st.panel(groups, "CHN", "RUS", "best", 2013, 2016)
    assert filled["84-85"].notna().all()
    assert filled.sum(axis=1).tolist() == pytest.approx(
        [totals()[y, "CHN_to_RUS"] for y in range(2013, 2017)], rel=1e-6
    )
    versions = {r["name"]: r.get("version") for r in data.descriptor()["resources"]}
    assert versions["trade_structure"] == "1.1" and versions["macro"] is None


def test_a_second_update_gives_the_same_tables(few_tables, comtrade):
    comtrade_client.update()
    before = data.load("trade_chapters")
    comtrade_client.update()
    assert data.load("trade_chapters").equals(before)


def test_good_answers_fill_the_gap_of_both_tables_and_leave_them_sealed(few_tables, comtrade):
    comtrade_client.update()
    assert (checks.verify()["result"] == "ok").all()
    for name in ("trade_chapters", "trade_structure"):
        table = data.load(name)
        new = table[(table["reporter"] == "CHN") & (table["year"] < 2017)]
        assert set(new["year"]) == {2013, 2014, 2015, 2016} and set(new["exporter"]) == {"RUS", "CHN"}, name


def test_rows_are_stored_in_the_tables_units_with_names_and_direction(few_tables, comtrade):
    light = {"84": 0.0, "44": 4e5}  # no weight reported; 400 t
    comtrade["reply"] = lambda year, flow: (
        200,
        {"data": [r | {"netWgt": light.get(r["cmdCode"], r["netWgt"])} for r in answer(year, flow)["data"]]},
    )
    before = {name: len(data.load(name)) for name in ("trade_chapters", "trade_structure", "sources")}
    comtrade_client.update()
    stored = data.load("trade_chapters")
    stored = stored[stored["source"] == "comtrade_chn_2013_2016"]
    assert len(stored) == 8 * 5 and set(stored["status"]) == {"reported"} and set(stored["reporter"]) == {"CHN"}
    assert set(stored["level"]) == {"chapter"}
    for flow, exporter, importer in (("M", "RUS", "CHN"), ("X", "CHN", "RUS")):
        rows = stored[(stored["year"] == 2015) & (stored["exporter"] == exporter)].set_index("item")
        total = totals()[2015, f"{exporter}_to_{importer}"]
        assert rows["importer"].eq(importer).all() and len(rows) == 5, flow
        assert rows.loc["27", "value_musd"] == pytest.approx(0.5 * total * 1000)
        assert rows.loc["27", "quantity_kt"] == pytest.approx(500) and rows["quantity_kt"].isna().sum() == 1
        assert rows.loc["99", "name"] == "Unspecified commodities"
        assert rows.loc["44", "quantity_kt"] == pytest.approx(0.4)
    groups = data.load("trade_structure").query("year == 2015 and reporter == 'CHN' and exporter == 'RUS'")
    value = groups.set_index("group")["value_musd"]
    total = totals()[2015, "RUS_to_CHN"] * 1000
    assert value["84-85"] == pytest.approx(0.35 * total) and value["90-99"] == pytest.approx(0.05 * total)
    assert len(data.load("trade_chapters")) > before["trade_chapters"]
    assert len(data.load("sources")) == before["sources"] + 1
    assert data.sources().loc["comtrade_chn_2013_2016", "publisher"] == "UN Comtrade"
    assert [p.name for p in few_tables.iterdir() if p.is_dir()] == ["sweeps"], "the folder aside was left"


def test_the_question_is_chapters_of_one_year_one_flow_and_both_countries_and_a_key_is_handed_on(
    few_tables, comtrade, monkeypatch
):
    import comtradeapicall

    queries = []

    def get(key, **query):
        queries.append((key, query))
        return comtradeapicall.previewFinalData(**query)

    monkeypatch.setattr(comtradeapicall, "getFinalData", get)
    comtrade_client.update("a-key")
    assert {key for key, _ in queries} == {"a-key"}
    assert [(q["period"], q["flowCode"]) for _, q in queries] == [(str(y), f) for y in range(2013, 2017) for f in "MX"]
    same = {"typeCode": "C", "freqCode": "A", "clCode": "HS", "cmdCode": "AG2", "reporterCode": "156",
            "partnerCode": "643", "partner2Code": "0", "customsCode": "C00", "motCode": "0"}  # fmt: skip
    assert all(same.items() <= q.items() and q["maxRecords"] >= 98 for _, q in queries)


def test_the_sum_may_miss_the_total_at_hand_by_two_percent_and_no_more(few_tables, comtrade):
    for scale, good in ((1.0199, True), (0.9801, True), (1.0201, False), (0.9799, False)):
        comtrade["reply"] = lambda year, flow, scale=scale: (200, answer(year, flow, scale))
        if good:
            assert "stored China's trade" in comtrade_client.update()
        else:
            with pytest.raises(RunError, match="the total at hand is .*nothing was changed"):
                comtrade_client.update()


def test_an_update_that_does_not_fit_the_schema_changes_nothing(few_tables, comtrade, monkeypatch):
    before = digest(few_tables)
    monkeypatch.setattr(comtrade_client, "_UPDATE", "")
    with pytest.raises(InputError, match="a value is required|is not in sources.csv|key"):
        comtrade_client.update()
    assert digest(few_tables) == before


BAD = {
    "another total": (lambda y, f: (200, answer(y, f, 1.05)), "sums to .* the total at hand is"),
    "an error page": (lambda y, f: (500, b"internal error"), "gave no table for 2013, flow M"),
    "too many requests": (lambda y, f: (429, {"statusCode": 429, "message": "Rate limit is exceeded"}), "Rate limit"),
    "no column": (lambda y, f: (200, {"data": [{"cmdCode": "27"}]}), "lacks"),
    "a word as value": (
        lambda y, f: (200, {"data": [r | {"primaryValue": "n/a"} for r in answer(y, f)["data"]]}),
        "missing or negative",
    ),
    "codes of six digits": (
        lambda y, f: (200, {"data": [r | {"cmdCode": "270900"} for r in answer(y, f)["data"]]}),
        "not one row for each HS chapter",
    ),
    "another partner": (
        lambda y, f: (200, {"data": [r | {"partnerCode": 842} for r in answer(y, f)["data"]]}),
        "answers another question",
    ),
    "a weight of text is no reason": (
        lambda y, f: (200, {"data": [r | {"netWgt": "?", "cmdCode": "27"} for r in answer(y, f)["data"]]}),
        "not one row for each HS chapter",
    ),
    "only the last is bad": (lambda y, f: (200, answer(y, f, 1.5 if (y, f) == (2016, "X") else 1)), "2016, flow X"),
}


@pytest.mark.parametrize("reply, message", BAD.values(), ids=BAD)
def test_bad_answers_change_nothing_and_say_why(few_tables, comtrade, reply, message):
    comtrade["reply"] = reply
    before = digest(few_tables)
    with pytest.raises(RunError, match=message):
        comtrade_client.update()
    assert digest(few_tables) == before


def test_what_the_service_says_is_repeated_up_to_200_characters(few_tables, comtrade):
    comtrade["reply"] = lambda year, flow: (429, {"statusCode": 429, "message": "wait " * 200})
    with pytest.raises(RunError, match="gave no table for 2013, flow M; nothing was changed") as caught:
        comtrade_client.update()
    said = str(caught.value).split("nothing was changed (", 1)[1]
    assert "wait wait" in said and len(said) == 200 + len(")")


def test_an_update_leaves_other_words_of_the_descriptor_as_they_were_and_lists_its_source_in_order(
    few_tables, comtrade
):
    before = {r["name"]: r for r in data.descriptor()["resources"]}
    comtrade_client.update()
    after = {r["name"]: r for r in data.descriptor()["resources"]}
    changed = {"trade_chapters", "trade_structure", "sources"}
    assert {name for name in after if after[name] != before[name]} == changed
    for name in changed:
        assert {k for k in after[name] if after[name][k] != before[name].get(k)} == {"hash", "bytes", "version"}
    text = (few_tables / "datapackage.json").read_text(encoding="utf-8")
    assert "\\u" not in text and "\n " in text and text.endswith("}\n")
    keys = data.load("sources")["source"]
    assert keys.is_monotonic_increasing and keys.is_unique
    assert data.sources().loc["comtrade_chn_2013_2016", "year"] == 2016


def test_without_a_connection_one_sentence_and_nothing_changed(few_tables, monkeypatch):
    def refuse(self, method, url, **_):
        raise urllib3.exceptions.MaxRetryError(self, url, "no route")

    monkeypatch.setattr(urllib3.PoolManager, "request", refuse)
    before = digest(few_tables)
    result = CliRunner().invoke(cli.main, ["data", "update"])
    assert result.exit_code == 1
    assert "nothing was changed" in result.stderr and "Traceback" not in result.output
    assert digest(few_tables) == before


# Products of a year -----------------------------------------------------------------------------------------------

WEIGHTS = {"270900": 0.6, "271121": 0.2, "440711": 0.0, "851712": 0.1, "870323": 0.1}


def product_answers(state, change=lambda row: row, scale=1.0, weights=WEIGHTS):
    """A reply with the products asked for: fixed proportions of the total at hand, in the service's format."""

    def reply(year, flow):
        asked = state["asked"][-1]["cmdCode"].split(",")
        total = totals()[year, "RUS_to_CHN" if flow == "M" else "CHN_to_RUS"] * 1e9 * scale
        rows = [
            {"period": str(year), "reporterCode": 156, "flowCode": flow, "partnerCode": 643, "classificationCode": "H5",
             "cmdCode": code, "netWgt": None, "primaryValue": weight * total}
            for code, weight in weights.items() if asked == ["AG6"] or code in asked
        ]  # fmt: skip
        return 200, {"data": [change(r) for r in rows]}

    return reply


@pytest.mark.slow
def test_products_of_a_year_join_chinas_declarations_as_a_new_column_and_nothing_else_changes(data_copy, comtrade):
    before = data.load("hs6_flows")
    comtrade["reply"] = product_answers(comtrade)
    said = comtrade_client.update_products(2024)
    assert "by product in 2024" in said
    asked = [code for q in comtrade["asked"] if q["flowCode"] == "M" for code in q["cmdCode"].split(",")]
    assert sorted(asked) == sorted(data.load("hs6_classes")["hs6"]), "every product once a flow"
    assert max(q["cmdCode"].count(",") for q in comtrade["asked"]) < 500
    after = data.load("hs6_flows")
    assert (checks.verify()["result"] == "ok").all()
    panel = st.upgrading.product_panel(after, "RUS_to_CHN", "China")
    assert panel.index.tolist() == [2019, 2022, 2023, 2024]
    assert panel.loc[2024].sum() == pytest.approx(totals()[2024, "RUS_to_CHN"], rel=1e-6)
    assert panel.loc[2024, "270900"] == pytest.approx(0.6 * totals()[2024, "RUS_to_CHN"], rel=1e-6)
    best = st.upgrading.product_panel(after, "CHN_to_RUS")
    assert best.index.tolist() == list(range(2017, 2025)) and best.loc[2024, "851712"] > 5
    key = ["flow", "reporters", "hs6"]
    old = after.set_index(key).loc[before.set_index(key).index].drop(columns=["y2024", "source"])
    assert old.equals(before.set_index(key).drop(columns="source"))
    oil = after.set_index(key).loc[("RUS_to_CHN", "China", "270900")]
    assert oil["source"].endswith("; comtrade_hs6_2024") and oil["status"] == "mirror"
    fields = [f["name"] for f in data.describe("hs6_flows").fields]
    assert fields[-3:] == ["y2024", "status", "source"] and data.describe("hs6_flows").units["y2024"]
    assert "440711" not in set(after.loc[after["y2024"].notna(), "hs6"]), "no trade is no row"


@pytest.mark.slow
def test_a_year_before_others_stands_before_them_and_may_be_fetched_again(data_copy, comtrade):
    comtrade["reply"] = product_answers(comtrade)
    comtrade_client.update_products(2018)
    once = data.load("hs6_flows")
    comtrade["reply"] = product_answers(comtrade, weights={"270900": 0.5, "290511": 0.5})
    comtrade_client.update_products(2018)
    twice = data.load("hs6_flows")
    panel = st.upgrading.product_panel(twice, "RUS_to_CHN", "China")
    assert panel.index.tolist() == [2018, 2019, 2022, 2023]
    assert panel.loc[2018][panel.loc[2018] > 0].index.tolist() == ["270900", "290511"], "the first answer is gone"
    assert list(once.columns) == list(twice.columns) and not twice["source"].str.count("comtrade_hs6_2018").gt(1).any()
    best = st.upgrading.product_panel(twice, "RUS_to_CHN")
    assert best.loc[2018].sum() == pytest.approx(55.31, abs=0.01), "the reconciled figure of the year stays"


@pytest.mark.slow
def test_with_a_key_all_products_are_one_question_a_flow(data_copy, comtrade, monkeypatch):
    import comtradeapicall

    queries = []
    monkeypatch.setattr(
        comtradeapicall, "getFinalData", lambda key, **q: queries.append(q) or comtradeapicall.previewFinalData(**q)
    )
    comtrade["reply"] = product_answers(comtrade)
    comtrade_client.update_products(2024, "a-key")
    assert [(q["flowCode"], q["cmdCode"], q["clCode"]) for q in queries] == [("M", "AG6", "H5"), ("X", "AG6", "H5")]
    assert all(q["maxRecords"] > 5000 for q in queries)


BAD_PRODUCTS = {
    "another edition": ({"change": lambda r: r | {"classificationCode": "H6"}}, "edition H6 and not H5"),
    "mixed editions": (
        {"change": lambda r: r | {"classificationCode": "H6" if r["cmdCode"] == "270900" else "H5"}},
        "edition H5, H6 and not H5",
    ),
    "no edition": ({"change": lambda r: {k: v for k, v in r.items() if k != "classificationCode"}}, "lacks classif"),
    "another total": ({"scale": 1.03}, "sums to .* the total at hand"),
    "chapters": ({"change": lambda r: r | {"cmdCode": r["cmdCode"][:2]}}, "one row for each product of six digits"),
    "a negative value": ({"change": lambda r: r | {"primaryValue": -1.0}}, "missing or negative"),
}


@pytest.mark.parametrize("fault, message", BAD_PRODUCTS.values(), ids=BAD_PRODUCTS)
def test_bad_products_change_nothing_and_say_why(data_copy, comtrade, fault, message):
    comtrade["reply"] = product_answers(comtrade, **fault)
    before = digest(data_copy)
    with pytest.raises(RunError, match=f"{message}.*nothing was changed"):
        comtrade_client.update_products(2024)
    assert digest(data_copy) == before


def test_a_product_that_the_edition_does_not_have_is_refused(data_copy, comtrade, monkeypatch):
    import comtradeapicall

    monkeypatch.setattr(comtradeapicall, "getFinalData", lambda key, **q: comtradeapicall.previewFinalData(**q))
    comtrade["reply"] = product_answers(comtrade, weights={"270900": 0.5, "851713": 0.5})
    with pytest.raises(RunError, match="has product 851713, which HS 2017 has not; nothing was changed"):
        comtrade_client.update_products(2024, "a-key")


@pytest.mark.parametrize("year", [2016, 2019, 2023, 2026])
def test_a_year_that_another_source_gives_or_that_has_no_total_is_refused_before_anything_is_asked(comtrade, year):
    with pytest.raises(InputError, match=rf"unknown year to fetch by product '{year}'.*2017, 2018, 2020, 2021, 2024"):
        comtrade_client.update_products(year)
    assert comtrade["asked"] == []


@pytest.mark.slow
def test_products_are_asked_for_from_the_command_line(data_copy, comtrade):
    comtrade["reply"] = product_answers(comtrade)
    done = CliRunner().invoke(cli.main, ["data", "update", "--products", "2025"])
    assert done.exit_code == 0 and "by product in 2025" in done.output
    refused = CliRunner().invoke(cli.main, ["data", "update", "--products", "2012"])
    assert refused.exit_code == 2 and "unknown year to fetch by product '2012'" in refused.output + refused.stderr
