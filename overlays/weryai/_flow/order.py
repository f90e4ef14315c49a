"""An order as a journal keeps it: what is submitted, what became of each try, what it is noted in; pure.

The URL of an image is known again without the parameters that only sign it.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable
from urllib.parse import unquote_plus, urlsplit

if TYPE_CHECKING:
    from ..errors import WeryAIError
    from .process import Owner


# Where the service is to report to is no part of what is bought, and a receiver's address differs in each process.
NO_PART = ("webhook_url",)
# Made once: `json.dumps` makes an encoder each time.
_written = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode


@dataclass
class Intent:
    """One order, from the first try to the last: `row` is its place in a journal, once it has one.

    `request` names the call, `body` is what is sent; `images` are the contents of local ones that were uploaded for
    it, by their places in the body, such as "image" or "images.0"; `output` is where the video shall go, `order_key` is
    the caller's own name for it. `defaults` are what the service takes for fields that are left out. `problem`
    tells what the journal could not note.
    """

    request: str
    body: Mapping[str, Any] = field(repr=False)
    images: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    output: str | None = None
    is_forced: bool = False
    row: int | None = None
    problem: str | None = None
    order_key: str | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def kept_body(self) -> str:
        """The body as a journal keeps it: without a callback URL, which may hold a secret."""
        return _written({name: value for name, value in self.body.items() if name not in NO_PART})

    def image_hash(self) -> str | None:
        """The contents of the local images in one line: of one that is `image` its hash, else each with its place."""
        hashes = {place: hashlib.sha256(content).hexdigest() for place, content in self.images.items()}
        return hashes.get("image") or " ".join(f"{place}:{word}" for place, word in hashes.items()) or None

    def fingerprint(self) -> str:
        """See `fingerprint_of`."""
        return fingerprint_of(self.request, self.body, self.image_hash(), self.defaults)


def fingerprint_of(request: str, body: Mapping[str, Any], image_hash: str | None, defaults: Mapping[str, Any]) -> str:
    """One word for all that makes two orders the same: call, parameters, and the content of images.

    A default that is spelled out is as good as left out.
    An address that was signed anew leads to the same image.
    """
    bought = {
        name: _unsigned(value)
        for name, value in body.items()
        if name not in NO_PART and not (name in defaults and _written(value) == _written(defaults[name]))
    }
    for part in (image_hash or "").split():
        place, _, word = part.rpartition(":")
        name, _, number = (place or "image").partition(".")
        if number:
            bought[name] = [*bought[name]]
            bought[name][int(number)] = f"sha256:{word}"
        else:
            bought[name] = f"sha256:{word}"
    return hashlib.sha256(_written([request, bought]).encode()).hexdigest()


def _unsigned(value: Any) -> Any:
    if isinstance(value, list):
        return [_unsigned(part) for part in value]
    return unsigned(value) if isinstance(value, str) else value


# Parameters that are never anything but part of a signature, whatever else is there.
_ALWAYS = re.compile(r"x-(amz|goog)-.*|awsaccesskeyid|googleaccessid|ossaccesskeyid|key-pair-id|q-sign-.*")
# Words that a signature uses, and others as well: they are left out only where the signature itself is there.
_SIGNATURES = {
    # S3 (version 2), Google (version 2), Alibaba OSS, CloudFront.
    "signature": "signature expires policy security-token",
    # Azure: a shared access signature.
    "sig": "sig sv ss srt sr se st sp sip spr si sdd skoid sktid skt ske sks skv saoid suoid scid ses",
    # Tencent COS.
    "q-signature": "q-signature q-ak q-key-time q-header-list q-url-param-list x-cos-security-token",
    # Alibaba OSS; x-oss-process says what the image is.
    "x-oss-signature": (
        "x-oss-signature x-oss-signature-version x-oss-credential x-oss-date x-oss-expires x-oss-additional-headers "
        "x-oss-security-token"
    ),
}
# What stands beside a signature of these two; without one of them the word means something else.
_BESIDE = {
    "signature": frozenset({"expires", "policy", "key-pair-id", "awsaccesskeyid", "googleaccessid", "ossaccesskeyid"}),
    "sig": frozenset({"se", "sv", "sp", "sr", "si", "st", "skoid"}),
}


def is_url(image: str) -> bool:
    """Whether an image is a URL, not a path."""
    return image.lower().startswith(("http://", "https://"))


def unsigned(image: str) -> str:
    """A URL without the parameters that only say who may read it and until when; anything else as it is."""
    address, mark, query = image.partition("?")
    if not mark or not is_url(address):
        return image
    query, hash_mark, fragment = query.partition("#")
    parts = query.split("&")
    names = [unquote_plus(part.partition("=")[0]).lower() for part in parts]
    there = frozenset(names)
    left_out: set[str] = set()
    for signature, words in _SIGNATURES.items():
        if signature in there and (signature not in _BESIDE or there & _BESIDE[signature]):
            left_out |= set(words.split())
    kept = [
        part for part, name in zip(parts, names, strict=True) if name not in left_out and not _ALWAYS.fullmatch(name)
    ]
    if len(kept) == len(parts):
        return image
    return address + (f"?{'&'.join(kept)}" if kept else "") + hash_mark + fragment


class OrderState(StrEnum):
    """Where an order stands.

    QUEUED is written and not sent, or refused and about to be sent again; SUBMITTING is on its way, so that it may be
    paid; SUBMITTED is paid, its tasks are known; DONE has its videos on disk; FAILED has none, because it was refused,
    given up, or its tasks failed; AMBIGUOUS may be paid, and only you can find out.
    """

    QUEUED = "queued"
    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    DONE = "done"
    FAILED = "failed"
    AMBIGUOUS = "ambiguous"


_QUEUED, _SUBMITTING, _SUBMITTED, _DONE, _FAILED, _AMBIGUOUS = OrderState
#: Which state may become which, by what: the one table of the journal's orders and of the jobs of a ledger. What is not
#: in it does not happen: whoever comes too late is refused, or changes nothing.
TRANSITIONS: Mapping[str, Mapping[OrderState, tuple[OrderState, ...]]] = {
    # A try, and what came of it; also late, when it was taken for ambiguous.
    "begin": {_QUEUED: (_SUBMITTING,)},
    "end": {
        _SUBMITTING: (_SUBMITTED, _QUEUED, _AMBIGUOUS),
        _AMBIGUOUS: (_SUBMITTED, _QUEUED, _AMBIGUOUS),
    },
    # Refused when nobody waits for it any more, so nobody would send it again.
    "end for good": {_AMBIGUOUS: (_FAILED,)},
    # Accepted although it was put back into the queue, where it is not needed any more.
    "end in time": {_QUEUED: (_SUBMITTED,)},
    "mark ambiguous": {_SUBMITTING: (_AMBIGUOUS,)},
    "mark not placed": {_QUEUED: (_FAILED,)},
    # What became of the tasks.
    "finish": {_SUBMITTED: (_DONE, _FAILED)},
    "keep": {_SUBMITTED: (_SUBMITTED,)},
    "fetch again": {_DONE: (_SUBMITTED,)},
    # Another manifest has other parameters or another image for what was never sent.
    "load anew": {_QUEUED: (_QUEUED,), _FAILED: (_QUEUED,)},
    # What a person decides.
    "adopt": {_AMBIGUOUS: (_SUBMITTED,)},
    "requeue": {_AMBIGUOUS: (_QUEUED,)},
    "retry": {_FAILED: (_QUEUED, _SUBMITTED)},
    "give up": {_QUEUED: (_FAILED,), _SUBMITTED: (_FAILED,), _AMBIGUOUS: (_FAILED,)},
}


def states_before(step: str, state: OrderState) -> tuple[OrderState, ...]:
    """The states that a step may lead from to this one."""
    return tuple(before for before, after in TRANSITIONS[step].items() if state in after)


@dataclass(frozen=True, slots=True)
class Order:
    """One order of a journal; `row` is its number there.

    `task_ids` are all its tasks (of an AMBIGUOUS order those that its response named), `going` those not known to have
    ended, `paths` the videos on disk. `body` is what was sent, `output` where the video was to go, `began` when it
    was last sent (seconds since 1970), `owner` the process that works on it, `order_key` the caller's own name for it.
    """

    row: int
    state: OrderState
    task_ids: tuple[str, ...] = ()
    going: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    reason: str | None = None
    request: str = ""
    body: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)
    output: str | None = None
    began: float = 0.0
    owner: Owner | None = None
    batch_id: str | None = None
    order_key: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the order as `json.dumps` takes it; of its `owner` the number of the process and the machine."""
        owner = self.owner and {"pid": self.owner.pid, "host": self.owner.host}
        return {
            "row": self.row, "state": self.state.value, "task_ids": list(self.task_ids), "going": list(self.going),
            "paths": list(self.paths), "reason": self.reason, "request": self.request, "body": dict(self.body),
            "output": self.output, "began": self.began, "owner": owner, "batch_id": self.batch_id,
            "order_key": self.order_key,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scope:
    """One service and one key, by its hash; what belongs to another is never touched."""

    base_url: str
    key: str


@functools.lru_cache(maxsize=16)
def service_of(base_url: str) -> str:
    """One spelling of a service's URL: this machine has three names, and the usual port is none."""
    parts = urlsplit(base_url)
    host = (parts.hostname or "").rstrip(".")
    host = "localhost" if host in ("127.0.0.1", "::1") else f"[{host}]" if ":" in host else host
    is_usual = parts.port is None or parts.port == {"https": 443, "http": 80}.get(parts.scheme)
    return f"{parts.scheme}://{host}{'' if is_usual else f':{parts.port}'}{parts.path.rstrip('/')}"


@dataclass(frozen=True, slots=True)
class Cost:
    """What a single task of a model cost, by the balance before and after it; `at` is seconds since 1970.

    An estimate for the next one and no price: others may use the same balance, and it may be late. `request` is the
    call, `duration` seconds.
    """

    model: str
    credits: float
    at: float
    request: str
    duration: int | None = None
    resolution: str | None = None

    def __str__(self) -> str:
        day = time.strftime("%Y-%m-%d", time.gmtime(self.at))
        facts = [f"{self.duration} s"] if self.duration is not None else []
        facts += [self.resolution] if self.resolution else []
        kind = f" ({', '.join(facts)})" if facts else ""
        return f"about {self.credits:.15g} credits: the last task of {self.model}{kind}, seen from the balance on {day}"


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """What became of one try: `submitted`, `ambiguous`, or `queued` when it surely started nothing."""

    state: OrderState
    task_ids: tuple[str, ...] = ()
    batch_id: str | None = None
    reason: str | None = None
    error: WeryAIError | None = field(default=None, compare=False)


class AttemptLog(Protocol):
    """What an attempt is noted in. Each method returns a future that is done when it is on the disk."""

    def begin(self, intent: Intent, fingerprint: str) -> Future[int]:
        """Write an order down before it is sent; the result is its row."""
        ...

    def end(self, row: int, attempt: AttemptResult) -> Future[None]:
        """Write down what became of an attempt."""
        ...

    def mark_ambiguous(self, row: int, reason: str) -> Future[None]:
        """Note that nobody waits for the answer of an open attempt any more."""
        ...


class OrderLog(AttemptLog, Protocol):
    """The orders of one service and one key. Each method returns a future that is done when it is on the disk."""

    def mark_not_placed(self, row: int, reason: str) -> Future[None]:
        """Note that an order surely was not placed and is not tried again."""
        ...

    def finish_task(self, task_id: str, path: str | None, reason: str | None = None) -> Future[None]:
        """Write down how a task ended: with a video at `path`, or failed for a reason."""
        ...

    def list_orders(self, states: Iterable[OrderState]) -> Future[tuple[Order, ...]]:
        """Read the orders in these states, oldest first."""
        ...

    def waits(self, model: str) -> Future[tuple[float, ...]]:
        """Read how many seconds the last orders of a model took, newest first."""
        ...

    def note_cost(self, task_id: str, credits: float) -> Future[bool]:
        """Note what a task has cost, unless others were under way."""
        ...

    def last_cost(self, model: str) -> Future[Cost | None]:
        """Read what the last single task of a model cost."""
        ...

    def claim(self, *, everything: bool) -> Future[tuple[Order, ...]]:
        """Take over the paid orders that nobody works on, or all that are unfinished."""
        ...

    def adopt(self, row: int, task_id: str) -> Future[Order]:
        """Note that an ambiguous order became this task."""
        ...

    def requeue(self, row: int) -> Future[Order]:
        """Note that an ambiguous order is to be sent once more."""
        ...

    def give_up(self, row: int) -> Future[Order]:
        """Note that nobody wants to know any more what becomes of an order."""
        ...


@runtime_checkable
class OrderLogSource(Protocol):
    """Whatever keeps paid orders on disk: a journal, or the ledger of a bulk run."""

    def order_log(self, base_url: str, key: str) -> OrderLog:
        """The part that belongs to one service and one key."""
        ...

    def close(self) -> None:
        """Write what is left and close the file."""
        ...
