"""What a person does on the emulator's page, and what a client finds of it, in a real browser."""

import json
from typing import Any

import pytest
from playwright.async_api import Page, expect

from fakes.browsing import Browsing, needs_chromium
from fakes.faults import json_reply
from fakes.faulty_server import FaultyServer
from weryai import RateLimitError, RetryPolicy, TaskFailedError, WeryAI
from weryai.emulator import Emulator

from .conftest import order

pytestmark = needs_chromium


def faults(emulator: Emulator) -> list[tuple[str, str, int | None, int, bool]]:
    """Return what was ordered and met, as the emulator has it."""
    return [(one.name, one.stage, one.ordered, one.met, one.cancelled) for one in emulator.faults]


async def test_a_scenario_is_ordered_and_met(emulator: Emulator, browser: Browsing) -> None:
    """What is ordered on the page happens to the client, and the page shows that it was met."""
    page = await browser.open("/#scenarios")
    await page.get_by_label("Scenario", exact=True).select_option("rate-limit")
    await page.get_by_label("Times").fill("2")
    await page.get_by_role("button", name="Inject", exact=True).click()
    row = page.locator("#orders tr")
    await expect(row.locator(".number").nth(0)).to_have_text("2")
    await expect(row.locator(".number").nth(1)).to_have_text("0")
    await expect(page.locator("#count-scenarios")).to_have_text("1")
    with WeryAI(emulator.key, base_url=emulator.url, retry=RetryPolicy(tries=1)) as client:
        for _ in range(2):
            with pytest.raises(RateLimitError):
                order(client)
        order(client)
    await expect(row.locator(".number").nth(1)).to_have_text("2")
    await expect(row.locator(".chip")).to_have_text("triggered")
    await expect(page.locator("#count-scenarios")).to_have_text("0")
    assert faults(emulator) == [("rate-limit", "submit", 2, 2, False)]


async def test_an_order_is_taken_back(emulator: Emulator, client: WeryAI, browser: Browsing) -> None:
    """A scenario of the catalogue is chosen, ordered for one stage and cancelled: then nothing happens to anybody."""
    page = await browser.open("/#scenarios")
    await page.locator("#catalogue").get_by_role("button", name="http-500").click()
    await page.get_by_label("At", exact=True).select_option("balance")
    await page.get_by_role("button", name="Inject", exact=True).click()
    await page.get_by_role("button", name="Cancel http-500").click()
    await expect(page.locator("#orders .chip")).to_have_text("cancelled")
    assert faults(emulator) == [("http-500", "balance", 1, 0, True)]
    assert client.account.balance() == 1000


async def test_what_cannot_be_ordered_is_said(emulator: Emulator, browser: Browsing) -> None:
    """A refusal of the control API is a sentence on the page; nothing was ordered."""
    page = await browser.open("/#scenarios")
    await page.locator("#times").evaluate("(input) => { input.type = 'text'; input.value = '0'; }")
    await page.get_by_role("button", name="Inject", exact=True).click()
    await expect(page.locator("#status")).to_contain_text("times=0 must be 1 to 1000000")
    assert emulator.faults == []
    # The browser itself writes every answer of 400 and above into its console.
    browser.troubles = [one for one in browser.troubles if "status of 400" not in one]


async def test_a_task_is_failed_with_a_reason(client: WeryAI, browser: Browsing) -> None:
    """The reason typed on the page reaches the client, the list and the timeline; known reasons are offered."""
    task_id = order(client)
    page = await browser.open(f"/#tasks/{task_id}")
    await page.get_by_role("button", name="Fail…").click()
    assert "Image asset audit" in await page.locator("#reasons option").evaluate_all("(all) => all.map((o) => o.value)")
    await page.get_by_label("Reason that the service gives").fill("Image asset audit")
    await page.get_by_role("button", name="Fail it").click()
    await expect(page.locator("#task-list .state")).to_have_text("failed")
    await expect(page.locator(".marker").last).to_contain_text("Failed: Image asset audit")
    with pytest.raises(TaskFailedError) as caught:
        client.tasks.wait(task_id)
    assert caught.value.reason == "Image asset audit"


async def test_giving_up_fails_nothing(client: WeryAI, browser: Browsing) -> None:
    """Cancel and Escape close the question and leave the task as it is; the focus is where it was."""
    task_id = order(client)
    page = await browser.open(f"/#tasks/{task_id}")
    await page.get_by_role("button", name="Fail…").click()
    await page.locator("#fail").get_by_role("button", name="Cancel").click()
    await page.get_by_role("button", name="Fail…").press("Enter")
    await page.get_by_label("Reason that the service gives").press("Escape")
    await expect(page.locator("#fail")).to_be_hidden()
    await expect(page.get_by_role("button", name="Fail…")).to_be_focused()
    await expect(page.locator("#detail")).to_be_visible()
    assert client.tasks.get(task_id).state.name == "WAITING"


async def test_a_task_is_finished(client: WeryAI, browser: Browsing) -> None:
    """Finish lets it succeed at once; what cannot be done any more says why and does nothing."""
    task_id = order(client)
    page = await browser.open(f"/#tasks/{task_id}")
    await page.get_by_role("button", name="Finish").click()
    await expect(page.locator("#task-list .state")).to_have_text("succeed")
    assert client.tasks.get(task_id).state.name == "SUCCEEDED"
    await page.get_by_role("button", name="Finish").press("Enter")
    await expect(page.locator("#status")).to_have_text("The task has ended already")


async def test_a_webhook_is_sent_again(
    emulator: Emulator, client: WeryAI, browser: Browsing, faulty_server: FaultyServer
) -> None:
    """The first delivery and the one that the page asks for arrive, and both stand in the timeline."""
    faulty_server.script("POST", "/hook", json_reply({}), json_reply({}))
    submission = client.image_to_video.submit(
        "https://example.com/a.jpg", prompt="She waves", webhook_url=f"{faulty_server.url}/hook"
    )
    page = await browser.open(f"/#tasks/{submission.task_ids[0]}")
    await page.get_by_role("button", name="Resend webhook").press("Enter")
    await expect(page.locator("#status")).to_have_text("The task has not ended yet")
    emulator.clock.advance(5)
    await expect(page.locator("#detail .chip.good", has_text="webhook delivered")).to_be_visible()
    await page.get_by_role("button", name="Resend webhook").click()
    await expect(page.locator(".timeline .title", has_text="Webhook")).to_have_count(2)
    bodies = [json.loads(one.body) for one in faulty_server.requests]
    assert [one["data"]["task_id"] for one in bodies] == list(submission.task_ids) * 2


async def test_a_request_is_copied(client: WeryAI, browser: Browsing) -> None:
    """As curl and as Python it is in the clipboard and on the page, and the key is in neither."""
    task_id = order(client)
    page = await browser.open(f"/#tasks/{task_id}", permissions=["clipboard-read", "clipboard-write"])
    buttons = page.locator(".timeline details[open]")
    for how, beginning in (("curl", "curl --globoff -X 'POST'"), ("Python", "from weryai import WeryAI\n")):
        await buttons.get_by_role("button", name=f"Copy as {how}").click()
        await expect(page.locator("#status")).to_have_text(f"Copied: the request as {how}")
        copied = await page.evaluate("() => navigator.clipboard.readText()")
        assert copied.startswith(beginning) and "She waves" in copied and "WERYAI_API_KEY" in copied
        assert "sk-emulator" not in copied
        await expect(buttons.locator(".copied")).to_have_text(copied)


async def test_without_a_clipboard_the_text_is_there(client: WeryAI, browser: Browsing) -> None:
    """Where the browser forbids copying the page says so, and the text can be selected."""
    task_id = order(client)
    page = await browser.open(f"/#tasks/{task_id}")
    await page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
    await page.get_by_role("button", name="Copy as curl").click()
    await expect(page.locator("#status")).to_contain_text("select the text instead")
    await expect(page.locator(".copied")).to_contain_text("curl --globoff")


async def test_a_reset_is_asked_for(emulator: Emulator, client: WeryAI, browser: Browsing) -> None:
    """Cancel, where the focus is, leaves everything; only the second button forgets it, on every open page."""
    order(client)
    page, other = await browser.open(), await browser.open("/#ledger")
    await page.get_by_role("button", name="Reset…").click()
    await expect(page.locator("#reset").get_by_role("button", name="Cancel")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#reset")).to_be_hidden()
    assert len(emulator.ledger) == 1
    await page.get_by_role("button", name="Reset…").click()
    await page.get_by_role("button", name="Forget everything").click()
    await expect(page.locator("#welcome")).to_be_visible()
    await expect(other.locator("#jobs tr")).to_have_count(0)
    await expect(page.locator("#balance")).to_have_text("1000")
    assert emulator.ledger == []


async def test_the_lines_to_begin_with_are_copied(browser: Browsing, emulator: Emulator) -> None:
    """The page that shows nothing yet gives the lines that lead a client here."""
    page = await browser.open(permissions=["clipboard-read", "clipboard-write"])
    await page.get_by_role("button", name="Copy the lines").click()
    await expect(page.locator("#status")).to_have_text("Copied: the lines")
    copied = str(await page.evaluate("() => navigator.clipboard.readText()"))
    names = dict(line.removeprefix("export ").split("=", 1) for line in copied.splitlines())
    assert names == {
        "WERYAI_BASE_URL": emulator.url,
        "WERYAI_MODELS_BASE_URL": emulator.url,
        "WERYAI_API_KEY": emulator.key,
    }


async def pressed(page: Page, times: int) -> list[Any]:
    """Press Tab so often, and return what has the focus each time: its text, and whether that can be seen."""
    seen: list[Any] = []
    for _ in range(times):
        await page.keyboard.press("Tab")
        seen.append(
            await page.evaluate("""() => {
                const one = document.activeElement, style = getComputedStyle(one);
                const box = one.getBoundingClientRect();
                const name = one.getAttribute("aria-label") || one.labels?.[0]?.textContent || one.innerText;
                return [name.split("\\n")[0].trim(), style.outlineStyle !== "none" && box.width > 0 && box.top >= 0];
            }""")
        )
    return seen


async def test_the_keyboard_is_enough(emulator: Emulator, client: WeryAI, browser: Browsing) -> None:
    """Tab goes through everything in reading order and is seen there; Enter, arrows, Space and Escape do the rest."""
    order(client, "first")
    order(client, "second")
    page = await browser.open()
    await expect(page.locator("#task-list li")).to_have_count(2)
    walk = await pressed(page, 15)
    assert [name for name, _ in walk] == [
        *("Skip to the content", "+1 s", "+10 s", "+1 min", "Seconds to advance", "Advance", "Reset…"),
        *("Tasks", "Requests", "Ledger", "Scenarios"),
        *("Filter tasks by text", "Filter tasks by state", "waiting", "waiting"),
    ]
    assert [one for one, is_seen in walk if not is_seen] == []
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    await expect(page.locator("#detail h2")).to_have_text("second")
    await expect(page.locator("#detail")).to_be_focused()
    assert [name for name, _ in await pressed(page, 2)] == ["✕ Close", "Finish"]
    await page.keyboard.press("Space")
    await expect(page.locator("#task-list .state").first).to_have_text("succeed")
    await expect(page.get_by_role("button", name="Finish")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("#detail")).to_be_hidden()
    await expect(page.locator("#task-list a").first).to_be_focused()
    assert emulator.clock.now() == 0
