"""What the queue of a worker bears: jobs that are not finished yet, and a database that is away for a moment."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from ._postgres import AWAY

if TYPE_CHECKING:
    from procrastinate.jobs import Job as Entry
    from procrastinate.retry import RetryDecision

# How often a job that is not finished is taken up again, and the first pause before that in seconds; it doubles.
TRIES, PAUSE = 5, 5


class UnfinishedError(Exception):
    """The job is to be taken up again: at once, or after a pause, and then only so often."""

    def __init__(self, queue: str, *, at_once: bool) -> None:
        self.queue, self.at_once = queue, at_once
        super().__init__(queue)


class Patience:
    """How long trouble with the database is borne, from its first time on; a while without it is a new beginning."""

    def __init__(self) -> None:
        self._since = self._last = float("-inf")

    async def meet(self, error: Exception) -> None:
        """Wait a moment, or raise the error."""
        moment = time.monotonic()
        if moment - self._last > AWAY / 2:
            self._since = moment
        self._last = moment
        if moment - self._since > AWAY:
            raise error
        await asyncio.sleep(1.0)


def returning() -> Any:
    """When an entry comes back."""
    from procrastinate.retry import BaseRetryStrategy, RetryDecision

    class Returning(BaseRetryStrategy):
        def get_retry_decision(self, *, exception: BaseException, job: Entry) -> RetryDecision | None:
            if not isinstance(exception, UnfinishedError):
                # The worker ends; another one goes on.
                return RetryDecision(retry_in={"seconds": 0})
            if exception.at_once:
                return RetryDecision(retry_in={"seconds": 0}, queue=exception.queue)
            if job.attempts >= TRIES:
                return None
            return RetryDecision(retry_in={"seconds": PAUSE * 2**job.attempts}, queue=exception.queue)

    return Returning()
