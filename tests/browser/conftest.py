"""An emulator with a clock that is turned by hand, a client of it, and a browser that looks at its page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

import weryai
from fakes.browsing import Browsing, browsing
from weryai.emulator import Emulator

PHOTO = Path(weryai.__file__).parent / "emulator" / "data" / "astronaut.jpg"


@pytest.fixture
def client(emulator: Emulator) -> Iterator[weryai.WeryAI]:
    """The real client, pointed at the emulator."""
    with weryai.WeryAI(emulator.key, base_url=emulator.url) as client:
        yield client


@pytest.fixture
async def browser(emulator: Emulator) -> AsyncIterator[Browsing]:
    """A browser whose pages must be without trouble."""
    async with browsing(emulator.url) as pages:
        yield pages


def order(client: weryai.WeryAI, prompt: str = "She waves", picture: str | Path = PHOTO) -> str:
    """Order a video and return the task's id."""
    return client.image_to_video.submit(picture, prompt=prompt).task_ids[0]
