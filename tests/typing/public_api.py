"""What a user's editor says of the public names; read by the type checkers, never run."""

from pathlib import Path
from typing import assert_type

from weryai import AsyncWeryAI, Submission, Task, Video, WeryAI


def blocking(client: WeryAI) -> None:
    """Plain calls return plain values."""
    assert_type(client.image_to_video.submit("photo.jpg", prompt="She waves"), Submission)
    assert_type(client.image_to_video.generate(b"", prompt="She waves", duration=10), Video)
    assert_type(client.tasks.get("task"), Task)
    assert_type(client.tasks.wait("task", timeout=60), Task)
    assert_type(client.files.upload("photo.jpg"), str)
    assert_type(client.files.download("https://example.com/v.mp4", "v.mp4"), Path)


async def awaiting(client: AsyncWeryAI) -> None:
    """The same calls are awaited, to the same values."""
    assert_type(await client.image_to_video.submit("photo.jpg", prompt="She waves"), Submission)
    assert_type(await client.image_to_video.generate(b"", prompt="She waves", duration=10), Video)
    assert_type(await client.tasks.get("task"), Task)
    assert_type(await client.tasks.wait("task", timeout=60), Task)
    assert_type(await client.files.upload("photo.jpg"), str)
    assert_type(await client.files.download("https://example.com/v.mp4", "v.mp4"), Path)
