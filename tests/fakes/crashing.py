"""Programs that kill themselves, as `kill -9` does, at one exact point of an order."""

import subprocess
import sys
from pathlib import Path

from fakes.commands import environment

# `before` strikes at the call, `after` when what was called has ended (for the journal: when it is on the disk).
_DEATH = """
import asyncio, inspect, os, signal, sys
from weryai._journal import journal
from weryai._transport.awaiting import Awaiting
from weryai._transport.runner import Blocking

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def before(kind, name, only=lambda *_: True):
    original = getattr(kind, name)
    setattr(kind, name, lambda self, *a: die() if only(*a) else original(self, *a))

def after(kind, name, only=lambda *_: True):
    original = getattr(kind, name)

    async def awaited(self, *a):
        result = await original(self, *a)
        return die() if only(*a) else result

    def called(self, *a):
        result = original(self, *a)
        getattr(result, "result", lambda: None)()
        return die() if only(*a) else result

    setattr(kind, name, awaited if inspect.iscoroutinefunction(original) else called)

def paid(effect, *_):
    return effect.paid

def look(effect, *_):
    return "/status" in effect.name

"""
_COMMAND = """
from weryai.cli import run
sys.exit(run(["generate", "photo.png", "-p", "wave", "-o", "wave.mp4"]))
"""
_COROUTINE = """
from weryai import AsyncWeryAI

async def story():
    async with AsyncWeryAI(journal=os.environ["WERYAI_JOURNAL"]) as client:
        await client.image_to_video.generate("photo.png", prompt="wave", output="wave.mp4")

asyncio.run(story())
"""
PROGRAMS = {"Blocking": _COMMAND, "Awaiting": _COROUTINE}
POINTS = {
    "before the intent": 'before(journal.ScopedJournal, "begin")',
    "intent on disk, nothing sent": 'before({runner}, "_send", paid)',
    "answer received, id not on disk": 'after({runner}, "_send", paid)',
    "id on disk": 'after(journal.ScopedJournal, "end")',
    "waiting": 'after({runner}, "_send", look)',
    "downloading": 'before({runner}, "_fetch")',
    "video on disk, not noted": 'before(journal.ScopedJournal, "finish_task")',
    "done": 'after(journal.ScopedJournal, "finish_task")',
    "": "",
}


def start(point: str, runner: str, *, base_url: str, key: str, folder: Path, journal: Path) -> subprocess.Popen[bytes]:
    """Start a program that makes a video of photo.png, up to a point."""
    program = _DEATH + POINTS[point].format(runner=runner) + PROGRAMS[runner]
    surroundings = {**environment(base_url, key), "WERYAI_JOURNAL": str(journal)}
    return subprocess.Popen([sys.executable, "-c", program], cwd=folder, env=surroundings, stderr=subprocess.PIPE)
