"""Any generated operation, with the overlay's key, retries and errors."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from .._flow.effects import Flow
from .._flow.retry import RetryPolicy
from .._protocol.contract import check_body, module_name, operation_named
from .._protocol.endpoint import call, call_paid
from ..errors import ConfigurationError, InvalidInputError


def call_operation(
    operation: ModuleType,
    retry: RetryPolicy,
    arguments: dict[str, Any],
    *,
    force: bool = False,
    order_key: str | None = None,
) -> Flow[Any]:
    """Perform an operation of `weryai_api.api`: a Submission if it is paid, else the `data` of the response."""
    facts = _facts(operation)
    body = arguments.get("body")
    if not facts.get("x-paid"):
        service = "models" if "servers" in facts else "api"
        return (yield from call(operation, lambda envelope: envelope.data, retry, service=service, **arguments))  # type: ignore[arg-type]
    if body is None or set(arguments) != {"body"} or not hasattr(body, "to_dict"):
        raise InvalidInputError(f"{facts['operationId']} takes body= alone, a model of weryai_api")
    check_body(facts["requestBody"]["content"]["application/json"]["schema"], _written(body))
    return (yield from call_paid(operation, body, {}, retry, force=force, order_key=order_key))


def _written(body: Any) -> dict[str, Any]:
    """A model of weryai_api as it will be sent."""
    try:
        written: dict[str, Any] = body.to_dict()
    except (ValueError, TypeError, AttributeError) as error:
        raise InvalidInputError(f"the body cannot be written: {error}") from error
    return written


def _facts(operation: ModuleType) -> dict[str, Any]:
    """What the contract says about a generated module."""
    facts = operation_named(module_name(operation)) if isinstance(operation, ModuleType) else None
    if facts is not None:
        return facts
    raise ConfigurationError(
        f"call takes a module of weryai_api.api, such as text_to_video.submit_text_to_video, not {operation!r:.80}"
    )
