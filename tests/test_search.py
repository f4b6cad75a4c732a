"""The search finds words of three languages, and its script cuts them as the index does."""

import json
import re

import pytest
import yaml

from rutrade import files
from rutrade.publish import glossary, search

INDEX = {
    "docnames": ["book/a", "book/b", "book/c"],
    "terms": {"shadow": [0, 1], "price": [1, 2], "multipli": 0, "торговля": 2, "乘数": 2, "贸易总额": [1]},
    "titleterms": {"multipli": 1, "россия": [2]},
}
TERMS = (
    glossary.Term(("shadow price",), "", "двойственная оценка", "影子价格"),
    glossary.Term(("multiplier", "MULT"), "", "мультипликатор", "乘数"),
)


@pytest.fixture
def better():
    return search.enrich(INDEX, TERMS, {"book/a": "appraisal оценивание 投资", "book/none": "lost"})


def test_a_page_is_found_by_the_foreign_names_of_the_terms_it_uses(better):
    terms = better["terms"]
    assert terms[search.stem("двойственная")] == [1], "only the page with both words"
    assert terms["影子"] == terms["子价"] == terms["价格"] == [1]
    assert terms[search.stem("мультипликатора")] == [0, 1], "a word of a title counts"
    assert terms["乘数"] == [0, 1, 2] and terms[search.stem("россии")] == [2]


def test_words_of_the_text_and_of_the_list_are_found_in_any_form(better):
    terms = better["terms"]
    for form in ("торговля", "торговли", "торговлю", "торговлей", "торговле"):
        assert terms[search.stem(form)] == [2], form
    assert terms["贸易"] == terms["总额"] == [1] and terms["投资"] == [0] and terms["apprais"] == [0]
    assert terms["shadow"] == [0, 1] and "lost" not in terms


def test_enriching_twice_changes_nothing(better):
    assert search.enrich(better, TERMS, {"book/a": "appraisal оценивание 投资"}) == better
    assert list(better["terms"]) == sorted(better["terms"])


@pytest.mark.parametrize("form", ["план", "нефть", "СКИФ"])
def test_a_short_word_keeps_its_letters(form):
    assert len(search.stem(form)) >= 4


def test_the_script_of_the_page_cuts_at_the_same_endings():
    script = (files.root() / "book" / "_static" / "scorer.js").read_text(encoding="utf-8")
    assert json.loads(re.search(r"RUSSIAN_ENDINGS = (\".*?\")", script)[1]) == search.ENDINGS
    ends = search.ENDINGS.split()
    assert all(not longer.endswith(end) for n, end in enumerate(ends) for longer in ends[n + 1 :] if longer != end)


def test_every_page_of_the_list_of_words_is_in_the_book():
    words = yaml.safe_load((files.root() / "book" / "languages" / "keywords.yml").read_text(encoding="utf-8"))
    toc = (files.root() / "_toc.yml").read_text(encoding="utf-8")
    assert set(words) <= set(re.findall(r"(?:root|file): (\S+)", toc))
    for page, text in words.items():
        assert (re.search("[а-я]", text) and re.search("[\u4e00-\u9fff]", text)) or page.endswith(("/ru", "/zh")), page
