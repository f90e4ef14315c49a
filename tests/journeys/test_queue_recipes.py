"""What queues do to a paid order: workers die, jobs come again, results go through JSON and pickle; paid once."""

import json
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import weryai
from fakes.answers import SUBMIT, TASK, accepted
from fakes.faults import Answer, html_reply
from fakes.faulty_server import FaultyServer
from fakes.journals import rows
from fakes.surroundings import JOURNEY_KEY

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="these queues fork, or need signals"),
    pytest.mark.timeout(110),
    # Celery's own.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:(celery|kombu|billiard|vine).*"),
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
]
PROGRAM = [sys.executable, "-W", "ignore", "-c", "from fakes.queue_recipes import main; main()"]


@pytest.fixture
def surroundings(faulty_server: FaultyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Where the recipes run: at this test's service, with this test's journal."""
    tests = str(Path(__file__).parent.parent)
    for name, value in {
        "WERYAI_API_KEY": JOURNEY_KEY, "WERYAI_BASE_URL": faulty_server.url,
        "WERYAI_JOURNAL": str(tmp_path / "journal.db"),
        "PYTHONPATH": os.pathsep.join([tests, os.environ.get("PYTHONPATH", "")]),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    return dict(os.environ)


class Telling:
    """An answer that leaves a word in a folder when it is asked for."""

    def __init__(self, folder: Path, answer: Answer) -> None:
        self._folder, self._answer = folder, answer

    def perform(self, line: Any) -> bool:
        """Leave the word, and answer."""
        (self._folder / "posted").touch()
        return self._answer.perform(line)


def results(folder: Path) -> list[Any]:
    """What the runs of the job that lived to tell it came to."""
    file = folder / "results"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


@contextmanager
def worker(folder: Path, surroundings: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a worker of Celery, and end it."""
    with subprocess.Popen([*PROGRAM, str(folder), "celery"], env=surroundings, cwd=folder) as process:
        yield process
        process.kill()


def come(condition: Any, process: "subprocess.Popen[bytes] | None" = None) -> None:
    """Wait until something is so, or the process has ended."""
    until = time.monotonic() + 50
    while not condition() and (process is None or process.poll() is None):
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.parametrize(("how", "state"), [("before", "ambiguous"), ("after", "submitted")])
def test_rq_runs_a_job_again_whose_worker_died(
    faulty_server: FaultyServer, tmp_path: Path, surroundings: dict[str, str], how: str, state: str
) -> None:
    """RQ's work-horse is killed before or after the answer; the retry finds the task, or says that nobody knows."""
    faulty_server.default("POST", SUBMIT, Telling(tmp_path, accepted(delay=5 if how == "before" else 0)))
    told = subprocess.run([*PROGRAM, str(tmp_path), "rq", how], env=surroundings, cwd=tmp_path, check=False)
    assert told.returncode == 0
    (result,) = results(tmp_path)
    assert result == [TASK] if how == "after" else "DuplicateRequestError: the same order was sent" in result[0]
    assert len(faulty_server.posts()) == 1
    assert rows(tmp_path / "journal.db", "state, order_key") == [(state, "job-1")]


@pytest.mark.parametrize(("how", "state"), [("before", "ambiguous"), ("after", "submitted")])
def test_celery_delivers_a_job_again_whose_worker_died(
    faulty_server: FaultyServer, tmp_path: Path, surroundings: dict[str, str], how: str, state: str
) -> None:
    """A worker is killed before or after the answer, and the message comes again: paid once, and the result says so."""
    from fakes.queue_recipes import celery_app

    faulty_server.default("POST", SUBMIT, Telling(tmp_path, accepted(delay=5 if how == "before" else 0)))
    _, task = celery_app(tmp_path)
    task.apply_async((how,), task_id="job-1")
    with worker(tmp_path, surroundings) as process:
        come(lambda: False, process)
    # What a broker does with a message that nobody has acknowledged.
    job = task.apply_async((how,), task_id="job-1")
    with worker(tmp_path, surroundings):
        come(lambda: results(tmp_path))
        come(job.ready)
    if how == "after":
        assert job.get() == [TASK]
    else:
        with pytest.raises(weryai.DuplicateRequestError, match="nobody knows whether it was accepted") as caught:
            job.get()
        assert caught.value.task_id is None
    assert len(faulty_server.posts()) == 1
    assert rows(tmp_path / "journal.db", "state, order_key") == [(state, "job-1")]


def test_a_result_of_celery_keeps_what_an_error_says_of_money(
    faulty_server: FaultyServer, tmp_path: Path, surroundings: dict[str, str]
) -> None:
    """Through the JSON of a result the caller gets the same class, ids and outcome as the worker had."""
    from fakes.queue_recipes import celery_app

    faulty_server.default("POST", SUBMIT, html_reply(502))
    _, task = celery_app(tmp_path)
    job = task.apply_async(("",), task_id="job-1")
    with worker(tmp_path, surroundings):
        come(job.ready)
    with pytest.raises(weryai.OutcomeUnknownError) as caught:
        job.get()
    assert caught.value.outcome is weryai.Outcome.UNKNOWN
    assert (caught.value.http_status, caught.value.task_ids) == (502, ())
    assert caught.value.request == "POST /v1/generation/image-to-video"


def test_results_go_through_json_and_pickle(faulty_server: FaultyServer, surroundings: dict[str, str]) -> None:
    """Task ids go through JSON as they are; a Submission goes through pickle, as RQ does it."""
    assert surroundings
    faulty_server.default("POST", SUBMIT, accepted())
    with weryai.WeryAI() as client:
        submission = client.image_to_video.submit("https://example.com/reference.jpg", prompt="x")
    assert pickle.loads(pickle.dumps(submission)) == submission
    assert json.loads(json.dumps(submission.task_ids)) == [TASK]
