"""An emulator with a clock that is turned by hand, a client of it, and a browser that looks at its page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

import weryai
from fakes.browsing import Browsing, browsing, chromium
from weryai.emulator import Emulator

HERE = Path(__file__).parent
# A busy machine takes longer than the five seconds that playwright waits for what a page is to show, in milliseconds.
expect.set_options(timeout=30_000)
PHOTO = Path(weryai.__file__).parent / "emulator" / "data" / "astronaut.jpg"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the tests of this folder run on the loop of the browser that they share."""
    for item in items:
        if HERE in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture
def client(emulator: Emulator) -> Iterator[weryai.WeryAI]:
    """The real client, pointed at the emulator."""
    with weryai.WeryAI(emulator.key, base_url=emulator.url) as client:
        yield client


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def started() -> AsyncIterator[Browser]:
    """One browser for all tests of this folder: to start it takes longer than most of them."""
    async with chromium() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def browser(started: Browser, emulator: Emulator) -> AsyncIterator[Browsing]:
    """A browser whose pages must be without trouble."""
    async with browsing(started, emulator.url) as pages:
        yield pages


def order(client: weryai.WeryAI, prompt: str = "She waves", picture: str | Path = PHOTO) -> str:
    """Order a video and return the task's id."""
    return client.image_to_video.submit(picture, prompt=prompt).task_ids[0]
