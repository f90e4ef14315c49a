"""Waiting for tasks that were paid for before, and storing their videos."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

import weryai

from ._output import put, say, task_fields
from ._words import in_words

if TYPE_CHECKING:
    from weryai import Order, Task, WeryAI

#: What the name of a video may end in.
SUFFIXES = (".mp4", ".m4v", ".mov", ".webm")
overwriting = click.option("--overwrite", is_flag=True, help="Replace the file that --output names, if it is there.")


def fetch(
    client: WeryAI,
    targets: Mapping[str, str | None],
    timeout: float,
    note: Callable[[Task], Any] | None,
    *,
    json_lines: bool,
    stored: Callable[[Path], Any],
    if_exists: Literal["replace", "rename"] = "rename",
) -> None:
    """Wait for the tasks and store each video where its target says; raises the last problem, and tells the others.

    `stored` is called with the path of each.
    """
    problem = None
    for result in client.tasks.wait_many(targets, timeout=timeout, on_update=note):
        try:
            if result.error is not None or result.task is None:
                raise result.error or weryai.WeryAIError(f"task {result.task_id} was not seen")
            output = targets[result.task_id]
            path = _stored(client, result.task, target_of(output, result.task_id), if_exists)
        except weryai.WeryAIError as error:
            if isinstance(error, weryai.APIError):
                # Whoever typed the id need not be told it; the library's note is for those who did not.
                error.__notes__, error.paid_task_ids = [], ()
                if len(targets) > 1:
                    error.args = (f"task {result.task_id}: {error.message}", *error.args[1:])
            if problem is not None:
                say(f"weryai: {in_words(str(problem))}")
            problem = error
        else:
            stored(path)
            put(json_lines, path, event="done", **{**task_fields(result.task), "path": path})
    if problem is not None:
        raise problem


def _stored(client: WeryAI, task: Task, target: str, if_exists: Literal["replace", "rename"]) -> Path:
    """Store a video; that its place cannot be written is no reason to think that it is not paid for."""
    try:
        return client.files.download(task, target, if_exists=if_exists)
    except weryai.InvalidInputError as error:
        raise weryai.DownloadError(
            f"{error.message}. Task {task.id} is paid for: `weryai wait {task.id} --output FOLDER` stores it elsewhere"
        ) from error


def target_of(output: str | None, task_id: str) -> str:
    """Return the file for a task's video: the one that was named, or one of its own name in the folder."""
    name = re.sub(r"[^\w\-]+", "_", task_id)[:100] + ".mp4"
    if output is None:
        return name
    return str(Path(output, name)) if is_folder(output) else output


def meant_for(order: Order | None) -> str | None:
    """Return where an order meant its videos; a place below here is short."""
    return _near(order.output) if order is not None and order.output else None


def _near(output: str) -> str:
    """A place as one types it in the working folder."""
    try:
        here = os.path.join(os.getcwd(), "")
    except OSError:
        return output
    return (output.removeprefix(here) or "./") if output.startswith(here) else output


def apart(targets: dict[str, str | None]) -> dict[str, str | None]:
    """Let no two tasks of one order write the same file: all but the first get their own name in its folder."""
    taken = set[str]()
    for task_id, target in targets.items():
        if target in taken and not is_folder(target):
            targets[task_id] = f"{Path(target).parent}/"
        taken |= {target} if target else set()
    return targets


def is_folder(output: str) -> bool:
    """Whether an output names a folder, to be made if it is not there."""
    return output.endswith(("/", os.sep)) or os.path.isdir(os.path.expanduser(output))


def check_output(output: str | None, *, overwrite: bool) -> Literal["replace", "rename"]:
    """Refuse a file that is there, before anything is sent; return what becomes of one that comes in between."""
    if output is None or is_folder(output):
        return "rename"
    check_suffix(output)
    if not overwrite and os.path.lexists(os.path.expanduser(output)):
        raise weryai.InvalidInputError(f"{output} is there already; --overwrite replaces it")
    return "replace" if overwrite else "rename"


def check_suffix(output: str) -> None:
    """Refuse a name that no program would take for a video's, before anything is sent; one without a suffix is fine."""
    suffix = re.search(r"\.[A-Za-z][A-Za-z0-9]{0,4}$", output)
    if suffix is not None and suffix[0].lower() not in SUFFIXES:
        better = f"{output.removesuffix(suffix[0])}.mp4"
        raise weryai.InvalidInputError(f"{output} is no name of a video: what comes is an MP4, so say {better}")
