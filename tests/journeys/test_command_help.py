"""Every command helps: an example to copy, a summary that is whole, no line beyond 80 columns, no broken command."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from weryai.cli import cli
from weryai.cli._words import Commands

pytestmark = pytest.mark.filterwarnings("error")


def every_command(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of each command and each group."""
    yield path
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from every_command(command, (*path, name))
        else:
            yield (*path, name)


COMMANDS = list(every_command(cli))


def help_of(words: tuple[str, ...], width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> str:
    """What a terminal of this width shows."""
    monkeypatch.setenv("COLUMNS", str(width))
    # `contract` returns what its own parser ends with.
    assert not cli.main([*words, "--help"], prog_name="weryai", standalone_mode=False)
    return capsys.readouterr().out


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_can_be_copied(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """At 80 columns no line is longer, no summary is cut off, and no `command` is parted; an example stands below."""
    shown = help_of(words, 80, monkeypatch, capsys)
    lines = shown.splitlines()
    assert [line for line in lines if len(line) > 80] == []
    assert [line for line in lines if line.endswith("...") and not line.startswith("Usage")] == []
    assert [line for line in lines if line.count("`") % 2] == []
    assert re.search(r"^ *Examples?:$", shown, re.MULTILINE)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_examples_are_commands(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """Each example is taken by the parser of its command, at any width, and one of them shows this very command."""
    shown = help_of(words, 60, monkeypatch, capsys)
    below = re.split(r"^ *Examples?:\n", shown, flags=re.MULTILINE)[1]
    examples = re.findall(r"^ +(weryai .*|eval .*)$", below.partition("\n\n")[0], re.MULTILINE)
    examples = [one.removeprefix('eval "$(').removesuffix(')"') if "eval" in one else one for one in examples]
    assert [one for one in examples if one.startswith(" ".join(("weryai", *words)))]
    for example in examples:
        check_words(example.partition(" | ")[0])


def check_words(line: str) -> None:
    """Have a line parsed, as far as before the command would begin."""
    _, *given = shlex.split(line)
    command: click.Command = cli
    context = click.Context(cli)
    while isinstance(command, click.Group):
        found = command.get_command(context, given[0]) if given else None
        assert found is not None, line
        command, given = found, given[1:]
    command.make_context(command.name, given, parent=context)


def test_a_quoted_command_stays_on_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    """Wherever a terminal's width falls, what stands between backticks is on one line."""
    for width in range(50, 81):
        for words in (("resume",), ("bulk", "worker"), ()):
            shown = help_of(words, width, monkeypatch, capsys)
            assert [line for line in shown.splitlines() if line.count("`") % 2] == []


@pytest.mark.parametrize("words", [(), ("bulk",)], ids=["weryai", "weryai bulk"])
def test_summaries_are_those_of_the_commands(words: tuple[str, ...]) -> None:
    """What the help of a group says of a command begins that command's own help, however often it is loaded."""
    group = cli if not words else cli.get_command(click.Context(cli), *words)
    assert isinstance(group, Commands)
    context = click.Context(group)
    loaded = {name: group.get_command(context, name) for name in group.list_commands(context)}
    loaded |= {name: group.get_command(context, name) for name in group.list_commands(context)}
    told = {name: [*(command.help or "").split("\n\n"), ""][:2] for name, command in loaded.items() if command}
    assert {name: summary for name, (_, summary) in group.homes.items()} == {name: one[0] for name, one in told.items()}
    assert [name for name, (first, second) in told.items() if first == second] == []


def test_help_loads_no_command() -> None:
    """`weryai --help` and `weryai bulk --help` load the summaries and none of the commands."""
    code = (
        "import sys\nfrom weryai.cli import cli\n"
        "cli.main(['--help'], prog_name='weryai', standalone_mode=False)\n"
        "print(*sorted(name for name in sys.modules if name.startswith('weryai.cli')), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    parts = ("", "._output", "._signals", "._words")
    assert set(done.stderr.split()) == {f"weryai.cli{part}" for part in parts}
