"""Plays a flow by hand: no network, no waiting; a clock that only sleeping and answering move."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, TypeAlias

from weryai import RetryPolicy
from weryai._flow.effects import Effect, Fetch, Listen, Notify, Now, PollPermit, Reply, RunBlocking, Send, Sleep
from weryai._resources.files import Files
from weryai._resources.image_to_video import ImageToVideo
from weryai._resources.tasks import Tasks

Answer: TypeAlias = Reply | BaseException
_MANY_EFFECTS = 10_000


@dataclass
class Played:
    """How a flow went: what it asked for, how long it slept, and how it ended."""

    sent: list[Send | Fetch] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    clock: float = 1000.0
    error: BaseException | None = None
    _result: Any = None

    @property
    def result(self) -> Any:
        """What the flow returned; if it raised, that is raised."""
        if self.error is not None:
            raise self.error
        return self._result

    @property
    def bodies(self) -> list[Any]:
        """The JSON bodies that were sent, oldest first."""
        return [
            json.loads(one.request["content"])
            for one in self.sent
            if isinstance(one, Send) and "content" in one.request
        ]


def play(flow: Any, *answers: Answer, took: float = 0.0) -> Played:
    """Perform a flow with the given answers to its requests, each of which takes `took` seconds of the clock."""
    played, left = Played(), list(answers)

    def perform(effect: Effect[Any]) -> Any:
        match effect:
            case Send() | Fetch():
                played.sent.append(effect)
                played.clock += took
                assert left, f"the script has no response for {effect.name}"
                return _answer(effect, left.pop(0))
            case Sleep(seconds=seconds):
                played.slept.append(seconds)
                played.clock += seconds
            case Listen(seconds=seconds, bell=bell):
                if not (rung := bell.listen(0)):
                    played.slept.append(seconds)
                    played.clock += seconds
                return rung
            case Now():
                return played.clock
            case PollPermit():
                return True
            case RunBlocking(function=function):
                return function()
            case Notify(callback=callback, value=value):
                return callback(value) if callback is not None else None
        return None

    try:
        played._result = _drive(flow, perform)
    except AssertionError:
        raise
    except BaseException as error:
        played.error = error
    assert not left, f"answers that nobody asked for: {left}"
    return played


def _drive(flow: Any, perform: Callable[[Effect[Any]], Any]) -> Any:
    try:
        effect = next(flow)
        for _ in range(_MANY_EFFECTS):
            try:
                reply = perform(effect)
            except BaseException as error:
                effect = flow.throw(error)
            else:
                effect = flow.send(reply)
    except StopIteration as end:
        return end.value
    raise AssertionError("the flow does not end")


def _answer(effect: Send | Fetch, answer: Answer) -> Reply:
    if isinstance(answer, BaseException):
        raise answer
    if isinstance(effect, Fetch):
        head = Reply(answer.http_status, answer.headers)
        if effect.sink.begin(head):
            effect.sink.write(answer.content)
        return head
    return answer


def reply(body: Any, http_status: int = 200, **headers: str) -> Reply:
    """Make an answer; bytes stay as they are, anything else becomes JSON; header names are written with underscores."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(http_status, {name.replace("_", "-"): value for name, value in headers.items()}, content)


class Nobody:
    """A runner that performs nothing: whoever calls an operation gets its flow, to be played."""

    def run(self, flow: Any) -> Any:
        """Return the flow."""
        return flow


def resources(retry: RetryPolicy | None = None) -> SimpleNamespace:
    """Make resources without a runner: their classes' methods give flows to play."""
    nobody: Any = Nobody()
    return SimpleNamespace(
        tasks=Tasks(nobody, retry), files=Files(nobody, retry), image_to_video=ImageToVideo(nobody, retry)
    )


def submit(*arguments: Any, retry: RetryPolicy | None = None, **options: Any) -> Any:
    """Return the flow of a submission."""
    return ImageToVideo.submit(resources(retry).image_to_video, *arguments, **options)


def generate(*arguments: Any, **options: Any) -> Any:
    """Return the flow of submit, wait and download."""
    return ImageToVideo.generate(resources().image_to_video, *arguments, **options)


def wait(*arguments: Any, **options: Any) -> Any:
    """Return the flow of waiting for a task."""
    return Tasks.wait(resources().tasks, *arguments, **options)


def look(task_id: str, retry: RetryPolicy | None = None) -> Any:
    """Return the flow of one look at a task."""
    return Tasks.get(resources(retry).tasks, task_id)


def upload(source: Any) -> Any:
    """Return the flow of an upload."""
    return Files.upload(resources().files, source)


def download(url: Any, path: Any, **options: Any) -> Any:
    """Return the flow of a download."""
    return Files.download(resources().files, url, path, **options)
