"""Seam 1: a generated endpoint and a way to read its response become a flow that retries what may be retried.

This is the only module that knows the hinge of the generated endpoint modules: `_get_kwargs` builds a request. Answers
are read by `envelope.py`, because the generated parsers hand through whatever does not fit their types.
"""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Literal, TypeVar

from .._flow.effects import Flow, Now, Reply, Send, Sleep, note
from .._flow.logs import log, warn
from .._flow.order import Intent
from .._flow.retry import RetryPolicy
from .._task import card
from ..errors import InvalidInputError, Outcome, WeryAIError
from .contract import defaults_of, module_at, module_name, plain, plain_fields
from .envelope import Envelope, accept, accept_paid, id_of

T = TypeVar("T")
LONGEST_KEY = 500


@dataclass(frozen=True, slots=True)
class Submission:
    """Accepted, paid work. Write `task_ids` down: nothing else leads back to it. `raw` is the whole response."""

    task_ids: tuple[str, ...]
    batch_id: int | str | None = None
    raw: Any = field(default=None, repr=False, hash=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the submission as `json.dumps` takes it, without `raw`."""
        return {"task_ids": list(self.task_ids), "batch_id": self.batch_id}

    def _repr_html_(self) -> str:
        return card("Submitted and paid for", {"task ids": ", ".join(self.task_ids), "batch": self.batch_id})


def read_submission(envelope: Envelope, task_ids: tuple[str, ...]) -> Submission:
    """Read the answer of an accepted submission, whose task ids were found already."""
    batch_id = envelope.data.get("batch_id") if isinstance(envelope.data, dict) else None
    return Submission(task_ids, batch_id if id_of(batch_id) else None, envelope.raw)


def call(
    endpoint: ModuleType,
    read: Callable[[Envelope], T],
    retry: RetryPolicy,
    *,
    service: Literal["api", "models"] = "api",
    headers: Mapping[str, str] | None = None,
    timeout: float | None = None,
    **arguments: Any,
) -> Flow[T]:
    """Send a free request as the contract has it, and read the answer of a success."""
    request = _request(endpoint, headers or {}, arguments)
    effect = Send(request, service, timeout=timeout, endpoint=module_name(endpoint))
    envelope = yield from send_with_retries(effect, accept, retry)
    return read(envelope)


def call_paid(
    endpoint: ModuleType,
    body: Any,
    extra: Mapping[str, Any],
    retry: RetryPolicy,
    *,
    images: Mapping[str, bytes] | None = None,
    output: str | None = None,
    force: bool = False,
    order_key: str | None = None,
) -> Flow[Submission]:
    """Submit a paid request once, or again only when the last try surely started nothing.

    For the journal: `images` are the contents that were uploaded for it, by their places, `output` where the video is
    to go, `force` orders the same again, `order_key` is the caller's own name for the order.
    """
    check_order_key(order_key)
    request = _request(endpoint, {}, {"body": body})
    whole = plain_fields({**request.pop("json"), **extra})
    name = f"{str(request['method']).upper()} {request['url']}"
    intent = Intent(name, whole, images or {}, output, force)
    intent.order_key, intent.defaults = order_key, defaults_of(name)
    return (yield from order(intent, retry))


def check_order_key(order_key: object) -> None:
    """Refuse what cannot be the caller's own name for an order."""
    is_text = isinstance(order_key, str) and order_key.encode(errors="replace").decode() == order_key
    if order_key is not None and not (is_text and 0 < len(str(order_key)) <= LONGEST_KEY):
        raise InvalidInputError(f"order_key must be text of 1 to {LONGEST_KEY} characters")


def order(intent: Intent, retry: RetryPolicy) -> Flow[Submission]:
    """Send what is intended, as `call_paid` does."""
    effect = paid_request(intent)
    try:
        submission = read_submission(
            *(yield from send_with_retries(effect, lambda reply: accept_paid(reply, effect.name), retry))
        )
    except GeneratorExit:
        raise
    except BaseException as error:
        is_open = isinstance(error, WeryAIError) and error.outcome is Outcome.UNKNOWN
        if (row := intent.row) is not None and not is_open:
            reason = str(error) or type(error).__name__
            yield from note(lambda record: record.mark_not_placed(row, reason))
        raise
    log.info("submitted task %s", ", ".join(submission.task_ids))
    if intent.problem:
        warn(intent.problem)
    return submission


def paid_request(intent: Intent) -> Send:
    """The request that places an order."""
    method, _, url = intent.request.partition(" ")
    headers = {"Content-Type": "application/json"}
    request = {"method": method, "url": url, "headers": headers, "content": encode(intent.body)}
    return Send(request, paid=True, endpoint=module_at(method, url), intent=intent)


def send_with_retries(effect: Send, accept_reply: Callable[[Reply], T], retry: RetryPolicy) -> Flow[T]:
    """Send until it is accepted, refused for good, or not worth another try."""
    started = yield from Now()
    attempt = 0
    while True:
        attempt += 1
        try:
            reply = yield from dataclasses.replace(effect, attempt=attempt) if attempt > 1 else effect
            return accept_reply(reply)
        except WeryAIError as error:
            elapsed = (yield from Now()) - started
            delay = retry.delay(attempt, error, paid=effect.paid, elapsed=elapsed, spread=random.random())
            if delay is None:
                raise
            log.info("%s: %s; trying again in %.1f s", effect.name, type(error).__name__, delay)
        yield from Sleep(delay)


def _request(endpoint: ModuleType, headers: Mapping[str, str], arguments: Mapping[str, Any]) -> dict[str, Any]:
    try:
        request: dict[str, Any] = endpoint._get_kwargs(**arguments)
    except (ValueError, TypeError, AttributeError) as error:
        raise InvalidInputError(str(error)) from error
    request["headers"] = {**request.get("headers", {}), **headers}
    return request


def encode(body: Mapping[str, Any]) -> bytes:
    """Write a request's body, or refuse what JSON cannot say."""
    try:
        return _WRITE(body).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInputError(f"the request cannot be written as JSON: {error}") from error


def _plain_or_refused(value: object) -> object:
    if (found := plain(value)) is value:
        raise TypeError(f"it holds a value of type {type(value).__name__}")
    return found


# Made once: `json.dumps` makes an encoder each time.
_WRITE = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain_or_refused).encode
