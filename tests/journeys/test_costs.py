"""What a video cost, by the balance before and after it: noted per model with a date, shown, and never enforced."""

import json
from pathlib import Path
from typing import Any

import pytest

from fakes.commands import weryai_here
from fakes.surroundings import JOURNEY_KEY
from weryai import AsyncWeryAI, Journal, OrderState, Video, WeryAI
from weryai.emulator import Emulator

URL = "https://pictures.example/a.jpg"


@pytest.fixture
def service() -> Any:
    """An emulator whose tasks cost ten credits, and end at once."""
    with Emulator(video="fixed", waiting=0.0, processing=0.0, key=JOURNEY_KEY) as emulator:
        yield emulator


def generate(client: WeryAI, folder: Path, prompt: str = "Wave", **options: Any) -> Video:
    """Make one video and measure what it costs."""
    return client.image_to_video.generate(
        URL, prompt=prompt, output=folder / "v.mp4", interval=0.01, measure_cost=True, **options
    )


def test_what_the_last_task_of_a_model_cost_is_known(service: Emulator, tmp_path: Path) -> None:
    """The difference of the balance is in the video, and with its date in what `prepare` says of the next one."""
    with WeryAI(JOURNEY_KEY, base_url=service.url, journal=tmp_path / "journal.db") as client:
        assert client.image_to_video.prepare(URL, prompt="Wave").estimate is None
        assert generate(client, tmp_path).credits == 10
        known = client.image_to_video.prepare(URL, prompt="Wave").estimate
        assert known is not None and known == client.orders.last_cost("WERYAI_VIDEO_1_0")
        assert (known.credits, known.duration, known.request) == (10, 5, "POST /v1/generation/image-to-video")
        assert str(known).startswith("about 10 credits: the last task of WERYAI_VIDEO_1_0 (5 s), seen from the")
        assert client.image_to_video.prepare(URL, prompt="Wave", model="SORA_2", duration=4).estimate is None
        # Nothing is enforced by it, and who does not ask for it sends nothing more.
        before = len(service.exchanges)
        client.image_to_video.generate(URL, prompt="Nod", output=tmp_path / "n.mp4", interval=0.01)
        assert [one.operation for one in service.exchanges[before:]].count("getBalance") == 0
    with WeryAI("another", base_url="http://127.0.0.1:1", journal=tmp_path / "journal.db") as other:
        assert other.orders.last_cost("WERYAI_VIDEO_1_0") is None


async def test_asyncio_measures_alike(service: Emulator, tmp_path: Path) -> None:
    """The awaiting client measures and keeps the same."""
    async with AsyncWeryAI(JOURNEY_KEY, base_url=service.url, journal=tmp_path / "journal.db") as client:
        video = await client.image_to_video.generate(
            URL, prompt="Wave", output=tmp_path / "v.mp4", interval=0.01, measure_cost=True
        )
        assert video.credits == 10 and (await client.orders.last_cost("WERYAI_VIDEO_1_0")) is not None


@pytest.mark.parametrize("trouble", ["beside", "refilled", "unanswered", "no journal", "under way"])
def test_what_is_not_clear_is_not_known(service: Emulator, tmp_path: Path, trouble: str) -> None:
    """Another task at the same time, a balance that has grown or is not told, and no journal: no credits, no error."""
    journal = None if trouble == "no journal" else Journal(tmp_path / "journal.db")
    with WeryAI(JOURNEY_KEY, base_url=service.url, journal=journal) as client:

        def meanwhile(_: Any) -> None:
            if trouble == "beside":
                client.image_to_video.submit(URL, prompt="Another")
            elif trouble == "refilled":
                service._world.tasks.left += 100
            elif trouble == "unanswered":
                service.order("http-503", 9, at="balance")

        if trouble == "under way":
            client.image_to_video.submit(URL, prompt="Under way")
        video = generate(client, tmp_path, on_submit=meanwhile)
        assert video.credits is None and video.path.is_file()
        if journal is not None:
            assert client.orders.last_cost("WERYAI_VIDEO_1_0") is None
            assert [order.state for order in client.orders.list(OrderState.DONE)] == [OrderState.DONE]
    if journal is not None:
        journal.close()


def test_the_command_shows_what_the_last_one_cost(service: Emulator, tmp_path: Path) -> None:
    """`generate` says it before it pays, `--dry-run` shows it without a key, and the sidecar has it."""

    def weryai(*words: str, key: str | None = JOURNEY_KEY) -> Any:
        journal = () if "--no-journal" in words else ("--journal", "journal.db")
        ended = weryai_here(*words, *journal, base_url=service.url, key=key, folder=tmp_path)
        assert ended.code == 0, ended.errors
        return ended

    first = weryai("generate", URL, "-p", "Wave", "-o", "a.mp4", "--sidecar")
    assert "credits" not in first.errors
    facts = json.loads((tmp_path / "a.mp4.json").read_text())
    assert (facts["credits"], facts["credits_by"]) == (10, "the balance before and after")
    dry = weryai("generate", URL, "-p", "Wave", "--dry-run", key=None)
    assert "cost     about 10 credits: the last task of WERYAI_VIDEO_1_0 (5 s)" in dry.output
    dry = weryai("submit", URL, "-p", "Wave", "--dry-run", "--json", key=None)
    assert json.loads(dry.output)["estimate"]["credits"] == 10
    assert "about 10 credits: the last task" in weryai("generate", URL, "-p", "Nod", "-o", "b.mp4").errors
    assert JOURNEY_KEY.encode() not in (tmp_path / "journal.db").read_bytes()
