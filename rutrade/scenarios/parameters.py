"""What a parameter is: type, unit, range, section and source, checked in one sentence before anything runs."""

from collections.abc import Mapping
from types import ModuleType
from typing import Any, ClassVar, Self, get_args

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.config import JsonDict

from rutrade import InputError, unknown

SECTIONS = ("structure", "siberia", "project", "economy", "trade", "chain", "plan", "view")
_SHELL = {"In", "Out"}  # what IPython itself keeps beside a notebook's variables


def parameter(
    meaning: str, section: str = "view", unit: str = "", source: str = "choice of view", **limits: Any
) -> Any:
    """A parameter's description: meaning, section, unit, source (or the word assumption), and limits (ge, le)."""
    about: JsonDict = {"section": section, "unit": unit, "source": source}
    return Field(description=meaning, json_schema_extra=about, **limits)


class Parameters(BaseModel):
    """Checked, immutable parameters of one notebook."""

    # a class's validator is made when it first checks something: importing the package stays quick
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)
    notebook: ClassVar[str] = ""

    @classmethod
    def check(cls, **values: Any) -> Self:
        """The parameters with `values` set.

        Raises InputError naming the parameter, its value and what is allowed.
        """
        for name in values:
            if name not in cls.model_fields:
                raise unknown(f"parameter of {cls.notebook}", name, cls.model_fields)
        try:
            return cls(**values)
        except ValidationError as error:
            raise InputError(cls._sentence(error.errors()[0])) from None

    @classmethod
    def from_notebook(cls, variables: Mapping[str, Any]) -> Self:
        """The parameters as a notebook's variables (its `globals()`) hold them, after papermill changed some.

        Called in a notebook's first cell after the parameters. Raises InputError for a value out of range, and for a
        variable that is no parameter: modules, functions and what IPython keeps are left out, so that it was injected.
        """
        values = {name: variables[name] for name in cls.model_fields if name in variables}
        for name, value in variables.items():
            ours = name.startswith("_") or name in _SHELL or callable(value) or isinstance(value, ModuleType)
            if not ours:
                values[name] = value
        return cls.check(**values)

    @classmethod
    def _sentence(cls, error: Any) -> str:
        if not error["loc"]:
            return error["msg"].removeprefix("Value error, ")
        name = str(error["loc"][0])
        hint = ""
        if isinstance(error["input"], str) and cls.model_fields[name].annotation in (int, float):
            hint = "; it is text, not a number (YAML reads 1e-3 as text: write 0.001 or 1.0e-3)"
        return f"parameter '{name}' = {error['input']!r} is not allowed: {cls.allowed(name)}{hint}"

    @classmethod
    def limits(cls, name: str) -> dict[str, float]:
        """Lowest and highest value of a parameter, `ge` and `le`, where it has one."""
        metadata = cls.model_fields[name].metadata
        found = {side: [getattr(m, side) for m in metadata if hasattr(m, side)] for side in ("ge", "le")}
        return {side: (max if side == "ge" else min)(values) for side, values in found.items() if values}

    @classmethod
    def section(cls, name: str) -> str:
        """The section of a parameter."""
        return extra(cls, name)["section"]

    @classmethod
    def allowed(cls, name: str) -> str:
        """What a parameter may be, in words."""
        if choices := get_args(cls.model_fields[name].annotation):
            return "one of " + ", ".join(map(str, choices))
        words = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}[kind(cls, name)]
        limits = cls.limits(name)
        if {"ge", "le"} <= set(limits):
            return f"{words} from {limits['ge']} to {limits['le']}"
        if "ge" in limits:
            return f"{words} of at least {limits['ge']}"
        return words

    def table(self) -> pd.DataFrame:
        """Value, origin (default or changed), unit, range, source and meaning of each parameter."""
        rows = {}
        for name, field in type(self).model_fields.items():
            value, about = getattr(self, name), extra(type(self), name)
            rows[name] = {
                "value": value,
                "set by": "default" if value == field.default else "reader or preset",
                "unit": about["unit"],
                "allowed": self.allowed(name),
                "source": about["source"],
                "meaning": field.description,
            }
        return pd.DataFrame.from_dict(rows, orient="index", dtype=object).rename_axis("parameter")


def extra(cls: type[Parameters], name: str) -> dict[str, str]:
    """Section, unit and source of a parameter, as it was declared by `parameter`."""
    declared = cls.model_fields[name].json_schema_extra
    assert isinstance(declared, dict), f"parameter {name} must be declared by `parameter`"
    return {key: str(value) for key, value in declared.items()}


def kind(cls: type[Parameters], name: str) -> type:
    """What a parameter's values are: int, float, bool or str; choices are text."""
    annotation = cls.model_fields[name].annotation
    if get_args(annotation):
        return str
    assert isinstance(annotation, type), f"parameter {name} must be of one type, or a choice"
    return annotation


def as_text(value: Any) -> Any:
    """Choices that look like numbers (16, 8, 12) arrive as numbers from YAML and from papermill's command line."""
    return str(value) if isinstance(value, int) else value
