"""A job is its content, not its place: what is moved, signed anew or archived is the same; what is replaced is told."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fakes.bulks import AT_ONCE, FAST, QUICK, go, rows
from fakes.commands import Ended, weryai_here
from fakes.pictures import JPEG
from fakes.surroundings import JOURNEY_KEY
from weryai import bulk
from weryai._flow.order import unsigned
from weryai.bulk import JobState, PostgresLedger
from weryai.bulk._manifest.readers import sha256_of
from weryai.emulator import Emulator

pytestmark = pytest.mark.timeout(60)
NAMES = ("a.jpg", "b.jpg", "more/a.jpg", "more/c.jpg")
DEFAULTS = {"prompt": "The sea moves"}


def photo(number: int, *, size: int = 0) -> bytes:
    """An image of its own content, and of its own length unless that is given."""
    return JPEG + bytes([number + 1]) * (size or number + 1)


def folder(path: Path, names: tuple[str, ...] = NAMES) -> Path:
    """A folder of images."""
    for number, name in enumerate(names):
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(photo(number))
    return path


def table(path: Path, *images: str, keys: tuple[str, ...] = ()) -> Path:
    """A manifest of these images, without keys unless they are given."""
    lines = [f"{key},{image}" for key, image in zip(keys, images, strict=True)] if keys else images
    path.write_text("\n".join(["key,image" if keys else "image", *lines, ""]))
    return path


def bought(emulator: Emulator) -> int:
    """How many tasks were paid for."""
    return sum(row.orders for row in emulator.ledger)


class Bulk:
    """One ledger: loads a manifest, runs, and tells."""

    def __init__(self, ledger: Any, emulator: Emulator, place: Path) -> None:
        self.ledger, self.emulator, self.place = ledger, emulator, place

    def load(self, source: Path, **options: Any) -> bulk.Loaded:
        """Load a manifest."""
        return bulk.load_manifest(self.ledger, source, DEFAULTS, **options)

    def run(self, source: Path | None = None, **options: Any) -> bulk.Outcome:
        """Load a manifest and run."""
        if source is not None:
            self.load(source)
        return go(self.ledger, self.emulator.url, self.place, **options)

    def set(self, statement: str) -> None:
        """Change the jobs as no run does."""
        self.ledger.write(lambda db: db.execute(f"update jobs set {statement}")).result()


@pytest.fixture
def job(emulator: Emulator, tmp_path: Path) -> Any:
    """A ledger to work with."""
    with bulk.Ledger(tmp_path / "run.db") as ledger:
        yield Bulk(ledger, emulator, tmp_path)


def renamed(place: Path) -> Path:
    """The folder has another name."""
    return Path(shutil.move(place, place.with_name("renamed")))


def copied(place: Path) -> Path:
    """The folder was copied to another disk: every file has a new time."""
    new = place.with_name("copied")
    shutil.copytree(place, new, copy_function=shutil.copyfile)
    for path in new.rglob("*.jpg"):
        os.utime(path, (1, 1))
    shutil.rmtree(place)
    return new


def inner(place: Path) -> Path:
    """A folder in the folder has another name."""
    (place / "more").rename(place / "less")
    return place


def files(place: Path) -> Path:
    """Every file has another name."""
    for number, path in enumerate(sorted(place.rglob("*.jpg"))):
        path.rename(path.with_name(f"{number}.jpeg"))
    return place


@pytest.mark.parametrize("how", [renamed, copied, inner, files])
@pytest.mark.parametrize("kind", ["folder", "table"])
def test_what_is_moved_is_the_same_job(job: Bulk, tmp_path: Path, kind: str, how: Callable[[Path], Path]) -> None:
    """Without keys a folder, or a table of its files, that lies elsewhere buys nothing again, however it got there."""
    place = folder(tmp_path / "photos")

    def source() -> Path:
        images = sorted(str(path) for path in place.rglob("*.jp*g"))
        return place if kind == "folder" else table(tmp_path / "jobs.csv", *images)

    job.run(source())
    place = how(place)
    loaded = job.load(source())
    assert (loaded.new, loaded.known, loaded.not_in_manifest) == (0, 4, 0)
    assert job.run().is_complete and bought(job.emulator) == 4
    assert [image for image in rows(tmp_path / "run.db", "image") if not Path(image).exists()] == []
    assert job.load(source()).new == 0


def test_what_waits_is_bought_from_where_it_lies_now(job: Bulk, tmp_path: Path) -> None:
    """Half is bought, the folder moves, one image comes in: the rest is read at its new place, each bought once."""
    job.run(folder(tmp_path / "photos"), limits={"budget_tasks": 2})
    place = renamed(tmp_path / "photos")
    (place / "new.jpg").write_bytes(photo(9))
    job.run(place, limits={"budget_tasks": 10})
    assert rows(tmp_path / "run.db") == ["done"] * 5 and bought(job.emulator) == 5


def test_keys_tell_what_is_the_same(job: Bulk, tmp_path: Path) -> None:
    """A moved file under the same key is the same job; under a new key it is another one, as somebody wants it."""
    place = folder(tmp_path / "photos")
    images = [str(place / name) for name in NAMES]
    job.run(table(tmp_path / "jobs.csv", *images, keys=("a", "b", "c", "d")))
    place = copied(place)
    images = [str(place / name) for name in NAMES]
    assert job.load(table(tmp_path / "jobs.csv", *images, keys=("a", "b", "c", "d"))).known == 4
    assert job.load(table(tmp_path / "jobs.csv", *images, keys=("a", "b", "c", "other"))).new == 1
    # Keys that come, or go, make no new jobs.
    assert job.load(table(tmp_path / "jobs.csv", *images)).new == 0
    assert job.load(table(tmp_path / "jobs.csv", *images, keys=("e", "f", "g", "h"))).new == 0


@pytest.mark.parametrize("kind", ["folder", "table", "keys"])
@pytest.mark.parametrize("same_length", [False, True])
def test_a_file_that_was_replaced_is_told(job: Bulk, tmp_path: Path, kind: str, same_length: bool) -> None:
    """Another image under the name of one that is paid for is told, by its key, and neither bought nor passed over."""
    place = folder(tmp_path / "photos")
    source = place
    if kind != "folder":
        keys = ("a", "b", "c", "d") if kind == "keys" else ()
        source = table(tmp_path / "jobs.csv", *(str(place / name) for name in NAMES), keys=keys)
    job.run(source)
    (place / "b.jpg").write_bytes(photo(7, size=2 if same_length else 0))
    with pytest.raises(bulk.ManifestError, match="is not the one that was submitted") as caught:
        job.load(source)
    assert len(caught.value.problems) == 1 and bought(job.emulator) == 4
    # What is only touched is the same.
    (place / "b.jpg").write_bytes(photo(1))
    os.utime(place / "b.jpg", (1, 1))
    assert job.load(source).known == 4


def test_a_file_that_is_replaced_while_its_job_waits_is_not_bought(job: Bulk, tmp_path: Path) -> None:
    """What was loaded is what is sent: another image by then fails its job, unpaid, until it is loaded again."""
    place = folder(tmp_path / "photos")
    job.load(place)
    (place / "b.jpg").write_bytes(photo(7))
    events: list[bulk.Event] = []
    outcome = job.run(on_event=events.append)
    assert (bought(job.emulator), outcome.counts[JobState.FAILED]) == (3, 1)
    assert [event.kind for event in events if event.event == "failed"] == ["image changed"]
    assert job.run(place).is_complete and bought(job.emulator) == 4


def test_what_is_sent_once_more_is_the_same_image(job: Bulk, tmp_path: Path) -> None:
    """A job that failed and is retried from its ledger is not sent with another image than before."""
    place = folder(tmp_path / "photos", ("a.jpg",))
    job.emulator.order("fail-copyright")
    job.run(place)
    (place / "a.jpg").write_bytes(photo(5, size=1))
    bulk.retry(job.ledger)
    assert job.run().counts[JobState.FAILED] == 1
    assert rows(tmp_path / "run.db", "kind") == ["image changed"] and bought(job.emulator) == 1


@pytest.mark.parametrize("state", ["submitted", "done", "failed", "ambiguous"])
@pytest.mark.parametrize("is_moved", [False, True])
def test_an_archived_original_refuses_nothing(job: Bulk, tmp_path: Path, state: str, is_moved: bool) -> None:
    """An image is needed until it is sent; a row whose job is past that is known without it, the others are told."""
    place = folder(tmp_path / "photos")
    images = [str(place / name) for name in NAMES]
    job.load(table(tmp_path / "jobs.csv", *images))
    job.set(f"state = '{state}', submits = 1 where id = 2")
    (place / "b.jpg").unlink()
    if is_moved:
        images = [image.replace("photos", "renamed") for image in images]
        renamed(place)
    assert job.load(table(tmp_path / "jobs.csv", *images)).known == 4
    Path(images[3]).unlink()
    with pytest.raises(bulk.ManifestError) as caught:
        job.load(table(tmp_path / "jobs.csv", *images))
    assert caught.value.problems == ["line 5: there is no image at " + images[3].removeprefix(f"{tmp_path}/")]


def test_equal_images_are_each_their_own(job: Bulk, tmp_path: Path) -> None:
    """Where doubles are wanted, files of the same bytes are a job each, also after they moved; a further one is new."""
    place = tmp_path / "photos"
    place.mkdir()
    for name in NAMES[:2]:
        (place / name).write_bytes(JPEG)
    job.load(place, allow_duplicates=True)
    job.run()
    place = copied(place)
    assert job.load(place, allow_duplicates=True).new == 0
    (place / "c.jpg").write_bytes(JPEG)
    assert job.load(place, allow_duplicates=True).new == 1


def test_files_are_read_only_where_size_and_time_cannot_tell(
    job: Bulk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loading the same folder again, or one that was moved as it is, opens no image."""
    read: list[str] = []
    monkeypatch.setattr("weryai.bulk._manifest.loading.sha256_of", lambda path: read.append(path))
    place = folder(tmp_path / "photos")
    job.run(place)
    job.load(place)
    job.load(renamed(place))
    assert read == []
    assert sha256_of(str(tmp_path / "none")) is None


def test_two_manifests_of_the_same_names_do_not_mix(job: Bulk, tmp_path: Path) -> None:
    """What is kept of one folder is never overwritten by a file of the same name in another one."""
    job.load(folder(tmp_path / "one", ("a.jpg",)))
    other = folder(tmp_path / "two", ("x.jpg", "a.jpg"))
    (other / "x.jpg").unlink()
    with pytest.raises(bulk.ManifestError, match="is another job of an earlier manifest"):
        job.load(other, keep=True)
    # By themselves they are two manifests, of which the second counts.
    assert job.run(other).is_complete and bought(job.emulator) == 1


def test_parts_stay_the_same_when_a_folder_moves(emulator: Emulator, tmp_path: Path) -> None:
    """Which part an image without a key belongs to is told by its name, so that no part takes over another's."""
    names = tuple(f"{number}.jpg" for number in range(12))
    place = folder(tmp_path / "photos", names)

    def load() -> list[tuple[int, int]]:
        source = table(tmp_path / "jobs.csv", *(str(place / name) for name in names))
        found = []
        for index in (1, 2, 3):
            with bulk.Ledger(tmp_path / f"{index}.db") as ledger:
                loaded = bulk.load_manifest(ledger, source, DEFAULTS, shard=bulk.Shard(index, 3))
                found.append((loaded.new, loaded.known))
        return found

    first = load()
    assert sum(new for new, _ in first) == 12
    place = renamed(place)
    assert load() == [(0, new) for new, _ in first]


@pytest.mark.parametrize("kind", ["folder", "table"])
def test_a_manifest_that_was_renamed_is_asked_about(emulator: Emulator, tmp_path: Path, kind: str) -> None:
    """Under its new name it would begin a ledger and buy all again: the one that lies beside is named instead."""
    one, other = ("photos", "images") if kind == "folder" else ("jobs.csv", "work.csv")
    place = folder(tmp_path / "photos")
    if kind == "table":
        table(tmp_path / one, *(str(place / name) for name in NAMES))

    def run(*words: str) -> Ended:
        return weryai_here("bulk", "run", *words, "-p", "The sea moves", *AT_ONCE, "--interval", "0.02",
                              base_url=emulator.url, key=JOURNEY_KEY, folder=tmp_path)  # fmt: skip

    assert run(one).code == 0
    (tmp_path / one).rename(tmp_path / other)
    # One that has nothing to do with it.
    bulk.Ledger(tmp_path / "gone.csv.ledger.db").close()
    asked = run(other)
    assert asked.code == 2 and f"--ledger {tmp_path / one}.ledger.db" in asked.errors
    assert not (tmp_path / f"{other}.ledger.db").exists()
    assert run(other, "--ledger", f"{one}.ledger.db").code == 0 and bought(emulator) == 4
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "x.jpg").write_bytes(photo(30))
    assert run("others").code == 0 and bought(emulator) == 5


SIGNED = [
    ("X-Amz-Algorithm=AWS4&X-Amz-Date=1&X-Amz-Signature=aa", "X-Amz-Algorithm=AWS4&X-Amz-Date=2&X-Amz-Signature=bb"),
    ("AWSAccessKeyId=k&Expires=1&Signature=a", "AWSAccessKeyId=k&Expires=2&Signature=b"),
    ("X-Goog-Date=1&X-Goog-Signature=a", "X-Goog-Signature=b&X-Goog-Date=2"),
    ("GoogleAccessId=k&Expires=1&Signature=a", "GoogleAccessId=k&Expires=2&Signature=b%2B"),
    ("sv=1&se=2025&sr=b&sp=r&sig=a", "sp=r&st=2024&se=2026&spr=https&sv=2&sr=b&sig=b%3D"),
    ("sv=1&skoid=a&sktid=b&skt=1&ske=2&sks=b&skv=3&sig=a", "sv=1&skoid=a&sktid=b&skt=3&ske=4&sks=b&skv=3&sig=b"),
    ("Policy=a&Signature=b&Key-Pair-Id=c", "Policy=d&Signature=e&Key-Pair-Id=c"),
    ("OSSAccessKeyId=k&Expires=1&Signature=a", "OSSAccessKeyId=k&Expires=2&Signature=b&security-token=t"),
    ("q-sign-algorithm=sha1&q-ak=a&q-sign-time=1&q-signature=a", "q-sign-algorithm=sha1&q-ak=a&q-signature=b"),
]


@pytest.mark.parametrize(("one", "other"), SIGNED)
def test_a_url_is_known_without_its_signature(one: str, other: str) -> None:
    """Signed anew it is the same image; what is no part of a signature tells images apart, wherever it stands."""
    base = "https://pictures.example/a.jpg"
    assert unsigned(f"{base}?{one}") == unsigned(f"{base}?{other}") == base
    assert unsigned(f"{base}?v=1&{one}#x") == f"{base}?v=1#x"
    assert unsigned(f"{base}?{one}&v=2") == f"{base}?v=2" != unsigned(f"{base}?{other}&v=3")
    assert unsigned(f"{base}?{one.lower()}") == base


@pytest.mark.parametrize(
    "query",
    ["v=1", "sig=a", "se=2", "sp=3&sr=b", "expires=1", "signature=a", "policy=a", "width=1&st=x&sv=2", "response-x=1",
     "versionId=7", "generation=3", "x-oss-process=image/resize", "id=X-Amz-Date", "", "a&b", "=x"],
)  # fmt: skip
def test_a_word_that_may_mean_the_image_is_kept(query: str) -> None:
    """Words that a signature uses and others as well count where no signature is; anything else always does."""
    url = f"https://pictures.example/a.jpg?{query}"
    assert unsigned(url) == url
    assert unsigned(f"{url}&X-Amz-Signature=1").rstrip("?") == url.rstrip("?")


@pytest.mark.parametrize("keys", [(), ("a", "b")])
def test_urls_that_are_signed_anew_are_the_same_jobs(job: Bulk, tmp_path: Path, keys: tuple[str, ...]) -> None:
    """What is paid for stays so, and what waits is sent with the signature of now."""
    images = [f"https://pictures.example/{number}.jpg?v={number}&sv=1&se={{0}}&sig={{0}}" for number in (1, 2)]
    job.run(table(tmp_path / "jobs.csv", *(image.format(1) for image in images), keys=keys), limits={"budget_tasks": 1})
    outcome = job.run(
        table(tmp_path / "jobs.csv", *(image.format(2) for image in images), keys=keys), limits={"budget_tasks": 9}
    )
    assert (outcome.is_complete, bought(job.emulator)) == (True, 2)
    bodies = [exchange.request.body for exchange in job.emulator.exchanges if exchange.task_ids]
    assert [json.loads(body)["image"][-5:] for body in bodies if body] == ["sig=1", "sig=2"]


def test_one_url_signed_twice_is_one_job(job: Bulk, tmp_path: Path) -> None:
    """Two rows whose URLs differ in their signatures alone are the same job, and are told as a double."""
    signed = "https://pictures.example/1.jpg?X-Amz-Date={0}&X-Amz-Signature={0}"
    with pytest.raises(bulk.ManifestError, match="line 3: is the same job as line 2"):
        job.load(table(tmp_path / "jobs.csv", signed.format(1), signed.format(2), keys=("a", "b")))


def test_a_database_knows_images_as_well(emulator: Emulator, database: str, tmp_path: Path) -> None:
    """The same in PostgreSQL: moved is known, replaced is told, and workers note what they upload."""
    place = folder(tmp_path / "photos")
    with PostgresLedger(database) as ledger:
        bulk.load_manifest(ledger, place, DEFAULTS)
        bulk.work(
            ledger, output=tmp_path / "videos", api_key=JOURNEY_KEY, base_url=emulator.url, until_done=True,
            patience=QUICK, limits=bulk.Limits(**FAST), polls_per_second=1000.0,
        )  # fmt: skip
        place = files(copied(place))
        assert bulk.load_manifest(ledger, place, DEFAULTS).new == 0
        (place / "0.jpeg").write_bytes(photo(8))
        with pytest.raises(bulk.ManifestError, match="is not the one that was submitted"):
            bulk.load_manifest(ledger, place, DEFAULTS)
    assert bought(emulator) == 4
