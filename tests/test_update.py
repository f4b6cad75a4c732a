"""`data update` against a local server that speaks UN Comtrade's response format: good answers, bad ones, none."""

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3
from click.testing import CliRunner

from rutrade import RunError, cli, data
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


def test_a_second_update_gives_the_same_tables(data_copy, comtrade):
    comtrade_client.update()
    before = data.load("trade_chapters")
    comtrade_client.update()
    assert data.load("trade_chapters").equals(before)


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
    "only the last is bad": (lambda y, f: (200, answer(y, f, 1.5 if (y, f) == (2016, "X") else 1)), "2016, flow X"),
}


@pytest.mark.parametrize("reply, message", BAD.values(), ids=BAD)
def test_bad_answers_change_nothing_and_say_why(data_copy, comtrade, reply, message):
    comtrade["reply"] = reply
    before = digest(data_copy)
    with pytest.raises(RunError, match=message):
        comtrade_client.update()
    assert digest(data_copy) == before


def test_without_a_connection_one_sentence_and_nothing_changed(data_copy, monkeypatch):
    def refuse(self, method, url, **_):
        raise urllib3.exceptions.MaxRetryError(self, url, "no route")

    monkeypatch.setattr(urllib3.PoolManager, "request", refuse)
    before = digest(data_copy)
    result = CliRunner().invoke(cli.main, ["data", "update"])
    assert result.exit_code == 1
    assert "nothing was changed" in result.stderr and "Traceback" not in result.output
    assert digest(data_copy) == before
