"""The full suite: the real clients, requests by hand that no client would make, and schemathesis over every operation.

Only checks of schemathesis that are named here run: those that it runs by default would send requests of their own, or
judge what the contract leaves open. It sends examples, boundaries and fuzzing, and follows links.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import http.client
import importlib
import io
import json
import os
import re
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

import httpx
import schemathesis
from hypothesis import strategies as st
from schemathesis.engine import events, from_schema
from schemathesis.specs.openapi import checks as tool_checks
from schemathesis.transport.serialization import Binary

from weryai import AsyncWeryAI, WeryAI, WeryAIWarning
from weryai.contract._live import ANYTHING, MOST_SILENT, NOT_FOUND, PROMPT, TIMEOUT, Expected, Place, png
from weryai.contract._reading import (
    CONTRACT,
    VERBS,
    Refusals,
    broken_at,
    code_of,
    is_refusal,
    json_of,
    operation,
    parts_of,
    says,
)
from weryai.contract._record import ANSWER, VIDEO, Bounds, Checks, Exchange, Problem, Record, Secret, expect
from weryai_api import AuthenticatedClient
from weryai_api.models import (
    ImageToVideoRequest,
    MultiImageToVideoRequest,
    SubmitData,
    TaskData,
    TextToVideoRequest,
    UploadData,
    UploadFileRequest,
)
from weryai_api.types import File

# A client is either of two classes with one text, so its type here is Any.
Work = Callable[[Any], Any]
Kind = Literal["sync", "async"]
CLIENTS = "real clients"
PICTURE = "https://example.com/reference.jpg"
LONGEST = 60.0
PAUSE = 0.05


def _in_turn(kind: Kind, url: str, options: dict[str, Any], *works: Work) -> list[Any]:
    """Run one after the other with one client of a kind, awaiting what needs to be awaited."""
    if kind == "sync":
        with WeryAI(base_url=url, models_base_url=url, **options) as client:
            return [work(client) for work in works]

    async def story() -> list[Any]:
        async with AsyncWeryAI(base_url=url, models_base_url=url, **options) as client:
            return [await work(client) for work in works]

    return asyncio.run(story())


class Recording(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Sends what a client wants to send, blocking or awaited, and records it."""

    def __init__(self, record: Record, who: str) -> None:
        self._record = record
        self._who = who
        # As everywhere in the suite: no proxy of the environment, but its certificates.
        self._tls = httpx.create_ssl_context()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        with httpx.HTTPTransport(verify=self._tls, trust_env=False) as inner:
            response = inner.handle_request(request)
            passed = self._bounds(request).reading()
            with contextlib.closing(response):
                answer = b"".join(map(passed, response.iter_bytes()))
        return self._record.note_and_pass(self._who, request, response, answer)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send, and keep what came; a loop of its own needs connections of its own."""
        await request.aread()
        async with httpx.AsyncHTTPTransport(verify=self._tls, trust_env=False) as inner:
            response = await inner.handle_async_request(request)
            passed = self._bounds(request).reading()
            async with contextlib.aclosing(response):
                answer = b"".join([passed(piece) async for piece in response.aiter_bytes()])
        return self._record.note_and_pass(self._who, request, response, answer)

    def _bounds(self, request: httpx.Request) -> Bounds:
        """Allow a download more than the answer of an operation; it is a GET without a key."""
        return VIDEO if request.method == "GET" and "authorization" not in request.headers else ANSWER


def run_stories(place: Place, secret: Secret, record: Record, checks: Checks) -> None:
    transport = Recording(record, CLIENTS)
    options = {"api_key": secret.key, "transport": transport}
    for kind in get_args(Kind):
        with checks.checking(CLIENTS, f"weryai, {kind}: a local image becomes a video on disk", record):
            _from_picture_to_video(kind, place.url, options)
        with checks.checking(CLIENTS, f"weryai, {kind}: every other operation", record):
            _everything_else(kind, place.url, options)
        with checks.checking(CLIENTS, f"weryai_api, {kind}: upload, submit, look, download", record):
            _generated(kind, place.url, secret, transport)


def _from_picture_to_video(kind: Kind, url: str, options: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder, "photo.png")
        picture.write_bytes(png())
        told: list[Any] = []
        (video,) = _in_turn(
            kind,
            url,
            options,
            lambda client: client.image_to_video.generate(
                picture, prompt=PROMPT, output=Path(folder, "wave.mp4"), interval=PAUSE, timeout=LONGEST,
                on_submit=told.append,
            ),
        )  # fmt: skip
        expect(told[0].task_ids == (video.task.id,), "the video is of another task")
        _expect_video(video.path.read_bytes())


def _everything_else(kind: Kind, url: str, options: dict[str, Any]) -> None:
    text = TextToVideoRequest(model="SORA_2", prompt="A fox runs through snow", duration=8, aspect_ratio="16:9")
    several = MultiImageToVideoRequest(
        model="VEO_3_1", prompt="The flower opens", images=[PICTURE] * 2, duration=8, aspect_ratio="16:9"
    )
    works = [
        lambda client: client.account.balance(),
        lambda client: client.models.list(),
        lambda client: client.image_to_video.submit(PICTURE, prompt=PROMPT, video_number=2),
        lambda client: client.call(_module("submitTextToVideo"), body=text),
        lambda client: client.call(_module("submitMultiImageToVideo"), body=several),
    ]
    with warnings.catch_warnings():
        # It warns that two videos are two paid tasks.
        warnings.simplefilter("ignore", WeryAIWarning)
        credits, models, submission, by_text, by_pictures = _in_turn(kind, url, options, *works)
    expect(credits > 0 and models, f"{credits} credits and {len(models)} models; some of each should be there")
    for what, wanted, got in (("two videos", 2, submission), ("a text", 1, by_text), ("two images", 1, by_pictures)):
        expect(len(got.task_ids) == wanted, f"a request for {what} brought {len(got.task_ids)} tasks, not {wanted}")

    def waiting(client: Any) -> Any:
        return client.batches.wait(submission, interval=PAUSE, timeout=LONGEST)

    (batch,) = _in_turn(kind, url, options, waiting)
    expect(len(batch.succeeded) == 2, f"{batch} should be two videos")


def _generated(kind: Kind, url: str, secret: Secret, transport: Recording) -> None:
    client = AuthenticatedClient(
        base_url=url, token=secret.key, httpx_args={"transport": transport}, timeout=httpx.Timeout(LONGEST)
    )

    def call(name: str, *arguments: Any, **named: Any) -> Any:
        if kind == "sync":
            return _module(name).sync(*arguments, client=client, **named)
        return runner.run(_module(name).asyncio(*arguments, client=client, **named))

    with asyncio.Runner() as runner:
        file = File(payload=io.BytesIO(png()), file_name="photo.png", mime_type="image/png")
        (address,) = _data(call("uploadFile", body=UploadFileRequest(file=file)), UploadData).object_url_list
        order = ImageToVideoRequest(
            model="WERYAI_VIDEO_1_0", prompt=PROMPT, image=address, duration=5, aspect_ratio="16:9"
        )
        accepted = _data(call("submitImageToVideo", body=order), SubmitData)
        task_id = accepted.task_ids[0] if accepted.task_ids else accepted.task_id
        give_up = time.monotonic() + LONGEST
        while not (videos := _data(call("getTaskStatus", task_id), TaskData).videos):
            expect(time.monotonic() < give_up, f"no video of task {task_id} after {LONGEST:.0f} s")
            time.sleep(PAUSE)
        with httpx.Client(transport=transport) as downloads:
            _expect_video(downloads.get(videos[0]).content)
        client.get_httpx_client().close()
        runner.run(client.get_async_httpx_client().aclose())


def _data(reply: Any, model: type[Any]) -> Any:
    """Return the `data` of a reply that the generated client has read, of the class that the contract says."""
    data = getattr(reply, "data", None)
    said = json.dumps(reply.to_dict())[:300] if hasattr(reply, "to_dict") else repr(reply)
    expect(isinstance(data, model), f"no {model.__name__} in what came: {said}")
    return data


def _module(name: str) -> Any:
    return importlib.import_module(operation(name).module)


def _expect_video(content: bytes) -> None:
    expect(content[4:8] == b"ftyp", f"what was downloaded is no MP4: {content[:40]!r}")


BY_HAND = "by hand"
ODD_FORMS: dict[str, dict[str, Any]] = {
    "a form without its file": {"files": {"batch_no": (None, "b1")}},
    "a form with a part too many": {"files": {"file": ("photo.png", png(), "image/png")}, "data": {"folder": "mine"}},
}


def run_raw(place: Place, secret: Secret, record: Record, checks: Checks, how: Refusals = "any") -> None:
    url = place.url_of(operation("uploadFile").path)
    headers = {"Authorization": f"Bearer {secret.key}"}
    with httpx.Client(transport=Recording(record, BY_HAND), headers=headers, timeout=TIMEOUT) as client:
        for what, form in ODD_FORMS.items():
            with checks.checking(BY_HAND, f"{what} is refused", record):
                response = client.post(url, **form)
                _expect_refusal(response.status_code, response.content, how)
    for name in ("getTaskStatus", "getBatchStatus"):
        with checks.checking(BY_HAND, f"{name}: an id of dots is refused, and reaches no other operation", record):
            status, answer = _get_as_told(place, re.sub(r"{\w+}", "%2e%2e", operation(name).path), headers, record)
            _expect_refusal(status, answer, how)


def _expect_refusal(http_status: int, answer: bytes, how: Refusals) -> None:
    said = f"HTTP {http_status} with {answer[:200].decode(errors='replace')!r}"
    expect(is_refusal(http_status, json_of(answer), how), f"it was not refused ({how}): {said}")


def _get_as_told(place: Place, path: str, headers: dict[str, str], record: Record) -> tuple[int, bytes]:
    """Send a path that every other library folds."""
    address = urlsplit(place.url)
    host = str(address.hostname)
    connecting = (
        http.client.HTTPSConnection(host, address.port, timeout=TIMEOUT, context=httpx.create_ssl_context())
        if address.scheme == "https"
        else http.client.HTTPConnection(host, address.port, timeout=TIMEOUT)
    )
    with contextlib.closing(connecting) as connection:
        connection.request("GET", place.base_path + path, headers=headers)
        response = connection.getresponse()
        answer = b"".join(map(ANSWER.reading(), iter(lambda: response.read1(65_536), b"")))
    record.note(BY_HAND, ("GET", place.url + path, "", b""), response.status, dict(response.getheaders()), answer)
    return response.status, answer


GENERATED = "schemathesis"
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "invalid_input_is_refused", "valid_input_is_accepted",
    "an_unknown_method_is_refused", "a_linked_id_is_found",
)  # fmt: skip
# A form writes null as the text "null", which is a valid text; and an example's or a made-up file is no picture.
NOT_FOR_UPLOADS = ("invalid_input_is_refused", "valid_input_is_accepted")
# JavaScript holds integers up to here one by one; beyond, some of them become others.
LARGEST_SAFE = 2**53 - 1
_PARENTS = {"getTaskStatus": ("task_ids", "task_id"), "getBatchStatus": ("batch_id",)}


class Issued:
    """The ids that the service gave out, and how often one of them was asked for."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.ids: dict[str, set[str]] = {name: set() for name in _PARENTS}
        self.asked = 0

    def check(self, name: str, path_parameters: dict[str, Any], body: Any) -> str:
        """Remember the ids of an answer; say so if one that was given out is not found."""
        data: Any = body.get("data") if isinstance(body, dict) else None
        for child, fields in _PARENTS.items() if isinstance(data, dict) and name not in _PARENTS else ():
            values = [data.get(field) for field in fields]
            flat = [one for value in values for one in (value if isinstance(value, list) else [value])]
            self.ids[child].update(str(one) for one in flat if one is not None)
        (asked, *_) = [str(value) for value in path_parameters.values()] or [""]
        if asked not in self.ids.get(name, ()):
            return ""
        self.asked += 1
        return f"{name} does not find {asked}, which was given out" if code_of(body) in NOT_FOUND else ""


ISSUED = Issued()
# How the service of this run refuses; the tool calls its checks with nothing but a response.
EXPECTED: list[Expected] = [ANYTHING]


def meant_by(http_status: int, body: Any, how: Refusals) -> int:
    """Return the HTTP status that an answer means, by its envelope if a refusal may be said there."""
    if how == "body" and 400 <= http_status < 500:
        return 200
    if how == "http" or not (200 <= http_status < 300 and says(body) is False):
        return http_status
    code = code_of(body) or 0
    return 404 if code in NOT_FOUND else code if 400 <= code < 500 else 400


def _as_meant(response: Any) -> Any:
    meant = copy.copy(response)
    meant.status_code = meant_by(response.status_code, json_of(response.content), EXPECTED[0].refusals)
    return meant


@schemathesis.check
def invalid_input_is_refused(context: Any, response: Any, case: Any) -> Any:
    """What the contract does not allow is refused, by HTTP status or in the envelope; any 4xx will do."""
    if _is_left_open(case) or (400 <= response.status_code < 500 and EXPECTED[0].refusals != "body"):
        return None
    return tool_checks.negative_data_rejection(context, _as_meant(response), case)


@schemathesis.check
def valid_input_is_accepted(context: Any, response: Any, case: Any) -> Any:
    """What the contract allows is not refused, in the envelope neither."""
    if _is_left_open(case):
        return None
    return tool_checks.positive_data_acceptance(context, _as_meant(response), case)


def _is_left_open(case: Any) -> bool:
    """Whether a body holds an integer that may be taken or refused: rounded, it may be beyond a limit or not."""
    return EXPECTED[0].has_safe_integers and any(
        isinstance(part, int) and abs(part) > LARGEST_SAFE for _, part in parts_of(case.body)
    )


@schemathesis.check
def an_unknown_method_is_refused(context: Any, response: Any, case: Any) -> Any:
    """A method that the contract does not have is refused; in the envelope any code will do."""
    expected, body = EXPECTED[0], json_of(response.content)
    if is_refusal(response.status_code, body, "body") and expected.refusals != "http":
        return None
    if expected.is_stateless and is_refusal(response.status_code, body, expected.refusals):
        return None  # A mock need not send the Allow header, which the contract does not have.
    return tool_checks.unsupported_method(context, response, case)


@schemathesis.check
def a_linked_id_is_found(_context: Any, response: Any, case: Any) -> None:
    """An id that a submission gave is known to the operations that it is linked to."""
    if EXPECTED[0].is_stateless:
        return
    try:
        body = response.json()
    except ValueError:
        body = None
    if response.status_code in NOT_FOUND:
        body = {**(body if isinstance(body, dict) else {}), "status": response.status_code}
    problem = ISSUED.check(case.operation.definition.raw.get("operationId", ""), case.path_parameters or {}, body)
    if problem:
        raise AssertionError(problem)


def run_sweep(
    place: Place,
    secret: Secret,
    record: Record,
    checks: Checks,
    *,
    seed: int,
    cases: int,
    expected: Expected = ANYTHING,
) -> None:
    """Run every phase, note what was found, and that nothing was left out."""
    ISSUED.forget()
    EXPECTED[0] = expected
    schemathesis.openapi.format("binary", st.just(png()))
    document = copy.deepcopy(CONTRACT)
    document["servers"] = [{"url": place.url}]
    for item in document["paths"].values():
        item.pop("servers", None)
        _say_types_of_files(item)
        _leave_out_others(item, expected)
    schema: Any = schemathesis.openapi.from_dict(document, config=_config(place, secret, seed, cases, expected))
    if expected.is_for_well_formed:
        schema.hook(filter_case)
    tally = Tally()
    with _told_by_threads(tally):
        _execute(schema, record, checks, tally, expected)
    tally.check(checks, expected)


@contextlib.contextmanager
def _told_by_threads(tally: Tally) -> Iterator[None]:
    """Count what ends a thread of the tool as its trouble, in place of a traceback."""
    before = threading.excepthook
    threading.excepthook = lambda ended: tally.troubles.append(f"{ended.exc_type.__name__}: {ended.exc_value}")
    try:
        yield
    finally:
        threading.excepthook = before


def _execute(schema: Any, record: Record, checks: Checks, tally: Tally, expected: Expected) -> None:
    stream = from_schema(schema).execute()
    for event in stream:
        if len(tally.unanswered) >= MOST_SILENT and not expected.has_known_faults:
            tally.troubles.append(f"{len(tally.unanswered)} requests had no answer; nothing else was asked")
            stream.stop()
            break
        if isinstance(event, events.ScenarioFinished):
            _note(event, record, checks, tally)
        elif isinstance(event, events.NonFatalError):
            tally.troubles.append(f"{event.label}: {event.value}")
        elif isinstance(event, events.FatalError):
            tally.troubles.append(str(event.exception))


def filter_case(_context: Any, case: Any) -> bool:
    """Keep a case whose body can be read; the tool knows this hook by its name."""
    return not (case.media_type == "application/json" and isinstance(case.body, bytes | Binary))


def _say_types_of_files(item: dict[str, Any]) -> None:
    """Let the file of a form say its media type, as every client does and the tool does not."""
    for verb in VERBS:
        content = item.get(verb, {}).get("requestBody", {}).get("content", {})
        for described in (it for media_type, it in content.items() if media_type.startswith("multipart/")):
            described["encoding"] = {"file": {"contentType": "image/png"}}


def _leave_out_others(item: dict[str, Any], expected: Expected) -> None:
    """Drop what is not asked, and then the links as well: they may lead there."""
    for verb in VERBS if expected.only else ():
        if verb in item and item[verb]["operationId"] not in expected.only:
            del item[verb]
        elif verb in item:
            for response in item[verb]["responses"].values():
                response.pop("links", None)


@dataclass
class Tally:
    asked: set[tuple[str, str]] = field(default_factory=set)
    unanswered: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    chains: list[float] = field(default_factory=list)
    chain_problems: list[Problem] = field(default_factory=list)

    def check(self, checks: Checks, expected: Expected) -> None:
        """Check that nothing was left out, and that whatever was asked was answered."""
        seconds, problems = sum(self.chains), {problem.text: problem for problem in self.chain_problems}.values()
        if not expected.is_stateless and not expected.only:
            checks.add(GENERATED, f"stateful: {len(self.chains)} chains of linked calls", *problems, seconds=seconds)
            checks.add(GENERATED, "stateful: linked ids were asked for", "" if ISSUED.asked else "none was")
        if any("requestBody" in one.spec for one in expected.asked()):
            checks.add(GENERATED, "examples: were sent", "" if ("examples" in dict(self.asked)) else "none was")
        labels = {f"{one.method.upper()} {one.path}" for one in expected.asked()}
        for phase in ("coverage", "fuzzing"):
            missed = sorted(labels - {label for name, label in self.asked if name == phase})
            checks.add(GENERATED, f"{phase}: every operation was asked", *(f"{label} was not" for label in missed))
        checks.add(GENERATED, "every request was answered", *dict.fromkeys(self.unanswered))
        checks.add(GENERATED, "the tool had no trouble", *dict.fromkeys(self.troubles))


def _config(place: Place, secret: Secret, seed: int, cases: int, expected: Expected) -> Any:
    return schemathesis.Config.from_dict(
        {
            "base-url": place.url,
            "seed": seed,
            "max-redirects": 0,
            "continue-on-failure": expected.has_known_faults,
            "request-timeout": 20.0,
            "tls-verify": os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR") or True,
            "headers": {"Authorization": f"Bearer {secret.key}"},
            "generation": {
                "with-security-parameters": False,
                "database": "none",
                "max-examples": cases,
                "deterministic": True,
            },
            "analysis": {"constants": {"enabled": False}},
            "phases": {"stateful": {"enabled": not (expected.is_stateless or expected.only), "max-steps": 5}},
            "checks": {"enabled": False, **{name: {"enabled": True} for name in CHECKS}},
            "operations": [
                {
                    "include-operation-id": "uploadFile",
                    "checks": {name: {"enabled": False} for name in NOT_FOR_UPLOADS},
                }
            ],
        }
    )


def _note(event: events.ScenarioFinished, record: Record, checks: Checks, tally: Tally) -> None:
    phase, recorder = _name(event.phase), event.recorder
    sent_by: dict[str, Exchange] = {}
    for case, interaction in recorder.interactions.items():
        request, response = interaction.request, interaction.response
        if response is None:
            tally.unanswered.append(f"{phase}: no answer to {request.method} {request.uri}")
            continue
        kind = next(iter(request.headers.get("Content-Type") or request.headers.get("content-type") or [""]))
        headers = {name: ", ".join(values) for name, values in response.headers.items()}
        sent = request.method, request.uri, str(kind), request.body or b""
        sent_by[case] = record.note(f"{GENERATED}, {phase}", sent, response.status_code, headers, response.content)
    found: dict[str, Problem] = {}
    for case, nodes in recorder.checks.items():
        for node in nodes:
            if node.failure_info is not None:
                failure = node.failure_info.failure
                text = f"{node.name}: {failure}"
                shown = sent_by.get(case)
                broken = shown.breaches if shown and node.name == "response_schema_conformance" else []
                cause = broken_at(broken[0][0]) if broken else text
                found.setdefault(text, Problem(text, shown, cause))
    problems = list(found.values())
    tally.asked |= {(phase, node.value.operation.label) for node in recorder.cases.values()}
    if phase == "stateful":
        tally.chains.append(event.elapsed_time)
        tally.chain_problems += problems
    elif recorder.cases:
        checks.add(GENERATED, f"{phase}: {recorder.label}", *problems, seconds=event.elapsed_time)


def _name(phase: Any) -> str:
    return str({"stateful_testing": "stateful"}.get(phase.name.lower(), phase.name.lower()))
