"""Workers on one ledger in PostgreSQL: each job is paid for once, whoever works on it, is gone, or comes back."""

import asyncio
import contextlib
import json
import logging
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from fakes.bulks import AT_ONCE, FAST, QUICK, manifest
from fakes.commands import end_of, start_weryai, weryai_command
from fakes.gateway import Gateway, Trouble
from fakes.surroundings import JOURNEY_KEY
from weryai import JournalError, bulk
from weryai._flow.order import AttemptResult
from weryai.bulk import PostgresLedger
from weryai.bulk._ledger import queries
from weryai.bulk._ledger import transitions as steps
from weryai.bulk._running import dispatcher, gate
from weryai.bulk._running import throttle as health
from weryai.bulk._running import worker as queue
from weryai.emulator import Emulator

pytestmark = [pytest.mark.timeout(90), pytest.mark.filterwarnings("ignore::weryai.WeryAIWarning")]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the queue often, and take jobs up again at once."""
    monkeypatch.setattr(queue, "LOOK", 0.05)
    monkeypatch.setattr(queue, "PAUSE", 0)


def filled(database: str, folder: Path, many: int) -> PostgresLedger:
    """A ledger with so many jobs."""
    ledger = PostgresLedger(database)
    bulk.load_manifest(ledger, manifest(folder / "jobs.csv", range(many)), {})
    return ledger


def options(emulator: Emulator, folder: Path, **chosen: Any) -> dict[str, Any]:
    """How a worker works here."""
    limits = bulk.Limits(**{**FAST, **chosen.pop("limits", {})})
    return {
        "output": folder / "videos", "api_key": JOURNEY_KEY, "base_url": emulator.url, "polls_per_second": 1000.0,
        "patience": QUICK, "limits": limits, "until_done": True, **chosen,
    }  # fmt: skip


def states(database: str) -> Counter[str]:
    """How many jobs are in each state."""
    return Counter({state.value: many for state, many in bulk.status(database).counts.items() if many})


def bills(emulator: Emulator) -> list[int]:
    """How often each job was paid for."""
    return [row.orders for row in emulator.ledger if row.orders]


def ask(database: str, query: str, *values: Any) -> list[Any]:
    """Ask the database itself."""
    with psycopg.connect(database, autocommit=True) as db:
        db.execute("set search_path = weryai_queue")
        cursor = db.execute(query, values or None)
        return cursor.fetchall() if cursor.description else []


async def test_workers_share_the_jobs(emulator: Emulator, database: str, tmp_path: Path) -> None:
    """Two workers do all jobs between them, each paid for once, its video on disk, and its worker named."""
    # So few at a time that neither takes all of them before the other is there.
    few = {"in_flight": 4}
    with filled(database, tmp_path, 60) as one, PostgresLedger(database) as other:
        told: dict[str, list[bulk.Event]] = {"one": [], "other": []}
        outcomes = await asyncio.gather(
            bulk.awork(one, **options(emulator, tmp_path / "one", on_event=told["one"].append, limits=few)),
            bulk.awork(other, **options(emulator, tmp_path / "other", on_event=told["other"].append, limits=few)),
        )
    assert [outcome for outcome in outcomes if not (outcome.is_complete and outcome.submits == 60)] == []
    assert bills(emulator) == [1] * 60
    done = {name: {event.path for event in events if event.event == "done"} for name, events in told.items()}
    assert len(done["one"]) + len(done["other"]) == 60 and min(map(len, done.values())) > 0
    assert [path for paths in done.values() for path in paths if not Path(str(path)).is_file()] == []
    assert len(ask(database, "select distinct worker from weryai.jobs")) == 2
    assert ask(database, "select count(*) from weryai_queue.procrastinate_jobs") == [(0,)]


def gone_worker(database: str, *, beat: str = "1 minute") -> str:
    """Write down a worker that told last so long ago that it lives; return its name."""
    ((number,),) = ask(database, "insert into weryai_queue.procrastinate_workers default values returning id")
    ask(
        database,
        f"update weryai_queue.procrastinate_workers set last_heartbeat = now() - interval '{beat}' where id = %s",
        number,
    )
    return f"{number}@elsewhere"


def test_who_is_gone_is_followed(emulator: Emulator, database: str, tmp_path: Path) -> None:
    """Of a dead worker's jobs the paid one is fetched, the queued one sent, the one inside its POST is ambiguous.

    None is sent again, and what a worker that lives is just sending is left alone.
    """
    with filled(database, tmp_path, 4) as ledger:
        assert bulk.work(ledger, **options(emulator, tmp_path, limits={"budget_tasks": 1})).stopped
        paid = ledger.write(lambda db: next(job for job in queries.every(db) if job.task_id)).result()
        ask(database, "update weryai.jobs set state = 'submitted', path = null where id = %s", paid.row)
        gone, alive = gone_worker(database), gone_worker(database, beat="1 second")
        ledger.write(lambda db: steps.set_budget(db, None, None)).result()
        rows = [row for row in range(1, 5) if row != paid.row]
        ledger.write(lambda db: steps.begin(db, rows[0], gone)).result()
        ledger.write(lambda db: steps.begin(db, rows[1], alive)).result()
        ask(database, "delete from weryai_queue.procrastinate_jobs")
        for row in (paid.row, rows[0], rows[2]):
            ask(
                database,
                "insert into weryai_queue.procrastinate_jobs (queue_name, task_name, queueing_lock, args, status, "
                "worker_id) values ('orders', 'weryai.bulk', %s, jsonb_build_object('row', %s::int), 'doing', %s)",
                f"job-{row}", row, int(gone.partition("@")[0]),
            )  # fmt: skip
        outcome = bulk.work(ledger, **options(emulator, tmp_path))
        found = ledger.write(lambda db: {job.row: (job.state.value, job.reason) for job in queries.every(db)}).result()
    assert found[paid.row] == ("done", None) and found[rows[2]] == ("done", None)
    assert found[rows[0]] == ("ambiguous", "the worker was gone before the response came")
    assert found[rows[1]][0] == "submitting"
    assert outcome.submits == 4 and bills(emulator) == [1, 1]


@pytest.mark.parametrize("scenario", ["http-429", "concurrency-limit"])
async def test_a_refusal_slows_all_workers(emulator: Emulator, database: str, tmp_path: Path, scenario: str) -> None:
    """What is refused for the moment is sent again, whoever gets it then; nothing is lost or paid for twice."""
    emulator.order(scenario, 5, at="submit")
    with filled(database, tmp_path, 20) as one, PostgresLedger(database) as other:
        await asyncio.gather(*(bulk.awork(ledger, **options(emulator, tmp_path)) for ledger in (one, other)))
    assert states(database) == {"done": 20}, ask(database, "select reason from weryai.jobs where reason is not null")
    assert bills(emulator) == [1] * 20
    emulator.assert_faults_met()


def test_never_more_are_in_flight_than_may_be(emulator: Emulator, database: str, tmp_path: Path) -> None:
    """One place: each task is ordered when the one before has ended, although the worker holds many jobs."""
    running = Counter[str]()
    most = []

    def heard(event: bulk.Event) -> None:
        running[event.event] += 1
        most.append(running["submitted"] - running["done"])

    with filled(database, tmp_path, 6) as ledger:
        bulk.work(ledger, **options(emulator, tmp_path, limits={"in_flight": 1}, on_event=heard))
    assert states(database) == {"done": 6} and max(most) == 1


def test_the_budget_is_one_for_all(database: str, tmp_path: Path) -> None:
    """It ends the orders of every worker, over all their starts; what is paid for is fetched, the rest stays queued."""
    taking_longer = {"video": "fixed", "waiting": 0.3, "processing": 0.3, "key": JOURNEY_KEY}
    with Emulator(**taking_longer) as emulator, filled(database, tmp_path, 9) as ledger:
        outcome = bulk.work(ledger, **options(emulator, tmp_path, limits={"budget_tasks": 5}))
        assert outcome.stopped and "the budget is spent: 5 of 5 tasks" in outcome.stopped
        assert states(database) == {"done": 5, "queued": 4}
        again = bulk.work(ledger, **options(emulator, tmp_path))
        assert again.stopped and states(database) == {"done": 5, "queued": 4} and bills(emulator) == [1] * 5


def test_what_is_unfinished_is_taken_up_again(emulator: Emulator, database: str, tmp_path: Path) -> None:
    """A video that cannot be fetched is tried some times, keeps no place, and is left for the next start."""
    emulator.order("link-gone", 100)
    with filled(database, tmp_path, 3) as ledger:
        events: list[str] = []
        first = bulk.work(
            ledger,
            **options(
                emulator, tmp_path, limits={"rate": 50.0, "in_flight": 1}, on_event=lambda e: events.append(e.event)
            ),
        )
        assert first.stopped is None and events.count("unfinished") == 3 * (1 + queue.TRIES)
        for fault in emulator.faults:
            fault.cancel()
        second = bulk.work(ledger, **options(emulator, tmp_path))
    assert first.counts[bulk.JobState.SUBMITTED] == 3 and second.is_complete
    assert bills(emulator) == [1] * 3


def test_the_time_is_the_database_s(
    emulator: Emulator, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a worker whose clock is an hour ahead puts back is taken up at once, not in an hour; it ends well."""
    clock = time.time
    monkeypatch.setattr(time, "time", lambda: clock() + 3600)
    monkeypatch.setattr("procrastinate.utils.utcnow", lambda: datetime.now(UTC) + timedelta(hours=1))
    emulator.order("link-gone", 1)
    with filled(database, tmp_path, 2) as ledger:
        outcome = asyncio.run(asyncio.wait_for(bulk.awork(ledger, **options(emulator, tmp_path)), 30))
    assert outcome.is_complete


def test_one_that_ends_speaks_for_itself_alone(emulator: Emulator, database: str, tmp_path: Path) -> None:
    """While another worker goes on, the status says so; when nothing is left, no reason of an earlier end is told."""
    seen = []

    def begun(run: bulk.Run) -> None:
        for change in (
            lambda db: steps.note_stop(db, "interrupted"),
            lambda db: dispatcher.note_alive(db, "alive 1"),
            lambda db: dispatcher.note_alive(db, "alive 2"),
            lambda db: dispatcher.forget_alive(db, "alive 1"),
        ):
            run.ledger.write(change).result()
        seen.append((bulk.status(database).is_going_on, bulk.status(database).stopped))
        run.ledger.write(lambda db: dispatcher.forget_alive(db, "alive 2")).result()
        seen.append((bulk.status(database).is_going_on, bulk.status(database).stopped))

    with filled(database, tmp_path, 1) as ledger:
        assert bulk.work(ledger, **options(emulator, tmp_path, watch=begun)).is_complete
        ledger.write(lambda _: None).result()
    assert seen == [(True, None), (False, "interrupted")]
    assert (bulk.status(database).is_going_on, bulk.status(database).stopped) == (False, None)


def test_a_queue_of_another_version_is_made_anew(emulator: Emulator, database: str, tmp_path: Path) -> None:
    """The queue holds nothing of its own: it is made again from the ledger, unless somebody is working with it."""
    with filled(database, tmp_path, 2) as ledger:
        bulk.work(ledger, **options(emulator, tmp_path))
        ask(database, "update weryai.about set value = 'another' where name = 'queue'")
        bulk.load_manifest(ledger, manifest(tmp_path / "more.csv", range(2, 5)), {})
        gone_worker(database, beat="1 second")
        with pytest.raises(JournalError, match="another version of procrastinate are at work"):
            bulk.work(ledger, **options(emulator, tmp_path))
        ask(database, "delete from weryai_queue.procrastinate_workers")
        assert bulk.work(ledger, **options(emulator, tmp_path)).is_complete
    assert bills(emulator) == [1] * 5


async def test_what_the_queue_is_made_of_writes_nothing_by_itself(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the database is away its libraries complain each second: to their loggers, and not to standard error."""
    names = ("procrastinate", "psycopg.pool")
    for name in names:
        monkeypatch.setattr(logging.getLogger(name), "handlers", [])

    async def body(row: int) -> None:
        raise AssertionError(row)

    with PostgresLedger(database) as ledger:
        async with queue.opened(ledger, body, lambda: True):
            assert [name for name in names if not logging.getLogger(name).handlers] == []


def test_limits_stay_in_force(emulator: Emulator, database: str, tmp_path: Path) -> None:
    """What one worker sets holds for those that come later and say nothing."""
    with filled(database, tmp_path, 1) as ledger:
        assert bulk.limits_in_force(ledger) == bulk.Limits()
        bulk.work(ledger, **options(emulator, tmp_path, limits={"rate": 77.0, "in_flight": 7}))
        seen: list[bulk.Run] = []
        bulk.work(ledger, **{**options(emulator, tmp_path, watch=seen.append), "limits": None})
        assert bulk.limits_in_force(ledger) == bulk.Limits(77.0, 7)
    assert (seen[0].throttle.pace.most, seen[0].throttle.most) == (77.0, 7)


COMMAND = ("--interval", "0.05")


def worker(emulator: Emulator, folder: Path, database: str, *words: str) -> "subprocess.Popen[str]":
    """Start a command of `weryai bulk` on the database."""
    return start_weryai(
        "bulk", *words, "--database", database, *COMMAND, base_url=emulator.url, key=JOURNEY_KEY, folder=folder
    )


def until(is_so: Callable[[], bool]) -> None:
    """Come back when it is so."""
    give_up = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < give_up
        time.sleep(0.02)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are not those of Windows")
def test_a_signal_ends_a_worker_and_leaves_nothing_ambiguous(database: str, tmp_path: Path) -> None:
    """SIGTERM lets open orders end, what the worker had goes to the others at once, and its end is 143."""
    with Emulator(
        video="fixed", waiting=0.1, processing=0.3, slow=0.3, concurrency=None, balance=10_000, key=JOURNEY_KEY
    ) as emulator:
        emulator.order("slow", 1000, at="submit")
        manifest(tmp_path / "jobs.csv", range(40))
        first = worker(emulator, tmp_path, database, "run", "jobs.csv", "--rate", "20", "--start-rate", "20")
        until(lambda: sum(row.posts for row in emulator.ledger) > 5)
        first.send_signal(signal.SIGTERM)
        ended = end_of(first)
        assert ended.code == 143 and "Traceback" not in ended.errors, ended.errors
        found = states(database)
        assert found["ambiguous"] == found["submitting"] == 0 < found["queued"]
        assert json.loads(ended.last_line)["stopped"] == "interrupted"
        ended = end_of(worker(emulator, tmp_path, database, "worker", "--until-done"))
        assert ended.code == 0, ended.errors
        assert states(database) == {"done": 40} and bills(emulator) == [1] * 40


def test_a_worker_waits_for_jobs(emulator: Emulator, database: str, tmp_path: Path) -> None:
    """Without --until-done it stays; jobs that another command loads, retries or resolves are taken up."""
    filled(database, tmp_path, 1).close()
    waiting = worker(emulator, tmp_path, database, "worker", *AT_ONCE)
    try:
        until(lambda: states(database) == {"done": 1})
        with PostgresLedger(database) as ledger:
            bulk.load_manifest(ledger, manifest(tmp_path / "more.csv", range(1, 4)), {}, keep=True)
            until(lambda: states(database) == {"done": 4})
            ledger.write(lambda db: db.execute("update jobs set state = 'failed' where id = 2")).result()
            bulk.retry(ledger)
        until(lambda: states(database) == {"done": 4})
    finally:
        waiting.send_signal(signal.SIGINT)
        ended = end_of(waiting)
    assert ended.code == 130 and "Traceback" not in ended.errors, ended.errors
    assert sorted(bills(emulator)) == [1, 1, 1, 2]


def test_a_worker_may_start_before_the_run(database: str, tmp_path: Path) -> None:
    """A worker that starts in the same second as `run` waits until the ledger is made and its manifest is loaded."""
    found: list[dict[str, int]] = []

    def wait() -> None:
        with PostgresLedger(database, make=False, wait=60) as ledger:
            found.append(ledger.write(lambda db: {"jobs": len(list(queries.every(db)))}).result())

    waiting = threading.Thread(target=wait)
    waiting.start()
    with PostgresLedger(database) as ledger:
        # There is a ledger, and nothing in it: who ended now would have worked on nothing.
        waiting.join(0.6)
        assert found == []
        bulk.load_manifest(ledger, manifest(tmp_path / "jobs.csv", range(3)), {})
    waiting.join(30)
    assert found == [{"jobs": 3}]


def test_the_commands_take_a_database(emulator: Emulator, database: str, tmp_path: Path) -> None:
    """The way of a run through the commands, by the environment and by the argument."""

    def weryai(*words: str) -> str:
        ended = weryai_command("bulk", *words, base_url=emulator.url, key=JOURNEY_KEY, folder=tmp_path)
        assert ended.code == 0, ended.errors
        assert "Traceback" not in ended.errors
        return ended.output

    manifest(tmp_path / "jobs.csv", range(3))
    events = [
        json.loads(line) for line in weryai("run", "jobs.csv", "--database", database, *AT_ONCE, *COMMAND).splitlines()
    ]
    assert Counter(event["event"] for event in events) == {"submitted": 3, "done": 3, "ended": 1}
    assert events[-1]["ledger"] == database and events[-1]["submits"] == 3
    assert "3 jobs in postgresql://weryai@/run_" in weryai("status", database)
    assert json.loads(weryai("status", database, "--json"))["counts"]["done"] == 3
    assert weryai("export", database, "-o", "-").count("\n") == 4
    assert (tmp_path / weryai("report", database).strip()).is_file()
    with PostgresLedger(database) as ledger:
        ledger.write(lambda db: db.execute("update jobs set state = 'queued' where id = 1")).result()
        ledger.write(lambda db: steps.begin(db, 1)).result()
        ledger.write(lambda db: steps.end(db, 1, AttemptResult(bulk.JobState.AMBIGUOUS))).result()
    assert f"task {events[0]['task_id']}" in weryai("resolve", database, "job-0", "adopt", events[0]["task_id"])
    weryai("worker", "--database", database, "--until-done", *COMMAND)
    assert states(database) == {"done": 3} and bills(emulator) == [1] * 3


@pytest.mark.parametrize("trouble", [502, "reset", "refuse"])
async def test_an_outage_is_one_for_all_workers(
    emulator: Emulator, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: Trouble
) -> None:
    """From the 10th on nothing is answered: of three workers' jobs at most 7 are ambiguous in all, and all go on."""
    monkeypatch.setattr(health, "ASK", 0.3)
    monkeypatch.setattr(gate, "LOOK", 0.02)
    told: list[bulk.Event] = []
    port = int(emulator.url.rpartition(":")[2])
    with Gateway(port, trouble, begins_at=10) as there, contextlib.ExitStack() as stack:

        def heard(event: bulk.Event) -> None:
            told.append(event)
            if event.event == "paused" and len([one for one in told if one.event == "paused"]) == 1:
                threading.Timer(1.5, there.heal).start()

        ledgers = [stack.enter_context(filled(database, tmp_path, 60))]
        ledgers += [stack.enter_context(PostgresLedger(database)) for _ in range(2)]
        chosen = {**options(emulator, tmp_path, on_event=heard), "base_url": there.url}
        outcomes = await asyncio.gather(*(bulk.awork(ledger, **chosen) for ledger in ledgers))
    found = states(database)
    assert found["ambiguous"] <= 7 and found["done"] == 60 - found["ambiguous"], told
    assert [one for one in outcomes if one.stopped is not None] == [] and there.most_open <= 4
    assert set(bills(emulator)) <= {1}
