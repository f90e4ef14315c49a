"""The URL of a database, or libpq's `name=value` words, and how it is shown: never with its password."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from ...errors import ConfigurationError

_SCHEME = re.compile(r"postgres(ql)?://", re.IGNORECASE)
# The words of libpq that a connection may begin with; a path has no such beginning.
_WORDS = re.compile(
    r"\s*(host|hostaddr|port|dbname|user|password|passfile|sslpassword|service|sslmode|options|application_name)\s*=",
    re.IGNORECASE,
)
_AUTHORITY = re.compile(r"(//[^:/?#@]*):(.*)@", re.DOTALL)


def _spelled(word: str) -> str:
    """An expression for a word in upper or lower case, of which each letter may be percent-encoded, also twice."""
    return "".join(f"(?:{letter}|%(?:25)*(?:{ord(letter):x}|{ord(letter.upper()):x}))" for letter in word)


# A name that has one of these in it, the sign of equality, and what stands behind it.
_NAME = rf"(?:{_spelled('pass')}|{_spelled('secret')})[^&=\s]*?\s*(?:=|%(?:25)*3d)"
_IN_URL = re.compile(rf"({_NAME})([^&]*)", re.IGNORECASE)
_IN_WORDS = re.compile(rf"({_NAME})\s*('(?:\\.|[^'\\])*'?|(?:\\.|\S)*)", re.IGNORECASE | re.DOTALL)


def is_database(place: object) -> bool:
    """Whether a place is a database's URL or words for libpq, not a file."""
    return isinstance(place, str) and bool(_SCHEME.match(place) or _WORDS.match(place))


def for_libpq(address: str) -> str:
    """A URL as libpq takes it, which knows its own name in lower case alone."""
    return _SCHEME.sub(lambda found: found[0].lower(), address, count=1)


def masked(address: str) -> str:
    """The URL of a database as it may be shown."""
    if not _SCHEME.match(address):
        return _IN_WORDS.sub(r"\1***", address)
    return _IN_URL.sub(r"\1***", _AUTHORITY.sub(r"\1:***@", address))


def told(error: BaseException, address: str) -> str:
    """An error in one line, without the password."""
    text = " ".join(str(error).split())
    for secret in sorted(_secrets(address), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def is_telling(error: BaseException, address: str) -> bool:
    """Whether an error holds the password, so that it is not to be shown as a cause either."""
    return any(secret in str(error) for secret in _secrets(address))


def check_address(address: str) -> None:
    """Refuse a URL of which part of a password would be taken for a host, looked up, and told in messages."""
    if _SCHEME.match(address):
        authority, _, rest = address.partition("//")[2].partition("?")[0].partition("/")
        if authority.count("@") > 1 or "@" in rest:
            raise ConfigurationError("the URL of the database cannot be read: write %40 for @ and %2F for / in it")


def unreadable() -> ConfigurationError:
    """Say that libpq does not understand a URL; its own words would repeat what may be a password."""
    return ConfigurationError(
        "the URL of the database cannot be read: it is postgresql://USER@HOST/DATABASE?NAME=VALUE with the names of "
        "libpq in lower case, and special characters as %40 for @"
    )


def _secrets(address: str) -> Iterator[str]:
    """Every password in a URL, as it stands and as it is meant."""
    pattern = _IN_URL if _SCHEME.match(address) else _IN_WORDS
    found = [one[2] for one in (*_AUTHORITY.finditer(address), *pattern.finditer(address))]
    for text in found:
        plain = re.sub(r"\\(.)", r"\1", text.strip("'"))
        yield from {one for one in (text, plain, unquote(plain), unquote(unquote(plain))) if one}
