"""Presets: YAML files of overrides by section in `notebooks/scenarios/`.

A value that one notebook cannot use is no fault of the preset as long as another can.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ValidationError

from rutrade import InputError, files, unknown
from rutrade.scenarios.notebooks import PARAMETERS, fields
from rutrade.scenarios.parameters import Parameters

BASE = "base"  # the scenario without overrides


def folder() -> Path:
    """Where the presets are."""
    return files.root() / "notebooks" / "scenarios"


def names() -> list[str]:
    """Names of all presets, `base` first."""
    return [BASE, *sorted(p.stem for p in folder().glob("*.yaml") if p.stem != BASE)]


def title(name: str | Path) -> str:
    """A preset's title in words: its first comment line up to the colon, else its name."""
    first, colon, _ = _first_line(name).partition(": ")
    return first if colon else Path(name).stem.replace("_", " ")


def meaning(name: str | Path) -> str:
    """A preset's meaning: its first comment line, after the title if it has one."""
    first, colon, rest = _first_line(name).partition(": ")
    return rest if colon else first


def _first_line(name: str | Path) -> str:
    if name == BASE:
        return "As published: all parameters at their defaults."
    lines = _path(name).read_text(encoding="utf-8").splitlines()
    return lines[0].removeprefix("#").strip() if lines and lines[0].startswith("#") else ""


def parse(text: str, what: str) -> Any:
    """The content of a YAML text in which no key stands twice; `what` names it in the error.

    Raises InputError for text that is no YAML, and for a key that is given twice.
    """
    import yaml

    class Loader(yaml.SafeLoader):
        """YAML without repeated keys."""

    def mapping(loader: Loader, node: yaml.MappingNode) -> dict:
        keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
        if repeated := [key for key in keys if keys.count(key) > 1]:
            raise InputError(f"{what} gives '{repeated[0]}' twice: a parameter has one value")
        return yaml.SafeLoader.construct_mapping(loader, node, deep=True)

    Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    try:
        return yaml.load(text, Loader)
    except yaml.YAMLError as error:
        raise InputError(f"{what} is not valid YAML: {' '.join(str(error).split())}") from None


def load(name_or_path: str | Path) -> dict[str, dict[str, Any]]:
    """The overrides of a preset (by name or path to a YAML file) by section; see `select`.

    Raises InputError for an unknown preset, section or parameter, and for a value that no notebook can use.
    """
    if str(name_or_path) == BASE:
        return {}
    path = _path(name_or_path)
    what, known = f"preset {path.name}", fields()
    sections = parse(path.read_text(encoding="utf-8"), what) or {}
    if not isinstance(sections, dict):
        raise InputError(f"{what} must be sections with lines of `parameter: value`")
    for section, values in sections.items():
        if section not in known:
            homes = [home for home, names_ in known.items() if section in names_]
            if homes:
                raise InputError(f"{what}: parameter '{section}' stands in no section; write it under `{homes[0]}:`")
            raise unknown(f"section in {what}", section, known)
        if not isinstance(values, dict):
            raise InputError(f"{what}: section '{section}' must be lines of `parameter: value`")
        for name in values:
            if name not in known[section]:
                raise unknown(f"parameter in section '{section}' of {what}", name, sorted(known[section]))
    _usable(sections)
    return sections


def _usable(sections: dict[str, dict[str, Any]]) -> None:
    """Raise InputError for a value that none of the notebooks with its parameter can use."""
    refused: dict[tuple[str, str], list[str]] = {}
    for cls in PARAMETERS.values():
        try:
            cls(**select(cls, sections))
        except ValidationError as error:
            for fault in error.errors():
                if not fault["loc"]:  # years that do not fit together: fields of one notebook only
                    raise InputError(cls._sentence(fault)) from None
                name = str(fault["loc"][0])
                refused.setdefault((cls.section(name), name), []).append(cls._sentence(fault))
    for (section, name), sentences in refused.items():
        if len(sentences) == len(fields()[section][name]):
            raise InputError(sentences[0])


def difference(first: str, second: str) -> pd.DataFrame:
    """Parameters whose values differ between two presets, by notebook.

    Raises InputError for an unknown preset.
    """
    rows: dict[tuple[str, str], tuple[object, object]] = {}
    presets = [load(name) for name in (first, second)]
    for cls in PARAMETERS.values():
        defaults = {name: field.default for name, field in cls.model_fields.items()}
        one, two = (defaults | select(cls, preset) for preset in presets)
        rows |= {(cls.notebook, name): (one[name], two[name]) for name in defaults if one[name] != two[name]}
    index = pd.MultiIndex.from_tuples(rows, names=["notebook", "parameter"]) if rows else None
    return pd.DataFrame(list(rows.values()), index=index, columns=[first, second])


def select(cls: type[Parameters], sections: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Those values of a preset's sections that are parameters of the class."""
    return {
        name: value
        for section, values in sections.items()
        for name, value in values.items()
        if name in cls.model_fields and cls.section(name) == section
    }


def _path(name_or_path: str | Path) -> Path:
    path = Path(name_or_path)
    if path.suffix in (".yaml", ".yml"):
        if not path.is_file():
            raise InputError(f"preset file {path} does not exist")
        return path
    if str(name_or_path) not in names():
        raise unknown("preset", name_or_path, names())
    return folder() / f"{name_or_path}.yaml"
