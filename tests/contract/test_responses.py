"""Whatever answer the contract allows is understood: the outcome is a function of HTTP status and envelope alone."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import weryai_api.models
from contract import outcomes
from contract.cases import Answer, answers, bodies_of, effort
from contract.oracle import same
from contract.reading import TWINS, Operation, operations
from contract.sending import Senders
from contract.serving import Served
from weryai import Batch, Submission, Task

OTHERS = (402, 405, 408, 410, 418, 422, 502, 503, 520, 599)
WORDS = ["success", "OK", "failed", "", None, True]
STATUSES = st.sampled_from([0, 200, "0", "200", 0.0, *outcomes.KINDS, *map(str, outcomes.KINDS), 7, -1, *WORDS])
IDS = st.fixed_dictionaries({"data": st.fixed_dictionaries({"task_ids": st.just(["task_abc123"])})})
VALUES: dict[str, type | tuple[type, ...]] = {
    "submitImageToVideo": Submission, "submitMultiImageToVideo": Submission, "submitTextToVideo": Submission,
    "submitFirstLastImageToVideo": Submission, "submitAlmightyReferenceToVideo": Submission,
    "getTaskStatus": Task, "getBatchStatus": Batch, "uploadFile": str, "getBalance": (int, float),
    "listVideoModels": tuple,
}  # fmt: skip


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """One set of clients and one router for the module."""
    with Senders() as senders:
        made = Served(senders)
        with made.router:
            yield made


def http_statuses(answer: Answer) -> st.SearchStrategy[int]:
    """The HTTP statuses that a documented answer stands for."""
    return st.sampled_from(OTHERS) if answer.code == "default" else st.just(int(answer.code))


def varied(answer: Answer) -> st.SearchStrategy[Any]:
    """Bodies of the schema, half of them with a status word or code that somebody has met, some with a task id."""
    plain = bodies_of(answer.schema)
    known = st.builds(lambda body, status: {**body, "status": status}, plain, STATUSES)
    with_ids = st.builds(lambda body, status, ids: {**body, "status": status, **ids}, plain, STATUSES, IDS)
    return plain | known | with_ids


def cases_of(one: Operation) -> st.SearchStrategy[tuple[int, Any]]:
    """HTTP status and body of answers of an operation."""
    documented = [answer for answer in answers() if answer.operation == one]
    return st.sampled_from(documented).flatmap(lambda answer: st.tuples(http_statuses(answer), varied(answer)))


def check_outcomes(served: Served, one: Operation, status: int, body: Any) -> set[str]:
    """Judge what comes out of an answer, blocking and awaited; return the names of the classes that came."""
    found = served.outcomes(one, status_code=status, json=body)
    paid = bool(one.spec.get("x-paid"))
    for way, outcome in found.items():
        assert not (problem := outcomes.judge(status, body, outcome, paid=paid)), f"{one.name} by {way}: {problem}"
        if not isinstance(outcome, Exception):
            assert isinstance(outcome, VALUES.get(one.name, object)), f"{one.name} by {way} gave {outcome!r}"
    seen = {type(outcome).__name__ for outcome in found.values()}
    assert len(seen) == 1, f"{one.name}: sync and async differ: {found!r}"
    return seen


def name(one: Operation | Answer) -> str:
    """Name a test after its operation."""
    return one.name


@pytest.mark.parametrize("schema", sorted({one.schema for one in answers()}))
def test_a_round_trip_keeps_every_field(schema: str) -> None:
    """Whatever the contract allows as an answer, read by the generated model and written again, is the same.

    About half of the answers have `data`, and it is what the contract names, never just anything.
    """
    model = getattr(weryai_api.models, schema.rpartition("/")[2])
    bodies: list[Any] = []

    @effort(3)
    @given(bodies_of(schema))
    def check(body: Any) -> None:
        assert same(model.from_dict(body).to_dict(), body)
        assert TWINS.drift(schema, body) == []
        bodies.append(body)

    check()
    if model is not weryai_api.models.ErrorReply:
        share = sum("data" in body for body in bodies) / len(bodies)
        assert share > 0.4, f"{schema}: `data` is in {share:.0%} of the bodies"


@pytest.mark.parametrize("one", operations(), ids=name)
def test_the_outcome_follows_from_status_and_envelope(served: Served, one: Operation) -> None:
    """Each documented answer gives the value or the error that a hand-typed table says, sync and async alike."""
    seen: set[str] = set()

    @effort(4)
    @given(cases_of(one))
    def check(case: tuple[int, Any]) -> None:
        seen.update(check_outcomes(served, one, *case))

    check()
    assert len(seen) >= 5, f"only {seen} came out: the cases have become too narrow"


@pytest.mark.parametrize("answer", answers(), ids=name)
def test_the_generated_client_reads_each_documented_answer(served: Served, answer: Answer) -> None:
    """The generated client parses every documented answer into the model that the contract names for its status."""
    status = 418 if answer.code == "default" else int(answer.code)

    @effort(0.3)
    @given(bodies_of(answer.schema))
    def check(body: Any) -> None:
        response = served.parsed(answer.operation, status_code=status, json=body)
        assert type(response.parsed).__name__ == answer.model
        assert same(response.parsed.to_dict(), body)

    check()
