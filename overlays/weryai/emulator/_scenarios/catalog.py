"""Every scenario by its name, and how a person writes which one is wanted: NAME[@STAGE][:TIMES], or :1/N."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import get_args

from weryai.emulator._scenarios.answer_shapes import SHAPES
from weryai.emulator._scenarios.effects import REQUESTS, Fate, Scenario, Stage
from weryai.emulator._scenarios.network_faults import MISHAPS
from weryai.emulator._scenarios.refusals import REFUSALS
from weryai.emulator._scenarios.task_fates import FATES

SCENARIOS = {scenario.name: scenario for scenario in (*FATES, *REFUSALS, *MISHAPS, *SHAPES)}

HEADER = "X-Emulator-Scenario"
#: A prompt chooses as well: "She waves [emulator: fail-copyright]".
MARKER = re.compile(r"\[emulator:\s*([^\]]*)\]", re.IGNORECASE)
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
