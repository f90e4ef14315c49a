"""What the journal takes for the same order, and for how long: "up, enter" does not pay twice."""

import contextlib
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import weryai
from fakes.answers import SUBMIT, TASK, accepted, uploaded
from fakes.faces import Face, submit
from fakes.faults import Answer, html_reply
from fakes.faulty_server import FaultyServer
from fakes.journals import OUTCOMES, rows
from fakes.pictures import JPEG, png
from weryai import Journal, RetryPolicy
from weryai_api.api.text_to_video import submit_text_to_video
from weryai_api.models import TextToVideoRequest

pytestmark = pytest.mark.timeout(60)


@pytest.mark.parametrize(("answer", "state", "error"), OUTCOMES.values(), ids=list(OUTCOMES))
def test_the_same_order_is_refused_unless_nothing_was_ordered(
    face: Face, faulty_server: FaultyServer, journal_path: Path, answer: Answer, state: str, error: Any
) -> None:
    """A second attempt is refused with the earlier task id, if there may be one; after a plain no it is sent."""

    def attempt() -> BaseException | None:
        try:
            face.run(submit, faulty_server.url, journal=journal_path, retry=RetryPolicy(tries=1))
        except weryai.WeryAIError as caught:
            return caught
        return None

    faulty_server.default("POST", SUBMIT, answer)
    attempt()
    again = attempt()
    is_refused = isinstance(again, weryai.DuplicateRequestError)
    assert is_refused == (state != "failed")
    assert len(faulty_server.posts()) == (1 if is_refused else 2)
    if isinstance(again, weryai.DuplicateRequestError):
        assert again.task_id == (TASK if b"task" in getattr(answer, "body", b"") else None)
        assert "order 1" in str(again) and "Nothing was sent" in str(again)


def test_the_picture_counts_by_its_content(
    face: Face, faulty_server: FaultyServer, journal_path: Path, tmp_path: Path
) -> None:
    """The same picture under another name is the same order, although it is uploaded anew; another picture is not."""
    (tmp_path / "a.png").write_bytes(png())
    (tmp_path / "b.png").write_bytes(png())
    (tmp_path / "c.jpg").write_bytes(JPEG)
    for number in range(3):
        faulty_server.script("POST", "/v1/generation/upload-file", uploaded(f"https://static.example.com/{number}.png"))
    faulty_server.default("POST", SUBMIT, accepted())

    def order(name: str) -> Any:
        return face.run(
            lambda client: client.image_to_video.submit(tmp_path / name, prompt="wave"),
            faulty_server.url,
            journal=journal_path,
        )

    order("a.png")
    with pytest.raises(weryai.DuplicateRequestError):
        order("b.png")
    order("c.jpg")
    assert rows(journal_path) == ["submitted", "submitted"]


DIFFERENT: dict[str, tuple[dict[str, Any], bool]] = {
    "nothing": ({}, True),
    "another callback": ({"webhook_url": "https://example.com/hook?weryai_secret=0123456789abcdef"}, True),
    "another prompt": ({"prompt": "Smile"}, False),
    "another length": ({"duration": 10}, False),
    "a field of the caller's": ({"caller_id": 7}, False),
    "a field that nobody knows": ({"extra_body": {"seed": 1}}, False),
    "force": ({"force": True}, False),
}


@pytest.mark.parametrize(("options", "is_same"), DIFFERENT.values(), ids=list(DIFFERENT))
def test_what_makes_two_orders_the_same(
    face: Face, faulty_server: FaultyServer, journal_path: Path, options: dict[str, Any], is_same: bool
) -> None:
    """Every parameter counts, but not whom the service tells about it; force orders what is the same."""
    faulty_server.default("POST", SUBMIT, accepted())
    picture, chosen = "https://example.com/reference.jpg", {"prompt": "Wave your hand", **options}
    face.run(submit, faulty_server.url, journal=journal_path)
    try:
        face.run(
            lambda client: client.image_to_video.submit(picture, **chosen), faulty_server.url, journal=journal_path
        )
    except weryai.DuplicateRequestError:
        assert is_same
    assert len(faulty_server.posts()) == (1 if is_same else 2)


SIGNED = "https://bucket.example.com/reference.jpg?v=1"


@pytest.mark.parametrize("has_journal", [True, False], ids=["journal", "memory"])
@pytest.mark.parametrize(
    ("again", "is_same"),
    [
        (f"{SIGNED}&X-Amz-Date=20300101T000000Z&X-Amz-Signature=b", True),
        ("https://bucket.example.com/reference.jpg?v=2&X-Amz-Date=20300101T000000Z&X-Amz-Signature=b", False),
    ],
    ids=["signed anew", "another version"],
)
def test_an_address_that_is_signed_anew_is_the_same_order(
    face: Face, faulty_server: FaultyServer, journal_path: Path, has_journal: bool, again: str, is_same: bool
) -> None:
    """A retry that makes a fresh presigned link of the same image is not sent while the first may have been billed."""
    faulty_server.default("POST", SUBMIT, html_reply(502))
    journal = journal_path if has_journal else None
    for image in (f"{SIGNED}&X-Amz-Date=20290101T000000Z&X-Amz-Signature=a", again):
        with pytest.raises((weryai.OutcomeUnknownError, weryai.DuplicateRequestError)):
            face.run(
                lambda client, image=image: client.image_to_video.submit(image, prompt="wave"),
                faulty_server.url,
                journal=journal,
            )
    assert [len(faulty_server.posts()), is_same] in ([1, True], [2, False])


@pytest.mark.parametrize(
    ("window", "age", "is_refused"), [(600, 599, True), (600, 601, False), (5, 6, False), (5, -1e6, True)]
)
def test_a_moment_is_the_window(
    face: Face, faulty_server: FaultyServer, journal_path: Path, window: float, age: float, is_refused: bool
) -> None:
    """What is older than the window is another order; a clock that was set back refuses more, never less."""
    faulty_server.default("POST", SUBMIT, accepted())
    face.run(submit, faulty_server.url, journal=journal_path)
    with closing(sqlite3.connect(journal_path)) as db, db:
        db.execute("update orders set began = began - ?, created = created - ?", (age, age))
    with Journal(journal_path, window=window) as journal:
        try:
            face.run(submit, faulty_server.url, journal=journal)
        except weryai.DuplicateRequestError:
            assert is_refused
    assert len(faulty_server.posts()) == (1 if is_refused else 2)


def test_fifty_of_the_same_are_one(face: Face, faulty_server: FaultyServer, journal_path: Path) -> None:
    """Of fifty identical orders at once one is sent, the others are refused."""
    faulty_server.default("POST", SUBMIT, accepted(delay=0.2))

    def guarded(client: Any) -> Any:
        async def story() -> None:
            with contextlib.suppress(weryai.DuplicateRequestError):
                await submit(client)

        if face.kind == "async":
            return story()
        with contextlib.suppress(weryai.DuplicateRequestError):
            return submit(client)

    face.run_together([guarded] * 50, faulty_server.url, journal=journal_path)
    assert len(faulty_server.posts()) == 1
    assert rows(journal_path) == ["submitted"]


@pytest.mark.parametrize(("state", "after"), [("queued", "failed"), ("submitting", "ambiguous")])
def test_what_a_process_left_that_is_gone(
    face: Face, faulty_server: FaultyServer, journal_path: Path, state: str, after: str
) -> None:
    """Between two tries nothing was ordered, so the same may be ordered again; an open try may be paid for."""
    faulty_server.default("POST", SUBMIT, accepted())
    face.run(submit, faulty_server.url, journal=journal_path)
    with closing(sqlite3.connect(journal_path)) as db, db:
        db.execute("delete from tasks")
        db.execute("update orders set state = ?, owner_start = 'long ago'", (state,))
    try:
        face.run(submit, faulty_server.url, journal=journal_path)
    except weryai.DuplicateRequestError:
        assert after == "ambiguous"
    face.run(lambda client: client.orders.list(), faulty_server.url, journal=journal_path)
    assert rows(journal_path) == ([after, "submitted"] if after == "failed" else [after])


def test_any_paid_operation_is_noted(face: Face, faulty_server: FaultyServer, journal_path: Path) -> None:
    """`client.call` of a paid operation has the same row, the same guard and the same force."""
    faulty_server.default("POST", "/v1/generation/text-to-video", accepted())
    body = TextToVideoRequest(model="SORA_2", prompt="A fox", duration=8, aspect_ratio="16:9")

    def order(**options: Any) -> Any:
        return face.run(
            lambda client: client.call(submit_text_to_video, body=body, **options),
            faulty_server.url,
            journal=journal_path,
        )

    order()
    with pytest.raises(weryai.DuplicateRequestError) as caught:
        order()
    assert caught.value.task_id == TASK
    order(force=True)
    assert rows(journal_path, "state, request") == [("submitted", "POST /v1/generation/text-to-video")] * 2
