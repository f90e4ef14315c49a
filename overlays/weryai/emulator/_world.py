"""Everything that one emulator knows, and the clock it lives by."""

from __future__ import annotations

from weryai.emulator._changes import Changes
from weryai.emulator._clock import Clock
from weryai.emulator._exchanges import Exchanges
from weryai.emulator._faults import Faults
from weryai.emulator._ledger import Ledger
from weryai.emulator._settings import Settings
from weryai.emulator._tasks import Task, TaskStore
from weryai.emulator._uploads import Uploads
from weryai.emulator._videos import Videos


class World:
    """The parts of one emulator; no other emulator shares any of them."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        if clock is not None and settings.speed != 1.0:
            raise ValueError("a clock of your own has its own speed: give clock or speed, not both")
        self.settings = settings
        self.clock = clock or Clock(settings.speed)
        self.changes = Changes()
        self.exchanges = Exchanges(self.changes)
        self.faults = Faults(self.changes)
        self.uploads = Uploads()
        self.tasks = TaskStore(
            self.clock,
            settings.waiting,
            settings.processing,
            settings.balance,
            concurrency=settings.concurrency,
            daily_cap=settings.daily_cap,
            refund_failed=settings.refund_failed,
        )
        self.ledger = Ledger(self.tasks)
        self.videos = Videos(settings.video, self.uploads)
        self.clock.listen(self.changes.bump)
        self._order_first()

    def end(self, task: Task, state: str, reason: str | None = None) -> None:
        """Let a task end now, whatever was to become of it."""
        self.tasks.end(task, state, reason)
        self.changes.bump()

    def reset(self) -> None:
        """Forget everything that happened; the clock goes on, and the scenarios of the start are ordered anew."""
        self.tasks.clear(self.settings.balance)
        self.uploads.clear()
        self.ledger.clear()
        self.exchanges.clear()
        self.faults.clear()
        self._order_first()

    def close(self) -> None:
        """Let go of the clock, of running work and of files."""
        self.clock.forget(self.changes.bump)
        self.videos.close()

    def _order_first(self) -> None:
        for wanted in self.settings.wishes():
            self.faults.grant(wanted, "start")
