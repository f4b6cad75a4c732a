"""The only reader of `data/`: typed tables whose hash, schema and sources are checked on every load.

The tables and their units are described in `data/datapackage.json` (Frictionless data package).
A missing figure is an empty value whose `status` is `missing`; nothing is filled in silently.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from rutrade import InputError, RunError, unknown

STATUSES = ("reported", "mirror", "reconciled", "derived", "estimate", "assumption", "press", "holdout", "missing")
_UPDATE = "comtrade_chn_2013_2016"
_DTYPES = {"integer": "Int64", "number": "float64", "string": "string", "boolean": "boolean"}


@dataclass(frozen=True)
class Table:
    """Description of one table: what it holds, in which units, from which sources."""

    name: str
    path: Path
    title: str
    description: str
    fields: tuple[dict, ...]
    key: tuple[str, ...]
    licence: str
    sha256: str

    @property
    def units(self) -> dict[str, str]:
        """Unit by column, where the column has one."""
        return {f["name"]: f["unit"] for f in self.fields if f.get("unit")}


def home() -> Path:
    """The data folder: `RUTRADE_DATA` when set, else `data/` beside the package."""
    return Path(os.environ.get("RUTRADE_DATA") or Path(__file__).resolve().parents[1] / "data")


def package(folder: Path | None = None) -> dict:
    """The data package's descriptor as a dictionary. Raises InputError when it is not there or no JSON."""
    path = (folder or home()) / "datapackage.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"data package not found: {path} does not exist (RUTRADE_DATA names another folder)") from None
    except json.JSONDecodeError as error:
        raise InputError(f"data package {path} is not valid JSON: line {error.lineno}, {error.msg}") from None


def names() -> list[str]:
    """Names of all tables, in the package's order."""
    return [r["name"] for r in package()["resources"]]


def describe(name: str) -> Table:
    """Title, columns, units, key, licence and hash of a table. Raises InputError for an unknown table."""
    resources = {r["name"]: r for r in package()["resources"]}
    if name not in resources:
        raise unknown("table", name, resources)
    return _table(resources[name], home())


def load(name: str) -> pd.DataFrame:
    """A table as a DataFrame with the types of its schema.

    Raises InputError, naming table, row and column, when the file is missing, its hash is not the
    recorded one, a value does not fit its type or constraints, a key repeats, or a source is unknown.
    """
    table = describe(name)
    _check_hash(table)
    return _parse(table)


def sources() -> pd.DataFrame:
    """The sources table, indexed by source key."""
    return load("sources").set_index("source")


def verify() -> pd.DataFrame:
    """Check every table: one row each with rows, sha256 (first 12 digits) and the problem or 'ok'."""
    rows = []
    for name in names():
        try:
            frame, problem = load(name), "ok"
        except InputError as error:
            frame, problem = (), str(error)
        rows.append({"table": name, "rows": len(frame), "sha256": describe(name).sha256[:12], "result": problem})
    return pd.DataFrame(rows)


def seal(folder: Path | None = None) -> list[str]:
    """Record the hashes of tables (of `folder`, else the data folder) that were changed on purpose; their names.

    Every changed table is checked against its schema first; nothing is written when one does not fit.
    """
    descriptor, changed = package(folder), []
    for resource in descriptor["resources"]:
        table = _table(resource, folder or home())
        digest = _sha256(table)
        if digest != table.sha256:
            _parse(table)
            resource["hash"] = f"sha256:{digest}"
            resource["bytes"] = table.path.stat().st_size
            changed.append(table.name)
    if changed:
        aside = (folder or home()) / "datapackage.json.part"
        aside.write_text(json.dumps(descriptor, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        aside.replace(aside.with_suffix(""))
    return changed


def update(subscription_key: str | None = None) -> str:
    """Ask UN Comtrade for China's chapters of 2013-2016, both flows, and store them as a new table version.

    The answers are checked (chapters, values, sum against the totals at hand within 2 %) and everything is written
    aside first: either both tables change or none. Returns a sentence on what was done. Raises RunError when the
    service cannot be reached or its answer does not hold, InputError when the client is not installed.
    """
    import contextlib
    import io
    import shutil
    import tempfile

    from tqdm import tqdm

    try:
        import comtradeapicall
    except ImportError:
        raise InputError("`rutrade data update` needs UN Comtrade's client: pip install 'rutrade[update]'") from None
    ask = comtradeapicall.previewFinalData
    if subscription_key:
        ask = lambda **query: comtradeapicall.getFinalData(subscription_key, **query)  # noqa: E731
    total = load("trade_totals")
    total = total[total["preferred"] & (total["reporter"] == "CHN")].set_index(["year", "flow"])["value_bn_usd"]
    answers = []
    for year, flow in tqdm([(y, f) for y in range(2013, 2017) for f in "MX"], desc="UN Comtrade", unit="table"):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):  # the client prints its errors
            answer = ask(
                typeCode="C", freqCode="A", clCode="HS", period=str(year), cmdCode="AG2", flowCode=flow,
                reporterCode="156", partnerCode="643", partner2Code="0", customsCode="C00", motCode="0", maxRecords=500,
            )  # fmt: skip
        if answer is None:
            reason = " ".join(said.getvalue().split())[:200]
            raise RunError(f"UN Comtrade gave no table for {year}, flow {flow}; nothing was changed ({reason})")
        answers.append(
            _check_answer(answer, year, flow, 1000 * total[year, "RUS_to_CHN" if flow == "M" else "CHN_to_RUS"])
        )
    with tempfile.TemporaryDirectory(dir=home()) as folder:
        aside = Path(folder)
        for path in home().glob("*.*"):
            if path.is_file():
                shutil.copy2(path, aside)
        _store(pd.concat(answers), aside)
        for name in ("sources.csv", "trade_structure.csv", "trade_chapters.csv", "datapackage.json"):
            (aside / name).replace(home() / name)
    return "stored China's trade with Russia by chapter, 2013-2016; `make renew` renews the notebooks' stored outputs"


def _check_answer(answer: pd.DataFrame, year: int, flow: str, total_musd: float) -> pd.DataFrame:
    """Rows of one answer in the columns of `trade_chapters`; RunError when the answer does not hold."""
    where = f"UN Comtrade's table for {year}, flow {flow}"
    needed = {"period", "reporterCode", "partnerCode", "flowCode", "cmdCode", "primaryValue", "netWgt"}
    if missing := needed - set(answer.columns):
        raise RunError(f"{where} lacks {', '.join(sorted(missing))}; nothing was changed")
    code, value = answer["cmdCode"].astype(str), pd.to_numeric(answer["primaryValue"], errors="coerce")
    if not code.str.fullmatch(r"\d\d").all() or code.duplicated().any():
        raise RunError(f"{where} is not one row for each HS chapter; nothing was changed")
    if value.isna().any() or (value < 0).any():
        raise RunError(f"{where} has a value that is missing or negative; nothing was changed")
    asked = {"period": str(year), "reporterCode": "156", "partnerCode": "643", "flowCode": flow}
    if any((answer[column].astype(str) != wanted).any() for column, wanted in asked.items()):
        raise RunError(f"{where} answers another question; nothing was changed")
    if abs(value.sum() / 1e6 / total_musd - 1) > 0.02:
        raise RunError(
            f"{where} sums to {value.sum() / 1e6:,.0f} mn USD, the total at hand is {total_musd:,.0f};"
            " nothing was changed"
        )
    exporter, importer = ("RUS", "CHN") if flow == "M" else ("CHN", "RUS")
    tonnes = pd.to_numeric(answer["netWgt"], errors="coerce") / 1e6
    return pd.DataFrame(
        {"year": year, "reporter": "CHN", "exporter": exporter, "importer": importer, "level": "chapter", "item": code,
         "value_musd": value / 1e6, "quantity_kt": tonnes.where(tonnes > 0), "status": "reported", "source": _UPDATE}
    )  # fmt: skip


def _store(rows: pd.DataFrame, folder: Path) -> None:
    """Put the rows of an update into the tables and the descriptor of `folder`."""
    table = pd.read_csv(folder / "concordance.csv", dtype=str).set_index("chapter")
    rows = rows.assign(name=rows["item"].map(table["chapter_name"]).fillna("Unspecified"))
    keys = ["year", "reporter", "exporter", "importer"]
    by_group = rows.assign(group=rows["item"].map(table["group"]).fillna("90-99")).groupby([*keys, "group"])
    by_group = by_group["value_musd"].sum().reset_index().assign(status="reported", source=_UPDATE)
    new = {"trade_chapters": (rows, [*keys, "level", "item"]), "trade_structure": (by_group, [*keys, "group"])}
    for name, (frame, key) in new.items():
        old = pd.read_csv(folder / f"{name}.csv", dtype={"item": str, "group": str})
        both = pd.concat([old, frame[old.columns]]).drop_duplicates(key, keep="last")
        both.to_csv(folder / f"{name}.csv", index=False, float_format="%.10g", lineterminator="\n")
    listed = pd.read_csv(folder / "sources.csv", dtype=str, keep_default_na=False)
    added = dict.fromkeys(listed.columns, "") | {
        "source": _UPDATE, "title": "China's trade with Russia by HS chapter, 2013-2016", "publisher": "UN Comtrade",
        "year": "2016", "url": "https://comtradeplus.un.org", "licence": "see provider's terms",
    }  # fmt: skip
    listed = listed[listed["source"] != _UPDATE]
    pd.concat([listed, pd.DataFrame([added])]).sort_values("source").to_csv(folder / "sources.csv", index=False)
    path = folder / "datapackage.json"
    descriptor = json.loads(path.read_text(encoding="utf-8"))
    for resource in descriptor["resources"]:
        if resource["name"] in (*new, "sources"):
            resource["version"] = f"{float(resource.get('version', '1.0')) + 0.1:.1f}"
    path.write_text(json.dumps(descriptor, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    seal(folder)


def fingerprint() -> str:
    """One sha256 over all recorded table hashes: identifies the state of the data."""
    hashes = "".join(f"{r['name']}{r['hash']}" for r in package()["resources"])
    return hashlib.sha256(hashes.encode()).hexdigest()


def _table(resource: dict, folder: Path) -> Table:
    licence = resource["licenses"][0]
    return Table(
        name=resource["name"],
        path=folder / resource["path"],
        title=resource["title"],
        description=resource.get("description", ""),
        fields=tuple(resource["schema"]["fields"]),
        key=tuple(resource["schema"].get("primaryKey", ())),
        licence=licence.get("title", licence["name"]),
        sha256=resource["hash"].removeprefix("sha256:"),
    )


def _sha256(table: Table) -> str:
    try:
        return hashlib.sha256(table.path.read_bytes()).hexdigest()
    except FileNotFoundError:
        raise InputError(f"table '{table.name}': file {table.path} is missing") from None


def _check_hash(table: Table) -> None:
    digest = _sha256(table)
    if digest != table.sha256:
        raise InputError(
            f"table '{table.name}': {table.path.name} was changed (sha256 {digest[:12]}, recorded {table.sha256[:12]});"
            " restore the file, or record the change with `rutrade data seal`"
        )


def _parse(table: Table) -> pd.DataFrame:
    """The table's file with typed columns; every cell is held against the schema."""
    text = pd.read_csv(table.path, dtype=str, keep_default_na=False, encoding="utf-8")
    expected = [f["name"] for f in table.fields]
    if list(text.columns) != expected:
        raise InputError(f"table '{table.name}': columns are {list(text.columns)}, the schema has {expected}")
    frame = pd.DataFrame({f["name"]: _column(table, f, text[f["name"]]) for f in table.fields})
    if table.key and frame.duplicated(list(table.key)).any():
        row = int(frame.index[frame.duplicated(list(table.key))][0])
        values = ", ".join(f"{k}={frame.at[row, k]}" for k in table.key)
        raise InputError(f"table '{table.name}', row {row + 2}: key repeats ({values})")
    if "source" in frame and table.name != "sources":
        known = set(pd.read_csv(table.path.parent / "sources.csv", dtype=str)["source"])
        bad = ~frame["source"].fillna("").map(lambda s: s == "" or set(s.split("; ")) <= known)
        if bad.any():
            row = int(frame.index[bad][0])
            raise InputError(
                f"table '{table.name}', row {row + 2}, column 'source':"
                f" '{frame.at[row, 'source']}' is not in sources.csv"
            )
    return frame


def _column(table: Table, field: dict, text: pd.Series) -> pd.Series:
    name, kind, constraints = field["name"], field["type"], field.get("constraints", {})

    def refuse(bad: pd.Series, allowed: str):
        if bad.any():
            row = int(bad.index[bad][0])
            raise InputError(
                f"table '{table.name}', row {row + 2}, column '{name}': '{text[row]}' is not allowed ({allowed})"
            )

    empty = text == ""
    if constraints.get("required"):
        refuse(empty, "a value is required")
    if kind in ("integer", "number"):
        values = pd.to_numeric(text.where(~empty), errors="coerce")
        refuse(values.isna() & ~empty, f"must be {'an integer' if kind == 'integer' else 'a number'}")
        if kind == "integer":
            refuse((values % 1 != 0) & ~empty, "must be an integer")
        if "minimum" in constraints:
            refuse(values < constraints["minimum"], f"minimum {constraints['minimum']}")
        if "maximum" in constraints:
            refuse(values > constraints["maximum"], f"maximum {constraints['maximum']}")
    elif kind == "boolean":
        refuse(~text.isin(["true", "false", ""]), "must be true or false")
        values = text.map({"true": True, "false": False, "": None})
    else:
        values = text.where(~empty)
    if "enum" in constraints:
        refuse(~text.isin(constraints["enum"]) & ~empty, f"one of {', '.join(map(str, constraints['enum']))}")
    return values.astype(_DTYPES[kind])
