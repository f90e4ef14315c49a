"""Whatever comes back, only our typed errors come out, and of the class that the HTTP status says."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from schemathesis import GenerationMode

from contract import outcomes
from contract.cases import bodies_of, effort
from contract.reading import Operation, operations
from contract.sending import Senders
from contract.serving import Served
from weryai import errors

STATUSES = st.sampled_from([200, 201, 204, 301, 304, 307, 400, 401, 402, 403, 404, 408, 409, 410, 413, 422, 429, 451,
                            500, 501, 502, 503, 504, 520, 529, 599])  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["status", "data", "msg", "desc", "success", "message", "x"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)
PAGES = [b"<html><body>502 Bad Gateway</body></html>", b"", b"null", b"[" * 5000, b"\xff\xfe{}", b'{"status":0', b"NaN"]
HEADERS = st.sampled_from(
    [
        {},
        {"content-type": "text/html; charset=utf-16"},
        {"content-type": "application/json; charset=nonsense"},
        {"content-type": "application/json", "retry-after": "soon"},
        {"retry-after": "Wed, 21 Oct 2099 07:28:00 GMT"},
        {"content-type": "\x7f"},
        {"x-request-id": ""},
    ]
)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """One set of clients and one router for the module."""
    with Senders() as senders:
        made = Served(senders)
        with made.router:
            yield made


def name(one: Operation) -> str:
    """Name a test after its operation."""
    return one.name


def contents(one: Operation) -> st.SearchStrategy[bytes]:
    """Bodies that break the contract, any JSON, and bytes that are none."""
    schema = one.spec["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
    negative = bodies_of(schema, GenerationMode.NEGATIVE)
    written = (negative | JSON).map(lambda body: body if isinstance(body, bytes) else json.dumps(body).encode())
    return written | st.binary(max_size=40) | st.sampled_from(PAGES)


def understood(content: bytes) -> Any:
    """What the bytes mean as JSON, forgiving as the service's own clients are; None if they mean nothing."""
    try:
        return json.loads(content.decode("utf-8-sig", errors="replace"))
    except (ValueError, RecursionError):
        return None


@pytest.mark.parametrize("one", operations(), ids=name)
def test_any_answer_gives_a_typed_outcome(served: Served, one: Operation) -> None:
    """Any status with any body and odd headers gives a value or the error of that status's class, sync as async."""
    paid = bool(one.spec.get("x-paid"))

    @effort(3)
    @given(STATUSES, contents(one), HEADERS)
    def check(status: int, content: bytes, headers: dict[str, str]) -> None:
        if status in (204, 304):
            content = b""
        for way, outcome in served.outcomes(one, status_code=status, content=content, headers=headers).items():
            body = understood(content)
            if paid and body is None and b"task" in content:
                return
            assert not (problem := outcomes.judge(status, body, outcome, paid=paid)), f"{one.name} by {way}: {problem}"

    check()


class Streamed(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that comes piece by piece, and may break off."""

    def __init__(self, start: bytes, *, breaks_off: bool = False) -> None:
        self._start, self._breaks_off = start, breaks_off

    def __iter__(self) -> Iterator[bytes]:
        yield self._start
        if self._breaks_off:
            raise httpx.ReadError("connection reset by peer")

    async def __aiter__(self) -> Any:
        for piece in self:
            yield piece


@pytest.mark.parametrize("one", operations(), ids=name)
@pytest.mark.parametrize("status", [200, 404, 500])
def test_a_cut_answer_counts_as_none(served: Served, one: Operation, status: int) -> None:
    """A body that breaks off is no answer: for a paid request the outcome is unknown, otherwise it may be repeated."""
    paid = bool(one.spec.get("x-paid"))
    cut = Streamed(b'{"status": 0, "da', breaks_off=True)
    for way, outcome in served.outcomes(one, status_code=status, stream=cut).items():
        wanted = errors.OutcomeUnknownError if paid else errors.TransportError
        assert type(outcome) is wanted, f"{one.name} by {way} gave {outcome!r}"


FAILURES: dict[type[Exception], bool] = {
    httpx.ConnectError: True, httpx.ConnectTimeout: True, httpx.PoolTimeout: True, httpx.UnsupportedProtocol: True,
    httpx.ReadTimeout: False, httpx.WriteTimeout: False, httpx.ReadError: False, httpx.WriteError: False,
    httpx.RemoteProtocolError: False, httpx.DecodingError: False, httpx.CloseError: False,
}  # fmt: skip


@pytest.mark.parametrize("one", operations(), ids=name)
@pytest.mark.parametrize("kind", FAILURES, ids=lambda kind: kind.__name__)
def test_a_failure_says_whether_it_was_sent(served: Served, one: Operation, kind: type[Exception]) -> None:
    """What surely never left is a NotSentError; after that a paid request's outcome is unknown. Typed by hand."""
    paid = bool(one.spec.get("x-paid"))
    unsent = errors.OutcomeUnknownError if paid else errors.TransportError
    wanted = errors.NotSentError if FAILURES[kind] else unsent
    served.router.routes.clear()
    served.router.route().mock(side_effect=kind("no luck"))
    try:
        for way, outcome in served.outcomes(one, status_code=200).items():
            assert type(outcome) is wanted, f"{kind.__name__} during {one.name} by {way} gave {outcome!r}"
    finally:
        served.router.routes.clear()
        served.router.route().mock(side_effect=lambda _request: served.answer)


@pytest.mark.parametrize("one", operations(), ids=name)
def test_a_damaged_compression_is_no_answer(served: Served, one: Operation) -> None:
    """An answer that says gzip and is none counts as no answer; a sound one is read."""
    paid = bool(one.spec.get("x-paid"))
    headers = {"content-encoding": "gzip"}
    for outcome in served.outcomes(one, status_code=200, stream=Streamed(b"{}"), headers=headers).values():
        assert type(outcome) is (errors.OutcomeUnknownError if paid else errors.TransportError)
    refusal = gzip.compress(b'{"status": 1011, "msg": "no credits"}')
    for outcome in served.outcomes(one, status_code=200, stream=Streamed(refusal), headers=headers).values():
        assert type(outcome) is errors.InsufficientCreditsError
