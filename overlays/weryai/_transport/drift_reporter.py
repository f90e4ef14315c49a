"""Tells whoever made a client about drift, each kind once, without ever costing the response."""

from __future__ import annotations

import inspect
import threading
from typing import TYPE_CHECKING

from .._flow.effects import Reply, Send
from .._flow.logs import log
from .http import note_on_interruption

if TYPE_CHECKING:
    from .._protocol.drift import Drift, OnDrift

MOST_KINDS = 1_000


class DriftReporter:
    """Compares every answer of one client with the contract, if there is somebody to tell."""

    def __init__(self, on_drift: OnDrift | None) -> None:
        self._on_drift = on_drift
        if on_drift is not None:
            from .._protocol.drift import find_drifts

            self._find_drifts = find_drifts
        self._told: set[tuple[str, ...]] = set()
        self._lock = threading.Lock()

    def pass_on(self, effect: Send, reply: Reply) -> Reply:
        """Return the response as it came, after telling what is new in it.

        Nothing may come between a paid response and its caller: a failing callback is logged, and an interruption takes
        the task ids along.
        """
        if self._on_drift is None:
            return reply
        try:
            for drift in self._new(self._find_drifts(effect.endpoint, reply)):
                self._tell(drift)
        except Exception as error:
            log.warning("on_drift failed with %s; the response is not affected", type(error).__name__)
        except BaseException as interruption:
            if effect.paid:
                note = note_on_interruption(effect, reply)
                interruption.add_note(note)
                log.warning("%s", note)
            raise
        return reply

    def _new(self, found: list[Drift]) -> list[Drift]:
        """Those that were not told before; so many kinds are enough to know that the contract is another one."""
        with self._lock:
            new = [drift for drift in found if drift.identity not in self._told]
            new = new[: MOST_KINDS - len(self._told)]
            self._told.update(drift.identity for drift in new)
        return new

    def _tell(self, drift: Drift) -> None:
        if not callable(self._on_drift):
            log.warning("drift: %s", drift)
            return
        try:
            result = self._on_drift(drift)
            if inspect.iscoroutine(result):
                result.close()
                raise TypeError("on_drift must be a plain function")
        except Exception as error:
            log.warning("on_drift failed with %s; the response is not affected", type(error).__name__)
