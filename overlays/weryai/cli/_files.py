"""The file that a command writes: where it may lie, and showing it with the program that the system has for it."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import click

import weryai

from ._output import say

#: What the name of a video may end in.
SUFFIXES = (".mp4", ".m4v", ".mov", ".webm")
overwriting = click.option("--overwrite", is_flag=True, help="Replace the file that --output names, if it is there.")


class FilePath(click.Path):
    """A path with the home for ~, which no shell has put in after `--output=` or `-o=`.

    An empty text, as of a variable that is not set, is refused: it is not the current folder.
    """

    def __init__(self, **options: Any) -> None:
        """Take what click.Path takes; what cannot be read is told by whoever reads it."""
        super().__init__(readable=False, **options)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read an argument."""
        if not value:
            self.fail("it is empty: give a path", param, ctx)
        path = value.removeprefix("=") if value.startswith("=~") else value
        return super().convert(os.path.expanduser(path), param, ctx)


def is_folder(output: str) -> bool:
    """Whether an output names a folder, to be made if it is not there."""
    return output.endswith(("/", os.sep)) or os.path.isdir(output)


def check_output(output: str | None, *, overwrite: bool) -> Literal["replace", "rename"]:
    """Refuse a file that is there, before anything is sent; return what becomes of one that comes in between."""
    if output is None or is_folder(output):
        return "rename"
    check_suffix(output)
    if not overwrite and os.path.lexists(output):
        raise weryai.InvalidInputError(f"{output} is there already; --overwrite replaces it")
    return "replace" if overwrite else "rename"


def check_suffix(output: str) -> None:
    """Refuse a name that no program would take for a video's, before anything is sent; one without a suffix is fine."""
    suffix = re.search(r"\.[A-Za-z][A-Za-z0-9]{0,4}$", output)
    if suffix is not None and suffix[0].lower() not in SUFFIXES:
        better = f"{output.removesuffix(suffix[0])}.mp4"
        raise weryai.InvalidInputError(f"{output} is no name of a video: what comes is an MP4, so say {better}")


opening = click.option("--open", "is_opened", is_flag=True, help="Show it when it is there, with your own program.")
# How long a program that fails at once may take for that, in seconds.
_PATIENCE = 1.0


@contextlib.contextmanager
def shown_at_the_end(*, is_opened: bool) -> Iterator[list[Path]]:
    """Show what was put into a list, whatever else went wrong: a video with its program, several by their folder."""
    paths: list[Path] = []
    try:
        yield paths
    except KeyboardInterrupt:
        paths.clear()
        raise
    finally:
        if is_opened and paths:
            folder = Path(os.path.commonpath([path.resolve().parent for path in paths]))
            look_at(paths[0] if len(paths) == 1 else folder)


def look_at(path: Path) -> None:
    """Open a file; that it cannot be opened is only said, for the file is there."""
    if reason := _opened(path.resolve()):
        say(f"weryai: {path} cannot be opened here: {reason}")


def _opened(path: Path) -> str | None:
    """Open a file, or return what is in the way."""
    if sys.platform == "win32":
        try:
            os.startfile(path)
        except OSError as error:
            return error.strerror or str(error)
        return None
    if sys.platform != "darwin" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return "there is no screen"
    import subprocess

    program = "open" if sys.platform == "darwin" else "xdg-open"
    nowhere = subprocess.DEVNULL
    try:
        process = subprocess.Popen(
            [program, str(path)], stdin=nowhere, stdout=nowhere, stderr=nowhere, start_new_session=True
        )
    except OSError as error:
        return f"{program}: {error.strerror}"
    with contextlib.suppress(subprocess.TimeoutExpired):
        if code := process.wait(_PATIENCE):
            return f"{program} ended with {code}"
    return None
