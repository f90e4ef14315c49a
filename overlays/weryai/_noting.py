"""A paid request between two notes in the journal: that it is about to be sent, and what came of it."""

from __future__ import annotations

import contextlib

from ._envelope import accept_paid
from ._flow import Bare, Flow, Note, Perform, Reply, Send
from ._intent import Intent
from ._logs import log
from ._order import OrderState, Verdict
from ._settings import Settings
from .errors import ContractError, JournalError, OutcomeUnknownError, WeryAIError

INTERRUPTED = "it was interrupted before the answer came"


def noted(effect: Send, settings: Settings) -> Flow[Reply] | None:
    """Send a paid request once, noted before and after; None where there is no journal, or nothing to note."""
    return _noted(effect, effect.intent) if settings.journal and effect.intent else None


def _noted(effect: Send, intent: Intent) -> Flow[Reply]:
    # Only a picture is worth another thread.
    fingerprint = (yield from Perform(intent.fingerprint)) if intent.picture else intent.fingerprint()
    try:
        intent.row = yield from Note(lambda record: record.begin(intent, fingerprint))
    except JournalError as error:
        if "Nothing was sent." not in str(error):
            error.args = (f"{error}. Nothing was sent.",)
        raise
    try:
        reply = yield from Bare(effect)
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
            settings.record().doubt(effect.intent.row, INTERRUPTED)


def _end(intent: Intent, verdict: Verdict) -> Flow[None]:
    """Note what came of a request. Should that fail, the answer still reaches the caller, who is told."""
    row = intent.row
    assert row is not None
    try:
        yield from Note(lambda record: record.end(row, verdict))
    except WeryAIError as error:
        named = f" (task {', '.join(verdict.task_ids)})" if verdict.task_ids else ""
        intent.problem = f"order {row}{named} is {verdict.state.value}, but that could not be noted: {error}"
        log.warning("%s", intent.problem)


def _judged(effect: Send, outcome: Reply | BaseException) -> Verdict:
    """What a try came to, by the same rules by which it is repeated or not."""
    if isinstance(outcome, Reply):
        try:
            envelope, task_ids = accept_paid(outcome, effect.name)
        except WeryAIError as error:
            outcome = error
        else:
            batch_id = envelope.data.get("batch_id") if isinstance(envelope.data, dict) else None
            return Verdict(OrderState.SUBMITTED, task_ids, None if batch_id is None else str(batch_id))
    task_ids = getattr(outcome, "task_ids", ())
    is_unknown = task_ids or not isinstance(outcome, WeryAIError) or isinstance(outcome, OutcomeUnknownError)
    is_unknown = is_unknown or (isinstance(outcome, ContractError) and outcome.may_have_been_billed)
    reason = str(outcome) if isinstance(outcome, Exception) else INTERRUPTED
    return Verdict(OrderState.AMBIGUOUS if is_unknown else OrderState.QUEUED, tuple(task_ids), None, reason[:1000])
