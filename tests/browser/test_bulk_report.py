"""The report of a bulk run in a real browser, opened from the disk: it plays, filters, opens, and does nothing else."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

import weryai
from fakes.browsing import CONTRAST, PLAYABLE, Browsing, browsing, needs_chromium
from fakes.ledgers import Filling, alter
from weryai import bulk

from .conftest import PHOTO
from .test_looks import HOSTILE

pytestmark = needs_chromium
VIDEO = next((Path(weryai.__file__).parent / "emulator" / "data").glob("*.mp4"))


@pytest_asyncio.fixture(loop_scope="session")
async def browser(started: Browser, tmp_path: Path) -> AsyncIterator[Browsing]:
    """A browser for the pages of one folder, which must be without trouble and ask for nothing outside of it."""
    async with browsing(started, tmp_path.as_uri()) as pages:
        yield pages


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A ledger with one of everything, two videos that play, and a hostile job."""
    with Filling(tmp_path / "run.db") as filling:
        filling.job("mug", "done", image=str(PHOTO), video=_video(tmp_path / "videos" / "mug.mp4"), price=20.0)
        filling.job("lamp", "done", image=str(PHOTO), video=_video(tmp_path / "videos" / "a #lamp.mp4"), price=20.0)
        filling.job("shoe", "failed", image=str(PHOTO), prompt="A shoe walks")
        filling.job("chair", "ambiguous", image="https://pictures.example/chair.jpg", reason="reset by the peer")
        filling.job("pot", "submitted", remark=("download", "the connection broke"))
        filling.job("queued", image=str(PHOTO))
        filling.job(HOSTILE, "failed", prompt=HOSTILE, reason=HOSTILE, kind=HOSTILE, model=HOSTILE, image=HOSTILE)
        filling.budget(100, 500.0)
    # So that the plots have something to draw.
    alter(filling.path, "update jobs set submitted = 1e9 + id * 40, ended = 1e9 + id * 100 where state = 'done'")
    return filling.path


def _video(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    return Path(shutil.copy(VIDEO, path))


async def opened(browser: Browsing, ledger: Path, *, embed: int = 25_000_000, **options: Any) -> Page:
    """Write the page beside the ledger and open it."""
    bulk.report(ledger, ledger.with_name("report.html"), embed=embed)
    return await browser.open("/report.html", **options)


@pytest.mark.parametrize("embed", [25_000_000, 0], ids=["in the page", "beside it"])
async def test_videos_play(browser: Browsing, ledger: Path, embed: int) -> None:
    """A video plays on its card, and in large beside its picture, from within the page or from the disk."""
    page = await opened(browser, ledger, embed=embed)
    sources = await page.locator(".cards video").evaluate_all("(all) => all.map((one) => one.getAttribute('src'))")
    assert [source.startswith("data:") for source in sources] == [embed > 0] * 2
    await page.get_by_role("button", name="Play all").click()
    for video in await page.locator(".cards video").all():
        await video.evaluate(PLAYABLE)
        await expect(video).to_have_js_property("paused", False)
    await page.get_by_role("button", name="Pause all").click()
    await page.get_by_role("button", name="Open lamp").click()
    large = page.get_by_role("dialog").locator("video")
    await large.evaluate(PLAYABLE)
    await expect(large).to_have_js_property("paused", False)
    await expect(page.get_by_role("dialog").locator("img")).to_be_visible()


async def test_the_sheet_is_filtered(browser: Browsing, ledger: Path) -> None:
    """By state, by words in any order, or both; and the number of jobs that fit is told."""
    page = await opened(browser, ledger)
    await page.get_by_role("button", name=re.compile("^failed")).click()
    await expect(page.locator(".cards > li:visible")).to_have_count(2)
    await page.get_by_role("searchbox").fill("WALKS shoe")
    await expect(page.locator(".cards > li:visible h3")).to_have_text(["shoe"])
    await expect(page.get_by_role("status")).to_have_text("1 of 7 jobs are shown")
    await page.get_by_role("searchbox").fill("nothing like it")
    await expect(page.get_by_text("No job fits.")).to_be_visible()
    await page.get_by_role("button", name="All", exact=True).click()
    await page.get_by_role("searchbox").fill("task_1")
    await expect(page.locator(".cards > li:visible h3")).to_have_text(["mug"])


async def test_the_keyboard_is_enough(browser: Browsing, ledger: Path) -> None:
    """A job opens with Enter, arrows go to its neighbours, Escape closes it and returns to its card."""
    page = await opened(browser, ledger)
    await page.get_by_role("button", name="Open chair").focus()
    await page.keyboard.press("Enter")
    title = page.locator("#big-title")
    await expect(title).to_have_text("chair")
    await expect(page.get_by_role("dialog")).to_contain_text("reset by the peer")
    await page.keyboard.press("ArrowLeft")
    await expect(title).to_have_text("chair")
    await page.keyboard.press("ArrowRight")
    await expect(title).to_have_text("shoe")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await expect(page.get_by_role("button", name="Open shoe")).to_be_focused()


async def test_whatever_was_written_is_text(browser: Browsing, ledger: Path) -> None:
    """Markup in any field is shown, on the card and in large, and makes no element, request or script."""
    page = await opened(browser, ledger)
    card = page.locator(".cards > li", has_text="alert(2)")
    await expect(card.locator("h3")).to_have_text(HOSTILE)
    await card.locator(".open").click()
    await expect(page.locator("#big-title")).to_have_text(HOSTILE)
    await expect(page.locator("#big dd", has_text="alert(2)")).to_have_count(4)
    made = await page.evaluate("""() => [document.scripts.length,
        document.querySelectorAll("iframe, object, embed, [onerror], [onload]").length,
        [...document.querySelectorAll("a")].map((one) => one.getAttribute("href"))]""")
    assert made == [1, 0, ["#sheet", "./videos/mug.mp4", "./videos/a%20%23lamp.mp4"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_text_can_be_read(browser: Browsing, ledger: Path, scheme: str) -> None:
    """In both schemes every text, on the page and in the open job, has a contrast of at least 4.5."""
    page = await opened(browser, ledger, color_scheme=scheme, reduced_motion="reduce")
    for open_one in (False, True):
        if open_one:
            await page.get_by_role("button", name="Open shoe").click()
        ratio, text, count = await page.evaluate(CONTRAST)
        assert ratio >= 4.5, (ratio, text)
        assert count > 40


async def test_a_small_window_is_wide_enough(browser: Browsing, ledger: Path) -> None:
    """At 360 pixels nothing has to be moved sideways, neither the page nor the open job."""
    page = await opened(browser, ledger, width=360, height=740)
    assert await page.evaluate("() => document.documentElement.scrollWidth") == 360
    await page.locator(".cards > li", has_text="alert(2)").locator(".open").click()
    assert await page.evaluate("() => document.querySelector('dialog').scrollWidth") <= 340
    wide = await page.evaluate("""() => [...document.body.querySelectorAll("main *, dialog *")]
        .filter((one) => one.checkVisibility() && !one.closest(".chips, .card h3"))
        .filter((one) => one.getBoundingClientRect().right > 360).map((one) => one.outerHTML.slice(0, 80))""")
    assert wide == []


async def test_who_wants_calm_gets_it(browser: Browsing, ledger: Path) -> None:
    """With reduced motion no video plays by itself, not even in large, and nothing is animated."""
    page = await opened(browser, ledger, reduced_motion="reduce")
    await page.get_by_role("button", name="Open mug").hover()
    await page.get_by_role("button", name="Open mug").click()
    await page.locator("#big video").evaluate(PLAYABLE)
    paused = await page.locator("video").evaluate_all("(all) => all.map((one) => one.paused)")
    assert paused == [True, True, True]
    moving = """() => [...document.querySelectorAll("*")].filter((one) =>
        getComputedStyle(one).transitionDuration.split(",").some((one) => parseFloat(one) > 0)).length"""
    assert await page.evaluate(moving) == 0


@pytest.mark.parametrize("width", [390, 1280])
async def test_the_letters_of_every_axis_are_of_one_size(browser: Browsing, ledger: Path, width: int) -> None:
    """However wide a plot is drawn, its letters have 11.5 pixels."""
    page = await opened(browser, ledger, width=width)
    sizes = """() => [...document.querySelectorAll(".plot text")].map((one) =>
        parseFloat(getComputedStyle(one).fontSize) * one.ownerSVGElement.getBoundingClientRect().width
        / one.ownerSVGElement.viewBox.baseVal.width)"""
    await page.wait_for_function(f"() => ({sizes})().every((size) => Math.abs(size - 11.5) < 0.1)")
    assert len(await page.evaluate(sizes)) >= 10


async def test_times_are_those_of_who_reads(browser: Browsing, tmp_path: Path) -> None:
    """Moments of the page, of a job and of an axis are in the browser's zone; UTC stands in the title."""
    with Filling(tmp_path / "run.db") as filling:
        for number in range(3):
            filling.job(f"job-{number}", "done")
    moved = "update jobs set began = 1000000000 + id, submitted = 1000000000 + id, ended = 1000000060 + id"
    alter(tmp_path / "run.db", moved)
    page = await opened(browser, tmp_path / "run.db", timezone_id="Asia/Tokyo", locale="en-GB")
    told = page.locator("header time")
    await expect(told).to_have_text("9 Sept 2001, 10:46:41 GMT+9")
    await expect(told).to_have_attribute("title", "2001-09-09 01:46:41 UTC")
    await expect(page.locator(".plot text", has_text="10:46:40").first).to_be_visible()
    assert "10:47:40: 0 submitted, 1 done" in " ".join(await page.locator(".plot title").all_text_contents())
    await page.locator(".card", has_text="job-1").click()
    await expect(page.locator("#big dl")).to_contain_text("9 Sept 2001, 10:47:42 GMT+9")


async def test_a_card_opens_wherever_it_is_clicked(browser: Browsing, ledger: Path) -> None:
    """Its text opens a job as its image does; who selects that text only selects it."""
    page = await opened(browser, ledger)
    prompt = page.locator(".card .prompt", has_text="A shoe walks")
    await prompt.click()
    await expect(page.locator("#big-title")).to_have_text("shoe")
    await page.keyboard.press("Escape")
    await prompt.evaluate("(one) => getSelection().selectAllChildren(one)")
    await prompt.dispatch_event("click")
    await expect(page.get_by_role("dialog")).to_be_hidden()
