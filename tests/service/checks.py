"""What the suite found right and wrong."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Check:
    """One thing that must hold; `problems` is empty if it does."""

    group: str
    name: str
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0


class Checks:
    """All checks of a run, in order."""

    def __init__(self) -> None:
        self.all: list[Check] = []

    def add(self, group: str, name: str, *problems: str, seconds: float = 0.0) -> Check:
        """Note the outcome of one check."""
        check = Check(group, name, [problem for problem in problems if problem], seconds)
        self.all.append(check)
        return check

    @contextmanager
    def checking(self, group: str, name: str) -> Iterator[list[str]]:
        """Check in a block that appends what is wrong; whatever it raises is wrong as well."""
        problems: list[str] = []
        started = time.monotonic()
        try:
            yield problems
        except Exception as error:
            problems.append(f"{type(error).__name__}: {error}")
        self.add(group, name, *problems, seconds=time.monotonic() - started)

    @property
    def failed(self) -> list[Check]:
        """Those that do not hold."""
        return [check for check in self.all if check.problems]
