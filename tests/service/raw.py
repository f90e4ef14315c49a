"""Requests that no client would make and schemathesis makes only by chance, sent by hand; each must be refused."""

import contextlib
import http.client
import json
import re
from typing import Any
from urllib.parse import urlsplit

import httpx

from contract.outcomes import says
from contract.reading import operation
from fakes.pictures import png
from service.checks import Checks
from service.exchange import Record
from service.place import Place
from service.secrecy import Secret
from service.stories import Recording

GROUP = "by hand"
TIMEOUT = 30.0
ODD_FORMS: dict[str, dict[str, Any]] = {
    "a form without its file": {"files": {"batch_no": (None, "b1")}},
    "a form with a part too many": {"files": {"file": ("photo.png", png(), "image/png")}, "data": {"folder": "mine"}},
}


def run_raw(place: Place, secret: Secret, record: Record, checks: Checks) -> None:
    """Send each of them once."""
    url = place.url_of(operation("uploadFile").path)
    headers = {"Authorization": f"Bearer {secret.key}"}
    with httpx.Client(transport=Recording(record, GROUP), headers=headers, timeout=TIMEOUT) as client:
        for what, form in ODD_FORMS.items():
            with checks.checking(GROUP, f"{what} is refused"):
                answer = client.post(url, **form).content
                assert says(json.loads(answer)) is False, f"it was taken: {answer[:200]!r}"
    for name in ("getTaskStatus", "getBatchStatus"):
        with checks.checking(GROUP, f"{name}: an id of dots is refused, and reaches no other operation"):
            answer = _get_as_told(place, re.sub(r"{\w+}", "%2e%2e", operation(name).path), headers, record)
            assert says(json.loads(answer)) is False, f"it was taken: {answer[:200]!r}"


def _get_as_told(place: Place, path: str, headers: dict[str, str], record: Record) -> bytes:
    """Send a path that every other library folds."""
    address = urlsplit(place.url)
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    with contextlib.closing(kind(str(address.hostname), address.port, timeout=TIMEOUT)) as connection:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        answer = response.read()
    record.note(GROUP, ("GET", place.url + path, "", b""), response.status, dict(response.getheaders()), answer)
    return answer
