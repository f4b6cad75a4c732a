"""The built book in a real browser: no errors, no barriers, search, downloads, dark mode, a phone's width, the PDF."""

import re
from dataclasses import dataclass, field
from urllib.parse import quote, unquote
from urllib.request import urlopen

import pytest
from bs4 import BeautifulSoup

from rutrade.publish import check, pdf

WIDE, NARROW = {"width": 1400, "height": 900}, {"width": 400, "height": 800}


@dataclass
class Visit:
    """What one page did in the browser."""

    messages: list[str] = field(default_factory=list)
    barriers: list[str] = field(default_factory=list)
    sideways: int = 0
    text_shown_ms: float | None = None


def _barriers(page, label: str) -> list[str]:
    """Serious and critical violations that axe-core finds on the open page."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{label}: {rule['id']} ({rule['impact']}), {len(rule['nodes'])} places, first {rule['nodes'][0]['html'][:120]}"
        for rule in found
        if rule["impact"] in ("serious", "critical")
    ]


def _open(context, address: str, messages: list[str]):
    page = context.new_page()
    page.on("console", lambda m: messages.append(f"{m.type}: {m.text}") if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: messages.append(f"script: {error}"))
    # what a redirect breaks off by leaving the page has not failed; a missing file still answers 404 below
    page.on(
        "requestfailed",
        lambda r: messages.append(f"failed: {r.url}") if r.failure != "net::ERR_ABORTED" else None,
    )
    page.on("response", lambda r: messages.append(f"{r.status}: {r.url}") if r.status >= 400 else None)
    page.on("request", lambda r: messages.append(f"remote: {r.url}") if _remote(r.url) else None)
    page.goto(address, wait_until="load")
    if 'http-equiv="Refresh"' in urlopen(address).read().decode():
        page.wait_for_url(lambda url: url != address, wait_until="load")
    page.wait_for_load_state("networkidle")
    return page


def _remote(address: str) -> bool:
    return not address.startswith(("http://127.0.0.1", "data:", "blob:", "about:"))


@pytest.fixture(scope="module")
def visits(browser, html, site):
    """Every page opened once: light and wide, then dark and narrow. A page that does not turn dark times out.

    Barriers are looked for in both views; pages of the package's reference, which are all made by one template and
    have thousands of names each, take turns, but for the first.
    """
    seen = {}
    reference = sorted((html / "book" / "api").glob("*.html"))
    views = {path: (0, 1) if number == 0 else (number % 2,) for number, path in enumerate(reference)}
    for path in check.pages(html):
        name, visit = path.relative_to(html).as_posix(), Visit()
        context = browser.new_context(viewport=WIDE, color_scheme="light", reduced_motion="reduce")
        page = _open(context, f"{site}/{name}", visit.messages)
        visit.text_shown_ms = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime")
        for turn, (scheme, size) in enumerate((("light", WIDE), ("dark", NARROW))):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.set_viewport_size(size)
            page.wait_for_function("t => document.documentElement.dataset.theme === t", arg=scheme)
            page.wait_for_timeout(300)  # colours fade
            if turn in views.get(path, (0, 1)):
                visit.barriers += _barriers(page, f"{scheme} {size['width']}")
        visit.sideways = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        seen[name] = visit
        context.close()
    assert len(seen) > 20
    return seen


def test_every_page_opens_without_errors_and_asks_for_nothing_elsewhere(visits):
    assert {name: v.messages for name, v in visits.items() if v.messages} == {}


def test_no_page_has_a_serious_barrier_light_dark_or_narrow(visits):
    assert {name: v.barriers for name, v in visits.items() if v.barriers} == {}


def test_the_check_for_barriers_finds_some_where_they_are(browser):
    page = browser.new_page()
    page.set_content("<html lang='en'><main><p style='color:#bbb;background:#fff'>pale</p><img src='data:,'></main>")
    found = " ".join(_barriers(page, "probe"))
    page.close()
    assert "color-contrast" in found and "image-alt" in found


def test_no_page_scrolls_sideways_at_400_pixels(visits):
    assert {name: v.sideways for name, v in visits.items() if v.sideways > 0} == {}


def test_no_page_keeps_its_text_for_long(visits):
    # Generous: a busy machine is slow; a page that waits for a megabyte of script or for a server fails all the same.
    slow = {name: v.text_shown_ms for name, v in visits.items() if not v.text_shown_ms or v.text_shown_ms > 5000}
    assert slow == {}


def test_the_theme_button_changes_the_ground_and_the_next_page_remembers(browser, site):
    page = browser.new_page(viewport=WIDE, color_scheme="light")
    page.goto(f"{site}/book/how-to.html", wait_until="load")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    button = page.locator("button.theme-switch-button:visible").first
    for _ in range(3):
        if page.evaluate("document.documentElement.dataset.mode") == "dark":
            break
        button.click()
    dark = page.evaluate(ground)
    assert sum(map(int, re.findall(r"\d+", dark)[:3])) < 200 < sum(map(int, re.findall(r"\d+", light)[:3]))
    page.goto(f"{site}/book/documented.html", wait_until="load")
    assert page.evaluate(ground) == dark
    page.close()


def test_search_finds_the_shadow_price(browser, site):
    page = browser.new_page(viewport=WIDE)
    page.goto(f"{site}/book/index.html", wait_until="load")
    page.locator("button.search-button__button:visible").first.click()
    page.locator("#pst-search-dialog input[type=search]").fill("shadow price")
    page.keyboard.press("Enter")
    first = page.locator("#search-results li a").first
    first.wait_for()
    assert page.locator("#search-results li a").count() >= 2
    first.click()
    page.wait_for_load_state("load")
    assert "shadow price" in page.locator("article").inner_text().lower()
    page.close()


def _found(page, site, words) -> list[str]:
    """Pages that the search lists for words, in order."""
    page.goto(f"{site}/search.html?q={quote(words)}", wait_until="load")
    page.get_by_text("Search finished").wait_for()
    links = page.locator("#search-results li > a")
    page.wait_for_function("n => document.querySelectorAll('#search-results li > a').length >= n", arg=1)
    return links.evaluate_all("all => all.map(a => a.getAttribute('href').split('#')[0])")


@pytest.mark.parametrize(
    ("words", "pages"),
    [
        ("мультипликатора", ("book/glossary.html", "book/results/base/04_project.html")),
        ("теневая цена", ("book/glossary.html",)),
        ("санкции", ("book/results/base/07_trade_model.html", "book/results/ru.html")),
        ("乘数", ("book/glossary.html", "book/results/base/04_project.html")),
        ("贸易总额", ("book/glossary.html", "book/results/base/01_trade_structure.html", "book/results/zh.html")),
    ],
)
def test_the_search_finds_glossary_and_chapters_by_russian_and_chinese_words(browser, site, words, pages):
    page = browser.new_page(viewport=WIDE)
    found = _found(page, site, words)
    page.close()
    assert set(pages) <= set(found), found


def test_the_search_puts_prose_before_the_reference_of_the_package(browser, site):
    page = browser.new_page(viewport=WIDE)
    for words in ("multiplier", "scenario", "trade"):
        found = _found(page, site, words)
        reference = [place for place, name in enumerate(found) if name.startswith("book/api/")]
        prose = [place for place, name in enumerate(found) if not name.startswith("book/api/")]
        assert prose and reference and max(prose) < min(reference), words
    page.close()


def test_search_finds_nothing_for_a_word_the_book_does_not_have(browser, site):
    page = browser.new_page(viewport=WIDE)
    page.goto(f"{site}/search.html?q=zyzzyva", wait_until="load")
    page.get_by_text("did not match any documents").wait_for()
    page.close()


def test_csv_links_download_the_figures(browser, html, site):
    page = browser.new_page(viewport=WIDE, accept_downloads=True)
    page.goto(f"{site}/book/results/base/01_trade_structure.html", wait_until="load")
    page.evaluate("document.querySelectorAll('details').forEach((box) => { box.open = true; })")
    links = page.locator("a.csv")
    assert links.count() >= 5
    for number in (0, links.count() - 1):
        with page.expect_download() as waiting:
            links.nth(number).click()
        download = waiting.value
        stored = html / "book" / "results" / "base" / unquote(links.nth(number).get_attribute("href"))
        assert download.path().read_bytes() == stored.read_bytes()
        assert download.suggested_filename.endswith(".csv") and stored.read_text().count("\n") >= 2
    page.close()


def _numbers(text: str, language: str) -> list[float]:
    """Numbers of a sentence in the English unit: Chinese counts hundreds of millions where English counts billions."""
    text = text.replace("\u2212", "-")
    if language == "ru":
        text = re.sub(r"(?<=\d),(?=\d)", ".", text)
    found = re.findall(r"(?<![\d.])(-?\d+(?:\.\d+)?)(亿)?", text)
    return [float(number) / (10 if hundred else 1) for number, hundred in found]


@pytest.mark.parametrize(("language", "code", "name"), [("ru", "ru", "Русский"), ("zh", "zh-Hans", "中文")])
def test_the_switch_leads_to_the_same_numbers_in_another_language_and_back(browser, site, language, code, name):
    page = browser.new_page(viewport=NARROW)
    page.goto(f"{site}/book/index.html", wait_until="load")

    def told() -> dict[str, list[str]]:
        return {
            "lede": page.locator(".lede").all_inner_texts(),
            "findings": page.locator(".admonition li").all_inner_texts(),
            "counts": [re.search(r"\d+", chip)[0] for chip in page.locator("ul.verdicts li").all_inner_texts()],
            "squares": page.locator("a.square").all_inner_texts(),
        }

    english = told()
    assert len(english["findings"]) == 6
    page.locator("nav.languages a", has_text=name).click()
    page.wait_for_url(f"**/results/{language}.html")
    assert page.locator("article").get_attribute("lang") == code
    ours = told()
    for part in ("counts", "squares"):
        assert ours[part] == english[part]
    for one, other in zip(english["lede"] + english["findings"], ours["lede"] + ours["findings"], strict=True):
        wanted, found = sorted(_numbers(one, "en")), sorted(_numbers(other, language))
        # Where the unit is smaller a number has a digit more.
        digits = [len(str(number).rstrip("0").partition(".")[2]) for number in wanted]
        assert [round(number, n) for number, n in zip(found, digits, strict=True)] == pytest.approx(wanted, abs=1e-9), (
            one
        )
    page.locator("a.square").first.click()
    assert page.evaluate("document.querySelector(location.hash) !== null")
    page.locator("nav.languages a", has_text="English").click()
    page.wait_for_url("**/book/index.html")
    page.close()


def test_a_term_says_what_it_means_by_mouse_by_keyboard_and_by_touch(browser, site):
    page = browser.new_page(viewport=WIDE)
    page.goto(f"{site}/{CHAPTER}", wait_until="load")
    term = page.locator("a.term").first
    tip = page.locator(f"#{term.get_attribute('aria-describedby')}")
    assert not tip.is_visible() and term.inner_text().lower() in tip.text_content().lower()
    term.hover()
    assert tip.is_visible()
    box = tip.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= WIDE["width"]
    page.mouse.move(1, 1)
    assert not tip.is_visible()
    term.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert tip.is_visible()
    page.keyboard.press("Escape")
    assert not tip.is_visible()
    page.close()
    context = browser.new_context(viewport=NARROW, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{site}/{CHAPTER}", wait_until="load")
    term = page.locator("a.term").first
    term.tap()
    tip = page.locator(f"#{term.get_attribute('aria-describedby')}")
    assert tip.is_visible() and tip.bounding_box()["y"] + tip.bounding_box()["height"] <= NARROW["height"]
    term.tap()
    page.wait_for_url("**/book/glossary.html#term-*")
    context.close()


def test_a_citation_says_what_it_cites(browser, site):
    page = browser.new_page(viewport=WIDE)
    page.goto(f"{site}/book/index.html", wait_until="load")
    page.locator("article a.reference[href*='references.html']").first.hover()
    assert "Economy of Regions" in page.locator(".tip-text:visible").inner_text()
    page.close()


CHAPTER = "book/results/base/01_trade_structure.html"


def test_one_of_two_drawings_of_a_chart_is_shown_and_its_type_is_legible(browser, site):
    for size, shown, hidden in ((WIDE, "wide", "narrow"), (NARROW, "narrow", "wide")):
        page = browser.new_page(viewport=size)
        page.goto(f"{site}/{CHAPTER}", wait_until="load")
        page.evaluate("document.querySelectorAll('details').forEach((box) => { box.open = true; })")
        charts = page.locator(".rt-chart")
        assert charts.count() >= 5
        for number in range(charts.count()):
            assert charts.nth(number).locator(f"svg.{shown}").is_visible()
            assert not charts.nth(number).locator(f"svg.{hidden}").is_visible()
        drawn = f"e => e.querySelector('svg.{shown} text').getBoundingClientRect().height"
        assert charts.first.evaluate(drawn) >= 11
        page.close()


def test_a_chart_turns_dark_with_its_page(browser, site):
    colours = []
    for scheme in ("light", "dark"):
        page = browser.new_page(viewport=WIDE, color_scheme=scheme)
        page.goto(f"{site}/{CHAPTER}", wait_until="load")
        colours.append(page.evaluate("getComputedStyle(document.querySelector('svg.wide text')).fill"))
        page.close()
    assert colours[0] != colours[1]


def test_a_chart_tells_its_values_and_opens_its_table(browser, site):
    page = browser.new_page(viewport=WIDE)
    page.goto(f"{site}/{CHAPTER}", wait_until="load")
    figure = page.locator("figure.rt-figure").first
    told = figure.locator("svg.wide .tip title").all_text_contents()
    assert len(told) >= 10 and all(re.search(r": \u2212?[\d.,]+$", words) for words in told)
    table = figure.locator("details.rt-data table")
    assert not table.is_visible()
    figure.locator("summary", has_text="Table").first.click()
    assert table.is_visible()
    page.close()


def test_a_large_table_unfolds(browser, site):
    page = browser.new_page(viewport=WIDE)
    page.goto(f"{site}/book/results/base/05_regional_tables.html", wait_until="load")
    page.evaluate("for (const part of document.querySelectorAll('details:not(.rest)')) part.open = true")
    box = page.locator(".folding").first
    box.locator("summary").scroll_into_view_if_needed()
    hidden = box.locator(".more").first
    assert not hidden.is_visible()
    box.locator("details.rest summary").click()
    assert hidden.is_visible()
    page.close()


def test_a_tab_of_the_projections_shows_its_scenario_alone(browser, site):
    page = browser.new_page(viewport=WIDE)
    page.goto(f"{site}/book/results/projections.html", wait_until="load")
    labels = page.locator("label.sd-tab-label")
    assert [text.strip() for text in labels.all_text_contents()] == [
        "Nothing new", "The programme as planned", "The programme and trade policy", "The claim made to hold"
    ]  # fmt: skip
    contents = page.locator(".sd-tab-content")
    assert [contents.nth(i).is_visible() for i in range(4)] == [False, True, False, False]
    labels.nth(0).click()
    assert [contents.nth(i).is_visible() for i in range(4)] == [True, False, False, False]
    page.close()


def test_verdicts_lead_to_their_claim_and_are_in_sight_on_a_phone(browser, site):
    page = browser.new_page(viewport=NARROW)
    page.goto(f"{site}/book/index.html", wait_until="load")
    squares = page.locator("a.square")
    count = squares.count()
    squares.first.click()
    page.wait_for_url(re.compile(r"claims\.html#claim-"))
    chips = page.locator(".claims-table tbody .verdict")
    assert chips.count() == count >= 20
    sides = chips.evaluate_all("all => all.map(e => [e.getBoundingClientRect().left, e.getBoundingClientRect().right])")
    assert all(0 <= left < right <= NARROW["width"] for left, right in sides)
    page.locator("select[name=verdict]").select_option("partly")
    assert 0 < page.locator(".claims-table tbody tr:visible").count() < count
    page.close()


def test_the_keyboard_reaches_and_scrolls_a_wide_table(browser, site):
    page = browser.new_page(viewport=NARROW)
    page.goto(f"{site}/book/results/base/01_trade_structure.html", wait_until="load")
    wide = "e => !e.closest('details') && e.scrollWidth > e.clientWidth + 20"
    wide = f"[...document.querySelectorAll('.table-scroll')].findIndex({wide})"
    number = page.evaluate(wide)
    assert number >= 0
    box = page.locator(".table-scroll").nth(number)
    box.focus()
    assert box.evaluate("e => e === document.activeElement")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("e => e.scrollLeft > 0", arg=box.element_handle())
    page.close()


def test_the_pdf_holds_every_chapter_figure_and_formula(browser, html):
    import pypdf

    reader = pypdf.PdfReader(html / "book.pdf")
    chapters = [item for item in reader.outline if not isinstance(item, list)]
    titles = {re.sub(r"\s+", " ", item.title) for item in chapters}
    front = BeautifulSoup((html / "book" / "index.html").read_text(encoding="utf-8"), "html.parser")
    assert front.select_one("article a[href$='book.pdf']")
    assert len(reader.pages) < 120
    text = re.sub(r"\s+", " ", " ".join(page.extract_text() for page in reader.pages))
    figures = formulas = 0
    for path in check.pages(html):
        article = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser").select_one("article.bd-article")
        if (
            not article
            or path.parent == html
            or pdf._ONLINE.fullmatch(path.relative_to(html).with_suffix("").as_posix())
        ):
            continue
        assert re.sub(r"\s+", " ", article.h1.get_text().rstrip("#")) in titles
        for figure in article.select("figure.rt-figure"):
            assert figure.select_one(".number").get_text() in text
            figures += 1
        formulas += len(article.select(".math"))
    assert figures >= 20
    methods = [reader.get_destination_page_number(item) for item in chapters if item.title.startswith("Method")]
    text = "".join(reader.pages[number].extract_text() for number in methods)
    assert formulas >= 50 and len(methods) >= 6 and "\\(" not in text and "\\sum" not in text
    contents = reader.pages[0].extract_text() + reader.pages[1].extract_text()
    places = [str(reader.get_destination_page_number(item) + 1) for item in chapters[1:]]
    assert [n for n in re.findall(r"^(\d+)$", contents, re.M) if n in places][: len(places)] == places
    assert "no PDF" not in contents
