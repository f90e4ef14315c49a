"""Help that can be copied: examples below each command, and no command broken at the end of a line.

The help of a group loads none of its commands: their summaries stand in a table beside the modules.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

import click

# textwrap, which click wraps by, breaks a line at a blank only.
HELD = "\u00a0"
F = TypeVar("F", bound=Callable[..., Any])
_COMMAND = re.compile(r"`[^`]+`")


class Formatter(click.HelpFormatter):
    """Keeps what stands between backticks on one line."""

    def write_text(self, text: str) -> None:
        """Write a paragraph."""
        super().write_text(_COMMAND.sub(lambda found: re.sub(r"\s+", HELD, found[0]), text))

    def write_dl(self, rows: Any, *args: Any, **kwargs: Any) -> None:
        """Write options or commands."""
        held = [(name, _COMMAND.sub(lambda found: found[0].replace(" ", HELD), text)) for name, text in rows]
        super().write_dl(held, *args, **kwargs)

    def getvalue(self) -> str:
        """Return what was written."""
        return super().getvalue().replace(HELD, " ")


class Context(click.Context):
    """A context whose help is written so."""

    formatter_class = Formatter


class Commands(click.Group):
    """A group that imports a command when it is named; `homes` has the module of each, and how its help begins."""

    homes: ClassVar[Mapping[str, tuple[str, str]]] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order of the table."""
        return list(self.homes)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        if cmd_name not in self.homes:
            return None
        module = importlib.import_module(f"weryai.cli.{self.homes[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        if command.short_help is None:
            command.short_help = self.homes[cmd_name][1]
            command.help = f"{command.short_help}\n\n{inspect.cleandoc(command.help or '')}".strip()
        return copyable(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; one that is mistyped is told with those that are like it."""
        name = args[0]
        if name in self.homes or name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        import difflib

        near = difflib.get_close_matches(name.lower(), self.homes)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise click.UsageError(f"No such command {name!r:.200}.{hint}", ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the summaries as click does, cut where a terminal is too narrow."""
        room = formatter.width - 6 - max(map(len, self.homes))
        known = {name: click.Command(name, help=text) for name, (_, text) in self.homes.items()}
        summaries = [(name, command.get_short_help_str(room)) for name, command in known.items()]
        with formatter.section("Commands"):
            formatter.write_dl(summaries)


def together(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Several options and arguments as one decorator, in the order in which the help lists them."""

    def add(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def copyable(command: click.Command) -> click.Command:
    """Have a command's help written so."""
    command.context_class = Context
    return command


def examples(*lines: str) -> str:
    """The end of a command's help: lines to copy, as they stand."""
    return "\n".join(("\b", "Example:" if len(lines) == 1 else "Examples:", *(f"  {line}" for line in lines)))
