"""The API's {status, desc, message, data}: a success, or a typed error: pure.

Success is decided by the HTTP status, the envelope and the content together, because each of them alone has been seen
to lie: refusals come with HTTP 200, successes with `status` 200, "0", "success" or none at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._flow.effects import Reply
from .._flow.retry import parse_retry_after
from ..errors import (
    APIError,
    AuthenticationError,
    ContentRejectedError,
    ContractError,
    InsufficientCreditsError,
    InvalidRequestError,
    ModelUnavailableError,
    NotFoundError,
    OutcomeUnknownError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
)

# Codes of the server's own enum (contract: ErrorReply.x-error-codes), which live evidence favours over the docs guide;
# 1004 and 1005 are known from the guide alone. Where one code means several things, the message decides: _hinted.
_KINDS: dict[type[APIError], tuple[int, ...]] = {
    AuthenticationError: (401, 403),
    ContentRejectedError: (1005, 2001, 2003),
    InsufficientCreditsError: (1004, 1011),
    InvalidRequestError: (400, 1002, 1014, 2004),
    ModelUnavailableError: (1006,),
    NotFoundError: (404, 1003, 1010),
    PermissionDeniedError: (1009, 1017),
    RateLimitError: (429, 1001, 1007, 1015, 6002, 6010, 6101),
    ServerError: (500, 1102, 5000, 6001, 6003, 6004),
}
CODES = {code: kind for kind, codes in _KINDS.items() for code in codes}
HTTP: dict[int, type[APIError]] = {
    401: AuthenticationError,
    402: InsufficientCreditsError,
    403: PermissionDeniedError,
    404: NotFoundError,
    410: NotFoundError,
    429: RateLimitError,
}
SUCCESS_CODES = (0, 200)
SUCCESS_WORDS = ("success", "ok")

# Patterns are compiled when a response needs them: that of most does not, and compiling takes milliseconds.
# 1001 is a rate limit in the server's enum and a parameter error in the docs guide.
_PARAMETER = (
    r"(?i)param|参数|empty|invalid|not support|not exist|url error|required|must be|exceeds|too long|too short|"
    r"prompt|duration|ratio|resolution|image|model|video.?number|audio|webhook|caller.?id"
)
_RATE = r"(?i)rate.?limit|request rate|limit exceeded|frequen|too many|too often|频率|频繁"
_KEY = r"(?i)api.?key|(?<![a-z])(?:un)?auth(?:ent|ori[sz]|\b)|access.?token|密钥|认证|鉴权"
_CONTENT = r"(?i)moderat|audit|sensitive|copyright|violat|prohibit|nsfw|审核|敏感|违规"
_ID_FIELD = r'(?i)"task[_-]?ids?"\s*:\s*(\[[^\]{}]*\]?|"(?:[^"\\]|\\.)*"|[0-9]+(?=[\s,}]))'
_ID = r'"((?:[^"\\]|\\.)+)"|([0-9]+)(?=[\s,\]])|^([0-9]+)$'
_ID_NAME = re.compile(r"(?i)task[_-]?ids?")
_ID_NAMES = ("taskids", "taskid")
# What services write that have no id.
_NO_IDS = ("0", "-1", "null", "none", "nil", "undefined")


@dataclass(frozen=True, slots=True)
class Envelope:
    """A response taken apart; `raw` is the parsed body, or its text when it is not JSON."""

    http_status: int
    headers: Mapping[str, str]
    raw: Any
    code: int | None
    message: str
    data: Any

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of the body; none unless it is a JSON object, as every documented answer is."""
        return self.raw if isinstance(self.raw, dict) else {}

    @property
    def is_http_success(self) -> bool:
        """Whether the HTTP status is a 2xx."""
        return 200 <= self.http_status < 300

    @property
    def verdict(self) -> bool | None:
        """What the body says: True for yes, False for no, None when it does not say."""
        word = self.fields.get("status")
        if self.success is False:
            return False
        if self.code is not None:
            return self.code in SUCCESS_CODES
        if isinstance(word, str) and word.strip():
            return word.strip().lower() in SUCCESS_WORDS
        return self.success or None

    @property
    def success(self) -> bool | None:
        """The field `success`, which may be a word or a number as well; None when it does not say."""
        said = self.fields.get("success")
        word = said.strip().lower() if isinstance(said, str) else said
        return True if word in (1, "true", "1") else False if word in (0, "false", "0") else None

    @property
    def is_success(self) -> bool:
        """Whether status line, code and content say yes together."""
        has_content = self.data is not None and self.data not in ("", {}, [])
        return self.is_http_success and (self.verdict is True or (self.verdict is None and has_content))


def read_envelope(reply: Reply) -> Envelope:
    """Take any response apart; never fails."""
    raw = reply.parsed
    fields = raw if isinstance(raw, dict) else {}
    # The order of preference is that of the service's own client.
    message = ""
    for name in ("msg", "message", "desc"):
        if isinstance(word := fields.get(name), str) and (message := word.strip()):
            message = message if message.isascii() else _printable(message)
            break
    data = fields.get("data")
    if data is None and values_named(fields, "taskid"):
        # A task without the envelope, as a delivery may be one.
        data = fields
    return Envelope(reply.http_status, reply.headers, raw, _code(fields.get("status")), message, data)


def accept(reply: Reply) -> Envelope:
    """Return the envelope of a successful answer to a free request, or raise what it really says."""
    envelope = read_envelope(reply)
    status = envelope.http_status
    if envelope.is_success:
        return envelope
    if status < 400 and not (envelope.is_http_success and envelope.verdict is False):
        raise ContractError(_unreadable(envelope, "not the documented envelope"), raw=envelope.raw, http_status=status)
    raise refusal(envelope)


def accept_paid(reply: Reply, request: str) -> tuple[Envelope, tuple[str, ...]]:
    """Return the envelope and task ids of an accepted submission, or raise how certain the refusal is.

    What was accepted is read once for all who ask.
    """
    if (known := reply.found.get("accepted")) is not None:
        return known  # type: ignore[no-any-return]
    envelope = read_envelope(reply)
    task_ids = find_task_ids(envelope.raw)
    status = envelope.http_status
    if envelope.is_http_success and task_ids and not _is_known_refusal(envelope):
        reply.found["accepted"] = envelope, task_ids
        return envelope, task_ids
    if envelope.is_http_success and task_ids:
        event = f"a refusal that names a task ({_refused_by(envelope)})"
        raise OutcomeUnknownError(
            unknown_outcome(event, task_ids), request=request, http_status=status, raw=envelope.raw,
            task_ids=task_ids,
        )  # fmt: skip
    if status >= 500 or status == 408:
        raise OutcomeUnknownError(
            unknown_outcome(f"HTTP {status}", task_ids),
            request=request,
            http_status=status,
            raw=envelope.raw,
            task_ids=task_ids,
        )
    if status < 400 and not (envelope.is_http_success and envelope.verdict is False):
        raise ContractError(
            f"{request}: {unknown_outcome(_unusable(envelope), task_ids)}",
            raw=envelope.raw,
            may_have_been_billed=True,
            http_status=status,
            task_ids=task_ids,
        )
    raise refusal(envelope, task_ids)


def _is_known_refusal(envelope: Envelope) -> bool:
    """Whether a body says no in words that some table has: its task ids then prove nothing.

    A code or a word of no table beside task ids is drift, and what was submitted counts.
    """
    return envelope.success is False or (envelope.code in CODES and envelope.verdict is False)


def _refused_by(envelope: Envelope) -> str:
    said = f"code {envelope.code}" if envelope.code is not None else "success: false"
    return f"{said}: {envelope.message[:200]}" if envelope.message else said


def refusal(envelope: Envelope, task_ids: tuple[str, ...] = ()) -> APIError:
    """Make the typed error of a response that says no.

    Where HTTP status and body disagree: a 5xx or 408 is the service's fault, whatever the body says. Else the body's
    code outranks the status. 1002, which has three meanings, is a refused key with HTTP 401, and with 403 unless its
    message speaks of content. A code of no table gives way to the status.
    """
    kind = _hinted(envelope) or CODES.get(envelope.code or 0) or HTTP.get(envelope.http_status)
    if envelope.http_status >= 500 or envelope.http_status == 408:
        kind = ServerError
    elif kind is None:
        kind = InvalidRequestError if 400 <= envelope.http_status < 500 else APIError
    return kind(
        envelope.message or ("" if envelope.fields else _excerpt(envelope.raw)),
        http_status=envelope.http_status,
        code=envelope.code,
        request_id=request_id_of(envelope),
        retry_after=parse_retry_after(envelope.headers),
        task_ids=task_ids,
        raw=envelope.raw,
    )


def find_task_ids(raw: Any) -> tuple[str, ...]:
    """Every task id in a response, in order, however deep it stands; text that is no JSON is searched as well."""
    if isinstance(raw, str):
        return _unique(
            [id_of("".join(found)) for field in re.findall(_ID_FIELD, raw) for found in re.findall(_ID, field)]
        )
    found: list[str] = []
    parts = [raw]
    while parts:
        part = parts.pop()
        if isinstance(part, dict):
            for value in values_named(part, *_ID_NAMES):
                found += [id_of(one) for one in _flat(value)]
            if isinstance(text := part.get("data"), str):
                # Some gateways pack the content as a text of JSON into the JSON.
                found += find_task_ids(text)
        inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
        parts += [one for one in inner if isinstance(one, dict | list)][::-1]
    return _unique(found)


def _flat(values: Any) -> list[Any]:
    """A value, or those in lists in lists: a service that groups ids by request nests them."""
    flat, parts = [], [values]
    while parts:
        part = parts.pop()
        if isinstance(part, list):
            parts += reversed(part)
        else:
            flat.append(part)
    return flat


def _unusable(envelope: Envelope) -> str:
    return f"a response that cannot be used ({_unreadable(envelope, 'no task id')})"


def unknown_outcome(event: str, task_ids: tuple[str, ...] = ()) -> str:
    """Say what an open submission means for the caller's money, and what to check."""
    named = f" The response names task {', '.join(task_ids)}." if task_ids else ""
    return (
        f"{event} came after the request was sent. The submission may have been billed, so it was not "
        f"repeated. Check your call history at https://weryai.com/api/history before submitting again.{named}"
    )


def text_of(content: bytes | bytearray) -> str:
    """The body as text, whatever its bytes are."""
    return content.decode("utf-8", errors="replace")


def _printable(text: str) -> str:
    """The text without halves of surrogate pairs, which JSON may hold and no terminal can show."""
    return text.encode("utf-8", errors="replace").decode()


def _code(status: object) -> int | None:
    if isinstance(status, bool):
        return None
    if isinstance(status, int):
        return status
    if isinstance(status, float) and status.is_integer():
        return int(status)
    if isinstance(status, str) and re.fullmatch(r"\s*-?[0-9]{1,9}\s*", status):
        return int(status)
    return None


def _hinted(envelope: Envelope) -> type[APIError] | None:
    """What the message hints at, where a code alone is ambiguous: two tables, one number."""
    message = f"{envelope.message} {envelope.fields.get('desc', '')}"
    match envelope.code:
        case 1001 if re.search(_PARAMETER, message) and not re.search(_RATE, envelope.message):
            return InvalidRequestError
        case 1002 if envelope.http_status == 401:
            return AuthenticationError
        case 1002 if re.search(_CONTENT, message):
            return ContentRejectedError
        case 1002 if envelope.http_status == 403:
            return AuthenticationError
        case 1002 if re.search(_KEY, message):
            return AuthenticationError
        case 1014 if "limit reached" in message.lower():
            return RateLimitError
        case _:
            return None


def request_id_of(envelope: Envelope) -> str | None:
    """The request id of a response; no source names where it stands, so the usual places are tried."""
    candidates = [envelope.headers.get(name) for name in ("x-request-id", "request-id", "x-trace-id")]
    candidates += [envelope.fields.get(name) for name in ("request_id", "requestId", "trace_id", "traceId")]
    return next((value for value in candidates if isinstance(value, str) and value), None)


def id_of(value: object) -> str:
    """The id that a value is, or nothing; a number with a point is one only while it is exact."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if text.isprintable() and text.strip(".") and text.lower() not in _NO_IDS else ""


def values_named(part: Mapping[str, Any], *names: str) -> list[Any]:
    """What stands under these names, in their order; `taskid` is task_id, else taskId, TaskID or task-id."""
    found = [name for name in part if isinstance(name, str) and _ID_NAME.fullmatch(name)]
    found.sort(key=lambda name: "_" not in name)
    plain = [name.replace("_", "").replace("-", "").lower() for name in found]
    return [part[name] for wanted in names for name, its in zip(found, plain, strict=True) if its == wanted]


def _unique(ids: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found for found in ids if found))


def _unreadable(envelope: Envelope, what: str) -> str:
    if 300 <= envelope.http_status < 400:
        where = envelope.headers.get("location", "nowhere")
        return f"a redirect to {where}, which is not followed; check base_url"
    return f"{what} in HTTP {envelope.http_status}: {_excerpt(envelope.raw)}"


def _excerpt(raw: Any, limit: int = 200) -> str:
    try:
        text = raw if isinstance(raw, str) else json.dumps(raw, ensure_ascii=False)
    except RecursionError:
        text = "JSON nested too deep to be shown"
    text = " ".join(_printable(text).split())
    return (text[:limit] + "..." if len(text) > limit else text) or "an empty body"
