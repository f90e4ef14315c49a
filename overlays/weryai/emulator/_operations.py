"""What the emulator does for the operations it knows (every other one gets the contract's example), and its media."""

from __future__ import annotations

import json
import math
from functools import partial

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from weryai.emulator._dialects import one_waiting_task
from weryai.emulator._handling import Handle, Registry, RequestContext, Sent, instead, perform
from weryai.emulator._http import EXCHANGE, home_of
from weryai.emulator._protocol import Operation, broken_rule, fields_of, refusal, success, unknown, wrong_parameter
from weryai.emulator._scenarios import EXPIRED, Fate, Reshaped, Stage
from weryai.emulator._state.exchanges import Complaint
from weryai.emulator._state.media import FOLDER, STANDARD_PICTURE, SentFile
from weryai.emulator._state.tasks import SUCCEEDED, NotEnoughCreditsError, Task, TooManyTasksError, Work
from weryai.emulator._state.world import UNTIL, World

NOTE = "X-Emulator-Note"

#: At which stage scenarios meet an operation that is free; every other one is met by what acts at any.
STAGES: dict[str, Stage] = {
    "getTaskStatus": "status",
    "getBatchStatus": "status",
    "uploadFile": "upload",
    "getBalance": "balance",
    "listVideoModels": "models",
}
#: What the service is given besides images, and the first part of its media type.
REFERENCES = {"videos": "video", "audios": "audio"}
#: How long a video is, in seconds, when what submits it does not say.
SECONDS = 5


def stage_of(operation: Operation) -> Stage:
    """Return at which stage scenarios meet an operation: what the contract marks as paid is a submission."""
    return "submit" if operation.paid else STAGES.get(operation.name, "any")


def printed_shapes(operation: Operation) -> tuple[Reshaped, ...]:
    """Return how the operation's own page prints a submission, where that is one task_id with its state."""
    value = operation.answer.value if operation.paid and operation.answer is not None else None
    data = value.get("data") if isinstance(value, dict) else None
    alone = isinstance(data, dict) and "task_id" in data and "task_ids" not in data
    return (Reshaped(one_waiting_task, family="submission"),) if alone else ()


class Operations:
    """The operations with a state of their own."""

    def __init__(self, world: World, registry: Registry) -> None:
        self._world = world
        self._registry = registry
        self._tasks = world.tasks
        self._handlers: dict[str, Handle] = {
            "getTaskStatus": self.task_status,
            "getBatchStatus": self.batch_status,
            "getBalance": self.balance,
        }

    def handler(self, operation: Operation) -> Handle:
        """Return what answers an operation."""
        if operation.paid:
            return partial(self.submit, operation.kind)
        if operation.name == "uploadFile":
            return partial(self.upload, example_files(operation))
        return self._handlers.get(operation.name) or example_handler(operation)

    def asked_about(self, request: Request) -> tuple[Task, ...]:
        """Return the tasks that a request names in its path."""
        task = self._tasks.task(request.path_params.get("taskId", ""))
        return (task,) if task else self._tasks.batch(request.path_params.get("batchId", "")) or ()

    async def submit(self, kind: str, visit: RequestContext) -> Response:
        """Order one to four videos of a kind of work."""
        self._check_model(kind, visit)
        self._check_images(visit)
        self._check_references(visit)
        work = work_of(visit)
        trouble = await self._trouble_with(visit)
        try:
            tasks = self._tasks.submit(work, number_in(visit.sent, "video_number", 1))
        except NotEnoughCreditsError as error:
            raise broken_rule(f"insufficient credits: {error}", 1011) from error
        except TooManyTasksError as error:
            raise broken_rule(str(error), error.code) from error
        visit.exchange.task_ids = [task.id for task in tasks]
        for task in tasks:
            self._destine(task, visit)
            if trouble is not None:
                self._tasks.doom(task, trouble)
        self._world.submitted(tasks)
        model_note = self._registry.note(kind, work.model, self._world.settings.model_rules)
        note = "; ".join(one for one in (self._world.videos.note(work), model_note) if one)
        data = {"batch_id": tasks[0].batch_id, "task_ids": visit.exchange.task_ids}
        return success(data, {NOTE: note} if note else None)

    async def task_status(self, visit: RequestContext) -> Response:
        """Say how far a task is."""
        if not visit.tasks:
            raise unknown("task not exist")
        return success(self._world.told(visit.tasks[0], home_of(visit.request)))

    async def batch_status(self, visit: RequestContext) -> Response:
        """Say how far every task of a submission is."""
        if not visit.tasks:
            raise unknown("batch not exist")
        return success([self._world.told(task, home_of(visit.request)) for task in visit.tasks])

    async def upload(self, examples: frozenset[bytes], visit: RequestContext) -> Response:
        """Keep a file; the contract's own examples, which are words, stand for an image."""
        file = visit.sent["file"]
        if not isinstance(file, SentFile):
            raise wrong_parameter("file: a file part is needed, not a text")
        data = STANDARD_PICTURE.read_bytes() if file.data in examples else file.data
        name, picture = self._world.uploads.add(data, file.name, fixed=visit.sent.get("fixed", False))
        self._world.keeper.upload(name, picture)
        return success({"object_url_list": [home_of(visit.request) + FOLDER + name]})

    async def balance(self, _visit: RequestContext) -> Response:
        """Say how many credits are left."""
        return success(self._tasks.balance)

    def _check_model(self, kind: str, visit: RequestContext) -> None:
        """Refuse what the registry says that the model does not take."""
        rules, model = self._world.settings.model_rules, visit.sent.get("model")
        if rules == "off" or not isinstance(model, str):
            return
        if rules == "strict" and self._registry.is_unknown(kind, model):
            raise broken_rule("not model", 1006)
        found = list(self._registry.complaints(kind, visit.sent))
        visit.exchange.complaints += [Complaint(pointer, message) for pointer, message in found]
        if found:
            raise broken_rule(found[0][1])

    def _check_images(self, visit: RequestContext) -> None:
        """Refuse a video, a sound or a GIF where an image is asked for."""
        for url in images_in(visit.sent):
            if not self._world.may_be_image(url):
                message = "only support jpg|jpeg|png|webp image type"
                visit.exchange.complaints.append(Complaint("", message))
                raise broken_rule(message, 2004)

    def _check_references(self, visit: RequestContext) -> None:
        """Refuse references of another kind than their field, and sounds that stand alone; the words are ours.

        The contract cannot say the latter in a way that generators read, so it goes with the rules of models.
        """
        for field, kind in REFERENCES.items():
            urls = visit.sent.get(field)
            for url in urls if isinstance(urls, list) else ():
                if isinstance(url, str) and not self._world.may_be(kind, url):
                    self._refuse_reference(visit, f"/{field}", f"{field}: {kind} url error")
        has_others = visit.sent.get("images") or visit.sent.get("videos")
        if visit.sent.get("audios") and not has_others and self._world.settings.model_rules != "off":
            self._refuse_reference(visit, "/audios", "audios: an image or a video is needed beside them")

    @staticmethod
    def _refuse_reference(visit: RequestContext, pointer: str, message: str) -> None:
        visit.exchange.complaints.append(Complaint(pointer, message))
        raise broken_rule(message)

    async def _trouble_with(self, visit: RequestContext) -> str | None:
        """Return why one of the images of an order cannot be animated; None if they can."""
        for url in images_in(visit.sent):
            if (trouble := await self._world.videos.trouble_with(url)) is not None:
                return trouble
        return None

    def _destine(self, task: Task, visit: RequestContext) -> None:
        """Decide what becomes of a task: what its request brought along, else the oldest order of a fate."""
        task.faults = [fault for fault in visit.carried if fault.stage != "task"]
        fated = self._world.faults.take_own(visit.carried, "task")
        ordered = None if fated else self._world.faults.take("task")
        if ordered is not None:
            fated = [ordered]
        for fault in [*task.faults, *fated]:
            fault.task_ids.append(task.id)
        for fault in fated[:1]:
            assert isinstance(fault.scenario.effect, Fate)
            task.fate, task.scenario = fault.scenario.effect, fault.name
            if fault.name not in visit.exchange.scenarios:
                visit.exchange.scenarios.append(fault.name)


def work_of(visit: RequestContext) -> Work:
    """Return what a submission orders."""
    sent = visit.sent
    return Work(
        image=next(iter(images_in(sent)), None),
        ratio=text_in(sent, "aspect_ratio"),
        seconds=number_in(sent, "duration", SECONDS),
        model=text_in(sent, "model") or "",
        prompt=text_in(sent, "prompt") or "",
        webhook_url=text_in(sent, "webhook_url"),
        home=home_of(visit.request),
        job=visit.job,
    )


def example_files(operation: Operation) -> frozenset[bytes]:
    """Return what the contract's examples have in the place of a file."""
    values = [] if operation.body is None else [fields_of(one) or {} for one in operation.body.examples]
    return frozenset(one["file"].encode() for one in values if isinstance(one.get("file"), str))


def images_in(sent: Sent) -> list[str]:
    """Return the URLs of the images that an order is made of, in the order in which they are used."""
    found = [sent.get("image"), sent.get("first_pic_url"), sent.get("end_pic_url")]
    images = sent.get("images")
    found += images if isinstance(images, list) else []
    return [url for url in found if isinstance(url, str)]


def text_in(sent: Sent, name: str) -> str | None:
    """Return a field that is a text; an operation may have another field of this name, or none."""
    value = sent.get(name)
    return value if isinstance(value, str) else None


def number_in(sent: Sent, name: str, otherwise: int) -> int:
    """Return a field that is a whole number from 1 on, or what is taken where there is none."""
    value = sent.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 1:
        return otherwise
    return int(value)


def example_handler(operation: Operation) -> Handle:
    """Return a handler that responses with the contract's first example."""
    answer = operation.answer

    async def give_example(_visit: RequestContext) -> Response:
        if answer is None:
            raise refusal(501, f"the contract has no example of a response to {operation.name}", 501)
        if answer.media_type.endswith("json"):
            return JSONResponse(answer.value, answer.status)
        content = answer.value if isinstance(answer.value, str) else json.dumps(answer.value)
        return Response(content, answer.status, media_type=answer.media_type)

    return give_example


#: A browser takes these for what they are said to be, whatever their bytes look like.
SAFE = {"X-Content-Type-Options": "nosniff"}


def media_routes(world: World) -> list[Route]:
    """Return the routes of videos and images."""

    async def video(visit: RequestContext) -> Response:
        if not visit.tasks:
            raise HTTPException(404, "no such video, or not yet")
        if has_expired(world, visit.request):
            return instead(EXPIRED, world.settings.spoken)
        file = await world.videos.file_for(visit.tasks[0].work)
        return FileResponse(file, media_type="video/mp4", headers=SAFE)

    async def result(request: Request) -> Response:
        exchange = request.scope[EXCHANGE]
        exchange.operation = "result"
        task = world.tasks.task(request.path_params["task_id"])
        ended = task is not None and world.tasks.state(task) == SUCCEEDED
        visit = RequestContext(request, exchange, "download", tasks=(task,) if task and ended else ())
        return await perform(world, visit, video)

    async def upload(request: Request) -> Response:
        request.scope[EXCHANGE].operation = "file"
        picture = world.uploads.named(request.path_params["name"])
        if picture is None:
            raise HTTPException(404, "no such file")
        return Response(picture.data, media_type=picture.media_type, headers=SAFE)

    return [Route("/result/{task_id}.mp4", result), Route("/files/{name}", upload)]


def has_expired(world: World, request: Request) -> bool:
    """Whether the link that leads here has had its time."""
    if world.settings.link_lifetime is None:
        return False
    try:
        until = float(request.query_params.get(UNTIL, ""))
    except ValueError:
        return True
    return not (math.isfinite(until) and world.clock.now() < until)
