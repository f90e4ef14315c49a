"""What the suite found right and wrong, and the faults that whoever runs it knows: they are told, and fail nothing.

Known faults are TOML. Each `[[known]]` has `check` (the group and the name, where `*` stands for anything), `problem`
(a text that stands in the problem) and `why`.
"""

from __future__ import annotations

import time
import tomllib
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path

from weryai.contract._exchange import Exchange, Record, Secret
from weryai.contract._guard import WrongUseError

LONGEST_PROBLEM = 4_000
KNOWN = "known faults"


class MismatchError(Exception):
    """What came is wrong; the message says how."""


def expect(holds: object, problem: str) -> None:
    """Raise MismatchError unless something holds."""
    if not holds:
        raise MismatchError(problem)


@dataclass(frozen=True)
class Problem:
    """What is wrong, with the exchange that shows it; problems of the same `cause` are told once."""

    text: str
    exchange: Exchange | None = None
    cause: str = ""

    @property
    def key(self) -> str:
        """What all problems of one cause have."""
        return self.cause or self.text

    def __str__(self) -> str:
        return self.text if self.exchange is None else f"{self.text}\n{self.exchange.curl}"


@dataclass
class Check:
    """One thing that must hold; it does if `problems` is empty. `known` has faults that are known, and why."""

    group: str
    name: str
    problems: list[Problem] = field(default_factory=list)
    seconds: float = 0.0
    known: list[tuple[Problem, str]] = field(default_factory=list)


@dataclass
class Cause:
    """What is wrong, told once, with all checks that it fails."""

    problem: Problem
    checks: list[Check]


class Checks:
    def __init__(self, secret: Secret) -> None:
        self._secret = secret
        self.all: list[Check] = []

    def add(self, group: str, name: str, *problems: str | Problem, seconds: float = 0.0) -> Check:
        """Note an outcome; the key is taken out before anything may cut it into pieces."""
        hide = self._secret.hide_text
        hidden = [
            replace(one, text=hide(one.text)[:LONGEST_PROBLEM], cause=hide(one.cause))
            for one in (Problem(told) if isinstance(told, str) else told for told in problems)
            if one.text
        ]
        check = Check(group, hide(name), hidden, seconds)
        self.all.append(check)
        return check

    @contextmanager
    def checking(self, group: str, name: str, record: Record | None = None) -> Iterator[None]:
        """Check in a block: what it raises is wrong, and told with its last request."""
        problems: list[Problem] = []
        before = len(record.all()) if record else 0
        started = time.monotonic()
        try:
            yield
        except Exception as error:
            sent = record.all()[before:] if record else []
            problems.append(Problem(_told(error), sent[-1] if sent else None))
        self.add(group, name, *problems, seconds=time.monotonic() - started)

    @property
    def causes(self) -> list[Cause]:
        """What is wrong, each cause once."""
        found: dict[str, Cause] = {}
        for check in self.failed:
            for problem in check.problems:
                cause = found.setdefault(problem.key, Cause(problem, []))
                if check not in cause.checks:
                    cause.checks.append(check)
        return list(found.values())

    @property
    def failed(self) -> list[Check]:
        return [check for check in self.all if check.problems]


def _told(error: Exception) -> str:
    if isinstance(error, MismatchError):
        return str(error)
    if str(error):
        return f"{type(error).__name__}: {error}"
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {place.name}: {place.line}"


@dataclass(frozen=True)
class Known:
    """One fault: the check and the problem where it shows, and why it is none of the contract's."""

    check: str
    problem: str
    why: str

    def explains(self, check: Check, problem: str) -> bool:
        return fnmatchcase(f"{check.group}: {check.name}", self.check) and self.problem in problem


def read_known(path: Path) -> tuple[Known, ...]:
    """Read a file of known faults; raise WrongUseError if it is none, or a fault has no reason."""
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise WrongUseError(f"--known {path}: {error}") from error
    rows = told.get("known")
    if set(told) != {"known"} or not isinstance(rows, list) or not rows:
        raise WrongUseError(f"--known {path}: it has nothing but [[known]], once or more")
    for number, row in enumerate(rows, start=1):
        good = isinstance(row, dict) and set(row) == {"check", "problem", "why"}
        if not good or not all(isinstance(text, str) and text.strip() for text in row.values()):
            raise WrongUseError(f"--known {path}: [[known]] {number} has check, problem and why, each a text")
    return tuple(Known(**row) for row in rows)


def excuse(checks: Checks, known: Sequence[Known]) -> None:
    """Take what is known out of what fails; what is known and no longer shows fails by itself."""
    unused = set(known)
    for check in checks.failed:
        for problem in list(check.problems):
            reason = next((one for one in known if one.explains(check, problem.text)), None)
            if reason is not None:
                check.problems.remove(problem)
                check.known.append((problem, reason.why))
                unused.discard(reason)
    for one in known:
        stale = f"{one.check} no longer says {one.problem!r}: take it out" if one in unused else ""
        checks.add(KNOWN, f"still shows: {one.check}: {one.problem}", stale)
