"""Everything that weryai raises.

WeryAIError
├── ConfigurationError        nothing was sent: no key, impossible option
├── InvalidInputError         nothing was sent: the request breaks a limit (also a ValueError)
│   └── DuplicateRequestError     the same was submitted a moment ago       .task_id
├── TransportError            no response came                              .request
│   ├── NotSentError              surely never reached the API: safe to try again
│   └── OutcomeUnknownError       it may have been accepted and billed      .http_status .raw .task_ids
├── ContractError             a response that cannot be read                .raw .may_have_been_billed .task_ids
├── APIError                  the service refused   .http_status .code .message .request_id .retry_after .task_ids
│   ├── AuthenticationError · PermissionDeniedError · InsufficientCreditsError · NotFoundError
│   ├── InvalidRequestError · ModelUnavailableError · ContentRejectedError
│   ├── RateLimitError            rate, queue full, concurrency, daily cap
│   └── ServerError               a readable refusal that is the service's fault, or a GET's 5xx
├── TaskError                 the request was right; the work was not       .task_id .task .reason
│   ├── TaskFailedError
│   └── TaskTimeoutError          we stopped waiting (also a TimeoutError); says how to resume
├── DownloadError             the video exists; fetching it did not work    .url .partial_path .task_id
├── JournalError · BudgetExceededError
└── WebhookError

Every error pickles and keeps its class, its fields and its notes. No key is in any of them. `args` is the message and a
mapping of the fields as JSON holds them, so that what rebuilds an error from `args` alone, as Celery's JSON results do,
loses no task id; what does not come along, such as a long `raw`, is `LOST` then.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from pathlib import Path

    from ._task import Task

__all__ = (  # noqa: RUF022 - in the order of the tree
    "WeryAIError", "ConfigurationError", "InvalidInputError", "DuplicateRequestError", "TransportError", "NotSentError",
    "OutcomeUnknownError", "ContractError", "APIError", "AuthenticationError", "PermissionDeniedError",
    "InsufficientCreditsError", "NotFoundError", "InvalidRequestError", "ModelUnavailableError", "ContentRejectedError",
    "RateLimitError", "ServerError", "TaskError", "TaskFailedError", "TaskTimeoutError", "DownloadError",
    "JournalError", "BudgetExceededError", "WebhookError", "WeryAIWarning", "Outcome",
)  # fmt: skip


class Outcome(StrEnum):
    """What became of the paid request that an error is about: what a caller may do with their money.

    NOT_SENT: nothing left, or no paid request was concerned; trying again pays once. REFUSED: the service said no and
    started nothing. UNKNOWN: it may have been accepted and billed; never repeat it blindly. ACCEPTED: it is paid for;
    go on with its task, never submit again.
    """

    NOT_SENT = "not_sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"


class WeryAIWarning(UserWarning):
    """Something is odd but nothing is lost: an unknown word, a large image, a surprising file."""


class _Lost:
    """A field of an error that was rebuilt elsewhere, and whose value did not come along; it is not None, and true."""

    def __repr__(self) -> str:
        return "<lost: this error was rebuilt from its args>"

    def __reduce__(self) -> str:
        return "LOST"


LOST = _Lost()


class WeryAIError(Exception):
    """Anything that went wrong in weryai; catch it to catch all of them. Fields are given by keyword.

    `message` is what went wrong, in words; `str` may add what that means for the request, such as that nothing was
    sent. `paid_task_ids` are the tasks that were waited for, and are paid for, when it was met.
    """

    paid_task_ids: tuple[str, ...] = ()
    # Whether it was met before a paid request could leave.
    _is_before_sending = False
    # Whether images were uploaded before it was met, which is free.
    _is_after_upload = False

    def __init__(self, message: str = "", carried: Mapping[str, Any] | None = None, /, **fields: Any) -> None:
        super().__init__(message)
        self.__dict__.update({name: _restored(name, value) for name, value in (carried or {}).items()})
        self.__dict__.update(fields)
        self._carry()

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if not name.startswith("__") and name != "args":
            self._carry()

    def __str__(self) -> str:
        text = self._text()
        if not self._is_before_sending or self.outcome is not Outcome.NOT_SENT:
            return text
        # What follows the first line is a list.
        first, end, rest = text.partition("\n")
        sent = "Nothing was submitted." if self._is_after_upload else "Nothing was sent."
        return f"{_sentence(first)} {sent}{end}{rest}"

    @property
    def message(self) -> str:
        """What went wrong, in words."""
        return str(self.args[0]) if self.args else ""

    def _text(self) -> str:
        return self.message

    def _carry(self) -> None:
        """Put the fields into `args`, as far as JSON holds them."""
        carried = {name: _carried(value) for name, value in self.__dict__.items() if not name.startswith("__")}
        super().__setattr__("args", (self.args[0] if self.args else "", *([carried] if carried else [])))

    @property
    def outcome(self) -> Outcome:
        """What became of the paid request that this is about: ACCEPTED for whatever a wait for its task meets."""
        if self.paid_task_ids:
            return Outcome.ACCEPTED
        return Outcome.NOT_SENT if self._is_before_sending else self._own_outcome()

    def _own_outcome(self) -> Outcome:
        return Outcome.NOT_SENT


E = TypeVar("E", bound=WeryAIError)


def before_sending(error: E) -> E:
    """Mark an error as met before a paid request could leave; its text says that nothing was sent."""
    error._is_before_sending = True
    return error


def after_upload(error: WeryAIError) -> None:
    """Mark an error as met when images were uploaded: where nothing was sent else, it says that of the order alone."""
    error._is_after_upload = True


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _carried(value: Any) -> Any:
    """A field's value as JSON holds it, or that it is lost."""
    if isinstance(value, tuple) and all(isinstance(part, str) for part in value):
        return list(value)
    if isinstance(value, os.PathLike):
        return str(value)
    is_short = value is None or isinstance(value, int | float) or (isinstance(value, str) and len(value) <= LONGEST)
    return value if is_short else _LOST_WORD


def _restored(name: str, value: Any) -> Any:
    if value == _LOST_WORD:
        return LOST
    if isinstance(value, list):
        return tuple(value)
    if name == "partial_path" and value is not None:
        # Loaded for the few who need it.
        from pathlib import Path

        return Path(value)
    return value


_LOST_WORD = "(lost)"
# Of a text that comes along in `args`, in characters.
LONGEST = 1_000


class ConfigurationError(WeryAIError):
    """Nothing was sent: there is no key, or an option cannot be right."""

    _is_before_sending = True


class InvalidInputError(WeryAIError, ValueError):
    """Nothing was sent: the request breaks a limit of the contract, or the image cannot be used."""

    _is_before_sending = True


class DuplicateRequestError(InvalidInputError):
    """Nothing was sent: the same request was submitted a moment ago, as `.task_id`."""

    task_id: str | None = None


class TransportError(WeryAIError):
    """No response came. `.request` names the call, such as "GET /v1/generation/t1/status"."""

    request: str = ""

    def _text(self) -> str:
        return f"{self.request}: {self.message}" if self.request else self.message


class NotSentError(TransportError):
    """The request surely never reached the API: trying again cannot be billed twice."""


class OutcomeUnknownError(TransportError):
    """A paid request was sent and no readable response came: it may have been accepted and billed.

    It is never repeated by itself. Check your call history at https://weryai.com/api/history, or `.task_ids` if the
    response held any, before you submit again. `.http_status` is None when not even a status line came; `.raw` is what
    came.
    """

    http_status: int | None = None
    raw: Any = None
    task_ids: tuple[str, ...] = ()

    def _own_outcome(self) -> Outcome:
        return Outcome.UNKNOWN


class ContractError(WeryAIError):
    """A response came that cannot be read as the contract has it; `.raw` is that response.

    `.may_have_been_billed` is True when the response belongs to a paid request, which is then never repeated.
    """

    http_status: int | None = None
    raw: Any = None
    may_have_been_billed: bool = False
    task_ids: tuple[str, ...] = ()

    def _own_outcome(self) -> Outcome:
        return Outcome.UNKNOWN if self.may_have_been_billed else Outcome.NOT_SENT


class APIError(WeryAIError):
    """The service answered no.

    `.code` is the body's `status`, `.message` the service's own words, `.retry_after` seconds it asked to wait,
    `.task_ids` any task ids that the refusal held all the same, `.raw` the whole body.
    """

    advice = "See the code in the contract's error table, or ask the service's support."
    http_status: int | None = None
    code: int | None = None
    request_id: str | None = None
    retry_after: float | None = None
    task_ids: tuple[str, ...] = ()
    raw: Any = None

    def _own_outcome(self) -> Outcome:
        return Outcome.UNKNOWN if self.task_ids else Outcome.REFUSED

    def _text(self) -> str:
        known = {"code": self.code, "HTTP": self.http_status, "request": self.request_id}
        facts = [f"{name} {value}" for name, value in known.items() if value is not None]
        facts += [f"tasks {', '.join(self.task_ids)}"] if self.task_ids else []
        what = self.message.rstrip(".") or "The service refused"
        if facts:
            what = f"{what} ({', '.join(facts)})"
        return f"{_sentence(what)} {self.advice}"


class AuthenticationError(APIError):
    """The key is missing, wrong or not allowed from this IP address."""

    advice = "Check WERYAI_API_KEY; keys are made at https://www.weryai.com/api/keys."


class PermissionDeniedError(APIError):
    """The key is known but may not do this."""

    advice = "The account may need a subscription, or the IP address is not allowed."


class InsufficientCreditsError(APIError):
    """The prepaid credits do not suffice; nothing was started."""

    advice = "Buy credits, or choose a cheaper model or a shorter video."


class NotFoundError(APIError):
    """The task, batch or page is unknown; an old task id may have expired."""

    advice = "Check the id; old ones may have expired."


class InvalidRequestError(APIError):
    """The service refused a parameter; sending the same again will fail again."""

    advice = "Change the request; what a model takes differs from model to model."


class ModelUnavailableError(APIError):
    """The model is unknown or was withdrawn."""

    advice = "Choose another model; keys change without notice."


class ContentRejectedError(APIError):
    """Moderation refused the prompt or the image."""

    advice = "Change the prompt or the image."


class RateLimitError(APIError):
    """Too many requests, a full queue, too many tasks at once, or a daily cap."""

    advice = "Wait and try again."


class ServerError(APIError):
    """The service says that it failed, in a readable refusal or as a GET's 5xx."""

    advice = "This is the service's fault; try again later."


class TaskError(WeryAIError):
    """The request was right; the work was not. `.task` is the last thing known of it."""

    task_id: str = ""
    task: Task | None = None
    reason: str | None = None

    def _own_outcome(self) -> Outcome:
        return Outcome.ACCEPTED


class TaskFailedError(TaskError):
    """The task ended without a video; `.reason` is the service's word on why."""


class TaskTimeoutError(TaskError, TimeoutError):
    """We stopped waiting; the task goes on and stays paid for. Wait again with the same id to resume."""


class DownloadError(WeryAIError):
    """The video exists, but fetching or storing it did not work; never submit again because of it."""

    url: str = ""
    partial_path: Path | None = None
    task_id: str | None = None

    def _own_outcome(self) -> Outcome:
        return Outcome.ACCEPTED


class JournalError(WeryAIError):
    """The journal of orders cannot be used, or an order does not stand there as expected; nothing was sent."""


class BudgetExceededError(WeryAIError):
    """The next submission would exceed the budget that was set; it was not sent."""


class WebhookError(WeryAIError):
    """A webhook delivery cannot be read, or does not hold the secret of the callback URL."""
