"""The report is one page that holds everything it shows, and in which whatever strangers wrote is text."""

import array
import base64
import re
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from fakes.bulks import manifest
from fakes.ledgers import Filling, alter
from fakes.photos import encoded, halves, opened
from fakes.pictures import png
from weryai import InvalidInputError, bulk
from weryai.cli import run
from weryai.emulator import Emulator

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>\"'><svg/onload=alert(3)> &amp; {{7*7}} \x00\x1b]]>"
VIDEO = b"\0\0\0\x18ftypmp42" + b"v" * 1_000


class Page(HTMLParser):
    """What a browser would make of a page: its elements, and the text that is seen."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.source = path.read_text("utf-8")
        self._within = ""
        self.feed(self.source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self._within = tag

    def handle_endtag(self, tag: str) -> None:
        """Leave an element."""
        self._within = ""

    def handle_data(self, data: str) -> None:
        """Note text that is seen."""
        if self._within not in ("script", "style"):
            self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        """The attributes of every element of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def states(self) -> list[str]:
        """The states of the cards, in their order."""
        return [one["data-state"] for one in self.all("li") if "data-state" in one]


def test_the_page_tells_the_whole_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Counts, spend, failures and what is ambiguous are told, and every job has a card, trouble first."""
    with Filling(tmp_path / "jobs.csv.ledger.db") as filling:
        filling.one_of_each()
        filling.job("second", "done", prompt="A mug turns")
        filling.budget(70, 1_000.0)
        assert run(["bulk", "report", str(filling.path)]) == 0
    path = tmp_path / "jobs.csv.ledger.html"
    assert capsys.readouterr().out.strip() == str(path)
    page = Page(path)
    assert page.states == ["ambiguous", "failed", "done", "done", "submitted", "submitting", "queued"]
    for words in ("2 of 7 videos are ready", "1 job is ambiguous", "Copyright restrictions", "A mug turns", "of 1,000"):
        assert words in page.text
    assert f"weryai bulk resolve {filling.path} KEY adopt TASK_ID" in page.text
    assert "All of them" in page.text
    assert len(page.all("svg")) > 3


def test_nothing_comes_from_elsewhere(tmp_path: Path) -> None:
    """The policy allows the page's own script and style alone; every source is data or lies beside the page."""
    (tmp_path / "photo.png").write_bytes(png())
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "a b:c#.mp4").write_bytes(VIDEO)
    with Filling(tmp_path / "run.db") as filling:
        filling.job("at a URL", "done", video=tmp_path / "videos" / "a b:c#.mp4")
        filling.job("local", "failed", image=str(tmp_path / "photo.png"))
    page = Page(bulk.report(filling.path, tmp_path / "report.html"))
    policy = next(one["content"] for one in page.all("meta") if "http-equiv" in one)
    assert policy.startswith("default-src 'none'") and "http" not in policy and "unsafe" not in policy
    assert len(page.all("script")) == 1 and "link" not in dict(page.elements)
    assert not [
        name for _, attributes in page.elements for name in attributes if name.startswith("on") or name == "style"
    ]
    sources = [
        attributes[name] for _, attributes in page.elements for name in ("src", "href", "poster") if name in attributes
    ]
    assert {source.partition(":")[0] for source in sources} == {"data", "#sheet", "./videos/a%20b%3Ac%23.mp4"}
    assert page.all("img")[0]["src"].startswith("data:image/webp;base64,")


def test_what_strangers_wrote_is_text(tmp_path: Path) -> None:
    """Markup in a key, prompt, reason, path, model, address or task changes nothing: the page has the same elements."""
    pages = []
    for word in ("harmless", HOSTILE):
        folder = tmp_path / str(len(pages))
        folder.mkdir()
        with Filling(folder / "run.db") as filling:
            for state in ("ambiguous", "failed", "done", "submitted"):
                filling.job(
                    f"{state} {word}", state, image=f"https://pictures.example/{word}", prompt=word, reason=word,
                    kind=word, task=f"{word} {state}", video=f"{word}.mp4", remark=(word, word), model=word,
                    duration=word, **{word: word},
                )  # fmt: skip
        alter(filling.path, "update run set base_url = ?", f"http://{word}")
        pages.append(Page(bulk.report(filling.path, folder / "report.html")))
    harmless, hostile = pages
    names = [[(tag, sorted(attributes)) for tag, attributes in page.elements] for page in pages]
    assert names[0] == names[1]
    assert hostile.text.count("<script>alert(2)</script>") == harmless.text.count("harmless")
    assert not re.search("[\x00\x1b]", hostile.source)


@pytest.mark.parametrize(
    ("embed", "inside"), [(10_000, [True, True, True]), (2_100, [True, True, False]), (0, [False] * 3)]
)
def test_videos_go_into_the_page_within_a_budget(tmp_path: Path, embed: int, inside: list[bool]) -> None:
    """So many bytes are put into the page; the videos beyond are played from where they lie."""
    with Filling(tmp_path / "run.db") as filling:
        for number in range(3):
            (tmp_path / f"{number}.mp4").write_bytes(VIDEO)
            filling.job(f"job-{number}", "done", video=tmp_path / f"{number}.mp4")
    (tmp_path / "pages").mkdir()
    page = Page(bulk.report(filling.path, tmp_path / "pages" / "report.html", embed=embed))
    sources = [one["src"] for one in page.all("video")]
    assert [source.startswith("data:video/mp4;base64,") for source in sources] == inside
    assert [source for source in sources if not source.startswith("data:")] == [
        f"../{number}.mp4" for number in range(3) if not inside[number]
    ]


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    """A video or picture that is gone, is none, or would keep the page waiting is a word on its card."""
    (tmp_path / "text.png").write_text("no image")
    Image.new("1", (20_000, 9_100)).save(tmp_path / "bomb.png")
    with Filling(tmp_path / "run.db") as filling:
        filling.job("gone", "done", image=str(tmp_path / "gone.png"), video=tmp_path / "gone.mp4")
        filling.job("folder", "done", image=str(tmp_path), video=tmp_path)
        filling.job("text", "done", image=str(tmp_path / "text.png"), video=tmp_path / "text.png")
        filling.job("bomb", image=str(tmp_path / "bomb.png"))
    page = Page(bulk.report(filling.path, tmp_path / "report.html"))
    assert page.text.count("file missing") == 3 and page.all("video") == [] and page.all("img") == []
    for words in ("the image cannot be read", "no image", "cannot be opened", "not where it was stored", "no MP4"):
        assert words in page.text


def test_pictures_lose_what_the_camera_wrote(tmp_path: Path) -> None:
    """A picture is made small and upright, and carries no place or name into the page."""
    import base64
    import io

    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "My Camera 5000"
    Image.new("RGB", (1_200, 600), "red").save(tmp_path / "photo.jpg", exif=exif)
    with Filling(tmp_path / "run.db") as filling:
        filling.job("photo", image=str(tmp_path / "photo.jpg"))
    (source,) = [one["src"] for one in Page(bulk.report(filling.path, tmp_path / "report.html")).all("img")]
    content = base64.b64decode(source.partition(",")[2])
    assert b"My Camera" not in content
    assert Image.open(io.BytesIO(content)).size == (200, 400)


def _deep() -> Image.Image:
    """Grey of 16 bit from black to white."""
    line = array.array("H", (x * 65_535 // 399 for x in range(400)))
    return Image.frombytes("I;16", (400, 200), line.tobytes() * 200)


def _damaged() -> bytes:
    """A JPEG whose EXIF leads nowhere, as editors of phones leave it."""
    exif = Image.Exif()
    exif[0x0112] = 6
    content = encoded(halves(), "JPEG", exif=exif)
    start = content.index(b"Exif\0\0") + 6
    return content[:start] + b"MM\0*\xff\xff\xff\xff" + content[start + 8 :]


@pytest.mark.parametrize(
    ("content", "middle"),
    [
        (lambda: encoded(_deep(), "PNG"), (128, 128, 128, 255)),
        (lambda: encoded(Image.new("RGB", (10_000, 10_000), (0, 128, 0)), "JPEG"), (0, 128, 0, 255)),
        (lambda: encoded(Image.new("L", (10_000, 10_000), 128), "PNG"), (128, 128, 128, 255)),
        (_damaged, None),
        (lambda: encoded(halves().convert("P"), "PNG", transparency=0), None),
        (lambda: encoded(Image.new("RGBA", (80, 80), (255, 0, 0, 0)), "PNG"), (255, 0, 0, 0)),
        (lambda: encoded(Image.new("CMYK", (80, 80), (0, 255, 255, 0)), "JPEG"), (255, 0, 0, 255)),
        (lambda: encoded(halves(), "HEIC"), None),
    ],
    ids=["16 bit", "100 megapixels", "100 megapixels PNG", "EXIF", "palette", "alpha", "CMYK", "HEIC"],
)
def test_odd_pictures_are_shown_as_they_are(
    tmp_path: Path, content: Callable[[], bytes], middle: tuple[int, ...] | None
) -> None:
    """Many bits, many pixels, palettes, alpha and damaged EXIF neither blank a picture nor drop it from its card."""
    (tmp_path / "photo.jpg").write_bytes(content())
    with Filling(tmp_path / "run.db") as filling:
        filling.job("photo", image=str(tmp_path / "photo.jpg"))
    (source,) = [one["src"] for one in Page(bulk.report(filling.path, tmp_path / "report.html")).all("img")]
    shown = opened(base64.b64decode(source.partition(",")[2])).convert("RGBA")
    assert max(shown.size) <= 400
    found = shown.getpixel((shown.width // 2, shown.height // 2))
    assert isinstance(found, tuple)
    if middle is not None and middle[3]:
        assert [(one, wanted) for one, wanted in zip(found, middle, strict=True) if abs(one - wanted) >= 12] == []
    elif middle is not None:
        assert found[3] == 0


def test_it_works_without_pillow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra there is a page all the same, whose cards say what to install."""
    (tmp_path / "photo.png").write_bytes(png())
    with Filling(tmp_path / "run.db") as filling:
        filling.job("photo", image=str(tmp_path / "photo.png"))
    monkeypatch.setitem(sys.modules, "PIL", None)
    page = Page(bulk.report(filling.path, tmp_path / "report.html"))
    assert "pip install pillow" in page.text


@pytest.mark.parametrize(
    ("cards", "states"),
    [
        (0, []),
        (1, ["done"]),
        (2, ["ambiguous", "done"]),
        (6, ["ambiguous", "failed", "failed", "done", "done", "done"]),
        (9, ["ambiguous", *["failed"] * 4, *["done"] * 3, "queued"]),
    ],
)
def test_so_many_cards(tmp_path: Path, cards: int, states: list[str]) -> None:
    """Trouble comes first, yet leaves half of the sheet to videos; what is left out is told."""
    with Filling(tmp_path / "run.db") as filling:
        filling.job("a", "ambiguous")
        for key in ("f1", "f2", "f3", "f4"):
            filling.job(key, "failed")
        for key in ("d1", "d2", "d3"):
            filling.job(key, "done")
        filling.job("q1")
        filling.job("q2")
    page = Page(bulk.report(filling.path, tmp_path / "report.html", cards=cards))
    assert page.states == states
    failed = states.count("failed")
    assert f"{cards} of 10 are shown here" in page.text and f"{failed} of 4 failed" in page.text


def test_a_video_is_never_replaced_by_a_report(tmp_path: Path) -> None:
    """A name that is completed wrongly costs no file: only a page, or an empty file, gives way to one."""
    with Filling(tmp_path / "run.db") as filling:
        filling.one_of_each()
    (tmp_path / "a.mp4").write_bytes(VIDEO)
    with pytest.raises(InvalidInputError, match=r"a\.mp4 is there, and is no report"):
        bulk.report(filling.path, tmp_path / "a.mp4")
    assert (tmp_path / "a.mp4").read_bytes() == VIDEO and not list(tmp_path.glob(".*"))
    (tmp_path / "a.html").touch()
    for _ in range(2):
        assert Page(bulk.report(filling.path, tmp_path / "a.html")).states


def test_how_many_cards_is_a_number(tmp_path: Path) -> None:
    """Any whole number will do; anything else is told."""
    with Filling(tmp_path / "run.db") as filling:
        filling.one_of_each()
    assert len(Page(bulk.report(filling.path, tmp_path / "a.html", cards=10**30)).states) == 6
    for wrong in ("5", 1.5, -1):
        with pytest.raises(InvalidInputError, match="must be 0 or more"):
            bulk.report(filling.path, tmp_path / "a.html", cards=wrong)  # type: ignore[arg-type]


def test_an_empty_ledger_has_a_page(tmp_path: Path) -> None:
    """Nothing is divided by the number of jobs; a number below nothing is refused."""
    Filling(tmp_path / "run.db").ledger.close()
    assert "There are no jobs yet" in Page(bulk.report(tmp_path / "run.db", tmp_path / "report.html")).text
    with pytest.raises(InvalidInputError):
        bulk.report(tmp_path / "run.db", tmp_path / "report.html", cards=-1)


def test_why_a_run_stopped_is_told(tmp_path: Path) -> None:
    """What ended a run early stands in its ledger, in its status and on its page, until the next run begins."""
    place = manifest(tmp_path / "jobs.csv", range(3)).with_name("run.db")
    with Emulator(video="fixed", waiting=0.0, processing=0.0) as emulator, bulk.Ledger(place) as ledger:
        bulk.load_manifest(ledger, tmp_path / "jobs.csv", {})
        options: dict[str, Any] = {"output": tmp_path, "api_key": emulator.key, "base_url": emulator.url}
        bulk.run(ledger, limits=bulk.Limits(100, budget_tasks=1), **options)
        told = bulk.status(place).stopped
        assert told is not None and "budget" in told
        text = Page(bulk.report(place, tmp_path / "report.html")).text
        assert f"The run stopped: {told}" in text and "2 jobs are left" in text
        bulk.run(ledger, limits=bulk.Limits(100, budget_tasks=3), **options)
        assert bulk.status(place).stopped is None
    assert "The run stopped" not in Page(bulk.report(place, tmp_path / "report.html")).text
