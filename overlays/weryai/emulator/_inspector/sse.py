"""Server-sent events: a page that watches is told what is new, as long as it listens and the emulator runs."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from weryai.emulator._http.middleware import home_of
from weryai.emulator._inspector.control_api import ControlError
from weryai.emulator._inspector.feed import Feed
from weryai.emulator._state.world import World

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
