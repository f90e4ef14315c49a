"""No request of the live set carries the real key in anything but a GET, and none leaves that was not declared."""

import base64
import gzip
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, unquote

import httpx
import pytest

from fakes.recording_service import KEY, RecordingService
from fakes.videos import mp4
from weryai.contract._live import (
    LIVE_URL,
    ORDER,
    WRONG_KEY,
    Guard,
    Planned,
    RefusedRequestError,
    live_set,
    place_of,
    planned_request,
    run_live_set,
    run_paid,
)
from weryai.contract._reading import operation, operations
from weryai.contract._record import MIB, Bounds, Checks, EndlessAnswerError, Record, Secret

LIVE = place_of(LIVE_URL)
BALANCE = f"{LIVE_URL}/v1/generation/balance"
SUBMIT = f"{LIVE_URL}{ORDER.path}"
REAL = {"Authorization": f"Bearer {KEY}"}


def guarded(service: RecordingService) -> Guard:
    """A guard in front of a fake service."""
    return Guard(Secret(KEY), service, Record(Secret(KEY)))


def test_no_post_of_the_live_set_carries_the_real_key() -> None:
    """Recorded at the very end: in no POST the key stands in a header, the address or the body, in any encoding."""
    service = RecordingService()
    run_live_set(LIVE, guarded(service), Checks(Secret(KEY)))
    posts = [one for one in service.requests if one.method != "GET"]
    assert len(posts) == 2 * sum(one.method == "post" for one in operations()) > 0
    for request in posts:
        wire = f"{request.method} {request.url} {request.headers.raw!r}".encode() + request.content
        assert KEY.encode() not in wire and KEY not in unquote(str(request.url))
        assert base64.b64encode(KEY.encode()) not in wire
        assert request.headers.get("authorization") in (None, f"Bearer {WRONG_KEY}")
        assert [value for value in request.headers.values() if KEY in value] == []


ENDLESS = {
    "a body beyond all bounds": ({}, b" " * (9 * MIB)),
    "a few bytes that unpack to many": ({"content-encoding": "gzip"}, gzip.compress(b" " * (9 * MIB))),
}


@pytest.mark.parametrize("what", ENDLESS)
def test_an_answer_without_an_end_is_told_and_ends_the_run(what: str) -> None:
    """It is not kept in memory: the first such answer is one sentence, and nothing else is asked."""
    headers, content = ENDLESS[what]
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, headers=headers, stream=httpx.ByteStream(content))

    secret, checks = Secret(KEY), Checks(Secret(KEY))
    guard = Guard(secret, httpx.MockTransport(answer), Record(secret))
    assert not run_live_set(LIVE, guard, checks)
    assert len(sent) == 1
    assert [problem.text for check in checks.failed for problem in check.problems] == [
        "no answer came: its answer is larger than 8 MiB; nothing else was asked"
    ]


def test_an_answer_that_drips_has_an_end() -> None:
    """Each piece may come in time, and the whole has a time of its own."""
    with pytest.raises(EndlessAnswerError, match="had not ended after -1 s"):
        Bounds(seconds=-1.0).reading()(b" ")
    assert Bounds().reading()(b" ") == b" "


def test_the_whole_live_set_is_sent_and_nothing_else() -> None:
    """Each operation goes out with a wrong key and with none, each GET with the real one too, to its own host, once."""
    service = RecordingService()
    checks = Checks(Secret(KEY))
    run_live_set(LIVE, guarded(service), checks)
    sent = [(one.method, one.url.host, one.headers.get("authorization")) for one in service.requests]
    wanted = [
        (one.method.upper(), httpx.URL(LIVE.url_of(one.path)).host, bearer)
        for one in operations()
        for bearer in ([f"Bearer {KEY}"] if one.method == "get" else []) + [f"Bearer {WRONG_KEY}", None]
    ]
    assert sent == wanted
    assert len({httpx.URL(LIVE.url_of(one.path)).host for one in operations()}) == 2
    assert checks.failed == []


def test_a_post_with_the_real_key_cannot_even_be_planned() -> None:
    """Making such a request of the live set fails before there is anything to send."""
    with pytest.raises(RefusedRequestError, match="GETs only"):
        planned_request(LIVE, operation("submitImageToVideo"), "real")
    assert {one.method for one in live_set(LIVE) if one.credential == "real"} == {"GET"}


def json_escaped(text: str) -> str:
    """Write every sign as JSON may."""
    return "".join(f"\\u{ord(sign):04x}" for sign in text)


VIOLATIONS: dict[str, Callable[[], httpx.Request]] = {
    "POST": lambda: httpx.Request("POST", SUBMIT, headers=REAL),
    "POST in lower case": lambda: httpx.Request("post", SUBMIT, headers=REAL),
    "PUT": lambda: httpx.Request("PUT", BALANCE, headers=REAL),
    "DELETE": lambda: httpx.Request("DELETE", BALANCE, headers=REAL),
    "HEAD": lambda: httpx.Request("HEAD", BALANCE, headers=REAL),
    "an invented method": lambda: httpx.Request("GETX", BALANCE, headers=REAL),
    "POST, bearer in lower case": lambda: httpx.Request("POST", SUBMIT, headers={"Authorization": f"bearer {KEY}"}),
    "POST, no scheme": lambda: httpx.Request("POST", SUBMIT, headers={"authorization": KEY}),
    "POST, basic": lambda: httpx.Request(
        "POST", SUBMIT, headers={"Authorization": "Basic " + base64.b64encode(f"u:{KEY}".encode()).decode()}
    ),
    "POST, another header": lambda: httpx.Request("POST", SUBMIT, headers={"X-Api-Key": KEY}),
    "POST, a cookie": lambda: httpx.Request("POST", SUBMIT, headers={"Cookie": f"key={quote(KEY, safe='')}"}),
    "POST, two keys": lambda: httpx.Request(
        "POST", SUBMIT, headers=[("Authorization", f"Bearer {WRONG_KEY}"), ("Authorization", f"Bearer {KEY}")]
    ),
    "POST, in the query": lambda: httpx.Request("POST", SUBMIT, params={"key": KEY}),
    "POST, in the path": lambda: httpx.Request("POST", f"{LIVE_URL}/{quote(KEY, safe='')}"),
    "POST, in the body": lambda: httpx.Request("POST", SUBMIT, json={"prompt": KEY}),
    "POST, escaped in the body": lambda: httpx.Request("POST", SUBMIT, content=json_escaped(KEY)),
    "POST, wide in the body": lambda: httpx.Request("POST", SUBMIT, content=KEY.encode("utf-16-le")),
    "POST, base64 in the body": lambda: httpx.Request("POST", SUBMIT, content=base64.b64encode(KEY.encode())),
    "POST, in a form": lambda: httpx.Request("POST", SUBMIT, files={"file": KEY.encode()}),
    "POST, packed body": lambda: httpx.Request("POST", SUBMIT, content=gzip.compress(KEY.encode())),
    "POST, a good one but not this body": lambda: httpx.Request("POST", SUBMIT, json={"prompt": "other"}),
    "GET, in the query": lambda: httpx.Request("GET", BALANCE, params={"key": KEY}, headers=REAL),
    "GET, another header": lambda: httpx.Request("GET", BALANCE, headers={**REAL, "X-Key": KEY}),
    "GET, a body": lambda: httpx.Request("GET", BALANCE, headers=REAL, content=b"{}"),
    "GET, another path": lambda: httpx.Request("GET", f"{LIVE_URL}/v1/other", headers=REAL),
    "GET, another host": lambda: httpx.Request("GET", "https://evil.com/v1/generation/balance", headers=REAL),
    "GET, plain http": lambda: httpx.Request("GET", BALANCE.replace("https", "http"), headers=REAL),
    "GET, another key": lambda: httpx.Request("GET", BALANCE, headers={"Authorization": "Bearer sk-other-1234567"}),
    "GET, another URL without a key": lambda: httpx.Request("GET", "https://example.com/"),
}


@pytest.mark.parametrize("case", VIOLATIONS)
def test_a_planted_violation_never_leaves(case: str) -> None:
    """A request that was not declared, or that carries the key where it must not, raises before it is sent."""
    service = RecordingService()
    guard = guarded(service)
    for planned in live_set(LIVE):
        guard.declare(planned)
    with httpx.Client(transport=guard) as client, pytest.raises(RefusedRequestError) as refused:
        client.send(VIOLATIONS[case]())
    assert service.requests == []
    assert KEY not in str(refused.value)
    assert "nothing was sent" in str(refused.value)


def test_a_redirect_is_not_followed() -> None:
    """A service that redirects, even to itself, gets no second request; the check says so."""
    service = RecordingService(lambda _: httpx.Response(307, headers={"Location": "https://evil.com/"}))
    checks = Checks(Secret(KEY))
    run_live_set(LIVE, guarded(service), checks)
    assert len(service.requests) == len(live_set(LIVE)) == len(checks.failed)
    assert "redirect to https://evil.com/" in checks.failed[0].problems[0].text


def test_the_wrong_key_is_never_the_real_one() -> None:
    """Whoever owns the key that the suite calls wrong cannot run the live set."""
    with pytest.raises(RefusedRequestError):
        Guard(Secret(WRONG_KEY), RecordingService(), Record(Secret(WRONG_KEY)))


def test_the_exception_is_one_post() -> None:
    """The paid POST may leave once, to its address, with the key in its place; a second one is refused."""
    service = RecordingService(lambda _: (200, {"status": 0, "data": {"task_ids": ["t1"]}}))
    guard = guarded(service)
    guard.allow_one_paid_post(SUBMIT)
    with httpx.Client(transport=guard) as client:
        for elsewhere in (f"{LIVE_URL}/v1/generation/upload-file", f"{SUBMIT}?again=1"):
            with pytest.raises(RefusedRequestError):
                client.post(elsewhere, headers=REAL)
        with pytest.raises(RefusedRequestError):
            client.post(SUBMIT, headers=REAL, json={"prompt": KEY})
        client.post(SUBMIT, headers=REAL, json={"prompt": "wave"})
        with pytest.raises(RefusedRequestError):
            client.post(SUBMIT, headers=REAL, json={"prompt": "wave"})
    assert len(service.requests) == 1


def test_the_paid_order_is_followed_to_its_video(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One POST, its task id printed, looks with the key, and a download without it."""
    video = "https://cdn.example.com/video.mp4"

    def answer(request: httpx.Request) -> tuple[int, object]:
        if request.method == "POST":
            return 200, {"status": 0, "data": {"task_ids": ["t1"]}}
        if request.url.host == "cdn.example.com":
            return 200, mp4()
        return 200, {"status": 0, "data": {"task_id": "t1", "task_status": "succeed", "videos": [video]}}

    service, checks = RecordingService(answer), Checks(Secret(KEY))
    run_paid(LIVE, guarded(service), checks, "https://example.com/photo.jpg", tmp_path, interval=0.01)
    assert checks.failed == []
    assert [(one.method, one.url.host, "authorization" in one.headers) for one in service.requests] == [
        ("POST", "api.weryai.com", True),
        ("GET", "api.weryai.com", True),
        ("GET", "cdn.example.com", False),
    ]
    assert "paid for: task t1\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    "failing", [httpx.ReadTimeout("slow"), httpx.ConnectError("no"), httpx.Response(503), httpx.Response(429)]
)
def test_the_paid_order_is_never_repeated(tmp_path: Path, failing: httpx.Response | Exception) -> None:
    """Whatever becomes of the order, there is no second one, and the check fails."""

    def answer(_: httpx.Request) -> httpx.Response:
        if isinstance(failing, Exception):
            raise failing
        return failing

    service, checks = RecordingService(answer), Checks(Secret(KEY))
    run_paid(LIVE, guarded(service), checks, "https://example.com/photo.jpg", tmp_path, interval=0.01)
    assert len(service.requests) == 1
    ((problem,),) = [check.problems for check in checks.failed]
    assert "RefusedRequestError" not in problem.text, "only the guard stopped a second order"


def test_what_the_guard_hands_on_is_what_came() -> None:
    """A packed answer is handed on unpacked, with headers that fit, whatever bytes they have, and recorded."""
    headers = {b"Content-Encoding": b"gzip", b"X-Server": "é".encode("latin-1")}
    packed = httpx.Response(200, headers=headers, content=gzip.compress(b'{"status": 0}'))
    guard = guarded(RecordingService(lambda _: packed))
    guard.declare(Planned(operation("getBalance"), "real", BALANCE))
    with httpx.Client(transport=guard) as client:
        response = client.get(BALANCE, headers=REAL)
    assert response.json() == {"status": 0}
    assert "content-encoding" not in response.headers and response.headers["x-server"] == "é"
    assert guard.record.all()[0].answer == b'{"status": 0}'


def test_a_service_that_falls_silent_is_not_asked_on() -> None:
    """The third request without an answer ends a run: what else is asked would cost its timeout each time as well."""

    def answer(_: httpx.Request) -> tuple[int, object]:
        if len(service.requests) > 1:
            raise httpx.ReadTimeout("slow")
        return 401, {"status": 401, "message": "no", "desc": "no"}

    service, checks = RecordingService(answer), Checks(Secret(KEY))
    assert not run_live_set(LIVE, guarded(service), checks)
    assert len(service.requests) == 4
    assert ["nothing else was asked" in check.problems[0].text for check in checks.failed[-3:]] == [False, False, True]
