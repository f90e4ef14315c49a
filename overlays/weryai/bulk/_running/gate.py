"""The gate of a run: while the service is not reached nothing passes, and so many POSTs at once when it is.

What happens is told as it happens, and what came out of it in the end.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from ... import errors
from ..._flow.clock import now, sleep_for
from ..._flow.effects import Flow, Notify, Reply, Send
from ..._flow.order import AttemptResult, OrderState
from ..._flow.retry import DAILY_CAPS
from ...errors import (
    APIError,
    AuthenticationError,
    BudgetExceededError,
    ConfigurationError,
    ContractError,
    InsufficientCreditsError,
    JournalError,
    NotSentError,
    PermissionDeniedError,
    RateLimitError,
    TransportError,
    WeryAIError,
)
from .._ledger.ledger import OpenLedger
from .._ledger.transitions import Database, JobState, MovedError, keep, kept, lock, moment_of
from .throttle import ASK, IN_A_ROW, Health, Stage, Throttle

#: `unreached` is a service that has not answered since the start, `lost` one that was away for longer than the limit,
#: `unanswered` one that answers free questions and no submissions.
Cause = Literal["budget", "key", "credits", "daily cap", "unreached", "lost", "unanswered", "interrupted"]


@dataclass(frozen=True, slots=True)
class Stopping:
    """The run takes no further jobs; the reason is a sentence for people.

    Where it is one that somebody can do something about, `cause` is it in a word.
    """

    reason: str
    cause: Cause | None = None

    @property
    def is_unreached(self) -> bool:
        """Whether the service is away for so long that nothing is waited for any more."""
        return self.cause in ("unreached", "lost")


def why_stop(error: WeryAIError) -> Stopping | None:
    """The reason to take no further jobs, if an error is one that the next job would meet as well."""
    match error:
        case MovedError():
            return None
        case BudgetExceededError():
            return Stopping(error.message, "budget")
        case JournalError() | ConfigurationError():
            return Stopping(error.message)
        case AuthenticationError() | PermissionDeniedError():
            return Stopping(f"the service refuses the key: {error}", "key")
        case InsufficientCreditsError():
            return Stopping(f"the credits are used up: {error}", "credits")
        case APIError(code=code) if code in DAILY_CAPS:
            return Stopping(f"the limit of the day is reached: {error}", "daily cap")
    return None


def is_unknown(error: WeryAIError) -> bool:
    """Whether a submission that met this error may have been accepted: its job is ambiguous."""
    return error.outcome is errors.Outcome.UNKNOWN


def kind_of(error: WeryAIError) -> str:
    """An error in a word or two, to group by."""
    code = getattr(error, "code", None)
    name = type(error).__name__.removesuffix("Error")
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
    return f"{words} {code}" if code is not None else words


Happening = Literal[
    "submitted", "done", "failed", "ambiguous", "refused", "unfinished", "paused", "resumed", "stopping"
]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: to a job, or (`paused`, `resumed`, `stopping`) to the run.

    `refused` is a try that surely started nothing and is made again; `unfinished` is a job that is paid for and has no
    video on disk yet, because waiting or downloading failed.
    """

    event: Happening
    key: str = ""
    task_id: str | None = None
    path: str | None = None
    reason: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: `counts` of each state, what was spent, and why it stopped early, if it did.

    `not_in_manifest` are those of the `counts` that only earlier manifests had. `credits` is None where no price is
    known of what was submitted. `signal` is the number of the signal that interrupted it. `cause` is why
    it stopped in a word, where somebody can do something about it: "unreached" is a service that was not reached since
    the start, "lost" one that was away for longer than the limit, "unanswered" one that only free requests reach.
    `unfetched` jobs have a video at the service that could not be fetched or stored; the next start tries again.
    """

    counts: Mapping[JobState, int] = field(default_factory=dict)
    submits: int = 0
    credits: float | None = 0.0
    stopped: str | None = None
    interrupted: bool = False
    not_in_manifest: Mapping[JobState, int] = field(default_factory=dict)
    signal: int | None = None
    cause: Cause | None = None
    unfetched: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether every job of the manifest has its video, and whatever else is or may be paid for has come."""
        unpaid = (JobState.QUEUED, JobState.FAILED)
        aside = {state: self.not_in_manifest.get(state, 0) for state in unpaid}
        return all(many == aside.get(state, 0) for state, many in self.counts.items() if state is not JobState.DONE)


T = TypeVar("T")

#: Who has never reached the service since the start gives up after so many seconds.
NEVER = 60.0
#: So many free requests in a row without an answer that can be read count as an outage.
MISSES = 8
#: How often a worker that may not ask looks whether another one was answered, in seconds.
LOOK = 1.0
#: How long a job waits that other workers left no room for, in seconds.
CROWDED = 0.25
#: Under this name a ledger keeps what its workers know.
NAME = "service"


class CrowdedError(JournalError):
    """Other workers have as many POSTs open as may be, or the service is away: the job waits; nothing was sent."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """The right to one POST: when it began, how many unknown outcomes there were then, and the span of its turn."""

    began: float
    unknowns: int
    span: float


class Gate:
    """Lets requests of one worker through, by what all workers of its ledger have met.

    `ask` sends something free and returns why it was not answered, or None. `pause` and `resume` are told when the run
    stands still and goes on, `end` when it has to end.
    """

    def __init__(
        self, ledger: OpenLedger, open_posts: int, outage: float,
        *, ask: Callable[[], Awaitable[str | None]], pause: Callable[[str], Awaitable[None]],
        resume: Callable[[str], None], end: Callable[[Stopping], None],
    ) -> None:  # fmt: skip
        """Begin closed: the first to come waits for the first answer."""
        self.health = Health(open_posts, allowed=open_posts)
        self._ledger, self._outage = ledger, outage
        self._ask, self._pause, self._resume, self._end = ask, pause, resume, end
        self._changed, self._wanted = asyncio.Event(), asyncio.Event()
        # Held from a permit of the throttle to the POST, so that permits are not saved up.
        self._door = asyncio.Lock()
        self._open: set[Place] = set()
        # How many unknown outcomes there were when the try of a row began.
        self._known: dict[int, int] = {}
        self._misses = 0
        self._was_reached = self._is_stopping = self._is_over = False
        self._since: float | None = None
        self._told = False
        #: How often the service has been away; a wait that met one is not over.
        self.pauses = 0
        ledger.admit, ledger.heed = self._admit, self._heed

    @property
    def told(self) -> str | None:
        """Why the run stands still, for people; None while it does not."""
        return self._words() if self._told else None

    @property
    def is_away(self) -> bool:
        """Whether nothing may go but a free question."""
        return not self.health.is_reached

    @asynccontextmanager
    async def guarding(self) -> AsyncIterator[None]:
        """Ask whenever somebody waits, until the block ends; the service is asked before anything else."""
        await self._change(lambda health, _: health.begin(self.health.bound))
        asking = asyncio.create_task(self._keep_asking())
        asking.add_done_callback(self._asked_for_ever)
        try:
            yield
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            self._ledger.admit = self._ledger.heed = None

    def _asked_for_ever(self, asking: asyncio.Task[None]) -> None:
        if not asking.cancelled() and (error := asking.exception()) is not None:
            self._end(Stopping(f"the service cannot be asked any more: {error}", "lost"))

    async def passed(self) -> None:
        """Wait until free requests may go."""
        while not self.health.is_reached:
            await self._news()

    async def invited(self) -> None:
        """Wait until a job may be begun, or none is any more."""
        while not self.health.is_reached and not self._is_stopping:
            await self._news()

    async def _news(self) -> None:
        """Wait until something has changed, and have the service asked while it is away."""
        if not self.health.is_reached:
            self._wanted.set()
        self._changed.clear()
        await self._changed.wait()

    @asynccontextmanager
    async def post(self, throttle: Throttle) -> AsyncIterator[Place | None]:
        """Hold the right to one POST, with a permit of the throttle; None if no further jobs are taken."""
        async with self._door:
            place = None if self._is_stopping else await self._placed(throttle)
        try:
            yield place
        finally:
            if place is not None:
                self._open.remove(place)
                throttle.sent()
            self._changed.set()

    def stop_posts(self) -> None:
        """Let nobody wait for a POST any more: the run takes no further jobs."""
        self._is_stopping = True
        self._changed.set()

    def free(self, flow: Flow[T]) -> Flow[T]:
        """Perform a flow whose requests are free: each waits until the service is reached, and tells what it met."""
        try:
            effect = next(flow)
            while True:
                is_ours = isinstance(effect, Send)
                if is_ours and not self.health.is_reached:
                    yield from Notify(lambda _: self.passed(), None)
                try:
                    reply = yield effect
                except WeryAIError as error:
                    if is_ours:
                        yield from Notify(self._missed, error)
                    effect = flow.throw(error)
                except BaseException as error:
                    effect = flow.throw(error)
                else:
                    if is_ours:
                        yield from Notify(self._came, reply)
                    effect = flow.send(reply)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        finally:
            flow.close()

    async def met(self, error: WeryAIError, place: Place | None = None) -> None:
        """Heed a POST, or what goes before it, that met this; an unknown outcome is known to the ledger already."""
        if isinstance(error, CrowdedError) or is_unknown(error):
            await self._change(None)
        elif isinstance(error, NotSentError) or is_page(error):
            await self._change(lambda health, _: health.not_reached(str(error)))
        elif isinstance(error, APIError):
            self._was_reached = True
            if place is not None and not self.health.is_settled:
                await self._change(lambda health, _: health.answered(place.unknowns))

    async def accepted(self) -> None:
        """Heed a POST that was accepted; the ledger knows it already."""
        self._was_reached = True
        if not self.health.is_settled:
            await self._change(None)

    async def _keep_asking(self) -> None:
        """Ask whenever somebody waits and no other worker asks, until this is cancelled or the run has to end."""
        while not self._is_over:
            await self._wanted.wait()
            if self.health.is_reached:
                self._wanted.clear()
                continue
            if self._since is None:
                self._since = now()
            pause: float = await self._change(Health.take_ask)
            if pause == 0:
                await self._ask_now()
            if self.health.stage is Stage.ASKING:
                await self._go_on_waiting(pause)

    async def _ask_now(self) -> None:
        reason = await self._ask()
        self._was_reached = self._was_reached or reason is None
        await self._change(lambda health, _: health.was_asked(reason))

    async def _placed(self, throttle: Throttle) -> Place | None:
        """Wait for a permit, and then for room."""
        span = await throttle.turn()
        try:
            while not self._is_stopping:
                if self.health.may_start(len(self._open), self._longest()):
                    place = Place(now(), self.health.unknowns, span)
                    self._open.add(place)
                    return place
                await self._news()
        except BaseException:
            throttle.sent()
            raise
        throttle.sent()
        return None

    async def _go_on_waiting(self, pause: float) -> None:
        away = now() - (self._since or 0.0)
        # Another worker may be asking just now.
        if pause == 0 or away > LOOK:
            await self._tell()
        limit = self._outage if self._was_reached else NEVER
        if away >= limit:
            words = f"{away:.0f} s: {self.health.reason}"
            self._is_over = True
            lost = Stopping(f"the service was away for {words}", "lost")
            self._end(lost if self._was_reached else Stopping(f"the service was not reached for {words}", "unreached"))
            return
        await asyncio.sleep(sleep_for(min(pause or ASK, LOOK, limit - away)))

    async def _tell(self) -> None:
        if not self._told:
            self._told = True
            await self._pause(self._words())

    def _words(self) -> str:
        away, asks = now() - (self._since or now()), self.health.asks
        if self.health.unknowns >= IN_A_ROW:
            what = f"{self.health.unknowns} submissions in a row have no known outcome"
        else:
            what = "the service is not reached"
        return f"{what}; asked {asks:,} times in {away:.0f} s: {self.health.reason}"

    async def _missed(self, error: WeryAIError) -> None:
        """Heed a free request that was not answered."""
        if isinstance(error, NotSentError):
            await self._change(lambda health, _: health.not_reached(str(error)))
        elif isinstance(error, TransportError):
            await self._count_miss(str(error))

    async def _count_miss(self, reason: str) -> None:
        self._misses += 1
        if self._misses >= MISSES:
            self._misses = 0
            await self._change(lambda health, _: health.not_reached(reason))

    def _came(self, reply: Reply) -> Awaitable[None] | None:
        """Heed what came on a free request; a page is not the service's."""
        if reply.http_status >= 500 or reply.content.lstrip()[:1] not in (b"{", b"["):
            return self._count_miss(f"HTTP {reply.http_status} came with {reply.content[:40]!r}")
        self._misses, self._was_reached = 0, True
        return None

    async def _change(self, event: Callable[[Health, float], Any] | None) -> Any:
        """Change what all workers know, see what they know now, and act on it."""
        known, result = await self._ledger.note(lambda db: _changed(db, event))
        before, stage, self.health = self.health.stage, known.stage, known
        if stage is Stage.ASKING:
            self._wanted.set()
            if before is not stage:
                self.pauses += 1
                self._since = now() if self._since is None else self._since
                if self.health.unknowns >= IN_A_ROW:
                    await self._tell()
        elif stage is Stage.OPEN and before is not stage:
            self._go_on()
        elif stage is Stage.BROKEN and before is not stage:
            words = f"the service is reached, and submissions are not answered: {self.health.reason}"
            self._end(Stopping(words, "unanswered"))
        self._changed.set()
        return result

    def _go_on(self) -> None:
        away, self._since = now() - (self._since or now()), None
        if self._told:
            self._told = False
            self._resume(f"the service is reached again after {away:.0f} s")

    def _longest(self) -> float:
        """For how many seconds the first of this worker's open POSTs has been open."""
        return now() - min((place.began for place in self._open), default=now())

    def _admit(self, db: Database, row: int) -> None:
        """Refuse a POST that was just begun in the ledger, if there are too many with those of other workers."""
        health = _seen(db)
        found = db.execute(
            "select count(*) as many, min(began) as first, max(began) as last from jobs where state = 'submitting'"
        ).fetchone()
        if not health.may_start(int(found["many"]) - 1, float(found["last"]) - float(found["first"])):
            raise CrowdedError("other workers have as many submissions open as may be")
        self._known[row] = health.unknowns
        if health.stage is Stage.ALONE:
            health.started()
            keep(db, NAME, health)

    def _heed(self, db: Database, row: int, attempt: AttemptResult) -> None:
        """Heed what became of a POST, with the note of it, so that no other one can start in between."""
        known = self._known.pop(row, 0)
        if attempt.state is OrderState.AMBIGUOUS:
            health = _locked(db)
            health.unknown(attempt.reason or "no response came")
            keep(db, NAME, health)
        elif attempt.state is OrderState.SUBMITTED and not _seen(db).is_settled:
            health = _locked(db)
            health.answered(known)
            keep(db, NAME, health)


def is_page(error: WeryAIError) -> bool:
    """Whether a refusal is a page of something between us and the service, which does not speak for it.

    Where it refuses the key or asks for time it is taken at its word.
    """
    at_its_word = isinstance(error, RateLimitError | AuthenticationError | PermissionDeniedError)
    return isinstance(error, APIError) and not at_its_word and not isinstance(error.raw, dict)


def why_unanswered(error: WeryAIError) -> str | None:
    """What a free question says that met this error; None if the service itself has answered."""
    is_away = isinstance(error, TransportError | ContractError) or is_page(error)
    is_away = is_away or (isinstance(error, APIError) and (error.http_status or 0) >= 500)
    return str(error) if is_away else None


def _changed(db: Database, event: Callable[[Health, float], Any] | None) -> tuple[Health, Any]:
    if event is None:
        return _seen(db), None
    health, moment = _locked(db), moment_of(db)
    result = event(health, moment)
    keep(db, NAME, health)
    return health, result


def _locked(db: Database) -> Health:
    """What all workers know; nobody else changes it until this transaction has ended."""
    lock(db)
    return _seen(db)


def _seen(db: Database) -> Health:
    return kept(db, NAME, Health) or Health()


def bound_of(db: Database) -> int:
    """How many submissions all workers of a ledger may have open."""
    return _seen(db).bound
