"""The search index made to find words in three languages.

Sphinx indexes English words. Here each page is also found by the Russian and Chinese names of the terms it uses, by the
words of `book/languages/keywords.yml`, in Russian by stems and in Chinese by pairs of signs; `book/_static/scorer.js`
cuts a query the same way and puts prose before the reference of the package.
"""

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from rutrade import files
from rutrade.publish import glossary

_CYRILLIC = re.compile(r"[а-яё]+")
_CHINESE = re.compile(r"[\u4e00-\u9fff]+")
# Endings of Russian words, longest first; what is left has at least four letters. The same stand in scorer.js.
ENDINGS = (
    "иями ями ами ией иям ием иях ого его ому ему ыми ими ает яет ют ют ую юю ая яя ое ее ые ие ый ий ой ей ом ем ам ям"
    " ах ях ых их ов ев ия ии ию ью ть а я о е и ы у ю ь й"
)
_START, _END = "Search.setIndex(", ")"


def stem(word: str) -> str:
    """A Russian word without its ending: enough for two forms of a word to meet."""
    return next(
        (word[: -len(end)] for end in ENDINGS.split() if word.endswith(end) and len(word) - len(end) >= 4), word
    )


def keys(text: str) -> set[str]:
    """What a text in Russian or Chinese is found by: stems of words, pairs of signs, single signs that stand alone."""
    found = {stem(word) for word in _CYRILLIC.findall(text.lower())}
    for run in _CHINESE.findall(text):
        found |= {run[i : i + 2] for i in range(max(len(run) - 1, 1))}
    return found


def enrich(index: Mapping, meanings: Iterable[glossary.Term], words: Mapping[str, str]) -> dict:
    """A search index with keys in three languages.

    index: as Sphinx writes it, words of titles apart from others; meanings: terms, whose foreign names lead to the
    pages that use all English words of one of their names; words: further words by page.
    """
    terms: dict[str, set[int]] = {word: _set(pages) for word, pages in index["terms"].items()}
    known = {word: set(pages) for word, pages in terms.items()}
    for word, pages in index["titleterms"].items():
        known.setdefault(word, set()).update(_set(pages))
    added: dict[str, set[int]] = {}

    def add(text: str, pages: set[int]) -> None:
        for key in keys(text):
            added.setdefault(key, set()).update(pages)

    for word, pages in known.items():
        add(word, pages)
    for term in meanings:
        for name in term.names:
            stems = [_english(word) for word in re.findall(r"\w+", name.lower()) if len(word) > 2]
            used = set.intersection(*(known.get(word, set()) for word in stems)) if stems else set()
            add(f"{term.ru} {term.zh}", used)
    places = {name: number for number, name in enumerate(index["docnames"])}
    for page, text in words.items():
        if page in places:
            add(text, {places[page]})
            for word in re.findall(r"[a-z]+", text.lower()):
                terms.setdefault(_english(word), set()).add(places[page])
    for key, pages in added.items():
        terms.setdefault(key, set()).update(pages)
    return dict(index) | {"terms": {word: sorted(pages) for word, pages in sorted(terms.items())}}


@lru_cache
def _english(word: str) -> str:
    """An English word as Sphinx indexes it."""
    from sphinx.search.en import SearchEnglish

    return SearchEnglish({}).stem(word)


def _set(pages: int | list[int]) -> set[int]:
    return {pages} if isinstance(pages, int) else set(pages)


def improve(folder: Path) -> None:
    """Add to the search index of a built book; a second call changes nothing."""
    import yaml

    path = folder / "searchindex.js"
    if not path.exists():
        return
    words = yaml.safe_load((files.root() / "book" / "languages" / "keywords.yml").read_text(encoding="utf-8"))
    index = json.loads(path.read_text(encoding="utf-8").removeprefix(_START).removesuffix(_END))
    better = enrich(index, glossary.terms(), words)
    text = json.dumps(better, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    path.write_text(f"{_START}{text}{_END}", encoding="utf-8")
