"""Where the suite goes, and what it may do there: everything on this machine, the live set anywhere else.

Nothing is resolved: an address is on this machine only if it is written so, letter by letter.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from weryai.contract._reading import CONTRACT, operations

_PATH = r"(?:/[A-Za-z0-9._~-]+)*/?"
_HERE = re.compile(rf"https?://(?:(127(?:\.[0-9]{{1,3}}){{3}})|\[::1\]|localhost)(?::([0-9]{{1,5}}))?{_PATH}")
_ELSEWHERE = re.compile(rf"https?://([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::([0-9]{{1,5}}))?{_PATH}")
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
    def base_path(self) -> str:
        """The path before every operation's own; nothing if there is none."""
        return urlsplit(self.url).path

    @property
    def host(self) -> str:
        """The host by its name."""
        return str(urlsplit(self.url).hostname)

    @property
    def origins(self) -> set[str]:
        """Every address that the key may be sent to."""
        return {self.url_of(one.path).removesuffix(one.path) for one in operations()}


def place_of(url: str, *, is_test_system: bool = False) -> Place:
    """Judge an address; whatever is ambiguous is not on this machine, or refused.

    A test system may have any name and may speak http: it gets the full suite, and no real key.
    """
    here, elsewhere = _HERE.fullmatch(url), _ELSEWHERE.fullmatch(url)
    port = (here or elsewhere or [0, 0, 0])[2]
    if port is not None and not 0 < int(port) < 65_536:
        raise WrongUseError(f"URL={url!r} has no port that exists")
    if re.search(r"/\.{1,2}(?:/|$)", url):
        raise WrongUseError(f"URL={url!r}: dots may not stand for a folder there")
    if here and _is_literal(here[1]):
        return Place(url.rstrip("/"), is_here=True)
    is_weryai = elsewhere is not None and f".{elsewhere[1]}".endswith(".weryai.com")
    if elsewhere and is_test_system:
        if is_weryai:
            raise WrongUseError(f"URL={url!r} is WeryAI itself, and no test system")
        return Place(url.rstrip("/"), is_here=True)
    if elsewhere and url.startswith("https:") and not (is_weryai and urlsplit(url).path.strip("/")):
        return Place(url.rstrip("/"), is_here=False)
    raise WrongUseError(
        f"URL={url!r} is neither http(s)://127.x.x.x, [::1] or localhost, nor https:// and a host in lower case, each "
        "with a port and a path at most; no user or query may stand there, and http:// elsewhere needs --test-system"
    )


def _is_literal(host: str | None) -> bool:
    try:
        return host is None or ipaddress.IPv4Address(host).is_loopback
    except ValueError:
        return False
