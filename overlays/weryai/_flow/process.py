"""Who works on a row: this process, named so that a later one with its number is not mistaken for it."""

from __future__ import annotations

import functools
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Owner:
    """A process: its number, when it started (in the words of its system), and its machine."""

    pid: int
    start: str
    host: str

    @property
    def is_here(self) -> bool:
        """Whether it ran on this machine, so that its end can be seen."""
        return self.host == socket.gethostname()

    def is_gone(self) -> bool:
        """Whether it surely runs no more; of a process on another machine nobody can tell."""
        now = start_of(self.pid) if self.is_here else self.start
        return now is None or bool(now and self.start and now != self.start)

    def __str__(self) -> str:
        return f"process {self.pid}" + ("" if self.is_here else f" on {self.host}")


def this_process() -> Owner:
    """The owner of what this process does."""
    return _named(os.getpid())


@functools.lru_cache(maxsize=2)
def _named(pid: int) -> Owner:
    return Owner(pid, start_of(pid) or "", socket.gethostname())


def start_of(pid: int) -> str | None:
    """When a process started, only to be compared: None when there is none (a zombie is none), "" if nothing tells."""
    if sys.platform == "linux":
        return _start_on_linux(pid)
    return _start_on_windows(pid) if sys.platform == "win32" else _start_by_ps(pid)


def _start_on_linux(pid: int) -> str | None:
    try:
        # The name of the program stands in brackets and may hold anything, brackets included.
        fields = (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None if (PROC / "self").exists() else ""
    return None if fields[0] in "ZX" else f"{boot}:{fields[19]}"


def _start_by_ps(pid: int) -> str | None:
    command = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    surroundings = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    try:
        told = subprocess.run(command, capture_output=True, text=True, env=surroundings, check=False).stdout
    except OSError:
        return ""
    state, _, started = told.strip().partition(" ")
    return started.strip() if started and not state.startswith("Z") else None


def _start_on_windows(pid: int) -> str | None:
    import ctypes

    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
    query, still_active = 0x1000, 259
    handle = kernel.OpenProcess(query, False, pid)
    if not handle:
        return None
    try:
        times, code = (ctypes.c_ulonglong * 4)(), ctypes.c_ulong()
        places = [ctypes.byref(times, 8 * number) for number in range(4)]
        known = kernel.GetProcessTimes(handle, *places) and kernel.GetExitCodeProcess(handle, ctypes.byref(code))
        return str(times[0]) if known and code.value == still_active else None
    finally:
        kernel.CloseHandle(handle)
