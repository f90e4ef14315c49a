"""A ledger in PostgreSQL: the same jobs, the same commands, and what only a server can do to one."""

import asyncio
import csv
import io
import itertools
import math
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import psycopg
import pytest

from fakes.bulks import manifest
from fakes.ledgers import Filling
from weryai import ConfigurationError, JournalError, bulk
from weryai._flow.order import AttemptResult
from weryai.bulk import JobState, PostgresLedger
from weryai.bulk._ledger import ledger as postgres
from weryai.bulk._ledger import queries
from weryai.bulk._ledger import transitions as steps
from weryai.bulk._ledger.ledger import masked
from weryai.bulk._running import dispatcher, gate
from weryai.bulk._running import throttle as health
from weryai.bulk._running import worker as queue
from weryai.bulk._running.throttle import (
    Limits,
    PollPermit,
    SharedThrottle,
    agree,
    heed_acceptance,
    heed_refusal,
    postpone,
    seconds_left,
    take_turn,
)
from weryai.cli import run

TIMES = {"created", "began", "submitted", "ended"}


def fill(filling: Filling) -> None:
    """Jobs in every state, with prices, budgets and words of many languages."""
    filling.one_of_each()
    filling.job("paid", "submitted", remark=("download", "the connection broke"))
    filling.job("more", "failed", reason="used up 100% of 'it'; ünïcödé ✓", kind="server 5000", price=2.5)
    filling.job("none", "ambiguous", prompt="? %s {} $1 \\ \"'")
    filling.budget(100, 500.0)


def told(place: Any) -> list[Any]:
    """What the commands tell of a ledger, without its times."""
    table = io.BytesIO()
    bulk.export(place, table)
    rows = [
        {name: cell for name, cell in row.items() if name not in TIMES}
        for row in csv.DictReader(io.StringIO(table.getvalue().decode()))
    ]
    status = bulk.status(place)
    return [
        status.counts,
        status.facts,
        status.failures,
        status.unfinished,
        [job.key for job in status.ambiguous],
        rows,
    ]


CHANGES: dict[str, Callable[[Any], Any]] = {
    "nothing": lambda ledger: None,
    "retry": lambda ledger: bulk.retry(ledger),
    "retry one": lambda ledger: bulk.retry(ledger, "100%"),
    "resubmit": lambda ledger: bulk.resubmit(ledger, everything=True),
    "give up": lambda ledger: bulk.give_up(ledger, "paid", "none", "queued"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_command_means_the_same(tmp_path: Path, database: str, name: str) -> None:
    """Status, export, retry, resolve: what they answer and what they leave is that of a ledger in a file."""
    answers = []
    for filling in (Filling(tmp_path / "run.db"), Filling(tmp_path, address=database)):
        with filling:
            fill(filling)
            answers.append((CHANGES[name](filling.ledger), told(filling.ledger)))
    assert answers[0] == answers[1]
    assert bulk.report(database, tmp_path / "report.html").stat().st_size > 10_000


@pytest.mark.parametrize("again", [False, True])
def test_a_manifest_is_loaded_as_into_a_file(tmp_path: Path, database: str, again: bool) -> None:
    """The same jobs in the same order, known ones left alone, changed ones changed, and doubles found by line."""
    source = manifest(tmp_path / "jobs.csv", range(7))
    outcomes = []
    for ledger in (bulk.Ledger(tmp_path / "run.db"), PostgresLedger(database)):
        with ledger:
            loaded = bulk.load_manifest(ledger, source, {})
            if again:
                changed = manifest(tmp_path / "changed.csv", range(5, 9), duration="10")
                ledger.write(lambda db: steps.begin(db, 6)).result()
                with pytest.raises(bulk.ManifestError) as problem:
                    bulk.load_manifest(ledger, changed, {})
                ledger.write(lambda db: steps.end(db, 6, AttemptResult(JobState.QUEUED))).result()
                outcomes.append((problem.value.problems, bulk.load_manifest(ledger, changed, {})))
            jobs = ledger.write(lambda db: list(queries.every(db))).result()
            outcomes.append((loaded, [(job.key, job.line, dict(job.parameters)) for job in jobs]))
    half = len(outcomes) // 2
    assert outcomes[:half] == outcomes[half:]


def test_no_word_of_the_service_keeps_a_task_from_being_noted(database: str) -> None:
    """A reason with the letter that PostgreSQL cannot hold is kept without it."""
    with Filling(Path(), address=database) as filling:
        row = filling.job("a", "submitting")
        verdict = AttemptResult(JobState.AMBIGUOUS, ("t-1",), None, "bad \0 word")
        filling.ledger.write(lambda db: steps.end(db, row, verdict)).result()
        job = filling.ledger.write(lambda db: queries.of_row(db, row)).result()
    assert job is not None and (job.named, job.reason) == ("t-1", "bad \ufffd word")


def test_an_answer_that_comes_late_is_kept(database: str) -> None:
    """A worker that was taken for dead gets its answer after all.

    What is ambiguous or queued becomes paid for; of what has moved on the task is noted beside it; a late refusal
    changes nothing.
    """
    with Filling(Path(), address=database) as filling:
        rows = [filling.job(name) for name in ("doubted", "resubmitted", "sent again", "refused", "given up")]
        write = filling.ledger.write
        for row in rows:
            write(lambda db, row=row: steps.begin(db, row, "1@there")).result()
        write(lambda db: steps.recover_orphans(db, "gone")).result()
        bulk.resubmit(filling.ledger, "resubmitted", "sent again", "refused")
        bulk.give_up(filling.ledger, "given up")
        for row in rows[2:4]:
            write(lambda db, row=row: steps.begin(db, row, "2@here")).result()
        for row in (*rows[:3], rows[4]):
            verdict = AttemptResult(JobState.SUBMITTED, (f"late-{row}",))
            write(lambda db, row=row, verdict=verdict: steps.end(db, row, verdict, "1@there")).result()
        with pytest.raises(JournalError, match="job 'refused' is submitting"):
            write(lambda db: steps.end(db, rows[3], AttemptResult(JobState.QUEUED), "1@there")).result()
        write(lambda db: steps.mark_ambiguous(db, rows[3], "gone", "1@there")).result()
        found = write(lambda db: [(job.state, job.task_id, job.named) for job in queries.every(db)]).result()
    assert found == [
        ("submitted", "late-1", None),
        ("submitted", "late-2", None),
        ("submitting", None, "late-3"),
        ("submitting", None, None),
        ("failed", None, "late-5"),
    ]


def test_turns_are_those_of_all_workers(database: str) -> None:
    """Each turn is a gap behind the last, whoever takes it; none without a place; a refusal moves the next for all."""
    with Filling(Path(), address=database) as one, PostgresLedger(database) as other:
        one.job("a", "submitted")
        one.job("b", "submitted", remark=("download", "the connection broke"))
        other.write(lambda db: agree(db, bulk.Limits(rate=0.1))).result()
        turns = [ledger.write(lambda db: take_turn(db, 2)).result() for ledger in (one.ledger, other, one.ledger)]
        pauses = [turn.pause for turn in turns if turn.pause is not None]
        assert [(turn.going, turn.gap) for turn in turns] == [(1, 10.0)] * 3
        gaps = [later - earlier for earlier, later in itertools.pairwise(pauses)]
        assert pauses[0] <= 0 and [gap for gap in gaps if not 9 < gap <= 10] == []
        other.write(lambda db: postpone(db, 100.0)).result()
        later = one.ledger.write(lambda db: take_turn(db, 2)).result().pause
        assert later is not None and 95 < later <= 100
        one.job("c", "submitting")
        assert other.write(lambda db: take_turn(db, 2, "1@here")).result() == PollPermit(2, None)
        assert other.write(lambda db: take_turn(db, 2, "", 1)).result() == PollPermit(2, None)


def test_the_pace_is_that_of_all_workers(database: str) -> None:
    """What one worker is told holds for all: each acceptance halves the gap, a refusal takes that back and pauses."""
    with PostgresLedger(database) as one, PostgresLedger(database) as other:
        agreed = bulk.Limits(rate=5.0)
        one.write(lambda db: agree(db, agreed)).result()
        first = one.write(lambda db: take_turn(db, 9)).result()
        assert one.write(lambda db: heed_acceptance(db, 3.0)).result().gap == 1.5
        # Who joins takes the pace as it stands, and the next turn is nearer for all.
        other.write(lambda db: agree(db, agreed)).result()
        second = other.write(lambda db: take_turn(db, 9)).result()
        assert first.pause is not None and second.pause is not None
        assert (first.gap, second.gap) == (3.0, 1.5) and 0.5 < second.pause - first.pause <= 1.5
        assert other.write(lambda db: heed_acceptance(db, 1.5)).result().gap == 0.75
        assert one.write(lambda db: heed_refusal(db, None, is_rate=True)).result().gap == 1.5
        # The refusal of another one at the same time changes nothing more.
        assert other.write(lambda db: heed_refusal(db, None, is_rate=True)).result().refusals == 1
        assert 1.0 < other.write(seconds_left).result() <= 1.5
        third = other.write(lambda db: take_turn(db, 9)).result()
        assert third.pause is not None and third.pause > 1.0 and third.gap == 1.5
        # Another limit begins anew, and so does a pace that nobody has used for long.
        other.write(lambda db: agree(db, bulk.Limits(rate=2.0, start_rate=2.0))).result()
        assert one.write(lambda db: take_turn(db, 9)).result().gap == 0.5
        one.write(lambda db: db.execute("update run set next_turn = next_turn - 700")).result()
        other.write(lambda db: agree(db, bulk.Limits(rate=2.0))).result()
        assert one.write(lambda db: take_turn(db, 9)).result().gap == 3.0


def test_a_worker_that_waits_heeds_what_another_is_refused(database: str) -> None:
    """A turn that was taken before another worker was refused is taken anew, behind the pause of all."""

    async def story(one: PostgresLedger, other: PostgresLedger) -> tuple[float, float]:
        throttle = SharedThrottle(one, bulk.Limits(rate=1.6, start_rate=1.6))
        assert await throttle.turn() == math.inf
        throttle.sent()
        waiting = asyncio.create_task(throttle.turn())
        while not throttle._sending:
            await asyncio.sleep(0.01)
        began = time.monotonic()
        other.write(lambda db: heed_refusal(db, 1.3, is_rate=False)).result()
        gap = await waiting
        return gap, time.monotonic() - began

    with PostgresLedger(database) as one, PostgresLedger(database) as other:
        one.write(lambda db: agree(db, bulk.Limits(rate=1.6, start_rate=1.6))).result()
        gap, waited = asyncio.run(story(one, other))
    assert gap == 1 / 1.6 and waited >= 1.2


def test_a_broken_connection_is_made_anew(database: str) -> None:
    """The server ends a connection in the middle of a change: it is made again as a whole, on another one."""
    attempts = []

    def change(db: Any) -> int:
        attempts.append(db.execute("select pg_backend_pid() as pid").fetchone()["pid"])
        steps.set_budget(db, 7, None)
        if len(attempts) == 1:
            with psycopg.connect(database, autocommit=True) as killer:
                killer.execute("select pg_terminate_backend(%s)", (attempts[0],))
        return int(db.execute("select budget_tasks from run").fetchone()["budget_tasks"])

    with PostgresLedger(database) as ledger:
        assert ledger.write(change).result(60) == 7
        assert len(set(attempts)) == 2
        assert bulk.status(database).facts.budget_tasks == 7


def test_workers_that_wait_for_each_other_both_get_through(database: str) -> None:
    """Two changes that hold what the other one wants: the server ends one, and it is made once more."""
    both = threading.Barrier(2)
    with PostgresLedger(database) as one, PostgresLedger(database) as other:
        one.write(lambda db: db.execute("insert into about values ('a', '0'), ('b', '0')")).result()

        def crossing(first: str, second: str) -> Callable[[Any], None]:
            attempts = itertools.count()

            def change(db: Any) -> None:
                db.execute("update about set value = value || ? where name = ?", (first, first))
                if next(attempts) == 0:
                    both.wait(20)
                db.execute("update about set value = value || ? where name = ?", (first, second))

            return change

        for future in (one.write(crossing("a", "b")), other.write(crossing("b", "a"))):
            future.result(60)
        found = one.write(lambda db: db.execute("select value from about where name in ('a', 'b')").fetchall()).result()
    assert sorted(sorted(row["value"]) for row in found) == [["0", "a", "b"], ["0", "a", "b"]]


@pytest.mark.parametrize(
    "change",
    [
        lambda db: heed_acceptance(db, 1.0),
        lambda db: heed_refusal(db, None, is_rate=True),
        lambda db: take_turn(db, 10),
        lambda db: gate._changed(db, lambda health, _moment: health.unknown("no response came")),
        lambda db: dispatcher.note_alive(db, "alive 1"),
        lambda db: dispatcher.forget_alive(db, "alive 1"),
        lambda db: steps.note_stop(db, "no credits"),
        lambda db: queue.lease(db, "me", 3.0),
        lambda db: steps.keep_upload(db, "0" * 64, "https://pictures.example/1.jpg"),
        lambda db: steps.adopt(db, 1, "t-1"),
    ],
    ids=["accepted", "refused", "turn", "outage", "alive", "gone", "stopped", "lease", "upload", "adopt"],
)
def test_what_all_workers_share_is_changed_under_one_lock(database: str, change: Callable[[Any], Any]) -> None:
    """Whoever changes a row that others may want holds the row of the run first, so that nobody waits crosswise."""
    with Filling(Path(), address=database) as filling, psycopg.connect(database) as other:
        ledger = filling.ledger
        filling.job("a", "ambiguous")
        ledger.write(lambda db: agree(db, Limits())).result()

        def held(db: Any) -> bool:
            change(db)
            try:
                other.execute("select 1 from weryai.run for update nowait")
            except psycopg.errors.LockNotAvailable:
                return True
            finally:
                other.rollback()
            return False

        assert ledger.write(held).result(20), "the row of the run was free"


def test_no_clock_of_a_machine_counts(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers whose clocks are an hour apart agree on what is open for long, who is alive, and when a job ended."""
    clock = time.time
    with Filling(Path(), address=database) as filling, PostgresLedger(database) as other:
        for name in ("a", "b"):
            filling.job(name)
        filling.ledger.write(lambda db: dispatcher.note_alive(db, "alive 1")).result()
        began = other.write(steps.moment_of).result()
        for ledger, ahead in ((filling.ledger, 3600.0), (other, -3600.0)):
            monkeypatch.setattr(time, "time", lambda ahead=ahead: clock() + ahead)
            row = 1 if ahead > 0 else 2
            ledger.write(lambda db, row=row: steps.begin(db, row, f"{row}@there")).result()
            assert bulk.status(database).is_going_on
        # The second POST is not refused because of the first one, which began a moment ago.
        there = SimpleNamespace(_known={})
        other.write(lambda db: steps.keep(db, gate.NAME, health.Health(stage=health.Stage.OPEN))).result()
        other.write(lambda db: gate.Gate._admit(cast(Any, there), db, 2)).result()
        for row in (1, 2):
            done = AttemptResult(JobState.SUBMITTED, (f"t-{row}",))
            other.write(lambda db, row=row, done=done: steps.end(db, row, done)).result()
            other.write(lambda db, row=row: steps.fail(db, row, "no", "task failed", f"t-{row}")).result()
        jobs = other.write(lambda db: list(queries.every(db))).result()
        times = [moment for job in jobs for moment in (job.began, job.submitted, job.ended) if moment]
    assert len(times) == 6 and began <= min(times) and max(times) < began + 60


def test_who_stands_still_keeps_nobody_waiting(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that is stopped inside a change loses what it has locked; when it comes back, its change is made."""
    monkeypatch.setattr(postgres, "STILL", 0.2)
    inside, others_are_through = threading.Event(), threading.Event()
    order = []

    def stand_still(db: Any) -> None:
        steps.set_budget(db, 1, None)
        if not inside.is_set():
            inside.set()
            assert others_are_through.wait(20)
        order.append("back")

    with PostgresLedger(database) as still, PostgresLedger(database) as other:
        standing = still.write(stand_still)
        assert inside.wait(20)
        other.write(lambda db: steps.set_budget(db, 2, None)).result(20)
        order.append("through")
        others_are_through.set()
        standing.result(20)
        assert bulk.status(database).facts.budget_tasks == 1
    assert order == ["through", "back", "back"]


def test_no_setting_of_the_server_gives_a_note_up(database: str) -> None:
    """Who runs the server may bound how long anything waits; what a worker has paid for waits for its turn."""
    name = database.partition("?")[0].rpartition("/")[2]
    with psycopg.connect(database, autocommit=True) as db:
        for setting in (
            "lock_timeout = 50",
            "statement_timeout = 50",
            "default_transaction_isolation = 'serializable'",
        ):
            db.execute(f"alter database {name} set {setting}")
    holds, held = threading.Event(), threading.Event()

    def hold(db: Any) -> None:
        steps.lock(db)
        holds.set()
        assert held.wait(20)

    with PostgresLedger(database) as one, PostgresLedger(database) as other:
        holding = one.write(hold)
        assert holds.wait(20)
        waiting = other.write(lambda db: steps.note_stop(db, "no credits"))
        with pytest.raises(TimeoutError):
            waiting.result(0.3)
        held.set()
        holding.result(20)
        waiting.result(20)
    assert bulk.status(database).stopped == "no credits"


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Where psycopg is not installed, each command says what to install."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    for words in (
        ["status", "postgresql://me@127.0.0.1:1/x"],
        ["worker", "--database", "postgresql://me@127.0.0.1:1/x"],
    ):
        assert run(["bulk", *words]) == 2
        assert 'pip install procrastinate "psycopg[binary]"' in capsys.readouterr().err


def test_a_newer_ledger_is_refused(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What a newer version wrote is neither read nor changed."""
    PostgresLedger(database).close()
    with psycopg.connect(database) as db:
        db.execute("update weryai.about set value = '99' where name = 'schema'")
    for open_it in (PostgresLedger, bulk.status, bulk.open_ledger):
        with pytest.raises(JournalError, match=r"newer weryai \(schema 99, not 2\)"):
            open_it(database)
    assert run(["bulk", "status", database]) == 2
    assert "update weryai" in capsys.readouterr().err


def test_only_a_run_makes_a_ledger(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A command that looks or decides says that there is none, and leaves the database as empty as it was."""
    for words in (["status"], ["retry", "--failed"], ["export", "-o", "-"], ["report"]):
        assert run(["bulk", words[0], database, *words[1:]]) == 2
        assert "there is no ledger in postgresql://weryai@/run_" in capsys.readouterr().err
    assert run(["bulk", "worker", "--database", database, "--wait", "0"]) == 2
    with psycopg.connect(database) as db:
        assert db.execute("select 1 from pg_namespace where nspname = 'weryai'").fetchone() is None


SECRET = "s3cr3t:/word"


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://me:{SECRET}@127.0.0.1:1/run",
        f"postgresql://127.0.0.1:1/run?user=me&password={SECRET}",
        f"postgres://me:{SECRET}@127.0.0.1:1/run?connect_timeout=x",
        f"postgresql://me:{SECRET}@nowhere@127.0.0.1:1/run",
        f"POSTGRESQL://me:{SECRET}@127.0.0.1:1/run",
        f"postgresql://me:%zz{SECRET}@127.0.0.1:1/run",
        f"postgresql://me@127.0.0.1:1/run?PASSWORD={SECRET}",
        f"postgresql://me@127.0.0.1:1/run?PASSWORD%3D{SECRET}",
        f"postgresql://me@127.0.0.1:1/run?%70assword={SECRET}",
        f"postgresql://me@127.0.0.1:1/run?%2550%2561ssword%253D{SECRET}",
        f"postgresql://me@127.0.0.1:1/run%3Fpassword%3D{SECRET}",
        f"postgresql://me@127.0.0.1:1/run?sslpassword={SECRET}&password={SECRET}&connect_timeout=1",
        f"postgresql://me@127.0.0.1:1/run?passfile=/{SECRET}&connect_timeout=1",
        f"postgresql://me@127.0.0.1:1/run?password= x {SECRET}",
        f"postgresql://me@127.0.0.1:1/run?sslpassword=a={SECRET}",
        f"postgresql://me@127.0.0.1:1/run?client_secret={SECRET}",
        f"host=127.0.0.1 port=1 password={SECRET}",
        f"host=127.0.0.1 port=1 password = 'it\\'s {SECRET}' dbname=run",
        f"password='{SECRET} host=127.0.0.1",
        f"dbname=run PassWord='{SECRET}'",
        f"host=127.0.0.1 port=1 sslpassword={SECRET}\\ {SECRET} dbname=run",
    ],
)
def test_no_password_is_told(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    """However an address spells its password, and whatever is wrong with it, what is told of it holds none."""
    with pytest.raises((JournalError, ConfigurationError)) as problem:
        PostgresLedger(address)
    assert run(["bulk", "status", address]) == 2
    shown = capsys.readouterr()
    trace = "".join(traceback.format_exception(problem.value))
    trace = trace.replace(repr(address), "")
    for text in (str(problem.value), repr(problem.value), masked(address), shown.out, shown.err, trace):
        assert "s3cr3t" not in text and "/word" not in text
    assert "a password in an argument is seen" in shown.err


def test_another_service_or_key_is_refused(database: str) -> None:
    """A ledger belongs to the first service and key it worked for, in every worker."""
    with PostgresLedger(database) as ledger:
        ledger.log_of("https://one.example", "sk-1")
    with PostgresLedger(database) as ledger:
        ledger.log_of("https://one.example", "sk-1")
        for place in (("https://two.example", "sk-1"), ("https://one.example", "sk-2")):
            with pytest.raises(JournalError, match="belongs to"):
                ledger.log_of(*place)
