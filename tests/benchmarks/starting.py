"""What it costs to start: import, first submit, commands, size."""

import compileall
import importlib.metadata
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from .server import Server
from .table import Row, ratio

ROOT = Path(__file__).parents[2]
SUBMIT_OURS = """
from weryai import WeryAI
WeryAI("sk-bench-key", base_url={url!r}).image_to_video.submit("https://example.com/p.jpg", prompt="x")
"""
SUBMIT_RAW = """
import httpx
client = httpx.Client(headers={{"Authorization": "Bearer sk-bench-key"}})
client.post({url!r} + "/v1/generation/image-to-video", json={{"model": "WERYAI_VIDEO_1_0", "prompt": "x",
"image": "https://example.com/p.jpg", "duration": 5, "aspect_ratio": "16:9"}}).json()
"""


MADE_OURS = "from weryai import WeryAI; WeryAI('sk-bench-key')"
MADE_RAW = "import httpx; httpx.Client()"


def started(*arguments: str) -> Callable[[], float]:
    """Return a measurement of a fresh Python with these arguments."""

    def measure() -> float:
        begun = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - begun

    return measure


def beyond_bare(code: str) -> Callable[[], float]:
    """Return a measurement of a program less that of an empty one, next to it."""
    bare = statistics.median(started("-c", "pass")() for _ in range(7))
    return lambda: started("-c", code)() - bare


def rows(server: Server) -> list[Row]:
    """Measure all of it."""
    ours, raw = SUBMIT_OURS.format(url=server.url), SUBMIT_RAW.format(url=server.url)
    return [
        ratio("import weryai / import httpx", beyond_bare("import weryai"), beyond_bare("import httpx"), 0.3, 11),
        ratio("import and construct / raw httpx", beyond_bare(MADE_OURS), beyond_bare(MADE_RAW), 1.15, 11),
        ratio("import, construct, first submit / raw httpx", beyond_bare(ours), beyond_bare(raw), 1.2, 11),
        second_construct(),
        ratio("weryai --version / python -c pass", started("-m", "weryai", "--version"), started("-c", "pass"), 3, 11),
        ratio(
            "weryai --help / import click", started("-m", "weryai", "--help"), started("-c", "import click"), 1.3, 11
        ),
        *(loaded(option) for option in ("--version", "--help")),
        *size(),
    ]


def second_construct() -> Row:
    """Measure a client after the first."""
    from weryai import WeryAI

    def made() -> float:
        begun = time.perf_counter()
        client = WeryAI("sk-bench-key")
        taken = time.perf_counter() - begun
        client.close()
        return taken

    made()
    taken = statistics.median(made() for _ in range(50)) * 1000
    return Row("second construct", f"{taken:.3f} ms", "-", taken, 1, "ms")


def loaded(option: str) -> Row:
    """Count what of httpx a command loads."""
    command = [sys.executable, "-X", "importtime", "-m", "weryai", option]
    report = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    count = sum(line.rpartition("|")[2].strip().split(".")[0] == "httpx" for line in report.splitlines())
    return Row(f"httpx modules loaded by weryai {option}", str(count), "-", count, 0, "")


def size() -> list[Row]:
    """Measure our part of the base install, with byte code, and count the distributions."""
    with tempfile.TemporaryDirectory() as folder:
        for package in ("overlays/weryai", "generated_client/weryai_api"):
            name = package.rpartition("/")[2]
            shutil.copytree(ROOT / package, Path(folder, name), ignore=shutil.ignore_patterns("__pycache__"))
        compileall.compile_dir(folder, quiet=2)
        total = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file()) / 1e6
    needed, left = set[str](), ["weryai"]
    while left:
        name = left.pop()
        if name not in needed:
            needed.add(name)
            requires = importlib.metadata.requires(name) or []
            left += [_name(one) for one in requires if "extra ==" not in one and "python_version <" not in one]
    return [
        Row("our part of the base install", f"{total:.2f} MB", "-", total, 1.8, "MB"),
        Row("distributions of the base install", str(len(needed)), "-", len(needed), 9, ""),
    ]


def _name(requirement: str) -> str:
    return "".join(sign if sign.isalnum() or sign in "-_." else " " for sign in requirement).split()[0].lower()
