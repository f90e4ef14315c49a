"""Waiting for tasks that were paid for before, and storing their videos."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import weryai

from ._output import put, say, task_fields

if TYPE_CHECKING:
    from weryai import Task, WeryAI


def fetch(
    client: WeryAI,
    targets: Mapping[str, str | None],
    timeout: float,
    note: Callable[[Task], Any] | None,
    *,
    json_lines: bool,
) -> None:
    """Wait for the tasks and store each video where its target says; raises the last problem, and tells the others."""
    problem = None
    for result in client.tasks.wait_many(targets, timeout=timeout, on_update=note):
        try:
            if result.error is not None or result.task is None:
                raise result.error or weryai.WeryAIError(f"task {result.task_id} was not seen")
            path = client.files.download(result.task, target_of(targets[result.task_id], result.task_id))
        except weryai.WeryAIError as error:
            if isinstance(error, weryai.APIError):
                # Whoever typed the id need not be told it; the library's note is for those who did not.
                error.__notes__ = []
            if problem is not None:
                say(f"weryai: {problem}")
            problem = error
        else:
            put(json_lines, path, event="done", **{**task_fields(result.task), "path": path})
    if problem is not None:
        raise problem


def target_of(output: str | None, task_id: str) -> str:
    """Return the file for a task's video: the one that was named, or one of its own name in the folder."""
    name = re.sub(r"[^\w\-]+", "_", task_id)[:100] + ".mp4"
    if output is None:
        return name
    return str(Path(output, name)) if output.endswith("/") or Path(output).is_dir() else output
