"""Names for codes: what a reader sees instead of the codes of tables.

Regions, sectors and commodity groups are named by their own tables in `data/`; words of the models' own results
(states, perspectives, constraints) by `WORDS`; any other word with underscores loses them.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from rutrade import data
from rutrade.publish.style import GROUPS

WORDS = {
    "RUS": "Russia",
    "CHN": "China",
    "ROW": "rest of the world",
    "chn": "China",
    "row": "rest of the world",
    "skif": "SKIF",
    "SKIF": "SKIF",
    "programme": "the programme",
    "national": "Russia",
    "no_pair": "no second source",
    "outside_range": "outside the range",
    "within_range": "within the range",
    "no_sign_change": "no sign change",
    "not_admissible": "not allowed",
    "own_capital": "owner's capital",
    "delivery_band": "band of deliveries",
    "import_band": "band of imports",
    "export_band": "band of exports",
    "external_balance": "external balance",
    "npv": "NPV",
    "irr": "IRR",
    "gva": "GVA",
    "TOTAL": "all goods",
    "base": "defaults",
    "q05": "one in twenty lies below",
    "q25": "a quarter lies below",
    "q50": "half lie below",
    "q75": "a quarter lies above",
    "q95": "one in twenty lies above",
}
# Plain titles of the scenarios that have a tab or a bar of their own.
TITLES = {
    "inertial": "Nothing new",
    "ri": "The programme as planned",
    "ri_commercialised": "The programme, best published case",
    "facilitation": "Easier trade, no programme",
    "ri_policy": "The programme and trade policy",
    "paper": "The claim made to hold",
}
# Units that close a column's name, and how they read.
_UNITS = {
    "bn_rub_2016": "bn RUB of 2016",
    "bn_rub": "bn RUB",
    "mn_rub": "mn RUB",
    "bn_usd": "bn USD",
    "musd": "mn USD",
    "mn_usd": "mn USD",
    "mt": "Mt",
    "pct": "%",
    "pp": "points",
    "usd": "USD",
}
_CODE = re.compile(r"[A-Za-z0-9]+(?:[_-][A-Za-z0-9]+)*")
_SNAKE = re.compile(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b")
_SNAKE_ANY = re.compile(r"\b\w*[a-z]_[a-z]\w*")
# A code of a sector, region or partner as it stands in a sentence. Codes of one letter and ranges of HS chapters only
# count where they are a whole cell: elsewhere they are words and numbers.
_LONG = re.compile(r"\b(?:[A-Z]{3}|[A-Z]{1,3}FD|M72|SibFD|SibR|no_pair)\b")


def lookup() -> dict[str, str]:
    """All codes with their names; a data folder without one of the tables has no names for its codes."""
    return _lookup(str(data.home()))


@lru_cache(maxsize=4)
def _lookup(_folder: str) -> dict[str, str]:
    found = dict(WORDS) | {code: group for code, group in GROUPS.items() if "-" in code} | _SECTIONS
    there = set(data.names())
    for table, key in (("regions", "region"), ("world_regions", "region"), ("sectors", "sector")):
        if table in there:
            rows = data.load(table)
            found |= {str(code): str(name) for code, name in zip(rows[key], rows["name"], strict=True)}
    found.pop("RUB", None)  # a sector by its code, but money wherever it is written
    return found


# Sections of the classification of activities (OKVED2, as NACE 2).
_SECTIONS = {
    "A": "Agriculture, forestry, fishing", "B": "Mining", "C": "Manufacturing", "D": "Electricity, gas, steam",
    "E": "Water, waste", "F": "Construction", "G": "Trade, repair", "H": "Transport, storage",
    "I": "Hotels, restaurants", "J": "Information, communication", "K": "Finance, insurance", "L": "Real estate",
    "M": "Professional, scientific services", "M72": "Research and development", "N": "Administrative services",
    "O": "Public administration", "P": "Education", "Q": "Health, social work", "R": "Culture, sport",
    "S": "Other services", "T": "Households as employers",
}  # fmt: skip


def name(text: str) -> str:
    """The text with its codes replaced by names; other text stays as it is.

    A text that is one code, or codes side by side, is replaced as a whole; in a sentence only codes that cannot be
    words are.
    """
    known = lookup()
    if text in known:
        return known[text]
    words = re.split(r"( / |, |; | )", text)
    if len(words) > 1 and all(word in known for word in words[::2]) and not any(len(w) == 1 for w in words[::2]):
        return "".join(", " if place % 2 and word == " " else known.get(word, word) for place, word in enumerate(words))
    if re.fullmatch(r"[A-Z]\d*(\+[A-Z]\d*)+", text) and all(part in known for part in text.split("+")):
        return "; ".join(known[part] for part in text.split("+"))
    text = _LONG.sub(lambda m: known.get(m[0], m[0]), text)
    return _SNAKE.sub(lambda m: known.get(m[0]) or plain(m[0]), text)


_KEPT = re.compile(r"(`[^`]*`|\$[^$]*\$|\]\([^)]*\)|https?://\S+|<[^>]*>)")


def marked(text: str) -> str:
    """A text about data files with the names of tables and columns marked as code."""
    parts = _KEPT.split(text)
    return "".join(p if i % 2 else _SNAKE_ANY.sub(lambda m: f"`{m[0]}`", p) for i, p in enumerate(parts))


def coded(text: str) -> str:
    """The same in HTML: words that a reader would have to type stand as code."""
    return _SNAKE_ANY.sub(lambda m: f"<code>{m[0]}</code>", text)


def sentence(text: str) -> str:
    """A sentence with names for the codes of sectors and regions and without words that have underscores.

    Code, formulas and addresses are kept.
    """
    parts = _KEPT.split(text)
    known = lookup()

    def told(text: str) -> str:
        return _SNAKE.sub(lambda m: known.get(m[0]) or plain(m[0]), _LONG.sub(lambda m: known.get(m[0], m[0]), text))

    return "".join(part if place % 2 else told(part) for place, part in enumerate(parts))


def plain(word: str) -> str:
    """A name with underscores as words, its unit after a comma: `npv_bn_rub_2016` is 'NPV, bn RUB of 2016'."""
    for ending, unit in _UNITS.items():
        if word.endswith(f"_{ending}"):
            return f"{plain(word.removesuffix(f'_{ending}'))}, {unit}"
    parts = [WORDS.get(part, part) if part in ("npv", "irr", "gva", "skif") else part for part in word.split("_")]
    return " ".join(parts)


def column(values: Iterable[object]) -> list[str]:
    """The texts of a column named; '27' is a commodity group only in a column that holds other groups."""
    texts = ["" if value is None else str(value) for value in values]
    groups = any("-" in text and text in GROUPS for text in texts)
    known = dict(GROUPS) if groups else {}
    if "RUB" in texts and sum(text in lookup() for text in texts) >= 2:
        known |= {"RUB": "Rubber and plastics"}  # elsewhere it is money
    return [known.get(text) or name(text) for text in texts]


def headings(labels: Iterable[object]) -> list[str]:
    """The heads of a table's columns named, '27' among other groups as in `column`."""
    labels = list(labels)
    groups = any("-" in str(label) and str(label) in GROUPS for label in labels)
    return [GROUPS[str(label)] if groups and str(label) in GROUPS else heading(label) for label in labels]


def heading(text: object) -> str:
    """Name of a column, or of the levels of one, as a reader sees it."""
    if isinstance(text, tuple):
        return ", ".join(filter(None, (heading(part) for part in text)))
    words = name(str(text))
    return words if words != "None" else ""
