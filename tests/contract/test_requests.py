"""Whatever request the contract allows goes out as the contract has it, in four ways, sync and async alike.

schemathesis makes the cases (examples, boundaries, fuzzing); respx catches the requests; `oracle` judges them.
"""

import functools
import json
import warnings
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from schemathesis import GenerationMode

from contract import oracle
from contract.cases import REQUESTS, effort, is_refused_out_of_caution, requests_of
from contract.core import Sending, Wire
from contract.reading import SCHEMAS, Operation, operation, operations, resolve
from contract.sending import KEY, PNG, Senders, overlay_call
from weryai import InvalidInputError, WeryAIWarning


@functools.cache
def first_answer(one: str) -> bytes:
    """The first example of an operation's success."""
    examples = operation(one).spec["responses"]["200"]["content"]["application/json"]["examples"]
    return json.dumps(resolve(next(iter(examples.values())))["value"]).encode()


def wire_of_examples() -> Wire:
    """A wire that answers each request with the contract's first example."""

    def answer(request: httpx.Request) -> httpx.Response:
        one, _ = oracle.match(request)
        return httpx.Response(200, content=first_answer(one.name)) if one else httpx.Response(404)

    return Wire(answer)


@pytest.fixture(scope="module")
def senders() -> Iterator[Senders]:
    """One set of clients for the module: making one reads every root certificate."""
    with Senders() as made:
        yield made


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    """One router for the module."""
    made = wire_of_examples()
    with made.router:
        yield made


def expected(one: Operation, case: Any, way: str) -> Any:
    """What the body should be: the case's own; the overlay uploads pictures alone, and only their content."""
    if one.name == "uploadFile":
        return {**({} if way.startswith("overlay") else case.body), "file": "file", **_defaults(one, case, way)}
    if not isinstance(case.body, dict):
        return None
    # A constructed model sends the contract's defaults; what is read from the case stays as it is.
    return case.body


def _defaults(one: Operation, case: Any, way: str) -> dict[str, Any]:
    (described,) = one.spec["requestBody"]["content"].values()
    properties = SCHEMAS[described["schema"]["$ref"].rpartition("/")[2]]["properties"]
    return {
        name: it["default"]
        for name, it in properties.items()
        if "default" in it and (way.startswith("overlay") or name not in case.body)
    }


def check_all_ways(wire: Wire, senders: Senders, one: Operation, case: Any) -> None:
    """Send a case in all four ways and judge each; what the client refuses out of caution, without it."""
    ways, faces = senders.ways, FACES
    if one.name != "submitImageToVideo" and is_refused_out_of_caution(case.body):
        ways, faces = {way: send for way, send in ways.items() if way.startswith("generated")}, FACES[:1]
    Sending(wire, oracle.oracle_for(KEY), ways, faces=faces, meant=expected).check(one, case)


FACES = [("generated", "generated async"), ("overlay", "overlay async")]
BY_LABEL = {f"{one.method.upper()} {one.path}": one for one in operations()}


@pytest.mark.filterwarnings("ignore::weryai.WeryAIWarning")
@REQUESTS.parametrize()
@effort()
def test_a_request_of_the_contract_goes_out_as_it_is(wire: Wire, senders: Senders, case: Any) -> None:
    """Every case of every operation, sent in each of four ways, keeps the contract and is the case that was meant.

    Checks method, server, path and its parameters, one bearer header, content type, no query or header of our own
    invention, the body by an independent validator, and that sync and async send the same bytes.
    """
    check_all_ways(wire, senders, BY_LABEL[case.operation.label], case)


def test_a_constructed_request_sends_the_defaults_of_the_contract(wire: Wire, senders: Senders) -> None:
    """A model that is constructed with the required fields alone sends video_number 1 and generate_audio false."""
    from weryai_api.models import ImageToVideoRequest

    body = ImageToVideoRequest(model="m", prompt="p", image="https://example.com/p.jpg", duration=5)
    wanted = {"model": "m", "prompt": "p", "image": "https://example.com/p.jpg", "duration": 5}
    sent, wanted = body.to_dict(), {**wanted, "video_number": 1, "generate_audio": False}
    assert sent == wanted, f"ImageToVideoRequest sends {sent}, not {wanted}"


def _negative_bodies() -> st.SearchStrategy[Any]:
    return requests_of(operation("submitImageToVideo"), GenerationMode.NEGATIVE)


def test_what_the_checks_refuse_is_never_sent(wire: Wire, senders: Senders) -> None:
    """A body that breaks the contract and can be said in the overlay's words is refused, and nothing leaves."""
    words = set(SCHEMAS["ImageToVideoRequest"]["properties"])
    seen: list[str] = []

    @effort(4)
    @given(_negative_bodies())
    def check(case: Any) -> None:
        body = case.body
        if not isinstance(body, dict) or not {"image", "prompt", "model", "duration"} <= set(body) <= words:
            return
        # None means "not given" to the overlay, and a picture that is no text is another kind of picture.
        if None in body.values() or not isinstance(body["image"], str):
            return
        wire.requests.clear()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", WeryAIWarning)
            with pytest.raises(InvalidInputError):
                overlay_call(senders.blocking, operation("submitImageToVideo"), case, validate=True)
            with pytest.raises(InvalidInputError):
                senders.wait(overlay_call(senders.awaited, operation("submitImageToVideo"), case, validate=True))
        assert wire.requests == []
        seen.append(repr(body))

    check()
    assert len(seen) >= 5, "the generator made no refusable bodies any more"


def test_any_task_id_stays_one_segment_of_the_path(wire: Wire, senders: Senders) -> None:
    """Whatever text is asked for as a task id, either it is refused or exactly that id is asked for."""

    @effort(3)
    @given(st.text(max_size=20) | st.sampled_from(["..", ".", "a/b", "a?b", "a#b", "%2e%2e", "a b", "é", "a%2Fb"]))
    def check(task_id: str) -> None:
        wire.requests.clear()
        try:
            senders.blocking.tasks.get(task_id)
        except InvalidInputError:
            assert wire.requests == []
            return
        judged, problems = oracle.judge(wire.requests[0], KEY)
        assert judged == operation("getTaskStatus") and not problems
        assert oracle.match(wire.requests[0])[1] == {"taskId": task_id}

    check()


def test_the_oracle_can_say_no() -> None:
    """Each single mistake in an otherwise right request is found and named."""
    url, right = "https://api.weryai.com/v1/generation/image-to-video", {"Authorization": f"Bearer {KEY}"}
    body = {"model": "m", "prompt": "p", "image": "https://example.com/p.jpg", "duration": 5}
    wrongs: dict[str, httpx.Request] = {
        "not to": httpx.Request("POST", url.replace("api.", "apis."), headers=right, json=body),
        ".com:8443": httpx.Request("POST", url.replace(".com", ".com:8443"), headers=right, json=body),
        "a user or a password": httpx.Request("POST", url.replace("//", "//me:secret@"), headers=right, json=body),
        "Host: other.example": httpx.Request("POST", url, headers={**right, "Host": "other.example"}, json=body),
        "charset=latin-1": httpx.Request(
            "POST", url, headers={**right, "Content-Type": "application/json; charset=latin-1"}, json=body
        ),
        "no operation": httpx.Request("POST", url + "s", headers=right, json=body),
        "not the one key": httpx.Request("POST", url, headers={"Authorization": f"Basic {KEY}"}, json=body),
        "query": httpx.Request("POST", url + "?x=1", headers=right, json=body),
        "header x-mine": httpx.Request("POST", url, headers={**right, "X-Mine": "1"}, json=body),
        "Content-Type": httpx.Request("POST", url, headers=right, content=b"{}"),
        "cannot be read": httpx.Request(
            "POST", url, headers={**right, "Content-Type": "application/json"}, content=b"{"
        ),
        "body.duration": httpx.Request("POST", url, headers=right, json={**body, "duration": "5"}),
        "unexpected": httpx.Request("POST", url, headers=right, json={**body, "seed": 1}),
        "body.image": httpx.Request("POST", url, headers=right, json={**body, "image": "https://not a uri"}),
        "required": httpx.Request("POST", url, headers=right, json={"model": "m"}),
    }
    for what, request in wrongs.items():
        _, problems = oracle.judge(request, KEY)
        assert what in "; ".join(problems), (what, problems)
    files = {"file": ("p.png", PNG, "image/png"), "fixed": (None, "True")}
    upload = "https://api.weryai.com/v1/generation/upload-file"
    form = httpx.Request("POST", upload, headers=right, files=files)
    form.read()
    _, problems = oracle.judge(form, KEY)
    assert "body.fixed" in "; ".join(problems)


def test_the_oracle_reads_a_form_by_its_types() -> None:
    """A text that looks like a flag stays a text, a flag is a flag, and a number is a number."""
    upload = "https://api.weryai.com/v1/generation/upload-file"
    files = {"file": ("p.png", PNG, "image/png"), "fixed": (None, "true"), "batch_no": (None, "true")}
    form = httpx.Request("POST", upload, headers={"Authorization": f"Bearer {KEY}"}, files=files)
    form.read()
    assert oracle.judge(form, KEY)[1] == []
    fields = oracle.read_body(form, operation("uploadFile"))
    assert fields == {"file": "file", "fixed": True, "batch_no": "true"}
    typed = oracle.oracle_for(KEY).typed
    assert [typed(text, {"type": "integer"}) for text in ("7", "-7", "7.5", "seven")] == [7, -7, "7.5", "seven"]
