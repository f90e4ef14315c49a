"""Sends one case in every way that a client has, and holds each request against the document and the other ways.

A way is anything that sends: a generated client, an overlay, a command. `faces` names pairs of ways that must send
the very same bytes, such as a blocking and an awaited one.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import httpx
import respx

from .document import Operation
from .oracle import Oracle, same

Answer = Callable[[httpx.Request], httpx.Response]


class Case(Protocol):
    """What shall be sent; schemathesis' cases have this shape."""

    path_parameters: Any
    body: Any


class Send(Protocol):
    """Sends a case with some client; its result is the client's own business."""

    def __call__(self, one: Any, case: Any, /) -> Any:
        """Send it; raise whatever the client raises."""


class Meant(Protocol):
    """Says what body a case should have on the wire by a way; None where nothing can be said."""

    def __call__(self, one: Any, case: Any, way: str, /) -> Any:
        """Return the body, as the oracle reads it."""


def body_of(one: Any, case: Any, way: str) -> Any:
    """Return the case's own body: what is meant where no way has words of its own."""
    del one, way
    return case.body if isinstance(case.body, dict | list) else None


class Wire:
    """Takes down every request that any httpx client of this process sends, and answers it."""

    def __init__(self, answer: Answer) -> None:
        """Take what answers; use `router` as a context."""
        self.requests: list[httpx.Request] = []
        self.router = respx.mock(assert_all_called=False, using="httpx")
        self.router.route().mock(side_effect=self._noted)
        self._answer = answer

    def forget(self) -> None:
        """Empty the lists that respx keeps of its own, which would grow with every case."""
        for calls in (self.router.calls, *(route.calls for route in self.router.routes)):
            calls.clear()

    def _noted(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        return self._answer(request)


class Sending:
    """All ways of one client, judged together."""

    def __init__(
        self,
        wire: Wire,
        oracle: Oracle,
        ways: Mapping[str, Send],
        *,
        faces: Sequence[tuple[str, str]] = (),
        meant: Meant = body_of,
    ) -> None:
        """Take the wire that the ways send over, and what judges."""
        self._wire, self._oracle, self._ways, self._meant = wire, oracle, ways, meant
        self._first = {second: first for first, second in faces}

    def check(self, one: Any, case: Any) -> dict[str, httpx.Request]:
        """Send a case in all ways; raise AssertionError for the first request that is wrong."""
        seen: dict[str, httpx.Request] = {}
        self._wire.forget()
        for way, send in self._ways.items():
            self._wire.requests.clear()
            try:
                send(one, case)
            except Exception as error:
                error.add_note(f"{one.name} by {way}: {case.path_parameters or ''} {case.body!r:.2000}")
                raise
            assert len(self._wire.requests) == 1, f"{one.name} by {way}: {len(self._wire.requests)} requests were sent"
            (request,) = self._wire.requests
            # The oracle is a pure function, so what it said of the same bytes once holds for the other face as well.
            if way not in self._first or not alike(request, seen[self._first[way]]):
                self.check_request(request, one, case, way)
            seen[way] = request
        for second, first in self._first.items():
            left, right = seen[first], seen[second]
            assert line(left) == line(right), f"{one.name}: {first} and {second} differ"
            assert content(left) == content(right), f"{one.name}: the bytes of {first} and {second} differ"
        return seen

    def check_request(self, request: httpx.Request, one: Operation, case: Any, way: str) -> None:
        """Judge a request, and compare it with the case that was meant."""
        judged, problems = self._oracle.judge(request)
        assert not problems, f"by {way}: " + "; ".join(problems)
        assert judged and judged.name == one.name, f"by {way}: meant {one.name}, sent {judged.name if judged else '?'}"
        sent = self._oracle.parameters(request, judged)
        for place, wanted in parameters_of(case).items():
            known = self._oracle.meanings(judged, *place, wanted)
            found = sent.get(place)
            assert [it for it in known if same(found, it)], f"{one.name} by {way}: {place} is {found!r}, not {wanted!r}"
        if (body := self._meant(one, case, way)) is not None:
            found = self._oracle.read_body(request, judged)
            assert same(found, body), f"{one.name} by {way}: sent {found!r}, meant {body!r}"


def parameters_of(case: Any) -> dict[tuple[str, str], Any]:
    """Return the parameters of a case by place and name."""
    places = {"path": "path_parameters", "query": "query", "header": "headers", "cookie": "cookies"}
    return {
        (where, name): value
        for where, attribute in places.items()
        for name, value in (getattr(case, attribute, None) or {}).items()
    }


def line(request: httpx.Request) -> tuple[str, str]:
    """Method and address, as texts: httpx parses addresses anew to compare them."""
    return request.method, str(request.url)


def alike(left: httpx.Request, right: httpx.Request) -> bool:
    """Whether two requests are the same on the wire, headers included."""
    return line(left) == line(right) and content(left) == content(right) and headers(left) == headers(right)


def content(request: httpx.Request) -> bytes:
    """The body, the boundary of a form apart, which is made anew for each."""
    return request.content.replace(boundary(request), b"") if boundary(request) else request.content


def headers(request: httpx.Request) -> list[tuple[bytes, bytes]]:
    """The headers as they go out, the boundary of a form apart."""
    return [(name, value.replace(boundary(request), b"")) for name, value in request.headers.raw]


def boundary(request: httpx.Request) -> bytes:
    """What parts the fields of a form, or nothing."""
    return request.headers.get("content-type", "").encode().partition(b"boundary=")[2]
