"""rutrade: three interrelated models of Russia-China trade and a regional research infrastructure.

The package reproduces and tests Novikova & Gulakova 2025 (doi:10.17059/ekon.reg.2025-3-8).
Data flows one way: `datasets` -> (`structure` | `regional` | `project` | `trade`) -> `economy`
-> `chain` -> `sweep` -> `book`/`cli`. Importing the package imports none of its modules.
"""

from difflib import get_close_matches

__version__ = "0.1.0"


class InputError(ValueError):
    """Bad input. The message is one sentence: which input, its value, and what is allowed."""


class RunError(RuntimeError):
    """A run that failed through no fault of the input. The message says what failed and what was left unchanged."""


def unknown(kind: str, value: object, allowed) -> InputError:
    """The error for a name that is not in `allowed`; it names the closest one."""
    allowed = [str(a) for a in allowed]
    close = get_close_matches(str(value), allowed, n=1, cutoff=0.5)
    hint = f"did you mean '{close[0]}'? " if close else ""
    return InputError(f"unknown {kind} '{value}': {hint}allowed: {', '.join(allowed)}")
