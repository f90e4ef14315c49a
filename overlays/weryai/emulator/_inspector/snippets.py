"""A request once more, as a command or as a program to copy; the key is in neither, only where it comes from."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from email import message_from_bytes
from typing import Any, NamedTuple
from urllib.parse import unquote

from weryai.emulator._state.exchanges import MOST_BYTES_NOTED, Exchange
from weryai.emulator._video.image_files import MEDIA_TYPES, kind_of_upload

#: Headers that say something of their own; all others a client adds by itself, or they are nobody's business.
TELLING = ("content-type", "x-emulator-scenario")
#: Characters that a terminal obeys.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
CUT = "the body was longer than the 64 KiB that are kept; this is its beginning"
#: What makes a video: the client's resource, and the fields that its `submit` takes by their place.
SUBMISSIONS = {
    "submitImageToVideo": ("image_to_video", ("image",)),
    "submitTextToVideo": ("text_to_video", ()),
    "submitMultiImageToVideo": ("multi_image_to_video", ("images",)),
    "submitFirstLastImageToVideo": ("first_last_frame", ("first_pic_url", "end_pic_url")),
}
#: The parameters of `submit`; whatever else was sent goes into `extra_body`.
PARAMETERS = (
    *("prompt", "model", "duration", "aspect_ratio", "negative_prompt", "video_number", "resolution"),
    *("generate_audio", "webhook_url", "caller_id"),
)
#: What the client has no words of its own for.
GENERATED = {
    "submitAlmightyReferenceToVideo": (
        "almighty_reference_to_video",
        "submit_almighty_reference_to_video",
        "AlmightyReferenceToVideoRequest",
    ),
}
#: The kind of a file by the type that it is said to have.
KINDS = {media_type: kind for kind, media_type in MEDIA_TYPES.items()}


class Part(NamedTuple):
    """A part of a form: a text, or the name that stands for a file, whose own name may be anything."""

    value: str
    is_file: bool = False


def as_curl(exchange: Exchange, home: str) -> str:
    """Return a request as a command for bash, to which nothing that was sent means anything."""
    request = exchange.request
    words = ["curl", "--globoff", *(["--path-as-is"] if "/." in request.path else [])]
    words += ["--head"] if request.method == "HEAD" else ["-X", quoted(request.method)]
    words.append(quoted(address(exchange, home)))
    if "authorization" in request.headers:
        words += ["-H", '"Authorization: Bearer $WERYAI_API_KEY"']
    parts = form(exchange)
    for name, value in telling(exchange).items():
        if not (parts and name == "content-type"):
            words += ["-H", quoted(f"{name}: {value}")]
    for name, part in parts.items():
        how, sign = ("-F", "@") if part.is_file else ("--form-string", "")
        words += [how, quoted(f"{name}={sign}{part.value}")]
    remarks = [f"# {CUT}\n"] if is_cut(exchange) and not parts else []
    remarks += [f"# {part.value} is the file that is to be uploaded\n" for part in parts.values() if part.is_file]
    if request.body and not parts:
        if "content-type" not in request.headers:
            words += ["-H", "'content-type:'"]  # Else curl sends one of its own.
        if is_text(request.body):
            words += ["--data-raw", quoted(text_of(request.body))]
        else:
            words = ["printf", f"'{octal(request.body)}'", "|", *words, "--data-binary", "@-"]
    return "".join(remarks) + " ".join(words)


def as_python(exchange: Exchange, home: str) -> str:
    """Return a request as a program that uses weryai, or httpx for what weryai does not send."""
    is_plain = exchange.complaints or exchange.kind == "webhook" or exchange.request.method == "HEAD"
    call = None if is_plain else client_call(exchange, home)
    if call is None:
        return plain_program(exchange, home)
    imports, lines = call
    head = [*imports, "", f"with WeryAI(base_url={home!r}) as client:  # the key is in WERYAI_API_KEY"]
    return "\n".join(["from weryai import WeryAI", *head, *(f"    {line}" for line in lines)])


def client_call(exchange: Exchange, home: str) -> tuple[list[str], list[str]] | None:
    """Return imports and lines that make the same request, None if the client has no such call."""
    name, parts = exchange.operation or "", unquote(exchange.request.path).split("/")
    simple: dict[str, Callable[[], str]] = {
        "getTaskStatus": lambda: f"print(client.tasks.get({parts[-2]!r}))",
        "getBatchStatus": lambda: f"print(client.batches.get({parts[-2]!r}))",
        "uploadFile": lambda: f"print(client.files.upload({form(exchange).get('file', Part('picture.jpg')).value!r}))",
        "getBalance": lambda: "print(client.account.balance())",
        "listVideoModels": lambda: "print(client.models.list())",
        "result": lambda: f'print(client.files.download({address(exchange, home)!r}, "video.mp4"))',
    }
    if name in simple:
        return [], [simple[name]()]
    body = None if is_cut(exchange) else json_of(exchange.request.body)
    if not isinstance(body, dict):
        return None
    # A service that takes the text is known by `--dialect seen`; the client refuses it.
    if name in SUBMISSIONS and not isinstance(body.get("generate_audio"), str):
        return [], submission(body, *SUBMISSIONS[name])
    if name in GENERATED:
        module, function, model = GENERATED[name]
        imports = [
            f"from weryai_api.api.{module} import {function}",
            f"from weryai_api.models import {model}",
        ]
        lines = [f"order = {model}.from_dict({body!r})", f"submission = client.call({function}, body=order)"]
        return imports, [*lines, "print(submission.task_ids)"]
    return None


def submission(body: dict[str, Any], resource: str, places: tuple[str, ...]) -> list[str]:
    """Return the lines that order the same video."""
    body = dict(body)
    images = [repr(body.pop(place, None)) for place in places]
    known = {name: whole(body.pop(name)) for name in PARAMETERS if name in body}
    if "aspect_ratio" not in known:
        known["aspect_ratio"] = None
    arguments = [f"{name}={value!r}" for name, value in known.items()]
    arguments += [f"extra_body={body!r}"] if body else []
    return [
        f"submission = client.{resource}.submit(",
        *(f"    {argument}," for argument in [*images, *arguments]),
        ")",
        "print(submission.task_ids)",
    ]


def whole(value: object) -> object:
    """Return 5 for 5.0, which JSON does not tell apart and the client does."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def plain_program(exchange: Exchange, home: str) -> str:
    """Return a request as a program for httpx, byte for byte."""
    request = exchange.request
    headers = [f"{name!r}: {value!r}" for name, value in telling(exchange).items()]
    lines = ["import httpx", ""]
    if "authorization" in request.headers:
        lines[:0] = ["import os", ""]
        headers.insert(0, "'authorization': 'Bearer ' + os.environ['WERYAI_API_KEY']")
    lines += [f"# {CUT}"] if is_cut(exchange) else []
    lines += ["reply = httpx.request(", f"    {request.method!r},", f"    {address(exchange, home)!r},"]
    lines += [f"    headers={{{', '.join(headers)}}},"] if headers else []
    lines += [f"    content={request.body!r},"] if request.body else []
    return "\n".join([*lines, ")", "print(reply.status_code, reply.text)"])


def address(exchange: Exchange, home: str) -> str:
    """Return where a request went; a webhook went elsewhere."""
    request = exchange.request
    query = f"?{request.query}" if request.query else ""
    return (request.path if exchange.kind == "webhook" else home + request.path) + query


def telling(exchange: Exchange) -> dict[str, str]:
    """Return the headers that are worth copying."""
    return {name: exchange.request.headers[name] for name in TELLING if name in exchange.request.headers}


def form(exchange: Exchange) -> dict[str, Part]:
    """Return the parts of a form by their names."""
    request = exchange.request
    kind = request.headers.get("content-type", "")
    if not kind.lower().startswith("multipart/form-data") or "\n" in kind:
        return {}
    message = message_from_bytes(b"Content-Type: " + kind.encode("utf-8", "replace") + b"\r\n\r\n" + request.body)
    parts: dict[str, Part] = {}
    for part in message.walk():
        name = part.get_param("name", header="content-disposition")
        if not isinstance(name, str):
            continue
        payload = part.get_payload(decode=True)
        content = payload if isinstance(payload, bytes) else b""
        if part.get_filename() is None:
            parts[name] = Part(text_of(content))
        else:
            kind = kind_of_upload(content) or KINDS.get(part.get_content_type(), "jpg")
            parts[name] = Part(f"picture.{kind}", is_file=True)
    return parts


def is_cut(exchange: Exchange) -> bool:
    """Whether a body may have been longer than what is kept of it."""
    return len(exchange.request.body) >= MOST_BYTES_NOTED


def json_of(body: bytes) -> object:
    """Return what a body says; None if it is no JSON, or holds numbers that no program can spell."""
    try:
        value = json.loads(body)
        json.dumps(value, allow_nan=False)
    except (ValueError, RecursionError):
        return None
    return value


def text_of(body: bytes) -> str:
    """Return a body as text."""
    return body.decode("utf-8", "replace")


def is_text(body: bytes) -> bool:
    """Whether a body can be one word of a shell, which knows no NUL."""
    try:
        return "\0" not in body.decode("utf-8")
    except UnicodeDecodeError:
        return False


def octal(body: bytes) -> str:
    """Return bytes as `printf` of every shell writes them out."""
    return "".join(chr(one) if chr(one).isascii() and chr(one).isalnum() else f"\\{one:03o}" for one in body)


def quoted(text: str) -> str:
    """Return a text as one word of a shell, in which nothing has a meaning of its own."""
    if CONTROL.search(text):
        inner = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
        return "$'" + CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", inner) + "'"
    return "'" + text.replace("'", "'\\''") + "'"
