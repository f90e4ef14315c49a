"""The three reports, made from recorded exchanges."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from weryai.contract._findings import KINDS
from weryai.contract._live import LIVE_URL, judge, place_of, planned_request
from weryai.contract._reading import json_of, operation
from weryai.contract._record import Checks, Exchange, Problem, Secret
from weryai.contract._report import Run, console, coverage_table, junit, write_reports

LIVE = place_of(LIVE_URL)
SECRET = Secret("sk-secret-0123456789")
STATUS = "https://api.weryai.com/v1/generation/t1/status"
JSON = {"content-type": "application/json; charset=utf-8", "date": "today"}
HOSTILE = "<script>alert(1)</script>\x00\x1b[31m\ud800"


def answered(body: Any, http_status: int = 200, who: str = "live set") -> Exchange:
    """An answer to a status request."""
    return Exchange(who, "GET", STATUS, "", b"", http_status, JSON, json.dumps(body).encode())


def a_run(*, strict: bool = False, failing: bool = True, drifting: bool = True) -> Run:
    """A run with a check that holds, one that does not, and three kinds of drift."""
    checks = Checks(SECRET)
    checks.add("live set", "getTaskStatus, real key", seconds=0.25)
    if failing:
        shown = answered({"status": 0, "data": HOSTILE})
        wrong = Problem(f"not refused: {HOSTILE}", shown, "a wrong key was not refused")
        checks.add("live set", "getBalance, wrong key", wrong, "and more")
    checks.add("coverage", "nothing is left out")
    drift = {"eta": HOSTILE} if drifting else {}
    exchanges = [
        answered({"status": 0, "msg": "", "data": {"task_id": "t1", "task_status": "waiting", **drift}}),
        answered({"status": 0, "data": {"task_id": "t1", "task_status": "waiting", **drift}}, who="sweep"),
        *([answered({"status": 4242, "message": "no"}, 418)] if drifting else []),
    ]
    return Run("https://api.weryai.com", "live set", "today", 3.0, ["a note"], checks, exchanges, strict=strict)


ODD = {
    "half a surrogate pair": b'{"status": 0, "data": {"\\ud800": "\\udfff"}}',
    "half a pair that is not escaped": b'{"status": 0, "data": "\xed\xa0\x80"}',
    **{
        f"{levels} levels of {kind}": (f'{{"status": 0, "data": {before * levels}1{after * levels}}}').encode()
        for kind, before, after in (("arrays", "[", "]"), ("objects", '{"a":', "}"))
        for levels in (99, 100, 270, 520, 900)
    },
}


@pytest.mark.parametrize("what", ODD)
def test_any_body_is_judged_and_reported(tmp_path: Path, what: str) -> None:
    """No answer ends a run in a mistake of ours: what cannot be judged as JSON is judged as text."""
    exchange = Exchange("t", "GET", STATUS, "", b"", 200, JSON, ODD[what])
    checks = Checks(SECRET)
    checks.add("live set", "t", *judge(planned_request(LIVE, operation("getTaskStatus"), "wrong"), exchange))
    run = Run("https://e.com", "live set", "today", 0.1, [], checks, [exchange])
    write_reports(tmp_path, run, SECRET)
    assert "live set: 0 of 1 checks hold" in console(run)
    is_too_deep = "levels" in what and not what.startswith("99")
    assert isinstance(json_of(ODD[what]), str) is is_too_deep
    ElementTree.parse(tmp_path / "junit.xml")
    json.loads((tmp_path / "drift.json").read_text(encoding="utf-8"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the reports of that run."""
    assert write_reports(tmp_path / "reports", a_run(), SECRET) == tmp_path / "reports" / "index.html"
    return tmp_path / "reports"


def test_junit_has_every_check(folder: Path) -> None:
    """CI reads groups, counts, times and problems out of it, whatever signs a service sends."""
    root = ElementTree.fromstring((folder / "junit.xml").read_text(encoding="utf-8"))
    live, coverage = root.findall("testsuite")
    assert (live.get("name"), live.get("tests"), live.get("failures")) == ("live set", "2", "1")
    assert (coverage.get("tests"), coverage.get("failures")) == ("1", "0")
    good, bad = live.findall("testcase")
    assert good.get("time") == "0.250" and good.find("failure") is None
    failure = bad.find("failure")
    assert failure is not None and "not refused" in str(failure.get("message")) and "and more" in str(failure.text)


def test_the_drift_report_says_what_and_where(folder: Path) -> None:
    """Each kind with its operation, HTTP status, pointer, count, a sample and who met it."""
    report = json.loads((folder / "drift.json").read_text(encoding="utf-8"))
    assert (report["address"], report["answers"]) == ("https://api.weryai.com", 3)
    found = [(one["kind"], one["pointer"], one["count"]) for one in report["drift"]]
    assert found == [("field", "/data/eta", 2), ("http_status", "", 1), ("code", "/status", 1)]
    met = [one for row in report["drift"] for one in row["operations"]]
    assert [(one["http_status"], one["count"]) for one in met] == [(200, 2), (418, 1), (418, 1)]
    assert {one["operation"] for one in met} == {"getTaskStatus"}
    assert report["drift"][0]["met_by"] == ["live set", "sweep"]
    assert report["drift"][2]["sample"] == "4242"


class Links(HTMLParser):
    """Everything that a page would load or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag and its addresses."""
        self.tags.add(tag)
        self.found += [f"{tag} {name}" for name, _ in attrs if name in ("src", "href", "srcset", "data", "action")]


def test_the_page_stands_alone(folder: Path) -> None:
    """It loads nothing, runs nothing, and what a service sent stays text; it fits both colour schemes and a phone."""
    text = (folder / "index.html").read_text(encoding="utf-8")
    links = Links()
    links.feed(text)
    assert links.found == [] and not links.tags & {"script", "link", "iframe", "img", "object", "base"}
    assert not re.search(r"url\(|@import", text)
    assert "&lt;script&gt;alert(1)" in text
    assert "prefers-color-scheme: dark" in text
    assert 'content="width=device-width' in text


def test_the_page_says_what_was_found(folder: Path) -> None:
    """Verdict, failing check with its problem, drift with its place, coverage of each kind, and the notes."""
    text = (folder / "index.html").read_text(encoding="utf-8")
    for wanted in ("1 check fails", "getBalance, wrong key", "and more", "/data/eta", "HTTP status", "A note."):
        assert wanted in text, wanted
    for kind in KINDS[1:]:
        assert f">{kind.capitalize()}<" in text
    assert "Every check holds" not in text


def test_drift_fails_only_the_strict() -> None:
    """Drift alone leaves a run good, unless it is strict; a failing check never does."""
    assert a_run(failing=False).is_good
    assert not a_run(failing=False, strict=True).is_good
    assert a_run(failing=False, drifting=False, strict=True).is_good
    assert not a_run(drifting=False).is_good


def test_a_terminal_is_told_what_came_and_obeys_none_of_it() -> None:
    """Control characters of an answer are shown as signs; lines stay lines."""
    told = console(a_run())
    assert "<script>alert(1)" in told and len(told.splitlines()) > 10
    assert set(re.findall(r"[^\n -\uffff]|[\x7f-\x9f]", told)) == set()


def test_a_run_without_anything_is_shown(tmp_path: Path) -> None:
    """No answers and no drift make a page as well."""
    checks = Checks(SECRET)
    checks.add("live set", "getBalance", "no response came")
    page = write_reports(tmp_path, Run("https://e.com", "live set", "today", 0.1, [], checks, []), SECRET)
    assert "None: every field" in page.read_text(encoding="utf-8")


def test_coverage_is_a_table_of_text() -> None:
    """One line for each operation, with as many columns as kinds."""
    head, *lines = coverage_table(a_run())
    assert head.split("  ")[0] == "operation"
    (line,) = [line for line in lines if line.startswith("getTaskStatus")]
    assert line.split()[1:3] == ["3", "1/1"]


def test_a_cause_is_told_once_with_its_evidence(tmp_path: Path) -> None:
    """Many checks that fail for one cause are one entry: verdict, cause, checks, request, response, curl."""
    checks = Checks(SECRET)
    for number in range(9):
        shown = answered({"status": 0, "desc": number}, who="sweep")
        checks.add("live set", f"check {number}", Problem(f"desc: {number}", shown, "the answer breaks it at /desc"))
    run = Run("https://e.com", "full suite", "today", 1.0, [], checks, [])
    text = write_reports(tmp_path, run, SECRET).read_text(encoding="utf-8")
    assert "9 checks fail, for 1 cause" in text
    assert text.count("<b>the answer breaks it at /desc</b>") == 1
    assert text.count("curl -i -X GET") == text.count("HTTP 200\n") == 1
    assert console(run).count("FAILED") == 1
    failures = ElementTree.fromstring(junit(run)).findall("testsuite/testcase/failure")
    assert [str(one.text).startswith("the same as of check 0") for one in failures] == [False] + [True] * 8
    assert ["curl" in str(one.text) for one in failures] == [True] * 9
    assert "Exercised means" in text and text.index("9 checks fail") < text.index("<h1>")


def test_drift_without_end_fills_no_page(tmp_path: Path) -> None:
    """Ids in the place of names make a kind of drift each: console and page tell a hundred, drift.json all."""
    many = answered({"status": 0, "data": {f"id{number}": 1 for number in range(250)}})
    run = Run("https://e.com", "live set", "today", 0.1, [], Checks(SECRET), [many])
    text = write_reports(tmp_path, run, SECRET).read_text(encoding="utf-8")
    in_all = len(json.loads((tmp_path / "drift.json").read_text(encoding="utf-8"))["drift"])
    assert in_all == 250
    for told in (console(run), text):
        assert len(set(re.findall(r"/data/id\d+\b", told))) in range(90, 101)
        assert f"{in_all - 100} more are in drift.json" in told
