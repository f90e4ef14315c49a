"""What a plain client loads, and how large each room of the wheel is: `make weigh` records it in weight.json."""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from repository.places import GENERATED, OVERLAY

RECORD = Path(__file__).with_name("weight.json")
#: Programs, and what they do with a plain client.
PROGRAMS = {
    "a client is made": "from weryai import WeryAI; WeryAI('sk-weighed', base_url='http://127.0.0.1:9')",
    "a request is prepared": "from weryai import WeryAI; WeryAI('sk-weighed', base_url='http://127.0.0.1:9')"
    ".image_to_video.prepare('https://example.com/a.jpg', prompt='Wave')",
}
#: What any program with httpx loads.
RAW = "import httpx; httpx.Client()"
_TOLD = "\nimport json, sys; print(json.dumps(sorted(sys.modules)))"
#: A room may grow by this part of its size, and by so many bytes, before the record must be renewed.
PART, BYTES = 0.1, 8_000


def loaded(program: str) -> set[str]:
    """Return the names of all modules that a program has loaded at its end."""
    done = subprocess.run([sys.executable, "-c", program + _TOLD], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def ours(modules: Iterable[str]) -> list[str]:
    """Return those of our two packages."""
    return sorted(name for name in modules if name.partition(".")[0] in ("weryai", "weryai_api"))


def rooms() -> dict[str, int]:
    """Return the bytes of each room, as they are in the wheel, without byte code."""
    found: dict[str, int] = {}
    for file in [*OVERLAY.rglob("*"), *GENERATED.rglob("*")]:
        if file.is_file() and "__pycache__" not in file.parts:
            package = OVERLAY if OVERLAY in file.parents else GENERATED
            inside = file.relative_to(package).parts
            room = f"{package.name}/{inside[0]}/" if len(inside) > 1 else f"{package.name}/"
            found[room] = found.get(room, 0) + file.stat().st_size
    return dict(sorted(found.items()))


def grown(recorded: Mapping[str, int], found: Mapping[str, int]) -> list[str]:
    """Return in words which rooms have become larger than their record allows, and which are new."""
    return [
        f"{room} has {size:,} bytes, {recorded.get(room, 0):,} were recorded"
        for room, size in found.items()
        if size > max(recorded.get(room, 0) * (1 + PART), recorded.get(room, 0) + (BYTES if room in recorded else 0))
    ]


def record() -> dict[str, Any]:
    """Return what was recorded."""
    recorded: dict[str, Any] = json.loads(RECORD.read_text())
    return recorded


if __name__ == "__main__":
    weight = {"rooms": rooms(), "modules": {what: ours(loaded(program)) for what, program in PROGRAMS.items()}}
    RECORD.write_text(json.dumps(weight, indent=1) + "\n")
    print(f"{RECORD.name}: {sum(weight['rooms'].values()):,} bytes")
    for what, names in weight["modules"].items():
        print(f"{what}: {len(names)} modules")
