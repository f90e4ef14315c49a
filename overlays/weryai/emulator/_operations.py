"""What the emulator does for the operations it knows; every other one gets the contract's example."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from weryai.emulator._contract import Operation
from weryai.emulator._replies import refusal, success, unknown, wrong_parameter
from weryai.emulator._tasks import SUCCEEDED, NotEnoughCreditsError, Task, TaskStore, Work
from weryai.emulator._uploads import Uploads
from weryai.emulator._videos import Videos

#: What was sent: the JSON body, or the form with its files as bytes.
Sent = dict[str, Any]
Handler = Callable[[Request, Sent], Awaitable[Response]]

NOTE = "X-Emulator-Note"


class SentFile:
    """A file of a form."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self.data = data


class Operations:
    """The operations with a state of their own."""

    def __init__(self, tasks: TaskStore, uploads: Uploads, videos: Videos) -> None:
        self._tasks = tasks
        self._uploads = uploads
        self._videos = videos
        self._handlers: dict[str, Handler] = {
            "submitImageToVideo": self.submit,
            "submitMultiImageToVideo": self.submit,
            "submitTextToVideo": self.submit,
            "getTaskStatus": self.task_status,
            "getBatchStatus": self.batch_status,
            "uploadFile": self.upload,
            "getBalance": self.balance,
        }

    def handler(self, operation: Operation) -> Handler:
        """Return what answers an operation."""
        return self._handlers.get(operation.name) or example_handler(operation)

    async def submit(self, _request: Request, sent: Sent) -> Response:
        """Order one to four videos."""
        images = sent.get("images") or [sent.get("image")]
        work = Work(image=images[0], ratio=sent.get("aspect_ratio"), seconds=int(sent["duration"]))
        try:
            tasks = self._tasks.submit(work, int(sent.get("video_number", 1)))
        except NotEnoughCreditsError as error:
            raise refusal(1011, f"insufficient credits: {error}", 200) from error
        note = self._videos.note(work)
        data = {"batch_id": tasks[0].batch_id, "task_ids": [task.id for task in tasks]}
        return success(data, {NOTE: note} if note else None)

    async def task_status(self, request: Request, _sent: Sent) -> Response:
        """Say how far a task is."""
        task = self._tasks.task(request.path_params["taskId"])
        if task is None:
            raise unknown("task not exist")
        return success(self._told(request, task))

    async def batch_status(self, request: Request, _sent: Sent) -> Response:
        """Say how far every task of a submission is."""
        tasks = self._tasks.batch(request.path_params["batchId"])
        if tasks is None:
            raise unknown("batch not exist")
        return success([self._told(request, task) for task in tasks])

    async def upload(self, request: Request, sent: Sent) -> Response:
        """Keep a picture."""
        file = sent["file"]
        if not isinstance(file, SentFile):
            raise wrong_parameter("file: a file part is needed, not a text")
        path = self._uploads.add(file.data, file.name, fixed=sent.get("fixed", False))
        return success({"object_url_list": [own_url(request, path)]})

    async def balance(self, _request: Request, _sent: Sent) -> Response:
        """Say how many credits are left."""
        return success(self._tasks.balance)

    def finished(self, task_id: str) -> Task | None:
        """Return a task whose video may be downloaded."""
        task = self._tasks.task(task_id)
        return task if task and self._tasks.state(task) == SUCCEEDED else None

    def _told(self, request: Request, task: Task) -> dict[str, Any]:
        state = self._tasks.state(task)
        told: dict[str, Any] = {"task_id": task.id, "task_status": state}
        if state == SUCCEEDED:
            told["videos"] = [own_url(request, f"/result/{task.id}.mp4")]
        return told


def own_url(request: Request, path: str) -> str:
    """Return an address of this emulator, by the name that the caller knows it by."""
    return f"{request.url.scheme}://{request.headers['host']}{path}"


def example_handler(operation: Operation) -> Handler:
    """Return a handler that answers with the contract's first example."""
    answer = operation.answer

    async def give_example(_request: Request, _sent: Sent) -> Response:
        if answer is None:
            raise refusal(501, f"the contract has no example of an answer to {operation.name}", 501)
        if answer.media_type.endswith("json"):
            return JSONResponse(answer.value, answer.status)
        content = answer.value if isinstance(answer.value, str) else json.dumps(answer.value)
        return Response(content, answer.status, media_type=answer.media_type)

    return give_example
