"""What a person sees on the emulator's page while a client works, in a real browser."""

import re
import subprocess
import sys

import httpx
import pytest
from playwright.async_api import Browser, expect

from fakes.answers import SUBMIT
from fakes.browsing import Browsing, browsing, needs_chromium
from weryai import TaskFailedError, WeryAI
from weryai.emulator import Emulator, ManualClock

from .conftest import order

pytestmark = needs_chromium

AUTHORIZED = {"Authorization": "Bearer sk-emulator"}
ORDER = {"model": "WERYAI_VIDEO_1_0", "image": "https://example.com/a.jpg", "duration": 5, "aspect_ratio": "16:9"}
#: Resolves with the place at which a video is as soon as that is beyond its first moments.
PLAYED = """(video) => new Promise((done) => video.addEventListener("timeupdate", () => {
    if (video.currentTime > 0.3) done(video.currentTime);
}))"""
EMULATE = [sys.executable, "-m", "weryai", "emulate", "--port", "0", "--video", "fixed"]


async def test_a_task_moves_before_ones_eyes(emulator: Emulator, client: WeryAI, browser: Browsing) -> None:
    """Without a reload the task appears, is processed when the page turns the clock, and ends; credits go down."""
    page = await browser.open()
    await expect(page.locator("#welcome")).to_be_visible()
    order(client)
    row = page.locator("#task-list a")
    await expect(row).to_contain_text("She waves")
    await expect(row.locator(".state")).to_have_text("waiting")
    await expect(page.locator("#welcome")).to_be_hidden()
    await expect(page.locator("#balance")).to_have_text("990")
    await page.get_by_role("button", name="+1 s").click()
    await expect(row.locator(".state")).to_have_text("processing")
    await expect(page.locator("#now")).to_have_text("1.0 s")
    emulator.clock.advance(9)
    await expect(row.locator(".state")).to_have_text("succeed")
    await expect(page.locator("#now")).to_have_text("10.0 s")


async def test_the_detail_shows_all_that_happened(
    emulator: Emulator, client: WeryAI, browser: Browsing, tmp_path: object
) -> None:
    """The timeline has the upload, the order with its request, the looks as one, both moves and the download."""
    task_id = order(client)
    for _ in range(3):
        client.tasks.get(task_id)
    emulator.clock.advance(5)
    client.files.download(client.tasks.get(task_id), f"{tmp_path}/wave.mp4")
    page = await browser.open()
    await page.locator("#task-list a").click()
    await expect(page.locator("#detail h2")).to_have_text("She waves")
    titles = page.locator(".timeline > li")
    await expect(titles).to_have_count(7)
    shown = [re.sub(r"\s+", " ", text) for text in await titles.locator(".title, > span:first-child").all_inner_texts()]
    assert shown == [
        *("Upload", "Submit", "Poll the task \u00d73", "Taken from the queue", "Succeeded"),
        *("Poll the task", "Download"),
    ]
    request = page.locator(".timeline .json").first
    await expect(request).to_contain_text('"prompt": "She waves"')
    assert "sk-emulator" not in await page.locator("body").inner_text()
    await page.locator("summary", has_text="Download").click()
    await expect(page.locator(".timeline details[open]").last).to_contain_text("bytes that are no text")


async def test_picture_and_video_stand_side_by_side(emulator: Emulator, client: WeryAI, browser: Browsing) -> None:
    """The picture is drawn and the video plays by itself, at the same height, without a request to the API."""
    task_id = order(client)
    page = await browser.open(f"/#tasks/{task_id}")
    await expect(page.locator("figure").last).to_contain_text("Waiting in the queue")
    emulator.clock.advance(5)
    video = page.locator("#detail video")
    await expect(video).to_be_visible()
    assert await video.evaluate(PLAYED) > 0.3
    assert await page.locator("#detail img").evaluate("(image) => image.naturalWidth") > 100
    boxes = [await page.locator(f"#detail {kind}").bounding_box() for kind in ("img", "video")]
    assert boxes[0] is not None and boxes[1] is not None
    assert boxes[0]["y"] == boxes[1]["y"] and boxes[0]["x"] < boxes[1]["x"]
    assert [one.request.method for one in emulator.exchanges] == ["POST", "POST"]


async def test_what_breaks_the_contract_is_pointed_at(emulator: Emulator, browser: Browsing) -> None:
    """A refused request is marked in the list, and in its body each complaint stands at the field it is about."""
    wrong = {**ORDER, "prompt": "", "surprise": {"a": 1}}
    httpx.post(emulator.url + SUBMIT, json=wrong, headers=AUTHORIZED, trust_env=False)
    page = await browser.open("/#requests")
    await expect(page.locator("#request-list a")).to_contain_text("wrong request")
    await page.locator("#request-list a").click()
    prompt = page.locator('.json [data-pointer="/prompt"]')
    await expect(prompt).to_have_class("wrong")
    await expect(page.locator('.json [data-pointer="/prompt"] + .complaint')).to_contain_text("prompt cannot be empty")
    await expect(page.locator('.json [data-pointer="/surprise"] + .complaint')).to_contain_text("unknown field")
    await expect(page.locator('.json [data-pointer="/model"]')).not_to_have_class("wrong")
    await page.get_by_role("button", name="/prompt").click()
    await expect(prompt).to_be_focused()


async def test_a_double_submit_stands_out(client: WeryAI, browser: Browsing) -> None:
    """Work that was ordered twice is said on every view, in both rows, and leads the ledger with what it cost."""
    page = await browser.open("/#scenarios")
    await expect(page.locator("#doubles")).to_be_hidden()
    order(client, "once")
    for _ in range(2):
        order(client, "twice")
    await expect(page.locator("#doubles")).to_have_text(re.compile("One job was submitted more than once: 10 extra"))
    await page.get_by_role("link", name="Show the ledger").click()
    first = page.locator("#jobs tr").first
    await expect(first).to_contain_text("submitted twice")
    assert await first.locator("td.number").all_inner_texts() == ["2", "2", "20", "0"]
    await page.get_by_role("link", name="Tasks").click()
    await page.get_by_label("Filter tasks by state").select_option("double")
    await expect(page.locator("#task-list li.double")).to_have_count(2)
    await expect(page.locator("#task-list li")).to_have_count(2)


async def test_refused_and_failed_orders_are_in_the_ledger(
    emulator: Emulator, client: WeryAI, browser: Browsing
) -> None:
    """An order that made no task is told with its refusal, one that failed with its state."""
    emulator.order("no-credits")
    with pytest.raises(Exception, match="credits"):
        order(client, "refused")
    emulator.order("fail-copyright")
    task_id = order(client, "failed")
    emulator.clock.advance(5)
    with pytest.raises(TaskFailedError):
        client.tasks.wait(task_id)
    page = await browser.open("/#ledger")
    rows = page.locator("#jobs tr")
    await expect(rows).to_have_count(2)
    await expect(rows.first).to_contain_text("failed")
    await expect(rows.last).to_contain_text("refused")
    await expect(rows.last.locator(".reason")).to_have_text("no-credits")


async def test_a_thousand_tasks_stay_usable(started: Browser) -> None:
    """Of many tasks the newest are drawn; a filter finds the oldest, more are drawn on demand, and news still comes."""
    with Emulator(clock=ManualClock(), video="fixed", balance=100_000, concurrency=None) as emulator:
        with httpx.Client(base_url=emulator.url, headers=AUTHORIZED, trust_env=False) as many:
            for number in range(250):
                many.post(SUBMIT, json={**ORDER, "prompt": f"Scene {number:04}", "video_number": 4})
        async with browsing(started, emulator.url) as pages:
            page = await pages.open()
            await expect(page.locator("#count-tasks")).to_have_text("1000")
            await expect(page.locator("#task-list li")).to_have_count(200)
            await expect(page.locator("#task-list li").first).to_contain_text("Scene 0249")
            await page.get_by_role("button", name="Show more (800 left)").click()
            await expect(page.locator("#task-list li")).to_have_count(400)
            await page.get_by_label("Filter tasks by text").fill("scene 0000")
            await expect(page.locator("#task-list li")).to_have_count(4)
            await expect(page.get_by_role("button", name="Show more")).to_be_hidden()
            emulator.clock.advance(10)
            await expect(page.locator("#task-list .state").first).to_have_text("succeed")


async def test_a_restart_is_survived(started: Browser) -> None:
    """While the emulator is gone the page says so; when it is back, empty, the page is live and empty too."""
    first = Emulator(clock=ManualClock(), video="fixed").start()
    async with browsing(started, first.url) as pages:
        with WeryAI(first.key, base_url=first.url) as client:
            order(client)
        page = await pages.open()
        await expect(page.locator("#task-list li")).to_have_count(1)
        first.stop()
        await expect(page.locator("#line")).to_have_text("lost", timeout=20_000)
        with Emulator(port=int(first.url.rpartition(":")[2]), clock=ManualClock(), video="fixed"):
            await expect(page.locator("#line")).to_have_text("live", timeout=20_000)
            await expect(page.locator("#welcome")).to_be_visible()
            await expect(page.locator("#task-list li")).to_have_count(0)
        # What the browser says of its lost connection is no trouble of the page's.
        pages.troubles = [one for one in pages.troubles if "ERR_" not in one]


async def test_the_greeting_leads_to_the_page(started: Browser) -> None:
    """`weryai emulate` names the page's address, and a browser that goes there sees how to point a client at it."""
    with subprocess.Popen(EMULATE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            told = "".join(process.stdout.readline() for _ in range(5))
            address = re.search(r"^Watch it at (\S+)$", told, re.MULTILINE)
            assert address is not None, told
            async with browsing(started, address[1].rstrip("/")) as pages:
                page = await pages.open()
                exports = page.locator("#exports")
                await expect(exports).to_have_text("\n".join(line for line in told.splitlines() if "export" in line))
                await expect(page.locator("#line")).to_have_text("live")
                await expect(page.locator("#clock-kind")).to_have_text("Clock, real time")
        finally:
            process.terminate()
            process.communicate(timeout=30)
