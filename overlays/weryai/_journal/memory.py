"""What this process sent with an unknown outcome: for clients without a journal, so that a retry loop pays once."""

from __future__ import annotations

import copy
import hashlib
import itertools
import os
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from .._flow.intent import Intent
from .._flow.order import AttemptResult, OrderState, Scope, service_of
from .._protocol.envelope import unknown_outcome
from ..errors import ConfigurationError, DuplicateRequestError, OutcomeUnknownError, WeryAIError

K = TypeVar("K")
V = TypeVar("V")
#: What is kept of each kind; the oldest goes first.
MOST = 10_000
Same: TypeAlias = tuple[Scope, str]


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
