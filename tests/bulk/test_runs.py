"""Bulk runs against the emulator: what comes out, what it costs, and what a second start makes of it."""

import asyncio
import hashlib
import math
from pathlib import Path
from typing import Any

import pytest

import weryai
from fakes.bulks import FAST, PROMPT, QUICK, filled, go, manifest, picture, rows, states
from fakes.commands import weryai_here
from fakes.pictures import JPEG
from fakes.surroundings import JOURNEY_KEY
from weryai import OrderState, WeryAI, bulk
from weryai._flow.order import AttemptResult
from weryai.bulk._ledger import transitions as steps
from weryai.bulk._running import dispatcher
from weryai.bulk._running.gate import Gate, _seen
from weryai.emulator import Emulator

pytestmark = [pytest.mark.timeout(60), pytest.mark.filterwarnings("ignore::weryai.WeryAIWarning")]


def orders(emulator: Emulator) -> int:
    """How many tasks were paid for."""
    return sum(row.orders for row in emulator.ledger)


def test_every_job_gets_its_video_and_is_paid_for_once(emulator: Emulator, tmp_path: Path) -> None:
    """All are done, each with one order, its file, and the file's hash; a second start does nothing."""
    events: list[bulk.Event] = []
    with filled(tmp_path, 30) as ledger:
        outcome = go(ledger, emulator.url, tmp_path, on_event=events.append)
        again = go(ledger, emulator.url, tmp_path)
    assert outcome.is_complete and again == outcome
    assert (outcome.submits, orders(emulator)) == (30, 30)
    assert [event.event for event in events].count("done") == 30
    for path, sha256, size in rows(tmp_path / "run.db", "path, sha256, size"):
        content = Path(path).read_bytes()
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (sha256, size)
    emulator.assert_submitted_once()


def test_an_image_that_the_service_cannot_fetch_is_not_bought(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An image on a private host is told at the load; at a public service its job fails unpaid, the rest goes."""
    path = tmp_path / "jobs.csv"
    path.write_text(f"image,prompt\nhttp://localhost:8000/a.jpg,Wave\n{picture(1)},Wave\n")
    monkeypatch.setattr(weryai.AsyncWeryAI, "base_url", "https://api.weryai.com")
    with bulk.Ledger(tmp_path / "run.db") as ledger:
        loaded = bulk.load_manifest(ledger, path, {})
        outcome = go(ledger, emulator.url, tmp_path)
    assert [many for told, many in loaded.warnings.items() if "private host" in told] == [1]
    assert (outcome.counts[OrderState.FAILED], outcome.counts[OrderState.DONE], orders(emulator)) == (1, 1, 1)
    assert "localhost is not: pass the file itself" in str(rows(tmp_path / "run.db", "reason"))


def test_what_is_refused_for_the_moment_is_sent_again(emulator: Emulator, tmp_path: Path) -> None:
    """429, a full queue and the account's limit cost nothing and lose nothing: each job is tried until accepted."""
    for name in ("http-429", "queue-full", "concurrency-limit"):
        emulator.order(name, 3, at="submit")
    with filled(tmp_path, 12) as ledger:
        outcome = go(ledger, emulator.url, tmp_path)
    assert outcome.is_complete and orders(emulator) == outcome.submits == 12
    emulator.assert_faults_met()


@pytest.mark.parametrize(
    ("scenario", "billed"), [("http-500", 0), ("reset-before", 0), ("reset-after", 1), ("cut-reply", 1)]
)
def test_an_unknown_outcome_is_held(emulator: Emulator, tmp_path: Path, scenario: str, billed: int) -> None:
    """Whether it was accepted or not: the job is ambiguous, counts as spent, and no start sends it again by itself."""
    emulator.order(scenario, at="submit")
    events: list[bulk.Event] = []
    with filled(tmp_path, 5) as ledger:
        for _ in range(2):
            outcome = go(ledger, emulator.url, tmp_path, on_event=events.append)
            assert [event.event for event in events if event.event not in ("submitted", "done")] == ["ambiguous"]
            assert outcome.counts[bulk.JobState.AMBIGUOUS] == 1 and outcome.counts[bulk.JobState.DONE] == 4
            assert outcome.stopped is None
    assert (outcome.submits, orders(emulator)) == (5, 4 + billed)


@pytest.mark.parametrize("scenario", ["service-issue", "parameter-1002", "moderation-1005", "model-gone"])
def test_what_is_refused_for_good_is_sent_once(emulator: Emulator, tmp_path: Path, scenario: str) -> None:
    """A refusal that is no passing trouble fails its job at once; the others go on, and nothing was spent on it."""
    emulator.order(scenario, at="submit")
    with filled(tmp_path, 4) as ledger:
        outcome = go(ledger, emulator.url, tmp_path)
    assert states(tmp_path / "run.db") == {"done": 3, "failed": 1}
    assert outcome.submits == orders(emulator) == 3
    assert sum(row.posts for row in emulator.ledger) == 4


def test_an_ambiguous_job_is_adopted_resubmitted_or_given_up(emulator: Emulator, tmp_path: Path) -> None:
    """A person's word is needed, and is carried out: the adopted task is fetched, the resubmitted one is paid anew."""
    emulator.order("cut-reply", 3, at="submit")
    with filled(tmp_path, 3) as ledger:
        go(ledger, emulator.url, tmp_path)
        tasks = {row.prompt: row.task_ids for row in emulator.ledger}
        assert states(tmp_path / "run.db") == {"ambiguous": 3}
        billed = next(iter(tasks.values()))[0]
        with pytest.raises(weryai.NotFoundError):
            bulk.adopt(ledger, "job-0", "task_nobody", api_key=JOURNEY_KEY, base_url=emulator.url)
        bulk.adopt(ledger, "job-0", billed, api_key=JOURNEY_KEY, base_url=emulator.url)
        with pytest.raises(weryai.JournalError, match="belongs to job 'job-0' already"):
            bulk.adopt(ledger, "job-1", billed, api_key=JOURNEY_KEY, base_url=emulator.url)
        bulk.resubmit(ledger, "job-1")
        bulk.give_up(ledger, "job-2")
        outcome = go(ledger, emulator.url, tmp_path)
    assert rows(tmp_path / "run.db") == ["done", "done", "failed"]
    assert (outcome.submits, orders(emulator)) == (4, 4)


def test_a_failed_task_is_told_and_retried_only_on_demand(emulator: Emulator, tmp_path: Path) -> None:
    """The reason is the service's; `retry` takes the jobs whose reason fits, and each costs a task more."""
    emulator.order("fail-copyright")
    emulator.order("fail-image-audit")
    with filled(tmp_path, 4) as ledger:
        go(ledger, emulator.url, tmp_path)
        failed = [row for row in rows(tmp_path / "run.db", "state, reason") if row[0] == "failed"]
        assert sorted(reason for _, reason in failed) == ["Copyright restrictions", "Image asset audit"]
        assert go(ledger, emulator.url, tmp_path).submits == 4
        assert bulk.retry(ledger, "copyright").jobs == 1
        outcome = go(ledger, emulator.url, tmp_path)
    assert states(tmp_path / "run.db") == {"done": 3, "failed": 1}
    assert (outcome.submits, orders(emulator)) == (5, 5)


def test_a_lost_download_is_fetched_by_the_next_start(emulator: Emulator, tmp_path: Path) -> None:
    """A video that cannot be fetched leaves its job paid for and unfinished; the next start fetches it, for free."""
    emulator.order("link-gone", 8)
    with filled(tmp_path, 1) as ledger:
        first = go(ledger, emulator.url, tmp_path)
        assert first.counts[bulk.JobState.SUBMITTED] == 1
        for fault in emulator.faults:
            fault.cancel()
        assert go(ledger, emulator.url, tmp_path).is_complete
    assert orders(emulator) == 1


def test_a_deleted_video_is_fetched_again_on_demand(emulator: Emulator, tmp_path: Path) -> None:
    """`refetch` and `retry --missing` put it back to what is waited for: it is fetched, and nothing is paid again."""
    with filled(tmp_path, 4) as ledger:
        go(ledger, emulator.url, tmp_path)
        paths = [Path(path) for path in rows(tmp_path / "run.db", "path")]
        paths[1].unlink()
        assert go(ledger, emulator.url, tmp_path).is_complete and not paths[1].exists()
        assert (bulk.refetch(ledger), bulk.refetch(ledger)) == (1, 0)
        assert go(ledger, emulator.url, tmp_path).is_complete
    assert [path for path in paths if not path.is_file()] == []
    assert rows(tmp_path / "run.db", "path") == [str(path) for path in paths]
    paths[2].unlink()
    retried = weryai_here("bulk", "retry", "run.db", "--missing", base_url=None, key=None, folder=tmp_path)
    assert retried.code == 0 and "1 video is missing" in retried.output, retried.errors
    assert states(tmp_path / "run.db") == {"done": 3, "submitted": 1} and orders(emulator) == 4


@pytest.mark.parametrize(
    ("scenario", "told"), [("no-credits", "credits are used up"), ("daily-cap", "limit of the day"), ("key-401", "key")]
)
def test_a_trouble_of_all_jobs_stops_the_run(emulator: Emulator, tmp_path: Path, scenario: str, told: str) -> None:
    """No credits, the daily cap or a refused key: no further job is tried, none has failed, and the reason is told."""
    emulator.order(scenario, 200, at="submit")
    with filled(tmp_path, 100) as ledger:
        outcome = go(ledger, emulator.url, tmp_path, limits={"in_flight": 2})
    assert outcome.stopped is not None and told in outcome.stopped
    assert states(tmp_path / "run.db") == {"queued": 100}
    assert outcome.submits == 0 and len(emulator.exchanges) < 50


@pytest.mark.parametrize(
    ("budget", "bought"), [({"budget_tasks": 7}, 7), ({"budget_credits": 21.0}, 7), ({"budget_tasks": 0}, 0)]
)
def test_a_budget_holds_over_every_start(
    emulator: Emulator, tmp_path: Path, budget: dict[str, float], bought: int
) -> None:
    """However often the run is started, with the budget or without a word of it, no more is bought; `inf` lifts it."""
    prices = tmp_path / "prices.csv"
    prices.write_text("model,credits\nWERYAI_VIDEO_1_0,3\n")
    with bulk.Ledger(tmp_path / "run.db") as ledger:
        bulk.load_manifest(ledger, manifest(tmp_path / "j.csv", range(10)), {}, prices=bulk.read_prices(prices))
        for limits in (budget, {}, budget, {}):
            outcome = go(ledger, emulator.url, tmp_path, limits=limits)
            assert outcome.stopped is not None and "budget is spent" in outcome.stopped
        assert (outcome.submits, outcome.credits, orders(emulator)) == (bought, 3.0 * bought, bought)
        assert go(ledger, emulator.url, tmp_path, limits={"budget_tasks": math.inf}).is_complete
    assert orders(emulator) == 10


def test_a_budget_in_credits_needs_every_price(emulator: Emulator, tmp_path: Path) -> None:
    """A job of unknown price would be bought for nothing, so such a budget is refused before anything is sent."""
    with filled(tmp_path, 3) as ledger, pytest.raises(weryai.ConfigurationError, match="3 queued jobs have no price"):
        go(ledger, emulator.url, tmp_path, limits={"budget_credits": 100.0})
    assert list(emulator.exchanges) == []


def test_an_empty_account_is_noticed_before_anything_is_bought(tmp_path: Path) -> None:
    """Where prices are known and the account has less, nothing is sent."""
    prices = tmp_path / "prices.csv"
    prices.write_text("credits\n30\n")
    with (
        Emulator(video="fixed", balance=100, key=JOURNEY_KEY) as poor,
        bulk.Ledger(tmp_path / "run.db") as ledger,
    ):
        bulk.load_manifest(ledger, manifest(tmp_path / "j.csv", range(4)), {}, prices=bulk.read_prices(prices))
        with pytest.raises(weryai.InsufficientCreditsError, match="cost 120 credits and the account has 100"):
            go(ledger, poor.url, tmp_path)
        assert poor.ledger == []


def test_the_balance_is_looked_at_while_a_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When somebody else has spent the credits, no further job is taken; what is paid for is fetched, none fails."""
    monkeypatch.setattr(dispatcher, "EVERY", 0.05)
    prices = tmp_path / "prices.csv"
    prices.write_text("credits\n30\n")
    with (
        Emulator(video="fixed", waiting=0.02, processing=0.02, balance=10_000, key=JOURNEY_KEY) as poor,
        bulk.Ledger(tmp_path / "run.db") as ledger,
    ):

        def spend(event: bulk.Event) -> None:
            if event.event == "submitted":
                poor._world.tasks.left = 29

        bulk.load_manifest(ledger, manifest(tmp_path / "j.csv", range(50)), {}, prices=bulk.read_prices(prices))
        outcome = go(ledger, poor.url, tmp_path, limits={"rate": 20.0}, on_event=spend)
    # One submission may be on its way when the credits go.
    assert outcome.cause == "credits" and "credits and the next job costs 30" in str(outcome.stopped)
    found = states(tmp_path / "run.db")
    assert set(found) == {"done", "queued"} and found["queued"] > 20


def test_a_picture_is_uploaded_once(emulator: Emulator, tmp_path: Path) -> None:
    """Jobs with the same picture, at once or in a later start, share one upload."""
    (tmp_path / "same.jpg").write_bytes(JPEG)
    (tmp_path / "copy.jpg").write_bytes(JPEG)
    lines = [f"k{n},{'same' if n % 2 else 'copy'}.jpg,prompt {n}" for n in range(6)]
    source = tmp_path / "jobs.csv"
    with bulk.Ledger(tmp_path / "run.db") as ledger:
        for part in (lines[:4], lines):
            source.write_text("\n".join(["key,image,prompt", *part]))
            bulk.load_manifest(ledger, source, {})
            assert go(ledger, emulator.url, tmp_path).is_complete
    assert [one.operation for one in emulator.exchanges].count("uploadFile") == 1
    assert orders(emulator) == 6


@pytest.mark.parametrize("what", ["key", "service"])
def test_a_ledger_stays_with_its_service_and_its_key(emulator: Emulator, tmp_path: Path, what: str) -> None:
    """Going on with another key, or at another service, is refused before anything is sent."""
    with Emulator(video="fixed", key="sk-another") as other, filled(tmp_path, 2) as ledger:
        go(ledger, emulator.url, tmp_path)
        url, key = (emulator.url, "sk-another") if what == "key" else (other.url, JOURNEY_KEY)
        with pytest.raises(weryai.JournalError, match="this ledger belongs to"):
            go(ledger, url, tmp_path, key=key)
        assert list(other.exchanges) == []


def test_who_stops_listening_loses_nothing(emulator: Emulator, tmp_path: Path) -> None:
    """A callback that fails ends the run as any trouble does: what was ordered is fetched, nothing is ordered twice."""
    heard: list[bulk.Event] = []

    def listen(event: bulk.Event) -> None:
        heard.append(event)
        if event.event == "submitted":
            raise weryai.NotSentError("as if the order could be repeated")

    with filled(tmp_path, 30) as ledger:
        outcome = go(ledger, emulator.url, tmp_path, on_event=listen, limits={"in_flight": 2})
        assert outcome.stopped is not None and "told any more: NotSentError" in outcome.stopped
        assert len(heard) == 1 and 0 < outcome.counts[bulk.JobState.DONE] == outcome.submits < 30
        assert go(ledger, emulator.url, tmp_path).is_complete
    assert [row.orders for row in emulator.ledger] == [1] * 30


def test_so_many_are_in_flight_and_no_more(emulator: Emulator, tmp_path: Path) -> None:
    """At no time are more tasks unfinished than `in_flight` says."""

    async def story(ledger: bulk.Ledger) -> bulk.Outcome:
        seen: list[bulk.Run] = []
        return await bulk.arun(
            ledger, output=tmp_path / "videos", api_key=JOURNEY_KEY, base_url=emulator.url, patience=QUICK,
            limits=bulk.Limits(**{**FAST, "in_flight": 3}), watch=seen.append,
            on_event=lambda _event: counts.append(seen[0].throttle.in_flight),
        )  # fmt: skip

    counts: list[int] = []
    with filled(tmp_path, 12) as ledger:
        assert asyncio.run(story(ledger)).is_complete
    assert max(counts) == 3


def test_a_clock_that_is_set_back_costs_nothing(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the jobs run, then the clock goes back by ten years: the others run, and none is paid for twice."""
    with filled(tmp_path, 8) as ledger:
        go(ledger, emulator.url, tmp_path, limits={"budget_tasks": 4})
        import time

        sleep_for = time.time
        monkeypatch.setattr(time, "time", lambda: sleep_for() - 3e8)
        assert go(ledger, emulator.url, tmp_path, limits={"budget_tasks": 8}).is_complete
    assert orders(emulator) == 8
    emulator.assert_submitted_once()


def test_what_is_paid_for_comes_first(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for one job at a time the next start fetches the video that is paid for before it buys another one."""
    monkeypatch.setattr(dispatcher, "DOWNLOADING", 0)
    events: list[bulk.Event] = []
    with filled(tmp_path, 3) as ledger:
        with WeryAI(JOURNEY_KEY, base_url=emulator.url) as client:
            submission = client.image_to_video.submit(picture(2), prompt=PROMPT)
        ledger.write(lambda db: db.execute("update jobs set state = 'ambiguous' where key = 'job-2'")).result()
        ledger.write(lambda db: steps.adopt(db, 3, submission.task_ids[0])).result()
        assert go(ledger, emulator.url, tmp_path, limits={"in_flight": 1}, on_event=events.append).is_complete
    assert (events[0].event, events[0].key) == ("done", "job-2")


def test_an_answer_that_names_a_task_in_doubt_is_an_unknown_outcome(tmp_path: Path) -> None:
    """Three in a row stop all submissions, also where each of them names a task."""
    unused: Any = None
    counts = []
    with filled(tmp_path, 3) as ledger:
        gate = Gate(ledger, 4, 60.0, ask=unused, pause=unused, resume=unused, end=unused)
        for row in (1, 2, 3):
            result = AttemptResult(OrderState.AMBIGUOUS, (f"task_{row}",))
            ledger.write(lambda db, row=row, result=result: gate._heed(db, row, result)).result()
            counts.append(ledger.write(lambda db: _seen(db).unknowns).result())
    assert counts == [1, 2, 3]
