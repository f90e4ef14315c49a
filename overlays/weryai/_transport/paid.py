"""The life of a paid request, as one list of steps in the order in which they wrap.

| step     | where              | what it does                                                                        |
|----------|--------------------|-------------------------------------------------------------------------------------|
| slot     | `limiter`          | waits for one of `max_requests`; nothing is sent yet                                |
| shield   | `shield`           | an interruption stops what has not left, and waits for the response of what has     |
| record   | `_journal`         | the order is on disk before it is sent, and what came of it right after;            |
|          |                    | without a journal the process remembers what may have been paid for                 |
| transmit | `runner`           | one POST on a fresh connection, watched by `evidence`                               |
| drift    | `drift_reporter`   | tells what the contract does not know, when the response is safe                    |

Record and transmit are one flow, `life`; the others differ between the two runners, and stand there in this order.
"""

from __future__ import annotations

import contextlib
from concurrent.futures import Future

from .._flow.effects import Flow, Reply, Send
from .._flow.order_log import AttemptLog
from .._journal.memory import MEMORY
from .._journal.recording import INTERRUPTED, Recording
from .._settings import Settings
from ..errors import WeryAIError
from .evidence import Evidence


class PaidAttempt:
    """One attempt at a paid request: what it orders, where it is noted, and how far it got."""

    def __init__(self, effect: Send, settings: Settings) -> None:
        """Get ready; the key is asked for once, so that both notes of an attempt are of the same one."""
        self.effect, self.evidence = effect, Evidence()
        self._recording = Recording(effect, _log_of(settings), self.evidence)
        self.is_given_up = False

    def life(self) -> Flow[Reply]:
        """Go through the steps inside the shield."""
        return self._recording.life()

    def stopped(self) -> Future[None] | None:
        """Note that it was stopped before its first byte."""
        self.is_given_up = True
        return self._recording.note_stopped()

    def give_up(self, reason: str = INTERRUPTED) -> None:
        """Note that nobody waits for the response any more; should it still come, that is noted as well."""
        self.is_given_up = True
        with contextlib.suppress(WeryAIError):
            self._recording.give_up(reason)


def _log_of(settings: Settings) -> AttemptLog:
    """Where an attempt is noted: in the journal, or in the memory of this process."""
    return settings.order_log() if settings.journal else MEMORY.order_log(settings.base_url, settings.key())
