"""The emulator as an ASGI application, routed from the contract."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from weryai.emulator._contract import Operation, contract_path, load_operations, operations_of
from weryai.emulator._operations import Operations
from weryai.emulator._replies import RefusalError, refusal
from weryai.emulator._request_log import Doorkeeper, RequestLog
from weryai.emulator._requests import check_key, check_parameters, read_sent
from weryai.emulator._tasks import FIRST_BALANCE, Clock, RealClock, TaskStore
from weryai.emulator._uploads import Uploads
from weryai.emulator._videos import VideoMode, Videos

DEFAULT_KEY = "sk-emulator"

Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]


def create_app(
    *,
    clock: Clock | None = None,
    video: VideoMode = "render",
    key: str = DEFAULT_KEY,
    waiting: float = 1.0,
    processing: float = 2.0,
    balance: int = FIRST_BALANCE,
    log: RequestLog | None = None,
    contract: Mapping[str, Any] | None = None,
) -> Starlette:
    """Return a WeryAI of its own: its tasks, uploads, credits and videos are no other app's.

    `waiting` and `processing` are the seconds a task spends in these states, `balance` the credits; `contract` is an
    OpenAPI document to serve in place of the installed one. `app.state.videos.close()` ends the worker where no
    lifespan is run.
    """
    uploads = Uploads()
    videos = Videos(video, uploads)
    operations = Operations(TaskStore(clock or RealClock(), waiting, processing, balance), uploads, videos)
    known = load_operations(contract_path()) if contract is None else operations_of(contract)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            videos.close()

    app = Starlette(
        routes=[
            *(route_of(operation, operations, key) for operation in known),
            *file_routes(operations, uploads, videos),
        ],
        middleware=[Middleware(Doorkeeper, log=log or RequestLog())],
        exception_handlers={
            RefusalError: answer_refusal,
            HTTPException: answer_http_exception,
            Exception: answer_mistake,
        },
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.videos = videos
    return app


def route_of(operation: Operation, operations: Operations, key: str) -> Route:
    """Return the route of one operation of the contract."""
    handler = operations.handler(operation)

    async def endpoint(request: Request) -> Response:
        check_key(request, operation, key)
        check_parameters(request, operation)
        return await handler(request, await read_sent(request, operation))

    return Route(operation.path, endpoint, methods=[operation.method], name=operation.name)


def file_routes(operations: Operations, uploads: Uploads, videos: Videos) -> list[Route]:
    """Return the routes of what a content network would serve: no key is asked."""

    async def result(request: Request) -> Response:
        task = operations.finished(request.path_params["task_id"])
        if task is None:
            raise HTTPException(404, "no such video, or not yet")
        return FileResponse(await videos.file_for(task.work), media_type="video/mp4")

    async def upload(request: Request) -> Response:
        picture = uploads.named(request.path_params["name"])
        if picture is None:
            raise HTTPException(404, "no such file")
        return Response(picture.data, media_type=picture.media_type)

    return [Route("/result/{task_id}.mp4", result), Route("/files/{name}", upload)]


async def answer_refusal(_request: Request, error: Exception) -> Response:
    """Send a refusal as it is."""
    assert isinstance(error, RefusalError)
    return JSONResponse(error.body, error.http_status)


async def answer_http_exception(_request: Request, error: Exception) -> Response:
    """Put what Starlette refuses (path, method, form) into the envelope."""
    assert isinstance(error, HTTPException)
    name = HTTPStatus(error.status_code).name
    body = {"status": error.status_code, "desc": name, "message": error.detail}
    return JSONResponse(body, error.status_code, headers=dict(error.headers or {}))


async def answer_mistake(_request: Request, error: Exception) -> Response:
    """Answer when the emulator itself is wrong; the traceback goes to stderr."""
    mistake = refusal(500, f"the emulator failed: {type(error).__name__}", 500)
    return JSONResponse(mistake.body, 500)
