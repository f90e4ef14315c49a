"""What each change does to the rows of a journal, and what it leaves alone: no service, no client."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import weryai
from fakes.journals import rows
from weryai import DuplicateRequestError, Journal, JournalError
from weryai._flow.order import AttemptResult, Intent, Order, OrderState
from weryai._journal.journal import ScopedJournal

KEY, SERVICE = "sk-one-0123456789", "https://api.example.com"
REFUSED = AttemptResult(OrderState.QUEUED, reason="busy")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """A journal that is open."""
    with Journal(tmp_path / "journal.db") as opened:
        yield opened


@pytest.fixture
def log(journal: Journal) -> ScopedJournal:
    """The part of one service and one key."""
    return journal.order_log(SERVICE, KEY)


def intent(prompt: str = "wave", **options: Any) -> Intent:
    """An order, told apart by its prompt."""
    return Intent("POST /x", {"prompt": prompt}, **options)


def begun(log: ScopedJournal, one: Intent | None = None) -> int:
    """Write down that an order is about to be sent; return its row."""
    one = one or intent()
    one.row = log.begin(one, one.fingerprint()).result(10)
    return one.row


def paid(log: ScopedJournal, *task_ids: str, **options: Any) -> int:
    """Write down an order that was accepted as these tasks."""
    row = begun(log, intent(task_ids[0], **options))
    log.end(row, AttemptResult(OrderState.SUBMITTED, task_ids)).result(10)
    return row


def orders(log: ScopedJournal) -> tuple[Order, ...]:
    """Every order that a client sees."""
    return log.list_orders(OrderState).result(10)


def alter(journal: Journal, statement: str) -> None:
    """Change rows as another process does."""
    with closing(sqlite3.connect(journal.path)) as db, db:
        db.execute(statement)


@pytest.mark.parametrize(("service", "key"), [(SERVICE, "sk-two-0123456789"), ("https://eu.example.com", KEY)])
def test_one_key_sees_nothing_of_another(journal: Journal, log: ScopedJournal, service: str, key: str) -> None:
    """Of another key, or of another service, an order is no repeat, is not listed, claimed, ended or settled."""
    other = journal.order_log(service, key)
    row = paid(log, "task_1", order_key="job-1")
    assert orders(other) == () == other.claim(everything=True).result(10)
    other.finish_task("task_1", "/elsewhere.mp4").result(10)
    with pytest.raises(JournalError, match="no order 1"):
        other.give_up(row).result(10)
    paid(other, "task_1", order_key="job-1")
    unknown = begun(other, intent("unknown"))
    other.mark_ambiguous(unknown, "cut").result(10)
    assert other.adopt(unknown, "task_9").result(10).state == "submitted"
    begun(log, intent("unknown"))
    assert [one.state for one in orders(log)] == ["submitted", "submitting"]


def test_who_orders_the_same_again_is_told_where_its_video_is(log: ScopedJournal) -> None:
    """Of an order that is done the refusal names the file, as there is nothing left to wait for."""
    paid(log, "t1")
    log.finish_task("t1", "wave.mp4").result(10)
    with pytest.raises(DuplicateRequestError, match=r"task t1, and its video was stored at wave\.mp4") as caught:
        begun(log, intent("t1"))
    assert caught.value.task_id == "t1" and "resume" not in str(caught.value)


def test_what_a_model_took_is_that_of_its_finished_orders(journal: Journal, log: ScopedJournal) -> None:
    """Newest first, 20 at most, of this service, key and model alone; a clock that was set back tells nothing."""
    for number in range(24):
        one = Intent("POST /x", {"prompt": str(number), "model": "B" if number == 22 else "A"})
        row = begun(log, one)
        log.end(row, AttemptResult(OrderState.SUBMITTED, (f"t{number}",))).result(10)
        if number < 23:
            log.finish_task(f"t{number}", "a.mp4").result(10)
    alter(journal, "update orders set began = 1000, changed = 1000 + id")
    alter(journal, "update orders set began = 1000, changed = 900 where id = 21")
    assert log.waits("A").result(10) == (22.0, *map(float, range(20, 1, -1)))
    assert log.waits("B").result(10) == (23.0,)
    assert journal.order_log(SERVICE, "sk-two-0123456789").waits("A").result(10) == ()


def test_a_late_no_ends_an_order_that_nobody_waits_for(log: ScopedJournal) -> None:
    """Given up and then refused, it is not put back into a line that nobody stands in, and may be ordered again."""
    row = begun(log)
    log.mark_ambiguous(row, "an interruption").result(10)
    log.end(row, REFUSED).result(10)
    assert [one.state for one in orders(log)] == ["failed"]
    begun(log)


def test_what_is_known_is_never_doubted_again(journal: Journal, log: ScopedJournal) -> None:
    """Only an open try becomes ambiguous, and only one that waits was not placed: whoever says so too late is late."""
    paid(log, "task_1")
    paid(log, "task_2")
    log.finish_task("task_2", "/v.mp4").result(10)
    waiting, lost = begun(log, intent("waiting")), begun(log, intent("lost"))
    log.end(waiting, REFUSED).result(10)
    log.mark_ambiguous(lost, "cut").result(10)
    for row in range(1, 5):
        log.mark_ambiguous(row, "late").result(10)
    assert rows(journal.path) == ["submitted", "done", "queued", "ambiguous"]
    for row in range(1, 5):
        log.mark_not_placed(row, "late").result(10)
    assert rows(journal.path) == ["submitted", "done", "failed", "ambiguous"]


@pytest.mark.parametrize("ends", [[("a", "/a.mp4"), ("b", None)], [("b", None), ("a", "/a.mp4")]])
def test_one_video_makes_an_order_done(log: ScopedJournal, ends: list[tuple[str, str | None]]) -> None:
    """In whatever order its tasks end; what is told of one that has ended, or that nobody ordered, changes nothing."""
    paid(log, "a", "b")
    (first, path), last = ends
    log.finish_task(first, path).result(10)
    log.finish_task(first, None if path else "/late.mp4").result(10)
    log.finish_task("nobody's", "/late.mp4").result(10)
    assert [(one.state, one.going) for one in orders(log)] == [("submitted", (last[0],))]
    log.finish_task(*last).result(10)
    assert [(one.state, one.going, one.paths) for one in orders(log)] == [("done", (), ("/a.mp4",))]


def test_a_task_that_failed_is_not_waited_for_again(log: ScopedJournal) -> None:
    """What is claimed names as going only the tasks of which nobody knows yet."""
    paid(log, "a", "b", "c")
    log.finish_task("a", None, "refused by moderation").result(10)
    log.finish_task("b", "/b.mp4").result(10)
    (order,) = log.claim(everything=True).result(10)
    assert (order.task_ids, order.going) == (("a", "b", "c"), ("c",))


def test_who_claims_an_order_owns_it(journal: Journal, log: ScopedJournal) -> None:
    """What a process left that is gone is taken by one; what somebody works on, here or elsewhere, is left."""
    for number in range(4):
        paid(log, f"task_{number}")
    alter(journal, "update orders set owner_start = 'long ago' where id = 1")
    alter(journal, "update orders set owner_host = 'elsewhere' where id = 2")
    alter(journal, "update orders set owner_pid = null where id = 3")
    assert [one.row for one in log.claim(everything=False).result(10)] == [1, 3]
    assert log.claim(everything=False).result(10) == ()
    assert [one.owner.pid for one in orders(log) if one.owner and one.row in (1, 3)] == [os.getpid()] * 2


def test_what_is_adopted_has_that_task_and_no_owner(log: ScopedJournal) -> None:
    """The tasks that an answer only named are forgotten, belong to nobody, and whoever comes first claims the order."""
    first, second = begun(log, intent("first")), begun(log, intent("second"))
    log.end(first, AttemptResult(OrderState.AMBIGUOUS, ("named", "guess"))).result(10)
    log.end(second, AttemptResult(OrderState.AMBIGUOUS, ("named",))).result(10)
    adopted = log.adopt(first, "named").result(10)
    assert (adopted.task_ids, adopted.going, adopted.owner) == (("named",), ("named",), None)
    with pytest.raises(JournalError, match="belongs to order 1"):
        log.adopt(second, "named").result(10)
    assert [one.row for one in log.claim(everything=False).result(10)] == [first]


def test_what_is_sent_again_has_the_tasks_of_its_new_answer(log: ScopedJournal) -> None:
    """Resubmitted, an order forgets what the answer before had named."""
    row = begun(log)
    log.end(row, AttemptResult(OrderState.AMBIGUOUS, ("named",))).result(10)
    assert log.requeue(row).result(10).task_ids == ()
    begun(log, intent(row=row))
    log.end(row, AttemptResult(OrderState.SUBMITTED, ("new",))).result(10)
    assert [(one.state, one.task_ids, one.going) for one in orders(log)] == [("submitted", ("new",), ("new",))]


def test_nobody_settles_what_is_on_its_way(journal: Journal, log: ScopedJournal) -> None:
    """While a living process of this machine waits for the answer, the order is neither adopted, sent nor given up."""
    row = begun(log)
    for settle in (lambda: log.adopt(row, "task_1"), lambda: log.requeue(row), lambda: log.give_up(row)):
        with pytest.raises(JournalError, match="order 1 is submitting"):
            settle().result(10)
    assert rows(journal.path) == ["submitting"]


def test_a_row_that_somebody_took_over_is_not_sent(log: ScopedJournal) -> None:
    """A try is begun only of a row that waits: who was given up, or sent by another in the meantime, sends nothing."""
    for number, change in enumerate((log.give_up, lambda row: begun(log, intent(row=row)))):
        row = begun(log, intent(f"{number}"))
        log.end(row, REFUSED).result(10)
        change(row)
        with pytest.raises(JournalError, match=f"order {row} is .*, not queued"):
            begun(log, intent(row=row))


def test_an_order_is_as_old_as_its_last_try(journal: Journal, log: ScopedJournal) -> None:
    """The window counts from when it was sent last: what was refused for an hour and then accepted is not old."""
    row = begun(log)
    log.end(row, REFUSED).result(10)
    alter(journal, "update orders set began = began - 3600, created = created - 3600")
    begun(log, intent(row=row))
    log.end(row, AttemptResult(OrderState.SUBMITTED, ("task_1",))).result(10)
    with pytest.raises(DuplicateRequestError, match="task_1"):
        begun(log)


def test_a_window_is_ten_minutes(journal: Journal, log: ScopedJournal) -> None:
    """Unless another one is given, as README has it."""
    paid(log, "wave")
    for age, error in ((590, DuplicateRequestError), (20, None)):
        alter(journal, f"update orders set began = began - {age}")
        if error is None:
            begun(log, intent("wave"))
            return
        with pytest.raises(error):
            begun(log, intent("wave"))


def test_an_order_key_is_taken_before_any_task_is_known(log: ScopedJournal) -> None:
    """While its order is being sent, and while nobody knows what came of it, a key orders no other request."""
    row = begun(log, intent("wave", order_key="job-1"))
    with pytest.raises(weryai.InvalidInputError, match="which is another"):
        begun(log, intent("another", order_key="job-1"))
    log.end(row, AttemptResult(OrderState.AMBIGUOUS)).result(10)
    with pytest.raises(weryai.InvalidInputError, match="which is another"):
        begun(log, intent("another", order_key="job-1"))


def test_an_order_key_is_free_where_a_task_was_only_named(log: ScopedJournal) -> None:
    """An answer that cannot be relied on named a task, and a person gave the order up: nothing was bought by it."""
    row = begun(log, intent(order_key="job-1"))
    log.end(row, AttemptResult(OrderState.AMBIGUOUS, ("named",))).result(10)
    log.give_up(row).result(10)
    begun(log, intent(order_key="job-1"))


def test_the_earlier_order_that_is_told_is_the_one_that_is_paid(log: ScopedJournal) -> None:
    """Of several of the same the refusal names the task that can be fetched, not one of which nobody knows."""
    paid(log, "wave")
    again = intent("wave", is_forced=True)
    log.end(begun(log, again), AttemptResult(OrderState.AMBIGUOUS)).result(10)
    with pytest.raises(DuplicateRequestError, match=r"tasks\.wait\('wave'\)"):
        begun(log, intent("wave"))


@pytest.mark.parametrize(("window", "is_refused"), [(600.0, True), (0.0, False)])
def test_what_waits_for_its_next_try_is_the_same(tmp_path: Path, window: float, is_refused: bool) -> None:
    """Between two tries an order blocks its repeat, unless the window is turned off."""
    with Journal(tmp_path / "journal.db", window=window) as journal:
        log = journal.order_log(SERVICE, KEY)
        log.end(begun(log), REFUSED).result(10)
        if is_refused:
            with pytest.raises(DuplicateRequestError, match="is being placed"):
                begun(log)
        else:
            begun(log)


@pytest.mark.parametrize("state", ["queued", "submitting"])
def test_an_order_key_is_free_when_who_used_it_is_gone(journal: Journal, log: ScopedJournal, state: str) -> None:
    """A try that was not sent has failed with its process, although another request is made under the key."""
    row = begun(log, intent("first", order_key="job-1"))
    alter(journal, f"update orders set state = '{state}', owner_start = 'long ago' where id = {row}")
    if state == "queued":
        begun(log, intent("second", order_key="job-1"))
        assert rows(journal.path) == ["failed", "submitting"]
        return
    with pytest.raises(DuplicateRequestError, match="nobody knows"):
        begun(log, intent("first", order_key="job-1"))
    assert rows(journal.path) == ["ambiguous"]


@pytest.mark.parametrize(("hours", "state"), [(23, "submitting"), (25, "ambiguous")])
def test_what_another_machine_has_open_is_left_for_a_day(
    journal: Journal, log: ScopedJournal, hours: int, state: str
) -> None:
    """Nobody here can see whether it still runs; no request is open for longer than that."""
    begun(log)
    alter(journal, f"update orders set owner_host = 'elsewhere', began = began - {hours * 3600}")
    assert [one.state for one in orders(log)] == [state]


def test_closing_one_of_several_journals_writes_what_it_was_handed(journal: Journal) -> None:
    """Who closes its journal may end: what it has handed over is on the disk, although others go on with the file."""
    busy = threading.Event()
    with Journal(journal.path) as mine:
        journal._write(lambda _: busy.wait(30))
        handed = mine.order_log(SERVICE, KEY).begin(intent(), "same")
        threading.Timer(0.2, busy.set).start()
    assert handed.done()
    assert rows(journal.path) == ["submitting"]


def test_the_same_body_of_another_call_is_another_order(log: ScopedJournal) -> None:
    """What is asked for counts as well: a video of an image is not one of a text, whatever they have in common."""
    begun(log, Intent("POST /image-to-video", {"prompt": "wave"}))
    begun(log, Intent("POST /text-to-video", {"prompt": "wave"}))


def test_the_batch_of_an_order_is_kept(log: ScopedJournal) -> None:
    """What the service called the batch stands in the row, and orders are listed oldest first."""
    first, second = begun(log, intent("first")), begun(log, intent("second"))
    log.end(second, AttemptResult(OrderState.SUBMITTED, ("b",), "77")).result(10)
    log.end(first, AttemptResult(OrderState.SUBMITTED, ("a",))).result(10)
    assert [(one.row, one.batch_id) for one in orders(log)] == [(first, None), (second, "77")]


@pytest.mark.parametrize("value", ["{", "[1]", '{"x": 1}', "[" * 100_000])
def test_a_damaged_cost_is_none(journal: Journal, log: ScopedJournal, value: str) -> None:
    """What a video cost is an estimate: damaged, it keeps nobody from submitting."""
    alter(journal, f"insert into about values ('cost {SERVICE} m', '{value}')")
    assert log.last_cost("m").result(10) is None


@pytest.mark.parametrize("body", ["{", "[1]", "x'ff'", "[" * 100_000])
def test_a_damaged_body_hides_no_task_id(journal: Journal, log: ScopedJournal, body: str) -> None:
    """An order whose body cannot be read is listed with its tasks, and is a repeat still; it is not sent again."""
    row = paid(log, "task_1")
    unknown = begun(log, intent("unknown"))
    log.mark_ambiguous(unknown, "cut").result(10)
    alter(journal, f"update orders set body = {body if body.startswith('x') else repr(body)}")
    assert [(one.row, one.task_ids, one.body) for one in orders(log)] == [(row, ("task_1",), {}), (unknown, (), {})]
    with pytest.raises(DuplicateRequestError, match="task_1"):
        begun(log, intent("task_1"))
    with pytest.raises(JournalError, match="damaged in the journal"):
        log.requeue(unknown).result(10)
    assert log.note_cost("task_1", 5.0).result(10) is False
    log.finish_task("task_1", "/v.mp4").result(10)
    assert log.waits("m").result(10) == ()
    assert [one.state for one in orders(log)] == ["done", "ambiguous"]
