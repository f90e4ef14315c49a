"""How an API says no: by its HTTP status as most do, or in its own words. A suite declares it once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

#: True for yes, False for no, None if an answer does not say.
Verdict = Callable[[int, Any], bool | None]


def by_status(status: int, body: Any) -> bool | None:
    """Say yes for 2xx and no for 4xx; a redirect and a failure of the server say nothing."""
    del body
    return True if 200 <= status < 300 else False if 400 <= status < 500 else None


def _never(status: int, body: Any) -> bool:
    del status, body
    return False


@dataclass(frozen=True)
class Refusals:
    """How one API refuses.

    `said` reads an answer. `excused` names a refusal that a sound request may meet all the same, such as "this model
    does not take it": what a document cannot say.
    """

    said: Verdict = by_status
    excused: Callable[[int, Any], bool] = _never

    def problem(self, status: int, body: Any, *, sound: bool) -> str:
        """Return what is wrong with the answer to a sound or a broken request, or nothing."""
        said = self.said(status, body)
        if said is None:
            return f"HTTP {status} says neither yes nor no: {body!r:.500}"
        if sound and not said and not self.excused(status, body):
            return f"a sound request was refused with HTTP {status}: {body!r:.500}"
        return f"a broken request was accepted with HTTP {status}: {body!r:.500}" if said and not sound else ""
