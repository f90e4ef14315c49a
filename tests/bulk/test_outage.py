"""Bulk runs while the service is away: few jobs are ambiguous, none fails, and the rest is done when it is back."""

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fakes.bulks import filled, go, states
from fakes.gateway import Gateway, Trouble
from weryai import RetryPolicy, bulk
from weryai.bulk._running import gate
from weryai.bulk._running import throttle as health
from weryai.emulator import Emulator

pytestmark = [pytest.mark.timeout(60), pytest.mark.filterwarnings("ignore::weryai.WeryAIWarning")]

BOUND = 4
MOST = BOUND + 3
SENT = [500, 502, 503, 504, 200, "hang", "reset", "close", "garbage", "half"]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask often, and give up soon who was never reached."""
    monkeypatch.setattr(health, "ASK", 0.05)
    monkeypatch.setattr(gate, "NEVER", 1.0)
    monkeypatch.setattr(gate, "LOOK", 0.02)


@contextlib.contextmanager
def away_from(emulator: Emulator, trouble: Trouble, begins_at: int | None = 10, **how: Any) -> Iterator[Gateway]:
    """A gateway before the emulator that makes trouble from one order on."""
    port = int(emulator.url.rpartition(":")[2])
    with Gateway(port, trouble, begins_at, **how) as there:
        yield there


def paid(emulator: Emulator) -> Counter[int]:
    """How many jobs were paid for how often."""
    return Counter(row.orders for row in emulator.ledger)


def healing(there: Gateway, on: str, events: list[bulk.Event]) -> Any:
    """What listens to a run and heals the gateway when it hears a word, once."""

    def listen(event: bulk.Event) -> None:
        events.append(event)
        if event.event == on:
            threading.Timer(0.2, there.heal).start()

    return listen


@pytest.mark.parametrize("trouble", SENT)
def test_an_outage_of_submissions_ends_the_run_with_few_in_doubt(
    emulator: Emulator, tmp_path: Path, trouble: Trouble
) -> None:
    """From the 10th on no submission is answered: at most 7 of 30 jobs are ambiguous, and the next start does the rest.

    Free questions are answered, so that waiting would not help: the run says so and ends.
    """
    with away_from(emulator, trouble, paid_only=True) as there, filled(tmp_path, 30) as ledger:
        outcome = go(ledger, there.url, tmp_path, timeout=1.0)
        assert outcome.stopped is not None and "submissions are not answered" in outcome.stopped
        assert outcome.counts[bulk.JobState.AMBIGUOUS] == there.in_trouble <= MOST
        assert outcome.counts[bulk.JobState.FAILED] == 0
        # Of what hangs the gateway does not know that nobody waits any more.
        assert there.most_open <= BOUND or trouble == "hang"
        again = go(ledger, there.url, tmp_path, timeout=1.0)
        # What is not better is found out by one.
        assert again.counts[bulk.JobState.AMBIGUOUS] == outcome.counts[bulk.JobState.AMBIGUOUS] + 1
        there.heal()
        last = go(ledger, there.url, tmp_path)
    found = states(tmp_path / "run.db")
    assert found == {"done": 30 - again.counts[bulk.JobState.AMBIGUOUS], "ambiguous": found["ambiguous"]}
    assert last.stopped is None and set(paid(emulator)) <= {0, 1}


@pytest.mark.parametrize("trouble", [*SENT, "refuse", 404])
def test_a_run_waits_for_the_service_to_come_back(emulator: Emulator, tmp_path: Path, trouble: Trouble) -> None:
    """The whole service is away from the 10th order on: the run says so in one line, fails nothing, and goes on."""
    events: list[bulk.Event] = []
    with away_from(emulator, trouble) as there, filled(tmp_path, 30) as ledger:
        outcome = go(ledger, there.url, tmp_path, on_event=healing(there, "paused", events), timeout=1.0)
    told = Counter(event.event for event in events)
    assert told["paused"] == told["resumed"] == 1 and told["failed"] == told["stopping"] == 0, events
    found = states(tmp_path / "run.db")
    assert found["ambiguous"] <= MOST and found["done"] == 30 - found["ambiguous"]
    assert outcome.stopped is None and set(paid(emulator)) <= {0, 1}


def test_what_was_not_sent_is_neither_failed_nor_ambiguous(emulator: Emulator, tmp_path: Path) -> None:
    """Nobody listens at the port for a while: every job gets its video in the end, and is paid for once."""
    events: list[bulk.Event] = []
    with away_from(emulator, "refuse", begins_at=None) as there, filled(tmp_path, 12) as ledger:
        there.go_away()
        outcome = go(ledger, there.url, tmp_path, on_event=healing(there, "paused", events))
    assert outcome.is_complete and paid(emulator) == {1: 12}
    assert "12 jobs wait" in next(str(event.reason) for event in events if event.event == "paused")
    assert len(events) == 12 + 12 + 2


@pytest.mark.parametrize("trouble", [502, 404, 200, "refuse", "hang"])
def test_a_service_that_never_answers_is_sent_nothing(emulator: Emulator, tmp_path: Path, trouble: Trouble) -> None:
    """Something free is asked first; without an answer since the start the run ends, and says that it never reached."""
    with away_from(emulator, trouble, begins_at=None) as there, filled(tmp_path, 30) as ledger:
        outcome = go(ledger, there.url, tmp_path, timeout=0.5)
        assert outcome.cause == "unreached" and outcome.stopped and "was not reached" in outcome.stopped
        assert states(tmp_path / "run.db") == {"queued": 30} and there.posts == 0
        there.heal()
        assert go(ledger, there.url, tmp_path).is_complete
    assert paid(emulator) == {1: 30}


def test_a_service_that_stays_away_ends_the_run(emulator: Emulator, tmp_path: Path) -> None:
    """Reached before and lost for longer than `outage`: the run ends by itself, whatever it waits for."""
    with away_from(emulator, "refuse", begins_at=5) as there, filled(tmp_path, 20) as ledger:
        outcome = go(ledger, there.url, tmp_path, limits={"outage": 0.3})
        assert outcome.cause == "lost" and not outcome.interrupted
        there.heal()
        last = go(ledger, there.url, tmp_path)
    assert last.stopped is None and last.counts[bulk.JobState.FAILED] == 0
    assert last.counts[bulk.JobState.DONE] + last.counts[bulk.JobState.AMBIGUOUS] == 20 and set(paid(emulator)) <= {
        0,
        1,
    }


@pytest.mark.parametrize(("stage", "away"), [(0.3, 1.2), (0.5, 0.4)], ids=["longer than the timeout", "over by then"])
def test_the_time_of_an_outage_is_no_time_of_a_task(tmp_path: Path, stage: float, away: float) -> None:
    """A task that is waited for outlives an outage within its timeout or beyond it, although nothing is submitted."""
    with (
        Emulator(video="fixed", waiting=stage, processing=stage, key="sk-emulator") as slow,
        away_from(slow, "refuse", begins_at=None) as there,
        filled(tmp_path, 2) as ledger,
    ):
        events: list[bulk.Event] = []
        there.trouble = None

        def listen(event: bulk.Event) -> None:
            events.append(event)
            if [one.event for one in events] == ["submitted"] * 2:
                there.go_away()
                threading.Timer(away, there.heal).start()

        patience = bulk.Patience(interval=0.02, timeout=0.9)
        outcome = go(ledger, there.url, tmp_path, key="sk-emulator", on_event=listen, patience=patience)
    assert outcome.is_complete, events
    assert [event.event for event in events].count("unfinished") == 0


def test_a_download_that_an_outage_cuts_off_is_made_again(emulator: Emulator, tmp_path: Path) -> None:
    """Everything is away when the first video is there: the others are fetched by the same run."""
    with away_from(emulator, "refuse", begins_at=None) as there, filled(tmp_path, 12) as ledger:
        there.trouble = None
        events: list[bulk.Event] = []

        def listen(event: bulk.Event) -> None:
            events.append(event)
            if [one.event for one in events].count("done") == 1 and event.event == "done":
                there.go_away()
                threading.Timer(0.5, there.heal).start()

        outcome = go(ledger, there.url, tmp_path, on_event=listen, retry=RetryPolicy(tries=1))
    assert outcome.is_complete and {event.event for event in events} <= {"submitted", "done", "paused", "resumed"}
    assert paid(emulator) == {1: 12}


def test_no_more_submissions_are_open_than_may_be(tmp_path: Path) -> None:
    """With two of them allowed the third waits, however fast the rate and however many places there are."""
    with Emulator(video="fixed", waiting=0.0, processing=0.0, slow=0.1, key="sk-emulator") as slow:
        slow.order("slow", 100, at="submit")
        with away_from(slow, 502, begins_at=None) as there, filled(tmp_path, 12) as ledger:
            there.trouble = None
            assert go(ledger, there.url, tmp_path, key="sk-emulator", limits={"open_posts": 2}).is_complete
    assert there.most_open == 2
