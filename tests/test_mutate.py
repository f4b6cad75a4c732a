"""What `mutate.py` changes, and what it leaves alone."""

import ast

import pytest
from mutate import changes


def edits(text: str) -> list[str]:
    return [f"{c.before} -> {c.after}" for c in changes("m.py", text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = a < b", ["< -> <="]),
        ("x = a <= b != c", ["<= -> <", "!= -> =="]),
        ("x = a not in b", ["not in -> in"]),
        ("x = a is None", ["is -> is not"]),
        ("x = (a + b) * (c - d)", ["+ -> -", "* -> /", "- -> +"]),
        ("x -= a / b", ["-= -> +=", "/ -> *"]),
        ("x = a**b", ["** -> *"]),
        ("x = a and b and c", ["and -> or", "and -> or"]),
        ("x = not a", ["not -> "]),
        ("x = -(a)", ["-( -> ("]),
        ("x = f(3, 0.5, 0.0)", ["3 -> 4", "0.5 -> 0.55", "0.0 -> 1.0"]),
        ("x = True", ["True -> False"]),
        ("x = min(a, np.maximum(b, c))", ["min -> max", "maximum -> minimum"]),
        ("x = 'é' if a < b else c", ["< -> <="]),  # two bytes, one character
    ],
)
def test_operators_and_constants_are_changed(text, expected):
    assert edits(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        '"""A docstring of 3 words."""',
        "def f(x: 'int | None' = None) -> A | B: ...",
        "raise InputError(f'{a + 1} is above 3')",
        "__all__ = ['a', 'b'] + ['c']",
        "x = 'a' + b",
        "x = f'{a + 1:.3f}'",
        "@cached(3)\ndef f(): ...",
        "x = zip(a, b, strict=True)",
        "x = solve(a, tol=0.5, maxiter=100)",
        "x = 1e-9",
    ],
)
def test_what_no_result_depends_on_is_left_alone(text):
    assert edits(text) == []


def test_every_change_is_another_program_that_can_be_read():
    text = "def f(a, b):\n    if not (a > 1) and b:\n        return -(a) * 2.5\n    return max(a, b) - 1\n"
    found = changes("m.py", text)
    assert len({c.apply(text) for c in found}) == len(found) == 10
    for change in found:
        assert ast.dump(ast.parse(change.apply(text))) != ast.dump(ast.parse(text)), change


def test_a_change_is_reported_with_its_place():
    text = "a = 1\nb = c < d\n"
    (change,) = [c for c in changes("m.py", text) if c.before == "<"]
    assert change.describe(text) == "m.py:2:7  < -> <=    b = c < d"
