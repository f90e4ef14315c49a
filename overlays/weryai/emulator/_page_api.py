"""The inspector: a page at `/` that shows what the control API knows, and what only that page needs.

GET  /                                   the page; its files are under /_emulator/page/
GET  /_emulator/events?since=CURSOR      server-sent events: {clock, balance, totals, tasks, exchanges, faults, ledger},
                                         each list what is new or has changed, in the shapes of _control_api; the id of
                                         an event is the cursor for what comes next; with `fresh` the page begins anew
GET  /_emulator/tasks/{id}/exchanges     {exchanges, earlier}: those of a task, oldest first, its image's upload too
GET  /_emulator/tasks/{id}/picture       its image, and the video: watched without a request to the API that is
GET  /_emulator/tasks/{id}/video         played, so that watching meets no fault and makes no exchange
GET  /_emulator/exchanges/{id}/curl      {text}: the same request once more, without the key
GET  /_emulator/exchanges/{id}/python
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, Iterable
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from weryai.emulator._control_api import (
    PREFIX,
    ControlError,
    Told,
    exchange_of,
    guarded,
    task_of,
    tell_clock,
    tell_exchange,
    tell_fault,
    tell_row,
    tell_task,
)
from weryai.emulator._faults import Fault
from weryai.emulator._http import home_of
from weryai.emulator._operations import SAFE
from weryai.emulator._state.exchanges import MOST_BYTES_NOTED, Exchange, LedgerRow
from weryai.emulator._state.settings import DEFAULT_KEY
from weryai.emulator._state.tasks import SUCCEEDED, Task
from weryai.emulator._state.world import World
from weryai.emulator._video import MEDIA_TYPES, kind_of_upload

FILES = {path.name: path for path in (Path(__file__).parent / "page").iterdir() if path.is_file()}
#: Said here, because what the machine holds for the type of .js depends on what is installed.
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
#: Nothing but the page's own files runs, nothing comes from another host, and no other page shows it in a frame.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {
    **SAFE,
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
MOST_OF_A_TASK = 500


class Inspector:
    """The page of one emulator, and what it asks for."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def page(self, request: Request) -> Response:
        """Send one of the page's files."""
        file = FILES.get(request.path_params.get("name", "index.html"))
        if file is None:
            raise HTTPException(404, "the page has no such file")
        return Response(file.read_bytes(), media_type=TYPES[file.suffix], headers=HEADERS)

    async def exchanges(self, request: Request) -> Response:
        """Tell the exchanges of a task."""
        task = task_of(self._world, request)
        found = [one for one in self._world.exchanges.all() if task.id in one.task_ids or is_upload_of(task, one)]
        told = [tell_exchange(one) for one in found[-MOST_OF_A_TASK:]]
        return JSONResponse({"exchanges": told, "earlier": len(found) - len(told)})

    async def picture(self, request: Request) -> Response:
        """Send the image of a task, if it was uploaded here."""
        image = task_of(self._world, request).work.image
        picture = None if image is None else self._world.uploads.at(image)
        if picture is None:
            raise ControlError(404, "the image was not uploaded here")
        return Response(picture.data, media_type=picture.media_type, headers=HEADERS)

    async def video(self, request: Request) -> Response:
        """Send the video of a task, rendered now unless it was before."""
        task = task_of(self._world, request)
        if self._world.tasks.state(task) != SUCCEEDED or not task.fate.has_video:
            raise ControlError(404, "there is no video, or not yet")
        file = await self._world.videos.file_for(task.work)
        return FileResponse(file, media_type="video/mp4", headers=HEADERS)

    async def curl(self, request: Request) -> Response:
        """Tell a request as a command."""
        return JSONResponse({"text": as_curl(exchange_of(self._world, request), home_of(request))})

    async def python(self, request: Request) -> Response:
        """Tell a request as a program."""
        return JSONResponse({"text": as_python(exchange_of(self._world, request), home_of(request))})


def is_upload_of(task: Task, exchange: Exchange) -> bool:
    """Whether an exchange has brought the image of a task."""
    name = (task.work.image or "").rpartition("/")[2]
    return exchange.operation == "uploadFile" and bool(name) and name.encode() in exchange.body


def inspector_routes(world: World) -> list[Route]:
    """Return the routes of the page."""
    inspector = Inspector(world)
    looks: dict[str, Callable[[Request], Awaitable[Response]]] = {
        "/page/{name}": inspector.page,
        "/events": Events(world),
        "/tasks/{task_id}/exchanges": inspector.exchanges,
        "/tasks/{task_id}/picture": inspector.picture,
        "/tasks/{task_id}/video": inspector.video,
        "/exchanges/{number}/curl": inspector.curl,
        "/exchanges/{number}/python": inspector.python,
    }
    return [
        Route("/", guarded(inspector.page), methods=["GET"]),
        *(Route(PREFIX + path, guarded(look), methods=["GET"]) for path, look in looks.items()),
    ]


#: How much a page is told of each kind: the newest so many. A page forgets older ones as well.
MOST = {"tasks": 1_000, "exchanges": 500, "ledger": 1_000, "faults": 300}
#: How many seconds are between two looks, and how many times as long as a look itself took.
PAUSE = 0.2
PATIENCE = 10

Marked = Iterable[tuple[Hashable, Hashable, Any]]


@dataclass(frozen=True, slots=True)
class News:
    """What is new, as JSON, and the cursor to ask with for what comes after it."""

    cursor: str
    text: str


class Shelf:
    """Things of one kind, each with the number of the look that found it new or changed."""

    def __init__(self, find: Callable[[], Marked]) -> None:
        self._find = find
        self._things: dict[Hashable, tuple[Hashable, Any, int]] = {}

    def look(self, number: int) -> None:
        """Find what is there now; what has another mark than before has changed."""
        before, self._things = self._things, {}
        for key, mark, thing in self._find():
            known = before.get(key)
            self._things[key] = (mark, thing, known[2] if known is not None and known[0] == mark else number)

    def since(self, number: int) -> list[Any]:
        """Return what is new or has changed after a look."""
        return [thing for _, thing, look in self._things.values() if look > number]


class Feed:
    """The news of one emulator. However many pages watch, a look is made once and told once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._begin()

    def since(self, cursor: str, home: str) -> News | None:
        """Return what is new after a cursor: everything, if it is none of ours; None if nothing is."""
        if self._world.changes.count != self.count and self.rest() == 0.0:
            self._look()
        epoch, _, number = cursor.partition("-")
        after = int(number) if epoch == self._epoch and number.isascii() and number.isdigit() else 0
        if after >= self._looks:
            return None
        known = self._told.get((after, home))
        if known is None:
            known = self._told[after, home] = json.dumps(self._tell(after, home))
        # The clock goes on while nothing else changes, so it is told anew to each page.
        clock = json.dumps(tell_clock(self._world.clock))
        return News(f"{self._epoch}-{self._looks}", f'{{"clock": {clock}, {known.removeprefix("{")}')

    def rest(self) -> float:
        """Return after how many seconds the next poll is due."""
        return max(0.0, self._next - time.monotonic())

    def _begin(self) -> None:
        """Begin a new count of looks, so that every page begins anew too."""
        self._epoch = secrets.token_hex(4)
        self._resets = self._world.resets
        self._looks = 0
        self._next = 0.0
        self._told: dict[tuple[int, str], str] = {}
        self._shelves = {
            "tasks": Shelf(self._tasks),
            "exchanges": Shelf(self._exchanges),
            "faults": Shelf(self._faults),
            "ledger": Shelf(self._ledger),
        }
        #: The count of changes at the latest look.
        self.count = -1

    def _look(self) -> None:
        began = time.monotonic()
        if self._resets != self._world.resets:
            self._begin()
        self.count = self._world.changes.count
        self._looks += 1
        self._told.clear()
        for shelf in self._shelves.values():
            shelf.look(self._looks)
        ended = time.monotonic()
        self._next = ended + max(PAUSE, PATIENCE * (ended - began))

    def _tell(self, after: int, home: str) -> Told:
        world = self._world
        new = {kind: shelf.since(after) for kind, shelf in self._shelves.items()}
        told: Told = {
            "balance": world.tasks.balance,
            "totals": {"tasks": len(world.tasks.all()), "exchanges": len(world.exchanges.all())},
            "tasks": [tell_task(world, task, home) for task in new["tasks"]],
            "exchanges": [tell_exchange(exchange) for exchange in new["exchanges"]],
            "faults": [tell_fault(fault) for fault in new["faults"]],
            "ledger": [tell_row(row) for row in new["ledger"]],
        }
        return told if after else {**told, "fresh": self._beginning()}

    def _beginning(self) -> Told:
        """Tell what a page needs once; a key of one's own is a secret, the one that everybody has is none."""
        settings = self._world.settings
        return {
            "key": DEFAULT_KEY if settings.key == DEFAULT_KEY else None,
            "balance": settings.credits,
            "unlimited": settings.balance is None,
            "most": MOST,
        }

    def _tasks(self) -> Marked:
        tasks: list[Task] = self._world.tasks.all()[-MOST["tasks"] :]
        return ((task.id, (self._world.tasks.state(task), task.webhook, task.forced), task) for task in tasks)

    def _exchanges(self) -> Marked:
        exchanges: list[Exchange] = self._world.exchanges.all()[-MOST["exchanges"] :]
        return ((exchange.id, (exchange.revision, exchange.seconds), exchange) for exchange in exchanges)

    def _faults(self) -> Marked:
        faults: list[Fault] = self._world.faults.all()[-MOST["faults"] :]
        return ((fault.id, (fault.met, fault.cancelled, len(fault.task_ids)), fault) for fault in faults)

    def _ledger(self) -> Marked:
        rows: list[LedgerRow] = self._world.ledger.rows()[-MOST["ledger"] :]
        return ((row.job, row, row) for row in rows)


#: After how many seconds without news a page is told that the line still stands.
HEARTBEAT = 15.0
#: How long a stream goes on. The page then comes back with its cursor and misses nothing; a server that is not ours and
#: waits for open answers before it ends, is not kept waiting longer.
LONGEST_STREAM = 60.0
#: How many may watch at once.
MOST_STREAMS = 200
#: After how many milliseconds a browser comes back.
RETRY = 1_000


class Events:
    """The streams of one emulator."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._feed = Feed(world)
        self._open = 0

    async def __call__(self, request: Request) -> Response:
        """Answer with a stream of what is new after the cursor that the page has."""
        if self._open >= MOST_STREAMS:
            raise ControlError(503, f"{MOST_STREAMS} pages are watching already")
        cursor = request.headers.get("last-event-id") or request.query_params.get("since", "")
        return StreamingResponse(self._stream(cursor, home_of(request)), media_type="text/event-stream")

    async def _stream(self, cursor: str, home: str) -> AsyncGenerator[str, None]:
        changes = self._world.changes
        ends = time.monotonic() + LONGEST_STREAM
        self._open += 1
        try:
            yield f"retry: {RETRY}\n\n"
            while not changes.is_closed and time.monotonic() < ends:
                news = self._feed.since(cursor, home)
                if news is not None:
                    cursor = news.cursor
                    yield f"id: {cursor}\ndata: {news.text}\n\n"
                await changes.rest(self._feed.rest())
                if await changes.beyond(self._feed.count, HEARTBEAT) == self._feed.count and not changes.is_closed:
                    yield ": nothing new\n\n"
        finally:
            self._open -= 1


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
