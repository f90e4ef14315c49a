"""Every scenario of the emulator, played to the real client: what comes out of it, and what it costs."""

import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import weryai
from fakes.faces import Face, submit
from fakes.faults import Reply
from fakes.faulty_server import FaultyServer
from fakes.surroundings import JOURNEY_KEY
from journeys.scenario_outcomes import DELIVERIES, OUTCOMES, Outcome
from journeys.scenario_stories import tell, totals
from weryai.emulator import Emulator, ManualClock, scenarios

SCENARIOS = {one.name: one for one in scenarios()}
FIXED_VIDEO = (Path(weryai.__file__).parent / "emulator" / "data" / "fixed.mp4").read_bytes()
STORIES = [(name, stage) for name, stages in OUTCOMES.items() for stage in stages]


@pytest.fixture(scope="module")
def one_emulator() -> Iterator[Emulator]:
    """One emulator for all stories."""
    with Emulator(clock=ManualClock(), video="fixed", waiting=1, processing=1, slow=0.1, key=JOURNEY_KEY) as running:
        yield running


@pytest.fixture
def emulator(one_emulator: Emulator) -> Emulator:
    """The emulator, with nothing of the story before."""
    one_emulator.reset()
    return one_emulator


def test_every_scenario_has_an_outcome() -> None:
    """No scenario is offered without a promise of what the client makes of it, at each stage where it matters."""
    expected = {name: set(stages) for name, stages in OUTCOMES.items()}
    for name, scenario in SCENARIOS.items():
        if scenario.stage == "webhook":
            assert name in DELIVERIES
        elif scenario.stage == "any":
            assert {"submit", "status"} <= expected.pop(name, set()), name
        else:
            assert expected.pop(name, set()) == {scenario.stage}, name
    assert expected == {}, "outcomes of scenarios that do not exist"
    assert set(DELIVERIES) <= set(SCENARIOS)


@pytest.mark.parametrize(("name", "stage"), STORIES, ids=[f"{name}@{stage}" for name, stage in STORIES])
def test_a_scenario_ends_as_promised(face: Face, emulator: Emulator, tmp_path: Path, name: str, stage: str) -> None:
    """The story ends in the video or the error of the table; nothing is submitted, or paid, more often than there."""
    outcome = OUTCOMES[name][stage]
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        ending = told(face, emulator, tmp_path, name, stage)
    check_ending(ending, outcome, tmp_path)
    assert totals(emulator.ledger) == (outcome.posts, outcome.tasks, 10 * outcome.tasks)
    assert name in {scenario for one in emulator.exchanges for scenario in one.scenarios}, "the scenario did not happen"
    emulator.assert_faults_met()
    texts = [str(one.message) for one in warned]
    assert texts == [] if outcome.warns is None else outcome.warns in "\n".join(texts)


def told(face: Face, emulator: Emulator, folder: Path, name: str, stage: str) -> Any:
    """Return what a story ends in, also if that is an error of ours."""
    outcome = OUTCOMES[name][stage]
    patience = 0.2 if outcome.error == "TaskTimeoutError" else 20.0
    try:
        return tell(face, emulator, folder, SCENARIOS[name], stage, along=outcome.along, patience=patience)
    except weryai.WeryAIError as error:
        return error


def check_ending(ending: Any, outcome: Outcome, folder: Path) -> None:
    """Compare what a story ended in with what was promised."""
    if outcome.error is not None:
        assert type(ending).__name__ == outcome.error, repr(ending)
        assert outcome.says in str(ending)
        assert list(folder.iterdir()) == []
    elif outcome.answer is not None:
        found = ending if isinstance(ending, tuple) else [ending]
        assert outcome.answer in (found, ending, *(getattr(model, "key", None) for model in found))
    else:
        assert not isinstance(ending, Exception), repr(ending)
        assert ending.path == folder / "video.mp4"
        assert ending.path.read_bytes() == FIXED_VIDEO


def test_an_answer_that_comes_too_late_is_lost_and_paid(face: Face) -> None:
    """Who does not wait for a slow answer has paid all the same: the outcome is unknown, and nothing is sent again."""
    with Emulator(clock=ManualClock(), video="fixed", slow=1.0, key=JOURNEY_KEY) as slow:
        slow.order("slow")
        with pytest.raises(weryai.OutcomeUnknownError):
            face.run(submit, slow.url, timeout=0.5)
        give_up = time.monotonic() + 20
        while not slow.ledger and time.monotonic() < give_up:
            time.sleep(0.01)
        assert totals(slow.ledger) == (1, 1, 10)
        slow.assert_faults_met()


@pytest.mark.parametrize("name", DELIVERIES)
def test_a_webhook_is_told_as_promised(face: Face, emulator: Emulator, faulty_server: FaultyServer, name: str) -> None:
    """The receiver gets what the scenario says, once the clock was turned, and looking at the task needs none of it."""
    faulty_server.default("POST", "/hook", Reply())
    hook = f"{faulty_server.url}/hook"
    emulator.order(name)
    submission = face.run(
        lambda client: client.image_to_video.submit("https://example.com/a.jpg", prompt="Wave", webhook_url=hook),
        emulator.url,
    )
    emulator.clock.advance(2)
    task = face.run(lambda client: client.tasks.get(submission.task_ids[0]), emulator.url)
    assert task.state is weryai.TaskState.SUCCEEDED
    if DELIVERIES[name]:
        faulty_server.wait_for("POST", "/hook", len(DELIVERIES[name]))
    told = [one.json()["data"] for one in faulty_server.posts("/hook")]
    assert [data["task_status"] for data in told] == DELIVERIES[name]
    assert {data["task_id"] for data in told} <= {task.id}
    emulator.assert_faults_met()
