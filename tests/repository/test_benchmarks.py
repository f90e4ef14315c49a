"""The benchmark's own arithmetic: what counts as worse, and what it writes into docs/."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import __main__ as bench
from benchmarks import page
from benchmarks.loading import Figure
from benchmarks.plot import bulk_svg
from benchmarks.table import Row, interleaved, ratio

CALLS = [Row(f"CPU of a {what}, {many} at a time", "300 us", "200 us", 1.5, None) for what in ("submit", "poll")
         for many in (1, 16, 200)]  # fmt: skip


def test_a_figure_is_worse_when_it_leaves_its_noise() -> None:
    """A tenth, or three times the noise of both runs, is let through; more is told with both figures."""
    quiet, noisy = {"figure": 1.0, "noise": 0.01}, {"figure": 1.0, "noise": 0.1}
    assert Row("poll", "", "", 1.09, None, noise=0.01).worse_than(quiet) is None
    assert Row("poll", "", "", 1.29, None, noise=0.01).worse_than(noisy) is None
    assert Row("poll", "", "", 1.4, None, noise=0.01).worse_than(noisy) == "poll: 1.40 x, recorded 1.00, allowed x 1.33"
    rows = [Row("poll", "", "", 2.0, None), Row("new", "", "", 9.0, None), Row("time", "", "", 9.0, None, "ms")]
    told = bench.worse(rows, {"poll": quiet, "time": quiet})
    assert [one.split(":")[0] for one in told] == ["poll"]


def test_rounds_are_taken_in_turn() -> None:
    """Both sides are measured in turn, the first round is left out, and the noise is that of the rounds' ratios."""
    mine, its = iter([9.0, 1.0, 2.0, 3.0]), iter([9.0, 1.0, 1.0, 1.0])
    assert interleaved(lambda: next(mine), lambda: next(its), 3) == ([1.0, 2.0, 3.0], [1.0, 1.0, 1.0])
    steady = ratio("x", lambda: 2.0, lambda: 1.0, 1.5, 3)
    assert (steady.figure, steady.noise, steady.verdict) == (2.0, 0.0, "MISSED")


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page of benchmarks with both blocks and one reason, in place of the real one; returns its folder."""
    blocks = "\n\n".join(
        "\n".join((page.marks(block)[0], "old", page.marks(block)[1])) for block in (page.MEASURED, page.BULK)
    )
    (tmp_path / "page.md").write_text(f"# Head\n\n{blocks}\n\n* **Polls.** They read.\n\nTail\n")
    for name, file in (("PAGE", "page.md"), ("PLOT", "plot.svg"), ("BULK_PLOT", "bulk.svg")):
        monkeypatch.setattr(page, name, tmp_path / file)
    monkeypatch.setattr(page, "commit", lambda: "abc1234")
    monkeypatch.setattr(bench, "RECORD", tmp_path / "record.json")
    return tmp_path


def test_the_record_is_written_where_it_belongs(places: Path) -> None:
    """The table replaces the one between its marks and nothing else, and the plot has a line for each side."""
    poll = Row("CPU of 300 x poll / raw httpx", "3 ms", "2 ms", 1.5, 1.05)
    bench.write([*CALLS, poll], "2026-01-01 a machine")
    text = (places / "page.md").read_text()
    begin, end = page.marks(page.MEASURED)
    assert text.startswith(f"# Head\n\n{begin}\nMeasured 2026-01-01 a machine, of commit abc1234.\n\n| what |")
    assert text.endswith("\nTail\n") and text.count("old") == 1 and text.count(end) == 1
    assert "| CPU of a poll, 16 at a time | 300 us | 200 us | 1.50 x | | |" in text
    assert "| CPU of 300 x poll / raw httpx | 3 ms | 2 ms | 1.50 x | 1.05 x | MISSED: Polls |" in text
    assert json.loads((places / "record.json").read_text())["figures"][CALLS[0].what]["figure"] == 1.5
    lines = ElementTree.fromstring((places / "plot.svg").read_text()).findall(".//{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == 4


def test_a_miss_without_a_reason_is_not_written(places: Path) -> None:
    """A row that misses its aim, and whose reason the page does not tell, is named, and the page stays as it is."""
    before = (places / "page.md").read_text()
    for row in (Row("weryai --help / import click", "", "", 2.0, 1.3), Row("something new", "", "", 2.0, 1.0)):
        with pytest.raises(SystemExit, match=f"no reason: {row.what}$"):
            page.write(page.MEASURED, [row.markdown()], "here", [row])
    assert (places / "page.md").read_text() == before


def test_bulk_runs_have_a_block_and_a_plot_of_their_own(places: Path) -> None:
    """The table of `make bench-bulk` goes into its own block; its plot has a line for the pace and one for the cost."""
    found = [
        Figure("jobs a second, 1 worker at 100,000 rows in PostgreSQL", 50.0, "/s"),
        Figure("... CPU of the workers for each job", 6.0, "ms"),
        Figure("jobs a second, 2 workers at 100,000 rows in PostgreSQL", 90.0, "/s"),
        Figure("... CPU of the workers for each job", 7.0, "ms"),
        Figure("... wall, bulk run / bare httpx", 1.016, "x", 1.05),
    ]
    page.write(page.BULK, [figure.markdown() for figure in found], "here", found)
    text = (places / "page.md").read_text()
    assert text.index("old") < text.index(page.marks(page.BULK)[0]) < text.index("| 90.0 /s | | |")
    assert "| ... wall, bulk run / bare httpx | 1.02 x | 1.05 x | met |" in text
    lines = ElementTree.fromstring(bulk_svg(found)).findall(".//{http://www.w3.org/2000/svg}polyline")
    assert [len(line.attrib["points"].split()) for line in lines] == [2, 2]


def test_the_page_has_room_and_a_reason_for_each_row() -> None:
    """docs/benchmarks.md has the marks between which is written, both plots, and each reason that a row may need."""
    text = page.PAGE.read_text()
    for block in (page.MEASURED, page.BULK):
        assert [text.count(mark) for mark in page.marks(block)] == [1, 1]
    assert "](benchmarks.svg)" in text and "](benchmarks-bulk.svg)" in text
    assert page.BULK_PLOT.is_file() and page.PLOT.is_file()
    assert [name for name in page.REASONS.values() if f"\n* **{name}.**" not in text] == []


def test_every_row_with_an_aim_has_its_reason() -> None:
    """Whatever row may miss its aim, a reason is known for it: the names of rows are those that the code makes."""
    text = "".join(path.read_text() for path in sorted(page.ROOT.joinpath("tests", "benchmarks").glob("*.py")))
    aimed = [
        "import and construct / raw httpx", "import, construct, first submit / raw httpx",
        "weryai --help / import click",
        "our part of the base install", "... CPU, bulk run / bare httpx", "... wall, bulk run / bare httpx",
    ]  # fmt: skip
    assert [name for name in aimed if f'"{name}"' not in text or not page.why(name)] == []
    made = [f"CPU of 300 x {what} / raw httpx" for what in ("submit", "poll", "async submit", "async poll")]
    assert [page.why(name) for name in made] == ["Submits", "Polls", "Awaited submits", "Polls"]
