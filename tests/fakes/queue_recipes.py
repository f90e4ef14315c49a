"""The recipes for Celery and RQ, as an application would write them, and workers that die in the middle on request.

Run as a program with the folder of the queue and a word: how the worker is to die at its first run of a job.
"""

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import weryai


def animate(job_id: str, image: str) -> list[str]:
    """Order a video for a job of a queue, which may be delivered again; return the task ids."""
    with weryai.WeryAI(journal=True) as client:
        try:
            submission = client.image_to_video.submit(image, prompt="Wave your hand", order_key=job_id)
        except weryai.DuplicateRequestError as error:
            if error.task_id is None:
                # It was sent, and nobody knows whether it was accepted: a person has to look.
                raise
            return [error.task_id]
    return list(submission.task_ids)


def dying(folder: Path, how: str, job_id: str) -> list[str]:
    """Animate, but at the first run die as asked; note what became of the others."""
    is_first = not (folder / "ran").exists()
    (folder / "ran").touch()
    if is_first and how == "before":
        threading.Thread(target=_die_once_posted, args=(folder,), daemon=True).start()
    try:
        result = animate(job_id, "https://example.com/reference.jpg")
        if is_first and how == "after":
            os.kill(os.getpid(), signal.SIGKILL)
    except weryai.WeryAIError as error:
        result = [f"{type(error).__name__}: {error}"]
        raise
    finally:
        with (folder / "results").open("a") as file:
            file.write(json.dumps(result) + "\n")
    return result


def _die_once_posted(folder: Path) -> None:
    while not (folder / "posted").exists():
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGKILL)


def celery_app(folder: Path) -> Any:
    """An application whose queue and results lie in files; its results are JSON, as is usual."""
    from celery import Celery

    for name in ("queue", "results-of-celery"):
        (folder / name).mkdir(exist_ok=True)
    app = Celery("recipe", broker="filesystem://", backend=f"file://{folder / 'results-of-celery'}")
    app.conf.broker_transport_options = {
        "data_folder_in": str(folder / "queue"), "data_folder_out": str(folder / "queue"),
        "control_folder": str(folder / "control"),
    }  # fmt: skip
    app.conf.update(task_acks_late=True, broker_connection_retry_on_startup=False)
    app.conf.update(worker_hijack_root_logger=False, enable_utc=True)

    @app.task(name="animate", bind=True)
    def task(self: Any, how: str) -> list[str]:
        return dying(folder, how, self.request.id)

    return app, task


def run_rq(folder: Path, how: str) -> None:
    """Let a worker of RQ do one job, each run in a process of its own; a job whose process died is run again."""
    import fakeredis
    import rq

    connection = fakeredis.FakeStrictRedis()
    queue = rq.Queue(connection=connection)
    queue.enqueue(dying, folder, how, "job-1", job_id="job-1", retry=rq.Retry(max=1))
    rq.Worker([queue], connection=connection).work(burst=True, logging_level="WARNING")


def run_celery(folder: Path) -> None:
    """Be a worker of Celery."""
    app, _ = celery_app(folder)
    options = ["--pool=solo", "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=WARNING"]
    app.worker_main(["worker", *options])


def main() -> None:
    """Do what the arguments say."""
    place = Path(sys.argv[1])
    run_rq(place, sys.argv[3]) if sys.argv[2] == "rq" else run_celery(place)
