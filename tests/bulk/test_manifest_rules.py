"""What a run submits: the rows of its manifest and nothing else, at the prices and within the budget of now."""

import math
from pathlib import Path
from typing import Any

import pytest

from fakes.bulks import AT_ONCE, FAST, PROMPT, QUICK, filled, go, manifest, picture, rows
from fakes.commands import weryai_here
from fakes.surroundings import JOURNEY_KEY
from weryai import ConfigurationError, JournalError, bulk
from weryai._flow.order import Intent
from weryai.bulk import JobState, PostgresLedger
from weryai.bulk._ledger import queries as reading
from weryai.emulator import Emulator

pytestmark = pytest.mark.timeout(60)


def bought(emulator: Emulator) -> list[str | None]:
    """The prompts of what was paid for."""
    return [row.prompt for row in emulator.ledger for _ in range(row.orders)]


def priced(folder: Path, credits: float) -> bulk.Prices:
    """A table that prices everything alike."""
    (folder / "prices.csv").write_text(f"credits\n{credits}\n")
    return bulk.read_prices(folder / "prices.csv")


def unkeyed(path: Path, *prompts: str) -> Path:
    """A manifest without keys, a row for each prompt."""
    path.write_text("image,prompt\n" + "".join(f"{picture(n)},{text}\n" for n, text in enumerate(prompts)))
    return path


def test_rows_that_were_deleted_are_not_bought(emulator: Emulator, tmp_path: Path) -> None:
    """A job that the manifest has no more waits; it is counted by itself, and bought once when its row is back."""
    with filled(tmp_path, 4) as ledger:
        loaded = bulk.load_manifest(ledger, manifest(tmp_path / "jobs.csv", range(1, 3)), {})
        assert (loaded.known, loaded.not_in_manifest) == (2, 2)
        outcome = go(ledger, emulator.url, tmp_path)
        assert (len(bought(emulator)), outcome.is_complete) == (2, True)
        assert outcome.not_in_manifest[JobState.QUEUED] == 2
        assert bulk.status(tmp_path / "run.db").not_in_manifest[JobState.QUEUED] == 2
        bulk.load_manifest(ledger, manifest(tmp_path / "jobs.csv", range(4)), {})
        assert go(ledger, emulator.url, tmp_path).not_in_manifest[JobState.QUEUED] == 0
    assert rows(tmp_path / "run.db") == ["done"] * 4
    assert len(bought(emulator)) == 4


def test_a_prompt_that_was_corrected_is_bought_alone(emulator: Emulator, tmp_path: Path) -> None:
    """Without keys a corrected row is another job; the wrong one is never bought, also when the ledger goes on."""
    source = tmp_path / "jobs.csv"
    with bulk.Ledger(tmp_path / "run.db") as ledger:
        bulk.load_manifest(ledger, unkeyed(source, "wrong", "right"), {})
        bulk.load_manifest(ledger, unkeyed(source, "corrected", "right"), {})
        go(ledger, emulator.url, tmp_path)
        go(ledger, emulator.url, tmp_path)
    assert sorted(map(str, bought(emulator))) == ["corrected", "right"]


def test_what_is_paid_for_is_fetched_whatever_the_manifest(emulator: Emulator, tmp_path: Path) -> None:
    """A row that was deleted after its job was paid for gets its video all the same."""
    with filled(tmp_path, 3) as ledger:
        go(ledger, emulator.url, tmp_path, limits={"budget_tasks": 1})
        ledger.write(lambda db: db.execute("update jobs set state = 'submitted', path = null where id = 1")).result()
        bulk.load_manifest(ledger, manifest(tmp_path / "jobs.csv", range(1, 2)), {})
        go(ledger, emulator.url, tmp_path, limits={"budget_tasks": math.inf})
    assert rows(tmp_path / "run.db") == ["done", "done", "queued"]


def test_manifests_are_added_where_that_is_wanted(emulator: Emulator, tmp_path: Path) -> None:
    """`keep` leaves the jobs of the manifests before in place, those that were put aside before stay aside."""
    with filled(tmp_path, 2) as ledger:
        bulk.load_manifest(ledger, manifest(tmp_path / "jobs.csv", range(1, 3)), {})
        added = bulk.load_manifest(ledger, manifest(tmp_path / "more.csv", range(5, 7)), {}, keep=True)
        assert (added.new, added.not_in_manifest) == (2, 1)
        assert go(ledger, emulator.url, tmp_path).is_complete
    assert rows(tmp_path / "run.db") == ["queued", *["done"] * 4]


def test_workers_of_a_database_heed_the_manifest(emulator: Emulator, database: str, tmp_path: Path) -> None:
    """The queue of many machines has only jobs of the manifest; with --until-done they end without the others."""
    with PostgresLedger(database) as ledger:
        bulk.load_manifest(ledger, manifest(tmp_path / "jobs.csv", range(4)), {})
        bulk.load_manifest(ledger, manifest(tmp_path / "jobs.csv", range(3, 6)), {})
        outcome = bulk.work(
            ledger, output=tmp_path / "videos", api_key=JOURNEY_KEY, base_url=emulator.url, until_done=True,
            patience=QUICK, limits=bulk.Limits(**FAST), polls_per_second=1000.0,
        )  # fmt: skip
    assert (outcome.is_complete, outcome.counts[JobState.QUEUED], len(bought(emulator))) == (True, 3, 3)


@pytest.mark.parametrize("how", ["gone", "changed", "another image", "same"])
def test_what_was_read_before_a_load_is_not_sent_after_it(tmp_path: Path, how: str) -> None:
    """A worker that took a job up before another manifest came does not submit what that has no more."""
    with filled(tmp_path, 2) as ledger:
        job = ledger.write(lambda db: reading.of_row(db, 1)).result()
        assert job is not None
        numbers = range(1, 2) if how == "gone" else range(2)
        changed = {"duration": "10"} if how == "changed" else {}
        source = manifest(tmp_path / "jobs.csv", numbers, **changed)
        if how == "another image":
            source.write_text(source.read_text().replace("00000.jpg", "7.jpg"))
        bulk.load_manifest(ledger, source, {})
        intent = Intent("POST /", {**job.parameters, "image": job.image}, row=1)
        begun = ledger.log_of("https://weryai.example", "sk-1").begin(intent, "")
        if how == "same":
            assert begun.result() == 1
            return
        with pytest.raises(JournalError, match="'job-0' is not in the manifest any more"):
            begun.result()
        assert bulk.status(tmp_path / "run.db").facts.submits == 0


def test_what_failed_is_retried_if_the_manifest_has_it(tmp_path: Path) -> None:
    """A retry puts back what would be submitted, and counts what it leaves because its row is gone."""
    with filled(tmp_path, 3) as ledger:
        ledger.write(lambda db: db.execute("update jobs set state = 'failed' where id < 3")).result()
        bulk.load_manifest(ledger, manifest(tmp_path / "jobs.csv", range(1, 3)), {})
        again = bulk.retry(ledger)
        assert (again.jobs, again.credits, again.not_in_manifest) == (1, None, 1)
        ledger.write(lambda db: db.execute("update jobs set state = 'ambiguous' where id < 3")).result()
        assert bulk.resubmit(ledger, everything=True).not_in_manifest == 1


def test_prices_that_come_later_reach_known_jobs(emulator: Emulator, tmp_path: Path) -> None:
    """A budget in credits is refused without prices; loaded once more with a table, the same jobs are bought."""
    with filled(tmp_path, 3) as ledger:
        with pytest.raises(ConfigurationError, match="no price"):
            go(ledger, emulator.url, tmp_path, limits={"budget_credits": 100})
        bulk.load_manifest(ledger, tmp_path / "jobs.csv", {}, prices=priced(tmp_path, 40))
        outcome = go(ledger, emulator.url, tmp_path, limits={"budget_credits": 100})
        assert (outcome.credits, len(bought(emulator))) == (80, 2)
        # Without a table the prices stay what they are.
        bulk.load_manifest(ledger, tmp_path / "jobs.csv", {})
        assert go(ledger, emulator.url, tmp_path, limits={"budget_credits": 120}).credits == 120


def test_prices_that_rise_count_against_the_budget(emulator: Emulator, tmp_path: Path) -> None:
    """What is paid for was so by the price of then; what is not yet costs what the table says now."""
    with filled(tmp_path, 4) as ledger:
        bulk.load_manifest(ledger, tmp_path / "jobs.csv", {}, prices=priced(tmp_path, 50))
        assert go(ledger, emulator.url, tmp_path, limits={"budget_credits": 100}).credits == 100
        bulk.load_manifest(ledger, tmp_path / "jobs.csv", {}, prices=priced(tmp_path, 500))
        outcome = go(ledger, emulator.url, tmp_path, limits={"budget_credits": 700})
    assert (outcome.credits, outcome.submits, len(bought(emulator))) == (600, 3, 3)


@pytest.mark.parametrize(("tasks", "count"), [(7, 3), (2, 4), (100, 1), (0, 2)])
def test_the_shares_of_all_parts_are_the_budget(tasks: int, count: int) -> None:
    """Whatever the number of parts, together they may spend the budget and no task more."""
    shares = [bulk.Shard(index, count).share(tasks, float(tasks)) for index in range(1, count + 1)]
    assert sum(share[0] or 0 for share in shares) == tasks
    assert sum(share[1] or 0.0 for share in shares) == pytest.approx(tasks)
    assert bulk.Shard(1, count).share(math.inf, None) == (math.inf, None)


@pytest.mark.parametrize("how", ["manifest", "ledger", "python"])
def test_parts_share_a_budget(emulator: Emulator, tmp_path: Path, how: str) -> None:
    """Two parts with the same --budget spend it once together, also when each goes on from its ledger."""
    manifest(tmp_path / "jobs.csv", range(20))
    for part in (1, 2):
        words = ["jobs.csv", "--shard", f"{part}/2"]
        path = tmp_path / f"jobs.csv.shard-{part}-of-2.ledger.db"
        if how != "manifest":
            with bulk.Ledger(path) as ledger:
                bulk.load_manifest(ledger, tmp_path / "jobs.csv", {}, shard=bulk.Shard(part, 2))
                if how == "python":
                    go(ledger, emulator.url, tmp_path, limits={"budget_tasks": 7})
                    continue
            words = [path.name]
        ended = weryai_here("bulk", "run", *words, "--budget", "7", *AT_ONCE, "--interval", "0.02",
                               base_url=emulator.url, key=JOURNEY_KEY, folder=tmp_path)  # fmt: skip
        assert f"at most {2 + part} tasks" in ended.errors
    assert len(bought(emulator)) == 7


def test_a_price_that_is_unknown_is_null(tmp_path: Path) -> None:
    """Neither plan, status, retry nor outcome say 0 credits where nobody knows; 0 is what nothing costs."""
    source = manifest(tmp_path / "jobs.csv", range(2))
    assert bulk.plan(source, {}).credits is None
    assert bulk.plan(source, {}, prices=priced(tmp_path, 0)).credits == 0
    with bulk.Ledger(tmp_path / "run.db") as ledger:
        bulk.load_manifest(ledger, source, {})
        assert bulk.status(tmp_path / "run.db").facts.credits == 0
        ledger.write(lambda db: [_sent(db, row) for row in (1, 2)]).result()
        facts = bulk.status(tmp_path / "run.db").facts
        assert (facts.submits, facts.credits, facts.unpriced) == (2, None, 2)
        assert bulk.retry(ledger).credits is None
        assert bulk.retry(ledger).credits == 0


def _sent(db: Any, row: int) -> None:
    from weryai._flow.order import AttemptResult
    from weryai.bulk._ledger import transitions as steps

    steps.begin(db, row)
    steps.end(db, row, AttemptResult(JobState.SUBMITTED, (f"task-{row}",)))
    steps.fail(db, row, "why", "kind", f"task-{row}")


def test_a_command_tells_what_it_leaves_out(emulator: Emulator, tmp_path: Path) -> None:
    """`run` says how many jobs are not in the manifest, ends well without them, and `status` counts them."""
    filled(tmp_path, 3).close()
    manifest(tmp_path / "jobs.csv", range(1))
    ended = weryai_here("bulk", "run", "jobs.csv", "--ledger", "run.db", *AT_ONCE, "--interval", "0.02",
                           base_url=emulator.url, key=JOURNEY_KEY, folder=tmp_path)  # fmt: skip
    assert (ended.code, bought(emulator)) == (0, [PROMPT])
    assert "2 jobs are not in this manifest" in ended.errors and "the same command goes on" not in ended.errors
    told = weryai_here("bulk", "status", "run.db", base_url=None, key=None, folder=tmp_path)
    assert "2  of these are not in this manifest, so none is submitted (2 queued)" in told.output
