"""Seam 1: a generated endpoint and a way to read its answer become a flow that retries what may be retried.

This is the only module that knows the hinge of the generated endpoint modules: `_get_kwargs` builds a request. Answers
are read by `_envelope`, because the generated parsers hand through whatever does not fit their types.
"""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, Literal, TypeVar

from ._envelope import Envelope, accept, accept_paid
from ._flow import Flow, Now, Reply, Send, Sleep, log
from ._limits import module_name
from ._retry import RetryPolicy
from .errors import InvalidInputError, WeryAIError

T = TypeVar("T")


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
    envelope = yield from _persist(effect, accept, retry)
    return read(envelope)


def call_paid(
    endpoint: ModuleType, body: Any, extra: Mapping[str, Any], retry: RetryPolicy
) -> Flow[tuple[Envelope, tuple[str, ...]]]:
    """Submit a paid request once, or again only when the last try surely started nothing; return its task ids."""
    request = _request(endpoint, {"Content-Type": "application/json"}, {"body": body})
    request["content"] = encode({**request.pop("json"), **extra})
    effect = Send(request, paid=True, endpoint=module_name(endpoint))
    return (yield from _persist(effect, lambda reply: accept_paid(reply, effect.name), retry))


def _persist(effect: Send, accept_reply: Callable[[Reply], T], retry: RetryPolicy) -> Flow[T]:
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
        return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInputError(f"the request cannot be written as JSON: {error}") from error
