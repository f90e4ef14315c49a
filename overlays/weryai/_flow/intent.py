"""What is about to be ordered: enough to know it again, and to send it once more; pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# Where the service is to report to is no part of what is bought, and a receiver's address differs in each process.
NO_PART = ("webhook_url",)


@dataclass
class Intent:
    """One order, from the first try to the last: `row` is its place in a journal, once it has one.

    `request` names the call, `body` is what is sent; `image` is the content of the local one that was uploaded for it,
    `output` is where the video shall go. `problem` tells what the journal could not note.
    """

    request: str
    body: Mapping[str, Any] = field(repr=False)
    image: bytes | None = field(default=None, repr=False)
    output: str | None = None
    is_forced: bool = False
    row: int | None = None
    problem: str | None = None

    def kept_body(self) -> str:
        """The body as a journal keeps it: without a callback address, which may hold a secret."""
        return _written({name: value for name, value in self.body.items() if name not in NO_PART})

    def image_hash(self) -> str | None:
        """The local image's content in one word."""
        return hashlib.sha256(self.image).hexdigest() if self.image is not None else None

    def fingerprint(self) -> str:
        """One word for all that makes two orders the same: call, parameters, and the content of the image."""
        bought = {name: value for name, value in self.body.items() if name not in NO_PART}
        if self.image is not None:
            bought["image"] = f"sha256:{self.image_hash()}"
        return hashlib.sha256(_written([self.request, bought]).encode()).hexdigest()


def _written(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
