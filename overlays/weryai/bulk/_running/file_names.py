"""Where the video of a job goes: by a template, inside the folder of the run, one file per job."""

from __future__ import annotations

import re
import string
from pathlib import Path

from ...errors import InvalidInputError
from .._ledger.job import Job

NAME = "{key}.mp4"
FIELDS = ("key", "row", "task_id", "model", "picture")
# A name without any of these would be that of many jobs.
TELLING = ("key", "row", "task_id")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


class Naming:
    """Names files; raises InvalidInputError for a template that would not."""

    def __init__(self, folder: Path, template: str = NAME) -> None:
        """Check the template."""
        self._folder = folder
        self._template = template
        try:
            fields = [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
        except ValueError as error:
            raise InvalidInputError(f"the name {template!r} cannot be read: {error}") from None
        if unknown := [name for name in fields if name not in FIELDS]:
            raise InvalidInputError(f"a name knows {', '.join(FIELDS)}, not {', '.join(map(repr, unknown))}")
        if not set(fields) & set(TELLING):
            raise InvalidInputError(
                f"the name {template!r} is the same for many jobs: use {{key}}, {{row}} or {{task_id}}"
            )

    def path_of(self, job: Job, task_id: str) -> Path:
        """The file of a job. A key that had to be changed gets ~ and its row, which no other key ends in as it is."""
        key, changed = clean(job.key)
        model, picture = job.parameters.get("model", ""), Path(job.image.partition("?")[0]).stem
        named = self._template.format(
            key=f"{key}~{job.row}" if changed or "~" in key else key,
            row=job.row,
            task_id=clean(task_id)[0],
            model=clean(str(model))[0],
            picture=clean(picture)[0],
        )
        return self._folder / clean(named)[0]


def clean(name: str) -> tuple[str, bool]:
    """A relative path that every system takes and that stays inside, and whether it differs from what was given."""
    parts = [_part(part) for part in re.split(r"[/\\]", name)]
    kept = "/".join(part for part in parts if part)[-180:].lstrip("/") or "_"
    return kept, kept != name


def _part(part: str) -> str:
    part = re.sub(r"[^\w.\-+=@,()~ ]", "_", part).strip(" .")
    return f"_{part}" if _RESERVED.fullmatch(part) else part
