"""`weryai.testing` in a test of somebody's own application: its fixtures, its time, its way to this machine alone."""

import asyncio
import os
import threading
from collections.abc import Callable
from typing import Any

import pytest

import weryai
from fakes.hooks import receiver
from weryai import AsyncWeryAI, WeryAI
from weryai._flow import clock as passing
from weryai.emulator import Emulator

PICTURE = "https://example.com/reference.jpg"
ELSEWHERE = "https://cdn.example.com/video.mp4"
Work = Callable[[Any], Any]


def application(client: Any, **options: Any) -> Any:
    """What somebody has built: one call of the API."""
    return client.image_to_video.generate(PICTURE, prompt="She waves", output="wave.mp4", **options)


@pytest.fixture(params=["sync", "async", "own sync", "own async"])
def perform(
    request: pytest.FixtureRequest, weryai_client: WeryAI, async_weryai_client: AsyncWeryAI
) -> Callable[[Work], Any]:
    """Do some work with each of the clients: the two fixtures, and those that an application makes for itself."""

    async def own(work: Work) -> Any:
        async with AsyncWeryAI() as client:
            return await work(client)

    def perform(work: Work) -> Any:
        match request.param:
            case "sync":
                return work(weryai_client)
            case "async":
                return asyncio.run(work(async_weryai_client))
            case "own sync":
                with WeryAI() as client:
                    return work(client)
            case _:
                return asyncio.run(own(work))

    return perform


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is downloaded goes to a temporary folder."""
    monkeypatch.chdir(tmp_path)


def test_every_client_reaches_the_emulator(perform: Callable[[Work], Any], weryai_emulator: Emulator) -> None:
    """A video is made by the fixtures' clients, and by the application's own, which take the environment's address."""
    video = perform(application)
    assert video.path.stat().st_size > 1000
    weryai_emulator.assert_submitted_once()
    assert (os.environ["WERYAI_BASE_URL"], os.environ["WERYAI_API_KEY"]) == (weryai_emulator.url, weryai_emulator.key)
    assert perform(lambda client: client.models.list())


@pytest.mark.parametrize("webhook", [None, receiver()], ids=["by looking", "by webhook"])
@pytest.mark.weryai(scenarios=["stay-waiting"])
def test_a_long_wait_takes_no_time(perform: Callable[[Work], Any], weryai_emulator: Emulator, webhook: Any) -> None:
    """Half an hour of waiting is over at once, and by the emulator's clock it was half an hour."""
    with pytest.raises(weryai.TaskTimeoutError, match="still waiting after 1800 s"):
        perform(lambda client: application(client, webhook=webhook))
    assert weryai_emulator.clock.now() >= 1800


@pytest.mark.weryai(processing=1200)
def test_a_slow_task_takes_no_time(perform: Callable[[Work], Any], weryai_emulator: Emulator) -> None:
    """A task of twenty minutes ends by the emulator's clock, without haste: the client sees it being processed."""
    seen: list[str] = []
    perform(lambda client: application(client, on_update=lambda task: seen.append(task.state.value)))
    assert set(seen) >= {"processing", "succeeded"}
    assert weryai_emulator.clock.now() >= 1200


@pytest.mark.weryai(processing=60)
def test_many_waits_at_once_take_no_time(weryai_client: WeryAI, async_weryai_client: AsyncWeryAI) -> None:
    """The same for many tasks side by side, in threads and on a loop."""
    orders = [weryai_client.image_to_video.submit(PICTURE, prompt=f"Wave {number}") for number in range(12)]
    ids = [order.task_ids[0] for order in orders]
    assert {result.error for result in weryai_client.tasks.wait_many(ids[:6])} == {None}

    async def rest() -> list[weryai.Task]:
        return await asyncio.gather(*(async_weryai_client.tasks.wait(one) for one in ids[6:]))

    assert len(asyncio.run(rest())) == 6


@pytest.mark.usefixtures("weryai_emulator")
@pytest.mark.weryai(processing=600)
def test_taking_turns_takes_no_time() -> None:
    """A client that may look once in a hundred seconds has had its turns at once, however it waits."""
    with WeryAI(polls_per_second=0.01) as client:
        for waiting in (client.tasks.wait, lambda one: list(client.tasks.wait_many([one]))):
            waiting(client.image_to_video.submit(PICTURE, prompt="She nods").task_ids[0])

    async def story() -> None:
        async with AsyncWeryAI(polls_per_second=0.01) as client:
            submission = await client.image_to_video.submit(PICTURE, prompt="She waves")
            await client.tasks.wait(submission.task_ids[0])

    asyncio.run(story())


def test_time_stands_still_by_itself(weryai_client: WeryAI, weryai_emulator: Emulator) -> None:
    """Whoever only orders finds a task that waits, however slow the test is; `clock.advance` turns the time."""
    submission = weryai_client.image_to_video.submit(PICTURE, prompt="She nods")
    assert weryai_emulator.clock.now() == 0
    weryai_emulator.clock.advance(2)
    assert weryai_client.tasks.get(submission.task_ids[0]).state is weryai.TaskState.PROCESSING


def test_a_loop_of_looks_ends(weryai_client: WeryAI) -> None:
    """An application that looks for itself, without the client's wait, sees each state and an end."""
    (task_id,) = weryai_client.image_to_video.submit(PICTURE, prompt="She nods").task_ids
    words = [weryai_client.tasks.get(task_id).state.value]
    while words[-1] != "succeeded":
        words.append(weryai_client.tasks.get(task_id).state.value)
    assert words == ["waiting", "processing", "processing", "succeeded"]


@pytest.mark.weryai(scenarios=["rate-limit-retry-after:2"])
def test_a_scenario_happens_and_is_met(perform: Callable[[Work], Any], weryai_emulator: Emulator) -> None:
    """The marker orders scenarios; what was plainly refused may be repeated and is no second submission."""
    perform(application)
    assert [fault.met for fault in weryai_emulator.faults] == [2]
    assert weryai_emulator.ledger[0].posts == 3
    weryai_emulator.assert_submitted_once()


@pytest.mark.weryai(balance=5)
class TestMarkers:
    """Options of a class, and of a test in it."""

    def test_a_class_has_options(self, weryai_client: WeryAI) -> None:
        """A marker on a class is for each test in it."""
        assert weryai_client.account.balance() == 5

    @pytest.mark.weryai(balance=7, concurrency=1)
    def test_the_nearest_marker_counts(self, weryai_client: WeryAI) -> None:
        """The test's own option outdoes the class's."""
        assert weryai_client.account.balance() == 7


@pytest.mark.weryai(speed=1)
def test_real_time_can_be_had(weryai_emulator: Emulator) -> None:
    """With a speed of its own the emulator lives by the real clock, and clients really sleep."""
    assert weryai_emulator.clock.kind == "real"
    assert passing.sleep_for(3.0) == 3.0


def test_the_fixtures_clients_stay_here(weryai_client: WeryAI, async_weryai_client: AsyncWeryAI) -> None:
    """A download from elsewhere is refused by the client itself, before any name is looked up."""
    for download in (
        lambda: weryai_client.files.download(ELSEWHERE, "v.mp4"),
        lambda: asyncio.run(async_weryai_client.files.download(ELSEWHERE, "v.mp4")),
    ):
        with pytest.raises(weryai.DownloadError, match=r"lets nothing leave this machine for cdn\.example\.com"):
            download()


def test_an_application_may_wait_in_a_thread(weryai_emulator: Emulator) -> None:
    """The environment and the time are the process's, so a worker thread of the application has them, too."""
    made: list[Any] = []

    def work() -> None:
        with WeryAI() as client:
            made.append(application(client))

    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
    assert made
    weryai_emulator.assert_submitted_once()


async def test_an_async_test(async_weryai_client: AsyncWeryAI) -> None:
    """The client is awaited on the loop of pytest-asyncio."""
    assert await async_weryai_client.account.balance() == 1000


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.anyio
async def test_an_async_test_of_anyio(async_weryai_client: AsyncWeryAI, anyio_backend: str) -> None:
    """The client is awaited on the loop of anyio."""
    assert anyio_backend == "asyncio"
    assert await async_weryai_client.account.balance() == 1000
