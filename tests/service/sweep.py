"""schemathesis over the network against every operation: examples, boundaries, fuzzing, and chains of linked calls.

Only checks that are named here run: those that schemathesis runs by default would send requests of their own, or judge
what the contract leaves open.
"""

import copy
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis.engine import events, from_schema

from contract.outcomes import code_of
from contract.reading import CONTRACT, operations
from fakes.pictures import png
from service.checks import Checks
from service.exchange import Record
from service.place import Place
from service.secrecy import Secret

GROUP = "schemathesis"
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "positive_data_acceptance", "unsupported_method",
    "a_linked_id_is_found",
)  # fmt: skip
# A form writes null as the text "null", which is a valid text; and an example's or a made-up file is no picture.
NOT_FOR_UPLOADS = ("negative_data_rejection", "positive_data_acceptance")
NOT_FOUND = {404, 1003, 1010}
_PARENTS = {"getTaskStatus": ("task_ids", "task_id"), "getBatchStatus": ("batch_id",)}


class Issued:
    """The ids that the service gave out in this run, and how often one of them was asked for."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin a run."""
        self.ids: dict[str, set[str]] = {name: set() for name in _PARENTS}
        self.asked = 0

    def check(self, name: str, path_parameters: dict[str, Any], body: Any) -> str:
        """Remember the ids of an answer, and say so if one that was given out is not found."""
        data = body.get("data") if isinstance(body, dict) else None
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


@schemathesis.check
def a_linked_id_is_found(_context: Any, response: Any, case: Any) -> None:
    """An id that a submission gave is known to the operations that it is linked to."""
    try:
        body = response.json()
    except ValueError:
        body = None
    if response.status_code in NOT_FOUND:
        body = {**(body if isinstance(body, dict) else {}), "status": response.status_code}
    problem = ISSUED.check(case.operation.definition.raw.get("operationId", ""), case.path_parameters or {}, body)
    assert not problem, problem


def run_sweep(place: Place, secret: Secret, record: Record, checks: Checks, *, seed: int, cases: int) -> None:
    """Run every phase, note what was found, and that nothing was left out."""
    ISSUED.forget()
    schemathesis.openapi.format("binary", st.just(png()))
    document = copy.deepcopy(CONTRACT)
    document["servers"] = [{"url": place.url}]
    for item in document["paths"].values():
        item.pop("servers", None)
    schema: Any = schemathesis.openapi.from_dict(document, config=_config(place, secret, seed, cases))
    tally = Tally()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            _note(event, record, checks, tally)
        elif isinstance(event, events.NonFatalError):
            tally.troubles.append(f"{event.label}: {event.value}")
        elif isinstance(event, events.FatalError):
            tally.troubles.append(str(event.exception))
    tally.check(checks)


@dataclass
class Tally:
    """What adds up over the scenarios of a sweep."""

    asked: set[tuple[str, str]] = field(default_factory=set)
    unanswered: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    chains: list[float] = field(default_factory=list)
    chain_problems: list[str] = field(default_factory=list)

    def check(self, checks: Checks) -> None:
        """Check that nothing was left out, and that whatever was asked was answered."""
        seconds, problems = sum(self.chains), dict.fromkeys(self.chain_problems)
        checks.add(GROUP, f"stateful: {len(self.chains)} chains of linked calls", *problems, seconds=seconds)
        checks.add(GROUP, "stateful: linked ids were asked for", "" if ISSUED.asked else "none was")
        checks.add(GROUP, "examples: were sent", "" if ("examples" in dict(self.asked)) else "none was")
        labels = {f"{one.method.upper()} {one.path}" for one in operations()}
        for phase in ("coverage", "fuzzing"):
            missed = sorted(labels - {label for name, label in self.asked if name == phase})
            checks.add(GROUP, f"{phase}: every operation was asked", *(f"{label} was not" for label in missed))
        checks.add(GROUP, "every request was answered", *dict.fromkeys(self.unanswered))
        checks.add(GROUP, "the tool had no trouble", *dict.fromkeys(self.troubles))


def _config(place: Place, secret: Secret, seed: int, cases: int) -> Any:
    return schemathesis.Config.from_dict(
        {
            "base-url": place.url,
            "seed": seed,
            "max-redirects": 0,
            "request-timeout": 20.0,
            "headers": {"Authorization": f"Bearer {secret.key}"},
            "generation": {
                "with-security-parameters": False,
                "database": "none",
                "max-examples": cases,
                "deterministic": True,
            },
            "analysis": {"constants": {"enabled": False}},
            "phases": {"stateful": {"max-steps": 5}},
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
    """Record the exchanges of a scenario, and what its checks found."""
    phase, recorder = _name(event.phase), event.recorder
    for interaction in recorder.interactions.values():
        request, response = interaction.request, interaction.response
        if response is None:
            tally.unanswered.append(f"{phase}: no answer to {request.method} {request.uri}")
            continue
        kind = next(iter(request.headers.get("Content-Type") or request.headers.get("content-type") or [""]))
        headers = {name: ", ".join(values) for name, values in response.headers.items()}
        sent = request.method, request.uri, str(kind), request.body or b""
        record.note(f"{GROUP}, {phase}", sent, response.status_code, headers, response.content)
    problems = [
        f"{node.name}: {node.failure_info.failure}"
        for nodes in recorder.checks.values()
        for node in nodes
        if node.failure_info is not None
    ]
    tally.asked |= {(phase, node.value.operation.label) for node in recorder.cases.values()}
    if phase == "stateful":
        tally.chains.append(event.elapsed_time)
        tally.chain_problems += problems
    elif recorder.cases:
        checks.add(GROUP, f"{phase}: {recorder.label}", *dict.fromkeys(problems), seconds=event.elapsed_time)


def _name(phase: Any) -> str:
    return {"stateful_testing": "stateful"}.get(phase.name.lower(), phase.name.lower())
