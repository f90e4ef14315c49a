"""A paid request between two notes in the journal: that it is about to be sent, and what came of it.

Clients without a journal note it in the memory of the process, so that a retry loop pays once.
"""

from __future__ import annotations

import copy
import hashlib
import itertools
import os
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias, TypeVar

from .._flow.effects import Evidence, Flow, OnDisk, Reply, RunBlocking, Send, Transmit
from .._flow.logs import log
from .._flow.order import AttemptLog, AttemptResult, Intent, OrderState, Scope, service_of
from .._protocol.envelope import accept_paid, unknown_outcome
from ..errors import (
    ConfigurationError,
    DuplicateRequestError,
    JournalError,
    Outcome,
    OutcomeUnknownError,
    WeryAIError,
    before_sending,
)

K = TypeVar("K")
V = TypeVar("V")
#: What is kept of each kind; the oldest goes first.
MOST = 10_000
Same: TypeAlias = tuple[Scope, str]
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
        except Exception as error:
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


def _problem(row: int, attempt: AttemptResult, error: Exception) -> str:
    named = f" (task {', '.join(attempt.task_ids)})" if attempt.task_ids else ""
    return (
        f"order {row}{named} is {attempt.state.value}, but that could not be noted: {getattr(error, 'message', error)}"
    )


@dataclass
class _Attempt:
    same: Same
    request: str
    is_given_up: bool = False
    task_ids: tuple[str, ...] = ()


class ProcessMemory:
    """Orders whose outcome is unknown, per service and key, for as long as the process lives.

    The same order raises that error again, until it is forced. What was accepted may be submitted again, unless its
    caller was interrupted and never heard of it.
    """

    def __init__(self) -> None:
        self._salt = os.urandom(16)
        self._rows = itertools.count(1)
        self._lock = threading.Lock()
        self._errors: dict[Same, WeryAIError] = {}
        self._open: dict[int, _Attempt] = {}
        self._accepted: dict[int, _Attempt] = {}
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._after_fork)

    def order_log(self, base_url: str, key: str) -> MemoryLog:
        """See `OrderLogSource`."""
        return MemoryLog(self, Scope(service_of(base_url), hashlib.sha256(self._salt + key.encode()).hexdigest()))

    def forget(self) -> None:
        """Forget everything, as a new process would."""
        with self._lock:
            self._errors.clear()
            self._open.clear()
            self._accepted.clear()

    def begin(self, same: Same, intent: Intent) -> int:
        """Let an order through, or raise what became of the one before."""
        if intent.order_key is not None:
            raise ConfigurationError("order_key needs a journal: make the client with journal=True")
        with self._lock:
            if intent.is_forced:
                self._errors.pop(same, None)
            elif (error := self._errors.get(same)) is not None:
                raise _again(error)
            row = next(self._rows) if intent.row is None else intent.row
            _keep(self._open, row, _Attempt(same, intent.request))
        return row

    def end(self, row: int, result: AttemptResult) -> None:
        """Remember what may have been paid for."""
        with self._lock:
            attempt = self._open.pop(row, None)
            if attempt is None:
                return
            same, attempt.task_ids = attempt.same, result.task_ids
            if result.state is OrderState.SUBMITTED:
                _keep(self._accepted, row, attempt)
            if result.state is OrderState.AMBIGUOUS:
                # A copy has no traceback, whose frames would live as long.
                error = copy.copy(result.error) if result.error else _unknown(attempt, result.reason or "no response")
                _keep(self._errors, same, error)
            elif attempt.is_given_up and result.state is OrderState.SUBMITTED:
                _keep(self._errors, same, _unheard(attempt))
            elif attempt.is_given_up:
                self._errors.pop(same, None)

    def give_up(self, row: int, reason: str) -> None:
        """Remember that nobody waits for a response, or that nobody heard of it."""
        with self._lock:
            if (attempt := self._open.get(row)) is not None:
                attempt.is_given_up = True
                _keep(self._errors, attempt.same, _unknown(attempt, reason))
            elif (attempt := self._accepted.pop(row, None)) is not None:
                _keep(self._errors, attempt.same, _unheard(attempt))

    def _after_fork(self) -> None:
        self._lock = threading.Lock()


class MemoryLog:
    """The memory as one client sees it: an `AttemptLog` whose futures are done."""

    def __init__(self, memory: ProcessMemory, scope: Scope) -> None:
        self._memory, self._scope = memory, scope

    def begin(self, intent: Intent, fingerprint: str) -> Future[int]:
        """See `AttemptLog`."""
        return _done(self._memory.begin((self._scope, fingerprint), intent))

    def end(self, row: int, attempt: AttemptResult) -> Future[None]:
        """See `AttemptLog`."""
        self._memory.end(row, attempt)
        return _done(None)

    def mark_ambiguous(self, row: int, reason: str) -> Future[None]:
        """See `AttemptLog`."""
        self._memory.give_up(row, reason)
        return _done(None)


MEMORY = ProcessMemory()


def _keep(kept: dict[K, V], key: K, value: V) -> None:
    kept.pop(key, None)
    kept[key] = value
    while len(kept) > MOST:
        del kept[next(iter(kept))]


def _again(error: WeryAIError) -> WeryAIError:
    """The same error once more, which says so."""
    again = copy.copy(error)
    if not isinstance(error, DuplicateRequestError):
        told = f"the same order was sent before, and nobody knows whether it was accepted: {error.message}"
        again.args = (f"{told} It was not sent again; force=True does that.", *error.args[1:])
    return again


def _unknown(attempt: _Attempt, event: str) -> OutcomeUnknownError:
    ids = attempt.task_ids
    return OutcomeUnknownError(unknown_outcome(event, ids), request=attempt.request, task_ids=ids)


def _unheard(attempt: _Attempt) -> DuplicateRequestError:
    first = attempt.task_ids[0]
    return DuplicateRequestError(
        f"the same order was accepted as task {', '.join(attempt.task_ids)}, but its caller was interrupted. It is "
        f"paid for; resume with tasks.wait({first!r}), or say force=True to buy another",
        task_id=first,
    )


def _done(value: V) -> Future[V]:
    future: Future[V] = Future()
    future.set_result(value)
    return future
