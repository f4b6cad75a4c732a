"""An object of one's own as a YAML file: its schema, its check by field, and its rows in the form of the data tables.

Every number is either a plain one, whose source is the file's `source`, or `{value: ..., source: ...}`; a source may be
the word assumption.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from rutrade import InputError, unknown
from rutrade.project.effects import EFFECTS
from rutrade.project.objects import USES

ASSUMPTION = "assumption"
_A_NUMBER = "a number, or {value: a number, source: where it is from}"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Sourced(_Strict):
    """A number with its source, which may be the word assumption."""

    value: float = Field(description="the number")
    source: str | None = Field(None, min_length=3, description="where the number is from, or the word assumption")
    note: str = Field("", description="what the reader must know")


def _wrapped(value: Any) -> Any:
    return {"value": float(value)} if isinstance(value, int | float) and not isinstance(value, bool) else value


Number = Annotated[Sourced, BeforeValidator(_wrapped, json_schema_input_type=float | Sourced)]


class EffectTiming(_Strict):
    """When one effect happens; see `project.Timing`."""

    start_year: int | None = Field(None, ge=1990, le=2200, description="year before which there is none")
    lag_years: int | None = Field(None, ge=0, le=100, description="years from cause to effect")
    ramp: list[float] = Field([], description="share of full size in the first years of the effect")
    life_years: int | None = Field(None, ge=1, le=200, description="years it lasts")


class OwnObject(_Strict):
    """One research object; money with VAT at prices of `price_year`, unless a name says 2016 (net of VAT then)."""

    name: str = Field(pattern="^[a-z][a-z0-9_]*$", description="short name: small letters, digits and _")
    source: str | None = Field(None, min_length=3, description="source of every number that names none")
    note: str = Field("", description="what the object is")
    price_year: int = Field(description="year of the prices of capital_cost_bn_rub")
    capital_cost_bn_rub: dict[int, Number] = Field(min_length=1, description="capital cost by year, bn RUB with VAT")
    start_year: int = Field(description="first year of operation")
    life_years: int = Field(ge=1, le=200, description="years of operation")
    run_until: int | None = Field(None, description="last year in which it is run, mothballed after it")
    ramp: list[float] = Field([], description="share of full use in the first years of operation")
    opex_share: Number = Field(description="operating cost a year, pay included, over capital cost")
    staff: Number | None = Field(None, description="persons")
    pay_mn_rub_2016: Number | None = Field(None, description="gross pay a year, mn RUB 2016 a person")
    use_units: Number | None = Field(None, description="units of use a year at full use (hours, contracts, places)")
    paid_share: Number | None = Field(None, description="share of the units that is paid for")
    price_mn_rub_2016: Number | None = Field(None, description="price of a unit, mn RUB 2016 net of VAT")
    publications: Number | None = Field(None, description="papers a year at full use")
    trainees: Number | None = Field(None, description="persons trained a year at full use")
    power_gwh: Number | None = Field(None, description="electricity a year at full use, GWh")
    import_share_capital: Number | None = Field(None, description="imported share of capital goods")
    import_share_current: Number | None = Field(None, description="imported share of current purchases")
    high_tech_share: Number | None = Field(None, description="high-tech share of domestic capital goods")
    high_tech_per_year_bn_rub_2016: Number | None = Field(None, description="high-tech contracts a year, bn RUB 2016")
    residual_share: Number | None = Field(None, description="share of capital cost left at the end of life")
    decommissioning_share: Number | None = Field(None, description="cost of taking down over capital cost")
    mothballing_share: Number | None = Field(None, description="cost of a year without use over operating cost")
    federal_grant_share: Number | None = Field(None, description="federal share of capital cost (1 where not said)")
    regional_grant_share: Number | None = Field(None, description="regional share of capital cost")
    loan_share: Number | None = Field(None, description="share of capital cost on loan")
    operating_grant_share: Number | None = Field(None, description="federal share of operating cost (1 if not said)")
    loan_rate: Number | None = Field(None, description="real interest rate")
    loan_grace_years: int | None = Field(None, ge=0, le=100, description="years from draw to first repayment")
    loan_term_years: int | None = Field(None, ge=1, le=100, description="years from draw to last repayment")
    mix: dict[str, dict[str, float]] = Field(description="shares by sector; capital must be given")
    effects: dict[str, EffectTiming] = Field({}, description="own start, lag, ramp and life of an effect")


def schema() -> dict:
    """JSON schema of the file, for editors."""
    return OwnObject.model_json_schema()


def read(path: str | Path) -> OwnObject:
    """The checked object of a file. Raises InputError: one sentence with file, field, value and what is allowed."""
    path = Path(path)
    content = _content(path)
    if not isinstance(content, dict):
        raise InputError(f"{path.name}: the file must hold fields such as name, start_year and capital_cost_bn_rub")
    try:
        own = OwnObject.model_validate(content)
    except ValidationError as error:
        raise _refused(path.name, error.errors()[0]) from None
    for year, number in own.capital_cost_bn_rub.items():
        if not number.value >= 0:
            raise InputError(
                f"{path.name}: field 'capital_cost_bn_rub.{year}' = {number.value:g} is not allowed: at least 0"
            )
    if not sum(n.value for n in own.capital_cost_bn_rub.values()) > 0:
        raise InputError(f"{path.name}: field 'capital_cost_bn_rub' sums to 0: an object without cost is not appraised")
    if "capital" not in own.mix:
        raise InputError(f"{path.name}: field 'mix' has no 'capital': shares of capital cost by sector are required")
    for kind, names, allowed in (("use in mix", own.mix, USES), ("effect", own.effects, EFFECTS)):
        for name in names:
            if name not in allowed:
                raise unknown(f"{kind} of {path.name}", name, allowed)
    return own


def rows(path: str | Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A file as rows of `project_objects` and of `project_sector_mix`.

    Raises InputError as `read` does, and for a number without a source.
    """
    own, file, found = read(path), Path(path).name, []

    def add(item: str, number: Sourced, year: int | None = None) -> None:
        source = number.source or own.source
        if source is None:
            field = item if year is None else f"capital_cost_bn_rub.{year}"
            raise InputError(
                f"{file}: field '{field}' = {number.value:g} has no source: write {{value: ..., source: ...}} or a "
                f"source for the whole file (the word {ASSUMPTION} will do)"
            )
        status = ASSUMPTION if source == ASSUMPTION else "reported"
        found.append({
            "object": own.name, "item": item, "year": year, "value": number.value, "unit": "", "status": status,
            "price_year": None if year is None else own.price_year, "source": source, "note": number.note,
        })  # fmt: skip

    for year, number in own.capital_cost_bn_rub.items():
        add("capex", number, year)
    for item in OwnObject.model_fields:
        value = getattr(own, item)
        if isinstance(value, Sourced):
            add(item, value)
        elif isinstance(value, int) and item != "price_year":
            add(item, Sourced(value=float(value)))
    for i, share in enumerate(own.ramp, 1):
        add(f"ramp_year_{i}", Sourced(value=share))
    for effect, timing in own.effects.items():
        for field in ("start_year", "lag_years", "life_years"):
            if getattr(timing, field) is not None:
                add(f"{effect}_{field}", Sourced(value=float(getattr(timing, field))))
        for i, share in enumerate(timing.ramp, 1):
            add(f"{effect}_ramp_year_{i}", Sourced(value=share))
    mix = [
        {"object": own.name, "use": use, "sector": sector, "share": share, "source": own.source or ASSUMPTION}
        for use, shares in own.mix.items()
        for sector, share in shares.items()
    ]
    return pd.DataFrame(found), pd.DataFrame(mix)


def _content(path: Path) -> Any:
    """What a YAML file says. Raises InputError when it is not there, is no YAML, or gives a key twice."""
    import yaml

    class Loader(yaml.SafeLoader):
        """Keys must not repeat."""

    def mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict:
        keys = [loader.construct_object(key) for key, _ in node.value]
        for i, key in enumerate(keys):
            if key in keys[:i]:
                raise InputError(
                    f"{path.name}: field '{key}' is given twice, in line {node.value[i][0].start_mark.line + 1}"
                )
        return {
            key: loader.construct_object(value, deep=True) for key, (_, value) in zip(keys, node.value, strict=True)
        }

    Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader)  # a safe loader
    except (OSError, UnicodeDecodeError):
        raise InputError(f"{path} cannot be read: a text file that describes one object is required") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark else ""
        raise InputError(
            f"{path.name} is not valid YAML{line}: {getattr(error, 'problem', None) or 'it cannot be read'}"
        ) from None


def _refused(file: str, error: Mapping[str, Any]) -> InputError:
    """One sentence for the first thing a file may not hold."""
    *outer, last = error["loc"]
    where, given = ".".join(map(str, error["loc"])), error["input"]
    model = EffectTiming if "effects" in outer else Sourced if outer else OwnObject
    if error["type"] == "extra_forbidden":
        return unknown(
            f"field of {file}" + (f" in {'.'.join(map(str, outer))}" if outer else ""), last, model.model_fields
        )
    name = error["loc"][2] if model is EffectTiming and len(error["loc"]) > 2 else error["loc"][0]
    field = (model if model is EffectTiming else OwnObject).model_fields.get(str(name))
    meaning = field.description if field else "see the schema"
    if error["type"] == "missing":
        return InputError(f"{file}: field '{where}' is missing: {meaning}")
    if error["type"] in ("model_type", "float_type") and "effects" not in outer:
        allowed = _A_NUMBER
    elif error["type"].startswith("int_"):
        allowed = "a whole number"
    else:
        allowed = error["msg"].removeprefix("Input should be ").removeprefix("Value should ")
    hint = "; it is text, not a number" if isinstance(given, str) and not error["type"].startswith("string") else ""
    return InputError(f"{file}: field '{where}' = {given!r} is not allowed: {allowed} ({meaning}){hint}")
