"""What a plan counts, what a report holds and leaves out, and how much an export remembers."""

import json
from pathlib import Path

import pytest

from fakes.bulks import filled, manifest
from weryai import InvalidInputError, bulk
from weryai.bulk import _report
from weryai.bulk import _steps as steps
from weryai.bulk._job import JobState


def test_a_plan_counts_and_prices_without_sending_anything(tmp_path: Path) -> None:
    """Tasks by kind, credits as far as they are known, pictures to upload, and the time at the limits."""
    source = tmp_path / "jobs.csv"
    (tmp_path / "a.jpg").write_bytes(b"x")
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


def test_a_report_links_what_is_too_much_to_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Videos go into the page until they are too many bytes together; the rest is linked, relative to the page."""
    monkeypatch.setattr(_report, "EMBEDDED", 150)
    with filled(tmp_path, 2) as ledger:
        for row in (1, 2):
            video = tmp_path / f"a video {row}.mp4"
            video.write_bytes(b"v" * 100)

            def finished(db: object, row: int = row, video: Path = video) -> None:
                db.execute("update jobs set state = 'submitted', task_id = 't' where id = ?", (row,))  # type: ignore[attr-defined]
                steps.finish(db, row, str(video), "aa", 100)  # type: ignore[arg-type]

            ledger.write(finished).result()
    (tmp_path / "pages").mkdir()
    text = bulk.report(tmp_path / "run.db", tmp_path / "pages" / "report.html").read_text()
    assert text.count("data:video/mp4;base64,") == 1
    assert 'src="../a%20video%202.mp4"' in text


def test_a_report_says_what_it_leaves_out(tmp_path: Path) -> None:
    """With fewer cards than jobs, those that need a look come first, and the number of the others is told."""
    with filled(tmp_path, 6) as ledger:
        ledger.write(lambda db: steps.fail(db, 5, "why", "kind")).result()
    text = bulk.report(tmp_path / "run.db", tmp_path / "report.html", cards=2).read_text()
    assert text.count("<article") == 2
    assert text.index("job-4") < text.index("job-0") and "4 more jobs" in text


def test_an_export_holds_every_parameter(tmp_path: Path) -> None:
    """Parameters without a column of their own stand in one as JSON, so that nothing of a row is missing."""
    source = tmp_path / "jobs.csv"
    source.write_text("key,image,prompt,caller_id,resolution\nk,https://pictures.example/1.jpg,wave,7,720p\n")
    with bulk.Ledger(tmp_path / "run.db") as ledger:
        bulk.load_manifest(ledger, source, {})
    assert bulk.export(tmp_path / "run.db", tmp_path / "out.jsonl") == 1
    (record,) = map(json.loads, (tmp_path / "out.jsonl").read_text().splitlines())
    assert json.loads(record["other_parameters"]) == {"caller_id": 7}
    assert (record["resolution"], record["state"], record["sent"]) == ("720p", JobState.QUEUED, None)
    with pytest.raises(InvalidInputError, match="csv, jsonl, parquet"):
        bulk.export(tmp_path / "run.db", tmp_path / "out.xlsx")


def test_a_folder_is_no_file_to_write(tmp_path: Path) -> None:
    """Neither a report nor an export replaces a folder, and neither leaves a part behind."""
    filled(tmp_path, 1).close()
    for write in (bulk.report, bulk.export):
        (tmp_path / "there.csv").mkdir(exist_ok=True)
        with pytest.raises(InvalidInputError, match="it is a folder"):
            write(tmp_path / "run.db", tmp_path / "there.csv")
    assert manifest(tmp_path / "x.csv", range(1)).exists() and not list(tmp_path.glob("*.part"))
