"""Refresh from UN Comtrade: China's chapters of 2013-2016, and its products (HS6) of a year, which the tables lack."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import pandas as pd

from rutrade import InputError, RunError, files, unknown
from rutrade.data.checks import seal
from rutrade.data.tables import descriptor, home, load

_UPDATE = "comtrade_chn_2013_2016"
_PRODUCTS = "comtrade_hs6_"  # and the year: the source of products fetched
_TABLES = ("trade_chapters", "trade_structure")
_FLOWS = {"M": "RUS_to_CHN", "X": "CHN_to_RUS"}  # as China sees them
_PART = 400  # products asked for at once without a key


def update(subscription_key: str | None = None) -> str:
    """Ask UN Comtrade for China's chapters of 2013-2016, both flows, and store them as a new table version.

    The answers are checked (chapters, values, sum against the totals at hand within 2 %) and everything is written
    aside first: either both tables change or none. Returns a sentence on what was done. Raises RunError when the
    service cannot be reached or its answer does not hold, InputError when the client is not installed.
    """
    from tqdm import tqdm

    total = _totals()
    answers = []
    for year, flow in tqdm([(y, f) for y in range(2013, 2017) for f in "MX"], desc="UN Comtrade", unit="table"):
        answer = _ask(year, flow, subscription_key, clCode="HS", cmdCode="AG2", maxRecords=500)
        answers.append(_check_answer(answer, year, flow, 1000 * total[year, _FLOWS[flow]]))
    _aside(lambda folder: _store(pd.concat(answers), folder), _TABLES)
    return "stored China's trade with Russia by chapter, 2013-2016; `make renew` renews the notebooks' stored outputs"


def update_products(year: int, subscription_key: str | None = None) -> str:
    """Ask UN Comtrade for China's trade with Russia by product (HS 2017, six digits) in one year, both flows.

    Without a key the service gives 500 rows at a time: the products of `hs6_classes` are asked for in parts. The year
    joins China's declarations in `hs6_flows` (a new column where it is new) and is never mixed with reconciled figures
    or another edition of the HS. Nothing changes unless both flows hold. Returns a sentence on what was done. Raises
    InputError for a year that the table has from another source or that has no total to hold it to, or without the
    client, RunError when the service cannot be reached or its answer does not hold.
    """
    from tqdm import tqdm

    total = _totals()
    allowed = _open_years(load("hs6_flows"), total)
    if year not in allowed:
        raise unknown("year to fetch by product", year, allowed)
    codes = list(load("hs6_classes")["hs6"])
    parts = ["AG6"] if subscription_key else [",".join(codes[i : i + _PART]) for i in range(0, len(codes), _PART)]
    answers = []
    for flow, part in tqdm([(f, p) for f in "MX" for p in parts], desc="UN Comtrade", unit="table"):
        limit = 250_000 if subscription_key else 500
        answer = _ask(year, flow, subscription_key, clCode="H5", cmdCode=part, maxRecords=limit)
        answers.append(answer.assign(asked=flow))
    found = pd.concat([a for a in answers if len(a)] or answers)
    rows = [
        _check_products(found[found["asked"] == flow], year, flow, 1000 * total[year, name], set(codes))
        for flow, name in _FLOWS.items()
    ]
    _aside(lambda folder: _store_products(pd.concat(rows), year, folder), ("hs6_flows",))
    return f"stored China's trade with Russia by product in {year}; `make renew` renews the notebooks' stored outputs"


def _totals() -> pd.Series:
    """China's preferred totals by year and flow, bn USD."""
    total = load("trade_totals")
    return total[total["preferred"] & (total["reporter"] == "CHN")].set_index(["year", "flow"])["value_bn_usd"]


def _open_years(flows: pd.DataFrame, total: pd.Series) -> list[int]:
    """Years from 2017 with totals for which China's declarations have no product in either flow, or only fetched."""
    china = flows[flows["reporters"] == "China"]
    fetched = china["source"].str.extractall(rf"{_PRODUCTS}(\d{{4}})")[0].astype(int).unique()
    held = {int(c[1:]) for c in flows.filter(regex=r"^y\d{4}$") if china[c].notna().any()} - set(fetched)
    return [y for y in sorted(total.index.get_level_values("year").unique()) if y >= 2017 and y not in held]


def _aside(store: Callable[[Path], None], tables: Iterable[str]) -> None:
    """Copy the data aside, store there, and move tables, sources and descriptor back: all of them or none."""
    import shutil
    import tempfile

    with tempfile.TemporaryDirectory(dir=home()) as folder:
        aside = Path(folder)
        for path in home().iterdir():
            if path.is_file():
                shutil.copy2(path, aside)
        store(aside)
        for name in ("sources.csv", *(f"{table}.csv" for table in tables), "datapackage.json"):
            (aside / name).replace(home() / name)


def _ask(year: int, flow: str, subscription_key: str | None, **asked: object) -> pd.DataFrame:
    """The service's answer for one year and flow; RunError when there is none, InputError without the client."""
    import contextlib
    import io

    try:
        import comtradeapicall
    except ImportError:
        raise InputError("`rutrade data update` needs UN Comtrade's client: pip install 'rutrade[update]'") from None
    query = asked | dict(
        typeCode="C", freqCode="A", period=str(year), flowCode=flow, reporterCode="156", partnerCode="643",
        partner2Code="0", customsCode="C00", motCode="0",
    )  # fmt: skip
    said = io.StringIO()
    with contextlib.redirect_stdout(said):  # the client prints its errors
        if subscription_key:
            answer = comtradeapicall.getFinalData(subscription_key, **query)
        else:
            answer = comtradeapicall.previewFinalData(**query)
    if answer is None:
        reason = " ".join(said.getvalue().split())[:200]
        raise RunError(f"UN Comtrade gave no table for {year}, flow {flow}; nothing was changed ({reason})")
    return answer


def _check_answer(answer: pd.DataFrame, year: int, flow: str, total_musd: float) -> pd.DataFrame:
    """Rows of one answer in the columns of `trade_chapters`; RunError when the answer does not hold."""
    value = _checked(answer, year, flow, total_musd, r"\d\d", "HS chapter")
    exporter, importer = ("RUS", "CHN") if flow == "M" else ("CHN", "RUS")
    tonnes = pd.to_numeric(answer["netWgt"], errors="coerce") / 1e6
    return pd.DataFrame(
        {"year": year, "reporter": "CHN", "exporter": exporter, "importer": importer, "level": "chapter",
         "item": answer["cmdCode"].astype(str), "value_musd": value / 1e6, "quantity_kt": tonnes.where(tonnes > 0),
         "status": "reported", "source": _UPDATE}
    )  # fmt: skip


def _check_products(answer: pd.DataFrame, year: int, flow: str, total_musd: float, codes: set[str]) -> pd.DataFrame:
    """Rows flow, hs6, value (thousand USD) of one flow's products; RunError when the answer does not hold."""
    value = _checked(answer, year, flow, total_musd, r"\d{6}", "product of six digits")
    where = f"UN Comtrade's table for {year}, flow {flow}"
    if (editions := set(answer["classificationCode"].astype(str))) != {"H5"}:
        raise RunError(f"{where} is in edition {', '.join(sorted(editions))} and not H5 (HS 2017); nothing was changed")
    if strange := sorted(set(answer["cmdCode"].astype(str)) - codes):
        raise RunError(f"{where} has product {strange[0]}, which HS 2017 has not; nothing was changed")
    thousand = (value / 1e3).round(2).clip(lower=0.01).where(value > 0)
    return pd.DataFrame({"flow": _FLOWS[flow], "hs6": answer["cmdCode"].astype(str), "value": thousand}).dropna()


def _checked(answer: pd.DataFrame, year: int, flow: str, total_musd: float, form: str, what: str) -> pd.Series:
    """Values (USD) of an answer that is what was asked; RunError when it is not, or misses the total by over 2 %."""
    where = f"UN Comtrade's table for {year}, flow {flow}"
    needed = {"period", "reporterCode", "partnerCode", "flowCode", "cmdCode", "primaryValue", "netWgt"}
    needed |= {"classificationCode"} if form != r"\d\d" else set()
    if missing := needed - set(answer.columns):
        raise RunError(f"{where} lacks {', '.join(sorted(missing))}; nothing was changed")
    code, value = answer["cmdCode"].astype(str), pd.to_numeric(answer["primaryValue"], errors="coerce")
    if not code.str.fullmatch(form).all() or code.duplicated().any():
        raise RunError(f"{where} is not one row for each {what}; nothing was changed")
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
    return value


def _store(rows: pd.DataFrame, folder: Path) -> None:
    """Put the rows of an update into the tables and the descriptor of `folder`, and seal them.

    Raises InputError, before the descriptor's hashes are written, when a table does not fit its schema.
    """
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
    _list_source(folder, _UPDATE, "China's trade with Russia by HS chapter, 2013-2016", "2016")
    _new_version(folder, _TABLES)


def _store_products(rows: pd.DataFrame, year: int, folder: Path) -> None:
    """Put one year's products into `hs6_flows` of `folder`, as China's declarations, and seal it.

    Raises InputError, before the descriptor's hashes are written, when the table does not fit its schema.
    """
    source, column, key = f"{_PRODUCTS}{year}", f"y{year}", ["flow", "reporters", "revision", "hs6"]
    path = folder / "hs6_flows.csv"
    table = pd.read_csv(path, dtype={"hs6": str})
    rows = rows.assign(reporters="China", revision="HS2017").set_index(key)["value"]
    years = sorted({*table.filter(regex=r"^y\d{4}$"), column})
    table = table.set_index(key).reindex(columns=[*years, "status", "source"])
    china = table.index.get_level_values("reporters") == "China"
    table.loc[china, column] = float("nan")  # an earlier answer for the year
    table = table.reindex(table.index.union(rows.index, sort=False))
    table.loc[rows.index, column] = rows
    told = table.loc[rows.index, "source"].fillna("")
    table.loc[rows.index, "source"] = [t if source in t else "; ".join(filter(None, (t, source))) for t in told]
    table["status"] = table["status"].fillna("reported")
    table.dropna(subset=years, how="all").reset_index().sort_values(["flow", "reporters", "hs6"]).to_csv(
        path, index=False, float_format="%.10g", lineterminator="\n"
    )
    _list_source(folder, source, f"China's trade with Russia by product (HS 2017), {year}", str(year))
    package = descriptor(folder)
    (fields,) = (r["schema"]["fields"] for r in package["resources"] if r["name"] == "hs6_flows")
    if column not in {f["name"] for f in fields}:
        place = [f["name"] for f in fields].index("status")
        like = fields[place - 1]
        fields.insert(place, like | {"name": column, "description": f"value in {year}"})
        fields[4:-2] = sorted(fields[4:-2], key=lambda f: f["name"])
    files.write(folder / "datapackage.json", json.dumps(package, indent=1, ensure_ascii=False) + "\n")
    _new_version(folder, ("hs6_flows",))


def _list_source(folder: Path, key: str, title: str, year: str) -> None:
    """Add UN Comtrade's answer to the sources of `folder`."""
    listed = pd.read_csv(folder / "sources.csv", dtype=str, keep_default_na=False)
    added = dict.fromkeys(listed.columns, "") | {
        "source": key, "title": title, "publisher": "UN Comtrade", "year": year,
        "url": "https://comtradeplus.un.org", "licence": "see provider's terms",
    }  # fmt: skip
    listed = pd.concat([listed[listed["source"] != key], pd.DataFrame([added])])
    listed.sort_values("source").to_csv(folder / "sources.csv", index=False)


def _new_version(folder: Path, tables: Iterable[str]) -> None:
    """Raise the version of tables and sources, and seal the folder."""
    package = descriptor(folder)
    for resource in package["resources"]:
        if resource["name"] in (*tables, "sources"):
            resource["version"] = f"{float(resource.get('version', '1.0')) + 0.1:.1f}"
    files.write(folder / "datapackage.json", json.dumps(package, indent=1, ensure_ascii=False) + "\n")
    seal(folder)
