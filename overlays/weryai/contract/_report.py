"""A run as people and CI read it: JUnit, one page of HTML, and the drift as JSON. The key is in none of them."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2

from weryai.contract._findings import KINDS, REASONS, Item, Place, count_drift, everything, exercised, explaining
from weryai.contract._reading import CONTRACT, json_of, operations
from weryai.contract._record import Cause, Check, Checks, Exchange, Secret

SIDES = {"requests": KINDS[:4], "responses": KINDS[4:]}
LONGEST_BODY = 2_000
# Kinds of drift on the console and the page: ids in the place of names make one of each answer.
MOST_DRIFT = 100
_HERE = Path(__file__).parent
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass
class Run:
    address: str
    what: str
    started: str
    seconds: float
    notes: list[str]
    checks: Checks
    exchanges: list[Exchange]
    strict: bool = False
    seed: int = 0
    why: Callable[[Item], str] = field(default_factory=lambda: explaining(REASONS))
    is_mock: bool = False
    drift: list[Place] = field(init=False)
    seen: Counter[Item] = field(init=False)

    def __post_init__(self) -> None:
        self.drift = count_drift(self.exchanges, is_mock=self.is_mock)
        self.seen = exercised(self.exchanges)

    @property
    def unexercised(self) -> list[Item]:
        return [item for item in everything() if not self.seen[item]]

    @property
    def shares(self) -> dict[str, tuple[int, int, int]]:
        """By side: how many items were exercised, of how many, and how many more have a reason."""
        sides: dict[str, tuple[int, int, int]] = {}
        for side, kinds in SIDES.items():
            items = [item for item in everything() if item.kind in kinds]
            missing = [item for item in items if not self.seen[item]]
            explained = sum(bool(self.why(item)) for item in missing)
            sides[side] = len(items) - len(missing), len(items) - explained, explained
        return sides

    @property
    def is_good(self) -> bool:
        """Whether every check holds; drift counts only for the strict."""
        return not self.checks.failed and not (self.strict and self.drift)

    @property
    def groups(self) -> dict[str, list[Check]]:
        return _grouped((check.group, check) for check in self.checks.all)


def _grouped(pairs: Iterable[tuple[str, Any]]) -> dict[str, list[Any]]:
    grouped: dict[str, list[Any]] = {}
    for name, one in pairs:
        grouped.setdefault(name, []).append(one)
    return grouped


def write_reports(folder: Path, run: Run, secret: Secret) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    texts = {"junit.xml": junit(run), "drift.json": drift_json(run), "index.html": page(run)}
    for name, text in texts.items():
        (folder / name).write_text(secret.hide_text(text), encoding="utf-8")
    return folder / "index.html"


def junit(run: Run) -> str:
    """The checks as CI systems read them; a cause that several have is written out once."""
    totals = _totals(run.checks.all)
    root = ElementTree.Element("testsuites", {"name": "contract", "time": f"{run.seconds:.3f}", **totals})
    for number, (group, checks) in enumerate(run.groups.items()):
        seconds = f"{sum(check.seconds for check in checks):.3f}"
        told = {"name": group, "id": str(number), "timestamp": run.started, "time": seconds, **_totals(checks)}
        suite = ElementTree.SubElement(root, "testsuite", told)
        properties = ElementTree.SubElement(suite, "properties")
        known = {"seed": str(run.seed), "address": run.address, "contract": CONTRACT["info"]["version"]}
        for name, value in known.items():
            ElementTree.SubElement(properties, "property", name=name, value=_clean(value))
        for check in checks:
            case = ElementTree.SubElement(
                suite, "testcase", classname=group, name=_clean(check.name), time=f"{check.seconds:.3f}"
            )
            if check.problems:
                message = _clean(check.problems[0].text)[:300]
                failure = ElementTree.SubElement(case, "failure", message=message, type="ContractMismatch")
                failure.text = _clean("\n\n".join(_told_once(run.checks.causes, check)))
            elif check.known:
                ElementTree.SubElement(case, "skipped", message=_clean(_why_known(check)))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _told_once(causes: list[Cause], check: Check) -> Iterator[str]:
    """Tell the problems of a check; a cause of an earlier check as well is only named."""
    for cause in causes:
        own = next((one for one in check.problems if one.key == cause.problem.key), None)
        if own is None:
            continue
        is_first = cause.checks[0] is check
        curl = f"\n{own.exchange.curl}" if own.exchange else ""
        yield str(own) if is_first else f"the same as of {cause.checks[0].name}: {cause.problem.key}{curl}"


def _why_known(check: Check) -> str:
    return "; ".join(dict.fromkeys(f"known: {why}" for _, why in check.known))


def _totals(checks: list[Check]) -> dict[str, str]:
    failures = sum(bool(check.problems) for check in checks)
    skipped = sum(bool(check.known) and not check.problems for check in checks)
    return {"tests": str(len(checks)), "failures": str(failures), "errors": "0", "skipped": str(skipped)}


def console(run: Run) -> str:
    """Return what is printed at the end; what a service says may not move a terminal's cursor or colour it."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", "\n".join(_lines(run)))


def _lines(run: Run) -> Iterator[str]:
    for group, checks in run.groups.items():
        failed = [check for check in checks if check.problems]
        known = sum(bool(check.known) for check in checks)
        but = f", {known} of them but for known faults" if known else ""
        yield f"{group}: {len(checks) - len(failed)} of {len(checks)} checks hold{but}"
    for cause in run.checks.causes:
        yield f"FAILED {', '.join(f'{check.group}: {check.name}' for check in cause.checks)}:"
        yield from (f"    {line[:900]}" for line in str(cause.problem).splitlines())
    for why in dict.fromkeys(why for check in run.checks.all for _, why in check.known):
        yield f"KNOWN {why}"
    yield ""
    yield from coverage_table(run)
    yield from coverage_lines(run)
    yield ""
    yield f"drift: {len(run.drift)} kinds in {len(run.exchanges)} answers" + (
        ", which this run does not allow" if run.strict and run.drift else ""
    )
    yield from (f"  {place}"[:900] for place in run.drift[:MOST_DRIFT])
    if len(run.drift) > MOST_DRIFT:
        yield f"  {len(run.drift) - MOST_DRIFT} more are in drift.json"


def coverage_lines(run: Run) -> Iterator[str]:
    """How much of requests and of responses was exercised, net of what has a reason."""
    yield from (
        f"{side}: {met} of {of} items exercised, {explained} more have a reason"
        for side, (met, of, explained) in run.shares.items()
    )


def markdown(run: Run) -> str:
    failed, total = len(run.checks.failed), len(run.checks.all)
    verdict = "holds" if run.is_good else "fails"
    lines = [f"### Contract {verdict}: {run.what} at `{run.address}`", "", f"{total - failed} of {total} checks hold."]
    lines += ["", *(f"* {line}" for line in coverage_lines(run)), f"* drift: {len(run.drift)} kinds", ""]
    for cause in run.checks.causes:
        fence = "`" * 5
        names = ", ".join(f"{check.group}: {check.name}" for check in cause.checks)
        lines += [f"**{names}**", "", fence, str(cause.problem), fence, ""]
    return "\n".join(lines) + "\n"


def drift_json(run: Run) -> str:
    report = {
        "address": run.address,
        "contract": CONTRACT["info"]["version"],
        "answers": len(run.exchanges),
        "drift": [place.as_json() for place in run.drift],
    }
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"


def page(run: Run) -> str:
    loader = jinja2.FileSystemLoader(_HERE)
    environment = jinja2.Environment(
        loader=loader,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["shown"] = _shown
    template = environment.get_template("page.html.jinja")
    return template.render(
        run=run,
        known=_grouped(
            (why, check) for check in run.checks.all for why in dict.fromkeys(why for _, why in check.known)
        ),
        version=CONTRACT["info"]["version"],
        kinds=KINDS,
        most=MOST_DRIFT,
        coverage=coverage_rows(run),
        unexercised=_grouped((run.why(item) or "not exercised by this run", item) for item in run.unexercised),
    )


def coverage_rows(run: Run) -> list[dict[str, Any]]:
    counted: Counter[tuple[str, str, bool]] = Counter(
        (item.operation, item.kind, bool(run.seen[item])) for item in everything()
    )
    rows = []
    for one in operations():
        met = [counted[one.name, kind, True] for kind in KINDS[1:]]
        shares = [(had, had + counted[one.name, kind, False]) for had, kind in zip(met, KINDS[1:], strict=True)]
        rows.append({"operation": one.name, "requests": run.seen[Item("operation", one.name, "")], "shares": shares})
    return rows


def coverage_table(run: Run) -> list[str]:
    head = f"{'operation':<24}{'requests':>9}" + "".join(f"{kind:>16}" for kind in KINDS[1:])
    lines = [
        f"{row['operation']:<24}{row['requests']:>9}" + "".join(f"{f'{met}/{of}':>16}" for met, of in row["shares"])
        for row in coverage_rows(run)
    ]
    return [head, *lines]


def _shown(content: bytes) -> str:
    """Return a body as people read it: JSON in lines, and no more than a page of it."""
    body = json_of(content)
    text = body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False)
    more = len(text) - LONGEST_BODY
    return text if more <= 0 else f"{text[:LONGEST_BODY]}\n... {more} more characters"


def _clean(text: str) -> str:
    return _NOT_IN_XML.sub("�", text)
