"""The life of a paid request, as one list of steps in the order in which they wrap.

* slot (`runner`, `awaiting`): waits for one of `max_requests`; nothing is sent yet
* shield (there too): an interruption stops what has not left, and waits for the response of what has
* record (`_journal`): the order is on disk before it is sent, and what came of it right after; without a journal the
  process remembers what may have been paid for
* transmit: one POST on a fresh connection, watched by `trace`
* drift: tells what the contract does not know, when the response is safe

Record and transmit are one flow, `life`; the others differ between the two runners, and stand there in this order.
"""

from __future__ import annotations

import contextlib
import dataclasses
from concurrent.futures import Future

from .._flow.effects import Flow, Reply, Send
from .._journal.recording import INTERRUPTED, MEMORY, Recording
from .._settings import Settings
from ..errors import WeryAIError
from .http import Evidence


class PaidAttempt:
    """One attempt at a paid request: what it orders, where it is noted, and how far it got."""

    def __init__(self, effect: Send, settings: Settings) -> None:
        """Get ready; the key is asked for once, so that an attempt is noted under the key that it is sent with."""
        api_key = settings.key()
        self.effect, self.evidence = dataclasses.replace(effect, api_key=api_key), Evidence()
        log = (settings.journal or MEMORY).order_log(settings.base_url, api_key)
        self._recording = Recording(self.effect, log, self.evidence)
        # Nobody waits for it any more; stopped, because it surely was not sent.
        self.is_given_up = self.is_stopped = False

    def life(self) -> Flow[Reply]:
        """Go through the steps inside the shield."""
        return self._recording.life()

    def stopped(self) -> Future[None] | None:
        """Note that it was stopped before its first byte."""
        self.is_given_up = self.is_stopped = True
        return self._recording.note_stopped()

    def give_up(self, reason: str = INTERRUPTED) -> None:
        """Note that nobody waits for the response any more; should it still come, that is noted as well."""
        self.is_given_up = True
        with contextlib.suppress(WeryAIError):
            self._recording.give_up(reason)
