"""The key is never shown: not by a client, an error, a pickle, a traceback or a log."""

import logging
import pickle
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import weryai
from fakes.answers import SUBMIT, TASK, looked, refused, serve_story
from fakes.faces import Face, generate, submit
from fakes.faults import Answer, Chunks, Close, Half, Raw, Reply, html_reply, json_reply
from fakes.faulty_server import FaultyServer
from fakes.surroundings import JOURNEY_KEY
from weryai import AsyncWeryAI, WeryAI

pytestmark = pytest.mark.timeout(60)
STATUS = f"/v1/generation/{TASK}/status"


def get(client: Any) -> Any:
    """Look at the task."""
    return client.tasks.get(TASK)


def echoing(secret: str) -> dict[str, tuple[Answer, Callable[[Any], Any]]]:
    """Return answers that repeat the key, as careless servers do, and the work that meets them."""
    text = f"the key {secret} is not good"
    broken = f'{{"status":0,"message":"{text}","data":'.encode()
    return {
        "refusal of a submit": (refused(1002, text), submit),
        "401": (refused(401, text, 401), submit),
        "500 envelope": (json_reply({"status": 5000, "message": text, "data": {"key": [secret]}}, 500), submit),
        "502 page": (html_reply(502, text), submit),
        "page": (html_reply(200, text), submit),
        "truncated": (Reply(broken), submit),
        "key as a name": (json_reply({"status": 9, "message": "no", "data": {secret: 1}}), submit),
        "half": (Half(broken + bytes(2 * len(broken))), submit),
        "chunks cut": (Chunks((broken,), cut=True), submit),
        "not http": (Raw(text.encode() + b"\r\n\r\n"), submit),
        "look, not http": (Raw(text.encode() + b"\r\n\r\n"), get),
        "escaped": (Reply(broken.replace(b"-", b"\\u002d") + b"1}"), submit),
        "a redirect": (Reply(status=307, headers={"Location": f"/other?key={secret}"}), submit),
        "close": (Close(), submit),
        "refusal of a look": (refused(1003, text), get),
        "look at a page": (html_reply(200, text), get),
        "failed task": (looked("failed", msg=text), lambda client: client.tasks.wait(TASK, interval=0.01)),
    }


@pytest.mark.parametrize("case", list(echoing("")))
def test_no_error_shows_the_key(
    face: Face, faulty_server: FaultyServer, caplog: pytest.LogCaptureFixture, case: str
) -> None:
    """Not in str, repr, pickle, traceback or log of any error, even when the server repeats the key."""
    answer, work = echoing(JOURNEY_KEY)[case]
    faulty_server.default("POST", SUBMIT, answer)
    faulty_server.default("GET", STATUS, answer)
    with caplog.at_level(logging.DEBUG):
        try:
            face.run(work, faulty_server.url)
        except weryai.WeryAIError as error:
            shown = [str(error), repr(error), repr(vars(error)), traceback.format_exc(), repr(pickle.dumps(error))]
        else:
            pytest.fail("the response should have been an error")
    # httpcore's wire log repeats what the server sent; what we and httpx log must not.
    shown.extend(record.getMessage() for record in caplog.records if not record.name.startswith("httpcore"))
    assert faulty_server.requests[0].key == JOURNEY_KEY
    assert [text for text in shown if JOURNEY_KEY in text] == []


def test_no_log_shows_the_key(
    face: Face, faulty_server: FaultyServer, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """A story that goes well writes the key nowhere either."""
    serve_story(faulty_server)
    with caplog.at_level(logging.DEBUG):
        video = face.run(lambda client: generate(client, tmp_path / "v.mp4"), faulty_server.url)
    assert JOURNEY_KEY not in caplog.text + repr(video)


@pytest.mark.parametrize("make", [WeryAI, AsyncWeryAI])
def test_no_client_shows_its_key(make: Callable[..., Any], faulty_server: FaultyServer) -> None:
    """Neither the client nor its resources show the key, whether it was given as text or by a callable."""
    for key in (JOURNEY_KEY, lambda: JOURNEY_KEY):
        client = make(key, base_url=faulty_server.url)
        shown = [repr(client), str(client), repr(vars(client)), repr(client.tasks), repr(client.image_to_video)]
        assert [text for text in shown if JOURNEY_KEY in text] == []
