"""A run as people and CI read it: JUnit, one page of HTML, and the drift as JSON. The key is in none of them."""

import json
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2

from contract.reading import CONTRACT, operations
from service.checks import Check, Checks
from service.coverage import KINDS, Item, everything, exercised
from service.drifting import DriftCount, count_drift
from service.exchange import Exchange
from service.reasons import reason_for
from service.secrecy import Secret

_HERE = Path(__file__).parent
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass
class Run:
    """What a run was and what it found."""

    address: str
    what: str
    started: str
    seconds: float
    notes: list[str]
    checks: Checks
    exchanges: list[Exchange]
    strict: bool = False
    drift: list[DriftCount] = field(init=False)
    seen: Counter[Item] = field(init=False)

    def __post_init__(self) -> None:
        self.drift = count_drift(self.exchanges)
        self.seen = exercised(self.exchanges)

    @property
    def unexercised(self) -> list[Item]:
        """The items of the contract that no exchange has exercised."""
        return [item for item in everything() if not self.seen[item]]

    @property
    def is_good(self) -> bool:
        """Whether every check holds; drift counts only for the strict."""
        return not self.checks.failed and not (self.strict and self.drift)

    @property
    def groups(self) -> dict[str, list[Check]]:
        """The checks by group, in the order of the run."""
        grouped: dict[str, list[Check]] = {}
        for check in self.checks.all:
            grouped.setdefault(check.group, []).append(check)
        return grouped


def write_reports(folder: Path, run: Run, secret: Secret) -> Path:
    """Write the three reports and return the path of the page."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {"junit.xml": junit(run), "drift.json": drift_json(run), "index.html": page(run)}
    for name, text in texts.items():
        (folder / name).write_text(secret.hide_text(text), encoding="utf-8")
    return folder / "index.html"


def junit(run: Run) -> str:
    """The checks in the form that CI systems read."""
    root = ElementTree.Element("testsuites", name="contract", time=f"{run.seconds:.3f}")
    for group, checks in run.groups.items():
        failures = sum(bool(check.problems) for check in checks)
        suite = ElementTree.SubElement(root, "testsuite", name=group, tests=str(len(checks)), failures=str(failures))
        for check in checks:
            case = ElementTree.SubElement(
                suite, "testcase", classname=group, name=_clean(check.name), time=f"{check.seconds:.3f}"
            )
            if check.problems:
                failure = ElementTree.SubElement(case, "failure", message=_clean(check.problems[0])[:300])
                failure.text = _clean("\n\n".join(check.problems))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def drift_json(run: Run) -> str:
    """Everything that the contract does not know, and where it was met."""
    report = {
        "address": run.address,
        "contract": CONTRACT["info"]["version"],
        "answers": len(run.exchanges),
        "drift": [one.as_json() for one in run.drift],
    }
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"


def page(run: Run) -> str:
    """One page that needs nothing beside itself."""
    loader = jinja2.FileSystemLoader(_HERE)
    environment = jinja2.Environment(
        loader=loader,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    template = environment.get_template("page.html.jinja")
    return template.render(
        run=run,
        version=CONTRACT["info"]["version"],
        kinds=KINDS,
        coverage=coverage_rows(run),
        unexercised=_by_reason(run),
    )


def coverage_rows(run: Run) -> list[dict[str, Any]]:
    """Of each operation: how many requests, and how much of each kind of item was exercised."""
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
    """The same as lines of text."""
    head = f"{'operation':<24}{'requests':>9}" + "".join(f"{kind:>16}" for kind in KINDS[1:])
    lines = [
        f"{row['operation']:<24}{row['requests']:>9}" + "".join(f"{f'{met}/{of}':>16}" for met, of in row["shares"])
        for row in coverage_rows(run)
    ]
    return [head, *lines]


def _by_reason(run: Run) -> dict[str, list[Item]]:
    grouped: dict[str, list[Item]] = {}
    for item in run.unexercised:
        grouped.setdefault(reason_for(item) or "not exercised by this run", []).append(item)
    return grouped


def _clean(text: str) -> str:
    return _NOT_IN_XML.sub("�", text)
