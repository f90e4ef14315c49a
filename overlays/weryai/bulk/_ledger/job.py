"""One job of a bulk run: an image and what shall become of it, and where it stands; pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..._flow.intent import unsigned
from ..._flow.order import OrderState

JobState = OrderState
# Where a value of kept parameters may begin or end with a blank; they have none between them.
_BLANK = re.compile(r'"\s|\s"|\\[nrtfvu]')


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job as a manifest names it.

    `image` is a URL or an absolute path; `parameters` are the other fields of the request; `line` is where it
    stands in the manifest, from 1; `price` is what it costs in credits, None where that is not known. Without a `key`
    (`is_keyed` is then False) it is known by its content. `image_size` in bytes and `image_mtime` in nanoseconds are
    those of a local image that is there.
    """

    image: str
    parameters: Mapping[str, Any]
    key: str = ""
    line: int = 0
    price: float | None = None
    is_keyed: bool = True
    image_size: int | None = None
    image_mtime: int | None = None

    def kept_parameters(self) -> str:
        """The parameters as a ledger keeps them."""
        return json.dumps(self.parameters, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def without_blanks(parameters: str) -> str:
    """Kept parameters as tables are read by now: older versions kept the blanks at the ends of a cell."""
    if not _BLANK.search(parameters):
        return parameters
    values = json.loads(parameters)
    values = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
    return NewJob("", values).kept_parameters()


def digest_of(image: str, parameters: str) -> str:
    """One word for the place of an image, which of a URL is what names it, and the parameters."""
    return place_digest(unsigned(image), parameters)


def place_digest(image: str, parameters: str) -> str:
    """One word for the place of an image as it is, and the parameters."""
    return hashlib.sha256(f"{image}\0{parameters}".encode(errors="surrogatepass")).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Job:
    """A job as a ledger keeps it; `row` is its number there, times are seconds since 1970, prices are credits.

    `named` are task ids of a response that cannot be relied on, or that came beside the one that counts.
    """

    row: int
    key: str
    state: JobState
    image: str
    parameters: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)
    line: int = 0
    load: int = 0
    price: float | None = None
    image_size: int | None = None
    image_mtime: int | None = None
    image_sha256: str | None = None
    task_id: str | None = None
    named: str | None = None
    batch_id: str | None = None
    submits: int = 0
    reason: str | None = None
    kind: str | None = None
    path: str | None = None
    sha256: str | None = None
    size: int | None = None
    worker: str | None = None
    created: float = 0.0
    began: float | None = None
    submitted: float | None = None
    ended: float | None = None
