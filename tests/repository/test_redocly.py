"""The contract's second linter, which also runs its flows; it needs Node.js, so CI runs it and the suite does not."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from contract.reading import CONTRACT, operations, resolve
from repository.places import OPENAPI, ROOT

SCRIPT = ROOT / ".ci" / "lint-contract"
CONFIGURATION = OPENAPI / "redocly.yaml"


def test_ci_runs_it() -> None:
    """CI lints the contract by the verb that a contributor has, and stops where it fails."""
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert "make -s lint-contract" in lines
    assert "set -euo pipefail" in lines
    verb = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\nlint-contract:")[2]
    assert verb.splitlines()[1] == "\t@.ci/lint-contract"


def test_the_check_does_without_it() -> None:
    """`make check` needs no Node.js."""
    line = re.search(r"^check:.*", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert line and "lint-contract" not in line[0]


def test_its_version_is_exact() -> None:
    """One exact version is installed, and no file remembers from where."""
    command = next(line for line in SCRIPT.read_text(encoding="utf-8").splitlines() if line.startswith("npm install"))
    assert re.search(r" @redocly/cli@\d+\.\d+\.\d+( |$)", command)
    assert "--no-save" in command and "--no-package-lock" in command


def test_every_exception_has_a_reason() -> None:
    """The strictest rule set is asked for; each rule that is off has a comment above it that says why."""
    text = CONFIGURATION.read_text(encoding="utf-8")
    settings = yaml.safe_load(text)
    assert settings["extends"] == ["recommended-strict"]
    rules = text.partition("\nrules:\n")[2].splitlines()
    switched = [number for number, line in enumerate(rules) if not line.startswith("  #")]
    assert len(switched) == len(settings["rules"]) == 1
    assert [number for number in switched if not (number and rules[number - 1].startswith("  # "))] == []


@pytest.mark.skipif(shutil.which("sh") is None, reason="there is no shell")
@pytest.mark.parametrize("present", [[], ["node"], ["npm"]])
def test_without_node_it_says_what_to_install(tmp_path: Path, present: list[str]) -> None:
    """Where Node.js or npm is missing, one line says so and nothing is installed."""
    for program in ("sh", "dirname", "mktemp", "rm"):
        (tmp_path / program).symlink_to(shutil.which(program) or "/bin/" + program)
    for program in present:
        (tmp_path / program).write_text("#!/bin/sh\nexit 3\n")
        (tmp_path / program).chmod(0o755)
    done = subprocess.run(
        [str(tmp_path / "sh"), str(SCRIPT)],
        env={"PATH": str(tmp_path), "HOME": os.devnull},
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("make lint-contract needs Node.js") and done.stderr.count("\n") == 1


FLOWS: dict[str, Any] = yaml.safe_load((OPENAPI / "flows.arazzo.yaml").read_text(encoding="utf-8"))
STEPS = [(flow["workflowId"], step) for flow in FLOWS["workflows"] for step in flow["steps"]]


def test_the_flows_are_linted_and_run() -> None:
    """The tool that lints the contract lints the flows too and runs them all, and its failure is the verb's."""
    lines = SCRIPT.read_text(encoding="utf-8").splitlines()
    assert "openapi/flows.arazzo.yaml" in next(line for line in lines if line.startswith("redocly lint "))
    (run,) = [line for line in lines if " redocly respect " in line]
    assert "openapi/flows.arazzo.yaml" in run
    assert not {"||", "--workflow", "--skip", "-w", "-s"} & set(run.split())


def test_a_flow_never_submits_again() -> None:
    """Every step is an operation of the contract; a paid one has no second try, and whatever polls has a limit."""
    known = {one.name: one.spec for one in operations()}
    assert len(STEPS) > 8
    assert {flow["workflowId"] for flow in FLOWS["workflows"]} == {"image_to_video", "one_task_id", "refusal", "batch"}
    for flow, step in STEPS:
        spec = known[step["operationId"]]
        actions = step.get("onFailure", [])
        assert not (spec.get("x-paid") and actions), (flow, step["stepId"])
        retries = [one for one in actions if one["type"] == "retry"]
        assert [one for one in retries if not (one["criteria"] and 0 < one["retryLimit"] <= 60)] == []
        assert not actions or actions[-1]["type"] == "end", (flow, step["stepId"])


def test_the_flows_are_of_this_contract() -> None:
    """The flows carry the contract's version, and send what its examples and fields allow."""
    assert FLOWS["info"]["version"] == CONTRACT["info"]["version"]
    (source,) = FLOWS["sourceDescriptions"]
    assert (OPENAPI / source["url"]).is_file()
    for flow, step in STEPS:
        body = step.get("requestBody")
        if body:
            (sent,) = [one for one in operations() if one.name == step["operationId"]]
            schema = resolve(sent.spec["requestBody"]["content"][body["contentType"]]["schema"])
            assert set(schema["required"]) <= set(body["payload"]) <= set(schema["properties"]), (flow, step["stepId"])
