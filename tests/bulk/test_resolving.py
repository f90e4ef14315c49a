"""What failed or is ambiguous is decided by somebody, from the right states only, and nothing is sent by that."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.ledgers import Filling, kept
from weryai import BudgetExceededError, InvalidInputError, JournalError, NotFoundError, WeryAI, bulk
from weryai.bulk._ledger import transitions as steps
from weryai.cli import run
from weryai.emulator import Emulator

IMAGE = "https://pictures.example/sea.jpg"


@pytest.fixture
def filling(tmp_path: Path) -> Iterator[Filling]:
    """A ledger that is open in this process."""
    with Filling(tmp_path / "run.db") as filling:
        yield filling


@pytest.fixture
def serving(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """An emulator that the command line finds in its environment."""
    with Emulator(video="fixed", waiting=0.0, processing=0.0) as running:
        monkeypatch.setenv("WERYAI_API_KEY", running.key)
        monkeypatch.setenv("WERYAI_BASE_URL", running.url)
        yield running


def test_retry_takes_what_failed_and_nothing_else(filling: Filling) -> None:
    """Failed jobs are queued, with what they cost; every other state stays, and so does what was spent."""
    filling.one_of_each()
    filling.job("no price", "failed")
    before = bulk.status(filling.ledger).facts
    again = bulk.retry(filling.ledger)
    assert (again.jobs, again.credits, again.unpriced, again.waiting, again.doubtful) == (2, 20.0, 1, 0, 0)
    found = kept(filling.path)
    assert found.pop("failed") == found.pop("no price") == "queued"
    assert {key: state for key, state in found.items() if key != state} == {}
    assert bulk.status(filling.ledger).facts == before
    assert bulk.retry(filling.ledger).jobs == 0


@pytest.mark.parametrize(
    ("reasons", "keys"),
    [
        (("copyright",), {"a", "b"}),
        (("TASK FAILED",), {"a"}),
        (("task",), set()),
        (("100%",), {"c"}),
        (("image_audit",), set()),
        (("copyright", "100%"), {"a", "b", "c"}),
    ],
)
def test_a_reason_chooses(filling: Filling, reasons: tuple[str, ...], keys: set[str]) -> None:
    """The kind as a whole or a part of the reason, in upper or lower case and to the letter; any of several."""
    filling.job("a", "failed", reason="Copyright restrictions", kind="task failed")
    filling.job("b", "failed", reason="copyright of the image", kind="invalid request 1002")
    filling.job("c", "failed", reason="used up 100% of memory", kind="server 5000")
    filling.job("d", "failed", reason="image audit; 100 reasons", kind="server 5001")
    assert bulk.retry(filling.ledger, *reasons).jobs == len(keys)
    assert set(kept(filling.path, where="state = 'queued'")) == keys


def test_what_is_paid_for_is_not_paid_again(filling: Filling) -> None:
    """A job given up while its task went on is waited for; one that was ambiguous is left unless it is named."""
    filling.job("paid", "submitted", remark=("download", "the connection broke"))
    filling.job("doubtful", "ambiguous")
    filling.job("unsent", "queued")
    bulk.give_up(filling.ledger, "paid", "doubtful", "unsent")
    assert set(kept(filling.path).values()) == {"failed"}
    again = bulk.retry(filling.ledger)
    assert (again.jobs, again.waiting, again.doubtful) == (1, 1, 1)
    assert kept(filling.path, "state, task_id") == {
        "paid": ("submitted", "task_1"),
        "doubtful": ("failed", None),
        "unsent": ("queued", None),
    }
    named = bulk.retry(filling.ledger, "given up")
    assert (named.jobs, named.waiting, named.doubtful) == (1, 0, 1)
    assert kept(filling.path)["doubtful"] == "queued"


def test_resubmit_is_for_what_is_ambiguous(filling: Filling) -> None:
    """One or all are queued again, with the number that may be paid twice; a job in another state refuses the lot."""
    filling.one_of_each()
    filling.job("second", "ambiguous", price=20.0)
    with pytest.raises(JournalError, match="'done' is done, not ambiguous"):
        bulk.resubmit(filling.ledger, "ambiguous", "done")
    assert kept(filling.path)["ambiguous"] == "ambiguous"
    assert bulk.resubmit(filling.ledger, "ambiguous").keys == ("ambiguous",)
    again = bulk.resubmit(filling.ledger, everything=True)
    assert (again.jobs, again.credits, again.doubtful, again.keys) == (1, 20.0, 1, ("second",))
    assert kept(filling.path)["second"] == "queued"
    for words in ((), ("second",)):
        with pytest.raises(ValueError, match="everything=True"):
            bulk.resubmit(filling.ledger, *words, everything=bool(words))


def test_sending_again_counts_against_the_budget(filling: Filling) -> None:
    """What an ambiguous try may have cost stays spent, so the next try needs room of its own."""
    filling.job("a", "ambiguous", price=20.0)
    filling.budget(1)
    bulk.resubmit(filling.ledger, "a")
    assert bulk.status(filling.ledger).facts.submits == 1
    with pytest.raises(BudgetExceededError, match="the budget is spent: 1 of 1 tasks"):
        filling.ledger.write(lambda db: steps.begin(db, 1)).result()


def test_give_up_ends_what_is_not_ended(filling: Filling) -> None:
    """Queued, waited for or ambiguous: it has failed. What is done, failed or on its way is left."""
    filling.one_of_each()
    for state in ("done", "failed", "submitting"):
        with pytest.raises(JournalError, match=f"is {state}"):
            bulk.give_up(filling.ledger, state)
    assert bulk.give_up(filling.ledger, "queued", "submitted").jobs == 2
    assert bulk.give_up(filling.ledger, everything=True).keys == ("ambiguous",)
    assert kept(filling.path, "reason")["submitted"] == "given up while submitted"


def test_adopt_asks_the_service(filling: Filling, serving: Emulator) -> None:
    """A job becomes a task that exists; one that does not, one of another job, and a wrong state change nothing."""
    with WeryAI(serving.key, base_url=serving.url) as client:
        task_id = client.image_to_video.submit(IMAGE, prompt="wave").task_ids[0]
    filling.one_of_each()
    who = {"api_key": serving.key, "base_url": serving.url}
    with pytest.raises(NotFoundError):
        bulk.adopt(filling.ledger, "ambiguous", "task_0", **who)
    asked = len(serving.requests)
    for key, words in (("done", "not ambiguous"), ("none", "no job 'none'")):
        with pytest.raises(JournalError, match=words):
            bulk.adopt(filling.ledger, key, task_id, **who)
    assert len(serving.requests) == asked
    job = bulk.adopt(filling.ledger, "ambiguous", task_id, **who)
    assert (job.state, job.task_id) == ("submitted", task_id)
    filling.job("another", "ambiguous")
    with pytest.raises(JournalError, match="belongs to job 'ambiguous'"):
        bulk.adopt(filling.ledger, "another", task_id, **who)
    with pytest.raises(JournalError, match="another key"):
        bulk.adopt(filling.ledger, "another", task_id, api_key="sk-other", base_url=serving.url)


def test_the_commands_decide(tmp_path: Path, serving: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    """`retry` and `resolve` say what they did and what it costs, for people and as JSON; nothing is ordered."""
    with Filling(tmp_path / "run.db") as filling:
        filling.job("f", "failed", price=20.0)
        for key in "abcd":
            filling.job(key, "ambiguous", price=20.0)
    path = str(filling.path)
    assert run(["bulk", "retry", path, "--failed"]) == 0
    assert "1 task (20 credits) back in the queue" in capsys.readouterr().out
    assert run(["bulk", "resolve", path, "a", "resubmit"]) == 0
    assert "up to 1 may be paid for twice" in capsys.readouterr().out
    assert run(["bulk", "resolve", path, "b", "adopt", "task_0"]) == 1
    assert run(["bulk", "resolve", path, "b", "abandon"]) == 0
    assert "1 abandoned" in capsys.readouterr().out
    assert run(["bulk", "resolve", path, "--all", "resubmit", "--json"]) == 0
    fields = json.loads(capsys.readouterr().out)
    assert (fields["tasks"], fields["credits"], fields["may_be_paid"], fields["keys"]) == (2, 40.0, 2, ["c", "d"])
    assert kept(filling.path) == {"f": "queued", "a": "queued", "b": "failed", "c": "queued", "d": "queued"}
    assert (
        run(["bulk", "resolve", path, "--all", "resubmit"]) == 0 == run(["bulk", "resolve", path, "--all", "abandon"])
    )
    assert capsys.readouterr().out.splitlines() == ["no job is ambiguous"] * 2
    assert run(["bulk", "retry", path, "--failed", "--reason", "no such"]) == 0
    assert capsys.readouterr().out == "nothing is put back: no job has failed with such a reason\n"
    assert [one for one in serving.requests if one.method == "POST"] == []


MISTAKES = {
    "no word of failed": (["retry", "LEDGER"], "--failed"),
    "an empty reason": (["retry", "LEDGER", "--failed", "--reason", ""], "a reason is a word or more"),
    "no verdict": (["resolve", "LEDGER", "a"], "say adopt TASK_ID"),
    "another verdict": (["resolve", "LEDGER", "a", "forget"], "'forget'"),
    "adopt without a task": (["resolve", "LEDGER", "a", "adopt"], "adopt needs the TASK_ID"),
    "resubmit with a task": (["resolve", "LEDGER", "a", "resubmit", "t"], "only adopt does"),
    "adopt of all": (["resolve", "LEDGER", "--all", "adopt", "t"], "one job"),
    "all and a key": (["resolve", "LEDGER", "--all", "a", "abandon"], "'a'"),
    "a job that is not there": (["resolve", "LEDGER", "none", "abandon"], "no job 'none'"),
    "no ledger": (["retry", "missing.db", "--failed"], "no ledger"),
}


@pytest.mark.parametrize(("command", "words"), MISTAKES.values(), ids=list(MISTAKES))
def test_a_mistake_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str], words: str
) -> None:
    """Each ends with 2 and a line that names the way out, and no ledger was made or changed."""
    with Filling(tmp_path / "run.db") as filling:
        filling.job("a", "ambiguous")
    assert run(["bulk", *(str(filling.path) if word == "LEDGER" else word for word in command)]) == 2
    errors = [one for one in capsys.readouterr().err.splitlines() if one and not one.startswith(("Usage:", "Try "))]
    assert len(errors) == 1 and words in errors[0]
    assert kept(filling.path) == {"a": "ambiguous"}
    assert not Path("missing.db").exists()


def test_a_run_at_work_is_not_disturbed(filling: Filling, capsys: pytest.CaptureFixture[str]) -> None:
    """While a run holds the ledger nobody changes it: a clear refusal, and everything stands as it stood."""
    filling.one_of_each()
    path = str(filling.path)
    for command in (["retry", path, "--failed"], ["resolve", path, "ambiguous", "resubmit"]):
        assert run(["bulk", *command]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert "is in use" in line
    assert {key: state for key, state in kept(filling.path).items() if key != state} == {}


def test_what_is_no_text_names_no_job(filling: Filling) -> None:
    """A list in the place of keys, a name that is no UTF-8 and a number are told, and nothing is changed."""
    filling.one_of_each()
    before = kept(filling.path)
    for key in (["ambiguous"], "\udcff", "a\0", 5):
        for decide in (bulk.resubmit, bulk.give_up):
            with pytest.raises(JournalError, match="the ledger has no job"):
                decide(filling.ledger, key)  # type: ignore[arg-type]
        with pytest.raises(InvalidInputError, match="a reason is a word"):
            bulk.retry(filling.ledger, key)  # type: ignore[arg-type]
    assert kept(filling.path) == before
    assert bulk.resubmit(filling.ledger, "ambiguous", "ambiguous").jobs == 1
