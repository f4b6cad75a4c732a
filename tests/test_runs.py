"""Execution: pages move only when whole, stale pages run again, failures are one sentence."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from typing import Annotated

import nbformat
import pandas as pd
import papermill
import pytest

from rutrade import InputError, RunError, files, scenarios
from rutrade.publish import provenance, runs

ROOT = files.root()


class Probe(scenarios.Parameters):
    """Parameters of the little notebook these tests execute."""

    notebook = "probe"
    number: Annotated[int, scenarios.parameter("any number", "view", "1", ge=0, le=9)] = 1


@pytest.fixture
def little(tmp_path, monkeypatch):
    """A compendium with one little notebook, for failures the real ones do not have."""
    cells = [
        nbformat.v4.new_markdown_cell("# Probe"),
        nbformat.v4.new_code_cell("number: int = 1  # any number", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell(
            "from rutrade import InputError, data, structure\ntable = data.load('trade_targets')\n"
            "if number == 7: raise InputError('seven is not wanted')"
        ),
        nbformat.v4.new_code_cell("print(1 / (number - 8))"),
        nbformat.v4.new_code_cell(
            "import matplotlib; matplotlib.use('agg')\nfrom rutrade.publish import figures, style, tables\n"
            "import pandas as pd\nnumbers = pd.DataFrame({'x': [1 / 3, 2e-7 / 3]}, index=pd.Index([1, 2], name='n'))\n"
            "fig, ax = style.axes()\nax.plot(numbers)\n"
            "figures.publish(fig, 'thirds', 'Thirds fall', numbers, 'A line from a third to nearly zero', 'us')\n"
            "tables.table(numbers, 'rows', 'Rows: of thirds', 'us')"
        ),
    ]
    (tmp_path / "notebooks").mkdir()
    for name in ("rutrade", "data", "notebooks/scenarios"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "requirements.txt").write_text("lock")
    (tmp_path / "_toc.yml").write_text("root: index\nchapters:\n- file: book/results/base/probe\n")
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), tmp_path / "notebooks" / "probe.ipynb")
    monkeypatch.setattr(files, "root", lambda: tmp_path)
    monkeypatch.setenv("RUTRADE_DATA", str(tmp_path / "data"))
    monkeypatch.setitem(scenarios.PARAMETERS, "probe", Probe)
    return tmp_path


@pytest.fixture
def executed(little):
    """The little compendium with its page executed."""
    run = runs.prepare("probe")
    assert not runs.fresh(run)
    runs.execute(run, progress=False)
    assert runs.fresh(run)
    return little, run


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_page_runs_again_when_what_it_was_made_from_changes(executed):
    little, run = executed
    assert not runs.fresh(runs.prepare("probe", overrides={"number": 2}, folder=run.target.parent))
    targets = json.loads((little / "data" / "datapackage.json").read_text())["resources"]
    used = next(r["hash"] for r in targets if r["name"] == "trade_targets")
    changes = [
        (little / "requirements.txt", "lock", "lock2"),
        (little / "notebooks" / "probe.ipynb", "# Probe", "# Other"),
        (little / "data" / "datapackage.json", used, used[:-1] + ("0" if used[-1] != "0" else "1")),
        (little / "rutrade" / "structure" / "indices.py", "float(0.5 *", "float(0.505 *"),
        (little / "rutrade" / "publish" / "style.py", "WIDE, NARROW = 760", "WIDE, NARROW = 761"),
    ]
    for path, old, new in changes:
        before = path.read_text(encoding="utf-8")
        edit(path, old, new)
        assert not runs.fresh(run), path
        path.write_text(before, encoding="utf-8")
        assert runs.fresh(run), path
    (little / "rutrade" / "structure" / "indices.py").unlink()
    assert not runs.fresh(run)


def test_nothing_else_runs_a_page_again(executed):
    little, run = executed
    package = json.loads((little / "data" / "datapackage.json").read_text())["resources"]
    other = next(r["hash"] for r in package if r["name"] == "macro")
    edit(little / "rutrade" / "cli.py", "import sys", "import sys  # a comment")
    edit(little / "rutrade" / "cli.py", "import sys", "import os, sys")
    edit(little / "rutrade" / "chain" / "results.py", "import json", "import json, os")
    edit(little / "rutrade" / "structure" / "indices.py", '"""', '"""Other words. ')
    edit(little / "rutrade" / "structure" / "indices.py", "\ndef ", "\n# a comment\ndef ")
    edit(little / "data" / "datapackage.json", other, "sha256:0")
    (little / "notebooks" / "scenarios" / "new.yaml").write_text("# Another world.\nproject:\n  multiplier: 5.0\n")
    (little / "rutrade" / "new.py").write_text("one = 1\n")
    assert runs.fresh(run)


def test_a_page_that_shows_all_presets_runs_again_when_one_of_the_chain_is_added(executed):
    little, run = executed
    edit(little / "notebooks" / "probe.ipynb", "data, structure", "data, sweep; sweep.presets()")
    runs.execute(run, progress=False)
    new = little / "notebooks" / "scenarios" / "new.yaml"
    new.write_text("# A view of chapter 01.\nstructure:\n  first_year: 2017\n")
    assert runs.fresh(run)
    new.write_text("# Another world.\nproject:\n  multiplier: 5.0\n")
    assert not runs.fresh(run)
    assert provenance.changed(json.loads(run.target.read_text())["metadata"]["rutrade"]["made_from"]) == [
        "presets 'new'"
    ]


@pytest.mark.slow
def test_workers_of_a_sweep_tell_their_caller_which_tables_they_read():
    code = "from rutrade import data, sweep\nfrom rutrade.publish import provenance\n"
    code += "sweep.sweep([{'draws': 0}], None, 1, progress=False)\n"
    code += "print(sorted(data.used()), 'rutrade.trade.projection' in provenance.loaded())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "'national_io_2016'" in told and "'project_objects'" in told and told.strip().endswith("True")


def test_numbers_go_from_notebook_to_csv_with_twelve_digits_and_pages_link_them(executed):
    _, run = executed
    page = nbformat.read(run.target, as_version=4)
    for name in ("thirds", "rows"):
        path = run.target.parent / "tables" / f"probe-{name}.csv"
        assert pd.read_csv(path, index_col="n")["x"].tolist() == pytest.approx([1 / 3, 2e-7 / 3], rel=1e-11)
        html = "".join(o.data.get("text/html", "") for c in page.cells for o in c.get("outputs", ()) if "data" in o)
        assert f'<a class="csv" download="probe-{name}.csv" href="tables/probe-{name}.csv">Data (CSV)</a>' in html
        assert f'href="../figures.html#base-probe-{name}">Check</a>' in html
    assert "<!--" not in html
    assert not any("provenance" in c.source for c in page.cells)
    assert "text/csv" not in {kind for c in page.cells for o in c.get("outputs", ()) for kind in o.get("data", ())}


def test_own_parameters_never_replace_the_published_page(little):
    published = runs.prepare("probe")
    own = runs.prepare("probe", overrides={"number": 3})
    assert own.target != published.target


def test_a_notebook_that_raises_keeps_the_last_good_page_and_names_the_cell(little):
    good = runs.prepare("probe", folder=little / "out")
    runs.execute(good, progress=False)
    before = good.target.read_bytes()
    bad = runs.prepare("probe", overrides={"number": 8}, folder=little / "out")
    with pytest.raises(RunError, match=r"probe \(base\): cell \d+ raised ZeroDivisionError"):
        runs.execute(bad, progress=False)
    assert good.target.read_bytes() == before
    assert (little / "out" / "failed" / "probe.ipynb").exists()
    assert not list((little / "out").glob(".*"))


def test_bad_input_found_inside_a_notebook_is_one_sentence(little):
    run = runs.prepare("probe", overrides={"number": 7}, folder=little / "out")
    with pytest.raises(InputError, match=r"^probe: seven is not wanted$"):
        runs.execute(run, progress=False)


def test_a_kernel_that_ends_is_one_sentence(little, capfd):
    run = runs.prepare("probe", folder=little / "out")
    edit(little / "notebooks" / "probe.ipynb", "print(1 / (number - 8))", "import os; os.kill(os.getpid(), 9)")
    with pytest.raises(RunError, match=r"^probe \(base\): its kernel ended without a word"):
        runs.execute(run, progress=False)
    assert capfd.readouterr().err == ""


def test_ctrl_c_leaves_nothing_half_written(little, monkeypatch):
    run = runs.prepare("probe", folder=little / "out")
    runs.execute(run, progress=False)
    before = run.target.read_bytes()

    def interrupted(source, target, **_):
        target.write_text("half")
        raise KeyboardInterrupt

    monkeypatch.setattr(papermill, "execute_notebook", interrupted)
    with pytest.raises(KeyboardInterrupt):
        runs.execute(run, progress=False)
    assert run.target.read_bytes() == before
    assert sorted(p.name for p in (little / "out").iterdir()) == ["probe.ipynb", "tables"]


def test_two_executions_differ_only_in_date_and_duration(little):
    pages = []
    for name in ("a", "b"):
        run = runs.prepare("probe", folder=little / name)
        runs.execute(run, progress=False)
        text = re.sub(r"\d{4}-\d\d-\d\d [\d:]+ UTC|duration, s</th><td>[\d.]+", "", run.target.read_text())
        notebook = json.loads(text)
        del notebook["metadata"]["rutrade"]["seconds"]
        for cell in notebook["cells"]:
            cell.pop("id"), cell["metadata"].pop("execution", None), cell["metadata"].pop("papermill", None)
        pages.append(notebook)
    assert pages[0] == pages[1]


def test_what_a_killed_run_left_is_cleared_and_that_of_a_running_one_stays(little):
    run = runs.prepare("probe", folder=little / "out")
    (little / "out").mkdir()
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = little / "out" / f".probe.{ended.pid}.part.ipynb"
    other = little / "out" / f".other.{os.getppid()}.part.ipynb"
    for path in (left, other):
        path.touch()
    runs.execute(run, progress=False)
    assert not left.exists() and other.exists()


def test_ctrl_c_ends_a_run_with_its_kernel_and_without_a_traceback(little):
    edit(
        little / "notebooks" / "probe.ipynb",
        "print(1 / (number - 8))",
        "import os, time; open('kernel', 'w').write(str(os.getpid())); time.sleep(60)",
    )
    code = f"""if True:
        from pathlib import Path
        from typing import Annotated
        from rutrade import files, scenarios
        from rutrade.publish import runs
        files.root = lambda: Path({str(little)!r})
        class Probe(scenarios.Parameters):
            notebook = "probe"
            number: Annotated[int, scenarios.parameter("any number", "view", "1", ge=0, le=9)] = 1
        scenarios.PARAMETERS["probe"] = Probe
        try:
            runs.execute(runs.prepare("probe"), progress=False)
        except KeyboardInterrupt:
            print("stopped")
    """
    pid = little / "kernel"
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=little, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while process.poll() is None and not (pid.exists() and pid.read_text()):
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate()
    assert (out, errors) == ("stopped\n", "")
    assert not runs.running(int(pid.read_text()))
    assert not list((little / "book" / "results" / "base").glob(".*"))


@pytest.mark.parametrize("send", [os.killpg, os.kill], ids=["terminal", "kill -INT"])
def test_ctrl_c_ends_all_notebooks_of_a_build_with_their_kernels_and_without_a_traceback(little, send):
    sleep = "import os, time; open('kernel', 'w').write(str(os.getpid())); time.sleep(60)"
    edit(little / "notebooks" / "probe.ipynb", "print(1 / (number - 8))", sleep)
    (little / "notebooks" / "probe.ipynb").rename(little / "notebooks" / "03_siberia.ipynb")
    edit(little / "_toc.yml", "base/probe", "base/03_siberia\n- file: book/results/ri/03_siberia")
    (little / "main.py").write_text(
        "from rutrade.publish import runs\n\nif __name__ == '__main__':\n    try:\n        runs.execute_all(jobs=1)\n"
        "    except KeyboardInterrupt:\n        print('stopped')\n"
    )
    pid = little / "kernel"
    process = subprocess.Popen(
        [sys.executable, "main.py"], cwd=little, env=os.environ | {"PYTHONPATH": str(little)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    while process.poll() is None and not (pid.exists() and pid.read_text()):
        time.sleep(0.1)
    send(process.pid, signal.SIGINT)
    out, errors = process.communicate()
    assert out == "stopped\n"
    assert "Traceback" not in errors and "Error" not in errors, errors
    assert not runs.running(int(pid.read_text()))
    assert list((little / "book" / "results").rglob("*.ipynb")) == []
