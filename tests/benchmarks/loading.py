"""`make bench-emulator`: a thousand tasks at once, fifty pollers, and a video that renders meanwhile."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .page import machine, told
from .pollers import Tally, orders, poll_while, submit_all, times

TASKS = 1_000
POLLERS = 50
#: So many exchanges are remembered; before that memory is still being filled.
WARM = 10_000
POLLS = 30_000
#: How often each poller looks where it is not as fast as it can, in seconds; the client's own pace is slower still.
PACE = 0.25
SECONDS_IDLE = 5.0
LONGEST_VIDEO = 60
SERVE = "from weryai.emulator import serve; serve(video={video!r}, concurrency=None, balance=10**9, speed={speed})"


@dataclass(frozen=True)
class Figure:
    """A line of the report; without a target it is only told."""

    what: str
    value: float
    unit: str
    most: float | None = None

    def line(self) -> str:
        """Return it for people."""
        target = "" if self.most is None else f"<= {self.most:g} {self.unit}"
        return f"{self.what:<68} {self.shown:>9} {self.unit:<4} {target:>12}  {self.verdict}".rstrip()

    @property
    def shown(self) -> str:
        """The figure in digits."""
        return f"{self.value:,.2f}" if self.unit == "x" else f"{self.value:,.1f}"

    @property
    def verdict(self) -> str:
        """Whether the target is met."""
        return "" if self.most is None else "met" if self.value <= self.most else "MISSED"

    def markdown(self) -> str:
        """Return the row of a table."""
        aim = "" if self.most is None else f"{self.most:g} {self.unit}"
        cells = (self.what, f"{self.shown} {self.unit}".strip(), aim, told(self.verdict, self.what))
        return f"| {' | '.join(cells)} |".replace("  |", " |")


class Served:
    """An emulator in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        self._process = process
        self.url = process.stdout.readline().split()[3].rstrip(",")

    @property
    def memory(self) -> float:
        """The megabytes that it holds, where the system tells."""
        status = Path(f"/proc/{self._process.pid}/status")
        lines = status.read_text().splitlines() if status.exists() else []
        return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), 0.0)


@contextmanager
def served(video: str, speed: float) -> Iterator[Served]:
    """Run an emulator until the block ends."""
    command = [sys.executable, "-c", SERVE.format(video=video, speed=speed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Served(process)
        finally:
            process.terminate()
            process.communicate()


def looks(what: str, tally: Tally, most: float | None = None) -> list[Figure]:
    """Return how long looks took."""
    return [
        Figure(f"{what}, median", tally.share(0.5), "ms", most),
        Figure(f"{what}, 99 of 100 within", tally.share(0.99), "ms"),
    ]


async def many() -> list[Figure]:
    """Order a thousand tasks at once and look at them from fifty callers, as fast as these can."""
    with served("fixed", speed=1) as emulator:
        ids, warming = await submit_all(emulator.url, POLLERS, orders(TASKS))
        await poll_while(emulator.url, POLLERS, ids, times(WARM))
        before = emulator.memory
        more, submits = await submit_all(emulator.url, POLLERS, orders(TASKS, duration=10))
        done, polls = await poll_while(emulator.url, POLLERS, more, times(POLLS))
        grown = emulator.memory - before
    wrong = [*warming.errors, *submits.errors, *polls.errors]
    return [
        Figure(f"{TASKS:,} submissions from {POLLERS} callers", submits.per_second, "/s"),
        Figure(f"{POLLS:,} looks from {POLLERS} callers, without pauses", polls.per_second, "/s"),
        *looks("... a look", polls),
        Figure("... errors", len(wrong), "", 0),
        Figure("... tasks that were not seen to succeed", TASKS - len(done), "", 0),
        Figure("memory before", before, "MB"),
        Figure("... that it grew by", grown, "MB", 8),
    ]


async def rendering() -> list[Figure]:
    """Look from fifty callers while nothing else goes on, and while the longest video is rendered."""
    with served("render", speed=1000) as emulator:
        ids, _ = await submit_all(emulator.url, POLLERS, orders(TASKS))
        end = time.monotonic() + SECONDS_IDLE
        _, idle = await poll_while(emulator.url, POLLERS, ids, lambda: time.monotonic() < end, PACE)
        (video,), _ = await submit_all(emulator.url, 1, orders(1, duration=LONGEST_VIDEO))
        began = time.monotonic()
        fetching = asyncio.create_task(asyncio.to_thread(fetch, f"{emulator.url}/result/{video}.mp4"))
        _, busy = await poll_while(emulator.url, POLLERS, ids, lambda: not fetching.done(), PACE)
        size, took = await fetching, time.monotonic() - began
        fast = asyncio.create_task(asyncio.to_thread(fetch, f"{emulator.url}/result/{await other(emulator.url)}.mp4"))
        _, full = await poll_while(emulator.url, POLLERS, ids, lambda: not fast.done())
        await fast
    return [
        *looks(f"a look, {POLLERS} callers, {POLLERS / PACE:g} looks a second, idle", idle),
        *looks("... while a video renders", busy, 50),
        *looks(f"... the same, without pauses ({full.per_second:,.0f} looks a second)", full, 50),
        Figure("... errors", len(idle.errors) + len(busy.errors) + len(full.errors), "", 0),
        Figure(f"... for the {size / 1e6:.1f} MB of {LONGEST_VIDEO} seconds of video it took", took, "s"),
    ]


async def other(url: str) -> str:
    """Order a long video of another shape, so that it is rendered anew."""
    (video,), _ = await submit_all(url, 1, orders(1, duration=LONGEST_VIDEO, aspect_ratio="9:16"))
    return video


def fetch(url: str) -> int:
    """Download a video in a thread and return its size."""
    import httpx

    return len(httpx.get(url, trust_env=False, timeout=300).raise_for_status().content)


def main() -> None:
    """Measure and print."""
    print(machine())
    for measured in (many, rendering):
        for figure in asyncio.run(measured()):
            print(figure.line(), flush=True)


if __name__ == "__main__":
    main()
