"""Commands that a message names, whole: with the options that they need here, in quotes, and never broken."""

from __future__ import annotations

import re
import shlex
import sys

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
# textwrap breaks a line at a blank only.
_HELD = "\u00a0"


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
    held = re.sub(r"`[^`]+`", lambda found: found[0].replace(" ", _HELD), line)
    broken = textwrap.wrap(
        held, columns, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False, tabsize=1
    )
    return [part.replace(_HELD, " ") for part in broken]
