# pyright: strict, reportUnnecessaryTypeIgnoreComment=true
"""What a type checker says about the public API; checked by test_typing.py, never run."""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, Literal, assert_never, assert_type

import weryai
from weryai import (
    AsyncWeryAI,
    Drift,
    Journal,
    Order,
    OrderState,
    Prepared,
    RetryPolicy,
    Submission,
    Task,
    TaskState,
    Upload,
    Video,
    VideoLink,
    WaitResult,
    WeryAI,
)
from weryai._transport.awaiting import Awaiting
from weryai._transport.runner import Blocking
from weryai.emulator import Emulator, Fault, LedgerRow
from weryai.errors import (
    APIError,
    ContractError,
    DownloadError,
    InvalidInputError,
    OutcomeUnknownError,
    TaskError,
    TaskTimeoutError,
    WeryAIError,
)
from weryai.webhooks import Receiver, WebhookEvent, asgi_app, read_delivery, wsgi_app


def orders_have_types(path: Path, journal: Journal) -> None:
    """A journal is a path or a Journal, and what it tells of orders is typed on both clients."""
    client, aclient = WeryAI(journal=path), AsyncWeryAI(journal=journal)
    assert_type(Journal("j.db", exclusive=True, window=60).path, Path)
    assert_type(client.orders.list("ambiguous", OrderState.DONE), tuple[Order, ...])
    assert_type(client.orders.adopt(1, "t1"), Order)
    assert_type(client.orders.resubmit(1), Submission)
    unawaited(assert_type(aclient.orders.claim(everything=True), Coroutine[Any, Any, tuple[Order, ...]]))
    unawaited(assert_type(aclient.orders.give_up(1), Coroutine[Any, Any, Order]))
    for order in client.orders.list():
        assert_type(order.state, OrderState)
        assert_type(order.task_ids, tuple[str, ...])
        assert_type(order.output, str | None)
    assert_type(client.image_to_video.submit("photo.jpg", prompt="wave", force=True), Submission)
    client.orders.adopt("1", "t1")  # type: ignore[arg-type]
    WeryAI(journal=7)  # type: ignore[arg-type]


def deliveries_have_types(receiver: Receiver, client: WeryAI) -> None:
    """A delivery becomes events with the Task that `tasks.get` gives, and both clients can wait by webhook."""
    assert_type(Receiver("https://e.com/hook", secret=None, memory=10), Receiver)
    assert_type(receiver.callback_url, str)
    assert_type(receiver.receive(b"{}", "https://e.com/hook?x"), tuple[WebhookEvent, ...])
    for event in read_delivery({"data": {}}):
        assert_type(event.task, Task)
        assert_type(event.task_id, str)
        assert_type(event.raw, dict[str, Any])
    assert_type(client.tasks.wait("t1", webhook=receiver), Task)
    assert_type(client.tasks.wait_many(["t1"], webhook=receiver), Iterator[WaitResult])
    assert_type(client.image_to_video.generate("photo.jpg", prompt="wave", webhook=receiver), Video)
    asgi_app(receiver, on_event=print)
    wsgi_app(receiver)
    client.tasks.wait("t1", webhook="https://e.com/hook")  # type: ignore[arg-type]
    receiver.receive(b"{}")  # type: ignore[call-arg]


def the_emulator_has_types(weryai_emulator: Emulator) -> None:
    """What a test asks of the fixture has types, and a misspelt option is a mistake."""
    assert_type(weryai_emulator.order("rate-limit", times=2), Fault)
    assert_type(weryai_emulator.ledger, list[LedgerRow])
    assert_type(weryai_emulator.url, str)
    weryai_emulator.assert_submitted_once()
    weryai_emulator.clock.advance(10)
    weryai_emulator.order(scenarios="rate-limit")  # type: ignore[call-arg]
    Emulator(video="fixed", seconds_per_look=1, keep_alive=False)
    Emulator(colour="red")  # type: ignore[call-arg]


async def the_asyncio_client_waits_by_webhook(receiver: Receiver, client: AsyncWeryAI) -> None:
    """The same, awaited."""
    assert_type(await client.tasks.wait("t1", webhook=receiver), Task)
    assert_type(client.tasks.wait_many(["t1"], webhook=receiver), AsyncIterator[WaitResult])


def the_blocking_client_returns_values(client: WeryAI) -> None:
    """Each operation of WeryAI returns its value."""
    assert_type(client.image_to_video.submit("photo.jpg", prompt="wave"), Submission)
    assert_type(client.image_to_video.generate("photo.jpg", prompt="wave", output="wave.mp4"), Video)
    assert_type(client.tasks.get("t1"), Task)
    assert_type(client.tasks.wait("t1", timeout=60.0, interval=None, on_update=print), Task)
    assert_type(client.files.upload(b"..."), str)
    assert_type(client.files.download("https://e.com/v.mp4", Path("v.mp4")), Path)


def the_family_has_real_signatures(client: WeryAI, aclient: AsyncWeryAI) -> None:
    """Every operation that makes videos has its own inputs, the options of `submit`, and the same results."""
    assert_type(client.text_to_video.submit("A fox", model="VEO_3_1_FAST", duration=8), Submission)
    assert_type(client.text_to_video.generate("A fox", output="fox.mp4", interval=1), Video)
    assert_type(client.multi_image_to_video.submit(["a.jpg", b"..."], prompt="wave", strict=True), Submission)
    assert_type(client.text_to_video.prepare("A fox"), Prepared[Blocking])
    assert_type(client.image_to_video.prepare("a.jpg", prompt="wave").submit(), Submission)
    unawaited(assert_type(aclient.text_to_video.generate("A fox"), Coroutine[Any, Any, Video]))
    unawaited(assert_type(aclient.multi_image_to_video.prepare([], prompt=""), Coroutine[Any, Any, Prepared[Awaiting]]))
    client.text_to_video.submit("A fox", image="a.jpg")  # type: ignore[call-arg]
    client.text_to_video.submit("A fox", output="fox.mp4")  # type: ignore[call-arg]
    client.multi_image_to_video.generate("a.jpg", prompt="wave", interval="1")  # type: ignore[arg-type]


async def an_awaited_prepared_submits_awaited(aclient: AsyncWeryAI) -> None:
    """What the asyncio client prepares is submitted by awaiting."""
    prepared = await aclient.image_to_video.prepare("a.jpg", prompt="wave")
    unawaited(assert_type(prepared.submit(), Coroutine[Any, Any, Submission]))
    assert_type(prepared.uploads, tuple[Upload, ...])
    assert_type(prepared.body, dict[str, Any])


def unawaited(coroutine: Coroutine[Any, Any, object]) -> None:
    """Use a coroutine without awaiting it."""


async def the_asyncio_client_returns_coroutines(client: AsyncWeryAI) -> None:
    """Each operation of AsyncWeryAI returns a coroutine of the same value."""
    unawaited(assert_type(client.image_to_video.submit("photo.jpg", prompt="wave"), Coroutine[Any, Any, Submission]))
    unawaited(assert_type(client.image_to_video.generate("photo.jpg", prompt="wave"), Coroutine[Any, Any, Video]))
    unawaited(assert_type(client.tasks.get("t1"), Coroutine[Any, Any, Task]))
    unawaited(assert_type(client.tasks.wait("t1", timeout=60.0), Coroutine[Any, Any, Task]))
    unawaited(assert_type(client.files.upload(b"..."), Coroutine[Any, Any, str]))
    unawaited(assert_type(client.files.download("https://e.com/v.mp4", "v.mp4"), Coroutine[Any, Any, Path]))
    assert_type(await client.image_to_video.submit("photo.jpg", prompt="wave"), Submission)
    assert_type(await client.image_to_video.generate("photo.jpg", prompt="wave"), Video)


def parameter_names_are_kept(client: WeryAI, file_path: Path) -> None:
    """Every parameter can be given by its name, with its type."""
    client.image_to_video.submit(
        image=file_path,
        prompt="wave",
        model="WERYAI_VIDEO_1_0",
        duration=5,
        aspect_ratio=None,
        negative_prompt="text",
        video_number=1,
        resolution="720p",
        generate_audio=True,
        webhook_url="https://e.com/hook",
        caller_id=1,
        extra_body={"seed": 7},
        validate=True,
    )
    client.tasks.get(task_id="t1")
    client.tasks.wait(task_id="t1")
    client.files.upload(source=file_path)
    client.files.download(url="https://e.com/v.mp4", path="v.mp4")


def submitted(submission: Submission) -> None:
    """A callback of the user's."""


async def updated(task: Task) -> None:
    """An async callback of the user's."""


async def generate_takes_the_options_of_submit(client: AsyncWeryAI) -> None:
    """`generate` has the options of `submit` beside its own."""
    await client.image_to_video.generate(
        "photo.jpg",
        prompt="wave",
        output=Path("v.mp4"),
        timeout=60,
        interval=1,
        on_submit=submitted,
        on_update=updated,
        model="VEO_3_1",
        duration=8,
        extra_body={"seed": 7},
        validate=False,
    )


def mistakes_are_errors(client: WeryAI, aclient: AsyncWeryAI) -> None:
    """A misspelt option, a missing prompt, a wrong type and an assignment to a result are errors in the editor."""
    client.image_to_video.submit("photo.jpg", promt="wave")  # type: ignore[call-arg]
    client.image_to_video.submit("photo.jpg", prompt="wave", aspectRatio="1:1")  # type: ignore[call-arg]
    client.image_to_video.generate("photo.jpg", prompt="wave", aspectRatio="1:1")  # type: ignore[call-arg]
    client.image_to_video.submit("photo.jpg")  # type: ignore[call-arg]
    client.image_to_video.submit("photo.jpg", "wave")  # type: ignore[call-arg]
    client.image_to_video.submit("photo.jpg", prompt="wave", duration="5")  # type: ignore[arg-type]
    client.image_to_video.generate("photo.jpg", prompt="wave", duration="5")  # type: ignore[arg-type]
    client.image_to_video.submit(5, prompt="wave")  # type: ignore[arg-type]
    unawaited(aclient.tasks.get(5))  # type: ignore[arg-type]
    client.tasks.cancel("t1")  # type: ignore[attr-defined]
    client.tasks.get("t1").state = TaskState.FAILED  # type: ignore[misc]
    WeryAI("sk-x", "https://e.com")  # type: ignore[call-arg]


def results_have_types(submission: Submission, task: Task, video: Video, link: VideoLink) -> None:
    """Every field of a result has its type."""
    assert_type(submission.task_ids, tuple[str, ...])
    assert_type(submission.batch_id, int | str | None)
    assert_type(task.id, str)
    assert_type(task.state, TaskState)
    assert_type(task.status, str | None)
    assert_type(task.videos, tuple[VideoLink, ...])
    assert_type(task.reason, str | None)
    assert_type(task.raw, dict[str, Any])
    assert_type(task.ended, bool)
    assert_type(video.path, Path)
    assert_type(video.url, str)
    assert_type(video.task, Task)
    assert_type(link.url, str)
    assert_type(link.cover_url, str | None)


def states_can_be_matched_exhaustively(state: TaskState) -> str:
    """A match over the five states is complete; a sixth one would fail here."""
    match state:
        case TaskState.WAITING | TaskState.PROCESSING:
            return "wait"
        case TaskState.SUCCEEDED:
            return "download"
        case TaskState.FAILED:
            return "give up"
        case TaskState.UNKNOWN:
            return "keep looking"
        case _:
            assert_never(state)


def errors_have_types(error: WeryAIError) -> None:
    """Every field of an error has its type, and the second parents are known."""
    match error:
        case OutcomeUnknownError():
            assert_type(error.http_status, int | None)
            assert_type(error.task_ids, tuple[str, ...])
            assert_type(error.request, str)
        case ContractError():
            assert_type(error.may_have_been_billed, bool)
        case APIError():
            assert_type(error.code, int | None)
            assert_type(error.message, str)
            assert_type(error.request_id, str | None)
            assert_type(error.retry_after, float | None)
        case TaskError():
            assert_type(error.task_id, str)
            assert_type(error.task, Task | None)
            assert_type(error.reason, str | None)
        case DownloadError():
            assert_type(error.url, str)
            assert_type(error.partial_path, Path | None)
        case _:
            pass


def second_parents(limit: InvalidInputError, late: TaskTimeoutError) -> tuple[ValueError, TimeoutError]:
    """Ours are also Python's own."""
    return limit, late


async def clients_are_made_and_closed(rotate: Callable[[], str]) -> None:
    """Both clients take the same arguments and are context managers of themselves."""
    with WeryAI(rotate, base_url="https://e.com", timeout=5, retry=RetryPolicy(tries=1)) as client:
        assert_type(client, WeryAI)
    async with AsyncWeryAI(api_key=None, models_base_url="https://e.com") as aclient:
        assert_type(aclient, AsyncWeryAI)
    assert_type(client.close(), None)
    await aclient.aclose()


def drift_is_told_to_a_function_or_the_log(seen: list[Drift], drift: Drift) -> None:
    """`on_drift` takes a function of a Drift, whatever it returns, or the word "log"; a Drift is read-only."""
    WeryAI(on_drift=seen.append)
    AsyncWeryAI(on_drift="log")
    WeryAI(on_drift=None)
    assert_type(drift.kind, Literal["field", "word", "code", "http_status", "type"])
    assert_type(drift.operation, str)
    assert_type(drift.http_status, int)
    assert_type(drift.pointer, str)
    assert_type(drift.value, str)
    WeryAI(on_drift="lgo")  # type: ignore[arg-type]
    drift.kind = "word"  # type: ignore[misc]


def names_at_the_top_level(error: weryai.NotSentError | weryai.WeryAIError) -> str:
    """Errors and results are known under the package's own name too."""
    return f"{error} {weryai.TaskState.WAITING} {weryai.__version__}"
