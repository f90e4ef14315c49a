"""The inspector: a page at `/` that shows what the control API knows, and what only that page needs.

GET  /                                   the page; its files are under /_emulator/page/
GET  /_emulator/events?since=CURSOR      server-sent events: {clock, balance, totals, tasks, exchanges, faults, ledger},
                                         each list what is new or has changed, in the shapes of `_control`; the id of
                                         an event is the cursor for what comes next; with `fresh` the page begins anew
GET  /_emulator/tasks/{id}/exchanges     {exchanges, earlier}: those of a task, oldest first, its image's upload too
GET  /_emulator/tasks/{id}/picture       its image, and the video: watched without a request to the API that is
GET  /_emulator/tasks/{id}/video         played, so that watching meets no fault and makes no exchange
GET  /_emulator/exchanges/{id}/curl      {text}: the same request once more, without the key
GET  /_emulator/exchanges/{id}/python
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from weryai.emulator._handlers.operations import SAFE
from weryai.emulator._http import home_of
from weryai.emulator._inspector.control_api import PREFIX, ControlError, exchange_of, guarded, task_of, tell_exchange
from weryai.emulator._inspector.feed import Events
from weryai.emulator._inspector.snippets import as_curl, as_python
from weryai.emulator._state.exchanges import Exchange
from weryai.emulator._state.tasks import SUCCEEDED, Task
from weryai.emulator._state.world import World

FILES = {path.name: path for path in (Path(__file__).parent.parent / "page").iterdir() if path.is_file()}
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
