"""The live set: what may be asked of the real service without spending a credit, and what must come of it.

It is made from the contract: every operation with a wrong key and with none, and the GETs with the real key as well.
On an explicit word one task is paid for, and followed to its video.
"""

from __future__ import annotations

import json
import struct
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx

from weryai import RetryPolicy, WeryAI
from weryai.contract._checks import Checks, Problem
from weryai.contract._exchange import EndlessAnswerError, Exchange
from weryai.contract._guard import Credential, Guard, Place, Planned, RefusedRequestError
from weryai.contract._reading import (
    Operation,
    Refusals,
    broken_at,
    code_of,
    has_task_id,
    is_refusal,
    operation,
    operations,
    resolve,
    says,
)


def png(width: int = 64, height: int = 48) -> bytes:
    rows = b"".join(
        b"\0" + bytes(v for x in range(width) for v in (x * 255 // width, y * 255 // height, 96)) for y in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


UNKNOWN_ID = "weryai-contract-suite-000000000000"
NOT_FOUND = {404, 1003, 1010}
TIMEOUT = 30.0
# So many requests without an answer end a run.
MOST_SILENT = 3
GROUP = "live set"
_BOUNDARY = "weryai-contract-suite"
# The keys that an operation is asked with, by whether it is a GET.
_KEYS: dict[bool, tuple[Credential, ...]] = {True: ("real", "wrong", "missing"), False: ("wrong", "missing")}


@dataclass(frozen=True)
class Expected:
    """What a run expects of a service beyond the contract: as the options of the command line say.

    `only` names the operations that are asked; none means all. A known fault does not end a sweep.
    """

    refusals: Refusals = "any"
    is_stateless: bool = False
    only: frozenset[str] = frozenset()
    has_safe_integers: bool = False
    is_for_well_formed: bool = False
    has_known_faults: bool = False

    def asked(self) -> list[Operation]:
        return [one for one in operations() if not self.only or one.name in self.only]


ANYTHING = Expected()


def live_set(place: Place, expected: Expected = ANYTHING) -> list[Planned]:
    return [
        planned_request(place, one, credential)
        for one in expected.asked()
        for credential in _KEYS[one.method == "get"]
        if not (expected.is_stateless and credential == "wrong")
    ]


def planned_request(place: Place, one: Operation, credential: Credential) -> Planned:
    """Make a request of the contract's first example; ids are unknown ones."""
    path = one.path
    for parameter in map(resolve, one.spec.get("parameters", [])):
        path = path.replace("{" + parameter["name"] + "}", quote(UNKNOWN_ID, safe=""))
    content, content_type = _body(one)
    url = place.url_of(one.path).removesuffix(one.path) + path
    return Planned(one, credential, url, content, content_type)


def run_live_set(place: Place, guard: Guard, checks: Checks, expected: Expected = ANYTHING) -> bool:
    """Send every request of the live set once, and judge what comes; return whether more may be asked.

    It ends if nobody answers the first, or several, or if an answer does not end: each costs its whole timeout.
    """
    silent = 0
    with httpx.Client(transport=guard, timeout=TIMEOUT, trust_env=False, follow_redirects=False) as client:
        for planned in live_set(place, expected):
            guard.declare(planned)
            try:
                silence = _ask(client, planned, guard, checks, expected)
            except EndlessAnswerError as endless:
                checks.add(GROUP, _name(planned), f"no answer came: {endless}; nothing else was asked")
                return False
            if not silence:
                continue
            silent += 1
            is_end = silent == MOST_SILENT or not guard.record.all()
            name = _name(planned) if guard.record.all() else "the service answers"
            checks.add(GROUP, name, f"{silence}; nothing else was asked" if is_end else silence)
            if is_end:
                return False
    return True


def _name(planned: Planned) -> str:
    return f"{planned.operation.name}, {planned.credential} key"


def _ask(client: httpx.Client, planned: Planned, guard: Guard, checks: Checks, expected: Expected) -> str:
    """Send one and note what is wrong with its answer; return why none came."""
    key = planned.key(guard.secret)
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    if planned.content:
        headers["Content-Type"] = planned.content_type
    started, sent_before = time.monotonic(), len(guard.record.all())
    try:
        client.request(planned.method, planned.url, headers=headers, content=planned.content or None)
    except EndlessAnswerError:
        raise
    except (httpx.HTTPError, OSError) as error:
        host = httpx.URL(planned.url).host
        return f"no answer came from {host}: {type(error).__name__}: {error}"
    (exchange,) = guard.record.all()[sent_before:]
    checks.add(GROUP, _name(planned), *judge(planned, exchange, expected), seconds=time.monotonic() - started)
    return ""


def judge(planned: Planned, exchange: Exchange, expected: Expected = ANYTHING) -> list[Problem]:
    status, body = exchange.http_status, exchange.said
    said = f": HTTP {status} with {exchange.answer[:200].decode(errors='replace')!r}"
    if 300 <= status < 400:
        return [Problem(f"a redirect to {exchange.answer_headers.get('location')}, which is not followed", exchange)]
    if status >= 500:
        return [Problem(f"the service failed{said}", exchange, f"the service failed with HTTP {status}")]
    wrong = []
    is_yes = 200 <= status < 300 and says(body) is not False and isinstance(body, dict)
    if planned.credential != "real":
        if has_task_id(body):
            wrong.append("work was accepted without a good key")
        elif is_yes:
            wrong.append(f"a request with a {planned.credential} key was not refused")
        elif not is_refusal(status, body, expected.refusals):
            wrong.append(f"refused otherwise than asked for (refusals: {expected.refusals})")
    elif "{" in planned.operation.path:
        is_missing = bool({status, code_of(body)} & NOT_FOUND) and is_refusal(status, body, expected.refusals)
        if not is_missing and not (expected.is_stateless and is_yes):
            wrong.append(f"an unknown id is not 'not found' (refusals: {expected.refusals})")
    elif not is_yes:
        wrong.append("a good request was refused")
    return [
        *(
            Problem(f"the contract does not allow it: {place or 'body'}: {message[:200]}", exchange, broken_at(place))
            for place, message in exchange.breaches
        ),
        *(Problem(problem + said, exchange, problem) for problem in wrong),
    ]


def _body(one: Operation) -> tuple[bytes, str]:
    if "requestBody" not in one.spec:
        return b"", ""
    ((media_type, form),) = one.spec["requestBody"]["content"].items()
    value = resolve(next(iter(form["examples"].values())))["value"]
    if media_type == "application/json":
        return json.dumps(value).encode(), media_type
    if media_type != "multipart/form-data":
        raise RefusedRequestError(f"{one.name}: the suite cannot write {media_type}")
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="picture.png"\r\n'
    form = head.encode() + b"Content-Type: image/png\r\n\r\n" + png() + f"\r\n--{_BOUNDARY}--\r\n".encode()
    return form, f"{media_type}; boundary={_BOUNDARY}"


PAID = "paid smoke test"
PROMPT = "Make the person wave their hand"
ORDER = operation("submitImageToVideo")
LOOK = operation("getTaskStatus")


def run_paid(
    place: Place, guard: Guard, checks: Checks, image: str, folder: Path, *, interval: float | None = None
) -> None:
    """Order one task without any retry, say its id at once, wait for it, and store the video in a folder."""
    guard.allow_one_paid_post(place.url_of(ORDER.path))
    client = WeryAI(
        guard.secret.key,
        base_url=place.url,
        models_base_url=place.url,
        retry=RetryPolicy(tries=1),
        transport=guard,
    )
    with checks.checking(PAID, "one task, from the order to the video"), client:
        submission = client.image_to_video.submit(image, prompt=PROMPT)
        print(f"paid for: task {', '.join(submission.task_ids)}", flush=True)
        for task_id in submission.task_ids:
            guard.declare(Planned(LOOK, "real", place.url_of(LOOK.path).replace("{taskId}", task_id)))
        task = client.tasks.wait(submission.task_ids[0], interval=interval)
        guard.allow_downloads()
        folder.mkdir(parents=True, exist_ok=True)
        path = client.files.download(task, folder)
        print(f"the video of task {task.id} is {path}", flush=True)
