"""How many small changes of the code do the tests find? A sample says.

    python tests/mutate.py rutrade/structure --tests tests/test_structure.py --sample 40 --seed 1

A sample of all single changes of the given modules is tried one after the other on a temporary copy of the compendium;
the tree itself is never touched. A change is found when the given tests fail, or run four times as long as they did on
the unchanged copy. Run are the tests that come by the changed statement on the unchanged copy, the quick ones first; a
statement that no test runs is not found. The same seed draws the same sample; hypothesis draws the same examples in
each run.

Changed are comparisons, + - * / ** // & |, `and` and `or`, `not`, the sign, numbers (whole ones by 1, others by 10 %),
True and False, min and max. Not changed is what no result depends on: docstrings, `raise` and the making of its
message, annotations, decorators, `__all__`, f-strings, `zip(strict=...)`, scipy's `check_finite` and `overwrite_a`,
limits and tolerances of iterations (by their keyword, or smaller than 1e-5). What a change leaves equal in meaning
cannot be found: read those that are listed.
"""

import argparse
import ast
import importlib
import io
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import tokenize
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
_COPIED = ("rutrade", "tests", "data", "notebooks", "book", "*.toml", "*.txt", "*.yml", "*.md", "*.cff", "Makefile")
_BINARY = {
    ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*", ast.Pow: "*", ast.FloorDiv: "/", ast.BitAnd: "|",
    ast.BitOr: "&",
}  # fmt: skip
_COMPARE = {
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==", ast.In: "not in",
    ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is",
}  # fmt: skip
_NAMES = {"min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum"}
_WITHOUT_EFFECT = {
    "strict", "maxsize", "stacklevel", "check_finite", "overwrite_a", "overwrite_b",
    "maxiter", "tol", "rtol", "atol", "xtol", "ftol", "gtol",
}  # fmt: skip
_SMALLEST = 1e-5  # numbers below are tolerances
_ERRORS = {"InputError", "RunError", "unknown"}  # calls that make a message


@dataclass(frozen=True, order=True)
class Change:
    """Characters `start` to `end` of a file become `after`."""

    path: str
    start: int
    end: int
    line: int
    before: str
    after: str

    def apply(self, text: str) -> str:
        return text[: self.start] + self.after + text[self.end :]

    def describe(self, text: str) -> str:
        line = text.splitlines()[self.line - 1]
        column = self.start - text.rfind("\n", 0, self.start)
        return f"{self.path}:{self.line}:{column}  {self.before} -> {self.after or 'nothing'}    {line.strip()}"


class _Source:
    """A module's text with the positions of its syntax tree and tokens as offsets of characters."""

    def __init__(self, text: str):
        self.text = text
        self.lines = text.splitlines(keepends=True)
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line))
        skipped = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
        self.tokens = [
            (self.starts[t.start[0] - 1] + t.start[1], self.starts[t.end[0] - 1] + t.end[1])
            for t in tokenize.generate_tokens(io.StringIO(text).readline)
            if t.type not in skipped and t.string and t.string not in "()"
        ]

    def offset(self, line: int, column: int) -> int:
        """The tree counts bytes, we count characters."""
        return self.starts[line - 1] + len(self.lines[line - 1].encode()[:column].decode())

    def span(self, node: ast.expr) -> tuple[int, int]:
        return self.offset(node.lineno, node.col_offset), self.offset(node.end_lineno, node.end_col_offset)

    def between(self, left: ast.expr, right: ast.expr) -> tuple[int, int]:
        """Where the operator between two operands stands."""
        low, high = self.span(left)[1], self.span(right)[0]
        inside = [(a, b) for a, b in self.tokens if a >= low and b <= high]
        return inside[0][0], inside[-1][1]


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a node on which a result depends."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield child


def _left_alone(node: ast.AST) -> bool:
    if isinstance(node, ast.Raise | ast.JoinedStr | ast.Assert):
        return True
    if isinstance(node, ast.keyword):
        return node.arg in _WITHOUT_EFFECT
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in _ERRORS
    if isinstance(node, ast.Assign):
        return any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets)
    return False


def _number(value: int | float) -> str:
    return str(value + 1) if isinstance(value, int) else repr(value * 1.1 or 1.0)


def _edits(node: ast.AST, source: _Source) -> Iterator[tuple[tuple[int, int], str]]:
    """Positions and what to put there, for one node without its children."""
    match node:
        case ast.Compare():
            for left, operator, right in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
                yield source.between(left, right), _COMPARE[type(operator)]
        case ast.BinOp() if type(node.op) in _BINARY and not (_is_text(node.left) or _is_text(node.right)):
            yield source.between(node.left, node.right), _BINARY[type(node.op)]
        case ast.AugAssign() if type(node.op) in _BINARY and not _is_text(node.value):
            yield source.between(node.target, node.value), _BINARY[type(node.op)] + "="
        case ast.BoolOp():
            other = "or" if isinstance(node.op, ast.And) else "and"
            for left, right in zip(node.values, node.values[1:], strict=False):
                yield source.between(left, right), other
        case ast.UnaryOp(op=ast.Not()) | ast.UnaryOp(op=ast.USub()):
            yield (source.span(node)[0], source.span(node.operand)[0]), ""
        case ast.Constant(value=bool()):
            yield source.span(node), str(not node.value)
        case ast.Constant(value=int()):
            yield source.span(node), _number(node.value)
        case ast.Constant(value=float()) if node.value == 0 or abs(node.value) >= _SMALLEST:
            yield source.span(node), _number(node.value)
        case ast.Name(id=name) if name in _NAMES:
            yield source.span(node), _NAMES[name]
        case ast.Attribute(attr=name) if name in _NAMES:
            end = source.span(node)[1]
            yield (end - len(name), end), _NAMES[name]


def changes(path: str, text: str) -> list[Change]:
    """All single changes of a module in the order of its text."""
    source, found, waiting = _Source(text), [], [ast.parse(text)]
    while waiting:
        node = waiting.pop()
        if _left_alone(node):
            continue
        for (start, end), after in _edits(node, source):
            opened = text[start:end].count("(")  # `-(a + b)` keeps its bracket
            after += "(" * opened
            line = text.count("\n", 0, start) + 1
            found.append(Change(path, start, end, line, text[start:end].strip(), after))
        waiting.extend(_children(node))
    return sorted(found)


def _modules(paths: list[str]) -> list[Path]:
    found = []
    for path in map(Path, paths):
        inside = sorted((ROOT / path).rglob("*.py")) if (ROOT / path).is_dir() else [ROOT / path]
        found += [p.relative_to(ROOT) for p in inside]
    return found


class _Copy:
    """A copy of the compendium in which one change at a time is tried.

    Each run of the tests is a fork of this process, in which their libraries are loaded already and the package is not:
    of the seconds that a run of a small test file takes, most are imports.
    """

    def __init__(self, folder: Path, tests: list[str]):
        self.folder, self.tests = folder, tests
        self.seconds: dict[str, float] = {}  # by test, with the fixtures it had to wait for
        folder.mkdir(parents=True)
        for pattern in _COPIED:
            for path in ROOT.glob(pattern):
                ignored = shutil.ignore_patterns("__pycache__", "results", ".*")
                target = folder / path.name
                shutil.copytree(path, target, ignore=ignored) if path.is_dir() else shutil.copy(path, target)

    def run(self, tests: list[str], timeout: float = float("inf"), plugins: tuple = ()) -> tuple[int | None, str]:
        """Exit code of the tests and their last words; None when they ran too long."""
        said = self.folder.with_suffix(".said")
        child = os.fork()
        if not child:
            code = 3
            try:
                os.setsid()
                with said.open("w") as file:
                    os.dup2(file.fileno(), 1)
                    os.dup2(file.fileno(), 2)
                os.chdir(self.folder)
                sys.path.insert(0, str(self.folder))
                os.environ["PYTHONPATH"] = str(self.folder)
                code = int(pytest.main(["-x", "-q", "--no-header", "-p", "no:cacheprovider", *tests], list(plugins)))
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                os._exit(code)
        end = time.monotonic() + timeout
        while not (done := os.waitpid(child, os.WNOHANG))[0]:
            if time.monotonic() > end:
                os.killpg(child, signal.SIGKILL)
                os.waitpid(child, 0)
                return None, ""
            time.sleep(0.02)
        return os.waitstatus_to_exitcode(done[1]), said.read_text(errors="replace")

    def learn(self, paths: list[str]) -> dict[tuple[str, int], set[str]]:
        """Run all tests on the unchanged copy; which of them run a line of which module ("": the import of it)."""
        notes = self.folder.with_suffix(".lines")
        code, words = self.run(self.tests, plugins=(_Lines(self.folder, paths, notes),))
        if code != 0:
            raise SystemExit(f"the tests fail on the unchanged copy:\n{words[-3000:]}")
        found: dict[tuple[str, int], set[str]] = {}
        noted = json.loads(notes.read_text())
        for path, line, name in noted["lines"]:
            found.setdefault((path, line), set()).add(name)
        self.seconds = noted["seconds"]
        return found

    def find(self, change: Change, tests: set[str], timeout: float) -> str:
        """What came of a change: "found", "too long" or "not found"."""
        if not tests:
            return "not found"
        path = self.folder / change.path
        text = path.read_text(encoding="utf-8")
        try:
            path.write_text(change.apply(text), encoding="utf-8")
            quick_first = sorted(tests, key=lambda name: (self.seconds.get(name, 0.0), name))
            code, words = self.run(self.tests if "" in tests else quick_first, timeout)
        finally:
            path.write_text(text, encoding="utf-8")
        if code not in (None, 0, 1, 2) and not code < 0:  # 2: an error while the tests were collected; < 0: a crash
            raise SystemExit(f"pytest ended with {code}:\n{words[-2000:]}")
        return {None: "too long", 0: "not found"}.get(code, "found")


class _Lines:
    """Notes which test runs which line; what a shared fixture runs counts for every test that uses it."""

    def __init__(self, folder: Path, paths: list[str], notes: Path):
        self.folder, self.paths, self.notes = folder, paths, notes

    def pytest_configure(self) -> None:
        import coverage

        self.cover = coverage.Coverage(data_file=None, include=[str(self.folder / p) for p in self.paths])
        self.cover.start()
        self.users: dict[str, set[str]] = {}
        self.seconds: dict[str, float] = {}
        self.current = ""

    def _switch(self, name: str) -> str:
        before, self.current = self.current, name
        self.cover.switch_context(name)
        return before

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        for name in item.fixturenames:
            self.users.setdefault(f"fixture {name}", set()).add(item.nodeid)
        self._switch(item.nodeid)
        try:
            return (yield)
        finally:
            self._switch("")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef) -> Iterator[None]:
        before = self._switch(self.current if fixturedef.scope == "function" else f"fixture {fixturedef.argname}")
        try:
            return (yield)
        finally:
            self._switch(before)

    def pytest_unconfigure(self) -> None:
        self.cover.stop()
        data, found = self.cover.get_data(), []
        for path in data.measured_files():
            for line, contexts in data.contexts_by_lineno(path).items():
                for context in contexts:
                    for name in self.users.get(context, {context}):
                        found.append((str(Path(path).relative_to(self.folder)), line, name))
        self.notes.write_text(json.dumps({"lines": found, "seconds": self.seconds}))


def _statement(text: str, line: int) -> range:
    """Lines of the smallest statement around a line; of a block, its head."""
    spans = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            last = max(node.lineno, body[0].lineno - 1) if body else node.end_lineno
            spans.append(range(node.lineno, last + 1))
    return min((span for span in spans if line in span), key=len, default=range(line, line + 1))


def _load_libraries() -> None:
    """What the tests import, so that a fork has it. hypothesis draws the same examples in CI each time, keeps none."""
    os.environ |= {"CI": "true", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    os.environ |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    sys.dont_write_bytecode = True  # a file changed twice in the same second would be taken for the old one
    for name in ("pandas", "scipy.linalg", "scipy.optimize", "scipy.stats", "scipy.sparse", "xarray", "yaml",
                 "hypothesis.extra.numpy", "hypothesis.strategies", "frictionless", "statsmodels.api"):  # fmt: skip
        importlib.import_module(name)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="+", help="files or folders, from the top of the compendium")
    parser.add_argument("--tests", nargs="+", required=True, help="test files, or other arguments of pytest")
    parser.add_argument("--sample", type=int, default=40, help="changes to try (0: all)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--list", action="store_true", help="print the sample and run nothing")
    parser.add_argument("--at-least", type=float, default=0, metavar="SHARE", help="fail when fewer are found")
    given = parser.parse_args(arguments)

    texts = {str(p): (ROOT / p).read_text(encoding="utf-8") for p in _modules(given.modules)}
    every = [c for path, text in texts.items() for c in changes(path, text)]
    sample = sorted(random.Random(given.seed).sample(every, min(given.sample or len(every), len(every))))
    if given.list:
        print(*(c.describe(texts[c.path]) for c in sample), sep="\n")
        return 0

    _load_libraries()
    with tempfile.TemporaryDirectory(prefix="rutrade-mutate-") as folder:
        copy = _Copy(Path(folder) / "copy", given.tests)
        start = time.monotonic()
        lines = copy.learn(list(texts))
        usual = time.monotonic() - start
        outcomes = []
        for change in sample:
            near = _statement(texts[change.path], change.line)
            tests = set().union(*(lines.get((change.path, line), ()) for line in near))
            outcomes.append(copy.find(change, tests, timeout=4 * usual + 10))
            print(f"{outcomes[-1]:10} {change.describe(texts[change.path])}", flush=True)
    found = sum(outcome != "not found" for outcome in outcomes)
    share = found / len(sample) if sample else 1.0
    print(f"\n{found} of {len(sample)} found ({share:.0%}); {len(every)} changes are possible, {usual:.0f} s a run")
    return int(share < given.at_least)


if __name__ == "__main__":
    sys.exit(main())
