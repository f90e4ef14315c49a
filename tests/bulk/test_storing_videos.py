"""Where the videos of bulk runs end up: each under a name of its own, and only what is a video."""

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from fakes.bulks import PROMPT, go, rows, states
from weryai import ConfigurationError, RetryPolicy, bulk
from weryai.emulator import Emulator

pytestmark = [pytest.mark.timeout(60), pytest.mark.filterwarnings("ignore::weryai.WeryAIWarning")]
HASTY = RetryPolicy(first_delay=0.001)


def loaded(path: Path, *keys: str) -> bulk.Ledger:
    """A ledger with a job for each key, each with an image of its own."""
    table = path.with_suffix(".jsonl")
    lines = [
        f'{{"key": "{key}", "image": "https://e.com/{number}.jpg", "prompt": "{PROMPT}"}}'
        for number, key in enumerate(keys)
    ]
    table.write_text("\n".join(lines), encoding="utf-8")
    ledger = bulk.Ledger(path)
    bulk.load_manifest(ledger, table, {})
    return ledger


def videos(folder: Path) -> set[str]:
    """The names below the folder of videos, hidden ones too."""
    return {str(path.relative_to(folder / "videos")) for path in (folder / "videos").rglob("*") if path.is_file()}


def test_two_ledgers_share_a_folder_and_no_file(emulator: Emulator, tmp_path: Path) -> None:
    """The same names in two ledgers give two files each, and every ledger's hashes fit its own."""
    for name in ("a", "b"):
        with loaded(tmp_path / f"{name}.db", "IMG_1.jpg", "IMG_2.jpg", "odd?") as ledger:
            assert go(ledger, emulator.url, tmp_path).is_complete
    assert videos(tmp_path) == {
        "IMG_1.mp4", "IMG_2.mp4", "odd_~3.mp4", "IMG_1~1.mp4", "IMG_2~2.mp4", "odd_~3~3.mp4",
    }  # fmt: skip
    found = [row for name in ("a", "b") for row in rows(tmp_path / f"{name}.db", "path, sha256")]
    assert len({path for path, _ in found}) == 6
    for path, sha256 in found:
        assert hashlib.sha256(Path(path).read_bytes()).hexdigest() == sha256


def test_names_that_a_disk_may_take_for_one_are_made_different(emulator: Emulator, tmp_path: Path) -> None:
    """Upper and lower case, letters composed and not, and images that differ in their suffix alone: each its own."""
    with loaded(tmp_path / "a.db", "p.jpg", "P.png", "\u00e9", "e\u0301") as ledger:
        assert go(ledger, emulator.url, tmp_path).is_complete
    folded = {name.casefold().replace("e\u0301", "\u00e9") for name in videos(tmp_path)}
    assert len(folded) == 4


def test_a_file_of_somebody_else_keeps_its_name(emulator: Emulator, tmp_path: Path) -> None:
    """A file or folder that has a job's name already stays as it is; a key may also be another one's folder."""
    (tmp_path / "videos" / "b.mp4").mkdir(parents=True)
    (tmp_path / "videos" / "a.mp4").write_bytes(b"mine")
    with loaded(tmp_path / "a.db", "a", "b", "a.mp4/c") as ledger:
        assert go(ledger, emulator.url, tmp_path).is_complete
    assert (tmp_path / "videos" / "a.mp4").read_bytes() == b"mine"
    assert videos(tmp_path) == {"a.mp4", "a~1.mp4", "b~2.mp4", "a.mp4~3.mp4"}


def test_a_video_that_is_there_is_not_fetched_again(emulator: Emulator, tmp_path: Path) -> None:
    """A run that died between name and note left the video: known by its hash, it is noted; another file is not."""
    with loaded(tmp_path / "a.db", "a", "b") as ledger:
        go(ledger, emulator.url, tmp_path)
    with closing(sqlite3.connect(tmp_path / "a.db")) as db, db:
        db.execute("update jobs set state = 'submitted'")
    (tmp_path / "videos" / "b.mp4").write_bytes(b"of somebody else")
    requests = len(emulator.requests)
    with bulk.Ledger(tmp_path / "a.db") as ledger:
        assert go(ledger, emulator.url, tmp_path).is_complete
    assert rows(tmp_path / "a.db", "path") == [str(tmp_path / "videos" / name) for name in ("a.mp4", "b~2.mp4")]
    assert len([one for one in emulator.requests[requests:] if "/result/" in str(one)]) == 1


def test_a_page_is_not_the_video(emulator: Emulator, tmp_path: Path) -> None:
    """A page in the place of the video three times is kept beside; the job is unfinished, and the next run fetches."""
    emulator.order("html-page", times=3, at="download")
    events: list[bulk.Event] = []
    with loaded(tmp_path / "a.db", "a") as ledger:
        outcome = go(ledger, emulator.url, tmp_path, on_event=events.append, retry=HASTY)
        assert (outcome.is_complete, outcome.unfetched) == (False, 1)
        assert videos(tmp_path) == {"a.html"}
        assert [event.event for event in events] == ["submitted", "unfinished"]
        assert states(tmp_path / "a.db") == {"submitted": 1}
        assert go(ledger, emulator.url, tmp_path, retry=HASTY).is_complete
    assert videos(tmp_path) == {"a.html", "a.mp4"}
    assert [row.orders for row in emulator.ledger] == [1]


def test_nothing_is_ordered_without_a_place_for_it(emulator: Emulator, tmp_path: Path) -> None:
    """A folder that cannot be written ends the run before the first order."""
    (tmp_path / "videos").write_bytes(b"in the way")
    with loaded(tmp_path / "a.db", "a") as ledger, pytest.raises(ConfigurationError, match="cannot take videos"):
        go(ledger, emulator.url, tmp_path)
    assert not emulator.ledger
