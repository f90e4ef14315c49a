"""What a plan counts, of which nothing is sent."""

import shutil
from pathlib import Path

from fakes.commands import weryai_here
from fakes.pictures import JPEG
from weryai import bulk
from weryai._flow.order import AttemptResult
from weryai.bulk._ledger import transitions as steps

SAMPLES = Path(__file__).parent.parent / "samples"


def test_a_plan_counts_and_prices_without_sending_anything(tmp_path: Path) -> None:
    """Tasks by kind, credits as far as they are known, pictures to upload, and the time at the limits."""
    source = tmp_path / "jobs.csv"
    (tmp_path / "a.jpg").write_bytes(JPEG)
    rows = [f"https://pictures.example/{n}.jpg,wave,{5 if n < 8 else 10}" for n in range(10)]
    source.write_text("\n".join(["image,prompt,duration", *rows, "a.jpg,wave,5", "a.jpg,smile,5"]))
    (tmp_path / "prices.csv").write_text("duration,credits\n10,7\n")
    planned = bulk.plan(
        source,
        {},
        prices=bulk.read_prices(tmp_path / "prices.csv"),
        limits=bulk.Limits(rate=2, in_flight=4),
        task_seconds=10,
    )
    assert (planned.tasks, planned.credits, planned.unpriced, planned.uploads) == (12, 14, 10, 1)
    assert [(kind.duration, kind.tasks, kind.credits) for kind in planned.kinds] == [(5, 10, None), (10, 2, 7.0)]
    assert planned.seconds == 12 * 10 / 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jpg", "jobs.csv", "prices.csv"]


def test_a_plan_leaves_out_what_was_bought(tmp_path: Path) -> None:
    """With the ledger of the run a plan counts what the next start buys; archived images are no trouble."""
    rows = [f"k{n},{n}.jpg,wave" for n in range(3)]
    for n in range(3):
        (tmp_path / f"{n}.jpg").write_bytes(JPEG + b"x" * n)
    source = tmp_path / "jobs.csv"
    source.write_text("\n".join(["key,image,prompt", *rows]))
    path = tmp_path / "jobs.csv.ledger.db"
    with bulk.Ledger(path) as ledger:
        bulk.load_manifest(ledger, source, {})
        ledger.write(lambda db: steps.begin(db, 1)).result()
        ledger.write(lambda db: steps.end(db, 1, AttemptResult(bulk.JobState.SUBMITTED, ("t",)))).result()
        (tmp_path / "0.jpg").unlink()
        before = path.read_bytes()
        planned = bulk.plan(source, {}, ledger=path)
        assert (planned.tasks, planned.known, planned.uploads, planned.submits) == (2, 1, 2, 1)
        assert path.read_bytes() == before
    ended = weryai_here("bulk", "plan", "jobs.csv", "--budget", "2", base_url=None, key=None, folder=tmp_path)
    assert "2 tasks to buy" in ended.output and "1 job more in the ledger, not bought again" in ended.output
    assert "the budget of 2 tasks ends before that" in ended.output
    shutil.copy(SAMPLES / "ledger-1.db", tmp_path / "old.db")
    (tmp_path / "0.jpg").write_bytes(JPEG)
    planned = bulk.plan(source, {}, ledger=tmp_path / "old.db")
    assert (planned.tasks, planned.known, planned.submits) == (3, 0, 8)
