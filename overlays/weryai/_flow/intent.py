"""What is about to be submitted: enough to know it again, and to send it once more; pure.

The URL of an image is known again without the parameters that only sign it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

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
