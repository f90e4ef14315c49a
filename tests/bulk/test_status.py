"""`weryai bulk status` tells what stands, what was spent, how fast it goes, and what somebody has to do."""

import json
import time
from pathlib import Path

import pytest

from fakes.ledgers import Filling, alter
from weryai import bulk
from weryai.bulk._ledger.queries import ALIVE, looking, pace_of
from weryai.bulk._results.status import status_of
from weryai.cli import run


def told(capsys: pytest.CaptureFixture[str], path: Path) -> str:
    """What the command prints."""
    assert run(["bulk", "status", str(path)]) == 0
    return capsys.readouterr().out


def test_every_state_has_its_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each state is counted by itself, what is ambiguous not among the failures; while a run holds the ledger."""
    with Filling(tmp_path / "run.db") as filling:
        filling.one_of_each()
        filling.job("more", "failed")
        filling.budget(50, 1_000.0)
        text = told(capsys, filling.path)
        assert run(["bulk", "status", "--json", str(filling.path)]) == 0
    lines = [line.split()[:2] for line in text.splitlines()]
    for state, many in {"queued": 1, "submitting": 1, "submitted": 1, "done": 1, "failed": 2, "ambiguous": 1}.items():
        assert [str(many), state] in lines
    assert "7 jobs in" in text and "spent    6 of 50 tasks, 100 of 1000 credits" in text
    fields = json.loads(capsys.readouterr().out)
    assert fields["counts"]["ambiguous"] == 1 and fields["jobs"] == 7
    assert (fields["spent_tasks"], fields["budget_tasks"], fields["spent_credits"]) == (6, 50, 100.0)


def test_trouble_is_told_by_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Failures by kind with their number and first reason, the most frequent first; failed tasks by their words."""
    with Filling(tmp_path / "run.db") as filling:
        filling.job("a", "failed", kind="invalid request 1002", reason="prompt too long: 2,001")
        for key in "bcd":
            filling.job(key, "failed")
        filling.job("e", "failed", kind="invalid request 1002", reason="prompt too long: 2,002")
        filling.job("f", "failed", reason="image asset audit")
        filling.job("g", "submitted", remark=("download", "the connection broke"))
    text = told(capsys, filling.path)
    found = bulk.status(filling.path)
    assert [(one.kind, one.count, one.reason) for one in found.failures] == [
        ("task failed", 3, "Copyright restrictions"),
        ("invalid request 1002", 2, "prompt too long: 2,001"),
        ("task failed", 1, "image asset audit"),
    ]
    assert [(one.kind, one.count) for one in found.unfinished] == [("download", 1)]
    assert "the next run goes on" in text.split("paid for and not finished")[1]
    assert text.index("3  task failed") < text.index("2  invalid request 1002: prompt too long: 2,001")


def test_what_is_ambiguous_is_listed_with_the_way_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each with its key and reason, up to twenty, and the command that settles it; no letter moves the terminal."""
    with Filling(tmp_path / "a run.db") as filling:
        filling.job("mug\x1b[2J", "ambiguous", reason="reset\r\n\x1b]0;title\x07by the peer")
        for number in range(24):
            filling.job(f"job-{number}", "ambiguous")
    text = told(capsys, filling.path)
    assert "mug [2J: reset   ]0;title by the peer" in text
    assert "and 5 more" in text
    assert f"weryai bulk resolve '{filling.path}' KEY adopt TASK_ID" in text
    assert not set(text) & {"\x1b", "\r", "\x07"}


@pytest.mark.parametrize(("silence", "has_pace"), [(5.0, True), (21.0, False), (None, False)])
def test_the_pace_is_told_while_somebody_is_at_work(tmp_path: Path, silence: float | None, has_pace: bool) -> None:
    """The last jobs that ended tell pace and time left, however long ago; without a run at work neither is told."""
    with Filling(tmp_path / "run.db") as filling:
        for key in "abcde":
            filling.job(key, "done")
        filling.job("f", "failed")
        for key in "ghij":
            filling.job(key)
    alter(filling.path, "update jobs set ended = 1000 + id * 2 where ended is not null")
    if silence is not None:
        alter(filling.path, "insert into about values (?, ?)", f"{ALIVE} 1", str(time.time() - silence))
    with looking(filling.path) as db:
        found = status_of(db)
    assert (found.pace, found.eta) == ((0.5, 8.0) if has_pace else (None, None))


def test_a_run_that_goes_on_tells_its_own_pace(tmp_path: Path) -> None:
    """The pace since a moment leaves out what ended before: a night without a run makes nothing slower."""
    with Filling(tmp_path / "run.db") as filling:
        for key in "abcdef":
            filling.job(key, "done")
    alter(filling.path, "update jobs set ended = 1000 + id * 2 + (case when id > 3 then 50000 else 0 end)")
    with looking(filling.path) as db:
        assert pace_of(db, 40_000.0) == 0.5
        assert pace_of(db, 51_012.0) is None


def test_a_million_rows_need_no_look_at_each(tmp_path: Path) -> None:
    """Counting, and the pace, go by the index alone, so that status is quick whatever the size."""
    with Filling(tmp_path / "run.db") as filling:
        filling.one_of_each()
    with looking(filling.path) as db:
        seen: list[str] = []
        db.set_trace_callback(seen.append)
        status_of(db)
        db.set_trace_callback(None)
        plans = {
            statement: " ".join(row["detail"] for row in db.execute(f"explain query plan {statement}"))
            for statement in seen
            if " jobs" in statement
        }
    assert len(plans) > 5
    assert [plan for plan in plans.values() if "SCAN jobs" in plan and "COVERING INDEX" not in plan] == []
    assert [plan for statement, plan in plans.items() if " limit " in statement and "TEMP B-TREE" in plan] == []
