"""Words and numbers of the book's front page in three languages, and the switch between them.

Prose stands in `book/languages/ru.md` and `zh.md`; claims, verdicts and the words of charts in `words.yml`, each by its
English text: a sentence that changes in English has no translation until someone has written one, and the build says
so.
"""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from rutrade import InputError, files

if TYPE_CHECKING:
    from bs4 import BeautifulSoup

LANGUAGES = {"en": ("en", "English"), "ru": ("ru", "Русский"), "zh": ("zh-Hans", "中文")}  # code of HTML, own name
_WHERE = {"en": "index", "ru": "results/ru", "zh": "results/zh"}  # pages below `book`


@lru_cache
def words() -> dict[str, dict[str, str]]:
    """English text -> language -> text, from `book/languages/words.yml`."""
    import yaml

    return yaml.safe_load((files.root() / "book" / "languages" / "words.yml").read_text(encoding="utf-8"))


def say(text: str, language: str = "en") -> str:
    """A text of the front page in a language. Raises InputError when nobody has translated it."""
    if language == "en":
        return text
    found = words().get(text, {}).get(language)
    if found is None:
        raise InputError(
            f"book/languages/words.yml has no '{language}' for '{text}'; every text of the front needs one"
        )
    return found


def number(value: float, digits: int = 0, language: str = "en") -> str:
    """A number with a true minus and, in Russian, a decimal comma; one that rounds to zero has no sign."""
    text = f"{value:.{digits}f}"
    text = text.replace("-", "\u2212") if float(text) else f"{0:.{digits}f}"
    return text.replace(".", ",") if language == "ru" else text


def of_page(soup: "BeautifulSoup") -> str:
    """The language that a built page says it is written in (`translated.page` marks it), else English."""
    mark = soup.select_one("article .page-language")
    code = str(mark["data-lang"]) if mark else "en"
    return next(name for name, (html, _) in LANGUAGES.items() if html == code)


def localised(html: str, language: str) -> str:
    """HTML with the signs of a language in its text: a decimal comma in Russian, no space before % in Chinese.

    Tags, and so places and addresses, stay.
    """
    if language == "zh":
        return re.sub("[\u00a0 ]%", "%", html)
    if language != "ru":
        return html
    return re.sub(r">[^<]+", lambda text: re.sub(r"(?<=\d)\.(?=\d)", ",", text[0]), html)


def switch(language: str) -> str:
    """Links from the front page in a language to itself in the others."""
    up = "../" * _WHERE[language].count("/")
    links = [
        f'<a href="{up}{_WHERE[other]}.html" lang="{code}" hreflang="{code}"'
        + (' aria-current="page"' if other == language else "")
        + f">{name}</a>"
        for other, (code, name) in LANGUAGES.items()
    ]
    return f'<nav class="languages" aria-label="{say("Language", language)}">{"".join(links)}</nav>'
