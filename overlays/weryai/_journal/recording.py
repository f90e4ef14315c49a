"""A paid request between two notes in the journal: that it is about to be sent, and what came of it."""

from __future__ import annotations

from concurrent.futures import Future
from functools import partial

from .._flow.effects import Evidence, Flow, OnDisk, Reply, RunBlocking, Send, Transmit
from .._flow.logs import log
from .._flow.order import AttemptResult, OrderState
from .._flow.order_log import AttemptLog
from .._protocol.envelope import accept_paid
from ..errors import JournalError, Outcome, WeryAIError, before_sending

INTERRUPTED = "it was interrupted before the response came"
STOPPED = "it was interrupted before it was sent"


class Recording:
    """The two notes of one attempt, in one order log."""

    def __init__(self, effect: Send, order_log: AttemptLog, evidence: Evidence) -> None:
        assert effect.intent is not None
        self._effect, self._intent, self._log, self._evidence = effect, effect.intent, order_log, evidence
        self._is_stopped = False

    def life(self) -> Flow[Reply]:
        """Send between the two notes."""
        intent = self._intent
        # Only an image is worth another thread.
        fingerprint = (yield from RunBlocking(intent.fingerprint)) if intent.images else intent.fingerprint()
        try:
            intent.row = yield from OnDisk(partial(self._log.begin, intent, fingerprint))
        except JournalError as error:
            before_sending(error)
            raise
        try:
            reply = yield from Transmit(self._effect, self._evidence)
        except GeneratorExit:
            # The loop is gone; who finds the row sees that it is open and nobody works on it.
            raise
        except BaseException as error:
            yield from self._end(self._result_of(error))
            raise
        yield from self._end(self._result_of(reply))
        return reply

    def note_stopped(self) -> Future[None] | None:
        """Note in the place of whoever performs the attempt that it was stopped before its first byte."""
        self._is_stopped = True
        row = self._intent.row
        return None if row is None else self._log.end(row, AttemptResult(OrderState.QUEUED, reason=STOPPED))

    def give_up(self, reason: str) -> None:
        """Note that nobody waits for a response any more; should it still come, that is noted as well."""
        if self._intent.row is not None:
            self._log.mark_ambiguous(self._intent.row, reason)

    def _end(self, attempt: AttemptResult) -> Flow[None]:
        """Note what came of a request. Should that fail, the response still reaches the caller, who is told."""
        row = self._intent.row
        if row is None or self._is_stopped:
            return
        try:
            yield from OnDisk(partial(self._log.end, row, attempt))
        except WeryAIError as error:
            self._intent.problem = _problem(row, attempt, error)
            log.warning("%s", self._intent.problem)

    def _result_of(self, outcome: Reply | BaseException) -> AttemptResult:
        """What an attempt came to, by the same rules by which it is repeated or not."""
        if isinstance(outcome, Reply):
            try:
                envelope, task_ids = accept_paid(outcome, self._effect.name)
            except WeryAIError as error:
                outcome = error
            else:
                batch_id = envelope.data.get("batch_id") if isinstance(envelope.data, dict) else None
                return AttemptResult(OrderState.SUBMITTED, task_ids, None if batch_id is None else str(batch_id))
        if isinstance(outcome, WeryAIError):
            state = OrderState.AMBIGUOUS if outcome.outcome is Outcome.UNKNOWN else OrderState.QUEUED
            task_ids = tuple(getattr(outcome, "task_ids", ()))
            return AttemptResult(state, task_ids, reason=str(outcome)[:1000], error=outcome)
        is_sure = self._evidence.proves_not_sent
        reason = str(outcome) if isinstance(outcome, Exception) else STOPPED if is_sure else INTERRUPTED
        return AttemptResult(OrderState.QUEUED if is_sure else OrderState.AMBIGUOUS, reason=reason[:1000])


def _problem(row: int, attempt: AttemptResult, error: WeryAIError) -> str:
    named = f" (task {', '.join(attempt.task_ids)})" if attempt.task_ids else ""
    return f"order {row}{named} is {attempt.state.value}, but that could not be noted: {error.message}"
