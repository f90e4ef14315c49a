"""Whatever scenario is played, a person sees on the page that it was ordered, that it was met, and where."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

import weryai
from fakes.browsing import Browsing, needs_chromium
from fakes.faces import Face
from fakes.faults import Reply
from fakes.faulty_server import FaultyServer
from fakes.surroundings import JOURNEY_KEY
from journeys.scenario_outcomes import DELIVERIES, OUTCOMES
from journeys.scenario_stories import tell
from weryai._journal.recording import MEMORY
from weryai.emulator import Emulator, ManualClock, scenarios

pytestmark = [needs_chromium, pytest.mark.filterwarnings("ignore::weryai.WeryAIWarning")]

SCENARIOS = {one.name: one for one in scenarios()}
STAGES = sorted({stage for stages in OUTCOMES.values() for stage in stages})
HOOK = "/hook"
#: So many are played before the page is looked at: most of the time goes into turning from view to view.
AT_ONCE = 8


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An emulator whose tasks end when the clock is turned."""
    with Emulator(clock=ManualClock(), video="fixed", waiting=1, processing=1, slow=0.1, key=JOURNEY_KEY) as running:
        yield running


def play(emulator: Emulator, folder: Path, name: str, stage: str) -> None:
    """Let a story happen, whatever it ends in."""
    # Each story is told by a program of its own, which remembers nothing of the one before.
    MEMORY.forget()
    outcome = OUTCOMES[name][stage]
    patience = 0.2 if outcome.error == "TaskTimeoutError" else 20.0
    with contextlib.suppress(weryai.WeryAIError):
        tell(Face("sync"), emulator, folder, SCENARIOS[name], stage, along=outcome.along, patience=patience)


async def check_shown(page: Page, names: list[str]) -> None:
    """Each scenario stands in the table as met, and at an exchange, a task or both."""
    await page.locator('[data-view="scenarios"]').click()
    for name in names:
        row = page.locator(f'#orders tr[data-fault="{name}"]')
        await expect(row.locator(".chip").first, name).to_have_text("triggered")
    await page.locator('[data-view="requests"]').click()
    for name in names:
        touched = page.locator("#request-list .scenario").get_by_text(name, exact=True)
        await expect(touched.first, name).to_be_visible()


@pytest.mark.parametrize("stage", STAGES)
async def test_the_page_shows_every_scenario(emulator: Emulator, browser: Browsing, tmp_path: Path, stage: str) -> None:
    """Each scenario of a stage, played by the real client, is in the table as met, and at the exchange it met."""
    page = await browser.open()
    names = [name for name, stages in OUTCOMES.items() if stage in stages]
    for few in [names[at : at + AT_ONCE] for at in range(0, len(names), AT_ONCE)]:
        emulator.reset()
        for name in few:
            await asyncio.to_thread(play, emulator, tmp_path, name, stage)
        await check_shown(page, few)


async def test_the_page_shows_every_scenario_of_deliveries(
    emulator: Emulator, browser: Browsing, faulty_server: FaultyServer
) -> None:
    """Each scenario of webhooks is in the table as met, and at the delivery, or the task that never had one."""
    faulty_server.default("POST", HOOK, Reply())
    page = await browser.open()
    for name in DELIVERIES:
        emulator.reset()
        MEMORY.forget()
        emulator.order(name)
        with weryai.WeryAI(JOURNEY_KEY, base_url=emulator.url) as client:
            client.image_to_video.submit(
                "https://example.com/a.jpg", prompt="Wave", webhook_url=f"{faulty_server.url}{HOOK}"
            )
        emulator.clock.advance(2)
        await page.locator('[data-view="scenarios"]').click()
        row = page.locator(f'#orders tr[data-fault="{name}"]')
        await expect(row.locator(".chip").first, name).to_have_text("triggered")
        await expect(row.locator('a[href^="#tasks/"]'), name).to_have_count(1)
