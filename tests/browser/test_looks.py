"""How the emulator's page looks: small, light, dark, calm, and unmoved by whatever was sent, in a real browser."""

import re
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, expect

from fakes.browsing import CONTRAST, PLAYABLE, Browsing, browsing, needs_chromium
from weryai import WeryAI
from weryai.emulator import Emulator, ManualClock

from .conftest import PHOTO, order

pytestmark = needs_chromium

VIEWS = ["#tasks", "#requests", "#ledger", "#scenarios"]
HOSTILE = (
    "<img src=x onerror=alert(1)><script>alert(2)</script>\"'><svg/onload=alert(3)> javascript:alert(4) "
    "{{7*7}} ${alert(5)} \u202eevil\u202c " + "w" * 300
)


def fill(emulator: Emulator, client: WeryAI) -> str:
    """Let one of everything happen; return the id of a task that has ended well."""
    task_id = order(client)
    for _ in range(2):
        order(client, "twice")
    emulator.order("fail-copyright")
    order(client, "failing")
    emulator.clock.advance(5)
    emulator.order("stay-processing")
    order(client, "for ever")
    emulator.order("slow", 3)
    url = f"{emulator.url}/v1/generation/image-to-video"
    httpx.post(url, json={"prompt": ""}, headers={"Authorization": "Bearer sk-emulator"}, trust_env=False)
    return task_id


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_text_can_be_read(emulator: Emulator, client: WeryAI, browser: Browsing, scheme: str) -> None:
    """In both schemes every text on every view has a contrast of at least 4.5 to what is under it."""
    task_id = fill(emulator, client)
    last = emulator.exchanges[-1].id
    for place in [*VIEWS, f"#tasks/{task_id}", f"#requests/{last}"]:
        page = await browser.open(f"/{place}", color_scheme=scheme)
        await expect(page.locator("#count-tasks")).to_have_text("5")
        if "/" in place:
            await expect(page.locator("#detail .json").first).to_be_visible()
        ratio, text, count = await page.evaluate(CONTRAST)
        assert ratio >= 4.5, (place, ratio, text)
        assert count > 20


async def test_the_schemes_differ(browser: Browsing) -> None:
    """The page follows what the person prefers: light paper or dark."""
    papers = [
        await (await browser.open(color_scheme=scheme)).evaluate(
            "() => getComputedStyle(document.body).backgroundColor"
        )
        for scheme in ("light", "dark")
    ]
    brightness = [sum(int(part) for part in re.findall(r"\d+", paper)[:3]) for paper in papers]
    assert brightness[0] > 600 > 150 > brightness[1]


async def test_a_small_window_is_wide_enough(emulator: Emulator, client: WeryAI, browser: Browsing) -> None:
    """At 360 pixels no view and no detail has to be moved sideways, whatever stands in it."""
    task_id = fill(emulator, client)
    order(client, HOSTILE)
    last = emulator.exchanges[-1].id
    for place in [*VIEWS, f"#tasks/{task_id}", f"#requests/{last}"]:
        page = await browser.open(f"/{place}", width=360, height=740)
        await expect(page.locator("#count-tasks")).to_have_text("6")
        if "/" in place:
            await expect(page.locator("#detail .json").first).to_be_visible()
            await expect(page.locator(".view:visible")).to_have_count(0)
        assert await page.evaluate("() => document.documentElement.scrollWidth") == 360, place
        wide = await page.evaluate("""() => [...document.body.querySelectorAll("main *")]
            .filter((one) => one.checkVisibility() && !one.closest(".title, .sub"))
            .filter((one) => one.getBoundingClientRect().right > 360)
            .map((one) => one.outerHTML.slice(0, 80))""")
        assert wide == [], place
    await page.get_by_role("link", name="Close").click()
    await expect(page.locator("#request-list")).to_be_visible()


async def test_whatever_was_sent_is_text(emulator: Emulator, client: WeryAI, browser: Browsing) -> None:
    """Markup in a prompt, a file name, a reason, a header, a path or a webhook's address is shown, and does nothing."""
    headers = {"Authorization": "Bearer sk-emulator", "X-Own": "<b>bold</b>"}
    files = {"file": ("<img src=x onerror=alert(1)>.jpg", PHOTO.read_bytes())}
    with httpx.Client(base_url=emulator.url, headers=headers, trust_env=False) as raw:
        upload = raw.post("/v1/generation/upload-file", files=files).json()
        image = upload["data"]["object_url_list"][0]
        raw.get("/<script>alert(1)</script>?<b>=<i>")
        raw.post("/v1/generation/image-to-video", content=HOSTILE.encode())
        raw.post("/v1/generation/image-to-video", json={HOSTILE: HOSTILE, "prompt": HOSTILE})
    task = client.image_to_video.submit(
        image, prompt=HOSTILE, negative_prompt=HOSTILE, webhook_url="https://example.com/?'onload=alert(1)"
    )
    emulator.fail(task.task_ids[0], HOSTILE)
    page = await browser.open(f"/#tasks/{task.task_ids[0]}")
    await expect(page.locator("#detail h2")).to_have_text(HOSTILE)
    await expect(page.locator("#task-list .title")).to_have_text(HOSTILE)
    await expect(page.locator("#detail .hole.bad")).to_contain_text(HOSTILE)
    await expect(page.locator("#detail .json").first).to_be_visible()
    for exchange in emulator.exchanges:
        await page.goto(f"{emulator.url}/#requests/{exchange.id}")
        await expect(page.locator("#detail h2")).to_contain_text(f"#{exchange.id}")
        await expect(page.locator("#detail .side").last).to_be_visible()
        for summary in await page.locator("#detail .headers summary").all():
            await summary.click()
        made: Any = await page.evaluate("""() => [document.scripts.length,
            document.querySelectorAll("svg, b, i, iframe, object, embed, style, [onerror], [onload]").length,
            [...document.querySelectorAll("a")].map((one) => one.getAttribute("href"))
                .filter((href) => !/^#[a-z]*(\\/[\\w-]*)?$/.test(href)).length]""")
        assert made == [1, 0, 0]
    await page.goto(f"{emulator.url}/#ledger")
    await expect(page.locator("#jobs")).to_contain_text("alert(2)")


async def test_who_wants_calm_gets_it(emulator: Emulator, client: WeryAI, browser: Browsing) -> None:
    """With reduced motion nothing is animated and the video waits until it is asked to play."""
    task_id = order(client)
    emulator.clock.advance(5)
    page = await browser.open(f"/#tasks/{task_id}", reduced_motion="reduce")
    await expect(page.locator("#detail video")).to_be_visible()
    await page.locator("#detail video").evaluate(PLAYABLE)
    assert await page.locator("#detail video").evaluate("(video) => [video.paused, video.currentTime]") == [True, 0]
    moving = """() => [...document.querySelectorAll("*")].filter((one) => {
        const style = getComputedStyle(one);
        return style.animationName !== "none" || style.transitionDuration.split(",").some((one) => parseFloat(one) > 0);
    }).length"""
    assert await page.evaluate(moving) == 0


async def test_the_page_is_told_apart_by_its_parts(client: WeryAI, browser: Browsing) -> None:
    """Landmarks, one heading of the first rank, a name for every control, and a quiet live region."""
    task_id = order(client)
    page = await browser.open(f"/#tasks/{task_id}")
    await expect(page.locator("#detail .json").first).to_be_visible()
    for role in ("banner", "navigation", "main", "status"):
        await expect(page.get_by_role(role)).to_have_count(1)  # type: ignore[arg-type]
    assert await page.locator("h1").all_inner_texts() == ["WeryAI emulator"]
    nameless = await page.evaluate("""() => [...document.querySelectorAll("button, a, input, select, video")]
        .filter((one) => one.checkVisibility())
        .filter((one) => !(one.innerText?.trim() || one.textContent.trim() || one.labels?.length || one.ariaLabel))
        .map((one) => one.outerHTML)""")
    assert nameless == []
    assert await page.locator("img:not([alt])").count() == 0
    assert await page.locator("#status").inner_text() == ""


async def test_a_task_shows_its_image(emulator: Emulator, client: WeryAI, browser: Browsing) -> None:
    """A row has the image that was uploaded, small, and keeps it through the states; others have a word."""
    order(client)
    client.text_to_video.submit("A fox runs")
    client.image_to_video.submit("https://example.com/sea.jpg", prompt="The sea moves")
    page = await browser.open()
    await expect(page.locator("#task-list .thumb")).to_have_count(3)
    assert await page.locator("#task-list span.thumb").all_inner_texts() == ["URL", "text"]
    image = page.locator("#task-list img.thumb")
    await expect(image).to_have_js_property("complete", True)
    kept = await image.evaluate_handle("(image) => { window.kept = image; return image.naturalWidth; }")
    assert await kept.json_value() > 0
    emulator.clock.advance(60)
    await expect(page.locator("#task-list .state", has_text="succeed")).to_have_count(3)
    assert await image.evaluate("(image) => image === window.kept")


async def test_a_failure_is_louder_than_a_second_bill(emulator: Emulator, client: WeryAI, browser: Browsing) -> None:
    """What failed stands out more from its paper than what was submitted twice, whose extra credits are counted."""
    fill(emulator, client)
    page = await browser.open("/#ledger")
    await expect(page.locator("#sums")).to_contain_text("Extra credits10")
    await expect(page.locator("#jobs .double")).to_contain_text("submitted twice: 10 extra credits")
    far = """(element) => {
        const parts = (one) => getComputedStyle(one).backgroundColor.match(/[\\d.]+/g).map(Number);
        const [own, sheet] = [parts(element), parts(element.closest(".view"))];
        return own.slice(0, 3).reduce((sum, part, place) => sum + Math.abs(part - sheet[place]), 0);
    }"""
    await page.goto(f"{emulator.url}/#tasks")
    failed, twice = page.locator("#task-list .state[data-state=failed]"), page.locator("#task-list .double .chip.warn")
    assert await failed.evaluate(far) > 3 * await twice.first.evaluate(far)


async def test_scenarios_are_found(browser: Browsing) -> None:
    """They stand in groups by stage; words in any order leave those that have all of them, or none, which is said."""
    page = await browser.open("/#scenarios")
    shown = page.locator("#catalogue li:visible")
    await expect(page.locator("#catalogue h3", has_text="webhook")).to_be_visible()
    await page.get_by_role("searchbox", name="Filter scenarios by text").fill("COPYRIGHT task")
    await expect(shown).to_have_count(1)
    await expect(shown).to_contain_text("fail-copyright")
    await expect(page.locator("#catalogue h3:visible")).to_have_count(1)
    await page.get_by_role("searchbox", name="Filter scenarios by text").fill("nothing like it")
    await expect(page.get_by_text("No scenario matches.")).to_be_visible()


async def test_credits_without_end_are_a_word(started: Browser) -> None:
    """Of credits that nobody can spend the page shows no number, and its head stays in one line."""
    with Emulator(clock=ManualClock(), video="fixed", balance=None) as emulator:
        async with browsing(started, emulator.url) as pages:
            page = await pages.open("/#ledger")
            await expect(page.locator("#balance")).to_have_text("unlimited")
            await expect(page.locator("#of-balance")).to_be_hidden()
            await expect(page.locator("main")).not_to_contain_text("000000")


async def test_a_long_url_hides_nothing(emulator: Emulator, browser: Browsing) -> None:
    """Where a signed URL is longer than its place, the words before it can be read, and the rest scrolled to."""
    body = {"model": "X", "prompt": "She waves", "image": "https://a.example/" + "a" * 900, "aspect_ratio": "16:9"}
    url, key = f"{emulator.url}/v1/generation/image-to-video", {"Authorization": "Bearer sk-emulator"}
    reply = httpx.post(url, json=body | {"duration": 5}, headers=key, trust_env=False)
    page = await browser.open(f"/#tasks/{reply.json()['data']['task_ids'][0]}", width=390)
    hole = page.locator(".hole").first
    await expect(hole).to_contain_text("Not uploaded here")
    assert await hole.evaluate(
        "hole => { const range = document.createRange(); range.selectNodeContents(hole);"
        " return range.getBoundingClientRect().top >= hole.getBoundingClientRect().top; }"
    )
