"""The address of a database, and how it is shown: never with its password."""

from __future__ import annotations

import re

from ...errors import ConfigurationError


def is_database(place: object) -> bool:
    """Whether a place is a database's address, not a file."""
    return isinstance(place, str) and place.startswith(("postgresql://", "postgres://"))


def masked(address: str) -> str:
    """The address of a database as it may be shown."""
    shown = re.sub(r"(//[^:/?#@]*):.*@", r"\1:***@", address)
    return re.sub(r"(password=)[^&]*", r"\1***", shown)


def told(error: Exception, address: str) -> str:
    """An error in one line, without the password."""
    text = " ".join(str(error).split())
    found = re.search(r"//[^:/?#@]*:(.*)@", address)
    return text.replace(found[1], "***") if found and found[1] else text


def check_address(address: str) -> None:
    """Refuse an address of which part of a password would be taken for a host, looked up, and told in messages."""
    authority, _, rest = address.partition("//")[2].partition("?")[0].partition("/")
    if authority.count("@") > 1 or "@" in rest:
        raise ConfigurationError("the address of the database cannot be read: write %40 for @ and %2F for / in it")
