"""What the command line says in its own words: options for parameters, commands that work as they are named, and help.

The help of a group loads none of its commands: their summaries stand in a table beside the modules.
"""

from __future__ import annotations

import importlib
import inspect
import re
import shlex
import sys
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

import click

# textwrap, which click wraps by, breaks a line at a blank only.
HELD = "\u00a0"
F = TypeVar("F", bound=Callable[..., Any])
_QUOTED = re.compile(r"`[^`]+`")


class Formatter(click.HelpFormatter):
    """Keeps what stands between backticks on one line."""

    def write_text(self, text: str) -> None:
        """Write a paragraph."""
        super().write_text(_QUOTED.sub(lambda found: re.sub(r"\s+", HELD, found[0]), text))

    def write_dl(self, rows: Any, *args: Any, **kwargs: Any) -> None:
        """Write options or commands."""
        held = [(name, _QUOTED.sub(lambda found: found[0].replace(" ", HELD), text)) for name, text in rows]
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


#: What a command takes for a parameter, or a field of a request, where that is not --its-name.
_OPTIONS = {
    "image": "IMAGE", "images": "IMAGE", "first_pic_url": "IMAGE", "end_pic_url": "--last", "generate_audio": "--audio",
    "extra_body": "--extra", "api_key": "the API key (WERYAI_API_KEY)", "models_base_url": "WERYAI_MODELS_BASE_URL",
}  # fmt: skip
_FIELDS = (
    "model|prompt|duration|aspect_ratio|negative_prompt|video_number|resolution|generate_audio|webhook_url|caller_id|"
    "images?|first_pic_url|end_pic_url"
)
_PARAMETERS = (
    "api_key|base_url|models_base_url|order_key|timeout|interval|rate|start_rate|in_flight|open_posts|outage|extra_body"
)
# What the contract, or a model, has to say of a field.
_PROBLEM = (
    r"(?= (?:is missing|is no field|is not a URL|is -?\d|must |has \d|holds a )"
    r"|=\d+(?: submits|:)|(?: [^;]{1,100})?: \S+ (?:takes|makes|lists))"
)
# And the library of a parameter.
_TROUBLE = r"(?= must |: write | is plain http| is not a URL| '| needs a journal| 1 to | 0 seconds)"
_RULES: list[tuple[str, str]] = [
    # There is no option for it.
    (r"; validate=False sends it all the same", ""),
    (r"tasks\.(?:wait|get)\('([^']*)'\)", r"`weryai wait \1`"),
    (r"tasks\.get has a fresh one", "`weryai wait TASK_ID` has a fresh one"),
    (
        r"settle order (\d+)( first)? with orders\.adopt or orders\.give_up",
        r"settle it\2 with `weryai resolve \1 adopt TASK_ID` or abandon",
    ),
    (r"use another ledger", "use another ledger, such as --ledger other.db"),
    (r"say force=True", "say --force"),
    (r"force=True does that", "--force does that"),
    (r"strict=True refuses", "--strict refuses"),
    (r"convert=True, or --convert,", "--convert"),
    (r"--convert, in Python convert=True,", "--convert"),
    (r"submit \+ batches\.wait", "`weryai submit --video-number`"),
    (r"say everything=True", "say --all"),
    (r"needs a journal: make the client with journal=True", "needs a journal: leave --no-journal out"),
    (r" or pass api_key=", ""),
    (r"private_hosts=\['[^']*'\] or (?=WERYAI_PRIVATE_HOSTS=)", ""),
    (r"or math\.inf", "or inf"),
    (r"; pass (?:the bytes|base64\.b64decode\(text\)), or name a file", "; name a file"),
    (r"not followed; check base_url", "not followed; check WERYAI_BASE_URL"),
    (r'choose video="fixed"', "say `weryai emulate --video fixed`"),
]


def in_words(line: str) -> str:
    """Name options, variables and commands where the library names its parameters and methods."""
    for pattern, words in _RULES:
        line = re.sub(pattern, words, line)
    line = re.sub(r"tasks\.wait_many\(\[(.*)\]\)", lambda ids: "`weryai wait " + re.sub("[',]", "", ids[1]) + "`", line)
    held = r"extra_body holds ([a-z_, ]+): use the parameter of that name"
    line = re.sub(held, lambda found: f"--extra holds {found[1]}: say {_options(found[1])}", line)
    return re.sub(rf"(?:^|(?<=; )|(?<=, ))(?:({_FIELDS}){_PROBLEM}|({_PARAMETERS}){_TROUBLE})", _named, line)


def _named(found: re.Match[str]) -> str:
    return option_of(found[1] or found[2])


def _options(names: str) -> str:
    return ", ".join(map(option_of, names.split(", ")))


def option_of(name: str) -> str:
    """The option of a command for a parameter of the library."""
    return _OPTIONS.get(name, f"--{name.replace('_', '-')}")


def counted(number: float, noun: str) -> str:
    """A number with its noun, such as 1 task or 1,200 tasks."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


#: What a command was given that the next one needs as well.
_given: dict[str, str] = {}
_COMMAND = re.compile(r"`weryai ((?:bulk )?[a-z]+)([^`]*)`")
_AT_THE_SERVICE = frozenset(
    ("generate", "submit", "wait", "download", "resume", "orders", "resolve", "upload", "models", "balance", "doctor",
     "bulk run", "bulk worker", "bulk resolve")
)  # fmt: skip
_WITH_A_JOURNAL = frozenset(("generate", "submit", "wait", "download", "resume", "orders", "resolve"))
# On a terminal with fewer columns a word is broken anyway.
_NARROW = 40


def remember(option: str, value: str | None) -> str | None:
    """Repeat an option, "base_url" or "journal", in the commands that are named from now on; return its value."""
    if value:
        _given[option] = value
    return value


def forget() -> None:
    """Begin anew, with another command."""
    _given.clear()


def quote(word: object) -> str:
    """A word as the shell of this system takes it."""
    if sys.platform != "win32":
        return shlex.quote(str(word))
    import subprocess

    return subprocess.list2cmdline([str(word)])


def completed(line: str) -> str:
    """Give each command of a line, which stands between backticks, the options that it needs to work here."""
    return _COMMAND.sub(_whole, line) if "`weryai " in line else line


def _whole(found: re.Match[str]) -> str:
    name, rest = found.groups()
    base_url, journal = _given.get("base_url"), _given.get("journal")
    service = f" --base-url {quote(base_url)}" if base_url and name in _AT_THE_SERVICE else ""
    is_noted = bool(journal) and name in _WITH_A_JOURNAL and "--journal" not in rest
    return f"`weryai{service} {name}{rest}" + (f" --journal {quote(journal)}`" if is_noted else "`")


def laid_out(line: str, columns: int | None) -> list[str]:
    """A line as a terminal of so many columns shows it: broken between words, never within a command."""
    if columns is None or columns < _NARROW or len(line) <= columns:
        return [line]
    import textwrap

    margin = " " * (len(line) - len(line.lstrip()) + 2)
    held = _QUOTED.sub(lambda found: found[0].replace(" ", HELD), line)
    broken = textwrap.wrap(
        held, columns, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False, tabsize=1
    )
    return [part.replace(HELD, " ") for part in broken]
