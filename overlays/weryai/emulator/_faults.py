"""Faults: scenarios that were injected, in order and counted.

A person writes which one is wanted, where and how often as NAME[@STAGE][:TIMES], or :1/N.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict, deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Literal, get_args

from weryai.emulator._clock import Changes
from weryai.emulator._scenarios import FATES, MISHAPS, REFUSALS, REQUESTS, SHAPES, Fate, Reshaped, Scenario, Stage

SCENARIOS = {scenario.name: scenario for scenario in (*FATES, *REFUSALS, *MISHAPS, *SHAPES)}

HEADER = "X-Emulator-Scenario"
#: A prompt chooses as well: "She waves [emulator: fail-copyright]"; one that is not closed goes to the end.
MARKER = re.compile(r"\[emulator:\s*([^\]]*)", re.IGNORECASE)
MOST_TIMES = 1_000_000
_WISH = re.compile(r"(?P<name>[^@:\s]+)(?:@(?P<stage>[^@:\s]+))?(?::(?:1/(?P<each>[0-9]{1,7})|(?P<times>[0-9]{1,7})))?")


class UnknownScenarioError(ValueError):
    """No scenario has this name, or it cannot be had like this; the message says which there are."""


@dataclass(frozen=True, slots=True)
class ScenarioSpec:
    """A scenario that somebody wants, where, and how often; `times` None is the scenario's own measure.

    With `each` it happens for good, to one in so many that it suits.
    """

    scenario: Scenario
    stage: Stage
    times: int | None = None
    each: int = 1

    def __str__(self) -> str:
        stage = "" if self.stage == self.scenario.stage else f"@{self.stage}"
        measure = f":1/{self.each}" if self.each > 1 else "" if self.times is None else f":{self.times}"
        return f"{self.scenario.name}{stage}{measure}"


def scenarios() -> tuple[Scenario, ...]:
    """Return every scenario that the emulator can play."""
    return tuple(SCENARIOS.values())


def wish(name: str, times: int | None = None, at: str | None = None) -> ScenarioSpec:
    """Return a wish, or refuse a name or a stage that does not exist by naming the nearest."""
    scenario = SCENARIOS.get(name)
    if scenario is None:
        near = get_close_matches(name, SCENARIOS, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else "`weryai emulate --list-scenarios` lists them"
        raise UnknownScenarioError(f"there is no scenario {name[:60]!r}; {hint}")
    if times is not None and not 1 <= times <= MOST_TIMES:
        raise UnknownScenarioError(f"{name}: times={times} must be 1 to {MOST_TIMES}")
    return ScenarioSpec(scenario, stage_of(scenario, at), times)


def stage_of(scenario: Scenario, at: str | None) -> Stage:
    """Return where a scenario acts: where it is wanted, if it can act there."""
    if at is None or at == scenario.stage:
        return scenario.stage
    if at not in get_args(Stage):
        raise UnknownScenarioError(f"{scenario.name}: there is no stage {at[:60]!r}, only {', '.join(get_args(Stage))}")
    if scenario.stage != "any" or at not in REQUESTS or isinstance(scenario.effect, Fate):
        raise UnknownScenarioError(f"{scenario.name} acts at {scenario.stage}, not at {at}")
    return at


def read_wishes(text: str) -> Iterator[ScenarioSpec]:
    """Yield the wishes of a text such as `rate-limit:2, slow@status`."""
    for part in text.replace(",", " ").split():
        found = _WISH.fullmatch(part)
        if found is None:
            raise UnknownScenarioError(f"{part[:60]!r} is not NAME, NAME:TIMES, NAME:1/N or NAME@STAGE:TIMES")
        times = int(found["times"]) if found["times"] else None
        wanted = wish(found["name"], times, found["stage"])
        yield replace(wanted, each=_each(found["name"], int(found["each"]))) if found["each"] else wanted


def _each(name: str, number: int) -> int:
    if not 1 <= number <= MOST_TIMES:
        raise UnknownScenarioError(f"{name}: 1/{number} must be 1/1 to 1/{MOST_TIMES}")
    return number


def marked_in(prompt: str) -> list[ScenarioSpec]:
    """Return what the markers of a prompt ask for."""
    return [one for text in MARKER.findall(prompt) for one in read_wishes(text)]


Source = Literal["code", "start", "control", "header", "prompt"]
#: What a test can be asked to account for; what a request brings along, it brings for itself.
ORDERS: frozenset[Source] = frozenset({"code", "start", "control"})
#: How many jobs are remembered whose prompts choose scenarios, and how many faults that requests brought along.
MOST_JOBS = 1_000
MOST_BROUGHT = 1_000


@dataclass(eq=False, slots=True)
class Fault:
    """A scenario that was injected: `ordered` times (None is for good), triggered `met` times so far.

    It happens to one in `each` that it suits, of which `seen` came so far.
    """

    id: int
    scenario: Scenario
    stage: Stage
    ordered: int | None
    source: Source
    each: int = 1
    seen: int = 0
    met: int = 0
    cancelled: bool = False
    task_ids: list[str] = field(default_factory=list)
    _changes: Changes = field(default_factory=Changes, repr=False)

    @property
    def name(self) -> str:
        """The name of the scenario."""
        return self.scenario.name

    @property
    def is_open(self) -> bool:
        """Whether it can still be met."""
        return not self.cancelled and (self.ordered is None or self.met < self.ordered)

    def cancel(self) -> None:
        """Take the rest of the order back."""
        self.cancelled = True
        self._changes.bump()

    def suits(self, stage: Stage, states: Collection[str]) -> bool:
        """Whether it would act on a request at this stage, about tasks in these states."""
        if not self.is_open or not (self.stage == stage or (self.stage == "any" and stage in REQUESTS)):
            return False
        if not isinstance(self.scenario.effect, Reshaped):
            return True
        wanted = self.scenario.effect.states
        return stage != "download" and (not wanted or not wanted.isdisjoint(states))

    def give_back(self) -> None:
        """Count one meeting less: it could not act after all."""
        self.met -= 1
        self._changes.bump()


class Faults:
    """Every fault of an emulator; safe to use from any thread."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._lock = threading.Lock()
        self._count = 0
        self._orders: list[Fault] = []
        self._brought: deque[Fault] = deque(maxlen=MOST_BROUGHT)
        self._of_jobs: OrderedDict[str, list[Fault]] = OrderedDict()

    def order(self, name: str, times: int = 1, *, at: str | None = None, source: Source = "code") -> Fault:
        """Let a scenario happen `times` times from now on: to the next that it suits, after those injected before."""
        return self.grant(wish(name, times, at), source)

    def grant(self, wanted: ScenarioSpec, source: Source) -> Fault:
        """Make a fault of a wish."""
        is_for_good = wanted.each > 1 or (source not in ORDERS and wanted.scenario.lasts)
        with self._lock:
            self._count += 1
            times = wanted.times or (None if is_for_good else 1)
            fault = Fault(
                self._count, wanted.scenario, wanted.stage, times, source, each=wanted.each, _changes=self._changes
            )
            (self._orders if source in ORDERS else self._brought).append(fault)
        self._changes.bump()
        return fault

    def of_job(self, job: str, wishes: Iterable[ScenarioSpec]) -> list[Fault]:
        """Return the faults that a prompt chose: the same ones when the same job is submitted once more."""
        with self._lock:
            known = self._of_jobs.get(job)
        if known is None:
            known = [self.grant(one, "prompt") for one in wishes]
            with self._lock:
                self._of_jobs[job] = known
                while len(self._of_jobs) > MOST_JOBS:
                    self._of_jobs.popitem(last=False)
        return known

    def take(self, stage: Stage, states: Collection[str] = ()) -> Fault | None:
        """Return the oldest order that suits, counted as met; None if there is none."""
        with self._lock:
            return next(iter(meet(self._orders, stage, states, most=1)), None)

    def take_along(self, first: Fault, stage: Stage, states: Collection[str] = ()) -> list[Fault]:
        """Return the orders after one that are seen in the same response, counted as met: shapes of other families."""
        if not combines(first):
            return []
        met: list[Fault] = []
        with self._lock:
            for fault in self._orders[self._orders.index(first) + 1 :] if first in self._orders else ():
                others = {family_of(one) for one in (first, *met)}
                if combines(fault) and family_of(fault) not in others:
                    met += meet([fault], stage, states)
        return met

    def take_own(self, own: Iterable[Fault], stage: Stage, states: Collection[str] = ()) -> list[Fault]:
        """Return those of a request's or a task's own faults that suit, counted as met."""
        with self._lock:
            return meet(own, stage, states)

    def all(self) -> list[Fault]:
        """Return every fault, oldest first: orders, and what the latest requests brought along."""
        with self._lock:
            return sorted([*self._orders, *self._brought], key=lambda one: one.id)

    def orders(self) -> list[Fault]:
        """Return what was injected by code, at the start or by control."""
        with self._lock:
            return list(self._orders)

    def numbered(self, number: int) -> Fault | None:
        """Return the fault with this number."""
        return next((one for one in self.all() if one.id == number), None)

    def unmet(self) -> list[Fault]:
        """Return the orders of which something is left; of those that are for good, those that nothing met."""
        return [one for one in self.orders() if one.is_open and not (one.ordered is None and one.met)]

    def clear(self) -> None:
        """Forget every fault."""
        with self._lock:
            self._orders.clear()
            self._brought.clear()
            self._of_jobs.clear()
        self._changes.bump()


def meet(faults: Iterable[Fault], stage: Stage, states: Collection[str], most: int | None = None) -> list[Fault]:
    """Return the first faults that suit, each counted as met."""
    met: list[Fault] = []
    for fault in faults:
        if not fault.suits(stage, states):
            continue
        fault.seen += 1
        if fault.seen % fault.each == 0:
            fault.met += 1
            met.append(fault)
            if len(met) == most:
                break
    return met


def combines(fault: Fault) -> bool:
    """Whether a fault is a shape that leaves other shapes to be seen."""
    return isinstance(fault.scenario.effect, Reshaped) and not fault.scenario.effect.once


def family_of(fault: Fault) -> str:
    """Return the family of a shape."""
    return fault.scenario.effect.family if isinstance(fault.scenario.effect, Reshaped) else ""


def accounted(faults: Faults) -> None:
    """Raise AssertionError, naming them, if orders are left that nothing met."""
    __tracebackhide__ = True  # pytest then shows the line of the test.
    left = [f"{one.name} at {one.stage}: injected {one.ordered}, triggered {one.met}" for one in faults.unmet()]
    if left:
        raise AssertionError("faults that were injected and never triggered: " + "; ".join(left))
