"""rutrade: three interrelated models of Russia-China trade and a regional research infrastructure.

The package reproduces and tests Novikova & Gulakova 2025 (doi:10.17059/ekon.reg.2025-3-8). Imports point one way:
`data` -> (`structure` | `project` | `economy` | `trade`) -> `chain` -> (`plan` | `sweep`) -> `sensitivity` -> `publish`
-> `cli`. A module is imported when its name is first used, so that `import rutrade` is quick and `rutrade.chain` works
all the same.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from importlib import import_module
from types import ModuleType

_MODULES = ("chain", "data", "economy", "plan", "project", "publish", "scenarios", "sensitivity", "stored",
            "structure", "sweep", "trade")  # fmt: skip
__version__: str  # given by `__getattr__`
__all__ = ["InputError", "RunError", *_MODULES]


class InputError(ValueError):
    """Bad input. The message is one sentence: which input, its value, and what is allowed."""


class RunError(RuntimeError):
    """A run that failed through no fault of the input. The message says what failed and what was left unchanged."""


def unknown(kind: str, value: object, allowed: Iterable[object]) -> InputError:
    """The error for a name that is not in `allowed`; it names the closest one."""
    names = [str(a) for a in allowed]
    close = get_close_matches(str(value), names, n=1, cutoff=0.5)
    hint = f"did you mean '{close[0]}'? " if close else ""
    return InputError(f"unknown {kind} '{value}': {hint}allowed: {', '.join(names)}")


def __getattr__(name: str) -> str | ModuleType:
    if name == "__version__":  # reading the distribution's metadata takes as long as a tenth of numpy
        from importlib.metadata import version

        return version("rutrade")
    if name in _MODULES:
        return import_module(f"rutrade.{name}")
    raise AttributeError(f"module 'rutrade' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
