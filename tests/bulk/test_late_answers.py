"""An answer that comes when its job is in other hands: its task is kept, nothing is sent once more for it."""

from pathlib import Path

import pytest

from fakes.ledgers import PROMPT, Filling, kept
from weryai import BudgetExceededError, JournalError
from weryai._flow.order import AttemptResult
from weryai.bulk import JobState
from weryai.bulk._ledger import queries as reading
from weryai.bulk._ledger import transitions as steps


@pytest.fixture
def filling(tmp_path: Path) -> Filling:
    """A ledger."""
    return Filling(tmp_path / "run.db")


def accepted(*task_ids: str) -> AttemptResult:
    """The answer of a try."""
    return AttemptResult(JobState.SUBMITTED, task_ids)


def late(filling: Filling, row: int, attempt: AttemptResult, worker: str | None = None) -> None:
    """Note what became of a try."""
    filling.ledger.write(lambda db: steps.end(db, row, attempt, worker)).result()


def test_a_job_that_waits_to_be_sent_again_is_not(filling: Filling) -> None:
    """Resubmitted by a person, and then the answer of the try before comes: it is paid for, and waited for."""
    with filling:
        row = filling.job("a", "ambiguous", price=20.0)
        filling.ledger.write(lambda db: steps.requeue(db, row)).result()
        late(filling, row, accepted("task_late"))
        facts = filling.ledger.write(reading.facts).result()
        assert (facts.submits, facts.credits) == (1, 20.0)
    assert kept(filling.path, "state, task_id, named") == {"a": ("submitted", "task_late", None)}


@pytest.mark.parametrize("state", ["submitted", "done", "failed"])
def test_a_job_with_another_task_keeps_both(filling: Filling, state: str) -> None:
    """A late answer's tasks stand beside the job's own, each once, however often they are told."""
    with filling:
        row = filling.job("a", state, task="task_own")
        for _ in range(2):
            late(filling, row, accepted("task_own", "task_late"))
        with pytest.raises(JournalError, match=f"job 'a' is {state}, not submitting"):
            late(filling, row, AttemptResult(JobState.QUEUED))
    assert kept(filling.path, "state, task_id, named") == {"a": (state, "task_own", "task_late")}


def test_who_began_a_try_ends_it(filling: Filling) -> None:
    """A worker that was taken for gone learns of a refusal: the try that another one has begun since is not its own."""
    with filling:
        row, ledger = filling.job("a"), filling.ledger
        ledger.write(lambda db: steps.begin(db, row, "first")).result()
        ledger.write(lambda db: steps.mark_ambiguous(db, row, "given up", "second")).result()
        assert kept(filling.path) == {"a": "submitting"}
        ledger.write(lambda db: steps.recover_orphans(db, "gone")).result()
        ledger.write(lambda db: steps.requeue(db, row)).result()
        ledger.write(lambda db: steps.begin(db, row, "second")).result()
        with pytest.raises(JournalError, match="in other hands"):
            late(filling, row, AttemptResult(JobState.QUEUED), "first")
    assert kept(filling.path, "state, worker, submits") == {"a": ("submitting", "second", 2)}


def test_only_an_open_try_is_given_up(filling: Filling) -> None:
    """Who says too late that nobody waits for the answer changes nothing: it has come."""
    with filling:
        rows = [filling.job(state, state) for state in ("queued", "submitted", "done", "failed")]
        for row in rows:
            filling.ledger.write(lambda db, row=row: steps.mark_ambiguous(db, row, "late")).result()
    assert kept(filling.path) == {state: state for state in ("queued", "submitted", "done", "failed")}


@pytest.mark.parametrize("price", [20.0, None])
def test_a_refusal_gives_back_what_it_was_to_cost(filling: Filling, price: float | None) -> None:
    """Tasks, credits and the count of unknown prices stand as before; what is in doubt stays spent."""
    with filling:
        row, ledger = filling.job("a", price=price), filling.ledger
        before = ledger.write(reading.facts).result()
        for verdict in (JobState.QUEUED, JobState.AMBIGUOUS):
            ledger.write(lambda db: steps.begin(db, row)).result()
            late(filling, row, AttemptResult(verdict))
            after = ledger.write(reading.facts).result()
            assert (after == before) == (verdict is JobState.QUEUED)
        assert (after.submits, after.credits) == (1, price)
    assert kept(filling.path, "submits") == {"a": 1}


def test_a_budget_in_credits_may_be_spent_to_the_last(filling: Filling) -> None:
    """What is left covers the next job exactly: it is bought."""
    with filling:
        rows = [filling.job(key, price=20.0) for key in ("a", "b", "c")]
        filling.budget(None, 40.0)
        for row in rows[:2]:
            filling.ledger.write(lambda db, row=row: steps.begin(db, row)).result()
        with pytest.raises(BudgetExceededError, match="40 of 40 credits"):
            filling.ledger.write(lambda db: steps.begin(db, rows[2])).result()


def test_a_job_without_a_price_is_beyond_any_budget_in_credits(filling: Filling) -> None:
    """It may have been loaded while workers were at work with such a budget: it is not bought for nothing."""
    with filling:
        row, ledger = filling.job("a"), filling.ledger
        filling.budget(None, 40.0)
        with pytest.raises(BudgetExceededError, match="0 of 40 credits, and the price of the next job is not known"):
            ledger.write(lambda db: steps.begin(db, row)).result()
        filling.budget(1, None)
        ledger.write(lambda db: steps.begin(db, row)).result()


@pytest.mark.parametrize("how", ["retried", "adopted"])
def test_a_new_task_has_no_file_yet(filling: Filling, how: str) -> None:
    """The file that was noted for the task before is not the video of the next one."""
    with filling:
        row, ledger = filling.job("a", "submitted", task="first"), filling.ledger
        ledger.write(lambda db: steps.claim_file(db, row, "first", "/v/a.mp4", "ab" * 32, 7)).result()
        ledger.write(lambda db: steps.fail(db, row, "lost", "task failed", "first")).result()
        ledger.write(lambda db: steps.retry(db, "id = ?", (row,), JobState.QUEUED)).result()
        ledger.write(lambda db: steps.begin(db, row)).result()
        if how == "retried":
            late(filling, row, accepted("second"))
        else:
            ledger.write(lambda db: steps.mark_ambiguous(db, row, "cut")).result()
            ledger.write(lambda db: steps.adopt(db, row, "second")).result()
    assert kept(filling.path, "task_id, path, sha256, size") == {"a": ("second", None, None, None)}


def test_a_worker_that_was_renamed_ends_its_own_try_only(filling: Filling) -> None:
    """The name under which a try was begun counts, also through the log that a client writes to."""
    from weryai._flow.order import Intent

    with filling:
        row, ledger = filling.job("a"), filling.ledger
        body = {"prompt": PROMPT, "model": "WERYAI_VIDEO_1_0", "image": "https://pictures.example/sea.jpg"}
        log = ledger.log_of("https://api.example.com", "sk-1")
        ledger.worker = "first"
        log.begin(Intent("POST /x", body, row=row), "").result()
        ledger.worker = "second"
        ledger.write(lambda db: steps.recover_orphans(db, "gone")).result()
        ledger.write(lambda db: steps.requeue(db, row)).result()
        ledger.write(lambda db: steps.begin(db, row, "second")).result()
        with pytest.raises(JournalError, match="in other hands"):
            log.end(row, AttemptResult(JobState.QUEUED)).result()
    assert kept(filling.path, "state, worker") == {"a": ("submitting", "second")}
