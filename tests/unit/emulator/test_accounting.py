"""What counts as submitted once: a plain no starts nothing, an open answer may have."""

from contextlib import suppress

import httpx
import pytest

from weryai.emulator import Emulator

from .conftest import AUTHORIZED, order


def post(emulator: Emulator, scenario: str | None = None, prompt: str = "Wave") -> None:
    """Submit once, and let something happen to it."""
    headers = AUTHORIZED | ({"X-Emulator-Scenario": scenario} if scenario else {})
    with suppress(httpx.TransportError):
        url = f"{emulator.url}/v1/generation/image-to-video"
        httpx.post(url, json=order(prompt=prompt), headers=headers, trust_env=False)


@pytest.mark.parametrize(
    "scenarios",
    [[None], ["rate-limit", None], ["http-429", "http-400", None], ["http-502"], ["cut-reply"]],
    ids=str,
)
def test_once_is_once(emulator: Emulator, scenarios: list[str | None]) -> None:
    """One order passes, whatever was plainly refused before it, and so does one whose answer was lost."""
    for scenario in scenarios:
        post(emulator, scenario)
    emulator.assert_submitted_once()


@pytest.mark.parametrize(
    ("scenarios", "count", "credits"),
    [
        ([None, None], 2, 20),
        (["http-502", None], 2, 10),
        (["html-page", None], 2, 10),
        (["reset-before", None], 2, 10),
        (["cut-reply", "rate-limit", None], 2, 20),
        (["rate-limit"], 0, 0),
    ],
    ids=str,
)
def test_any_other_number_is_told(emulator: Emulator, scenarios: list[str | None], count: int, credits: int) -> None:
    """Whoever repeats an order that may have been taken is told which POSTs came, and what came of each."""
    for scenario in scenarios:
        post(emulator, scenario)
    with pytest.raises(AssertionError) as told:
        emulator.assert_submitted_once()
    lines = str(told.value).splitlines()
    assert lines[1] == f"A_MODEL_OF_TOMORROW, 'Wave': submitted {count} times, {credits} credits"
    assert len(lines) == 2 + len(scenarios)
    for line, scenario, row in zip(lines[2:], scenarios, emulator.ledger[0].exchanges, strict=True):
        assert line.startswith(f"  POST {row}: ")
        assert ("accepted as task_" in line) is (scenario in (None, "cut-reply"))
        assert scenario is None or scenario in line


def test_nothing_is_not_once(emulator: Emulator) -> None:
    """Without any submission the assertion fails."""
    with pytest.raises(AssertionError, match="nothing was submitted"):
        emulator.assert_submitted_once()


def test_jobs_are_counted_each(emulator: Emulator) -> None:
    """Different work may be submitted as well; only the job that came twice is named."""
    for prompt in ("Wave", "Nod"):
        post(emulator, prompt=prompt)
    emulator.assert_submitted_once()
    post(emulator, prompt="Nod")
    with pytest.raises(AssertionError, match="'Nod': submitted 2 times, 20 credits") as told:
        emulator.assert_submitted_once()
    assert "Wave" not in str(told.value)
