"""Everything that one emulator knows, and the clock it lives by."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from weryai.emulator._clock import Changes, Clock, Scheduler
from weryai.emulator._scenarios.faults import Faults
from weryai.emulator._state.exchanges import Exchanges
from weryai.emulator._state.ledger import Ledger, Post
from weryai.emulator._state.media import Uploads, Videos
from weryai.emulator._state.persistence import Persistence, StateFile
from weryai.emulator._state.settings import Settings
from weryai.emulator._state.tasks import ENDED, SUCCEEDED, Task, TaskStore
from weryai.emulator._state.webhooks import Webhooks

#: From the start of the last query part of a video's address: until when it works.
UNTIL = "until"


class World:
    """The parts of one emulator; no other emulator shares any of them."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        if clock is not None and settings.speed != 1.0:
            raise ValueError("a clock of your own has its own speed: give clock or speed, not both")
        self.settings = settings
        self.clock = clock or Clock(settings.speed)
        self.changes = Changes()
        self.resets = 0
        self.exchanges = Exchanges(self.changes)
        self.faults = Faults(self.changes)
        self.uploads = Uploads()
        self.tasks = TaskStore(
            self.clock,
            settings.waiting,
            settings.processing,
            settings.credits,
            concurrency=settings.concurrency or None,
            daily_cap=settings.daily_cap or None,
            submit_interval=settings.submit_interval,
            refund_failed=settings.refund_failed,
        )
        self.ledger = Ledger(self.tasks)
        self.videos = Videos(settings.video, self.uploads)
        self.timekeeper = Scheduler(self.clock)
        self.webhooks = Webhooks(
            self.clock,
            self.exchanges,
            self.faults,
            self.timekeeper,
            settings.webhook_names,
            self._changed,
            self._is_known,
        )
        self.keeper = Persistence(None if settings.state is None else StateFile(settings.state))
        for task in self.keeper.restore(self.tasks, self.uploads, self.ledger, self.exchanges, self.faults):
            self._await(task)
        if settings.balance is None:
            self.tasks.left = settings.credits  # Also where a file remembers fewer.
        self.clock.listen(self.changes.bump)
        self._order_first()

    @asynccontextmanager
    async def living(self) -> AsyncGenerator[None, None]:
        """Let things happen by the clock until the block ends, and then close."""
        time = asyncio.create_task(self.timekeeper.run())
        try:
            yield
        finally:
            time.cancel()
            with suppress(asyncio.CancelledError):
                await time
            await self.webhooks.close()
            self.close()

    def submitted(self, tasks: tuple[Task, ...]) -> None:
        """Remember new tasks, and what is to happen to them."""
        for task in tasks:
            task.webhook = "pending" if task.work.webhook_url else None
            self._await(task)
        self.keeper.tasks(*tasks)
        self.keeper.money(self.tasks.left, self.clock.now())
        self.changes.bump()

    def posted(self, post: Post) -> None:
        """Remember a submission that arrived."""
        self.ledger.note(post)
        self.keeper.post(post)

    def end(self, task: Task, state: str, reason: str | None = None) -> None:
        """Let a task end now, whatever was to become of it."""
        self.tasks.end(task, state, reason)
        self._changed(task)
        self.timekeeper.at(self.clock.now(), partial(self._passed, task))

    def tell_again(self, task: Task) -> None:
        """Send the webhook of a task that has ended once more."""
        self.timekeeper.at(self.clock.now(), lambda: self.webhooks.tell_again(task, self.told(task)))

    def told(self, task: Task, home: str | None = None) -> dict[str, Any]:
        """Return a task as the API tells it, with URLs by the name that the caller knows the emulator by."""
        told: dict[str, Any] = {"task_id": task.id, "task_status": self.tasks.word(task)}
        if self.tasks.state(task) == SUCCEEDED and task.fate.has_video:
            told["videos"] = [self.video_url(task, home or task.work.home)]
        reason = self.tasks.reason(task)
        return told if reason is None else {**told, "msg": reason}

    def video_url(self, task: Task, home: str) -> str:
        """Return where a video lies; where links have a lifetime, until when stands in it."""
        lifetime = self.settings.link_lifetime
        until = "" if lifetime is None else f"?{UNTIL}={self.clock.now() + lifetime:.3f}"
        return f"{home}/result/{task.id}.mp4{until}"

    def may_be_image(self, url: str) -> bool:
        """Whether a URL may lead to an image; of an upload and a result of this emulator it is known."""
        upload = self.uploads.at(url)
        if upload is not None:
            return upload.can_be_animated
        try:
            path = urlsplit(url).path
        except ValueError:
            return True
        task_id = path.removeprefix("/result/").removesuffix(".mp4")
        return self.tasks.task(task_id) is None

    def may_be(self, kind: str, url: str) -> bool:
        """Whether a URL may lead to a video or an audio; of an upload of this emulator it is known."""
        upload = self.uploads.at(url)
        return upload is None or upload.media_type.startswith(f"{kind}/")

    def reset(self) -> None:
        """Forget everything that happened; the clock goes on, and the scenarios of the start are injected anew."""
        self.resets += 1
        self.timekeeper.clear()
        self.tasks.clear(self.settings.credits)
        self.uploads.clear()
        self.ledger.clear()
        self.exchanges.clear()
        self.faults.clear()
        self.keeper.clear()
        self._order_first()

    def stop(self) -> None:
        """Give up what would hold up the end: pages that watch, a video that is being made."""
        self.changes.close()
        self.videos.close()

    def close(self) -> None:
        """Let go of the clock, of running work and of files."""
        self.stop()
        self.clock.forget(self.changes.bump)
        self.keeper.close()

    def _order_first(self) -> None:
        for wanted in self.settings.wishes():
            self.faults.grant(wanted, "start")

    def _await(self, task: Task) -> None:
        """Notice when a task starts and when it ends."""
        for when in {self.tasks.starts_at(task), self.tasks.ends_at(task)} - {None}:
            self.timekeeper.at(when or 0.0, partial(self._passed, task))

    def _passed(self, task: Task) -> None:
        """Tell that a task is in another state; tell its end to its webhook."""
        self.changes.bump()
        if task.webhook == "pending" and not task.is_told and self.tasks.state(task) in ENDED:
            task.is_told = True
            told = self.told(task)
            self.webhooks.tell(task, {**told, "task_status": self._word_in_webhook(task, told["task_status"])})

    def _word_in_webhook(self, task: Task, word: str) -> str:
        """Return how a webhook spells an end; a scenario that spells it itself has its way."""
        upper = self.settings.webhook_words == "SUCCESS" and self.settings.dialect == "page"
        return {"succeed": "SUCCESS", "failed": "FAILED"}[word] if upper and word == self.tasks.state(task) else word

    def _changed(self, task: Task) -> None:
        if self._is_known(task):
            self.keeper.tasks(task)
        self.changes.bump()

    def _is_known(self, task: Task) -> bool:
        """Whether a task was not forgotten in the meantime, with everything else."""
        return self.tasks.task(task.id) is task
