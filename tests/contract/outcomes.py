"""What must come out of an answer, typed by hand from what is known of the API: nothing of the overlay is asked.

The rules: 2xx and a `status` of 0 or 200 is a success; any other `status` is a refusal, whose code tells its kind; a
5xx or a 408 to a paid request leaves its outcome unknown;
any task id in a 2xx means that the work was accepted, unless a known code refuses it.
"""

import json
from typing import Any

from contract.core import Refusals
from weryai import errors

# The server's own enum and the account reference; where sources disagree every meaning is allowed.
KINDS: dict[int, tuple[type[errors.APIError], ...]] = {
    400: (errors.InvalidRequestError,),
    401: (errors.AuthenticationError,),
    403: (errors.AuthenticationError,),
    404: (errors.NotFoundError,),
    429: (errors.RateLimitError,),
    500: (errors.ServerError,),
    1001: (errors.RateLimitError, errors.InvalidRequestError),
    1002: (errors.InvalidRequestError, errors.AuthenticationError, errors.ContentRejectedError),
    1003: (errors.NotFoundError,),
    1004: (errors.InsufficientCreditsError,),
    1005: (errors.ContentRejectedError,),
    1006: (errors.ModelUnavailableError,),
    1007: (errors.RateLimitError,),
    1009: (errors.PermissionDeniedError,),
    1010: (errors.NotFoundError,),
    1011: (errors.InsufficientCreditsError,),
    1014: (errors.InvalidRequestError, errors.RateLimitError),
    1015: (errors.RateLimitError,),
    1017: (errors.PermissionDeniedError,),
    1102: (errors.ServerError,),
    2001: (errors.ContentRejectedError,),
    2003: (errors.ContentRejectedError,),
    2004: (errors.InvalidRequestError,),
    5000: (errors.ServerError,),
    6001: (errors.ServerError,),
    6002: (errors.RateLimitError,),
    6003: (errors.ServerError,),
    6004: (errors.ServerError,),
    6010: (errors.RateLimitError,),
    6101: (errors.RateLimitError,),
}
BY_HTTP: dict[int, type[errors.APIError]] = {
    401: errors.AuthenticationError,
    402: errors.InsufficientCreditsError,
    403: errors.PermissionDeniedError,
    404: errors.NotFoundError,
    410: errors.NotFoundError,
    429: errors.RateLimitError,
}
Outcome = type[Exception] | None


def says(body: Any) -> bool | None:
    """Whether a body says yes or no; None when it does not say."""
    if not isinstance(body, dict):
        return None
    status, flag = body.get("status"), body.get("success")
    if flag is False:
        return False
    code = code_of(body)
    if code is not None:
        return code in (0, 200)
    if isinstance(status, str) and status.strip():
        return status.strip().lower() in ("success", "ok")
    return True if flag is True else None


def said(status: int, body: Any) -> bool | None:
    """How this API says yes or no: in the envelope of a 2xx, by the status of a 4xx."""
    return says(body) if 200 <= status < 300 else False if 400 <= status < 500 else None


# A sound order may be refused in words about what its model takes, which the contract cannot say.
REFUSALS = Refusals(said, lambda _, body: code_of(body) == 1002)


def code_of(body: Any) -> int | None:
    """The code in a body: an integer, in whatever JSON type it comes."""
    status = body.get("status") if isinstance(body, dict) else None
    if isinstance(status, str) and len(status.strip().lstrip("-")) <= 9 and status.strip().lstrip("-").isascii():
        digits = status.strip().removeprefix("-")
        return int(status) if digits.isdigit() else None
    if (
        isinstance(status, bool)
        or not isinstance(status, int | float)
        or status != status
        or abs(status) == float("inf")
    ):
        return None
    return int(status) if status == int(status) else None


def has_task_id(body: Any) -> bool:
    """Whether anything in a body is a task id."""
    if isinstance(body, list):
        return any(map(has_task_id, body))
    if not isinstance(body, dict):
        return False
    own = [body.get(name) for name in ("task_ids", "taskIds", "task_id", "taskId")]
    flat = [item for one in own for item in (one if isinstance(one, list) else [one])]
    is_id = [not isinstance(item, bool) and isinstance(item, str | int) and _names(str(item)) for item in flat]
    return any(is_id) or any(map(has_task_id, body.values()))


def _names(text: str) -> bool:
    return bool(text.strip().strip(".")) and text.strip().isprintable()


def judge(status: int, body: Any, outcome: Any, *, paid: bool) -> str:
    """Return what is wrong with the outcome of an answer, or nothing: the error that came, or a value."""
    error = outcome if isinstance(outcome, BaseException) else None
    allowed = _allowed(status, body, paid=paid)
    kinds = tuple(kind for kind in allowed if kind is not None)
    if error is None:
        problem = "" if None in allowed else f"should raise {[kind.__name__ for kind in kinds]}"
    else:
        problem = "" if type(error) in kinds else f"should be {[kind and kind.__name__ for kind in allowed]}"
    if isinstance(error, errors.ContractError) and error.may_have_been_billed is not paid:
        problem = problem or f"may_have_been_billed is {error.may_have_been_billed}"
    came = type(error).__name__ if error else "a value"
    return f"HTTP {status} with {json.dumps(body, default=repr)[:500]} gave {came}: {problem}" if problem else ""


def _allowed(status: int, body: Any, *, paid: bool) -> tuple[Outcome, ...]:
    if status >= 500 or status == 408:
        return (errors.OutcomeUnknownError,) if paid else (errors.ServerError,)
    if 200 <= status < 300:
        if paid and has_task_id(body):
            # Known to refuse, and a task id all the same: nobody can say which of them holds.
            refused = code_of(body) in KINDS or (isinstance(body, dict) and body.get("success") is False)
            return (errors.OutcomeUnknownError,) if refused else (None,)
        verdict = says(body)
        if verdict is False:
            return _kinds(status, body)
        if paid:
            return (errors.ContractError,)
        has_content = isinstance(body, dict) and body.get("data") not in (None, "", {}, [])
        # A success whose data does not fit may be unreadable.
        return (None, errors.ContractError) if verdict or has_content else (errors.ContractError,)
    return (errors.ContractError,) if status < 400 else _kinds(status, body)


def _kinds(status: int, body: Any) -> tuple[Outcome, ...]:
    by_code = KINDS.get(code_of(body) or 0)
    if by_code:
        return by_code
    fallback = errors.InvalidRequestError if 400 <= status < 500 else errors.APIError
    return (BY_HTTP.get(status, fallback),)
