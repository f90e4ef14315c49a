"""What went over the wire and what came back, without the key."""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from contract.reading import Operation, operations
from service.secrecy import Secret


@dataclass(frozen=True)
class Exchange:
    """One request and its answer; `who` is the part of the suite that sent it."""

    who: str
    method: str
    url: str
    content_type: str
    body: bytes
    http_status: int
    answer_headers: Mapping[str, str]
    answer: bytes

    @property
    def operation(self) -> Operation | None:
        """The operation of the contract that it is, if it is any."""
        return _match(self.method, self.path)[0]

    @property
    def path_parameters(self) -> dict[str, str]:
        """What stood in the path's variable places."""
        return _match(self.method, self.path)[1]

    @property
    def path(self) -> str:
        """The path as it was sent."""
        return urlsplit(self.url).path


def _match(method: str, path: str) -> tuple[Operation | None, dict[str, str]]:
    for one, template in _TEMPLATES:
        found = template.fullmatch(path)
        if found and one.method == method.lower():
            return one, {name: unquote(value) for name, value in found.groupdict().items()}
    return None, {}


_TEMPLATES = [
    (one, re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(one.path)))) for one in operations()
]


class Record:
    """Every exchange of a run, in order, from any thread."""

    def __init__(self, secret: Secret) -> None:
        self._secret = secret
        self._exchanges: list[Exchange] = []
        self._lock = threading.Lock()

    def note(
        self,
        who: str,
        request: tuple[str, str, str, bytes],
        http_status: int,
        headers: Mapping[str, str],
        answer: bytes,
    ) -> Exchange:
        """Keep one: its request is method, address, content type and body."""
        method, url, content_type, body = request
        hide = self._secret.hide_text
        seen = {hide(name.lower()): hide(value) for name, value in headers.items()}
        exchange = Exchange(
            who, method, hide(url), content_type, self._secret.hide(body), http_status, seen, self._secret.hide(answer)
        )
        with self._lock:
            self._exchanges.append(exchange)
        return exchange

    def all(self) -> list[Exchange]:
        """Everything so far."""
        with self._lock:
            return list(self._exchanges)
