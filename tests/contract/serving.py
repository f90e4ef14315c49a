"""Answers whatever is asked with one reply after the other, and runs each operation with its simplest request."""

import warnings
from dataclasses import dataclass, field
from typing import Any

import httpx
import respx

from contract.reading import Operation, resolve
from contract.sending import Senders
from weryai import WeryAIError, WeryAIWarning


@dataclass
class Simplest:
    """The simplest request of an operation, in the shape of a schemathesis case."""

    path_parameters: dict[str, Any] = field(default_factory=dict)
    body: Any = None


def simplest(one: Operation) -> Simplest:
    """Make it from the contract's examples."""
    path = {it["name"]: it["example"] for it in map(resolve, one.spec.get("parameters", []))}
    if "requestBody" not in one.spec:
        return Simplest(path)
    (described,) = one.spec["requestBody"]["content"].values()
    return Simplest(path, dict(resolve(next(iter(described["examples"].values())))["value"]))


class Served:
    """A service that gives the answer it was told last."""

    def __init__(self, senders: Senders) -> None:
        self.senders = senders
        self.answer = httpx.Response(500)
        self.router = respx.mock(assert_all_called=False, using="httpx")
        self.router.route().mock(side_effect=lambda _request: self.answer)

    def outcomes(self, one: Operation, **answer: Any) -> dict[str, Any]:
        """What comes out of an answer, blocking and awaited: the value, or the typed error; nothing else may come."""
        found = {}
        for way in ("overlay", "overlay async"):
            self.answer = httpx.Response(**answer)
            self.router.calls.reset()
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", WeryAIWarning)
                    found[way] = self.senders.ways[way](one, simplest(one))
            except WeryAIError as error:
                found[way] = error
            except Exception as error:
                error.add_note(f"{one.name} by {way}, answered with {answer!r:.1000}")
                raise
        return found

    def parsed(self, one: Operation, **answer: Any) -> Any:
        """What the generated client makes of an answer."""
        self.answer = httpx.Response(**answer)
        return self.senders.ways["generated"](one, simplest(one))
