"""What a scenario can do to a request, a task or a delivery: values, performed elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Stage = Literal["any", "submit", "task", "status", "upload", "download", "balance", "models", "webhook"]
#: What a shape is about, from the inside to the outside.
FAMILIES = ("word", "reason", "videos", "names", "array", "submission", "balance", "models", "envelope", "whole")
#: Where a request can be met; "any" is the first of these that comes.
REQUESTS: tuple[Stage, ...] = ("submit", "status", "upload", "download", "balance", "models")


@dataclass(frozen=True, slots=True)
class Instead:
    """Another response in place of the real one: nothing is made and nothing is paid.

    A dictionary is sent as JSON, a text as a page for people.
    """

    http_status: int
    body: dict[str, Any] | str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Late:
    """The response comes as late as the emulator's setting `slow` says, in real seconds."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The connection breaks, `before` the request is handled or after.

    How: a TCP reset; an orderly close without a byte; half of the response and then a close; a whole response which is
    announced as longer than it is.
    """

    how: Literal["reset", "close", "half", "longer"]
    before: bool = False


@dataclass(frozen=True, slots=True)
class Reshaped:
    """A successful response is given another shape; with `states`, only one that tells of a task in such a state.

    Text is sent as it is, anything else as JSON. `once` is for a shape that passes by itself. Shapes of different
    families are seen together in one response, in the order of `FAMILIES`; those of one family exclude each other.
    """

    change: Callable[[dict[str, Any]], Any]
    states: frozenset[str] = frozenset()
    once: bool = False
    family: str = "whole"

    @property
    def turn(self) -> int:
        """When it acts among others: what is inside a task before what is around it."""
        return FAMILIES.index(self.family)


@dataclass(frozen=True, slots=True)
class Headed:
    """The response has other headers."""

    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a task: the state in which it stays for ever, or the one in which it ends, and why."""

    stays: str | None = None
    ends: str = "succeed"
    reason: str | None = None
    has_video: bool = True
    #: How the state in which it ends is spelt.
    word: str | None = None


@dataclass(frozen=True, slots=True)
class Delivered:
    """How often a delivery is made; with `stale`, one that says processing follows the one that tells the end."""

    copies: int = 1
    stale: bool = False
    words: Mapping[str, str] = field(default_factory=dict)


Effect = Instead | Late | Broken | Reshaped | Headed | Fate | Delivered


@dataclass(frozen=True, slots=True)
class Scenario:
    """Something that the service does or may do: its name, one sentence, the stage it acts at, and what it does."""

    name: str
    sentence: str
    stage: Stage
    effect: Effect

    @property
    def lasts(self) -> bool:
        """Whether a task that has it by itself shows it for good, not once: a fate or a shape."""
        if isinstance(self.effect, Reshaped):
            return not self.effect.once
        return isinstance(self.effect, Fate | Headed | Delivered)
