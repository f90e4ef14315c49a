"""Where the processor time of a submit and of a poll goes, part by part, by the profiler: the reasons of the rows."""

import cProfile
import pstats
import threading
import time
from collections.abc import Callable

from weryai import WeryAI

from .calling import CALLS, IMAGE, KEY
from .server import Server
from .table import Row

#: Parts by file and function, each with all that it calls; none is inside of another one.
PARTS = {
    "the request: checked, written, given its headers": [
        ("videos.py", "prepare_video"), ("endpoint.py", "_request"), ("endpoint.py", "paid_request"),
        ("http.py", "build"),
    ],
    "httpx and the wire": [
        ("_client.py", "send"), ("http.py", "stream"), ("_client.py", "__iter__"), ("_models.py", "close"),
    ],
    "the note of what is paid for": [("paid.py", "__init__"), ("recording.py", "life")],
    "the response: taken over and read": [
        ("http.py", "reply"), ("envelope.py", "accept"), ("task_reader.py", "read_task"),
        ("submission.py", "read_submission"),
    ],
}  # fmt: skip


def rows(server: Server) -> list[Row]:
    """Measure both."""
    with WeryAI(KEY, base_url=server.url) as client:
        return [
            *_parted("submit", lambda: client.image_to_video.submit(IMAGE, prompt="x")),
            *_parted("poll", lambda: client.tasks.get("t1")),
        ]


def _parted(what: str, call: Callable[[], object]) -> list[Row]:
    """Scale what the profiler saw to what the call takes without it; away from the main thread, so in one thread."""
    found = list[Row]()

    def measure() -> None:
        call()
        begun = time.thread_time()
        for _ in range(CALLS):
            call()
        real = (time.thread_time() - begun) / CALLS * 1e6
        profiler = cProfile.Profile(time.thread_time)
        profiler.enable()
        for _ in range(CALLS):
            call()
        profiler.disable()
        seen = pstats.Stats(profiler)
        whole, left = seen.total_tt, real  # type: ignore[attr-defined]
        for name, places in PARTS.items():
            taken = sum(
                spent[3]
                for (file, _, function), spent in seen.stats.items()  # type: ignore[attr-defined]
                if any(file.endswith(f"/{place}") and function == wanted for place, wanted in places)
            )
            us = taken / whole * real
            left -= us
            if not us:
                continue
            found.append(Row(f"... of a {what}, {name}", f"{us:.0f} us", "-", us, None, "us"))
        found.append(Row(f"... of a {what}, the rest", f"{left:.0f} us", "-", left, None, "us"))
        found.insert(0, Row(f"CPU of a {what} in one thread", f"{real:.0f} us", "-", real, None, "us"))

    measuring = threading.Thread(target=measure)
    measuring.start()
    measuring.join()
    return found
