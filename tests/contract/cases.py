"""Cases made from the contract by schemathesis: requests as they are, answers as requests of a made-up document."""

import copy
import unicodedata
from dataclasses import dataclass
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from contract.core import as_requests
from contract.reading import CONTRACT, STRICT, Operation, operations, resolve, snake_case


@dataclass
class Effort:
    """How hard the suite looks; pytest's options `--cases`, `--quick` and `--explore` change it."""

    cases: int = 30
    shrinks: bool = True
    explores: bool = False


EFFORT = Effort()
# What Hypothesis would complain of, and why it is no fault here; any other complaint counts.
UNASKED = {
    HealthCheck.too_slow: "schemathesis builds its generators during the first cases, and machines are shared",
    HealthCheck.filter_too_much: "negative cases are made by trial: most bodies that are tried are still sound",
    HealthCheck.data_too_large: "a prompt may have 2,000 characters, and a task nests three lists of media",
    HealthCheck.large_base_example: "the least registry has every field that its schema requires, nested",
    HealthCheck.function_scoped_fixture: "the guard of the network stays up for all cases of a test, as it must",
}


def effort(share: float = 1.0) -> settings:
    """Return Hypothesis settings: so many cases, the same ones on every run unless the suite explores."""
    phases = [Phase.explicit, Phase.generate, *([Phase.shrink] if EFFORT.shrinks else [])]
    return settings(
        max_examples=max(int(EFFORT.cases * share), 5),
        derandomize=not EFFORT.explores,
        database=None,
        deadline=None,
        phases=phases,
        suppress_health_check=list(UNASKED),
    )


# Signs of other categories that show nothing.
EMPTY = "\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0" + "".join(map(chr, range(0xFE00, 0xFE10)))


def is_refused_out_of_caution(body: Any) -> bool:
    """Whether the client refuses a body that the contract allows: a zero byte, or a blank where a word is needed.

    What is typed here by hand are the fields that may not be empty.
    """
    texts = {name: value for name, value in body.items() if isinstance(value, str)} if isinstance(body, dict) else {}
    needed = (texts.get(name, "x") for name in ("model", "prompt", "aspect_ratio", "resolution"))
    blank = {"Zs", "Zl", "Zp", "Cc", "Cf"}
    return any("\0" in text for text in texts.values()) or any(
        text != "" and all(unicodedata.category(sign) in blank or sign in EMPTY for sign in text) for text in needed
    )


def load(document: dict[str, Any], mode: str = "positive", *, stateful: bool = False) -> Any:
    """Return schemathesis' reading of a document; keys are ours to send, so no case carries one."""
    config = schemathesis.Config.from_dict(
        {
            "generation": {"with-security-parameters": False, "database": "none", "mode": mode},
            "analysis": {"constants": {"enabled": False}},
            "phases": {"stateful": {"enabled": stateful}},
        }
    )
    return schemathesis.openapi.from_dict(copy.deepcopy(document), config=config)


REQUESTS = load(CONTRACT)


def requests_of(one: Operation, mode: GenerationMode = GenerationMode.POSITIVE) -> st.SearchStrategy[Any]:
    """Requests of an operation, as schemathesis' cases."""
    strategy: st.SearchStrategy[Any] = REQUESTS[one.path][one.method.upper()].as_strategy(generation_mode=mode)
    return strategy


@dataclass(frozen=True)
class Answer:
    """One documented answer of an operation."""

    operation: Operation
    code: str
    schema: str

    @property
    def name(self) -> str:
        """How a test is named after it."""
        return f"{self.operation.name}-{self.code}"

    @property
    def model(self) -> str:
        """The generated model that reads it."""
        return self.schema.rpartition("/")[2]


def answers() -> list[Answer]:
    """Every documented answer with a JSON body."""
    return [
        Answer(one, code, resolve(answer)["content"]["application/json"]["schema"]["$ref"])
        for one in operations()
        for code, answer in one.spec["responses"].items()
    ]


def _as_requests() -> Any:
    """Load a document in which each schema of an answer, and of a delivery, is the body of a request.

    The strict twin: of "a task, or anything" a generator makes nothing at all.
    """
    schemas = {one.schema for one in answers()} | {"#/components/schemas/WebhookDelivery"}
    paths = {f"/{snake_case(schema.rpartition('/')[2])}": {"$ref": schema} for schema in schemas}
    return load(as_requests(paths, STRICT["components"]))


_ANSWERS = _as_requests()


def bodies_of(schema: str, mode: GenerationMode = GenerationMode.POSITIVE) -> st.SearchStrategy[Any]:
    """Bodies that keep (or, negative, break) the schema of an answer; negative ones may be raw bytes."""
    made = _ANSWERS[f"/{snake_case(schema.rpartition('/')[2])}"]["POST"].as_strategy(generation_mode=mode)
    bodies: st.SearchStrategy[Any] = made.map(lambda case: case.body)
    return bodies
