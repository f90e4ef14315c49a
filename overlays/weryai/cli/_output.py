"""What commands print: words for people, or one JSON object per line for programs (`--json`)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from weryai import Submission, Task

as_json = click.option("--json", "json_lines", is_flag=True, help="One JSON object per line on standard output.")


def put(json_lines: bool, text: object, **fields: Any) -> None:
    """Print a result: the text, or the fields."""
    click.echo(json.dumps(fields, ensure_ascii=False, default=str) if json_lines else text)


def put_submission(submission: Submission) -> None:
    """Print what was paid for, the moment it is known."""
    put(True, "", event="submitted", task_ids=submission.task_ids, batch_id=submission.batch_id)


def put_task(task: Task) -> None:
    """Print a look at a task."""
    put(True, "", event="state", **task_fields(task))


def task_fields(task: Task) -> dict[str, Any]:
    """What a program wants to know of a task."""
    videos = [link.url for link in task.videos]
    return {"task_id": task.id, "state": task.state.value, "videos": videos, "reason": task.reason}
