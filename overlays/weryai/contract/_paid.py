"""The smoke test that costs money: one task, ordered once, followed to its video. It runs only on an explicit word."""

from __future__ import annotations

from pathlib import Path

from weryai import RetryPolicy, WeryAI
from weryai.contract._checks import Checks
from weryai.contract._guard import Guard, Planned
from weryai.contract._place import Place
from weryai.contract._reading import operation

GROUP = "paid smoke test"
PROMPT = "Make the person wave their hand"
ORDER = operation("submitImageToVideo")
LOOK = operation("getTaskStatus")


def run_paid(
    place: Place, guard: Guard, checks: Checks, image: str, folder: Path, *, interval: float | None = None
) -> None:
    """Order one task without any retry, say its id at once, wait for it, and store the video in a folder."""
    guard.allow_one_paid_post(place.url_of(ORDER.path))
    client = WeryAI(
        guard.secret.key,
        base_url=place.url,
        models_base_url=place.url,
        retry=RetryPolicy(tries=1),
        transport=guard,
    )
    with checks.checking(GROUP, "one task, from the order to the video"), client:
        submission = client.image_to_video.submit(image, prompt=PROMPT)
        print(f"paid for: task {', '.join(submission.task_ids)}", flush=True)
        for task_id in submission.task_ids:
            guard.declare(Planned(LOOK, "real", place.url_of(LOOK.path).replace("{taskId}", task_id)))
        task = client.tasks.wait(submission.task_ids[0], interval=interval)
        guard.allow_downloads()
        folder.mkdir(parents=True, exist_ok=True)
        path = client.files.download(task, folder)
        print(f"the video of task {task.id} is {path}", flush=True)
