"""What proves that nothing of a paid request has left, what stops it, and what an interrupted caller is told."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from weryai import DuplicateRequestError, Journal, NotSentError, OutcomeUnknownError, WeryAI
from weryai._flow.effects import Reply, Send, Transmit
from weryai._flow.order import AttemptResult, Intent, OrderState
from weryai._journal.recording import MEMORY, Recording
from weryai._protocol.endpoint import read_submission
from weryai._protocol.envelope import accept_paid
from weryai._transport.http import Evidence, StoppedError, note_on_interruption
from weryai._transport.paid import PaidAttempt

CONNECTING, SENDING = "connection.connect_tcp.started", "http11.send_request_headers.started"
PAID = Send({"method": "post", "url": "/x"}, paid=True)


def told(evidence: Evidence, *events: str, method: Any = b"POST") -> Evidence:
    """Tell of these events."""
    for event in events:
        evidence.trace(event, {"request": SimpleNamespace(method=method)})
    return evidence


def test_silence_proves_nothing() -> None:
    """A transport that tells nothing may have sent: nothing is proved either way, and stopping is not sure."""
    evidence = Evidence()
    assert not evidence.proves_not_sent and not evidence.proves_sent
    assert not evidence.stop()


def test_connecting_proves_that_nothing_has_left() -> None:
    """Events came and none was of our request; the CONNECT for a proxy is none, however its method is written."""
    assert told(Evidence(), CONNECTING).proves_not_sent
    for method in (b"CONNECT", "CONNECT"):
        assert told(Evidence(), CONNECTING, SENDING, method=method).proves_not_sent
    left = told(Evidence(), CONNECTING, SENDING)
    assert left.proves_sent and not left.proves_not_sent
    assert not left.stop()


def test_who_is_stopped_sends_nothing() -> None:
    """After a stop neither a request that has not begun goes on, nor the first byte; what has left goes to its end."""
    evidence = told(Evidence(), CONNECTING)
    assert evidence.stop()
    with pytest.raises(StoppedError):
        evidence.check()
    told(evidence, "connection.connect_tcp.complete")
    with pytest.raises(StoppedError):
        told(evidence, SENDING)
    assert evidence.proves_not_sent
    left = told(Evidence(), CONNECTING, SENDING)
    left.stop()
    left.check()
    told(left, "http11.send_request_body.started")


class Attempt:
    """An attempt that has come to its request; what is noted of it stands in `noted`."""

    def __init__(self, evidence: Evidence | None = None) -> None:
        self.noted: list[AttemptResult] = []
        log: Any = MEMORY.order_log("https://api.example.com", "sk-1")
        log.end = lambda row, result: self.noted.append(result)
        self.intent = Intent("POST /x", {})
        effect = Send(PAID.request, paid=True, intent=self.intent)
        self.recording = Recording(effect, log, evidence or Evidence())
        self.life: Any = self.recording.life()
        begin = next(self.life)
        assert isinstance(self.life.send(begin.change().result()), Transmit)

    def ends(self, outcome: Reply | BaseException) -> AttemptResult:
        """Let the request come to this; return what is noted."""
        note = self.life.send(outcome) if isinstance(outcome, Reply) else self.life.throw(outcome)
        note.change()
        (result,) = self.noted
        return result


@pytest.mark.parametrize(
    ("events", "state"),
    [((), OrderState.AMBIGUOUS), ((CONNECTING,), OrderState.QUEUED), ((CONNECTING, SENDING), OrderState.AMBIGUOUS)],
)
def test_an_interruption_is_judged_by_the_evidence(events: tuple[str, ...], state: OrderState) -> None:
    """Whatever interrupts an attempt: without proof that nothing has left it may be paid for."""
    assert Attempt(told(Evidence(), *events)).ends(KeyboardInterrupt()).state == state


def test_what_was_stopped_is_noted_once() -> None:
    """Who stops an attempt notes that; the attempt itself, which ends by it, notes nothing that could overwrite it."""
    attempt = Attempt()
    attempt.recording.note_stopped()
    with pytest.raises(StoppedError):
        attempt.life.throw(StoppedError())
    assert [one.state for one in attempt.noted] == [OrderState.QUEUED]
    assert attempt.intent.problem is None


def test_whatever_keeps_a_note_from_the_disk_costs_no_response(caplog: pytest.LogCaptureFixture) -> None:
    """An error of any kind while a response is noted is told; the response reaches the caller all the same."""
    attempt = Attempt()
    attempt.life.send(answer := Reply(200, {}, b'{"status": 0, "data": {"task_ids": ["task_1"]}}'))
    with pytest.raises(StopIteration) as ended:
        attempt.life.throw(UnicodeEncodeError("utf-8", "x", 0, 1, "on purpose"))
    assert ended.value.value is answer
    assert "(task task_1) is submitted, but that could not be noted" in str(attempt.intent.problem)
    assert "on purpose" in caplog.text


@pytest.mark.parametrize("batch", [123456789, "b-1"])
def test_what_the_service_calls_the_batch_is_noted(batch: Any) -> None:
    """The batch id of an answer stands beside its tasks, as text."""
    answer = json.dumps({"status": 0, "data": {"task_ids": ["task_1", "task_2"], "batch_id": batch}}).encode()
    noted = Attempt().ends(Reply(200, {}, answer))
    assert noted == AttemptResult(OrderState.SUBMITTED, ("task_1", "task_2"), str(batch))


@pytest.mark.parametrize(
    "outcome",
    [
        Reply(429, {}, b'{"status": 1001, "message": "rate limit", "data": {"task_ids": ["task_1", "task_2"]}}'),
        Reply(200, {}, b'{"status": 1002, "message": "no", "data": {"task_ids": ["task_1", "task_2"]}}'),
        Reply(500, {}, b'{"data": {"task_ids": ["task_1", "task_2"]}}'),
        OutcomeUnknownError("cut", task_ids=("task_1", "task_2")),
    ],
)
def test_every_task_that_an_answer_names_is_noted(outcome: Any) -> None:
    """Of an order in doubt the ids are what a person needs to settle it."""
    noted = Attempt().ends(outcome)
    assert (noted.state, noted.task_ids) == (OrderState.AMBIGUOUS, ("task_1", "task_2"))


def test_what_was_forced_and_accepted_is_in_doubt_no_more() -> None:
    """Without a journal: an order of unknown outcome was forced, and accepted; several takes are legitimate again."""
    log = MEMORY.order_log("https://api.example.com", "sk-1")
    log.end(log.begin(Intent("POST /x", {}), "same").result(), AttemptResult(OrderState.AMBIGUOUS))
    with pytest.raises(OutcomeUnknownError):
        log.begin(Intent("POST /x", {}), "same")
    row = log.begin(Intent("POST /x", {}, is_forced=True), "same").result()
    log.end(row, AttemptResult(OrderState.SUBMITTED, ("task_1",)))
    log.begin(Intent("POST /x", {}), "same")


def test_who_never_heard_of_an_accepted_order_is_told_of_it() -> None:
    """Accepted, and its caller was interrupted just then: the same order names the task, at this service alone."""
    log = MEMORY.order_log("https://api.example.com", "sk-1")
    row = log.begin(Intent("POST /x", {}), "same").result()
    log.end(row, AttemptResult(OrderState.SUBMITTED, ("task_1", "task_2")))
    log.mark_ambiguous(row, "an interruption")
    with pytest.raises(DuplicateRequestError, match=r"task_1, task_2.*tasks\.wait\('task_1'\)"):
        log.begin(Intent("POST /x", {}), "same")
    for service, key in (("https://eu.example.com", "sk-1"), ("https://api.example.com", "sk-2")):
        MEMORY.order_log(service, key).begin(Intent("POST /x", {}), "same")


def test_a_journal_that_was_closed_hides_no_interruption(tmp_path: Path) -> None:
    """Giving up an attempt raises nothing of its own: the caller is being told of something else."""
    with Journal(tmp_path / "journal.db") as journal, WeryAI("sk-key", journal=journal) as client:
        intent = Intent("POST /x", {}, row=1)
        attempt = PaidAttempt(Send(PAID.request, paid=True, intent=intent), client._settings)
        journal.close()
        attempt.give_up()
        assert attempt.is_given_up


@pytest.mark.parametrize(
    ("given", "batch"), [(7, 7), ("b-1", "b-1"), (True, None), ("", None), ([7], None), (None, None)]
)
def test_a_batch_has_a_number_or_a_name(given: Any, batch: Any) -> None:
    """Whatever else stands in its place is no batch id: `batches.wait` then asks for the tasks one by one."""
    answer = json.dumps({"status": 0, "data": {"task_ids": ["task_1"], "batch_id": given}}).encode()
    assert read_submission(*accept_paid(Reply(200, {}, answer), "POST /x")).batch_id == batch


ACCEPTED = b'{"status": 0, "data": {"task_ids": ["task_1"]}}'
OUTCOMES: dict[str, tuple[Any, str]] = {
    "no answer": (None, "may have been billed"),
    "not sent": (NotSentError("x"), "nothing was sent"),
    "accepted": (Reply(200, {}, ACCEPTED), "accepted as task task_1"),
    "refused": (Reply(400, {}, b'{"status": 1002}'), "refused the submission"),
    "refused, with a task": (Reply(429, {}, ACCEPTED), "accepted as task task_1"),
    "a failure of the service": (Reply(500, {}, b"<html>"), "may have been billed"),
    "a cut answer that names a task": (OutcomeUnknownError("x", task_ids=("task_1",)), "task task_1"),
    "a cut answer": (OutcomeUnknownError("x"), "may have been billed"),
}


@pytest.mark.parametrize(("outcome", "words"), OUTCOMES.values(), ids=list(OUTCOMES))
def test_what_an_interrupted_caller_is_told(outcome: Any, words: str) -> None:
    """A task id is never left out, and "refused" is said only of a plain no."""
    note = note_on_interruption(PAID, outcome)
    assert words in note
    assert ("refused" in note) == (words == "refused the submission")
