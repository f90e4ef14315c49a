"""Many flows performed in the caller's thread, their requests in a few helper threads, results as they come."""

from __future__ import annotations

import contextlib
import functools
import heapq
import itertools
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from .._flow.clock import now, sleep_for
from .._flow.effects import Effect, Fetch, Flow, Listen, PollPermit, Send, Sleep

T = TypeVar("T")
RunBlocking = Callable[[Effect[Any]], Any]
#: Takes a turn at this moment and returns 0.0, or returns the seconds until the next one.
TakeTurn = Callable[[float], float]


def run_concurrently(flows: list[Flow[T]], perform: RunBlocking, requests: int, take_turn: TakeTurn) -> Iterator[T]:
    """Perform the flows, with at most so many requests at a time; callbacks run in the caller's thread."""
    driver = _Driver(flows, perform, WorkerThreads(perform, min(requests, len(flows))), take_turn)
    try:
        yield from driver.results()
    finally:
        driver.close()


class _Driver(Generic[T]):
    """Knows of each flow whether it can go on, sleeps, stands in line for a turn, or has a request under way."""

    def __init__(self, flows: list[Flow[T]], perform: RunBlocking, crew: WorkerThreads, take_turn: TakeTurn) -> None:
        self._open = set(flows)
        self._ready = deque[tuple[Flow[T], Callable[[], Effect[Any]]]]((flow, flow.__next__) for flow in flows)
        self._asleep: list[tuple[float, int]] = []
        self._sleepers: dict[int, tuple[Flow[T], contextlib.ExitStack]] = {}
        self._in_line = deque[tuple[float, Flow[T]]]()
        self._perform, self._crew, self._take_turn = perform, crew, take_turn
        self._order = itertools.count()

    def results(self) -> Iterator[T]:
        while self._open:
            while self._ready:
                flow, proceed = self._ready.popleft()
                try:
                    effect = proceed()
                except StopIteration as end:
                    self._open.discard(flow)
                    yield end.value
                else:
                    self._begin(flow, effect)
            if self._open:
                self._collect(self._pause())

    def close(self) -> None:
        self._crew.dismiss()
        for _, ears in self._sleepers.values():
            ears.close()
        for flow in self._open:
            # A flow whose request is under way is not running; its answer is dropped.
            flow.close()

    def _begin(self, flow: Flow[T], effect: Effect[Any]) -> None:
        match effect:
            case Send() | Fetch():
                self._crew.send(effect, functools.partial(self._reply, flow))
            case Sleep(seconds=seconds) | Listen(seconds=seconds):
                self._lay_down(flow, effect, now() + seconds)
            case PollPermit(most=most):
                self._in_line.append((now() + most, flow))
            case _:
                self._reply(flow, *_outcome(self._perform, effect))

    def _lay_down(self, flow: Flow[T], effect: Effect[Any], until: float) -> None:
        """Let a flow sleep; a bell that it listens to comes in among the responses, from whichever thread rings it."""
        number, ears = next(self._order), contextlib.ExitStack()
        heapq.heappush(self._asleep, (until, number))
        self._sleepers[number] = flow, ears
        if isinstance(effect, Listen):
            ears.enter_context(effect.bell.heard_by(lambda: self._crew.answers.put(lambda: self._wake(number, True))))

    def _wake(self, number: int, rung: bool) -> None:
        # It may have been woken already.
        if number in self._sleepers:
            flow, ears = self._sleepers.pop(number)
            ears.close()
            self._reply(flow, rung, None)

    def _reply(self, flow: Flow[T], result: Any, error: BaseException | None) -> None:
        self._ready.append((flow, (lambda: flow.send(result)) if error is None else (lambda: flow.throw(error))))

    def _pause(self) -> float | None:
        """Wake who has slept enough and give turns; return the seconds until there is more of that to do."""
        moment = now()
        while self._asleep and self._asleep[0][0] <= moment:
            self._wake(heapq.heappop(self._asleep)[1], False)
        pause = self._asleep[0][0] - moment if self._asleep else None
        while self._in_line:
            deadline, flow = self._in_line[0]
            wait = self._take_turn(moment)
            if wait > 0 and deadline > moment:
                pause = min(wait, deadline - moment, wait if pause is None else pause)
                break
            self._in_line.popleft()
            self._reply(flow, wait == 0, None)
        return 0.0 if self._ready else pause

    def _collect(self, pause: float | None) -> None:
        """Take what has come, after waiting for some if there is nothing else to do."""
        try:
            if pause is None or pause > 0:
                self._crew.answers.get(timeout=None if pause is None else sleep_for(pause))()
            while True:
                self._crew.answers.get_nowait()()
        except queue.Empty:
            return


class WorkerThreads:
    """As many helper threads as there is work for, never in the way of the program's end."""

    def __init__(self, perform: RunBlocking, most: int) -> None:
        self.answers = queue.SimpleQueue[Callable[[], None]]()
        self._work = queue.SimpleQueue[tuple[Effect[Any], Callable[[Any, BaseException | None], None]] | None]()
        self._perform, self._most = perform, most
        self._threads = 0

    def send(self, effect: Effect[Any], reply: Callable[[Any, BaseException | None], None]) -> None:
        if self._threads < self._most:
            threading.Thread(target=self._toil, name="weryai-wait", daemon=True).start()
            self._threads += 1
        self._work.put((effect, reply))

    def dismiss(self) -> None:
        """Let the threads end when their requests have."""
        for _ in range(self._threads):
            self._work.put(None)

    def _toil(self) -> None:
        while (work := self._work.get()) is not None:
            effect, reply = work
            self.answers.put(functools.partial(reply, *_outcome(self._perform, effect)))


def _outcome(perform: RunBlocking, effect: Effect[Any]) -> tuple[Any, BaseException | None]:
    try:
        return perform(effect), None
    except Exception as error:
        return None, error
