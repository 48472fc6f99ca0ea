"""The report in a real browser with the network cut off."""

from __future__ import annotations

from itertools import pairwise

import pytest
from small_system import csv_of, make, spell

pytestmark = pytest.mark.service

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="module")
def chromium(need):
    path = need("chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, report):
    """`visit("index", width=..., scheme=...)` opens a page; in the end nothing was asked of the network, nothing erred."""
    asked: list[str] = []
    complaints: list[str] = []
    contexts = []

    def open_page(name, *, width=1280, scheme="light", scripts=True):
        context = chromium.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, java_script_enabled=scripts
        )
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.route(
            "**/*", lambda route: route.continue_() if route.request.url.startswith("file://") else route.abort()
        )
        page.goto(f"{report.out.as_uri()}/{name}.html")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [url for url in asked if not url.startswith(("file://", "data:", "blob:"))] == []
    assert complaints == []


def scroll_through(page):
    for box in page.query_selector_all("[data-figure]"):
        box.scroll_into_view_if_needed()
        page.wait_for_function("box => box.querySelector('.main-svg')", arg=box)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_figure_draws_its_marks(visit, scheme):
    page = visit("01_slo", scheme=scheme)
    scroll_through(page)
    boxes = page.query_selector_all("[data-figure]")
    assert len(boxes) == 2
    for box in boxes:
        assert box.query_selector(".plot svg.main-svg")
        marks = box.query_selector_all("path.js-line, .bars path")
        assert any(mark.get_attribute("d") for mark in marks)
        assert box.query_selector(".shapelayer path")
    assert "target 300 ms" in page.inner_text(".notebook [data-figure]")
    assert "slow spell" in page.inner_text(".notebook [data-figure]")


def test_hostile_text_stays_text(visit):
    for name in ("index", "01_slo"):
        page = visit(name)
        assert "owned" not in page.title()
        assert "<script>document.title='owned'</script>" in page.inner_text("main")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ["index", "01_slo", "02_capacity"])
def test_no_page_is_wider_than_the_screen(visit, name, width):
    page = visit(name, width=width)
    scroll_through(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_verdict_is_on_the_first_screen(visit):
    page = visit("index")
    for text in ("▲ act", "Do first", "We don't know", "Failed"):
        box = page.get_by_text(text, exact=False).first.bounding_box()
        assert box and box["y"] + box["height"] < 800


def test_headings_come_in_order(visit):
    for name in ("index", "01_slo", "02_capacity", "04_silent"):
        levels = visit(name).eval_on_selector_all("h1,h2,h3,h4", "all => all.map(each => Number(each.tagName[1]))")
        assert levels[0] == 1 and levels.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))


def test_tables_sort_by_value(visit):
    page = visit("01_slo")
    button = page.get_by_role("button", name="checkout")
    button.click()
    button.click()
    first = page.inner_text(".notebook tbody tr:first-child td.number")
    assert first == page.eval_on_selector_all(
        ".notebook td.number", "all => all.sort((a, b) => b.dataset.sort - a.dataset.sort)[0].innerText"
    )
    assert page.get_attribute(".notebook th.number", "aria-sort") == "descending"


def test_links_lead_somewhere(visit, report):
    for name in ("index", "01_slo", "02_capacity", "03_flow", "04_silent"):
        page = visit(name)
        for link in page.eval_on_selector_all("a", "all => all.map(each => each.getAttribute('href'))"):
            path, _, anchor = link.partition("#")
            target = report.out / (path or f"{name}.html")
            assert target.is_file(), link
            assert not anchor or f'id="{anchor}"' in target.read_text(encoding="utf-8"), link


def test_the_keyboard_reaches_what_unfolds_and_shows_where_it_is(visit):
    page = visit("index")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            break
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.parentElement.open")
    assert page.get_by_text("Why we think so").first.is_visible()


def test_without_scripts_a_figure_is_its_title_and_its_data(visit):
    page = visit("01_slo", scripts=False)
    assert page.get_by_role("heading", name="Checkout leaves its target at 10:30").is_visible()
    assert page.get_by_text("its data are below").first.is_visible()
    assert page.get_by_role("link", name="CSV").first.is_visible()


def test_printing_draws_every_figure(visit, tmp_path):
    page = visit("01_slo", scheme="dark")
    page.pdf(path=str(tmp_path / "page.pdf"), format="A4")
    assert len(page.query_selector_all("[data-figure] svg.main-svg")) >= 2
    assert (tmp_path / "page.pdf").stat().st_size > 20_000


def test_remarks_follow_their_row_when_a_table_is_sorted(visit):
    page = visit("01_slo")
    pairs = "all => all.map(each => [each.previousElementSibling.innerText, each.innerText])"
    before = page.eval_on_selector_all(".notebook tr.below", pairs)
    rows = page.eval_on_selector_all(".notebook tbody tr", "all => all.map(each => each.innerText)")
    for _ in range(2):
        page.get_by_role("button", name="checkout").click()
    after = page.eval_on_selector_all(".notebook tr.below", pairs)
    assert len(before) == 4 and sorted(after) == sorted(before)
    assert page.eval_on_selector_all(".notebook tbody tr", "all => all.map(each => each.innerText)") != rows


@pytest.fixture(scope="module")
def ledger_page(tmp_path_factory):
    """Page 00 of evidence with long names and numbers."""
    from scaling_lib.report import run

    folder = tmp_path_factory.mktemp("ledger")
    logs = folder / "recorded" / "bottleneck" / "before"
    logs.mkdir(parents=True)
    (logs / "requests_of_the_gateway_history.csv").write_text(csv_of(spell("GET /a")), encoding="utf-8")
    evidence = (
        "evidence: {requests: [{path: recorded/bottleneck/*/requests_of_the_gateway_history.csv, origin: recorded}]}"
    )
    make(folder, evidence + "\n")
    return run(folder, out=folder / "out", steps=["00"], deadline_s=120).out


@pytest.mark.parametrize("name", ["index", "00_overview"])
def test_the_whole_ledger_is_seen_at_once(chromium, ledger_page, name):
    for width in (1280, 390):
        page = chromium.new_page(viewport={"width": width, "height": 800})
        page.goto(f"{ledger_page.as_uri()}/{name}.html")
        cells = page.query_selector_all(".cards td")
        assert page.get_by_text("to 11:00").first.is_visible()  # the range's end, once hidden behind the edge
        places = [cell.bounding_box() for cell in cells if cell.is_visible()]
        assert places and all(place["x"] + place["width"] <= width for place in places)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.close()
