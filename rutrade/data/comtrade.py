"""Refresh from UN Comtrade: China's chapters of 2013-2016, which the tables lack."""

import json
from pathlib import Path

import pandas as pd

from rutrade import InputError, RunError, files
from rutrade.data.checks import seal
from rutrade.data.tables import descriptor, home, load

_UPDATE = "comtrade_chn_2013_2016"
_TABLES = ("trade_chapters", "trade_structure")


def update(subscription_key: str | None = None) -> str:
    """Ask UN Comtrade for China's chapters of 2013-2016, both flows, and store them as a new table version.

    The answers are checked (chapters, values, sum against the totals at hand within 2 %) and everything is written
    aside first: either both tables change or none. Returns a sentence on what was done. Raises RunError when the
    service cannot be reached or its answer does not hold, InputError when the client is not installed.
    """
    import shutil
    import tempfile

    from tqdm import tqdm

    total = load("trade_totals")
    total = total[total["preferred"] & (total["reporter"] == "CHN")].set_index(["year", "flow"])["value_bn_usd"]
    answers = []
    for year, flow in tqdm([(y, f) for y in range(2013, 2017) for f in "MX"], desc="UN Comtrade", unit="table"):
        answer = _ask(year, flow, subscription_key)
        answers.append(
            _check_answer(answer, year, flow, 1000 * total[year, "RUS_to_CHN" if flow == "M" else "CHN_to_RUS"])
        )
    with tempfile.TemporaryDirectory(dir=home()) as folder:
        aside = Path(folder)
        for path in home().iterdir():
            if path.is_file():
                shutil.copy2(path, aside)
        _store(pd.concat(answers), aside)
        for name in ("sources.csv", *(f"{table}.csv" for table in _TABLES), "datapackage.json"):
            (aside / name).replace(home() / name)
    return "stored China's trade with Russia by chapter, 2013-2016; `make renew` renews the notebooks' stored outputs"


def _ask(year: int, flow: str, subscription_key: str | None) -> pd.DataFrame:
    """The service's answer for one year and flow; RunError when there is none, InputError without the client."""
    import contextlib
    import io

    try:
        import comtradeapicall
    except ImportError:
        raise InputError("`rutrade data update` needs UN Comtrade's client: pip install 'rutrade[update]'") from None
    query = dict(
        typeCode="C", freqCode="A", clCode="HS", period=str(year), cmdCode="AG2", flowCode=flow, reporterCode="156",
        partnerCode="643", partner2Code="0", customsCode="C00", motCode="0", maxRecords=500,
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
    listed = pd.read_csv(folder / "sources.csv", dtype=str, keep_default_na=False)
    added = dict.fromkeys(listed.columns, "") | {
        "source": _UPDATE, "title": "China's trade with Russia by HS chapter, 2013-2016", "publisher": "UN Comtrade",
        "year": "2016", "url": "https://comtradeplus.un.org", "licence": "see provider's terms",
    }  # fmt: skip
    listed = listed[listed["source"] != _UPDATE]
    pd.concat([listed, pd.DataFrame([added])]).sort_values("source").to_csv(folder / "sources.csv", index=False)
    package = descriptor(folder)
    for resource in package["resources"]:
        if resource["name"] in (*_TABLES, "sources"):
            resource["version"] = f"{float(resource.get('version', '1.0')) + 0.1:.1f}"
    files.write(folder / "datapackage.json", json.dumps(package, indent=1, ensure_ascii=False) + "\n")
    seal(folder)
