"""The report of the quickstart in a real browser: on a phone, on a desk and on paper, without any network."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

PHONE, DESK = 390, 1200
PAPER = {"format": "A4", "margin": dict.fromkeys(("top", "bottom", "left", "right"), "15mm")}
PAPER_PIXELS = round((210 - 2 * 15) / 25.4 * 96)  # width of the text area of that paper
FLAGS = ["--no-sandbox", "--enable-unsafe-swiftshader", "--disable-dev-shm-usage"]
LEAST_FONT = 11  # pixels


@dataclass
class Visit:
    """A page that was opened, what it asked the network for, and what it complained about."""

    page: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium; where it is missing the tests are skipped, and fail on a machine that sets CI=true."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        reason = "no Chromium is installed: apt-get install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def report(quickstart: Any) -> Path:
    path: Path = quickstart.output / "report.html"
    assert path.exists(), quickstart.done.stdout + quickstart.done.stderr
    return path


def opened(browser: Any, report: Path, width: int) -> Visit:
    page = browser.new_page(viewport={"width": width, "height": 844})
    visit = Visit(page)

    def guard(route: Any) -> None:
        if route.request.url == report.as_uri() or route.request.url.startswith("data:"):
            route.continue_()
        else:
            visit.requests.append(route.request.url)
            route.abort()

    page.route("**/*", guard)
    page.on("console", lambda message: visit.complaints.append(message.text))
    page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    page.goto(report.as_uri(), wait_until="load")
    return visit


@pytest.fixture(scope="module", params=[PHONE, DESK], ids=["phone", "desk"])
def visit(request: pytest.FixtureRequest, browser: Any, report: Path) -> Iterator[Visit]:
    found = opened(browser, report, request.param)
    yield found
    found.page.close()


def test_the_page_asks_the_network_for_nothing_and_complains_of_nothing(visit: Visit) -> None:
    assert visit.requests == []
    assert visit.complaints == []
    assert visit.page.evaluate("document.scripts.length") == 0


TOO_WIDE = """(width) => [...document.querySelectorAll('body *')]
  .filter(e => !e.closest('pre') && e.getBoundingClientRect().width > 0
               && (e.getBoundingClientRect().right > width + 0.5 || e.getBoundingClientRect().left < -0.5))
  .map(e => e.tagName + ' ' + e.className + ' ' + e.textContent.slice(0, 60))"""


def test_nothing_runs_over_the_edge(visit: Visit) -> None:
    width = visit.page.viewport_size["width"]
    assert visit.page.evaluate("document.scrollingElement.scrollWidth") <= width
    assert visit.page.evaluate(TOO_WIDE, width) == []


def test_every_link_has_its_target_and_none_leads_outside(visit: Visit) -> None:
    targets = visit.page.evaluate("[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))")
    anchors = set(visit.page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)"))
    assert len(targets) > 50
    assert {target for target in targets if target.removeprefix("#") not in anchors or target[0] != "#"} == set()


def test_every_figure_is_drawn_at_a_size_that_can_be_read(visit: Visit, quickstart: Any) -> None:
    images = visit.page.evaluate(
        "[...document.images].map(i => [i.complete, i.naturalWidth, i.getBoundingClientRect().width, i.alt])"
    )
    planned = re.findall(r"^  [\w-]+: \{use: [\w-]+, of: ", quickstart.file.read_text(encoding="utf-8"), re.M)
    assert len(images) == len(planned) > 0
    for complete, natural, shown, text in images:
        assert complete, text
        assert natural > 0, text
        assert shown > 0.7 * min(natural, visit.page.viewport_size["width"]), text
        assert len(text) > 10, "the alternative text says what is shown"


def test_on_a_phone_a_touch_enlarges_a_figure_inside_its_frame_and_another_one_undoes_it(
    browser: Any, report: Path
) -> None:
    found = opened(browser, report, PHONE)
    figure = found.page.locator("figure img").first
    before = figure.bounding_box()["width"]
    figure.click()
    assert figure.bounding_box()["width"] > 2 * before
    assert found.page.evaluate("document.scrollingElement.scrollWidth") <= PHONE
    figure.click()
    assert figure.bounding_box()["width"] == before
    found.page.close()


UNLINKED = r"""[...document.querySelectorAll('td.n')]
  .filter(cell => /[0-9∞]/.test(cell.textContent))
  .filter(cell => {
    const rest = cell.cloneNode(true);
    rest.querySelectorAll('a[href^="#record-"], .badge').forEach(link => link.remove());
    return /[0-9∞]/.test(rest.textContent);
  }).map(cell => cell.textContent.trim())"""


def test_every_number_links_to_its_record(visit: Visit) -> None:
    assert visit.page.evaluate("document.querySelectorAll('td.n a').length") > 50
    assert visit.page.evaluate(UNLINKED) == []


def test_a_number_leads_to_the_task_key_and_digest_that_it_came_from(visit: Visit) -> None:
    link = visit.page.locator("#measures td.n a").first
    link.click()
    record = visit.page.locator(":target")
    assert record.count() == 1
    text = record.inner_text()
    assert re.search(r"key\s+[0-9a-f]{64}", text)
    assert re.search(r"digest\s+[0-9a-f]{64}", text)
    assert "analysis/" in text
    visit.page.goto(visit.page.url.partition("#")[0], wait_until="load")


SMALL = """(least) => [...document.querySelectorAll('main *')]
  .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())
               && parseFloat(getComputedStyle(e).fontSize) < least)
  .map(e => e.tagName + ' ' + getComputedStyle(e).fontSize + ' ' + e.textContent.slice(0, 40))"""


def test_no_text_is_too_small_to_read(visit: Visit) -> None:
    assert visit.page.evaluate(SMALL, LEAST_FONT) == []


def test_the_page_says_what_was_run_and_how(visit: Visit) -> None:
    text = visit.page.text_content("body") or ""  # also what is folded away
    for fact in ("complete", "Root digest", "nearest-neighbour-w1", "plain baseline", "Separation", "replicates",
                 "tda-latent/experiment@1", "numpy", "python", "analysis/persistence/digits/vae/2"):  # fmt: skip
        assert fact in text, fact


CUT = """() => [...document.querySelectorAll('body *')].filter(e => {
  const style = getComputedStyle(e);
  const clipped = ['hidden', 'auto', 'scroll', 'clip'].includes(style.overflowX);
  return clipped && e.scrollWidth > e.clientWidth + 1;
}).map(e => e.tagName + ' ' + e.textContent.slice(0, 60))"""


def test_on_paper_it_has_several_pages_and_nothing_is_cut(browser: Any, report: Path, tmp_path: Path) -> None:
    found = opened(browser, report, PAPER_PIXELS)
    found.page.emulate_media(media="print")
    assert found.page.evaluate("document.scrollingElement.scrollWidth") <= PAPER_PIXELS
    assert found.page.evaluate(TOO_WIDE, PAPER_PIXELS) == []
    assert found.page.evaluate(CUT) == []
    colour = "getComputedStyle(document.querySelector('.badge.good')).backgroundColor"
    assert found.page.evaluate(colour) == "rgba(0, 0, 0, 0)", "black on a dark badge is hard to read"
    page_height = (297 - 2 * 15) / 25.4 * 96
    tall = found.page.evaluate("Math.max(...[...document.images].map(i => i.closest('figure').offsetHeight))")
    assert tall < page_height, "a figure and its caption stay on one sheet"
    data = found.page.pdf(path=str(tmp_path / "report.pdf"), print_background=False, **PAPER)
    found.page.close()
    assert data.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", data)) > 1
    assert found.complaints == []
