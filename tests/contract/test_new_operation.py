"""An operation that is new in the contract is tested the day it appears, with nothing to write."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from contract.reading import ROOT

PARTS = ("openapi", "generated_client", "overlays", "tests")
# A free call with a body and a path parameter, and a plain look-up.
NEW_OPERATIONS = """
  /v1/generation/{taskId}/applaud:
    post:
      operationId: applaudTask
      tags: [tasks]
      summary: Applaud a task
      x-source: {doc: CORE, confidence: inference}
      security: [{bearerAuth: []}]
      parameters:
        - $ref: "#/components/parameters/TaskId"
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: "#/components/schemas/Applause"}
            examples: {loud: {value: {volume: 11}}}
      responses:
        "200":
          description: Heard.
          content:
            application/json:
              schema: {$ref: "#/components/schemas/BalanceReply"}
              examples: {heard: {value: {status: 0, desc: success, message: success, data: 11}}}
        "400": {$ref: "#/components/responses/BadRequest"}
        "401": {$ref: "#/components/responses/Unauthorized"}
        "403": {$ref: "#/components/responses/Forbidden"}
        "429": {$ref: "#/components/responses/TooManyRequests"}
        "500": {$ref: "#/components/responses/ServerError"}
        "504": {$ref: "#/components/responses/GatewayTimeout"}
        default: {$ref: "#/components/responses/AnyOther"}
  /v1/generation/applauders:
    get:
      operationId: listApplauders
      tags: [tasks]
      summary: List who applauds
      x-source: {doc: CORE, confidence: inference}
      security: [{bearerAuth: []}]
      responses:
        "200":
          description: They.
          content:
            application/json:
              schema: {$ref: "#/components/schemas/BalanceReply"}
              examples: {they: {value: {status: 0, desc: success, message: success, data: 3}}}
        "401": {$ref: "#/components/responses/Unauthorized"}
        "403": {$ref: "#/components/responses/Forbidden"}
        "429": {$ref: "#/components/responses/TooManyRequests"}
        "500": {$ref: "#/components/responses/ServerError"}
        "504": {$ref: "#/components/responses/GatewayTimeout"}
        default: {$ref: "#/components/responses/AnyOther"}
"""
NEW_SCHEMA = """
    Applause:
      type: object
      additionalProperties: false
      required: [volume]
      properties:
        volume: {type: integer, minimum: 1, maximum: 11}
"""
# What takes up a new operation by itself: requests four ways, sound and broken answers, the emulator.
TAKEN_UP = [
    "test_emulator.py::test_every_client_is_understood",
    "test_emulator.py::test_the_emulator_answers_as_the_contract_has_it",
    "test_malformed.py::test_any_answer_gives_a_typed_outcome",
    "test_operations.py::test_every_operation_is_generated",
    "test_requests.py::test_a_request_of_the_contract_goes_out_as_it_is",
    "test_responses.py::test_the_outcome_follows_from_status_and_envelope",
]


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project whose contract has two operations more, with the client made from it."""
    folder = tmp_path_factory.mktemp("extended")
    for part in PARTS:
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    contract = folder / "openapi" / "weryai.yaml"
    text = contract.read_text("utf-8")
    text = text.replace("\npaths:\n", f"\npaths:{NEW_OPERATIONS}", 1).replace(
        "\n  schemas:\n", f"\n  schemas:{NEW_SCHEMA}", 1
    )
    contract.write_text(text, "utf-8")
    subprocess.run([sys.executable, str(folder / "openapi" / "generate.py")], check=True, capture_output=True)
    return folder


def run_suite(folder: Path, *options: str) -> str:
    """Run tests of the copy and return what pytest said."""
    places = [str(folder / "overlays"), str(folder / "generated_client"), os.environ["PYTHONPATH"]]
    command = [sys.executable, "-m", "pytest", "-vv", "--cases", "3", "--quick", "-p", "no:cacheprovider", *options]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False).stdout


def test_a_new_operation_is_tested_by_itself(extended: Path) -> None:
    """Requests, answers and the emulator are tested for an operation of which no test knows, and all is well."""
    said = run_suite(extended, "tests/contract", "-k", "pplau")
    passed = {found[1] for found in re.finditer(r"(test_\w+\.py::test_\w+)\S* .*PASSED|(?!)", said)}
    assert "FAILED" not in said and "ERROR" not in said, said[-3000:]
    assert passed >= set(TAKEN_UP), said[-3000:]
