"""The generated client is usable by itself: this is all that a program with only `weryai_api` needs."""

import json
import os
import subprocess
import sys

import pytest

from fakes.surroundings import guarded
from weryai.emulator import Emulator, ManualClock

PROGRAM = """
import asyncio, importlib.abc, json, sys

class NoOverlay(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == "weryai" or name.startswith("weryai."):
            raise ImportError("the generated client reached for the overlay")

sys.meta_path.insert(0, NoOverlay())

import weryai_api
from weryai_api.api.image_to_video import submit_image_to_video
from weryai_api.api.tasks import get_task_status
from weryai_api.models import ImageToVideoRequest

def order():
    image = "https://example.com/reference.jpg"
    return ImageToVideoRequest(model="WERYAI_VIDEO_1_0", prompt="Wave", image=image, duration=5, aspect_ratio="16:9")

def in_sync(client):
    submitted = submit_image_to_video.sync(client=client, body=order())
    return get_task_status.sync(submitted.data.task_ids[0], client=client)

async def in_asyncio(client):
    submitted = await submit_image_to_video.asyncio(client=client, body=order())
    return await get_task_status.asyncio(submitted.data.task_ids[0], client=client)

url, key, face = sys.argv[1:]
client = weryai_api.AuthenticatedClient(url, token=key)
status = in_sync(client) if face == "sync" else asyncio.run(in_asyncio(client))
assert "weryai" not in sys.modules
print(json.dumps(status.to_dict()))
"""


@pytest.mark.parametrize("face", ["sync", "asyncio"])
def test_it_submits_and_reads_a_status(face: str) -> None:
    """`import weryai_api` alone submits and reads the task's status; `weryai` is never imported."""
    with Emulator(port=0, clock=ManualClock(), video="fixed", key="sk-alone") as emulator:
        command = [sys.executable, "-I", "-c", guarded(PROGRAM), emulator.url, emulator.key, face]
        direct = {**os.environ, "NO_PROXY": "127.0.0.1"}
        done = subprocess.run(command, env=direct, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    status = json.loads(done.stdout)
    assert status["status"] in (0, 200)
    assert status["data"]["task_status"] == "waiting"
    assert [seen.method for seen in emulator.requests] == ["POST", "GET"]
