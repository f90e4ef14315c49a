"""Where the suite goes, and what it may do there: everything on this machine, the live set anywhere else.

Nothing is resolved: an address is on this machine only if it is written so, letter by letter.
"""

import ipaddress
import re
from dataclasses import dataclass

from contract.reading import CONTRACT, operations

_HERE = re.compile(r"https?://(?:(127(?:\.[0-9]{1,3}){3})|\[::1\]|localhost)(?::([0-9]{1,5}))?/?")
_ELSEWHERE = re.compile(r"https://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::([0-9]{1,5}))?/?")
LIVE_URL: str = CONTRACT["servers"][0]["url"]


class WrongUseError(Exception):
    """What was asked for makes no sense; nothing was sent."""


@dataclass(frozen=True)
class Place:
    """An address, without a slash at its end."""

    url: str
    is_here: bool

    def url_of(self, path: str) -> str:
        """The address of an operation: the registry has a host of its own at the real service, and nowhere else."""
        own = CONTRACT["paths"][path].get("servers")
        return (own[0]["url"] if own and self.url == LIVE_URL else self.url) + path

    @property
    def origins(self) -> set[str]:
        """Every address that the key may be sent to."""
        return {self.url_of(one.path).removesuffix(one.path) for one in operations()}


def place_of(url: str) -> Place:
    """Judge an address; whatever is ambiguous is not on this machine, or refused."""
    here, elsewhere = _HERE.fullmatch(url), _ELSEWHERE.fullmatch(url)
    port = (here or elsewhere or [0, 0, 0])[2 if here else 1] if here or elsewhere else None
    if port is not None and not 0 < int(port) < 65_536:
        raise WrongUseError(f"URL={url!r} has no port that exists")
    if here and _is_literal(here[1]):
        return Place(url.rstrip("/"), is_here=True)
    if elsewhere:
        return Place(url.rstrip("/"), is_here=False)
    raise WrongUseError(
        f"URL={url!r} is neither http(s)://127.x.x.x, [::1] or localhost, nor https:// and a host in lower case, each "
        "with a port at most; a user, a path or a query may not stand there"
    )


def _is_literal(host: str | None) -> bool:
    try:
        return host is None or ipaddress.IPv4Address(host).is_loopback
    except ValueError:
        return False
