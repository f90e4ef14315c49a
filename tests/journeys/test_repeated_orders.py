"""What a loop, a queue or a person orders again: refused while the first may have been paid for."""

import asyncio
import contextlib
import os
import re
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import tenacity

import weryai
from fakes.answers import SUBMIT, TASK, accepted, refused, uploaded
from fakes.faces import Face, submit
from fakes.faults import Answer, Close, Reset, html_reply, json_reply
from fakes.faulty_server import FaultyServer
from fakes.journals import OUTCOMES, rows
from fakes.pictures import png
from fakes.surroundings import JOURNEY_KEY
from weryai import AsyncWeryAI, DuplicateRequestError, Journal, OutcomeUnknownError, RetryPolicy, WeryAI
from weryai._journal import recording
from weryai._journal.recording import MEMORY
from weryai.errors import Outcome

pytestmark = pytest.mark.timeout(60)

ONCE = RetryPolicy(tries=1)


def attempt(face: Face, url: str, **options: Any) -> BaseException | None:
    """Order with a client of its own, as applications do; return what it raised."""
    client = {name: options.pop(name) for name in ("journal", "api_key") if name in options}
    try:
        face.run(lambda one: submit(one, **options), url, retry=ONCE, **client)
    except weryai.WeryAIError as error:
        return error
    return None


@pytest.mark.parametrize(("answer", "state", "error"), OUTCOMES.values(), ids=list(OUTCOMES))
def test_without_a_journal_the_process_remembers_what_is_unknown(
    face: Face, faulty_server: FaultyServer, answer: Answer, state: str, error: Any
) -> None:
    """The same order raises the error of the first again, and sends nothing; accepted and refused ones are sent."""
    faulty_server.default("POST", SUBMIT, answer)
    first = attempt(face, faulty_server.url)
    again = attempt(face, faulty_server.url)
    assert len(faulty_server.posts()) == (1 if state == "ambiguous" else 2)
    assert type(again) is type(first) is (error or type(None))
    if state == "ambiguous":
        assert isinstance(first, weryai.WeryAIError) and isinstance(again, weryai.WeryAIError)
        assert "same order was sent before" in str(again) and "force=True" in str(again)
        assert again.outcome is Outcome.UNKNOWN
        assert getattr(again, "task_ids", ()) == getattr(first, "task_ids", ())
        # Another one is not held back, nor is another key, nor the same by force.
        assert attempt(face, faulty_server.url, duration=10) is not again
        attempt(face, faulty_server.url, api_key="sk-another-0123456789")
        attempt(face, faulty_server.url, force=True)
        assert len(faulty_server.posts()) == 4


def test_a_loop_of_tenacity_pays_once(face: Face, faulty_server: FaultyServer) -> None:
    """The usual decorator around `submit`, with a client per call, sends an order of unknown outcome once."""
    faulty_server.default("POST", SUBMIT, html_reply(502))
    patiently = {"stop": tenacity.stop_after_attempt(5), "wait": tenacity.wait_none(), "reraise": True}

    @tenacity.retry(**patiently)
    def order() -> Any:
        return face.run(submit, faulty_server.url)

    @tenacity.retry(**patiently)
    async def order_async() -> Any:
        async with AsyncWeryAI(JOURNEY_KEY, base_url=faulty_server.url) as client:
            return await submit(client)

    with pytest.raises(OutcomeUnknownError, match="same order was sent before"):
        order() if face.kind == "sync" else asyncio.run(order_async())
    assert len(faulty_server.posts()) == 1


async def test_a_time_limit_around_an_order_buys_no_second(faulty_server: FaultyServer, monkeypatch: Any) -> None:
    """An order that was given up by `wait_for` is not sent again by the next turn of a loop, answered late or never."""
    from weryai._transport import shield

    monkeypatch.setattr(shield, "GRACE", 0.2)
    faulty_server.script("POST", SUBMIT, accepted(delay=0.1), accepted(delay=30))

    async def limited(number: int, **options: Any) -> None:
        submitting = asyncio.ensure_future(submit(client, **options))
        await asyncio.to_thread(faulty_server.wait_for, "POST", SUBMIT, number)
        await asyncio.wait_for(submitting, 0.01)

    async with AsyncWeryAI(JOURNEY_KEY, base_url=faulty_server.url, retry=ONCE) as client:
        wanted: Any = (({}, DuplicateRequestError), ({"duration": 10}, OutcomeUnknownError))
        for number, (options, error) in enumerate(wanted, 1):
            with pytest.raises(TimeoutError):
                await limited(number, **options)
            with pytest.raises(error) as caught:
                await submit(client, **options)
            assert getattr(caught.value, "task_id", None) == (TASK if error is DuplicateRequestError else None)
    assert len(faulty_server.posts()) == 2


def test_an_answer_that_comes_late_is_remembered() -> None:
    """After nobody waited: an id is named from then on, and a plain no lets the same order through again."""
    from weryai._flow.order import AttemptResult, Intent, OrderState

    log = MEMORY.order_log("https://api.example.com", "sk-1")
    for late, error in (
        (AttemptResult(OrderState.SUBMITTED, ("task_late",)), DuplicateRequestError),
        (AttemptResult(OrderState.QUEUED), None),
        (AttemptResult(OrderState.AMBIGUOUS, ("task_late",)), OutcomeUnknownError),
    ):
        row = log.begin(Intent("POST /x", {}), str(late)).result()
        log.mark_ambiguous(row, "an interruption")
        with pytest.raises(OutcomeUnknownError):
            log.begin(Intent("POST /x", {}), str(late))
        log.end(row, late)
        if error is None:
            log.begin(Intent("POST /x", {}), str(late))
            continue
        with pytest.raises(error, match="task_late"):
            log.begin(Intent("POST /x", {}), str(late))


def test_the_memory_is_bounded_and_holds_no_secret(faulty_server: FaultyServer, monkeypatch: Any) -> None:
    """The oldest unknown outcome goes first; neither key nor frames are kept."""
    monkeypatch.setattr(recording, "MOST", 3)
    faulty_server.default("POST", SUBMIT, html_reply(502))
    for length in range(5, 10):
        attempt(Face("sync"), faulty_server.url, duration=length, validate=False)
    assert len(MEMORY._errors) == 3 and MEMORY._open == {}
    assert JOURNEY_KEY not in repr(vars(MEMORY))
    assert [error.__traceback__ for error in MEMORY._errors.values()] == [None] * 3
    attempt(Face("sync"), faulty_server.url, duration=5, validate=False)
    assert len(faulty_server.posts()) == 6


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_remembers_as_well(faulty_server: FaultyServer) -> None:
    """A worker that was forked after an unknown outcome refuses the same order, though a thread was at the memory."""
    faulty_server.default("POST", SUBMIT, html_reply(502))
    attempt(Face("sync"), faulty_server.url)
    with MEMORY._lock:
        child = os.fork()
        if child == 0:
            error = attempt(Face("sync"), faulty_server.url)
            os._exit(7 if isinstance(error, OutcomeUnknownError) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert len(faulty_server.posts()) == 1


@pytest.mark.parametrize("window", [600, 0])
@pytest.mark.parametrize("answer", [html_reply(502), Reset(), Close(), json_reply({"status": 0})])
def test_what_is_unknown_is_refused_until_it_is_settled(
    face: Face, faulty_server: FaultyServer, journal_path: Path, answer: Answer, window: float
) -> None:
    """However old, and without any window, an ambiguous order blocks its repeat; settled or forced it does not."""
    faulty_server.script("POST", SUBMIT, answer)
    faulty_server.default("POST", SUBMIT, accepted())
    attempt(face, faulty_server.url, journal=journal_path)
    with closing(sqlite3.connect(journal_path)) as db, db:
        db.execute("update orders set began = began - 1e8, created = created - 1e8")
    with Journal(journal_path, window=window) as journal:
        error = attempt(face, faulty_server.url, journal=journal)
        assert isinstance(error, DuplicateRequestError) and "orders.adopt or orders.give_up" in str(error)
        assert len(faulty_server.posts()) == 1
        face.run(lambda client: client.orders.give_up(1), faulty_server.url, journal=journal)
        assert attempt(face, faulty_server.url, journal=journal) is None
    assert rows(journal_path) == ["failed", "submitted"]


def test_what_another_machine_left_can_be_settled(faulty_server: FaultyServer, journal_path: Path) -> None:
    """A container that is gone leaves an open order: it blocks its repeat, a person settles it, or a day."""
    faulty_server.default("POST", SUBMIT, accepted())
    face = Face("sync")

    def leave_open(age: float) -> None:
        attempt(face, faulty_server.url, journal=journal_path, force=True)
        with closing(sqlite3.connect(journal_path)) as db, db:
            db.execute("delete from tasks")
            db.execute("update orders set state = 'submitting', owner_host = 'gone', began = began - ?", (age,))

    leave_open(3600)
    error = attempt(face, faulty_server.url, journal=journal_path)
    assert isinstance(error, DuplicateRequestError) and "if that is gone, settle order 1" in str(error)
    assert face.run(lambda client: client.orders.give_up(1), faulty_server.url, journal=journal_path).state == "failed"
    with closing(sqlite3.connect(journal_path)) as db, db:
        db.execute("delete from orders")
    leave_open(86_401)
    found = face.run(lambda client: client.orders.list(), faulty_server.url, journal=journal_path)
    assert [order.state for order in found] == ["ambiguous"]


def test_a_clock_that_was_ahead_blocks_for_a_window_only(
    face: Face, faulty_server: FaultyServer, journal_path: Path
) -> None:
    """An order made years ahead is refused as one of now, and then no longer than any other."""
    faulty_server.default("POST", SUBMIT, accepted())
    attempt(face, faulty_server.url, journal=journal_path)
    with closing(sqlite3.connect(journal_path)) as db, db:
        db.execute("update orders set began = began + 1e8")
    assert isinstance(attempt(face, faulty_server.url, journal=journal_path), DuplicateRequestError)
    with closing(sqlite3.connect(journal_path)) as db, db:
        db.execute("update orders set began = began - 601")
    assert attempt(face, faulty_server.url, journal=journal_path) is None


@pytest.mark.filterwarnings("ignore:.*makes no sound")
@pytest.mark.parametrize("is_noted", [True, False])
@pytest.mark.parametrize(
    "spelled", [{"video_number": 1}, {"generate_audio": False}, {"video_number": 1, "generate_audio": False}]
)
def test_a_default_that_is_spelled_out_is_the_same_order(
    face: Face, faulty_server: FaultyServer, journal_path: Path, spelled: dict[str, Any], is_noted: bool
) -> None:
    """What the contract takes for a field that is left out makes no other order, on either side; another value does."""
    faulty_server.default("POST", SUBMIT, accepted() if is_noted else html_reply(502))
    journal = journal_path if is_noted else None
    for options in ({}, spelled, {"force": True, **spelled}, {}):
        attempt(face, faulty_server.url, journal=journal, **options)
    assert len(faulty_server.posts()) == 2
    attempt(face, faulty_server.url, journal=journal, duration=10)
    attempt(face, faulty_server.url, journal=journal, generate_audio=True)
    assert len(faulty_server.posts()) == 4


def test_one_service_has_one_name(face: Face, faulty_server: FaultyServer, journal_path: Path) -> None:
    """By localhost, 127.0.0.1, or with a slash it is the same order, and the same list of orders."""
    faulty_server.default("POST", SUBMIT, accepted())
    urls = [faulty_server.url, faulty_server.url.replace("127.0.0.1", "localhost"), f"{faulty_server.url}/"]
    assert len({*urls}) == 3
    errors = [attempt(face, url, journal=journal_path) for url in urls]
    assert [type(error) for error in errors] == [type(None), DuplicateRequestError, DuplicateRequestError]
    assert len(face.run(lambda client: client.orders.list(), urls[1], journal=journal_path)) == 1


SPELLINGS = {
    "https://API.weryai.com:443/": "https://api.weryai.com",
    "https://api.weryai.com.": "https://api.weryai.com",
    "http://127.0.0.1:8765": "http://localhost:8765",
    "http://[::1]:8765/base/": "http://localhost:8765/base",
    "http://localhost:80": "http://localhost",
    "http://127.0.0.2:1": "http://127.0.0.2:1",
    "https://[2001:db8::1]:8443": "https://[2001:db8::1]:8443",
}


@pytest.mark.parametrize(("spelling", "service"), SPELLINGS.items())
def test_the_spelling_of_a_service(spelling: str, service: str) -> None:
    """Capitals, a usual port, a final slash or dot, and this machine's names make no other service."""
    from weryai._flow.order import service_of

    assert service_of(spelling) == service


def test_an_order_key_orders_once(face: Face, faulty_server: FaultyServer, journal_path: Path) -> None:
    """However long ago, under whatever window, a key that was used names its task; another key is another order."""
    faulty_server.default("POST", SUBMIT, accepted())
    assert attempt(face, faulty_server.url, journal=journal_path, order_key="job-1") is None
    with closing(sqlite3.connect(journal_path)) as db, db:
        db.execute("update orders set began = began - 1e8, created = created - 1e8")
    with Journal(journal_path, window=0) as journal:
        for state in ("submitted", "done", "failed", "ambiguous"):
            with closing(sqlite3.connect(journal_path)) as db, db:
                db.execute("update orders set state = ?", (state,))
            error = attempt(face, faulty_server.url, journal=journal, order_key="job-1")
            assert isinstance(error, DuplicateRequestError) and error.task_id == TASK, state
            assert "'job-1'" in str(error) and "Nothing was sent" in str(error)
        with closing(sqlite3.connect(journal_path)) as db, db:
            db.execute("update orders set state = 'submitted'")
        error = attempt(face, faulty_server.url, journal=journal, order_key="job-1", duration=10)
        assert type(error) is weryai.InvalidInputError and "which is another" in str(error)
        assert len(faulty_server.posts()) == 1
        for options in ({"order_key": "job-2"}, {"order_key": "job-1", "force": True}):
            assert attempt(face, faulty_server.url, journal=journal, **options) is None
    listed = face.run(lambda client: client.orders.list(), faulty_server.url, journal=journal_path)
    assert [order.order_key for order in listed] == ["job-1", "job-2", "job-1"]


def test_an_order_key_is_free_after_a_plain_no(face: Face, faulty_server: FaultyServer, journal_path: Path) -> None:
    """What surely was not placed may be placed under the same key, also corrected."""
    faulty_server.script("POST", SUBMIT, refused(1011, "insufficient credits"), refused(1002, "prompt"), accepted())
    for length in (5, 5, 10):
        attempt(face, faulty_server.url, journal=journal_path, order_key="job-1", duration=length)
    assert rows(journal_path) == ["failed", "failed", "submitted"]


def test_an_order_key_covers_a_local_image(
    face: Face, faulty_server: FaultyServer, journal_path: Path, tmp_path: Path
) -> None:
    """The same image under another name, uploaded anew, is the same body; `generate` takes the key too."""
    (tmp_path / "a.png").write_bytes(png())
    (tmp_path / "b.png").write_bytes(png())
    for number in range(2):
        faulty_server.script("POST", "/v1/generation/upload-file", uploaded(f"https://static.example.com/{number}.png"))
    faulty_server.default("POST", SUBMIT, accepted())

    def order(name: str) -> Any:
        return face.run(
            lambda client: client.image_to_video.submit(tmp_path / name, prompt="wave", order_key="job"),
            faulty_server.url,
            journal=journal_path,
        )

    order("a.png")
    with pytest.raises(DuplicateRequestError, match=TASK):
        order("b.png")
    with pytest.raises(weryai.InvalidInputError, match="which is another"):
        face.run(
            lambda client: client.image_to_video.generate("https://x.example/a.jpg", prompt="x", order_key="job"),
            faulty_server.url,
            journal=journal_path,
        )
    assert len(faulty_server.posts(SUBMIT)) == 1


@pytest.mark.parametrize("key", ["", 7, "x" * 501])
def test_an_order_key_is_a_text_and_needs_a_journal(
    face: Face, faulty_server: FaultyServer, journal_path: Path, key: Any
) -> None:
    """What is no text of a sensible length is refused, and so is a key that nothing would remember."""
    with pytest.raises(weryai.InvalidInputError, match="order_key"):
        face.run(lambda client: submit(client, order_key=key), faulty_server.url, journal=journal_path)
    with pytest.raises(weryai.ConfigurationError, match="journal=True"):
        face.run(lambda client: submit(client, order_key="job"), faulty_server.url)
    assert faulty_server.requests == []


def test_fifty_jobs_of_one_key_are_one_order(face: Face, faulty_server: FaultyServer, journal_path: Path) -> None:
    """Delivered fifty times at once, a job is ordered once."""
    faulty_server.default("POST", SUBMIT, accepted(delay=0.1))

    def guarded(client: Any) -> Any:
        async def story() -> None:
            with contextlib.suppress(DuplicateRequestError):
                await submit(client, order_key="job")

        if face.kind == "async":
            return story()
        with contextlib.suppress(DuplicateRequestError):
            return submit(client, order_key="job")

    face.run_together([guarded] * 50, faulty_server.url, journal=journal_path)
    assert len(faulty_server.posts()) == 1


class Duck:
    """Looks a little like a journal."""

    def order_log(self) -> None:
        """Do nothing."""


@pytest.mark.parametrize("kind", [WeryAI, AsyncWeryAI])
@pytest.mark.parametrize("what", [7, 1.5, b"x", Duck(), object, ["journal.db"], "ledger"])
def test_what_is_no_journal_is_refused_at_once(tmp_path: Path, kind: Any, what: Any) -> None:
    """Anything but a Journal, a path or True is refused in a sentence when the client is made; so is a ledger."""
    from fakes.bulks import filled

    with contextlib.ExitStack() as stack:
        journal = stack.enter_context(filled(tmp_path, 1)) if what == "ledger" else what
        with pytest.raises(weryai.ConfigurationError, match="journal must be a Journal, the path of one, or True"):
            kind(JOURNEY_KEY, journal=journal)


def test_journal_true_is_that_of_the_command_line(
    face: Face, faulty_server: FaultyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`journal=True` opens the default place and closes it with the client; False is none."""
    monkeypatch.setenv("WERYAI_JOURNAL", str(tmp_path / "mine.db"))
    faulty_server.default("POST", SUBMIT, accepted())
    face.run(submit, faulty_server.url, journal=True)
    assert rows(tmp_path / "mine.db") == ["submitted"]
    assert Journal.default_path() == tmp_path / "mine.db"
    assert not (tmp_path / "mine.db-wal").exists()
    face.run(submit, faulty_server.url, journal=False)
    assert rows(tmp_path / "mine.db") == ["submitted"]
    assert re.search("journal", str(attempt(face, faulty_server.url, journal=False, order_key="x")))


def test_an_order_in_flight_is_no_reason_to_refuse(faulty_server: FaultyServer) -> None:
    """Without a journal several takes of one image are legitimate, also at the same time."""
    faulty_server.default("POST", SUBMIT, accepted(delay=0.1))
    threads = [threading.Thread(target=attempt, args=(Face("sync"), faulty_server.url)) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(faulty_server.posts()) == 3
