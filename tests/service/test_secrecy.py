"""The key appears in no report, however the service repeats it and whatever format a report is in."""

import base64
import html
import json
from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import escape

import httpx
import pytest

from fakes.recording_service import KEY, RecordingService
from weryai.contract._live import LIVE_URL, Guard, place_of, run_live_set
from weryai.contract._record import Checks, Record, Secret
from weryai.contract._report import Run, write_reports

SPELLINGS = {
    "plain": KEY,
    "JSON": json.dumps(KEY)[1:-1],
    "JSON, every sign": "".join(f"\\u{ord(sign):04x}" for sign in KEY),
    "JSON, capitals": "".join(f"\\u{ord(sign):04X}" for sign in KEY),
    "address": quote(KEY, safe=""),
    "URL, every sign": "".join(f"%{ord(sign):02X}" for sign in KEY),
    "HTML": html.escape(KEY),
    "XML": escape(KEY),
    "entities": "".join(f"&#{ord(sign)};" for sign in KEY),
    "base64": base64.b64encode(KEY.encode()).decode(),
}


def echoing(request: httpx.Request) -> httpx.Response:
    """Repeat the key everywhere: in headers, names, values, words, codes and messages, in every spelling."""
    echoed = {f"field {name} {spelling}": spelling for name, spelling in SPELLINGS.items()}
    data = {"task_status": KEY, "balance": KEY, KEY: [KEY], "x" * 70 + KEY: KEY, "deep": echoed}
    bodies = {
        "GET": json.dumps({"status": KEY, "message": f"{'y' * 250}{KEY}", "data": data, **echoed}),
        "POST": f"<html>{' '.join(SPELLINGS.values())}</html>",
    }
    content = bodies[request.method].encode() + KEY.encode("utf-16-le")
    return httpx.Response(418, content=content, headers={"X-Echo": KEY, "Location": f"/?key={quote(KEY)}"})


def refusing(request: httpx.Request) -> httpx.Response:
    """Fail as a connection may: with the key in the error's text."""
    raise httpx.ConnectError(f"no way with {KEY}", request=request)


@pytest.mark.parametrize("answer", [echoing, refusing])
def test_the_key_is_in_no_report(answer: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run against a service that echoes the key writes three files without it, in any spelling or part of it."""
    secret = Secret(KEY)
    record, checks = Record(secret), Checks(secret)
    guard = Guard(secret, RecordingService(answer), record)  # type: ignore[arg-type]
    run_live_set(place_of(LIVE_URL), guard, checks)
    checks.add("test", f"named {KEY}", f"{'z' * 3_985}{KEY}", *SPELLINGS.values())
    done = Run(f"https://e.com/{KEY}", "live set", "today", 1.0, [f"note {KEY}"], checks, record.all())
    write_reports(tmp_path, done, secret)
    written = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    assert sorted(written) == ["drift.json", "index.html", "junit.xml"]
    assert len(done.checks.failed) > (10 if answer is echoing else 1)
    for name, text in written.items():
        for spelling, shown in SPELLINGS.items():
            assert shown not in text, f"{spelling} in {name}"
        # Nor the beginning of it, where something was shortened.
        assert KEY[:12] not in text, name
    assert KEY not in repr(secret) + repr(guard) + repr(record.all()) + capsys.readouterr().out


def test_it_is_found_in_every_spelling() -> None:
    """What hides a spelling also finds it; a text without the key stays as it is."""
    secret = Secret(KEY)
    for spelling in SPELLINGS.values():
        assert secret.is_in(f"a {spelling} b".encode())
    for shift in range(3):
        assert secret.is_in(base64.b64encode(b"x" * shift + KEY.encode() + b"yy"))
    assert not secret.is_in(b"sk-other-0123456789")
    assert secret.hide_text("nothing: \\u0041 &amp; %20") == "nothing: \\u0041 &amp; %20"
