"""The report of a bulk run in a real browser: it shows what was made, sifts, plays, and what is hostile stays text."""

import asyncio
import functools
import http.server
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from fakes.browsing import browsing, needs_chromium
from fakes.bulks import go
from fakes.pictures import png
from fakes.surroundings import JOURNEY_KEY
from weryai import bulk
from weryai.emulator import Emulator

pytestmark = [needs_chromium, pytest.mark.filterwarnings("ignore::weryai.WeryAIWarning")]
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder and writes no log."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def page_of_a_run(tmp_path: Path) -> Iterator[str]:
    """The address of a report: two videos, a failed task, a doubt, and hostile words wherever words can be."""
    (tmp_path / "picture.png").write_bytes(png())
    (tmp_path / "jobs.csv").write_text(
        "key,image,prompt\n"
        "first,picture.png,The sea moves\n"
        f'{HOSTILE},picture.png,"{HOSTILE} $style"\n'
        "third,picture.png,The sea moves again [emulator: fail-copyright]\n"
        "fourth,https://pictures.example/4.jpg,And again [emulator: cut-reply@submit]\n"
    )
    with (
        Emulator(video="fixed", waiting=0.02, processing=0.02, key=JOURNEY_KEY) as emulator,
        bulk.Ledger(tmp_path / "run.db") as ledger,
    ):
        bulk.load_manifest(ledger, tmp_path / "jobs.csv", {})
        go(ledger, emulator.url, tmp_path)
    bulk.report(tmp_path / "run.db", tmp_path / "report.html")
    serve = functools.partial(Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


async def test_the_page_shows_sifts_and_plays(page_of_a_run: str) -> None:
    """Four cards, the ones that need a look first; states and words sift them; a video plays under the pointer."""
    async with browsing(page_of_a_run) as pages:
        page = await pages.open("/report.html")
        cards = page.locator(".card")
        assert await cards.locator(".chip").all_inner_texts() == ["ambiguous", "failed", "done", "done"]
        await expect(page.locator(".tile.done b")).to_have_text("2")
        await expect(page.locator(".tile.ambiguous")).to_contain_text("may have been billed")
        await expect(page.locator("table")).to_contain_text("Copyright restrictions")
        told = re.compile("3 tasks were ordered and 2 videos stored")
        await expect(page.locator("svg")).to_have_attribute("aria-label", told)
        await page.locator("label", has_text="done").click()
        await expect(page.locator(".card:visible")).to_have_count(2)
        await page.locator("label", has_text="all").click()
        await page.locator("#text").fill("sea moves again")
        await expect(page.locator(".card:visible h3")).to_have_text(["third"])
        await page.locator("#text").fill("nothing has these words")
        await expect(page.locator("#none")).to_be_visible()
        await page.locator("#text").fill("")
        video = page.locator("video").first
        assert (await video.get_attribute("src") or "").startswith("data:video/mp4;base64,")
        await video.hover()
        await asyncio.wait_for(
            video.evaluate("(one) => new Promise((done) => one.addEventListener('timeupdate', done))"), 10
        )


async def test_nothing_hostile_is_more_than_words(page_of_a_run: str) -> None:
    """Keys and prompts are text: no element of theirs, no dialog, no request, and the policy had nothing to stop."""
    async with browsing(page_of_a_run) as pages:
        page = await pages.open("/report.html", width=360)
        await expect(page.locator("h3", has_text="onerror")).to_have_text(HOSTILE)
        await expect(page.locator(".prompt", has_text="$style")).to_be_visible()
        assert await page.locator("script").count() == 1
        assert await page.locator("img[src=x]").count() == 0
        assert await page.evaluate("document.documentElement.scrollWidth") == 360
