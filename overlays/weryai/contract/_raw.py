"""Requests that no client would make and schemathesis makes only by chance, sent by hand; each must be refused."""

from __future__ import annotations

import contextlib
import http.client
import re
from typing import Any
from urllib.parse import urlsplit

import httpx

from weryai.contract._checks import Checks, expect
from weryai.contract._exchange import ANSWER, Record
from weryai.contract._judging import Refusals, is_refusal, json_of
from weryai.contract._picture import png
from weryai.contract._place import Place
from weryai.contract._reading import operation
from weryai.contract._secrecy import Secret
from weryai.contract._stories import Recording

GROUP = "by hand"
TIMEOUT = 30.0
ODD_FORMS: dict[str, dict[str, Any]] = {
    "a form without its file": {"files": {"batch_no": (None, "b1")}},
    "a form with a part too many": {"files": {"file": ("photo.png", png(), "image/png")}, "data": {"folder": "mine"}},
}


def run_raw(place: Place, secret: Secret, record: Record, checks: Checks, how: Refusals = "any") -> None:
    """Send each of them once."""
    url = place.url_of(operation("uploadFile").path)
    headers = {"Authorization": f"Bearer {secret.key}"}
    with httpx.Client(transport=Recording(record, GROUP), headers=headers, timeout=TIMEOUT) as client:
        for what, form in ODD_FORMS.items():
            with checks.checking(GROUP, f"{what} is refused", record):
                response = client.post(url, **form)
                _expect_refusal(response.status_code, response.content, how)
    for name in ("getTaskStatus", "getBatchStatus"):
        with checks.checking(GROUP, f"{name}: an id of dots is refused, and reaches no other operation", record):
            status, answer = _get_as_told(place, re.sub(r"{\w+}", "%2e%2e", operation(name).path), headers, record)
            _expect_refusal(status, answer, how)


def _expect_refusal(http_status: int, answer: bytes, how: Refusals) -> None:
    said = f"HTTP {http_status} with {answer[:200].decode(errors='replace')!r}"
    expect(is_refusal(http_status, json_of(answer), how), f"it was not refused ({how}): {said}")


def _get_as_told(place: Place, path: str, headers: dict[str, str], record: Record) -> tuple[int, bytes]:
    """Send a path that every other library folds."""
    address = urlsplit(place.url)
    host = str(address.hostname)
    connecting = (
        http.client.HTTPSConnection(host, address.port, timeout=TIMEOUT, context=httpx.create_ssl_context())
        if address.scheme == "https"
        else http.client.HTTPConnection(host, address.port, timeout=TIMEOUT)
    )
    with contextlib.closing(connecting) as connection:
        connection.request("GET", place.base_path + path, headers=headers)
        response = connection.getresponse()
        answer = b"".join(map(ANSWER.reading(), iter(lambda: response.read1(65_536), b"")))
    record.note(GROUP, ("GET", place.url + path, "", b""), response.status, dict(response.getheaders()), answer)
    return response.status, answer
