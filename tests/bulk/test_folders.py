"""A folder is read as a person means it: no hidden places, nothing bought twice, and what is left out is told."""

import os
from pathlib import Path
from typing import Any

import pytest

from fakes.bulks import AT_ONCE, go, rows
from fakes.commands import weryai_here
from fakes.photos import encoded, halves, held
from fakes.pictures import JPEG
from weryai import InvalidInputError, bulk
from weryai.emulator import Emulator

IN = ("a.jpg", " led by a space.jpg", "b.JPG", "c.jfif", "d.jpe", "more/e.PNG", "more/deep/f.webp", "g.h.jpeg")
OUT = (
    ".thumbnails/a.jpg", "@eaDir/a.jpg/SYNOPHOTO_THUMB_M.jpg", ".Trash-1000/files/a.jpg", "#recycle/a.jpg", "._a.jpg",
    "Thumbs.db", "__MACOSX/a.jpg", "$RECYCLE.BIN/a.jpg", "more/.hidden.png", "System Volume Information/a.jpg",
)  # fmt: skip


def photos(place: Path, *names: str) -> Path:
    """A folder of images that are different."""
    for name in names:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(JPEG + name.encode())
    return place


def load(place: Path, prompt: str | None = "wave") -> bulk.Loaded:
    """Load a folder into a ledger beside it."""
    with bulk.Ledger(place.with_name("run.db")) as ledger:
        return bulk.load_manifest(ledger, place, {"prompt": prompt})


def test_hidden_and_system_places_are_left_out(tmp_path: Path) -> None:
    """Thumbnails, recycle bins and forks of files are nobody's photos; endings in any case and spelling are."""
    loaded = load(photos(tmp_path / "photos", *IN, *OUT))
    assert sorted(rows(tmp_path / "run.db", "key")) == sorted(IN)
    assert loaded.left_out == {"hidden, or the system's": len(OUT)}


def test_the_library_of_a_photo_program_is_left_out(tmp_path: Path) -> None:
    """It holds each photo in several sizes, each of which would be bought; it is told, in any case of its ending."""
    place = photos(tmp_path / "p", "a.jpg", "My.photoslibrary/originals/a.jpg", "C.LRDATA/thumbs/1.jpg", "b.lrdata.jpg")
    loaded = load(place)
    assert sorted(rows(tmp_path / "run.db", "key")) == ["a.jpg", "b.lrdata.jpg"]
    assert loaded.left_out == {"the library of a photo program (export the images from it)": 2}


def test_a_folder_in_a_hidden_place_is_read(tmp_path: Path) -> None:
    """Only what is below the folder may be hidden: who names one means it."""
    assert load(photos(tmp_path / ".cache" / "photos", "a.jpg")).new == 1


def test_what_is_left_out_is_counted_by_kind_before_anything_is_bought(tmp_path: Path) -> None:
    """`plan` and `run` say how many files of which kind are not taken, and what to do about photos of a phone."""
    photos(tmp_path / "photos", "a.jpg", "b.HEIC", "c.heic", "d.mov", "e.txt", "noending", ".hidden")
    ended = weryai_here("bulk", "plan", "photos", "-p", "x", base_url=None, key=None, folder=tmp_path)
    assert ended.code == 0
    assert sorted(one.partition("left out ")[2] for one in ended.error_lines) == [
        "of the folder, 1: .mov",
        "of the folder, 1: .txt",
        "of the folder, 1: hidden, or the system's",
        "of the folder, 1: without an ending",
        "of the folder, 2: .heic (--convert, in Python convert=True, makes JPEGs of them)",
    ]


def test_a_folder_without_images_says_what_is_in_it(tmp_path: Path) -> None:
    """Who points at a folder of photos of a phone is not told that it is empty."""
    with pytest.raises(
        bulk.ManifestError, match=r"there is no jpg, png or webp in it; left out, 1: \.heic .*--convert"
    ):
        load(photos(tmp_path / "photos", "a.heic"))


def test_the_same_content_twice_is_bought_once(tmp_path: Path, emulator: Emulator) -> None:
    """A copy of an image is told and not bought, whatever its name; a later one that sorts first buys nothing."""
    place = photos(tmp_path / "photos", "b.jpg", "c.jpg", "same size.jpg")
    (place / "b (1).jpg").write_bytes((place / "b.jpg").read_bytes())
    with bulk.Ledger(tmp_path / "run.db") as ledger:
        loaded = bulk.load_manifest(ledger, place, {"prompt": "wave"})
        assert loaded.new == 3
        assert [many for text, many in loaded.left_out.items() if "copies" in text] == [1]
        go(ledger, emulator.url, tmp_path)
        (place / "a copy.jpg").write_bytes((place / "c.jpg").read_bytes())
        again = bulk.load_manifest(ledger, place, {"prompt": "wave"})
        assert (again.new, again.known) == (0, 3)
        assert go(ledger, emulator.url, tmp_path).submits == 3


def test_problems_of_a_folder_speak_of_files_and_one_cause_is_told_once(tmp_path: Path) -> None:
    """A folder has no lines; what all its files have in common is one problem."""
    place = photos(tmp_path / "photos", *IN)
    (place / "bad.jpg").write_bytes(b"no image")
    with pytest.raises(bulk.ManifestError) as caught:
        load(place, prompt=None)
    assert sorted(caught.value.problems) == [
        f"{place / 'bad.jpg'} is not a jpg, png or webp image, whatever it is called",
        "prompt is missing (9 files)",
    ]
    assert "2 problems" in str(caught.value)


def test_a_second_prompt_for_a_folder_is_told_once(tmp_path: Path, emulator: Emulator) -> None:
    """What all known files have against it is one line, with how many there are and what to do; nothing is bought."""
    place = photos(tmp_path / "photos", "a.jpg", "b.jpg", "c.jpg")
    load(place)
    with bulk.Ledger(tmp_path / "run.db") as ledger:
        go(ledger, emulator.url, tmp_path)
    with pytest.raises(bulk.ManifestError) as refused:
        load(place, "nod")
    way_out = "are done in the ledger, with other parameters: give it another name, or use another ledger"
    assert refused.value.problems == [f"'a.jpg' and 2 other files {way_out}"]


def test_a_folder_that_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A place that is closed is named, not passed over as if it were empty; root, who may read all, is refused too."""
    place = photos(tmp_path / "photos", "a.jpg", "closed/b.jpg")
    scan = os.scandir

    def closed(path: str | os.PathLike[str] = ".") -> Any:
        if os.fspath(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", closed)
    with pytest.raises(InvalidInputError, match="closed cannot be read"):
        load(place)


def phone(place: Path) -> Path:
    """A folder of ten photos as a phone has it, three of which no service takes as they are."""
    place.mkdir()
    for number in range(7):
        (place / f"IMG_{number:04}.JPG").write_bytes(encoded(halves(400 + number), "JPEG", exif=held()))
    for number in range(7, 10):
        (place / f"IMG_{number:04}.HEIC").write_bytes(encoded(halves(400 + number), "HEIC", exif=held()))
    (place / "IMG_0001.MOV").write_bytes(b"film")
    (place / ".thumbnails").mkdir()
    (place / ".thumbnails" / "1.jpg").write_bytes(JPEG)
    return place


def test_ten_photos_of_a_phone_become_videos_by_one_command(tmp_path: Path, emulator: Emulator) -> None:
    """HEIC among them: what is converted is said beforehand, the originals stay, and nothing is bought twice."""
    place = phone(tmp_path / "photos")
    before = {path: path.read_bytes() for path in place.rglob("*.*") if path.is_file()}
    command = ("bulk", "run", "photos", "--convert", *AT_ONCE, "-p", "The sea moves")
    ended = weryai_here(*command, base_url=emulator.url, key=emulator.key, folder=tmp_path)
    assert ended.code == 0, ended.errors
    assert "3 rows: HEIC: a JPEG of it will be uploaded" in ended.errors
    assert len(list((tmp_path / "photos.videos").glob("IMG_*.mp4"))) == 10
    assert before == {path: path.read_bytes() for path in place.rglob("*.*") if path.is_file()}
    # Moved, it is the same.
    place.rename(tmp_path / "elsewhere")
    again = weryai_here(
        "bulk", "run", "elsewhere", *command[3:], "--ledger", "photos.ledger.db",
        base_url=emulator.url, key=emulator.key, folder=tmp_path,
    )  # fmt: skip
    assert again.code == 0, again.errors
    assert [row.orders for row in emulator.ledger] == [1] * 10


def test_one_photo_of_a_phone_becomes_a_video(tmp_path: Path, emulator: Emulator) -> None:
    """`generate --convert` says what it makes before it pays; without it the message says how."""
    (tmp_path / "IMG_1.HEIC").write_bytes(encoded(halves(), "HEIC", exif=held()))
    for more, code in (((), 2), (("--convert",), 0)):
        ended = weryai_here(
            "generate", "IMG_1.HEIC", "-p", "x", *more, base_url=emulator.url, key=emulator.key, folder=tmp_path
        )
        assert ended.code == code, ended.errors
        assert ("becomes a JPEG" if more else "--convert makes a JPEG") in ended.errors
    assert ended.last_line.endswith("IMG_1.mp4")
