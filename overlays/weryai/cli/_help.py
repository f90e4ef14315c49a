"""Help that can be copied: examples below each command, and no command broken at the end of a line."""

from __future__ import annotations

import re
from typing import Any

import click

# textwrap, which click wraps by, breaks a line at a blank only.
_HELD = "\u00a0"
_COMMAND = re.compile(r"`[^`]+`")


class Formatter(click.HelpFormatter):
    """Keeps what stands between backticks on one line."""

    def write_text(self, text: str) -> None:
        """Write a paragraph."""
        super().write_text(_COMMAND.sub(lambda found: re.sub(r"\s+", _HELD, found[0]), text))

    def write_dl(self, rows: Any, *args: Any, **kwargs: Any) -> None:
        """Write options or commands."""
        held = [(name, _COMMAND.sub(lambda found: found[0].replace(" ", _HELD), text)) for name, text in rows]
        super().write_dl(held, *args, **kwargs)

    def getvalue(self) -> str:
        """Return what was written."""
        return super().getvalue().replace(_HELD, " ")


class Context(click.Context):
    """A context whose help is written so."""

    formatter_class = Formatter


def copyable(command: click.Command) -> click.Command:
    """Have a command's help written so."""
    command.context_class = Context
    return command


def examples(*lines: str) -> str:
    """The end of a command's help: lines to copy, as they stand."""
    return "\n".join(("\b", "Example:" if len(lines) == 1 else "Examples:", *(f"  {line}" for line in lines)))
