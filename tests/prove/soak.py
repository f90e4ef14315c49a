"""An hour at a service that fails now and then, in fast time, and what every part of the package holds on to meanwhile.

A minute here is an hour there: the emulator runs sixty times as fast, and the clients poll every 0.1 s in the place of
every 6. Each subject is a process of its own that works without a pause and says every second what it holds.
"""

import asyncio
import contextlib
import gc
import json
import logging
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import weryai
from weryai import bulk

from .killing import KEY, serving, write_manifest

SECONDS = 60.0
SPEED, INTERVAL = 60, 0.1
FAULTS = (
    "http-500@status:1/20", "reset-before@status:1/50", "http-429@submit:1/20", "reset-after@submit:1/50",
    "download-cut:1/20", "fail-copyright:1/20",
)  # fmt: skip
IMAGE, PROMPT = "https://pictures.example/soak.jpg", "the sea moves"
THREADS, TASKS, JOBS = 4, 20, 40
PICTURE = Path(__file__).resolve().parents[2] / "docs" / "pictures" / "soak.svg"
FIGURES = ("sockets", "descriptors", "threads", "tasks", "KiB")


def held(process: int | str = "self") -> dict[str, int]:
    """Count what a process holds: sockets, descriptors, threads, and resident memory in KiB."""
    place = Path(f"/proc/{process}")
    links = []
    for link in (place / "fd").iterdir():
        with contextlib.suppress(OSError):
            links.append(os.readlink(link))
    pages = int((place / "statm").read_text().split()[1])
    return {
        "sockets": sum(link.startswith("socket:") for link in links),
        "descriptors": len(links),
        "threads": len(list((place / "task").iterdir())),
        "KiB": pages * resource.getpagesize() // 1024,
    }


def _say(tasks: int = 0) -> None:
    print(json.dumps({**held(), "tasks": tasks}), flush=True)


def _blocking(url: str, folder: Path, goes_on: Callable[[], bool]) -> None:
    with weryai.WeryAI(KEY, base_url=url, journal=folder / "journal.db") as client:

        def work(number: int) -> None:
            for turn in count():
                if not goes_on():
                    return
                with contextlib.suppress(weryai.WeryAIError):
                    order = client.image_to_video.submit(IMAGE, prompt=f"{PROMPT} {number} {turn}")
                    task = client.tasks.wait(order.task_ids[0], interval=INTERVAL, timeout=30)
                    client.files.download(task, folder / f"{number}.mp4", if_exists="replace")

        workers = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
        for worker in workers:
            worker.start()
        while goes_on():
            _say()
            time.sleep(1)
        for worker in workers:
            worker.join()


async def _awaiting(url: str, folder: Path, goes_on: Callable[[], bool]) -> None:
    async with weryai.AsyncWeryAI(KEY, base_url=url, journal=folder / "journal.db") as client:

        async def work(number: int) -> None:
            for turn in count():
                if not goes_on():
                    return
                with contextlib.suppress(weryai.WeryAIError):
                    order = await client.image_to_video.submit(IMAGE, prompt=f"{PROMPT} {number} {turn}")
                    task = await client.tasks.wait(order.task_ids[0], interval=INTERVAL, timeout=30)
                    await client.files.download(task, folder / f"{number}.mp4", if_exists="replace")

        async with asyncio.TaskGroup() as group:
            for number in range(TASKS):
                group.create_task(work(number))
            while goes_on():
                _say(len(asyncio.all_tasks()))
                await asyncio.sleep(1)


def _bulk(url: str, folder: Path, goes_on: Callable[[], bool]) -> None:
    """Run after run in one process; what is told is what is left between them."""
    limits = bulk.Limits(rate=100, start_rate=100, in_flight=JOBS)
    for turn in count():
        if not goes_on():
            return
        write_manifest(manifest := folder / "jobs.csv", range(JOBS))
        with bulk.Ledger(folder / f"{turn}.db") as ledger:
            bulk.load_manifest(ledger, manifest, {})
            patience = bulk.Patience(timeout=30, interval=INTERVAL)
            bulk.run(ledger, output=folder / f"{turn}", limits=limits, patience=patience, api_key=KEY, base_url=url)
        _say()


def subject(name: str, url: str) -> None:
    """Work for the whole time, in this process; the last line tells what is left when all is closed."""
    logging.getLogger("weryai").setLevel(logging.CRITICAL)
    warnings.simplefilter("ignore", weryai.WeryAIWarning)
    end = time.monotonic() + SECONDS

    def goes_on() -> bool:
        return time.monotonic() < end

    with tempfile.TemporaryDirectory() as place:
        if name == "async":
            asyncio.run(_awaiting(url, Path(place), goes_on))
        else:
            {"blocking": _blocking, "bulk": _bulk}[name](url, Path(place), goes_on)
    gc.collect()
    _say()


@dataclass(frozen=True)
class Course:
    """What one subject held, second by second; `last` is when all was closed, if that can be seen."""

    name: str
    samples: list[dict[str, int]]
    last: dict[str, int] | None

    def level(self, figure: str, begin: float, end: float) -> int:
        """Return the most of one figure within a part of the time, 0 to 1; of the emulator the least.

        How many call it at a moment is not up to the emulator, and what a moment of many needs, it keeps for 10 s.
        """
        many = len(self.samples)
        values = [sample.get(figure, 0) for sample in self.samples[int(many * begin) : int(many * end)]]
        return min(values) if self.name == "emulator" else max(values)

    def problems(self) -> list[str]:
        """Tell what grew: the last quarter beside the second one, and what was left at the end."""
        if len(self.samples) < 8:
            return [f"{self.name}: {len(self.samples)} looks only, so nothing is proved"]
        found = []
        for figure in FIGURES:
            early, late = self.level(figure, 0.25, 0.5), self.level(figure, 0.75, 1)
            # The emulator keeps every task, and the last exchanges up to a bound: its memory grows until it is full.
            if figure == "KiB" and self.name == "emulator":
                continue
            room = early / 10 + 4096 if figure == "KiB" else max(4, early / 4)
            if late > early + room:
                found.append(f"{self.name}: {figure} grew from {early} to {late}")
        if self.last and (self.last["sockets"], self.last["threads"]) != (0, 1):
            found.append(f"{self.name}: {self.last['sockets']} sockets and {self.last['threads']} threads were left")
        return found

    def __str__(self) -> str:
        parts = [f"{figure} {self.level(figure, 0.25, 0.5)} -> {self.level(figure, 0.75, 1)}" for figure in FIGURES]
        left = f"; left {self.last['sockets']} sockets, {self.last['threads']} thread" if self.last else ""
        return f"  {self.name:<9} {', '.join(parts)}{left}"


def _course(name: str, said: str) -> Course:
    samples = [json.loads(line) for line in said.splitlines()]
    return Course(name, samples[:-1], samples[-1])


def soaked() -> bool:
    """Let the three subjects work at one emulator, and compare what each of the four holds early and late."""
    began = time.monotonic()
    names = ("blocking", "async", "bulk")
    with serving(speed=SPEED, scenarios=FAULTS) as (url, server):
        command = [sys.executable, "-m", "tests.prove.soak"]
        running = {name: subprocess.Popen([*command, name, url], stdout=subprocess.PIPE, text=True) for name in names}
        samples: list[dict[str, Any]] = []
        # While all three work: when they end they do so all at once, which is a moment of many connections.
        while time.monotonic() - began < SECONDS - 3:
            samples.append({**held(server), "tasks": 0})
            time.sleep(1)
        courses = [_course(name, process.communicate()[0]) for name, process in running.items()]
        codes = {name: process.returncode for name, process in running.items() if process.returncode}
    courses.append(Course("emulator", samples, None))
    problems = [problem for course in courses for problem in course.problems()]
    problems += [f"{name} ended with {code}" for name, code in codes.items()]
    print(f"soak: {SECONDS * SPEED / 3600:g} h of the service in {time.monotonic() - began:.0f} s", flush=True)
    for course in courses:
        print(course, flush=True)
    for problem in problems:
        print(f"  FAILED: {problem}", flush=True)
    PICTURE.write_text(drawn(courses), "utf-8")
    return not problems


def drawn(courses: list[Course]) -> str:
    """Draw what each subject held: memory on the left, descriptors on the right, each from 0 to its most."""
    width, height, gap, top = 300, 60, 50, 40
    box = f"0 0 {2 * (width + gap) + 80} {len(courses) * 100 + top}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" font-family="sans-serif" font-size="12" fill="#777">',
        f'<text x="100" y="20">resident memory, MiB</text><text x="{150 + width}" y="20">open descriptors</text>',
    ]
    for row, course in enumerate(courses):
        y = top + row * 100
        parts.append(f'<text x="0" y="{y + height / 2}">{course.name}</text>')
        for column, (figure, part) in enumerate((("KiB", 1024), ("descriptors", 1))):
            x, most = 100 + column * (width + gap), max(1, *(sample[figure] for sample in course.samples))
            many = max(len(course.samples) - 1, 1)
            line = " ".join(
                f"{x + width * at / many:.1f},{y + height - height * sample[figure] / most:.1f}"
                for at, sample in enumerate(course.samples)
            )
            parts.append(f'<path d="M{x} {y}v{height}h{width}" fill="none" stroke="#bbb"/>')
            parts.append(f'<polyline points="{line}" fill="none" stroke="#2a78c8"/>')
            parts.append(f'<text x="{x - 6}" y="{y + 10}" text-anchor="end">{most // part}</text>')
    hours = SECONDS * SPEED / 3600
    parts.append(f'<text x="100" y="{top + len(courses) * 100 - 10}">0 to {hours:g} h of the service</text></svg>')
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    subject(sys.argv[1], sys.argv[2])
