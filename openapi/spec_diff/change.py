"""One change, and where it was met."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

EVERYONE = ("the whole contract",)


@dataclass(frozen=True)
class Spot:
    """A place in a body or parameter, as seen from the operation and from the nearest named schema, if any."""

    path: str = ""
    schema: str = ""

    def inside(self, step: str) -> Spot:
        """A step further in: a field, or [] for the items of a list."""
        return Spot(_join(self.path, step), _join(self.schema, step) if self.schema else "")

    def named(self, name: str) -> Spot:
        """The same place, where a named schema begins."""
        return replace(self, schema=name)


def _join(start: str, step: str) -> str:
    return step if not start else start + step if step.startswith("[") else f"{start}.{step}"


NOWHERE = Spot()


@dataclass(frozen=True)
class Change:
    """What is different, in words, and whether a caller can be broken by it; `warns` if only people can tell."""

    breaks: bool
    words: str
    spot: Spot = NOWHERE
    warns: bool = False

    @property
    def level(self) -> str:
        """How grave it is, in oasdiff's words: error, warning or info."""
        return "error" if self.breaks else "warning" if self.warns else "info"


@dataclass(frozen=True)
class Found:
    """A change of one operation, and the part of that operation in which it was met."""

    operation: str
    part: str
    change: Change


def breaks(words: str, spot: Spot = NOWHERE) -> Change:
    """A change that can break a caller."""
    return Change(True, words, spot)


def fine(words: str, spot: Spot = NOWHERE) -> Change:
    """A change that cannot."""
    return Change(False, words, spot)


def warning(words: str, spot: Spot = NOWHERE) -> Change:
    """A change of which only people can tell whether it breaks a caller."""
    return Change(False, words, spot, warns=True)


def listed(words: Iterable[object]) -> str:
    """Words one after the other, for a sentence."""
    return ", ".join(str(word) for word in words)
