"""Faults of a service that whoever runs the suite knows, each with its reason: they are told, and fail nothing.

The file is TOML. Each `[[known]]` has `check` (the group and the name, where `*` stands for anything), `problem` (a
text that stands in the problem) and `why`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from weryai.contract._checks import Check, Checks
from weryai.contract._place import WrongUseError

GROUP = "known faults"


@dataclass(frozen=True)
class Known:
    """One fault that is known, where it shows, and why it is none of the contract's."""

    check: str
    problem: str
    why: str

    def explains(self, check: Check, problem: str) -> bool:
        """Whether a problem of a check is this fault."""
        return fnmatchcase(f"{check.group}: {check.name}", self.check) and self.problem in problem


def read_known(path: Path) -> tuple[Known, ...]:
    """Read a file of known faults.

    Raises:
        WrongUseError: If it is no such file, or a fault has no reason.
    """
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
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
    """Take what is known out of what fails; what is known and shows no longer fails by itself."""
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
        checks.add(GROUP, f"still shows: {one.check}: {one.problem}", stale)
