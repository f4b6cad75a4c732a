"""Stored outputs of notebooks are compared at a stated tolerance: a plugin for pytest that goes with nbval.

Numbers are equal within 1e-9 of the larger one, or within 1e-12 where they are around zero; whole numbers and all other
text are compared exactly, in every text output (sentences, tables, CSV, recorded values). The last digits of a sum
depend on the processor: the order of additions is the linear algebra library's. Numbers that are shown rounded are
compared the same way. Drawings are not compared, as nbval does not compare images: where a letter stands depends on the
fonts' hinting. The CSV beside each figure is, and so are its title, which tells the finding, and its source.

A cell may state a wider tolerance where a solver's own tolerance asks for it, with the reason, in its metadata:

    tolerance: {relative: 1.0e-7, absolute: 1.0e-9, reason: "feasibility tolerance of HiGHS"}
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

DRAWINGS = ("image/svg+xml", "application/vnd.rutrade.figure+json")
WIDEST = 1e-5  # of a stated tolerance: a change of 1 % anywhere must fail
# A number stands alone: digits glued to letters are names (HS84, 4a1f) and are compared as text.
_NUMBER = re.compile(r"(?<![\w.])([-+\u2212]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?![\w])")
_SHOWN = 5  # differences in a message


@dataclass(frozen=True)
class Tolerance:
    """How far two numbers may be apart: `relative` times the larger one, or `absolute`."""

    relative: float = 1e-9
    absolute: float = 1e-12
    reason: str = ""

    def __post_init__(self) -> None:
        for name, value in (("relative", self.relative), ("absolute", self.absolute)):
            if not (isinstance(value, int | float) and 0 <= value <= WIDEST):
                raise ValueError(f"tolerance: {name} is {value!r}; allowed are numbers from 0 to {WIDEST}")

    def close(self, a: float, b: float) -> bool:
        return math.isclose(a, b, rel_tol=self.relative, abs_tol=self.absolute)


def of_cell(metadata: dict) -> Tolerance:
    """The tolerance a cell states in its metadata, or the common one.

    Raises ValueError when it is wider than WIDEST or has no reason, or other fields.
    """
    if "tolerance" not in metadata:
        return Tolerance()
    stated = dict(metadata["tolerance"])
    if unknown := set(stated) - {"relative", "absolute", "reason"}:
        raise ValueError(f"tolerance: no field {sorted(unknown)}; allowed are relative, absolute, reason")
    if len(str(stated.get("reason", ""))) < 10:
        raise ValueError("tolerance: a reason must stand beside it, such as the solver's own tolerance")
    return Tolerance(**stated)


def differences(stored: str, now: str, tolerance: Tolerance = Tolerance()) -> Iterator[str]:
    """What is not the same in two texts, in words: nothing when they agree."""
    ours, theirs = (_NUMBER.split(unquote(text) if "data:text/csv" in text else text) for text in (stored, now))
    for i, (a, b) in enumerate(zip(ours, theirs, strict=False)):
        if a == b:
            continue
        if not i % 2:  # words stand at even places, numbers at odd ones
            yield f"text {a[-60:]!r} became {b[-60:]!r}"
            return  # what follows need not be the same numbers
        x, y = (float(number.replace("\u2212", "-")) for number in (a, b))
        whole = not re.search(r"[.eE]", a + b)
        if (whole and x != y) or not tolerance.close(x, y):
            apart = abs(x - y) / max(abs(x), abs(y))
            yield f"{a} became {b} (relative {apart:.1e}) after {ours[i - 1][-40:]!r}"
    if len(ours) != len(theirs):
        yield f"{len(ours) // 2} numbers became {len(theirs) // 2}"


class TolerantText(str):
    """A text that is equal to another when their numbers agree within its tolerance."""

    tolerance = Tolerance()
    __hash__ = None  # near is not transitive

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and next(differences(self, other, self.tolerance), None) is None

    def __ne__(self, other: object) -> bool:
        return not self == other


def tolerant(text: object, tolerance: Tolerance) -> object:
    """The text as one that knows its tolerance; what is no text (a picture's size) stays as it is."""
    if not isinstance(text, str):
        return text
    known = TolerantText(text)
    known.tolerance = tolerance
    return known


def pytest_itemcollected(item) -> None:
    """Let nbval compare the texts of a notebook's cell at the cell's tolerance."""
    if type(item).__name__ != "IPyNbCell":
        return
    if item.parent.skip_compare[-len(DRAWINGS) :] != DRAWINGS:
        item.parent.skip_compare += DRAWINGS
    tolerance, sanitize, report = of_cell(item.cell.metadata), item.sanitize, item.format_output_compare

    def explained(key: str, stored: object, now: object) -> None:
        if isinstance(stored, str) and isinstance(now, str):
            found = list(differences(stored, now, tolerance))
            item.comparison_traceback += [f"  {key}: {words}" for words in found[:_SHOWN]]
            if len(found) > _SHOWN:
                item.comparison_traceback.append(f"  {key}: and {len(found) - _SHOWN} more")
        report(key, stored, now)

    item.sanitize = lambda text: tolerant(sanitize(text), tolerance)
    item.format_output_compare = explained
