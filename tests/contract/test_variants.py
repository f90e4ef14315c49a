"""Every shape of an answer that anybody has met, one file each in `variants/`, is run through the whole client.

`quirk` is the row of QUIRKS that a file stands for; `provenance` says whether its body stands like that in a source
("captured") or was put together from sourced names and codes ("reconstructed"); `outcome` is what must come out of the
call, and `wait`, for a look at a task, what waiting makes of it: the video, an error, or another look.
"""

import copy
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest

from contract.oracle import same
from contract.reading import CONTRACT, TWINS, Operation, operation, resolve
from contract.sending import Senders
from contract.serving import Served
from weryai import Batch, Submission, Task, WeryAIError, WeryAIWarning
from weryai_api import models

VARIANTS: dict[str, dict[str, Any]] = {
    file.stem: json.loads(file.read_text("utf-8"))
    for file in sorted((Path(__file__).parent / "variants").glob("*.json"))
}
LATER = "https://cdn.weryai.com/result/later.mp4"
# What a robust client must tolerate; a text says why no answer stands for it and where it is tested instead.
QUIRKS: dict[int, str] = {
    1: "",  # success is 0 or 200, may be missing, a text or a flag; failure can come with HTTP 200
    2: "",  # the message is in msg, message or desc, possibly in Chinese
    3: "",  # task_ids and batch_id, or task_id, or both
    4: "",  # words of a state in any casing, and unknown ones
    5: "",  # data as an array; videos in several places, as texts or objects
    6: "",  # success without an address is a failure
    7: "about requests: tests/journeys/test_models.py",  # aspect_ratio is left out for some models
    8: "about requests: tests/contract/test_requests.py",  # generate_audio is a boolean
    9: "",  # several tasks of one order
    10: "",  # codes with two meanings
    11: "",  # three ways to refuse a key
    12: "",  # models come and go
    13: "",  # caller_id can be refused
    14: "",  # no order is repeated after an ambiguous failure
    15: "about requests: tests/unit/overlay/test_tasks.py",  # answers may be cached on the way
    16: "",  # pages instead of JSON
    17: "about downloads: tests/journeys/test_resumed_downloads.py and test_expired_links.py",
    18: "about what comes first: tests/journeys/test_money.py",  # the task id is told before anything can fail
    19: "about deliveries: tests/contract/test_webhooks.py",  # webhooks are unsigned
    20: "",  # the registry is elsewhere, may be down, and varies
    21: "about the documents themselves: tests/contract/test_page.py",
}


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """One set of clients and one router for the module."""
    with Senders() as senders:
        made = Served(senders)
        with made.router:
            yield made


def answer_of(variant: dict[str, Any]) -> dict[str, Any]:
    """An answer in the words of httpx."""
    text = variant["text"] if "text" in variant else json.dumps(variant["body"], ensure_ascii=False)
    headers = {"content-type": "application/json", **variant.get("headers", {})}
    return {"status_code": variant["http_status"], "content": text.encode(), "headers": headers}


def told(outcome: Any) -> dict[str, Any]:
    """What came out of a call, in the words of the files."""
    match outcome:
        case WeryAIError():
            facts = {"error": type(outcome).__name__, "code": getattr(outcome, "code", None)}
            return {**facts, "message": getattr(outcome, "message", None), "billed": _billed(outcome)}
        case Submission():
            return {"task_ids": list(outcome.task_ids), "batch_id": outcome.batch_id}
        case Task():
            covers = [link.cover_url for link in outcome.videos]
            videos = [link.url for link in outcome.videos]
            return {"state": outcome.state.value, "videos": videos, "covers": covers, "reason": outcome.reason}
        case Batch():
            return {"states": [task.state.value for task in outcome.tasks]}
        case tuple():
            return {"models": [model.key for model in outcome]}
        case str():
            return {"address": outcome}
        case _:
            return {"credits": outcome}


def _billed(error: WeryAIError) -> Any:
    return getattr(error, "may_have_been_billed", None)


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_has_its_outcome(served: Served, name: str) -> None:
    """Each known variant of an answer gives the value or the error that its file says, sync and async alike."""
    variant = VARIANTS[name]
    for way, outcome in served.outcomes(operation(variant["operation"]), **answer_of(variant)).items():
        found = told(outcome)
        wanted = variant["outcome"]
        assert {word: found.get(word) for word in wanted} == wanted, f"{name} by {way} gave {outcome!r}"
        assert ("error" in wanted) == isinstance(outcome, WeryAIError)


WAITS = [name for name, variant in VARIANTS.items() if "wait" in variant]


@pytest.mark.parametrize("face", ["blocking", "awaited"])
@pytest.mark.parametrize("name", WAITS)
def test_every_look_leads_somewhere(served: Served, name: str, face: str) -> None:
    """Waiting ends with the video of a variant, with the error, or looks again and takes the next answer's video."""
    variant = VARIANTS[name]
    done = {"status": 0, "data": {"task_id": "task_abc123", "task_status": "succeed", "videos": [LATER]}}
    answers = iter([httpx.Response(**answer_of(variant)), httpx.Response(200, json=done)])
    served.router.routes.clear()
    served.router.route().mock(side_effect=lambda _request: next(answers))
    try:
        found = _waited(getattr(served.senders, face), served.senders)
    finally:
        served.router.routes.clear()
        served.router.route().mock(side_effect=lambda _request: served.answer)
    wanted = {"looks again": LATER, "video": (variant["outcome"].get("videos") or [None])[0]}
    assert found == wanted.get(variant["wait"], variant["wait"]), f"{name} by {face}"


def _waited(client: Any, senders: Senders) -> str:
    """The address of the video that waiting ends with, or the name of its error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WeryAIWarning)
        try:
            task = client.tasks.wait("task_abc123", interval=0.001, timeout=30)
            task = task if isinstance(task, Task) else senders.wait(task)
        except WeryAIError as error:
            return type(error).__name__
    return str(task.videos[0].url)


def schema_of(one: Operation, status: int) -> str:
    """The schema that the contract has for an answer of this HTTP status."""
    responses = one.spec["responses"]
    answer = resolve(responses.get(str(status), responses["default"]))
    return str(answer["content"]["application/json"]["schema"]["$ref"])


OBJECTS = [name for name, variant in VARIANTS.items() if isinstance(variant.get("body"), dict)]


# What no source shows, so that generators can name the type of `data`; the client makes sense of it all the same.
NOT_ALLOWED = {
    *(f"submit-no-id-{kind}" for kind in ("false", "list", "number", "text")),
    *("submit-data-array", "task-data-number", "task-data-text"),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_the_contract_allows_every_variant(name: str) -> None:
    """Each known variant is valid by the contract, or listed as what it does not allow; all survive their models."""
    variant = VARIANTS[name]
    schema = schema_of(operation(variant["operation"]), variant["http_status"])
    whole = {"$ref": schema, "components": CONTRACT["components"]}
    broken = jsonschema_rs.Draft202012Validator(whole).iter_errors(variant["body"])
    assert [list(error.instance_path) for error in broken] == ([["data"]] if name in NOT_ALLOWED else [])
    model = getattr(models, schema.rpartition("/")[2])
    assert same(model.from_dict(copy.deepcopy(variant["body"])).to_dict(), variant["body"])


# What the contract has no words for: the client makes sense of it all the same, and the suite tells it as drift.
UNDESCRIBED = {"task-videos-mixed": "/data/videos/0"}


@pytest.mark.parametrize("name", OBJECTS)
def test_the_data_is_described(name: str) -> None:
    """What an answer says in `data` fits its own part of the contract, which `failures` cannot see; or it is listed."""
    variant = VARIANTS[name]
    drift = TWINS.drift(schema_of(operation(variant["operation"]), variant["http_status"]), variant["body"])
    assert [line.partition(": ")[0] for line in drift] == ([UNDESCRIBED[name]] if name in UNDESCRIBED else []), (
        f"{name}: {drift}"
    )


def test_every_quirk_has_a_variant() -> None:
    """Each known quirk has a file, or the reason why no answer stands for it; each file names quirk and source."""
    with_files = {variant["quirk"] for variant in VARIANTS.values()}
    assert with_files == {quirk for quirk, elsewhere in QUIRKS.items() if not elsewhere}
    for quirk, elsewhere in QUIRKS.items():
        paths = [word for word in elsewhere.replace(",", " ").split() if word.startswith("tests/")]
        assert not elsewhere or paths, quirk
        assert [path for path in paths if not (Path(__file__).parents[2] / path).is_file()] == [], elsewhere
    for name, variant in VARIANTS.items():
        assert variant["provenance"] in ("captured", "reconstructed"), name
        assert variant["source"] in CONTRACT["info"]["x-sources"], name
        assert variant["about"], name
