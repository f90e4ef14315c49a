"""The benchmark's own arithmetic: what counts as worse, and what it writes into docs/."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import __main__ as bench
from benchmarks.plot import svg
from benchmarks.table import Row, interleaved, ratio
from repository.places import ROOT

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


def test_the_record_is_written_where_it_belongs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table replaces the one between the marks and nothing else, and the plot has a line for each side."""
    page = tmp_path / "page.md"
    page.write_text(f"# Head\n\n{bench.BEGIN}\nold\n{bench.END}\n\nTail\n")
    for name, path in (("PAGE", page), ("PLOT", tmp_path / "plot.svg"), ("RECORD", tmp_path / "record.json")):
        monkeypatch.setattr(bench, name, path)
    bench.write(CALLS, "2026-01-01 a machine", "abc1234")
    text = page.read_text()
    assert text.startswith(f"# Head\n\n{bench.BEGIN}\nMeasured 2026-01-01 a machine, of commit abc1234.\n\n| what |")
    assert text.endswith(f"{bench.END}\n\nTail\n")
    assert "old" not in text
    assert "| CPU of a poll, 16 at a time | 300 us | 200 us | 1.50 x | | |" in text
    assert json.loads((tmp_path / "record.json").read_text())["figures"][CALLS[0].what]["figure"] == 1.5
    lines = ElementTree.fromstring(svg(CALLS)).findall("{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == 4


def test_the_page_has_room_for_the_table() -> None:
    """docs/benchmarks.md has the marks between which `make bench-record` writes, and shows the plot."""
    page = (ROOT / "docs" / "benchmarks.md").read_text()
    assert page.count(bench.BEGIN) == page.count(bench.END) == 1
    assert "](benchmarks.svg)" in page
