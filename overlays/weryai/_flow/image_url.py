"""The URL of an image, and which of its parameters only sign it; pure."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

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
