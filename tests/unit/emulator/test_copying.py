"""A request to copy: as a command that bash takes to the letter, as a program that makes the same request."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from weryai.emulator import Emulator, Exchange, ManualClock, SeenRequest
from weryai.emulator import _page_api as copying
from weryai.emulator._page_api import as_curl, as_python, quoted
from weryai.emulator._state.exchanges import MOST_BYTES_NOTED, Complaint

from .conftest import AUTHORIZED, order

HOME = "http://127.0.0.1:8765"
SUBMIT = "/v1/generation/image-to-video"
BALANCE = "/v1/generation/balance"
KEYED = {"authorization": "Bearer [masked]", "content-type": "application/json", "cookie": "[masked]", "x-own": "1"}
#: A curl that writes down what it is given, a word between two NULs.
RECORD = "curl() { printf '%s\\0' curl \"$@\"; }\n"
NASTY = [
    "plain",
    "it's",
    "$(touch owned) `touch owned` ${HOME} $WERYAI_API_KEY \\",
    '"; touch owned; "',
    "line\nbreak\ttab",
    "bell\x07 escape\x1b[2J delete\x7f 'quote' \\back",
    "-o owned @owned <owned",
    "grüße 你好 \u202e",
]


def exchange(body: bytes = b"", *, path: str = SUBMIT, operation: str = "submitImageToVideo", **more: Any) -> Exchange:
    """Return an exchange as it was noted."""
    headers = more.pop("headers", KEYED)
    method, query = more.pop("method", "POST"), more.pop("query", "")
    return Exchange(1, SeenRequest(method, path, headers, body, query), 0.0, operation=operation, **more)


def obeyed(command: str, folder: Path) -> list[str]:
    """Let bash read a command, and return the words it understands."""
    surroundings = {"PATH": os.environ["PATH"], "WERYAI_API_KEY": "sk-from-outside", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        ["bash", "-c", RECORD + command], cwd=folder, env=surroundings, capture_output=True, check=False, timeout=20
    )
    assert (done.returncode, done.stderr, list(folder.iterdir())) == (0, b"", [])
    return done.stdout.decode("utf-8").split("\0")[:-1]


@pytest.mark.parametrize("text", NASTY)
def test_bash_takes_every_text_as_it_is(text: str, tmp_path: Path) -> None:
    """Whatever stands in a request is one word for bash: nothing is run, and nothing of it is lost."""
    assert obeyed(f"curl {quoted(text)}", tmp_path) == ["curl", text]
    assert [character for character in quoted(text) if ord(character) < 32 and character not in "\n\t"] == []


@pytest.mark.parametrize("text", NASTY)
def test_a_hostile_request_becomes_a_harmless_command(text: str, tmp_path: Path) -> None:
    """Path, query, header and body of a request arrive at curl as they were sent."""
    hostile = exchange(
        text.encode(), path="/" + text, query=text, headers={"x-emulator-scenario": text, "authorization": "Bearer x"}
    )
    words = obeyed(as_curl(hostile, HOME), tmp_path)
    assert words == [
        *("curl", "--globoff", "-X", "POST", f"{HOME}/{text}?{text}"),
        *("-H", "Authorization: Bearer sk-from-outside", "-H", f"x-emulator-scenario: {text}"),
        *("-H", "content-type:", "--data-raw", text),
    ]


def test_the_key_is_named_and_not_shown() -> None:
    """The command and the programs say where the key comes from; other headers than those that tell are left out."""
    sent = exchange(json.dumps(order()).encode())
    unknown = exchange(json.dumps(order(prompt="")).encode(), complaints=[Complaint("/prompt", "empty")])
    assert '"Authorization: Bearer $WERYAI_API_KEY"' in as_curl(sent, HOME)
    assert "# the key is in WERYAI_API_KEY" in as_python(sent, HOME)
    assert "'Bearer ' + os.environ['WERYAI_API_KEY']" in as_python(unknown, HOME)
    for text in (as_curl(sent, HOME), as_python(sent, HOME), as_python(unknown, HOME)):
        assert "masked" not in text and "x-own" not in text and "sk-" not in text
    keyless = exchange(b"{}", headers={}, complaints=[Complaint("", "")])
    assert "WERYAI_API_KEY" not in as_curl(keyless, HOME) + as_python(keyless, HOME)


FORM = (
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="/etc/passwd;$(touch owned)"\r\n'
    b"Content-Type: image/png\r\n\r\n\x89PNG\r\n--b\r\n"
    b'Content-Disposition: form-data; name="fixed"\r\n\r\n@true\r\n--b--\r\n'
)


def test_an_upload_names_a_picture_of_its_own(tmp_path: Path) -> None:
    """The file name that was sent is not used; texts of the form are sent as texts, whatever they start with."""
    headers = {"content-type": "multipart/form-data; boundary=b"}
    upload = exchange(FORM, path="/v1/generation/upload-file", operation="uploadFile", headers=headers)
    command = as_curl(upload, HOME)
    assert obeyed(command, tmp_path)[4:] == [
        *(f"{HOME}/v1/generation/upload-file", "-F", "file=@picture.png", "--form-string", "fixed=@true"),
    ]
    assert command.startswith("# picture.png is the file that is to be uploaded\n")
    assert "client.files.upload('picture.png')" in as_python(upload, HOME)
    torn = exchange(b"--b\r\n\xff", operation="uploadFile", headers=headers)
    assert "client.files.upload('picture.jpg')" in as_python(torn, HOME)


def sent_form(*parts: tuple[str, bytes]) -> Exchange:
    """Return an upload whose parts have these dispositions and contents."""
    body = b"".join(
        b"--b\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % (head.encode(), data) for head, data in parts
    )
    headers = {"content-type": "multipart/form-data; boundary=b"}
    return exchange(body + b"--b--\r\n", path="/u", operation="uploadFile", headers=headers)


def test_a_copied_form_reads_no_file_that_a_text_names(tmp_path: Path) -> None:
    """A text part called `file` is sent as the text that it was: curl opens nothing of whoever runs the copy."""
    words = obeyed(as_curl(sent_form(('name="file"', b"@/etc/passwd")), HOME), tmp_path)
    assert words[5:] == ["--form-string", "file=@/etc/passwd"]


@pytest.mark.parametrize(("data", "kind"), [(b"GIF89a", "gif"), (b"\0\0\0\x18ftypmp42", "mp4"), (b"?", "jpg")])
def test_a_copied_form_names_a_file_by_its_content(data: bytes, kind: str, tmp_path: Path) -> None:
    """A file in any part is a file in the copy, with the ending that its bytes ask for."""
    command = as_curl(sent_form(('name="image"; filename="blob"', data)), HOME)
    assert obeyed(command, tmp_path)[5:] == ["-F", f"image=@picture.{kind}"]
    assert command.startswith(f"# picture.{kind} is the file that is to be uploaded\n")


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize(
    ("method", "path", "body", "headers"),
    [
        ("HEAD", BALANCE, b"", KEYED),
        ("GET", "/v1/generation/../balance", b"", KEYED),
        ("POST", SUBMIT, b"{}", {"authorization": "Bearer [masked]"}),
        ("POST", SUBMIT, bytes(range(256)) + b"%s 'x' \\", KEYED),
        ("POST", SUBMIT, "a\0b \r\n ü %d".encode(), KEYED),
    ],
    ids=["HEAD", "dots", "no content type", "no text", "NUL"],
)
def test_a_copied_command_makes_the_same_request(method: str, path: str, body: bytes, headers: dict[str, str]) -> None:
    """Run by bash and curl, the copy arrives as the request did: method, path, content type, and each byte."""
    with Emulator(video="fixed", clock=ManualClock()) as emulator:
        command = as_curl(exchange(body, method=method, path=path, headers=headers), emulator.url)
        keyed = {"PATH": os.environ["PATH"], "WERYAI_API_KEY": emulator.key, "LC_ALL": "C.UTF-8"}
        subprocess.run(["bash", "-c", command], env=keyed, capture_output=True, check=True, timeout=20)
        (seen,) = emulator.requests
    assert (seen.method, seen.path, seen.body) == (method, path, body)
    assert seen.headers.get("content-type") == headers.get("content-type")


def test_a_body_that_was_cut_says_so() -> None:
    """Of a long body 64 KiB are kept, and neither copy pretends to be all of it."""
    cut = exchange(b'"' + b"x" * (MOST_BYTES_NOTED - 1))
    assert as_curl(cut, HOME).startswith(f"# {copying.CUT}\ncurl ")
    assert f"# {copying.CUT}\nreply = httpx.request(" in as_python(cut, HOME)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"a": NaN}', b"{", b"[" * 5000, b"\xff", b'{"a": 1e999}'])
def test_what_the_client_would_not_send_is_sent_plainly(body: bytes) -> None:
    """A body that is no order becomes a program for httpx with the same bytes, not an error."""
    program = as_python(exchange(body), HOME)
    assert "httpx.request(" in program and (not body or f"content={body!r}" in program)
    compile(program, "copied", "exec")


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An emulator whose tasks are done at once."""
    with Emulator(clock=ManualClock(), video="fixed", waiting=0.0, processing=0.0) as running:
        yield running


def latest(emulator: Emulator) -> Exchange:
    """Return what arrived last."""
    return [one for one in emulator.exchanges if one.kind == "request"][-1]


def repeat(emulator: Emulator, original: Exchange, folder: Path) -> Exchange:
    """Run the program that copies a request, and return the exchange that it made last."""
    count = len(emulator.exchanges)
    url = f"{emulator.url}/_emulator/exchanges/{original.id}/python"
    program = httpx.get(url, trust_env=False).json()["text"]
    surroundings = {**os.environ, "WERYAI_API_KEY": emulator.key, "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, env=surroundings, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, program + done.stderr
    assert len(emulator.exchanges) > count
    return latest(emulator)


FULL = {
    "negative_prompt": "'\"\\\n{}",
    "video_number": 2,
    "resolution": "720p",
    "generate_audio": False,
    "caller_id": 7,
}
REQUESTS: list[tuple[str, str, Any]] = [
    ("POST", SUBMIT, order(**FULL, webhook_url="http://127.0.0.1:9/hook")),
    ("POST", SUBMIT, order(prompt="", unknown=[1, None])),
    ("POST", SUBMIT, order(prompt=NASTY[2])),
    ("POST", SUBMIT, order(model="NEW_MODEL", aspect_ratio=...)),
    (
        "POST",
        "/v1/generation/text-to-video",
        {"model": "SORA_2", "prompt": "A fox", "duration": 8, "aspect_ratio": "16:9"},
    ),
    (
        "POST",
        "/v1/generation/multi-image-to-video",
        {**order(image=..., model="WERYDANCE_2_0"), "images": ["https://example.com/a.jpg"]},
    ),
    (
        "POST",
        "/v1/generation/multi-image-to-video",
        {
            **order(image=..., model="VEO_3_1", duration=8),
            "images": [f"https://example.com/{n}.jpg" for n in "abc"],
        },
    ),
    (
        "POST",
        "/v1/generation/first-last-image-to-video",
        {
            **order(image=..., model="VEO_3_1", duration=8, prompt="it's $(touch owned)"),
            "first_pic_url": "https://example.com/first.jpg",
            "end_pic_url": "https://example.com/last.jpg",
        },
    ),
    (
        "POST",
        "/v1/generation/almighty-reference-to-video",
        {**order(image=..., model="WERYDANCE_2_0"), "images": ["https://example.com/face.jpg"]},
    ),
    ("GET", "/v1/generation/balance", None),
    ("GET", "/growthai/v1/video/models", None),
    ("GET", "/v1/generation/{task}/status", None),
    ("GET", "/v1/generation/batch/{batch}/status", None),
    ("GET", "/result/{task}.mp4", None),
]


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS, ids=lambda one: str(one)[:40])
def test_the_program_makes_the_same_request(
    emulator: Emulator, tmp_path: Path, method: str, path: str, body: Any
) -> None:
    """Run as it is, the copied program sends the same to the same place, and gets the same kind of answer."""
    first = httpx.post(emulator.url + SUBMIT, json=order(prompt="first"), headers=AUTHORIZED, trust_env=False)
    data = first.json()["data"]
    address = path.format(task=data["task_ids"][0], batch=data["batch_id"])
    httpx.request(method, emulator.url + address, json=body, headers=AUTHORIZED, trust_env=False)
    original = latest(emulator)
    copied = repeat(emulator, original, tmp_path)
    assert copied.status == original.status
    for one in (original, copied):
        assert (one.request.method, one.request.path, one.request.query) == (method, address, "")
    sent = [json.loads(one.request.body or b"null") for one in (original, copied)]
    assert sent[0] == sent[1] == body


WORDS = {
    "image-to-video": "client.image_to_video.submit(",
    "text-to-video": "client.text_to_video.submit(",
    "multi-image-to-video": "client.multi_image_to_video.submit(",
    "first-last-image-to-video": "client.first_last_frame.submit(",
    "almighty-reference-to-video": "client.call(submit_almighty_reference_to_video",
}


@pytest.mark.parametrize("operation", WORDS)
def test_the_program_uses_the_words_of_the_client(emulator: Emulator, operation: str) -> None:
    """What makes a video is copied as the call of the client that makes it, not as httpx."""
    path, body = next((path, body) for _, path, body in reversed(REQUESTS) if path.endswith(f"/{operation}"))
    httpx.post(emulator.url + path, json=body, headers=AUTHORIZED, trust_env=False)
    assert WORDS[operation] in as_python(latest(emulator), emulator.url)


def test_what_only_production_takes_is_copied_as_it_was(tmp_path: Path) -> None:
    """A text in the place of a yes, which the client refuses, is sent again as it is."""
    with Emulator(clock=ManualClock(), video="fixed", dialect="seen") as seen:
        body = order(generate_audio="true")
        httpx.post(seen.url + SUBMIT, json=body, headers=AUTHORIZED, trust_env=False)
        assert json.loads(repeat(seen, latest(seen), tmp_path).request.body) == body


def test_a_webhook_goes_where_it_went(tmp_path: Path) -> None:
    """What the emulator delivers is copied as a request to the receiver, not to the emulator."""
    sent = exchange(
        b"{}", path="http://127.0.0.1:9/hook?a=1", kind="webhook", headers={"content-type": "application/json"}
    )
    assert obeyed(as_curl(sent, HOME), tmp_path)[3:5] == ["POST", "http://127.0.0.1:9/hook?a=1"]
    assert "'http://127.0.0.1:9/hook?a=1'" in as_python(sent, HOME)


def test_a_copied_program_says_what_the_client_takes() -> None:
    """5.0, as some languages write 5, is 5 for the client; HEAD, which it does not send, is a request by httpx."""
    body = json.dumps(order(duration=5.0, video_number=1.0)).encode()
    program = as_python(exchange(body), HOME)
    assert "duration=5,\n" in program
    assert "video_number=1,\n" in program
    assert "'HEAD'" in as_python(exchange(path=BALANCE, method="HEAD", operation="getBalance"), HOME)
