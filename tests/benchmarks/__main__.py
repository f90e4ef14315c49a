"""`make bench`: every measurement in one table."""

import datetime
import os
import platform
from pathlib import Path

import httpx

import weryai

from . import calling, downloading, starting, waiting
from .server import Server


def machine() -> str:
    """Say where and when this was measured."""
    cpus = Path("/proc/cpuinfo")
    lines = cpus.read_text().splitlines() if cpus.exists() else []
    name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown CPU")
    versions = f"Python {platform.python_version()}, httpx {httpx.__version__}, weryai {weryai.__version__}"
    return f"{datetime.date.today()}  {name}, {os.cpu_count()} cores, {versions}"


def main() -> None:
    """Measure and print."""
    print(machine())
    print(f"{'':<48} {'ours':>12} {'other':>12} {'figure':>14} {'target':>10}")
    with Server() as server:
        for noun in (starting, calling, waiting, downloading):
            for row in noun.rows(server):
                print(row.line(), flush=True)


if __name__ == "__main__":
    main()
