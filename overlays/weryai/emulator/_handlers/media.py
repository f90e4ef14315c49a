"""What a content network would serve: finished videos and uploaded images, without a key."""

from __future__ import annotations

import math

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from weryai.emulator._handlers.handling import RequestContext, instead, perform
from weryai.emulator._http.middleware import EXCHANGE
from weryai.emulator._scenarios.refusals import EXPIRED
from weryai.emulator._state.tasks import SUCCEEDED
from weryai.emulator._state.world import UNTIL, World

#: A browser takes these for what they are said to be, whatever their bytes look like.
SAFE = {"X-Content-Type-Options": "nosniff"}


def media_routes(world: World) -> list[Route]:
    """Return the routes of videos and images."""

    async def video(visit: RequestContext) -> Response:
        if not visit.tasks:
            raise HTTPException(404, "no such video, or not yet")
        if has_expired(world, visit.request):
            return instead(EXPIRED, world.settings.spoken)
        file = await world.videos.file_for(visit.tasks[0].work)
        return FileResponse(file, media_type="video/mp4", headers=SAFE)

    async def result(request: Request) -> Response:
        exchange = request.scope[EXCHANGE]
        exchange.operation = "result"
        task = world.tasks.task(request.path_params["task_id"])
        ended = task is not None and world.tasks.state(task) == SUCCEEDED
        visit = RequestContext(request, exchange, "download", tasks=(task,) if task and ended else ())
        return await perform(world, visit, video)

    async def upload(request: Request) -> Response:
        request.scope[EXCHANGE].operation = "file"
        picture = world.uploads.named(request.path_params["name"])
        if picture is None:
            raise HTTPException(404, "no such file")
        return Response(picture.data, media_type=picture.media_type, headers=SAFE)

    return [Route("/result/{task_id}.mp4", result), Route("/files/{name}", upload)]


def has_expired(world: World, request: Request) -> bool:
    """Whether the link that leads here has had its time."""
    if world.settings.link_lifetime is None:
        return False
    try:
        until = float(request.query_params.get(UNTIL, ""))
    except ValueError:
        return True
    return not (math.isfinite(until) and world.clock.now() < until)
