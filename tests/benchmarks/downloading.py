"""What a download of 200 MB costs, each in a process of its own, against raw httpx streaming to a file."""

import statistics
import subprocess
import sys
import tempfile

from .server import Server
from .table import Row

ROUNDS = 5
HEAD = """
import asyncio, resource, sys, time, tempfile, warnings
warnings.simplefilter("ignore")
url, path = sys.argv[1] + "/v.mp4", sys.argv[2]
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
def measured(work):
    before, begun = peak(), time.process_time()
    work()
    print(time.process_time() - begun, peak() - before)
"""
WARM = """
try:
    client.tasks.get("t1")
except Exception:
    pass
"""
BLOCKING = HEAD + 'from weryai import WeryAI\nclient = WeryAI("sk-bench-key", base_url=sys.argv[1])\n' + WARM
PROGRAMS = {
    "sync": BLOCKING + "import weryai._media.download\nmeasured(lambda: client.files.download(url, path))",
    "async": HEAD
    + """
from weryai import AsyncWeryAI
async def story():
    async with AsyncWeryAI("sk-bench-key", base_url=sys.argv[1]) as client:
        await client.tasks.get("t1")
        before, begun = peak(), time.process_time()
        await client.files.download(url, path)
        print(time.process_time() - begun, peak() - before)
asyncio.run(story())
""",
    "raw sync": HEAD
    + """
import httpx
client = httpx.Client()
client.get(sys.argv[1] + "/v1/generation/t1/status")
def work():
    with client.stream("GET", url) as response, open(path, "wb") as file:
        for chunk in response.iter_bytes():
            file.write(chunk)
measured(work)
""",
    "raw async": HEAD
    + """
import httpx
async def story():
    async with httpx.AsyncClient() as client:
        await client.get(sys.argv[1] + "/v1/generation/t1/status")
        before, begun = peak(), time.process_time()
        async with client.stream("GET", url) as response:
            with open(path, "wb") as file:
                async for chunk in response.aiter_bytes():
                    file.write(chunk)
        print(time.process_time() - begun, peak() - before)
asyncio.run(story())
""",
}


def rows(server: Server) -> list[Row]:
    """Measure processor time and growth of the peak of memory."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in PROGRAMS}
    for _ in range(ROUNDS):
        for name, program in PROGRAMS.items():
            with tempfile.TemporaryDirectory() as folder:
                command = [sys.executable, "-c", program, server.url, f"{folder}/v.mp4"]
                ended = subprocess.run(command, check=True, capture_output=True, text=True)
                seconds, growth = map(float, ended.stdout.split())
                found[name].append((seconds, growth))
    medians = {name: tuple(map(statistics.median, zip(*pairs, strict=True))) for name, pairs in found.items()}
    table = []
    for name in ("sync", "async"):
        (seconds, growth), (raw, raw_growth) = medians[name], medians[f"raw {name}"]
        ours, other = f"{seconds * 1000:.0f} ms", f"{raw * 1000:.0f} ms"
        table.append(Row(f"CPU of a 200 MB download, {name} / raw httpx", ours, other, seconds / raw, 1.2))
        other = f"{raw_growth:.1f} MB"
        table.append(Row(f"memory it grows by, {name}", f"{growth:.1f} MB", other, growth, 2, "MB"))
    return table
