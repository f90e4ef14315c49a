"""Manifests: the same jobs from every kind of file, every problem at once, and nothing kept if there is one."""

import csv
import json
import sys
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from fakes.bulks import filled, go, manifest, rows
from fakes.ledgers import alter
from fakes.pictures import JPEG
from weryai import InvalidInputError, bulk
from weryai.bulk._ledger.transitions import digest_of
from weryai.bulk._manifest.validation import NO_VALUE
from weryai.cli import run

DETERMINISTIC = settings(derandomize=True, deadline=None, database=None, max_examples=100)

NAMES = (
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
    .map(str.strip)
    .filter(lambda name: name and name not in NO_VALUE)
)
ENTRY = st.fixed_dictionaries(
    {"image": NAMES.map(lambda name: f"https://pictures.example/{abs(hash(name))}.jpg"), "prompt": NAMES},
    optional={
        "duration": st.sampled_from([5, 10]),
        "aspect_ratio": st.sampled_from(["16:9", "9:16", "1:1"]),
        "generate_audio": st.booleans(),
        "negative_prompt": NAMES,
    },
)


def write(folder: Path, kind: str, entries: list[dict[str, Any]]) -> Path:
    """Write a manifest of one kind."""
    path = folder / f"jobs.{kind}"
    columns = list(dict.fromkeys(name for entry in entries for name in entry))
    if kind == "csv":
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(entries)
    elif kind == "jsonl":
        path.write_text("\n".join(json.dumps(entry) for entry in entries), encoding="utf-8")
    else:
        parquet.write_table(pyarrow.Table.from_pylist([{**dict.fromkeys(columns), **entry} for entry in entries]), path)
    return path


def load(folder: Path, source: Path, **options: Any) -> tuple[bulk.Loaded, list[Any]]:
    """Load a manifest into a new ledger; return what it brought, and the rows."""
    (folder / "run.db").unlink(missing_ok=True)
    (folder / "run.db.starts").unlink(missing_ok=True)
    with bulk.Ledger(folder / "run.db") as ledger:
        loaded = bulk.load_manifest(ledger, source, options.pop("defaults", {}), **options)
    return loaded, rows(folder / "run.db", "key, image, parameters, line, price")


# Few manifests of many entries each: to make three ledgers on the disk takes the time.
@settings(DETERMINISTIC, max_examples=30)
@given(st.lists(ENTRY, min_size=1, max_size=20, unique_by=lambda entry: json.dumps(entry, sort_keys=True)))
def test_every_kind_of_file_gives_the_same_jobs(
    tmp_path_factory: pytest.TempPathFactory, entries: list[dict[str, Any]]
) -> None:
    """CSV, JSON Lines and Parquet with the same entries are the same jobs, types and all."""
    entries = [{**entry, "key": f"k{number}"} for number, entry in enumerate(entries)]
    found = []
    for kind in ("csv", "jsonl", "parquet"):
        folder = tmp_path_factory.mktemp(kind)
        _, kept = load(folder, write(folder, kind, entries), allow_duplicates=True)
        found.append([(key, image, json.loads(parameters)) for key, image, parameters, *_ in kept])
    assert found[0] == found[1] == found[2]
    for entry, (key, image, parameters) in zip(entries, found[0], strict=True):
        assert (entry["key"], entry["image"]) == (key, image)
        wanted = {name: value for name, value in entry.items() if name not in ("key", "image")}
        assert {name: parameters[name] for name in wanted} == wanted
        assert {type(parameters[name]) for name in wanted} <= {str, int, bool}


def test_a_folder_of_pictures_is_a_manifest(tmp_path: Path) -> None:
    """Every picture below the folder is a job, by name; its key is its path inside; other files are none."""
    photos = tmp_path / "photos"
    (photos / "more").mkdir(parents=True)
    for name, more in (("b.JPG", b""), ("a.png", b"1"), ("more/c.jpeg", b"2"), ("notes.txt", b"3")):
        (photos / name).write_bytes(JPEG + more)
    loaded, kept = load(tmp_path, photos, defaults={"prompt": "wave"}, pictures=True)
    assert loaded.new == 3
    assert [(key, image) for key, image, *_ in kept] == [
        (name, str(photos / name)) for name in ("a.png", "b.JPG", "more/c.jpeg")
    ]


def test_all_problems_come_at_once_and_nothing_is_kept(tmp_path: Path) -> None:
    """Each bad row is told with its line, in the order of the file, and the good ones are not kept either."""
    (tmp_path / "there.jpg").write_bytes(JPEG)
    (tmp_path / "fake.jpg").write_bytes(b"no picture")
    source = tmp_path / "jobs.csv"
    source.write_text(
        "key,image,prompt,duration,generate_audio\n"
        "good,there.jpg,wave,5,yes\n"
        "a,missing.jpg,wave,5,\n"
        "b,there.jpg,,5,\n"
        "c,there.jpg,wave,five,\n"
        "d,there.jpg,wave,5,perhaps\n"
        '"e\nwith a break",there.jpg,"on\ntwo lines",5,\n'
        "good,https://pictures.example/1.jpg,wave,5,\n"
        "f,ftp://x/y.jpg,wave,5,\n"
        "g,fake.jpg,wave,5,\n"
        "h,there.jpg,wave,5,yes,too,many\n"
        f"i,https://pictures.example/2.jpg,{'x' * 2001},5,\n",
        encoding="utf-8",
    )
    with bulk.Ledger(tmp_path / "run.db") as ledger, pytest.raises(bulk.ManifestError) as caught:
        bulk.load_manifest(ledger, source, {}, pictures=True)
    assert caught.value.problems == [
        "line 3: there is no image at missing.jpg",
        "line 4: prompt is missing",
        "line 5: duration 'five' is no whole number",
        "line 6: generate_audio 'perhaps' is no yes or no",
        "line 10: key 'good' stands in line 2 already",
        "line 11: the image is a ftp: URL, where a path or an http(s) URL is read; fetch it first",
        f"line 12: {tmp_path / 'fake.jpg'} is not a jpg, png or webp image, whatever it is called",
        "line 13: has 7 cells, but there are 5 columns",
        "line 14: prompt has 2001 characters, at most 2000 are allowed",
    ]
    assert "9 problems. Nothing was sent." in str(caught.value)
    assert not (tmp_path / "run.db").exists()


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.csv", "image,promt\nx,y\n", "there is no column 'promt'; did you mean prompt?"),
        ("a.csv", "image,prompt,video_number\nhttps://a.example/1.jpg,y,2\n", "one job makes one video"),
        ("a.jsonl", '{"image": 3, "prompt": "x"}\n', "line 1: image must be a path or a URL, not int"),
        ("a.jsonl", "[1]\n{\n", "line 2: is no JSON"),
        ("a.jsonl", "[1]\n", "line 1: is no object, but list"),
        ("a.csv", "image,prompt\n", "there are no jobs in it"),
        ("a.txt", "x", "a.txt is no manifest. A manifest is a folder of images, or a file ending in .csv"),
        ("a.parquet", "x", "cannot be read as Parquet"),
    ],
)
def test_what_is_no_manifest_is_told(tmp_path: Path, name: str, text: str, told: str) -> None:
    """An unknown column, a wrong type, broken JSON, an empty file or another kind of file: one clear sentence."""
    (tmp_path / name).write_text(text)
    with bulk.Ledger(tmp_path / "run.db") as ledger, pytest.raises(InvalidInputError) as caught:
        bulk.load_manifest(ledger, tmp_path / name, {})
    assert told in str(caught.value)


def test_what_is_no_utf8_is_told_with_its_line(tmp_path: Path) -> None:
    """A row in another encoding is a problem of that row, and the rest is read on."""
    source = tmp_path / "a.csv"
    source.write_bytes(b"image,prompt\nhttps://a.example/1.jpg,caf\xe9\nhttps://a.example/2.jpg,\n")
    with bulk.Ledger(tmp_path / "run.db") as ledger, pytest.raises(bulk.ManifestError) as caught:
        bulk.load_manifest(ledger, source, {})
    assert [problem.partition(":")[0] for problem in caught.value.problems] == ["line 2", "line 3"]
    assert "is not in UTF-8" in caught.value.problems[0]


def test_the_same_job_twice_is_a_problem_unless_it_is_meant(tmp_path: Path) -> None:
    """Rows that differ in their key alone are told with both lines; `allow_duplicates` takes them."""
    source = tmp_path / "a.csv"
    source.write_text("key,image,prompt\n" + "".join(f"k{n},https://a.example/1.jpg,wave\n" for n in range(3)))
    with bulk.Ledger(tmp_path / "run.db") as ledger:
        with pytest.raises(bulk.ManifestError, match=r"line 4: is the same job as line 2 \(3 times\)"):
            bulk.load_manifest(ledger, source, {})
        assert bulk.load_manifest(ledger, source, {}, allow_duplicates=True).new == 3


def test_one_image_spelt_in_two_ways_is_one(tmp_path: Path) -> None:
    """./a.jpg and b/../a.jpg are a.jpg: a double by its line; jobs of earlier versions, digested as spelt, stay."""
    (tmp_path / "a.jpg").write_bytes(JPEG)
    (tmp_path / "jobs.csv").write_text("image,prompt\na.jpg,x\n./a.jpg,x\nb/../a.jpg,x\n")
    (tmp_path / "b").mkdir()
    with pytest.raises(bulk.ManifestError, match=r"line 4: is the same job as line 2 \(3 times\)"):
        bulk.plan(tmp_path / "jobs.csv", {})
    (tmp_path / "jobs.csv").write_text("image,prompt\n./a.jpg,x\n")
    with bulk.Ledger(tmp_path / "run.db") as ledger:
        bulk.load_manifest(ledger, tmp_path / "jobs.csv", {})
    ((image, parameters, key),) = rows(tmp_path / "run.db", "image, parameters, key")
    assert image == f"{tmp_path}/./a.jpg" and key == digest_of(image, parameters)[:16]
    alter(
        tmp_path / "run.db", f"update jobs set state = 'done', submits = 1, digest = '{digest_of(image, parameters)}'"
    )
    with bulk.Ledger(tmp_path / "run.db") as ledger:
        loaded = bulk.load_manifest(ledger, tmp_path / "jobs.csv", {})
    assert (loaded.new, loaded.known) == (0, 1)


def test_a_manifest_without_a_name_is_not_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An empty text, as of a shell's variable that is not set, buys nothing."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.jpg").write_bytes(JPEG)
    with pytest.raises(InvalidInputError, match="empty"):
        bulk.plan("", {"prompt": "x"})
    assert run(["bulk", "plan", "", "-p", "x"]) == 2 and run(["bulk", "run", "", "-p", "x"]) == 2
    assert capsys.readouterr().err.count("is empty: give a path") == 2


@pytest.mark.parametrize("part", [(0, 3), (4, 3), (1, 0), (-1, 2)])
def test_a_part_that_is_none_is_refused(part: tuple[int, int]) -> None:
    """It would hold no job, and the run would end as if all were done."""
    with pytest.raises(InvalidInputError, match=f"no part {part[0]} of {part[1]}"):
        bulk.Shard(*part)


def test_a_manifest_that_is_loaded_again_changes_nothing_that_was_sent(tmp_path: Path, emulator: Any) -> None:
    """Known jobs stay; one that was never sent takes the new parameters; one that was is a problem."""
    key = emulator.key
    with filled(tmp_path, 3) as ledger:
        again = bulk.load_manifest(ledger, tmp_path / "jobs.csv", {})
        assert (again.new, again.known) == (0, 3)
        changed = manifest(tmp_path / "jobs.csv", range(4), duration="10")
        assert bulk.load_manifest(ledger, changed, {}).new == 1
        assert {json.loads(one)["duration"] for one in rows(tmp_path / "run.db", "parameters")} == {10}
        go(ledger, emulator.url, tmp_path, key=key, limits={"budget_tasks": 1})
        with pytest.raises(bulk.ManifestError, match="line 2: 'job-0' is done in the ledger, with other parameters"):
            bulk.load_manifest(ledger, manifest(tmp_path / "jobs.csv", range(4), duration="5"), {})


@DETERMINISTIC
@given(st.lists(NAMES, unique=True, max_size=30), st.integers(1, 7))
def test_shards_share_the_jobs_out(keys: list[str], count: int) -> None:
    """Every key belongs to one shard of K, the same one each time."""
    shards = [bulk.Shard(index, count) for index in range(1, count + 1)]
    assert [key for key in keys if [shard.holds(key) for shard in shards].count(True) != 1] == []


def test_a_shard_is_stable() -> None:
    """Which shard a key belongs to never changes between versions and machines."""
    held = [n for n in range(8) if bulk.Shard(1, 4).holds(f"job-{n}")]
    assert held == [0, 5]


def test_the_most_telling_price_wins(tmp_path: Path) -> None:
    """A table may price a model as a whole and some of its durations apart; what it does not have is unknown."""
    (tmp_path / "p.csv").write_text("model,duration,credits\nM,,10\nM,10,25\n")
    prices = bulk.read_prices(tmp_path / "p.csv")
    asked = [{"model": "M", "duration": 5}, {"model": "M", "duration": 10}, {"model": "N", "duration": 5}]
    assert [prices.of(one) for one in asked] == [10, 25, None]
    (tmp_path / "p.csv").write_text("model,credits\nM,cheap\n")
    with pytest.raises(InvalidInputError, match=r"line 2 of .*credits 'cheap' is no number"):
        bulk.read_prices(tmp_path / "p.csv")


def test_without_a_key_a_job_is_known_by_its_content(tmp_path: Path) -> None:
    """The key is made of picture and parameters, so the same row is the same job in the next load."""
    source = tmp_path / "a.csv"
    source.write_text("image,prompt\nhttps://a.example/1.jpg,wave\n")
    _, ((key, image, parameters, *_),) = load(tmp_path, source)
    assert key == digest_of(image, parameters)[:16]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names themselves")
def test_a_name_that_is_no_text_is_refused_by_name(tmp_path: Path) -> None:
    """An image whose name is no UTF-8 is one problem of its line, and no crash; nothing is kept."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "bad\udcff.jpg").write_bytes(JPEG)
    with bulk.Ledger(tmp_path / "run.db") as ledger, pytest.raises(bulk.ManifestError, match="is no UTF-8"):
        bulk.load_manifest(ledger, tmp_path / "photos", {"prompt": "wave"})
    assert not (tmp_path / "run.db").exists()
