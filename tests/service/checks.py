"""What the suite found right and wrong."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from service.secrecy import Secret

LONGEST_PROBLEM = 2_000


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
