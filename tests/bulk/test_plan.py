"""What a plan counts, of which nothing is sent."""

from pathlib import Path

from fakes.pictures import JPEG
from weryai import bulk


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
