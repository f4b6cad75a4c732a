"""The front page in Russian and Chinese: one source of numbers, every text translated, links that lead back."""

import re
from functools import partial

import pandas as pd
import pytest

from rutrade import InputError, data, files
from rutrade.publish import claims, front, languages, tables, translated

FOREIGN = ("ru", "zh")
PLACE = re.compile(r"\{\{(.*?)\}\}", re.S)


def prose(language: str) -> str:
    return (files.root() / "book" / "languages" / f"{language}.md").read_text(encoding="utf-8")


def named(text: str) -> set[str]:
    """Recorded values that a template puts in."""
    words = {word for part in PLACE.findall(text) for word in re.findall(r"[a-z_][\w.]*", re.sub(r'"[^"]*"', "", part))}
    return {word for word in words if "_" in word}


class Anything:
    """A scenario that records every value."""

    def __getattr__(self, name: str) -> float:
        return -118.168


@pytest.fixture(scope="module")
def judged() -> pd.DataFrame:
    """All claims, each with the verdict that its place gives it."""
    table = data.load("claims")
    verdicts = [list(front.SIGNS)[n % 4] for n in range(len(table))]
    robust = [("", *claims.ROBUST.values())[n % 3] for n in range(len(table))]
    return table.assign(
        ours=[None if v == "not testable" else 10.403 for v in verdicts], verdict=verdicts, robust=robust
    )


@pytest.fixture(scope="module")
def page(judged):
    """The page in each language, all values the same."""
    words = {word for language in FOREIGN for word in named(prose(language)) if "." not in word}
    shifts = {f"{name}_shift_constant_pp": 1.04 for name in front.SHOWN}
    base = dict.fromkeys(words, 10.403) | shifts | {"ri_resolution_pp": 0.02}
    values = {"base": base} | {name: Anything() for name in ("ri", "ri_policy", "paper", "inertial")}
    return {language: translated.page(language, values, judged) for language in FOREIGN}


@pytest.mark.parametrize("language", FOREIGN)
def test_the_findings_take_the_values_of_the_english_front_page_and_no_others(language):
    english = (files.root() / "book" / "index.md").read_text(encoding="utf-8")

    def findings(text: str) -> list[set[str]]:
        items = re.findall(r"^\d\. \*\*(.*)$", text, re.M)
        return [named(item) for item in items]

    assert len(findings(english)) == 6
    assert findings(prose(language)) == findings(english)
    lede = re.search(r":::\{div\} lede\n(.*?)\n::::", english, re.S)
    assert named(re.search(r":::\{div\} lede\n(.*?)\n::::", prose(language), re.S)[1]) == named(lede[1])


def test_both_languages_take_the_same_values_chapter_by_chapter():
    told = [[named(part) for part in re.split(r"^\*\*\[", prose(language), flags=re.M)[1:]] for language in FOREIGN]
    assert len(told[0]) == 11 and all(told[0])
    assert told[0] == told[1]


@pytest.mark.parametrize("language", FOREIGN)
def test_no_result_is_typed_into_the_prose(language):
    text = re.sub(r"\]\([^)]*\)|^\d\. |\b\d\d?\. (?=[А-Я])|doi:\S+", " ", PLACE.sub("", prose(language)), flags=re.M)
    text = re.sub(r"第\d+章|Глава \d+|发现\d至\d|发现\d|\b[1-6]–[1-6]\b", "", text)
    typed = set(re.findall(r"\d[\d.,]*\d|\d", text)) - {"2013", "2016", "2017", "2021", "2023", "2025", "2026", "2030"}
    # Targets of turnover, one dollar and a project's year are no results.
    assert typed <= {"300", "400", "3000", "4000", "1", "6"}, typed


@pytest.mark.parametrize("language", FOREIGN)
def test_every_claim_stands_in_the_table_with_its_verdict_and_every_square_leads_to_it(page, judged, language):
    text = page[language]
    for claim in judged.itertuples():
        assert text.count(f'id="claim-{claim.claim}"') == 1 and f'href="#claim-{claim.claim}"' in text
        assert languages.say(claim.text, language).split(".")[0][:20] in text.replace("\u00a0", " ")
    counts = judged["verdict"].value_counts()
    for verdict, sign in front.SIGNS.items():
        assert f"{sign}</span> {counts[verdict]} {languages.say(verdict, language)}</span>" in text
        assert text.count(f"{sign}</span> {languages.say(verdict, language)}</span>") == counts[verdict]


def test_numbers_have_the_signs_of_their_language(page):
    assert "\u2212118,2" not in page["zh"] and "\u2212118" in page["ru"]
    assert "10,4" in page["ru"] and "10.4" not in re.sub(r"<[^>]*>", "", page["ru"])
    assert not re.search(r"\d (?:%|млрд)", re.sub(r"<[^>]*>", "", page["ru"])), "a number without its unit on the line"
    assert "10.4" in page["zh"] and "10,4" not in page["zh"] and "\u00a0%" not in page["zh"]
    assert languages.number(-0.04, 1, "ru") == "0,0" and languages.number(-2.25, 1) == "\u22122.2"
    html = '<path d="M1.5 2"/><b title="1.5">1.5 and 2.5</b>'
    assert languages.localised(html, "ru") == '<path d="M1.5 2"/><b title="1.5">1,5 and 2,5</b>'


def test_no_english_word_of_the_charts_is_left(page):
    for language in FOREIGN:
        drawn = " ".join(re.findall(r"<(?:text|title|desc)\b[^>]*>([^<]+)<", page[language]))
        words = set(re.findall(r"[A-Za-z]{4,}", drawn)) - {"BACI", "CEPII", "WITS"}
        assert words == set(), words


def test_the_switch_leads_from_each_page_to_the_others_and_marks_where_one_is():
    for here, where in (("en", ""), ("ru", "results/"), ("zh", "results/")):
        links = re.findall(
            r'<a href="([^"]+)" lang="[\w-]+" hreflang="[\w-]+"( aria-current="page")?>', languages.switch(here)
        )
        up = "../" if where else ""
        assert [link for link, _ in links] == [f"{up}index.html", f"{up}results/ru.html", f"{up}results/zh.html"]
        assert [bool(mark) for _, mark in links] == [code == here for code in languages.LANGUAGES]


def test_a_text_without_a_translation_is_named():
    with pytest.raises(InputError, match="no 'zh' for 'A new claim.'"):
        languages.say("A new claim.", "zh")
    assert languages.say("A new claim.") == "A new claim."


def test_places_in_a_translation_are_those_of_its_english_text():
    for text, others in languages.words().items():
        for language in FOREIGN:
            assert sorted(re.findall(r"\{\w+\}", others[language])) == sorted(re.findall(r"\{\w+\}", text)), text


@pytest.mark.parametrize(("language", "told"), [("ru", "Показать все строки (13)"), ("zh", "显示全部13行")])
def test_the_switch_of_a_folded_table_is_in_the_page_s_language(language, told):
    table = pd.DataFrame({"a": range(13)})
    html = tables.box_of(table, "Numbers", "{:.0f}", partial(languages.say, language=language))
    assert told in html and "Show all" not in html
    assert "Show all 13 rows" in tables.box_of(table, "Numbers", "{:.0f}")


def test_both_folds_are_told_with_their_own_number():
    html = tables.box_of(pd.DataFrame(0.0, index=range(13), columns=list("abcdefghi")), "Numbers")
    assert "Show all 13 rows and 9 columns" in html
    assert "Show all 9 columns" in tables.box_of(
        pd.DataFrame(0.0, index=range(3), columns=list("abcdefghi")), "Numbers"
    )
