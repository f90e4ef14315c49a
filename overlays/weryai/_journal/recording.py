"""A paid request between two notes in the journal: that it is about to be sent, and what came of it."""

from __future__ import annotations

import contextlib

from .._flow.effects import Flow, Note, Reply, RunBlocking, Send, SendNow
from .._flow.intent import Intent
from .._flow.logs import log
from .._flow.order import AttemptResult, OrderState
from .._protocol.envelope import accept_paid
from .._settings import Settings
from ..errors import ContractError, JournalError, OutcomeUnknownError, WeryAIError

INTERRUPTED = "it was interrupted before the answer came"


def noted(effect: Send, settings: Settings) -> Flow[Reply] | None:
    """Send a paid request once, noted before and after; None where there is no journal, or nothing to note."""
    return _noted(effect, effect.intent) if settings.journal and effect.intent else None


def _noted(effect: Send, intent: Intent) -> Flow[Reply]:
    # Only an image is worth another thread.
    fingerprint = (yield from RunBlocking(intent.fingerprint)) if intent.image else intent.fingerprint()
    try:
        intent.row = yield from Note(lambda record: record.begin(intent, fingerprint))
    except JournalError as error:
        if "Nothing was sent." not in str(error):
            error.args = (f"{error}. Nothing was sent.",)
        raise
    try:
        reply = yield from SendNow(effect)
    except GeneratorExit:
        # The loop is gone; who finds the row sees that it is open and nobody works on it.
        raise
    except BaseException as error:
        yield from _end(intent, _judged(effect, error))
        raise
    yield from _end(intent, _judged(effect, reply))
    return reply


def give_up(effect: Send, settings: Settings) -> None:
    """Note that nobody waits for an answer any more; should it still come, that is noted as well."""
    if settings.journal and effect.intent and effect.intent.row:
        with contextlib.suppress(WeryAIError):
            settings.order_log().mark_ambiguous(effect.intent.row, INTERRUPTED)


def _end(intent: Intent, attempt: AttemptResult) -> Flow[None]:
    """Note what came of a request. Should that fail, the answer still reaches the caller, who is told."""
    row = intent.row
    assert row is not None
    try:
        yield from Note(lambda record: record.end(row, attempt))
    except WeryAIError as error:
        named = f" (task {', '.join(attempt.task_ids)})" if attempt.task_ids else ""
        intent.problem = f"order {row}{named} is {attempt.state.value}, but that could not be noted: {error}"
        log.warning("%s", intent.problem)


def _judged(effect: Send, outcome: Reply | BaseException) -> AttemptResult:
    """What a try came to, by the same rules by which it is repeated or not."""
    if isinstance(outcome, Reply):
        try:
            envelope, task_ids = accept_paid(outcome, effect.name)
        except WeryAIError as error:
            outcome = error
        else:
            batch_id = envelope.data.get("batch_id") if isinstance(envelope.data, dict) else None
            return AttemptResult(OrderState.SUBMITTED, task_ids, None if batch_id is None else str(batch_id))
    task_ids = getattr(outcome, "task_ids", ())
    is_unknown = task_ids or not isinstance(outcome, WeryAIError) or isinstance(outcome, OutcomeUnknownError)
    is_unknown = is_unknown or (isinstance(outcome, ContractError) and outcome.may_have_been_billed)
    reason = str(outcome) if isinstance(outcome, Exception) else INTERRUPTED
    return AttemptResult(
        OrderState.AMBIGUOUS if is_unknown else OrderState.QUEUED, tuple(task_ids), None, reason[:1000]
    )
