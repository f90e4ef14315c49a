"""What the suite found right and wrong."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from weryai.contract._exchange import Record
from weryai.contract._secrecy import Secret

LONGEST_PROBLEM = 4_000


class MismatchError(Exception):
    """Something came that should not have; the message says what."""


def expect(holds: object, problem: str) -> None:
    """Raise with the problem unless something holds."""
    if not holds:
        raise MismatchError(problem)


@dataclass
class Check:
    """One thing that must hold; `problems` is empty if it does."""

    group: str
    name: str
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0


class Checks:
    """All checks of a run, in order."""

    def __init__(self, secret: Secret) -> None:
        self._secret = secret
        self.all: list[Check] = []

    def add(self, group: str, name: str, *problems: str, seconds: float = 0.0) -> Check:
        """Note the outcome of one check; the key is taken out before anything may cut it into pieces."""
        hidden = [self._secret.hide_text(problem)[:LONGEST_PROBLEM] for problem in problems if problem]
        check = Check(group, self._secret.hide_text(name), hidden, seconds)
        self.all.append(check)
        return check

    @contextmanager
    def checking(self, group: str, name: str, record: Record | None = None) -> Iterator[list[str]]:
        """Check in a block that appends what is wrong; what it raises is wrong too; its last request is told."""
        problems: list[str] = []
        before = len(record.all()) if record else 0
        started = time.monotonic()
        try:
            yield problems
        except Exception as error:
            problems.append(_told(error))
        if problems and record and (last := record.all()[before:]):
            problems[-1] += f"\n{last[-1].curl}"
        self.add(group, name, *problems, seconds=time.monotonic() - started)

    @property
    def causes(self) -> dict[tuple[str, str], list[Check]]:
        """The checks that do not hold, by group and by what is wrong: one cause is told once."""
        found: dict[tuple[str, str], list[Check]] = {}
        for check in self.failed:
            found.setdefault((check.group, check.problems[0].partition("\ncurl")[0]), []).append(check)
        return found

    @property
    def failed(self) -> list[Check]:
        """Those that do not hold."""
        return [check for check in self.all if check.problems]


def _told(error: Exception) -> str:
    """What an exception says, or where it came from if it says nothing."""
    if isinstance(error, MismatchError):
        return str(error)
    if str(error):
        return f"{type(error).__name__}: {error}"
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {place.name}: {place.line}"
