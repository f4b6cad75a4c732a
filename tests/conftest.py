"""Fixtures shared by the tests."""

import fcntl
import functools
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from rutrade import data

ROOT = Path(__file__).resolve().parents[1]

# No test depends on time: no deadline for an example, no complaint that making examples is slow. In CI the examples
# are the same in every run.
settings.register_profile("local", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("local"), derandomize=True, database=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")

# What a test needs says what it is; `make quick` leaves these out. Slow: stages of the economy, the world's panel from
# all origins, executed notebooks, sweeps.
_SLOW = ("compendium_copy", "solutions", "kappa", "models", "prepared", "one_worker", "little", "trial")
_MARKERS = {"html": "book", "site": "book", "browser": "browser"} | dict.fromkeys(_SLOW, "slow")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark tests by the fixtures they use, and put first what takes long: building the book, notebooks, the browser."""
    for item in items:
        for fixture in _MARKERS.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(_MARKERS[fixture])
    names = {name: 0 for name in _reading()} | {"test_browser.py": 2}
    items.sort(key=lambda item: 1 if item.path.suffix == ".ipynb" else names.get(item.path.name, 3))


@functools.lru_cache
def _reading():
    """Files with tests that look at the built book, but for those in a browser, which take as long as building it."""
    asked = re.compile(r"^def \w+\([^)]*\b(html|site)\b", re.M)
    found = {path.name for path in Path(__file__).parent.glob("test_*.py") if asked.search(path.read_text("utf-8"))}
    return found - {"test_browser.py"}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Of several test processes one builds the book and runs the tests that look at it; the others go on meanwhile."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid):
            path = super()._split_scope(nodeid)
            return "the book" if Path(path).name in _reading() else path

    return Scheduling(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture
def data_copy(tmp_path, monkeypatch):
    """A copy of the data folder that the package reads instead of the real one."""
    folder = tmp_path / "data"
    shutil.copytree(data.home(), folder)
    monkeypatch.setenv("RUTRADE_DATA", str(folder))
    return folder


@pytest.fixture
def few_tables(data_copy):
    """Six tables, those that an update reads or changes and one more: checks take a tenth of the time."""
    kept = ("trade_totals", "trade_chapters", "trade_structure", "concordance", "sources", "macro")
    package = data.descriptor()
    package["resources"] = [r for r in package["resources"] if r["name"] in kept]
    (data_copy / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    assert set(data.names()) == set(kept)
    return data_copy


@pytest.fixture(scope="session")
def prepared():
    """What scenarios of the chain share, on 12 sectors."""
    from rutrade import chain
    from rutrade.scenarios import Scenario

    return chain.prepare(Scenario(sectors="12"))


@pytest.fixture(scope="session")
def run(prepared):
    """One scenario of the chain on 12 sectors without draws, kept by its parameters."""
    from rutrade import chain
    from rutrade.scenarios import Scenario

    results = {}

    def cached(apart=True, **values):
        key = (apart, *sorted(values.items()))
        if key not in results:
            s = Scenario.check(**({"draws": 0, "sectors": "12"} | values))
            results[key] = chain.run(s, prepared, apart=apart)
        return results[key]

    return cached


@pytest.fixture(scope="session")
def html(tmp_path_factory):
    """The built book; pages that are fresh are not executed again. Of several test processes one builds it."""
    from rutrade.publish import build

    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    done = tmp_path_factory.getbasetemp().parent / f"book-{run}"
    with done.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            done.write_text(str(build.build().parent))
    return Path(done.read_text())


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium by Playwright; the tests that need it are skipped, and say so, where none is installed."""
    from rutrade.publish import pdf

    program = pdf.chromium()
    if program is None:
        pytest.skip("not run: no Chromium or Chrome is installed (on Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=options)
        yield chromium
        chromium.close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """No line for each request."""


@pytest.fixture(scope="session")
def site(html):
    """Address of the built book on a local server."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=html))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def compendium_copy(tmp_path):
    """A copy of package, data and notebooks, and a function that runs strict nbval in it."""
    tests = ("tests/nbval_sanitize.cfg", "tests/nbval_tolerance.py")
    for name in ("rutrade", "data", "notebooks", *tests, "requirements.txt", "pyproject.toml"):
        source, target = ROOT / name, tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)

    def nbval(notebook: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval", "--nbval-sanitize-with"]
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "RUTRADE"))}
        return subprocess.run(
            [*command, str(tmp_path / tests[0]), str(tmp_path / "notebooks" / notebook)],
            cwd=tmp_path,
            env=environment | {"PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
        )

    return tmp_path, nbval


PAGE = """<!DOCTYPE html><html lang="en"><head><title>T — Book</title><meta name="viewport" content="a">
<meta name="viewport" content="b"><script>const THEBE_JS_URL = "https://x"</script><script>var a = 1;</script>
<script>var a = 1;</script><script src="keep.js"></script></head><body><button id="pst-back-to-top">up</button>
<div id="pst-primary-sidebar">x</div><article class="bd-article"><section><h1>Title</h1><h2>Rows</h2>
<table><caption>All rows</caption><thead><tr><th></th><th>b</th></tr></thead>
<tbody><tr><td>r</td><td>2</td></tr></tbody></table>
<div class="math">x</div><i class="fa-solid fa-moon"></i>
<img src="a.png" alt="Bars that rise from left to right"></section>
<section id="on-paper"><h2>On paper</h2><p>This copy of the book has no PDF: Chromium was missing when it was built.</p>
</section></article></body></html>"""


@pytest.fixture
def small_book(tmp_path):
    """A built book of one page with the theme's icon script and sheets."""
    from PIL import Image

    for name in ("_static/scripts", "_static/styles"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "_static/scripts/fontawesome.js").write_text(
        'x={moon:[1,2,[3,"m"],"f1","M1 2z"],"sun-cloud":[1,2,[],"f2","M3z"],sun:[1,2,[],"f2",["M3","M4"]]}'
    )
    (tmp_path / "_static/styles/theme.css").write_text('@import "../basic.css";\nb{}')
    (tmp_path / "_static/basic.css").write_text("a{background:url(file.png)}")
    (tmp_path / "page.html").write_text(PAGE, encoding="utf-8")
    Image.new("RGB", (7, 5)).save(tmp_path / "a.png")
    return tmp_path
