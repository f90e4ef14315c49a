"""schemathesis over the network against every operation: examples, boundaries, fuzzing, and chains of linked calls.

Only checks that are named here run: those that schemathesis runs by default would send requests of their own, or judge
what the contract leaves open.
"""

from __future__ import annotations

import contextlib
import copy
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis.engine import events, from_schema
from schemathesis.specs.openapi import checks as tool_checks
from schemathesis.transport.serialization import Binary

from weryai.contract._live import ANYTHING, MOST_SILENT, NOT_FOUND, Expected, Place, png
from weryai.contract._reading import CONTRACT, VERBS, Refusals, broken_at, code_of, is_refusal, json_of, parts_of, says
from weryai.contract._record import Checks, Exchange, Problem, Record, Secret

GROUP = "schemathesis"
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
            checks.add(GROUP, f"stateful: {len(self.chains)} chains of linked calls", *problems, seconds=seconds)
            checks.add(GROUP, "stateful: linked ids were asked for", "" if ISSUED.asked else "none was")
        if any("requestBody" in one.spec for one in expected.asked()):
            checks.add(GROUP, "examples: were sent", "" if ("examples" in dict(self.asked)) else "none was")
        labels = {f"{one.method.upper()} {one.path}" for one in expected.asked()}
        for phase in ("coverage", "fuzzing"):
            missed = sorted(labels - {label for name, label in self.asked if name == phase})
            checks.add(GROUP, f"{phase}: every operation was asked", *(f"{label} was not" for label in missed))
        checks.add(GROUP, "every request was answered", *dict.fromkeys(self.unanswered))
        checks.add(GROUP, "the tool had no trouble", *dict.fromkeys(self.troubles))


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
        sent_by[case] = record.note(f"{GROUP}, {phase}", sent, response.status_code, headers, response.content)
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
        checks.add(GROUP, f"{phase}: {recorder.label}", *problems, seconds=event.elapsed_time)


def _name(phase: Any) -> str:
    return str({"stateful_testing": "stateful"}.get(phase.name.lower(), phase.name.lower()))
