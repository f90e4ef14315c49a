"""Where the video of a job goes: by a template, inside the folder of the run, one file per job."""

from __future__ import annotations

import contextlib
import os
import re
import string
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..._media.image import is_address
from ..._media.names import NAME_BYTES, alternatives, name_of, part_beside, safe_part, shortened
from ...errors import ConfigurationError, InvalidInputError
from .._ledger.schema import Job

NAME = "{key}.mp4"
FIELDS = ("key", "row", "task_id", "model", "image")
# A name without any of these would be that of many jobs.
TELLING = ("key", "row", "task_id")
# What a template adds has room beside a field, and no path gets too long for a system.
FIELD_BYTES = 140
MOST_BYTES = 600
# What Linux takes, and more than others do without saying so; there the first video says it.
_PATH_BYTES = 4000
_IMAGE_SUFFIX = re.compile(r"\.(jpe?g|jpe|jfif|png|webp)$", re.IGNORECASE)


class Naming:
    """Names files; raises InvalidInputError for a template that would not."""

    def __init__(self, folder: Path | str, template: str = NAME, *, sidecar: bool = False) -> None:
        """Check the template; nothing is made yet. `sidecar` wants a JSON beside each video."""
        self.sidecar = sidecar
        try:
            self._folder = Path(os.path.expanduser(folder)).resolve()
        except OSError as error:
            raise InvalidInputError(f"the working folder cannot be used: {error}") from error
        self._template = template
        try:
            fields = [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
        except ValueError as error:
            raise InvalidInputError(f"the name {template!r:.200} cannot be read: {error}") from None
        if unknown := [name for name in fields if name not in FIELDS]:
            raise InvalidInputError(f"a name knows {', '.join(FIELDS)}, not {', '.join(map(repr, unknown))}")
        if not set(fields) & set(TELLING):
            raise InvalidInputError(
                f"the name {template!r:.200} is the same for many jobs: use {{key}}, {{row}} or {{task_id}}"
            )

    def prepare(self) -> None:
        """Make the folder, and raise ConfigurationError, before anything is paid for, if it cannot take every name."""
        try:
            str(self._folder).encode()
            longest = Path("n" * (MOST_BYTES - NAME_BYTES - 1), "n" * NAME_BYTES)
            if len(os.fsencode(self._folder / longest)) > _PATH_BYTES:
                raise ValueError("its path is too long")
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._folder):
                pass
            with contextlib.suppress(FileNotFoundError):
                os.lstat(part_beside(self._folder / longest.name, "0" * 8))
        except UnicodeEncodeError:
            raise ConfigurationError(f"the folder {str(self._folder)!a} is no UTF-8, as a ledger needs it") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ConfigurationError(f"the folder {self._folder} cannot take videos: {reason}") from None

    def path_of(self, job: Job, task_id: str) -> Path:
        """The file of a job. A key that had to be changed gets ~ and its row, which no other key ends in as it is."""
        key, changed = clean(_IMAGE_SUFFIX.sub("", job.key) or job.key)
        image = name_of(job.image, "") if is_address(job.image) else Path(job.image).name
        named = self._template.format(
            key=f"{key}~{job.row}" if changed or "~" in key else key,
            row=job.row,
            task_id=clean(task_id)[0],
            model=clean(str(job.parameters.get("model", "")))[0],
            image=clean(Path(image).stem)[0],
        )
        return self._folder / _clean(named, NAME_BYTES)

    def others(self, path: Path, row: int) -> Iterator[Path]:
        """Names for a job whose own is taken, in the same folder."""
        return alternatives(path.with_name(shortened(f"{path.stem}~{row}") + path.suffix))

    def flat(self, path: Path, row: int) -> Path:
        """A name in the folder itself, for a job whose own folder would have the name of a file."""
        return self._folder / f"{shortened('_'.join(path.relative_to(self._folder).parts[:-1]))}~{row}{path.suffix}"


def clean(name: str) -> tuple[str, bool]:
    """A relative path that every system takes and that stays inside, and whether it differs from what was given."""
    kept = _clean(name, FIELD_BYTES)
    return kept, kept != name


def _clean(name: str, most: int) -> str:
    parts = [part for part in (safe_part(part, ".-+=@,()~ ", most) for part in re.split(r"[/\\]", name)) if part]
    while len("/".join(parts).encode()) > MOST_BYTES:
        del parts[0]
    return "/".join(parts) or "_"
