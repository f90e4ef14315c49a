"""With a journal each paid order is one row, whose state says what is known of the money."""

import asyncio
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import weryai
from fakes.answers import STATUS, SUBMIT, TASK, accepted, looked, refused, serve_story
from fakes.faces import Face, fast_retry, generate, submit
from fakes.faults import Answer, html_reply, json_reply
from fakes.faulty_server import FaultyServer
from fakes.journals import OUTCOMES, rows
from fakes.surroundings import JOURNEY_KEY
from weryai import AsyncWeryAI, Journal, RetryPolicy, WeryAI

pytestmark = pytest.mark.timeout(60)


@pytest.mark.parametrize(("answer", "state", "error"), OUTCOMES.values(), ids=list(OUTCOMES))
def test_a_row_says_what_became_of_the_order(
    face: Face, faulty_server: FaultyServer, journal_path: Path, answer: Answer, state: str, error: Any
) -> None:
    """Accepted is submitted, a plain no is failed, and whatever may have been billed is ambiguous: one row each."""
    faulty_server.default("POST", SUBMIT, answer)
    if error is None:
        face.run(submit, faulty_server.url, journal=journal_path)
    else:
        with pytest.raises(error):
            face.run(submit, faulty_server.url, journal=journal_path)
    assert rows(journal_path) == [state]


def test_a_repeated_try_is_the_same_row(face: Face, faulty_server: FaultyServer, journal_path: Path) -> None:
    """What surely started nothing is sent again without a second row, and counted."""
    faulty_server.script("POST", SUBMIT, refused(6010, "max 20"), html_reply(429), accepted())
    face.run(submit, faulty_server.url, journal=journal_path)
    assert rows(journal_path, "state, submits") == [("submitted", 3)]


def test_not_reached_is_no_order(face: Face, closed_port: str, journal_path: Path) -> None:
    """Where nobody listens the order has failed, and may be placed again."""
    for _ in range(2):
        with pytest.raises(weryai.NotSentError):
            face.run(submit, closed_port, journal=journal_path, retry=RetryPolicy(tries=2, first_delay=0.01))
    assert rows(journal_path) == ["failed", "failed"]


def test_the_intent_is_on_disk_before_the_post_arrives(
    face: Face, faulty_server: FaultyServer, journal_path: Path
) -> None:
    """While the service reads the order, any other process already finds it in the journal, as being submitted."""
    seen: list[Any] = []

    class Looking:
        def perform(self, line: Any) -> bool:
            seen.extend(rows(journal_path, "state, json_extract(body, '$.prompt')"))
            return accepted().perform(line)

    faulty_server.script("POST", SUBMIT, Looking())
    face.run(submit, faulty_server.url, journal=journal_path)
    assert seen == [("submitting", "Wave your hand")]


def test_the_task_id_is_on_disk_before_the_caller_hears_of_it(
    face: Face, faulty_server: FaultyServer, journal_path: Path, tmp_path: Path
) -> None:
    """`on_submit` finds the task id in the journal; when it fails, the order stays to be resumed."""
    serve_story(faulty_server)
    seen: list[Any] = []

    def told(_: Any) -> None:
        seen.extend(rows(journal_path, "state, (select task_id from tasks where order_id = id)"))
        raise LookupError

    with pytest.raises(LookupError):
        face.run(
            lambda client: generate(client, tmp_path / "v.mp4", on_submit=told), faulty_server.url, journal=journal_path
        )
    assert seen == [("submitted", TASK)]
    assert rows(journal_path, "state, output") == [("submitted", str(tmp_path / "v.mp4"))]


@pytest.mark.parametrize(("word", "state"), [("succeed", "done"), ("failed", "failed")])
def test_an_order_ends_with_its_task(
    face: Face, faulty_server: FaultyServer, journal_path: Path, tmp_path: Path, word: str, state: str
) -> None:
    """A video on disk is done, a task that failed is failed; then nothing is left to be claimed."""
    serve_story(faulty_server, looks=[] if word == "succeed" else [looked(word, msg="Image asset audit")])
    try:
        face.run(lambda client: generate(client, tmp_path / "v.mp4"), faulty_server.url, journal=journal_path)
    except weryai.TaskFailedError:
        assert word == "failed"
    assert rows(journal_path) == [state]
    assert face.run(lambda client: client.orders.claim(everything=True), faulty_server.url, journal=journal_path) == ()


def test_an_order_of_several_ends_with_its_last_task(
    face: Face, faulty_server: FaultyServer, journal_path: Path
) -> None:
    """Two videos are one row, done when both tasks have ended and one of them has a video."""
    serve_story(faulty_server, submit=[accepted("task_two", TASK)])
    faulty_server.default("GET", STATUS.replace(TASK, "task_two"), json_reply({"status": 0, "data": {
        "task_id": "task_two", "task_status": "failed"}}))  # fmt: skip

    with pytest.warns(weryai.WeryAIWarning, match="submits that many"):
        face.run(lambda client: submit(client, video_number=2), faulty_server.url, journal=journal_path)
    (order,) = face.run(lambda client: client.orders.list(), faulty_server.url, journal=journal_path)
    batch = weryai.Submission(order.task_ids)
    face.run(lambda client: client.batches.wait(batch), faulty_server.url, journal=journal_path)
    (order,) = face.run(lambda client: client.orders.list("submitted"), faulty_server.url, journal=journal_path)
    assert (order.task_ids, order.going) == (("task_two", TASK), (TASK,))
    video = f"{faulty_server.url}/result/video.mp4"
    target = journal_path.parent / "v.mp4"
    face.run(lambda client: client.files.download(video, target, task_id=TASK), faulty_server.url, journal=journal_path)
    (order,) = face.run(lambda client: client.orders.list(), faulty_server.url, journal=journal_path)
    assert (order.state, order.paths, order.going) == ("done", (str(target),), ())


def test_fifty_at_once(face: Face, faulty_server: FaultyServer, journal_path: Path) -> None:
    """Fifty orders at once, from threads or coroutines, are fifty rows, each with its own task."""
    for number in range(50):
        faulty_server.script("POST", SUBMIT, accepted(f"task_{number}"))
    works = [lambda client, number=number: submit(client, caller_id=number) for number in range(50)]
    submissions = face.run_together(works, faulty_server.url, journal=journal_path)
    listed = face.run(lambda client: client.orders.list("submitted"), faulty_server.url, journal=journal_path)
    noted = {order.task_ids: order.body["caller_id"] for order in listed}
    assert noted == {one.task_ids: number for number, one in enumerate(submissions)}


def test_two_processes_share_a_journal(face: Face, faulty_server: FaultyServer, journal_path: Path) -> None:
    """Two connections to one journal, each with twenty orders under way, wait for each other and lose none."""
    for number in range(40):
        faulty_server.script("POST", SUBMIT, accepted(f"task_{number}"))

    def order_twenty(first: int) -> None:
        works = [lambda client, number=number: submit(client, caller_id=number) for number in range(first, first + 20)]
        face.run_together(works, faulty_server.url, journal=journal_path)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(order_twenty, (0, 20)))
    assert rows(journal_path) == ["submitted"] * 40
    faulty_server.assert_met()


async def test_a_slow_disk_does_not_stop_the_loop(faulty_server: FaultyServer, journal_path: Path) -> None:
    """While the journal waits for its disk, the loop goes on: here the loop itself ends that waiting."""
    faulty_server.default("POST", SUBMIT, accepted())
    disk = threading.Event()
    with Journal(journal_path) as journal:
        journal._write(lambda _: disk.wait(30))
        async with AsyncWeryAI(JOURNEY_KEY, base_url=faulty_server.url, journal=journal) as client:
            order = asyncio.create_task(submit(client))
            await asyncio.sleep(0.05)
            assert not order.done() and faulty_server.posts() == []
            disk.set()
            assert (await order).task_ids == (TASK,)


def test_an_id_that_cannot_be_noted_still_reaches_the_caller(
    face: Face, faulty_server: FaultyServer, journal_path: Path
) -> None:
    """When the disk fails after the service said yes, the caller gets the id and a warning, and the row stays open."""
    faulty_server.default("POST", SUBMIT, accepted())
    with Journal(journal_path) as journal:
        journal._write(lambda db: db.execute("drop table tasks")).result()
        with pytest.warns(weryai.WeryAIWarning, match=TASK):
            submission = face.run(submit, faulty_server.url, journal=journal)
    assert submission.task_ids == (TASK,)
    assert rows(journal_path) == ["submitting"]


def test_a_note_that_fails_costs_nobody_his_video(
    face: Face, faulty_server: FaultyServer, journal_path: Path, tmp_path: Path
) -> None:
    """When the disk fails after a download, the video is there all the same, with a warning that it may come again."""
    serve_story(faulty_server)

    def fail(_: Any) -> None:
        journal._write(lambda db: db.execute("drop table tasks")).result()

    with Journal(journal_path) as journal, pytest.warns(weryai.WeryAIWarning, match="resume"):
        video = face.run(
            lambda client: generate(client, tmp_path / "v.mp4", on_submit=fail), faulty_server.url, journal=journal
        )
    assert video.path.is_file()


def test_the_journal_holds_no_secret(face: Face, faulty_server: FaultyServer, journal_path: Path) -> None:
    """Neither the key nor the secret of a callback address is written down, and nobody else may read the file."""
    faulty_server.default("POST", SUBMIT, accepted())
    hook = "https://example.com/hook?weryai_secret=0123456789abcdef"
    face.run(lambda client: submit(client, webhook_url=hook), faulty_server.url, journal=journal_path)
    written = b"".join(file.read_bytes() for file in journal_path.parent.iterdir())
    assert b"Wave your hand" in written
    assert JOURNEY_KEY.encode() not in written and b"0123456789abcdef" not in written
    assert {file.stat().st_mode & 0o077 for file in journal_path.parent.iterdir()} == {0}


def test_without_a_journal_it_costs_nothing() -> None:
    """A client without a journal loads no SQLite and starts no thread."""
    program = (
        "import sys, threading, weryai; client = weryai.WeryAI('sk-x'); client.close(); "
        "print('sqlite3' in sys.modules, threading.active_count())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "1"]


def test_a_journal_outlives_the_clients_that_share_it(faulty_server: FaultyServer, journal_path: Path) -> None:
    """A journal that was handed over open stays open, one that was named by its path is closed with the client."""
    faulty_server.default("POST", SUBMIT, accepted())
    options: dict[str, Any] = {"base_url": faulty_server.url, "retry": fast_retry()}
    with Journal(journal_path) as journal:
        for length in (5, 10):
            with WeryAI(JOURNEY_KEY, journal=journal, **options) as client:
                submit(client, duration=length)
    with pytest.raises(weryai.JournalError, match="closed"):
        submit(WeryAI(JOURNEY_KEY, journal=journal, **options), duration=6)
    assert len(faulty_server.posts()) == 2
